"""Addresses of listeners: a port, a host and a port, or an endpoint.

``2525``, ``127.0.0.1:2525``, ``localhost:2525``, ``[::1]:2525``, or a Twisted server
endpoint such as ``tcp:2525:interface=127.0.0.1``. A known kind of endpoint takes
precedence: ``tcp:2525`` is an endpoint, not port 2525 of a host ``tcp``.
"""

from __future__ import annotations

import contextlib
import ipaddress
import re
import socket
from collections.abc import Mapping

from twisted.internet.interfaces import IStreamServerEndpointStringParser
from twisted.plugin import getPlugins

EXAMPLES = "examples: 2525, 127.0.0.1:2525, [::1]:2525, tcp:2525:interface=127.0.0.1"

BIND_VARIABLE = "MOCKSMTP_BIND"
"""The environment variable with the address that a port alone binds."""

LOOPBACK = "127.0.0.1"

_PLACE = re.compile(r"(?:(?:\[([^][]+)\]|([^][:=]+)):)?([0-9]{1,12})")
_ENDPOINT = re.compile(
    r"tcp6?:(?:port=)?([0-9]{1,12})(?::interface=((?:\\.|[^\\:])*))?"
)
_OWN_KINDS = frozenset({"tcp", "unix", "ssl"})


def bind_address(environment: Mapping[str, str]) -> str:
    """
    The address that a port alone binds: ``MOCKSMTP_BIND``, by default loopback.

    ``all`` means every address of the machine, including IPv6 if it is available.

    :raises ValueError: the variable is neither ``all`` nor an IP address
    """
    value = environment.get(BIND_VARIABLE, "").strip() or LOOPBACK
    if value == "all":
        return "::" if _has_ipv6() else "0.0.0.0"
    try:
        return str(ipaddress.ip_address(value))
    except ValueError:
        raise ValueError(f"must be an IP address or all, got {value!r}") from None


def _has_ipv6() -> bool:
    """Whether an IPv6 socket can be bound that also accepts IPv4."""
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as probe:
            probe.bind(("::", 0))
            return not probe.getsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY)
    except OSError:
        return False


def parse_place(value: str, bind: str) -> tuple[str, int] | None:
    """
    Parse an IP address and a port; None if `value` is an endpoint.

    :param bind: the address that a port alone binds
    :raises ValueError: `value` is neither
    """
    match = _PLACE.fullmatch(value)
    if match is None:
        if value.partition(":")[0] in _kinds():
            return None
        raise ValueError(f"invalid address {value!r}; {EXAMPLES}")
    v6, host, port = match.groups()
    if host is not None and host in _kinds():
        return None
    if int(port) >= 2**16:
        raise ValueError(f"invalid port {port!r} in {value!r}; it must be below 65536")
    if v6 is not None:
        try:
            return str(ipaddress.IPv6Address(v6)), int(port)
        except ValueError:
            raise ValueError(f"invalid IPv6 address {v6!r}; {EXAMPLES}") from None
    if host is not None:
        return _address_of(host, value), int(port)
    return bind, int(port)


def parse_endpoint_or_place(value: str, bind: str) -> str:
    """
    A Twisted server endpoint; an address is converted to one.

    :raises ValueError: `value` is neither
    """
    place = parse_place(value, bind)
    if place is None:
        return value
    address = place[0].replace(":", r"\:")
    return f"tcp:{place[1]}:interface={address}"


def parse_tcp_place(value: str, bind: str) -> tuple[str, int]:
    """
    An IP address and a port; a TCP endpoint is converted to them.

    :raises ValueError: `value` is neither
    """
    place = parse_place(value, bind)
    if place is not None:
        return place
    match = _ENDPOINT.fullmatch(value)
    if match is None:
        raise ValueError(f"invalid address for UDP and TCP {value!r}; {EXAMPLES}")
    everywhere = "::" if value.startswith("tcp6") else "0.0.0.0"
    host = (match[2] or everywhere).replace("\\", "")
    written = f"[{host}]:{match[1]}" if ":" in host else f"{host}:{match[1]}"
    found = parse_place(written, bind)
    assert found is not None
    return found


def _kinds() -> frozenset[str]:
    """The kinds of endpoints that Twisted and its plugins support."""
    plugins = getPlugins(IStreamServerEndpointStringParser)
    return _OWN_KINDS | {plugin.prefix for plugin in plugins}


def _address_of(host: str, value: str) -> str:
    """An IP address unchanged, or the first address of a name, IPv4 before IPv6."""
    try:
        return str(ipaddress.ip_address(host))
    except ValueError:
        pass
    found: list[str] = []
    # A shortened address, such as 127.1, is an error.
    if not re.fullmatch(r"[0-9.]*", host):
        with contextlib.suppress(OSError, UnicodeError):
            found = sorted(
                (str(one[4][0]) for one in socket.getaddrinfo(host, None)),
                key=lambda address: ":" in address,
            )
    if not found:
        reason = f"{host!r} is neither a kind of endpoint nor a known host name"
        raise ValueError(f"invalid address {value!r} ({reason}); {EXAMPLES}")
    return found[0]
