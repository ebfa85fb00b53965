"""``/smtpSessions``: what was said, by whom, and what became of it.

At the root these are the sessions of all hosts, below a host its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import partial, update_wrapper
from ipaddress import ip_address
from itertools import starmap
from typing import Any, TypeAlias

import attrs
import orjson

from mocksmtp.documents.problems import listed
from mocksmtp.hosts.host import MailHost
from mocksmtp.http.describing import Content, answers, array, document
from mocksmtp.http.listing import Slices, array_pieces, send_pieces
from mocksmtp.http.mails import MAX_WAIT
from mocksmtp.http.params import (
    any_text,
    duration_up_to,
    flag,
    parameter,
    reads,
    recipient,
    sender,
    whole_number,
)
from mocksmtp.http.problems import HttpProblem, not_found
from mocksmtp.http.routing import Answer, Call, Route
from mocksmtp.http.schema import TEXT, any_of, array_of, ref
from mocksmtp.http.session_waiting import SessionWaiter, session_number
from mocksmtp.sessions.documents import (
    explained_transcript,
    explanation_document,
    session_document,
    transaction_document,
    transcript_documents,
)
from mocksmtp.sessions.recall import ContentFinder
from mocksmtp.sessions.search import EVERY_SESSION, Nearest, SessionQuery
from mocksmtp.sessions.session import Outcome, Session

PIECE = 64 * 1024
"""Bytes of memory past which a session's document is made in pieces."""

Scope: TypeAlias = Callable[[Call[Any]], Iterable[MailHost]]
"""Tells whose sessions are meant."""

_ID = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
_MARK = orjson.Fragment(b"\0")
_SESSION = ref("Session")
_OUTCOMES = {o.value: o for o in Outcome if o is not Outcome.OPEN}


def every_host(call: Call[Any]) -> Iterable[MailHost]:
    """All that there are now."""
    return tuple(call.api.mock.hosts.values())


def one_host(call: Call[Any]) -> Iterable[MailHost]:
    """The one that the path names."""
    return (call.host,)


@reads({**TEXT, "pattern": f"^{_ID.pattern}$"})
def id_of_session(text: str) -> str:
    """The id of a session."""
    if not _ID.fullmatch(text):
        raise ValueError(f"must be the id of a session, not {text!r}"[:100])
    return text


