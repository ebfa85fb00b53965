"""A reactor whose time can be moved on, so that nothing has to wait for it."""

from __future__ import annotations

from typing import Any

from zope.interface import directlyProvides, providedBy


class SkippingReactor:
    """
    All that a reactor is, with a time of its own.

    :param reactor: what does the work
    """

    def __init__(self, reactor: Any) -> None:
        self._reactor = reactor
        self._ahead = 0.0
        self._calls: list[Any] = []
        directlyProvides(self, *providedBy(reactor))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._reactor, name)

    def seconds(self) -> float:
        """The time, which is ahead of that of others by what was skipped."""
        return float(self._reactor.seconds()) + self._ahead

    def callLater(self, delay: float, what: Any, *args: Any, **named: Any) -> Any:
        """Call `what` after `delay` seconds, or as soon as these were skipped."""
        call = self._reactor.callLater(delay, what, *args, **named)
        self._calls = [one for one in self._calls if one.active()]
        self._calls.append(call)
        return call

    def skip(self, seconds: float) -> None:
        """Be so much later; what has become due is called in its order."""
        self._ahead += seconds
        now = self._reactor.seconds()
        active = [call for call in self._calls if call.active()]
        for call in sorted(active, key=lambda call: float(call.getTime())):
            call.reset(max(0.0, call.getTime() - now - seconds))
