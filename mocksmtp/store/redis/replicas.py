"""How the replicas of a Redis store agree; see `mocksmtp.store.replicas`.

A second connection reads streams, and waits there for what is new:

- ``control``: documents of the state and commands, numbered without gaps. Each replica
  applies them in order, and acknowledges that; a writer waits for all that live.
- ``hints:NAME``: tells one replica that it has the turn, that another has applied
  something, or that it is to hand over. A hint that is lost is found out within a
  second, for whoever waits asks again.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import (
    Awaitable,
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from typing import TYPE_CHECKING, Any

import attrs
import orjson
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from mocksmtp.store.interface import Document, Key, State, StoreError
from mocksmtp.store.redis import scripts
from mocksmtp.store.redis.client import TIMEOUT, Client
from mocksmtp.store.redis.connection import Connection
from mocksmtp.store.redis.documents import (
    call_follower,
    ignore_store_errors,
    key_of,
    read_counts,
    read_state,
    read_tallies,
    value_of,
    words_of,
)
from mocksmtp.store.redis.following import Entry, StreamReader
from mocksmtp.store.redis.log import RedisLog
from mocksmtp.store.redis.mails import RedisMails
from mocksmtp.store.redis.numbering import RedisNumbers
from mocksmtp.store.redis.scripts import PREFIX
from mocksmtp.store.replicas import Follower, Numbers, Tally, Turn

if TYPE_CHECKING:
    from mocksmtp.store.redis.store import RedisStore

_MARGIN = 0.05
"""The part of the lease that is not relied on: clocks may differ in speed."""

CONTROL_OCTETS = 64 * 2**20
"""Memory of `control` above which entries are removed that all have applied: a replica
that is left out then reads the whole state."""

ASK_AGAIN = 1.0
"""Seconds after which what waits for others asks whether they still live."""

TURN_TIMEOUT = 10.0
"""Seconds that are waited for the turn."""

_FIRST_LOOK = 0.005
"""Seconds after which it is looked whether other replicas live, for the first time."""

_MANY = 1000
"""Names of other replicas that are remembered."""

_log = Logger()


@attrs.define(eq=False)
class _Wait:
    """
    What waits for other replicas.

    :ivar names: of those that are waited for
    :ivar ask: asks which of all replicas are to be waited for still
    """

    names: set[str]
    ask: Callable[[], Awaitable[Iterable[str]]]
    ask_at: float
    done: Deferred[None] = attrs.field(factory=lambda: Deferred(lambda _: None))
    is_asking: bool = False

    def remove(self, name: str) -> None:
        """Do not wait for a replica any more."""
        self.names.discard(name)
        if not self.names:
            self.end()

    def keep(self, names: Iterable[str]) -> None:
        """Wait for no others than these."""
        self.names.intersection_update(names)
        if not self.names:
            self.end()

    def end(self, error: Exception | None = None) -> None:
        """Wait no more."""
        if not self.done.called:
            if error is None:
                self.done.callback(None)
            else:
                self.done.errback(error)


@attrs.frozen
class _Change:
    """An entry of ``control``."""

    place: int
    fields: Mapping[bytes, bytes]

    @property
    def changes(self) -> Iterator[tuple[bytes, bytes]]:
        """Its documents; no other field has a space in its name."""
        return (pair for pair in self.fields.items() if b" " in pair[0])


@attrs.frozen
class _Reload:
    """
    That the state is to be read as a whole.

    :ivar is_asked: whether `done` is waited for, so that a failure ends it
    """

    is_asked: bool = False
    done: Deferred[None] = attrs.field(factory=lambda: Deferred(lambda _: None))


class RedisTurn:
    """The turn of this replica; see `mocksmtp.store.replicas.Turn`."""

    def __init__(
        self,
        replicas: RedisReplicas,
        token: str,
        counts: Sequence[tuple[Key, Document]],
    ) -> None:
        self.token = token
        self.counts = counts
        self._replicas = replicas

    def pass_on(self, counts: Sequence[tuple[Key, Document]] = ()) -> Deferred[None]:
        """Store the state and these counts, and end the turn."""
        return self._replicas.pass_on(self, counts)


class RedisReplicas:
    """
    What one replica does to agree with others; see `mocksmtp.store.replicas.Replicas`.

    :ivar lease: milliseconds after which a replica is left out
    :ivar turn: the turn of this replica, or None
    :ivar tallies: those that were stored when this replica was opened
    :ivar log: reads and writes the log
    :ivar is_alone: whether no other replica lived when this one was opened
    """

    def __init__(
        self,
        client: Client,
        reactor: Any,
        store: RedisStore,
        mails: RedisMails,
        monotonic: Callable[[], float],
        lease: float,
    ) -> None:
        self.name = client.name
        self.lease = int(lease * 1000)
        self._lease_time = lease * (1 - _MARGIN)
        self.turn: RedisTurn | None = None
        self.tallies: Sequence[Tally] = ()
        sessions = RedisNumbers(client, "session", monotonic)
        queries = RedisNumbers(client, "query", monotonic)
        self.sessions: Numbers = sessions
        self.queries: Numbers = queries
        self._numbers = sessions, queries
        self.others: Collection[str] = ()
        self.is_alone = True
        self._client = client
        self._reactor = reactor
        self._store = store
        self._mails = mails
        self._monotonic = monotonic
        self._reader = StreamReader(
            reactor, client.address, self._places, self._received, monotonic
        )
        self.log = log = RedisLog(client, self.lease, store.schedule)
        self._handlers: Mapping[str, Callable[[list[Entry]], None]] = {
            f"{PREFIX}control": self._received_control,
            f"{PREFIX}hints:{self.name}": self._received_hints,
            f"{PREFIX}log": log.received_log,
            f"{PREFIX}arrivals": log.received_arrivals,
            f"{PREFIX}events": log.received_events,
        }
        self.watch, self.unwatch = log.watch, log.unwatch
        self.log_query, self.log_tallies = log.log_query, log.log_tallies
        self.publish, self.events_after = log.publish, log.events_after
        self.number_attempts = log.number_attempts
        self._follower: Follower | None = None
        self._is_open = False
        # Positions: received from `control`, applied, and stored by this replica.
        self._last = self._applied = self._stored = 0
        self._hint = 0
        self._queue: deque[_Change | _Reload] = deque()
        self._is_applying = False
        self._appliers: list[tuple[int, float, Deferred[None]]] = []
        self._waits: list[tuple[bytes, int, _Wait]] = []
        self._places_heard: dict[tuple[bytes, str], int] = {}
        self._parts: list[tuple[Key, Document]] = []
        # The lease.
        self._certain_until = 0.0
        self._current_from = 0
        self._beat_at = 0.0
        self._is_beating = False
        # Turns.
        self._turns: deque[Deferred[Turn]] = deque()
        self._is_taking = False
        self._token = ""
        self._tokens = 0
        self._granted = ""
        self._turn_hint: tuple[Deferred[None], float] | None = None
        self._since = self._grants = 0
        # The log.
        self._is_settling = False
        self._next_settle: list[Deferred[None]] = []
        self._requests = 0

    # Opening, and the lease.

    async def open(self, connection: Connection) -> State:
        """
        Register this replica, and read the state.

        :return: all documents
        """
        reply = await connection.call(
            *("EVAL", scripts.OPEN.text, 0, self.name, self.lease, scripts.VERSION),
            *(os.urandom(8).hex(), *scripts.STATE_KINDS),
        )
        place, numbers, others, documents, accounts, totals, sessions, tallied = reply
        self.tallies = read_tallies(tallied)
        self._last = self._applied = self._current_from = place
        epoch, counted, log, event = numbers
        self._since = int(counted or 0)
        state = dict(read_state(scripts.STATE_KINDS, documents))
        calls = [
            connection.call("HGETALL", f"{PREFIX}session:{number.decode()}")
            for number in sessions
        ]
        for call in calls:
            pairs = await call
            for field, text in zip(pairs[::2], pairs[1::2], strict=True):
                kind, name = key_of(field)
                found = state.setdefault(kind, {})
                found[name] = orjson.loads(text)  # type: ignore[index] # a dict
        await self._see_others(connection, others)
        self._client.start(connection, epoch)
        self._is_open = True
        self._mails.take_over(accounts, totals)
        self._mails.evict_surplus()
        self.log.begin(int(log or 0), int(event or 0), self._mails.quota.last)
        return state

    async def _see_others(self, connection: Connection, found: Sequence[bytes]) -> None:
        """Wait until another replica shows that it lives, or all leases are over."""
        names = found[::2]
        deadlines = [*map(float, found[1::2])]
        pause = _FIRST_LOOK
        until = self._monotonic() + self._lease_time
        while names and self._monotonic() < until:
            await deferLater(self._reactor, pause, lambda: None)
            pause = min(2 * pause, 0.2)
            scores = await connection.call("ZMSCORE", f"{PREFIX}live", *names)
            for score, deadline in zip(scores, deadlines, strict=True):
                if score is not None and float(score) > deadline:
                    self.is_alone = False
                    self.others = [name.decode() for name in names]
                    return

    def follow(self, follower: Follower) -> Deferred[None]:
        """Begin to follow the others."""
        return Deferred.fromCoroutine(self._follow(follower))

    async def _follow(self, follower: Follower) -> None:
        self._follower = self.log.follower = follower
        sent_at = self._monotonic()
        self._reader.start()
        place = await self._client.call(
            scripts.FOLLOW, self.name, self.lease, self._applied
        )
        self._certain_until = sent_at + self._lease_time
        await self._until_applied(place)

    @property
    def is_watched(self) -> bool:
        """Whether any replica watches."""
        return self.log.is_watched

    @property
    def is_current(self) -> bool:
        """Whether this replica certainly knows of all changes that were answered."""
        return (
            self._monotonic() < self._certain_until
            and self._applied >= self._current_from
        )

    def _beat(self) -> Deferred[None]:
        """Extend the lease."""
        self._is_beating = True
        self._beat_at = sent_at = self._monotonic()
        follows = "" if self._follower is None else self._applied
        watches = int(self.log.is_watching)
        done = self._client.call(
            scripts.BEAT,
            *(self.lease, self._token, watches, follows, CONTROL_OCTETS),
        )

        def extended(reply: Any) -> None:
            self._is_beating = False
            lapsed, place, is_watched, epoch, names, left = reply
            mine = self.name.encode()
            self.others = [name.decode() for name in names if name != mine]
            self.log.is_watched_elsewhere = bool(is_watched)
            if epoch != self._client.epoch:
                self._client.end(
                    "Redis has lost its data; this replica must be restarted"
                )
                return
            if lapsed:
                self._current_from = place
            self._certain_until = sent_at + self._lease_time
            for name in left:
                self._left(name.decode())

        def failed(failure: Failure) -> None:
            self._is_beating = False
            failure.trap(StoreError)

        return done.addCallbacks(extended, failed)

    def _left(self, name: str) -> None:
        if self._follower is not None and name != self.name:
            try:
                self._follower.left(name)
            except Exception:
                _log.failure("while following other replicas")

    def tick(self, now: float) -> None:
        """Extend the lease, and see what has waited too long."""
        if not self._is_open:
            return
        is_late = self._client.was_paused
        self._reader.tick(now, is_late)
        # A replica that does not hear the others is better left out.
        hears = self._follower is None or self._reader.hears(now)
        if hears and now >= self._beat_at + self.lease / 3000 and not self._is_beating:
            self._beat()
        if is_late:
            return
        for _, until, done in self._appliers:
            if now >= until and not done.called:
                reason = f"{self._client.address.name}: no answer"
                done.errback(StoreError(f"{reason} for {TIMEOUT:g} s"))
        self._appliers = [one for one in self._appliers if not one[2].called]
        self._waits = [one for one in self._waits if not one[2].done.called]
        for _, _, wait in self._waits:
            if now >= wait.ask_at and not wait.is_asking:
                Deferred.fromCoroutine(self._ask_again(wait))
        if self._turn_hint is not None and now >= self._turn_hint[1]:
            self._end_turn_hint()

    async def _ask_again(self, wait: _Wait) -> None:
        wait.is_asking = True
        wait.ask_at = self._monotonic() + ASK_AGAIN
        try:
            names = set(await wait.ask())
        except StoreError as error:
            wait.end(error)
        else:
            wait.keep(names)
        finally:
            wait.is_asking = False

    async def leave(self) -> None:
        """End the lease: others do not wait for this replica any more."""
        self._reader.stop()
        error = self._error("the store is closed")
        for _, _, wait in self._waits:
            wait.end(error)
        for _, _, done in self._appliers:
            if not done.called:
                done.errback(error)
        if self._is_open and self._client.is_connected:
            try:
                await self._client.call(
                    scripts.LEAVE, self.name, self._token, self.lease
                )
            except StoreError as error:
                _log.error("{error}", error=error)
        self._is_open = False

    # Changes of the state.

    def _places(self) -> Mapping[str, int]:
        places = {
            f"{PREFIX}control": self._last,
            f"{PREFIX}hints:{self.name}": self._hint,
        }
        places.update(self.log.places())
        return places

    def _received(self, stream: str, entries: list[Entry]) -> None:
        """Entries of a stream have arrived."""
        self._handlers[stream](entries)

    def _received_control(self, entries: list[Entry]) -> None:
        for place, fields in entries:
            if place <= self._last:
                continue
            if place != self._last + 1:
                # Entries were removed before this replica has read them.
                self._queue.append(_Reload())
            self._last = place
            self._queue.append(_Change(place, fields))
        self._apply()

    def _apply(self) -> None:
        if not self._is_applying and self._queue:
            self._is_applying = True
            Deferred.fromCoroutine(self._apply_all())

    async def _apply_all(self) -> None:
        try:
            while self._queue:
                results: list[Any] = []
                while self._queue:
                    results += await self._apply_next()
                self._end_appliers()
                if results and self._is_open:
                    done = self._client.call(
                        scripts.ACK, self.name, self._applied, *results
                    )
                    done.addErrback(ignore_store_errors)
        finally:
            self._is_applying = False

    async def _apply_next(self) -> list[Any]:
        """Apply the next entry; return what is reported to its author."""
        entry = self._queue.popleft()
        if isinstance(entry, _Reload):
            await self._reload(entry)
            return []
        if entry.place <= self._applied:
            return []
        author, what = entry.fields[b"f"], entry.fields[b"w"]
        result = b""
        if author != self.name.encode():
            if what == b"state":
                await self._apply_state(entry)
            else:
                command = orjson.loads(entry.fields[b"d"])
                assert self._follower is not None
                answer = await call_follower(self._follower.perform, command)
                result = orjson.dumps(answer)
        self._applied = entry.place
        return [author, entry.place, result] if author != self.name.encode() else []

    async def _apply_state(self, entry: _Change) -> None:
        changes = [(key_of(field), value_of(text)) for field, text in entry.changes]
        self._parts += changes
        if entry.fields[b"m"] == b"0":
            changes, self._parts = self._parts, []
            assert self._follower is not None
            await call_follower(self._follower.apply, changes)

    def _end_appliers(self) -> None:
        waiting, self._appliers = self._appliers, []
        for place, until, done in waiting:
            if done.called:
                continue
            if place <= self._applied:
                done.callback(None)
            else:
                self._appliers.append((place, until, done))

    def _until_applied(self, place: int) -> Deferred[None]:
        """Wait until this replica has applied what is at this position."""
        done: Deferred[None] = Deferred(lambda _: None)
        if place <= self._applied:
            done.callback(None)
        else:
            self._appliers.append((place, self._monotonic() + TIMEOUT, done))
        return done

    def reload(self) -> Deferred[None]:
        """Replace the state of the follower by the stored one."""
        self._store.take_state()
        entry = _Reload(is_asked=True)
        self._queue.append(entry)
        self._apply()
        return entry.done

    async def _reload(self, entry: _Reload) -> None:
        try:
            place, counted, documents = await self._client.call(
                scripts.STATE, *scripts.STATE_KINDS
            )
        except StoreError as error:
            if entry.is_asked:
                entry.done.errback(error)
            else:
                # As long as it is not done, nothing else can be applied.
                _log.error("The state was not read: {error}", error=error)
                self._queue.appendleft(entry)
                await deferLater(self._reactor, ASK_AGAIN, lambda: None)
            return
        self._parts = []
        assert self._follower is not None
        await call_follower(
            self._follower.replace, read_state(scripts.STATE_KINDS, documents)
        )
        self._applied = max(self._applied, place)
        self._last = max(self._last, place)
        self._since = counted
        if not entry.done.called:
            entry.done.callback(None)

    def store(self, changes: Mapping[Key, bytes]) -> Deferred[None]:
        """Store documents of the state; within a turn only if it still lasts."""
        token = "" if self.turn is None else self.turn.token
        sending = self._send_state(token, changes, {}, ends=False)
        return Deferred.fromCoroutine(sending)

    async def _send_state(
        self,
        token: str,
        changes: Mapping[Key, bytes],
        counts: Mapping[Key, bytes],
        ends: bool,
    ) -> None:
        words = (*words_of(changes), *words_of(counts))
        reply = await self._client.call(
            scripts.STORE, token, int(ends), *words, self.lease
        )
        if reply[0] == b"lost":
            raise StoreError(f"{self._client.address.name}: the turn was lost")
        self._stored = max(self._stored, reply[1])
        if counts:
            self._since = reply[2]

    def catch_up(self) -> Deferred[None] | None:
        """Wait until this replica has applied all changes of the state."""
        return None if self.is_current else Deferred.fromCoroutine(self._catch_up())

    async def _catch_up(self) -> None:
        if not self.is_current:
            await self._beat()
            if self._monotonic() >= self._certain_until:
                raise self._error(self._client.failure or "no answer")
            await self._until_applied(self._current_from)

    def _error(self, reason: str) -> StoreError:
        return StoreError(f"{self._client.address.name}: {reason}")

    def applied(self) -> Deferred[None]:
        """Wait until all replicas have applied what was stored until now."""
        return Deferred.fromCoroutine(self._until_all_applied())

    async def _until_all_applied(self) -> None:
        flushed = self._store.flush()
        if flushed is not None:
            await flushed
        place = self._stored

        async def behind() -> list[str]:
            reply = await self._client.call(scripts.BEHIND, self.name, place)
            return [name.decode() for name in reply[1]]

        await self._wait(b"ack", place, await behind(), behind)

    def ask(self, command: Document) -> Deferred[list[Document]]:
        """Request a command from all other replicas."""
        return Deferred.fromCoroutine(self._ask(command))

    async def _ask(self, command: Document) -> list[Document]:
        place, names = await self._client.call(scripts.ASK, orjson.dumps(command))

        async def behind() -> list[str]:
            reply = await self._client.call(scripts.BEHIND, self.name, place)
            return [name.decode() for name in reply[1]]

        await self._wait(b"ack", place, [name.decode() for name in names], behind)
        if not names:
            return []
        answers = await self._client.command("HVALS", f"{PREFIX}answers:{place}")
        return [orjson.loads(answer) for answer in answers]

    async def _wait(
        self,
        kind: bytes,
        place: int,
        names: Iterable[str],
        ask: Callable[[], Awaitable[Iterable[str]]],
    ) -> None:
        """Wait for hints of other replicas about a position, as long as they live."""
        # A hint may arrive before the reply to what it is about.
        heard = self._places_heard
        missing = {name for name in names if heard.get((kind, name), 0) < place}
        if missing:
            wait = _Wait(missing, ask, self._monotonic() + ASK_AGAIN)
            self._waits.append((kind, place, wait))
            await wait.done

    # Hints.

    def _received_hints(self, entries: list[Entry]) -> None:
        for number, fields in entries:
            self._hint = max(self._hint, number)
            kind, value = next(iter(fields.items()))
            name = fields.get(b"n", b"").decode()
            if kind == b"turn":
                self._granted = value.decode()
                self._end_turn_hint()
            elif kind == b"beat":
                self._beat()
            elif kind == b"watch":
                self.log.is_watched_elsewhere = True
            elif kind == b"hand":
                Deferred.fromCoroutine(self._hand_over(name, value))
            elif kind in (b"ack", b"handed"):
                self._heard(kind, int(value), name)

    def _heard(self, kind: bytes, place: int, name: str) -> None:
        if len(self._places_heard) > _MANY:
            self._places_heard.clear()
        self._places_heard[kind, name] = place
        for wanted, at, wait in self._waits:
            if wanted == kind and at <= place:
                wait.remove(name)

    async def _hand_over(self, asker: str, request: bytes) -> None:
        await self._hand_over_now()
        done = self._client.call(scripts.HANDED, self.name, asker, request)
        done.addErrback(ignore_store_errors)

    async def _hand_over_now(self) -> None:
        """Send all that this replica has not sent, before anything that follows."""
        if self._follower is not None:
            await call_follower(self._follower.hand_over)
        for numbers in self._numbers:
            numbers.forget()
        self._store.send(self.turn is None)

    # Turns.

    def take_turn(self) -> Deferred[Turn]:
        """Wait for the turn, with all changes of the state applied."""
        waiting: Deferred[Turn] = Deferred(lambda _: None)
        self._turns.append(waiting)
        self._take_next()
        return waiting

    def _take_next(self) -> None:
        while self._turns and self._turns[0].called:
            self._turns.popleft()
        if self._turns and self.turn is None and not self._is_taking:
            self._is_taking = True
            Deferred.fromCoroutine(self._take())

    async def _take(self) -> None:
        self._tokens += 1
        self._token = token = f"{self.name}:{self._tokens}"
        try:
            turn = await self._taken(token)
        except StoreError as error:
            self._is_taking = False
            self._token = ""
            turns, self._turns = self._turns, deque()
            for waiting in turns:
                if not waiting.called:
                    waiting.errback(error)
            return
        self._is_taking = False
        while self._turns:
            waiting = self._turns.popleft()
            if not waiting.called:
                self.turn = turn
                waiting.callback(turn)
                return
        self._give_up(token)

    async def _taken(self, token: str) -> RedisTurn:
        until = self._monotonic() + TURN_TIMEOUT
        while True:
            reply = await self._client.call(
                scripts.TAKE, token, self._since, self.lease
            )
            if reply[0]:
                break
            if self._monotonic() >= until:
                self._give_up(token)
                raise self._error(f"the turn was not passed on for {TURN_TIMEOUT:g} s")
            if self._granted != token:
                hint: Deferred[None] = Deferred(lambda _: None)
                self._turn_hint = hint, self._monotonic() + reply[1] / 1000
                await hint
        self._grants += 1
        _, place, version, floor, found = reply
        try:
            if self._since < floor:
                await self.reload()
            await self._until_applied(place)
        except StoreError:
            self._give_up(token)
            raise
        self._since = version
        return RedisTurn(self, token, read_counts(found))

    def _end_turn_hint(self) -> None:
        if self._turn_hint is not None:
            hint, self._turn_hint = self._turn_hint[0], None
            hint.callback(None)

    def _give_up(self, token: str) -> None:
        self._token = ""
        done = self._client.call(scripts.GIVE_UP, self.name, token, self.lease)
        done.addErrback(ignore_store_errors)

    def pass_on(
        self, turn: RedisTurn, counts: Sequence[tuple[Key, Document]]
    ) -> Deferred[None]:
        """Store the state and these counts, and end the turn."""
        assert self.turn is turn
        packed = {
            key: b"" if document is None else orjson.dumps(document)
            for key, document in counts
        }
        changes = self._store.take_state()
        done = Deferred.fromCoroutine(
            self._send_state(turn.token, changes, packed, ends=True)
        )
        self.turn = None
        self._token = ""
        self._take_next()
        return done

    # The log.

    def settle(self) -> Deferred[None]:
        """Wait until this replica knows of all that any replica did before."""
        waiting: Deferred[None] = Deferred(lambda _: None)
        self._next_settle.append(waiting)
        if not self._is_settling:
            self._is_settling = True
            Deferred.fromCoroutine(self._settle_all())
        return waiting

    async def _settle_all(self) -> None:
        """Settle, once for all requests that arrive while the one before lasts."""
        while self._next_settle:
            waiting, self._next_settle = self._next_settle, []
            error: StoreError | None = None
            try:
                await self._settle()
            except StoreError as one:
                error = one
            for each in waiting:
                if not each.called:
                    if error is None:
                        each.callback(None)
                    else:
                        each.errback(error)
        self._is_settling = False

    async def _settle(self) -> None:
        await self._catch_up()
        await self._hand_over_now()
        self._requests += 1
        request, grants = self._requests, self._grants

        def ask() -> Deferred[Any]:
            return self._client.call(scripts.SETTLE, self.name, request, self._since)

        async def ask_again() -> list[str]:
            return [name.decode() for name in (await ask())[0]]

        names, accounts, totals, log, event, counts = await ask()
        self._mails.take_over(accounts, totals)
        self.log.settled(event, totals[-1])
        # Otherwise this replica has had the turn, and so newer counts.
        if self.turn is None and self._grants == grants:
            await self._apply_counts(*counts)
        await self._wait(
            b"handed", request, [name.decode() for name in names], ask_again
        )
        if names or log != self.log.place:
            await self.log.read()

    async def _apply_counts(self, version: int, floor: int, found: Any) -> None:
        if self._since < floor:
            await self.reload()
            return
        self._since = version
        counts = read_counts(found)
        if counts:
            assert self._follower is not None
            await call_follower(self._follower.apply, counts)
