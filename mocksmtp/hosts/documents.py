"""Mail hosts: documents to model and back.

A document says all that a host is; what it leaves out is as usual. `url` and
`addresses` are told and not read, so that a document that was read can be changed
and sent back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, TypeAlias

import attrs

from mocksmtp.behaviors.rule import DEFAULT_SEED
from mocksmtp.documents.fields import array, number, optional, text
from mocksmtp.documents.problems import DocumentError, Problem, Refused
from mocksmtp.documents.structure import (
    class_hook,
    new_converter,
    strict_str,
    structure,
)
from mocksmtp.hosts.capabilities import Capabilities
from mocksmtp.hosts.capability_documents import (
    capabilities_document,
    structure_capabilities,
)
from mocksmtp.hosts.host import Description, Limits, MailHost
from mocksmtp.hosts.limit_documents import (
    LimitsFields,
    limits_document,
    structure_limits,
)
from mocksmtp.hosts.listener_documents import (
    has_tls,
    listener_document,
    parse_address,
    structure_listeners,
)
from mocksmtp.hosts.listeners import Address, HostDns, Listen, MailDomain
from mocksmtp.sasl.documents import AuthFields, auth_document, structure_auth
from mocksmtp.sasl.settings import AuthSettings
from mocksmtp.tls.documents import (
    CheckCertificate,
    TlsFields,
    structure_tls,
    tls_document,
)
from mocksmtp.tls.settings import TlsSettings
from mocksmtp.zone.names import Name
from mocksmtp.zone.records import parse_name

MAX_NAMES = 100
"""How many DNS names a host may have."""

MAX_DOMAINS = 1000
"""How many domains a host may be the mail exchange of."""

MAX_EXCHANGES = 10_000
"""How many MX records a host may have: one for each of its names, in each domain."""

# A segment of a path as it is, with no escapes; what a path leaves out is no name.
_NAME = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,253}", re.ASCII)
MAX_SEED = 10**18
"""The largest number that can be a seed, and the smallest below zero."""

_SEED = re.compile(r"[ -~\x80-\U0010ffff]{1,100}")
_HOSTNAME = re.compile(r"[!-~\x80-\U0010ffff]{1,255}")

_Document: TypeAlias = dict[str, Any]


@attrs.frozen(kw_only=True)
class Usual:
    """
    What counts where a document does not say it.

    :ivar hostname: what goes before the first of its DNS names, and its own name
    """

    limits: Limits = attrs.field(factory=Limits)
    hostname: str | None = None
    capabilities: Capabilities = attrs.field(factory=Capabilities)
    tls: TlsSettings | None = None
    auth: AuthSettings | None = None


@attrs.frozen(kw_only=True)
class HostFields:
    """What a document says of a host."""

    name: str | None = None
    hostname: str | None = None
    capabilities: Capabilities | None = None
    limits: LimitsFields = attrs.field(factory=LimitsFields)
    tls: TlsFields | None = None
    auth: AuthFields | None = None
    listeners: tuple[Listen, ...] | None = None
    dns: HostDns = attrs.field(factory=HostDns)
    seed: str = DEFAULT_SEED
    url: object = None
    addresses: object = None

    def describe(
        self,
        name: str,
        usual: Usual,
        known: MailHost | None,
        check: CheckCertificate | None,
    ) -> Description:
        """What the host of that `name` is to be; arguments are those of parsing."""
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
            self.limits.over(usual.limits),
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
    What a host is to be.

    :param name: what it is called already; a document that gives another is refused
    :param usual: what counts where the document does not say it
    :param known: the host as it is, for secrets that were not told
    :param check_certificate: raises `ValueError` for a certificate that can't be used
    :return: its name is ``""`` where neither gives one
    :raises DocumentError: the document describes no host
    """
    read: HostFields = structure(_converter, document, HostFields)
    if name is not None and read.name not in (None, name):
        raise DocumentError(Problem("$.name", f"must be {name!r}, or left out"))
    description = read.describe(
        name or read.name or "", usual or Usual(), known, check_certificate
    )
    if problems := tuple(_without_tls(description)):
        raise DocumentError(*problems)
    return description


