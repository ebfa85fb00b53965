"""A service for tests: a process of its own, or one that is running."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from mocksmtp.client.blocking import BlockingHostClient, BlockingMockClient
from mocksmtp.client.errors import MockError, PortInUse, StartFailed
from mocksmtp.client.requests import URL_VARIABLE
from mocksmtp.testing.blocking_sandbox import BlockingMockSMTP, create_host
from mocksmtp.testing.naming import HOME_DOMAIN, Place, token

_START_TIMEOUT = 30.0
"""Seconds in which the service must have started."""

_END_TIMEOUT = 5.0
"""Seconds in which it must have ended, before it is killed."""

_POLL = 0.01
"""Seconds between two checks whether the service has started."""

_FREE_PORTS = {
    "--smtp": "127.0.0.1:0",
    "--http": "127.0.0.1:0",
    "--dns": "127.0.0.1:0",
}


class MockServer:
    """
    A service that tests share, one after the other.

    :ivar client: a client of the whole service
    :ivar place: where it is
    """

    def __init__(
        self,
        client: BlockingMockClient,
        place: Place,
        process: subprocess.Popen[bytes] | None = None,
    ) -> None:
        self.client = client
        self.place = place
        self._process = process
        self._home: BlockingHostClient | None = None

    def __repr__(self) -> str:
        return f"<MockServer {self.url}>"

    @property
    def url(self) -> str:
        """The root of its API."""
        return self.client.url

    @property
    def pid(self) -> int | None:
        """The process that was started, or None."""
        return None if self._process is None else self._process.pid

    @classmethod
    def start(cls, *options: str) -> Self:
        """
        Start the service on free ports, in a process that ends with this one.

        :param options: those of ``mocksmtp serve``, as ``--smtp 127.0.0.1:25``
        :raises PortInUse: a port is in use
        :raises StartFailed: it cannot start for another reason
        """
        process, url = _start(options)
        try:
            client = BlockingMockClient(url, _token(options))
            server = cls(client, Place(url), process)
            server._read_status()
            server._serve_home()
        except BaseException:
            _end(process)
            raise
        return server

    @classmethod
    def connect(
        cls, url: str | None = None, token: str | None = None, *, alone: bool = True
    ) -> Self:
        """
        Use a service that is running; only what tests create there is removed.

        :param url: the root of its API; by default that of MOCKSMTP_URL
        :param alone: whether no other process tests with it at the same time
        :raises MockError: it cannot be used
        """
        client = BlockingMockClient(url, token)
        server = cls(client, Place(client.url, owned=False, alone=alone))
        server._read_status()
        server._find_home()
        return server

    def open(self, **options: Any) -> BlockingMockSMTP:
        """
        Create a mail host with domains of its own.

        :param options: those of `mocksmtp.testing.sandbox.MockSMTP.open`
        """
        if not self.place.is_local:
            options.setdefault("host", "default")
        return BlockingMockSMTP.open(self.client, self.place, **options)

    def stop(self) -> None:
        """End the service if it was started here, otherwise remove what was added."""
        with contextlib.suppress(MockError):
            if self._home is not None:
                self._home.delete()
        self.client.close()
        _end(self._process)
        self._process = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _read_status(self) -> None:
        """Find out what listens where."""
        status = self.client.status()
        place = self.place
        place.port = None if status.smtp is None else status.smtp[1]
        if status.dns is not None:
            address, port = status.dns
            place.dns = (address, port)
            if not place.is_local:
                place.dns = (place.reachable(f"{address}:{port}").split(":")[0], port)

    def _serve_home(self) -> None:
        """Let the default host be the mail exchange of the senders' domain."""
        dns = {"names": [self.place.home], "domains": [{"name": HOME_DOMAIN}]}
        self.client.host("default").change(dns=dns)

    def _find_home(self) -> None:
        """Create a mail exchange of the senders' domain, unless there is one."""
        place = self.place
        if not place.is_local:
            return
        name = f"home-{token()}"
        if not place.alone:
            # That of another process is removed when that process ends.
            place.home = f"{name}.{HOME_DOMAIN}"
            self._create_home(name)
            return
        found = self.client.route(f"postmaster@{HOME_DOMAIN}").exchanges
        host = found[0].addresses[0].host if found and found[0].addresses else None
        if found and host is not None:
            place.home, place.home_host = found[0].exchange, host
            return
        self._create_home(name)

    def _create_home(self, name: str) -> None:
        place = self.place
        dns = {"names": [place.home], "domains": [{"name": HOME_DOMAIN}]}
        self._home = create_host(self.client, place, name, {"dns": dns})
        place.home_host = self._home.name


def server_for_tests(
    options: tuple[str, ...] = (), *, alone: bool = True
) -> MockServer:
    """The service at MOCKSMTP_URL, or a new one."""
    if os.environ.get(URL_VARIABLE):
        return MockServer.connect(alone=alone)
    return MockServer.start(*options)


def _token(options: tuple[str, ...]) -> str | None:
    """The token among the options of the service."""
    for option, value in pairwise(options):
        if option == "--token":
            return value
    return next(
        (o.partition("=")[2] for o in options if o.startswith("--token=")), None
    )


def _start(options: tuple[str, ...]) -> tuple[subprocess.Popen[bytes], str]:
    """
    Start the process, and return it with the root of its API.

    Nothing remains in the file system, so that a killed test program leaves nothing.
    """
    with tempfile.TemporaryDirectory(prefix="mocksmtp-") as name:
        folder = Path(name)
        process = _started(folder, options)
        return process, json.loads((folder / "addresses.json").read_bytes())["url"]


def _started(folder: Path, options: tuple[str, ...]) -> subprocess.Popen[bytes]:
    """Start the process, and return when it has started."""
    given = {option.partition("=")[0] for option in options}
    arguments = [*options]
    for option, value in _FREE_PORTS.items():
        if option not in given:
            arguments += [option, value]
    addresses = folder / "addresses.json"
    arguments += ["--addresses-file", str(addresses), "--exit-with-stdin"]
    log = folder / "log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-P", "-m", "mocksmtp", "serve", *arguments],
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=_environment(),
            start_new_session=True,
        )
    deadline = time.monotonic() + _START_TIMEOUT
    while not addresses.exists():
        if process.poll() is not None:
            _end(process)
            raise _failure(log.read_text(errors="replace"))
        if time.monotonic() > deadline:
            _end(process)
            raise StartFailed(f"mocksmtp did not start within {_START_TIMEOUT:g} s")
        time.sleep(_POLL)
    return process


def _environment() -> dict[str, str]:
    """The environment without variables that configure another service."""
    return {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("MOCKSMTP_")
    }


def _failure(said: str) -> MockError:
    """The error of a process that has ended."""
    lines = [one.removeprefix("mocksmtp: ") for one in said.strip().splitlines()]
    reason = lines[-1] if lines else "it reports no reason"
    if "in use" in reason:
        return PortInUse(
            f"mocksmtp cannot start: {reason}; end the program that uses the port, or "
            "choose another one (port 0 is any free one)"
        )
    return StartFailed(f"mocksmtp cannot start: {reason}")


def _end(process: subprocess.Popen[bytes] | None) -> None:
    """End the process; it does so when its input ends."""
    if process is None:
        return
    if process.stdin is not None:
        with contextlib.suppress(OSError):
            process.stdin.close()
    try:
        process.wait(_END_TIMEOUT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
