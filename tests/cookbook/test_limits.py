"""Recipes for retries, limits, reuse and time."""

from __future__ import annotations

from tests.cookbook.case import CONTENT, MAIL, RCPT, Kitchen, tastes


class RetryTests(Kitchen):
    """Retry and limits"""

    @tastes("Greylisting")
    def test_greylisting(self) -> None:
        """By triplet and time: five minutes no, then a day yes."""
        other = "RCPT TO:<other@there.test>"
        with self.greeted() as wire:
            self.assertEqual(wire.codes(MAIL, RCPT, RCPT)[1:], ["450", "450"])
            self.pass_time("290s")
            self.assertEqual(wire.say(RCPT), "450 4.2.0 Greylisted")
        self.pass_time("11s")
        with self.greeted() as wire:
            codes = wire.codes(MAIL, RCPT, other, "RSET")
            self.assertEqual(codes[1:3], ["250", "450"])
            codes = wire.codes("MAIL FROM:<c@here.test>", RCPT)
            self.assertEqual(codes[1], "450")
        self.pass_time("23h")
        with self.greeted() as wire:
            self.assertEqual(wire.codes(MAIL, RCPT)[1], "250")
        self.pass_time("1h")
        with self.greeted() as wire:
            self.assertEqual(wire.codes(MAIL, RCPT)[1], "450")

    @tastes("450, 450, 451, then success")
    def test_responses(self) -> None:
        """Each recipient has all of them."""
        with self.greeted() as wire:
            wire.codes(MAIL)
            expected = ["450", "450", "451", "250", "250"]
            self.assertEqual(wire.codes(*[RCPT] * 5), expected)
            other = "RCPT TO:<other@there.test>"
            self.assertEqual(wire.codes(*[other] * 5), expected)

    @tastes("Failing until the sender gives up")
    def test_for_ever(self) -> None:
        """A week later, too."""
        for _ in range(3):
            with self.greeted() as wire:
                said = wire.codes(MAIL, RCPT, "RCPT TO:<never@there.test>")
                self.assertEqual(said[1:], ["250", "451"])
            self.pass_time("100h")

    @tastes("One connection at a time")
    def test_connections(self) -> None:
        """421 while there is another."""
        with self.greeted() as wire:
            with self.connect() as other:
                self.assertRegex(other.rest(), rb"\A421 .*\r\n\Z")
            self.assertEqual(wire.say("QUIT")[:3], "221")
            self.assertEqual(wire.rest(), b"")
        self.until(lambda: self.get("/smtpSessions")[0]["end"] == "quit")
        with self.greeted() as wire:
            self.assertEqual(wire.codes("NOOP"), ["250"])

    @tastes("Two mails on each connection")
    def test_messages(self) -> None:
        """421, and closed."""
        with self.greeted() as wire:
            wire.codes(MAIL, "RSET", MAIL, "RSET")
            wire.send(MAIL.encode() + b"\r\n")
            self.assertRegex(wire.rest(), rb"\A421 4\.7\.0 .*\r\n\Z")

    @tastes("100 mails per minute")
    def test_rate(self) -> None:
        """The hundred and first waits for the next minute."""
        with self.greeted() as wire:
            wire.send(f"{MAIL}\r\nRSET\r\n".encode() * 100)
            codes = [wire.code() for _ in range(200)]
            self.assertEqual(set(codes), {"250"})
            self.assertEqual(wire.say(MAIL), "450 4.7.1 Rate limited")
            self.pass_time("61s")
            self.assertEqual(wire.codes(MAIL), ["250"])

    @tastes("Counts per client")
    def test_counts(self) -> None:
        """Its first two mails are refused, and counted."""
        with self.greeted() as wire:
            self.assertEqual(wire.codes(MAIL, MAIL, MAIL), ["450", "450", "250"])
        (key,) = self.get("/smtpBehaviors/first-two")["keys"]
        self.assertIn("127.0.0.1", str(key))
        self.assertEqual(key["fired"], 2)


class TimeTests(Kitchen):
    """Reuse and time"""

    @tastes("Several mails on a connection")
    def test_several(self) -> None:
        """Two, and the third not."""
        with self.at_content() as wire:
            wire.send(CONTENT)
            self.assertEqual(wire.code(), "250")
            self.assertEqual(wire.codes(MAIL, RCPT, "DATA"), ["250", "250", "354"])
            wire.send(CONTENT)
            self.assertEqual(wire.code(), "250")
            self.assertEqual(wire.say(MAIL), "450 4.7.0 Come on another connection")
        self.assertEqual(len(self.mails()), 2)

    @tastes("Closed while the connection is idle")
    def test_idle(self) -> None:
        """After ten seconds, between two mails."""
        with self.at_content() as wire:
            wire.send(CONTENT)
            self.assertEqual(wire.code(), "250")
            self.pass_time("5s")
            self.assertTrue(wire.is_silent())
            self.pass_time("5s")
            self.assertRegex(wire.rest(), rb"\A421 4\.4\.2 .*\r\n\Z")

    @tastes("Closed a while after each mail")
    def test_while_after(self) -> None:
        """The reply at once, the end later."""
        with self.at_content() as wire:
            wire.send(CONTENT)
            self.assertEqual(wire.reply(), "250 2.0.0 Kept")
            self.assertTrue(wire.is_silent())
            self.pass_owed("2s")
            self.assertEqual(wire.rest(), b"")

    @tastes("Delays at every stage")
    def test_stages(self) -> None:
        """Each has its time."""
        with self.connect() as wire:
            self.pass_owed("4m")
            self.assertEqual(wire.code(), "220")
            for line, time in (
                ("EHLO c", 240),
                (MAIL, 240),
                (RCPT, 240),
                ("DATA", 100),
                (CONTENT.decode().removesuffix("\r\n"), 540),
            ):
                wire.send(line.encode() + b"\r\n")
                self.pass_owed(f"{time - 5}s")
                self.assertTrue(wire.is_silent())
                self.pass_time("5s")
                self.assertIn(wire.code(), ("250", "354"))
        self.assertEqual(len(self.mails()), 1)

    @tastes("A tarpit")
    def test_tarpit(self) -> None:
        """An octet comes each 20 milliseconds; the journal tells how slow it was."""
        with self.connect() as wire:
            self.assertEqual(len(wire.exactly(1)), 1)
            self.assertEqual(wire.reply()[:2], "20")
            self.assertEqual(wire.codes("NOOP"), ["250"])
        for exchange in self.session("closedByClient")["transcript"]:
            octets = len(f"250 {exchange['reply']['text']}\r\n")
            self.assertGreaterEqual(exchange["delay"], 20 * (octets - 1))
            self.assertEqual(len(exchange["slowedBy"]), 1)
