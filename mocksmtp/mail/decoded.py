"""The decoded values of a mail that searches compare, computed once.

Substrings are compared without case, and with each run of white space as one space,
so that a phrase is found across the lines of a text.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Iterator
from functools import cached_property, lru_cache
from typing import NamedTuple

from mocksmtp.mail.addresses import NamedAddress
from mocksmtp.mail.charset import WINDOW, decode_text
from mocksmtp.mail.fields import ParsedMessage
from mocksmtp.mail.mail import LARGE, Mail
from mocksmtp.mail.mime import Structure, read_structure
from mocksmtp.mail.part import MAX_PART_TEXT, Part, TooComplex
from mocksmtp.mail.summary import Summary, header_summary_of, summary_of_structure

BETWEEN = " \0 "
"""Separates texts that are searched together; a search text contains no NUL."""

_TAG = re.compile(r"<[^<>]*+>")


def folded(text: str) -> str:
    """Fold the case of `text`, and replace each run of white space by one space."""
    if len(text) > WINDOW:
        return "".join(_folded_windows(text))
    text = text.casefold()
    if not text.isascii():
        text = unicodedata.normalize("NFC", text)
    start = " " if text[:1].isspace() else ""
    end = " " if text[-1:].isspace() else ""
    words = " ".join(text.split())
    return f"{start}{words}{end}" if words else start


def _folded_windows(text: str) -> Iterator[str]:
    """Split a long text into pieces; between them, other threads can run."""
    last = ""
    for at in range(0, len(text), WINDOW):
        piece = folded(text[at : at + WINDOW])
        yield piece[1:] if last == " " == piece[:1] else piece
        last = piece[-1:]


class Decoded:
    """The values of a mail that filters read, each decoded on first use."""

    def __init__(self, mail: Mail) -> None:
        self.mail = mail

    @cached_property
    def _structure(self) -> Structure | None:
        """The MIME structure; None if the mail exceeds a limit."""
        try:
            return read_structure(self.mail.content)
        except TooComplex:
            return None

    @cached_property
    def summary(self) -> Summary:
        """The decoded header fields, and the attachments."""
        mail = self.mail
        if not mail.is_summarized and self._structure is not None:
            mail.remember(summary := summary_of_structure(self._structure))
            return summary
        return mail.summary

    @cached_property
    def text(self) -> str:
        """
        The folded text of all text parts, up to `MAX_PART_TEXT` octets.

        It contains HTML twice, with and without tags. If the structure exceeds a limit,
        it is the raw content.
        """
        if self._structure is None:
            return folded(f" {decode_text(self.mail.content[:MAX_PART_TEXT])} ")
        return folded(f" {BETWEEN.join(_texts(self._structure))} ")

    @property
    def subject(self) -> str:
        """The folded subject."""
        return folded(f" {self.summary.subject} ")

    @property
    def addresses(self) -> str:
        """The folded addresses of the header."""
        return folded(BETWEEN.join(self.header_addresses()))

    @property
    def sender(self) -> str:
        """The folded reverse-path in angle brackets."""
        return folded(self.shown_sender)

    @property
    def shown_sender(self) -> str:
        """The reverse-path in angle brackets."""
        return f"<{self.mail.envelope.sender.text}>"

    @property
    def recipients(self) -> str:
        """The folded recipients in angle brackets."""
        return folded(BETWEEN.join(self.recipient_addresses()))

    @property
    def overview(self) -> str:
        """The folded subject, and all addresses."""
        texts = (self.summary.subject, self.shown_sender)
        every = (*texts, *self.recipient_addresses(), *self.header_addresses())
        return folded(f" {BETWEEN.join(every)} ")

    @property
    def message_id(self) -> str:
        """The Message-ID in angle brackets."""
        return f"<{self.summary.message_id}>"

    def recipient_addresses(self) -> list[str]:
        """The recipients in angle brackets."""
        recipients = self.mail.envelope.recipients
        return [f"<{one.address.text}>" for one in recipients]

    def header_addresses(self) -> list[str]:
        """The names and addresses of the header."""
        found = self.summary
        return shown_addresses(
            found.header_from
            + found.header_to
            + found.header_cc
            + found.header_bcc
            + found.reply_to
        )

    @cached_property
    def message(self) -> ParsedMessage:
        """The content with its header fields found."""
        return ParsedMessage(self.mail.content)


def _texts(structure: Structure) -> Iterator[str]:
    room = MAX_PART_TEXT
    for part in structure.parts:
        is_html = part.is_body("text/html")
        if room > 0 and (is_html or part.is_body("text/plain")):
            text, octets = _text_of(part, room)
            room -= octets
            yield text
            if is_html:
                short = len(text) <= WINDOW
                yield html.unescape(
                    _TAG.sub("", text) if short else "".join(_without_tags(text))
                )


def _text_of(part: Part, room: int) -> tuple[str, int]:
    """The text of a part, up to `room` octets, and the number of its octets."""
    windows, octets = [], 0
    for window in part.windows:
        windows.append(window)
        octets += len(window)
        if octets >= room:
            break
    return decode_text(b"".join(windows)[:room], part.charset or "utf-8"), octets


def _without_tags(text: str) -> Iterator[str]:
    """Yield the pieces of text between tags; between them, other threads can run."""
    end = 0
    for tag in _TAG.finditer(text):
        yield text[end : tag.start()]
        end = tag.end()
    yield text[end:]


def shown_addresses(addresses: tuple[NamedAddress, ...]) -> list[str]:
    """Addresses as a search reads them: ``name <address>``."""
    return [f"{one.name} <{one.address}>" for one in addresses]


_FIELD = re.compile(
    rb"^(from|to|cc|bcc|reply-to|subject|message-id)\b([^\r\n]*)\r\n(?=([ \t]?))",
    re.IGNORECASE | re.MULTILINE,
)
_PLAIN_HEADER = re.compile(
    rb"((?:[!-9;-~]++:[^\r\n]*+\r\n(?:[ \t][^\r\n]*+\r\n)*+)++)\r\n"
)
_PLAIN_ADDRESS = re.compile(
    r"[ \t]*(?:([A-Za-z0-9 _-]*?)[ \t]*<([A-Za-z0-9.@+_-]+)>"
    r"|([A-Za-z0-9.+_-]+@[A-Za-z0-9.-]+))[ \t]*"
)
_PLAIN_ID = re.compile(r"[ \t]*<([A-Za-z0-9.@+_=-]+)>[ \t]*")

_ORDER = ("from", "to", "cc", "bcc", "reply-to")


def indexed(mail: Mail) -> str:
    """What a store searches before it reads a mail: its overview and Message-ID."""
    plain = plain_header(mail.content)
    decoded = Decoded(mail)
    if plain is not None:
        subject, message_id = plain.subject or "", plain.message_id or ""
        recipients = (f"<{one.address.text}>" for one in mail.envelope.recipients)
        texts = (subject, decoded.shown_sender, *recipients, *plain.shown)
        return folded(f" {BETWEEN.join(texts)} ") + folded(f"<{message_id}>")
    # Only the header is read, which takes half of the time; nothing of it is kept.
    decoded.summary = header_summary_of(mail.content)
    return decoded.overview + folded(decoded.message_id)


class PlainHeader(NamedTuple):
    """
    The fields of a header that identify a mail, None where it has none.

    :ivar subject: with the white space around it
    :ivar message_id: without its angle brackets
    :ivar shown: the addresses, as a search reads them
    """

    subject: str | None
    message_id: str | None
    shown: list[str]


def plain_header(content: bytes) -> PlainHeader | None:
    """
    Read a header without any difficulty.

    Most headers are such; to read them takes a third of the time. The last one is
    remembered: it is read for its row, and then for its attempt.

    :return: None if there is any difficulty: encoded or folded values, comments, quotes
    """
    return _read_plain(content) if len(content) < LARGE else _read_header(content)


@lru_cache(maxsize=1)
def _read_plain(content: bytes) -> PlainHeader | None:
    return _read_header(content)


def _read_header(content: bytes) -> PlainHeader | None:
    plain = _PLAIN_HEADER.match(content)
    if plain is None:
        return None
    header = plain[1]
    if not header.isascii() or b"=?" in header or b"\0" in header:
        return None
    values: dict[str, str] = {}
    for name, rest, continued in _FIELD.findall(header):
        key = name.decode().lower()
        if continued or rest[:1] != b":" or key in values:
            return None
        values[key] = rest[1:].decode()
    message_id = values.get("message-id")
    if message_id is not None:
        found = _PLAIN_ID.fullmatch(message_id)
        if found is None:
            return None
        message_id = found[1]
    shown: list[str] = []
    for key in _ORDER:
        for address in values[key].split(",") if key in values else ():
            match = _PLAIN_ADDRESS.fullmatch(address)
            if match is None:
                return None
            name, text, bare = match.groups()
            shown.append(f"{name or ''} <{text or bare}>")
    return PlainHeader(values.get("subject"), message_id, shown)
