"""Comparisons of what an attempt has with what a condition wants.

What is compared is octets, as they came. UTF-8 is self-synchronizing: a string is
part of a text exactly where its octets are part of the text's octets, so that nothing
has to be decoded on the way. Each is compiled once, when it is made.

``ignoreCase`` takes ASCII letters for the same in either case, and in a value that
has others also those, by Unicode's simple folding.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Protocol, TypeAlias

import attrs

from mocksmtp.model.octets import SHORT, find
from mocksmtp.model.pattern import compile_literal, compile_pattern
from mocksmtp.model.target import Target

Test: TypeAlias = Callable[[bytes], bool]


class Values(Protocol):
    """Who knows what a target is in the attempt at hand."""

    def values(self, target: Target) -> Sequence[bytes]:
        """Its values; none where it is not there."""


@attrs.frozen
class Comparison:
    """
    One that compares a value with its own.

    :ivar matches: the test, of one value
    :raises ValueError: `matching_value` is nothing that it can compare with
    """

    matching_value: str
    ignore_case: bool = False
    target: Target | None = None
    matches: Test = attrs.field(init=False, eq=False, repr=False)

    @matches.default
    def _matches(self) -> Test:
        return self._compile(self.matching_value)

    def _compile(self, value: str) -> Test:
        raise NotImplementedError

    def holds(self, subject: bytes, attempt: Values) -> bool:
        """Whether a value that is looked at satisfies it."""
        if self.target is None:
            return self.matches(subject)
        return any(map(self.matches, attempt.values(self.target)))


def _lowered(test: Test) -> Test:
    return lambda subject: test(subject.lower())


@attrs.frozen
class Contains(Comparison):
    """True where the value is part of what is looked at."""

    def _compile(self, value: str) -> Test:
        octets = value.encode()
        if self.ignore_case and not value.isascii():
            return compile_literal(value)
        if self.ignore_case:
            octets = octets.lower()

        def contains(subject: bytes) -> bool:
            if len(subject) < SHORT:
                return octets in subject
            return find(subject, octets) >= 0

        return _lowered(contains) if self.ignore_case else contains


@attrs.frozen
class Equals(Comparison):
    """True where the value is what is looked at, and nothing else."""

    def _compile(self, value: str) -> Test:
        octets = value.encode()
        if not self.ignore_case:
            return octets.__eq__
        if not value.isascii():
            return compile_literal(value, r"\A", r"\z")
        return _lowered(octets.lower().__eq__)


@attrs.frozen
class StartsWith(Comparison):
    """True where what is looked at begins with the value."""

    def _compile(self, value: str) -> Test:
        octets, size = value.encode(), len(value.encode())
        if not self.ignore_case:
            return lambda subject: subject.startswith(octets)
        if not value.isascii():
            return compile_literal(value, r"\A")
        return lambda subject: subject[:size].lower() == octets.lower()


@attrs.frozen
class EndsWith(Comparison):
    """True where what is looked at ends with the value."""

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
    """True where a regular expression, RE2's, is found in what is looked at."""

    def _compile(self, value: str) -> Test:
        return compile_pattern(value, self.ignore_case)


# As Python and JSON write numbers.
_NUMBER = re.compile(rb"[+-]?([0-9]{1,20})(\.[0-9]{1,20})?(e[+-]?[0-9]{1,3})?")


def _number(octets: bytes) -> float | None:
    match = _NUMBER.fullmatch(octets)
    if match is None:
        return None
    return float(octets) if match[2] or match[3] else int(octets)


@attrs.frozen
class _Order(Comparison):
    """One that compares numbers; what is no number is neither less nor more."""

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
    """True of a number below the value."""

    def _holds(self, found: float, limit: float) -> bool:
        return found < limit


@attrs.frozen
class AtLeast(_Order):
    """True of a number that is the value, or above it."""

    def _holds(self, found: float, limit: float) -> bool:
        return found >= limit


_LITERAL = re.compile(rb"\[(?:(?i:IPv6):)?([^\]]{1,60})\]")


@lru_cache(maxsize=1024)
def _address(octets: bytes) -> tuple[int, int] | None:
    """The version and number of an address, also of a literal (RFC 5321 §4.1.3)."""
    match = _LITERAL.fullmatch(octets)
    text = (match[1] if match else octets).decode("ascii", "replace")
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    # How a listener for both shows a client that came by IPv4.
    address = getattr(address, "ipv4_mapped", None) or address
    return address.version, int(address)


@attrs.frozen
class InNetwork(Comparison):
    """True of an IP address in a network, which CIDR notation gives (RFC 4632)."""

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
