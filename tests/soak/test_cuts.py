"""Three stores in one Redis server, whose connections are cut at random"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Sequence
from typing import Any

import attrs
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.task import deferLater
from twisted.trial.unittest import TestCase

from mocksmtp.mail.quota import Quota
from mocksmtp.store.interface import Document, Key, State, StoreError
from mocksmtp.store.redis.address import RedisAddress
from mocksmtp.store.redis.scripts import PREFIX
from mocksmtp.store.redis.store import RedisSettings, RedisStore
from tests.store.case import ENVELOPE, ORIGIN
from tests.store.cutting import CuttingProxy
from tests.store.redis_server import RedisServer
from tests.store.test_redis import COUNTS, HOST, Recorder

SECONDS = 20
"""How long connections are cut."""

LOSSES = ("after", "before", "after", "before", "refuse", "hold", "silent")


def pause(seconds: float) -> Deferred[None]:
    """Wait."""
    return deferLater(reactor, seconds, lambda: None)


class Counting(Recorder):
    """What a replica has of a counter, and of a document that is set with it."""

    def __init__(self) -> None:
        super().__init__()
        self.count = self.document = 0

    def apply(self, changes: Sequence[tuple[Key, Document]]) -> None:
        for key, value in changes:
            if key == COUNTS:
                self.count = value
            elif key == HOST:
                self.document = value

    def replace(self, state: State) -> None:
        self.apply(
            [(key, state.get(key[0], {}).get(key[1], 0)) for key in (COUNTS, HOST)]
        )


@attrs.frozen(eq=False)
class Replica:
    """One replica."""

    store: RedisStore
    follower: Counting
    proxy: CuttingProxy


class CutTests(TestCase):
    """Counters, documents and mails, while connections are cut and Redis is killed"""

    timeout = 110

    def setUp(self) -> None:
        self.server = RedisServer(self.addCleanup)
        self.seen: Counter[str] = Counter()
        self.numbers: list[int] = []
        self.is_over = False
        self.random = random.Random(7)

    async def start(self) -> Replica:
        """One more replica."""
        proxy = CuttingProxy(self.server.port)
        self.addCleanup(proxy.stop)
        settings = RedisSettings(RedisAddress("127.0.0.1", proxy.port))
        replica = Replica(RedisStore(settings, Quota(), reactor), Counting(), proxy)
        await replica.store.open()
        await replica.store.replicas.follow(replica.follower)
        return replica

    async def change(self, replica: Replica, all_: list[Replica]) -> None:
        """Move the counter and the document in turns."""
        store, follower = replica.store, replica.follower
        while not self.is_over:
            try:
                turn: Any = await store.replicas.take_turn()
            except StoreError:
                await pause(0.05)
                continue
            follower.apply(turn.counts)
            follower.count += 1
            follower.document = wanted = follower.document + 1
            store.save([(HOST, wanted)])
            try:
                await turn.pass_on([(COUNTS, follower.count)])
            except StoreError:
                self.seen["unknown"] += 1
                await self.reload(store)
                continue
            self.seen["counted"] += 1
            try:
                await store.replicas.applied()
            except StoreError:
                continue
            for other in all_:
                if other.store.replicas.is_current:
                    self.assertGreaterEqual(other.follower.document, wanted)

    async def reload(self, store: RedisStore) -> None:
        """Have what is stored, once that is possible."""
        while True:
            try:
                await store.replicas.reload()
            except StoreError:
                await pause(0.05)
            else:
                return

    async def keep(self, replica: Replica) -> None:
        """Keep mails, many at a time."""
        box = replica.store.mailbox("default")
        while not self.is_over:
            waiting: list[Any] = [
                box.keep(ENVELOPE, b"x", 1.0, ORIGIN)
                for _ in range(self.random.randint(1, 10))
            ]
            for each in waiting:
                try:
                    mail = await each
                except StoreError:
                    self.seen["refused"] += 1
                else:
                    self.numbers.append(mail.number)
            await pause(0.01)

    async def cut(self, replicas: list[Replica]) -> None:
        """Cut connections, and kill the server now and then."""
        clock: Any = reactor
        end = clock.seconds() + SECONDS
        while clock.seconds() < end:
            if self.random.random() < 0.05:
                self.server.kill()
                await pause(self.random.choice((0.1, 1.0)))
                self.server.start()
            proxy = self.random.choice(replicas).proxy
            how = self.random.choice(LOSSES)
            proxy.cut(how)
            if how in ("refuse", "hold", "silent"):
                await pause(self.random.choice((0.05, 0.3, 1.0, 4.0)))
                proxy.cut("")
            await pause(self.random.random() * 0.2)
        await pause(2)
        self.is_over = True

    async def test_nothing_is_lost_or_counted_twice(self) -> None:
        """What was answered is there once, and each replica has it in the end."""
        replicas = [await self.start() for _ in range(3)]
        await gatherResults(
            [
                Deferred.fromCoroutine(each)
                for each in (
                    self.cut(replicas),
                    *(self.change(one, replicas) for one in replicas),
                    *(self.keep(one) for one in replicas),
                )
            ],
            consumeErrors=True,
        )
        for replica in replicas:
            await replica.store.replicas.settle()
        followers = [one.follower for one in replicas]
        (count,) = {one.count for one in followers}
        (document,) = {one.document for one in followers}
        certain, unknown = self.seen["counted"], self.seen["unknown"]
        self.assertGreater(certain, 50)
        self.assertTrue(certain <= count <= certain + unknown, (count, self.seen))
        self.assertEqual(document, count)
        self.assertEqual(len(self.numbers), len(set(self.numbers)))
        stored = {*map(int, self.server.ask("ZRANGE", f"{PREFIX}mails", "0", "-1"))}
        self.assertEqual({*self.numbers} - stored, set())
        self.assertLessEqual(len(stored) - len(self.numbers), self.seen["refused"])
        for replica in replicas:
            await replica.store.close()
