"""Refuses requests of pages of other sites, and of clients without the token.

A browser runs pages of other sites on the machine that the service runs on. It reports
their origin in `Origin`; and a name that a foreign DNS points at this machine (DNS
rebinding) is in `Host`. A listener that is not bound to loopback accepts any `Host`.

Rules:

- The token is sent as a bearer token (RFC 6750), as the password of HTTP Basic (RFC
  7617), or by the cookie that ``/login`` sets. An `Authorization` field precedes the
  cookie.
- Browsers add cookies themselves. A request that changes something and is
  authenticated by the cookie alone needs the `Origin` of the service itself.
- Pages of the origins of ``--cors-origin`` may call the API. A preflight (Fetch §4.8)
  needs no token.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
from ipaddress import ip_address

import attrs
from twisted.web.server import Request

from mocksmtp.http.context import HttpSettings
from mocksmtp.http.problems import HttpProblem

# uri-host and port of RFC 9110 §7.2.
_HOST = re.compile(r"(?:\[([^\]]+)\]|([^:\[\]/@\s]+))(?::([0-9]{0,5}))?")
_ORIGIN = re.compile(r"([a-z][a-z0-9+.-]*)://(.+)", re.IGNORECASE)
_FIELD_NAMES = re.compile(r"[\w!#$%&'*+.^`|~, -]{1,1000}", re.ASCII)

UNGUARDED = frozenset({"/health", "/login"})
"""Paths that need no token."""

STATIC_PREFIX = "/static/"
"""The paths of the page's static files, which need no token either."""

MANUAL_PATH = "/docs"
"""The path of the documentation, which needs no token either."""

ANY_ORIGIN = "*"

SAFE_METHODS = frozenset({b"GET", b"HEAD", b"OPTIONS"})
"""Methods that change nothing (RFC 9110 §9.2.1)."""

EXPOSED = "Link, X-Total-Count"
"""The fields of a response that pages of other origins may read."""

PREFLIGHT_AGE = 600
"""Seconds for which a browser may remember the answer to a preflight."""

_DEFAULT_PORTS = {"http": "80", "https": "443"}


def is_unguarded(path: str) -> bool:
    """Whether a path needs no token."""
    return (
        path in UNGUARDED
        or path == MANUAL_PATH
        or path.startswith((STATIC_PREFIX, f"{MANUAL_PATH}/"))
    )


@attrs.frozen
class Guard:
    """
    Checks the header of each request.

    :param instance: identifies the run of the service
    """

    settings: HttpSettings
    instance: str

    def check(self, request: Request, loopback: bool) -> None:
        """
        Check the header of a request.

        :param loopback: whether the listener is bound to loopback only
        :raises HttpProblem: 400, 401 or 403, with what is wrong
        """
        host = _host(request)
        if loopback and host is not None and not _is_known(host, self.settings):
            name = f"the Host {host!r} is not known here; see --http-host"
            raise HttpProblem(403, name[:200])
        for origin in _values(request, "Origin"):
            if not (_is_own(origin, host) or self._is_allowed(origin)):
                raise HttpProblem(
                    403, f"requests from the origin {origin!r} are not allowed"[:200]
                )
        if self.is_preflight(request):
            return
        token, path = self.settings.token, request.path.decode("latin-1")
        if token is None or is_unguarded(path):
            return
        if not self._is_authenticated_by_cookie(request, token):
            _check_token(request, token)
        elif request.method not in SAFE_METHODS:
            check_same_origin(request, host)

    def is_preflight(self, request: Request) -> bool:
        """Return whether it is a preflight for a page of an allowed origin."""
        return (
            request.method == b"OPTIONS"
            and bool(_values(request, "Access-Control-Request-Method"))
            and any(map(self._is_allowed, _values(request, "Origin")))
        )

    def cors_fields(self, request: Request) -> dict[str, str]:
        """The fields of a response that allow the page that has sent the request."""
        allowed = self.settings.cors_origins
        if not allowed:
            return {}
        fields = {} if allowed == (ANY_ORIGIN,) else {"Vary": "Origin"}
        origin = next(iter(_values(request, "Origin")), None)
        if origin is None or not self._is_allowed(origin):
            return fields
        if self._is_named(origin):
            fields["Access-Control-Allow-Origin"] = origin
            fields["Access-Control-Allow-Credentials"] = "true"
        else:
            fields["Access-Control-Allow-Origin"] = ANY_ORIGIN
        fields["Access-Control-Expose-Headers"] = EXPOSED
        return fields

    def preflight_fields(self, request: Request) -> dict[str, str]:
        """The further fields of the answer to a preflight."""
        fields = {
            "Access-Control-Allow-Methods": "GET, HEAD, POST, PUT, PATCH, DELETE",
            "Access-Control-Max-Age": str(PREFLIGHT_AGE),
        }
        asked = ", ".join(_values(request, "Access-Control-Request-Headers"))
        if _FIELD_NAMES.fullmatch(asked):
            fields["Access-Control-Allow-Headers"] = asked
        if _values(request, "Access-Control-Request-Private-Network"):
            fields["Access-Control-Allow-Private-Network"] = "true"
        return fields

    @property
    def cookie_name(self) -> str:
        """The name of its cookie: browsers send cookies to all ports of a host."""
        return f"mocksmtp-{self.instance}"

    @property
    def cookie_value(self) -> str:
        """What only a client can know that had the token, and only of this run."""
        assert self.settings.token is not None
        token, instance = self.settings.token.encode(), self.instance.encode()
        return hmac.new(token, instance, hashlib.sha256).hexdigest()

    def _is_authenticated_by_cookie(self, request: Request, token: str) -> bool:
        if _values(request, "Authorization"):
            return False
        value = self.cookie_value.encode()
        for cookies in _values(request, "Cookie"):
            for pair in cookies.split(";"):
                name, _, given = pair.strip().partition("=")
                if name == self.cookie_name and hmac.compare_digest(
                    given.encode("latin-1"), value
                ):
                    return True
        return False

    def _is_allowed(self, origin: str) -> bool:
        """Whether ``--cors-origin`` names it."""
        return ANY_ORIGIN in self.settings.cors_origins or self._is_named(origin)

    def _is_named(self, origin: str) -> bool:
        """Return whether an origin is allowed by its name, not by ``*``."""
        normalized = _normalized(origin)
        allowed = map(_normalized, self.settings.cors_origins)
        return normalized is not None and normalized in allowed


