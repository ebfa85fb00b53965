"""Evaluations: the documents that describe a command, and the reply to it.

`mocksmtp.smtp.evaluation` computes the reply; `mocksmtp.mock` passes the command there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import attrs

from mocksmtp.behaviors.explain import CONSIDERED, Considered
from mocksmtp.behaviors.response import Then
from mocksmtp.behaviors.smtp import Decision
from mocksmtp.documents.document import Constraint, Document, field
from mocksmtp.documents.kinds import (
    ADDRESS,
    Array,
    Choice,
    Integer,
    Kind,
    Named,
    Optional,
    Text,
)
from mocksmtp.documents.problems import DocumentError, Problem, Refused, json_type
from mocksmtp.documents.schema import (
    BOOLEAN,
    NUMBER,
    TEXT,
    Schema,
    any_of,
    given,
    not_given,
)
from mocksmtp.documents.units import milliseconds
from mocksmtp.documents.view import ABSENT, View, Written, value_of, view_field
from mocksmtp.hosts.listeners import MailProtocol
from mocksmtp.sessions.documents import REPLY, ShownReply, considered_of, sent_reply
from mocksmtp.sessions.recall import Recalled, recall
from mocksmtp.sessions.session import Session

_MAX_RECIPIENTS = 1000
"""Maximum recipients of an evaluation."""

_LINE = Text(
    r"[^\r\n]*",
    "must be one line without its end",
    most=64 * 1024,
    samples=("RCPT TO:<bob@x.test>",),
    misfits=("a\r\nb",),
)
_ADDRESS = Text(
    r"[^\u0000-\u001f\u007f<>]*|<[^\u0000-\u001f\u007f<>]*>",
    "must be an address",
    most=2000,
    samples=("bob@x.test", "<>"),
    misfits=("a\r\nb", "<a"),
)


_WITH_CONTENT = re.compile(r"([Dd][Aa][Tt][Aa]|[Bb][Dd][Aa][Tt])([ \t]|$)")
"""The beginning of a command line that content follows."""


class RecordedExchange(Constraint):
    """A recorded exchange has ``session`` and ``exchange``, and nothing else."""

    _FIELDS = ("session", "exchange")

    def check(self, document: dict[str, Any]) -> Iterator[Refused]:
        """An error if one of them is missing, or there is anything else."""
        given = [name for name in self._FIELDS if name in document]
        if len(given) == 1:
            (missing,) = set(self._FIELDS) - {*given}
            yield Refused("required, but missing", missing)
        elif given and len(document) > len(given):
            yield Refused("can't be combined with other fields", "session")

    def schema(self) -> Schema:
        """Neither of them, or only both."""
        both = [given(name) for name in self._FIELDS]
        others = set(EVALUATION.fields) - {*self._FIELDS}
        return any_of(
            not_given(*self._FIELDS), {"allOf": [*both, not_given(*sorted(others))]}
        )


class ContentOfCommand(Constraint):
    """Content needs a command that it follows; `Evaluation.check` checks it."""

    def schema(self) -> Schema:
        """No content, no line, or a line that content follows."""
        line = {"properties": {"line": {"pattern": f"^{_WITH_CONTENT.pattern}"}}}
        return any_of(not_given("content"), not_given("line"), line)


class TlsKind(Kind[str | None]):
    """The TLS version of the connection, or a boolean."""

    samples = (True, False, "TLSv1.2")
    misfits = (5, [])

    def read(self, value: Any, _: object = None) -> str | None:
        """Return the TLS version; None for a connection without TLS."""
        if value is True:
            return "TLSv1.3"
        if value is False:
            return None
        if type(value) is not str:
            raise Refused(f"must be a string or a boolean, got {json_type(value)}")
        return value

    def written_schema(self, named: Named) -> Schema:
        """A text or a boolean."""
        return any_of(TEXT, BOOLEAN)


@attrs.frozen(kw_only=True)
class Evaluation:
    """
    A command to evaluate, and the state of its connection.

    :ivar messages: the number of earlier messages on the connection
    """

    line: str | None = field(
        _LINE,
        "the command line; without `line` and `content` the banner is evaluated",
        default=None,
        example="RCPT TO:<bob@x.test>",
    )
    sender: str | None = field(
        _ADDRESS,
        "of the open transaction, `<>` for the null sender; without it none is open",
        default=None,
    )
    recipients: tuple[str, ...] = field(
        Array(_ADDRESS, most=_MAX_RECIPIENTS, noun="recipients"),
        "those that were accepted in the open transaction",
        default=(),
    )
    helo: str | None = field(
        _LINE, "the argument of the last HELO or EHLO", default=None
    )
    client_ip: str = field(ADDRESS, "the client's address", default="127.0.0.1")
    listener: str | None = field(
        Text(most=200), "the address that was reached, as `127.0.0.1:25`", default=None
    )
    tls: str | None = field(
        TlsKind(), "`true`, or the version of TLS in use", default=None, shown="none"
    )
    auth_user: str | None = field(
        Text(most=1000), "the user of a successful AUTH", default=None
    )
    content: str | None = field(
        Text(),
        "the content of the message: its reply is evaluated, not that of DATA",
        default=None,
    )
    protocol: MailProtocol = field(
        Choice(MailProtocol, "protocol"),
        "`smtp` or `lmtp`",
        default=MailProtocol.SMTP,
    )
    session: str | None = field(
        Text(most=20),
        "instead of all others: an exchange of this session is evaluated again",
        default=None,
    )
    exchange: int | None = field(Integer(), "which one, counted from 0", default=None)
    messages: int = 0
    octets: bytes | None = None

    def check(self) -> None:
        """
        Check that the command has content, if any is given.

        :raises Refused: it has none, with the path of the content
        """
        line = "DATA" if self.line is None else self.line
        if self.content is not None and not _WITH_CONTENT.match(line):
            raise Refused("only allowed with DATA or BDAT", "content")

    @property
    def data(self) -> bytes | None:
        """The octets of its content."""
        if self.octets is not None:
            return self.octets
        return None if self.content is None else self.content.encode()


EVALUATION = Document(
    Evaluation,
    "Evaluation",
    rules=(RecordedExchange(), ContentOfCommand()),
    check=Evaluation.check,
    example={"line": "RCPT TO:<bob@x.test>", "sender": "alice@y.test"},
)
"""The document of an evaluation."""


@attrs.frozen
class Evaluated:
    """
    The result of an evaluation.

    :ivar session: a temporary session in which the command was executed
    :ivar first: the index of the first exchange of the evaluated command
    :ivar decision: the decision of the behaviors, or None
    """

    session: Session
    first: int
    decision: Decision | None = None

    @property
    def delay(self) -> float:
        """Seconds before the reply."""
        decision = self.decision
        return (
            0.0
            if decision is None or decision.fault is None
            else (decision.fault.delay)
        )

    @property
    def then(self) -> Then:
        """The end of the connection after the reply, if any."""
        decision = self.decision
        return (
            Then.CONTINUE
            if decision is None or decision.fault is None
            else (decision.fault.then)
        )


def evaluation_of(recalled: Recalled) -> Evaluation:
    """
    Return the evaluation that repeats a recorded exchange.

    :raises DocumentError: the record is incomplete
    """
    session, known, said = recalled.session, recalled.known, recalled.exchange[1]
    lines = [one[1] for one in session.exchanges if isinstance(one[1], bytes)]
    message = recalled.message
    line = recalled.line if said is not None else None
    if isinstance(said, bytes) and b"***" in said:
        raise _unrecorded("what was said within AUTH is not recorded")
    if isinstance(said, tuple) and message is None:
        raise _unrecorded("its content is not kept")
    if None in (known.helo, known.sender, known.recipients, known.messages):
        raise _unrecorded("the beginning of the session is no longer recorded")
    is_lmtp = any(one[:4].upper() == b"LHLO" for one in lines)
    return Evaluation(
        line=None if line is None else line.decode(errors="surrogateescape"),
        sender=_first(known.sender),
        recipients=tuple(path.address.text for path in known.recipients or ()),
        helo=_first(known.helo),
        client_ip=session.client_ip,
        listener=session.listener,
        tls=_first(known.tls),
        auth_user=_first(known.auth_user),
        protocol=MailProtocol.LMTP if is_lmtp else MailProtocol.SMTP,
        messages=known.messages or 0,
        octets=None if message is None else message.content,
    )


def _first(texts: tuple[str, ...] | None) -> str | None:
    return texts[0] if texts else None


def _unrecorded(message: str) -> DocumentError:
    return DocumentError(Problem("$.exchange", message))


def evaluated_document(evaluated: Evaluated, asked: Evaluation) -> dict[str, Any]:
    """Return the document of the reply, and of how each behavior was evaluated."""
    data = asked.data
    answers = [
        recalled
        for recalled in recall(evaluated.session, lambda _: data)
        if recalled.number >= evaluated.first
    ]
    given = [one.reply for one in answers if one.reply is not None]
    by = next((reply.source for reply in given if reply.source is not None), None)
    replies = [sent_reply(reply) for reply in given]
    considered = tuple(one for each in answers for one in considered_of(each))
    return EVALUATED.write(ShownEvaluation(evaluated, by, considered, replies))


@attrs.frozen
class ShownEvaluation:
    """The reply, the behavior that caused it, and how each behavior was evaluated."""

    evaluated: Evaluated
    behavior: str | None
    considered: tuple[Considered, ...]
    replies: list[ShownReply | None]

    @property
    def reply(self) -> ShownReply | None:
        """The first reply, or None."""
        return self.replies[0] if self.replies else None


EVALUATED: View[ShownEvaluation] = View(
    "Evaluated",
    view_field("reply", Optional(REPLY), "reply", "null for no reply"),
    view_field(
        "behavior", Optional(Text()), "behavior", "what would decide it, or null"
    ),
    view_field(
        "delay", Written(NUMBER, milliseconds), "evaluated.delay", "milliseconds"
    ),
    view_field("then", value_of(Then), "evaluated.then", "what would follow the reply"),
    view_field("considered", Array(CONSIDERED), "considered", "each behavior asked"),
    view_field(
        "replies",
        Array(Optional(REPLY)),
        lambda one: one.replies if len(one.replies) > 1 else ABSENT,
        "all replies where there are several, as on LMTP",
        optional=True,
    ),
)
"""The document of the result of an evaluation."""
