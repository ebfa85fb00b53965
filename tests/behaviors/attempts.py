"""Attempts without a connection: what a test says they are."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from twisted.internet.task import Clock

from mocksmtp.behaviors.target import Target


class FakeAttempt:
    """
    An attempt of which all is given.

    :param values: by the targets' names; a list for several, None for none

    :ivar asked: the targets that were asked for, in order
    """

    def __init__(self, clock: Clock | None = None, **values: object) -> None:
        self.clock = Clock() if clock is None else clock
        self.connection: Hashable = values.pop("connection", 1)
        self.transaction: Hashable = values.pop("transaction", None)
        self.given = {name.replace("__", ":"): value for name, value in values.items()}
        self.asked: list[str] = []
        self.looked_at_clock = 0

    def values(self, target: Target) -> Sequence[bytes]:
        """Those that were given."""
        self.asked.append(str(target))
        value = self.given.get(str(target))
        if value is None:
            return ()
        values = value if isinstance(value, list) else [value]
        return [v if isinstance(v, bytes) else str(v).encode() for v in values]

    def seconds(self) -> float:
        """What the clock says."""
        self.looked_at_clock += 1
        return self.clock.seconds()