def is_token(given: str, token: str) -> bool:
    """Compare in a time that does not depend on how much of it is right."""
    return hmac.compare_digest(given.encode(errors="replace"), token.encode())


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
    """Return whether `origin` is that of this service, called as `host`."""
    scheme = origin.partition(":")[0].lower()
    if scheme not in _DEFAULT_PORTS or host is None:
        return False
    own = _authority(host, _DEFAULT_PORTS[scheme])
    return own is not None and _normalized(origin) == (scheme, *own)


def check_same_origin(request: Request, host: str | None) -> None:
    """
    Refuse what another page could have had a browser send.

    :raises HttpProblem: 403, it has no `Origin`, or that of another page
    """
    origins = _values(request, "Origin")
    if not origins or not all(_is_own(origin, host) for origin in origins):
        raise HttpProblem(
            403,
            "a request that changes something and is authenticated by the cookie must"
            " have the Origin of the service; send Authorization instead",
        )


def _normalized(origin: str) -> tuple[str, str, str] | None:
    """Return the scheme, host and port of an origin; None if it is not valid."""
    match = _ORIGIN.fullmatch(origin)
    if match is None:
        return None
    scheme = match[1].lower()
    authority = _authority(match[2], _DEFAULT_PORTS.get(scheme, ""))
    return None if authority is None else (scheme, *authority)


def _authority(text: str, default_port: str) -> tuple[str, str] | None:
    match = _HOST.fullmatch(text)
    if match is None:
        return None
    return (match[1] or match[2]).lower(), match[3] or default_port


def _check_token(request: Request, token: str) -> None:
    """
    Look for the token in the `Authorization` field.

    :raises HttpProblem: 401, it is missing or wrong
    """
    scheme, _, given = ([*_values(request, "Authorization"), ""])[0].partition(" ")
    scheme, given = scheme.lower(), given.strip()
    # Header fields are read as Latin-1, the token's own UTF-8 may be within.
    octets = given.encode("latin-1")
    if scheme == "basic":
        octets = _password(octets)
    elif scheme != "bearer":
        raise unauthorized(request)
    if not hmac.compare_digest(octets, token.encode()):
        raise unauthorized(request, wrong=scheme == "bearer")


def _password(credentials: bytes) -> bytes:
    """The password of HTTP Basic (RFC 7617 §2); the user may be any."""
    try:
        decoded = binascii.a2b_base64(credentials, strict_mode=True)
    except binascii.Error:
        return b""
    return decoded.partition(b":")[2]


def unauthorized(request: Request, wrong: bool = False) -> HttpProblem:
    """
    Return the error 401, which offers the ways to send the token.

    A browser that is offered HTTP Basic shows its own dialog: therefore HTTP Basic is
    not offered to the scripts of a page.

    :param wrong: whether another bearer token was sent
    """
    challenge = 'Bearer realm="mocksmtp"' + (', error="invalid_token"' if wrong else "")
    modes = _values(request, "Sec-Fetch-Mode")
    by_script = bool(modes) and modes != ["navigate"]
    if not (by_script or _values(request, "X-Requested-With")):
        challenge += ', Basic realm="mocksmtp", charset="UTF-8"'
    headers = {"WWW-Authenticate": challenge}
    detail = "the token is missing or wrong; send Authorization: Bearer TOKEN"
    return HttpProblem(401, detail, headers=headers)
