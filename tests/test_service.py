"""A service that can't be started as it is configured."""

from __future__ import annotations

import hashlib
import socket
import ssl
import subprocess
import sys
from http.client import HTTPResponse
from pathlib import Path
from typing import Any

import attrs
import dns.message
import dns.query
import dns.rcode
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SkipTest, SynchronousTestCase, TestCase

from mocksmtp import service as service_module
from mocksmtp.behaviors.dns import DnsBehavior, DnsResponse
from mocksmtp.config import Config
from mocksmtp.hosts.host import Description, HostPlan
from mocksmtp.hosts.policies import MtaStsPolicy
from mocksmtp.service import StartError, make_service
from mocksmtp.testing.running import FREE_PORTS, RunningMock, start_mock
from mocksmtp.tls.authority import Authority, CertificateError
from mocksmtp.tls.settings import CertificateKind, GivenCertificate, TlsSettings
from mocksmtp.zone.answer import Rcode
from mocksmtp.zone.rdata import HostTLSA
from mocksmtp.zone.records import Record


def own() -> GivenCertificate:
    """A certificate with its key."""
    made = Authority().identity(CertificateKind.SELF_SIGNED, ("mx.test",))
    return GivenCertificate(made.chain_pem.decode(), made.key_pem.decode())


class CertificateTests(SynchronousTestCase):
    """Certificates of the configuration"""

    def refusal(self, **changes: Any) -> str:
        """What is said of a configuration with these changes."""
        config: Config = attrs.evolve(FREE_PORTS, **changes)
        return str(self.assertRaises(StartError, make_service, config, reactor))

    def test_one_that_can_be_used_is_taken(self) -> None:
        """Nothing is opened for that."""
        config = attrs.evolve(FREE_PORTS, tls=TlsSettings(certificate=own()))
        host = make_service(config, reactor).mock.default
        self.assertEqual(host.tls, config.tls)

    def test_one_that_is_none_is_told_before_the_start(self) -> None:
        """With the host that it is for, and nothing of its key."""
        broken = attrs.evolve(own(), certificate_pem="-----BEGIN x")
        tls = TlsSettings(certificate=broken)
        why = "there is no certificate in PEM that is whole"
        said = self.refusal(tls=tls)
        self.assertEqual(said, f"host 'default': tls.certificate: {why}")
        plan = HostPlan(Description("mx2", "mx2", tls=tls))
        said = self.refusal(hosts=(plan,))
        self.assertEqual(said, f"host 'mx2': tls.certificate: {why}")

    def test_a_key_of_another_is_told(self) -> None:
        """It would fail every handshake."""
        mixed = attrs.evolve(own(), key_pem=own().key_pem)
        said = self.refusal(tls=TlsSettings(certificate=mixed))
        self.assertIn("the key is not that of the first certificate", said)


LATE = (
    *("cattrs", "dns", "jinja2", "klein", "prometheus_client", "re2", "scramp"),
    *("sqlite3", "twisted.web", "unittest", "werkzeug"),
)
"""What takes long to be imported, and is imported when it is first used."""

WITHOUT_CONFIGURATION = f"""\
import sys
from twisted.internet import reactor
import mocksmtp.tap
from mocksmtp.config import load_config
from mocksmtp.service import make_service
ports = {{name: ["0"] for name in ("smtp", "http", "dns")}}
service = make_service(load_config(ports, {{}}), reactor)
service.open()
print(*(name for name in {LATE} if name in sys.modules))
"""


REUSED = """
import ctypes, resource
from mocksmtp.process import tune
tune()
size = 2**20
def keep_mails():
    return [b"x" * size for _ in range(10)]
keep_mails()
before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
for _ in range(10):
    keep_mails()
glibc = hasattr(ctypes.CDLL(None), "gnu_get_libc_version")
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before, glibc)
"""


class MemoryTests(SynchronousTestCase):
    """The memory of mails that were removed"""

    def test_it_is_used_again(self) -> None:
        """The system need not clear and give the same memory for the next mails."""
        done = subprocess.run(
            [sys.executable, "-c", REUSED], capture_output=True, text=True, check=True
        )
        pages, glibc = done.stdout.split()
        if glibc == "False":
            raise SkipTest("only glibc is tuned")
        # 100 mails of 1 MiB have 25,600 pages.
        self.assertLess(int(pages), 2560)


