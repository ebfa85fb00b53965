"""The rows of the screen of deliveries, and the links that filter it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from urllib.parse import urlencode

import attrs

from mocksmtp.sessions.deliveries import Delivery
from mocksmtp.sessions.delivery_documents import delivery_document
from mocksmtp.web.report import ShownDelivery, result_of
from mocksmtp.web.shown import ShownDocument

ROWS = 50
"""Deliveries of one view of the list."""

MAX_ROW_ATTEMPTS = 8
"""Attempts of a delivery that its row opens into: the last ones."""

MAX_PAGE_ATTEMPTS = 200
"""Attempts of a delivery on its own page: the last ones."""


@attrs.frozen
class Row:
    """
    A delivery in the list or on its own page.

    :ivar shown: what is shown of it
    :ivar duration: milliseconds from its first attempt to its last result
    :ivar hosts: those that were tried, each once, in order
    """

    shown: ShownDelivery
    duration: float
    hosts: Sequence[str]
    started_at: float

    @property
    def document(self) -> ShownDocument:
        """As the API has it, with the attempts that are shown."""
        return self.shown.document


def row_of(delivery: Delivery, most: int = MAX_ROW_ATTEMPTS) -> Row:
    """
    What is shown of a delivery.

    :param most: the maximum number of attempts, the last ones
    """
    attempts = delivery.attempts
    document = delivery_document(attrs.evolve(delivery, attempts=attempts[-most:]))
    shown = ShownDelivery(result_of(delivery), document, len(attempts), delivery.copies)
    first = attempts[0].started_at
    duration = max(one.decided_at for one in attempts) - first
    hosts = tuple(dict.fromkeys(one.session.host for one in attempts))
    return Row(shown, duration * 1000, hosts, first)


def rows_of(deliveries: Iterable[Delivery]) -> Iterator[Row]:
    """The rows of deliveries; one that was removed meanwhile is left out."""
    for delivery in deliveries:
        if delivery.attempts:
            yield row_of(delivery)


@attrs.frozen
class Filters:
    """
    The filters in the URL of a screen.

    :ivar path: of the screen
    :ivar values: the parameters, as the API has them
    """

    path: str
    values: Mapping[str, str]

    def url(self, **changes: str | int | None) -> str:
        """The URL with parameters changed; None removes one."""
        return self.at(self.path, **changes)

    def at(self, path: str, **changes: str | int | None) -> str:
        """The same filters on another path."""
        merged = {**self.values, **changes}
        query = urlencode({k: v for k, v in merged.items() if v not in (None, "")})
        return f"{path}?{query}" if query else path

    def get(self, name: str) -> str:
        """The value of a filter; empty if it is not set."""
        return self.values.get(name, "")

    def is_any(self) -> bool:
        """Whether there is any filter."""
        return bool(self.values)
