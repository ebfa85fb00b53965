"""The store in a file: opens it, and stores documents of the state."""

from __future__ import annotations

import itertools
import os
import sqlite3
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import attrs
import orjson
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from mocksmtp.mail.quota import Quota
from mocksmtp.store.interface import (
    Document,
    Key,
    Kind,
    Restored,
    StoreError,
    awaited,
)
from mocksmtp.store.replicas import Replicas
from mocksmtp.store.sqlite import segments
from mocksmtp.store.sqlite.accounts import Accounts
from mocksmtp.store.sqlite.lock import FileLock
from mocksmtp.store.sqlite.mails import FileMailbox, FileMails
from mocksmtp.store.sqlite.schema import APPLICATION, VERSION, migrate, version_of
from mocksmtp.store.sqlite.writer import CHECKPOINT, GroupWriter, error_of
from mocksmtp.store.worker import ThreadWorker, Worker

RETRY = 1.0
"""Seconds until documents that could not be stored are stored again."""

_MAGIC = b"SQLite format 3\0"
_VERSION_AT, _APPLICATION_AT, _HEADER = 60, 68, 100

_SAVE = "INSERT OR REPLACE INTO state VALUES (?, ?, ?)"
_DELETE = "DELETE FROM state WHERE kind = ? AND name = ?"

_log = Logger()


@attrs.frozen
class FileSettings:
    """
    How a file is opened.

    :ivar full: whether each commit waits for the disk, so that a power cut loses
        nothing either
    :ivar wait: seconds to wait for another process that uses the file
    """

    path: str
    full: bool = False
    wait: float = 0.0


def connect(settings: FileSettings) -> sqlite3.Connection:
    """
    Open a connection to the file.

    :raises sqlite3.Error: the file cannot be opened
    """
    db = sqlite3.connect(
        settings.path,
        timeout=10,
        isolation_level=None,
        check_same_thread=False,
        # A statement for each number of mails that are inserted together, and others.
        cached_statements=256,
    )
    try:
        (mode,) = db.execute("PRAGMA journal_mode = WAL").fetchone()
        if mode != "wal":
            raise StoreError(f"{settings.path}: the file system does not support WAL")
        db.execute(f"PRAGMA synchronous = {'FULL' if settings.full else 'NORMAL'}")
        db.execute("PRAGMA cache_size = -16000")
        db.execute("PRAGMA temp_store = MEMORY")
        db.execute(f"PRAGMA wal_autocheckpoint = {CHECKPOINT}")
        db.execute(f"PRAGMA journal_size_limit = {64 * 2**20}")
    except BaseException:
        db.close()
        raise
    return db


def check_header(path: str, must_exist: bool = False) -> None:
    """
    Refuse a file that is not a store, before anything of it is changed.

    :param must_exist: whether the file is only read
    :raises StoreError: it is not, or it cannot be written
    """
    if not must_exist:
        _check_writable(path)
    elif not os.path.exists(path):
        raise StoreError(f"{path}: does not exist")
    if not os.path.exists(path):
        return
    if not os.path.isfile(path):
        raise StoreError(f"{path}: is not a regular file")
    try:
        with open(path, "rb") as file:
            header = file.read(_HEADER)
    except OSError as error:
        raise StoreError(f"{path}: {error.strerror}") from None
    if header or must_exist:
        _check_fields(path, header)


def _check_writable(path: str) -> None:
    folder = os.path.dirname(path) or "."
    if not os.path.isdir(folder):
        raise StoreError(f"{path}: the directory does not exist")
    if os.path.isdir(path):
        raise StoreError(f"{path}: is a directory; give the name of a file in it")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StoreError(f"{path}: the directory is not writable")
    if os.path.isfile(path) and not _is_writable(path):
        raise StoreError(f"{path}: is read-only")


def _is_writable(path: str) -> bool:
    """Whether the file can be opened for writing, also by root."""
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CLOEXEC))
    except OSError:
        return False
    return True


def _check_fields(path: str, header: bytes) -> None:
    if not header.startswith(_MAGIC) or len(header) < _HEADER:
        raise StoreError(f"{path}: is not a database of mocksmtp")
    application = int.from_bytes(header[_APPLICATION_AT : _APPLICATION_AT + 4])
    if application != APPLICATION:
        raise StoreError(f"{path}: is a database of another program")
    version = int.from_bytes(header[_VERSION_AT : _VERSION_AT + 4])
    if version > VERSION:
        raise StoreError(
            f"{path}: has version {version} of the tables; this version of mocksmtp"
            f" reads up to {VERSION}"
        )


