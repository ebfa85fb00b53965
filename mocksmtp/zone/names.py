"""Domain names (RFC 1035 §3.1, RFC 4343), held as they go over the wire.

A name is its labels, each after an octet with its length, and a zero octet. In
this form any octet can stand in a label, a name without its first label is a
slice, and comparing without case is one ``lower()``: a length is at most 63,
and the letter ``A`` is 65.
"""

from __future__ import annotations

import re

import attrs

MAX_LABEL = 63
"""Octets of one label (RFC 1035 §2.3.4)."""

MAX_NAME = 255
"""Octets of a name on the wire, with its length octets (RFC 1035 §2.3.4)."""

# What a zone file gives a meaning to, or leaves out: it stands in a name only
# behind a backslash. `user@host` for an SOA's rname is met often, and wrong.
_PLAIN = r"!#%&'*+,\-/0-9:<=>?A-Z\[\]^_`a-z{|}~"
_PLAIN_TEXT = re.compile(rf"[{_PLAIN}.]+")
_ATOM = re.compile(rf"\\([0-9]{{3}})|\\([!-/:-~ ])|(\.)|([{_PLAIN}]+)")
_ESCAPED = re.compile(rf"[^{_PLAIN}]".encode())


@attrs.frozen(repr=False)
class Name:
    """
    An absolute domain name. It is kept as written and compared without case.

    :ivar wire: labels with their lengths, and the zero octet at the end; what
        makes one is trusted to have checked it, as `parse` does
    :ivar key: `wire` in lower case
    """

    wire: bytes = attrs.field(eq=False)
    key: bytes = attrs.field(init=False)

    @key.default
    def _lower_case(self) -> bytes:
        return self.wire.lower()

    @classmethod
    def parse(cls, text: str) -> Name:
        r"""
        The name that `text` is in a zone file's notation (RFC 1035 §5.1).

        A dot at the end may be missing: there are no relative names. ``\.`` is
        a dot within a label, ``\032`` the octet of that decimal number.

        :raises ValueError: it is none, or longer than a name may be
        """
        if text == ".":
            return ROOT
        labels = _labels(text)
        if not labels[-1]:
            labels.pop()
        return cls(_wire(text, labels))

    @property
    def labels(self) -> tuple[bytes, ...]:
        """The labels, without the empty one of the root."""
        labels, at = [], 0
        while length := self.wire[at]:
            labels.append(self.wire[at + 1 : at + 1 + length])
            at += 1 + length
        return tuple(labels)

    def __str__(self) -> str:
        """The name in a zone file's notation, with no dot at its end but the root's."""
        return ".".join(map(_escape, self.labels)) or "."

    def __repr__(self) -> str:
        return f"Name.parse({str(self)!r})"


ROOT = Name(b"\0")
"""The root of all names, ``.``."""


def to_name(value: str | Name) -> Name:
    """`value`, parsed where it is a text; a converter for fields."""
    return Name.parse(value) if isinstance(value, str) else value


def _labels(text: str) -> list[bytes]:
    """The octets of each label of `text`."""
    if _PLAIN_TEXT.fullmatch(text):
        return text.encode().split(b".")
    labels, at = [b""], 0
    while match := _ATOM.match(text, at):
        number, character, dot, plain = match.groups()
        if dot:
            labels.append(b"")
        elif number and int(number) > 255:
            break
        else:
            labels[-1] += bytes([int(number)]) if number else _octets(character, plain)
        at = match.end()
    if at < len(text) or not text:
        raise _bad(text, f"unexpected {text[at : at + 1]!r}" if text else "empty")
    return labels


def _octets(*texts: str | None) -> bytes:
    return "".join(text or "" for text in texts).encode()


def _wire(text: str, labels: list[bytes]) -> bytes:
    """The wire form of `labels`, which are those of `text`."""
    if not all(labels):
        raise _bad(text, "a label is empty")
    if max(map(len, labels)) > MAX_LABEL:
        raise _bad(text, f"a label is longer than {MAX_LABEL} octets")
    wire = b"".join(bytes([len(label)]) + label for label in labels) + b"\0"
    if len(wire) > MAX_NAME:
        raise _bad(text, f"longer than {MAX_NAME} octets")
    return wire


def _bad(text: str, reason: str) -> ValueError:
    shown = text if len(text) <= 80 else text[:77] + "..."
    return ValueError(f"{shown!r} is not a domain name: {reason}")


def _escape(label: bytes) -> str:
    return _ESCAPED.sub(_escaped, label).decode()


def _escaped(match: re.Match[bytes]) -> bytes:
    octet = match[0][0]
    return b"\\" + match[0] if 33 <= octet <= 126 else b"\\%03d" % octet
