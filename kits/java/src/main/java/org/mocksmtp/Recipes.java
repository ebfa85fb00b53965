package org.mocksmtp;

import java.util.Map;

// Generated from docs/cookbook.md and docs/providers.md by tools/kit-recipes (make kits). DO NOT EDIT.

/** The recipes of the cookbook. */
public abstract class Recipes {
    Recipes() {}

    abstract void applyRecipe(String name, Map<String, ?> values);

    /**
     * Reset right after the connection. The sender gets Connection reset by peer. It
     * treats the host as unreachable: it tries the next address or MX, then retries
     * later (§5.1).
     */
    public void resetConnections() {
        applyRecipe("reset_connections", Map.of());
    }

    /**
     * As {@link #resetConnections()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void resetConnections(Map<String, ?> values) {
        applyRecipe("reset_connections", values);
    }

    /**
     * Closed before the banner. The connection ends without a banner. The sender treats
     * this as a 451 (§3.8).
     */
    public void closeConnections() {
        applyRecipe("close_connections", Map.of());
    }

    /**
     * As {@link #closeConnections()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void closeConnections(Map<String, ?> values) {
        applyRecipe("close_connections", values);
    }

    /**
     * Accepted, then silent. The server neither writes nor reads. The sender must time
     * out, after 5 minutes for the banner (§4.5.3.2.1).
     */
    public void silentConnections() {
        applyRecipe("silent_connections", Map.of());
    }

    /**
     * As {@link #silentConnections()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void silentConnections(Map<String, ?> values) {
        applyRecipe("silent_connections", values);
    }

    /**
     * The banner is 421. The service is temporarily unavailable. The sender tries the
     * next MX, otherwise it keeps the mail in its queue (§3.8, §4.5.4.1). Haraka defers
     * without trying the next MX, and OpenSMTPD does so while it has an idle connection
     * to this one.
     */
    public void outage() {
        applyRecipe("outage", Map.of());
    }

    /**
     * As {@link #outage()}, with other values.
     *
     * @param values {@code code}, the reply code, by default 421; {@code message}, the
     * text, by default "4.3.2 Busy"; {@code times}, how often each behavior answers
     */
    public void outage(Map<String, ?> values) {
        applyRecipe("outage", values);
    }

    /**
     * The banner is 554. The host provides no SMTP service. Every command except QUIT
     * then gets 503 (§3.1). A sender should try the next MX, and bounce only when all
     * have refused; only Haraka bounces at once. With one MX, Postfix and OpenSMTPD
     * defer, while Exim, sendmail, Haraka and dma bounce.
     */
    public void noService() {
        applyRecipe("no_service", Map.of());
    }

    /**
     * As {@link #noService()}, with other values.
     *
     * @param values {@code code}, the reply code, by default 554; {@code message}, the
     * text, by default "No SMTP service here"; {@code times}, how often each behavior
     * answers
     */
    public void noService(Map<String, ?> values) {
        applyRecipe("no_service", values);
    }

    /**
     * The banner is 521. The host never accepts mail (RFC 7504 §3). A sender tries the
     * next MX, and returns the mail at once if all reply 521. In practice, senders
     * treat 521 as 554.
     */
    public void noMailHere() {
        applyRecipe("no_mail_here", Map.of());
    }

    /**
     * As {@link #noMailHere()}, with other values.
     *
     * @param values {@code code}, the reply code, by default 521; {@code message}, the
     * text, by default "mx.there.test does not accept mail"; {@code times}, how often
     * each behavior answers
     */
    public void noMailHere(Map<String, ?> values) {
        applyRecipe("no_mail_here", values);
    }

    /**
     * A banner of several lines. All lines except the last begin with 220-. A sender
     * must not send EHLO before the last one (§4.2.1).
     */
    public void longBanner() {
        applyRecipe("long_banner", Map.of());
    }

    /**
     * As {@link #longBanner()}, with other values.
     *
     * @param values {@code message}, the lines, by default "mx.there.test ESMTP&#92;nNo
     * spam&#92;nAll is recorded"; {@code times}, how often each behavior answers
     */
    public void longBanner(Map<String, ?> values) {
        applyRecipe("long_banner", values);
    }

    /**
     * A slow banner on some connections. 30 % of the connections wait 30 seconds; the
     * host's seed decides which. A sender must wait 5 minutes (§4.5.3.2.1).
     */
    public void slowBanner() {
        applyRecipe("slow_banner", Map.of());
    }

    /**
     * As {@link #slowBanner()}, with other values.
     *
     * @param values {@code probability}, the share of connections, by default 0.3;
     * {@code delay}, the time before the banner, by default "30s"; {@code times}, how
     * often each behavior answers
     */
    public void slowBanner(Map<String, ?> values) {
        applyRecipe("slow_banner", values);
    }

    /**
     * A dripped banner. The banner arrives at one octet per second. The sender must
     * assemble it, and its timeout should cover the whole banner.
     */
    public void drippedBanner() {
        applyRecipe("dripped_banner", Map.of());
    }

    /**
     * As {@link #drippedBanner()}, with other values.
     *
     * @param values {@code interval}, the time per octet, by default "1s"; {@code
     * times}, how often each behavior answers
     */
    public void drippedBanner(Map<String, ?> values) {
        applyRecipe("dripped_banner", values);
    }

    /**
     * A banner over 512 octets. The banner exceeds the maximum reply line (§4.5.3.1.5).
     * A sender may accept it, or end the session; it must not overflow its buffer, or
     * parse the rest as another reply.
     */
    public void oversizedBanner() {
        applyRecipe("oversized_banner", Map.of());
    }

    /**
     * As {@link #oversizedBanner()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void oversizedBanner(Map<String, ?> values) {
        applyRecipe("oversized_banner", values);
    }

    /**
     * A non-ASCII banner. The text is Latin-1, which is invalid UTF-8. Only the code
     * matters (§4.2).
     */
    public void nonAsciiBanner() {
        applyRecipe("non_ascii_banner", Map.of());
    }

    /**
     * As {@link #nonAsciiBanner()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void nonAsciiBanner(Map<String, ?> values) {
        applyRecipe("non_ascii_banner", values);
    }

    /**
     * Junk before the banner. The first line is not a reply. Postfix and sendmail skip
     * it and deliver; Exim and OpenSMTPD try the next MX; Haraka bounces.
     */
    public void junkBeforeBanner() {
        applyRecipe("junk_before_banner", Map.of());
    }

    /**
     * As {@link #junkBeforeBanner()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void junkBeforeBanner(Map<String, ?> values) {
        applyRecipe("junk_before_banner", values);
    }

    /**
     * EHLO is unknown. EHLO gets 502, or 500 from older hosts. The sender must send
     * HELO, and use no extension (§3.2). dma bounces.
     */
    public void noEhlo() {
        applyRecipe("no_ehlo", Map.of());
    }

    /**
     * As {@link #noEhlo()}, with other values.
     *
     * @param values {@code code}, the reply code, by default 502; {@code message}, the
     * text, by default "5.5.1 What is EHLO?"; {@code times}, how often each behavior
     * answers
     */
    public void noEhlo(Map<String, ?> values) {
        applyRecipe("no_ehlo", values);
    }

    /**
     * EHLO gets 421. The service shuts down and closes the connection (§3.8). The mail
     * stays in the queue.
     */
    public void ehloOutage() {
        applyRecipe("ehlo_outage", Map.of());
    }

    /**
     * As {@link #ehloOutage()}, with other values.
     *
     * @param values {@code code}, the reply code, by default 421; {@code message}, the
     * text, by default "4.3.2 Going down"; {@code times}, how often each behavior
     * answers
     */
    public void ehloOutage(Map<String, ?> values) {
        applyRecipe("ehlo_outage", values);
    }

    /**
     * Reset at EHLO. Some middleboxes reset connections on unknown commands. A sender
     * may reconnect and send HELO; it must not bounce.
     */
    public void resetAtEhlo() {
        applyRecipe("reset_at_ehlo", Map.of());
    }

    /**
     * As {@link #resetAtEhlo()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void resetAtEhlo(Map<String, ?> values) {
        applyRecipe("reset_at_ehlo", values);
    }

    /**
     * No extensions. The EHLO reply contains only the name. The sender must not use
     * parameters of extensions (§4.1.1.1).
     */
    public void noExtensions() {
        applyRecipe("no_extensions", Map.of());
    }

