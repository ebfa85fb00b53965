"""The event bus of a replica: events of all replicas, in one order.

Rules:

- Each replica publishes what happens on it, as long as any replica has readers, and
  `LINGER` after. Which ones have, they tell each other every `PERIOD`.
- Only a replica with readers receives events; it asks the store for those before.
- The numbers are those of the store, so that a reader can continue on any replica.
- Deliveries are derived where readers ask for them. Of several such replicas the first
  by name publishes their changes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Collection, Sequence
from itertools import pairwise
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from mocksmtp.events import (
    Event,
    EventBus,
    EventKind,
    document_octets,
    told_document,
)
from mocksmtp.mock import Mock
from mocksmtp.sessions.deliveries import Delivery
from mocksmtp.store.interface import Document, StoreError, awaited
from mocksmtp.store.replicas import Replicas

PERIOD = 2.0
"""Seconds between two times at which the others are told that there are readers."""

COMMAND = "recordEvents"
"""The command by which they are told."""

_EXPENSIVE = (EventKind.EXCHANGE, EventKind.DELIVERY)
"""Kinds that are recorded only for readers of them."""


class SharedEventBus(EventBus):
    """
    The last events of all replicas, under the same ids on each.

    :param clock: the reactor
    """

    log = Logger()

    def __init__(self, mock: Mock, clock: IReactorTime, replicas: Replicas) -> None:
        super().__init__(mock, clock.seconds)
        self._clock = clock
        self._replicas = replicas
        self._outgoing: list[Document] = []
        self._sending: IDelayedCall | None = None
        self._telling: IDelayedCall | None = None
        self._opened = 0
        self._delivery_readers = 0
        # Events that arrive while those before are asked for, one list for each reader.
        self._arriving: list[dict[int, Document]] = []
        # Until when other replicas publish the changes of deliveries.
        self._publishers: dict[str, float] = {}

    def activate(self) -> None:
        """Begin to record events."""
        super().activate()
        self.first = 1

    def deactivate(self) -> None:
        """Stop recording, and discard the kept events; the store still has them."""
        last = self.last
        super().deactivate()
        self.last = last

    async def open(self, kinds: Collection[EventKind], known: int | None) -> None:
        """
        Have all replicas record events for a reader, and receive them.

        :raises StoreError: the store cannot be reached
        """
        self.activate()
        self._replicas.watch()
        self._opened += 1
        arriving: dict[int, Document] = {}
        self._arriving.append(arriving)
        try:
            await self._tell(kinds)
            after = self.last if known is None else min(known, self.last)
            arriving.update(await awaited(self._replicas.events_after(after)))
        except BaseException:
            self.close()
            raise
        finally:
            self._arriving.remove(arriving)
            self._take(arriving)
        if self._telling is None:
            self._telling = self._clock.callLater(PERIOD, self._tell_again)

    def close(self) -> None:
        """Receive no more events for a reader."""
        self._opened -= 1
        self._replicas.unwatch()
        if not self._opened and self._telling is not None:
            self._telling.cancel()
            self._telling = None

    def join(self, kinds: Collection[EventKind]) -> None:
        """Register a reader of these kinds; unregister it with `leave`."""
        super().join(kinds)
        self._delivery_readers += EventKind.DELIVERY in kinds

    def leave(self, kinds: Collection[EventKind]) -> None:
        """Unregister a reader of these kinds."""
        super().leave(kinds)
        if EventKind.DELIVERY in kinds:
            self._delivery_readers -= 1
            if not self._delivery_readers:
                # Another one may have to publish their changes from now on.
                self._tell_soon()

    async def _tell(self, kinds: Collection[EventKind]) -> None:
        """Request that the other replicas record events."""
        wanted = {kind for kind in _EXPENSIVE if kind in kinds}
        if self._exchange_readers:
            wanted.add(EventKind.EXCHANGE)
        if self._delivery_readers:
            wanted.add(EventKind.DELIVERY)
        names = sorted(kind.value for kind in wanted)
        command = {"do": COMMAND, "from": self._replicas.name, "kinds": names}
        asking = self._replicas.ask(command)
        if isinstance(asking, Awaitable):
            await asking

    def _tell_again(self) -> None:
        self._telling = self._clock.callLater(PERIOD, self._tell_again)
        self._tell_soon()

    def _tell_soon(self) -> None:
        Deferred.fromCoroutine(self._tell(())).addErrback(self._report)

    def _report(self, failure: Failure) -> None:
        # The store reports itself that it cannot be reached.
        if failure.check(StoreError) is None:
            self.log.failure("while telling other replicas of readers", failure)

    def record_for(self, command: Document) -> None:
        """Record events: another replica has readers."""
        now, kinds = self._seconds(), command["kinds"]
        self.activate()
        if not self._readers:
            self._left_at = now
        if EventKind.EXCHANGE.value in kinds:
            self._follow_exchanges()
            if not self._exchange_readers:
                self._exchange_left_at = now
        if EventKind.DELIVERY.value in kinds:
            self._publishers[command["from"]] = now + 2 * PERIOD
        else:
            self._publishers.pop(command["from"], None)

    def publish(
        self, kind: EventKind, at: float, host: str | None, data: Any, octets: int
    ) -> None:
        """Give an event to all replicas, this one too, at the end of this turn."""
        if self._has_lingered:
            self.deactivate()
            return
        told = told_document(kind, data)
        self._outgoing.append(
            {"kind": kind.value, "at": at, "host": host, "told": told}
        )
        if self._sending is None:
            self._sending = self._clock.callLater(0, self._send)

    def _send(self) -> None:
        self._sending = None
        outgoing, self._outgoing = self._outgoing, []
        self._replicas.publish(outgoing)

    def arrived(self, events: Sequence[tuple[int, Document]]) -> None:
        """The store has numbered these events of all replicas."""
        for arriving in self._arriving:
            arriving.update(events)
        if self._opened and not self._arriving:
            self._take(dict(events))

    def _take(self, events: dict[int, Document]) -> None:
        """Keep events, as far as they follow each other up to the last one."""
        new = sorted(events)
        if not new:
            return
        if new[0] == self.last + 1 and new[-1] == self.last + len(new):
            for number in new:
                self._keep(_event_of(events[number]))
            return
        # Some are missing, or older than those that are kept: begin anew.
        kept = dict(enumerate(self._events, self.oldest))
        numbers = sorted({*new, *kept})
        gaps = (
            place
            for place, (one, other) in enumerate(pairwise(numbers), 1)
            if other > one + 1
        )
        numbers = numbers[max(gaps, default=0) :]
        self._events.clear()
        self.octets, self.last = 0, numbers[0] - 1
        for number in numbers:
            self._keep(kept.get(number) or _event_of(events[number]))

    def follow_deliveries(self) -> None:
        """Begin to record changes of deliveries, those after the last that is kept."""
        if self.follows_deliveries:
            return
        super().follow_deliveries()
        since = [at for kind, at, *_ in self._events if kind is EventKind.DELIVERY]
        if since:
            for delivery in self._mock.deliveries.deliveries():
                if delivery.attempts[-1].decided_at > since[-1]:
                    self._delivery_changed(delivery)

    def _delivery_changed(self, delivery: Delivery) -> None:
        now, name = self._seconds(), self._replicas.name
        if not any(
            other < name and until > now for other, until in self._publishers.items()
        ):
            super()._delivery_changed(delivery)


def _event_of(document: Document) -> Event:
    """An event that was published."""
    told = document["told"]
    kind, octets = EventKind(document["kind"]), document_octets(told)
    return kind, document["at"], document["host"], told, octets
