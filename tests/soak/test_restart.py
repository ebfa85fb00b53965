"""What a restart keeps, and what it does not do again."""

from __future__ import annotations

import os
import random
import smtplib
import sqlite3
from collections import Counter
from http.client import HTTPConnection
from pathlib import Path

from tests.installed import FREE_PORTS, Program, start
from tests.soak.case import SERVE, FileServiceCase, ask, send
from tests.soak.test_kill import ROUNDS, Load


class ArchiveTests(FileServiceCase):
    """``--eml-dir`` beside a store"""

    def test_killed_under_load(self) -> None:
        """Files are whole; none is written twice, and none for a restored mail."""
        folder = os.path.join(self.folder, "mails")
        accepted: list[str] = []
        for round_ in range(max(3, ROUNDS // 4)):
            service = self.start("--eml-dir", folder)
            load = Load(service.pair("smtp"), round_)
            load.wait_for(random.randrange(20, 200))
            service.process.kill()
            service.process.wait(10)
            load.join()
            accepted += load.accepted
        files = self.files(folder)
        service = self.start("--eml-dir", folder)
        mails = {int(mail["id"]) for mail in ask(service, "GET", "/smtpMails")}
        self.assertGreaterEqual(len(mails), len(accepted))
        self.assertEqual(send(service, b"Subject: new\r\n\r\n"), [250])
        self.assertEqual(service.terminate(), 0)
        found = self.files(folder)
        self.assertEqual(len(found), len(files) + 1)
        numbers = Counter(int(path.stem.rpartition("-")[2]) for path in found)
        self.assertEqual({number for number, n in numbers.items() if n > 1}, set())
        db = self.database()
        for path in found:
            number = int(path.stem.rpartition("-")[2])
            sql = "SELECT content FROM contents WHERE id = ?"
            (content,) = db.execute(sql, (number,)).fetchone()
            self.assertEqual(path.read_bytes(), content, path)

    def files(self, folder: str) -> list[Path]:
        """All that are complete."""
        return sorted(Path(folder).rglob("*.eml"))


class StopTests(FileServiceCase):
    """SIGTERM"""

    def test_under_load(self) -> None:
        """What was answered is stored, and sessions and counters agree with it."""
        counted = {
            "command": "MAIL FROM",
            "response": {"code": 450},
            "skip": 10**6,
            "persistent": True,
        }
        service = self.start()
        ask(service, "PUT", "/smtpBehaviors", [counted])
        load = Load(service.pair("smtp"), 0)
        load.wait_for(200)
        self.assertEqual(service.terminate(), 0)
        load.join()
        service = self.start()
        mails = ask(service, "GET", "/smtpMails?view=summary")
        names = Counter(mail["messageId"] for mail in mails)
        self.assertEqual([one for one in load.accepted if names[one] != 1], [])
        self.assertEqual(max(names.values()), 1)
        sessions = ask(service, "GET", "/smtpSessions")
        paths = [f"/smtpSessions/{session['id']}" for session in sessions]
        whole = [ask(service, "GET", path) for path in paths]
        said = [one for session in whole for one in session["transcript"]]
        begun = [one for one in said if one.get("line", "")[:4].upper() == "MAIL"]
        (behavior,) = ask(service, "GET", "/smtpBehaviors?view=full")
        self.assertEqual(behavior["seen"], len(begun))
        attempts = ask(service, "GET", "/smtpAttempts?verdict=accepted")
        self.assertEqual({*names}, {one["messageId"] for one in attempts})
        self.assertEqual(len(mails), len(attempts))


class KilledTests(FileServiceCase):
    """What users see after ``kill -9``"""

    def test_what_is_shown(self) -> None:
        """The lists of the API and of other tools are the same as before."""
        options = ("--stand-in", "mailpit", "--stand-in", "rest-smtp-sink")
        service = self.start(*options)
        ends = {"command": "RCPT TO", "response": {"code": 450}, "numberOfAnswer": 1}
        ask(service, "PUT", "/smtpBehaviors", [{**ends, "id": "ends"}])
        for number in range(3):
            content = b"Message-ID: <%d@x>\r\nSubject: Mail %d\r\n\r\nHi\r\n"
            send(service, content % (number, number))
        self.wait_until(lambda db: _ended(db) == 3)
        paths = (
            *("/smtpMails", "/smtpSessions", "/smtpAttempts", "/deliveries"),
            *("/api/v1/messages", "/api/email", "/api/email/latest"),
            "/smtpSessions/2?explain=true",
        )
        before = [ask(service, "GET", path) for path in paths]
        service.process.kill()
        service.process.wait(10)
        service = self.start(*options)
        after = [ask(service, "GET", path) for path in paths]
        explained, restored = before.pop(), after.pop()
        self.assertEqual(after, before)
        for one, other in zip(
            explained["transcript"], restored["transcript"], strict=True
        ):
            self.assertFalse(other.pop("considered", None))
            self.assertEqual({**one, **other}, one)
        page = ask(service, "GET", "/ui/sessions/1?exchange=3")
        self.assertIn("is from before the last start of the service", page)
        for path in "/", "/ui/deliveries", "/ui/timeline", "/ui/mails", "/ui/hosts":
            self.assertIn("<main", ask(service, "GET", path))


def _ended(db: sqlite3.Connection) -> int:
    sql = "SELECT count(*) FROM state WHERE kind = 'session' AND document ->> 'end'"
    ((number,),) = db.execute(f"{sql} IS NOT NULL")
    assert isinstance(number, int)
    return number


class ClockTests(FileServiceCase):
    """A clock that is set back by an hour, by libfaketime"""

    def test_a_store(self) -> None:
        """Mails and sessions are stored all the same."""
        service = self.check("--store", f"sqlite:{self.path}")
        self.wait_until(lambda db: _ended(db) == 1)
        service.process.kill()
        service.process.wait(10)
        service = self.start()
        self.assertEqual(ask(service, "GET", "/smtpMailsCount"), 1)
        self.assertEqual(len(ask(service, "GET", "/smtpSessions")), 2)

    def test_the_memory(self) -> None:
        """Without a store as well."""
        self.check()

    def check(self, *options: str) -> Program:
        """Delayed replies and events come in time, not an hour later."""
        found = sorted(Path("/usr/lib").glob("**/faketime/libfaketimeMT.so.1"))
        path = os.environ.get("LIBFAKETIME", *map(str, found[:1]))
        if path is None:
            self.skipTest("libfaketime is not installed; see `make packages`")
        clock = Path(self.folder, "clock")
        clock.write_text("+0")
        service = start(
            self.addCleanup,
            SERVE,
            (*FREE_PORTS, *options),
            LD_PRELOAD=path,
            FAKETIME_TIMESTAMP_FILE=str(clock),
            FAKETIME_NO_CACHE="1",
            FAKETIME_DONT_FAKE_MONOTONIC="1",
        )
        slow = {"command": "NOOP", "response": {"delay": "1s"}}
        ask(service, "PUT", "/smtpBehaviors", [slow])
        stream = HTTPConnection(*service.pair("http"), timeout=20)
        self.addCleanup(stream.close)
        stream.request("GET", "/events?every=300ms")
        events = stream.getresponse()
        client = smtplib.SMTP(*service.pair("smtp"), timeout=20)
        self.addCleanup(client.close)
        client.putcmd("NOOP")
        clock.write_text("-1h")
        self.assertEqual(send(service, b"Subject: later\r\n\r\n"), [250])
        self.assertEqual(client.getreply()[0], 250)
        while b'"mail"' not in events.readline():
            pass
        self.assertGreaterEqual(ask(service, "GET", "/status")["uptime"], 0)
        return service
