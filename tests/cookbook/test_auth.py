"""Recipes for AUTH."""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode

from tests.cookbook.case import MAIL, Kitchen, tastes
from tests.cookbook.wire import Wire


def base64(text: str) -> str:
    return b64encode(text.encode()).decode()


PLAIN = f"AUTH PLAIN {base64(chr(0) + 'bob' + chr(0) + 's3cret')}"


def cram_md5(wire: Wire) -> str:
    """The reply to bob's proof."""
    challenge = b64decode(wire.say("AUTH CRAM-MD5")[4:])
    proof = hmac.new(b"s3cret", challenge, "md5").hexdigest()
    return wire.say(base64(f"bob {proof}"))


class AuthTests(Kitchen):
    """What becomes of AUTH"""

    def offering(self, mechanisms: str) -> Wire:
        """A connection that is told these mechanisms."""
        wire = self.greeted()
        self.assertIn(f"AUTH {mechanisms}\n", wire.say("EHLO c"))
        return wire

    @tastes("Working mechanisms")
    def test_mechanisms(self) -> None:
        """Each with bob's password."""
        offered = "PLAIN LOGIN CRAM-MD5 XOAUTH2 OAUTHBEARER"
        bearer = base64("n,a=bob,\1auth=Bearer s3cret\1\1")
        token = base64("user=bob\1auth=Bearer s3cret\1\1")
        with self.offering(offered) as wire:
            self.assertEqual(wire.codes(PLAIN), ["235"])
        with self.offering(offered) as wire:
            codes = wire.codes("AUTH LOGIN", base64("bob"), base64("s3cret"))
            self.assertEqual(codes, ["334", "334", "235"])
        with self.offering(offered) as wire:
            self.assertEqual(cram_md5(wire)[:3], "235")
        with self.offering(offered) as wire:
            self.assertEqual(wire.codes(f"AUTH XOAUTH2 {token}"), ["235"])
        with self.offering(offered) as wire:
            self.assertEqual(wire.codes(f"AUTH OAUTHBEARER {bearer}"), ["235"])
        self.assertEqual(self.session()["authUser"], "bob")

    @tastes("A wrong password")
    def test_wrong(self) -> None:
        """535, and the right one is fine."""
        wrong = base64("\0bob\0no")
        with self.greeted() as wire:
            codes = wire.codes("EHLO c", f"AUTH PLAIN {wrong}", PLAIN)
            self.assertEqual(codes, ["250", "535", "235"])

    @tastes("An outage, switched on and off")
    def test_outage(self) -> None:
        """By the API, on an open connection."""
        with self.greeted() as wire:
            self.put("/scenarios", {"outage": "down"})
            said = wire.say(PLAIN)
            self.assertEqual(said, "454 4.7.0 Temporary authentication failure")
            self.put("/scenarios", {"outage": "Started"})
            self.assertEqual(wire.codes(PLAIN), ["235"])

    @tastes("A password transition is required")
    def test_transition(self) -> None:
        """By PLAIN it is fine."""
        with self.greeted() as wire:
            said = cram_md5(wire)
            self.assertEqual(said, "432 4.7.12 A password transition is needed")
            self.assertEqual(wire.codes(PLAIN), ["235"])

    @tastes("A mechanism too weak for the user")
    def test_weak(self) -> None:
        """Others are not."""
        with self.greeted() as wire:
            self.assertEqual(wire.say(PLAIN), "534 5.7.9 Mechanism is too weak")
            codes = wire.codes("AUTH LOGIN", base64("bob"), base64("s3cret"))
            self.assertEqual(codes, ["334", "334", "235"])

    @tastes("AUTH required")
    def test_required(self) -> None:
        """Before MAIL."""
        with self.greeted() as wire:
            codes = wire.codes("EHLO c", MAIL, PLAIN, MAIL)
            self.assertEqual(codes, ["250", "530", "235", "250"])

    @tastes("AUTH only under TLS")
    def test_under_tls(self) -> None:
        """And not offered before."""
        with self.at_tls() as wire:
            wire.code()
            wire.start_tls()
            self.assertIn("AUTH PLAIN", wire.say("EHLO c"))
            self.assertEqual(wire.codes(PLAIN), ["235"])
        with self.greeted() as wire:
            self.assertNotIn("AUTH", wire.say("EHLO c"))
            self.assertEqual(wire.codes(PLAIN), ["538"])

    @tastes("A mechanism that is not offered")
    def test_not_offered(self) -> None:
        """504."""
        with self.offering("PLAIN") as wire:
            self.assertEqual(wire.codes("AUTH CRAM-MD5", PLAIN), ["504", "235"])

    @tastes("A challenge that is not base64")
    def test_challenge(self) -> None:
        """A client that cancels goes on."""
        with self.greeted() as wire:
            self.assertEqual(wire.say("AUTH CRAM-MD5"), "334 %%%")
            self.assertEqual(wire.codes("*", "NOOP"), ["501", "250"])

    @tastes("Closed during the exchange")
    def test_cut_off(self) -> None:
        """Behind the challenge."""
        with self.greeted() as wire:
            wire.send(b"AUTH LOGIN\r\n")
            self.assertEqual(wire.rest(), b"334 VXNlcm5hbWU6\r\n")
