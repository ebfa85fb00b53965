"""Kinds of values: how each is read from JSON, written as JSON, and described.

Values are not coerced, unless a kind does so for existing clients. The lenient schema,
`accepted_schema`, describes what is accepted; the strict one, `written_schema`,
describes what is written.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Hashable, Iterable
from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any, ClassVar, Generic, TypeVar

from mocksmtp.documents.problems import (
    MAX_ERRORS,
    Refusals,
    Refused,
    json_type,
    listed,
    places_of,
    shown,
    unknown,
)
from mocksmtp.documents.reading import spelling
from mocksmtp.documents.schema import (
    BOOLEAN,
    IP_ADDRESSES,
    MAX_INTEGER,
    NULL,
    NUMBER,
    TEXT,
    Schema,
    any_of,
    whole,
)
from mocksmtp.documents.units import (
    MAX_DURATION,
    MAX_SECONDS,
    SIZE_PATTERN,
    duration,
    duration_pattern,
    milliseconds,
    parse_size,
    shown_duration,
)

T = TypeVar("T")
C = TypeVar("C")
E = TypeVar("E", bound=Enum)

MAX_COUNT = 10**9
"""Maximum of a count in a document."""

Named = dict[str, Schema]
"""Schemas by name; a kind adds those to which its schema refers."""


class Kind(Generic[T]):
    """
    A kind of values.

    :cvar samples: examples of accepted JSON values, for tests
    :cvar misfits: examples of refused JSON values, for tests
    :cvar writes_none: whether `write` accepts None; if not, None is written as null
    """

    writes_none: ClassVar[bool] = False
    samples: tuple[Any, ...] = ()
    misfits: tuple[Any, ...] = ()

    def read(self, value: Any, _: object = None) -> T:
        """
        Read a JSON value.

        :raises ValueError: it is invalid; or ClassValidationError of cattrs
        """
        raise NotImplementedError

    def write(self, value: T) -> Any:
        """Return the JSON value of `value`."""
        return value

    def accepted_schema(self, named: Named) -> Schema:
        """The schema of accepted values."""
        return self.written_schema(named)

    def written_schema(self, named: Named) -> Schema:
        """The schema of written values."""
        raise NotImplementedError


class AnyJson(Kind[Any]):
    """Any JSON value, unchanged."""

    samples = (None, 1, {})

    def read(self, value: Any, _: object = None) -> Any:
        """The value itself."""
        return value

    def written_schema(self, named: Named) -> Schema:
        """Anything."""
        return {}


class Boolean(Kind[bool]):
    """True or false."""

    samples = (True, False)
    misfits = ("true", 1, [])

    def read(self, value: Any, _: object = None) -> bool:
        """Read a boolean."""
        if value is True or value is False:
            return value
        raise Refused(f"must be true or false, got {_given(value)}")

    def written_schema(self, named: Named) -> Schema:
        """A boolean."""
        return BOOLEAN


class Integer(Kind[int]):
    """
    An integer.

    :param digits: whether a string of digits is also accepted
    """

    def __init__(
        self, least: int = 0, most: int = MAX_COUNT, digits: bool = False
    ) -> None:
        self.least = least
        self.most = most
        self._digits = digits
        self.samples = (least, most, *([str(least)] if digits else ()))
        self.misfits = (least - 1, most + 1, 1.5, "x", True, [])

    def read(self, value: Any, _: object = None) -> int:
        """Read an integer within the limits; a boolean is refused."""
        if type(value) is not int:
            value = self._whole(value)
        if not self.least <= value <= self.most:
            raise Refused(
                f"must be from {self.least:,} to {self.most:,}, got {value!s:.40}"
            )
        return value  # type: ignore[no-any-return]

    def _whole(self, value: Any) -> int:
        if isinstance(value, int) and not isinstance(value, bool):
            return int(value)
        if self._digits and isinstance(value, str) and _DIGITS.fullmatch(value):
            return int(value)
        raise Refused(f"must be an integer, got {_given(value)}")

    def accepted_schema(self, named: Named) -> Schema:
        """An integer, or its digits."""
        if not self._digits:
            return self.written_schema(named)
        return any_of(self.written_schema(named), {**TEXT, "pattern": self._pattern()})

    def _pattern(self) -> str:
        if self.least == 1:
            return "^(?!0+$)[0-9]{1,18}$"
        first, last = str(self.least)[0], str(self.most)[0]
        rest = len(str(self.most)) - 1
        return f"^0{{0,15}}[{first}-{last}][0-9]{{{rest}}}$"

    def written_schema(self, named: Named) -> Schema:
        """An integer."""
        return whole(self.least, min(self.most, MAX_INTEGER))


_DIGITS = re.compile(r"[0-9]{1,18}", re.ASCII)


class Number(Kind[float]):
    """
    A number.

    :param above: whether `least` itself is excluded
    """

    def __init__(self, least: float, most: float, above: bool = False) -> None:
        self.least = least
        self.most = most
        self._above = above
        self.samples = (most, (least + most) / 2, *(() if above else (least,)))
        self.misfits = (most + 0.1, least - 1, "1", True, *([least] if above else ()))

    def read(self, value: Any, _: object = None) -> float:
        """Read a number within the limits; a boolean is refused."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise Refused(f"must be a number, got {_given(value)}")
        number = float(value) if isinstance(value, float) else value
        if (
            not self.least <= number <= self.most
            or (self._above and number == self.least)
            or not math.isfinite(number)
        ):
            least = "above" if self._above else "from"
            between = "and at most" if self._above else "to"
            raise Refused(
                f"must be {least} {self.least:g} {between} {self.most:g}, "
                f"got {number!s:.40}"
            )
        return number

    def written_schema(self, named: Named) -> Schema:
        """A number."""
        minimum = "exclusiveMinimum" if self._above else "minimum"
        return {**NUMBER, minimum: self.least, "maximum": self.most}


