"""What happens on the hosts of a mock"""

from __future__ import annotations

import itertools
from ipaddress import IPv4Address
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.dns import DnsBehavior, DnsResponse
from mocksmtp.behaviors.point import Command
from mocksmtp.events import (
    LINGER,
    MAX_EVENTS,
    MAX_OCTETS,
    MAX_RECIPIENTS,
    MAX_SUBJECT,
    USUAL,
    EventBus,
    EventKind,
)
from mocksmtp.hosts.host import MailHost
from mocksmtp.mock import Mock
from mocksmtp.sessions.session import End
from mocksmtp.zone.answer import Question
from mocksmtp.zone.names import Name
from mocksmtp.zone.rdata import A
from mocksmtp.zone.records import Record
from mocksmtp.zone.zone import Zone
from tests.session_client import Client
from tests.smtp.dialogue import behavior


class BusTestCase(SynchronousTestCase):
    """A bus, and a host with clients."""

    def setUp(self) -> None:
        self.clock = Clock()
        self.host = MailHost("default", "mx.test")
        self.mock = Mock(self.host, Zone())
        self.bus = EventBus(self.mock, self.clock.seconds)
        self.numbers = itertools.count(1)

    def attempt(self, *to: str, host: MailHost | None = None) -> None:
        client = Client(host or self.host, self.numbers, self.clock)
        client.deliver(*to)
        client.quit()

    def kinds(self) -> list[str]:
        return [event[0].value for event in self.bus.behind(0, MAX_EVENTS)]


class BusTests(BusTestCase):
    """`EventBus`"""

    def test_nothing_is_noted_before_anybody_asks(self) -> None:
        """No host is listened to either."""
        self.attempt("a@x.test")
        self.bus.query(None, 0, "udp", "192.0.2.1")
        self.assertEqual((self.bus.last, self.kinds()), (0, []))
        self.assertEqual(self.host.mailbox.listeners, [])
        self.assertEqual(self.host.journal.listeners, [])
        self.assertEqual(self.host.behaviors.listeners, [])

    def test_a_mail_from_its_beginning_to_its_end(self) -> None:
        """The mail is kept, its transaction settled, and the session ends."""
        self.bus.activate()
        self.bus.activate()
        self.clock.advance(5)
        self.attempt("a@x.test")
        self.assertEqual(
            self.kinds(), ["sessionStarted", "mail", "transaction", "session"]
        )
        for event in self.bus.behind(0, 9):
            self.assertEqual(event[1:3], (5.0, "default"))
        _, mail, transaction, session = (event[3] for event in self.bus.behind(0, 9))
        self.assertEqual((mail[0], mail[2], mail[3]), (1, 1, len(b"hello\r\n")))
        self.assertEqual((transaction[0], transaction[3].mail), ("1", 1))
        self.assertEqual((session[0].end, session[1]), (End.QUIT, 1))

    def test_a_behavior_that_fires(self) -> None:
        """What it said, how often it has, and the beginning of what it looked at."""
        self.bus.activate()
        self.host.behaviors.replace_all([behavior(Command.DATA, 451, "no")])
        Client(self.host, self.numbers).deliver("a@x.test", content="x" * 5000)
        kinds = self.kinds()
        self.assertEqual(
            kinds, ["behaviors", "sessionStarted", "behavior", "transaction"]
        )
        (*_, fired, _) = (event[3] for event in self.bus.behind(0, 9))
        self.assertEqual(
            fired, ("1", None, Command.DATA, 451, "no", 1, b"x" * MAX_SUBJECT)
        )

    def test_a_query(self) -> None:
        """It belongs to no host."""
        self.bus.activate()
        question = Question("x.test", 15)
        self.bus.query(question, 3, "tcp", "192.0.2.1")
        (event,) = self.bus.behind(0, 9)
        self.assertEqual(event[0], EventKind.DNS_QUERY)
        self.assertEqual(event[2:4], (None, (question, 3, "tcp", "192.0.2.1", None)))

    def test_a_host_that_comes_later(self) -> None:
        """What happens there is noted as well, under its name."""
        self.bus.activate()
        other = MailHost("mx2", "mx2.test")
        self.mock.add(other)
        self.attempt("a@x.test", host=other)
        self.assertEqual({event[2] for event in self.bus.behind(0, 9)}, {"mx2"})
        self.assertEqual(len(self.kinds()), 5)

    def test_clearing_the_journal_is_no_event(self) -> None:
        """The sessions that last go on, and do not begin again."""
        self.bus.activate()
        Client(self.host, self.numbers)
        self.host.journal.clear()
        self.assertEqual(self.kinds(), ["sessionStarted"])

    def test_the_last_ones_are_kept(self) -> None:
        """Their numbers go on, and tell how many have gone."""
        self.bus.activate()
        for _ in range(MAX_EVENTS + 10):
            self.bus.query(None, 0, "udp", "")
        self.assertEqual((self.bus.oldest, self.bus.last), (11, MAX_EVENTS + 10))
        self.assertEqual(len(self.bus.behind(0, 10**6)), MAX_EVENTS)
        self.assertEqual(len(self.bus.behind(self.bus.last - 3, 10)), 3)
        self.assertEqual(len(self.bus.behind(self.bus.last - 30, 10)), 10)
        self.assertEqual(self.bus.behind(self.bus.last, 10), [])

    def test_memory_is_bounded(self) -> None:
        """Whatever is sent, and the sum of what is kept is right in the end."""
        self.bus.activate()
        client = Client(self.host, self.numbers)
        for _ in range(20):
            parameter = "X=" + "p" * 1900
            recipients = [f"RCPT TO:<a@x.test> {parameter}"] * 80
            client.say("MAIL FROM:<b@x.test>", *recipients, "DATA", ".")
            self.assertLess(self.bus.octets, MAX_OCTETS)
        kept = self.bus.behind(0, MAX_EVENTS)
        self.assertEqual(self.bus.octets, sum(event[4] for event in kept))
        self.assertLess(len(kept), 40)

    def test_few_of_many_recipients_are_held(self) -> None:
        """How many there were is told."""
        self.bus.activate()
        self.host.behaviors.replace_all([behavior(Command.RCPT_TO, 550, contains="n")])
        to = [f"{name}{n}@x.test" for name in "yn" for n in range(200)]
        Client(self.host, self.numbers).deliver(*to)
        mail, transaction = (e[3] for e in self.bus.behind(202, 9))
        self.assertEqual((len(mail[1].recipients), mail[2]), (MAX_RECIPIENTS, 200))
        trimmed = transaction[3]
        self.assertEqual((len(trimmed.recipients), transaction[4]), (100, 400))
        self.assertEqual((len(trimmed.other_rcpts), trimmed.mail), (100, 1))

    def test_no_content_is_held(self) -> None:
        """An event of a large mail is as light as one of a small mail."""
        self.bus.activate()
        client = Client(self.host, self.numbers)
        for content in "", "x" * 100_000:
            client.deliver("a@x.test", content=content)
        small, large = (e for e in self.bus.behind(0, 9) if e[0] is EventKind.MAIL)
        self.assertEqual(small[4], large[4])

    def test_the_bell_rings_once(self) -> None:
        """Who wants to hear of more hangs it up again; None takes it away."""
        rung = []
        self.bus.activate()
        self.bus.on_next_event(lambda: rung.append(self.bus.last))
        for _ in range(3):
            self.bus.query(None, 0, "udp", "")
        self.assertEqual(rung, [1])
        self.bus.on_next_event(lambda: rung.append(self.bus.last))
        self.bus.on_next_event(None)
        self.bus.query(None, 0, "udp", "")
        self.assertEqual(rung, [1])


