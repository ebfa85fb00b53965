"""TLS on a listener: real sockets, and Python's own client."""

from __future__ import annotations

import contextlib
import itertools
import smtplib
import socket
import ssl
from collections.abc import Callable, Generator
from typing import Any, TypeVar
from unittest.mock import Mock, patch

from scramp import ScramClient
from twisted.internet import reactor
from twisted.internet.error import ConnectionDone
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase

from mocksmtp.behaviors.point import Command
from mocksmtp.hosts.capabilities import Capabilities
from mocksmtp.hosts.host import MailHost
from mocksmtp.hosts.limits import Limits
from mocksmtp.hosts.listeners import Listen
from mocksmtp.hosts.offer import Stage
from mocksmtp.sasl.settings import AuthSettings
from mocksmtp.sessions.attempts import Verdict, connection_attempt
from mocksmtp.sessions.session import INJECTED, Session
from mocksmtp.smtp import factory
from mocksmtp.smtp.factory import MockSMTPFactory
from mocksmtp.smtp.starttls import Security, TlsState, security_of
from mocksmtp.tls.authority import Authority
from mocksmtp.tls.contexts import ServerContexts
from mocksmtp.tls.settings import CertificateKind, TlsMode, TlsSettings, TlsVersion

T = TypeVar("T")

AUTHORITY = Authority()


def trusting() -> ssl.SSLContext:
    """What a client has that trusts the service's root, and nothing else."""
    return ssl.create_default_context(cadata=AUTHORITY.root_pem.decode())


