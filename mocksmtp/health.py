"""``mocksmtp health``: whether a service is alive, for who can run no shell.

It imports nothing but the standard library, for it runs every few seconds beside
what it looks after.
"""

from __future__ import annotations

import http.client
import re
from collections.abc import Mapping

TIMEOUT = 3.0
"""Seconds that the service may take to answer."""

_ENDPOINT = re.compile(r"tcp6?:(?:port=)?(\d+)(?::.*)?")
_INTERFACE = re.compile(r"interface=((?:\\.|[^:\\])*)")
_EVERYWHERE = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}


class NotHealthyError(Exception):
    """Why a service does not count as alive, in one line."""


def address_of_api(environment: Mapping[str, str]) -> tuple[str, int]:
    """
    Where the API is by ``MOCKSMTP_HTTP``, or by default.

    :raises NotHealthyError: that names no port that could be asked
    """
    endpoint = environment.get("MOCKSMTP_HTTP", "").strip() or "tcp:8000"
    match = _ENDPOINT.fullmatch(endpoint)
    if match is None or int(match[1]) == 0:
        raise NotHealthyError(f"MOCKSMTP_HTTP: no port that can be asked: {endpoint!r}")
    named = _INTERFACE.search(endpoint)
    interface = named[1].replace("\\", "") if named else ""
    if not interface and endpoint.startswith("tcp6"):
        interface = "::"
    return _EVERYWHERE.get(interface, interface), int(match[1])


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
