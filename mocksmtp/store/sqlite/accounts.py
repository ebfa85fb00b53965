"""What mailboxes contain, counted in the transaction that changes it.

The counts of a transaction that fails are those from before it.
"""

from __future__ import annotations

import sqlite3
from copy import copy

import attrs

from mocksmtp.mail.quota import Quota
from mocksmtp.store.sqlite.writer import MAX_GROUP, SHORT

_STEP = 1000
"""Mails that are evicted in a transaction at the most; what is left follows."""


_NEARLY = 4 * SHORT
"""Octets below the limit from which evictions are expected."""


@attrs.define
class Account:
    """What one mailbox contains; the names are those of the columns."""

    id: int
    host: str
    removed: int = 0
    mails: int = 0
    octets: int = 0
    total: int = 0
    total_octets: int = 0
    evictions: int = 0
    evicted: int = 0


_UPDATE = (
    "UPDATE mailboxes SET host = ?2, removed = ?3, mails = ?4, octets = ?5, total = ?6,"
    " totalOctets = ?7, evictions = ?8, evicted = ?9 WHERE id = ?1"
)


class Accounts:
    """
    The accounts of all mailboxes, and the last number of a mail.

    :param quota: the limits of all mailboxes that are not removed together
    """

    def __init__(self, quota: Quota) -> None:
        self._quota = quota
        self._stored: dict[int, Account] = {}
        self._changed: dict[int, Account] = {}
        # The mails and octets of mailboxes that are not removed, a number below that of
        # their oldest mail, and the last number: stored, and in this transaction.
        self._totals = self._stored_totals = [0, 0, 0, 0]
        self._removes = False
        self._saved_last = 0

    def load(self, db: sqlite3.Connection) -> None:
        """Read all accounts."""
        rows = db.execute("SELECT * FROM mailboxes")
        self._stored = {row[0]: Account(*row) for row in rows}
        (self._saved_last,) = db.execute("SELECT last FROM numbers").fetchone()
        (newest,) = db.execute("SELECT max(id) FROM mails").fetchone()
        last = max(self._saved_last, newest or 0)
        live = [account for account in self._stored.values() if not account.removed]
        mails, octets = sum(one.mails for one in live), sum(one.octets for one in live)
        self._stored_totals = [mails, octets, 0, last]

    @property
    def last(self) -> int:
        """The last number of a mail."""
        return self._stored_totals[3]

    def all(self) -> list[Account]:
        """All accounts, as they are stored."""
        return [*self._stored.values()]

    def begin(self) -> None:
        """A transaction begins; what the one before changed is only kept by `end`."""
        self._changed = {}
        self._totals = [*self._stored_totals]
        self._removes = False

    def end(self) -> None:
        """The transaction is stored."""
        self._stored |= self._changed
        self._changed = {}
        self._stored_totals = self._totals
        if self._removes:
            self._saved_last = self._totals[3]

    def of(self, mailbox: int) -> Account:
        """The account of a mailbox, to be changed."""
        account = self._changed.get(mailbox)
        if account is None:
            account = self._changed[mailbox] = copy(self._stored[mailbox])
        return account

    def add(self, account: Account) -> None:
        """A new mailbox, whose row exists."""
        self._changed[account.id] = account

    def drop(self, mailbox: int) -> None:
        """A mailbox whose row is deleted."""
        self._changed.pop(mailbox, None)
        self._stored.pop(mailbox, None)

    def count_in(self, mailbox: int, number: int, weight: int, octets: int) -> None:
        """A mail is kept."""
        account = self._changed.get(mailbox) or self.of(mailbox)
        account.mails += 1
        account.octets += weight
        account.total += 1
        account.total_octets += octets
        totals = self._totals
        totals[3] = number
        if not account.removed:
            totals[0] += 1
            totals[1] += weight

    def count_out(self, mailbox: int, weight: int) -> None:
        """A mail is not in its mailbox any more."""
        self._removes = True
        account = self.of(mailbox)
        count_out(account, weight)
        if not account.removed:
            self._totals[0] -= 1
            self._totals[1] -= weight

    def count_back(self, mailbox: int, number: int, weight: int) -> None:
        """A mail that was counted out is in its mailbox again."""
        account = self.of(mailbox)
        account.mails += 1
        account.octets += weight
        totals = self._totals
        totals[0] += 1
        totals[1] += weight
        totals[2] = min(totals[2], number - 1)

    def is_kept(self, mailbox: int) -> bool:
        """Whether a mailbox exists and is not removed."""
        account = self._changed.get(mailbox) or self._stored.get(mailbox)
        return account is not None and not account.removed

    def count_evicted(self, mailbox: int, number: int, weight: int) -> None:
        """A mail was evicted."""
        self.count_out(mailbox, weight)
        account = self.of(mailbox)
        account.evictions += 1
        account.evicted = number

    def remove(self, mailbox: int) -> Account:
        """A mailbox is removed with its mails; return its account."""
        self._removes = True
        account = self.of(mailbox)
        if not account.removed:
            account.removed = 1
            self._totals[0] -= account.mails
            self._totals[1] -= account.octets
        return account

    def save(self, db: sqlite3.Connection) -> None:
        """Update the rows of the accounts that have changed."""
        for account in self._changed.values():
            db.execute(_UPDATE, attrs.astuple(account))
        if self._removes and self._totals[3] > self._saved_last:
            # As long as the newest mail is there, its row has the last number.
            db.execute("UPDATE numbers SET last = ?", (self._totals[3],))

    @property
    def is_nearly_full(self) -> bool:
        """Whether the mails of one more transaction may cause evictions."""
        mails, octets, _, _ = self._stored_totals
        quota = self._quota
        return mails + MAX_GROUP > quota.max_mails or octets + _NEARLY > quota.max_bytes

    @property
    def is_over(self) -> bool:
        """Whether there are more mails than the quota allows."""
        mails, octets, _, _ = self._totals
        return mails > self._quota.max_mails or octets > self._quota.max_bytes

    def evict(self, db: sqlite3.Connection) -> list[tuple[int, int, int]]:
        """
        Delete the oldest mails while there are more than the quota allows.

        :return: of each its mailbox, its number and its weight
        """
        evicted: list[tuple[int, int, int]] = []
        while self.is_over and len(evicted) < _STEP:
            rows = db.execute(
                "SELECT mailbox, id, weight FROM mails WHERE id > ? ORDER BY id"
                " LIMIT 100",
                (self._totals[2],),
            ).fetchall()
            if not rows:
                break
            for mailbox, number, weight in rows:
                if not self.is_over:
                    break
                self._totals[2] = number
                if not self.of(mailbox).removed:
                    delete(db, number)
                    self.count_evicted(mailbox, number, weight)
                    evicted.append((mailbox, number, weight))
        return evicted


def delete(db: sqlite3.Connection, number: int) -> None:
    """Delete the rows of a mail."""
    db.execute("DELETE FROM mails WHERE id = ?", (number,))
    db.execute("DELETE FROM contents WHERE id = ?", (number,))


def count_out(account: Account, weight: int, mails: int = 1) -> None:
    """A mail is not in the mailbox any more; with -1, it is there again."""
    account.mails -= mails
    account.octets -= weight * mails