    /**
     * Other extensions under TLS. The sender must discard the EHLO reply that it got in
     * clear (RFC 3207 §4.2).
     */
    public void otherExtensionsUnderTls() {
        applyRecipe("other_extensions_under_tls", Map.of());
    }

    /**
     * As {@link #otherExtensionsUnderTls()}, with other values.
     *
     * @param values {@code beforeTls}, the lines in clear, by default ["PIPELINING",
     * "SIZE 1000"]; {@code underTls}, the lines under TLS, by default ["8BITMIME",
     * "SIZE 5000000"]
     */
    public void otherExtensionsUnderTls(Map<String, ?> values) {
        applyRecipe("other_extensions_under_tls", values);
    }

    /**
     * Unusual keywords. Keywords are case-insensitive (§2.4), and unknown or empty ones
     * must be ignored (§4.1.1.1). Exim does not recognize PIPELINING, SIZE and DSN in
     * lower case.
     */
    public void unusualKeywords() {
        applyRecipe("unusual_keywords", Map.of());
    }

    /**
     * As {@link #unusualKeywords()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void unusualKeywords(Map<String, ?> values) {
        applyRecipe("unusual_keywords", values);
    }

    /**
     * STARTTLS temporarily refused. EHLO offers STARTTLS, which gets 454. An
     * opportunistic sender continues in clear, in the same session or another (RFC 3207
     * §4); one that requires TLS retries later. Haraka never delivers.
     */
    public void starttlsDeferred() {
        applyRecipe("starttls_deferred", Map.of());
    }

    /**
     * As {@link #starttlsDeferred()}, with other values.
     *
     * @param values {@code code}, the reply code, by default 454; {@code message}, the
     * text, by default "4.7.0 TLS not available"; {@code times}, how often each
     * behavior answers
     */
    public void starttlsDeferred(Map<String, ?> values) {
        applyRecipe("starttls_deferred", values);
    }

    /**
     * STARTTLS permanently refused. EHLO offers STARTTLS, which gets 502. As above: the
     * mail itself was not refused.
     */
    public void starttlsRejected() {
        applyRecipe("starttls_rejected", Map.of());
    }

    /**
     * As {@link #starttlsRejected()}, with other values.
     *
     * @param values {@code code}, the reply code, by default 502; {@code message}, the
     * text, by default "5.5.1 Not implemented"; {@code times}, how often each behavior
     * answers
     */
    public void starttlsRejected(Map<String, ?> values) {
        applyRecipe("starttls_rejected", values);
    }

    /**
     * Closed at STARTTLS. The connection closes instead of a reply. The sender
     * reconnects, and delivers in clear only if its policy allows that.
     */
    public void closeAtStarttls() {
        applyRecipe("close_at_starttls", Map.of());
    }

    /**
     * As {@link #closeAtStarttls()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void closeAtStarttls(Map<String, ?> values) {
        applyRecipe("close_at_starttls", values);
    }

    /**
     * 220 to STARTTLS, then closed. The handshake cannot begin, and the sender cannot
     * continue in clear on this connection. On another one, Exim and OpenSMTPD deliver
     * in clear with the second session and Postfix with the third; sendmail and Haraka
     * never do.
     */
    public void closeAfterStarttls() {
        applyRecipe("close_after_starttls", Map.of());
    }

    /**
     * As {@link #closeAfterStarttls()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void closeAfterStarttls(Map<String, ?> values) {
        applyRecipe("close_after_starttls", values);
    }

    /**
     * 220 to STARTTLS, then garbage, once. The server sends text instead of the
     * handshake, and the sender must not parse it as a reply. The second handshake
     * would succeed: Postfix and sendmail use TLS again, Exim and OpenSMTPD retry in
     * clear.
     */
    public void garbageInsteadOfTls() {
        applyRecipe("garbage_instead_of_tls", Map.of());
    }

    /**
     * As {@link #garbageInsteadOfTls()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void garbageInsteadOfTls(Map<String, ?> values) {
        applyRecipe("garbage_instead_of_tls", values);
    }

    /**
     * 220 to STARTTLS, then silence. The server never answers the handshake. A sender
     * needs a timeout for it too.
     */
    public void silenceInsteadOfTls() {
        applyRecipe("silence_instead_of_tls", Map.of());
    }

    /**
     * As {@link #silenceInsteadOfTls()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void silenceInsteadOfTls(Map<String, ?> values) {
        applyRecipe("silence_instead_of_tls", values);
    }

    /**
     * Only obsolete versions of TLS. TLS 1.0 and 1.1 must not be used (RFC 8996), and
     * many clients fail the handshake with an alert. On Debian 12, Postfix and Exim
     * still deliver with TLS 1.1; OpenSMTPD delivers in clear, sendmail does not
     * deliver.
     */
    public void obsoleteTls() {
        applyRecipe("obsolete_tls", Map.of());
    }

    /**
     * As {@link #obsoleteTls()}, with other values.
     *
     * @param values {@code minVersion}, the lowest version, by default "TLSv1"; {@code
     * maxVersion}, the highest version, by default "TLSv1.1"
     */
    public void obsoleteTls(Map<String, ?> values) {
        applyRecipe("obsolete_tls", values);
    }

    /**
     * A self-signed certificate. Opportunistic senders continue; those that verify must
     * not (RFC 8461 §4.2). The same applies to the next three.
     */
    public void selfSignedCertificate() {
        applyRecipe("self_signed_certificate", Map.of());
    }

    /**
     * An expired certificate.
     */
    public void expiredCertificate() {
        applyRecipe("expired_certificate", Map.of());
    }

    /**
     * A certificate for another name.
     */
    public void wrongNameCertificate() {
        applyRecipe("wrong_name_certificate", Map.of());
    }

    /**
     * A certificate of an unknown authority.
     */
    public void untrustedCertificate() {
        applyRecipe("untrusted_certificate", Map.of());
    }

    /**
     * A client certificate is required. The handshake fails without one. An
     * opportunistic sender that has none delivers in clear: Exim with the second
     * session, Postfix with the fourth; sendmail never does.
     */
    public void clientCertificateRequired() {
        applyRecipe("client_certificate_required", Map.of());
    }

    /**
     * The requested server name (SNI). The session's tls.sni contains the name; with
     * MTA-STS and DANE it must be that of the MX (RFC 8461 §7.1, RFC 7672 §8.1).
     */
    public void starttls() {
        applyRecipe("starttls", Map.of());
    }

    /**
     * Plaintext injected after the server's 220. An attacker on the path could inject
     * this. The sender must discard what arrived before the handshake (RFC 3207 §4.2),
     * as Postfix and sendmail do; a sender that keeps it parses it as the reply to its
     * EHLO under TLS. Exim detects it, closes, and delivers **in clear**.
     */
    public void injectedAfter220() {
        applyRecipe("injected_after_220", Map.of());
    }

    /**
     * As {@link #injectedAfter220()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void injectedAfter220(Map<String, ?> values) {
        applyRecipe("injected_after_220", values);
    }

    /**
     * Plaintext injected after the client's STARTTLS. Needs no behavior. The server
     * discards it, and the transcript marks it: "injected": true. A sender must wait
     * for the 220 (RFC 3207 §4).
     */
    public void injectedByClient() {
        applyRecipe("injected_by_client", Map.of());
    }

    /**
     * EHLO refused under TLS. EHLO succeeds in clear and gets 502 under TLS. The sender
     * may send HELO; it must not use the EHLO reply that it got in clear.
     */
    public void noEhloUnderTls() {
        applyRecipe("no_ehlo_under_tls", Map.of());
    }

    /**
     * As {@link #noEhloUnderTls()}, with other values.
     *
     * @param values {@code code}, the reply code, by default 502; {@code message}, the
     * text, by default "5.5.1 Not here"; {@code times}, how often each behavior answers
     */
    public void noEhloUnderTls(Map<String, ?> values) {
        applyRecipe("no_ehlo_under_tls", values);
    }

    /**
     * 421 under TLS. The mail stays in the queue. The sender must not retry without TLS
     * because of this reply.
     */
    public void outageUnderTls() {
        applyRecipe("outage_under_tls", Map.of());
    }

    /**
     * As {@link #outageUnderTls()}, with other values.
     *
     * @param values {@code code}, the reply code, by default 421; {@code message}, the
     * text, by default "4.3.2 Too busy"; {@code times}, how often each behavior answers
     */
    public void outageUnderTls(Map<String, ?> values) {
        applyRecipe("outage_under_tls", values);
    }

