"""What a list of mails shows of each: decoded header fields, and its attachments."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import attrs

from mocksmtp.mail.addresses import NamedAddress, addresses_of
from mocksmtp.mail.fields import Field, ParsedMessage
from mocksmtp.mail.mime import read_structure
from mocksmtp.mail.part import Part, TooComplex

_DATE_LIMIT = 200
"""Octets of a Date field that are read."""


@attrs.frozen
class Attachment:
    """A part that is neither the text nor the HTML of a mail.

    :ivar index: the number of the part
    :ivar file_name: decoded, ``""`` where it has none
    :ivar type: its media type in lower case
    :ivar size: its octets without the transfer encoding
    """

    index: int
    file_name: str
    type: str
    size: int


@attrs.frozen
class Summary:
    """The decoded fields of a mail (RFC 2047, 2231, 6532).

    :ivar date: with its time zone; None where there is none that can be read
    :ivar message_id: without its angle brackets
    :ivar reason: which bound the mail exceeds, so that its attachments are not listed
    """

    subject: str
    date: datetime | None
    message_id: str
    header_from: tuple[NamedAddress, ...]
    header_to: tuple[NamedAddress, ...]
    header_cc: tuple[NamedAddress, ...]
    attachments: tuple[Attachment, ...] = ()
    reason: str | None = None


def summary_of(content: bytes) -> Summary:
    """The summary of a mail, in time that is linear in its size."""
    message = ParsedMessage(content)
    attachments: tuple[Attachment, ...] = ()
    reason = None
    try:
        attachments = tuple(map(_attachment, read_structure(content).attachments))
    except TooComplex as error:
        reason = str(error)
    date = next(message.fields("date"), None)
    return Summary(
        subject=_first_text(message, "subject"),
        date=date_of(date) if date else None,
        message_id=_first_text(message, "message-id").strip("<> \t"),
        header_from=_addresses(message, "from"),
        header_to=_addresses(message, "to"),
        header_cc=_addresses(message, "cc"),
        attachments=attachments,
        reason=reason,
    )


def date_of(field: Field) -> datetime | None:
    """The time in a Date field (RFC 5322 §3.3); without a zone it is in UTC."""
    text = field.body[:_DATE_LIMIT].decode("ascii", "replace")
    try:
        date = parsedate_to_datetime(text)
        # Not each time zone that can be written can be computed with.
        date.utctimetuple()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date


def _first_text(message: ParsedMessage, name: str) -> str:
    field = next(message.fields(name), None)
    return "" if field is None else field.text


def _addresses(message: ParsedMessage, name: str) -> tuple[NamedAddress, ...]:
    return tuple(
        address for field in message.fields(name) for address in addresses_of(field)
    )


def _attachment(part: Part) -> Attachment:
    return Attachment(part.number, part.file_name, part.content_type, part.size)
