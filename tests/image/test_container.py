"""The image as it runs, with a network of its own."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import attrs
from twisted.trial.unittest import SynchronousTestCase

from tests.contract.target import ADDRESS
from tests.e2e.api import Api
from tests.e2e.namespaces import Namespace, connect, namespaces
from tests.e2e.postfix import Postfix
from tests.e2e.program import find
from tests.e2e.service import DNS, MX1
from tests.image.archive import shared_archive, shared_root
from tests.image.container import Container
from tests.markdown import ROOT

EVERYWHERE = "[::]" if Path("/proc/net/if_inet6").exists() else "0.0.0.0"
"""What the image binds, on a kernel like this one."""

MOST_CPU = 0.8
"""Seconds of CPU from its start to the line that tells it."""

MOST_MEMORY = 80 * 1024
"""KiB that are resident when nothing has happened yet."""

HEALTH = ("/opt/mocksmtp/bin/mocksmtp", "health")


@attrs.frozen
class Rig:
    """A container, and a mail server on the machine at the other end of its cable."""

    container: Container
    client: Namespace
    postfix: Postfix
    api: Api


@contextlib.contextmanager
def _rig():
    find("postfix", "postfix")
    with contextlib.ExitStack() as stack:
        archive, root = shared_archive(), shared_root()
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        client, mock = stack.enter_context(namespaces("client", "image"))
        connect(client, mock)
        mock.set_addresses(DNS, MX1)
        (folder / "container").mkdir()
        container = Container(archive, root, folder / "container", mock)
        stack.callback(container.remove)
        container.wait()
        api = Api(mock, f"http://{DNS}:8000")
        postfix = Postfix(client, folder, api.root())
        stack.callback(postfix.stop)
        postfix.wait()
        yield Rig(container, client, postfix, api)


@functools.cache
def shared_rig() -> Rig:
    """The rig of all tests in this process."""
    stack = contextlib.ExitStack()
    umask = os.umask(0o022)
    try:
        rig = stack.enter_context(_rig())
    finally:
        os.umask(umask)
    atexit.register(stack.close)
    return rig


class RunningTests(SynchronousTestCase):
    """What a container of the image does"""

    def setUp(self) -> None:
        shared_archive()
        self.rig = shared_rig()

    def test_the_contract(self) -> None:
        """The contract's tests pass against it."""
        done = subprocess.run(
            self.rig.client.command(
                *(sys.executable, "-m", "twisted.trial"),
                *("--temp-directory", f"{self.mktemp()}-trial", "tests.contract"),
            ),
            env={**os.environ, ADDRESS: DNS, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            timeout=300,
        )
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertRegex(done.stdout, r"PASSED \(successes=\d\d\)")

    def test_a_mail_server_delivers_to_it(self) -> None:
        """Postfix finds it by MX, through its DNS on port 53."""
        self.rig.api.set_records("there.test. MX 10 mx.test.", f"mx.test. A {MX1}")
        bob = "bob@there.test"
        self.rig.postfix.submit("me@here.test", [bob], b"Subject: hello\r\n\r\nyou\r\n")
        mail = self.rig.api.mail_to(bob)
        self.assertIn("Subject: hello", mail["message"])
        (attempt,) = self.rig.postfix.attempts(bob, 1)
        self.assertIn(f"relay=mx.test[{MX1}]:25", attempt)

    def test_its_process_has_no_rights(self) -> None:
        """It is not root, and has no capability and no way to one."""
        status = Path(f"/proc/{self.rig.container.pid}/status").read_text()
        fields = dict(line.split(":\t", 1) for line in status.splitlines())
        self.assertEqual(set(fields["Uid"].split()), {"10025"})
        for name in "CapEff", "CapPrm", "CapBnd", "CapAmb":
            self.assertEqual(int(fields[name], 16), 0, name)
        self.assertEqual(fields["NoNewPrivs"], "1")

    def test_the_health_check(self) -> None:
        """0 when it answers; where nobody does, 1 and why."""
        self.assertEqual(self.rig.container.run(*HEALTH).returncode, 0)
        told = self.rig.container.run(*HEALTH, MOCKSMTP_HTTP="tcp:8001")
        self.assertEqual(told.returncode, 1, told)
        self.assertIn("mocksmtp: 127.0.0.1:8001: ", told.stderr)
        self.assertIn("Connection refused", told.stderr)

    def test_it_listens_on_ipv6_too(self) -> None:
        """Clients of IPv4 are shown by their own addresses."""
        started = self.rig.container.program.printed("Mock SMTP server started")[0]
        for name, port in ("smtp", 25), ("http", 8000), ("dns", 53):
            self.assertIn(f"{name}={EVERYWHERE}:{port}", started)
        if EVERYWHERE == "[::]":
            told = self.rig.container.run(*HEALTH, "http://[::1]:8000")
            self.assertEqual(told.returncode, 0, told)


class ContainerCase(SynchronousTestCase):
    """Has containers of its own."""

    def start(self, *options: str, lowest_port: int = 0, **more: str) -> Container:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        container = Container(
            shared_archive(),
            shared_root(),
            Path(folder.name),
            options=options,
            lowest_port=lowest_port,
            **more,
        )
        self.addCleanup(container.remove)
        return container


class LifeTests(ContainerCase):
    """Start and end"""

    def test_it_starts_fast_and_is_small(self) -> None:
        """The best of three, for others use this machine, too."""
        spent, resident = zip(*(self.measure() for _ in range(3)), strict=True)
        self.assertLess(min(spent), MOST_CPU)
        self.assertLess(min(resident), MOST_MEMORY)

    def measure(self) -> tuple[float, int]:
        """Seconds of CPU until the start is told, and KiB that are resident then."""
        container = self.start()
        container.wait()
        process = Path(f"/proc/{container.pid}")
        fields = (process / "stat").read_text().rpartition(")")[2].split()
        spent = sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")
        status = (process / "status").read_text()
        resident = int(status.partition("VmRSS:")[2].split()[0])
        container.remove()
        return spent, resident

    def test_sigterm_ends_it_as_the_first_process(self) -> None:
        """Within two seconds, and with 0."""
        container = self.start()
        container.wait()
        begun = time.monotonic()
        os.kill(container.pid, signal.SIGTERM)
        self.assertEqual(container.program.wait(), 0)
        self.assertLess(time.monotonic() - begun, 2)


class RefusedStartTests(ContainerCase):
    """A start that fails says why in one line of the container's log; 1 is its code"""

    def refused(self, *options: str, lowest_port: int = 0, **more: str) -> str:
        container = self.start(*options, lowest_port=lowest_port, **more)
        self.assertEqual(container.program.wait(), 1)
        (line,) = container.program.printed("mocksmtp: ")
        self.assertNotIn("Traceback", "".join(container.program.printed("")))
        return line.partition("mocksmtp: ")[2].strip()

    def test_a_bad_variable(self) -> None:
        """It is named."""
        self.assertEqual(
            self.refused(MOCKSMTP_DNS="nowhere"),
            "MOCKSMTP_DNS: invalid address 'nowhere'; examples: 2525, 127.0.0.1:2525,"
            " [::1]:2525, tcp:2525:interface=127.0.0.1",
        )

    def test_a_port_without_permission(self) -> None:
        """As where low ports are for root only."""
        self.assertEqual(
            self.refused(lowest_port=1024),
            f"can't listen on {EVERYWHERE}:25: Permission denied",
        )

    def test_a_file_that_is_not_there(self) -> None:
        """By its path."""
        self.assertEqual(
            self.refused(MOCKSMTP_CONFIG="/etc/mocksmtp.toml"),
            "/etc/mocksmtp.toml: No such file or directory",
        )
