"""Mails in Redis: mailboxes that write there, and searches that read there.

A mail is two keys: a row with its envelope, and its content. The numbers of all mails,
and of those of each host, are sorted sets. Counts of a mailbox are copies of what Redis
has counted: each reply of a script brings new ones, and `settle` all of them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import attrs
import orjson
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from mocksmtp.grammar.address import Address
from mocksmtp.mail.mail import Envelope, Mail, Origin
from mocksmtp.mail.quota import Quota
from mocksmtp.mail.search import MailQuery
from mocksmtp.store.interface import Removal, Slice
from mocksmtp.store.mailbox import StoredMailbox, apart, log_error
from mocksmtp.store.redis import scripts
from mocksmtp.store.redis.client import Client
from mocksmtp.store.redis.connection import Word
from mocksmtp.store.redis.scripts import PREFIX
from mocksmtp.store.texts import OVERHEAD, clean, read_envelope, write_envelope
from mocksmtp.store.worker import Worker

LOAD_OCTETS = 8 * 2**20
"""Octets of content after which `load` returns no further mail."""

SLICE = 0.05
"""Seconds of work in a part of a search."""

_GROUP_OCTETS = 2**20
"""Octets of content that one command reads, so that replies to others are not late."""

_ROWS = 500
"""Rows that one command reads."""

_NUMBERS = 20_000
"""Numbers that one command reads."""

_REMOVED_TOGETHER = 5000
"""Mails that one script removes at the most, unless all or none are to be removed."""

BATCH = 64
"""Mails that one script keeps at the most, so that it is short for other replicas."""

BATCH_OCTETS = 2**18
"""
Octets that one script keeps at the most, unless one mail has more: to evict 700 small
mails for them takes 50 ms.
"""

_PURGE_PAUSE = 0.01
"""Seconds between two steps of a purge."""

_NO_ENVELOPE = Envelope(Address(""), (), ())

_NO_ORIGIN = Origin("", "", "")


class _NotLoaded(Exception):
    """The content is not read yet."""


class RowMail(Mail):
    """A mail without its content, which is read only if a filter asks for it."""

    __slots__ = ("size",)

    size: int

    @property
    def content(self) -> bytes:
        """Not there."""
        raise _NotLoaded

    @content.setter
    def content(self, value: bytes) -> None:
        pass


def write_row(
    envelope: Envelope, received_at: float, origin: Origin, place: str, size: int
) -> tuple[int, bytes]:
    """
    The weight and the row of a mail.

    :param place: the names of the replica and of the host
    """
    weight = size + envelope.weight + OVERHEAD
    client = [origin.session, origin.client_ip, clean(origin.helo), origin.host, size]
    head = f"{weight} {received_at!r} {place}\n".encode()
    return weight, b"%b%b\n%b" % (head, orjson.dumps(client), write_envelope(envelope))


def read_row(number: int, row: bytes) -> RowMail:
    """The mail of a row."""
    head, client, envelope = row.split(b"\n", 2)
    weight, received_at, _ = head.split(b" ", 2)
    session, ip, helo, host, size = orjson.loads(client)
    mail = RowMail(
        number,
        read_envelope(envelope),
        b"",
        float(received_at),
        Origin(session, ip, helo, host),
        int(weight),
    )
    mail.size = size
    return mail


def with_content(row: RowMail, content: bytes) -> Mail:
    """A mail, as a whole."""
    return Mail(
        row.number, row.envelope, content, row.received_at, row.origin, row.weight
    )


@attrs.define
class MailboxCounts:
    """What a mailbox contains, when Redis was asked last."""

    mails: int = 0
    octets: int = 0
    total: int = 0
    total_octets: int = 0
    evictions: int = 0
    evicted: int = 0


@attrs.define(eq=False)
class RedisRemoval(Removal):
    """
    Mails that are removed.

    :ivar ids: of the removals in Redis
    """

    ids: list[str] = attrs.field(factory=list)


class _Keep:
    """
    A mail that is being kept.

    :ivar done: fires with the mail
    """

    __slots__ = (
        *("box", "content", "done", "envelope", "origin", "received_at", "weight"),
    )

    def __init__(
        self,
        box: RedisMailbox,
        envelope: Envelope,
        content: bytes,
        received_at: float,
        origin: Origin,
        weight: int,
    ) -> None:
        self.box = box
        self.envelope = envelope
        self.content = content
        self.received_at = received_at
        self.origin = origin
        self.weight = weight
        self.done: Deferred[Mail] = Deferred(lambda _: None)

    def end(self, number: int) -> None:
        """Report that it is kept, also if nothing waits for it any more."""
        box = self.box
        mail = Mail(
            number,
            self.envelope,
            self.content,
            self.received_at,
            self.origin,
            self.weight,
        )
        quota = box.quota
        quota.last = max(quota.last, number)
        if box.listeners:
            try:
                box.report(mail)
            except Exception as error:
                self.fail(error)
                return
        if not self.done.called:
            self.done.callback(mail)

    def fail(self, error: Exception) -> None:
        """Report that it is not kept."""
        if not self.done.called:
            self.done.errback(Failure(error))


class _Batch:
    """
    Mails that one call of `scripts.KEEP` keeps.

    :ivar words: the arguments of the script for them
    :ivar octets: of their rows and contents
    """

    __slots__ = ("_mails", "keeps", "octets", "words")

    def __init__(self, mails: RedisMails) -> None:
        self._mails = mails
        self.keeps: list[_Keep] = []
        self.words: list[Word] = []
        self.octets = 0

    def settle(self, reply: Any) -> None:
        """Settle each mail, in order."""
        keeps = self.keeps
        if isinstance(reply, Exception):
            for keep in keeps:
                keep.fail(reply)
            return
        number, accounts, totals = reply
        self._mails.count_kept(keeps, accounts, totals)
        for keep in keeps:
            keep.end(number)
            number += 1


class RedisMailbox(StoredMailbox):
    """The mailbox of a host in Redis; see `mocksmtp.mail.mailbox.Inbox`."""

    mails: RedisMails

    def __init__(self, mails: RedisMails, host: str) -> None:
        super().__init__(mails)
        self.host = host
        self._place = f"{mails.client.name} {host}"
        self._counts = MailboxCounts()

    @property
    def counts(self) -> MailboxCounts:
        """What Redis has counted."""
        return self._counts

    def keep(
        self, envelope: Envelope, content: bytes, received_at: float, origin: Origin
    ) -> Deferred[Mail] | None:
        """Store a message; fires with its mail once that is stored."""
        size, quota = len(content), self.quota
        weight, row = write_row(envelope, received_at, origin, self._place, size)
        if weight > quota.max_bytes:
            return None
        keep = _Keep(self, envelope, content, received_at, origin, weight)
        self.mails.keep(keep, row)
        return keep.done

    def set_counts(self, *counts: int) -> None:
        """Set the counts from those of Redis."""
        self._counts = MailboxCounts(*counts)

    def report_removed(self, numbers: Sequence[int]) -> None:
        """Notify the listeners of mails that a user removed."""
        if numbers and self.removal_listeners:
            mails = [
                Mail(one, _NO_ENVELOPE, b"", 0.0, _NO_ORIGIN, 0) for one in numbers
            ]
            for listener in self.removal_listeners:
                listener(mails)


class RedisMails:
    """
    The mails of all hosts; see `mocksmtp.store.interface.MailStore`.

    :param worker: matches large mails, in a thread of its own
    """

    def __init__(
        self, client: Client, quota: Quota, clock: IReactorTime, worker: Worker
    ) -> None:
        self.client = client
        client.send_held = self.send_batch
        self.quota = quota
        self._clock = clock
        self._worker = worker
        self._boxes: dict[str, RedisMailbox] = {}
        # Those of hosts of which there is no mailbox (yet).
        self._others: dict[str, tuple[int, ...]] = {}
        self._evicted = 0
        self._is_stopped = False
        self._batch: _Batch | None = None
        self._is_scheduled = False

    def mailbox(self, host: str) -> RedisMailbox:
        """The mailbox of a host."""
        box = self._boxes.get(host)
        if box is None:
            box = self._boxes[host] = RedisMailbox(self, host)
            box.set_counts(*self._others.pop(host, ()))
        return box

    # Mails that are kept.

    def keep(self, keep: _Keep, row: bytes) -> None:
        """
        Keep a mail, with the others of this turn of the reactor.

        Nothing waits longer for that: the transport sends at the end of the turn, too.
        """
        batch = self._batch
        size = len(keep.content)
        octets = size + len(row)
        if batch is None or batch.octets + octets > BATCH_OCTETS:
            self.send_batch()
            batch = self._batch = _Batch(self)
            if not self._is_scheduled:
                self._is_scheduled = True
                self._clock.callLater(0, self.send_held)
        batch.keeps.append(keep)
        batch.words += keep.box.host, keep.weight, size, row, keep.content
        batch.octets += octets
        if len(batch.keeps) == BATCH:
            self.send_batch()

    def send_held(self) -> None:
        """
        Send the mails that are held back, at the end of a turn of the reactor.

        The store calls it, too, now and then: the timer is late if the clock of the
        system is set back. `callFromThread` costs 15 µs, for it wakes the reactor.
        """
        self._is_scheduled = False
        self.send_batch()

    def send_batch(self) -> None:
        """Send the mails that are held back, before anything that follows."""
        batch, self._batch = self._batch, None
        if batch is not None:
            quota = self.quota
            self.client.call(
                scripts.KEEP,
                quota.max_mails,
                quota.max_bytes,
                *batch.words,
                settle=batch.settle,
            )

    @property
    def is_idle(self) -> bool:
        """Whether no mail is held back."""
        return self._batch is None

    # Counts.

    def count_kept(self, keeps: Sequence[_Keep], accounts: Any, totals: Any) -> None:
        """Set the counts that `scripts.KEEP` returned for some mails."""
        if len(totals) != 2:
            # Others were evicted.
            self.take_over(accounts, totals)
            return
        found = {name: counts for name, *counts in accounts}
        for box in {keep.box for keep in keeps}:
            counts = box.counts
            counts.mails, counts.octets, counts.total, counts.total_octets = found[
                box.host.encode()
            ]
        quota = self.quota
        quota.mails = totals[0]
        quota.used = totals[1] + quota.arriving

    def take_over(self, accounts: Any, totals: Any) -> None:
        """Set the counts of mailboxes, and their sums."""
        for name, *counts in accounts:
            host = name.decode()
            box = self._boxes.get(host)
            if box is None:
                self._others[host] = tuple(counts)
            else:
                box.set_counts(*counts)
        quota = self.quota
        quota.mails, octets, quota.evictions, self._evicted, last = totals
        quota.used = octets + quota.arriving
        quota.last = max(quota.last, last)

    @property
    def evicted(self) -> int:
        """The highest number of a mail that was evicted, 0 for none."""
        return self._evicted

    # Evictions.

    def evict_surplus(self) -> None:
        """Evict mails until the limits are met, which may be new ones."""
        quota = self.quota
        if self._is_stopped or not (
            quota.mails > quota.max_mails
            or quota.used - quota.arriving > quota.max_bytes
        ):
            return

        def count(reply: Any) -> None:
            self.take_over(*reply)
            self._clock.callLater(_PURGE_PAUSE, self.evict_surplus)

        done = self.client.call(scripts.EVICT_SURPLUS, quota.max_mails, quota.max_bytes)
        done.addCallback(count)
        done.addErrback(log_error)

    def evict_older(self, box: RedisMailbox, limit: float) -> Deferred[float | None]:
        """Evict the oldest mails of a mailbox, as long as they arrived before."""

        def count(reply: Any) -> float | None:
            oldest, *counts = reply
            self.take_over(*counts)
            return float(oldest) if oldest else None

        done = self.client.call(scripts.EVICT_OLDER, box.host, repr(limit))
        return done.addCallbacks(count, log_error)

    # Mails that are removed.

    def clear(self, box: RedisMailbox) -> None:
        """Remove all mails of a mailbox."""
        counts, quota = box.counts, self.quota
        quota.mails -= counts.mails
        quota.used -= counts.octets
        counts.mails = counts.octets = 0
        done = self._remove_all(box.host)
        done.addCallbacks(self.discard, log_error)

    def forget(self, host: str) -> None:
        """Forget the mailbox of a host that another replica has removed."""
        self._boxes.pop(host, None)
        self._others.pop(host, None)

    def close_mailbox(self, box: RedisMailbox) -> None:
        """Remove a mailbox with its mails."""
        self._boxes.pop(box.host, None)
        quota, counts = self.quota, box.counts
        quota.mails -= counts.mails
        quota.used -= counts.octets
        box.set_counts()
        done = self._remove_all(box.host, closes=True)
        done.addCallbacks(self.discard, log_error)

    def _remove_all(
        self, host: str | None, closes: bool = False
    ) -> Deferred[RedisRemoval]:
        done = self.client.call(scripts.REMOVE_ALL, int(closes), host or "")
        ids = [self.client.last_id]
        return done.addCallback(self._removed, host, ids)

    def _removed(self, reply: Any, host: str | None, ids: list[str]) -> RedisRemoval:
        removal = self._removal(ids, [reply])
        self._report_removed(host, removal.numbers)
        return removal

    def _report_removed(self, host: str | None, numbers: Sequence[int]) -> None:
        for box in self._boxes.values():
            if host in (None, box.host):
                box.report_removed(numbers)

    def _removal(self, ids: list[str], replies: Sequence[Any]) -> RedisRemoval:
        numbers: list[int] = []
        for text, accounts, totals in replies:
            numbers += map(int, text.split())
            self.take_over(accounts, totals)
        return RedisRemoval(numbers, ids)

    def remove_all(self, host: str | None) -> Deferred[Removal]:
        """Remove all mails of a host, or of all hosts."""
        return apart(self._remove_all(host), self.discard)

    def remove(self, host: str | None, numbers: Sequence[int]) -> Deferred[Removal]:
        """Remove mails."""
        return apart(self._remove(host, numbers), self.discard)

    def take(
        self, host: str | None, numbers: Sequence[int], at_least: int
    ) -> Deferred[Removal]:
        """Remove mails, or none if fewer than `at_least` are kept."""

        def put_back(removal: Removal) -> None:
            done = self.restore(removal)
            done.addCallbacks(lambda _: self.discard(removal), log_error)

        return apart(self._remove(host, numbers, at_least), put_back)

    def _remove(
        self, host: str | None, numbers: Sequence[int], at_least: int | None = None
    ) -> Deferred[RedisRemoval]:
        step = _REMOVED_TOGETHER if at_least is None else max(1, len(numbers))
        calls, ids = [], []
        for begin in range(0, len(numbers) or 1, step):
            some = " ".join(map(str, numbers[begin : begin + step]))
            calls.append(
                self.client.call(scripts.REMOVE, host or "", at_least or 0, some)
            )
            ids.append(self.client.last_id)

        async def remove() -> RedisRemoval:
            removal = self._removal(ids, [await call for call in calls])
            self._report_removed(host, removal.numbers)
            return removal

        return Deferred.fromCoroutine(remove())

    def restore(self, removal: Removal) -> Deferred[Sequence[tuple[str, int]]]:
        """Keep the mails of a removal again."""
        assert isinstance(removal, RedisRemoval)
        quota = self.quota
        calls = [
            self.client.call(scripts.RESTORE, one, quota.max_mails, quota.max_bytes)
            for one in removal.ids
        ]

        async def restore() -> Sequence[tuple[str, int]]:
            kept: list[tuple[str, int]] = []
            for call in calls:
                restored, accounts, totals = await call
                self.take_over(accounts, totals)
                hosts, numbers = restored[::2], restored[1::2]
                kept += [
                    (host.decode(), int(number))
                    for host, number in zip(hosts, numbers, strict=True)
                ]
            self.evict_surplus()
            return kept

        return Deferred.fromCoroutine(restore())

    def discard(self, removal: Removal) -> None:
        """Delete the mails of a removal, a few at a time."""
        assert isinstance(removal, RedisRemoval)
        for one in removal.ids:
            self.purge(one)

    def purge(self, removal: str = "") -> None:
        """Delete the mails of a removal, and of those that are overdue."""

        def again(more: int) -> None:
            if more:
                self._clock.callLater(_PURGE_PAUSE, self.purge)

        if not self._is_stopped:
            done = self.client.call(scripts.PURGE, removal)
            done.addCallbacks(again, log_error)

    def stop(self) -> None:
        """Delete nothing more; another replica does, or the next start."""
        self._is_stopped = True

    # Mails that are read.

    def count(self, host: str | None) -> int:
        """The number of mails."""
        if host is None:
            return self.quota.mails
        box = self._boxes.get(host)
        return 0 if box is None else len(box)

    def _index(self, host: str | None) -> str:
        return f"{PREFIX}mails" if host is None else f"{PREFIX}mails:{host}"

    async def _range(
        self, host: str | None, after: int, before: int, wanted: int, newest_first: bool
    ) -> list[int]:
        """Numbers between two others."""
        order = "ZREVRANGEBYSCORE" if newest_first else "ZRANGEBYSCORE"
        low, high = f"({after}", f"({before}"
        ends = (high, low) if newest_first else (low, high)
        found = await self.client.command(
            order, self._index(host), *ends, "LIMIT", 0, wanted
        )
        return [*map(int, found)]

    async def _rows(self, numbers: Sequence[int]) -> list[bytes | None]:
        keys = [f"{PREFIX}row:{one}" for one in numbers]
        rows: list[bytes | None] = await self.client.command("MGET", *keys)
        return rows

    async def _contents(self, rows: Sequence[RowMail]) -> list[Mail]:
        """The whole mails of some rows that are still there."""
        keys = [f"{PREFIX}content:{one.number}" for one in rows]
        found = await self.client.command("MGET", *keys)
        return [
            with_content(row, content)
            for row, content in zip(rows, found, strict=True)
            if content is not None
        ]

    async def search(
        self,
        host: str | None,
        query: MailQuery,
        after: int,
        before: int,
        limit: int | None,
        newest_first: bool,
    ) -> Slice:
        """Find mails, as far as is short work."""
        wanted = _NUMBERS if limit is None else min(limit, _NUMBERS)
        if not query.filters:
            numbers = await self._range(host, after, before, wanted, newest_first)
            is_over = len(numbers) < wanted or wanted == limit
            return Slice(numbers, None if is_over else numbers[-1])
        search = _Search(query, wanted, self._worker)
        while True:
            numbers = await self._range(host, after, before, _ROWS, newest_first)
            await search.look(numbers, await self._mails_of(numbers), self._contents)
            if search.is_enough:
                return Slice(search.found, None if wanted == limit else search.last)
            if (len(numbers) < _ROWS and search.last in numbers[-1:]) or not numbers:
                return Slice(search.found, None)
            if search.is_long:
                return Slice(search.found, search.last)
            if newest_first:
                before = numbers[-1]
            else:
                after = numbers[-1]

    async def _mails_of(self, numbers: Sequence[int]) -> list[RowMail]:
        if not numbers:
            return []
        rows = zip(numbers, await self._rows(numbers), strict=True)
        return [read_row(number, row) for number, row in rows if row is not None]

    async def kept(self, host: str | None, numbers: Sequence[int]) -> list[int]:
        """Those of the numbers that are kept."""
        found: list[int] = []
        for begin in range(0, len(numbers), _ROWS):
            some = numbers[begin : begin + _ROWS]
            scores = await self.client.command("ZMSCORE", self._index(host), *some)
            pairs = zip(some, scores, strict=True)
            found += [number for number, score in pairs if score is not None]
        return found

    async def load(self, numbers: Sequence[int], host: str | None = None) -> list[Mail]:
        """The mails with these numbers, as many as fit into `LOAD_OCTETS`."""
        mails: list[Mail] = []
        octets = 0
        for begin in range(0, len(numbers), _ROWS):
            some: Sequence[int] = numbers[begin : begin + _ROWS]
            if host is not None:
                some = await self.kept(host, some)
            for group in groups(await self._mails_of(some)):
                mails += await self._contents(group)
                octets += sum(row.size for row in group)
                if octets >= LOAD_OCTETS and mails:
                    return mails
        return mails

    def refer(self, number: int) -> Mail | None:
        """None: a mail is to be loaded."""
        return None


class _Search:
    """
    A part of a search.

    :ivar found: the numbers of mails that match
    :ivar last: the number of the last mail that was looked at
    """

    def __init__(self, query: MailQuery, wanted: int, worker: Worker) -> None:
        self.found: list[int] = []
        self.last = 0
        self._query = query
        self._wanted = wanted
        self._worker = worker
        self._spent = 0.0
        self._octets = 0

    @property
    def is_enough(self) -> bool:
        """Whether as many were found as are wanted."""
        return len(self.found) >= self._wanted

    @property
    def is_long(self) -> bool:
        """Whether it has lasted as long as a part may last."""
        return self._spent >= SLICE or self._octets >= LOAD_OCTETS

    async def look(
        self,
        numbers: Sequence[int],
        rows: Sequence[RowMail],
        read: Callable[[Sequence[RowMail]], Any],
    ) -> None:
        """
        See which mails match, as far as is short work.

        :param numbers: of mails that exist, or did
        :param read: reads the contents of rows
        """
        at = 0
        while at < len(rows):
            begin = time.monotonic()
            group, octets, end = self._next_group(rows, at)
            self._spent += time.monotonic() - begin
            whole = {mail.number: mail for mail in await read(group)} if group else {}
            self._octets += octets
            needs = {row.number for row in group}
            for row in rows[at:end]:
                if row.number in needs:
                    mail = whole.get(row.number)
                    matches = mail is not None and await self._matches(mail)
                else:
                    matches = row.number in self._matched
                self.last = row.number
                if matches:
                    self.found.append(row.number)
                if self.is_enough:
                    return
            at = end
            if self.is_long:
                return
        if numbers:
            self.last = numbers[-1]

    def _next_group(
        self, rows: Sequence[RowMail], at: int
    ) -> tuple[list[RowMail], int, int]:
        """
        Match rows from `at` on, until enough of them need their content.

        :return: those that do, the octets of these, and where the next group begins
        """
        self._matched: set[int] = set()
        group: list[RowMail] = []
        octets = 0
        while at < len(rows) and octets < _GROUP_OCTETS:
            row = rows[at]
            at += 1
            try:
                if self._query.matches(row):
                    self._matched.add(row.number)
            except _NotLoaded:
                group.append(row)
                octets += row.size
        return group, octets, at

    async def _matches(self, mail: Mail) -> bool:
        begin = time.monotonic()
        if self._query.is_long_work(mail):
            matches = await self._worker.run(lambda: self._query.matches(mail))
        else:
            matches = self._query.matches(mail)
        self._spent += time.monotonic() - begin
        return matches


def groups(rows: Sequence[RowMail]) -> list[list[RowMail]]:
    """Rows, in groups whose contents one command reads."""
    groups: list[list[RowMail]] = []
    octets = _GROUP_OCTETS
    for row in rows:
        if octets >= _GROUP_OCTETS:
            groups.append([])
            octets = 0
        groups[-1].append(row)
        octets += row.size
    return groups
