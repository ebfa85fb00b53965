"""A connection that can go on under TLS: by STARTTLS (RFC 3207) or at once (RFC 8314).

Nothing that was said before the handshake survives it (RFC 3207 §4.2).
"""

from __future__ import annotations

from twisted.internet.interfaces import IHandshakeListener, IReactorTime
from twisted.internet.protocol import connectionDone
from twisted.python.failure import Failure
from zope.interface import implementer

from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import NO_FAULT, Effect
from mocksmtp.grammar import reply
from mocksmtp.grammar.reply import Reply
from mocksmtp.hosts.host import MailHost
from mocksmtp.hosts.offer import Offer, Stage
from mocksmtp.sessions.session import End
from mocksmtp.smtp.answers import NOTHING, Answer, Faulty, answer_of, reply_in
from mocksmtp.smtp.connection import Connection
from mocksmtp.smtp.delivery import MockDelivery
from mocksmtp.smtp.security import Security
from mocksmtp.tls.halves import keep_half_open
from mocksmtp.tls.handshake import failed, requested_name, tls_session
from mocksmtp.tls.settings import TlsMode

CONNECT, STARTTLS, TLS = Command.CONNECT, Command.STARTTLS, Command.TLS


@implementer(IHandshakeListener)
class SecuredConnection(Connection):
    """
    A connection that is in clear, before TLS, or under TLS.

    :param security: how it does TLS, or None for not at all

    :ivar delivery: the hooks, which know the open transaction
    :ivar stage: how it stands with TLS
    :ivar rejected: whether the banner has told the client to leave
    """

    delivery: MockDelivery

    _handshaking = False
    rejected = False

    def __init__(
        self,
        host: MailHost,
        session: str,
        clock: IReactorTime,
        security: Security | None = None,
    ) -> None:
        super().__init__(host, session, clock)
        self._security = security
        self.stage = Stage.WITHOUT_TLS
        if security is not None and security.mode is TlsMode.STARTTLS:
            self.stage = Stage.BEFORE_TLS

    @property
    def offer(self) -> Offer:
        """What the host offers on it as it is now."""
        return self.mail_host.offers[self.stage]

    def begin(self) -> None:
        """Greet the client, or wait for its handshake."""
        self.delivery = self.new_delivery()
        if self._security is not None and self._security.mode is TlsMode.IMPLICIT:
            self._start_tls()
        else:
            self._greet()

    def new_delivery(self) -> MockDelivery:
        """The hooks."""
        return MockDelivery(self.mail_host, self.session, self.seconds, self.trail)

    def forget(self) -> None:
        """Forget what was not finished."""
        super().forget()
        self.delivery.close()

    def _greet(self) -> None:
        """Say the banner (RFC 5321 §3.1), or what a behavior has in its place."""
        decision = self.delivery.decide(CONNECT, b"")
        note = self.note() if self.trail else None
        answer = self.mail_host.greeting
        if decision is not None:
            said = answer_of(decision, answer)
            told = reply_in(said)
            if told is not None and told.code // 100 == 5:
                self.reject()
            if isinstance(said, Faulty):
                if self.perform(said, None, 0, note):
                    self.go_on()
                return
            answer = said
        self.say(answer, note)

    def reject(self) -> None:
        """Do nothing but QUIT from now on."""
        self.rejected = True

    def _start_tls(self) -> None:
        """Begin the handshake, or what a behavior has in its place."""
        assert self._security is not None
        self.unread = b""
        self.injecting = False
        self.delivery.abort()
        decision = self.delivery.decide(TLS, b"")
        if decision is not None:
            if decision.effect is Effect.APPLY:
                self.consequence = self._shake_hands
            answer = answer_of(decision, NOTHING)
            if not isinstance(answer, Faulty):
                answer = Faulty(answer, NO_FAULT)
            if self.perform(answer, None, 0, None):
                self.go_on()
            return
        self._shake_hands()

    def _shake_hands(self) -> None:
        assert self._security is not None
        if self.paused:
            self.read_on()
            if self.closed:
                return
        self._handshaking = True
        self.transport.startTLS(self._security.context())
        keep_half_open(self.transport)
        # What came while the handshake was delayed is the beginning of it.
        if self.unread and not self.injecting:
            self.transport.protocol.dataReceived(self.unread)

    def handshakeCompleted(self) -> None:
        """The client and the service understand each other."""
        implicit = self.stage is Stage.WITHOUT_TLS
        session = self.session
        self._handshaking = False
        self.stage = Stage.UNDER_TLS
        session.tls = tls_session(self.transport.getHandle())
        session.helo = ""
        session.auth_user = session.auth_mechanism = None
        self.origin = self.origin.with_helo("")
        if implicit and not self.closed:
            self._greet()

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        """Record why a handshake has failed, where that is the reason."""
        if self._handshaking:
            sni = requested_name(self.transport.getHandle())
            self.session.tls = failed(reason, sni)
        super().connectionLost(reason)

    def close_with(self, last: Reply, end: End = End.CLOSED) -> None:
        """Say `last`, and close; in the midst of a handshake nothing can be said."""
        if not self._handshaking:
            super().close_with(last, end)
            return
        self.end = end
        self.stop()
        self.transport.abortConnection()

    def do_STARTTLS(self, rest: bytes) -> Answer:
        """Go on under TLS (RFC 3207 §4)."""
        if rest:
            return reply.NO_ARGUMENT_EXPECTED
        if self.stage is Stage.UNDER_TLS:
            return reply.TLS_ACTIVE
        if self.stage is Stage.WITHOUT_TLS:
            return reply.TLS_NOT_AVAILABLE
        decision = self.delivery.decide(STARTTLS, rest)
        if decision is None or decision.effect is Effect.APPLY:
            self.injecting = True
            self.consequence = self._start_tls
        own = reply.READY_FOR_TLS
        return own if decision is None else answer_of(decision, own)
