"""What the log says of the mock"""

from __future__ import annotations

import json
from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.activity import MAX_LINES, ActivityLog, Throttle
from mocksmtp.behaviors.condition import Contains
from mocksmtp.behaviors.delay import Fixed
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Effect, Response, Then
from mocksmtp.behaviors.smtp import SmtpBehavior
from mocksmtp.hosts.host import MailHost
from mocksmtp.logs import Level, Log, LogFormat
from mocksmtp.mock import Mock
from mocksmtp.sessions.journal import Journal
from mocksmtp.sessions.session import TlsSession
from mocksmtp.zone.zone import Zone
from tests.smtp.dialogue import Dialogue
from tests.test_logs import count_calls


class ActivityCase(SynchronousTestCase):
    """Has a host whose activity is logged."""

    log_format = LogFormat.TEXT
    level = Level.INFO

    def setUp(self) -> None:
        self.clock = Clock()
        self.lines: list[str] = []
        self.host = MailHost("default", "mock.test", journal=Journal(0))
        log = Log(self.lines.append, self.log_format, self.level, self.clock.seconds)
        mock = Mock(self.host, Zone())
        self.activity = ActivityLog(mock, log, self.clock)
        self.client = Dialogue(self.host, self.clock)

    def say(self, *lines: str) -> None:
        """Say this on the connection, line by line."""
        self.client.say(*lines)

    def leave(self) -> None:
        """End the connection, and make the next one."""
        self.client.protocol.connectionLost(Failure(ConnectionDone()))
        self.client.connect()

    def said(self) -> list[str]:
        """The messages so far, without time and level."""
        return [line.partition("] ")[2].rstrip("\n") for line in self.lines]


MAIL = ("MAIL FROM:<a@x.test>", "RCPT TO:<b@y.test>", "DATA", "x\r\n.")


class MailTests(ActivityCase):
    """Mails"""

    def test_a_mail_that_is_kept(self) -> None:
        """From, to, size and session are shown, though no journal is kept."""
        self.say(*MAIL)
        expected = "Mail kept: id=1 from=<a@x.test> to=<b@y.test> size=3 session=1"
        self.assertEqual(self.said(), [expected])

    def test_a_mail_that_is_refused(self) -> None:
        """The reply is shown: to the content, or to the last recipient."""
        no = SmtpBehavior(
            Command.RCPT_TO,
            response=Response(550, "5.1.1 no"),
            condition=Contains("bob"),
        )
        late = SmtpBehavior(
            Command.DATA,
            response=Response(554, "5.6.0 no\nreally"),
            condition=Contains("bad"),
        )
        self.host.behaviors.replace_all([no, late])
        self.say("MAIL FROM:<>", "RCPT TO:<bob@y.test>", "RSET")
        self.say(*MAIL[:3], "bad\r\n.")
        self.assertEqual(
            self.said(),
            [
                "Behavior 1 answered RCPT TO 'bob@y.test': 550 5.1.1 no",
                'Mail refused: from=<> to=<bob@y.test> session=1 reply="550 5.1.1 no"',
                "Behavior 2 answered DATA: 554 5.6.0 no / really",
                "Mail refused: from=<a@x.test> to=<b@y.test> size=5 session=1"
                ' reply="554 5.6.0 no / really"',
            ],
        )

    def test_a_mail_that_is_kept_and_one_that_is_discarded(self) -> None:
        """Where what the client was told differs from what has happened."""
        response = Response(451, "4.3.0 later", Effect.APPLY)
        self.host.behaviors.replace_all([SmtpBehavior(Command.DATA, response=response)])
        self.say(*MAIL)
        response = Response(250, None, Effect.DISCARD)
        self.host.behaviors.replace_all([SmtpBehavior(Command.DATA, response=response)])
        self.say(*MAIL)
        mails = [line for line in self.said() if line.startswith("Mail")]
        self.assertTrue(mails[0].startswith("Mail kept: id=1 "), mails)
        self.assertTrue(mails[0].endswith(' reply="451 4.3.0 later"'), mails)
        self.assertTrue(mails[1].startswith("Mail discarded: from="), mails)

    def test_many_recipients(self) -> None:
        """The first are named, the others counted."""
        rcpt = [f"RCPT TO:<u{number}@y.test>" for number in range(12)]
        self.say(MAIL[0], *rcpt, *MAIL[2:])
        (line,) = self.said()
        self.assertIn("<u9@y.test> and 2 more size=", line)

    def test_at_most_a_hundred_a_second(self) -> None:
        """One further line counts the rest; the next second has its own lines."""
        for _ in range(MAX_LINES + 7):
            self.say(*MAIL)
        self.assertEqual(len(self.lines), MAX_LINES)
        self.clock.advance(1)
        self.assertEqual(
            self.said()[MAX_LINES:], ["Mails: 7 more in this second are not shown"]
        )
        self.say(*MAIL)
        self.assertEqual(len(self.lines), MAX_LINES + 2)
        self.clock.advance(10)
        self.assertEqual(len(self.lines), MAX_LINES + 2)

    def test_what_is_left_out_is_counted_at_the_end(self) -> None:
        """When the service stops within that second."""
        for _ in range(MAX_LINES + 1):
            self.say(*MAIL)
        self.activity.flush()
        self.assertTrue(self.said()[-1].startswith("Mails: 1 more"))
        self.clock.advance(1)
        self.assertEqual(len(self.lines), MAX_LINES + 1)

    def test_past_the_limit_a_mail_costs_next_to_nothing(self) -> None:
        """What is not shown is not formatted."""
        clock = Clock()
        log = Log(self.lines.append, seconds=clock.seconds)
        throttle = Throttle(log, clock, "{}")
        self.assertEqual([throttle.passes() for _ in range(MAX_LINES)], [True] * 100)
        self.assertFalse(throttle.passes())
        self.assertLess(count_calls(throttle.passes), 4)
        clock.rightNow -= 3600
        self.assertTrue(throttle.passes())


