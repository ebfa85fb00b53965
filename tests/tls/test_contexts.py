"""Handshakes by a host's settings, with Python's own client."""

from __future__ import annotations

import socket
import ssl
from datetime import UTC, datetime

import attrs
import trustme
from cryptography.hazmat.primitives.asymmetric import rsa
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator
from twisted.internet.protocol import Factory
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase, TestCase
from zope.interface.verify import verifyObject

from mocksmtp.tls.authority import Authority, LruCache
from mocksmtp.tls.contexts import ServerContexts
from mocksmtp.tls.identity import CertificateError
from mocksmtp.tls.issuing import Validity, issue, make_root
from mocksmtp.tls.settings import (
    CertificateKind,
    ClientCertificate,
    GivenCertificate,
    TlsSettings,
    TlsVersion,
)
from tests.tls.clients import (
    DAY,
    NAME,
    NAMES,
    Calendar,
    Meeting,
    Server,
    careless,
    meet,
    trusting,
)

OF_PYTHON = {
    TlsVersion.TLS_1_0: ssl.TLSVersion.TLSv1,
    TlsVersion.TLS_1_1: ssl.TLSVersion.TLSv1_1,
    TlsVersion.TLS_1_2: ssl.TLSVersion.TLSv1_2,
    TlsVersion.TLS_1_3: ssl.TLSVersion.TLSv1_3,
}

VALIDITY = Validity(datetime(2030, 1, 1, tzinfo=UTC), datetime(2031, 1, 1, tzinfo=UTC))

STRANGER = trustme.CA()
"""An authority of the client's, which the server has never heard of."""


class Contexts(SynchronousTestCase):
    """One authority for all of a test's contexts"""

    def setUp(self) -> None:
        self.calendar = Calendar()
        self.authority = Authority(now=self.calendar)
        self.contexts = ServerContexts(self.authority)

    def meet(self, client: ssl.SSLContext, **settings: object) -> Meeting:
        return meet(self.contexts.context(TlsSettings(**settings), NAMES), client)


class VersionTests(Contexts):
    """The versions of the protocol"""

    # Python warns of the old versions, which are what this is about.
    suppress = [(("ignore",), {"category": DeprecationWarning})]

    def agreed(self, client: TlsVersion, **settings: object) -> str | None:
        """What a client agrees on that speaks one version, or None."""
        version = OF_PYTHON[client]
        session = self.meet(careless(version, version), **settings).session
        assert session is not None
        return session.version

    def test_every_bound_holds(self) -> None:
        """A client is served by its version where the host's bounds allow it."""
        versions = list(TlsVersion)
        for low, least in enumerate(versions):
            for high, most in enumerate(versions[low:], low):
                found = [
                    self.agreed(client, min_version=least, max_version=most)
                    for client in versions
                ]
                expected = [
                    version.value if low <= number <= high else None
                    for number, version in enumerate(versions)
                ]
                self.assertEqual(found, expected, (least, most))

    def test_without_bounds_it_is_what_openssl_takes(self) -> None:
        """TLS 1.2 and 1.3."""
        found = [self.agreed(client) for client in TlsVersion]
        self.assertEqual(found, [None, None, "TLSv1.2", "TLSv1.3"])

    def test_a_bound_above_leaves_those_below(self) -> None:
        """An old one means a server that is old throughout."""
        for most, expected in (
            (TlsVersion.TLS_1_1, ["TLSv1", "TLSv1.1", None, None]),
            (TlsVersion.TLS_1_2, [None, None, "TLSv1.2", None]),
        ):
            found = [self.agreed(client, max_version=most) for client in TlsVersion]
            self.assertEqual(found, expected, most)

    def test_a_bound_below_leaves_those_above(self) -> None:
        """Up to the newest."""
        oldest = TlsVersion.TLS_1_0
        found = [self.agreed(client, min_version=oldest) for client in TlsVersion]
        self.assertEqual(found, [version.value for version in TlsVersion])


class ClientCertificateTests(Contexts):
    """Whether a client is asked for one, in both versions that are met"""

    def clients(self, **made: object) -> list[ssl.SSLContext]:
        """Clients with a certificate."""
        clients = [careless(most=OF_PYTHON[v]) for v in list(TlsVersion)[2:]]
        leaf = STRANGER.issue_cert("client.test", common_name="client.test", **made)
        for client in clients:
            leaf.configure_cert(client)
        return clients

    def test_it_is_not_asked_for(self) -> None:
        """Then none is shown."""
        for client in self.clients():
            session = self.meet(client).session
            assert session is not None
            self.assertIsNone(session.error)
            self.assertIsNone(session.client_certificate)

    def test_any_is_taken(self) -> None:
        """Of whatever authority."""
        for asking in (ClientCertificate.REQUEST, ClientCertificate.REQUIRE):
            for client in self.clients():
                session = self.meet(client, client_certificate=asking).session
                assert session is not None
                assert session.client_certificate is not None
                subject = session.client_certificate.subject
                self.assertTrue(subject.startswith("CN=client.test,"), subject)

    def test_one_that_has_expired_is_taken(self) -> None:
        """It is recorded, not judged."""
        now = self.calendar.now
        for client in self.clients(not_before=now - 9000 * DAY, not_after=now - DAY):
            asking = ClientCertificate.REQUIRE
            session = self.meet(client, client_certificate=asking).session
            assert session is not None
            self.assertIsNotNone(session.client_certificate)

    def test_none_is_taken_where_it_is_a_request(self) -> None:
        """The handshake goes on without."""
        for version in list(OF_PYTHON.values())[2:]:
            asking = ClientCertificate.REQUEST
            meeting = self.meet(careless(most=version), client_certificate=asking)
            assert meeting.session is not None
            self.assertIsNone(meeting.session.client_certificate)
            self.assertEqual(meeting.greeting, b"220 hello")

    def test_none_is_not_taken_where_it_is_required(self) -> None:
        """The handshake fails for that."""
        for version in list(OF_PYTHON.values())[2:]:
            asking = ClientCertificate.REQUIRE
            meeting = self.meet(careless(most=version), client_certificate=asking)
            assert meeting.session is not None
            error = "peer did not return a certificate"
            self.assertEqual(meeting.session.error, error)
            self.assertIsNotNone(meeting.error)

    def test_it_is_shown_anew_by_a_client_that_comes_again(self) -> None:
        """No session is resumed, in which it would not be shown."""
        settings = TlsSettings(client_certificate=ClientCertificate.REQUIRE)
        context = self.contexts.context(settings, NAMES)
        for client in self.clients():
            first = meet(context, client)
            assert first.tls is not None
            again = meet(context, client, session=first.tls.session)
            assert again.session is not None
            assert again.tls is not None
            self.assertIsNone(again.session.error)
            self.assertIsNotNone(again.session.client_certificate)
            self.assertFalse(again.tls.session_reused)


