"""Decoding of octets in the charsets that mails name, in linear time.

A charset's name is chosen by the sender of the mail. It is looked up as browsers
do (the WHATWG Encoding Standard, by ``webencodings``), then among Python's codecs
for text: Python knows others, which unpack, import, or take quadratic time.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from encodings.aliases import aliases
from functools import lru_cache

import webencodings

WINDOW = 64 * 1024
"""Octets processed at a time; between windows, other threads can run."""

# The keys are Python's names of codecs.
_TEXT_CODEC = re.compile(
    r"ascii|latin_1|utf_[78]|utf_8_sig|utf_(?:16|32)(?:_[bl]e)?|iso8859_\d+|cp\d+"
    r"|koi8_[rtu]|gb2312|gbk|gb18030|hz|big5|big5hkscs|euc_\w+|shift_jis\w*"
    r"|iso2022_\w+|johab|tis_620|mac_\w+|hp_roman8|ptcp154|kz1048"
)
_CHARSET = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:+()-]{0,39}")

_SUPERSETS = {
    "latin_1": "cp1252",
    "shift_jis": "cp932",
    "euc_kr": "cp949",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "big5": "cp950",
    "iso2022_jp": "iso2022_jp_ext",
    "iso2022_jp_1": "iso2022_jp_ext",
}
"""The codecs to use for charsets whose names mailers use for a superset."""

_JAPANESE = {"iso2022_jp_ext": "iso2022_jp_2004", "euc_jp": "euc_jis_2004"}

_ASCII = frozenset({"ascii", "us_ascii", "ansi_x3.4_1968"})
"""Names of ASCII, which the WHATWG standard decodes as windows-1252."""

_WIDE = {
    "utf_16": (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE),
    "utf_32": (codecs.BOM_UTF32_LE, codecs.BOM_UTF32_BE),
}


def decode_text(octets: bytes, charset: str = "utf-8") -> str:
    """
    Decode octets; never raises.

    A byte order mark is removed; that of UTF-8 takes precedence over `charset`.

    :param charset: the charset's name in the mail; UTF-8 replaces an unknown one
    :return: text without surrogates; U+FFFD replaces invalid octets
    """
    if charset == "utf-8" and octets.isascii():
        # A fast path for most header fields, in a fifth of the time.
        return octets.decode("ascii")
    name = codec_name(charset) or "utf_8"
    if octets.startswith(codecs.BOM_UTF8):
        name = "utf_8_sig"
    elif name == "ascii":
        name = _codec_of_ascii(octets)
    elif name in _WIDE:
        name, octets = _byte_order(name, octets)
    if name == "utf_7":
        return _decode_utf7(octets)
    text = _decode(octets, name)
    if name in _JAPANESE and "\ufffd" in text:
        text = min(text, _decode_japanese(octets, name), key=_invalid)
    return text


@lru_cache(256)
def codec_name(charset: str) -> str | None:
    """The name of Python's codec that decodes `charset`, or None if it is unknown."""
    label = charset.strip(" \t\"'")
    if not _CHARSET.fullmatch(label):
        return None
    normal = re.sub(r"[^a-z0-9.]+", "_", label.lower())
    if normal in _ASCII:
        return "ascii"
    return _whatwg_codec(label, normal) or _python_codec(normal)


def windows_of(octets: bytes) -> Iterator[bytes]:
    """`octets` in pieces of `WINDOW`."""
    for start in range(0, len(octets), WINDOW):
        yield octets[start : start + WINDOW]


def _whatwg_codec(label: str, normal: str) -> str | None:
    encoding = webencodings.lookup(label)
    # The standard has only one byte order of UTF-16, and one variant of Big5.
    if encoding is None or normal == "utf_16" or normal.startswith("big5_hk"):
        return None
    name = re.sub(r"[^a-z0-9]+", "_", encoding.codec_info.name.lower())
    return _python_codec(name)


def _python_codec(normal: str) -> str | None:
    name = aliases.get(normal) or aliases.get(normal.replace(".", "_"), normal)
    name = _SUPERSETS.get(name, name)
    if not _TEXT_CODEC.fullmatch(name):
        return None
    try:
        codecs.getincrementaldecoder(name)
    except LookupError:
        return None
    return name


def _codec_of_ascii(octets: bytes) -> str:
    """The codec for octets above 127 in a text that is declared as ASCII."""
    try:
        octets.decode("utf_8")
    except UnicodeDecodeError:
        return "cp1252"
    return "utf_8"


def _byte_order(name: str, octets: bytes) -> tuple[str, bytes]:
    """The codec with its byte order, and the octets without the mark."""
    little, big = _WIDE[name]
    for mark, order in ((little, "_le"), (big, "_be")):
        if octets.startswith(mark):
            return name + order, octets[len(mark) :]
    # RFC 2781 §4.3 requires big-endian, the WHATWG little-endian: the positions of the
    # zero octets of ASCII characters decide.
    sample = octets[:1024]
    leading, trailing = sample[::2].count(0), sample[1::2].count(0)
    return name + ("_be" if leading > trailing or name == "utf_32" else "_le"), octets


def _decode_japanese(octets: bytes, name: str) -> str:
    """Decode ISO-2022-JP, with vendors' additions to JIS X 0208, as JIS X 0213."""
    # The designation is replaced, because no mailer sends that of JIS X 0213.
    return _decode(octets.replace(b"\x1b$B", b"\x1b$(Q"), _JAPANESE[name])


def _invalid(text: str) -> int:
    return text.count("\ufffd")


def _decode_utf7(octets: bytes) -> str:
    # Python's incremental decoder reads an encoded run again in each window. A space or
    # a line end ends a run (RFC 2152, rule 2), so windows end there.
    pieces, start = [], 0
    while start < len(octets):
        window = octets[start : start + WINDOW]
        if start + WINDOW < len(octets):
            cut = max(window.rfind(b" "), window.rfind(b"\n")) + 1
            window = window[: cut or WINDOW]
        pieces.append(window.decode("utf_7", "replace"))
        start += len(window)
    # Only this codec returns lone surrogates, which JSON can't contain.
    wide = "".join(pieces).encode("utf_16_le", "surrogatepass")
    return wide.decode("utf_16_le", "replace")


def _decode(octets: bytes, name: str) -> str:
    if len(octets) <= WINDOW:
        return octets.decode(name, "replace")
    decoder = codecs.getincrementaldecoder(name)("replace")
    windows = [decoder.decode(window) for window in windows_of(octets)]
    return "".join(windows) + decoder.decode(b"", final=True)