    /**
     * Working mechanisms. The sender uses the strongest mechanism that it supports (RFC
     * 4954 §4). For XOAUTH2 and OAUTHBEARER the token is the password.
     */
    public void auth() {
        applyRecipe("auth", Map.of());
    }

    /**
     * As {@link #auth()}, with other values.
     *
     * @param values {@code mechanisms}, the mechanisms, by default ["PLAIN", "LOGIN",
     * "CRAM-MD5", "XOAUTH2", "OAUTHBEARER"]; {@code users}, passwords by user, by
     * default {"bob": "s3cret"}
     */
    public void auth(Map<String, ?> values) {
        applyRecipe("auth", values);
    }

    /**
     * A wrong password. Needs no behavior: any other password gets 535. The sender must
     * not retry the same password repeatedly; the mail was not refused (RFC 4954 §6).
     */
    public void wrongPassword() {
        applyRecipe("wrong_password", Map.of());
    }

    /**
     * As {@link #wrongPassword()}, with other values.
     *
     * @param values {@code users}, passwords by user, by default {"bob": "s3cret"}
     */
    public void wrongPassword(Map<String, ?> values) {
        applyRecipe("wrong_password", values);
    }

    /**
     * An outage, switched on and off. PUT &#47;scenarios with {"outage": "down"} begins
     * the outage, {"outage": "Started"} ends it. After 454 the sender retries later
     * (RFC 4954 §6).
     */
    public void authOutage() {
        applyRecipe("auth_outage", Map.of());
    }

    /**
     * As {@link #authOutage()}, with other values.
     *
     * @param values {@code code}, the reply code, by default 454; {@code message}, the
     * text, by default "4.7.0 Temporary authentication failure"; {@code times}, how
     * often each behavior answers
     */
    public void authOutage(Map<String, ?> values) {
        applyRecipe("auth_outage", values);
    }

    /**
     * A password transition is required. 432 asks the client to authenticate with PLAIN
     * once, because the server needs the password to store it for the other mechanisms
     * (RFC 4954 §6).
     */
    public void passwordTransition() {
        applyRecipe("password_transition", Map.of());
    }

    /**
     * As {@link #passwordTransition()}, with other values.
     *
     * @param values {@code code}, the reply code, by default 432; {@code message}, the
     * text, by default "4.7.12 A password transition is needed"; {@code times}, how
     * often each behavior answers
     */
    public void passwordTransition(Map<String, ?> values) {
        applyRecipe("password_transition", values);
    }

    /**
     * A mechanism too weak for the user. PLAIN gets 534 (RFC 4954 §6); the sender uses
     * another mechanism, or none.
     */
    public void weakMechanism() {
        applyRecipe("weak_mechanism", Map.of());
    }

    /**
     * As {@link #weakMechanism()}, with other values.
     *
     * @param values {@code code}, the reply code, by default 534; {@code message}, the
     * text, by default "5.7.9 Mechanism is too weak"; {@code times}, how often each
     * behavior answers
     */
    public void weakMechanism(Map<String, ?> values) {
        applyRecipe("weak_mechanism", values);
    }

    /**
     * AUTH required. MAIL without authentication gets 530 (RFC 4954 §6).
     */
    public void authRequired() {
        applyRecipe("auth_required", Map.of());
    }

    /**
     * As {@link #authRequired()}, with other values.
     *
     * @param values {@code users}, passwords by user, or any, by default "any"
     */
    public void authRequired(Map<String, ?> values) {
        applyRecipe("auth_required", values);
    }

    /**
     * AUTH only under TLS. AUTH is not offered in clear, and gets 538 there. A sender
     * must not send its password in clear (RFC 4954 §4).
     */
    public void authOnlyUnderTls() {
        applyRecipe("auth_only_under_tls", Map.of());
    }

    /**
     * A mechanism that is not offered. Needs no behavior: any other mechanism gets 504.
     */
    public void oneMechanism() {
        applyRecipe("one_mechanism", Map.of());
    }

    /**
     * As {@link #oneMechanism()}, with other values.
     *
     * @param values {@code mechanisms}, the mechanisms, by default ["PLAIN"]
     */
    public void oneMechanism(Map<String, ?> values) {
        applyRecipe("one_mechanism", values);
    }

    /**
     * A challenge that is not base64. The sender must cancel the exchange with *, and
     * gets 501 (RFC 4954 §4).
     */
    public void malformedChallenge() {
        applyRecipe("malformed_challenge", Map.of());
    }

    /**
     * As {@link #malformedChallenge()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void malformedChallenge(Map<String, ?> values) {
        applyRecipe("malformed_challenge", values);
    }

    /**
     * Closed during the exchange. The connection closes after the challenge. Neither
     * the password nor the mail was refused.
     */
    public void closeDuringAuth() {
        applyRecipe("close_during_auth", Map.of());
    }

    /**
     * As {@link #closeDuringAuth()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void closeDuringAuth(Map<String, ?> values) {
        applyRecipe("close_during_auth", values);
    }

    /**
     * A sender temporarily refused. After a 4yz the sender retries later (§4.2.1,
     * §4.5.4.1).
     */
    public void senderDeferred() {
        applyRecipe("sender_deferred", Map.of());
    }

    /**
     * As {@link #senderDeferred()}, with other values.
     *
     * @param values {@code code}, the reply code, by default 451; {@code message}, the
     * text, by default "4.1.8 Can't look up your domain"; {@code times}, how often each
     * behavior answers
     */
    public void senderDeferred(Map<String, ?> values) {
        applyRecipe("sender_deferred", values);
    }

    /**
     * A sender permanently refused. After a 5yz the sender does not retry, and returns
     * the mail (§4.2.1).
     */
    public void senderRejected() {
        applyRecipe("sender_rejected", Map.of());
    }

    /**
     * As {@link #senderRejected()}, with other values.
     *
     * @param values {@code domain}, end of the sender's address, by default
     * "&#64;spam.test"; {@code code}, the reply code, by default 550; {@code message},
     * the text, by default "5.7.1 We do not take your mail"; {@code times}, how often
     * each behavior answers
     */
    public void senderRejected(Map<String, ?> values) {
        applyRecipe("sender_rejected", values);
    }

    /**
     * Reset at RCPT. The sender treats this as a 451 (§3.8), and retries later.
     */
    public void resetAtRcpt() {
        applyRecipe("reset_at_rcpt", Map.of());
    }

    /**
     * As {@link #resetAtRcpt()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void resetAtRcpt(Map<String, ?> values) {
        applyRecipe("reset_at_rcpt", values);
    }

    /**
     * Refused by a parameter of MAIL. Mail with 8-bit content is refused. A sender may
     * encode it and retry (RFC 6152 §3).
     */
    public void eightBitRefused() {
        applyRecipe("eight_bit_refused", Map.of());
    }

    /**
     * As {@link #eightBitRefused()}, with other values.
     *
     * @param values {@code code}, the reply code, by default 554; {@code message}, the
     * text, by default "5.6.3 Conversion required"; {@code times}, how often each
     * behavior answers
     */
    public void eightBitRefused(Map<String, ?> values) {
        applyRecipe("eight_bit_refused", values);
    }

    /**
     * The null sender refused. Some hosts refuse it, which breaks bounces (§4.5.5
     * requires that it is accepted). A sender must not bounce a bounce that it cannot
     * deliver (§6.1).
     */
    public void nullSenderRefused() {
        applyRecipe("null_sender_refused", Map.of());
    }

    /**
     * As {@link #nullSenderRefused()}, with other values.
     *
     * @param values {@code code}, the reply code, by default 550; {@code message}, the
     * text, by default "5.7.1 No bounces"; {@code times}, how often each behavior
     * answers
     */
    public void nullSenderRefused(Map<String, ?> values) {
        applyRecipe("null_sender_refused", values);
    }

    /**
     * A full mailbox, and an oversized mail. The sender retries after 452 for one
     * recipient, but not after 552 to the content.
     */
    public void fullMailbox() {
        applyRecipe("full_mailbox", Map.of());
    }

    /**
     * As {@link #fullMailbox()}, with other values.
     *
     * @param values {@code recipient}, text that the recipient contains; null for all
     * recipients, by default "full&#64;"; {@code code}, the reply code, by default 452;
     * {@code message}, the text, by default "4.2.2 Mailbox full"; {@code size}, octets
     * of the content from which it applies, by default "1000000"; {@code times}, how
     * often each behavior answers
     */
    public void fullMailbox(Map<String, ?> values) {
        applyRecipe("full_mailbox", values);
    }

