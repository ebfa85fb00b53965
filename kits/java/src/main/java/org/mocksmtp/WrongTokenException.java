package org.mocksmtp;

/** The service requires a bearer token, and the given one is missing or wrong. */
public final class WrongTokenException extends MockSmtpException {
    private static final long serialVersionUID = 1L;

    WrongTokenException(String message, Throwable cause) {
        super(message, cause);
    }
}
