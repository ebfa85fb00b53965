"""smtplib as a client of the service"""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Callable
from typing import Any, TypeVar

from twisted.internet.threads import deferToThread

from mocksmtp.testing import RunningHost
from tests.clients.case import CONTENT, NAME, RECIPIENT, SENDER, ClientCase
from tests.e2e.program import PATIENCE

T = TypeVar("T")


class SmtplibCase(ClientCase):
    """smtplib, which blocks, in a thread."""

    async def with_client(
        self,
        host: RunningHost,
        use: Callable[[smtplib.SMTP], T],
        make: Callable[..., smtplib.SMTP] = smtplib.SMTP,
        **options: Any,
    ) -> T:
        """What `use` answers when it is given a client that has connected."""

        def meet() -> T:
            address, port = host.smtp
            with make(local_hostname="me.test", timeout=PATIENCE, **options) as client:
                # The name is that for the certificate, which no resolver knows.
                client._host = NAME  # type: ignore[attr-defined]
                client.connect(address, port)
                return use(client)

        return await deferToThread(meet)

    def context(self) -> ssl.SSLContext:
        """A client's, which trusts the service's root only."""
        return ssl.create_default_context(cafile=self.ca)

    def starttls(self, client: smtplib.SMTP) -> None:
        client.starttls(context=self.context())


def deliver(client: smtplib.SMTP) -> object:
    """One mail."""
    return client.sendmail(SENDER, [RECIPIENT], CONTENT)
