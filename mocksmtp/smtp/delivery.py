"""The delivery hooks: behaviors, and then the mailbox, decide on each mail.

The hooks have the names of twisted.mail's interfaces and are called at the same points:
`validateFrom` on MAIL, `validateTo` on RCPT, `eomReceived` after the final dot or the
last chunk. They return the reply; twisted.mail's return values (an address, a callable,
a Deferred) can express neither the reply to send nor a command that is refused but
takes effect. There is one message object per transaction, not per recipient.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, ClassVar, Protocol

from twisted.internet.defer import CancelledError, Deferred
from twisted.logger import Logger
from twisted.mail.interfaces import IMessageDelivery
from twisted.mail.smtp import IMessage
from twisted.python.failure import Failure
from zope.interface import implementer

from mocksmtp.behaviors.miss import Item, LongTrail, Miss, Trail
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Effect
from mocksmtp.behaviors.rule import Rule
from mocksmtp.behaviors.smtp import Decision, SmtpBehavior
from mocksmtp.grammar import reply
from mocksmtp.grammar.command import PathCommand, plain_path
from mocksmtp.grammar.reply import Reply
from mocksmtp.hosts.host import MailHost
from mocksmtp.mail.fields import ParsedMessage
from mocksmtp.mail.mail import Envelope, Mail, Origin, PlainRecipients, octets_of
from mocksmtp.mail.mailbox import NoSpace
from mocksmtp.sessions.attempts import GRACE
from mocksmtp.sessions.session import (
    MAX_MISSED,
    MAX_OTHER_RCPTS,
    PLAIN_OCTETS,
    RECIPIENT_OCTETS,
    Outcome,
    Session,
    Transaction,
    identity_of,
    outcome_of,
)
from mocksmtp.smtp.attempt import ConnectionAttempt, argument_of
from mocksmtp.smtp.content import Content, ContentReader
from mocksmtp.smtp.output import (
    ContentAnswer,
    DelayedReply,
    Replies,
    add_delay,
    answer_for,
    reply_in,
    without_octets,
)
from mocksmtp.smtp.watching import ApplyingRules, ContentWatch

# Names for members of enumerations, whose lookup is slow.
MAIL_FROM, RCPT_TO = Command.MAIL_FROM, Command.RCPT_TO
DATA, DATA_CONTENT, BDAT = Command.DATA, Command.DATA_CONTENT, Command.BDAT
APPLY, NONE, DISCARD = Effect.APPLY, Effect.NONE, Effect.DISCARD


class Cut(enum.Enum):
    """That a connection has ended before its mail was stored."""

    CUT = "cut"


CUT = Cut.CUT

_log = Logger()

UNCOUNTED = 8192
"""Bytes of an envelope that are not counted as memory of the mailboxes. Nearly all
envelopes are smaller, so counting is rarely necessary."""

_STEP = 2**16
"""Bytes reserved at a time for a larger envelope."""

HEADER_END = re.compile(rb"\r?\n\r?\n")

_FEW = 10
"""Maximum recipients recorded of an envelope that exceeds the memory limit."""


class Decided(Protocol):
    """
    What was decided in the turn of a replica, and takes effect once it is stored.

    :ivar settled: the transactions that it settles
    """

    settled: list[Transaction]

    def later(self, keep: Callable[[], Any]) -> Deferred[Any]:
        """Keep a mail once it is stored; fires with the result of `keep`."""


@implementer(IMessageDelivery)
class MockDelivery:
    """
    The delivery hooks of one connection.

    :param host: has the behaviors, the mailbox and the journal
    :param session: records the transactions
    :param seconds: returns the time, in seconds since the epoch

    :ivar transaction: the open transaction, or None
    :ivar chunked: its message, after the first BDAT
    :ivar ending: the transaction whose content is being decided on
    :ivar messages: the number of transactions begun
    :ivar kept: the number of a mail that was kept but not recorded yet, or None
    :ivar room: bytes that the open envelope may grow before more are reserved
    :ivar line: the current command line; None before the first
    :ivar trail: the behaviors that matched or nearly matched the current command
    :ivar refused: the transaction of the last MAIL, if that was refused, or None
    :ivar decided: where what is decided takes effect later, in the turn of a replica
    """

    refused: Transaction | None = None
    decided: Decided | None = None
    ending: Transaction | None = None
    transaction: Transaction | None = None
    chunked: MockMessage | None = None
    kept: int | None = None
    messages = 0
    room = UNCOUNTED
    line: bytes | None = None
    message_class: ClassVar[type[MockMessage]]
    _attempt: ConnectionAttempt | None = None
    _origin: Origin | None = None

    def __init__(
        self, host: MailHost, session: Session, seconds: Callable[[], float]
    ) -> None:
        self.host = host
        self.session = session
        self.seconds = seconds
        self.behaviors = host.behaviors
        self.trail: list[Item] = []

    @property
    def origin(self) -> Origin:
        """The client's address and name, as mails record them; made with the first."""
        if self._origin is None:
            session = self.session
            self._origin = Origin(
                session.id, session.client_ip, session.helo, self.host.name
            )
        return self._origin

    @property
    def attempt(self) -> ConnectionAttempt:
        """The values that behaviors can read; created on first use."""
        if self._attempt is None:
            self._attempt = ConnectionAttempt(self, self.seconds)
        return self._attempt

    def close(self) -> None:
        """End the open transaction, because the connection is lost."""
        self.abort()
        # This breaks a reference cycle, which the garbage collector would have to find.
        self._attempt = None

    def identify(self, helo: str = "") -> None:
        """Set the client's name from HELO or EHLO; ``""`` requires a new one."""
        self.session.helo = helo
        self._origin = None
        self.abort()

    def take_trail(self) -> Trail:
        """Return and clear the trail."""
        trail = self.trail
        last = trail.pop()
        if not trail and isinstance(last, Trail):
            return last
        note = LongTrail((), (*trail[:MAX_MISSED], last))
        trail.clear()
        # Unlike shared notes, each of these uses memory of its own.
        self.session.octets_exchanged += note.octets
        return note

    @property
    def open_transaction(self) -> Transaction | None:
        """The open transaction, or the one whose content is being decided on."""
        return self.transaction or self.ending

    @property
    def argument(self) -> bytes:
        """The argument of the command line: the text after the verb."""
        return argument_of(self.line or b"")

    def decide(self, command: Command, subject: bytes) -> Decision | None:
        """Return the decision of the behaviors, and count it; None if none matches."""
        if command not in self.behaviors.points:
            return None
        return self.behaviors.decide(command, subject, self.attempt, self.trail)

    def decide_on_path(self, command: Command, path: PathCommand) -> Decision | None:
        """Return the decision on a MAIL or RCPT, and count it."""
        subject = path.address.text.encode()
        if self.behaviors.passes(command, subject, self.trail):
            return None
        attempt = self.attempt
        attempt.path = path
        attempt.recipient = command is RCPT_TO
        try:
            return self.decide(command, subject)
        finally:
            attempt.path = None

    def decide_on_content(
        self,
        transaction: Transaction,
        message: ParsedMessage,
        recipient: PathCommand | None = None,
    ) -> Decision | None:
        """
        Return the decision on the whole content, and count it.

        :param recipient: the recipient whose reply is decided, in LMTP
        """
        content = message.content
        if self.behaviors.passes(DATA, content, self.trail):
            return None
        attempt = self.attempt
        self.ending, attempt.message = transaction, message
        attempt.path, attempt.recipient = recipient, True
        try:
            return self.decide(DATA, content)
        finally:
            self.ending = attempt.message = attempt.path = None

    def decide_on_part(
        self,
        transaction: Transaction,
        size: int,
        rules: ApplyingRules,
        matched: set[object],
        passed: dict[Rule[SmtpBehavior], Miss],
    ) -> tuple[Decision | None, ApplyingRules]:
        """
        Return the decision of `rules` on the first `size` octets of content.

        :param matched: as for `SmtpRules.decide_once`; so is `passed`
        :return: the decision, and the rules that fired
        """
        attempt = self.attempt
        self.ending, attempt.size = transaction, size
        try:
            return self.behaviors.decide_once(
                DATA_CONTENT, rules, attempt, matched, passed
            )
        finally:
            self.ending = attempt.size = None

    def receivedHeader(self, helo: object, origin: object, recipients: object) -> bytes:
        """Return no header field: a mail is kept as it was sent."""
        return b""

    def validateFrom(self, helo: object, origin: PathCommand) -> Reply | DelayedReply:
        """Decide on a well-formed MAIL outside a transaction."""
        decision = None
        if MAIL_FROM in self.behaviors.points:
            decision = self.decide_on_path(MAIL_FROM, origin)
        self.refused = None
        if decision is None:
            self.transaction = transaction = Transaction(origin)
            transaction.begun_at = self.session.heard
            self.messages += 1
            return reply.SENDER_OK
        answer = answer_for(decision, reply.SENDER_OK)
        transaction = Transaction(origin, decision.effect is DISCARD)
        transaction.begun_at = self.session.heard
        if decision.effect is NONE:
            self._refuse_sender(transaction, reply_in(answer))
        else:
            self.transaction = transaction
            self.messages += 1
        return answer

    def refuse_sender(self, origin: PathCommand, refusal: Reply) -> Reply:
        """Record a MAIL that the server, not a behavior, refuses; return `refusal`."""
        transaction = Transaction(origin)
        transaction.begun_at = self.session.heard
        self._refuse_sender(transaction, refusal)
        return refusal

    def _refuse_sender(self, transaction: Transaction, refusal: Reply | None) -> None:
        self.refused = transaction
        transaction.stage = MAIL_FROM
        self.settle(transaction, refusal)

    def replace_refusal(self, refusal: Reply, instead: Reply | None) -> None:
        """Record that a behavior replaced the server's refusal of the last MAIL."""
        if self.refused is not None and self.refused.reply is refusal:
            self.refused.reply = instead
            self.refused.outcome = outcome_of(instead, False)

    def name_refused(self, recipient: PathCommand, answer: Reply | None) -> None:
        """
        Record an RCPT that follows a refused MAIL.

        :param answer: the reply to it, None if it is not executed
        """
        refused = self.refused
        now = self.session.heard
        if refused is None or now >= refused.settled_at + GRACE:
            return
        refused.settled_at = now
        if len(refused.other_rcpts) < MAX_OTHER_RCPTS:
            octets = RECIPIENT_OCTETS + recipient.address.octets
            refused.record_rcpt(recipient, answer, NONE)
            refused.octets += octets
            self.session.octets += octets

    def validate_plain(self, address: bytes) -> Reply | DelayedReply:
        """
        Decide as `validateTo` does on an ASCII address without parameters.

        No path is made of a recipient that is accepted, as nearly all are.
        """
        transaction = self.transaction
        assert transaction is not None
        plain = transaction.plain
        octets = transaction.octets + PLAIN_OCTETS + len(address)
        behaviors = self.behaviors
        if (
            plain is None
            or transaction.accepted >= self.host.limits.recipients
            or (octets > self.room and not self._make_room(octets))
            or (
                RCPT_TO in behaviors.points
                and not behaviors.passes(RCPT_TO, address, self.trail)
            )
        ):
            return self.validateTo(plain_path(address))
        transaction.octets = octets
        transaction.accepted += 1
        plain.append(address)
        return reply.RECIPIENT_OK

    def validateTo(self, user: PathCommand) -> Reply | DelayedReply:
        """Decide on a well-formed RCPT within a transaction."""
        transaction = self.transaction
        assert transaction is not None
        transaction.octets += RECIPIENT_OCTETS + user.address.octets
        if user.parameters:
            transaction.octets += octets_of(user.parameters)
        if transaction.octets > self.room and not self._make_room(transaction.octets):
            if len(transaction.other_rcpts) < _FEW:
                transaction.record_rcpt(user, reply.STORAGE_FULL, NONE)
            return reply.STORAGE_FULL
        if transaction.accepted >= self.host.limits.recipients:
            transaction.record_rcpt(user, reply.TOO_MANY_RECIPIENTS, NONE)
            return reply.TOO_MANY_RECIPIENTS
        decision = None
        if RCPT_TO in self.behaviors.points:
            decision = self.decide_on_path(RCPT_TO, user)
        if decision is None:
            transaction.accepted += 1
            transaction.add(user)
            return reply.RECIPIENT_OK
        answer = answer_for(decision, reply.RECIPIENT_OK)
        transaction.record_rcpt(user, reply_in(answer), decision.effect)
        return answer

    def refuse_recipient(self, user: PathCommand, refusal: Reply) -> None:
        """Record an RCPT that is not executed."""
        transaction = self.transaction
        if transaction is not None and len(transaction.other_rcpts) < _FEW:
            transaction.octets += RECIPIENT_OCTETS + user.address.octets
            transaction.record_rcpt(user, refusal, NONE)

    def _make_room(self, octets: int) -> bool:
        """Reserve `octets` for the envelope; return False if they exceed the limits."""
        step = max(_STEP, octets - self.room)
        if not self.host.mailbox.reserve(step):
            return False
        self.room += step
        return True

    def release(self) -> None:
        """Stop counting the envelope as arriving: it was kept or discarded."""
        if self.room != UNCOUNTED:
            self.host.mailbox.release(self.room - UNCOUNTED)
            self.room = UNCOUNTED

    def message(self) -> MockMessage:
        """End the open transaction with its content (DATA), and return its message."""
        transaction, self.transaction = self.transaction, None
        assert transaction is not None
        host = self.host
        content = ContentReader(host.limits.message_size, host.mailbox)
        return self.message_class(self, transaction, content)

    def chunks(self) -> MockMessage:
        """Return the message of the open transaction, whose chunks arrive (BDAT)."""
        if self.chunked is None:
            assert self.transaction is not None
            content = Content(self.host.limits.message_size, self.host.mailbox)
            self.chunked = self.message_class(self, self.transaction, content)
        return self.chunked

    def end_chunk(self, last: bool) -> ContentAnswer:
        """
        Return the answer to a chunk that has arrived; refusing it ends the transaction.

        :param last: whether it is the last chunk
        """
        message = self.chunked
        assert message is not None
        refusal = message.content.refusal
        decision = None
        if refusal is None and BDAT in self.behaviors.points:
            decision = self._decide_on_chunk(message.content.size)
        if decision is not None and decision.effect is NONE:
            answer = answer_for(decision, reply.CHUNK_KEPT)
            self.refuse(reply_in(answer), BDAT)
            return message.for_each(answer) if last else answer
        if last:
            self.chunked = self.transaction = None
            return message.eomReceived(decision)
        if refusal is not None:
            self.refuse(refusal, BDAT)
            return refusal
        own = reply.CHUNK_KEPT
        return own if decision is None else answer_for(decision, own)

    def end_answered_chunk(self, answered: Reply | None) -> None:
        """End the content after its last chunk, which was answered before its end."""
        message, self.chunked, self.transaction = self.chunked, None, None
        assert message is not None
        message.end_answered(answered, keeps=True)

    def remember(self, items: Iterable[Item]) -> None:
        """Add behaviors that matched or nearly matched to the trail."""
        self.trail.extend(items)

    def _decide_on_chunk(self, size: int) -> Decision | None:
        self.attempt.size = size
        try:
            return self.decide(BDAT, self.argument)
        finally:
            self.attempt.size = None

    def settle(self, transaction: Transaction, last: Reply | None) -> None:
        """Record the outcome of a transaction from its last reply, None without one."""
        if self.room != UNCOUNTED:
            self.release()
        transaction.reply = last
        transaction.settled_at = self.session.heard
        kept = transaction.mail is not None
        # A fast path for the outcome of most mails.
        is_usual = kept and last is reply.MAIL_KEPT
        outcome = Outcome.ACCEPTED if is_usual else outcome_of(last, kept)
        if self.decided is not None:
            transaction.outcome = outcome
            self.decided.settled.append(transaction)
        else:
            self.host.journal.settle(self.session, transaction, outcome)

    def unsent(self, answer: Replies) -> None:
        """Correct the outcome of a transaction whose last reply was not sent."""
        replies = (answer,) if isinstance(answer, Reply) else answer
        transaction = self.transaction
        if transaction is not None:
            transaction.replace_reply(replies[-1], without_octets(answer))
        elif self.session.transactions:
            last = self.session.transactions[-1]
            if any(reply is last.reply for reply in replies):
                self.host.journal.replace_reply(
                    self.session, last, without_octets(answer)
                )

    def refuse(self, last: Reply | None, stage: Command) -> None:
        """
        End the open transaction with this reply.

        :param stage: the reply point
        """
        self._forget_chunks()
        transaction, self.transaction = self.transaction, None
        if transaction is not None:
            transaction.stage = stage
            self.settle(transaction, last)

    def abort(self) -> None:
        """End the open transaction, if there is one, without its content."""
        self.refused = None
        if self.chunked is not None:
            self.chunked.identify()
            self._forget_chunks()
        if self.room != UNCOUNTED:
            self.release()
        transaction, self.transaction = self.transaction, None
        if transaction is not None:
            transaction.settled_at = self.seconds()
            # A client whose recipients were all refused sends no DATA: the transaction
            # was refused, not aborted.
            refused = transaction.other_rcpts and not transaction.accepted
            if refused and all(is_refusal(told[1]) for told in transaction.other_rcpts):
                outcome = Outcome.REFUSED
            else:
                outcome = Outcome.ABORTED
            if self.decided is not None:
                transaction.outcome = outcome
                self.decided.settled.append(transaction)
            else:
                self.host.journal.settle(self.session, transaction, outcome)

    def _forget_chunks(self) -> None:
        if self.chunked is not None:
            self.chunked.content.close()
            self.chunked = None


