"""The log of all replicas, and what is passed on live to those that watch.

- ``log``: changed sessions, queries and tallies, numbered without gaps. A replica reads
  it when it settles, or as it grows.
- ``arrivals``, ``events``: mails and events, while any replica watches.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import attrs
import orjson
from twisted.internet.defer import Deferred, DeferredLock

from mocksmtp.store.interface import Document, Key
from mocksmtp.store.redis import scripts
from mocksmtp.store.redis.client import Client
from mocksmtp.store.redis.documents import call_follower, ignore_store_errors, key_of
from mocksmtp.store.redis.following import Entry, entries_of
from mocksmtp.store.redis.scripts import PREFIX
from mocksmtp.store.replicas import Follower, LogPart, Tally

PART = 1000
"""Entries of the log that are read together."""


class RedisLog:
    """
    What one replica reads of the log, and adds to it.

    :param lease: milliseconds for which mails and events are passed on after `watch`,
        unless the lease of this replica is extended
    :param schedule: has what was added sent at the end of this turn of the reactor

    :ivar follower: receives what others have logged; None before it follows
    :ivar place: the number of the last entry that was read
    :ivar is_watched_elsewhere: whether another replica watches
    """

    def __init__(
        self, client: Client, lease: int, schedule: Callable[[], None]
    ) -> None:
        self.follower: Follower | None = None
        self.place = 0
        self.is_watched_elsewhere = False
        self._client = client
        self._lease = lease
        self._schedule = schedule
        self._entries: list[Any] = []
        self._begin = 0
        self._lock = DeferredLock()
        self._watches = 0
        self._seen = self._arrival = self._event = 0
        # The last mail that the last settle has found.
        self._settled = 0

    def begin(self, place: int, event: int, mail: int) -> None:
        """Of what was logged up to this place, read the queries only."""
        self._begin, self._event, self._settled = place, event, mail

    def settled(self, event: int, mail: int) -> None:
        """All events and mails up to these numbers are known."""
        self._settled = mail
        if not self._watches:
            self._event = event

    @property
    def is_watching(self) -> bool:
        """Whether this replica watches."""
        return self._watches > 0

    def places(self) -> Mapping[str, int]:
        """The streams that are read as they grow, and up to where they are known."""
        if not self._watches:
            return {}
        return {
            f"{PREFIX}log": max(self.place, self._seen),
            f"{PREFIX}arrivals": self._arrival,
            f"{PREFIX}events": self._event,
        }

    @property
    def has_entries(self) -> bool:
        """Whether there are queries or tallies that are not sent yet."""
        return bool(self._entries)

    def take_entries(self) -> list[Any]:
        """The words of the queries and tallies that are not sent yet."""
        words, self._entries = self._entries, []
        return words

    def store(
        self, changes: Mapping[Key, bytes], entries: Sequence[Any]
    ) -> Deferred[None]:
        """Add documents of sessions to the log, and entries."""
        words: list[Any] = [len(changes)]
        for (kind, name), document in changes.items():
            number = int(name.partition("/")[0])
            words += (number, f"{kind.value} {name}", document)

        def logged(reply: Any) -> None:
            before, after = reply
            if before == self.place:
                self.place = after

        return self._client.call(scripts.LOG, *words, *entries).addCallback(logged)

    async def _number_attempts(self, count: int) -> int:
        last = await self._client.command(
            "HINCRBY", f"{PREFIX}numbers", "attempt", count
        )
        return int(last) - count + 1

    def number_attempts(self, count: int) -> Deferred[int]:
        """Reserve numbers for attempts; return the first one."""
        return Deferred.fromCoroutine(self._number_attempts(count))

    def log_query(self, number: int, document: Document) -> None:
        """Add a DNS query to the log."""
        self._entries += ("q", number, orjson.dumps(document))
        self._schedule()

    def log_tallies(self, tallies: Sequence[Tally]) -> None:
        """Add to the counters of behaviors that keep no counts."""
        document = orjson.dumps([attrs.astuple(tally) for tally in tallies])
        self._entries += ("t", "", document)
        self._schedule()

    async def read(self) -> None:
        """Pass on what other replicas have added to the log."""
        await self._lock.acquire()
        try:
            while await self._read_log_part():
                pass
        finally:
            self._lock.release()

    async def _read_log_part(self) -> bool:
        """Pass on a part of the log; return whether there may be more."""
        after = self.place  # which entries of its own may move meanwhile
        found = await self._client.command(
            *("XRANGE", f"{PREFIX}log", f"{after + 1}-0", "+"),
            *("COUNT", PART),
        )
        entries = entries_of(found)
        if not entries:
            return False
        # The first part has all queries that are kept, and of the rest what is new.
        has_gap = entries[0][0] != after + 1 > self._begin
        numbers: dict[int, None] = {}
        queries: dict[int, Document] = {}
        tallies: list[Tally] = []
        me = self._client.name.encode()
        for place, fields in entries:
            if fields[b"f"] == me:
                continue
            if b"q" not in fields and place <= self._begin:
                continue
            if b"s" in fields:
                numbers |= dict.fromkeys(map(int, fields[b"s"].split()))
            elif b"q" in fields:
                number = int(fields[b"q"])
                # The last one of a number is in its place in the order.
                queries.pop(number, None)
                queries[number] = orjson.loads(fields[b"d"])
            else:
                tallies += (Tally(*one) for one in orjson.loads(fields[b"d"]))
        if has_gap:
            every = await self._client.command("ZRANGE", f"{PREFIX}sessions", 0, -1)
            numbers |= dict.fromkeys(map(int, every))
        sessions = await self._sessions(numbers)
        self.place = max(self.place, entries[-1][0])
        if sessions or queries or tallies or has_gap:
            part = LogPart(sessions, queries, tallies, has_gap)
            assert self.follower is not None
            await call_follower(self.follower.read, part)
        return len(entries) == PART

    async def _sessions(
        self, numbers: Iterable[int]
    ) -> dict[int, Mapping[Key, Document]]:
        """All documents of some sessions."""
        calls = [
            (number, self._client.command("HGETALL", f"{PREFIX}session:{number}"))
            for number in numbers
        ]
        sessions: dict[int, Mapping[Key, Document]] = {}
        for number, call in calls:
            pairs = await call
            sessions[number] = {
                key_of(field): orjson.loads(text)
                for field, text in zip(pairs[::2], pairs[1::2], strict=True)
            }
        return sessions

    # What is passed on live.

    @property
    def is_watched(self) -> bool:
        """Whether any replica watches."""
        return self.is_watched_elsewhere or self._watches > 0

    def watch(self) -> None:
        """Begin to pass on the log, mails and events live."""
        self._watches += 1
        if self._watches == 1:
            self._arrival = self._settled
            done = self._client.call(
                scripts.WATCH, self._client.name, self._lease, self._settled
            )
            done.addErrback(ignore_store_errors)

    def unwatch(self) -> None:
        """End what `watch` began."""
        self._watches -= 1

    def publish(self, events: Sequence[Document]) -> None:
        """Publish events, which each replica that watches receives, numbered."""
        done = self._client.call(scripts.PUBLISH, *map(orjson.dumps, events))
        done.addErrback(ignore_store_errors)

    async def _events_after(self, number: int) -> list[tuple[int, Document]]:
        found = await self._client.command(
            "XRANGE", f"{PREFIX}events", f"{number + 1}-0", "+"
        )
        return _events_of(entries_of(found))

    def events_after(self, number: int) -> Deferred[list[tuple[int, Document]]]:
        """The events above a number that are kept."""
        return Deferred.fromCoroutine(self._events_after(number))

    def received_log(self, entries: list[Entry]) -> None:
        """Read the log, which has grown."""
        self._seen = entries[-1][0]
        Deferred.fromCoroutine(self.read()).addErrback(ignore_store_errors)

    def received_arrivals(self, entries: list[Entry]) -> None:
        """Pass on the mails that other replicas have kept."""
        self._arrival = entries[-1][0]
        me = self._client.name.encode()
        mails = [
            (fields[b"h"].decode(), number)
            for number, fields in entries
            if fields[b"f"] != me
        ]
        if mails and self._watches and self.follower is not None:
            self.follower.mails_arrived(mails)

    def received_events(self, entries: list[Entry]) -> None:
        """Pass on events."""
        self._event = entries[-1][0]
        if self._watches and self.follower is not None:
            self.follower.events_arrived(_events_of(entries))


def _events_of(entries: Iterable[Entry]) -> list[tuple[int, Document]]:
    return [(number, orjson.loads(fields[b"d"])) for number, fields in entries]
