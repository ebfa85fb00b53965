"""Threads that do what takes long, one piece of work after the other, or that tick.

`twisted.enterprise.adbapi` is not used: it makes each piece of work a transaction of
its own, in a thread of a pool. Here one transaction has all the work that is there
(`writer`), a connection belongs to one thread, and the end is waited for.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any, Protocol, TypeAlias, TypeVar

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorFromThreads
from twisted.python.failure import Failure

T = TypeVar("T")

Work: TypeAlias = Callable[[], Any]


class Worker(Protocol):
    """Calls functions elsewhere, in order."""

    def run(self, work: Callable[[], T]) -> Deferred[T]:
        """Call `work`; the Deferred fires with what it returns or raises."""

    def stop(self) -> None:
        """Wait for the end of what was begun, and do nothing more."""


class ThreadWorker:
    """
    A thread, which starts at the first work, so that a daemon can fork before.

    :param name: the name of the thread
    """

    def __init__(self, reactor: IReactorFromThreads, name: str) -> None:
        self._reactor = reactor
        self._name = name
        self._queue: SimpleQueue[tuple[Work, Deferred[Any]] | None] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def run(self, work: Callable[[], T]) -> Deferred[T]:
        """Call `work` in the thread."""
        if self._thread is None:
            self._thread = threading.Thread(
                target=self._work, name=self._name, daemon=True
            )
            self._thread.start()
        done: Deferred[T] = Deferred(lambda _: None)
        self._queue.put((work, done))
        return done

    def stop(self) -> None:
        """End the thread."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _work(self) -> None:
        while (one := self._queue.get()) is not None:
            work, done = one
            try:
                result = work()
            except BaseException:
                result = Failure()
            self._reactor.callFromThread(_fire, done, result)
            # Nothing is kept until the next work.
            del one, work, done, result


def _fire(done: Deferred[Any], result: Any) -> None:
    if not done.called:
        done.callback(result)


class Ticker:
    """
    Calls a function periodically, also while the clock of the system jumps.

    The timers of the reactor go by that clock: set back by an hour, they are an hour
    late.

    :param period: in seconds
    """

    def __init__(self, reactor: IReactorFromThreads, period: float) -> None:
        self._reactor = reactor
        self._period = period

    def start(self, function: Callable[[], None]) -> Callable[[], None]:
        """
        Begin to call `function`; return what ends that.

        It is called once after a time in which the reactor did not turn.
        """
        stopped, waiting = threading.Event(), threading.Event()

        def tick() -> None:
            waiting.clear()
            if not stopped.is_set():
                function()

        def wait() -> None:
            while not stopped.wait(self._period):
                if not waiting.is_set():
                    waiting.set()
                    self._reactor.callFromThread(tick)

        threading.Thread(target=wait, name="store-ticker", daemon=True).start()
        return stopped.set


class InlineWorker:
    """Calls each function at once, for tests."""

    def run(self, work: Callable[[], T]) -> Deferred[T]:
        """Call `work` now."""
        done: Deferred[T] = Deferred(lambda _: None)
        try:
            done.callback(work())
        except Exception:
            done.errback(Failure())
        return done

    def stop(self) -> None:
        """There is nothing to wait for."""
