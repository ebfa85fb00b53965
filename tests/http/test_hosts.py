"""``/hosts`` of a running service."""

from __future__ import annotations

import hashlib
import smtplib
import socket
import ssl
from datetime import UTC, datetime
from typing import Any

import attrs
import treq
from cryptography import x509
from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread
from twisted.names import client as dns_client
from twisted.names.error import DNSNameError
from twisted.trial.unittest import SynchronousTestCase, TestCase

from mocksmtp.client import ApiError, MockClient
from mocksmtp.hosts.offer import Stage
from mocksmtp.http import mails
from mocksmtp.http.app import MOUNTS
from mocksmtp.testing import start_mock
from mocksmtp.testing.running import FREE_PORTS
from mocksmtp.tls.authority import Authority
from mocksmtp.tls.settings import CertificateKind, GivenCertificate
from tests.http.rig import BUSY, Rig
from tests.installed import busy_port


def send(address: tuple[str, int], recipient: str = "a@x.test") -> None:
    """One mail from a real client; blocks."""
    with smtplib.SMTP(*address, timeout=10) as smtp:
        smtp.sendmail("b@x.test", [recipient], "Subject: x\n\ntext\n")


def greet(address: tuple[str, int]) -> tuple[list[str], list[str], bytes]:
    """The lines of EHLO without and with TLS, and the certificate; blocks."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with smtplib.SMTP(*address, timeout=10) as smtp:
        clear = smtp.ehlo()[1].decode().split("\n")[1:]
        smtp.starttls(context=context)
        secured = smtp.ehlo()[1].decode().split("\n")[1:]
        assert isinstance(smtp.sock, ssl.SSLSocket)
        der = smtp.sock.getpeercert(binary_form=True)
        assert der is not None
        return clear, secured, der


OWN = {"certificatePem": "-----BEGIN x", "keyPem": "-----BEGIN y"}
"""A certificate that is none."""


class HostsCase(TestCase):
    """Has a running service."""

    async def setUp(self) -> None:
        self.mock = await start_mock(self.addCleanup)
        self.api = self.mock.api

    async def refused(self, method: str, path: str, document: Any = None) -> ApiError:
        """The refusal of a request."""
        with self.assertRaises(ApiError) as raised:
            await self.api.call(method, path, document)
        error: ApiError = raised.exception
        return error

    async def names(self) -> list[str]:
        """The hosts that there are."""
        return [host["name"] for host in await self.api.hosts()]


class CreateTests(HostsCase):
    """POST, and PUT of a name that is not there"""

    async def test_one_call_makes_a_host(self) -> None:
        """It tells where mail is taken, and where its part of the API is."""
        answer = await treq.post(f"{self.mock.url}/hosts", b"{}", persistent=False)
        made = await answer.json()
        self.assertEqual(answer.code, 201)
        location = answer.headers.getRawHeaders("Location")
        self.assertEqual(location, ["/hosts/host-1"])
        self.assertEqual(made["url"], "/hosts/host-1")
        (listener,) = made["listeners"]
        self.assertEqual(made["addresses"], [f"127.0.0.1:{listener['port']}"])
        await deferToThread(send, ("127.0.0.1", listener["port"]))
        self.assertEqual(await self.api.get(made["url"] + "/smtpMailsCount"), 1)
        self.assertEqual(await self.api.get("/smtpMailsCount"), 0)
        self.assertEqual(await self.api.get("/hosts/host-1"), made)
        self.assertEqual((await self.api.hosts())[1].document, made)

    async def test_names_are_made_up_past_those_that_are_taken(self) -> None:
        """Whoever took them."""
        await self.api.add_host("host-1")
        await self.api.add_host()
        self.assertEqual(await self.names(), ["default", "host-1", "host-2"])

    async def test_a_name_can_be_put(self) -> None:
        """201 where there was none, 200 where there was."""
        for code in 201, 200:
            url = f"{self.mock.url}/hosts/mx2"
            answer = await treq.put(url, b'{"hostname": "x.test"}', persistent=False)
            self.assertEqual((await answer.json())["hostname"], "x.test")
            self.assertEqual(answer.code, code)

    async def test_conflicts(self) -> None:
        """A name or a port that is taken: 409 with the reason, nothing half made."""
        await self.api.add_host("mx2")
        for name in "mx2", "default":
            error = await self.refused("POST", "/hosts", {"name": name})
            self.assertEqual(error.status, 409)
            self.assertIn(repr(name), error.problem["detail"])
        port = busy_port(self.addCleanup)
        document = {"listeners": [{}, {"port": port}]}
        for method, path in (
            ("POST", "/hosts"),
            ("PUT", "/hosts/a"),
            ("PUT", "/hosts/mx2"),
        ):
            error = await self.refused(method, path, document)
            self.assertEqual(error.status, 409)
            self.assertIn(f":{port}: Address already in use", error.problem["detail"])
        self.assertEqual(await self.names(), ["default", "mx2"])

    async def test_bad_documents(self) -> None:
        """400 with the path, and nothing has changed."""
        for method, path, document, place in (
            ("POST", "/hosts", [], "$"),
            ("POST", "/hosts", {"name": "a/b"}, "$.name"),
            ("POST", "/hosts", {"tls": []}, "$.tls"),
            ("POST", "/hosts", {"auth": {"requireTls": True}}, "$.auth.requireTls"),
            ("POST", "/hosts", {"tls": {"certificate": OWN}}, "$.tls.certificate"),
            ("PUT", "/hosts/a", {"auth": {"users": {"b": None}}}, "$.auth.users.b"),
            ("POST", "/hosts", {"listeners": ["tcp:25"]}, "$.listeners[0]"),
            (
                "POST",
                "/hosts",
                {"listeners": [{"address": "nowhere"}]},
                "$.listeners[0].address",
            ),
            (
                "POST",
                "/hosts",
                {"dns": {"names": ["a"]}, "listeners": [{"address": "0.0.0.0"}]},
                "$.dns.address",
            ),
            ("PUT", "/hosts/a", {"name": "b"}, "$.name"),
            ("PUT", "/hosts/a%20b", {}, "$.name"),
            ("PUT", "/hosts/default", {"auth": []}, "$.auth"),
        ):
            error = await self.refused(method, path, document)
            self.assertEqual(error.status, 400, document)
            paths = [one["path"] for one in error.problem["errors"]]
            self.assertEqual(paths, [place])
        self.assertEqual(await self.names(), ["default"])

    async def test_what_is_not_there(self) -> None:
        """404 for the host and all below it, 405 for what can't be done."""
        for method, path, status in (
            ("GET", "/hosts/mx2", 404),
            ("DELETE", "/hosts/mx2", 404),
            ("GET", "/hosts/mx2/smtpMails", 404),
            ("PUT", "/hosts/mx2/smtpBehaviors", 404),
            ("POST", "/hosts/mx2/reset", 404),
            ("GET", "/hosts/default/dnsRecords", 404),
            ("GET", "/hosts/default/hosts", 404),
            ("GET", "/hosts/", 404),
            ("PUT", "/hosts", 405),
            ("DELETE", "/hosts", 405),
            ("POST", "/hosts/mx2", 405),
        ):
            self.assertEqual(
                (await self.refused(method, path, {})).status, status, path
            )


