"""`mocksmtp.client.vocabulary`"""

from __future__ import annotations

import inspect
from datetime import timedelta
from typing import Any, get_args

import attrs
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.behavior import Behavior
from mocksmtp.behaviors.condition import COMPARISONS
from mocksmtp.behaviors.dns import RCODES, DnsThen, Wrong
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Effect, Response, Then
from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.behaviors.target import Subject
from mocksmtp.client import header, parameter, target, vocabulary
from mocksmtp.client.values import camel_case
from mocksmtp.client.vocabulary import DraftRule, Gates, Operators, SmtpWhen, When


class Rule(DraftRule, vocabulary.SmtpAnswers["Rule"]):
    """A rule that nobody sends."""


class DnsRule(DraftRule, vocabulary.DnsAnswers["DnsRule"]):
    """Likewise."""


def when(command: str) -> SmtpWhen[Rule]:
    """Begin a behavior."""
    return SmtpWhen({"command": command}, Rule)


def dns(query: str) -> vocabulary.DnsWhen[DnsRule]:
    """Begin a behavior of DNS."""
    return vocabulary.DnsWhen({"query": query}, DnsRule)


class DocumentTests(SynchronousTestCase):
    """The documents that are made"""

    def made(self, rule: DraftRule) -> dict[str, Any]:
        """The document, which the service accepts."""
        if "command" in rule.document:
            SMTP.parse_one(rule.document)
        return rule.document

    def test_a_reply_with_a_condition_and_a_gate(self) -> None:
        """The first example of the documentation."""
        rule = when("RCPT TO").contains("bob@").reply(450, "4.2.1 Busy").times(2)
        self.assertEqual(
            self.made(rule),
            {
                "command": "RCPT TO",
                "condition": {"operator": "contains", "matchingValue": "bob@"},
                "response": {"code": 450, "message": "4.2.1 Busy"},
                "numberOfAnswer": 2,
            },
        )

    def test_conditions_are_all_required(self) -> None:
        """On the usual value of the command, or on another one."""
        rule = (
            when("DATA")
            .header("Subject")
            .matches("invoice", ignore_case=True)
            .target("clientIp")
            .in_network("127.0.0.0/8")
            .target("authUser")
            .absent()
            .reply(554)
        )
        self.assertEqual(
            self.made(rule)["condition"],
            {
                "operator": "all",
                "conditions": [
                    {
                        "operator": "matches",
                        "matchingValue": "invoice",
                        "ignoreCase": True,
                        "target": "header:Subject",
                    },
                    {
                        "operator": "inNetwork",
                        "matchingValue": "127.0.0.0/8",
                        "target": "clientIp",
                    },
                    {"operator": "absent", "target": "authUser"},
                ],
            },
        )

    def test_conditions_are_combined(self) -> None:
        """With `&`, `|` and `~`."""
        condition = (target("sender").contains("a@") | target("size").at_least(9)) & ~(
            parameter("BODY").equals("8BITMIME")
        )
        rule = when("MAIL FROM").where(condition).reply(451)
        self.assertEqual(
            self.made(rule)["condition"],
            {
                "operator": "all",
                "conditions": [
                    {
                        "operator": "any",
                        "conditions": [
                            {
                                "operator": "contains",
                                "matchingValue": "a@",
                                "target": "sender",
                            },
                            {
                                "operator": "atLeast",
                                "matchingValue": "9",
                                "target": "size",
                            },
                        ],
                    },
                    {
                        "operator": "not",
                        "condition": {
                            "operator": "equals",
                            "matchingValue": "8BITMIME",
                            "target": "parameter:BODY",
                        },
                    },
                ],
            },
        )
        self.assertEqual(header("Subject").name, "header:Subject")

    def test_all_gates(self) -> None:
        """Before the answer or after it."""
        rule = (
            when("RCPT TO")
            .skip(1)
            .per("clientIp", "recipient")
            .reply(450)
            .active_for(timedelta(seconds=2))
            .window("24h")
            .probability(0.5)
            .scenario("s", "Started", next="later")
            .named("n")
            .tagged("t")
            .persistent()
            .once()
        )
        made = self.made(rule)
        self.assertEqual(
            {key: one for key, one in made.items() if key not in ("command",)},
            {
                "skip": 1,
                "per": ["clientIp", "recipient"],
                "response": {"code": 450},
                "activeFor": 2000.0,
                "window": "24h",
                "probability": 0.5,
                "scenario": {"name": "s", "state": "Started", "next": "later"},
                "name": "n",
                "tag": "t",
                "persistent": True,
                "numberOfAnswer": 1,
            },
        )

    def test_all_answers(self) -> None:
        """Each is a response that the service accepts."""
        for rule, response in (
            (when("DATA").keep_then_reset(), {"effect": "apply", "then": "reset"}),
            (when("DATA").keep_then_close(), {"effect": "apply", "then": "close"}),
            (when("DATA").keep_then_hang(), {"effect": "apply", "then": "hang"}),
            (when("DATA").keep_then_reply(451), {"code": 451, "effect": "apply"}),
            (when("DATA").discard(), {"code": 250, "effect": "discard"}),
            (when("CONNECT").close(), {"then": "close"}),
            (when("CONNECT").reset(), {"then": "reset"}),
            (when("CONNECT").hang(), {"then": "hang"}),
            (when("ANY").delay("3s"), {"delay": "3s"}),
            (when("ANY").drip(2, "5ms"), {"drip": {"bytes": 2, "interval": "5ms"}}),
            (when("MAIL FROM").raw(b"25\xff\r\n"), {"raw": "25\xff\r\n"}),
            (
                when("EHLO").reply(421, "4.3.2 x").close("2s"),
                {"code": 421, "message": "4.3.2 x", "then": "close", "thenDelay": "2s"},
            ),
            (
                when("RCPT TO").delay({"type": "uniform", "lower": 1, "upper": 2}),
                {"delay": {"type": "uniform", "lower": 1, "upper": 2}},
            ),
            (when("RCPT TO").answer({"code": 550}), {"code": 550}),
        ):
            self.assertEqual(self.made(rule)["response"], response)

    def test_several_answers_in_turn(self) -> None:
        """`then_reply` appends one; gates of the first become its number."""
        rule = when("RCPT TO").reply(450, "4.2.1 Busy").times(2).then_reply(451)
        self.assertEqual(
            self.made(rule),
            {
                "command": "RCPT TO",
                "responses": [
                    {"code": 450, "message": "4.2.1 Busy", "times": 2},
                    {"code": 451, "times": 1},
                ],
            },
        )
        rule.then_reply(550, "5.1.1 Gone").times(None)
        last = self.made(rule)["responses"][-1]
        self.assertEqual(last, {"code": 550, "message": "5.1.1 Gone", "times": None})
        rule = when("RCPT TO").replies((450, "a"), {"code": 451, "times": 2})
        self.assertEqual(
            self.made(rule)["responses"],
            [{"code": 450, "message": "a"}, {"code": 451, "times": 2}],
        )

    def test_answers_of_dns(self) -> None:
        """Names, response codes, records and faults."""
        for rule, response in (
            (dns("MX").servfail(), {"rcode": "SERVFAIL"}),
            (dns("MX").nxdomain(), {"rcode": "NXDOMAIN"}),
            (dns("MX").refused(), {"rcode": "REFUSED"}),
            (dns("ANY").drop(), {"then": "drop"}),
            (dns("ANY").truncate(), {"then": "truncate"}),
            (dns("ANY").close(), {"then": "close"}),
            (dns("ANY").wrong("id"), {"wrong": "id"}),
            (dns("ANY").delay("1s"), {"delay": "1s"}),
            (dns("ANY").raw(b"\x81"), {"raw": "81"}),
            (
                dns("A").reply(records=[{"name": "*", "type": "A"}], ad=True),
                {"records": [{"name": "*", "type": "A"}], "ad": True},
            ),
        ):
            self.assertEqual(rule.document["response"], response)
        rule = dns("MX").ends_with(".x.test").servfail().times(1)
        self.assertEqual(
            rule.document["condition"],
            {"operator": "endsWith", "matchingValue": ".x.test"},
        )


