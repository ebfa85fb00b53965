"""What users set as a whole, one document for each name: a class for each kind.

A kind of documents that has a class in `RESOURCES` is stored, restored at the start and
followed by replicas.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mocksmtp.documents.document import parse
from mocksmtp.hosts.policies import POLICY
from mocksmtp.mock import Mock
from mocksmtp.persistence.comparing import (
    Changes,
    StoredValues,
    are_equal,
    are_identical,
)
from mocksmtp.store.interface import Document, Key, Kind

_UNSET = "unset"
"""Whether users have set no records so far."""

_ORDER = "hostOrder"
"""The names of the hosts, in order of creation."""


class Resource:
    """
    The values of one kind, compared with their stored documents.

    Values are replaced, never modified.

    :cvar kind: the kind of the documents
    :cvar is_only_shared: whether the documents are stored only with replicas
    """

    kind: Kind
    is_only_shared = False

    def __init__(self, mock: Mock) -> None:
        self._mock = mock
        self._stored = StoredValues(self.kind)
        self._start: Mapping[str, Document] = {}

    # Each kind defines

    def values(self) -> Mapping[str, Any]:
        """Return the current values, by the names of their documents."""
        raise NotImplementedError

    def write(self, value: Any) -> Document:
        """Return the document of a value."""
        raise NotImplementedError

    def apply(self, documents: Mapping[str, Document]) -> None:
        """Apply the documents that another replica stored."""
        raise NotImplementedError

    @staticmethod
    def are_same(one: Any, other: Any) -> bool:
        """Return whether a value is unchanged."""
        return are_identical(one, other)

    def host_added(self, name: str) -> None:
        """Record the values of a host that another replica added, as stored."""

    def host_removed(self, name: str) -> None:
        """Forget the values of a host that another replica removed."""

    def settle(self) -> None:
        """Record as stored what was restored, or configured, with the hosts."""

    def record_start(self) -> None:
        """Record the documents of what is configured with the hosts; not stored."""

    # What follows from that

    def changes(self) -> Iterator[tuple[Key, Document]]:
        """Yield the documents of the changed values, and record them as stored."""
        return self._stored.compare(
            self.values(), lambda _, value: self.write(value), self.are_same
        )

    def differing(self, stored: Mapping[str, Document]) -> Changes:
        """Return the documents of all current and `stored` values, as stored."""
        return {
            (self.kind, name): stored.get(name, self._start.get(name))
            for name in {*self._stored, *stored}
        }


class NamedResource(Resource):
    """
    Values that do not depend on the hosts.

    :cvar nouns: what one value and several are called in the line of the log at the
        start
    """

    nouns: tuple[str, str]

    def read(self, document: Document) -> Any:
        """
        Return the value of a document.

        :raises DocumentError: the document is not valid for this version
        """
        raise NotImplementedError

    def set(self, values: dict[str, Any]) -> None:
        """Replace the values of the mock."""
        raise NotImplementedError

    def apply(self, documents: Mapping[str, Document]) -> None:
        """Apply the documents that another replica stored."""
        if not documents:
            return
        values = dict(self.values())
        for name, document in documents.items():
            if document is None:
                values.pop(name, None)
                self._stored.forget(name)
            else:
                values[name] = self.read(document)
                self._stored.known(name, values[name])
        self.set(values)

    def restore(self, stored: Mapping[str, Document]) -> int:
        """
        Add the stored values, except those that the configuration names.

        :return: the number of stored values
        """
        values = {name: self.read(document) for name, document in stored.items()}
        self.set(values | dict(self.values()))
        current = self.values()
        for name, value in values.items():
            if current[name] is value:
                self._stored.known(name, value)
        return len(values)


class HostResource(Resource):
    """
    Values of the hosts, by their names.

    :cvar empty: the value of a new host
    """

    empty: Any

    are_same = staticmethod(are_equal)

    def host_added(self, name: str) -> None:
        """Record that the value of a host is empty."""
        self._stored.known(name, self.empty)

    def host_removed(self, name: str) -> None:
        """Forget the value of a host."""
        self._stored.forget(name)

    def settle(self) -> None:
        """Record the values of all hosts as stored."""
        for name, value in self.values().items():
            self._stored.known(name, value)


class Extensions(HostResource):
    """The EHLO lines that users add to a host, by its name."""

    kind = Kind.EXTENSIONS
    empty = ()

    def values(self) -> Mapping[str, Any]:
        """Return the lines of each host."""
        return {host.name: host.extensions for host in self._mock.hosts.values()}

    def write(self, value: Any) -> Document:
        """Return the document of the lines of a host."""
        return [*value]

    def apply(self, documents: Mapping[str, Document]) -> None:
        """Apply the documents of existing hosts; without a document, no lines."""
        for name, document in documents.items():
            host = self._mock.hosts.get(name)
            if host is not None:
                host.extensions = tuple(document or ())
                self._stored.known(name, host.extensions)

    def record_start(self) -> None:
        """Record the lines of the configuration."""
        self._start = {name: self.write(one) for name, one in self.values().items()}

    def restore_host(self, name: str, stored: Mapping[str, Document]) -> None:
        """Set the stored lines of a host, if there are any."""
        lines = stored.get(name)
        if lines is not None:
            self._mock.hosts[name].extensions = tuple(lines)


class Policies(NamedResource):
    """The MTA-STS policies, by their domains."""

    kind = Kind.POLICY
    nouns = "policy", "policies"

    def values(self) -> Mapping[str, Any]:
        """Return all policies."""
        return self._mock.policies

    def write(self, value: Any) -> Document:
        """Return the document of a policy."""
        return POLICY.write(value)

    def read(self, document: Document) -> Any:
        """Return the policy of a document."""
        return parse(POLICY, document)

    def set(self, values: dict[str, Any]) -> None:
        """Replace all policies."""
        self._mock.policies = values


class ServiceState(Resource):
    """The order of the hosts, and whether users have set no records so far."""

    kind = Kind.SERVICE
    is_only_shared = True

    def values(self) -> Mapping[str, Any]:
        """Return both."""
        return {_UNSET: self._mock.is_unset, _ORDER: [*self._mock.hosts]}

    def write(self, value: Any) -> Document:
        """Return the value: it is JSON."""
        return value

    are_same = staticmethod(are_equal)

    def record_start(self) -> None:
        """Record whether the configuration sets no records."""
        self._start = {_UNSET: self._mock.is_unset}

    def apply(self, documents: Mapping[str, Document]) -> None:
        """Apply those of the documents that are set by users."""
        if _UNSET in documents:
            self._mock.is_unset = bool(documents[_UNSET])
            self._stored.known(_UNSET, self._mock.is_unset)
        self.restore_order(documents)

    def restore_order(self, stored: Mapping[str, Document]) -> None:
        """Put the hosts in the stored order."""
        order = stored.get(_ORDER)
        if order is not None:
            self._mock.arrange_hosts(order)
            self._stored.known(_ORDER, [*self._mock.hosts])


RESOURCES: tuple[type[NamedResource], ...] = (Policies,)
"""The kinds that do not depend on the hosts."""
