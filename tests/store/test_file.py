"""The file of a store"""

from __future__ import annotations

import errno
import fcntl
import os
import sqlite3
import time
from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import TestCase

from mocksmtp.mail.mail import Mail
from mocksmtp.mail.quota import Quota
from mocksmtp.mail.search import EVERYTHING, MailQuery
from mocksmtp.store.interface import Kind, StorageFull, Store, StoreError
from mocksmtp.store.sqlite import mails as file_mails
from mocksmtp.store.sqlite import schema, segments, writer
from mocksmtp.store.sqlite.reading import FileReader
from mocksmtp.store.sqlite.store import FileSettings, FileStore
from mocksmtp.store.worker import InlineWorker
from tests.store.case import FileCase, MemoryCase

T = TypeVar("T")


class RestartTests(FileCase):
    """A file that is opened again"""

    def test_mails_are_what_they_were(self) -> None:
        """With their exact octets, envelope, origin and time."""
        content = bytes(range(256)) + "Grüße\r\n".encode()
        before = self.keep(content, ("a@x.test", "b@x.test", "a@x.test"))
        self.reopen()
        self.assertEqual(self.restored.mails, 1)
        self.assertEqual(self.restored.last_session, 7)
        (mail,) = self.result(self.store.mails.load([1]))
        self.assertEqual(mail, before)
        self.assertEqual(len(self.box), 1)

    def test_numbers_are_never_used_again(self) -> None:
        """Not even that of the newest mail, after it was removed."""
        self.keep()
        self.keep()
        self.box.clear()
        self.reopen()
        self.assertEqual((self.restored.mails, self.keep().number), (0, 3))

    def test_counters(self) -> None:
        """Those of evictions and of all mails go on."""
        self.reopen(max_mails=1)
        for _ in range(3):
            self.keep()
        self.reopen(max_mails=1)
        self.assertEqual((self.box.total, self.box.evictions), (3, 2))
        self.assertEqual(self.box.evicted, 2)

    def test_removed_mails_do_not_return(self) -> None:
        """Also if the process ends before their rows are deleted."""
        for _ in range(3):
            self.keep()
        removal = self.result(self.store.mails.remove("default", [1, 2]))
        self.assertEqual(removal.numbers, [1, 2])
        self.reopen()
        self.assertEqual(len(self.box), 1)
        found = self.result(
            self.store.mails.search("default", EVERYTHING, 0, 99, None, False)
        )
        self.assertEqual(found.numbers, [3])
        self.clock.advance(1)
        with sqlite3.connect(self.path) as db:
            rows = db.execute("SELECT id FROM contents").fetchall()
        self.assertEqual(rows, [(3,)])

    def test_documents(self) -> None:
        """By their kinds and names; None removes one."""
        key = (Kind.SERVICE, "x")
        self.assertTrue(self.restored.is_new)
        self.store.save([(key, {"a": [1, "é"]}), ((Kind.SERVICE, "y"), 2)])
        self.store.save([((Kind.SERVICE, "y"), None)])
        self.reopen()
        self.assertFalse(self.restored.is_new)
        self.assertEqual(self.restored.state, {Kind.SERVICE: {"x": {"a": [1, "é"]}}})

    def test_no_mail_is_removed_twice(self) -> None:
        """Of two removals each mail is part of one."""
        for _ in range(3):
            self.keep()
        first = self.store.mails.remove("default", [1, 2])
        second = self.store.mails.remove("default", [2, 3])
        numbers = [self.result(one).numbers for one in (first, second)]
        self.assertEqual(numbers, [[1, 2], [3]])

    def test_a_reader(self) -> None:
        """Reads mails and state beside the service, without secrets."""
        self.keep(b"one")
        self.keep(b"two")
        self.result(self.store.mails.remove("default", [1]))
        host = {
            "tls": {"certificate": {"certificatePem": "c", "keyPem": "k"}},
            "auth": {"users": {"bob": "secret"}},
        }
        self.store.save([((Kind.HOST, "a"), host), ((Kind.CERTIFICATE, "b"), "key")])
        self.result(self.store.flush())
        reader = FileReader(self.path)
        self.addCleanup(reader.close)
        self.assertEqual([mail.content for mail in reader.mails()], [b"two"])
        state = reader.state()
        self.assertEqual([*state], ["host"])
        self.assertEqual(state["host"]["a"]["auth"], {"users": {"bob": None}})
        self.assertIsNone(state["host"]["a"]["tls"]["certificate"]["keyPem"])
        self.assertRaises(StoreError, FileReader, self.path + "x")


