"""What was measured of one load: the CPU time of each server."""

from statistics import median

from attrs import field, frozen

from benchmarks.kinds import MOCKSMTP


@frozen
class Figures:
    """The CPU time per mail in each round.

    Attributes:
        samples: seconds per mail, a round each, by the server's name.

    """

    samples: dict[str, list[float]] = field(factory=dict)

    def __contains__(self, name: object) -> bool:
        return bool(self.samples.get(str(name)))

    def seconds(self, name: str) -> float:
        """Return a server's median CPU time per mail, in seconds."""
        return median(self.samples[name])

    def spread(self, name: str) -> float:
        """Return half the distance of the extreme rounds, relative to the median."""
        rounds = self.samples[name]
        return (max(rounds) - min(rounds)) / 2 / median(rounds)

    def ratio(self, name: str) -> float | None:
        """Return a server's CPU per mail over mocksmtp's, None without mocksmtp."""
        if name not in self or MOCKSMTP.name not in self:
            return None
        return self.seconds(name) / self.seconds(MOCKSMTP.name)
