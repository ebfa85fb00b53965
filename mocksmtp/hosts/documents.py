"""Reads and writes the documents of mail hosts.

A document describes a whole host; absent fields have their defaults. Fields that are
only written, such as `url` and `addresses`, are ignored when read, so that a document
from a GET can be edited and sent in a PUT.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

import attrs

from mocksmtp.behaviors.rule import DEFAULT_SEED
from mocksmtp.documents.document import Document, Given, field, parse
from mocksmtp.documents.kinds import Array, Integer, Named, Optional, Text
from mocksmtp.documents.problems import DocumentError, Problem
from mocksmtp.documents.schema import NULL, TEXT, Schema, any_of, array_of, given
from mocksmtp.documents.view import View, view_field
from mocksmtp.hosts.capabilities import CAPABILITIES, Capabilities
from mocksmtp.hosts.host import Description, MailHost
from mocksmtp.hosts.limits import PARTIAL_LIMITS, Limits, limits_over
from mocksmtp.hosts.listeners import HOST_DNS, LISTENERS, HostDns, Listen, has_tls
from mocksmtp.hosts.offer import Stage
from mocksmtp.sasl.documents import HOST_AUTH, AuthFields, auth_fields, contains_one_of
from mocksmtp.sasl.settings import AuthSettings, Mechanism
from mocksmtp.tls.documents import (
    CERTIFICATE_FACTS,
    HOST_TLS,
    CheckCertificate,
    TlsFields,
    tls_fields,
)
from mocksmtp.tls.identity import CertificateFacts
from mocksmtp.tls.settings import TlsSettings

MAX_SEED = 10**18
"""Maximum absolute value of a seed that is a number."""


_Document: TypeAlias = dict[str, Any]


@attrs.frozen(kw_only=True)
class Usual:
    """
    The defaults for the absent fields of a host document.

    :ivar hostname: the default hostname; if None, the first DNS name of the host, or
        else its name
    """

    limits: Limits = attrs.field(factory=Limits)
    hostname: str | None = None
    capabilities: Capabilities = attrs.field(factory=Capabilities)
    tls: TlsSettings | None = None
    auth: AuthSettings | None = None


class _SeedKind(Text):
    """A string, or an integer that is read as its digits."""

    def __init__(self) -> None:
        super().__init__(
            r"[^\u0000-\u001f\u007f]{1,100}",
            "must be one line of 1 to 100 characters",
            samples=("x", 5, -1),
            misfits=("", "a\nb", 1.5),
        )
        self.misfits = ("", "a\nb", 1.5, True, [], MAX_SEED + 1)

    def read(self, value: Any, _: object = None) -> str:
        """Return the string, or the digits of the number."""
        if isinstance(value, int) and not isinstance(value, bool):
            value = str(_SEED_NUMBER.read(value))
        return super().read(value)

    def accepted_schema(self, named: Named) -> Schema:
        """One of the two."""
        return any_of(self.written_schema(named), _SEED_NUMBER.written_schema(named))


_SEED_NUMBER = Integer(-MAX_SEED, MAX_SEED)

HOST_NAME = Text(
    "(?![.]{1,2}$)[A-Za-z0-9._-]{1,253}",
    "must have 1 to 253 letters, digits, dots, hyphens, underscores",
    samples=("mx2",),
    misfits=("..", "a/b", ""),
)
"""The kind of the name of a host; its characters need no escape in a URL path."""


@attrs.frozen(kw_only=True)
class HostFields:
    """The fields of a host document."""

    name: str | None = field(
        HOST_NAME, "its name in the API", default=None, always=True
    )
    hostname: str | None = field(
        Text(
            r"[^\u0000-\u0020\u007f]{1,255}",
            "must be a name without spaces",
            samples=("mx.test",),
            misfits=("a b", ""),
        ),
        "the name in its banner and in EHLO",
        default=None,
        always=True,
    )
    capabilities: Capabilities | None = field(
        CAPABILITIES, "the capabilities that EHLO offers", default=None, always=True
    )
    limits: Given[Limits] = field(
        PARTIAL_LIMITS, "its limits", default=Given(Limits()), always=True
    )
    tls: TlsFields | None = field(
        HOST_TLS, "its TLS settings", default=None, always=True
    )
    auth: AuthFields | None = field(
        HOST_AUTH, "its AUTH settings", default=None, always=True
    )
    listeners: tuple[Listen, ...] | None = field(
        LISTENERS, "the addresses and ports to listen on", default=None, always=True
    )
    dns: HostDns = field(
        HOST_DNS, "its DNS names and domains", default=HostDns(), always=True
    )
    seed: str = field(
        _SeedKind(),
        "reproduces the random choices of its behaviors",
        default=DEFAULT_SEED,
        always=True,
    )

    def describe(
        self,
        name: str,
        usual: Usual,
        known: MailHost | None,
        check: CheckCertificate | None,
    ) -> Description:
        """Return the settings of the host `name`; parameters as for `parse_host`."""
        names = self.dns.names
        hostname = self.hostname or usual.hostname
        tls, auth = usual.tls, usual.auth
        if self.tls is not None:
            tls = self.tls.over(known.tls if known is not None else None, check)
        if self.auth is not None:
            auth = self.auth.over(known.auth if known is not None else None)
        return Description(
            name,
            hostname or (str(names[0]) if names else name),
            self.capabilities or usual.capabilities,
            limits_over(self.limits, usual.limits),
            tls,
            auth,
            self.listeners,
            self.dns,
            self.seed,
        )


def parse_host(
    document: Any,
    name: str | None = None,
    usual: Usual | None = None,
    known: MailHost | None = None,
    check_certificate: CheckCertificate | None = None,
) -> Description:
    """
    Read the settings of a host.

    :param name: the name in the URL; a document with another name is refused
    :param usual: the defaults for absent fields
    :param known: the existing host; its secrets replace null in the document
    :param check_certificate: raises `ValueError` for a certificate that can't be used
    :return: the settings; the name is ``""`` if neither the URL nor the document has it
    :raises DocumentError: the document is invalid
    """
    read = parse(HOST, document)
    if name is not None and read.name not in (None, name):
        raise DocumentError(Problem("$.name", f"must be {name!r}, or left out"))
    description = read.describe(
        name or read.name or "", usual or Usual(), known, check_certificate
    )
    if problems := tuple(_without_tls(description)):
        raise DocumentError(*problems)
    return description


def _without_tls(description: Description) -> Iterator[Problem]:
    """Errors for settings that require TLS, on a host without TLS."""
    if description.tls is not None:
        return
    auth = description.auth
    if auth is not None and auth.require_tls:
        yield Problem("$.auth.requireTls", "must be false, for the host has no tls")
    if auth is not None and all(each.needs_tls for each in auth.mechanisms):
        message = "must contain a mechanism that needs no tls, for the host has none"
        yield Problem("$.auth.mechanisms", message)
    for index, listener in enumerate(description.listeners or ()):
        if has_tls(listener):
            message = "must be none or left out, for the host has no tls"
            yield Problem(f"$.listeners[{index}].tls", message)


def settle(
    description: Description, listeners: tuple[Listen, ...] = (Listen(),)
) -> Description:
    """
    Add default listeners to a description without listeners, and check the result.

    :raises DocumentError: the host has DNS names but no address to publish, or a
        listener uses TLS although the host does not
    """
    if description.listeners is not None:
        listeners = description.listeners
    if description.dns.needs_address(listener.address for listener in listeners):
        message = "required, for the host listens on all addresses"
        raise DocumentError(Problem("$.dns.address", message))
    secure = [listener for listener in listeners if has_tls(listener)]
    if secure and description.tls is None:
        message = f"required, for the listener {secure[0]} stays, which does TLS"
        raise DocumentError(Problem("$.tls", message))
    return attrs.evolve(description, listeners=listeners)


def host_path(name: str) -> str:
    """The URL path of a host's resources in the API."""
    return f"/hosts/{name}"