class SearchTests(FileCase):
    """Searches, in parts"""

    def test_parts_are_short(self) -> None:
        """Once the time of a part is over, the next one continues after it."""
        for number in range(1, 40):
            self.keep(b"Subject: %d%s\r\n\r\n" % (number, b"x" * (number % 3 == 0)))
        self.patch(file_mails, "SLICE", 0.0)
        self.patch(file_mails, "_WINDOW", 7)
        wanted = [number for number in range(1, 40) if number % 3 == 0]
        query = MailQuery(subject="x")
        numbers, parts = self.found(query)
        self.assertEqual(numbers, wanted)
        self.assertGreater(parts, 5)
        numbers, parts = self.found(query, newest_first=True)
        self.assertEqual(numbers, wanted[::-1])
        numbers, _ = self.found(query, newest_first=True, limit=4)
        self.assertEqual(numbers, wanted[:-5:-1])
        self.assertEqual(self.found(EVERYTHING)[0], [*range(1, 40)])
        self.assertEqual(
            self.found(EVERYTHING, newest_first=True, limit=2)[0], [39, 38]
        )

    def test_segments(self) -> None:
        """Texts of many mails in a row are searched together, also after removals."""
        self.check_segments(4)

    def test_joined_segments(self) -> None:
        """The same where segments are joined."""
        self.patch(segments, "JOINED", 3)
        self.check_segments(2)

    def check_segments(self, number_of: int) -> None:
        """Search in so many segments."""
        self.patch(segments, "SEGMENT", 5)
        self.patch(file_mails, "_WINDOW", 3)
        for number in range(1, 24):
            self.keep(b"Subject: %d%s\r\n\r\n" % (number, b"x" * (number % 3 == 0)))
        for _ in range(10):
            self.clock.advance(0)
        wanted = [number for number in range(1, 24) if number % 3 == 0]
        query = MailQuery(subject="x")
        with sqlite3.connect(self.path) as db:
            (count,) = db.execute("SELECT count(*) FROM segments").fetchone()
        self.assertEqual(count, number_of)
        for slice_ in (10.0, 0.0):
            self.patch(file_mails, "SLICE", slice_)
            self.assertEqual(self.found(query)[0], wanted)
            self.assertEqual(self.found(query, newest_first=True)[0], wanted[::-1])
            found, _ = self.found(query, newest_first=True, limit=3)
            self.assertEqual(found, wanted[:-4:-1])
            self.assertEqual(self.found(query, limit=3)[0], wanted[:3])
        self.assertEqual(self.found(MailQuery(subject="7"))[0], [7, 17])
        self.result(self.store.mails.remove("default", [6, 21]))
        removed = [number for number in wanted if number not in (6, 21)]
        self.assertEqual(self.found(query)[0], removed)
        self.reopen()
        self.assertEqual(self.found(query, newest_first=True)[0], removed[::-1])
        removal = self.result(self.store.mails.remove_all("default"))
        self.store.mails.discard(removal)
        for _ in range(5):
            self.clock.advance(1)
        with sqlite3.connect(self.path) as db:
            (count,) = db.execute("SELECT count(*) FROM segments").fetchone()
        self.assertEqual((count, self.found(query)[0]), (0, []))

    def test_only_candidates_are_read(self) -> None:
        """What the index excludes is not decoded."""
        for number in range(20):
            self.keep(b"Subject: number %d\r\n\r\n" % number)
        read: list[Any] = []
        mail_of = file_mails.mail_of
        self.patch(file_mails, "mail_of", lambda row: read.append(row) or mail_of(row))
        self.assertEqual(self.found(MailQuery(subject="number 7"))[0], [8])
        self.assertEqual(len(read), 1)

    def test_a_host_with_few_mails(self) -> None:
        """Is found by the index, also among many others."""
        other = self.store.mailbox("other")
        for number in range(30):
            self.keep(box=other if number == 3 else self.box)
        found = self.result(
            self.store.mails.search(
                "other", MailQuery(subject="hi"), 0, 99, None, False
            )
        )
        self.assertEqual(found.numbers, [4])


