"""The report: one table, as text or Markdown."""

from collections.abc import Sequence

from benchmarks.rows import Row
from benchmarks.servers import Kind

_NOTE = (
    "Servers' columns: CPU time (user and system) per mail in µs, median of the"
    " rounds, ± half their range; the ratio is that server's CPU per mail over"
    " mocksmtp's, so that above 1 mocksmtp is the cheaper one. mocksmtp has STARTTLS,"
    " AUTH, SIZE, its journal and every capability on; only where TLS is told are"
    " mails sent over it. Of two figures without a ratio the second is what the first"
    " is compared with; a speed is the second over the first."
)
_VERDICTS = {True: "yes", False: "NO", None: "-"}


def text_table(rows: Sequence[Row], kinds: Sequence[Kind]) -> str:
    """Return the table with columns of spaces, for a terminal."""
    table = _cells(rows, kinds)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) for cell, width in zip(line, widths, strict=True)
        ).rstrip()
        for line in table
    ]
    rule = "  ".join("-" * width for width in widths)
    return "\n".join([lines[0], rule, *lines[1:], "", _NOTE])


def markdown(rows: Sequence[Row], kinds: Sequence[Kind], machine: str) -> str:
    """Return the table and the machine's description as a Markdown document."""
    header, *body = _cells(rows, kinds)
    lines = [_bar(header), _bar(["---"] * len(header)), *map(_bar, body)]
    return "\n".join(["# Benchmarks", "", machine, "", *lines, "", _NOTE, ""])


def _cells(rows: Sequence[Row], kinds: Sequence[Kind]) -> list[list[str]]:
    """Return the header and the rows, cell by cell."""
    header = ["load", "asked", "measured", "met", *(kind.title for kind in kinds)]
    return [header] + [
        [
            *(row.title, row.asked, row.measured or "-", _VERDICTS[row.met]),
            *(row.cells.get(kind.name, "-") for kind in kinds),
        ]
        for row in rows
    ]


def _bar(cells: Sequence[str]) -> str:
    escaped = (cell.replace("|", "\\|") for cell in cells)
    return f"| {' | '.join(escaped)} |"
