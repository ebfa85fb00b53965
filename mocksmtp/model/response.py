"""Responses: what a behavior does when it fires."""

from __future__ import annotations

import enum

import attrs

from mocksmtp.model.fault import NO_DELAY, Delay, Drip, Fixed, Then
from mocksmtp.model.point import Command
from mocksmtp.model.reply import Reply, raw_reply, stock_text
from mocksmtp.model.template import Template, parse_template


class Effect(enum.Enum):
    """Whether a command that a behavior answered also takes place."""

    APPLY = "apply"
    NONE = "none"
    DISCARD = "discard"
    """The session goes on as if it had, and the data is not kept."""


MAX_MESSAGE = 256 * 1024
"""Octets of a message, or of what is sent in the place of a reply."""


@attrs.frozen
class Response:
    """What a behavior answers, and what it does besides.

    :ivar code: 200 to 599, or None for the server's own
    :ivar message: the reply's text, or None for the text that suits the code
    :ivar effect: None for the default, see `effect_at`
    :ivar enhanced_code: what goes before each line of the text (RFC 2034)
    :ivar raw: octets in the place of a reply; empty ones say nothing
    :ivar delay: before the reply
    :ivar drip: how the reply is sent, or None for at once
    :ivar then: what becomes of the connection
    :ivar then_delay: seconds before that
    :ivar template: whether ``{{target}}`` in the message is filled in
    :ivar times: how often it is given before the next one is, or None for ever
    """

    code: int | None = None
    message: str | None = None
    effect: Effect | None = None
    enhanced_code: str | None = None
    raw: bytes | None = None
    delay: Delay = NO_DELAY
    drip: Drip | None = None
    then: Then = Then.CONTINUE
    then_delay: float = 0.0
    template: bool = False
    times: int | None = 1

    @property
    def speaks(self) -> bool:
        """Whether it says what is to be replied."""
        return not (self.code is None and self.message is None and self.raw is None)

    @property
    def is_modifier(self) -> bool:
        """Whether it only slows down what somebody else answers."""
        ends = self.then is not Then.CONTINUE
        return not (self.speaks or ends or self.effect is not None)

    @property
    def is_silent(self) -> bool:
        """Whether nothing at all is replied."""
        return self.raw == b"" or (not self.speaks and self.then is not Then.CONTINUE)

    @property
    def draws(self) -> bool:
        """Whether its delay is by chance."""
        return not isinstance(self.delay, Fixed)

    @property
    def text(self) -> str | None:
        """The whole text, or None for that of the server's own reply."""
        if self.message is None:
            text = None if self.code is None else stock_text(self.code)
            if text is not None and self.enhanced_code is not None:
                # The stock text brings its own, where the code has one.
                first, _, rest = text.partition(" ")
                text = rest if first.count(".") == 2 else text
        else:
            text = self.message
        if text is None or self.enhanced_code is None:
            return text
        lines = text.split("\n")
        return "\n".join(f"{self.enhanced_code} {line}" for line in lines)

    @property
    def filled(self) -> Template | None:
        """What its text is made from for each attempt, or None for always the same.

        :raises ValueError: what is to be filled in is no target
        """
        text = self.text
        return parse_template(text) if self.template and text is not None else None

    def reply(self, source: str | None = None) -> Reply | None:
        """The reply, where all of it is known beforehand and anything is said."""
        if self.raw is not None:
            return raw_reply(self.raw, source) if self.raw else None
        if self.code is None:
            return None
        text = self.text
        return None if text is None else Reply(self.code, text, source)

    def effect_at(self, command: Command) -> Effect:
        """
        Whether the command takes place.

        Unless it is said, that is so on a code of the command's own kind of success,
        as the server's own reply is taken for: 354 for ``DATA COMMAND``, 2xx elsewhere.
        """
        if self.effect is not None:
            return self.effect
        code = self.code
        if code is None:
            own = self.is_modifier or self.message is not None
            return Effect.APPLY if own else Effect.NONE
        content = command is Command.DATA_COMMAND
        succeeds = code == 354 if content else code // 100 == 2
        return Effect.APPLY if succeeds else Effect.NONE
