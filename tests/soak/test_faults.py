"""Files that cannot be used, and disks that fail."""

from __future__ import annotations

import contextlib
import os
import resource
import sqlite3
import subprocess
import threading
from pathlib import Path

from tests.installed import BIN, FREE_PORTS, clean_environment
from tests.soak.case import FileServiceCase, ask, send, status

MIB = 2**20


class BadFileTests(FileServiceCase):
    """A file that cannot be used is reported in one line, and not changed"""

    def test_no_database(self) -> None:
        """Any other file."""
        Path(self.path).write_bytes(b"a text of mine\n" * 100)
        line = self.fail_to_start()
        self.assertEqual(
            line, f"mocksmtp: --store: {self.path}: is not a database of mocksmtp"
        )
        self.assertEqual(Path(self.path).read_bytes(), b"a text of mine\n" * 100)
        self.assertEqual(os.listdir(self.folder), ["mock.db"])

    def test_a_database_of_another_program(self) -> None:
        """It keeps its tables, and gets no others."""
        with sqlite3.connect(self.path) as db:
            db.execute("CREATE TABLE mine (x)")
        db.close()
        before = Path(self.path).read_bytes()
        self.assertIn("is a database of another program", self.fail_to_start())
        self.assertEqual(Path(self.path).read_bytes(), before)

    def test_a_newer_version(self) -> None:
        """An older program cannot know what it would destroy."""
        self.start().terminate()
        with sqlite3.connect(self.path) as db:
            db.execute("PRAGMA user_version = 99")
        db.close()
        before = Path(self.path).read_bytes()
        self.assertIn("has version 99 of the tables", self.fail_to_start())
        self.assertEqual(Path(self.path).read_bytes(), before)

    def test_directories(self) -> None:
        """One in the place of the file, and one that does not exist."""
        line = self.fail_to_start(path=self.folder)
        self.assertIn("is a directory", line)
        line = self.fail_to_start(path=f"{self.folder}/no/mock.db")
        self.assertIn("the directory does not exist", line)

    def test_an_invalid_url(self) -> None:
        """The error has an example."""
        ended = subprocess.run(
            [str(BIN / "mocksmtp"), "serve", *FREE_PORTS, "--store", "postgres://x"],
            env=clean_environment(),
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
        )
        self.assertNotEqual(ended.returncode, 0)
        (line,) = ended.stderr.splitlines()
        self.assertIn("--store: must be memory, sqlite:FILE or redis://HOST/DB", line)

    def test_a_read_only_file(self) -> None:
        """Reported at the start, not with the first mail; root can write any file."""
        self.start().terminate()
        immutable = ["chattr", "+i", self.path]
        with contextlib.suppress(OSError, subprocess.CalledProcessError):
            if os.getuid():
                os.chmod(self.path, 0o400)
            else:
                subprocess.run(immutable, check=True, capture_output=True)
                self.addCleanup(subprocess.run, ["chattr", "-i", self.path])
        try:
            os.close(os.open(self.path, os.O_RDWR))
        except OSError:
            self.assertIn("is read-only", self.fail_to_start())

    def test_a_second_process(self) -> None:
        """Is refused, or waits until the first one has ended."""
        first = self.start()
        send(first, b"Subject: one\r\n\r\n")
        line = self.fail_to_start()
        self.assertIn(f"in use by another process ({first.process.pid})", line)
        line = self.fail_to_start("--store-wait", "200ms")
        self.assertIn("in use by another process", line)
        ending = threading.Timer(1.0, first.terminate)
        ending.start()
        second = self.start("--store-wait", "30s")
        ending.join()
        self.assertEqual(ask(second, "GET", "/smtpMailsCount"), 1)

    def test_a_corrupt_page(self) -> None:
        """The mails on other pages are served; a damaged one is an error."""
        service = self.start()
        contents = [
            b"Subject: %d\r\n\r\n" % number + b"x" * 20_000 for number in range(9)
        ]
        self.assertEqual(send(service, *contents), [250] * 9)
        self.assertEqual(service.terminate(), 0)
        with open(self.path, "r+b") as file:
            octets = file.read()
            at = octets.index(b"Subject: 5\r\n") // 4096 * 4096
            file.seek(at)
            file.write(b"\xff" * 4096)
        service = self.start()
        answers = [status(service, "GET", f"/smtpMails/{n}") for n in range(1, 10)]
        self.assertIn(503, answers)
        self.assertGreaterEqual(answers.count(200), 5)
        self.assertEqual(send(service, b"Subject: further\r\n\r\n"), [250])


class FullDiskTests(FileServiceCase):
    """A disk without space"""

    def test_mails_are_refused_until_there_is_space(self) -> None:
        """With 452; nothing is lost, and then mails are accepted again."""
        room = os.path.join(self.folder, "disk")
        os.mkdir(room)
        mounted = ["mount", "-t", "tmpfs", "-o", "size=4m", "tmpfs", room]
        if subprocess.run(mounted, capture_output=True).returncode:
            self.skipTest("needs the right to mount a tmpfs")
        self.addCleanup(subprocess.run, ["umount", "-l", room])
        self.path = os.path.join(room, "mock.db")
        service = self.start()
        content = b"Subject: large\r\n\r\n" + b"x" * 100_000
        codes = send(service, *[content] * 60)
        accepted = codes.count(250)
        self.assertEqual({*codes}, {250, 452})
        self.assertEqual(codes[-1], 452)
        self.assertNotEqual(ask(service, "GET", "/health")["status"], "ok")
        self.assertEqual(ask(service, "GET", "/smtpMailsCount"), accepted)
        code = status(service, "PUT", "/smtpExtensions", ["X-A" * 300] * 100)
        self.assertIn(code, (200, 503))
        grown = ["mount", "-o", "remount,size=64m", room]
        subprocess.run(grown, check=True)
        self.assertEqual(send(service, content), [250])
        self.assertEqual(ask(service, "GET", "/health")["status"], "ok")
        self.assertEqual(service.terminate(), 0)
        service = self.start()
        self.assertEqual(ask(service, "GET", "/smtpMailsCount"), accepted + 1)

    def test_a_limit_of_the_file(self) -> None:
        """As a full disk: a limit of the size of files (``ulimit -f``)."""
        service = self.start()
        limit = os.stat(self.path).st_size + MIB
        resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (limit, -1))
        codes = send(service, *[b"Subject: x\r\n\r\n" + b"x" * 100_000] * 40)
        self.assertEqual({*codes}, {250, 452})
        resource.prlimit(service.process.pid, resource.RLIMIT_FSIZE, (-1, -1))
        self.assertEqual(send(service, b"Subject: x\r\n\r\n"), [250])
        stored = ask(service, "GET", "/smtpMailsCount")
        self.assertEqual(stored, codes.count(250) + 1)
