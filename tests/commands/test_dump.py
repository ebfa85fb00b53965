"""``mocksmtp dump``"""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path
from urllib.request import Request, urlopen

from tests.commands.case import ServiceCase


class DumpTests(ServiceCase):
    """Copies of what a file contains"""

    def start(self, *options: str) -> None:
        self.path = os.path.join(self.folder, "mock.db")
        super().start("--store", f"sqlite:{self.path}")

    def post(self, path: str, kind: str, content: bytes) -> None:
        """Send a request to the service."""
        request = Request(self.url + path, content, {"Content-Type": kind})
        urlopen(request, timeout=60).close()

    def files(self) -> list[Path]:
        """The mails that were written."""
        return sorted(Path(self.folder, "copy").rglob("*.eml"))

    def test_mails_and_state(self) -> None:
        """While a service uses the file; without private keys and passwords."""
        contents = [
            b"To: bob@x.test\r\nSubject: %d\r\n\r\n\xff\0\r\n" % number
            for number in range(3)
        ]
        for content in contents:
            self.post("/smtpMails", "message/rfc822", content)
        mx2 = {"name": "mx2", "auth": {"users": {"bob": "secret-password"}}}
        self.post("/hosts", "application/json", json.dumps(mx2).encode())
        said = self.said("dump", "--store", f"sqlite:{self.path}", "copy")
        self.assertEqual(said, "3 mails written to copy\n")
        self.assertEqual([file.read_bytes() for file in self.files()], contents)
        first = self.files()[0].relative_to(Path(self.folder, "copy"))
        self.assertRegex(str(first), r"^default/\d{4}-\d\d-\d\d/\d{6}\.\d{3}-1\.eml$")
        text = Path(self.folder, "copy", "state.json").read_text(encoding="utf-8")
        self.assertEqual([*json.loads(text)["host"]], ["mx2"])
        for secret in ("secret-password", "PRIVATE KEY"):
            self.assertNotIn(secret, text)

    def test_the_store_of_the_environment(self) -> None:
        """As for the service itself."""
        store = f"sqlite:{self.path}"
        told = self.call("dump", "copy", MOCKSMTP_STORE=store)
        self.assertEqual((told.returncode, told.stderr), (0, ""), told)
        self.assertEqual(told.stdout, "0 mails written to copy\n")

    def test_what_cannot_be_read(self) -> None:
        """One line each, and nothing is written."""
        text = Path(self.folder, "notes.txt")
        text.write_text("no database\n" * 20)
        other = os.path.join(self.folder, "other.db")
        with sqlite3.connect(other) as db:
            db.execute("CREATE TABLE mine (x)")
        db.close()
        for store, message in (
            ("sqlite:none.db", "none.db: does not exist"),
            (f"sqlite:{text}", f"{text}: is not a database of mocksmtp"),
            (f"sqlite:{other}", f"{other}: is a database of another program"),
            ("memory", "the memory of a service cannot be read"),
            ("redis:x", "the host is missing"),
            ("redis://127.0.0.1:1/0", "127.0.0.1:1: connection refused"),
        ):
            told = self.call("dump", "--store", store, "copy")
            self.assertNotEqual(told.returncode, 0)
            (line,) = told.stderr.splitlines()
            self.assertIn(f"--store: {message}", line)
        self.assertFalse(os.path.exists(os.path.join(self.folder, "copy")))
        self.assertFalse(os.path.exists(os.path.join(self.folder, "none.db")))
