"""Reads the file of a store that may be in use by a service, and changes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import orjson

from mocksmtp.mail.mail import Mail
from mocksmtp.store.sqlite.rows import COLUMNS, mail_of
from mocksmtp.store.sqlite.schema import version_of
from mocksmtp.store.sqlite.store import check_header
from mocksmtp.store.sqlite.writer import error_of
from mocksmtp.store.texts import SECRET, remove_secrets


class FileReader:
    """
    A file of a store, opened for reading.

    :raises StoreError: it does not exist, or is no store
    """

    def __init__(self, path: str) -> None:
        self._path = path
        check_header(path, must_exist=True)
        try:
            uri = f"file:{quote(path)}?mode=ro"
            self._db = sqlite3.connect(uri, uri=True, isolation_level=None)
            version_of(self._db)
        except sqlite3.Error as error:
            raise error_of(error, path) from None

    def mails(self) -> Iterator[Mail]:
        """
        The mails that are kept, in order of arrival.

        :raises StoreError: the file is damaged
        """
        rows = self._db.execute(
            f"SELECT {COLUMNS} FROM mails m JOIN contents c ON c.id = m.id"
            " JOIN mailboxes b ON b.id = m.mailbox WHERE NOT b.removed ORDER BY m.id"
        )
        try:
            yield from map(mail_of, rows)
        except sqlite3.Error as error:
            raise error_of(error, self._path) from None

    def state(self) -> dict[str, dict[str, Any]]:
        """The documents of each kind by their names, without keys and passwords."""
        state: dict[str, dict[str, Any]] = {}
        for kind, name, document in self._db.execute("SELECT * FROM state"):
            if kind not in SECRET:
                state.setdefault(kind, {})[name] = orjson.loads(document)
        remove_secrets(state)
        return state

    def close(self) -> None:
        """Close the file."""
        self._db.close()
