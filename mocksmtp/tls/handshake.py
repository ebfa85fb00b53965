"""The results of TLS handshakes: negotiated parameters, or an error."""

from __future__ import annotations

import os

from cryptography.hazmat.primitives import hashes
from OpenSSL import SSL
from twisted.internet.error import ConnectionClosed
from twisted.python.failure import Failure

from mocksmtp.sessions.session import PeerCertificate, TlsSession

ENDED = "the connection ended before the handshake did"
"""The error of a handshake that ended without an alert."""

_MAX_TEXT = 200
"""Maximum characters of an error."""


def tls_session(connection: SSL.Connection) -> TlsSession:
    """Return the negotiated parameters of a completed handshake."""
    return TlsSession(
        version=connection.get_protocol_version_name(),
        cipher=connection.get_cipher_name(),
        sni=requested_name(connection),
        client_certificate=_peer(connection),
    )


def end_point(connection: SSL.Connection) -> bytes:
    """
    Return the tls-server-end-point binding: a hash of our certificate (RFC 5929 §4.1).

    The hash algorithm is that of the certificate's signature, but SHA-256 instead of
    MD5 and SHA-1, and for signatures without a hash (Ed25519), which the RFC omits.
    """
    found = connection.get_certificate()
    assert found is not None, "a server's connection has a certificate"
    certificate = found.to_cryptography()
    algorithm = certificate.signature_hash_algorithm
    if algorithm is None or isinstance(algorithm, hashes.MD5 | hashes.SHA1):
        algorithm = hashes.SHA256()
    return certificate.fingerprint(algorithm)


def failed(reason: Failure, sni: str | None = None) -> TlsSession:
    """
    Return the record of a failed handshake.

    :param reason: the argument of ``connectionLost``
    :param sni: the result of `requested_name`
    """
    return TlsSession(sni=sni, error=error_text(reason))


def requested_name(connection: SSL.Connection) -> str | None:
    r"""
    Return the server name in the client's SNI (RFC 6066 §3), or None.

    It is known after the ClientHello, also if the handshake fails later. Octets beyond
    ASCII are written as ``\xff``.
    """
    name = connection.get_servername()
    return None if name is None else name.decode("ascii", "backslashreplace")


def error_text(reason: Failure) -> str:
    """Return the error of a failed handshake in one line, OpenSSL's if there is one."""
    text = " ".join(_error_text(reason.value).split())
    return text if len(text) <= _MAX_TEXT else text[: _MAX_TEXT - 3] + "..."


def _error_text(error: BaseException | None) -> str:
    if isinstance(error, SSL.SysCallError):
        number = error.args[0] if error.args else 0
        return os.strerror(number) if number > 0 else ENDED
    if isinstance(error, SSL.Error):
        return "; ".join(_reasons(error)) or ENDED
    if isinstance(error, ConnectionClosed):
        return ENDED
    return str(error) or type(error).__name__


def _reasons(error: SSL.Error) -> list[str]:
    """The distinct reasons in OpenSSL's error queue, in order."""
    queue = error.args[0] if error.args else ()
    return list(dict.fromkeys(reason for _, _, reason in queue if reason))


def _peer(connection: SSL.Connection) -> PeerCertificate | None:
    found = connection.get_peer_certificate()
    if found is None:
        return None
    fingerprint = found.digest("sha256").replace(b":", b"").decode().lower()
    try:
        certificate = found.to_cryptography()
        subject = certificate.subject.rfc4514_string()
        issuer = certificate.issuer.rfc4514_string()
    # OpenSSL accepts names with octets that are invalid for their type.
    except ValueError:
        subject = issuer = ""
    return PeerCertificate(subject, issuer, fingerprint)