@reads({**TEXT, "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]})
def client_address(text: str) -> str:
    """The address of a client, as it is told of sessions."""
    try:
        return str(ip_address(text))
    except ValueError:
        raise ValueError(f"must be an IP address, not {text!r}"[:100]) from None


@reads({**TEXT, "enum": list(_OUTCOMES)})
def settled_outcome(text: str) -> Outcome:
    """What can have become of a mail in the end."""
    if text not in _OUTCOMES:
        raise ValueError(f"unknown value {text!r}; {listed(list(_OUTCOMES))}"[:200])
    return _OUTCOMES[text]


@attrs.frozen
class SessionSelection:
    """
    Which sessions are meant, and how many to wait for.

    :ivar count: how many are waited for; one, where only a time is given
    :ivar wait: seconds; 0 answers at once
    :ivar explain: whether it is told what the nearest attempts lack
    """

    host: str | None = parameter("host", any_text)
    client_ip: str | None = parameter("clientIp", client_address)
    sender: str | None = parameter("from", sender)
    recipient: str | None = parameter("to", recipient)
    outcome: Outcome | None = parameter(  # noqa: RUF009 - read-only
        "outcome", settled_outcome
    )
    kept: bool | None = parameter("kept", flag)
    after: str | None = parameter("after", id_of_session)
    limit: int | None = parameter("limit", whole_number)
    count: int = parameter("count", whole_number, default=1)
    wait: float = parameter("wait", duration_up_to(MAX_WAIT), default=0.0)
    explain: bool = parameter("explain", flag, default=False)

    @property
    def query(self) -> SessionQuery:
        """The filter."""
        return SessionQuery(
            self.host,
            self.client_ip,
            self.sender,
            self.recipient,
            self.outcome,
            self.kept,
        )


async def list_sessions(scope: Scope, call: Call[SessionSelection]) -> Answer:
    """Those that are asked for, the newest last, once there are enough."""
    wanted, clock = call.parameters, call.api.clock
    deadline = clock.seconds() + wanted.wait
    after = 0 if wanted.after is None else _kept(scope, call, wanted.after)
    sessions = _sessions(scope(call), after)
    if wanted.query == EVERY_SESSION and not wanted.wait:
        found = sessions
    else:
        host = call.host.name if scope is one_host else None
        waiter = SessionWaiter(wanted.query, host, after, wanted.count)
        if wanted.wait:
            await call.api.session_watch.wait(waiter, sessions, deadline)
        else:
            await waiter.begin(sessions, clock)
        found = waiter.found()
    enough = len(found) >= wanted.count
    found = found[: wanted.limit]
    pieces: Iterator[bytes] = array_pieces(map(session_pieces, found))
    if wanted.explain:
        nearest = [] if enough else await _nearest(scope, call, after)
        pieces = _object_pieces(pieces, nearest)
    return await send_pieces(call.request, pieces, clock)


async def delete_sessions(scope: Scope, call: Call[Any]) -> Answer:
    """Take all out, and tell what was taken out; those that last go on, empty."""
    removed = [s for host in scope(call) for s in host.journal.clear()]
    removed.sort(key=session_number)
    pieces = array_pieces(map(session_pieces, removed))
    return await send_pieces(call.request, pieces, call.api.clock)


@attrs.frozen
class SessionParameters:
    """
    How a session is told.

    :ivar explain: whether each exchange has ``considered``: every behavior that was
        asked about it, and why it did or did not answer
    """

    explain: bool = parameter("explain", flag, default=False)


async def get_session(
    scope: Scope, call: Call[SessionParameters], session_id: str
) -> Answer:
    """One session; with ``explain=true`` also why each behavior did or did not answer.

    Each exchange then has ``considered``: every behavior of that reply point, from the
    list as it was at that time.
    """
    found = _find(scope, call, session_id)
    if found is None:
        raise not_found(f"no session with the id {session_id!r} is kept"[:200])
    if call.parameters.explain:
        pieces = explained_pieces(found, content_finder(call, found.host))
    else:
        pieces = session_pieces(found)
    return await send_pieces(call.request, pieces, call.api.clock)


def content_finder(call: Call[Any], host: str) -> ContentFinder:
    """What finds the content of the mails that a host keeps."""
    found = call.api.mock.hosts.get(host)

    def find(number: int) -> bytes | None:
        try:
            return None if found is None else found.mailbox.get(number).content
        except KeyError:
            return None

    return find


def _find(scope: Scope, call: Call[Any], session: str) -> Session | None:
    for host in scope(call):
        with suppress(KeyError):
            return host.journal.get(session)
    return None


def explained_pieces(session: Session, find: ContentFinder) -> Iterator[bytes]:
    """The JSON document of a session, with what became of behaviors, in pieces."""
    document = session_document(session, transcript=_MARK)
    first, last = orjson.dumps(document).split(b"\0")
    yield first
    transcript = explained_transcript(session, find)
    yield from array_pieces(starmap(_explained_pieces, transcript))
    yield last


def _explained_pieces(
    exchange: dict[str, Any], considered: Iterator[dict[str, Any]] | None
) -> Iterator[bytes]:
    if considered is None:
        yield orjson.dumps({**exchange, "considered": None})
        return
    first, last = orjson.dumps({**exchange, "considered": _MARK}).split(b"\0")
    yield first
    yield from array_pieces((orjson.dumps(one),) for one in considered)
    yield last


def session_pieces(session: Session) -> Iterator[bytes]:
    """The JSON document of a session, that of a large one in pieces."""
    if session.weigh() <= PIECE:
        yield orjson.dumps(session_document(session))
        return
    document = session_document(session, transactions=_MARK, transcript=_MARK)
    first, second, third = orjson.dumps(document).split(b"\0")
    # What goes on meanwhile is not told of: a copy, for it may grow.
    transactions = map(transaction_document, tuple(session.transactions))
    transcript = transcript_documents(session)
    yield first
    yield from array_pieces((orjson.dumps(t),) for t in transactions)
    yield second
    yield from array_pieces((orjson.dumps(line),) for line in transcript)
    yield third


def _sessions(hosts: Iterable[MailHost], after: int) -> list[Session]:
    """Those of these hosts behind one, the newest last."""
    journals = [host.journal.sessions() for host in hosts if len(host.journal)]
    sessions = [session for journal in journals for session in journal]
    if len(journals) > 1:
        sessions.sort(key=session_number)
    if after:
        sessions = [s for s in sessions if session_number(s) > after]
    return sessions


def _kept(scope: Scope, call: Call[Any], session: str) -> int:
    """
    The number of a session that is still kept.

    :raises HttpProblem: it is not
    """
    if _find(scope, call, session) is not None:
        return int(session)
    raise HttpProblem(410, "the session to go on after is no longer kept")


async def _nearest(
    scope: Scope, call: Call[SessionSelection], after: int
) -> list[dict[str, Any]]:
    """What the attempts lack that come nearest to what is asked for."""
    nearest = Nearest(call.parameters.query)
    slices = Slices(call.api.clock)
    for session in _sessions(scope(call), after):
        for _ in nearest.look_at(session):
            if slices.over:
                await slices.next()
    return [explanation_document(attempt) for attempt in nearest.attempts()]


def _object_pieces(
    sessions: Iterator[bytes], nearest: list[dict[str, Any]]
) -> Iterator[bytes]:
    yield b'{"sessions":'
    yield from sessions
    yield b',"nearest":' + orjson.dumps(nearest) + b"}"


def _routes(scope: Scope) -> tuple[Route, ...]:
    def scoped(handler: Callable[..., Any]) -> Callable[..., Any]:
        bound = partial(handler, scope)
        update_wrapper(bound, handler)
        return bound

    return (
        Route(
            "GET",
            "/smtpSessions",
            scoped(list_sessions),
            SessionSelection,
            answers=answers(Content(any_of(array_of(_SESSION), ref("Explanation")))),
            problems=(410,),
        ),
        Route(
            "DELETE",
            "/smtpSessions",
            scoped(delete_sessions),
            answers=answers(array("Session")),
        ),
        Route(
            "GET",
            "/smtpSessions/<session_id>",
            scoped(get_session),
            SessionParameters,
            answers=answers(document("Session")),
        ),
    )


ROOT_ROUTES = _routes(every_host)
"""Of all hosts."""

HOST_ROUTES = _routes(one_host)
"""Of the host that the path names."""
