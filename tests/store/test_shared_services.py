"""Services that share a Redis server, and answer as one"""

from __future__ import annotations

import io
import json
import smtplib
import ssl
from typing import Any

import attrs
from twisted.internet import reactor
from twisted.internet.defer import Deferred, gatherResults
from twisted.internet.threads import deferToThread
from twisted.logger import formatEvent, globalLogPublisher
from twisted.trial.unittest import TestCase
from twisted.web.client import Agent, FileBodyProducer, readBody
from twisted.web.http_headers import Headers

from mocksmtp.client import ApiError
from mocksmtp.config import Config
from mocksmtp.hosts.host import Description, HostPlan
from mocksmtp.hosts.listeners import Listen
from mocksmtp.store.opening import parse_store
from mocksmtp.testing.running import FREE_PORTS, RunningMock, start_mock
from mocksmtp.tls.settings import TlsMode, TlsSettings
from tests.store.redis_server import RedisServer

BUSY = {"command": "RCPT TO", "response": {"code": 450, "message": "busy"}}


class SharedServicesCase(TestCase):
    """Services in this process, with one Redis server."""

    timeout = 60

    def setUp(self) -> None:
        self.redis = RedisServer(self.addCleanup)

    def config(self, **changes: Any) -> Config:
        """A configuration with the common store."""
        store = parse_store(self.redis.url)
        config: Config = attrs.evolve(FREE_PORTS, store=store, **changes)
        return config

    async def start(self, **changes: Any) -> RunningMock:
        """Start a service."""
        return await start_mock(self.addCleanup, self.config(**changes), reactor)

    async def both(self, path: str) -> Any:
        """What all services answer."""
        answers = [await get(one, path) for one in self.services]
        for answer in answers[1:]:
            self.assertEqual(answer, answers[0])
        return answers[0]


class StateTests(SharedServicesCase):
    """The state of two services"""

    async def test_what_one_sets_the_other_has(self) -> None:
        """Also a service that is started later."""
        one, two = await self.start(), await self.start()
        self.services = [one, two]
        await one.api.set_behaviors(BUSY)
        await two.api.add_host("mx2", listeners=[])
        await one.api.call("PUT", "/scenarios", {"outage": "down"})
        record = {"name": "a.test", "type": "A", "address": "192.0.2.1"}
        await two.api.call("PUT", "/dnsRecords", [record])
        self.services.append(await self.start())
        for path in ("/smtpBehaviors?view=full", "/scenarios", "/dnsRecords"):
            self.assertEqual(len(await self.both(path)), 1)
        for each in self.services:
            names = [host["name"] for host in await get(each, "/hosts")]
            self.assertEqual(names, ["default", "mx2"])
        status = await get(one, "/status")
        self.assertEqual(len(status["replicas"]["others"]), 2)
        await self.services[2].api.reset(all=True)
        for path in ("/smtpBehaviors", "/dnsRecords"):
            self.assertEqual(await self.both(path), [])
        for each in self.services:
            self.assertEqual([*each.service.mock.hosts], ["default"])

    async def test_a_host_of_the_configuration(self) -> None:
        """It keeps its listeners; where it was removed, a reset brings it back."""
        listen = Listen("127.0.0.1", 0)
        plan = HostPlan(Description("mx2", "mx2.test", listeners=(listen,)))
        one, two = [await self.start(hosts=(plan,)) for _ in range(2)]
        homes = [each.service.mock.hosts["mx2"].addresses for each in (one, two)]
        with self.assertRaises(ApiError) as caught:
            await one.api.add_host("mx3", listeners=[{}])
        self.assertEqual(caught.exception.status, 409)
        await one.api.call("DELETE", "/hosts/mx2")
        self.assertNotIn("mx2", two.service.mock.hosts)
        three = await self.start(hosts=(plan,))
        self.assertNotIn("mx2", three.service.mock.hosts)
        await two.api.reset(all=True)
        again = [each.service.mock.hosts["mx2"].addresses for each in (one, two)]
        self.assertEqual(again, homes)
        self.assertEqual(len(three.service.mock.hosts["mx2"].addresses), 1)

    async def test_the_certificates(self) -> None:
        """Services that start at the same time have one root, and one key per host."""
        tls = TlsSettings(mode=TlsMode.STARTTLS)
        one, two = await gatherResults(
            [Deferred.fromCoroutine(self.start(tls=tls)) for _ in range(2)]
        )
        roots = [
            (await each.api.call("GET", "/ca.pem")).decode() for each in (one, two)
        ]
        self.assertEqual(roots[0], roots[1])
        context = ssl.create_default_context(cadata=roots[0])
        context.check_hostname = False
        found = {
            await deferToThread(certificate_of, each.smtp, context)
            for each in (one, two)
        }
        self.assertEqual(len(found), 1)

    async def test_the_certificate_of_a_new_host(self) -> None:
        """DNS publishes the same key on each service."""
        one, two = await self.start(), await self.start()
        tls = {"mode": "starttls"}
        await one.api.add_host("mx2", listeners=[], tls=tls, dns={"names": ["mx2.x"]})
        three = await self.start()
        pins = []
        for each in (one, two, three):
            mock = each.service.mock
            facts = mock.certificate_of(mock.hosts["mx2"])
            assert facts is not None
            pins.append(facts)
        self.assertEqual(pins[1:], pins[:1] * 2)

    async def test_a_login(self) -> None:
        """Who has logged in to one service may use all."""
        one, two = [await self.start(token="secret-token") for _ in range(2)]
        agent = Agent(reactor)
        response = await post(agent, f"{one.url}/login", b'{"token": "secret-token"}')
        (cookie,) = response.headers.getRawHeaders("Set-Cookie")
        headers = Headers({"Cookie": [cookie.partition(";")[0]]})
        url = f"{two.url}/smtpBehaviors".encode()
        response = await agent.request(b"GET", url, headers)
        self.assertEqual(response.code, 200)
        await readBody(response)

    async def test_other_hosts_in_the_configuration(self) -> None:
        """A service that is configured with other hosts reports it."""
        await self.start()
        plan = HostPlan(Description("mx2", "mx2.test", listeners=(Listen(),)))
        seen: list[str] = []
        add_observer(self, lambda event: seen.append(formatEvent(event)))
        await self.start(hosts=(plan,))
        self.assertTrue([one for one in seen if "the hosts default, mx2" in one], seen)

    async def test_clients_that_wait(self) -> None:
        """They are released when another service removes the behavior."""
        one, two = await self.start(), await self.start()
        held = {"command": "NOOP", "response": {"code": 250, "delay": "50s"}}
        await one.api.set_behaviors(held)
        waiting = deferToThread(noop, two.smtp)
        await two.api.call("GET", "/smtpSessions?wait=9s")
        await one.api.set_behaviors()
        self.assertEqual(await waiting, 250)

    async def test_a_reset(self) -> None:
        """Mails, sessions, queries and behaviors of all services are removed."""
        self.services = one, two = await self.start(), await self.start()
        for each in self.services:
            await deferToThread(send, each.smtp)
        await two.api.set_behaviors(BUSY)
        paths = ("/smtpMails", "/smtpSessions", "/smtpAttempts", "/smtpBehaviors")
        found = [len(await self.both(path)) for path in paths]
        self.assertEqual(found, [2, 2, 2, 1])
        await one.api.reset()
        found = [len(await self.both(path)) for path in paths]
        self.assertEqual(found, [0, 0, 0, 0])

    async def test_a_host_that_is_created_again(self) -> None:
        """No replica knows mails of the host before."""
        self.services = one, two = await self.start(), await self.start()
        mail = b"From: a@x.test\r\nTo: b@x.test\r\n\r\ntext\r\n"
        for each in self.services:
            await one.api.add_host("mx2", listeners=[])
            headers = {"Content-Type": "message/rfc822"}
            path = "/hosts/mx2/smtpMails"
            self.assertEqual(await self.both(path), [])
            await each.api.call("POST", path, mail, headers=headers)
            self.assertEqual(len(await self.both(path)), 1)
            await two.api.call("DELETE", "/hosts/mx2")
            for other in self.services:
                status = await get(other, "/status")
                self.assertEqual(status["mailboxes"]["mails"], 0)

    async def test_connections(self) -> None:
        """Those of all services are counted, and ended."""
        one, two = await self.start(), await self.start()
        clients = [await deferToThread(smtplib.SMTP, *each.smtp) for each in (one, two)]
        count = await one.api.call("DELETE", "/hosts/default/connections")
        self.assertEqual(count, b"2")
        for client in clients:
            await deferToThread(client.close)


