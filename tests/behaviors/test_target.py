"""Targets, and where they can be known"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.target import (
    KNOWN_AT,
    Subject,
    Target,
    key_known_at,
    natural_subject,
    parse_target,
)

C = Command


class ParseTests(SynchronousTestCase):
    """`parse_target`"""

    def test_targets(self) -> None:
        """What is parsed is written back; names of fields have no case."""
        for text in "clientIp", "size", "header:subject", "parameter:size":
            self.assertEqual(str(parse_target(text)), text)
        self.assertEqual(parse_target("header:SUBJECT"), parse_target("header:Subject"))

    def test_what_is_none(self) -> None:
        """Unknown ones, and names where there are none, or none where there are."""
        for text in (
            *(
                "",
                "Sender",
                "senders",
                "header",
                "header:",
                "sender:x",
                ":",
                "parameter",
            ),
            *(
                "parameter",
                "header:a b",
                "header:é",
                "header:a:b",
                "parameter:-x",
                "x" * 10**5,
            ),
            "header:" + "x" * 101,
        ):
            with self.assertRaises(ValueError) as raised:
                parse_target(text)
            self.assertLess(len(str(raised.exception)), 400)


class KnownTests(SynchronousTestCase):
    """At which command what is known"""

    def test_every_target_is_known_somewhere(self) -> None:
        """At ANY each, for there it may be."""
        self.assertEqual(set(KNOWN_AT), set(Subject))
        for subject in Subject:
            self.assertTrue(Target(subject).known_at(C.ANY), subject)

    def test_what_is_not_said_yet_is_not_known(self) -> None:
        """Nor what belongs to another command."""
        for subject, known, unknown in (
            (Subject.ARGUMENT, C.NOOP, C.DATA),
            (Subject.SENDER, C.MAIL_FROM, C.CONNECT),
            (Subject.RECIPIENT, C.DATA, C.DATA_COMMAND),
            (Subject.RECIPIENTS, C.DATA_COMMAND, C.MAIL_FROM),
            (Subject.HEADER, C.DATA, C.DATA_CONTENT),
            (Subject.SIZE, C.DATA_CONTENT, C.RCPT_TO),
            (Subject.HELO, C.EHLO, C.CONNECT),
            (Subject.TLS, C.CONNECT, C.STARTTLS),
            (Subject.AUTH_USER, C.AUTH, C.AUTH_COMMAND),
            (Subject.AUTH_MECHANISM, C.AUTH_COMMAND, C.CONNECT),
            (Subject.PARAMETER, C.RCPT_TO, C.DATA),
        ):
            self.assertTrue(Target(subject).known_at(known), subject)
            self.assertFalse(Target(subject).known_at(unknown), subject)

    def test_the_subject_of_a_command_is_known_there(self) -> None:
        """Where there is one."""
        for command in Command:
            subject = natural_subject(command)
            if subject is not None:
                self.assertTrue(Target(subject).known_at(command), command)
        without = [c for c in Command if natural_subject(c) is None]
        self.assertEqual(without, [C.CONNECT, C.TLS, C.DATA_CONTENT])

    def test_what_counts_are_split_by(self) -> None:
        """A connection is always there, a transaction is not."""
        self.assertTrue(key_known_at("connection", C.CONNECT))
        self.assertFalse(key_known_at("transaction", C.CONNECT))
        self.assertTrue(key_known_at("transaction", C.RCPT_TO))
        self.assertFalse(key_known_at(Target(Subject.HELO), C.CONNECT))
