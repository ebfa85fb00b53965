"""``/deliveries``: all attempts to deliver one mail to one recipient, on all hosts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import attrs
import orjson

from mocksmtp.documents.kinds import Array
from mocksmtp.documents.view import View, view_field
from mocksmtp.http.attempts import message_id, reply_codes
from mocksmtp.http.explaining import (
    find_explained,
    near_view,
    nearest_entries,
    send_explained,
)
from mocksmtp.http.paging import Listing, Page, Span, WaitingKey, only, send_page
from mocksmtp.http.parameters import (
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
from mocksmtp.http.responses import send_body
from mocksmtp.http.routing import Call, ResponseBody, Route, answers, at_root, document
from mocksmtp.http.sessions import client_address
from mocksmtp.http.waiting import Waiting
from mocksmtp.mock import Mock
from mocksmtp.sessions.attempts import Verdict
from mocksmtp.sessions.deliveries import Delivery
from mocksmtp.sessions.delivery_documents import DELIVERY, delivery_document
from mocksmtp.sessions.delivery_search import Codes, DeliveryQuery

_ID = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)


@reads({"type": "integer", "minimum": 0, "maximum": 10**9 - 1})
def number_of_copies(text: str) -> int:
    """How many times a mail was kept."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"must be an integer of at least 0, got {text!r}"[:100])
    return int(text)


class DeliveryListing(Listing[Delivery, Delivery]):
    """The deliveries that match a query; a delivery changes with each attempt."""

    def __init__(self, mock: Mock, query: DeliveryQuery) -> None:
        self._deliveries = mock.deliveries
        self._query = query
        self.is_everything = query == DeliveryQuery()

    def __len__(self) -> int:
        return len(self._deliveries.deliveries())

    def entries(self, span: Span, newest_first: bool) -> Iterator[Delivery]:
        """The deliveries of a range, whether or not they match."""
        deliveries = self._deliveries.deliveries(span.after)
        for delivery in reversed(deliveries) if newest_first else deliveries:
            if span.has(delivery.number):
                yield delivery

    def number(self, entry: Delivery) -> int:
        """The number of a delivery."""
        return entry.number

    def look(self, entry: Delivery) -> Iterator[bool]:
        """Whether a delivery matches."""
        yield self._query.matches(entry)

    def kept(self, numbers: Sequence[int]) -> list[Delivery]:
        """The deliveries with these numbers that are kept and match."""
        found = map(self._deliveries.delivery_or_none, numbers)
        return [one for one in found if one is not None and self._query.matches(one)]

    def has(self, number: int) -> bool:
        """Whether a delivery is kept."""
        return self._deliveries.delivery_or_none(number) is not None

    @property
    def evicted(self) -> int:
        """The highest number of a delivery that was evicted."""
        return self._deliveries.evicted_delivery

    @property
    def last(self) -> int:
        """The highest number of a delivery."""
        return self._deliveries.last_delivery

    def matched_by(self, change: Delivery) -> int | None:
        """The number of a delivery that has changed, if it matches."""
        return change.number if self._query.matches(change) else None

    @staticmethod
    def keys(change: Delivery) -> Iterable[WaitingKey]:
        """None: every waiting request looks at every delivery."""
        return (None,)

    @staticmethod
    def listen(mock: Mock, note: Callable[[Delivery], None]) -> Callable[[], None]:
        """Report each delivery that has changed."""
        listeners = mock.deliveries.delivery_listeners
        listeners.append(note)
        return lambda: listeners.remove(note)


@attrs.frozen
class DeliveryFilters:
    """Which deliveries are meant."""

    recipient: str | None = parameter("to", recipient)
    sender: str | None = parameter("from", sender)
    message_id: str | None = parameter("messageId", message_id)
    host: str | None = parameter("host", host_name)
    final: Verdict | None = parameter("final", one_of(Verdict))
    verdict: Verdict | None = parameter("verdict", one_of(Verdict))
    codes: Codes | None = parameter("code", reply_codes)
    kept: bool | None = parameter("kept", flag)
    copies: int | None = parameter("copies", number_of_copies)
    since: float | None = parameter("since", time)
    client_ip: str | None = parameter("clientIp", client_address)

    @property
    def query(self) -> DeliveryQuery:
        """The filter."""
        return DeliveryQuery(**attrs.asdict(self, recurse=False))

    def listing(self, call: Call[Any]) -> DeliveryListing:
        """The deliveries that match."""
        return DeliveryListing(call.api.mock, self.query)


