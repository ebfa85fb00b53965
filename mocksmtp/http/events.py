"""``/events``: the live events of the service (Server-Sent Events, HTML §9.2).

Rules:

- Events are encoded when they are sent, once for all readers.
- Each reader is sent what its connection accepts. While it accepts nothing, the events
  wait in the buffer of all readers. A reader that falls behind this buffer is
  disconnected; it can reconnect with ``Last-Event-ID``.
- Missed events are reported by an event ``dropped``, with their number.
- All readers share one timer, which fires once for a burst of events.
- When a reader has disconnected, nothing of it is scheduled.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection

import attrs
import orjson
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IPushProducer, IReactorTime
from twisted.internet.task import LoopingCall
from twisted.web.server import Request
from zope.interface import implementer

from mocksmtp.documents.problems import shown, unknown
from mocksmtp.events import (
    USUAL,
    Event,
    EventBus,
    EventKind,
    event_document,
)
from mocksmtp.http.delivery_updates import DeliveryUpdates
from mocksmtp.http.parameters import any_text, duration_up_to, parameter, reads
from mocksmtp.http.problems import abort

HEARTBEAT = 15.0
"""Seconds between comments, which keep the connection from being taken for dead."""

EVENTS_AT_ONCE = 100
"""How many events are written to a reader before it is another's turn."""

_KINDS = {kind.value: kind for kind in EventKind}
_ANY_KIND = "|".join(_KINDS)


@reads({"type": "string", "pattern": f"^({_ANY_KIND})(,({_ANY_KIND}))*$"})
def kinds_of_events(text: str) -> frozenset[EventKind]:
    """Kinds of events, separated by commas."""
    kinds = set()
    for name in text.split(","):
        if name not in _KINDS:
            raise ValueError(unknown(f"kind {shown(name)}", name, _KINDS))
        kinds.add(_KINDS[name])
    return frozenset(kinds)


@attrs.frozen
class EventParameters:
    """
    Which events are sent: of these kinds, and of this host.

    :ivar every: seconds; instead of each event, the number of events of each kind is
        sent, at most once in this time
    """

    kinds: frozenset[EventKind] = parameter("kinds", kinds_of_events, default=USUAL)
    host: str | None = parameter("host", any_text)
    every: float | None = parameter("every", duration_up_to(HEARTBEAT))


_COMMENT = b":\n\n"
_ID = re.compile(r"([0-9a-f]{1,16})-([0-9]{1,18})", re.ASCII)


class EventFeed:
    """
    The readers of the events of a bus.

    :param name: the name of this run of the service, or of all replicas; part of the
        ids of its events
    """

    def __init__(self, bus: EventBus, clock: IReactorTime, name: str) -> None:
        self.bus = bus
        self.clock = clock
        self._name = name
        self._readers: dict[EventReader, None] = {}
        self._encoded: dict[int, bytes] = {}
        self._round: IDelayedCall | None = None

    def join(self, reader: EventReader) -> None:
        """Register `reader`, which writes events now and in each turn with new ones."""
        self._readers[reader] = None
        self.bus.join(reader.kinds)
        self.schedule()

    def leave(self, reader: EventReader) -> None:
        """It has left."""
        del self._readers[reader]
        self.bus.leave(reader.kinds)
        if self._readers:
            return
        self.bus.on_next_event(None)
        self._encoded.clear()
        if self._round is not None:
            self._round.cancel()
            self._round = None

    async def follow(self, updates: DeliveryUpdates) -> None:
        """
        Report changes of deliveries, as `updates` derives them from the journal.

        Attempts before the first reader of deliveries are not reported. Attempts after
        a reader has left are reported to the next one, if it arrives within `LINGER`.
        """
        await updates.catch_up()
        self.bus.follow_deliveries()

    def end(self, host: str) -> None:
        """Finish the readers of `host` only; the host was removed."""
        for reader in tuple(self._readers):
            if reader.host == host:
                reader.end()

    def schedule(self) -> None:
        """Schedule all readers for the next turn of the reactor."""
        if self._round is None:
            self._round = self.clock.callLater(0, self._look)

    def _look(self) -> None:
        self._round = None
        # Hung up first: what comes from here on is heard of again.
        self.bus.on_next_event(self.schedule)
        for reader in tuple(self._readers):
            if reader.look():
                self.schedule()
        while self._encoded and next(iter(self._encoded)) < self.bus.oldest:
            del self._encoded[next(iter(self._encoded))]

    async def open(
        self, kinds: Collection[EventKind], last_id: str | None
    ) -> tuple[int, int | None]:
        """
        Have events recorded for a reader; `close` ends that.

        :return: what `start_of` returns
        :raises StoreError: the events of other replicas cannot be had
        """
        match = None if last_id is None else _ID.fullmatch(last_id)
        await self.bus.open(kinds, None if match is None else int(match[2]))
        return self.start_of(last_id)

    def start_of(self, last_id: str | None) -> tuple[int, int | None]:
        """
        Return where a reader continues that has received the event with this id.

        :return: the number of the last event that it has, and the number of events that
            it missed; None if that is unknown
        """
        if last_id is None:
            return self.bus.last, 0
        match = _ID.fullmatch(last_id)
        if match is not None and match[1] == self._name:
            number = int(match[2])
            if self.bus.first - 1 <= number <= self.bus.last:
                return number, 0
        return self.bus.oldest - 1, None

    def encode(self, number: int, event: Event) -> bytes:
        """Return the octets of an event."""
        encoded = self._encoded.get(number)
        if encoded is None:
            data = orjson.dumps(event_document(event))
            lines = f"id: {self._name}-{number}\nevent: {event[0].value}\ndata: "
            encoded = self._encoded[number] = lines.encode() + data + b"\n\n"
        return encoded


