"""Evaluates how a host would reply to a command, without a client or side effects.

A connection in memory is brought to the requested state with no behavior in force; then
the command is sent with the host's behaviors. It uses only the public interface of the
factory and its protocol.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from copy import copy
from typing import Any

import attrs
from twisted.internet.address import IPv4Address, IPv6Address
from twisted.internet.interfaces import (
    IConsumer,
    IProducer,
    IPushProducer,
    ITransport,
)
from twisted.internet.task import Clock
from zope.interface import implementer

from mocksmtp.behaviors.counts import NO_INPUT, RuleInput
from mocksmtp.behaviors.miss import Item, Miss
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.rule import Rule
from mocksmtp.behaviors.smtp import Decision, SmtpBehavior, SmtpRules
from mocksmtp.hosts.counters import Counters
from mocksmtp.hosts.evaluation import Evaluated, Evaluation
from mocksmtp.hosts.host import MailHost
from mocksmtp.hosts.listeners import MailProtocol
from mocksmtp.hosts.offer import Stage
from mocksmtp.mail.mailbox import Mailbox
from mocksmtp.sessions.journal import Journal
from mocksmtp.sessions.session import TlsSession
from mocksmtp.smtp.factory import MockSMTPFactory
from mocksmtp.tls.settings import TlsMode


class TriedRules(SmtpRules):
    """
    A copy of a host's behaviors that decides without delays, and keeps the decision.

    :ivar decision: the last decision, combined with those that only delayed it
    """

    decision: Decision | None = None

    def decide(
        self,
        point: Command,
        subject: bytes,
        attempt: RuleInput = NO_INPUT,
        trail: list[Item] | None = None,
    ) -> Decision | None:
        """Return the decision without its delay, drip and end of the connection."""
        return self._at_once(super().decide(point, subject, attempt, trail))

    def decide_once(
        self,
        point: Command,
        rules: Any,
        attempt: RuleInput,
        matched: set[object],
        passed: dict[Rule[SmtpBehavior], Miss],
    ) -> tuple[Decision | None, list[Rule[SmtpBehavior]]]:
        """Decide while content arrives, in the same way."""
        decision, fired = super().decide_once(point, rules, attempt, matched, passed)
        return self._at_once(decision), fired

    def _at_once(self, decision: Decision | None) -> Decision | None:
        if decision is None:
            return None
        before = self.decision
        if before is not None and not before.only_delays and not decision.only_delays:
            before = None
        self.decision = decision if before is None else before.combine(decision)
        return attrs.evolve(decision, fault=None)


@implementer(ITransport, IConsumer, IPushProducer)
@attrs.define(eq=False)
class EvaluationTransport:
    """
    A transport to nowhere, which accepts the beginning of TLS.

    That of `twisted.internet.testing` would import trial.
    """

    host: IPv4Address | IPv6Address
    peer: IPv4Address | IPv6Address
    connected: bool = True
    disconnecting: bool = False
    protocol: Any = None

    def write(self, data: bytes) -> None:
        """Discard octets."""

    def writeSequence(self, data: Iterable[bytes]) -> None:
        """Discard octets."""

    def getHost(self) -> IPv4Address | IPv6Address:
        """The address of the listener."""
        return self.host

    def getPeer(self) -> IPv4Address | IPv6Address:
        """The address of the client."""
        return self.peer

    def startTLS(self, *_: object) -> None:
        """Do nothing: nothing is encrypted."""

    def loseConnection(self) -> None:
        """Note the end of the connection."""
        self.disconnecting = True

    abortConnection = loseConnection

    def registerProducer(self, producer: IProducer, streaming: bool) -> None:
        """Do nothing: nothing is sent."""

    def unregisterProducer(self) -> None:
        """Do nothing: nothing is sent."""

    def pauseProducing(self) -> None:
        """Do nothing: nothing arrives."""

    resumeProducing = stopProducing = pauseProducing


def evaluate_smtp(host: MailHost, asked: Evaluation, now: float) -> Evaluated:
    """
    Evaluate how `host` would reply; its counters, mails and sessions do not change.

    :param asked: the command, and the state of the connection
    :param now: the assumed time, in seconds since the epoch
    :return: the exchanges, and the decision of the behaviors
    """
    rules = TriedRules()
    contexts: Any = _NoContexts()
    shadow, clock = _shadow(host, rules), _clock(now)
    factory = MockSMTPFactory(shadow, clock, itertools.count(1), contexts)
    if host.tls is not None and host.tls.mode is TlsMode.IMPLICIT:
        # The evaluated connection is past its handshake.
        factory.tls = TlsMode.NONE
    if asked.protocol is MailProtocol.LMTP:
        factory.spoken = MailProtocol.LMTP
    protocol: Any = factory.buildProtocol(None)
    transport = EvaluationTransport(_here(host, asked), _peer(asked))
    data = asked.data
    if asked.line is None and data is None:
        rules.simulate(host.behaviors)
        protocol.makeConnection(transport)
        return Evaluated(protocol.session, 0, rules.decision)
    protocol.makeConnection(transport)
    _prepare(protocol, asked)
    line = ("DATA" if asked.line is None else asked.line).encode(
        errors="surrogateescape"
    )
    if data is not None and line[:4].upper() == b"DATA":
        # At DATA the connection decides whether to watch the content as it arrives, so
        # the behaviors for DATA CONTENT must be in force now.
        rules.simulate(host.behaviors)
        rules.points &= {Command.DATA_CONTENT}
        protocol.dataReceived(line + b"\r\n")
        reply = protocol.session.exchanges[-1][2]
        if reply is None or reply.code != 354:
            return evaluate_smtp(host, _of_command(asked), now)
        line, data = _stuffed(data), b""
    first = len(protocol.session.exchanges)
    rules.simulate(host.behaviors)
    protocol.dataReceived(line + b"\r\n" + (data or b""))
    return Evaluated(protocol.session, first, rules.decision)


class _NoContexts:
    """Replaces the TLS contexts: an evaluation makes no handshake."""

    def context(self, *_: object) -> None:
        """Return no context."""


def _of_command(asked: Evaluation) -> Evaluation:
    """The evaluation of DATA or BDAT alone, without the content."""
    line = "DATA" if asked.line is None else asked.line
    return attrs.evolve(asked, line=line, content=None, octets=None)


def _shadow(host: MailHost, rules: SmtpRules) -> MailHost:
    """A copy of `host` with `rules` and an empty mailbox, journal and counters."""
    shadow = copy(host)
    shadow.behaviors = rules
    shadow.mailbox = Mailbox()
    shadow.journal = Journal(1)
    shadow.counters = Counters()
    return shadow


def _clock(now: float) -> Clock:
    clock = Clock()
    clock.rightNow = now
    return clock


def _prepare(protocol: Any, asked: Evaluation) -> None:
    """Bring a connection to the requested state."""
    if asked.tls is not None:
        protocol.session.tls = TlsSession(asked.tls)
        protocol.tls.stage = Stage.UNDER_TLS
    if asked.helo is not None:
        verb = "LHLO" if asked.protocol is MailProtocol.LMTP else "EHLO"
        _send(protocol, f"{verb} {asked.helo}")
    if asked.auth_user is not None:
        protocol.session.auth_user = asked.auth_user
        protocol.session.auth_mechanism = "PLAIN"
    if asked.sender is not None:
        _send(protocol, f"MAIL FROM:{_bracketed(asked.sender)}")
    for recipient in asked.recipients:
        _send(protocol, f"RCPT TO:{_bracketed(recipient)}")
    opened = asked.sender is not None
    protocol.delivery.messages = max(asked.messages, opened)


def _send(protocol: Any, line: str) -> None:
    utf8 = "" if line.isascii() or not line.startswith("MAIL") else " SMTPUTF8"
    protocol.dataReceived((line + utf8).encode() + b"\r\n")


def _bracketed(address: str) -> str:
    return address if address.startswith("<") else f"<{address}>"


def _stuffed(content: bytes) -> bytes:
    """Dot-stuffed content with its terminator, but no last CR LF (RFC 5321 §4.5.2)."""
    if content and not content.endswith(b"\r\n"):
        content += b"\r\n"
    stuffed = content.replace(b"\r\n.", b"\r\n..")
    return (b"." if stuffed.startswith(b".") else b"") + stuffed + b"."


def _peer(asked: Evaluation) -> IPv4Address | IPv6Address:
    return _address(asked.client_ip, 12345)


def _here(host: MailHost, asked: Evaluation) -> IPv4Address | IPv6Address:
    listener = asked.listener or next(iter(host.addresses), "127.0.0.1:25")
    address, _, port = listener.rpartition(":")
    return _address(address.strip("[]"), int(port) if port.isdecimal() else 25)


def _address(host: str, port: int) -> IPv4Address | IPv6Address:
    kind = IPv6Address if ":" in host else IPv4Address
    return kind("TCP", host, port)
