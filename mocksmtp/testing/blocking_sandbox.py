"""The same as ``sandbox.py``, without Deferreds; made from it by
``tools/make-blocking``.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from types import TracebackType
from typing import Any, Self, Unpack

import attrs

from mocksmtp.client.blocking import (
    BlockingAppliedRecipe,
    BlockingDnsRule,
    BlockingHostClient,
    BlockingMockClient,
    BlockingSmtpRule,
)
from mocksmtp.client.blocking_recipes import BlockingRecipeMethods
from mocksmtp.client.errors import ApiError
from mocksmtp.client.filters import (
    AttemptListing,
    DeliveryListing,
    MailListing,
    QueryListing,
    SessionListing,
)
from mocksmtp.client.requests import Duration, JsonObject, seconds
from mocksmtp.client.values import (
    Attempt,
    BouncedRecipient,
    D,
    Delivery,
    Entries,
    Mail,
    NearMiss,
    Query,
    Route,
    Session,
)
from mocksmtp.client.vocabulary import Command, Condition, DnsWhen, SmtpWhen
from mocksmtp.testing.naming import (
    DomainInUse,
    NoMatch,
    Place,
    condensed,
    described,
    free_address,
    host_of_domain,
    is_in_use,
    token,
    without_records,
)

WAIT = "10s"
"""How long a test waits for what it expects, unless it says otherwise."""

TURN = "60s"
"""How long a test waits for the end of another one that has the same domain."""

_NEVER = 10**15
"""More mails than there will ever be."""

_FINISHED = ("accepted", "rejected")

_DECIDING = {"settle", "final", "verdict", "copies", "code", "kept", "count"}
"""Filters with which the result of a delivery is the test's own affair."""


@attrs.frozen(kw_only=True)
class Bounce(BouncedRecipient):
    """
    What a bounce reports on one recipient.

    :ivar mail: the bounce itself
    """

    mail: Mail = attrs.field(factory=Mail)


