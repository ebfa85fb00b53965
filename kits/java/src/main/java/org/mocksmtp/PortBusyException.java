package org.mocksmtp;

/** A port that a host needs is in use, or may not be opened. */
public final class PortBusyException extends MockSmtpException {
    private static final long serialVersionUID = 1L;

    PortBusyException(String message, Throwable cause) {
        super(message, cause);
    }
}
