"""Writes in groups: one transaction has all that is waiting, of all connections.

While a transaction is being committed, further work waits; the next transaction has all
of it. So the time of a commit is shared by the mails that arrive during the one before.
A transaction that fails is repeated, each piece of work in a transaction of its own:
a mail that is too large for the disk does not affect others.

A short transaction is executed in the thread of the reactor: it takes less time than to
hand it to another thread, with which Python contends for its lock. What may wait for
the disk stays in the thread of the worker: the checkpoints of the journal, the
transaction after one, which begins the journal anew, and everything else if the disk is
slow, or if each commit waits for it.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable
from itertools import groupby
from typing import Any, Protocol, TypeVar

from twisted.internet.defer import Deferred
from twisted.python.failure import Failure

from mocksmtp.store.interface import StorageFull, StoreError
from mocksmtp.store.worker import Worker

T = TypeVar("T")

MAX_GROUP = 1000
"""Maximum pieces of work in a transaction, so that the first does not wait too long."""

SHORT = 256 * 1024
"""Octets that a transaction in the thread of the reactor writes at the most."""

CHECKPOINT = 4000
"""Pages of the journal after which it is written to the file, in the worker."""

_JOURNAL = CHECKPOINT * 4096
"""Octets, approximately, that short transactions write before a checkpoint is due."""

_COMMIT_OCTETS = 16 * 1024
"""Octets that any transaction writes to the journal, approximately."""

SLOW = 0.02
"""Seconds of a short transaction after which the disk is considered slow."""

SLOW_PAUSE = 1.0
"""Seconds for which all transactions are then executed in the worker."""

_SHORT_MODE = (False, False)
"""Neither waits nor checkpoints; see `GroupWriter._set_mode`."""

_BUSY_WAIT = 10_000
"""Milliseconds that the worker waits for other programs that write to the file."""

_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_TOOBIG}
_WRITING = {
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_TRUNCATE,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_SHMSIZE,
}


class Task(Protocol):
    """
    A piece of work in a transaction.

    :ivar octets: approximately how many it writes; None if it may take long
    """

    @property
    def octets(self) -> int | None:
        """See above."""

    def settle(self, outcome: Any) -> Any:
        """
        Called in the thread of the reactor with the result, or a `Failure`.

        Also if nothing waits for the task any more.

        :return: the result for what waits
        """

    @classmethod
    def do_all(cls, db: sqlite3.Connection, tasks: list[Any]) -> list[Any]:
        """
        Do tasks of this class that follow one another; return their results.

        May be called again after a transaction that has failed.
        """


class Ledger(Protocol):
    """What is counted in each transaction, and stored with it."""

    def begin(self) -> None:
        """A transaction begins; the one before may have failed."""

    @property
    def is_nearly_full(self) -> bool:
        """Whether a transaction may have to remove something."""

    def save(self, db: sqlite3.Connection) -> None:
        """All tasks are done; the transaction is about to be committed."""

    def end(self) -> None:
        """It is committed."""


class Function:
    """A task that is a function of the connection."""

    __slots__ = ("_function",)

    octets = None

    def __init__(self, function: Callable[[sqlite3.Connection], Any]) -> None:
        self._function = function

    @classmethod
    def do_all(cls, db: sqlite3.Connection, tasks: list[Function]) -> list[Any]:
        """Call the functions."""
        return [task._function(db) for task in tasks]  # noqa: SLF001 - of this class

    def settle(self, outcome: Any) -> Any:
        """The result itself."""
        return outcome


def error_of(error: sqlite3.Error, path: str) -> StoreError:
    """What an error of SQLite means for users of a store."""
    code = getattr(error, "sqlite_errorcode", 0)
    if code in _FULL or code in _WRITING:
        return StorageFull(f"{path}: no space left ({error})")
    return StoreError(f"{path}: {error}")


class GroupWriter:
    """
    Executes tasks in transactions, in order, in the thread of a worker.

    :param connect: opens the connection, in that thread
    :param soon: calls a function after the current turn of the reactor; a timer
        would be late while the clock of the system is set back
    :param path: the file, for messages
    :param ledger: called before and after the tasks of a transaction, in its thread
    :param allows_short: whether short transactions are executed without the worker

    :ivar failure: why the last group was not stored as a whole, in one line, or None
    """

    def __init__(
        self,
        worker: Worker,
        connect: Callable[[], sqlite3.Connection],
        soon: Callable[[Callable[[], None]], object],
        path: str,
        ledger: Ledger,
        allows_short: bool = True,
    ) -> None:
        self._worker = worker
        self._connect = connect
        self._soon = soon
        self._path = path
        self._ledger = ledger
        self._db: sqlite3.Connection | None = None
        self._waiting: list[tuple[Task, Deferred[Any]]] = []
        self._is_scheduled = False
        self._allows_short = allows_short
        self._mode = (True, True)
        self._db_mode: tuple[bool, bool] | None = None
        self._written = 0
        self._is_after_checkpoint = False
        self._slow_until = 0.0
        self.failure: str | None = None

    @property
    def is_idle(self) -> bool:
        """Whether all tasks are stored."""
        return not self._is_scheduled

    def submit(self, task: Task) -> Deferred[Any]:
        """Execute `task`; the Deferred fires with its result once that is stored."""
        done: Deferred[Any] = Deferred(lambda _: None)
        self._waiting.append((task, done))
        if not self._is_scheduled:
            self._is_scheduled = True
            self._soon(self._begin)
        return done

    def call(self, function: Callable[[sqlite3.Connection], T]) -> Deferred[T]:
        """Execute a function of the connection, as `submit` does."""
        return self.submit(Function(function))

    def _begin(self) -> None:
        group = self._waiting[:MAX_GROUP]
        del self._waiting[:MAX_GROUP]
        tasks = [task for task, _ in group]
        octets = self._octets_of(tasks)
        if octets is not None:
            self._written += octets
            outcomes = self._commit_now(tasks)
            if outcomes is not None:
                self._end(outcomes, group)
                return
        may_checkpoint = octets is None or self._written >= _JOURNAL
        done = self._worker.run(lambda: self._execute(tasks, may_checkpoint))
        done.addBoth(self._end, group)

    def _octets_of(self, tasks: list[Task]) -> int | None:
        """How many octets a transaction writes; None if it may take long."""
        total = _COMMIT_OCTETS
        for task in tasks:
            octets = task.octets
            if octets is None:
                return None
            total += octets
        return total if total <= SHORT and not self._ledger.is_nearly_full else None

    def _commit_now(self, tasks: list[Task]) -> list[Any] | None:
        """Execute a short transaction; None if the worker is to do that."""
        begin = time.monotonic()
        if (
            not self._allows_short
            or self._db is None
            or self._is_after_checkpoint
            or self._written >= _JOURNAL
            or begin < self._slow_until
        ):
            return None
        try:
            self._mode = _SHORT_MODE
            return self._commit(tasks)
        except Exception:
            # The file is in use by another program, or there is no space.
            return None
        finally:
            end = time.monotonic()
            if end - begin > SLOW:
                self._slow_until = end + SLOW_PAUSE

    def _end(self, outcomes: Any, group: list[tuple[Task, Deferred[Any]]]) -> None:
        if self._waiting:
            self._soon(self._begin)
        else:
            self._is_scheduled = False
        if isinstance(outcomes, Failure):
            outcomes = [outcomes] * len(group)
        failures = [one for one in outcomes if isinstance(one, Failure)]
        self.failure = str(failures[-1].value) if failures else None
        for (task, done), outcome in zip(group, outcomes, strict=True):
            result = task.settle(outcome)
            if not done.called:
                done.callback(result)

    # In the thread of the worker.

    def _execute(self, tasks: list[Task], may_checkpoint: bool) -> list[Any]:
        """
        Execute tasks.

        :param may_checkpoint: whether the journal is written to the file if it is long
        """
        if may_checkpoint:
            self._written = 0
        self._is_after_checkpoint = may_checkpoint
        self._mode = (True, may_checkpoint)
        try:
            return self._commit(tasks)
        except Exception as error:
            if len(tasks) == 1:
                return [self._failure(error)]
        outcomes = []
        for task in tasks:
            try:
                outcomes += self._commit([task])
            except Exception as error:
                outcomes.append(self._failure(error))
        return outcomes

    def _failure(self, error: Exception) -> Failure:
        if isinstance(error, sqlite3.Error):
            return Failure(error_of(error, self._path))
        return Failure(error)

    def _set_mode(self, db: sqlite3.Connection, waits: bool, checkpoints: bool) -> None:
        """
        Set what a commit does.

        :param waits: whether it waits for other programs that use the file
        :param checkpoints: whether it writes the journal to the file if it is long
        """
        db.execute(f"PRAGMA busy_timeout = {_BUSY_WAIT if waits else 0}")
        db.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT if checkpoints else 0}")
        self._db_mode = (waits, checkpoints)

    def _commit(self, tasks: list[Task]) -> list[Any]:
        if self._db is None:
            self._db, self._db_mode = self._connect(), None
        db, ledger = self._db, self._ledger
        if self._mode != self._db_mode:
            self._set_mode(db, *self._mode)
        ledger.begin()
        db.execute("BEGIN IMMEDIATE")
        try:
            outcomes: list[Any] = []
            kind: type[Task]
            for kind, row in groupby(tasks, type):
                outcomes += kind.do_all(db, list(row))
            ledger.save(db)
            db.execute("COMMIT")
        except BaseException:
            if db.in_transaction:
                db.execute("ROLLBACK")
            raise
        ledger.end()
        return outcomes

    def close(self) -> Deferred[None]:
        """Close the connection, after all tasks that are waiting."""
        return self._worker.run(self._close)

    def _close(self) -> None:
        if self._db is not None:
            self._db.close()
            self._db = None
