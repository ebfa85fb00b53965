"""Replicas as processes, and clients that use them at the same time."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.installed import FREE_PORTS, Program, is_installed, start
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
        options = ("serve", "--store", self.redis.url, "--config", str(path.absolute()))
        for _ in range(count):
            program = start(self.addCleanup, ("mocksmtp", *options), FREE_PORTS)
            self.replicas.append(program)

    def clients(self, count: int) -> list[Client]:
        """Connections, by turns to each replica."""
        return [
            Client(self.replicas[number % len(self.replicas)].pair("smtp"))
            for number in range(count)
        ]


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

    def say(self, *lines: str) -> list[str]:
        """Send lines together; return the codes of their replies."""
        self._socket.sendall("".join(f"{line}\r\n" for line in lines).encode())
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
