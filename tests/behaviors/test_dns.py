"""The behaviors of DNS"""

from __future__ import annotations

from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.condition import AllOf, Equals
from mocksmtp.behaviors.delay import Fixed, Uniform
from mocksmtp.behaviors.dns import (
    DnsAttempt,
    DnsBehavior,
    DnsResponse,
    DnsRules,
    DnsSubject,
    parse_dns_target,
    query_type,
)
from mocksmtp.behaviors.explain import walks_of
from mocksmtp.behaviors.miss import Item
from mocksmtp.behaviors.target import Target
from mocksmtp.zone.answer import Question, Rcode
from mocksmtp.zone.rdata import RRType

MX, A, ANY = RRType.MX.value, RRType.A.value, RRType.ANY.value
FAILS, REFUSES = DnsResponse(Rcode.SERVFAIL), DnsResponse(Rcode.REFUSED)


def attempt(
    name: str | None = "Ex.Test",
    type_: int = MX,
    client_ip: str = "192.0.2.1",
    transport: str = "udp",
    clock: Clock | None = None,
) -> DnsAttempt:
    question = None if name is None else Question(name, type_)
    seconds = (clock or Clock()).seconds
    return DnsAttempt(question, client_ip, transport, seconds)


def answered(behaviors: DnsRules, *arguments, **more) -> int | None:
    """The rcode that a behavior answers."""
    decision = behaviors.decide_query(attempt(*arguments, **more))
    return None if decision is None else decision.response.rcode


class AttemptTests(SynchronousTestCase):
    """What conditions can look at"""

    def test_values(self) -> None:
        """The name is in lower case and has no final dot; the root is one."""
        asked = attempt("Mx.Ex.Test.", 65280, "::1", "tcp")
        values = {s.value: asked.values(Target(s)) for s in DnsSubject}
        self.assertEqual(
            values,
            {
                "name": (b"mx.ex.test",),
                "type": (b"TYPE65280",),
                "clientIp": (b"::1",),
                "transport": (b"tcp",),
            },
        )
        self.assertEqual(asked.subject, b"mx.ex.test")
        self.assertEqual(attempt(".").subject, b".")

    def test_what_cannot_be_read(self) -> None:
        """It has neither name nor type."""
        asked = attempt(None)
        self.assertEqual(asked.subject, b"")
        self.assertEqual(asked.values(parse_dns_target("name")), ())
        self.assertEqual(asked.values(parse_dns_target("type")), ())
        self.assertEqual(asked.values(parse_dns_target("transport")), (b"udp",))

    def test_the_type_of_all_types(self) -> None:
        """``ANY`` is said of every query, so the type has its number."""
        self.assertEqual([query_type(n) for n in (MX, ANY)], ["MX", "TYPE255"])


