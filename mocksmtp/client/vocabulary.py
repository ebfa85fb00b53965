"""The vocabulary of behaviors: ``when("RCPT TO").contains("bob@").reply(450)``.

It makes documents of behaviors: a reply point, conditions, a response, and gates. The
clients send them (`DraftRule`).
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, Generic, Literal, Self, TypeVar

import attrs

from mocksmtp.client.requests import Duration, JsonObject, fields, plain

Command = Literal[
    "CONNECT",
    "HELO",
    "EHLO",
    "STARTTLS",
    "TLS",
    "AUTH",
    "AUTH COMMAND",
    "MAIL FROM",
    "RCPT TO",
    "DATA COMMAND",
    "DATA CONTENT",
    "DATA",
    "BDAT",
    "RSET",
    "VRFY",
    "EXPN",
    "HELP",
    "NOOP",
    "QUIT",
    "ANY",
]
"""The reply points of SMTP."""

TargetName = Literal[
    "argument",
    "line",
    "verb",
    "sender",
    "recipient",
    "recipients",
    "body",
    "message",
    "size",
    "recipientCount",
    "messageCount",
    "clientIp",
    "helo",
    "tls",
    "authUser",
    "authMechanism",
    "listener",
]
"""What conditions test, besides ``parameter:NAME`` and ``header:NAME``."""

Then = Literal["continue", "close", "reset", "hang"]
"""What happens to the connection after the reply."""

Effect = Literal["apply", "none", "discard"]
"""Whether the command is executed."""

Rcode = Literal[
    "NOERROR",
    "FORMERR",
    "SERVFAIL",
    "NXDOMAIN",
    "NOTIMP",
    "REFUSED",
    "YXDOMAIN",
    "YXRRSET",
    "NXRRSET",
    "NOTAUTH",
    "NOTZONE",
]
"""The response codes of DNS."""

Key = TargetName | Literal["connection", "transaction", "global"] | str
"""What splits the counts of a behavior."""

C = TypeVar("C")
R = TypeVar("R")


class Operators(Generic[C]):
    """The operators of conditions."""

    def _compare(self, operator: str, **members: Any) -> C:
        raise NotImplementedError

    def contains(self, text: str, *, ignore_case: bool = False) -> C:
        """The value contains the text."""
        return self._compare("contains", matchingValue=text, ignoreCase=ignore_case)

    def equals(self, text: str, *, ignore_case: bool = False) -> C:
        """The value equals the text."""
        return self._compare("equals", matchingValue=text, ignoreCase=ignore_case)

    def starts_with(self, text: str, *, ignore_case: bool = False) -> C:
        """The value begins with the text."""
        return self._compare("startsWith", matchingValue=text, ignoreCase=ignore_case)

    def ends_with(self, text: str, *, ignore_case: bool = False) -> C:
        """The value ends with the text."""
        return self._compare("endsWith", matchingValue=text, ignoreCase=ignore_case)

    def matches(self, expression: str, *, ignore_case: bool = False) -> C:
        """The regular expression (RE2) matches a part of the value."""
        return self._compare(
            "matches", matchingValue=expression, ignoreCase=ignore_case
        )

    def less_than(self, number: int) -> C:
        """The value is a number below this one."""
        return self._compare("lessThan", matchingValue=str(number))

    def at_least(self, number: int) -> C:
        """The value is a number, at least this one."""
        return self._compare("atLeast", matchingValue=str(number))

    def in_network(self, network: str) -> C:
        """The value is an IP address in the network, as ``192.0.2.0/24``."""
        return self._compare("inNetwork", matchingValue=network)

    def exists(self) -> C:
        """There is a value."""
        return self._compare("exists")

    def absent(self) -> C:
        """There is no value."""
        return self._compare("absent")


def _leaf(operator: str, target: str | None, members: dict[str, Any]) -> dict[str, Any]:
    document = {"operator": operator}
    document |= {name: one for name, one in members.items() if one is not False}
    if target is not None:
        document["target"] = target
    return document


@attrs.frozen
class Condition:
    """
    A condition; ``&``, ``|`` and ``~`` combine conditions.

    :ivar document: as the API has it
    """

    document: dict[str, Any]

    def __and__(self, other: Condition) -> Condition:
        return Condition(_combine("all", self.document, other.document))

    def __or__(self, other: Condition) -> Condition:
        return Condition(_combine("any", self.document, other.document))

    def __invert__(self) -> Condition:
        return Condition({"operator": "not", "condition": self.document})


def _combine(
    operator: str, first: dict[str, Any], second: dict[str, Any]
) -> dict[str, Any]:
    """Two conditions as one, without nesting of equal operators."""
    conditions: list[dict[str, Any]] = []
    for document in (first, second):
        equal = document.get("operator") == operator
        conditions += document["conditions"] if equal else [document]
    return {"operator": operator, "conditions": conditions}


@attrs.frozen
class Target(Operators[Condition]):
    """What a condition tests; its operators make conditions."""

    name: str

    def _compare(self, operator: str, **members: Any) -> Condition:
        return Condition(_leaf(operator, self.name, members))


def target(name: TargetName | str) -> Target:
    """
    What a condition tests.

    .. code-block:: python

        target("sender").contains("alice") | target("header:Subject").equals("Hi")
    """
    return Target(name)


def header(name: str) -> Target:
    """A header field of the content, decoded."""
    return Target(f"header:{name}")


def parameter(name: str) -> Target:
    """A parameter of MAIL or RCPT."""
    return Target(f"parameter:{name}")


class Draft:
    """
    A document of a behavior under construction.

    :ivar document: the fields so far
    :ivar front: whether the behavior is to be the first of the list
    """

    def __init__(self, document: dict[str, Any]) -> None:
        self.document = document
        self.front = False

    def _changed(self) -> Self:
        """Called after each change."""
        return self

    def _set(self, **members: Any) -> Self:
        self.document |= plain(members)
        return self._changed()


class Gates(Draft):
    """How often, when and in which state a behavior answers."""

    def times(self, number: int | None) -> Self:
        """Answer this many times for each key; None means no limit."""
        sequence = self.document.get("responses")
        if sequence:
            sequence[-1]["times"] = number
            return self._changed()
        return self._set(numberOfAnswer=number)

    def once(self) -> Self:
        """Answer once for each key."""
        return self.times(1)

    def skip(self, number: int) -> Self:
        """Pass over the first matches of each key."""
        return self._set(skip=number)

    def per(self, *keys: Key) -> Self:
        """Count separately for each value, as ``per("recipient")``."""
        return self._set(per=list(keys) if len(keys) > 1 else keys[0])

    def active_for(self, duration: Duration) -> Self:
        """Answer only within this time after the key's first match."""
        return self._set(activeFor=duration)

    def window(self, duration: Duration) -> Self:
        """Forget a key this long after its first match."""
        return self._set(window=duration)

    def probability(self, share: float) -> Self:
        """Answer with this probability; each run has the same results."""
        return self._set(probability=share)

    def scenario(
        self,
        name: str,
        state: str | None = None,
        *,
        next: str | None = None,  # noqa: A002 - the API's name
    ) -> Self:
        """
        Answer only in a state of a scenario.

        :param state: the state that is required; by default any
        :param next: the state that an answer sets
        """
        members = {"name": name, "state": state, "next": next}
        given = {key: one for key, one in members.items() if one is not None}
        return self._set(scenario=given)

    def named(self, name: str) -> Self:
        """Give it a name, which is shown in transcripts and reports."""
        return self._set(name=name)

    def tagged(self, tag: str) -> Self:
        """Give it a tag, which selects behaviors."""
        return self._set(tag=tag)

    def persistent(self) -> Self:
        """Let it survive a restart, if the service has a store."""
        return self._set(persistent=True)

    def first(self) -> Self:
        """Make it the first of the list."""
        self.front = True
        return self._changed()

    def with_fields(self, **members: Any) -> Self:
        """Set fields of the document that have no method of their own."""
        return self._set(**fields(members))


