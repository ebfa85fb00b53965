"""What memory a connection takes that has said EHLO and nothing more."""

import time
from contextlib import ExitStack

from attrs import frozen

from benchmarks.conversation import Conversation
from benchmarks.kinds import FLOOR, MOCKSMTP, SECURE_KINDS
from benchmarks.measure import Plan
from benchmarks.servers import Kind, Server, start

_CONNECTIONS = 2000
_FIRST = 200  # connections that take what room the start has left
_SETTLE = 0.2  # seconds
_TIME_LIMIT = 120.0  # seconds


@frozen
class Idle:
    """Growth of the resident memory in bytes per connection, by the server's name.

    Attributes:
        connections: how many were open at once, besides the first ones, which take
            what room the start has left.
        clear: without TLS.
        tls: with TLS from the first byte.

    """

    connections: int
    clear: dict[str, float]
    tls: dict[str, float]


def measure_idle(plan: Plan) -> Idle:
    """Open many connections to servers that are new.

    Raises:
        BenchmarkError: a connection was refused.

    """
    count = _CONNECTIONS // plan.share
    clear, tls = (
        {kind.name: _growth(kind, count) for kind in kinds}
        for kinds in ((MOCKSMTP, FLOOR), SECURE_KINDS)
    )
    return Idle(count, clear, tls)


def _growth(kind: Kind, count: int) -> float:
    with start(kind) as server, ExitStack() as opened:
        _open(server, opened, min(_FIRST, count))
        before = server.resident_bytes()
        _open(server, opened, count)
        return (server.resident_bytes() - before) / count


def _open(server: Server, opened: ExitStack, count: int) -> None:
    """Have some more connections, and what they have left to do done."""
    for _ in range(count):
        conversation = Conversation(server.smtp, _TIME_LIMIT, server.kind.secure)
        opened.enter_context(conversation).greet()
    time.sleep(_SETTLE)
