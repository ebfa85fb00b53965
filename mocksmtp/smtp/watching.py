"""Content on which behaviors may decide while it arrives.

What is said, when, and what is recorded does not depend on how the content is split: an
answer within content that has come as a whole is given, and recorded, as one within
content that is still to come.
"""

from __future__ import annotations

import math
from functools import partial
from typing import Protocol

from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Effect
from mocksmtp.behaviors.smtp import Decision
from mocksmtp.grammar.reply import Reply
from mocksmtp.smtp.answers import NOTHING, Answer, answer_of, reply_in
from mocksmtp.smtp.arriving import Watch
from mocksmtp.smtp.chunks import Chunk
from mocksmtp.smtp.content import ContentReader
from mocksmtp.smtp.delivery import MockMessage


class Taking(Protocol):
    """A connection that takes what is no command."""

    def go_on_with(
        self, incoming: WatchedContent | Rest | WatchedChunk | Chunk
    ) -> None:
        """Take it from now on."""


def watch_of(message: MockMessage) -> Watch:
    """What behaviors have to say to a message, through all its chunks."""
    if message.watch is None:
        message.watch = Watch(message.delivery, message.transaction)
    return message.watch


class WatchedContent:
    """
    The content of a message; behaviors are asked while it arrives.

    What one answers is sent at once. Then the rest is read and has no reply of its own,
    unless the behavior has only slowed it down.

    :param connection: on which it comes

    :ivar size: octets so far: at an answer, those at which it was decided
    """

    def __init__(self, connection: Taking, message: MockMessage) -> None:
        self.reader = self
        self.size = 0
        self.flags = 0
        self.goes_on = False
        self._connection = connection
        self._message = message
        self._watch = watch_of(message)
        self._left: int | None = None
        self._decision: Decision | None = None

    def feed(self, data: bytes, start: int = 0) -> int:
        """
        Take the octets of `data` from `start` on.

        :return: the index behind the terminator, or of what is left where a behavior
            has something to say, or -1
        """
        content = self._message.content
        assert isinstance(content, ContentReader)
        if self._left is None:
            end = content.feed(data, start)
            ended = end >= 0
        else:
            end, ended = min(start + self._left, len(data)), True
        self.size, self.flags = content.size, content.flags
        found = self._watch.look(content.size, ended)
        if found is None:
            return end
        self.size, self._decision = found
        # What is flagged of the whole content is so with its end.
        self.flags = 0
        if not ended:
            return len(data)
        # The last octet of the terminator is left, so that what follows this answer is
        # not forgotten if nothing else comes behind it.
        self._left = 1
        return max(end - 1, start)

    def eomReceived(self) -> Answer:
        """What is said: to the content, or in the midst of it."""
        message = self._message
        decision, self._decision = self._decision, None
        if decision is None:
            self._watch.finish()
            return message.eomReceived()
        answer = answer_of(decision, NOTHING)
        if decision.is_own:
            self.goes_on = True
            self._connection.go_on_with(self)
            return answer
        keeps = decision.effect is Effect.APPLY
        rest = Rest(message, keeps, reply_in(answer), self._left)
        self._connection.go_on_with(rest)
        return message.for_each(answer)

    def connectionLost(self) -> None:
        """There will be no more of it."""
        self._message.connectionLost()


class WatchedChunk:
    """
    A chunk of content (RFC 3030 §2); behaviors are asked while it arrives.

    What one answers is sent at once, in the place of the chunk's own reply. One that
    refuses the chunk ends the transaction.

    :param connection: on which it comes
    :param last: whether no other chunk follows

    :ivar size: octets so far: at an answer, those at which it was decided
    """

    def __init__(
        self, connection: Taking, message: MockMessage, chunk: Chunk, last: bool
    ) -> None:
        self.reader = self
        self.size = 0
        self.flags = 0
        self.goes_on = False
        self._connection = connection
        self._message = message
        self._chunk = chunk
        self._last = last
        self._watch = watch_of(message)
        self._before = message.content.size
        self._decision: Decision | None = None

    def feed(self, data: bytes, start: int = 0) -> int:
        """
        Take the octets of `data` from `start` on.

        :return: the index behind the last octet, or behind that at which a behavior
            has something to say, or -1
        """
        content, watch = self._message.content, self._watch
        while True:
            size = self._before + self.size
            stop = math.inf if content.refusal is not None else watch.stop(size)
            end = min(len(data), start + self._chunk.size - self.size)
            if stop < size + end - start:
                end = start + max(0, int(stop) - size)
            here = data if end == len(data) else data[:end]
            ended = self._chunk.feed(here, start) >= 0
            self.size += end - start
            start = end
            if content.refusal is None:
                found = watch.look(self._before + self.size, ended and self._last)
                if found is not None:
                    self._decision = found[1]
                    return end
            if ended:
                return end
            if end == len(data):
                return -1

    def eomReceived(self) -> Answer:
        """What is said: to the chunk, or in the midst of it."""
        message, chunk = self._message, self._chunk
        decision, self._decision = self._decision, None
        if decision is None:
            if self._last:
                self._watch.finish()
            return chunk.eomReceived()
        answer = answer_of(decision, NOTHING)
        if decision.is_own:
            self.goes_on = True
            self._connection.go_on_with(self)
            return answer
        said = reply_in(answer)
        if decision.effect is not Effect.APPLY:
            chunk.answered(False)
            message.delivery.refuse(said, Command.DATA_CONTENT)
        elif self._last:
            end = partial(message.delivery.end_answered_chunk, said)
            chunk.answered(True, end)
        else:
            chunk.answered(True)
        self._connection.go_on_with(chunk)
        return message.for_each(answer) if self._last else answer

    def connectionLost(self) -> None:
        """The transaction, which knows the content, is told as well."""


class Rest:
    """
    The rest of content to which all has been said.

    :param keeps: whether the mail is kept all the same
    :param said: what was said
    :param left: how many octets it has, where the end is known
    """

    goes_on = True

    def __init__(
        self, message: MockMessage, keeps: bool, said: Reply | None, left: int | None
    ) -> None:
        self.reader = self
        self._message = message
        self._keeps = keeps
        self._said = said
        self._left = left

    @property
    def size(self) -> int:
        """Octets of the whole content."""
        return self._message.content.size

    @property
    def flags(self) -> int:
        """What is flagged of the whole content."""
        content = self._message.content
        assert isinstance(content, ContentReader)
        return content.flags

    def feed(self, data: bytes, start: int = 0) -> int:
        """Take the octets of `data` from `start` on, as a reader does."""
        if self._left is not None:
            return min(start + self._left, len(data))
        content = self._message.content
        assert isinstance(content, ContentReader)
        return content.feed(data, start)

    def eomReceived(self) -> Answer:
        """Nothing more is said."""
        self._message.end_answered(self._said, self._keeps)
        return ()

    def connectionLost(self) -> None:
        """There will be no more of it."""
        self._message.identify()
        self._message.content.close()
        self._message.delivery.settle(self._message.transaction, self._said)
