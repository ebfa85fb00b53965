"""The web server on a real socket: what is no request, and what is too much"""

from __future__ import annotations

import json
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.interfaces import IReactorTCP
from twisted.internet.protocol import Protocol
from twisted.internet.task import deferLater
from twisted.python.failure import Failure
from twisted.trial.unittest import TestCase

from mocksmtp.core.host import MailHost
from mocksmtp.core.mailbox import Mailbox
from mocksmtp.core.mock import Mock
from mocksmtp.core.zone import Zone
from mocksmtp.http import site
from mocksmtp.http.site import HttpSettings, make_site
from tests.http.rig import keep

END = b"Host: localhost\r\nConnection: close\r\n\r\n"

Header = dict[str, str]


class Client(Protocol):
    """A socket that keeps what it gets."""

    def __init__(self) -> None:
        self.got = b""
        self.closed: Deferred[bytes] = Deferred()
        self._wanted: tuple[bytes, Deferred[None]] | None = None

    def dataReceived(self, data: bytes) -> None:
        self.got += data
        if self._wanted is not None and self._wanted[0] in self.got:
            wanted, self._wanted = self._wanted[1], None
            wanted.callback(None)

    def connectionLost(self, reason: Failure | None = None) -> None:
        self.closed.callback(self.got)

    def until(self, octets: bytes) -> Deferred[None]:
        """Fires when `octets` have come."""
        wanted: Deferred[None] = Deferred()
        self._wanted = (octets, wanted)
        self.dataReceived(b"")
        return wanted


def parse(reply: bytes) -> tuple[int, Header, bytes]:
    """Status, header and body of the first reply in `reply`."""
    head, _, body = reply.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    header = {
        name.lower(): value for name, _, value in (x.partition(": ") for x in lines)
    }
    return int(first.split()[1]), header, body


class SiteTestCase(TestCase):
    """A site that listens on a free port of the loopback address."""

    timeout = 30

    async def setUp(self) -> None:
        self.mock = Mock(MailHost("default", "mx.test", Mailbox()), Zone())
        real = IReactorTCP(reactor)
        self.site = make_site(self.mock, reactor, HttpSettings())  # type: ignore[arg-type]
        self.port = real.listenTCP(0, self.site, interface="127.0.0.1")
        self.addCleanup(self.port.stopListening)

    async def connect(self, octets: bytes = b"") -> Client:
        """A connection on which these octets were sent."""
        endpoint = TCP4ClientEndpoint(reactor, "127.0.0.1", self.port.getHost().port)
        client: Client = await connectProtocol(endpoint, Client())
        client.transport.write(octets)
        return client

    async def ask(self, *octets: bytes) -> tuple[int, Header, bytes]:
        """What is answered to these octets until the connection is closed."""
        return parse(await (await self.connect(b"".join(octets))).closed)

    def assert_problem(self, reply: tuple[int, Header, bytes], status: int) -> None:
        """`reply` is a problem document, whole, with that status."""
        self.assertEqual(reply[0], status, reply)
        self.assertEqual(reply[1]["content-type"], "application/problem+json")
        self.assertEqual(reply[1]["content-length"], str(len(reply[2])))
        self.assertEqual(json.loads(reply[2])["status"], status)


