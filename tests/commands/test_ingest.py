"""``mocksmtp ingest``"""

from __future__ import annotations

import json
import mailbox
import socket
import subprocess
from typing import Any
from unittest.mock import patch
from urllib.request import urlopen

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.cli import ingesting
from tests.commands.case import ServiceCase

MAIL = "From: a@x.test\nTo: b@x.test\nSubject: {}\n\nFrom here\n"


class IngestTests(ServiceCase):
    """Mails of files and mailboxes"""

    is_shared = True

    def ingest(
        self, *arguments: str, content: str = ""
    ) -> subprocess.CompletedProcess[str]:
        return self.call("ingest", *arguments, content=content)

    def kept(self) -> list[Any]:
        """All mails, in order."""
        with urlopen(f"{self.url}/smtpMails?view=full&host=*") as answer:
            found: list[Any] = json.load(answer)
            return found

    def subjects(self) -> list[str]:
        return [mail["subject"] for mail in self.kept()]

    def assert_added(self, ran: subprocess.CompletedProcess[str], count: str) -> None:
        expected = (0, f"{count} added\n", "")
        self.assertEqual((ran.returncode, ran.stdout, ran.stderr), expected)

    def test_a_file_is_a_mail(self) -> None:
        """Its lines end with CRLF, as an SMTP client sends them."""
        path = self.write("1.eml", MAIL.format("one"))
        self.assert_added(self.ingest(path), "1 mail")
        self.assert_added(
            self.ingest("--from", "<>", "--to", "c@x,d@x", path), "1 mail"
        )
        first, second = self.kept()
        self.assertEqual(first["message"], MAIL.format("one").replace("\n", "\r\n"))
        self.assertEqual(
            second["envelope"], {"from": "<>", "recipients": ["c@x", "d@x"]}
        )

    def test_the_standard_input(self) -> None:
        """Named by a hyphen."""
        ran = self.ingest("-", content=MAIL.format("piped"))
        self.assert_added(ran, "1 mail")
        self.assertEqual(self.subjects(), ["piped"])

    def test_mailboxes(self) -> None:
        """A Maildir, an mbox file and a directory of files, in this order."""
        maildir = mailbox.Maildir(str(self.folder / "Maildir"))
        mbox = mailbox.mbox(str(self.folder / "mbox"))
        for number in range(3):
            maildir.add(MAIL.format(f"m{number}").encode())
            mbox.add(MAIL.format(f"b{number}").encode())
        mbox.close()
        files = self.folder / "files" / "default" / "2026-01-01"
        files.mkdir(parents=True)
        (files / "1.eml").write_text(MAIL.format("f1"))
        (files / ".2.tmp").write_text("partial")
        self.assert_added(self.ingest("Maildir", "mbox", "files"), "7 mails")
        subjects = self.subjects()
        self.assertEqual(sorted(subjects[:3]), ["m0", "m1", "m2"])
        self.assertEqual(subjects[3:], ["b0", "b1", "b2", "f1"])
        self.assertIn("\r\nFrom here\r\n", self.kept()[3]["message"])

    def test_ids_for_programs(self) -> None:
        """In JSON."""
        ran = self.ingest("--json", self.write("1.eml", MAIL))
        (mail,) = self.kept()
        self.assertEqual(json.loads(ran.stdout), {"ids": [mail["id"]]})

    def test_what_is_wrong_is_one_line(self) -> None:
        """And a status that tells why; what was added before is counted."""
        good, bad = self.write("1.eml", MAIL), self.write("2.eml", "Subject: x\n\n")
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        for arguments, status, text in (
            ([bad], 4, f"{bad}: $: the header has no recipient in To, Cc or Bcc"),
            ([good, bad], 4, "(1 mail added before)"),
            (["none"], 1, "none: No such file or directory"),
            ([good, "--to", "a@b@c"], 4, "?to: invalid address 'a@b@c'"),
            ([good, "--host", "mx9"], 4, "mx9"),
            ([good, "--url", f"127.0.0.1:{port}"], 3, ""),
            ([], 2, "missing argument"),
        ):
            ran = self.ingest(*arguments)
            self.assertEqual(ran.returncode, status, ran)
            self.assertEqual(len(ran.stderr.splitlines()), 1, ran.stderr)
            self.assertIn(text, ran.stderr)


class PartTests(SynchronousTestCase):
    """An mbox file in several requests"""

    def test_parts_are_whole_mails(self) -> None:
        """Of a limited size, unless one mail has more."""
        lines = (
            b"From a\nx\n\nFrom b\nFrom here\n\nFrom c\n" + b"y" * 99 + b"\n\nFrom d\n"
        )
        with patch.object(ingesting, "PART", 40):
            first, *rest = lines.splitlines(keepends=True)
            parts = list(ingesting._parts_of(first, iter(rest)))  # type: ignore[arg-type]
        self.assertEqual(b"".join(parts), lines)
        self.assertEqual([part[5:6] for part in parts], [b"a", b"c", b"d"])
