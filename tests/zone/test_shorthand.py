"""Records told by what they are for."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.zone.answer import Record
from mocksmtp.zone.names import Name
from mocksmtp.zone.rdata import TXT
from mocksmtp.zone.shorthand import MTA_STS, SHORTHANDS, TLSRPT

DOMAIN = Name.parse("Ex.test")


class ShorthandTests(SynchronousTestCase):
    """`Shorthand.record`."""

    def test_records(self):
        """Each is the TXT record that its RFC asks for, at the name that it has."""
        self.assertEqual(
            MTA_STS.record(DOMAIN, "20261123", 5),
            Record("_mta-sts.Ex.test", TXT("v=STSv1; id=20261123;"), 5),
        )
        self.assertEqual(
            TLSRPT.record(DOMAIN, "mailto:tls@ex.test", 5),
            Record("_smtp._tls.Ex.test", TXT("v=TLSRPTv1; rua=mailto:tls@ex.test"), 5),
        )

    def test_patterns(self):
        """What would end the value early, or is too long, is no match."""
        for one, good, bad in (
            (MTA_STS, "a" * 32, ["", "a" * 33, "a;b", "a b"]),
            (TLSRPT, "https://a/?b,mailto:c@d", ["", "c@d", "mailto:", "mailto:a;b"]),
        ):
            self.assertTrue(one.pattern.fullmatch(good))
            for text in bad:
                self.assertIsNone(one.pattern.fullmatch(text), text)

    def test_long_name(self):
        """A domain must leave room for the labels before it."""
        longest = Name.parse(".".join(["a" * 61, "b" * 61, "c" * 61, "d" * 63]))
        for one in SHORTHANDS.values():
            with self.assertRaises(ValueError) as caught:
                one.record(longest, "x", 5)
            self.assertIn("longer than 255 octets", str(caught.exception))
