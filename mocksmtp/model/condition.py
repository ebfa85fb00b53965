"""Conditions: what a command must look like for a behavior to fire.

A subject is octets, as they came. UTF-8 is self-synchronizing: a string is part
of a text exactly where its octets are part of the text's octets, so that nothing
has to be decoded on the way.
"""

from __future__ import annotations

from typing import TypeAlias

import attrs

from mocksmtp.model.octets import SHORT, find


@attrs.frozen
class MatchAll:
    """Always true."""

    def matches(self, subject: bytes) -> bool:
        """True."""
        return True


@attrs.frozen
class Contains:
    """True where the value is part of the subject; case counts."""

    matching_value: str
    _octets: bytes = attrs.field(init=False, eq=False, repr=False)

    @_octets.default
    def _encode(self) -> bytes:
        return self.matching_value.encode()

    def matches(self, subject: bytes) -> bool:
        """Whether `subject` has the value in it."""
        if len(subject) < SHORT:
            return self._octets in subject
        return find(subject, self._octets) >= 0


Condition: TypeAlias = MatchAll | Contains
