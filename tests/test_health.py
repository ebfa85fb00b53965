"""Whether a service is alive, and where it is asked."""

from __future__ import annotations

import socket
import threading

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.health import NotHealthyError, address_of_api, check
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
            ("tcp:80:interface=\\:\\:", ("::1", 80)),
            ("tcp:80:interface=fd00\\:\\:5", ("fd00::5", 80)),
            ("tcp6:80", ("::1", 80)),
        ):
            found = address_of_api({"MOCKSMTP_HTTP": endpoint})
            self.assertEqual(found, address, endpoint)

    def test_what_cannot_be_asked(self) -> None:
        """It is quoted."""
        for endpoint in "off", "tcp:0", "unix:/run/x", "tcp:x":
            with self.assertRaises(NotHealthyError) as caught:
                address_of_api({"MOCKSMTP_HTTP": endpoint})
            self.assertEqual(
                str(caught.exception),
                f"MOCKSMTP_HTTP: no port that can be asked: {endpoint!r}",
            )


class CheckTests(SynchronousTestCase):
    """`check`"""

    def answer(self, said: bytes) -> tuple[str, int]:
        """A server that says this to its one client."""
        server = socket.create_server(("127.0.0.1", 0))
        self.addCleanup(server.close)

        def serve() -> None:
            client, _ = server.accept()
            with client:
                client.recv(1000)
                client.sendall(said)

        thread = threading.Thread(target=serve)
        thread.start()
        self.addCleanup(thread.join)
        return "127.0.0.1", server.getsockname()[1]

    def assert_refused(self, said: bytes, reason: str) -> None:
        address = self.answer(said)
        with self.assertRaises(NotHealthyError) as caught:
            check(*address)
        self.assertEqual(str(caught.exception), f"127.0.0.1:{address[1]}: {reason}")

    def test_it_is_well(self) -> None:
        """200 is all that counts."""
        check(*self.answer(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))

    def test_it_is_not(self) -> None:
        """Any other answer, or none."""
        self.assert_refused(
            b"HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", "/health answers 503"
        )
        self.assert_refused(b"220 mail\r\n", "220 mail")
        self.assert_refused(b"", "Remote end closed connection without response")


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
        service.terminate()
        told = run("mocksmtp", "health", cwd="/", MOCKSMTP_HTTP=endpoint)
        self.assertEqual(told.returncode, 1)
        self.assertRegex(told.stderr, rf"^mocksmtp: 127.0.0.1:{port}: .*refused\n$")
