"""A recipe, served by a real service and tasted on the wire.

The documents are used as they are, but that listeners get free ports. A test does not
wait: it has the service's time skip what a document says.
"""

from __future__ import annotations

import functools
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from twisted.internet import reactor as twisted_reactor
from twisted.internet.defer import Deferred
from twisted.internet.threads import blockingCallFromThread, deferToThread
from twisted.names import client as dns_client
from twisted.trial.unittest import TestCase

from mocksmtp.documents.units import parse_duration
from mocksmtp.recipes import Call
from mocksmtp.testing import RunningMock, start_mock
from tests.cookbook.recipes import recipes
from tests.cookbook.skipping import SkippingReactor
from tests.cookbook.wire import PATIENCE, Wire

reactor: Any = twisted_reactor

Document = dict[str, Any]
C = TypeVar("C", bound="Kitchen")
T = TypeVar("T")

MAIL = "MAIL FROM:<b@here.test>"
RCPT = "RCPT TO:<a@there.test>"
OPEN = ("EHLO c", MAIL, RCPT)
CONTENT = b"Message-ID: <1@here.test>\r\n\r\nhello\r\n.\r\n"


def tastes(
    title: str,
) -> Callable[[Callable[[C], None]], Callable[[C], Awaitable[None]]]:
    """The test of the recipe with this title; it runs in a thread, and may block."""

    def decorate(check: Callable[[C], None]) -> Callable[[C], Awaitable[None]]:
        @functools.wraps(check)
        async def test(self: C) -> None:
            await self.serve(title)
            await deferToThread(check, self)

        test.recipe = title  # type: ignore[attr-defined]
        return test

    return decorate


class Kitchen(TestCase):
    """A service that has what a recipe says."""

    mock: RunningMock

    async def serve(self, title: str) -> None:
        """Start it."""
        self.time = SkippingReactor(reactor)
        self.mock = await start_mock(self.addCleanup, reactor=self.time)
        self.hosts: dict[str, Document] = {}
        for call in recipes()[title].documents:
            await self._set(call)

    async def _set(self, call: Call) -> None:
        document = call.document
        if isinstance(document, dict) and "listeners" in document:
            free = [{**one, "port": 0} for one in document["listeners"]]
            document = {**document, "listeners": free}
        await self.mock.api.call("PUT", call.path, document)
        if isinstance(document, dict):
            host = await self.mock.api.get(call.path)
            self.hosts[host["name"]] = host

    # For the thread of the test

    def wait_for(self, begin: Callable[[], Deferred[T]]) -> T:
        """What comes of something that the reactor has to do."""
        answer: T = blockingCallFromThread(reactor, begin)  # type: ignore[arg-type]
        return answer

    def connect(self, host: str | None = None, listener: int = 0) -> Wire:
        """A connection to the service, or to a listener of one of its hosts."""
        address = self.mock.smtp
        if host is not None:
            name, _, port = self.hosts[host]["addresses"][listener].rpartition(":")
            address = name, int(port)
        return Wire(address)

    def greeted(self) -> Wire:
        """A connection that has had its banner."""
        wire = self.connect()
        self.assertEqual(wire.code(), "220")
        return wire

    def at_tls(self) -> Wire:
        """A connection that has said STARTTLS, and has not read the reply."""
        wire = self.greeted()
        self.assertIn("STARTTLS", wire.say("EHLO c"))
        wire.send(b"STARTTLS\r\n")
        return wire

    def under_tls(self) -> Wire:
        """A connection that has TLS."""
        wire = self.at_tls()
        self.assertEqual(wire.code(), "220")
        wire.start_tls()
        return wire

    def at_content(self) -> Wire:
        """A connection that is to bring content."""
        wire = self.greeted()
        self.assertEqual(wire.codes(*OPEN, "DATA"), ["250", "250", "250", "354"])
        return wire

    def deliver(self, octets: bytes = CONTENT) -> str:
        """The reply to a mail, on a connection of its own."""
        with self.at_content() as wire:
            wire.send(octets)
            return wire.reply()

    def mails(self) -> list[Document]:
        """What was kept."""
        mails = self.wait_for(lambda: self.mock.api.mails(view="full"))
        return [dict(mail.document) for mail in mails]

    def raw(self, mail: str) -> bytes:
        """The content of a mail."""
        return self.wait_for(lambda: self.mock.api.raw(mail))

    def get(self, path: str) -> Any:
        """What the API has at `path`."""
        return self.wait_for(lambda: self.mock.api.get(path))

    def put(self, path: str, document: Any) -> None:
        """Have the API take a document."""
        self.wait_for(lambda: self.mock.api.call("PUT", path, document))

    def session(self, end: str | None = None) -> Document:
        """The newest session, as soon as it has ended like this."""

        def ended() -> Document | None:
            newest: Document = self.get("/smtpSessions")[-1]
            return newest if end in (None, newest["end"]) else None

        return self.until(ended)

    def until(self, look: Callable[[], T | None]) -> T:
        """The first thing that `look` finds."""
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            found = look()
            if found:
                return found
        raise AssertionError("it is not there in time")

    def pass_time(self, duration: str) -> None:
        """Have the service be so much later."""
        seconds = parse_duration(duration)
        blockingCallFromThread(reactor, self.time.skip, seconds)

    def pass_owed(self, duration: str) -> None:
        """The same, as soon as a client waits for a reply."""
        behaviors = self.mock.service.mock.default.behaviors
        self.until(
            lambda: blockingCallFromThread(reactor, lambda: bool(behaviors.held))
        )
        self.pass_time(duration)

    def lookup(self, name: str, family: int = socket.AF_INET) -> list[str]:
        """The addresses that the service's DNS has for `name`."""
        resolver = dns_client.Resolver(servers=[self.mock.dns], reactor=reactor)
        ask = resolver.lookupIPV6Address
        if family == socket.AF_INET:
            ask = resolver.lookupAddress
        answers, _, _ = blockingCallFromThread(reactor, ask, name)
        found = [answer.payload.address for answer in answers]
        return [socket.inet_ntop(family, address) for address in found]
