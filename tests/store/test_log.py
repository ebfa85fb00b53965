"""The sessions, attempts and deliveries of several replicas"""

from __future__ import annotations

from typing import Any
from unittest import mock

from mocksmtp.persistence.log import PACE
from mocksmtp.sessions.journal import Journal
from mocksmtp.store.interface import StoreError
from tests.http.rig import ids
from tests.sessions.network import with_id
from tests.store.replica import ReplicaCase

REFUSED = {"command": "RCPT TO", "response": {"code": 451, "message": "later"}}


class SessionTests(ReplicaCase):
    """`SessionCopies`"""

    def test_sessions_of_all(self) -> None:
        """Each replica lists the sessions of all, with their transcripts, in order."""
        self.a.connect().deliver("bob@x.test")
        self.b.connect("mx2").deliver("carl@x.test")
        self.a.connect().deliver("dora@x.test")
        sessions = self.same("/smtpSessions")
        self.assertEqual(ids(sessions), ["1", "2", "3"])
        self.assertEqual(
            [one["host"] for one in sessions], ["default", "mx2", "default"]
        )
        self.assertEqual(sessions[1]["end"], "quit")
        lines = [one.get("line") for one in sessions[1]["transcript"]]
        self.assertIn("RCPT TO:<carl@x.test>", lines)
        self.assertEqual(len(self.same("/hosts/mx2/smtpSessions")), 1)
        self.same("/smtpSessions/2")

    def test_a_session_that_lasts(self) -> None:
        """It is shown as it is now, and it is the same one all the time."""
        client = self.a.connect()
        session = self.same("/smtpSessions")[0]
        self.assertIsNone(session["end"])
        kept = self.b.host.journal.get("1")
        client.say("EHLO h.test", "MAIL FROM:<me@h.test>", "RCPT TO:<bob@x.test>")
        self.assertEqual(self.same("/smtpSessions/1")["helo"], "h.test")
        client.say("DATA", "hello", ".")
        session = self.same("/smtpSessions/1")
        self.assertEqual(session["transactions"][0]["outcome"], "accepted")
        client.say("QUIT")
        client.close()
        self.assertEqual(self.same("/smtpSessions/1")["end"], "quit")
        self.assertIs(self.b.host.journal.get("1"), kept)

    def test_the_next_second(self) -> None:
        """A replica stores its sessions each second, and only what is new."""
        client = self.a.connect()
        client.say("EHLO h.test")
        self.a.second()
        self.assertEqual([*self.cluster.sessions], [1])
        stored = len(self.cluster.sessions[1])
        self.a.second()
        self.assertEqual(len(self.cluster.sessions[1]), stored)
        client.say("NOOP")
        self.a.second()
        self.assertEqual(len(self.cluster.sessions[1]), stored + 1)

    def test_only_its_own_replica_removes_it(self) -> None:
        """Another one that evicts its copy leaves it in the store."""
        self.a.connect().deliver("bob@x.test")
        self.same("/smtpSessions")
        self.b.host.journal.max_sessions = 1
        self.b.connect().deliver("carl@x.test")
        self.assertEqual(ids(self.a.get("/smtpSessions")), ["1", "2"])
        self.assertEqual(ids(self.b.get("/smtpSessions")), ["2"])
        self.assertTrue(self.cluster.sessions[1])

    def test_what_its_own_replica_removes(self) -> None:
        """The others remove it too, and count it."""
        self.a.host.journal.max_sessions = 1
        self.a.connect().deliver("bob@x.test")
        self.same("/smtpSessions")
        self.a.connect().deliver("carl@x.test")
        self.assertEqual(ids(self.same("/smtpSessions")), ["2"])
        self.assertEqual(self.b.host.journal.evicted, 1)
        self.assertFalse(self.cluster.sessions[1])
        self.assertEqual(self.b.ask("GET", "/smtpSessions?after=1").status, 410)

    def test_the_oldest_are_removed_first(self) -> None:
        """Sessions of all replicas are removed in the order of their end."""
        for number in range(4):
            replica = (self.a, self.b)[number % 2]
            replica.connect().deliver(f"user{number}@x.test")
            self.clock.advance(1)
        self.b.host.journal.max_sessions = 3
        self.assertEqual(ids(self.b.get("/smtpSessions")), ["2", "3", "4"])

    def test_a_reset(self) -> None:
        """It removes the sessions of all; one that lasts goes on, empty."""
        self.a.connect().deliver("bob@x.test")
        client = self.b.connect()
        client.say("EHLO h.test")
        self.same("/smtpSessions")
        self.assertEqual(self.a.ask("POST", "/reset").status, 204)
        self.assertEqual(self.same("/smtpSessions")[0]["transcript"], [])
        self.assertFalse(self.cluster.sessions[1])
        client.deliver("carl@x.test")
        session = self.same("/smtpSessions")[0]
        self.assertEqual(len(session["transactions"]), 1)
        self.assertEqual(self.b.ask("POST", "/reset").status, 204)
        self.assertEqual(self.same("/smtpSessions"), [])
        self.assertEqual([one for one in self.cluster.sessions.values() if one], [])
        self.assertEqual(self.same("/smtpAttempts"), [])

    def test_they_are_deleted(self) -> None:
        """A request to one replica removes and returns the sessions of all."""
        self.a.connect().deliver("bob@x.test")
        self.b.connect().deliver("carl@x.test")
        self.b.connect("mx2").deliver("dora@x.test")
        removed = self.a.ask("DELETE", "/hosts/mx2/smtpSessions").json()
        self.assertEqual(ids(removed), ["3"])
        self.assertEqual(ids(self.same("/smtpSessions")), ["1", "2"])
        removed = self.a.ask("DELETE", "/smtpSessions").json()
        self.assertEqual(ids(removed), ["1", "2"])
        self.assertEqual(self.same("/smtpSessions"), [])

    def test_a_restart_among_others(self) -> None:
        """A replica that starts has the sessions of the others, also open ones."""
        self.a.connect().deliver("bob@x.test")
        client = self.b.connect()
        client.say("EHLO h.test")
        self.same("/smtpSessions")
        self.a.end()
        self.a = self.start("c")
        sessions = self.same("/smtpSessions")
        self.assertEqual(ids(sessions), ["1", "2"])
        self.assertEqual([one["end"] for one in sessions], ["quit", None])
        client.deliver("carl@x.test")
        self.assertEqual(len(self.same("/smtpAttempts")), 2)

    def test_a_replica_that_is_gone(self) -> None:
        """Its open sessions have ended by a reset; another one looks after them all."""
        self.a.connect().deliver("bob@x.test")
        client = self.a.connect()
        client.say("EHLO h.test", "MAIL FROM:<me@h.test>")
        self.same("/smtpSessions")
        self.clock.advance(5)
        self.a.end()
        self.a = self.start("c")
        sessions = self.same("/smtpSessions")
        self.assertEqual([one["end"] for one in sessions], ["quit", "reset"])
        self.assertEqual(len(self.same("/smtpAttempts?probes=true")), 2)
        for replica in (self.a, self.b):
            replica.host.journal.max_sessions = 1
        self.b.connect().deliver("carl@x.test")
        self.assertEqual(ids(self.same("/smtpSessions")), ["3"])
        left = [one for one, documents in self.cluster.sessions.items() if documents]
        self.assertEqual(left, [3])

    def test_what_it_has_handed_over_last(self) -> None:
        """All that it has handed over is read before its sessions are adopted."""
        client = self.a.connect()
        client.say("EHLO h.test")
        self.same("/smtpSessions")
        client.deliver("bob@x.test")
        self.a.second()
        self.a.end()
        self.a = self.start("c")
        self.assertEqual(self.same("/smtpSessions/1")["end"], "quit")
        self.assertEqual(len(self.same("/smtpAttempts")), 1)

    def test_the_store_fails_as_a_replica_ends(self) -> None:
        """Its sessions are adopted once the store can be used."""
        self.a.connect().say("EHLO h.test")
        self.same("/smtpSessions")
        self.cluster.failure = StoreError("no server")
        self.a.end()
        self.cluster.failure = None
        self.assertIsNone(self.b.get("/smtpSessions/1")["end"])
        self.clock.pump([PACE] * 25)
        self.assertEqual(self.b.get("/smtpSessions/1")["end"], "reset")

    def test_a_replica_that_comes_back(self) -> None:
        """One that was left out records its sessions again, and only that one does."""
        client = self.a.connect()
        client.say("EHLO h.test")
        self.same("/smtpSessions")
        left = self.a.store.replicas
        self.cluster.remove("a")
        self.assertEqual(self.b.get("/smtpSessions/1")["end"], "reset")
        self.cluster.replicas.append(left)
        left.miss()
        self.assertIsNone(self.same("/smtpSessions/1")["end"])
        client.deliver("bob@x.test")
        self.assertEqual(self.same("/smtpSessions/1")["end"], "quit")
        attempts = self.same("/smtpAttempts")
        self.assertEqual([one["verdict"] for one in attempts], ["accepted"])

    def test_all_are_gone(self) -> None:
        """The next one that starts has ended what they left open."""
        self.a.connect().say("EHLO h.test")
        self.a.second()
        self.cluster.replicas.clear()
        self.a, self.b = self.start("c"), self.start("d")
        self.assertEqual(self.same("/smtpSessions/1")["end"], "reset")

    def test_missed_entries(self) -> None:
        """After a gap in the log all sessions are read again."""
        self.a.connect().deliver("bob@x.test")
        self.same("/smtpSessions")
        self.a.host.journal.clear()
        self.a.connect().deliver("carl@x.test")
        self.a.settle()
        self.b.store.replicas.miss()
        self.assertEqual(ids(self.same("/smtpSessions")), ["2"])

    def test_the_store_fails(self) -> None:
        """Attempts are numbered once that is possible."""
        self.a.connect().deliver("bob@x.test")
        self.cluster.failure = StoreError("no server")
        self.failureResultOf(self.a.hand_over(), StoreError)
        self.cluster.failure = None
        self.assertEqual(len(self.same("/smtpAttempts")), 1)

    def test_what_behaviors_did(self) -> None:
        """Another replica explains it too, as long as it has the list of behaviors."""
        self.a.ask(
            "PUT",
            "/smtpBehaviors",
            [
                REFUSED | {"skip": 1, "id": "first"},
                REFUSED
                | {
                    "condition": {"operator": "equals", "matchingValue": "BOB@x.test"},
                    "id": "near",
                },
                REFUSED | {"id": "last", "name": "the last"},
            ],
        )
        client = self.a.connect()
        client.say("EHLO h.test", "MAIL FROM:<>", "RCPT TO:<bob@x.test>")
        exchange = self.same("/smtpSessions/1")["transcript"][3]
        self.assertEqual(
            (exchange["behavior"], exchange["behaviorName"]), ("last", "the last")
        )
        shown = self.same("/smtpSessions/1?explain=true")["transcript"][3]
        results = [one["result"] for one in shown["considered"]]
        self.assertEqual(results, ["passedOver", "passedOver", "fired"])
        self.a.ask("DELETE", "/smtpBehaviors/last")
        self.a.ask("PATCH", "/smtpBehaviors/first", {"skip": 9})
        client.say("RCPT TO:<bob@x.test>")
        (near,) = self.same("/nearMisses")
        self.assertEqual(near["considered"][0]["behavior"], "near")
        passed = self.same("/smtpSessions/1")["transcript"][4]["passedOver"]
        self.assertEqual([one["behavior"] for one in passed], ["first", "near"])

    def test_lists_that_are_not_known_any_more(self) -> None:
        """What is stored with the exchange is left."""
        self.a.ask("PUT", "/smtpBehaviors", [REFUSED | {"skip": 1, "id": "first"}])
        client = self.a.connect()
        client.say("EHLO h.test", "MAIL FROM:<>", "RCPT TO:<bob@x.test>")
        for number in range(10):
            self.a.ask("PUT", "/smtpBehaviors", [REFUSED | {"id": f"other{number}"}])
            client.say("NOOP")
        self.a.second()
        self.b = self.start("c")
        exchange = self.same("/smtpSessions/1")["transcript"][3]
        self.assertEqual(
            exchange["passedOver"], [{"behavior": "first", "reason": "skip"}]
        )
        shown = self.b.get("/smtpSessions/1?explain=true")["transcript"][3]
        self.assertIsNone(shown["considered"])