    /**
     * Recipients with different replies. One recipient gets the mail, one is retried,
     * one is returned (§3.3, §4.5.4.1). No recipient gets two copies.
     */
    public void differentReplies() {
        applyRecipe("different_replies", Map.of());
    }

    /**
     * As {@link #differentReplies()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void differentReplies(Map<String, ?> values) {
        applyRecipe("different_replies", values);
    }

    /**
     * All recipients refused. A sender that pipelines has already sent DATA, which gets
     * 554 (RFC 2920 §3.1). It sends no content, and one bounce.
     */
    public void unknownRecipients() {
        applyRecipe("unknown_recipients", Map.of());
    }

    /**
     * As {@link #unknownRecipients()}, with other values.
     *
     * @param values {@code code}, the reply code, by default 550; {@code message}, the
     * text, by default "5.1.1 Unknown"; {@code times}, how often each behavior answers
     */
    public void unknownRecipients(Map<String, ?> values) {
        applyRecipe("unknown_recipients", values);
    }

    /**
     * Too many recipients. The 101st recipient and all after it get 452. The sender
     * delivers to the first 100, and to the others in another transaction, at once or
     * later (§4.5.3.1.10).
     */
    public void tooManyRecipients() {
        applyRecipe("too_many_recipients", Map.of());
    }

    /**
     * As {@link #tooManyRecipients()}, with other values.
     *
     * @param values {@code accepted}, accepted recipients, by default 100; {@code
     * code}, the reply code, by default 452; {@code message}, the text, by default
     * "4.5.3 Too many recipients"; {@code times}, how often each behavior answers
     */
    public void tooManyRecipients(Map<String, ?> values) {
        applyRecipe("too_many_recipients", values);
    }

    /**
     * Moved, with and without forwarding. 251 accepts the mail and contains the new
     * address; 551 refuses it and contains the new address (§3.4). The sender may
     * ignore the address: it continues after 251 and bounces after 551.
     */
    public void movedRecipients() {
        applyRecipe("moved_recipients", Map.of());
    }

    /**
     * As {@link #movedRecipients()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void movedRecipients(Map<String, ?> values) {
        applyRecipe("moved_recipients", values);
    }

    /**
     * 421 and closed after 10 mails. The sender opens a new connection for the next
     * mail (§3.8).
     */
    public void closeAfterMails() {
        applyRecipe("close_after_mails", Map.of());
    }

    /**
     * As {@link #closeAfterMails()}, with other values.
     *
     * @param values {@code mails}, mails per connection, by default 10; {@code code},
     * the reply code, by default 421; {@code message}, the text, by default "4.7.0 Too
     * many messages"; {@code times}, how often each behavior answers
     */
    public void closeAfterMails(Map<String, ?> values) {
        applyRecipe("close_after_mails", values);
    }

    /**
     * 421 without closing. The server replies 421 but does not close. A sender must
     * neither continue nor wait (§3.8).
     */
    public void stayOpenAfter421() {
        applyRecipe("stay_open_after_421", Map.of());
    }

    /**
     * As {@link #stayOpenAfter421()}, with other values.
     *
     * @param values {@code code}, the reply code, by default 421; {@code message}, the
     * text, by default "4.3.2 Closing"; {@code times}, how often each behavior answers
     */
    public void stayOpenAfter421(Map<String, ?> values) {
        applyRecipe("stay_open_after_421", values);
    }

    /**
     * The second mail of a connection refused. Only the second mail is retried; the
     * first was accepted.
     */
    public void secondMailRefused() {
        applyRecipe("second_mail_refused", Map.of());
    }

    /**
     * As {@link #secondMailRefused()}, with other values.
     *
     * @param values {@code code}, the reply code, by default 451; {@code message}, the
     * text, by default "4.7.0 One mail at a time"; {@code times}, how often each
     * behavior answers
     */
    public void secondMailRefused(Map<String, ?> values) {
        applyRecipe("second_mail_refused", values);
    }

    /**
     * RSET refused. A sender that cannot be sure that the transaction has ended must
     * open a new connection.
     */
    public void rsetRefused() {
        applyRecipe("rset_refused", Map.of());
    }

    /**
     * As {@link #rsetRefused()}, with other values.
     *
     * @param values {@code code}, the reply code, by default 451; {@code message}, the
     * text, by default "4.3.0 Not now"; {@code times}, how often each behavior answers
     */
    public void rsetRefused(Map<String, ?> values) {
        applyRecipe("rset_refused", values);
    }

    /**
     * DATA temporarily refused. DATA gets 451 instead of 354. The transaction ends, and
     * no content follows (§4.1.1.4). BDAT is also refused, for senders that use it,
     * such as Exim; its chunk has already been sent.
     */
    public void dataDeferred() {
        applyRecipe("data_deferred", Map.of());
    }

    /**
     * As {@link #dataDeferred()}, with other values.
     *
     * @param values {@code code}, the reply code, by default 451; {@code message}, the
     * text, by default "4.3.0 Disk full"; {@code times}, how often each behavior
     * answers
     */
    public void dataDeferred(Map<String, ?> values) {
        applyRecipe("data_deferred", values);
    }

    /**
     * DATA permanently refused. The sender returns the mail for all recipients. BDAT is
     * also refused, as above.
     */
    public void dataRejected() {
        applyRecipe("data_rejected", Map.of());
    }

    /**
     * As {@link #dataRejected()}, with other values.
     *
     * @param values {@code code}, the reply code, by default 554; {@code message}, the
     * text, by default "5.7.1 No content"; {@code times}, how often each behavior
     * answers
     */
    public void dataRejected(Map<String, ?> values) {
        applyRecipe("data_rejected", values);
    }

    /**
     * DATA gets 250. Without a 354 the content must not be sent (§4.3.2). Postfix and
     * sendmail bounce. CHUNKING is not offered, because 250 is the correct reply to
     * BDAT.
     */
    public void dataGets250() {
        applyRecipe("data_gets_250", Map.of());
    }

    /**
     * As {@link #dataGets250()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void dataGets250(Map<String, ?> values) {
        applyRecipe("data_gets_250", values);
    }

    /**
     * A reply during the content. The server replies 552 after 64 KiB of content, and
     * not after its end. A sender may stop and close, or send the content to its end.
     */
    public void replyDuringContent() {
        applyRecipe("reply_during_content", Map.of());
    }

    /**
     * As {@link #replyDuringContent()}, with other values.
     *
     * @param values {@code size}, octets of the content from which it applies, by
     * default "65536"; {@code code}, the reply code, by default 552; {@code message},
     * the text, by default "5.3.4 Enough"; {@code times}, how often each behavior
     * answers
     */
    public void replyDuringContent(Map<String, ?> values) {
        applyRecipe("reply_during_content", values);
    }

    /**
     * Closed during the content. The server keeps nothing; the sender retries later
     * (§4.5.3.2.5).
     */
    public void closeDuringContent() {
        applyRecipe("close_during_content", Map.of());
    }

    /**
     * As {@link #closeDuringContent()}, with other values.
     *
     * @param values {@code size}, octets of the content from which it applies, by
     * default "65536"; {@code times}, how often each behavior answers
     */
    public void closeDuringContent(Map<String, ?> values) {
        applyRecipe("close_during_content", values);
    }

    /**
     * Content no longer read. The sender's buffers fill, and its write blocks. It must
     * time out after 3 minutes (§4.5.3.2.5).
     */
    public void stopReadingContent() {
        applyRecipe("stop_reading_content", Map.of());
    }

    /**
     * As {@link #stopReadingContent()}, with other values.
     *
     * @param values {@code size}, octets of the content from which it applies, by
     * default "65536"; {@code times}, how often each behavior answers
     */
    public void stopReadingContent(Map<String, ?> values) {
        applyRecipe("stop_reading_content", values);
    }

    /**
     * Refused by content, permanently and temporarily. After the content, 554 makes the
     * sender return the mail, 451 makes it retry (§4.2.1).
     */
    public void contentRefused() {
        applyRecipe("content_refused", Map.of());
    }

    /**
     * As {@link #contentRefused()}, with other values.
     *
     * @param values {@code virus}, text that is rejected, by default "EICAR"; {@code
     * spam}, text that is deferred, by default "viagra"; {@code times}, how often each
     * behavior answers
     */
    public void contentRefused(Map<String, ?> values) {
        applyRecipe("content_refused", values);
    }

