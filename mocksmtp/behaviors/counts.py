"""The counters of each key, for a bounded number of keys, and their random numbers."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Iterator, Sequence
from copy import copy
from hashlib import blake2b
from typing import Any, Protocol, TypeAlias

from mocksmtp.behaviors.condition import Values
from mocksmtp.behaviors.target import CONNECTION, PER_TRANSACTION, Target

MAX_KEYS = 50_000
"""The maximum number of keys of all behaviors of a host; the oldest are removed. A key
occupies about 500 bytes, and at most 2,000 bytes whatever the length of its values."""

MAX_PART = 64
"""The maximum length of a value in a key, in octets; a longer one is replaced by its
digest."""

_MAX_VALUES = 4
"""The maximum number of values of a target in a key; more are replaced by a digest."""

Key: TypeAlias = tuple[Hashable, ...]


class RuleInput(Values, Protocol):
    """What the engine needs from an attempt: its values, identities and time.

    `values` accepts any target at any point; it returns no value for an absent one.
    """

    @property
    def connection(self) -> Hashable:
        """Identifies the connection."""

    @property
    def transaction(self) -> Hashable:
        """Identifies the transaction; None outside of one."""

    def seconds(self) -> float:
        """Return the time in seconds since the epoch; called only if it is needed."""


class NoInput:
    """An attempt without values, at the time 0."""

    connection: Hashable = None
    transaction: Hashable = None

    def values(self, target: Target) -> Sequence[bytes]:
        """Return no values."""
        return ()

    def seconds(self) -> float:
        """Return 0."""
        return 0.0


NO_INPUT = NoInput()


class Counts:
    """
    The counters of one key.

    :ivar seen: the number of attempts for which the condition was true
    :ivar fired: the number of answers
    :ivar first: the time of the first match, in seconds since the epoch; 0 if the
        behavior does not depend on the time
    :ivar drawn: the number of random numbers that were drawn
    """

    __slots__ = ("drawn", "fired", "first", "seen")

    def __init__(self, first: float = 0.0, drawn: int = 0) -> None:
        self.seen = 0
        self.fired = 0
        self.first = first
        self.drawn = drawn

    @property
    def stored(self) -> list[Any]:
        """The counters as a list for JSON."""
        return [self.seen, self.fired, self.first, self.drawn]

    @classmethod
    def from_stored(cls, stored: list[Any]) -> Counts:
        """Create the counters from the list that `stored` returned."""
        seen, fired, first, drawn = stored
        counts = cls(first, drawn)
        counts.seen, counts.fired = seen, fired
        return counts


def key_of(per: tuple[Target | str, ...], attempt: RuleInput) -> Key:
    """
    Return the key of an attempt: the values by which a behavior counts.

    :param per: the field ``per`` of the behavior
    """
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
    """
    The counts of all keys of the behaviors of a host.

    :param limit: the maximum number of keys; the oldest are removed

    :ivar evicted: the owners and keys that were removed because of the limit; None if
        that is not recorded
    """

    def __init__(self, limit: int = MAX_KEYS) -> None:
        self._limit = limit
        self._counts: OrderedDict[tuple[object, Key], Counts] = OrderedDict()
        self.evicted: list[tuple[object, Key]] | None = None

    def __len__(self) -> int:
        return len(self._counts)

    def get(self, owner: object, key: Key) -> Counts | None:
        """Return the counts of a key, or None."""
        return self._counts.get((owner, key))

    def put(self, owner: object, key: Key, counts: Counts) -> None:
        """Set the counts of a key, and make it the newest key."""
        place = (owner, key)
        self._counts.pop(place, None)
        self._counts[place] = counts
        if len(self._counts) > self._limit:
            oldest, _ = self._counts.popitem(last=False)
            if self.evicted is not None:
                self.evicted.append(oldest)

    def copy_from(self, owner: object, key: Key, counts: Counts) -> None:
        """Set the counts that another replica has; it is the one that evicts keys."""
        self._counts[owner, key] = counts

    def discard(self, owner: object, key: Key) -> None:
        """Remove a key, if it is known."""
        self._counts.pop((owner, key), None)

    def items(self) -> Iterator[tuple[object, Key, Counts]]:
        """Yield the owner, the key and the counts of all keys, oldest first."""
        for (owner, key), counts in self._counts.items():
            yield owner, key, counts

    def of_owner(self, owner: object) -> Iterator[tuple[Key, Counts]]:
        """Yield the keys of one owner with their counts, oldest first."""
        for (other, key), counts in self._counts.items():
            if other is owner:
                yield key, counts

    def retain(self, owners: set[object]) -> None:
        """Remove the keys of all owners that are not in `owners`."""
        gone = [place for place in self._counts if place[0] not in owners]
        for place in gone:
            del self._counts[place]


class SimulatedCounts(KeyedCounts):
    """
    Copies of the counts of each key, created when they are used first.

    :param real: the counts to copy; they are not changed
    """

    def __init__(self, real: KeyedCounts) -> None:
        super().__init__()
        self._real = real

    def get(self, owner: object, key: Key) -> Counts | None:
        """Return the copied counts of a key, or None."""
        counts = super().get(owner, key)
        if counts is None:
            real = self._real.get(owner, key)
            if real is not None:
                counts = copy(real)
                self.put(owner, key, counts)
        return counts


def draw(seed: str, salt: str, key: object, number: int) -> float:
    """
    Return a pseudo-random number; at least 0, below 1.

    The same arguments return the same number on every machine and in every run. It is
    a hash of the arguments, so no generator has to be kept for each key.

    :param salt: identifies the behavior
    :param number: the index of the number in the sequence of the key
    """
    text = f"{seed}\n{salt}\n{key!r}\n{number}"
    digest = blake2b(text.encode(errors="replace"), digest_size=8).digest()
    return (int.from_bytes(digest, "big") >> 11) / 2**53


def digest_of(thing: object) -> str:
    """Return the digest of a value of the model, for use in a salt."""
    return blake2b(repr(thing).encode(errors="replace"), digest_size=8).hexdigest()
