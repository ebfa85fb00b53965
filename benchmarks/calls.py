"""Python calls of one mail and of one PUT: ``python -m benchmarks.calls``.

Counts calls of Python functions (not of C functions) with `sys.setprofile`, in memory,
without sockets or threads, so that every run gives the same figures. The clock and the
transport, which stand in for real ones, are not counted. ``--list`` shows the calls of
each function.
"""

import argparse
import itertools
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import orjson
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from benchmarks.content import content_of
from mocksmtp.core.host import MailHost
from mocksmtp.core.mock import Mock
from mocksmtp.core.zone import Zone
from mocksmtp.http.site import HttpSettings, ServiceInfo, make_site
from mocksmtp.smtp.factory import MockSMTPFactory

ENVELOPE = b"MAIL FROM:<from@client.test>\r\nRCPT TO:<to@server.test>\r\nDATA\r\n"
BEHAVIOR = {
    "command": "RCPT TO",
    "condition": {"operator": "contains", "matchingValue": "bob@"},
    "response": {"code": 450, "message": "4.2.1 Mailbox busy"},
    "numberOfAnswer": 1,
}


_HARNESS = (__file__, "twisted/internet/testing.py", "twisted/internet/task.py")
_PROJECT = str(Path(__file__).parents[1]) + "/"


def _short(path: str) -> str:
    return path.removeprefix(_PROJECT).rpartition("/site-packages/")[2]


def count_calls(work: Callable[[], object]) -> Counter[str]:
    """Do some work, and return how often it called each Python function."""
    calls: Counter[str] = Counter()

    def count(frame: FrameType, event: str, _: Any) -> None:
        code = frame.f_code
        if event == "call" and not code.co_filename.endswith(_HARNESS):
            calls[f"{_short(code.co_filename)} {code.co_qualname}"] += 1

    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
    return calls


def calls_of_mail() -> Counter[str]:
    """Count the calls of one mail of 1 KiB on a connection that pipelines.

    Raises:
        AssertionError: it was not accepted.

    """
    host = MailHost("default", "mx.test")
    factory = MockSMTPFactory(host, Clock(), itertools.count(1))
    transport = StringTransport()
    protocol = factory.buildProtocol(None)
    protocol.makeConnection(transport)
    protocol.dataReceived(b"EHLO client.test\r\n" + ENVELOPE)
    packet = content_of(1024) + b".\r\n" + ENVELOPE
    for _ in range(10):
        protocol.dataReceived(packet)
    transport.clear()
    calls = count_calls(lambda: protocol.dataReceived(packet))
    codes = [line[:3] for line in transport.value().splitlines()]
    assert codes == [b"250", b"250", b"250", b"354"], codes
    return calls


def calls_of_put() -> Counter[str]:
    """Count the calls of one PUT of a behavior on a connection that stays open.

    Raises:
        AssertionError: it was not accepted.

    """
    clock = Clock()
    mock = Mock(MailHost("default", "mx.test"), Zone())
    info = ServiceInfo(clock.seconds())
    site = make_site(mock, clock, HttpSettings(), info)
    transport = StringTransport()
    protocol = site.buildProtocol(None)
    protocol.makeConnection(transport)
    body = orjson.dumps([BEHAVIOR])
    request = (
        b"PUT /smtpBehaviors HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n"
    )
    packet = request % len(body) + b"\r\n" + body

    def put() -> None:
        protocol.dataReceived(packet)
        clock.advance(0)

    for _ in range(10):
        put()
    transport.clear()
    calls = count_calls(put)
    status = transport.value().split(b"\r\n", 1)[0]
    assert status.split()[1] == b"204", status
    protocol.connectionLost(Failure(ConnectionDone()))
    return calls


COUNTS = {
    "1 KiB mail, pipelined": calls_of_mail,
    "PUT of a behavior": calls_of_put,
}


def main() -> None:
    """Print the counts."""
    parser = argparse.ArgumentParser("python -m benchmarks.calls", description=__doc__)
    parser.add_argument("--list", action="store_true", help="show each function")
    options = parser.parse_args()
    for title, count in COUNTS.items():
        calls = count()
        own = sum(number for name, number in calls.items() if "mocksmtp" in name)
        print(f"{title}: {calls.total()} calls, {own} of them in mocksmtp")
        for name, number in calls.most_common() if options.list else ():
            print(f"{number:7} {name}")


if __name__ == "__main__":
    main()
