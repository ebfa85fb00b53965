"""The parts of a mock's state, each alone: what it stores, applies and restores"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.hosts.host import Description, MailHost
from mocksmtp.hosts.listeners import Disconnect
from mocksmtp.hosts.policies import parse_policies
from mocksmtp.mock import Mock
from mocksmtp.persistence import state
from mocksmtp.persistence.behaviors import BehaviorsState
from mocksmtp.persistence.comparing import StoredValues, are_equal
from mocksmtp.persistence.counts import CountsState
from mocksmtp.persistence.hosts import REMOVED, HostsState, host_to_store
from mocksmtp.persistence.lists import StoredList, is_storable, read_key, write_key
from mocksmtp.persistence.records import RecordsState
from mocksmtp.persistence.resources import (
    Extensions,
    NamedResource,
    Policies,
    ServiceState,
)
from mocksmtp.persistence.scenarios import ScenarioStates
from mocksmtp.persistence.state import MockState
from mocksmtp.steps import finish
from mocksmtp.store.interface import Document, Kind
from mocksmtp.zone.records import parse_records
from mocksmtp.zone.zone import Zone
from tests.behaviors.attempts import FakeAttempt


def new_mock(*names: str) -> Mock:
    """A mock with the default host and further ones."""
    mock = Mock(MailHost("default", "mx.test"), Zone())
    for name in names:
        mock.add(mock.new_host(Description(name, f"{name}.test")))
    return mock


def zone_of(*names: str) -> Zone:
    """A zone with an address for each name, which is its id too."""
    address = {"type": "A", "address": "192.0.2.1"}
    return Zone(
        parse_records([{"name": name, "id": name, **address} for name in names])
    )


class NoHosts:
    """Changes hosts in the mock only."""

    def __init__(self, mock: Mock) -> None:
        self.mock = mock

    async def create(self, description: Description) -> MailHost:
        host = self.mock.new_host(description)
        self.mock.add(host)
        return host

    async def change(self, host: MailHost, description: Description) -> None:
        host.describe(description)

    async def remove(self, host: MailHost, keeps_mails: bool = False) -> None:
        self.mock.remove(host.name, keeps_mails)

    def disconnect(
        self, hosts: Iterable[MailHost], how: Disconnect
    ) -> tuple[int, Deferred[Any]]:
        raise AssertionError


class StoredValuesTests(SynchronousTestCase):
    """`comparing`"""

    def test_changes(self) -> None:
        """New, changed and removed values, each once."""
        stored = StoredValues(Kind.POLICY)

        def compare(**values: Any) -> dict[Any, Document]:
            return dict(stored.compare(values, lambda _, one: [one], are_equal))

        key_a, key_b = (Kind.POLICY, "a"), (Kind.POLICY, "b")
        self.assertEqual(compare(a=1, b=2), {key_a: [1], key_b: [2]})
        self.assertEqual(compare(a=1, b=3), {key_b: [3]})
        self.assertEqual(compare(a=1), {key_b: None})
        stored.known("a", 5)
        self.assertEqual(compare(a=5), {})
        stored.forget("a")
        self.assertEqual([*stored], [])


class HostsStateTests(SynchronousTestCase):
    """`hosts`"""

    def test_changes(self) -> None:
        """A new host; with replicas, without its listeners; a removed one."""
        mock = new_mock()
        hosts = HostsState(mock, ["mx9"])
        hosts.settle()
        self.assertEqual(hosts.changes(), {})
        mock.add(mock.new_host(Description("mx2", "mx2.test")))
        ((key, document),) = hosts.changes().items()
        self.assertEqual(key, (Kind.HOST, "mx2"))
        self.assertIn("listeners", document)
        hosts.is_shared = True
        mock.hosts["mx2"].describe(Description("mx2", "other.test"))
        self.assertNotIn("listeners", hosts.changes()[key])
        mock.remove("mx2")
        self.assertEqual(hosts.changes(), {key: None})

    def test_a_removed_host_of_the_configuration(self) -> None:
        """With replicas a document says so, since others have it configured."""
        mock = new_mock("mx2")
        hosts = HostsState(mock, ["mx2"])
        hosts.is_shared = True
        hosts.settle()
        mock.remove("mx2")
        self.assertEqual(hosts.changes(), {(Kind.HOST, "mx2"): REMOVED})

    def test_documents_of_others(self) -> None:
        """They are applied, and not stored again."""
        one, two = new_mock("mx2"), new_mock()
        hosts = HostsState(two)
        hosts.is_shared = True
        hosts.settle()
        document = host_to_store(one.hosts["mx2"])
        for given in (document, {**document, "hostname": "new.test"}):
            hosts.apply("mx2", given, NoHosts(two))
            self.assertEqual(two.hosts["mx2"].hostname, given["hostname"])
            self.assertEqual(hosts.changes(), {})
        hosts.apply("mx2", None, NoHosts(two))
        self.assertNotIn("mx2", two.hosts)
        self.assertEqual(hosts.changes(), {})
        self.assertIsNone(hosts.apply("mx2", REMOVED, NoHosts(two)))

    def test_differences(self) -> None:
        """From the stored hosts, or else those of the configuration."""
        mock = new_mock("mx2")
        hosts = HostsState(mock)
        hosts.record_start()
        self.assertEqual(hosts.differing({}), {})
        mock.add(mock.new_host(Description("mx3", "mx3.test")))
        stored = {"mx2": REMOVED, "mx4": {"hostname": "mx4.test"}}
        expected = {"mx2": REMOVED, "mx3": None, "mx4": stored["mx4"]}
        found = {name: one for (_, name), one in hosts.differing(stored).items()}
        self.assertEqual(found, expected)


class RecordsStateTests(SynchronousTestCase):
    """`records`"""

    def test_places(self) -> None:
        """The names of the documents ascend in the order of the zone."""
        records = RecordsState()
        first = dict(records.compare(zone_of("a", "b")))
        self.assertEqual([int(place) for _, place in first], [1, 2])
        kept = records.zone
        assert kept is not None
        self.assertEqual([*records.compare(kept)], [])
        added = Zone([*kept.records, *zone_of("c").records])
        ((key, document),) = records.compare(added)
        self.assertEqual((int(key[1]), document["name"]), (3, "c"))
        moved = dict(records.compare(Zone([*added.records[1:], added.records[0]])))
        self.assertEqual([int(place) for _, place in moved], [4, 1])
        self.assertIsNone(moved[Kind.RECORD, f"{1:012}"])

    def test_documents_of_others(self) -> None:
        """The zone has the same records in the same order, and nothing differs."""
        one, two = RecordsState(), RecordsState()
        zone = zone_of("a", "b")
        changes = {place: one for (_, place), one in one.compare(zone)}
        made = finish(two.apply_in_steps(changes, Zone()))
        self.assertEqual([str(record.name) for record in made.records], ["a", "b"])
        self.assertEqual([*two.compare(made)], [])
        self.assertEqual(two.differing(changes), {})
        gone = {**changes, f"{1:012}": None}
        made = finish(two.apply_in_steps(gone, made))
        self.assertEqual([str(record.name) for record in made.records], ["b"])

    def test_the_start(self) -> None:
        """Records of the configuration replace stored ones with their name and type."""
        stored = {
            place: one for (_, place), one in RecordsState().compare(zone_of("a", "b"))
        }
        records = RecordsState()
        made, number = records.restore(stored, zone_of("b"))
        self.assertEqual((number, len(made.records)), (1, 2))
        removed = [one for _, one in records.compare(made) if one is None]
        self.assertEqual(len(removed), 1)


class ResourceTests(SynchronousTestCase):
    """`resources` and `scenarios`"""

    def test_policies(self) -> None:
        """Stored, applied by another replica, and restored at the start."""
        mock, other = new_mock(), new_mock()
        policies = Policies(mock)
        mock.policies = {
            one.domain: one for one in parse_policies({"domain": "x.test"})
        }
        documents = {name: one for (_, name), one in policies.changes()}
        self.assertEqual([*policies.changes()], [])
        followed = Policies(other)
        followed.apply(documents)
        self.assertEqual(other.policies, mock.policies)
        self.assertEqual([*followed.changes()], [])
        self.assertEqual(followed.differing({}), {(Kind.POLICY, "x.test"): None})
        followed.apply({"x.test": None})
        self.assertEqual(other.policies, {})
        self.assertEqual(Policies(other).restore(documents), 1)
        self.assertEqual(other.policies, mock.policies)

    def test_extensions(self) -> None:
        """Those of the configuration return if the stored ones are removed."""
        mock = new_mock()
        mock.default.extensions = ("X-A",)
        extensions = Extensions(mock)
        extensions.settle()
        extensions.record_start()
        self.assertEqual([*extensions.changes()], [])
        extensions.apply({"default": ["X-B"], "unknown": ["X-C"]})
        self.assertEqual(mock.default.extensions, ("X-B",))
        key = Kind.EXTENSIONS, "default"
        self.assertEqual(extensions.differing({}), {key: ["X-A"]})

    def test_hosts_of_others(self) -> None:
        """A new host has no lines and no states to be stored."""
        for kind in (Extensions, ScenarioStates):
            mock = new_mock()
            resource = kind(mock)
            resource.settle()
            mock.add(mock.new_host(Description("mx2", "mx2.test")))
            resource.host_added("mx2")
            self.assertEqual([*resource.changes()], [])
            mock.remove("mx2")
            resource.host_removed("mx2")
            self.assertEqual([*resource.changes()], [])

    def test_the_order_of_hosts(self) -> None:
        """It is applied to the mock, and not stored again."""
        mock = new_mock("mx2", "mx3")
        service = ServiceState(mock)
        service.apply({"hostOrder": ["default", "mx3", "mx2"], "unset": False})
        self.assertEqual([*mock.hosts], ["default", "mx3", "mx2"])
        self.assertFalse(mock.is_unset)
        self.assertEqual([*service.changes()], [])

    def test_scenarios(self) -> None:
        """Those that behaviors moved are stored alone, each once."""
        mock = new_mock("mx2")
        states = ScenarioStates(mock)
        states.settle()
        mock.default.scenarios.set({"outage": "down"})
        moved = [((Kind.SCENARIOS, "default"), {"outage": "down"})]
        self.assertEqual([*states.moved()], moved)
        self.assertEqual([*states.moved()], [])
        self.assertEqual([*states.all_changes()], [])
        states.restore_all({"mx2": {"outage": "up"}})
        self.assertEqual(mock.default.scenarios.states(), {})
        self.assertEqual(mock.hosts["mx2"].scenarios.states(), {"outage": "up"})
        self.assertEqual([*states.changes()], [])


class Notes(NamedResource):
    """A kind of documents that a test adds."""

    kind = Kind.SESSION
    nouns = "note", "notes"

    def values(self) -> Mapping[str, Any]:
        return vars(self._mock).setdefault("notes", {})

    def write(self, value: Any) -> Document:
        return {"text": value}

    def read(self, document: Document) -> Any:
        return document["text"]

    def set(self, values: dict[str, Any]) -> None:
        vars(self._mock)["notes"] = values


class AddedKindTests(SynchronousTestCase):
    def test_an_added_kind(self) -> None:
        """Its class in `RESOURCES` has it stored, followed and restored."""
        self.patch(state, "RESOURCES", (*state.RESOURCES, Notes))
        mocks = [new_mock() for _ in range(3)]
        one, two, three = map(MockState, mocks)
        Notes(mocks[0]).set({"a": "first"})
        changes = one.changes()
        self.assertEqual(changes[Kind.SESSION, "a"], {"text": "first"})
        two.apply([((Kind.SESSION, "a"), {"text": "first"})], NoHosts(mocks[1]))
        self.assertEqual(Notes(mocks[1]).values(), {"a": "first"})
        self.assertNotIn((Kind.SESSION, "a"), two.changes())
        two.replace({}, NoHosts(mocks[1]))
        self.assertEqual(Notes(mocks[1]).values(), {})
        stored = {Kind.SESSION: {"a": {"text": "first"}}}
        self.assertIn((("note", "notes"), 1), three.restore_named(stored))
        self.assertEqual(Notes(mocks[2]).values(), {"a": "first"})


class ListTests(SynchronousTestCase):
    """`lists`, `behaviors` and `counts`"""

    def setUp(self) -> None:
        self.rules = MailHost("default", "mx.test").behaviors

    def behave(self, **fields: Any) -> None:
        document = {"command": "RCPT TO", "response": {"code": 450}, "id": "7"}
        self.rules.replace_all(SMTP.parse_all([{**document, **fields}]))

    def decide(self) -> None:
        self.rules.decide(Command.RCPT_TO, b"bob@x.test", FakeAttempt())

    def test_keys(self) -> None:
        """They are the same after they were text, if they mean anything elsewhere."""
        for key in ((b"bob@x.test", (b"\xff", b"b")), ("#digest",), ()):
            self.assertEqual(read_key(write_key(key)), key)
            self.assertTrue(is_storable(key))
        self.assertFalse(is_storable((object(),)))

    def test_names_of_documents(self) -> None:
        """The keys of a list are found among those of all lists."""
        listed = StoredList("default", self.rules)
        _, name = listed.key_path("7", (b"x",))
        self.assertEqual((listed.path("7"), name), ("default/7", 'default/7/["x"]'))
        stored = {name: [1], 'default2/7/["x"]': [2]}
        self.assertEqual([*listed.keys_in(stored.items())], [("7", (b"x",), [1])])

    def test_rules_by_id(self) -> None:
        """Those of the current list, also after it was replaced."""
        listed = StoredList("default", self.rules)
        self.assertIsNone(listed.rule("7"))
        self.behave()
        self.assertEqual(listed.stored_rules(), [])
        self.behave(persistent=True)
        self.assertEqual(listed.stored_rules(), [*self.rules])
        self.assertIs(listed.rule("7"), self.rules.get("7"))

    def test_behaviors(self) -> None:
        """The list is restored as it was stored; a removed one leaves nothing."""
        behaviors = BehaviorsState("default", self.rules)
        self.behave(persistent=True)
        changes = dict(behaviors.compare())
        self.assertEqual(changes[Kind.BEHAVIORS, "default"], ["7"])
        self.assertEqual([*behaviors.compare()], [])
        found: dict[Kind, dict[str, Document]] = {}
        for (kind, name), document in changes.items():
            found.setdefault(kind, {})[name] = document
        rules = MailHost("default", "mx.test").behaviors
        restored = BehaviorsState("default", rules)
        self.assertEqual(restored.restore(found), 1)
        self.assertEqual(rules.get("7").behavior, self.rules.get("7").behavior)
        self.assertEqual([*restored.compare()], [])
        removals = dict(behaviors.forget())
        self.assertEqual({*removals.values()}, {None})
        self.assertLessEqual(changes.keys(), removals.keys())

    def test_counts(self) -> None:
        """Counters are stored when they have changed, each with its keys."""
        self.behave(persistent=True, per=["recipient"], numberOfAnswer=5)
        listed = StoredList("default", self.rules)
        counts = CountsState(listed)
        self.assertEqual([*counts.compare()], [])
        self.decide()
        kinds = [kind for (kind, _), _ in counts.compare()]
        self.assertEqual(kinds, [Kind.COUNTS, Kind.KEY])
        self.assertTrue(counts.has_stored("7"))
        self.assertEqual([*counts.compare()], [])
        ((key, document),) = counts.forget("7")
        self.assertEqual((key[0], document), (Kind.KEY, None))
        self.assertFalse(counts.has_stored("7"))
