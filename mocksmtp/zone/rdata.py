"""What a DNS record says: one class a type (RFC 1035 §3.3, §3.4).

A class's fields come in the order of the wire, each of a kind (`kind`), from
which all notations follow. A further type is one more class and its row in
`RDATA`; the data of every other type is `Raw` (RFC 3597).
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from typing import Any, ClassVar

import attrs

from mocksmtp.zone.kinds import (
    HEX,
    IPV4,
    IPV6,
    MAX_RDATA,
    NAME,
    OCTETS,
    STRING,
    STRINGS,
    TAG,
    TEXT,
    U8,
    U16,
    U32,
)
from mocksmtp.zone.names import Name
from mocksmtp.zone.types import RRType, is_data_type, type_name

_DIGESTS = {1: 32, 2: 64}
"""Octets of SHA-256 and SHA-512, by matching type (RFC 6698 §2.1.3)."""


class Rdata:
    """What a record says: the base of one class a type."""

    __slots__ = ()
    TYPE: ClassVar[int]
    LEAST_OCTETS: ClassVar[int] = 0
    """Octets that the data has at least; 0 where that is not worth a count."""

    @property
    def type(self) -> int:
        """The number of the record's type."""
        return self.TYPE

    @property
    def host(self) -> Name | None:
        """The name whose addresses who asked will want next, if there is one."""
        return None


@attrs.frozen
class A(Rdata):
    """An IPv4 address (RFC 1035 §3.4.1)."""

    TYPE = RRType.A
    LEAST_OCTETS = 4
    address: IPv4Address = attrs.field(**IPV4)


@attrs.frozen
class AAAA(Rdata):
    """An IPv6 address (RFC 3596 §2.2)."""

    TYPE = RRType.AAAA
    LEAST_OCTETS = 16
    address: IPv6Address = attrs.field(**IPV6)

    @address.validator
    def _has_no_scope(self, _: object, value: IPv6Address) -> None:
        if value.scope_id is not None:
            raise ValueError(f"{value} has a zone index, which DNS cannot tell")


@attrs.frozen
class MX(Rdata):
    """A mail exchange; the lowest preference first (RFC 1035 §3.3.9).

    ``MX(0, ".")``, the null MX, says that there is no mail (RFC 7505).
    """

    TYPE = RRType.MX
    preference: int = attrs.field(**U16)
    exchange: Name = attrs.field(**NAME)

    @property
    def host(self) -> Name:
        """The exchange."""
        return self.exchange


@attrs.frozen
class CNAME(Rdata):
    """The canonical name that this one is an alias of (RFC 1035 §3.3.1)."""

    TYPE = RRType.CNAME
    target: Name = attrs.field(**NAME)


@attrs.frozen
class PTR(Rdata):
    """The name that an address, as a name, stands for (RFC 1035 §3.3.12)."""

    TYPE = RRType.PTR
    target: Name = attrs.field(**NAME)


@attrs.frozen
class NS(Rdata):
    """A name server of the zone (RFC 1035 §3.3.11)."""

    TYPE = RRType.NS
    target: Name = attrs.field(**NAME)

    @property
    def host(self) -> Name:
        """The name server."""
        return self.target


@attrs.frozen
class SOA(Rdata):
    """The start of a zone of authority (RFC 1035 §3.3.13); times are in seconds.

    `minimum` bounds how long "there is none" may be kept (RFC 2308 §4).
    """

    TYPE = RRType.SOA
    mname: Name = attrs.field(**NAME)
    rname: Name = attrs.field(**NAME)
    serial: int = attrs.field(**U32)
    refresh: int = attrs.field(**U32)
    retry: int = attrs.field(**U32)
    expire: int = attrs.field(**U32)
    minimum: int = attrs.field(**U32)


@attrs.frozen
class TXT(Rdata):
    """Texts, each a character-string of its own (RFC 1035 §3.3.14).

    A longer text is split, and read as one again (RFC 7208 §3.3, RFC 6376 §3.6.2.2).
    """

    TYPE = RRType.TXT
    strings: tuple[str, ...] = attrs.field(**STRINGS)

    @strings.validator
    def _fits(self, _: object, value: tuple[str, ...]) -> None:
        if not value:
            raise ValueError("TXT needs at least one string")
        if sum(1 + len(text.encode()) for text in value) > MAX_RDATA:
            raise ValueError(f"strings have more than {MAX_RDATA} octets")


@attrs.frozen
class SRV(Rdata):
    """Where a service is; the lowest priority first (RFC 2782)."""

    TYPE = RRType.SRV
    priority: int = attrs.field(**U16)
    weight: int = attrs.field(**U16)
    port: int = attrs.field(**U16)
    target: Name = attrs.field(**NAME)

    @property
    def host(self) -> Name:
        """The host of the service."""
        return self.target


