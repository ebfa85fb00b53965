"""Recipes with the published replies of providers."""

from __future__ import annotations

from tests.cookbook.case import CONTENT, MAIL, OPEN, RCPT, Kitchen, tastes

NOBODY = "RCPT TO:<nobody@there.test>"
SIGNED = b"DKIM-Signature: v=1\r\n" + CONTENT


class ProviderKitchen(Kitchen):
    """Checks for texts, which are what a provider publishes."""

    def assert_starts(self, reply: str, start: str) -> None:
        """A reply of one or more lines: its code, its enhanced code and its text."""
        self.assertEqual(one_line(reply)[: len(start)], start)

    def assert_banner(self, start: str, end: str = "") -> None:
        """The reply to a connection, which is closed after it."""
        with self.connect() as wire:
            said = wire.rest().decode().replace("\r\n", "\n").rstrip("\n")
        self.assert_starts(said, start)
        self.assertTrue(said.endswith(end), said)


def one_line(reply: str) -> str:
    """A reply with its lines joined, and its codes once."""
    lines = reply.split("\n")
    code, _, text = lines[-1].partition(" ")
    head = text.split(" ")[0]
    marked = len(lines) > 1 and all(line[4:].startswith(head) for line in lines)
    skipped = len(head) + 1 if marked and head[:2] in ("4.", "5.") else 0
    texts = [lines[0][4:], *[line[4 + skipped :] for line in lines[1:]]]
    return f"{code} {' '.join(texts)}"


class GmailTests(ProviderKitchen):
    """Gmail"""

    @tastes("Gmail: server busy")
    def test_busy(self) -> None:
        """421 instead of the banner."""
        self.assert_banner("421 4.4.5 Server busy, try again later. ", " - gsmtp")

    @tastes("Gmail: rate limit for a client")
    def test_rate(self) -> None:
        """The hundred and first mail of an hour, on any connection."""
        with self.greeted() as wire:
            for _ in range(100):
                self.assertEqual(wire.codes(MAIL, RCPT, "DATA")[2], "354")
                wire.send(CONTENT)
                self.assertEqual(wire.code(), "250")
        with self.at_content() as wire:
            wire.send(CONTENT)
            said = wire.reply()
            self.assertEqual(wire.rest(), b"")
        self.assert_starts(
            said,
            "421 4.7.28 Gmail has detected an unusual rate of email originating from "
            "your IP address 127.0.0.1. To protect our users from spam, email sent "
            "from your IP address has been temporarily rate limited.",
        )
        self.assertIn("\n421-4.7.28 ", said)
        self.pass_time("1h")
        self.assertEqual(self.deliver()[:3], "250")

    @tastes("Gmail: connection expired")
    def test_expired(self) -> None:
        """The eleventh MAIL of a connection; another one works."""
        with self.greeted() as wire:
            wire.codes(*[MAIL, "RSET"] * 10)
            wire.send(MAIL.encode() + b"\r\n")
            said = wire.rest().decode().replace("\r\n", "\n").rstrip("\n")
        self.assert_starts(said, "421 4.7.0 Connection expired, try reconnecting. ")
        self.assertEqual(self.deliver()[:3], "250")

    @tastes("Gmail: rate limit for a recipient")
    def test_recipient_rate(self) -> None:
        """Eleven for one recipient within a minute."""
        with self.greeted() as wire:
            wire.say(MAIL)
            self.assertEqual(set(wire.codes(*[RCPT] * 10)), {"250"})
            self.assert_starts(
                wire.say(RCPT),
                "450 4.2.1 The user you are trying to contact is receiving email at a "
                "rate that prevents additional messages from being delivered.",
            )
            self.assertEqual(wire.codes("RCPT TO:<other@there.test>"), ["250"])
            self.pass_time("61s")
            self.assertEqual(wire.codes(RCPT), ["250"])

    @tastes("Gmail: full mailbox")
    def test_full(self) -> None:
        """For one recipient."""
        with self.greeted() as wire:
            self.assertEqual(wire.codes(MAIL, RCPT), ["250", "250"])
            self.assert_starts(
                wire.say("RCPT TO:<full@there.test>"),
                "452 4.2.2 The recipient's inbox is out of storage space.",
            )

    @tastes("Gmail: unknown recipient")
    def test_unknown(self) -> None:
        """For one recipient."""
        with self.greeted() as wire:
            self.assertEqual(wire.codes(MAIL, RCPT), ["250", "250"])
            self.assert_starts(
                wire.say(NOBODY),
                "550 5.1.1 The email account that you tried to reach does not exist.",
            )

    @tastes("Gmail: too many recipients")
    def test_recipients(self) -> None:
        """The hundred and first of a mail."""
        with self.greeted() as wire:
            wire.say(MAIL)
            wire.send(f"{RCPT}\r\n".encode() * 100)
            self.assertEqual({wire.code() for _ in range(100)}, {"250"})
            self.assert_starts(
                wire.say(RCPT), "452 4.5.3 Your message has too many recipients."
            )

    @tastes("Gmail: TLS required")
    def test_tls(self) -> None:
        """Refused in clear, accepted under TLS."""
        with self.greeted() as wire:
            self.assertIn("STARTTLS", wire.say("EHLO c"))
            self.assertEqual(wire.codes(MAIL), ["250"])
            said = wire.say(RCPT)
            self.assertEqual(wire.rest(), b"")
        self.assert_starts(
            said, "421 4.7.0 TLS required for RCPT domain, closing connection."
        )
        with self.under_tls() as wire:
            self.assertEqual(wire.codes(*OPEN), ["250", "250", "250"])

    @tastes("Gmail: no DKIM")
    def test_dkim(self) -> None:
        """A mail with a signature is accepted."""
        self.assert_starts(
            self.deliver(),
            "550 5.7.30 This message was blocked because it didn't pass DKIM "
            "authentication.",
        )
        self.assertEqual(self.deliver(SIGNED)[:3], "250")

    @tastes("Gmail: From not aligned")
    def test_not_aligned(self) -> None:
        """421 with the enhanced code of a permanent error."""
        with self.at_content() as wire:
            wire.send(CONTENT)
            said = wire.reply()
            self.assertEqual(wire.rest(), b"")
        self.assert_starts(
            said, "421 5.7.32 Your email was blocked because the From: header (RFC5322)"
        )

    @tastes("Gmail: low reputation")
    def test_reputation(self) -> None:
        """For each mail."""
        self.assert_starts(
            self.deliver(),
            "550 5.7.1 This message is likely suspicious due to the very low "
            "reputation of the sending domain.",
        )

    @tastes("Gmail: no Message-ID")
    def test_message_id(self) -> None:
        """A mail with one is accepted."""
        self.assertEqual(self.deliver()[:3], "250")
        self.assert_starts(
            self.deliver(b"Subject: x\r\n\r\nhello\r\n.\r\n"),
            "550 5.7.1 Messages missing a valid Message-ID: header are not accepted.",
        )


