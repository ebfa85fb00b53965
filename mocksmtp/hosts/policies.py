"""MTA-STS policies (RFC 8461 §3.2), valid ones and deliberately broken ones."""

from __future__ import annotations

import enum
from typing import Any

import attrs

from mocksmtp.documents.document import Document, field, parse
from mocksmtp.documents.kinds import Array, Choice, Duration, Integer, Text
from mocksmtp.documents.problems import DocumentError, Problem
from mocksmtp.tls.settings import CertificateKind

_LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
_DOMAIN = rf"(?:{_LABEL}\.)*{_LABEL}"

MAX_DOMAIN = 240
"""Maximum characters of a policy's domain; its host must fit in a certificate."""

_MAX_BODY = 256 * 1024
"""Maximum octets of a body; a valid policy has at most 64 KiB (RFC 8461 §3.2)."""

MAX_PATTERNS = 1000
"""Maximum patterns for host names in a policy."""

MAX_AGE = 31_557_600
"""Maximum `max_age` of a policy in seconds: one year (RFC 8461 §3.2)."""

POLICY_PATH = b"/.well-known/mta-sts.txt"
"""The URL path of a policy on the policy host of its domain (§3.3)."""

HOST_PREFIX = "mta-sts."
"""The prefix of a policy host's name, before the domain."""


class PolicyMode(enum.Enum):
    """What a sender does if a host does not match the policy (§5)."""

    ENFORCE = "enforce"
    TESTING = "testing"
    NONE = "none"


DOMAIN = Text(
    rf"(?=.{{1,{MAX_DOMAIN}}}$){_DOMAIN}",
    "must be a domain in ASCII",
    clean=str.lower,
    samples=("ex.test",),
    misfits=("x..test", "é.test", "x" * 241),
)
"""The kind of the domain of a policy, read in lower case."""


PATTERN = Text(
    rf"(?=.{{1,{MAX_DOMAIN}}}$)(?:\*\.)?{_DOMAIN}",
    "must be a name, or *. and a name",
    samples=("mx.ex.test", "*.ex.test"),
    misfits=("*", "x..test"),
)
"""The kind of a pattern that names of mail hosts must match (§4.1)."""


@attrs.frozen
class MtaStsPolicy:
    """The policy of a domain, and how it is served. Times are in seconds."""

    domain: str = field(DOMAIN, "the domain", example="ex.test")
    mode: PolicyMode = field(
        Choice(PolicyMode, "mode"),
        "what a sender does if a host does not match",
        default=PolicyMode.ENFORCE,
        always=True,
    )
    mx: tuple[str, ...] = field(
        Array(
            PATTERN,
            most=MAX_PATTERNS,
            noun="names",
            bounded=False,
        ),
        "the names of its mail hosts, or patterns such as `*.ex.test`",
        default=(),
        always=True,
    )
    max_age: int = field(
        Integer(0, MAX_AGE),
        "seconds for which senders may cache it",
        default=86_400,
        always=True,
    )
    status: int = field(
        Integer(200, 599), "the status of the HTTP response", default=200, always=True
    )
    body: str | None = field(
        Text(most=_MAX_BODY, samples=("", "x")),
        "replaces the text of the policy",
        default=None,
        always=True,
    )
    delay: float = field(
        Duration(), "time before the response", default=0.0, always=True
    )
    certificate: CertificateKind = field(
        Choice(CertificateKind, "certificate"),
        "the certificate of the policy host",
        default=CertificateKind.VALID,
        always=True,
    )

    @property
    def host(self) -> str:
        """The name of its policy host."""
        return HOST_PREFIX + self.domain

    @property
    def text(self) -> str:
        """The body of the response."""
        if self.body is not None:
            return self.body
        lines = [
            "version: STSv1",
            f"mode: {self.mode.value}",
            *(f"mx: {pattern}" for pattern in self.mx),
            f"max_age: {self.max_age}",
        ]
        return "".join(f"{line}\r\n" for line in lines)


POLICY = Document(MtaStsPolicy, "MtaSts", example={"domain": "ex.test"})
"""The document of a policy."""


def parse_policies(document: Any) -> tuple[MtaStsPolicy, ...]:
    """
    Read policies from an array, or from one object.

    :raises DocumentError: the document is invalid, or two policies have one domain
    """
    if isinstance(document, dict):
        return (parse(POLICY, document),)
    policies = parse(Array(POLICY), document)
    domains: set[str] = set()
    for index, policy in enumerate(policies):
        if policy.domain in domains:
            raise DocumentError(Problem(f"$[{index}].domain", "comes twice"))
        domains.add(policy.domain)
    return policies
