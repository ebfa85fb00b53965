"""Header fields of a mail (RFC 5322 §2.2), and what is encoded in them.

Encoded words are RFC 2047's, parameters are those of RFC 2045 §5.1 and RFC 2231.
The grammars are read as mail programs read them, not as they are written: line
ends may be bare LF, and what makes no sense stays as it is. All expressions are
possessive or stop at what starts them, so that time is linear on any input.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from itertools import count, islice, takewhile
from urllib.parse import unquote_to_bytes

import attrs

from mocksmtp.model.text import decode_text
from mocksmtp.model.transfer import decode_base64

HEADER_LIMIT = 128 * 1024
"""Octets of one header block that are read."""

FIELDS_LIMIT = 1000
"""Fields of one header block that are read."""

PARAMETERS_LIMIT = 100
"""Parameters of one field that are read, continuations counted each."""

_FIELD = re.compile(rb"([!-9;-~]++)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)\n?")
_BLANK_LINE = re.compile(rb"\r?\n")
_FOLD = re.compile(rb"\r?\n")
_ENCODED_WORD = re.compile(r"=\?([^?\s]++)\?([BbQq])\?([^?\s]*+)\?=")
_PARAMETER = re.compile(
    r';\s*+([^\s=;"]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*+)"?|([^\s;"]*+))', re.DOTALL
)
_VALUE = re.compile(r"[^\s;(]*+")
_CONTINUATION = re.compile(r"([^*]++)(?:\*(\d{1,3}))?(\*)?", re.ASCII)


@attrs.frozen
class Field:
    """A header field.

    :ivar name: as it was sent
    :ivar body: unfolded (RFC 5322 §2.2.3), its octets still encoded
    """

    name: str
    body: bytes

    @property
    def text(self) -> str:
        """The body with its encoded words decoded."""
        return decode_words(decode_text(self.body))


class HeaderTooLarge(Exception):
    """A header block has more octets or fields than are read."""


def read_fields(
    content: bytes, start: int = 0, end: int | None = None
) -> tuple[list[Field], int]:
    """
    The fields at `start` of `content`, and where the body begins.

    The first line that is no field ends them; an empty one belongs to neither.

    :raises HeaderTooLarge: they are over a limit
    """
    fields = []
    stop = min(len(content) if end is None else end, start + HEADER_LIMIT)
    at = start
    for match in _fields(content, start, stop):
        fields.append(Field(match[1].decode("ascii"), _unfold(match[2])))
        at = match.end()
        if at == start + HEADER_LIMIT or len(fields) > FIELDS_LIMIT:
            raise HeaderTooLarge
    blank = _BLANK_LINE.match(content, at, stop)
    return fields, blank.end() if blank else at


def first_field(content: bytes, name: bytes) -> Field | None:
    """The first field called `name`, which is in lower case, within the limit."""
    for match in _fields(content, 0, HEADER_LIMIT):
        if match[1].lower() == name:
            return Field(match[1].decode("ascii"), _unfold(match[2]))
    return None


def fields_named(content: bytes, name: bytes) -> list[Field]:
    """All fields called `name`, which is in lower case, within the limits."""
    return [
        Field(match[1].decode("ascii"), _unfold(match[2]))
        for match in islice(_fields(content, 0, HEADER_LIMIT), FIELDS_LIMIT)
        if match[1].lower() == name
    ]


def body_of(content: bytes) -> bytes:
    """What follows the header block, as far as that is within the limits."""
    try:
        return content[read_fields(content)[1] :]
    except HeaderTooLarge:
        return b""


def _fields(content: bytes, start: int, stop: int) -> Iterator[re.Match[bytes]]:
    at = start
    while match := _FIELD.match(content, at, stop):
        yield match
        at = match.end()


def _unfold(body: bytes) -> bytes:
    return _FOLD.sub(b"", body).strip(b" \t\r")


def decode_words(text: str) -> str:
    """
    `text` with its encoded words decoded (RFC 2047 §6.2).

    White space between two of them goes. What one says in part, as some senders
    do within a character, is put together where the charset is the same.
    """
    if "=?" not in text:
        return text
    # Pieces of text, each with its charset; None for what is not encoded.
    pieces: list[tuple[str | None, bytearray]] = []
    end = 0
    for match in _ENCODED_WORD.finditer(text):
        between = text[end : match.start()]
        if between.strip() or not end:
            pieces.append((None, bytearray(between.encode())))
        charset = match[1].partition("*")[0].lower()
        if not pieces or pieces[-1][0] != charset:
            pieces.append((charset, bytearray()))
        pieces[-1][1].extend(_word_octets(match))
        end = match.end()
    decoded = [decode_text(bytes(octets), name or "utf-8") for name, octets in pieces]
    return "".join(decoded) + text[end:]


def _word_octets(match: re.Match[str]) -> bytes:
    text = match[3].encode()
    if match[2] in "Bb":
        return decode_base64(text)
    return binascii.a2b_qp(text, header=True)


def value_of(field: Field) -> str:
    """The first word of a structured field, in lower case."""
    match = _VALUE.match(decode_text(field.body))
    return match[0].lower() if match else ""


def parameters_of(field: Field) -> dict[str, str]:
    """
    The parameters of a structured field, by their names in lower case.

    :return: of one that comes twice, the first; RFC 2231's come before others
    """
    plain: dict[str, str] = {}
    parts: dict[str, dict[int, tuple[bool, str]]] = {}
    matches = _PARAMETER.finditer(decode_text(field.body))
    for match in islice(matches, PARAMETERS_LIMIT):
        name = _CONTINUATION.fullmatch(match[1].lower())
        if name is None:
            continue
        value = match[3] if match[2] is None else re.sub(r"\\(.)", r"\1", match[2])
        if name[2] is None and name[3] is None:
            plain.setdefault(name[1], decode_words(value))
        else:
            at = int(name[2] or 0)
            parts.setdefault(name[1], {}).setdefault(at, (bool(name[3]), value))
    return plain | {name: _join(pieces) for name, pieces in parts.items()}


def _join(pieces: dict[int, tuple[bool, str]]) -> str:
    """A value from its continuations (RFC 2231 §3, §4.1), up to a gap."""
    charset = "utf-8"
    octets = []
    for at in takewhile(pieces.__contains__, count()):
        encoded, text = pieces[at]
        if encoded and at == 0 and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        octets.append(unquote_to_bytes(text) if encoded else text.encode())
    return decode_text(b"".join(octets), charset)
