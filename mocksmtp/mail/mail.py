"""Mails as they are kept: the envelope as it was sent, and the exact content."""

from __future__ import annotations

from typing import TypeAlias

import attrs

from mocksmtp.grammar.address import Address
from mocksmtp.grammar.command import Parameter, PathCommand
from mocksmtp.grammar.speed import value

Recipient: TypeAlias = PathCommand
"""What an accepted RCPT named."""


_OVERHEAD = 512
"""About what the objects of one mail take besides its texts, in bytes."""

_RECIPIENT_OVERHEAD = 192
"""About what the objects of one recipient take besides its texts, in bytes."""


@value
class Envelope:
    """What MAIL and RCPT said (RFC 5321 §2.3.1).

    :ivar recipients: every accepted one, in order; the same may come twice
    """

    sender: Address
    parameters: tuple[Parameter, ...]
    recipients: tuple[Recipient, ...]

    @property
    def weight(self) -> int:
        """About how many bytes of memory it takes."""
        total = _OVERHEAD + len(self.sender.text)
        if self.parameters:
            total += octets_of(self.parameters)
        for recipient in self.recipients:
            total += _RECIPIENT_OVERHEAD + len(recipient.address.text)
            if recipient.parameters:
                total += octets_of(recipient.parameters)
        return total


@attrs.frozen
class Origin:
    """Where mails came from; the mails of a session share it.

    :ivar session: the session's id
    :ivar client_ip: the client's address, ``""`` where it has none
    :ivar helo: the argument of the last HELO or EHLO, ``""`` before any
    """

    session: str
    client_ip: str
    helo: str


@value
class Mail:
    """One message with its envelope.

    :ivar number: grows with each mail; `id` is made from it
    :ivar content: the bytes received after dot-unstuffing, nothing else changed
    :ivar received_at: seconds since the epoch, when its last line arrived
    :ivar weight: about how many bytes of memory it takes
    """

    number: int
    envelope: Envelope
    content: bytes = attrs.field(repr=False)
    received_at: float
    origin: Origin
    weight: int

    @property
    def id(self) -> str:
        """The name of this mail in the API."""
        return str(self.number)


def octets_of(parameters: tuple[Parameter, ...]) -> int:
    """About how many bytes of memory parameters take."""
    return sum(128 + len(p.name) + len(p.value) for p in parameters)
