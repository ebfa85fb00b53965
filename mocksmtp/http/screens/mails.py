"""``/ui/mails``: the mails of all hosts, or those that a search finds; and one mail."""

from __future__ import annotations

from enum import Enum
from typing import Any
from urllib.parse import urlencode

import attrs
from twisted.internet.interfaces import IReactorTime

from mocksmtp.documents.units import timestamp
from mocksmtp.hosts.documents import host_path
from mocksmtp.http.bodies import in_turn
from mocksmtp.http.mails import MailListing
from mocksmtp.http.paging import AFTER_ALL, Span, entry_id, matches
from mocksmtp.http.parameters import (
    ALL_HOSTS,
    any_text,
    flag,
    group,
    one_of,
    parameter,
)
from mocksmtp.http.problems import not_found
from mocksmtp.http.responses import Slices
from mocksmtp.http.routing import Call, ResponseBody, Route, at_root
from mocksmtp.http.screens.serving import PartParameters, send_screen
from mocksmtp.mail.expression import QueryError
from mocksmtp.mail.keywords import Expression, parse_expression
from mocksmtp.mail.mail import LARGE, Mail
from mocksmtp.mail.mime import read_structure
from mocksmtp.mail.part import TooComplex
from mocksmtp.mail.search import MailQuery
from mocksmtp.mail.summary import summary_of
from mocksmtp.mock import DEFAULT_HOST
from mocksmtp.web.mailview import (
    MAX_SHOWN_RECIPIENTS,
    ShownMail,
    mail_row,
    shown_mail,
)

PAGE_SIZE = 100
"""Mails of one page of the list."""

PATIENCE = 1.5
"""Seconds after which a search shows what it has found so far."""


@attrs.frozen
class MailScreenParameters:
    """
    Which mails are listed.

    :ivar search: a search expression; an invalid one is shown with its error
    :ivar host: the only host, instead of all
    :ivar before: only older mails
    """

    parts: PartParameters = group(PartParameters)
    search: str | None = parameter("q", any_text)
    host: str | None = parameter("host", any_text)
    before: int | None = parameter("before", entry_id)


class Tab(Enum):
    """A view of one mail."""

    HTML = "html"
    TEXT = "text"
    SOURCE = "source"
    HEADERS = "headers"
    PARTS = "parts"
    LINKS = "links"
    RAW = "raw"


@attrs.frozen
class MailParameters:
    """
    How one mail is shown.

    :ivar tab: the view; the first that the mail has
    :ivar remote: whether its HTML may load images of other servers
    """

    parts: PartParameters = group(PartParameters)
    tab: Tab | None = parameter("tab", one_of(Tab))
    remote: bool = parameter("remote", flag, default=False)


@attrs.frozen
class SearchError:
    """
    An invalid expression.

    :ivar position: the index of the character at which the error is
    """

    message: str
    position: int


async def get_mails(call: Call[MailScreenParameters]) -> ResponseBody:
    """The list of mails, the newest first."""
    wanted, api = call.parameters, call.api
    search = (wanted.search or "").strip()
    expression, error = _parse(search)
    listing = MailListing(
        api.mock,
        None if wanted.host in (None, "", ALL_HOSTS) else wanted.host,
        MailQuery(expression=expression),
        api.in_thread,
    )
    mails: list[Mail] = []
    older: int | None = None
    searched: str | None = None
    if wanted.parts.has("mails") and error is None:
        mails, older, last = await _find(listing, wanted.before, api.clock)
        searched = None if last is None else timestamp(last.received_at)
        for mail in mails:
            if len(mail.content) >= LARGE and not mail.is_summarized:
                mail.remember(await api.in_thread(summary_of, mail.content))
    rows = []
    slices = Slices(api.clock)
    for mail in mails:
        rows.append(mail_row(mail))
        if slices.over:
            await slices.next()
    chosen = [("q", search), ("host", wanted.host or "")]
    query = [(name, value) for name, value in chosen if value]
    return await send_screen(
        call,
        "ui/mails.html",
        "mails",
        wanted.parts,
        rows=rows,
        search=search,
        error=error,
        host=wanted.host or "",
        hosts=list(api.mock.hosts),
        total=len(listing),
        searched=searched,
        evicted=api.mock.quota.evictions,
        is_first=wanted.before is None,
        older=None if older is None else urlencode([*query, ("before", str(older))]),
        newest=urlencode(query),
        listed=_api_query(search, wanted.host),
        path_of=mail_path,
        host_path=path_of_host,
    )


