"""The counters of a list of behaviors as documents of its store.

With replicas, those of behaviors that decide by their counters are stored in each turn.
The others are added up: each replica reports what it has counted (`tallies`).
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from typing import Any

from mocksmtp.behaviors.counts import Counts, Key
from mocksmtp.behaviors.rule import Rule
from mocksmtp.persistence.comparing import NO_DOCUMENTS
from mocksmtp.persistence.lists import StoredList, is_storable, read_key
from mocksmtp.store.interface import Document, Kind, State
from mocksmtp.store.interface import Key as StoreKey
from mocksmtp.store.replicas import Tally


class CountsState:
    """
    The counters of a list of behaviors, compared with their stored documents.

    :param listed: the list
    """

    def __init__(self, listed: StoredList) -> None:
        self._list = listed
        self._rules = listed.rules
        self._counts: dict[str, tuple[int, Any]] = {}
        self._keys: dict[str, dict[Key, tuple[int, int, int]]] = {}
        self._tallied: set[str] = set()
        self._unconfirmed: set[Rule[Any]] = set()

    def has_stored(self, rule_id: str) -> bool:
        """Return whether counters of a behavior are stored, as far as is known."""
        return rule_id in self._counts

    def forget(self, rule_id: str) -> Iterator[tuple[StoreKey, Document]]:
        """Yield the removal of the counters of all keys of a behavior."""
        self._counts.pop(rule_id, None)
        for key in self._keys.pop(rule_id, {}):
            yield self._list.key_path(rule_id, key), None

    def restore(self, state: State) -> None:
        """Set the counters of a restored list to the stored ones, at the start."""
        counts = state.get(Kind.COUNTS, NO_DOCUMENTS)
        for rule in self._rules:
            stored = counts.get(self._list.path(rule.id))
            if stored is not None:
                rule.restore(stored)
        if self._list.is_shared:
            self._rules.update_counting()
        self._restore_keys(state.get(Kind.KEY, NO_DOCUMENTS))

    def expect_keys(self, rule_ids: Container[str], state: State) -> None:
        """Record that the keys of behaviors that were not restored are stored."""
        keys = state.get(Kind.KEY, NO_DOCUMENTS)
        for rule_id, key, _ in self._list.keys_in(keys.items()):
            if rule_id in rule_ids:
                self._keys.setdefault(rule_id, {})[key] = (0, 0, 0)

    def compare(self) -> Iterator[tuple[StoreKey, Document]]:
        """
        Yield the documents of the changed counters.

        With replicas, without those of behaviors whose decisions do not depend on their
        counts: replicas add these up (`tallies`).
        """
        keyed: dict[object, Rule[Any]] = {}
        for rule in self._list.stored_rules():
            last = self._counts.get(rule.id)
            state = (rule.seen, rule.owner)
            if last == state or (last is None and not rule.seen):
                continue
            is_tallied = self._list.is_shared and rule not in self._rules.counting_rules
            if is_tallied and (last is None or last[1] is rule.owner):
                continue
            yield self._stored(rule)
            if rule.is_keyed:
                keyed[rule.owner] = rule
        if keyed:
            yield from self._compare_keys(keyed)
        if self._list.is_shared:
            self._forget_moved()

    def _stored(self, rule: Rule[Any]) -> tuple[StoreKey, Document]:
        self._counts[rule.id] = rule.seen, rule.owner
        rule.common = rule.seen, rule.fired
        return (Kind.COUNTS, self._list.path(rule.id)), rule.stored

    def _forget_moved(self) -> set[tuple[Rule[Any], Key]]:
        """
        Return the changed counters of rules that depend on them; clear the list.

        All other changed rules are recorded for `tallies`.
        """
        shared = self._rules.shared
        moved, shared.moved = shared.moved or set(), set()
        counting = {one for one in moved if one[0] in self._rules.counting_rules}
        self._tallied.update(rule.id for rule, _ in moved - counting)
        return counting

    def moved(self) -> Iterator[tuple[StoreKey, Document]]:
        """
        Yield the documents of the shared counters that changed in a turn.

        Unlike `compare`, it does not compare all rules.
        """
        rules, evicted = self._rules, self._rules.shared.keys.evicted
        stored: set[Rule[Any]] = set()
        for rule, key in self._forget_moved():
            if rule not in stored:
                stored.add(rule)
                yield self._stored(rule)
            if key and is_storable(key):
                counts = rules.shared.keys.get(rule.owner, key)
                if counts is not None:
                    state = (counts.seen, counts.fired, counts.drawn)
                    self._keys.setdefault(rule.id, {})[key] = state
                    yield self._list.key_path(rule.id, key), counts.stored
        if evicted:
            ids = {rule.owner: rule.id for rule in rules}
            for owner, key in evicted:
                if self._keys.get(ids.get(owner, ""), {}).pop(key, None) is not None:
                    yield self._list.key_path(ids[owner], key), None
            evicted.clear()
        self._unconfirmed |= stored

    def confirm(self) -> None:
        """Update what depends on the counts of the last turn: they are stored."""
        unconfirmed, self._unconfirmed = self._unconfirmed, set()
        for rule in unconfirmed:
            self._rules.recount(rule)

    def adopt(self, kind: Kind, path: str, document: Document) -> None:
        """
        Apply the counters that another replica stored.

        :param kind: `Kind.COUNTS` or `Kind.KEY`
        :param path: the key of the document without the name of the list and its slash
        """
        rule_id, _, key = path.partition("/")
        rule = self._list.rule(rule_id)
        if rule is None:
            return
        if kind is Kind.COUNTS:
            rule.adopt(document)
            self._counts[rule_id] = rule.common[0], rule.owner
            self._rules.recount(rule)
            return
        keys, found = self._rules.shared.keys, read_key(key)
        known = self._keys.setdefault(rule_id, {})
        if document is None:
            keys.discard(rule.owner, found)
            known.pop(found, None)
        else:
            counts = Counts.from_stored(document)
            keys.copy_from(rule.owner, found, counts)
            known[found] = counts.seen, counts.fired, counts.drawn

    def tallies(self) -> Iterator[Tally]:
        """Yield what was added to the counters that are not shared since last time."""
        moved = self._rules.shared.moved
        if moved:
            self._rules.shared.moved = self._forget_moved()
        tallied, self._tallied = self._tallied, set()
        for rule_id in tallied:
            rule = self._list.rule(rule_id)
            if rule is None:
                continue
            seen, fired = rule.seen - rule.common[0], rule.fired - rule.common[1]
            rule.common = rule.seen, rule.fired
            self._counts.setdefault(rule_id, (0, rule.owner))
            if seen:
                yield Tally(self._list.path(rule_id), seen, fired, rule.last_fired)

    def add_tally(self, tally: Tally, rule_id: str) -> None:
        """Add what another replica counted to the counters of a rule."""
        rule = self._list.rule(rule_id)
        if rule is None:
            return
        rule.seen += tally.seen
        rule.fired += tally.fired
        rule.common = rule.common[0] + tally.seen, rule.common[1] + tally.fired
        if tally.last_fired is not None:
            rule.last_fired = max(rule.last_fired or 0.0, tally.last_fired)
        self._counts.setdefault(rule_id, (0, rule.owner))

    def replace(self, state: State) -> None:
        """Replace the counters of the rules that depend on them by the stored ones."""
        counts = state.get(Kind.COUNTS, {})
        keys = self._rules.shared.keys
        self._forget_moved()
        self._unconfirmed.clear()
        owners = set()
        for rule in self._rules:
            if rule.behavior.is_counting:
                owners.add(rule.owner)
                if rule in self._rules.counting_rules:
                    rule.common = rule.seen, rule.fired
                rule.adopt(counts.get(self._list.path(rule.id)))
        self._rules.update_counting()
        for owner, key, _ in [*keys.items()]:
            if owner in owners and is_storable(key):
                keys.discard(owner, key)
        self._restore_keys(state.get(Kind.KEY, {}))
        keyed = {one.owner: one for one in self._rules if one.is_keyed}
        for _ in (*self.compare(), *self._compare_keys(keyed)):
            pass  # Records the current values as stored.

    def _compare_keys(
        self, keyed: Mapping[object, Rule[Any]]
    ) -> Iterator[tuple[StoreKey, Document]]:
        """Yield the documents of the changed counters of keys that can be stored."""
        found: dict[str, dict[Key, tuple[int, int, int]]] = {}
        for owner, key, counts in self._rules.shared.keys.items():
            rule = keyed.get(owner)
            if rule is None or not is_storable(key):
                continue
            state = (counts.seen, counts.fired, counts.drawn)
            found.setdefault(rule.id, {})[key] = state
            if self._keys.get(rule.id, {}).get(key) != state:
                yield self._list.key_path(rule.id, key), counts.stored
        for rule in keyed.values():
            now = found.get(rule.id, {})
            for key in self._keys.get(rule.id, {}).keys() - now.keys():
                yield self._list.key_path(rule.id, key), None
            self._keys[rule.id] = now

    def _restore_keys(self, stored: Mapping[str, Document]) -> None:
        rules = {rule.id: rule for rule in self._rules}
        found: list[tuple[float, Rule[Any], Key, Document]] = []
        for rule_id, key, counts in self._list.keys_in(stored.items()):
            if rule_id in rules:
                first = Counts.from_stored(counts).first
                found.append((first, rules[rule_id], key, counts))
        # The oldest keys first: the limit removes the first ones.
        found.sort(key=lambda one: one[0])
        for _, rule, found_key, counts in found:
            rule.restore_key(found_key, counts)
