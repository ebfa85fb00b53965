"""OpenSSL contexts, made from the TLS settings of hosts."""

from __future__ import annotations

from collections.abc import Callable

import attrs
from cryptography import x509
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from OpenSSL import SSL, crypto
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator, IProtocol
from zope.interface import implementer

from mocksmtp.tls.authority import Authority, LruCache
from mocksmtp.tls.identity import CertificateError, Identity
from mocksmtp.tls.settings import ClientCertificate, TlsSettings, TlsVersion

_MAX_KEPT = 1024
"""Maximum contexts cached; each uses some tens of kilobytes."""

CIPHERS = b"DEFAULT:@SECLEVEL=0"
"""OpenSSL's default ciphers, at the security level that allows everything.

Higher levels disable TLS 1.0 and 1.1 (since OpenSSL 3.0) and refuse certificates with
weak keys, of the server and of clients.
"""

OLDEST = SSL.TLS1_2_VERSION
"""The lowest TLS version at OpenSSL's default security level."""

_VERSIONS = {
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
    """A context for Twisted's ``startTLS`` and ``TLSMemoryBIOFactory``."""

    _context: SSL.Context

    def serverConnectionForTLS(self, protocol: IProtocol) -> SSL.Connection:
        """Return a TLS connection with this context."""
        return SSL.Connection(self._context, None)

    def take_over(self, connection: SSL.Connection) -> None:
        """Switch `connection`, whose handshake has begun, to this context."""
        connection.set_context(self._context)


@attrs.frozen(eq=False)
class _Cached:
    identity: Identity
    context: ServerContext


class ServerContexts:
    """
    Makes contexts, and caches them until their certificate changes.

    :param authority: issues the certificates
    """

    def __init__(self, authority: Authority) -> None:
        self._authority = authority
        self._made: LruCache[tuple[TlsSettings, tuple[str, ...]], _Cached] = LruCache(
            _MAX_KEPT
        )

    def choosing(
        self,
        settings: TlsSettings,
        names: tuple[str, ...],
        choose: Callable[[SSL.Connection], None],
    ) -> ServerContext:
        """
        Return an uncached context that chooses another one by SNI.

        :param choose: called with the connection once the client's SNI is known
        :raises CertificateError: as for `context`
        """
        identity = self._authority.identity(settings.certificate, names)
        context = _context(settings, identity)
        context.set_tlsext_servername_callback(choose)
        return ServerContext(context)

    def context(self, settings: TlsSettings, names: tuple[str, ...]) -> ServerContext:
        """
        Return the context of a server.

        :param names: DNS names and IP addresses for an issued certificate
        :raises CertificateError: as for `Authority.identity`, or OpenSSL refuses the
            certificate
        """
        identity = self._authority.identity(settings.certificate, names)
        made = self._made.get((settings, names))
        if made is None or made.identity is not identity:
            made = _Cached(identity, ServerContext(_context(settings, identity)))
            self._made.put((settings, names), made)
        return made.context


def _context(settings: TlsSettings, identity: Identity) -> SSL.Context:
    context = SSL.Context(SSL.TLS_METHOD)
    # Set before the certificate is loaded, because the level applies to it.
    context.set_cipher_list(CIPHERS)
    _bound_versions(context, settings)
    context.set_options(
        SSL.OP_NO_RENEGOTIATION | SSL.OP_NO_COMPRESSION | SSL.OP_NO_TICKET
    )
    context.set_mode(SSL.MODE_RELEASE_BUFFERS)  # saves 20 KiB per idle connection
    # No session resumption: each handshake is full, with the client's certificate.
    context.set_session_cache_mode(SSL.SESS_CACHE_OFF)
    context.set_session_id(b"mocksmtp")
    # OpenSSL keeps the client's SNI only if a callback is set.
    context.set_tlsext_servername_callback(_take_any_name)
    context.set_verify(VERIFY[settings.client_certificate], _take_any_certificate)
    _use(context, identity)
    return context


def _bound_versions(context: SSL.Context, settings: TlsSettings) -> None:
    least, most = settings.min_version, settings.max_version
    if most is not None:
        context.set_max_proto_version(_VERSIONS[most])
    if least is not None:
        context.set_min_proto_version(_VERSIONS[least])
    elif most is None or _VERSIONS[most] >= OLDEST:
        context.set_min_proto_version(OLDEST)


def _use(context: SSL.Context, identity: Identity) -> None:
    leaf, *others = x509.load_pem_x509_certificates(identity.chain_pem)
    try:
        context.use_certificate(leaf)
        for other in others:
            context.add_extra_chain_cert(other)
        key = load_pem_private_key(identity.key_pem, password=None)
        context.use_privatekey(key)  # type: ignore[arg-type]
    # OpenSSL checks more of a certificate than cryptography does.
    except (SSL.Error, crypto.Error):
        raise CertificateError("OpenSSL doesn't take the certificate") from None


def _take_any_name(connection: SSL.Connection) -> None:
    """Accept any SNI."""


def _take_any_certificate(*_: object) -> bool:
    """Accept any client certificate; it is only recorded."""
    return True
