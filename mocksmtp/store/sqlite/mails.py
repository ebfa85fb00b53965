"""Mails in the file: mailboxes that write to it, and searches that read it.

The rows of removed mails stay, in a mailbox of their own, until the response that shows
them was sent; then they are deleted in small steps. So removing all mails takes no
time, and no mail is part of two responses.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from typing import Any

import attrs
import orjson
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IReactorTime
from twisted.python.failure import Failure

from mocksmtp.mail.mail import LARGE, Envelope, Mail, Origin
from mocksmtp.mail.quota import Quota
from mocksmtp.mail.search import MailQuery
from mocksmtp.store.interface import Removal, Slice
from mocksmtp.store.mailbox import StoredMailbox, apart, log_error
from mocksmtp.store.sqlite import segments
from mocksmtp.store.sqlite.accounts import Account, Accounts, count_out, delete
from mocksmtp.store.sqlite.rows import (
    COLUMNS,
    ReadMail,
    insert,
    mail_of,
    row_of,
)
from mocksmtp.store.sqlite.writer import GroupWriter, error_of
from mocksmtp.store.texts import OVERHEAD, clean
from mocksmtp.store.worker import Worker

LOAD_OCTETS = 8 * 2**20
"""Octets of content after which `load` returns no further mail."""

SLICE = 0.05
"""Seconds that a part of a search takes, so that others are not delayed."""

_WINDOW = 20_000
"""Numbers that one query of a search covers."""

_CANDIDATES = 500
"""Mails that are read in one query of a search."""

_PURGE = 200
"""Removed mails that are deleted in one step."""

_PURGE_PAUSE = 0.01
"""Seconds between two steps while no mails arrive."""

_BUSY_PAUSE = 0.5
"""Seconds between two steps while mails arrive: they come first."""

_AMONG = "(SELECT value FROM json_each(?))"

_FROM = "FROM mails m JOIN contents c ON c.id = m.id WHERE m.id = ?"

_ONE = f"SELECT {COLUMNS} {_FROM}"

_WITH_MAILBOX = f"SELECT {COLUMNS}, m.mailbox {_FROM}"

_NONE: list[tuple[int, int, int]] = []


class _Keep:
    """The task that stores a mail; its result is the mails evicted for it."""

    __slots__ = ("accounts", "box", "kept", "mail", "mailbox", "octets", "row")

    def __init__(
        self,
        accounts: Accounts,
        mail: Mail,
        box: FileMailbox,
        kept: Callable[[list[tuple[int, int, int]], _Keep], None],
    ) -> None:
        self.accounts = accounts
        self.mail = mail
        self.box = box
        self.kept = kept
        self.mailbox = mailbox = box.account.id
        self.octets: int | None = None
        self.row: tuple[Any, ...] | None = None
        if len(mail.content) < LARGE:
            # The header of a small mail is read here, where no other thread contends.
            self.row = row_of(mail, mailbox)
            self.octets = mail.weight

    @classmethod
    def do_all(
        cls, db: sqlite3.Connection, tasks: list[_Keep]
    ) -> list[list[tuple[int, int, int]]]:
        """Insert the mails, and evict others if there are too many."""
        rows = [task.row or row_of(task.mail, task.mailbox) for task in tasks]
        contents = [(task.mail.number, task.mail.content) for task in tasks]
        insert(db, rows, contents)
        accounts = tasks[0].accounts
        for task in tasks:
            mail = task.mail
            octets = len(mail.content)
            accounts.count_in(task.mailbox, mail.number, mail.weight, octets)
        results = [_NONE] * len(tasks)
        if accounts.is_over:
            results[-1] = accounts.evict(db)
        return results

    def settle(self, outcome: list[tuple[int, int, int]] | Failure) -> Mail | Failure:
        """Count the mail, and report it."""
        if isinstance(outcome, Failure):
            return outcome
        self.kept(outcome, self)
        return self.mail


@attrs.define(eq=False)
class FileRemoval(Removal):
    """
    Mails that are removed.

    :ivar mailboxes: the mailboxes that their rows are in
    :ivar rows: of each its mailbox before, its number and its weight
    """

    mailboxes: list[int] = attrs.field(factory=list)
    rows: list[tuple[int, int, int]] = attrs.field(factory=list)


class FileMailbox(StoredMailbox):
    """
    The mailbox of a host in the file; see `mocksmtp.mail.mailbox.Inbox`.

    :ivar account: what it contains, as far as it is stored
    """

    mails: FileMails

    def __init__(self, mails: FileMails, account: Account) -> None:
        super().__init__(mails)
        self.account = account

    @property
    def counts(self) -> Account:
        """The account."""
        return self.account

    def keep(
        self, envelope: Envelope, content: bytes, received_at: float, origin: Origin
    ) -> Deferred[Mail | None] | None:
        """Store a message; fires with its mail once that is committed."""
        quota = self.quota
        weight = len(content) + envelope.weight + OVERHEAD
        if weight > quota.max_bytes:
            return None
        quota.last = number = next(quota.numbers)
        mail = Mail(number, envelope, content, received_at, origin, weight)
        return self.mails.keep(self, mail)

    def report_removed(self, numbers: Sequence[int]) -> None:
        """Notify the listeners of mails that a user removed."""
        if numbers and self.removal_listeners:
            mails: list[Mail] = [*map(self.mails.refer, numbers)]
            for listener in self.removal_listeners:
                listener(mails)


class FileMails:
    """
    The mails of all hosts in the file; see `mocksmtp.store.interface.MailStore`.

    :param reader: executes searches, in a thread of its own
    :param connect: opens the connection of that thread
    """

    def __init__(
        self,
        quota: Quota,
        accounts: Accounts,
        writer: GroupWriter,
        reader: Worker,
        connect: Callable[[], sqlite3.Connection],
        clock: IReactorTime,
        path: str,
    ) -> None:
        self.quota = quota
        self._accounts = accounts
        self._writer = writer
        self._reader = reader
        self._connect = connect
        self._clock = clock
        self._path = path
        self._db: sqlite3.Connection | None = None
        self._own: sqlite3.Connection | None = None
        self._boxes: dict[str, FileMailbox] = {}
        self._by_id: dict[int, FileMailbox] = {}
        self._last_id = 0
        self._seen = 0
        self._segmented = 0
        self._loose = 0
        self._is_building = False
        self._stopped = False

    def open(self, accounts: Iterable[Account], segmented: int, last: int) -> list[int]:
        """
        Know the mailboxes that are stored.

        :param segmented: the last id in a segment
        :param last: the last id of a mail
        :return: the mailboxes that are to be purged
        """
        self._segmented, self._loose = segmented, last - segmented
        purged = []
        for account in accounts:
            self._last_id = max(self._last_id, account.id)
            if account.removed:
                purged.append(account.id)
            else:
                box = FileMailbox(self, attrs.evolve(account))
                self._boxes[account.host] = self._by_id[account.id] = box
                self._count(account.mails, account.octets)
        return purged

    def mailbox(self, host: str) -> FileMailbox:
        """The mailbox of a host."""
        box = self._boxes.get(host)
        if box is None:
            box = FileMailbox(self, self._new_account(host))
            self._boxes[host] = self._by_id[box.account.id] = box
            self._call(self._create(box.account))
        return box

    def _new_account(self, host: str) -> Account:
        self._last_id += 1
        return Account(self._last_id, host)

    def _create(self, account: Account) -> Callable[[sqlite3.Connection], None]:
        account = attrs.evolve(account)

        def create(db: sqlite3.Connection) -> None:
            row = attrs.astuple(account)
            db.execute("INSERT INTO mailboxes VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", row)
            self._accounts.add(attrs.evolve(account))

        return create

    def _call(self, function: Callable[[sqlite3.Connection], Any]) -> Deferred[Any]:
        done = self._writer.call(function)
        done.addErrback(log_error)
        return done

    def _count(self, mails: int, octets: int) -> None:
        self.quota.mails += mails
        self.quota.used += octets

    # Mails that arrive, and that are evicted.

    def keep(self, box: FileMailbox, mail: Mail) -> Deferred[Mail | None]:
        """Store a mail."""
        return self._writer.submit(_Keep(self._accounts, mail, box, self._kept))

    def _kept(self, evicted: list[tuple[int, int, int]], task: _Keep) -> None:
        mail, box = task.mail, task.box
        account = box.account
        account.total += 1
        account.total_octets += len(mail.content)
        # Otherwise all mails were removed meanwhile, this one included.
        if account.id == task.mailbox:
            account.mails += 1
            account.octets += mail.weight
            self._count(1, mail.weight)
        if evicted:
            self._count_evicted(evicted)
        self._loose += 1
        if self._loose >= segments.SEGMENT and not self._is_building:
            self.build_segments()
        if box.listeners:
            box.report(mail)

    def _count_evicted(self, evicted: list[tuple[int, int, int]]) -> None:
        for mailbox, number, weight in evicted:
            box = self._by_id.get(mailbox)
            if box is not None and box.account.id == mailbox:
                count_out(box.account, weight)
                box.account.evictions += 1
                box.account.evicted = number
                self._count(-1, -weight)
            self.quota.evictions += 1

    def build_segments(self) -> None:
        """Add a segment, and further ones as long as there are enough mails."""
        self._is_building = True
        after = self._segmented
        done = self._call(lambda db: segments.build(db, after))
        done.addCallback(self._built)

    def _built(self, last: int | None) -> None:
        self._is_building = False
        if last is None:
            # Too few are left, for others were removed: not before there are more.
            self._loose = 0
            return
        self._segmented, self._loose = last, self.quota.last - last
        if self._loose >= segments.SEGMENT and not self._stopped:
            self.build_segments()

    def evict_surplus(self) -> None:
        """Evict mails until the limits are met, which may be new ones."""

        def again(evicted: list[tuple[int, int, int]] | None) -> None:
            if evicted and not self._stopped:
                self._count_evicted(evicted)
                self._clock.callLater(_PURGE_PAUSE, self.evict_surplus)

        quota = self.quota
        if quota.mails > quota.max_mails or quota.used > quota.max_bytes:
            self._call(self._accounts.evict).addCallback(again)

    def evict_older(self, box: FileMailbox, limit: float) -> Deferred[float | None]:
        """Evict the oldest mails of a mailbox, as long as they arrived before."""
        mailbox = box.account.id

        def evict(db: sqlite3.Connection) -> tuple[list[Any], float | None]:
            evicted: list[tuple[int, int, int]] = []
            rows = db.execute(
                "SELECT id, weight, receivedAt FROM mails WHERE mailbox = ? ORDER BY id"
                " LIMIT 1001",
                (mailbox,),
            ).fetchall()
            for number, weight, received_at in rows:
                if received_at >= limit or len(evicted) == 1000:
                    return evicted, received_at
                delete(db, number)
                self._accounts.count_evicted(mailbox, number, weight)
                evicted.append((mailbox, number, weight))
            return evicted, None

        def count(result: tuple[list[Any], float | None] | None) -> float | None:
            if result is None:
                return None
            self._count_evicted(result[0])
            return result[1]

        return self._call(evict).addCallback(count)

    # Mails that are removed.

    def clear(self, box: FileMailbox) -> None:
        """Remove all mails of a mailbox."""
        finds = bool(box.removal_listeners)
        self._renew(box, finds).addCallback(self._discard_or_not)

    def close_mailbox(self, box: FileMailbox) -> None:
        """Remove a mailbox with its mails."""
        self._boxes.pop(box.account.host, None)
        self.clear(box)

    def _renew(
        self, box: FileMailbox, finds: bool = False
    ) -> Deferred[FileRemoval | None]:
        """Make the mails of a mailbox a removal, and give it a new account."""
        old = box.account
        self._count(-old.mails, -old.octets)
        self._last_id += 1
        fresh = attrs.evolve(old, id=self._last_id, mails=0, octets=0)
        self._by_id.pop(old.id, None)
        self._by_id[fresh.id] = box
        box.account = fresh
        create = self._create(fresh)

        def renew(db: sqlite3.Connection) -> FileRemoval:
            create(db)
            account = self._accounts.remove(old.id)
            # Those that were stored since the account was copied.
            current = self._accounts.of(fresh.id)
            current.total, current.total_octets = account.total, account.total_octets
            numbers: list[int] = []
            if finds:
                found = "SELECT id FROM mails WHERE mailbox = ? ORDER BY id"
                numbers = [number for (number,) in db.execute(found, (old.id,))]
            return FileRemoval(numbers, [old.id])

        def keep_old(removal: FileRemoval | None) -> FileRemoval | None:
            if removal is None:
                # It could not be stored: the mails are kept.
                self._by_id.pop(fresh.id, None)
                self._by_id[old.id] = box
                box.account = old
                self._count(old.mails, old.octets)
            else:
                box.report_removed(removal.numbers)
            return removal

        return self._call(renew).addCallback(keep_old)

    def remove_all(self, host: str | None) -> Deferred[Removal]:
        """Remove all mails of a host, or of all hosts."""
        whole = FileRemoval([])
        last: Deferred[Any] = Deferred()
        last.callback(None)
        for box in self._scope(host):
            done = self._renew(box, finds=True)
            done.addCallback(_join, whole)
            last = done
        return apart(last.addCallback(lambda _: whole), self.discard)

    def remove(self, host: str | None, numbers: Sequence[int]) -> Deferred[Removal]:
        """Remove mails."""
        return apart(self._remove(host, numbers, 0), self.discard)

    def take(
        self, host: str | None, numbers: Sequence[int], at_least: int
    ) -> Deferred[Removal]:
        """Remove mails, or none if fewer than `at_least` are kept."""

        def put_back(removal: Removal) -> None:
            self.restore(removal)
            self.discard(removal)

        return apart(self._remove(host, numbers, at_least), put_back)

    def restore(self, removal: Removal) -> Deferred[list[tuple[str, int]]]:
        """Keep the mails of a removal again."""
        assert isinstance(removal, FileRemoval)
        given, (holder,) = removal.rows, removal.mailboxes

        def restore(db: sqlite3.Connection) -> list[tuple[int, int, int]]:
            restored = []
            for mailbox, number, weight in given:
                if self._accounts.is_kept(mailbox):
                    db.execute(
                        "UPDATE mails SET mailbox = ? WHERE id = ? AND mailbox = ?",
                        (mailbox, number, holder),
                    )
                    self._accounts.count_back(mailbox, number, weight)
                    restored.append((mailbox, number, weight))
            return restored

        def count(rows: list[tuple[int, int, int]] | None) -> list[tuple[str, int]]:
            kept = []
            for mailbox, number, weight in rows or ():
                box = self._by_id.get(mailbox)
                if box is not None:
                    count_out(box.account, weight, -1)
                    self._count(1, weight)
                    kept.append((box.account.host, number))
            self.evict_surplus()
            return kept

        return self._call(restore).addCallback(count)

    def _remove(
        self, host: str | None, numbers: Sequence[int], at_least: int
    ) -> Deferred[FileRemoval]:
        scope = self._ids(host)
        removal = self._new_account("")
        removal.removed = 1
        create = self._create(removal)
        given = list(numbers)

        def remove(db: sqlite3.Connection) -> list[tuple[int, int, int]]:
            rows = db.execute(
                "SELECT mailbox, id, weight FROM mails"
                f" WHERE id IN {_AMONG} AND mailbox IN {_AMONG} ORDER BY id",
                (_array(given), _array(scope)),
            ).fetchall()
            if len(rows) < at_least:
                return []
            if rows:
                create(db)
            for mailbox, number, weight in rows:
                db.execute(
                    "UPDATE mails SET mailbox = ? WHERE id = ?", (removal.id, number)
                )
                self._accounts.count_out(mailbox, weight)
            return rows

        def count(rows: list[tuple[int, int, int]]) -> FileRemoval:
            removed: dict[int, list[int]] = {}
            for mailbox, number, weight in rows:
                removed.setdefault(mailbox, []).append(number)
                box = self._by_id.get(mailbox)
                if box is not None:
                    count_out(box.account, weight)
                    self._count(-1, -weight)
            for mailbox, found in removed.items():
                if mailbox in self._by_id:
                    self._by_id[mailbox].report_removed(found)
            return FileRemoval([number for _, number, _ in rows], [removal.id], rows)

        return self._writer.call(remove).addCallback(count)

    def forget(self, host: str) -> None:
        """Do nothing: no other process uses the file."""

    def discard(self, removal: Removal) -> None:
        """Delete the rows of a removal."""
        assert isinstance(removal, FileRemoval)
        for mailbox in removal.mailboxes:
            self.purge(mailbox)

    def _discard_or_not(self, removal: FileRemoval | None) -> None:
        if removal is not None:
            self.discard(removal)

    def purge(self, mailbox: int) -> None:
        """Delete the rows of a removed mailbox, a few at a time."""

        def purge(db: sqlite3.Connection) -> bool:
            found = "SELECT id FROM mails WHERE mailbox = ? LIMIT ?"
            rows = db.execute(found, (mailbox, _PURGE)).fetchall()
            numbers = _array([number for (number,) in rows])
            db.execute(f"DELETE FROM mails WHERE id IN {_AMONG}", (numbers,))
            db.execute(f"DELETE FROM contents WHERE id IN {_AMONG}", (numbers,))
            if len(rows) == _PURGE:
                return True
            db.execute("DELETE FROM mailboxes WHERE id = ?", (mailbox,))
            self._accounts.drop(mailbox)
            segments.clean(db)
            return False

        def again(more: bool | None) -> None:
            if more and not self._stopped:
                is_busy, self._seen = self.quota.last != self._seen, self.quota.last
                pause = _BUSY_PAUSE if is_busy else _PURGE_PAUSE
                self._clock.callLater(pause, self.purge, mailbox)

        if not self._stopped:
            self._call(purge).addCallback(again)

    def stop(self) -> None:
        """Purge nothing more; the next start continues."""
        self._stopped = True

    # Mails that are read.

    @property
    def evicted(self) -> int:
        """The highest number of a mail that was evicted, 0 for none."""
        return max((box.evicted for box in self._boxes.values()), default=0)

    def count(self, host: str | None) -> int:
        """The number of mails."""
        return sum(map(len, self._scope(host)))

    def _scope(self, host: str | None) -> list[FileMailbox]:
        if host is None:
            return [*self._boxes.values()]
        box = self._boxes.get(host)
        return [] if box is None else [box]

    def _ids(self, host: str | None) -> list[int]:
        return [box.account.id for box in self._scope(host)]

    def _read(self, function: Callable[..., Any], *arguments: Any) -> Deferred[Any]:
        def read() -> Any:
            if self._db is None:
                self._db = self._connect()
            try:
                return function(self._db, *arguments)
            except sqlite3.Error as error:
                raise error_of(error, self._path) from error

        return self._reader.run(read)

    def search(
        self,
        host: str | None,
        query: MailQuery,
        after: int,
        before: int,
        limit: int | None,
        newest_first: bool,
    ) -> Deferred[Slice]:
        """Find mails, as far as is short work."""
        scope = self._scope(host)
        # The index has no texts: for most of the mails reading the table is faster.
        by_index = sum(map(len, scope)) * 3 < self.quota.mails
        before = min(before, self.quota.last + 1)
        ids = [box.account.id for box in scope]
        search = _Search(ids, query, by_index, newest_first)
        return self._read(search.run, after, before, limit)

    def kept(self, host: str | None, numbers: Sequence[int]) -> Deferred[list[int]]:
        """Those of the numbers that are kept."""
        given, scope = list(numbers), self._ids(host)

        def find(db: sqlite3.Connection) -> list[int]:
            rows = db.execute(
                f"SELECT id FROM mails WHERE id IN {_AMONG} AND +mailbox IN {_AMONG}"
                " ORDER BY id",
                (_array(given), _array(scope)),
            )
            return [number for (number,) in rows]

        return self._read(find)

    def load(
        self, numbers: Sequence[int], host: str | None = None
    ) -> Deferred[list[Mail]]:
        """The mails with these numbers, as many as fit into `LOAD_OCTETS`."""
        given, scope = list(numbers), None if host is None else self._ids(host)

        def load(db: sqlite3.Connection) -> list[Mail]:
            mails, octets = [], 0
            for number in given:
                row = db.execute(_WITH_MAILBOX, (number,)).fetchone()
                if row is not None and (scope is None or row[-1] in scope):
                    mail = mail_of(row[:-1])
                    mails.append(mail)
                    octets += len(mail.content)
                    if octets >= LOAD_OCTETS:
                        break
            return mails

        return self._read(load)

    def refer(self, number: int) -> ReadMail:
        """A mail that is read when it is used."""
        return ReadMail(number, self._read_now)

    def _read_now(self, number: int) -> Mail:
        """
        Read a mail in the thread of the reactor: a row takes 20 µs, and to wait for
        another thread five times as much.

        :raises KeyError: it is neither kept nor part of a removal
        """
        if self._own is None:
            self._own = self._connect()
        try:
            row = self._own.execute(_ONE, (number,)).fetchone()
        except sqlite3.Error as error:
            raise error_of(error, self._path) from error
        if row is None:
            raise KeyError(number)
        return mail_of(row)

    def close_reader(self) -> Deferred[None]:
        """Close the connections that read."""
        if self._own is not None:
            self._own.close()
            self._own = None

        def close() -> None:
            if self._db is not None:
                self._db.close()
                self._db = None

        return self._reader.run(close)


class _Search:
    """
    A search, in the thread that reads.

    :param ids: the mailboxes
    :param by_index: whether the index finds the mails of these mailboxes
    """

    def __init__(
        self, ids: list[int], query: MailQuery, by_index: bool, newest_first: bool
    ) -> None:
        self._ids = frozenset(ids)
        self._query = query
        self._newest_first = newest_first
        self._is_everything = not query.filters
        found = (each.needle for each in query.filters)
        needles = [one for one in found if one is not None and one.isprintable()]
        self._needles = [clean(one).encode() for one in needles if clean(one) == one]
        conditions = ["id > ?", "id < ?"]
        self._values: list[Any] = []
        column = "mailbox" if by_index or self._is_everything else "+mailbox"
        if len(ids) == 1:
            conditions.append(f"{column} = ?")
            self._values.append(ids[0])
        else:
            conditions.append(f"+mailbox IN {_AMONG}")
            self._values.append(_array(ids))
        for needle in self._needles:
            conditions.append("instr(texts, ?) > 0")
            self._values.append(needle.decode())
        if query.since is not None:
            conditions.append("receivedAt >= ?")
            self._values.append(query.since)
        if query.until is not None:
            conditions.append("receivedAt < ?")
            self._values.append(query.until)
        order = "DESC" if newest_first else "ASC"
        self._sql = (
            f"SELECT id FROM mails WHERE {' AND '.join(conditions)}"
            f" ORDER BY id {order} LIMIT ?"
        )
        # An index that finds few mails is faster than any search of texts.
        self._uses_segments = bool(self._needles) and not by_index

    def run(
        self, db: sqlite3.Connection, after: int, before: int, limit: int | None
    ) -> Slice:
        """Search until there is enough, or the time of a slice is over."""
        until = time.monotonic() + SLICE
        found: list[int] = []
        covered = segments.end_of(db) if self._uses_segments else 0
        while before - after > 1:
            wanted = _WINDOW if limit is None else limit - len(found)
            low, high, segment = self._window(db, after, before, covered)
            if self._is_everything:
                numbers, rest = self._all(db, low, high, wanted)
            else:
                candidates, rest = self._candidates(db, low, high, segment)
                numbers, stopped = self._matching(db, candidates, wanted, until)
                rest = rest if stopped is None else stopped
            found += numbers
            if self._newest_first:
                before = low + 1 if rest is None else rest
            else:
                after = high - 1 if rest is None else rest
            if len(found) == limit:
                return Slice(found, None)
            if time.monotonic() >= until:
                break
        if before - after <= 1:
            return Slice(found, None)
        return Slice(found, before if self._newest_first else after)

    def _window(
        self, db: sqlite3.Connection, after: int, before: int, covered: int
    ) -> tuple[int, int, segments.Segment | None]:
        """The next range of numbers, and the segment that has its texts."""
        if self._is_everything:
            return after, before, None
        if self._newest_first:
            if before > covered + 1:
                return max(after, covered, before - _WINDOW), before, None
            segment = segments.preceding(db, before)
            low = after if segment is None else max(after, segment.first - 1)
            return low, before, segment
        if after >= covered:
            return after, min(before, after + _WINDOW), None
        segment = segments.following(db, after)
        high = before if segment is None else min(before, segment.last + 1)
        return after, high, segment

    def _all(
        self, db: sqlite3.Connection, low: int, high: int, wanted: int
    ) -> tuple[list[int], int | None]:
        """All mails of a range; and the last number, if there may be more."""
        rows = db.execute(self._sql, (low, high, *self._values, wanted)).fetchall()
        numbers = [number for (number,) in rows]
        return numbers, numbers[-1] if len(numbers) == wanted else None

    def _candidates(
        self,
        db: sqlite3.Connection,
        low: int,
        high: int,
        segment: segments.Segment | None,
    ) -> tuple[list[int], int | None]:
        """The mails of a range that may match; and the last one, if there are more."""
        if segment is None:
            values = (low, high, *self._values, _CANDIDATES)
            numbers = [number for (number,) in db.execute(self._sql, values)]
            return numbers, numbers[-1] if len(numbers) == _CANDIDATES else None
        numbers = [*segment.candidates(self._needles, low, high)]
        return numbers[::-1] if self._newest_first else numbers, None

    def _matching(
        self, db: sqlite3.Connection, candidates: list[int], wanted: int, until: float
    ) -> tuple[list[int], int | None]:
        """Those that match; and the last one that was looked at, if not all were."""
        found: list[int] = []
        for number in candidates:
            row = db.execute(_WITH_MAILBOX, (number,)).fetchone()
            if row is None or row[-1] not in self._ids:
                continue
            if self._query.matches(mail_of(row[:-1])):
                found.append(number)
            if len(found) == wanted or time.monotonic() >= until:
                return found, number
        return found, None


def _array(numbers: Iterable[int]) -> str:
    return orjson.dumps([*numbers]).decode()


def _join(part: FileRemoval | None, whole: FileRemoval) -> None:
    if part is not None:
        whole.numbers += part.numbers
        whole.numbers.sort()
        whole.mailboxes += part.mailboxes
