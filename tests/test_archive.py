"""Mails as files, by ``--eml-dir``"""

from __future__ import annotations

import os
import tempfile
from typing import Any
from unittest.mock import patch

import attrs
import treq
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.logger import LogEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase, TestCase

from mocksmtp import archive
from mocksmtp.archive import BATCH_MAILS, LAST_WAIT, MailFiles, write_mail
from mocksmtp.config.loading import load_config
from mocksmtp.mail.mail import Origin
from mocksmtp.mail.mailbox import Mailbox
from mocksmtp.service import StartError, make_service
from mocksmtp.testing.running import FREE_PORTS, start_mock
from tests.http.rig import ORIGIN, Rig, keep

DAY = "default/2023-11-14"
"""Where the mails of the tests are written."""


class FilesCase(SynchronousTestCase):
    """A mock that writes its mails to a directory, with threads that a test runs."""

    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.rig = Rig()
        self.threads: list[Any] = []
        self.clock = Clock()
        self.files = MailFiles(self.rig.mock, self.folder, self.clock, self.in_thread)
        self.rig.info.archive = self.files
        self.log: list[str] = []
        globalLogPublisher.addObserver(self.note)
        self.addCleanup(globalLogPublisher.removeObserver, self.note)

    def note(self, event: LogEvent) -> None:
        if event.get("log_namespace") == "mocksmtp.archive.MailFiles":
            self.log.append(event["log_format"].format(**event))

    def in_thread(self, work: Any, *arguments: Any) -> Deferred[Any]:
        done: Deferred[Any] = Deferred()
        self.threads.append(lambda: done.callback(work(*arguments)))
        return done

    def run_threads(self) -> None:
        """Let everything be written."""
        self.clock.advance(0)
        while self.threads:
            self.threads.pop(0)()

    def written(self) -> list[str]:
        """The names of all files."""
        return sorted(
            os.path.relpath(os.path.join(place, name), self.folder)
            for place, _, names in os.walk(self.folder)
            for name in names
        )


class WriteTests(FilesCase):
    """Files of mails"""

    def test_a_mail_is_a_file_by_host_and_date(self) -> None:
        """With its exact octets."""
        content = b"Subject: hi\r\n\r\n\xff\n..\r\n"
        self.rig.receive(content)
        self.run_threads()
        self.assertEqual(self.written(), [f"{DAY}/221320.125-1.eml"])
        with open(os.path.join(self.folder, self.written()[0]), "rb") as file:
            self.assertEqual(file.read(), content)
        told = self.rig.get("/status")["mailFiles"]
        self.assertEqual(
            told, {"folder": self.folder, "written": 1, "failed": 0, "error": None}
        )

    def test_smtp_does_not_wait(self) -> None:
        """A thread writes; the mails that arrive meanwhile follow in batches."""
        for _ in range(BATCH_MAILS + 2):
            self.rig.receive()
        self.assertEqual(self.written(), [])
        self.clock.advance(0)
        self.assertEqual(len(self.threads), 1)
        self.run_threads()
        self.assertEqual(len(self.written()), BATCH_MAILS + 2)

    def test_a_removed_mail_is_written_too(self) -> None:
        """It was kept."""
        self.rig.receive()
        self.rig.mailbox.clear()
        self.run_threads()
        self.assertEqual(len(self.written()), 1)

    def test_no_file_is_replaced(self) -> None:
        """Ids begin again with each start."""
        for _ in range(3):
            write_mail(self.folder, keep(Mailbox()))
        names = [".eml", ".2.eml", ".3.eml"]
        self.assertEqual(
            set(self.written()), {f"{DAY}/221320.125-1{name}" for name in names}
        )

    def test_no_host_is_outside(self) -> None:
        """Whatever its name is."""
        mail = keep(Mailbox())
        for host, folder in (
            ("..", "_.."),
            ("../../x", ".._.._x"),
            ("", "_"),
            ("/etc", "_etc"),
            ("a\0b", "a_b"),
        ):
            origin: Origin = attrs.evolve(ORIGIN, host=host)
            path = write_mail(self.folder, attrs.evolve(mail, origin=origin))
            place = os.path.relpath(path, self.folder).split(os.sep)[0]
            self.assertEqual(place, folder)

    def test_a_directory_that_was_removed_is_created_again(self) -> None:
        """Also that of ``--eml-dir`` itself."""
        for _ in range(2):
            self.rig.receive()
            self.run_threads()
            for place, _folders, names in os.walk(self.folder, topdown=False):
                for name in names:
                    os.unlink(os.path.join(place, name))
                os.rmdir(place)
        os.makedirs(self.folder)
        self.assertEqual(self.files.failed, 0)