def anyhow() -> ssl.SSLContext:
    """What a client has that takes any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


SCRAM_PLUS = "SCRAM-SHA-256-PLUS"


class ScramPlus:
    """SCRAM of scramp for `smtplib.SMTP.auth`, bound to the connection of `smtp`."""

    def __init__(self, smtp: smtplib.SMTP, password: str) -> None:
        binding = "tls-server-end-point", smtp.sock
        self._client = ScramClient([SCRAM_PLUS], "bob", password, binding)
        self._steps = self._answers()
        next(self._steps)

    def __call__(self, challenge: bytes | None = None) -> str:
        return self._steps.send(challenge)

    def _answers(self) -> Generator[str, bytes | None, None]:
        yield ""
        challenge = yield self._client.get_client_first()
        assert challenge is not None
        self._client.set_server_first(challenge.decode())
        challenge = yield self._client.get_client_final()
        assert challenge is not None
        self._client.set_server_final(challenge.decode())
        yield ""


class Rig(TestCase):
    """A host that listens on a free port of loopback."""

    def listen(self, **settings: Any) -> MailHost:
        """A host with these TLS settings, unless it is given others."""
        more = {k: settings.pop(k) for k in ("limits", "auth") if k in settings}
        tls = TlsSettings(**settings) if settings.pop("on", True) else None
        host = MailHost("default", "mx.test", tls=tls, **more)
        host.listens = (Listen("127.0.0.1", 25),)
        host.capabilities = Capabilities(("X-CLEAR",), ("X-SECURE",))
        host.extensions = ()
        self.factory = MockSMTPFactory(
            host, reactor, itertools.count(1), ServerContexts(AUTHORITY)
        )
        port = reactor.listenTCP(0, self.factory, interface="127.0.0.1")
        self.addCleanup(self.stop, port)
        self.port = port.getHost().port
        return host

    async def stop(self, port: Any) -> None:
        await port.stopListening()
        await self.factory.shut_down()

    async def client(self, talk: Callable[[], T]) -> T:
        """What a client brings home, which talks in a thread of its own."""
        return await deferToThread(talk)

    def connect(self) -> smtplib.SMTP:
        return smtplib.SMTP("127.0.0.1", self.port, "c", timeout=20)

    async def session(self, host: MailHost) -> Session:
        """The record of the first connection, once that is over."""
        while self.factory.connections:
            await self.factory.shut_down()
        return host.journal.sessions()[0]

    def assert_attempt(self, session: Session) -> None:
        """A handshake that failed is an attempt without a result."""
        attempt = connection_attempt(session)
        assert attempt is not None
        self.assertEqual(
            (attempt.stage, attempt.verdict, attempt.probe),
            (Command.TLS, Verdict.NONE, False),
        )


class StartTlsTests(Rig):
    """TLS after a command (RFC 3207)."""

    async def test_a_mail_under_tls(self) -> None:
        """The client verifies the host by the service's root, and delivers."""
        host = self.listen()

        def talk() -> dict[str, str]:
            with self.connect() as smtp:
                smtp.starttls(context=trusting())
                smtp.sendmail("b@x.test", "a@x.test", "\r\nhello")
                return smtp.esmtp_features

        features = await self.client(talk)
        self.assertIn("x-secure", features)
        self.assertEqual(len(host.mailbox), 1)
        session = await self.session(host)
        assert session.tls is not None
        self.assertEqual(session.tls.version, "TLSv1.3")
        self.assertTrue(session.tls.cipher)
        self.assertIsNone(session.tls.error)

    async def test_what_is_offered_depends_on_it(self) -> None:
        """STARTTLS before it and never under it; capabilities of each stage."""
        self.listen(mode=TlsMode.STARTTLS)

        def talk() -> tuple[set[str], set[str]]:
            with self.connect() as smtp:
                smtp.ehlo()
                before = set(smtp.esmtp_features)
                smtp.starttls(context=anyhow())
                smtp.ehlo()
                return before, set(smtp.esmtp_features)

        before, under = await self.client(talk)
        self.assertEqual(before & {"starttls", "x-clear"}, {"starttls", "x-clear"})
        self.assertEqual(under & {"starttls", "x-secure"}, {"x-secure"})

    async def test_nothing_from_before_survives(self) -> None:
        """Neither the name, nor the envelope, nor who has authenticated."""
        host = self.listen(auth=AuthSettings())

        def talk() -> list[int]:
            with self.connect() as smtp:
                smtp.ehlo()
                smtp.login("bob", "s3cret")
                smtp.docmd("MAIL FROM:<b@x.test>")
                smtp.starttls(context=anyhow())
                codes = [smtp.docmd("RCPT TO:<a@x.test>")[0]]
                codes.append(smtp.docmd("STARTTLS")[0])
                return codes

        self.assertEqual(await self.client(talk), [503, 503])
        session = await self.session(host)
        self.assertIsNone(session.auth_user)
        self.assertEqual(session.transactions[0].outcome.value, "aborted")

    async def test_scram_with_channel_binding(self) -> None:
        """Offered under TLS; the client binds to the certificate that it sees."""
        users = {"bob": "s3cret"}
        host = self.listen(auth=AuthSettings(users=users))

        def talk() -> tuple[str, str]:
            with self.connect() as smtp:
                smtp.ehlo()
                clear = smtp.esmtp_features["auth"]
                smtp.starttls(context=trusting())
                smtp.ehlo()
                with contextlib.suppress(smtplib.SMTPAuthenticationError):
                    smtp.auth(SCRAM_PLUS, ScramPlus(smtp, "wrong"))
                smtp.auth(SCRAM_PLUS, ScramPlus(smtp, "s3cret"))
                return clear, smtp.esmtp_features["auth"]

        clear, under_tls = await self.client(talk)
        self.assertNotIn(SCRAM_PLUS, clear.split())
        self.assertIn(SCRAM_PLUS, under_tls.split())
        session = await self.session(host)
        self.assertEqual(session.auth_user, "bob")
        self.assertEqual(session.auth_mechanism, SCRAM_PLUS)
        codes = [reply.code for *_, reply, _, _, _ in session.exchanges if reply]
        self.assertEqual(codes.count(535), 1)
        said = [line for _, line, *_ in session.exchanges if isinstance(line, bytes)]
        self.assertEqual(said.count(b"AUTH SCRAM-SHA-256-PLUS ***"), 2)
        self.assertNotIn(b"n=bob", b"".join(said))

    async def test_injected_plaintext_is_thrown_away_and_flagged(self) -> None:
        """Commands that come with STARTTLS in clear are never done."""
        host = self.listen()

        def talk() -> bytes:
            with socket.create_connection(("127.0.0.1", self.port), 20) as plain:
                plain.recv(1000)
                plain.sendall(b"STARTTLS\r\nMAIL FROM:<evil@x.test>\r\n")
                plain.recv(1000)
                with anyhow().wrap_socket(plain) as secure:
                    secure.sendall(b"RCPT TO:<a@x.test>\r\n")
                    return secure.recv(1000)

        self.assertEqual((await self.client(talk))[:3], b"503")
        session = await self.session(host)
        flagged = [e for e in session.exchanges if e[3] & INJECTED]
        self.assertEqual([e[1] for e in flagged], [b"STARTTLS\r"])

    async def test_a_failed_handshake_is_recorded(self) -> None:
        """With the reason, whoever it was that did not like the other."""
        for kind, what in (
            (CertificateKind.SELF_SIGNED, "unknown ca"),
            (CertificateKind.EXPIRED, "expired"),
        ):
            host = self.listen(certificate=kind)

            def talk() -> None:
                with self.connect() as smtp:
                    smtp.starttls(context=trusting())

            with self.assertRaises(ssl.SSLError):
                await self.client(talk)
            while self.factory.connections:
                await self.client(lambda: None)
            session = await self.session(host)
            assert session.tls is not None
            self.assertIn(what, str(session.tls.error))
            self.assertIsNone(session.tls.version)
            self.assert_attempt(session)

    async def test_no_tls_is_spoken_where_a_client_says_it_will(self) -> None:
        """What is in clear behind the 220 is no handshake."""
        host = self.listen()

        def talk() -> None:
            with socket.create_connection(("127.0.0.1", self.port), 20) as plain:
                plain.recv(1000)
                plain.sendall(b"STARTTLS\r\n")
                plain.recv(1000)
                plain.sendall(b"NOOP\r\n")
                while plain.recv(1000):
                    pass

        await self.client(talk)
        session = await self.session(host)
        assert session.tls is not None
        self.assertTrue(session.tls.error)

    async def test_versions_are_bounded(self) -> None:
        """A client that has none of them is told so by its own library."""
        host = self.listen(max_version=TlsVersion.TLS_1_2)

        def talk() -> str | None:
            with self.connect() as smtp:
                smtp.starttls(context=anyhow())
                return smtp.sock.version()  # type: ignore[union-attr, attr-defined]

        self.assertEqual(await self.client(talk), "TLSv1.2")
        session = await self.session(host)
        assert session.tls is not None
        self.assertEqual(session.tls.version, "TLSv1.2")

    async def test_without_tls_it_is_454(self) -> None:
        """Also where a test has EHLO name it."""
        host = self.listen(on=False)
        host.extensions = ("STARTTLS",)

        def talk() -> int:
            with self.connect() as smtp:
                smtp.ehlo()
                self.assertTrue(smtp.has_extn("starttls"))
                return smtp.docmd("STARTTLS")[0]

        self.assertEqual(await self.client(talk), 454)

    async def test_an_argument_is_501(self) -> None:
        """RFC 3207 §4."""
        self.listen()
        talk = self.connect
        self.assertEqual(
            (await self.client(lambda: talk().docmd("STARTTLS x")))[0], 501
        )


