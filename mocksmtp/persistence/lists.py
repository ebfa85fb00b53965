"""A list of behaviors as a store names it: the documents of behaviors and of counters.

    default                   the order of the behaviors of the host `default`
    default/7                 the behavior with the id 7, and its counters
    default/7/["bob@x.test"]  its counters for a key

The list of DNS has an empty name.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias

import orjson

from mocksmtp.behaviors.counts import Key
from mocksmtp.behaviors.rule import Rule
from mocksmtp.behaviors.rules import Rules
from mocksmtp.store.interface import Document, Kind
from mocksmtp.store.interface import Key as StoreKey

DNS_NAME = ""
"""The name of the list of behaviors of DNS."""

ListRules: TypeAlias = Rules[Any, Any, Any]
"""The rules of a host, or of DNS."""


class StoredList:
    """
    A list of behaviors with the names of its documents.

    :param name: the name of the host, or `DNS_NAME`
    :param rules: the list
    """

    def __init__(self, name: str, rules: ListRules) -> None:
        self.name = name
        self.rules = rules
        self._version: object = None
        self._by_id: dict[str, Rule[Any]] = {}

    @property
    def is_shared(self) -> bool:
        """Whether replicas share the behaviors."""
        return self.rules.turns is not None

    def stored_rules(self) -> list[Rule[Any]]:
        """Return the rules that are stored: with replicas all, else persistent ones."""
        if self.is_shared:
            return [*self.rules]
        return [rule for rule in self.rules if rule.behavior.persistent]

    def rule(self, rule_id: str) -> Rule[Any] | None:
        """Return the rule with this id, or None."""
        if self._version is not self.rules.points:
            # Each change of the list replaces this set.
            self._version = self.rules.points
            self._by_id = {rule.id: rule for rule in self.rules}
        return self._by_id.get(rule_id)

    def path(self, rule_id: str) -> str:
        """Return the name of the documents of a behavior."""
        return f"{self.name}/{rule_id}"

    def key_path(self, rule_id: str, key: Key) -> StoreKey:
        """Return the kind and the name of the document of the counters of a key."""
        return Kind.KEY, f"{self.path(rule_id)}/{write_key(key)}"

    def keys_in(
        self, stored: Iterable[tuple[str, Document]]
    ) -> Iterator[tuple[str, Key, Document]]:
        """Yield the id of the behavior, the key and the document of each key."""
        prefix = f"{self.name}/"
        for path, counts in stored:
            if path.startswith(prefix):
                rule_id, _, key = path[len(prefix) :].partition("/")
                yield rule_id, read_key(key), counts


def is_storable(key: Key) -> bool:
    """Return whether a key is meaningful in another process, as addresses are."""
    return all(isinstance(part, bytes | str | tuple) for part in key)


def write_key(key: Key) -> str:
    """Return a key as text."""
    return orjson.dumps([_write_part(part) for part in key]).decode()


def _write_part(part: Any) -> Any:
    if isinstance(part, tuple):
        return [one.decode("latin-1") for one in part]
    return part.decode("latin-1") if isinstance(part, bytes) else {"digest": part}


def read_key(text: str) -> Key:
    """Return the key that `write_key` wrote."""
    return tuple(map(_read_part, orjson.loads(text)))


def _read_part(part: Any) -> Any:
    if isinstance(part, list):
        return tuple(one.encode("latin-1") for one in part)
    return part.encode("latin-1") if isinstance(part, str) else part["digest"]
