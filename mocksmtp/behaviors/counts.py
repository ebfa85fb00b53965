"""Counts by key, of a bounded number of keys, and the random numbers of a key."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator, Sequence
from copy import copy
from hashlib import blake2b
from typing import Any, Protocol, TypeAlias

from mocksmtp.behaviors.condition import Values
from mocksmtp.behaviors.target import CONNECTION, PER_TRANSACTION, Target

MAX_KEYS = 50_000
"""Keys of all the behaviors of one host together; the oldest are forgotten. One takes
about 500 bytes, and no more than 2,000 however long its values are."""

MAX_PART = 64
"""Octets of a value that are kept as they are; a longer one by its digest."""

_MAX_VALUES = 4

Key: TypeAlias = tuple[Hashable, ...]


class RuleInput(Values, Protocol):
    """What a client tries, as the adapter knows it.

    Any target may be asked for at any point; one that is not there has no values.
    """

    @property
    def connection(self) -> Hashable:
        """What stands for the connection."""

    @property
    def transaction(self) -> Hashable:
        """What stands for the transaction, or None."""

    def seconds(self) -> float:
        """The time; asked only where something depends on it."""


class Nothing:
    """An attempt of which nothing is known."""

    connection: Hashable = None
    transaction: Hashable = None

    def values(self, target: Target) -> Sequence[bytes]:
        """None."""
        return ()

    def seconds(self) -> float:
        """No time has passed."""
        return 0.0


NOTHING = Nothing()


class Counts:
    """
    What has happened to one key.

    :ivar first: when it matched first, where that matters
    :ivar drawn: how many numbers were drawn for it
    """

    __slots__ = ("drawn", "fired", "first", "seen")

    def __init__(self, first: float = 0.0, drawn: int = 0) -> None:
        self.seen = 0
        self.fired = 0
        self.first = first
        self.drawn = drawn

    @property
    def stored(self) -> list[Any]:
        """The counters as values of JSON."""
        return [self.seen, self.fired, self.first, self.drawn]

    @classmethod
    def of(cls, stored: list[Any]) -> Counts:
        """The counters that `stored` was."""
        seen, fired, first, drawn = stored
        counts = cls(first, drawn)
        counts.seen, counts.fired = seen, fired
        return counts


def key_of(per: tuple[Target | str, ...], attempt: RuleInput) -> Key:
    """What splits the counts, in this attempt."""
    return tuple(
        _values(attempt.values(part))
        if isinstance(part, Target)
        else getattr(attempt, _IDENTITIES[part])
        for part in per
    )


_IDENTITIES = {CONNECTION: "connection", PER_TRANSACTION: "transaction"}


def _values(values: Sequence[bytes]) -> Hashable:
    if len(values) == 1 and len(values[0]) <= MAX_PART:
        return values[0]
    if len(values) <= _MAX_VALUES and all(len(each) <= MAX_PART for each in values):
        return tuple(values)
    digest = blake2b(digest_size=16)
    for each in values:
        digest.update(b"%d:" % len(each))
        digest.update(each)
    return "#" + digest.hexdigest()


class KeyedCounts:
    """The counts of all keys of the behaviors of a host, at most `MAX_KEYS`."""

    def __init__(self, limit: int = MAX_KEYS) -> None:
        self._limit = limit
        self._counts: OrderedDict[tuple[object, Key], Counts] = OrderedDict()

    def __len__(self) -> int:
        return len(self._counts)

    def get(self, owner: object, key: Key) -> Counts | None:
        """Those of a key, if there are any."""
        return self._counts.get((owner, key))

    def put(self, owner: object, key: Key, counts: Counts) -> None:
        """These are those of the key, which is the newest one now."""
        place = (owner, key)
        self._counts.pop(place, None)
        self._counts[place] = counts
        if len(self._counts) > self._limit:
            self._counts.popitem(last=False)

    def items(self) -> Iterator[tuple[object, Key, Counts]]:
        """All, with their owners, the oldest first."""
        for (owner, key), counts in self._counts.items():
            yield owner, key, counts

    def of(self, owner: object) -> Iterator[tuple[Key, Counts]]:
        """All of one owner, the oldest first."""
        for (other, key), counts in self._counts.items():
            if other is owner:
                yield key, counts

    def keep(self, owners: set[object]) -> None:
        """Forget those of all others."""
        gone = [place for place in self._counts if place[0] not in owners]
        for place in gone:
            del self._counts[place]


class TriedCounts(KeyedCounts):
    """
    Counts by key that begin with others, which they leave as they are.

    :param real: those others
    """

    def __init__(self, real: KeyedCounts) -> None:
        super().__init__()
        self._real = real

    def get(self, owner: object, key: Key) -> Counts | None:
        """Those of a key, if there are any."""
        counts = super().get(owner, key)
        if counts is None:
            real = self._real.get(owner, key)
            if real is not None:
                counts = copy(real)
                self.put(owner, key, counts)
        return counts


def draw(seed: str, salt: str, key: object, number: int) -> float:
    """
    A number from 0 up to, and not, 1.

    It is the same for the same arguments on every machine and in every run, and has
    nothing to do with that for others, so that no generator has to be kept for a key.
    """
    text = f"{seed}\n{salt}\n{key!r}\n{number}"
    digest = blake2b(text.encode(errors="replace"), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53


def digest_of(thing: object) -> str:
    """What stands for a value of the model in a salt."""
    return blake2b(repr(thing).encode(errors="replace"), digest_size=8).hexdigest()
