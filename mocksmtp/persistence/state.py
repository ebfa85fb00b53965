"""The state that users set by the API, as documents of the store.

`MockState.apply` applies the documents that another replica stored, and
`MockState.replace` all stored documents; neither stores them again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import attrs
from twisted.internet.defer import Deferred

from mocksmtp.behaviors.turns import Turns
from mocksmtp.hosts.host import MailHost
from mocksmtp.mock import Mock
from mocksmtp.persistence.behaviors import BehaviorsState, ListChanges, read_behavior
from mocksmtp.persistence.comparing import NO_DOCUMENTS, Changes
from mocksmtp.persistence.hosts import FollowedHosts, HostsState, is_removal
from mocksmtp.persistence.lists import DNS_NAME, ListRules
from mocksmtp.persistence.records import RecordsState
from mocksmtp.persistence.resources import (
    RESOURCES,
    Extensions,
    NamedResource,
    Resource,
    ServiceState,
)
from mocksmtp.persistence.scenarios import ScenarioStates
from mocksmtp.steps import Steps, finish
from mocksmtp.store.interface import Document, Key, Kind, State
from mocksmtp.store.replicas import Tally
from mocksmtp.zone.zone import Zone


@attrs.frozen
class ReadChanges:
    """
    What takes long to be read from documents that another replica stored.

    :ivar zone: the records after the changes; None if none has changed
    :ivar behaviors: new and changed behaviors, each with the ordinal of its rule, by
        the names of their documents
    """

    zone: Zone | None
    behaviors: Mapping[str, tuple[Any, int]]


class MockState:
    """
    The state of a mock, compared with its stored documents.

    :param mock: the mock
    :param configured: the names of the hosts of the configuration
    """

    def __init__(self, mock: Mock, configured: Iterable[str] = ()) -> None:
        self._mock = mock
        self._hosts = HostsState(mock, configured)
        self._extensions = Extensions(mock)
        self._service = ServiceState(mock)
        self._named: list[NamedResource] = [one(mock) for one in RESOURCES]
        self._scenarios = ScenarioStates(mock)
        self._records = RecordsState()
        self._behaviors: dict[str, BehaviorsState] = {}
        self._is_shared = False

    def _resources(self) -> Sequence[Resource]:
        """Return all resources, in the order in which they are applied."""
        return self._extensions, *self._named, self._service

    def _lists(self) -> Iterator[BehaviorsState]:
        lists: Iterable[tuple[str, ListRules]] = (
            (DNS_NAME, self._mock.dns_behaviors),
            *((h.name, h.behaviors) for h in self._mock.hosts.values()),
        )
        for name, rules in lists:
            yield self._list(name, rules)

    def _list(self, name: str, rules: ListRules) -> BehaviorsState:
        known = self._behaviors.get(name)
        if known is None or known.rules is not rules:
            known = self._behaviors[name] = BehaviorsState(name, rules)
        return known

    def share(self, turns: Turns) -> None:
        """
        Share all behaviors and their counts with other replicas.

        :param turns: decides the inputs that change shared counts
        """
        self._is_shared = self._hosts.is_shared = True
        for each in self._lists():
            each.rules.share(turns)

        def add(host: MailHost) -> None:
            if host.behaviors.turns is None:
                host.behaviors.share(turns)
            self._list(host.name, host.behaviors)

        self._mock.watch(add)

    def settle_hosts(self) -> None:
        """Record the current hosts as stored."""
        self._hosts.settle()
        for resource in (*self._resources(), self._scenarios):
            resource.settle()

    def record_start(self) -> None:
        """Record the hosts of the configuration, which are not stored."""
        self._hosts.record_start()
        for resource in self._resources():
            resource.record_start()

    def changes(self) -> Changes:
        """Return the documents of everything that changed, without counters."""
        found = self._hosts.changes()
        for resource in self._resources():
            if self._is_shared or not resource.is_only_shared:
                found.update(resource.changes())
        found.update(self._records.compare(self._mock.zone))
        for each in self._lists():
            found.update(each.compare())
        for name in self._behaviors.keys() - {DNS_NAME, *self._mock.hosts}:
            found.update(self._behaviors.pop(name).forget())
        if not self._is_shared:
            found.update(self._scenarios.changes())
        return found

    def work(self, changes: Sequence[tuple[Key, Document]]) -> int:
        """Return the number of records and behaviors that the changes concern."""
        kinds = [kind for (kind, _), _ in changes]
        count = kinds.count(Kind.RECORD)
        if count:
            count += len(self._mock.zone)
        return count + kinds.count(Kind.BEHAVIOR)

    def read_in_steps(
        self, changes: Iterable[tuple[Key, Document]]
    ) -> Steps[ReadChanges]:
        """Read the changes that another replica stored, in steps."""
        records: dict[str, Document] = {}
        behaviors: dict[str, tuple[Any, int]] = {}
        for (kind, name), document in changes:
            if kind is Kind.RECORD:
                records[name] = document
            elif kind is Kind.BEHAVIOR and document is not None:
                behaviors[name] = read_behavior(name.partition("/")[0], document)
                yield
        zone = None
        if records:
            zone = yield from self._records.apply_in_steps(records, self._mock.zone)
        return ReadChanges(zone, behaviors)

    def apply(
        self,
        changes: Iterable[tuple[Key, Document]],
        hosts: FollowedHosts,
        read: ReadChanges | None = None,
    ) -> list[Deferred[Any]]:
        """
        Apply the changes that another replica stored, and record them as stored.

        :param read: what `read_in_steps` has read of these changes; None reads it
        :return: a Deferred for each removed host, which fires when its connections have
            ended
        """
        changes = tuple(changes)
        if read is None:
            read = finish(self.read_in_steps(changes))
        found: dict[Kind, dict[str, Document]] = {}
        for (kind, name), document in changes:
            found.setdefault(kind, {})[name] = document
        with self._mock.following():
            waiting = [
                self._apply_host(name, document, hosts)
                for name, document in found.get(Kind.HOST, NO_DOCUMENTS).items()
            ]
            for resource in self._resources():
                resource.apply(found.get(resource.kind, NO_DOCUMENTS))
            if read.zone is not None:
                self._mock.zone = read.zone
            lists = self._list_changes(found, read.behaviors)
            for each in self._lists():
                if each.name in lists:
                    each.apply(lists[each.name])
            for kind in (Kind.COUNTS, Kind.KEY, Kind.SCENARIOS):
                counts = found.get(kind, NO_DOCUMENTS).items()
                self.apply_counts(((kind, name), one) for name, one in counts)
        return [one for one in waiting if one is not None]

    def _apply_host(
        self, name: str, document: Document, hosts: FollowedHosts
    ) -> Deferred[Any] | None:
        resources = (*self._resources(), self._scenarios)
        if is_removal(document):
            for resource in resources:
                resource.host_removed(name)
            self._behaviors.pop(name, None)
            return self._hosts.apply(name, document, hosts)
        is_new = name not in self._mock.hosts
        done = self._hosts.apply(name, document, hosts)
        if is_new:
            for resource in resources:
                resource.host_added(name)
        return done

    def _list_changes(
        self,
        found: Mapping[Kind, Mapping[str, Document]],
        behaviors: Mapping[str, tuple[Any, int]],
    ) -> dict[str, ListChanges]:
        lists: dict[str, ListChanges] = defaultdict(ListChanges)
        for name, order in found.get(Kind.BEHAVIORS, NO_DOCUMENTS).items():
            lists[name].order = order or []
        for path, behavior in behaviors.items():
            name, _, rule_id = path.partition("/")
            lists[name].behaviors[rule_id] = behavior
        for path, document in found.get(Kind.COUNTS, NO_DOCUMENTS).items():
            if document is None and path in behaviors:
                name, _, rule_id = path.partition("/")
                lists[name].replaced.add(rule_id)
        return lists

    def replace(self, state: State, hosts: FollowedHosts) -> list[Deferred[Any]]:
        """Replace the state by the stored one; for the result see `apply`."""
        found = self._hosts.differing(state.get(Kind.HOST, NO_DOCUMENTS))
        for resource in self._resources():
            stored = state.get(resource.kind, NO_DOCUMENTS)
            found.update(resource.differing(stored))
        found.update(self._records.differing(state.get(Kind.RECORD, NO_DOCUMENTS)))
        waiting = self.apply(found.items(), hosts)
        with self._mock.following():
            for each in self._lists():
                each.apply(each.differing(state))
            self.restore_counts(state)
        return waiting

    def counts(self) -> Changes:
        """
        Return the documents of all changed counters.

        With replicas it includes scenarios, which change in the same turns.
        """
        found: Changes = {}
        for each in self._lists():
            found.update(each.counts.compare())
        if self._is_shared:
            found.update(self._scenarios.all_changes())
        return found

    def moved_counts(self) -> Changes:
        """Return the documents of the shared counts and scenarios that changed."""
        found: Changes = {}
        for each in self._behaviors.values():
            if each.rules.shared.moved:
                found.update(each.counts.moved())
        found.update(self._scenarios.moved())
        return found

    def confirm_counts(self) -> None:
        """Update what depends on the counts of the last turn: they are stored."""
        for each in self._behaviors.values():
            each.counts.confirm()

    def apply_counts(self, counts: Iterable[tuple[Key, Document]]) -> None:
        """Apply the shared counts and scenarios that other replicas changed."""
        for (kind, name), document in counts:
            if kind is Kind.SCENARIOS:
                self._scenarios.apply({name: document})
                continue
            listed, _, path = name.partition("/")
            if listed in self._behaviors:
                self._behaviors[listed].counts.adopt(kind, path, document)

    def restore_counts(self, state: State) -> None:
        """Replace the shared counts and scenarios by the stored ones."""
        for each in self._lists():
            each.counts.replace(state)
        self._scenarios.restore_all(state.get(Kind.SCENARIOS, NO_DOCUMENTS))

    def tallies(self) -> list[Tally]:
        """Return what was added to the counters that are not shared since last time."""
        return [one for each in self._lists() for one in each.counts.tallies()]

    def add_tallies(self, tallies: Iterable[Tally]) -> None:
        """Add what other replicas counted."""
        for tally in tallies:
            listed, _, rule_id = tally.path.partition("/")
            if listed in self._behaviors:
                self._behaviors[listed].counts.add_tally(tally, rule_id)

    def restore_behaviors(self, state: State) -> int:
        """
        Replace all behaviors by the stored ones, and return their number.

        Of behaviors that replicas shared, only the persistent ones are restored.
        """
        return sum(each.restore(state, self._is_shared) for each in self._lists())

    def restore_records(self, state: State) -> int:
        """
        Add the stored records, except those that the configuration names.

        :return: their number
        """
        stored = state.get(Kind.RECORD, NO_DOCUMENTS)
        zone, number = self._records.restore(stored, self._mock.zone)
        if zone is not self._mock.zone:
            self._mock.zone = zone
        return number

    def restore_named(self, state: State) -> list[tuple[tuple[str, str], int]]:
        """
        Add the stored values of each named resource, except those of the configuration.

        :return: the nouns of each resource, and the number of its values
        """
        return [
            (one.nouns, one.restore(state.get(one.kind, NO_DOCUMENTS)))
            for one in self._named
        ]

    def restore_order(self, state: State) -> None:
        """Put the hosts in the stored order, which only replicas store."""
        self._service.restore_order(state.get(Kind.SERVICE, NO_DOCUMENTS))

    def restore_host(self, host: MailHost, state: State, named: bool) -> None:
        """
        Set the stored extensions and scenarios of a host.

        :param named: whether the configuration sets its extensions
        """
        if not named:
            extensions = state.get(Kind.EXTENSIONS, NO_DOCUMENTS)
            self._extensions.restore_host(host.name, extensions)
        scenarios = state.get(Kind.SCENARIOS, NO_DOCUMENTS)
        self._scenarios.restore_host(host.name, scenarios)
