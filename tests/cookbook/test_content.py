"""Recipes for DATA."""

from __future__ import annotations

from tests.cookbook.case import CONTENT, MAIL, OPEN, RCPT, Kitchen, tastes

BEYOND = b"x" * 998 + b"\r\n"
"""65 of these are more than 64 KiB."""


class DataTests(Kitchen):
    """What is answered to DATA"""

    def assert_ends_the_transaction(self, said: str) -> None:
        """And no content follows."""
        with self.greeted() as wire:
            wire.codes(*OPEN)
            self.assertEqual(wire.say("DATA"), said)
            self.assertEqual(wire.codes(RCPT, "NOOP"), ["503", "250"])

    def assert_refuses_chunks(self, said: str) -> None:
        """A client that uses BDAT is told the same, behind its chunk."""
        with self.greeted() as wire:
            self.assertIn("CHUNKING", wire.say("EHLO c"))
            wire.codes(MAIL, RCPT)
            wire.send(b"BDAT 10 LAST\r\n0123456789NOOP\r\n")
            self.assertEqual(wire.reply(), said)
            self.assertEqual(wire.code(), "250")
        self.assertEqual(self.mails(), [])

    @tastes("DATA temporarily refused")
    def test_for_now(self) -> None:
        """451."""
        self.assert_ends_the_transaction("451 4.3.0 Disk full")
        self.assert_refuses_chunks("451 4.3.0 Disk full")

    @tastes("DATA permanently refused")
    def test_for_good(self) -> None:
        """554."""
        self.assert_ends_the_transaction("554 5.7.1 No content")
        self.assert_refuses_chunks("554 5.7.1 No content")

    @tastes("DATA gets 250")
    def test_250(self) -> None:
        """What is sent as content then is commands; CHUNKING is not offered."""
        with self.greeted() as wire:
            self.assertNotIn("CHUNKING", wire.say("EHLO c"))
        self.assert_ends_the_transaction("250 2.0.0 OK")

    @tastes("DATA accepted without a valid recipient")
    def test_no_recipient(self) -> None:
        """The client sends the dot alone; nothing is kept."""
        with self.greeted() as wire:
            codes = wire.codes("EHLO c", MAIL, RCPT, "DATA", ".", "NOOP")
            self.assertEqual(codes[2:], ["550", "354", "554", "250"])
        self.assertEqual(self.mails(), [])


class ContentTests(Kitchen):
    """In the midst of the content"""

    @tastes("A reply during the content")
    def test_reply(self) -> None:
        """It comes before the end, and nothing after it."""
        with self.at_content() as wire:
            wire.send(BEYOND)
            self.assertTrue(wire.is_silent())
            wire.send(BEYOND * 64)
            wire.send(BEYOND)
            self.assertEqual(wire.reply(), "552 5.3.4 Enough")
            wire.send(b".\r\nVRFY a\r\n")
            self.assertEqual(wire.code(), "252")
        self.assertEqual(self.mails(), [])

    @tastes("Closed during the content")
    def test_close(self) -> None:
        """A small mail is kept, of a large one nothing."""
        with self.at_content() as wire:
            wire.send(BEYOND * 66)
            self.assertEqual(wire.rest(), b"")
        self.assertEqual(self.session("closed")["transactions"][0]["mailId"], None)
        self.assertEqual(self.mails(), [])
        self.assertEqual(self.deliver()[:3], "250")

    @tastes("Content no longer read")
    def test_hang(self) -> None:
        """A client's write blocks when the buffers are full."""
        with self.at_content() as wire:
            wire.socket.settimeout(0.5)
            with self.assertRaises(TimeoutError):
                for _ in range(100):
                    wire.send(BEYOND * 1000)
        self.assertEqual(self.mails(), [])

    @tastes("Refused by content, permanently and temporarily")
    def test_by_content(self) -> None:
        """After the dot."""
        said = self.deliver(b"Subject: x\r\n\r\n...EICAR...\r\n.\r\n")
        self.assertEqual(said, "554 5.7.1 Virus found")
        said = self.deliver(b"Subject: x\r\n\r\nViagra\r\n.\r\n")
        self.assertEqual(said, "451 4.7.1 Looks like spam, come later")
        self.assertEqual(self.deliver(b"Subject: viagra\r\n\r\nx\r\n.\r\n")[:3], "250")
        self.assertEqual(len(self.mails()), 1)

    @tastes("Refused by a header field, without authentication")
    def test_by_field(self) -> None:
        """The field is in the reply, in one line."""
        invoice = b"Subject: your\r\n Invoice\r\n\r\nx\r\n.\r\n"
        self.assertEqual(self.deliver(invoice), "554 5.7.1 Policy: your Invoice")
        with self.greeted() as wire:
            wire.codes("EHLO c", "AUTH PLAIN AGJvYgB4", *OPEN[1:], "DATA")
            wire.send(invoice)
            self.assertEqual(wire.code(), "250")
        self.assertEqual(self.deliver(CONTENT)[:3], "250")