class Conditions(Gates):
    """The conditions of a behavior: all of them must be true."""

    _target: str | None = None

    def target(self, name: TargetName | str) -> Self:
        """Let the next condition test this value, not the usual one of the command."""
        self._target = name
        return self

    def header(self, name: str) -> Self:
        """Let the next condition test a header field of the content."""
        return self.target(f"header:{name}")

    def parameter(self, name: str) -> Self:
        """Let the next condition test a parameter of MAIL or RCPT."""
        return self.target(f"parameter:{name}")

    def where(self, condition: Condition | JsonObject) -> Self:
        """Add a condition, for example a combination of others."""
        if isinstance(condition, Condition):
            condition = condition.document
        added = dict(condition)
        before = self.document.get("condition")
        self.document["condition"] = (
            added if before is None else _combine("all", before, added)
        )
        return self

    def _add(self, operator: str, members: dict[str, Any]) -> Self:
        target, self._target = self._target, None
        return self.where(_leaf(operator, target, members))


class _Answers(Generic[R]):
    """Something whose response can be set."""

    def _respond(self, **members: Any) -> R:
        raise NotImplementedError


class SmtpAnswers(_Answers[R]):
    """The answers of SMTP behaviors."""

    def reply(  # noqa: PLR0913 - the fields of a response
        self,
        code: int | None = None,
        message: str | None = None,
        *,
        effect: Effect | None = None,
        enhanced_code: str | None = None,
        delay: Duration | JsonObject | None = None,
        drip: JsonObject | None = None,
        then: Then | None = None,
        then_delay: Duration | None = None,
        template: bool | None = None,
    ) -> R:
        """
        Reply with a code and a text.

        :param message: the text, in which a newline starts another line; by default a
            usual text of the code
        :param effect: ``apply`` executes the command although it is refused,
            ``discard`` accepts it and keeps nothing
        :param delay: the time before the reply, or a random one
            (``{"type": "uniform", "lower": "1s", "upper": "2s"}``)
        :param template: whether ``{{target}}`` in the text is replaced
        """
        return self._respond(
            code=code,
            message=message,
            effect=effect,
            enhancedCode=enhanced_code,
            delay=delay,
            drip=drip,
            then=then,
            thenDelay=then_delay,
            template=template,
        )

    def raw(
        self,
        octets: str | bytes,
        *,
        effect: Effect | None = None,
        then: Then | None = None,
    ) -> R:
        """
        Send these octets in the place of a reply.

        :param effect: ``apply`` if the client should consider it a success
        :param then: ``close`` or ``hang`` for an incomplete reply
        """
        text = octets.decode("latin-1") if isinstance(octets, bytes) else octets
        return self._respond(raw=text, effect=effect, then=then)

    def delay(self, duration: Duration | JsonObject) -> R:
        """Delay the reply, whatever it is."""
        return self._respond(delay=duration)

    def drip(self, octets: int = 1, interval: Duration = "200ms") -> R:
        """Send the reply a few octets at a time, whatever it is."""
        return self._respond(drip={"bytes": octets, "interval": interval})

    def close(self, after: Duration | None = None) -> R:
        """Close the connection: after the reply, if there is one."""
        return self._respond(then="close", thenDelay=after)

    def reset(self, after: Duration | None = None) -> R:
        """Reset the connection (RST): after the reply, if there is one."""
        return self._respond(then="reset", thenDelay=after)

    def hang(self, after: Duration | None = None) -> R:
        """Neither read nor write any more: after the reply, if there is one."""
        return self._respond(then="hang", thenDelay=after)

    def keep_then_close(self) -> R:
        """Execute the command, then close the connection without a reply."""
        return self._respond(effect="apply", then="close")

    def keep_then_reset(self) -> R:
        """Execute the command, then reset the connection without a reply."""
        return self._respond(effect="apply", then="reset")

    def keep_then_hang(self) -> R:
        """Execute the command, then never reply."""
        return self._respond(effect="apply", then="hang")

    def keep_then_reply(self, code: int, message: str | None = None) -> R:
        """Execute the command, and reply with an error all the same."""
        return self._respond(code=code, message=message, effect="apply")

    def discard(self, code: int = 250, message: str | None = None) -> R:
        """Reply with success, and keep nothing."""
        return self._respond(code=code, message=message, effect="discard")


