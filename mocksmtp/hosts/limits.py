"""The limits of a host (RFC 5321 §4.5.3).

A new limit is declared here, and enforced in `mocksmtp.smtp`.
"""

from __future__ import annotations

from typing import Any

import attrs

from mocksmtp.documents.document import Document, Given, Partial, field
from mocksmtp.documents.kinds import (
    MAX_COUNT,
    Duration,
    Integer,
    Named,
    Optional,
    Size,
)
from mocksmtp.documents.schema import NULL, Schema, any_of

_COUNT = Integer(1, MAX_COUNT)
_TIME = Duration(0.001)


class _MessageSize(Size):
    """Octets, or null for no explicit limit, which EHLO does not advertise."""

    def written_schema(self, named: Named) -> Schema:
        """A number, or null."""
        return any_of(super().written_schema(named), NULL)


@attrs.frozen
class Limits:
    """
    The limits of a host; sizes in octets, times in seconds.

    :ivar advertise_size: whether EHLO advertises SIZE (RFC 1870)
    """

    message_size: int = field(
        _MessageSize(), "octets of one message", default=64 * 2**20, always=True
    )
    advertise_size: bool = False
    recipients: int = field(
        _COUNT, "recipients of one transaction", default=10_000, always=True
    )
    connections: int = field(_COUNT, "connections at once", default=1000, always=True)
    idle_time: float = field(
        _TIME, "time without a command or content", default=300.0, always=True
    )
    total_time: float | None = field(
        Optional(_TIME),
        "time that a connection may last; null means no limit",
        default=None,
        keeps_null=True,
        always=True,
    )
    messages: int | None = field(
        Optional(_COUNT),
        "transactions of one connection; null means no limit",
        default=None,
        keeps_null=True,
        always=True,
    )
    bad_commands: int | None = field(
        Optional(_COUNT),
        "commands of one connection that may get an error of their form or order (500 "
        "to 504); null means no limit",
        default=None,
        keeps_null=True,
        always=True,
    )


def _finish(limits: Limits, document: dict[str, Any]) -> dict[str, Any]:
    """Remove the message size if it is the default, which EHLO does not advertise."""
    if not limits.advertise_size:
        document["messageSize"] = None
    return document


LIMITS = Document(Limits, "HostLimits", finish=_finish, example={})
"""The document of the limits of a host."""

PARTIAL_LIMITS = Partial(LIMITS)
"""The document of limits in which any may be absent."""


def limits_over(given: Given[Limits], usual: Limits) -> Limits:
    """Return the given limits, with those of `usual` for the rest."""
    limits = given.over(usual)
    advertise = usual.advertise_size or "message_size" in given.names
    return attrs.evolve(limits, advertise_size=advertise)
