"""Searching octets, with and without the library that is fast at it"""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.grammar import speed

PARTS = st.text("ab\r\n.", max_size=4).map(str.encode)


def without_stringzilla() -> ModuleType:
    """The module as it is where the extra ``fast`` is not installed."""
    with patch.dict(sys.modules, {"stringzilla": None}):
        del sys.modules[speed.__name__]
        return importlib.import_module(speed.__name__)


class FindTests(SynchronousTestCase):
    """``find`` and ``contains``"""

    def test_the_library_is_optional(self) -> None:
        """Without stringzilla `bytes.find` searches, with the same results."""
        plain = without_stringzilla()
        self.assertIs(plain.find, bytes.find)

        @given(st.lists(PARTS).map(b"".join), PARTS.filter(bool), st.integers(0, 9))
        def check(octets: bytes, part: bytes, start: int) -> None:
            for found in speed.find, plain.find:
                self.assertEqual(found(octets, part, start), octets.find(part, start))
            for padding in b"", b"x" * 1000:
                for one in speed, plain:
                    there = one.contains(octets + padding, part)
                    self.assertEqual(there, part in octets)

        check()

    def test_nothing_occurs_everywhere(self) -> None:
        """An empty part is found, as by Python."""
        for size in 0, 1000:
            self.assertTrue(speed.contains(b"x" * size, b""))


class ValueTests(SynchronousTestCase):
    """Classes of values"""

    def test_values_are_compared_and_hashed_by_their_fields(self) -> None:
        """Two that are equal are one member of a set."""

        @speed.value
        class Pair:
            one: int
            other: str

        self.assertEqual(Pair(1, "a"), Pair(1, "a"))
        self.assertEqual(len({Pair(1, "a"), Pair(1, "a"), Pair(2, "a")}), 2)
