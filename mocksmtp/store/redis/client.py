"""Executes scripts in Redis, each exactly once, over connections that may be cut.

A call is sent again after each reconnect until it is answered, in the order of the
calls. So a script that changes something may arrive twice; it recognizes the number of
its call, and returns the reply of the first time (see `scripts.ONCE`). A call that is
not answered within `TIMEOUT` fails, and is not sent again.
"""

from __future__ import annotations

import hashlib
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from mocksmtp.store.interface import StorageFull, StoreError
from mocksmtp.store.redis.address import RedisAddress
from mocksmtp.store.redis.connection import (
    CONNECT_TIMEOUT,
    UNAVAILABLE,
    Connection,
    Lost,
    Refused,
    ReplyError,
    Word,
    connect,
    pack,
)

TIMEOUT = 5.0
"""Seconds after which a call that was not answered fails."""

SILENCE = 2.0
"""Seconds without a reply to a call after which the connection is considered dead."""

BACKOFF = 0.05, 1.0
"""Seconds between attempts to connect: the first pause, and the longest."""

_STALL = 1.0
"""Seconds between two ticks after which this process was paused."""

EPOCH = ("{mocksmtp}:numbers", "epoch")
"""The key and the field that identify the data of the server."""

_LONGEST = 2 * CONNECT_TIMEOUT
"""Seconds after which an attempt to connect is given up, whatever its timers do."""

_log = Logger()


class Script:
    """
    A script in Lua.

    :param text: its source
    :param once: whether its calls are numbered, so that each is executed once
    """

    def __init__(self, text: str, once: bool = False) -> None:
        self.text = text
        self.once = once
        self.sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


class _Call:
    __slots__ = ("deadline", "done", "is_over", "octets", "sent_at", "settle")

    def __init__(
        self, octets: bytes, settle: Callable[[Any], Any] | None, deadline: float
    ) -> None:
        self.octets = octets
        self.settle = settle
        self.deadline = deadline
        self.sent_at = 0.0
        self.is_over = False
        self.done: Deferred[Any] = Deferred(lambda _: None)

    def end(self, reply: Any) -> None:
        """Settle it with its reply or its error, once."""
        if self.is_over:
            return
        self.is_over = True
        self.octets = b""
        if self.settle is not None:
            try:
                reply = self.settle(reply)
            except Exception as error:
                reply = error
        if not self.done.called:
            self.done.callback(
                Failure(reply) if isinstance(reply, Exception) else reply
            )


def error_of(reply: Exception, name: str) -> StoreError:
    """What an error means for users of a store."""
    if isinstance(reply, StoreError):
        return reply
    text = str(reply)
    if "OOM command not allowed" in text:
        return StorageFull(f"{name}: maxmemory is reached")
    return StoreError(f"{name}: {text}")


