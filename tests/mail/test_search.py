"""Which mails a reader asks for"""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.grammar.address import Address
from mocksmtp.mail import decoded, mime
from mocksmtp.mail.charset import WINDOW
from mocksmtp.mail.expression import QueryError
from mocksmtp.mail.keywords import KEYWORDS, network, parse_expression
from mocksmtp.mail.mail import Envelope, Mail, Origin, Recipient
from mocksmtp.mail.search import EVERYTHING, MailQuery
from tests.markdown import ROOT

PIECES = (*(f"{name}:" for name in KEYWORDS), "header:", *'" -:x<>@', "2025-11-28")


def mail(
    content: bytes = b"",
    sender: str = "bob@x.test",
    to: tuple[str, ...] = (),
    received_at: float = 0.0,
    origin: Origin | None = None,
) -> Mail:
    """A mail."""
    recipients = tuple(Recipient(Address(address), ()) for address in to)
    envelope = Envelope(Address(sender), (), recipients)
    origin = origin or Origin("1", "", "")
    return Mail(1, envelope, content, received_at, origin, 0)


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
        """A part of the decoded subject, without case; the body does not count."""
        found = mail(b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe_an?=\r\n alle\r\n\r\nbody")
        for subject in (
            "Grüße",
            "rü",
            "",
            "GRÜSSE",
            "gru\u0308ße",
            "an alle",
            "an  alle",
        ):
            self.assert_finds(found, subject=subject)
        for subject in "grusse", "body", "=?", "analle":
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

    def test_bodies(self) -> None:
        """A part of the text, decoded, without case, across the ends of lines."""
        text = "Content-Type: text/plain; charset=utf-8\r\n"
        coded = "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
        found = mail(
            f"Subject: s\r\n{text}{coded}Gr=C3=BC=C3=9Fe an=\r\n\r\nalle".encode()
        )
        for body in "grüße", "GRÜSSE", "an alle", "", " ":
            self.assert_finds(found, body=body)
        for body in "=C3", "Subject", "analle":
            self.assert_passes_over(found, body=body)

    def test_html(self) -> None:
        """With its tags, and without them; what is attached is no text."""
        head = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        html = (
            b"Content-Type: text/html\r\n\r\n<p>Your <b>order</b> &amp; you<a href='u'>"
        )
        attached = b"Content-Disposition: attachment\r\n\r\nsecret"
        found = mail(head + html + b"\r\n--b\r\n" + attached + b"\r\n--b--\r\n")
        for body in "your order & you", "<b>order</b>", "href='u'", "&amp;":
            self.assert_finds(found, body=body)
        self.assert_passes_over(found, body="secret")

    def test_past_a_bound_the_content_is_searched(self) -> None:
        """Undecoded: better than to find nothing."""
        self.patch(mime, "MAX_PARTS", 1)
        kind = b"Subject: s\nContent-Type: multipart/x; boundary=b\n\n"
        found = mail(kind + b"--b\n\none\n--b\n\ntwo\n")
        self.assert_finds(found, body="TWO")
        self.assert_finds(found, subject="S")
        self.assertFalse(searched(found, "has:attachment"))

    def test_long_texts(self) -> None:
        """They are folded in pieces, which makes no difference."""
        for gap in range(-3, 4):
            text = "x" * (WINDOW + gap - 6) + "One \r\n two"
            for body in "one two", "xone ", " two":
                self.assert_finds(mail(b"\r\n" + text.encode()), body=body)

    def test_a_text_over_a_bound(self) -> None:
        """Its beginning is searched."""
        self.patch(decoded, "MAX_PART_TEXT", 2 * WINDOW)
        found = mail(b"\r\none" + b" " * 3 * WINDOW + b"two")
        self.assert_finds(found, body="one")
        self.assert_passes_over(found, body="two")

    def test_message_ids(self) -> None:
        """The whole id, with or without angle brackets."""
        found = mail(b"Message-ID: <A1@x.test>\r\n\r\n")
        for message_id in "A1@x.test", "<A1@x.test>":
            self.assert_finds(found, message_id=message_id)
        for message_id in "a1@x.test", "A1", "":
            self.assert_passes_over(found, message_id=message_id)

    def test_where_it_came_from(self) -> None:
        """The session, the argument of EHLO without case, the client's network."""
        found = mail(origin=Origin("7", "192.0.2.1", "Client.test"))
        for query in (
            {"session": "7"},
            {"helo": "client.TEST"},
            {"client": network("192.0.2.1")},
            {"client": network("192.0.2.0/24")},
        ):
            self.assert_finds(found, **query)
        for query in (
            {"session": "70"},
            {"helo": "client"},
            {"client": network("192.0.2.2")},
            {"client": network("::/0")},
        ):
            self.assert_passes_over(found, **query)
        self.assert_passes_over(mail(), client=network("0.0.0.0/0"))

    def test_sizes(self) -> None:
        """Octets of content, the bounds included."""
        for least, most in (5, None), (None, 5), (5, 5), (0, 10**9):
            self.assert_finds(mail(b"12345"), min_size=least, max_size=most)
        for least, most in (6, None), (None, 4), (6, 4):
            self.assert_passes_over(mail(b"12345"), min_size=least, max_size=most)

    def test_times(self) -> None:
        """From one time on, and before another: spans that follow do not overlap."""
        found = mail(received_at=100.5)
        for since, until in (100.5, None), (None, 101), (100, 100.6):
            self.assert_finds(found, since=since, until=until)
        for since, until in (100.6, None), (None, 100.5), (100.5, 100.5):
            self.assert_passes_over(found, since=since, until=until)

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

    def test_the_cheapest_filters_come_first(self) -> None:
        """Nothing is decoded of a mail that its envelope excludes."""
        found = mail(b"Subject: s\r\n\r\n")
        query = {"body": "b", "subject": "s", "sender": "alice@x.test"}
        self.assert_passes_over(found, **query)
        self.assertFalse(found.is_summarized)
        self.assert_passes_over(found, **query | {"sender": "bob@x.test"})
        self.assertTrue(found.is_summarized)


SHOP = b"""\
From: "Shop, The" <shop@x.test>\r
To: =?utf-8?q?J=C3=B6rg?= <joerg@y.test>\r
Cc: boss@y.test\r
Bcc: hidden@y.test\r
Reply-To: help@x.test\r
Subject: Your order 10:30 is ready\r
Message-ID: <42@x.test>\r
X-Mailer: =?utf-8?q?M=C3=A4iler?= 2\r
Content-Type: multipart/mixed; boundary=b\r
\r
--b\r
\r
See http://x.test/a and\r
come "soon".\r
--b\r
Content-Type: application/pdf; name=a.pdf\r
\r
\r
--b--\r
"""

RECEIVED = 1_764_324_000.0  # 2025-11-28T10:00:00Z


def searched(found: Mail, expression: str) -> bool:
    """Whether a search expression finds a mail."""
    return MailQuery(expression=parse_expression(expression)).matches(found)


class ExpressionTests(SynchronousTestCase):
    """Expressions"""

    def setUp(self) -> None:
        """A mail with everything."""
        origin = Origin("7", "192.0.2.1", "relay.test", "mx2")
        recipients = ("joerg@y.test", "Boss@y.test")
        self.mail = mail(SHOP, "bounce@x.test", recipients, RECEIVED, origin)

    def test_what_is_found(self) -> None:
        """Each keyword, words and phrases; all must hold."""
        for expression in (
            *("", "order", "ORDER", "ready your", '"order 10:30"', "10:30"),
            *("http://x.test/a", '"and come"', r'"\"soon\""', 'come "http:"'),
            *("jörg", "JÖRG", "the", "hidden@", "bounce@x", "boss@y.test", "help@"),
            *("from:shop", 'from:"shop, the"', "from:<shop@x.test>", "from:@x.test"),
            *("to:jörg", "to:joerg@", "cc:boss", "bcc:hidden", "reply-to:help"),
            *("addressed:boss", "addressed:shop", "addressed:hidden"),
            *("subject:order", 'subject:"IS ready"', "subject:10:30"),
            *("message-id:42@x.test", "message-id:<42@x.test>", "message-id:42"),
            *("has:attachment", "has:attachments", "has:Attachment"),
            *("after:2025-11-28", "after:2025/11/28", "before:2025-11-29"),
            *("after:2025-11-28T10:00:00Z", "before:2025-11-28T11:00:01+01:00"),
            *("larger:100", "larger:99B", "smaller:10k"),
            *("smaller:1M", "smaller:10KiB", "smaller:1kb"),
            *("sender:bounce", "sender:<bounce@x.test>", "rcpt:boss", "rcpt:<joerg@y"),
            *("body:soon", 'body:"and come"', "header:X-Mailer:mäiler"),
            *("header:x-mailer:2", "header:X-Mailer", 'header:subject:"is ready"'),
            *("host:mx2", "host:MX2", "session:7", "helo:relay", "ip:192.0.2.1"),
            *("ip:192.0.2.0/24", "-from:alice", "-alice", '-"not there"'),
            *("order -later", "-header:X-Other"),
            "from:shop to:jörg has:attachment after:2025-11-28 -body:later",
        ):
            self.assertTrue(searched(self.mail, expression), expression)

    def test_what_is_not_found(self) -> None:
        """One term that does not hold is enough."""
        for expression in (
            *("alice", "order alice", '"ready your"', "-order", "order -soon"),
            *("from:jörg", "from:bounce", "to:boss", "cc:joerg", "addressed:bounce"),
            *(
                "from:<hop@x.test>",
                "subject:soon",
                "message-id:<42>",
                "-has:attachment",
            ),
            *("after:2025-11-29", "before:2025-11-28", "before:2025-11-28T10:00:00Z"),
            *("larger:10k", "smaller:10", "sender:shop", "rcpt:hidden", "rcpt:<boss>"),
            *("body:order", "body:pdf", "header:X-Mailer:3", "header:X-Other"),
            *("header:X:2", "host:mx", "session:70", "helo:other", "ip:192.0.2.2"),
            *("ip:2001:db8::/32", "-ip:192.0.2.1", '"x-mailer"'),
        ):
            self.assertFalse(searched(self.mail, expression), expression)

    def test_every_keyword_is_documented(self) -> None:
        """In the section on finding mails."""
        page = (ROOT / "docs/http.md").read_text("utf-8")
        section = page.partition("### Finding mails")[2]
        for name in (*KEYWORDS, "header"):
            self.assertIn(f"`{name}:", section)

    def test_the_null_sender(self) -> None:
        """It is ``<>``."""
        self.assertTrue(searched(mail(sender=""), "sender:<>"))
        self.assertFalse(searched(self.mail, "sender:<>"))

    def test_sizes_are_exclusive(self) -> None:
        """Larger and smaller are not as large."""
        for expression in "larger:5", "smaller:5":
            self.assertFalse(searched(mail(b"12345"), expression))
        self.assertTrue(searched(mail(b"12345"), "larger:4 smaller:6"))

    def test_errors(self) -> None:
        """They name the position, and what is allowed."""
        for expression, position, message in (
            ("a form:b", 2, "unknown keyword 'form'; one of: from, to, "),
            ("a -form:b", 3, "did you mean 'from'?"),
            ("mailto:bob@x.test", 0, "unknown keyword 'mailto'"),
            ("tag:x", 0, "unknown keyword 'tag'"),
            (
                "x has:attachmnt",
                2,
                "has: unknown value 'attachmnt'; one of: attachment",
            ),
            ("before:yesterday", 0, "before: must be a time (RFC 3339)"),
            ("before:2025-13-01", 0, "before: must be a date"),
            ("after:2025-11-28T25:00:00Z", 0, "after: must be a time (RFC 3339)"),
            ("larger:big", 0, "larger: must be a size such as 1000"),
            ("ip:x", 0, "ip: must be an IP address or network, got 'x'"),
            ("from: b", 0, "from: has no value"),
            ("a from: b", 2, "from: has no value"),
            ('from:""', 0, "from: has no value"),
            ("form: bob", 0, "unknown keyword 'form'"),
        ):
            error = self.assertRaises(QueryError, parse_expression, expression)
            self.assertEqual(error.position, position, expression)
            self.assertIn(message, str(error))
            self.assertIn(f"(at position {position})", str(error))

    @given(st.text() | st.lists(st.sampled_from(PIECES)).map("".join))
    def test_any_expression_is_compiled_or_refused(self, expression: str) -> None:
        """With a position; and what is compiled can be matched."""
        try:
            searched(self.mail, expression)
        except QueryError as error:
            self.assertLessEqual(error.position, len(expression))
