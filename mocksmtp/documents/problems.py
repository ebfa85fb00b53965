"""What is wrong with a document, and where."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from itertools import islice
from typing import Any

import attrs
from cattrs import AttributeValidationNote, ClassValidationError

MAX_ERRORS = 100
"""How many errors of one document are reported; reading stops at the last of them."""

MAX_SHOWN = 64
"""Characters of a value, or of a field's name, that an error repeats."""

FIELD = "document field"
"""The key of a declared field in the metadata of an attrs attribute."""


@attrs.frozen
class Problem:
    """One error of a document: its JSON path, and the message."""

    path: str
    message: str


class DocumentError(Exception):
    """A document was refused as a whole; nothing of it has taken effect.

    Of many problems the first `MAX_ERRORS` are kept.
    """

    def __init__(self, *problems: Problem) -> None:
        problems = problems[:MAX_ERRORS]
        super().__init__("; ".join(f"{p.path}: {p.message}" for p in problems))
        self.problems = problems

    def within(self, place: str) -> DocumentError:
        """The same errors in a document that contains the refused one at `place`."""
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
        """The same error, in a value that contains the refused one at `place`."""
        self.place = place + self.place
        return self


class Refusals(ValueError):
    """Several values within one were refused.

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
    """What JSON calls the type of `value`."""
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
    """Names for a message: ``one of: a, b``."""
    return "one of: " + ", ".join(values)


def unknown(noun: str, name: str, known: Iterable[str]) -> str:
    """The message for a name that is not known, with the nearest one that is."""
    names = list(known)
    lower = {each.lower(): each for each in names}
    near = get_close_matches(name[:MAX_SHOWN].lower(), lower, n=1)
    hint = f"; did you mean {lower[near[0]]!r}?" if near else ""
    return f"unknown {noun}; {listed(names)}{hint}"


def shown(value: str) -> str:
    """A refused text, for a message; of a long one the beginning."""
    return repr(value if len(value) <= MAX_SHOWN else value[:MAX_SHOWN] + "…")


def as_document_error(error: BaseException) -> DocumentError:
    """
    What the error of a reader means for the whole document.

    :raises BaseException: `error` itself, where it is not about the document
    """
    found = islice(places_of(error), MAX_ERRORS)
    return DocumentError(*(Problem(f"${place}", message) for place, message in found))


def places_of(error: BaseException, place: str = "") -> Iterator[tuple[str, str]]:
    """
    All errors within `error`, each with its path below `place`.

    :raises BaseException: `error` itself, where it is not about the document
    """
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
    """What the note that cattrs leaves on an inner error adds to the path."""
    for note in getattr(error, "__notes__", ()):
        if isinstance(note, AttributeValidationNote):
            return f".{json_name(getattr(attrs.fields(kind), note.name))}"
    return ""
