"""``/smtpAttempts``: each attempt to deliver to a recipient, and its result.

At the root these are the attempts on all hosts, below a host its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import attrs
import orjson

from mocksmtp.behaviors.point import Command
from mocksmtp.documents.problems import listed
from mocksmtp.documents.schema import TEXT
from mocksmtp.http.derived import DerivedListing, send_newest
from mocksmtp.http.paging import Page, number_of_id, send_page
from mocksmtp.http.parameters import (
    any_text,
    flag,
    group,
    host_name,
    one_of,
    parameter,
    reads,
    recipient,
    sender,
    time,
)
from mocksmtp.http.problems import not_found
from mocksmtp.http.responses import protect, send_body, send_pieces
from mocksmtp.http.routing import (
    Call,
    ResponseBody,
    Route,
    answers,
    array,
    document,
    text,
)
from mocksmtp.http.sessions import client_address
from mocksmtp.http.waiting import Waiting
from mocksmtp.mail.charset import windows_of
from mocksmtp.mock import Mock
from mocksmtp.sessions.attempts import STAGES, Attempt, Verdict
from mocksmtp.sessions.deliveries import Deliveries
from mocksmtp.sessions.delivery_documents import attempt_document
from mocksmtp.sessions.delivery_search import AttemptQuery, Codes

_CODE = re.compile(r"[2-5](?:[0-9]{2}|xx)", re.ASCII)
_STAGES = {stage.value: stage for stage in STAGES}


@reads({**TEXT, "pattern": f"^{_CODE.pattern}$"})
def reply_codes(text: str) -> Codes:
    """A reply code such as ``450``, or a class of them such as ``4xx``."""
    if not _CODE.fullmatch(text):
        raise ValueError(f"must be a reply code such as 450 or 4xx, got {text!r}"[:100])
    return int(text.replace("x", "0")), int(text.replace("x", "9"))


@reads({**TEXT, "enum": list(_STAGES)})
def attempt_stage(text: str) -> Command:
    """A reply point at which a verdict may be decided."""
    if text not in _STAGES:
        raise ValueError(f"unknown value {text!r}; {listed(_STAGES)}"[:300])
    return _STAGES[text]


@reads(TEXT)
def message_id(text: str) -> str:
    """A Message-ID, with or without angle brackets."""
    return text.strip("<> ")


class AttemptListing(DerivedListing[Attempt]):
    """
    The attempts that match a query.

    :param scope: the name of the host of the attempts; None for all hosts
    """

    def __init__(self, mock: Mock, scope: str | None, query: AttemptQuery) -> None:
        super().__init__(mock.deliveries)
        self.host = scope
        self._query = query

    def above(self, number: int) -> list[Attempt]:
        """Return the kept attempts whose number is above `number`, in order."""
        return self._deliveries.attempts(number)

    def find(self, number: int) -> Attempt | None:
        """Return the kept attempt with this number, or None."""
        return self._deliveries.attempt_or_none(number)

    def matches(self, entry: Attempt) -> bool:
        """Return whether an attempt is of the host, and matches the query."""
        in_scope = self.host in (None, entry.session.host)
        return in_scope and self._query.matches(entry)

    @property
    def evicted(self) -> int:
        """The highest number of an evicted attempt."""
        return self._deliveries.evicted_attempt

    @property
    def last(self) -> int:
        """The highest number of an attempt."""
        return self._deliveries.last_attempt

    @staticmethod
    def listeners(deliveries: Deliveries) -> list[Callable[[Attempt], None]]:
        """Return the listeners that are called with each new attempt."""
        return deliveries.attempt_listeners


@attrs.frozen
class AttemptFilters:
    """
    Which attempts are meant.

    :ivar probes: whether clients are included that only checked the server
    """

    recipient: str | None = parameter("to", recipient)
    sender: str | None = parameter("from", sender)
    message_id: str | None = parameter("messageId", message_id)
    host: str | None = parameter("host", host_name)
    verdict: Verdict | None = parameter("verdict", one_of(Verdict))
    stage: Command | None = parameter("stage", attempt_stage)
    codes: Codes | None = parameter("code", reply_codes)
    kept: bool | None = parameter("kept", flag)
    since: float | None = parameter("since", time)
    client_ip: str | None = parameter("clientIp", client_address)
    session: str | None = parameter("session", any_text)
    probes: bool = parameter("probes", flag, default=False)

    def listing(self, call: Call[Any]) -> AttemptListing:
        """The attempts that match."""
        query = AttemptQuery(**attrs.asdict(self, recurse=False))
        return AttemptListing(call.api.mock, call.scope, query)


@attrs.frozen
class ListParameters:
    """Which attempts are listed, and how."""

    filters: AttemptFilters = group(AttemptFilters)
    page: Page = group(Page)
    waiting: Waiting = group(Waiting)


@attrs.frozen
class MatchParameters:
    """Which attempts the newest one is of."""

    filters: AttemptFilters = group(AttemptFilters)
    waiting: Waiting = group(Waiting)


async def list_attempts(call: Call[ListParameters]) -> ResponseBody:
    """List the attempts that match, in the order of their decisions."""
    wanted, api = call.parameters, call.api
    await api.delivery_updates.catch_up()
    with api.delivery_updates:
        listing = wanted.filters.listing(call)
        found = await api.watches.find(listing, wanted.page, wanted.waiting)
    return await send_page(call.request, api.clock, found, attempt_pieces)


async def newest_attempt(call: Call[MatchParameters]) -> ResponseBody:
    """The newest attempt that matches; with ``wait`` it waits for one."""
    return await send_newest(call, "attempt", attempt_pieces)


async def get_attempt(call: Call[Any], attempt_id: str) -> ResponseBody:
    """One attempt."""
    return send_body(
        call.request, b"".join(attempt_pieces(await find_attempt(call, attempt_id)))
    )


async def get_refused(call: Call[Any], attempt_id: str) -> ResponseBody:
    """The content of an attempt: refused and kept (``--keep-refused``), or accepted."""
    attempt = await find_attempt(call, attempt_id)
    octets = await call.api.mock.content_of(attempt)
    if octets is None:
        detail = "the content of this attempt is not kept; see --keep-refused"
        raise not_found(detail)
    protect(call.request, f"attempt-{attempt.number}.eml")
    call.request.setHeader("Content-Length", str(len(octets)))
    windows = windows_of(octets)
    return await send_pieces(call.request, windows, call.api.clock, "message/rfc822")


async def find_attempt(call: Call[Any], attempt_id: str) -> Attempt:
    """
    The attempt with this id.

    :raises HttpProblem: 404
    """
    await call.api.delivery_updates.catch_up()
    number = number_of_id(attempt_id)
    if number is not None:
        found = call.api.mock.deliveries.attempt_or_none(number)
        if found is not None and call.scope in (None, found.session.host):
            return found
    raise not_found(f"no attempt with the id {attempt_id!r} is kept"[:200])


def attempt_pieces(attempt: Attempt) -> Iterable[bytes]:
    """The JSON document of an attempt."""
    return (orjson.dumps(attempt_document(attempt)),)


ROUTES = (
    Route(
        *("GET", "/smtpAttempts", list_attempts, ListParameters),
        answers=answers(array("SmtpAttempt")),
        problems=(410,),
    ),
    Route(
        *("GET", "/smtpAttempts/latest", newest_attempt, MatchParameters),
        answers=answers(document("SmtpAttempt")),
        problems=(404,),
    ),
    Route(
        "GET",
        "/smtpAttempts/<attempt_id>",
        get_attempt,
        answers=answers(document("SmtpAttempt")),
        problems=(404,),
    ),
    Route(
        "GET",
        "/smtpAttempts/<attempt_id>/raw",
        get_refused,
        answers=answers(text("message/rfc822")),
        problems=(404,),
    ),
)
