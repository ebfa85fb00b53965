"""The hosts of a mock as documents of its store.

Hosts of the configuration are not stored unless users change them. With replicas,
listeners are not stored: each replica has its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import attrs
from twisted.internet.defer import Deferred
from twisted.logger import Logger
from twisted.python.failure import Failure

from mocksmtp.hosts.documents import Usual, host_document, parse_host, settle
from mocksmtp.hosts.host import Description, MailHost
from mocksmtp.hosts.listeners import Disconnect
from mocksmtp.mock import Mock
from mocksmtp.persistence.comparing import Changes, StoredValues, are_equal
from mocksmtp.store.interface import Document, Kind
from mocksmtp.tls.settings import GivenCertificate, TlsSettings

REMOVED = False
"""With replicas, the document of a host of the configuration that was removed."""

_FIELDS = ("url", "addresses", "ehlo", "certificate")
"""Fields of a host's document that follow from others."""


class FollowedHosts(Protocol):
    """Creates, changes and removes hosts; each takes effect before it waits."""

    async def create(self, description: Description) -> MailHost:
        """Create a host; without `listeners`, with those of the configuration."""

    async def change(self, host: MailHost, description: Description) -> None:
        """Change a host."""

    async def remove(self, host: MailHost, keeps_mails: bool = False) -> None:
        """
        Remove a host.

        :param keeps_mails: do not remove its mails: the replica that removed the host
            first removes them
        """

    def disconnect(
        self, hosts: Iterable[MailHost], how: Disconnect
    ) -> tuple[int, Deferred[Any]]:
        """Close connections; return their number and a Deferred for their ends."""


def host_to_store(host: MailHost) -> Document:
    """Return the document of a host, with its secrets."""
    document = host_document(host)
    for name in _FIELDS:
        del document[name]
    match host.tls:
        case TlsSettings(certificate=GivenCertificate() as certificate):
            document["tls"]["certificate"]["keyPem"] = certificate.key_pem
    if host.auth is not None and host.auth.users is not None:
        document["auth"]["users"] = dict(host.auth.users)
    return document


def host_from_store(name: str, document: Document, mock: Mock) -> Description:
    """
    Return the settings of a host from its document.

    :raises DocumentError: the document is not valid for this version
    """
    hostname = mock.hostname if name == mock.default.name else None
    usual = Usual(limits=mock.limits, hostname=hostname)
    return settle(parse_host(document, name, usual))


def is_removal(document: Document) -> bool:
    """Return whether the document of a host means that the host was removed."""
    return document is None or document is REMOVED


class HostsState:
    """
    The hosts of a mock, compared with their stored documents.

    :param mock: the mock
    :param configured: the names of the hosts of the configuration

    :ivar is_shared: whether replicas share the hosts
    """

    log = Logger()

    def __init__(self, mock: Mock, configured: Iterable[str] = ()) -> None:
        self.is_shared = False
        self._mock = mock
        self._configured = frozenset(configured)
        self._stored = StoredValues(Kind.HOST)
        self._start: dict[str, Document] = {}

    def settle(self) -> None:
        """Record the current hosts as stored."""
        for host in self._mock.hosts.values():
            self._stored.known(host.name, _settings(host))

    def record_start(self) -> None:
        """Record the hosts of the configuration, which are not stored."""
        hosts = self._mock.hosts.items()
        self._start = {name: self._document(host) for name, host in hosts}

    def _document(self, host: MailHost) -> Document:
        document = host_to_store(host)
        if self.is_shared:
            del document["listeners"]
        return document

    def changes(self) -> Changes:
        """Return the documents of the hosts that changed."""
        hosts = self._mock.hosts
        settings = {host.name: _settings(host) for host in hosts.values()}
        found = dict(
            self._stored.compare(
                settings, lambda name, _: self._document(hosts[name]), are_equal
            )
        )
        if self.is_shared:
            for name in self._configured - hosts.keys():
                if (Kind.HOST, name) in found:
                    found[Kind.HOST, name] = REMOVED
        return found

    def apply(
        self, name: str, document: Document, hosts: FollowedHosts
    ) -> Deferred[Any] | None:
        """
        Apply the document of a host that another replica stored.

        :return: a Deferred that fires when the connections of a removed host have ended
            or the listeners of another one are as described; None if nothing is to do
        """
        host = self._mock.hosts.get(name)
        if is_removal(document):
            self._stored.forget(name)
            if host is None:
                return None
            done = Deferred.fromCoroutine(hosts.remove(host, keeps_mails=True))
            return done.addErrback(self._not_applied, name)
        description = host_from_store(name, document, self._mock)
        if host is not None:
            description = attrs.evolve(description, listeners=host.listens)
            change: Any = hosts.change(host, description)
        else:
            change = hosts.create(attrs.evolve(description, listeners=None))
        done = Deferred.fromCoroutine(change).addErrback(self._not_applied, name)
        if name in self._mock.hosts:
            self._stored.known(name, _settings(self._mock.hosts[name]))
        return done

    def _not_applied(self, failure: Failure, name: str) -> None:
        self.log.error(
            "The host {name} is not as the other replicas have it: {error}",
            name=name,
            error=failure.value,
        )

    def differing(self, stored: Mapping[str, Document]) -> Changes:
        """Return the changes from the current to the `stored` hosts."""
        found: Changes = {}
        expected = self._start | dict(stored)
        for name, host in self._mock.hosts.items():
            document = expected.pop(name, None)
            if document != self._document(host):
                found[Kind.HOST, name] = document
        for name, document in expected.items():
            if document is not REMOVED:
                found[Kind.HOST, name] = document
        return found


def _settings(host: MailHost) -> tuple[Any, ...]:
    return (
        *(host.hostname, host.limits, host.capabilities, host.tls, host.auth),
        *(host.dns, host.listens, host.seed),
    )
