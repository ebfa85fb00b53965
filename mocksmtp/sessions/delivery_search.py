"""The filters of attempts and deliveries; a field that is None matches all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

import attrs

from mocksmtp.behaviors.point import Command
from mocksmtp.documents.units import timestamp
from mocksmtp.grammar.address import Address
from mocksmtp.sessions.attempts import Attempt, Verdict
from mocksmtp.sessions.deliveries import Delivery
from mocksmtp.sessions.search import MAX_FOUND_VALUES, FilterComparison, compare_texts

Codes: TypeAlias = tuple[int, int]
"""The lowest and the highest reply code of a range."""


def _normalized(address: str) -> str:
    return Address(address).normalized


@attrs.frozen
class AttemptQuery:
    """
    A filter over attempts.

    :ivar recipient: the whole address; the case of its domain is ignored
    :ivar sender: the whole reverse-path, ``""`` for the null sender; the case of its
        domain is ignored
    :ivar codes: the range of the code of the deciding reply
    :ivar since: attempts that started at this time or later, in seconds since the epoch
    :ivar probes: whether probes match too
    """

    recipient: str | None = attrs.field(
        default=None, converter=attrs.converters.optional(_normalized)
    )
    sender: str | None = attrs.field(
        default=None, converter=attrs.converters.optional(_normalized)
    )
    message_id: str | None = None
    host: str | None = None
    verdict: Verdict | None = None
    stage: Command | None = None
    codes: Codes | None = None
    kept: bool | None = None
    since: float | None = None
    client_ip: str | None = None
    session: str | None = None
    probes: bool = False

    def matches(self, attempt: Attempt) -> bool:
        """Return whether an attempt matches all filters."""
        session = attempt.session
        return (
            (self.probes or not attempt.probe)
            and _is(self.recipient, attempt.recipient)
            and _is(self.sender, attempt.sender)
            and self.message_id in (None, attempt.message_id)
            and self.host in (None, session.host)
            and self.verdict in (None, attempt.verdict)
            and self.stage in (None, attempt.stage)
            and _has_code(attempt, self.codes)
            and self.kept in (None, attempt.kept)
            and (self.since is None or attempt.started_at >= self.since)
            and self.client_ip in (None, session.client_ip)
            and self.session in (None, session.id)
        )


@attrs.frozen
class DeliveryQuery:
    """
    A filter over deliveries.

    :ivar host: the host of at least one attempt
    :ivar final: the last verdict
    :ivar verdict: the verdict of at least one attempt
    :ivar codes: the range of the code of the reply to at least one attempt
    :ivar copies: the number of times that the mail was kept
    :ivar since: deliveries with an attempt that started at this time or later, in
        seconds since the epoch
    :ivar client_ip: the client of at least one attempt
    """

    recipient: str | None = attrs.field(
        default=None, converter=attrs.converters.optional(_normalized)
    )
    sender: str | None = attrs.field(
        default=None, converter=attrs.converters.optional(_normalized)
    )
    message_id: str | None = None
    host: str | None = None
    final: Verdict | None = None
    verdict: Verdict | None = None
    codes: Codes | None = None
    kept: bool | None = None
    copies: int | None = None
    since: float | None = None
    client_ip: str | None = None

    def matches(self, delivery: Delivery) -> bool:
        """Return whether a delivery matches all filters."""
        attempts = delivery.attempts
        return (
            bool(attempts)
            and _is(self.recipient, delivery.recipient)
            and _is(self.sender, delivery.sender)
            and self.message_id in (None, delivery.message_id)
            and self.final in (None, delivery.final)
            and (self.kept is None or self.kept is (delivery.copies > 0))
            and self.copies in (None, delivery.copies)
            and (
                self.host is None or any(a.session.host == self.host for a in attempts)
            )
            and (
                self.verdict is None or any(a.verdict is self.verdict for a in attempts)
            )
            and (self.codes is None or any(_has_code(a, self.codes) for a in attempts))
            and (
                self.since is None or any(a.started_at >= self.since for a in attempts)
            )
            and (
                self.client_ip is None
                or any(a.session.client_ip == self.client_ip for a in attempts)
            )
        )

    def compare(self, delivery: Delivery) -> list[FilterComparison]:
        """Return how each set filter compares with a delivery."""
        attempts = delivery.attempts
        replies = [one.reply.code for one in attempts if one.reply is not None]
        found: tuple[tuple[str, str | None, Iterable[str]], ...] = (
            ("to", self.recipient, [delivery.recipient.normalized]),
            ("from", self.sender, [delivery.sender.normalized]),
            ("messageId", self.message_id, filter(None, [delivery.message_id])),
            ("host", self.host, (one.session.host for one in attempts)),
            ("final", _value(self.final), [delivery.final.value]),
            ("verdict", _value(self.verdict), (one.verdict.value for one in attempts)),
            ("kept", _flag(self.kept), ["true" if delivery.copies else "false"]),
            ("copies", _number(self.copies), [str(delivery.copies)]),
            ("clientIp", self.client_ip, (one.session.client_ip for one in attempts)),
        )
        compared = [compare_texts(*one) for one in found]
        if self.codes is not None:
            least, most = self.codes
            wanted = str(least) if least == most else f"{least // 100}xx"
            shown = tuple(dict.fromkeys(map(str, replies)))[:MAX_FOUND_VALUES]
            matches = any(least <= code <= most for code in replies)
            compared.append(FilterComparison("code", wanted, shown, matches))
        if self.since is not None:
            last = max(one.started_at for one in attempts)
            wanted, matches = timestamp(self.since), last >= self.since
            compared.append(
                FilterComparison("since", wanted, (timestamp(last),), matches)
            )
        return [one for one in compared if one is not None]


def _value(verdict: Verdict | None) -> str | None:
    return None if verdict is None else verdict.value


def _flag(flag: bool | None) -> str | None:
    return None if flag is None else str(flag).lower()


def _number(number: int | None) -> str | None:
    return None if number is None else str(number)


def _is(wanted: str | None, found: Address | None) -> bool:
    return wanted is None or (found is not None and found.normalized == wanted)


def _has_code(attempt: Attempt, codes: Codes | None) -> bool:
    if codes is None:
        return True
    return attempt.reply is not None and codes[0] <= attempt.reply.code <= codes[1]
