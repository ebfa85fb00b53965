"""The state that users set by the API, as documents of the store.

Changes are not reported: after each request that may change the state, and each second,
the state is compared with what was stored last. Lists and zones are replaced, never
modified, so that comparing identities finds nearly everything that is unchanged.

Behaviors are stored if they are `persistent`; those of the configuration are made so
when they are loaded, which happens only with an empty store. With replicas all
behaviors are stored, and listeners are not: each replica has its own.

`MockState.apply` applies the documents that another replica stored, and
`MockState.replace` all stored documents; neither stores them again.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol, TypeAlias

import attrs
import orjson
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from mocksmtp.behaviors.counts import Counts, Key
from mocksmtp.behaviors.dns import DNS
from mocksmtp.behaviors.rule import Rule
from mocksmtp.behaviors.rules import Rules
from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.behaviors.turns import Turns
from mocksmtp.documents.document import parse
from mocksmtp.hosts.documents import Usual, host_document, parse_host, settle
from mocksmtp.hosts.host import Description, MailHost
from mocksmtp.hosts.listeners import Disconnect
from mocksmtp.hosts.policies import POLICY
from mocksmtp.mock import Mock
from mocksmtp.steps import Steps, finish
from mocksmtp.store.interface import Document, Kind, State
from mocksmtp.store.interface import Key as StoreKey
from mocksmtp.store.replicas import Tally
from mocksmtp.tls.settings import GivenCertificate, TlsSettings
from mocksmtp.zone.records import Record, listed_document, parse_record
from mocksmtp.zone.zone import Zone

Changes: TypeAlias = dict[StoreKey, Document]
"""The documents to store; None removes a document."""

DNS_NAME = ""
"""The name of the list of behaviors of DNS."""

_FIELDS = ("url", "addresses", "ehlo", "certificate")
"""Fields of a host's document that follow from others."""


REMOVED = False
"""With replicas, the document of a host of the configuration that was removed."""

_UNSET = "unset"
"""Whether users have set no records so far."""

_ORDER = "hostOrder"
"""The names of the hosts, in order of creation."""

_STEP = 20
"""Records that are read in one step."""

_ORDINAL = "ordinal"
"""The member of a behavior's document that its rule is numbered by."""

_NO_COUNTS = Counts().stored

_EMPTY: Mapping[str, Any] = {}

_ListRules: TypeAlias = Rules[Any, Any, Any]


class FollowedHosts(Protocol):
    """Creates, changes and removes hosts; each takes effect before it waits."""

    async def create(self, description: Description) -> MailHost:
        """Create a host; without `listeners`, with those of the configuration."""

    async def change(self, host: MailHost, description: Description) -> None:
        """Change a host."""

    async def remove(self, host: MailHost, keeps_mails: bool = False) -> None:
        """
        Remove a host.

        :param keeps_mails: do not remove its mails: the replica that removed the host
            first removes them
        """

    def disconnect(
        self, hosts: Iterable[MailHost], how: Disconnect
    ) -> tuple[int, Deferred[Any]]:
        """Close connections; return their number and a Deferred for their ends."""


def host_to_store(host: MailHost) -> Document:
    """Return the document of a host, with its secrets."""
    document = host_document(host)
    for name in _FIELDS:
        del document[name]
    match host.tls:
        case TlsSettings(certificate=GivenCertificate() as certificate):
            document["tls"]["certificate"]["keyPem"] = certificate.key_pem
    if host.auth is not None and host.auth.users is not None:
        document["auth"]["users"] = dict(host.auth.users)
    return document


def host_from_store(name: str, document: Document, mock: Mock) -> Description:
    """
    Return the settings of a host from its document.

    :raises DocumentError: the document is not valid for this version
    """
    hostname = mock.hostname if name == mock.default.name else None
    usual = Usual(limits=mock.limits, hostname=hostname)
    return settle(parse_host(document, name, usual))


class _Stored:
    """
    The values that were stored last, to compare them with the current ones.

    :param kind: the kind of their documents
    """

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._last: dict[str, Any] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._last)

    def known(self, name: str, value: Any) -> None:
        """Record `value` as stored; it was stored, or needs no document."""
        self._last[name] = value

    def forget(self, name: str) -> None:
        """Remove the value with this name, whose document was removed."""
        self._last.pop(name, None)

    def compare(
        self,
        values: Mapping[str, Any],
        write: Callable[[str, Any], Document],
        same: Callable[[Any, Any], bool],
    ) -> Iterator[tuple[StoreKey, Document]]:
        """
        Yield the documents of the changed values, and record the values as stored.

        :param values: the current values by their names
        :param write: returns the document of a value
        :param same: returns whether two values are equal
        """
        for name, value in values.items():
            if name not in self._last or not same(self._last[name], value):
                yield (self._kind, name), write(name, value)
        for name in [name for name in self._last if name not in values]:
            yield (self._kind, name), None
        self._last = dict(values)


