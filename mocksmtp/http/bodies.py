"""Documents from the bodies of requests, read so that SMTP continues meanwhile.

Small documents are read at once. The items of an array are read one by one, for
`SLICE` seconds at a time, and between slices the reactor turns. Indivisible work, for
example parsing the JSON text of a large body, runs in a thread. Threads alone do not
suffice: they share the interpreter, and each command of SMTP would wait for it several
times. Only one large document is read at a time.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sized
from contextlib import AbstractContextManager, contextmanager
from types import TracebackType
from typing import Any, Generic, TypeVar

import attrs

from mocksmtp.documents.problems import MAX_ERRORS, DocumentError, Problem
from mocksmtp.documents.reading import MAX_VALUES, parse_json
from mocksmtp.http.responses import Slices
from mocksmtp.http.routing import Api, Call
from mocksmtp.steps import Steps

S = TypeVar("S", bound=Sized)
T = TypeVar("T")

INLINE_SIZE = 64 * 1024
"""Octets of a body that is read at once; a larger one would hold up SMTP."""

LIGHT_SIZE = 2048
"""Octets of a body of which no item can be heavy."""

HEAVY = 1000
"""The `weight` from which on one item is read in a thread."""

PATTERN_WEIGHT = 50
"""The weight of a regular expression: compiling one takes up to 3 ms."""


class Work:
    """
    Reads one document: an asynchronous context manager.

    :param octets: the size of its body
    """

    def __init__(self, api: Api, octets: int) -> None:
        self._api = api
        self._octets = octets
        self._quiet: AbstractContextManager[None] | None = None

    async def __aenter__(self) -> Work:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._quiet is not None:
            self._quiet.__exit__(kind, error, traceback)
            self._api.large_documents.release()

    async def _wait_for_turn(self) -> None:
        if self._quiet is None:
            await self._api.large_documents.acquire()
            # Also of few octets much may be made, as by $GENERATE.
            self._quiet = no_full_collection(max(self._octets, MANY + 1))
            self._quiet.__enter__()

    async def in_thread(self, work: Callable[..., T], *arguments: Any) -> T:
        """Return the result of `work`, called in a thread; it must change nothing."""
        await self._wait_for_turn()
        done: T = await self._api.in_thread(work, *arguments)
        return done

    async def in_slices(self, steps: Steps[T]) -> T:
        """What `steps` makes."""
        slices = Slices(self._api.clock)
        while True:
            try:
                next(steps)
            except StopIteration as end:
                made: T = end.value
                return made
            if slices.over:
                await self._wait_for_turn()
                await slices.next()

    async def read_json(self, body: bytes, limit: int = MAX_VALUES) -> Any:
        """
        The JSON document in `body`.

        :raises DocumentError: it is no JSON
        :raises TooManyValues: it has more than `limit` values
        """
        if len(body) <= INLINE_SIZE:
            return parse_json(body, limit)
        return await self.in_thread(parse_json, body, limit)

    async def read(self, parse: Callable[[Any], T], document: Any) -> T:
        """What `parse` makes of a parsed document, or of an item of it."""
        if self._octets > LIGHT_SIZE and weight(document, HEAVY) >= HEAVY:
            return await self.in_thread(parse, document)
        return parse(document)

    async def read_each(
        self, parse: Callable[[Any], T], items: list[Any]
    ) -> tuple[T, ...]:
        """
        Return the result of `parse` for each item of an array.

        :raises DocumentError: it refuses items; at most `MAX_ERRORS` errors are listed
        """
        made: list[T] = []
        problems: list[Problem] = []
        slices = Slices(self._api.clock)
        for index, item in enumerate(items):
            try:
                made.append(await self.read(parse, item))
            except DocumentError as error:
                problems += error.within(f"$[{index}]").problems
                if len(problems) >= MAX_ERRORS:
                    break
            if slices.over:
                await self._wait_for_turn()
                await slices.next()
        if problems:
            raise DocumentError(*problems)
        return tuple(made)


def weight(value: Any, enough: int) -> int:
    """
    Return the approximate work of reading a parsed JSON value, in values.

    :param enough: stop counting above this number
    """
    total, waiting = 0, [value]
    while waiting and total < enough:
        found = waiting.pop()
        total += 1
        if isinstance(found, dict):
            waiting += found.values()
            if found.get("operator") == "matches":
                total += PATTERN_WEIGHT
        elif isinstance(found, list):
            waiting += found
    return total


@attrs.frozen
class ItemReader(Generic[T]):
    """
    How the body of a request is read that contains one or several documents.

    :ivar whole: reads one object, and refuses values that are neither object nor array
    :ivar one: reads an item of an array
    :ivar check: checks all items together, and returns them
    :ivar most: the maximum number of items of an array; None for no limit
    """

    whole: Callable[[Any], tuple[T, ...]]
    one: Callable[[Any], T]
    check: Callable[[tuple[T, ...]], tuple[T, ...]] = lambda items: items
    most: int | None = None

    async def read(self, work: Work, document: Any) -> tuple[T, ...]:
        """
        The items of a parsed document.

        :raises DocumentError: some are refused
        """
        if not isinstance(document, list):
            return await work.read(self.whole, document)
        if self.most is not None and len(document) > self.most:
            message = f"must have at most {self.most:,} items, got {len(document):,}"
            raise DocumentError(Problem("$", message))
        return self.check(await work.read_each(self.one, document))


async def read_items(
    call: Call[Any], reader: ItemReader[T]
) -> tuple[bool, tuple[T, ...]]:
    """
    What a request's body describes, and whether it is a single object.

    :raises DocumentError: it is no JSON, or `reader` refuses it
    :raises TooManyValues: it has more than `MAX_VALUES` values
    """
    body = read_body(call)
    async with Work(call.api, len(body)) as work:
        document = await work.read_json(body)
        return isinstance(document, dict), await reader.read(work, document)


async def read_document(call: Call[Any], parse: Callable[[Any], T]) -> T:
    """
    Return the result of `parse` for the JSON document in the body of a request.

    :param parse: may run in a thread, therefore it must not change anything
    :raises DocumentError: the body is not JSON, or `parse` refuses it
    :raises TooManyValues: it has more than `MAX_VALUES` values
    """
    body = read_body(call)
    async with Work(call.api, len(body)) as work:
        return await work.read(parse, await work.read_json(body))


def read_body(call: Call[Any]) -> bytes:
    """The whole body of a request."""
    assert call.request.content is not None
    body: bytes = call.request.content.read()
    return body


async def in_turn(call: Call[Any], octets: S, work: Callable[[S], T]) -> T:
    """Return the result of `work` for `octets`; many octets are read in a thread."""
    if len(octets) <= INLINE_SIZE:
        return work(octets)
    done: T = await call.api.in_thread(work, octets)
    return done


MANY = 64 * 1024
"""Octets of a document of which very many objects are made."""


_NEVER = 10**9


@contextmanager
def no_full_collection(octets: int) -> Iterator[None]:
    """
    Prevent full garbage collections while a large document is read.

    Reading it only creates objects, and a full collection visits all of them: 0.2 s for
    a zone of 200,000 records. Young objects are still collected, 7,000 at a time;
    otherwise all of them would be young in the end, and visited at once. They are not
    frozen afterwards: ``gc.freeze()`` would keep present garbage forever.

    :param octets: the size of the document; small documents change nothing
    """
    if octets <= MANY:
        yield
        return
    thresholds = gc.get_threshold()
    gc.set_threshold(*thresholds[:2], _NEVER)
    try:
        yield
    finally:
        gc.set_threshold(*thresholds)
