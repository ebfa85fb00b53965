"""The types of DNS records, and the data of each (RFC 1035 §3.3, RFC 6895 §3.1).

To add a type, write its class here: its fields in the order of the wire, each with its
kind and meaning, and add the class to `RDATA`. JSON, zone text, the wire format,
schemas and the reference follow. Types without a class have `Raw` data (RFC 3597).

dnspython's names and data were tried instead: see `mocksmtp.dns.message`.
"""

from __future__ import annotations

import enum
import re
import struct
from ipaddress import IPv4Address, IPv6Address
from typing import ClassVar

import attrs

from mocksmtp.zone.names import Name
from mocksmtp.zone.rdata_fields import (
    HEX,
    IPV4,
    IPV6,
    LONG_TEXT,
    MAX_RDATA,
    NAME,
    OCTETS,
    STRING,
    STRINGS,
    TAG,
    U8,
    U16,
    U32,
    Unsigned,
    kind_of,
    rdata_field,
)

_NUMBERED = re.compile(r"TYPE(0|[1-9][0-9]{0,4})")


class RRType(enum.IntEnum):
    """Types with a name; any other is written ``TYPE`` and its number."""

    A = 1
    NS = 2
    CNAME = 5
    SOA = 6
    PTR = 12
    HINFO = 13
    MX = 15
    TXT = 16
    RP = 17
    AFSDB = 18
    AAAA = 28
    LOC = 29
    SRV = 33
    NAPTR = 35
    CERT = 37
    DNAME = 39
    OPT = 41
    DS = 43
    SSHFP = 44
    IPSECKEY = 45
    RRSIG = 46
    NSEC = 47
    DNSKEY = 48
    NSEC3 = 50
    NSEC3PARAM = 51
    TLSA = 52
    SMIMEA = 53
    HIP = 55
    CDS = 59
    CDNSKEY = 60
    OPENPGPKEY = 61
    CSYNC = 62
    ZONEMD = 63
    SVCB = 64
    HTTPS = 65
    SPF = 99
    TKEY = 249
    TSIG = 250
    IXFR = 251
    AXFR = 252
    MAILB = 253
    MAILA = 254
    ANY = 255
    URI = 256
    CAA = 257
    SECURE = 65353
    """Not a type of DNS: marks names as signed (`Secure`)."""
    TLSAFROM = 65354
    """Not a type of DNS: a TLSA record made from a host's certificate (`HostTLSA`)."""


def type_name(number: int) -> str:
    """The name of a type: ``MX`` for 15; ``TYPE65280`` for an unknown type."""
    try:
        return RRType(number).name
    except ValueError:
        return f"TYPE{number}"


def type_number(text: str) -> int:
    """
    The number of a type: 15 for ``MX``; 65280 for ``TYPE65280``.

    :raises ValueError: `text` is neither a type's name nor ``TYPE`` and a number
    """
    if text in RRType.__members__:
        return RRType[text].value
    match = _NUMBERED.fullmatch(text)
    if match is None or int(match[1]) > 0xFFFF:
        raise ValueError(f"unknown type {text[:32]!r}")
    return int(match[1])


def is_data_type(number: int) -> bool:
    """Whether a record can have this type.

    0 is reserved, OPT is a part of messages, 128 to 255 are for questions
    (RFC 6895 §3.1); and a number has 16 bits.
    """
    return 0 < number <= 0xFFFF and number != RRType.OPT and not 128 <= number <= 255


_DIGESTS = {1: 32, 2: 64}
"""Octets of SHA-256 and SHA-512, by matching type (RFC 6698 §2.1.3)."""


class Rdata:
    """The data of a record: the base of the class of each type."""

    __slots__ = ()
    TYPE: ClassVar[int]
    LEAST_OCTETS: ClassVar[int] = 0
    """Minimum octets of the data; 0 if not specified."""

    @property
    def type(self) -> int:
        """The number of the record's type."""
        return self.TYPE

    @property
    def host(self) -> Name | None:
        """The host in the data, whose addresses are additional records, or None."""
        return None


@attrs.frozen
class A(Rdata):
    """An IPv4 address (RFC 1035 §3.4.1)."""

    TYPE = RRType.A
    LEAST_OCTETS = 4
    address: IPv4Address = rdata_field(IPV4, "the IPv4 address")


