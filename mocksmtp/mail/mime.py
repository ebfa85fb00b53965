"""The MIME structure of a mail (RFC 2045, RFC 2046), within bounds.

Content can be hostile: nested very deeply, or with a part on every line. All lines that
could delimit a part are found in one pass; then entities are read from the front, each
line once. A mail that exceeds a limit raises `TooComplex`. The time is linear in the
size of the content.

Parts are the entities without parts of their own, numbered from 1 in order; the body of
a mail without MIME is part 1. A mail within a mail is one part. A multipart without a
part is read as plain text.

The standard library's parser was measured instead (Python 3.11, with a cap on the
size and in a thread), with the thirteen real mails and the bombs of the tests. By its
default policy it reads nine of the mails incorrectly, by ``compat32`` eight: charsets,
types with spaces, base64 in several pieces, boundaries, file names. A million parts
take 14 to over 25 s, 10,000 continuations 6 s, a megabyte of addresses or of encoded
words over 25 s; a thread cannot be stopped, and it holds the interpreter for up to
0.8 s at once, in which no client is answered. This reader needs at most a second for
each of them, and holds the interpreter for at most 50 ms.
"""

from __future__ import annotations

import math
from functools import cached_property

import attrs

from mocksmtp.mail.fields import (
    HeaderField,
    field_matches,
    header_start,
    media_type,
    mime_parameters,
    unfolded,
)
from mocksmtp.mail.part import MULTIPART, Part, TooComplex, make_part

MAX_SIZE = 64 * 2**20
"""Maximum octets of a mail whose structure is read."""

MAX_NESTING = 20
"""Maximum nesting of multiparts."""

MAX_PARTS = 1000
"""Maximum entities of a mail."""

MAX_FIELDS = 100_000
"""Maximum header fields of a mail, including those of its parts."""

MAX_HEADER = 4 * 2**20
"""Maximum octets of the header of a mail or of a part."""

MAX_DELIMITERS = 100_000
"""Maximum lines that begin with ``--``, like a delimiter."""

_BOUNDARY_LIMIT = 200
"""Maximum octets of a delimiter line; RFC 2046 §5.1.1 allows 74 and white space."""


@attrs.frozen
class Entity:
    """
    An entity in the tree of a mail (RFC 2045 §2.4).

    :ivar depth: the number of multiparts that contain it
    :ivar content_type: ``type/subtype`` in lower case
    :ivar part: the number of its part; None for a multipart
    """

    depth: int
    content_type: str
    part: int | None


@attrs.frozen
class Structure:
    """
    The header fields and parts of a mail.

    :ivar entities: all entities, multiparts included, each before those in it
    """

    headers: tuple[HeaderField, ...]
    parts: tuple[Part, ...]
    entities: tuple[Entity, ...] = ()

    @property
    def plain(self) -> Part | None:
        """The first part of type text/plain that is not an attachment, or None."""
        return self._first("text/plain")

    @property
    def html(self) -> Part | None:
        """The first part of type text/html that is not an attachment, or None."""
        return self._first("text/html")

    @property
    def attachments(self) -> tuple[Part, ...]:
        """All parts except `plain` and `html`."""
        bodies = (self.plain, self.html)
        return tuple(part for part in self.parts if part not in bodies)

    def _first(self, content_type: str) -> Part | None:
        return next((p for p in self.parts if p.is_body(content_type)), None)


def read_structure(content: bytes) -> Structure:
    """
    Read the MIME structure of a mail.

    :raises TooComplex: it exceeds a limit
    """
    if len(content) > MAX_SIZE:
        raise TooComplex(f"the mail has over {MAX_SIZE:,} octets")
    reader = _Reader(content)
    headers = reader.entity(header_start(content), depth=0)
    return Structure(tuple(headers), tuple(reader.parts), tuple(reader.tree))


