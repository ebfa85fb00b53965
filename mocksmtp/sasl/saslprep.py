"""SASLprep: one form of names and passwords that are the same (RFC 4013)."""

from __future__ import annotations

import stringprep
from unicodedata import ucd_3_2_0 as unicode_3_2

_PROHIBITED = (
    stringprep.in_table_a1,
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def saslprep(text: str) -> str:
    """
    A text as SASLprep has it, or as it is where SASLprep would refuse it.

    Senders and receivers that meet with a refused password use it as it is; so both
    go on with the same one.
    """
    if text.isascii() and text.isprintable():
        return text
    mapped = "".join(map(_mapped, text))
    prepared = unicode_3_2.normalize("NFKC", mapped)
    return text if _is_prohibited(prepared) else prepared


def _mapped(character: str) -> str:
    """Any space as the plain one, and nothing for what is not seen (RFC 4013 §2.1)."""
    if stringprep.in_table_c12(character):
        return " "
    return "" if stringprep.in_table_b1(character) else character


def _is_prohibited(text: str) -> bool:
    if not text or any(table(one) for one in text for table in _PROHIBITED):
        return True
    if not any(map(stringprep.in_table_d1, text)):
        return False
    # Text from right to left is that from end to end (RFC 3454 §6).
    ends = stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
    return not ends or any(map(stringprep.in_table_d2, text))