class ChangeTests(HostsCase):
    """PUT of a host that is there"""

    async def test_it_takes_effect_at_once(self) -> None:
        """For the next command; what is open stays open, and mails stay."""
        host = await self.mock.add_host("mx2")
        await deferToThread(send, host.smtp)
        client = await deferToThread(smtplib.SMTP, *host.smtp, timeout=10)
        self.addCleanup(client.close)
        document = {"hostname": "new.test", "capabilities": ["X-NEW"]}
        await self.api.call("PUT", "/hosts/mx2", document)
        said = await deferToThread(client.ehlo)
        self.assertEqual(said, (250, b"new.test\nX-NEW\nHELP"))
        self.assertEqual(await host.api.get("/smtpMailsCount"), 1)

    async def test_a_document_that_was_read_can_be_sent_back(self) -> None:
        """It changes nothing."""
        dns = {"names": ["mx.test"], "domains": [{"name": "x.test"}]}
        await self.api.add_host("mx2", dns=dns, limits={"messageSize": "1KiB"})
        for name in "default", "mx2":
            before = await self.api.get(f"/hosts/{name}")
            await self.api.call("PUT", f"/hosts/{name}", before)
            self.assertEqual(await self.api.get(f"/hosts/{name}"), before)

    async def test_passwords_and_keys_are_not_told_and_stay(self) -> None:
        """Nobody can read them, and who sends back what was read keeps them."""
        pem, key = own_certificate()
        certificate = {"certificatePem": pem, "keyPem": key}
        auth = {"users": {"bob": "secret"}}
        await self.api.add_host("mx2", tls={"certificate": certificate}, auth=auth)
        told = await self.api.get("/hosts/mx2")
        self.assertEqual(told["auth"]["users"], {"bob": None})
        shown = {"certificatePem": pem, "keyPem": None}
        self.assertEqual(told["tls"]["certificate"], shown)
        await self.api.call("PUT", "/hosts/mx2", told)
        host = self.mock.service.mock.hosts["mx2"]
        assert host.auth is not None
        assert host.tls is not None
        self.assertEqual(dict(host.auth.users or {}), {"bob": "secret"})
        self.assertEqual(host.tls.certificate, GivenCertificate(pem, key))

    async def test_ehlo_and_certificate_are_those_that_a_client_gets(self) -> None:
        """With and without TLS, and nobody has to connect to know them."""
        names = {"names": ["mx2.test"]}
        host = await self.mock.add_host("mx2", tls={}, dns=names)
        told = await self.api.get("/hosts/mx2")
        clear, secured, der = await deferToThread(greet, host.smtp)
        self.assertEqual(told["ehlo"], {"clear": clear, "tls": secured})
        self.assertIn("STARTTLS", clear)
        shown = told["certificate"]
        self.assertEqual(shown["sha256"], hashlib.sha256(der).hexdigest())
        certificate = x509.load_der_x509_certificate(der)
        self.assertEqual(shown["subject"], certificate.subject.rfc4514_string())
        self.assertEqual(shown["names"], ["mx2.test", "localhost", "127.0.0.1", "::1"])
        for field, moment in (
            ("notBefore", certificate.not_valid_before_utc),
            ("notAfter", certificate.not_valid_after_utc),
        ):
            self.assertEqual(datetime.fromisoformat(shown[field]), moment)
        self.assertIsNone((await self.api.get("/hosts/default"))["certificate"])

    async def test_the_certificate_of_the_user(self) -> None:
        """Its names are those in it, and a new one is shown at once."""
        pem, key = own_certificate()
        certificate = {"certificatePem": pem, "keyPem": key}
        host = await self.api.add_host("mx2", tls={"certificate": certificate})
        told = await host.settings()
        self.assertEqual(told["certificate"]["names"], ["mx.test"])
        await self.api.call("PUT", "/hosts/mx2", {"tls": {"certificate": "expired"}})
        expired = (await self.api.get("/hosts/mx2"))["certificate"]["notAfter"]
        self.assertLess(datetime.fromisoformat(expired), datetime.now(UTC))

    async def test_a_put_takes_away_what_it_does_not_say(self) -> None:
        """TLS and users too."""
        await self.api.add_host("mx2", tls={}, auth={"requireTls": True})
        await self.api.call("PUT", "/hosts/mx2", {})
        told = await self.api.get("/hosts/mx2")
        self.assertEqual((told["tls"], told["auth"]), (None, None))

    async def test_the_default_host_keeps_its_hostname(self) -> None:
        """Where it is not told another: that of the service."""
        await self.api.call("PUT", "/hosts/default", {"capabilities": []})
        told = await self.api.get("/hosts/default")
        self.assertEqual((told["hostname"], told["capabilities"]), ("mock.test", []))

    async def test_limits_are_the_hosts_own(self) -> None:
        """One connection here leaves the others all of theirs."""
        host = await self.mock.add_host(limits={"connections": 1}, listeners=[{}, {}])
        first = await deferToThread(smtplib.SMTP, *host.addresses[0], timeout=10)
        self.addCleanup(first.close)
        with self.assertRaises(smtplib.SMTPConnectError) as raised:
            await deferToThread(smtplib.SMTP, *host.addresses[1], timeout=10)
        self.assertEqual(raised.exception.smtp_code, 421)
        await deferToThread(send, self.mock.smtp)


