"""A mail host: its settings, behaviors, mailbox and journal."""

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
from mocksmtp.mail.mailbox import Inbox, Mailbox
from mocksmtp.sasl.settings import AuthSettings
from mocksmtp.sessions.journal import Journal
from mocksmtp.tls.settings import TlsSettings
from mocksmtp.zone.records import Record


@attrs.frozen
class HostStart:
    """The behaviors and extensions of a host at the start, restored by a reset."""

    behaviors: tuple[SmtpBehavior, ...] = ()
    extensions: tuple[str, ...] = ()


@attrs.frozen
class Description:
    """
    The settings of a host.

    :ivar name: its name in the API
    :ivar hostname: the name in its banner and EHLO reply
    :ivar tls: its TLS settings, or None
    :ivar auth: its AUTH settings, or None
    :ivar listeners: its listeners; None keeps or selects the default
    :ivar seed: the seed of the random choices of its behaviors
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
    A host at the start of the service.

    :ivar endpoints: Twisted server endpoints that replace its listeners, or None
    """

    description: Description
    endpoints: tuple[str, ...] | None = None
    start: HostStart = attrs.field(factory=HostStart)


class MailHost:
    """
    A mail host.

    :param name: its name in the API
    :param hostname: the name in its banner and EHLO reply

    :ivar start: what a reset to the start restores
    :ivar is_demanding: whether MAIL may be refused for AUTH or the number of messages
    :ivar offers: the EHLO replies, by TLS stage of the connection
    :ivar dns: the names and domains by which DNS refers to it
    :ivar records: its DNS records, once its addresses are known
    :ivar listens: the listeners that are open, with their ports
    :ivar addresses: the same as text, including UNIX sockets
    """

    def __init__(  # noqa: PLR0913 - its parts, by name
        self,
        name: str,
        hostname: str,
        mailbox: Inbox | None = None,
        *,
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
        self.mailbox: Inbox = Mailbox() if mailbox is None else mailbox
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
        self.start = HostStart() if start is None else start
        self.behaviors.replace_all(self.start.behaviors)
        self.extensions = self.start.extensions
        self._update_requirements()

    @property
    def seed(self) -> str:
        """The seed of the random choices of its behaviors."""
        return self.behaviors.shared.seed

    def describe(self, description: Description) -> None:
        """Apply the settings of `description`, except its listeners."""
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
        self._update_requirements()

    @property
    def extensions(self) -> tuple[str, ...]:
        """Additional lines of the EHLO reply, set by a test."""
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

    def _update_requirements(self) -> None:
        required = self.auth is not None and self.auth.required
        self.is_demanding = required or self.limits.messages is not None

    @property
    def certificate_names(self) -> tuple[str, ...]:
        """The names and addresses in its certificate, its hostname first."""
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
        Clear behaviors, scenarios, extensions, mails and sessions.

        :param to_start: restore the behaviors and extensions of the start
        """
        start = self.start if to_start else HostStart()
        self.behaviors.replace_all(start.behaviors)
        self.scenarios.clear()
        self.extensions = start.extensions
        # The mailbox is cleared after the journal: removing a mail would otherwise
        # record its Message-ID and subject in its session.
        self.journal.clear()
        self.mailbox.clear()
