"""``mocksmtp health``: check whether a service is alive, without a shell.

It imports only the standard library, because it runs every few seconds beside the
service.
"""

from __future__ import annotations

import contextlib
import http.client
import re
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

TIMEOUT = 3.0
"""Seconds after which a request times out."""

_ENDPOINT = re.compile(r"tcp6?:(?:port=)?(\d+)(?::.*)?")
_INTERFACE = re.compile(r"interface=((?:\\.|[^:\\])*)")
_PLACE = re.compile(r"(?:(?:\[([^]]+)\]|([^][:=]+)):)?(\d+)")
# An IPv6 socket on all addresses also accepts IPv4, whose loopback address exists in
# every container.
_EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "127.0.0.1"}

_LONGEST = 10_000
"""Octets of the response that are read."""

_PAUSE = 0.1
"""Seconds between two attempts."""


class NotHealthyError(Exception):
    """The service is not alive; the message is one line."""


def address_of_api(environment: Mapping[str, str]) -> tuple[str, int]:
    """
    The address of the API by ``MOCKSMTP_HTTP``, or the default one.

    :raises NotHealthyError: the variable contains no port to connect to
    """
    endpoint = environment.get("MOCKSMTP_HTTP", "").strip() or "tcp:8000"
    place = _PLACE.fullmatch(endpoint)
    if place is not None and place[2] not in ("tcp", "tcp6") and int(place[3]):
        host = place[1] or place[2] or _bound_by(environment)
        return _EVERYWHERE.get(host, host), int(place[3])
    match = _ENDPOINT.fullmatch(endpoint)
    if match is None or int(match[1]) == 0:
        raise NotHealthyError(f"MOCKSMTP_HTTP: no port to connect to: {endpoint!r}")
    named = _INTERFACE.search(endpoint)
    interface = named[1].replace("\\", "") if named else ""
    if not interface and endpoint.startswith("tcp6"):
        interface = "::"
    return _EVERYWHERE.get(interface, interface), int(match[1])


def _bound_by(environment: Mapping[str, str]) -> str:
    """The address that a port alone binds."""
    bind = environment.get("MOCKSMTP_BIND", "").strip()
    return "" if bind == "all" else bind


def address_in(url: str) -> tuple[str, int]:
    """
    The address of the API in its URL, or in ``HOST:PORT``.

    :raises NotHealthyError: `url` is neither
    """
    with contextlib.suppress(ValueError):
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme == "http" and parts.hostname:
            return parts.hostname, parts.port or 80
    raise NotHealthyError(f"invalid URL {url!r}; example: http://127.0.0.1:8000")


def wait(
    host: str,
    port: int,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """
    Request ``/health`` until the service is alive, for at most `seconds`.

    :raises NotHealthyError: it is not; the message contains the last error
    """
    until = clock() + seconds
    while True:
        try:
            check(host, port)
            return
        except NotHealthyError:
            if clock() + _PAUSE > until:
                raise
        pause(_PAUSE)


def check(host: str, port: int) -> None:
    """
    Request ``/health`` once.

    :raises NotHealthyError: there is no response, or not the one of a service
    """
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    where = f"{f'[{host}]' if ':' in host else host}:{port}"
    try:
        connection.request("GET", "/health")
        response = connection.getresponse()
        status, body = response.status, response.read(_LONGEST)
    except (OSError, http.client.HTTPException) as error:
        reason = getattr(error, "strerror", None) or str(error).strip()
        reason = reason or type(error).__name__
        raise NotHealthyError(f"{where}: {reason}") from None
    finally:
        connection.close()
    if status != http.client.OK:
        raise NotHealthyError(f"{where}: /health returned {status}")
    if not body.startswith(b'{"status":'):
        raise NotHealthyError(f"{where}: the answer to /health is not from mocksmtp")
