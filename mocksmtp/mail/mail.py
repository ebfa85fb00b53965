"""Mails: the envelope as it was sent, and the exact content."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, Protocol, TypeAlias

import attrs

from mocksmtp.grammar.address import Address
from mocksmtp.grammar.command import Parameter, PathCommand, plain_path
from mocksmtp.grammar.speed import value
from mocksmtp.mail.summary import Packed, Summary, size_of, summary_of, unpacked

Recipient: TypeAlias = PathCommand
"""The path of an accepted RCPT."""


_OVERHEAD = 512
"""Approximate memory of a mail without its texts, in bytes."""

_RECIPIENT_OVERHEAD = 192
"""Approximate memory of a recipient without its texts, in bytes."""


class PlainRecipients(Sequence[Recipient]):
    """
    Recipients with ASCII addresses and no parameters, as nearly all mails have.

    Their paths are made when they are read: few mails are read of a load that sends
    many, and a path takes six times the memory of its address.

    :param addresses: at least one
    """

    __slots__ = ("_addresses", "_count")

    def __init__(self, addresses: list[bytes]) -> None:
        self._addresses = b"\n".join(addresses)
        self._count = len(addresses)

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Recipient]:
        return map(plain_path, self._addresses.split(b"\n"))

    def __getitem__(self, index: Any) -> Any:
        found = self._addresses.split(b"\n")[index]
        if isinstance(index, slice):
            return tuple(map(plain_path, found))
        return plain_path(found)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, tuple | PlainRecipients) and tuple(self) == (*other,)

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        return repr(tuple(self))

    def normalized(self) -> Iterator[str]:
        """The address of each, with its domain in lower case; no path is made."""
        for text in self._addresses.decode().split("\n"):
            local_part, at, domain = text.rpartition("@")
            yield local_part + at + domain.lower()

    @property
    def weight(self) -> int:
        """Approximate memory, in bytes."""
        overhead = _RECIPIENT_OVERHEAD * self._count
        return overhead + len(self._addresses) - (self._count - 1)


@value
class Envelope:
    """The envelope of a mail, from MAIL and RCPT (RFC 5321 §2.3.1).

    :ivar recipients: all accepted recipients in order, including duplicates
    """

    sender: Address
    parameters: tuple[Parameter, ...]
    recipients: tuple[Recipient, ...] | PlainRecipients

    @property
    def weight(self) -> int:
        """Approximate memory, in bytes."""
        total = _OVERHEAD + len(self.sender.text)
        if self.parameters:
            total += octets_of(self.parameters)
        recipients = self.recipients
        if type(recipients) is PlainRecipients:
            return total + recipients.weight
        for recipient in recipients:
            total += _RECIPIENT_OVERHEAD + len(recipient.address.text)
            if recipient.parameters:
                total += octets_of(recipient.parameters)
        return total

    def normalized_recipients(self) -> Iterator[str]:
        """The address of each recipient, with its domain in lower case."""
        recipients = self.recipients
        if type(recipients) is PlainRecipients:
            return recipients.normalized()
        return (recipient.address.normalized for recipient in recipients)


@attrs.frozen
class Origin:
    """The session and client that sent mails; mails of a session share it.

    :ivar session: the session's id
    :ivar client_ip: the client's address, ``""`` if it has none
    :ivar helo: the argument of the last HELO or EHLO, ``""`` before the first
    :ivar host: the name of the mail host that received them
    """

    session: str
    client_ip: str
    helo: str
    host: str = ""


class Keeper(Protocol):
    """The mailbox of a mail, which counts its memory."""

    def count(self, mail: Mail, octets: int) -> bool:
        """
        Count `octets` more for `mail`, if it is kept and there is room.

        :return: whether they were counted
        """


LARGE = 64 * 1024
"""Octets of content from which a mail is decoded in a thread."""


@attrs.define(unsafe_hash=True)
class Mail:
    """One message with its envelope.

    It is immutable, except that its summary is decoded on first use and then kept.

    :ivar number: ascends with each mail; `id` is derived from it
    :ivar content: the octets received, without dot-stuffing, otherwise unchanged
    :ivar received_at: the time at which its last line arrived, in seconds since the
        epoch
    :ivar weight: approximate memory, including the decoded summary, in bytes
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
        """The id of the mail in the API."""
        return str(self.number)

    @property
    def summary(self) -> Summary:
        """The decoded header fields and the attachments; decoded once."""
        if self._packed is not None:
            return unpacked(self._packed)
        summary = summary_of(self.content)
        self.remember(summary)
        return summary

    @property
    def is_summarized(self) -> bool:
        """Whether `summary` has been decoded."""
        return self._packed is not None

    def remember(self, summary: Summary) -> None:
        """
        Keep the decoded `summary` with this mail.

        It counts as memory of the mail. It is not kept if that exceeds the limit,
        because reading a mail never evicts another one. The summary of a large mail is
        always kept: it is small compared with the content, and slow to decode again.
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
    """Approximate memory of parameters, in bytes."""
    return sum(128 + len(p.name) + len(p.value) for p in parameters)