async def _find(
    listing: MailListing, before: int | None, clock: IReactorTime
) -> tuple[list[Mail], int | None, Mail | None]:
    """
    The newest mails that match; a search of many ends after `PATIENCE`.

    :return: the mails; the number before which the next page begins, or None; the last
        mail that was looked at, if there was no time for the others
    """
    span = Span(before=before or AFTER_ALL)
    await listing.check(span)
    searched = listing.search(span, True, PAGE_SIZE + 1)
    if searched is not None:
        found = await searched
        more = len(found) > PAGE_SIZE
        found = found[:PAGE_SIZE]
        return found, found[-1].number if more else None, None
    deadline, slices = clock.seconds() + PATIENCE, Slices(clock)
    found = []
    for mail in listing.entries(span, newest_first=True):
        for step in listing.look(mail):
            matched = step if isinstance(step, bool) else await step
            if matched:
                found.append(mail)
                break
        if len(found) > PAGE_SIZE:
            return found[:PAGE_SIZE], found[PAGE_SIZE - 1].number, None
        if slices.over:
            await slices.next()
            if clock.seconds() > deadline:
                return found, mail.number, mail
    return found, None, None


def _parse(search: str) -> tuple[Expression | None, SearchError | None]:
    if not search:
        return None, None
    try:
        return parse_expression(search), None
    except QueryError as error:
        message = str(error).rpartition(" (at position")[0] or str(error)
        return None, SearchError(message, min(error.position, len(search)))


def _api_query(search: str, host: str | None) -> str:
    """The query of the API's list of the same mails."""
    pairs = [("host", host or ALL_HOSTS), ("q", search)]
    return urlencode([(name, value) for name, value in pairs if value])


def path_of_host(host: str) -> str:
    """The path below which the API has the resources of a host."""
    return "" if host == DEFAULT_HOST else host_path(host)


def mail_path(mail: Any) -> str:
    """The path of a mail in the API: of a row, or of a mail."""
    return f"{path_of_host(mail.host)}/smtpMails/{mail.id}"


async def get_mail_screen(call: Call[MailParameters], mail_id: str) -> ResponseBody:
    """One mail."""
    wanted, api = call.parameters, call.api
    mail = await find_anywhere(call, mail_id)
    if not mail.is_summarized:
        mail.remember(await in_turn(call, mail.content, summary_of))
    if len(mail.envelope.recipients) > MAX_SHOWN_RECIPIENTS:
        shown = await api.in_thread(_shown, mail)
    else:
        shown = await in_turn(call, mail.content, lambda _: _shown(mail))
    tabs = _tabs(shown)
    tab = wanted.tab if wanted.tab in tabs else tabs[0]
    listing = MailListing(api.mock, None, MailQuery(), api.in_thread)
    after, before = Span(after=mail.number), Span(before=mail.number)
    newer = next(iter(await matches(listing, after, api.clock, limit=1)), None)
    older = next(iter(await matches(listing, before, api.clock, True, 1)), None)
    return await send_screen(
        call,
        "ui/mail.html",
        "mails",
        wanted.parts,
        mail=mail,
        shown=shown,
        tabs=[each.value for each in tabs],
        tab=tab.value,
        remote=wanted.remote,
        newer=None if newer is None else newer.id,
        older=None if older is None else older.id,
        path=mail_path(shown.row),
        host_path=path_of_host,
    )


async def find_anywhere(call: Call[Any], mail_id: str) -> Mail:
    """
    The mail with this id, of whatever host: ids are unique in the service.

    :raises HttpProblem: there is none
    """
    api = call.api
    try:
        number = entry_id(mail_id)
    except ValueError:
        number = 0
    kept = MailListing(api.mock, None, MailQuery(), api.in_thread).kept([number])
    for mail in kept if isinstance(kept, list) else await kept:
        return mail
    raise not_found(f"no mail with the id {mail_id!r} is kept"[:200])


def _shown(mail: Mail) -> ShownMail:
    try:
        return shown_mail(mail, read_structure(mail.content), None)
    except TooComplex as error:
        return shown_mail(mail, None, str(error))


def _tabs(shown: ShownMail) -> list[Tab]:
    """The views that a mail has, the one that is shown first at the front."""
    tabs = [Tab.HTML] if shown.html else []
    if shown.text is not None:
        tabs.append(Tab.TEXT)
    if shown.html:
        tabs.append(Tab.SOURCE)
    tabs += [Tab.HEADERS]
    if shown.tree:
        tabs.append(Tab.PARTS)
    if shown.links:
        tabs.append(Tab.LINKS)
    return [*tabs, Tab.RAW]


ROUTES = at_root(
    Route("GET", "/ui/mails", get_mails, MailScreenParameters),
    Route("GET", "/ui/mails/<mail_id>", get_mail_screen, MailParameters),
)