class Text(Kind[str]):
    """
    A string.

    :param pattern: a regular expression that the whole string must match, in the common
        syntax of ECMA 262 and Python
    :param problem: the error for a string that does not match
    :param most: maximum UTF-8 octets
    :param numbers: whether a number is accepted, and read as it is spelled
    :param clean: normalizes an accepted string
    """

    def __init__(
        self,
        pattern: str | None = None,
        problem: str = "",
        most: int | None = None,
        numbers: bool = False,
        clean: Callable[[str], str] | None = None,
        samples: tuple[Any, ...] = (),
        misfits: tuple[Any, ...] = (),
    ) -> None:
        self._pattern = pattern
        self._matches = re.compile(pattern).fullmatch if pattern else None
        self._problem = problem
        self._most = most
        self._numbers = numbers
        self._clean = clean
        self.samples = (*samples, *((5, 1.5) if numbers else ()))
        self.misfits = (*misfits, True, [], *(() if numbers else (5,)))

    def read(self, value: Any, _: object = None) -> str:
        """Read a string that matches."""
        if type(value) is not str:
            value = self._spelling(value)
        most = self._most
        if most is not None and len(value) * 4 > most and len(value.encode()) > most:
            raise Refused(f"must have at most {most:,} octets")
        if self._matches is not None and not self._matches(value):
            raise Refused(f"{self._problem}, got {shown(value)}")
        return value if self._clean is None else self._clean(value)

    def _spelling(self, value: Any) -> str:
        is_number = isinstance(value, (int, float)) and not isinstance(value, bool)
        if self._numbers and is_number:
            return spelling(value)
        raise Refused(f"must be a string, got {_given(value)}")

    def accepted_schema(self, named: Named) -> Schema:
        """A string, or a number."""
        schema = self._schema()
        return any_of(schema, NUMBER) if self._numbers else schema

    def written_schema(self, named: Named) -> Schema:
        """A string."""
        return self._schema()

    def _schema(self) -> Schema:
        return {**TEXT, "pattern": f"^(?:{self._pattern})$"} if self._pattern else TEXT


ID = Text(
    "(?!(?:[.]{1,2}|evaluate|latest|take)$)[A-Za-z0-9._-]{1,64}",
    "must be 1 to 64 letters, digits, '.', '_', '-', and not evaluate, latest or take",
    samples=("a-1",),
    misfits=("", "a/b", "..", "evaluate", "x" * 65),
)
"""An id in the API, except the last parts of other routes."""

LABEL = Text(
    r"[^\u0000-\u001f\u007f-\u009f]{1,100}",
    "must be one line of 1 to 100 characters",
    samples=("down", "é 1"),
    misfits=("", "a\rb", "x" * 101),
)
"""A tag, or the name of something in the API."""


