"""What the screen of mails shows"""

from __future__ import annotations

from email.message import EmailMessage

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.grammar.command import Parameter
from mocksmtp.mail.mail import Mail
from mocksmtp.mail.mime import read_structure
from mocksmtp.mail.part import TooComplex
from mocksmtp.web.mailview import (
    MAX_SHOWN_FIELDS,
    MAX_SHOWN_RECIPIENTS,
    MAX_SHOWN_SOURCE,
    ShownMail,
    compare,
    mail_row,
    marks_of,
    shown_fields,
    shown_mail,
    size_words,
    tree_rows,
)
from tests.http.rig import Rig, keep

HEAD = b"From: Alice <alice@y.test>\r\nTo: bob@X.test\r\nSubject: hi\r\n\r\n"


def mail_of(
    content: bytes = HEAD, sender: str = "alice@y.test", *recipients: str
) -> Mail:
    """A mail that a host has received."""
    return Rig().receive(content, sender, recipients or ("bob@x.test",))


def shown(mail: Mail) -> ShownMail:
    """All that the screen shows of a mail."""
    try:
        return shown_mail(mail, read_structure(mail.content), None)
    except TooComplex as error:
        return shown_mail(mail, None, str(error))


class SizeTests(SynchronousTestCase):
    """size_words"""

    def test_sizes(self) -> None:
        """Three digits at most, in the unit that a reader expects."""
        for octets, words in (
            (1, "1 byte"),
            (999, "999 bytes"),
            (1024, "1.0 KiB"),
            (64 * 1024, "64 KiB"),
            (1_000_000, "977 KiB"),
            (5 * 2**20, "5.0 MiB"),
        ):
            self.assertEqual(size_words(octets), words)


class RowTests(SynchronousTestCase):
    """mail_row"""

    def test_an_ordinary_mail(self) -> None:
        """It has no marks, because nothing about it is unusual."""
        row = mail_row(mail_of())
        self.assertEqual(row.subject, "hi")
        self.assertEqual(row.author, "Alice <alice@y.test>")
        self.assertEqual((row.recipients, row.more_recipients), (("bob@x.test",), 0))
        self.assertEqual(row.marks, ())

    def test_many_recipients(self) -> None:
        """The first two are shown, and how many more there are."""
        row = mail_row(mail_of(HEAD, "a@y.test", *(f"r{n}@x.test" for n in range(9))))
        self.assertEqual(len(row.recipients), 2)
        self.assertEqual(row.more_recipients, 7)

    def test_marks(self) -> None:
        """An attachment, and an envelope that differs from the header."""
        message = EmailMessage()
        message["From"] = "alice@y.test"
        message.set_content("x")
        message.add_attachment(b"x", "image", "png", filename="a.png")
        mail = mail_of(message.as_bytes(), "bounces@y.test")
        marks = {mark.code: mark for mark in marks_of(mail)}
        self.assertEqual(marks["attachments"].text, "1 attachment")
        self.assertEqual(marks["attachments"].meaning, "a.png")
        self.assertIn("differs", marks)

    def test_ten_thousand_recipients(self) -> None:
        """A row compares only the sender: a list must be quick."""
        several = [f"r{n}@x.test" for n in range(MAX_SHOWN_RECIPIENTS + 1)]
        self.assertEqual(list(marks_of(mail_of(HEAD, "alice@y.test", *several))), [])


class CompareTests(SynchronousTestCase):
    """compare"""

    def notes(self, head: bytes, sender: str, *recipients: str) -> dict[str, str]:
        """How each address of the envelope, or of the header, differs."""
        mail = mail_of(head, sender, *recipients)
        found = compare(sender, recipients, mail.summary)
        return {one.envelope or one.header: one.note for one in found}

    def test_what_agrees(self) -> None:
        """The case of a domain is no difference."""
        notes = self.notes(HEAD, "alice@Y.test", "bob@x.test")
        self.assertEqual(notes, {"alice@Y.test": "", "bob@x.test": ""})

    def test_differences(self) -> None:
        """Another sender, a hidden recipient, one that was left out, one twice."""
        head = b"From: a@y.test\r\nTo: bob@x.test\r\nCc: carl@x.test\r\n\r\n"
        found = compare(
            "bounce@y.test",
            ["bob@x.test", "eve@x.test", "bob@x.test"],
            mail_of(head).summary,
        )
        sender, bob, eve, again, carl = found
        self.assertIn("another address than From", sender.note)
        self.assertEqual((bob.field, bob.note), ("To", ""))
        self.assertIn("not in the header", eve.note)
        self.assertIn("named twice", again.note)
        self.assertEqual((carl.command, carl.field), ("", "Cc"))
        self.assertIn("not in the envelope", carl.note)

    def test_the_null_sender(self) -> None:
        """It is named for what it is."""
        self.assertIn("null sender", self.notes(HEAD, "", "bob@x.test")["<>"])

    def test_a_visible_bcc(self) -> None:
        """A client that sends its Bcc field is seen."""
        head = b"From: a@y.test\r\nBcc: bob@x.test\r\n\r\n"
        notes = self.notes(head, "a@y.test", "bob@x.test")
        self.assertIn("visible", notes["bob@x.test"])


