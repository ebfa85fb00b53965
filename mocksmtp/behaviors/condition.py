"""Conditions: test whether a behavior applies to an attempt.

A condition without a target tests the subject of the command. A condition with a target
is true if at least one value of the target satisfies it; without a value only `Absent`
and `MatchAll` are true.

Values are octets as received. UTF-8 is self-synchronizing: a text contains another
exactly if its octets contain the octets of the other. Therefore values are not decoded.
Each comparison is compiled once, when it is created. ``ignoreCase`` ignores the case of
ASCII letters; if the matching value contains other letters, it ignores their case as
well, by Unicode's simple case folding.

To add an operator, add a class here and its name in `COMPARISONS`, `PRESENCES` or
`COMBINATORS`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, ClassVar, Protocol, TypeAlias

import attrs

from mocksmtp.behaviors.pattern import compile_literal, compile_pattern
from mocksmtp.behaviors.target import Target
from mocksmtp.documents.document import Document, field
from mocksmtp.documents.kinds import (
    AnyJson,
    Array,
    Boolean,
    Kind,
    Named,
    Tagged,
    Text,
)
from mocksmtp.documents.problems import Refused
from mocksmtp.documents.reading import spelling
from mocksmtp.documents.schema import NUMBER, TEXT, Schema, any_of
from mocksmtp.grammar.speed import find

MAX_DEPTH = 16
"""The maximum depth of nested combinators."""

MAX_CONDITIONS = 100
"""The maximum number of conditions of a combinator."""

_MAX_VALUE = 1024 * 1024
"""The maximum length of a ``matchingValue``, in octets."""

Test: TypeAlias = Callable[[bytes], bool]
"""Tests a value."""


class Values(Protocol):
    """The values of an attempt."""

    def values(self, target: Target) -> Sequence[bytes]:
        """Return the values of `target`; an empty sequence if it is absent."""


class FormattedText(Text):
    """A text in a format that JSON Schema does not define.

    :param word: the name of the format: ``re2`` or ``cidr``
    :param numbers: whether a number is accepted too
    """

    def __init__(self, word: str, numbers: bool) -> None:
        super().__init__(most=_MAX_VALUE, numbers=numbers)
        self._format = word
        self.samples = {"re2": ("a+", "^x|y$"), "cidr": ("10.0.0.0/8", "::/0")}[word]
        self.misfits = ("(", None) if numbers else ("10.0.0.1/8", 5)

    def written_schema(self, named: Named) -> Schema:
        """Return the schema: a text of that format."""
        return {**TEXT, "format": self._format}

    def accepted_schema(self, named: Named) -> Schema:
        """Return the schema: a text of that format, or a number if it is accepted."""
        schema = self.written_schema(named)
        return any_of(schema, NUMBER) if self._numbers else schema


class NumberText(Text):
    """A number, or a text that contains a number."""

    def __init__(self) -> None:
        super().__init__(
            "[+-]?[0-9]{1,20}(?:[.][0-9]{1,20})?(?:e[+-]?[0-9]{1,3})?",
            "must be a number",
            numbers=True,
            samples=("5", "-1.5", "1e3"),
            misfits=("x", ""),
        )

    def read(self, value: Any, _: object = None) -> str:
        """Return the number as it was written, with ``e`` in lower case."""
        if isinstance(value, float):
            value = spelling(value).lower()
        return super().read(value)


_VALUE = Text(most=_MAX_VALUE, numbers=True, samples=("bob@", ""))


@attrs.frozen
class Comparison:
    """
    Compares a value with ``matchingValue``.

    :cvar VALUE: the kind of ``matchingValue``
    :cvar HAS_CASE: whether ``ignoreCase`` is allowed
    :ivar matches: tests one value
    :raises Refused: `matching_value` is not valid for the operator
    """

    VALUE: ClassVar[Kind[str]] = _VALUE
    HAS_CASE: ClassVar[bool] = True

    matching_value: str = field(_VALUE, "what a value is compared with")
    ignore_case: bool = field(Boolean(), "whether case is ignored", default=False)
    target: Target | None = field(AnyJson(), "what is compared", default=None)
    matches: Test = attrs.field(init=False, eq=False, repr=False)

    @matches.default
    def _matches(self) -> Test:
        try:
            return self._compile(self.matching_value)
        except ValueError as error:
            raise Refused(str(error), "matchingValue") from None

    def _compile(self, value: str) -> Test:
        raise NotImplementedError

    def holds(self, subject: bytes, attempt: Values) -> bool:
        """
        Return whether a value satisfies the condition.

        :param subject: the value that is tested without a target
        :param attempt: provides the values of the target
        """
        if self.target is None:
            return self.matches(subject)
        return any(map(self.matches, attempt.values(self.target)))


def _lowered(test: Test) -> Test:
    return lambda subject: test(subject.lower())


@attrs.frozen
class Contains(Comparison):
    """The value contains `matchingValue`."""

    def _compile(self, value: str) -> Test:
        octets = value.encode()
        if self.ignore_case and not value.isascii():
            return compile_literal(value)
        if self.ignore_case:
            octets = octets.lower()

        def contains(subject: bytes) -> bool:
            return find(subject, octets) >= 0

        return _lowered(contains) if self.ignore_case else contains


@attrs.frozen
class Equals(Comparison):
    """The value equals `matchingValue`."""

    def _compile(self, value: str) -> Test:
        octets = value.encode()
        if not self.ignore_case:
            return octets.__eq__
        if not value.isascii():
            return compile_literal(value, r"\A", r"\z")
        return _lowered(octets.lower().__eq__)


@attrs.frozen
class StartsWith(Comparison):
    """The value begins with `matchingValue`."""

    def _compile(self, value: str) -> Test:
        octets, size = value.encode(), len(value.encode())
        if not self.ignore_case:
            return lambda subject: subject.startswith(octets)
        if not value.isascii():
            return compile_literal(value, r"\A")
        return lambda subject: subject[:size].lower() == octets.lower()


@attrs.frozen
class EndsWith(Comparison):
    """The value ends with `matchingValue`."""

    def _compile(self, value: str) -> Test:
        octets, size = value.encode(), len(value.encode())
        if not self.ignore_case:
            return lambda subject: subject.endswith(octets)
        if not value.isascii():
            return compile_literal(value, end=r"\z")
        octets = octets.lower()
        return lambda subject: subject[max(0, len(subject) - size) :].lower() == octets


@attrs.frozen
class Matches(Comparison):
    """The regular expression (RE2) matches a part of the value."""

    VALUE = FormattedText("re2", True)

    def _compile(self, value: str) -> Test:
        return compile_pattern(value, self.ignore_case)


# The numbers of Python and JSON.
_NUMBER = re.compile(rb"[+-]?([0-9]{1,20})(\.[0-9]{1,20})?(e[+-]?[0-9]{1,3})?")


def _number(octets: bytes) -> float | None:
    match = _NUMBER.fullmatch(octets)
    if match is None:
        return None
    return float(octets) if match[2] or match[3] else int(octets)


@attrs.frozen
class _Order(Comparison):
    """Compares numbers; it is false for a value that is not a number."""

    VALUE = NumberText()
    HAS_CASE = False

    def _compile(self, value: str) -> Test:
        limit = _number(value.encode())
        if limit is None:
            raise ValueError(f"not a number: {value[:64]!r}")

        def test(subject: bytes) -> bool:
            found = _number(subject)
            return found is not None and self._holds(found, limit)

        return test

    def _holds(self, found: float, limit: float) -> bool:
        raise NotImplementedError


@attrs.frozen
class LessThan(_Order):
    """The value is a number below `matchingValue`."""

    def _holds(self, found: float, limit: float) -> bool:
        return found < limit


@attrs.frozen
class AtLeast(_Order):
    """The value is a number, at least `matchingValue`."""

    def _holds(self, found: float, limit: float) -> bool:
        return found >= limit


_LITERAL = re.compile(rb"\[(?:(?i:IPv6):)?([^\]]{1,60})\]")


@lru_cache(maxsize=1024)
def _address(octets: bytes) -> tuple[int, int] | None:
    """
    Return the IP version and the number of an address; None if it is not an address.

    An address literal (RFC 5321 §4.1.3) is accepted.
    """
    match = _LITERAL.fullmatch(octets)
    text = (match[1] if match else octets).decode("ascii", "replace")
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    # A listener for IPv4 and IPv6 shows an IPv4 client as an IPv4-mapped address.
    address = getattr(address, "ipv4_mapped", None) or address
    return address.version, int(address)


@attrs.frozen
class InNetwork(Comparison):
    """The value is an IP address in the network `matchingValue` (CIDR, RFC 4632)."""

    VALUE = FormattedText("cidr", False)
    HAS_CASE = False

    def _compile(self, value: str) -> Test:
        try:
            network: IPv4Network | IPv6Network = ip_network(value)
        except ValueError as error:
            raise ValueError(f"not a network: {str(error)[:100]}") from None
        version, first = network.version, int(network.network_address)
        last = int(network.broadcast_address)

        def test(subject: bytes) -> bool:
            if len(subject) > 70:
                return False
            found = _address(subject)
            return (
                found is not None and found[0] == version and first <= found[1] <= last
            )

        return test


@attrs.frozen
class MatchAll:
    """Always."""

    target: Target | None = field(AnyJson(), "what is tested", default=None)

    def matches(self, subject: bytes) -> bool:
        """Return True."""
        return True

    def holds(self, subject: bytes, attempt: Values) -> bool:
        """Return True."""
        return True


@attrs.frozen
class Exists:
    """There is a value."""

    target: Target | None = field(AnyJson(), "what is tested", default=None)

    def holds(self, subject: bytes, attempt: Values) -> bool:
        """Return whether the target has a value; the subject always exists."""
        return self.target is None or bool(attempt.values(self.target))


@attrs.frozen
class Absent:
    """There is no value."""

    target: Target | None = field(AnyJson(), "what is tested", default=None)

    def holds(self, subject: bytes, attempt: Values) -> bool:
        """Return whether the target has no value; the subject always exists."""
        return self.target is not None and not attempt.values(self.target)


@attrs.frozen
class AllOf:
    """All of the conditions are true."""

    conditions: tuple[Condition, ...] = field(AnyJson(), "the conditions")

    def holds(self, subject: bytes, attempt: Values) -> bool:
        """Return whether all are true; evaluates them up to the first false one."""
        return all(each.holds(subject, attempt) for each in self.conditions)


@attrs.frozen
class AnyOf:
    """At least one of the conditions is true."""

    conditions: tuple[Condition, ...] = field(AnyJson(), "the conditions")

    def holds(self, subject: bytes, attempt: Values) -> bool:
        """Return whether one is true; evaluates them up to the first true one."""
        return any(each.holds(subject, attempt) for each in self.conditions)


@attrs.frozen
class Not:
    """The condition is false."""

    condition: Condition = field(AnyJson(), "the condition")

    def holds(self, subject: bytes, attempt: Values) -> bool:
        """Return whether the condition is false."""
        return not self.condition.holds(subject, attempt)


Leaf: TypeAlias = MatchAll | Exists | Absent | Comparison
Condition: TypeAlias = Leaf | AllOf | AnyOf | Not

COMPARISONS: dict[str, type[Comparison]] = {
    "contains": Contains,
    "equals": Equals,
    "startsWith": StartsWith,
    "endsWith": EndsWith,
    "matches": Matches,
    "lessThan": LessThan,
    "atLeast": AtLeast,
    "inNetwork": InNetwork,
}
"""The operators that compare with a value, by their names in documents."""

PRESENCES: dict[str, type[MatchAll | Exists | Absent]] = {
    "matchAll": MatchAll,
    "exists": Exists,
    "absent": Absent,
}
"""The operators without a ``matchingValue``, by their names in documents."""

COMBINATORS: dict[str, type[AllOf | AnyOf | Not]] = {
    "all": AllOf,
    "any": AnyOf,
    "not": Not,
}
"""The operators that combine conditions, by their names in documents."""

OPERATORS = (*COMPARISONS, *PRESENCES, *COMBINATORS)
"""The names of all operators."""


def leaves_of(condition: Condition) -> Iterator[Leaf]:
    """Yield the leaves of a condition: its parts without combinators, in order."""
    match condition:
        case AllOf() | AnyOf():
            for each in condition.conditions:
                yield from leaves_of(each)
        case Not():
            yield from leaves_of(condition.condition)
        case _:
            yield condition


def direct_test(condition: Condition) -> Test | None:
    """Return the test of the subject; None if the condition tests anything else."""
    match condition:
        case MatchAll():
            return condition.matches
        case Comparison(target=None):
            return condition.matches
        case _:
            return None


class Conditions(Kind[Condition]):
    """
    The kind of a field that is a condition.

    :param target: the kind of a target
    :param title: the name of the schema of a condition
    """

    def __init__(self, target: Kind[Target], title: str) -> None:
        self.operators: Tagged[Condition] = Tagged("operator", title, "operator")
        several: Array[Condition] = Array(
            self.operators, 1, MAX_CONDITIONS, "conditions", bounded=False
        )
        for name, comparison in COMPARISONS.items():
            kinds: dict[str, Kind[Any]] = {
                "target": target,
                "matching_value": comparison.VALUE,
            }
            without = {} if comparison.HAS_CASE else {"ignoreCase": _NO_CASE}
            document: Document[Any] = Document(comparison, kinds=kinds, without=without)
            self.operators.add(name, document)
        for name, presence in PRESENCES.items():
            without = {"matchingValue": f"forbidden with the operator {name}"}
            document = Document(presence, kinds={"target": target}, without=without)
            self.operators.add(name, document)
        for name, combinator in COMBINATORS.items():
            inner: dict[str, Kind[Any]] = {
                "condition": self.operators,
                "conditions": several,
            }
            self.operators.add(name, Document(combinator, kinds=inner))
        self.samples = (
            {"operator": "matchAll"},
            {"operator": "contains", "matchingValue": 5, "target": None},
            {"operator": "not", "condition": {"operator": "matchAll"}},
            {"operator": "any", "conditions": [{"operator": "matchAll"}]},
        )
        self.misfits = (
            *self.operators.misfits,
            {"operator": "contains"},
            {"operator": "matchAll", "matchingValue": "x"},
            {"operator": "not", "condition": {}},
            {"operator": "all", "conditions": []},
            {"operator": "atLeast", "matchingValue": "5", "ignoreCase": True},
        )

    def read(self, value: Any, _: object = None) -> Condition:
        """
        Return the condition that a document describes.

        :raises Refused: it is not valid, or nested more than `MAX_DEPTH` deep
        """
        if type(value) is dict and ("condition" in value or "conditions" in value):
            _check_depth(value)
        return self.operators.read(value)

    def write(self, value: Condition) -> Any:
        """Return the document of a condition."""
        return self.operators.write(value)

    def accepted_schema(self, named: Named) -> Schema:
        """Return the schema of the accepted documents."""
        return self.operators.accepted_schema(named)

    def written_schema(self, named: Named) -> Schema:
        """Return the schema of the written documents."""
        return self.operators.written_schema(named)


_NO_CASE = "has no meaning with this operator"


def _check_depth(value: Any) -> None:
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        level = [inner for each in level for inner in _within(each)]
        if not level:
            return
    raise Refused(f"nested more than {MAX_DEPTH} deep")


def _within(value: Any) -> list[Any]:
    """Return the documents of the conditions that a combinator's document contains."""
    if type(value) is not dict:
        return []
    several = value.get("conditions")
    found = several if type(several) is list else []
    return [*found, value["condition"]] if "condition" in value else found
