"""A connection to Redis: commands are written in order, and answered in order.

txredisapi was measured first: it takes 50 to 120 µs of CPU per command, mostly for its
queue of Deferreds and its conversion of numbers, and imports the reactor of the
process. Here a command takes 5 µs: hiredis formats it and parses the reply.

Commands that are written in one turn of the reactor are sent together by the transport.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable
from typing import Any, cast

import hiredis
from twisted.internet.abstract import isIPAddress
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import (
    HostnameEndpoint,
    TCP4ClientEndpoint,
    UNIXClientEndpoint,
    wrapClientTLS,
)
from twisted.internet.error import (
    ConnectError,
    ConnectionDone,
    ConnectionLost,
    DNSLookupError,
)
from twisted.internet.interfaces import IStreamClientEndpoint
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.ssl import (
    Certificate,
    optionsForClientTLS,
    trustRootFromCertificates,
)
from twisted.python.failure import Failure

from mocksmtp.store.interface import StoreError
from mocksmtp.store.redis.address import RedisAddress

ReplyError = hiredis.ReplyError
"""An error that is the reply to a command."""

CONNECT_TIMEOUT = 5
"""Seconds that an attempt to connect, and its first commands, may take."""

UNAVAILABLE = frozenset(
    {"LOADING", "BUSY", "READONLY", "MASTERDOWN", "NOSCRIPT", "TRYAGAIN", "NOREPLICAS"}
)
"""Codes of errors that end by themselves, or with another connection."""

Word = str | int | float | bytes | memoryview


class Lost(Exception):
    """The connection was lost before the reply: the command may have been executed."""


class Refused(StoreError):
    """The server does not accept this client; another attempt does not help."""


def pack(*words: Word) -> bytes:
    """The octets of a command."""
    octets: bytes = hiredis.pack_command(words)  # type: ignore[arg-type] # one only
    return octets


class Connection(Protocol):
    """
    One connection.

    :param lost: called once when it ends, with the reason
    """

    def __init__(self, lost: Callable[[Exception], None]) -> None:
        self._reader = hiredis.Reader()
        self._waiting: deque[Callable[[Any], None]] = deque()
        self._lost = lost
        self._error: Exception | None = None
        self.is_lost = self.has_answered = False

    def connectionMade(self) -> None:
        """Send each command at once, whether or not others are on their way."""
        # A UNIX socket has no such setting.
        set_no_delay = getattr(self.transport, "setTcpNoDelay", None)
        if set_no_delay is not None:
            set_no_delay(True)

    def send(self, octets: bytes, settle: Callable[[Any], None]) -> None:
        """
        Send a command that `pack` has made.

        :param settle: called with the reply, which may be a `ReplyError`; with a
            `Lost` if the connection ends before
        """
        self._waiting.append(settle)
        assert self.transport is not None
        self.transport.write(octets)

    def call(self, *words: Word) -> Deferred[Any]:
        """
        Send a command; fires with its reply.

        :raises ReplyError: the reply is an error
        :raises Lost: the connection ended before
        """
        done: Deferred[Any] = Deferred(lambda _: None)

        def settle(reply: Any) -> None:
            if not done.called:
                done.callback(Failure(reply) if isinstance(reply, Exception) else reply)

        if self.is_lost:
            settle(Lost(str(self._error)))
        else:
            self.send(pack(*words), settle)
        return done

    def dataReceived(self, data: bytes) -> None:
        """Parse replies, and settle their commands."""
        reader, waiting = self._reader, self._waiting
        try:
            reader.feed(data)
            while self._error is None and (reply := reader.gets()) is not False:
                waiting.popleft()(reply)
        except (hiredis.ProtocolError, IndexError):
            self.abort(Refused("is not a Redis server"))

    def abort(self, error: Exception) -> None:
        """End the connection at once: what is on its way to the server is dropped."""
        if not self.is_lost:
            self._error = error
            assert self.transport is not None
            self.transport.abortConnection()  # type: ignore[attr-defined]

    def close(self) -> None:
        """End the connection, after what was written."""
        if not self.is_lost:
            assert self.transport is not None
            self.transport.loseConnection()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Settle what waits for replies."""
        self.is_lost = True
        if self._error is None:
            self._error = _loss_of(reason)
        waiting, self._waiting = self._waiting, deque()
        for settle in waiting:
            settle(self._error)
        self._lost(self._error)


