"""The behaviors of a list as documents of its store.

Behaviors are stored if they are `persistent`; those of the configuration are made so
when they are loaded, which happens only with an empty store. With replicas all
behaviors are stored.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from mocksmtp.behaviors.dns import DNS
from mocksmtp.behaviors.rule import Rule
from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.persistence.comparing import NO_DOCUMENTS
from mocksmtp.persistence.counts import CountsState
from mocksmtp.persistence.lists import DNS_NAME, ListRules, StoredList
from mocksmtp.store.interface import Document, Key, Kind, State

_ORDINAL = "ordinal"
"""The member of a behavior's document that its rule is numbered by."""


@attrs.define
class ListChanges:
    """
    The changes of a list of behaviors that another replica stored.

    :ivar order: the ids of all behaviors, in order; None if the order did not change
    :ivar behaviors: the new and changed behaviors, each with the ordinal of its rule,
        by id
    :ivar replaced: the ids of the behaviors whose counters start at 0
    """

    order: list[str] | None = None
    behaviors: dict[str, tuple[Any, int]] = attrs.field(factory=dict)
    replaced: set[str] = attrs.field(factory=set)


class BehaviorsState:
    """
    The behaviors of a list, compared with their stored documents.

    With replicas these are all behaviors, without replicas the persistent ones.

    :param name: the name of the host, or `DNS_NAME`
    :param rules: the list

    :ivar counts: the counters of the behaviors
    """

    def __init__(self, name: str, rules: ListRules) -> None:
        self.name = name
        self.rules = rules
        self._list = StoredList(name, rules)
        self.counts = CountsState(self._list)
        self._protocol = _protocol_of(name)
        self._order: list[str] = []
        self._is_new = True
        self._behaviors: dict[str, Any] = {}
        self._lineages: dict[str, object] = {}

    def compare(self) -> Iterator[tuple[Key, Document]]:
        """Yield the documents of the changed behaviors."""
        rules = self._list.stored_rules()
        order = [rule.id for rule in rules]
        # Replicas may have stored one of a former host with this name.
        if order != self._order or (self._is_new and self._list.is_shared):
            yield (Kind.BEHAVIORS, self.name), order or None
        for rule in rules:
            if self._behaviors.get(rule.id) is not rule.behavior:
                yield (Kind.BEHAVIOR, self._list.path(rule.id)), self._document(rule)
                lineage = self._lineages.get(rule.id, rule.lineage)
                if lineage is not rule.lineage:
                    # It was replaced: its counters start at 0.
                    yield (Kind.COUNTS, self._list.path(rule.id)), None
                    yield from self.counts.forget(rule.id)
        for gone in self._behaviors.keys() - set(order):
            yield (Kind.BEHAVIOR, self._list.path(gone)), None
            if self.counts.has_stored(gone) or self._list.is_shared:
                yield (Kind.COUNTS, self._list.path(gone)), None
            yield from self.counts.forget(gone)
        self._are_known()

    def _document(self, rule: Rule[Any]) -> Document:
        document = self._protocol.write(rule.behavior)
        if not self._list.is_shared:
            return {**document, "id": rule.id}
        # Random numbers depend on whether the id was given, and on the ordinal.
        if rule.ordinal:
            document[_ORDINAL] = rule.ordinal
        return document

    def _are_known(self) -> None:
        """Record the current behaviors as stored."""
        rules = self._list.stored_rules()
        self._is_new = False
        self._order = [rule.id for rule in rules]
        self._behaviors = {rule.id: rule.behavior for rule in rules}
        self._lineages = {rule.id: rule.lineage for rule in rules}

    def restore(self, state: State, has_ended: bool = False) -> int:
        """
        Replace the behaviors and counters by the stored ones.

        :param has_ended: whether to leave out the behaviors that are not persistent
        :return: the number of behaviors
        """
        documents = state.get(Kind.BEHAVIOR, NO_DOCUMENTS)
        order = state.get(Kind.BEHAVIORS, NO_DOCUMENTS).get(self.name, [])
        found = {one: self._read(documents[self._list.path(one)]) for one in order}
        ended = [
            one
            for one, (behavior, _) in found.items()
            if has_ended and not behavior.persistent
        ]
        if self._list.is_shared:
            kept = [one for one in order if one not in ended]
            self.rules.follow(kept, found, set())
        else:
            self.rules.replace_all(behavior for behavior, _ in found.values())
        self.counts.restore(state)
        for _ in (*self.compare(), *self.counts.compare()):
            pass  # Records the current values as stored.
        if ended:
            # They are still stored, as far as this process knows.
            self._order = list(order)
            self._behaviors.update(dict.fromkeys(ended))
            self.counts.expect_keys(ended, state)
        return len(self.rules)

    def _read(self, document: Document) -> tuple[Any, int]:
        return read_behavior(self.name, document)

    def apply(self, changes: ListChanges) -> None:
        """Apply the changes that another replica stored, and record them as stored."""
        order = self._order if changes.order is None else changes.order
        if changes.order is not None or changes.behaviors:
            given = changes.behaviors
            self.rules.follow(order, given, given.keys() - changes.replaced)
            self._are_known()

    def differing(self, state: State) -> ListChanges:
        """Return the changes from the current to the stored list."""
        documents = state.get(Kind.BEHAVIOR, NO_DOCUMENTS)
        order = state.get(Kind.BEHAVIORS, NO_DOCUMENTS).get(self.name) or []
        found = ListChanges(order)
        now = {rule.id: rule for rule in self.rules}
        for rule_id in order:
            rule, document = now.get(rule_id), documents.get(self._list.path(rule_id))
            if rule is None or self._document(rule) != document:
                found.behaviors[rule_id] = self._read(document)
        return found

    def forget(self) -> Iterator[tuple[Key, Document]]:
        """Yield the removal of all documents of the list, whose host was removed."""
        yield (Kind.BEHAVIORS, self.name), None
        for rule_id in self._behaviors:
            yield (Kind.BEHAVIOR, self._list.path(rule_id)), None
            yield (Kind.COUNTS, self._list.path(rule_id)), None
            yield from self.counts.forget(rule_id)


def read_behavior(name: str, document: Document) -> tuple[Any, int]:
    """Read a behavior of the list with this name, and the ordinal of its rule."""
    fields = dict(document)
    ordinal = fields.pop(_ORDINAL, 0)
    return _protocol_of(name).parse_one(fields), ordinal


def _protocol_of(name: str) -> Any:
    return DNS if name == DNS_NAME else SMTP