class ImportTests(SynchronousTestCase):
    """What is imported at the start"""

    def test_what_is_not_used_is_not_imported(self) -> None:
        """Neither the HTTP server before its first client, nor libraries of a part."""
        done = subprocess.run(
            [sys.executable, "-c", WITHOUT_CONFIGURATION],
            capture_output=True,
            text=True,
            check=True,
            env={"MOCKSMTP_BIND": "127.0.0.1", "PATH": ""},
        )
        self.assertEqual(done.stdout.split(), [])


class LateFailureTests(TestCase):
    """A listener that fails when the reactor runs already"""

    async def test_it_is_reported_and_all_others_are_closed(self) -> None:
        """As with a kind of endpoint that waits for something."""
        waiting: Deferred[None] = Deferred()

        async def listen(*_: object) -> None:
            await waiting
            raise StartError("too late")

        self.patch(service_module, "listen_stream", listen)
        errors: list[Exception] = []
        service = make_service(FREE_PORTS, reactor, None, errors.append)
        service.startService()
        (smtp,) = service.addresses["smtp"]
        waiting.callback(None)
        self.assertEqual([str(error) for error in errors], ["too late"])
        await service.stopService()
        host, _, port = smtp.rpartition(":")
        with self.assertRaises(ConnectionRefusedError):
            socket.create_connection((host, int(port)), 10)


class StateTests(SynchronousTestCase):
    """``--state-dir``"""

    def test_the_root_is_the_same_at_the_next_start(self) -> None:
        """So clients that trust it go on to."""
        folder = self.mktemp()
        config = attrs.evolve(FREE_PORTS, state_dir=folder)
        make_service(config, reactor)
        root = Authority(folder).root_pem
        make_service(config, reactor)
        self.assertEqual(Authority(folder).root_pem, root)

    def test_a_folder_that_can_not_be_used_is_told(self) -> None:
        """A file stands in its place."""
        place = self.mktemp()
        Path(place).write_text("x")
        config = attrs.evolve(FREE_PORTS, state_dir=place)
        error = self.assertRaises(StartError, make_service, config, reactor)
        self.assertTrue(str(error).startswith("--state-dir: "), str(error))
        self.assertTrue(str(error).isprintable(), str(error))


class UnsetTests(TestCase):
    """``--dns-unset``"""

    async def test_servfail_until_a_record_is_set(self) -> None:
        """By the API; a record that a host brings along does not count."""
        mock = await start_mock(
            self.addCleanup, attrs.evolve(FREE_PORTS, dns_unset=Rcode.SERVFAIL)
        )
        await mock.add_host("mx1", dns={"names": ["mx1.test"]})
        self.assertEqual(await self.ask(mock, "mx1.test"), "NOERROR")
        self.assertEqual(await self.ask(mock, "there.test"), "SERVFAIL")
        record = {"name": "a.test", "type": "A", "address": "192.0.2.1"}
        await mock.api.call("POST", "/dnsRecords", record)
        self.assertEqual(await self.ask(mock, "there.test"), "NXDOMAIN")
        await mock.api.call("DELETE", "/dnsRecords")
        self.assertEqual(await self.ask(mock, "there.test"), "NXDOMAIN")
        await mock.api.call("POST", "/reset?all=true")
        self.assertEqual(await self.ask(mock, "there.test"), "SERVFAIL")

    async def test_nxdomain_unless_it_is_said(self) -> None:
        """As on the Internet, where the mail bounces."""
        mock = await start_mock(self.addCleanup)
        self.assertEqual(await self.ask(mock, "there.test"), "NXDOMAIN")

    async def ask(self, mock: RunningMock, name: str) -> str:
        """How DNS replies."""
        query = dns.message.make_query(name, "A")
        host, port = mock.dns
        message = await deferToThread(dns.query.udp, query, host, 5, port)
        return dns.rcode.to_text(message.rcode())


