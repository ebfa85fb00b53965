"""What is said under TLS, encrypted at once."""

from __future__ import annotations

import smtplib
from typing import Any

from mocksmtp.tls.encryption import MAX_RECORD, encrypt, holds_back
from mocksmtp.tls.settings import TlsMode
from tests.smtp.test_starttls import Rig, anyhow


class RecordTests(Rig):
    """`encrypt` and `holds_back`"""

    async def connected(self) -> tuple[smtplib.SMTP_SSL, Any]:
        """A client under TLS, and the transport that the service has of it."""
        self.listen(mode=TlsMode.IMPLICIT)
        smtp = await self.client(
            lambda: smtplib.SMTP_SSL(
                "127.0.0.1", self.port, "c", timeout=20, context=anyhow()
            )
        )
        self.addCleanup(smtp.close)
        (connection,) = self.factory.connections
        return smtp, connection.transport

    async def test_octets_arrive_as_they_are(self) -> None:
        """Encrypted by the connection's own keys, in the order they were said."""
        smtp, transport = await self.connected()
        for text in b"250 one\r\n", b"250 " + b"x" * 900 + b"\r\n":
            encrypted = encrypt(transport, text)
            assert encrypted is not None
            self.assertNotIn(text, encrypted)
            transport.socket.send(encrypted)
            code, said = await self.client(smtp.getreply)
            self.assertEqual((code, said + b"\r\n"), (250, text[4:]))

    async def test_what_waits_comes_first(self) -> None:
        """Behind what was written and has not left nothing is encrypted by itself."""
        smtp, transport = await self.connected()
        transport.write(b"250 first\r\n")
        self.assertTrue(holds_back(transport))
        self.assertIsNone(encrypt(transport, b"250 second\r\n"))
        self.assertEqual((await self.client(smtp.getreply))[1], b"first")
        self.assertFalse(holds_back(transport))

    async def test_more_than_a_record_is_left_to_the_transport(self) -> None:
        """As is nothing at all."""
        _, transport = await self.connected()
        self.assertIsNone(encrypt(transport, b"x" * (MAX_RECORD + 1)))
        self.assertIsNone(encrypt(transport, b""))

    async def test_a_connection_that_ends_is_left_to_the_transport(self) -> None:
        """It says its goodbye by itself."""
        _, transport = await self.connected()
        transport.loseConnection()
        self.assertIsNone(encrypt(transport, b"250 late\r\n"))

    def test_another_kind_of_transport(self) -> None:
        """One that has no such layer is not asked for more."""
        stranger: Any = type("Stranger", (), {"protocol": object()})()
        self.assertIsNone(encrypt(stranger, b"250 x\r\n"))
        self.assertFalse(holds_back(stranger))