class BlockingMockSMTP(BlockingRecipeMethods):
    """
    A mail host, domains and DNS records of one test; `close` removes them.

    :ivar client: a client of the whole service
    :ivar place: where the service is
    :ivar host: a client of the test's mail host
    :ivar domain: a domain whose mail exchange the host is
    :ivar wait: how long `delivery`, `mail` and `bounce` wait
    """

    wait: Duration = WAIT

    def __init__(
        self,
        client: BlockingMockClient,
        place: Place,
        host: BlockingHostClient,
        domain: str,
    ) -> None:
        self.client = client
        self.place = place
        self.host = host
        self.domain = domain
        self.tag = token()
        self._labels = {host.name: "mx"}
        self._exchanges: list[BlockingHostClient] = []
        self._domains = {host_of_domain(domain)}
        self._opened_at = datetime.now(UTC)
        self._has_records = self._has_dns_rules = False
        self._created = True

    def __repr__(self) -> str:
        return f"<BlockingMockSMTP {self.smtp_host}:{self.smtp_port}, {self.domain}>"

    # Where it is

    @property
    def smtp(self) -> tuple[str, int]:
        """The address and port of the SMTP listener."""
        return self.host.smtp

    @property
    def smtp_host(self) -> str:
        """The address of the SMTP listener."""
        return self.host.smtp[0]

    @property
    def smtp_port(self) -> int:
        """The port of the SMTP listener, and of those of `exchanges`."""
        return self.host.smtp[1]

    @property
    def dns(self) -> tuple[str, int]:
        """
        The address and port of DNS, UDP and TCP.

        :raises LookupError: the service has none
        """
        if self.place.dns is None:
            raise LookupError("the service was started without DNS (`--dns off`)")
        return self.place.dns

    @property
    def url(self) -> str:
        """The address of the API."""
        return self.client.url

    # Beginning and end

    @classmethod
    def open(
        cls,
        client: BlockingMockClient,
        place: Place,
        *,
        host: str | None = None,
        domain: str | None = None,
        **document: Any,
    ) -> BlockingMockSMTP:
        """
        Create a mail host for a test, which is the mail exchange of a domain.

        If the service has been started for the tests, it is also that of all domains
        without records of their own.

        :param host: use this host of the service instead, and reset it
        :param domain: by default one that no other test uses; if another test on the
            service has it, its end is awaited
        :param document: fields of the host, as ``tls={}`` or ``limits={"messages": 1}``
        """
        name, given = token(), domain
        domain = domain or f"{name}.test"
        if host is not None:
            settings = client.host_settings(host)
            addresses = [*map(place.reachable, settings.addresses)]
            found = BlockingHostClient(client.connection, host, addresses)
            found.reset()
            mock = cls(client, place, found, domain)
            mock._created = False
            return mock
        every = [{"name": "*"}] if place.owned or place.alone else []
        dns = {"names": [f"mx.{domain}"], "domains": [{"name": domain}, *every]}
        sent = {"dns": dns, **document}
        if place.owned:
            made = create_host(client, place, "mx", sent)
        elif given is None:
            made = create_host(client, place, f"mx-{name}", sent)
        else:
            made = create_host_of(client, place, domain, sent)
        return cls(client, place, made, domain)

    def close(self) -> None:
        """Remove the hosts and records of the test, with all that happened there."""
        # The first host of a domain last: then another test may have the domain.
        for exchange in reversed(self._exchanges):
            _delete(exchange)
        if self._created:
            _delete(self.host)
        else:
            self.host.reset()
        if self._has_records:
            self.client.delete_records(tag=self.tag)
        if self.place.owned:
            self.client.reset()
        elif self._has_dns_rules:
            self.client.clear_dns_behaviors(tag=self.tag)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    # What is set

    def when(
        self, command: Command | str, condition: Condition | None = None
    ) -> SmtpWhen[BlockingSmtpRule]:
        """
        Begin a behavior of the test's host.

        .. code-block:: python

            mocksmtp.when("RCPT TO").contains("bob@").reply(450, "4.2.1 Busy").times(2)
        """
        return self.host.when(command, condition)

    def when_query(
        self,
        query: str | Sequence[str] = "ANY",
        name: str | None = None,
        condition: Condition | None = None,
    ) -> DnsWhen[BlockingDnsRule]:
        """Begin a behavior for DNS queries, as ``when_query("MX").servfail()``."""
        self._has_dns_rules = True
        return self.client.when_query(query, name, condition).tagged(self.tag)

    def recipe(self, recipe: str, /, **values: Any) -> BlockingAppliedRecipe:
        """Apply a recipe of the cookbook to the test's host."""
        return self.host.recipe(recipe, **values)

    def exchanges(
        self, domain: str, number: int = 2, **document: Any
    ) -> list[BlockingHostClient]:
        """
        Create mail exchanges of a domain, in the order of their preference.

        They are called ``mx1``, ``mx2`` and so on, and listen on the same port of
        different addresses, where the system allows that. If another test on the
        service has the domain, its end is awaited.

        :param document: fields of the hosts, as ``tls={}``
        :raises DomainInUse: that test does not end in time
        """
        made: list[BlockingHostClient] = []
        for _ in range(number):
            label = f"mx{len(self._exchanges) + 1}"
            preference = 10 * (len(made) + 1)
            domains = [{"name": domain, "preference": preference}]
            dns = {"names": [f"{label}.{domain}"], "domains": domains}
            name = label if self.place.owned else f"{label}-{self.tag}"
            sent = {"dns": dns, **document}
            if self.place.owned or host_of_domain(domain) in self._domains:
                host = create_host(self.client, self.place, name, sent)
            else:
                host = create_host_of(self.client, self.place, domain, sent)
                self._domains.add(host_of_domain(domain))
            self._labels[host.name] = label
            self._exchanges.append(host)
            made.append(host)
        return made

    def add_records(self, records: Sequence[JsonObject] | JsonObject) -> None:
        """Add DNS records, which are removed after the test."""
        sent = [records] if isinstance(records, Mapping) else list(records)
        self.client.add_records(sent, tag=self.tag)
        self._has_records = True

    def home(self, *domains: str) -> BlockingHostClient:
        """
        A client of the host that accepts the senders' own mail, as bounces.

        :param domains: domains of senders, besides ``here.test``
        """
        for domain in domains:
            exchange = {"type": "MX", "preference": 10, "exchange": self.place.home}
            self.add_records([{"name": domain, **exchange}])
        return self.client.host(self.place.home_host)

    # What happened

    def deliveries(self, **filters: Unpack[DeliveryListing]) -> list[Delivery]:
        """The deliveries that match; with `wait` it waits for them."""
        found = self._ours(
            self.client.deliveries, lambda one: one.hosts, self._scope(filters)
        )
        return [self._labelled(one) for one in found]

    def delivery(self, **filters: Unpack[DeliveryListing]) -> Delivery:
        """
        Wait for a delivery, and return the newest that matches.

        Without `settle` and filters on the result, it waits until the delivery is
        accepted or rejected. If that does not happen in time, it returns it as it is.

        :raises NoMatch: nothing matches in time; the message reports what happened
        """
        __tracebackhide__ = True  # by pytest: the test's own line is what matters
        given: DeliveryListing = {"wait": self.wait, **filters}
        deadline = time.monotonic() + seconds(given["wait"])
        found = self.deliveries(**given)
        if len(found) < given.get("count", 1):
            raise self._no_match("delivery", given)
        newest = found[-1]
        if _DECIDING.isdisjoint(filters):
            newest = self._finished(newest, deadline)
        return newest

    def _finished(self, delivery: Delivery, deadline: float) -> Delivery:
        """The delivery when it is accepted or rejected, or the time is up."""
        while delivery.final not in _FINISHED:
            left = deadline - time.monotonic()
            if left <= 0:
                break
            # The next attempt of this recipient is awaited, not the time.
            last = delivery.attempts[-1]
            more = self.client.attempts(
                to=delivery.recipient,
                after=last.id,
                count=1,
                limit=1,
                wait=left * 1000,
            )
            if not more:
                break
            delivery = self._labelled(self.client.delivery(delivery.id))
            if delivery.attempts[-1].id == last.id:
                break
        return delivery

    def attempts(self, **filters: Unpack[AttemptListing]) -> list[Attempt]:
        """The attempts that match; with `wait` it waits for them."""
        found = self._ours(
            self.client.attempts, lambda one: [one.host], self._scope(filters)
        )
        return [self._named(one) for one in found]

    def sessions(self, **filters: Unpack[SessionListing]) -> list[Session]:
        """The sessions that match, with their transcripts."""
        return self._ours(
            self.client.sessions, lambda one: [one.host], self._scope(filters)
        )

    def mails(self, **filters: Unpack[MailListing]) -> list[Mail]:
        """The mails that match, with all fields; with `wait` it waits for them."""
        given = {"host": "*", **self._scope({"view": "full", **filters})}
        return self._ours(self.client.mails, lambda one: [one.host or ""], given)

    def mail(self, **filters: Unpack[MailListing]) -> Mail:
        """
        Wait for a mail, and return the newest that matches, with its text.

        :raises NoMatch: nothing matches in time; the message reports what happened
        """
        __tracebackhide__ = True
        given: MailListing = {"wait": self.wait, **filters}
        found = self.mails(**given)
        if len(found) < given.get("count", 1):
            raise self._no_match("mail", given)
        newest = found[-1]
        return self.client.host(newest.host or self.host.name).mail(newest.id)

    def bounce(self, *, of: str, wait: Duration | None = None) -> Bounce:
        """
        Wait for a bounce (RFC 3464) that reports on a recipient.

        It may arrive at any host of the service, such as `home`.

        :raises NoMatch: none arrives in time; the message reports what happened
        """
        __tracebackhide__ = True
        wait = self.wait if wait is None else wait
        given: MailListing = {"bounce_of": of, "host": "*", "view": "full"}
        given |= {"count": 1, "wait": wait}
        if not self.place.owned and self.place.is_local:
            # Tests share the home; the clock is that of the service.
            given["since"] = self._opened_at
        found = self.client.mails(**given)
        if not found:
            raise self._no_match("bounce", {"bounce_of": of, "wait": wait})
        mail = found[-1]
        reported = next(
            (one for one in mail.bounce if one.recipient.lower() == of.lower()),
            mail.bounce[0],
        )
        return Bounce(**attrs.asdict(reported, recurse=False), mail=mail)

    def queries(self, **filters: Unpack[QueryListing]) -> list[Query]:
        """The DNS queries that match; with `wait` it waits for them."""
        return self.client.queries(**filters)

    def near_misses(self) -> list[NearMiss]:
        """The exchanges that no behavior answered and one nearly did."""
        found = self.client.near_misses()
        return [one for one in found if self._is_ours([one.host])]

    def route(self, to: str) -> Route:
        """The route that a sending server would follow to a recipient."""
        return self.client.route(to)

    def report(self) -> str:
        """What happened, as text: deliveries, near misses and transcripts."""
        host = None if self.place.owned or self._exchanges else self.host.name
        report = self.client.report(host=host, text=True)
        lost = self._lost_names()
        return f"{without_records(lost)}\n\n{report}" if lost else report

    # Its part of the service

    def _ours(
        self,
        listing: Callable[..., Entries[D]],
        hosts_of: Callable[[D], Sequence[str]],
        filters: Any,
    ) -> list[D]:
        """
        Those entries of a list that are of the test's hosts.

        With exchanges, entries of other tests match too: then more are awaited.
        """
        count = filters.get("count", 1)
        deadline = time.monotonic() + seconds(filters.get("wait") or 0)
        while True:
            found = listing(**filters)
            ours = [one for one in found if self._is_ours(hosts_of(one))]
            left = deadline - time.monotonic()
            if len(ours) == len(found) or len(ours) >= count or left <= 0:
                return ours
            more = len(found) + count - len(ours)
            filters = {**filters, "count": more, "wait": left * 1000}

    def _lost_names(self) -> set[str]:
        """Names that were queried in vain, where every domain could lead here."""
        if self.place.owned or self.place.alone or self.place.dns is None:
            return set()
        found = self.client.queries(order="desc", limit=100)
        return {
            one.name
            for one in found
            if one.name is not None
            and one.type == "MX"
            and one.rcode == "NXDOMAIN"
            and one.received_at is not None
            and one.received_at >= self._opened_at
        }

    def _no_match(self, kind: str, filters: Mapping[str, Any]) -> NoMatch:
        """What a failed test needs to know."""
        return NoMatch(described(kind, filters), condensed(self.report()))

    def _scope(self, filters: Any) -> Any:
        """The filters, restricted to the test's host if it has only one."""
        if self.place.owned or self._exchanges:
            return filters
        return {**filters, "host": filters.get("host") or self.host.name}

    def _is_ours(self, hosts: Sequence[str]) -> bool:
        return self.place.owned or any(name in self._labels for name in hosts)

    def _label(self, host: str) -> str:
        return self._labels.get(host, host)

    def _named(self, attempt: Attempt) -> Attempt:
        return attrs.evolve(attempt, host=self._label(attempt.host))

    def _labelled(self, delivery: Delivery) -> Delivery:
        """The delivery with the names that the test knows."""
        if self.place.owned:
            return delivery
        return attrs.evolve(
            delivery,
            hosts=[*map(self._label, delivery.hosts)],
            rounds=[[*map(self._named, one)] for one in delivery.rounds],
        )


