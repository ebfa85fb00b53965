"""Address lists of header fields (RFC 5322 §3.4), as From, To and Cc contain them.

The grammar is read leniently: addresses without brackets, semicolons as separators,
names that should have been quoted. Time is linear on any input.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import attrs

from mocksmtp.mail.charset import decode_text
from mocksmtp.mail.fields import HeaderField, decode_words

ADDRESSES_LIMIT = 100_000
"""Maximum addresses read of one field."""

_TOKEN = re.compile(
    r"""(?P<space>\s++)
    |(?P<encoded>=\?[^?\s]++\?[BbQq]\?[^?<>]*+\?=)
    |"(?P<quoted>(?:[^"\\]|\\.)*+)"?
    |<(?P<angle>(?:[^<>"]|"(?:[^"\\]|\\.)*+")*+)>?
    |(?P<literal>\[[^\]]*+\]?)
    |(?P<separator>[,;])
    |(?P<word>[^\s"<>,;:()\[\]@]++|@)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)
_ALONE = re.compile(
    r"(?:([\w.+-]++(?: [\w.+-]++)*+) <)?([\w.+-]++@[\w.-]++)(?(1)>)", re.ASCII
)
"""A single address: a fast path for most fields, in a third of the time."""

_IN_COMMENT = re.compile(r"[^()\\]++|\\.|[()\\]", re.DOTALL)
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@attrs.frozen
class NamedAddress:
    """A mailbox (RFC 5322 §3.4).

    :ivar name: its display name or comment, decoded; ``""`` without one
    :ivar address: as sent; ``""`` if there is only a name
    """

    name: str
    address: str


def addresses_of(field: HeaderField) -> tuple[NamedAddress, ...]:
    """The addresses in a field, in order, including those in groups."""
    text = decode_text(field.body)
    alone = _ALONE.fullmatch(text)
    if alone:
        return (NamedAddress(alone[1] or "", alone[2]),)
    reader = _Reader(text)
    found: list[NamedAddress] = []
    for address in reader.addresses():
        found.append(address)
        if len(found) == ADDRESSES_LIMIT:
            break
    return tuple(found)


@attrs.define
class _Atom:
    """Adjacent tokens: the text as sent, and its decoded text in a display name."""

    raw: list[str]
    text: list[str]


class _Reader:
    def __init__(self, text: str) -> None:
        self._text = text
        self._start()

    def _start(self) -> None:
        """Begin an address."""
        self._atoms: list[_Atom] = []
        self._comments: list[str] = []
        self._angle: str | None = None
        self._apart = True
        self._plain: _Atom | None = None

    def addresses(self) -> Iterator[NamedAddress]:
        at = 0
        while match := _TOKEN.match(self._text, at):
            at = match.end()
            match match.lastgroup:
                case "space":
                    self._apart = True
                case "separator":
                    yield from self._end()
                case "angle":
                    self._angle = match["angle"]
                case "quoted":
                    text = _ESCAPED.sub(r"\1", match["quoted"])
                    self._add(match[0], text)
                case "other" if match[0] == "(":
                    at = self._comment(at)
                case "other" if match[0] == ":":
                    self._group()
                case "other":
                    pass
                case _:
                    self._add(match[0], match[0])
        yield from self._end()

    def _add(self, raw: str, text: str) -> None:
        # White space is allowed around the @, by the obsolete syntax.
        last = self._atoms[-1] if self._atoms else None
        if last and (not self._apart or raw == "@" or last.raw[-1] == "@"):
            last.raw.append(raw)
            last.text.append(text)
        else:
            last = _Atom([raw], [text])
            self._atoms.append(last)
        if raw == "@" and self._plain is None:
            self._plain = last
        self._apart = False

    def _comment(self, start: int) -> int:
        """Read a comment, which may contain others; return where it ends."""
        depth, at, pieces = 1, start, []
        while depth and (match := _IN_COMMENT.match(self._text, at)):
            at = match.end()
            depth += (match[0] == "(") - (match[0] == ")")
            if depth:
                pieces.append(_ESCAPED.sub(r"\1", match[0]))
        self._comments.append("".join(pieces).strip())
        self._apart = True
        return at

    def _group(self) -> None:
        """Discard the text before a colon, which is the name of a group."""
        if self._plain is None and self._angle is None:
            self._start()

    def _end(self) -> Iterator[NamedAddress]:
        """Yield the current address, if it is not empty."""
        atoms, angle = self._atoms, self._angle
        if angle is None:
            plain = self._plain or (atoms[0] if len(atoms) == 1 else None)
            atoms = [atom for atom in atoms if atom is not plain]
            address = "".join(plain.raw) if plain else ""
        else:
            address = "".join(angle.split()) if '"' not in angle else angle.strip()
            if address.startswith("@"):
                # A source route (RFC 5321 §4.1.2).
                address = address.rpartition(":")[2]
        name = " ".join("".join(atom.text) for atom in atoms) or " ".join(
            self._comments
        )
        if name or address:
            yield NamedAddress(decode_words(name).strip(), address)
        self._start()