class FieldTests(SynchronousTestCase):
    """shown_fields"""

    def test_decoded_and_raw(self) -> None:
        """Both are shown where they differ."""
        content = (
            b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nTo: a@x.test,\r\n b@x.test\r\n"
        )
        subject, to = shown_fields(content)
        self.assertEqual((subject.text, subject.is_encoded), ("Grüße", True))
        self.assertEqual(to.raw, "a@x.test,\r\n b@x.test")
        self.assertFalse(to.is_encoded)

    def test_they_are_bounded(self) -> None:
        """A hundred thousand fields do not fill the page."""
        fields = shown_fields(b"X: y\r\n" * 10 * MAX_SHOWN_FIELDS)
        self.assertEqual(len(fields), MAX_SHOWN_FIELDS)


class MailTests(SynchronousTestCase):
    """shown_mail"""

    def test_the_tree(self) -> None:
        """Multiparts, their parts, and what each is shown as."""
        message = EmailMessage()
        message.set_content("text")
        message.add_alternative("<img src='//x.test/a'>", subtype="html")
        message.get_payload()[1].add_related(b"GIF", "image", "gif", cid="<1@x>")
        message.add_attachment(b"x", "application", "pdf", filename="a.pdf")
        rows = tree_rows(read_structure(message.as_bytes()))
        told = [(row.depth, row.content_type, row.roles) for row in rows]
        self.assertEqual(
            told,
            [
                (0, "multipart/mixed", ()),
                (1, "multipart/alternative", ()),
                (2, "text/plain", ("text",)),
                (2, "multipart/related", ()),
                (3, "text/html", ("HTML",)),
                (3, "image/gif", ("inline",)),
                (1, "application/pdf", ("attachment",)),
            ],
        )
        self.assertEqual(shown(mail_of(message.as_bytes())).remote, 1)

    def test_a_large_mail(self) -> None:
        """The beginning of its text and of its source are shown."""
        found = shown(mail_of(HEAD + b"x" * 2 * MAX_SHOWN_SOURCE))
        self.assertEqual(len(found.source), MAX_SHOWN_SOURCE)
        self.assertTrue(found.source_cut)
        self.assertEqual(len(found.text or ""), MAX_SHOWN_SOURCE)

    def test_a_mail_past_a_limit(self) -> None:
        """The limit is named, and the rest is shown."""
        kind = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
        found = shown(mail_of(kind + b"--b\r\n\r\nx\r\n" * 2000))
        self.assertIn("parts", found.reason or "")
        self.assertEqual((found.tree, found.html), ((), False))

    def test_ten_thousand_recipients(self) -> None:
        """The first are shown, those that differ before the others."""
        recipients = ["bob@x.test", *(f"r{n}@x.test" for n in range(10_000))]
        found = shown(mail_of(HEAD, "alice@y.test", *recipients))
        self.assertEqual(len(found.compared), MAX_SHOWN_RECIPIENTS)
        self.assertEqual(found.omitted, 10_002 - MAX_SHOWN_RECIPIENTS)
        self.assertTrue(all(one.differs for one in found.compared[1:]))

    def test_parameters(self) -> None:
        """Those of MAIL and RCPT, as they were sent."""
        parameters = (Parameter("SIZE", "5"), Parameter("SMTPUTF8", ""))
        mail = keep(Rig().mailbox, parameters=parameters)
        self.assertEqual(shown(mail).parameters, ("MAIL: SIZE=5 SMTPUTF8",))