class MicrosoftTests(ProviderKitchen):
    """Outlook.com and Microsoft 365"""

    @tastes("Outlook.com: rate limit for a client")
    def test_rate(self) -> None:
        """The hundred and first MAIL of an hour, on any connection."""
        with self.greeted() as wire:
            wire.send(f"{MAIL}\r\nRSET\r\n".encode() * 100)
            self.assertEqual({wire.code() for _ in range(200)}, {"250"})
        with self.greeted() as wire:
            said = wire.say(MAIL)
            self.assertEqual(wire.rest(), b"")
        self.assert_starts(
            said, "421 RP-001 The mail server IP connecting to Outlook.com server has"
        )
        self.pass_time("1h")
        with self.greeted() as wire:
            self.assertEqual(wire.codes(MAIL), ["250"])

    @tastes("Outlook.com: rate limit for a connection")
    def test_connection_rate(self) -> None:
        """The eleventh MAIL of a connection; another one works."""
        with self.greeted() as wire:
            wire.codes(*[MAIL, "RSET"] * 10)
            said = wire.say(MAIL)
            self.assertEqual(wire.rest(), b"")
        self.assert_starts(said, "421 RP-002 The mail server IP connecting to")
        self.assertEqual(self.deliver()[:3], "250")

    @tastes("Outlook.com: too many connections")
    def test_connections(self) -> None:
        """The eleventh of a minute."""
        for _ in range(10):
            self.greeted().socket.close()
        self.assert_banner("421 RP-003 The mail server IP connecting to Outlook.com")
        self.pass_time("61s")
        self.greeted().socket.close()

    @tastes("Outlook.com: not authenticated")
    def test_not_authenticated(self) -> None:
        """After the content."""
        self.assertEqual(
            one_line(self.deliver()),
            "550 5.7.515 Access denied, sending domain [here.test] does not meet the "
            "required authentication level.",
        )

    @tastes("Outlook.com: blocked")
    def test_blocked(self) -> None:
        """At MAIL."""
        with self.greeted() as wire:
            self.assert_starts(
                wire.say(MAIL),
                "550 SC-001 Mail rejected by Outlook.com for policy reasons.",
            )

    @tastes("Outlook.com: unknown recipient")
    def test_unknown(self) -> None:
        """For one recipient."""
        with self.greeted() as wire:
            self.assertEqual(wire.codes(MAIL, RCPT), ["250", "250"])
            self.assertEqual(
                wire.say(NOBODY),
                "550 5.5.0 Requested action not taken: mailbox unavailable",
            )

    @tastes("Microsoft 365: greylisting of a client")
    def test_greylisting(self) -> None:
        """Ten minutes no, then a day yes."""
        text = "451 4.7.550 Access denied, please try again later"
        with self.greeted() as wire:
            self.assertEqual(wire.say(MAIL), text)
        self.pass_time("601s")
        self.assertEqual(self.deliver()[:3], "250")
        self.pass_time("23h")
        self.assertEqual(self.deliver()[:3], "250")

    @tastes("Microsoft 365: rate limit for a recipient")
    def test_recipient_rate(self) -> None:
        """Eleven for one recipient within a minute."""
        with self.greeted() as wire:
            wire.say(MAIL)
            self.assertEqual(set(wire.codes(*[RCPT] * 10)), {"250"})
            self.assertEqual(
                wire.say(RCPT),
                "432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded",
            )
            self.assertEqual(wire.codes("RCPT TO:<other@there.test>"), ["250"])
            self.pass_time("61s")
            self.assertEqual(wire.codes(RCPT), ["250"])

    @tastes("Microsoft 365: blocked client")
    def test_blocked_client(self) -> None:
        """With the client's address."""
        with self.greeted() as wire:
            self.assertEqual(
                wire.say(MAIL),
                "550 5.7.606 Access denied, banned sending IP [127.0.0.1]; To request "
                "removal from this list please visit https://sender.office.com/ and "
                "follow the directions.",
            )

    @tastes("Microsoft 365: relay denied")
    def test_relay(self) -> None:
        """For another domain."""
        with self.greeted() as wire:
            self.assertEqual(wire.codes(MAIL, RCPT), ["250", "250"])
            said = wire.say("RCPT TO:<a@else.test>")
        self.assertEqual(said, "550 5.4.1 Relay Access Denied")


