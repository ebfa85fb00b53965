"""``/ui/deliveries``: the list, the time axis, one delivery, and one session."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import partial
from itertools import islice
from typing import Any, TypeVar

import attrs

from mocksmtp.behaviors.explain import CONSIDERED
from mocksmtp.documents.problems import DocumentError
from mocksmtp.hosts.evaluation import Evaluation, evaluated_document, evaluation_of
from mocksmtp.http.behaviors import EVALUATION_READER
from mocksmtp.http.deliveries import DeliveryFilters, DeliveryListing, find_delivery
from mocksmtp.http.paging import Span, entry_id
from mocksmtp.http.parameters import (
    any_text,
    group,
    natural_number,
    one_of,
    parameter,
    time,
)
from mocksmtp.http.problems import not_found
from mocksmtp.http.report import Format, describe_behavior, send_report
from mocksmtp.http.responses import Slices, protect, send_body
from mocksmtp.http.routing import Api, Call, ResponseBody, Route, at_root
from mocksmtp.http.screens.serving import PartParameters, send_screen
from mocksmtp.http.sessions import Contents, SessionListing
from mocksmtp.sessions.attempts import Attempt, Verdict
from mocksmtp.sessions.deliveries import Delivery
from mocksmtp.sessions.delivery_search import DeliveryQuery
from mocksmtp.sessions.documents import (
    EXCHANGE,
    SESSION_SUMMARY,
    considered_of,
    shown_exchange,
)
from mocksmtp.sessions.recall import Recalled, recall
from mocksmtp.sessions.search import EVERY_SESSION
from mocksmtp.sessions.session import Session
from mocksmtp.web.deliveries import (
    MAX_PAGE_ATTEMPTS,
    ROWS,
    Filters,
    row_of,
    rows_of,
)
from mocksmtp.web.pages import delivery_text
from mocksmtp.web.shown import ShownDocument
from mocksmtp.web.timeline import MAX_DRAWN, MAX_DRAWN_QUERIES, draw
from mocksmtp.web.transcript import (
    MAX_CONSIDERED,
    Transcript,
    deciding_exchange,
    why,
)
from mocksmtp.web.wording import behavior_words

_LIST = "/ui/deliveries"
_TIMELINE = "/ui/timeline"


T = TypeVar("T")


def or_empty(read: Callable[[str], T]) -> Callable[[str], T | None]:
    """Read a parameter; an empty one, as a form sends it, is the same as none."""

    def read_any(text: str) -> T | None:
        return None if not text.strip() else read(text.strip())

    return read_any


def _optional(kind: type[Any]) -> type[Any]:
    """The same parameters, any of which may be empty."""
    fields = {
        field.name: parameter(field.metadata["name"], or_empty(field.metadata["read"]))
        for field in attrs.fields(kind)
    }
    return attrs.make_class(f"Screen{kind.__name__}", fields, frozen=True)


_Filters = _optional(DeliveryFilters)


@attrs.frozen
class DeliveryListParameters:
    """
    Which deliveries are shown.

    :ivar before: only older ones than the one with this number
    :ivar until: the right edge of the time axis
    """

    filters: Any = group(_Filters)
    parts: PartParameters = group(PartParameters)
    before: int | None = parameter("before", or_empty(entry_id))
    until: float | None = parameter("until", or_empty(time))


def _filters(call: Call[Any], path: str) -> Filters:
    """The filters of a request, as the URL has them."""
    fields = attrs.fields(_Filters)
    names = [*(field.metadata["name"] for field in fields), "until"]
    given = call.request.args or {}
    values = {
        name: given[name.encode()][0].decode(errors="replace")
        for name in names
        if given.get(name.encode())
    }
    return Filters(path, {name: value for name, value in values.items() if value})


_PATIENCE = 0.25
"""Seconds after which the newest are shown alone: the journal may be large."""

_PREVIEWED = 250
"""Attempts that are read for that: about 30 us each."""


@attrs.frozen
class FoundDeliveries:
    """
    The newest deliveries that match.

    :ivar has_more: whether there are older ones
    :ivar is_behind: whether the journal was not read completely yet; then these are of
        its newest sessions alone, and their numbers mean nothing
    """

    deliveries: list[Delivery]
    has_more: bool
    is_behind: bool


async def find_deliveries(
    call: Call[Any], listing: DeliveryListing, limit: int, before: int | None = None
) -> FoundDeliveries:
    """The newest deliveries that match; the reactor turns between slices."""
    complete = await call.api.delivery_updates.catch_up_for(_PATIENCE)
    if not complete:
        now = call.api.clock.seconds()
        newest = reversed(call.api.mock.deliveries.preview(_PREVIEWED, now))
        matching = (one for one in newest if all(listing.look(one)))
        return FoundDeliveries([*islice(matching, limit)], False, True)
    slices = Slices(call.api.clock)
    found: list[Delivery] = []
    span = Span() if before is None else Span(before=before)
    for delivery in listing.entries(span, newest_first=True):
        if all(listing.look(delivery)):
            if len(found) == limit:
                return FoundDeliveries(found, True, False)
            found.append(delivery)
        if slices.over:
            await slices.next()
    return FoundDeliveries(found, False, False)


def _listing(call: Call[DeliveryListParameters]) -> DeliveryListing:
    given = attrs.asdict(call.parameters.filters, recurse=False)
    return DeliveryFilters(**given).listing(call)


async def show_deliveries(call: Call[DeliveryListParameters]) -> ResponseBody:
    """The list of deliveries, the newest first."""
    wanted = call.parameters
    found = await find_deliveries(call, _listing(call), ROWS, wanted.before)
    deliveries = found.deliveries
    return await send_screen(
        call,
        "ui/deliveries.html",
        "deliveries",
        wanted.parts,
        filters=_filters(call, _LIST),
        rows=rows_of(deliveries),
        is_empty=not deliveries,
        is_behind=found.is_behind,
        older=deliveries[-1].number if found.has_more else None,
        before=wanted.before,
        **_choices(call),
    )


async def show_timeline(call: Call[DeliveryListParameters]) -> ResponseBody:
    """Deliveries on a time axis."""
    wanted, mock = call.parameters, call.api.mock
    found = await find_deliveries(call, _listing(call), MAX_DRAWN, wanted.before)
    queries = islice(mock.query_log.older(mock.query_log.last + 1), _MAX_LOOKED)
    timeline = draw(
        found.deliveries,
        _of_client(queries, wanted.filters.client_ip),
        [wanted.filters.host] if wanted.filters.host else [*mock.hosts][:_MAX_LANES],
        wanted.filters.since,
        wanted.until,
        early=found.is_behind,
    )
    return await send_screen(
        call,
        "ui/timeline.html",
        "deliveries",
        wanted.parts,
        filters=_filters(call, _TIMELINE),
        timeline=timeline,
        more=found.has_more,
        is_behind=found.is_behind,
        most=MAX_DRAWN,
        **_choices(call),
    )


_MAX_LOOKED = 10 * MAX_DRAWN_QUERIES
_MAX_LANES = 8
"""Hosts that have a lane although no delivery reached them."""


def _of_client(queries: Iterator[Any], client: str | None) -> Iterator[Any]:
    return (one for one in queries if client in (None, one.client_ip))


def _choices(call: Call[Any]) -> dict[str, Any]:
    """What the filters offer, and how behaviors are described."""
    return {
        "hosts": [*call.api.mock.hosts],
        "verdicts": [verdict.value for verdict in Verdict],
        "words_of": partial(words_of, call.api),
    }


def words_of(api: Api, host: str, behavior: str) -> tuple[str, str] | None:
    """The name of a behavior, and what it does; None if it is not set."""
    document = describe_behavior(api.mock, host, behavior)
    if document is None:
        return None
    return document.get("name") or behavior, str(behavior_words(document))


@attrs.frozen
class TranscriptParameters:
    """
    What is shown of a delivery or a session.

    :ivar attempt: the attempt whose transcript is shown
    :ivar exchange: the number of the exchange whose behaviors are shown
    :ivar line: a command to evaluate in the state of that exchange
    """

    attempt: int | None = parameter("attempt", or_empty(entry_id))
    exchange: int | None = parameter("exchange", or_empty(natural_number))
    line: str | None = parameter("line", or_empty(any_text))
    parts: PartParameters = group(PartParameters)


async def show_delivery(
    call: Call[TranscriptParameters], delivery_id: str
) -> ResponseBody:
    """One delivery: its rounds, a transcript, and why behaviors answered or not."""
    delivery = await find_delivery(call, delivery_id)
    chosen = call.parameters.attempt
    attempts = delivery.attempts
    failed = [one for one in attempts if one.verdict is not Verdict.ACCEPTED]
    attempt = next((one for one in attempts if one.number == chosen), None)
    if attempt is None:
        attempt = (failed or attempts)[-1]
    row = row_of(delivery, MAX_PAGE_ATTEMPTS)
    path = f"{_LIST}/{delivery.number}"
    base = Filters(path, {"attempt": str(attempt.number)})
    context = await _transcript(call, attempt.session, attempt, base)
    return await send_screen(
        call,
        "ui/transcript.html",
        "deliveries",
        call.parameters.parts,
        row=row,
        delivery=row.shown,
        attempt=attempt.number,
        **context,
    )


async def show_session(
    call: Call[TranscriptParameters], session_id: str
) -> ResponseBody:
    """One session: its transcript, and why behaviors answered or not."""
    session = SessionListing(call.api.mock, None, EVERY_SESSION).find(session_id)
    if session is None:
        raise not_found(f"no session with the id {session_id!r} is kept"[:200])
    base = Filters(f"/ui/sessions/{session.id}", {})
    return await send_screen(
        call,
        "ui/transcript.html",
        "deliveries",
        call.parameters.parts,
        row=None,
        delivery=None,
        attempt=None,
        **await _transcript(call, session, None, base),
    )


async def export_delivery(call: Call[Any], delivery_id: str) -> bytes:
    """One delivery as text for a terminal or an issue."""
    delivery = await find_delivery(call, delivery_id)
    report = partial(words_of, call.api)
    lines = delivery_text(row_of(delivery, MAX_PAGE_ATTEMPTS).shown, report)
    protect(call.request, f"delivery-{delivery.number}.txt")
    body = "\n".join([*lines, ""]).encode()
    return send_body(call.request, body, "text/plain; charset=utf-8")


async def _transcript(
    call: Call[TranscriptParameters],
    session: Session,
    attempt: Attempt | None,
    base: Filters,
) -> dict[str, Any]:
    """What the transcript and the panel beside it show."""
    find = Contents(call.api.mock, session.host)
    return await find.complete(
        lambda: _shown_transcript(call, session, attempt, base, find)
    )


def _shown_transcript(
    call: Call[TranscriptParameters],
    session: Session,
    attempt: Attempt | None,
    base: Filters,
    find: Contents,
) -> dict[str, Any]:
    api, wanted = call.api, call.parameters
    decisive = None if attempt is None else deciding_exchange(attempt)
    chosen = wanted.exchange
    if chosen is None:
        chosen = decisive if attempt is None else _most_telling(find, attempt, decisive)
    recalled = None if chosen is None else _recalled(find, session, chosen)
    describe = partial(describe_behavior, api.mock, session.host)
    considered = None
    if recalled is not None and not any(w.walk.is_forgotten for w in recalled.walks):
        found = islice(considered_of(recalled), MAX_CONSIDERED)
        considered = why(map(CONSIDERED.write, found), describe)
    line = wanted.line
    evaluated, problem = _evaluated(call, session, recalled, line)
    return {
        "base": base,
        "session": SESSION_SUMMARY.write(session),
        "omitted": session.omitted,
        "is_restored": session.started_at < api.info.started_at,
        "transcript": Transcript(session, decisive, chosen),
        "chosen": chosen,
        "exchange": None if recalled is None else _said(recalled),
        "why": considered,
        "most": MAX_CONSIDERED,
        "line": line,
        "evaluated": evaluated,
        "evaluated_why": None
        if evaluated is None
        else why(evaluated["considered"], describe),
        "problem": problem,
        "words_of": partial(words_of, api),
        "has_session": lambda _: False,
    }


def _most_telling(find: Contents, attempt: Attempt, decisive: int | None) -> int | None:
    """
    The exchange of an attempt whose behaviors are shown first.

    It is the one that decided. Where no behavior answered there, it is the one where a
    behavior nearly did.
    """
    if attempt.reply is not None and attempt.reply.source is not None:
        return decisive
    until = attempt.decided_at + 0.001
    for one in recall(attempt.session, find):
        at = one.exchange[0]
        if at < attempt.started_at - 0.001 or not one.walks:
            continue
        if at > until or one.number > _MAX_SEARCHED:
            break
        considered = islice(considered_of(one), MAX_CONSIDERED)
        if any(each.hint is not None for each in considered):
            return one.number
    return decisive


_MAX_SEARCHED = 200
"""Exchanges of a session in which a near miss is looked for."""


def _recalled(find: Contents, session: Session, number: int) -> Recalled | None:
    for one in recall(session, find):
        if one.number == number:
            return one
    return None


def _said(recalled: Recalled) -> ShownDocument:
    """The exchange whose behaviors are shown."""
    shown = shown_exchange(recalled.exchange, recalled.session.started_at, {})
    return EXCHANGE.write(shown)


def _evaluated(
    call: Call[Any], session: Session, recalled: Recalled | None, line: str | None
) -> tuple[ShownDocument | None, str | None]:
    """What the host would reply now: to a line, or to the exchange once more."""
    mock, host = call.api.mock, call.api.mock.hosts.get(session.host)
    if mock.evaluate is None or host is None or (recalled is None and line is None):
        return None, None
    try:
        asked = _asked(recalled, line)
    except DocumentError as error:
        return None, error.problems[0].message
    evaluated = mock.evaluate(host, asked, call.api.clock.seconds())
    return evaluated_document(evaluated, asked), None


def _asked(recalled: Recalled | None, line: str | None) -> Evaluation:
    """
    The evaluation of an exchange, or of another line in the same state.

    :raises DocumentError: too little is recorded, or the line is no command
    """
    if line is None:
        assert recalled is not None
        return evaluation_of(recalled)
    asked = EVALUATION_READER({"line": line})
    if recalled is not None:
        with suppress(DocumentError):
            state = evaluation_of(recalled)
            return attrs.evolve(state, line=line, content=None, octets=None)
    return asked


@attrs.frozen
class ScreenReportParameters:
    """The deliveries that a report is about: those that the screen shows."""

    filters: Any = group(_Filters)
    format: Format = parameter("format", one_of(Format), default=Format.HTML)


async def show_report(call: Call[ScreenReportParameters]) -> ResponseBody:
    """The report of the deliveries that a screen shows."""
    wanted = call.parameters
    query = DeliveryFilters(**attrs.asdict(wanted.filters, recurse=False)).query
    plain = DeliveryQuery(host=query.host, since=query.since)
    given = _filters(call, "").values.items()
    others = [(name, value) for name, value in given if name not in ("host", "since")]
    words = ", ".join(f"{name}={value}" for name, value in others)
    return await send_report(
        call, query, wanted.format, None if query == plain else words[:500]
    )


ROUTES = at_root(
    Route("GET", "/ui/report", show_report, ScreenReportParameters),
    Route("GET", _LIST, show_deliveries, DeliveryListParameters),
    Route("GET", _TIMELINE, show_timeline, DeliveryListParameters),
    Route("GET", f"{_LIST}/<delivery_id>", show_delivery, TranscriptParameters),
    Route("GET", f"{_LIST}/<delivery_id>/text", export_delivery),
    Route("GET", "/ui/sessions/<session_id>", show_session, TranscriptParameters),
)
