"""Faults performed on a transport: what is said late, slowly, or not at all."""

from __future__ import annotations

from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.internet.task import deferLater

from mocksmtp.model.fault import Fault, Then
from mocksmtp.smtp.sending import send


class Performance:
    """
    One answer on its way, as a fault has it.

    :param octets: what is to be said
    """

    def __init__(
        self, octets: bytes, fault: Fault, transport: Any, clock: IReactorTime
    ) -> None:
        self._octets = octets
        self._fault = fault
        self._transport = transport
        self._clock = clock
        self._hurried = False
        self._pause: Deferred[None] | None = None

    async def run(self) -> None:
        """Say it, and wait until what follows is due; cancelling leaves no timer."""
        fault, octets = self._fault, self._octets
        await self._wait(fault.delay)
        if fault.drip is None:
            send(self._transport, octets)
        else:
            step = fault.drip.octets
            for start in range(0, len(octets), step):
                if start:
                    await self._wait(fault.drip.interval)
                send(self._transport, octets[start : start + step])
        if fault.then is not Then.CONTINUE:
            await self._wait(fault.then_delay)

    def hurry(self) -> None:
        """Wait for nothing any more."""
        self._hurried = True
        if self._pause is not None:
            self._pause.cancel()

    async def _wait(self, seconds: float) -> None:
        if not seconds or self._hurried:
            return
        self._pause = deferLater(self._clock, seconds)
        try:
            await self._pause
        except Exception:
            if not self._hurried:
                raise
        finally:
            self._pause = None
