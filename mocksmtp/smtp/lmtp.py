"""LMTP: SMTP with one reply for each recipient after the content (RFC 2033).

A behavior for DATA decides for each recipient separately, so that a mail can be
accepted for some of them and refused for others.
"""

from __future__ import annotations

from typing import ClassVar

import attrs
from twisted.internet.defer import Deferred

from mocksmtp.behaviors.response import Effect
from mocksmtp.behaviors.smtp import Decision
from mocksmtp.grammar import reply
from mocksmtp.grammar.command import PathCommand, plain_path
from mocksmtp.grammar.reply import Reply
from mocksmtp.mail.fields import ParsedMessage
from mocksmtp.sessions.session import Outcome, Transaction, outcome_of
from mocksmtp.smtp.connection import MockESMTP
from mocksmtp.smtp.content import Content
from mocksmtp.smtp.delivery import (
    CUT,
    DATA,
    Cut,
    MockDelivery,
    MockMessage,
    is_refusal,
    with_chunk,
)
from mocksmtp.smtp.output import (
    CommandResult,
    ContentAnswer,
    DelayedReply,
    Replies,
    answer_for,
    combine,
    reply_in,
)
from mocksmtp.smtp.protocol import EHLO, Commands, Verb

_CONTENT_OCTETS = 64
"""Approximate bytes of memory of the reply for one recipient."""


class LmtpDelivery(MockDelivery):
    """
    The delivery hooks of an LMTP connection.

    :ivar accepted: the recipients for which RCPT was answered with a positive reply, in
        order, and whether the mail is kept for each
    """

    accepted: list[tuple[PathCommand, bool]]

    def validateFrom(self, helo: object, origin: PathCommand) -> Reply | DelayedReply:
        """Decide on a MAIL."""
        self.accepted = []
        return super().validateFrom(helo, origin)

    def validate_plain(self, address: bytes) -> Reply | DelayedReply:
        """Decide on an RCPT with an ASCII address and without parameters."""
        return self.validateTo(plain_path(address))

    def validateTo(self, user: PathCommand) -> Reply | DelayedReply:
        """Decide on an RCPT, and add its recipient to `accepted` if it is accepted."""
        transaction = self.transaction
        assert transaction is not None
        before, applied = transaction.accepted, transaction.applied
        answer = super().validateTo(user)
        if transaction.accepted > before:
            takes_effect = transaction.applied > applied
            self.accepted.append((user, takes_effect))
        return answer


class LmtpMessage(MockMessage):
    """A message with one reply to the content for each accepted recipient."""

    __slots__ = ("_accepted",)

    delivery: LmtpDelivery

    def __init__(
        self, delivery: LmtpDelivery, transaction: Transaction, content: Content
    ) -> None:
        super().__init__(delivery, transaction, content)
        self._accepted = delivery.accepted

    def eomReceived(self, chunk: Decision | None = None) -> ContentAnswer:
        """Decide for each recipient, and keep the mail for those that are accepted."""
        content = self.content
        self.transaction.size = content.size
        kept = [False] * len(self._accepted)
        if content.refusal is not None:
            answers: list[Reply | DelayedReply] = [content.refusal] * len(kept)
            return self._finish(answers, kept, b"", chunk)
        octets = content.take()
        answers = self._decide_each(octets, kept)
        refusal = self.keep(octets)
        if isinstance(refusal, Deferred):
            refusal.addCallback(self._finish_each, answers, kept, octets, chunk)
            return refusal
        return self._finish_each(refusal, answers, kept, octets, chunk)

    def _finish_each(
        self,
        refusal: Reply | Cut | None,
        answers: list[Reply | DelayedReply],
        kept: list[bool],
        octets: bytes,
        chunk: Decision | None,
    ) -> Replies | DelayedReply:
        """Return the answers, now that the mail is kept or is not."""
        if refusal is not None or self.transaction.mail is None:
            for place, keeps in enumerate(kept):
                if keeps and isinstance(refusal, Reply):
                    answers[place] = refusal
                kept[place] = keeps and refusal is CUT
        lost = octets if self.transaction.mail is None else b""
        return self._finish(answers, kept, lost, chunk)

    def _finish(
        self,
        answers: list[Reply | DelayedReply],
        kept: list[bool],
        lost: bytes,
        chunk: Decision | None,
    ) -> Replies | DelayedReply:
        """
        Return the answers, and record them.

        :param lost: the content, if it is not kept
        """
        if chunk is not None:
            answers = with_chunk(answers, chunk)
        replies = [reply_in(answer) for answer in answers]
        if lost:
            self._identify(lost)
            if any(map(is_refusal, replies)):
                self._keep_refused(lost)
        recipients = [recipient for recipient, _ in self._accepted]
        self.transaction.contents = list(zip(recipients, replies, kept, strict=True))
        self.transaction.octets += _CONTENT_OCTETS * len(kept)
        good = (one for one in replies if outcome_of(one, True) is Outcome.ACCEPTED)
        self.delivery.settle(self.transaction, next(good, replies[0]))
        return combine(answers)

    def for_each(self, answer: Reply | DelayedReply) -> Replies | DelayedReply:
        """Return the answer to the content, once per recipient (RFC 2033 §4.2)."""
        reply = reply_in(answer)
        if reply is None or not reply.wire:
            return answer
        replies = (reply,) * len(self._accepted)
        if isinstance(answer, DelayedReply):
            return attrs.evolve(answer, reply=replies)
        return replies

    def _decide_each(
        self, octets: bytes, kept: list[bool]
    ) -> list[Reply | DelayedReply]:
        """
        Return the reply for each recipient.

        :param kept: receives, for each recipient, whether the mail is kept
        """
        delivery, transaction = self.delivery, self.transaction
        message = ParsedMessage(octets)
        answers: list[Reply | DelayedReply] = []
        for place, (recipient, takes_effect) in enumerate(self._accepted):
            decision = None
            if DATA in delivery.behaviors.points:
                decision = delivery.decide_on_content(transaction, message, recipient)
            if decision is None:
                answers.append(reply.MAIL_KEPT)
                kept[place] = takes_effect
            else:
                answers.append(answer_for(decision, reply.MAIL_KEPT))
                kept[place] = takes_effect and decision.effect is Effect.APPLY
        accepted = zip(self._accepted, kept, strict=True)
        transaction.recipients = [path for (path, _), keeps in accepted if keeps]
        return answers


LmtpDelivery.message_class = LmtpMessage


class LmtpCommands(Commands):
    """Executes the commands of an LMTP connection."""

    def do_LHLO(self, rest: bytes) -> CommandResult:
        """Begin a session, as EHLO does in SMTP (RFC 2033 §4.1)."""
        if not rest:
            return reply.LHLO_SYNTAX
        return self.identify(EHLO, rest, self.offer.extended_hello)

    verbs: ClassVar[dict[bytes, Verb]] = {
        **{
            verb: do
            for verb, do in Commands.verbs.items()
            if verb not in (b"HELO", b"EHLO")
        },
        b"LHLO": do_LHLO,  # type: ignore[dict-item]
    }


class MockLMTP(MockESMTP):
    """The server side of one LMTP connection."""

    commands_class = LmtpCommands
    delivery_class = LmtpDelivery
