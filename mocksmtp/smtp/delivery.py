"""The delivery hooks: where a behavior, or else the mailbox, decides on a mail.

These are twisted.mail's interfaces, called at the same points: `validateFrom` on
MAIL, `validateTo` on RCPT, `eomReceived` after the final dot or the last chunk. They
answer what is to be said, where the stock interfaces answer an address, a callable or
nothing at all: those can't say which reply is to be sent, nor that a command was
refused and takes place all the same. There is one message object for each transaction,
not for each recipient.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from sys import getsizeof

from twisted.mail.interfaces import IMessageDelivery
from twisted.mail.smtp import IMessage
from zope.interface import implementer

from mocksmtp.behaviors.miss import Item
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Effect
from mocksmtp.behaviors.smtp import Decision
from mocksmtp.grammar import reply
from mocksmtp.grammar.command import PathCommand
from mocksmtp.grammar.reply import Reply
from mocksmtp.hosts.host import MailHost
from mocksmtp.mail.fields import ParsedMessage
from mocksmtp.mail.mail import Origin, octets_of
from mocksmtp.sessions.session import (
    MAX_TOLD,
    RECIPIENT_OCTETS,
    Outcome,
    Session,
    Transaction,
    identity_of,
    outcome_of,
)
from mocksmtp.smtp.answers import (
    Faulty,
    Replies,
    answer_of,
    reply_in,
    silence_of,
    slowed_down,
)
from mocksmtp.smtp.arriving import Watch
from mocksmtp.smtp.attempt import ConnectionAttempt, argument_of
from mocksmtp.smtp.content import Content, ContentReader

# Looking up a member of an enumeration takes as long as a short search.
MAIL_FROM, RCPT_TO, DATA, BDAT = (
    Command.MAIL_FROM,
    Command.RCPT_TO,
    Command.DATA,
    Command.BDAT,
)
DATA_CONTENT = Command.DATA_CONTENT
APPLY, NONE, DISCARD = Effect.APPLY, Effect.NONE, Effect.DISCARD

UNCOUNTED = 8192
"""Bytes of an envelope that do not count against the memory of the mailboxes: nearly
all envelopes have fewer, and need not be counted."""

STEP = 2**16
"""Bytes that are counted at once of those that have more."""

HEADER_END = re.compile(rb"\r?\n\r?\n")

FEW = 10
"""Recipients that are recorded of an envelope for which there is no more room."""


@implementer(IMessageDelivery)
class MockDelivery:
    """
    The hooks of one connection.

    :param host: whose behaviors decide, and whose mailbox and journal keep
    :param session: where transactions are recorded
    :param seconds: the time, in seconds since the epoch
    :param trail: is given what is to be remembered of the behaviors that were asked

    :ivar transaction: the open one, or None
    :ivar chunked: its message, if that comes in chunks and has begun
    :ivar ending: the transaction whose content is decided on
    :ivar messages: how many transactions there were
    :ivar kept: the number of a mail that was kept and is not recorded yet, or None
    :ivar room: bytes that the open envelope may have before more of it is counted
    :ivar line: the command line at hand, None before any
    :ivar refused: the transaction that the last MAIL did not open, or None
    """

    refused: Transaction | None = None
    ending: Transaction | None = None
    kept: int | None = None
    room = UNCOUNTED

    def __init__(
        self,
        host: MailHost,
        session: Session,
        seconds: Callable[[], float],
        trail: list[Item] | None = None,
    ) -> None:
        self.host = host
        self.session = session
        self.seconds = seconds
        self.behaviors = host.behaviors
        self._attempt: ConnectionAttempt | None = None
        self.transaction: Transaction | None = None
        self.chunked: MockMessage | None = None
        self.messages = 0
        self.line: bytes | None = None
        self._trail = trail

    @property
    def attempt(self) -> ConnectionAttempt:
        """What behaviors may look at; most connections never need it."""
        if self._attempt is None:
            self._attempt = ConnectionAttempt(self, self.seconds)
        return self._attempt

    def close(self) -> None:
        """The connection is lost: end what is open, and be nobody's any more."""
        self.abort()
        # It knows the delivery as the delivery knows it, which would have to be found
        # out by the garbage collector.
        self._attempt = None

    @property
    def open_transaction(self) -> Transaction | None:
        """The open one, or that whose content is at hand."""
        return self.transaction or self.ending

    @property
    def argument(self) -> bytes:
        """What follows the verb of the line at hand."""
        return argument_of(self.line or b"")

    def decide(self, command: Command, subject: bytes) -> Decision | None:
        """What behaviors have to say, with their counters moved; None for nothing."""
        if command not in self.behaviors.taken:
            return None
        return self.behaviors.decide(command, subject, self.attempt, self._trail)

    def decide_on_path(self, command: Command, path: PathCommand) -> Decision | None:
        """The same for MAIL and RCPT, which name a path."""
        subject = path.address.text.encode()
        if self.behaviors.passes(command, subject, self._trail):
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
        The same for the whole content.

        :param recipient: for whom, where each has an answer
        """
        content = message.content
        if self.behaviors.passes(DATA, content, self._trail):
            return None
        attempt = self.attempt
        self.ending, attempt.message = transaction, message
        attempt.path, attempt.recipient = recipient, True
        try:
            return self.decide(DATA, content)
        finally:
            self.ending = attempt.message = attempt.path = None

    def receivedHeader(self, helo: object, origin: object, recipients: object) -> bytes:
        """Nothing: what is kept is what was sent."""
        return b""

    def validateFrom(self, helo: object, origin: PathCommand) -> Reply | Faulty:
        """Decide on a MAIL that is well-formed and in its place."""
        decision = None
        if MAIL_FROM in self.behaviors.taken:
            decision = self.decide_on_path(MAIL_FROM, origin)
        self.refused = None
        if decision is None:
            self.transaction = transaction = Transaction(origin)
            transaction.begun_at = self.session.heard
            self.messages += 1
            return reply.SENDER_OK
        answer = answer_of(decision, reply.SENDER_OK)
        transaction = Transaction(origin, decision.effect is DISCARD)
        transaction.begun_at = self.session.heard
        if decision.effect is NONE:
            self._refuse_sender(transaction, reply_in(answer))
        else:
            self.transaction = transaction
            self.messages += 1
        return answer

    def refuse_sender(self, origin: PathCommand, refusal: Reply) -> Reply:
        """Record a MAIL that the server itself refuses."""
        transaction = Transaction(origin)
        transaction.begun_at = self.session.heard
        self._refuse_sender(transaction, refusal)
        return refusal

    def _refuse_sender(self, transaction: Transaction, refusal: Reply | None) -> None:
        self.refused = transaction
        transaction.stage = MAIL_FROM
        self.settle(transaction, refusal)

    def replace_refusal(self, refusal: Reply, instead: Reply | None) -> None:
        """A behavior has replaced the server's own refusal of the last MAIL."""
        if self.refused is not None and self.refused.reply is refusal:
            self.refused.reply = instead
            self.refused.outcome = outcome_of(instead, False)

    def name_refused(self, recipient: PathCommand) -> None:
        """Record an RCPT behind a MAIL that was refused."""
        refused = self.refused
        if refused is not None and len(refused.told) < MAX_TOLD:
            octets = RECIPIENT_OCTETS + getsizeof(recipient.address.text)
            refused.tell(recipient, reply.NEEDS_MAIL, NONE)
            refused.octets += octets
            self.session.octets += octets

    def validateTo(self, user: PathCommand) -> Reply | Faulty:
        """Decide on an RCPT that is well-formed and within a transaction."""
        transaction = self.transaction
        assert transaction is not None
        transaction.octets += RECIPIENT_OCTETS + getsizeof(user.address.text)
        if user.parameters:
            transaction.octets += octets_of(user.parameters)
        if transaction.octets > self.room and not self._make_room(transaction.octets):
            if len(transaction.told) < FEW:
                transaction.tell(user, reply.STORAGE_FULL, NONE)
            return reply.STORAGE_FULL
        if transaction.accepted >= self.host.limits.recipients:
            transaction.tell(user, reply.TOO_MANY_RECIPIENTS, NONE)
            return reply.TOO_MANY_RECIPIENTS
        decision = None
        if RCPT_TO in self.behaviors.taken:
            decision = self.decide_on_path(RCPT_TO, user)
        if decision is None:
            transaction.accepted += 1
            transaction.recipients.append(user)
            return reply.RECIPIENT_OK
        answer = answer_of(decision, reply.RECIPIENT_OK)
        transaction.tell(user, reply_in(answer), decision.effect)
        return answer

    def _make_room(self, octets: int) -> bool:
        """Count an envelope of so many bytes as arriving; False where it can't be."""
        step = max(STEP, octets - self.room)
        if not self.host.mailbox.reserve(step):
            return False
        self.room += step
        return True

    def release(self) -> None:
        """The envelope is kept now, or was thrown away."""
        if self.room != UNCOUNTED:
            self.host.mailbox.release(self.room - UNCOUNTED)
            self.room = UNCOUNTED

    def message(self, origin: Origin) -> MockMessage:
        """The message of the open transaction, which its content ends."""
        transaction, self.transaction = self.transaction, None
        assert transaction is not None
        host = self.host
        content = ContentReader(host.limits.message_size, host.mailbox)
        return self.new_message(transaction, origin, content)

    def new_message(
        self, transaction: Transaction, origin: Origin, content: Content
    ) -> MockMessage:
        """A message of `transaction`, with its `content` still to come."""
        return MockMessage(self, transaction, origin, content)

    def chunks(self, origin: Origin) -> MockMessage:
        """The message of the open transaction, which goes on till its last chunk."""
        if self.chunked is None:
            assert self.transaction is not None
            host = self.host
            content = Content(host.limits.message_size, host.mailbox)
            self.chunked = self.new_message(self.transaction, origin, content)
        return self.chunked

    def end_chunk(self, last: bool) -> Replies | Faulty:
        """
        A chunk is there; one that is refused ends the transaction.

        :param last: whether the message is whole now
        """
        message = self.chunked
        assert message is not None
        refusal = message.content.refusal
        decision = None
        if refusal is None and BDAT in self.behaviors.taken:
            decision = self._decide_on_chunk(message.content.size)
        if decision is not None and decision.effect is NONE:
            answer = answer_of(decision, reply.CHUNK_KEPT)
            self.refuse(reply_in(answer), BDAT)
            return message.for_each(answer) if last else answer
        if last:
            self.chunked = self.transaction = None
            return message.eomReceived(decision)
        if refusal is not None:
            self.refuse(refusal, BDAT)
            return refusal
        own = reply.CHUNK_KEPT
        return own if decision is None else answer_of(decision, own)

    def end_answered_chunk(self, said: Reply | None) -> None:
        """The last chunk, which was answered while it arrived, is there."""
        message, self.chunked, self.transaction = self.chunked, None, None
        assert message is not None
        message.end_answered(said, keeps=True)

    def remember(self, items: Iterable[Item]) -> None:
        """Add to what is to be remembered of the behaviors that were asked."""
        if self._trail is not None:
            self._trail.extend(items)

    def _decide_on_chunk(self, size: int) -> Decision | None:
        self.attempt.size = size
        try:
            return self.decide(BDAT, self.argument)
        finally:
            self.attempt.size = None

    def settle(self, transaction: Transaction, last: Reply | None) -> None:
        """A transaction was ended by this reply, or by none at all."""
        if self.room != UNCOUNTED:
            self.release()
        transaction.reply = last
        transaction.settled_at = self.session.heard
        outcome = outcome_of(last, transaction.mail is not None)
        self.host.journal.settle(self.session, transaction, outcome)

    def unsent(self, answer: Replies) -> None:
        """An answer was cut off: what was settled by it was told nothing."""
        replies = (answer,) if isinstance(answer, Reply) else answer
        transaction = self.transaction
        if transaction is not None:
            transaction.take_back(replies[-1], silence_of(answer))
        elif self.session.transactions:
            last = self.session.transactions[-1]
            if any(reply is last.reply for reply in replies):
                self.host.journal.take_back(self.session, last, silence_of(answer))

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
        self.release()
        transaction, self.transaction = self.transaction, None
        if transaction is not None:
            transaction.settled_at = self.seconds()
            # A client whose recipients were all refused need not ask for more.
            refused = transaction.told and not transaction.accepted
            if refused and all(_is_refusal(told[1]) for told in transaction.told):
                outcome = Outcome.REFUSED
            else:
                outcome = Outcome.ABORTED
            self.host.journal.settle(self.session, transaction, outcome)

    def _forget_chunks(self) -> None:
        if self.chunked is not None:
            self.chunked.content.close()
            self.chunked = None


