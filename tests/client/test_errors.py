"""What can go wrong, with both clients"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable
from typing import Any

import attrs
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from mocksmtp.client import (
    ApiError,
    BlockingMockClient,
    InvalidUrl,
    MockClient,
    MockError,
    NotMocksmtp,
    NotReachable,
    OlderService,
    TimedOut,
    WrongToken,
)
from mocksmtp.testing.running import FREE_PORTS, start_mock

HTML = (
    b"HTTP/1.1 404 Not Found\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nno"
)
ARRAY = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]"
OBJECT = b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"status":"ok"}'
TEXT = b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 2\r\n\r\nok"
MOVED = b"HTTP/1.1 302 Found\r\nLocation: /login\r\nContent-Length: 0\r\n\r\n"
OLD = b'{"status":404,"detail":"no such route \'/status\'; see /openapi.json"}'
OLDER = b"HTTP/1.1 404 Not Found\r\nContent-Length: %d\r\n\r\n%b" % (len(OLD), OLD)
BANNER = b"220 mx.test ESMTP\r\n"


class ErrorTests(TestCase):
    """Each has its own exception, whose text helps"""

    async def check(
        self, url: str, error: type[MockError], *texts: str, **settings: Any
    ) -> None:
        """Ask a service for its status, with both clients."""
        blocking = BlockingMockClient(url, **settings)
        self.addCleanup(blocking.close)

        def status() -> None:
            blocking.status()

        for ask in (lambda: deferToThread(status), MockClient(url, **settings).status):
            with self.assertRaises(error) as raised:
                await ask()
            self.assertIs(type(raised.exception), error)
            for text in texts:
                self.assertIn(text, str(raised.exception))

    def serve(self, answer: bytes | None) -> str:
        """Answer each connection with some octets, or never; returns the URL."""
        listener = socket.create_server(("127.0.0.1", 0))
        kept = self.accepted = list[socket.socket]()

        def run() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                kept.append(connection)
                if answer is not None:
                    connection.recv(65536)
                    connection.sendall(answer)
                    connection.shutdown(socket.SHUT_WR)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()

        def stop() -> None:
            # Closing does not end an accept() that waits.
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()
            for each in (listener, *kept):
                each.close()

        self.addCleanup(stop)
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    async def test_no_service(self) -> None:
        """The reason, and what to do."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        texts = f"no mocksmtp at {url}", "refused", "mocksmtp serve", "MOCKSMTP_URL"
        await self.check(url, NotReachable, *texts)

    async def test_a_service_that_ends(self) -> None:
        """It is as if there were none."""
        await self.check(self.serve(b""), NotReachable, "no mocksmtp at")

    async def test_a_token_is_required(self) -> None:
        """Where to set it."""
        config = attrs.evolve(FREE_PORTS, token="secret")
        mock = await start_mock(self.addCleanup, config)
        await self.check(mock.url, WrongToken, "requires a token", "MOCKSMTP_TOKEN")

    async def test_a_wrong_token(self) -> None:
        """The token itself is not shown."""
        config = attrs.evolve(FREE_PORTS, token="secret")
        mock = await start_mock(self.addCleanup, config)
        await self.check(mock.url, WrongToken, "refused the token", token="wr0ng")
        client = BlockingMockClient(mock.url, "wr0ng")
        self.addCleanup(client.close)
        self.assertNotIn("wr0ng", repr(client))

    async def test_an_older_service(self) -> None:
        """A route of this client is unknown there."""
        await self.check(self.serve(OLDER), OlderService, "older than this client")

    async def test_a_timeout(self) -> None:
        """The time, and what was requested."""
        texts = "did not answer GET /status within 0.05 s", "overloaded"
        await self.check(self.serve(None), TimedOut, *texts, timeout=0.05)
        self.assertLessEqual(len(self.accepted), 2, "a client tried again")

    async def test_another_program(self) -> None:
        """HTML, another JSON, a redirect, and another protocol."""
        await self.check(self.serve(HTML), NotMocksmtp, "404 text/html", "MOCKSMTP_URL")
        await self.check(self.serve(ARRAY), NotMocksmtp, "unreadable (Status expected")
        await self.check(self.serve(OBJECT), NotMocksmtp, "without a version")
        await self.check(self.serve(TEXT), NotMocksmtp, "is text/plain, not JSON")
        await self.check(self.serve(MOVED), NotMocksmtp, "a redirect to /login")
        await self.check(self.serve(BANNER), NotMocksmtp, "is no HTTP")

    def test_no_url(self) -> None:
        """It is found before a request is sent."""
        for url, reason in (
            ("http://127.0.0.1:99999", "out of range"),
            ("ftp://127.0.0.1", "'ftp' is not http or https"),
            ("http://", "names no host"),
            ("http://[::1", "Invalid IPv6"),
        ):
            for client in BlockingMockClient, MockClient:
                error = self.assertRaises(InvalidUrl, client, url)
                self.assertIn(f"not the URL of a service: {url!r}", str(error))
                self.assertIn(reason, str(error))

    def test_a_url_without_a_scheme(self) -> None:
        """It is that of HTTP."""
        for client in BlockingMockClient, MockClient:
            self.assertEqual(client("127.0.0.1:8000/").url, "http://127.0.0.1:8000")
            self.assertEqual(client("https://a.test/m/").url, "https://a.test/m")

    async def test_a_refused_document(self) -> None:
        """All invalid fields, with their places."""
        mock = await start_mock(self.addCleanup)
        client = BlockingMockClient(mock.url)
        self.addCleanup(client.close)
        rules: list[dict[str, Any]] = [{"command": "DATA", "response": {"code": 99}}]
        rules.append({"command": "RCPT", "response": {"code": 450}})

        def refused() -> None:
            client.set_behaviors(*rules)

        calls: list[Callable[[], Any]] = [
            lambda: deferToThread(refused),
            lambda: mock.api.set_behaviors(*rules),
        ]
        for call in calls:
            with self.assertRaises(ApiError) as raised:
                await call()
            error = raised.exception
            self.assertEqual(error.status, 400)
            paths = [each["path"] for each in error.errors]
            self.assertEqual(paths, ["$[0].response.code", "$[1].command"])
            self.assertIn("did you mean 'RCPT TO'?", str(error))
