"""The turns of this replica, in which shared counts and the state change.

    SMTP and DNS   `add`: inputs wait, and are decided together in the next turn
    HTTP           `take`, change something, `pass_on`

A turn begins by applying the counts that other replicas changed. If a turn fails, its
counts may or may not be stored: they are read again before the next turn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater
from twisted.logger import Logger

from mocksmtp.behaviors.turns import Undecided
from mocksmtp.persistence.state import MockState
from mocksmtp.store.interface import Document, Key, StoreError, awaited
from mocksmtp.store.replicas import Replicas, Turn

SLICE = 0.005
"""The maximum time for deciding inputs in a turn, in seconds; others wait for the next
turn."""


class ReplicaTurns:
    """
    The turns of this replica.

    :param replicas: the replicas that share the store
    :param state: contains the counts
    :param clock: the time

    :ivar is_stale: whether the counts may differ from the stored ones; then the next
        turn reads them again
    """

    log = Logger()

    def __init__(
        self, replicas: Replicas, state: MockState, clock: IReactorTime
    ) -> None:
        self.is_stale = False
        self._replicas = replicas
        self._state = state
        self._clock = clock
        self._seconds = clock.seconds
        self._waiting: dict[Undecided, None] = {}
        self._is_running = False
        # While counts are being stored: what waits for that.
        self._storing: list[Deferred[None]] | None = None

    @property
    def is_current(self) -> bool:
        """Whether this replica has applied all confirmed changes of the state."""
        return self._replicas.is_current

    # Whole turns

    async def take(self) -> Turn:
        """
        Wait for the turn, with the state and the counts of all replicas applied.

        :raises StoreError: the store cannot be used
        """
        turn = await awaited(self._replicas.take_turn())
        try:
            await self._until_stored()
            await self.refresh()
            self._state.apply_counts(turn.counts)
        except BaseException:
            self.is_stale = True
            with suppress(StoreError):
                await awaited(turn.pass_on())
            raise
        return turn

    async def refresh(self) -> None:
        """
        Read the counts again if they may differ from the stored ones.

        :raises StoreError: the store cannot be used
        """
        if self.is_stale:
            await awaited(self._replicas.reload())
            self.is_stale = False

    async def pass_on(self, turn: Turn) -> None:
        """
        Store the changed counts with what was given to the store, and end the turn.

        :raises StoreError: nothing was stored, or the turn was lost
        """
        await self._pass_on(turn, self._state.counts().items())

    async def _pass_on(
        self, turn: Turn, counts: Iterable[tuple[Key, Document]]
    ) -> None:
        try:
            await awaited(turn.pass_on([*counts]))
        except BaseException:
            self.is_stale = True
            raise

    async def _until_stored(self) -> None:
        """Wait for the result of the turn before, which arrives before a new turn."""
        if self._storing is not None:
            waiting: Deferred[None] = Deferred()
            self._storing.append(waiting)
            await waiting

    # Inputs

    def add(self, undecided: Undecided) -> None:
        """Queue an input for the next turn."""
        self._waiting[undecided] = None
        if not self._is_running:
            self._is_running = True
            Deferred.fromCoroutine(self._run())

    def discard(self, undecided: Undecided) -> None:
        """Remove a queued input."""
        self._waiting.pop(undecided, None)

    async def _run(self) -> None:
        """Take turns until no input is queued."""
        began = self._seconds()
        while self._waiting:
            try:
                if await self._decide_in_turn():
                    began = self._seconds()
                elif self._seconds() - began >= SLICE:
                    # Without a store nothing else lets the reactor continue.
                    await deferLater(self._clock, 0)
                    began = self._seconds()
            except Exception:
                self.log.failure("in the turn of this replica")
        self._is_running = False
        await self._refresh_at_rest()

    async def _refresh_at_rest(self) -> None:
        """Read stale counts again, unless the next turn does it."""
        if self.is_stale and not self._is_running and self._storing is None:
            with suppress(StoreError):
                await self.refresh()

    async def _decide_in_turn(self) -> bool:
        """Decide queued inputs; return whether this replica had the turn."""
        try:
            turn = await self.take()
        except Exception as error:
            refused, self._waiting = self._waiting, {}
            self._fail(refused, False)
            if not isinstance(error, StoreError):
                raise
            return False
        decided = self._decide()
        # The next turn is asked for together with the end of this one.
        Deferred.fromCoroutine(self._store(turn, decided))
        return True

    async def _store(self, turn: Turn, decided: Sequence[Undecided]) -> None:
        """Store the counts, and have the decisions take effect."""
        self._storing = []
        try:
            await self._store_moved(turn)
        except StoreError:
            self._fail(decided, True)
        except Exception:
            self.log.failure("while storing counts")
            self._fail(decided, True)
        else:
            self._state.confirm_counts()
            for one in decided:
                self._call(one.send)
        waiting, self._storing = self._storing, None
        for each in waiting:
            each.callback(None)
        await self._refresh_at_rest()

    async def _store_moved(self, turn: Turn) -> None:
        try:
            counts = self._state.moved_counts().items()
        except Exception:
            # The turn must end all the same.
            await self._pass_on(turn, ())
            self.is_stale = True
            raise
        await self._pass_on(turn, counts)

    def _decide(self) -> list[Undecided]:
        """Decide queued inputs for `SLICE` seconds, at least one; return them."""
        decided: list[Undecided] = []
        began = self._seconds()
        while self._waiting:
            one = next(iter(self._waiting))
            del self._waiting[one]
            if self._call(one.decide):
                decided.append(one)
            else:
                self._call(partial(one.fail, True))
            if self._seconds() - began >= SLICE:
                break
        return decided

    def _fail(self, inputs: Iterable[Undecided], decided: bool) -> None:
        for one in inputs:
            self._call(partial(one.fail, decided))

    def _call(self, function: Callable[[], None]) -> bool:
        try:
            function()
        except Exception:
            self.log.failure("while deciding in the turn of this replica")
            return False
        return True
