"""Mail hosts: documents to model and back.

A document says all that a host is; what it leaves out is as usual. `url` and
`addresses` are told and not read, so that a document that was read can be changed
and sent back.
"""

from __future__ import annotations

import re
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, TypeAlias

import attrs

from mocksmtp.codec.records import parse_name
from mocksmtp.codec.structure import (
    DocumentError,
    Hook,
    Problem,
    Refused,
    class_hook,
    new_converter,
    strict_int,
    strict_str,
    structure,
)
from mocksmtp.core.host import CAPABILITIES, Description, Limits, MailHost
from mocksmtp.model.host import Address, HostDns, Listen, MailDomain
from mocksmtp.model.name import Name
from mocksmtp.model.units import parse_duration, parse_size

MAX_LISTENERS = 100
"""How many listeners a document may have."""

MAX_NAMES = 100
"""How many DNS names a host may have."""

MAX_DOMAINS = 1000
"""How many domains a host may be the mail exchange of."""

MAX_COUNT = 10**9
"""How many recipients or connections a limit may allow."""

# A segment of a path as it is, with no escapes; what a path leaves out is no name.
_NAME = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,253}", re.ASCII)
_HOSTNAME = re.compile(r"[!-~\x80-\U0010ffff]{1,255}")
_LINE = re.compile(r"[\x20-\x7e\x80-\U0010ffff]{1,500}")

_Document: TypeAlias = dict[str, Any]


@attrs.frozen(kw_only=True)
class LimitsFields:
    """What a document says of limits; what it does not say is None."""

    message_size: int | None = None
    recipients: int | None = None
    connections: int | None = None
    idle_time: float | None = None

    def over(self, usual: Limits) -> Limits:
        """These, and what is `usual` where there is none."""
        given = attrs.asdict(self, filter=lambda _, value: value is not None)
        advertise = usual.advertise_size or self.message_size is not None
        return attrs.evolve(usual, **given, advertise_size=advertise)


@attrs.frozen(kw_only=True)
class HostFields:
    """What a document says of a host."""

    name: str | None = None
    hostname: str | None = None
    capabilities: tuple[str, ...] = CAPABILITIES
    limits: LimitsFields = attrs.field(factory=LimitsFields)
    listeners: tuple[Listen, ...] | None = None
    dns: HostDns = attrs.field(factory=HostDns)
    url: object = None
    addresses: object = None

    def describe(self, name: str, usual: Limits, hostname: str | None) -> Description:
        """What the host of that `name` is to be, with what is `usual`."""
        names = self.dns.names
        return Description(
            name,
            self.hostname or hostname or (str(names[0]) if names else name),
            self.capabilities,
            self.limits.over(usual),
            self.listeners,
            self.dns,
        )


def parse_host(
    document: Any,
    name: str | None = None,
    limits: Limits | None = None,
    hostname: str | None = None,
) -> Description:
    """
    What a host is to be.

    :param name: what it is called already; a document that gives another is refused
    :param limits: those that count where the document has none
    :param hostname: what counts where the document has none, before the first of
        its DNS names, and its own name
    :return: its name is ``""`` where neither gives one
    :raises DocumentError: the document describes no host
    """
    read: HostFields = structure(_converter, document, HostFields)
    if name is not None and read.name not in (None, name):
        raise DocumentError(Problem("$.name", f"must be {name!r}, or left out"))
    return read.describe(name or read.name or "", limits or Limits(), hostname)


def settle(
    description: Description, listeners: tuple[Listen, ...] = (Listen(),)
) -> Description:
    """
    `description` with these listeners, where it names none.

    :raises DocumentError: it has a name in DNS and no address that could be told
    """
    if description.listeners is not None:
        listeners = description.listeners
    if description.dns.needs_address(listener.address for listener in listeners):
        message = "required, for the host listens on all addresses"
        raise DocumentError(Problem("$.dns.address", message))
    return attrs.evolve(description, listeners=listeners)


def parse_host_name(value: Any, _: object = None) -> str:
    """
    The name of a host, which can stand in a path as it is.

    :raises Refused: `value` is none
    """
    if not _NAME.fullmatch(strict_str(value)):
        raise Refused("must have 1 to 253 letters, digits, dots, hyphens, underscores")
    return str(value)


def host_path(name: str) -> str:
    """Where the API has the resources of a host."""
    return f"/hosts/{name}"


def host_document(host: MailHost) -> _Document:
    """The document of `host`, with the addresses that are open."""
    limits, dns = host.limits, host.dns
    document: _Document = {
        "name": host.name,
        "hostname": host.hostname,
        "capabilities": list(host.capabilities),
        "limits": {
            # A size that was not set is not told to clients either.
            "messageSize": limits.message_size if limits.advertise_size else None,
            "recipients": limits.recipients,
            "connections": limits.connections,
            "idleTime": round(limits.idle_time * 1000),
        },
        "listeners": [
            {"address": str(listen.address), "port": listen.port}
            for listen in host.listens
        ],
        "dns": {
            "names": [str(name) for name in dns.names],
            "domains": [
                {"name": str(domain.name), "preference": domain.preference}
                for domain in dns.domains
            ],
            "address": [str(address) for address in dns.address],
        },
        "addresses": list(host.addresses),
        "url": host_path(host.name),
    }
    return document