NEAR_DELIVERY = near_view("NearDelivery", "delivery", lambda one: str(one.number))
"""A delivery that a filter excludes, and why."""

DELIVERY_EXPLANATION: View[Any] = View(
    "DeliveryExplanation",
    view_field("deliveries", Array(DELIVERY), "deliveries", "those that match"),
    view_field("nearest", Array(NEAR_DELIVERY), "nearest", "the nearest deliveries"),
)
"""A list of deliveries, and the nearest others if there are too few."""


@attrs.frozen
class ListParameters:
    """
    Which deliveries are listed, and how.

    :ivar explain: whether the nearest of the other deliveries are shown, if there are
        too few
    """

    filters: DeliveryFilters = group(DeliveryFilters)
    page: Page = group(Page)
    waiting: Waiting = group(Waiting)
    explain: bool = parameter("explain", flag, default=False)


@attrs.frozen
class MatchParameters:
    """Which deliveries the newest one is of."""

    filters: DeliveryFilters = group(DeliveryFilters)
    waiting: Waiting = group(Waiting)


async def list_deliveries(call: Call[ListParameters]) -> ResponseBody:
    """List the deliveries that match, in the order of their first attempts."""
    wanted, api = call.parameters, call.api
    await api.delivery_updates.catch_up()
    with api.delivery_updates:
        listing = wanted.filters.listing(call)
        if not wanted.explain:
            found = await api.watches.find(listing, wanted.page, wanted.waiting)
            return await send_page(call.request, api.clock, found, delivery_pieces)
        found, enough = await find_explained(call, listing, wanted.page, wanted.waiting)
    nearest = [] if enough else await _nearest(call, listing)
    return await send_explained(call, "deliveries", found, delivery_pieces, nearest)


async def _nearest(
    call: Call[ListParameters], listing: DeliveryListing
) -> list[dict[str, Any]]:
    """The deliveries that match most of the filters, and the differences."""
    wanted = call.parameters
    # One that is removed meanwhile has no attempts left.
    listed = listing.entries(wanted.page.span, newest_first=True)
    deliveries = (one for one in listed if one.attempts)
    near = await nearest_entries(call, deliveries, wanted.filters.query.compare)
    return list(map(NEAR_DELIVERY.write, near))


async def newest_delivery(call: Call[MatchParameters]) -> ResponseBody:
    """The newest delivery that matches; with ``wait`` it waits for one."""
    wanted, api = call.parameters, call.api
    await api.delivery_updates.catch_up()
    with api.delivery_updates:
        found = await api.watches.newest(wanted.filters.listing(call), wanted.waiting)
    return send_body(call.request, b"".join(delivery_pieces(only(found, "delivery"))))


async def get_delivery(call: Call[Any], delivery_id: str) -> ResponseBody:
    """One delivery."""
    await call.api.delivery_updates.catch_up()
    if _ID.fullmatch(delivery_id):
        found = call.api.mock.deliveries.delivery_or_none(int(delivery_id))
        if found is not None:
            return send_body(call.request, b"".join(delivery_pieces(found)))
    raise not_found(f"no delivery with the id {delivery_id!r} is kept"[:200])


def delivery_pieces(delivery: Delivery) -> Iterable[bytes]:
    """The JSON document of a delivery."""
    return (orjson.dumps(delivery_document(delivery)),)


ROUTES = at_root(
    Route(
        *("GET", "/deliveries", list_deliveries, ListParameters),
        answers=answers(document(Array(DELIVERY), DELIVERY_EXPLANATION)),
        problems=(410,),
    ),
    Route(
        *("GET", "/deliveries/latest", newest_delivery, MatchParameters),
        answers=answers(document("Delivery")),
        problems=(404,),
    ),
    Route(
        "GET",
        "/deliveries/<delivery_id>",
        get_delivery,
        answers=answers(document("Delivery")),
        problems=(404,),
    ),
)
