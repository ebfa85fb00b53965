"""Sends the body of a response: a short one whole, a long one in slices.

Also reads the media types that a request names.

A long body is created for `SLICE` seconds at a time, and between two slices the reactor
turns, so that SMTP continues. While the client does not read, the body is not created.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

import orjson
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime
from twisted.internet.task import deferLater
from twisted.python.failure import Failure
from twisted.web.iweb import IRequest
from twisted.web.server import Request
from zope.interface import implementer

SLICE = 0.005
"""Seconds of work at a time."""

JSON = "application/json"
HTML = "text/html; charset=utf-8"

MAX_FILE_NAME = 200
"""Characters of a file name that are told."""

_UNSAFE = re.compile(r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|\u2028-\u202e\u2066-\u2069]+')

_QUALITY = re.compile(r";\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*$", re.IGNORECASE)


def prefers(request: IRequest, media_type: str) -> bool:
    """
    Whether the Accept field of a request prefers a media type to JSON.

    JSON is the default; `media_type` must have the higher quality.
    """
    qualities = {}
    for item in (request.getHeader("Accept") or "").lower().split(","):
        quality = _QUALITY.search(item)
        qualities[item.partition(";")[0].strip()] = float(quality[1] if quality else 1)
    return qualities.get(media_type, 0.0) > qualities.get(JSON, 0.0)


def body_type(request: IRequest) -> str:
    """The media type of a request's body, without parameters, in lower case."""
    field = request.getHeader("Content-Type") or ""
    return field.partition(";")[0].strip().lower()


class Slices:
    """Measures slices of work."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self.begin()

    def begin(self) -> None:
        """Begin the next slice now."""
        self._end = self._clock.seconds() + SLICE

    @property
    def over(self) -> bool:
        """Whether the time of this slice has passed."""
        return self._clock.seconds() >= self._end

    async def next(self) -> None:
        """Wait for a turn of the reactor, and begin the next slice."""
        await deferLater(self._clock, 0)
        self.begin()


def array_pieces(items: Iterable[Iterable[bytes]]) -> Iterator[bytes]:
    """Yield the pieces of a JSON array from the pieces of its documents."""
    lead = b"["
    for item in items:
        yield lead
        yield from item
        lead = b","
    yield b"[]" if lead == b"[" else b"]"


def send_body(
    request: IRequest, body: bytes, content_type: str = JSON, status: int = 200
) -> bytes:
    """Return `body` to be sent, and set its length."""
    request.setResponseCode(status)
    request.setHeader("Content-Type", content_type)
    request.setHeader("Content-Length", str(len(body)))
    return body


def send_json(request: IRequest, document: Any, status: int = 200) -> bytes:
    """Return the JSON of `document` to be sent."""
    return send_body(request, orjson.dumps(document), status=status)


def send_nothing(request: IRequest) -> None:
    """Respond with 204."""
    request.setResponseCode(204)


async def send_pieces(
    request: Request,
    pieces: Iterator[bytes],
    clock: IReactorTime,
    content_type: str = JSON,
    status: int = 200,
) -> bytes | None:
    """Send a body that is made on the way; a short one whole."""
    first, ended = _take(pieces, Slices(clock))
    if ended:
        return send_body(request, first, content_type, status)
    request.setResponseCode(status)
    request.setHeader("Content-Type", content_type)
    await _Producer(request, first, pieces, clock).done
    return None


def _take(pieces: Iterator[bytes], slices: Slices) -> tuple[bytes, bool]:
    """What a slice of time makes of `pieces`, and whether that was the last."""
    taken = []
    for piece in pieces:
        taken.append(piece)
        if slices.over:
            return b"".join(taken), False
    return b"".join(taken), True


@implementer(IPushProducer)
class PacedBody:
    """
    A body that a coroutine makes in pieces, and that waits for a slow client.

    If the client leaves, the coroutine is cancelled.
    """

    def __init__(self, request: Request) -> None:
        self._request = request
        self._resumed: Deferred[None] | None = None
        request.registerProducer(self, True)

    async def write(self, octets: bytes) -> None:
        """Send a piece; return when the connection accepts another one."""
        self._request.write(octets)
        if self._resumed is not None:
            await self._resumed

    def end(self) -> None:
        """End the body."""
        self._request.unregisterProducer()

    def pauseProducing(self) -> None:
        """The connection accepts no more for now."""
        if self._resumed is None:
            self._resumed = Deferred()

    def resumeProducing(self) -> None:
        """The connection accepts more."""
        resumed, self._resumed = self._resumed, None
        if resumed is not None:
            resumed.callback(None)

    def stopProducing(self) -> None:
        """The client has left."""


@implementer(IPushProducer)
class _Producer:
    """
    Writes a slice in each turn of the reactor while the connection accepts octets.

    It is not a pull producer: Twisted's wrapper of these fails if the connection was
    paused before the producer was registered.

    :ivar done: fires after the last piece; if the client disconnects it never fires,
        and the handler that waits for it is cancelled
    """

    def __init__(
        self,
        request: Request,
        first: bytes,
        pieces: Iterator[bytes],
        clock: IReactorTime,
    ) -> None:
        self.done: Deferred[None] = Deferred(lambda _: self.stopProducing())
        self._request = request
        self._pieces = pieces
        self._clock = clock
        self._paused = False
        self._next: IDelayedCall | None = None
        # Registered first, so that it hears when this write was too much.
        request.registerProducer(self, True)
        request.write(first)
        self._schedule()

    def pauseProducing(self) -> None:
        """Stop writing: the buffer of the connection is full."""
        self._paused = True
        self._unschedule()

    def resumeProducing(self) -> None:
        """Continue to write."""
        self._paused = False
        self._schedule()

    def stopProducing(self) -> None:
        """The client has left."""
        self.pauseProducing()

    def _schedule(self) -> None:
        if self._next is None and not self._paused:
            self._next = self._clock.callLater(0, self._produce)

    def _unschedule(self) -> None:
        if self._next is not None:
            self._next.cancel()
            self._next = None

    def _produce(self) -> None:
        self._next = None
        try:
            taken, ended = _take(self._pieces, Slices(self._clock))
        except Exception:
            self._request.unregisterProducer()
            self.done.errback(Failure())
            return
        self._request.write(taken)
        if not ended:
            self._schedule()
            return
        self._unschedule()
        self._request.unregisterProducer()
        self.done.callback(None)


def protect(request: IRequest, file_name: str) -> None:
    """Keep a browser from doing more with an answer than saving it."""
    request.setHeader("Content-Disposition", disposition(file_name))
    request.setHeader("X-Content-Type-Options", "nosniff")
    request.setHeader("Content-Security-Policy", "sandbox")


def disposition(file_name: str) -> str:
    """
    Return ``attachment`` with a file name that is safe to save (RFC 6266).

    It contains the name twice: in ASCII for old clients, and unchanged (RFC 8187).
    """
    name = _UNSAFE.sub("_", file_name).lstrip(". ")[:MAX_FILE_NAME] or "unnamed"
    plain = name.encode("ascii", "replace").decode().replace("?", "_")
    plain = plain.replace("%", "_")
    header = f'attachment; filename="{plain}"'
    if plain == name:
        return header
    return f"{header}; filename*=UTF-8''{quote(name, safe='')}"
