"""What has become of a handshake: what was agreed on, or why there is nothing."""

from __future__ import annotations

import os

from cryptography.hazmat.primitives import hashes
from OpenSSL import SSL
from twisted.internet.error import ConnectionClosed
from twisted.python.failure import Failure

from mocksmtp.sessions.session import PeerCertificate, TlsSession

ENDED = "the connection ended before the handshake did"
"""The error where neither side has said what is wrong."""

MAX_TEXT = 200
"""Characters of an error."""


def tls_session(connection: SSL.Connection) -> TlsSession:
    """What a handshake that has succeeded has agreed on."""
    return TlsSession(
        version=connection.get_protocol_version_name(),
        cipher=connection.get_cipher_name(),
        sni=requested_name(connection),
        client_certificate=_peer(connection),
    )


def end_point(connection: SSL.Connection) -> bytes:
    """
    The tls-server-end-point channel binding: a hash of our certificate (RFC 5929 §4.1).

    Its algorithm is that of the certificate's signature, SHA-256 in place of MD5 and
    SHA-1. For signatures without one (Ed25519) the RFC defines none: SHA-256 too.
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
    A handshake that has failed.

    :param reason: what ``connectionLost`` was given
    :param sni: as `requested_name` tells it
    """
    return TlsSession(sni=sni, error=error_text(reason))


def requested_name(connection: SSL.Connection) -> str | None:
    r"""
    The server's name that the client asked for (RFC 6066 §3), or None.

    It is known when the client's first message was read, also where the handshake
    fails later. An octet that is not ASCII is shown as ``\xff``.
    """
    name = connection.get_servername()
    return None if name is None else name.decode("ascii", "backslashreplace")


def error_text(reason: Failure) -> str:
    """Why a handshake has failed, in OpenSSL's words where it has some; one line."""
    text = " ".join(_error_text(reason.value).split())
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 3] + "..."


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
    """The reasons in OpenSSL's queue of errors, the first one first, each once."""
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
    # OpenSSL takes names that are none, as of octets that their type doesn't have.
    except ValueError:
        subject = issuer = ""
    return PeerCertificate(subject, issuer, fingerprint)
