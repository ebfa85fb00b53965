"""The web server on a real socket: what is no request, and what is too much"""

from __future__ import annotations

import json
from typing import Any

from twisted.internet import reactor
from twisted.internet.address import IPv4Address
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, connectProtocol
from twisted.internet.interfaces import IReactorTCP
from twisted.internet.protocol import Protocol
from twisted.internet.task import Clock, deferLater
from twisted.internet.testing import StringTransportWithDisconnection
from twisted.logger import formatEvent, globalLogPublisher
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase, TestCase

from mocksmtp.hosts.host import MailHost
from mocksmtp.http import site
from mocksmtp.http.site import HttpSettings, make_site
from mocksmtp.mail.mailbox import Mailbox
from mocksmtp.mock import Mock
from mocksmtp.zone.zone import Zone
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
    SETTINGS = HttpSettings()

    async def setUp(self) -> None:
        self.mock = Mock(MailHost("default", "mx.test", Mailbox()), Zone())
        real = IReactorTCP(reactor)
        self.site: Any = make_site(self.mock, reactor, self.SETTINGS)  # type: ignore[arg-type]
        self.port = real.listenTCP(0, self.site, interface="127.0.0.1")
        self.addCleanup(self.port.stopListening)
        self.channels: list[Any] = []
        build = self.site.buildProtocol

        def build_protocol(address: Any) -> Any:
            self.channels.append(build(address))
            return self.channels[-1]

        self.site.buildProtocol = build_protocol
        self.addCleanup(self._all_have_gone)

    async def _all_have_gone(self) -> None:
        """Wait until the server's side of each connection has ended too."""
        while any(channel.transport.connected for channel in self.channels):
            await deferLater(reactor, 0.001)

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

    async def test_a_method_has_upper_case(self) -> None:
        """``get`` is not GET (RFC 9110 §9.1), and is named in the answer."""
        for method in b"get", b"Post":
            reply = await self.ask(method + b" /version HTTP/1.1\r\n" + END)
            self.assert_problem(reply, 501)
            self.assertIn(b"unknown method '" + method, reply[2])

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


class EarlyTests(SiteTestCase):
    """What is refused when the header is over, before any of the body comes"""

    SETTINGS = HttpSettings(token="secret")

    def put(self, more: bytes = b"", length: bytes = b"Content-Length: 2") -> bytes:
        """The header of a PUT."""
        return (
            b"PUT /smtpExtensions HTTP/1.1\r\nHost: localhost\r\n"
            + b"".join(line + b"\r\n" for line in (length, *more.splitlines()))
            + b"\r\n"
        )

    async def refused(self, status: int, octets: bytes) -> bytes:
        """The connection is answered with `status` and closed; the whole answer."""
        client = await self.connect(octets)
        got = await client.closed
        self.assertEqual(got.count(b"HTTP/1.1"), 1, got)
        reply = parse(got)
        self.assert_problem(reply, status)
        self.assertEqual(reply[1]["connection"], "close")
        return got

    async def test_without_the_token_no_body_is_awaited(self) -> None:
        """401 and the end, for a fixed and for a chunked body, and no 100."""
        expect = b"Expect: 100-continue"
        for length in b"Content-Length: 1000", b"Transfer-Encoding: chunked":
            for more in b"", expect, b"Authorization: Bearer wrong\n" + expect:
                got = await self.refused(401, self.put(more, length))
                self.assertIn(b"\r\nWWW-Authenticate: Bearer ", got)

    async def test_a_body_that_comes_all_the_same_is_not_kept(self) -> None:
        """It is let go, and the client can read why."""
        body = b" " * 2**20
        length = b"Content-Length: %d" % len(body)
        await self.refused(401, self.put(length=length) + body)
        self.assertEqual(self.site.bodies.held, 0)

    async def test_with_the_token_it_goes_on(self) -> None:
        """The client is asked for the body, which is read."""
        token = b"Authorization: Bearer secret\nConnection: close\nExpect: 100-continue"
        client = await self.connect(self.put(token))
        await client.until(b"100 Continue")
        client.transport.write(b"[]")
        self.assertIn(b"HTTP/1.1 204", await client.closed)

    async def test_a_stranger_is_refused_as_early(self) -> None:
        """A page of another origin is 403 before its body; an unknown method 501."""
        origin = b"Origin: http://evil.test\nAuthorization: Bearer secret"
        await self.refused(403, self.put(origin))
        host = self.put(b"Authorization: Bearer secret")
        await self.refused(403, host.replace(b"Host: localhost", b"Host: evil.test"))
        await self.refused(501, host.replace(b"PUT", b"put"))

    async def test_a_request_without_a_body_does_not_end_the_connection(self) -> None:
        """401, and then the next request."""
        get = b"GET /status HTTP/1.1\r\nHost: localhost\r\n"
        last = get + b"Authorization: Bearer secret\r\nConnection: close\r\n\r\n"
        client = await self.connect(get + b"\r\n" + last)
        got = await client.closed
        self.assertEqual((got.count(b"1.1 401"), got.count(b"1.1 200")), (1, 1))


