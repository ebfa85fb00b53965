"""Reports as HTML, by templates, and as text.

Jinja2 is imported and a template compiled with the first page: call `prepare` in a
thread first. The templates show the documents of the API, so other pages can include
them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import orjson

from mocksmtp import __version__
from mocksmtp.documents.units import timestamp
from mocksmtp.web import report as bounds
from mocksmtp.web.report import Report, ShownDelivery, ShownSession
from mocksmtp.web.shown import (
    ShownDocument,
    counted,
    differences,
    duration_words,
    isolated,
    plain_text,
    reply_words,
)

if TYPE_CHECKING:
    from jinja2 import Environment

_PIECE = 4096
"""Characters of a piece."""

CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
"""The Content-Security-Policy of a page that needs nothing but its own style."""

MEANING = {
    "rejected": "5xx: the client must not retry. It returns the mail to its sender.",
    "deferred": "4xx: the client keeps the mail and should retry.",
    "none": "No valid reply: the client cannot know the result and should retry.",
    "lost": "2xx: the client is done with the mail, but it was not kept: it is lost.",
    "duplicated": "2xx: the client is done with the mail, but it was kept more than "
    "once: the recipient has duplicates.",
    "accepted": "2xx: the client is done with the mail.",
}
"""What each result means for a client."""

LABELS = {
    "none": "no result",
    "lost": "accepted, but not kept",
    "duplicated": "accepted, but kept more than once",
    "rejected": "rejected",
    "deferred": "deferred",
    "accepted": "accepted",
}
"""What each result is called."""


WordsOf: TypeAlias = Callable[[str, str], tuple[str, str] | None]
"""The name of a behavior, and what it does, by its host and id; None if it is not in
force."""


@cache
def load() -> Environment:
    """The templates."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined
    from markupsafe import Markup

    def marked(found: str, wanted: str, operator: str) -> tuple[Markup, Markup]:
        left, right = differences(found, wanted, operator)
        return Markup(left), Markup(right)

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(
        shown=lambda text: Markup(isolated(str(text))),
        long=lambda text: Markup(isolated(text, None)),
        duration=duration_words,
        clock=lambda text: text[11:23],
        timestamp=timestamp,
        reply=reply_words,
        plain=plain_text,
        tojson_text=lambda value: orjson.dumps(value).decode(),
    )
    environment.globals.update(
        differences=marked,
        counted=counted,
        meaning=MEANING,
        labels=LABELS,
        verdict_of={"lost": "rejected", "duplicated": "deferred"},
        bounds=bounds,
        policy=CONTENT_SECURITY_POLICY,
        version=__version__,
    )
    for name, macros in ("ui", "macros"), ("parts", "delivery_macros"):
        environment.globals[name] = environment.get_template(f"ui/{macros}.html").module
    return environment


@cache
def prepare(template: str) -> None:
    """
    Compile a template, and those that it refers to.

    The first one takes about 0.1 s of CPU time, the report 0.05 s: call it in a thread.
    """
    from jinja2.meta import find_referenced_templates

    environment = load()
    assert environment.loader is not None
    source = environment.loader.get_source(environment, template)[0]
    for name in find_referenced_templates(environment.parse(source)):
        if name is not None and name.endswith(".html"):
            prepare(name)
    environment.get_template(template)


def html_pieces(report: Report) -> Iterator[bytes]:
    """A report as a self-contained page, in UTF-8."""
    template = load().get_template("report.html")
    has_session, words_of = report.has_session(), report.words_of
    parts = template.generate(report=report, has_session=has_session, words_of=words_of)
    yield from joined(parts)


def text_pieces(report: Report) -> Iterator[bytes]:
    """A report as text for a terminal, in UTF-8."""
    yield from joined(line + "\n" for line in text_lines(report))


def joined(parts: Iterable[str]) -> Iterator[bytes]:
    """The same in pieces of `_PIECE` characters or a little more."""
    taken, size = [], 0
    for part in parts:
        taken.append(part)
        size += len(part)
        if size >= _PIECE:
            yield "".join(taken).encode()
            taken, size = [], 0
    yield "".join(taken).encode()


