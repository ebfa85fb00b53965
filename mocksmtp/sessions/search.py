"""The filters of sessions, and the outcome of each recipient.

A session matches if one of its transactions matches: sender, recipient and outcome must
match the same mail. With a recipient, the outcome is that of the recipient, which can
differ from that of the whole mail.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator

import attrs

from mocksmtp.behaviors.response import Effect
from mocksmtp.grammar.address import Address
from mocksmtp.grammar.command import PathCommand
from mocksmtp.grammar.reply import MAIL_KEPT, Reply
from mocksmtp.grammar.speed import value
from mocksmtp.sessions.session import Outcome, Session, Transaction, outcome_of

MAX_FOUND_VALUES = 20
"""The maximum number of found values that a comparison lists."""

MAX_NEAREST = 5
"""The maximum number of nearest attempts that are listed."""


@value
class Fate:
    """The outcome of one recipient.

    :ivar recipient: the recipient
    :ivar reply: the reply to its RCPT, or on LMTP the reply to the content for this
        recipient; None for the server's own 250
    :ivar outcome: its outcome; refused if its RCPT or the whole mail was refused
    :ivar kept: whether the mail was kept for it, whatever the reply was
    """

    recipient: PathCommand
    reply: Reply | None
    outcome: Outcome
    kept: bool


def fates(transaction: Transaction) -> Iterator[Fate]:
    """
    Yield the outcome of each recipient.

    First those whose RCPT took effect, in the order of RCPT, then all others, in the
    order of RCPT. On LMTP, first those that had a reply to the content.
    """
    if transaction.contents is not None:
        yield from _fates_of_contents(transaction)
        return
    kept = transaction.mail is not None
    replies: dict[int, Reply | None] = {}
    others = []
    for recipient, reply, effect in transaction.other_rcpts:
        if effect is Effect.APPLY:
            replies[id(recipient)] = reply
        else:
            others.append((recipient, reply))
    for recipient in transaction.recipients:
        answer = replies.get(id(recipient)) if replies else None
        yield Fate(recipient, answer, _outcome(transaction, answer, True), kept)
    for recipient, reply in others:
        yield Fate(recipient, reply, _outcome(transaction, reply, False), False)


def _fates_of_contents(transaction: Transaction) -> Iterator[Fate]:
    for recipient, reply, kept in transaction.contents or ():
        told = None if reply is MAIL_KEPT else reply
        yield Fate(recipient, told, outcome_of(reply, kept), kept)
    for recipient, reply, effect in transaction.other_rcpts:
        if effect is Effect.NONE:
            yield Fate(recipient, reply, outcome_of(reply, False), False)


def _outcome(transaction: Transaction, reply: Reply | None, applied: bool) -> Outcome:
    if reply is not None and not reply.is_readable:
        # Without a readable reply the recipient is not refused: the reply to the
        # content can decide.
        return transaction.outcome if applied else Outcome.ABORTED
    if reply is not None and reply.code // 100 != 2:
        return Outcome.REFUSED
    if transaction.outcome is not Outcome.ACCEPTED:
        return transaction.outcome
    return Outcome.ACCEPTED if applied else Outcome.DISCARDED


def _normalized(address: str) -> str:
    return Address(address).normalized


@attrs.frozen
class FilterComparison:
    """
    How one filter compares with one attempt.

    :ivar name: the name of the filter
    :ivar wanted: its value
    :ivar found: the values of the attempt, at most `MAX_FOUND_VALUES`
    :ivar matches: whether the filter matches
    """

    name: str
    wanted: str
    found: tuple[str, ...]
    matches: bool


@attrs.frozen
class SessionQuery:
    """A filter over sessions; a field that is None matches all.

    :ivar host: the name of the mail host
    :ivar client_ip: the address of the client
    :ivar sender: the whole reverse-path, ``""`` for the null sender; the case of its
        domain is ignored
    :ivar recipient: the whole address of a recipient, accepted or not
    :ivar outcome: the outcome of the recipient; without `recipient`, of the mail
    :ivar kept: whether the mail was kept; with `recipient`, for that recipient
    """

    host: str | None = None
    client_ip: str | None = None
    sender: str | None = attrs.field(
        default=None, converter=attrs.converters.optional(_normalized)
    )
    recipient: str | None = attrs.field(
        default=None, converter=attrs.converters.optional(_normalized)
    )
    outcome: Outcome | None = None
    kept: bool | None = None

    @property
    def of_mails(self) -> bool:
        """Whether a filter is set that tests transactions."""
        asked = (self.sender, self.recipient, self.outcome, self.kept)
        return any(one is not None for one in asked)

    def matches(self, session: Session) -> bool:
        """Return whether a session matches all filters."""
        if not self.matches_client(session):
            return False
        if not self.of_mails:
            return True
        return any(map(self.matches_transaction, tuple(session.transactions)))

    def matches_client(self, session: Session) -> bool:
        """Return whether a session matches the filters of the connection."""
        return (self.host is None or session.host == self.host) and (
            self.client_ip is None or session.client_ip == self.client_ip
        )

    def matches_transaction(self, transaction: Transaction) -> bool:
        """Return whether a transaction matches the filters of mails."""
        if (
            self.sender is not None
            and transaction.sender.address.normalized != self.sender
        ):
            return False
        if self.recipient is None:
            kept = transaction.mail is not None
            return self._fits(transaction.outcome, kept)
        if not any(
            recipient.address.normalized == self.recipient
            for recipient in transaction.all_recipients()
        ):
            return False
        if self.outcome is None and self.kept is None:
            return True
        return any(
            self._fits(fate.outcome, fate.kept) for fate in self._own_fates(transaction)
        )

    def _fits(self, outcome: Outcome, kept: bool) -> bool:
        return self.outcome in (None, outcome) and self.kept in (None, kept)

    def _own_fates(self, transaction: Transaction) -> Iterator[Fate]:
        return (
            fate
            for fate in fates(transaction)
            if fate.recipient.address.normalized == self.recipient
        )

    def compare(
        self, session: Session, transaction: Transaction | None
    ) -> list[FilterComparison]:
        """
        Return how each set filter compares with one attempt.

        :param transaction: a transaction of the session; None if it has none
        """
        comparisons = [
            compare_texts("host", self.host, [session.host]),
            compare_texts("clientIp", self.client_ip, [session.client_ip]),
            compare_texts("from", self.sender, _senders(transaction)),
            compare_texts("to", self.recipient, _addresses(transaction)),
            compare_texts(
                "outcome",
                None if self.outcome is None else self.outcome.value,
                self._outcomes(transaction),
            ),
            compare_texts(
                "kept",
                None if self.kept is None else _shown(self.kept),
                self._kept(transaction),
            ),
        ]
        return [found for found in comparisons if found is not None]

    def _outcomes(self, transaction: Transaction | None) -> list[str]:
        """Return the outcomes of the wanted recipient, else that of the mail."""
        if transaction is None:
            return []
        own = [] if self.recipient is None else self._own_fates(transaction)
        return [fate.outcome.value for fate in own] or [transaction.outcome.value]

    def _kept(self, transaction: Transaction | None) -> list[str]:
        """Return whether the mail was kept for the wanted recipient, else at all."""
        if transaction is None:
            return []
        own = [] if self.recipient is None else self._own_fates(transaction)
        return [_shown(fate.kept) for fate in own] or [
            _shown(transaction.mail is not None)
        ]


def _shown(kept: bool) -> str:
    return "true" if kept else "false"


EVERY_SESSION = SessionQuery()


@attrs.frozen
class ComparedAttempt:
    """
    An attempt to deliver that does not match, with the comparisons of all filters.

    :ivar transaction: the index of the transaction in its session, from 0; None if the
        session has none, or no filter tests transactions
    """

    session: Session
    transaction: int | None
    comparisons: list[FilterComparison]


class Nearest:
    """
    The attempts that match most filters without matching all, at most `MAX_NEAREST`.

    Of attempts that match the same number of filters, the latest are the nearest.
    """

    def __init__(self, query: SessionQuery) -> None:
        self._query = query
        # The number of matching filters, and a sequence number: no two are equal.
        self._best: list[tuple[int, int, ComparedAttempt]] = []
        self._seen = 0

    def look_at(self, session: Session) -> Iterator[None]:
        """Compare the attempts of a session, one in each step."""
        transactions = tuple(session.transactions)
        if not self._query.of_mails or not transactions:
            self._look(session, None, None)
            yield
            return
        for index, transaction in enumerate(transactions):
            self._look(session, index, transaction)
            yield

    def _look(
        self, session: Session, index: int | None, transaction: Transaction | None
    ) -> None:
        comparisons = self._query.compare(session, transaction)
        matched = sum(comparison.matches for comparison in comparisons)
        self._seen += 1
        if matched == len(comparisons):
            return
        best = (matched, self._seen, ComparedAttempt(session, index, comparisons))
        if len(self._best) < MAX_NEAREST:
            heapq.heappush(self._best, best)
        else:
            heapq.heappushpop(self._best, best)

    def attempts(self) -> list[ComparedAttempt]:
        """Return the nearest attempts, the nearest first."""
        return [attempt for _, _, attempt in sorted(self._best, reverse=True)]


def _senders(transaction: Transaction | None) -> list[str]:
    return [] if transaction is None else [transaction.sender.address.normalized]


def _addresses(transaction: Transaction | None) -> list[str]:
    if transaction is None:
        return []
    return [fate.recipient.address.normalized for fate in fates(transaction)]


def compare_texts(
    name: str, wanted: str | None, found: Iterable[str]
) -> FilterComparison | None:
    """
    Compare a filter with the texts of an attempt.

    :param name: the name of the filter
    :param wanted: its value; None if it is not set
    :param found: the texts of the attempt
    :return: the comparison; None if the filter is not set
    """
    if wanted is None:
        return None
    values = dict.fromkeys(found)
    shown = tuple(value or "<>" for value in values)[:MAX_FOUND_VALUES]
    return FilterComparison(name, wanted or "<>", shown, wanted in values)
