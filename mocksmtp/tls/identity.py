"""Certificates with their keys, and how they are read from PEM (RFC 7468)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from typing import TypeAlias

import attrs
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, ed448, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from mocksmtp.zone.rdata import TLSA, HostTLSA

_DIGESTS = {1: hashlib.sha256, 2: hashlib.sha512}

PrivateKey: TypeAlias = (
    ec.EllipticCurvePrivateKey
    | rsa.RSAPrivateKey
    | ed25519.Ed25519PrivateKey
    | ed448.Ed448PrivateKey
)
"""The types of key that TLS certificates support."""


class CertificateError(ValueError):
    """A certificate can't be used; the message is one line and never contains a key."""


@attrs.frozen
class Identity:
    """
    The certificate chain and the key of a server.

    :ivar chain_pem: the certificate, followed by those that lead to its root
    :ivar key_pem: the key of the certificate, in PKCS #8
    :ivar leaf_der: the certificate, for TLSA records with selector 0
    :ivar spki_der: its SubjectPublicKeyInfo, for selector 1 (RFC 6698 §2.1.2)
    :ivar anchor_der: the last certificate of the chain, for TLSA records of usage 2;
        the certificate itself if it is the only one
    :ivar anchor_spki_der: the SubjectPublicKeyInfo of `anchor_der`
    """

    chain_pem: bytes
    key_pem: bytes = attrs.field(repr=False)
    leaf_der: bytes = attrs.field(repr=False)
    spki_der: bytes = attrs.field(repr=False)
    anchor_der: bytes = attrs.field(repr=False)
    anchor_spki_der: bytes = attrs.field(repr=False)


@attrs.frozen
class CertificateFacts:
    """
    The public contents of a certificate.

    :ivar subject: its distinguished name, as in RFC 4514
    :ivar names: its DNS names and IP addresses (RFC 5280 §4.2.1.6)
    :ivar not_before: the start of its validity, in seconds since the epoch
    :ivar not_after: the end of its validity, in seconds since the epoch
    :ivar sha256: the digest of the certificate, in hex
    """

    subject: str
    names: tuple[str, ...]
    not_before: float
    not_after: float
    sha256: str


def facts_of(identity: Identity) -> CertificateFacts:
    """Return the public contents of a server's certificate."""
    certificate = x509.load_der_x509_certificate(identity.leaf_der)
    return CertificateFacts(
        certificate.subject.rfc4514_string(),
        tuple(_names(certificate)),
        certificate.not_valid_before_utc.timestamp(),
        certificate.not_valid_after_utc.timestamp(),
        hashlib.sha256(identity.leaf_der).hexdigest(),
    )


def _names(certificate: x509.Certificate) -> Iterator[str]:
    try:
        extension = certificate.extensions.get_extension_for_class(
            x509.SubjectAlternativeName
        )
    # The extension may be missing or malformed in a certificate of the user.
    except (x509.ExtensionNotFound, ValueError):
        return
    for name in extension.value:
        if isinstance(name, x509.DNSName | x509.IPAddress):
            yield str(name.value)


@attrs.frozen(eq=False)
class KeyPair:
    """
    A certificate chain and its key, as objects of cryptography.

    :ivar chain: the certificates, that of the key first
    """

    chain: tuple[x509.Certificate, ...]
    key: PrivateKey

    @property
    def leaf(self) -> x509.Certificate:
        """The certificate of the key."""
        return self.chain[0]

    @property
    def fingerprint(self) -> str:
        """The SHA-256 of the public key, in hex."""
        return hashlib.sha256(spki(self.leaf)).hexdigest()

    @property
    def chain_pem(self) -> bytes:
        """All certificates, in PEM."""
        return b"".join(one.public_bytes(Encoding.PEM) for one in self.chain)

    @property
    def key_pem(self) -> bytes:
        """The key in PKCS #8, unencrypted."""
        pkcs8 = PrivateFormat.PKCS8
        return self.key.private_bytes(Encoding.PEM, pkcs8, NoEncryption())

    def identity(self) -> Identity:
        """Return the chain and key as octets."""
        leaf, anchor = self.leaf, self.chain[-1]
        return Identity(
            self.chain_pem,
            self.key_pem,
            leaf.public_bytes(Encoding.DER),
            spki(leaf),
            anchor.public_bytes(Encoding.DER),
            spki(anchor),
        )


def spki(certificate: x509.Certificate) -> bytes:
    """The SubjectPublicKeyInfo of `certificate`, in DER."""
    key = certificate.public_key()
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def parse_pair(certificate_pem: bytes, key_pem: bytes) -> KeyPair:
    """
    Read a certificate chain and its key.

    :raises CertificateError: one can't be read, or the key is not the certificate's
    """
    chain = _parse_chain(certificate_pem)
    key = _parse_key(key_pem)
    if not _is_key_of(key, chain):
        raise CertificateError("the key is not that of the first certificate")
    return KeyPair(tuple(chain), key)


def _parse_chain(pem: bytes) -> Sequence[x509.Certificate]:
    try:
        return x509.load_pem_x509_certificates(pem)
    except ValueError:
        # The messages of cryptography are about ASN.1, and may have several lines.
        raise CertificateError("there is no certificate in PEM that is whole") from None


def _parse_key(pem: bytes) -> PrivateKey:
    try:
        key = load_pem_private_key(pem, password=None)
    except TypeError:
        raise CertificateError("the key is encrypted") from None
    except (ValueError, UnsupportedAlgorithm):
        raise CertificateError("there is no key in PEM that is whole") from None
    if not isinstance(key, PrivateKey):
        raise CertificateError("the key is of a kind that TLS can't sign with")
    return key


def _is_key_of(key: PrivateKey, chain: Sequence[x509.Certificate]) -> bool:
    try:
        return bool(key.public_key() == chain[0].public_key())
    # The key is of an unsupported type, or broken.
    except (ValueError, UnsupportedAlgorithm):
        return False


def associated(wanted: HostTLSA, identity: Identity) -> TLSA:
    """Return the TLSA data that `wanted` describes, for the certificate `identity`."""
    if wanted.is_of_anchor:
        whole, key = identity.anchor_der, identity.anchor_spki_der
    else:
        whole, key = identity.leaf_der, identity.spki_der
    data = key if wanted.selector else whole
    digest = _DIGESTS.get(wanted.matching_type)
    if digest is not None:
        data = digest(data).digest()
    return TLSA(wanted.usage, wanted.selector, wanted.matching_type, data)
