"""Recipes for the banner and EHLO."""

from __future__ import annotations

from tests.cookbook.case import CONTENT, MAIL, OPEN, RCPT, Kitchen, tastes


class BannerTests(Kitchen):
    """What comes first"""

    @tastes("The banner is 421")
    def test_421(self) -> None:
        """And it is over."""
        with self.connect() as wire:
            self.assertEqual(wire.rest(), b"421 4.3.2 Busy\r\n")

    @tastes("The banner is 554")
    def test_554(self) -> None:
        """Only QUIT is left."""
        with self.connect() as wire:
            self.assertEqual(wire.reply(), "554 No SMTP service here")
            self.assertEqual(wire.codes("EHLO c", MAIL, "QUIT"), ["503", "503", "221"])

    @tastes("The banner is 521")
    def test_521(self) -> None:
        """As with 554."""
        with self.connect() as wire:
            self.assertEqual(wire.reply(), "521 mx.there.test does not accept mail")
            self.assertEqual(wire.codes("EHLO c", "QUIT"), ["503", "221"])

    @tastes("A banner of several lines")
    def test_several_lines(self) -> None:
        """And then all is as usual."""
        with self.connect() as wire:
            lines = ["220-mx.there.test ESMTP", "220-No spam", "220 All is recorded"]
            self.assertEqual(wire.reply().split("\n"), lines)
            self.assertEqual(wire.codes("EHLO c"), ["250"])

    @tastes("A slow banner on some connections")
    def test_some_are_slow(self) -> None:
        """Half a minute later all have it; some had it at once."""
        wires = [self.connect() for _ in range(40)]
        for wire in wires:
            self.addCleanup(wire.socket.close)
        self.wait_for_all(len(wires))
        self.assertEqual({wire.code() for wire in wires}, {"220"})
        sessions = self.get("/smtpSessions")
        late = [s for s in sessions if s["transcript"][0].get("delay", 0) >= 30000]
        self.assertIn(len(late), range(1, 40))

    def wait_for_all(self, count: int) -> None:
        self.until(lambda: len(self.get("/smtpSessions")) == count)
        self.pass_time("30s")

    @tastes("A dripped banner")
    def test_drops(self) -> None:
        """A second brings one octet."""
        with self.connect() as wire:
            banner = [wire.some()]
            self.assertTrue(wire.is_silent())
            while not banner[-1].endswith(b"\n"):
                self.pass_time("1s")
                banner.append(wire.some())
            self.assertEqual({len(octets) for octets in banner}, {1})
            self.assertRegex(b"".join(banner), rb"\A220 .* ESMTP .*\r\n\Z")

    @tastes("A banner over 512 octets")
    def test_long(self) -> None:
        """In one line."""
        with self.connect() as wire:
            banner = wire.line()
            self.assertTrue(banner.startswith(b"220 mx.there.test ESMTP x"))
            self.assertGreater(len(banner), 512)
            self.assertEqual(wire.codes("EHLO c"), ["250"])

    @tastes("A non-ASCII banner")
    def test_not_ascii(self) -> None:
        """Nor UTF-8."""
        with self.connect() as wire:
            banner = "220 mx.there.test Grüße\r\n".encode("latin-1")
            self.assertEqual(wire.line(), banner)
            self.assertEqual(wire.codes("EHLO c"), ["250"])

    @tastes("Junk before the banner")
    def test_junk(self) -> None:
        """And the banner behind it."""
        with self.connect() as wire:
            self.assertEqual(wire.line(), b"\0\xff warming up\r\n")
            self.assertEqual(wire.line(), b"220 mx.there.test ESMTP\r\n")
            self.assertEqual(wire.codes("EHLO c"), ["250"])


class EhloTests(Kitchen):
    """What is answered to EHLO"""

    @tastes("EHLO is unknown")
    def test_not_known(self) -> None:
        """HELO is, and brings a mail."""
        with self.greeted() as wire:
            self.assertEqual(wire.say("EHLO c"), "502 5.5.1 What is EHLO?")
            self.assertEqual(wire.codes("HELO c", *OPEN[1:]), ["250"] * 3)
            self.assertEqual(wire.codes("DATA"), ["354"])
            wire.send(CONTENT)
            self.assertEqual(wire.code(), "250")

    @tastes("EHLO gets 421")
    def test_421(self) -> None:
        """And it is over."""
        with self.greeted() as wire:
            wire.send(b"EHLO c\r\n")
            self.assertEqual(wire.rest(), b"421 4.3.2 Going down\r\n")

    @tastes("Reset at EHLO")
    def test_cut_off(self) -> None:
        """A RST in place of a reply; HELO is fine."""
        with self.greeted() as wire:
            wire.send(b"EHLO c\r\n")
            with self.assertRaises(ConnectionResetError):
                wire.rest()
        with self.greeted() as wire:
            self.assertEqual(wire.codes("HELO c"), ["250"])

    @tastes("No extensions")
    def test_nothing(self) -> None:
        """No keyword that means anything is in the reply."""
        with self.greeted() as wire:
            lines = wire.say("EHLO c").split("\n")
            self.assertEqual([line[4:] for line in lines[1:]], ["HELP"])

    @tastes("Other extensions under TLS")
    def test_under_tls(self) -> None:
        """None of those that were told in clear."""
        with self.greeted() as wire:
            lines = {line[4:] for line in wire.say("EHLO c").split("\n")[1:]}
            clear = {"PIPELINING", "SIZE 1000", "STARTTLS", "HELP"}
            self.assertEqual(lines, clear)
            self.assertEqual(wire.codes("STARTTLS"), ["220"])
            wire.start_tls()
            lines = {line[4:] for line in wire.say("EHLO c").split("\n")[1:]}
            self.assertEqual(lines, {"8BITMIME", "SIZE 5000000", "HELP"})

    @tastes("Unusual keywords")
    def test_odd(self) -> None:
        """As they stand there, and EHLO has taken place."""
        with self.greeted() as wire:
            lines = [line[4:] for line in wire.say("EHLO c").split("\n")]
            odd = ["mx.there.test", "pipelining", "Size=1000", "", "-", "X-OWN a=b"]
            self.assertEqual(lines, [*odd, "8bitmime"])
            self.assertEqual(wire.codes(MAIL, RCPT), ["250", "250"])
        self.assertEqual(self.session()["helo"], "c")
