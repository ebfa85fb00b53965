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
remote-control:
  control-enable: no
"""


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
        path.write_text(_FOREGROUND.format(port=port, folder=folder.name) + settings)
        program = Program([self.unbound, "-c", str(path)], path.parent, {**os.environ})
        self.addCleanup(program.stop)
        program.printed("start of service")
        return port

    def lookup(self, port: int, name: str, type_: str) -> list[str]:
        """What the resolver has, as `dig +short` prints it."""
        query = [self.dig, "+short", "-p", str(port), "@127.0.0.1", name, type_]
        said = subprocess.run(query, capture_output=True, text=True, timeout=60)
        return said.stdout.splitlines()

    async def test_stub_zone_of_the_root(self) -> None:
        """Names below .test are found through it, and others, too."""
        mock = await start_mock(self.addCleanup)
        await mock.api.call(
            "PUT",
            "/dnsRecords",
            [
                {
                    "name": name,
                    "type": "MX",
                    "ttl": 0,
                    "preference": 10,
                    "exchange": "mx.there.test",
                }
                for name in ("there.test", "example.com")
            ],
        )
        (settings,) = blocks("docs/dns.md", "unbound")
        settings = settings.replace("@5300", f"@{mock.dns[1]}")
        self.assertIn(f"@{mock.dns[1]}", settings)
        port = await deferToThread(self.resolver, settings)
        for name in ("there.test", "example.com", "there.test"):
            found = await deferToThread(self.lookup, port, name, "MX")
            self.assertEqual(found, ["10 mx.there.test."], name)
        asked = await mock.api.get("/dnsQueries?name=.&type=NS")
        self.assertEqual(asked[0]["answer"]["rcode"], "NOERROR")
