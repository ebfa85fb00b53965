"""Attempts: what was tried for each recipient, and the result for the client.

An attempt is one recipient in one transaction, or a connection that named none. They
are derived from the transactions of a session, and from its transcript where it had no
recipient: nothing is recorded for them while a mail is received.

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
from mocksmtp.sessions.session import End, Session, Told, Transaction

if TYPE_CHECKING:
    from mocksmtp.sessions.deliveries import Delivery

GRACE = 0.5
"""Seconds for which the RCPTs are awaited that may follow a MAIL that was refused."""

_CLOSING = frozenset({b"DATA", b"RSET", b"EHLO", b"HELO", b"LHLO", b"QUIT"})
"""Commands behind which no RCPT belongs to a MAIL that was refused."""

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
"""Commands that a client sends without getting any further."""

_PROBING = _PASSING | {b"HELO", b"EHLO", b"LHLO", b"STARTTLS"}
"""Commands of a client that only looks whether the server replies."""

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
"""The reply points at which a verdict may be decided."""


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
    One recipient in one transaction, or a connection that named no recipient.

    :ivar transaction: None where no MAIL opened or was refused one
    :ivar recipient: None where none was named
    :ivar stage: the reply point at which the verdict was decided
    :ivar reply: the reply that decided it, or None
    :ivar kept: whether the mail is in the mailbox for this recipient
    :ivar started_at: the time of its MAIL, or of the connection; in seconds since the
        epoch
    :ivar decided_at: when the deciding reply was sent, or the connection ended
    :ivar probe: whether the client only looked whether the server replies
    :ivar number: its place in the order of all attempts; 0 before it has one
    :ivar delivery: the delivery that it is part of, or None
    :ivar by_time: whether it is part of that because the client came back soon
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
        """The reverse-path; None where no MAIL named one."""
        return None if self.transaction is None else self.transaction.sender.address

    @property
    def message_id(self) -> str | None:
        """That of its content, or of the delivery that it is part of."""
        if self.delivery is not None:
            return self.delivery.message_id
        return self.content_id

    @property
    def content_id(self) -> str | None:
        """The Message-ID of its content, where that is known."""
        transaction = self.transaction
        if transaction is None or transaction.identity is None:
            return None
        return transaction.identity.message_id or None

    @property
    def subject(self) -> str | None:
        """That of its content, or of the delivery that it is part of."""
        transaction = self.transaction
        if transaction is not None and transaction.identity is not None:
            return transaction.identity.subject
        return None if self.delivery is None else self.delivery.subject

    @property
    def envid(self) -> str | None:
        """The envelope id that MAIL named (RFC 3461 §4.4)."""
        if self.transaction is None:
            return None
        for parameter in self.transaction.sender.parameters:
            if parameter.name.upper() == "ENVID":
                return parameter.value or None
        return None


def attempts_of(session: Session, transaction: Transaction) -> list[Attempt]:
    """
    The attempts of a settled transaction, in the order of their RCPT.

    A recipient that was named twice is one attempt, and its last reply counts. There is
    one without a recipient where MAIL was refused and none was named.
    """
    found: dict[str, Attempt] = {}
    contents = {id(c[0]): (c[1], c[2]) for c in transaction.contents or ()}
    for told in transaction.in_order():
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


def _judge(
    transaction: Transaction, told: Told, own: tuple[Reply | None, bool] | None
) -> tuple[Command, Reply | None, Verdict]:
    """
    Where the result for a recipient was decided, the reply that did, and the result.

    :param own: the reply to the content that is for it alone, if there is one
    """
    stage, last = transaction.ended_at, transaction.reply
    _, reply, effect = told
    if stage is Command.MAIL_FROM:
        if not _succeeds(last):
            return stage, last, verdict_of(last, False)
        stage = Command.RCPT_TO  # 2xx to MAIL, although it opened no transaction
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
    The result that a client takes from a reply.

    :param accepts: whether 2xx accepts the mail at this point
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
    Whether the result of a settled transaction is final: None, or when to look again.

    The reply may be delayed. Behind a refused MAIL there may be RCPTs on their way.
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
    The attempt that a session without a recipient is, now that it has ended.

    It is a probe where it was greeted and sent only EHLO, NOOP and the like. There is
    none where a recipient was named or MAIL was refused, which are attempts themselves,
    and where the session was emptied meanwhile.
    """
    if session.cleared or session.omitted_transactions:
        return None
    for transaction in session.transactions:
        named = transaction.recipients or transaction.told or transaction.contents
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
"""Ends that the service brings about."""


class _Walk:
    """
    How far a session without a recipient got.

    :ivar stage: the last reply point that it reached
    :ivar reply: the reply there, or None
    :ivar at: when that was sent
    :ivar others: whether the client sent anything that a probe does not
    :ivar farewell: what the service said last, unasked: 421 as it times out; or None
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
        """Whether the last reply point was passed."""
        return _succeeds(self.reply)

    def _look_at_line(self, line: bytes, reply: Reply | None, at: float) -> None:
        verb = line.split(None, 1)[0].upper() if line.strip() else b""
        if verb not in _PROBING:
            self.others = True
        if verb in _PASSING:
            return
        # What an AUTH goes on with is recorded without a verb.
        stage = _STAGES.get(verb, self.stage)
        self._reach(stage, reply, at)

    def _reach(self, stage: Command, reply: Reply | None, at: float) -> None:
        # Whoever was sent away by the banner got no further.
        if not self._is_refused:
            self.stage, self.reply, self.at = stage, reply, at