def _without_tls(description: Description) -> Iterator[Problem]:
    """What a host without TLS can't do."""
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
    `description` with these listeners, where it names none.

    :raises DocumentError: it has a name in DNS and no address that could be told, or
        one of these listeners does TLS and it does not
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


def parse_host_name(value: Any, _: object = None) -> str:
    """
    The name of a host, which can stand in a path as it is.

    :raises Refused: `value` is none
    """
    if not _NAME.fullmatch(strict_str(value)):
        raise Refused("must have 1 to 253 letters, digits, dots, hyphens, underscores")
    return str(value)


def host_path(name: str) -> str:
    """Where the API has the resources of a host."""
    return f"/hosts/{name}"


def host_document(host: MailHost) -> _Document:
    """The document of `host`, with the addresses that are open and no secrets."""
    dns = host.dns
    return {
        "name": host.name,
        "hostname": host.hostname,
        "capabilities": capabilities_document(host.capabilities),
        "limits": limits_document(host.limits),
        "tls": tls_document(host.tls),
        "auth": auth_document(host.auth),
        "listeners": [listener_document(listen) for listen in host.listens],
        "dns": {
            "names": [str(name) for name in dns.names],
            "domains": [
                {"name": str(domain.name), "preference": domain.preference}
                for domain in dns.domains
            ],
            "address": [str(address) for address in dns.address],
        },
        "seed": host.seed,
        "addresses": list(host.addresses),
        "url": host_path(host.name),
    }


def _told_address(value: Any, _: Any) -> Address:
    address = parse_address(value)
    if address.is_unspecified:
        raise Refused(f"{address} is no address that mail can be sent to")
    return address


def _told_addresses(value: Any, kind: Any) -> tuple[Address, ...]:
    """One address or several."""
    if isinstance(value, str):
        return (_told_address(value, kind),)
    addresses: Any = _told_converter.structure(value, _ADDRESSES)
    return tuple(addresses)


def _seed(value: Any, kind: Any) -> str:
    """A text, or a number in its place."""
    if isinstance(value, int) and not isinstance(value, bool):
        value = str(number(-MAX_SEED, MAX_SEED)(value, kind))
    return text(_SEED, "must be one line of 1 to 100 characters")(value, kind)  # type: ignore[no-any-return]


def _dns(value: Any, kind: Any) -> HostDns:
    dns: HostDns = _structure_dns(value, kind)
    if dns.domains and not dns.names:
        raise Refused("required with domains: a mail exchange has a name", "names")
    exchanges = len(dns.domains) * len(dns.names)
    if exchanges > MAX_EXCHANGES:
        most = f"at most {MAX_EXCHANGES:,} pairs of a name and a domain"
        raise Refused(f"must have {most}, got {exchanges:,}", "domains")
    return dns


_ADDRESSES: Any = tuple[Address, ...]
_told_converter = new_converter()
_told_converter.register_structure_hook(Address, _told_address)
_converter = new_converter()
_converter.register_structure_hook(Name, parse_name)
_converter.register_structure_hook(
    MailDomain,
    class_hook(_converter, MailDomain, name=parse_name, preference=number(0, 65535)),
)
_structure_dns = class_hook(
    _converter,
    HostDns,
    names=array(_converter, Name, MAX_NAMES),
    domains=array(_converter, MailDomain, MAX_DOMAINS),
    address=_told_addresses,
)
_converter.register_structure_hook(
    HostFields,
    class_hook(
        _converter,
        HostFields,
        name=optional(parse_host_name),
        hostname=optional(text(_HOSTNAME, "must be a name without spaces")),
        capabilities=structure_capabilities,
        limits=structure_limits,
        tls=optional(structure_tls),
        auth=optional(structure_auth),
        seed=_seed,
        listeners=structure_listeners,
        dns=_dns,
        url=lambda value, _: value,
        addresses=lambda value, _: value,
    ),
)
