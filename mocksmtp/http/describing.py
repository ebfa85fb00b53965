"""What a route takes and answers, as values that ``/openapi.json`` is made from."""

from __future__ import annotations

import attrs

from mocksmtp.http.responses import JSON
from mocksmtp.http.schema import TEXT, Schema, any_of, array_of, ref


@attrs.frozen
class Content:
    """
    A body.

    :ivar schema: a JSON Schema that it fits
    :ivar type: its media type
    """

    schema: Schema
    type: str = JSON


@attrs.frozen
class Answers:
    """
    An answer that is no problem.

    :ivar content: the bodies that there may be; none for an answer without one
    """

    status: int
    content: tuple[Content, ...] = ()


DONE = (Answers(204),)
"""There is nothing to tell."""


def document(*names: str) -> Content:
    """A document of one of these names."""
    return Content(any_of(*map(ref, names)))


def array(*names: str) -> Content:
    """An array of documents of these names."""
    return Content(array_of(*map(ref, names)))


def one_or_more(name: str) -> Content:
    """A document of that name, or an array of such."""
    return Content(any_of(array_of(ref(name)), ref(name)))


def text(type_: str) -> Content:
    """A text of that media type."""
    return Content(TEXT, type_)


def answers(*content: Content, status: int = 200) -> tuple[Answers, ...]:
    """One of these bodies."""
    return (Answers(status, content),)
