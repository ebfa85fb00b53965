"""``/smtpSessions``: the connections, their transcripts and the mails' outcomes.

At the root these are the sessions of all hosts, below a host its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from ipaddress import ip_address
from itertools import starmap
from operator import attrgetter
from typing import Any, TypeAlias, TypeVar

import attrs
import orjson

from mocksmtp.behaviors.explain import Considered
from mocksmtp.documents.kinds import Array
from mocksmtp.documents.problems import listed
from mocksmtp.documents.schema import TEXT
from mocksmtp.hosts.host import MailHost
from mocksmtp.http.explaining import find_explained, send_explained
from mocksmtp.http.paging import (
    Listing,
    Page,
    Span,
    WaitingKey,
    only,
    send_page,
)
from mocksmtp.http.parameters import (
    flag,
    group,
    host_name,
    parameter,
    reads,
    recipient,
    sender,
    whole_number,
)
from mocksmtp.http.problems import not_found
from mocksmtp.http.responses import Slices, array_pieces, send_json, send_pieces
from mocksmtp.http.routing import (
    Agreement,
    Call,
    ResponseBody,
    Route,
    answers,
    array,
    document,
)
from mocksmtp.http.waiting import Waiting
from mocksmtp.mail.mail import Mail
from mocksmtp.mail.mailbox import Mailbox
from mocksmtp.mock import Mock
from mocksmtp.sessions.documents import (
    EXCHANGE,
    NEAR_ATTEMPT,
    NEAR_MISS,
    SESSION,
    SESSION_EXPLANATION,
    TRANSACTION,
    NearMiss,
    considered_of,
    explained_transcript,
    shown_exchanges,
)
from mocksmtp.sessions.journal import Journal
from mocksmtp.sessions.recall import ContentFinder, Recalled, recall
from mocksmtp.sessions.search import EVERY_SESSION, Nearest, SessionQuery
from mocksmtp.sessions.session import Outcome, Session, Transaction

T = TypeVar("T")

_MAX_LOADED = 64 * 2**20
"""Octets of contents that are loaded to explain exchanges; those of others count as
not recorded."""

_PIECE = 64 * 1024
"""Bytes of memory past which a session's document is made in pieces."""

_MARK = orjson.Fragment(b"\0")
_OUTCOMES = {o.value: o for o in Outcome if o is not Outcome.OPEN}
_number = attrgetter("number")

_Change: TypeAlias = tuple[Session, Transaction | None]
"""What was settled: a transaction, or None for the session itself."""