@attrs.frozen
class AAAA(Rdata):
    """An IPv6 address (RFC 3596 §2.2)."""

    TYPE = RRType.AAAA
    LEAST_OCTETS = 16
    address: IPv6Address = rdata_field(IPV6, "the IPv6 address")


@attrs.frozen
class MX(Rdata):
    """A mail exchange (RFC 1035 §3.3.9).

    ``MX(0, ".")``, the null MX, refuses all mail (RFC 7505).
    """

    TYPE = RRType.MX
    preference: int = rdata_field(U16, "the server with the lowest is tried first")
    exchange: Name = rdata_field(
        NAME, "the mail server; `.` is the null MX of RFC 7505"
    )

    @property
    def host(self) -> Name:
        """The exchange."""
        return self.exchange


@attrs.frozen
class CNAME(Rdata):
    """The canonical name for an alias (RFC 1035 §3.3.1)."""

    TYPE = RRType.CNAME
    target: Name = rdata_field(NAME, "the canonical name")


@attrs.frozen
class PTR(Rdata):
    """The name of an address (RFC 1035 §3.3.12)."""

    TYPE = RRType.PTR
    target: Name = rdata_field(NAME, "the name of the address")


@attrs.frozen
class NS(Rdata):
    """A name server of the zone (RFC 1035 §3.3.11)."""

    TYPE = RRType.NS
    target: Name = rdata_field(NAME, "the name server")

    @property
    def host(self) -> Name:
        """The name server."""
        return self.target


@attrs.frozen
class SOA(Rdata):
    """The start of a zone of authority (RFC 1035 §3.3.13); times are in seconds.

    `minimum` bounds the time that a negative answer may be cached (RFC 2308 §4).
    """

    TYPE = RRType.SOA
    mname: Name = rdata_field(NAME, "the primary name server")
    rname: Name = rdata_field(NAME, "the mailbox of its administrator, as a name")
    serial: int = rdata_field(U32, "the version of the zone")
    refresh: int = rdata_field(U32, "seconds between two checks of a secondary server")
    retry: int = rdata_field(U32, "seconds after a check that failed")
    expire: int = rdata_field(U32, "seconds after which a secondary server stops")
    minimum: int = rdata_field(U32, "seconds that a negative answer may be cached")


@attrs.frozen
class TXT(Rdata):
    """Strings, each a character-string (RFC 1035 §3.3.14).

    SPF and DKIM concatenate them (RFC 7208 §3.3, RFC 6376 §3.6.2.2).
    """

    TYPE = RRType.TXT
    strings: tuple[str, ...] = rdata_field(
        STRINGS, "the strings; one over 255 octets is split"
    )


@attrs.frozen
class SRV(Rdata):
    """The location of a service (RFC 2782)."""

    TYPE = RRType.SRV
    priority: int = rdata_field(U16, "the lowest is tried first")
    weight: int = rdata_field(U16, "the share among equal priorities")
    port: int = rdata_field(U16, "the port of the service")
    target: Name = rdata_field(NAME, "the host of the service")

    @property
    def host(self) -> Name:
        """The host of the service."""
        return self.target


@attrs.frozen
class NAPTR(Rdata):
    """A rule that rewrites a name (RFC 3403 §4.1)."""

    TYPE = RRType.NAPTR
    order: int = rdata_field(U16, "the rule with the lowest is applied first")
    preference: int = rdata_field(U16, "the preference among equal orders")
    flags: str = rdata_field(STRING, "how to continue")
    services: str = rdata_field(STRING, "the service")
    regexp: str = rdata_field(STRING, "the substitution")
    replacement: Name = rdata_field(NAME, "the next name")


@attrs.frozen
class TLSA(Rdata):
    """The certificate of a TLS server (RFC 6698 §2.1)."""

    TYPE = RRType.TLSA
    usage: int = rdata_field(U8, "the certificate usage")
    selector: int = rdata_field(U8, "0: the certificate, 1: its key")
    matching_type: int = rdata_field(U8, "0: all of it, 1: its SHA-256, 2: its SHA-512")
    data: bytes = rdata_field(HEX, "the certificate association data in hexadecimal")

    @data.validator
    def _is_there(self, _: object, value: bytes) -> None:
        if not 0 < len(value) <= MAX_RDATA - 3:
            raise ValueError(f"data must have 1 to {MAX_RDATA - 3:,} octets")

    @property
    def has_length_of_its_type(self) -> bool:
        """Whether a digest has the length of its type (RFC 6698 §2.1.3)."""
        return self.matching_type not in _DIGESTS or (
            len(self.data) == _DIGESTS[self.matching_type]
        )


