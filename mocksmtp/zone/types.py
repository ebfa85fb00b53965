"""The types of DNS records by number and by name (RFC 6895 §3.1, RFC 3597 §5)."""

from __future__ import annotations

import enum
import re

_GENERIC = re.compile(r"TYPE(0|[1-9][0-9]{0,4})")


class RRType(enum.IntEnum):
    """Types that are met; any other number is written ``TYPEn``."""

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
    """No type of DNS: marks names as signed (`mocksmtp.zone.rdata.Secure`)."""
    TLSAFROM = 65354
    """Nor is this: a TLSA record to be made (`mocksmtp.zone.rdata.HostTLSA`)."""


def type_name(number: int) -> str:
    """``MX`` for 15; ``TYPE65280`` where there is no better name."""
    try:
        return RRType(number).name
    except ValueError:
        return f"TYPE{number}"


def type_number(text: str) -> int:
    """
    15 for ``MX``; 65280 for ``TYPE65280``.

    :raises ValueError: `text` is neither a type's name nor ``TYPE`` and a number
    """
    if text in RRType.__members__:
        return RRType[text].value
    match = _GENERIC.fullmatch(text)
    if match is None or int(match[1]) > 0xFFFF:
        raise ValueError(f"unknown type {text[:32]!r}")
    return int(match[1])


def is_data_type(number: int) -> bool:
    """Whether a record can have this type.

    0 is reserved, OPT is a part of messages, 128 to 255 are for questions
    (RFC 6895 §3.1); and a number has 16 bits.
    """
    return 0 < number <= 0xFFFF and number != RRType.OPT and not 128 <= number <= 255
