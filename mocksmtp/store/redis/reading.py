"""Reads a Redis store that services may use, and changes nothing."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator
from typing import Any

import hiredis
import orjson

from mocksmtp.mail.mail import Mail
from mocksmtp.store.interface import StoreError
from mocksmtp.store.redis.address import RedisAddress
from mocksmtp.store.redis.connection import CONNECT_TIMEOUT, Word, pack, refusal_of
from mocksmtp.store.redis.mails import groups, read_row, with_content
from mocksmtp.store.redis.scripts import PREFIX, STATE_KINDS, VERSION
from mocksmtp.store.texts import SECRET, remove_secrets

_TIMEOUT = 60
"""Seconds that a reply may take."""

_ROWS = 500
"""Mails whose rows are read together."""


class RedisReader:
    """
    A server, opened for reading by a program without a reactor.

    :raises StoreError: it cannot be reached, or has no store
    """

    def __init__(self, address: RedisAddress) -> None:
        self._address = address
        self._reader = hiredis.Reader()
        try:
            self._socket = self._connect()
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise StoreError(f"{address.name}: {reason}") from None
        self._socket.settimeout(_TIMEOUT)
        if address.password is not None:
            user = () if address.username is None else (address.username,)
            self._call("AUTH", *user, address.password)
        self._call("SELECT", address.database)
        version = self._call("GET", f"{PREFIX}version")
        if version != b"%d" % VERSION:
            raise StoreError(
                f"{address.name}: has no keys of mocksmtp"
                if version is None
                else f"{address.name}: has keys of another version of mocksmtp"
            )

    def _connect(self) -> socket.socket:
        address = self._address
        if address.path is not None:
            one = socket.socket(socket.AF_UNIX)
            one.settimeout(CONNECT_TIMEOUT)
            one.connect(address.path)
            return one
        place = (address.host, address.port)
        one = socket.create_connection(place, timeout=CONNECT_TIMEOUT)
        if not address.is_tls:
            return one
        context = ssl.create_default_context(cafile=address.ca)
        return context.wrap_socket(one, server_hostname=address.host)

    def _call(self, *words: Word) -> Any:
        try:
            self._socket.sendall(pack(*words))
            while (reply := self._reader.gets()) is False:
                octets = self._socket.recv(2**16)
                if not octets:
                    raise StoreError(f"{self._address.name}: the connection was closed")
                self._reader.feed(octets)
        except OSError as error:
            raise StoreError(f"{self._address.name}: {error}") from None
        except hiredis.ProtocolError:
            raise StoreError(f"{self._address.name}: is not a Redis server") from None
        if isinstance(reply, hiredis.ReplyError):
            error_ = refusal_of(reply, self._address)
            raise StoreError(f"{self._address.name}: {error_}")
        return reply

    def mails(self) -> Iterator[Mail]:
        """
        The mails that are kept, in order of arrival.

        :raises StoreError: the server has failed
        """
        after = 0
        while True:
            found = self._call(
                *("ZRANGEBYSCORE", f"{PREFIX}mails", f"({after}", "+inf"),
                *("LIMIT", 0, _ROWS),
            )
            numbers = [*map(int, found)]
            if not numbers:
                return
            rows = self._call("MGET", *(f"{PREFIX}row:{one}" for one in numbers))
            mails = [
                read_row(number, row)
                for number, row in zip(numbers, rows, strict=True)
                if row is not None
            ]
            for group in groups(mails):
                keys = [f"{PREFIX}content:{one.number}" for one in group]
                contents = self._call("MGET", *keys)
                for row, content in zip(group, contents, strict=True):
                    if content is not None:
                        yield with_content(row, content)
            after = numbers[-1]

    def state(self) -> dict[str, dict[str, Any]]:
        """The documents of each kind by their names, without keys and passwords."""
        state: dict[str, dict[str, Any]] = {}
        for kind in STATE_KINDS:
            if kind not in SECRET:
                pairs = self._call("HGETALL", f"{PREFIX}state:{kind}")
                for name, text in zip(pairs[::2], pairs[1::2], strict=True):
                    state.setdefault(kind, {})[name.decode()] = orjson.loads(text)
        for number in self._call("ZRANGE", f"{PREFIX}sessions", 0, -1):
            pairs = self._call("HGETALL", f"{PREFIX}session:{number.decode()}")
            for field, text in zip(pairs[::2], pairs[1::2], strict=True):
                kind, _, name = field.decode().partition(" ")
                state.setdefault(kind, {})[name] = orjson.loads(text)
        remove_secrets(state)
        return state

    def close(self) -> None:
        """End the connection."""
        self._socket.close()
