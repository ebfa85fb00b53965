"""``/smtpMails``: the mails that a host has received.

At the root these are the mails of the default host, or of those that ``host`` names.
"""

from __future__ import annotations

import codecs
from collections.abc import (
    AsyncIterator,
    Awaitable,
    Callable,
    Iterable,
    Iterator,
    Sequence,
)
from enum import Enum
from functools import partial
from heapq import merge
from operator import attrgetter
from typing import Any, TypeAlias

import attrs
import orjson
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from mocksmtp.documents.kinds import Array
from mocksmtp.documents.problems import DocumentError, Problem
from mocksmtp.documents.schema import TEXT
from mocksmtp.documents.view import Either, View
from mocksmtp.hosts.host import MailHost
from mocksmtp.http.bodies import in_turn
from mocksmtp.http.explaining import find_explained, send_explained
from mocksmtp.http.paging import (
    AFTER_ALL,
    Found,
    Listing,
    Page,
    Span,
    WaitingKey,
    count,
    describe,
    entry_id,
    matches,
    only,
    send_page,
)
from mocksmtp.http.parameters import (
    ALL_HOSTS,
    any_text,
    flag,
    group,
    one_of,
    parameter,
    reads,
    recipient,
    sender,
    size,
    time,
    whole_number,
)
from mocksmtp.http.problems import HttpProblem, not_found
from mocksmtp.http.responses import (
    Slices,
    array_pieces,
    prefers,
    protect,
    send_json,
    send_nothing,
    send_pieces,
)
from mocksmtp.http.routing import (
    DONE,
    Agreement,
    BodyType,
    Call,
    InThread,
    ResponseBody,
    Route,
    answers,
    array,
    document,
    text,
)
from mocksmtp.http.waiting import Waiting
from mocksmtp.mail.charset import windows_of
from mocksmtp.mail.documents import (
    FULL_MAIL,
    MAIL_DETAILS,
    MAIL_EXPLANATION,
    MAIL_SUMMARY,
    MAILS,
    NEAR_MAIL,
    SHAPES,
    mime_fields,
)
from mocksmtp.mail.keywords import Expression, Network, network, parse_expression
from mocksmtp.mail.mail import LARGE, Mail
from mocksmtp.mail.mailbox import Mailbox, Taken
from mocksmtp.mail.mbox import MBOX, mbox_pieces
from mocksmtp.mail.nearest import NearestMails
from mocksmtp.mail.search import EVERYTHING, MailQuery, on_host
from mocksmtp.mail.summary import summary_of
from mocksmtp.mock import Mock
from mocksmtp.store.interface import MailStore, Removal

PIECE = 256 * 1024
"""Octets of content past which a mail's document is made in pieces."""

_BITE = 100
"""Of how many mails the first part of a mailbox is; each further one has twice as
many, up to `LARGEST_BITE`."""

LARGEST_BITE = 10_000

# A NUL is escaped in JSON: one in a document can only be this fragment.
_MARK = orjson.Fragment(b"\0")

_log = Logger()

_number = attrgetter("number")

_Change: TypeAlias = tuple[str, int, tuple[WaitingKey, ...]]
"""The host that a new mail has arrived on, its number and its keys."""


