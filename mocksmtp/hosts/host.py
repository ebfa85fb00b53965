"""A mail host: a name, and all that belongs to it."""

from __future__ import annotations

from ipaddress import ip_address

import attrs

from mocksmtp.behaviors.rule import DEFAULT_SEED
from mocksmtp.behaviors.scenarios import Scenarios
from mocksmtp.behaviors.smtp import SmtpBehavior, SmtpRules
from mocksmtp.grammar.reply import greeting, hello
from mocksmtp.hosts.capabilities import Capabilities
from mocksmtp.hosts.counters import Counters
from mocksmtp.hosts.limits import Limits
from mocksmtp.hosts.listeners import HostDns, Listen
from mocksmtp.hosts.offer import Offer, Stage, make_offers
from mocksmtp.mail.mailbox import Mailbox
from mocksmtp.sasl.settings import AuthSettings
from mocksmtp.sessions.journal import Journal
from mocksmtp.tls.settings import TlsSettings
from mocksmtp.zone.records import Record


@attrs.frozen
class HostStart:
    """What a host has at its start, and goes back to when all is reset."""

    behaviors: tuple[SmtpBehavior, ...] = ()
    extensions: tuple[str, ...] = ()


@attrs.frozen
class Description:
    """
    What a host is, as it is asked for.

    :ivar name: what it is called in the API
    :ivar hostname: what its banner and EHLO say
    :ivar tls: how it does TLS, or None for not at all
    :ivar auth: how clients authenticate, or None where they can't
    :ivar listeners: where it is to listen; None where that is not said
    :ivar seed: makes what its behaviors do by chance come the same way again
    """

    name: str
    hostname: str
    capabilities: Capabilities = attrs.field(factory=Capabilities)
    limits: Limits = attrs.field(factory=Limits)
    tls: TlsSettings | None = None
    auth: AuthSettings | None = None
    listeners: tuple[Listen, ...] | None = None
    dns: HostDns = attrs.field(factory=HostDns)
    seed: str = DEFAULT_SEED


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

    :ivar is_demanding: whether not every mail is taken from every client
    :ivar offers: what EHLO is answered, by how a connection stands with TLS
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
        capabilities: Capabilities | None = None,
        start: HostStart | None = None,
        journal: Journal | None = None,
        tls: TlsSettings | None = None,
        auth: AuthSettings | None = None,
    ) -> None:
        self.name = name
        self.hostname = hostname
        self.scenarios = Scenarios()
        self.behaviors = SmtpRules(scenarios=self.scenarios)
        self.counters = Counters()
        self.mailbox = Mailbox() if mailbox is None else mailbox
        self.journal = Journal() if journal is None else journal
        self.behaviors.past = self.journal.quota.past
        self.limits = Limits() if limits is None else limits
        self.capabilities = Capabilities() if capabilities is None else capabilities
        self.tls = tls
        self.auth = auth
        self.offers: dict[Stage, Offer] = {}
        self.greeting = greeting(hostname)
        self.hello = hello(hostname)
        self.dns = HostDns()
        self.records: tuple[Record, ...] = ()
        self.listens: tuple[Listen, ...] = ()
        self.addresses: tuple[str, ...] = ()
        self._start = HostStart() if start is None else start
        self.behaviors.replace_all(self._start.behaviors)
        self.extensions = self._start.extensions
        self._look_at_demands()

    @property
    def seed(self) -> str:
        """What makes chance come the same way again."""
        return self.behaviors.shared.seed

    def describe(self, description: Description) -> None:
        """Be, from now on, what `description` says; where it listens is not done."""
        self.hostname = description.hostname
        self.limits = description.limits
        self.capabilities = description.capabilities
        self.tls = description.tls
        self.auth = description.auth
        self.dns = description.dns
        self.behaviors.shared.seed = description.seed
        self.greeting = greeting(self.hostname)
        self.hello = hello(self.hostname)
        self.extensions = self._extensions
        self._look_at_demands()

    @property
    def extensions(self) -> tuple[str, ...]:
        """Further lines of the answer to EHLO, as a test has set them."""
        return self._extensions

    @extensions.setter
    def extensions(self, extensions: tuple[str, ...]) -> None:
        self._extensions = extensions
        limits = self.limits
        self.offers = make_offers(
            self.hostname,
            self.capabilities,
            extensions,
            limits.message_size if limits.advertise_size else None,
            self.auth,
        )

    def _look_at_demands(self) -> None:
        required = self.auth is not None and self.auth.required
        self.is_demanding = required or self.limits.messages is not None

    @property
    def certificate_names(self) -> tuple[str, ...]:
        """The names and addresses by which clients know it, its own name first."""
        addresses = [listen.address for listen in self.listens]
        named = [self.hostname, *map(str, self.dns.names)]
        told = [address for address in addresses if not address.is_unspecified]
        told += self.dns.address
        if any(one.is_loopback or one.is_unspecified for one in addresses):
            named.append("localhost")
            told += map(ip_address, ("127.0.0.1", "::1"))
        return tuple(dict.fromkeys([*named, *map(str, told)]))

    def reset(self, to_start: bool = False) -> None:
        """
        Forget what a test has loaded, and what was received.

        :param to_start: load again what the host had at its start
        """
        start = self._start if to_start else HostStart()
        self.behaviors.replace_all(start.behaviors)
        self.scenarios.clear()
        self.extensions = start.extensions
        # Of mails that a session knows, what they are known by would be recorded.
        self.journal.clear()
        self.mailbox.clear()