class LockTests(FileCase):
    """One process at a time"""

    def new(self, wait: float = 0.0) -> FileStore:
        """Another store of the same file."""
        settings, worker = FileSettings(self.path, wait=wait), InlineWorker()
        return FileStore(settings, Quota(), self.clock, worker, worker)

    def refusal(self) -> str:
        """Why the file cannot be opened, without its name."""
        error = self.assertRaises(StoreError, self.new().open)
        return str(error).removeprefix(f"{self.path}: ")

    def test_a_second_store(self) -> None:
        """Is refused until the first one is closed."""
        self.assertIn("in use by another process", self.refusal())
        self.close()
        again = self.new()
        again.open()
        self.result(again.close())
        self.open()

    def test_a_file_system_without_locks(self) -> None:
        """As some network file systems are."""
        self.close()

        def lock(number: int, operation: int) -> None:
            raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

        self.patch(fcntl, "flock", lock)
        self.assertEqual(
            self.refusal(),
            "the file system has no locks (No locks available); use a local one",
        )
        self.patch(fcntl, "flock", lambda *_: None)
        self.open()

    def test_a_wait(self) -> None:
        """Ends once the file is free."""
        self.close()
        attempts: list[int] = []

        def lock(number: int, operation: int) -> None:
            attempts.append(number)
            if len(attempts) < 3:
                raise BlockingIOError(errno.EWOULDBLOCK, "in use")

        self.patch(fcntl, "flock", lock)
        self.patch(time, "sleep", lambda _: None)
        store = self.new(60.0)
        store.open()
        self.assertEqual(len(attempts), 3)
        self.result(store.close())
        self.open()


class SchemaTests(FileCase):
    """Versions of the tables"""

    def test_files_of_earlier_versions(self) -> None:
        """Get the tables of this version, and keep their mails."""
        self.keep(b"old")
        self.close()
        newer = (*schema.MIGRATIONS, "CREATE TABLE further (x);")
        self.patch(schema, "MIGRATIONS", newer)
        self.patch(schema, "VERSION", len(newer))
        self.open()
        self.assertEqual(len(self.box), 1)
        with sqlite3.connect(self.path) as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            db.execute("SELECT x FROM further")
        self.assertEqual(version, len(newer))

    def test_a_migration_that_fails(self) -> None:
        """Changes nothing."""
        self.close()
        broken = (*schema.MIGRATIONS, "CREATE TABLE further (x); SELECT nonsense;")
        self.patch(schema, "MIGRATIONS", broken)
        self.patch(schema, "VERSION", len(broken))
        store = FileStore(FileSettings(self.path), Quota(), self.clock)
        self.assertRaises(StoreError, store.open)
        with sqlite3.connect(self.path) as db:
            (version,) = db.execute("PRAGMA user_version").fetchone()
            tables = db.execute("SELECT name FROM sqlite_schema").fetchall()
        self.assertEqual(version, len(broken) - 1)
        self.assertNotIn(("further",), tables)
        self.patch(schema, "VERSION", len(broken) - 1)
        self.open()


class FullTests(FileCase):
    """A disk without space"""

    def limit(self, pages: int) -> None:
        """Let the file have at most so many pages."""
        db = self.store._writer._db
        assert db is not None
        db.execute(f"PRAGMA max_page_count = {pages}")

    def test_a_mail_that_does_not_fit(self) -> None:
        """Is refused, and others of the same group are stored."""
        mail = self.keep()
        self.limit(60)
        large, small = b"x" * 400_000, b"y" * 100
        waiting = [
            self.box.keep(mail.envelope, content, 1.0, mail.origin)
            for content in (small, large, small)
        ]
        for _ in range(5):
            self.clock.advance(0)
        self.assertEqual(self.result(waiting[0]).number, 2)
        assert isinstance(waiting[1], Deferred)
        self.failureResultOf(waiting[1], StorageFull)
        self.assertEqual(self.result(waiting[2]).number, 4)
        self.assertEqual((len(self.box), self.store.quota.mails), (3, 3))
        self.limit(10_000)
        self.assertEqual(self.keep(large).number, 5)
        self.assertIsNone(self.store.failure)

    def test_state_that_does_not_fit(self) -> None:
        """Is an error, and is stored as soon as there is space."""
        self.keep()
        self.limit(30)
        self.store.save([((Kind.SERVICE, "x"), "x" * 1_000_000)])
        for _ in range(5):
            self.clock.advance(0)
        self.assertIsNotNone(self.store.failure)
        self.assertRaises(StoreError, self.store.flush)
        self.limit(10_000)
        self.clock.advance(1)
        self.assertIsNone(self.result(self.store.flush()))
        self.reopen()
        self.assertEqual(len(self.restored.state[Kind.SERVICE]["x"]), 1_000_000)
        self.flushLoggedErrors()