def _text(pattern: re.Pattern[str], message: str) -> Hook:
    def structure_text(value: Any, _: Any) -> str:
        if not pattern.fullmatch(strict_str(value)):
            raise Refused(message)
        return str(value)

    return structure_text


def _optional(hook: Hook) -> Hook:
    return lambda value, kind: None if value is None else hook(value, kind)


def _number(least: int, most: int) -> Hook:
    def structure_number(value: Any, _: Any) -> int:
        if not least <= strict_int(value) <= most:
            raise Refused(f"must be from {least} to {most}, not {value}"[:100])
        return int(value)

    return structure_number


def _size(value: Any, _: Any) -> int:
    """Octets, as a number or as a text such as ``10MiB``."""
    if isinstance(value, str):
        return _number(1, 2**62)(parse_size(value), int)  # type: ignore[no-any-return]
    return _number(1, 2**62)(value, int)  # type: ignore[no-any-return]


def _duration(value: Any, _: Any) -> float:
    """Seconds, from a number of milliseconds or a text such as ``30s``."""
    if isinstance(value, str):
        seconds = parse_duration(value)
    else:
        seconds = strict_int(value) / 1000
    if not 0 < seconds <= 10**6:
        raise Refused("must be more than no time, and at most 1000000s")
    return seconds


def _address(value: Any, _: Any = None) -> IPv4Address | IPv6Address:
    text = strict_str(value)
    try:
        # An interface's name behind a percent sign is not for others.
        return ip_address(text.replace("%", " "))
    except ValueError:
        raise Refused(f"not an IP address: {text[:64]!r}") from None


def _told_address(value: Any, _: Any) -> Address:
    address = _address(value)
    if address.is_unspecified:
        raise Refused(f"{address} is no address that mail can be sent to")
    return address


def _told_addresses(value: Any, kind: Any) -> tuple[Address, ...]:
    """One address or several."""
    if isinstance(value, str):
        return (_told_address(value, kind),)
    addresses: Any = _told_converter.structure(value, _ADDRESSES)
    return tuple(addresses)


def _array(kind: Any, most: int) -> Hook:
    """A hook for arrays that are not too long."""

    def structure_array(value: Any, _: Any) -> tuple[Any, ...]:
        if isinstance(value, list) and len(value) > most:
            raise Refused(f"must have {most} at most, not {len(value)}")
        array: tuple[Any, ...] = _converter.structure(value, tuple[kind, ...])
        return array

    return structure_array


def _listeners(value: Any, kind: Any) -> tuple[Listen, ...]:
    listeners: tuple[Listen, ...] = _array(Listen, MAX_LISTENERS)(value, kind)
    fixed = [listener for listener in listeners if listener.port]
    if len(set(fixed)) < len(fixed):
        raise Refused("the same address and port come twice")
    return listeners


def _dns(value: Any, kind: Any) -> HostDns:
    dns: HostDns = _structure_dns(value, kind)
    if dns.domains and not dns.names:
        raise Refused("required with domains: a mail exchange has a name", "names")
    return dns


_ADDRESSES: Any = tuple[Address, ...]
_told_converter = new_converter()
_told_converter.register_structure_hook(Address, _told_address)
_converter = new_converter()
_converter.register_structure_hook(Name, parse_name)
_converter.register_structure_hook(
    MailDomain,
    class_hook(_converter, MailDomain, name=parse_name, preference=_number(0, 65535)),
)
_converter.register_structure_hook(
    Listen,
    class_hook(_converter, Listen, address=_address, port=_number(0, 65535)),
)
_structure_dns = class_hook(
    _converter,
    HostDns,
    names=_array(Name, MAX_NAMES),
    domains=_array(MailDomain, MAX_DOMAINS),
    address=_told_addresses,
)
_converter.register_structure_hook(HostDns, _dns)
_converter.register_structure_hook(
    LimitsFields,
    class_hook(
        _converter,
        LimitsFields,
        message_size=_optional(_size),
        recipients=_optional(_number(1, MAX_COUNT)),
        connections=_optional(_number(1, MAX_COUNT)),
        idle_time=_optional(_duration),
    ),
)


def _capabilities(value: Any, kind: Any) -> tuple[str, ...]:
    return tuple(_line_converter.structure(value, tuple[str, ...]))


_line_converter = new_converter()
_line_converter.register_structure_hook(
    str, _text(_LINE, "must be one line of text, and not empty")
)
_converter.register_structure_hook(
    HostFields,
    class_hook(
        _converter,
        HostFields,
        name=_optional(parse_host_name),
        hostname=_optional(_text(_HOSTNAME, "must be a name without spaces")),
        capabilities=_capabilities,
        listeners=_listeners,
        url=lambda value, _: value,
        addresses=lambda value, _: value,
    ),
)
