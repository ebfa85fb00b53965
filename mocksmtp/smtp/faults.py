"""Replies that are sent late or slowly, as a behavior says."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator
from typing import TypeAlias

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from mocksmtp.behaviors.response import Then
from mocksmtp.smtp.answers import Faulty
from mocksmtp.smtp.output import Output

Wait: TypeAlias = tuple[float, tuple[str, ...]]
"""Seconds, and the ids of the behaviors because of which it is waited so long."""


class ReplyWriter:
    """
    Sends one answer, and waits until what follows it is due.

    :param done: called at the end, unless `start` has come to it
    :ivar begun: whether a part of the reply was sent, and not all
    :ivar sent: whether all of it was
    :ivar released: the ids of the behaviors that it does not wait for any more
    """

    def __init__(
        self,
        answer: Faulty,
        output: Output,
        clock: IReactorTime,
        done: Callable[[], None],
    ) -> None:
        self.begun = self.sent = False
        self.released: set[str] = set()
        self._finishing = False
        self._answer = answer
        self._output = output
        self._clock = clock
        self._done = done
        self._steps = self._run()
        self._waits_for: tuple[str, ...] = ()
        self._call: IDelayedCall | None = None

    def start(self) -> bool:
        """Begin; answer whether there was nothing to wait for, and all is done."""
        return self._advance()

    def release(self, rule: str) -> None:
        """Wait no more because of the behavior with the id `rule`."""
        self.released.add(rule)
        if self._call is not None and rule in self._waits_for:
            self._call.cancel()
            self._wake()

    def finish(self) -> None:
        """Send at once what is left of a reply that has begun, and wait no more."""
        self._stop_timer()
        self._finishing = True
        if self.begun:
            for _ in self._steps:
                pass

    def cancel(self) -> None:
        """Send no more."""
        self._stop_timer()
        self._steps.close()

    @property
    def _hurries(self) -> bool:
        """Whether what is left of the reply is sent without a stop."""
        return self._finishing or not self.released.isdisjoint(self._answer.rules)

    def _stop_timer(self) -> None:
        if self._call is not None:
            self._call.cancel()
            self._call = None

    def _wake(self) -> None:
        self._call = None
        if self._advance():
            self._done()

    def _advance(self) -> bool:
        for seconds, rules in self._steps:
            if seconds and self.released.isdisjoint(rules):
                self._waits_for = rules
                self._call = self._clock.callLater(seconds, self._wake)
                return False
        return True

    def _run(self) -> Generator[Wait, None, None]:
        """Send it, with a stop at each wait."""
        answer, fault, output = self._answer, self._answer.fault, self._output
        rules, wires = answer.rules, answer.wires
        yield fault.delay, rules
        if fault.drip is None:
            if wires:
                output.send(wires, sum(map(len, wires)))
        else:
            interval = fault.drip.interval
            for piece in pieces(wires, fault.drip.octets):
                if self.begun:
                    yield interval, rules
                while output.blocked and not self._hurries:
                    yield interval, rules
                output.send((piece,), len(piece))
                self.begun = True
            self.begun = False
        self.sent = True
        if fault.then is not Then.CONTINUE:
            yield fault.then_delay, () if answer.ender is None else (answer.ender,)


def pieces(wires: Iterable[bytes], size: int) -> Iterator[bytes]:
    """The octets of `wires` in pieces of `size`, of which the last may have fewer."""
    rest = b""
    for wire in wires:
        rest += wire
        start = 0
        while len(rest) - start >= size:
            yield rest[start : start + size]
            start += size
        rest = rest[start:]
    if rest:
        yield rest
