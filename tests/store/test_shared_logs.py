"""What services that share a Redis server have recorded, asked of any of them"""

from __future__ import annotations

import contextlib
import json
import smtplib
import time
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import gatherResults
from twisted.internet.endpoints import HostnameEndpoint, connectProtocol
from twisted.internet.task import deferLater
from twisted.internet.threads import deferToThread

from mocksmtp.testing.running import RunningMock
from mocksmtp.zone.queries import UDP
from tests.http.rig import ids
from tests.http.test_events import EventClient, until
from tests.store.test_shared_queries import CLIENT, exchange
from tests.store.test_shared_services import BUSY, SharedServicesCase, get


class SharedLogTests(SharedServicesCase):
    """Two services"""

    one: RunningMock
    two: RunningMock

    async def both_start(self) -> None:
        self.one, self.two = await self.start(), await self.start()
        self.services = [self.one, self.two]

    async def send(self, service: RunningMock, *to: str, name: str = "m1") -> None:
        """Send a mail, whatever the replies are."""
        await deferToThread(send, service.smtp, to, name)

    async def test_lists(self) -> None:
        """Mails, sessions, attempts and deliveries are those of both."""
        await self.both_start()
        await self.one.api.set_behaviors({**BUSY, "numberOfAnswer": 1})
        await self.send(self.one, "bob@x.test")
        await self.send(self.two, "bob@x.test")
        await self.send(self.one, "carl@x.test", name="m2")
        self.assertEqual(len(await self.both("/smtpMails")), 2)
        sessions = await self.both("/smtpSessions")
        self.assertEqual(ids(sessions), sorted(ids(sessions), key=int))
        self.assertEqual(len(sessions), 3)
        attempts = await self.both("/smtpAttempts")
        self.assertEqual(ids(attempts), ["1", "2", "3"])
        first, second = await self.both("/deliveries")
        self.assertEqual(first["verdicts"], ["deferred", "accepted"])
        self.assertEqual((first["copies"], second["copies"]), (1, 1))
        (third,) = [one for one in attempts if one["recipient"] == "carl@x.test"]
        path = f"/smtpAttempts/{third['id']}/raw"
        raw = await self.two.api.call("GET", path)
        self.assertIn(b"Message-ID: <m2@", raw)
        self.services.append(await self.start())
        self.assertEqual(await self.both("/deliveries"), [first, second])
        await self.services[2].api.reset()
        for path in ("/smtpMails", "/smtpSessions", "/smtpAttempts", "/deliveries"):
            self.assertEqual(await self.both(path), [])
        self.services = [await self.start()]
        self.assertEqual(await self.both("/smtpSessions"), [])

    async def test_queries(self) -> None:
        """DNS queries of both are listed, waited for, and removed; later ones too."""
        await self.both_start()
        waiting = deferred(get(self.two, "/dnsQueries?count=2&wait=20s"))
        await pause(0.2)
        for service, name in ((self.one, "a.test"), (self.two, "b.test")):
            log = service.service.mock.query_log
            log.add(1.7e9, CLIENT, UDP, exchange(name))
        self.assertEqual(len(await waiting), 2)
        queries = await self.both("/dnsQueries")
        self.assertCountEqual([one["name"] for one in queries], ["a.test", "b.test"])
        self.services.append(await self.start())
        self.assertEqual(await self.both("/dnsQueries"), queries)
        await self.one.api.call("DELETE", "/dnsQueries")
        self.services.append(await self.start())
        self.assertEqual(await self.both("/dnsQueries"), [])

    async def test_explanations(self) -> None:
        """A condition on the content is explained with a content that Redis keeps."""
        await self.both_start()
        await self.one.api.set_behaviors(
            {
                "command": "DATA",
                "condition": {
                    "operator": "equals",
                    "target": "header:Subject",
                    "matchingValue": "HI",
                },
                "response": {"code": 550},
            }
        )
        await self.send(self.one, "bob@x.test")
        (session,) = await self.both("/smtpSessions")
        shown = await self.both(f"/smtpSessions/{session['id']}?explain=true")
        considered = [one["considered"] for one in shown["transcript"]]
        (result,) = [one for each in considered for one in each or ()]
        self.assertEqual(result["found"], "hi")
        (near,) = await self.both("/nearMisses")
        self.assertEqual(near["considered"][0]["hint"]["code"], "case")
        for number, line in enumerate(session["transcript"]):
            if "content" in line:
                asked = {"session": session["id"], "exchange": number}
                path = "/smtpBehaviors/evaluate"
                answer = json.loads(await self.two.api.call("POST", path, asked))
                self.assertEqual(answer["reply"]["code"], 250)

    async def test_waits(self) -> None:
        """They end soon after what they wait for has happened on the other."""
        await self.both_start()
        waits = [
            get(self.two, f"{path}&count=1&wait=20s")
            for path in (
                "/smtpMails?to=bob@x.test",
                "/smtpSessions?to=bob@x.test&outcome=accepted",
                "/smtpAttempts?to=bob@x.test",
                "/deliveries?to=bob@x.test&final=accepted",
            )
        ]
        waiting = gatherResults(map(deferred, waits))
        await pause(0.3)
        begun = time.monotonic()
        await self.send(self.one, "bob@x.test")
        found = await waiting
        self.assertLess(time.monotonic() - begun, 5)
        self.assertEqual([len(each) for each in found], [1, 1, 1, 1])

    async def test_takes(self) -> None:
        """Of requests that wait on both, each gets mails that no other gets."""
        await self.both_start()
        taking = [
            deferred(take(service))
            for service in (self.one, self.two, self.one, self.two)
        ]
        await pause(0.3)
        for number in range(4):
            await self.send(self.services[number % 2], f"user{number}@x.test")
        taken = await gatherResults(taking)
        self.assertEqual(sorted(*zip(*taken, strict=True)), ["1", "2", "3", "4"])

    async def test_events(self) -> None:
        """Each is streamed by both, and a reader may go from one to the other."""
        await self.both_start()
        first = await self.events(self.one)
        await self.send(self.two, "bob@x.test")
        await until(lambda: first.has(b"event: delivery"))
        last = [line for line in first.received.split(b"\n") if line[:3] == b"id:"][-1]
        first.transport.loseConnection()
        await self.send(self.one, "carl@x.test", name="m2")
        second = await self.events(self.two, last.decode()[4:])
        await until(lambda: second.has(b"event: delivery"))
        for kind in (b"sessionStarted", b"mail", b"transaction", b"session"):
            self.assertEqual(second.received.count(b"event: " + kind + b"\n"), 1, kind)
        self.assertNotIn(b"event: dropped", second.received)
        second.transport.loseConnection()

    async def events(self, service: RunningMock, last_id: str | None = None) -> Any:
        """A reader of events, once it is heard."""
        request = "GET /events HTTP/1.1\r\nHost: localhost\r\n"
        if last_id is not None:
            request += f"Last-Event-ID: {last_id}\r\n"
        client: Any = EventClient(request.encode() + b"\r\n")
        await connectProtocol(HostnameEndpoint(reactor, *http_of(service)), client)
        await until(lambda: client.has(b"\n:\n\n") or client.has(b"event: "))
        return client


def http_of(service: RunningMock) -> tuple[str, int]:
    """The address of the API."""
    host, _, port = service.service.addresses["http"][0].rpartition(":")
    return host, int(port)


async def take(service: RunningMock) -> list[str]:
    """Take a mail; return its id."""
    answer = await service.api.call("POST", "/smtpMails/take?limit=1&count=1&wait=20s")
    return ids(json.loads(answer))


def deferred(work: Any) -> Any:
    from twisted.internet.defer import Deferred

    return Deferred.fromCoroutine(work)


def pause(seconds: float) -> Any:
    """Until requests that were begun wait."""
    return deferLater(reactor, seconds)


def send(address: tuple[str, int], to: tuple[str, ...], name: str) -> None:
    """Send a mail over a connection of its own."""
    with smtplib.SMTP(*address) as client:
        content = f"Message-ID: <{name}@h.test>\r\nSubject: hi\r\n\r\ntext\r\n"
        with contextlib.suppress(smtplib.SMTPException):
            client.sendmail("me@h.test", to, content)
