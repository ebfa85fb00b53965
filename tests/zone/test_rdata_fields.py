"""The kinds of fields of record data."""

from __future__ import annotations

import attrs
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.zone.rdata_fields import (
    IPV4,
    U16,
    Unsigned,
    character_strings,
    generic_text,
    kind_of,
    parse_generic,
    rdata_field,
)


@attrs.frozen
class Example:
    number: int = rdata_field(U16, "a number")
    address: object = rdata_field(IPV4, "an address")


class KindTests(SynchronousTestCase):
    """Fields and their kinds."""

    def test_kind_of(self):
        """A field tells its kind."""
        kinds = [kind_of(field) for field in attrs.fields(Example)]
        self.assertEqual(kinds, [U16, IPV4])

    def test_range(self):
        """A number is within its bits; the error names field and value."""
        self.assertEqual(Example(0xFFFF, "192.0.2.1").number, 0xFFFF)
        for number in (-1, 0x10000):
            with self.assertRaises(ValueError) as caught:
                Example(number, "192.0.2.1")
            message = f"number must be from 0 to 65,535, got {number}"
            self.assertEqual(str(caught.exception), message)
        two = Unsigned(">B", (0, 1))
        self.assertRaises(ValueError, two.check, None, attrs.fields(Example)[0], 2)

    def test_address(self):
        """An address is read from text, or taken as it is."""
        address = Example(1, "192.0.2.1").address
        self.assertIs(Example(1, address).address, address)
        self.assertRaises(ValueError, Example, 1, "192.0.2")


class CharacterStringTests(SynchronousTestCase):
    """`character_strings`."""

    def test_one_and_several(self):
        """One text is one string, several are as many; an empty one counts."""
        self.assertEqual(character_strings("a"), ("a",))
        self.assertEqual(character_strings(["a", "", "b"]), ("a", "", "b"))
        self.assertEqual(character_strings(""), ("",))

    def test_long(self):
        """A text over 255 octets is split, one of 255 is not."""
        self.assertEqual(character_strings("a" * 255), ("a" * 255,))
        self.assertEqual(character_strings("a" * 511), ("a" * 255, "a" * 255, "a"))

    def test_characters_stay_whole(self):
        """No character is torn apart where a text is split."""
        self.assertEqual(character_strings("é" * 128), ("é" * 127, "é"))

    @given(st.lists(st.text(st.characters(codec="utf-8"), max_size=600)))
    def test_any(self, texts: list[str]):
        """Strings are of at most 255 octets, and their texts those that were given."""
        strings = character_strings(texts)
        self.assertEqual("".join(strings), "".join(texts))
        self.assertTrue(all(len(string.encode()) <= 255 for string in strings))


class GenericTests(SynchronousTestCase):
    r"""``\# 4 0a000001`` (RFC 3597 §5)."""

    def test_texts(self):
        """Octets are written with their number, in hexadecimal."""
        self.assertEqual(generic_text(b"\x0a\0\0\1"), r"\# 4 0a000001")
        self.assertEqual(generic_text(b""), r"\# 0")

    def test_parse(self):
        """The digits may be of either case, and parted anywhere."""
        for text in (r"\# 4 0a000001", r"\# 4 0A00 0001", "\\#\t4\n0 A0000 01"):
            self.assertEqual(parse_generic(text), b"\x0a\0\0\1")
        self.assertEqual(parse_generic(r"\# 0"), b"")

    def test_refused(self):
        """What is not of that form, or not of that length, is refused."""
        for text in (
            "",
            "4 00",
            r"\# 1",
            r"\# 1 0",
            r"\# 1 0000",
            r"\# 1 xx",
            r"\#1 00",
        ):
            with self.subTest(text):
                self.assertRaises(ValueError, parse_generic, text)

    @given(st.binary())
    def test_round_trip(self, data: bytes):
        """Any octets are read as they were written."""
        self.assertEqual(parse_generic(generic_text(data)), data)
