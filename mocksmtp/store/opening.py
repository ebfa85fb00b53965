"""The value of ``--store``, and the store that it names, for use or for reading."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any, Protocol
from urllib.parse import parse_qsl

import attrs

from mocksmtp.documents.problems import shown
from mocksmtp.mail.mail import Mail
from mocksmtp.mail.quota import Quota
from mocksmtp.store.interface import Store, StoreError
from mocksmtp.store.memory import MemoryStore
from mocksmtp.store.redis.address import (
    CLUSTER_SCHEMES,
    SCHEMES,
    RedisAddress,
    parse_address,
)

MEMORY = "memory"

_FILE = "sqlite:"
_KINDS = {MEMORY: MEMORY, "sqlite": "sqlite:FILE", "redis": "redis://HOST/DB"}
_SYNC = {"full": True, "normal": False}


@attrs.frozen
class StoreAddress:
    """
    Where mails and state are stored.

    :ivar path: a file, or None for the memory
    :ivar full: whether each commit waits for the disk
    :ivar redis: a Redis server, instead of these
    """

    path: str | None = None
    full: bool = False
    redis: RedisAddress | None = None

    def __str__(self) -> str:
        if self.redis is not None:
            return str(self.redis)
        if self.path is None:
            return MEMORY
        return f"{_FILE}{self.path}{'?sync=full' if self.full else ''}"


def parse_store(text: str) -> StoreAddress:
    """
    Parse ``memory``, ``sqlite:FILE[?sync=full]`` or ``redis://HOST[:PORT]/DB``.

    :raises ValueError: it is none of them
    """
    if text == MEMORY:
        return StoreAddress()
    kind, colon, rest = text.partition(":")
    if colon and kind.lower() in (*SCHEMES, *CLUSTER_SCHEMES):
        return StoreAddress(redis=parse_address(text))
    if kind != "sqlite" or not colon:
        raise ValueError(_unknown(text, kind))
    path, _, query = rest.partition("?")
    if path.startswith("//"):
        # As in a URL: sqlite:///var/lib/mock.db
        if not path.startswith("///"):
            raise ValueError(f"must not name a machine, got {text!r}"[:200])
        path = path[2:]
    if not path:
        raise ValueError("the name of the file is missing, as in sqlite:mock.db")
    full = False
    for name, value in parse_qsl(query, keep_blank_values=True):
        if name != "sync" or value not in _SYNC:
            what = f"{name}={value}"
            raise ValueError(f"must be ?sync=full or ?sync=normal, got {what!r}"[:200])
        full = _SYNC[value]
    return StoreAddress(path, full)


def _unknown(text: str, kind: str) -> str:
    """The error for a store of another kind, with the nearest one."""
    near = difflib.get_close_matches(kind.lower(), _KINDS, 1)
    hint = f"; did you mean {_KINDS[near[0]]}?" if near else ""
    message = "must be memory, sqlite:FILE or redis://HOST/DB, as in sqlite:mock.db"
    return f"{message}, got {shown(text)}{hint}"


def make_store(
    address: StoreAddress, quota: Quota, reactor: Any, wait: float = 0.0
) -> Store:
    """
    Make the store, which is not open yet.

    :param wait: seconds to wait for another process that uses the file, or for the
        Redis server
    """
    if address.redis is not None:
        from mocksmtp.store.redis.store import RedisSettings, RedisStore

        return RedisStore(RedisSettings(address.redis, wait), quota, reactor)
    if address.path is None:
        return MemoryStore(quota)
    from mocksmtp.store.sqlite.store import FileSettings, FileStore

    return FileStore(FileSettings(address.path, address.full, wait), quota, reactor)


class Reader(Protocol):
    """Reads a store that services may use, and changes nothing."""

    def mails(self) -> Iterator[Mail]:
        """The mails that are kept, in order of arrival."""

    def state(self) -> dict[str, dict[str, Any]]:
        """The documents of each kind by their names, without keys and passwords."""

    def close(self) -> None:
        """Release the store."""


def open_reader(address: StoreAddress) -> Reader:
    """
    Open a store for reading.

    :raises StoreError: it cannot be read
    """
    if address.redis is not None:
        from mocksmtp.store.redis.reading import RedisReader

        return RedisReader(address.redis)
    if address.path is None:
        raise StoreError("the memory of a service cannot be read")
    from mocksmtp.store.sqlite.reading import FileReader

    return FileReader(address.path)
