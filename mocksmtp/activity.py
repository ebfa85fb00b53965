"""Logs the activity of the mock: mails, behaviors, failed sessions, DNS queries.

Rules:

- Each mail that was kept, refused or discarded is one line; so is each response of a
  behavior, and each session that failed. At most `MAX_LINES` of a kind are written per
  second; one further line counts the rest.
- If the log level is above info, no listeners are added, so there is no overhead.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

from twisted.internet.interfaces import IReactorTime

from mocksmtp.behaviors.dns import DnsBehavior, DnsDecision
from mocksmtp.behaviors.response import Then
from mocksmtp.behaviors.rule import Rule
from mocksmtp.behaviors.smtp import Decision, SmtpBehavior
from mocksmtp.grammar.command import PathCommand
from mocksmtp.grammar.reply import Reply
from mocksmtp.hosts.host import MailHost
from mocksmtp.hosts.listeners import unmapped
from mocksmtp.logs import Level, Log
from mocksmtp.mock import Mock
from mocksmtp.sessions.session import End, Outcome, Session, Transaction

MAX_LINES = 100
"""Maximum lines of a kind per second."""

_MAX_RECIPIENTS = 10
"""Maximum recipients in the line of a mail."""

_MAX_TEXT = 200
"""Maximum characters of a reply, or of a text that the client sent."""

_ABORTED = Outcome.ABORTED

_UNSHOWN = frozenset({"AUTH", "AUTH COMMAND", "ANY", "DATA", "DATA CONTENT"})
"""Commands whose subject is not logged: it may be a secret, or a whole content."""

_FAILURES = {
    End.CLOSED: "the service closed it",
    End.RESET: "it was reset",
    End.TIMED_OUT: "it timed out",
    End.HUNG: "it was left hanging",
}


class Throttle:
    """
    Limits the lines of one kind to `MAX_LINES` per second.

    :param rest: the line that counts the omitted lines, with ``{}`` for their number
    """

    def __init__(self, log: Log, clock: IReactorTime, rest: str) -> None:
        self._log = log
        self._clock = clock
        self._seconds = clock.seconds
        self._rest = rest
        self._left = 0
        self._until = 0.0
        self._omitted = 0

    def passes(self) -> bool:
        """Return whether a line may be written now; if not, count it as omitted."""
        now = self._seconds()
        # The first condition handles a clock that was set back.
        if not self._until - 1.0 <= now < self._until:
            self._left = MAX_LINES
            self._until = now + 1.0
        if self._left:
            self._left -= 1
            return True
        if not self._omitted:
            self._clock.callLater(max(0.0, self._until - now), self.write_omitted)
        self._omitted += 1
        return False

    def write_omitted(self) -> None:
        """Write the number of lines omitted since the last call, unless it is 0."""
        omitted, self._omitted = self._omitted, 0
        if omitted:
            self._log.log(Level.INFO, self._rest.format(omitted), omitted=omitted)


class ActivityLog:
    """
    Writes the activity of a mock to a log.

    :param clock: for the limit of lines per second
    """

    def __init__(self, mock: Mock, log: Log, clock: IReactorTime) -> None:
        self._log = log
        more = "{} more in this second are not shown"
        self._mails = Throttle(log, clock, f"Mails: {more}")
        self._behaviors = Throttle(log, clock, f"Answers of behaviors: {more}")
        self._sessions = Throttle(log, clock, f"Failed sessions: {more}")
        self._aborted: Session | None = None
        self._mock = mock
        if log.level <= Level.INFO:
            mock.watch(self._listen)
            mock.dns_behaviors.listeners.append(self._dns_fired)

    def flush(self) -> None:
        """Write the numbers of omitted lines now, because the service stops."""
        for throttle in (self._mails, self._behaviors, self._sessions):
            throttle.write_omitted()

    def _listen(self, host: MailHost) -> None:
        passes = self._behaviors.passes

        def fired(rule: Rule[SmtpBehavior], decision: Decision, subject: bytes) -> None:
            if passes():
                command = rule.behavior.command.value
                self._log_answer(host.name, rule, command, subject, decision)

        host.behaviors.listeners.append(fired)
        host.journal.observers.append(self)

    # Observer of a journal

    def settled(self, session: Session, transaction: Transaction) -> None:
        """Log the outcome of a mail."""
        if transaction.outcome is _ABORTED:
            self._aborted = session
        elif self._mails.passes():
            self._aborted = None
            self._log_mail(session, transaction)

    def ended(self, session: Session) -> None:
        """Log the end of a session, if it failed."""
        aborted, self._aborted = self._aborted is session, None
        reason = _FAILURES.get(session.end) if session.end else None
        if session.tls is not None and session.tls.error is not None:
            reason = f"TLS: {session.tls.error}"
        elif session.end is End.CLOSED_BY_CLIENT and aborted:
            reason = "the client left in the middle of a mail"
        if reason is not None and self._sessions.passes():
            client = f"{session.client_ip} port={session.client_port}"
            self._log.log(
                Level.INFO,
                f"Session failed: session={session.id} host={session.host}"
                f" client={client}: {reason}",
                event="session",
                session=session.id,
                host=session.host,
                clientIp=session.client_ip,
                end=session.end.value if session.end else None,
                reason=reason,
            )

    def _log_mail(self, session: Session, transaction: Transaction) -> None:
        sender = transaction.sender.address.text
        count, named = _recipients(transaction)
        number, size = transaction.mail, transaction.size
        reply = _last_reply(transaction)
        what = transaction.outcome.value
        shown = ["Mail"]
        if number is not None:
            shown.append("kept: id=" + str(number))
        else:
            shown.append(f"{what}:")
        shown.append(f"from=<{sender}> to=" + ",".join(f"<{one}>" for one in named))
        if count > len(named):
            shown.append(f"and {count - len(named)} more")
        if size is not None:
            shown.append(f"size={size}")
        shown.append(f"session={session.id}")
        if session.host != "default":
            shown.append(f"host={session.host}")
        # A reply without octets was not sent: the client may send the mail again.
        if reply is not None and not reply.wire:
            reply = None
        if reply is None:
            shown.append("without a reply")
        elif reply.code // 100 != 2:
            shown.append(f'reply="{_shown(reply)}"')
        fields: dict[str, Any] = {
            "event": "mail",
            "outcome": what,
            "id": None if number is None else str(number),
            "from": sender,
            "to": named,
            "recipients": count,
            "size": size,
            "session": session.id,
            "host": session.host,
            "reply": None if reply is None else _shown(reply),
        }
        self._log.log(Level.INFO, " ".join(shown), **fields)

    # Listeners of behaviors

    def _log_answer(
        self,
        host: str | None,
        rule: Rule[SmtpBehavior],
        command: str,
        subject: bytes,
        decision: Decision,
    ) -> None:
        what = subject[:_MAX_TEXT].decode("utf-8", "replace").partition("\r")[0]
        if command in _UNSHOWN:
            what = ""
        answer = _answer(decision)
        where = "" if host in (None, "default") else f" host={host}"
        about = f" {what!r}" if what else ""
        self._log.log(
            Level.INFO,
            f"Behavior {_named(rule)} answered {command}{about}{where}: {answer}",
            event="behavior",
            behavior=rule.id,
            **_name(rule),
            command=command,
            host=host,
            subject=what,
            answer=answer,
        )

    def _dns_fired(
        self, rule: Rule[DnsBehavior], decision: DnsDecision, subject: bytes
    ) -> None:
        if self._behaviors.passes():
            what = subject[:_MAX_TEXT].decode("utf-8", "replace")
            self._log.log(
                Level.INFO,
                f"DNS behavior {_named(rule)} answered {what!r}",
                event="dnsBehavior",
                behavior=rule.id,
                **_name(rule),
                subject=what,
            )


def _named(rule: Rule[Any]) -> str:
    """A behavior's id, followed by its name in parentheses if it has one."""
    name = rule.behavior.name
    return rule.id if name is None else f"{rule.id} ({name})"


