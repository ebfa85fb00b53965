"""Recipes for TLS."""

from __future__ import annotations

import ssl

from tests.cookbook.case import CONTENT, MAIL, OPEN, Kitchen, tastes
from tests.cookbook.wire import anyhow


class StartTlsTests(Kitchen):
    """What becomes of STARTTLS"""

    @tastes("TLS not offered")
    def test_not_offered(self) -> None:
        """Nor done, and a mail comes in clear."""
        with self.greeted() as wire:
            self.assertNotIn("STARTTLS", wire.say("EHLO c"))
            self.assertEqual(wire.codes("STARTTLS", MAIL), ["454", "250"])

    @tastes("STARTTLS temporarily refused")
    def test_for_now(self) -> None:
        """A mail comes in clear in the same session."""
        with self.at_tls() as wire:
            self.assertEqual(wire.reply(), "454 4.7.0 TLS not available")
            self.assertEqual(wire.codes(*OPEN, "DATA"), ["250", "250", "250", "354"])
            wire.send(CONTENT)
            self.assertEqual(wire.code(), "250")

    @tastes("STARTTLS permanently refused")
    def test_for_good(self) -> None:
        """As above."""
        with self.at_tls() as wire:
            self.assertEqual(wire.reply(), "502 5.5.1 Not implemented")
            self.assertEqual(wire.codes(*OPEN), ["250"] * 3)

    @tastes("Closed at STARTTLS")
    def test_cut_off(self) -> None:
        """Not a word."""
        with self.at_tls() as wire:
            self.assertEqual(wire.rest(), b"")

    @tastes("220 to STARTTLS, then closed")
    def test_closed(self) -> None:
        """The reply, and the end."""
        with self.at_tls() as wire:
            self.assertEqual(wire.rest(), b"220 Go\r\n")

    @tastes("220 to STARTTLS, then garbage, once")
    def test_garbage(self) -> None:
        """The second time the handshake succeeds."""
        with self.at_tls() as wire:
            self.assertEqual(wire.code(), "220")
            with self.assertRaises(ssl.SSLError):
                wire.start_tls()
        with self.at_tls() as wire:
            self.assertEqual(wire.code(), "220")
            wire.start_tls()
            self.assertEqual(wire.codes("EHLO c"), ["250"])

    @tastes("220 to STARTTLS, then silence")
    def test_silence(self) -> None:
        """The client's first message has no answer."""
        with self.at_tls() as wire:
            self.assertEqual(wire.code(), "220")
            wire.socket.settimeout(0.1)
            with self.assertRaises(TimeoutError):
                wire.start_tls()
        self.session("hung")

    @tastes("Plaintext injected after the server's 220")
    def test_injected_by_the_server(self) -> None:
        """It is in one packet with the 220; the handshake succeeds."""
        with self.at_tls() as wire:
            self.assertEqual(wire.code(), "220")
            self.assertEqual(wire.reply(), "250-mx.there.test\n250 X-INJECTED")
            wire.start_tls()
            self.assertNotIn("X-INJECTED", wire.say("EHLO c"))

    @tastes("Plaintext injected after the client's STARTTLS")
    def test_injected_by_the_client(self) -> None:
        """It is not looked at, and recorded."""
        with self.greeted() as wire:
            wire.send(b"STARTTLS\r\nMAIL FROM:<eve@here.test>\r\n")
            self.assertEqual(wire.code(), "220")
            wire.start_tls()
            self.assertEqual(wire.codes("EHLO c", MAIL), ["250", "250"])
        self.assertTrue(self.session()["transcript"][1]["injected"])


class UnderTlsTests(Kitchen):
    """What is said under TLS"""

    @tastes("EHLO refused under TLS")
    def test_ehlo(self) -> None:
        """HELO is not."""
        with self.under_tls() as wire:
            self.assertEqual(wire.say("EHLO c"), "502 5.5.1 Not here")
            self.assertEqual(wire.codes("HELO c", MAIL), ["250", "250"])

    @tastes("421 under TLS")
    def test_421(self) -> None:
        """And it is over."""
        with self.under_tls() as wire:
            wire.send(b"EHLO c\r\n")
            self.assertEqual(wire.rest(), b"421 4.3.2 Too busy\r\n")

    @tastes("Implicit TLS")
    def test_implicit(self) -> None:
        """The banner comes under TLS."""
        with self.connect("submission") as wire:
            self.assertTrue(wire.is_silent())
            wire.start_tls()
            self.assertEqual(wire.code(), "220")
            self.assertNotIn("STARTTLS", wire.say("EHLO c"))

    @tastes("The requested server name (SNI)")
    def test_name(self) -> None:
        """Is in the journal."""
        with self.at_tls() as wire:
            self.assertEqual(wire.code(), "220")
            wire.start_tls(name="mx.there.test")
            self.assertEqual(wire.codes("EHLO c"), ["250"])
        self.assertEqual(self.session()["tls"]["sni"], "mx.there.test")

    @tastes("A client certificate is required")
    def test_client_certificate(self) -> None:
        """A client that has none fails; without TLS the mail is taken."""
        context = anyhow()
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with self.at_tls() as wire:
            self.assertEqual(wire.code(), "220")
            with self.assertRaisesRegex(ssl.SSLError, "(?i)handshake.failure"):
                wire.start_tls(context)
        self.assertEqual(self.deliver()[:3], "250")

    @tastes("Only obsolete versions of TLS")
    def test_versions(self) -> None:
        """No handshake with a client of today; one that allows TLS 1.1 has it."""
        context = anyhow()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        with self.at_tls() as wire:
            self.assertEqual(wire.code(), "220")
            with self.assertRaisesRegex(ssl.SSLError, "(?i)protocol|version"):
                wire.start_tls(context)
        context = anyhow()
        context.minimum_version = ssl.TLSVersion.TLSv1_1
        context.set_ciphers("DEFAULT:@SECLEVEL=0")
        with self.at_tls() as wire:
            self.assertEqual(wire.code(), "220")
            wire.start_tls(context)
            self.assertEqual(wire.codes("EHLO c"), ["250"])


class CertificateTests(Kitchen):
    """What a client that verifies says to the certificate"""

    def verify(self) -> None:
        """Shake hands as a client that trusts the service's root."""
        root = self.wait_for(lambda: self.mock.api.call("GET", "/ca.pem")).decode()
        context = ssl.create_default_context(cadata=root)
        with self.at_tls() as wire:
            self.assertEqual(wire.code(), "220")
            wire.start_tls(context, "localhost")

    def assert_refused(self, reason: str) -> None:
        """It is that, and nothing else, for which the client leaves."""
        with self.assertRaisesRegex(ssl.SSLCertVerificationError, reason):
            self.verify()
        with self.under_tls() as wire:
            self.assertEqual(wire.codes(*OPEN), ["250"] * 3)

    @tastes("A self-signed certificate")
    def test_self_signed(self) -> None:
        """Of nobody else."""
        self.assert_refused("self.signed")

    @tastes("An expired certificate")
    def test_expired(self) -> None:
        """Of the right authority, and too old."""
        self.assert_refused("expired")

    @tastes("A certificate for another name")
    def test_name(self) -> None:
        """Of the right authority, for another host."""
        self.assert_refused("(?i)hostname mismatch")

    @tastes("A certificate of an unknown authority")
    def test_authority(self) -> None:
        """Which is not the one of /ca.pem."""
        self.assert_refused("unable to get local issuer|unknown|self.signed")
