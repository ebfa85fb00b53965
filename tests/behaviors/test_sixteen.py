"""The sixteen documents decide as they mean"""

from __future__ import annotations

import json

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Drip, Effect, Fault, Then
from mocksmtp.behaviors.smtp import SMTP, Decision, SmtpRules
from mocksmtp.grammar import reply
from tests.behaviors import sixteen
from tests.behaviors.attempts import FakeAttempt

MAIL, RCPT, DATA = Command.MAIL_FROM, Command.RCPT_TO, Command.DATA


def loaded(text: str) -> SmtpRules:
    """The behaviors that a document describes."""
    behaviors = SmtpRules()
    behaviors.replace_all(SMTP.parse_all(json.loads(text)))
    return behaviors


def code(decision: Decision | None) -> int | None:
    """What it replies; None where the server itself answers."""
    if decision is None or decision.reply is None:
        return None
    return decision.reply.code


class SixteenTests(SynchronousTestCase):
    """One of them each"""

    def setUp(self) -> None:
        self.clock = Clock()

    def attempt(self, **values: object) -> FakeAttempt:
        """An attempt at this time."""
        return FakeAttempt(self.clock, **values)

    def test_all_are_read_and_told(self) -> None:
        """What is listed means the same as what was set."""
        self.assertEqual(len(sixteen.DOCUMENTS), 16)
        for document in sixteen.DOCUMENTS:
            behaviors = SMTP.parse_all(document)
            listed = [SMTP.write(behavior) for behavior in behaviors]
            self.assertEqual(SMTP.parse_all(listed), behaviors)

    def test_greylisting(self) -> None:
        """A triplet is put off for 5 minutes, then let through for a day."""
        behaviors = loaded(sixteen.GREYLISTING)

        def rcpt(sender: str, to: str = "a@x") -> int | None:
            attempt = self.attempt(clientIp="::1", sender=sender, recipient=to)
            return code(behaviors.decide(RCPT, to.encode(), attempt))

        self.assertEqual(rcpt("b@y"), 450)
        self.clock.advance(299)
        self.assertEqual((rcpt("b@y"), rcpt("c@y")), (450, 450))
        self.clock.advance(1)
        self.assertEqual((rcpt("b@y"), rcpt("c@y")), (None, 450))
        self.clock.advance(86_100)
        self.assertEqual(rcpt("b@y"), 450)

    def test_a_full_mailbox_and_a_size(self) -> None:
        """By what the recipient contains, and by how large the content is."""
        behaviors = loaded(sixteen.FULL_AND_OVERSIZE)
        self.assertEqual(code(behaviors.decide(RCPT, b"full@x")), 452)
        self.assertIsNone(behaviors.decide(RCPT, b"free@x"))
        for size, told in ((999_999, None), (1_000_000, 552)):
            decision = behaviors.decide(DATA, b"", self.attempt(size=size))
            self.assertEqual(code(decision), told)

    def test_ten_messages_per_connection(self) -> None:
        """The eleventh is told 421, and the connection closed; others are not."""
        behaviors = loaded(sixteen.TEN_PER_CONNECTION)
        for _ in range(10):
            self.assertIsNone(behaviors.decide(MAIL, b"", self.attempt(connection=1)))
        decision = behaviors.decide(MAIL, b"", self.attempt(connection=1))
        self.assertEqual(code(decision), 421)
        assert decision is not None
        self.assertEqual(decision.fault, Fault(then=Then.CLOSE))
        self.assertIsNone(behaviors.decide(MAIL, b"", self.attempt(connection=2)))

    def test_a_hundred_a_minute(self) -> None:
        """Per client; the next minute all is forgotten."""
        behaviors = loaded(sixteen.HUNDRED_A_MINUTE)

        def mail(ip: str = "192.0.2.1") -> int | None:
            return code(behaviors.decide(MAIL, b"", self.attempt(clientIp=ip)))

        self.assertEqual({mail() for _ in range(100)}, {None})
        self.assertEqual((mail(), mail(), mail("192.0.2.2")), (450, 450, None))
        self.clock.advance(60)
        self.assertIsNone(mail())

    def test_a_tarpit(self) -> None:
        """Every reply to those clients is late and slow, and else the server's own."""
        behaviors = loaded(sixteen.TARPIT)
        local = self.attempt(clientIp="127.9.9.9")
        delays = []
        for command in (Command.CONNECT, Command.EHLO, RCPT, DATA) * 25:
            decision = behaviors.decide(command, b"", local)
            assert decision is not None
            assert decision.fault is not None
            delays.append(decision.fault.delay)
            self.assertIs(decision.answer(reply.OK), reply.OK)
            self.assertIs(decision.effect, Effect.APPLY)
            self.assertEqual(decision.fault.drip, Drip(octets=1, interval=0.02))
        self.assertGreater(len(set(delays)), 50)
        self.assertLessEqual(max(delays), 0.9)
        self.assertTrue(0.15 < sorted(delays)[50] < 0.27)
        self.assertIsNotNone(behaviors.decide(Command.ANY, b"", local))
        self.assertIsNone(behaviors.decide(RCPT, b"", self.attempt(clientIp="::1")))
        self.assertIsNone(behaviors.decide(Command.TLS, b"", local))

    def test_kept_and_then_reset(self) -> None:
        """Once, without a word; the command takes place."""
        behaviors = loaded(sixteen.KEPT_THEN_RESET)
        decision = behaviors.decide(DATA, b"")
        assert decision is not None
        self.assertTrue(decision.silent)
        self.assertEqual(decision.answer(reply.MAIL_KEPT).wire, b"")
        self.assertIs(decision.effect, Effect.APPLY)
        self.assertEqual(decision.fault, Fault(then=Then.RESET))
        self.assertIsNone(behaviors.decide(DATA, b""))

    def test_closed_within_content(self) -> None:
        """As soon as so much has arrived."""
        behaviors = loaded(sixteen.CLOSE_IN_CONTENT)
        command = Command.DATA_CONTENT
        self.assertIsNone(behaviors.decide(command, b"", self.attempt(size=65_535)))
        decision = behaviors.decide(command, b"", self.attempt(size=65_536))
        assert decision is not None
        self.assertTrue(decision.silent)
        self.assertIs(decision.effect, Effect.NONE)
        self.assertEqual(decision.fault, Fault(then=Then.CLOSE))

    def test_a_handshake_that_fails_once(self) -> None:
        """Octets in its place, exactly, and the end of the connection."""
        behaviors = loaded(sixteen.TLS_FAILS_ONCE)
        decision = behaviors.decide(Command.TLS, b"")
        assert decision is not None
        assert decision.reply is not None
        self.assertEqual(decision.reply.wire, b"220 oops\r\n")
        self.assertEqual(decision.fault, Fault(then=Then.CLOSE))
        self.assertIsNone(behaviors.decide(Command.TLS, b""))

    def test_starttls_refused(self) -> None:
        """Every time, and it does not take place."""
        behaviors = loaded(sixteen.STARTTLS_REFUSED)
        for _ in range(2):
            decision = behaviors.decide(Command.STARTTLS, b"")
            assert decision is not None
            self.assertEqual(code(decision), 454)
            self.assertIs(decision.effect, Effect.NONE)

    def test_one_answer_after_the_other(self) -> None:
        """450, 450, 451, then success, for each recipient on its own."""
        behaviors = loaded(sixteen.IN_TURN)
        for to in "a@x", "b@x":
            attempt = self.attempt(recipient=to)
            codes = [
                code(behaviors.decide(RCPT, to.encode(), attempt)) for _ in range(5)
            ]
            self.assertEqual(codes, [450, 450, 451, None, None])
        (rule,) = behaviors
        self.assertFalse(rule.exhausted(0.0))

    def test_policy_by_header(self) -> None:
        """For who has not authenticated; the reply quotes the header safely."""
        behaviors = loaded(sixteen.POLICY)
        subject = "Your INVOICE\r\n250 ok"
        bad = self.attempt(header__subject=subject)
        decision = behaviors.decide(DATA, b"", bad)
        assert decision is not None
        assert decision.reply is not None
        wire = b"554 5.7.1 Policy: Your INVOICE  250 ok\r\n"
        self.assertEqual(decision.reply.wire, wire)
        self.assertEqual(decision.reply.source, "1")
        for good in (
            self.attempt(header__subject=subject, authUser="bob"),
            self.attempt(header__subject="hi"),
            self.attempt(),
        ):
            self.assertIsNone(behaviors.decide(DATA, b"", good))

    def test_mixed_recipients(self) -> None:
        """One is unknown for ever, one is busy once, others are taken."""
        behaviors = loaded(sixteen.MIXED)
        subjects = (b"nobody@x", b"busy@x", b"busy@x", b"bob@x", b"nobody@x")
        codes = [code(behaviors.decide(RCPT, subject)) for subject in subjects]
        self.assertEqual(codes, [550, 451, None, None, 550])

    def test_accepted_and_lost(self) -> None:
        """It is told that it is queued, and is not kept."""
        behaviors = loaded(sixteen.LOST)
        decision = behaviors.decide(DATA, b"X-Drop: yes\r\n\r\ntext")
        assert decision is not None
        self.assertEqual(code(decision), 250)
        self.assertIs(decision.effect, Effect.DISCARD)
        self.assertIsNone(behaviors.decide(DATA, b"X-Drop: no\r\n"))

    def test_an_error_and_yet_kept(self) -> None:
        """It is told that it failed, and takes place."""
        decision = loaded(sixteen.KEPT_WITH_ERROR).decide(DATA, b"")
        assert decision is not None
        self.assertEqual(code(decision), 451)
        self.assertIs(decision.effect, Effect.APPLY)

    def test_a_slow_banner(self) -> None:
        """On about three connections of ten, and on the same ones in each run."""
        runs = []
        for _ in range(2):
            behaviors = loaded(sixteen.SLOW_BANNER)
            found = [behaviors.decide(Command.CONNECT, b"") for _ in range(1000)]
            self.assertEqual(
                {each.fault for each in found if each is not None}, {Fault(30.0)}
            )
            runs.append([each is not None for each in found])
        self.assertEqual(*runs)
        self.assertTrue(250 < sum(runs[0]) < 350)

    def test_an_outage(self) -> None:
        """While the scenario is in that state, and no longer."""
        behaviors = loaded(sixteen.OUTAGE)
        self.assertEqual(behaviors.scenarios(), {"outage": "Started"})
        codes = []
        for state in "Started", "down", "up":
            behaviors.shared.scenarios.set({"outage": state})
            codes.append(code(behaviors.decide(Command.AUTH, b"")))
        self.assertEqual(codes, [None, 454, None])
