import sys

from attrs import evolve
from twisted.trial.unittest import SynchronousTestCase

from benchmarks.clients import Pipelining
from benchmarks.errors import BenchmarkError
from benchmarks.kinds import FLOOR, KINDS, MOCKSMTP, SECURE_KINDS, STOCK, mocksmtp
from benchmarks.servers import Kind, _announced, start
from mocksmtp.config import load_config
from mocksmtp.model.tls import TlsMode


class StartTests(SynchronousTestCase):
    def test_floor(self) -> None:
        """A server is ready once it is started, and its end is an error."""
        with start(FLOOR) as server:
            Pipelining(1024).send(server.smtp, 5, 5.0)
            self.assertGreater(server.cpu_seconds(), 0)
            self.assertGreater(server.resident_bytes(), 0)
            server._process.kill()
            server._process.wait()
            self.assertRaisesRegex(BenchmarkError, "floor ended", server.cpu_seconds)

    def test_start_over(self) -> None:
        """A peer that is told to forget its mails goes on serving."""
        with start(STOCK) as server:
            server.start_over()
            Pipelining(1024).send(server.smtp, 5, 5.0)

    def test_secure(self) -> None:
        """A server that speaks TLS is greeted over TLS, and sent mails over it."""
        with start(SECURE_KINDS[1]) as server:
            Pipelining(1024, secure=True).send(server.smtp, 5, 5.0)
            with self.assertRaises(BenchmarkError):
                Pipelining(1024).send(server.smtp, 1, 0.5)

    def test_ends_at_once(self) -> None:
        """A server that ends is an error that shows its last words."""
        command = [sys.executable, "-c", "raise SystemExit('port is busy')"]
        kind = Kind("hasty", "hasty", lambda _: command)
        with self.assertRaisesRegex(BenchmarkError, "hasty ended.*port is busy"):
            start(kind)

    def test_no_program(self) -> None:
        """A program that is not installed is an error."""
        kind = evolve(FLOOR, command=lambda _: ["/nowhere/server"])
        with self.assertRaisesRegex(BenchmarkError, "cannot be started"):
            start(kind)

    def test_announced(self) -> None:
        """Where mocksmtp listens is read from its log."""
        line = (
            "2026-01-02T03:04:05+0000 [-] Mock SMTP server started"
            " smtp=127.0.0.1:2525 smtp.mx2=127.0.0.3:25 http=127.0.0.1:8000\n"
        )
        self.assertEqual(
            _announced(line),
            {"smtp": ("127.0.0.1", 2525), "http": ("127.0.0.1", 8000)},
        )


class KindsTests(SynchronousTestCase):
    def test_names(self) -> None:
        """Every server has a name of its own."""
        self.assertEqual(len({kind.name for kind in KINDS}), len(KINDS))

    def test_loopback(self) -> None:
        """mocksmtp is started on loopback alone, without DNS."""
        command = mocksmtp(0)
        self.assertIn("tcp:0:interface=127.0.0.1:backlog=1024", command)
        self.assertIn("tcp:0:interface=127.0.0.1", command)
        self.assertEqual(command[-2:], ["--dns", "off"])

    def test_everything_on(self) -> None:
        """What is measured has TLS, AUTH, SIZE and further capabilities."""
        config = load_config({"config": MOCKSMTP.command(0)[-1:]}, {})
        assert config.tls is not None
        assert config.auth is not None
        self.assertIs(config.tls.mode, TlsMode.STARTTLS)
        self.assertTrue(config.limits.advertise_size)
        self.assertIn("DSN", config.capabilities.before_tls)
        self.assertGreater(config.journal, 0)

    def test_secure(self) -> None:
        """Over TLS the same is measured, but for when the handshake comes."""
        paths = [kind.command(0)[-1:] for kind in (MOCKSMTP, SECURE_KINDS[0])]
        clear, secure = (load_config({"config": path}, {}) for path in paths)
        assert clear.tls is not None
        implicit = evolve(clear.tls, mode=TlsMode.IMPLICIT)
        self.assertEqual(evolve(clear, tls=implicit), secure)
        self.assertTrue(all(kind.secure for kind in SECURE_KINDS))