class DnsAnswers(_Answers[R]):
    """The answers of DNS behaviors."""

    def reply(
        self,
        rcode: Rcode | None = None,
        records: Sequence[JsonObject] | None = None,
        *,
        ad: bool | None = None,
        delay: Duration | JsonObject | None = None,
    ) -> R:
        """
        Reply with a response code, or with records.

        :param ad: whether the answer is marked as signed
        """
        listed = None if records is None else list(records)
        return self._respond(rcode=rcode, records=listed, ad=ad, delay=delay)

    def servfail(self) -> R:
        """Reply SERVFAIL, after which a sender keeps its mail."""
        return self._respond(rcode="SERVFAIL")

    def nxdomain(self) -> R:
        """Reply NXDOMAIN, after which a sender bounces the mail."""
        return self._respond(rcode="NXDOMAIN")

    def refused(self) -> R:
        """Reply REFUSED."""
        return self._respond(rcode="REFUSED")

    def delay(self, duration: Duration | JsonObject) -> R:
        """Delay the answer, whatever it is."""
        return self._respond(delay=duration)

    def drop(self) -> R:
        """Never answer."""
        return self._respond(then="drop")

    def truncate(self) -> R:
        """Over UDP, reply that TCP has the answer."""
        return self._respond(then="truncate")

    def close(self) -> R:
        """Over TCP, close the connection without an answer."""
        return self._respond(then="close")

    def wrong(self, what: Literal["id", "question", "size"]) -> R:
        """Reply with another ID, another question, or too large a datagram."""
        return self._respond(wrong=what)

    def raw(self, octets: str | bytes) -> R:
        """Reply with these octets, in hexadecimal or as bytes, behind the ID."""
        text = octets.hex() if isinstance(octets, bytes) else octets
        return self._respond(raw=text)