class FileStore:
    """
    The store in a file; see `mocksmtp.store.interface.Store`.

    :param quota: the limits of all mailboxes together
    :param writer: executes transactions, `reader` searches; threads by default
    """

    keeps_state = True

    def __init__(
        self,
        settings: FileSettings,
        quota: Quota,
        reactor: Any,
        writer: Worker | None = None,
        reader: Worker | None = None,
    ) -> None:
        self.settings = settings
        self.quota = quota
        self._clock = reactor
        self._writing = writer or ThreadWorker(reactor, "store-writer")
        self._reading = reader or ThreadWorker(reactor, "store-reader")
        self._accounts = Accounts(quota)
        soon = getattr(reactor, "callFromThread", None) or partial(reactor.callLater, 0)
        self._writer = GroupWriter(
            self._writing,
            self._connect,
            soon,
            settings.path,
            self._accounts,
            allows_short=not settings.full,
        )
        self.mails = FileMails(
            quota,
            self._accounts,
            self._writer,
            self._reading,
            self._connect,
            reactor,
            settings.path,
        )
        self._lock: FileLock | None = None
        self._unsaved: dict[Key, bytes | None] = {}
        self._saving = 0
        self._error: StoreError | None = None
        self._purged: list[int] = []
        self._is_begun = self._is_closed = False

    @property
    def replicas(self) -> Replicas | None:
        """None: one process has the file."""
        return None

    @property
    def failure(self) -> str | None:
        """Why the file cannot be written at the moment, or None."""
        return self._writer.failure

    def _connect(self) -> sqlite3.Connection:
        return connect(self.settings)

    def open(self) -> Restored:
        """
        Lock the file, and read the state.

        The connection is closed again: a daemon forks after this.

        :raises StoreError: the file cannot be used
        """
        path = self.settings.path
        check_header(path)
        self._lock = FileLock(path, self.settings.wait)
        try:
            db = self._connect()
            try:
                restored = self._read(db)
                db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                db.close()
        except sqlite3.Error as error:
            self._lock.release()
            raise error_of(error, path) from None
        except StoreError:
            self._lock.release()
            raise
        return restored

    def _read(self, db: sqlite3.Connection) -> Restored:
        try:
            version = version_of(db)
        except StoreError as error:
            raise StoreError(f"{self.settings.path}: {error}") from None
        migrate(db, version)
        self._accounts.load(db)
        last = self._accounts.last
        accounts, segmented = self._accounts.all(), segments.end_of(db)
        self._purged = self.mails.open(accounts, segmented, last)
        self.quota.last = last
        self.quota.numbers = itertools.count(last + 1)
        sessions = (
            "SELECT max(CAST(session AS INTEGER)) FROM"
            " (SELECT session FROM mails ORDER BY id DESC LIMIT 1000)"
        )
        (last_session,) = db.execute(sessions).fetchone()
        state: dict[Kind, dict[str, Document]] = {}
        known = {kind.value: kind for kind in Kind}
        for kind, name, document in db.execute("SELECT * FROM state"):
            if kind in known:
                state.setdefault(known[kind], {})[name] = orjson.loads(document)
        return Restored(
            is_new=not state,
            state=state,
            mails=self.quota.mails,
            last_session=last_session or 0,
        )

    def mailbox(self, host: str) -> FileMailbox:
        """The mailbox of a host."""
        self._begin()
        return self.mails.mailbox(host)

    def _begin(self) -> None:
        """Continue what an earlier process has left to do."""
        if not self._is_begun:
            self._is_begun = True
            for mailbox in self._purged:
                self.mails.purge(mailbox)
            self.mails.evict_surplus()
            self.mails.build_segments()

    def save(self, changes: Iterable[tuple[Key, Document]]) -> None:
        """Store documents in one transaction."""
        for key, document in changes:
            value = None if document is None else orjson.dumps(document)
            self._unsaved[key] = value
        self._save()

    def _save(self) -> None:
        changes, self._unsaved = self._unsaved, {}
        if changes:
            self._saving += 1
            done = self._writer.call(lambda db: _write(db, changes))
            done.addCallbacks(self._saved, self._not_saved, errbackArgs=(changes,))

    def _saved(self, _: object) -> None:
        self._saving -= 1
        self._error = None

    def _not_saved(self, failure: Failure, changes: dict[Key, bytes | None]) -> None:
        self._saving -= 1
        _log.error("The state was not stored: {error}", error=failure.value)
        if not isinstance(failure.value, StoreError):
            _log.failure("while storing the state", failure)
        self._error = StoreError(str(failure.value))
        self._unsaved = {**changes, **self._unsaved}
        if not self._is_closed:
            self._clock.callLater(RETRY, self._save)

    def flush(self) -> Deferred[None] | None:
        """
        Wait until all that was given to the store is stored.

        :raises StoreError: the state could not be stored
        """
        if self._writer.is_idle:
            if self._error is not None:
                raise self._error
            return None
        done = self._writer.call(lambda db: None)
        return done.addBoth(lambda _: self.flush())

    async def close(self) -> None:
        """Store what is left, and release the file."""
        self._is_closed = True
        self.mails.stop()
        if self._unsaved:
            self._save()
        try:
            await awaited(self.flush())
        except StoreError as error:
            _log.error("The state was not stored: {error}", error=error)
        await self.mails.close_reader()
        await self._writer.close()
        self._writing.stop()
        self._reading.stop()
        if self._lock is not None:
            self._lock.release()
            self._lock = None


def _write(db: sqlite3.Connection, changes: Mapping[Key, bytes | None]) -> None:
    for (kind, name), document in changes.items():
        if document is None:
            db.execute(_DELETE, (kind.value, name))
        else:
            db.execute(_SAVE, (kind.value, name, document.decode()))
