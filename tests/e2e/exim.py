"""An Exim of Debian's package, which is unpacked and not installed.

The package conflicts with that of Postfix. The program reads its configuration, and
looks up its user, below /etc: it gets one of its own.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import shutil
import smtplib
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from twisted.trial.unittest import SkipTest

from tests.e2e.api import Api
from tests.e2e.namespaces import Namespace, connect, namespaces
from tests.e2e.postfix import ADDRESS
from tests.e2e.program import PATIENCE, Program, find
from tests.e2e.rig import readable_files
from tests.e2e.service import DNS, Service

_USER = "Debian-exim"
_ID = 64999
_PACKAGES = ("exim4-daemon-light", "exim4-base")

# Every mail is tried again after a second.
_CONFIGURATION = """
exim_path = {program}
primary_hostname = mta.test
spool_directory = {spool}
log_file_path = {log}/%slog
local_interfaces = 127.0.0.1
daemon_smtp_ports = 25
acl_smtp_rcpt = accept_all
tls_advertise_hosts =

begin acl

accept_all:
  accept

begin routers

remote:
  driver = dnslookup
  transport = remote_smtp

begin transports

remote_smtp:
  driver = smtp
  hosts_avoid_tls = *
  hosts_try_dane =

begin retry

* * F,5m,1s
"""

# What this process mounts nobody else sees: it has a mount namespace of its own.
_WITH_ETC = 'mount --bind "$0" /etc && exec "$@"'


class Exim:
    """
    A mail server that asks the mock's DNS where mail is to go.

    :param namespace: where it runs
    :param directory: for the program, its configuration and its queue
    :raises SkipTest: it can't be had on this machine
    """

    def __init__(self, namespace: Namespace, directory: Path) -> None:
        program = _unpack(directory)
        namespace.set_addresses(ADDRESS)
        self._namespace = namespace
        command = [program, "-bdf", "-q1s"]
        etc = str(_configure(directory, program))
        self._program = Program(
            namespace.command("sh", "-c", _WITH_ETC, etc, *command), directory
        )

    def wait(self) -> None:
        """Return once it accepts mail."""
        deadline = time.monotonic() + PATIENCE
        while True:
            try:
                self._namespace.call(_connect)
            except OSError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """End it."""
        self._program.stop()

    def submit(self, sender: str, recipients: list[str], content: bytes) -> None:
        """Hand it a mail, as a program on the same machine does."""
        self._namespace.call(_send, sender, recipients, content)


def _unpack(directory: Path) -> str:
    """Fetch the packages; returns the path of the program."""
    fetch = [find("apt-get", "apt"), "-qq", "download", *_PACKAGES]
    try:
        subprocess.run(
            fetch, cwd=directory, check=True, capture_output=True, timeout=PATIENCE
        )
    except (subprocess.CalledProcessError, subprocess.TimeoutExpired):
        raise SkipTest("no Exim: its packages can't be fetched") from None
    for package in directory.glob("*.deb"):
        unpack = [find("dpkg-deb", "dpkg"), "-x", str(package), str(directory)]
        subprocess.run(unpack, check=True)
    program = directory / "usr/sbin/exim4"
    needed = subprocess.run(
        ["ldd", str(program)], check=True, capture_output=True, text=True
    )
    if "not found" in needed.stdout:
        raise SkipTest(f"no Exim: it lacks a library\n{needed.stdout}")
    return str(program)


def _configure(directory: Path, program: str) -> Path:
    """Make the directories that it needs; returns its /etc."""
    etc, spool, log = (directory / name for name in ("own-etc", "spool", "log"))
    (etc / "exim4").mkdir(parents=True)
    for path in (spool, log):
        path.mkdir()
        shutil.chown(path, _ID, _ID)
    for name in ("nsswitch.conf", "services", "protocols", "ld.so.cache"):
        if Path("/etc", name).exists():
            shutil.copy(Path("/etc", name), etc / name)
    for name, more in (
        ("passwd", f":{_ID}:{_ID}::/:/bin/false"),
        ("group", f":{_ID}:"),
    ):
        # A user of an earlier installation would come first, with another number.
        lines = Path("/etc", name).read_text().splitlines(keepends=True)
        others = [line for line in lines if not line.startswith(f"{_USER}:")]
        (etc / name).write_text(f"{''.join(others)}{_USER}:x{more}\n")
    (etc / "hosts").write_text("127.0.0.1 localhost\n")
    (etc / "resolv.conf").write_text(f"nameserver {DNS}\noptions timeout:1\n")
    configuration = _CONFIGURATION.format(spool=spool, log=log, program=program)
    (etc / "exim4/exim4.conf").write_text(configuration)
    return etc


def _connect() -> None:
    socket.create_connection(("127.0.0.1", 25), PATIENCE).close()


def _send(sender: str, recipients: list[str], content: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", 25, "client.test", PATIENCE) as client:
        client.sendmail(sender, recipients, content)


def shared_exim() -> tuple[Exim, Api]:
    """
    An Exim and the mock, which end with this process.

    :raises SkipTest: they can't be had on this machine
    """
    outcome = _started()
    if isinstance(outcome, Exception):
        raise outcome
    return outcome


@functools.cache
def _started() -> tuple[Exim, Api] | Exception:
    """What came of the one start."""
    with contextlib.ExitStack() as stack:
        try:
            with readable_files():
                rig = _start(stack)
        except Exception as error:
            return error
        atexit.register(stack.pop_all().close)
        return rig


def _start(stack: contextlib.ExitStack) -> tuple[Exim, Api]:
    temporary = tempfile.TemporaryDirectory(prefix="mocksmtp-e2e-")
    directory = Path(stack.enter_context(temporary))
    directory.chmod(0o755)
    for name in "exim", "mock":
        (directory / name).mkdir()
    mta, mock = stack.enter_context(namespaces("exim", "eximmock"))
    connect(mta, mock)
    service = Service(mock, directory / "mock")
    stack.callback(service.stop)
    service.wait()
    exim = Exim(mta, directory / "exim")
    stack.callback(exim.stop)
    exim.wait()
    return exim, service.api
