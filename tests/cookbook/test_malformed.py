"""Recipes for replies that are none."""

from __future__ import annotations

from tests.cookbook.case import CONTENT, MAIL, RCPT, Kitchen, tastes
from tests.cookbook.wire import Wire


class MalformedTests(Kitchen):
    """What is said to MAIL"""

    def at_mail(self) -> Wire:
        """A connection that has said MAIL, and has not read the reply."""
        wire = self.greeted()
        wire.codes("EHLO c")
        wire.send(MAIL.encode() + b"\r\n")
        return wire

    def assert_said(self, octets: bytes, then: str | None = None) -> None:
        """These and no others; then RCPT is answered with this code."""
        with self.at_mail() as wire:
            self.assertEqual(wire.exactly(len(octets)), octets)
            self.assertTrue(wire.is_silent())
            if then is not None:
                self.assertEqual(wire.codes(RCPT), [then])

    def assert_said_last(self, octets: bytes) -> None:
        """These, and the end of the connection, whatever was pipelined."""
        with self.at_mail() as wire:
            wire.send(RCPT.encode() + b"\r\n")
            self.assertEqual(wire.rest(), octets)

    @tastes("An empty line, two digits, no text, LF, NUL")
    def test_no_replies(self) -> None:
        """One after the other; those with a code of success are one."""
        self.assert_said_last(b"\r\n")
        self.assert_said_last(b"25 OK\r\n")
        self.assert_said(b"250\r\n", "250")
        self.assert_said(b"250 OK\n", "250")
        self.assert_said(b"250 O\0K\r\n", "250")
        with self.at_mail() as wire:
            self.assertRegex(wire.reply(), r"\A250 2\.1\.0 ")

    @tastes("The code changes within a reply")
    def test_code_changes(self) -> None:
        """From good to bad."""
        self.assert_said(b"250-One\r\n550 Two\r\n", "503")

    @tastes("A reply without its last line")
    def test_no_last_line(self) -> None:
        """Nothing comes behind it, though RCPT and DATA were pipelined."""
        with self.at_mail() as wire:
            wire.send(RCPT.encode() + b"\r\nDATA\r\n")
            said = b"250-There is more to come\r\n"
            self.assertEqual(wire.exactly(len(said)), said)
            self.assertTrue(wire.is_silent())
        self.session("hung")

    @tastes("A reply that never ends")
    def test_no_end(self) -> None:
        """A line each minute, and no last one."""
        with self.at_mail() as wire:
            for _ in range(6):
                self.assertEqual(wire.exactly(10), b"250-Wait\r\n")
                self.pass_owed("1m")
            self.assertTrue(wire.is_silent())
        self.session("hung")

    @tastes("A reply over 2 KB")
    def test_long(self) -> None:
        """In one line."""
        with self.at_mail() as wire:
            line = wire.line()
            self.assertGreater(len(line), 2048)
            self.assertTrue(line.startswith(b"451 4.3.0 Please read on. "))
            self.assertEqual(wire.codes(MAIL), ["451"])

    @tastes("Meaningless codes")
    def test_codes(self) -> None:
        """None of them opens a transaction."""
        self.assert_said(b"850 What?\r\n", "503")
        self.assert_said(b"199 What?\r\n", "503")
        self.assert_said(b"354 Go ahead\r\n", "503")

    @tastes("A contradictory enhanced code")
    def test_enhanced(self) -> None:
        """Only by the last one there is a recipient."""
        with self.at_mail() as wire:
            wire.code()
            self.assertEqual(wire.say(RCPT), "550 4.2.1 For good, or for now?")
            self.assertEqual(wire.say(RCPT), "450 5.1.1 For now, or for good?")
            self.assertEqual(wire.say(RCPT), "250 5.1.1 Fine, or not?")
            self.assertEqual(wire.codes("DATA"), ["354"])

    @tastes("One extra reply")
    def test_stray(self) -> None:
        """All behind it are one too late."""
        with self.at_mail() as wire:
            self.assertEqual(wire.codes("VRFY a"), ["250"])
            self.assertEqual(wire.codes(RCPT), ["250"])
            self.assertEqual(wire.codes("DATA"), ["252"])
            self.assertEqual([wire.code(), wire.code()], ["250", "354"])

    @tastes("A reply sent octet by octet")
    def test_octets(self) -> None:
        """Each reply, the banner too; all are whole in the end."""
        with self.connect() as wire:
            self.assertEqual(wire.code(), "220")
            self.assertEqual(wire.codes("EHLO c", MAIL), ["250", "250"])
        for exchange in self.session("closedByClient")["transcript"]:
            text = exchange["reply"]["text"]
            self.assertGreaterEqual(exchange["delay"], len(text))

    @tastes("Two replies in one packet")
    def test_merged(self) -> None:
        """That to MAIL comes with that to RCPT."""
        with self.at_mail() as wire:
            self.assertTrue(wire.is_silent())
            wire.send(RCPT.encode() + b"\r\n")
            both = b"250 2.1.0 OK\r\n250 2.1.5 OK\r\n"
            self.assertEqual(wire.exactly(len(both)), both)
            self.assertEqual(wire.codes("DATA"), ["354"])
            wire.send(CONTENT)
            self.assertEqual(wire.code(), "250")
        self.assertEqual(len(self.mails()), 1)
