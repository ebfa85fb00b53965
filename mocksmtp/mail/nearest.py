"""Explains a search that finds too few mails: lists those that nearly match."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from itertools import islice

import attrs

from mocksmtp.mail.decoded import Decoded
from mocksmtp.mail.keywords import Filter
from mocksmtp.mail.mail import Mail

_MAX_NEAREST = 5
"""Maximum mails reported."""

_MAX_FOUND = 20
"""Maximum values of a mail reported per filter."""

MAX_FOUND_LENGTH = 200
"""Maximum characters of such a value."""


@attrs.frozen
class Difference:
    """
    A filter that a mail does not match.

    :ivar name: the name of the query parameter
    :ivar wanted: its value
    :ivar found: the values of the mail that were compared
    """

    name: str
    wanted: str
    found: tuple[str, ...]


@attrs.frozen
class NearMail:
    """
    A mail that does not match all filters.

    :ivar matched: the names of the filters that it matches
    """

    mail: Mail
    matched: tuple[str, ...]
    differences: tuple[Difference, ...]


class NearestMails:
    """
    Collects the mails that match most filters; of equally near mails, the first ones.

    :param filters: all filters of the search
    """

    def __init__(self, filters: Sequence[Filter]) -> None:
        self._filters = sorted(filters, key=lambda each: each.cost)
        # Keys are negative: the number of filters that do not match, and the number of
        # mails compared before. The farthest mail is first; no two keys are equal.
        self._best: list[tuple[int, int, NearMail]] = []
        self._seen = 0

    def compare(self, mail: Mail) -> NearMail | None:
        """Compare a mail; return None if it matches, or is not nearer than others."""
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
        """Add the result of `compare`, if it is nearer than the others."""
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
