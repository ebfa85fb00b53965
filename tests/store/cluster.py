"""Replicas in one process, for tests of what they agree on."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Iterable, Sequence
from typing import Any

from twisted.internet.defer import Deferred, gatherResults

from mocksmtp.mail.quota import Quota
from mocksmtp.store.interface import Document, Key, Kind, Restored, StoreError
from mocksmtp.store.memory import MemoryStore
from mocksmtp.store.replicas import Follower, LogPart, Numbers, Tally

LOGGED = (Kind.SESSION, Kind.EXCHANGES, Kind.TRANSACTION)
COUNTED = (Kind.COUNTS, Kind.KEY, Kind.SCENARIOS)


class Cluster:
    """
    What the replicas have in common.

    :ivar failure: raised by whatever needs the store, or None
    :ivar passing: None, or turns that are being passed on, until a test fires them
    """

    def __init__(self) -> None:
        self.replicas: list[LocalReplicas] = []
        self.documents: dict[Key, Document] = {}
        self.tallied: dict[str, Tally] = {}
        self.sessions: dict[int, dict[Key, Document]] = {}
        self.numbers = {"sessions": itertools.count(1), "queries": itertools.count(1)}
        self.attempts = 0
        self.counted: list[tuple[str, Key]] = []
        self.events: list[tuple[int, Document]] = []
        self.failure: StoreError | None = None
        self.turn: LocalTurn | None = None
        self.passing: list[Deferred[None]] | None = None
        self.waiting: list[tuple[LocalReplicas, Deferred[LocalTurn]]] = []

    def add(self, name: str) -> LocalStore:
        """The store of one more replica."""
        store = LocalStore(self, name)
        self.replicas.append(store.replicas)
        return store

    def check(self) -> None:
        if self.failure is not None:
            raise self.failure

    def end_turn(self) -> None:
        """The next replica that waits has the turn."""
        self.turn = None
        if self.waiting:
            following, waiting = self.waiting.pop(0)
            self.turn = LocalTurn(following)
            waiting.callback(self.turn)

    def others(self, own: LocalReplicas) -> list[LocalReplicas]:
        return [one for one in self.replicas if one is not own and one.follower]

    def put(self, key: Key, document: Document) -> None:
        """Store a document, or remove it."""
        is_new = key[0] is Kind.BEHAVIOR and key not in self.documents
        if key[0] is Kind.COUNTS or is_new:
            self.tallied.pop(key[1], None)
        if document is None:
            self.documents.pop(key, None)
        else:
            self.documents[key] = document

    def tally(self, tallies: Sequence[Tally]) -> None:
        """Add to the counters of behaviors."""
        for one in tallies:
            known = self.tallied.get(one.path, Tally(one.path, 0, 0, None))
            seen, fired = known.seen + one.seen, known.fired + one.fired
            last = max(filter(None, (known.last_fired, one.last_fired)), default=None)
            self.tallied[one.path] = Tally(one.path, seen, fired, last)

    def remove(self, name: str) -> None:
        """A replica is killed, and its lease is over."""
        self.replicas = [one for one in self.replicas if one.name != name]
        for one in self.replicas[:1]:
            assert one.follower is not None
            one.follower.left(name)


class LocalStore(MemoryStore):
    """The store of one replica; its mails are its own."""

    keeps_state = True
    replicas: LocalReplicas

    def __init__(self, cluster: Cluster, name: str) -> None:
        super().__init__(Quota())
        self.cluster = cluster
        self.replicas = LocalReplicas(cluster, name)
        self._unsaved: dict[Key, Document] = {}
        self.replicas.flush = self.flush
        self.replicas.discard = self._unsaved.clear

    def open(self) -> Restored:
        cluster = self.cluster
        cluster.check()
        state: dict[Kind, dict[str, Document]] = {}
        stored = [cluster.documents, *cluster.sessions.values()]
        for (kind, name), document in sorted(
            (item for each in stored for item in each.items()),
            key=lambda item: item[0][1],
        ):
            state.setdefault(kind, {})[name] = document
        alone = not cluster.others(self.replicas)
        tallies = [*cluster.tallied.values()]
        return Restored(not cluster.documents, state, is_alone=alone, tallies=tallies)

    def save(self, changes: Iterable[tuple[Key, Document]]) -> None:
        self._unsaved.update(changes)

    def flush(self) -> None:
        self.cluster.check()
        changes = dict(self._unsaved)
        self._unsaved.clear()
        self.replicas.store(changes)


class LocalTurn:
    def __init__(self, replicas: LocalReplicas) -> None:
        self._replicas = replicas
        self.counts = replicas.changed_counts()

    def pass_on(
        self, counts: Sequence[tuple[Key, Document]] = ()
    ) -> Deferred[None] | None:
        passing = self._replicas.cluster.passing
        if passing is None:
            self._pass_on(counts)
            return None
        later: Deferred[None] = Deferred()
        passing.append(later)
        return later.addCallback(lambda _: self._pass_on(counts))

    def _pass_on(self, counts: Sequence[tuple[Key, Document]]) -> None:
        replicas, cluster = self._replicas, self._replicas.cluster
        assert cluster.turn is self
        try:
            cluster.check()
            for key, document in counts:
                assert key[0] in COUNTED, key
                cluster.put(key, document)
                cluster.counted.append((replicas.name, key))
            replicas.counted = len(cluster.counted)
            replicas.flush()
        except StoreError:
            replicas.discard()
            raise
        finally:
            cluster.end_turn()


class LocalNumbers:
    def __init__(self, cluster: Cluster, name: str) -> None:
        self._cluster = cluster
        self._name = name

    def next(self) -> int:
        self._cluster.check()
        return next(self._cluster.numbers[self._name])


class LocalReplicas:
    """One replica."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        self.cluster = cluster
        self.name = name
        self.is_current = True
        self.follower: Follower | None = None
        self.counted = 0
        self.watches = 0
        self.sessions: Numbers = LocalNumbers(cluster, "sessions")
        self.queries: Numbers = LocalNumbers(cluster, "queries")
        self._unread: tuple[dict[int, None], dict[int, Document], list[Tally]]
        self._unread = {}, {}, []
        self._has_gap = False
        self._missed: list[tuple[str, Any]] = []
        self.flush = lambda: None
        self.discard = lambda: None

    @property
    def others(self) -> list[str]:
        return [one.name for one in self.cluster.replicas if one is not self]

    @property
    def is_watched(self) -> bool:
        return any(one.watches for one in self.cluster.replicas)

    def follow(self, follower: Follower) -> None:
        self.follower = follower
        self.counted = len(self.cluster.counted)

    def store(self, changes: dict[Key, Document]) -> None:
        """Store what `Store.save` was given, and have the others apply it."""
        cluster, state = self.cluster, []
        for (kind, name), document in changes.items():
            if kind in LOGGED:
                number = int(name.partition("/")[0])
                session = cluster.sessions.setdefault(number, {})
                if document is None:
                    session.pop((kind, name), None)
                else:
                    session[kind, name] = document
                for one in cluster.others(self):
                    one._unread[0][number] = None
                continue
            state.append(((kind, name), document))
            cluster.put((kind, name), document)
        if state:
            self._tell("apply", state)
        for one in cluster.others(self):
            one._read_if_watching()

    def changed_counts(self) -> Sequence[tuple[Key, Document]]:
        """The counts that others have changed since this was called last."""
        cluster, since = self.cluster, self.counted
        self.counted = len(cluster.counted)
        keys = dict.fromkeys(
            key for name, key in cluster.counted[since:] if name != self.name
        )
        return [(key, cluster.documents.get(key)) for key in keys]

    def _tell(self, what: str, value: Any) -> list[Any]:
        results = []
        for one in self.cluster.others(self):
            if one.is_current:
                assert one.follower is not None
                results.append(getattr(one.follower, what)(value))
            else:
                one._missed.append((what, value))
        return results

    def _read_if_watching(self) -> None:
        if self.watches:
            self._read()

    def _read(self) -> None:
        numbers, queries, tallies = self._unread
        self._unread = {}, {}, []
        stored, has_gap, self._has_gap = self.cluster.sessions, self._has_gap, False
        if has_gap:
            numbers = dict.fromkeys(one for one in stored if stored[one])
        if numbers or queries or tallies or has_gap:
            found = {one: dict(stored.get(one, {})) for one in numbers}
            assert self.follower is not None
            self.follower.read(LogPart(found, queries, tallies, has_gap))

    def miss(self) -> None:
        """Miss what the others have logged until now."""
        self._unread = {}, {}, []
        self._has_gap = True

    def catch_up(self) -> None:
        self.cluster.check()
        missed, self._missed = self._missed, []
        for what, value in missed:
            getattr(self.follower, what)(value)
        self.is_current = True

    def reload(self) -> None:
        self.cluster.check()
        state: dict[Kind, dict[str, Document]] = {}
        for (kind, name), document in sorted(
            self.cluster.documents.items(), key=lambda item: item[0][1]
        ):
            state.setdefault(kind, {})[name] = document
        assert self.follower is not None
        self.follower.replace(state)

    def settle(self) -> Deferred[None]:
        return Deferred.fromCoroutine(self._settle())

    async def _settle(self) -> None:
        self.catch_up()
        for one in self.cluster.replicas:
            if one.follower is not None:
                handing = one.follower.hand_over()
                if isinstance(handing, Awaitable):
                    await handing
                one.flush()
        self._read()
        counts = self.changed_counts()
        if counts and self.follower is not None:
            self.follower.apply(counts)

    def take_turn(self) -> LocalTurn | Deferred[LocalTurn]:
        self.catch_up()
        if self.cluster.turn is None:
            self.cluster.turn = LocalTurn(self)
            return self.cluster.turn
        waiting: Deferred[LocalTurn] = Deferred()
        self.cluster.waiting.append((self, waiting))
        return waiting

    def ask(self, command: Document) -> Deferred[list[Document]]:
        self.cluster.check()
        return gatherResults(map(_deferred, self._tell("perform", command)))

    def applied(self) -> None:
        self.flush()

    def watch(self) -> None:
        self.watches += 1
        self._read()

    def unwatch(self) -> None:
        self.watches -= 1

    def number_attempts(self, count: int) -> int:
        self.cluster.check()
        first = self.cluster.attempts + 1
        self.cluster.attempts += count
        return first

    def log_query(self, number: int, document: Document) -> None:
        for one in self.cluster.others(self):
            one._unread[1][number] = document
            one._read_if_watching()

    def log_tallies(self, tallies: Sequence[Tally]) -> None:
        self.cluster.tally(tallies)
        for one in self.cluster.others(self):
            one._unread[2].extend(tallies)
            one._read_if_watching()

    def publish(self, events: Sequence[Document]) -> None:
        for event in events:
            self.cluster.events.append((len(self.cluster.events) + 1, event))
        for one in self.cluster.replicas:
            if one.watches and one.follower is not None:
                one.follower.events_arrived(self.cluster.events[-len(events) :])

    def events_after(self, number: int) -> list[tuple[int, Document]]:
        return [one for one in self.cluster.events if one[0] > number]


def _deferred(value: Any) -> Deferred[Any]:
    async def wait() -> Any:
        return await value if isinstance(value, Awaitable) else value

    return Deferred.fromCoroutine(wait())
