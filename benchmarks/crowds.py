"""Whether a mail costs more where many connections are busy at once."""

from attrs import frozen

from benchmarks.comparison import Comparison
from benchmarks.kinds import FLOOR, MOCKSMTP
from benchmarks.loads import KIB
from benchmarks.lockstep import Crowd
from benchmarks.measure import Plan, cpu_per_mail
from benchmarks.servers import Server, start

FEW, MANY = 10, 500
"""Connections at once."""

_MAILS = 4000  # in a round, so that each of many connections sends several


@frozen
class Crowds:
    """What a mail of 1 KiB costs among many connections, beside what it does among few.

    The connections are open before the first mail: what they cost is another load.

    Attributes:
        servers: by the servers' names; the floor tells what is Twisted's part.

    """

    servers: dict[str, Comparison]


def measure_crowds(plan: Plan) -> Crowds:
    """Keep few connections busy and many in turns.

    Raises:
        BenchmarkError: a mail was not accepted.

    """
    servers: dict[str, Comparison] = {}
    for kind in MOCKSMTP, FLOOR:
        with start(kind) as server:
            servers[kind.name] = _compare(server, plan)
    return Crowds(servers)


def _compare(server: Server, plan: Plan) -> Comparison:
    comparison = Comparison([], [])
    for turn in range(-1, plan.rounds):
        few, many = (_busy(server, plan, connections) for connections in (FEW, MANY))
        if turn >= 0:
            comparison.usual.append(few)
            comparison.other.append(many)
    return comparison


def _busy(server: Server, plan: Plan, connections: int) -> float:
    mails = max(1, _MAILS // plan.share)
    with Crowd(server.smtp, connections, KIB, plan.time_limit) as crowd:
        return cpu_per_mail(server, crowd, mails, plan.time_limit)