class MailListing(Listing[Mail, _Change]):
    """
    The mails of a host that match a query, or those of all hosts.

    :param host: the name of the host, which need not exist yet; None for all hosts
    :param in_thread: calls a function with arguments in a thread
    """

    def __init__(
        self, mock: Mock, host: str | None, query: MailQuery, in_thread: InThread
    ) -> None:
        self.host = host
        self._in_thread = in_thread
        self.is_everything = query == EVERYTHING
        self._mock = mock
        self._store = mock.store.mails
        self._removals: list[Removal] = []
        self._taken: list[Taken] = []
        self._query = query
        if query.recipient is not None:
            self.key = ("to", query.recipient)
        elif query.sender is not None:
            self.key = ("from", query.sender)

    def _boxes(self) -> list[Mailbox]:
        hosts = self._mock.hosts
        if self.host is None:
            return [*map(_in_memory, hosts.values())]
        host = hosts.get(self.host)
        return [] if host is None else [_in_memory(host)]

    def __len__(self) -> int:
        if self._store is not None:
            return self._store.count(self.host)
        return sum(map(len, self._boxes()))

    def search(
        self, span: Span, newest_first: bool, limit: int | None
    ) -> Awaitable[list[Mail]] | None:
        """Find the matches where a store keeps the mails."""
        if self._store is None:
            return None
        return self._search(self._store, span, newest_first, limit)

    async def _search(
        self, store: MailStore, span: Span, newest_first: bool, limit: int | None
    ) -> list[Mail]:
        numbers: list[int] = []
        after, before = span.after, span.before
        while limit is None or len(numbers) < limit:
            left = None if limit is None else limit - len(numbers)
            found = await store.search(
                self.host, self._query, after, before, left, newest_first
            )
            numbers += found.numbers
            if found.next is None:
                break
            if newest_first:
                before = found.next
            else:
                after = found.next
        return await _mails_of(store, numbers)

    async def each(self, span: Span) -> AsyncIterator[Mail]:
        """The mails of a range, the newest first, whether or not they match."""
        if self._store is None:
            for mail in self.entries(span, newest_first=True):
                yield mail
            return
        before: int | None = span.before
        while before is not None:
            found = await self._store.search(
                self.host, EVERYTHING, span.after, before, _BITE, True
            )
            mails = await _mails_of(self._store, found.numbers)
            for mail in mails:
                yield mail
            before = mails[-1].number if len(mails) == _BITE else found.next

    def entries(self, span: Span, newest_first: bool) -> Iterator[Mail]:
        """The mails of a range, whether or not they match."""
        boxes = [box for box in self._boxes() if len(box)]
        walk = _newest_first if newest_first else _oldest_first
        walks = [walk(box, span) for box in boxes]
        if len(walks) == 1:
            return walks[0]
        return merge(*walks, key=_number, reverse=newest_first)

    def number(self, entry: Mail) -> int:
        """The number of a mail."""
        return entry.number

    def look(self, entry: Mail) -> Iterator[bool | Awaitable[bool]]:
        """Whether a mail matches; a large one is decoded in a thread."""
        if self._query.is_long_work(entry):
            yield self._match_in_thread(entry)
        else:
            yield self._query.matches(entry)

    async def _match_in_thread(self, mail: Mail) -> bool:
        query = self._query
        if not mail.is_summarized:
            mail.remember(await self._in_thread(summary_of, mail.content))
        if query.is_long_work(mail):
            matches: bool = await self._in_thread(query.matches, mail)
            return matches
        return query.matches(mail)

    def kept(self, numbers: Sequence[int]) -> list[Mail] | Awaitable[list[Mail]]:
        """The mails with these numbers that are kept."""
        if not numbers:
            return []
        if self._store is not None:
            return self._kept(self._store, numbers)
        boxes = [box for box in self._boxes() if len(box)]
        mails = [mail for box in boxes for mail in box.of(numbers)]
        if len(boxes) > 1:
            mails.sort(key=_number)
        return mails

    async def _kept(self, store: MailStore, numbers: Sequence[int]) -> list[Mail]:
        return await _mails_of(store, await store.kept(self.host, numbers))

    def has(self, number: int) -> bool | Awaitable[bool]:
        """Whether a mail is kept."""
        if self._store is not None:
            return self._has(self._store, number)
        return any(box.of([number]) for box in self._boxes())

    async def _has(self, store: MailStore, number: int) -> bool:
        return bool(await store.kept(self.host, [number]))

    @property
    def evicted(self) -> int:
        """The highest number of a mail that was evicted."""
        if self._store is not None:
            return self._store.evicted
        return max((box.evicted for box in self._boxes()), default=0)

    @property
    def last(self) -> int:
        """The highest number of a mail."""
        return max(host.mailbox.quota.last for host in self._mock.hosts.values())

    def matched_by(self, change: _Change) -> int | Awaitable[int | None] | None:
        """The number of a new mail, if it matches; a large one is read in a thread."""
        name, number, _ = change
        host = self._mock.hosts.get(name)
        if host is None or self.host not in (None, name):
            return None
        if self._store is not None:
            return self._loaded_match(self._store, name, number)
        for mail in _in_memory(host).of([number]):
            if self._query.is_long_work(mail):
                return self._number_in_thread(mail)
            return number if self._query.matches(mail) else None
        return None

    async def _loaded_match(
        self, store: MailStore, host: str, number: int
    ) -> int | None:
        for mail in await store.load([number], host):
            if await self._match_in_thread(mail):
                return number
        return None

    async def _number_in_thread(self, mail: Mail) -> int | None:
        return mail.number if await self._match_in_thread(mail) else None

    async def remove(self, mails: list[Mail]) -> list[Mail]:
        """Remove mails, and return those that were still kept."""
        if self._store is not None:
            numbers = sorted(mail.number for mail in mails)
            return await self._removed(await self._store.remove(self.host, numbers))
        boxes = self._boxes()
        removed = [mail for box in boxes for mail in box.remove(mails)]
        if len(boxes) > 1:
            removed.sort(key=_number)
        return removed

    async def take(self, mails: list[Mail], at_least: int) -> list[Mail] | None:
        """
        Remove these mails for a request; `put_back` keeps them again.

        :return: None if fewer than `at_least` are still kept; none is removed then
        """
        if self._store is None:
            # Nothing else runs between the end of the wait and this.
            self._taken = [box.take(mails) for box in self._boxes()]
            return sorted((m for each in self._taken for m in each.mails), key=_number)
        numbers = sorted(mail.number for mail in mails)
        removal = await self._store.take(self.host, numbers, at_least)
        if len(removal.numbers) < at_least:
            self._store.discard(removal)
            return None
        return await self._removed(removal)

    async def put_back(self, note: Callable[[_Change], None]) -> None:
        """Keep the taken mails again, and call `note` with each one."""
        hosts = self._mock.hosts
        if self._store is None:
            names = {host.mailbox: name for name, host in hosts.items()}
            for each in self._taken:
                for mail in each.box.put_back(each) if each.box in names else ():
                    _note(names[each.box], note, mail)
            return
        restored: list[tuple[str, int]] = []
        for removal in self._removals:
            restored += await self._store.restore(removal)
        for name, number in restored:
            for mail in await self._store.load([number], name):
                _note(name, note, mail)
        replicas = self._mock.store.replicas
        if restored and replicas is not None:
            asking = replicas.ask({"do": "reportMails", "mails": restored})
            if isinstance(asking, Awaitable):
                await asking

    async def clear(self) -> list[Mail]:
        """Remove all mails, and return them."""
        if self._store is not None:
            return await self._removed(await self._store.remove_all(self.host))
        boxes = self._boxes()
        removed = [mail for box in boxes for mail in box.clear()]
        if len(boxes) > 1:
            removed.sort(key=_number)
        return removed

    async def _removed(self, removal: Removal) -> list[Mail]:
        assert self._store is not None
        self._removals.append(removal)
        return await _mails_of(self._store, removal.numbers)

    def discard(self) -> None:
        """The removed mails are not read any more."""
        removals, self._removals = self._removals, []
        for removal in removals:
            assert self._store is not None
            self._store.discard(removal)

    @staticmethod
    def keys(change: _Change) -> Iterable[WaitingKey]:
        """Its recipients, its sender, and None."""
        return change[2]

    @staticmethod
    def listen(mock: Mock, note: Callable[[_Change], None]) -> Callable[[], None]:
        """Report each mail that is kept, as numbers: it may be evicted meanwhile."""
        heard: dict[MailHost, Callable[[Mail], None]] = {}

        def hear(host: MailHost) -> None:
            heard[host] = partial(_note, host.name, note)
            host.mailbox.listeners.append(heard[host])

        def arrived(mails: Sequence[tuple[str, int]]) -> None:
            noting = Deferred.fromCoroutine(_note_arrived(mock, mails, note))
            noting.addErrback(partial(_log.failure, "while looking at new mails"))

        revoke = mock.watch(hear)
        mock.arrival_listeners.append(arrived)

        def stop() -> None:
            revoke()
            mock.arrival_listeners.remove(arrived)
            for host, listener in heard.items():
                host.mailbox.listeners.remove(listener)

        return stop


