"""Counts that replicas have in common, as documents"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.dns import DNS, DnsAttempt
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.hosts.host import MailHost
from mocksmtp.mock import Mock
from mocksmtp.persistence.state import MockState
from mocksmtp.store.interface import Kind
from mocksmtp.zone.answer import Question
from mocksmtp.zone.names import Name
from mocksmtp.zone.rdata import RRType
from mocksmtp.zone.zone import Zone
from tests.behaviors.attempts import FakeAttempt
from tests.smtp.mocked import on
from tests.store.replica import ReplicaCase
from tests.store.replicas import done

RCPT = Command.RCPT_TO


class NoTurns:
    """Turns that nothing waits for."""

    is_current = True

    def add(self, undecided: Any) -> None:
        raise AssertionError

    def discard(self, undecided: Any) -> None:
        raise AssertionError


class Replica:
    """A mock that has its behaviors in common with others."""

    def __init__(self, *documents: Any) -> None:
        self.mock = Mock(MailHost("default", "mx.test"), Zone())
        self.state = MockState(self.mock)
        self.state.share(NoTurns())
        self.rules = self.mock.default.behaviors
        self.rules.replace_all(SMTP.parse_all(list(documents)))
        # They are in the state, as if they had been stored.
        self.state.settle_hosts()
        self.state.changes()

    def decide(self, recipient: str = "bob@x.test", **values: Any) -> bool:
        """Whether a behavior answers RCPT."""
        attempt = FakeAttempt(recipient=recipient, **values)
        return self.rules.decide(RCPT, recipient.encode(), attempt) is not None


class CountsCase(SynchronousTestCase):
    """Two replicas with the same behaviors."""

    def replicas(self, *documents: Any) -> tuple[Replica, Replica]:
        return Replica(*documents), Replica(*documents)

    def alternate(self, one: Replica, other: Replica, *asked: Any) -> list[bool]:
        """Decide at each replica in turn, and give the counts to the other."""
        answers = []
        for recipient in asked:
            answers.append(one.decide(recipient))
            other.state.apply_counts(one.state.moved_counts().items())
            one.state.confirm_counts()
            other.state.add_tallies(one.state.tallies())
            one, other = other, one
        return answers


class CountsTests(CountsCase):
    """Counters, keys and scenarios"""

    def test_how_often_it_answers(self) -> None:
        """`numberOfAnswer` is for all replicas together."""
        pair = self.replicas(on("RCPT TO", 450, numberOfAnswer=3))
        answers = self.alternate(*pair, *["bob@x.test"] * 6)
        self.assertEqual(answers, [True] * 3 + [False] * 3)
        for replica in pair:
            (rule,) = replica.rules
            self.assertEqual((rule.seen, rule.fired, rule.remaining(0)), (6, 3, 0))

    def test_each_key(self) -> None:
        """Each key has its counts at all replicas."""
        pair = self.replicas(on("RCPT TO", 450, skip=1, per=["recipient"]))
        answers = self.alternate(*pair, *["a@x", "a@x", "b@x", "b@x", "a@x"])
        self.assertEqual(answers, [False, True, False, True, True])

    def test_responses_in_turn(self) -> None:
        """A response is given once, by whichever replica."""
        responses = [{"code": 450}, {"code": 451, "times": None}]
        one, other = self.replicas(on("RCPT TO", responses=responses))
        attempt = FakeAttempt()
        first = one.rules.decide(RCPT, b"", attempt)
        other.state.apply_counts(one.state.moved_counts().items())
        second = other.rules.decide(RCPT, b"", attempt)
        assert first is not None
        assert second is not None
        codes = [each.reply.code for each in (first, second) if each.reply]
        self.assertEqual(codes, [450, 451])

    def test_scenarios(self) -> None:
        """A step that a replica has taken is taken for all."""
        step = {"name": "s", "state": "Started", "next": "done"}
        pair = self.replicas(on("RCPT TO", 450, scenario=step))
        self.assertEqual(self.alternate(*pair, "a@x", "a@x"), [True, False])
        for replica in pair:
            self.assertEqual(replica.mock.default.scenarios.states(), {"s": "done"})

    def test_a_reset_of_scenarios(self) -> None:
        """States that a replica has cleared are cleared at the others."""
        one, other = self.replicas()
        one.mock.default.scenarios.set({"s": "done"})
        other.state.apply_counts(one.state.counts().items())
        one.mock.default.scenarios.clear()
        other.state.apply_counts(one.state.counts().items())
        self.assertEqual(other.mock.default.scenarios.states(), {})

    def test_nothing_is_stored_twice(self) -> None:
        """Counts that were received or stored are not stored again."""
        one, other = self.replicas(on("RCPT TO", 450, numberOfAnswer=3))
        one.decide()
        other.state.apply_counts(one.state.moved_counts().items())
        for replica in (one, other):
            self.assertEqual(replica.state.moved_counts(), {})
            self.assertEqual(replica.state.counts(), {})

    def test_evicted_keys(self) -> None:
        """A key that one replica has evicted is gone at all."""
        one, other = self.replicas(on("RCPT TO", 450, per=["recipient"]))
        one.rules.shared.keys._limit = 2
        for name in ("a@x", "b@x", "c@x"):
            one.decide(name)
            other.state.apply_counts(one.state.moved_counts().items())
        (rule,) = other.rules
        keys = [key for key, _ in rule.counts(0)]
        self.assertEqual(keys, [(b"b@x",), (b"c@x",)])

    def test_counts_that_were_not_stored(self) -> None:
        """After a failure the stored counts are in force, and no others."""
        one, _ = self.replicas(
            on("RCPT TO", 450, numberOfAnswer=3, id="a"),
            on("RCPT TO", 451, per=["recipient"], id="b"),
        )
        for _ in range(2):
            one.decide()
        stored: dict[Kind, dict[str, Any]] = {}
        for (kind, name), document in one.state.moved_counts().items():
            stored.setdefault(kind, {})[name] = document
        for name in ("bob@x.test", "bob@x.test", "al@x.test", "al@x.test"):
            one.decide(name)
        one.state.restore_counts(stored)
        first, second = one.rules
        self.assertEqual((first.seen, first.fired), (2, 2))
        self.assertEqual((second.seen, [*second.counts(0)]), (0, []))
        self.assertEqual(one.state.moved_counts(), {})
        self.assertEqual(one.state.counts(), {})


class TallyTests(CountsCase):
    """Counters that no decision depends on"""

    def test_they_add_up(self) -> None:
        """Each replica adds what the others have counted."""
        one, other = self.replicas(on("RCPT TO", 450))
        for _ in range(3):
            one.decide()
        other.decide()
        self.assertEqual(one.state.moved_counts(), {})
        mine, theirs = one.state.tallies(), other.state.tallies()
        one.state.add_tallies(theirs)
        other.state.add_tallies(mine)
        for replica in (one, other):
            (rule,) = replica.rules
            self.assertEqual((rule.seen, rule.fired), (4, 4))
            self.assertEqual(replica.state.tallies(), [])
            self.assertEqual(replica.state.counts(), {})

    def test_what_is_counted_for_each_connection(self) -> None:
        """A connection has one replica, so its counts need no other."""
        document = on("RCPT TO", 450, per=["connection"], numberOfAnswer=1)
        one, _ = self.replicas(document)
        self.assertEqual([one.decide(connection=n) for n in (1, 1, 2)], [1, 0, 1])
        self.assertEqual(one.rules.counting, set())
        (tally,) = one.state.tallies()
        self.assertEqual((tally.path, tally.seen, tally.fired), ("default/1", 3, 2))

    def test_a_replaced_behavior(self) -> None:
        """What was counted of a behavior that is gone is not added to another."""
        one, _ = self.replicas(on("RCPT TO", 450, id="a"))
        one.decide()
        one.rules.replace_all(SMTP.parse_all([on("RCPT TO", 451, id="a")]))
        self.assertEqual(one.state.tallies(), [])

    def test_a_changed_behavior(self) -> None:
        """A change of other fields keeps what was counted."""
        one, _ = self.replicas(on("RCPT TO", 450, id="a"))
        one.decide()
        (rule,) = one.rules
        changed = SMTP.parse_one(on("RCPT TO", 451, id="a"))
        one.rules.change([(rule, changed)])
        one.decide()
        (tally,) = one.state.tallies()
        self.assertEqual((tally.seen, tally.fired), (2, 2))


class ExhaustedTests(CountsCase):
    """A behavior whose answers are used up"""

    def exhaust(self, one: Replica, other: Replica) -> None:
        """Use up the two answers, at one replica."""
        for _ in range(2):
            one.decide()
        other.state.apply_counts(one.state.moved_counts().items())
        self.assertEqual(one.rules.counting, {RCPT})
        one.state.confirm_counts()

    def test_no_turn_is_needed(self) -> None:
        """Once its counts are stored it decides nothing; matches are added up."""
        one, other = self.replicas(on("RCPT TO", 450, numberOfAnswer=2))
        self.exhaust(one, other)
        for replica in (one, other):
            self.assertEqual(replica.rules.counting, set())
            self.assertEqual([replica.decide(), replica.decide()], [False, False])
            self.assertEqual(replica.state.moved_counts(), {})
        told = one.state.tallies()
        one.state.add_tallies(other.state.tallies())
        other.state.add_tallies(told)
        for replica in (one, other):
            (rule,) = replica.rules
            self.assertEqual((rule.seen, rule.fired), (6, 2))

    def test_each_key_has_its_own(self) -> None:
        """Of keys, and within a window, there are always further ones."""
        for more in ({"per": ["recipient"]}, {"window": 1000}):
            one, _ = self.replicas(on("RCPT TO", 450, numberOfAnswer=2, **more))
            for _ in range(3):
                one.decide()
            one.state.moved_counts()
            one.state.confirm_counts()
            self.assertEqual(one.rules.counting, {RCPT})

    def test_more_answers(self) -> None:
        """A change of the number makes them count again."""
        one, other = self.replicas(on("RCPT TO", 450, numberOfAnswer=2, id="a"))
        self.exhaust(one, other)
        other.decide()
        for replica in (one, other):
            behavior = SMTP.parse_one(on("RCPT TO", 450, numberOfAnswer=3, id="a"))
            replica.rules.change([(replica.rules.get("a"), behavior)])
            self.assertEqual(replica.rules.counting, {RCPT})
        self.assertTrue(one.decide())
        other.state.apply_counts(one.state.moved_counts().items())
        (rule,) = other.rules
        self.assertEqual((rule.seen, rule.fired), (4, 3))
        self.assertEqual([one.seen for one in other.state.tallies()], [1])
        self.assertEqual(other.rules.counting, set())

    def test_counts_that_were_not_stored(self) -> None:
        """Its last answer is left if the turn was lost."""
        one, _ = self.replicas(on("RCPT TO", 450, numberOfAnswer=1))
        self.assertTrue(one.decide())
        one.state.moved_counts()
        one.state.restore_counts({})
        self.assertEqual(one.rules.counting, {RCPT})
        self.assertTrue(one.decide())


class CountingTests(SynchronousTestCase):
    """Which attempts depend on common counts"""

    def counting(self, *documents: Any) -> Any:
        return Replica(*documents).rules

    def test_fields(self) -> None:
        """A limit, a gate, a key, several responses or a scenario needs the turn."""
        several = [{"code": 450}, {"code": 451}]
        for fields, expected in (
            ({}, False),
            ({"probability": 0.5}, False),
            ({"enabled": False, "skip": 1}, False),
            ({"numberOfAnswer": 2}, True),
            ({"skip": 1}, True),
            ({"activeFor": 1000}, True),
            ({"window": 1000}, True),
            ({"per": ["clientIp"]}, True),
            ({"per": ["clientIp", "transaction"], "skip": 2}, False),
            ({"scenario": {"name": "x"}, "per": ["connection"]}, True),
        ):
            rules = self.counting(on("RCPT TO", 450, **fields))
            self.assertEqual(RCPT in rules.counting, expected, fields)
        self.assertIn(RCPT, self.counting(on("RCPT TO", responses=several)).counting)
        self.assertIn(Command.NOOP, self.counting(on("ANY", 450, skip=1)).counting)

    def test_without_replicas(self) -> None:
        """Nothing needs a turn where a service has one process."""
        host = MailHost("default", "mx.test")
        host.behaviors.replace_all(SMTP.parse_all([on("RCPT TO", 450, skip=1)]))
        self.assertEqual(host.behaviors.counting, set())

    def test_other_subjects(self) -> None:
        """Where the subject alone tells that none matches, nothing is counted."""
        bob = {"operator": "contains", "matchingValue": "bob@"}
        rules = self.counting(
            on("RCPT TO", 450, skip=1, condition=bob), on("RCPT TO", 451)
        )
        self.assertTrue(rules.may_count(RCPT, b"bob@x.test"))
        self.assertFalse(rules.may_count(RCPT, b"al@x.test"))
        self.assertFalse(rules.may_count(Command.NOOP, b""))
        helo = {"target": "helo", "operator": "exists"}
        rules = self.counting(on("RCPT TO", 450, skip=1, condition=helo))
        self.assertTrue(rules.may_count(RCPT, b"al@x.test"))

    def test_dns(self) -> None:
        """The behaviors of DNS use the scenarios of the default host."""
        one, other = Replica(), Replica()
        step = {"name": "s", "state": "Started", "next": "done"}
        for replica in (one, other):
            replica.mock.dns_behaviors.replace_all(
                DNS.parse_all(
                    {"query": "MX", "scenario": step, "response": {"rcode": "SERVFAIL"}}
                )
            )
        question = Question(Name.parse("x.test"), RRType.MX)
        for replica, fires in ((one, True), (other, False)):
            attempt = DnsAttempt(question, "127.0.0.1", "udp", lambda: 0.0)
            decision = replica.mock.dns_behaviors.decide_query(attempt)
            self.assertEqual(decision is not None, fires)
            moved = replica.state.moved_counts()
            other.state.apply_counts(moved.items())
        self.assertEqual(other.mock.default.scenarios.states(), {"s": "done"})


class ReadTests(ReplicaCase):
    """Counters of behaviors, read from any replica"""

    def put(self, *documents: Any) -> None:
        """Set the behaviors of the default host at all replicas."""
        sharing = self.a.keeper.sharing
        assert sharing is not None
        turn = done(sharing.take_turn())
        self.a.behave(*documents)
        done(turn.end())

    def counters(self) -> list[tuple[int, int, int | None]]:
        """What both replicas show of each behavior."""
        shown = self.same("/smtpBehaviors?view=full")
        return [(one["seen"], one["fired"], one["remaining"]) for one in shown]

    def test_all_counters(self) -> None:
        """Those that decisions depend on, and those that are added up."""
        self.put(
            on("MAIL FROM", 250), on("RCPT TO", 250, numberOfAnswer=4), on("QUIT", 221)
        )
        for replica in (self.a, self.b, self.b):
            replica.connect().deliver("bob@x.test")
        self.assertEqual(self.counters(), [(3, 3, None), (3, 3, 1), (3, 3, None)])
        self.a.connect().deliver("bob@x.test")
        self.assertEqual(self.counters(), [(4, 4, None), (4, 4, 0), (4, 4, None)])

    def test_a_change_of_the_number(self) -> None:
        """A behavior that is changed keeps its counters, and answers again."""
        self.put(on("RCPT TO", 450, numberOfAnswer=1, id="a"))
        for replica in (self.a, self.b):
            replica.connect().deliver("bob@x.test")
        sharing = self.b.keeper.sharing
        assert sharing is not None
        turn = done(sharing.take_turn())
        rules = self.b.mock.default.behaviors
        behavior = SMTP.parse_one(on("RCPT TO", 450, numberOfAnswer=2, id="a"))
        rules.change([(rules.get("a"), behavior)])
        done(turn.end())
        self.assertEqual(self.counters(), [(2, 1, 1)])
        for replica in (self.a, self.b):
            replica.connect().deliver("bob@x.test")
        self.assertEqual(self.counters(), [(4, 2, 0)])

    def test_a_new_replica(self) -> None:
        """It has all counters of the others."""
        self.put(on("MAIL FROM", 250), on("RCPT TO", 250, numberOfAnswer=4))
        self.a.connect().deliver("bob@x.test")
        self.b.connect().deliver("bob@x.test")
        self.counters()
        self.b = self.start("c")
        self.b.connect().deliver("bob@x.test")
        self.assertEqual(self.counters(), [(3, 3, None), (3, 3, 1)])
