"""What a replica does with the state that others have stored"""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.dns import DNS
from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.hosts.documents import parse_host, settle
from mocksmtp.hosts.host import Description, HostStart
from mocksmtp.hosts.listeners import Disconnect
from mocksmtp.hosts.policies import parse_policies
from mocksmtp.mock import Change, Mock
from mocksmtp.persistence import following
from mocksmtp.store.interface import Kind, StoreError, awaited
from mocksmtp.zone.records import listed_document, parse_records
from mocksmtp.zone.zone import Zone
from tests.store.cluster import Cluster
from tests.store.replicas import Replica, done


def behavior(**fields: Any) -> Any:
    """A behavior."""
    document = {"command": "RCPT TO", "response": {"code": 450}}
    return SMTP.parse_one(document | fields)


def records(*names: str) -> Zone:
    """A zone with an address for each name."""
    return Zone(
        parse_records(
            [{"name": name, "type": "A", "address": "192.0.2.1"} for name in names]
        )
    )


def shown(mock: Mock) -> list[Any]:
    """The records, as the API lists them."""
    return [listed_document(record) for record in mock.zone.records]


class FollowingCase(SynchronousTestCase):
    """Two replicas."""

    def setUp(self) -> None:
        self.cluster = Cluster()
        self.one = Replica(self.cluster, "one")
        self.two = Replica(self.cluster, "two")

    def create(self, name: str, **fields: Any) -> None:
        """Create a host on the first replica."""
        description = settle(parse_host({**fields, "listeners": []}, name))
        self.one.change(lambda _: done(self.one.hosts.create(description)))

    def assert_quiet(self) -> None:
        """Nothing that a replica has applied is stored again."""
        for replica in (self.one, self.two):
            saved: list[Any] = []
            patch = self.patch(replica.store, "save", saved.extend)
            replica.change(lambda _: None)
            patch.restore()
            self.assertEqual(saved, [])


