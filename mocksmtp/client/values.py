"""The documents of the API as values.

Every class accepts documents of older and newer services: a missing field has its
default, and unknown fields are kept in `Document.document`, so that
``mail["newField"]`` works before the class knows it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any, ClassVar, Literal, Self, TypeVar

import attrs

Verdict = Literal["accepted", "deferred", "rejected", "none"]
"""The result of an attempt for its recipient."""

Outcome = Literal["accepted", "refused", "discarded", "aborted", "open"]
"""What became of a mail, as its client was told."""

D = TypeVar("D", bound="Document")
T = TypeVar("T")

_NAME = "json"
_READ = "read"


def member(
    default: Any = None,
    *,
    name: str | None = None,
    read: Callable[[Any], Any] | None = None,
) -> Any:
    """
    Declare a field of a document.

    :param name: its name in JSON; by default the attribute's, in camelCase
    :param read: makes the value from what JSON has; null stays None
    """
    metadata = {_NAME: name, _READ: read}
    if isinstance(default, list | dict):
        kind = type(default)
        return attrs.field(factory=kind, metadata=metadata)
    return attrs.field(default=default, metadata=metadata)


def _many(read: Callable[[Any], T]) -> Callable[[Any], list[T]]:
    return lambda values: [read(each) for each in values]


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)


def camel_case(name: str) -> str:
    """The name of a field in JSON: ``clientIp`` for ``client_ip``."""
    return re.sub("_([a-z0-9])", lambda match: match[1].upper(), name.rstrip("_"))


_Member = tuple[str, str, Callable[[Any], Any] | None]
_MEMBERS: dict[int, tuple[_Member, ...]] = {}


def _members(cls: type[Document]) -> tuple[_Member, ...]:
    """The attribute, the name in JSON and the reader of each field of a class."""
    if id(cls) not in _MEMBERS:
        _MEMBERS[id(cls)] = tuple(
            (one.name, one.metadata[_NAME] or camel_case(one.name), one.metadata[_READ])
            for one in attrs.fields(cls)
            if _NAME in one.metadata
        )
    return _MEMBERS[id(cls)]


@attrs.frozen(kw_only=True)
class Document:
    """
    A document of the API.

    :ivar document: all of it, as it was received
    """

    document: Mapping[str, Any] = attrs.field(factory=dict, repr=False, eq=False)

    @classmethod
    def read(cls, document: Any) -> Self:
        """
        Make the value from a document.

        :raises TypeError, ValueError: it is no document of that kind
        """
        if not isinstance(document, dict):
            raise TypeError(f"{cls.__name__} expected, got {type(document).__name__}")
        values: dict[str, Any] = {"document": document}
        for attribute, name, read in _members(cls):
            if name in document:
                found = document[name]
                if read is not None and found is not None:
                    found = read(found)
                values[attribute] = found
        return cls(**values)

    @classmethod
    def knows(cls, document: Mapping[str, Any]) -> bool:
        """Whether a document has at least one field of this kind."""
        return any(name in document for _, name, _ in _members(cls))

    def __getitem__(self, name: str) -> Any:
        return self.document[name]

    def __contains__(self, name: object) -> bool:
        return name in self.document

    def get(self, name: str, default: Any = None) -> Any:
        """The value of a field by its name in JSON."""
        return self.document.get(name, default)

    @property
    def unknown(self) -> dict[str, Any]:
        """The fields that this class has no attribute for."""
        known = {name for _, name, _ in _members(type(self))}
        return {key: one for key, one in self.document.items() if key not in known}


def names_of(cls: type[Document]) -> Iterator[str]:
    """The names of the fields of a class in JSON."""
    return (name for _, name, _ in _members(cls))


class Entries(list[D]):
    """
    A part of a list.

    :ivar total: how many entries match, if `total` was requested
    :ivar next: the path of the rest, if `limit` has left entries out
    """

    total: int | None = None
    next: str | None = None


# Mails


@attrs.frozen(kw_only=True)
class MailParameter(Document):
    """A parameter of MAIL or RCPT; one without a value has ``""``."""

    name: str = member("")
    value: str = member("")


@attrs.frozen(kw_only=True)
class Recipient(Document):
    """A recipient with the parameters of its RCPT; the domain is in lower case."""

    address: str = member("")
    parameters: list[MailParameter] = member([], read=_many(MailParameter.read))


@attrs.frozen(kw_only=True)
class Envelope(Document):
    """The addresses as sent, with each accepted RCPT in order."""

    sender: str = member("", name="from")
    recipients: list[str] = member([])


@attrs.frozen(kw_only=True)
class NamedAddress(Document):
    """An address of a header field."""

    name: str = member("")
    address: str = member("")


@attrs.frozen(kw_only=True)
class Attachment(Document):
    """A part that is neither the text nor the HTML; `index` is its part's number."""

    index: int = member(0)
    file_name: str = member("")
    type: str = member("")
    size: int = member(0)


