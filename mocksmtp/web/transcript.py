"""A transcript as the page shows it, and why each behavior did or did not answer."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import attrs

from mocksmtp.behaviors.miss import Reason
from mocksmtp.behaviors.point import Command
from mocksmtp.grammar.command import parse_rcpt
from mocksmtp.grammar.reply import Reply
from mocksmtp.sessions.attempts import Attempt
from mocksmtp.sessions.documents import EXCHANGE, shown_exchanges
from mocksmtp.sessions.session import Exchange, Session
from mocksmtp.web.shown import ShownDocument
from mocksmtp.web.wording import behavior_words

MAX_TRANSCRIPT_LINES = 400
"""Exchanges of a transcript on the page."""

MAX_CONSIDERED = 100
"""Behaviors of an exchange whose steps are shown."""

DescribeHere = Callable[[str], ShownDocument | None]
"""The document of a behavior that is in force on the host, by its id."""

_SETTINGS = {
    Reason.DISABLED: "enabled",
    Reason.PROTOCOL: None,
    Reason.SCENARIO: "scenario",
    Reason.CONDITION: "condition",
    Reason.SKIP: "skip",
    Reason.ACTIVE_FOR: "activeFor",
    Reason.EXHAUSTED: "numberOfAnswer",
    Reason.PROBABILITY: "probability",
}
"""The steps of a behavior, in the order in which they are checked, each with the field
that decides it."""

STEP_WORDS = {
    "disabled": "is enabled",
    "protocol": "decides for all recipients at once, or on LMTP",
    "scenario": "its scenario is in the state",
    "condition": "its condition is true",
    "skip": "has skipped as many as it must",
    "activeFor": "is still active",
    "exhausted": "has answers left",
    "probability": "chance lets it answer",
}
"""What each step checks."""

FAILED_WORDS = {
    "disabled": "is disabled",
    "scenario": "its scenario is in another state",
    "condition": "its condition is false",
    "skip": "has to skip more",
    "activeFor": "is no longer active",
    "exhausted": "has no answers left",
    "probability": "chance did not let it answer",
}
"""What a step found that failed."""


@attrs.frozen
class ShownLine:
    """
    An exchange of a transcript.

    :ivar number: its place in the session, from 0
    :ivar is_decisive: whether its reply decided the attempt that is shown
    :ivar is_chosen: whether the behaviors that were asked about it are shown
    """

    number: int
    document: ShownDocument
    is_decisive: bool = False
    is_chosen: bool = False

    @property
    def result(self) -> str:
        """The verdict that a client takes from its reply."""
        reply = self.document["reply"]
        code = 0 if reply is None else reply["code"]
        if code >= 500:
            return "rejected"
        return "deferred" if code >= 400 else "none" if reply is None else "accepted"


@attrs.frozen
class Step:
    """
    One check of a behavior.

    :ivar state: ``passed``, ``failed`` or ``notReached``
    """

    name: str
    state: str

    @property
    def words(self) -> str:
        """What it checks, or what it found."""
        words = STEP_WORDS[self.name]
        return FAILED_WORDS.get(self.name, words) if self.state == "failed" else words


@attrs.frozen
class Why:
    """
    Why a behavior did or did not answer.

    :ivar document: as ``considered`` of the API has it
    :ivar behavior: its document, or None if it is no longer set
    """

    document: ShownDocument
    behavior: ShownDocument | None

    @property
    def name(self) -> str:
        """Its name, or its id."""
        return str(self.document["name"] or self.document["behavior"])

    @property
    def words(self) -> str | None:
        """What it does."""
        return None if self.behavior is None else str(behavior_words(self.behavior))

    @property
    def steps(self) -> list[Step]:
        """The checks that concern it, in order."""
        failed, result = self.document["step"], self.document["result"]
        steps, state = [], "notReached" if result == "notReached" else "passed"
        for reason, setting in _SETTINGS.items():
            name = reason.value
            if name == failed:
                steps.append(Step(name, "failed"))
                state = "notReached"
            elif reason is Reason.CONDITION or self._has(setting):
                steps.append(Step(name, state))
        return steps

    def _has(self, setting: str | None) -> bool:
        return (
            setting is not None
            and self.behavior is not None
            and self.behavior.get(setting) is not None
        )

    @property
    def patch(self) -> ShownDocument | None:
        """The body of a PATCH with which it would have answered, if that is known."""
        hint = self.document["hint"]
        if hint is None or self.behavior is None:
            return None
        changed: list[ShownDocument] = []
        condition = self.behavior.get("condition")
        fixed = _fixed(condition, self.document, hint["fix"], changed)
        return {"condition": fixed} if len(changed) == 1 else None


def _fixed(
    condition: object,
    considered: ShownDocument,
    fix: ShownDocument,
    changed: list[ShownDocument],
) -> object:
    """A condition with the part that failed corrected; `changed` collects the parts."""
    if not isinstance(condition, dict):
        return condition
    several = condition.get("conditions")
    if isinstance(several, list):
        each = [_fixed(one, considered, fix, changed) for one in several]
        return {**condition, "conditions": each}
    if "condition" in condition:
        inner = _fixed(condition["condition"], considered, fix, changed)
        return {**condition, "condition": inner}
    if (
        condition.get("operator") == considered["operator"]
        and condition.get("matchingValue") == considered["wanted"]
        and condition.get("target", considered["target"]) == considered["target"]
    ):
        changed.append(condition)
        return {**condition, **fix}
    return condition


def why(considered: Iterable[ShownDocument], describe: DescribeHere) -> list[Why]:
    """The first behaviors that were asked about an exchange, in walk order."""
    return [
        Why(one, describe(one["behavior"]))
        for one in islice(considered, MAX_CONSIDERED)
    ]


@attrs.frozen
class Transcript:
    """
    The exchanges of a session that are shown: the last ones, or those around one.

    :ivar decisive: the number of the one that decided, or None
    :ivar chosen: the number of the one whose behaviors are shown, or None
    """

    session: Session
    decisive: int | None = None
    chosen: int | None = None

    @property
    def before(self) -> int:
        """How many exchanges before these are kept, and not shown."""
        last = max(0, len(self.session.exchanges) - MAX_TRANSCRIPT_LINES)
        if self.chosen is None:
            return last
        return min(last, max(0, self.chosen - self.session.omitted - _CONTEXT))

    @property
    def behind(self) -> int:
        """How many exchanges behind these are not shown."""
        return max(0, len(self.session.exchanges) - self.before - MAX_TRANSCRIPT_LINES)

    @property
    def lines(self) -> Iterator[ShownLine]:
        """The exchanges."""
        first, omitted = self.before, self.session.omitted
        exchanges = shown_exchanges(self.session)
        lines = islice(exchanges, first, first + MAX_TRANSCRIPT_LINES)
        for number, one in enumerate(lines, omitted + first):
            is_decisive, is_chosen = number == self.decisive, number == self.chosen
            yield ShownLine(number, EXCHANGE.write(one), is_decisive, is_chosen)


_CONTEXT = 20
"""Exchanges that are shown before the one whose behaviors are shown."""


def deciding_exchange(attempt: Attempt) -> int | None:
    """The number of the exchange whose reply decided an attempt, if it is kept."""
    session, reply = attempt.session, attempt.reply
    found = None
    for number, exchange in enumerate(session.exchanges, session.omitted):
        at, said, answered, *_ = exchange
        if at > attempt.decided_at + 0.001 and found is not None:
            break
        if at < attempt.started_at - 0.001 and attempt.transaction is not None:
            continue
        if attempt.stage is Command.RCPT_TO:
            if _names(said, attempt):
                found = number
        elif _is_reply(answered, reply):
            found = number
            if attempt.stage in (Command.CONNECT, Command.MAIL_FROM):
                break
    return found


def _is_reply(answered: Reply | None, reply: Reply | None) -> bool:
    if reply is None or answered is None:
        return reply is answered
    return answered is reply or answered == reply


def _names(said: object, attempt: Attempt) -> bool:
    """Whether a line is the RCPT for the recipient of an attempt."""
    if not isinstance(said, bytes) or said[:4].upper() != b"RCPT":
        return False
    parsed = parse_rcpt(said[4:].strip(), utf8=True)
    if isinstance(parsed, Reply) or attempt.recipient is None:
        return False
    return parsed.address.normalized == attempt.recipient.normalized


def exchange_at(session: Session, number: int) -> Exchange | None:
    """The exchange with this number, if it is kept."""
    place = number - session.omitted
    if 0 <= place < len(session.exchanges):
        return session.exchanges[place]
    return None