class OtherTests(ProviderKitchen):
    """Yahoo, GMX and Comcast"""

    @tastes("Yahoo: deferred")
    def test_deferred(self) -> None:
        """For an hour."""
        text = (
            "421 4.7.0 [TS02] Messages from 127.0.0.1 temporarily deferred - 4.16.56.1"
        )
        self.assert_banner(text, text)
        self.pass_time("59m")
        self.assert_banner(text, text)
        self.pass_time("2m")
        self.assertEqual(self.deliver()[:3], "250")

    @tastes("Yahoo: deferred for good")
    def test_deferred_for_good(self) -> None:
        """A day later, too."""
        text = "421 4.7.1 [TS03] All messages from 127.0.0.1 permanently deferred"
        self.assert_banner(text, text)
        self.pass_time("24h")
        self.assert_banner(text, text)

    @tastes("Yahoo: unknown recipient")
    def test_unknown(self) -> None:
        """After the content, if one of the recipients is unknown."""
        self.assertEqual(self.deliver()[:3], "250")
        with self.greeted() as wire:
            self.assertEqual(wire.codes(MAIL, NOBODY, "DATA"), ["250", "250", "354"])
            wire.send(CONTENT)
            self.assert_starts(
                wire.reply(),
                "554 delivery error: dd This user doesn't have a yahoo.com account",
            )

    @tastes("GMX: on a block list")
    def test_block_list(self) -> None:
        """Four lines, the last with the client's address."""
        self.assert_banner(
            "554 gmx.net (mxgmx104) Nemesis ESMTP Service not available No SMTP "
            "service IP address is block listed. For explanation visit ",
            "\n554 For explanation visit https://postmaster.gmx.net/en/case?c=r0201&i=ip"
            "&v=127.0.0.1&r=1MNcgj-1ue23t3pyV-00S2YR",
        )

    @tastes("Comcast: too many connections")
    def test_connections(self) -> None:
        """The twenty-sixth of a minute."""
        for _ in range(25):
            self.greeted().socket.close()
        self.assert_banner("421 Too many sessions opened")
        self.pass_time("61s")
        self.greeted().socket.close()

    @tastes("Comcast: no reverse DNS")
    def test_reverse(self) -> None:
        """For each connection."""
        self.assert_banner("421 Reverse DNS failure : Try again later")
