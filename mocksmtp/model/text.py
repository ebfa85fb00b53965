"""Octets of a mail to text: any octets, any charset name, in linear time.

A charset is named by who wrote the mail. Only those that stand for plain text are
looked up: Python knows others that unpack, import, or take quadratic time.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from encodings.aliases import aliases

WINDOW = 64 * 1024
"""Octets that are worked on at once; between windows other threads get a turn."""

# By the names that Python gives them. None of these lets a lone surrogate through,
# which no document can hold, as UTF-7 does.
_TEXT_CODEC = re.compile(
    r"ascii|latin_1|utf_8|utf_(?:16|32)(?:_[bl]e)?|iso8859_\d+|cp\d+|koi8_[rtu]"
    r"|gb2312|gbk|gb18030|hz|big5|big5hkscs|euc_\w+|shift_jis\w*|iso2022_\w+"
    r"|johab|tis_620|mac_\w+|hp_roman8|ptcp154|kz1048"
)
_CHARSET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+()-]{0,39}")


def decode_text(octets: bytes, charset: str = "utf-8") -> str:
    """
    Text from `octets`, with U+FFFD for what is none; never an exception.

    :param charset: its name as a mail gives it; an unknown one is taken for UTF-8
    """
    name = _codec_name(charset)
    if name in ("utf_16", "utf_32"):
        # Big-endian unless it says otherwise (RFC 2781 §4.3).
        name += "_le" if octets.startswith(codecs.BOM_UTF16_LE) else "_be"
    if len(octets) <= WINDOW:
        return octets.decode(name, "replace")
    decoder = codecs.getincrementaldecoder(name)("replace")
    windows = [decoder.decode(window) for window in windows_of(octets)]
    return "".join(windows) + decoder.decode(b"", final=True)


def windows_of(octets: bytes) -> Iterator[bytes]:
    """`octets` in pieces of `WINDOW`."""
    for start in range(0, len(octets), WINDOW):
        yield octets[start : start + WINDOW]


def _codec_name(charset: str) -> str:
    if charset == "utf-8" or not _CHARSET.fullmatch(charset):
        return "utf-8"
    normal = re.sub(r"[^a-z0-9.]+", "_", charset.lower())
    name = aliases.get(normal) or aliases.get(normal.replace(".", "_"), normal)
    if not _TEXT_CODEC.fullmatch(name):
        return "utf-8"
    try:
        codecs.getincrementaldecoder(name)
    except LookupError:
        return "utf-8"
    return name