class SessionListing(Listing[Session, _Change]):
    """
    The sessions that match a query.

    :param scope: the name of the host whose sessions they are; None for all hosts
    """

    def __init__(self, mock: Mock, scope: str | None, query: SessionQuery) -> None:
        self.host = scope
        self.is_everything = query == EVERY_SESSION
        self._mock = mock
        self._query = query
        if query.recipient is not None:
            self.key = ("to", query.recipient)
        elif query.sender is not None:
            self.key = ("from", query.sender)
        elif query.outcome is not None:
            self.key = ("outcome", query.outcome)
        elif query.kept is not None:
            self.key = ("kept", query.kept)

    @property
    def journals(self) -> list[Journal]:
        """The journals of the hosts."""
        hosts = self._mock.hosts
        if self.host is None:
            return [host.journal for host in hosts.values()]
        host = hosts.get(self.host)
        return [] if host is None else [host.journal]

    def __len__(self) -> int:
        return sum(map(len, self.journals))

    def entries(self, span: Span, newest_first: bool) -> Iterator[Session]:
        """The sessions of a range, whether or not they match."""
        journals = [journal.sessions() for journal in self.journals if len(journal)]
        sessions = [session for journal in journals for session in journal]
        if len(journals) > 1:
            sessions.sort(key=_number)
        if not newest_first:
            sessions.reverse()
        # A session that was looked at is not held any longer.
        while sessions:
            session = sessions.pop()
            if span.has(session.number):
                yield session

    def number(self, entry: Session) -> int:
        """The number of a session."""
        return entry.number

    def look(self, entry: Session) -> Iterator[bool]:
        """Whether a session matches, one transaction at a time."""
        query = self._query
        if not query.matches_client(entry):
            return
        if not query.of_mails:
            yield True
        for transaction in tuple(entry.transactions):
            yield query.matches_transaction(transaction)

    def kept(self, numbers: Sequence[int]) -> list[Session]:
        """The sessions with these numbers that are kept and match."""
        found = map(self.find, map(str, numbers))
        return [s for s in found if s is not None and self._query.matches(s)]

    def find(self, session_id: str) -> Session | None:
        """The session with an id, if it is kept."""
        for journal in self.journals:
            with suppress(KeyError):
                return journal.get(session_id)
        return None

    def has(self, number: int) -> bool:
        """Whether a session is kept."""
        return self.find(str(number)) is not None

    @property
    def evicted(self) -> int:
        """The highest number of a session that was evicted."""
        return max((journal.evicted for journal in self.journals), default=0)

    @property
    def last(self) -> int:
        """The highest number of a session."""
        return max(host.journal.quota.last for host in self._mock.hosts.values())

    def matched_by(self, change: _Change) -> int | None:
        """Return the number of the session if the settled item matches, or None."""
        session, transaction = change
        query = self._query
        if self.host not in (None, session.host) or not query.matches_client(session):
            return None
        if transaction is None:
            return None if query.of_mails else session.number
        return session.number if query.matches_transaction(transaction) else None

    @staticmethod
    def keys(change: _Change) -> Iterator[WaitingKey]:
        """What the transaction is found by; None for the session itself."""
        _, transaction = change
        if transaction is None:
            yield None
            return
        yield ("outcome", transaction.outcome)
        yield ("kept", transaction.mail is not None)
        yield ("from", transaction.sender.address.normalized)
        for address in {
            path.address.normalized for path in transaction.all_recipients()
        }:
            yield ("to", address)

    @staticmethod
    def listen(mock: Mock, note: Callable[[_Change], None]) -> Callable[[], None]:
        """Report sessions that began, ended, or have a newly settled transaction."""
        heard: list[Journal] = []

        def settled(session: Session) -> None:
            is_itself = session.end is not None or not session.transactions
            note((session, None if is_itself else session.transactions[-1]))

        def hear(host: MailHost) -> None:
            heard.append(host.journal)
            host.journal.listeners.append(settled)

        revoke = mock.watch(hear)

        def stop() -> None:
            revoke()
            for journal in heard:
                journal.listeners.remove(settled)

        return stop