    /**
     * Refused by a header field, without authentication. The template inserts the
     * header field into the reply; control characters become spaces.
     */
    public void headerRefused() {
        applyRecipe("header_refused", Map.of());
    }

    /**
     * As {@link #headerRefused()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void headerRefused(Map<String, ?> values) {
        applyRecipe("header_refused", values);
    }

    /**
     * DATA accepted without a valid recipient. A server may reply 354 although it
     * refused all recipients. A sender that has pipelined must send only the dot, and
     * gets 554 (RFC 2920 §3.1).
     */
    public void dataWithoutRecipient() {
        applyRecipe("data_without_recipient", Map.of());
    }

    /**
     * As {@link #dataWithoutRecipient()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void dataWithoutRecipient(Map<String, ?> values) {
        applyRecipe("data_without_recipient", values);
    }

    /**
     * Kept, then reset, once. The server has the mail, but the sender does not know. It
     * must retry, which gives two copies with one Message-ID.
     */
    public void keepThenReset() {
        applyRecipe("keep_then_reset", Map.of());
    }

    /**
     * As {@link #keepThenReset()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void keepThenReset(Map<String, ?> values) {
        applyRecipe("keep_then_reset", values);
    }

    /**
     * Kept, then closed. The same with an orderly close. dma loops on the closed
     * socket; all others deliver again.
     */
    public void keepThenClose() {
        applyRecipe("keep_then_close", Map.of());
    }

    /**
     * As {@link #keepThenClose()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void keepThenClose(Map<String, ?> values) {
        applyRecipe("keep_then_close", values);
    }

    /**
     * Kept, then silent. The same, after the sender's timeout.
     */
    public void keepThenHang() {
        applyRecipe("keep_then_hang", Map.of());
    }

    /**
     * As {@link #keepThenHang()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void keepThenHang(Map<String, ?> values) {
        applyRecipe("keep_then_hang", values);
    }

    /**
     * Kept, then a late 250. The reply takes 9 minutes; a sender must wait 10
     * (§4.5.3.2.6).
     */
    public void keepThenReplyLate() {
        applyRecipe("keep_then_reply_late", Map.of());
    }

    /**
     * As {@link #keepThenReplyLate()}, with other values.
     *
     * @param values {@code delay}, the time before the reply, by default "9m"; {@code
     * times}, how often each behavior answers
     */
    public void keepThenReplyLate(Map<String, ?> values) {
        applyRecipe("keep_then_reply_late", values);
    }

    /**
     * 250, but lost. The sender cannot detect this. Use it to test delivery monitoring.
     */
    public void acceptAndLose() {
        applyRecipe("accept_and_lose", Map.of());
    }

    /**
     * As {@link #acceptAndLose()}, with other values.
     *
     * @param values {@code text}, text that the content contains; null for all mails,
     * by default "X-Drop: yes"; {@code times}, how often each behavior answers
     */
    public void acceptAndLose(Map<String, ?> values) {
        applyRecipe("accept_and_lose", values);
    }

    /**
     * An error, but kept. Each attempt creates another copy.
     */
    public void keepAndRefuse() {
        applyRecipe("keep_and_refuse", Map.of());
    }

    /**
     * As {@link #keepAndRefuse()}, with other values.
     *
     * @param values {@code code}, the reply code, by default 451; {@code message}, the
     * text, by default "4.4.2 Timeout"; {@code times}, how often each behavior answers
     */
    public void keepAndRefuse(Map<String, ?> values) {
        applyRecipe("keep_and_refuse", values);
    }

    /**
     * 250, then closed before QUIT. The mail is delivered; the sender must not send it
     * again.
     */
    public void closeAfter250() {
        applyRecipe("close_after_250", Map.of());
    }

    /**
     * As {@link #closeAfter250()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void closeAfter250(Map<String, ?> values) {
        applyRecipe("close_after_250", values);
    }

    /**
     * An empty line, two digits, no text, LF, NUL. The replies are sent in turn. 250
     * alone, and a line that ends with LF, should be accepted (§4.2); Postfix, Exim and
     * sendmail also parse the reply with NUL as 250.
     */
    public void malformedReplies() {
        applyRecipe("malformed_replies", Map.of());
    }

    /**
     * As {@link #malformedReplies()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void malformedReplies(Map<String, ?> values) {
        applyRecipe("malformed_replies", values);
    }

    /**
     * The code changes within a reply. All lines must have the same code (§4.2.1). The
     * code of the last line should be used, with caution.
     */
    public void changingCode() {
        applyRecipe("changing_code", Map.of());
    }

    /**
     * As {@link #changingCode()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void changingCode(Map<String, ?> values) {
        applyRecipe("changing_code", values);
    }

    /**
     * A reply without its last line. The sender waits for another line, and needs a
     * timeout. With "close" instead of "hang" the connection closes.
     */
    public void unfinishedReply() {
        applyRecipe("unfinished_reply", Map.of());
    }

    /**
     * As {@link #unfinishedReply()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void unfinishedReply(Map<String, ?> values) {
        applyRecipe("unfinished_reply", values);
    }

    /**
     * A reply that never ends. Another line arrives every minute, so a timeout per line
     * never expires.
     */
    public void endlessReply() {
        applyRecipe("endless_reply", Map.of());
    }

    /**
     * As {@link #endlessReply()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void endlessReply(Map<String, ?> values) {
        applyRecipe("endless_reply", values);
    }

    /**
     * A reply over 2 KB. The reply is one line; the maximum is 512 octets (§4.5.3.1.5).
     */
    public void oversizedReply() {
        applyRecipe("oversized_reply", Map.of());
    }

    /**
     * As {@link #oversizedReply()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void oversizedReply(Map<String, ?> values) {
        applyRecipe("oversized_reply", values);
    }

    /**
     * Meaningless codes. 850 and 199 are not reply codes, and 354 is not valid here
     * (§4.2.1, §4.3.2). Of an unexpected 5yz or 4yz, the first digit decides. To 850,
     * Postfix, sendmail and Haraka bounce; Exim, OpenSMTPD and dma defer. To 199 and
     * 354, Postfix and sendmail bounce, Exim defers.
     */
    public void meaninglessCodes() {
        applyRecipe("meaningless_codes", Map.of());
    }

    /**
     * As {@link #meaninglessCodes()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void meaninglessCodes(Map<String, ?> values) {
        applyRecipe("meaningless_codes", values);
    }

    /**
     * A contradictory enhanced code. The first digit of the reply code decides (RFC
     * 2034 §4 requires that both agree).
     */
    public void contradictoryCodes() {
        applyRecipe("contradictory_codes", Map.of());
    }

    /**
     * As {@link #contradictoryCodes()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void contradictoryCodes(Map<String, ?> values) {
        applyRecipe("contradictory_codes", values);
    }

    /**
     * One extra reply. A sender that does not notice it then assigns each reply to the
     * previous command, as Exim does. Postfix and sendmail bounce.
     */
    public void extraReply() {
        applyRecipe("extra_reply", Map.of());
    }

    /**
     * As {@link #extraReply()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void extraReply(Map<String, ?> values) {
        applyRecipe("extra_reply", values);
    }

    /**
     * A reply sent octet by octet. A sender must not parse a packet as a line.
     */
    public void octetByOctet() {
        applyRecipe("octet_by_octet", Map.of());
    }

    /**
     * As {@link #octetByOctet()}, with other values.
     *
     * @param values {@code interval}, the time per octet, by default "1ms"; {@code
     * times}, how often each behavior answers
     */
    public void octetByOctet(Map<String, ?> values) {
        applyRecipe("octet_by_octet", values);
    }

    /**
     * Two replies in one packet. The reply to MAIL is sent together with the reply to
     * RCPT. A sender that pipelines gets both (RFC 2920 §3.1); others wait until their
     * timeout.
     */
    public void twoRepliesAtOnce() {
        applyRecipe("two_replies_at_once", Map.of());
    }

    /**
     * As {@link #twoRepliesAtOnce()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void twoRepliesAtOnce(Map<String, ?> values) {
        applyRecipe("two_replies_at_once", values);
    }

    /**
     * Without PIPELINING. A sender must wait for each reply (RFC 2920 §3.1). The
     * transcript marks one that does not: "pipelined": true.
     */
    public void noPipelining() {
        applyRecipe("no_pipelining", Map.of());
    }

