"""What is set by the API, as documents of the store.

Nothing reports a change: after each request that may have changed something, and each
second, the state is compared with what was stored last. Lists and zones are replaced,
never changed, so that a comparison of identities finds nearly all that is the same.

Behaviors are stored if they are `persistent`; those of the configuration are made so
when they are loaded, which happens only with an empty store.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, TypeAlias

import attrs
import orjson

from mocksmtp.behaviors.counts import Counts, Key
from mocksmtp.behaviors.dns import DNS
from mocksmtp.behaviors.rule import Rule
from mocksmtp.behaviors.rules import Rules
from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.documents.document import parse
from mocksmtp.hosts.documents import Usual, host_document, parse_host, settle
from mocksmtp.hosts.host import Description, MailHost
from mocksmtp.hosts.policies import POLICY
from mocksmtp.mock import Mock
from mocksmtp.store.interface import Document, Kind, State
from mocksmtp.store.interface import Key as StoreKey
from mocksmtp.tls.settings import GivenCertificate, TlsSettings
from mocksmtp.zone.records import Record, listed_document, parse_record
from mocksmtp.zone.zone import Zone

Changes: TypeAlias = dict[StoreKey, Document]
"""Documents that are to be stored; None removes one."""

DNS_NAME = ""
"""The name of the list of behaviors of DNS."""

_FIELDS = ("url", "addresses", "ehlo", "certificate")
"""Fields of a host's document that follow from others."""


