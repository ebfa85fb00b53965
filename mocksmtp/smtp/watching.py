"""Content on which behaviors may decide while it arrives."""

from __future__ import annotations

from typing import Protocol

import attrs

from mocksmtp.core.behaviors import Decision
from mocksmtp.model.behavior import Command, Effect
from mocksmtp.model.reply import Reply
from mocksmtp.smtp.answers import (
    NOTHING,
    Answer,
    Faulty,
    Replies,
    answer_of,
    reply_in,
)
from mocksmtp.smtp.chunks import Chunk
from mocksmtp.smtp.content import Content, ContentReader
from mocksmtp.smtp.delivery import MockMessage

DATA_CONTENT = Command.DATA_CONTENT


class Taking(Protocol):
    """A connection that takes what is no command."""

    def go_on_with(
        self, incoming: WatchedContent | Rest | WatchedChunk | Chunk
    ) -> None:
        """Take it from now on."""


def decided(message: MockMessage, size: int) -> Decision | None:
    """What behaviors have to say to content of which so many octets have come."""
    delivery = message.delivery
    delivery.ending, delivery.attempt.size = message.transaction, size
    try:
        return delivery.decide(DATA_CONTENT, b"")
    finally:
        delivery.ending = delivery.attempt.size = None


def after(answer: Reply | Faulty, own: Replies | Faulty) -> Replies | Faulty:
    """`own`, as late as `answer` would be."""
    if isinstance(own, Faulty) or not isinstance(answer, Faulty):
        return own
    return attrs.evolve(answer, reply=own)


class WatchedContent:
    """
    The content of a message; behaviors are asked with each packet of it.

    What one answers is sent at once. Then the rest is read and has no reply of its own,
    unless the behavior has only slowed it down.

    :param connection: on which it comes
    """

    def __init__(self, connection: Taking, message: MockMessage) -> None:
        self.reader = self
        self.size = 0
        self.flags = 0
        self._connection = connection
        self._message = message
        self._ended = False
        self._answer: Reply | Faulty | None = None
        self._goes_on = False
        self._keeps = False

    def feed(self, data: bytes, start: int = 0) -> int:
        """
        Take the octets of `data` from `start` on.

        :return: the index behind the terminator, or that of the end where a behavior
            has something to say, or -1
        """
        content = self._message.content
        assert isinstance(content, ContentReader)
        end = content.feed(data, start)
        self.size, self.flags = content.size, content.flags
        self._ended = end >= 0
        if start < len(data) and self._is_answered():
            return end if self._ended else len(data)
        return end

    def _is_answered(self) -> bool:
        decision = decided(self._message, self.size)
        if decision is None:
            return False
        self._answer = answer_of(decision, NOTHING)
        self._goes_on = decision.is_own
        self._keeps = decision.effect is Effect.APPLY
        return True

    def eomReceived(self) -> Answer:
        """What is said: to the content, or in the midst of it."""
        answer, self._answer = self._answer, None
        if answer is None:
            return self._message.eomReceived()
        if self._goes_on:
            return self._slowed(answer)
        rest = Rest(self._message, self._keeps, reply_in(answer))
        if self._ended:
            rest.eomReceived()
        else:
            self._connection.go_on_with(rest)
        return self._message.for_each(answer)

    def _slowed(self, answer: Reply | Faulty) -> Answer:
        """Only time was decided: the content goes on, or has its own reply."""
        if not self._ended:
            self._connection.go_on_with(self)
            return answer
        return after(answer, self._message.eomReceived())

    def connectionLost(self) -> None:
        """There will be no more of it."""
        self._message.connectionLost()


class WatchedChunk:
    """
    A chunk of content (RFC 3030 §2); behaviors are asked with each packet of it.

    What one answers is sent at once, in the place of the chunk's own reply. One that
    refuses the chunk ends the transaction.

    :param connection: on which it comes
    """

    def __init__(self, connection: Taking, message: MockMessage, chunk: Chunk) -> None:
        self.reader = self
        self.size = 0
        self.flags = 0
        self._connection = connection
        self._message = message
        self._chunk = chunk
        self._ended = False
        self._decision: Decision | None = None

    def feed(self, data: bytes, start: int = 0) -> int:
        """
        Take the octets of `data` from `start` on.

        :return: the index behind the last octet, or that of the end where a behavior
            has something to say, or -1
        """
        end = self._chunk.feed(data, start)
        self._ended = end >= 0
        taken = (end if self._ended else len(data)) - start
        self.size += taken
        content = self._message.content
        if taken and content.refusal is None:
            self._decision = decided(self._message, content.size)
            if self._decision is not None:
                return start + taken
        return end

    def eomReceived(self) -> Answer:
        """What is said: to the chunk, or in the midst of it."""
        decision, self._decision = self._decision, None
        if decision is None:
            return self._chunk.eomReceived()
        answer = answer_of(decision, NOTHING)
        if decision.is_own:
            if self._ended:
                return after(answer, self._chunk.eomReceived())
            self._connection.go_on_with(self)
            return answer
        keeps = decision.effect is Effect.APPLY
        self._chunk.answered(keeps)
        if not keeps:
            self._message.delivery.refuse(reply_in(answer))
        if self._ended:
            self._chunk.eomReceived()
        else:
            self._connection.go_on_with(self._chunk)
        return answer

    def connectionLost(self) -> None:
        """The transaction, which knows the content, is told as well."""


class Rest:
    """
    The rest of content to which all has been said.

    :param keeps: whether the mail is kept all the same
    :param said: what was said
    """

    def __init__(self, message: MockMessage, keeps: bool, said: Reply | None) -> None:
        self.reader: Content = message.content
        self._message = message
        self._keeps = keeps
        self._said = said

    def eomReceived(self) -> Answer:
        """Nothing more is said."""
        message, content = self._message, self._message.content
        message.transaction.size = content.size
        if self._keeps and content.refusal is None:
            message.keep(content.take())
        content.close()
        message.delivery.settle(message.transaction, self._said)
        return ()

    def connectionLost(self) -> None:
        """There will be no more of it."""
        content = self._message.content
        content.close()
        self._message.delivery.settle(self._message.transaction, self._said)