@attrs.frozen(kw_only=True)
class BouncedRecipient(Document):
    """What a delivery status notification (RFC 3464) reports on a recipient."""

    recipient: str = member("")
    action: str = member("")
    status: str = member("")
    diagnostic: str = member("")
    remote_mta: str = member("")


@attrs.frozen(kw_only=True)
class HeaderField(Document):
    """A header field, decoded."""

    name: str = member("")
    value: str = member("")


@attrs.frozen(kw_only=True)
class MimePart(Document):
    """A MIME part without its octets."""

    part: int = member(0)
    content_type: str = member("")
    charset: str | None = member()
    disposition: str | None = member()
    file_name: str | None = member()
    content_id: str | None = member()
    size: int = member(0)
    reason: str | None = member()


@attrs.frozen(kw_only=True)
class MimeStructure(Document):
    """The MIME structure of a mail, with its first text and HTML."""

    headers: list[HeaderField] = member([], read=_many(HeaderField.read))
    text: str | None = member()
    html: str | None = member()
    parts: list[MimePart] = member([], read=_many(MimePart.read))
    attachments: list[MimePart] = member([], read=_many(MimePart.read))

    def header(self, name: str) -> str | None:
        """The first header field of that name, or None."""
        wanted = name.lower()
        return next((h.value for h in self.headers if h.name.lower() == wanted), None)


@attrs.frozen(kw_only=True)
class Mail(Document):
    """A mail that was kept; which fields it has depends on `view`."""

    id: str = member("")
    envelope: Envelope | None = member(read=Envelope.read)
    sender: str = member("", name="from")
    recipients: list[Recipient] = member([], read=_many(Recipient.read))
    mail_parameters: list[MailParameter] = member([], read=_many(MailParameter.read))
    message: str = member("")
    received_at: datetime | None = member(read=_time)
    size: int | None = member()
    client_ip: str | None = member()
    helo: str | None = member()
    session: str | None = member()
    host: str | None = member()
    subject: str | None = member()
    date: datetime | None = member(read=_time)
    message_id: str | None = member()
    header_from: list[NamedAddress] = member([], read=_many(NamedAddress.read))
    header_to: list[NamedAddress] = member([], read=_many(NamedAddress.read))
    header_cc: list[NamedAddress] = member([], read=_many(NamedAddress.read))
    attachments: list[Attachment] = member([], read=_many(Attachment.read))
    bounce: list[BouncedRecipient] = member([], read=_many(BouncedRecipient.read))
    mime: MimeStructure | None = member(read=MimeStructure.read)
    mime_reason: str | None = member()

    @property
    def to(self) -> list[str]:
        """The addresses of the recipients."""
        return [recipient.address for recipient in self.recipients]

    @property
    def text(self) -> str | None:
        """The first text, of a mail that was requested by its id."""
        return None if self.mime is None else self.mime.text

    @property
    def html(self) -> str | None:
        """The first HTML, of a mail that was requested by its id."""
        return None if self.mime is None else self.mime.html


# Behaviors


@attrs.frozen(kw_only=True)
class KeyCount(Document):
    """The counts of one key of a behavior."""

    key: dict[str, str | None] = member({})
    seen: int = member(0)
    fired: int = member(0)
    remaining: int | None = member()


