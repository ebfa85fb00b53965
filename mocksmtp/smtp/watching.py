"""Behaviors for DATA CONTENT, which decide on content while it arrives.

Only `size` changes while content arrives. So behaviors are evaluated at the first octet
and at each size at which one of their comparisons with `size` changes its result: at
exactly these octets, however the content is split into packets. Each behavior matches
at most once per message.

Replies and records do not depend on the packets either: they are the same whether the
content arrives at once or octet by octet.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Protocol, TypeAlias

from mocksmtp.behaviors.condition import (
    AtLeast,
    Comparison,
    Equals,
    LessThan,
    leaves_of,
)
from mocksmtp.behaviors.miss import Item, Miss, Trail
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Effect
from mocksmtp.behaviors.rule import Rule
from mocksmtp.behaviors.smtp import Decision, SmtpBehavior, SmtpRules
from mocksmtp.behaviors.target import Subject
from mocksmtp.grammar.reply import Reply
from mocksmtp.sessions.session import Transaction
from mocksmtp.smtp.content import (
    LONGEST_BEGINNING,
    Chunk,
    Content,
    ContentReader,
    Incoming,
)
from mocksmtp.smtp.output import (
    NO_OCTETS,
    CommandResult,
    ContentAnswer,
    DelayedReply,
    Replies,
    answer_for,
    reply_in,
)

DATA_CONTENT = Command.DATA_CONTENT

ApplyingRules: TypeAlias = list[Rule[SmtpBehavior]]


class Hooks(Protocol):
    """The delivery hooks, as far as arriving content needs them."""

    behaviors: SmtpRules

    def decide_on_part(
        self,
        transaction: Transaction,
        size: int,
        rules: ApplyingRules,
        matched: set[object],
        passed: dict[Rule[SmtpBehavior], Miss],
    ) -> tuple[Decision | None, ApplyingRules]:
        """Return the decision of `rules` on the first `size` octets of content."""

    def remember(self, items: Iterable[Item]) -> None:
        """Add behaviors that matched or nearly matched to the trail."""

    def refuse(self, last: Reply | None, stage: Command) -> None:
        """End the open transaction with this reply."""

    def end_answered_chunk(self, answered: Reply | None) -> None:
        """End the content after its last chunk, which was answered before its end."""


class Message(Protocol):
    """The message of a transaction, as far as arriving content needs it."""

    content: Content
    transaction: Transaction
    watch: ContentWatch | None

    @property
    def delivery(self) -> Hooks:
        """The delivery hooks of the connection."""

    @property
    def points(self) -> tuple[Command, ...]:
        """The reply points at which behaviors decide on the whole content."""

    def fail(self, refusal: Reply) -> None:
        """Refuse the content; behaviors do not decide any more."""

    def eomReceived(self) -> ContentAnswer:
        """Decide on the whole content."""

    def for_each(self, answer: Reply | DelayedReply) -> Replies | DelayedReply:
        """Return `answer` once (SMTP), or once per recipient (LMTP)."""

    def end_answered(self, answered: Reply | None, keeps: bool) -> None:
        """End content that was answered before its end."""

    def connectionLost(self) -> None:
        """Discard the content: the connection was lost before its end."""

    def lose_rest(self, answered: Reply | None) -> None:
        """End content that was answered, and whose rest will not arrive."""


class _Channel(Protocol):
    """
    The connection, as far as arriving content needs it.

    :ivar incoming: the content or chunk that is read next; None for a command line
    """

    incoming: Incoming | None


def sizes_of(behavior: SmtpBehavior) -> Iterator[int]:
    """The sizes, besides the first octet, at which its condition may change."""
    for leaf in leaves_of(behavior.condition):
        target = leaf.target
        if target is None or target.subject is not Subject.SIZE:
            continue
        if isinstance(leaf, AtLeast | LessThan | Equals):
            limit = _number(leaf)
            if limit is not None:
                yield limit
                if isinstance(leaf, Equals):
                    yield limit + 1


def _number(leaf: Comparison) -> int | None:
    try:
        return math.ceil(float(leaf.matching_value))
    except (ValueError, OverflowError):
        return None


class ContentWatch:
    """
    The decisions on one message while its content arrives.

    :param delivery: the hooks, which ask the behaviors
    """

    def __init__(self, delivery: Hooks, transaction: Transaction) -> None:
        self._delivery = delivery
        self._transaction = transaction
        # Each change of the list of behaviors replaces this set.
        self._version: object = None
        self._points: list[tuple[int, ApplyingRules]] = []
        self._next = 0
        self._matched: set[object] = set()
        self._passed: dict[Rule[SmtpBehavior], Miss] = {}
        self._slowed: ApplyingRules = []

    def next_size(self, size: int) -> float:
        """The next size above `size` at which behaviors are evaluated, or infinity."""
        self._update(size)
        points = self._points
        return points[self._next][0] if self._next < len(points) else math.inf

    def decide(self, size: int, ended: bool = False) -> tuple[int, Decision] | None:
        """
        Return the next decision on content of which `size` octets have arrived.

        :param ended: whether the content is complete
        :return: the size at which the decision was made, and the decision; or None
        """
        self._update(size)
        while self._next < len(self._points):
            at, rules = self._points[self._next]
            # Empty content has no first octet: behaviors are evaluated at its end.
            if at > size and not (ended and not size and not self._next):
                break
            self._next += 1
            at = min(at, size)
            decision, fired = self._delivery.decide_on_part(
                self._transaction, at, rules, self._matched, self._passed
            )
            if decision is None:
                continue
            if decision.fault or not decision.only_delays:
                self._remember(fired, None if decision.only_delays else fired.pop())
                return at, decision
            self._slowed += fired
        return None

    def finish(self) -> None:
        """Add the behaviors to the trail of the final reply: none of them answered."""
        walk = self._delivery.behaviors.walk(DATA_CONTENT)
        self._delivery.remember([*self._marks(), walk])

    def _remember(self, slowed: ApplyingRules, last: Rule[SmtpBehavior] | None) -> None:
        """Add the behaviors that matched and those that did not to the trail."""
        self._slowed += slowed
        behaviors = self._delivery.behaviors
        walk = behaviors.walk(DATA_CONTENT)
        end: Trail = walk
        if last is not None:
            end = behaviors.walk_end(walk, last, (DATA_CONTENT, last))
        self._delivery.remember([*self._marks(), end])

    def _marks(self) -> list[Item]:
        """Those that matched and did not fire, and those that only delayed a reply."""
        return [*self._passed.values(), *(rule.slowed for rule in self._slowed)]

    def _update(self, size: int) -> None:
        """Compute the sizes to evaluate at again, if the list of behaviors changed."""
        behaviors = self._delivery.behaviors
        if behaviors.points is self._version:
            return
        rules = [*behaviors.walk(DATA_CONTENT).rules]
        # A behavior added while content arrives is evaluated at the current size.
        begins = 1 if self._version is None else max(size, 1)
        at: dict[int, ApplyingRules] = defaultdict(list, {begins: rules})
        for rule in rules:
            for limit in dict.fromkeys(sizes_of(rule.behavior)):
                if limit > begins:
                    at[limit].append(rule)
        self._version = behaviors.points
        self._points = sorted(at.items()) if rules else []
        self._next = 0


def watch_of(message: Message) -> ContentWatch:
    """The watch of a message; all its chunks share it."""
    if message.watch is None:
        message.watch = ContentWatch(message.delivery, message.transaction)
    return message.watch


class WatchedContent:
    """
    The content of a message on which behaviors decide while it arrives.

    The reply of a behavior is sent at once. The rest of the content then has no reply,
    unless the behavior only delayed it.

    :param channel: the connection on which it arrives
    :param reader: reads the content of `message`

    :ivar size: octets read; after a decision, the octets at which it was made
    """

    needs_octets = False

    def __init__(
        self, channel: _Channel, message: Message, reader: ContentReader
    ) -> None:
        self.reader = self
        self.size = 0
        self.flags = 0
        self.continues = False
        self._channel = channel
        self._message = message
        self._content = reader
        self._watch = watch_of(message)
        self._left: int | None = None
        self._decision: Decision | None = None

    def feed(self, data: bytes, start: int = 0) -> int:
        """
        Read the octets of `data` from `start` on.

        :return: the index after the terminator, or after the octets at which a behavior
            answers; -1 if more are expected
        """
        content = self._content
        if self._left is None:
            end = content.feed(data, start)
            ended = end >= 0
        else:
            end, ended = min(start + self._left, len(data)), True
        self.size, self.flags = content.size, content.flags
        found = self._watch.decide(content.size, ended)
        if found is None:
            return end
        self.size, self._decision = found
        # Flags of the whole content are recorded with its end.
        self.flags = 0
        if not ended:
            return len(data)
        # The last octet of the terminator is left unread, so that the next call, for
        # another answer or the silent end, happens without further input.
        self._left = 1
        return max(end - 1, start)

    @property
    def points(self) -> tuple[Command, ...]:
        """The reply points of the whole content."""
        return self._message.points

    def may_decide(self, octets: int) -> bool:
        """Whether behaviors decide within the next octets."""
        size = self._content.size
        # Former octets that may begin a terminator are not counted yet.
        more = octets + LONGEST_BEGINNING if octets else 0
        return self._watch.next_size(size) <= size + more

    def fail(self, refusal: Reply) -> None:
        """Read the rest without behaviors, and refuse it."""
        self._message.fail(refusal)
        self._channel.incoming = self._message  # type: ignore[assignment]

    def eomReceived(self) -> CommandResult:
        """Return the answer to the content, or that of a behavior within it."""
        message = self._message
        decision, self._decision = self._decision, None
        if decision is None:
            self._watch.finish()
            return message.eomReceived()
        answer = answer_for(decision, NO_OCTETS)
        if decision.only_delays:
            self.continues = True
            self._channel.incoming = self
            return answer
        keeps = decision.effect is Effect.APPLY
        self._channel.incoming = AnsweredContent(
            message, self._content, keeps, reply_in(answer), self._left
        )
        return message.for_each(answer)

    def connectionLost(self) -> None:
        """Discard the content: the connection was lost before its end."""
        self._message.connectionLost()


class WatchedChunk:
    """
    A chunk of content (RFC 3030 §2) on which behaviors decide while it arrives.

    The reply of a behavior is sent at once, and replaces the reply to the chunk. A
    refusal ends the transaction.

    :param channel: the connection on which it arrives
    :param last: whether it is the last chunk

    :ivar size: octets read; after a decision, the octets at which it was made
    """

    needs_octets = False

    def __init__(
        self, channel: _Channel, message: Message, chunk: Chunk, last: bool
    ) -> None:
        self.reader = self
        self.size = 0
        self.flags = 0
        self.continues = False
        self._channel = channel
        self._message = message
        self._chunk = chunk
        self._last = last
        self._watch = watch_of(message)
        self._before = message.content.size
        self._decision: Decision | None = None

    def feed(self, data: bytes, start: int = 0) -> int:
        """
        Read the octets of `data` from `start` on.

        :return: the index after the last octet, or after the octets at which a behavior
            answers; -1 if more are expected
        """
        content, watch = self._message.content, self._watch
        while True:
            size = self._before + self.size
            refused = content.refusal is not None
            stop = math.inf if refused else watch.next_size(size)
            end = min(len(data), start + self._chunk.size - self.size)
            if stop < size + end - start:
                end = start + max(0, int(stop) - size)
            here = data if end == len(data) else data[:end]
            ended = self._chunk.feed(here, start) >= 0
            self.size += end - start
            start = end
            if content.refusal is None:
                found = watch.decide(self._before + self.size, ended and self._last)
                if found is not None:
                    self._decision = found[1]
                    return end
            if ended:
                return end
            if end == len(data):
                return -1

    @property
    def points(self) -> tuple[Command, ...]:
        """The reply points of the chunk."""
        return self._chunk.points

    def may_decide(self, octets: int) -> bool:
        """Whether behaviors decide within the next octets."""
        size, refusal = self._before + self.size, self._message.content.refusal
        if self._last and not self._chunk.size and not size:
            octets = 1  # Empty content is decided on at its end.
        return refusal is None and self._watch.next_size(size) <= size + octets

    def fail(self, refusal: Reply) -> None:
        """Refuse the message."""
        self._chunk.fail(refusal)

    def eomReceived(self) -> CommandResult:
        """Return the answer to the chunk, or that of a behavior within it."""
        message, chunk = self._message, self._chunk
        decision, self._decision = self._decision, None
        if decision is None:
            if self._last:
                self._watch.finish()
            return chunk.eomReceived()
        answer = answer_for(decision, NO_OCTETS)
        if decision.only_delays:
            self.continues = True
            self._channel.incoming = self
            return answer
        reply = reply_in(answer)
        if decision.effect is not Effect.APPLY:
            chunk.answer_early(False)
            message.delivery.refuse(reply, DATA_CONTENT)
        elif self._last:
            end = partial(message.delivery.end_answered_chunk, reply)
            chunk.answer_early(True, end)
        else:
            chunk.answer_early(True)
        self._channel.incoming = chunk
        return message.for_each(answer) if self._last else answer

    def connectionLost(self) -> None:
        """Do nothing: the delivery owns the content and discards it."""


class AnsweredContent:
    """
    The rest of content that was answered before its end.

    :param reader: reads the content of `message`
    :param keeps: whether the mail is kept
    :param answered: the reply that was sent
    :param left: the number of octets left, if the end has arrived
    """

    continues = True
    needs_octets = True
    points = ()

    def __init__(
        self,
        message: Message,
        reader: ContentReader,
        keeps: bool,
        answered: Reply | None,
        left: int | None,
    ) -> None:
        self.reader = self
        self._message = message
        self._content = reader
        self._keeps = keeps
        self._answered = answered
        self._left = left

    @property
    def size(self) -> int:
        """Octets of the whole content."""
        return self._content.size

    @property
    def flags(self) -> int:
        """Flags of the whole content."""
        return self._content.flags

    def feed(self, data: bytes, start: int = 0) -> int:
        """Read the octets of `data` from `start` on."""
        if self._left is not None:
            return min(start + self._left, len(data))
        return self._content.feed(data, start)

    def may_decide(self, octets: int) -> bool:
        """It has been decided on."""
        return False

    def fail(self, refusal: Reply) -> None:
        """Do nothing: it was answered."""

    def eomReceived(self) -> CommandResult:
        """End the content without a further reply."""
        self._message.end_answered(self._answered, self._keeps)
        return ()

    def connectionLost(self) -> None:
        """Discard the content: the connection was lost before its end."""
        self._message.lose_rest(self._answered)
