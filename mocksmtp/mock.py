"""The state of the mock: mail hosts, DNS zone, behaviors and logs."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import Any, TypeAlias

from mocksmtp.behaviors.dns import DnsBehavior, DnsEvaluation, DnsRules
from mocksmtp.hosts.counters import new_queries
from mocksmtp.hosts.evaluation import Evaluated, Evaluation
from mocksmtp.hosts.host import Description, HostStart, MailHost
from mocksmtp.hosts.limits import Limits
from mocksmtp.hosts.policies import HOST_PREFIX, MtaStsPolicy
from mocksmtp.mail.mail import Mail
from mocksmtp.mail.mailbox import Mailbox
from mocksmtp.sessions.attempts import Attempt
from mocksmtp.sessions.deliveries import Deliveries, remember_removed
from mocksmtp.sessions.journal import Journal
from mocksmtp.sessions.shared_deliveries import SharedDeliveries
from mocksmtp.store.interface import Store
from mocksmtp.store.memory import MemoryStore
from mocksmtp.tls.identity import CertificateFacts
from mocksmtp.zone.queries import QueryLog, SharedQueryLog
from mocksmtp.zone.rdata import TLSA, HostTLSA
from mocksmtp.zone.records import Record
from mocksmtp.zone.zone import Zone

TlsaMaker: TypeAlias = Callable[[MailHost, HostTLSA], TLSA | None]
"""Computes the TLSA data for a host's certificate; None if it has no certificate."""

Evaluator: TypeAlias = Callable[[MailHost, Evaluation, float], Evaluated]
"""Evaluates a command on a host, at a time in seconds since the epoch."""

QueryEvaluator: TypeAlias = Callable[
    [Zone, DnsRules, DnsEvaluation, float], dict[str, Any]
]
"""Evaluates a DNS query at a time in seconds since the epoch; returns a document."""

CertificateFinder: TypeAlias = Callable[[MailHost], CertificateFacts | None]
"""Reads a host's certificate; None if it has none."""

ArrivalListener: TypeAlias = Callable[[Sequence[tuple[str, int]]], None]
"""Called with the hosts and numbers of mails."""

DEFAULT_HOST = "default"
"""The host whose resources are at the root of the API."""


class NameTaken(Exception):
    """Another host has this name."""


class CannotListen(Exception):
    """A listener of a host can't be opened; the message is one line."""


class Change(Enum):
    """The kinds of changes in a mock."""

    HOST_ADDED = "added"
    HOST_CHANGED = "changed"
    HOST_REMOVED = "removed"
    RECORDS = "records"
    RESET = "reset"
    RESTORED = "restored"
    """It was reset to the state at the start."""


ChangeListener: TypeAlias = Callable[[Change, str | None], None]
"""Called with a change and the name of its host; None if it concerns no single host."""


