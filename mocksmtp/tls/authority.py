"""The service's own authority, and the certificates that its hosts show.

Rules:

- Nothing is made before it is asked for; what was made is kept and shown again.
- Times are right whenever a certificate is asked for: one that is about to expire
  is made anew, and so is one whose fault time has mended.
- What is made anew keeps its key: clients that trust the root go on doing so, and
  TLSA records stay true that name a key.
- A certificate is never valid longer than the root; the root is made anew in time.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import attrs
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import NameOID

from mocksmtp.tls.bounded import Bounded
from mocksmtp.tls.identity import CertificateError, Identity, KeyPair, parse_pair
from mocksmtp.tls.issuing import Validity, issue, make_root, self_signed
from mocksmtp.tls.settings import Certificate, CertificateKind, GivenCertificate
from mocksmtp.tls.store import Store

__all__ = ["Authority", "CertificateError", "Identity"]

DAY = timedelta(days=1)

BACKDATED = DAY
"""How long before it is made a certificate begins: clocks of clients are slow."""

ROOT_LIFETIME = 3650 * DAY

LEAF_LIFETIME = 397 * DAY
"""Clients take no server's certificate of 398 days or more (Apple's, since 2020)."""

RENEWAL = 30 * DAY
"""How long before its end a certificate is made anew."""

MAX_KEPT = 4096
"""How many certificates are kept in memory."""

ROOT = "root"

_Key = tuple[Certificate, tuple[str, ...]]


@attrs.frozen(eq=False)
class _Made:
    identity: Identity
    leaf: x509.Certificate


def _utc() -> datetime:
    return datetime.now(UTC)


class Authority:
    """
    Makes certificates, right and wrong ones, and keeps them.

    :param directory: where keys and certificates are kept from one start to the
        next, made when it is missed; None to forget them with the service
    :param now: the time, with its zone; the machine's unless it is given
    """

    def __init__(
        self,
        directory: str | Path | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._store = None if directory is None else Store(directory)
        self._now = now or _utc
        self._root: KeyPair | None = None
        self._stranger: KeyPair | None = None
        self._made: Bounded[_Key, _Made] = Bounded(MAX_KEPT)

    @property
    def root_pem(self) -> bytes:
        """
        The root's certificate, which clients are to trust.

        :raises CertificateError: its file can't be read or written
        """
        return self._valid_root().chain_pem

    def identity(self, certificate: Certificate, names: tuple[str, ...]) -> Identity:
        """
        The certificate for a server of these names, and its key.

        The same object comes until it has to be made anew.

        :param names: DNS names and IP addresses; a given certificate has its own
        :raises CertificateError: the given one is not usable, a name can't stand in
            a certificate, or a file can't be read or written
        """
        if isinstance(certificate, GivenCertificate):
            names = ()
        key = (certificate, names)
        made = self._made.get(key)
        if made is None or not _is_today(certificate, made.leaf, self._now()):
            pair = self._find(certificate, names)
            made = _Made(pair.identity(), pair.leaf)
            self._made.put(key, made)
        return made.identity

    def _find(self, certificate: Certificate, names: tuple[str, ...]) -> KeyPair:
        if isinstance(certificate, GivenCertificate):
            pems = (certificate.certificate_pem, certificate.key_pem)
            return parse_pair(*(pem.encode(errors="replace") for pem in pems))
        name = _file_name(certificate, names)
        old = self._store.load(name) if self._store else None
        if old is not None and self._is_still(certificate, old):
            return self._chained(certificate, old)
        new = self._make(certificate, names, old)
        if self._store:
            self._store.save(name, new)
        return new

    def _make(
        self, kind: CertificateKind, names: tuple[str, ...], old: KeyPair | None
    ) -> KeyPair:
        validity = _validity(kind, self._now())
        key = None if old is None else old.key
        if kind is CertificateKind.SELF_SIGNED:
            return self_signed(names, validity, key)
        if kind is CertificateKind.UNTRUSTED:
            return issue(self._untrusted_root(), names, validity, key)
        if kind is CertificateKind.WRONG_NAME:
            names = (_other_name(names),)
        return issue(self._valid_root(), names, validity, key)

    def _chained(self, kind: CertificateKind, pair: KeyPair) -> KeyPair:
        """`pair` with the root as it is now: that of its file may be an earlier one."""
        if kind in (CertificateKind.SELF_SIGNED, CertificateKind.UNTRUSTED):
            return pair
        return attrs.evolve(pair, chain=(pair.leaf, *self._valid_root().chain))

    def _is_still(self, kind: CertificateKind, pair: KeyPair) -> bool:
        """Whether a certificate from an earlier start is what it was made to be."""
        leaf = pair.leaf
        if not _is_today(kind, leaf, self._now()):
            return False
        if kind is CertificateKind.SELF_SIGNED:
            return True
        if kind is CertificateKind.UNTRUSTED:
            # Its root is in no other file.
            return len(pair.chain) > 1
        try:
            leaf.verify_directly_issued_by(self._valid_root().leaf)
        # It is of an earlier root, with another name or another key.
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True

    def _valid_root(self) -> KeyPair:
        root, now = self._root, self._now()
        if root is None and self._store:
            root = self._store.load(ROOT)
        if root is None or not _is_fresh(root.leaf, now, LEAF_LIFETIME + RENEWAL):
            root = _new_root(now, root)
            if self._store:
                self._store.save(ROOT, root)
        self._root = root
        return root

    def _untrusted_root(self) -> KeyPair:
        # Nobody is to trust it, so that nothing is lost with it.
        if self._stranger is None:
            validity = Validity(self._now() - BACKDATED, self._now() + ROOT_LIFETIME)
            self._stranger = make_root("mocksmtp's unknown root", validity)
        return self._stranger


def _new_root(now: datetime, old: KeyPair | None) -> KeyPair:
    """A root; in place of `old`, with its name and key, its certificates stay good."""
    validity = Validity(now - BACKDATED, now + ROOT_LIFETIME)
    if old is not None:
        return make_root(_common_name(old.leaf), validity, old.key)
    return make_root(f"mocksmtp's root {secrets.token_hex(4)}", validity)


def _common_name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else ROOT


def _validity(kind: CertificateKind, now: datetime) -> Validity:
    if kind is CertificateKind.EXPIRED:
        return Validity(now - RENEWAL, now - DAY)
    if kind is CertificateKind.NOT_YET_VALID:
        return Validity(now + RENEWAL, now + LEAF_LIFETIME)
    return Validity(now - BACKDATED, now - BACKDATED + LEAF_LIFETIME)


def _is_today(certificate: Certificate, leaf: x509.Certificate, now: datetime) -> bool:
    """Whether the times of `leaf` are what `certificate` says."""
    if isinstance(certificate, GivenCertificate):
        return True
    if certificate is CertificateKind.EXPIRED:
        return leaf.not_valid_after_utc <= now
    if certificate is CertificateKind.NOT_YET_VALID:
        return now + DAY <= leaf.not_valid_before_utc
    return _is_fresh(leaf, now, RENEWAL)


def _is_fresh(certificate: x509.Certificate, now: datetime, left: timedelta) -> bool:
    """Whether it is valid, and for longer than `left`."""
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return begin <= now < end - left


def _other_name(names: tuple[str, ...]) -> str:
    """A name that is none of these, and nobody's (RFC 2606 §2)."""
    taken = {name.lower().removesuffix(".") for name in names}
    others = (f"wrong-name{number}.invalid" for number in ("", *range(len(names))))
    return next(other for other in others if other not in taken)


def _file_name(kind: CertificateKind, names: tuple[str, ...]) -> str:
    """Of a certificate's file: for the reader a name, and a digest of them all."""
    digest = hashlib.sha256("\0".join(names).encode(errors="replace")).hexdigest()
    shown = re.sub(r"[^a-z0-9.-]", "_", names[0].lower())[:64] if names else ""
    return f"{kind.value}-{shown}-{digest[:16]}"
