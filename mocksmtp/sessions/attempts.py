"""Attempts: each try of a client to deliver to a recipient, and its result.

An attempt is one recipient in one transaction, or a connection without a recipient.
Attempts are derived from the transactions of a session; for a session without a
recipient, from its transcript. While a mail is received, nothing is recorded for them.

================  ==============================================================
verdict           the client received
================  ==============================================================
accepted          2xx after the content
deferred          4xx
rejected          5xx
none              no reliable result: no reply, a malformed one, or the
                  connection ended before
================  ==============================================================
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

import attrs

from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Effect
from mocksmtp.grammar.address import Address
from mocksmtp.grammar.reply import Reply
from mocksmtp.sessions.session import End, RcptResult, Session, Transaction

if TYPE_CHECKING:
    from mocksmtp.sessions.deliveries import Delivery

GRACE = 0.5
"""How long to wait for pipelined RCPT commands after a refused MAIL, in seconds."""

_CLOSING = frozenset({b"DATA", b"RSET", b"EHLO", b"HELO", b"LHLO", b"QUIT"})
"""The commands after which no RCPT belongs to an earlier, refused MAIL."""

_CONTENT = frozenset({Command.DATA, Command.DATA_CONTENT, Command.BDAT})
"""The reply points at which 2xx accepts the mail."""

_STAGES = {
    b"HELO": Command.EHLO,
    b"EHLO": Command.EHLO,
    b"LHLO": Command.EHLO,
    b"STARTTLS": Command.STARTTLS,
    b"AUTH": Command.AUTH,
    b"MAIL": Command.MAIL_FROM,
    b"RCPT": Command.RCPT_TO,
}
_PASSING = frozenset((b"NOOP", b"RSET", b"QUIT"))
"""The commands that do not advance a session to another stage."""

_PROBING = _PASSING | {b"HELO", b"EHLO", b"LHLO", b"STARTTLS"}
"""The commands of a probe: a client that only checks whether the server replies."""

STAGES = (
    Command.CONNECT,
    Command.EHLO,
    Command.STARTTLS,
    Command.TLS,
    Command.AUTH,
    Command.MAIL_FROM,
    Command.RCPT_TO,
    Command.DATA_COMMAND,
    Command.DATA_CONTENT,
    Command.DATA,
    Command.BDAT,
)
"""The reply points at which a verdict can be decided."""


class Verdict(enum.Enum):
    """The final result that the client received for a recipient."""

    ACCEPTED = "accepted"
    DEFERRED = "deferred"
    REJECTED = "rejected"
    NONE = "none"


_NONE = Verdict.NONE


@attrs.define(eq=False, repr=False)
class Attempt:
    """
    One recipient in one transaction, or a connection without a recipient.

    :ivar transaction: the transaction; None if the client sent no MAIL
    :ivar recipient: the recipient; None if the client named none
    :ivar stage: the reply point at which the verdict was decided
    :ivar reply: the reply that decided the verdict, or None
    :ivar verdict: the result for the client
    :ivar kept: whether the mail is in the mailbox for this recipient
    :ivar started_at: when MAIL arrived, or the connection began; in seconds since the
        epoch
    :ivar decided_at: when the deciding reply was sent, or the connection ended; in
        seconds since the epoch
    :ivar probe: whether the client only checked whether the server replies
    :ivar number: its number in the order of all attempts; 0 until it is assigned
    :ivar delivery: the delivery that contains it, or None
    :ivar by_time: whether the delivery contains it because the same client attempted
        that delivery within `mocksmtp.sessions.deliveries.SOON`
    """

    session: Session
    transaction: Transaction | None
    recipient: Address | None
    stage: Command
    reply: Reply | None
    verdict: Verdict
    kept: bool
    started_at: float
    decided_at: float
    probe: bool = False
    number: int = 0
    delivery: Delivery | None = None
    by_time: bool = False

    @property
    def sender(self) -> Address | None:
        """The reverse-path; None without MAIL."""
        return None if self.transaction is None else self.transaction.sender.address

    @property
    def message_id(self) -> str | None:
        """The Message-ID of its delivery, else of its content; None if unknown."""
        if self.delivery is not None:
            return self.delivery.message_id
        return self.content_id

    @property
    def content_id(self) -> str | None:
        """The Message-ID of its content; None if unknown."""
        transaction = self.transaction
        if transaction is None or transaction.identity is None:
            return None
        return transaction.identity.message_id or None

    @property
    def subject(self) -> str | None:
        """The subject of its content, else of its delivery; None if unknown."""
        transaction = self.transaction
        if transaction is not None and transaction.identity is not None:
            return transaction.identity.subject
        return None if self.delivery is None else self.delivery.subject

    @property
    def envid(self) -> str | None:
        """The parameter ENVID of MAIL (RFC 3461 §4.4), or None."""
        if self.transaction is None:
            return None
        for parameter in self.transaction.sender.parameters:
            if parameter.name.upper() == "ENVID":
                return parameter.value or None
        return None


def attempts_of(session: Session, transaction: Transaction) -> list[Attempt]:
    """
    Return the attempts of a settled transaction, in the order of their RCPT.

    A recipient that was named twice is one attempt, whose result is that of its last
    RCPT. A refused MAIL without RCPT is one attempt without a recipient.
    """
    found: dict[str, Attempt] = {}
    contents = {id(c[0]): (c[1], c[2]) for c in transaction.contents or ()}
    for told in transaction.all_rcpts():
        path, _, effect = told
        own = contents.get(id(path))
        if transaction.contents is None:
            kept = effect is Effect.APPLY and transaction.mail is not None
        else:
            kept = own is not None and own[1]
        stage, reply, verdict = _judge(transaction, told, own)
        address = path.address
        earlier = found.get(address.normalized)
        found[address.normalized] = Attempt(
            session,
            transaction,
            address if earlier is None else earlier.recipient,
            stage,
            reply,
            verdict,
            kept or (earlier is not None and earlier.kept),
            transaction.begun_at,
            transaction.settled_at,
        )
    if not found and transaction.stage is Command.MAIL_FROM:
        reply = transaction.reply
        return [
            Attempt(
                session,
                transaction,
                None,
                Command.MAIL_FROM,
                reply,
                verdict_of(reply, False),
                False,
                transaction.begun_at,
                transaction.settled_at,
            )
        ]
    return list(found.values())


def count_attempts(session: Session, transaction: Transaction) -> int:
    """Return the number of attempts of a settled transaction."""
    recipients = transaction.recipients
    if recipients and not transaction.other_rcpts and transaction.contents is None:
        # Nearly always; then there is no need to judge them.
        return len({path.address.normalized for path in recipients})
    return len(attempts_of(session, transaction))


def _judge(
    transaction: Transaction, told: RcptResult, own: tuple[Reply | None, bool] | None
) -> tuple[Command, Reply | None, Verdict]:
    """
    Return the deciding reply point, the deciding reply and the verdict of a recipient.

    :param told: the recipient, the reply to its RCPT, and the effect of that
    :param own: the reply to the content for this recipient alone (LMTP), with whether
        the mail was kept; or None
    """
    stage, last = transaction.ended_at, transaction.reply
    _, reply, effect = told
    if stage is Command.MAIL_FROM:
        if not _succeeds(last):
            return stage, last, verdict_of(last, False)
        stage = Command.RCPT_TO  # MAIL was replied 2xx, but opened no transaction
    if reply is not None:
        if not reply.is_readable:
            if effect is Effect.NONE:
                return Command.RCPT_TO, reply, _NONE
        elif not _succeeds(reply):
            return Command.RCPT_TO, reply, verdict_of(reply, False)
    if own is not None:
        last = own[0]
    return stage, last, verdict_of(last, stage in _CONTENT)


def _succeeds(reply: Reply | None) -> bool:
    return reply is not None and reply.is_readable and reply.code // 100 in (2, 3)


def verdict_of(reply: Reply | None, accepts: bool) -> Verdict:
    """
    Return the verdict that a reply means to the client.

    :param accepts: whether 2xx accepts the mail at this reply point
    """
    if reply is None or not reply.is_readable:
        return _NONE
    kind = reply.code // 100
    if kind == 2 and accepts:
        return Verdict.ACCEPTED
    if kind == 4:
        return Verdict.DEFERRED
    return Verdict.REJECTED if kind == 5 else _NONE


def is_decided(session: Session, transaction: Transaction, now: float) -> float | None:
    """
    Return None if the result of a settled transaction is final, else when to ask again.

    The result is not final while a delayed reply is pending, or while pipelined RCPT
    commands may follow a refused MAIL.

    :param now: seconds since the epoch
    :return: None, or seconds since the epoch; infinity until a reply is sent
    """
    if session.pending is transaction:
        return float("inf")
    if (
        transaction.stage is not Command.MAIL_FROM
        or session.end is not None
        or session.transactions[-1] is not transaction
    ):
        return None
    last = session.exchanges[-1][1] if session.exchanges else None
    if isinstance(last, bytes) and last[:4].upper() in _CLOSING:
        return None
    until = transaction.settled_at + GRACE
    return None if now >= until else until


def connection_attempt(session: Session) -> Attempt | None:
    """
    Return the attempt of an ended session without a recipient.

    It is a probe if the banner greeted the client, and the client sent only EHLO, NOOP
    and similar commands.

    :return: None if the client named a recipient or MAIL was refused (these are
        attempts of their own), or if the session was cleared
    """
    if session.cleared or session.omitted_transactions:
        return None
    for transaction in session.transactions:
        named = (
            transaction.recipients or transaction.other_rcpts or transaction.contents
        )
        if named or transaction.stage is Command.MAIL_FROM:
            return None
    walk = _Walk(session)
    stage, reply, at = walk.stage, walk.reply, walk.at
    verdict = verdict_of(reply, False)
    ended = session.started_at if session.ended_at is None else session.ended_at
    probe = False
    if verdict is not _NONE:
        ended = at
    elif session.tls is not None and session.tls.error is not None:
        stage, reply = Command.TLS, None
    elif walk.succeeded:
        reply = walk.farewell
        probe = not walk.others and session.end not in _CUT_OFF
        if probe:
            reply = None
        verdict = verdict_of(reply, False)
    transaction_or_none = session.transactions[-1] if session.transactions else None
    return Attempt(
        session,
        transaction_or_none,
        None,
        stage,
        reply,
        verdict,
        False,
        session.started_at,
        ended,
        probe,
    )


_CUT_OFF = frozenset({End.CLOSED, End.RESET, End.HUNG})
"""The ends of a session that the service causes."""


class _Walk:
    """
    The last stage that a session without a recipient reached.

    :ivar stage: the last reply point
    :ivar reply: the reply at that point, or None
    :ivar at: when that reply was sent, in seconds since the epoch
    :ivar others: whether the client sent a command that a probe does not send
    :ivar farewell: the last unsolicited reply of the service, for example 421 after a
        timeout; or None
    """

    def __init__(self, session: Session) -> None:
        self.stage = Command.CONNECT
        self.reply: Reply | None = None
        self.at = session.started_at
        self.others = False
        self.farewell: Reply | None = None
        self._is_refused = False
        for place, (at, said, reply, _, delay, _) in enumerate(session.exchanges):
            first = not place and not session.omitted
            if isinstance(said, bytes):
                self._look_at_line(said, reply, at + delay)
            elif said is not None:
                self.others = True
            elif first:
                self._reach(Command.CONNECT, reply, at + delay)
                self._is_refused = not self.succeeded
            elif self.stage is Command.STARTTLS:
                self._reach(Command.TLS, reply, at + delay)
            else:
                self.farewell = reply

    @property
    def succeeded(self) -> bool:
        """Whether the reply at the last reply point was positive (2xx or 3xx)."""
        return _succeeds(self.reply)

    def _look_at_line(self, line: bytes, reply: Reply | None, at: float) -> None:
        verb = line.split(None, 1)[0].upper() if line.strip() else b""
        if verb not in _PROBING:
            self.others = True
        if verb in _PASSING:
            return
        # The lines of an AUTH dialogue are recorded without a verb.
        stage = _STAGES.get(verb, self.stage)
        self._reach(stage, reply, at)

    def _reach(self, stage: Command, reply: Reply | None, at: float) -> None:
        # After a negative banner, no command advances the session.
        if not self._is_refused:
            self.stage, self.reply, self.at = stage, reply, at
