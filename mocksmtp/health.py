"""``mocksmtp health``: whether a service is alive, for places without a shell.

It imports nothing but the standard library, for it runs every few seconds beside
what it looks after.
"""

from __future__ import annotations

import contextlib
import http.client
import re
import time
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

TIMEOUT = 3.0
"""Seconds that the service may take to answer."""

_ENDPOINT = re.compile(r"tcp6?:(?:port=)?(\d+)(?::.*)?")
_INTERFACE = re.compile(r"interface=((?:\\.|[^:\\])*)")
_PLACE = re.compile(r"(?:(?:\[([^]]+)\]|([^][:=]+)):)?(\d+)")
# A socket of IPv6 that listens everywhere takes IPv4 too, of which there is a loopback
# in every container.
_EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "127.0.0.1"}

PAUSE = 0.1
"""Seconds between two attempts."""


class NotHealthyError(Exception):
    """Why a service does not count as alive, in one line."""


def address_of_api(environment: Mapping[str, str]) -> tuple[str, int]:
    """
    Where the API is by ``MOCKSMTP_HTTP``, or by default.

    :raises NotHealthyError: that names no port that could be asked
    """
    endpoint = environment.get("MOCKSMTP_HTTP", "").strip() or "tcp:8000"
    place = _PLACE.fullmatch(endpoint)
    if place is not None and place[2] not in ("tcp", "tcp6") and int(place[3]):
        host = place[1] or place[2] or _bound_by(environment)
        return _EVERYWHERE.get(host, host), int(place[3])
    match = _ENDPOINT.fullmatch(endpoint)
    if match is None or int(match[1]) == 0:
        raise NotHealthyError(f"MOCKSMTP_HTTP: no port that can be asked: {endpoint!r}")
    named = _INTERFACE.search(endpoint)
    interface = named[1].replace("\\", "") if named else ""
    if not interface and endpoint.startswith("tcp6"):
        interface = "::"
    return _EVERYWHERE.get(interface, interface), int(match[1])


def _bound_by(environment: Mapping[str, str]) -> str:
    """What a port alone binds."""
    bind = environment.get("MOCKSMTP_BIND", "").strip()
    return "" if bind == "all" else bind


def address_in(url: str) -> tuple[str, int]:
    """
    Where the API is by its URL, or by ``HOST:PORT``.

    :raises NotHealthyError: it is no URL of an API
    """
    with contextlib.suppress(ValueError):
        parts = urlsplit(url if "://" in url else f"http://{url}")
        if parts.scheme == "http" and parts.hostname:
            return parts.hostname, parts.port or 80
    raise NotHealthyError(f"not a URL: {url!r}; as in http://127.0.0.1:8000")


def wait(
    host: str,
    port: int,
    seconds: float,
    clock: Callable[[], float] = time.monotonic,
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """
    Ask ``/health`` until it answers that all is well, for `seconds` at the most.

    :raises NotHealthyError: it has not; the last reason counts
    """
    until = clock() + seconds
    while True:
        try:
            check(host, port)
            return
        except NotHealthyError:
            if clock() + PAUSE > until:
                raise
        pause(PAUSE)


def check(host: str, port: int) -> None:
    """
    Ask ``/health``.

    :raises NotHealthyError: it does not answer, or not that it is well
    """
    connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT)
    where = f"{f'[{host}]' if ':' in host else host}:{port}"
    try:
        connection.request("GET", "/health")
        status = connection.getresponse().status
    except (OSError, http.client.HTTPException) as error:
        reason = str(error).strip() or type(error).__name__
        raise NotHealthyError(f"{where}: {reason}") from None
    finally:
        connection.close()
    if status != http.client.OK:
        raise NotHealthyError(f"{where}: /health answers {status}")
