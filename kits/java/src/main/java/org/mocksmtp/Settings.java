package org.mocksmtp;

import java.net.URI;
import java.time.Duration;
import java.util.function.UnaryOperator;

/**
 * Where the service is, and how long to wait for it.
 *
 * @param url the root of the API; null to find or start a service
 * @param token the bearer token; null if none is required
 * @param smtpPort the port of the host's listener; 0 selects a free one
 * @param timeout how long a response of the API may take
 * @param patience how long {@code delivery}, {@code mail} and {@code bounce} wait unless told otherwise
 */
public record Settings(URI url, String token, int smtpPort, Duration timeout, Duration patience) {
    static final Settings DEFAULT =
            new Settings(null, null, 0, Duration.ofSeconds(10), Duration.ofSeconds(10));

    static Settings with(UnaryOperator<Settings> changes) {
        return changes.apply(DEFAULT);
    }

    /**
     * Use the service at this address instead of finding or starting one.
     *
     * @param url without a scheme it is a URL of HTTP: {@code 127.0.0.1:8000}
     * @throws InvalidUrlException it is no URL of HTTP
     */
    public Settings url(String url) {
        return new Settings(Service.urlOf(url), token, smtpPort, timeout, patience);
    }

    /** Send this bearer token; by default the value of {@code MOCKSMTP_TOKEN}. */
    public Settings token(String token) {
        return new Settings(url, token, smtpPort, timeout, patience);
    }

    /** Listen on this port, for an application whose port cannot be configured. */
    public Settings smtpPort(int port) {
        return new Settings(url, token, port, timeout, patience);
    }

    /** How long a response of the API may take, 10 s by default. */
    public Settings timeout(Duration timeout) {
        return new Settings(url, token, smtpPort, timeout, patience);
    }

    /** How long to wait for a delivery or mail, 10 s by default. */
    public Settings patience(Duration patience) {
        return new Settings(url, token, smtpPort, timeout, patience);
    }
}