class Choice(Kind[E]):
    """
    A member of an enumeration, by its value.

    :param noun: the name of such a member in errors
    :param but: members that are refused
    """

    def __init__(self, kind: type[E], noun: str, *but: E) -> None:
        self._noun = noun
        self._members = {one.value: one for one in kind if one not in but}
        self.samples = tuple(self._members)
        self.misfits = ("no such", 5, True)

    def read(self, value: Any, _: object = None) -> E:
        """Read a member from its value."""
        if type(value) is not str:
            raise Refused(f"must be a string, got {_given(value)}")
        found = self._members.get(value)
        if found is None:
            name = f"{self._noun} {shown(value)}"
            raise Refused(unknown(name, value, self._members))
        return found

    def write(self, value: E) -> Any:
        """Return the value of the member."""
        return value.value

    def written_schema(self, named: Named) -> Schema:
        """One of the values."""
        return {**TEXT, "enum": list(self._members)}


class Duration(Kind[float]):
    """
    Seconds; in documents, milliseconds or a string with a unit.

    :param least: the minimum in seconds: 0, or up to a millisecond
    """

    def __init__(self, least: float = 0.0, most: float = MAX_SECONDS) -> None:
        self.least = least
        self.most = most
        self.samples = (max(1, least * 1000), 1500.5, "2s", "5m", "24h", "250ms")
        self.misfits = (-1, "10", "x", True, "1 s", MAX_SECONDS * 1001, "721h")
        if least:
            self.misfits += (0, "0s")

    def read(self, value: Any, _: object = None) -> float:
        """Read seconds, rounded to microseconds."""
        try:
            seconds = duration(value)
        except ValueError as error:
            raise Refused(str(error)) from None
        if not self.least <= seconds <= self.most:
            what = shown(value) if isinstance(value, str) else f"{value!s:.40}ms"
            least = shown_duration(self.least)
            most = (
                MAX_DURATION if self.most == MAX_SECONDS else shown_duration(self.most)
            )
            raise Refused(f"must be from {least} to {most}, got {what}")
        return seconds

    def write(self, value: float) -> Any:
        """Milliseconds."""
        return milliseconds(value)

    def accepted_schema(self, named: Named) -> Schema:
        """A number of milliseconds, or a string with a unit."""
        number = {**NUMBER, "minimum": self.least * 1000, "maximum": self.most * 1000}
        return any_of(number, {**TEXT, "pattern": f"^{duration_pattern(self.least)}$"})

    def written_schema(self, named: Named) -> Schema:
        """A number of milliseconds."""
        return {**NUMBER, "minimum": 0}


class Size(Kind[int]):
    """Bytes; in documents, a number or a string such as ``10MiB``."""

    samples = (1, 2**62, "10MiB", "1000")
    misfits = (0, "0", "x", 1.5, True, "-1", 2**63)

    def read(self, value: Any, _: object = None) -> int:
        """Read a number of bytes, at least 1."""
        if isinstance(value, str):
            try:
                value = parse_size(value)
            except ValueError as error:
                raise Refused(str(error)) from None
        return _OCTETS.read(value)

    def accepted_schema(self, named: Named) -> Schema:
        """A number, or a string with a unit."""
        return any_of(whole(1, 2**62), {**TEXT, "pattern": f"^{SIZE_PATTERN}$"})

    def written_schema(self, named: Named) -> Schema:
        """A number."""
        return whole(1, 2**62)


_OCTETS = Integer(1, 2**62)


