r"""Data of records from octets, and as text that fits every type (RFC 3597 §5).

``\# 4 0a000001`` is four octets in hexadecimal. It is how data of a type without
a class here is written, and data that its class cannot hold.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Callable
from typing import Any

import attrs

from mocksmtp.zone.kinds import Kind, kind_of
from mocksmtp.zone.names import MAX_LABEL, MAX_NAME, Name
from mocksmtp.zone.rdata import RDATA, Raw, Rdata

_GENERIC = re.compile(r"\\#[ \t\r\n]+([0-9]{1,5})((?:[ \t\r\n]+[0-9A-Fa-f]+)*+)")


def generic_text(data: bytes) -> str:
    r"""`data` in the form that fits every type: ``\# 4 0a000001``."""
    return rf"\# {len(data)} {data.hex()}".rstrip()


def parse_generic(text: str) -> bytes:
    r"""
    The octets that ``\# 4 0a000001`` stands for.

    :raises ValueError: `text` is not of that form, or its length is another
    """
    match = _GENERIC.fullmatch(text)
    if match is None:
        raise ValueError(r"expected \#, the number of octets, and them in hexadecimal")
    digits = "".join(match[2].split())
    if len(digits) != 2 * int(match[1]):
        raise ValueError(f"expected {match[1]} octets, not {len(digits) / 2:g}")
    return bytes.fromhex(digits)


def read_rdata(number: int, data: bytes) -> Rdata:
    """
    What `data` says in a record of that type, without compressed names.

    It is `Raw` where the type has no class, or where its class does not give the
    same octets back: broken data is served as it is.

    :raises ValueError: no record can have that type, or so much data
    """
    cls = RDATA.get(number)
    if cls is None:
        return Raw(number, data)
    try:
        return _read(cls, data)
    except (ValueError, IndexError, struct.error):
        return Raw(number, data)


def _read(cls: type[Rdata], data: bytes) -> Rdata:
    values = []
    at = 0
    for field in attrs.fields(cls):  # type: ignore[arg-type]
        value, at = _READERS[kind_of(field)](data, at)
        values.append(value)
    if at != len(data):
        raise ValueError("data goes on")
    return cls(*values)


def _number(layout: str) -> Callable[[bytes, int], tuple[int, int]]:
    form = struct.Struct(layout)
    return lambda data, at: (form.unpack_from(data, at)[0], at + form.size)


def _address(size: int) -> Callable[[bytes, int], tuple[bytes, int]]:
    return lambda data, at: (data[at : at + size], at + size)


def _name(data: bytes, at: int) -> tuple[Name, int]:
    start = at
    while length := data[at]:
        if length > MAX_LABEL:
            raise ValueError("not a label")
        at += 1 + length
    if at + 1 - start > MAX_NAME:
        raise ValueError("not a name")
    return Name(data[start : at + 1]), at + 1


def _string(data: bytes, at: int) -> tuple[str, int]:
    end = at + 1 + data[at]
    if end > len(data):
        raise ValueError("not a string")
    return data[at + 1 : end].decode(), end


def _strings(data: bytes, at: int) -> tuple[list[str], int]:
    texts = []
    while at < len(data):
        text, at = _string(data, at)
        texts.append(text)
    return texts, at


def _text(data: bytes, at: int) -> tuple[str, int]:
    return data[at:].decode(), len(data)


def _octets(data: bytes, at: int) -> tuple[bytes, int]:
    return data[at:], len(data)


_READERS: dict[Kind, Callable[[bytes, int], tuple[Any, int]]] = {
    Kind.U8: _number(">B"),
    Kind.U16: _number(">H"),
    Kind.U32: _number(">I"),
    Kind.IPV4: _address(4),
    Kind.IPV6: _address(16),
    Kind.NAME: _name,
    Kind.STRING: _string,
    Kind.TAG: _string,
    Kind.STRINGS: _strings,
    Kind.TEXT: _text,
    Kind.HEX: _octets,
}
