"""A reply that is not sent at once: undecided, delayed, dripped or missing."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime

from mocksmtp.behaviors.miss import LongTrail, Trail
from mocksmtp.behaviors.response import Then
from mocksmtp.grammar.reply import Reply
from mocksmtp.sessions.session import ClientInput
from mocksmtp.smtp.output import DelayedReply, Output, Replies, ReplyWriter


@attrs.define(eq=False)
class PendingReply:
    """
    A reply that is not sent at once, and how it will be recorded.

    :param answer: the answer, or a Deferred that fires with it or with a
        `DelayedReply`, which is then sent
    :param said: the command line, or the number of octets of content
    :param flags: the flags of the exchange
    :param note: the behaviors that matched or nearly matched, for the exchange
    :param asked_at: when the command arrived, in seconds since the epoch

    :ivar replies: the replies, once decided
    :ivar delayed: called once a Deferred has fired with a `DelayedReply`
    """

    answer: DelayedReply | Deferred[Any]
    said: ClientInput
    flags: int
    note: Trail | None
    asked_at: float
    replies: Replies | None = None
    delayed: Callable[[PendingReply], None] = lambda _: None
    _writer: ReplyWriter | None = None
    _is_cancelled: bool = False

    def send(
        self, output: Output, clock: IReactorTime, done: Callable[[PendingReply], None]
    ) -> bool:
        """
        Begin to send the reply.

        :param clock: runs its delays
        :param done: called once it was sent, and the end of the connection is due
        :return: True if nothing had to wait; `done` is not called then
        """
        answer = self.answer
        if isinstance(answer, Deferred):
            answer.addCallback(self._decided, output, clock, done)
            return False
        if answer.slowed:
            trail = () if self.note is None else self.note.items
            self.note = LongTrail(answer.slowed, tuple(trail))
        self.replies = answer.reply
        self._writer = ReplyWriter(answer, output, clock, partial(done, self))
        return self._writer.start()

    @property
    def rules(self) -> tuple[str, ...]:
        """The ids of the behaviors that delay it."""
        return self.answer.rules if isinstance(self.answer, DelayedReply) else ()

    @property
    def then(self) -> Then:
        """What happens to the connection after it."""
        if isinstance(self.answer, DelayedReply):
            return self.answer.fault.then
        return Then.CONTINUE

    @property
    def ended_by(self) -> str | None:
        """The id of the behavior that ends the connection after it, or None."""
        return self.answer.ended_by if isinstance(self.answer, DelayedReply) else None

    @property
    def is_sent(self) -> bool:
        """Whether all of it was sent, even if the end of the connection is not due."""
        return self._writer is not None and self._writer.sent

    def is_released(self, rule: str | None) -> bool:
        """Whether the behavior with the id `rule` was removed since."""
        return self._writer is not None and rule in self._writer.released

    def release(self, rule: str) -> None:
        """Skip the delays of the behavior with the id `rule`."""
        if self._writer is not None:
            self._writer.release(rule)

    def finish(self) -> None:
        """Send the rest of a reply that has begun, without further delay."""
        if self._writer is not None:
            self._writer.finish()

    def cancel(self) -> None:
        """Send nothing more; `done` is not called."""
        self._is_cancelled = True
        if self._writer is not None:
            self._writer.cancel()
        elif isinstance(self.answer, Deferred):
            self.answer.cancel()

    def _decided(
        self,
        replies: Replies | DelayedReply,
        output: Output,
        clock: IReactorTime,
        done: Callable[[PendingReply], None],
    ) -> None:
        if self._is_cancelled:
            return
        if isinstance(replies, DelayedReply):
            self.answer = replies
            if self.send(output, clock, done):
                done(self)
            else:
                self.delayed(self)
            return
        self.replies = replies
        sent = (replies,) if isinstance(replies, Reply) else replies
        wires = [one.wire for one in sent]
        output.send(wires, sum(map(len, wires)))
        done(self)
