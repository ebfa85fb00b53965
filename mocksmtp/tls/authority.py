"""The built-in certificate authority, which issues the certificates of hosts.

Rules:

- Certificates are issued on demand and cached.
- Validity is checked at each use: a certificate that is about to expire is renewed, and
  so is one that should be expired or not yet valid but no longer is.
- Renewal keeps the key, so that clients still trust the root, and TLSA records of keys
  remain correct.
- A certificate expires no later than the root, which is renewed in time.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Generic, TypeVar

import attrs
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.x509.oid import NameOID

from mocksmtp.tls.identity import CertificateError, Identity, KeyPair, parse_pair
from mocksmtp.tls.issuing import Validity, issue, make_root, self_signed
from mocksmtp.tls.settings import Certificate, CertificateKind, GivenCertificate
from mocksmtp.tls.store import CertificateFolder, CertificateTexts

__all__ = ["Authority", "CertificateError", "Identity"]

K = TypeVar("K")
V = TypeVar("V")

DAY = timedelta(days=1)

BACKDATED = DAY
"""Time from the start of a certificate's validity to its issue, for slow clocks."""

ROOT_LIFETIME = 3650 * DAY

LEAF_LIFETIME = 397 * DAY
"""Validity of a server certificate; Apple's clients refuse more than 398 days."""

RENEWAL = 30 * DAY
"""Time before its expiry at which a certificate is renewed."""

_MAX_KEPT = 4096
"""Maximum certificates cached in memory."""

_ROOT = "root"

_Key = tuple[Certificate, tuple[str, ...]]


@attrs.frozen(eq=False)
class _Cached:
    identity: Identity
    leaf: x509.Certificate


def _utc() -> datetime:
    return datetime.now(UTC)