class Client:
    """
    Calls scripts over one connection at a time.

    :param name: the name of the replica, which numbers its calls
    :param scripts: all scripts, which are loaded on each connection
    :param monotonic: a clock that never jumps

    :ivar failure: why the server cannot be used at the moment, or None
    :ivar was_paused: whether this process did not run before the last tick
    :ivar epoch: identifies the data of the server; another one ends this client
    :ivar send_held: called before each call: sends what its user holds back, so that
        the order of calls is that in which they were asked for
    """

    def __init__(
        self,
        reactor: Any,
        address: RedisAddress,
        name: str,
        scripts: Iterable[Script],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self.address = address
        self.name = name
        self.failure: str | None = None
        self.epoch: bytes | None = None
        self.send_held: Callable[[], None] = _nothing
        self._reactor = reactor
        self._scripts = list(scripts)
        self._monotonic = monotonic
        self._connection: Connection | None = None
        self._new: Connection | None = None
        self._pending: deque[_Call] = deque()
        self._number = 0
        self._heard_at = 0.0
        self._ticked_at = monotonic()
        self.was_paused = False
        self._is_closed = self._is_proven = False
        self._closing = ""
        self._connecting: Deferred[None] | None = None
        self._next_attempt = 0.0
        self._pause = BACKOFF[0]

    @property
    def is_connected(self) -> bool:
        """Whether there is a connection."""
        return self._connection is not None

    @property
    def last_id(self) -> str:
        """The name of the replica, and the number of the last numbered call."""
        return f"{self.name}:{self._number}"

    @property
    def is_idle(self) -> bool:
        """Whether all calls are answered."""
        return not self._pending

    async def connect(self) -> Connection:
        """
        Connect for the first time, for commands that are not sent again.

        :raises StoreError: there is no server that can be used
        """
        return await connect(self._reactor, self.address, self._lost)

    def start(self, connection: Connection, epoch: bytes) -> None:
        """Use a connection from now on, and others with the same data after it."""
        self.epoch = epoch
        self._load(connection)
        self._begin()

    def call(
        self,
        script: Script,
        *words: Word,
        settle: Callable[[Any], Any] | None = None,
    ) -> Deferred[Any]:
        """
        Execute a script; fires with its reply.

        :param settle: called with the reply or the error, also if nothing waits any
            more; returns the result
        :raises StoreError: it was not answered in time, or has failed
        """
        self.send_held()
        if script.once:
            self._number += 1
            octets = pack("EVALSHA", script.sha, 0, self.name, self._number, *words)
        else:
            octets = pack("EVALSHA", script.sha, 0, *words)
        return self._submit(octets, settle)

    def command(
        self, *words: Word, settle: Callable[[Any], Any] | None = None
    ) -> Deferred[Any]:
        """Execute a command that may be executed twice, as `call` does."""
        self.send_held()
        return self._submit(pack(*words), settle)

    def _submit(
        self, octets: bytes, settle: Callable[[Any], Any] | None
    ) -> Deferred[Any]:
        now = self._monotonic()
        call = _Call(octets, settle, now + TIMEOUT)
        if self._is_closed:
            call.end(StoreError(f"{self.address.name}: {self._closing}"))
            return call.done
        self._pending.append(call)
        if self._connection is not None:
            self._send(call, now)
        return call.done

    def _send(self, call: _Call, now: float) -> None:
        assert self._connection is not None
        call.sent_at = now
        self._connection.send(call.octets, self._answered)

    def _answered(self, reply: Any) -> None:
        """The reply to the first call that waits, for they are answered in order."""
        if isinstance(reply, Lost | Refused):
            return
        if isinstance(reply, ReplyError):
            if str(reply).partition(" ")[0] in UNAVAILABLE:
                # Nothing was executed: it is sent again on the next connection.
                if self._connection is not None:
                    self._connection.abort(Lost(str(reply)))
                return
            reply = error_of(reply, self.address.name)
        self._heard_at = self._monotonic()
        self._is_proven = True
        self._pending.popleft().end(reply)

    def tick(self) -> None:
        """
        Fail calls that have waited too long, and leave a connection that is dead.

        Called every 0.25 s, also while the clock of the system jumps.
        """
        now = self._monotonic()
        before, self._ticked_at = self._ticked_at, now
        self.was_paused = now - before > _STALL
        if self.was_paused:
            # First this process reads what has arrived meanwhile.
            self._heard_at = now
            return
        pending, connection = self._pending, self._connection
        if self._is_closed:
            return
        if connection is None:
            self._hurry(now)
        elif pending and now - max(self._heard_at, pending[0].sent_at) > SILENCE:
            connection.abort(Lost(f"no answer for {SILENCE:g} s"))
        late = [call for call in pending if call.deadline <= now]
        if late:
            reason = self.failure or f"no answer for {TIMEOUT:g} s"
            if connection is None:
                self._pending = deque(one for one in pending if one.deadline > now)
            for call in late:
                call.end(StoreError(f"{self.address.name}: {reason}"))

    def _hurry(self, now: float) -> None:
        """Connect if the timers of the reactor are late."""
        if self._new is not None:
            if now > self._next_attempt + _LONGEST:
                self._new.abort(Lost("no answer"))
        elif self._connecting is None:
            if now > self._next_attempt:
                self._reconnect()
        elif now > self._next_attempt + _LONGEST:
            self._connecting.cancel()

    # Connections.

    def _use(self, connection: Connection) -> None:
        """Use a connection, once it is clear that the data are those of before."""
        self._load(connection)
        connection.send(pack("HGET", *EPOCH), self._check_epoch)

    def _load(self, connection: Connection) -> None:
        self._is_proven = False
        self._new = connection
        for script in self._scripts:
            connection.send(pack("SCRIPT", "LOAD", script.text), _ignore)

    def _check_epoch(self, epoch: Any) -> None:
        if isinstance(epoch, Exception):
            return
        if epoch == self.epoch:
            self._begin()
        else:
            self.end("Redis has lost its data; this replica must be restarted")

    def _begin(self) -> None:
        """Send what waits for a connection."""
        self._connection, self._new = self._new, None
        if self.failure is not None:
            _log.info("Connected to {name} again", name=self.address.name)
        self.failure = None
        now = self._monotonic()
        self._pending = deque(call for call in self._pending if not call.is_over)
        for call in self._pending:
            self._send(call, now)

    def _lost(self, error: Exception) -> None:
        was_used = self._connection is not None or self._new is not None
        self._connection = self._new = None
        if was_used and not self._is_closed:
            self._failed(error)
            if self._is_proven:
                self._pause = BACKOFF[0]
                self._reconnect()
            else:
                # It accepts connections, and does not answer.
                self._reconnect_later()

    def _reconnect_later(self) -> None:
        self._next_attempt = self._monotonic() + self._pause
        self._reactor.callLater(self._pause, self._reconnect)
        self._pause = min(self._pause * 2, BACKOFF[1])

    def _failed(self, error: Exception) -> None:
        reason = str(error)
        if self.failure is None:
            _log.error(
                "Lost the connection to {name}: {reason}",
                name=self.address.name,
                reason=reason,
            )
        self.failure = reason

    def _reconnect(self) -> None:
        if self._connecting is None and self._connection is self._new is None:
            self._next_attempt = self._monotonic()
            done = Deferred.fromCoroutine(self._connect_again())
            self._connecting = None if done.called else done

    async def _connect_again(self) -> None:
        if self._is_closed:
            return
        try:
            connection = await connect(self._reactor, self.address, self._lost)
        except (StoreError, CancelledError) as error:
            self._connecting = None
            if not self._is_closed:
                self._failed(error)
                self._reconnect_later()
            return
        self._connecting = None
        if self._is_closed:
            connection.close()
        else:
            self._use(connection)

    def end(self, reason: str) -> None:
        """End the connection for good: each call fails with this reason."""
        if not self._is_closed:
            _log.critical("{name}: {reason}", name=self.address.name, reason=reason)
            self.failure = reason
            self._close(reason)

    def close(self) -> None:
        """End the connection; calls that wait fail."""
        self._close("the store is closed")

    def _close(self, reason: str) -> None:
        if self._is_closed:
            return
        self._is_closed = True
        self._closing = reason
        if self._connecting is not None:
            self._connecting.cancel()
        pending, self._pending = self._pending, deque()
        connection = self._connection or self._new
        self._connection = self._new = None
        if connection is not None:
            connection.close()
        for call in pending:
            call.end(StoreError(f"{self.address.name}: {reason}"))
        # It fails, too.
        self.send_held()


def _ignore(reply: Any) -> None:
    pass


def _nothing() -> None:
    pass
