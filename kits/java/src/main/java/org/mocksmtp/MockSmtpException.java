package org.mocksmtp;

/** The kit cannot reach the service, or cannot use it. Each kind of failure has its own class. */
public class MockSmtpException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    MockSmtpException(String message, Throwable cause) {
        super(message, cause);
    }
}
