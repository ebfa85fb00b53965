"""Records of every sort, for what must hold of any."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address

from hypothesis import strategies as st

from mocksmtp.zone.names import Name
from mocksmtp.zone.rdata import (
    AAAA,
    CAA,
    CNAME,
    MX,
    NAPTR,
    NS,
    PTR,
    RDATA,
    SOA,
    SRV,
    TLSA,
    TXT,
    A,
    HostTLSA,
    Raw,
    Secure,
    is_data_type,
)
from mocksmtp.zone.records import Record

labels = st.one_of(
    st.from_regex(r"[A-Za-z0-9_-]{1,20}", fullmatch=True).map(str.encode),
    st.binary(min_size=1, max_size=10),
    st.just(b"*"),
)


def _name(parts: list[bytes]) -> Name:
    return Name(b"".join(bytes([len(part)]) + part for part in parts) + b"\0")


names = st.lists(labels, max_size=5).map(_name)
u8, u16, u32 = (st.integers(0, 2**bits - 1) for bits in (8, 16, 32))
texts = st.text(st.characters(codec="utf-8"), max_size=300)

strings = st.text(st.characters(codec="utf-8"), max_size=63)
tags = st.from_regex("[0-9A-Za-z]{1,15}", fullmatch=True)

unknown = st.builds(
    Raw,
    st.integers(1, 2**16 - 1).filter(
        lambda number: is_data_type(number) and number not in RDATA
    ),
    st.binary(max_size=40),
)
"""Data of types without a class."""

known = st.one_of(
    st.builds(A, st.builds(IPv4Address, u32)),
    st.builds(AAAA, st.builds(IPv6Address, st.integers(0, 2**128 - 1))),
    st.builds(MX, u16, names),
    st.builds(CNAME, names),
    st.builds(NS, names),
    st.builds(PTR, names),
    st.builds(SRV, u16, u16, u16, names),
    st.builds(NAPTR, u16, u16, strings, strings, strings, names),
    st.builds(TLSA, u8, u8, u8, st.binary(min_size=1, max_size=40)),
    st.builds(CAA, u8, tags, texts),
    st.builds(Secure),
    st.builds(HostTLSA, *map(st.sampled_from, [range(4), range(2), range(3)]), strings),
    st.builds(SOA, names, names, u32, u32, u32, u32, u32),
    st.builds(TXT, st.lists(texts, min_size=1, max_size=4)),
)
"""Data of types with one."""

BROKEN = (
    Raw(1, b"\x0a\0\0"),
    Raw(15, b"\0\x0a\xc0\x0c"),
    Raw(16, b""),
    Raw(16, b"\2\xff\xfe"),
    Raw(6, b"\0\0"),
    Raw(33, b"\0\0\0\0\0\0"),
    Raw(35, b"\0\0\0\0\1\xff\0\0\0"),
    Raw(52, b"\3\1\1"),
    Raw(257, b"\0\0"),
    Raw(257, b"\0\1-x"),
    Raw(65353, b"x"),
    Raw(65354, b"\4\1\1x"),
    Raw(65354, b"\3\1\1\xff"),
)
"""Data that its class cannot hold."""

rdatas = st.one_of(known, unknown, st.sampled_from(BROKEN))
records = st.lists(
    st.builds(Record, names, rdatas, st.integers(0, 2**31 - 1)), max_size=8
).map(tuple)
