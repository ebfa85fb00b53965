"""What mailboxes contain, counted in the transaction that changes it.

The counts of a transaction that fails are those from before it.
"""

from __future__ import annotations

import sqlite3
from copy import copy

import attrs

from mocksmtp.mail.quota import Quota

_STEP = 1000
"""Mails that are evicted in a transaction at the most; what is left follows."""


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
    The accounts of all mailboxes.

    :param quota: the limits of all mailboxes that are not removed together

    :ivar mails: what these contain
    :ivar octets: what these use
    """

    def __init__(self, quota: Quota) -> None:
        self._quota = quota
        self._stored: dict[int, Account] = {}
        self._changed: dict[int, Account] = {}
        self._head = self._stored_head = 0

    def load(self, db: sqlite3.Connection) -> None:
        """Read all accounts."""
        rows = db.execute("SELECT * FROM mailboxes")
        self._stored = {row[0]: Account(*row) for row in rows}

    def all(self) -> list[Account]:
        """All accounts, as they are stored."""
        return [*self._stored.values()]

    def begin(self) -> None:
        """A transaction begins; what the one before changed is only kept by `end`."""
        self._changed = {}
        self._head = self._stored_head

    def end(self) -> None:
        """The transaction is stored."""
        self._stored |= self._changed
        self._changed = {}
        self._stored_head = self._head

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

    def save(self, db: sqlite3.Connection) -> None:
        """Update the rows of the accounts that have changed."""
        for account in self._changed.values():
            db.execute(_UPDATE, attrs.astuple(account))

    def used(self) -> tuple[int, int]:
        """The number of mails in mailboxes that are not removed, and their octets."""
        live = [
            account
            for account in (self._stored | self._changed).values()
            if not account.removed
        ]
        return sum(one.mails for one in live), sum(one.octets for one in live)

    def evict(self, db: sqlite3.Connection) -> list[tuple[int, int, int]]:
        """
        Delete the oldest mails while there are more than the quota allows.

        :return: of each its mailbox, its number and its weight
        """
        mails, octets = self.used()
        evicted: list[tuple[int, int, int]] = []
        while mails > self._quota.max_mails or octets > self._quota.max_bytes:
            rows = db.execute(
                "SELECT mailbox, id, weight FROM mails WHERE id > ? ORDER BY id"
                " LIMIT 100",
                (self._head,),
            ).fetchall()
            if not rows or len(evicted) >= _STEP:
                break
            for mailbox, number, weight in rows:
                if mails <= self._quota.max_mails and octets <= self._quota.max_bytes:
                    break
                self._head = number
                account = self.of(mailbox)
                if account.removed:
                    continue
                delete(db, number)
                count_out(account, weight)
                account.evictions += 1
                account.evicted = number
                mails -= 1
                octets -= weight
                evicted.append((mailbox, number, weight))
        return evicted


def delete(db: sqlite3.Connection, number: int) -> None:
    """Delete the rows of a mail."""
    db.execute("DELETE FROM mails WHERE id = ?", (number,))
    db.execute("DELETE FROM contents WHERE id = ?", (number,))


def count_out(account: Account, weight: int) -> None:
    """A mail is not in the mailbox any more."""
    account.mails -= 1
    account.octets -= weight
