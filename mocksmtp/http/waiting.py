"""Waiting until as many entries of a list match as a request asks for.

One mechanism for all lists (`mocksmtp.http.paging.Listing`). Rules:

- A waiter tests all entries when it begins, and then only changed entries.
- It stores the numbers of matching entries, so that it does not keep evicted ones.
- It is done when enough matches were found, are still kept and still match, and did not
  change for its settling time; or when its time has expired. The response contains the
  matches that are kept then.
- Waiters are indexed by their filters: an entry that no request waits for costs no more
  with many waiters than with one.
- The changes of one turn of the reactor are tested together, in slices. At most
  `MAX_CHANGES` are buffered.
- With replicas, entries of other replicas arrive immediately while a waiter exists. A
  waiter tests the entries of all replicas when it begins, and before its time expires.
- Without waiters, no list has a listener and no call is scheduled.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, Generic, TypeVar

import attrs
from twisted.internet.defer import Deferred, DeferredList
from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.logger import Logger
from twisted.python.failure import Failure

from mocksmtp.documents.problems import DocumentError, Problem
from mocksmtp.documents.units import shown_duration
from mocksmtp.http.paging import (
    NEWEST,
    Found,
    Listing,
    Page,
    Span,
    WaitingKey,
    add_total,
    cut,
    find_page,
    matches,
)
from mocksmtp.http.parameters import duration_up_to, parameter, whole_number
from mocksmtp.http.responses import Slices
from mocksmtp.mock import Mock

T = TypeVar("T")
C = TypeVar("C")

_log = Logger()


def _report(failure: Failure) -> None:
    _log.failure("while waiting for matches", failure)


MAX_WAIT = 600.0
"""Seconds that a request may wait at most."""

PAUSE = 0.005
"""Seconds between two looks at changes that follow each other: each look is one more
turn of the reactor."""

BITE = 100
"""How many matches a waiter has before it first checks which of them are kept."""

MAX_CHANGES = 10_000
"""How many changes may be held; with more, they are looked at immediately."""


@attrs.frozen
class Waiting:
    """
    How many matches a request waits for.

    :ivar count: how many matches; 1 where only a time is given
    :ivar wait: seconds; 0 answers immediately
    :ivar settle: seconds for which the matches must not have changed
    """

    count: int = parameter("count", whole_number, default=1)
    wait: float = parameter("wait", duration_up_to(MAX_WAIT), default=0.0)
    settle: float = parameter("settle", duration_up_to(MAX_WAIT), default=0.0)

    def __attrs_post_init__(self) -> None:
        if self.settle > self.wait:
            settle, wait = shown_duration(self.settle), shown_duration(self.wait)
            message = f"must not be longer than wait ({wait}), got {settle}"
            raise DocumentError(Problem("?settle", message))


class Waiter(Generic[T, C]):
    """
    A request that waits for matches.

    :param span: the range of entries in which matches count

    :ivar catch_up: tests all buffered changes
    :ivar settle: waits for the changes of other replicas; None without replicas
    :ivar done: fires when the waiter is done
    :ivar satisfied: whether enough matches were found
    """

    def __init__(
        self,
        listing: Listing[T, C],
        span: Span,
        waiting: Waiting,
        clock: IReactorTime,
    ) -> None:
        self.listing = listing
        self.catch_up: Callable[[], None] = lambda: None
        self.settle: Callable[[], Awaitable[None]] | None = None
        self.done: Deferred[None] = Deferred()
        self.satisfied = False
        self._span = span
        self._count = waiting.count
        self._settle = waiting.settle
        self._clock = clock
        self._numbers: dict[int, None] = {}
        self._check_at = float("inf")  # not before all entries were looked at
        self._changed_at = clock.seconds()
        self._timer: IDelayedCall | None = None
        self._tests: dict[Deferred[None], None] = {}
        self._stopped = False

    async def begin(self) -> None:
        """Test the existing entries."""
        last = self.listing.last
        span = attrs.evolve(self._span, before=min(self._span.before, last + 1))
        found = await matches(self.listing, span, self._clock)
        self._numbers |= dict.fromkeys(map(self.listing.number, found))
        del found
        await self._look()

    def offer(self, change: C) -> None:
        """Test a changed entry."""
        found = self.listing.matched_by(change)
        if found is None or isinstance(found, int):
            self._match(found)
        else:
            self._later(self._match_later(found))

    async def _match_later(self, found: Awaitable[int | None]) -> None:
        self._match(await found)

    def _later(self, test: Coroutine[Any, Any, None]) -> None:
        """Run a test that waits for the store; the wait does not end before it."""
        testing = Deferred.fromCoroutine(test)
        if testing.called:
            testing.addErrback(_report)
            return
        self._tests[testing] = None
        testing.addErrback(_report)
        testing.addBoth(lambda _: self._tests.pop(testing))

    def _match(self, number: int | None) -> None:
        """Count an entry as a match, unless the wait is over."""
        if number is None or self._stopped or not self._span.has(number):
            return
        self._numbers[number] = None
        self._changed_at = self._clock.seconds()
        if len(self._numbers) >= self._check_at:
            self.check()

    def check(self) -> None:
        """Be done if there are enough and they are settled."""
        asked, found = self._asked()
        if isinstance(found, list):
            self._check(asked, found)
        else:
            self._later(self._check_later(asked, found))

    async def _look(self) -> None:
        """As `check`, and wait for its result."""
        asked, found = self._asked()
        if isinstance(found, list):
            self._check(asked, found)
        else:
            await self._check_later(asked, found)

    def _asked(self) -> tuple[list[int], list[T] | Awaitable[list[T]]]:
        """The numbers of the matches, and those matches that are kept."""
        asked = sorted(self._numbers)
        self._check_at = float("inf")
        return asked, self.listing.kept(asked)

    async def _check_later(self, asked: list[int], found: Awaitable[list[T]]) -> None:
        self._check(asked, await found)

    def _check(self, asked: list[int], found: list[T]) -> None:
        """Finish if enough matches are still kept.

        :param asked: the numbers of the matches
        :param found: the matches that are kept
        """
        if self._stopped:
            return
        for number in {*asked}.difference(map(self.listing.number, found)):
            self._numbers.pop(number, None)
        most = 2 * len(self._numbers) + BITE
        if len(self._numbers) < self._count:
            self._check_at = min(self._count, most)
            return
        unsettled = self._changed_at + self._settle - self._clock.seconds()
        if unsettled <= 0:
            self.satisfied = True
            self.finish()
            return
        self._check_at = most
        if self._timer is None:
            self._timer = self._clock.callLater(unsettled, self._check_settled)

    def _check_settled(self) -> None:
        self._timer = None
        self._look_again(self.check)

    def _look_again(self, then: Callable[[], None]) -> None:
        """Test all changes so far, of all replicas."""
        if self.settle is None:
            self.catch_up()
            then()
        else:
            looking = Deferred.fromCoroutine(self._look_at_all(self.settle, then))
            looking.addErrback(self._fail)

    async def _look_at_all(
        self, settle: Callable[[], Awaitable[None]], then: Callable[[], None]
    ) -> None:
        await settle()
        self.catch_up()
        then()

    def _fail(self, failure: Failure) -> None:
        if not self.done.called:
            self.done.errback(failure)

    def give_up(self) -> None:
        """Look once more, and wait no longer: the time is up."""
        self._look_again(self._finish_when_tested)

    def _finish_when_tested(self) -> None:
        # Without replicas, what is not tested when the time is up came too late. With
        # them, it may have come in time, to another one.
        if self._tests and self.settle is not None:
            ending = Deferred.fromCoroutine(self._finish_later())
            ending.addErrback(self._fail)
        else:
            self.finish()

    async def _finish_later(self) -> None:
        while self._tests:
            await DeferredList([*self._tests])
        await self._look()
        self.finish()

    def finish(self) -> None:
        """Wait no longer."""
        if not self.done.called:
            self.done.callback(None)

    def stop(self) -> None:
        """Cancel all scheduled calls."""
        self._stopped = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    async def found(self) -> list[T]:
        """The matches that are kept now, the oldest first."""
        found = self.listing.kept(sorted(self._numbers))
        return found if isinstance(found, list) else await found


class Watch(Generic[C]):
    """
    The waiters for lists of one kind, and the changes of all these lists.

    :param kind: the class of their listings
    """

    def __init__(
        self, kind: type[Listing[Any, C]], mock: Mock, clock: IReactorTime
    ) -> None:
        self._kind = kind
        self._mock = mock
        self._replicas = mock.store.replicas
        self._clock = clock
        # Dictionaries, because they keep the order and remove in constant time.
        self._waiters: dict[WaitingKey, dict[Waiter[Any, C], None]] = {}
        self._changes: deque[C] = deque()
        self._next = float("-inf")
        self._revoke: Callable[[], None] | None = None
        self._round: IDelayedCall | None = None

    @property
    def idle(self) -> bool:
        """Whether no request waits."""
        return not self._waiters

    async def wait(self, waiter: Waiter[Any, C], deadline: float) -> None:
        """Wait until `waiter` is done, or until `deadline` in seconds."""
        self._join(waiter)
        timer = None
        try:
            if waiter.settle is not None:
                await waiter.settle()
            await waiter.begin()
            left = deadline - self._clock.seconds()
            if waiter.done.called:
                pass
            elif left <= 0:
                waiter.give_up()
            else:
                timer = self._clock.callLater(left, waiter.give_up)
            await waiter.done
        finally:
            if timer is not None and timer.active():
                timer.cancel()
            waiter.stop()
            self._leave(waiter)

    def end(self, host: str) -> None:
        """Finish the waiters for `host`, which was removed."""
        for waiters in tuple(self._waiters.values()):
            for waiter in tuple(waiters):
                if waiter.listing.host == host:
                    waiter.finish()

    def _join(self, waiter: Waiter[Any, C]) -> None:
        waiter.catch_up = self._catch_up
        if self._replicas is not None:
            self._replicas.watch()
            waiter.settle = partial(self._settle, waiter.listing)
        self._waiters.setdefault(waiter.listing.key, {})[waiter] = None
        if self._revoke is None:
            self._revoke = self._kind.listen(self._mock, self.note)

    async def _settle(self, listing: Listing[Any, C]) -> None:
        """Know of all that any replica did before."""
        assert self._replicas is not None
        settling = self._replicas.settle()
        if settling is not None:
            await settling
        listing.derive(self._clock.seconds())

    def _leave(self, waiter: Waiter[Any, C]) -> None:
        if self._replicas is not None:
            self._replicas.unwatch()
        others = self._waiters[waiter.listing.key]
        del others[waiter]
        if not others:
            del self._waiters[waiter.listing.key]
        if self._waiters or self._revoke is None:
            return
        self._revoke()
        self._revoke = None
        self._changes.clear()
        if self._round is not None:
            self._round.cancel()
            self._round = None

    def note(self, change: C) -> None:
        """Buffer a change, if a waiter can match it."""
        if not any(key in self._waiters for key in self._kind.keys(change)):
            return
        self._changes.append(change)
        if len(self._changes) >= MAX_CHANGES:
            self._catch_up()
        elif self._round is None:
            # The first change is looked at in the next turn, those that follow it
            # together after a pause.
            now = self._clock.seconds()
            self._next = max(now, self._next)
            self._round = self._clock.callLater(self._next - now, self._look)
            self._next += PAUSE

    def _look(self) -> None:
        """Test buffered changes for a slice of time."""
        self._round = None
        slices = Slices(self._clock)
        while self._changes and not slices.over:
            self._offer(self._changes.popleft())
        if self._changes:
            self._round = self._clock.callLater(0, self._look)

    def _catch_up(self) -> None:
        while self._changes:
            self._offer(self._changes.popleft())

    def _offer(self, change: C) -> None:
        for key in self._kind.keys(change):
            for waiter in tuple(self._waiters.get(key, ())):
                if not waiter.done.called:
                    waiter.offer(change)


class Watches:
    """What requests for lists wait for, a `Watch` for each kind of list."""

    def __init__(self, mock: Mock, clock: IReactorTime) -> None:
        self._mock = mock
        self._clock = clock
        self._watches: dict[type[Listing[Any, Any]], Watch[Any]] = {}

    async def wait(
        self,
        listing: Listing[T, Any],
        waiting: Waiting,
        span: Span | None = None,
        deadline: float | None = None,
    ) -> Waiter[T, Any]:
        """
        Wait for matches of a range, and return the waiter with the matches.

        :param deadline: a time in seconds that replaces the deadline of `waiting`
        """
        if deadline is None:
            deadline = self._clock.seconds() + waiting.wait
        kind = type(listing)
        watch = self._watches.setdefault(kind, Watch(kind, self._mock, self._clock))
        waiter = Waiter(listing, span or Span(), waiting, self._clock)
        try:
            await watch.wait(waiter, deadline)
        finally:
            if watch.idle:
                self._watches.pop(kind, None)
        return waiter

    async def find(
        self, listing: Listing[T, Any], page: Page, waiting: Waiting
    ) -> Found[T]:
        """
        The matches of a page, once there are enough or the time is up.

        :raises HttpProblem: 410
        """
        if not waiting.wait:
            return await find_page(listing, page, self._clock)
        await listing.check(page.span)
        waiter = await self.wait(listing, waiting, page.span)
        ordered = await waiter.found()
        if page.newest_first:
            ordered.reverse()
        return await add_total(listing, cut(listing, page, ordered), self._clock)

    async def newest(self, listing: Listing[T, Any], waiting: Waiting) -> Found[T]:
        """The newest match, if there is one when the wait is over."""
        return await self.find(listing, NEWEST, waiting)

    def note(self, kind: type[Listing[Any, C]], change: C) -> None:
        """Test a change that the lists of this kind do not report."""
        if kind in self._watches:
            self._watches[kind].note(change)

    def end(self, host: str) -> None:
        """Finish the waiters for `host`, which was removed."""
        for watch in tuple(self._watches.values()):
            watch.end(host)