class StateTests(FollowingCase):
    """Documents that another replica stores"""

    def test_hosts(self) -> None:
        """Created, changed and removed ones, with their secrets."""
        self.create("mx2", auth={"users": {"bob": "secret"}, "mechanisms": ["PLAIN"]})
        host = self.two.mock.hosts["mx2"]
        assert host.auth is not None
        self.assertEqual(host.auth.users, {"bob": "secret"})
        self.one.change(
            lambda mock: mock.hosts["mx2"].describe(Description("mx2", "other.test"))
        )
        self.assertIs(self.two.mock.hosts["mx2"], host)
        self.assertEqual((host.hostname, host.auth), ("other.test", None))
        self.assert_quiet()
        self.two.change(lambda mock: mock.remove("mx2"))
        self.assertEqual([*self.one.mock.hosts], ["default"])
        self.assert_quiet()

    def test_the_order_of_hosts(self) -> None:
        """That of their creation, also on a replica that is started later."""
        for name in ("b", "c", "a"):
            self.create(name)
        three = Replica(self.cluster, "three")
        for replica in (self.one, self.two, three):
            self.assertEqual([*replica.mock.hosts], ["default", "b", "c", "a"])
            replica.end()
        four = Replica(self.cluster, "four")
        self.assertEqual([*four.mock.hosts], ["default", "b", "c", "a"])

    def test_a_removed_host_is_gone(self) -> None:
        """The replica that removes it waits for the connections of all replicas."""
        self.create("mx2")
        self.two.hosts.gone = Deferred()

        self.one.change(lambda mock: mock.remove("mx2"))
        self.assertNotIn("mx2", self.two.mock.hosts)
        closing = Deferred.fromCoroutine(self.one.sharing.until_closed())
        self.one.clock.advance(0.1)
        self.assertNoResult(closing)
        self.two.hosts.gone.callback(None)
        self.one.clock.advance(0.5)
        self.successResultOf(closing)

    def test_connections(self) -> None:
        """The connections of a host are ended on all replicas."""
        self.two.hosts.connections = {"default": 3, "mx2": 1}
        default = self.one.mock.default
        ending = self.one.sharing.disconnect([default], Disconnect.CLOSE)
        self.assertEqual(done(ending), 3)
        self.assertEqual(self.two.hosts.connections, {"mx2": 1})
        done(self.one.sharing.until_closed())

    def test_mails_of_a_removed_host(self) -> None:
        """The replica that removes the host removes its mails, no other one does."""
        self.create("mx2")
        closed: list[str] = []
        for name, replica in (("one", self.one), ("two", self.two)):
            box = replica.mock.hosts["mx2"].mailbox
            self.patch(box, "close", lambda name=name: closed.append(name))
        self.one.change(lambda mock: mock.remove("mx2"))
        self.assertEqual(closed, ["one"])

    def test_records(self) -> None:
        """In the same order, with the same ids, also after they were moved."""
        self.one.change(lambda mock: setattr(mock, "zone", records("a", "b", "c")))
        self.assertEqual(len(shown(self.two.mock)), 3)
        _, b, c = self.one.mock.zone.records
        self.two.change(lambda mock: setattr(mock, "zone", Zone([c, b])))
        self.assertEqual(shown(self.one.mock), shown(self.two.mock))
        self.one.change(
            lambda mock: setattr(
                mock, "zone", mock.zone.with_records(records("d").records)
            )
        )
        self.assertEqual(shown(self.one.mock), shown(self.two.mock))
        self.assertEqual(len({one["id"] for one in shown(self.two.mock)}), 3)
        self.assert_quiet()
        third = Replica(self.cluster, "three", zone=records("config"))
        self.assertEqual(shown(third.mock), shown(self.one.mock))

    def test_a_large_zone(self) -> None:
        """It is made in slices, and in effect as a small one."""
        self.patch(following, "INLINE_WORK", 0)
        self.one.change(lambda mock: setattr(mock, "zone", records("a", "b", "c")))
        more = parse_records([{"name": "d", "type": "A", "address": "192.0.2.1"}])
        self.one.change(
            lambda mock: setattr(mock, "zone", mock.zone.with_records(more))
        )
        self.assertEqual(shown(self.two.mock), shown(self.one.mock))
        _, *rest = self.two.mock.zone.records
        self.two.change(lambda mock: setattr(mock, "zone", Zone(rest)))
        self.assertEqual(len(shown(self.one.mock)), 3)
        self.assertEqual(shown(self.two.mock), shown(self.one.mock))
        self.assert_quiet()

    def test_policies_extensions_scenarios(self) -> None:
        """Set, and removed again."""

        def change(mock: Mock) -> None:
            (policy,) = parse_policies({"domain": "x.test"})
            mock.policies = {policy.domain: policy}
            mock.default.extensions = ("X-A", "X-B")
            mock.default.scenarios.set({"outage": "down"})

        self.one.change(change)
        done(self.two.sharing.settle())
        self.assertEqual([*self.two.mock.policies], ["x.test"])
        self.assertEqual(self.two.mock.default.extensions, ("X-A", "X-B"))
        self.assertEqual(self.two.mock.default.scenarios.state("outage"), "down")
        self.assert_quiet()
        self.two.change(lambda mock: mock.reset(to_start=True))
        done(self.one.sharing.settle())
        self.assertEqual(self.one.mock.policies, {})
        self.assertEqual(self.one.mock.default.extensions, ())
        self.assertEqual(self.one.mock.default.scenarios.states(), {})
        self.assert_quiet()

    def test_whether_records_were_set(self) -> None:
        """Names without records fail on all replicas until one has set a record."""
        self.assertTrue(self.two.mock.is_unset)
        self.one.change(lambda mock: setattr(mock, "zone", records("a")))
        self.one.change(lambda mock: setattr(mock, "zone", Zone()))
        third = Replica(self.cluster, "three")
        found = [one.mock.is_unset for one in (self.one, self.two, third)]
        self.assertEqual(found, [False, False, False])

    def test_changes_of_others_are_no_events(self) -> None:
        """The replica that changes something reports it, no other one does."""
        followed: list[bool] = []
        mock = self.two.mock
        mock.listeners.append(lambda *_: followed.append(mock.is_following))
        self.one.change(lambda mock: setattr(mock, "zone", records("a")))
        self.two.change(lambda mock: setattr(mock, "zone", records("b")))
        self.assertEqual(followed, [True, False])