@attrs.frozen(kw_only=True)
class _Behavior(Document):
    """What behaviors of SMTP and of DNS have in common."""

    condition: dict[str, Any] = member({})
    response: dict[str, Any] | None = member()
    responses: list[dict[str, Any]] | None = member()
    number_of_answer: int | None = member()
    skip: int = member(0)
    per: str | list[str] = member("global")
    active_for: float | None = member()
    window: float | None = member()
    probability: float = member(1.0)
    scenario: dict[str, str] | None = member()
    id: str | None = member()
    name: str | None = member()
    tag: str | None = member()
    enabled: bool = member(True)
    persistent: bool = member(False)
    seen: int = member(0)
    fired: int = member(0)
    remaining: int | None = member()
    last_fired_at: datetime | None = member(read=_time)
    key_count: int = member(0)
    keys: list[KeyCount] = member([], read=_many(KeyCount.read))


@attrs.frozen(kw_only=True)
class Behavior(_Behavior):
    """A behavior of a mail host, with its counters."""

    command: str = member("")


@attrs.frozen(kw_only=True)
class DnsBehavior(_Behavior):
    """A behavior of DNS, with its counters."""

    query: str | list[str] = member("ANY")


@attrs.frozen(kw_only=True)
class Reply(Document):
    """A reply of SMTP; `length` is set if only the beginning of `text` is shown."""

    code: int = member(0)
    text: str = member("")
    length: int | None = member()

    def __str__(self) -> str:
        return f"{self.code} {self.text}"


@attrs.frozen(kw_only=True)
class Hint(Document):
    """Why a condition nearly matched; `fix` is a patch of the condition."""

    code: str = member("")
    text: str = member("")
    fix: dict[str, Any] = member({})


@attrs.frozen(kw_only=True)
class Considered(Document):
    """A behavior of a reply point, and why it did or did not answer."""

    behavior: str = member("")
    name: str | None = member()
    result: str = member("")
    step: str | None = member()
    target: str | None = member()
    operator: str | None = member()
    found: str | None = member()
    wanted: str | None = member()
    hint: Hint | None = member(read=Hint.read)


@attrs.frozen(kw_only=True)
class Evaluation(Document):
    """The reply that a command would get."""

    reply: Reply | None = member(read=Reply.read)
    behavior: str | None = member()
    delay: float = member(0.0)
    then: str = member("continue")
    considered: list[Considered] = member([], read=_many(Considered.read))
    replies: list[Reply | None] = member(
        [], read=_many(lambda one: None if one is None else Reply.read(one))
    )


# Sessions


@attrs.frozen(kw_only=True)
class ContentSize(Document):
    """The content of a mail, which transcripts do not repeat."""

    size: int = member(0)
    mail_id: str | None = member()


@attrs.frozen(kw_only=True)
class PassedOver(Document):
    """A behavior that did not answer, and the reason."""

    behavior: str = member("")
    name: str | None = member()
    reason: str = member("")


@attrs.frozen(kw_only=True)
class Exchange(Document):
    """What a client sent, and the reply; `at` and `delay` are in milliseconds."""

    at: float = member(0.0)
    line: str | None = member()
    length: int | None = member()
    content: ContentSize | None = member(read=ContentSize.read)
    pipelined: bool = member(False)
    smuggling: bool = member(False)
    injected: bool = member(False)
    delay: float = member(0.0)
    reply: Reply | None = member(read=Reply.read)
    behavior: str | None = member()
    behavior_name: str | None = member()
    slowed_by: list[str] = member([])
    passed_over: list[PassedOver] = member([], read=_many(PassedOver.read))
    considered: list[Considered] | None = member(read=_many(Considered.read))


@attrs.frozen(kw_only=True)
class ClientCertificate(Document):
    """The certificate that a client presented."""

    subject: str = member("")
    issuer: str = member("")
    fingerprint: str = member("")


@attrs.frozen(kw_only=True)
class SessionTls(Document):
    """The result of a TLS handshake."""

    version: str | None = member()
    cipher: str | None = member()
    sni: str | None = member()
    client_certificate: ClientCertificate | None = member(read=ClientCertificate.read)
    error: str | None = member()


