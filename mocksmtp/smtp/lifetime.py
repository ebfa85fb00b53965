"""How long a connection lasts: from the first octet to the record of its end."""

from __future__ import annotations

from typing import Any, Protocol

from twisted.internet.interfaces import (
    IDelayedCall,
    IHalfCloseableProtocol,
    IReactorTime,
)
from twisted.internet.protocol import connectionDone
from twisted.logger import Logger
from twisted.mail.smtp import ESMTP
from twisted.python.failure import Failure
from zope.interface import implementer

from mocksmtp.behaviors.miss import Noted
from mocksmtp.grammar import reply
from mocksmtp.grammar.reply import Reply
from mocksmtp.hosts.host import MailHost
from mocksmtp.mail.mail import Origin
from mocksmtp.sessions.session import End, Exchange, Said
from mocksmtp.smtp.answers import Replies
from mocksmtp.smtp.ending import Ending, is_reset
from mocksmtp.smtp.output import Output
from mocksmtp.smtp.sessions import new_session


class Connections(Protocol):
    """
    Who keeps the list of connections.

    :ivar secret: the users' salts are derived from it
    """

    secret: bytes

    def lost(self, protocol: Lifetime) -> None:
        """A connection has ended."""


@implementer(IHalfCloseableProtocol)
class Lifetime(ESMTP):
    """
    One connection of a client, with its beginning, its time and its end.

    A FIN, or a close_notify under TLS, ends the client's input, and not the connection:
    it has its replies first.

    :param host: the mail host that it has reached
    :param session: the id of this session
    :param clock: for the idle time and the time of arrival

    :ivar session: what is recorded of it
    :ivar origin: where its mails come from
    :ivar heard: when something came last, in seconds since the epoch
    :ivar output: the replies on their way to it
    :ivar paused: whether nothing is read from it, or nothing can come any more
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
    _input_ended = False

    def __init__(self, host: MailHost, session: str, clock: IReactorTime) -> None:
        # That of ESMTP makes a state of its own, of which nothing is used here.
        self.closed = self.paused = False
        self.heard = 0.0
        self.mail_host = host
        self.clock = clock
        self.seconds = clock.seconds
        self.origin = Origin(session, "", "", host.name)

    def connectionMade(self) -> None:
        """Begin the record, and whatever comes first."""
        self.heard = now = self.seconds()
        self.session = new_session(
            self.origin.session, self.mail_host.name, self.transport, now
        )
        self.session.heard = now
        self.journal = self.mail_host.journal
        self.journal.begin(self.session)
        ip = self.session.client_ip
        self.origin = Origin(self.session.id, ip, "", self.mail_host.name)
        self.output = Output(self.transport)
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
            self.ending.release()
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

    def say(self, unasked: Reply, note: Noted | None = None) -> None:
        """Send what is no answer to a command."""
        self.output.send((unasked.wire,), len(unasked.wire))
        self.record(self.seconds(), None, unasked, 0, 0.0, note)

    def close_with(self, last: Reply, end: End = End.CLOSED) -> None:
        """Say `last`, unless that would be on the line of another reply, and close."""
        self.closed = True
        self.finish_reply()
        self.output.drop()
        if not self.output.is_within_line:
            self.say(last)
        self.end = end
        self.close()

    def finish_reply(self) -> None:
        """Send the rest of a reply that has begun; wait for no other."""

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

    # The input: read until a reply must be waited for, or there is no more.

    def stop_reading(self) -> None:
        """Read nothing until `read_on`."""
        if not self.paused:
            self.paused = True
            self.transport.pauseProducing()

    def read_on(self) -> None:
        """
        Read again, unless the client does not read itself.

        All that has come was executed: where no more can come, it is the end.
        """
        if self.output.blocked or self.closed:
            return
        if self._input_ended:
            self.end = End.CLOSED_BY_CLIENT
            self.close()
        else:
            self.paused = False
            self.transport.resumeProducing()

    def readConnectionLost(self) -> None:
        """The client sends no more (FIN)."""
        self._input_ended = self.paused = True
        if is_reset(self.transport):
            self.transport.abortConnection()
        elif self.ending is not None:
            self.ending.input_ended()
        elif not self.is_awaited:
            self.read_on()

    def writeConnectionLost(self) -> None:
        """The service sends no more; the rest of the input is let go."""

    # The producer of replies: a client that takes none is not listened to.

    def pauseProducing(self) -> None:
        """Read and execute no more: replies pile up."""
        self.output.blocked = True
        self.stop_reading()

    def resumeProducing(self) -> None:
        """The client has read them."""
        if self.output.resume():
            self.heard = self.seconds()
            self.output_read()

    def output_read(self) -> None:
        """All replies were read: go on with what has come meanwhile."""

    def stopProducing(self) -> None:
        """The transport is about to tell `connectionLost`."""

    def record(
        self,
        at: float,
        said: Said,
        answer: Replies | None,
        flags: int,
        delay: float,
        note: Noted | None = None,
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
