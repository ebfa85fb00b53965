"""The texts of many mails in a row as one value, in which a search looks for a text.

The rows of mails lie between contents: to read the texts of a million mails from there
reads pages all over the file. A segment has a thousand of them, one line each: the id,
a tab, and the texts. Its pages lie together, and one search of it takes microseconds.
Ten segments in a row become one: a disk that reads 10,000 mails at a time takes a tenth
of the time for the first search after a start.

A segment may have lines of mails that are not kept any more; one that has no others is
deleted. Mails after the last segment are searched in their rows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

import attrs

SEGMENT = 1000
"""Mails of a segment."""

JOINED = 10
"""Segments that become one."""

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

    def candidates(
        self, needles: Sequence[bytes], low: int, high: int
    ) -> Iterator[int]:
        """
        The ids of the lines that contain all `needles`, in order.

        :param low: below all ids that are looked for
        :param high: above all of them
        """
        texts, rarest = self.texts, max(needles, key=len)
        at = texts.find(rarest)
        while at >= 0:
            begin = texts.rfind(b"\n", 0, at) + 1
            end = texts.find(b"\n", at)
            id_, _, line = texts[begin:end].partition(b"\t")
            number = int(id_)
            if number >= high:
                return
            # The text may be that of the id.
            if number > low and all(needle in line for needle in needles):
                yield number
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
    _join(db)
    db.execute("DELETE FROM segments WHERE last < (SELECT min(id) FROM mails)")
    return int(last)


def _join(db: sqlite3.Connection) -> None:
    """Join the last segments if there are enough of them that were not joined yet."""
    rows = db.execute(
        "SELECT last, first FROM segments ORDER BY last DESC LIMIT ?", (JOINED,)
    ).fetchall()
    # One of which many mails were removed may be as long as a joined one.
    is_joined = (last - first >= JOINED * SEGMENT - 1 for last, first in rows)
    if len(rows) < JOINED or any(is_joined):
        return
    lasts = [last for last, _ in rows]
    found = "SELECT texts FROM segments WHERE last = ?"
    texts = (db.execute(found, (last,)).fetchone()[0] for last in reversed(lasts))
    joined = b"".join(texts)
    # The others are deleted after it is inserted, so that its pages are new ones, which
    # lie together.
    delete = "DELETE FROM segments WHERE last = ?"
    db.execute(delete, (lasts[0],))
    insert = "INSERT INTO segments VALUES (?, ?, ?)"
    db.execute(insert, (lasts[0], rows[-1][1], joined))
    db.executemany(delete, [(last,) for last in lasts[1:]])


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
