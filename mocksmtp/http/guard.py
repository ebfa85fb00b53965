"""Who may call the API: no page of a stranger, and nobody without the token.

A browser runs pages of strangers on the machine that the service runs on. It says
so with `Origin`; and a name that a stranger's DNS points at this machine (DNS
rebinding) shows in `Host`. A listener that is not bound to loopback is called by
whatever name it has in its network, and so takes any.
"""

from __future__ import annotations

import hmac
import re
from ipaddress import ip_address

from twisted.web.server import Request

from mocksmtp.http.problems import HttpProblem
from mocksmtp.http.settings import HttpSettings

# uri-host and port of RFC 9110 §7.2.
_HOST = re.compile(r"(?:\[([^\]]+)\]|([^:\[\]/@\s]+))(?::([0-9]{0,5}))?")
_ORIGIN = re.compile(r"(https?)://(.+)", re.IGNORECASE)
UNGUARDED = ("/health",)
"""Paths that ask for no token."""

_DEFAULT_PORTS = {"http": "80", "https": "443"}


def check_request(request: Request, settings: HttpSettings, loopback: bool) -> None:
    """
    Let a request pass, or not.

    :param loopback: whether the listener is bound to loopback only
    :raises HttpProblem: 400, 401 or 403, with what is wrong
    """
    host = _host(request)
    if loopback and host is not None and not _is_known(host, settings):
        name = f"the Host {host!r} is not known here; see --http-host"
        raise HttpProblem(403, name[:200])
    for origin in _values(request, "Origin"):
        if not _is_own(origin, host):
            raise HttpProblem(
                403, f"requests from the origin {origin!r} are not allowed"[:200]
            )
    if settings.token is not None and request.path.decode("latin-1") not in UNGUARDED:
        _check_token(request, settings.token)


def _values(request: Request, name: str) -> list[str]:
    values = request.requestHeaders.getRawHeaders(name.encode(), [])
    return [value.decode("latin-1") for value in values]


def _host(request: Request) -> str | None:
    """The Host field, which only HTTP/1.0 may leave out (RFC 9112 §3.2)."""
    hosts = _values(request, "Host")
    if len(hosts) > 1 or (not hosts and request.clientproto == b"HTTP/1.1"):
        raise HttpProblem(400, "a request must have exactly one Host field")
    return hosts[0] if hosts else None


def _is_known(host: str, settings: HttpSettings) -> bool:
    match = _HOST.fullmatch(host)
    if match is None:
        return False
    name = (match[1] or match[2]).lower()
    if name == "localhost" or name in (known.lower() for known in settings.hosts):
        return True
    try:
        return ip_address(name).version == (6 if match[1] else 4)
    except ValueError:
        return False


def _is_own(origin: str, host: str | None) -> bool:
    """Whether a page from `origin` came from this service, called as `host`."""
    match = _ORIGIN.fullmatch(origin)
    if match is None or host is None:
        return False
    port = _DEFAULT_PORTS[match[1].lower()]
    own = _authority(host, port)
    return own is not None and _authority(match[2], port) == own


def _authority(text: str, default_port: str) -> tuple[str, str] | None:
    match = _HOST.fullmatch(text)
    if match is None:
        return None
    return (match[1] or match[2]).lower(), match[3] or default_port


def _check_token(request: Request, token: str) -> None:
    """The bearer token of RFC 6750 §2.1, compared in constant time."""
    scheme, _, given = ([*_values(request, "Authorization"), ""])[0].partition(" ")
    known = scheme.lower() == "bearer"
    # Header fields are read as Latin-1, the token's own UTF-8 may be within.
    if known and hmac.compare_digest(given.strip().encode("latin-1"), token.encode()):
        return
    challenge = 'Bearer realm="mocksmtp"' + (', error="invalid_token"' if known else "")
    headers = {"WWW-Authenticate": challenge}
    raise HttpProblem(401, "a valid bearer token is required", headers=headers)
