"""The delivery hooks: where a behavior, or else the mailbox, decides on a mail.

These are twisted.mail's interfaces, called at the same points: `validateFrom` on
MAIL, `validateTo` on RCPT, `eomReceived` after the final dot or the last chunk. They
answer the reply, or a Deferred of it, where the stock interfaces answer an address, a
callable or nothing at all: those can't say which reply is to be sent, nor that a
command was refused and takes place all the same. There is one message object for
each transaction, not for each recipient.
"""

from __future__ import annotations

from collections.abc import Callable

from twisted.mail.interfaces import IMessageDelivery
from twisted.mail.smtp import IMessage
from zope.interface import implementer

from mocksmtp.core.host import MailHost
from mocksmtp.model import reply
from mocksmtp.model.behavior import Command, Effect
from mocksmtp.model.command import PathCommand
from mocksmtp.model.mail import Origin
from mocksmtp.model.reply import Reply
from mocksmtp.model.session import Outcome, Session, Transaction, outcome_of
from mocksmtp.smtp.content import Content, ContentReader

# Looking up a member of an enumeration takes as long as a short search.
MAIL_FROM, RCPT_TO, DATA = Command.MAIL_FROM, Command.RCPT_TO, Command.DATA
APPLY, NONE, DISCARD = Effect.APPLY, Effect.NONE, Effect.DISCARD


@implementer(IMessageDelivery)
class MockDelivery:
    """
    The hooks of one connection.

    :param host: whose behaviors decide, and whose mailbox and journal keep
    :param session: where transactions are recorded
    :param seconds: the time, in seconds since the epoch

    :ivar transaction: the open one, or None
    :ivar chunked: its message, if that comes in chunks and has begun
    :ivar messages: how many transactions there were
    """

    chunked: MockMessage | None = None
    messages = 0

    def __init__(
        self, host: MailHost, session: Session, seconds: Callable[[], float]
    ) -> None:
        self.host = host
        self.session = session
        self.seconds = seconds
        self.decide = host.behaviors.decide
        self.transaction: Transaction | None = None

    def receivedHeader(self, helo: object, origin: object, recipients: object) -> bytes:
        """Nothing: what is kept is what was sent."""
        return b""

    def validateFrom(self, helo: object, origin: PathCommand) -> Reply:
        """Decide on a MAIL that is well-formed and in its place."""
        rule = self.decide(MAIL_FROM, origin.address.text.encode())
        if rule is None:
            self.transaction = Transaction(origin)
            self.messages += 1
            return reply.SENDER_OK
        transaction = Transaction(origin, rule.effect is DISCARD)
        if rule.effect is NONE:
            self.settle(transaction, rule.reply)
        else:
            self.transaction = transaction
            self.messages += 1
        return rule.reply

    def validateTo(self, user: PathCommand) -> Reply:
        """Decide on an RCPT that is well-formed and within a transaction."""
        transaction = self.transaction
        assert transaction is not None
        if transaction.accepted >= self.host.limits.recipients:
            transaction.tell(user, reply.TOO_MANY_RECIPIENTS, NONE)
            return reply.TOO_MANY_RECIPIENTS
        rule = self.decide(RCPT_TO, user.address.text.encode())
        if rule is None:
            transaction.accepted += 1
            transaction.recipients.append(user)
            return reply.RECIPIENT_OK
        transaction.tell(user, rule.reply, rule.effect)
        return rule.reply

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

    def end_chunk(self, last: bool) -> Reply | tuple[Reply, ...]:
        """
        A chunk is there; one that is refused ends the transaction.

        :param last: whether the message is whole now
        """
        message = self.chunked
        assert message is not None
        refusal = message.content.refusal
        if last or refusal is not None:
            self.chunked = self.transaction = None
            return message.eomReceived()
        return reply.CHUNK_KEPT

    def settle(self, transaction: Transaction, last: Reply) -> None:
        """A transaction was ended by this reply."""
        transaction.reply = last
        outcome = outcome_of(last, transaction.mail is not None)
        self.host.journal.settle(self.session, transaction, outcome)

    def refuse(self, last: Reply) -> None:
        """End the open transaction with this reply."""
        transaction, self.transaction = self.transaction, None
        if transaction is not None:
            self.settle(transaction, last)

    def abort(self) -> None:
        """End the open transaction, if there is one, without its content."""
        if self.chunked is not None:
            self.chunked.content.close()
            self.chunked = None
        transaction, self.transaction = self.transaction, None
        if transaction is not None:
            # A client whose recipients were all refused need not ask for more.
            refused = transaction.told and not transaction.accepted
            outcome = Outcome.REFUSED if refused else Outcome.ABORTED
            self.host.journal.settle(self.session, transaction, outcome)


@implementer(IMessage)
class MockMessage:
    """
    The one message of a transaction.

    :ivar content: its octets
    :ivar reader: the same; after DATA the connection feeds it directly
    """

    __slots__ = ("content", "delivery", "origin", "reader", "transaction")

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

    def lineReceived(self, line: bytes) -> None:
        """Take one line that is already unstuffed, as the interface has it."""
        self.content.add(line + b"\r\n")

    def eomReceived(self) -> Reply | tuple[Reply, ...]:
        """Decide on the whole content, and keep the mail where that is decided."""
        content = self.content
        last = content.refusal or self._decide(content.take())
        content.close()
        self.delivery.settle(self.transaction, last)
        return last

    def connectionLost(self) -> None:
        """Forget content that did not come to its end."""
        self.content.close()
        self.delivery.transaction = self.transaction
        self.delivery.abort()

    def _decide(self, octets: bytes) -> Reply:
        rule = self.delivery.decide(DATA, octets)
        if rule is None:
            return reply.MAIL_KEPT if self.keep(octets) else reply.STORAGE_FULL
        if rule.effect is APPLY and not self.keep(octets):
            return reply.STORAGE_FULL
        return rule.reply

    def keep(self, octets: bytes) -> bool:
        """Keep the mail, if it is one to keep; False where there is no room."""
        transaction = self.transaction
        if transaction.discarded or not transaction.recipients:
            return True
        # What has arrived is not arriving any more, so that it counts once.
        self.content.close()
        delivery = self.delivery
        mail = delivery.host.mailbox.take(
            transaction.close(), octets, delivery.seconds(), self.origin
        )
        if mail is None:
            return False
        transaction.mail = mail.number
        return True