def own_certificate() -> tuple[str, str]:
    """A certificate and its key, in PEM."""
    made = Authority().identity(CertificateKind.SELF_SIGNED, ("mx.test",))
    return made.chain_pem.decode(), made.key_pem.decode()


class DeleteTests(HostsCase):
    """DELETE"""

    async def test_it_is_gone_with_all_that_it_had(self) -> None:
        """Its port, its connections, its mails, and its place in ``/status``."""
        host = await self.mock.add_host("mx2")
        await deferToThread(send, host.smtp)
        client = await deferToThread(smtplib.SMTP, *host.smtp, timeout=10)
        self.addCleanup(client.close)
        await host.delete()
        self.assertEqual((await deferToThread(client.noop))[0], 421)
        with self.assertRaises(ConnectionRefusedError):
            await deferToThread(send, host.smtp)
        status = await self.api.get("/status")
        self.assertEqual(list(status["hosts"]), ["default"])
        self.assertNotIn("smtp.mx2", status["addresses"])
        self.assertEqual(status["mailboxes"]["mailBytes"], 0)
        port = host.smtp[1]
        again = await self.mock.add_host("mx2", listeners=[{"port": port}])
        self.assertEqual(again.smtp, host.smtp)
        self.assertEqual(await again.api.mails(), [])

    async def test_who_waits_for_its_mails_need_not(self) -> None:
        """What it asked for can't come any more."""
        host = await self.mock.add_host()
        await deferToThread(send, host.smtp)
        waiting = host.api.mails(count=2, wait="60s")
        while not self.mock.service.mock.hosts[host.name].mailbox.listeners:
            await _turn()
        await host.delete()
        self.assertLessEqual(len(await waiting), 1)

    async def test_the_default_host_stays(self) -> None:
        """409, for the root is its own."""
        self.assertEqual((await self.refused("DELETE", "/hosts/default")).status, 409)
        await deferToThread(send, self.mock.smtp)


