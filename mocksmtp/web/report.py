"""The report: deliveries, transcripts, near misses and behaviors that never answered.

`Collection` chooses what a report contains, within bounds; `html_pieces` makes one
self-contained page of it, `text_pieces` the same for a terminal. Both make it in short
pieces, between which the reactor may turn::

    collection = Collection(now, describe)
    for delivery in reversed(deliveries):
        collection.add_delivery(delivery)
    page = b"".join(html_pieces(collection.report()))
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from typing import Any, TypeAlias

import attrs

from mocksmtp.documents.units import timestamp
from mocksmtp.sessions.attempts import Attempt, Verdict
from mocksmtp.sessions.deliveries import Delivery
from mocksmtp.sessions.delivery_documents import attempt_document, delivery_document
from mocksmtp.sessions.documents import (
    EXCHANGE,
    NEAR_MISS,
    SESSION_SUMMARY,
    NearMiss,
    shown_exchanges,
)
from mocksmtp.sessions.session import Session
from mocksmtp.web.shown import ShownDocument, counted
from mocksmtp.web.wording import behavior_words

MAX_DELIVERIES = 500
"""Deliveries of a report; those that failed come first, then the newest."""

MAX_ATTEMPTS = 50
"""Attempts of one delivery, the last ones."""

MAX_SHOWN_REFUSED = 200
"""Connections without a recipient, the newest."""

MAX_SESSIONS = 500
"""Transcripts; those of the deliveries that failed come first, then the newest."""

MAX_SHOWN_EXCHANGES = 200
"""Exchanges of one transcript, the last ones."""

MAX_REPORT_LINES = 10_000
"""Exchanges of all transcripts."""

MAX_NEAR_MISSES = 50
"""Near misses, the newest."""

MAX_BEHAVIORS = 200
"""Behaviors that never answered."""

Describe: TypeAlias = Callable[[str, str], ShownDocument | None]
"""The document of a behavior that is in force, by its host and id."""

ORDER = ("rejected", "none", "deferred", "lost", "duplicated", "accepted")
"""Results of deliveries, the worst first: a verdict, or what is wrong with an accepted
mail that was not kept exactly once."""


def result_of(delivery: Delivery) -> str:
    """The result of a delivery."""
    if delivery.final is not Verdict.ACCEPTED or delivery.copies == 1:
        return delivery.final.value
    return "duplicated" if delivery.copies else "lost"


@attrs.frozen
class Unanswered:
    """
    A behavior that never answered.

    :ivar place: the name of its host, or ``DNS``
    :ivar document: as the API has it
    :ivar seen: how often its condition was true
    """

    place: str
    id: str
    document: ShownDocument
    seen: int

    @property
    def name(self) -> str | None:
        """Its name, if it has one."""
        return self.document.get("name")

    @property
    def words(self) -> str:
        """What it would do."""
        return str(behavior_words(self.document))


@attrs.frozen
class ShownDelivery:
    """
    A delivery with what a report shows of it.

    :ivar result: one of `ORDER`
    :ivar document: as the API has it, with the attempts that are shown
    :ivar attempts: how many there were
    :ivar copies: how many times the mail was kept
    """

    result: str
    document: ShownDocument
    attempts: int
    copies: int

    @property
    def omitted(self) -> int:
        """How many attempts are not shown."""
        return self.attempts - sum(map(len, self.document["rounds"]))

    @property
    def steps(self) -> Iterator[tuple[float | None, list[ShownDocument]]]:
        """The rounds, each with the back-off before it, in milliseconds."""
        backoffs = [None, *self.document["backoffs"]]
        yield from zip(backoffs, self.document["rounds"], strict=True)

    @property
    def last(self) -> ShownDocument:
        """The last attempt."""
        last: ShownDocument = self.document["rounds"][-1][-1]
        return last

    @property
    def verdict(self) -> str:
        """The last verdict."""
        return str(self.document["final"])

    @property
    def failed(self) -> bool:
        """Whether the mail was not delivered exactly once."""
        return self.result != "accepted"


@attrs.frozen
class ShownSession:
    """
    A session with what a report shows of it.

    :ivar document: its summary, as the API has it
    :ivar transcript: the documents of its exchanges
    :ivar omitted: how many exchanges are not shown
    """

    document: ShownDocument
    transcript: Iterator[ShownDocument]
    omitted: int


@attrs.frozen
class Report:
    """
    What a report contains.

    :ivar made_at: when it was made, in seconds since the epoch
    :ivar host: the only host that it is about, or None
    :ivar since: from when on, in seconds since the epoch, or None
    :ivar filters: the other filters of its deliveries in words, or None
    :ivar counts: how many deliveries there are by their results
    :ivar totals: how many there are of what is shown in part: ``deliveries``,
        ``refused``, ``sessions``, ``behaviors``
    """

    made_at: float
    describe: Describe
    deliveries: Sequence[Delivery] = ()
    refused: Sequence[Attempt] = ()
    sessions: Sequence[Session] = ()
    near_misses: Sequence[NearMiss] = ()
    unanswered: Sequence[Unanswered] = ()
    host: str | None = None
    since: float | None = None
    filters: str | None = None
    counts: Counter[str] = attrs.Factory(Counter)
    totals: Counter[str] = attrs.Factory(Counter)

    @property
    def failed(self) -> int:
        """How many deliveries do not end with an accepted mail."""
        return sum(self.counts[result] for result in ("rejected", "none", "deferred"))

    @property
    def more_near_misses(self) -> bool:
        """Whether there may be more near misses than are shown."""
        return len(self.near_misses) >= MAX_NEAR_MISSES

    @property
    def scope(self) -> str:
        """What it is about."""
        host = "all hosts" if self.host is None else f"host {self.host}"
        since = None if self.since is None else f"since {timestamp(self.since)}"
        only = None if self.filters is None else f"only deliveries with {self.filters}"
        return ", ".join(filter(None, (host, since, only)))

    @property
    def title(self) -> str:
        """The result in a few words."""
        total = self.counts.total()
        if not total:
            refused = counted(self.totals["refused"], "refused connection")
            return f"No deliveries, {refused}"
        return f"{self.failed} of {counted(total, 'delivery', 'deliveries')} failed"

    def shown_deliveries(self) -> Iterator[ShownDelivery]:
        """The deliveries, the failed ones first."""
        return map(shown_delivery, self.deliveries)

    def shown_refused(self) -> Iterator[ShownDocument]:
        """The attempts of connections without a recipient."""
        return map(attempt_document, self.refused)

    def shown_sessions(self) -> Iterator[ShownSession]:
        """The sessions with their transcripts; each must be read before the next."""
        room = MAX_REPORT_LINES
        for session in self.sessions:
            count = len(session.exchanges)
            size = min(count, MAX_SHOWN_EXCHANGES, room)
            room -= size
            lines = islice(shown_exchanges(session), count - size, count)
            yield ShownSession(
                SESSION_SUMMARY.write(session),
                map(EXCHANGE.write, lines),
                session.omitted + count - size,
            )

    def shown_near_misses(self) -> Iterator[ShownDocument]:
        """The near misses, the newest first."""
        return map(NEAR_MISS.write, self.near_misses)

    def has_session(self) -> Callable[[str], bool]:
        """What tells whether a session is shown."""
        return {session.id for session in self.sessions}.__contains__

    def words_of(self, host: str, behavior: str) -> tuple[str, str] | None:
        """The name of a behavior, and what it does; None if it is not in force."""
        document = self.describe(host, behavior)
        if document is None:
            return None
        return document.get("name") or behavior, str(behavior_words(document))


def shown_delivery(delivery: Delivery) -> ShownDelivery:
    """A delivery with its last attempts."""
    attempts = delivery.attempts
    shown = attrs.evolve(delivery, attempts=attempts[-MAX_ATTEMPTS:])
    document = delivery_document(shown)
    return ShownDelivery(result_of(delivery), document, len(attempts), delivery.copies)


class Collection:
    """
    Chooses what a report contains; all is added the newest first.

    :param made_at: the time, in seconds since the epoch
    :param describe: finds the documents of behaviors
    """

    def __init__(
        self,
        made_at: float,
        describe: Describe,
        host: str | None = None,
        since: float | None = None,
        filters: str | None = None,
    ) -> None:
        self._report = Report(
            made_at, describe, host=host, since=since, filters=filters
        )
        self._deliveries: dict[str, list[Delivery]] = {one: [] for one in ORDER}
        self._refused: list[Attempt] = []
        self._sessions: list[Session] = []
        self._near_misses: list[NearMiss] = []
        self._unanswered: list[Unanswered] = []

    def add_delivery(self, delivery: Delivery) -> None:
        """Add a delivery."""
        result = result_of(delivery)
        self._report.counts[result] += 1
        self._report.totals["deliveries"] += 1
        _add(self._deliveries[result], delivery, MAX_DELIVERIES)

    def add_attempt(self, attempt: Attempt) -> None:
        """Add an attempt, which is shown if it is part of no delivery."""
        if attempt.delivery is None and not attempt.probe:
            self._report.totals["refused"] += 1
            _add(self._refused, attempt, MAX_SHOWN_REFUSED)

    def add_session(self, session: Session) -> None:
        """Add a session."""
        self._report.totals["sessions"] += 1
        _add(self._sessions, session, MAX_SESSIONS)

    def add_near_misses(self, near_misses: Iterable[NearMiss]) -> None:
        """Add near misses."""
        self._near_misses += islice(near_misses, MAX_NEAR_MISSES)

    def add_unanswered(self, make: Callable[[], Unanswered]) -> None:
        """Add a behavior that never answered; `make` is called if it is shown."""
        self._report.totals["behaviors"] += 1
        if len(self._unanswered) < MAX_BEHAVIORS:
            self._unanswered.append(make())

    def report(self) -> Report:
        """What was chosen."""
        each = (delivery for result in ORDER for delivery in self._deliveries[result])
        deliveries = list(islice(each, MAX_DELIVERIES))
        # Read now: deliveries change, and are removed, while the report is sent.
        deliveries = [attrs.evolve(d, attempts=[*d.attempts]) for d in deliveries]
        deliveries = [delivery for delivery in deliveries if delivery.attempts]
        return attrs.evolve(
            self._report,
            deliveries=deliveries,
            refused=self._refused,
            sessions=self._chosen_sessions(deliveries),
            near_misses=self._near_misses,
            unanswered=self._unanswered,
        )

    def _chosen_sessions(self, deliveries: Iterable[Delivery]) -> list[Session]:
        """Those that the report refers to before others, in order."""
        chosen: dict[str, Session] = {}
        for delivery in deliveries:
            for attempt in delivery.attempts[-MAX_ATTEMPTS:]:
                chosen.setdefault(attempt.session.id, attempt.session)
        for near in self._near_misses:
            chosen.setdefault(near.recalled.session.id, near.recalled.session)
        for session in (*(one.session for one in self._refused), *self._sessions):
            chosen.setdefault(session.id, session)
        shown = list(islice(chosen.values(), MAX_SESSIONS))
        return sorted(shown, key=lambda session: session.number)


def _add(to: list[Any], one: object, limit: int) -> None:
    if len(to) < limit:
        to.append(one)
