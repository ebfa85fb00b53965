"""Documents from the bodies of requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from mocksmtp.documents.reading import MAX_VALUES, parse_json
from mocksmtp.http.routing import Call

T = TypeVar("T")

INLINE_SIZE = 64 * 1024
"""Octets of a body that is read at once; a larger one would hold up SMTP."""


async def read_document(
    call: Call[Any], parse: Callable[[Any], T], limit: int = MAX_VALUES
) -> T:
    """
    What `parse` makes of the JSON document in a request's body.

    :param parse: may run in a thread, and so must change nothing
    :param limit: how many JSON values the document may have
    :raises DocumentError: it is no JSON, or `parse` refuses it
    :raises TooManyValues: it has more than `limit` values
    """

    def read(body: bytes) -> T:
        return parse(parse_json(body, limit))

    return await in_turn(call, read_body(call), read)


def read_body(call: Call[Any]) -> bytes:
    """The whole body of a request."""
    assert call.request.content is not None
    body: bytes = call.request.content.read()
    return body


async def in_turn(call: Call[Any], octets: bytes, work: Callable[[bytes], T]) -> T:
    """What `work` makes of `octets`, done in a thread where there are many."""
    if len(octets) <= INLINE_SIZE:
        return work(octets)
    done: T = await call.api.in_thread(work, octets)
    return done
