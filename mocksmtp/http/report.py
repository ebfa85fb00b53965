"""``/report``: what happened on all hosts as one file, for people."""

from __future__ import annotations

from enum import Enum
from functools import partial
from typing import Any

import attrs

from mocksmtp.behaviors.dns import DNS
from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.http.attempts import AttemptListing
from mocksmtp.http.deliveries import DeliveryListing
from mocksmtp.http.paging import Span
from mocksmtp.http.parameters import any_text, one_of, parameter, time
from mocksmtp.http.responses import HTML, Slices, send_pieces
from mocksmtp.http.routing import Call, ResponseBody, Route, answers, at_root, text
from mocksmtp.http.sessions import SessionListing, find_near_misses
from mocksmtp.mock import Mock
from mocksmtp.sessions.delivery_search import AttemptQuery, DeliveryQuery
from mocksmtp.sessions.search import SessionQuery
from mocksmtp.web.pages import (
    CONTENT_SECURITY_POLICY,
    html_pieces,
    prepare,
    text_pieces,
)
from mocksmtp.web.report import MAX_NEAR_MISSES, Collection, Report, Unanswered
from mocksmtp.web.shown import ShownDocument

_TEXT = "text/plain; charset=utf-8"


class Format(Enum):
    """What a report is made as."""

    HTML = "html"
    _TEXT = "text"


@attrs.frozen
class ReportParameters:
    """
    What a report is about.

    :ivar host: the only host, instead of all
    :ivar since: from when on
    """

    host: str | None = parameter("host", any_text)
    since: float | None = parameter("since", time)
    format: Format = parameter("format", one_of(Format), default=Format.HTML)


async def get_report(call: Call[ReportParameters]) -> ResponseBody:
    """A report of all deliveries as one self-contained HTML file.

    It contains the deliveries with all attempts, the transcripts of the sessions, near
    misses, and the behaviors that never answered. ``format=text`` is for terminals.
    """
    wanted = call.parameters
    query = DeliveryQuery(host=wanted.host, since=wanted.since)
    return await send_report(call, query, wanted.format)


async def send_report(
    call: Call[Any], query: DeliveryQuery, kind: Format, filters: str | None = None
) -> ResponseBody:
    """
    Send a report.

    :param filters: the filters of `query` in words, if there are others than the host
        and the time; the report is then about those deliveries alone
    """
    request, api = call.request, call.api
    as_html = kind is Format.HTML
    if as_html:
        await api.in_thread(prepare, "report.html")
    report = await _collect(call, query, filters)
    request.setHeader("Content-Security-Policy", CONTENT_SECURITY_POLICY)
    request.setHeader("Referrer-Policy", "no-referrer")
    pieces = html_pieces(report) if as_html else text_pieces(report)
    media_type = HTML if as_html else _TEXT
    return await send_pieces(request, pieces, api.clock, media_type)


async def _collect(
    call: Call[Any], deliveries: DeliveryQuery, filters: str | None
) -> Report:
    """Choose what a report contains; the reactor turns between slices."""
    api, host, since = call.api, deliveries.host, deliveries.since
    mock, slices = api.mock, Slices(api.clock)
    await api.delivery_updates.catch_up()
    describe = partial(describe_behavior, mock)
    collection = Collection(api.clock.seconds(), describe, host, since, filters)
    for delivery in DeliveryListing(mock, deliveries).entries(Span(), True):
        if deliveries.matches(delivery):
            collection.add_delivery(delivery)
        if slices.over:
            await slices.next()
    if filters is not None:
        sessions = reversed(collection.report().sessions)
        near = await find_near_misses(call, sessions, MAX_NEAR_MISSES, since)
        collection.add_near_misses(near)
        return collection.report()
    attempts = AttemptQuery(host=host, since=since)
    for attempt in AttemptListing(mock, None, attempts).entries(Span(), True):
        if attempts.matches(attempt):
            collection.add_attempt(attempt)
        if slices.over:
            await slices.next()
    listing = SessionListing(mock, host, SessionQuery())
    for session in listing.entries(Span(), True):
        if since is None or session.ended_at is None or session.ended_at >= since:
            collection.add_session(session)
        if slices.over:
            await slices.next()
    listed = listing.entries(Span(), True)
    near = await find_near_misses(call, listed, MAX_NEAR_MISSES, since)
    collection.add_near_misses(near)
    await _add_unanswered(collection, mock, host, slices)
    return collection.report()


async def _add_unanswered(
    collection: Collection, mock: Mock, host: str | None, slices: Slices
) -> None:
    """Add the behaviors of all hosts, or of one, and those of DNS."""
    lists: list[tuple[str, Any, Any]] = [
        (each.name, each.behaviors, SMTP)
        for each in mock.hosts.values()
        if host in (None, each.name)
    ]
    if host is None:
        lists.append(("DNS", mock.dns_behaviors, DNS))
    for place, rules, document in lists:
        for rule in tuple(rules):
            if not rule.fired:
                collection.add_unanswered(partial(_unanswered, place, rule, document))
            if slices.over:
                await slices.next()


def _unanswered(place: str, rule: Any, document: Any) -> Unanswered:
    return Unanswered(place, rule.id, document.write(rule.behavior), rule.seen)


def describe_behavior(mock: Mock, host: str, rule_id: str) -> ShownDocument | None:
    """The document of a behavior that is in force on a host, or None."""
    if host not in mock.hosts:
        return None
    try:
        rule = mock.hosts[host].behaviors.get(rule_id)
    except KeyError:
        return None
    return SMTP.write(rule.behavior)


ROUTES = at_root(
    Route(
        *("GET", "/report", get_report, ReportParameters),
        answers=answers(text(HTML.partition(";")[0]), text(_TEXT.partition(";")[0])),
    ),
)
