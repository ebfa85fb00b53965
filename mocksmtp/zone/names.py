"""Domain names (RFC 1035 §3.1, RFC 4343), kept in their wire format.

A name consists of labels, each after an octet with its length, and a zero octet. In
this form a label may contain any octet, a name without its first label is a slice, and
case is ignored by one ``lower()``: a length is at most 63, and the letter ``A`` is 65.
"""

from __future__ import annotations

import re

import attrs
import idna

from mocksmtp.documents.problems import Refused

MAX_LABEL = 63
"""Octets of one label (RFC 1035 §2.3.4)."""

MAX_NAME = 255
"""Octets of a name on the wire, with its length octets (RFC 1035 §2.3.4)."""

_LONGEST_TEXT = 1020
"""Characters of a name whose 255 octets are all escaped."""

# Octets that need no backslash in a zone file. `@` is excluded because `user@host` for
# an SOA's rname is a common error.
_PLAIN = r"!#%&'*+,\-/0-9:<=>?A-Z\[\]^_`a-z{|}~"
_PLAIN_TEXT = re.compile(rf"[{_PLAIN}.]+")
_ATOM = re.compile(rf"\\([0-9]{{3}})|\\([!-/:-~ ])|(\.)|([{_PLAIN}]+)")
_ESCAPED = re.compile(rf"[^{_PLAIN}]".encode())


@attrs.frozen(repr=False)
class Name:
    """
    An absolute domain name. It keeps its case, and is compared without it.

    :ivar wire: labels with their lengths, and the zero octet at the end; the caller
        must have checked it, as `parse` does
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
        Parse a name in the notation of zone files (RFC 1035 §5.1).

        The dot at the end is optional: no name is relative. ``\.`` is a dot within a
        label, ``\032`` the octet of that decimal number.

        :raises ValueError: `text` is not a name, or is too long
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
        """The name in a zone file's notation; only the root has a dot at its end."""
        return ".".join(map(_escape, self.labels)) or "."

    def __repr__(self) -> str:
        return f"Name.parse({str(self)!r})"


ROOT = Name(b"\0")
"""The root of all names, ``.``."""


def to_name(value: str | Name) -> Name:
    """Parse `value` if it is a string; a converter for attrs fields."""
    return Name.parse(value) if isinstance(value, str) else value


def parse_name(text: str) -> Name:
    """
    Parse a domain name in U-labels or A-labels (RFC 5890 §2.3.2.1) into A-labels.

    :raises Refused: `text` is not a domain name
    """
    if len(text) > _LONGEST_TEXT:
        raise Refused(f"a domain name must have at most {MAX_NAME} octets")
    try:
        return Name.parse(text if text.isascii() else _in_ascii(text))
    except idna.IDNAError as error:
        raise Refused(f"{text!r} is not a domain name: {error}") from None
    except ValueError as error:
        raise Refused(str(error)) from None


def _in_ascii(text: str) -> str:
    """`text` with A-labels in place of labels with letters beyond ASCII (UTS #46).

    idna would refuse other labels that DNS allows, such as those with an underscore.
    """
    return ".".join(
        label if label.isascii() else idna.encode(label, uts46=True).decode()
        for label in text.split(".")
    )


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
