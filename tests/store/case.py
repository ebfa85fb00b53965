"""Stores for tests, and what tests do with them."""

from __future__ import annotations

import os
from collections.abc import Awaitable
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.grammar.address import Address
from mocksmtp.grammar.command import Parameter
from mocksmtp.mail.mail import Envelope, Mail, Origin, Recipient
from mocksmtp.mail.mailbox import Inbox
from mocksmtp.mail.quota import Quota
from mocksmtp.store.interface import Restored, Store
from mocksmtp.store.memory import MemoryStore
from mocksmtp.store.sqlite.store import FileSettings, FileStore
from mocksmtp.store.worker import InlineWorker

ORIGIN = Origin("7", "192.0.2.9", "client.test", "default")


class StoreCase(SynchronousTestCase):
    """A store that is open, and its clock."""

    store: Store
    restored: Restored

    def setUp(self) -> None:
        self.clock = Clock()
        self.open()
        self.addCleanup(self.close)

    def new_store(self, quota: Quota) -> Store:
        """The store that is tested."""
        raise NotImplementedError

    def open(self, **limits: Any) -> None:
        """Open the store."""
        self.store = self.new_store(Quota(**limits))
        restored = self.store.open()
        assert isinstance(restored, Restored)
        self.restored = restored
        self.box = self.store.mailbox("default")

    def close(self) -> None:
        """Close the store."""
        self.result(self.store.close())

    def result(self, value: Any) -> Any:
        """The result of what a method of the store returns."""
        if not isinstance(value, Awaitable):
            return value

        async def wait() -> Any:
            return await value

        waiting = Deferred.fromCoroutine(wait())
        for _ in range(20):
            self.clock.advance(0)
        return self.successResultOf(waiting)

    def keep(
        self,
        content: bytes = b"Subject: hi\r\n\r\ntext\r\n",
        to: tuple[str, ...] = ("alice@x.test",),
        box: Inbox | None = None,
        at: float = 1_700_000_000.125,
    ) -> Mail:
        """Have a mailbox keep a mail; return that."""
        recipients = tuple(
            Recipient(Address(one), (Parameter("NOTIFY", "NEVER"),)) for one in to
        )
        envelope = Envelope(
            Address("bob@X.test"), (Parameter("RET", "HDRS"),), recipients
        )
        box = self.box if box is None else box
        mail = self.result(box.keep(envelope, content, at, ORIGIN))
        assert isinstance(mail, Mail)
        return mail


class MemoryCase(StoreCase):
    """A store in memory."""

    def new_store(self, quota: Quota) -> Store:
        return MemoryStore(quota)


class FileCase(StoreCase):
    """
    A store in a file, whose work is done at once.

    :ivar path: the file
    """

    store: FileStore
    path: str

    def new_store(self, quota: Quota) -> Store:
        if not hasattr(self, "path"):
            self.path = os.path.abspath(self.mktemp())
        settings = FileSettings(self.path)
        worker = InlineWorker()
        return FileStore(settings, quota, self.clock, worker, worker)

    def reopen(self, **limits: Any) -> None:
        """Close the file, and open it again."""
        self.close()
        self.open(**limits)