    /**
     * BDAT out of order. BDAT gets 503. The transaction ends, and pipelined chunks are
     * refused (RFC 3030 §2).
     */
    public void bdatRefused() {
        applyRecipe("bdat_refused", Map.of());
    }

    /**
     * As {@link #bdatRefused()}, with other values.
     *
     * @param values {@code code}, the reply code, by default 503; {@code message}, the
     * text, by default "5.5.1 Not now"; {@code times}, how often each behavior answers
     */
    public void bdatRefused(Map<String, ?> values) {
        applyRecipe("bdat_refused", values);
    }

    /**
     * The second chunk refused. The second chunk of a mail is refused. Further chunks
     * get 503.
     */
    public void secondChunkRefused() {
        applyRecipe("second_chunk_refused", Map.of());
    }

    /**
     * As {@link #secondChunkRefused()}, with other values.
     *
     * @param values {@code code}, the reply code, by default 452; {@code message}, the
     * text, by default "4.3.1 Disk full"; {@code times}, how often each behavior
     * answers
     */
    public void secondChunkRefused(Map<String, ?> values) {
        applyRecipe("second_chunk_refused", values);
    }

    /**
     * Closed during a chunk. DATA CONTENT also applies to chunks. With a code instead
     * of then, the reply is sent during the chunk, and its rest is discarded.
     */
    public void closeDuringChunk() {
        applyRecipe("close_during_chunk", Map.of());
    }

    /**
     * As {@link #closeDuringChunk()}, with other values.
     *
     * @param values {@code size}, octets of the content from which it applies, by
     * default "1000"; {@code times}, how often each behavior answers
     */
    public void closeDuringChunk(Map<String, ?> values) {
        applyRecipe("close_during_chunk", values);
    }

    /**
     * Without CHUNKING. The sender uses DATA; BDAT gets 502.
     */
    public void noChunking() {
        applyRecipe("no_chunking", Map.of());
    }

    /**
     * A small size limit. EHLO advertises the limit, and MAIL with a larger SIZE= gets
     * 552: no content is sent (RFC 1870 §6).
     */
    public void sizeLimit() {
        applyRecipe("size_limit", Map.of());
    }

    /**
     * As {@link #sizeLimit()}, with other values.
     *
     * @param values {@code size}, octets, by default 1000
     */
    public void sizeLimit(Map<String, ?> values) {
        applyRecipe("size_limit", values);
    }

    /**
     * A false size limit. EHLO advertises 10 MB, but content over 1 KB gets 552. The
     * sender returns the mail.
     */
    public void falseSizeLimit() {
        applyRecipe("false_size_limit", Map.of());
    }

    /**
     * As {@link #falseSizeLimit()}, with other values.
     *
     * @param values {@code size}, octets of the content from which it applies, by
     * default "1000"; {@code code}, the reply code, by default 552; {@code message},
     * the text, by default "5.3.4 Too big"; {@code times}, how often each behavior
     * answers
     */
    public void falseSizeLimit(Map<String, ?> values) {
        applyRecipe("false_size_limit", values);
    }

    /**
     * Without 8BITMIME and SMTPUTF8. 8-bit content must be encoded or returned (RFC
     * 6152 §3), and a mail with a UTF-8 address returned (RFC 6531 §3.2). Postfix and
     * sendmail encode the content; Exim and OpenSMTPD send it as it is. Postfix returns
     * the mail with a UTF-8 address; Exim rewrites the local part to xn--… and
     * delivers.
     */
    public void sevenBit() {
        applyRecipe("seven_bit", Map.of());
    }

    /**
     * DSN. The parameters are kept as sent, including xtext (RFC 3461 §4).
     */
    public void dsn() {
        applyRecipe("dsn", Map.of());
    }

    /**
     * Rare extensions. REQUIRETLS (RFC 8689), MT-PRIORITY (RFC 6710), FUTURERELEASE
     * (RFC 4865), DELIVERBY (RFC 2852): the parameters are kept with the mail.
     */
    public void rareExtensions() {
        applyRecipe("rare_extensions", Map.of());
    }

    /**
     * As {@link #rareExtensions()}, with other values.
     *
     * @param values {@code capabilities}, the lines of the EHLO reply, by default
     * ["REQUIRETLS", "MT-PRIORITY MIXER", "DELIVERBY 240", "FUTURERELEASE 86400
     * 2030-01-01T00:00:00Z"]
     */
    public void rareExtensions(Map<String, ?> values) {
        applyRecipe("rare_extensions", values);
    }

    /**
     * Greylisting. Each triplet of client, sender and recipient gets 450 for 5 minutes,
     * and is then accepted for a day (RFC 6647 §2).
     */
    public void greylist() {
        applyRecipe("greylist", Map.of());
    }

    /**
     * As {@link #greylist()}, with other values.
     *
     * @param values {@code activeFor}, how long each triplet is refused, by default
     * "5m"; {@code window}, how long a triplet is remembered, by default "24h"; {@code
     * code}, the reply code, by default 450; {@code message}, the text, by default
     * "4.2.0 Greylisted"; {@code times}, how often each behavior answers
     */
    public void greylist(Map<String, ?> values) {
        applyRecipe("greylist", values);
    }

    /**
     * 450, 450, 451, then success. Each recipient has its own count.
     */
    public void busyThenSuccess() {
        applyRecipe("busy_then_success", Map.of());
    }

    /**
     * As {@link #busyThenSuccess()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void busyThenSuccess(Map<String, ?> values) {
        applyRecipe("busy_then_success", values);
    }

    /**
     * Failing until the sender gives up. After several days the sender must return the
     * mail (§4.5.4.1).
     */
    public void alwaysDeferred() {
        applyRecipe("always_deferred", Map.of());
    }

    /**
     * As {@link #alwaysDeferred()}, with other values.
     *
     * @param values {@code recipient}, text that the recipient contains; null for all
     * recipients, by default "never&#64;"; {@code code}, the reply code, by default
     * 451; {@code message}, the text, by default "4.3.0 Not today"; {@code times}, how
     * often each behavior answers
     */
    public void alwaysDeferred(Map<String, ?> values) {
        applyRecipe("always_deferred", values);
    }

    /**
     * One connection at a time. Further connections get 421. A sender must continue
     * with one connection.
     */
    public void connectionLimit() {
        applyRecipe("connection_limit", Map.of());
    }

    /**
     * As {@link #connectionLimit()}, with other values.
     *
     * @param values {@code connections}, open connections, by default 1
     */
    public void connectionLimit(Map<String, ?> values) {
        applyRecipe("connection_limit", values);
    }

    /**
     * Two mails on each connection. As 421 and closed after 10 mails, but as a limit of
     * the host.
     */
    public void mailsPerConnection() {
        applyRecipe("mails_per_connection", Map.of());
    }

    /**
     * As {@link #mailsPerConnection()}, with other values.
     *
     * @param values {@code mails}, mails per connection, by default 2
     */
    public void mailsPerConnection(Map<String, ?> values) {
        applyRecipe("mails_per_connection", values);
    }

    /**
     * 100 mails per minute. The limit applies per client. The sender slows down, or
     * retries later.
     */
    public void rateLimit() {
        applyRecipe("rate_limit", Map.of());
    }

    /**
     * As {@link #rateLimit()}, with other values.
     *
     * @param values {@code mails}, mails per client and window, by default 100; {@code
     * window}, the time, by default "1m"; {@code code}, the reply code, by default 450;
     * {@code message}, the text, by default "4.7.1 Rate limited"; {@code times}, how
     * often each behavior answers
     */
    public void rateLimit(Map<String, ?> values) {
        applyRecipe("rate_limit", values);
    }

    /**
     * Counts per client. GET &#47;smtpBehaviors&#47;first-two returns how often each
     * client was refused, in keys.
     */
    public void firstMailsRefused() {
        applyRecipe("first_mails_refused", Map.of());
    }

    /**
     * As {@link #firstMailsRefused()}, with other values.
     *
     * @param values {@code mails}, refused mails per client, by default 2; {@code
     * code}, the reply code, by default 450; {@code message}, the text, by default
     * "4.7.1 Come again"; {@code times}, how often each behavior answers
     */
    public void firstMailsRefused(Map<String, ?> values) {
        applyRecipe("first_mails_refused", values);
    }

    /**
     * Several mails on a connection. Needs no document. The target messageCount is the
     * number of mails of the connection. This behavior refuses the third mail and all
     * after it:
     */
    public void thirdMailRefused() {
        applyRecipe("third_mail_refused", Map.of());
    }