@attrs.frozen
class CAA(Rdata):
    """Who may issue certificates for the domain (RFC 8659 §4.1)."""

    TYPE = RRType.CAA
    flags: int = rdata_field(U8, "128 marks a critical property")
    tag: str = rdata_field(TAG, "the property, such as `issue`")
    value: str = rdata_field(LONG_TEXT, "its value")

    @value.validator
    def _fits(self, _: object, value: str) -> None:
        if 2 + len(self.tag) + len(value.encode()) > MAX_RDATA:
            raise ValueError(
                f"tag and value must have at most {MAX_RDATA - 2:,} octets"
            )


@attrs.frozen
class Secure(Rdata):
    """Marks a name and all names below it as signed, as a validator would report.

    It is never sent. Answers about such names have AD set (RFC 4035 §3.2.3). An SOA
    below the mark begins an unsigned zone, unless the zone has a mark too.
    """

    TYPE = RRType.SECURE


@attrs.frozen
class HostTLSA(Rdata):
    """
    A TLSA record that is made from the certificate of a mail host.

    :ivar usage: 3 for the host's certificate, 2 for the last one of its chain, which
        has issued it; 1 and 0 for the same where a root must be trusted, too
        (RFC 6698 §2.1.1). Usages 0 and 1 are unusable for SMTP (RFC 7672 §3.1.3): they
        are for tests of that
    :ivar from_host: the name of the host in the API
    """

    TYPE = RRType.TLSAFROM
    # The defaults are what RFC 7672 §3.1.1 recommends.
    usage: int = rdata_field(
        Unsigned(">B", (0, 1, 2, 3)),
        "3: the certificate of the host, 2: its issuer; 1 and 0 the same, unusable for "
        "SMTP",
        absent=3,
    )
    selector: int = rdata_field(
        Unsigned(">B", (0, 1)), "0: the certificate, 1: its key", absent=1
    )
    matching_type: int = rdata_field(
        Unsigned(">B", (0, 1, 2)),
        "0: all of it, 1: its SHA-256, 2: its SHA-512",
        absent=1,
    )
    from_host: str = rdata_field(LONG_TEXT, "the name of the host")

    @property
    def is_of_anchor(self) -> bool:
        """Whether it refers to the issuer, not to the host's own certificate."""
        return self.usage in (0, 2)


@attrs.frozen
class Raw(Rdata):
    """Data of an unknown type, or invalid data of a known type (RFC 3597 §5)."""

    number: int = attrs.field()
    data: bytes = rdata_field(OCTETS, "the data in the form of RFC 3597")

    @number.validator
    def _is_of_records(self, _: object, value: int) -> None:
        if not is_data_type(value):
            raise ValueError(f"{type_name(value)} is not a type of records")

    @data.validator
    def _fits(self, _: object, value: bytes) -> None:
        if len(value) > MAX_RDATA:
            raise ValueError(f"data must have at most {MAX_RDATA:,} octets")

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


def read_rdata(number: int, octets: bytes) -> Rdata:
    """
    Read the data of a record from octets without compressed names.

    It is `Raw` if the type has no class, or if its class would write other octets, so
    that invalid data is served unchanged.

    :raises ValueError: a record cannot have this type, or as much data
    """
    cls = RDATA.get(number)
    if cls is None:
        return Raw(number, octets)
    try:
        return _read(cls, octets)
    except (ValueError, IndexError, struct.error):
        return Raw(number, octets)


def _read(cls: type[Rdata], octets: bytes) -> Rdata:
    values = []
    at = 0
    for field in attrs.fields(cls):  # type: ignore[arg-type]
        value, at = kind_of(field).from_wire(octets, at)
        values.append(value)
    if at != len(octets):
        raise ValueError("data continues")
    return cls(*values)