class JsonTests(ActivityCase):
    """Lines for programs"""

    log_format = LogFormat.JSON

    def test_each_has_its_fields(self) -> None:
        """A program needs not read the message."""
        self.host.behaviors.replace_all(
            [
                SmtpBehavior(
                    Command.MAIL_FROM,
                    response=Response(451, "no"),
                    condition=Contains("c@"),
                )
            ]
        )
        self.say(*MAIL, "MAIL FROM:<c@x.test>")
        kept, behavior, refused = map(json.loads, self.lines)
        fields: dict[str, Any] = {
            "event": "mail",
            "outcome": "accepted",
            "id": "1",
            "from": "a@x.test",
            "to": ["b@y.test"],
            "recipients": 1,
            "size": 3,
            "session": "1",
            "host": "default",
        }
        self.assertEqual({name: kept[name] for name in fields}, fields)
        self.assertEqual((behavior["behavior"], behavior["subject"]), ("1", "c@x.test"))
        self.assertEqual((refused["outcome"], refused["reply"]), ("refused", "451 no"))


class QuietTests(ActivityCase):
    """Levels above info"""

    level = Level.WARN

    def test_nothing_is_listened_to(self) -> None:
        """So that it costs nothing."""
        self.say(*MAIL)
        self.assertEqual(self.lines, [])
        self.assertEqual(self.host.journal.observers, [])
        self.assertEqual(self.host.behaviors.listeners, [])


class BehaviorTests(ActivityCase):
    """Answers of behaviors"""

    def test_what_each_does(self) -> None:
        """Its reply, and what goes wrong with it."""
        for response, shown in (
            (Response(450, "a\nb"), "450 a / b"),
            (Response(450, "x", delay=Fixed(2.5)), "450 x, after 2.5 s"),
            (Response(421, "x", then=Then.CLOSE), "421 x, then close"),
            (Response(delay=Fixed(2)), "the usual reply, after 2 s"),
        ):
            self.lines.clear()
            self.host.behaviors.replace_all(
                [SmtpBehavior(Command.NOOP, response=response)]
            )
            self.leave()
            self.say("NOOP what")
            expected = f"Behavior {self.rule_id()} answered NOOP 'what': {shown}"
            self.assertIn(expected, self.said())

    def rule_id(self) -> str:
        (rule,) = self.host.behaviors
        return rule.id

    def test_secrets_are_not_shown(self) -> None:
        """What AUTH sends is not in the log."""
        self.host.behaviors.replace_all(
            [SmtpBehavior(Command.ANY, response=Response(454, "x"))]
        )
        self.say("AUTH PLAIN c2VjcmV0")
        self.assertNotIn("c2Vj", "".join(self.lines))


class SessionTests(ActivityCase):
    """Sessions that failed"""

    def test_a_client_that_leaves_in_the_middle_of_a_mail(self) -> None:
        """One that leaves between mails has not failed."""
        self.say(*MAIL, "NOOP")
        self.leave()
        self.say("NOOP", "QUIT")
        self.leave()
        self.assertEqual(len(self.lines), 1)
        self.say(*MAIL[:2])
        self.leave()
        self.assertEqual(
            self.said()[-1].partition(": ")[2],
            "session=3 host=default client=192.168.1.1 port=54321:"
            " the client left in the middle of a mail",
        )

    def test_one_whose_handshake_fails(self) -> None:
        """With the reason that the journal has, too."""
        self.say("NOOP")
        self.client.protocol.session.tls = TlsSession(error="unknown ca")
        self.leave()
        self.assertTrue(self.said()[-1].endswith(": TLS: unknown ca"), self.said())

    def test_one_that_idles(self) -> None:
        """The service ends it."""
        self.say("NOOP")
        self.clock.advance(301)
        self.leave()
        self.assertTrue(self.said()[-1].endswith(": it timed out"), self.said())
