"""Test cases for trial: the service in the test's own reactor, or in memory."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

import attrs
from twisted.internet.defer import Deferred
from twisted.trial.unittest import TestCase

from mocksmtp.client.over_treq import deferred
from mocksmtp.testing.naming import condensed

if TYPE_CHECKING:
    from twisted.internet.protocol import Protocol

    from mocksmtp.client.requests import Duration
    from mocksmtp.client.values import Delivery, Query
    from mocksmtp.config import Config
    from mocksmtp.testing.memory import MemoryReactor
    from mocksmtp.testing.running import RunningMock
    from mocksmtp.testing.sandbox import MockSMTP

P = TypeVar("P", bound="Protocol")

_RECORDS = (
    {"name": "*", "type": "MX", "preference": 10, "exchange": "mx.test"},
    {"name": "mx.test", "type": "A", "address": "127.0.0.1"},
)
"""The records of a test: the mock is the mail exchange of every domain."""

_shared: list[RunningMock] = []
"""The service in memory, which the tests of a process use one after the other."""


@cache
def _with_sockets() -> Config:
    """The configuration of a service with sockets."""
    from mocksmtp.testing.running import FREE_PORTS
    from mocksmtp.zone.records import parse_records

    return attrs.evolve(FREE_PORTS, records=parse_records([*_RECORDS]))


class MockSMTPMixin:
    """
    A mock for each test of a `TestCase`.

    :cvar in_memory: whether it has no sockets, and its time is that of `clock`
    :ivar mock: the mock; see `mocksmtp.testing.MockSMTP`
    :ivar clock: the time of a mock in memory, and the reactor of its clients
    """

    in_memory = False
    mock: MockSMTP
    clock: MemoryReactor

    # What a test case has
    addCleanup: Any
    fail: Any
    assertEqual: Any
    assertIn: Any

    @deferred
    async def start_mock(self) -> MockSMTP:
        """Start a mock, which is removed after the test."""
        from mocksmtp.client.deferred import HostClient
        from mocksmtp.testing.naming import Place
        from mocksmtp.testing.sandbox import MockSMTP

        if self.in_memory:
            running = await self._running_in_memory()
            dns = None
        else:
            from mocksmtp.testing.running import start_mock

            running = await start_mock(self.addCleanup, _with_sockets())
            dns = running.dns
        client, address = running.api, f"{running.smtp[0]}:{running.smtp[1]}"
        place = Place(running.url, dns, running.smtp[1])
        host = HostClient(client.connection, "default", [address])
        self.mock = MockSMTP(client, place, host, "x.test")
        if self.in_memory:
            self.mock.wait = 0
        return self.mock

    @deferred
    async def _running_in_memory(self) -> RunningMock:
        from mocksmtp.testing.memory import start_in_memory

        if not _shared:
            _shared.append(await start_in_memory())
        running = _shared[0]
        self.clock = running.service.reactor

        @deferred
        async def restore() -> None:
            await running.api.reset(all=True, connections="reset")
            # A program that still waits must not send to the next test. Of the
            # service, only the clock of an access log that it does not write is left.
            self.clock.cancel_calls()

        self.addCleanup(restore)
        return running

    def connect(self, protocol: P, address: tuple[str, int] | None = None) -> P:
        """
        Connect an SMTP client to the mock in memory, and return it.

        Octets that the client writes later are sent by ``self.clock.settle()``.

        :param address: that of another host, as ``mx1.smtp``
        """
        self.clock.connect(address or self.mock.smtp, protocol)
        return protocol

    # Assertions

    @deferred
    async def assertDelivered(
        self,
        to: str,
        *,
        copies: int = 1,
        wait: Duration | None = None,
        **filters: Any,
    ) -> Delivery:
        """
        Assert that the newest mail to a recipient was accepted, and kept.

        :param copies: how many times it was kept
        :param wait: how long to wait for that
        :param filters: what else must match, as ``sender="me@here.test"``
        """
        given: dict[str, Any] = {"final": "accepted", "copies": copies, **filters}
        return await self._newest(to, f"{to} accepted, {copies} kept", wait, **given)

    @deferred
    async def assertAttempts(
        self, to: str, expected: Sequence[str] | int, *, wait: Duration | None = None
    ) -> Delivery:
        """
        Assert what was tried for the newest mail to a recipient.

        :param expected: the verdicts in order, or their number
        """
        delivery = await self._newest(to, f"attempts for {to}", wait)
        verdicts = [str(verdict) for verdict in delivery.verdicts]
        found = len(verdicts) if isinstance(expected, int) else verdicts
        wanted = expected if isinstance(expected, int) else list(expected)
        if found != wanted:
            await self._fail(
                f"attempts for {to}: expected {wanted!r}, got {verdicts!r}"
            )
        return delivery

    @deferred
    async def assertRefused(
        self, to: str, code: int | None = None, *, wait: Duration | None = None
    ) -> Delivery:
        """
        Assert that the newest mail to a recipient was deferred or rejected last.

        :param code: the code of the reply
        """
        delivery = await self._newest(to, f"an attempt for {to}", wait)
        reply = delivery.attempts[-1].reply
        if delivery.final not in ("deferred", "rejected"):
            await self._fail(f"{to}: expected a refusal, got {delivery.final}")
        if code is not None and (reply is None or reply.code != code):
            await self._fail(f"{to}: expected a reply {code}, got {reply}")
        return delivery

    @deferred
    async def assertNoMail(
        self, to: str | None = None, *, within: Duration = 0
    ) -> None:
        """
        Assert that no mail was kept.

        :param to: for this recipient; by default for any
        :param within: how long to wait for one
        """
        wanted: dict[str, Any] = {} if to is None else {"to": to}
        found = await self.mock.mails(count=1, wait=within, **wanted)
        if found:
            recipients = [", ".join(mail.to) for mail in found]
            await self._fail(f"expected no mail, got mail to {'; '.join(recipients)}")

    @deferred
    async def assertQueried(
        self,
        name: str,
        type: str | None = None,  # noqa: A002 - the API's name
        *,
        wait: Duration | None = None,
    ) -> Query:
        """
        Assert that a name was queried in DNS, and return the newest query.

        :param type: the type of the query, as ``MX``; by default any
        """
        wanted: dict[str, Any] = {"name": name}
        if type is not None:
            wanted["type"] = type
        waits = self.mock.wait if wait is None else wait
        found = await self.mock.queries(count=1, wait=waits, **wanted)
        if not found:
            others = {f"{one.name} {one.type}" for one in await self.mock.queries()}
            listed = ", ".join(sorted(others)) or "none"
            expected = name if type is None else f"{name} {type}"
            self.fail(f"expected a query for {expected}; there were: {listed}")
        return found[-1]

    @deferred
    async def _newest(
        self, to: str, expected: str, wait: Duration | None, **filters: Any
    ) -> Delivery:
        waits = self.mock.wait if wait is None else wait
        found = await self.mock.deliveries(to=to, count=1, wait=waits, **filters)
        if not found:
            await self._fail(f"expected {expected}")
        return found[-1]

    @deferred
    async def _fail(self, message: str) -> None:
        """Fail with what was tried, what was refused, and why."""
        self.fail(f"{message}\n\n{condensed(await self.mock.report())}")


class MockSMTPTestCase(MockSMTPMixin, TestCase):
    """A test case whose tests each have a mock, as ``self.mock``."""

    def setUp(self) -> Deferred[Any]:  # type: ignore[override]
        """Start it."""
        return self.start_mock()