def _in_memory(host: MailHost) -> Mailbox:
    """Return the mailbox of a host without a store."""
    assert isinstance(host.mailbox, Mailbox)
    return host.mailbox


async def _mails_of(store: MailStore, numbers: Sequence[int]) -> list[Mail]:
    """The mails with these numbers, which may be read only when they are used."""
    mails: list[Mail] = []
    for number in numbers:
        mail = store.refer(number)
        if mail is None:
            break
        mails.append(mail)
    left = numbers[len(mails) :]
    while left:
        loaded = await store.load(left)
        if not loaded:
            break
        mails += loaded
        left = left[left.index(loaded[-1].number) + 1 :]
    return mails


async def _note_arrived(
    mock: Mock, mails: Sequence[tuple[str, int]], note: Callable[[_Change], None]
) -> None:
    """Report mails that other replicas have kept."""
    hosts = {number: host for host, number in mails}
    if mock.store.mails is not None:
        for mail in await _mails_of(mock.store.mails, sorted(hosts)):
            _note(hosts[mail.number], note, mail)


def _note(host: str, note: Callable[[_Change], None], mail: Mail) -> None:
    envelope = mail.envelope
    recipients = set(envelope.normalized_recipients())
    keys: tuple[WaitingKey, ...] = (None, ("from", envelope.sender.normalized))
    keys += tuple(("to", recipient) for recipient in recipients)
    note((host, mail.number, keys))


