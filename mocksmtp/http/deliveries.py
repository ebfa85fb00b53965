"""``/deliveries``: all attempts to deliver one mail to one recipient, on all hosts."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

import attrs
import orjson

from mocksmtp.documents.kinds import Array
from mocksmtp.documents.view import View, view_field
from mocksmtp.http.attempts import message_id, reply_codes
from mocksmtp.http.derived import DerivedListing, send_newest
from mocksmtp.http.explaining import (
    find_explained,
    near_view,
    nearest_entries,
    send_explained,
)
from mocksmtp.http.paging import Page, number_of_id, send_page
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
from mocksmtp.sessions.deliveries import Deliveries, Delivery
from mocksmtp.sessions.delivery_documents import DELIVERY, delivery_document
from mocksmtp.sessions.delivery_search import Codes, DeliveryQuery

_NUMBER = re.compile(r"[0-9]{1,9}", re.ASCII)


@reads({"type": "integer", "minimum": 0, "maximum": 10**9 - 1})
def number_of_copies(text: str) -> int:
    """How many times a mail was kept."""
    if not _NUMBER.fullmatch(text):
        raise ValueError(f"must be an integer of at least 0, got {text!r}"[:100])
    return int(text)


class DeliveryListing(DerivedListing[Delivery]):
    """The deliveries that match a query; a delivery changes with each attempt."""

    def __init__(self, mock: Mock, query: DeliveryQuery) -> None:
        super().__init__(mock.deliveries)
        self._query = query
        self.is_everything = query == DeliveryQuery()

    def above(self, number: int) -> list[Delivery]:
        """Return the kept deliveries whose number is above `number`, in order."""
        return self._deliveries.deliveries(number)

    def find(self, number: int) -> Delivery | None:
        """Return the kept delivery with this number, or None."""
        return self._deliveries.delivery_or_none(number)

    def matches(self, entry: Delivery) -> bool:
        """Return whether a delivery matches the query."""
        return self._query.matches(entry)

    @property
    def evicted(self) -> int:
        """The highest number of an evicted delivery."""
        return self._deliveries.evicted_delivery

    @property
    def last(self) -> int:
        """The highest number of a delivery."""
        return self._deliveries.last_delivery

    @staticmethod
    def listeners(deliveries: Deliveries) -> list[Callable[[Delivery], None]]:
        """Return the listeners that are called with each changed delivery."""
        return deliveries.delivery_listeners


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
    return await send_newest(call, "delivery", delivery_pieces)


async def get_delivery(call: Call[Any], delivery_id: str) -> ResponseBody:
    """One delivery."""
    found = await find_delivery(call, delivery_id)
    return send_body(call.request, b"".join(delivery_pieces(found)))


async def find_delivery(call: Call[Any], delivery_id: str) -> Delivery:
    """
    Return the delivery with this id.

    :raises HttpProblem: 404
    """
    await call.api.delivery_updates.catch_up()
    number = number_of_id(delivery_id)
    if number is not None:
        found = call.api.mock.deliveries.delivery_or_none(number)
        if found is not None and found.attempts:
            return found
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
