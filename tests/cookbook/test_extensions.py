"""Recipes for extensions, and for content that is smuggled."""

from __future__ import annotations

from tests.cookbook.case import CONTENT, MAIL, OPEN, RCPT, Kitchen, tastes


class OfferTests(Kitchen):
    """What is offered, and what is not"""

    def offered(self) -> set[str]:
        """The keywords and arguments of EHLO."""
        with self.greeted() as wire:
            return {line[4:] for line in wire.say("EHLO c").split("\n")[1:]}

    def send_bdat(self) -> list[str]:
        """The codes for three chunks that are sent at once."""
        with self.greeted() as wire:
            wire.codes(*OPEN)
            wire.send(b"BDAT 3\r\nab\nBDAT 3\r\ncd\nBDAT 0 LAST\r\n")
            return [wire.code() for _ in range(3)]

    @tastes("Without PIPELINING")
    def test_pipelining(self) -> None:
        """A client that does is recorded."""
        self.assertNotIn("PIPELINING", self.offered())
        with self.greeted() as wire:
            wire.send("\r\n".join([*OPEN, ""]).encode())
            self.assertEqual([wire.code() for _ in OPEN], ["250"] * 3)
        early = [e.get("pipelined", False) for e in self.session()["transcript"]]
        self.assertEqual(early[:4], [False, False, True, True])

    @tastes("BDAT in several chunks")
    def test_chunks(self) -> None:
        """Together they are the content."""
        self.assertIn("CHUNKING", self.offered())
        self.assertEqual(self.send_bdat(), ["250"] * 3)
        (mail,) = self.mails()
        self.assertEqual(mail["message"], "ab\ncd\n")

    @tastes("BDAT out of order")
    def test_bdat(self) -> None:
        """All of it is."""
        self.assertEqual(self.send_bdat(), ["503"] * 3)
        self.assertEqual(self.mails(), [])

    @tastes("The second chunk refused")
    def test_second_chunk(self) -> None:
        """Nothing is kept."""
        for _ in range(2):
            self.assertEqual(self.send_bdat(), ["250", "452", "503"])
        self.assertEqual(self.mails(), [])

    @tastes("Closed during a chunk")
    def test_closed_in_chunk(self) -> None:
        """A smaller mail is taken."""
        self.assertEqual(self.send_bdat(), ["250"] * 3)
        with self.greeted() as wire:
            wire.codes(*OPEN)
            wire.send(b"BDAT 5000 LAST\r\n" + b"x" * 1000)
            self.assertEqual(wire.rest(), b"")
        self.assertEqual(len(self.mails()), 1)

    @tastes("Without CHUNKING")
    def test_chunking(self) -> None:
        """BDAT is not known, and DATA is."""
        self.assertNotIn("CHUNKING", self.offered())
        with self.greeted() as wire:
            codes = wire.codes(*OPEN, "BDAT 0 LAST", "DATA")
            self.assertEqual(codes[3:], ["502", "354"])

    @tastes("A small size limit")
    def test_size(self) -> None:
        """Told before, and after the content."""
        self.assertIn("SIZE 1000", self.offered())
        with self.greeted() as wire:
            self.assertEqual(wire.codes(f"{MAIL} SIZE=1001"), ["552"])
            self.assertEqual(wire.codes(*OPEN, "DATA")[3:], ["354"])
            wire.send(b"x" * 999 + b"\r\n.\r\n")
            self.assertEqual(wire.code(), "552")
        self.assertEqual(self.deliver()[:3], "250")

    @tastes("Without SIZE")
    def test_no_size(self) -> None:
        """What is declared all the same is not looked at."""
        self.assertEqual([line for line in self.offered() if "SIZE" in line], [])
        with self.greeted() as wire:
            self.assertEqual(wire.codes(f"{MAIL} SIZE=999999999999"), ["250"])

    @tastes("A false size limit")
    def test_lie(self) -> None:
        """MAIL is fine, the content is not."""
        self.assertIn("SIZE 10000000", self.offered())
        with self.greeted() as wire:
            codes = wire.codes("EHLO c", f"{MAIL} SIZE=2000", RCPT, "DATA")
            self.assertEqual(codes[1:], ["250", "250", "354"])
            wire.send(b"x" * 2000 + b"\r\n.\r\n")
            self.assertEqual(wire.reply(), "552 5.3.4 Too big")
        self.assertEqual(self.deliver()[:3], "250")

    @tastes("Without 8BITMIME and SMTPUTF8")
    def test_eight_bits(self) -> None:
        """An address that is not ASCII is refused."""
        self.assertEqual(self.offered(), {"PIPELINING", "HELP"})
        with self.greeted() as wire:
            wire.codes("EHLO c")
            self.assertRegex(wire.say("MAIL FROM:<bö@here.test>"), "^550 5.6.7")

    @tastes("DSN")
    def test_dsn(self) -> None:
        """The parameters are kept as they were."""
        self.assertIn("DSN", self.offered())
        recipient = f"{RCPT} NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+2Bb@there.test"
        with self.greeted() as wire:
            codes = wire.codes(f"{MAIL} RET=HDRS ENVID=QQ+3D1", recipient, "DATA")
            self.assertEqual(codes, ["250", "250", "354"])
            wire.send(CONTENT)
            self.assertEqual(wire.code(), "250")
        (mail,) = self.mails()
        values = [p["value"] for p in mail["mailParameters"]]
        self.assertEqual(values, ["HDRS", "QQ+3D1"])
        values = [p["value"] for p in mail["recipients"][0]["parameters"]]
        self.assertEqual(values, ["SUCCESS,DELAY", "rfc822;a+2Bb@there.test"])

    @tastes("Rare extensions")
    def test_rare(self) -> None:
        """What is sent with MAIL is kept."""
        self.assertLessEqual({"REQUIRETLS", "DELIVERBY 240"}, self.offered())
        sent = ["REQUIRETLS", "MT-PRIORITY=3", "BY=120;R", "HOLDFOR=60"]
        with self.greeted() as wire:
            wire.codes(" ".join([MAIL, *sent]), RCPT, "DATA")
            wire.send(CONTENT)
            self.assertEqual(wire.code(), "250")
        (mail,) = self.mails()
        kept = [(p["name"], p["value"]) for p in mail["mailParameters"]]
        self.assertEqual(["=".join(filter(None, pair)) for pair in kept], sent)

    @tastes("Long lines, dots and unusual octets")
    def test_octets(self) -> None:
        """Only the doubled dots are single ones."""
        odd = b"x" * 5000 + b"\r\n..\r\n..x\r\na\rb\nc\0d\xff\r\n"
        self.assertEqual(self.deliver(odd + b".\r\n")[:3], "250")
        (mail,) = self.mails()
        kept = self.raw(mail["id"])
        self.assertEqual(kept, odd.replace(b"\r\n..", b"\r\n."))


class SmugglingTests(Kitchen):
    """Smuggling"""

    @tastes("Only CR LF dot CR LF ends the content")
    def test_ends(self) -> None:
        """One mail has all of it, and the transcript a flag."""
        second = b"MAIL FROM:<eve@here.test>\r\nRCPT TO:<a@there.test>\r\nDATA\r\nx"
        for count, end in enumerate((b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n"), 1):
            content = b"first" + end + second + b"\r\n"
            self.assertEqual(self.deliver(content + b".\r\n")[:3], "250", end)
            kept = self.mails()
            self.assertEqual(len(kept), count)
            # A dot at the beginning of a line is a stuffed one.
            content = content.replace(b"\r\n.\n", b"\r\n\n")
            raw = self.raw(kept[-1]["id"])
            self.assertEqual(raw, content)
            flags = [e.get("smuggling") for e in self.session()["transcript"]]
            self.assertIn(True, flags)
        self.assertEqual(self.deliver(b"a\r\n\0.\r\nb\r\n.\r\n")[:3], "250")
        self.assertTrue(self.session()["transcript"][-1]["smuggling"])
        self.assertEqual({mail["from"] for mail in self.mails()}, {"b@here.test"})
