"""``mocksmtp serve`` from the inside; `tests.test_programs` runs it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.cli.serving import end_on_sigterm


class Starting:
    """A reactor that does not run yet."""

    def __init__(self) -> None:
        self.then: list[Callable[[], None]] = []
        self.stopped = 0

    def callWhenRunning(self, function: Callable[[], None]) -> None:
        self.then.append(function)

    def stop(self) -> None:
        self.stopped += 1


class SigtermTests(SynchronousTestCase):
    """`end_on_sigterm`"""

    def test_a_service_that_is_still_starting_ends_once_it_runs(self) -> None:
        """However often it is told to."""
        before = signal.getsignal(signal.SIGTERM)
        self.addCleanup(signal.signal, signal.SIGTERM, before)
        reactor = Starting()
        end_on_sigterm(reactor)
        for _ in range(3):
            os.kill(os.getpid(), signal.SIGTERM)
        self.assertEqual(reactor.stopped, 0)
        for function in reactor.then:
            function()
        self.assertEqual(reactor.stopped, 1)