class DeliveryTests(ReplicaCase):
    """`SharedDeliveries`"""

    def deliver(self, replica: Any, host: str, *to: str, content: str = "") -> None:
        replica.connect(host).deliver(*to, content=content)
        self.clock.advance(1)

    def test_attempts_have_the_same_ids(self) -> None:
        """An attempt has one id, whichever replica is asked."""
        self.deliver(self.b, "default", "bob@x.test", "carl@x.test")
        self.assertEqual(ids(self.b.get("/smtpAttempts")), ["1", "2"])
        self.deliver(self.a, "default", "dora@x.test")
        self.deliver(self.b, "mx2", "eve@x.test")
        attempts = self.same("/smtpAttempts")
        self.assertEqual(
            [(one["id"], one["recipient"]) for one in attempts],
            [
                ("1", "bob@x.test"),
                ("2", "carl@x.test"),
                ("3", "dora@x.test"),
                ("4", "eve@x.test"),
            ],
        )
        self.same("/smtpAttempts/4")
        self.assertEqual(ids(self.same("/smtpAttempts?after=2")), ["3", "4"])

    def test_fail_over_between_replicas(self) -> None:
        """Rounds and copies are those of all replicas."""
        self.a.behave(REFUSED)
        self.b.behave(REFUSED, host="mx2")
        mail = with_id("m1@h.test")
        for _ in range(2):
            self.deliver(self.a, "default", "bob@x.test", content=mail)
            self.deliver(self.b, "mx2", "bob@x.test", content=mail)
            self.clock.advance(60)
            self.b.behave(host="mx2")
        (delivery,) = self.same("/deliveries")
        self.assertEqual(delivery["verdicts"], [*["deferred"] * 3, "accepted"])
        self.assertEqual(delivery["copies"], 1)
        self.assertEqual([len(one) for one in delivery["rounds"]], [2, 2])
        self.assertEqual(delivery["hosts"], ["default", "mx2"] * 2)
        self.same(f"/deliveries/{delivery['id']}")

    def test_an_earlier_attempt_arrives_late(self) -> None:
        """The delivery is the same as if it had arrived in time."""
        self.a.behave(REFUSED)
        mail = with_id("m1@h.test")
        replicas = self.b.store.replicas
        replicas.watch()
        self.deliver(self.a, "default", "bob@x.test", content=mail)
        self.deliver(self.b, "mx2", "bob@x.test", content=mail)
        self.b.second()
        update = self.b.mock.deliveries.update
        update(self.clock.seconds())
        final = self.b.mock.deliveries.deliveries()[-1].final
        self.assertEqual(final.value, "accepted")
        (delivery,) = self.same("/deliveries")
        self.assertEqual(delivery["verdicts"], ["deferred", "accepted"])
        replicas.unwatch()

    def test_a_refused_connection_arrives_late(self) -> None:
        """It is part of what its client has attempted next, on another replica."""
        self.a.behave(
            {"command": "CONNECT", "response": {"code": 421, "then": "close"}}
        )
        self.a.connect().close()
        self.clock.advance(0.1)
        self.deliver(self.b, "mx2", "bob@x.test", content=with_id("m1@h.test"))
        self.b.second()
        self.b.mock.deliveries.update(self.clock.seconds())
        (delivery,) = self.same("/deliveries")
        self.assertEqual(delivery["hosts"], ["default", "mx2"])
        self.assertEqual(len(delivery["rounds"]), 1)

    def test_it_belongs_to_the_first_that_follows(self) -> None:
        """A refused connection moves to an earlier attempt that arrives late."""
        self.a.behave(
            {"command": "CONNECT", "response": {"code": 421, "then": "close"}}
        )
        self.a.connect().close()
        self.clock.advance(1)
        self.deliver(self.b, "mx2", "bob@x.test", content=with_id("m1@h.test"))
        self.a.behave()
        self.deliver(self.a, "default", "carl@x.test", content=with_id("m2@h.test"))
        self.a.second()
        self.a.mock.deliveries.update(self.clock.seconds())
        (first,) = self.a.mock.deliveries.deliveries()
        self.assertEqual(len(first.attempts), 2)
        bob, carl = sorted(self.same("/deliveries"), key=lambda one: one["recipient"])
        self.assertEqual([len(bob["verdicts"]), len(carl["verdicts"])], [2, 1])

    def test_a_connection_that_was_refused_long_ago(self) -> None:
        """It is part of what its client has attempted next, whatever followed."""
        banner = {"command": "CONNECT", "response": {"code": 421}}
        self.a.behave(banner)
        client = self.a.connect()
        self.clock.advance(1)
        for number in range(20):
            self.deliver(self.b, "mx2", f"user{number}@x.test")
        self.b.second()
        self.a.settle()
        self.a.mock.deliveries.update(self.clock.seconds())
        client.close()
        deliveries = self.same("/deliveries")
        (one,) = [each for each in deliveries if len(each["verdicts"]) == 2]
        self.assertEqual(one["recipient"], "user0@x.test")

    def test_a_reply_that_is_still_to_come(self) -> None:
        """An attempt is shown when its reply was sent, on all replicas."""
        self.a.behave(
            {"command": "DATA", "response": {"code": 450, "delay": 10_000}},
        )
        client = self.a.connect()
        client.say("EHLO h.test", "MAIL FROM:<>", "RCPT TO:<bob@x.test>", "DATA")
        client.say("hello", ".")
        self.assertEqual(len(self.same("/smtpSessions/1")["transactions"]), 1)
        self.assertEqual(self.same("/smtpAttempts"), [])
        self.clock.advance(10)
        (attempt,) = self.same("/smtpAttempts")
        self.assertEqual(attempt["verdict"], "deferred")
        client.say("QUIT")
        client.close()
        self.assertEqual(len(self.same("/smtpAttempts")), 1)

    def test_a_restarted_replica(self) -> None:
        """It has the same attempts and deliveries, with the same ids."""
        self.deliver(self.a, "default", "bob@x.test", content=with_id("m1@h.test"))
        self.deliver(self.b, "mx2", "carl@x.test", content=with_id("m2@h.test"))
        before = self.same("/smtpAttempts"), self.same("/deliveries")
        self.a.end()
        self.a = self.start("c")
        self.assertEqual((self.same("/smtpAttempts"), self.same("/deliveries")), before)


class OrderTests(ReplicaCase):
    """The order of a journal with copies"""

    def test_any_order_of_arrival(self) -> None:
        """Sessions are listed by number, whenever they were read."""
        early = self.a.connect()
        self.b.connect().deliver("bob@x.test")
        self.b.connect().deliver("carl@x.test")
        self.same("/smtpSessions")
        late = self.start("c").connect()
        early.say("QUIT")
        early.close()
        self.assertEqual(ids(self.same("/smtpSessions")), ["1", "2", "3", "4"])
        late.close()
        journal: Journal = self.b.host.journal
        self.assertEqual([one.number for one in journal.sessions()], [1, 2, 3, 4])

    def test_numbers_that_were_fetched_before(self) -> None:
        """A session may have a lower number than one that was read before."""
        number = self.b.store.replicas.sessions.next()
        self.a.connect().deliver("bob@x.test")
        self.same("/smtpSessions")
        with mock.patch.object(
            self.b.store.replicas.sessions, "next", return_value=number
        ):
            self.b.connect().deliver("carl@x.test")
        self.assertEqual(ids(self.same("/smtpSessions")), ["1", "2"])