def with_chunk(
    answers: list[Reply | DelayedReply], decision: Decision
) -> list[Reply | DelayedReply]:
    """
    Combine the answers to the content with the decision on its last chunk.

    If the mail is kept, the reply of that decision replaces the answers; if not, the
    decision on the whole content applies. Its delay or drip applies once in total.
    """
    reply_to_chunk = decision.answer(reply.MAIL_KEPT)
    combined: list[Reply | DelayedReply] = [
        reply_to_chunk if own is reply.MAIL_KEPT else own for own in answers
    ]
    if answers[0] is reply.MAIL_KEPT:
        combined[0] = answer_for(decision, reply.MAIL_KEPT)
    else:
        delayed = add_delay(answers[0], decision)
        assert not isinstance(delayed, tuple)
        combined[0] = delayed
    return combined


def is_refusal(reply: Reply | None) -> bool:
    """Whether `reply` refuses the command: its code is 400 or above."""
    return outcome_of(reply, False) is Outcome.REFUSED


@implementer(IMessage)
class MockMessage:
    """
    The message of a transaction.

    :ivar content: its octets
    :ivar reader: reads them; after DATA the same object as `content`
    :ivar watch: the decisions made while it arrives, if behaviors exist for that
    """

    __slots__ = ("content", "delivery", "reader", "transaction", "watch")

    continues = False
    reader: Any

    def __init__(
        self, delivery: MockDelivery, transaction: Transaction, content: Content
    ) -> None:
        self.delivery = delivery
        self.transaction = transaction
        self.content = self.reader = content
        self.watch: ContentWatch | None = None

    @property
    def points(self) -> tuple[Command, ...]:
        """The reply points at which behaviors decide on the whole content."""
        return (DATA,) if self.content.refusal is None else (Command.ANY,)

    def may_decide(self, octets: int) -> bool:
        """Behaviors decide at its end."""
        return False

    def fail(self, refusal: Reply) -> None:
        """Refuse the content; behaviors do not decide any more."""
        octets = self.content.beginning()
        if HEADER_END.search(octets):
            self._identify(octets)
        self.content.refuse(refusal)

    def lineReceived(self, line: bytes) -> None:
        """Add one line without dot-stuffing and line end, as `IMessage` defines."""
        self.content.add(line + b"\r\n")

    def eomReceived(self, chunk: Decision | None = None) -> ContentAnswer:
        """
        Decide on the whole content, and keep the mail if it is accepted.

        :param chunk: the decision on its last chunk
        :return: the answer; a Deferred that fires with it if a store keeps the mail
        """
        content, delivery, transaction = self.content, self.delivery, self.transaction
        transaction.size = content.size
        answer: Reply | DelayedReply | None = content.refusal
        lost = b""
        if answer is None:
            octets = content.take()
            decision = None
            if DATA in delivery.behaviors.points:
                message = ParsedMessage(octets)
                decision = delivery.decide_on_content(transaction, message)
            if decision is not None and decision.effect is not APPLY:
                answer = answer_for(decision, reply.MAIL_KEPT)
            else:
                if decision is None:
                    answer = reply.MAIL_KEPT
                else:
                    answer = answer_for(decision, reply.MAIL_KEPT)
                refusal = self.keep(octets)
                # First the usual case: `isinstance` of an ABC is a call in Python.
                if refusal is not None:
                    if isinstance(refusal, Deferred):
                        refusal.addCallback(self._finish_stored, answer, octets, chunk)
                        return refusal
                    answer = refusal
            if transaction.mail is None:
                lost = octets
        if chunk is not None:
            (answer,) = with_chunk([answer], chunk)
        last = answer if isinstance(answer, Reply) else reply_in(answer)
        if lost:
            self._identify(lost)
            if is_refusal(last):
                self._keep_refused(lost)
        delivery.settle(transaction, last)
        return answer

    def _finish_stored(
        self,
        refusal: Reply | Cut | None,
        answer: Reply | DelayedReply,
        octets: bytes,
        chunk: Decision | None,
    ) -> Reply | DelayedReply:
        """Return the answer, now that the mail is stored or is not."""
        if refusal is CUT:
            # The client has not received it; only the record is left.
            self.delivery.settle(self.transaction, None)
            return answer
        if isinstance(refusal, Reply):
            answer = refusal
        if chunk is not None:
            (answer,) = with_chunk([answer], chunk)
        last = reply_in(answer)
        if refusal is not None:
            self._identify(octets)
            self._keep_refused(octets)
        self.delivery.settle(self.transaction, last)
        return answer

    def for_each(self, answer: Reply | DelayedReply) -> Replies | DelayedReply:
        """Return the answer to the content, once for all recipients."""
        return answer

    def end_answered(self, answered: Reply | None, keeps: bool) -> None:
        """
        End content that was answered before its end.

        :param answered: the reply that was sent
        :param keeps: whether the mail is kept
        """
        content = self.content
        self.transaction.size = content.size
        self.transaction.stage = DATA_CONTENT
        if content.refusal is None:
            octets = content.take()
            stored = self.keep(octets) if keeps else None
            if isinstance(stored, Deferred):
                stored.addBoth(lambda _: self._settle_answered(answered, octets))
                return
            if self.transaction.mail is None:
                self._identify(octets)
        self.delivery.settle(self.transaction, answered)

    def _settle_answered(self, answered: Reply | None, octets: bytes) -> None:
        if self.transaction.mail is None:
            self._identify(octets)
        self.delivery.settle(self.transaction, answered)

    def lose_rest(self, answered: Reply | None) -> None:
        """End content that was answered, and whose rest will not arrive."""
        self.identify()
        self.content.close()
        self.delivery.settle(self.transaction, answered)

    def connectionLost(self) -> None:
        """Discard the content: the connection was lost before its end."""
        self.identify()
        self.content.close()
        self.delivery.transaction = self.transaction
        self.delivery.abort()

    def identify(self) -> None:
        """Record the Message-ID and subject of incomplete content."""
        self.transaction.stage = DATA_CONTENT
        octets = self.content.beginning()
        if HEADER_END.search(octets):
            self._identify(octets)

    def _identify(self, octets: bytes) -> None:
        """Record the Message-ID and subject of content that is not kept."""
        if octets:
            self.transaction.identity = identity = identity_of(octets)
            self.transaction.octets += identity.octets

    def _keep_refused(self, octets: bytes) -> None:
        """Keep refused content, if the host is configured to keep it."""
        refused = self.delivery.host.mailbox.quota.refused
        if refused is not None:
            self.transaction.refused = refused.keep(octets)

    def keep(self, octets: bytes) -> Reply | Deferred[Any] | None:
        """
        Keep the mail, unless it is discarded.

        :return: None, or the reply that refuses it; a Deferred that fires with either
            once it is stored, or with `CUT` if the connection ends before
        """
        transaction = self.transaction
        if transaction.discarded:
            return None
        recipients: tuple[PathCommand, ...] | PlainRecipients
        if transaction.plain:
            recipients = PlainRecipients(transaction.plain)
        else:
            recipients = tuple(transaction.recipients)
            if not recipients:
                return None
        delivery = self.delivery
        if delivery.decided is not None:
            later = delivery.decided.later(partial(self.keep, octets))
            return later.addErrback(self._not_stored)
        if delivery.room != UNCOUNTED:
            delivery.release()
        sender = transaction.sender
        # The transaction has ended, so it can share them with the mail.
        transaction.recipients = recipients
        envelope = Envelope(sender.address, sender.parameters, recipients)
        mailbox = delivery.host.mailbox
        mail = mailbox.keep(envelope, octets, delivery.seconds(), delivery.origin)
        if mail is None:
            return reply.STORAGE_FULL
        if isinstance(mail, Mail):
            transaction.mail = delivery.kept = mail.number
            return None
        assert isinstance(mail, Deferred)
        # What a deliverer looks for later is read now, while it is in memory.
        self._identify(octets)
        # Whoever leaves does not end the storing; the number is known after it.
        waiting: Deferred[Any] = Deferred(lambda _: None)
        mail.addBoth(self._stored, waiting)
        return waiting.addErrback(self._not_stored)

    def _stored(self, mail: Mail | Failure | None, waiting: Deferred[Any]) -> None:
        """Record that the mail was stored, also if the connection has ended."""
        if isinstance(mail, Mail):
            self.transaction.mail = mail.number
            if waiting.called:
                self.delivery.host.journal.note_kept(self.delivery.session)
            else:
                self.delivery.kept = mail.number
                waiting.callback(None)
        elif not waiting.called:
            waiting.callback(reply.STORAGE_FULL if mail is None else mail)

    def _not_stored(self, failure: Failure) -> Reply | Cut:
        """Return the reply for a mail that could not be stored."""
        if failure.check(CancelledError):
            return CUT
        if failure.check(NoSpace):
            return reply.STORAGE_FULL
        _log.error("A mail was not stored: {error}", error=failure.value)
        return reply.LOCAL_ERROR


MockDelivery.message_class = MockMessage
