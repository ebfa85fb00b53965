"""Mails as mbox files (RFC 4155), in the variant mboxrd"""

from __future__ import annotations

import mailbox
import os
import tempfile

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.mail.charset import WINDOW
from mocksmtp.mail.mailbox import Mailbox
from mocksmtp.mail.mbox import MboxError, mbox_pieces, stored_mails
from tests.http.rig import keep


def written(content: bytes, sender: str = "bob@x.test") -> bytes:
    """A mail in an mbox."""
    return b"".join(mbox_pieces(keep(Mailbox(), content, sender)))


def read(mbox: bytes) -> list[tuple[str, bytes]]:
    """The senders and contents in an mbox."""
    return [(mail.sender, mail.content) for mail in stored_mails(mbox)]


class WriteTests(SynchronousTestCase):
    """A mail as a part of an mbox"""

    def test_a_mail_has_a_first_line_and_an_empty_last_one(self) -> None:
        """With the sender, the time in UTC, and LF at the end of each line."""
        self.assertEqual(
            written(b"Subject: hi\r\n\r\ntext\r\n"),
            b"From bob@x.test Tue Nov 14 22:13:20 2023\nSubject: hi\n\ntext\n\n",
        )

    def test_the_null_sender_has_a_name(self) -> None:
        """The one that other programs write."""
        self.assertTrue(written(b"x\r\n", "").startswith(b"From MAILER-DAEMON Tue"))

    def test_the_last_line_is_ended(self) -> None:
        """A content without a final line end gets one."""
        self.assertTrue(written(b"text").endswith(b"\ntext\n\n"))

    def test_from_is_escaped_at_the_beginning_of_lines(self) -> None:
        """Also where it was escaped before (mboxrd)."""
        content = b"From a\r\n>From b\r\n>>From c\r\n From d\r\nx From e\r\n"
        lines = written(content).split(b"\n")[1:6]
        escaped = [b">From a", b">>From b", b">>>From c", b" From d", b"x From e"]
        self.assertEqual(lines, escaped)


class ReadTests(SynchronousTestCase):
    """The mails of an mbox"""

    def test_what_was_written_is_read(self) -> None:
        """Octet by octet, whatever the length of the lines."""
        for content in (
            b"Subject: hi\r\n\r\ntext\r\n",
            b"From a\r\n>From b\r\n\r\nFrom c\r\n\r\n",
            b"\r\n",
            b"a" * (WINDOW - 5) + b"\r\nFrom b\r\n",
            b"a" * (WINDOW - 1) + b"\r\n" + b"From " * WINDOW + b"\r\nFrom x\r\n",
            b"\xff\x00\r\n" * WINDOW,
        ):
            one = written(content)
            self.assertEqual(read(one * 3), [("bob@x.test", content)] * 3, content[:99])

    def test_a_mail_begins_after_an_empty_line(self) -> None:
        """Only there: in other programs' files a text may have such a line."""
        mbox = b"\nFrom a@x 1\nS: 1\n\ntext\nFrom here on\n\n"
        mbox += b"From b 2\r\nS: 2\r\n\r\n\r\n"
        self.assertEqual(
            read(mbox),
            [
                ("a@x", b"S: 1\r\n\r\ntext\r\nFrom here on\r\n"),
                ("", b"S: 2\r\n\r\n"),
            ],
        )

    def test_other_files_are_refused(self) -> None:
        """A mail alone is not an mbox; an empty file is one without mails."""
        self.assertRaises(MboxError, read, b"Subject: hi\n\ntext\n")
        self.assertEqual(read(b"\r\n"), [])

    def test_python_reads_and_writes_the_same(self) -> None:
        """Its module writes files that are read, and reads those that are written."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        path = os.path.join(folder.name, "box")
        with open(path, "wb") as file:
            file.write(written(b"Subject: 1\r\n\r\nFrom me\r\n") * 2)
        box = mailbox.mbox(path)
        self.assertEqual([mail["Subject"] for mail in box], ["1", "1"])
        box.add(b"Subject: 2\n\nFrom you\n\nlast\n")
        box.close()
        with open(path, "rb") as file:
            subjects = [content.split(b"\r\n")[0] for _, content in read(file.read())]
        self.assertEqual(subjects, [b"Subject: 1", b"Subject: 1", b"Subject: 2"])
