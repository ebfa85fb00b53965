"""Evicts mails that are older than ``--max-age``.

One timer waits until the oldest mail of all hosts reaches that age. Without mails it
waits for `max_age`, because later mails expire after that. So the arrival of a mail
costs nothing.
"""

from __future__ import annotations

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

    def start(self) -> None:
        """Evict mails that are too old, now and whenever one becomes too old."""
        if self._timer is None:
            self._evict()

    def stop(self) -> None:
        """Stop evicting."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _evict(self) -> None:
        now = self._clock.seconds()
        oldest = now
        for host in self._mock.hosts.values():
            arrived = host.mailbox.evict_older(now - self._max_age)
            if arrived is not None:
                oldest = min(oldest, arrived)
        wait = max(oldest + self._max_age - now, _PAUSE)
        self._timer = self._clock.callLater(wait, self._evict)
