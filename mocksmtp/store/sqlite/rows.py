"""Mails as rows: the envelope as JSON, and the texts that searches look for first."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from functools import cache
from itertools import chain
from typing import Any

from mocksmtp.mail.decoded import indexed
from mocksmtp.mail.mail import Mail, Origin
from mocksmtp.mail.summary import Summary
from mocksmtp.store.sqlite.segments import BETWEEN_TEXTS
from mocksmtp.store.texts import clean, read_envelope, write_envelope

COLUMNS = (
    "m.id, m.envelope, c.content, m.receivedAt, m.session, m.clientIp, m.helo, m.host,"
    " m.weight"
)
"""The columns that `mail_of` reads."""

Row = tuple[Any, ...]

_TOGETHER = 64
"""Mails that one statement inserts at the most."""


def row_of(mail: Mail, mailbox: int) -> Row:
    """The row of a mail in the table ``mails``."""
    origin = mail.origin
    return (
        mail.number,
        mailbox,
        mail.received_at,
        len(mail.content),
        mail.weight,
        origin.session,
        origin.client_ip,
        clean(origin.helo),
        origin.host,
        write_envelope(mail.envelope).decode(),
        clean(indexed(mail).replace("\0", BETWEEN_TEXTS)),
    )


def insert(db: sqlite3.Connection, rows: list[Row], contents: list[Row]) -> None:
    """
    Insert mails, many with each statement.

    Between two statements the threads of Python contend for its lock, which took more
    time than the insertion itself.
    """
    for at in range(0, len(rows), _TOGETHER):
        some, octets = rows[at : at + _TOGETHER], contents[at : at + _TOGETHER]
        into_mails, into_contents = _statements(len(some))
        db.execute(into_mails, [*chain.from_iterable(some)])
        db.execute(into_contents, [*chain.from_iterable(octets)])


@cache
def _statements(count: int) -> tuple[str, str]:
    mails = ", ".join(["(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"] * count)
    contents = ", ".join(["(?, ?)"] * count)
    return (
        f"INSERT INTO mails VALUES {mails}",
        f"INSERT INTO contents VALUES {contents}",
    )


class ReadMail(Mail):
    """
    A mail that is read from the file when its envelope or content is used.

    :param read: returns the whole mail
    """

    __slots__ = ("_read", "_whole")

    def __init__(self, number: int, read: Callable[[int], Mail]) -> None:
        self.number = number
        self._read = read
        self._whole: Mail | None = None

    @property
    def whole(self) -> Mail:
        """The mail itself."""
        if self._whole is None:
            self._whole = self._read(self.number)
        return self._whole

    @property
    def summary(self) -> Summary:
        """The decoded header fields and the attachments."""
        return self.whole.summary

    @property
    def is_summarized(self) -> bool:
        """Whether `summary` has been decoded."""
        return self.whole.is_summarized

    def remember(self, summary: Summary) -> None:
        """Keep the decoded summary until the response was sent."""
        self.whole.remember(summary)

    def __hash__(self) -> int:
        return hash(self.number)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Mail) and self.number == other.number


def _delegated(name: str) -> Any:
    return property(lambda mail: getattr(mail.whole, name))


for _name in ("envelope", "content", "received_at", "origin", "weight"):
    setattr(ReadMail, _name, _delegated(_name))


def mail_of(row: tuple[Any, ...]) -> Mail:
    """The mail of a row with `COLUMNS`."""
    number, envelope, content, received_at, session, client, helo, host, weight = row
    return Mail(
        number,
        read_envelope(envelope),
        content,
        received_at,
        Origin(session, client, helo, host),
        weight,
    )
