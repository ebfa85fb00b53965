"""The store in Redis: opens it, and stores documents of the state."""

from __future__ import annotations

import os
import time
from collections.abc import Awaitable, Callable, Generator, Iterable
from functools import partial
from typing import Any

import attrs
import orjson
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.logger import Logger
from twisted.python.failure import Failure

from mocksmtp.mail.quota import Quota
from mocksmtp.store.interface import Document, Key, Kind, Restored, StoreError, awaited
from mocksmtp.store.redis import scripts
from mocksmtp.store.redis.address import RedisAddress
from mocksmtp.store.redis.checks import check_server
from mocksmtp.store.redis.client import Client
from mocksmtp.store.redis.connection import Connection, Lost, Refused, ReplyError
from mocksmtp.store.redis.documents import LOGGED
from mocksmtp.store.redis.mails import RedisMailbox, RedisMails
from mocksmtp.store.redis.replicas import RedisReplicas
from mocksmtp.store.replicas import LEASE
from mocksmtp.store.worker import ThreadWorker, Ticker, Worker

PERIOD = 0.25
"""Seconds between two ticks."""

RETRY = 1.0
"""Seconds until documents that could not be stored are stored again."""

_PURGE = 60.0
"""Seconds between two looks for removals that a replica has not ended."""

_OPENING = 60
"""Seconds that reading the state may take."""

_ATTEMPT = 0.2
"""Seconds between attempts to reach a server at the start."""

_log = Logger()

Changes = dict[Key, bytes]
"""Documents as JSON; an empty one is removed."""


@attrs.frozen
class RedisSettings:
    """
    How Redis is used.

    :ivar wait: seconds to wait for the server at the start
    """

    address: RedisAddress
    wait: float = 0.0


class _Later:
    """An awaitable that does nothing before it is awaited."""

    def __init__(self, function: Callable[[], Awaitable[Restored]]) -> None:
        self._function = function

    def __await__(self) -> Generator[Any, Any, Restored]:
        return self._function().__await__()