class LruCache(Generic[K, V]):
    """
    An LRU cache.

    :param limit: the maximum number of entries
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: dict[K, V] = {}

    def __len__(self) -> int:
        return len(self._values)

    def get(self, key: K) -> V | None:
        """Return the value of `key`, or None."""
        value = self._values.pop(key, None)
        if value is not None:
            self._values[key] = value
        return value

    def put(self, key: K, value: V) -> None:
        """Set the value of `key`; if full, remove the least recently used entry."""
        self._values.pop(key, None)
        while len(self._values) >= self._limit:
            del self._values[next(iter(self._values))]
        self._values[key] = value


class Authority:
    """
    Issues valid and deliberately invalid certificates, and caches them.

    :param directory: stores keys and certificates across restarts, and is created if
        missing; None to keep them in memory only
    :param now: returns the time, with its zone; by default the system time
    """

    def __init__(
        self,
        directory: str | Path | None = None,
        now: Callable[[], datetime] | None = None,
    ) -> None:
        self._store: CertificateFolder | CertificateTexts | None = None
        if directory is not None:
            self._store = CertificateFolder(directory)
        self._now = now or _utc
        self._root: KeyPair | None = None
        self._untrusted: KeyPair | None = None
        self._made: LruCache[_Key, _Cached] = LruCache(_MAX_KEPT)

    def store_in(self, texts: CertificateTexts) -> None:
        """Store keys and certificates there instead; before the first is issued."""
        self._store = texts

    def adopt(self, name: str, text: str) -> None:
        """
        Have a certificate that another process has stored, in the place of an own one.

        :param name: its name in the store
        :param text: the certificate with its key, in PEM
        """
        if isinstance(self._store, CertificateTexts) and self._store.adopt(name, text):
            self._root = None
            self._made = LruCache(_MAX_KEPT)

    @property
    def root_pem(self) -> bytes:
        """
        Return the root certificate, for clients to trust, in PEM.

        :raises CertificateError: its file can't be read or written
        """
        return self._valid_root().chain_pem

    def identity(self, certificate: Certificate, names: tuple[str, ...]) -> Identity:
        """
        Return the certificate and key of a server.

        Until the certificate is renewed, the same object is returned.

        :param certificate: the kind to issue, or a certificate that the user provides
        :param names: DNS names and IP addresses; ignored for a provided certificate
        :raises CertificateError: the provided certificate is unusable, a name can't be
            part of a certificate, or a file can't be read or written
        """
        if isinstance(certificate, GivenCertificate):
            names = ()
        key = (certificate, names)
        made = self._made.get(key)
        if made is None or not _has_required_validity(
            certificate, made.leaf, self._now()
        ):
            pair = self._find(certificate, names)
            made = _Cached(pair.identity(), pair.leaf)
            self._made.put(key, made)
        return made.identity

    def _find(self, certificate: Certificate, names: tuple[str, ...]) -> KeyPair:
        if isinstance(certificate, GivenCertificate):
            pems = (certificate.certificate_pem, certificate.key_pem)
            return parse_pair(*(pem.encode(errors="replace") for pem in pems))
        name = _file_name(certificate, names)
        old = self._store.load(name) if self._store else None
        if old is not None and self._is_current(certificate, old):
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
        """Return `pair` with the current root; its file may contain an older one."""
        if kind in (CertificateKind.SELF_SIGNED, CertificateKind.UNTRUSTED):
            return pair
        return attrs.evolve(pair, chain=(pair.leaf, *self._valid_root().chain))

    def _is_current(self, kind: CertificateKind, pair: KeyPair) -> bool:
        """Whether a stored certificate is still of the kind that it was issued as."""
        leaf = pair.leaf
        if not _has_required_validity(kind, leaf, self._now()):
            return False
        if kind is CertificateKind.SELF_SIGNED:
            return True
        if kind is CertificateKind.UNTRUSTED:
            # Its root is not stored in a file of its own.
            return len(pair.chain) > 1
        try:
            leaf.verify_directly_issued_by(self._valid_root().leaf)
        # Otherwise an earlier root, with another name or key, has issued it.
        except (ValueError, TypeError, InvalidSignature):
            return False
        return True

    def _valid_root(self) -> KeyPair:
        root, now = self._root, self._now()
        if root is None and self._store:
            root = self._store.load(_ROOT)
        if root is None or not _is_fresh(root.leaf, now, LEAF_LIFETIME + RENEWAL):
            root = _new_root(now, root)
            if self._store:
                self._store.save(_ROOT, root)
        self._root = root
        return root

    def _untrusted_root(self) -> KeyPair:
        # It is not stored: no client trusts it.
        if self._untrusted is None:
            validity = Validity(self._now() - BACKDATED, self._now() + ROOT_LIFETIME)
            self._untrusted = make_root("mocksmtp's unknown root", validity)
        return self._untrusted


def _new_root(now: datetime, old: KeyPair | None) -> KeyPair:
    """Make a root; with the name and key of `old`, certificates of `old` stay valid."""
    validity = Validity(now - BACKDATED, now + ROOT_LIFETIME)
    if old is not None:
        return make_root(_common_name(old.leaf), validity, old.key)
    return make_root(f"mocksmtp's root {secrets.token_hex(4)}", validity)


def _common_name(certificate: x509.Certificate) -> str:
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(names[0].value) if names else _ROOT


def _validity(kind: CertificateKind, now: datetime) -> Validity:
    if kind is CertificateKind.EXPIRED:
        return Validity(now - RENEWAL, now - DAY)
    if kind is CertificateKind.NOT_YET_VALID:
        return Validity(now + RENEWAL, now + LEAF_LIFETIME)
    return Validity(now - BACKDATED, now - BACKDATED + LEAF_LIFETIME)


def _has_required_validity(
    certificate: Certificate, leaf: x509.Certificate, now: datetime
) -> bool:
    """Whether `leaf` is now valid, expired or not yet valid, as its kind requires."""
    if isinstance(certificate, GivenCertificate):
        return True
    if certificate is CertificateKind.EXPIRED:
        return leaf.not_valid_after_utc <= now
    if certificate is CertificateKind.NOT_YET_VALID:
        return now + DAY <= leaf.not_valid_before_utc
    return _is_fresh(leaf, now, RENEWAL)


def _is_fresh(certificate: x509.Certificate, now: datetime, left: timedelta) -> bool:
    """Whether a certificate is valid, and remains so for longer than `left`."""
    begin, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return begin <= now < end - left


def _other_name(names: tuple[str, ...]) -> str:
    """A reserved name that differs from all `names` (RFC 2606 §2)."""
    taken = {name.lower().removesuffix(".") for name in names}
    others = (f"wrong-name{number}.invalid" for number in ("", *range(len(names))))
    return next(other for other in others if other not in taken)


def _file_name(kind: CertificateKind, names: tuple[str, ...]) -> str:
    """The name of a certificate's file: its kind, first name and a digest of all."""
    digest = hashlib.sha256("\0".join(names).encode(errors="replace")).hexdigest()
    shown = re.sub(r"[^a-z0-9.-]", "_", names[0].lower())[:64] if names else ""
    return f"{kind.value}-{shown}-{digest[:16]}"
