"""Mails as documents"""

from __future__ import annotations

from email.message import EmailMessage

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.grammar.address import NULL_ADDRESS, Address
from mocksmtp.grammar.command import Parameter
from mocksmtp.mail import mime, part
from mocksmtp.mail.documents import (
    MAIL,
    MAIL_DETAILS,
    MAIL_SUMMARY,
    SHAPES,
    MailShape,
    mime_fields,
)
from mocksmtp.mail.mail import Envelope, Mail, Origin, Recipient

NOTIFY = Parameter("NOTIFY", "NEVER")


def mail(
    sender: Address = NULL_ADDRESS,
    recipients: tuple[Recipient, ...] = (),
    parameters: tuple[Parameter, ...] = (),
    content: bytes = b"x",
) -> Mail:
    """A mail."""
    envelope = Envelope(sender, parameters, recipients)
    origin = Origin("s", "192.0.2.1", "client.test", "mx2")
    return Mail(7, envelope, content, 1.5, origin, 0)


def to(address: str, *parameters: Parameter) -> Recipient:
    """A recipient."""
    return Recipient(Address(address), parameters)


class ShapeTests(SynchronousTestCase):
    """What existing suites compare"""

    def test_the_articles_envelope(self) -> None:
        """Addresses as they were sent, every RCPT in its order."""
        recipients = (to("B@X.test"), to("a@x.test"), to("B@X.test"))
        document = MAIL.write(mail(Address("Bob@X.Test"), recipients))
        self.assertEqual(
            document["envelope"],
            {"from": "Bob@X.Test", "recipients": ["B@X.test", "a@x.test", "B@X.test"]},
        )

    def test_what_jamess_clients_read(self) -> None:
        """Domains in lower case, equal entries once; the local part as it was sent."""
        recipients = (
            to("B@X.test", NOTIFY),
            to("a@x.test"),
            to("B@x.TEST", NOTIFY),
            to("B@x.test"),
            to('"A@B"@X.test', NOTIFY, NOTIFY),
        )
        parameters = (Parameter("RET", "HDRS"), Parameter("Body", ""), NOTIFY, NOTIFY)
        document = MAIL.write(mail(Address("Bob@X.Test"), recipients, parameters))
        notify = {"name": "NOTIFY", "value": "NEVER"}
        self.assertEqual(document["from"], "Bob@x.test")
        self.assertEqual(
            document["recipients"],
            [
                {"address": "B@x.test", "parameters": [notify]},
                {"address": "a@x.test", "parameters": []},
                {"address": "B@x.test", "parameters": []},
                {"address": '"A@B"@x.test', "parameters": [notify]},
            ],
        )
        self.assertEqual(
            document["mailParameters"],
            [{"name": "RET", "value": "HDRS"}, {"name": "Body", "value": ""}, notify],
        )

    def test_the_null_sender(self) -> None:
        """It is ``<>`` in both shapes."""
        document = MAIL.write(mail())
        self.assertEqual((document["from"], document["envelope"]["from"]), ("<>", "<>"))

    def test_the_content(self) -> None:
        """Nothing is changed but what is no UTF-8."""
        content = "..\r\né\n\x00".encode() + b"\xff\r\n"
        document = MAIL.write(mail(content=content))
        self.assertEqual(document["message"], "..\r\né\n\x00\ufffd\r\n")

    def test_something_can_stand_for_the_content(self) -> None:
        """For who tells it in pieces; then it is not decoded."""
        for document in MAIL, MAIL_DETAILS:
            self.assertEqual(
                document.write_with(mail(), {"message": "here"})["message"], "here"
            )
        self.assertEqual(
            MAIL_SUMMARY.write_with(mail(), {"message": "here"}),
            MAIL_SUMMARY.write(mail()),
        )

    def test_shapes(self) -> None:
        """Each has just its fields, in the order of the contract."""
        james = ["from", "recipients", "mailParameters", "message"]
        for shape, fields in (
            (MailShape.BOTH, ["id", "envelope", *james]),
            (MailShape.JAMES, james),
            (MailShape.ARTICLE, ["envelope", "message"]),
        ):
            self.assertEqual(list(SHAPES[shape].write(mail())), fields)


class DetailsTests(SynchronousTestCase):
    """What is told besides"""

    def test_how_it_came(self) -> None:
        """When, from where, how large; its decoded header; the time in UTC."""
        arrival = {
            "receivedAt": "1970-01-01T00:00:01.500Z",
            "size": 1,
            "clientIp": "192.0.2.1",
            "helo": "client.test",
            "session": "s",
            "host": "mx2",
            "subject": "",
            "date": None,
            "messageId": "",
            "headerFrom": [],
            "headerTo": [],
            "headerCc": [],
            "attachments": [],
            "bounce": [],
        }
        document = MAIL.write(mail())
        self.assertEqual(MAIL_DETAILS.write(mail()), document | arrival)
        del document["message"]
        self.assertEqual(MAIL_SUMMARY.write(mail()), document | arrival)


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
        self.patch(part, "MAX_PART_TEXT", 10)
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
