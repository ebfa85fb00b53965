package org.mocksmtp;

/** The service did not answer in time. */
public final class ServerTimeoutException extends MockSmtpException {
    private static final long serialVersionUID = 1L;

    ServerTimeoutException(String message, Throwable cause) {
        super(message, cause);
    }
}
