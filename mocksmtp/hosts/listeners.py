"""Where a mail host listens, and by which names DNS tells the way to it."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import TypeAlias

import attrs

from mocksmtp.tls.settings import TlsMode
from mocksmtp.zone.answer import Record
from mocksmtp.zone.names import Name
from mocksmtp.zone.rdata import AAAA, MX, A

Address: TypeAlias = IPv4Address | IPv6Address


def unmapped(host: str) -> str:
    """
    An address as a client has it, where a socket of IPv6 shows it as its own.

    ``::ffff:192.0.2.1`` is ``192.0.2.1`` (RFC 4291 §2.5.5.2).
    """
    if host.startswith("::ffff:") and "." in host:
        return host[7:]
    return host


class MailProtocol(enum.Enum):
    """What is spoken on a listener."""

    SMTP = "smtp"
    LMTP = "lmtp"
    """RFC 2033: one reply for each recipient after the content."""


class Disconnect(enum.Enum):
    """How the service ends a connection."""

    CLOSE = "close"
    """The reply 421, then FIN."""

    RESET = "reset"
    """RST."""


@attrs.frozen
class Listen:
    """
    An address and a port to listen on, and how.

    :ivar port: 0 for a free one
    :ivar tls: when the handshake comes there; None for as with the host's others
    """

    address: Address = attrs.field(
        default=IPv4Address("127.0.0.1"), converter=ip_address
    )
    port: int = 0
    protocol: MailProtocol = MailProtocol.SMTP
    tls: TlsMode | None = None

    @property
    def place(self) -> tuple[Address, int]:
        """The address and the port alone."""
        return self.address, self.port

    def doing_as(self, other: Listen) -> Listen:
        """The same address and port, where what `other` does is done."""
        return attrs.evolve(self, protocol=other.protocol, tls=other.tls)

    def __str__(self) -> str:
        """``127.0.0.1:25``, ``[::1]:25``."""
        shown = f"[{self.address}]" if self.address.version == 6 else self.address
        return f"{shown}:{self.port}"


@attrs.frozen
class Inherited:
    """
    Two sockets that systemd has opened before the start (systemd.socket(5)).

    :ivar tcp: the index among those that were handed over, or the name, of the
        one that takes connections
    :ivar udp: the same for datagrams
    """

    tcp: str
    udp: str


@attrs.frozen
class MailDomain:
    """A domain whose mail a host takes.

    :ivar preference: of its MX records; the lowest is tried first (RFC 5321 §5.1)
    """

    name: Name
    preference: int = 10


@attrs.frozen
class HostDns:
    """
    What DNS tells of a host.

    :ivar names: the host's own names, which get its addresses
    :ivar domains: the domains that name it as their mail exchange
    :ivar address: the addresses of its names, where they are not those that it
        listens on
    """

    names: tuple[Name, ...] = ()
    domains: tuple[MailDomain, ...] = ()
    address: tuple[Address, ...] = ()

    def needs_address(self, listens: Iterable[Address]) -> bool:
        """Whether no address can be told, for it `listens` on all that there are."""
        if self.address or not self.names:
            return False
        return any(address.is_unspecified for address in listens)

    def records(self, listens: Iterable[Address]) -> Iterator[Record]:
        """The records of a host that `listens` on these addresses."""
        # Each once, however many ports it has there.
        addresses = dict.fromkeys(self.address or listens)
        for name in self.names:
            for address in addresses:
                if isinstance(address, IPv4Address):
                    yield Record(name, A(address))
                else:
                    yield Record(name, AAAA(address))
        for domain in self.domains:
            for name in self.names:
                yield Record(domain.name, MX(domain.preference, name))
