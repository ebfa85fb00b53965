"""MTA-STS policies (RFC 8461 §3.2), as they are served and as they should not be."""

from __future__ import annotations

import enum
import re

import attrs

from mocksmtp.tls.settings import CertificateKind

_LABEL = "[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"

DOMAIN = re.compile(rf"(?:{_LABEL}\.)*{_LABEL}")
"""The domain of a policy; its host's name must have room in a certificate."""

MAX_DOMAIN = 240
"""Characters of one."""

PATTERN = re.compile(rf"(?:\*\.)?(?:{_LABEL}\.)*{_LABEL}")
"""What the name of a mail host must be like (§4.1)."""

MAX_AGE = 31_557_600
"""The longest that a policy may be kept: a year, in seconds."""

PATH = b"/.well-known/mta-sts.txt"
"""Where a policy is, on the policy host of its domain (§3.3)."""

HOST_PREFIX = "mta-sts."
"""What the policy host's name begins with."""


class PolicyMode(enum.Enum):
    """What a sender is to do where a host does not fit (§5)."""

    ENFORCE = "enforce"
    TESTING = "testing"
    NONE = "none"


@attrs.frozen
class MtaStsPolicy:
    """
    The policy of a domain, and how it is served.

    :ivar domain: in lower case
    :ivar mx: what the names of its mail hosts are like
    :ivar max_age: seconds that it may be kept
    :ivar status: of the HTTP response
    :ivar body: in the place of the policy's text, or None for that
    :ivar delay: seconds before the response
    :ivar certificate: what the policy host shows
    """

    domain: str
    mode: PolicyMode = PolicyMode.ENFORCE
    mx: tuple[str, ...] = ()
    max_age: int = 86_400
    status: int = 200
    body: str | None = None
    delay: float = 0.0
    certificate: CertificateKind = CertificateKind.VALID

    @property
    def host(self) -> str:
        """The name of the host that serves it."""
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
