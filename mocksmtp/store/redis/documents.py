"""Documents as Redis returns and takes them, and calls of a follower."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import orjson
from twisted.logger import Logger
from twisted.python.failure import Failure

from mocksmtp.store.interface import Document, Key, Kind, State, StoreError, awaited
from mocksmtp.store.replicas import Tally

LOGGED = frozenset({Kind.SESSION, Kind.EXCHANGES, Kind.TRANSACTION})
"""Kinds of documents that belong to sessions, the parts of the log."""

_log = Logger()


def read_state(kinds: Sequence[str], documents: Sequence[Sequence[bytes]]) -> State:
    """The documents of some kinds, as Redis returns them."""
    state: dict[Kind, dict[str, Document]] = {}
    for kind, pairs in zip(kinds, documents, strict=True):
        if pairs:
            named = zip(pairs[::2], pairs[1::2], strict=True)
            found = {name.decode(): orjson.loads(text) for name, text in named}
            state[Kind(kind)] = dict(sorted(found.items()))
    return state


def key_of(field: bytes) -> Key:
    """Return the kind and the name that a field consists of."""
    kind, _, name = field.decode().partition(" ")
    return Kind(kind), name


def value_of(text: bytes) -> Document:
    """Return a document; None for an empty text, which removes one."""
    return orjson.loads(text) if text else None


async def call_follower(function: Callable[..., Any], *arguments: Any) -> Any:
    """Call a follower; an exception is logged, and counts as done."""
    try:
        return await awaited(function(*arguments))
    except StoreError:
        # What waits for it finds out by itself.
        return None
    except Exception:
        _log.failure("while following other replicas")
        return None


def read_counts(words: Sequence[bytes]) -> list[tuple[Key, Document]]:
    """Return the counts that a script returns: kind, name and document of each."""
    threes = zip(words[::3], words[1::3], words[2::3], strict=True)
    return [
        ((Kind(kind.decode()), name.decode()), value_of(text))
        for kind, name, text in threes
    ]


def read_tallies(tallied: Sequence[Sequence[bytes]]) -> list[Tally]:
    """The tallies from what `scripts.OPEN` returns of them."""
    seen, fired, last = (
        dict(zip(pairs[::2], pairs[1::2], strict=True)) for pairs in tallied
    )
    return [
        Tally(
            path.decode(),
            int(count),
            int(fired.get(path, 0)),
            float(last[path]) if path in last else None,
        )
        for path, count in seen.items()
    ]


def words_of(changes: Mapping[Key, bytes]) -> list[Any]:
    """Return the arguments of a script for documents: their number, and each."""
    words: list[Any] = [len(changes)]
    for (kind, name), document in changes.items():
        words += (kind.value, name, document)
    return words


def ignore_store_errors(failure: Failure) -> None:
    """Ignore that a call was not answered, where the next one makes up for it."""
    failure.trap(StoreError)
