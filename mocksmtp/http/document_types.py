"""Documents that are told and never read, as typed dictionaries.

The functions that make them are in the modules beside this one. That what they make
is this, field by field, is tested.
"""

from __future__ import annotations

from typing import NotRequired, TypedDict

from mocksmtp.behaviors.explain import Near, Result
from mocksmtp.behaviors.miss import Reason
from mocksmtp.behaviors.response import Then


class ParameterDocument(TypedDict):
    """A parameter of MAIL or RCPT."""

    name: str
    value: str


class IdsDocument(TypedDict):
    """The ids of what was added."""

    ids: list[str]


class HealthDocument(TypedDict):
    """Whether the service is alive."""

    status: str


class StatusDocument(TypedDict):
    """The version, uptime, addresses and contents of the service."""

    version: str
    instance: str
    uptime: float
    addresses: dict[str, list[str]]
    hosts: dict[str, dict[str, int]]
    mailboxes: dict[str, int]
    dnsRecords: int


class ErrorDocument(TypedDict):
    """One thing that is wrong with a request, and where in it."""

    path: str
    message: str


class ProblemDocument(TypedDict):
    """Why a request was refused (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    errors: NotRequired[list[ErrorDocument]]


class ReplyDocument(TypedDict):
    """A reply; `length` is that of a text that is not told in full."""

    code: int
    text: str
    length: NotRequired[int]


class SessionRecipientDocument(TypedDict):
    """What became of a recipient; the reply, unless it was the server's own 250."""

    address: str
    parameters: NotRequired[list[ParameterDocument]]
    outcome: str
    kept: bool
    reply: NotRequired[ReplyDocument | None]


TransactionDocument = TypedDict(
    "TransactionDocument",
    {
        "from": str,
        "parameters": NotRequired[list[ParameterDocument]],
        "recipients": list[SessionRecipientDocument],
        "outcome": str,
        "kept": bool,
        "reply": ReplyDocument | None,
        "mailId": str | None,
    },
)


class SizeDocument(TypedDict):
    """The content of a mail, which is not repeated."""

    size: int
    mailId: str | None


class MissDocument(TypedDict):
    """A behavior that could have answered and did not, and why."""

    behavior: str
    name: NotRequired[str]
    reason: Reason


class HintDocument(TypedDict):
    """That the value found is nearly the one wanted; `fix` changes the condition."""

    code: Near
    text: str
    fix: dict[str, object]


class ConsideredDocument(TypedDict):
    """What became of a behavior that was asked about an exchange, and why."""

    behavior: str
    name: str | None
    result: Result
    step: Reason | None
    target: str | None
    operator: str | None
    found: str | None
    wanted: str | None
    hint: HintDocument | None


class ExchangeDocument(TypedDict):
    """What the client sent, if it was its turn, and the reply to it."""

    at: float
    line: NotRequired[str]
    length: NotRequired[int]
    content: NotRequired[SizeDocument]
    pipelined: NotRequired[bool]
    smuggling: NotRequired[bool]
    injected: NotRequired[bool]
    delay: NotRequired[float]
    reply: ReplyDocument | None
    behavior: str | None
    behaviorName: NotRequired[str]
    slowedBy: NotRequired[list[str]]
    passedOver: NotRequired[list[MissDocument]]
    considered: NotRequired[list[ConsideredDocument] | None]


class PeerCertificateDocument(TypedDict):
    """The certificate that a client has shown."""

    subject: str
    issuer: str
    fingerprint: str


class SessionTlsDocument(TypedDict):
    """What a handshake has agreed on, or why it has failed."""

    version: str | None
    cipher: str | None
    sni: str | None
    clientCertificate: PeerCertificateDocument | None
    error: NotRequired[str]


class SessionDocument(TypedDict):
    """A connection, what was said on it, and what became of the mails."""

    id: str
    host: str
    listener: str
    clientIp: str
    clientPort: int
    startedAt: str
    endedAt: str | None
    end: str | None
    tls: SessionTlsDocument | None
    authUser: str | None
    authMechanism: str | None
    helo: str
    transactions: list[TransactionDocument]
    transcript: list[ExchangeDocument]
    omitted: int
    omittedTransactions: int


class EvaluatedDocument(TypedDict):
    """What would be replied; `replies` where there are several, as on LMTP."""

    reply: ReplyDocument | None
    behavior: str | None
    delay: float
    then: Then
    considered: list[ConsideredDocument]
    replies: NotRequired[list[ReplyDocument | None]]


class DnsAnswerDocument(TypedDict):
    """An answer of DNS."""

    rcode: str
    answers: int
    truncated: bool
    records: list[dict[str, object]]


class DnsEvaluatedDocument(TypedDict):
    """What DNS would answer; `answer` is null for silence."""

    answer: DnsAnswerDocument | None
    behavior: str | None
    delay: float
    considered: list[ConsideredDocument]


class FailureDocument(TypedDict):
    """What was asked for, and what there was instead."""

    filter: str
    wanted: str
    found: list[str]


class AttemptDocument(TypedDict):
    """An attempt that is nearly what was asked for, and what it lacks."""

    session: str
    transaction: NotRequired[int]
    matched: list[str]
    failed: list[FailureDocument]


class ExplanationDocument(TypedDict):
    """A listing of sessions, and the nearest attempts where there are too few."""

    sessions: list[SessionDocument]
    nearest: list[AttemptDocument]


ALL: tuple[type, ...] = (
    IdsDocument,
    HealthDocument,
    StatusDocument,
    SessionDocument,
    EvaluatedDocument,
    DnsEvaluatedDocument,
    ExplanationDocument,
    ProblemDocument,
)
"""Those that are told on their own."""
