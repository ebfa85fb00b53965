"""A mail host: a name, and all that belongs to it."""

from __future__ import annotations

import attrs

from mocksmtp.core.behaviors import Behaviors
from mocksmtp.core.counters import Counters
from mocksmtp.core.journal import Journal
from mocksmtp.core.mailbox import Mailbox
from mocksmtp.model.behavior import Behavior
from mocksmtp.model.host import HostDns, Listen
from mocksmtp.model.reply import extended_hello, greeting, hello
from mocksmtp.model.zone import Record

CAPABILITIES = ("PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES")
"""What EHLO offers unless a host is told otherwise."""


@attrs.frozen
class Limits:
    """What a host takes (RFC 5321 §4.5.3).

    :ivar message_size: octets of one message
    :ivar advertise_size: whether EHLO says so (RFC 1870)
    :ivar recipients: of one transaction
    :ivar connections: at once
    :ivar idle_time: seconds without a command or content
    """

    message_size: int = 64 * 2**20
    advertise_size: bool = False
    recipients: int = 10_000
    connections: int = 1000
    idle_time: float = 300.0


@attrs.frozen
class HostStart:
    """What a host has at its start, and goes back to when all is reset."""

    behaviors: tuple[Behavior, ...] = ()
    extensions: tuple[str, ...] = ()


@attrs.frozen
class Description:
    """
    What a host is, as it is asked for.

    :ivar name: what it is called in the API
    :ivar hostname: what its banner and EHLO say
    :ivar listeners: where it is to listen; None where that is not said
    """

    name: str
    hostname: str
    capabilities: tuple[str, ...] = CAPABILITIES
    limits: Limits = attrs.field(factory=Limits)
    listeners: tuple[Listen, ...] | None = None
    dns: HostDns = attrs.field(factory=HostDns)


@attrs.frozen
class HostPlan:
    """
    A host that the service is started with.

    :ivar endpoints: Twisted server endpoints in the place of its listeners, or None
    """

    description: Description
    endpoints: tuple[str, ...] | None = None
    start: HostStart = attrs.field(factory=HostStart)


class MailHost:
    """
    One remote mail host that the service stands for.

    :param name: what it is called in the API
    :param hostname: what its banner and EHLO say

    :ivar dns: by which names DNS tells of it
    :ivar records: what DNS tells of it, now that its addresses are known
    :ivar listens: where it listens, with the ports that are open
    :ivar addresses: the same as text, with those that are no IP addresses
    """

    def __init__(
        self,
        name: str,
        hostname: str,
        mailbox: Mailbox | None = None,
        limits: Limits | None = None,
        capabilities: tuple[str, ...] = CAPABILITIES,
        start: HostStart | None = None,
        journal: Journal | None = None,
    ) -> None:
        self.name = name
        self.hostname = hostname
        self.behaviors = Behaviors()
        self.counters = Counters()
        self.mailbox = Mailbox() if mailbox is None else mailbox
        self.journal = Journal() if journal is None else journal
        self.limits = Limits() if limits is None else limits
        self.capabilities = capabilities
        self.greeting = greeting(hostname)
        self.hello = hello(hostname)
        self.dns = HostDns()
        self.records: tuple[Record, ...] = ()
        self.listens: tuple[Listen, ...] = ()
        self.addresses: tuple[str, ...] = ()
        self._start = HostStart() if start is None else start
        self.behaviors.replace_all(self._start.behaviors)
        self.extensions = self._start.extensions

    def describe(self, description: Description) -> None:
        """Be, from now on, what `description` says; where it listens is not done."""
        self.hostname = description.hostname
        self.limits = description.limits
        self.capabilities = description.capabilities
        self.dns = description.dns
        self.greeting = greeting(self.hostname)
        self.hello = hello(self.hostname)
        self.extensions = self._extensions

    @property
    def extensions(self) -> tuple[str, ...]:
        """Further lines of the answer to EHLO, as a test has set them."""
        return self._extensions

    @extensions.setter
    def extensions(self, extensions: tuple[str, ...]) -> None:
        self._extensions = extensions
        self.extended_hello = extended_hello(self.hostname, self.keywords)

    @property
    def keywords(self) -> tuple[str, ...]:
        """All the EHLO keywords with their parameters (RFC 5321 §4.1.1.1)."""
        size = self.limits.message_size
        offered = (f"SIZE {size}",) if self.limits.advertise_size else ()
        return (*self.capabilities, *offered, *self._extensions)

    def reset(self, to_start: bool = False) -> None:
        """
        Forget what a test has loaded, and what was received.

        :param to_start: load again what the host had at its start
        """
        start = self._start if to_start else HostStart()
        self.behaviors.replace_all(start.behaviors)
        self.extensions = start.extensions
        self.mailbox.clear()
        self.journal.clear()
