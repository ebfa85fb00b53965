"""unbound has the service as its root server, as docs/dns.md sets it up."""

from __future__ import annotations

import os
import socket
import subprocess
import tempfile
from pathlib import Path

from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from mocksmtp.testing import start_mock
from tests.e2e.program import Program, find
from tests.markdown import blocks

_FOREGROUND = """
server:
  interface: 127.0.0.1@{port}
  do-daemonize: no
  use-syslog: no
  logfile: ""
  verbosity: 1
  chroot: ""
  username: ""
  directory: "{folder}"
  pidfile: ""
  num-threads: 1
  trust-anchor: ". DS 20326 8 2 {digest}"
remote-control:
  control-enable: no
"""

_ROOT_DIGEST = "E06D44B80B8F1D39A95C0B0D7C65D08458E880409BBC683457104237C7F8EC8D"
"""That of the Internet's root, which Debian's unbound trusts, too."""


class UnboundTests(TestCase):
    """A resolver between the sender and the service."""

    def setUp(self) -> None:
        self.unbound = find("unbound", "unbound")
        self.dig = find("dig", "bind9-dnsutils")

    def resolver(self, settings: str) -> int:
        """Start it with these settings; answers its port."""
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        with socket.socket(type=socket.SOCK_DGRAM) as probe:
            probe.bind(("127.0.0.1", 0))
            port: int = probe.getsockname()[1]
        path = Path(folder.name, "unbound.conf")
        foreground = _FOREGROUND.format(
            port=port, folder=folder.name, digest=_ROOT_DIGEST
        )
        path.write_text(foreground + settings)
        program = Program([self.unbound, "-c", str(path)], path.parent, {**os.environ})
        self.addCleanup(program.stop)
        program.printed("start of service")
        return port

    def lookup(self, port: int, name: str, type_: str) -> list[str]:
        """What the resolver has, as `dig +short` prints it."""
        query = [self.dig, "+short", "-p", str(port), "@127.0.0.1", name, type_]
        said = subprocess.run(query, capture_output=True, text=True, timeout=60)
        return said.stdout.splitlines()

    async def resolve(self, more: str, *names: str) -> list[list[str]]:
        """What the resolver has for names of which the service is the MX."""
        self.mock = mock = await start_mock(self.addCleanup)
        exchange = {"type": "MX", "ttl": 0, "preference": 10, "exchange": "mx.test"}
        await mock.api.call("PUT", "/dnsRecords", {"name": "*", **exchange})
        (settings,) = blocks("docs/dns.md", "unbound")
        self.assertEqual(settings.count("@5300"), 1)
        settings = settings.replace("@5300", f"@{mock.dns[1]}") + more
        port = await deferToThread(self.resolver, settings)
        return [await deferToThread(self.lookup, port, name, "MX") for name in names]

    async def test_root(self) -> None:
        """It finds the service by its root, with a validator that trusts another."""
        found = await self.resolve("", "there.test", "here.test", "example.com")
        self.assertEqual(found, [["10 mx.test."], ["10 mx.test."], []])
        asked = await self.mock.api.get("/dnsQueries?name=.&type=NS")
        self.assertEqual(asked[0]["answer"]["rcode"], "NOERROR")

    async def test_without_its_validator(self) -> None:
        """Then it has names outside of .test, too."""
        more = 'server:\n  module-config: "iterator"\n'
        found = await self.resolve(more, "there.test", "example.com")
        self.assertEqual(found, [["10 mx.test."]] * 2)
