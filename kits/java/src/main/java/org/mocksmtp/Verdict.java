package org.mocksmtp;

/** The final result that a client received for a recipient. */
public enum Verdict {
    /** 2xx after the content. */
    ACCEPTED,
    /** 4xx. */
    DEFERRED,
    /** 5xx. */
    REJECTED,
    /** No reply, a malformed reply, or the connection ended before. */
    NONE;

    static Verdict of(String name) {
        return valueOf(name.toUpperCase(java.util.Locale.ROOT));
    }

    /** As in the API: in lower case. */
    @Override
    public String toString() {
        return name().toLowerCase(java.util.Locale.ROOT);
    }
}