def create_host(
    client: BlockingMockClient, place: Place, name: str, document: dict[str, Any]
) -> BlockingHostClient:
    """Create a host at an own address, with the port that all hosts have."""
    if "listeners" in document or place.port is None:
        return client.add_host(name, **document)
    while place.has_addresses:
        listener = {"address": free_address(), "port": place.port}
        try:
            return client.add_host(name, listeners=[listener], **document)
        except ApiError as error:
            place.note(error)
    return client.add_host(name, **document)


def create_host_of(
    client: BlockingMockClient, place: Place, domain: str, document: dict[str, Any]
) -> BlockingHostClient:
    """
    Create the first host of a domain, when no other test has the domain.

    :raises DomainInUse: another test has it for too long
    """
    name = host_of_domain(domain)
    deadline = time.monotonic() + seconds(TURN)
    while True:
        try:
            return create_host(client, place, name, document)
        except ApiError as error:
            left = deadline - time.monotonic()
            if not is_in_use(error):
                raise
            if left <= 0:
                raise DomainInUse(domain, name, TURN) from None
        _wait_for_removal(client.host(name), left)


def _wait_for_removal(host: BlockingHostClient, longest: float) -> None:
    """Wait until a host is removed: a request that waits there ends with it."""
    try:
        host.mails(count=_NEVER, view="summary", limit=1, wait=longest * 1000)
    except ApiError as error:
        if error.status != 404:
            raise


def _delete(host: BlockingHostClient) -> None:
    """Remove a host that the test may have removed."""
    try:
        host.delete()
    except ApiError as error:
        if error.status != 404:
            raise
