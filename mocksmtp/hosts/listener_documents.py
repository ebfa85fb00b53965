"""Where hosts listen, and what they speak there: documents to model and back."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

from mocksmtp.documents.fields import array, member, number, optional
from mocksmtp.documents.problems import Refused
from mocksmtp.documents.structure import class_hook, new_converter, strict_str
from mocksmtp.hosts.listeners import Listen, MailProtocol
from mocksmtp.tls.settings import TlsMode

MAX_LISTENERS = 100
"""How many listeners a document may have."""


def parse_address(value: Any, _: Any = None) -> IPv4Address | IPv6Address:
    """
    An IP address.

    :raises Refused: `value` is none
    """
    text = strict_str(value)
    try:
        # An interface's name behind a percent sign is not for others.
        return ip_address(text.replace("%", " "))
    except ValueError:
        raise Refused(f"not an IP address: {text[:64]!r}") from None


def structure_listeners(value: Any, kind: Any) -> tuple[Listen, ...]:
    """Reads the array of a host's listeners."""
    listeners: tuple[Listen, ...] = _array(value, kind)
    fixed = [listener.place for listener in listeners if listener.port]
    if len(set(fixed)) < len(fixed):
        raise Refused("the same address and port come twice")
    return listeners


def has_tls(listener: Listen) -> bool:
    """Whether a listener does TLS by what is said of it alone."""
    return listener.tls not in (None, TlsMode.NONE)


def listener_document(listener: Listen) -> dict[str, Any]:
    """The document of a listener, with what is not as usual."""
    document: dict[str, Any] = {
        "address": str(listener.address),
        "port": listener.port,
    }
    if listener.protocol is not MailProtocol.SMTP:
        document["protocol"] = listener.protocol.value
    if listener.tls is not None:
        document["tls"] = listener.tls.value
    return document


_converter = new_converter()
_converter.register_structure_hook(
    Listen,
    class_hook(
        _converter,
        Listen,
        address=parse_address,
        port=number(0, 65535),
        protocol=member(MailProtocol, "protocol"),
        tls=optional(member(TlsMode, "mode")),
    ),
)
_array = array(_converter, Listen, MAX_LISTENERS)
