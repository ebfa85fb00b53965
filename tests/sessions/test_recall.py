"""Why behaviors did or did not answer, from what a session has recorded"""

from __future__ import annotations

import gc
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.explain import Considered, considered
from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.hosts.host import MailHost
from mocksmtp.sessions.documents import explained_transcript
from mocksmtp.sessions.journal import Journal, JournalQuota
from mocksmtp.sessions.recall import recall
from tests.smtp.dialogue import Dialogue
from tests.smtp.mocked import mocked, on, when

MAIL, RCPT = "MAIL FROM:<a@x.test>", "RCPT TO:<bob@x.test>"


def explained(talk: Dialogue) -> list[list[Considered]]:
    """What became of the behaviors that were asked, by exchange."""
    host = talk.host

    def content(number: int | None) -> bytes | None:
        return None if number is None else host.mailbox.get(number).content

    (session,) = host.journal.sessions()
    return [
        [
            one
            for walked in recalled.walks
            for one in considered(walked, recalled.at(walked.walk.point))
        ]
        for recalled in recall(session, content)
    ]


def results(considered: list[Considered]) -> list[str]:
    """The step of those that were passed over, the result of others."""
    return [one.step.value if one.step else one.result.value for one in considered]


class StepTests(SynchronousTestCase):
    """Each step of a behavior"""

    def last(self, *documents: Any, lines: tuple[str, ...] = ("NOOP",)) -> list[str]:
        """What became of each at the last exchange."""
        talk = mocked(*documents)
        talk.say(*lines)
        return results(explained(talk)[-1])

    def test_each_step(self) -> None:
        """Behaviors are told in the order of the list, whatever became of them."""
        down = {"name": "outage", "state": "down"}
        twice = ("NOOP", "NOOP")
        self.assertEqual(
            self.last(
                {**on("NOOP", 450), "enabled": False},
                on("NOOP", 450, scenario=down),
                on("NOOP", 450, condition={"operator": "equals", "matchingValue": "x"}),
                on("NOOP", 450, skip=9),
                on("NOOP", 450, probability=1e-9),
                on("NOOP", None, delay=0),
                on("NOOP", 451),
                on("NOOP", 452),
                on("RCPT TO", 452),
            ),
            ["disabled", "scenario", "condition", "skip", "probability", "slowed",
             "fired", "notReached"],
        )  # fmt: skip
        once = on("NOOP", 450, numberOfAnswer=1)
        self.assertEqual(self.last(once, lines=twice), ["exhausted"])
        talk = mocked(on("NOOP", 450, activeFor="1s"))
        talk.say("NOOP")
        talk.clock.advance(2)
        talk.say("NOOP")
        self.assertEqual(results(explained(talk)[-1]), ["activeFor"])

    def test_protocol(self) -> None:
        """A behavior that decides for each recipient is not evaluated on SMTP."""
        talk = mocked(on("DATA", 452, condition=when("recipient", "bob@")))
        talk.say(MAIL, RCPT, "DATA", ".")
        ((told,),) = explained(talk)[-1:]
        assert told.step is not None
        self.assertEqual((told.step.value, told.target), ("protocol", "recipient"))

    def test_the_state_of_a_scenario(self) -> None:
        """As it was when it was asked for."""
        talk = mocked(on("NOOP", 450, scenario={"name": "outage", "state": "down"}))
        talk.host.scenarios.set({"outage": "slow"})
        talk.say("NOOP")
        talk.host.scenarios.clear()
        ((told,),) = explained(talk)[-1:]
        self.assertEqual((told.found, told.wanted), ("slow", "down"))