class TlsaTests(TestCase):
    """TLSA records that are made from hosts"""

    def test_a_host_that_has_none_is_told_before_the_start(self) -> None:
        """With the record's place."""
        record = Record("a.test", HostTLSA(3, 1, 1, "mx2"))
        config = attrs.evolve(FREE_PORTS, records=(record,))
        error = self.assertRaises(StartError, make_service, config, reactor)
        said = "dnsRecords[0].fromHost: no host 'mx2'"
        self.assertEqual(str(error), said)

    async def test_they_follow_the_certificate(self) -> None:
        """Whatever becomes of the host, DNS tells what it shows now."""
        mock = await start_mock(self.addCleanup)
        await mock.add_host("mx1", tls={})
        document = {"name": "_25._tcp.mx1.test", "type": "TLSA", "fromHost": "mx1"}
        await mock.api.call("PUT", "/dnsRecords", document)
        seen = set()
        for tls in ({}, {"certificate": "selfSigned"}, {"certificate": "untrusted"}):
            change = {"hostname": "mx1.test", "tls": tls}
            await mock.api.call("PUT", "/hosts/mx1", change)
            (told,) = await self.ask(mock)
            shown = mock.service.mock.hosts["mx1"]
            identity = mock.service._authority.identity(
                shown.tls.certificate, shown.certificate_names
            )
            digest = hashlib.sha256(identity.spki_der).hexdigest()
            self.assertEqual(told, f"3 1 1 {digest}")
            seen.add(told)
        self.assertEqual(len(seen), 3)
        await mock.api.call("PUT", "/hosts/mx1", {"tls": None})
        self.assertEqual(await self.ask(mock), [])
        await mock.api.call("PUT", "/hosts/mx1", {"tls": {}})
        self.assertEqual(len(await self.ask(mock)), 1)
        await mock.api.call("DELETE", "/hosts/mx1")
        self.assertEqual(await self.ask(mock), [])
        self.assertEqual(len(await mock.api.get("/dnsRecords")), 1)

    async def ask(self, mock: RunningMock) -> list[str]:
        """The data of the records that DNS tells."""
        query = dns.message.make_query("_25._tcp.mx1.test", "TLSA")
        host, port = mock.dns
        message = await deferToThread(dns.query.udp, query, host, 5, port)
        return [data.to_text() for rrset in message.answer for data in rrset]

    async def test_where_there_is_no_certificate_there_is_no_record(self) -> None:
        """The folder for keys can't be written any more; DNS goes on."""
        mock = await start_mock(self.addCleanup)
        await mock.add_host("mx1", tls={})

        def fail(*_: object) -> None:
            raise CertificateError("no room")

        self.patch(mock.service._authority, "identity", fail)
        document = {"name": "_25._tcp.mx1.test", "type": "TLSA", "fromHost": "mx1"}
        await mock.api.call("PUT", "/dnsRecords", document)
        self.assertEqual(await self.ask(mock), [])


class DnsBehaviorTests(TestCase):
    """Behaviors of DNS, on the wire"""

    async def test_they_are_there_from_the_start(self) -> None:
        """And what they answer is told in the log and to who listens."""
        fails = DnsBehavior((), response=DnsResponse(2), id="fails")
        config = attrs.evolve(FREE_PORTS, dns_behaviors=(fails,))
        mock = await start_mock(self.addCleanup, config)
        query = dns.message.make_query("ex.test", "MX")
        host, port = mock.dns
        message = await deferToThread(dns.query.udp, query, host, 5, port)
        self.assertEqual(message.rcode(), 2)
        (logged,) = await mock.api.get("/dnsQueries")
        self.assertEqual(logged["behavior"], "fails")


class PolicyHostTests(TestCase):
    """``--https``"""

    async def test_policies_are_served(self) -> None:
        """Under the service's root, each host with a certificate of its own."""
        policies = (
            MtaStsPolicy("ex.test"),
            MtaStsPolicy("old.test", certificate=CertificateKind.EXPIRED),
        )
        config = attrs.evolve(
            FREE_PORTS, https="tcp:0:interface=127.0.0.1", policies=policies
        )
        mock = await start_mock(self.addCleanup, config)
        (address,) = mock.service.addresses["https"]
        status = await mock.api.get("/status")
        self.assertEqual(status["addresses"]["https"], [address])
        root = (await mock.api.call("GET", "/ca.pem")).decode()
        fetched = await deferToThread(fetch, address, root, "mta-sts.ex.test")
        self.assertEqual(fetched, (200, policies[0].text))
        await self.assertFailure(
            deferToThread(fetch, address, root, "mta-sts.old.test"), ssl.SSLError
        )
        await mock.api.call("PUT", "/mtaSts", {"domain": "old.test", "body": "x"})
        fetched = await deferToThread(fetch, address, root, "mta-sts.old.test")
        self.assertEqual(fetched, (200, "x"))


def fetch(address: str, root: str, host: str) -> tuple[int, str]:
    """What a sender gets, which trusts `root`."""
    context = ssl.create_default_context(cadata=root)
    name, _, port = address.rpartition(":")
    with (
        socket.create_connection((name, int(port)), 5) as plain,
        context.wrap_socket(plain, server_hostname=host) as wire,
    ):
        request = f"GET /.well-known/mta-sts.txt HTTP/1.1\r\nHost: {host}\r\n"
        wire.sendall(f"{request}Connection: close\r\n\r\n".encode())
        response = HTTPResponse(wire)
        response.begin()
        return response.status, response.read().decode()
