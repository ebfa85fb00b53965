"""The service that is asked."""

from __future__ import annotations

import atexit
import contextlib
import functools
import json
import os
import smtplib
import socket
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import attrs
import dns.message
import dns.query
from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.installed import is_installed, start

ADDRESS = "MOCKSMTP_TEST_ADDRESS"
PORTS = "MOCKSMTP_TEST_PORTS"
PATIENCE = 15

# No proxy that the environment names is between us and it.
_OPENER = build_opener(ProxyHandler({}))


@attrs.frozen
class Answer:
    """What the API has answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        """The document."""
        return json.loads(self.body)


@attrs.frozen
class Target:
    """Where the listeners are."""

    smtp: tuple[str, int]
    http: tuple[str, int]
    dns: tuple[str, int]


@functools.cache
def target() -> Target:
    """The service that the environment names, or one of our own."""
    address = os.environ.get(ADDRESS)
    if address:
        ports = os.environ.get(PORTS, "25 8000 53").split()
        return Target(*((address, int(port)) for port in ports))
    if not is_installed():
        raise SkipTest("mocksmtp is not installed beside this Python")
    stack = contextlib.ExitStack()
    program = start(stack.callback)
    atexit.register(stack.close)
    return Target(*(program.pair(name) for name in ("smtp", "http", "dns")))


class ContractCase(SynchronousTestCase):
    """Has the service as it was at its start."""

    def setUp(self) -> None:
        self.target = target()
        self.assertEqual(self.call("POST", "/reset?all=true").status, 204)

    def call(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """One request; `body` is a document, or bytes that are sent as they are."""
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
        host, port = self.target.http
        told = {name.replace("_", "-"): value for name, value in headers.items()}
        request = Request(f"http://{host}:{port}{path}", body, told, method=method)
        try:
            with _OPENER.open(request, timeout=PATIENCE) as response:
                return Answer(response.status, dict(response.headers), response.read())
        except HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read())

    def get(self, path: str) -> Any:
        """The document at `path`."""
        answer = self.call("GET", path)
        self.assertEqual(answer.status, 200, answer)
        return answer.json

    def smtp(self) -> smtplib.SMTP:
        """A client that has said EHLO."""
        client = smtplib.SMTP(*self.target.smtp, "client.test", timeout=PATIENCE)
        self.addCleanup(client.close)
        client.ehlo()
        return client

    def send(self, content: bytes = b"Subject: x\r\n\r\ntext\r\n", *to: str) -> None:
        """Deliver a mail from me@here.test."""
        self.smtp().sendmail("me@here.test", to or ["you@there.test"], content)

    def dialogue(self, sent: bytes) -> list[str]:
        """The lines that come back when all of `sent` goes out at once."""
        with socket.create_connection(self.target.smtp, PATIENCE) as client:
            client.sendall(sent)
            with client.makefile("r", newline="\r\n") as lines:
                return [line.rstrip("\r\n") for line in lines]

    def ask(self, name: str, kind: str, tcp: bool = False) -> dns.message.Message:
        """What DNS answers."""
        query = dns.message.make_query(name, kind)
        send = dns.query.tcp if tcp else dns.query.udp
        host, port = self.target.dns
        return send(query, host, PATIENCE, port=port)
