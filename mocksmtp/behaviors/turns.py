"""How replicas of a service decide by behaviors whose counts they have in common.

Such a decision is made only while its replica has the turn, which one replica has at a
time (`mocksmtp.store.replicas`). An input that may need one waits: nothing of it is
executed before. In the turn it is executed at once, like all inputs that wait at the
replica by then; its replies are sent when the counts that it moved are stored.
"""

from __future__ import annotations

from typing import Protocol


class Undecided(Protocol):
    """An input that waits for the turn: commands, content, or a DNS query."""

    def decide(self) -> None:
        """Execute the input, and hold its replies back: its replica has the turn."""

    def send(self) -> None:
        """Send the replies: the counts are stored."""

    def fail(self, decided: bool) -> None:
        """
        Refuse the input: the store cannot be used.

        :param decided: whether it was executed; its replies are not sent
        """


class Turns(Protocol):
    """The turns of a replica."""

    @property
    def is_current(self) -> bool:
        """
        Whether the replica knows all changes of its state that were confirmed.

        If not, every input waits for the turn.
        """

    def add(self, undecided: Undecided) -> None:
        """Have an input wait for the next turn; one of its methods is called later."""

    def discard(self, undecided: Undecided) -> None:
        """Forget an input that waits: its client has gone."""
