"""Requests to one replica whose effects the others have, too"""

from __future__ import annotations

from functools import partial
from random import Random
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.http.app import MOUNTS, PAGE
from mocksmtp.http.routing import Agreement
from mocksmtp.http.stand_ins import stand_in_mounts
from mocksmtp.mail.documents import StandIn
from mocksmtp.store.interface import StoreError
from tests.http.rig import BUSY, Answer
from tests.store.cluster import Cluster
from tests.store.replicas import Replica


class AgreementCase(SynchronousTestCase):
    """Two replicas with one clock."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.cluster = Cluster()
        self.one = Replica(self.cluster, "one", self.clock)
        self.two = Replica(self.cluster, "two", self.clock)

    def same(self, path: str) -> Any:
        """The answer of both replicas."""
        answers = [replica.get(path) for replica in (self.one, self.two)]
        self.assertEqual(*answers)
        return answers[0]

    def assert_status(self, status: int, *request: Any) -> Answer:
        """The first replica answers a request with a status."""
        answer = self.one.ask(*request)
        self.assertEqual(answer.status, status, answer.body)
        return answer


class StateTests(AgreementCase):
    """Requests that change the state"""

    def test_what_one_sets_the_other_has(self) -> None:
        """Behaviors, records, hosts, extensions, scenarios and policies."""
        for method, path, document in (
            ("PUT", "/smtpBehaviors", [BUSY]),
            ("POST", "/smtpBehaviors", {**BUSY, "id": "x"}),
            ("PATCH", "/smtpBehaviors/x", {"tag": "t"}),
            ("PUT", "/dnsBehaviors", {"query": "A", "response": {"rcode": "REFUSED"}}),
            ("PUT", "/dnsRecords", [{"name": "a", "type": "A", "address": "1.2.3.4"}]),
            ("PUT", "/smtpExtensions", ["X-A"]),
            ("PUT", "/scenarios", {"outage": "down"}),
            ("PUT", "/mtaSts", {"domain": "x.test"}),
            ("PUT", "/hosts/mx2", {"hostname": "mx2.test"}),
            ("PUT", "/hosts/mx2/smtpExtensions", ["X-B"]),
        ):
            self.assertLess(self.one.ask(method, path, document).status, 300)
        for path, length in (
            ("/smtpBehaviors?view=full", 2),
            ("/dnsBehaviors", 1),
            ("/dnsRecords", 1),
            ("/smtpExtensions", 1),
            ("/scenarios", 1),
            ("/mtaSts", 1),
            ("/hosts", 2),
            ("/hosts/mx2/smtpExtensions", 1),
        ):
            self.assertEqual(len(self.same(path)), length, path)

    def test_ids_that_are_assigned(self) -> None:
        """No two replicas assign the same one."""
        for number, replica in enumerate((self.one, self.two) * 2):
            replica.ask("POST", "/smtpBehaviors", BUSY)
            address = f"192.0.2.{number}"
            record = {"name": "a", "type": "A", "address": address}
            self.assertEqual(replica.ask("POST", "/dnsRecords", record).status, 201)
        found = self.same("/smtpBehaviors?view=full")
        self.assertEqual([one["id"] for one in found], ["1", "2", "3", "4"])
        found = self.same("/dnsRecords?view=full")
        self.assertEqual([one["id"] for one in found], ["1", "2", "3", "4"])

    def test_one_request_at_a_time(self) -> None:
        """A request waits for those of other replicas; each finds what they changed."""
        turn = self.cluster.replicas[0].take_turn()
        pending = self.two.begin("PUT", "/smtpBehaviors", [BUSY])
        self.assertIsNone(pending.answer)
        self.assertEqual(self.one.get("/smtpBehaviors"), [])
        turn.pass_on()
        assert pending.answer is not None
        self.assertEqual(pending.answer.status, 204)
        self.assertEqual(len(self.one.get("/smtpBehaviors")), 1)

    def test_a_client_that_leaves(self) -> None:
        """Whether it waits for the turn or has it, others get the turn."""
        turn = self.cluster.replicas[0].take_turn()
        pending = self.two.begin("PUT", "/smtpBehaviors", [BUSY])
        self.assertIsNone(pending.answer)
        pending.leave()
        turn.pass_on()
        self.assertEqual(self.one.ask("DELETE", "/smtpBehaviors").status, 204)
        self.assertIsNone(self.cluster.turn)

    def test_a_request_that_is_refused(self) -> None:
        """It changes nothing, and ends the turn."""
        self.assert_status(400, "PUT", "/smtpBehaviors", [{"command": "x"}])
        self.assert_status(404, "DELETE", "/smtpBehaviors/none")
        self.assertIsNone(self.cluster.turn)
        self.assertEqual(self.same("/smtpBehaviors"), [])

    def test_a_change_that_is_not_stored(self) -> None:
        """503: it is in effect on no replica."""
        self.one.ask("PUT", "/smtpBehaviors", [BUSY])
        save = self.patch(self.one.store, "save", self.fail_from_now)
        self.assert_status(503, "DELETE", "/smtpBehaviors")
        save.restore()
        self.assert_status(503, "GET", "/smtpBehaviors")
        self.cluster.failure = None
        self.assertEqual(len(self.same("/smtpBehaviors")), 1)

    def fail_from_now(self, _: object) -> None:
        """The store cannot be reached."""
        self.cluster.failure = StoreError("it is gone")


class RandomTests(SynchronousTestCase):
    """Requests in a random order, to replicas that start, end and fail"""

    def test_all_replicas_are_the_same(self) -> None:
        """After each request, and also one that is started then."""
        for seed in range(2):
            chance = Random(seed)
            cluster, clock = Cluster(), Clock()
            replicas = [Replica(cluster, name, clock) for name in "ab"]
            for number in range(20):
                if chance.random() < 0.1:
                    replicas.append(Replica(cluster, f"n{number}", clock))
                    replicas.pop(0).end()
                replica = chance.choice(replicas)
                is_failing = chance.random() < 0.1
                if is_failing:
                    patch = self.patch(
                        replica.store, "save", partial(self.fail_from_now, cluster)
                    )
                method, path, document = random_request(chance)
                replica.ask(method, path, document)
                if is_failing:
                    patch.restore()
                    cluster.failure = None
                new = Replica(cluster, "new", clock)
                shown = [self.shown(one) for one in (*replicas, new)]
                new.end()
                for one in shown[1:]:
                    self.assertEqual(one, shown[0], (seed, number, method, path))

    def fail_from_now(self, cluster: Cluster, _: object) -> None:
        """The store cannot be reached."""
        cluster.failure = StoreError("it is gone")

    def shown(self, replica: Replica) -> dict[str, Any]:
        """What a replica answers."""
        paths = ["/dnsBehaviors?view=full", "/dnsRecords?view=full", "/mtaSts"]
        hosts = replica.get("/hosts")
        for host in hosts:
            for path in ("smtpBehaviors?view=full", "smtpExtensions", "scenarios"):
                paths.append(f"/hosts/{host['name']}/{path}")
        return {"/hosts": hosts, **{path: replica.get(path) for path in paths}}


def random_request(chance: Random) -> tuple[str, str, Any]:
    """A request that changes the state, or is refused."""
    choose = chance.choice
    host = choose(["", "", "/hosts/mx2", "/hosts/mx3"])
    behavior: dict[str, Any] = {
        "command": choose(["RCPT TO", "NOOP"]),
        "response": {"code": choose([450, 550])},
        **choose([{}, {}, {"id": "a"}, {"tag": "t"}, {"probability": 0.5}]),
    }
    one = f"{host}/smtpBehaviors/{choose(['a', '1', '2'])}"
    patch = choose([{"tag": "t"}, {"enabled": False}, {"move": {"to": "front"}}])
    record = {"name": choose("ab"), "type": "A", "address": f"192.0.2.{choose('123')}"}
    new_host = {"limits": {"recipients": chance.randint(1, 9)}}
    requests: list[tuple[str, str, Any]] = [
        ("PUT", f"{host}/smtpBehaviors", [behavior] * choose([0, 1])),
        ("POST", f"{host}/smtpBehaviors", behavior),
        ("POST", f"{host}/smtpBehaviors?at=front", behavior),
        ("DELETE", f"{host}/smtpBehaviors?tag=t", None),
        ("PATCH", one, patch),
        ("PUT", one, {name: behavior[name] for name in ("command", "response")}),
        ("DELETE", one, None),
        ("PUT", "/dnsBehaviors", [{"query": "A", "response": {"rcode": "REFUSED"}}]),
        ("POST", "/dnsRecords", record),
        ("PUT", "/dnsRecords", [record]),
        ("DELETE", "/dnsRecords?name=a", None),
        ("PUT", f"{host}/smtpExtensions", [choose(["X-A", "X-B"])]),
        ("PUT", f"{host}/scenarios", {choose("st"): choose("ab")}),
        ("PUT", "/mtaSts", {"domain": "a.test", "mode": choose(["none", "testing"])}),
        ("PUT", f"/hosts/{choose(['mx2', 'mx3', 'default'])}", new_host),
        ("DELETE", f"/hosts/{choose(['mx2', 'mx3'])}", None),
        ("POST", choose(["/reset", "/reset?all=true", f"{host}/reset"]), None),
    ]
    return choose(requests)


class HostTests(AgreementCase):
    """Hosts, and their connections"""

    def test_a_host_with_a_listener(self) -> None:
        """409, with the reason; a host of the configuration keeps its listeners."""
        answer = self.assert_status(409, "POST", "/hosts", {"listeners": [{}]})
        self.assertIn("not shared by replicas", answer.json()["detail"])
        self.assert_status(409, "PUT", "/hosts/mx2", {"listeners": [{"port": 25}]})
        self.assertEqual(len(self.same("/hosts")), 1)
        self.assert_status(201, "POST", "/hosts", {"name": "mx2"})
        self.assert_status(201, "POST", "/hosts", {"name": "mx3", "listeners": []})
        self.assertEqual(self.same("/hosts/mx2")["listeners"], [])
        document = self.one.get("/hosts/default")
        document["limits"]["recipients"] = 7
        self.assert_status(200, "PUT", "/hosts/default", document)
        self.assertEqual(self.same("/hosts/default")["limits"]["recipients"], 7)

    def test_a_host_that_is_removed(self) -> None:
        """It is answered when its connections of all replicas have ended."""
        self.assert_status(201, "POST", "/hosts", {"name": "mx2"})
        waiting = self.two.begin("GET", "/hosts/mx2/smtpMails?wait=9s")
        self.two.hosts.gone = Deferred()
        pending = self.one.begin("DELETE", "/hosts/mx2")
        self.assertIsNone(pending.answer)
        self.assertEqual(len(self.two.get("/hosts")), 1)
        assert waiting.answer is not None
        self.two.hosts.gone.callback(None)
        self.clock.advance(1)
        assert pending.answer is not None
        self.assertEqual(pending.answer.status, 204)

    def test_connections(self) -> None:
        """Those of all replicas are ended and counted."""
        self.one.hosts.connections = {"default": 2}
        self.two.hosts.connections = {"default": 3}
        self.two.hosts.gone = Deferred()
        pending = self.one.begin("DELETE", "/hosts/default/connections")
        self.assertIsNone(pending.answer)
        self.two.hosts.gone.callback(None)
        self.clock.advance(1)
        assert pending.answer is not None
        self.assertEqual(pending.answer.json(), 5)


class ResetTests(AgreementCase):
    """Resets"""

    def test_all(self) -> None:
        """Hosts, behaviors, records, sessions and queries of all replicas."""
        self.one.ask("POST", "/hosts", {"name": "mx2"})
        self.one.ask("PUT", "/smtpBehaviors", [BUSY])
        self.one.ask(
            "PUT", "/dnsRecords", [{"name": "a", "type": "A", "address": "1.2.3.4"}]
        )
        cleared: list[str | None] = []
        self.patch(
            self.two.mock,
            "clear_logs",
            lambda host: cleared.append(None if host is None else host.name),
        )
        self.assert_status(204, "POST", "/reset")
        self.assertEqual(self.same("/smtpBehaviors"), [])
        self.assertEqual(len(self.same("/hosts")), 2)
        self.assert_status(204, "POST", "/hosts/mx2/reset")
        self.assert_status(204, "POST", "/reset?all=true")
        self.assertEqual(len(self.same("/hosts")), 1)
        self.assertEqual(self.same("/dnsRecords"), [])
        self.assertEqual(cleared, [None, "mx2", None])

    def test_connections(self) -> None:
        """It is answered when the connections of all replicas have ended."""
        self.two.hosts.gone = Deferred()
        pending = self.one.begin("POST", "/reset?connections=close")
        self.assertIsNone(pending.answer)
        self.assertIsNone(self.cluster.turn)
        self.two.hosts.gone.callback(None)
        self.clock.advance(1)
        assert pending.answer is not None
        self.assertEqual(pending.answer.status, 204)


class StatusTests(AgreementCase):
    """What each replica tells of itself"""

    def test_replicas(self) -> None:
        """Their names."""
        self.assertEqual(
            self.two.get("/status")["replicas"], {"name": "two", "others": ["one"]}
        )

    def test_health(self) -> None:
        """503 while the store cannot be reached; requests that need it fail, too."""
        self.one.store.failure = "localhost:6379: connection refused"
        self.cluster.failure = StoreError("localhost:6379: connection refused")
        answer = self.assert_status(503, "GET", "/health")
        self.assertEqual(answer.json()["status"], self.one.store.failure)
        self.assert_status(200, "GET", "/version")
        self.assert_status(200, "GET", "/metrics")
        answer = self.assert_status(503, "GET", "/smtpMails")
        self.assertIn("connection refused", answer.json()["detail"])


class RouteTests(SynchronousTestCase):
    """What each route needs of other replicas"""

    def test_long_requests(self) -> None:
        """None that waits, or that is only about mails, has the turn."""
        mounts = (*MOUNTS, PAGE, *stand_in_mounts(tuple(StandIn)))
        for mount in mounts:
            for route in mount.routes:
                fields = {one.name for one in attrs.fields(route.parameters)}
                if "wait" in fields or "/smtpMails" in route.path:
                    self.assertIsNot(route.agreement, Agreement.TURN, route)