class When(Conditions, _Answers[R]):
    """
    A behavior without its response.

    :param document: the reply point
    :param make: makes the rule when the response is known
    """

    def __init__(
        self, document: dict[str, Any], make: Callable[[dict[str, Any], bool], R]
    ) -> None:
        super().__init__(document)
        self._make = make

    def _respond(self, **members: Any) -> R:
        given = {name: one for name, one in members.items() if one is not None}
        document = {**self.document, "response": plain(given)}
        return self._make(document, self.front)

    def replies(self, *responses: JsonObject | tuple[int, str]) -> R:
        """
        Give several responses in turn; after the last one it answers no more.

        :param responses: documents, or codes with their texts
        """
        document = {**self.document, "responses": [*map(_response, responses)]}
        return self._make(document, self.front)

    def answer(self, response: JsonObject) -> R:
        """Give a response as the API has it."""
        return self._respond(**response)


def _response(response: JsonObject | tuple[int, str]) -> dict[str, Any]:
    if isinstance(response, tuple):
        return {"code": response[0], "message": response[1]}
    return dict(plain(response))


class SmtpWhen(When[R], SmtpAnswers[R], Operators["SmtpWhen[R]"]):
    """A behavior of SMTP without its response."""

    def _compare(self, operator: str, **members: Any) -> SmtpWhen[R]:
        return self._add(operator, members)


class DnsWhen(When[R], DnsAnswers[R], Operators["DnsWhen[R]"]):
    """A behavior of DNS without its response."""

    def _compare(self, operator: str, **members: Any) -> DnsWhen[R]:
        return self._add(operator, members)


class DraftRule(Gates):
    """A complete behavior, whose response and gates can still be changed."""

    def __init__(self, document: dict[str, Any], front: bool = False) -> None:
        super().__init__(document)
        self.front = front
        self._in_force: dict[str, Any] | None = None
        self._was_front = front

    def _respond(self, **members: Any) -> Self:
        given = {name: one for name, one in members.items() if one is not None}
        several = self.document.get("responses")
        response = several[-1] if several else self.document["response"]
        response |= plain(given)
        return self._changed()

    def then(self, end: Then, after: Duration | None = None) -> Self:
        """Let the connection end after the reply."""
        return self._respond(then=end, thenDelay=after)

    def then_reply(
        self, code: int, message: str | None = None, *, times: int | None = 1
    ) -> Self:
        """
        After the answers so far, reply this.

        :param times: how often; None means without limit
        """
        response: dict[str, Any] = {"code": code, "times": times}
        if message is not None:
            response["message"] = message
        return self.then_answer(response)

    def then_answer(self, response: JsonObject) -> Self:
        """After the answers so far, give this response of the API."""
        document = self.document
        if "response" in document:
            first = dict(document.pop("response"))
            first["times"] = document.pop("numberOfAnswer", None) or 1
            document["responses"] = [first]
        document["responses"] = [*document["responses"], dict(plain(response))]
        return self._changed()

    @property
    def _is_sent(self) -> bool:
        """Whether the service has all changes."""
        return self._in_force == self.document and self.front == self._was_front

    def _patch(self) -> dict[str, Any]:
        """What has changed since the document was sent (RFC 7396)."""
        before = self._in_force or {}
        patch: dict[str, Any] = {
            name: one for name, one in self.document.items() if before.get(name) != one
        }
        patch |= {name: None for name in before if name not in self.document}
        if self.front and not self._was_front:
            patch["move"] = {"to": "front"}
        return patch

    def _sent(self) -> None:
        """Note that the service has this."""
        self._in_force = copy_of(self.document)
        self._was_front = self.front

    def _warn_unsent(self) -> None:
        if self._in_force is None:
            warnings.warn(
                f"a behavior for {self.document.get('command', 'a query')} was never "
                "awaited, so it is not in force",
                RuntimeWarning,
                stacklevel=2,
            )


def copy_of(document: Any) -> Any:
    """A deep copy of a document."""
    if isinstance(document, dict):
        return {key: copy_of(one) for key, one in document.items()}
    if isinstance(document, list):
        return [copy_of(one) for one in document]
    return document
