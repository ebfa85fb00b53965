"""Sessions with their transactions, as documents of the store."""

from __future__ import annotations

from mocksmtp.mock import Mock
from mocksmtp.persistence.state import Changes
from mocksmtp.store.interface import State


class SessionsState:
    """The sessions of all journals, compared with what is stored of them."""

    def __init__(self, mock: Mock) -> None:
        self._mock = mock
        self.last = 0

    def changes(self) -> Changes:
        """The documents of all that has changed."""
        return {}

    def restore(self, state: State) -> int:
        """Restore all sessions; return their number."""
        return 0