class TotalTests(SiteTestCase):
    """The bodies of all requests together"""

    async def setUp(self) -> None:
        """A limit that a test can go past."""
        self.patch(site, "BODIES_LIMIT", 10_000)
        await super().setUp()

    def put(self, size: int, more: bytes = b"") -> bytes:
        """The header of a PUT of such a body."""
        length = b"Content-Length: %d\r\n" % size
        return b"PUT /smtpExtensions HTTP/1.1\r\n" + more + length + END

    async def test_what_is_too_much_is_refused(self) -> None:
        """503 to the one that goes past the limit; the others go on."""
        first = await self.connect(self.put(8000) + b"[]" + b" " * 7000)
        while self.site.bodies.held < 7002:
            await deferLater(reactor, 0)
        reply = await self.ask(self.put(3000))
        self.assert_problem(reply, 503)
        self.assertEqual(reply[1]["retry-after"], "1")
        chunked = b"PUT /smtpExtensions HTTP/1.1\r\nTransfer-Encoding: chunked\r\n"
        chunk = b"bb9\r\n[]" + b" " * 2999 + b"\r\n"
        self.assert_problem(await self.ask(chunked + END + chunk), 503)
        self.assertEqual((await self.ask(self.put(2000) + b"[]" + b" " * 1998))[0], 204)
        first.transport.write(b" " * 998)
        self.assertIn(b"HTTP/1.1 204", await first.closed)
        self.assertEqual(self.site.bodies.held, 0)

    async def test_a_client_that_leaves_makes_room(self) -> None:
        """What it has sent is forgotten."""
        client = await self.connect(self.put(8000) + b" " * 7000)
        while not self.site.bodies.held:
            await deferLater(reactor, 0)
        client.transport.abortConnection()
        while self.site.bodies.held:
            await deferLater(reactor, 0)


class PaceTests(SynchronousTestCase):
    """How fast a body must come"""

    def setUp(self) -> None:
        """A connection in memory, and a clock."""
        self.clock = Clock()
        mock = Mock(MailHost("default", "mx.test", Mailbox()), Zone())
        self.site = make_site(mock, self.clock, HttpSettings())
        self.channel = self.site.buildProtocol(IPv4Address("TCP", "127.0.0.1", 1))
        self.transport = StringTransportWithDisconnection()
        self.transport.protocol = self.channel
        self.channel.makeConnection(self.transport)

    def receive(self, octets: bytes) -> None:
        """Something comes."""
        self.channel.dataReceived(octets)

    @property
    def status(self) -> bytes:
        """The first line of what was answered."""
        return self.transport.value().partition(b"\r\n")[0]

    def begin(self, length: bytes = b"Content-Length: 100000") -> None:
        """The header of a PUT."""
        start = b"PUT /smtpExtensions HTTP/1.1\r\nHost: localhost\r\n"
        self.receive(start + length + b"\r\n\r\n")

    def test_a_body_that_does_not_come(self) -> None:
        """408 after ten seconds, and the connection is closed."""
        for length in b"Content-Length: 2", b"Transfer-Encoding: chunked":
            self.setUp()
            self.begin(length)
            self.clock.advance(9.9)
            self.assertEqual(self.status, b"")
            self.clock.advance(0.1)
            self.assertEqual(self.status, b"HTTP/1.1 408 Request Timeout")
            self.assertFalse(self.transport.connected)
            self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_a_body_that_drips(self) -> None:
        """An octet each second is too slow; what was held of it is forgotten."""
        self.begin()
        for _ in range(10):
            self.receive(b" ")
            self.clock.advance(1)
        self.assertEqual(self.status, b"HTTP/1.1 408 Request Timeout")
        self.assertEqual(self.site.bodies.held, 0)

    def test_a_body_that_stops(self) -> None:
        """However fast it has begun."""
        self.begin()
        self.receive(b" " * 50_000)
        self.clock.pump([1] * 10)
        self.assertEqual(self.status, b"")
        self.clock.pump([1] * 10)
        self.assertEqual(self.status, b"HTTP/1.1 408 Request Timeout")

    def test_a_body_that_is_fast_enough(self) -> None:
        """1 KiB each second, for as long as it takes; then no timer is left of it."""
        self.begin(b"Content-Length: 51200")
        for _ in range(49):
            self.receive(b" " * 1024)
            self.clock.advance(1)
        self.receive(b" " * 1022 + b"[]")
        self.assertEqual(self.status, b"HTTP/1.1 204 No Content")

    def test_a_body_behind_another_request(self) -> None:
        """It has its time from when the request before it is answered."""
        wait = b"GET /smtpMails?wait=30s HTTP/1.1\r\nHost: localhost\r\n\r\n"
        put = (
            b"PUT /smtpExtensions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n"
        )
        self.receive(wait + put + b"\r\n")
        self.clock.advance(30)
        self.clock.advance(9)
        self.assertNotIn(b" 408 ", self.transport.value())
        self.clock.advance(1)
        self.assertIn(b"HTTP/1.1 408 ", self.transport.value())

    def test_a_client_that_leaves_leaves_no_timer(self) -> None:
        """Whatever it was about to send."""
        self.begin()
        self.transport.loseConnection()
        self.assertEqual(self.clock.getDelayedCalls(), [])


