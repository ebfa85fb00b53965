"""``/metrics``: the metrics for Prometheus.

Receiving a mail does no work for metrics: a request reads the existing counters in one
step. The text of many hosts is created in a thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any, TypeAlias

import attrs
from prometheus_client import (
    GCCollector,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector, CollectorRegistry

from mocksmtp import __version__
from mocksmtp.behaviors.dns import EVERY
from mocksmtp.behaviors.point import Command
from mocksmtp.hosts.counters import OTHER
from mocksmtp.hosts.host import MailHost
from mocksmtp.http.responses import send_body
from mocksmtp.http.routing import Agreement, Call, Route, answers, at_root, text
from mocksmtp.mock import Mock
from mocksmtp.zone.answer import rcode_name
from mocksmtp.zone.rdata import type_name

_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus's text format, which every version of it reads."""

INLINE_HOSTS = 20
"""Maximum number of hosts whose metrics are written in the reactor's thread."""

Family: TypeAlias = type[CounterMetricFamily] | type[GaugeMetricFamily]

PER_HOST: tuple[tuple[Family, str, str, Callable[[MailHost], float]], ...] = (
    (
        CounterMetricFamily,
        "mocksmtp_mails",
        "Mails kept since the start",
        lambda host: host.mailbox.total,
    ),
    (
        CounterMetricFamily,
        "mocksmtp_mail_bytes",
        "Bytes of the content of the mails kept since the start",
        lambda host: host.mailbox.total_octets,
    ),
    (
        CounterMetricFamily,
        "mocksmtp_mails_dropped",
        "Mails evicted by the limits",
        lambda host: host.mailbox.evictions,
    ),
    (
        GaugeMetricFamily,
        "mocksmtp_mails_kept",
        "Mails in the mailboxes",
        lambda host: len(host.mailbox),
    ),
    (
        GaugeMetricFamily,
        "mocksmtp_mails_kept_bytes",
        "Approximate memory of the mails, in bytes",
        lambda host: host.mailbox.octets,
    ),
    (
        GaugeMetricFamily,
        "mocksmtp_mails_arriving_bytes",
        "Memory of content that is still arriving, in bytes",
        lambda host: host.mailbox.arriving,
    ),
    (
        CounterMetricFamily,
        "mocksmtp_sessions",
        "SMTP connections since the start",
        lambda host: host.counters.sessions,
    ),
    (
        GaugeMetricFamily,
        "mocksmtp_sessions_open",
        "Open SMTP connections",
        lambda host: host.counters.open + host.counters.refusing,
    ),
    (
        CounterMetricFamily,
        "mocksmtp_journal_dropped",
        "Sessions evicted from the journals by the limits",
        lambda host: host.journal.dropped,
    ),
    (
        GaugeMetricFamily,
        "mocksmtp_journal_sessions",
        "Sessions in the journals",
        lambda host: len(host.journal),
    ),
    (
        GaugeMetricFamily,
        "mocksmtp_journal_bytes",
        "Approximate memory of the journals, in bytes",
        lambda host: host.journal.octets,
    ),
)
"""Metrics with one number per host: type, name, meaning, and how to read it."""


@attrs.frozen
class HostNumbers:
    """
    The numbers of one host at one moment.

    :ivar values: one for each of `PER_HOST`
    """

    name: str
    values: tuple[float, ...]
    replies: dict[int, int]
    fired: dict[Command, int]

    @classmethod
    def of(cls, host: MailHost) -> HostNumbers:
        """The current numbers of `host`."""
        values = tuple(read(host) for *_, read in PER_HOST)
        replies, fired = dict(host.counters.replies), dict(host.behaviors.fired)
        return cls(host.name, values, replies, fired)


class MockCollector(Collector):
    """The numbers of a mock at one moment; it may be written in another thread."""

    def __init__(self, mock: Mock) -> None:
        self._hosts = [HostNumbers.of(host) for host in mock.hosts.values()]
        self._queries = sorted(mock.queries.items())
        self._records = len(mock.zone.records)
        self._dns_fired = sorted(mock.dns_behaviors.fired.items())

    def collect(self) -> Iterator[Metric]:
        """Yield every metric."""
        info = GaugeMetricFamily(
            "mocksmtp_info", "Version of the program", labels=["version"]
        )
        info.add_metric([__version__], 1)
        yield info
        yield GaugeMetricFamily("mocksmtp_hosts", "Mail hosts", len(self._hosts))
        yield GaugeMetricFamily("mocksmtp_dns_records", "DNS records", self._records)
        for column, (family, name, meaning, _) in enumerate(PER_HOST):
            metric = family(name, meaning, labels=["host"])
            for host in self._hosts:
                metric.add_metric([host.name], host.values[column])
            yield metric
        yield self._replies()
        yield self._behaviors()
        yield self._dns_queries()
        yield self._dns_behaviors()

    def _replies(self) -> Metric:
        metric = CounterMetricFamily(
            "mocksmtp_replies", "SMTP replies sent", labels=["host", "code"]
        )
        for host in self._hosts:
            for code, count in sorted(host.replies.items()):
                metric.add_metric([host.name, str(code)], count)
        return metric

    def _behaviors(self) -> Metric:
        metric = CounterMetricFamily(
            "mocksmtp_behaviors_fired",
            "SMTP replies of behaviors",
            labels=["host", "command"],
        )
        for host in self._hosts:
            for command, count in host.fired.items():
                metric.add_metric([host.name, command.value], count)
        return metric

    def _dns_queries(self) -> Metric:
        metric = CounterMetricFamily(
            "mocksmtp_dns_queries", "DNS queries", labels=["type", "rcode"]
        )
        for (number, rcode), count in self._queries:
            kind = "other" if number == OTHER else type_name(number)
            metric.add_metric([kind, rcode_name(rcode)], count)
        return metric

    def _dns_behaviors(self) -> Metric:
        metric = CounterMetricFamily(
            "mocksmtp_dns_behaviors_fired",
            "DNS queries that behaviors answered or delayed",
            labels=["type"],
        )
        for number, count in self._dns_fired:
            kind = "other" if number == EVERY else type_name(number)
            metric.add_metric([kind], count)
        return metric


class _All(Collector):
    """The metrics of several collectors."""

    def __init__(self, *collectors: Collector) -> None:
        self._collectors = collectors

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics of each collector."""
        for one in self._collectors:
            yield from one.collect()


def _process_collectors() -> tuple[Collector, ...]:
    """The collectors of Prometheus's library for any process."""
    registry = CollectorRegistry()
    return (
        ProcessCollector(registry=registry),
        PlatformCollector(registry=registry),
        GCCollector(registry=registry),
    )


_PROCESS = _process_collectors()


async def get_metrics(call: Call[Any]) -> bytes:
    """Return all metrics in Prometheus's text format."""
    mock = call.api.mock
    write = partial(generate_latest, _All(MockCollector(mock), *_PROCESS))
    many = len(mock.hosts) > INLINE_HOSTS
    told: bytes = await call.api.in_thread(write) if many else write()
    return send_body(call.request, told, _CONTENT_TYPE)


ROUTES = at_root(
    Route(
        *("GET", "/metrics", get_metrics),
        answers=answers(text("text/plain")),
        agreement=Agreement.NOTHING,
    ),
)