@reads({**TEXT, "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}]})
def client_address(text: str) -> str:
    """The address of a client, as it is shown for sessions."""
    try:
        return str(ip_address(text))
    except ValueError:
        raise ValueError(f"must be an IP address, got {text!r}"[:100]) from None


@reads({**TEXT, "enum": list(_OUTCOMES)})
def settled_outcome(text: str) -> Outcome:
    """The outcome of a mail whose transaction has ended."""
    if text not in _OUTCOMES:
        raise ValueError(f"unknown value {text!r}; {listed(list(_OUTCOMES))}"[:200])
    return _OUTCOMES[text]


@attrs.frozen
class SessionFilters:
    """Which sessions are meant."""

    host: str | None = parameter("host", host_name)
    client_ip: str | None = parameter("clientIp", client_address)
    sender: str | None = parameter("from", sender)
    recipient: str | None = parameter("to", recipient)
    outcome: Outcome | None = parameter("outcome", settled_outcome)
    kept: bool | None = parameter("kept", flag)

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

    def listing(self, call: Call[Any]) -> SessionListing:
        """The sessions that match."""
        return SessionListing(call.api.mock, call.scope, self.query)


@attrs.frozen
class ListParameters:
    """
    Which sessions are listed, and how.

    :ivar explain: whether the nearest attempts are shown, where there are too few
    """

    filters: SessionFilters = group(SessionFilters)
    page: Page = group(Page)
    waiting: Waiting = group(Waiting)
    explain: bool = parameter("explain", flag, default=False)


@attrs.frozen
class MatchParameters:
    """Which sessions the newest one is of."""

    filters: SessionFilters = group(SessionFilters)
    waiting: Waiting = group(Waiting)


async def list_sessions(call: Call[ListParameters]) -> ResponseBody:
    """List the sessions that match, oldest first; wait for ``count`` of them."""
    wanted, api = call.parameters, call.api
    listing = wanted.filters.listing(call)
    if not wanted.explain:
        found = await api.watches.find(listing, wanted.page, wanted.waiting)
        return await send_page(call.request, api.clock, found, session_pieces)
    found, enough = await find_explained(call, listing, wanted.page, wanted.waiting)
    nearest = [] if enough else await _nearest(call, wanted.page.span)
    return await send_explained(call, "sessions", found, session_pieces, nearest)


async def delete_sessions(call: Call[Any]) -> ResponseBody:
    """Remove all sessions, and return them; open ones continue, empty."""
    journals = SessionListing(call.api.mock, call.scope, EVERY_SESSION).journals
    removed = [session for journal in journals for session in journal.clear()]
    removed.sort(key=_number)
    if call.api.sharing is not None:
        await call.api.sharing.clear_sessions(call.scope)
    pieces = array_pieces(map(session_pieces, removed))
    return await send_pieces(call.request, pieces, call.api.clock)


@attrs.frozen
class SessionParameters:
    """
    How a session is shown.

    :ivar explain: whether each exchange has ``considered``: every behavior that was
        asked about it, and why it did or did not answer
    """

    explain: bool = parameter("explain", flag, default=False)


async def newest_session(call: Call[MatchParameters]) -> ResponseBody:
    """The newest session that matches; with ``wait`` it waits for one."""
    wanted, api = call.parameters, call.api
    listing = wanted.filters.listing(call)
    session = only(await api.watches.newest(listing, wanted.waiting), "session")
    return await send_pieces(call.request, session_pieces(session), api.clock)


async def get_session(call: Call[SessionParameters], session_id: str) -> ResponseBody:
    """One session; with ``explain=true`` also why each behavior did or did not answer.

    Each exchange then has ``considered``: every behavior of that reply point, from the
    list as it was at that time.
    """
    listing = SessionListing(call.api.mock, call.scope, EVERY_SESSION)
    found = listing.find(session_id)
    if found is None:
        raise not_found(f"no session with the id {session_id!r} is kept"[:200])
    if call.parameters.explain:
        find = Contents(call.api.mock, found.host)
        if call.api.sharing is not None:
            # Once only to find out which contents are needed.
            await find.complete(lambda: _count(explained_pieces(found, find)))
        pieces = explained_pieces(found, find)
    else:
        pieces = session_pieces(found)
    return await send_pieces(call.request, pieces, call.api.clock)


class Contents:
    """
    Finds the contents of the mails of a host, as a `ContentFinder` does.

    Where the store cannot read at once, what is looked for is missing at first: have
    `complete` do the work that looks for it.

    :param host: the name of the host
    """

    def __init__(self, mock: Mock, host: str) -> None:
        self._host = mock.hosts.get(host)
        self._store = mock.store.mails
        self._loaded: dict[int, bytes | None] = {}
        self._missing: dict[int, None] = {}
        self._octets = 0

    def __call__(self, number: int | None) -> bytes | None:
        """Return the content of a mail; None if it is not kept, or not loaded."""
        if self._host is None or number is None:
            return None
        if number in self._loaded:
            return self._loaded[number]
        try:
            if self._store is None:
                return _kept(self._host, number).content
            mail = self._store.refer(number)
            if mail is not None:
                return mail.content
        except KeyError:
            return None
        self._missing[number] = None
        return None

    async def complete(self, work: Callable[[], T]) -> T:
        """
        Return the result of `work`, which is repeated with contents it missed.

        It may raise an exception where one is missing.
        """
        while True:
            try:
                result = work()
            except Exception:
                if not await self.load():
                    raise
            else:
                if not await self.load():
                    return result

    async def load(self) -> bool:
        """Load what was missing; return whether anything was found."""
        missing, self._missing = self._missing, {}
        found = False
        for number in missing:
            self._loaded[number] = None
            if self._store is None or self._host is None or self._octets > _MAX_LOADED:
                continue
            for mail in await self._store.load([number], self._host.name):
                self._loaded[number] = mail.content
                self._octets += len(mail.content)
                found = True
        return found


def _kept(host: MailHost, number: int) -> Mail:
    assert isinstance(host.mailbox, Mailbox)
    return host.mailbox.get(number)


def _count(pieces: Iterable[bytes]) -> int:
    return sum(map(len, pieces))


def explained_pieces(session: Session, find: ContentFinder) -> Iterator[bytes]:
    """Yield the JSON document of a session with the results of behaviors."""
    document = SESSION.write_with(session, {"transcript": _MARK})
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
    if session.weigh() <= _PIECE:
        yield orjson.dumps(SESSION.write(session))
        return
    replaced = {"transactions": _MARK, "transcript": _MARK}
    document = SESSION.write_with(session, replaced)
    first, second, third = orjson.dumps(document).split(b"\0")
    # A copy: the session may grow meanwhile.
    transactions = map(TRANSACTION.write, tuple(session.transactions))
    transcript = map(EXCHANGE.write, shown_exchanges(session))
    yield first
    yield from array_pieces((orjson.dumps(t),) for t in transactions)
    yield second
    yield from array_pieces((orjson.dumps(line),) for line in transcript)
    yield third


async def _nearest(call: Call[ListParameters], span: Span) -> list[dict[str, Any]]:
    """The attempts that match most of the filters, and what they lack."""
    query = call.parameters.filters.query
    nearest = Nearest(query)
    listing = SessionListing(call.api.mock, call.scope, query)
    slices = Slices(call.api.clock)
    for session in listing.entries(span, newest_first=False):
        for _ in nearest.look_at(session):
            if slices.over:
                await slices.next()
    return list(map(NEAR_ATTEMPT.write, nearest.attempts()))


@attrs.frozen
class NearMissParameters:
    """
    How many near misses are listed.

    :ivar limit: the newest ones, as many as this
    """

    limit: int = parameter("limit", whole_number, default=20)


async def list_near_misses(call: Call[NearMissParameters]) -> bytes:
    """The newest exchanges that no behavior answered, and one nearly did.

    Each has the behaviors whose condition a value nearly satisfied, with the value that
    was found, the one that was wanted, and a fix.
    """
    listing = SessionListing(call.api.mock, call.scope, EVERY_SESSION)
    sessions = listing.entries(Span(), newest_first=True)
    found = await find_near_misses(call, sessions, call.parameters.limit)
    return send_json(call.request, list(map(NEAR_MISS.write, found)))


async def find_near_misses(
    call: Call[Any],
    sessions: Iterable[Session],
    limit: int,
    since: float | None = None,
) -> list[NearMiss]:
    """
    The newest near misses of sessions; the reactor turns between slices.

    :param sessions: the newest first
    :param since: only those of exchanges at this time or later, in seconds since the
        epoch
    """
    slices = Slices(call.api.clock)
    found: list[NearMiss] = []
    for session in sessions:
        if since is not None and (session.ended_at or since) < since:
            continue
        find = Contents(call.api.mock, session.host)
        newest = [one for one in recall(session, find) if one.walks]
        for recalled in reversed(newest):
            if recalled.is_answered:
                continue
            if since is not None and recalled.exchange[0] < since:
                break
            near = await _near(recalled, slices)
            while await find.load():
                near = await _near(recalled, slices)
            if near:
                found.append(NearMiss(recalled, near))
                if len(found) == limit:
                    return found
        if slices.over:
            await slices.next()
    return found


async def _near(recalled: Recalled, slices: Slices) -> list[Considered]:
    """Return the behaviors that nearly answered an exchange."""
    near = []
    for one in considered_of(recalled):
        if one.hint is not None:
            near.append(one)
        if slices.over:
            await slices.next()
    return near


ROUTES = (
    Route(
        *("GET", "/nearMisses", list_near_misses, NearMissParameters),
        answers=answers(array(NEAR_MISS)),
    ),
    Route(
        *("GET", "/smtpSessions", list_sessions, ListParameters),
        answers=answers(document(Array(SESSION), SESSION_EXPLANATION)),
        problems=(410,),
    ),
    Route(
        *("DELETE", "/smtpSessions", delete_sessions),
        answers=answers(array(SESSION)),
        agreement=Agreement.PAST,
    ),
    Route(
        *("GET", "/smtpSessions/latest", newest_session, MatchParameters),
        answers=answers(document(SESSION)),
        problems=(404,),
    ),
    Route(
        *("GET", "/smtpSessions/<session_id>", get_session, SessionParameters),
        answers=answers(document(SESSION)),
    ),
)