class BehaviorTests(FollowingCase):
    """Lists of behaviors"""

    def ids(self, replica: Replica) -> list[str]:
        return [rule.id for rule in replica.rules]

    def test_lists(self) -> None:
        """All behaviors, in their order, those of DNS too."""

        def change(mock: Mock) -> None:
            mock.default.behaviors.extend([behavior(id="a"), behavior()])
            mock.dns_behaviors.extend(
                DNS.parse_all([{"query": "MX", "response": {"rcode": "SERVFAIL"}}])
            )

        self.one.change(change)
        self.assertEqual(self.ids(self.two), ["a", "1"])
        self.assertEqual(len(self.two.mock.dns_behaviors), 1)
        self.assert_quiet()
        self.two.change(
            lambda mock: mock.default.behaviors.extend([behavior()], front=True)
        )
        self.assertEqual(self.ids(self.one), ["2", "a", "1"])
        self.two.change(lambda mock: mock.default.behaviors.remove("2"))
        self.one.change(lambda mock: mock.default.behaviors.extend([behavior()]))
        self.assertEqual(self.ids(self.two), ["a", "1", "3"])
        self.assert_quiet()

    def test_a_long_list(self) -> None:
        """It is read in slices, and in effect as a short one."""
        self.patch(following, "INLINE_WORK", 0)
        behaviors = [behavior(), behavior(id="a")]
        self.one.change(lambda mock: mock.default.behaviors.extend(behaviors))
        self.one.change(lambda mock: mock.default.behaviors.extend([behavior()]))
        self.one.change(lambda mock: mock.default.behaviors.remove("1"))
        self.assertEqual(self.ids(self.two), ["a", "2"])
        self.assert_quiet()

    def test_counts_of_others(self) -> None:
        """A changed behavior keeps its counters; a replaced one does not."""
        self.one.change(
            lambda mock: mock.default.behaviors.extend(
                [behavior(id="a"), behavior(id="b"), behavior(id="c")]
            )
        )
        for rule in self.two.rules:
            rule.seen = rule.fired = 5

        def change(mock: Mock) -> None:
            rules = mock.default.behaviors
            rules.change([(rules.get("a"), behavior(id="a", tag="new"))])
            rules.replace("b", behavior(id="b"))

        self.one.change(change)
        found = [(rule.id, rule.fired) for rule in self.two.rules]
        self.assertEqual(found, [("a", 5), ("b", 0), ("c", 5)])
        self.assertEqual(self.two.rules.get("a").behavior.tag, "new")

    def test_clients_that_wait(self) -> None:
        """They wait until the behavior is removed, disabled or answers differently."""
        self.one.change(
            lambda mock: mock.default.behaviors.extend(
                [behavior(id=one) for one in ("a", "b", "c", "d")]
            )
        )
        released: list[str] = []
        for rule_id in ("a", "b", "c", "d"):
            self.two.rules.held.add([rule_id], released.append)

        def change(mock: Mock) -> None:
            rules = mock.default.behaviors
            rules.change(
                [
                    (rules.get("a"), behavior(id="a", tag="new")),
                    (rules.get("b"), behavior(id="b", enabled=False)),
                    (rules.get("c"), behavior(id="c", response={"code": 550})),
                ]
            )

        self.one.change(change)
        self.assertEqual(released, ["b", "c"])
        self.one.change(lambda mock: mock.default.behaviors.remove("a"))
        self.assertEqual(released, ["b", "c", "a"])
        self.one.change(lambda mock: mock.default.behaviors.replace_all([]))
        self.assertEqual(released, ["b", "c", "a", "d"])

    def test_random_numbers(self) -> None:
        """Equal behaviors draw other numbers, the same ones on each replica."""
        unsure = behavior(probability=0.5)
        self.one.change(lambda mock: mock.default.behaviors.extend([unsure, unsure]))
        self.one.change(lambda mock: mock.default.behaviors.extend([unsure]))
        third = Replica(self.cluster, "three")
        for replica in (self.one, self.two, third):
            drawn = [rule.draw((), 0) for rule in replica.rules]
            self.assertEqual([rule.ordinal for rule in replica.rules], [0, 1, 2])
            self.assertEqual(drawn, [rule.draw((), 0) for rule in self.one.rules])

    def test_counts_as_documents(self) -> None:
        """Counters and keys that another replica has moved, and that are gone."""
        rule = behavior(id="g", per=["recipient"], numberOfAnswer=1)
        self.one.change(lambda mock: mock.default.behaviors.extend([rule]))

        async def count(counts: Any) -> None:
            turn = await awaited(self.one.sharing.replicas.take_turn())
            await awaited(turn.pass_on(counts))

        path, key = (Kind.COUNTS, "default/g"), (Kind.KEY, 'default/g/["a@x"]')
        counts = [3, 2, 7.5, 0, [0, 0, 0.0, 0]]
        done(count([(path, counts), (key, [1, 1, 0.0, 0])]))
        self.two.change(lambda _: None)
        rule = self.two.rules.get("g")
        self.assertEqual((rule.seen, rule.fired, rule.last_fired), (3, 2, 7.5))
        keys = [(key, counts.fired) for key, counts in rule.counts(0.0)]
        self.assertEqual(keys, [((b"a@x",), 1)])
        self.two.change(lambda mock: mock.default.behaviors.clear())
        left = [kind for kind, _ in self.cluster.documents]
        self.assertNotIn(Kind.COUNTS, left)
        self.assertNotIn(Kind.KEY, left)


