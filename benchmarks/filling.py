"""Whether a mail costs more the more of them are kept."""

from attrs import frozen

from benchmarks.clients import Pipelining
from benchmarks.comparison import Comparison
from benchmarks.kinds import MOCKSMTP
from benchmarks.loads import KIB
from benchmarks.measure import Plan
from benchmarks.servers import Server, start

_PARTS = 10
_ROUNDS = 5  # each fills a mailbox
_WARM_UP = 2000  # mails
_TIME_LIMIT = 180.0  # seconds for a part


@frozen
class Filling:
    """The cost of the first tenth of the mails, which is the usual, and of the last.

    Attributes:
        kept: how many mails were kept in the end.
        cost: of mails of 1 KiB, pipelined.

    """

    kept: int
    cost: Comparison


def measure_filling(plan: Plan) -> Filling:
    """Fill the mailboxes of some mocksmtps, each from empty.

    Raises:
        BenchmarkError: one could not be started, or did not keep every mail.

    """
    cost = Comparison([], [])
    for _ in range(min(_ROUNDS, plan.rounds)):
        with start(MOCKSMTP) as server:
            Pipelining(KIB).send(server.smtp, _WARM_UP, _TIME_LIMIT)
            server.start_over()
            parts = [_send(server, plan.kept // _PARTS) for _ in range(_PARTS)]
            server.check_kept(plan.kept // _PARTS * _PARTS)
        cost.usual.append(parts[0])
        cost.other.append(parts[-1])
    return Filling(plan.kept, cost)


def _send(server: Server, mails: int) -> float:
    """Send some more, and return the CPU seconds of each."""
    before = server.cpu_seconds()
    Pipelining(KIB).send(server.smtp, mails, _TIME_LIMIT)
    return (server.cpu_seconds() - before) / mails
