"""What stores search before they read a mail"""

from __future__ import annotations

from itertools import product

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.grammar.address import Address
from mocksmtp.grammar.command import PathCommand
from mocksmtp.mail import decoded
from mocksmtp.mail.decoded import Decoded, folded, indexed
from mocksmtp.mail.fields import ParsedMessage
from mocksmtp.mail.mail import Envelope, Mail, Origin
from mocksmtp.sessions.session import ContentIdentity, identity_of

NAMES = ("From", "to", "CC", "Reply-To", "SUBJECT", "Message-ID", "X-To", "To ")
VALUES = (
    *("", " ", " a@b.test", " A  B <a@b>", " a@b, <c@d>,", " <a@b>,<c@d>", " x"),
    *(' "q" <a@b>', " a (c) <b@c>", " g: a@b;", " <id@x>", " id@x", " Two  Words"),
    *("\tTab\tbed", " A.B <a@b>", " =?utf-8?q?x?= <a@b>", " a@b\r\n c@d", " é@x"),
)
ENDS = ("\r\n", "", "\r\nFrom: in@body\r\n", "no field\r\n\r\n")
BEGINNINGS = ("", "From x@y Sat\r\n", "To: twice@x\r\n", "Date: now\n")


def mail_with(content: bytes) -> Mail:
    """A mail with an envelope."""
    recipients = (PathCommand(Address("R@Y.test")),)
    envelope = Envelope(Address("S@X.test"), (), recipients)
    return Mail(1, envelope, content, 0.0, Origin("1", "", ""), 0)


class IndexedTests(SynchronousTestCase):
    """The texts of a mail"""

    def test_plain_headers_are_read_as_others_are(self) -> None:
        """The shorter way gives the same texts, or leaves a header to the other."""
        plain = 0
        for beginning, name, value, end in product(BEGINNINGS, NAMES, VALUES, ENDS):
            content = f"{beginning}{name}:{value}\r\n{end}".encode()
            mail = mail_with(content)
            whole = Decoded(mail)
            texts = whole.overview + folded(whole.message_id)
            self.assertEqual(indexed(mail), texts, content)
            plain += decoded.plain_header(content) is not None
        self.assertGreater(plain, 100)

    def test_what_identifies_a_mail(self) -> None:
        """An attempt has the Message-ID and subject of the parsed header."""
        for beginning, name, value, end in product(BEGINNINGS, NAMES, VALUES, ENDS):
            content = f"{beginning}{name}:{value}\r\n{end}".encode()
            message = ParsedMessage(content)
            message_id = next(message.fields("message-id"), None)
            subject = next(message.fields("subject"), None)
            expected = ContentIdentity(
                None if message_id is None else message_id.text.strip("<> \t"),
                None if subject is None else subject.text,
            )
            self.assertEqual(identity_of(content), expected, content)

    def test_what_it_contains(self) -> None:
        """Subject, envelope, addresses of the header and Message-ID, folded."""
        content = b"Subject: Hello World\r\nTo: Bob <b@x>\r\nMessage-ID: <i@x>\r\n\r\n"
        texts = indexed(mail_with(content))
        for part in ("hello world", "<s@x.test>", "<r@y.test>", "bob <b@x>", "<i@x>"):
            self.assertIn(part, texts)
