"""LMTP, which is SMTP with one reply for each recipient after the content (RFC 2033).

A behavior for DATA decides on each recipient by itself, so that a mail can be taken
for some of them and refused for others.
"""

from __future__ import annotations

from typing import ClassVar

import attrs

from mocksmtp.behaviors.response import Effect
from mocksmtp.behaviors.smtp import Decision
from mocksmtp.grammar import reply
from mocksmtp.grammar.command import PathCommand
from mocksmtp.grammar.reply import Reply
from mocksmtp.mail.fields import ParsedMessage
from mocksmtp.mail.mail import Origin
from mocksmtp.sessions.session import Outcome, Transaction, outcome_of
from mocksmtp.smtp.answers import (
    Answer,
    Faulty,
    Replies,
    answer_of,
    reply_in,
    together,
)
from mocksmtp.smtp.content import Content
from mocksmtp.smtp.delivery import DATA, MockDelivery, MockMessage, with_chunk
from mocksmtp.smtp.protocol import EHLO, MockESMTP, Verb

_CONTENT_OCTETS = 64
"""About what the answer to one recipient takes, in bytes."""


class LmtpDelivery(MockDelivery):
    """The hooks of a connection on which LMTP is spoken."""

    _accepted: list[tuple[PathCommand, bool]]

    def validateFrom(self, helo: object, origin: PathCommand) -> Reply | Faulty:
        """Decide on a MAIL."""
        self._accepted = []
        return super().validateFrom(helo, origin)

    def validateTo(self, user: PathCommand) -> Reply | Faulty:
        """Decide on an RCPT, and note who is owed a reply after the content."""
        transaction = self.transaction
        assert transaction is not None
        before, applied = transaction.accepted, len(transaction.recipients)
        answer = super().validateTo(user)
        if transaction.accepted > before:
            takes_effect = len(transaction.recipients) > applied
            self._accepted.append((user, takes_effect))
        return answer

    def new_message(
        self, transaction: Transaction, origin: Origin, content: Content
    ) -> MockMessage:
        """A message for those that were accepted."""
        return LmtpMessage(self, transaction, origin, content, self._accepted)


class LmtpMessage(MockMessage):
    """
    A message that has an answer for each recipient.

    :param accepted: the recipients of whom the client was told that they are, in
        their order, and whether the mail is to be kept for them
    """

    __slots__ = ("_accepted",)

    def __init__(
        self,
        delivery: MockDelivery,
        transaction: Transaction,
        origin: Origin,
        content: Content,
        accepted: list[tuple[PathCommand, bool]],
    ) -> None:
        super().__init__(delivery, transaction, origin, content)
        self._accepted = accepted

    def eomReceived(self, chunk: Decision | None = None) -> Replies | Faulty:
        """Decide for each recipient, and keep the mail for those who are to have it."""
        content = self.content
        self.transaction.size = content.size
        kept = [False] * len(self._accepted)
        if content.refusal is not None:
            answers: list[Reply | Faulty] = [content.refusal] * len(kept)
        else:
            octets = content.take()
            answers = self._decide_each(octets, kept)
            if self.transaction.mail is None:
                self._identify(octets)
        content.close()
        if chunk is not None:
            answers = with_chunk(answers, chunk)
        told = [reply_in(answer) for answer in answers]
        recipients = [recipient for recipient, _ in self._accepted]
        self.transaction.contents = list(zip(recipients, told, kept, strict=True))
        self.transaction.octets += _CONTENT_OCTETS * len(kept)
        good = (one for one in told if outcome_of(one, True) is Outcome.ACCEPTED)
        self.delivery.settle(self.transaction, next(good, told[0]))
        return together(answers)

    def for_each(self, answer: Reply | Faulty) -> Replies | Faulty:
        """`answer` to the content, once for each recipient (RFC 2033 §4.2)."""
        told = reply_in(answer)
        if told is None or not told.wire:
            return answer
        replies = (told,) * len(self._accepted)
        if isinstance(answer, Faulty):
            return attrs.evolve(answer, reply=replies)
        return replies

    def _decide_each(self, octets: bytes, kept: list[bool]) -> list[Reply | Faulty]:
        """
        The answers, after the mail was kept.

        :param kept: told for whom it was
        """
        delivery, transaction = self.delivery, self.transaction
        message = ParsedMessage(octets)
        answers: list[Reply | Faulty] = []
        for place, (recipient, takes_effect) in enumerate(self._accepted):
            decision = None
            if DATA in delivery.behaviors.taken:
                decision = delivery.decide_on_content(transaction, message, recipient)
            if decision is None:
                answers.append(reply.MAIL_KEPT)
                kept[place] = takes_effect
            else:
                answers.append(answer_of(decision, reply.MAIL_KEPT))
                kept[place] = takes_effect and decision.effect is Effect.APPLY
        accepted = zip(self._accepted, kept, strict=True)
        transaction.recipients = [path for (path, _), keeps in accepted if keeps]
        room = self.keep(octets)
        if transaction.mail is None:
            for place, keeps in enumerate(kept):
                if keeps and not room:
                    answers[place] = reply.STORAGE_FULL
                kept[place] = False
        return answers


class MockLMTP(MockESMTP):
    """A connection on which LMTP is spoken."""

    def new_delivery(self) -> MockDelivery:
        """The hooks."""
        return LmtpDelivery(self.mail_host, self.session, self.seconds, self.trail)

    def do_LHLO(self, rest: bytes) -> Answer:
        """Begin a session, as EHLO does elsewhere (RFC 2033 §4.1)."""
        if not rest:
            return reply.LHLO_SYNTAX
        return self.greet(EHLO, rest, self.offer.extended_hello)

    verbs: ClassVar[dict[bytes, Verb]] = {
        **{
            verb: do
            for verb, do in MockESMTP.verbs.items()
            if verb not in (b"HELO", b"EHLO")
        },
        b"LHLO": do_LHLO,  # type: ignore[dict-item]
    }
