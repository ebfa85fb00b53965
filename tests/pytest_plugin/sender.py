"""An application that delivers mail by MX, retries, and bounces; for tests of the kit.

It is copied into the folder of a suite, so it imports nothing of the project.
"""

from __future__ import annotations

import contextlib
import email.message
import email.utils
import smtplib
import threading
from collections.abc import Iterator
from typing import Any

import dns.resolver

BOUNCE = """\
From: MAILER-DAEMON@here.test
To: {sender}
Subject: Undelivered mail
MIME-Version: 1.0
Content-Type: multipart/report; report-type=delivery-status; boundary=b

--b
Content-Type: text/plain

It failed.
--b
Content-Type: message/delivery-status

Reporting-MTA: dns; here.test

Final-Recipient: rfc822; {recipient}
Action: failed
Status: {status}
Diagnostic-Code: smtp; {code} {text}

--b--
"""


class App:
    """
    A mail server in a few lines.

    :param dns: the address and port of its resolver
    :param port: the port of all mail exchanges
    """

    def __init__(self, dns_server: tuple[str, int], port: int) -> None:
        self.resolver = dns.resolver.Resolver(configure=False)
        self.resolver.nameservers = [dns_server[0]]
        self.resolver.port = dns_server[1]
        self.port = port
        self.pause = threading.Event()

    def addresses(self, domain: str) -> Iterator[str]:
        """The addresses of the mail exchanges, in the order of preference."""
        answers: Any = self.resolver.resolve(domain, "MX")
        for answer in sorted(answers, key=lambda one: one.preference):
            for found in self.resolver.resolve(answer.exchange, "A"):
                yield str(found)

    def send(
        self,
        recipient: str,
        sender: str = "me@here.test",
        attempts: int = 5,
        pause: float = 0.0,
    ) -> None:
        """Send a mail until it is accepted or rejected; after a rejection, bounce."""
        message = email.message.EmailMessage()
        message["From"], message["To"], message["Subject"] = sender, recipient, "hi"
        message["Message-ID"] = email.utils.make_msgid(domain="here.test")
        message.set_content("It works.\n")
        code, text = 0, ""
        for _ in range(attempts):
            code, text = self.attempt(message, sender, recipient)
            if code // 100 != 4:
                break
            self.pause.wait(pause)
        if code // 100 == 5:
            self.bounce(sender, recipient, code, text)

    def attempt(
        self, message: email.message.EmailMessage, sender: str, recipient: str
    ) -> tuple[int, str]:
        """Try all exchanges; returns the last reply."""
        code, text = 451, "no exchange"
        for address in self.addresses(recipient.partition("@")[2]):
            try:
                with smtplib.SMTP(address, self.port) as smtp:
                    smtp.send_message(message, sender, [recipient])
                return 250, "OK"
            except smtplib.SMTPRecipientsRefused as error:
                code, octets = error.recipients[recipient]
                text = octets.decode()
            except smtplib.SMTPResponseException as error:
                code, text = error.smtp_code, str(error.smtp_error)
            except (smtplib.SMTPServerDisconnected, OSError) as error:
                text = str(error)
            if code // 100 == 5:
                break
        return code, text

    def bounce(self, sender: str, recipient: str, code: int, text: str) -> None:
        """Report a rejection to the sender."""
        status = text.partition(" ")[0]
        content = BOUNCE.format(
            sender=sender, recipient=recipient, status=status, code=code, text=text
        )
        for address in self.addresses(sender.partition("@")[2]):
            with contextlib.suppress(smtplib.SMTPException, OSError):
                with smtplib.SMTP(address, self.port) as smtp:
                    smtp.sendmail("", [sender], content.replace("\n", "\r\n"))
                return