def _name(rule: Rule[Any]) -> dict[str, str]:
    """A behavior's name as a field of a log line, if it has one."""
    name = rule.behavior.name
    return {} if name is None else {"behaviorName": name}


def _recipients(transaction: Transaction) -> tuple[int, list[str]]:
    """The number of accepted recipients, or else of all, and the first of them."""
    paths: Iterable[PathCommand] = transaction.recipients
    count = transaction.applied
    if not count:
        paths = list(transaction.all_recipients())
        count = len(paths)
    named = itertools.islice(paths, _MAX_RECIPIENTS)
    return count, [path.address.text for path in named]


def _last_reply(transaction: Transaction) -> Reply | None:
    """The last reply that the client received in a transaction."""
    if (
        transaction.reply is None
        and not transaction.applied
        and transaction.other_rcpts
    ):
        return transaction.other_rcpts[-1][1]
    return transaction.reply


def _shown(reply: Reply) -> str:
    text = reply.text.replace("\r\n", "\n").replace("\n", " / ")
    return f"{reply.code} {text}"[:_MAX_TEXT]


def _answer(decision: Decision) -> str:
    """A short description of a behavior's response."""
    if decision.only_delays:
        what = "the usual reply"
    elif decision.silent:
        what = "no reply"
    elif decision.reply is not None:
        what = _shown(decision.reply)
    else:
        text = decision.text
        what = "the usual code"
        if text is not None:
            what += f", {text[:_MAX_TEXT]!r}"
    fault = decision.fault
    if fault is not None:
        if fault.delay:
            what += f", after {fault.delay:g} s"
        if fault.drip is not None:
            what += ", dripped"
        if fault.then is not Then.CONTINUE:
            what += f", then {fault.then.value}"
    return what


def request_logger(log: Log) -> Callable[[Any], None] | None:
    """Return a function that logs an answered API request; None above level debug."""
    if log.level > Level.DEBUG:
        return None

    def write(request: Any) -> None:
        client = unmapped(getattr(request.getClientAddress(), "host", None) or "")
        method, uri = request.method.decode("latin-1"), request.uri.decode("latin-1")
        status, octets = request.code, request.sentLength
        log.log(
            Level.DEBUG,
            f"{method} {uri} client={client} status={status} octets={octets}",
            "mocksmtp.http",
            client=client,
            method=method,
            uri=uri,
            status=status,
            octets=octets,
        )

    return write


def query_logger(log: Log) -> Callable[..., None]:
    """Return a function that logs a DNS query at level debug."""

    def write(
        question: object, rcode: int | None, transport: str, client_ip: str
    ) -> None:
        if log.level <= Level.DEBUG:
            log.log(
                Level.DEBUG,
                f"DNS query: {question} client={client_ip} over {transport}:"
                f" {'no answer' if rcode is None else f'rcode {rcode}'}",
                event="dnsQuery",
                clientIp=client_ip,
                transport=transport,
                rcode=rcode,
            )

    return write