class RecallTests(SynchronousTestCase):
    """What behaviors could look at"""

    def found(self, command: str, target: str | None, *lines: str) -> str | None:
        """What a condition has found at the last exchange."""
        condition = {"operator": "equals", "matchingValue": "-", "target": target}
        talk = mocked(on(command, 450, condition=condition))
        talk.say(*lines)
        ((told,),) = explained(talk)[-1:]
        return told.found

    def test_each_target(self) -> None:
        """It is found again in the transcript."""
        open_ = ("EHLO c.test", MAIL, RCPT)
        content = (*open_, "DATA", "Subject: hi", "", "text", ".")
        for command, target, lines, found in (
            ("RCPT TO", None, open_, "bob@x.test"),
            ("RCPT TO", "recipient", open_, "bob@x.test"),
            ("RCPT TO", "sender", open_, "a@x.test"),
            ("RCPT TO", "helo", open_, "c.test"),
            ("RCPT TO", "line", open_, RCPT),
            ("RCPT TO", "verb", open_, "RCPT"),
            ("RCPT TO", "argument", open_, "TO:<bob@x.test>"),
            ("RCPT TO", "recipientCount", open_, "0"),
            ("RCPT TO", "messageCount", open_, "1"),
            ("RCPT TO", "clientIp", open_, "192.168.1.1"),
            ("RCPT TO", "parameter:notify", (*open_, RCPT + " NOTIFY=NEVER"), "NEVER"),
            ("RCPT TO", "recipients", (*open_, "RCPT TO:<c@x.test>"), "bob@x.test"),
            ("RCPT TO", "tls", open_, None),
            ("RCPT TO", "authUser", open_, None),
            ("MAIL FROM", "size", (MAIL + " SIZE=77",), "77"),
            ("MAIL FROM", "sender", (MAIL,), "a@x.test"),
            ("MAIL FROM", "sender", ("MAIL FROM:<>",), ""),
            ("DATA COMMAND", "recipients", (*open_, "DATA"), "bob@x.test"),
            ("DATA", "header:subject", content, "hi"),
            ("DATA", "body", content, "text\r\n"),
            ("DATA", "size", content, "21"),
            ("DATA", "recipientCount", content, "1"),
            ("EHLO", "helo", ("EHLO c.test",), "c.test"),
            ("NOOP", "helo", ("EHLO c.test", "RSET", "NOOP"), "c.test"),
            ("NOOP", "sender", (MAIL, "RSET", "NOOP"), None),
            ("ANY", None, ("NONSENSE x y",), "x y"),
            ("BDAT", "size", (*open_, "BDAT 0"), None),
        ):
            self.assertEqual(
                self.found(command, target, *lines), found, (target, lines)
            )

    def test_content_that_is_not_kept(self) -> None:
        """What was tested is not recorded any more; how it ended is."""
        talk = mocked(on("DATA", 450, condition=when("header:subject", "x")))
        talk.say(MAIL, RCPT, "DATA", "Subject: hi", "", ".")
        (session,) = talk.host.journal.sessions()
        *_, recalled = recall(session, lambda _: None)
        (walked,) = recalled.walks
        (told,) = considered(walked, recalled.at(walked.walk.point))
        self.assertEqual(
            (told.step and told.step.value, told.found), ("condition", None)
        )

    def test_the_list_as_it_was(self) -> None:
        """Also after the list was replaced, and counted anew."""
        talk = mocked(on("NOOP", 450, id="old", numberOfAnswer=1))
        talk.say("NOOP", "NOOP")
        talk.host.behaviors.replace_all(SMTP.parse_all([on("NOOP", 451, id="new")]))
        talk.say("NOOP")
        told = [[(c.rule.id, r) for c, r in zip(each, results(each), strict=True)]
                for each in explained(talk)]  # fmt: skip
        self.assertEqual(
            told[1:],
            [[("old", "fired")], [("old", "exhausted")], [("new", "fired")]],
        )

    def test_content_that_is_answered_while_it_arrives(self) -> None:
        """By a behavior that fired, and by none."""
        large = when("size", "5", "atLeast")
        talk = mocked(on("DATA CONTENT", 552, condition=large), on("DATA CONTENT", 553))
        talk.say(MAIL, RCPT, "DATA", "x")
        self.assertEqual(results(explained(talk)[-1]), ["condition", "fired"])


class MemoryTests(SynchronousTestCase):
    """Lists that are not in force any more"""

    def setUp(self) -> None:
        self.quota = JournalQuota()
        journal = Journal(quota=self.quota)
        self.host = MailHost("default", "mx.test", journal=journal)
        self.talk = Dialogue(self.host)

    def replace(self, count: int = 10) -> None:
        """Another list, which a client comes upon."""
        documents = [on("NOOP", 450, condition=when("helo", "x"))] * count
        self.host.behaviors.replace_all(SMTP.parse_all(documents))
        self.talk.say("NOOP")

    def test_they_are_kept_as_long_as_an_exchange_refers_to_them(self) -> None:
        """And count against the journals' memory; without any help of the collector."""
        gc.disable()
        self.addCleanup(gc.enable)
        self.replace()
        self.assertEqual(self.quota.past.octets, 0)
        self.replace()
        self.assertGreater(self.quota.past.octets, 10_000)
        self.host.journal.clear()
        self.assertEqual((len(self.quota.past), self.quota.past.octets), (0, 0))

    def test_a_list_that_no_client_came_upon(self) -> None:
        """It is gone at once."""
        self.replace()
        self.host.journal.clear()
        self.replace()
        self.host.journal.clear()
        self.assertEqual(len(self.quota.past), 0)

    def test_they_have_a_bound(self) -> None:
        """Past it the oldest lists are forgotten, and that is told."""
        self.quota.past.max_octets = 100_000
        for _ in range(20):
            self.replace()
        self.assertLessEqual(self.quota.past.octets, 100_000)
        (session,) = self.host.journal.sessions()
        told = [c for _, c in explained_transcript(session, lambda _: None)]
        self.assertIsNone(told[1])
        assert told[-1] is not None
        self.assertEqual(len([*told[-1]]), 10)
