"""What a handshake needs to know, made of a host's settings."""

from __future__ import annotations

from collections.abc import Callable

import attrs
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL, crypto
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator, IProtocol
from zope.interface import implementer

from mocksmtp.tls.authority import Authority
from mocksmtp.tls.bounded import Bounded
from mocksmtp.tls.identity import CertificateError, Identity
from mocksmtp.tls.settings import ClientCertificate, TlsSettings, TlsVersion

MAX_KEPT = 1024
"""How many contexts are kept; each takes some tens of kilobytes."""

CIPHERS = b"DEFAULT:@SECLEVEL=0"
"""OpenSSL's own choice, at a level of security that forbids nothing.

A higher one has no TLS 1.0 and 1.1 (since OpenSSL 3.0), and refuses certificates
with weak keys, be they the user's or a client's.
"""

OLDEST = SSL.TLS1_2_VERSION
"""What OpenSSL takes at the least, at the level that it has by default."""

VERSIONS = {
    TlsVersion.TLS_1_0: SSL.TLS1_VERSION,
    TlsVersion.TLS_1_1: SSL.TLS1_1_VERSION,
    TlsVersion.TLS_1_2: SSL.TLS1_2_VERSION,
    TlsVersion.TLS_1_3: SSL.TLS1_3_VERSION,
}

VERIFY = {
    ClientCertificate.NONE: SSL.VERIFY_NONE,
    ClientCertificate.REQUEST: SSL.VERIFY_PEER,
    ClientCertificate.REQUIRE: SSL.VERIFY_PEER | SSL.VERIFY_FAIL_IF_NO_PEER_CERT,
}


@implementer(IOpenSSLServerConnectionCreator)
@attrs.frozen(eq=False)
class ServerContext:
    """What Twisted's ``startTLS`` and ``TLSMemoryBIOFactory`` take for a server."""

    _context: SSL.Context

    def serverConnectionForTLS(self, protocol: IProtocol) -> SSL.Connection:
        """The TLS of one connection."""
        return SSL.Connection(self._context, None)

    def take_over(self, connection: SSL.Connection) -> None:
        """Let the handshake of `connection`, which has begun, go on with this."""
        connection.set_context(self._context)


@attrs.frozen(eq=False)
class _Made:
    identity: Identity
    context: ServerContext


class ServerContexts:
    """
    Makes contexts, and keeps them while their certificates stay.

    :param authority: where the certificates come from
    """

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._made: Bounded[tuple[TlsSettings, tuple[str, ...]], _Made] = Bounded(
            MAX_KEPT
        )

    def choosing(
        self,
        settings: TlsSettings,
        names: tuple[str, ...],
        choose: Callable[[SSL.Connection], None],
    ) -> ServerContext:
        """
        A context of its own, for a server that has others to go on with.

        :param choose: called when the client has said which server it means
        :raises CertificateError: as of `context`
        """
        identity = self._authority.identity(settings.certificate, names)
        context = _context(settings, identity)
        context.set_tlsext_servername_callback(choose)
        return ServerContext(context)

    def context(self, settings: TlsSettings, names: tuple[str, ...]) -> ServerContext:
        """
        The context for a server of these names.

        :param names: DNS names and IP addresses, for a certificate that is made
        :raises CertificateError: there is no certificate (`Authority.identity`), or
            OpenSSL doesn't take it
        """
        identity = self._authority.identity(settings.certificate, names)
        made = self._made.get((settings, names))
        if made is None or made.identity is not identity:
            made = _Made(identity, ServerContext(_context(settings, identity)))
            self._made.put((settings, names), made)
        return made.context


def _context(settings: TlsSettings, identity: Identity) -> SSL.Context:
    context = SSL.Context(SSL.TLS_METHOD)
    # Before the certificate, which it decides on.
    context.set_cipher_list(CIPHERS)
    _bound_versions(context, settings)
    context.set_options(
        SSL.OP_NO_RENEGOTIATION | SSL.OP_NO_COMPRESSION | SSL.OP_NO_TICKET
    )
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)  # 20 KiB of an idle connection
    # Every handshake is a whole one, with the client's certificate in it.
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_session_id(b"mocksmtp")
    # Only with a callback does OpenSSL keep the name that the client asked for.
    context.set_tlsext_servername_callback(_take_any_name)
    context.set_verify(VERIFY[settings.client_certificate], _take_any_certificate)
    _use(context, identity)
    return context


def _bound_versions(context: SSL.Context, settings: TlsSettings) -> None:
    least, most = settings.min_version, settings.max_version
    if most is not None:
        context.set_max_proto_version(VERSIONS[most])
    if least is not None:
        context.set_min_proto_version(VERSIONS[least])
    elif most is None or VERSIONS[most] >= OLDEST:
        context.set_min_proto_version(OLDEST)


def _use(context: SSL.Context, identity: Identity) -> None:
    leaf, *others = x509.load_pem_x509_certificates(identity.chain_pem)
    try:
        context.use_certificate(leaf)
        for other in others:
            context.add_extra_chain_cert(other)
        key = load_pem_private_key(identity.key_pem, password=None)
        context.use_privatekey(key)  # type: ignore[arg-type]
    # Of what it reads, cryptography leaves more unread than OpenSSL does.
    except (SSL.Error, crypto.Error):
        raise CertificateError("OpenSSL doesn't take the certificate") from None


def _take_any_name(connection: SSL.Connection) -> None:
    """Let the handshake go on, whatever server is meant."""


def _take_any_certificate(*_: object) -> bool:
    """A client's certificate is recorded and not judged."""
    return True
