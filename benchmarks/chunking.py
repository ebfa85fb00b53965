"""Whether a large content costs less by BDAT than by DATA."""

from benchmarks.clients import Pipelining
from benchmarks.comparison import Comparison
from benchmarks.loads import MIB
from benchmarks.lockstep import Chunks
from benchmarks.measure import Plan, cpu_per_mail
from benchmarks.servers import Server

SIZE = 25 * MIB

_MAILS = 4  # in a round


def measure_chunking(server: Server, plan: Plan) -> Comparison:
    """Send the same content by DATA, which is the usual way, and by BDAT, in turns.

    Raises:
        BenchmarkError: a mail was not accepted.

    """
    usual, other = Pipelining(SIZE, connections=1), Chunks(SIZE)
    comparison = Comparison([], [])
    for turn in range(-1, plan.rounds):
        costs = [
            cpu_per_mail(server, client, _MAILS, plan.time_limit)
            for client in (usual, other)
        ]
        if turn >= 0:
            comparison.usual.append(costs[0])
            comparison.other.append(costs[1])
    return comparison