class Array(Kind[tuple[T, ...]]):
    """
    An array, read as a tuple.

    :param unique: whether no two items may be equal
    """

    def __init__(
        self,
        item: Kind[T],
        least: int = 0,
        most: int | None = None,
        noun: str = "items",
        unique: bool = False,
        bounded: bool = True,
    ) -> None:
        self.item = item
        self._least = least
        self._most = most
        self._noun = noun
        self._unique = unique
        self._bounded = bounded
        self.misfits = ("x", 5, True, *([] if least == 0 else [[]]))
        if item.misfits:
            self.misfits += ([item.misfits[0]],)
        if item.samples:
            self.samples = ([item.samples[0]],)
            if unique:
                self.misfits += ([item.samples[0]] * 2,)

    def read(self, value: Any, _: object = None) -> tuple[T, ...]:
        """Read all items, up to `MAX_ERRORS` errors."""
        if type(value) is not list:
            raise Refused(f"must be an array, got {json_type(value)}")
        size, most = len(value), self._most
        if size < self._least or (most is not None and size > most):
            raise Refused(self._bounds(size))
        items: list[T] = []
        errors: list[tuple[str, str]] = []
        read = self.item.read
        for index, each in enumerate(value):
            try:
                items.append(read(each))
            except Exception as error:
                errors += places_of(error, f"[{index}]")
                if len(errors) >= MAX_ERRORS:
                    break
        if errors:
            raise Refusals(errors)
        if self._unique:
            check_unique(items, value)
        return tuple(items)

    def _bounds(self, size: int) -> str:
        if self._most is None:
            return "must not be empty"
        if self._least:
            bounds = f"{self._least:,} to {self._most:,}"
        else:
            bounds = f"at most {self._most:,}"
        return f"must have {bounds} {self._noun}, got {size:,}"

    def write(self, value: Iterable[T]) -> Any:
        """A list of all items."""
        return list(map(self.item.write, value))

    def accepted_schema(self, named: Named) -> Schema:
        """An array of accepted items."""
        return self._schema(self.item.accepted_schema(named))

    def written_schema(self, named: Named) -> Schema:
        """An array of written items."""
        return self._schema(self.item.written_schema(named))

    def _schema(self, items: Schema) -> Schema:
        schema: Schema = {"type": "array", "items": items}
        if self._least:
            schema["minItems"] = self._least
        if self._most is not None and self._bounded:
            schema["maxItems"] = self._most
        if self._unique:
            schema["uniqueItems"] = True
        return schema


def check_unique(items: list[Any], values: list[Any]) -> None:
    """
    Check that no two items are equal.

    :raises Refused: two items are equal
    """
    seen: set[Hashable] = set()
    for index, item in enumerate(items):
        if item in seen:
            text = f"{values[index]!s:.64}"
            raise Refused(f"contains {text} twice")
        seen.add(item)


class Optional(Kind[Any]):
    """A value, or null with its own meaning."""

    def __init__(self, kind: Kind[Any]) -> None:
        self.kind = kind
        self.samples = (*kind.samples, None)
        self.misfits = kind.misfits

    def read(self, value: Any, _: object = None) -> Any:
        """The value, or None."""
        return None if value is None else self.kind.read(value)

    def write(self, value: Any) -> Any:
        """The value, or null."""
        return None if value is None else self.kind.write(value)

    def accepted_schema(self, named: Named) -> Schema:
        """The accepted values of the kind, or null."""
        return any_of(self.kind.accepted_schema(named), NULL)

    def written_schema(self, named: Named) -> Schema:
        """The written values of the kind, or null."""
        return any_of(self.kind.written_schema(named), NULL)


def foreign(documents: Iterable[Any], own: Any) -> frozenset[str]:
    """The fields of any of `documents` that the document `own` does not have."""
    everything = {title for each in documents for title in each.fields}
    return frozenset(everything - own.fields.keys())


def without_nulls(
    members: dict[str, Any], foreign_of: Callable[[C], frozenset[str]], chosen: C
) -> dict[str, Any]:
    """Return `members` without null members that only other kinds have."""
    if None not in members.values():
        return members
    others = foreign_of(chosen)
    return {
        title: member
        for title, member in members.items()
        if member is not None or title not in others
    }


def with_nulls(schema: Schema, foreign: Iterable[str]) -> Schema:
    """Allow null for members that only other kinds have, in the schema of an object."""
    nulls = dict.fromkeys(sorted(foreign), NULL)
    return {**schema, "properties": {**nulls, **schema["properties"]}}


