"""Names, addresses and messages of tests; no I/O."""

from __future__ import annotations

import itertools
import os
import re
import secrets
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlsplit

import attrs

from mocksmtp.client.errors import ApiError, MockError
from mocksmtp.client.requests import Duration

HOME_DOMAIN = "here.test"
"""The domain of senders: its mail exchange accepts all mail, such as bounces."""

_MAX_LINES = 60
"""Lines of a report in the message of a failed assertion."""

_NOT_IN_NAMES = re.compile(r"[^a-z0-9._-]")

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


class DomainInUse(MockError):
    """
    Another test on the same service has the domain, and did not end in time.

    :param host: the host that has it
    """

    def __init__(self, domain: str, host: str, waited: Duration) -> None:
        super().__init__(
            f"{domain} is the domain of another test on this service, which did not "
            f"end within {waited}; use mocksmtp.domain, which only this test has, or "
            f"remove the host {host!r} if its test was killed"
        )
        self.domain = domain


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


def host_of_domain(domain: str) -> str:
    """
    The name of the first host of a domain that a test names.

    A service has each name once, so one test at a time has the domain.
    """
    return "mx." + _NOT_IN_NAMES.sub("_", domain.lower().rstrip("."))[:250]


def is_in_use(error: ApiError) -> bool:
    """Whether a host could not be created because there is one with its name."""
    return error.status == 409 and error.detail.startswith("the host name")


def without_records(names: Collection[str]) -> str:
    """A hint about names that were queried, and that lead nowhere."""
    listed = ", ".join(sorted(names))
    return (
        f"No records at present: {listed}. Other processes test with this service, so "
        "only mocksmtp.domain, the domains of mocksmtp.exchanges(...), and that of "
        "@pytest.mark.mocksmtp(domain=...) lead to the hosts of a test."
    )


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
