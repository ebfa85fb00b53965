"""What the mailboxes of stores have in common: counts, listeners, arriving content."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from mocksmtp.mail.mail import Mail
from mocksmtp.mail.quota import Quota
from mocksmtp.store.interface import Removal

_log = Logger()

R = TypeVar("R", bound=Removal)


class Counts(Protocol):
    """What a mailbox contains, as far as it is stored."""

    mails: int
    octets: int
    total: int
    total_octets: int
    evictions: int
    evicted: int


class StoredMails(Protocol):
    """What the mails of all hosts do for a mailbox."""

    quota: Quota

    def clear(self, box: Any) -> None:
        """Remove all mails of a mailbox."""

    def close_mailbox(self, box: Any) -> None:
        """Remove a mailbox with its mails."""

    def evict_older(self, box: Any, limit: float) -> Deferred[float | None]:
        """Evict the oldest mails of a mailbox, as long as they arrived before."""


class StoredMailbox:
    """
    The part of `mocksmtp.mail.mailbox.Inbox` that does not depend on the store.

    :ivar mails: the mails of all hosts
    :ivar quota: the limits of all mailboxes; its `used` includes what arrives here
    """

    mails: StoredMails

    def __init__(self, mails: StoredMails) -> None:
        self.mails = mails
        self.quota = mails.quota
        self.arriving = 0
        self.listeners: list[Callable[[Mail], None]] = []
        self.removal_listeners: list[Callable[[list[Mail]], None]] = []

    @property
    def counts(self) -> Counts:
        """The counts that the following report."""
        raise NotImplementedError

    def __len__(self) -> int:
        return self.counts.mails

    @property
    def octets(self) -> int:
        """What the mails use, approximately, in bytes."""
        return self.counts.octets

    @property
    def total(self) -> int:
        """The number of mails received."""
        return self.counts.total

    @property
    def total_octets(self) -> int:
        """The octets of their content."""
        return self.counts.total_octets

    @property
    def evictions(self) -> int:
        """The number of evicted mails."""
        return self.counts.evictions

    @property
    def evicted(self) -> int:
        """The number of the mail evicted last, 0 for none."""
        return self.counts.evicted

    @property
    def max_mails(self) -> int:
        """The maximum number of mails."""
        return self.quota.max_mails

    @property
    def max_bytes(self) -> int:
        """The maximum of what all mails use, approximately, in bytes."""
        return self.quota.max_bytes

    def reserve(self, octets: int) -> bool:
        """Count `octets` of arriving content, which is in memory."""
        if self.quota.arriving + octets > self.quota.max_bytes:
            return False
        self.arriving += octets
        self.quota.arriving += octets
        self.quota.used += octets
        return True

    def release(self, octets: int) -> None:
        """Stop counting `octets` that `reserve` has counted."""
        self.arriving -= octets
        self.quota.arriving -= octets
        self.quota.used -= octets

    def clear(self) -> None:
        """Remove all mails."""
        self.mails.clear(self)

    def close(self) -> None:
        """Remove all mails, and the mailbox."""
        self.mails.close_mailbox(self)

    def evict_older(self, time: float) -> Deferred[float | None]:
        """Evict the oldest mails, as long as they arrived before `time`."""
        return self.mails.evict_older(self, time)

    def report(self, mail: Mail) -> None:
        """Notify the listeners of a stored mail."""
        for listener in tuple(self.listeners):
            listener(mail)


def apart(done: Deferred[R], abandoned: Callable[[R], object]) -> Deferred[Removal]:
    """
    What a request waits for, and may leave; `done` goes on then.

    :param abandoned: called with the result if the request has left
    """
    waiting: Deferred[Removal] = Deferred(lambda _: None)

    def pass_on(result: R | Failure) -> None:
        if not waiting.called:
            waiting.callback(result)
        elif isinstance(result, Failure):
            log_error(result)
        else:
            abandoned(result)

    done.addBoth(pass_on)
    return waiting


def log_error(failure: Failure) -> None:
    """Log what nothing waits for."""
    _log.error("{error}", error=failure.value)
