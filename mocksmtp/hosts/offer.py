"""The extensions that a host offers on a connection: the EHLO reply, and its effects.

They depend on the TLS stage of the connection. Parameters and commands of an extension
that is not offered have no effect, but are recorded.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator

import attrs

from mocksmtp.grammar.reply import Reply, extended_hello
from mocksmtp.hosts.capabilities import Capabilities, keywords_of
from mocksmtp.sasl.settings import AuthSettings


class Stage(enum.Enum):
    """The TLS stage of a connection."""

    WITHOUT_TLS = "without"
    """Without TLS, and STARTTLS is not offered."""
    BEFORE_TLS = "before"
    """Without TLS so far; STARTTLS is offered."""
    UNDER_TLS = "under"

    # That of Enum is a call in Python, and takes ten times as long.
    __hash__ = object.__hash__


@attrs.frozen
class Offer:
    """
    The extensions offered at one stage.

    :ivar lines: the keywords with their parameters
    :ivar extended_hello: the EHLO reply that lists them
    :ivar keywords: the keywords, in upper case
    :ivar chunking: whether BDAT is accepted (RFC 3030)
    :ivar smtputf8: whether addresses may be UTF-8 (RFC 6531)
    :ivar size: whether a declared size is checked (RFC 1870)
    """

    lines: tuple[str, ...]
    extended_hello: Reply
    keywords: frozenset[str]
    chunking: bool
    smtputf8: bool
    size: bool

    @property
    def reply_lines(self) -> tuple[str, ...]:
        """The lines of the EHLO reply after the first."""
        return tuple(self.extended_hello.text.split("\n")[1:])


def make_offers(
    hostname: str,
    capabilities: Capabilities,
    extensions: tuple[str, ...] = (),
    size: int | None = None,
    auth: AuthSettings | None = None,
) -> dict[Stage, Offer]:
    """
    Return the offer of each stage.

    :param extensions: additional EHLO lines, set by a test
    :param size: the maximum octets of a message to advertise; None for no SIZE
    """
    return {
        stage: _make_offer(
            hostname, tuple(_lines(stage, capabilities, extensions, size, auth))
        )
        for stage in Stage
    }


def _lines(
    stage: Stage,
    capabilities: Capabilities,
    extensions: tuple[str, ...],
    size: int | None,
    auth: AuthSettings | None,
) -> Iterator[str]:
    secured = stage is Stage.UNDER_TLS
    told = capabilities.under_tls if secured else capabilities.before_tls
    yield from told
    known = keywords_of(told)
    if size is not None and "SIZE" not in known:
        yield f"SIZE {size}"
    if stage is Stage.BEFORE_TLS and "STARTTLS" not in known:
        yield "STARTTLS"
    if auth is not None and (secured or not auth.require_tls) and "AUTH" not in known:
        names = [mechanism.value for mechanism in auth.offered(secured)]
        if names:
            yield " ".join(("AUTH", *names))
    yield from extensions


def _make_offer(hostname: str, lines: tuple[str, ...]) -> Offer:
    keywords = keywords_of(lines)
    return Offer(
        lines,
        extended_hello(hostname, lines),
        keywords,
        chunking="CHUNKING" in keywords,
        smtputf8="SMTPUTF8" in keywords,
        size="SIZE" in keywords,
    )
