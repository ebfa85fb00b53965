"""Turns what was measured into rows of the report."""

from collections.abc import Sequence

from attrs import field, frozen

from benchmarks.figures import Figures
from benchmarks.growth import LARGE, Growth
from benchmarks.kinds import KINDS, MOCKSMTP
from benchmarks.loads import KIB, MIB, Ask, Load
from benchmarks.memory import PAGE, Memory

_LEAST_KEPT = 3 * KIB  # bytes per mail
_LONGEST_GAP = 0.050  # seconds
_NOISE = 1.25  # what is taken for "the same" where growth is measured
_TITLES = {kind.name: kind.title for kind in KINDS}


@frozen
class Row:
    """One line of the report.

    Attributes:
        title: what was done.
        asked: what mocksmtp is asked for.
        measured: what it did.
        met: whether that is what was asked; None where it was not measured.
        cells: CPU time per mail in words, by the server's name.

    """

    title: str
    asked: str
    measured: str
    met: bool | None = None
    cells: dict[str, str] = field(factory=dict)


def load_row(load: Load, figures: Figures) -> Row:
    """Describe a load that servers were put under."""
    ratios = [figures.ratio(ask.against) for ask in load.asks]
    known = [
        (ratio, ask)
        for ratio, ask in zip(ratios, load.asks, strict=True)
        if ratio is not None
    ]
    return Row(
        title=load.title,
        asked=", ".join(_asked(ask) for ask in load.asks),
        measured=", ".join(_found(ratio, ask) for ratio, ask in known),
        met=all(ratio >= ask.at_least for ratio, ask in known) if known else None,
        cells={name: _cell(figures, name) for name in figures.samples},
    )


def _asked(ask: Ask) -> str:
    aim = f" (aim {ask.aim:g}x)" if ask.aim else ""
    return f"≥{ask.at_least:.3g}x {_TITLES[ask.against]}{aim}"


def _found(ratio: float, ask: Ask) -> str:
    return f"{ratio:.2f}x {_TITLES[ask.against]}"


def _cell(figures: Figures, name: str) -> str:
    """Tell microseconds per mail, the spread of the rounds, and the ratio."""
    cost = f"{figures.seconds(name) * 1e6:.0f} ±{figures.spread(name):.0%}"
    ratio = figures.ratio(name)
    if ratio is None or name == MOCKSMTP.name:
        return cost
    return f"{cost} {ratio:.2f}x"


def growth_row(growth: Growth) -> Row:
    """Describe how the cost of a content grows with its size."""
    return Row(
        title=f"DATA of {LARGE} MiB in 1 KiB segments",
        asked=f"{LARGE}x that of 1 MiB",
        measured=f"{growth.ratio:.1f}x",
        met=growth.ratio <= LARGE * _NOISE,
        cells={
            MOCKSMTP.name: f"{growth.large * 1e3:.0f} ms, {growth.small * 1e3:.1f} ms"
        },
    )


def memory_rows(memory: Memory) -> Sequence[Row]:
    """Describe what a full mailbox costs."""
    few, many, stall = memory.few, memory.many, memory.stall
    return (
        Row(
            title=f"{memory.kept:,} mails of 1 KiB kept",
            asked=f"<{_LEAST_KEPT / KIB:g} KiB each",
            measured=f"{memory.bytes_per_mail / KIB:.2f} KiB each",
            met=memory.bytes_per_mail < _LEAST_KEPT,
        ),
        Row(
            title=f"GET /smtpMails?limit={PAGE} of {memory.kept:,}",
            asked=f"as much as of {PAGE}",
            measured=f"{many.cpu / few.cpu:.2f}x",
            met=many.cpu <= few.cpu * _NOISE,
            cells={
                MOCKSMTP.name: f"{many.cpu * 1e3:.1f} ms, was {few.cpu * 1e3:.1f} ms"
            },
        ),
        Row(
            title=f"GET /smtpMails, {memory.listing_bytes / MIB:.0f} MiB"
            f" in {stall.elapsed:.1f} s",
            asked=f"SMTP waits ≤{_LONGEST_GAP * 1e3:.0f} ms",
            measured=f"{stall.gap * 1e3:.1f} ms (idle {stall.idle_gap * 1e3:.1f} ms)",
            met=stall.gap <= _LONGEST_GAP,
        ),
    )
