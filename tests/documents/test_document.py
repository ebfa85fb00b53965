"""Declared classes as documents"""

from __future__ import annotations

from typing import Any

import attrs
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.documents.document import (
    Document,
    ExactlyOne,
    Given,
    Partial,
    field,
    parse,
)
from mocksmtp.documents.kinds import (
    Array,
    Boolean,
    Duration,
    Integer,
    Named,
    Optional,
    Tagged,
    Text,
)
from mocksmtp.documents.problems import (
    MAX_ERRORS,
    DocumentError,
    Problem,
    Refused,
    json_type,
    shown,
)
from mocksmtp.documents.schema import ref


@attrs.frozen
class Inner:
    some_text: str = field(Text(), "a text")
    a_flag: bool = field(Boolean(), "a flag", default=False)


INNER = Document(Inner, "Inner")


@attrs.frozen
class Outer:
    number: int = field(Integer(0, 9), "a number")
    inner: Inner | None = field(INNER, "one", default=None)
    many: tuple[Inner, ...] = field(Array(INNER), "many", default=())
    few: tuple[Inner, ...] | None = field(
        Array(INNER, 1, 2), "few", default=None, empty_is_absent=True
    )
    limit: int | None = field(
        Optional(Integer(1, 5)), "a limit", default=1, keeps_null=True
    )
    octets: float = field(Duration(), "a time", name="time", default=1.0)
    made: str = attrs.field(init=False, default="made")


OUTER = Document(Outer, "Outer", ignored=("seen",), without={"old": "was removed"})


def problems(document: Any, kind: Any = OUTER) -> list[tuple[str, str]]:
    """The errors of a document."""
    try:
        parse(kind, document)
    except DocumentError as error:
        return [(problem.path, problem.message) for problem in error.problems]
    return []


class ReadTests(SynchronousTestCase):
    """Strictness"""

    def test_names_are_camel_case(self) -> None:
        """Unless a field has a name of its own."""
        outer = OUTER.read(
            {"number": 1, "many": [{"someText": "x", "aFlag": True}], "time": "2s"}
        )
        self.assertEqual(outer, Outer(1, None, (Inner("x", True),), octets=2.0))

    def test_nothing_is_coerced(self) -> None:
        """A value is of its kind, or refused at its place, with what was given."""
        for document, path, message in (
            ({"number": "1"}, "$.number", "must be an integer, got the string '1'"),
            ({"number": 1.5}, "$.number", "must be an integer, got 1.5"),
            ({"number": True}, "$.number", "must be an integer, got true"),
            ({"number": None}, "$.number", "must be an integer, got null"),
            ({"number": 10}, "$.number", "must be from 0 to 9, got 10"),
            ({"number": 1, "many": {}}, "$.many", "must be an array, got an object"),
            ({"number": 1, "inner": 5}, "$.inner", "must be an object, got a number"),
            ({"number": 1, "few": [5] * 3}, "$.few", "must have 1 to 2 items, got 3"),
            ([], "$", "must be an object, got an array"),
            (None, "$", "must be an object, got null"),
            ({}, "$.number", "required, but missing"),
            ({"number": 1, "old": 2}, "$.old", "was removed"),
        ):
            self.assertEqual(problems(document), [(path, message)])

    def test_null_and_empty_arrays_may_be_absent(self) -> None:
        """Null of every optional field, unless it has a meaning of its own."""
        nulls = dict.fromkeys(("inner", "many", "few", "time", "old"))
        self.assertEqual(OUTER.read({"number": 1, **nulls}), Outer(1))
        self.assertEqual(OUTER.read({"number": 1, "few": []}), Outer(1))
        self.assertEqual(OUTER.read({"number": 1, "many": []}), Outer(1))
        self.assertIsNone(OUTER.read({"number": 1, "limit": None}).limit)

    def test_members_that_are_only_written_are_ignored(self) -> None:
        """So that what is listed can be sent back."""
        self.assertEqual(OUTER.read({"number": 1, "seen": 5}), Outer(1))

    def test_unknown_fields_are_refused(self) -> None:
        """With those that are known, and the nearest; what is made within is none."""
        known = "unknown field; one of: number, inner, many, few, limit, time"
        for name, hint in (
            ("Number", "; did you mean 'number'?"),
            ("nubmer", "; did you mean 'number'?"),
            ("made", ""),
            ("", ""),
        ):
            (problem,) = problems({"number": 1, name: 2})
            self.assertEqual(problem, (f"$.{name}", known + hint))

    def test_all_errors_are_told(self) -> None:
        """Each with the way to it."""
        document = {
            "number": "x",
            "many": [{"someText": "x"}, {"someText": 1, "aFlag": 1}, 5],
            "time": "10",
            "b": 1,
        }
        self.assertEqual(
            sorted(path for path, _ in problems(document)),
            [
                *("$.b", "$.many[1].aFlag", "$.many[1].someText"),
                *("$.many[2]", "$.number", "$.time"),
            ],
        )

    def test_reading_stops_at_the_last_error_that_is_reported(self) -> None:
        """What follows the hundredth error is not read: it would take seconds."""
        read: list[Any] = []

        class Refusing(Text):
            def read(self, value: Any, _: object = None) -> str:
                read.append(value)
                raise Refused("wrong")

        found = problems([{}] * 21_000, Array(Refusing()))
        self.assertEqual(len(read), MAX_ERRORS)
        self.assertEqual([path for path, _ in found], [f"$[{n}]" for n in range(100)])
        found = problems({str(n): n for n in range(100_000)})
        self.assertEqual(len(found), MAX_ERRORS)

    def test_errors_are_short(self) -> None:
        """However long what was sent is, little of it is given back."""
        long = "é" * 10**6
        for document in {"number": 1, long: 1}, {"number": long}:
            with self.assertRaises(DocumentError) as raised:
                parse(OUTER, document)
            self.assertLess(len(str(raised.exception)), 250)
        self.assertEqual(shown("a'b"), '"a\'b"')
        self.assertEqual(shown("x" * 65), repr("x" * 64 + "…"))

    def test_an_error_of_ours_is_not_the_documents(self) -> None:
        """What no reader of a document raises goes through."""

        class Broken(Text):
            def read(self, value: Any, _: object = None) -> str:
                raise ZeroDivisionError

        with self.assertRaises(ZeroDivisionError):
            parse(Array(Broken()), [1])

    def test_an_error_within_another_document(self) -> None:
        """Its path begins with the place of the document."""
        error = DocumentError(Problem("$.a", "no"), Problem("$", "never"))
        paths = [problem.path for problem in error.within("$.hosts[1]").problems]
        self.assertEqual(paths, ["$.hosts[1].a", "$.hosts[1]"])

    def test_types_have_names(self) -> None:
        """Those of JSON."""
        for value, name in (
            (None, "null"),
            (True, "a boolean"),
            (1, "a number"),
            (1.5, "a number"),
            ("", "a string"),
            ([], "an array"),
            ({}, "an object"),
        ):
            self.assertEqual(json_type(value), name)


