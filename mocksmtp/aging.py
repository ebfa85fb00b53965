"""Evicting mails that are older than ``--max-age``.

Nothing is done when a mail arrives. One timer waits until the oldest mail of all hosts
is too old; while there is no mail it waits for `max_age`, for later mails are younger.
"""

from __future__ import annotations

from twisted.internet.interfaces import IDelayedCall, IReactorTime

from mocksmtp.mock import Mock

_PAUSE = 0.1
"""The shortest time from one eviction to the next, in seconds."""


class MailAging:
    """
    Evicts old mails from the mailboxes of all hosts.

    :param max_age: the age from which a mail is evicted, in seconds
    """

    def __init__(self, mock: Mock, clock: IReactorTime, max_age: float) -> None:
        self._mock = mock
        self._clock = clock
        self._max_age = max_age
        self._timer: IDelayedCall | None = None

    def start(self) -> None:
        """Evict what is too old, now and from now on."""
        if self._timer is None:
            self._evict()

    def stop(self) -> None:
        """Evict nothing any more."""
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