def with_chunk(answers: list[Reply | Faulty], by: Decision) -> list[Reply | Faulty]:
    """
    The answers to the content, as a behavior for its last chunk has them.

    It answers where the mail is kept; elsewhere what was decided on the whole content
    counts for more. It is late or slow once, for however many there are.
    """
    replaced = answer_of(by, reply.MAIL_KEPT)
    said = by.answer(reply.MAIL_KEPT)
    combined: list[Reply | Faulty] = [
        said if own is reply.MAIL_KEPT else own for own in answers
    ]
    if answers[0] is reply.MAIL_KEPT:
        combined[0] = replaced
    else:
        slowed = slowed_down(answers[0], by)
        assert not isinstance(slowed, tuple)
        combined[0] = slowed
    return combined


def _is_refusal(reply: Reply | None) -> bool:
    return outcome_of(reply, False) is Outcome.REFUSED


@implementer(IMessage)
class MockMessage:
    """
    The one message of a transaction.

    :ivar content: its octets
    :ivar reader: the same; after DATA the connection feeds it directly
    :ivar watch: what behaviors have to say while it arrives, if they were asked
    """

    __slots__ = ("content", "delivery", "origin", "reader", "transaction", "watch")

    goes_on = False

    def __init__(
        self,
        delivery: MockDelivery,
        transaction: Transaction,
        origin: Origin,
        content: Content,
    ) -> None:
        self.delivery = delivery
        self.transaction = transaction
        self.origin = origin
        self.content = self.reader = content
        self.watch: Watch | None = None

    def lineReceived(self, line: bytes) -> None:
        """Take one line that is already unstuffed, as the interface has it."""
        self.content.add(line + b"\r\n")

    def eomReceived(self, chunk: Decision | None = None) -> Replies | Faulty:
        """
        Decide on the whole content, and keep the mail where that is decided.

        :param chunk: what behaviors have to say to its last chunk
        """
        content = self.content
        self.transaction.size = content.size
        answer: Reply | Faulty | None = content.refusal
        if answer is None:
            octets = content.take()
            answer = self._decide(octets)
            if self.transaction.mail is None:
                self._identify(octets)
        content.close()
        if chunk is not None:
            (answer,) = with_chunk([answer], chunk)
        last = answer if isinstance(answer, Reply) else reply_in(answer)
        self.delivery.settle(self.transaction, last)
        return answer

    def for_each(self, answer: Reply | Faulty) -> Replies | Faulty:
        """`answer` to the content, which all recipients have together."""
        return answer

    def end_answered(self, said: Reply | None, keeps: bool) -> None:
        """
        The content, which was answered while it arrived, has come to its end.

        :param said: what was said
        :param keeps: whether the mail is kept all the same
        """
        content = self.content
        self.transaction.size = content.size
        self.transaction.stage = DATA_CONTENT
        if content.refusal is None:
            octets = content.take()
            if keeps:
                self.keep(octets)
            if self.transaction.mail is None:
                self._identify(octets)
        content.close()
        self.delivery.settle(self.transaction, said)

    def connectionLost(self) -> None:
        """Forget content that did not come to its end."""
        self.identify()
        self.content.close()
        self.delivery.transaction = self.transaction
        self.delivery.abort()

    def identify(self) -> None:
        """Record that the content ended before its end, and what it is known by."""
        self.transaction.stage = DATA_CONTENT
        octets = self.content.beginning()
        if HEADER_END.search(octets):
            self._identify(octets)

    def _identify(self, octets: bytes) -> None:
        """Record what a content is known by that is not kept."""
        if octets:
            self.transaction.identity = identity = identity_of(octets)
            self.transaction.octets += identity.octets

    def _decide(self, octets: bytes) -> Reply | Faulty:
        delivery = self.delivery
        decision = None
        if DATA in delivery.behaviors.taken:
            message = ParsedMessage(octets)
            decision = delivery.decide_on_content(self.transaction, message)
        if decision is None:
            return reply.MAIL_KEPT if self.keep(octets) else reply.STORAGE_FULL
        if decision.effect is APPLY and not self.keep(octets):
            return reply.STORAGE_FULL
        return answer_of(decision, reply.MAIL_KEPT)

    def keep(self, octets: bytes) -> bool:
        """Keep the mail, if it is one to keep; False where there is no room."""
        transaction = self.transaction
        if transaction.discarded or not transaction.recipients:
            return True
        # What has arrived is not arriving any more, so that it counts once.
        self.content.close()
        delivery = self.delivery
        if delivery.room != UNCOUNTED:
            delivery.release()
        mail = delivery.host.mailbox.take(
            transaction.close(), octets, delivery.seconds(), self.origin
        )
        if mail is None:
            return False
        transaction.mail = delivery.kept = mail.number
        return True