@attrs.frozen
class _Line:
    """A line that begins with ``--``: its index, and the octets after the dashes."""

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
    """Reads entities from the front, each octet once."""

    def __init__(self, content: bytes) -> None:
        self.parts: list[Part] = []
        self.tree: list[Entity] = []
        self._content = content
        self._view = memoryview(content)
        self._at = 0
        # The expected delimiters: the depth of the multipart of each, and whether the
        # delimiter closes it.
        self._open: dict[bytes, tuple[int, bool]] = {}
        self._entities = self._fields = 0

    @cached_property
    def _lines(self) -> list[_Line]:
        """The lines that may be delimiters; found only if the mail has a multipart."""
        return _delimiter_lines(self._content)

    def entity(
        self, start: int, depth: int, default: str = "text/plain"
    ) -> list[HeaderField]:
        """
        Read the entity that begins at `start`, up to a delimiter or the end.

        :param default: the media type of an entity without Content-Type
        """
        self._entities += 1
        if self._entities > MAX_PARTS:
            raise TooComplex(f"over {MAX_PARTS:,} parts")
        fields, body = self._header(start)
        named = {field.name.lower(): field for field in reversed(fields)}
        kind = named.get("content-type")
        content_type = media_type(kind) if kind else default
        boundary = (
            _boundary(kind) if kind and content_type.startswith(MULTIPART) else b""
        )
        if (
            not boundary
            or boundary in self._open
            or not self._multipart(boundary, depth, content_type)
        ):
            self._leaf(named, body, default, depth)
        return fields

    def _header(self, start: int) -> tuple[list[HeaderField], int]:
        """The fields at `start`, and the index of the body."""
        fields: list[HeaderField] = []
        content, at = self._content, start
        limit = start + MAX_HEADER
        for match in field_matches(content, start, limit):
            # A delimiter with a colon looks like a field.
            if match[1].startswith(b"--") and self._find(before=match.end()):
                return fields, at
            at = match.end()
            if at == limit:
                raise TooComplex(f"a header has over {MAX_HEADER:,} octets")
            self._fields += 1
            if self._fields > MAX_FIELDS:
                raise TooComplex(f"over {MAX_FIELDS:,} header fields")
            fields.append(HeaderField(match[1].decode("ascii"), unfolded(match[2])))
        for blank in b"\r\n", b"\n":
            if content.startswith(blank, at):
                return fields, at + len(blank)
        return fields, at

    def _multipart(self, boundary: bytes, depth: int, content_type: str) -> bool:
        """Read the parts of a multipart; return False, reading nothing, for none."""
        if depth == MAX_NESTING:
            raise TooComplex(f"multiparts nested more than {MAX_NESTING} deep")
        self._open[boundary] = (depth, False)
        self._open[boundary + b"--"] = (depth, True)
        opened = self._find() and self._open[self._lines[self._at].text][0] == depth
        if opened:
            self.tree.append(Entity(depth, content_type, None))
            digest = content_type == "multipart/digest"
            default = "message/rfc822" if digest else "text/plain"
            self._parts_of(boundary, depth, default)
        else:
            self._close(boundary)
        return opened

    def _parts_of(self, boundary: bytes, depth: int, default: str) -> None:
        while self._find():
            line = self._lines[self._at]
            level, closing = self._open[line.text]
            if level < depth:
                break
            self._at += 1
            if closing:
                break
            self.entity(line.end, depth + 1, default)
        self._close(boundary)
        # Text after the last part, up to an outer delimiter, belongs to no part.
        self._find()

    def _close(self, boundary: bytes) -> None:
        del self._open[boundary], self._open[boundary + b"--"]

    def _leaf(
        self, named: dict[str, HeaderField], body: int, default: str, depth: int
    ) -> None:
        end = len(self._content)
        if self._find():
            end = self._line_end_before(self._lines[self._at].start, body)
        raw = self._view[body:end]
        part = make_part(len(self.parts) + 1, named, raw, default)
        self.parts.append(part)
        self.tree.append(Entity(depth, part.content_type, part.number))

    def _line_end_before(self, start: int, least: int) -> int:
        """The end of a part, before the line end of a delimiter (RFC 2046 §5.1.1)."""
        end = start - 1
        if self._content[end - 1 : end] == b"\r":
            end -= 1
        return max(end, least)

    def _find(self, before: float = math.inf) -> bool:
        """Find the next open delimiter before an index; return whether there is one."""
        if not self._open:
            return False
        while self._at < len(self._lines) and self._lines[self._at].start < before:
            if self._lines[self._at].text in self._open:
                return True
            self._at += 1
        return False


def _boundary(kind: HeaderField) -> bytes:
    """The boundary of a multipart, or ``b""``."""
    return mime_parameters(kind).get("boundary", "").encode().rstrip(b" ")
