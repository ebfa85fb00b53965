package org.mocksmtp;

/** No service answers where one was expected, or none could be started. */
public final class NoServerException extends MockSmtpException {
    private static final long serialVersionUID = 1L;

    NoServerException(String message, Throwable cause) {
        super(message, cause);
    }
}