def text_lines(report: Report) -> Iterator[str]:
    """The lines of a report."""
    yield f"{report.title} ({plain_text(report.scope)}, {timestamp(report.made_at)})"
    for delivery in report.shown_deliveries():
        yield ""
        yield from delivery_text(delivery, report.words_of)
    if report.refused:
        yield ""
        yield "Connections refused before a recipient was named:"
        for attempt in report.shown_refused():
            yield f"  {_attempt_line(attempt, report.words_of)}"
    if report.near_misses:
        yield ""
        yield "Near misses (no behavior answered, and one nearly did):"
        for near in report.shown_near_misses():
            yield from _near_miss_lines(near)
    if report.unanswered:
        yield ""
        yield "Behaviors that never answered:"
        for one in report.unanswered:
            name = plain_text(f"{one.place}: {one.name or one.id}")
            yield f"  {name}: {plain_text(one.words)}"
    for session in report.shown_sessions():
        yield ""
        yield from _session_lines(session)


def delivery_text(delivery: ShownDelivery, words_of: WordsOf) -> Iterator[str]:
    """The lines of a delivery."""
    document = delivery.document
    subject = document["subject"]
    about = "" if subject is None else f" {plain_text(subject, 60)!r}"
    yield (
        f"{delivery.verdict.upper()} {plain_text(document['recipient'])}"
        f" from {plain_text(document['sender'])}{about}:"
        f" {counted(delivery.attempts, 'attempt')},"
        f" {counted(delivery.copies, 'copy', 'copies')} kept"
    )
    if delivery.omitted:
        yield f"  ({delivery.omitted} earlier attempts are not shown)"
    for backoff, attempts in delivery.steps:
        if backoff is not None:
            yield f"  -- {duration_words(backoff)} later --"
        for attempt in attempts:
            yield f"  {_attempt_line(attempt, words_of)}"


def _attempt_line(attempt: ShownDocument, words_of: WordsOf) -> str:
    source = attempt["behavior"]
    by = "the server itself"
    if source is not None:
        words = words_of(attempt["host"], source)
        by = f"behavior {source}" if words is None else f"{words[0]} ({words[1]})"
    return (
        f"{attempt['startedAt'][11:23]} {plain_text(attempt['host'])}"
        f" {attempt['stage']}: {plain_text(reply_words(attempt['reply']))}"
        f" [by {plain_text(by)}; session {attempt['session']}]"
    )


def _near_miss_lines(near: ShownDocument) -> Iterator[str]:
    said = near.get("line", "the content of a mail")
    yield f"  session {near['session']}: {plain_text(said)} -> {_replied(near)}"
    for one in near["considered"]:
        found, wanted = str(one["found"]), str(one["wanted"])
        yield (
            f"    {plain_text(one['name'] or one['behavior'])}: {one['target']} is"
            f" {plain_text(found)!r}, required: {one['operator']}"
            f" {plain_text(wanted)!r} ({plain_text(one['hint']['text'])})"
        )


def _session_lines(session: ShownSession) -> Iterator[str]:
    document = session.document
    yield (
        f"Session {document['id']}, {plain_text(document['host'])},"
        f" client {document['clientIp']}, {document['startedAt']},"
        f" end: {document['end'] or 'open'}"
    )
    if session.omitted:
        yield f"  ({session.omitted} exchanges are not shown)"
    for exchange in session.transcript:
        said = _said(exchange)
        if said is not None:
            yield f"  C: {said}"
        yield f"  S: {_replied(exchange)}"


def _said(exchange: ShownDocument) -> str | None:
    if "line" in exchange:
        return plain_text(exchange["line"])
    content: Any = exchange.get("content")
    return None if content is None else f"[content of {content['size']} octets]"


def _replied(exchange: ShownDocument) -> str:
    return plain_text(reply_words(exchange["reply"]))
