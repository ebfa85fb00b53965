"""What the benchmarks ask of mocksmtp's HTTP API."""

import json
from collections.abc import Sequence
from http.client import HTTPConnection, HTTPException, HTTPResponse

from attrs import frozen

from benchmarks.errors import BenchmarkError
from benchmarks.listening import Address

_TIME_LIMIT = 60.0  # seconds without a byte
_PIECE = 256 * 1024  # bytes

CHECKED_BEHAVIORS = [
    {
        "command": command,
        "condition": {"operator": "contains", "matchingValue": value},
        "response": {"code": code, "message": "never said"},
    }
    for command, value, code in (
        ("MAIL FROM", "refused@", 550),
        ("MAIL FROM", "@greylisted.test", 451),
        ("RCPT TO", "unknown@", 550),
        ("RCPT TO", "full@", 452),
        ("DATA", "this text is in no mail", 554),
    )
]
"""Behaviors that are checked for every mail, and match none."""


@frozen
class MockApi:
    """A client of mocksmtp, with a connection of its own for each request.

    Every method raises BenchmarkError when the API does not answer with success.
    """

    address: Address

    def start_over(self) -> None:
        """Forget every mail, and set the behaviors that match none."""
        self._ask("POST", "/reset")
        self.set_behaviors(CHECKED_BEHAVIORS)

    def set_behaviors(self, behaviors: Sequence[object]) -> None:
        """Set these behaviors and no others."""
        self._ask("PUT", "/smtpBehaviors", json.dumps(behaviors))

    def check_count(self, mails: int) -> None:
        """Fail unless exactly so many mails are kept."""
        kept = int(self._ask("GET", "/smtpMailsCount"))
        if kept != mails:
            raise BenchmarkError(f"mocksmtp keeps {kept} of {mails} mails")

    def first_mails(self, limit: int) -> None:
        """Get the oldest mails, and fail unless there are so many."""
        mails = json.loads(self._ask("GET", f"/smtpMails?limit={limit}"))
        if len(mails) != limit:
            raise BenchmarkError(f"mocksmtp listed {len(mails)} of {limit} mails")

    def read_listing(self) -> int:
        """Read the listing of all mails and keep none of it.

        Returns:
            the size of the listing in bytes.

        """
        connection = self._connect()
        piece = bytearray(_PIECE)
        size = 0
        try:
            response = _request(connection, "GET", "/smtpMails", None)
            while count := response.readinto(piece):
                size += count
        except (OSError, HTTPException) as error:
            raise BenchmarkError(f"GET /smtpMails: {error!r}") from error
        finally:
            connection.close()
        return size

    def _ask(self, method: str, path: str, body: str | None = None) -> bytes:
        connection = self._connect()
        try:
            return _request(connection, method, path, body).read()
        except (OSError, HTTPException) as error:
            raise BenchmarkError(f"{method} {path}: {error!r}") from error
        finally:
            connection.close()

    def _connect(self) -> HTTPConnection:
        return HTTPConnection(*self.address, timeout=_TIME_LIMIT)


def _request(
    connection: HTTPConnection, method: str, path: str, body: str | None
) -> HTTPResponse:
    connection.request(method, path, body)
    response = connection.getresponse()
    if response.status not in (200, 204):
        said = response.read(500).decode(errors="replace")
        raise BenchmarkError(f"{method} {path}: {response.status} {said}")
    return response
