"""Issues certificates (RFC 5280)."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from ipaddress import ip_address

import attrs
import idna
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from mocksmtp.tls.identity import CertificateError, KeyPair, PrivateKey

ORGANIZATION = "mocksmtp"

MAX_COMMON_NAME = 64
"""Maximum characters of a common name (RFC 5280 appendix A.1, ub-common-name)."""

_USAGES = (
    "digital_signature",
    "content_commitment",
    "key_encipherment",
    "data_encipherment",
    "key_agreement",
    "key_cert_sign",
    "crl_sign",
    "encipher_only",
    "decipher_only",
)


@attrs.frozen
class Validity:
    """The start and end of a certificate's validity, in UTC."""

    begin: datetime
    end: datetime


def new_key() -> PrivateKey:
    """Generate a key on the curve P-256, which all clients support."""
    return ec.generate_private_key(ec.SECP256R1())


def make_root(
    common_name: str, validity: Validity, key: PrivateKey | None = None
) -> KeyPair:
    """
    Make a self-signed CA certificate.

    :param key: the key of the root that it renews; None generates one
    """
    key = key or new_key()
    name = _subject(common_name)
    builder = _builder(name, name, key, validity)
    builder = builder.add_extension(
        x509.BasicConstraints(ca=True, path_length=0), critical=True
    ).add_extension(
        _usage("digital_signature", "key_cert_sign", "crl_sign"), critical=True
    )
    return _signed(builder, key, key)


def issue(
    issuer: KeyPair,
    names: Iterable[str],
    validity: Validity,
    key: PrivateKey | None = None,
) -> KeyPair:
    """
    Issue a server certificate, with the chain of `issuer` appended.

    The chain includes the root, which RFC 5246 makes optional: a client that trusts it
    by a TLSA record of usage 2 needs it in the handshake (RFC 7672 §3.1.2).

    :param names: DNS names and IP addresses; the first DNS name is the common name
    :param key: the key of the certificate that it renews; None generates one
    :raises CertificateError: a name can't be part of a certificate
    """
    key = key or new_key()
    builder = _server(names, issuer.leaf.subject, key, validity)
    builder = builder.add_extension(
        x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.key.public_key()),
        critical=False,
    ).add_extension(_usage("digital_signature"), critical=True)
    made = _signed(builder, key, issuer.key)
    return KeyPair((made.leaf, *issuer.chain), key)


def self_signed(
    names: Iterable[str], validity: Validity, key: PrivateKey | None = None
) -> KeyPair:
    """
    Make a self-signed server certificate; parameters as for `issue`.

    It has no key usage extension: without the right to sign certificates, verifiers
    would report that instead of the self-signature.
    """
    key = key or new_key()
    return _signed(_server(names, None, key, validity), key, key)


def _server(
    names: Iterable[str], issuer: x509.Name | None, key: PrivateKey, validity: Validity
) -> x509.CertificateBuilder:
    alternatives = [_general_name(name) for name in names]
    dns = [one.value for one in alternatives if isinstance(one, x509.DNSName)]
    subject = _subject(next((n for n in dns if len(n) <= MAX_COMMON_NAME), None))
    return (
        _builder(subject, issuer or subject, key, validity)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
        .add_extension(
            x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
        )
    )


def _builder(
    subject: x509.Name, issuer: x509.Name, key: PrivateKey, validity: Validity
) -> x509.CertificateBuilder:
    public = key.public_key()
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(validity.begin)
        .not_valid_after(validity.end)
        .add_extension(
            x509.SubjectKeyIdentifier.from_public_key(public), critical=False
        )
    )


def _usage(*usages: str) -> x509.KeyUsage:
    return x509.KeyUsage(**{usage: usage in usages for usage in _USAGES})


def _signed(
    builder: x509.CertificateBuilder, key: PrivateKey, issuer: PrivateKey
) -> KeyPair:
    return KeyPair((builder.sign(issuer, hashes.SHA256()),), key)


def _subject(common_name: str | None) -> x509.Name:
    organization = x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION)
    if common_name is None:
        return x509.Name([organization])
    name = x509.NameAttribute(NameOID.COMMON_NAME, common_name)
    return x509.Name([organization, name])


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        pass
    try:
        # IDNA refuses some names of hosts, such as `mock_smtp`.
        ascii_name = name if name.isascii() else idna.encode(name, uts46=True).decode()
        if not ascii_name.isprintable() or not ascii_name.strip("."):
            raise ValueError
        return x509.DNSName(ascii_name.removesuffix("."))
    except ValueError:
        raise CertificateError(f"{name!r} can't stand in a certificate") from None
