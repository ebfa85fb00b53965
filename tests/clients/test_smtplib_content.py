"""Python's smtplib: what it sends, by what is offered"""

from __future__ import annotations

import random
import smtplib
from email.message import EmailMessage

from twisted.internet.threads import deferToThread

from mocksmtp.testing import RunningHost
from tests.clients.case import LMTP, RECIPIENT, SENDER, STARTTLS, codes, lines, verbs
from tests.clients.smtplib_case import SmtplibCase, deliver

CHUNKS, CHUNK = 25, 2**20
"""How many chunks a large mail has, and how many octets each of them."""


class ContentTests(SmtplibCase):
    """What smtplib sends, by what is offered"""

    def message(self) -> EmailMessage:
        message = EmailMessage()
        message["Subject"] = "Grüße"
        message["From"] = "jürgen@here.test"
        message["To"] = "bób@there.test"
        message.set_content("Das Maß ist voll: 大\n", cte="8bit")
        return message

    async def test_smtputf8(self) -> None:
        """Addresses and header fields in UTF-8 arrive as they are (RFC 6531)."""
        host = await self.host()
        await self.with_client(host, lambda c: c.send_message(self.message()))
        session = await self.session()
        (transaction,) = session["transactions"]
        self.assertEqual(transaction["from"], "jürgen@here.test")
        names = {parameter["name"] for parameter in transaction["parameters"]}
        self.assertEqual(names, {"SMTPUTF8", "BODY"})
        (recipient,) = transaction["recipients"]
        self.assertEqual(recipient["address"], "bób@there.test")
        content = await host.api.raw(transaction["mailId"])
        self.assertIn("Subject: Grüße\r\n".encode(), content)
        self.assertIn("voll: 大\r\n".encode(), content)

    async def test_smtputf8_that_is_not_offered(self) -> None:
        """It says so, and sends nothing."""
        host = await self.host(capabilities=["8BITMIME"])
        with self.assertRaises(smtplib.SMTPNotSupportedError):
            await self.with_client(host, lambda c: c.send_message(self.message()))
        self.assertEqual(verbs(await self.session()), ["ehlo", "QUIT"])

    async def test_8bitmime(self) -> None:
        """The parameter is recorded, and every octet is kept (RFC 6152)."""
        host = await self.host()
        content = b"Subject: x\r\n\r\n" + bytes(range(128, 256)) + b"\r\n"
        options = ["BODY=8BITMIME"]
        await self.with_client(
            host, lambda c: c.sendmail(SENDER, [RECIPIENT], content, options)
        )
        (transaction,) = (await self.session())["transactions"]
        self.assertEqual(
            transaction["parameters"], [{"name": "BODY", "value": "8BITMIME"}]
        )
        self.assertEqual(await host.api.raw(transaction["mailId"]), content)

    async def test_a_size_that_is_too_large(self) -> None:
        """It is declared where that is offered, and refused at MAIL."""
        host = await self.host(limits={"messageSize": 2000})
        with self.assertRaises(smtplib.SMTPSenderRefused) as raised:
            await self.with_client(
                host, lambda c: c.sendmail(SENDER, [RECIPIENT], "x" * 3000)
            )
        self.assertEqual(raised.exception.smtp_code, 552)
        session = await self.session()
        self.assertIn("size=3000", lines(session)[1])
        self.assertEqual(codes(session, "mail"), [552])
        self.assertNotIn("rcpt", verbs(session))

    async def test_no_ehlo(self) -> None:
        """It says HELO instead, and what is too large is refused at its end."""
        host = await self.host(limits={"messageSize": 2000})
        await host.api.set_behaviors(
            {
                "command": "EHLO",
                "condition": {"operator": "matchAll"},
                "response": {"code": 502, "message": "5.5.1 What?"},
            }
        )
        with self.assertRaises(smtplib.SMTPDataError) as raised:
            await self.with_client(
                host, lambda c: c.sendmail(SENDER, [RECIPIENT], "x" * 3000)
            )
        self.assertEqual(raised.exception.smtp_code, 552)
        session = await self.session()
        self.assertEqual(verbs(session)[:2], ["ehlo", "helo"])
        self.assertNotIn("size", lines(session)[2])

    async def test_lmtp(self) -> None:
        """One reply for each recipient; smtplib reads the first only."""
        host = await self.host(listeners=[LMTP])
        address, port = host.smtp

        def use() -> None:
            with smtplib.LMTP(address, port, "me.test") as client:
                deliver(client)

        await deferToThread(use)
        session = await self.session()
        self.assertEqual(lines(session)[0], "lhlo me.test")
        await self.assert_arrived(host)


class ChunkTests(SmtplibCase):
    """BDAT, which smtplib knows nothing of, over its connection (RFC 3030)"""

    def chunks(self) -> list[bytes]:
        """Octets of all kinds, the same ones every time."""
        block = random.Random(3030).randbytes(CHUNK - 7) + b"\r\n.\r\n\0\n"
        return [block] * CHUNKS

    async def send(self, host: RunningHost, secure: bool) -> list[int]:
        """The codes of all replies to the chunks."""

        def use(client: smtplib.SMTP) -> list[int]:
            if secure:
                self.starttls(client)
            client.ehlo()
            client.mail(SENDER, ["BODY=BINARYMIME"])
            client.rcpt(RECIPIENT)
            told = []
            for chunk in self.chunks():
                client.send(b"BDAT %d\r\n" % len(chunk) + chunk)
                told.append(client.getreply()[0])
            client.send(b"BDAT 0 LAST\r\n")
            return [*told, client.getreply()[0]]

        return await self.with_client(host, use)

    async def test_a_large_mail(self) -> None:
        """It arrives octet for octet, in clear and under TLS."""
        host = await self.host(
            tls=STARTTLS, capabilities=["CHUNKING", "BINARYMIME", "8BITMIME"]
        )
        for secure in False, True:
            told = await self.send(host, secure)
            self.assertEqual(told, [250] * (CHUNKS + 1))
            (transaction,) = (await self.session())["transactions"]
            content = await host.api.raw(transaction["mailId"])
            self.assertEqual(len(content), CHUNKS * CHUNK)
            self.assertTrue(content == b"".join(self.chunks()))

    async def test_a_mail_that_is_too_large(self) -> None:
        """The chunk that goes over the limit is refused, and all behind it."""
        host = await self.host(limits={"messageSize": "5MiB"})
        told = await self.send(host, secure=False)
        self.assertEqual(told[:6], [250] * 5 + [552])
        self.assertNotIn(250, told[5:])
        self.assertEqual(await host.api.mails(), [])
