"""Computes the data of TLSA records from certificates (RFC 6698 §2.1)."""

from __future__ import annotations

import hashlib

from mocksmtp.tls.identity import Identity
from mocksmtp.zone.rdata import TLSA, HostTLSA

_DIGESTS = {1: hashlib.sha256, 2: hashlib.sha512}


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
