"""Header fields of a mail (RFC 5322 §2.2), and the encoded values in them.

Reads encoded words (RFC 2047) and parameters (RFC 2045 §5.1, RFC 2231) as leniently as
mail programs do: line ends may be bare LF, and text that violates the grammar is left
unchanged. All regular expressions are possessive or stop at the octet that starts
them, so that time is linear on any input.
"""

from __future__ import annotations

import binascii
import re
from collections.abc import Iterator
from functools import cached_property, lru_cache
from itertools import count, takewhile
from urllib.parse import unquote_to_bytes

import attrs

from mocksmtp.mail.charset import codec_name, decode_text
from mocksmtp.mail.transfer import decode_base64

WORDS_LIMIT = 100_000
"""Maximum encoded words decoded in one field; further ones are left unchanged."""

PARAMETERS_LIMIT = 1000
"""Maximum parameters read of one field, including continuations."""

_FIELD = re.compile(rb"([!-9;-~]++)[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)\n?")
_HEADER = re.compile(rb"(?:[!-9;-~]++[ \t]*+:[^\n]*+(?:\n[ \t][^\n]*+)*+\n?)*+(\r?\n)?")
_MAILBOX_LINE = re.compile(rb">?From (?![ \t]*+:)[^\n]*+\n")
_FOLD = re.compile(rb"\r?\n")
_ENCODED_WORD = re.compile(r"=\?([^?\s]++)\?([BbQq])\?([^?]*+)\?=")
_NO_BASE64 = re.compile(r"[^A-Za-z0-9+/=\s]")

_TOKEN = r'([^\s;/()<>@,:\\"\[\]?=]++)'
_TYPE = re.compile(rf"\s*+{_TOKEN}\s*+/\s*+{_TOKEN}(?!/)")
_VALUE = re.compile(r'[\s"]*+([^\s;("]*+)')
# The beginning of a parameter: its name after a semicolon, or only after white space.
_NAME = re.compile(r'(?:;|(?<!\s)\s)\s*+([^\s=;"]++)\s*+=\s*+')
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*+)"?', re.DOTALL)
_UNQUOTED = re.compile(r"(?:[^;\s]++|\s(?![^\s=;\"'(]++=))*+")
_UNQUOTED_FILE_NAME = re.compile(r"[^;]*+")
_COMMENT = re.compile(r"\([^()]*+\)")
_CONTINUATION = re.compile(r"([^*]++)(?:\*(\d{1,3}))?(\*)?", re.ASCII)

_FILE_NAMES = frozenset({"name", "filename"})
"""Parameters whose unquoted values may contain spaces."""


@attrs.frozen
class HeaderField:
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


class ParsedMessage:
    """
    The header and body of a content, each located once, in linear time.

    A first line ``From …``, as in mbox files, is part of neither. The header ends at an
    empty line, which is part of neither, or before the first line that is not a field.
    """

    def __init__(self, content: bytes) -> None:
        self.content = content
        self._values: dict[str, tuple[bytes, ...]] = {}

    @cached_property
    def body(self) -> bytes:
        """The content after its header."""
        return self.content[self._extent[1] :]

    def values(self, name: str) -> tuple[bytes, ...]:
        """
        The decoded bodies of the fields with a name, in UTF-8.

        :param name: in lower case
        """
        values = self._values.get(name)
        if values is None:
            found = (field.text.encode() for field in self.fields(name))
            values = self._values[name] = tuple(found)
        return values

    def fields(self, name: str) -> Iterator[HeaderField]:
        """The fields with a name, in order."""
        start = self._extent[0] - 1
        for match in _field_named(name).finditer(self._lowered):
            body = self.content[start + match.start(1) : start + match.end(1)]
            yield HeaderField(name, unfolded(body))

    @cached_property
    def _extent(self) -> tuple[int, int]:
        start = header_start(self.content)
        match = _HEADER.match(self.content, start)
        # The expression always matches, because it accepts the empty text.
        return start, match.end() if match else start

    @cached_property
    def _lowered(self) -> bytes:
        start, end = self._extent
        return b"\n" + self.content[start:end].lower()


@lru_cache(256)
def _field_named(name: str) -> re.Pattern[bytes]:
    pattern = rb"\n%b[ \t]*+:([^\n]*+(?:\n[ \t][^\n]*+)*+)"
    return re.compile(pattern % re.escape(name.encode()))


def header_start(content: bytes) -> int:
    """The index of the header, which follows a line ``From …`` of an mbox, if any."""
    line = _MAILBOX_LINE.match(content)
    return line.end() if line else 0


def field_matches(content: bytes, start: int, stop: int) -> Iterator[re.Match[bytes]]:
    """Yield the fields between two indexes: names, and bodies that are not unfolded."""
    at = start
    while match := _FIELD.match(content, at, stop):
        yield match
        at = match.end()


