"""How long a connection lasts: from the first octet to the record of its end."""

from __future__ import annotations

from typing import Any, Protocol

from twisted.internet.interfaces import IDelayedCall, IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.mail.smtp import ESMTP
from twisted.python.failure import Failure

from mocksmtp.core.host import MailHost
from mocksmtp.model import reply
from mocksmtp.model.mail import Origin
from mocksmtp.model.miss import Note
from mocksmtp.model.reply import Reply
from mocksmtp.model.session import End, Exchange, Said
from mocksmtp.smtp.answers import Replies
from mocksmtp.smtp.ending import Ending
from mocksmtp.smtp.sending import send
from mocksmtp.smtp.sessions import new_session


class Connections(Protocol):
    """
    Who keeps the list of connections.

    :ivar secret: the users' salts are derived from it
    """

    secret: bytes

    def lost(self, protocol: Lifetime) -> None:
        """A connection has ended."""


class Lifetime(ESMTP):
    """
    One connection of a client, with its beginning, its time and its end.

    :param host: the mail host that it has reached
    :param session: the id of this session
    :param clock: for the idle time and the time of arrival

    :ivar session: what is recorded of it
    :ivar origin: where its mails come from
    :ivar heard: when something came last, in seconds since the epoch
    :ivar closed: whether nothing that comes is looked at any more
    :ivar end: how it ended, or would if the client left by itself
    """

    log = Logger()
    noisy = False
    factory: Connections
    transport: Any  # ITCPTransport, IConsumer and IPushProducer in one

    # What is looked at once in a while has its first value here, and what each command
    # looks at is the instance's own: Python finds that several times as fast.
    end = End.QUIT
    ending: Ending | None = None
    _timer: IDelayedCall | None = None

    def __init__(self, host: MailHost, session: str, clock: IReactorTime) -> None:
        # That of ESMTP makes a state of its own, of which nothing is used here.
        self.closed = False
        self.heard = 0.0
        self.mail_host = host
        self.clock = clock
        self.seconds = clock.seconds
        self.origin = Origin(session, "", "")

    def connectionMade(self) -> None:
        """Begin the record, and whatever comes first."""
        self.heard = now = self.seconds()
        self.session = new_session(
            self.origin.session, self.mail_host.name, self.transport, now
        )
        self.journal = self.mail_host.journal
        self.journal.begin(self.session)
        self.origin = Origin(self.session.id, self.session.client_ip, "")
        # The transport tells when the client does not take its replies.
        self.transport.registerProducer(self, True)
        self._look_at_the_time()
        self.begin()

    def begin(self) -> None:
        """Speak first, or wait."""
        raise NotImplementedError

    def forget(self) -> None:
        """The connection is lost, and what was not finished stays so."""

    @property
    def is_awaited(self) -> bool:
        """Whether the client waits for the service, and not the other way round."""
        return False

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Forget what was not finished."""
        if not self.closed:
            self.end = End.CLOSED_BY_CLIENT
        self.closed = True
        self._stop_timer()
        if self.ending is not None:
            self.ending.stop()
        self.forget()
        self.journal.end(self.session, self.end, self.seconds())
        self.factory.lost(self)

    def shut_down(self) -> None:
        """Close because the service ends, after what was already answered."""
        if self.ending is not None:
            self.ending.hurry()
        elif not self.closed:
            self.close_with(reply.SHUTTING_DOWN)

    def cut_off(self) -> None:
        """End with a RST; what is owed to the client is not sent any more."""
        if self.closed:
            self.transport.abortConnection()
            return
        self.end = End.RESET
        self.stop()
        assert self.ending is not None
        self.ending.reset()

    def say(self, unasked: Reply, note: Note | None = None) -> None:
        """Send what is no answer to a command."""
        send(self.transport, unasked.wire)
        self.record(self.seconds(), None, unasked, 0, 0.0, note)

    def close_with(self, last: Reply, end: End = End.CLOSED) -> None:
        """Say `last`, and close."""
        self.say(last)
        self.end = end
        self.close()

    def close(self) -> None:
        """Close once the client has taken what was written, or after a while."""
        self.stop()
        assert self.ending is not None
        self.ending.close()

    def stop(self) -> None:
        """Take no more, and wait for nothing more; how it ends is yet to be said."""
        self.closed = True
        self._stop_timer()
        self.transport.unregisterProducer()
        self.ending = Ending(self.transport, self.clock)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look_at_the_time(self) -> None:
        """The timer is not moved with every packet; it looks when the last came."""
        limits, now = self.mail_host.limits, self.seconds()
        self._timer = None
        # A client does not idle while it waits for what is owed to it.
        heard = now if self.is_awaited else self.heard
        left = heard + limits.idle_time - now
        if left <= 0:
            self.close_with(reply.IDLE_TOO_LONG, End.TIMED_OUT)
            return
        if limits.total_time is not None:
            left = min(left, self.session.started_at + limits.total_time - now)
            if left <= 0:
                self.close_with(reply.CONNECTED_TOO_LONG, End.TIMED_OUT)
                return
        self._timer = self.clock.callLater(left, self._look_at_the_time)

    # The producer of replies: a client that takes none is not listened to.

    def pauseProducing(self) -> None:
        """Read no more: replies pile up."""
        self.transport.pauseProducing()

    def resumeProducing(self) -> None:
        """Read again, unless a decision is awaited."""
        if not self.is_awaited:
            self.transport.resumeProducing()

    def stopProducing(self) -> None:
        """The transport is about to tell `connectionLost`."""

    def record(
        self,
        at: float,
        said: Said,
        answer: Replies | None,
        flags: int,
        delay: float,
        note: Note | None = None,
    ) -> None:
        """Count and record one answer that was given by itself."""
        octets = len(said) if isinstance(said, bytes) else 0
        replies = (answer,) if answer is None or isinstance(answer, Reply) else answer
        exchanges: list[Exchange] = []
        for one in replies:
            if one is not None and one.code:
                self.mail_host.counters.replies[one.code] += 1
            exchanges.append((at, said, one, flags, delay, note))
            said = note = None
        self.journal.record(self.session, exchanges, octets)
