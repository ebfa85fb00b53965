"""The texts of many mails in a row as one value, in which a search looks for a text.

The rows of mails lie between contents: to read the texts of a million mails from there
reads pages all over the file. A segment has a thousand of them, one line each: the id,
a tab, and the texts. Its pages lie together, and one search of it takes microseconds.

A segment may have lines of mails that are not kept any more; one that has no others is
deleted. Mails after the last segment are searched in their rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

import attrs

SEGMENT = 1000
"""Mails of a segment."""

BETWEEN_TEXTS = "\x1f"
"""Separates the texts of a mail; no line of a segment contains a line end."""


@attrs.frozen
class Segment:
    """
    Mails in a row.

    :ivar first: the id of the first one
    :ivar last: the id of the last one
    :ivar texts: a line for each
    """

    first: int
    last: int
    texts: bytes

    def candidates(self, needles: Sequence[bytes]) -> Iterator[int]:
        """The ids of the lines that contain all `needles`, in order."""
        texts, rarest = self.texts, max(needles, key=len)
        at = texts.find(rarest)
        while at >= 0:
            begin = texts.rfind(b"\n", 0, at) + 1
            end = texts.find(b"\n", at)
            number, _, line = texts[begin:end].partition(b"\t")
            # The text may be that of the id.
            if all(needle in line for needle in needles):
                yield int(number)
            at = texts.find(rarest, end)


def build(db: sqlite3.Connection, after: int) -> int | None:
    """
    Add the segment of the next mails, and delete those whose mails are gone.

    :param after: the last id of the last segment
    :return: the last id of the new one; None if there are too few mails
    """
    rows = db.execute(
        "SELECT id, texts FROM mails WHERE id > ? ORDER BY id LIMIT ?", (after, SEGMENT)
    ).fetchall()
    if len(rows) < SEGMENT:
        return None
    lines = (f"{number}\t{texts}\n" for number, texts in rows)
    first, last = rows[0][0], rows[-1][0]
    db.execute(
        "INSERT INTO segments VALUES (?, ?, ?)", (last, first, "".join(lines).encode())
    )
    db.execute("DELETE FROM segments WHERE last < (SELECT min(id) FROM mails)")
    return int(last)


def clean(db: sqlite3.Connection) -> None:
    """Delete the segments that have no mail any more."""
    db.execute(
        "DELETE FROM segments WHERE NOT EXISTS"
        " (SELECT 1 FROM mails WHERE id BETWEEN segments.first AND segments.last)"
    )


def end_of(db: sqlite3.Connection) -> int:
    """The last id of the last segment, 0 for none."""
    (last,) = db.execute("SELECT max(last) FROM segments").fetchone()
    return last or 0


def following(db: sqlite3.Connection, after: int) -> Segment | None:
    """The first segment that has ids above `after`."""
    sql = "SELECT first, last, texts FROM segments WHERE last > ? ORDER BY last LIMIT 1"
    row = db.execute(sql, (after,)).fetchone()
    return None if row is None else Segment(*row)


def preceding(db: sqlite3.Connection, before: int) -> Segment | None:
    """The last segment that has ids below `before`."""
    sql = (
        "SELECT first, last, texts FROM segments WHERE first < ?"
        " ORDER BY first DESC LIMIT 1"
    )
    row = db.execute(sql, (before,)).fetchone()
    return None if row is None else Segment(*row)
