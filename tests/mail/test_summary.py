"""What a list of mails shows of each"""

from __future__ import annotations

import gc
from datetime import UTC, datetime, timedelta, timezone
from email.message import EmailMessage

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.mail import mime
from mocksmtp.mail.addresses import NamedAddress
from mocksmtp.mail.fields import HeaderField
from mocksmtp.mail.summary import Attachment, Summary, date_of, summary_of, unpacked


class SummaryTests(SynchronousTestCase):
    """The fields are decoded (RFC 2047, 2231, 6532)"""

    def test_all_fields(self) -> None:
        """As a mail program writes them."""
        message = EmailMessage()
        message["Subject"] = "Grüße ☃"
        message["From"] = "Böb <bob@x.test>"
        message["To"] = "a@y.test, C <c@y.test>"
        message["Cc"] = "d@y.test"
        message["Date"] = "Fri, 28 Nov 2026 10:00:00 +0100"
        message["Message-ID"] = "<1@x.test>"
        message.set_content("text")
        message.add_attachment(b"12345", "application", "pdf", filename="ü.pdf")
        self.assertEqual(
            summary_of(message.as_bytes()),
            Summary(
                subject="Grüße ☃",
                date=datetime(2026, 11, 28, 10, tzinfo=timezone(timedelta(hours=1))),
                message_id="1@x.test",
                header_from=(NamedAddress("Böb", "bob@x.test"),),
                header_to=(NamedAddress("", "a@y.test"), NamedAddress("C", "c@y.test")),
                header_cc=(NamedAddress("", "d@y.test"),),
                attachments=(Attachment(2, "ü.pdf", "application/pdf", 5),),
            ),
        )

    def test_addresses_of_all_fields(self) -> None:
        """Those of Bcc and Reply-To are read, too, although no list shows them."""
        summary = summary_of(b"Bcc: b@x\nReply-To: R <r@x>\n\n")
        self.assertEqual(summary.header_bcc, (NamedAddress("", "b@x"),))
        self.assertEqual(summary.reply_to, (NamedAddress("R", "r@x"),))

    def test_the_garbage_collector_forgets_packed_summaries(self) -> None:
        """It would walk those of 100,000 mails while no client is answered."""
        header = b"From: a <a@x>, b@x\nDate: Fri, 28 Nov 2026 10:00:00 +0100\n"
        body = b"Content-Type: image/png\n\n"
        packed = summary_of(header + body).packed
        for _ in range(3):
            gc.collect()
        self.assertFalse(gc.is_tracked(packed))

    def test_octets_that_are_not_encoded(self) -> None:
        """UTF-8 in a header (RFC 6532), and a field that occurs twice."""
        summary = summary_of("To: é <é@x>\nSubject: é\nTo: b@x\n\n".encode())
        self.assertEqual(summary.subject, "é")
        addresses = (NamedAddress("é", "é@x"), NamedAddress("", "b@x"))
        self.assertEqual(summary.header_to, addresses)

    def test_no_header(self) -> None:
        """Everything is empty."""
        self.assertEqual(summary_of(b"text"), Summary("", None, "", (), (), ()))

    def test_past_a_bound(self) -> None:
        """The header is read; the reason is given for the attachments."""
        self.patch(mime, "MAX_PARTS", 1)
        summary = summary_of(
            b"Subject: x\nContent-Type: multipart/x; boundary=b\n\n--b\n--b\n"
        )
        self.assertEqual((summary.subject, summary.attachments), ("x", ()))
        self.assertEqual(summary.reason, "over 1 parts")

    @settings(deadline=None)
    @given(st.binary() | st.text(st.sampled_from("To:@b \n<>()")).map(str.encode))
    def test_any_content_has_a_summary(self, content: bytes) -> None:
        """No exception; packing it loses nothing."""
        summary = summary_of(content)
        str(summary).encode()
        self.assertEqual(unpacked(summary.packed), summary)


class DateTests(SynchronousTestCase):
    """RFC 5322 §3.3"""

    def test_dates(self) -> None:
        """With a numeric zone or a name; without one in UTC."""
        for body in (
            b"Fri, 28 Nov 2026 10:00:00 +0000",
            b"28 Nov 2026 05:00:00 -0500",
            b"28 Nov 2026 05:00:00 EST",
            b"Sat, 28 Nov 0026 10:00:00 +0000",
            b"28 Nov 2026 10:00:00 GMT (a comment)",
            b"28 Nov 2026 10:00:00 -0000",
            b"28 Nov 26 10:00 +0000",
        ):
            date = date_of(HeaderField("Date", body))
            self.assertEqual(date, datetime(2026, 11, 28, 10, tzinfo=UTC), body)

    def test_what_is_no_date(self) -> None:
        """Is none."""
        for body in (
            *(b"", b"yesterday", b"99 Nov 2026 10:00:00 +0000", b"\xff" * 1000, b","),
            *(b"31 Nov 2026 10:00:00 +0000", b"28 Nov 2026 10:00:60 +0000"),
            *(b"28 Nov 2026 10:00:00 +9999999999", b"28 Nov 99999 10:00:00 +0000"),
        ):
            self.assertIsNone(date_of(HeaderField("Date", body)), body)

    @settings(deadline=None)
    @given(st.text(st.sampled_from("0128 ,:+-NovFri()")))
    def test_any_text_is_a_date_or_none(self, text: str) -> None:
        """No exception."""
        date_of(HeaderField("Date", text.encode()))
