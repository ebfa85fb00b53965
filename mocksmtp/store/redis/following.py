"""Reads streams as they grow, over a connection of its own."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from twisted.internet.defer import CancelledError, Deferred
from twisted.internet.task import deferLater
from twisted.logger import Logger

from mocksmtp.store.interface import StoreError
from mocksmtp.store.redis.address import RedisAddress
from mocksmtp.store.redis.client import BACKOFF
from mocksmtp.store.redis.connection import (
    CONNECT_TIMEOUT,
    Connection,
    Lost,
    ReplyError,
    connect,
)

T = TypeVar("T")

BLOCK = 1000
"""Milliseconds that one XREAD waits."""

_COUNT = 1000
"""Entries of a stream that are read together."""

_SILENCE = 3.0
"""Seconds without a reply after which the connection is considered dead."""

_LONGEST = 2 * CONNECT_TIMEOUT
"""Seconds after which an attempt to connect is given up, whatever its timers do."""

_log = Logger()

Entry = tuple[int, dict[bytes, bytes]]
"""The number of an entry, and its fields."""


def entries_of(reply: Any) -> list[Entry]:
    """Entries as XRANGE and XREAD return them."""
    return [
        (int(id_[: id_.index(b"-")]), dict(zip(fields[::2], fields[1::2], strict=True)))
        for id_, fields in reply
    ]


class StreamReader:
    """
    Waits for entries of streams, and passes them on.

    :param places: the streams, each with the number of the last entry that is known
    :param handle: called with a stream and its new entries
    """

    def __init__(
        self,
        reactor: Any,
        address: RedisAddress,
        places: Callable[[], Mapping[str, int]],
        handle: Callable[[str, list[Entry]], object],
        monotonic: Callable[[], float],
    ) -> None:
        self._reactor = reactor
        self._address = address
        self._places = places
        self._handle = handle
        self._monotonic = monotonic
        self._connection: Connection | None = None
        self._heard_at = 0.0
        self._running: Deferred[None] | None = None
        self._pausing: Deferred[Any] | None = None
        self._longest = 0.0
        self._is_stopped = False

    def start(self) -> None:
        """Begin to read."""
        self._running = Deferred.fromCoroutine(self._run())

    def stop(self) -> None:
        """Read nothing more."""
        self._is_stopped = True
        if self._connection is not None:
            self._connection.abort(Lost())
        elif self._running is not None:
            self._running.cancel()

    def tick(self, now: float, was_paused: bool) -> None:
        """
        Leave a connection that is dead, and do not rely on timers for a new one.

        :param was_paused: whether this process did not run before
        """
        silence = now - self._heard_at
        if was_paused:
            # First it reads what has arrived meanwhile.
            self._heard_at = now
        elif self._connection is not None:
            if silence > _SILENCE:
                self._connection.abort(Lost("no answer"))
        elif self._pausing is not None and silence > self._longest:
            self._pausing.cancel()

    def hears(self, now: float) -> bool:
        """Whether it has heard of the server lately."""
        return self._connection is not None and now - self._heard_at < _SILENCE

    async def _run(self) -> None:
        pause = BACKOFF[0]
        while not self._is_stopped:
            try:
                self._heard_at = self._monotonic()
                connection = await self._connect()
                self._heard_at = self._monotonic()
                self._connection = connection
                await self._read(connection)
            except (StoreError, Lost, ReplyError) as error:
                if not self._is_stopped:
                    _log.debug("Reading streams: {error}", error=error)
            except CancelledError:
                if self._is_stopped:
                    return
            except Exception:
                _log.failure("while reading streams")
            if self._connection is not None:
                if self._connection.has_answered:
                    pause = BACKOFF[0]
                self._connection.close()
                self._connection = None
            if not self._is_stopped:
                await self._wait(pause)
                pause = min(2 * pause, BACKOFF[1])

    async def _connect(self) -> Connection:
        connecting = connect(self._reactor, self._address, lambda error: None)
        return await self._at_most(Deferred.fromCoroutine(connecting), _LONGEST)

    async def _wait(self, pause: float) -> None:
        self._heard_at = self._monotonic()
        try:
            waiting = deferLater(self._reactor, pause, lambda: None)
            await self._at_most(waiting, 2 * BACKOFF[1])
        except CancelledError:
            # The timer was late, or nothing is read any more.
            pass

    async def _at_most(self, waiting: Deferred[T], seconds: float) -> T:
        """Wait for something, which `tick` cancels if it lasts too long."""
        self._pausing, self._longest = waiting, seconds
        try:
            return await waiting
        finally:
            self._pausing = None

    async def _read(self, connection: Connection) -> None:
        while not self._is_stopped:
            places = self._places()
            reply = await connection.call(
                *("XREAD", "COUNT", _COUNT, "BLOCK", BLOCK, "STREAMS"),
                *places,
                *(f"{place}-0" for place in places.values()),
            )
            self._heard_at = self._monotonic()
            connection.has_answered = True
            for name, entries in reply or ():
                self._handle(name.decode(), entries_of(entries))