class DnsTests(HostsCase):
    """DNS names that a host brings with it"""

    DNS = {"names": ["mx2.x.test"], "domains": [{"name": "x.test", "preference": 20}]}

    async def exchanges(self) -> list[tuple[int, str, list[str]]]:
        """The mail exchanges of x.test with their addresses."""
        resolver = dns_client.Resolver(servers=[self.mock.dns], reactor=reactor)
        try:
            answers, _, additional = await resolver.lookupMailExchange("x.test")
        except DNSNameError:
            return []
        addresses = [one.payload.dottedQuad() for one in additional]
        return [
            (one.payload.preference, str(one.payload.name), addresses)
            for one in answers
        ]

    async def test_they_come_and_go_with_it(self) -> None:
        """And outlive what users do with records, which have no part of them."""
        await self.api.add_host(
            "mx2", dns=self.DNS, listeners=[{"address": "127.0.0.2"}]
        )
        expected = [(20, "mx2.x.test", ["127.0.0.2"])]
        self.assertEqual(await self.exchanges(), expected)
        self.assertEqual(await self.api.get("/dnsRecords"), [])
        await self.api.set_records("y.test. A 192.0.2.1\n")
        self.assertEqual(await self.exchanges(), expected)
        await self.api.call("DELETE", "/dnsRecords")
        await self.api.reset()
        self.assertEqual(await self.exchanges(), expected)
        await self.api.delete_host("mx2")
        self.assertEqual(await self.exchanges(), [])

    async def test_another_address_can_be_told(self) -> None:
        """As for a host in a container, which listens on all that there are."""
        dns = {**self.DNS, "address": "192.0.2.7"}
        await self.api.add_host("mx2", dns=dns, listeners=[{"address": "0.0.0.0"}])
        self.assertEqual(await self.exchanges(), [(20, "mx2.x.test", ["192.0.2.7"])])


