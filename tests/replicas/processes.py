"""Replicas as processes, and clients that use them at the same time."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import subprocess
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.installed import (
    BIN,
    FREE_PORTS,
    Program,
    clean_environment,
    is_installed,
    start,
)
from tests.soak.case import SERVE
from tests.store.redis_server import RedisServer

T = TypeVar("T")

PATIENCE = 30
"""Seconds that a client waits for a reply."""


class ReplicaProcesses(SynchronousTestCase):
    """
    A Redis server, and replicas that use it.

    :ivar replicas: those that were started
    """

    def setUp(self) -> None:
        if not is_installed():
            raise SkipTest("the programs are not installed")
        self.redis = RedisServer(self.addCleanup)
        self.replicas: list[Program] = []

    def start(self, count: int, config: str) -> None:
        """
        Start replicas.

        :param config: the text of their configuration file
        """
        path = Path(self.mktemp())
        path.write_text(config)
        for _ in range(count):
            self.add("--config", str(path.absolute()))

    def add(self, *options: str, url: str | None = None) -> Program:
        """Start one more replica."""
        store = ("--store", self.redis.url if url is None else url)
        program = start(self.addCleanup, SERVE, (*FREE_PORTS, *store, *options))
        self.replicas.append(program)
        return program

    def fail_to_start(self, url: str, *options: str) -> str:
        """Start a replica that fails; return its only line."""
        ended = subprocess.run(
            [
                str(BIN / "mocksmtp"),
                "serve",
                "--quiet",
                *FREE_PORTS,
                "--store",
                url,
                *options,
            ],
            env=clean_environment(),
            cwd=self.redis.folder,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=60,
        )
        self.assertNotEqual(ended.returncode, 0, ended)
        (line,) = ended.stderr.splitlines()
        return line

    def clients(self, count: int) -> list[Client]:
        """Connections, by turns to each replica."""
        return [
            Client(self.replicas[number % len(self.replicas)].pair("smtp"))
            for number in range(count)
        ]


def client_of(service: Program) -> smtplib.SMTP:
    """A client that has said EHLO."""
    client = smtplib.SMTP(*service.pair("smtp"), timeout=60)
    client.ehlo("client.test")
    return client


def attempt(client: smtplib.SMTP, recipient: str, content: bytes = b"x\r\n") -> int:
    """The code of the reply that decides on a mail to one recipient."""
    client.mail("alice@x.test")
    code, _ = client.rcpt(recipient)
    if code == 250:
        return client.data(content)[0]
    client.rset()
    return code


class Client:
    """A connection, in lock-step or with pipelined groups."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._socket = socket.create_connection(address, PATIENCE)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._lines = self._socket.makefile("rb")
        self.reply()

    def reply(self) -> str:
        """The code of the next reply, or nothing at the end of the connection."""
        while True:
            line = self._lines.readline()
            if line[3:4] != b"-":
                return line[:3].decode()

    def send(self, *lines: str) -> None:
        """Send lines together."""
        self._socket.sendall("".join(f"{line}\r\n" for line in lines).encode())

    def say(self, *lines: str) -> list[str]:
        """Send lines together; return the codes of their replies."""
        self.send(*lines)
        return [self.reply() for _ in lines]

    def close(self) -> None:
        """Reset or close the connection."""
        self._lines.close()
        self._socket.close()


def at_once(work: Callable[[Any], list[T]], each: Iterable[Any]) -> list[T]:
    """Do some work for each of several things at the same time; join the results."""
    things = [*each]
    with ThreadPoolExecutor(len(things)) as pool:
        return [result for part in pool.map(work, things) for result in part]


class Proxy:
    """
    A way to Redis that can be cut while an answer is on its way.

    :ivar url: what `--store` is given
    """

    def __init__(self, redis: RedisServer) -> None:
        self._to = ("127.0.0.1", redis.port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"redis://127.0.0.1:{self._listener.getsockname()[1]}/0"
        self._open: list[socket.socket] = []
        self._armed = threading.Event()
        self.cuts = 0
        self.is_closed = False
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                if self.is_closed:
                    client.close()
                    continue
                server = socket.create_connection(self._to)
                self._open += [client, server]
                for pair in (client, server), (server, client):
                    threading.Thread(target=self._copy, args=pair, daemon=True).start()

    def _copy(self, source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                # Redis has done what was asked; who asked does not hear of it.
                if source.getpeername() == self._to and self._armed.is_set():
                    self._armed.clear()
                    self.cuts += 1
                    break
                target.sendall(data)
        for one in source, target:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def cut_next_answer(self) -> None:
        """End the next connection on which Redis answers, without its answer."""
        self._armed.set()

    def close_all(self) -> None:
        """Cut all connections, and refuse others until `reopen`."""
        self.is_closed = True
        for one in self._open:
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def reopen(self) -> None:
        """Accept connections again."""
        self.is_closed = False

    def end(self) -> None:
        """Close everything."""
        self._listener.close()
        self.close_all()