class MalformedTests(SiteTestCase):
    """What is no HTTP"""

    async def test_it_is_told_so_in_a_problem_document(self) -> None:
        """400, never HTML, and the connection is closed."""
        for octets in (
            b"hello\r\n\r\n",
            b"\x00\x01\x02\r\n\r\n",
            b"GET /version\r\n\r\n",
            b"GET /version HTTP/9\r\n\r\n",
            b"GET /\xff HTTP/1.1\r\n" + END,
            b"GET /version HTTP/1.1\r\nno colon\r\n" + END,
            b"GET /version HTTP/1.1\r\nno colon\r\nnone here either\r\n" + END,
            b"GET /version HTTP/1.1\r\na b: c\r\n" + END,
            b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n" + END,
            b"GET /version HTTP/1.1\r\nX: " + b"a" * 20_000 + b"\r\n" + END,
            b"GET /version HTTP/1.1\r\n" + b"X: y\r\n" * 600 + END,
            b"PUT /smtpExtensions HTTP/1.1\r\nContent-Length: x\r\n" + END,
            b"PUT /smtpExtensions HTTP/1.1\r\n" + b"Content-Length: 1\r\n" * 2 + END,
            b"PUT /smtpExtensions HTTP/1.1\r\nTransfer-Encoding: gzip\r\n" + END,
            b"PUT /smtpExtensions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"
            + END
            + b"zz\r\n",
        ):
            self.assert_problem(await self.ask(octets), 400)

    async def test_one_host_is_needed(self) -> None:
        """RFC 9112 §3.2; HTTP/1.0 knows no Host."""
        for hosts in b"", b"Host: localhost\r\n" * 2:
            request = (
                b"GET /version HTTP/1.1\r\n" + hosts + b"Connection: close\r\n\r\n"
            )
            self.assert_problem(await self.ask(request), 400)
        status, _, body = await self.ask(b"GET /version HTTP/1.0\r\n\r\n")
        self.assertEqual((status, body), (200, b"0.4"))

    async def test_a_target_that_is_no_path(self) -> None:
        """404, also for the asterisk of OPTIONS."""
        for method, target in (
            (b"OPTIONS", b"*"),
            (b"GET", b"*"),
            (b"GET", b"version"),
            (b"CONNECT", b"localhost:80"),
        ):
            request = method + b" " + target + b" HTTP/1.1\r\n" + END
            self.assert_problem(await self.ask(request), 404)

    async def test_a_broken_form_is_a_body_like_any_other(self) -> None:
        """Twisted would answer it before any code of ours runs."""
        for kind in b"multipart/form-data", b"application/x-www-form-urlencoded":
            reply = await self.ask(
                b"POST /smtpBehaviors HTTP/1.1\r\nContent-Type: " + kind,
                b"\r\nContent-Length: 3\r\n" + END + b"abc",
            )
            self.assert_problem(reply, 400)

    async def test_a_failure_below_the_api(self) -> None:
        """500 as a problem document, where Twisted would show a page."""
        self.patch(self.site.resource, "render", lambda _: 1 / 0)
        self.assert_problem(await self.ask(b"GET /version HTTP/1.1\r\n" + END), 500)
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    async def test_a_failure_within_an_answer(self) -> None:
        """The connection is cut: what has been sent is not to look whole."""

        def render(request: Any) -> None:
            request.write(b"half of")
            raise ZeroDivisionError

        self.patch(self.site.resource, "render", render)
        client = await self.connect(b"GET /version HTTP/1.1\r\n" + END)
        self.assertFalse((await client.closed).endswith(b"0\r\n\r\n"))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)


class BodyTests(SiteTestCase):
    """Bodies, fixed and chunked"""

    async def setUp(self) -> None:
        """Limits that a test can go past."""
        self.patch(site, "DISCARD_LIMIT", 20_000)
        self.patch(site.ApiRequest, "body_limit", 1000)
        self.patch(site, "ZONE_LIMIT", 3000)
        await super().setUp()

    def put(self, size: int, chunk: int = 0, path: bytes = b"/smtpExtensions") -> bytes:
        """A PUT of an array and white space, in chunks of a size or in one piece."""
        body = b"[]" + b" " * (size - 2)
        start = b"PUT " + path + b" HTTP/1.1\r\n"
        if not chunk:
            return start + b"Content-Length: %d\r\n" % size + END + body
        pieces = [body[at : at + chunk] for at in range(0, size, chunk)]
        chunks = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces)
        return start + b"Transfer-Encoding: chunked\r\n" + END + chunks + b"0\r\n\r\n"

    async def test_a_body_within_the_limit(self) -> None:
        """It is taken up to the last octet."""
        for chunk in 0, 1, 999:
            self.assertEqual((await self.ask(self.put(1000, chunk)))[0], 204)

    async def test_a_body_over_the_limit(self) -> None:
        """413 once it is over, for clients listen only then."""
        for chunk in 0, 1, 600, 5000:
            self.assert_problem(await self.ask(self.put(1001, chunk)), 413)
            self.assert_problem(await self.ask(self.put(9000, chunk)), 413)

    async def test_nothing_of_it_is_kept(self) -> None:
        """What is over the limit is thrown away as it comes."""
        client = await self.connect(self.put(9000)[:-100])
        kept: list[int] = []

        def look(request: Any) -> None:
            kept.append(len(request.content.getvalue()))

        received = site.ApiRequest.handleContentChunk

        def handle(request: Any, data: bytes) -> None:
            received(request, data)
            look(request)

        self.patch(site.ApiRequest, "handleContentChunk", handle)
        client.transport.write(b" " * 100)
        await client.closed
        self.assertTrue(kept)
        self.assertEqual(set(kept), {0})

    async def test_the_zone_may_be_larger(self) -> None:
        """It has a limit of its own, with a query or without."""
        for path in b"/dnsRecords", b"/dnsRecords?x=1":
            self.assertNotEqual((await self.ask(self.put(3000, path=path)))[0], 413)
            self.assertEqual((await self.ask(self.put(3001, path=path)))[0], 413)
        self.assertEqual((await self.ask(self.put(3000, path=b"/dnsRecordsX")))[0], 413)

    async def test_who_asks_first_is_told_at_once(self) -> None:
        """``Expect: 100-continue`` gets 413 and no 100; no body is waited for."""
        request = b"PUT /smtpExtensions HTTP/1.1\r\nContent-Length: %d\r\n"
        expects = b"Expect: 100-continue\r\n" + END
        self.assert_problem(await self.ask(request % 1001, expects), 413)
        body = b"[]"
        client = await self.connect(request % len(body) + expects)
        await client.until(b"100 Continue")
        client.transport.write(body)
        self.assertIn(b"HTTP/1.1 204", await client.closed)

    async def test_who_asks_and_does_not_wait(self) -> None:
        """A body that comes all the same brings no second answer."""
        start = b"PUT /smtpExtensions HTTP/1.1\r\nContent-Length: 1001\r\n"
        client = await self.connect(
            start + b"Expect: 100-continue\r\n" + END + b" " * 1001
        )
        self.assertEqual((await client.closed).count(b"HTTP/1.1"), 1)

    async def test_a_body_without_end_is_cut_off(self) -> None:
        """Far beyond the limit it is not waited for any longer."""
        for chunk in 0, 100:
            client = await self.connect(self.put(50_000, chunk)[:-10])
            self.assert_problem(parse(await client.closed), 413)
            self.assertEqual(client.got.count(b"HTTP/1.1"), 1)

    async def test_a_connection_goes_on_after_413(self) -> None:
        """The body was read to its end: what follows it is the next request."""
        request = self.put(5000).replace(b"Connection: close\r\n", b"")
        client = await self.connect(request + b"GET /version HTTP/1.1\r\n" + END)
        got = await client.closed
        self.assertEqual(got.count(b"HTTP/1.1 413"), 1)
        self.assertTrue(got.endswith(b"0.4"))


