"""Calls to Redis, over connections in memory"""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.store.interface import StorageFull, StoreError
from mocksmtp.store.redis.address import RedisAddress
from mocksmtp.store.redis.client import Client, Script
from mocksmtp.store.redis.connection import Connection

TICK = 0.25


class Transport(StringTransport):
    """Remembers that it was aborted."""

    aborted = False

    def abortConnection(self) -> None:
        self.aborted = True


class ClientTests(SynchronousTestCase):
    """Calls that are answered, or not"""

    def setUp(self) -> None:
        self.now = 100.0
        self.reactor = Clock()
        script = Script("return 1", once=True)
        address = RedisAddress("mx.test")
        self.client = Client(self.reactor, address, "me", [script], lambda: self.now)
        self.script = script
        self.connection = Connection(lambda error: None)
        self.transport = Transport()
        self.connection.makeConnection(self.transport)
        self.client.start(self.connection, b"epoch")
        self.answer(b"$1\r\nx\r\n")
        self.transport.clear()

    def answer(self, octets: bytes) -> None:
        """Have the server say something."""
        self.connection.dataReceived(octets)

    def wait(self, seconds: float) -> None:
        """Let time go by, as a process that runs sees it."""
        for _ in range(int(seconds / TICK)):
            self.now += TICK
            self.client.tick()

    def test_calls_are_answered_in_order(self) -> None:
        """However the replies are cut into packets."""
        calls = [self.client.command("GET", str(n)) for n in range(3)]
        for octet in b"$1\r\na\r\n*2\r\n:1\r\n$-1\r\n+OK\r\n":
            self.answer(bytes([octet]))
        results = [self.successResultOf(call) for call in calls]
        self.assertEqual(results, [b"a", [1, None], b"OK"])

    def test_numbers(self) -> None:
        """A script that changes something receives the number of its call."""
        self.client.call(self.script, "x")
        self.client.call(self.script)
        sha = self.script.sha.encode()
        words = [b"EVALSHA", sha, b"0", b"me", b"1", b"x", b"EVALSHA", sha, b"0"]
        said = self.transport.value().split(b"\r\n")
        found = [word for word in said if word[:1] not in (b"*", b"$") and word]
        self.assertEqual(found, [*words, b"me", b"2"])

    def test_what_is_held_back(self) -> None:
        """Is sent before the next call, and fails if there is none any more."""
        held = ["a"]

        def send() -> None:
            if held:
                calls.append(self.client.command("GET", held.pop()))

        calls: list[Any] = []
        self.client.send_held = send
        calls.append(self.client.call(self.script, "x"))
        said = self.transport.value()
        self.assertLess(said.index(b"GET"), said.index(b"EVALSHA"))
        held.append("b")
        self.transport.clear()
        self.client.close()
        for call in calls:
            self.failureResultOf(call, StoreError)
        self.assertEqual((len(calls), self.transport.value()), (3, b""))

    def test_errors(self) -> None:
        """Name the server; a lack of memory is one of space."""
        calls = [self.client.command("SET", "a", "b") for _ in range(2)]
        self.answer(b"-OOM command not allowed when used memory > 'maxmemory'.\r\n")
        self.answer(b"-MISCONF Errors writing to the AOF file\r\n")
        full, other = [self.failureResultOf(one, StoreError).value for one in calls]
        self.assertIsInstance(full, StorageFull)
        self.assertEqual(
            str(other), "mx.test:6379: MISCONF Errors writing to the AOF file"
        )

    def test_no_answer(self) -> None:
        """The connection is left after 2 s, and the call fails after 5 s."""
        call = self.client.command("PING")
        self.wait(1.75)
        self.assertFalse(self.transport.aborted)
        self.wait(0.5)
        self.assertTrue(self.transport.aborted)
        self.wait(2.5)
        self.assertNoResult(call)
        self.wait(0.5)
        error = self.failureResultOf(call, StoreError).value
        self.assertEqual(str(error), "mx.test:6379: no answer for 5 s")

    def test_this_process_was_paused(self) -> None:
        """It reads what has arrived meanwhile, before it gives anything up."""
        call = self.client.command("PING")
        self.now += 60
        self.client.tick()
        self.assertNoResult(call)
        self.assertFalse(self.transport.aborted)
        self.answer(b"+PONG\r\n")
        self.assertEqual(self.successResultOf(call), b"PONG")

    def test_a_waiter_that_leaves(self) -> None:
        """The reply is settled all the same, and does not reach another call."""
        settled: list[Any] = []
        left = self.client.command("GET", "a", settle=settled.append)
        stays = self.client.command("GET", "b")
        left.cancel()
        self.failureResultOf(left)
        self.answer(b":1\r\n:2\r\n")
        self.assertEqual((settled, self.successResultOf(stays)), ([1], 2))

    def test_an_error_that_ends_by_itself(self) -> None:
        """The connection is left, and what follows on it is not taken for replies."""
        for error in (b"LOADING Redis is loading", b"NOSCRIPT No matching script"):
            self.setUp()
            call = self.client.command("GET", "a")
            other = self.client.command("GET", "b")
            self.answer(b"-" + error + b"\r\n:1\r\n")
            self.assertTrue(self.transport.aborted)
            self.assertNoResult(call)
            self.assertNoResult(other)
