"""How connections end, over real sockets: in clear and under TLS."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
from collections.abc import Iterator
from typing import Any

from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.hosts.host import MailHost
from mocksmtp.tls.settings import TlsMode
from tests.smtp.mocked import on, when
from tests.smtp.test_starttls import Rig, anyhow

MODES = (TlsMode.NONE, TlsMode.IMPLICIT)


def is_reset(client: socket.socket) -> bool:
    """Whether a RST has come: the system's TCP_CLOSE, for after a FIN it waits."""
    return client.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1) == b"\x07"


class EndingTests(Rig):
    """What a client sees of the end."""

    def mock(self, mode: TlsMode, *documents: Any) -> MailHost:
        host = self.listen(mode=mode)
        host.behaviors.replace_all(SMTP.parse_all(list(documents)))
        self.secure = mode is TlsMode.IMPLICIT
        return host

    @contextlib.contextmanager
    def talking(self) -> Iterator[socket.socket]:
        """A client's socket, on which the banner was read."""
        with socket.create_connection(("127.0.0.1", self.port), 20) as plain:
            client = plain
            if self.secure:
                # An end without a goodbye is to be told from one with it.
                client = anyhow().wrap_socket(plain, suppress_ragged_eofs=False)
            with client:
                client.recv(1000)
                yield client

    def last_words(self, *lines: bytes) -> tuple[bytes, str]:
        """Send lines; what was heard, and how it ended."""
        heard = b""
        with self.talking() as client:
            try:
                client.sendall(b"".join(lines))
                while octets := client.recv(65536):
                    heard += octets
            except ConnectionResetError:
                return heard, "reset"
            except ssl.SSLEOFError:
                return heard, "reset" if is_reset(client) else "torn"
        return heard, "closed"

    async def test_a_reset_is_a_true_one_and_comes_last(self) -> None:
        """The reply before it arrives, however long it is."""
        text = "x" * 400
        message = "\n".join([text] * 150)
        for mode in MODES:
            host = self.mock(mode, on("NOOP", 250, message=message, then="reset"))
            heard, end = await self.client(lambda: self.last_words(b"NOOP\r\n"))
            self.assertEqual((heard.count(text.encode()), end), (150, "reset"), mode)
            session = await self.session(host)
            self.assertEqual(session.end and session.end.value, "reset")

    async def test_a_close_is_an_orderly_one(self) -> None:
        """Though more has come than was read."""
        for mode in MODES:
            host = self.mock(mode, on("NOOP", 421, message="Bye", then="close"))
            lines = (b"NOOP\r\n", b"NOOP pipelined\r\n" * 5000)
            heard, end = await self.client(lambda lines=lines: self.last_words(*lines))
            self.assertEqual(heard, b"421 Bye\r\n", mode)
            if mode is TlsMode.NONE:
                self.assertEqual(end, "closed")
            session = await self.session(host)
            self.assertEqual(session.end and session.end.value, "closed")

    async def test_content_is_cut_off(self) -> None:
        """In its midst, and the client's library takes it for a lost connection."""
        condition = when("size", "65536", "atLeast")
        host = self.mock(
            TlsMode.NONE, on("DATA CONTENT", condition=condition, then="close")
        )

        def talk() -> None:
            with smtplib.SMTP("127.0.0.1", self.port, timeout=20) as smtp:
                smtp.sendmail("b@x.test", "a@x.test", b"x" * 70 + b"\r\n" * 500_000)

        with self.assertRaises((smtplib.SMTPServerDisconnected, ConnectionError)):
            await self.client(talk)
        self.assertEqual(len(host.mailbox), 0)

    async def test_who_is_left_hanging_can_leave(self) -> None:
        """Nothing is heard; the connection ends with the client's patience."""
        for mode in MODES:
            host = self.mock(mode, on("NOOP", then="hang"))

            def talk() -> bool:
                with self.talking() as client:
                    client.sendall(b"NOOP\r\n")
                    client.settimeout(0.3)
                    try:
                        client.recv(1000)
                    except TimeoutError:
                        return True
                return False

            self.assertTrue(await self.client(talk), mode)
            while self.factory.connections:
                await self.client(lambda: None)
            session = host.journal.sessions()[0]
            self.assertEqual(session.end and session.end.value, "hung")

    async def test_a_handshake_that_fails_once(self) -> None:
        """What is said in its place is no TLS; the next one is."""
        raw = on("TLS", raw="220 oops\r\n", then="close", numberOfAnswer=1)
        self.mock(TlsMode.STARTTLS, raw)
        self.secure = False

        def talk() -> int:
            with smtplib.SMTP("127.0.0.1", self.port, timeout=20) as smtp:
                smtp.starttls(context=anyhow())
                return smtp.noop()[0]

        with self.assertRaises((ssl.SSLError, OSError)):
            await self.client(talk)
        self.assertEqual(await self.client(talk), 250)

    async def test_a_late_handshake(self) -> None:
        """It comes all the same, also where TLS is implicit."""
        for mode in TlsMode.STARTTLS, TlsMode.IMPLICIT:
            self.mock(mode, on("TLS", delay="50ms"), on("CONNECT", delay="20ms"))

            def talk(mode: TlsMode = mode) -> int:
                if mode is TlsMode.IMPLICIT:
                    with smtplib.SMTP_SSL(
                        "127.0.0.1", self.port, timeout=20, context=anyhow()
                    ) as smtp:
                        return smtp.noop()[0]
                with smtplib.SMTP("127.0.0.1", self.port, timeout=20) as smtp:
                    smtp.starttls(context=anyhow())
                    return smtp.noop()[0]

            self.assertEqual(await self.client(talk), 250)

    async def test_starttls_refused(self) -> None:
        """454 in its place, and the mail comes in clear."""
        host = self.mock(TlsMode.STARTTLS, on("STARTTLS", 454))
        self.secure = False

        def talk() -> int:
            with smtplib.SMTP("127.0.0.1", self.port, timeout=20) as smtp:
                smtp.ehlo()
                code = smtp.docmd("STARTTLS")[0]
                smtp.sendmail("b@x.test", "a@x.test", "\r\nhello")
                return code

        self.assertEqual(await self.client(talk), 454)
        self.assertEqual(len(host.mailbox), 1)

    async def test_a_drip_under_tls(self) -> None:
        """Octet by octet, and all of it."""
        drip = {"bytes": 3, "interval": 1}
        self.mock(TlsMode.IMPLICIT, on("NOOP", 250, message="slowly", drip=drip))

        def talk() -> bytes:
            with self.talking() as client:
                client.sendall(b"NOOP\r\n")
                heard = b""
                while not heard.endswith(b"\n"):
                    heard += client.recv(1000)
                return heard

        self.assertEqual(await self.client(talk), b"250 slowly\r\n")

    async def test_nobody_waits_for_another(self) -> None:
        """A hundred that hang, and one that is served."""
        self.mock(TlsMode.NONE, on("NOOP", then="hang"))

        def talk() -> int:
            with contextlib.ExitStack() as stack:
                for _ in range(100):
                    client = stack.enter_context(self.talking())
                    client.sendall(b"NOOP\r\n")
                with smtplib.SMTP("127.0.0.1", self.port, timeout=20) as smtp:
                    return smtp.ehlo()[0]

        self.assertEqual(await self.client(talk), 250)