@attrs.frozen
class NAPTR(Rdata):
    """A rule that rewrites a name (RFC 3403 §4.1)."""

    TYPE = RRType.NAPTR
    order: int = attrs.field(**U16)
    preference: int = attrs.field(**U16)
    flags: str = attrs.field(**STRING)
    services: str = attrs.field(**STRING)
    regexp: str = attrs.field(**STRING)
    replacement: Name = attrs.field(**NAME)


@attrs.frozen
class TLSA(Rdata):
    """What the certificate of a TLS server is like (RFC 6698 §2.1)."""

    TYPE = RRType.TLSA
    usage: int = attrs.field(**U8)
    selector: int = attrs.field(**U8)
    matching_type: int = attrs.field(**U8)
    data: bytes = attrs.field(**HEX)

    @data.validator
    def _is_there(self, _: object, value: bytes) -> None:
        if not 0 < len(value) <= MAX_RDATA - 3:
            raise ValueError(f"TLSA has from 1 to {MAX_RDATA - 3} octets of data")

    @property
    def has_length_of_its_type(self) -> bool:
        """Whether a digest is as long as its kind is (RFC 6698 §2.1.3)."""
        return self.matching_type not in _DIGESTS or (
            len(self.data) == _DIGESTS[self.matching_type]
        )


@attrs.frozen
class CAA(Rdata):
    """Who may issue certificates (RFC 8659 §4.1)."""

    TYPE = RRType.CAA
    flags: int = attrs.field(**U8)
    tag: str = attrs.field(**TAG)
    value: str = attrs.field(**TEXT)

    @value.validator
    def _fits(self, _: object, value: str) -> None:
        if 2 + len(self.tag) + len(value.encode()) > MAX_RDATA:
            raise ValueError(f"tag and value have more than {MAX_RDATA - 2} octets")


@attrs.frozen
class Secure(Rdata):
    """That a name and all below it are signed, as a validating resolver would find.

    It is not told to who asks: answers about such names have AD set (RFC 4035
    §3.2.3). Below it an SOA begins a zone that is not signed, unless it has this too.
    """

    TYPE = RRType.SECURE


HOST_TLSA_VALUES = {
    "usage": (0, 1, 2, 3),
    "selector": (0, 1),
    "matching_type": (0, 1, 2),
}
"""What the numbers of a TLSA record may be that is made from a host's certificate.

Usages 0 and 1 are unusable for SMTP (RFC 7672 §3.1.3): they are for tests of that.
"""


def _one_of(name: str) -> dict[str, Any]:
    def check(_: object, field: attrs.Attribute[int], value: int) -> None:
        if value not in HOST_TLSA_VALUES[name]:
            raise ValueError(f"{field.name} is {value}, not what a host has")

    return {**U8, "validator": check}


@attrs.frozen
class HostTLSA(Rdata):
    """
    What the certificate of a mail host is like: a TLSA record still to be made.

    :ivar usage: 3 for the host's certificate, 2 for the last one of its chain, which
        has issued it; 1 and 0 for the same where a root must be trusted, too
        (RFC 6698 §2.1.1)
    :ivar selector: 0 for the certificate, 1 for its key (§2.1.2)
    :ivar matching_type: 0 for all of it, 1 for its SHA-256, 2 for its SHA-512 (§2.1.3)
    :ivar from_host: the name of the host in the API
    """

    TYPE = RRType.TLSAFROM
    usage: int = attrs.field(**_one_of("usage"))
    selector: int = attrs.field(**_one_of("selector"))
    matching_type: int = attrs.field(**_one_of("matching_type"))
    from_host: str = attrs.field(**TEXT)

    @property
    def is_of_anchor(self) -> bool:
        """Whether it is about the issuer, and not about the host's own certificate."""
        return self.usage in (0, 2)


@attrs.frozen
class Raw(Rdata):
    """Data of a type that has no class here, or that its class cannot hold.

    So also broken data of a known type can be served (RFC 3597 §5).
    """

    number: int = attrs.field()
    data: bytes = attrs.field(**OCTETS)

    @number.validator
    def _is_of_records(self, _: object, value: int) -> None:
        if not is_data_type(value):
            raise ValueError(f"{type_name(value)} is no type that a record can have")

    @data.validator
    def _fits(self, _: object, value: bytes) -> None:
        if len(value) > MAX_RDATA:
            raise ValueError(f"data has more than {MAX_RDATA} octets")

    @property
    def type(self) -> int:
        """The number of the record's type."""
        return self.number


RDATA: dict[int, type[Rdata]] = {
    cls.TYPE: cls
    for cls in (
        *(A, NS, CNAME, SOA, PTR, MX, TXT, AAAA, SRV, NAPTR, TLSA, CAA),
        *(Secure, HostTLSA),
    )
}
"""The class of each type that has one; all others are `Raw`."""
