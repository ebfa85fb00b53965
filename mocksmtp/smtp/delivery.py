"""The delivery hooks: where a behavior, or else the mailbox, decides on a mail.

These are twisted.mail's interfaces, called at the same points: `validateFrom` on
MAIL, `validateTo` on RCPT, `eomReceived` after the final dot. They answer the
reply, or a Deferred of it, where the stock interfaces answer an address, a
callable or nothing at all: those can't say which reply is to be sent, nor that a
command was refused and takes place all the same. There is one message object for
each transaction, not for each recipient.
"""

from __future__ import annotations

from collections.abc import Callable

import attrs
from twisted.mail.interfaces import IMessageDelivery
from twisted.mail.smtp import IMessage
from zope.interface import implementer

from mocksmtp.core.host import MailHost
from mocksmtp.model import reply
from mocksmtp.model.behavior import Command, Effect
from mocksmtp.model.command import PathCommand, allows_utf8
from mocksmtp.model.mail import Envelope, Origin, Recipient
from mocksmtp.model.reply import Reply
from mocksmtp.smtp.content import ContentReader


@attrs.frozen
class Verdict:
    """What was decided on a command: the reply, and whether it takes place."""

    reply: Reply
    effect: Effect


# Looking up a member of an enumeration takes as long as a short search.
MAIL_FROM, RCPT_TO, DATA = Command.MAIL_FROM, Command.RCPT_TO, Command.DATA
APPLY, NONE, DISCARD = Effect.APPLY, Effect.NONE, Effect.DISCARD

_SENDER_ACCEPTED = Verdict(reply.SENDER_OK, APPLY)
_MAIL_ACCEPTED = Verdict(reply.MAIL_KEPT, APPLY)


class Transaction:
    """
    A mail on its way: what MAIL and RCPT have said so far (RFC 5321 §3.3).

    :ivar recipients: those to keep
    :ivar accepted: how many recipients the client takes for accepted
    :ivar refused: whether any recipient was refused
    :ivar discarded: the client believes in a mail that is not to be kept
    """

    __slots__ = ("accepted", "discarded", "recipients", "refused", "sender", "utf8")

    def __init__(self, sender: PathCommand, effect: Effect) -> None:
        self.sender = sender
        self.discarded = effect is DISCARD
        self.utf8 = bool(sender.parameters) and allows_utf8(sender.parameters)
        self.recipients: list[Recipient] = []
        self.accepted = 0
        self.refused = False

    def add(self, recipient: PathCommand, effect: Effect) -> None:
        """Record what was decided on one RCPT."""
        if effect is APPLY:
            self.accepted += 1
            self.recipients.append(recipient)
        elif effect is DISCARD:
            self.accepted += 1
        else:
            self.refused = True

    @property
    def envelope(self) -> Envelope:
        """What is to be kept of it."""
        sender = self.sender
        return Envelope(sender.address, sender.parameters, tuple(self.recipients))


@implementer(IMessageDelivery)
class MockDelivery:
    """
    The hooks of one connection.

    :param host: whose behaviors decide, and whose mailbox keeps
    :param seconds: the time, in seconds since the epoch

    :ivar transaction: the open one, or None
    """

    def __init__(self, host: MailHost, seconds: Callable[[], float]) -> None:
        self.host = host
        self.seconds = seconds
        self._decide = host.behaviors.decide
        self.transaction: Transaction | None = None

    def receivedHeader(self, helo: object, origin: object, recipients: object) -> bytes:
        """Nothing: what is kept is what was sent."""
        return b""

    def decide(self, command: Command, subject: bytes, usual: Verdict) -> Verdict:
        """What a behavior answers on `command`, or else the `usual` verdict."""
        behavior = self._decide(command, subject)
        if behavior is None:
            return usual
        return Verdict(behavior.response.reply, behavior.response.outcome)

    def validateFrom(self, helo: object, origin: PathCommand) -> Reply:
        """Decide on a MAIL that is well-formed and in its place."""
        subject = origin.address.text.encode()
        verdict = self.decide(MAIL_FROM, subject, _SENDER_ACCEPTED)
        if verdict.effect is not NONE:
            self.transaction = Transaction(origin, verdict.effect)
        return verdict.reply

    def validateTo(self, user: PathCommand) -> Reply:
        """Decide on an RCPT that is well-formed and within a transaction."""
        transaction = self.transaction
        assert transaction is not None
        if transaction.accepted >= self.host.limits.recipients:
            return reply.TOO_MANY_RECIPIENTS
        behavior = self._decide(RCPT_TO, user.address.text.encode())
        if behavior is None:
            transaction.add(user, APPLY)
            return reply.RECIPIENT_OK
        transaction.add(user, behavior.response.outcome)
        return behavior.response.reply

    def message(self, origin: Origin) -> MockMessage:
        """The message of the open transaction, which its content ends."""
        transaction, self.transaction = self.transaction, None
        assert transaction is not None
        return MockMessage(self, transaction, origin)


@implementer(IMessage)
class MockMessage:
    """
    The one message of a transaction.

    :ivar content: takes the packets; the protocol feeds it directly
    """

    __slots__ = ("_delivery", "_origin", "_transaction", "content")

    def __init__(
        self, delivery: MockDelivery, transaction: Transaction, origin: Origin
    ) -> None:
        self._delivery = delivery
        self._transaction = transaction
        self._origin = origin
        host = delivery.host
        self.content = ContentReader(host.limits.message_size, host.mailbox)

    def lineReceived(self, line: bytes) -> None:
        """Take one line that is already unstuffed, as the interface has it."""
        stuffed = b"." + line if line.startswith(b".") else line
        self.content.feed(stuffed + b"\r\n")

    def eomReceived(self) -> Reply:
        """Decide on the whole content, and keep the mail where that is decided."""
        content = self.content
        if not content.ended:
            content.feed(b".\r\n")  # it came by lines, which have no terminator
        if content.refusal is not None:
            return content.refusal
        octets = content.take()
        content.close()
        verdict = self._delivery.decide(DATA, octets, _MAIL_ACCEPTED)
        if verdict.effect is APPLY and not self._keep(octets):
            return reply.STORAGE_FULL
        return verdict.reply

    def connectionLost(self) -> None:
        """Forget content that did not come to its end."""
        self.content.close()

    def _keep(self, octets: bytes) -> bool:
        """Keep the mail, if it is one to keep; False where there is no room."""
        transaction = self._transaction
        if transaction.discarded or not transaction.recipients:
            return True
        delivery = self._delivery
        mail = delivery.host.mailbox.take(
            transaction.envelope, octets, delivery.seconds(), self._origin
        )
        return mail is not None
