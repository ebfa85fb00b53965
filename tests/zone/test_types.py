"""Types of records by number and by name."""

from __future__ import annotations

import dns.rdatatype
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.zone.types import RRType, is_data_type, type_name, type_number


class RRTypeTests(SynchronousTestCase):
    """`type_name` and `type_number`."""

    def test_known(self):
        """A type that is met has its name."""
        self.assertEqual(type_name(15), "MX")
        self.assertEqual(type_number("MX"), 15)
        self.assertEqual(type_number("TYPE15"), 15)

    def test_unknown(self):
        """Any other has its number (RFC 3597 §5)."""
        self.assertEqual(type_name(65280), "TYPE65280")
        self.assertEqual(type_number("TYPE65280"), 65280)

    def test_no_types(self):
        """What names no type of 16 bits is refused, with a part of what it was."""
        numbers = ("", "65536", "01", "-1", "\u0661")
        for text in ("", "mx", "MXX", *(f"TYPE{number}" for number in numbers)):
            with self.subTest(text):
                self.assertRaises(ValueError, type_number, text)
        with self.assertRaises(ValueError) as caught:
            type_number("X" * 100_000)
        self.assertLess(len(str(caught.exception)), 100)

    @given(st.integers(0, 0xFFFF))
    def test_round_trip(self, number: int):
        """Every number is read from its name."""
        self.assertEqual(type_number(type_name(number)), number)

    def test_names_are_those_of_others(self):
        """IANA's types have the names that dnspython has, so that zone files agree."""
        for member in set(RRType) - {RRType.SECURE, RRType.TLSAFROM}:
            self.assertEqual(dns.rdatatype.to_text(member.value), member.name)

    def test_types_of_records(self):
        """Records have types for data alone (RFC 6895 §3.1)."""
        for number in (1, 15, 99, 127, 256, 257, 65280, 65535):
            self.assertTrue(is_data_type(number), number)
        for number in (0, 41, 128, 249, 252, 255, -1, 65536):
            self.assertFalse(is_data_type(number), number)