class CompletenessTests(SynchronousTestCase):
    """The vocabulary, compared with the declarations of behaviors"""

    def test_commands_targets_and_ends(self) -> None:
        """Each value that the service accepts is suggested by an editor."""
        for kind, literal in (
            (Command, vocabulary.Command),
            (Then, vocabulary.Then),
            (Effect, vocabulary.Effect),
        ):
            self.assertEqual(set(get_args(literal)), {each.value for each in kind})
        self.assertEqual(set(get_args(vocabulary.Rcode)), set(RCODES))
        named = {one.value for one in Subject} - {"parameter", "header"}
        self.assertEqual(set(get_args(vocabulary.TargetName)), named)

    def test_operators(self) -> None:
        """Each has a method; so have `all`, `any` and `not` in `Condition`."""
        known = set(COMPARISONS) | {"exists", "absent"}
        methods = {name for name in vars(Operators) if not name.startswith("_")}
        titles = {camel_case(name) for name in methods}
        self.assertEqual(titles, known - {"matchAll"})

    def test_gates(self) -> None:
        """Each field of a behavior has a method, or is set by another."""
        others = {"condition", "response", "responses", "id", "enabled"}
        methods = {"times": "number_of_answer", "named": "name", "tagged": "tag"}
        known = {methods.get(name, name) for name in vars(Gates)}
        declared = {one.name for one in attrs.fields(Behavior)}
        self.assertEqual(declared - others - known, set())

    def test_fields_of_a_response(self) -> None:
        """Each can be set by a method."""
        reply = set(inspect.signature(When.replies).parameters)
        reply |= set(inspect.signature(vocabulary.SmtpAnswers.reply).parameters)
        reply |= {"raw", "times"}
        declared = {one.name for one in attrs.fields(Response)}
        self.assertEqual(declared - reply, set())
        ends = {each.value for each in DnsThen} - {"continue"}
        self.assertEqual(ends - set(vars(vocabulary.DnsAnswers)), set())
        self.assertEqual({each.value for each in Wrong}, {"id", "question", "size"})