class StartTests(SynchronousTestCase):
    """Replicas that start and end"""

    def test_behaviors_that_are_not_persistent(self) -> None:
        """They end with the last replica."""
        cluster = Cluster()
        one = Replica(cluster, "one")
        one.change(
            lambda mock: mock.default.behaviors.extend(
                [behavior(id="a"), behavior(id="b", persistent=True)]
            )
        )
        two = Replica(cluster, "two")
        one.end()
        self.assertEqual([rule.id for rule in two.rules], ["a", "b"])
        three = Replica(cluster, "three")
        self.assertEqual([rule.id for rule in three.rules], ["a", "b"])
        two.end()
        three.end()
        key = (Kind.KEY, 'default/a/["x"]')
        cluster.documents[key] = [1, 1, 0.0, 0]
        four = Replica(cluster, "four")
        self.assertEqual([rule.id for rule in four.rules], ["b"])
        self.assertNotIn((Kind.BEHAVIOR, "default/a"), cluster.documents)
        self.assertNotIn(key, cluster.documents)
        four.end()
        five = Replica(cluster, "five")
        self.assertEqual([rule.id for rule in five.rules], ["b"])

    def test_a_former_host(self) -> None:
        """A new host has no behaviors of one that is not configured any more."""
        cluster = Cluster()
        one = Replica(cluster, "one")
        done(one.hosts.create(Description("mx2", "mx2.test")))
        persistent = behavior(persistent=True)
        one.change(lambda mock: mock.hosts["mx2"].behaviors.extend([persistent]))
        del cluster.documents[Kind.HOST, "mx2"]  # As if it were configured.
        one.end()
        two = Replica(cluster, "two")
        self.assertEqual([*two.mock.hosts], ["default"])
        two.change(lambda _: done(two.hosts.create(Description("mx2", "mx2.test"))))
        three = Replica(cluster, "three")
        self.assertEqual(len(three.mock.hosts["mx2"].behaviors), 0)

    def test_the_configuration(self) -> None:
        """It is loaded once; a replica that joins others has their state."""
        cluster = Cluster()
        config: Any = {
            "start": HostStart((behavior(id="a", persistent=True),), ("X-A",)),
            "zone": records("config"),
        }
        one = Replica(cluster, "one", **config)

        def change(mock: Mock) -> None:
            mock.default.behaviors.clear()
            mock.zone = records("other")
            mock.default.extensions = ()
            mock.default.describe(Description("default", "changed.test"))

        one.change(change)
        two = Replica(cluster, "two", **config)
        self.assertEqual(len(two.rules), 0)
        self.assertEqual([one["name"] for one in shown(two.mock)], ["other"])
        self.assertEqual(two.mock.default.extensions, ())
        self.assertEqual(two.mock.default.hostname, "changed.test")
        two.change(lambda mock: mock.reset(to_start=True))
        self.assertEqual([rule.id for rule in one.rules], ["a"])
        self.assertEqual([one["name"] for one in shown(one.mock)], ["config"])


