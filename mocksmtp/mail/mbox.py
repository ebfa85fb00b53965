"""Mailboxes as mbox files (RFC 4155), in the variant mboxrd.

Each mail begins with a line ``From SENDER DATE`` and ends with an empty line. Within a
mail, lines that begin with ``From ``, also after ``>`` characters, get one ``>`` more.
Line ends are LF, as RFC 4155 requires; in a mail they are CRLF.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime

import attrs

from mocksmtp.mail.charset import WINDOW
from mocksmtp.mail.mail import Mail

MBOX = "application/mbox"
"""The media type (RFC 4155)."""

_UNKNOWN = "MAILER-DAEMON"
"""The sender in the first line of a mail that has none, as other programs write it."""

_SEPARATOR = b"\nFrom "
_EMPTY_LINES = (b"\n\n", b"\n\r\n")
_ESCAPED = re.compile(rb"^>(>*+From )", re.MULTILINE)
_TO_ESCAPE = re.compile(rb"^(>*+From )", re.MULTILINE)
_FIRST_LINE = re.compile(rb"From +(\S+)")


class MboxError(ValueError):
    """A file that is not an mbox."""


@attrs.frozen
class StoredMail:
    """
    A mail in an mbox file.

    :ivar sender: the address in its first line, ``""`` if that is not an address
    """

    sender: str
    _lines: bytes = attrs.field(repr=False)

    def __len__(self) -> int:
        return len(self._lines)

    @property
    def content(self) -> bytes:
        """The content, with CRLF at the end of each line and without escapes."""
        return b"".join(_unescaped(self._lines))


def stored_mails(mbox: bytes) -> Iterator[StoredMail]:
    """
    Yield the mails of an mbox file.

    A line ``From …`` begins a mail if it follows an empty line.

    :raises MboxError: it does not begin with such a line
    """
    start = len(mbox) - len(mbox.lstrip(b"\r\n"))
    if start == len(mbox):
        return
    if not mbox.startswith(_SEPARATOR[1:], start):
        raise MboxError("an mbox must begin with a line 'From …'")
    while start < len(mbox):
        after = _next_start(mbox, start)
        yield _stored(mbox[start:after])
        start = after


def _next_start(mbox: bytes, start: int) -> int:
    """The index of the mail after the one at `start`, or the length of the file."""
    at = start
    while (at := mbox.find(_SEPARATOR, at)) >= 0:
        at += 1
        if mbox[max(start, at - 3) : at].endswith(_EMPTY_LINES):
            return at
    return len(mbox)


def _stored(octets: bytes) -> StoredMail:
    first, _, lines = octets.partition(b"\n")
    match = _FIRST_LINE.match(first)
    sender = match[1].decode("utf-8", "replace") if match else ""
    if lines.endswith(_EMPTY_LINES) or lines in (b"\n", b"\r\n"):
        # The empty line that separates the mails.
        lines = lines[:-2] if lines.endswith(b"\r\n") else lines[:-1]
    return StoredMail(sender if "@" in sender else "", lines)


def _unescaped(lines: bytes) -> Iterator[bytes]:
    for window, begins_line in _line_windows(lines):
        text = window.replace(b"\r\n", b"\n")
        text = _substituted(_ESCAPED, rb"\1", text, begins_line)
        yield text.replace(b"\n", b"\r\n")


def mbox_pieces(mail: Mail) -> Iterator[bytes]:
    """Yield a mail as a part of an mbox file, in small pieces."""
    sender = mail.envelope.sender.text or _UNKNOWN
    # A space would end the address.
    sender = sender.replace(" ", "_")
    date = datetime.fromtimestamp(int(mail.received_at), UTC).ctime()
    yield f"From {sender} {date}\n".encode()
    last = b"\n"
    for window, begins_line in _line_windows(mail.content):
        text = window.replace(b"\r\n", b"\n")
        yield _substituted(_TO_ESCAPE, rb">\1", text, begins_line)
        last = text[-1:]
    yield b"\n" if last == b"\n" else b"\n\n"


def _substituted(
    pattern: re.Pattern[bytes], by: bytes, text: bytes, begins_line: bool
) -> bytes:
    """Substitute at the beginning of each line; `text` may begin within one."""
    if b"From " not in text:
        return text
    if begins_line:
        return pattern.sub(by, text)
    first, line_end, rest = text.partition(b"\n")
    return first + line_end + pattern.sub(by, rest)


def _line_windows(octets: bytes) -> Iterator[tuple[bytes, bool]]:
    """
    Yield the content in windows that end with a line, if that is not too long.

    :return: each window, and whether it begins a line
    """
    start, begins_line = 0, True
    while start < len(octets):
        end = start + WINDOW
        if end < len(octets):
            newline = octets.rfind(b"\n", start, end)
            if newline >= 0:
                end = newline + 1
            elif octets[end - 1 : end] == b"\r":
                end -= 1
        yield octets[start:end], begins_line
        begins_line = octets[end - 1 : end] == b"\n"
        start = end
