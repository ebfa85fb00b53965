"""The default store: mails in memory, and nothing survives the process."""

from __future__ import annotations

from collections.abc import Iterable

from mocksmtp.mail.mailbox import Mailbox
from mocksmtp.mail.quota import Quota
from mocksmtp.store.interface import Document, Key, MailStore, Restored
from mocksmtp.store.replicas import Replicas


class MemoryStore:
    """
    Keeps mails in memory.

    :param quota: the limits of all mailboxes together
    """

    mails: MailStore | None = None
    keeps_state = False
    failure: str | None = None
    replicas: Replicas | None = None

    def __init__(self, quota: Quota | None = None) -> None:
        self.quota = Quota() if quota is None else quota

    def open(self) -> Restored:
        """Return that nothing is stored."""
        return Restored(is_new=True)

    def mailbox(self, host: str) -> Mailbox:
        """A new mailbox."""
        return Mailbox(quota=self.quota)

    def save(self, changes: Iterable[tuple[Key, Document]]) -> None:
        """Store nothing: the state ends with the process."""

    def flush(self) -> None:
        """Wait for nothing."""

    def close(self) -> None:
        """Release nothing."""
