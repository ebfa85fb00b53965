"""Turns what was measured into rows of the report."""

from collections.abc import Sequence

from attrs import field, frozen

from benchmarks.checking import Checking
from benchmarks.chunking import SIZE
from benchmarks.comparison import Comparison
from benchmarks.crowds import FEW, MANY, Crowds
from benchmarks.figures import Figures
from benchmarks.filling import Filling
from benchmarks.growth import LARGE, Growth
from benchmarks.idle import Idle
from benchmarks.kinds import KINDS, MOCKSMTP
from benchmarks.loads import KIB, MIB, Ask, Load
from benchmarks.memory import PAGE, Memory

_LEAST_KEPT = 3 * KIB  # bytes per mail
_LEAST_IDLE = 30 * KIB  # bytes per connection
_LEAST_SPEED = 0.8  # of few connections, with many
_FLAT = 0.10  # by how much more a mail may cost when many are kept
_CHECKED = 0.25  # by how much more a mail may cost when 100 behaviors are checked
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
        met=_is_met(known),
        cells={name: _cell(figures, name) for name in figures.samples},
    )


def _is_met(known: Sequence[tuple[float, Ask]]) -> bool | None:
    """Whether all is met that is asked; what is hoped for does not count."""
    asked = [ratio >= ask.at_least for ratio, ask in known if ask.at_least is not None]
    return all(asked) if asked else None


def _asked(ask: Ask) -> str:
    if ask.at_least is None:
        return f"(aim {ask.aim:g}x {_TITLES[ask.against]})"
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


def chunking_row(cost: Comparison) -> Row:
    """Describe what a large content costs by BDAT."""
    return Row(
        title=f"{SIZE // MIB} MiB by BDAT",
        asked="≥1x the speed of DATA",
        measured=f"{cost.speed:.2f}x",
        met=cost.speed >= 1,
        cells={MOCKSMTP.name: str(cost)},
    )


def crowds_row(crowds: Crowds) -> Row:
    """Describe what many busy connections cost each mail."""
    speed = crowds.servers[MOCKSMTP.name].speed
    return Row(
        title=f"1 KiB, {MANY} connections at once",
        asked=f"≥{_LEAST_SPEED:g}x the speed of {FEW}",
        measured=f"{speed:.2f}x",
        met=speed >= _LEAST_SPEED,
        cells={
            name: f"{cost} {cost.speed:.2f}x" for name, cost in crowds.servers.items()
        },
    )


def filling_row(filling: Filling) -> Row:
    """Describe what a mail costs when many are kept."""
    change = 1 / filling.cost.speed - 1
    return Row(
        title=f"1 KiB, pipelined, the last tenth of {filling.kept:,} kept",
        asked=f"≤{_FLAT:.0%} more than the first tenth",
        measured=f"{change:+.1%}",
        met=change <= _FLAT,
        cells={MOCKSMTP.name: str(filling.cost)},
    )


def checking_rows(checking: Checking) -> Sequence[Row]:
    """Describe what behaviors cost a mail that none of them answers, and keys."""
    return tuple(
        Row(
            title=f"1 KiB, pipelined, {title}",
            asked=f"≤{most:.0%} more than {usual}",
            measured=f"{1 / cost.speed - 1:+.1%}",
            met=1 / cost.speed - 1 <= most,
            cells={MOCKSMTP.name: str(cost)},
        )
        for title, most, usual, cost in (
            ("100 behaviors on RCPT TO", _CHECKED, "none", checking.on_rcpt),
            ("100 behaviors on all commands", _CHECKED, "none", checking.on_all),
            ("10,000 keys of greylisting", _FLAT, "10", checking.keys),
        )
    )


def idle_rows(idle: Idle) -> Sequence[Row]:
    """Describe what idle connections take; of TLS nothing is asked."""
    clear, tls = idle.clear[MOCKSMTP.name], idle.tls[MOCKSMTP.name]
    return (
        Row(
            title=f"{idle.connections:,} idle connections",
            asked=f"<{_LEAST_IDLE / KIB:g} KiB each",
            measured=f"{clear / KIB:.1f} KiB each",
            met=clear < _LEAST_IDLE,
            cells=_in_kib(idle.clear),
        ),
        Row(
            title=f"{idle.connections:,} idle connections, TLS",
            asked="-",
            measured=f"{tls / KIB:.1f} KiB each",
            cells=_in_kib(idle.tls),
        ),
    )


def _in_kib(sizes: dict[str, float]) -> dict[str, str]:
    return {name: f"{size / KIB:.1f} KiB" for name, size in sizes.items()}


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