class ChangeTests(BusTestCase):
    """Events of what a user changes"""

    def documents(self, kind: EventKind) -> list[tuple[str | None, Any]]:
        events = self.bus.behind(0, MAX_EVENTS)
        return [(event[2], event[3]) for event in events if event[0] is kind]

    def test_behaviors(self) -> None:
        """One event for each change of a list, with the length that it has then."""
        self.bus.activate()
        one, other = behavior(Command.DATA, 451), behavior(Command.DATA, 452)
        self.host.behaviors.replace_all([one, other])
        self.host.behaviors.remove("1")
        self.host.behaviors.clear()
        self.host.behaviors.clear()
        told = self.documents(EventKind.BEHAVIORS)
        self.assertEqual(
            told,
            [("default", {"protocol": "smtp", "count": n}) for n in (2, 1, 0)],
        )

    def test_behaviors_of_dns(self) -> None:
        """They belong to no host."""
        self.bus.activate()
        self.mock.dns_behaviors.replace_all([DnsBehavior((), response=DnsResponse())])
        told = self.documents(EventKind.BEHAVIORS)
        self.assertEqual(told, [(None, {"protocol": "dns", "count": 1})])

    def test_hosts(self) -> None:
        """Added, changed, removed."""
        self.bus.activate()
        other = MailHost("mx2", "mx2.test")
        self.mock.add(other)
        self.mock.notify_changed(other)
        self.mock.remove("mx2")
        told = self.documents(EventKind.HOSTS)
        changes = ("added", "changed", "removed")
        self.assertEqual(told, [("mx2", {"change": change}) for change in changes])
        self.assertEqual(other.mailbox.listeners, [])

    def test_records(self) -> None:
        """How many users have set."""
        self.bus.activate()
        record = Record(Name.parse("a.test"), A(IPv4Address("192.0.2.1")))
        self.mock.zone = Zone([record])
        self.mock.zone = Zone()
        told = self.documents(EventKind.RECORDS)
        self.assertEqual(told, [(None, {"count": 1}), (None, {"count": 0})])

    def test_a_reset(self) -> None:
        """Of all hosts or of one; to nothing, or to the state at the start."""
        self.bus.activate()
        self.mock.reset()
        self.mock.reset(to_start=True)
        self.mock.reset_host(self.host)
        self.assertEqual(
            self.documents(EventKind.RESET),
            [
                (None, {"all": False}),
                (None, {"all": True}),
                ("default", {"all": False}),
            ],
        )