def host_to_store(host: MailHost) -> Document:
    """The document of a host with its secrets."""
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
    The settings of a host.

    :raises DocumentError: the document is not one of this version
    """
    hostname = mock.hostname if name == mock.default.name else None
    usual = Usual(limits=mock.limits, hostname=hostname)
    return settle(parse_host(document, name, usual))


class _Stored:
    """
    What was stored last of something, to be compared with what it is now.

    :param kind: the kind of its documents
    """

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._last: dict[str, Any] = {}

    def known(self, name: str, value: Any) -> None:
        """`value` needs no document, or has been stored."""
        self._last[name] = value

    def compare(
        self,
        values: Mapping[str, Any],
        write: Callable[[str, Any], Document],
        same: Callable[[Any, Any], bool],
    ) -> Iterator[tuple[StoreKey, Document]]:
        """The documents of what has changed."""
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
    """The records that were stored last; each has a place that keeps the order."""

    zone: Zone | None = None
    places: dict[str, tuple[str, Record]] = attrs.field(factory=dict)
    last: int = 0

    def compare(self, zone: Zone) -> Iterator[tuple[StoreKey, Document]]:
        """The documents of the records that have changed."""
        if zone is self.zone:
            return
        self.zone = zone
        before, self.places = self.places, {}
        for record in zone.records:
            known = before.pop(record.id, None)
            if known is None:
                self.last += 1
                place = f"{self.last:012}"
            else:
                place = known[0]
            self.places[record.id] = place, record
            if known is None or known[1] is not record:
                yield (Kind.RECORD, place), listed_document(record)
        for place, _ in before.values():
            yield (Kind.RECORD, place), None


class BehaviorsState:
    """
    The persistent behaviors of a list, with their counters.

    :param name: the name of the host, or `DNS_NAME`
    :param write: makes the document of a behavior
    """

    def __init__(
        self, name: str, rules: Rules[Any, Any, Any], write: Callable[[Any], Document]
    ) -> None:
        self.name = name
        self.rules = rules
        self._write = write
        self._order: list[str] = []
        self._behaviors: dict[str, Any] = {}
        self._counts: dict[str, tuple[int, Any]] = {}
        self._keys: dict[str, dict[Key, tuple[int, int, int]]] = {}

    def _persistent(self) -> list[Rule[Any]]:
        return [rule for rule in self.rules if rule.behavior.persistent]

    def compare(self) -> Iterator[tuple[StoreKey, Document]]:
        """The documents of the behaviors that have changed."""
        rules = self._persistent()
        order = [rule.id for rule in rules]
        if order != self._order:
            self._order = order
            yield (Kind.BEHAVIORS, self.name), order or None
        for rule in rules:
            if self._behaviors.get(rule.id) is not rule.behavior:
                document = {**self._write(rule.behavior), "id": rule.id}
                yield (Kind.BEHAVIOR, self._path(rule.id)), document
        for gone in self._behaviors.keys() - set(order):
            yield (Kind.BEHAVIOR, self._path(gone)), None
            if self._counts.pop(gone, None) is not None:
                yield (Kind.COUNTS, self._path(gone)), None
            for key in self._keys.pop(gone, {}):
                yield self._key_path(gone, key), None
        self._behaviors = {rule.id: rule.behavior for rule in rules}

    def compare_counts(self) -> Iterator[tuple[StoreKey, Document]]:
        """The documents of the counters that have moved."""
        keyed: dict[object, Rule[Any]] = {}
        for rule in self._persistent():
            last = self._counts.get(rule.id)
            state = (rule.seen, rule.owner)
            if last == state or (last is None and not rule.seen):
                continue
            self._counts[rule.id] = state
            yield (Kind.COUNTS, self._path(rule.id)), rule.stored
            if rule.is_keyed:
                keyed[rule.owner] = rule
        if keyed:
            yield from self._compare_keys(keyed)

    def _compare_keys(
        self, keyed: Mapping[object, Rule[Any]]
    ) -> Iterator[tuple[StoreKey, Document]]:
        """The counters of keys; those of a connection end with it."""
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

    def restore(self, state: State) -> int:
        """
        Have the stored behaviors and counters, and no others.

        :return: the number of behaviors
        """
        documents = state.get(Kind.BEHAVIOR, {})
        order = state.get(Kind.BEHAVIORS, {}).get(self.name, [])
        found = [documents[self._path(one)] for one in order]
        protocol = DNS if self.name == DNS_NAME else SMTP
        self.rules.replace_all(protocol.parse_all(found))
        counts = state.get(Kind.COUNTS, {})
        for rule in self.rules:
            stored = counts.get(self._path(rule.id))
            if stored is not None:
                rule.restore(stored)
        self._restore_keys(state.get(Kind.KEY, {}))
        for _ in (*self.compare(), *self.compare_counts()):
            pass  # That is what is stored.
        return len(self.rules)

    def _restore_keys(self, stored: Mapping[str, Document]) -> None:
        rules = {rule.id: rule for rule in self.rules}
        found: list[tuple[float, Rule[Any], Key, Document]] = []
        prefix = f"{self.name}/"
        for path, counts in stored.items():
            if path.startswith(prefix):
                rule_id, _, key = path[len(prefix) :].partition("/")
                if rule_id in rules:
                    first = Counts.from_stored(counts).first
                    found.append((first, rules[rule_id], _read_key(key), counts))
        # The oldest keys first: they are the first to be removed.
        found.sort(key=lambda one: one[0])
        for _, rule, found_key, counts in found:
            rule.restore_key(found_key, counts)

    def _path(self, rule_id: str) -> str:
        return f"{self.name}/{rule_id}"

    def _key_path(self, rule_id: str, key: Key) -> StoreKey:
        return Kind.KEY, f"{self._path(rule_id)}/{_write_key(key)}"

    def forget(self) -> Iterator[tuple[StoreKey, Document]]:
        """The documents to remove with the host."""
        yield (Kind.BEHAVIORS, self.name), None
        for rule_id in self._behaviors:
            yield (Kind.BEHAVIOR, self._path(rule_id)), None
            yield (Kind.COUNTS, self._path(rule_id)), None
            for key in self._keys.get(rule_id, {}):
                yield self._key_path(rule_id, key), None


def _is_storable(key: Key) -> bool:
    """Whether a key has a meaning in another process."""
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
    The state of a mock, compared with what is stored of it.

    :param mock: what is stored
    """

    def __init__(self, mock: Mock) -> None:
        self._mock = mock
        self._hosts = _Stored(Kind.HOST)
        self._extensions = _Stored(Kind.EXTENSIONS)
        self._scenarios = _Stored(Kind.SCENARIOS)
        self._policies = _Stored(Kind.POLICY)
        self._records = _Records()
        self._behaviors: dict[str, BehaviorsState] = {}

    def _lists(self) -> Iterator[BehaviorsState]:
        lists: Iterable[tuple[str, Rules[Any, Any, Any], Any]] = (
            (DNS_NAME, self._mock.dns_behaviors, DNS),
            *((h.name, h.behaviors, SMTP) for h in self._mock.hosts.values()),
        )
        for name, rules, protocol in lists:
            known = self._behaviors.get(name)
            if known is None or known.rules is not rules:
                known = BehaviorsState(name, rules, protocol.write)
                self._behaviors[name] = known
            yield known

    def settle_hosts(self) -> None:
        """The hosts are as the configuration and the store describe them."""
        for host in self._mock.hosts.values():
            self._hosts.known(host.name, _settings(host))
            self._extensions.known(host.name, host.extensions)
            self._scenarios.known(host.name, host.scenarios.states())

    def changes(self) -> Changes:
        """The documents of all that has changed, counters excepted."""
        mock = self._mock
        hosts = mock.hosts
        found: Changes = {}
        settings = {host.name: _settings(host) for host in hosts.values()}
        found.update(
            self._hosts.compare(
                settings, lambda name, _: host_to_store(hosts[name]), _equals
            )
        )
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
        found.update(self._scenario_changes())
        return found

    def _scenario_changes(self) -> Iterator[tuple[StoreKey, Document]]:
        states = {h.name: h.scenarios.states() for h in self._mock.hosts.values()}
        return self._scenarios.compare(states, lambda _, one: one or None, _equals)

    def counts(self) -> Changes:
        """The documents of all counters that have moved."""
        found: Changes = {}
        for each in self._lists():
            found.update(each.compare_counts())
        return found

    def restore_behaviors(self, state: State) -> int:
        """Replace all behaviors by the stored ones; return their number."""
        return sum(each.restore(state) for each in self._lists())

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