class OtherProtocolTests(SiteTestCase):
    """Clients that have come to the wrong port"""

    async def test_they_are_left_at_once(self) -> None:
        """Without a word, and the log says what they spoke."""
        logged: list[str] = []
        observer = lambda event: logged.append(formatEvent(event))  # noqa: E731
        globalLogPublisher.addObserver(observer)
        self.addCleanup(globalLogPublisher.removeObserver, observer)
        for opening, protocol in (
            (b"EHLO client.test\r\n", "SMTP"),
            (b"helo client.test\r\n", "SMTP"),
            (b"LHLO client.test\n", "SMTP"),
            (b"MAIL FROM:<a@x.test>\r\n", "SMTP"),
            (b"QUIT\r\n", "SMTP"),
            (b"\x16\x03\x01\x02\x00\x01\x00", "TLS"),
        ):
            client = await self.connect(opening)
            self.assertEqual(await client.closed, b"", opening)
            told = (
                f"{protocol} instead of HTTP on the API's port, from 127.0.0.1: closed"
            )
            self.assertIn(told, logged.pop())

    async def test_they_are_known_octet_by_octet(self) -> None:
        """However small the packets are."""
        client = await self.connect()
        for octet in b"EHLO ":
            client.transport.write(bytes([octet]))
            await deferLater(reactor, 0.001)
        self.assertEqual(await client.closed, b"")

    async def test_http_is_not_taken_for_them(self) -> None:
        """Also where a method or a path begins like a command."""
        for line in b"GET /EHLO ", b"DELETE /EHLO ", b"MAIL / ", b"QUITE / ":
            reply = await self.ask(line + b"HTTP/1.1\r\n" + END)
            self.assertIn(reply[0], (404, 501))


class AbsoluteFormTests(SiteTestCase):
    """``GET http://host/path`` (RFC 9112 §3.2.2)"""

    async def test_it_is_the_path_that_it_has(self) -> None:
        """With its query; without a path it is the root."""
        for target, status in (
            (b"http://localhost/version", 200),
            (b"HTTP://LOCALHOST:8000/version", 200),
            (b"https://127.0.0.1/smtpMails?limit=1", 200),
            (b"http://localhost/smtpMails?limit=x", 400),
            (b"http://localhost/nowhere", 404),
            (b"http://localhost?x=1", 400),
            (b"http://localhost", 200),
        ):
            reply = await self.ask(b"GET " + target + b" HTTP/1.1\r\n" + END)
            self.assertEqual(reply[0], status, target)

    async def test_its_host_counts(self) -> None:
        """In the place of the Host field, which must be there all the same."""
        for target, host, status in (
            (b"http://evil.test/version", b"Host: localhost\r\n", 403),
            (b"http://localhost/version", b"Host: evil.test\r\n", 200),
            (b"http://a@localhost/version", b"Host: localhost\r\n", 403),
            (b"http://localhost/version", b"", 400),
            (b"http://localhost/version", b"Host: localhost\r\n" * 2, 400),
        ):
            request = b"GET " + target + b" HTTP/1.1\r\n" + host
            reply = await self.ask(request + b"Connection: close\r\n\r\n")
            self.assertEqual(reply[0], status, target)
        reply = await self.ask(b"GET http://evil.test/version HTTP/1.0\r\n\r\n")
        self.assertEqual(reply[0], 403)

    async def test_a_body_has_the_limit_of_its_path(self) -> None:
        """The zone's, however the path is written."""
        self.patch(site.ApiRequest, "body_limit", 10)
        for target, status in (
            (b"http://localhost/dnsRecords", 204),
            (b"http://localhost/smtpBehaviors", 413),
        ):
            length = b" HTTP/1.1\r\nContent-Length: 20\r\n"
            reply = await self.ask(b"PUT " + target + length + END + b"[]" + b" " * 18)
            self.assertEqual(reply[0], status)


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
        """No listener stays registered, and no timer: trial would find it."""
        client = await self.connect(b"GET /smtpMails?wait=10m HTTP/1.1\r\n" + END)
        while not self.mock.default.mailbox.listeners:
            await deferLater(reactor, 0)
        client.transport.loseConnection()
        while self.mock.default.mailbox.listeners:
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
