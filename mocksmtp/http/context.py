"""What the service passes to the API: its settings, its hosts and what it reports."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from ipaddress import ip_address
from typing import Any, Protocol

import attrs
from twisted.internet.defer import Deferred

from mocksmtp.hosts.host import Description, MailHost
from mocksmtp.hosts.listeners import Disconnect
from mocksmtp.mail.documents import MailShape, StandIn
from mocksmtp.store.replicas import Replicas


class HostKeeper(Protocol):
    """
    What makes and changes mail hosts with their listeners, each whole or not at all.

    Where a listener can't be opened `mocksmtp.mock.CannotListen` is raised.
    """

    async def create(self, description: Description) -> MailHost:
        """Make a host, or raise `mocksmtp.mock.NameTaken`."""

    async def change(self, host: MailHost, description: Description) -> None:
        """Change a host to a description."""

    async def remove(self, host: MailHost) -> None:
        """Remove a host, and close its listeners and connections."""

    async def restore(self) -> tuple[list[MailHost], Deferred[Any]]:
        """Restore the hosts of the start.

        Returns the hosts that were removed, and what fires when they are closed.
        """

    def disconnect(
        self, hosts: Iterable[MailHost], how: Disconnect
    ) -> tuple[int, Deferred[Any]]:
        """End the connections of `hosts`.

        Returns how many those are, and what fires when they have ended.
        """


class StateTurn(Protocol):
    """The turn of a request that changes the state."""

    async def end(self) -> None:
        """
        Store the changes, and wait until all replicas have applied them.

        Further calls have no effect.

        :raises StoreError: they were not stored, and are undone
        """


class Sharing(Protocol):
    """
    What a replica does in turn with others, where several share a store.

    :ivar replicas: the replicas
    """

    replicas: Replicas

    async def settle(self) -> None:
        """
        Wait until this replica knows of all that any replica did before.

        :raises StoreError: the store cannot be reached
        """

    async def take_turn(self) -> StateTurn:
        """
        Wait for the turn to change the state.

        :raises StoreError: the store cannot be reached
        """

    async def disconnect(self, hosts: Iterable[MailHost], how: Disconnect) -> int:
        """Begin to end connections of other replicas; return their number."""

    async def clear_logs(self, host: MailHost | None = None) -> None:
        """Clear the sessions of a host on all other replicas, or all of their logs."""

    async def clear_sessions(self, host: str | None) -> None:
        """Clear the sessions of a host, or of all hosts, on all other replicas."""

    async def until_closed(self) -> None:
        """Wait until the connections that other replicas are to end have ended."""


class Archive(Protocol):
    """
    What writes mails to files, for ``/status``.

    :ivar written: the number of mails that were written
    :ivar failed: the number of mails that could not be written
    :ivar error: the last error, None if the last mail was written
    """

    folder: str
    written: int
    failed: int
    error: str | None


@attrs.frozen
class HttpSettings:
    """
    The settings of the API.

    :ivar mail_shape: the fields of mails in lists
    :ivar hosts: further names by which browsers may call the API
    :ivar token: the token that requests need (RFC 6750), or None
    :ivar cors_origins: the origins of other pages that may call the API; ``*`` for all
    :ivar stand_ins: the mail catchers whose APIs are served too
    :ivar loopback: whether the listener is bound to loopback only; None to derive it
        from the bound address
    """

    mail_shape: MailShape = MailShape.BOTH
    hosts: tuple[str, ...] = ()
    token: str | None = attrs.field(default=None, repr=False)
    loopback: bool | None = None
    cors_origins: tuple[str, ...] = ()
    stand_ins: tuple[StandIn, ...] = ()


@attrs.define(eq=False)
class ServiceInfo:
    """
    Information about the service for ``/status``.

    :ivar started_at: when it started, in seconds of the clock of the API
    :ivar instance: the unique name of this run of the service
    :ivar deployment: the name of the run of all replicas; None without replicas
    :ivar addresses: the bound addresses by listener, for example
        ``{"http": ["127.0.0.1:8000"]}``; set when they are known
    :ivar archive: writes mails to files; or None
    """

    started_at: float
    addresses: dict[str, list[str]] = attrs.Factory(dict)
    instance: str = attrs.field(factory=lambda: secrets.token_hex(8))
    archive: Archive | None = None
    deployment: str | None = None

    @property
    def http_on_loopback(self) -> bool:
        """Whether the API listens on loopback only; True until it is known."""
        return all(map(_is_loopback, self.addresses.get("http", ())))


def _is_loopback(address: str) -> bool:
    try:
        return ip_address(address.rpartition(":")[0].strip("[]")).is_loopback
    except ValueError:
        # A UNIX socket, which no browser can be led to.
        return False
