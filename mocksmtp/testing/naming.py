"""Names, addresses and messages of tests; no I/O."""

from __future__ import annotations

import itertools
import os
import secrets
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import attrs

from mocksmtp.client.errors import ApiError, MockError

HOME_DOMAIN = "here.test"
"""The domain of senders: its mail exchange accepts all mail, such as bounces."""

_MAX_LINES = 60
"""Lines of a report in the message of a failed assertion."""

_NUMBERS = itertools.count(1)


class NoMatch(MockError, AssertionError):
    """
    What a test expects did not happen in time.

    :ivar expected: what was expected
    :ivar report: what happened instead
    """

    def __init__(self, expected: str, report: str) -> None:
        super().__init__(f"{expected}\n\n{report}" if report else expected)
        self.expected = expected
        self.report = report


@attrs.define
class Place:
    """
    A service, and how tests use it.

    :ivar url: the root of its API
    :ivar dns: the address and port of DNS, or None
    :ivar port: the port that the hosts of tests have, or None for any
    :ivar owned: whether it was started for these tests, one after the other, so that
        everything in it belongs to the current test
    :ivar alone: whether no other process tests with it at the same time
    :ivar home: the name of the mail exchange of `HOME_DOMAIN`
    :ivar home_host: the host that it is
    :ivar has_addresses: whether hosts can have addresses of their own
    """

    url: str
    dns: tuple[str, int] | None = None
    port: int | None = None
    owned: bool = True
    alone: bool = True
    home: str = f"mx.{HOME_DOMAIN}"
    home_host: str = "default"
    has_addresses: bool = True
    _tries: int = 0

    @property
    def is_local(self) -> bool:
        """Whether the service runs on this machine, where it opens listeners."""
        host = urlsplit(self.url).hostname or ""
        return host == "localhost" or host.startswith("127.") or host == "::1"

    def reachable(self, address: str) -> str:
        """A listener's address, as the tests reach it: that of the API if remote."""
        if self.is_local:
            return address
        host = urlsplit(self.url).hostname or ""
        return f"{host}:{address.rpartition(':')[2]}"

    def note(self, error: ApiError) -> None:
        """
        Note why a host got no address of its own.

        :raises ApiError: for another reason
        """
        detail = error.detail
        if error.status != 409 or "listen" not in detail:
            raise error
        if "in use" in detail and self._tries < 5:
            self._tries += 1
        else:
            # macOS, for example, has only 127.0.0.1.
            self.has_addresses = False


def token() -> str:
    """A name that no other test of any process has."""
    return f"t{os.getpid():x}{secrets.token_hex(2)}{next(_NUMBERS)}"


def free_address() -> str:
    """A loopback address that probably nobody uses."""
    first, second, third = secrets.token_bytes(3)
    return f"127.{first % 253 + 1}.{second}.{third % 253 + 1}"


def described(kind: str, filters: Mapping[str, Any]) -> str:
    """What a test has waited for, in words."""
    shown = {name: one for name, one in filters.items() if name not in ("view", "host")}
    wait, count = shown.pop("wait", None), shown.pop("count", 1)
    what = f"no {kind}" if count == 1 else f"less than {count} matches of {kind}"
    conditions = ", ".join(f"{name}={one!r}" for name, one in shown.items())
    return f"{what} {f'with {conditions} ' if conditions else ''}within {wait}"


def condensed(report: str) -> str:
    """The beginning of a report, without the transcripts."""
    lines = report.partition("\n\nSession ")[0].rstrip().split("\n")
    if len(lines) > _MAX_LINES:
        left = len(lines) - _MAX_LINES
        lines = [*lines[:_MAX_LINES], f"({left} more lines; see `report()`)"]
    return "\n".join(lines)
