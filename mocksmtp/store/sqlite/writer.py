"""Writes in groups: one transaction has all that is waiting, of all connections.

While a transaction is being committed, further work waits; the next transaction has all
of it. So the time of a commit is shared by the mails that arrive during the one before.
A transaction that fails is repeated, each piece of work in a transaction of its own:
a mail that is too large for the disk does not affect others.
"""

from __future__ import annotations

import sqlite3
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

_FULL = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_TOOBIG}
_WRITING = {
    sqlite3.SQLITE_IOERR_WRITE,
    sqlite3.SQLITE_IOERR_TRUNCATE,
    sqlite3.SQLITE_IOERR_FSYNC,
    sqlite3.SQLITE_IOERR_SHMSIZE,
}


class Task(Protocol):
    """A piece of work in a transaction."""

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

    def save(self, db: sqlite3.Connection) -> None:
        """All tasks are done; the transaction is about to be committed."""

    def end(self) -> None:
        """It is committed."""


class Function:
    """A task that is a function of the connection."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[[sqlite3.Connection], Any]) -> None:
        self._function = function

    @classmethod
    def do_all(cls, db: sqlite3.Connection, tasks: list[Function]) -> list[Any]:
        """Call the functions."""
        return [task._function(db) for task in tasks]  # noqa: SLF001 - of this class


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
    :param ledger: called in the thread, before and after the tasks of a transaction

    :ivar failure: why the last group was not stored as a whole, in one line, or None
    """

    def __init__(
        self,
        worker: Worker,
        connect: Callable[[], sqlite3.Connection],
        soon: Callable[[Callable[[], None]], object],
        path: str,
        ledger: Ledger,
    ) -> None:
        self._worker = worker
        self._connect = connect
        self._soon = soon
        self._path = path
        self._ledger = ledger
        self._db: sqlite3.Connection | None = None
        self._waiting: list[tuple[Task, Deferred[Any]]] = []
        self._is_scheduled = False
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
        done = self._worker.run(lambda: self._execute(tasks))
        done.addBoth(self._end, [one for _, one in group])

    def _end(self, outcomes: Any, group: list[Deferred[Any]]) -> None:
        if self._waiting:
            self._soon(self._begin)
        else:
            self._is_scheduled = False
        if isinstance(outcomes, Failure):
            outcomes = [outcomes] * len(group)
        failures = [one for one in outcomes if isinstance(one, Failure)]
        self.failure = str(failures[-1].value) if failures else None
        for done, outcome in zip(group, outcomes, strict=True):
            if not done.called:
                done.callback(outcome)

    # In the thread of the worker.

    def _execute(self, tasks: list[Task]) -> list[Any]:
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

    def _commit(self, tasks: list[Task]) -> list[Any]:
        if self._db is None:
            self._db = self._connect()
        db, ledger = self._db, self._ledger
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
