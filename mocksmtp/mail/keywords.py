"""The keywords of search expressions, and the filters compiled from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from enum import IntEnum
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, TypeAlias

import attrs

from mocksmtp.documents.problems import shown, unknown
from mocksmtp.documents.units import parse_size, parse_time_or_date, timestamp
from mocksmtp.mail.addresses import NamedAddress
from mocksmtp.mail.decoded import BETWEEN, Decoded, folded, shown_addresses
from mocksmtp.mail.expression import HEADER_KEYWORD, QueryError, Term, parse_terms
from mocksmtp.mail.summary import Summary

Network: TypeAlias = IPv4Network | IPv6Network


class Cost(IntEnum):
    """The parts of a mail that a filter reads, from the cheapest on."""

    ENVELOPE = 0
    CONTENT = 1
    SUMMARY = 2
    TEXT = 3


@attrs.frozen
class Filter:
    """
    A condition on mails.

    :ivar name: the name of the query parameter
    :ivar wanted: its value
    :ivar holds: returns whether a mail matches
    :ivar found: returns the values of a mail that were compared
    :ivar needle: a folded text that `indexed` contains for each mail that
        matches, so that a store can exclude others without reading them; None if there
        is none
    """

    name: str
    wanted: str
    cost: Cost
    holds: Callable[[Decoded], bool]
    found: Callable[[Decoded], Iterable[str]]
    needle: str | None = None


@attrs.frozen
class Keyword:
    """
    The definition of a keyword.

    :ivar read: parses its value; raises `ValueError` with a message for the user
    :ivar holds: returns whether a mail matches the value
    :ivar found: returns the values of a mail that were compared
    :ivar is_indexed: whether `indexed` contains the value of each match
    """

    cost: Cost
    read: Callable[[str], Any]
    holds: Callable[[Decoded, Any], bool]
    found: Callable[[Decoded], Iterable[str]]
    is_indexed: bool = False

    def needle(self, value: Any) -> str | None:
        """The `Filter.needle` of a value."""
        return needle_of(value) if self.is_indexed else None


def needle_of(text: str) -> str | None:
    """The `Filter.needle` of a text that is a part of an indexed one."""
    return folded(text).strip() or None


def _substring(
    cost: Cost,
    of: Callable[[Decoded], str],
    found: Callable[[Decoded], Iterable[str]],
    is_indexed: bool = True,
) -> Keyword:
    """
    A part of a text.

    :param of: the folded text
    :param found: the same as it was written
    """

    def shown_texts(decoded: Decoded) -> Iterator[str]:
        return map(str.strip, found(decoded))

    def holds(decoded: Decoded, part: str) -> bool:
        return part in of(decoded)

    return Keyword(cost, folded, holds, shown_texts, is_indexed)


def _in_header(of: Callable[[Summary], tuple[NamedAddress, ...]]) -> Keyword:
    def addresses(decoded: Decoded) -> list[str]:
        return shown_addresses(of(decoded.summary))

    def text(decoded: Decoded) -> str:
        return folded(BETWEEN.join(addresses(decoded)))

    return _substring(Cost.SUMMARY, text, addresses)


def network(text: str) -> Network:
    """
    Parse an IP network; an IP address is a network of one address.

    :raises ValueError: `text` is neither
    """
    try:
        return ip_network(text, strict=False)
    except ValueError:
        raise ValueError(
            f"must be an IP address or network, got {shown(text)}"
        ) from None


def _in_network(decoded: Decoded, wanted: Network) -> bool:
    try:
        return ip_address(decoded.mail.origin.client_ip) in wanted
    except ValueError:
        # A client on a UNIX socket has no address.
        return False


_HAS = ("attachment",)


def _has(text: str) -> str:
    name = text.lower()
    if name.removesuffix("s") not in _HAS:
        raise ValueError(unknown(f"value {shown(text)}", text, _HAS))
    return name


def _received(decoded: Decoded) -> Iterable[str]:
    return (timestamp(decoded.mail.received_at),)


def content_size(decoded: Decoded) -> Iterable[str]:
    """The size of the content in octets, as text."""
    return (str(len(decoded.mail.content)),)


def _time(holds: Callable[[Decoded, Any], bool]) -> Keyword:
    return Keyword(Cost.ENVELOPE, parse_time_or_date, holds, _received)


def _size(holds: Callable[[Decoded, Any], bool]) -> Keyword:
    def read(text: str) -> int:
        try:
            return parse_size(text.upper().replace("IB", "iB"))
        except ValueError:
            message = f"must be a size such as 1000, 10k, 64KiB, got {shown(text)}"
            raise ValueError(message) from None

    return Keyword(Cost.ENVELOPE, read, holds, content_size)


def _client(decoded: Decoded) -> Iterable[str]:
    return (decoded.mail.origin.client_ip,)


def _attachments(decoded: Decoded) -> Iterable[str]:
    return (one.file_name or one.type for one in decoded.summary.attachments)


def _same_host(decoded: Decoded, wanted: str) -> bool:
    return folded(decoded.mail.origin.host) == wanted


KEYWORDS: dict[str, Keyword] = {
    "from": _in_header(lambda summary: summary.header_from),
    "to": _in_header(lambda summary: summary.header_to),
    "cc": _in_header(lambda summary: summary.header_cc),
    "bcc": _in_header(lambda summary: summary.header_bcc),
    "reply-to": _in_header(lambda summary: summary.reply_to),
    "addressed": _substring(
        Cost.SUMMARY, lambda decoded: decoded.addresses, Decoded.header_addresses
    ),
    "subject": _substring(
        Cost.SUMMARY,
        lambda decoded: decoded.subject,
        lambda decoded: (decoded.summary.subject,),
    ),
    "message-id": _substring(
        Cost.SUMMARY,
        lambda decoded: folded(decoded.message_id),
        lambda decoded: (decoded.message_id,),
    ),
    "has": Keyword(
        Cost.SUMMARY,
        _has,
        lambda decoded, _: bool(decoded.summary.attachments),
        _attachments,
    ),
    "before": _time(lambda decoded, time: decoded.mail.received_at < time),
    "after": _time(lambda decoded, time: decoded.mail.received_at >= time),
    "larger": _size(lambda decoded, size: len(decoded.mail.content) > size),
    "smaller": _size(lambda decoded, size: len(decoded.mail.content) < size),
    "sender": _substring(
        Cost.ENVELOPE,
        lambda decoded: decoded.sender,
        lambda decoded: (decoded.shown_sender,),
    ),
    "rcpt": _substring(
        Cost.ENVELOPE, lambda decoded: decoded.recipients, Decoded.recipient_addresses
    ),
    "body": _substring(
        Cost.TEXT,
        lambda decoded: decoded.text,
        lambda decoded: decoded.text.split(BETWEEN),
        is_indexed=False,
    ),
    "host": Keyword(
        Cost.ENVELOPE, folded, _same_host, lambda decoded: (decoded.mail.origin.host,)
    ),
    "session": Keyword(
        Cost.ENVELOPE,
        str,
        lambda decoded, session: decoded.mail.origin.session == session,
        lambda decoded: (decoded.mail.origin.session,),
    ),
    "helo": _substring(
        Cost.ENVELOPE,
        lambda decoded: folded(decoded.mail.origin.helo),
        lambda decoded: (decoded.mail.origin.helo,),
        is_indexed=False,
    ),
    "ip": Keyword(Cost.ENVELOPE, network, _in_network, _client),
}
"""The keywords by name, except ``header``, whose value has two parts."""


@attrs.frozen
class Expression:
    """
    A search expression, compiled.

    :ivar text: the source text
    :ivar filters: one per term; all must match
    """

    text: str
    filters: tuple[Filter, ...] = attrs.field(eq=False, repr=False)


def parse_expression(text: str) -> Expression:
    """
    Compile a search expression.

    :raises QueryError: a syntax error, an unknown keyword, or an invalid value
    """
    return Expression(text, tuple(map(filter_of, parse_terms(text))))


def filter_of(term: Term) -> Filter:
    """
    Compile a term.

    :raises QueryError: an unknown keyword, or an invalid value
    """
    keyword, value = _meaning(term)
    holds = keyword.holds

    def check(decoded: Decoded) -> bool:
        return holds(decoded, value) is not term.negated

    needle = None if term.negated else keyword.needle(value)
    return Filter("q", str(term), keyword.cost, check, keyword.found, needle)


def _meaning(term: Term) -> tuple[Keyword, Any]:
    """The keyword of a term, and its value."""
    if term.keyword is None:
        return ANYWHERE, folded(term.text)
    if term.keyword == HEADER_KEYWORD:
        return _header(term.name), folded(term.text)
    keyword = KEYWORDS.get(term.keyword)
    if keyword is None:
        names = (*KEYWORDS, HEADER_KEYWORD)
        message = unknown(f"keyword {shown(term.keyword)}", term.keyword, names)
        raise QueryError(message, term.position + term.negated)
    if not term.text:
        raise QueryError(f"{term.keyword}: has no value", term.position)
    try:
        return keyword, keyword.read(term.text)
    except ValueError as error:
        raise QueryError(f"{term.keyword}: {error}", term.position) from None


def _anywhere(decoded: Decoded, part: str) -> bool:
    return part in decoded.overview or part in decoded.text


ANYWHERE = Keyword(
    Cost.TEXT, folded, _anywhere, lambda decoded: (decoded.summary.subject,)
)
"""The keyword for a word or phrase without one: searches all texts."""


def _header(name: str) -> Keyword:
    """A keyword that searches the decoded header fields with this name."""
    lower = name.lower()

    def texts(decoded: Decoded) -> Iterator[str]:
        return (field.text for field in decoded.message.fields(lower))

    def holds(decoded: Decoded, part: str) -> bool:
        return any(part in folded(f" {text} ") for text in texts(decoded))

    return Keyword(Cost.CONTENT, folded, holds, texts)