class EndTests(Kitchen):
    """The end of data is ambiguous"""

    def assert_copies(self, count: int) -> None:
        """So many mails are kept that have the one Message-ID."""
        query = "contains=Message-ID%3A%20%3C1%40here.test%3E"
        self.assertEqual(len(self.get(f"/smtpMails?{query}")), count)
        self.assertEqual(len(self.mails()), count)

    @tastes("Kept, then reset, once")
    def test_reset(self) -> None:
        """A client that comes again makes a copy."""
        with self.assertRaises(ConnectionResetError):
            self.deliver()
        self.assertEqual(self.deliver()[:3], "250")
        self.assert_copies(2)

    @tastes("Kept, then closed")
    def test_close(self) -> None:
        """Without a reply."""
        with self.at_content() as wire:
            wire.send(CONTENT)
            self.assertEqual(wire.rest(), b"")
        self.assertEqual(self.deliver()[:3], "250")
        self.assert_copies(2)

    @tastes("Kept, then silent")
    def test_hang(self) -> None:
        """However long it takes."""
        with self.at_content() as wire:
            wire.send(CONTENT)
            self.until(self.mails)
            self.pass_time("10m")
            self.assertTrue(wire.is_silent())
        self.assertEqual(self.deliver()[:3], "250")
        self.assert_copies(2)

    @tastes("Kept, then a late 250")
    def test_late(self) -> None:
        """After nine minutes, and not before."""
        with self.at_content() as wire:
            wire.send(CONTENT)
            self.pass_owed("8m")
            self.assertTrue(wire.is_silent())
            self.assert_copies(1)
            self.pass_time("1m")
            self.assertEqual(wire.reply(), "250 2.0.0 Kept")
        self.assert_copies(1)

    @tastes("250, but lost")
    def test_lost(self) -> None:
        """The journal knows."""
        said = self.deliver(b"X-Drop: yes\r\n\r\nx\r\n.\r\n")
        self.assertEqual(said, "250 2.0.0 Queued")
        self.assertEqual(self.mails(), [])
        (transaction,) = self.session()["transactions"]
        self.assertEqual(transaction["outcome"], "discarded")
        self.assertEqual(self.deliver()[:3], "250")
        self.assert_copies(1)

    @tastes("An error, but kept")
    def test_kept(self) -> None:
        """Each time."""
        for count in 1, 2:
            self.assertEqual(self.deliver(), "451 4.4.2 Timeout")
            self.assert_copies(count)

    @tastes("250, then closed before QUIT")
    def test_closed_behind(self) -> None:
        """One mail on each connection."""
        with self.at_content() as wire:
            wire.send(CONTENT + b"QUIT\r\n")
            self.assertEqual(wire.rest(), b"250 2.0.0 Kept\r\n")
        self.assert_copies(1)
