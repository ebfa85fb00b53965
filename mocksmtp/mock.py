"""The whole mock: its mail hosts and its zone, which the adapters share."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
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
from mocksmtp.tls.identity import CertificateFacts
from mocksmtp.zone.queries import QueryLog
from mocksmtp.zone.rdata import TLSA, HostTLSA
from mocksmtp.zone.records import Record
from mocksmtp.zone.zone import Zone

TlsaMaker: TypeAlias = Callable[[MailHost, HostTLSA], TLSA | None]
"""Makes what a TLSA record says of a host's certificate; None where it has none."""

Evaluator: TypeAlias = Callable[[MailHost, Evaluation, float], Evaluated]
"""Computes what a host would reply to a command at a time, in seconds."""

QueryEvaluator: TypeAlias = Callable[
    [Zone, DnsRules, DnsEvaluation, float], dict[str, Any]
]
"""Computes the document of what DNS would answer to a query at a time, in seconds."""

CertificateFinder: TypeAlias = Callable[[MailHost], CertificateFacts | None]
"""Reads the certificate that a host shows; None where it has none."""

DEFAULT_HOST = "default"
"""The host whose resources are at the root of the API."""


class NameTaken(Exception):
    """There is a host of that name."""


class CannotListen(Exception):
    """A host can't listen where it is to; what is wrong, in one line."""


class Change(Enum):
    """What has changed in a mock."""

    HOST_ADDED = "added"
    HOST_CHANGED = "changed"
    HOST_REMOVED = "removed"
    RECORDS = "records"
    RESET = "reset"
    RESTORED = "restored"
    """It was reset to the state at the start."""


ChangeListener: TypeAlias = Callable[[Change, str | None], None]
"""Called with a change, and with the name of its host; None for all hosts, or none."""


