"""What a host offers on a connection: the answer to EHLO, and what it goes by.

It depends on how the connection stands with TLS. What is not offered is not
honoured, where that can be told; it is recorded all the same.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator

import attrs

from mocksmtp.grammar.reply import Reply, extended_hello
from mocksmtp.hosts.capabilities import Capabilities, keywords_of
from mocksmtp.sasl.settings import AuthSettings


class Stage(enum.Enum):
    """How a connection stands with TLS."""

    WITHOUT_TLS = "without"
    """It is in clear, and stays so."""
    BEFORE_TLS = "before"
    """It is in clear, and STARTTLS is to be had."""
    UNDER_TLS = "under"


@attrs.frozen
class Offer:
    """
    What EHLO is answered at one stage.

    :ivar lines: the keywords with their parameters
    :ivar extended_hello: the reply that they make
    :ivar keywords: without their parameters, in upper case
    :ivar chunking: whether BDAT is to be had (RFC 3030)
    :ivar smtputf8: whether addresses may be UTF-8 (RFC 6531)
    :ivar size: whether a declared size is looked at (RFC 1870)
    """

    lines: tuple[str, ...]
    extended_hello: Reply
    keywords: frozenset[str]
    chunking: bool
    smtputf8: bool
    size: bool

    @property
    def reply_lines(self) -> tuple[str, ...]:
        """The lines of the reply to EHLO after the first."""
        return tuple(self.extended_hello.text.split("\n")[1:])


def make_offers(
    hostname: str,
    capabilities: Capabilities,
    extensions: tuple[str, ...] = (),
    size: int | None = None,
    auth: AuthSettings | None = None,
) -> dict[Stage, Offer]:
    """
    What is offered at each stage.

    :param extensions: further lines, as a test has set them
    :param size: octets of a message, where they are to be told
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
