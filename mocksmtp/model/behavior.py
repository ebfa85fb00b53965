"""Behaviors: on this command, if this condition holds, answer this, so many times."""

from __future__ import annotations

import enum

import attrs

from mocksmtp.model.condition import Condition, MatchAll
from mocksmtp.model.reply import Reply, stock_text


class Command(enum.Enum):
    """The reply points at which a behavior can fire.

    ``DATA`` is the reply to the content, after the final dot.
    """

    RCPT_TO = "RCPT TO"
    EHLO = "EHLO"
    MAIL_FROM = "MAIL FROM"
    DATA = "DATA"
    RSET = "RSET"
    VRFY = "VRFY"
    NOOP = "NOOP"
    QUIT = "QUIT"

    # A member is a dictionary's key on every reply; by identity is quicker than
    # by the hash of its name, and means the same.
    __hash__ = object.__hash__


class Effect(enum.Enum):
    """Whether a command that a behavior answered also takes place."""

    APPLY = "apply"
    NONE = "none"
    DISCARD = "discard"
    """The session goes on as if it had, and the data is not kept."""


DISCARDING = frozenset({Command.MAIL_FROM, Command.RCPT_TO, Command.DATA})
"""The commands that bring data which can be discarded."""


@attrs.frozen
class Response:
    """What a behavior answers.

    :ivar code: 200 to 599
    :ivar message: the reply's text, or None for the text that suits the code
    :ivar effect: None for the default: `Effect.APPLY` on a 2xx code, else
        `Effect.NONE`
    :ivar reply: the reply that these make
    :ivar outcome: the effect with its default filled in
    """

    code: int
    message: str | None = None
    effect: Effect | None = None
    reply: Reply = attrs.field(init=False, eq=False, repr=False)
    outcome: Effect = attrs.field(init=False, eq=False, repr=False)

    @reply.default
    def _make_reply(self) -> Reply:
        text = stock_text(self.code) if self.message is None else self.message
        return Reply(self.code, text)

    @outcome.default
    def _resolve_effect(self) -> Effect:
        if self.effect is not None:
            return self.effect
        return Effect.APPLY if self.code // 100 == 2 else Effect.NONE


@attrs.frozen
class Behavior:
    """One rule.

    :ivar number_of_answer: how many times it fires, or None for ever
    """

    command: Command
    response: Response
    condition: Condition = attrs.field(factory=MatchAll)
    number_of_answer: int | None = None
