"""From JSON values to model classes"""

from __future__ import annotations

from typing import Any

import attrs
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.documents.problems import (
    MAX_ERRORS,
    DocumentError,
    Refused,
    camel_case,
    json_type,
    shown,
)
from mocksmtp.documents.structure import class_hook, new_converter, structure


@attrs.frozen
class Inner:
    some_text: str
    a_flag: bool = False


@attrs.frozen
class Outer:
    number: int
    inner: Inner | None = None
    many: tuple[Inner, ...] = ()
    made: str = attrs.field(init=False, default="made")


CONVERTER = new_converter()


@CONVERTER.register_structure_hook
def _optional_inner(value: Any, _: Any) -> Inner | None:
    return None if value is None else CONVERTER.structure(value, Inner)


def problems(document: Any, kind: Any = Outer) -> list[tuple[str, str]]:
    """What is wrong with a document."""
    try:
        structure(CONVERTER, document, kind)
    except DocumentError as error:
        return [(problem.path, problem.message) for problem in error.problems]
    return []


class StructureTests(SynchronousTestCase):
    """Strictness"""

    def test_names_are_camel_case(self) -> None:
        """As JSON has them; Python's names are unknown fields."""
        outer = structure(
            CONVERTER,
            {"number": 1, "many": [{"someText": "x", "aFlag": True}]},
            Outer,
        )
        self.assertEqual(outer, Outer(1, None, (Inner("x", True),)))
        self.assertEqual(camel_case("number_of_answer"), "numberOfAnswer")
        self.assertEqual(camel_case("from_"), "from")

    def test_nothing_is_coerced(self) -> None:
        """A value is of its type, or refused at its place."""
        for document, path, message in (
            ({"number": "1"}, "$.number", "must be an integer, got a string"),
            ({"number": 1.5}, "$.number", "must be an integer, got a number"),
            ({"number": True}, "$.number", "must be an integer, got a boolean"),
            ({"number": None}, "$.number", "must be an integer, got null"),
            ({"number": 1, "many": {}}, "$.many", "must be an array, got an object"),
            ({"number": 1, "many": "ab"}, "$.many", "must be an array, got a string"),
            ({"number": 1, "many": None}, "$.many", "must be an array, got null"),
            ([], "$", "must be an object, got an array"),
            (None, "$", "must be an object, got null"),
            ({}, "$.number", "required, but missing"),
        ):
            self.assertEqual(problems(document), [(path, message)])
        for flag in 0, "true", None:
            document = {"someText": "x", "aFlag": flag}
            self.assertEqual(problems(document, Inner)[0][0], "$.aFlag")
        for text in 1, None, ["x"]:
            self.assertEqual(problems({"someText": text}, Inner)[0][0], "$.someText")

    def test_unknown_fields_are_refused(self) -> None:
        """With those that are known; what is made within is no field."""
        for name, hint in (
            ("Number", "; did you mean 'number'?"),
            ("made", ""),
            ("many_", "; did you mean 'many'?"),
            ("", ""),
        ):
            (problem,) = problems({"number": 1, name: 2})
            self.assertEqual(
                problem,
                (f"$.{name}", "unknown field; one of: inner, many, number" + hint),
            )

    def test_all_errors_are_told(self) -> None:
        """Each with the way to it."""
        document = {
            "number": "x",
            "many": [{"someText": "x"}, {"someText": 1, "aFlag": 1}, 5],
            "b": 1,
            "a": 1,
        }
        self.assertEqual(
            sorted(path for path, _ in problems(document)),
            [
                *("$.a", "$.b", "$.many[1].aFlag", "$.many[1].someText"),
                *("$.many[2]", "$.number"),
            ],
        )

    def test_errors_are_bounded(self) -> None:
        """Nobody reads more of them."""
        found = problems([1] * 10 * MAX_ERRORS, tuple[Inner, ...])
        self.assertEqual(len(found), MAX_ERRORS)

    def test_reading_stops_at_the_last_error_that_is_reported(self) -> None:
        """What follows the hundredth error is not read: it would take seconds."""
        read: list[Any] = []
        converter = new_converter()

        @converter.register_structure_hook
        def refuse(value: Any, _: Any) -> Inner:
            read.append(value)
            raise Refused("wrong")

        with self.assertRaises(DocumentError) as raised:
            structure(converter, [{}] * 21_000, tuple[Inner, ...])
        self.assertEqual(len(read), MAX_ERRORS)
        paths = [problem.path for problem in raised.exception.problems]
        self.assertEqual(paths, [f"$[{index}]" for index in range(MAX_ERRORS)])

    def test_valid_items_do_not_end_the_search(self) -> None:
        """Errors are counted, not items."""
        good, bad = {"someText": "x"}, {}
        items = [*[good] * 10 * MAX_ERRORS, bad, good, bad]
        expected = [f"$[{10 * MAX_ERRORS + n}].someText" for n in (0, 2)]
        found = [path for path, _ in problems(items, tuple[Inner, ...])]
        self.assertEqual(found, expected)

    def test_errors_are_short(self) -> None:
        """However long what was sent is, little of it is given back."""
        long = "é" * 10**6
        for document in {"number": 1, long: 1}, {"number": long}:
            with self.assertRaises(DocumentError) as raised:
                structure(CONVERTER, document, Outer)
            self.assertLess(len(str(raised.exception)), 200)
        self.assertEqual(shown("a'b"), '"a\'b"')
        self.assertEqual(shown("x" * 65), repr("x" * 64 + "…"))

    def test_hooks_tell_a_place_within(self) -> None:
        """What a hook refuses may be deeper than its value."""

        def hook(value: Any, _: Any) -> str:
            raise Refused("no good", "a", "b")

        converter = new_converter()
        read = class_hook(converter, Inner, some_text=hook)
        converter.register_structure_hook(Inner, read)
        with self.assertRaises(DocumentError) as raised:
            structure(converter, [{"someText": 1}], tuple[Inner, ...])
        (problem,) = raised.exception.problems
        self.assertEqual(problem.path, "$[0].someText.a.b")
        self.assertEqual(str(raised.exception), "$[0].someText.a.b: no good")

    def test_an_error_of_ours_is_not_the_documents(self) -> None:
        """What no reader of a document raises goes through."""

        def hook(value: Any, _: Any) -> str:
            raise ZeroDivisionError

        converter = new_converter()
        converter.register_structure_hook(
            Inner, class_hook(converter, Inner, some_text=hook)
        )
        with self.assertRaises(ZeroDivisionError):
            structure(converter, {"someText": 1}, Inner)

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