class ResourcesTests(HostsCase):
    """What a host has below its path"""

    async def test_a_client_of_the_root_is_one_of_a_host(self) -> None:
        """With another base URL it does the same there, and nothing at the root."""
        host = await self.mock.add_host("mx2")
        api = MockClient(f"{self.mock.url}/hosts/mx2")
        await api.set_behaviors({**BUSY, "condition": {"operator": "matchAll"}})
        await api.add_behaviors(BUSY)
        await api.set_extensions("X-2")
        self.assertEqual(len(await api.behaviors()), 2)
        with self.assertRaises(smtplib.SMTPSenderRefused):
            await deferToThread(send, host.smtp)
        await api.set_behaviors()
        waiting = api.mails(count=1, wait="30s")
        await deferToThread(send, host.smtp)
        (mail,) = await waiting
        self.assertIn(b"text", await api.raw(mail["id"]))
        self.assertEqual(await api.call("GET", "/version"), b"0.4")
        self.assertEqual(await self.api.mails(), [])
        self.assertEqual(await self.api.behaviors(), [])
        self.assertEqual(len(await api.remove_mails()), 1)

    async def test_the_root_is_the_default_host(self) -> None:
        """By either path."""
        await deferToThread(send, self.mock.smtp)
        for path in "", "/hosts/default":
            self.assertEqual(await self.api.get(path + "/smtpMailsCount"), 1)

    async def test_a_reset_is_for_one_host_or_for_all(self) -> None:
        """Below a host's path for that one, at the root for all; hosts stay."""
        hosts = [await self.mock.add_host() for _ in range(2)]
        for host in hosts:
            await host.api.set_extensions("X-1")
        await hosts[0].api.reset()
        left = [await host.api.get("/smtpExtensions") for host in hosts]
        self.assertEqual(left, [[], ["X-1"]])
        await self.api.reset()
        self.assertEqual(await hosts[1].api.get("/smtpExtensions"), [])
        await deferToThread(send, hosts[1].smtp)

    async def test_all_goes_back_to_the_start(self) -> None:
        """Hosts that were made are gone, and the default host is as it was."""
        before = await self.api.hosts()
        host = await self.mock.add_host()
        document = {"hostname": "x", "listeners": [{"address": "127.0.0.2"}]}
        await self.api.call("PUT", "/hosts/default", document)
        await self.api.call("POST", "/reset", params={"all": "true"})
        self.assertEqual(await self.api.hosts(), before)
        await deferToThread(send, self.mock.smtp)
        with self.assertRaises(ConnectionRefusedError):
            await deferToThread(send, host.smtp)


class RestoreTests(HostsCase):
    """``POST /reset?all=true``"""

    async def test_a_port_that_is_lost_leaves_everything_as_it_is(self) -> None:
        """409, and neither mails nor behaviors nor the other host are removed."""
        _, port = self.mock.smtp
        await self.api.add_host("mx2")
        await self.api.set_behaviors(BUSY)
        await self.api.call("PUT", "/hosts/default", {"listeners": [{"port": 0}]})
        (listener,) = (await self.api.get("/hosts/default"))["listeners"]
        await deferToThread(send, ("127.0.0.1", listener["port"]))
        taken = socket.create_server(("127.0.0.1", port))
        self.addCleanup(taken.close)
        error = await self.refused("POST", "/reset?all=true&connections=close")
        self.assertEqual(error.status, 409)
        self.assertIn(f":{port}: Address already in use", error.problem["detail"])
        self.assertEqual(await self.names(), ["default", "mx2"])
        self.assertEqual(await self.api.get("/smtpMailsCount"), 1)
        (kept,) = await self.api.behaviors(view=None)
        self.assertEqual(kept.document, BUSY)
        self.assertEqual(len(await self.api.get("/smtpSessions")), 1)
        await deferToThread(send, ("127.0.0.1", listener["port"]))
        taken.close()
        await self.api.call("POST", "/reset?all=true")
        self.assertEqual(await self.names(), ["default"])
        self.assertEqual(await self.api.get("/smtpMailsCount"), 0)
        await deferToThread(send, ("127.0.0.1", port))


