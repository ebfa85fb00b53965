"""The response of an SMTP behavior.

Each field of a response is declared here, once. To add a field, declare it in
`Response`; if it acts on the connection, also in `Fault`, and perform it in
`mocksmtp.smtp`.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator
from operator import methodcaller
from typing import Any

import attrs

from mocksmtp.behaviors.delay import DELAY, NO_DELAY, Delay, Fixed
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.template import Template, parse_template
from mocksmtp.documents.document import Constraint, Document, field
from mocksmtp.documents.kinds import (
    MAX_COUNT,
    Boolean,
    Choice,
    Duration,
    Integer,
    Kind,
    Named,
    Optional,
    Text,
)
from mocksmtp.documents.problems import Refused, json_type
from mocksmtp.documents.schema import NULL, TEXT, Schema, any_of, given
from mocksmtp.grammar.reply import Reply, raw_reply, stock_text


class Effect(enum.Enum):
    """Whether a command that a behavior answers is also executed."""

    APPLY = "apply"
    NONE = "none"
    DISCARD = "discard"
    """The session continues as if it was executed; its data is not kept."""


class Then(enum.Enum):
    """What happens to the connection after the reply was sent."""

    CONTINUE = "continue"
    CLOSE = "close"
    """The server closes it (FIN)."""
    RESET = "reset"
    """The server resets it (RST)."""
    HANG = "hang"
    """The server neither reads nor writes."""


MAX_MESSAGE = 256 * 1024
"""The maximum length of a message or of raw octets, in octets."""


@attrs.frozen(kw_only=True)
class Drip:
    """How a reply is sent a few octets at a time; `interval` is in seconds."""

    octets: int = field(
        Integer(1, MAX_MESSAGE), "octets per write", name="bytes", default=1
    )
    interval: float = field(
        Duration(0.001), "the time between two writes", example="200ms"
    )


DRIP = Document(Drip, example={"interval": "200ms"})


@attrs.frozen
class Fault:
    """
    A delayed or dripped reply, or an end of the connection after it.

    :ivar delay: seconds before the reply
    :ivar drip: how the reply is dripped; None sends it at once
    :ivar then: what happens to the connection after the reply
    :ivar then_delay: seconds between the reply and `then`
    """

    delay: float = 0.0
    drip: Drip | None = None
    then: Then = Then.CONTINUE
    then_delay: float = 0.0


NO_FAULT = Fault()


class Octets(Kind[bytes]):
    """The kind of a field of octets, written as characters up to U+00FF."""

    samples = ("", "x", "\x00ÿ")
    misfits = ("€", 5, True)

    def read(self, value: Any, _: object = None) -> bytes:
        """Return the octets, one for each character."""
        if type(value) is not str:
            raise Refused(f"must be a string, got {json_type(value)}")
        try:
            octets = value.encode("latin-1")
        except UnicodeEncodeError:
            raise Refused("must be octets: characters up to U+00FF") from None
        if len(octets) > MAX_MESSAGE:
            raise Refused(f"must have at most {MAX_MESSAGE:,} octets")
        return octets

    def write(self, value: bytes) -> str:
        """Return a text with a character for each octet."""
        return value.decode("latin-1")

    def written_schema(self, named: Named) -> Schema:
        """Return the schema: a text of characters up to U+00FF."""
        return {**TEXT, "pattern": "^[\\u0000-\\u00ff]*$"}


class _Message(Text):
    """The kind of a field that is the text of a reply; CRLF becomes LF."""

    def __init__(self) -> None:
        super().__init__(
            r"(?:[^\r]|\r\n)*",
            "must not contain a carriage return without a line feed",
            most=MAX_MESSAGE,
            numbers=True,
            clean=methodcaller("replace", "\r\n", "\n"),
            samples=("4.2.1 Busy", "a\nb", "a\r\nb", ""),
            misfits=("a\rb",),
        )

    def written_schema(self, named: Named) -> Schema:
        """Return the schema: a text."""
        return TEXT


@attrs.frozen
class Response:
    """The reply of a behavior and its effects; durations are in seconds.

    :ivar effect: None means the default of `effect_at`
    """

    code: int | None = field(
        Integer(200, 599, digits=True),
        "200 to 599. With no `code`, `message` and `raw`, a `then` other than "
        "`continue` sends no reply",
        default=None,
        shown="the server's own",
        example=450,
    )
    message: str | None = field(
        _Message(),
        r"the text, sent unchanged; `\n` starts another line. The default text "
        "depends on the code",
        default=None,
        shown="stock text",
    )
    effect: Effect | None = field(
        Choice(Effect, "effect"),
        "whether the command is also executed",
        default=None,
        shown="see below",
    )
    enhanced_code: str | None = field(
        Text(
            "[245][.][0-9]{1,3}[.][0-9]{1,3}",
            "must be an enhanced status code such as 4.7.1",
            samples=("4.7.1", "5.1.123"),
            misfits=("1.1.1", "5.1", "5.1.1234"),
        ),
        "inserted before each line, for example `4.7.1`",
        default=None,
        shown="none",
        example="4.7.1",
    )
    raw: bytes | None = field(
        Octets(),
        "octets (characters up to U+00FF) that replace the reply; "
        '`""` sends nothing, and the server continues to read',
        default=None,
        shown="none",
    )
    delay: Delay = field(
        DELAY,
        "time before the reply: a duration, or a random one, see below",
        default=NO_DELAY,
        shown="`0`",
    )
    drip: Drip | None = field(
        DRIP,
        '`{"bytes": 1, "interval": "200ms"}`: sends the reply a few octets at a time',
        default=None,
        shown="none",
    )
    then: Then = field(
        Choice(Then, "end"),
        "what happens to the connection after the reply",
        default=Then.CONTINUE,
    )
    then_delay: float = field(Duration(), "time to wait before `then`", default=0.0)
    template: bool = field(
        Boolean(),
        "whether `{{target}}` in the message is replaced by its value, of which 512 "
        "octets are used; control characters become spaces",
        default=False,
    )
    times: int | None = field(
        Optional(Integer(1, MAX_COUNT)),
        "only in `responses`: how often it is used before the next; null, allowed for "
        "the last, means no limit",
        default=1,
        keeps_null=True,
    )

    @property
    def octets(self) -> int:
        """The approximate memory that its text occupies, in bytes."""
        return 2 * len(self.message or "") + len(self.raw or b"")

    @property
    def defines_reply(self) -> bool:
        """Whether it defines a code, a text or raw octets."""
        return not (self.code is None and self.message is None and self.raw is None)

    @property
    def is_modifier(self) -> bool:
        """Whether it only delays or drips a reply that it does not define."""
        ends = self.then is not Then.CONTINUE
        return not (self.defines_reply or ends or self.effect is not None)

    @property
    def is_silent(self) -> bool:
        """Whether no reply is sent."""
        return self.raw == b"" or (
            not self.defines_reply and self.then is not Then.CONTINUE
        )

    @property
    def is_random(self) -> bool:
        """Whether its delay is random."""
        return not isinstance(self.delay, Fixed)

    @property
    def text(self) -> str | None:
        """The complete text; None for the text of the server's own reply."""
        if self.message is None:
            text = None if self.code is None else stock_text(self.code)
            if text is not None and self.enhanced_code is not None:
                # The stock text of some codes begins with an enhanced code.
                first, _, rest = text.partition(" ")
                text = rest if first.count(".") == 2 else text
        else:
            text = self.message
        if text is None or self.enhanced_code is None:
            return text
        lines = text.split("\n")
        return "\n".join(f"{self.enhanced_code} {line}" for line in lines)

    @property
    def text_template(self) -> Template | None:
        """The template of its text; None if the text is always the same.

        :raises ValueError: a placeholder names no target
        """
        text = self.text
        return parse_template(text) if self.template and text is not None else None

    def reply(self, source: str | None = None) -> Reply | None:
        """
        Return the reply; None if it has none, or the server provides a part of it.

        :param source: the id of the behavior
        """
        if self.raw is not None:
            return raw_reply(self.raw, source) if self.raw else None
        if self.code is None:
            return None
        text = self.text
        return None if text is None else Reply(self.code, text, source)

    def effect_at(self, command: Command) -> Effect:
        """
        Return whether the command is executed.

        Without `effect`, it is executed if the code is a success code of the command:
        354 for ``DATA COMMAND``, 2xx for all others. Without a code, it is executed if
        the response changes only the text or the timing of the server's own reply.
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

    def fault(self, delay: float) -> Fault | None:
        """Return the fault with a delay in seconds; None if there is no fault."""
        fault = Fault(delay, self.drip, self.then, self.then_delay)
        return None if fault == NO_FAULT else fault

    def check(self) -> None:
        """
        Check the placeholders of the message.

        :raises Refused: a placeholder names no target
        """
        if self.template:
            try:
                parse_template(self.text or "")
            except ValueError as error:
                raise Refused(str(error), "message") from None


_ENDS = [then.value for then in Then if then is not Then.CONTINUE]
_BESIDE_RAW = "code", "message", "enhancedCode"


class _Answers(Constraint):
    """The constraint that a response has an effect."""

    def check(self, document: dict[str, Any]) -> Iterator[Refused]:
        """Yield an error if it has none."""
        names = "code", "message", "raw", "delay", "drip", "effect"
        if (
            not document.keys() & {*names, "enhancedCode"}
            and document.get("then", "continue") == "continue"
        ):
            others = "message, raw, delay, drip, effect or then"
            yield Refused(f"required, but missing: there is no {others} either", "code")

    def schema(self) -> Schema:
        """Return the schema: at least one of the fields exists."""
        names = "code", "message", "raw", "delay", "drip", "effect"
        return any_of(*map(given, names), given("then", {"enum": _ENDS}))


class _RawAlone(Constraint):
    """The constraint that `raw` excludes a code and a text."""

    def check(self, document: dict[str, Any]) -> Iterator[Refused]:
        """Yield an error for each field that can't be combined with the others."""
        if "raw" in document:
            for name in _BESIDE_RAW:
                if name in document:
                    yield Refused("can't be combined with raw", name)
            if document.get("template") is True:
                yield Refused("can't be combined with raw", "template")
        else:
            texts = document.keys() & {"code", "message"}
            if "enhancedCode" in document and not texts:
                yield Refused("needs a code or a message", "enhancedCode")
            if document.get("template") is True and "message" not in document:
                yield Refused("needs a message", "template")

    def schema(self) -> Schema:
        """Return the schema of the constraint."""
        nothing = {
            **dict.fromkeys(_BESIDE_RAW, NULL),
            "template": {"enum": [False, None]},
        }
        texts = any_of(given("code"), given("message"))
        return {
            "allOf": [
                {"if": given("raw"), "then": {"properties": nothing}},
                {
                    "if": given("enhancedCode"),
                    "then": any_of(given("raw"), texts),
                },
                {
                    "if": given("template", {"const": True}),
                    "then": any_of(given("raw"), given("message")),
                },
            ]
        }


def _finish(response: Response, document: dict[str, Any]) -> dict[str, Any]:
    """Add the delay 0 to a response without another field, which would be refused."""
    if response.is_modifier and response.drip is None:
        document.setdefault("delay", 0)
    return document


def _response(title: str, **without: str) -> Document[Response]:
    return Document(
        Response,
        title,
        rules=(_Answers(), _RawAlone()),
        check=Response.check,
        finish=_finish,
        without=without,
        example={"code": 450},
    )


RESPONSE = _response("Response", times="only allowed in responses")
"""The document of the field ``response``."""

RESPONSE_IN_TURN = _response("ResponseInTurn")
"""The document of an item of the field ``responses``."""
