"""All that a service is started with."""

from __future__ import annotations

import socket

import attrs

from mocksmtp.behaviors.dns import DnsBehavior
from mocksmtp.hosts.capabilities import Capabilities
from mocksmtp.hosts.host import Description, HostPlan, HostStart
from mocksmtp.hosts.limits import Limits
from mocksmtp.hosts.listeners import Inherited
from mocksmtp.hosts.policies import MtaStsPolicy
from mocksmtp.logs import Level, LogFormat
from mocksmtp.mail.documents import MailShape
from mocksmtp.mock import DEFAULT_HOST
from mocksmtp.sasl.settings import AuthSettings
from mocksmtp.sessions.journal import MAX_OCTETS as JOURNAL_BYTES
from mocksmtp.tls.settings import TlsSettings
from mocksmtp.zone.answer import Rcode
from mocksmtp.zone.records import Record

SMTP_ENDPOINTS = ("tcp:2525:interface=127.0.0.1",)
"""Where the default host listens unless it is told otherwise."""


@attrs.frozen
class Config:
    """
    All that a service is started with.

    :ivar smtp: Twisted server endpoints of the default host
    :ivar http: the endpoint of the API, or None for no API
    :ivar https: the endpoint of the policy hosts of MTA-STS, or None for none
    :ivar dns: addresses and ports, UDP and TCP on each, or sockets that are open
        already; none for no DNS
    :ivar dns_unset: what names without records get until a record has been set
    :ivar hostname: what banner and EHLO say
    :ivar capabilities: what EHLO offers on the default host
    :ivar tls: how the default host does TLS, or None
    :ivar auth: how its clients authenticate, or None
    :ivar max_mails: how many mails are kept
    :ivar max_bytes: how many bytes of memory are used for mails
    :ivar journal: how many sessions are kept of each host; 0 for none
    :ivar journal_bytes: how many bytes of memory all journals may take together
    :ivar state_dir: the folder where certificates are kept, or None for none
    :ivar http_hosts: further names that a browser may call the API by
    :ivar token: a bearer token that the API asks for, or None
    :ivar log_format: how the log is written, or None for as the program does
    :ivar log_level: the least important lines that are written, or None likewise
    :ivar quiet: only warnings and errors are written, and the line of the start
    :ivar log_file: the file that the log is written to, or None for as the program does
    :ivar addresses_file: the file that is written once all listeners are open, or None
    :ivar exit_with_stdin: the service ends with its standard input
    :ivar start: what the default host has at the start
    :ivar records: the DNS records at the start
    :ivar dns_behaviors: the behaviors of DNS at the start
    :ivar policies: the MTA-STS policies at the start
    :ivar hosts: other hosts that there are at the start; one that is called
        ``default`` is the default host, in the place of what is said above
    """

    smtp: tuple[str, ...] = SMTP_ENDPOINTS
    http: str | None = "tcp:8000:interface=127.0.0.1"
    https: str | None = None
    dns: tuple[tuple[str, int] | Inherited, ...] = (("127.0.0.1", 5300),)
    dns_unset: Rcode = Rcode.NXDOMAIN
    hostname: str = attrs.field(factory=socket.gethostname)
    capabilities: Capabilities = attrs.field(factory=Capabilities)
    tls: TlsSettings | None = None
    auth: AuthSettings | None = None
    max_mails: int = 100_000
    max_bytes: int = 2**30
    journal: int = 10_000
    journal_bytes: int = JOURNAL_BYTES
    limits: Limits = attrs.field(factory=Limits)
    state_dir: str | None = None
    mail_shape: MailShape = MailShape.BOTH
    http_hosts: tuple[str, ...] = ()
    token: str | None = attrs.field(default=None, repr=False)
    log_format: LogFormat | None = None
    log_level: Level | None = None
    quiet: bool = False
    log_file: str | None = None
    addresses_file: str | None = None
    exit_with_stdin: bool = False
    start: HostStart = attrs.field(factory=HostStart)
    records: tuple[Record, ...] = ()
    dns_behaviors: tuple[DnsBehavior, ...] = ()
    policies: tuple[MtaStsPolicy, ...] = ()
    hosts: tuple[HostPlan, ...] = ()

    @property
    def plans(self) -> tuple[HostPlan, ...]:
        """All hosts that there are at the start, the default host first."""
        plans = {plan.description.name: plan for plan in self.hosts}
        usual = HostPlan(self.described, self.smtp, self.start)
        return (plans.pop(DEFAULT_HOST, usual), *plans.values())

    @property
    def described(self) -> Description:
        """The default host, unless it has a document."""
        return Description(
            DEFAULT_HOST,
            self.hostname,
            self.capabilities,
            self.limits,
            self.tls,
            self.auth,
        )