class Mock:
    """
    The state that the SMTP, DNS and HTTP servers share.

    The records set by users are separate from those of hosts: replacing all records
    keeps the hosts' records, and removing a host removes only its own.

    :param default: the default host, which can't be removed
    :param zone: the DNS records at the start
    :param limits: the default limits of hosts
    :param dns_behaviors: the behaviors of DNS at the start
    :param policies: the MTA-STS policies at the start
    :param fails_unset: whether names without records result in SERVFAIL, not NXDOMAIN,
        until users set a record: after a restart, a sender then keeps its queued mail
        instead of bouncing it
    :param store: where mails and state are stored; by default in memory

    :ivar hosts: all hosts by name, in order of creation
    :ivar hostname: the default hostname of the default host
    :ivar host_numbers: yields numbers for hosts that are created without a name
    :ivar deliveries: the attempts and deliveries of all hosts
    :ivar quota: the common limits of all mailboxes
    :ivar queries: counts the DNS queries
    :ivar query_log: the last DNS queries
    :ivar dns_behaviors: the behaviors of DNS; they use the scenarios of the default
        host
    :ivar policies: the MTA-STS policies by domain; replaced, never changed
    :ivar listeners: called with each change
    :ivar arrival_listeners: called with mails that other replicas have kept, each as
        its host and number
    :ivar make_tlsa: computes TLSA data from certificates, or None
    :ivar is_following: whether what is being changed was changed by another replica
        first, which has reported it
    :ivar find_certificate: reads the certificate of a host, or None
    :ivar evaluate: evaluates a command, or None
    :ivar evaluate_query: evaluates a DNS query, or None
    """

    def __init__(
        self,
        default: MailHost,
        zone: Zone,
        limits: Limits | None = None,
        dns_behaviors: tuple[DnsBehavior, ...] = (),
        policies: tuple[MtaStsPolicy, ...] = (),
        fails_unset: bool = False,
        store: Store | None = None,
    ) -> None:
        self.hosts = {DEFAULT_HOST: default}
        self.limits = default.limits if limits is None else limits
        self.hostname = default.hostname
        self.quota = default.mailbox.quota
        self.store: Store = MemoryStore(self.quota) if store is None else store
        kind = Deliveries if self.store.replicas is None else SharedDeliveries
        self.deliveries: Deliveries = kind(default.journal.quota, self._find_content)
        self.host_numbers = itertools.count(1)
        self.queries = new_queries()
        self.query_log: QueryLog = (
            QueryLog() if self.store.replicas is None else SharedQueryLog()
        )
        self.dns_behaviors = DnsRules(scenarios=default.scenarios)
        self.dns_behaviors.replace_all(dns_behaviors)
        self.policies = self._start_policies = {
            policy.domain: policy for policy in policies
        }
        self.make_tlsa: TlsaMaker | None = None
        self.find_certificate: CertificateFinder | None = None
        self.evaluate: Evaluator | None = None
        self.evaluate_query: QueryEvaluator | None = None
        self._start_dns_behaviors = dns_behaviors
        self._zone = self._start_zone = zone
        self._fails_unset = fails_unset
        self._is_unset = not zone
        self._served: Zone | None = None
        self.is_following = False
        self._observers: list[Callable[[MailHost], None]] = []
        self.listeners: list[ChangeListener] = []
        self.arrival_listeners: list[ArrivalListener] = []
        self._remember_removed(default)

    @contextmanager
    def following(self) -> Iterator[None]:
        """What is changed meanwhile, another replica has changed first."""
        before, self.is_following = self.is_following, True
        try:
            yield
        finally:
            self.is_following = before

    @property
    def is_unset(self) -> bool:
        """Whether users have not set records so far."""
        return self._is_unset

    @is_unset.setter
    def is_unset(self, is_unset: bool) -> None:
        self._is_unset = is_unset
        self._served = None

    @property
    def default(self) -> MailHost:
        """The host whose resources are at the root of the API."""
        return self.hosts[DEFAULT_HOST]

    @property
    def addresses(self) -> dict[str, list[str]]:
        """The addresses of listeners, by name: ``smtp``, ``smtp.mx2`` and so on."""
        return {
            "smtp" if name == DEFAULT_HOST else f"smtp.{name}": list(host.addresses)
            for name, host in self.hosts.items()
            if host.addresses
        }

    @property
    def zone(self) -> Zone:
        """The records that users have set."""
        return self._zone

    @zone.setter
    def zone(self, zone: Zone) -> None:
        self._zone = zone
        self._is_unset = self._is_unset and not zone
        self._served = None
        self._notify(Change.RECORDS)

    @property
    def served(self) -> Zone:
        """The zone that DNS serves: the records of users and of hosts."""
        if self._served is None:
            owned = [record for _, record in self.owned_records()]
            self._served = self._zone.with_records(owned) if owned else self._zone
            if self._fails_unset and self._is_unset:
                self._served = self._served.failing()
        return self._served

    def owned_records(self) -> Iterator[tuple[str, Record]]:
        """
        Yield the records that hosts add, each with the name of its host.

        They include the TLSA records that users define from the certificate of a host.
        """
        for host in self.hosts.values():
            for record in host.records:
                yield host.name, record
        made: dict[HostTLSA, TLSA | None] = {}
        for record in self._zone.host_records:
            wanted = record.rdata
            assert isinstance(wanted, HostTLSA)
            if wanted not in made:
                made[wanted] = self._made(wanted)
            rdata = made[wanted]
            if rdata is not None:
                yield wanted.from_host, Record(record.name, rdata, record.ttl)

    def _made(self, wanted: HostTLSA) -> TLSA | None:
        host = self.hosts.get(wanted.from_host)
        if host is None or host.tls is None or self.make_tlsa is None:
            return None
        return self.make_tlsa(host, wanted)

    def certificate_of(self, host: MailHost) -> CertificateFacts | None:
        """The certificate of a host; None if it has none."""
        if host.tls is None or self.find_certificate is None:
            return None
        return self.find_certificate(host)

    def new_host(
        self, description: Description, start: HostStart | None = None
    ) -> MailHost:
        """Create a host with the common quotas; `add` makes it one of the hosts."""
        journal = self.default.journal
        host = MailHost(
            description.name,
            description.hostname,
            self.store.mailbox(description.name),
            start=start,
            journal=Journal(journal.max_sessions, journal.quota),
        )
        host.describe(description)
        return host

    def add(self, host: MailHost) -> None:
        """Add `host`."""
        self.hosts[host.name] = host
        self._remember_removed(host)
        self._served = None
        for observer in tuple(self._observers):
            observer(host)
        self._notify(Change.HOST_ADDED, host.name)

    def watch(self, observer: Callable[[MailHost], None]) -> Callable[[], None]:
        """
        Call `observer` with each host now, and with each host added later.

        :return: a function that stops that
        """
        for host in tuple(self.hosts.values()):
            observer(host)
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def _remember_removed(self, host: MailHost) -> None:
        """Before mails are removed, record what identifies them in deliveries."""

        def remember(mails: list[Mail]) -> None:
            remember_removed(host.journal, mails)

        # A store records it when a mail arrives.
        if isinstance(host.mailbox, Mailbox):
            host.mailbox.removal_listeners.append(remember)

    async def content_of(self, attempt: Attempt) -> bytes | None:
        """The content of an attempt, if it was kept as a mail or as refused content."""
        transaction, host = attempt.transaction, attempt.session.host
        if transaction is None or attempt.recipient is None:
            return None
        if transaction.refused is not None:
            return transaction.refused.octets
        if transaction.mail is None:
            return None
        content = self._find_content(host, transaction.mail)
        if content is None and self.store.mails is not None:
            for mail in await self.store.mails.load([transaction.mail], host):
                return mail.content
        return content

    def _find_content(self, host: str, number: int) -> bytes | None:
        """The content of a mail that a host keeps, or None."""
        if host not in self.hosts:
            return None
        mailbox = self.hosts[host].mailbox
        try:
            if isinstance(mailbox, Mailbox):
                return mailbox.get(number).content
            mail = None if self.store.mails is None else self.store.mails.refer(number)
            return None if mail is None else mail.content
        except KeyError:
            return None

    def policy_of(self, host: str) -> MtaStsPolicy | None:
        """The policy that the policy host with this name serves, or None."""
        domain = host.removeprefix(HOST_PREFIX)
        return None if domain == host else self.policies.get(domain)

    def set_records(self, host: MailHost, records: tuple[Record, ...]) -> None:
        """Replace the DNS records of `host`."""
        # TLSA records of its certificate may change with its names or TLS settings.
        if host.records != records or self._zone.host_records:
            host.records = records
            self._served = None

    def arrange_hosts(self, names: Iterable[str]) -> None:
        """Put the hosts with these names in this order, before all others."""
        others = dict(self.hosts)
        ordered = {name: others.pop(name) for name in names if name in others}
        self.hosts.clear()
        self.hosts.update(ordered | others)

    def remove(self, name: str, keeps_mails: bool = False) -> MailHost:
        """
        Remove a host with its mails and sessions.

        :param keeps_mails: whether another replica removes the mails
        :raises KeyError: no host has this name
        """
        host = self.hosts.pop(name)
        self._served = None
        if not keeps_mails:
            host.mailbox.close()
        elif self.store.mails is not None:
            self.store.mails.forget(name)
        host.journal.close()
        self._notify(Change.HOST_REMOVED, name)
        return host

    def notify_arrived(self, mails: Sequence[tuple[str, int]]) -> None:
        """Report mails that other replicas have kept."""
        for listener in tuple(self.arrival_listeners):
            listener(mails)

    def notify_changed(self, host: MailHost) -> None:
        """Report to the listeners that the settings of a host have changed."""
        self._notify(Change.HOST_CHANGED, host.name)

    def _notify(self, change: Change, host: str | None = None) -> None:
        for listener in tuple(self.listeners):
            listener(change, host)

    def reset(self, to_start: bool = False) -> None:
        """
        Reset every host, the behaviors of DNS and the DNS queries.

        Records and policies are kept.

        :param to_start: restore the state at the start, including records and policies
        """
        for host in self.hosts.values():
            host.reset(to_start)
        self.query_log.clear()
        self.dns_behaviors.replace_all(self._start_dns_behaviors if to_start else ())
        if to_start:
            self.zone = self._start_zone
            self._is_unset = not self._start_zone
            self.policies = self._start_policies
        self._notify(Change.RESTORED if to_start else Change.RESET)

    def clear_logs(self, host: MailHost | None = None) -> None:
        """Clear the sessions of a host, or of all hosts with the DNS queries.

        What else a reset changes, another replica has changed and stored.
        """
        for one in self.hosts.values() if host is None else (host,):
            one.journal.clear()
        if host is None:
            self.query_log.clear()
        self._notify(Change.RESET, None if host is None else host.name)

    def reset_host(self, host: MailHost, to_start: bool = False) -> None:
        """Reset one host; for the parameters see `MailHost.reset`."""
        host.reset(to_start)
        self._notify(Change.RESTORED if to_start else Change.RESET, host.name)