class ConnectionsTests(HostsCase):
    """``DELETE /hosts/{name}/connections``, and ``POST /reset?connections=…``"""

    async def greeted(self, address: tuple[str, int] | None = None) -> socket.socket:
        """A connection that a sender keeps open."""

        def connect() -> socket.socket:
            client = socket.create_connection(address or self.mock.smtp, 10)
            self.addCleanup(client.close)
            client.recv(1000)
            client.sendall(b"EHLO client.test\r\n")
            client.recv(1000)
            return client

        return await deferToThread(connect)

    async def read(self, client: socket.socket) -> bytes | None:
        """What comes before the FIN, or None for a RST."""

        def read() -> bytes | None:
            with client.makefile("rb") as said:
                try:
                    return said.read()
                except ConnectionResetError:
                    return None

        return await deferToThread(read)

    async def fired(self) -> list[int]:
        """How often each behavior has answered."""
        rules = await self.api.get("/smtpBehaviors", view="full")
        return [rule["fired"] for rule in rules]

    async def test_they_are_closed_and_counted(self) -> None:
        """421 and FIN; another host's connections go on, and the listener stays."""
        clients = [await self.greeted(), await self.greeted()]
        port = (await self.api.add_host("mx2")).smtp_port
        other = await self.greeted(("127.0.0.1", port))
        self.assertEqual(await self.api.disconnect(), 2)
        for client in clients:
            self.assertEqual(
                await self.read(client), b"421 4.3.2 Service not available, closing\r\n"
            )
        self.assertEqual(await self.api.disconnect(), 0)
        await deferToThread(send, self.mock.smtp)
        await deferToThread(other.sendall, b"NOOP\r\n")
        self.assertEqual(await deferToThread(other.recv, 3), b"250")
        sessions = await self.api.get("/smtpSessions")
        self.assertEqual(
            [session["end"] for session in sessions], ["closed", "closed", None, "quit"]
        )

    async def test_they_are_reset(self) -> None:
        """RST, also where a reply is being delayed or the client was left hanging."""
        slow, hung = (
            {"command": command, "response": response}
            for command, response in (
                ("NOOP", {"code": 250, "message": "late", "delay": "1h"}),
                ("RSET", {"then": "hang"}),
            )
        )
        await self.api.set_behaviors(slow, hung)
        clients = [await self.greeted() for _ in range(3)]
        for client, line in zip(clients, (b"NOOP", b"RSET", b""), strict=True):
            await deferToThread(client.sendall, line + b"\r\n" if line else line)
        while not all(await self.fired()):
            await deferLater(reactor, 0.001)
        self.assertEqual(await self.api.disconnect(how="reset"), 3)
        for client in clients:
            self.assertIsNone(await self.read(client))

    async def test_a_reset_can_end_them_too(self) -> None:
        """Of all hosts, and nothing is left of them in the journal."""
        client = await self.greeted()
        port = (await self.api.add_host("mx2")).smtp_port
        other = await self.greeted(("127.0.0.1", port))
        await self.api.reset()
        await deferToThread(client.sendall, b"NOOP\r\n")
        self.assertEqual(await deferToThread(client.recv, 3), b"250")
        await self.api.reset(connections="close")
        self.assertTrue(
            (await self.read(client)).endswith(
                b"421 4.3.2 Service not available, closing\r\n"
            )
        )
        self.assertEqual(
            await self.read(other), b"421 4.3.2 Service not available, closing\r\n"
        )
        self.assertEqual(await self.api.get("/smtpSessions"), [])

    async def test_a_reset_of_one_host_is_for_its_own(self) -> None:
        """As all else that it does."""
        client = await self.greeted()
        port = (await self.api.add_host("mx2")).smtp_port
        other = await self.greeted(("127.0.0.1", port))
        await self.api.host("mx2").reset(connections="reset")
        self.assertIsNone(await self.read(other))
        await deferToThread(client.sendall, b"NOOP\r\n")
        self.assertEqual(await deferToThread(client.recv, 3), b"250")

    async def test_another_way_is_unknown(self) -> None:
        """400, and the ways that there are."""
        for method, path in (
            ("DELETE", "/hosts/default/connections?how=softly"),
            ("POST", "/reset?connections=softly"),
        ):
            error = await self.refused(method, path)
            self.assertEqual(error.status, 400)
            self.assertIn("one of: close, reset", error.problem["detail"])
        error = await self.refused("DELETE", "/hosts/none/connections")
        self.assertEqual(error.status, 404)