@attrs.frozen(kw_only=True)
class SessionRecipient(Document):
    """A recipient of a transaction, and what became of it."""

    address: str = member("")
    parameters: list[MailParameter] = member([], read=_many(MailParameter.read))
    outcome: Outcome = member("open")
    kept: bool = member(False)
    reply: Reply | None = member(read=Reply.read)


@attrs.frozen(kw_only=True)
class Transaction(Document):
    """One MAIL of a session, and what became of it."""

    sender: str = member("", name="from")
    parameters: list[MailParameter] = member([], read=_many(MailParameter.read))
    recipients: list[SessionRecipient] = member([], read=_many(SessionRecipient.read))
    outcome: Outcome = member("open")
    kept: bool = member(False)
    reply: Reply | None = member(read=Reply.read)
    mail_id: str | None = member()


@attrs.frozen(kw_only=True)
class Session(Document):
    """A connection with its transcript."""

    id: str = member("")
    host: str = member("")
    listener: str = member("")
    client_ip: str = member("")
    client_port: int = member(0)
    started_at: datetime | None = member(read=_time)
    ended_at: datetime | None = member(read=_time)
    end: str | None = member()
    tls: SessionTls | None = member(read=SessionTls.read)
    auth_user: str | None = member()
    auth_mechanism: str | None = member()
    helo: str = member("")
    transactions: list[Transaction] = member([], read=_many(Transaction.read))
    transcript: list[Exchange] = member([], read=_many(Exchange.read))
    omitted: int = member(0)
    omitted_transactions: int = member(0)


@attrs.frozen(kw_only=True)
class NearMiss(Document):
    """An exchange that no behavior answered and one nearly did."""

    session: str = member("")
    exchange: int = member(0)
    host: str = member("")
    client_ip: str = member("")
    received_at: datetime | None = member(read=_time)
    line: str | None = member()
    content: ContentSize | None = member(read=ContentSize.read)
    reply: Reply | None = member(read=Reply.read)
    considered: list[Considered] = member([], read=_many(Considered.read))


# Attempts and deliveries


@attrs.frozen(kw_only=True)
class Attempt(Document):
    """One recipient in one transaction, or a connection without a recipient."""

    id: str = member("")
    started_at: datetime | None = member(read=_time)
    decided_at: datetime | None = member(read=_time)
    host: str = member("")
    listener: str = member("")
    session: str = member("")
    client_ip: str = member("")
    helo: str = member("")
    tls: bool = member(False)
    stage: str = member("")
    sender: str | None = member()
    recipient: str | None = member()
    reply: Reply | None = member(read=Reply.read)
    verdict: Verdict = member("none")
    kept: bool = member(False)
    behavior: str | None = member()
    mail_id: str | None = member()
    message_id: str | None = member()
    envid: str | None = member()
    subject: str | None = member()
    size: int | None = member()
    probe: bool = member(False)
    matched_by: str | None = member()

    def __str__(self) -> str:
        reply = "no reply" if self.reply is None else str(self.reply)
        return f"{self.host} {self.stage}: {reply}"


@attrs.frozen(kw_only=True)
class Delivery(Document):
    """
    All attempts to deliver one mail to one recipient.

    :ivar final: the last verdict
    :ivar copies: how many times the mail was kept
    :ivar backoffs: milliseconds from the end of each round to the next
    """

    id: str = member("")
    recipient: str = member("")
    sender: str = member("")
    message_id: str | None = member()
    subject: str | None = member()
    final: Verdict = member("none")
    verdicts: list[Verdict] = member([])
    hosts: list[str] = member([])
    copies: int = member(0)
    rounds: list[list[Attempt]] = member([], read=_many(_many(Attempt.read)))
    backoffs: list[float] = member([])
    matched_by: str = member("")

    @property
    def attempts(self) -> list[Attempt]:
        """All attempts in order."""
        return [attempt for attempts in self.rounds for attempt in attempts]


# Entries that nearly match


@attrs.frozen(kw_only=True)
class Difference(Document):
    """A filter that an entry does not match."""

    filter: str = member("")
    wanted: str = member("")
    found: list[str] = member([])


