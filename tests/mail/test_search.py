"""Which mails a reader asks for"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.grammar.address import Address
from mocksmtp.mail.mail import Envelope, Mail, Origin, Recipient
from mocksmtp.mail.search import EVERYTHING, MailQuery


def mail(
    content: bytes = b"", sender: str = "bob@x.test", to: tuple[str, ...] = ()
) -> Mail:
    """A mail."""
    recipients = tuple(Recipient(Address(address), ()) for address in to)
    envelope = Envelope(Address(sender), (), recipients)
    return Mail(1, envelope, content, 0.0, Origin("1", "", ""), 0)


class QueryTests(SynchronousTestCase):
    """Filters"""

    def assert_finds(self, found: Mail, **query: Any) -> None:
        """The query finds that mail."""
        self.assertTrue(MailQuery(**query).matches(found), query)

    def assert_passes_over(self, other: Mail, **query: Any) -> None:
        """The query does not find that mail."""
        self.assertFalse(MailQuery(**query).matches(other), query)

    def test_no_filter_lets_all_pass(self) -> None:
        """And is equal to any other that says nothing."""
        self.assertTrue(EVERYTHING.matches(mail()))
        self.assertEqual(MailQuery(), EVERYTHING)
        self.assertNotEqual(MailQuery(contains=""), EVERYTHING)

    def test_senders(self) -> None:
        """The whole address counts; the domain has no case, the local part has."""
        for sender in "bob@x.test", "bob@X.Test":
            self.assert_finds(mail(sender="bob@x.TEST"), sender=sender)
        for sender in "Bob@x.test", "bob", "ob@x.test", "bob@x.tes", "":
            self.assert_passes_over(mail(), sender=sender)
        self.assert_finds(mail(sender=""), sender="")
        self.assert_passes_over(mail(), sender="")

    def test_addresses_of_other_kinds(self) -> None:
        """Without a domain, quoted, with an ``@`` in the quotes."""
        for sender in "postmaster", '"A@B"@x.test', '"A@B"', "é@ü.test", "a@[IPv6:::1]":
            self.assert_finds(mail(sender=sender), sender=sender)
        self.assert_passes_over(mail(sender='"A@B"'), sender='"A@b"')
        self.assert_finds(mail(sender='"A@B"@x.test'), sender='"A@B"@X.TEST')

    def test_recipients(self) -> None:
        """Any of the recipients will do."""
        both = mail(to=("alice@x.test", "jack@X.test"))
        for recipient in "alice@x.test", "jack@x.test":
            self.assert_finds(both, recipient=recipient)
        self.assert_passes_over(both, recipient="bob@x.test")
        self.assert_passes_over(mail(), recipient="alice@x.test")

    def test_subjects(self) -> None:
        """A part of the decoded subject; case counts, and the body does not."""
        found = mail(b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n\r\nbody")
        for subject in "Grüße", "rü", "":
            self.assert_finds(found, subject=subject)
        for subject in "grüße", "body", "=?":
            self.assert_passes_over(found, subject=subject)
        self.assert_finds(mail(), subject="")

    def test_contents(self) -> None:
        """A part of the octets, header and body, short or long."""
        for size in 0, 100, 100_000:
            content = "é\r\n".encode() + b"x" * size + b"\xffend"
            for part in "é", "é\r\n", "end", "":
                self.assert_finds(mail(content), contains=part)
            for part in "e", "É", "\ufffd":
                self.assert_passes_over(mail(b"\xffa"), contains=part)

    def test_all_filters_must_let_it_pass(self) -> None:
        """One that does not is enough."""
        found = mail(b"Subject: s\r\n\r\nc", to=("alice@x.test",))
        query = {
            "sender": "bob@x.test",
            "recipient": "alice@x.test",
            "subject": "s",
            "contains": "c",
        }
        self.assert_finds(found, **query)
        for name in query:
            self.assert_passes_over(found, **{**query, name: "other@x.test"})
