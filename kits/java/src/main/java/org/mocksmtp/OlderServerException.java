package org.mocksmtp;

/** The service is older than this kit and lacks what the kit needs. */
public final class OlderServerException extends MockSmtpException {
    private static final long serialVersionUID = 1L;

    OlderServerException(String message, Throwable cause) {
        super(message, cause);
    }
}
