"""Mails as they are kept: the envelope as it was sent, and the exact content."""

from __future__ import annotations

from typing import Protocol, TypeAlias

import attrs

from mocksmtp.grammar.address import Address
from mocksmtp.grammar.command import Parameter, PathCommand
from mocksmtp.grammar.speed import value
from mocksmtp.mail.summary import Packed, Summary, size_of, summary_of, unpacked

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
    :ivar client_ip: the client's address, ``""`` if it has none
    :ivar helo: the argument of the last HELO or EHLO, ``""`` before any
    :ivar host: the name of the mail host that received them
    """

    session: str
    client_ip: str
    helo: str
    host: str = ""

    def with_helo(self, helo: str) -> Origin:
        """The origin of the mails that follow another HELO or EHLO."""
        return Origin(self.session, self.client_ip, helo, self.host)


class Keeper(Protocol):
    """Where a mail is kept, which counts the memory that it takes."""

    def count(self, mail: Mail, octets: int) -> bool:
        """
        Count `octets` more for `mail`, if it is kept and there is room.

        :return: whether they were counted
        """


LARGE = 64 * 1024
"""Octets of content from which decoding a mail takes so long that a thread does it."""


@attrs.define(unsafe_hash=True)
class Mail:
    """One message with its envelope.

    Nothing of it changes, but that its summary is decoded when it is first read, and
    then kept with it.

    :ivar number: grows with each mail; `id` is made from it
    :ivar content: the bytes received after dot-unstuffing, nothing else changed
    :ivar received_at: seconds since the epoch, when its last line arrived
    :ivar weight: about how many bytes of memory it takes, its decoded summary included
    """

    number: int
    envelope: Envelope
    content: bytes = attrs.field(repr=False)
    received_at: float
    origin: Origin
    weight: int = attrs.field(eq=False)
    _keeper: Keeper | None = attrs.field(default=None, eq=False, repr=False)
    _packed: Packed | None = attrs.field(default=None, init=False, eq=False, repr=False)

    @property
    def id(self) -> str:
        """The name of this mail in the API."""
        return str(self.number)

    @property
    def summary(self) -> Summary:
        """Its decoded header fields and its attachments; decoded once."""
        if self._packed is not None:
            return unpacked(self._packed)
        summary = summary_of(self.content)
        self.remember(summary)
        return summary

    @property
    def is_summarized(self) -> bool:
        """Whether `summary` is decoded already."""
        return self._packed is not None

    def remember(self, summary: Summary) -> None:
        """
        Keep `summary`, which was decoded from the content, with this mail.

        It counts as memory of the mail. Where there is no room for it, it is not kept:
        reading a mail never evicts another. That of a large mail is kept all the
        same: it is small beside the content, and takes long to decode again.
        """
        if self._packed is not None:
            return
        packed = summary.packed
        octets = size_of(packed)
        if self._keeper is None or self._keeper.count(self, octets):
            self.weight += octets
            self._packed = packed
        elif len(self.content) >= LARGE:
            self._packed = packed


def octets_of(parameters: tuple[Parameter, ...]) -> int:
    """About how many bytes of memory parameters take."""
    return sum(128 + len(p.name) + len(p.value) for p in parameters)
