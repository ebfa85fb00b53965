"""What the overview shows: recent results, events, settings of clients, first steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import attrs

from mocksmtp.documents.units import timestamp
from mocksmtp.grammar.reply import Reply
from mocksmtp.sessions.session import Outcome, Session, Transaction
from mocksmtp.web.shown import reply_words
from mocksmtp.zone.answer import rcode_name
from mocksmtp.zone.queries import DnsQuery
from mocksmtp.zone.rdata import type_name

MINUTES = 10
"""The last minutes whose mails are counted."""

LATEST = 14
"""Events of the overview, the newest."""

RETRIED = "retry@example.test"
"""The recipient of the first steps whose mail is deferred and sent again."""

FIRST_MAIL = {"to": "bob@example.test", "subject": "My first mail"}
"""The body of the request of the first step."""

BUSY_TWICE = {
    "name": "Busy twice",
    "command": "RCPT TO",
    "condition": {"operator": "contains", "matchingValue": "retry@"},
    "response": {"code": 450, "message": "4.2.1 Mailbox busy, try again later"},
    "numberOfAnswer": 2,
}
"""The behavior of the second step."""

RETRIED_MAIL = {
    "to": RETRIED,
    "subject": "Watch me retry",
    "attempts": 5,
    "backoff": "2s",
}
"""The body of the request of the third step."""


@attrs.frozen
class Minute:
    """
    The mails of a minute.

    :ivar label: when it began, as ``21:05``
    :ivar refused: mails that were refused at any point, or ended without a result
    """

    label: str
    kept: int
    refused: int


@attrs.define
class Recent:
    """
    Counts the mails of the last minutes.

    :param now: seconds since the epoch
    """

    now: float
    _kept: Counter[int] = attrs.Factory(Counter)
    _refused: Counter[int] = attrs.Factory(Counter)

    @property
    def since(self) -> float:
        """The beginning of the first minute that is counted."""
        return (self.now // 60 - MINUTES + 1) * 60

    def add(self, session: Session) -> None:
        """Count the mails of a session."""
        since = self.since
        if session.ended_at is not None and session.ended_at < since:
            return
        for one in reversed(session.transactions):
            if one.settled_at < since:
                break
            minute = int(one.settled_at // 60)
            if one.mail is not None:
                self._kept[minute] += 1
            elif one.outcome is not Outcome.OPEN:
                self._refused[minute] += 1

    @property
    def kept(self) -> int:
        """The mails that were kept in these minutes."""
        return self._kept.total()

    @property
    def refused(self) -> int:
        """The mails that were not."""
        return self._refused.total()

    @property
    def minutes(self) -> list[Minute]:
        """Each minute, the oldest first."""
        first = int(self.since // 60)
        return [
            Minute(timestamp(one * 60)[11:16], self._kept[one], self._refused[one])
            for one in range(first, first + MINUTES)
        ]

    @property
    def most(self) -> int:
        """The most mails of a minute, at least 1."""
        return max([1, *(one.kept + one.refused for one in self.minutes)])


@attrs.frozen
class LatestEvent:
    """
    Something that happened.

    :ivar id: identifies it in the page
    :ivar result: the verdict, or None for what has none
    """

    id: str
    at: float
    what: str
    who: str
    detail: str
    result: str | None
    link: str | None


def latest_events(
    sessions: Iterable[Session], queries: Iterable[DnsQuery]
) -> list[LatestEvent]:
    """
    The newest events, the newest first.

    :param sessions: the newest first
    :param queries: likewise
    """
    found = [
        event
        for session in islice(sessions, LATEST)
        for event in islice(_session_events(session), LATEST)
    ]
    found += map(_query_event, islice(queries, LATEST))
    found.sort(key=lambda event: event.at, reverse=True)
    return found[:LATEST]


def _session_events(session: Session) -> Iterator[LatestEvent]:
    """What happened in a session, the newest first."""
    link = f"/ui/sessions/{session.id}"
    for number, one in enumerate(reversed(session.transactions)):
        place = session.settled - number
        yield LatestEvent(
            f"t{session.id}-{place}",
            one.settled_at,
            "mail",
            _path_of(one),
            f"on {session.host}: {_words_of(_deciding(one))}",
            _verdict_of(_deciding(one), one.mail is not None),
            link,
        )
    if not session.transactions:
        first = session.exchanges[0][2] if session.exchanges else None
        failed = first is not None and first.code >= 400
        end = "open" if session.end is None else session.end.value
        yield LatestEvent(
            f"s{session.id}",
            session.started_at,
            "session",
            f"{session.client_ip} as {session.helo or '?'}",
            f"on {session.host}: {_words_of(first) if failed else end}",
            "rejected" if failed else None,
            link,
        )


def _path_of(transaction: Transaction) -> str:
    sender = transaction.sender.address.text or "<>"
    named = [path.address.text for path in islice(transaction.all_recipients(), 3)]
    more = " …" if len(named) == 3 else ""
    return f"{sender} → {', '.join(named[:2]) or '?'}{more}"


def _deciding(transaction: Transaction) -> Reply | None:
    """The reply that ended a transaction, or else the last one that refused."""
    if transaction.reply is not None:
        return transaction.reply
    refused = (
        reply for _, reply, _ in reversed(transaction.other_rcpts) if reply is not None
    )
    return next((reply for reply in refused if reply.code >= 400), None)


def _words_of(reply: Reply | None) -> str:
    if reply is None:
        return "no reply"
    return reply_words({"code": reply.code, "text": reply.text.split("\n")[0]})


def _verdict_of(reply: Reply | None, is_kept: bool) -> str:
    if reply is None or not reply.is_readable:
        return "none"
    if reply.code >= 500:
        return "rejected"
    if reply.code >= 400:
        return "deferred"
    return "accepted" if is_kept else "none"


def _query_event(query: DnsQuery) -> LatestEvent:
    name = "?" if query.name is None else str(query.name)
    kind = "" if query.type is None else type_name(query.type)
    rcode = "no reply" if query.rcode is None else rcode_name(query.rcode)
    return LatestEvent(
        f"q{query.number}",
        query.at,
        "query",
        f"{kind} {name}",
        f"from {query.client_ip}: {rcode}",
        None,
        "/ui/dns",
    )


@attrs.frozen
class Setting:
    """A snippet for a client: where it belongs, and its text."""

    name: str
    where: str
    text: str


def client_settings(host: str, port: int) -> Sequence[Setting]:
    """
    What makes clients send to a listener.

    :param host: its name or address, as a client reaches it
    """
    literal = f"[{host}]"
    return (
        Setting(
            "swaks",
            "command line",
            f"swaks --server {host} --port {port} --to bob@example.test",
        ),
        Setting(
            "Django",
            "settings.py",
            'EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"\n'
            f'EMAIL_HOST = "{host}"\nEMAIL_PORT = {port}',
        ),
        Setting(
            "Spring",
            "application.properties",
            f"spring.mail.host={host}\nspring.mail.port={port}",
        ),
        Setting(
            "Node",
            "nodemailer",
            "nodemailer.createTransport({\n"
            f'  host: "{host}", port: {port}, ignoreTLS: true,\n}})',
        ),
        Setting("Postfix", "main.cf", f"relayhost = {literal}:{port}"),
    )
