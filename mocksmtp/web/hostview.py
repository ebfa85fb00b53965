"""What the screen of hosts shows: the facts of a host, and drafts of documents."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from mocksmtp.hosts.limits import LIMITS, Limits
from mocksmtp.web.mailview import size_words
from mocksmtp.web.shown import ShownDocument
from mocksmtp.web.wording import span_words

MAX_OPEN_SHOWN = 50
"""Open connections of a host that are shown."""

_READ_ONLY = ("addresses", "url", "ehlo", "certificate")
"""Fields of the document of a host that only the service writes."""

_USUAL = LIMITS.write(Limits())


@attrs.frozen
class OpenConnection:
    """A connection that lasts."""

    session: str
    client: str
    helo: str
    started_at: str
    encrypted: bool


@attrs.frozen
class HostCard:
    """
    A host with what the screen shows of it.

    :ivar document: as the API has it
    :ivar limits: in words; those that are not the defaults are marked
    :ivar open: the newest open connections
    :ivar open_count: how many there are
    :ivar counts: how many mails, sessions and behaviors it has
    """

    document: ShownDocument
    limits: tuple[tuple[str, str, bool], ...]
    open: tuple[OpenConnection, ...]
    open_count: int
    counts: dict[str, int]

    @property
    def name(self) -> str:
        """Its name in the API."""
        return str(self.document["name"])


def limit_rows(limits: ShownDocument) -> Iterator[tuple[str, str, bool]]:
    """Each limit of a host: its name, its value, and whether it is no default."""
    for name, value in limits.items():
        usual = _USUAL.get(name)
        yield name, _limit_words(name, value), value != usual


def _limit_words(name: str, value: Any) -> str:
    if value is None:
        return "the service's" if name == "messageSize" else "no limit"
    if name.endswith("Size"):
        return size_words(value)
    if name.endswith("Time"):
        return span_words(value)
    return f"{value:,}"


def editable(document: ShownDocument) -> dict[str, Any]:
    """The document of a host without the fields that only the service writes."""
    return {name: value for name, value in document.items() if name not in _READ_ONLY}


def clone_of(document: ShownDocument, name: str) -> dict[str, Any]:
    """
    A draft of another host with the same settings.

    It listens on free ports of the same addresses, and adds no records: two hosts
    with the same names would share their mails. Secrets, which the API does not show,
    are replaced: each password is ``secret``.
    """
    draft = {**editable(document), "name": name, "hostname": f"{name}.test"}
    draft["listeners"] = [{**one, "port": 0} for one in document["listeners"]]
    draft["dns"] = {"names": [], "domains": [], "address": []}
    users = (document["auth"] or {}).get("users")
    if users:
        known = dict.fromkeys(users, "secret")
        draft["auth"] = {**document["auth"], "users": known}
    return draft


def new_host(name: str) -> dict[str, Any]:
    """A draft of a host that is the exchange of a domain."""
    return {
        "name": name,
        "hostname": f"{name}.x.test",
        "listeners": [{"address": "127.0.0.1", "port": 0}],
        "dns": {
            "names": [f"{name}.x.test"],
            "domains": [{"name": "x.test", "preference": 20}],
        },
    }
