"""Why a search finds too few mails: those that match all but the fewest filters."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from itertools import islice

import attrs

from mocksmtp.mail.decoded import Decoded
from mocksmtp.mail.keywords import Filter
from mocksmtp.mail.mail import Mail

_MAX_NEAREST = 5
"""How many mails are reported."""

_MAX_FOUND = 20
"""How many values are reported in place of the one that was asked for."""

MAX_FOUND_LENGTH = 200
"""How many characters of each."""


@attrs.frozen
class Difference:
    """
    A filter that a mail does not match.

    :ivar name: the name of the parameter
    :ivar wanted: its value
    :ivar found: what the mail has in its place
    """

    name: str
    wanted: str
    found: tuple[str, ...]


@attrs.frozen
class NearMail:
    """
    A mail that some filter excludes.

    :ivar matched: the names of the filters that it matches
    """

    mail: Mail
    matched: tuple[str, ...]
    differences: tuple[Difference, ...]


class NearestMails:
    """
    Of the mails that it looks at, those that match all but the fewest filters.

    Of equals those that it looks at first are nearer.

    :param filters: all that the mails should match
    """

    def __init__(self, filters: Sequence[Filter]) -> None:
        self._filters = sorted(filters, key=lambda each: each.cost)
        # Negative: how many filters do not match, and how many mails were looked at
        # before. The first of the heap is the farthest; no two are equal.
        self._best: list[tuple[int, int, NearMail]] = []
        self._seen = 0

    def compare(self, mail: Mail) -> NearMail | None:
        """What a mail lacks; None if it matches, or is not nearer than the others."""
        full = len(self._best) == _MAX_NEAREST
        most = -self._best[0][0] if full else len(self._filters) + 1
        decoded = Decoded(mail)
        matched, failed = [], []
        for each in self._filters:
            if each.holds(decoded):
                matched.append(each.name)
                continue
            failed.append(each)
            if len(failed) >= most:
                return None
        if not failed:
            return None
        differences = (
            Difference(each.name, each.wanted, _values(each, decoded))
            for each in failed
        )
        return NearMail(mail, tuple(dict.fromkeys(matched)), tuple(differences))

    def add(self, near: NearMail | None) -> None:
        """Take a mail that was compared, if it is nearer than the others."""
        self._seen += 1
        if near is None:
            return
        entry = (-len(near.differences), -self._seen, near)
        if len(self._best) < _MAX_NEAREST:
            heapq.heappush(self._best, entry)
        else:
            heapq.heappushpop(self._best, entry)

    def mails(self) -> list[NearMail]:
        """The nearest mails, the nearest of all first."""
        return [near for _, _, near in sorted(self._best, reverse=True)]


def _values(each: Filter, decoded: Decoded) -> tuple[str, ...]:
    found = (value[:MAX_FOUND_LENGTH] for value in each.found(decoded))
    return tuple(islice(dict.fromkeys(found), _MAX_FOUND))