class WriteTests(SynchronousTestCase):
    """What is written"""

    def test_what_is_usual_is_left_out(self) -> None:
        """And null where it has a meaning is not."""
        self.assertEqual(OUTER.write(Outer(1)), {"number": 1})
        outer = Outer(1, Inner("x"), few=(Inner("y", True),), limit=None, octets=1.5)
        self.assertEqual(
            OUTER.write(outer),
            {
                "number": 1,
                "inner": {"someText": "x"},
                "few": [{"someText": "y", "aFlag": True}],
                "limit": None,
                "time": 1500,
            },
        )
        self.assertEqual(OUTER.read(OUTER.write(outer)), outer)

    def test_the_rows_of_the_reference(self) -> None:
        """A field, its default and its meaning."""
        self.assertEqual(
            list(OUTER.rows())[::5],
            [("number", "required", "a number"), ("time", "`1000`", "a time")],
        )


class SchemaTests(SynchronousTestCase):
    """Schemas"""

    def test_strict_and_lenient(self) -> None:
        """What is written has no null and no alternatives."""
        named: Named = {}
        self.assertEqual(INNER.written_schema(named), ref("Inner"))
        self.assertEqual(INNER.accepted_schema(named), ref("NewInner"))
        flag = {"type": "boolean"}
        self.assertEqual(named["Inner"]["properties"]["aFlag"], flag)
        self.assertEqual(
            named["NewInner"]["properties"]["aFlag"],
            {"anyOf": [flag, {"type": "null"}]},
        )
        for schema in named.values():
            self.assertEqual(schema["required"], ["someText"])
            self.assertIs(schema["additionalProperties"], False)


class PartialTests(SynchronousTestCase):
    """Documents of which something else has the rest"""

    def test_what_is_given_replaces_what_is_usual(self) -> None:
        """And no default of the class does."""

        @attrs.frozen
        class Pair:
            one: int = field(Integer(0, 9), default=1)
            two: int | None = field(Optional(Integer(0, 9)), default=2, keeps_null=True)

        pair = Partial(Document(Pair))
        usual = Pair(7, 8)
        self.assertEqual(pair.read({}).over(usual), usual)
        self.assertEqual(pair.read({"one": 1}).over(usual), Pair(1, 8))
        self.assertEqual(pair.read({"one": None}).over(usual), usual)
        self.assertEqual(pair.read({"two": None}).over(usual), Pair(7, None))
        self.assertEqual(Given(Pair()).over(usual), usual)


class TaggedTests(SynchronousTestCase):
    """Objects of several kinds"""

    def test_the_tag_says_which(self) -> None:
        """What is wrong with it is reported there."""
        kinds: Tagged[Any] = Tagged("type", None, "thing")
        kinds.add("inner", INNER)
        made = kinds.read({"type": "inner", "someText": "x"})
        self.assertEqual(made, Inner("x"))
        self.assertEqual(kinds.write(made), {"type": "inner", "someText": "x"})
        for document, path in (
            ({}, "$.type"),
            ({"type": 5}, "$.type"),
            ({"type": "iner"}, "$.type"),
            ({"type": "inner", "someText": 5}, "$.someText"),
        ):
            self.assertEqual([place for place, _ in problems(document, kinds)], [path])
        ((_, message),) = problems({"type": "iner"}, kinds)
        self.assertIn(
            "unknown thing 'iner'; one of: inner; did you mean 'inner'?", message
        )


class RuleTests(SynchronousTestCase):
    """`ExactlyOne`"""

    def test_one_of_two_fields(self) -> None:
        """Reported with all that is wrong besides."""

        @attrs.frozen
        class Either:
            a: int | None = field(Integer(0, 9), default=None)
            b: int | None = field(Integer(0, 9), default=None)

        either = Document(Either, rules=(ExactlyOne("a", "b"),))
        self.assertEqual(problems({"a": 1}, either), [])
        self.assertEqual(problems({"b": 1}, either), [])
        self.assertEqual([p for p, _ in problems({}, either)], ["$.a"])
        self.assertEqual([p for p, _ in problems({"a": 1, "b": 1}, either)], ["$.b"])
        self.assertEqual([p for p, _ in problems({"c": 1}, either)], ["$.c", "$.a"])
