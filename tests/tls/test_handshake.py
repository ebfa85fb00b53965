"""What a server records of handshakes, good and bad."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import ssl
from datetime import UTC, datetime
from pathlib import Path

import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from cryptography.x509.oid import NameOID
from OpenSSL import SSL
from twisted.internet.error import (
    ConnectionAborted,
    ConnectionDone,
    ConnectionLost,
)
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.sessions.session import PeerCertificate, TlsSession
from mocksmtp.tls.authority import Authority
from mocksmtp.tls.contexts import ServerContext, ServerContexts
from mocksmtp.tls.handshake import ENDED, end_point, error_text, failed
from mocksmtp.tls.settings import (
    CertificateKind,
    ClientCertificate,
    TlsSettings,
    TlsVersion,
)
from tests.tls.clients import NAME, NAMES, Wire, careless, meet, trusting

AUTHORITY = Authority()
CONTEXTS = ServerContexts(AUTHORITY)


def context(**settings: object) -> ServerContext:
    return CONTEXTS.context(TlsSettings(**settings), NAMES)


class Dialogue:
    """pyOpenSSL as the client, which is less careful than Python's."""

    def __init__(self, server: ServerContext) -> None:
        self.wire = Wire(server)
        self.context = SSL.Context(SSL.TLS_METHOD)

    def shake(self, name: bytes | None = None) -> TlsSession | None:
        """What the server has of it."""
        client = SSL.Connection(self.context, None)
        client.set_connect_state()
        if name is not None:
            client.set_tlsext_host_name(name)
        for _ in range(3):
            with contextlib.suppress(SSL.WantReadError):
                client.do_handshake()
            try:
                client.bio_write(self.wire.send(client.bio_read(2**16)))
            except SSL.WantReadError:
                break
        return self.wire.server.session


class EndPointTests(SynchronousTestCase):
    """`end_point` (RFC 5929 §4.1)"""

    def test_a_hash_of_the_certificate(self) -> None:
        """By the algorithm of its signature, SHA-256 where that is none or weak."""
        for key, signed_by, expected in (
            (ec.generate_private_key(ec.SECP256R1()), hashes.SHA256(), "sha256"),
            (ec.generate_private_key(ec.SECP384R1()), hashes.SHA384(), "sha384"),
            (ed25519.Ed25519PrivateKey.generate(), None, "sha256"),
        ):
            name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
            day = datetime(2030, 1, 1, tzinfo=UTC)
            certificate = x509.CertificateBuilder(
                name, name, key.public_key(), 1, day, day
            ).sign(key, signed_by)
            context = SSL.Context(SSL.TLS_METHOD)
            context.use_certificate(certificate)
            found = end_point(SSL.Connection(context, None))
            der = certificate.public_bytes(Encoding.DER)
            self.assertEqual(found, hashlib.new(expected, der).digest())


class SessionTests(SynchronousTestCase):
    """tls_session"""

    def test_version_and_cipher_are_as_openssl_has_them(self) -> None:
        """The same that the client tells."""
        for most in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            meeting = meet(context(), careless(most=most))
            assert meeting.session is not None
            assert meeting.tls is not None
            self.assertEqual(meeting.session.version, meeting.tls.version())
            self.assertEqual(meeting.session.cipher, meeting.tls.cipher()[0])
            self.assertIsNone(meeting.session.error)

    def test_the_name_asked_for(self) -> None:
        """Be it one of the server's or not; an address is none (RFC 6066 §3)."""
        for name, sni in (
            (NAME, NAME),
            ("other.test", "other.test"),
            ("192.0.2.1", None),
            (None, None),
        ):
            session = meet(context(), careless(), name).session
            assert session is not None
            self.assertEqual(session.sni, sni)

    def test_a_name_that_is_none(self) -> None:
        """Any octets are shown, and harm nothing."""
        for name, sni in (
            (b"b\xc3\xbccher.test", r"b\xc3\xbccher.test"),
            (b"\xff\r\n", "\\xff\r\n"),
            (b"x" * 255, "x" * 255),
        ):
            session = Dialogue(context()).shake(name)
            assert session is not None
            self.assertEqual(session.sni, sni)
            self.assertIsNone(session.error)

    def test_the_client_s_certificate(self) -> None:
        """Names as in RFC 4514, and the fingerprint that openssl has."""
        authority = trustme.CA(organization_name="A, Inc.", organization_unit_name="x")
        leaf = authority.issue_cert(
            "c.test", common_name="c", organization_name="C", organization_unit_name="y"
        )
        client = careless()
        leaf.configure_cert(client)
        asking = ClientCertificate.REQUEST
        session = meet(context(client_certificate=asking), client).session
        assert session is not None
        der = ssl.PEM_cert_to_DER_cert(leaf.cert_chain_pems[0].bytes().decode())
        digest = hashlib.sha256(der).hexdigest()
        peer = PeerCertificate("CN=c,OU=y,O=C", r"OU=x,O=A\, Inc.", digest)
        self.assertEqual(session.client_certificate, peer)

    def test_a_certificate_that_has_no_names(self) -> None:
        """None that can be read: it is known by its fingerprint."""
        leaf = trustme.CA().issue_cert("c.test", organization_name="CLIENT")
        parsed = x509.load_pem_x509_certificate(leaf.cert_chain_pems[0].bytes())
        der = parsed.public_bytes(Encoding.DER)
        # A PrintableString of octets that are not printable.
        der = der.replace(b"\x0c\x06CLIENT", b"\x13\x06CLI\xff\xff\xff")
        dialogue = Dialogue(context(client_certificate=ClientCertificate.REQUIRE))
        path = self.mktemp()
        Path(path).write_text(ssl.DER_cert_to_PEM_cert(der))
        dialogue.context.use_certificate_file(path)
        key = load_pem_private_key(leaf.private_key_pem.bytes(), None)
        dialogue.context.use_privatekey(key)  # type: ignore[arg-type]
        session = dialogue.shake()
        assert session is not None
        peer = PeerCertificate("", "", hashlib.sha256(der).hexdigest())
        self.assertEqual(session.client_certificate, peer)


