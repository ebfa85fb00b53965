"""What the fields of rdata are made of."""

from __future__ import annotations

import attrs
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.zone.kinds import IPV4, U16, Kind, character_strings, kind_of, within


@attrs.frozen
class Example:
    number: int = attrs.field(**U16)
    address: object = attrs.field(**IPV4, default="192.0.2.1")


class KindTests(SynchronousTestCase):
    """Fields and their kinds."""

    def test_kind_of(self):
        """A field tells its kind."""
        kinds = [kind_of(field) for field in attrs.fields(Example)]
        self.assertEqual(kinds, [Kind.U16, Kind.IPV4])

    def test_range(self):
        """A number is within its bits; the error names field and value."""
        self.assertEqual(Example(0xFFFF).number, 0xFFFF)
        for number in (-1, 0x10000):
            with self.assertRaises(ValueError) as caught:
                Example(number)
            self.assertIn(f"number is {number}", str(caught.exception))
        self.assertRaises(ValueError, within(3), None, attrs.fields(Example)[0], 4)

    def test_address(self):
        """An address is read from text, or taken as it is."""
        address = Example(1).address
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
