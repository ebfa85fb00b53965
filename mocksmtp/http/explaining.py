"""``explain=true`` on lists: the entries that nearly match, if there are too few.

The list, its limit and its wait do not change; the response is an object with the list
and ``nearest``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

import attrs
import orjson

from mocksmtp.documents.kinds import Array, Text
from mocksmtp.documents.view import View, view_field
from mocksmtp.http.paging import Found, Listing, Page, cut, send_page
from mocksmtp.http.responses import Slices
from mocksmtp.http.routing import Call, ResponseBody
from mocksmtp.http.waiting import Waiting
from mocksmtp.mail.documents import DIFFERENCE
from mocksmtp.sessions.search import FilterComparison

T = TypeVar("T")

_MAX_NEAREST = 5
"""How many of the nearest entries are shown."""


@attrs.frozen
class Near(Generic[T]):
    """An entry that a filter excludes, and how each filter compares with it."""

    entry: T
    comparisons: list[FilterComparison]

    @property
    def matched(self) -> list[str]:
        """The names of the filters that it matches."""
        return [one.name for one in self.comparisons if one.matches]

    @property
    def differences(self) -> list[FilterComparison]:
        """The others."""
        return [one for one in self.comparisons if not one.matches]


def near_view(name: str, noun: str, entry_id: Callable[[Any], str]) -> View[Near[Any]]:
    """The document of an entry that nearly matches, under the name of its kind."""
    return View(
        name,
        view_field(
            noun, Text(), lambda near: entry_id(near.entry), f"the id of the {noun}"
        ),
        view_field("matched", Array(Text()), "matched", "the filters that it matches"),
        view_field("failed", Array(DIFFERENCE), "differences", "the others"),
    )


async def nearest_entries(
    call: Call[Any],
    entries: Iterable[T],
    compare: Callable[[T], list[FilterComparison]],
) -> list[Near[T]]:
    """Return the entries that do not match, but match most filters.

    Of entries that match the same number of filters, the first ones are nearer.
    """
    best: list[Near[T]] = []
    slices = Slices(call.api.clock)
    for entry in entries:
        near = Near(entry, compare(entry))
        if near.differences:
            best = sorted([*best, near], key=lambda one: len(one.differences))
            best = best[:_MAX_NEAREST]
        if slices.over:
            await slices.next()
    return best


async def find_explained(
    call: Call[Any], listing: Listing[T, Any], page: Page, waiting: Waiting
) -> tuple[Found[T], bool]:
    """Find a page, and whether as many entries match as were waited for."""
    # How many there are is only known without the limit.
    whole = attrs.evolve(page, limit=None)
    every = await call.api.watches.find(listing, whole, waiting)
    enough = len(every.entries) >= waiting.count
    found = cut(listing, page, every.entries)
    found.total = every.total
    return found, enough


async def send_explained(
    call: Call[Any],
    name: str,
    found: Found[T],
    pieces: Callable[[T], Iterable[bytes]],
    nearest: list[dict[str, Any]],
) -> ResponseBody:
    """
    Send a page, and the nearest other entries.

    :param name: of the field with the page
    :param nearest: the others, as documents
    """

    def explained(entries: Iterator[bytes]) -> Iterator[bytes]:
        yield b'{"' + name.encode() + b'":'
        yield from entries
        yield b',"nearest":' + orjson.dumps(nearest) + b"}"

    return await send_page(call.request, call.api.clock, found, pieces, explained)