@attrs.frozen
class _Ehlo:
    """
    The lines of a host's replies to EHLO after the first.

    :ivar clear: on a connection without TLS
    :ivar tls: on one with TLS; none for a host without TLS
    """

    clear: tuple[str, ...]
    tls: tuple[str, ...]

    @classmethod
    def of(cls, host: MailHost) -> _Ehlo:
        """Those of `host` as it is now."""
        if host.tls is None:
            return cls(host.offers[Stage.WITHOUT_TLS].reply_lines, ())
        before, under = host.offers[Stage.BEFORE_TLS], host.offers[Stage.UNDER_TLS]
        return cls(before.reply_lines, under.reply_lines)


_EHLO: View[_Ehlo] = View(
    "HostEhlo",
    view_field("clear", Array(Text()), "clear", "on a connection without TLS"),
    view_field("tls", Array(Text()), "tls", "on one with TLS"),
)


def host_document(
    host: MailHost, certificate: CertificateFacts | None = None
) -> _Document:
    """
    The document of `host`, with the addresses that are open and no secrets.

    :param certificate: the one that it shows
    """
    fields = HostFields(
        name=host.name,
        hostname=host.hostname,
        capabilities=host.capabilities,
        limits=Given(host.limits),
        tls=tls_fields(host.tls),
        auth=auth_fields(host.auth),
        listeners=host.listens,
        dns=host.dns,
        seed=host.seed,
    )
    return {
        **HOST.write(fields),
        "addresses": list(host.addresses),
        "url": host_path(host.name),
        "ehlo": _EHLO.write(_Ehlo.of(host)),
        "certificate": _CERTIFICATE.write(certificate),
    }


_CERTIFICATE = Optional(CERTIFICATE_FACTS)

_NEEDS_NO_TLS: Schema = {
    "properties": {
        "auth": {
            "properties": {
                "requireTls": {"enum": [False, None]},
                "mechanisms": any_of(
                    contains_one_of(m for m in Mechanism if not m.needs_tls), NULL
                ),
            }
        },
        "listeners": {"items": {"properties": {"tls": {"enum": ["none", None]}}}},
    }
}

HOST = Document(
    HostFields,
    "Host",
    added={
        "addresses": array_of(TEXT),
        "url": TEXT,
        "ehlo": _EHLO,
        "certificate": _CERTIFICATE,
    },
    schema={"anyOf": [given("tls", {"type": "object"}), _NEEDS_NO_TLS]},
    example={},
)
"""The document of a host."""