class ImplicitTests(Rig):
    """TLS from the first octet on (RFC 8314 §3)."""

    def secure(self) -> smtplib.SMTP_SSL:
        return smtplib.SMTP_SSL(
            "127.0.0.1", self.port, "c", timeout=20, context=trusting()
        )

    async def test_the_banner_comes_under_tls(self) -> None:
        """A mail is delivered, and STARTTLS is neither offered nor done."""
        host = self.listen(mode=TlsMode.IMPLICIT)

        def talk() -> tuple[bool, int]:
            with self.secure() as smtp:
                smtp.ehlo()
                offered = smtp.has_extn("starttls")
                code = smtp.docmd("STARTTLS")[0]
                smtp.sendmail("b@x.test", "a@x.test", "\r\nhello")
                return offered, code

        self.assertEqual(await self.client(talk), (False, 503))
        self.assertEqual(len(host.mailbox), 1)
        session = await self.session(host)
        assert session.tls is not None
        self.assertEqual(session.end and session.end.value, "quit")

    async def test_a_listener_may_do_otherwise_than_its_host(self) -> None:
        """Implicit where the host has STARTTLS, and none at all."""
        self.listen()
        self.factory.tls = TlsMode.IMPLICIT
        self.assertEqual((await self.client(lambda: self.secure().noop()))[0], 250)
        self.factory.tls = TlsMode.NONE
        clear = await self.client(lambda: self.connect().docmd("STARTTLS"))
        self.assertEqual(clear[0], 454)

    async def test_a_connection_too_many_is_told_so_under_tls(self) -> None:
        """421 is no answer to who can't read it."""
        self.listen(mode=TlsMode.IMPLICIT, limits=Limits(connections=1))

        def talk() -> int:
            with self.secure():
                try:
                    self.secure()
                except smtplib.SMTPConnectError as error:
                    return error.smtp_code
            return 0

        self.assertEqual(await self.client(talk), 421)

    async def test_silent_clients_past_the_limit_are_closed(self) -> None:
        """They are counted, there are few at a time, and each has little time."""
        host = self.listen(
            mode=TlsMode.IMPLICIT, limits=Limits(connections=1, idle_time=0.5)
        )
        self.patch(factory, "REFUSING_TIME", 0.2)
        self.patch(factory, "MAX_REFUSING", 5)

        def talk() -> list[bytes]:
            with contextlib.ExitStack() as stack:
                clients = [
                    stack.enter_context(
                        socket.create_connection(("127.0.0.1", self.port), 20)
                    )
                    for _ in range(12)
                ]
                ends = []
                # Those that are reset at once, those past the limit, the first.
                for client in reversed(clients):
                    try:
                        ends.append(client.recv(100))
                    except ConnectionResetError:
                        ends.append(b"")
                return ends

        self.assertEqual(await self.client(talk), [b""] * 12)
        while self.factory.connections or host.counters.refusing:
            await self.client(lambda: None)
        self.assertEqual((host.counters.open, host.counters.refusing), (0, 0))
        sessions = host.journal.sessions()
        ends = [session.end and session.end.value for session in sessions]
        self.assertEqual(ends, ["timedOut"] * 6 + ["closed"] * 6)
        self.assertEqual(host.counters.replies[421], 0)

    async def test_the_end_of_the_service_does_not_wait_for_them(self) -> None:
        """A handshake, within the limit or past it, is cut off."""
        host = self.listen(mode=TlsMode.IMPLICIT, limits=Limits(connections=1))

        def connect() -> list[socket.socket]:
            address = ("127.0.0.1", self.port)
            return [socket.create_connection(address, 20) for _ in range(2)]

        clients = await self.client(connect)
        while not (host.counters.open and host.counters.refusing):
            await self.client(lambda: None)
        await self.factory.shut_down()
        self.assertEqual((host.counters.open, host.counters.refusing), (0, 0))
        for client in clients:
            client.close()

    async def test_a_client_in_clear_is_not_greeted(self) -> None:
        """It is no handshake, and recorded as that."""
        host = self.listen(mode=TlsMode.IMPLICIT)

        def talk() -> bytes:
            with socket.create_connection(("127.0.0.1", self.port), 20) as plain:
                plain.sendall(b"EHLO c\r\n")
                return plain.recv(1000)

        self.assertNotIn(b"220", await self.client(talk))
        session = await self.session(host)
        self.assertEqual(session.exchanges, [])
        assert session.tls is not None
        self.assertTrue(session.tls.error)
        self.assert_attempt(session)


