"""What the APIs of all tools need: mails, their parsed texts, and responses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from functools import partial
from html import unescape
from typing import Any
from weakref import WeakKeyDictionary

import orjson
from twisted.web.server import Request

from mocksmtp.documents.problems import DocumentError
from mocksmtp.documents.reading import TooManyValues
from mocksmtp.http.bodies import Work, in_turn, read_body
from mocksmtp.http.mails import MailListing, find_mail
from mocksmtp.http.paging import AFTER_ALL, Span, matches
from mocksmtp.http.parameters import AnyParameters
from mocksmtp.http.problems import HttpProblem
from mocksmtp.http.responses import JSON, PacedBody, Slices, send_body
from mocksmtp.http.routing import Call
from mocksmtp.mail.keywords import Expression
from mocksmtp.mail.mail import Mail
from mocksmtp.mail.mime import Structure, read_structure
from mocksmtp.mail.part import Part, TooComplex
from mocksmtp.mail.search import EVERYTHING, MailQuery
from mocksmtp.mock import Change, Mock

TEXT = "text/plain; charset=utf-8"

MAX_WHOLE = 256 * 1024
"""Octets up to which a response is sent with its length."""

_TAG = re.compile(r"<[^<>]*+>")
_HIDDEN = re.compile(
    r"<(style|script|head|title)\b[^<>]*+>.*?(?:</\1\s*+>|\Z)", re.I | re.S
)
_SPACE = re.compile(r"\s++")

QueryCall = Call[AnyParameters]


def whole_number(text: str, default: int) -> int:
    """A number from 0, or `default` for any other text."""
    return (
        int(text) if text.isascii() and text.isdigit() and len(text) < 10 else default
    )


def listing_of(call: QueryCall, query: MailQuery = EVERYTHING) -> MailListing:
    """The mails of the host that match."""
    return MailListing(call.api.mock, call.host.name, query, call.api.in_thread)


async def newest(call: QueryCall, start: int, limit: int) -> list[Mail]:
    """The newest mails after the first `start`, the newest first."""
    listing, clock = listing_of(call), call.api.clock
    found = await matches(listing, Span(), clock, True, start + limit)
    return found[start:]


async def oldest(call: QueryCall, before: int = AFTER_ALL) -> list[Mail]:
    """The mails with numbers below `before`, the oldest first."""
    return await matches(listing_of(call), Span(before=before), call.api.clock)


async def find_all(call: QueryCall, expression: Expression) -> list[Mail]:
    """The mails that match, the newest first."""
    listing = listing_of(call, MailQuery(expression=expression))
    return await matches(listing, Span(), call.api.clock, newest_first=True)


async def find(call: QueryCall, mail_id: str) -> Mail | None:
    """The mail with this id, or None."""
    try:
        return await find_mail(call, mail_id)
    except HttpProblem:
        return None


async def remove(call: QueryCall, mails: list[Mail]) -> None:
    """Remove mails of the host."""
    listing = listing_of(call)
    await listing.remove(mails)
    listing.discard()


async def remove_all(call: QueryCall) -> None:
    """Remove all mails of the host."""
    listing = listing_of(call)
    await listing.clear()
    listing.discard()


def structure_of(content: bytes) -> Structure | None:
    """The MIME structure of a mail, or None if it exceeds a limit."""
    try:
        return read_structure(content)
    except TooComplex:
        return None


def text_of(part: Part | None) -> str | None:
    """The text of a part, or None if there is none or it exceeds a limit."""
    if part is None:
        return None
    try:
        return part.text
    except TooComplex:
        return None


def plain_text(html: str) -> str:
    """The text of HTML, in one line."""
    # A run of text without an end of its element is only looked at once.
    text = _HIDDEN.sub(" ", html)
    return _SPACE.sub(" ", unescape(_TAG.sub(" ", text))).strip()


def rfc3339(time: float) -> str:
    """A time in UTC."""
    return datetime.fromtimestamp(time, UTC).isoformat().replace("+00:00", "Z")


async def of_mail(call: QueryCall, mail: Mail, make: Callable[[Mail], bytes]) -> bytes:
    """What `make` makes of a mail; for a large one in a thread."""
    return await in_turn(call, mail.content, lambda _: make(mail))


async def send_mails(
    call: QueryCall,
    mails: Iterable[Mail],
    make: Callable[[Mail], bytes],
    *,
    head: bytes = b"[",
    tail: bytes = b"]",
    content_type: str = JSON,
) -> bytes | None:
    """
    Send an array of mails; large ones are read in a thread, all others in slices.

    :param make: makes the JSON of a mail
    """
    request, slices = call.request, Slices(call.api.clock)
    pieces, size, separator = [head], len(head), b""
    body: PacedBody | None = None
    for mail in mails:
        piece = separator + await of_mail(call, mail, make)
        separator = b","
        pieces.append(piece)
        size += len(piece)
        if size > MAX_WHOLE:
            body = body or _begin(request, content_type)
            await body.write(b"".join(pieces))
            pieces, size = [], 0
        if slices.over:
            await slices.next()
    pieces.append(tail)
    if body is None:
        return send_body(request, b"".join(pieces), content_type)
    await body.write(b"".join(pieces))
    body.end()
    return None


def _begin(request: Request, content_type: str) -> PacedBody:
    request.setResponseCode(200)
    request.setHeader("Content-Type", content_type)
    return PacedBody(request)


def send_text(request: Request, body: str, status: int = 200) -> bytes:
    """Send a text."""
    return send_body(request, body.encode(), TEXT, status)


class BadBody(Exception):
    """A body that is not a JSON object, or lacks something; the message says what."""


async def read_object(call: QueryCall) -> dict[str, Any]:
    """
    The JSON object in the body, its names in lower case, as these tools read them.

    :return: an empty object for an empty body
    :raises BadBody: it is no object
    """
    body = read_body(call)
    if not body.strip():
        return {}
    try:
        async with Work(call.api, len(body)) as work:
            document = await work.read_json(body)
    except (DocumentError, TooManyValues) as error:
        raise BadBody(str(error) or "invalid JSON") from None
    if not isinstance(document, dict):
        raise BadBody("must be an object")
    return {name.lower(): value for name, value in document.items()}


def texts_in(document: dict[str, Any], name: str) -> list[str]:
    """
    The texts in an array of a body; none if it is missing or null.

    :raises BadBody: it is no array of texts
    """
    value = document.get(name)
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise BadBody(f"{name} must be an array of strings")
    return value


def dumps(document: Any) -> bytes:
    """`document` as JSON."""
    return orjson.dumps(document)


_memories: WeakKeyDictionary[Mock, dict[str, dict[str, Any]]] = WeakKeyDictionary()


def memory_of(call: QueryCall) -> dict[str, Any]:
    """What the tools remember of a host, by name, until the host is reset."""
    mock = call.api.mock
    memories = _memories.get(mock)
    if memories is None:
        memories = _memories[mock] = {}
        mock.listeners.append(partial(_forget, memories))
    return memories.setdefault(call.host.name, {})


def _forget(
    memories: dict[str, dict[str, Any]], change: Change, host: str | None
) -> None:
    if change in (Change.RESET, Change.RESTORED, Change.HOST_REMOVED):
        for name in list(memories) if host is None else [host]:
            memories.pop(name, None)