    /**
     * As {@link #thirdMailRefused()}, with other values.
     *
     * @param values {@code mails}, accepted mails, by default "2"; {@code code}, the
     * reply code, by default 450; {@code message}, the text, by default "4.7.0 Come on
     * another connection"; {@code times}, how often each behavior answers
     */
    public void thirdMailRefused(Map<String, ?> values) {
        applyRecipe("third_mail_refused", values);
    }

    /**
     * Closed while the connection is idle. A sender that keeps connections open must
     * deliver the mail on a new one, without deferring it.
     */
    public void idleTime() {
        applyRecipe("idle_time", Map.of());
    }

    /**
     * As {@link #idleTime()}, with other values.
     *
     * @param values {@code time}, the time without a command, by default "10s"
     */
    public void idleTime(Map<String, ?> values) {
        applyRecipe("idle_time", values);
    }

    /**
     * Closed a while after each mail. The server closes 2 seconds after the 250,
     * without a 421.
     */
    public void closeLater() {
        applyRecipe("close_later", Map.of());
    }

    /**
     * As {@link #closeLater()}, with other values.
     *
     * @param values {@code delay}, the time after the reply, by default "2s"; {@code
     * times}, how often each behavior answers
     */
    public void closeLater(Map<String, ?> values) {
        applyRecipe("close_later", values);
    }

    /**
     * Delays at every stage. Each reply arrives shortly before the minimum timeout of a
     * sender (§4.5.3.2). DATA COMMAND is for senders that use DATA; DATA also decides
     * the reply to BDAT … LAST.
     */
    public void delaysEverywhere() {
        applyRecipe("delays_everywhere", Map.of());
    }

    /**
     * As {@link #delaysEverywhere()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void delaysEverywhere(Map<String, ?> values) {
        applyRecipe("delays_everywhere", values);
    }

    /**
     * A tarpit. Replies to the clients of a network are delayed and dripped.
     */
    public void tarpit() {
        applyRecipe("tarpit", Map.of());
    }

    /**
     * As {@link #tarpit()}, with other values.
     *
     * @param values {@code network}, the clients' network, by default
     * "127.0.0.0&#47;8"; {@code median}, milliseconds, by default 200; {@code
     * maxValue}, milliseconds at most, by default 900; {@code interval}, the time per
     * octet, by default "20ms"; {@code times}, how often each behavior answers
     */
    public void tarpit(Map<String, ?> values) {
        applyRecipe("tarpit", values);
    }

    /**
     * Gmail: server busy. Temporary: the sender tries the next MX, or retries later.
     */
    public void gmailBusy() {
        applyRecipe("gmail_busy", Map.of());
    }

    /**
     * As {@link #gmailBusy()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void gmailBusy(Map<String, ?> values) {
        applyRecipe("gmail_busy", values);
    }

    /**
     * Gmail: rate limit for a client. The client has sent more than 100 mails within an
     * hour. The sender slows down; more connections do not help.
     */
    public void gmailRateLimit() {
        applyRecipe("gmail_rate_limit", Map.of());
    }

    /**
     * As {@link #gmailRateLimit()}, with other values.
     *
     * @param values {@code mails}, mails that are accepted within the window, by
     * default 100; {@code window}, the time, by default "1h"; {@code times}, how often
     * each behavior answers
     */
    public void gmailRateLimit(Map<String, ?> values) {
        applyRecipe("gmail_rate_limit", values);
    }

    /**
     * Gmail: connection expired. The connection has carried 10 mails. The sender opens
     * another for the next one, without deferring it.
     */
    public void gmailConnectionExpired() {
        applyRecipe("gmail_connection_expired", Map.of());
    }

    /**
     * As {@link #gmailConnectionExpired()}, with other values.
     *
     * @param values {@code mails}, mails per connection, by default 10; {@code times},
     * how often each behavior answers
     */
    public void gmailConnectionExpired(Map<String, ?> values) {
        applyRecipe("gmail_connection_expired", values);
    }

    /**
     * Gmail: rate limit for a recipient. A recipient gets more than 10 mails within a
     * minute. Other recipients are accepted.
     */
    public void gmailRecipientRateLimit() {
        applyRecipe("gmail_recipient_rate_limit", Map.of());
    }

    /**
     * As {@link #gmailRecipientRateLimit()}, with other values.
     *
     * @param values {@code mails}, mails that are accepted within the window, by
     * default 10; {@code window}, the time, by default "1m"; {@code times}, how often
     * each behavior answers
     */
    public void gmailRecipientRateLimit(Map<String, ?> values) {
        applyRecipe("gmail_recipient_rate_limit", values);
    }

    /**
     * Gmail: full mailbox. Temporary. (An inbox that is full and inactive gets 552
     * 5.2.2.)
     */
    public void gmailFullMailbox() {
        applyRecipe("gmail_full_mailbox", Map.of());
    }

    /**
     * As {@link #gmailFullMailbox()}, with other values.
     *
     * @param values {@code recipient}, text that the recipient contains; null for all
     * recipients, by default "full&#64;"; {@code times}, how often each behavior
     * answers
     */
    public void gmailFullMailbox(Map<String, ?> values) {
        applyRecipe("gmail_full_mailbox", values);
    }

    /**
     * Gmail: unknown recipient. Permanent: the sender returns the mail, and does not
     * retry.
     */
    public void gmailUnknownRecipient() {
        applyRecipe("gmail_unknown_recipient", Map.of());
    }

    /**
     * As {@link #gmailUnknownRecipient()}, with other values.
     *
     * @param values {@code recipient}, text that the recipient contains; null for all
     * recipients, by default "nobody&#64;"; {@code times}, how often each behavior
     * answers
     */
    public void gmailUnknownRecipient(Map<String, ?> values) {
        applyRecipe("gmail_unknown_recipient", values);
    }

    /**
     * Gmail: too many recipients. The 101st recipient and all after it get 452; the
     * sender delivers to them in another transaction (§4.5.3.1.10).
     */
    public void gmailTooManyRecipients() {
        applyRecipe("gmail_too_many_recipients", Map.of());
    }

    /**
     * As {@link #gmailTooManyRecipients()}, with other values.
     *
     * @param values {@code accepted}, accepted recipients, by default 100; {@code
     * times}, how often each behavior answers
     */
    public void gmailTooManyRecipients(Map<String, ?> values) {
        applyRecipe("gmail_too_many_recipients", values);
    }

    /**
     * Gmail: TLS required. The recipient's domain accepts no mail in clear.
     */
    public void gmailTlsRequired() {
        applyRecipe("gmail_tls_required", Map.of());
    }

    /**
     * As {@link #gmailTlsRequired()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void gmailTlsRequired(Map<String, ?> values) {
        applyRecipe("gmail_tls_required", values);
    }

    /**
     * Gmail: no DKIM. A mail without a signature is returned.
     */
    public void gmailNoDkim() {
        applyRecipe("gmail_no_dkim", Map.of());
    }

    /**
     * As {@link #gmailNoDkim()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void gmailNoDkim(Map<String, ?> values) {
        applyRecipe("gmail_no_dkim", values);
    }

    /**
     * Gmail: From not aligned. The page lists 421 with the enhanced code 5.7.32. The
     * first digit of the reply code decides, see A contradictory enhanced code: the
     * sender retries.
     */
    public void gmailNotAligned() {
        applyRecipe("gmail_not_aligned", Map.of());
    }

    /**
     * As {@link #gmailNotAligned()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void gmailNotAligned(Map<String, ?> values) {
        applyRecipe("gmail_not_aligned", values);
    }

    /**
     * Gmail: low reputation. Permanent, by the reputation of the sending domain.
     */
    public void gmailLowReputation() {
        applyRecipe("gmail_low_reputation", Map.of());
    }

    /**
     * As {@link #gmailLowReputation()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void gmailLowReputation(Map<String, ?> values) {
        applyRecipe("gmail_low_reputation", values);
    }

    /**
     * Gmail: no Message-ID. Permanent, for a mail whose header has no Message-ID.
     */
    public void gmailNoMessageId() {
        applyRecipe("gmail_no_message_id", Map.of());
    }

    /**
     * As {@link #gmailNoMessageId()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void gmailNoMessageId(Map<String, ?> values) {
        applyRecipe("gmail_no_message_id", values);
    }

    /**
     * Outlook.com: rate limit for a client. The client has sent more than 100 mails
     * within an hour.
     */
    public void outlookRateLimit() {
        applyRecipe("outlook_rate_limit", Map.of());
    }