class CountingWorker(InlineWorker):
    """Counts what it is given."""

    calls = 0

    def run(self, work: Callable[[], T]) -> Deferred[T]:
        """Call `work` now."""
        self.calls += 1
        return super().run(work)


class CountingCase(FileCase):
    """A file with a worker that counts."""

    full = False

    def new_store(self, quota: Quota) -> Store:
        self.path = os.path.abspath(self.mktemp())
        self.worker = CountingWorker()
        settings = FileSettings(self.path, full=self.full)
        return FileStore(settings, quota, self.clock, self.worker, InlineWorker())

    def calls_for(self, *contents: bytes) -> int:
        """How often the worker is called for mails, one after the other."""
        before = self.worker.calls
        for content in contents:
            self.keep(content)
        return self.worker.calls - before


class ShortTests(CountingCase):
    """Transactions that are executed in the thread of the reactor"""

    def test_small_mails(self) -> None:
        """The first ones follow what the start has written, and further ones do not."""
        self.calls_for(b"x", b"x")
        self.assertEqual(self.calls_for(*[b"x"] * 20), 0)

    def test_a_large_mail(self) -> None:
        """The worker stores it, and the next one."""
        self.calls_for(b"x", b"x")
        self.assertEqual(self.calls_for(b"x" * 2**20, b"x"), 2)
        self.assertEqual(self.calls_for(b"x"), 0)

    def test_checkpoints(self) -> None:
        """The worker writes the journal to the file, and no other thread does."""
        self.calls_for(b"x", b"x")
        sizes = []
        content = b"x" * 60_000
        for _ in range(400):
            before, calls = os.stat(self.path).st_size, self.worker.calls
            self.keep(content)
            if os.stat(self.path).st_size != before:
                sizes.append(self.worker.calls - calls)
        self.assertEqual({*sizes}, {1})
        self.assertLess(os.stat(f"{self.path}-wal").st_size, 40 * 2**20)

    def test_another_program_writes(self) -> None:
        """The worker waits for it."""
        self.calls_for(b"x", b"x")
        other = sqlite3.connect(self.path, isolation_level=None)
        self.addCleanup(other.close)
        other.execute("BEGIN IMMEDIATE")
        run = self.worker.run

        def end(work: Callable[[], T]) -> Deferred[T]:
            other.execute("ROLLBACK")
            return run(work)

        self.patch(self.worker, "run", end)
        self.assertEqual(self.calls_for(b"x"), 1)
        self.assertEqual(len(self.box), 3)

    def test_a_slow_disk(self) -> None:
        """The worker stores all mails for a second."""
        self.calls_for(b"x", b"x")
        self.patch(writer, "SLOW", -1.0)
        self.assertEqual(self.calls_for(b"x", b"x", b"x"), 2)

    def test_a_limit_that_is_near(self) -> None:
        """The worker evicts mails."""
        self.calls_for(b"x", b"x")
        self.store.quota.max_mails = 500
        self.assertEqual(self.calls_for(b"x", b"x"), 2)


class SyncTests(CountingCase):
    """``?sync=full``, where each transaction waits for the disk"""

    full = True

    def test_small_mails(self) -> None:
        """The worker stores each one."""
        self.calls_for(b"x", b"x")
        self.assertEqual(self.calls_for(*[b"x"] * 20), 20)


class ClockTests(TestCase):
    """A clock of the system that jumps"""

    def test_it_is_set_back(self) -> None:
        """Mails are stored at once, although timers would be an hour late."""
        store = FileStore(
            FileSettings(os.path.abspath(self.mktemp())), Quota(), reactor
        )
        store.open()
        box = store.mailbox("default")
        self.addCleanup(lambda: Deferred.fromCoroutine(store.close()))
        mail = mail_in_memory()
        kept = []

        async def keep() -> None:
            kept.append(await box.keep(mail.envelope, b"one", 1.0, mail.origin))
            self.patch(reactor, "seconds", lambda: time.time() - 3600)
            kept.append(await box.keep(mail.envelope, b"two", 0.5, mail.origin))

        def check(_: object) -> None:
            self.assertEqual([one.number for one in kept], [1, 2])

        return Deferred.fromCoroutine(keep()).addCallback(check)  # type: ignore[return-value]


def mail_in_memory() -> Mail:
    """A mail that no file has."""
    memory = MemoryCase()
    memory.clock = Clock()
    memory.open()
    return memory.keep()
