"""MTA-STS policies: documents to model and back."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import attrs

from mocksmtp.documents.leniency import enum_hook, seconds, whole
from mocksmtp.documents.problems import DocumentError, Problem, Refused, shown
from mocksmtp.documents.structure import (
    class_hook,
    new_converter,
    strict_str,
    structure,
)
from mocksmtp.documents.units import milliseconds
from mocksmtp.hosts.policies import (
    DOMAIN,
    MAX_AGE,
    MAX_DOMAIN,
    PATTERN,
    MtaStsPolicy,
    PolicyMode,
)
from mocksmtp.tls.settings import CertificateKind

MAX_BODY = 256 * 1024
"""Octets of a body; a policy has at most 64 KiB (RFC 8461 §3.2)."""

MAX_PATTERNS = 1000
"""How many patterns of names a policy may have."""


@attrs.frozen(kw_only=True)
class MtaStsFields:
    """What a document says of a policy."""

    domain: str
    mode: PolicyMode = PolicyMode.ENFORCE
    mx: tuple[str, ...] = ()
    max_age: int = 86_400
    status: int = 200
    body: str | None = None
    delay: float = 0.0
    certificate: CertificateKind = CertificateKind.VALID


def parse_policies(document: Any) -> tuple[MtaStsPolicy, ...]:
    """
    Policies from an array, or from one object.

    :raises DocumentError: it describes none, or two of one domain
    """
    if isinstance(document, dict):
        return (structure(_converter, document, MtaStsPolicy),)
    policies: tuple[MtaStsPolicy, ...] = structure(
        _converter, document, tuple[MtaStsPolicy, ...]
    )
    domains: set[str] = set()
    for index, policy in enumerate(policies):
        if policy.domain in domains:
            raise DocumentError(Problem(f"$[{index}].domain", "comes twice"))
        domains.add(policy.domain)
    return policies


def policy_document(policy: MtaStsPolicy) -> dict[str, Any]:
    """The document of a policy, from which the same is read again."""
    return {
        "domain": policy.domain,
        "mode": policy.mode.value,
        "mx": list(policy.mx),
        "maxAge": policy.max_age,
        "status": policy.status,
        "body": policy.body,
        "delay": milliseconds(policy.delay),
        "certificate": policy.certificate.value,
    }


def parse_domain(value: Any, _: object = None) -> str:
    """
    The domain of a policy, in lower case.

    :raises Refused: it can be none
    """
    text = strict_str(value)
    if len(text) > MAX_DOMAIN or not DOMAIN.fullmatch(text):
        raise Refused(f"not a domain in ASCII: {shown(text)}")
    return text.lower()


def _matching(pattern: re.Pattern[str]) -> Callable[[Any], str]:
    def read(value: Any) -> str:
        text = strict_str(value)
        if len(text) > MAX_DOMAIN or not pattern.fullmatch(text):
            raise Refused(f"not a name, or *. and a name: {shown(text)}")
        return text

    return read


@attrs.frozen
class _Pattern:
    """A string that is one of ``mx``, so that an error has its number."""

    text: str


def _patterns(value: Any, _: Any) -> tuple[str, ...]:
    read: tuple[_Pattern, ...] = _converter.structure(value, tuple[_Pattern, ...])
    if len(read) > MAX_PATTERNS:
        raise Refused(f"must have {MAX_PATTERNS:,} names at most")
    return tuple(one.text for one in read)


def _body(value: Any, _: Any) -> str | None:
    if value is None:
        return None
    if len(strict_str(value).encode()) > MAX_BODY:
        raise Refused(f"must have {MAX_BODY:,} octets at most")
    return str(value)


def _structure_policy(value: Any, _: Any) -> MtaStsPolicy:
    fields: MtaStsFields = _fields(value, MtaStsFields)
    return MtaStsPolicy(**attrs.asdict(fields))


_converter = new_converter()
_converter.register_structure_hook(PolicyMode, enum_hook("mode"))
_converter.register_structure_hook(CertificateKind, enum_hook("certificate"))
_read_pattern = _matching(PATTERN)
_converter.register_structure_hook(
    _Pattern, lambda value, _: _Pattern(_read_pattern(value))
)
_fields = class_hook(
    _converter,
    MtaStsFields,
    domain=parse_domain,
    mx=_patterns,
    max_age=lambda value, _: whole(value, 0, MAX_AGE),
    status=lambda value, _: whole(value, 200, 599),
    body=_body,
    delay=lambda value, _: seconds(value),
)
_converter.register_structure_hook(MtaStsPolicy, _structure_policy)
