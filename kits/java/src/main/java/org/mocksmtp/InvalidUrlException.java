package org.mocksmtp;

/** The URL of the service, such as that of MOCKSMTP_URL, is no URL of HTTP. */
public final class InvalidUrlException extends MockSmtpException {
    private static final long serialVersionUID = 1L;

    InvalidUrlException(String message, Throwable cause) {
        super(message, cause);
    }
}
