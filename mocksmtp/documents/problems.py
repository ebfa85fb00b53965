"""Errors of documents, with their paths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from itertools import islice
from typing import Any

import attrs

MAX_ERRORS = 100
"""Maximum errors reported of one document; reading stops at the last."""

MAX_SHOWN = 64
"""Maximum characters of a value or a field's name in an error."""

FIELD = "document field"
"""The key of a declared field in the metadata of an attrs attribute."""


@attrs.frozen
class Problem:
    """One error of a document: its JSON path, and the message."""

    path: str
    message: str


class DocumentError(Exception):
    """A document was refused, and has no effect.

    Only the first `MAX_ERRORS` problems are kept.
    """

    def __init__(self, *problems: Problem) -> None:
        problems = problems[:MAX_ERRORS]
        super().__init__("; ".join(f"{p.path}: {p.message}" for p in problems))
        self.problems = problems

    def within(self, place: str) -> DocumentError:
        """Return the errors for a document that contains the refused one at `place`."""
        return DocumentError(
            *(
                Problem(place + problem.path.removeprefix("$"), problem.message)
                for problem in self.problems
            )
        )


class Refused(ValueError):
    """A value was refused; the text is the message, `place` the path below the value.

    :param place: names of fields that lead from the value to the error
    """

    def __init__(self, message: str, *place: str) -> None:
        super().__init__(message)
        self.place = "".join(f".{name[:MAX_SHOWN]}" for name in place)

    def within(self, place: str) -> Refused:
        """Return the error for a value that contains the refused one at `place`."""
        self.place = place + self.place
        return self


class Refusals(ValueError):
    """Several members of a value were refused.

    :ivar errors: the place of each below that value, and its message
    """

    def __init__(self, errors: Iterable[tuple[str, str]]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(f"{place}: {text}" for place, text in self.errors))


def camel_case(name: str) -> str:
    """The JSON name of a Python field: ``number_of_answer``, ``numberOfAnswer``."""
    head, *rest = name.rstrip("_").split("_")
    return head + "".join(word.title() for word in rest)


def json_name(attribute: attrs.Attribute[Any]) -> str:
    """The name of a field in documents."""
    declared = attribute.metadata.get(FIELD)
    return (declared and declared.name) or camel_case(attribute.name)


def json_type(value: object) -> str:
    """The JSON type of `value`."""
    if value is None:
        return "null"
    for kind, name in (
        (bool, "a boolean"),
        (int, "a number"),
        (float, "a number"),
        (str, "a string"),
        (list, "an array"),
        (dict, "an object"),
    ):
        if isinstance(value, kind):
            return name
    return type(value).__name__


def listed(values: Iterable[str]) -> str:
    """Names as the list of an error: ``one of: a, b``."""
    return "one of: " + ", ".join(values)


def unknown(noun: str, name: str, known: Iterable[str]) -> str:
    """The error for an unknown name, with the nearest known one."""
    names = list(known)
    lower = {each.lower(): each for each in names}
    near = get_close_matches(name[:MAX_SHOWN].lower(), lower, n=1)
    hint = f"; did you mean {lower[near[0]]!r}?" if near else ""
    return f"unknown {noun}; {listed(names)}{hint}"


def shown(value: str) -> str:
    """A refused string for an error; only the beginning of a long one."""
    return repr(value if len(value) <= MAX_SHOWN else value[:MAX_SHOWN] + "…")


def as_document_error(error: BaseException) -> DocumentError:
    """
    Convert the error of a reader into that of the whole document.

    :raises BaseException: `error` itself, if it is not about the document
    """
    found = islice(places_of(error), MAX_ERRORS)
    return DocumentError(*(Problem(f"${place}", message) for place, message in found))


def places_of(error: BaseException, place: str = "") -> Iterator[tuple[str, str]]:
    """
    Yield all errors within `error`, each with its path below `place`.

    :raises BaseException: `error` itself, if it is not about the document
    """
    from cattrs import ClassValidationError

    match error:
        case ClassValidationError():
            kind = error.cl
            for inner in error.exceptions:
                yield from places_of(inner, place + _step(inner, kind))
        case KeyError():
            yield place, "required, but missing"
        case Refusals():
            for inner_place, message in error.errors:
                yield place + inner_place, message
        case Refused():
            yield place + error.place, str(error)
        case ValueError():
            yield place, str(error)
        case _:
            raise error


def _step(error: BaseException, kind: Any) -> str:
    """The path step in the note that cattrs adds to an inner error."""
    from cattrs import AttributeValidationNote

    for note in getattr(error, "__notes__", ()):
        if isinstance(note, AttributeValidationNote):
            return f".{json_name(getattr(attrs.fields(kind), note.name))}"
    return ""
