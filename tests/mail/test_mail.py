"""Mails as they are kept, and what they weigh."""

from __future__ import annotations

import attrs
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.grammar.address import NULL_ADDRESS, Address
from mocksmtp.grammar.command import Parameter
from mocksmtp.mail.mail import Envelope, Mail, Origin, PlainRecipients, Recipient

BOB = Recipient(Address("bob@ex.test"))


def envelope(
    *recipients: Recipient, sender: str = "", parameters: tuple[Parameter, ...] = ()
) -> Envelope:
    return Envelope(Address(sender), parameters, recipients)


class EnvelopeTests(SynchronousTestCase):
    """`Envelope`"""

    def test_every_recipient_is_kept_in_order(self) -> None:
        """The same recipient may come twice (RFC 5321 §4.1.1.3)."""
        ann = Recipient(Address("ann@ex.test"))
        self.assertEqual(envelope(BOB, ann, BOB).recipients, (BOB, ann, BOB))

    def test_plain_recipients_are_the_same_recipients(self) -> None:
        """Kept as octets, they are read, compared and weighed as a tuple of paths."""
        for texts in (["bob@ex.test"], ["bob@ex.test", "ann@ex.test", "bob@ex.test"]):
            paths = tuple(Recipient(Address(text)) for text in texts)
            plain = PlainRecipients([text.encode() for text in texts])
            self.assertEqual(len(plain), len(paths))
            self.assertEqual((*plain,), paths)
            self.assertEqual((plain[0], plain[-1]), (paths[0], paths[-1]))
            self.assertEqual(plain[:2], paths[:2])
            self.assertIn(paths[0], plain)
            self.assertEqual(repr(plain), repr(paths))
            self.assertRaises(IndexError, lambda plain=plain: plain[3])
            kept, other = Envelope(NULL_ADDRESS, (), plain), envelope(*paths)
            self.assertEqual(kept, other)
            self.assertEqual(other, kept)
            self.assertEqual(hash(kept), hash(other))
            self.assertEqual(kept.weight, other.weight)
            self.assertNotEqual(kept, envelope(*paths, BOB))

    def test_normalized_recipients(self) -> None:
        """The domains are in lower case, however the recipients are kept."""
        kept = PlainRecipients([b"Bob@Ex.Test", b"Ann@ex.test"])
        for recipients in kept, tuple(kept):
            found = Envelope(NULL_ADDRESS, (), recipients).normalized_recipients()
            self.assertEqual([*found], ["Bob@ex.test", "Ann@ex.test"])

    def test_a_recipient_has_no_parameters_by_default(self) -> None:
        """Most RCPT commands bring none."""
        self.assertEqual(BOB.parameters, ())

    def test_each_text_adds_to_the_weight(self) -> None:
        """A longer address, name or value costs its length."""
        long = "x" * 1000
        for light, heavy in (
            (envelope(), envelope(sender=long)),
            (envelope(BOB), envelope(Recipient(Address("bob@ex.test" + long)))),
            (
                envelope(parameters=(Parameter("A", ""),)),
                envelope(parameters=(Parameter("A", long),)),
            ),
            (
                envelope(parameters=(Parameter("A", ""),)),
                envelope(parameters=(Parameter("A" + long, ""),)),
            ),
            (
                envelope(Recipient(NULL_ADDRESS, (Parameter("A", ""),))),
                envelope(Recipient(NULL_ADDRESS, (Parameter("A", long),))),
            ),
        ):
            self.assertEqual(heavy.weight - light.weight, 1000)

    def test_each_object_adds_to_the_weight(self) -> None:
        """Nothing is for free: many empty parts can't pass by the bound on memory."""
        empty = Parameter("", "")
        for light, heavy in (
            (envelope(), envelope(Recipient(NULL_ADDRESS))),
            (envelope(), envelope(parameters=(empty,))),
            (
                envelope(Recipient(NULL_ADDRESS)),
                envelope(Recipient(NULL_ADDRESS, (empty,))),
            ),
        ):
            self.assertGreaterEqual(heavy.weight - light.weight, 100)
        self.assertGreater(envelope().weight, 0)


class MailTests(SynchronousTestCase):
    """`Mail`"""

    def setUp(self) -> None:
        origin = Origin("7", "127.0.0.1", "client.test")
        self.mail = Mail(12, envelope(BOB), b"secret content", 1.5, origin, 900)

    def test_its_id_is_its_number(self) -> None:
        """The API names a mail by the text of its number."""
        self.assertEqual(self.mail.id, "12")

    def test_it_shows_no_content(self) -> None:
        """A failing test shows the envelope, not 64 MiB of content."""
        self.assertNotIn("secret", repr(self.mail))
        self.assertIn("bob@ex.test", repr(self.mail))

    def test_content_counts_when_mails_are_compared(self) -> None:
        """Mails that differ in their content only are different."""
        self.assertNotEqual(self.mail, attrs.evolve(self.mail, content=b""))
