package org.mocksmtp;

/** The answer is not from mocksmtp: another program uses the address. */
public final class NotMockSmtpException extends MockSmtpException {
    private static final long serialVersionUID = 1L;

    NotMockSmtpException(String message, Throwable cause) {
        super(message, cause);
    }
}
