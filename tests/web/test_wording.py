"""Behaviors in words"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.condition import COMBINATORS, OPERATORS
from mocksmtp.behaviors.dns import DNS, DNS_RESPONSE_IN_TURN
from mocksmtp.behaviors.response import RESPONSE_IN_TURN, Effect, Then
from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.documents.problems import DocumentError
from mocksmtp.web.wording import _PHRASES, behavior_words
from tests.smtp.mocked import on, when


class WordsTests(SynchronousTestCase):
    """behavior_words"""

    def words(self, document: dict[str, Any], **counters: Any) -> str:
        """A behavior of SMTP, as a listing shows it."""
        written = SMTP.write(SMTP.parse_one(document))
        return str(behavior_words({**written, **counters}))

    def test_the_base_fields(self) -> None:
        """Command, condition, reply and limit."""
        condition = {"operator": "contains", "matchingValue": "bob@"}
        document = on("RCPT TO", 450, message="4.2.1 Busy", condition=condition)
        document["numberOfAnswer"] = 2
        words = "RCPT TO containing bob@ → 450 4.2.1 Busy"
        self.assertEqual(self.words(document), f"{words}, 2 times")
        left = self.words(document, seen=3, fired=1, remaining=1)
        self.assertEqual(left, f"{words}, 1 of 2 left")

    def test_combined_conditions(self) -> None:
        """They are joined by and, or, not."""
        inner = {"operator": "not", "condition": when("helo", "x y", "equals")}
        condition = {"operator": "any", "conditions": [when("sender", "a"), inner]}
        self.assertEqual(
            self.words(on("RCPT TO", 450, condition=condition)),
            "RCPT TO (with sender containing a or not with helo equal to “x y”) → 450",
        )

    def test_greylisting(self) -> None:
        """Keys and times."""
        per = ["clientIp", "sender", "recipient"]
        document = on("RCPT TO", 450, per=per, activeFor="5m", window="24h")
        self.assertEqual(
            self.words(document),
            "RCPT TO → 450, counted for each clientIp, sender and recipient, within"
            " 5 min of the first match, counts start again after 24 h",
        )

    def test_faults(self) -> None:
        """What happens besides the reply, and several responses in turn."""
        responses = [{"delay": "2s"}, {"code": 451, "then": "close", "times": 2}]
        self.assertEqual(
            self.words({"command": "DATA", "responses": responses}),
            "DATA → the server's own reply, delayed by 2 s, then 451, then closes"
            " the connection (2 times)",
        )

    def test_a_mail_that_is_kept_and_reset(self) -> None:
        """No reply, and an effect."""
        response = {"then": "reset", "effect": "apply"}
        words = self.words({"command": "DATA", "response": response})
        self.assertIn("then resets the connection (RST)", words)
        self.assertIn("no reply, yet the command is executed", words)

    def test_dns(self) -> None:
        """A type, a condition on the name, and a response code."""
        document = {
            "query": "MX",
            "condition": {"operator": "endsWith", "matchingValue": "gone.test"},
            "response": {"rcode": "SERVFAIL"},
        }
        self.assertEqual(
            str(behavior_words(DNS.write(DNS.parse_one(document)))),
            "query for MX ending with gone.test → SERVFAIL",
        )

    def test_disabled(self) -> None:
        """A behavior that is switched off is marked."""
        words = self.words(on("RCPT TO", 450, enabled=False))
        self.assertEqual(words, "RCPT TO → 450, disabled")


class CompleteTests(SynchronousTestCase):
    """Each declared field changes the words"""

    def test_fields_of_behaviors(self) -> None:
        """Of SMTP and of DNS, each with a value other than its default."""
        for document, base in (
            (SMTP, {"command": "RCPT TO", "response": {"code": 450}}),
            (DNS, {"query": "MX", "response": {"rcode": "SERVFAIL"}}),
        ):
            for name in document.fields.keys() - base.keys() - {"responses"}:
                words = {
                    (one.labels, str(one))
                    for one in map(behavior_words, _variants(document, base, name))
                }
                self.assertGreater(len(words), 1, name)

    def test_fields_of_responses(self) -> None:
        """Each appears, as a response of a behavior."""
        for document, base, responses in (
            (SMTP, {"command": "RCPT TO"}, RESPONSE_IN_TURN),
            (DNS, {"query": "MX"}, DNS_RESPONSE_IN_TURN),
        ):
            for name in responses.fields:
                words = {
                    str(behavior_words(one))
                    for one in _responses(document, base, responses, name)
                }
                self.assertGreater(len(words), 1, name)

    def test_operators(self) -> None:
        """Each has words of its own; none is hidden."""
        words = set()
        for name in OPERATORS:
            condition: dict[str, Any] = {"operator": name}
            if name in COMBINATORS:
                inner = when("helo", "x")
                one = {"condition": inner}
                condition |= one if name == "not" else {"conditions": [inner, inner]}
            else:
                condition |= {"matchingValue": "1", "target": "size"}
            words.add(behavior_words({"command": "DATA", "condition": condition}).when)
        self.assertEqual(len(words), len(OPERATORS))

    def test_choices(self) -> None:
        """Each end and effect has a phrase, and never only its name."""
        for name, choices in (("then", Then), ("effect", Effect)):
            phrases = {_PHRASES[name](one.value) for one in choices}
            self.assertEqual(len(phrases), len(choices))
            self.assertFalse(phrases & {f"{name} {one.value}" for one in choices})

    def test_a_field_without_a_phrase(self) -> None:
        """It is shown by its name, wherever it is."""
        condition = {"operator": "contains", "matchingValue": "x", "fuzzy": 2}
        document = {
            "command": "RCPT TO",
            "condition": condition,
            "response": {"code": 450, "echo": True},
            "weekdays": ["Mon", "Tue"],
        }
        words = str(behavior_words(document))
        for field in "fuzzy 2", "echo yes", "weekdays Mon, Tue":
            self.assertIn(field, words)


def _variants(document: Any, base: Any, name: str) -> Iterator[dict[str, Any]]:
    """The behavior with each sample of a field that is accepted, and without it."""
    yield document.write(document.parse_one(base))
    for sample in document.fields[name][1].kind.samples:
        try:
            made = document.parse_one({**base, name: sample})
        except DocumentError:
            continue
        yield document.write(made)


def _responses(
    document: Any, base: Any, responses: Any, name: str
) -> Iterator[dict[str, Any]]:
    """The behavior with responses that have each sample of a field."""
    others = responses.samples[0]
    for sample in (None, *responses.fields[name][1].kind.samples):
        for more in ({}, others, {"message": "x", "code": 450}):
            response = {**more} if sample is None else {**more, name: sample}
            every = [response] if name == "times" else None
            fields = {"response": response} if every is None else {"responses": every}
            try:
                made = document.parse_one({**base, **fields})
            except DocumentError:
                continue
            yield document.write(made)
