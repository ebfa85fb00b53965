"""``/``: the overview; and the test mails that it sends."""

from __future__ import annotations

import smtplib
from collections.abc import Callable
from email.message import EmailMessage
from email.policy import SMTPUTF8
from email.utils import formatdate, make_msgid
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qsl

import attrs
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.logger import Logger

from mocksmtp.documents.document import Document, field, parse
from mocksmtp.documents.kinds import Duration, Integer, Text
from mocksmtp.documents.problems import DocumentError, Problem
from mocksmtp.hosts.host import MailHost
from mocksmtp.hosts.listeners import Listen, MailProtocol
from mocksmtp.http.bodies import read_body, read_document
from mocksmtp.http.paging import Span
from mocksmtp.http.parameters import group
from mocksmtp.http.problems import HttpProblem
from mocksmtp.http.responses import Slices, send_json
from mocksmtp.http.routing import Agreement, Api, Call, ResponseBody, Route, at_root
from mocksmtp.http.screens.serving import (
    PartParameters,
    redirect,
    send_screen,
    wants_page,
)
from mocksmtp.http.sessions import SessionListing
from mocksmtp.mock import DEFAULT_HOST
from mocksmtp.sessions.search import EVERY_SESSION
from mocksmtp.tls.settings import TlsMode
from mocksmtp.web.overview import (
    BUSY_TWICE,
    FIRST_MAIL,
    LATEST,
    RETRIED_MAIL,
    Recent,
    client_settings,
    latest_events,
)

_log = Logger()


@attrs.frozen
class OverviewParameters:
    """Which parts of the overview are requested."""

    parts: PartParameters = group(PartParameters)


async def show_overview(call: Call[OverviewParameters]) -> ResponseBody:
    """The overview."""
    api, parts, mock = call.api, call.parameters.parts, call.api.mock
    listing = SessionListing(mock, None, EVERY_SESSION)
    recent = None
    if parts.has("recent"):
        recent = await _count(api, listing)
    events = []
    if parts.has("latest"):
        sessions = listing.entries(Span(), newest_first=True)
        queries = mock.query_log.older(mock.query_log.last + 1)
        events = latest_events(sessions, queries)
    return await send_screen(
        call,
        "ui/overview.html",
        "overview",
        parts,
        hosts=list(mock.hosts.values())[:_MAX_HOSTS],
        more_hosts=max(0, len(mock.hosts) - _MAX_HOSTS),
        addresses=api.info.addresses,
        quota=mock.quota,
        recent=recent,
        events=events,
        latest=LATEST,
        is_empty=not any(len(host.journal) for host in mock.hosts.values()),
        is_busy_set=any(
            rule.behavior.name == BUSY_TWICE["name"] for rule in mock.default.behaviors
        ),
        settings=_settings(call),
        has_root=api.root_pem is not None,
        first_mail=FIRST_MAIL,
        busy_twice=BUSY_TWICE,
        retried_mail=RETRIED_MAIL,
    )


_MAX_HOSTS = 50
"""Hosts that the overview lists."""


async def _count(api: Api, listing: SessionListing) -> Recent:
    """The mails of the last minutes; the reactor turns between slices."""
    recent, slices = Recent(api.clock.seconds()), Slices(api.clock)
    for session in listing.entries(Span(), newest_first=True):
        recent.add(session)
        if slices.over:
            await slices.next()
    return recent


def _settings(call: Call[Any]) -> Any:
    """Settings of clients for the default host, as a client near the browser uses."""
    listen = plain_listener(call.api.mock.default)
    if listen is None:
        return ()
    address = str(listen.address)
    if listen.address.is_unspecified:
        named = (call.request.getHeader("Host") or "localhost").rpartition(":")
        address = (named[0] or named[2]).strip("[]")
    return client_settings(address, listen.port)


def plain_listener(host: MailHost) -> Listen | None:
    """The first listener for SMTP without TLS from the start, or None."""
    for one in host.listens:
        mode = one.tls or (None if host.tls is None else host.tls.mode)
        if one.protocol is MailProtocol.SMTP and mode is not TlsMode.IMPLICIT:
            return one
    return None


@attrs.frozen(kw_only=True)
class TestMail:
    """
    A mail that the service sends to one of its own hosts, by SMTP.

    :ivar attempts: how often it is sent at most, while it is deferred
    :ivar backoff: seconds between two attempts
    """

    to: str = field(Text(most=300, samples=("bob@example.test",)), "the recipient")
    sender: str = field(
        Text(most=300),
        "the sender",
        default="mocksmtp@example.test",
        name="from",
    )
    subject: str = field(Text(most=300), "the subject", default="Test mail")
    host: str = field(Text(most=300), "the host", default=DEFAULT_HOST)
    attempts: int = field(
        Integer(1, 10), "how often it is sent at most, while it is deferred", default=1
    )
    backoff: float = field(
        Duration(most=60), "the time between two attempts", default=2.0
    )


