"""Behaviors and extensions as documents"""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.condition import Contains, MatchAll
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Effect, Response
from mocksmtp.behaviors.smtp import SMTP, SmtpBehavior
from mocksmtp.documents.problems import DocumentError
from mocksmtp.documents.reading import Real
from mocksmtp.hosts.capabilities import parse_extensions

FRODO = {
    "command": "MAIL FROM",
    "condition": {"operator": "contains", "matchingValue": "frodo"},
    "response": {"code": 250, "message": "OK"},
    "numberOfAnswer": 7,
}
"""The article's document."""


ALL = {"operator": "matchAll"}


def changed(**fields: Any) -> dict[str, Any]:
    """The article's document with other fields; ``...`` leaves one out."""
    return {n: v for n, v in {**FRODO, **fields}.items() if v is not ...}


def errors(document: Any) -> list[str]:
    """Where a behavior is wrong."""
    try:
        SMTP.parse_one(document)
    except DocumentError as error:
        return [problem.path for problem in error.problems]
    return []


class BaseTests(SynchronousTestCase):
    """Documents of existing suites"""

    def test_the_articles_document(self) -> None:
        """It is read, and comes back as it was."""
        behavior = SMTP.parse_one(FRODO)
        self.assertEqual(
            behavior,
            SmtpBehavior(
                Command.MAIL_FROM,
                response=Response(250, "OK"),
                condition=Contains("frodo"),
                number_of_answer=7,
            ),
        )
        self.assertEqual(SMTP.write(behavior), FRODO)

    def test_every_command(self) -> None:
        """Each is known by its name, and by no other."""
        for command in Command:
            behavior = SMTP.parse_one(changed(command=command.value, condition=ALL))
            self.assertIs(behavior.command, command)
        for name in "mail from", "MAIL", "MAIL_FROM", "RCPT TO ", "":
            self.assertEqual(errors(changed(command=name)), ["$.command"], name)

    def test_codes(self) -> None:
        """A number or its digits, from 200 to 599; it is told as a number."""
        for code in 200, "200", 599, "599", "0450":
            document = changed(response={"code": code, "message": "x"})
            told = SMTP.write(SMTP.parse_one(document))
            self.assertEqual(told["response"]["code"], int(code))
        for code in (
            199,
            600,
            "199",
            -250,
            "+250",
            " 250",
            "٢٥٠",
            "",
            "x",
            2.5,
            [250],
        ):
            document = changed(response={"code": code, "message": "x"})
            self.assertEqual(errors(document), ["$.response.code"], code)

    def test_numbers_of_answers(self) -> None:
        """A number from 1 or its digits; null, absent and empty are for ever."""
        for number, read in (
            *((7, 7), ("7", 7), (1, 1), (10**12, 10**12)),
            *((None, None), ("", None), (..., None)),
        ):
            behavior = SMTP.parse_one(changed(numberOfAnswer=number))
            self.assertEqual(behavior.number_of_answer, read, number)
            self.assertEqual(SMTP.write(behavior)["numberOfAnswer"], read)
        for number in 0, "0", -1, 1.0, True, "x", " ", [], "9" * 5000:
            document = changed(numberOfAnswer=number)
            self.assertEqual(errors(document), ["$.numberOfAnswer"], number)

    def test_messages(self) -> None:
        """Any text or a number; CRLF ends a line as LF does, and none is stock text."""
        for message, read in (
            ("a b", "a b"),
            ("", ""),
            ("a\nb", "a\nb"),
            ("a\r\nb", "a\nb"),
            ("é", "é"),
            (5, "5"),
            (Real("1.50"), "1.50"),
            (1.5, "1.5"),
            (None, None),
            (..., None),
        ):
            response = {"code": 250, "message": message}
            behavior = SMTP.parse_one(
                changed(response={n: v for n, v in response.items() if v is not ...})
            )
            self.assertEqual(behavior.response.message, read)
        for message in "a\rb", True, [], {}:
            document = changed(response={"code": 250, "message": message})
            self.assertEqual(errors(document), ["$.response.message"], message)

    def test_conditions(self) -> None:
        """Without one all match; a value goes with ``contains``, and must."""
        for condition, read in (
            (..., MatchAll()),
            (None, MatchAll()),
            ({"operator": "matchAll"}, MatchAll()),
            ({"operator": "matchAll", "matchingValue": None}, MatchAll()),
            ({"operator": "contains", "matchingValue": ""}, Contains("")),
            ({"operator": "contains", "matchingValue": 5}, Contains("5")),
        ):
            behavior = SMTP.parse_one(changed(condition=condition))
            self.assertEqual(behavior.condition, read)
        for condition, place in (
            ("x", ""),
            ([], ""),
            ({}, ".operator"),
            ({"matchingValue": "x"}, ".operator"),
            ({"operator": None}, ".operator"),
            ({"operator": "matchall"}, ".operator"),
            ({"operator": "contains"}, ".matchingValue"),
            ({"operator": "contains", "matchingValue": None}, ".matchingValue"),
            ({"operator": "contains", "matchingValue": True}, ".matchingValue"),
            ({"operator": "matchAll", "matchingValue": ""}, ".matchingValue"),
            ({"operator": "contains", "matchingValue": "x", "y": 1}, ".y"),
        ):
            document = changed(condition=condition)
            self.assertEqual(errors(document), [f"$.condition{place}"], condition)

    def test_what_is_needed(self) -> None:
        """Command and response, and a code in it."""
        self.assertEqual(errors({}), ["$.command", "$.response"])
        self.assertEqual(errors({"command": "DATA"}), ["$.response"])
        self.assertEqual(errors(changed(response={})), ["$.response.code"])

    def test_effects(self) -> None:
        """Read by name, and told where they were given; discard has its commands."""
        for effect in Effect:
            response = {"code": 250, "message": "x", "effect": effect.value}
            behavior = SMTP.parse_one(changed(response=response))
            self.assertIs(behavior.response.effect, effect)
            self.assertEqual(SMTP.write(behavior)["response"], response)
        discard = {"code": 250, "effect": "discard"}
        self.assertEqual(
            errors(changed(command="NOOP", response=discard)), ["$.response.effect"]
        )
        self.assertEqual(
            errors(changed(response={"code": 250, "effect": "lose"})),
            ["$.response.effect"],
        )

    def test_errors_are_short(self) -> None:
        """However long what was sent is, little of it is given back."""
        long = "é" * 10**6
        for fields in (
            {"command": long},
            {"condition": {"operator": long}},
            {"condition": {"operator": "matchAll", long: 1}},
            {"numberOfAnswer": long},
            {"response": {"code": long}},
        ):
            with self.assertRaises(DocumentError) as raised:
                SMTP.parse_one(changed(**fields))
            self.assertLess(len(str(raised.exception)), 300)

    def test_one_or_many(self) -> None:
        """An array, which may be empty, or one object."""
        self.assertEqual(len(SMTP.parse_all([FRODO, FRODO])), 2)
        self.assertEqual(SMTP.parse_all([]), ())
        self.assertEqual(len(SMTP.parse_all(FRODO)), 1)
        for document in None, "x", 1, True:
            self.assertRaises(DocumentError, SMTP.parse_all, document)

    @settings(deadline=None)
    @given(
        st.builds(
            SmtpBehavior,
            st.sampled_from([Command.DATA, Command.RCPT_TO]),
            response=st.builds(
                Response,
                st.integers(200, 599),
                st.none() | st.text().filter(lambda text: "\r" not in text),
                st.none() | st.sampled_from(Effect),
            ),
            condition=st.just(MatchAll()) | st.builds(Contains, st.text()),
            number_of_answer=st.none() | st.integers(1, 2**64 - 1),
        )
    )
    def test_what_is_told_is_read_again(self, behavior: SmtpBehavior) -> None:
        """A document describes its behavior, and no other."""
        self.assertEqual(SMTP.parse_one(SMTP.write(behavior)), behavior)


