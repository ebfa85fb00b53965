"""The envelope of a mail that arrives as a file, from the fields of its header."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mocksmtp.grammar.address import NULL_ADDRESS, Address
from mocksmtp.grammar.command import PathCommand, parse_rcpt
from mocksmtp.mail.addresses import addresses_of
from mocksmtp.mail.fields import HeaderField, ParsedMessage
from mocksmtp.mail.mail import Envelope, Recipient

SENDER_FIELDS = ("return-path", "from")
"""The fields that name the sender; the first that exists."""

RECIPIENT_FIELDS = ("to", "cc", "bcc")
"""The fields that name the recipients, as ``sendmail -t`` reads them."""

TRACE_FIELDS = ("delivered-to", "x-original-to", "envelope-to")
"""The fields in which mail servers record the recipient; read without the others."""

_LISTED = re.compile(r'(?:"(?:[^"\\]|\\.)*+"|[^,"])++')


def read_address(text: str) -> Address:
    """
    Parse a mailbox, with or without angle brackets.

    :raises ValueError: it is not one
    """
    path = text if text.startswith("<") else f"<{text}>"
    command = parse_rcpt(b"TO:" + path.encode(errors="replace"), utf8=True)
    if not isinstance(command, PathCommand) or command.parameters:
        raise ValueError(f"invalid address {text!r}"[:200])
    return command.address


def split_addresses(text: str) -> list[str]:
    """The texts of a list that is separated by commas."""
    return [each.strip() for each in _LISTED.findall(text) if each.strip()]


def envelope_from(
    content: bytes,
    sender: Address | None = None,
    recipients: tuple[Address, ...] = (),
) -> Envelope:
    """
    The envelope of a mail.

    :param sender: the sender; None reads it from the header, and without one there it
        is the null sender
    :param recipients: the recipients; none reads them from the header
    :raises ValueError: there is no recipient
    """
    message = ParsedMessage(content)
    if sender is None:
        sender = _sender(message)
    if not recipients:
        recipients = _recipients(message)
    if not recipients:
        raise ValueError("the header has no recipient in To, Cc or Bcc; add ?to=")
    return Envelope(sender, (), tuple(map(Recipient, recipients)))


def _sender(message: ParsedMessage) -> Address:
    for name in SENDER_FIELDS:
        for field in message.fields(name):
            if name == "return-path" and field.body.strip() == b"<>":
                return NULL_ADDRESS
            for address in _valid([field]):
                return address
    return NULL_ADDRESS


def _recipients(message: ParsedMessage) -> tuple[Address, ...]:
    for names in RECIPIENT_FIELDS, TRACE_FIELDS:
        fields = (field for name in names for field in message.fields(name))
        # A dictionary keeps the first of equal addresses, in order.
        found = tuple(dict.fromkeys(_valid(fields)))
        if found:
            return found
    return ()


def _valid(fields: Iterable[HeaderField]) -> Iterator[Address]:
    """The addresses in some fields, except for invalid ones."""
    for field in fields:
        for one in addresses_of(field):
            try:
                yield read_address(one.address)
            except ValueError:
                continue
