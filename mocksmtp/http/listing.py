"""Long answers in short slices, so that SMTP goes on while they are made.

Work is done for `SLICE` seconds at a time; between slices the reactor turns. A
client that reads slowly is waited for: nothing is made that can't be sent.
"""

from __future__ import annotations

import codecs
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Protocol

import orjson
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime
from twisted.internet.task import deferLater
from twisted.python.failure import Failure
from twisted.web.server import Request
from zope.interface import implementer

from mocksmtp.http.answers import JSON, send_body
from mocksmtp.mail.charset import windows_of
from mocksmtp.mail.documents import MailDocument
from mocksmtp.mail.mail import Mail
from mocksmtp.mail.search import MailQuery
from mocksmtp.mail.summary import summary_of

SLICE = 0.005
"""Seconds of work at a time."""

PIECE = 256 * 1024
"""Octets of content past which a mail's document is made in pieces."""

# A NUL is escaped in JSON: one in a document can only be this fragment.
_MARK = orjson.Fragment(b"\0")


class Slices:
    """Tells when a slice of work is over."""

    def __init__(self, clock: IReactorTime) -> None:
        self._clock = clock
        self.begin()

    def begin(self) -> None:
        """Begin the next slice now."""
        self._end = self._clock.seconds() + SLICE

    @property
    def over(self) -> bool:
        """Whether this slice has taken its time."""
        return self._clock.seconds() >= self._end

    async def next(self) -> None:
        """Let the reactor turn, and begin the next slice."""
        await deferLater(self._clock, 0)
        self.begin()


class Worker(Protocol):
    """What long work is done with."""

    @property
    def clock(self) -> IReactorTime:
        """The reactor's clock."""

    @property
    def in_thread(self) -> Callable[..., Deferred[Any]]:
        """Calls a function with arguments in a thread."""


async def matching(
    mails: Iterable[Mail], query: MailQuery, worker: Worker, limit: int | None = None
) -> list[Mail]:
    """The first `limit` of `mails` that `query` asks for, or all of them."""
    found: list[Mail] = []
    slices = Slices(worker.clock)
    for mail in mails:
        if await matches(query, mail, worker):
            found.append(mail)
            if len(found) == limit:
                break
        if slices.over:
            await slices.next()
    return found


async def matches(query: MailQuery, mail: Mail, worker: Worker) -> bool:
    """Whether `query` asks for `mail`; a large one is decoded in a thread."""
    if query.is_long_work(mail) and not mail.is_summarized:
        mail.remember(await worker.in_thread(summary_of, mail.content))
    if query.is_long_work(mail):
        wanted: bool = await worker.in_thread(query.matches, mail)
        return wanted
    return query.matches(mail)


def array_pieces(items: Iterable[Iterable[bytes]]) -> Iterator[bytes]:
    """A JSON array of documents that come in pieces."""
    lead = b"["
    for item in items:
        yield lead
        yield from item
        lead = b","
    yield b"[]" if lead == b"[" else b"]"


def mails_pieces(mails: list[Mail], document: MailDocument) -> Iterator[bytes]:
    """A JSON array of the documents of `mails`, which is emptied on the way."""
    mails.reverse()
    # Letting go of each as it is told spares a long pause at the end.
    last_first = iter(lambda: mails.pop() if mails else None, None)
    return array_pieces(mail_pieces(mail, document) for mail in last_first)


def mail_pieces(mail: Mail, document: MailDocument) -> Iterator[bytes]:
    """The JSON document of a mail, the content of a large one in small pieces."""
    if len(mail.content) <= PIECE:
        yield orjson.dumps(document(mail))
        return
    head, *tail = orjson.dumps(document(mail, message=_MARK)).split(b"\0")
    yield head
    if tail:
        yield from _string_pieces(mail.content)
        yield tail[0]


def _string_pieces(octets: bytes) -> Iterator[bytes]:
    """A JSON string of UTF-8, with U+FFFD for what is none."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    yield b'"'
    for window in windows_of(octets):
        yield orjson.dumps(decoder.decode(window))[1:-1]
    yield orjson.dumps(decoder.decode(b"", final=True))[1:]


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
class _Producer:
    """
    Writes a slice whenever the connection can take more, and the reactor has turned.

    It is no pull producer: what Twisted wraps around one fails where the connection
    had been told to pause before there was a producer.

    :ivar done: fires after the last piece; where the client has left it never
        does, and the handler that waits for it is cancelled
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
        """The connection can't take more."""
        self._paused = True
        self._unschedule()

    def resumeProducing(self) -> None:
        """The connection can take more."""
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