CONTEXTS = ServerContexts(AUTHORITY)


class SecurityTests(SynchronousTestCase):
    """`security_of`"""

    def test_the_listener_has_the_last_word(self) -> None:
        """It can do otherwise than its host, where that has TLS at all."""
        for tls, mode, expected in (
            (None, None, None),
            (None, TlsMode.IMPLICIT, None),
            (TlsSettings(), None, TlsMode.STARTTLS),
            (TlsSettings(TlsMode.IMPLICIT), None, TlsMode.IMPLICIT),
            (TlsSettings(TlsMode.IMPLICIT), TlsMode.STARTTLS, TlsMode.STARTTLS),
            (TlsSettings(), TlsMode.NONE, None),
        ):
            host = MailHost("default", "mx.test", tls=tls)
            security = security_of(host, CONTEXTS, mode)
            self.assertEqual(security and security.mode, expected)

    def test_the_context_is_made_when_it_is_needed(self) -> None:
        """And is the same for the next connection."""
        host = MailHost("default", "mx.test", tls=TlsSettings())
        first, second = (security_of(host, CONTEXTS) for _ in range(2))
        assert first is not None
        assert second is not None
        self.assertIs(first.context(), second.context())


class TlsStateTests(SynchronousTestCase):
    """`TlsState` without a connection"""

    def test_the_stage_at_the_beginning(self) -> None:
        """Depends on when the handshake takes place, if at all."""
        for mode, stage, is_implicit in (
            (None, Stage.WITHOUT_TLS, False),
            (TlsMode.STARTTLS, Stage.BEFORE_TLS, False),
            (TlsMode.IMPLICIT, Stage.WITHOUT_TLS, True),
        ):
            tls = TlsState(None if mode is None else Security(mode, Mock()))
            self.assertEqual((tls.stage, tls.is_implicit), (stage, is_implicit))
            self.assertIsNone(tls.end_point(Mock()))

    def test_a_handshake_that_succeeds(self) -> None:
        """Octets that arrived before it are passed on; then TLS is active."""
        context, transport = Mock(), Mock()
        tls = TlsState(Security(TlsMode.STARTTLS, context))
        tls.shake_hands(transport, b"hello")
        transport.startTLS.assert_called_once_with(context.return_value)
        transport.protocol.dataReceived.assert_called_once_with(b"hello")
        self.assertTrue(tls.handshaking)
        with patch("mocksmtp.smtp.starttls.tls_session") as negotiated:
            self.assertIs(tls.complete(transport), negotiated.return_value)
        self.assertEqual((tls.handshaking, tls.stage), (False, Stage.UNDER_TLS))
        self.assertIsNotNone(tls.end_point(transport))

    def test_a_handshake_that_fails(self) -> None:
        """The reason is recorded, and the name that the client asked for."""
        transport = Mock()
        transport.getHandle.return_value.get_servername.return_value = b"mx.test"
        tls = TlsState(Security(TlsMode.STARTTLS, Mock()))
        tls.shake_hands(transport, b"")
        failure = tls.fail(transport, Failure(ConnectionDone()))
        self.assertEqual((failure.sni, failure.version), ("mx.test", None))
        self.assertIsNotNone(failure.error)
        self.assertFalse(tls.handshaking)
