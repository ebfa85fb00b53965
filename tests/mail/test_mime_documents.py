"""The MIME structure of a mail as a document"""

from __future__ import annotations

from email.message import EmailMessage

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.mail import mime, part
from mocksmtp.mail.mime_documents import mime_fields


class DocumentTests(SynchronousTestCase):
    """``mime`` of ``/smtpMails/{id}``"""

    def test_all_is_told(self) -> None:
        """Headers, both texts, all parts, and which of them are attached."""
        message = EmailMessage()
        message["Subject"] = "é"
        message.set_content("text\n")
        message.add_alternative("<p>\n", subtype="html")
        message.add_attachment(b"12345", "a", "b", filename="c.d", cid="<e@f>")
        document = mime_fields(message.as_bytes())["mime"]
        self.assertEqual(document["headers"][0], {"name": "Subject", "value": "é"})
        self.assertEqual((document["text"], document["html"]), ("text\n", "<p>\n"))
        self.assertEqual([part["part"] for part in document["parts"]], [1, 2, 3])
        self.assertEqual(
            document["attachments"],
            [
                {
                    "part": 3,
                    "contentType": "a/b",
                    "charset": None,
                    "disposition": "attachment",
                    "fileName": "c.d",
                    "contentId": "e@f",
                    "size": 5,
                }
            ],
        )

    def test_no_text_is_null(self) -> None:
        """Where there is none that is there to be read."""
        document = mime_fields(b"Content-Type: image/gif\r\n\r\nGIF")["mime"]
        self.assertEqual((document["text"], document["html"]), (None, None))
        self.assertEqual(document["attachments"], document["parts"])

    def test_past_a_bound_there_is_a_reason(self) -> None:
        """``mime`` is null then."""
        self.patch(mime, "MAX_SIZE", 10)
        fields = mime_fields(b"\r\n" + b"x" * 11)
        self.assertIsNone(fields["mime"])
        self.assertIn("10 octets", fields["mimeReason"])

    def test_a_text_past_the_bound_is_null_alone(self) -> None:
        """With the reason on its part; the other parts are shown."""
        self.patch(part, "MAX_TEXT", 10)
        message = EmailMessage()
        message.set_content("text\n")
        message.add_alternative("<p>" * 10, subtype="html")
        message.add_attachment(b"%PDF", "application", "pdf", filename="a.pdf")
        fields = mime_fields(message.as_bytes())
        document = fields["mime"]
        self.assertEqual((document["text"], document["html"]), ("text\n", None))
        reason = "part 2 has over 10 octets of text"
        self.assertEqual(fields["mimeReason"], reason)
        self.assertEqual(
            [part.get("reason") for part in document["parts"]], [None, reason, None]
        )
        self.assertEqual(document["attachments"][0]["fileName"], "a.pdf")
