"""How replicas of a service decide by behaviors whose counts they share.

A replica makes such a decision only while it has the turn, which one replica has at a
time (`mocksmtp.store.replicas`). An input that may need such a decision is queued:
nothing of it is executed before. In the turn, all queued inputs of the replica are
executed; their replies are sent when the changed counts are stored.
"""

from __future__ import annotations

from typing import Protocol


class Undecided(Protocol):
    """A queued input: commands, content, or a DNS query."""

    def decide(self) -> None:
        """Execute the input without sending its replies; the replica has the turn."""

    def send(self) -> None:
        """Send the replies; the counts are stored."""

    def fail(self, decided: bool) -> None:
        """
        Refuse the input, because the store cannot be used.

        :param decided: whether the input was executed; its replies are not sent
        """


class Turns(Protocol):
    """The turns of a replica."""

    @property
    def is_current(self) -> bool:
        """
        Whether the replica has applied all confirmed changes of the state.

        If not, every input is queued.
        """

    def add(self, undecided: Undecided) -> None:
        """Queue an input for the next turn; one of its methods is called later."""

    def discard(self, undecided: Undecided) -> None:
        """Remove a queued input, whose client has disconnected."""