class Tagged(Kind[T]):
    """
    An object of one of several kinds; a member, the tag, selects the kind.

    Null means absent for a member that only other kinds have: some clients write every
    member of all kinds.

    :param tag: the name of the member
    :param name: the name of the schema
    :param noun: the name of the kinds in errors
    """

    known: ClassVar[Any] = None

    def __init__(self, tag: str, name: str | None, noun: str) -> None:
        self._tag = tag
        self._name = name
        self._noun = noun
        self.variants: dict[str, Any] = {}
        self._tags: dict[type, str] = {}
        self._foreign: dict[str, frozenset[str]] = {}
        self.misfits = (5, "x", {}, {tag: "no such"}, {tag: 5})

    def add(self, tag: str, variant: Any) -> None:
        """Add the document `variant`, which `tag` selects."""
        self.variants[tag] = variant
        self._tags[variant.cls] = tag

    def read(self, value: Any, _: object = None) -> T:
        """Read an object of the kind that its tag selects."""
        if type(value) is not dict:
            raise Refused(f"must be an object, got {_given(value)}")
        tag = value.get(self._tag)
        variant = self.variants.get(tag) if type(tag) is str else None
        if variant is None:
            raise self._unknown(tag)
        members = dict(value)
        del members[self._tag]
        made: T = variant.read(without_nulls(members, self._of_others, str(tag)))
        return made

    def _of_others(self, tag: str) -> frozenset[str]:
        """The members of other kinds that the kind of a tag does not have."""
        found = self._foreign.get(tag)
        if found is None:
            documents = self.variants.values()
            found = self._foreign[tag] = foreign(documents, self.variants[tag])
        return found

    def _unknown(self, tag: Any) -> Refused:
        if tag is None:
            return Refused(f"required, but missing; {listed(self.variants)}", self._tag)
        if type(tag) is not str:
            return Refused(f"must be a string, got {_given(tag)}", self._tag)
        message = unknown(f"{self._noun} {shown(tag)}", tag, self.variants)
        return Refused(message, self._tag)

    def write(self, value: T) -> Any:
        """Write an object with the tag of its kind."""
        tag = self._tags[type(value)]
        return {self._tag: tag, **self.variants[tag].write(value)}

    def accepted_schema(self, named: Named) -> Schema:
        """One of the kinds."""

        def members(variant: Any) -> Schema:
            foreign = self._of_others(self._tags[variant.cls])
            return with_nulls(variant.accepted_members(named), foreign)

        return self._schema(named, "New", members)

    def written_schema(self, named: Named) -> Schema:
        """One of the kinds."""
        return self._schema(named, "", lambda variant: variant.written_members(named))

    def _schema(
        self, named: Named, prefix: str, members: Callable[[Any], Schema]
    ) -> Schema:
        def make() -> Schema:
            choices = []
            for tag, variant in self.variants.items():
                schema = dict(members(variant))
                properties = {self._tag: {"const": tag}, **schema["properties"]}
                required = [self._tag, *schema["required"]]
                choices.append(
                    {**schema, "properties": properties, "required": required}
                )
            return any_of(*choices)

        return make() if self._name is None else name(named, prefix + self._name, make)


class AddressKind(Kind[IPv4Address | IPv6Address]):
    """An IP address."""

    samples = ("127.0.0.1", "2001:db8::1")
    misfits = ("x", 5, "fe80::1%eth0")

    def read(self, value: Any, _: object = None) -> IPv4Address | IPv6Address:
        """Parse an address without a scope."""
        if type(value) is not str:
            raise Refused(f"must be a string, got {json_type(value)}")
        try:
            # A scope (``%eth0``) has no meaning on another machine.
            return ip_address(value.replace("%", " "))
        except ValueError:
            raise Refused(f"not an IP address: {shown(value)}") from None

    def write(self, value: IPv4Address | IPv6Address) -> str:
        """Return its text."""
        return str(value)

    def written_schema(self, named: Named) -> Schema:
        """An address of either family."""
        return any_of(*IP_ADDRESSES)


class AddressText(AddressKind):
    """An IP address, kept as a text."""

    def read(self, value: Any, _: object = None) -> Any:
        """The usual text of an address."""
        return str(super().read(value))


ADDRESS = AddressText()
"""The IP address of a client."""


def name(named: Named, title: str, make: Callable[[], Schema]) -> Schema:
    """Return a reference to the schema `title`, which is made on first use."""
    if title not in named:
        named[title] = {}  # so that a schema that refers to itself is made once
        named[title] = make()
    return {"$ref": f"#/components/schemas/{title}"}


def _given(value: Any) -> str:
    """A refused value for an error: its type, and the value if it is short."""
    if isinstance(value, str):
        return f"the string {shown(value)}"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return f"{spelling(value):.40}"
    if isinstance(value, bool):
        return str(value).lower()
    return json_type(value)
