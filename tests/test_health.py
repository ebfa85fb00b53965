"""Whether a service is alive, and where it is asked."""

from __future__ import annotations

import socket
import threading

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.health import (
    NotHealthyError,
    address_in,
    address_of_api,
    check,
    wait,
)
from tests.installed import is_installed, run, start


class AddressTests(SynchronousTestCase):
    """`address_of_api`"""

    def test_the_endpoint_of_the_api(self) -> None:
        """An endpoint that listens everywhere is asked on loopback."""
        for endpoint, address in (
            ("", ("127.0.0.1", 8000)),
            ("tcp:8001", ("127.0.0.1", 8001)),
            ("tcp:port=8001", ("127.0.0.1", 8001)),
            ("tcp:80:interface=10.0.0.1", ("10.0.0.1", 80)),
            ("tcp:80:interface=0.0.0.0:backlog=5", ("127.0.0.1", 80)),
            ("tcp:80:interface=\\:\\:", ("127.0.0.1", 80)),
            ("tcp:80:interface=fd00\\:\\:5", ("fd00::5", 80)),
            ("tcp6:80", ("127.0.0.1", 80)),
            ("8001", ("127.0.0.1", 8001)),
            ("10.0.0.1:80", ("10.0.0.1", 80)),
            ("localhost:80", ("localhost", 80)),
            ("[fd00::5]:80", ("fd00::5", 80)),
            ("[::]:80", ("127.0.0.1", 80)),
            ("0.0.0.0:80", ("127.0.0.1", 80)),
        ):
            found = address_of_api({"MOCKSMTP_HTTP": endpoint})
            self.assertEqual(found, address, endpoint)

    def test_a_port_alone(self) -> None:
        """It is bound to what MOCKSMTP_BIND says."""
        for bind, host in ("all", "127.0.0.1"), ("10.0.0.1", "10.0.0.1"):
            environment = {"MOCKSMTP_HTTP": "8001", "MOCKSMTP_BIND": bind}
            self.assertEqual(address_of_api(environment), (host, 8001))

    def test_a_url(self) -> None:
        """Or what is left of it."""
        for url, address in (
            ("http://127.0.0.1:8000", ("127.0.0.1", 8000)),
            ("http://mock/", ("mock", 80)),
            ("http://[::1]:8000/health", ("::1", 8000)),
            ("127.0.0.1:8000", ("127.0.0.1", 8000)),
        ):
            self.assertEqual(address_in(url), address)
        for url in "https://mock", "http://", "http://x:y", "":
            with self.assertRaises(NotHealthyError) as caught:
                address_in(url)
            expected = f"invalid URL {url!r}; example: http://127.0.0.1:8000"
            self.assertEqual(str(caught.exception), expected)

    def test_what_cannot_be_asked(self) -> None:
        """It is quoted."""
        for endpoint in "off", "0", "tcp:0", "unix:/run/x", "tcp:x":
            with self.assertRaises(NotHealthyError) as caught:
                address_of_api({"MOCKSMTP_HTTP": endpoint})
            self.assertEqual(
                str(caught.exception),
                f"MOCKSMTP_HTTP: no port to connect to: {endpoint!r}",
            )


def answer(
    case: SynchronousTestCase, said: bytes, where: tuple[str, int] = ("127.0.0.1", 0)
) -> tuple[str, int]:
    """A server that says this to its one client."""
    server = socket.create_server(where)
    case.addCleanup(server.close)

    def serve() -> None:
        client, _ = server.accept()
        with client:
            client.recv(1000)
            client.sendall(said)

    thread = threading.Thread(target=serve)
    thread.start()
    case.addCleanup(thread.join)
    return "127.0.0.1", server.getsockname()[1]


HEALTHY = b'HTTP/1.1 200 OK\r\nContent-Length: 15\r\n\r\n{"status":"ok"}'


class CheckTests(SynchronousTestCase):
    """`check`"""

    def assert_refused(self, said: bytes, reason: str) -> None:
        address = answer(self, said)
        with self.assertRaises(NotHealthyError) as caught:
            check(*address)
        self.assertEqual(str(caught.exception), f"127.0.0.1:{address[1]}: {reason}")

    def test_it_is_well(self) -> None:
        """The service answers with 200 and its status."""
        check(*answer(self, HEALTHY))

    def test_it_is_not(self) -> None:
        """Any other answer, or none."""
        self.assert_refused(
            b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "/health returned 503"
        )
        self.assert_refused(b"220 mail\r\n", "220 mail")
        for body in b"", b"<html>", b'{"healthy":true}':
            header = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body)
            reason = "the answer to /health is not from mocksmtp"
            self.assert_refused(header + body, reason)
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        with self.assertRaises(NotHealthyError) as caught:
            check("127.0.0.1", port)
        self.assertEqual(str(caught.exception), f"127.0.0.1:{port}: Connection refused")
        self.assert_refused(b"", "Remote end closed connection without response")


class WaitTests(SynchronousTestCase):
    """`wait`"""

    def setUp(self) -> None:
        self.now = 0.0
        # Nobody listens there.
        with socket.create_server(("127.0.0.1", 0)) as server:
            self.address = server.getsockname()

    def pause(self, seconds: float) -> None:
        self.now += seconds
        if self.now > 1:
            answer(self, HEALTHY, self.address)

    def test_a_service_that_comes_up(self) -> None:
        """It is asked again until it answers."""
        wait(*self.address, 10, lambda: self.now, self.pause)
        self.assertGreater(self.now, 1)

    def test_a_service_that_does_not(self) -> None:
        """The last reason counts, when the time is over."""
        with self.assertRaises(NotHealthyError):
            wait(*self.address, 0.5, lambda: self.now, self.pause)
        self.assertLess(self.now, 1)


class CommandTests(SynchronousTestCase):
    """``mocksmtp health``"""

    def test_a_running_service(self) -> None:
        """0 while it runs, 1 and one line when it has ended."""
        if not is_installed():
            self.skipTest("mocksmtp is not installed beside this Python")
        service = start(self.addCleanup)
        port = service.pair("http")[1]
        endpoint = f"tcp:{port}:interface=127.0.0.1"
        told = run("mocksmtp", "health", cwd="/", MOCKSMTP_HTTP=endpoint)
        self.assertEqual((told.returncode, told.stdout, told.stderr), (0, "", ""))
        url = f"http://127.0.0.1:{port}"
        told = run("mocksmtp", "health", url, "--wait", "10s", cwd="/")
        self.assertEqual((told.returncode, told.stdout, told.stderr), (0, "", ""))
        told = run("mocksmtp", "health", url, "--wait", "10", cwd="/")
        self.assertEqual(told.returncode, 2)
        self.assertIn("--wait: a duration must have a unit", told.stderr)
        told = run("mocksmtp", "health", "--wait", cwd="/", MOCKSMTP_URL=url)
        self.assertEqual((told.returncode, told.stdout, told.stderr), (0, "", ""))
        service.terminate()
        told = run("mocksmtp", "health", cwd="/", MOCKSMTP_HTTP=endpoint)
        self.assertEqual(told.returncode, 1)
        self.assertRegex(told.stderr, rf"^mocksmtp: 127.0.0.1:{port}: .*refused\n$")