LEAST_PERIOD = 0.05
"""Seconds between two numbers of events."""


@implementer(IPushProducer)
class EventCounter:
    """
    Sends the number of events of each kind, at most once in a period.

    It counts the kept events once in a period, so that a busy service sends no more
    than an idle one, and an event costs no more.

    :param period: the period, in seconds
    """

    def __init__(
        self,
        request: Request,
        feed: EventFeed,
        wanted: EventParameters,
        host: str | None,
        period: float,
    ) -> None:
        self._request = request
        self._feed = feed
        self._kinds = wanted.kinds - {EventKind.DELIVERY, EventKind.EXCHANGE}
        self._host = host
        self._seen = feed.bus.last
        self._paused = False
        self._done: Deferred[None] = Deferred()
        self._period = max(LEAST_PERIOD, period)
        self._silent = 0.0
        request.registerProducer(self, True)
        self._request.write(_COMMENT)

    async def run(self) -> None:
        """Write until the client leaves."""
        bus = self._feed.bus
        bus.join(self._kinds)
        looping = LoopingCall(self._look)
        looping.clock = self._feed.clock
        ended = looping.start(self._period, now=False)
        ended.addErrback(self._done.errback)
        try:
            await self._done
        finally:
            bus.leave(self._kinds)
            if looping.running:
                looping.stop()

    def _look(self) -> None:
        if self._paused:
            return
        bus = self._feed.bus
        counts: Counter[str] = Counter()
        missed = bus.oldest - self._seen - 1
        if missed > 0:
            counts["dropped"] = missed
            self._seen += missed
        for kind, _, host, _, _ in bus.behind(self._seen, bus.last - self._seen):
            if kind in self._kinds and self._host in (None, host):
                counts[kind.value] += 1
        self._seen = bus.last
        if counts:
            data = orjson.dumps({"counts": counts})
            self._request.write(b"event: changes\ndata: " + data + b"\n\n")
            self._silent = 0.0
            return
        self._silent += self._period
        if self._silent >= HEARTBEAT:
            self._request.write(_COMMENT)
            self._silent = 0.0

    def pauseProducing(self) -> None:
        """Stop writing: the buffer of the connection is full."""
        self._paused = True

    def resumeProducing(self) -> None:
        """Continue to write."""
        self._paused = False

    def stopProducing(self) -> None:
        """The client has left, which cancels the route."""
        self._paused = True


@implementer(IPushProducer)
class EventReader:
    """
    A reader of events.

    :param seen: the number of the last event that it has
    :param missed: the number of missed events to report; None if it is unknown

    :ivar host: the only host whose events it reads; None for all hosts
    :ivar kinds: the kinds of events that it reads
    :ivar done: fires when there is no more to read; it is cancelled when the client
        disconnects
    """

    def __init__(
        self,
        request: Request,
        feed: EventFeed,
        host: str | None,
        seen: int,
        missed: int | None,
        kinds: frozenset[EventKind] = USUAL,
    ) -> None:
        self.done: Deferred[None] = Deferred()
        self._request = request
        self._feed = feed
        self.host = host
        self.kinds = kinds
        self._seen = seen
        self._paused = False
        self._timer: IDelayedCall | None = None
        request.registerProducer(self, True)
        # Written at once, so that the client knows that it is listened to.
        self._request.write(_COMMENT if missed == 0 else _dropped(missed))

    async def run(self, updates: DeliveryUpdates | None = None) -> None:
        """
        Write events until the client leaves.

        :param updates: derives the deliveries; without it there are no events of them
        """
        self._arm()
        self._feed.join(self)
        try:
            if updates is None or EventKind.DELIVERY not in self.kinds:
                await self.done
            else:
                with updates:
                    await self._feed.follow(updates)
                    await self.done
        finally:
            self._feed.leave(self)
            if self._timer is not None:
                self._timer.cancel()
                self._timer = None

    def end(self) -> None:
        """There is no more to read."""
        self._request.unregisterProducer()
        if not self.done.called:
            self.done.callback(None)

    def look(self) -> bool:
        """Write some events; return whether there are more."""
        bus = self._feed.bus
        missed = bus.oldest - self._seen - 1
        if self._paused:
            if missed > 0:
                abort(self._request)
            return False
        pieces = []
        if missed > 0:
            pieces.append(_dropped(missed))
            self._seen += missed
        events = bus.behind(self._seen, EVENTS_AT_ONCE)
        for number, event in enumerate(events, self._seen + 1):
            if event[0] in self.kinds and self.host in (None, event[2]):
                pieces.append(self._feed.encode(number, event))
        self._seen += len(events)
        if pieces:
            self._request.write(b"".join(pieces))
        return len(events) == EVENTS_AT_ONCE

    def pauseProducing(self) -> None:
        """Stop writing: the buffer of the connection is full."""
        self._paused = True

    def resumeProducing(self) -> None:
        """Continue to write."""
        self._paused = False
        self._feed.schedule()

    def stopProducing(self) -> None:
        """The client has left, which cancels `done`."""
        self._paused = True

    def _arm(self) -> None:
        self._timer = self._feed.clock.callLater(HEARTBEAT, self._beat)

    def _beat(self) -> None:
        self._arm()
        if not self._paused:
            self._request.write(_COMMENT)


def _dropped(count: int | None) -> bytes:
    return b"event: dropped\ndata: " + orjson.dumps({"count": count}) + b"\n\n"