class DecisionTests(SynchronousTestCase):
    """Which one fires, and what then"""

    def setUp(self) -> None:
        self.behaviors = DnsRules()

    def test_types(self) -> None:
        """Those of the type and those of every type are asked in order."""
        self.behaviors.extend(
            [
                DnsBehavior((MX, 65280), response=FAILS, condition=Equals("ex.test")),
                DnsBehavior((), response=REFUSES),
            ]
        )
        for name, type_, rcode in (
            ("ex.test", MX, 2),
            ("EX.test", 65280, 2),
            ("other.test", MX, 5),
            ("ex.test", A, 5),
            ("ex.test", ANY, 5),
            (None, MX, 5),
        ):
            self.assertEqual(answered(self.behaviors, name, type_), rcode)
        self.assertEqual(self.behaviors.fired, {MX: 2, 65280: 1, -1: 3})

    def test_types_that_nobody_names_take_no_room(self) -> None:
        """However many are asked for, what is kept depends on the behaviors."""
        self.behaviors.extend(
            [DnsBehavior((), response=REFUSES), DnsBehavior((MX,), response=FAILS)]
        )
        for type_ in range(1000):
            self.assertEqual(answered(self.behaviors, "ex.test", type_), 5)
        self.assertLessEqual(set(self.behaviors._by_point), {MX, -1})

    def test_first_n_times(self) -> None:
        """With ``numberOfAnswer``, by name and by client where they are keys."""
        name, client = parse_dns_target("name"), parse_dns_target("clientIp")
        for per, expected in (
            ((), [2, None, None, None]),
            ((name,), [2, 2, None, None]),
            ((name, client), [2, 2, 2, None]),
        ):
            gate: Any = {"per": per}
            self.behaviors.replace_all(
                [DnsBehavior((MX,), response=FAILS, number_of_answer=1, **gate)]
            )
            told = [
                answered(self.behaviors, "a.test"),
                answered(self.behaviors, "b.test"),
                answered(self.behaviors, "a.test", client_ip="::1"),
                answered(self.behaviors, "A.test"),
            ]
            self.assertEqual(told, expected)

    def test_in_turn(self) -> None:
        """One response after the other, then the zone's."""
        self.behaviors.extend([DnsBehavior((MX,), responses=(FAILS, REFUSES))])
        told = [answered(self.behaviors) for _ in range(3)]
        self.assertEqual(told, [2, 5, None])

    def test_delays_go_on(self) -> None:
        """Who only slows down leaves the answer to others; delays add up."""
        slow = DnsBehavior((), response=DnsResponse(delay=Fixed(2)), id="slow")
        fails = DnsBehavior((MX,), response=DnsResponse(2, delay=Fixed(1)), id="fails")
        self.behaviors.extend([slow, fails])
        decision = self.behaviors.decide_query(attempt())
        self.assertEqual((decision.rules, decision.delay), (("slow", "fails"), 3))
        self.assertFalse(decision.only_delays)
        decision = self.behaviors.decide_query(attempt(type_=A))
        self.assertEqual((decision.rules, decision.delay), (("slow",), 2))
        self.assertTrue(decision.only_delays)

    def test_delays_by_chance(self) -> None:
        """They are within their bounds, and the same in each run."""

        def run() -> list[float]:
            behaviors = DnsRules()
            delay = DnsResponse(delay=Uniform(1, 2))
            behaviors.extend([DnsBehavior((), response=delay)])
            return [behaviors.decide_query(attempt()).delay for _ in range(5)]

        self.assertEqual(run(), run())
        self.assertTrue(all(1 <= delay < 2 for delay in run()))
        self.assertEqual(len(set(run())), 5)

    def test_for_a_while(self) -> None:
        """``activeFor`` counts from the first match."""
        clock = Clock()
        self.behaviors.extend([DnsBehavior((), response=FAILS, active_for=5)])
        self.assertEqual(answered(self.behaviors, clock=clock), 2)
        clock.advance(5)
        self.assertIsNone(answered(self.behaviors, clock=clock))

    def test_targets(self) -> None:
        """Conditions look at the transport and the client."""
        condition = AllOf(
            (
                Equals("udp", target=parse_dns_target("transport")),
                Equals("192.0.2.1", target=parse_dns_target("clientIp")),
            )
        )
        self.behaviors.extend([DnsBehavior((), response=FAILS, condition=condition)])
        self.assertEqual(answered(self.behaviors), 2)
        self.assertIsNone(answered(self.behaviors, transport="tcp"))
        self.assertIsNone(answered(self.behaviors, client_ip="192.0.2.2"))

    def test_set_on_its_own(self) -> None:
        """One takes the place of that for the same types and condition."""
        self.behaviors.put(DnsBehavior((MX,), response=FAILS))
        self.behaviors.put(DnsBehavior((A,), response=FAILS))
        self.behaviors.put(DnsBehavior((MX,), response=REFUSES))
        told = [answered(self.behaviors, type_=type_) for type_ in (MX, A)]
        self.assertEqual(told, [5, 2])

    def test_explained(self) -> None:
        """Why one does not fire can be told of any type."""
        self.behaviors.extend(
            [
                DnsBehavior((MX,), response=FAILS, condition=Equals("x")),
                DnsBehavior((), response=REFUSES),
            ]
        )
        trail: list[Item] = []
        self.behaviors.decide(MX, b"ex.test", attempt(), trail)
        (walked,) = walks_of(trail)
        self.assertEqual([rule.id for rule in walked.walk.rules], ["1", "2"])
        self.assertEqual(walked.by, self.behaviors.get("2"))
