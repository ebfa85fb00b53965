"""What a mail costs one server in two ways."""

from statistics import median

from attrs import frozen


@frozen
class Comparison:
    """CPU seconds per mail, a round each.

    Attributes:
        usual: in the way that is compared with.
        other: in the way that is compared.

    """

    usual: list[float]
    other: list[float]

    @property
    def speed(self) -> float:
        """How fast the other way is, as a multiple of the usual one."""
        return median(self.usual) / median(self.other)

    def __str__(self) -> str:
        """Tell both, the other one first, in a unit that suits them."""
        unit, factor = ("ms", 1e3) if median(self.usual) > 1e-3 else ("µs", 1e6)
        other, usual = median(self.other) * factor, median(self.usual) * factor
        return f"{other:.1f} {unit}, {usual:.1f} {unit}"