class CertificateTests(Contexts):
    """The certificate that is shown"""

    def test_the_chain_is_sent(self) -> None:
        """A client that has the root only can follow it."""
        root = trustme.CA()
        leaf = root.create_child_ca().issue_cert(NAME)
        chain = b"".join(pem.bytes() for pem in leaf.cert_chain_pems)
        given = GivenCertificate(chain.decode(), leaf.private_key_pem.bytes().decode())
        client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        root.configure_trust(client)
        self.assertEqual(self.meet(client, certificate=given).greeting, b"220 hello")

    def test_a_weak_one_is_shown(self) -> None:
        """Though OpenSSL's default forbids it: how clients take it is the question."""
        root = make_root("a root", VALIDITY)
        weak = issue(root, (NAME,), VALIDITY, rsa.generate_private_key(65537, 1024))
        pems = (weak.chain_pem.decode(), weak.key_pem.decode())
        given = GivenCertificate(*pems)
        self.assertEqual(
            self.meet(careless(), certificate=given).greeting, b"220 hello"
        )

    def test_one_that_is_not_usable_is_refused(self) -> None:
        """Before any client comes."""
        settings = TlsSettings(certificate=GivenCertificate("x", "y"))
        context = self.contexts.context
        error = self.assertRaises(CertificateError, context, settings, NAMES)
        message = "there is no certificate in PEM that is whole"
        self.assertEqual(str(error), message)

    def test_one_that_openssl_refuses_is_refused(self) -> None:
        """Here, a name that says it is UTF-8 and is not."""
        leaf = STRANGER.issue_cert(NAME, organization_name="SERVER")
        der = ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode())
        pem = ssl.DER_cert_to_PEM_cert(der.replace(b"SERVER", b"SERV\xff\xff"))
        given = GivenCertificate(pem, leaf.private_key_pem.bytes().decode())
        settings = TlsSettings(certificate=given)
        context = self.contexts.context
        error = self.assertRaises(CertificateError, context, settings, NAMES)
        self.assertEqual(str(error), "OpenSSL doesn't take the certificate")

    def test_a_context_is_made_once(self) -> None:
        """For each settings and names."""
        context = self.contexts.context
        first = context(TlsSettings(), NAMES)
        self.assertIs(context(TlsSettings(), NAMES), first)
        self.assertIsNot(context(TlsSettings(), (NAME,)), first)
        other = TlsSettings(certificate=CertificateKind.EXPIRED)
        self.assertIsNot(context(other, NAMES), first)

    def test_a_new_certificate_is_shown(self) -> None:
        """When the old one is about to expire, the service runs on."""
        first = self.contexts.context(TlsSettings(), NAMES)
        self.calendar.now += 380 * DAY
        self.assertIsNot(self.contexts.context(TlsSettings(), NAMES), first)

    def test_contexts_are_bounded(self) -> None:
        """However many settings a host has had."""
        self.contexts._made = LruCache(3)
        for number in range(5):
            self.contexts.context(TlsSettings(), (f"mx{number}.test",))
        self.assertEqual(len(self.contexts._made), 3)


@attrs.define
class Listening:
    """A client's view of a port."""

    number: int
    client: ssl.SSLContext

    def greeting(self) -> bytes:
        """Speak TLS at once, and read."""
        with (
            socket.create_connection(("127.0.0.1", self.number), timeout=5) as plain,
            self.client.wrap_socket(plain, server_hostname=NAME) as tls,
        ):
            return tls.recv(100)


class StartTLSServer(Server):
    """Starts TLS when it is connected."""

    def connectionMade(self) -> None:
        self.transport.startTLS(self.factory.context)  # type: ignore[union-attr]


class TransportTests(TestCase):
    """On a socket, as a listener has it"""

    def test_it_is_what_twisted_takes(self) -> None:
        """Without a warning of older interfaces."""
        context = ServerContexts(Authority()).context(TlsSettings(), NAMES)
        verifyObject(IOpenSSLServerConnectionCreator, context)

    async def test_start_tls(self) -> None:
        """A transport that talked in the open talks TLS."""
        authority = Authority()
        factory = Factory.forProtocol(StartTLSServer)
        factory.context = ServerContexts(authority).context(TlsSettings(), NAMES)
        port = reactor.listenTCP(0, factory, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        view = Listening(port.getHost().port, trusting(authority.root_pem))
        greeting: Deferred[bytes] = deferToThread(view.greeting)
        self.assertEqual(await greeting, b"220 hello")
        self.assertEqual(self.flushWarnings(), [])