class FailureTests(SharedServicesCase):
    """Services that cannot reach Redis"""

    async def test_redis_restarts(self) -> None:
        """Requests fail, nothing is changed, and all go on without a restart."""
        one, two = await self.start(), await self.start()
        await one.api.set_behaviors(BUSY)
        self.redis.kill()
        with self.assertRaises(ApiError) as caught:
            await one.api.set_behaviors()
        self.assertEqual(caught.exception.status, 503)
        with self.assertRaises(ApiError) as caught:
            await two.api.call("GET", "/health")
        self.assertEqual(caught.exception.status, 503)
        self.redis.start()
        for each in (one, two):
            await healthy(each)
            self.assertEqual(len(await each.api.behaviors()), 1)
        await two.api.set_behaviors()
        self.assertEqual(await one.api.behaviors(), [])


async def get(service: RunningMock, path: str) -> Any:
    """The document at a path."""
    return json.loads(await service.api.call("GET", path))


async def post(agent: Agent, url: str, body: bytes) -> Any:
    """Send a JSON document, and return the response, whose body is read."""
    headers = Headers({"Content-Type": ["application/json"]})
    producer = FileBodyProducer(io.BytesIO(body))
    response = await agent.request(b"POST", url.encode(), headers, producer)
    await readBody(response)
    return response


def add_observer(case: TestCase, observer: Any) -> None:
    """Have a function called with each event of the log until the end of a test."""
    globalLogPublisher.addObserver(observer)
    case.addCleanup(globalLogPublisher.removeObserver, observer)


async def healthy(service: RunningMock) -> None:
    """Wait until a service reaches its store."""
    for _ in range(200):
        try:
            await service.api.call("GET", "/health")
            return
        except ApiError:
            waiting: Deferred[None] = Deferred()
            service.service.reactor.callLater(0.05, waiting.callback, None)
            await waiting
    raise AssertionError("it is not healthy")


def certificate_of(address: tuple[str, int], context: ssl.SSLContext) -> bytes:
    """The certificate that a service shows."""
    with smtplib.SMTP(*address) as client:
        client.starttls(context=context)
        assert isinstance(client.sock, ssl.SSLSocket)
        found = client.sock.getpeercert(binary_form=True)
        assert found is not None
        return found


def send(address: tuple[str, int]) -> None:
    """Send a mail."""
    with smtplib.SMTP(*address) as client:
        client.sendmail("a@x.test", ["b@x.test"], b"Subject: hi\r\n\r\ntext\r\n")


def noop(address: tuple[str, int]) -> int:
    """The code of the reply to NOOP."""
    with smtplib.SMTP(*address) as client:
        code, _ = client.noop()
        return code