class LingerTests(BusTestCase):
    """How long events are noted"""

    def hears(self) -> bool:
        """Whether anything is listened to."""
        host, mock = self.host, self.mock
        return any(
            (
                *(host.mailbox.listeners, host.journal.listeners),
                *(host.journal.exchange_listeners, host.behaviors.listeners),
                *(host.behaviors.change_listeners, mock.listeners),
                *(mock.dns_behaviors.change_listeners, mock._observers),
                mock.deliveries.delivery_listeners,
            )
        )

    def test_nothing_is_listened_to_before_the_first_reader(self) -> None:
        """A mail, a command and a change cost nothing for events."""
        self.assertFalse(self.hears())

    def test_for_a_while_after_the_last_reader(self) -> None:
        """It may come again; the first event after that time ends it."""
        for kinds in USUAL, {EventKind.EXCHANGE}:
            self.bus.join(kinds)
            self.bus.join({EventKind.MAIL})
            self.bus.follow_deliveries()
            self.bus.leave(kinds)
            self.clock.advance(LINGER + 1)
            self.attempt("a@x.test")
            self.bus.leave({EventKind.MAIL})
            last = self.bus.last
            self.clock.advance(LINGER)
            self.attempt("a@x.test")
            self.assertGreater(self.bus.last, last)
            self.assertTrue(self.hears())
            self.clock.advance(0.1)
            self.attempt("a@x.test")
            self.assertFalse(self.hears())
            self.assertFalse(self.bus.active)
            self.assertEqual((self.bus.octets, self.kinds()), (0, []))

    def test_a_reader_that_comes_again_in_time(self) -> None:
        """Nothing ends then, and nothing is missed."""
        self.bus.join(USUAL)
        self.bus.leave(USUAL)
        self.clock.advance(LINGER)
        self.bus.join(USUAL)
        self.clock.advance(LINGER + 1)
        self.attempt("a@x.test")
        self.assertEqual(len(self.kinds()), 4)

    def test_numbers_go_on(self) -> None:
        """Those of events that were not noted are not used for others."""
        self.bus.join(USUAL)
        self.attempt("a@x.test")
        last = self.bus.last
        self.bus.deactivate()
        self.bus.deactivate()
        self.bus.activate()
        self.assertEqual((self.bus.last, self.bus.first), (last + 1, last + 2))
        self.assertEqual(self.bus.oldest, last + 2)

    def test_exchanges_are_noted_on_request(self) -> None:
        """And for a while after the last reader of them, if others stay."""
        self.bus.join(USUAL)
        self.attempt("a@x.test")
        self.assertNotIn("exchange", self.kinds())
        self.bus.join({EventKind.EXCHANGE})
        other = MailHost("mx2", "mx2.test")
        self.mock.add(other)
        for host in self.host, other:
            client = Client(host, self.numbers, self.clock)
            client.say("NOOP")
            *_, event = self.bus.behind(0, MAX_EVENTS)
            self.assertEqual((event[0], event[2]), (EventKind.EXCHANGE, host.name))
            self.assertEqual(event[3]["exchange"]["line"], "NOOP")
            self.assertEqual(event[3]["number"], 1)
        self.bus.leave({EventKind.EXCHANGE})
        self.clock.advance(LINGER + 1)
        self.assertTrue(self.host.journal.exchange_listeners)
        client.say("NOOP")
        self.assertEqual(self.host.journal.exchange_listeners, [])
        self.assertEqual(other.journal.exchange_listeners, [])
        self.assertTrue(self.bus.active)

    def test_another_listener_of_behaviors_misses_nothing(self) -> None:
        """The end comes while the listeners are called."""
        heard = []
        self.bus.join(USUAL)
        self.host.behaviors.listeners.append(lambda *_: heard.append(1))
        self.host.behaviors.replace_all([behavior(Command.RCPT_TO, 451)])
        client = Client(self.host, self.numbers, self.clock)
        client.say("MAIL FROM:<b@x.test>")
        self.bus.leave(USUAL)
        self.clock.advance(LINGER + 1)
        client.say("RCPT TO:<a@x.test>")
        self.assertEqual((heard, self.bus.active), ([1], False))


class DeliveryTests(BusTestCase):
    """Events of deliveries"""

    def test_each_attempt_changes_its_delivery(self) -> None:
        """Once it was derived; those from before are no events."""
        deliveries = self.mock.deliveries
        self.attempt("a@x.test")
        self.bus.join(USUAL)
        deliveries.update(self.clock.seconds())
        self.bus.follow_deliveries()
        self.host.behaviors.replace_all([behavior(Command.DATA, 451, times=1)])
        for _ in range(2):
            self.attempt("b@x.test")
            self.clock.advance(60)
            deliveries.update(self.clock.seconds())
        events = self.bus.behind(0, MAX_EVENTS)
        told = [event[3] for event in events if event[0] is EventKind.DELIVERY]
        self.assertEqual(
            [(one["final"], one["attemptCount"], one["recipient"]) for one in told],
            [("deferred", 1, "b@x.test"), ("accepted", 2, "b@x.test")],
        )
        self.assertEqual(told[1]["attempt"]["verdict"], "accepted")