class FailureTests(FollowingCase):
    """Changes that are not stored, and gaps"""

    def test_a_change_that_is_not_stored(self) -> None:
        """The replica has the stored state again, once it can be reached."""
        self.create("mx2")
        self.one.change(lambda mock: setattr(mock, "zone", records("a")))
        self.one.change(lambda mock: mock.default.behaviors.extend([behavior(id="a")]))
        self.one.rules.get("a").seen = 3
        before = shown(self.one.mock)

        async def change() -> None:
            turn = await self.one.sharing.take_turn()
            mock = self.one.mock
            mock.zone = records("b", "c")
            mock.default.behaviors.extend([behavior(id="b")])
            mock.default.extensions = ("X-A",)
            mock.remove("mx2")
            self.cluster.failure = StoreError("it is gone")
            await turn.end()

        self.failureResultOf(Deferred.fromCoroutine(change()), StoreError)
        self.assertEqual(len(self.one.rules), 2)
        self.cluster.failure = None
        done(self.one.sharing.settle())
        self.assertEqual(shown(self.one.mock), before)
        self.assertEqual([(r.id, r.seen) for r in self.one.rules], [("a", 3)])
        self.assertEqual(self.one.mock.default.extensions, ())
        self.assertEqual([*self.one.mock.hosts], ["default", "mx2"])
        self.assertEqual(shown(self.two.mock), before)
        self.assert_quiet()

    def test_a_replica_that_was_paused(self) -> None:
        """It applies what it has missed before it settles."""
        self.two.store.replicas.is_current = False
        self.one.change(lambda mock: setattr(mock, "zone", records("a")))
        self.create("mx2")
        self.assertEqual(shown(self.two.mock), [])
        done(self.two.sharing.settle())
        self.assertEqual(shown(self.two.mock), shown(self.one.mock))
        self.assertIn("mx2", self.two.mock.hosts)

    def test_commands(self) -> None:
        """All other replicas perform them, and return results."""
        for number, replica in enumerate((self.one, self.two)):
            replica.sharing.commands["count"] = lambda command, n=number: (
                n + command["more"]
            )
        asking = self.one.sharing.ask({"do": "count", "more": 5})
        self.assertEqual(self.successResultOf(asking), [6])
        asking = self.one.sharing.ask({"do": "no such"})
        self.assertEqual(self.successResultOf(asking), [None])

    def test_notification(self) -> None:
        """A change of a host is reported once on each replica."""
        changes: list[Change] = []
        self.two.mock.listeners.append(lambda change, _: changes.append(change))
        self.create("mx2")
        self.one.change(lambda mock: mock.remove("mx2"))
        self.assertEqual(changes, [Change.HOST_ADDED, Change.HOST_REMOVED])