class ErrorTests(FilesCase):
    """What cannot be written"""

    def test_a_full_disk_refuses_no_mail(self) -> None:
        """It is logged once, until mails are written again; no part is left."""
        full = OSError(28, "No space left on device")

        def write(path: str, content: bytes) -> None:
            with open(path, "wb") as file:
                file.write(content[:3])
            raise full

        os.makedirs(os.path.join(self.folder, DAY))
        with patch.object(archive, "_write_file", write):
            for _ in range(3):
                self.rig.receive()
                self.run_threads()
        self.assertEqual(self.written(), [])
        error = f"{self.folder}: No space left on device"
        told = self.rig.get("/status")["mailFiles"]
        self.assertEqual((told["failed"], told["error"]), (3, error))
        self.assertEqual(self.rig.get("/smtpMailsCount"), 3)
        self.rig.receive()
        self.run_threads()
        self.assertEqual(
            self.log,
            [
                f"--eml-dir: {error}; mails are still accepted, but not written",
                "--eml-dir: mails are written again",
            ],
        )
        told = self.rig.get("/status")["mailFiles"]
        self.assertEqual((told["written"], told["error"]), (1, None))

    def test_memory_is_bounded(self) -> None:
        """If mails arrive faster than they are written, some are not written."""
        with patch.object(archive, "MAX_WAITING", 100):
            for _ in range(5):
                self.rig.receive(b"x" * 40)
        self.run_threads()
        self.assertEqual((self.files.written, self.files.failed), (2, 3))

    def test_the_end_waits_for_files(self) -> None:
        """But not for a disk that does not answer."""
        self.rig.receive()
        self.assertNoResult(stopping := self.files.stop())
        self.run_threads()
        self.successResultOf(stopping)
        self.successResultOf(self.files.stop())
        self.rig.receive()
        self.clock.advance(0)
        self.assertNoResult(stopping := self.files.stop())
        self.clock.advance(LAST_WAIT)
        self.successResultOf(stopping)
        self.run_threads()

    def test_a_directory_that_cannot_be_written_fails_the_start(self) -> None:
        """In one line."""
        path = os.path.join(self.folder, "file")
        with open(path, "w"):
            pass
        config = load_config({"eml-dir": [path]}, {})
        error = self.assertRaises(StartError, make_service, config, self.clock)
        self.assertEqual(str(error), f"--eml-dir: {path}: File exists")


class ServiceTests(TestCase):
    """The whole service"""

    async def test_an_accepted_mail_becomes_a_file(self) -> None:
        """At the latest when the service has stopped."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        stops: list[Any] = []
        mock = await start_mock(
            lambda *stop: stops.append(stop),
            attrs.evolve(FREE_PORTS, eml_dir=os.path.join(folder.name, "new")),
        )
        answer = await treq.post(
            mock.url + "/smtpMails?to=a@x.test", b"hi", persistent=False
        )
        self.assertEqual(answer.code, 201)
        for function, *arguments in reversed(stops):
            await function(*arguments)
        names = [n for _, _, names in os.walk(folder.name) for n in names]
        self.assertEqual([name.rpartition("-")[2] for name in names], ["1.eml"])
