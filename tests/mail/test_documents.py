"""Mails as documents"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.grammar.address import NULL, Address
from mocksmtp.grammar.command import Parameter
from mocksmtp.mail.documents import (
    MailShape,
    listing_document,
    mail_details,
    mail_document,
    mail_summary,
)
from mocksmtp.mail.mail import Envelope, Mail, Origin, Recipient

NOTIFY = Parameter("NOTIFY", "NEVER")


def mail(
    sender: Address = NULL,
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
        document = mail_document(mail(Address("Bob@X.Test"), recipients))
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
        document = mail_document(mail(Address("Bob@X.Test"), recipients, parameters))
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
        document = mail_document(mail())
        self.assertEqual((document["from"], document["envelope"]["from"]), ("<>", "<>"))

    def test_the_content(self) -> None:
        """Nothing is changed but what is no UTF-8."""
        content = "..\r\né\n\x00".encode() + b"\xff\r\n"
        document = mail_document(mail(content=content))
        self.assertEqual(document["message"], "..\r\né\n\x00\ufffd\r\n")

    def test_something_can_stand_for_the_content(self) -> None:
        """For who tells it in pieces; then it is not decoded."""
        for document in mail_document, mail_details:
            self.assertEqual(document(mail(), message="here")["message"], "here")
        self.assertEqual(mail_summary(mail(), message="here"), mail_summary(mail()))

    def test_shapes(self) -> None:
        """Each has just its fields, in the order of the contract."""
        james = ["from", "recipients", "mailParameters", "message"]
        for shape, fields in (
            (MailShape.BOTH, ["id", "envelope", *james]),
            (MailShape.JAMES, james),
            (MailShape.ARTICLE, ["envelope", "message"]),
        ):
            self.assertEqual(list(listing_document(shape)(mail())), fields)


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
        document = mail_document(mail())
        self.assertEqual(mail_details(mail()), document | arrival)
        del document["message"]
        self.assertEqual(mail_summary(mail()), document | arrival)