@attrs.frozen(kw_only=True)
class Nearest(Document):
    """An entry that a filter excludes; `id` is that of the entry."""

    _KINDS: ClassVar = ("mail", "delivery", "session", "query")

    matched: list[str] = member([])
    failed: list[Difference] = member([], read=_many(Difference.read))

    @property
    def id(self) -> str:
        """The id of the mail, delivery, session or query."""
        return next(
            (str(self.document[kind]) for kind in self._KINDS if kind in self.document),
            "",
        )


# Hosts


@attrs.frozen(kw_only=True)
class ListenerAddress(Document):
    """A listener of a host."""

    address: str = member("")
    port: int = member(0)
    protocol: str = member("smtp")
    tls: str | None = member()


@attrs.frozen(kw_only=True)
class HostLimits(Document):
    """The limits of a host; times are in milliseconds, None means no limit."""

    message_size: int | None = member()
    recipients: int | None = member()
    connections: int | None = member()
    idle_time: float | None = member()
    total_time: float | None = member()
    messages: int | None = member()
    bad_commands: int | None = member()


@attrs.frozen(kw_only=True)
class MailDomain(Document):
    """A domain that has an MX record for each name of a host."""

    name: str = member("")
    preference: int = member(10)


@attrs.frozen(kw_only=True)
class HostDns(Document):
    """The DNS records that a host adds."""

    names: list[str] = member([])
    domains: list[MailDomain] = member([], read=_many(MailDomain.read))
    address: list[str] = member([])


@attrs.frozen(kw_only=True)
class CertificateFacts(Document):
    """The certificate that clients of a host get."""

    subject: str = member("")
    names: list[str] = member([])
    not_before: datetime | None = member(read=_time)
    not_after: datetime | None = member(read=_time)
    sha256: str = member("")


@attrs.frozen(kw_only=True)
class Host(Document):
    """
    A mail host.

    :ivar addresses: the open listeners, as ``127.0.0.1:2525``
    :ivar url: its path in the API
    """

    name: str = member("")
    hostname: str | None = member()
    capabilities: list[str] | dict[str, list[str]] = member([])
    limits: HostLimits | None = member(read=HostLimits.read)
    tls: dict[str, Any] | None = member()
    auth: dict[str, Any] | None = member()
    listeners: list[ListenerAddress] | None = member(read=_many(ListenerAddress.read))
    dns: HostDns | None = member(read=HostDns.read)
    seed: str = member("0")
    addresses: list[str] = member([])
    url: str = member("")
    ehlo: dict[str, list[str]] = member({})
    certificate: CertificateFacts | None = member(read=CertificateFacts.read)

    @property
    def smtp(self) -> tuple[str, int]:
        """
        The address and port of the first listener.

        :raises LookupError: the host has no listener
        """
        if not self.addresses:
            raise LookupError(f"host {self.name} has no listener")
        return split_address(self.addresses[0])


def split_address(address: str) -> tuple[str, int]:
    """An address and its port: ``127.0.0.1:25``, ``[::1]:25``."""
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)


@attrs.frozen(kw_only=True)
class Policy(Document):
    """An MTA-STS policy; times are in seconds, `delay` in milliseconds."""

    domain: str = member("")
    mode: str = member("enforce")
    mx: list[str] = member([])
    max_age: int = member(0)
    status: int = member(200)
    body: str | None = member()
    delay: float = member(0.0)
    certificate: str = member("valid")


# DNS


@attrs.frozen(kw_only=True)
class Record(Document):
    """A DNS record; `owner` is the host that adds it."""

    name: str = member("")
    type: str = member("")
    ttl: int = member(60)
    id: str | None = member()
    tag: str | None = member()
    owner: str | None = member()
    address: str | None = member()
    preference: int | None = member()
    exchange: str | None = member()
    target: str | None = member()
    strings: list[str] | None = member()
    priority: int | None = member()
    weight: int | None = member()
    port: int | None = member()
    mname: str | None = member()
    rname: str | None = member()
    serial: int | None = member()
    refresh: int | None = member()
    retry: int | None = member()
    expire: int | None = member()
    minimum: int | None = member()
    order: int | None = member()
    flags: str | int | None = member()
    services: str | None = member()
    regexp: str | None = member()
    replacement: str | None = member()
    usage: int | None = member()
    selector: int | None = member()
    matching_type: int | None = member()
    data: str | None = member()
    value: str | None = member()
    from_host: str | None = member()


