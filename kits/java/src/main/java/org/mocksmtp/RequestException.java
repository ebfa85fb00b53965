package org.mocksmtp;

/** The service refused a request: its document or a parameter is invalid, or an id is unknown. */
public final class RequestException extends MockSmtpException {
    private static final long serialVersionUID = 1L;

    private final int status;

    RequestException(int status, String message, Throwable cause) {
        super(message, cause);
        this.status = status;
    }

    /** The HTTP status. */
    public int status() {
        return status;
    }
}