def _oldest_first(box: Mailbox, span: Span) -> Iterator[Mail]:
    number, bite = span.after, _BITE
    while mails := box.newer(number, bite):
        if mails[-1].number >= span.before:
            yield from (mail for mail in mails if mail.number < span.before)
            return
        number, bite = mails[-1].number, min(2 * bite, LARGEST_BITE)
        yield from mails


def _newest_first(box: Mailbox, span: Span) -> Iterator[Mail]:
    number, bite = span.before, _BITE
    while mails := box.older(number, bite):
        if mails[-1].number <= span.after:
            yield from (mail for mail in mails if mail.number > span.after)
            return
        number, bite = mails[-1].number, min(2 * bite, LARGEST_BITE)
        yield from mails


class MailDetail(Enum):
    """Which fields the mails of a list have, if not the usual ones."""

    SUMMARY = "summary"
    FULL = "full"


@reads({**TEXT, "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}, {"format": "cidr"}]})
def client_network(text: str) -> Network:
    """The address of a client, or a network in CIDR notation."""
    return network(text)


@reads({**TEXT, "format": "mail-search"})
def expression(text: str) -> Expression:
    """A search expression."""
    return parse_expression(text)


@attrs.frozen
class MailFilters:
    """Which mails are meant."""

    other_sender: str | None = parameter("sender", sender)
    other_recipient: str | None = parameter("rcpt", recipient)
    bounce_of: str | None = parameter("bounceOf", recipient)
    sender: str | None = parameter("from", sender)
    recipient: str | None = parameter("to", recipient)
    subject: str | None = parameter("subject", any_text)
    contains: str | None = parameter("contains", any_text)
    body: str | None = parameter("body", any_text)
    message_id: str | None = parameter("messageId", any_text)
    session: str | None = parameter("session", any_text)
    helo: str | None = parameter("helo", any_text)
    client: Network | None = parameter("clientIp", client_network)
    min_size: int | None = parameter("minSize", size)
    max_size: int | None = parameter("maxSize", size)
    since: float | None = parameter("since", time)
    until: float | None = parameter("until", time)
    expression: Expression | None = parameter("q", expression)
    host: str | None = parameter("host", any_text)

    def listing(self, call: Call[Any]) -> MailListing:
        """
        The mails that match.

        :raises DocumentError: both the path and the query name a host
        """
        if self.host is None:
            host: str | None = call.host.name
        elif call.named:
            raise DocumentError(Problem("?host", "the path names the host already"))
        else:
            host = None if self.host == ALL_HOSTS else self.host
        return MailListing(call.api.mock, host, self.query, call.api.in_thread)

    @property
    def query(self) -> MailQuery:
        """The filter."""
        first, second = self.sender, self.other_sender
        one, other = self.recipient, self.other_recipient
        return MailQuery(
            sender=second if first is None else first,
            recipient=other if one is None else one,
            other_sender=None if first is None else second,
            other_recipient=None if one is None else other,
            subject=self.subject,
            contains=self.contains,
            body=self.body,
            message_id=self.message_id,
            bounce_of=self.bounce_of,
            session=self.session,
            helo=self.helo,
            client=self.client,
            min_size=self.min_size,
            max_size=self.max_size,
            since=self.since,
            until=self.until,
            expression=self.expression,
        )


@attrs.frozen
class ListParameters:
    """
    Which mails are listed, and how.

    :ivar explain: whether the nearest of the other mails are shown, if there are too
        few
    """

    filters: MailFilters = group(MailFilters)
    page: Page = group(Page)
    waiting: Waiting = group(Waiting)
    view: MailDetail | None = parameter("view", one_of(MailDetail))
    explain: bool = parameter("explain", flag, default=False)


@attrs.frozen
class DeleteParameters:
    """Which mails are removed, and how they are shown."""

    filters: MailFilters = group(MailFilters)
    after: int | None = parameter("after", entry_id)
    limit: int | None = parameter("limit", whole_number)
    view: MailDetail | None = parameter("view", one_of(MailDetail))


@attrs.frozen
class TakeParameters:
    """Which mails are taken, how many, and how they are shown."""

    filters: MailFilters = group(MailFilters)
    waiting: Waiting = group(Waiting)
    limit: int | None = parameter("limit", whole_number)
    view: MailDetail | None = parameter("view", one_of(MailDetail))


@attrs.frozen
class MatchParameters:
    """Which mails are counted, or which the newest one is of."""

    filters: MailFilters = group(MailFilters)
    waiting: Waiting = group(Waiting)


async def list_mails(call: Call[ListParameters]) -> ResponseBody:
    """List the mails that match, in order of arrival; wait for ``count`` of them."""
    wanted, api = call.parameters, call.api
    listing = wanted.filters.listing(call)
    if prefers(call.request, MBOX):
        found = await api.watches.find(listing, wanted.page, wanted.waiting)
        return await _send_mbox(call, found)
    if not wanted.explain:
        found = await api.watches.find(listing, wanted.page, wanted.waiting)
        await _summarize(call, found.entries)
        return await send_page(call.request, api.clock, found, _pieces(call))
    found, enough = await find_explained(call, listing, wanted.page, wanted.waiting)
    nearest = [] if enough else await _nearest(call, listing, wanted.page.span)
    await _summarize(call, found.entries)
    return await send_explained(call, "mails", found, _pieces(call), nearest)


async def _send_mbox(call: Call[Any], found: Found[Mail]) -> ResponseBody:
    describe(call.request, found)
    protect(call.request, "mails.mbox")
    mails = found.entries
    mails.reverse()
    # Releasing each mail once it is sent avoids a long pause at the end.
    each = iter(lambda: mails.pop() if mails else None, None)
    pieces = (piece for mail in each for piece in mbox_pieces(mail))
    return await send_pieces(call.request, pieces, call.api.clock, MBOX)


async def _nearest(
    call: Call[ListParameters], listing: MailListing, span: Span
) -> list[dict[str, Any]]:
    """The mails that match most of the filters, and what they lack.

    At the root those of all hosts are compared: the mail may have reached another.
    """
    filters = call.parameters.filters.query.filters
    if not call.named and listing.host is not None:
        filters += (on_host(listing.host),)
        listing = MailListing(call.api.mock, None, EVERYTHING, call.api.in_thread)
    nearest = NearestMails(filters)
    slices = Slices(call.api.clock)
    async for mail in listing.each(span):
        if len(mail.content) < LARGE:
            nearest.add(nearest.compare(mail))
        else:
            if not mail.is_summarized:
                mail.remember(await call.api.in_thread(summary_of, mail.content))
            nearest.add(await call.api.in_thread(nearest.compare, mail))
        if slices.over:
            await slices.next()
    documents = list(map(NEAR_MAIL.write, nearest.mails()))
    if call.parameters.filters.host is None:
        # It was not asked for: only a difference is of interest.
        for each in documents:
            each["matched"] = [name for name in each["matched"] if name != "host"]
    return documents


async def delete_mails(call: Call[DeleteParameters]) -> ResponseBody:
    """Remove the mails that match, and return them."""
    wanted = call.parameters
    listing = wanted.filters.listing(call)
    span = Span(wanted.after or 0, AFTER_ALL)
    await listing.check(span)
    try:
        if listing.is_everything and span == Span() and wanted.limit is None:
            removed = await listing.clear()
        else:
            found = await matches(listing, span, call.api.clock, limit=wanted.limit)
            removed = await listing.remove(found)
        return await _send(call, removed)
    finally:
        listing.discard()


async def take_mails(call: Call[TakeParameters]) -> ResponseBody:
    """Wait for enough matches, then remove and return the oldest of them.

    If the time expires first, nothing is removed, and the answer is an empty array. Of
    several requests each mail is returned to one.
    """
    wanted, watches = call.parameters, call.api.watches
    listing = wanted.filters.listing(call)
    at_least = wanted.waiting.count
    if wanted.limit is not None:
        at_least = min(at_least, wanted.limit)
    deadline = call.api.clock.seconds() + wanted.waiting.wait
    taken: list[Mail] | None = None
    while taken is None:
        waiter = await watches.wait(listing, wanted.waiting, deadline=deadline)
        if not waiter.satisfied:
            return await _send(call, [])
        found = (await waiter.found())[: wanted.limit]
        # None if another request was faster: then this one waits for further mails.
        taken = await listing.take(found, at_least)
    try:
        return await _send(call, taken)
    except BaseException:
        # The client has left before it received them.
        note = partial(watches.note, MailListing)
        Deferred.fromCoroutine(listing.put_back(note)).addErrback(_report)
        raise
    finally:
        listing.discard()


def _report(failure: Failure) -> None:
    _log.failure("while putting mails back", failure)


async def newest_mail(call: Call[MatchParameters]) -> ResponseBody:
    """The newest mail that matches; with ``wait`` it waits for one."""
    wanted = call.parameters
    listing = wanted.filters.listing(call)
    found = await call.api.watches.newest(listing, wanted.waiting)
    return await _send_mail(call, only(found, "mail"))


async def count_mails(call: Call[MatchParameters]) -> bytes:
    """Count the mails that match; wait for ``count`` of them."""
    wanted = call.parameters
    listing = wanted.filters.listing(call)
    if wanted.waiting.wait:
        waiter = await call.api.watches.wait(listing, wanted.waiting)
        number = len(await waiter.found())
    else:
        number = await count(listing, call.api.clock)
    return send_json(call.request, number)


async def get_mail(call: Call[Any], mail_id: str) -> ResponseBody:
    """One mail with all its fields."""
    return await _send_mail(call, await find_mail(call, mail_id))


async def _send_mail(call: Call[Any], mail: Mail) -> ResponseBody:
    mime = await in_turn(call, mail.content, mime_fields)
    if not mail.is_summarized:
        mail.remember(await in_turn(call, mail.content, summary_of))

    pieces = mail_pieces(mail, MAIL_DETAILS, mime)
    return await send_pieces(call.request, pieces, call.api.clock)


async def delete_mail(call: Call[Any], mail_id: str) -> None:
    """Remove one mail."""
    listing = _listing_of(call)
    mail = await find_mail(call, mail_id)
    removed = await listing.remove([mail])
    listing.discard()
    if not removed:
        raise _unknown(mail_id)
    send_nothing(call.request)


async def find_mail(call: Call[Any], mail_id: str) -> Mail:
    """
    The mail with this id.

    :raises HttpProblem: there is none
    """
    try:
        number = entry_id(mail_id)
    except ValueError:
        raise _unknown(mail_id) from None
    kept = _listing_of(call).kept([number])
    for mail in kept if isinstance(kept, list) else await kept:
        return mail
    raise _unknown(mail_id)


def _unknown(mail_id: str) -> HttpProblem:
    return not_found(f"no mail with the id {mail_id!r} is kept"[:200])


def _listing_of(call: Call[Any]) -> MailListing:
    """All mails of the host of a request."""
    api = call.api
    return MailListing(api.mock, call.host.name, EVERYTHING, api.in_thread)


async def _summarize(call: Call[Any], mails: list[Mail]) -> None:
    """Decode the large mails of a view that shows decoded fields, in a thread."""
    if call.parameters.view is not None:
        for mail in mails:
            if len(mail.content) >= LARGE and not mail.is_summarized:
                mail.remember(await call.api.in_thread(summary_of, mail.content))


async def _send(call: Call[Any], mails: list[Mail]) -> ResponseBody:
    await _summarize(call, mails)
    mails.reverse()
    # Releasing each mail once it is sent avoids a long pause at the end.
    each = iter(lambda: mails.pop() if mails else None, None)
    pieces = array_pieces(map(_pieces(call), each))
    return await send_pieces(call.request, pieces, call.api.clock)


def _pieces(call: Call[Any]) -> Callable[[Mail], Iterator[bytes]]:
    document = _document(call)
    return lambda mail: mail_pieces(mail, document)


def _document(call: Call[Any]) -> View[Mail]:
    match call.parameters.view:
        case MailDetail.SUMMARY:
            return MAIL_SUMMARY
        case MailDetail.FULL:
            return MAIL_DETAILS
        case _:
            return SHAPES[call.api.settings.mail_shape]


def mail_pieces(
    mail: Mail, view: View[Mail], more: dict[str, Any] | None = None
) -> Iterator[bytes]:
    """
    The JSON document of a mail, the content of a large one in small pieces.

    :param more: further fields of the document
    """
    if len(mail.content) <= PIECE:
        document = view.write(mail)
        yield orjson.dumps(document if more is None else document | more)
        return
    document = view.write_with(mail, {"message": _MARK}) | (more or {})
    head, *tail = orjson.dumps(document).split(b"\0")
    yield head
    if tail:
        yield from _string_pieces(mail.content)
        yield tail[0]


def _string_pieces(octets: bytes) -> Iterator[bytes]:
    """Yield the pieces of a JSON string, with U+FFFD in place of invalid UTF-8."""
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    yield b'"'
    for window in windows_of(octets):
        yield orjson.dumps(decoder.decode(window))[1:-1]
    yield orjson.dumps(decoder.decode(b"", final=True))[1:]


LISTING = answers(array(*MAILS))

_EXPLAINED = answers(document(Array(Either(*MAILS)), MAIL_EXPLANATION), text(MBOX))

ROUTES = (
    Route(
        *("GET", "/smtpMails", list_mails, ListParameters),
        answers=_EXPLAINED,
        problems=(410,),
    ),
    Route(
        *("DELETE", "/smtpMails", delete_mails, DeleteParameters),
        answers=LISTING,
        problems=(410,),
        agreement=Agreement.PAST,
    ),
    Route(
        *("POST", "/smtpMails/take", take_mails, TakeParameters),
        answers=LISTING,
        agreement=Agreement.PAST,
    ),
    Route(
        *("GET", "/smtpMails/latest", newest_mail, MatchParameters),
        answers=answers(document(FULL_MAIL)),
        problems=(404,),
    ),
    Route(
        *("GET", "/smtpMailsCount", count_mails, MatchParameters),
        answers=answers(BodyType({"type": "integer", "minimum": 0})),
    ),
    Route(
        "GET",
        "/smtpMails/<mail_id>",
        get_mail,
        answers=answers(document(FULL_MAIL)),
    ),
    Route(
        *("DELETE", "/smtpMails/<mail_id>", delete_mail),
        answers=DONE,
        agreement=Agreement.PAST,
    ),
)
