"""Which sessions a reader asks for, and what became of each recipient.

A session is a match when one of its transactions is: the sender, the recipient and
the outcome that are asked for must be those of the same mail. With a recipient the
outcome is that recipient's own, which can differ from the whole mail's.
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
"""How many values are told that were found in place of the one asked for."""

MAX_NEAREST = 5
"""How many attempts are told that came near to what was asked for."""


@value
class Fate:
    """What became of one recipient.

    :ivar reply: what was answered to its RCPT, or to its content where each recipient
        has an answer to that; None for the server's own 250
    :ivar outcome: refused where its RCPT was or the whole mail was
    :ivar kept: whether the mail was kept for it, whatever the client was told
    """

    recipient: PathCommand
    reply: Reply | None
    outcome: Outcome
    kept: bool


def fates(transaction: Transaction) -> Iterator[Fate]:
    """
    What became of each recipient.

    Those that took effect come first, in the order of their RCPT, and behind them
    those that did not, in theirs. Where each had its own reply to the content, as in
    LMTP, those that had one come first.
    """
    if transaction.contents is not None:
        yield from _fates_of_contents(transaction)
        return
    kept = transaction.mail is not None
    replies: dict[int, Reply | None] = {}
    others = []
    for recipient, reply, effect in transaction.told:
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
    for recipient, reply, effect in transaction.told:
        if effect is Effect.NONE:
            yield Fate(recipient, reply, outcome_of(reply, False), False)


def _outcome(transaction: Transaction, reply: Reply | None, applied: bool) -> Outcome:
    if reply is not None and not reply.is_readable:
        # Who was told nothing has not been refused; a later reply may count.
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
    One thing that was asked for, held against one attempt.

    :ivar name: the filter's name
    :ivar wanted: its value
    :ivar found: what there was, of many the first `MAX_FOUND_VALUES`
    """

    name: str
    wanted: str
    found: tuple[str, ...]
    matches: bool


@attrs.frozen
class SessionQuery:
    """A filter over sessions; what is None lets all pass.

    :ivar host: the name of the mail host that was reached
    :ivar client_ip: the address of the client
    :ivar sender: the whole reverse-path, ``""`` for the null one; the domain is
        compared without case
    :ivar recipient: the whole address of a recipient, accepted or not
    :ivar outcome: what became of the recipient, or of the mail where none is asked
        for
    :ivar kept: whether the mail was kept, for the recipient where one is asked for
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
        """Whether it asks for anything that only a transaction can tell."""
        asked = (self.sender, self.recipient, self.outcome, self.kept)
        return any(one is not None for one in asked)

    def matches(self, session: Session) -> bool:
        """Whether `session` is one of those asked for."""
        if not self.matches_client(session):
            return False
        if not self.of_mails:
            return True
        return any(map(self.matches_transaction, tuple(session.transactions)))

    def matches_client(self, session: Session) -> bool:
        """Whether the connection is one of those asked for, whatever its mails."""
        return (self.host is None or session.host == self.host) and (
            self.client_ip is None or session.client_ip == self.client_ip
        )

    def matches_transaction(self, transaction: Transaction) -> bool:
        """Whether a mail is one of those asked for."""
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
            for recipient in transaction.named()
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
        How each thing that is asked for compares with one attempt.

        :param transaction: one of the session's, or None where it has none
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
        """The asked recipient's, if it is there, else that of the whole mail."""
        if transaction is None:
            return []
        own = [] if self.recipient is None else self._own_fates(transaction)
        return [fate.outcome.value for fate in own] or [transaction.outcome.value]

    def _kept(self, transaction: Transaction | None) -> list[str]:
        """Likewise whether the mail was kept."""
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
    An attempt to deliver that is not one of those asked for.

    :ivar transaction: its place among the transactions of the session, from 0, or
        None where there is none to look at
    """

    session: Session
    transaction: int | None
    comparisons: list[FilterComparison]


class Nearest:
    """
    Of the attempts that are looked at, those that match in most of what is asked.

    Of equals the later ones are nearer. There are `MAX_NEAREST` at the most.
    """

    def __init__(self, query: SessionQuery) -> None:
        self._query = query
        # How many matched, and which one it was in order; no two are equal.
        self._best: list[tuple[int, int, ComparedAttempt]] = []
        self._seen = 0

    def look_at(self, session: Session) -> Iterator[None]:
        """Look at the attempts of one session, at one with each step."""
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
        """The nearest ones, the nearest of all first."""
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
    """Whether one of some texts is the one asked for; None where none is."""
    if wanted is None:
        return None
    values = dict.fromkeys(found)
    shown = tuple(value or "<>" for value in values)[:MAX_FOUND_VALUES]
    return FilterComparison(name, wanted or "<>", shown, wanted in values)
