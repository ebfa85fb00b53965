"""Stores for tests, and what tests do with them."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.grammar.address import Address
from mocksmtp.grammar.command import Parameter
from mocksmtp.mail.mail import Envelope, Mail, Origin, Recipient
from mocksmtp.mail.mailbox import Inbox
from mocksmtp.mail.quota import Quota
from mocksmtp.mail.search import MailQuery
from mocksmtp.store.interface import Restored, Store
from mocksmtp.store.memory import MemoryStore
from mocksmtp.store.redis.address import RedisAddress
from mocksmtp.store.redis.store import RedisSettings, RedisStore
from mocksmtp.store.replicas import LEASE
from mocksmtp.store.sqlite.store import FileSettings, FileStore
from mocksmtp.store.worker import InlineWorker
from tests.store.cutting import CuttingProxy
from tests.store.redis_server import RedisServer

ORIGIN = Origin("7", "192.0.2.9", "client.test", "default")

ENVELOPE = Envelope(
    Address("bob@x.test"), (), (Recipient(Address("alice@x.test"), ()),)
)


class StoreCase(SynchronousTestCase):
    """A store that is open, and its clock."""

    store: Store
    restored: Restored

    def setUp(self) -> None:
        self.clock = self.new_clock()
        self.open()
        self.addCleanup(self.close)

    def new_clock(self) -> Clock:
        """The clock of the test."""
        return Clock()

    def new_store(self, quota: Quota) -> Store:
        """The store that is tested."""
        raise NotImplementedError

    def open(self, **limits: Any) -> None:
        """Open the store."""
        self.store = self.new_store(Quota(**limits))
        restored = self.result(self.store.open())
        assert isinstance(restored, Restored)
        self.restored = restored
        self.box = self.store.mailbox("default")

    def close(self) -> None:
        """Close the store."""
        self.result(self.store.close())

    def found(self, query: MailQuery, **more: Any) -> tuple[list[int], int]:
        """What all parts of a search find, and how many parts there are."""
        newest_first = more.get("newest_first", False)
        limit = more.get("limit")
        numbers: list[int] = []
        after, before, parts = 0, 10**9, 0
        mails = self.store.mails
        assert mails is not None
        while True:
            parts += 1
            left = None if limit is None else limit - len(numbers)
            part = self.result(
                mails.search("default", query, after, before, left, newest_first)
            )
            numbers += part.numbers
            if part.next is None or len(numbers) == limit:
                return numbers, parts
            if newest_first:
                before = part.next
            else:
                after = part.next

    def result(self, value: Any) -> Any:
        """The result of what a method of the store returns."""
        if not isinstance(value, Awaitable):
            return value

        async def wait() -> Any:
            return await value

        waiting = Deferred.fromCoroutine(wait())
        self.pump(waiting)
        return self.successResultOf(waiting)

    def pump(self, waiting: Deferred[Any]) -> None:
        """Have done what `waiting` waits for."""
        for _ in range(20):
            self.clock.advance(0)

    def keep(
        self,
        content: bytes = b"Subject: hi\r\n\r\ntext\r\n",
        to: tuple[str, ...] = ("alice@x.test",),
        box: Inbox | None = None,
        at: float = 1_700_000_000.125,
    ) -> Mail:
        """Have a mailbox keep a mail; return that."""
        recipients = tuple(
            Recipient(Address(one), (Parameter("NOTIFY", "NEVER"),)) for one in to
        )
        envelope = Envelope(
            Address("bob@X.test"), (Parameter("RET", "HDRS"),), recipients
        )
        box = self.box if box is None else box
        mail = self.result(box.keep(envelope, content, at, ORIGIN))
        assert isinstance(mail, Mail)
        return mail


class MemoryCase(StoreCase):
    """A store in memory."""

    def new_store(self, quota: Quota) -> Store:
        return MemoryStore(quota)


class FileCase(StoreCase):
    """
    A store in a file, whose work is done at once.

    :ivar path: the file
    """

    store: FileStore
    path: str

    def new_store(self, quota: Quota) -> Store:
        if not hasattr(self, "path"):
            self.path = os.path.abspath(self.mktemp())
        settings = FileSettings(self.path)
        worker = InlineWorker()
        return FileStore(settings, quota, self.clock, worker, worker)

    def reopen(self, **limits: Any) -> None:
        """Close the file, and open it again."""
        self.close()
        self.open(**limits)


class PumpingClock(Clock):
    """
    A clock of a test that also runs the reactor, while a store waits for a server.

    :ivar is_idle: whether nothing waits for a server
    """

    def __init__(self, is_idle: Callable[[], bool]) -> None:
        super().__init__()
        self.is_idle = is_idle

    def advance(self, amount: float) -> None:
        super().advance(amount)
        for _ in range(_TURNS):
            if self.is_idle():
                break
            turn()
            super().advance(0)


_TURNS = 2000
"""Turns of the reactor that a test waits for something."""


def turn() -> None:
    """Let the reactor turn once, and wait for 10 ms at the most."""
    reactor.iterate(0.01)


class RedisCase(StoreCase):
    """
    A store in a Redis server of the test's own.

    The reactor is not running in these tests: whoever waits lets it turn.
    """

    store: RedisStore
    lease = LEASE

    def setUp(self) -> None:
        self.server = RedisServer(self.addCleanup)
        super().setUp()

    def new_clock(self) -> Clock:
        return PumpingClock(self._is_idle)

    def _is_idle(self) -> bool:
        return not hasattr(self, "store") or self.store.is_idle

    def new_store(self, quota: Quota) -> RedisStore:
        return self.connected_to(self.server.port, quota)

    def connected_to(self, port: int, quota: Quota) -> RedisStore:
        """A store whose server is at a port."""
        settings = RedisSettings(RedisAddress("127.0.0.1", port))
        worker, lease = InlineWorker(), self.lease
        return RedisStore(settings, quota, reactor, worker=worker, lease=lease)

    def pump(self, waiting: Deferred[Any]) -> None:
        for _ in range(_TURNS):
            if waiting.called:
                return
            self.clock.advance(0)
            turn()

    def pump_until(self, happens: Callable[[], object]) -> None:
        """Let the reactor turn until something is true."""
        for _ in range(_TURNS):
            if happens():
                return
            turn()
        self.fail("it did not happen")

    def reopen(self, **limits: Any) -> None:
        """Leave the server, and connect again."""
        self.close()
        self.open(**limits)


class ProxiedCase(RedisCase):
    """
    Stores whose connections can be cut.

    :ivar proxies: of each store
    """

    def setUp(self) -> None:
        self.proxies: dict[RedisStore, CuttingProxy] = {}
        super().setUp()

    def new_store(self, quota: Quota) -> RedisStore:
        proxy = CuttingProxy(self.server.port)
        self.addCleanup(proxy.stop)
        store = self.connected_to(proxy.port, quota)
        self.proxies[store] = proxy
        return store
