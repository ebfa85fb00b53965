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
from mocksmtp.model.part import Part, TooComplex, make_part

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

_BOUNDARY_LIMIT = 200
"""Octets of a delimiter line; RFC 2046 §5.1.1 allows 74 and white space."""


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
        self.parts.append(make_part(len(self.parts) + 1, named, raw))

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
