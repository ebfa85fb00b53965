"""Deliveries on a true time axis, with a lane for each host and one for DNS.

Horizontal positions are percentages of the width, so that the figure fits any screen
while its marks and texts keep their size. A delivery has the same row in all lanes: its
attempts are joined by a line, which is a back-off within a lane and a fail-over between
two.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise

import attrs

from mocksmtp.documents.units import timestamp
from mocksmtp.sessions.attempts import Attempt
from mocksmtp.sessions.deliveries import Delivery
from mocksmtp.web.report import result_of
from mocksmtp.zone.answer import rcode_name
from mocksmtp.zone.queries import DnsQuery
from mocksmtp.zone.rdata import type_name

MAX_DRAWN = 200
"""Deliveries in the figure: the newest."""

MAX_DRAWN_ATTEMPTS = 50
"""Attempts of one delivery in the figure: the last ones."""

MAX_DRAWN_QUERIES = 300
"""DNS queries in the figure: the newest within its time."""

MAX_LANE_ROWS = 20
"""Rows of a lane; further deliveries share them."""

_ROW = 14
"""Pixels of a row."""

_HEAD = 22
"""Pixels above the rows of a lane, for its name."""

_AXIS = 24
"""Pixels of the time axis."""

_MARGIN = 1.5
"""Percent of the width that stay free at each side."""

_LEAST_SPAN = 1.0
"""Seconds that the figure spans at least."""

_AROUND = 5.0
"""Seconds before the first attempt within which queries are shown; after the last one
as well, or as long as the attempts took."""

_STEPS = (
    *(0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30),
    *(60, 120, 300, 600, 900, 1800, 3600, 7200, 14400, 43200, 86400),
)
"""Seconds between two ticks."""

_MAX_TICKS = 8


@attrs.frozen
class Mark:
    """
    An attempt: its position, its verdict, and what it links to.

    :ivar id: of its element
    """

    x: float
    y: int
    verdict: str
    id: str
    href: str
    label: str
    kept: bool


@attrs.frozen
class Link:
    """
    Two attempts of a delivery that follow each other.

    :ivar is_failover: whether the next host was tried, rather than the same one again
    """

    x1: float
    y1: int
    x2: float
    y2: int
    is_failover: bool


@attrs.frozen
class Lane:
    """A host, or DNS: where its lane begins, and how high it is."""

    name: str
    y: int
    height: int


@attrs.frozen
class QueryMark:
    """A DNS query."""

    x: float
    label: str
    failed: bool


@attrs.frozen
class Tick:
    """A time on the axis."""

    x: float
    label: str

    @property
    def anchor(self) -> str:
        """Where the label is: at the edges it would be cut off in the middle."""
        return "start" if self.x < 10 else "end" if self.x > 90 else "middle"


@attrs.frozen
class Timeline:
    """
    The figure.

    :ivar since: the time of its left edge, in seconds since the epoch
    :ivar until: the time of its right edge
    """

    since: float
    until: float
    height: int
    lanes: Sequence[Lane]
    marks: Sequence[Mark]
    links: Sequence[Link]
    queries: Sequence[QueryMark]
    ticks: Sequence[Tick]
    queries_y: int

    @property
    def span(self) -> float:
        """Milliseconds from edge to edge."""
        return (self.until - self.since) * 1000

    @property
    def any_kept(self) -> bool:
        """Whether a mail was kept although the reply did not accept it."""
        return any(one.kept and one.verdict != "accepted" for one in self.marks)


def draw(
    deliveries: Iterable[Delivery],
    queries: Iterable[DnsQuery],
    hosts: Sequence[str],
    since: float | None = None,
    until: float | None = None,
    early: bool = False,
) -> Timeline | None:
    """
    Lay out deliveries and DNS queries; None if there is no delivery.

    :param queries: the newest first; those outside the time of the figure are left out
    :param hosts: those that have a lane in any case, in order
    :param since: the left edge, seconds since the epoch; by default the first attempt
    :param until: the right edge; the last result by default
    :param early: whether the deliveries are a preview, whose numbers mean nothing
    """
    drawn = [
        (one, one.attempts[-MAX_DRAWN_ATTEMPTS:]) for one in deliveries if one.attempts
    ]
    if not drawn:
        return None
    drawn.sort(key=lambda each: each[1][0].started_at)
    start, end = _edges([attempts for _, attempts in drawn], since, until)
    # Queries that led to no attempt are what somebody looks for.
    latest = end if until is not None else end + max(_AROUND, end - start)
    asked = [one for one in queries if start - _AROUND <= one.at <= latest]
    asked = asked[:MAX_DRAWN_QUERIES]
    if since is None and asked:
        start = min(start, asked[-1].at)
    if until is None and asked:
        end = max(end, asked[0].at)
    scale = _Scale(start, end)
    rows = _rows([attempts for _, attempts in drawn], (end - start) / 80)
    used = dict.fromkeys(hosts, -1)
    for (_, attempts), row in zip(drawn, rows, strict=True):
        for host in {one.session.host for one in attempts}:
            used[host] = max(used.get(host, -1), row)
    lanes, y = {}, 0
    for host, last in used.items():
        height = _HEAD + _ROW * (last + 1) + 8
        lanes[host] = Lane(host, y, height)
        y += height
    marks: list[Mark] = []
    links: list[Link] = []
    for (delivery, attempts), row in zip(drawn, rows, strict=True):
        placed = [
            _mark(delivery, one, scale, lanes[one.session.host], row, early)
            for one in attempts
            if start <= one.decided_at <= end
        ]
        marks += placed
        links += [
            Link(one.x, one.y, other.x, other.y, one.y != other.y)
            for one, other in pairwise(placed)
        ]
    dns = _HEAD + _ROW + 6 if asked else 0
    shown = [
        *lanes.values(),
        *([Lane("DNS", y, dns)] if asked else []),
    ]
    return Timeline(
        start,
        end,
        y + dns + _AXIS,
        shown,
        marks,
        links,
        [_query_mark(one, scale) for one in asked],
        _ticks(scale),
        y + _HEAD,
    )


@attrs.frozen
class _Scale:
    start: float
    end: float

    def x(self, at: float) -> float:
        """A time as percent of the width."""
        part = (at - self.start) / (self.end - self.start)
        return round(_MARGIN + part * (100 - 2 * _MARGIN), 3)


def _edges(
    each: Sequence[Sequence[Attempt]], since: float | None, until: float | None
) -> tuple[float, float]:
    start = min(one.started_at for attempts in each for one in attempts)
    end = max(one.decided_at for attempts in each for one in attempts)
    start, end = start if since is None else since, end if until is None else until
    if end - start < _LEAST_SPAN:
        middle = (start + end) / 2
        start, end = middle - _LEAST_SPAN / 2, middle + _LEAST_SPAN / 2
    return start, end


def _rows(each: Sequence[Sequence[Attempt]], gap: float) -> list[int]:
    """
    A row for each delivery, in which no other one is at the same time.

    :param gap: seconds between two in one row
    """
    free: list[float] = []
    rows = []
    for attempts in each:
        start = attempts[0].started_at
        end = max(one.decided_at for one in attempts)
        row = next((n for n, at in enumerate(free) if at <= start), len(free))
        if row == len(free):
            if len(free) >= MAX_LANE_ROWS:
                row = min(range(len(free)), key=free.__getitem__)
            else:
                free.append(0.0)
        free[row] = end + gap
        rows.append(row)
    return rows


def _mark(
    delivery: Delivery,
    attempt: Attempt,
    scale: _Scale,
    lane: Lane,
    row: int,
    early: bool,
) -> Mark:
    y = lane.y + _HEAD + _ROW * row + _ROW // 2
    reply = attempt.reply
    said = "no reply" if reply is None else f"{reply.code:03} {reply.text[:60]}"
    result = result_of(delivery)
    note = f", in the end {result}" if result in ("lost", "duplicated") else ""
    label = (
        f"{delivery.recipient.text[:80]}, {timestamp(attempt.decided_at)[11:23]},"
        f" {attempt.session.host}, {attempt.stage.value}: {said}{note}"
    )
    place = f"/ui/deliveries/{delivery.number}?attempt={attempt.number}"
    return Mark(
        scale.x(attempt.decided_at),
        y,
        attempt.verdict.value,
        f"{'early' if early else 'attempt'}-{attempt.number}-{delivery.number}",
        f"/ui/sessions/{attempt.session.id}" if early else place,
        label,
        attempt.kept,
    )


def _query_mark(query: DnsQuery, scale: _Scale) -> QueryMark:
    name = "?" if query.name is None else str(query.name)
    kind = "" if query.type is None else type_name(query.type)
    rcode = "no reply" if query.rcode is None else rcode_name(query.rcode)
    label = f"{timestamp(query.at)[11:23]}, {kind} {name[:80]}: {rcode}"
    return QueryMark(scale.x(query.at), label, query.rcode != 0)


def _ticks(scale: _Scale) -> list[Tick]:
    span = scale.end - scale.start
    step = next((one for one in _STEPS if span / one <= _MAX_TICKS), span / _MAX_TICKS)
    first = scale.start - scale.start % step + step
    days = timestamp(scale.start)[:10], timestamp(scale.end)[:10]
    # With the day, there is no room for seconds, which are 0 then.
    shown = slice(11, 19 if step >= 1 else 23)
    if days[0] != days[1] and step >= 60:
        shown = slice(5, 16)
    ticks = []
    at = first
    while at <= scale.end:
        label = timestamp(at)[shown].replace("T", " ")
        ticks.append(Tick(scale.x(at), label))
        at += step
    return ticks
