"""Which mails a reader asks for: one query with all filters.

A query is pure: it reads a mail and decodes what its filters ask for, each once, the
cheapest filters first.
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
)
from mocksmtp.mail.mail import LARGE, Mail


def _normalized(address: str) -> str:
    """An address for comparison: the domain without case."""
    return Address(address).normalized


def _optional(convert: Callable[[Any], Any]) -> Any:
    """A field that is None, or converted."""
    return attrs.field(default=None, converter=attrs.converters.optional(convert))


@attrs.frozen(kw_only=True)
class MailQuery:
    """A filter over mails; what is None lets all pass.

    :ivar sender: the whole reverse-path, ``""`` for the null one; the domain is
        compared without case
    :ivar recipient: the whole address of one of the recipients
    :ivar other_sender: the same as `sender`; if both are given, both must match
    :ivar other_recipient: likewise, of any of the recipients
    :ivar subject: a part of the decoded Subject field, without case
    :ivar contains: a part of the content; octets are compared
    :ivar body: a part of the decoded text, without case
    :ivar message_id: the whole Message-ID, with or without its angle brackets
    :ivar bounce_of: the whole address of a recipient that a bounce reports on
    :ivar session: the id of the session
    :ivar helo: the whole argument of HELO or EHLO, without case
    :ivar client: the network in which the client's address is
    :ivar min_size: the least octets of content
    :ivar max_size: the most octets of content
    :ivar since: received at that time or later, in seconds since the epoch
    :ivar until: received before that time
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
        """All conditions, the cheapest first."""
        filters = [
            make(wanted)
            for name, make in _FILTERS.items()
            if (wanted := getattr(self, name)) is not None
        ]
        if self.expression is not None:
            filters += self.expression.filters
        return tuple(sorted(filters, key=lambda each: each.cost))

    def matches(self, mail: Mail) -> bool:
        """Whether `mail` is one of those asked for."""
        decoded = Decoded(mail)
        return all(each.holds(decoded) for each in self.filters)

    def is_long_work(self, mail: Mail) -> bool:
        """Whether `matches` would decode so much that a thread should do it."""
        if len(mail.content) < LARGE:
            return False
        quick = Cost.SUMMARY if mail.is_summarized else Cost.CONTENT
        if all(each.cost <= quick for each in self.filters):
            return False
        decoded = Decoded(mail)
        return all(each.holds(decoded) for each in self.filters if each.cost <= quick)


def _equal(
    name: str, of: Callable[[Decoded], Iterable[str]], cost: Cost = Cost.ENVELOPE
) -> Callable[[str], Filter]:
    """One of some texts is the whole text that is asked for."""

    def make(wanted: str) -> Filter:
        return Filter(name, wanted, cost, lambda found: wanted in of(found), of)

    return make


def _of_keyword(
    name: str, keyword: Keyword, show: Callable[[Any], str] = str
) -> Callable[[Any], Filter]:
    """A filter that is the same as a keyword of expressions."""

    def make(wanted: Any) -> Filter:
        value = keyword.read(wanted) if isinstance(wanted, str) else wanted
        holds, found = keyword.holds, keyword.found
        return Filter(
            name,
            show(wanted),
            keyword.cost,
            lambda decoded: holds(decoded, value),
            found,
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


on_host = _equal("host", lambda decoded: (decoded.mail.origin.host,))
"""The mail was received by the host of that name."""


def _recipients(decoded: Decoded) -> Iterable[str]:
    return (one.address.normalized for one in decoded.mail.envelope.recipients)


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
    ),
    "session": _of_keyword("session", KEYWORDS["session"]),
    "helo": _helo,
    "client": _of_keyword("clientIp", KEYWORDS["ip"]),
    "min_size": _bound("minSize", lambda size, least: size >= least),
    "max_size": _bound("maxSize", lambda size, most: size <= most),
    "since": _of_keyword("since", KEYWORDS["after"], timestamp),
    "until": _of_keyword("until", KEYWORDS["before"], timestamp),
}
"""How the fields of a query are compiled."""

EVERYTHING = MailQuery()