class RoutesTests(SynchronousTestCase):
    """The routes of many hosts"""

    def test_a_host_has_all_that_the_root_has(self) -> None:
        """There is one rule for a resource, however many hosts there are."""
        first = mails.ROUTES[0]
        prefixes = [one.prefix for one in MOUNTS if first in one.routes]
        self.assertEqual(prefixes, ["", "/hosts/<host_name>"])

    def test_without_listeners_hosts_are_only_told(self) -> None:
        """An API in memory has nothing that could open any."""
        rig = Rig()
        self.assertEqual(len(rig.get("/hosts")), 1)
        self.assertEqual(rig.ask("POST", "/hosts", {}).status, 409)
        self.assertEqual(rig.ask("PUT", "/hosts/default", {}).status, 409)


class LoopbackTests(TestCase):
    """By which names the API may be called"""

    async def status(self, interface: str) -> int:
        """What a request for an unknown name is told by a listener there."""
        config = attrs.evolve(FREE_PORTS, http=f"tcp:0:interface={interface}")
        mock = await start_mock(self.addCleanup, config)
        port = mock.url.rpartition(":")[2]
        answer = await treq.get(
            f"http://127.0.0.1:{port}/version",
            headers={"Host": "mock"},
            persistent=False,
        )
        await answer.content()
        code: int = answer.code
        return code

    async def test_a_listener_on_loopback_takes_its_names_only(self) -> None:
        """Another may come from a page that a browser shows."""
        self.assertEqual(await self.status("127.0.0.1"), 403)

    async def test_a_listener_on_all_addresses_takes_any(self) -> None:
        """A container is reached by its service's name."""
        self.assertEqual(await self.status("0.0.0.0"), 200)


async def _turn() -> None:
    turned: Deferred[None] = Deferred()
    reactor.callLater(0, turned.callback, None)
    await turned


class ExtensionsTests(SynchronousTestCase):
    """Further lines of the answer to EHLO"""

    def test_there_are_none_at_start(self) -> None:
        """A fresh host has an empty list."""
        self.assertEqual(Rig().get("/smtpExtensions"), [])

    def test_put_replaces(self) -> None:
        """They are told and said as they were given, in order."""
        rig = Rig()
        self.assertEqual(rig.ask("PUT", "/smtpExtensions", ["x"]).status, 204)
        rig.ask("PUT", "/smtpExtensions", ["dsn", "MT-PRIORITY MIXER"])
        self.assertEqual(rig.get("/smtpExtensions"), ["dsn", "MT-PRIORITY MIXER"])
        lines = rig.host.offers[Stage.WITHOUT_TLS].extended_hello.text.split("\n")
        self.assertEqual(lines[-3:], ["dsn", "MT-PRIORITY MIXER", "HELP"])

    def test_delete_clears(self) -> None:
        """None is left, and none is said."""
        rig = Rig()
        rig.ask("PUT", "/smtpExtensions", ["dsn"])
        self.assertEqual(rig.ask("DELETE", "/smtpExtensions").status, 204)
        self.assertEqual(rig.get("/smtpExtensions"), [])
        self.assertNotIn("dsn", rig.host.offers[Stage.WITHOUT_TLS].extended_hello.text)

    def test_a_bad_document_changes_nothing(self) -> None:
        """Anything but an array of single lines is 400, with the place."""
        rig = Rig()
        rig.ask("PUT", "/smtpExtensions", ["dsn"])
        for document, path in (
            (b"[", "$"),
            ({}, "$"),
            ("dsn", "$"),
            (["a", 5], "$[1]"),
            ([""], "$[0]"),
            (["a", "b\r\nc"], "$[1]"),
            (["a\x00"], "$[0]"),
            ([None], "$[0]"),
        ):
            answer = rig.ask("PUT", "/smtpExtensions", document)
            self.assertEqual((answer.status, answer.paths), (400, [path]), document)
        self.assertEqual(rig.get("/smtpExtensions"), ["dsn"])