class ExtensionsTests(SynchronousTestCase):
    """Further lines of EHLO"""

    def test_lines(self) -> None:
        """Any line of text, as it was given."""
        lines = ["dsn", "MT-PRIORITY MIXER", " é ", "X" * 1000]
        self.assertEqual(parse_extensions(lines), tuple(lines))
        self.assertEqual(parse_extensions([]), ())

    def test_what_can_not_be_a_line(self) -> None:
        """It is refused at its place, all of them at once."""
        with self.assertRaises(DocumentError) as raised:
            parse_extensions(["a", "", "b\n", "c\r", "\x7f", "d"])
        paths = [problem.path for problem in raised.exception.problems]
        self.assertEqual(paths, ["$[1]", "$[2]", "$[3]", "$[4]"])
        for document in None, {}, "dsn", [1], [None], [["x"]]:
            self.assertRaises(DocumentError, parse_extensions, document)

    def test_they_are_bounded(self) -> None:
        """In number and length: each EHLO sends them all."""
        self.assertEqual(len(parse_extensions(["X" * 2000] * 1000)), 1000)
        for lines, expected in (
            (["X"] * 1001, ("$", "must have at most 1,000 lines, got 1,001")),
            (["X", "X" * 2001], ("$[1]", "must have at most 2,000 octets")),
        ):
            with self.assertRaises(DocumentError) as raised:
                parse_extensions(lines)
            (problem,) = raised.exception.problems
            self.assertEqual((problem.path, problem.message), expected)


class SequenceTests(SynchronousTestCase):
    """Several responses, one after the other"""

    def test_what_is_wrong_is_told_with_its_place(self) -> None:
        """Which of them it is, and what in it."""
        for responses, path in (
            ([{"code": 250}, {"code": 1}], "$[0].responses[1].code"),
            ([{"code": 250, "foo": 1}], "$[0].responses[0].foo"),
            ([{"code": 450, "delay": "x"}], "$[0].responses[0].delay"),
            ([{"code": 450, "times": 0}], "$[0].responses[0].times"),
            ([{"code": 450, "times": None}] * 2, "$[0].responses[0].times"),
            ([7], "$[0].responses[0]"),
        ):
            with self.assertRaises(DocumentError) as caught:
                SMTP.parse_all([{"command": "NOOP", "responses": responses}])
            self.assertEqual([p.path for p in caught.exception.problems], [path])
