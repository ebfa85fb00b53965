"""How a Redis store is opened, and which servers are refused"""

from __future__ import annotations

import re
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import attrs
import trustme
from twisted.internet import reactor
from twisted.internet.protocol import Protocol, ServerFactory
from twisted.logger import LogEvent, globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.mail.quota import Quota
from mocksmtp.store.interface import Kind, Restored, StoreError
from mocksmtp.store.opening import parse_store
from mocksmtp.store.redis import checks
from mocksmtp.store.redis import connection as redis_connection
from mocksmtp.store.redis.address import RedisAddress, parse_address
from mocksmtp.store.redis.scripts import PREFIX
from mocksmtp.store.redis.store import RedisSettings, RedisStore
from mocksmtp.store.worker import InlineWorker
from tests.store.case import RedisCase
from tests.store.redis_server import RedisServer
from tests.store.test_redis import COUNTS, HOST, Recorder

WITHOUT_CONFIG = ("--rename-command", "CONFIG", "")


def free_port() -> int:
    """A port where nothing listens."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


class AddressTests(SynchronousTestCase):
    """The URL of a server"""

    def test_valid(self) -> None:
        """Host, port, database, user, password, TLS and sockets."""
        for text, address in (
            ("redis://mx.test/2", RedisAddress("mx.test", database=2)),
            ("redis://mx.test", RedisAddress("mx.test")),
            ("REDIS://[::1]:7/?db=3", RedisAddress("::1", 7, database=3)),
            ("redis://:a%40b@h/0", RedisAddress("h", password="a@b")),
            ("redis://u:p@h:1/0", RedisAddress("h", 1, username="u", password="p")),
            ("rediss://h/1", RedisAddress("h", database=1, is_tls=True)),
            (
                "rediss://h/1?ca=/x.pem",
                RedisAddress("h", database=1, is_tls=True, ca="/x.pem"),
            ),
            (
                "redis+unix:///run/r.sock?db=4",
                RedisAddress(path="/run/r.sock", database=4),
            ),
        ):
            self.assertEqual(parse_address(text), address)
            self.assertEqual(parse_store(text).redis, address)

    def test_the_password_is_not_shown(self) -> None:
        """In no log, and in no message."""
        address = parse_address("redis://bob:secret@[::1]:7/2")
        self.assertEqual(str(address), "redis://bob:***@[::1]:7/2")
        self.assertEqual(address.name, "[::1]:7")
        self.assertNotIn("secret", repr(address))
        self.assertEqual(str(parse_store("redis://:x@h/0")), "redis://:***@h:6379/0")

    def test_another_scheme(self) -> None:
        """Is no Redis server, even if it begins alike."""
        for text in ("redis", "redisx://h/0", "redis-x:h"):
            error = self.assertRaises(ValueError, parse_store, text)
            self.assertIn("did you mean redis://HOST/DB?", str(error))

    def test_invalid(self) -> None:
        """What is wrong is named."""
        for text, reason in (
            ("redis-cluster://h", "redis-cluster:// is not supported"),
            ("redis+sentinel://h", "redis+sentinel:// is not supported"),
            ("redis://a:1,b:2/0", "several servers are not supported"),
            ("redis://", "the host is missing"),
            ("redis://h:x/0", "the port is invalid"),
            ("redis://h:99999/0", "the port is invalid"),
            ("redis://h/x", "the database must be a number, got 'x'"),
            ("redis://h/1?db=2", "given twice"),
            ("redis://h/?size=2", "unknown parameter ?size; allowed: db, ca"),
            ("redis://h/?ca=x", "needs TLS"),
            ("redis://bob@h/0", "the password of 'bob' is missing"),
            ("redis://:a#b@h/0", "%23"),
            ("redis://[::1/0", "is not a URL"),
            ("redis+unix://h/x", "must name a socket"),
        ):
            error = self.assertRaises(ValueError, parse_address, text)
            self.assertIn(reason, str(error), text)


class OpeningCase(RedisCase):
    """A store that the test opens itself."""

    options: tuple[str, ...] = ()

    def setUp(self) -> None:
        self.server = RedisServer(self.addCleanup, *self.options)

    def address(self, **fields: Any) -> RedisAddress:
        """That of the server."""
        return RedisAddress("127.0.0.1", self.server.port, **fields)

    def open_at(self, address: RedisAddress, wait: float = 0.0) -> Any:
        """Open a store; return what it contains, or why it is refused."""
        settings, worker = RedisSettings(address, wait), InlineWorker()
        self.clock = self.new_clock()
        self.store = RedisStore(settings, Quota(), reactor, worker=worker)
        self.addCleanup(lambda: self.result(self.store.close()))
        return self.result(self.store.open())

    def refusal(self, address: RedisAddress, wait: float = 0.0) -> str:
        """Why a server is refused."""
        store = RedisStore(
            RedisSettings(address, wait), Quota(), reactor, worker=InlineWorker()
        )

        async def fail() -> str:
            try:
                await store.open()
            except StoreError as error:
                return str(error)
            raise AssertionError("it was opened")

        self.clock = self.new_clock()
        reason: str = self.result(fail())
        self.assertNotIn("\n", reason)
        self.result(store.close())
        return reason.removeprefix(f"{address.name}: ")


class RefusalTests(OpeningCase):
    """Servers that are refused, and not changed"""

    def refuse(self, reason: str, **fields: Any) -> None:
        """Assert that the server is refused, and that its keys are what they were."""
        before = self.content()
        self.assertIn(reason, self.refusal(self.address(**fields)))
        self.assertEqual(self.content(), before)

    def content(self) -> list[tuple[str, Any]]:
        """All keys, with their values."""
        keys = self.server.ask("KEYS", "*")
        return [(key, self.server.ask("DUMP", key)) for key in sorted(keys)]

    def test_evictions(self) -> None:
        """Another policy than noeviction would remove mails."""
        self.server.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        self.refuse("maxmemory-policy is allkeys-lru; needed is noeviction")

    def test_another_version(self) -> None:
        """Newer and older ones."""
        for version in ("0", "2", "x"):
            self.server.ask("SET", f"{PREFIX}version", version)
            self.refuse(
                f"has version {version} of the keys; this version of mocksmtp uses 1"
            )

    def test_keys_of_another_program(self) -> None:
        """With our prefix, of another type, or without a version."""
        self.server.ask("RPUSH", f"{PREFIX}mails", "1")
        self.refuse("{mocksmtp}:mails is a list, not a zset: the keys that begin with")
        self.server.ask("DEL", f"{PREFIX}mails")
        self.server.ask("ZADD", f"{PREFIX}mails", "1", "1")
        self.refuse("there is {mocksmtp}:mails, but no {mocksmtp}:version")

    def test_other_keys(self) -> None:
        """Of another program in the same database are left alone."""
        self.server.ask("SET", "mails", "mine")
        self.open_at(self.address())
        self.assertEqual(self.server.ask("GET", "mails"), "mine")

    def test_a_database_that_does_not_exist(self) -> None:
        """Is named."""
        self.refuse("has no database 99", database=99)

    def test_a_password_that_is_not_needed(self) -> None:
        """The server has none."""
        self.refuse("has no password; remove it from the URL", password="x")

    def test_an_old_server(self) -> None:
        """It does not have all commands."""
        self.patch(checks, "OLDEST", (99, 0))
        self.refuse("needed is 99.0 or newer, or Valkey")

    def test_a_replica_of_redis(self) -> None:
        """It accepts no writes."""
        self.server.ask("REPLICAOF", "127.0.0.1", "1")
        self.assertIn("is a replica", self.refusal(self.address()))


class ClusterTests(OpeningCase):
    """A cluster"""

    def setUp(self) -> None:
        # By default the port of the cluster is 10,000 above the other one.
        options = ("--cluster-enabled", "yes", "--cluster-port", str(free_port()))
        self.server = RedisServer(self.addCleanup, *options)

    def test_it_is_refused(self) -> None:
        """Scripts use keys that lie on several servers there."""
        self.assertIn("is a cluster", self.refusal(self.address()))


class PasswordTests(OpeningCase):
    """A server with a password"""

    options = ("--requirepass", "sesame")

    def test_passwords(self) -> None:
        """Are required, and checked."""
        self.assertIn("needs a password", self.refusal(self.address()))
        reason = self.refusal(self.address(password="x"))
        self.assertEqual(reason, "wrong user name or password")
        reason = self.refusal(self.address(username="bob", password="sesame"))
        self.assertEqual(reason, "wrong user name or password")
        restored = self.open_at(self.address(password="sesame"))
        self.assertTrue(restored.is_alone)
        self.result(self.store.close())
        self.open_at(self.address(username="default", password="sesame"))


class RightsTests(OpeningCase):
    """A user with the rights that docs/stores.md names"""

    def test_a_user_with_few_rights(self) -> None:
        """Can do everything that replicas need."""
        text = (Path(__file__).parents[2] / "docs/stores.md").read_text()
        (rights,) = re.findall(r"`ACL SETUSER mock on >PASSWORD ([^`]*)`", text)
        self.server.ask("ACL", "SETUSER", "mock", "on", ">pw", *rights.split())
        address = self.address(username="mock", password="pw")
        self.assertTrue(self.open_at(address).is_new)
        replicas, box = self.store.replicas, self.store.mailbox("default")
        self.result(replicas.follow(Recorder()))
        self.box = box
        self.keep()
        turn = self.result(replicas.take_turn())
        self.store.save([(HOST, 1), ((Kind.SESSION, "000001"), 1)])
        self.result(turn.pass_on([(COUNTS, 1)]))
        self.result(replicas.applied())
        self.result(replicas.queries.next())
        replicas.publish([1])
        replicas.watch()
        self.result(replicas.settle())
        self.assertEqual(self.result(replicas.events_after(0)), [(1, 1)])
        self.assertEqual(len(self.result(self.store.mails.load([1]))), 1)
        removal = self.result(self.store.mails.remove_all(None))
        self.result(self.store.mails.restore(removal))
        self.store.mails.discard(removal)
        self.result(replicas.reload())
        for right, reason in (("-info", "may not read INFO"), ("-time", "can't run")):
            self.server.ask("ACL", "SETUSER", "mock", right)
            self.assertIn(reason, self.refusal(address))
            self.server.ask("ACL", "SETUSER", "mock", *rights.split())


class LazyTests(SynchronousTestCase):
    """The library of Redis"""

    def test_it_is_imported_for_redis_only(self) -> None:
        """Other stores start without it."""
        program = "import sys, mocksmtp.service; print('hiredis' in sys.modules)"
        command = [sys.executable, "-c", program]
        output = subprocess.run(command, capture_output=True, check=True).stdout
        self.assertEqual(output, b"False\n")


class LimitedTests(OpeningCase):
    """A server without CONFIG, as some services in clouds are"""

    options = (*WITHOUT_CONFIG, "--maxmemory-policy", "allkeys-lru")

    def test_the_policy(self) -> None:
        """INFO has it too."""
        self.assertIn("maxmemory-policy is allkeys-lru", self.refusal(self.address()))


class SettingsTests(OpeningCase):
    """What is logged at the start"""

    def test_appendonly(self) -> None:
        """Whether a restart of the server keeps the data."""
        lines: list[str] = []

        def observe(event: LogEvent) -> None:
            if "log_format" in event and "appendonly" in event["log_format"]:
                lines.append(event["log_format"].format(**event))

        self.server.ask("CONFIG", "SET", "appendfsync", "always")
        globalLogPublisher.addObserver(observe)
        self.addCleanup(globalLogPublisher.removeObserver, observe)
        self.open_at(self.address())
        self.result(self.store.close())
        self.server.ask("CONFIG", "SET", "appendonly", "no")
        self.open_at(self.address())
        self.assertEqual(
            lines,
            [
                "Redis: appendonly yes, appendfsync always",
                "Redis: appendonly no; mails and state may not survive its restart",
            ],
        )


class TransportTests(OpeningCase):
    """Sockets and TLS"""

    def setUp(self) -> None:
        self.folder = Path(self.mktemp()).absolute()
        self.folder.mkdir()
        authority = trustme.CA()
        self.ca = self.folder / "ca.pem"
        authority.cert_pem.write_to_path(self.ca)
        certificate = authority.issue_cert("127.0.0.1", "localhost")
        key, chain = self.folder / "key.pem", self.folder / "chain.pem"
        certificate.private_key_pem.write_to_path(key)
        certificate.cert_chain_pems[0].write_to_path(chain)
        self.tls_port = free_port()
        self.server = RedisServer(
            self.addCleanup,
            *("--tls-port", str(self.tls_port), "--tls-auth-clients", "no"),
            *("--tls-cert-file", str(chain), "--tls-key-file", str(key)),
            *("--tls-ca-cert-file", str(self.ca)),
        )

    def test_tls(self) -> None:
        """The certificate is verified."""
        address = RedisAddress("127.0.0.1", self.tls_port, is_tls=True)
        self.assertIn("TLS failed", self.refusal(address))
        address = RedisAddress("127.0.0.1", self.tls_port, is_tls=True, ca=str(self.ca))
        self.assertTrue(self.open_at(address).is_new)
        self.assertIn(
            "No such file", self.refusal(attrs.evolve(address, ca="/nowhere"))
        )
        self.assertIn(
            "contains no certificate", self.refusal(attrs.evolve(address, ca=__file__))
        )

    def test_a_socket(self) -> None:
        """Instead of a port."""
        path = str(Path(self.server.folder) / "redis.sock")
        self.assertIn("no such file", self.refusal(RedisAddress(path=path)))
        self.server.stop()
        self.server = RedisServer(self.addCleanup, "--unixsocket", path)
        restored = self.open_at(RedisAddress(path=path, database=3))
        self.assertTrue(restored.is_new)


class Speaker(Protocol):
    """Something that is not Redis."""

    banner = b""

    def connectionMade(self) -> None:
        assert self.transport is not None
        self.transport.write(self.banner)

    def dataReceived(self, data: bytes) -> None:
        assert self.transport is not None
        self.transport.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")


class NoRedisTests(OpeningCase):
    """Where no Redis server is"""

    def setUp(self) -> None:
        pass

    def listen(self, banner: bytes) -> RedisAddress:
        """The address of something else."""
        factory: Any = ServerFactory.forProtocol(Speaker)
        factory.noisy = False
        self.patch(Speaker, "banner", banner)
        listening: Any = reactor
        port = listening.listenTCP(0, factory, interface="127.0.0.1")
        self.addCleanup(port.stopListening)
        return RedisAddress("127.0.0.1", port.getHost().port)

    def test_other_servers(self) -> None:
        """They are recognized by what they say."""
        for banner in (b"220 mx.test ESMTP\r\n", b""):
            reason = self.refusal(self.listen(banner))
            self.assertEqual(reason, "is not a Redis server")

    def test_silence(self) -> None:
        """Is given up."""
        self.patch(redis_connection, "CONNECT_TIMEOUT", 0.2)
        with socket.socket() as one:
            one.bind(("127.0.0.1", 0))
            one.listen()
            reason = self.refusal(RedisAddress(*one.getsockname()))
        self.assertIn("no answer for 0.2 s", reason)

    def free_address(self) -> RedisAddress:
        """Where no server is."""
        return RedisAddress("127.0.0.1", free_port())

    def test_no_server(self) -> None:
        """It is named, with the time for which it was tried."""
        reason = self.refusal(self.free_address())
        self.assertEqual(
            reason,
            "connection refused (tried for 0.0 s; --store-wait waits for it)",
        )
        reason = self.refusal(self.free_address(), wait=0.5)
        self.assertRegex(reason, r"^connection refused \(tried for 0\.\d s\)$")

    def test_an_opening_that_is_not_awaited(self) -> None:
        """Connects to nothing: a daemon forks before."""
        store = RedisStore(
            RedisSettings(self.free_address()), Quota(), reactor, worker=InlineWorker()
        )
        opening = store.open()
        self.assertNotIsInstance(opening, Restored)
        self.result(store.close())

    def test_a_server_that_starts_later(self) -> None:
        """Is waited for."""
        server = RedisServer(self.addCleanup)
        server.stop()
        listening: Any = reactor
        listening.callLater(0.3, server.start)
        address = RedisAddress("127.0.0.1", server.port)
        self.assertTrue(self.open_at(address, wait=20.0).is_new)
