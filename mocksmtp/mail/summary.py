"""The summary of a mail in lists: decoded header fields, and attachments."""

from __future__ import annotations

import re
from calendar import month_abbr
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta, timezone
from email.utils import parsedate_to_datetime
from functools import lru_cache
from sys import getsizeof
from typing import Any, TypeAlias

import attrs

from mocksmtp.mail.addresses import NamedAddress, addresses_of
from mocksmtp.mail.bounce import RecipientStatus, bounce_of_structure
from mocksmtp.mail.fields import HeaderField, ParsedMessage
from mocksmtp.mail.mime import Structure, read_structure
from mocksmtp.mail.part import Part, TooComplex

_DATE_LIMIT = 200
"""Maximum octets read of a Date field."""

Packed: TypeAlias = tuple[Any, ...]
"""A summary as tuples of texts and numbers.

The garbage collector untracks such tuples when it first visits them. The objects of
100,000 summaries would be visited by each full collection, which stops the service.
"""

_FieldsOf: TypeAlias = Callable[[str], Iterable[HeaderField]]
"""Finds the fields with a name, which is in lower case."""


@attrs.frozen
class Attachment:
    """A part that is neither the text nor the HTML of a mail.

    :ivar index: the number of the part
    :ivar file_name: decoded; ``""`` without one
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

    :ivar date: with its time zone; None if it is missing or invalid
    :ivar message_id: without angle brackets
    :ivar reason: the limit that the mail exceeds, so that its attachments are not
        listed
    :ivar bounce: the recipients in a delivery status notification (RFC 3464)
    """

    subject: str
    date: datetime | None
    message_id: str
    header_from: tuple[NamedAddress, ...]
    header_to: tuple[NamedAddress, ...]
    header_cc: tuple[NamedAddress, ...]
    attachments: tuple[Attachment, ...] = ()
    reason: str | None = None
    header_bcc: tuple[NamedAddress, ...] = ()
    reply_to: tuple[NamedAddress, ...] = ()
    bounce: tuple[RecipientStatus, ...] = ()

    @property
    def packed(self) -> Packed:
        """Return the summary as tuples, in which form it is kept."""
        return (
            *(self.subject, self.date, self.message_id),
            _packed(self.header_from),
            _packed(self.header_to),
            _packed(self.header_cc),
            tuple((a.index, a.file_name, a.type, a.size) for a in self.attachments),
            self.reason,
            _packed(self.header_bcc),
            _packed(self.reply_to),
            tuple(map(attrs.astuple, self.bounce)),
        )


def unpacked(packed: Packed) -> Summary:
    """Return the summary from its packed form."""
    subject, date, message_id, author, to, cc, attachments, reason, *rest = packed
    bcc, reply, bounce = rest
    return Summary(
        subject,
        date,
        message_id,
        _unpacked(author),
        _unpacked(to),
        _unpacked(cc),
        tuple(Attachment(*one) for one in attachments),
        reason,
        _unpacked(bcc),
        _unpacked(reply),
        tuple(RecipientStatus(*one) for one in bounce),
    )


def _packed(addresses: tuple[NamedAddress, ...]) -> Packed:
    return tuple((address.name, address.address) for address in addresses)


def _unpacked(packed: Packed) -> tuple[NamedAddress, ...]:
    return tuple(NamedAddress(*one) for one in packed)


def size_of(packed: Packed) -> int:
    """Approximate memory of a packed summary, in bytes."""
    total = getsizeof(packed)
    for value in packed:
        # Empty tuples and texts are shared, and most of these are empty.
        if value:
            total += size_of(value) if type(value) is tuple else getsizeof(value)
    return total


def summary_of(content: bytes) -> Summary:
    """Return the summary of a mail, in linear time."""
    try:
        structure = read_structure(content)
    except TooComplex as error:
        return _summary(ParsedMessage(content).fields, reason=str(error))
    return summary_of_structure(structure)


def header_summary_of(content: bytes) -> Summary:
    """Return the summary of a mail without its attachments and bounces."""
    return _summary(ParsedMessage(content).fields)


def summary_of_structure(structure: Structure) -> Summary:
    """Return the summary of a mail whose structure was read."""
    fields: dict[str, list[HeaderField]] = {}
    for field in structure.headers:
        fields.setdefault(field.name.lower(), []).append(field)
    attachments = tuple(map(_attachment, structure.attachments))
    summary = _summary(lambda name: fields.get(name, ()), attachments)
    bounce = bounce_of_structure(structure)
    return attrs.evolve(summary, bounce=bounce) if bounce else summary


def _summary(
    fields_of: _FieldsOf,
    attachments: tuple[Attachment, ...] = (),
    reason: str | None = None,
) -> Summary:
    def first(name: str) -> HeaderField | None:
        return next(iter(fields_of(name)), None)

    def addresses(name: str) -> tuple[NamedAddress, ...]:
        found = [one for field in fields_of(name) for one in addresses_of(field)]
        return tuple(found)

    subject, date, message_id = first("subject"), first("date"), first("message-id")
    return Summary(
        subject=subject.text if subject else "",
        date=date_of(date) if date else None,
        message_id=message_id.text.strip("<> \t") if message_id else "",
        header_from=addresses("from"),
        header_to=addresses("to"),
        header_cc=addresses("cc"),
        attachments=attachments,
        reason=reason,
        header_bcc=addresses("bcc"),
        reply_to=addresses("reply-to"),
    )


_DATE = re.compile(
    r"(?:[A-Z][a-z]{2}, )?(\d\d?) ([A-Z][a-z]{2}) ([1-9]\d{3}) (\d\d):(\d\d):(\d\d) "
    r"([+-])(0\d|1[0-4])([0-5]\d)",
    re.ASCII,
)
_MONTHS = {name: number for number, name in enumerate(month_abbr) if name}


@lru_cache(256)
def _zone(sign: str, hours: str, minutes: str) -> timezone:
    offset = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-offset if sign == "-" else offset)


def date_of(field: HeaderField) -> datetime | None:
    """Parse a Date field (RFC 5322 §3.3); without a zone, UTC is assumed."""
    text = field.body[:_DATE_LIMIT].decode("ascii", "replace")
    try:
        match = _DATE.fullmatch(text)
        if match is not None and match[2] in _MONTHS:
            # A fast path for the usual form, in a third of the time.
            day, month, year, hour, minute, second, *zone = match.groups()
            time = int(hour), int(minute), int(second)
            date = datetime(
                int(year), _MONTHS[month], int(day), *time, tzinfo=_zone(*zone)
            )
            date.utctimetuple()
            return date
        date = parsedate_to_datetime(text)
        # Some offsets are valid syntax but out of range.
        date.utctimetuple()
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return date.replace(tzinfo=UTC) if date.tzinfo is None else date


def _attachment(part: Part) -> Attachment:
    return Attachment(part.number, part.file_name, part.content_type, part.size)