TEST_MAIL = Document(TestMail, "TestMail", example={"to": "bob@example.test"})

_TIMEOUT = 10.0
"""Seconds for a reply to a test mail."""

_MAX_FORM = 16 * 1024
"""Octets of a form that are read."""

_MAX_WAITING = 10
"""Test mails that wait for their next attempt."""


async def send_test_mail(call: Call[Any]) -> ResponseBody:
    """Send a mail to a host of this service by SMTP; with retries while it is deferred.

    The response is sent after the first attempt, with its reply. A browser without
    JavaScript sends a form, and is redirected to the overview.
    """
    from_form = wants_page(call.request)
    if from_form:
        pairs = parse_qsl(read_body(call)[:_MAX_FORM].decode(errors="replace"))
        asked = _read_test_mail(dict(pairs))
    else:
        asked = await read_document(call, _read_test_mail)
    host = call.api.mock.hosts.get(asked.host)
    if host is None:
        raise HttpProblem(404, f"no host {asked.host!r}"[:200])
    listen = plain_listener(host)
    if listen is None:
        detail = f"the host {host.name!r} has no listener for SMTP without TLS"
        raise HttpProblem(409, detail[:200])
    address = listen.address
    if address.is_unspecified:
        address = ip_address("127.0.0.1" if address.version == 4 else "::1")
    try:
        content = _content(asked)
    except ValueError as error:
        raise DocumentError(Problem("$", str(error))) from None
    place = (str(address), listen.port)
    code, text = await call.api.in_thread(_deliver, place, asked, content)
    if code // 100 == 4 and asked.attempts > 1 and _Retry.waiting < _MAX_WAITING:
        retry = _Retry(call.api, place, asked, content)
        Deferred.fromCoroutine(retry.run()).addErrback(
            lambda failure: _log.failure("While sending a test mail", failure)
        )
    if from_form:
        raise redirect("/")
    document = {"code": code, "text": text, "attempts": asked.attempts}
    return send_json(call.request, document, 202 if asked.attempts > 1 else 200)


def _read_test_mail(document: Any) -> TestMail:
    return parse(TEST_MAIL, document)


@attrs.define
class _Retry:
    """
    The further attempts of a test mail.

    :cvar waiting: how many there are
    """

    waiting = 0

    _api: Api
    _place: tuple[str, int]
    _asked: TestMail
    _content: bytes

    async def run(self) -> None:
        """Send it again, until it is accepted or rejected, or was sent often enough."""
        _Retry.waiting += 1
        try:
            for _ in range(self._asked.attempts - 1):
                await deferLater(self._api.clock, self._asked.backoff)
                arguments = (self._place, self._asked, self._content)
                code, _ = await self._api.in_thread(_deliver, *arguments)
                if code // 100 != 4:
                    return
        finally:
            _Retry.waiting -= 1


def _content(asked: TestMail) -> bytes:
    mail = EmailMessage(policy=SMTPUTF8)
    mail["From"] = asked.sender
    mail["To"] = asked.to
    mail["Subject"] = asked.subject
    mail["Date"] = formatdate()
    mail["Message-ID"] = make_msgid(domain="mocksmtp.test")
    mail.set_content("Sent by the page of mocksmtp.\n")
    return bytes(mail)


def _deliver(
    place: tuple[str, int], asked: TestMail, content: bytes
) -> tuple[int, str]:
    """Send a mail once, in a thread; return the reply that decided, 0 for none."""
    try:
        with smtplib.SMTP(*place, "page.mocksmtp.test", _TIMEOUT) as client:
            client.ehlo()
            return _converse(client, asked, content)
    except smtplib.SMTPResponseException as error:
        return error.smtp_code, _text(error.smtp_error)
    except (OSError, ValueError) as error:
        return 0, str(error) or "no reply"


def _converse(client: smtplib.SMTP, asked: TestMail, content: bytes) -> tuple[int, str]:
    # RFC 6531 §3.4
    options = () if f"{asked.sender}{asked.to}".isascii() else ("SMTPUTF8",)
    commands: tuple[Callable[[], tuple[int, bytes]], ...] = (
        lambda: client.mail(asked.sender, options),
        lambda: client.rcpt(asked.to),
        lambda: client.data(content),
    )
    code, said = 0, b""
    for command in commands:
        code, said = command()
        if code // 100 != 2:
            break
    return code, _text(said)


def _text(said: bytes | str) -> str:
    return said if isinstance(said, str) else said.decode(errors="replace")


ROUTES = at_root(
    Route("GET", "/", show_overview, OverviewParameters),
    Route("POST", "/ui/testMail", send_test_mail, agreement=Agreement.PAST),
)
