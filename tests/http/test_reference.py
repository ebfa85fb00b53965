"""Every operation is explained, and its example works"""

from __future__ import annotations

import shlex
import smtplib
import socket
import struct
from typing import Any

import orjson
import treq
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import SynchronousTestCase, TestCase

from mocksmtp.http.app import MOUNTS
from mocksmtp.http.openapi import describe_api, explanation, with_examples
from mocksmtp.http.portable import portable
from mocksmtp.http.reference import EXPLAINED, MEANINGS, SETUP
from mocksmtp.testing import start_mock
from mocksmtp.testing.running import RunningMock
from tests.http.rig import Rig

DOCUMENT = with_examples(portable(describe_api(MOUNTS, False)), MOUNTS)

OPERATIONS = {
    f"{method.upper()} {path}": operation
    for path, operations in DOCUMENT["paths"].items()
    for method, operation in operations.items()
}

STREAM = "/events"

MAIL = "Subject: hi\nMIME-Version: 1.0\nContent-Type: text/html\n\n<p>text\n"


class TextTests(SynchronousTestCase):
    """In both descriptions"""

    def test_every_operation_and_parameter_is_described(self) -> None:
        """With a name of its own, a summary, a description and an example."""
        names = set()
        for place, operation in OPERATIONS.items():
            for text in "summary", "description":
                self.assertTrue(operation[text].endswith("."), place)
            for parameter in operation["parameters"]:
                self.assertTrue(parameter["description"], place)
            (sample,) = operation["x-codeSamples"]
            self.assertTrue(sample["source"].startswith("curl -s "), place)
            names.add(operation["operationId"])
        self.assertEqual(len(names), len(OPERATIONS))

    def test_nothing_else_is_explained(self) -> None:
        """Each explanation belongs to a route, each meaning to a parameter."""
        used = [explanation(route) for mount in MOUNTS for route in mount.routes]
        unused = [name for name, one in EXPLAINED.items() if one not in used]
        self.assertEqual(unused, [])
        known = {
            parameter["name"]
            for operation in Rig().get("/openapi-strict.json")["paths"].values()
            for method in operation.values()
            for parameter in method["parameters"]
        }
        self.assertEqual(MEANINGS.keys() - known, set())


class ExampleTests(TestCase):
    """The commands in the description"""

    timeout = 120

    async def test_every_example_is_accepted(self) -> None:
        """As told, by a service that has received one mail and one query."""
        read = await self.prepared()
        failed = []
        for place, operation in OPERATIONS.items():
            if place.endswith(STREAM):
                continue  # it ends when the client leaves
            method, path, data = request_of(operation["x-codeSamples"][0]["source"])
            mock = read if method == "GET" else await self.prepared()
            answer = await ask(mock, method, path, data)
            told = await answer.content()
            if str(answer.code) not in operation["responses"] or answer.code >= 300:
                failed.append((place, told))
        self.assertEqual(failed, [], failed)

    async def prepared(self) -> RunningMock:
        """A service as the examples expect it."""
        mock = await start_mock(self.addCleanup)
        for method, path, document in SETUP:
            answer = await ask(mock, method, path, orjson.dumps(document))
            self.assertLess(answer.code, 300, await answer.text())
        await deferToThread(_send, mock.smtp)
        await deferToThread(_query, mock.dns)
        return mock


def request_of(command: str) -> tuple[str, str, bytes | None]:
    """What a command of curl sends."""
    words = shlex.split(command)
    method = words[words.index("-X") + 1] if "-X" in words else "GET"
    data = words[-1].encode() if "--data" in words else None
    (url,) = (word for word in words if word.startswith("http:"))
    return method, url.removeprefix("http://127.0.0.1:8000"), data


async def ask(mock: RunningMock, method: str, path: str, data: bytes | None) -> Any:
    """The answer to a request."""
    return await treq.request(method, mock.url + path, data=data, persistent=False)


def _send(address: tuple[str, int]) -> None:
    with smtplib.SMTP(*address, timeout=10) as client:
        client.sendmail("me@here.test", ["you@there.test"], MAIL)


def _query(address: tuple[str, int]) -> None:
    name = b"".join(bytes([len(x)]) + x for x in (b"there", b"test", b""))
    with socket.create_connection(address, timeout=10) as client:
        query = struct.pack("!6H", 7, 0, 1, 0, 0, 0) + name + struct.pack("!2H", 15, 1)
        client.sendall(struct.pack("!H", len(query)) + query)
        client.recv(1000)