def unfolded(body: bytes) -> bytes:
    """The body of a field without its line ends (RFC 5322 §2.2.3)."""
    if b"\n" in body:
        body = _FOLD.sub(b"", body)
    return body.strip(b" \t\r")


def decode_words(text: str) -> str:
    """
    `text` with its encoded words decoded (RFC 2047 §6.2).

    White space between two encoded words is removed. The octets of adjacent words in
    the same charset are decoded together, because some senders split within a
    character. A word in an unknown charset, or with invalid base64, is left unchanged.
    """
    if "=?" not in text:
        return text
    # Pieces of text, each with its charset; None for unencoded text.
    pieces: list[tuple[str | None, bytearray]] = []
    end = decoded = 0
    for match in _ENCODED_WORD.finditer(text):
        charset = match[1].partition("*")[0].lower()
        octets = _word_octets(match) if codec_name(charset) else None
        if octets is None:
            continue
        between = text[end : match.start()]
        if between.strip() or not end:
            pieces.append((None, bytearray(between.encode())))
        if not pieces or pieces[-1][0] != charset:
            pieces.append((charset, bytearray()))
        pieces[-1][1].extend(octets)
        end = match.end()
        decoded += 1
        if decoded == WORDS_LIMIT:
            break
    decoded_pieces = [
        decode_text(bytes(octets), name) if name else octets.decode()
        for name, octets in pieces
    ]
    return "".join(decoded_pieces) + text[end:]


def _word_octets(match: re.Match[str]) -> bytes | None:
    text = match[3]
    if match[2] in "Qq":
        return binascii.a2b_qp(text.encode(), header=True)
    octets = decode_base64(text.encode())
    if _NO_BASE64.search(text) or (text.strip("= ") and not octets):
        return None
    return octets


def field_value(field: HeaderField) -> str:
    """The first word of a structured field, in lower case, without quotes."""
    match = _VALUE.match(decode_text(field.body))
    return match[1].lower() if match else ""


def media_type(field: HeaderField) -> str:
    """
    The media type of a Content-Type in lower case, ``type/subtype``.

    An invalid one is ``text/plain`` (RFC 2045 §5.2).
    """
    match = _TYPE.match(decode_text(field.body))
    return f"{match[1]}/{match[2]}".lower() if match else "text/plain"


def mime_parameters(field: HeaderField) -> dict[str, str]:
    """
    The parameters of a structured field, by their names in lower case.

    An unquoted value ends at a semicolon, or before a parameter that follows after
    white space only; an unquoted file name ends only at a semicolon.

    :return: the values; of repeated parameters the first, but those of RFC 2231 take
        precedence
    """
    plain: dict[str, str] = {}
    parts: dict[str, dict[int, tuple[bool, str]]] = {}
    for raw_name, value in _parameters(decode_text(field.body)):
        name = _CONTINUATION.fullmatch(raw_name)
        if name is None:
            continue
        if name[2] is None and name[3] is None:
            plain.setdefault(name[1], decode_words(value))
        else:
            at = int(name[2] or 0)
            parts.setdefault(name[1], {}).setdefault(at, (bool(name[3]), value))
    return plain | {name: _join(pieces) for name, pieces in parts.items()}


def _parameters(text: str) -> Iterator[tuple[str, str]]:
    """Yield names in lower case and values, up to the limit."""
    at = 0
    for _ in range(PARAMETERS_LIMIT):
        match = _NAME.search(text, at)
        if match is None:
            return
        name = match[1].lower()
        quoted = _QUOTED.match(text, match.end())
        if quoted:
            yield name, re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL)
            at = quoted.end()
        else:
            value, at = _unquoted(text, match.end(), name.partition("*")[0])
            yield name, value


def _unquoted(text: str, start: int, name: str) -> tuple[str, int]:
    """The value at `start`, without comments, and the index after it."""
    named = name in _FILE_NAMES
    match = (_UNQUOTED_FILE_NAME if named else _UNQUOTED).match(text, start)
    assert match is not None  # both match the empty text as well
    value = match[0] if named else _COMMENT.sub("", match[0])
    return value.strip(), match.end()


def _join(pieces: dict[int, tuple[bool, str]]) -> str:
    """Join the continuations of a value, up to a gap (RFC 2231 §3, §4.1)."""
    charset = "utf-8"
    octets = []
    for at in takewhile(pieces.__contains__, count()):
        encoded, text = pieces[at]
        if encoded and at == 0 and text.count("'") >= 2:
            charset, _, text = text.split("'", 2)
        octets.append(unquote_to_bytes(text) if encoded else text.encode())
    # Some senders also use encoded words in them.
    return decode_words(decode_text(b"".join(octets), charset))
