"""The states of the scenarios of each host as documents of its store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from mocksmtp.persistence.resources import HostResource
from mocksmtp.store.interface import Document, Key, Kind


class ScenarioStates(HostResource):
    """
    The states of the scenarios, by the names of the hosts.

    Without replicas they are stored with the state. Replicas store them with the
    counts, in the turns in which behaviors and requests change them.
    """

    kind = Kind.SCENARIOS
    empty: Mapping[str, str] = {}

    def values(self) -> Mapping[str, Any]:
        """Return the states of each host."""
        return {h.name: h.scenarios.states() for h in self._mock.hosts.values()}

    def write(self, value: Any) -> Document:
        """Return the document of the states of a host."""
        return value or None

    def apply(self, documents: Mapping[str, Document]) -> None:
        """Apply the documents of existing hosts; without a document, no states."""
        for name, document in documents.items():
            host = self._mock.hosts.get(name)
            if host is not None:
                host.scenarios.clear()
                host.scenarios.set(document or {})
                host.scenarios.has_moved = False
                self._stored.known(name, host.scenarios.states())

    def all_changes(self) -> Iterator[tuple[Key, Document]]:
        """Yield the documents of all changed states, in the turn of a request."""
        yield from self.changes()
        for host in self._mock.hosts.values():
            host.scenarios.has_moved = False

    def moved(self) -> Iterator[tuple[Key, Document]]:
        """
        Yield the documents of the states that behaviors changed in a turn.

        Unlike `all_changes`, it does not compare all states.
        """
        for host in self._mock.hosts.values():
            if host.scenarios.has_moved:
                host.scenarios.has_moved = False
                states = host.scenarios.states()
                self._stored.known(host.name, states)
                yield (self.kind, host.name), self.write(states)

    def restore_all(self, stored: Mapping[str, Document]) -> None:
        """Replace the states of all hosts by the stored ones."""
        self.apply({name: stored.get(name) for name in self._mock.hosts})

    def restore_host(self, name: str, stored: Mapping[str, Document]) -> None:
        """Set the stored states of a host at the start."""
        self._mock.hosts[name].scenarios.set(stored.get(name, {}))
