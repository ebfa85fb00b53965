"""A method for each recipe of the cookbook; made by ``tools/make-blocking``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mocksmtp.client.over_treq import deferred
from mocksmtp.client.requests import Duration, JsonObject

if TYPE_CHECKING:
    from twisted.internet.defer import Deferred

    from mocksmtp.client.deferred import AppliedRecipe


class RecipeMethods:
    """
    The recipes of the cookbook, each as a method that applies it to a host.

    Where a recipe has behaviors, ``times`` is how often each of them answers (None
    means no limit), and ``tag`` their tag.
    """

    def recipe(self, recipe: str, /, **values: Any) -> Deferred[AppliedRecipe]:
        """Apply a recipe by its name."""
        raise NotImplementedError

    @deferred
    async def reset_connections(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Reset right after the connection.

        The sender gets `Connection reset by peer`. It treats the host as unreachable:
        it tries the next address or MX, then retries later (§5.1).
        """
        return await self.recipe("reset_connections", times=times, tag=tag)

    @deferred
    async def close_connections(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Closed before the banner.

        The connection ends without a banner. The sender treats this as a 451 (§3.8).
        """
        return await self.recipe("close_connections", times=times, tag=tag)

    @deferred
    async def silent_connections(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Accepted, then silent.

        The server neither writes nor reads. The sender must time out, after 5 minutes
        for the banner (§4.5.3.2.1).
        """
        return await self.recipe("silent_connections", times=times, tag=tag)

    @deferred
    async def outage(
        self,
        *,
        code: int = 421,
        message: str = "4.3.2 Busy",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        The banner is 421.

        The service is temporarily unavailable. The sender tries the next MX,
        otherwise it keeps the mail in its queue (§3.8, §4.5.4.1). Haraka defers
        without trying the next MX, and OpenSMTPD does so while it has an idle
        connection to this one.

        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "outage", code=code, message=message, times=times, tag=tag
        )

    @deferred
    async def no_service(
        self,
        *,
        code: int = 554,
        message: str = "No SMTP service here",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        The banner is 554.

        The host provides no SMTP service. Every command except QUIT then gets 503
        (§3.1). A sender should try the next MX, and bounce only when all have
        refused; only Haraka bounces at once. With one MX, Postfix and OpenSMTPD
        defer, while Exim, sendmail, Haraka and dma bounce.

        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "no_service", code=code, message=message, times=times, tag=tag
        )

    @deferred
    async def no_mail_here(
        self,
        *,
        code: int = 521,
        message: str = "mx.there.test does not accept mail",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        The banner is 521.

        The host never accepts mail (RFC 7504 §3). A sender tries the next MX, and
        returns the mail at once if all reply 521. In practice, senders treat 521 as
        554.

        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "no_mail_here", code=code, message=message, times=times, tag=tag
        )

    @deferred
    async def long_banner(
        self,
        *,
        message: str = "mx.there.test ESMTP\nNo spam\nAll is recorded",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        A banner of several lines.

        All lines except the last begin with `220-`. A sender must not send EHLO
        before the last one (§4.2.1).

        :param message: the lines
        """
        return await self.recipe("long_banner", message=message, times=times, tag=tag)

    @deferred
    async def slow_banner(
        self,
        *,
        probability: float = 0.3,
        delay: Duration = "30s",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        A slow banner on some connections.

        30 % of the connections wait 30 seconds; the host's `seed` decides which. A
        sender must wait 5 minutes (§4.5.3.2.1).

        :param probability: the share of connections
        :param delay: the time before the banner
        """
        return await self.recipe(
            "slow_banner", probability=probability, delay=delay, times=times, tag=tag
        )

    @deferred
    async def dripped_banner(
        self,
        *,
        interval: Duration = "1s",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        A dripped banner.

        The banner arrives at one octet per second. The sender must assemble it, and
        its timeout should cover the whole banner.

        :param interval: the time per octet
        """
        return await self.recipe(
            "dripped_banner", interval=interval, times=times, tag=tag
        )

    @deferred
    async def oversized_banner(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        A banner over 512 octets.

        The banner exceeds the maximum reply line (§4.5.3.1.5). A sender may accept
        it, or end the session; it must not overflow its buffer, or parse the rest as
        another reply.
        """
        return await self.recipe("oversized_banner", times=times, tag=tag)

    @deferred
    async def non_ascii_banner(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        A non-ASCII banner.

        The text is Latin-1, which is invalid UTF-8. Only the code matters (§4.2).
        """
        return await self.recipe("non_ascii_banner", times=times, tag=tag)

    @deferred
    async def junk_before_banner(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Junk before the banner.

        The first line is not a reply. Postfix and sendmail skip it and deliver; Exim
        and OpenSMTPD try the next MX; Haraka bounces.
        """
        return await self.recipe("junk_before_banner", times=times, tag=tag)

    @deferred
    async def no_ehlo(
        self,
        *,
        code: int = 502,
        message: str = "5.5.1 What is EHLO?",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        EHLO is unknown.

        EHLO gets 502, or 500 from older hosts. The sender must send HELO, and use no
        extension (§3.2). dma bounces.

        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "no_ehlo", code=code, message=message, times=times, tag=tag
        )

    @deferred
    async def ehlo_outage(
        self,
        *,
        code: int = 421,
        message: str = "4.3.2 Going down",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        EHLO gets 421.

        The service shuts down and closes the connection (§3.8). The mail stays in the
        queue.

        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "ehlo_outage", code=code, message=message, times=times, tag=tag
        )

    @deferred
    async def reset_at_ehlo(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Reset at EHLO.

        Some middleboxes reset connections on unknown commands. A sender may reconnect
        and send HELO; it must not bounce.
        """
        return await self.recipe("reset_at_ehlo", times=times, tag=tag)

    @deferred
    async def no_extensions(self) -> AppliedRecipe:
        """
        No extensions.

        The EHLO reply contains only the name. The sender must not use parameters of
        extensions (§4.1.1.1).
        """
        return await self.recipe("no_extensions")

    @deferred
    async def other_extensions_under_tls(
        self, *, before_tls: list[str] | None = None, under_tls: list[str] | None = None
    ) -> AppliedRecipe:
        """
        Other extensions under TLS.

        The sender must discard the EHLO reply that it got in clear (RFC 3207 §4.2).

        :param before_tls: the lines in clear
        :param under_tls: the lines under TLS
        """
        return await self.recipe(
            "other_extensions_under_tls", before_tls=before_tls, under_tls=under_tls
        )

    @deferred
    async def unusual_keywords(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Unusual keywords.

        Keywords are case-insensitive (§2.4), and unknown or empty ones must be
        ignored (§4.1.1.1). Exim does not recognize PIPELINING, SIZE and DSN in lower
        case.
        """
        return await self.recipe("unusual_keywords", times=times, tag=tag)

    @deferred
    async def starttls_deferred(
        self,
        *,
        code: int = 454,
        message: str = "4.7.0 TLS not available",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        STARTTLS temporarily refused.

        EHLO offers STARTTLS, which gets 454. An opportunistic sender continues in
        clear, in the same session or another (RFC 3207 §4); one that requires TLS
        retries later. Haraka never delivers.

        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "starttls_deferred", code=code, message=message, times=times, tag=tag
        )

    @deferred
    async def starttls_rejected(
        self,
        *,
        code: int = 502,
        message: str = "5.5.1 Not implemented",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        STARTTLS permanently refused.

        EHLO offers STARTTLS, which gets 502. As above: the mail itself was not
        refused.

        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "starttls_rejected", code=code, message=message, times=times, tag=tag
        )

    @deferred
    async def close_at_starttls(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Closed at STARTTLS.

        The connection closes instead of a reply. The sender reconnects, and delivers
        in clear only if its policy allows that.
        """
        return await self.recipe("close_at_starttls", times=times, tag=tag)

    @deferred
    async def close_after_starttls(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        220 to STARTTLS, then closed.

        The handshake cannot begin, and the sender cannot continue in clear on this
        connection. On another one, Exim and OpenSMTPD deliver in clear with the
        second session and Postfix with the third; sendmail and Haraka never do.
        """
        return await self.recipe("close_after_starttls", times=times, tag=tag)

    @deferred
    async def garbage_instead_of_tls(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        220 to STARTTLS, then garbage, once.

        The server sends text instead of the handshake, and the sender must not parse
        it as a reply. The second handshake would succeed: Postfix and sendmail use
        TLS again, Exim and OpenSMTPD retry in clear.
        """
        return await self.recipe("garbage_instead_of_tls", times=times, tag=tag)

    @deferred
    async def silence_instead_of_tls(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        220 to STARTTLS, then silence.

        The server never answers the handshake. A sender needs a timeout for it too.
        """
        return await self.recipe("silence_instead_of_tls", times=times, tag=tag)

    @deferred
    async def obsolete_tls(
        self, *, min_version: str = "TLSv1", max_version: str = "TLSv1.1"
    ) -> AppliedRecipe:
        """
        Only obsolete versions of TLS.

        TLS 1.0 and 1.1 must not be used (RFC 8996), and many clients fail the
        handshake with an alert. On Debian 12, Postfix and Exim still deliver with TLS
        1.1; OpenSMTPD delivers in clear, sendmail does not deliver.

        :param min_version: the lowest version
        :param max_version: the highest version
        """
        return await self.recipe(
            "obsolete_tls", min_version=min_version, max_version=max_version
        )

    @deferred
    async def self_signed_certificate(self) -> AppliedRecipe:
        """
        A self-signed certificate.

        Opportunistic senders continue; those that verify must not (RFC 8461 §4.2).
        The same applies to the next three.
        """
        return await self.recipe("self_signed_certificate")

    @deferred
    async def expired_certificate(self) -> AppliedRecipe:
        """An expired certificate."""
        return await self.recipe("expired_certificate")

    @deferred
    async def wrong_name_certificate(self) -> AppliedRecipe:
        """A certificate for another name."""
        return await self.recipe("wrong_name_certificate")

    @deferred
    async def untrusted_certificate(self) -> AppliedRecipe:
        """A certificate of an unknown authority."""
        return await self.recipe("untrusted_certificate")

    @deferred
    async def client_certificate_required(self) -> AppliedRecipe:
        """
        A client certificate is required.

        The handshake fails without one. An opportunistic sender that has none
        delivers in clear: Exim with the second session, Postfix with the fourth;
        sendmail never does.
        """
        return await self.recipe("client_certificate_required")

    @deferred
    async def starttls(self) -> AppliedRecipe:
        """
        The requested server name (SNI).

        The session's `tls.sni` contains the name; with MTA-STS and DANE it must be
        that of the MX (RFC 8461 §7.1, RFC 7672 §8.1).
        """
        return await self.recipe("starttls")

    @deferred
    async def injected_after_220(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Plaintext injected after the server's 220.

        An attacker on the path could inject this. The sender must discard what
        arrived before the handshake (RFC 3207 §4.2), as Postfix and sendmail do; a
        sender that keeps it parses it as the reply to its EHLO under TLS. Exim
        detects it, closes, and delivers **in clear**.
        """
        return await self.recipe("injected_after_220", times=times, tag=tag)

    @deferred
    async def injected_by_client(self) -> AppliedRecipe:
        """
        Plaintext injected after the client's STARTTLS.

        Needs no behavior. The server discards it, and the transcript marks it:
        `"injected": true`. A sender must wait for the 220 (RFC 3207 §4).
        """
        return await self.recipe("injected_by_client")

    @deferred
    async def no_ehlo_under_tls(
        self,
        *,
        code: int = 502,
        message: str = "5.5.1 Not here",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        EHLO refused under TLS.

        EHLO succeeds in clear and gets 502 under TLS. The sender may send HELO; it
        must not use the EHLO reply that it got in clear.

        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "no_ehlo_under_tls", code=code, message=message, times=times, tag=tag
        )

    @deferred
    async def outage_under_tls(
        self,
        *,
        code: int = 421,
        message: str = "4.3.2 Too busy",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        421 under TLS.

        The mail stays in the queue. The sender must not retry without TLS because of
        this reply.

        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "outage_under_tls", code=code, message=message, times=times, tag=tag
        )

    @deferred
    async def auth(
        self, *, mechanisms: list[str] | None = None, users: JsonObject | None = None
    ) -> AppliedRecipe:
        """
        Working mechanisms.

        The sender uses the strongest mechanism that it supports (RFC 4954 §4). For
        XOAUTH2 and OAUTHBEARER the token is the password.

        :param mechanisms: the mechanisms
        :param users: passwords by user
        """
        return await self.recipe("auth", mechanisms=mechanisms, users=users)

    @deferred
    async def wrong_password(self, *, users: JsonObject | None = None) -> AppliedRecipe:
        """
        A wrong password.

        Needs no behavior: any other password gets 535. The sender must not retry the
        same password repeatedly; the mail was not refused (RFC 4954 §6).

        :param users: passwords by user
        """
        return await self.recipe("wrong_password", users=users)

    @deferred
    async def auth_outage(
        self,
        *,
        code: int = 454,
        message: str = "4.7.0 Temporary authentication failure",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        An outage, switched on and off.

        `PUT /scenarios` with `{"outage": "down"}` begins the outage, `{"outage":
        "Started"}` ends it. After 454 the sender retries later (RFC 4954 §6).

        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "auth_outage", code=code, message=message, times=times, tag=tag
        )

    @deferred
    async def password_transition(
        self,
        *,
        code: int = 432,
        message: str = "4.7.12 A password transition is needed",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        A password transition is required.

        432 asks the client to authenticate with PLAIN once, because the server needs
        the password to store it for the other mechanisms (RFC 4954 §6).

        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "password_transition", code=code, message=message, times=times, tag=tag
        )

    @deferred
    async def weak_mechanism(
        self,
        *,
        code: int = 534,
        message: str = "5.7.9 Mechanism is too weak",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        A mechanism too weak for the user.

        PLAIN gets 534 (RFC 4954 §6); the sender uses another mechanism, or none.

        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "weak_mechanism", code=code, message=message, times=times, tag=tag
        )

    @deferred
    async def auth_required(self, *, users: str = "any") -> AppliedRecipe:
        """
        AUTH required.

        MAIL without authentication gets 530 (RFC 4954 §6).

        :param users: passwords by user, or `any`
        """
        return await self.recipe("auth_required", users=users)

    @deferred
    async def auth_only_under_tls(self) -> AppliedRecipe:
        """
        AUTH only under TLS.

        AUTH is not offered in clear, and gets 538 there. A sender must not send its
        password in clear (RFC 4954 §4).
        """
        return await self.recipe("auth_only_under_tls")

    @deferred
    async def one_mechanism(
        self, *, mechanisms: list[str] | None = None
    ) -> AppliedRecipe:
        """
        A mechanism that is not offered.

        Needs no behavior: any other mechanism gets 504.

        :param mechanisms: the mechanisms
        """
        return await self.recipe("one_mechanism", mechanisms=mechanisms)

    @deferred
    async def malformed_challenge(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        A challenge that is not base64.

        The sender must cancel the exchange with `*`, and gets 501 (RFC 4954 §4).
        """
        return await self.recipe("malformed_challenge", times=times, tag=tag)

    @deferred
    async def close_during_auth(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Closed during the exchange.

        The connection closes after the challenge. Neither the password nor the mail
        was refused.
        """
        return await self.recipe("close_during_auth", times=times, tag=tag)

    @deferred
    async def sender_deferred(
        self,
        *,
        code: int = 451,
        message: str = "4.1.8 Can't look up your domain",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        A sender temporarily refused.

        After a 4yz the sender retries later (§4.2.1, §4.5.4.1).

        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "sender_deferred", code=code, message=message, times=times, tag=tag
        )

    @deferred
    async def sender_rejected(
        self,
        *,
        domain: str = "@spam.test",
        code: int = 550,
        message: str = "5.7.1 We do not take your mail",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        A sender permanently refused.

        After a 5yz the sender does not retry, and returns the mail (§4.2.1).

        :param domain: end of the sender's address
        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "sender_rejected",
            domain=domain,
            code=code,
            message=message,
            times=times,
            tag=tag,
        )

    @deferred
    async def reset_at_rcpt(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Reset at RCPT.

        The sender treats this as a 451 (§3.8), and retries later.
        """
        return await self.recipe("reset_at_rcpt", times=times, tag=tag)

    @deferred
    async def eight_bit_refused(
        self,
        *,
        code: int = 554,
        message: str = "5.6.3 Conversion required",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        Refused by a parameter of MAIL.

        Mail with 8-bit content is refused. A sender may encode it and retry (RFC 6152
        §3).

        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "eight_bit_refused", code=code, message=message, times=times, tag=tag
        )

    @deferred
    async def null_sender_refused(
        self,
        *,
        code: int = 550,
        message: str = "5.7.1 No bounces",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        The null sender refused.

        Some hosts refuse it, which breaks bounces (§4.5.5 requires that it is
        accepted). A sender must not bounce a bounce that it cannot deliver (§6.1).

        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "null_sender_refused", code=code, message=message, times=times, tag=tag
        )

    @deferred
    async def full_mailbox(
        self,
        *,
        recipient: str | None = "full@",
        code: int = 452,
        message: str = "4.2.2 Mailbox full",
        size: str = "1000000",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        A full mailbox, and an oversized mail.

        The sender retries after 452 for one recipient, but not after 552 to the
        content.

        :param recipient: text that the recipient contains; null for all recipients
        :param code: the reply code
        :param message: the text
        :param size: octets of the content from which it applies
        """
        return await self.recipe(
            "full_mailbox",
            recipient=recipient,
            code=code,
            message=message,
            size=size,
            times=times,
            tag=tag,
        )

    @deferred
    async def different_replies(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Recipients with different replies.

        One recipient gets the mail, one is retried, one is returned (§3.3, §4.5.4.1).
        No recipient gets two copies.
        """
        return await self.recipe("different_replies", times=times, tag=tag)

    @deferred
    async def unknown_recipients(
        self,
        *,
        code: int = 550,
        message: str = "5.1.1 Unknown",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        All recipients refused.

        A sender that pipelines has already sent DATA, which gets 554 (RFC 2920 §3.1).
        It sends no content, and one bounce.

        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "unknown_recipients", code=code, message=message, times=times, tag=tag
        )

    @deferred
    async def too_many_recipients(
        self,
        *,
        accepted: int = 100,
        code: int = 452,
        message: str = "4.5.3 Too many recipients",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        Too many recipients.

        The 101st recipient and all after it get 452. The sender delivers to the first
        100, and to the others in another transaction, at once or later (§4.5.3.1.10).

        :param accepted: accepted recipients
        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "too_many_recipients",
            accepted=accepted,
            code=code,
            message=message,
            times=times,
            tag=tag,
        )

    @deferred
    async def moved_recipients(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Moved, with and without forwarding.

        251 accepts the mail and contains the new address; 551 refuses it and contains
        the new address (§3.4). The sender may ignore the address: it continues after
        251 and bounces after 551.
        """
        return await self.recipe("moved_recipients", times=times, tag=tag)

    @deferred
    async def close_after_mails(
        self,
        *,
        mails: int = 10,
        code: int = 421,
        message: str = "4.7.0 Too many messages",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        421 and closed after 10 mails.

        The sender opens a new connection for the next mail (§3.8).

        :param mails: mails per connection
        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "close_after_mails",
            mails=mails,
            code=code,
            message=message,
            times=times,
            tag=tag,
        )

    @deferred
    async def stay_open_after_421(
        self,
        *,
        code: int = 421,
        message: str = "4.3.2 Closing",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        421 without closing.

        The server replies 421 but does not close. A sender must neither continue nor
        wait (§3.8).

        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "stay_open_after_421", code=code, message=message, times=times, tag=tag
        )

    @deferred
    async def second_mail_refused(
        self,
        *,
        code: int = 451,
        message: str = "4.7.0 One mail at a time",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        The second mail of a connection refused.

        Only the second mail is retried; the first was accepted.

        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "second_mail_refused", code=code, message=message, times=times, tag=tag
        )

    @deferred
    async def rset_refused(
        self,
        *,
        code: int = 451,
        message: str = "4.3.0 Not now",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        RSET refused.

        A sender that cannot be sure that the transaction has ended must open a new
        connection.

        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "rset_refused", code=code, message=message, times=times, tag=tag
        )

    @deferred
    async def data_deferred(
        self,
        *,
        code: int = 451,
        message: str = "4.3.0 Disk full",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        DATA temporarily refused.

        DATA gets 451 instead of 354. The transaction ends, and no content follows
        (§4.1.1.4). BDAT is also refused, for senders that use it, such as Exim; its
        chunk has already been sent.

        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "data_deferred", code=code, message=message, times=times, tag=tag
        )

    @deferred
    async def data_rejected(
        self,
        *,
        code: int = 554,
        message: str = "5.7.1 No content",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        DATA permanently refused.

        The sender returns the mail for all recipients. BDAT is also refused, as
        above.

        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "data_rejected", code=code, message=message, times=times, tag=tag
        )

    @deferred
    async def data_gets_250(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        DATA gets 250.

        Without a 354 the content must not be sent (§4.3.2). Postfix and sendmail
        bounce. CHUNKING is not offered, because 250 is the correct reply to BDAT.
        """
        return await self.recipe("data_gets_250", times=times, tag=tag)

    @deferred
    async def reply_during_content(
        self,
        *,
        size: str = "65536",
        code: int = 552,
        message: str = "5.3.4 Enough",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        A reply during the content.

        The server replies 552 after 64 KiB of content, and not after its end. A
        sender may stop and close, or send the content to its end.

        :param size: octets of the content from which it applies
        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "reply_during_content",
            size=size,
            code=code,
            message=message,
            times=times,
            tag=tag,
        )

    @deferred
    async def close_during_content(
        self, *, size: str = "65536", times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Closed during the content.

        The server keeps nothing; the sender retries later (§4.5.3.2.5).

        :param size: octets of the content from which it applies
        """
        return await self.recipe(
            "close_during_content", size=size, times=times, tag=tag
        )

    @deferred
    async def stop_reading_content(
        self, *, size: str = "65536", times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Content no longer read.

        The sender's buffers fill, and its write blocks. It must time out after 3
        minutes (§4.5.3.2.5).

        :param size: octets of the content from which it applies
        """
        return await self.recipe(
            "stop_reading_content", size=size, times=times, tag=tag
        )

    @deferred
    async def content_refused(
        self,
        *,
        virus: str = "EICAR",
        spam: str = "viagra",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        Refused by content, permanently and temporarily.

        After the content, 554 makes the sender return the mail, 451 makes it retry
        (§4.2.1).

        :param virus: text that is rejected
        :param spam: text that is deferred
        """
        return await self.recipe(
            "content_refused", virus=virus, spam=spam, times=times, tag=tag
        )

    @deferred
    async def header_refused(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Refused by a header field, without authentication.

        The template inserts the header field into the reply; control characters
        become spaces.
        """
        return await self.recipe("header_refused", times=times, tag=tag)

    @deferred
    async def data_without_recipient(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        DATA accepted without a valid recipient.

        A server may reply 354 although it refused all recipients. A sender that has
        pipelined must send only the dot, and gets 554 (RFC 2920 §3.1).
        """
        return await self.recipe("data_without_recipient", times=times, tag=tag)

    @deferred
    async def keep_then_reset(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Kept, then reset, once.

        The server has the mail, but the sender does not know. It must retry, which
        gives two copies with one Message-ID.
        """
        return await self.recipe("keep_then_reset", times=times, tag=tag)

    @deferred
    async def keep_then_close(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Kept, then closed.

        The same with an orderly close. dma loops on the closed socket; all others
        deliver again.
        """
        return await self.recipe("keep_then_close", times=times, tag=tag)

    @deferred
    async def keep_then_hang(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Kept, then silent.

        The same, after the sender's timeout.
        """
        return await self.recipe("keep_then_hang", times=times, tag=tag)

    @deferred
    async def keep_then_reply_late(
        self,
        *,
        delay: Duration = "9m",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        Kept, then a late 250.

        The reply takes 9 minutes; a sender must wait 10 (§4.5.3.2.6).

        :param delay: the time before the reply
        """
        return await self.recipe(
            "keep_then_reply_late", delay=delay, times=times, tag=tag
        )

    @deferred
    async def accept_and_lose(
        self,
        *,
        text: str | None = "X-Drop: yes",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        250, but lost.

        The sender cannot detect this. Use it to test delivery monitoring.

        :param text: text that the content contains; null for all mails
        """
        return await self.recipe("accept_and_lose", text=text, times=times, tag=tag)

    @deferred
    async def keep_and_refuse(
        self,
        *,
        code: int = 451,
        message: str = "4.4.2 Timeout",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        An error, but kept.

        Each attempt creates another copy.

        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "keep_and_refuse", code=code, message=message, times=times, tag=tag
        )

    @deferred
    async def close_after_250(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        250, then closed before QUIT.

        The mail is delivered; the sender must not send it again.
        """
        return await self.recipe("close_after_250", times=times, tag=tag)

    @deferred
    async def malformed_replies(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        An empty line, two digits, no text, LF, NUL.

        The replies are sent in turn. `250` alone, and a line that ends with LF,
        should be accepted (§4.2); Postfix, Exim and sendmail also parse the reply
        with NUL as 250.
        """
        return await self.recipe("malformed_replies", times=times, tag=tag)

    @deferred
    async def changing_code(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        The code changes within a reply.

        All lines must have the same code (§4.2.1). The code of the last line should
        be used, with caution.
        """
        return await self.recipe("changing_code", times=times, tag=tag)

    @deferred
    async def unfinished_reply(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        A reply without its last line.

        The sender waits for another line, and needs a timeout. With `"close"` instead
        of `"hang"` the connection closes.
        """
        return await self.recipe("unfinished_reply", times=times, tag=tag)

    @deferred
    async def endless_reply(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        A reply that never ends.

        Another line arrives every minute, so a timeout per line never expires.
        """
        return await self.recipe("endless_reply", times=times, tag=tag)

    @deferred
    async def oversized_reply(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        A reply over 2 KB.

        The reply is one line; the maximum is 512 octets (§4.5.3.1.5).
        """
        return await self.recipe("oversized_reply", times=times, tag=tag)

    @deferred
    async def meaningless_codes(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Meaningless codes.

        850 and 199 are not reply codes, and 354 is not valid here (§4.2.1, §4.3.2).
        Of an unexpected 5yz or 4yz, the first digit decides. To 850, Postfix,
        sendmail and Haraka bounce; Exim, OpenSMTPD and dma defer. To 199 and 354,
        Postfix and sendmail bounce, Exim defers.
        """
        return await self.recipe("meaningless_codes", times=times, tag=tag)

    @deferred
    async def contradictory_codes(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        A contradictory enhanced code.

        The first digit of the reply code decides (RFC 2034 §4 requires that both
        agree).
        """
        return await self.recipe("contradictory_codes", times=times, tag=tag)

    @deferred
    async def extra_reply(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        One extra reply.

        A sender that does not notice it then assigns each reply to the previous
        command, as Exim does. Postfix and sendmail bounce.
        """
        return await self.recipe("extra_reply", times=times, tag=tag)

    @deferred
    async def octet_by_octet(
        self,
        *,
        interval: Duration = "1ms",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        A reply sent octet by octet.

        A sender must not parse a packet as a line.

        :param interval: the time per octet
        """
        return await self.recipe(
            "octet_by_octet", interval=interval, times=times, tag=tag
        )

    @deferred
    async def two_replies_at_once(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Two replies in one packet.

        The reply to MAIL is sent together with the reply to RCPT. A sender that
        pipelines gets both (RFC 2920 §3.1); others wait until their timeout.
        """
        return await self.recipe("two_replies_at_once", times=times, tag=tag)

    @deferred
    async def no_pipelining(self) -> AppliedRecipe:
        """
        Without PIPELINING.

        A sender must wait for each reply (RFC 2920 §3.1). The transcript marks one
        that does not: `"pipelined": true`.
        """
        return await self.recipe("no_pipelining")

    @deferred
    async def bdat_refused(
        self,
        *,
        code: int = 503,
        message: str = "5.5.1 Not now",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        BDAT out of order.

        BDAT gets 503. The transaction ends, and pipelined chunks are refused (RFC
        3030 §2).

        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "bdat_refused", code=code, message=message, times=times, tag=tag
        )

    @deferred
    async def second_chunk_refused(
        self,
        *,
        code: int = 452,
        message: str = "4.3.1 Disk full",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        The second chunk refused.

        The second chunk of a mail is refused. Further chunks get 503.

        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "second_chunk_refused", code=code, message=message, times=times, tag=tag
        )

    @deferred
    async def close_during_chunk(
        self, *, size: str = "1000", times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Closed during a chunk.

        `DATA CONTENT` also applies to chunks. With a `code` instead of `then`, the
        reply is sent during the chunk, and its rest is discarded.

        :param size: octets of the content from which it applies
        """
        return await self.recipe("close_during_chunk", size=size, times=times, tag=tag)

    @deferred
    async def no_chunking(self) -> AppliedRecipe:
        """
        Without CHUNKING.

        The sender uses DATA; BDAT gets 502.
        """
        return await self.recipe("no_chunking")

    @deferred
    async def size_limit(self, *, size: int = 1000) -> AppliedRecipe:
        """
        A small size limit.

        EHLO advertises the limit, and MAIL with a larger `SIZE=` gets 552: no content
        is sent (RFC 1870 §6).

        :param size: octets
        """
        return await self.recipe("size_limit", size=size)

    @deferred
    async def false_size_limit(
        self,
        *,
        size: str = "1000",
        code: int = 552,
        message: str = "5.3.4 Too big",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        A false size limit.

        EHLO advertises 10 MB, but content over 1 KB gets 552. The sender returns the
        mail.

        :param size: octets of the content from which it applies
        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "false_size_limit",
            size=size,
            code=code,
            message=message,
            times=times,
            tag=tag,
        )

    @deferred
    async def seven_bit(self) -> AppliedRecipe:
        """
        Without 8BITMIME and SMTPUTF8.

        8-bit content must be encoded or returned (RFC 6152 §3), and a mail with a
        UTF-8 address returned (RFC 6531 §3.2). Postfix and sendmail encode the
        content; Exim and OpenSMTPD send it as it is. Postfix returns the mail with a
        UTF-8 address; Exim rewrites the local part to `xn--…` and delivers.
        """
        return await self.recipe("seven_bit")

    @deferred
    async def dsn(self) -> AppliedRecipe:
        """
        DSN.

        The parameters are kept as sent, including xtext (RFC 3461 §4).
        """
        return await self.recipe("dsn")

    @deferred
    async def rare_extensions(
        self, *, capabilities: list[str] | None = None
    ) -> AppliedRecipe:
        """
        Rare extensions.

        REQUIRETLS (RFC 8689), MT-PRIORITY (RFC 6710), FUTURERELEASE (RFC 4865),
        DELIVERBY (RFC 2852): the parameters are kept with the mail.

        :param capabilities: the lines of the EHLO reply
        """
        return await self.recipe("rare_extensions", capabilities=capabilities)

    @deferred
    async def greylist(
        self,
        *,
        active_for: Duration = "5m",
        window: Duration = "24h",
        code: int = 450,
        message: str = "4.2.0 Greylisted",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        Greylisting.

        Each triplet of client, sender and recipient gets 450 for 5 minutes, and is
        then accepted for a day (RFC 6647 §2).

        :param active_for: how long each triplet is refused
        :param window: how long a triplet is remembered
        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "greylist",
            active_for=active_for,
            window=window,
            code=code,
            message=message,
            times=times,
            tag=tag,
        )

    @deferred
    async def busy_then_success(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        450, 450, 451, then success.

        Each recipient has its own count.
        """
        return await self.recipe("busy_then_success", times=times, tag=tag)

    @deferred
    async def always_deferred(
        self,
        *,
        recipient: str | None = "never@",
        code: int = 451,
        message: str = "4.3.0 Not today",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        Failing until the sender gives up.

        After several days the sender must return the mail (§4.5.4.1).

        :param recipient: text that the recipient contains; null for all recipients
        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "always_deferred",
            recipient=recipient,
            code=code,
            message=message,
            times=times,
            tag=tag,
        )

    @deferred
    async def connection_limit(self, *, connections: int = 1) -> AppliedRecipe:
        """
        One connection at a time.

        Further connections get 421. A sender must continue with one connection.

        :param connections: open connections
        """
        return await self.recipe("connection_limit", connections=connections)

    @deferred
    async def mails_per_connection(self, *, mails: int = 2) -> AppliedRecipe:
        """
        Two mails on each connection.

        As 421 and closed after 10 mails, but as a limit of the host.

        :param mails: mails per connection
        """
        return await self.recipe("mails_per_connection", mails=mails)

    @deferred
    async def rate_limit(
        self,
        *,
        mails: int = 100,
        window: Duration = "1m",
        code: int = 450,
        message: str = "4.7.1 Rate limited",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        100 mails per minute.

        The limit applies per client. The sender slows down, or retries later.

        :param mails: mails per client and window
        :param window: the time
        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "rate_limit",
            mails=mails,
            window=window,
            code=code,
            message=message,
            times=times,
            tag=tag,
        )

    @deferred
    async def first_mails_refused(
        self,
        *,
        mails: int = 2,
        code: int = 450,
        message: str = "4.7.1 Come again",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        Counts per client.

        `GET /smtpBehaviors/first-two` returns how often each client was refused, in
        `keys`.

        :param mails: refused mails per client
        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "first_mails_refused",
            mails=mails,
            code=code,
            message=message,
            times=times,
            tag=tag,
        )

    @deferred
    async def third_mail_refused(
        self,
        *,
        mails: str = "2",
        code: int = 450,
        message: str = "4.7.0 Come on another connection",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        Several mails on a connection.

        Needs no document. The target `messageCount` is the number of mails of the
        connection. This behavior refuses the third mail and all after it:

        :param mails: accepted mails
        :param code: the reply code
        :param message: the text
        """
        return await self.recipe(
            "third_mail_refused",
            mails=mails,
            code=code,
            message=message,
            times=times,
            tag=tag,
        )

    @deferred
    async def idle_time(self, *, time: Duration = "10s") -> AppliedRecipe:
        """
        Closed while the connection is idle.

        A sender that keeps connections open must deliver the mail on a new one,
        without deferring it.

        :param time: the time without a command
        """
        return await self.recipe("idle_time", time=time)

    @deferred
    async def close_later(
        self,
        *,
        delay: Duration = "2s",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        Closed a while after each mail.

        The server closes 2 seconds after the 250, without a 421.

        :param delay: the time after the reply
        """
        return await self.recipe("close_later", delay=delay, times=times, tag=tag)

    @deferred
    async def delays_everywhere(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Delays at every stage.

        Each reply arrives shortly before the minimum timeout of a sender (§4.5.3.2).
        `DATA COMMAND` is for senders that use DATA; `DATA` also decides the reply to
        `BDAT … LAST`.
        """
        return await self.recipe("delays_everywhere", times=times, tag=tag)

    @deferred
    async def tarpit(
        self,
        *,
        network: str = "127.0.0.0/8",
        median: int = 200,
        max_value: int = 900,
        interval: Duration = "20ms",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        A tarpit.

        Replies to the clients of a network are delayed and dripped.

        :param network: the clients' network
        :param median: milliseconds
        :param max_value: milliseconds at most
        :param interval: the time per octet
        """
        return await self.recipe(
            "tarpit",
            network=network,
            median=median,
            max_value=max_value,
            interval=interval,
            times=times,
            tag=tag,
        )

    @deferred
    async def gmail_busy(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Gmail: server busy.

        Temporary: the sender tries the next MX, or retries later.
        """
        return await self.recipe("gmail_busy", times=times, tag=tag)

    @deferred
    async def gmail_rate_limit(
        self,
        *,
        mails: int = 100,
        window: Duration = "1h",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        Gmail: rate limit for a client.

        The client has sent more than 100 mails within an hour. The sender slows down;
        more connections do not help.

        :param mails: mails that are accepted within the window
        :param window: the time
        """
        return await self.recipe(
            "gmail_rate_limit", mails=mails, window=window, times=times, tag=tag
        )

    @deferred
    async def gmail_connection_expired(
        self, *, mails: int = 10, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Gmail: connection expired.

        The connection has carried 10 mails. The sender opens another for the next
        one, without deferring it.

        :param mails: mails per connection
        """
        return await self.recipe(
            "gmail_connection_expired", mails=mails, times=times, tag=tag
        )

    @deferred
    async def gmail_recipient_rate_limit(
        self,
        *,
        mails: int = 10,
        window: Duration = "1m",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        Gmail: rate limit for a recipient.

        A recipient gets more than 10 mails within a minute. Other recipients are
        accepted.

        :param mails: mails that are accepted within the window
        :param window: the time
        """
        return await self.recipe(
            "gmail_recipient_rate_limit",
            mails=mails,
            window=window,
            times=times,
            tag=tag,
        )

    @deferred
    async def gmail_full_mailbox(
        self,
        *,
        recipient: str | None = "full@",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        Gmail: full mailbox.

        Temporary. (An inbox that is full and inactive gets `552 5.2.2`.)

        :param recipient: text that the recipient contains; null for all recipients
        """
        return await self.recipe(
            "gmail_full_mailbox", recipient=recipient, times=times, tag=tag
        )

    @deferred
    async def gmail_unknown_recipient(
        self,
        *,
        recipient: str | None = "nobody@",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        Gmail: unknown recipient.

        Permanent: the sender returns the mail, and does not retry.

        :param recipient: text that the recipient contains; null for all recipients
        """
        return await self.recipe(
            "gmail_unknown_recipient", recipient=recipient, times=times, tag=tag
        )

    @deferred
    async def gmail_too_many_recipients(
        self, *, accepted: int = 100, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Gmail: too many recipients.

        The 101st recipient and all after it get 452; the sender delivers to them in
        another transaction (§4.5.3.1.10).

        :param accepted: accepted recipients
        """
        return await self.recipe(
            "gmail_too_many_recipients", accepted=accepted, times=times, tag=tag
        )

    @deferred
    async def gmail_tls_required(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Gmail: TLS required.

        The recipient's domain accepts no mail in clear.
        """
        return await self.recipe("gmail_tls_required", times=times, tag=tag)

    @deferred
    async def gmail_no_dkim(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Gmail: no DKIM.

        A mail without a signature is returned.
        """
        return await self.recipe("gmail_no_dkim", times=times, tag=tag)

    @deferred
    async def gmail_not_aligned(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Gmail: From not aligned.

        The page lists 421 with the enhanced code 5.7.32. The first digit of the reply
        code decides, see A contradictory enhanced code: the sender retries.
        """
        return await self.recipe("gmail_not_aligned", times=times, tag=tag)

    @deferred
    async def gmail_low_reputation(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Gmail: low reputation.

        Permanent, by the reputation of the sending domain.
        """
        return await self.recipe("gmail_low_reputation", times=times, tag=tag)

    @deferred
    async def gmail_no_message_id(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Gmail: no Message-ID.

        Permanent, for a mail whose header has no Message-ID.
        """
        return await self.recipe("gmail_no_message_id", times=times, tag=tag)

    @deferred
    async def outlook_rate_limit(
        self,
        *,
        mails: int = 100,
        window: Duration = "1h",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        Outlook.com: rate limit for a client.

        The client has sent more than 100 mails within an hour.

        :param mails: mails that are accepted within the window
        :param window: the time
        """
        return await self.recipe(
            "outlook_rate_limit", mails=mails, window=window, times=times, tag=tag
        )

    @deferred
    async def outlook_connection_rate_limit(
        self, *, mails: int = 10, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Outlook.com: rate limit for a connection.

        The connection has carried 10 mails. The sender opens another.

        :param mails: mails per connection
        """
        return await self.recipe(
            "outlook_connection_rate_limit", mails=mails, times=times, tag=tag
        )

    @deferred
    async def outlook_too_many_connections(
        self,
        *,
        connections: int = 10,
        window: Duration = "1m",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        Outlook.com: too many connections.

        The client has opened more than 10 connections within a minute. The sender
        continues with fewer.

        :param connections: connections within the window
        :param window: the time
        """
        return await self.recipe(
            "outlook_too_many_connections",
            connections=connections,
            window=window,
            times=times,
            tag=tag,
        )

    @deferred
    async def outlook_not_authenticated(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Outlook.com: not authenticated.

        Permanent, for domains that send over 5,000 mails per day without SPF, DKIM
        and DMARC.
        """
        return await self.recipe("outlook_not_authenticated", times=times, tag=tag)

    @deferred
    async def outlook_blocked(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Outlook.com: blocked.

        Permanent, by content or reputation.
        """
        return await self.recipe("outlook_blocked", times=times, tag=tag)

    @deferred
    async def outlook_unknown_recipient(
        self,
        *,
        recipient: str | None = "nobody@",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        Outlook.com: unknown recipient.

        Permanent, for recipients at hotmail.com and outlook.com.

        :param recipient: text that the recipient contains; null for all recipients
        """
        return await self.recipe(
            "outlook_unknown_recipient", recipient=recipient, times=times, tag=tag
        )

    @deferred
    async def microsoft365_greylist(
        self,
        *,
        active_for: Duration = "10m",
        window: Duration = "24h",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        Microsoft 365: greylisting of a client.

        Microsoft calls it IP throttling, a kind of greylisting: a client whose volume
        changes is deferred, here for 10 minutes.

        :param active_for: how long each client is refused
        :param window: how long a client is remembered
        """
        return await self.recipe(
            "microsoft365_greylist",
            active_for=active_for,
            window=window,
            times=times,
            tag=tag,
        )

    @deferred
    async def microsoft365_recipient_rate_limit(
        self,
        *,
        mails: int = 10,
        window: Duration = "1m",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        Microsoft 365: rate limit for a recipient.

        A recipient gets more than 10 mails within a minute. 432 is not a code of RFC
        5321; its first digit decides (§4.2.1).

        :param mails: mails that are accepted within the window
        :param window: the time
        """
        return await self.recipe(
            "microsoft365_recipient_rate_limit",
            mails=mails,
            window=window,
            times=times,
            tag=tag,
        )

    @deferred
    async def microsoft365_blocked(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Microsoft 365: blocked client.

        Permanent. The enhanced code is one of 5.7.606 to 5.7.649.
        """
        return await self.recipe("microsoft365_blocked", times=times, tag=tag)

    @deferred
    async def microsoft365_relay_denied(
        self,
        *,
        recipient: str | None = "@else.test",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        Microsoft 365: relay denied.

        Permanent: the server does not accept mail for the recipient's domain.

        :param recipient: text that the recipient contains; null for all recipients
        """
        return await self.recipe(
            "microsoft365_relay_denied", recipient=recipient, times=times, tag=tag
        )

    @deferred
    async def yahoo_deferred(
        self,
        *,
        active_for: Duration = "1h",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        Yahoo: deferred.

        The client is refused for an hour.

        :param active_for: how long each client is refused
        """
        return await self.recipe(
            "yahoo_deferred", active_for=active_for, times=times, tag=tag
        )

    @deferred
    async def yahoo_deferred_for_good(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Yahoo: deferred for good.

        The code is temporary, the text is not. The sender retries until it gives up.
        """
        return await self.recipe("yahoo_deferred_for_good", times=times, tag=tag)

    @deferred
    async def yahoo_unknown_recipient(
        self,
        *,
        recipient: str | None = "nobody@",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        Yahoo: unknown recipient.

        Permanent, and after the content, as the example says: `failed after I sent
        the message`.

        :param recipient: text that the recipient contains; null for all recipients
        """
        return await self.recipe(
            "yahoo_unknown_recipient", recipient=recipient, times=times, tag=tag
        )

    @deferred
    async def gmx_block_list(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        GMX: on a block list.

        Permanent. The last line contains the address of an explanation.
        """
        return await self.recipe("gmx_block_list", times=times, tag=tag)

    @deferred
    async def comcast_too_many_connections(
        self,
        *,
        connections: int = 25,
        window: Duration = "1m",
        times: int | None = None,
        tag: str | None = None,
    ) -> AppliedRecipe:
        """
        Comcast: too many connections.

        The page allows 25 simultaneous connections; here the 26th within a minute is
        refused.

        :param connections: connections within the window
        :param window: the time
        """
        return await self.recipe(
            "comcast_too_many_connections",
            connections=connections,
            window=window,
            times=times,
            tag=tag,
        )

    @deferred
    async def comcast_no_reverse_dns(
        self, *, times: int | None = None, tag: str | None = None
    ) -> AppliedRecipe:
        """
        Comcast: no reverse DNS.

        Temporary: `can be retried`, says the page.
        """
        return await self.recipe("comcast_no_reverse_dns", times=times, tag=tag)
