"""Evicts mails that are older than ``--max-age``.

One timer waits until the oldest mail of all hosts reaches that age. Without mails it
waits for `max_age`, because later mails expire after that. So the arrival of a mail
costs nothing.
"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IDelayedCall, IReactorTime

from mocksmtp.mock import Mock

_PAUSE = 0.1
"""Minimum seconds between two evictions."""


class MailAging:
    """
    Evicts old mails from the mailboxes of all hosts.

    :param max_age: the age at which a mail is evicted, in seconds
    """

    def __init__(self, mock: Mock, clock: IReactorTime, max_age: float) -> None:
        self._mock = mock
        self._clock = clock
        self._max_age = max_age
        self._timer: IDelayedCall | None = None
        self._is_stopped = False

    def start(self) -> None:
        """Evict mails that are too old, now and whenever one becomes too old."""
        self._is_stopped = False
        if self._timer is None:
            self._evict()

    def stop(self) -> None:
        """Stop evicting."""
        self._is_stopped = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _evict(self) -> None:
        self._timer = None
        now = self._clock.seconds()
        oldest = now
        for host in self._mock.hosts.values():
            arrived = host.mailbox.evict_older(now - self._max_age)
            if isinstance(arrived, Deferred):
                arrived.addCallback(self._wait)
            elif isinstance(arrived, float):
                oldest = min(oldest, arrived)
        self._wait(oldest)

    def _wait(self, oldest: float | None) -> None:
        """Evict again once the mail that arrived at `oldest` is too old."""
        if oldest is None or self._is_stopped:
            return
        now = self._clock.seconds()
        wait = max(oldest + self._max_age - now, _PAUSE)
        if self._timer is not None:
            if self._timer.getTime() <= now + wait:
                return
            self._timer.cancel()
        self._timer = self._clock.callLater(wait, self._evict)
