"""Whether a content 64 times as large costs 64 times as much."""

from statistics import median

from attrs import frozen

from benchmarks.clients import Segments
from benchmarks.loads import MIB
from benchmarks.measure import Plan, cpu_per_mail
from benchmarks.servers import Server

LARGE = 64
"""How many times the small content the large one has."""

_SMALL_MAILS = 8  # in a round


@frozen
class Growth:
    """CPU time of one mail whose content comes in segments of 1 KiB.

    Attributes:
        small: seconds for 1 MiB.
        large: seconds for 64 MiB.

    """

    small: float
    large: float

    @property
    def ratio(self) -> float:
        """How many times as much the large mail costs."""
        return self.large / self.small


def measure_growth(server: Server, plan: Plan) -> Growth:
    """Send both sizes in turns, and take the medians.

    Raises:
        BenchmarkError: a mail was not accepted.

    """
    small, large = Segments(MIB), Segments(LARGE * MIB)
    pairs = [
        (
            cpu_per_mail(server, small, _SMALL_MAILS, plan.time_limit),
            cpu_per_mail(server, large, 1, plan.time_limit),
        )
        for _ in range(plan.rounds)
    ]
    return Growth(median(s for s, _ in pairs), median(b for _, b in pairs))