class FailureTests(SynchronousTestCase):
    """failed, as Twisted tells a protocol of it"""

    def test_a_client_that_does_not_trust(self) -> None:
        """Its alert, and the name that it had asked for."""
        for kind, error in (
            (CertificateKind.UNTRUSTED, "tlsv1 alert unknown ca"),
            (CertificateKind.SELF_SIGNED, "tlsv1 alert unknown ca"),
            (CertificateKind.EXPIRED, "alert certificate expired"),
            (CertificateKind.WRONG_NAME, "alert bad certificate"),
        ):
            client = trusting(AUTHORITY.root_pem)
            session = meet(context(certificate=kind), client).session
            assert session is not None
            assert session.error is not None
            # How OpenSSL names the alerts of old is not the same in all versions.
            self.assertTrue(session.error.endswith(error), session.error)
            self.assertEqual(session, TlsSession(sni=NAME, error=session.error))

    def test_a_client_of_another_version(self) -> None:
        """There is nothing to agree on."""
        server = context(min_version=TlsVersion.TLS_1_3)
        client = careless(most=ssl.TLSVersion.TLSv1_2)
        session = meet(server, client).session
        assert session is not None
        self.assertEqual(session.error, "unsupported protocol")

    def test_a_client_that_does_not_speak_tls(self) -> None:
        """But HTTP, SMTP, or what is like TLS."""
        for data, error in (
            (b"GET / HTTP/1.1\r\n\r\n", "http request"),
            (b"EHLO client.test\r\n", "wrong version number"),
            (b"\x16\x03\x01\x00\x05hello", "unexpected message"),
        ):
            wire = Wire(context())
            wire.send(data)
            self.assertTrue(wire.transport.disconnecting, data)
            session = wire.lose(ConnectionDone())
            self.assertEqual(session, TlsSession(error=error))

    def test_a_connection_that_ends(self) -> None:
        """Nobody has said why, be it in the midst of a message."""
        for sent in (b"", b"\x16\x03\x01"):
            for reason in (ConnectionDone(), ConnectionLost(), ConnectionAborted()):
                wire = Wire(context())
                if sent:
                    wire.send(sent)
                session = wire.lose(reason)
                self.assertEqual(session, TlsSession(error=ENDED))


class ErrorTextTests(SynchronousTestCase):
    """error_text"""

    def test_what_openssl_raises(self) -> None:
        """The reasons in its queue, each once, or the system's error."""
        reasons = [("lib", "", "bad x"), ("lib", "f", "bad y"), ("", "", "bad x")]
        for error, text in (
            (SSL.Error([("SSL routines", "", "no shared cipher")]), "no shared cipher"),
            (SSL.Error(reasons), "bad x; bad y"),
            (SSL.Error([("", "", "")]), ENDED),
            (SSL.Error([]), ENDED),
            (SSL.Error(), ENDED),
            (SSL.ZeroReturnError(), ENDED),
            (SSL.SysCallError(-1, "Unexpected EOF"), ENDED),
            (SSL.SysCallError(errno.ECONNRESET, "x"), "Connection reset by peer"),
        ):
            self.assertEqual(error_text(Failure(error)), text)

    def test_any_other_error_in_one_line(self) -> None:
        """Which is not endless."""
        for error, text in (
            (ValueError("a\r\nb"), "a b"),
            (ValueError(), "ValueError"),
            (ValueError("x" * 300), "x" * 197 + "..."),
        ):
            self.assertEqual(error_text(Failure(error)), text)
            session = failed(Failure(error), "a")
            self.assertEqual(session, TlsSession(sni="a", error=text))