class _Factory(Factory[Connection]):
    noisy = False

    def __init__(self, lost: Callable[[Exception], None]) -> None:
        self._lost = lost

    def buildProtocol(self, addr: object) -> Connection:
        return Connection(self._lost)


def _endpoint(reactor: Any, address: RedisAddress) -> IStreamClientEndpoint:
    if address.path is not None:
        return UNIXClientEndpoint(reactor, address.path, CONNECT_TIMEOUT)
    plain: IStreamClientEndpoint
    if isIPAddress(address.host):
        # No thread is needed to look it up.
        plain = TCP4ClientEndpoint(reactor, address.host, address.port, CONNECT_TIMEOUT)
    else:
        plain = HostnameEndpoint(reactor, address.host, address.port, CONNECT_TIMEOUT)
    if not address.is_tls:
        return plain
    trusted = None
    if address.ca is not None:
        try:
            with open(address.ca, "rb") as file:
                trusted = trustRootFromCertificates([Certificate.loadPEM(file.read())])
        except OSError as error:
            raise Refused(f"{address.ca}: {error.strerror}") from None
        except Exception:
            raise Refused(f"{address.ca}: contains no certificate") from None
    return wrapClientTLS(optionsForClientTLS(address.host, trusted), plain)


async def connect(
    reactor: Any, address: RedisAddress, lost: Callable[[Exception], None]
) -> Connection:
    """
    Connect, log in, and select the database.

    :param lost: called when the connection ends later
    :raises Refused: the server does not accept this client
    :raises StoreError: it cannot be reached at the moment
    """
    is_ready = False

    def lost_later(error: Exception) -> None:
        if is_ready:
            lost(error)

    try:
        connecting = _endpoint(reactor, address).connect(_Factory(lost_later))
        connection = cast(Connection, await connecting)
    except ConnectError as error:
        raise StoreError(_reason_of(error)) from None
    except DNSLookupError:
        raise StoreError("unknown host") from None
    timer = reactor.callLater(
        CONNECT_TIMEOUT,
        connection.abort,
        Lost(f"no answer for {CONNECT_TIMEOUT} s"),
    )
    try:
        if address.password is not None:
            user = () if address.username is None else (address.username,)
            await connection.call("AUTH", *user, address.password)
        await connection.call("SELECT", address.database)
    except ReplyError as error:
        connection.close()
        raise refusal_of(error, address) from None
    except Lost as error:
        raise StoreError(str(error)) from None
    finally:
        if timer.active():
            timer.cancel()
    is_ready = True
    return connection


def _loss_of(reason: Failure) -> Exception:
    if reason.check(ConnectionDone, ConnectionLost):
        return Lost("the connection was closed")
    # Of TLS: its errors have no text of their own.
    return Lost(f"TLS failed ({reason.value!r})"[:200])


def _reason_of(error: ConnectError) -> str:
    """Why a server was not reached, as the system names it."""
    if error.osError:
        return os.strerror(error.osError).lower()
    return str(error).strip().rstrip(".").lower() or "cannot be reached"


def refusal_of(error: Exception, address: RedisAddress) -> StoreError:
    """What an error during the log-in means."""
    text = str(error)
    code = text.partition(" ")[0]
    if code == "WRONGPASS" or "invalid password" in text:
        return Refused("wrong user name or password")
    if "called without any password" in text:
        return Refused("has no password; remove it from the URL")
    if code == "NOAUTH":
        return Refused("needs a password: redis://:PASSWORD@HOST/DB")
    if "DB index is out of range" in text:
        return Refused(f"has no database {address.database}")
    if code in UNAVAILABLE:
        return StoreError(text)
    return Refused(text)
