"""Recipes for MAIL, RCPT and RSET."""

from __future__ import annotations

from tests.cookbook.case import CONTENT, MAIL, OPEN, RCPT, Kitchen, tastes


class SenderTests(Kitchen):
    """What becomes of MAIL"""

    @tastes("A sender temporarily refused")
    def test_for_now(self) -> None:
        """There is no transaction."""
        with self.greeted() as wire:
            self.assertEqual(wire.say(MAIL), "451 4.1.8 Can't look up your domain")
            self.assertEqual(wire.codes(RCPT), ["503"])

    @tastes("A sender permanently refused")
    def test_for_good(self) -> None:
        """Those of one domain, and no others."""
        with self.greeted() as wire:
            said = wire.say("MAIL FROM:<eve@spam.test>")
            self.assertEqual(said, "550 5.7.1 We do not take your mail")
            self.assertEqual(wire.codes(MAIL), ["250"])

    @tastes("Refused by a parameter of MAIL")
    def test_parameter(self) -> None:
        """Of one value."""
        with self.greeted() as wire:
            said = wire.say(f"{MAIL} SIZE=10 BODY=8BITMIME")
            self.assertEqual(said, "554 5.6.3 Conversion required")
            self.assertEqual(wire.codes(f"{MAIL} BODY=7BIT"), ["250"])

    @tastes("The null sender refused")
    def test_null(self) -> None:
        """And no other."""
        with self.greeted() as wire:
            self.assertEqual(wire.say("MAIL FROM:<>"), "550 5.7.1 No bounces")
            self.assertEqual(wire.codes(MAIL), ["250"])

    @tastes("421 and closed after 10 mails")
    def test_ten(self) -> None:
        """The eleventh comes on another connection."""
        with self.greeted() as wire:
            for _ in range(10):
                self.assertEqual(wire.codes(MAIL, "RSET"), ["250", "250"])
            wire.send(MAIL.encode() + b"\r\n")
            self.assertEqual(wire.rest(), b"421 4.7.0 Too many messages\r\n")
        with self.greeted() as wire:
            self.assertEqual(wire.codes(MAIL), ["250"])

    @tastes("The second mail of a connection refused")
    def test_second(self) -> None:
        """The first was taken."""
        with self.at_content() as wire:
            wire.send(CONTENT)
            self.assertEqual(wire.code(), "250")
            self.assertEqual(wire.say(MAIL), "451 4.7.0 One mail at a time")
        self.assertEqual(self.deliver()[:3], "250")

    @tastes("RSET refused")
    def test_reset(self) -> None:
        """The transaction is still open."""
        with self.greeted() as wire:
            self.assertEqual(wire.codes(*OPEN, "RSET", MAIL)[3:], ["451", "503"])


class RecipientTests(Kitchen):
    """What becomes of RCPT"""

    @tastes("Reset at RCPT")
    def test_cut_off(self) -> None:
        """A RST in place of a reply."""
        with self.greeted() as wire:
            wire.codes("EHLO c", MAIL)
            wire.send(RCPT.encode() + b"\r\n")
            with self.assertRaises(ConnectionResetError):
                wire.rest()

    @tastes("A full mailbox, and an oversized mail")
    def test_full(self) -> None:
        """One by the recipient, the other by the content."""
        with self.greeted() as wire:
            wire.codes("EHLO c", MAIL)
            said = wire.say("RCPT TO:<full@there.test>")
            self.assertEqual(said, "452 4.2.2 Mailbox full")
            self.assertEqual(wire.codes(RCPT, "DATA"), ["250", "354"])
            wire.send(b"x" * 999_998 + b"\r\n.\r\n")
            self.assertEqual(wire.reply(), "552 5.3.4 Too big")
        self.assertEqual(self.deliver()[:3], "250")
        self.assertEqual(len(self.mails()), 1)

    @tastes("Recipients with different replies")
    def test_mixed(self) -> None:
        """At once, later, and never."""
        mixed = [f"RCPT TO:<{name}@there.test>" for name in ("a", "busy", "nobody")]
        with self.greeted() as wire:
            codes = wire.codes("EHLO c", MAIL, *mixed, "DATA")
            self.assertEqual(codes[2:], ["250", "451", "550", "354"])
            wire.send(CONTENT)
            self.assertEqual(wire.code(), "250")
            self.assertEqual(wire.codes(MAIL, mixed[1], mixed[2])[1:], ["250", "550"])
        (mail,) = self.mails()
        self.assertEqual(mail["envelope"]["recipients"], ["a@there.test"])

    @tastes("All recipients refused")
    def test_all(self) -> None:
        """And DATA, which was pipelined, too."""
        with self.greeted() as wire:
            lines = (MAIL, RCPT, RCPT, "DATA", "")
            wire.send("\r\n".join(lines).encode())
            codes = [wire.code() for _ in lines[1:]]
            self.assertEqual(codes, ["250", "550", "550", "554"])
            self.assertEqual(wire.codes("NOOP"), ["250"])

    @tastes("Too many recipients")
    def test_too_many(self) -> None:
        """A hundred in each transaction."""
        with self.greeted() as wire:
            for _ in range(2):
                wire.send(b"".join(f"{x}\r\n".encode() for x in [MAIL, *[RCPT] * 102]))
                codes = [wire.code() for _ in range(103)]
                self.assertEqual(codes, ["250"] * 101 + ["452"] * 2)
                wire.codes("RSET")

    @tastes("Moved, with and without forwarding")
    def test_moved(self) -> None:
        """Only that with forwarding gets the mail."""
        with self.greeted() as wire:
            moved, gone = (f"RCPT TO:<{name}@there.test>" for name in ("moved", "gone"))
            codes = wire.codes(MAIL, moved, gone, "DATA")
            self.assertEqual(codes, ["250", "251", "551", "354"])
            wire.send(CONTENT)
            self.assertEqual(wire.code(), "250")
        (mail,) = self.mails()
        self.assertEqual(mail["envelope"]["recipients"], ["moved@there.test"])

    @tastes("421 without closing")
    def test_421(self) -> None:
        """The connection lasts."""
        with self.greeted() as wire:
            codes = wire.codes("EHLO c", MAIL, RCPT, "NOOP", "QUIT")
            self.assertEqual(codes[2:], ["421", "250", "221"])