    /**
     * As {@link #outlookRateLimit()}, with other values.
     *
     * @param values {@code mails}, mails that are accepted within the window, by
     * default 100; {@code window}, the time, by default "1h"; {@code times}, how often
     * each behavior answers
     */
    public void outlookRateLimit(Map<String, ?> values) {
        applyRecipe("outlook_rate_limit", values);
    }

    /**
     * Outlook.com: rate limit for a connection. The connection has carried 10 mails.
     * The sender opens another.
     */
    public void outlookConnectionRateLimit() {
        applyRecipe("outlook_connection_rate_limit", Map.of());
    }

    /**
     * As {@link #outlookConnectionRateLimit()}, with other values.
     *
     * @param values {@code mails}, mails per connection, by default 10; {@code times},
     * how often each behavior answers
     */
    public void outlookConnectionRateLimit(Map<String, ?> values) {
        applyRecipe("outlook_connection_rate_limit", values);
    }

    /**
     * Outlook.com: too many connections. The client has opened more than 10 connections
     * within a minute. The sender continues with fewer.
     */
    public void outlookTooManyConnections() {
        applyRecipe("outlook_too_many_connections", Map.of());
    }

    /**
     * As {@link #outlookTooManyConnections()}, with other values.
     *
     * @param values {@code connections}, connections within the window, by default 10;
     * {@code window}, the time, by default "1m"; {@code times}, how often each behavior
     * answers
     */
    public void outlookTooManyConnections(Map<String, ?> values) {
        applyRecipe("outlook_too_many_connections", values);
    }

    /**
     * Outlook.com: not authenticated. Permanent, for domains that send over 5,000 mails
     * per day without SPF, DKIM and DMARC.
     */
    public void outlookNotAuthenticated() {
        applyRecipe("outlook_not_authenticated", Map.of());
    }

    /**
     * As {@link #outlookNotAuthenticated()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void outlookNotAuthenticated(Map<String, ?> values) {
        applyRecipe("outlook_not_authenticated", values);
    }

    /**
     * Outlook.com: blocked. Permanent, by content or reputation.
     */
    public void outlookBlocked() {
        applyRecipe("outlook_blocked", Map.of());
    }

    /**
     * As {@link #outlookBlocked()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void outlookBlocked(Map<String, ?> values) {
        applyRecipe("outlook_blocked", values);
    }

    /**
     * Outlook.com: unknown recipient. Permanent, for recipients at hotmail.com and
     * outlook.com.
     */
    public void outlookUnknownRecipient() {
        applyRecipe("outlook_unknown_recipient", Map.of());
    }

    /**
     * As {@link #outlookUnknownRecipient()}, with other values.
     *
     * @param values {@code recipient}, text that the recipient contains; null for all
     * recipients, by default "nobody&#64;"; {@code times}, how often each behavior
     * answers
     */
    public void outlookUnknownRecipient(Map<String, ?> values) {
        applyRecipe("outlook_unknown_recipient", values);
    }

    /**
     * Microsoft 365: greylisting of a client. Microsoft calls it IP throttling, a kind
     * of greylisting: a client whose volume changes is deferred, here for 10 minutes.
     */
    public void microsoft365Greylist() {
        applyRecipe("microsoft365_greylist", Map.of());
    }

    /**
     * As {@link #microsoft365Greylist()}, with other values.
     *
     * @param values {@code activeFor}, how long each client is refused, by default
     * "10m"; {@code window}, how long a client is remembered, by default "24h"; {@code
     * times}, how often each behavior answers
     */
    public void microsoft365Greylist(Map<String, ?> values) {
        applyRecipe("microsoft365_greylist", values);
    }

    /**
     * Microsoft 365: rate limit for a recipient. A recipient gets more than 10 mails
     * within a minute. 432 is not a code of RFC 5321; its first digit decides (§4.2.1).
     */
    public void microsoft365RecipientRateLimit() {
        applyRecipe("microsoft365_recipient_rate_limit", Map.of());
    }

    /**
     * As {@link #microsoft365RecipientRateLimit()}, with other values.
     *
     * @param values {@code mails}, mails that are accepted within the window, by
     * default 10; {@code window}, the time, by default "1m"; {@code times}, how often
     * each behavior answers
     */
    public void microsoft365RecipientRateLimit(Map<String, ?> values) {
        applyRecipe("microsoft365_recipient_rate_limit", values);
    }

    /**
     * Microsoft 365: blocked client. Permanent. The enhanced code is one of 5.7.606 to
     * 5.7.649.
     */
    public void microsoft365Blocked() {
        applyRecipe("microsoft365_blocked", Map.of());
    }

    /**
     * As {@link #microsoft365Blocked()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void microsoft365Blocked(Map<String, ?> values) {
        applyRecipe("microsoft365_blocked", values);
    }

    /**
     * Microsoft 365: relay denied. Permanent: the server does not accept mail for the
     * recipient's domain.
     */
    public void microsoft365RelayDenied() {
        applyRecipe("microsoft365_relay_denied", Map.of());
    }

    /**
     * As {@link #microsoft365RelayDenied()}, with other values.
     *
     * @param values {@code recipient}, text that the recipient contains; null for all
     * recipients, by default "&#64;else.test"; {@code times}, how often each behavior
     * answers
     */
    public void microsoft365RelayDenied(Map<String, ?> values) {
        applyRecipe("microsoft365_relay_denied", values);
    }

    /**
     * Yahoo: deferred. The client is refused for an hour.
     */
    public void yahooDeferred() {
        applyRecipe("yahoo_deferred", Map.of());
    }

    /**
     * As {@link #yahooDeferred()}, with other values.
     *
     * @param values {@code activeFor}, how long each client is refused, by default
     * "1h"; {@code times}, how often each behavior answers
     */
    public void yahooDeferred(Map<String, ?> values) {
        applyRecipe("yahoo_deferred", values);
    }

    /**
     * Yahoo: deferred for good. The code is temporary, the text is not. The sender
     * retries until it gives up.
     */
    public void yahooDeferredForGood() {
        applyRecipe("yahoo_deferred_for_good", Map.of());
    }

    /**
     * As {@link #yahooDeferredForGood()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void yahooDeferredForGood(Map<String, ?> values) {
        applyRecipe("yahoo_deferred_for_good", values);
    }

    /**
     * Yahoo: unknown recipient. Permanent, and after the content, as the example says:
     * failed after I sent the message.
     */
    public void yahooUnknownRecipient() {
        applyRecipe("yahoo_unknown_recipient", Map.of());
    }

    /**
     * As {@link #yahooUnknownRecipient()}, with other values.
     *
     * @param values {@code recipient}, text that the recipient contains; null for all
     * recipients, by default "nobody&#64;"; {@code times}, how often each behavior
     * answers
     */
    public void yahooUnknownRecipient(Map<String, ?> values) {
        applyRecipe("yahoo_unknown_recipient", values);
    }

    /**
     * GMX: on a block list. Permanent. The last line contains the address of an
     * explanation.
     */
    public void gmxBlockList() {
        applyRecipe("gmx_block_list", Map.of());
    }

    /**
     * As {@link #gmxBlockList()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void gmxBlockList(Map<String, ?> values) {
        applyRecipe("gmx_block_list", values);
    }

    /**
     * Comcast: too many connections. The page allows 25 simultaneous connections; here
     * the 26th within a minute is refused.
     */
    public void comcastTooManyConnections() {
        applyRecipe("comcast_too_many_connections", Map.of());
    }

    /**
     * As {@link #comcastTooManyConnections()}, with other values.
     *
     * @param values {@code connections}, connections within the window, by default 25;
     * {@code window}, the time, by default "1m"; {@code times}, how often each behavior
     * answers
     */
    public void comcastTooManyConnections(Map<String, ?> values) {
        applyRecipe("comcast_too_many_connections", values);
    }

    /**
     * Comcast: no reverse DNS. Temporary: can be retried, says the page.
     */
    public void comcastNoReverseDns() {
        applyRecipe("comcast_no_reverse_dns", Map.of());
    }

    /**
     * As {@link #comcastNoReverseDns()}, with other values.
     *
     * @param values {@code times}, how often each behavior answers
     */
    public void comcastNoReverseDns(Map<String, ?> values) {
        applyRecipe("comcast_no_reverse_dns", values);
    }
}
