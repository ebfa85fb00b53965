"""Queries for mails: a query combines all filters.

It evaluates the cheapest filters first, and decodes each value of a mail at most once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import attrs

from mocksmtp.documents.units import timestamp
from mocksmtp.grammar.address import Address
from mocksmtp.grammar.speed import contains
from mocksmtp.mail.decoded import Decoded
from mocksmtp.mail.keywords import (
    KEYWORDS,
    Cost,
    Expression,
    Filter,
    Keyword,
    Network,
    content_size,
    needle_of,
)
from mocksmtp.mail.mail import LARGE, Mail


def _normalized(address: str) -> str:
    """An address with its domain in lower case, for comparison."""
    return Address(address).normalized


def _optional(convert: Callable[[Any], Any]) -> Any:
    """An attrs field, None by default, with a converter for other values."""
    return attrs.field(default=None, converter=attrs.converters.optional(convert))


@attrs.frozen(kw_only=True)
class MailQuery:
    """A filter for mails; a field that is None matches all mails.

    :ivar sender: the whole reverse-path, ``""`` for the null one; the case of the
        domain is ignored
    :ivar recipient: the whole address of a recipient
    :ivar other_sender: like `sender`; if both are given, both must match
    :ivar other_recipient: like `recipient`; if both are given, both must match
    :ivar subject: a part of the decoded Subject; case is ignored
    :ivar contains: a part of the content, compared as octets
    :ivar body: a part of the decoded text; case is ignored
    :ivar message_id: the whole Message-ID, with or without angle brackets
    :ivar bounce_of: the whole address of a recipient in a bounce
    :ivar session: the id of the session
    :ivar helo: the whole argument of HELO or EHLO; case is ignored
    :ivar client: a network that contains the client's address
    :ivar min_size: the minimum octets of content
    :ivar max_size: the maximum octets of content
    :ivar since: received at this time or later, in seconds since the epoch
    :ivar until: received before this time, in seconds since the epoch
    :ivar expression: further conditions
    """

    sender: str | None = _optional(_normalized)
    recipient: str | None = _optional(_normalized)
    other_sender: str | None = _optional(_normalized)
    other_recipient: str | None = _optional(_normalized)
    subject: str | None = None
    contains: str | None = None
    body: str | None = None
    message_id: str | None = _optional(lambda text: text.strip("<> "))
    bounce_of: str | None = _optional(_normalized)
    session: str | None = None
    helo: str | None = None
    client: Network | None = None
    min_size: int | None = None
    max_size: int | None = None
    since: float | None = None
    until: float | None = None
    expression: Expression | None = None
    filters: tuple[Filter, ...] = attrs.field(init=False, eq=False, repr=False)

    @filters.default
    def _compile(self) -> tuple[Filter, ...]:
        """Compile all conditions into filters, the cheapest first."""
        filters = [
            make(wanted)
            for name, make in _FILTERS.items()
            if (wanted := getattr(self, name)) is not None
        ]
        if self.expression is not None:
            filters += self.expression.filters
        return tuple(sorted(filters, key=lambda each: each.cost))

    def matches(self, mail: Mail) -> bool:
        """Whether `mail` matches all conditions."""
        decoded = Decoded(mail)
        return all(each.holds(decoded) for each in self.filters)

    def is_long_work(self, mail: Mail) -> bool:
        """Whether `matches` must decode so much that it should run in a thread."""
        if len(mail.content) < LARGE:
            return False
        quick = Cost.SUMMARY if mail.is_summarized else Cost.CONTENT
        if all(each.cost <= quick for each in self.filters):
            return False
        decoded = Decoded(mail)
        return all(each.holds(decoded) for each in self.filters if each.cost <= quick)


def _equal(
    name: str,
    of: Callable[[Decoded], Iterable[str]],
    cost: Cost = Cost.ENVELOPE,
    is_indexed: bool = True,
) -> Callable[[str], Filter]:
    """A filter that requires one of some texts to equal the value."""

    def make(wanted: str) -> Filter:
        needle = needle_of(wanted) if is_indexed else None
        return Filter(name, wanted, cost, lambda found: wanted in of(found), of, needle)

    return make


def _of_keyword(
    name: str, keyword: Keyword, show: Callable[[Any], str] = str
) -> Callable[[Any], Filter]:
    """A filter that works like a keyword of expressions."""

    def make(wanted: Any) -> Filter:
        value = keyword.read(wanted) if isinstance(wanted, str) else wanted
        holds, found = keyword.holds, keyword.found
        return Filter(
            name,
            show(wanted),
            keyword.cost,
            lambda decoded: holds(decoded, value),
            found,
            keyword.needle(value),
        )

    return make


def _bound(name: str, holds: Callable[[int, int], bool]) -> Callable[[int], Filter]:
    def make(wanted: int) -> Filter:
        def check(decoded: Decoded) -> bool:
            return holds(len(decoded.mail.content), wanted)

        return Filter(name, str(wanted), Cost.ENVELOPE, check, content_size)

    return make


def _content(part: str) -> Filter:
    octets = part.encode()
    return Filter(
        "contains",
        part,
        Cost.CONTENT,
        lambda decoded: contains(decoded.mail.content, octets),
        lambda _: (),
    )


def _sender(name: str) -> Callable[[str], Filter]:
    def make(wanted: str) -> Filter:
        return Filter(
            name,
            wanted or "<>",
            Cost.ENVELOPE,
            lambda decoded: decoded.mail.envelope.sender.normalized == wanted,
            lambda decoded: (decoded.mail.envelope.sender.normalized or "<>",),
            needle_of(f"<{wanted}>"),
        )

    return make


def _helo(wanted: str) -> Filter:
    name = wanted.casefold()
    return Filter(
        "helo",
        wanted,
        Cost.ENVELOPE,
        lambda decoded: decoded.mail.origin.helo.casefold() == name,
        lambda decoded: (decoded.mail.origin.helo,),
    )


on_host = _equal("host", lambda decoded: (decoded.mail.origin.host,), is_indexed=False)
"""A filter for mails that the host with this name received."""


def _recipients(decoded: Decoded) -> Iterable[str]:
    return decoded.mail.envelope.normalized_recipients()


_FILTERS: dict[str, Callable[[Any], Filter]] = {
    "sender": _sender("from"),
    "recipient": _equal("to", _recipients),
    "other_sender": _sender("sender"),
    "other_recipient": _equal("rcpt", _recipients),
    "subject": _of_keyword("subject", KEYWORDS["subject"]),
    "contains": _content,
    "body": _of_keyword("body", KEYWORDS["body"]),
    "message_id": _equal(
        "messageId", lambda found: (found.summary.message_id,), Cost.SUMMARY
    ),
    "bounce_of": _equal(
        "bounceOf",
        lambda found: [_normalized(one.recipient) for one in found.summary.bounce],
        Cost.SUMMARY,
        is_indexed=False,
    ),
    "session": _of_keyword("session", KEYWORDS["session"]),
    "helo": _helo,
    "client": _of_keyword("clientIp", KEYWORDS["ip"]),
    "min_size": _bound("minSize", lambda size, least: size >= least),
    "max_size": _bound("maxSize", lambda size, most: size <= most),
    "since": _of_keyword("since", KEYWORDS["after"], timestamp),
    "until": _of_keyword("until", KEYWORDS["before"], timestamp),
}
"""The functions that compile the fields of a query into filters."""

EVERYTHING = MailQuery()
