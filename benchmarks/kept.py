"""Where the peers keep their mails: in memory, until they are told to forget."""

import signal
from types import FrameType

FORGET = signal.SIGUSR1
"""Sent to a peer before each round, as mocksmtp's API is asked to start over."""


class Kept:
    """The contents of a round's mails."""

    def __init__(self) -> None:
        self._contents: list[bytes] = []

    def __len__(self) -> int:
        return len(self._contents)

    def keep(self, content: bytes) -> None:
        """Keep a mail's content."""
        self._contents.append(content)

    def forget(self) -> None:
        """Forget every mail."""
        self._contents.clear()

    def forget_on_signal(self) -> None:
        """Forget every mail whenever this process is sent ``FORGET``."""
        signal.signal(FORGET, self._signalled)

    def _signalled(self, number: int, frame: FrameType | None) -> None:
        self.forget()
