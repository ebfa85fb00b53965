"""What a command is answered, and how that is to be said."""

from __future__ import annotations

from typing import TypeAlias

import attrs
from twisted.internet.defer import Deferred

from mocksmtp.behaviors.response import NO_FAULT, Fault, Then
from mocksmtp.behaviors.smtp import Decision
from mocksmtp.grammar.reply import Reply, raw_reply

NOTHING = raw_reply(b"")
"""What the server itself says where it says nothing."""

Replies: TypeAlias = Reply | tuple[Reply, ...]


@attrs.frozen
class Faulty:
    """
    An answer that is late, slow, the last, or none at all.

    :ivar reply: None where nothing is said
    :ivar slowed: the ids of the behaviors that have only slowed it down
    :ivar rules: the ids of all behaviors that had to do with it
    :ivar ender: the id of the behavior that ends the connection, or None
    """

    reply: Replies | None
    fault: Fault
    slowed: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    ender: str | None = None

    @property
    def wires(self) -> list[bytes]:
        """The octets of each reply."""
        if self.reply is None:
            return []
        replies = (self.reply,) if isinstance(self.reply, Reply) else self.reply
        return [reply.wire for reply in replies if reply.wire]


@attrs.frozen
class Hidden:
    """
    The answer to a line that must not be recorded as it is.

    :ivar shown: what is recorded in its place
    """

    answer: Replies | Faulty | Deferred[Replies]
    shown: bytes


Answer: TypeAlias = "Replies | Faulty | Deferred[Replies] | Hidden"
"""What a command is answered: one reply, several (RFC 2033 §4.2) or none, as where the
reply is to what follows (RFC 3030 §2); now or later, as it should be or not."""


def answer_of(decision: Decision, own: Reply) -> Reply | Faulty:
    """What is answered where the server itself would reply `own`."""
    said = decision.answer(own)
    if decision.fault is None and not decision.silent:
        return said
    slowed = decision.rules if decision.is_own else decision.rules[:-1]
    fault = decision.fault or NO_FAULT
    ender = None if fault.then is Then.CONTINUE else decision.rules[-1]
    return Faulty(said, fault, slowed, decision.rules, ender)


def slowed_down(answer: Replies | Faulty, by: Decision) -> Replies | Faulty:
    """`answer`, as late and slow as a behavior has it that did not give it."""
    if by.fault is None or not (by.fault.delay or by.fault.drip):
        return answer
    if not isinstance(answer, Faulty):
        answer = Faulty(answer, NO_FAULT)
    fault = attrs.evolve(
        answer.fault,
        delay=by.fault.delay + answer.fault.delay,
        drip=answer.fault.drip or by.fault.drip,
    )
    slowed, rules = by.rules + answer.slowed, by.rules + answer.rules
    return attrs.evolve(answer, fault=fault, slowed=slowed, rules=rules)


def reply_in(answer: Answer) -> Reply | None:
    """The one reply that is in an answer, as far as that is known."""
    if isinstance(answer, Faulty):
        answer = answer.reply or ()
    return answer if isinstance(answer, Reply) else None


def silence_of(answer: Replies) -> Reply | None:
    """No octets in the place of a behavior's reply; None for the server's own."""
    replies = (answer,) if isinstance(answer, Reply) else answer
    sources = [reply.source for reply in replies if reply.source is not None]
    return raw_reply(b"", sources[0]) if sources else None


def together(answers: list[Reply | Faulty]) -> Replies | Faulty:
    """Several answers as one: delays add up, and the last that ends it counts."""
    replies: list[Reply] = []
    slowed: tuple[str, ...] = ()
    rules: tuple[str, ...] = ()
    ender: str | None = None
    fault = NO_FAULT
    for answer in answers:
        if isinstance(answer, Faulty):
            of_it, slowed = answer.fault, slowed + answer.slowed
            rules, ender = rules + answer.rules, answer.ender or ender
            delay = fault.delay + of_it.delay
            drip = of_it.drip or fault.drip
            ends = fault if of_it.then is Then.CONTINUE else of_it
            fault = Fault(delay, drip, ends.then, ends.then_delay)
        reply = reply_in(answer)
        if reply is not None:
            replies.append(reply)
    if all(isinstance(answer, Reply) for answer in answers):
        return tuple(replies)
    return Faulty(tuple(replies), fault, slowed, rules, ender)
