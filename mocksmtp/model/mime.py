"""The MIME structure of a mail (RFC 2045, RFC 2046), within bounds.

Content is hostile: it may nest without end, or have a part on every line. All
lines that could delimit a part are found once, in one pass; then entities are read
from the front, each line being looked at once. What goes past a bound is no longer
read, and is told as `TooComplex`; time is linear in the content's size.

Parts are the entities that have no parts of their own, counted from 1 in their
order; the body of a mail without MIME is part 1. A mail within a mail is one part.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from functools import cached_property

import attrs

from mocksmtp.model.fields import (
    FIELDS_LIMIT,
    HEADER_LIMIT,
    Field,
    HeaderTooLarge,
    first_field,
    parameters_of,
    read_fields,
    value_of,
)
from mocksmtp.model.text import decode_text
from mocksmtp.model.transfer import decoded

MAX_SIZE = 64 * 2**20
"""Octets of a mail whose structure is read."""

MAX_DEPTH = 20
"""How deep multiparts may be nested."""

MAX_PARTS = 1000
"""How many entities a mail may have."""

MAX_FIELDS = 10_000
"""How many header fields a mail and its parts may have."""

MAX_DELIMITERS = 100_000
"""How many lines may begin as a delimiter does, with ``--``."""

MAX_TEXT = 4 * 2**20
"""Octets of a part that is given as text."""

_BOUNDARY_LIMIT = 200
"""Octets of a delimiter line; RFC 2046 §5.1.1 allows 74 and white space."""


class TooComplex(Exception):
    """A mail goes past a bound of this reader; the text says which."""


@attrs.frozen(eq=False)
class Part:
    """An entity with no parts of its own.

    :ivar number: its place among the parts, from 1
    :ivar content_type: ``type/subtype`` in lower case, as sent
    :ivar charset: as sent, ``""`` where it has none
    :ivar disposition: in lower case, ``""`` where it has none (RFC 2183)
    :ivar file_name: decoded, but else as sent: not safe as a path
    :ivar content_id: without angle brackets (RFC 2392)
    :ivar encoding: its Content-Transfer-Encoding in lower case
    """

    number: int
    content_type: str
    charset: str
    disposition: str
    file_name: str
    content_id: str
    encoding: str
    _raw: memoryview = attrs.field(repr=False)

    @property
    def windows(self) -> Iterator[bytes]:
        """The content without its transfer encoding, in pieces."""
        return decoded(self._raw, self.encoding)

    @property
    def size(self) -> int:
        """The octets of the content without its transfer encoding."""
        return sum(map(len, self.windows))

    @property
    def text(self) -> str:
        """
        The content as text.

        :raises TooComplex: it is too long for that
        """
        if self.size > MAX_TEXT:
            raise TooComplex(f"part {self.number} has over {MAX_TEXT:,} octets of text")
        return decode_text(b"".join(self.windows), self.charset or "utf-8")

    def is_body(self, content_type: str) -> bool:
        """Whether it is there to be read as `content_type`, not to be attached."""
        attached = self.disposition == "attachment" or self.file_name
        return self.content_type == content_type and not attached


@attrs.frozen
class Structure:
    """A mail taken apart."""

    headers: tuple[Field, ...]
    parts: tuple[Part, ...]

    @property
    def plain(self) -> Part | None:
        """The first part that is there to be read as plain text."""
        return self._first("text/plain")

    @property
    def html(self) -> Part | None:
        """The first part that is there to be read as HTML."""
        return self._first("text/html")

    @property
    def attachments(self) -> tuple[Part, ...]:
        """All parts but those two."""
        bodies = (self.plain, self.html)
        return tuple(part for part in self.parts if part not in bodies)

    def _first(self, content_type: str) -> Part | None:
        return next((p for p in self.parts if p.is_body(content_type)), None)


def subject_of(content: bytes) -> str:
    """The Subject of a mail, decoded, or ``""``; the header is read up to a bound."""
    field = first_field(content, b"subject")
    return "" if field is None else field.text


def read_structure(content: bytes) -> Structure:
    """
    Take a mail apart.

    :raises TooComplex: it goes past a bound
    """
    if len(content) > MAX_SIZE:
        raise TooComplex(f"the mail has over {MAX_SIZE:,} octets")
    try:
        reader = _Reader(content)
        headers = reader.entity(0, depth=0)
    except HeaderTooLarge:
        raise TooComplex(
            f"a header has over {HEADER_LIMIT:,} octets or {FIELDS_LIMIT:,} fields"
        ) from None
    return Structure(tuple(headers), tuple(reader.parts))


@attrs.frozen
class _Line:
    """A line that begins with ``--``: where it is, and what follows that."""

    start: int
    end: int
    text: bytes


def _delimiter_lines(content: bytes) -> list[_Line]:
    lines: list[_Line] = []
    at = 0 if content.startswith(b"--") else _next_dashes(content, 0)
    while at >= 0:
        if len(lines) == MAX_DELIMITERS:
            raise TooComplex(f"over {MAX_DELIMITERS:,} lines look like delimiters")
        newline = content.find(b"\n", at, at + _BOUNDARY_LIMIT)
        if newline >= 0 or len(content) - at <= _BOUNDARY_LIMIT:
            end = newline + 1 or len(content)
            lines.append(_Line(at, end, content[at + 2 : end].rstrip(b" \t\r\n")))
        at = _next_dashes(content, at)
    return lines


def _next_dashes(content: bytes, at: int) -> int:
    return content.find(b"\n--", at) + 1 or -1


class _Reader:
    """Reads entities from the front; what it has passed it does not see again."""

    def __init__(self, content: bytes) -> None:
        self.parts: list[Part] = []
        self._content = content
        self._view = memoryview(content)
        self._at = 0
        # The delimiters that are looked for: the depth of the multipart that each
        # belongs to, and whether it closes that.
        self._open: dict[bytes, tuple[int, bool]] = {}
        self._entities = self._fields = 0

    @cached_property
    def _lines(self) -> list[_Line]:
        """Found only for a mail that has a multipart."""
        return _delimiter_lines(self._content)

    def entity(self, start: int, depth: int) -> list[Field]:
        """Read what begins at `start`, up to a delimiter or the end."""
        self._entities += 1
        if self._entities > MAX_PARTS:
            raise TooComplex(f"over {MAX_PARTS:,} parts")
        fields, body = read_fields(self._content, start)
        if self._find(before=body):
            end = self._lines[self._at].start
            fields, body = read_fields(self._content, start, end)
        self._fields += len(fields)
        if self._fields > MAX_FIELDS:
            raise TooComplex(f"over {MAX_FIELDS:,} header fields")
        named = {field.name.lower(): field for field in reversed(fields)}
        boundary = _boundary(named)
        if (
            not boundary
            or boundary in self._open
            or not self._multipart(boundary, depth)
        ):
            self._leaf(named, body)
        return fields

    def _multipart(self, boundary: bytes, depth: int) -> bool:
        """Read the parts of a multipart; False, having read nothing, if it has none."""
        if depth == MAX_DEPTH:
            raise TooComplex(f"multiparts nested more than {MAX_DEPTH} deep")
        self._open[boundary] = (depth, False)
        self._open[boundary + b"--"] = (depth, True)
        opened = self._find() and self._open[self._lines[self._at].text][0] == depth
        if opened:
            self._parts_of(boundary, depth)
        else:
            self._close(boundary)
        return opened

    def _parts_of(self, boundary: bytes, depth: int) -> None:
        while self._find():
            line = self._lines[self._at]
            level, closing = self._open[line.text]
            if level < depth:
                break
            self._at += 1
            if closing:
                break
            self.entity(line.end, depth + 1)
        self._close(boundary)
        # What follows the last part up to an outer delimiter is nobody's.
        self._find()

    def _close(self, boundary: bytes) -> None:
        del self._open[boundary], self._open[boundary + b"--"]

    def _leaf(self, named: dict[str, Field], body: int) -> None:
        end = len(self._content)
        if self._find():
            end = self._line_end_before(self._lines[self._at].start, body)
        raw = self._view[body:end]
        self.parts.append(_part(len(self.parts) + 1, named, raw))

    def _line_end_before(self, start: int, least: int) -> int:
        """The line end before a delimiter is the delimiter's (RFC 2046 §5.1.1)."""
        end = start - 1
        if self._content[end - 1 : end] == b"\r":
            end -= 1
        return max(end, least)

    def _find(self, before: float = math.inf) -> bool:
        """Go on to the next open delimiter that begins before an index, if any."""
        if not self._open:
            return False
        while self._at < len(self._lines) and self._lines[self._at].start < before:
            if self._lines[self._at].text in self._open:
                return True
            self._at += 1
        return False


def _boundary(named: dict[str, Field]) -> bytes:
    """The boundary of a multipart, or ``b""``."""
    field = named.get("content-type")
    if field is None or not value_of(field).startswith("multipart/"):
        return b""
    return parameters_of(field).get("boundary", "").encode().rstrip(b" ")


def _part(number: int, named: dict[str, Field], raw: memoryview) -> Part:
    kind = named.get("content-type", Field("Content-Type", b"text/plain"))
    placed = named.get("content-disposition", Field("Content-Disposition", b""))
    parameters = parameters_of(kind)
    encoding = named.get("content-transfer-encoding")
    content_id = named.get("content-id")
    return Part(
        number=number,
        content_type=value_of(kind) or "text/plain",
        charset=parameters.get("charset", ""),
        disposition=value_of(placed),
        file_name=parameters_of(placed).get("filename") or parameters.get("name", ""),
        content_id=content_id.text.strip("<> \t") if content_id else "",
        encoding=value_of(encoding) if encoding else "",
        raw=raw,
    )
