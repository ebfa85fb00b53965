"""The tables of the file, and how a file of an earlier version becomes a current one.

`docs/stores.md` documents the tables for those who read the file with ``sqlite3``.
"""

from __future__ import annotations

import sqlite3

from mocksmtp.store.interface import StoreError

APPLICATION = 0x4D4F434B
"""The application id of a file of mocksmtp: ``MOCK`` in ASCII."""

_VERSION_1 = """
CREATE TABLE mailboxes (
    id INTEGER PRIMARY KEY,
    host TEXT NOT NULL,
    removed INTEGER NOT NULL DEFAULT 0,
    mails INTEGER NOT NULL DEFAULT 0,
    octets INTEGER NOT NULL DEFAULT 0,
    total INTEGER NOT NULL DEFAULT 0,
    totalOctets INTEGER NOT NULL DEFAULT 0,
    evictions INTEGER NOT NULL DEFAULT 0,
    evicted INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE mails (
    id INTEGER PRIMARY KEY,
    mailbox INTEGER NOT NULL,
    receivedAt REAL NOT NULL,
    size INTEGER NOT NULL,
    weight INTEGER NOT NULL,
    session TEXT NOT NULL,
    clientIp TEXT NOT NULL,
    helo TEXT NOT NULL,
    host TEXT NOT NULL,
    envelope TEXT NOT NULL,
    texts TEXT NOT NULL
);
CREATE INDEX mailsByMailbox ON mails (mailbox, id);
CREATE TABLE numbers (
    name TEXT PRIMARY KEY,
    last INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO numbers VALUES ('mails', 0);
CREATE TABLE contents (
    id INTEGER PRIMARY KEY,
    content BLOB NOT NULL
);
CREATE TABLE segments (
    last INTEGER PRIMARY KEY,
    first INTEGER NOT NULL,
    texts BLOB NOT NULL
);
CREATE INDEX segmentsByFirst ON segments (first);
CREATE TABLE state (
    kind TEXT NOT NULL,
    name TEXT NOT NULL,
    document TEXT NOT NULL,
    PRIMARY KEY (kind, name)
) WITHOUT ROWID;
"""

MIGRATIONS = (_VERSION_1,)
"""The statements that make a file of each version from one of the version before."""

VERSION = len(MIGRATIONS)
"""The current version, which is the ``user_version`` of the file."""


def version_of(db: sqlite3.Connection) -> int:
    """
    The version of the tables of a file, 0 for an empty file.

    :raises StoreError: another program or a newer version has made the file
    """
    (application,) = db.execute("PRAGMA application_id").fetchone()
    (version,) = db.execute("PRAGMA user_version").fetchone()
    (tables,) = db.execute("SELECT count(*) FROM sqlite_schema").fetchone()
    if not tables and not application and not version:
        return 0
    if application != APPLICATION:
        raise StoreError("is a database of another program")
    if version > VERSION:
        raise StoreError(
            f"has version {version} of the tables; this version of mocksmtp reads up"
            f" to {VERSION}"
        )
    return int(version)


def migrate(db: sqlite3.Connection, version: int) -> None:
    """Make the tables of a file of this version current, all of them or none."""
    if version == VERSION:
        return
    statements = "".join(MIGRATIONS[version:])
    db.executescript(
        f"BEGIN IMMEDIATE; {statements}"
        f" PRAGMA application_id = {APPLICATION};"
        f" PRAGMA user_version = {VERSION}; COMMIT;"
    )
