"""Responses as documents"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.delay import Fixed, LogNormal, Uniform
from mocksmtp.behaviors.response import (
    MAX_MESSAGE,
    RESPONSE,
    Drip,
    Effect,
    Response,
    Then,
)
from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.documents.problems import DocumentError


def place(response: Any, command: str = "DATA") -> str:
    """Where a response is wrong."""
    try:
        SMTP.parse_one({"command": command, "response": response})
    except DocumentError as error:
        (one,) = error.problems
        return one.path.removeprefix("$.response")
    return "-"


class ResponseTests(SynchronousTestCase):
    """What is read"""

    def test_documents_and_responses(self) -> None:
        """Each describes the other; durations are told in milliseconds."""
        for document, response in (
            ({"code": 250, "message": "a"}, Response(250, "a")),
            ({"raw": "\0ÿ"}, Response(raw=b"\0\xff")),
            (
                {"effect": "apply", "then": "reset", "thenDelay": 1500},
                Response(effect=Effect.APPLY, then=Then.RESET, then_delay=1.5),
            ),
            (
                {"delay": 250, "drip": {"bytes": 2, "interval": 0.5 * 40}},
                Response(delay=Fixed(0.25), drip=Drip(octets=2, interval=0.02)),
            ),
            (
                {"delay": {"type": "uniform", "lower": 1, "upper": 2}},
                Response(delay=Uniform(0.001, 0.002)),
            ),
            (
                {"delay": {"type": "lognormal", "median": 200, "sigma": 0.4}},
                Response(delay=LogNormal(0.2, 0.4)),
            ),
            (
                {"code": 550, "message": "{{helo}}", "enhancedCode": "5.7.1"}
                | {"template": True},
                Response(550, "{{helo}}", enhanced_code="5.7.1", template=True),
            ),
            ({"delay": 0}, Response()),
            ({"thenDelay": 5, "delay": 0}, Response(then_delay=0.005)),
        ):
            self.assertEqual(RESPONSE.read(document), response)
            self.assertEqual(RESPONSE.write(response), document)

    def test_durations(self) -> None:
        """Numbers or texts, to the microsecond."""
        for text, seconds in (
            ("2s", 2),
            ("5m", 300),
            (1.5, 0.0015),
            ("0.25ms", 0.00025),
        ):
            self.assertEqual(RESPONSE.read({"delay": text}).delay, Fixed(seconds))
        fixed = {"type": "fixed", "milliseconds": "1s"}
        self.assertEqual(RESPONSE.read({"delay": fixed}).delay, Fixed(1))

    def test_what_does_not_go_together(self) -> None:
        """It is told where the one is that is too many, or missing."""
        for response, where in (
            ({}, ".code"),
            ({"message": None}, ".code"),
            ({"then": "continue"}, ".code"),
            ({"raw": "x", "code": 250}, ".code"),
            ({"raw": "x", "message": "y"}, ".message"),
            ({"raw": "x", "enhancedCode": "5.1.1"}, ".enhancedCode"),
            ({"enhancedCode": "5.1.1"}, ".enhancedCode"),
            ({"code": 250, "template": True}, ".template"),
            ({"code": 250, "times": 2}, ".times"),
            ({"code": 250, "message": "{{x}}", "template": True}, ".message"),
            (
                {"code": 250, "message": "{{parameter:NOTIFY}}", "template": True},
                ".message",
            ),
        ):
            self.assertEqual(place(response), where, response)
        self.assertEqual(place({"code": 250, "effect": "discard"}, "NOOP"), ".effect")
        self.assertEqual(place({"message": "x"}, "TLS"), ".code")

    def test_what_no_field_can_be(self) -> None:
        """Too large, too long, below nothing, or of another type."""
        for name, values in {
            "message": ("a\rb", "x" * (MAX_MESSAGE + 1), "x" * 10**6, True),
            "raw": ("€", "x" * (MAX_MESSAGE + 1), 5),
            "enhancedCode": ("3.1.1", "5.1", "5.1.1 ", "", 5),
            "delay": (-1, "x", True, 1e12, "1000h", [], float("inf")),
            "drip": (5, {"interval": 5, "more": 1}),
            "then": ("stop", 5),
            "thenDelay": (-1, "1"),
            "template": ("yes", 1),
        }.items():
            for value in values:
                others = {} if name == "raw" else {"code": 250}
                found = place({**others, name: value})
                self.assertTrue(found.startswith(f".{name}"), (name, found))

    def test_null_is_absent(self) -> None:
        """Of every field; in its place stands the default."""
        names = (name for name in RESPONSE.fields if name != "code")
        nulls = {"code": 250, **dict.fromkeys(names), "times": None}
        self.assertEqual(RESPONSE.read(nulls), Response(250))

    def test_delays_that_are_none(self) -> None:
        """They are told at the field that is wrong."""
        for delay, where in (
            ({}, ".type"),
            ({"type": "normal"}, ".type"),
            ({"type": "fixed"}, ".milliseconds"),
            ({"type": "fixed", "milliseconds": 5, "upper": 6}, ".upper"),
            ({"type": "uniform", "lower": 5, "upper": 4}, ".upper"),
            ({"type": "uniform", "lower": -5, "upper": 4}, ".lower"),
            ({"type": "lognormal", "median": 5, "sigma": -1}, ".sigma"),
            (
                {"type": "lognormal", "median": 5, "sigma": 1, "maxValue": "x"},
                ".maxValue",
            ),
        ):
            self.assertEqual(place({"delay": delay}), f".delay{where}", delay)
        for drip, where in (({"bytes": 1}, "interval"), ({"interval": 0}, "interval")):
            self.assertEqual(place({"drip": drip}), f".drip.{where}")
