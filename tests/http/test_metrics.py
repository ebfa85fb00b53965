"""``/metrics``"""

from __future__ import annotations

import smtplib

from prometheus_client.parser import text_string_to_metric_families
from twisted.internet.threads import deferToThread
from twisted.names.client import Resolver
from twisted.names.error import DNSNameError
from twisted.trial.unittest import SynchronousTestCase, TestCase

from mocksmtp import __version__
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Response
from mocksmtp.behaviors.smtp import SmtpBehavior
from mocksmtp.hosts.host import MailHost
from mocksmtp.http import metrics
from mocksmtp.mail.mailbox import Mailbox
from mocksmtp.testing import RunningMock, start_mock
from tests.http.rig import Rig, keep

Values = dict[str, float]


def values(text: str) -> Values:
    """The samples of a scrape, by name and labels: ``x_total{host=a}``."""
    samples: Values = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f"{k}={v}" for k, v in sorted(sample.labels.items()))
            name = sample.name + (f"{{{labels}}}" if labels else "")
            samples[name] = sample.value
    return samples


def scrape(rig: Rig) -> Values:
    """What Prometheus gets."""
    answer = rig.ask("GET", "/metrics")
    assert answer.status == 200, answer
    assert answer.kind == "text/plain; version=0.0.4; charset=utf-8", answer
    return values(answer.body.decode())


class MetricsTests(SynchronousTestCase):
    """What is told"""

    def test_what_is_kept_and_dropped(self) -> None:
        """Counters grow on; gauges tell what is there now."""
        rig = Rig(mailbox=Mailbox(max_mails=2))
        for _ in range(3):
            rig.receive(b"12345678")
        rig.mailbox.reserve(9)
        told = scrape(rig)
        self.assertEqual(told["mocksmtp_mails_total{host=default}"], 3)
        self.assertEqual(told["mocksmtp_mail_bytes_total{host=default}"], 24)
        self.assertEqual(told["mocksmtp_mails_kept{host=default}"], 2)
        self.assertEqual(
            told["mocksmtp_mails_kept_bytes{host=default}"], rig.mailbox.octets
        )
        self.assertEqual(told["mocksmtp_mails_dropped_total{host=default}"], 1)
        self.assertEqual(told["mocksmtp_mails_arriving_bytes{host=default}"], 9)
        rig.ask("POST", "/reset")
        told = scrape(rig)
        self.assertEqual(told["mocksmtp_mails_total{host=default}"], 3)
        self.assertEqual(told["mocksmtp_mails_kept{host=default}"], 0)

    def test_behaviors(self) -> None:
        """How often one answered, by command."""
        rig = Rig()
        rig.host.behaviors.put(SmtpBehavior(Command.RCPT_TO, response=Response(450)))
        rig.host.behaviors.decide(Command.RCPT_TO, b"")
        name = "mocksmtp_behaviors_fired_total{command=%s,host=default}"
        told = scrape(rig)
        self.assertEqual(told[name % "RCPT TO"], 1)
        self.assertNotIn(name % "DATA", told)

    def test_queries(self) -> None:
        """By type and rcode; types without a name are one."""
        rig = Rig()
        for kind in (15, 0), (15, 3), (0, 0):
            rig.mock.queries[kind] += 2
        told = scrape(rig)
        self.assertEqual(
            {
                name: value
                for name, value in told.items()
                if "dns_queries_total" in name
            },
            {
                "mocksmtp_dns_queries_total{rcode=NOERROR,type=MX}": 2,
                "mocksmtp_dns_queries_total{rcode=NXDOMAIN,type=MX}": 2,
                "mocksmtp_dns_queries_total{rcode=NOERROR,type=other}": 2,
            },
        )

    def test_the_service_and_its_process(self) -> None:
        """The version, hosts and records; memory and CPU of the process."""
        told = scrape(Rig())
        self.assertEqual(told[f"mocksmtp_info{{version={__version__}}}"], 1)
        self.assertEqual(told["mocksmtp_hosts"], 1)
        self.assertEqual(told["mocksmtp_dns_records"], 0)
        self.assertGreater(told["process_resident_memory_bytes"], 10**6)
        self.assertTrue([name for name in told if name.startswith("python_gc")])

    def test_many_hosts(self) -> None:
        """Each has its own numbers; the text is made in a thread."""
        rig = Rig()
        for number in range(metrics.INLINE_HOSTS):
            host = MailHost(f"mx{number}", "mx.test", Mailbox())
            rig.mock.hosts[host.name] = host
        keep(rig.mock.hosts["mx7"].mailbox)
        told = scrape(rig)
        self.assertEqual(told["mocksmtp_mails_total{host=mx7}"], 1)
        self.assertEqual(told["mocksmtp_mails_total{host=mx8}"], 0)
        self.assertEqual(told["mocksmtp_hosts"], metrics.INLINE_HOSTS + 1)


class CountingTests(TestCase):
    """Where things happen, they are counted"""

    async def test_sessions_replies_and_queries(self) -> None:
        """Sessions, those that are open, replies by code, and queries."""
        mock = await start_mock(self.addCleanup)
        client = await deferToThread(converse, mock)
        self.addCleanup(client.close)
        resolver = Resolver(servers=[mock.dns])
        await self.assertFailure(resolver.lookupAddress("x.test"), DNSNameError)
        told = values((await mock.api.call("GET", "/metrics")).decode())
        self.assertEqual(told["mocksmtp_sessions_total{host=default}"], 2)
        self.assertEqual(told["mocksmtp_sessions_open{host=default}"], 1)
        self.assertEqual(told["mocksmtp_journal_sessions{host=default}"], 2)
        replies = {
            name: value for name, value in told.items() if "replies_total" in name
        }
        self.assertEqual(
            replies,
            {
                "mocksmtp_replies_total{code=220,host=default}": 2,
                "mocksmtp_replies_total{code=221,host=default}": 1,
                "mocksmtp_replies_total{code=250,host=default}": 5,
                "mocksmtp_replies_total{code=354,host=default}": 1,
                "mocksmtp_replies_total{code=503,host=default}": 1,
            },
        )
        self.assertEqual(told["mocksmtp_dns_queries_total{rcode=NXDOMAIN,type=A}"], 1)


def converse(mock: RunningMock) -> smtplib.SMTP:
    """A whole session, and one that is left open; blocks."""
    with smtplib.SMTP(*mock.smtp, timeout=10) as smtp:
        smtp.sendmail("b@x.test", ["a@x.test"], "\n\ntext\n")
    client = smtplib.SMTP(*mock.smtp, timeout=10)
    client.noop()
    client.rcpt("a@x.test")
    return client
