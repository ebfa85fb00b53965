"""Python calls of one mail and of one PUT: ``python -m benchmarks.calls [--list]``.

Counts Python functions with `sys.setprofile`, in memory, so that every run gives the
same figures. The clock and the transport, which stand in for real ones, do not count.
``--list`` shows the calls of each function.
"""

import gc
import itertools
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure

from benchmarks.clients import pipelined
from mocksmtp.hosts.host import MailHost
from mocksmtp.http.site import HttpSettings, ServiceInfo, make_site
from mocksmtp.mock import Mock
from mocksmtp.smtp.factory import MockSMTPFactory
from mocksmtp.zone.zone import Zone

BEHAVIOR = (
    b'[{"command":"RCPT TO","condition":{"operator":"contains","matchingValue":"bob@"},'
    b'"response":{"code":450,"message":"4.2.1 Mailbox busy"},"numberOfAnswer":1}]'
)
_HARNESS = (__file__, "twisted/internet/testing.py", "twisted/internet/task.py")
_PROJECT = str(Path(__file__).parents[1]) + "/"


def count_calls(work: Callable[[], object]) -> Counter[str]:
    """Return how often some work, done for the 11th time, calls each function."""
    calls: Counter[str] = Counter()

    def count(frame: FrameType, event: str, _: Any) -> None:
        path, name = frame.f_code.co_filename, frame.f_code.co_qualname
        if event == "call" and not path.endswith(_HARNESS):
            short = path.removeprefix(_PROJECT).rpartition("/site-packages/")[2]
            calls[f"{short} {name}"] += 1

    for _ in range(10):
        work()
    # A collection would call the callbacks of other programs, at any moment.
    gc.disable()
    sys.setprofile(count)
    try:
        work()
    finally:
        sys.setprofile(None)
        gc.enable()
    return calls


def calls_of_mail() -> Counter[str]:
    """Count the calls of one mail of 1 KiB on a connection that pipelines."""
    transport = StringTransport()
    host = MailHost("default", "mx.test")
    protocol = MockSMTPFactory(host, Clock(), itertools.count(1)).buildProtocol(None)
    protocol.makeConnection(transport)
    (begin, _), (packet, codes), *_ = pipelined(1024)(3)
    protocol.dataReceived(b"EHLO client.test\r\n" + begin)
    calls = count_calls(lambda: protocol.dataReceived(packet))
    assert [line[:3] for line in transport.value().splitlines()[-4:]] == codes
    return calls


def calls_of_put() -> Counter[str]:
    """Count the calls of one PUT of a behavior on a connection that stays open."""
    clock, transport = Clock(), StringTransport()
    mock = Mock(MailHost("default", "mx.test"), Zone())
    info = ServiceInfo(clock.seconds())
    protocol = make_site(mock, clock, HttpSettings(), info).buildProtocol(None)
    protocol.makeConnection(transport)
    head = b"PUT /smtpBehaviors HTTP/1.1\r\nHost: localhost\r\nContent-Length: "

    def put() -> None:
        protocol.dataReceived(b"%b%d\r\n\r\n%b" % (head, len(BEHAVIOR), BEHAVIOR))
        clock.advance(0)

    calls = count_calls(put)
    assert transport.value().count(b"HTTP/1.1 204 ") == 11, transport.value()
    protocol.connectionLost(Failure(ConnectionDone()))
    return calls


COUNTS = {"1 KiB mail, pipelined": calls_of_mail, "PUT of a behavior": calls_of_put}

if __name__ == "__main__":
    for title, count in COUNTS.items():
        calls = count()
        own = sum(number for name, number in calls.items() if "mocksmtp" in name)
        print(f"{title}: {calls.total()} calls, {own} of them in mocksmtp")
        for name, number in calls.most_common() if "--list" in sys.argv else ():
            print(f"{number:7} {name}")
