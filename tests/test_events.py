"""What happens on the hosts of a mock"""

from __future__ import annotations

import itertools

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.point import Command
from mocksmtp.events import (
    MAX_EVENTS,
    MAX_OCTETS,
    MAX_RECIPIENTS,
    MAX_SUBJECT,
    EventBus,
    Kind,
)
from mocksmtp.hosts.host import MailHost
from mocksmtp.mock import Mock
from mocksmtp.sessions.session import End
from mocksmtp.zone.answer import Question
from mocksmtp.zone.zone import Zone
from tests.session_client import Client
from tests.smtp.dialogue import behavior


class BusTests(SynchronousTestCase):
    """`EventBus`"""

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
        self.assertEqual(self.kinds(), ["mail", "transaction", "session"])
        for event in self.bus.behind(0, 9):
            self.assertEqual(event[1:3], (5.0, "default"))
        mail, transaction, session = (event[3] for event in self.bus.behind(0, 9))
        self.assertEqual((mail[0], mail[2], mail[3]), (1, 1, len(b"hello\r\n")))
        self.assertEqual((transaction[0], transaction[3].mail), ("1", 1))
        self.assertEqual((session[0].end, session[1]), (End.QUIT, 1))

    def test_a_behavior_that_fires(self) -> None:
        """What it said, how often it has, and the beginning of what it looked at."""
        self.bus.activate()
        self.host.behaviors.replace_all([behavior(Command.DATA, 451, "no")])
        Client(self.host, self.numbers).deliver("a@x.test", content="x" * 5000)
        kinds = self.kinds()
        self.assertEqual(kinds, ["behavior", "transaction"])
        (fired, _) = (event[3] for event in self.bus.behind(0, 9))
        self.assertEqual(
            fired, ("1", None, Command.DATA, 451, "no", 1, b"x" * MAX_SUBJECT)
        )

    def test_a_query(self) -> None:
        """It belongs to no host."""
        self.bus.activate()
        question = Question("x.test", 15)
        self.bus.query(question, 3, "tcp", "192.0.2.1")
        (event,) = self.bus.behind(0, 9)
        self.assertEqual(event[0], Kind.DNS_QUERY)
        self.assertEqual(event[2:4], (None, (question, 3, "tcp", "192.0.2.1", None)))

    def test_a_host_that_comes_later(self) -> None:
        """What happens there is noted as well, under its name."""
        self.bus.activate()
        other = MailHost("mx2", "mx2.test")
        self.mock.add(other)
        self.attempt("a@x.test", host=other)
        self.assertEqual({event[2] for event in self.bus.behind(0, 9)}, {"mx2"})
        self.assertEqual(len(self.kinds()), 3)

    def test_clearing_the_journal_is_no_event(self) -> None:
        """Nor is it that a session begins."""
        self.bus.activate()
        Client(self.host, self.numbers)
        self.host.journal.clear()
        self.assertEqual(self.kinds(), [])

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
        mail, transaction = (e[3] for e in self.bus.behind(200, 9))
        self.assertEqual((len(mail[1].recipients), mail[2]), (MAX_RECIPIENTS, 200))
        trimmed = transaction[3]
        self.assertEqual((len(trimmed.recipients), transaction[4]), (100, 400))
        self.assertEqual((len(trimmed.told), trimmed.mail), (100, 1))

    def test_no_content_is_held(self) -> None:
        """An event of a large mail is as light as one of a small mail."""
        self.bus.activate()
        client = Client(self.host, self.numbers)
        for content in "", "x" * 100_000:
            client.deliver("a@x.test", content=content)
        small, large = (e for e in self.bus.behind(0, 9) if e[0] is Kind.MAIL)
        self.assertEqual(small[4], large[4])

    def test_the_bell_rings_once(self) -> None:
        """Who wants to hear of more hangs it up again; None takes it away."""
        rung = []
        self.bus.activate()
        self.bus.on_next(lambda: rung.append(self.bus.last))
        for _ in range(3):
            self.bus.query(None, 0, "udp", "")
        self.assertEqual(rung, [1])
        self.bus.on_next(lambda: rung.append(self.bus.last))
        self.bus.on_next(None)
        self.bus.query(None, 0, "udp", "")
        self.assertEqual(rung, [1])