class Mock:
    """
    The one object that the adapters share.

    The records that users set, and those that hosts bring with them, are kept apart:
    who replaces all records does not take a host's away, and a host takes its own
    away and no other.

    :param default: the host that is always there
    :param zone: the DNS records at the start
    :param limits: those of hosts that do not say otherwise
    :param dns_behaviors: the behaviors of DNS at the start
    :param policies: the MTA-STS policies at the start
    :param fails_unset: whether names without records are SERVFAIL, and not NXDOMAIN,
        until users have set a record: a sender keeps its mail then, and does not return
        what it has queued for names that are about to be set again

    :ivar hosts: all of them by name, in the order that they were made
    :ivar hostname: that of the default host, unless it is told otherwise
    :ivar host_numbers: where the names come from that nobody has chosen
    :ivar deliveries: the attempts and deliveries of all hosts
    :ivar quota: what bounds the mailboxes of all hosts together
    :ivar queries: counts the DNS queries
    :ivar query_log: the last DNS queries
    :ivar dns_behaviors: what DNS answers by its tests' wish; its scenarios are those of
        the default host
    :ivar policies: the MTA-STS policies by domain; another dictionary replaces them
    :ivar listeners: called with each change
    :ivar make_tlsa: makes TLSA records from certificates, or None
    :ivar find_certificate: reads the certificate that a host shows, or None
    :ivar evaluate: computes what a host would reply to a command, or None
    :ivar evaluate_query: computes the document of what DNS would answer, or None
    """

    def __init__(
        self,
        default: MailHost,
        zone: Zone,
        limits: Limits | None = None,
        dns_behaviors: tuple[DnsBehavior, ...] = (),
        policies: tuple[MtaStsPolicy, ...] = (),
        fails_unset: bool = False,
    ) -> None:
        self.hosts = {DEFAULT_HOST: default}
        self.limits = default.limits if limits is None else limits
        self.hostname = default.hostname
        self.quota = default.mailbox.quota
        self.deliveries = Deliveries(default.journal.quota, self._find_content)
        self.host_numbers = itertools.count(1)
        self.queries = new_queries()
        self.query_log = QueryLog()
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
        self._observers: list[Callable[[MailHost], None]] = []
        self.listeners: list[ChangeListener] = []
        self._remember_removed(default)

    @property
    def default(self) -> MailHost:
        """The host whose resources are at the root of the API."""
        return self.hosts[DEFAULT_HOST]

    @property
    def addresses(self) -> dict[str, list[str]]:
        """Where hosts listen, by listener: ``smtp``, and ``smtp.mx2`` and so on."""
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
        self._tell(Change.RECORDS)

    @property
    def served(self) -> Zone:
        """What DNS answers from: the users' records and those of the hosts."""
        if self._served is None:
            owned = [record for _, record in self.owned_records()]
            self._served = self._zone.with_records(owned) if owned else self._zone
            if self._fails_unset and self._is_unset:
                self._served = self._served.failing()
        return self._served

    def owned_records(self) -> Iterator[tuple[str, Record]]:
        """
        The records that hosts add, each with the name of its host.

        Those of certificates are made from records of users, for hosts that have one.
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
        """The certificate that a host shows; None where it has none."""
        if host.tls is None or self.find_certificate is None:
            return None
        return self.find_certificate(host)

    def new_host(
        self, description: Description, start: HostStart | None = None
    ) -> MailHost:
        """A host that shares what all hosts share, and is none of them yet."""
        journal = self.default.journal
        host = MailHost(
            description.name,
            description.hostname,
            Mailbox(quota=self.quota),
            start=start,
            journal=Journal(journal.max_sessions, journal.quota),
        )
        host.describe(description)
        return host

    def add(self, host: MailHost) -> None:
        """Let `host` be one of the hosts."""
        self.hosts[host.name] = host
        self._remember_removed(host)
        self._served = None
        for observer in tuple(self._observers):
            observer(host)
        self._tell(Change.HOST_ADDED, host.name)

    def watch(self, observer: Callable[[MailHost], None]) -> Callable[[], None]:
        """
        Have `observer` called with each host, now and whenever one is added.

        :return: what revokes that
        """
        for host in tuple(self.hosts.values()):
            observer(host)
        self._observers.append(observer)
        return lambda: self._observers.remove(observer)

    def _remember_removed(self, host: MailHost) -> None:
        """Have it recorded by what removed mails are known in a delivery."""

        def remember(mails: list[Mail]) -> None:
            remember_removed(host.journal, mails)

        host.mailbox.removal_listeners.append(remember)

    def content_of(self, attempt: Attempt) -> bytes | None:
        """The content of an attempt, if it is kept: as a mail, or as refused."""
        transaction = attempt.transaction
        if transaction is None or attempt.recipient is None:
            return None
        if transaction.refused is not None:
            return transaction.refused.octets
        if transaction.mail is None:
            return None
        return self._find_content(attempt.session.host, transaction.mail)

    def _find_content(self, host: str, number: int) -> bytes | None:
        """The content of a mail that a host keeps, or None."""
        if host not in self.hosts:
            return None
        try:
            return self.hosts[host].mailbox.get(number).content
        except KeyError:
            return None

    def policy_of(self, host: str) -> MtaStsPolicy | None:
        """The policy that the host of this name serves, if there is one."""
        domain = host.removeprefix(HOST_PREFIX)
        return None if domain == host else self.policies.get(domain)

    def set_records(self, host: MailHost, records: tuple[Record, ...]) -> None:
        """These records, and no others, are brought by `host`, which may be new."""
        # With its names, or its TLS, its certificate has become another.
        if host.records != records or self._zone.host_records:
            host.records = records
            self._served = None

    def remove(self, name: str) -> MailHost:
        """
        Take a host away, with all that it has.

        :raises KeyError: there is none of that name
        """
        host = self.hosts.pop(name)
        self._served = None
        host.mailbox.close()
        host.journal.close()
        self._tell(Change.HOST_REMOVED, name)
        return host

    def tell_changed(self, host: MailHost) -> None:
        """A host is described anew."""
        self._tell(Change.HOST_CHANGED, host.name)

    def _tell(self, change: Change, host: str | None = None) -> None:
        for listener in tuple(self.listeners):
            listener(change, host)

    def reset(self, to_start: bool = False) -> None:
        """
        Reset every host, the behaviors of DNS and the DNS queries.

        Records and policies stay.

        :param to_start: go back to the state at the start, those too
        """
        for host in self.hosts.values():
            host.reset(to_start)
        self.query_log.clear()
        self.dns_behaviors.replace_all(self._start_dns_behaviors if to_start else ())
        if to_start:
            self.zone = self._start_zone
            self._is_unset = not self._start_zone
            self.policies = self._start_policies
        self._tell(Change.RESTORED if to_start else Change.RESET)

    def reset_host(self, host: MailHost, to_start: bool = False) -> None:
        """Reset one host; for the parameters see `MailHost.reset`."""
        host.reset(to_start)
        self._tell(Change.RESTORED if to_start else Change.RESET, host.name)