class RedisStore:
    """
    The store in Redis; see `mocksmtp.store.interface.Store`.

    :param quota: the limits of all mailboxes together
    :param worker: matches large mails; a thread by default
    :param lease: seconds after which a replica that is not heard of is left out
    """

    keeps_state = True
    replicas: RedisReplicas

    def __init__(
        self,
        settings: RedisSettings,
        quota: Quota,
        reactor: Any,
        *,
        monotonic: Callable[[], float] = time.monotonic,
        worker: Worker | None = None,
        lease: float = LEASE,
    ) -> None:
        self.settings = settings
        self.quota = quota
        self._reactor = reactor
        self._monotonic = monotonic
        self._soon = getattr(reactor, "callFromThread", None) or partial(
            reactor.callLater, 0
        )
        self._ticker = Ticker(reactor, PERIOD)
        self._stop_ticking: Callable[[], None] | None = None
        name = os.urandom(6).hex()
        every = (*scripts.MAILS, *scripts.REPLICAS)
        self._client = Client(reactor, settings.address, name, every, monotonic)
        self._worker = worker or ThreadWorker(reactor, "store-reader")
        self.mails = RedisMails(self._client, quota, reactor, self._worker)
        self.replicas = RedisReplicas(
            self._client, reactor, self, self.mails, monotonic, lease
        )
        self._state: Changes = {}
        self._logged: Changes = {}
        self._is_scheduled = self._is_closed = False
        self._sending: set[Deferred[Any]] = set()
        self._error: StoreError | None = None
        self._retry_at = self._purge_at = 0.0

    @property
    def failure(self) -> str | None:
        """Why Redis cannot be used at the moment, or None."""
        reason = self._client.failure
        return None if reason is None else f"{self.settings.address.name}: {reason}"

    @property
    def is_idle(self) -> bool:
        """Whether nothing is on its way to Redis, and nothing is waited for."""
        held = self._is_scheduled or not self.mails.is_idle
        return self._client.is_idle and not held

    def open(self) -> Awaitable[Restored]:
        """
        Connect, and read the state.

        :raises StoreError: Redis cannot be reached or used
        """
        return _Later(self._open)

    async def _open(self) -> Restored:
        name = self.settings.address.name
        connection: Connection | None = None
        try:
            connection = await self._connect()
            silent = Lost(f"no answer for {_OPENING} s")
            timer = self._reactor.callLater(_OPENING, connection.abort, silent)
            try:
                await check_server(connection)
                state = await self.replicas.open(connection)
            finally:
                if timer.active():
                    timer.cancel()
        except (ReplyError, Lost, StoreError) as error:
            self._client.close()
            if connection is not None:
                connection.close()
            raise StoreError(f"{name}: {error}") from None
        self._stop_ticking = self._ticker.start(self._tick)
        sessions = state.get(Kind.SESSION, {})
        return Restored(
            is_new=not state,
            state=state,
            mails=self.quota.mails,
            last_session=max(map(int, sessions), default=0),
            is_alone=self.replicas.is_alone,
            tallies=self.replicas.tallies,
        )

    async def _connect(self) -> Connection:
        """
        Connect for the first time.

        :raises StoreError: there is no server that can be used
        """
        begin = self._monotonic()
        while True:
            try:
                return await self._client.connect()
            except Refused:
                raise
            except StoreError as error:
                tried = self._monotonic() - begin
                if tried >= self.settings.wait:
                    hint = "" if self.settings.wait else "; --store-wait waits for it"
                    raise StoreError(
                        f"{error} (tried for {tried:.1f} s{hint})"
                    ) from None
            await deferLater(self._reactor, _ATTEMPT, lambda: None)

    def mailbox(self, host: str) -> RedisMailbox:
        """The mailbox of a host."""
        return self.mails.mailbox(host)

    # Documents.

    def save(self, changes: Iterable[tuple[Key, Document]]) -> None:
        """Store documents, in one step; see `Turn.pass_on` for those of a turn."""
        for key, document in changes:
            value = b"" if document is None else orjson.dumps(document)
            (self._logged if key[0] in LOGGED else self._state)[key] = value
        self.schedule()

    def schedule(self) -> None:
        """Send what was given to the store at the end of this turn of the reactor."""
        if not self._is_scheduled:
            self._is_scheduled = True
            self._soon(self._send_soon)

    def _send_soon(self) -> None:
        self._is_scheduled = False
        if not self._is_closed:
            self.send(self.replicas.turn is None)

    def send(self, sends_state: bool = True) -> None:
        """
        Send what was given to the store.

        :param sends_state: False if a turn is to store the state together with counts
        """
        if self._state and sends_state:
            changes = self.take_state()
            self._track(self.replicas.store(changes), changes, {})
        entries = self.replicas.log.take_entries()
        if self._logged or entries:
            changes, self._logged = self._logged, {}
            self._track(self.replicas.log.store(changes, entries), {}, changes)

    def take_state(self) -> Changes:
        """The documents of the state that are not sent yet."""
        changes, self._state = self._state, {}
        return changes

    def _track(self, done: Deferred[Any], state: Changes, logged: Changes) -> None:
        """What is being sent; if that fails, it is sent again later."""
        self._sending.add(done)

        def stored(_: object) -> None:
            self._sending.discard(done)
            self._error = None

        def failed(failure: Failure) -> None:
            self._sending.discard(done)
            _log.error("The state was not stored: {error}", error=failure.value)
            self._error = StoreError(str(failure.value))
            self._state = {**state, **self._state}
            self._logged = {**logged, **self._logged}
            self._retry_at = self._monotonic() + RETRY

        done.addCallbacks(stored, failed)

    def flush(self) -> Deferred[None] | None:
        """
        Wait until all that was given to the store is stored.

        :raises StoreError: the state could not be stored
        """
        if self._state or self._logged or self.replicas.log.has_entries:
            self.send()
        if not self._sending:
            if self._error is not None:
                raise self._error
            return None
        return Deferred.fromCoroutine(self._flushed())

    async def _flushed(self) -> None:
        for each in list(self._sending):
            waiting: Deferred[None] = Deferred(lambda _: None)
            each.addBoth(_pass_on, waiting)
            await waiting
        if self._error is not None:
            raise self._error

    def _tick(self) -> None:
        """Called every `PERIOD`."""
        if self._is_closed:
            return
        now = self._monotonic()
        self.mails.send_held()
        self._client.tick()
        self.replicas.tick(now)
        if (self._state or self._logged) and self._error and now >= self._retry_at:
            self.send(self.replicas.turn is None)
        if now >= self._purge_at:
            if self._purge_at:
                self.mails.purge()
            self._purge_at = now + _PURGE

    async def close(self) -> None:
        """Store what is left, leave the other replicas, and disconnect."""
        self.mails.stop()
        try:
            await awaited(self.flush())
        except StoreError as error:
            _log.error("The state was not stored: {error}", error=error)
        self._is_closed = True
        await self.replicas.leave()
        if self._stop_ticking is not None:
            self._stop_ticking()
        self._client.close()
        self._worker.stop()


def _pass_on(result: Any, waiting: Deferred[None]) -> Any:
    if not waiting.called:
        waiting.callback(None)
    return result