class ConnectionTests(SiteTestCase):
    """Clients that come and go"""

    async def test_requests_follow_each_other(self) -> None:
        """A connection is kept open, and requests may be pipelined."""
        one = b"GET /version HTTP/1.1\r\nHost: localhost\r\n\r\n"
        client = await self.connect(one * 3 + b"GET /health HTTP/1.1\r\n" + END)
        self.assertEqual((await client.closed).count(b"HTTP/1.1 200"), 4)

    async def test_head_tells_the_length(self) -> None:
        """Of the body that it does not send."""
        status, header, body = await self.ask(b"HEAD /version HTTP/1.1\r\n" + END)
        self.assertEqual((status, header["content-length"], body), (200, "3", b""))

    async def test_a_client_that_leaves_ends_its_wait(self) -> None:
        """No bell stays armed, and no timer: trial would find it."""
        client = await self.connect(b"GET /smtpMails?wait=10m HTTP/1.1\r\n" + END)
        while not self.mock.default.mailbox._bells:
            await deferLater(reactor, 0)
        client.transport.loseConnection()
        while self.mock.default.mailbox._bells:
            await deferLater(reactor, 0)

    async def test_a_long_listing_arrives_whole(self) -> None:
        """Far more than the buffers of a connection hold, to a slow reader too."""
        for _ in range(3000):
            keep(self.mock.default.mailbox, b"x" * 1000)
        client = await self.connect(b"GET /smtpMails HTTP/1.0\r\n\r\n")
        await client.until(b"[")
        client.transport.pauseProducing()
        for _ in range(100):
            await deferLater(reactor, 0)
        client.transport.resumeProducing()
        status, _, body = parse(await client.closed)
        self.assertEqual((status, len(json.loads(body))), (200, 3000))

    async def test_a_client_that_leaves_ends_its_listing(self) -> None:
        """What it does not take is not made; nothing is logged."""
        for _ in range(3000):
            keep(self.mock.default.mailbox, b"x" * 1000)
        client = await self.connect(b"GET /smtpMails HTTP/1.1\r\n" + END)
        await client.until(b"[")
        client.transport.abortConnection()
        await client.closed

    async def test_a_listing_that_fails_does_not_look_whole(self) -> None:
        """The connection is cut, without the chunk that ends a body."""
        for number in range(3000):
            keep(self.mock.default.mailbox, b"x" * 1000, to=(f"a{number}@x.test",))
        last = self.mock.default.mailbox.get(2500)
        self.patch(type(last.envelope.sender), "normalized", property(_fails_for(last)))
        client = await self.connect(b"GET /smtpMails HTTP/1.1\r\n" + END)
        got = await client.closed
        self.assertFalse(got.endswith(b"0\r\n\r\n"))
        self.assertEqual(len(self.flushLoggedErrors(ZeroDivisionError)), 1)

    async def test_only_http_1_is_offered(self) -> None:
        """HTTP/2 would go round the limits."""
        self.assertEqual(self.site.acceptableProtocols(), [b"http/1.1"])


def _fails_for(mail: Any) -> Any:
    """A property of addresses that fails for those of one mail."""

    def normalized(address: Any) -> str:
        if address is mail.envelope.recipients[0].address:
            raise ZeroDivisionError
        return str(address.text)

    return normalized
