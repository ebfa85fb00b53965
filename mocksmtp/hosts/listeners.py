"""The listeners of a mail host, and the DNS records that lead to it."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, TypeAlias

import attrs

from mocksmtp.documents.document import Document, field
from mocksmtp.documents.kinds import AddressKind, Array, Choice, Integer, Kind, Named
from mocksmtp.documents.problems import Refused
from mocksmtp.documents.schema import (
    NULL,
    Schema,
    any_of,
    given,
)
from mocksmtp.tls.settings import TlsMode
from mocksmtp.zone.names import Name
from mocksmtp.zone.rdata import AAAA, MX, A
from mocksmtp.zone.rdata_fields import NAME
from mocksmtp.zone.records import Record

IpAddress: TypeAlias = IPv4Address | IPv6Address


def unmapped(host: str) -> str:
    """
    Return the IPv4 address for an IPv4-mapped IPv6 address; others unchanged.

    ``::ffff:192.0.2.1`` becomes ``192.0.2.1`` (RFC 4291 §2.5.5.2).
    """
    if host.startswith("::ffff:") and "." in host:
        return host[7:]
    return host


MAX_NAMES = 100
"""Maximum DNS names of a host."""

MAX_DOMAINS = 1000
"""Maximum domains for which a host is the mail exchange."""

_MAX_EXCHANGES = 10_000
"""Maximum MX records of a host: one per name and domain."""

MAX_LISTENERS = 100
"""Maximum listeners of a host."""


_ADDRESS = AddressKind()


class _PublishedAddresses(Kind[tuple[IpAddress, ...]]):
    """An address to publish in DNS, or an array of them."""

    samples = ("192.0.2.1", ["192.0.2.1", "2001:db8::1"], [])
    misfits = ("0.0.0.0", ["::"], 5, ["x"])

    def __init__(self) -> None:
        self._several = Array(_PublishedAddress())

    def read(self, value: Any, _: object = None) -> tuple[IpAddress, ...]:
        """The addresses."""
        if isinstance(value, str):
            return (self._several.item.read(value),)
        return self._several.read(value)

    def write(self, value: tuple[IpAddress, ...]) -> Any:
        """An array."""
        return self._several.write(value)

    def accepted_schema(self, named: Named) -> Schema:
        """One of the two."""
        return any_of(
            self._several.item.accepted_schema(named),
            self._several.accepted_schema(named),
        )

    def written_schema(self, named: Named) -> Schema:
        """An array."""
        return self._several.written_schema(named)


class _PublishedAddress(AddressKind):
    """An address to publish in DNS."""

    def read(self, value: Any, _: object = None) -> IpAddress:
        """Parse an address; refuse the unspecified ones, ``0.0.0.0`` and ``::``."""
        address = super().read(value)
        if address.is_unspecified:
            raise Refused(f"{address} is not an address that mail can be sent to")
        return address

    def written_schema(self, named: Named) -> Schema:
        """The schema of an address, without the two unspecified ones."""
        return {**super().written_schema(named), "not": {"enum": ["0.0.0.0", "::"]}}


class MailProtocol(enum.Enum):
    """The protocol of a listener."""

    SMTP = "smtp"
    LMTP = "lmtp"
    """RFC 2033: one reply for each recipient after the content."""


class Disconnect(enum.Enum):
    """How the server ends a connection."""

    CLOSE = "close"
    """Reply 421, then send a FIN."""

    RESET = "reset"
    """Send a RST."""


@attrs.frozen
class Listen:
    """
    A listener: an address and a port, a protocol, and a TLS mode.

    :ivar port: 0 for a free port
    :ivar tls: when its connections begin TLS; None for the host's setting
    """

    address: IpAddress = field(
        _ADDRESS,
        "an IP address",
        default=IPv4Address("127.0.0.1"),
        converter=ip_address,
        always=True,
    )
    port: int = field(Integer(0, 65535), "0 for a free port", default=0, always=True)
    protocol: MailProtocol = field(
        Choice(MailProtocol, "protocol"), "the protocol", default=MailProtocol.SMTP
    )
    tls: TlsMode | None = field(
        Choice(TlsMode, "mode"),
        "when connections begin TLS; if absent, as in the host's `tls`",
        default=None,
    )

    @property
    def place(self) -> tuple[IpAddress, int]:
        """The address and the port."""
        return self.address, self.port

    def doing_as(self, other: Listen) -> Listen:
        """Return this address and port with the protocol and TLS mode of `other`."""
        return attrs.evolve(self, protocol=other.protocol, tls=other.tls)

    def __str__(self) -> str:
        """``127.0.0.1:25``, ``[::1]:25``."""
        shown = f"[{self.address}]" if self.address.version == 6 else self.address
        return f"{shown}:{self.port}"


@attrs.frozen
class Inherited:
    """
    Two sockets that systemd has opened before the start (systemd.socket(5)).

    :ivar tcp: the index or the name of the inherited TCP socket
    :ivar udp: the index or the name of the inherited UDP socket
    """

    tcp: str
    udp: str


@attrs.frozen
class MailDomain:
    """A domain whose MX records name a host.

    :ivar preference: of its MX records; the lowest is tried first (RFC 5321 §5.1)
    """

    name: Name = field(NAME, "the domain", example="ex.test")
    preference: int = field(
        Integer(0, 65535), "the preference of its MX records", default=10, always=True
    )


MAIL_DOMAIN = Document(MailDomain, "MailDomain", example={"name": "ex.test"})
"""The document of a domain."""


@attrs.frozen
class HostDns:
    """
    The DNS settings of a host, from which its records follow.

    :ivar names: its names, each with A and AAAA records
    :ivar domains: the domains whose MX records name it
    :ivar address: the addresses of its names; if empty, those that it listens on
    """

    names: tuple[Name, ...] = field(
        Array(NAME, most=MAX_NAMES, noun="names"),
        "the host's names, each with A and AAAA records",
        default=(),
        always=True,
    )
    domains: tuple[MailDomain, ...] = field(
        Array(MAIL_DOMAIN, most=MAX_DOMAINS, noun="domains"),
        "the domains whose MX records name it",
        default=(),
        always=True,
    )
    address: tuple[IpAddress, ...] = field(
        _PublishedAddresses(),
        "the addresses of its names; if absent, those that it listens on",
        default=(),
        always=True,
    )

    def needs_address(self, listens: Iterable[IpAddress]) -> bool:
        """Whether `address` is required: it `listens` only on unspecified addresses."""
        if self.address or not self.names:
            return False
        return any(address.is_unspecified for address in listens)

    def records(self, listens: Iterable[IpAddress]) -> Iterator[Record]:
        """Yield the records of a host that `listens` on these addresses."""
        # Several ports on one address result in one record.
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


def _check(dns: HostDns) -> None:
    if dns.domains and not dns.names:
        raise Refused("required with domains: a mail exchange has a name", "names")
    exchanges = len(dns.domains) * len(dns.names)
    if exchanges > _MAX_EXCHANGES:
        most = f"at most {_MAX_EXCHANGES:,} pairs of a name and a domain"
        raise Refused(f"must have {most}, got {exchanges:,}", "domains")


HOST_DNS = Document(
    HostDns,
    "HostDns",
    check=_check,
    schema={
        "anyOf": [
            {"properties": {"domains": {"anyOf": [{"maxItems": 0}, NULL]}}},
            given("names", {"type": "array", "minItems": 1}),
        ],
    },
    example={},
)
"""The document of the DNS settings of a host."""

LISTENER = Document(Listen, "Listener", example={})
"""The document of a listener."""


class _Listeners(Array[Listen]):
    """The listeners of a host; no two have the same address and port."""

    def __init__(self) -> None:
        super().__init__(LISTENER, most=MAX_LISTENERS, noun="listeners")

    def read(self, value: Any, _: object = None) -> tuple[Listen, ...]:
        """The listeners."""
        listeners = super().read(value)
        fixed = [listener.place for listener in listeners if listener.port]
        if len(set(fixed)) < len(fixed):
            raise Refused("contains the same address and port twice")
        return listeners


LISTENERS = _Listeners()
"""The kind of the list of a host's listeners."""


def has_tls(listener: Listen) -> bool:
    """Whether a listener itself configures TLS, regardless of its host."""
    return listener.tls not in (None, TlsMode.NONE)