def _is(one: Any, other: Any) -> bool:
    return one is other


def _equals(one: Any, other: Any) -> bool:
    return bool(one == other)


@attrs.define
class _Records:
    """
    The records that were stored last.

    :ivar places: by the id of a record, the key of its document and the record; the
        keys ascend in the order of the records
    :ivar last: the highest number in a key
    """

    zone: Zone | None = None
    places: dict[str, tuple[str, Record]] = attrs.field(factory=dict)
    last: int = 0

    def compare(self, zone: Zone) -> Iterator[tuple[StoreKey, Document]]:
        """Yield the documents of the changed records."""
        if zone is self.zone:
            return
        self.zone = zone
        before, self.places = self.places, {}
        previous = ""
        for record in zone.records:
            known = before.get(record.id)
            if known is None or known[0] <= previous:
                self.last += 1
                place = f"{self.last:012}"
            else:
                place = known[0]
                del before[record.id]
            previous = place
            self.places[record.id] = place, record
            if known is None or known[0] != place or known[1] is not record:
                yield (Kind.RECORD, place), listed_document(record)
        for place, _ in before.values():
            yield (Kind.RECORD, place), None

    def apply_in_steps(
        self, changes: Mapping[str, Document], zone: Zone
    ) -> Steps[Zone]:
        """Make the zone with the changed documents applied, as stored, in steps."""
        new: dict[str, Record] = {}
        for index, (place, document) in enumerate(sorted(changes.items())):
            if document is not None:
                new[place] = parse_record(document)
            if index % _STEP == 0:
                yield
        first = f"{self.last + 1:012}"
        if self.zone is zone and all(place >= first for place in changes):
            made = yield from zone.with_records_in_steps(new.values())
            places = dict(self.places)
            ordered = list(new.items())
        else:
            found = {p: r for p, r in self.places.values() if p not in changes} | new
            ordered = sorted(found.items())
            records = [record for _, record in ordered]
            made = yield from Zone.in_steps(records, zone.last_id)
            places = {}
        for index, (place, record) in enumerate(ordered):
            places[record.id] = place, made.find(record)
            if index % _STEP == 0:
                yield
        self.places, self.zone = places, made
        self.last = max(self.last, *map(int, changes))
        return made

    def differing(self, stored: Mapping[str, Document]) -> Changes:
        """Return the changes from the current to the `stored` records."""
        found: Changes = {}
        for place, record in self.places.values():
            if stored.get(place) != listed_document(record):
                found[Kind.RECORD, place] = None
        known = {place for place, _ in self.places.values()}
        for place, document in stored.items():
            if place not in known or (Kind.RECORD, place) in found:
                found[Kind.RECORD, place] = document
        return found


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
    The stored behaviors of a list, with their counters.

    With replicas these are all behaviors, without replicas the persistent ones.

    :param name: the name of the host, or `DNS_NAME`
    :param rules: the list
    """

    def __init__(self, name: str, rules: _ListRules) -> None:
        self.name = name
        self.rules = rules
        self._protocol: Any = DNS if name == DNS_NAME else SMTP
        self._order: list[str] = []
        self._is_new = True
        self._behaviors: dict[str, Any] = {}
        self._lineages: dict[str, object] = {}
        self._counts: dict[str, tuple[int, Any]] = {}
        self._keys: dict[str, dict[Key, tuple[int, int, int]]] = {}
        self._tallied: set[str] = set()
        self._unconfirmed: set[Rule[Any]] = set()
        self._version: object = None
        self._by_id: dict[str, Rule[Any]] = {}

    def _stored_rules(self) -> list[Rule[Any]]:
        if self._is_shared:
            return [*self.rules]
        return [rule for rule in self.rules if rule.behavior.persistent]

    @property
    def _is_shared(self) -> bool:
        """Whether replicas share the behaviors."""
        return self.rules.turns is not None

    def compare(self) -> Iterator[tuple[StoreKey, Document]]:
        """Yield the documents of the changed behaviors."""
        rules = self._stored_rules()
        order = [rule.id for rule in rules]
        # Replicas may have stored one of a former host with this name.
        if order != self._order or (self._is_new and self._is_shared):
            yield (Kind.BEHAVIORS, self.name), order or None
        for rule in rules:
            if self._behaviors.get(rule.id) is not rule.behavior:
                yield (Kind.BEHAVIOR, self._path(rule.id)), self._document(rule)
                lineage = self._lineages.get(rule.id, rule.lineage)
                if lineage is not rule.lineage:
                    # It was replaced: its counters start at 0.
                    yield (Kind.COUNTS, self._path(rule.id)), None
                    yield from self._forget_counts(rule.id)
        for gone in self._behaviors.keys() - set(order):
            yield (Kind.BEHAVIOR, self._path(gone)), None
            if gone in self._counts or self._is_shared:
                yield (Kind.COUNTS, self._path(gone)), None
            yield from self._forget_counts(gone)
        self._are_known()

    def _document(self, rule: Rule[Any]) -> Document:
        document = self._protocol.write(rule.behavior)
        if not self._is_shared:
            return {**document, "id": rule.id}
        # Random numbers depend on whether the id was given, and on the ordinal.
        if rule.ordinal:
            document[_ORDINAL] = rule.ordinal
        return document

    def _forget_counts(self, rule_id: str) -> Iterator[tuple[StoreKey, Document]]:
        self._counts.pop(rule_id, None)
        for key in self._keys.pop(rule_id, {}):
            yield self._key_path(rule_id, key), None

    def _are_known(self) -> None:
        """Record the current behaviors as stored."""
        rules = self._stored_rules()
        self._is_new = False
        self._order = [rule.id for rule in rules]
        self._behaviors = {rule.id: rule.behavior for rule in rules}
        self._lineages = {rule.id: rule.lineage for rule in rules}

    def compare_counts(self) -> Iterator[tuple[StoreKey, Document]]:
        """
        Yield the documents of the changed counters.

        With replicas, without those of behaviors whose decisions do not depend on their
        counts: replicas add these up (`tallies`).
        """
        keyed: dict[object, Rule[Any]] = {}
        for rule in self._stored_rules():
            last = self._counts.get(rule.id)
            state = (rule.seen, rule.owner)
            if last == state or (last is None and not rule.seen):
                continue
            is_tallied = self._is_shared and rule not in self.rules.counting_rules
            if is_tallied and (last is None or last[1] is rule.owner):
                continue
            yield self._stored(rule)
            if rule.is_keyed:
                keyed[rule.owner] = rule
        if keyed:
            yield from self._compare_keys(keyed)
        if self._is_shared:
            self._forget_moved()

    def _stored(self, rule: Rule[Any]) -> tuple[StoreKey, Document]:
        self._counts[rule.id] = rule.seen, rule.owner
        rule.common = rule.seen, rule.fired
        return (Kind.COUNTS, self._path(rule.id)), rule.stored

    def _forget_moved(self) -> set[tuple[Rule[Any], Key]]:
        """
        Return the changed counters of rules that depend on them; clear the list.

        All other changed rules are recorded for `tallies`.
        """
        shared = self.rules.shared
        moved, shared.moved = shared.moved or set(), set()
        counting = {one for one in moved if one[0] in self.rules.counting_rules}
        self._tallied.update(rule.id for rule, _ in moved - counting)
        return counting

    def moved_counts(self) -> Iterator[tuple[StoreKey, Document]]:
        """
        Yield the documents of the shared counters that changed in a turn.

        Unlike `compare_counts`, it does not compare all rules.
        """
        rules, evicted = self.rules, self.rules.shared.keys.evicted
        stored: set[Rule[Any]] = set()
        for rule, key in self._forget_moved():
            if rule not in stored:
                stored.add(rule)
                yield self._stored(rule)
            if key and _is_storable(key):
                counts = rules.shared.keys.get(rule.owner, key)
                if counts is not None:
                    state = (counts.seen, counts.fired, counts.drawn)
                    self._keys.setdefault(rule.id, {})[key] = state
                    yield self._key_path(rule.id, key), counts.stored
        if evicted:
            ids = {rule.owner: rule.id for rule in rules}
            for owner, key in evicted:
                if self._keys.get(ids.get(owner, ""), {}).pop(key, None) is not None:
                    yield self._key_path(ids[owner], key), None
            evicted.clear()
        self._unconfirmed |= stored

    def confirm(self) -> None:
        """Update what depends on the counts of the last turn: they are stored."""
        unconfirmed, self._unconfirmed = self._unconfirmed, set()
        for rule in unconfirmed:
            self.rules.recount(rule)

    def adopt(self, kind: Kind, path: str, document: Document) -> None:
        """
        Apply the counters that another replica stored.

        :param kind: `Kind.COUNTS` or `Kind.KEY`
        :param path: the key of the document without the name of the list and its slash
        """
        rule_id, _, key = path.partition("/")
        rule = self._rule(rule_id)
        if rule is None:
            return
        if kind is Kind.COUNTS:
            rule.adopt(document)
            self._counts[rule_id] = rule.common[0], rule.owner
            self.rules.recount(rule)
            return
        keys, found = self.rules.shared.keys, _read_key(key)
        known = self._keys.setdefault(rule_id, {})
        if document is None:
            keys.discard(rule.owner, found)
            known.pop(found, None)
        else:
            counts = Counts.from_stored(document)
            keys.copy_from(rule.owner, found, counts)
            known[found] = counts.seen, counts.fired, counts.drawn

    def _rule(self, rule_id: str) -> Rule[Any] | None:
        """Return the rule with this id, or None."""
        if self._version is not self.rules.points:
            # Each change of the list replaces this set.
            self._version = self.rules.points
            self._by_id = {rule.id: rule for rule in self.rules}
        return self._by_id.get(rule_id)

    def tallies(self) -> Iterator[Tally]:
        """Yield what was added to the counters that are not shared since last time."""
        moved = self.rules.shared.moved
        if moved:
            self.rules.shared.moved = self._forget_moved()
        tallied, self._tallied = self._tallied, set()
        for rule_id in tallied:
            rule = self._rule(rule_id)
            if rule is None:
                continue
            seen, fired = rule.seen - rule.common[0], rule.fired - rule.common[1]
            rule.common = rule.seen, rule.fired
            self._counts.setdefault(rule_id, (0, rule.owner))
            if seen:
                yield Tally(self._path(rule_id), seen, fired, rule.last_fired)

    def add_tally(self, tally: Tally, rule_id: str) -> None:
        """Add what another replica counted to the counters of a rule."""
        rule = self._rule(rule_id)
        if rule is None:
            return
        rule.seen += tally.seen
        rule.fired += tally.fired
        rule.common = rule.common[0] + tally.seen, rule.common[1] + tally.fired
        if tally.last_fired is not None:
            rule.last_fired = max(rule.last_fired or 0.0, tally.last_fired)
        self._counts.setdefault(rule_id, (0, rule.owner))

    def restore_counts(self, state: State) -> None:
        """Replace the counters of the rules that depend on them by the stored ones."""
        counts = state.get(Kind.COUNTS, {})
        keys = self.rules.shared.keys
        self._forget_moved()
        self._unconfirmed.clear()
        owners = set()
        for rule in self.rules:
            if rule.behavior.is_counting:
                owners.add(rule.owner)
                if rule in self.rules.counting_rules:
                    rule.common = rule.seen, rule.fired
                rule.adopt(counts.get(self._path(rule.id)))
        self.rules.update_counting()
        for owner, key, _ in [*keys.items()]:
            if owner in owners and _is_storable(key):
                keys.discard(owner, key)
        self._restore_keys(state.get(Kind.KEY, {}))
        keyed = {one.owner: one for one in self.rules if one.is_keyed}
        for _ in (*self.compare_counts(), *self._compare_keys(keyed)):
            pass  # Records the current values as stored.

    def _compare_keys(
        self, keyed: Mapping[object, Rule[Any]]
    ) -> Iterator[tuple[StoreKey, Document]]:
        """Yield the documents of the changed counters of keys that can be stored."""
        found: dict[str, dict[Key, tuple[int, int, int]]] = {}
        for owner, key, counts in self.rules.shared.keys.items():
            rule = keyed.get(owner)
            if rule is None or not _is_storable(key):
                continue
            state = (counts.seen, counts.fired, counts.drawn)
            found.setdefault(rule.id, {})[key] = state
            if self._keys.get(rule.id, {}).get(key) != state:
                yield self._key_path(rule.id, key), counts.stored
        for rule in keyed.values():
            now = found.get(rule.id, {})
            for key in self._keys.get(rule.id, {}).keys() - now.keys():
                yield self._key_path(rule.id, key), None
            self._keys[rule.id] = now

    def restore(self, state: State, has_ended: bool = False) -> int:
        """
        Replace the behaviors and counters by the stored ones.

        :param has_ended: whether to leave out the behaviors that are not persistent
        :return: the number of behaviors
        """
        documents = state.get(Kind.BEHAVIOR, {})
        order = state.get(Kind.BEHAVIORS, {}).get(self.name, [])
        found = {
            one: _read_behavior(self.name, documents[self._path(one)]) for one in order
        }
        ended = [
            one
            for one, (behavior, _) in found.items()
            if has_ended and not behavior.persistent
        ]
        if self._is_shared:
            kept = [one for one in order if one not in ended]
            self.rules.follow(kept, found, set())
        else:
            self.rules.replace_all(behavior for behavior, _ in found.values())
        counts = state.get(Kind.COUNTS, {})
        for rule in self.rules:
            stored = counts.get(self._path(rule.id))
            if stored is not None:
                rule.restore(stored)
        if self._is_shared:
            self.rules.update_counting()
        self._restore_keys(state.get(Kind.KEY, {}))
        for _ in (*self.compare(), *self.compare_counts()):
            pass  # Records the current values as stored.
        if ended:
            # They are still stored, as far as this process knows.
            self._order = list(order)
            self._behaviors.update(dict.fromkeys(ended))
            for rule_id, key, _ in _keys_of(self.name, state.get(Kind.KEY, {}).items()):
                if rule_id in ended:
                    self._keys.setdefault(rule_id, {})[key] = (0, 0, 0)
        return len(self.rules)

    def apply(self, changes: ListChanges) -> None:
        """Apply the changes that another replica stored, and record them as stored."""
        order = self._order if changes.order is None else changes.order
        if changes.order is not None or changes.behaviors:
            given = changes.behaviors
            self.rules.follow(order, given, given.keys() - changes.replaced)
            self._are_known()

    def differing(self, state: State) -> ListChanges:
        """Return the changes from the current to the stored list."""
        documents = state.get(Kind.BEHAVIOR, _EMPTY)
        order = state.get(Kind.BEHAVIORS, _EMPTY).get(self.name) or []
        found = ListChanges(order)
        now = {rule.id: rule for rule in self.rules}
        for rule_id in order:
            rule, document = now.get(rule_id), documents.get(self._path(rule_id))
            if rule is None or self._document(rule) != document:
                found.behaviors[rule_id] = _read_behavior(self.name, document)
        return found

    def _restore_keys(self, stored: Mapping[str, Document]) -> None:
        rules = {rule.id: rule for rule in self.rules}
        found: list[tuple[float, Rule[Any], Key, Document]] = []
        for rule_id, key, counts in _keys_of(self.name, stored.items()):
            if rule_id in rules:
                first = Counts.from_stored(counts).first
                found.append((first, rules[rule_id], key, counts))
        # The oldest keys first: the limit removes the first ones.
        found.sort(key=lambda one: one[0])
        for _, rule, found_key, counts in found:
            rule.restore_key(found_key, counts)

    def _path(self, rule_id: str) -> str:
        return f"{self.name}/{rule_id}"

    def _key_path(self, rule_id: str, key: Key) -> StoreKey:
        return Kind.KEY, f"{self._path(rule_id)}/{_write_key(key)}"

    def forget(self) -> Iterator[tuple[StoreKey, Document]]:
        """Yield the removal of all documents of the list, whose host was removed."""
        yield (Kind.BEHAVIORS, self.name), None
        for rule_id in self._behaviors:
            yield (Kind.BEHAVIOR, self._path(rule_id)), None
            yield (Kind.COUNTS, self._path(rule_id)), None
            for key in self._keys.get(rule_id, {}):
                yield self._key_path(rule_id, key), None


def _read_behavior(name: str, document: Document) -> tuple[Any, int]:
    """Read a behavior of the list with this name, and the ordinal of its rule."""
    fields = dict(document)
    ordinal = fields.pop(_ORDINAL, 0)
    protocol: Any = DNS if name == DNS_NAME else SMTP
    return protocol.parse_one(fields), ordinal


def _keys_of(
    name: str, stored: Iterable[tuple[str, Document]]
) -> Iterator[tuple[str, Key, Document]]:
    """Yield the id of the behavior, the key and the document of each key of a list."""
    prefix = f"{name}/"
    for path, counts in stored:
        if path.startswith(prefix):
            rule_id, _, key = path[len(prefix) :].partition("/")
            yield rule_id, _read_key(key), counts


def _is_storable(key: Key) -> bool:
    """Return whether a key is meaningful in another process, as addresses are."""
    return all(isinstance(part, bytes | str | tuple) for part in key)


def _write_key(key: Key) -> str:
    return orjson.dumps([_write_part(part) for part in key]).decode()


def _write_part(part: Any) -> Any:
    if isinstance(part, tuple):
        return [one.decode("latin-1") for one in part]
    return part.decode("latin-1") if isinstance(part, bytes) else {"digest": part}


def _read_key(text: str) -> Key:
    return tuple(map(_read_part, orjson.loads(text)))


def _read_part(part: Any) -> Any:
    if isinstance(part, list):
        return tuple(one.encode("latin-1") for one in part)
    return part.encode("latin-1") if isinstance(part, str) else part["digest"]


class MockState:
    """
    The state of a mock, compared with its stored documents.

    :param mock: the mock
    :param configured: the names of the hosts of the configuration
    """

    log = Logger()

    def __init__(self, mock: Mock, configured: Iterable[str] = ()) -> None:
        self._mock = mock
        self._configured = frozenset(configured)
        self._hosts = _Stored(Kind.HOST)
        self._extensions = _Stored(Kind.EXTENSIONS)
        self._scenarios = _Stored(Kind.SCENARIOS)
        self._policies = _Stored(Kind.POLICY)
        self._service = _Stored(Kind.SERVICE)
        self._records = _Records()
        self._behaviors: dict[str, BehaviorsState] = {}
        self._is_shared = False
        self._start: dict[StoreKey, Document] = {}

    def _lists(self) -> Iterator[BehaviorsState]:
        lists: Iterable[tuple[str, _ListRules]] = (
            (DNS_NAME, self._mock.dns_behaviors),
            *((h.name, h.behaviors) for h in self._mock.hosts.values()),
        )
        for name, rules in lists:
            yield self._list(name, rules)

    def _list(self, name: str, rules: _ListRules) -> BehaviorsState:
        known = self._behaviors.get(name)
        if known is None or known.rules is not rules:
            known = self._behaviors[name] = BehaviorsState(name, rules)
        return known

    def share(self, turns: Turns) -> None:
        """
        Share all behaviors and their counts with other replicas.

        :param turns: decides the inputs that change shared counts
        """
        self._is_shared = True
        for each in self._lists():
            each.rules.share(turns)

        def add(host: MailHost) -> None:
            if host.behaviors.turns is None:
                host.behaviors.share(turns)
            self._list(host.name, host.behaviors)

        self._mock.watch(add)

    def settle_hosts(self) -> None:
        """Record the current hosts as stored."""
        for host in self._mock.hosts.values():
            self._hosts.known(host.name, _settings(host))
            self._extensions.known(host.name, host.extensions)
            self._scenarios.known(host.name, host.scenarios.states())

    def record_start(self) -> None:
        """Record the hosts of the configuration, which are not stored."""
        self._start = {(Kind.SERVICE, _UNSET): self._mock.is_unset}
        for host in self._mock.hosts.values():
            self._start[Kind.HOST, host.name] = self._host_document(host)
            self._start[Kind.EXTENSIONS, host.name] = [*host.extensions]

    def _host_document(self, host: MailHost) -> Document:
        document = host_to_store(host)
        if self._is_shared:
            del document["listeners"]
        return document

    def changes(self) -> Changes:
        """Return the documents of everything that changed, without counters."""
        mock = self._mock
        hosts = mock.hosts
        found: Changes = {}
        settings = {host.name: _settings(host) for host in hosts.values()}
        found.update(
            self._hosts.compare(
                settings, lambda name, _: self._host_document(hosts[name]), _equals
            )
        )
        if self._is_shared:
            for name in self._configured - hosts.keys():
                if (Kind.HOST, name) in found:
                    found[Kind.HOST, name] = REMOVED
        extensions = {host.name: host.extensions for host in hosts.values()}
        found.update(
            self._extensions.compare(extensions, lambda _, lines: [*lines], _equals)
        )
        policies = mock.policies
        found.update(
            self._policies.compare(policies, lambda _, one: POLICY.write(one), _is)
        )
        found.update(self._records.compare(mock.zone))
        for each in self._lists():
            found.update(each.compare())
        for name in self._behaviors.keys() - {DNS_NAME, *hosts}:
            found.update(self._behaviors.pop(name).forget())
        if self._is_shared:
            service = {_UNSET: mock.is_unset, _ORDER: [*mock.hosts]}
            found.update(self._service.compare(service, lambda _, one: one, _equals))
        else:
            found.update(self._scenario_changes())
        return found

    def _scenario_changes(self) -> Iterator[tuple[StoreKey, Document]]:
        states = {h.name: h.scenarios.states() for h in self._mock.hosts.values()}
        return self._scenarios.compare(states, lambda _, one: one or None, _equals)

    def work(self, changes: Sequence[tuple[StoreKey, Document]]) -> int:
        """Return the number of records and behaviors that the changes concern."""
        kinds = [kind for (kind, _), _ in changes]
        count = kinds.count(Kind.RECORD)
        if count:
            count += len(self._mock.zone)
        return count + kinds.count(Kind.BEHAVIOR)

    def read_in_steps(
        self, changes: Iterable[tuple[StoreKey, Document]]
    ) -> Steps[ReadChanges]:
        """Read the changes that another replica stored, in steps."""
        records: dict[str, Document] = {}
        behaviors: dict[str, tuple[Any, int]] = {}
        for (kind, name), document in changes:
            if kind is Kind.RECORD:
                records[name] = document
            elif kind is Kind.BEHAVIOR and document is not None:
                behaviors[name] = _read_behavior(name.partition("/")[0], document)
                yield
        zone = None
        if records:
            zone = yield from self._records.apply_in_steps(records, self._mock.zone)
        return ReadChanges(zone, behaviors)

    def apply(
        self,
        changes: Iterable[tuple[StoreKey, Document]],
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
                for name, document in found.get(Kind.HOST, _EMPTY).items()
            ]
            self._apply_settings(found)
            if read.zone is not None:
                self._mock.zone = read.zone
            lists = self._list_changes(found, read.behaviors)
            for each in self._lists():
                if each.name in lists:
                    each.apply(lists[each.name])
            for kind in (Kind.COUNTS, Kind.KEY, Kind.SCENARIOS):
                counts = found.get(kind, _EMPTY).items()
                self.apply_counts(((kind, name), one) for name, one in counts)
        return [one for one in waiting if one is not None]

    def _apply_host(
        self, name: str, document: Document, hosts: FollowedHosts
    ) -> Deferred[Any] | None:
        host = self._mock.hosts.get(name)
        if document is None or document is REMOVED:
            self._hosts.forget(name)
            self._extensions.forget(name)
            self._scenarios.forget(name)
            self._behaviors.pop(name, None)
            if host is None:
                return None
            done = Deferred.fromCoroutine(hosts.remove(host, keeps_mails=True))
            return done.addErrback(self._not_applied, name)
        description = host_from_store(name, document, self._mock)
        if host is not None:
            description = attrs.evolve(description, listeners=host.listens)
            change: Any = hosts.change(host, description)
        else:
            change = hosts.create(attrs.evolve(description, listeners=None))
        done = Deferred.fromCoroutine(change).addErrback(self._not_applied, name)
        if name in self._mock.hosts:
            self._hosts.known(name, _settings(self._mock.hosts[name]))
        if host is None:
            self._extensions.known(name, ())
            self._scenarios.known(name, {})
        return done

    def _not_applied(self, failure: Failure, name: str) -> None:
        self.log.error(
            "The host {name} is not as the other replicas have it: {error}",
            name=name,
            error=failure.value,
        )

    def _apply_settings(self, found: Mapping[Kind, Mapping[str, Document]]) -> None:
        mock = self._mock
        for name, document in found.get(Kind.EXTENSIONS, _EMPTY).items():
            host = mock.hosts.get(name)
            if host is not None:
                host.extensions = tuple(document or ())
                self._extensions.known(name, host.extensions)
        policies = dict(mock.policies)
        for name, document in found.get(Kind.POLICY, _EMPTY).items():
            if document is None:
                policies.pop(name, None)
                self._policies.forget(name)
            else:
                policies[name] = parse(POLICY, document)
                self._policies.known(name, policies[name])
        if Kind.POLICY in found:
            mock.policies = policies
        if _UNSET in found.get(Kind.SERVICE, _EMPTY):
            mock.is_unset = bool(found[Kind.SERVICE][_UNSET])
            self._service.known(_UNSET, mock.is_unset)
        self.restore_order({Kind.SERVICE: found.get(Kind.SERVICE, _EMPTY)})

    def restore_order(self, state: State) -> None:
        """Put the hosts in the stored order, which only replicas store."""
        order = state.get(Kind.SERVICE, _EMPTY).get(_ORDER)
        if order is not None:
            self._mock.arrange_hosts(order)
            self._service.known(_ORDER, [*self._mock.hosts])

    def _list_changes(
        self,
        found: Mapping[Kind, Mapping[str, Document]],
        behaviors: Mapping[str, tuple[Any, int]],
    ) -> dict[str, ListChanges]:
        lists: dict[str, ListChanges] = defaultdict(ListChanges)
        for name, order in found.get(Kind.BEHAVIORS, _EMPTY).items():
            lists[name].order = order or []
        for path, behavior in behaviors.items():
            name, _, rule_id = path.partition("/")
            lists[name].behaviors[rule_id] = behavior
        for path, document in found.get(Kind.COUNTS, _EMPTY).items():
            if document is None and path in behaviors:
                name, _, rule_id = path.partition("/")
                lists[name].replaced.add(rule_id)
        return lists

    def replace(self, state: State, hosts: FollowedHosts) -> list[Deferred[Any]]:
        """Replace the state by the stored one; for the result see `apply`."""
        found = self._differing_hosts(state)
        for kind, known in (
            (Kind.EXTENSIONS, self._extensions),
            (Kind.POLICY, self._policies),
            (Kind.SERVICE, self._service),
        ):
            stored = state.get(kind, _EMPTY)
            for name in {*known, *stored}:
                found[kind, name] = stored.get(name, self._start.get((kind, name)))
        found.update(self._records.differing(state.get(Kind.RECORD, _EMPTY)))
        waiting = self.apply(found.items(), hosts)
        with self._mock.following():
            for each in self._lists():
                each.apply(each.differing(state))
            self.restore_counts(state)
        return waiting

    def _differing_hosts(self, state: State) -> Changes:
        found: Changes = {}
        stored = {
            name: doc for (kind, name), doc in self._start.items() if kind is Kind.HOST
        }
        stored.update(state.get(Kind.HOST, _EMPTY))
        for name, host in self._mock.hosts.items():
            document = stored.pop(name, None)
            if document != self._host_document(host):
                found[Kind.HOST, name] = document
        for name, document in stored.items():
            if document is not REMOVED:
                found[Kind.HOST, name] = document
        return found

    def counts(self) -> Changes:
        """
        Return the documents of all changed counters.

        With replicas it includes scenarios, which change in the same turns.
        """
        found: Changes = {}
        for each in self._lists():
            found.update(each.compare_counts())
        if self._is_shared:
            found.update(self._scenario_changes())
            for host in self._mock.hosts.values():
                host.scenarios.has_moved = False
        return found

    def moved_counts(self) -> Changes:
        """Return the documents of the shared counts and scenarios that changed."""
        found: Changes = {}
        for each in self._behaviors.values():
            if each.rules.shared.moved:
                found.update(each.moved_counts())
        for host in self._mock.hosts.values():
            if host.scenarios.has_moved:
                host.scenarios.has_moved = False
                states = host.scenarios.states()
                self._scenarios.known(host.name, states)
                found[Kind.SCENARIOS, host.name] = states or None
        return found

    def confirm_counts(self) -> None:
        """Update what depends on the counts of the last turn: they are stored."""
        for each in self._behaviors.values():
            each.confirm()

    def apply_counts(self, counts: Iterable[tuple[StoreKey, Document]]) -> None:
        """Apply the shared counts and scenarios that other replicas changed."""
        for (kind, name), document in counts:
            if kind is Kind.SCENARIOS:
                self._adopt_scenarios(name, document)
                continue
            listed, _, path = name.partition("/")
            if listed in self._behaviors:
                self._behaviors[listed].adopt(kind, path, document)

    def _adopt_scenarios(self, name: str, document: Document) -> None:
        host = self._mock.hosts.get(name)
        if host is not None:
            host.scenarios.clear()
            host.scenarios.set(document or {})
            host.scenarios.has_moved = False
            self._scenarios.known(name, host.scenarios.states())

    def restore_counts(self, state: State) -> None:
        """Replace the shared counts and scenarios by the stored ones."""
        for each in self._lists():
            each.restore_counts(state)
        stored = state.get(Kind.SCENARIOS, {})
        for name in self._mock.hosts:
            self._adopt_scenarios(name, stored.get(name))

    def tallies(self) -> list[Tally]:
        """Return what was added to the counters that are not shared since last time."""
        return [one for each in self._lists() for one in each.tallies()]

    def add_tallies(self, tallies: Iterable[Tally]) -> None:
        """Add what other replicas counted."""
        for tally in tallies:
            listed, _, rule_id = tally.path.partition("/")
            if listed in self._behaviors:
                self._behaviors[listed].add_tally(tally, rule_id)

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
        stored = state.get(Kind.RECORD, {})
        mock, records = self._mock, self._records
        named = {(r.name, r.listed_type) for r in mock.zone.records}
        found = {
            place: parse_record(document) for place, document in sorted(stored.items())
        }
        kept = {
            place: record
            for place, record in found.items()
            if (record.name, record.listed_type) not in named
        }
        if found:
            own = [attrs.evolve(record, id="") for record in mock.zone.records]
            mock.zone = Zone([*kept.values(), *own])
        zone = {record.id: record for record in mock.zone.records}
        for place, record in found.items():
            current = zone.get(record.id)
            if current is record:
                records.places[record.id] = place, record
            else:
                records.places[f"gone {place}"] = place, record
            records.last = int(place)
        return len(kept)

    def restore_policies(self, state: State) -> int:
        """Add the stored policies, except those of domains in the configuration."""
        stored = state.get(Kind.POLICY, {})
        policies = {name: parse(POLICY, document) for name, document in stored.items()}
        self._mock.policies = policies | self._mock.policies
        for name, policy in policies.items():
            if self._mock.policies[name] is policy:
                self._policies.known(name, policy)
        return len(policies)

    def restore_host(self, host: MailHost, state: State, named: bool) -> None:
        """
        Set the stored extensions and scenarios of a host.

        :param named: whether the configuration sets its extensions
        """
        lines = state.get(Kind.EXTENSIONS, {}).get(host.name)
        if lines is not None and not named:
            host.extensions = tuple(lines)
        host.scenarios.set(state.get(Kind.SCENARIOS, {}).get(host.name, {}))


def _settings(host: MailHost) -> tuple[Any, ...]:
    return (
        *(host.hostname, host.limits, host.capabilities, host.tls, host.auth),
        *(host.dns, host.listens, host.seed),
    )