@attrs.frozen(kw_only=True)
class DnsReply(Document):
    """The answer to a query; `answers` is the number of its records."""

    rcode: str = member("")
    answers: int = member(0)
    truncated: bool = member(False)
    records: list[Record] = member([], read=_many(Record.read))


@attrs.frozen(kw_only=True)
class Query(Document):
    """A DNS query that was received."""

    id: str = member("")
    received_at: datetime | None = member(read=_time)
    client_ip: str = member("")
    client_port: int = member(0)
    transport: str = member("")
    name: str | None = member()
    type: str | None = member()
    edns_size: int | None = member()
    dnssec_ok: bool = member(False)
    rcode: str | None = member()
    answer: DnsReply | None = member(read=DnsReply.read)
    behavior: str | None = member()


@attrs.frozen(kw_only=True)
class Resolution(Document):
    """What DNS would answer."""

    name: str = member("")
    type: str = member("")
    rcode: str = member("")
    authoritative: bool = member(False)
    authenticated: bool = member(False)
    answer: list[Record] = member([], read=_many(Record.read))
    authority: list[Record] = member([], read=_many(Record.read))
    additional: list[Record] = member([], read=_many(Record.read))


@attrs.frozen(kw_only=True)
class DnsEvaluation(Document):
    """The answer that a query would get."""

    answer: DnsReply | None = member(read=DnsReply.read)
    behavior: str | None = member()
    delay: float = member(0.0)
    considered: list[Considered] = member([], read=_many(Considered.read))


@attrs.frozen(kw_only=True)
class RoutePlace(Document):
    """An address of an exchange, and what listens there."""

    address: str = member("")
    host: str | None = member()
    listener: str | None = member()
    mail: Evaluation | None = member(read=Evaluation.read)
    rcpt: Evaluation | None = member(read=Evaluation.read)


@attrs.frozen(kw_only=True)
class RouteExchange(Document):
    """A mail exchange of a route."""

    exchange: str = member("")
    preference: int | None = member()
    addresses: list[RoutePlace] = member([], read=_many(RoutePlace.read))


@attrs.frozen(kw_only=True)
class RouteWarning(Document):
    """Why a route does not lead to a host."""

    code: str = member("")
    text: str = member("")


@attrs.frozen(kw_only=True)
class Route(Document):
    """The route that a sending server would follow."""

    to: str = member("")
    domain: str = member("")
    exchanges: list[RouteExchange] = member([], read=_many(RouteExchange.read))
    warnings: list[RouteWarning] = member([], read=_many(RouteWarning.read))


# The service


@attrs.frozen(kw_only=True)
class Status(Document):
    """The version, uptime in seconds, addresses and contents of the service."""

    version: str = member("")
    instance: str = member("")
    uptime: float = member(0.0)
    addresses: dict[str, list[str]] = member({})
    hosts: dict[str, dict[str, int]] = member({})
    mailboxes: dict[str, int] = member({})
    dns_records: int = member(0)
    replicas: dict[str, Any] | None = member()
    mail_files: dict[str, int] | None = member()

    @classmethod
    def read(cls, document: Any) -> Self:
        """
        Make the value from a document.

        :raises TypeError: it is that of another program
        """
        status = super().read(document)
        if not status.version:
            raise TypeError(f"{cls.__name__} expected, got an object without a version")
        return status

    @property
    def smtp(self) -> tuple[str, int] | None:
        """The address and port of the default host's first listener, or None."""
        return self._first("smtp")

    @property
    def dns(self) -> tuple[str, int] | None:
        """The address and port of DNS, or None."""
        return self._first("dns")

    def _first(self, name: str) -> tuple[str, int] | None:
        addresses = self.addresses.get(name)
        return split_address(addresses[0]) if addresses else None


@attrs.frozen(kw_only=True)
class Health(Document):
    """Whether the service is alive."""

    status: str = member("")
