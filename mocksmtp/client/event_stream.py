"""``GET /events`` as a stream of values (Server-Sent Events, HTML §9.2).

`EventReader` parses what arrives; `follow_events` reads the stream of a service, and
continues it after a lost connection.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from itertools import chain
from typing import Any

import attrs

from mocksmtp.client.errors import NotMocksmtp
from mocksmtp.client.over_urllib3 import Connection, StreamLost
from mocksmtp.client.requests import Request, nothing, parameters

MAX_EVENT = 16 * 2**20
"""The octets of one event; more is not from mocksmtp."""


@attrs.frozen
class StreamedEvent:
    """
    An event of the service.

    :ivar id: continues the stream after this event
    :ivar kind: for example ``mail``, ``exchange``, ``delivery``, ``dropped``
    :ivar document: as the API has it
    """

    id: str
    kind: str
    document: Mapping[str, Any]

    @property
    def at(self) -> datetime | None:
        """When it happened."""
        text = self.document.get("at")
        return None if text is None else datetime.fromisoformat(text)

    @property
    def host(self) -> str | None:
        """The host that it belongs to."""
        return self.document.get("host")


class EventReader:
    """Makes events of the octets of a stream."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, octets: bytes) -> Iterator[StreamedEvent]:
        """
        Parse the next octets.

        :raises ValueError: they are not of an event stream of mocksmtp
        """
        *blocks, self._rest = (self._rest + octets).split(b"\n\n")
        if len(self._rest) > MAX_EVENT:
            raise ValueError(f"an event of more than {MAX_EVENT} octets")
        for block in blocks:
            event = _event(block.decode())
            if event is not None:
                yield event


def _event(block: str) -> StreamedEvent | None:
    """An event, or None for a comment."""
    members = {"id": "", "event": "message"}
    data = []
    for line in block.split("\n"):
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if name == "data":
            data.append(value)
        elif name:
            members[name] = value
    if not data:
        return None
    document = json.loads("\n".join(data))
    if not isinstance(document, dict):
        raise ValueError("an event without an object")
    return StreamedEvent(members["id"], members["event"], document)


def follow_events(
    connection: Connection,
    *,
    kinds: Sequence[str] = (),
    host: str | None = None,
    on_open: Callable[[], object] = lambda: None,
) -> Iterator[StreamedEvent]:
    """
    The events of a service from now on, until it ends.

    A connection that is lost is opened again; events that were missed meanwhile follow,
    or an event ``dropped``.

    :param kinds: those of interest; by default all except ``exchange``
    :param host: only those of this host
    :param on_open: called when the stream has begun, and when it continues
    :raises MockError: as for any request; `NotReachable` when the service has ended
    """
    query = parameters({"kinds": ",".join(kinds) or None, "host": host})
    last = ""
    while True:
        headers = {"Last-Event-ID": last} if last else {}
        request = Request("GET", "/events", nothing, query, None, headers)
        reader = EventReader()
        try:
            stream = connection.stream(request)
            # The service begins each stream with a comment.
            begin = next(stream)
            on_open()
            for octets in chain([begin], stream):
                for event in reader.feed(octets):
                    last = event.id or last
                    yield event
        except StreamLost:
            continue
        except ValueError as error:
            found = f"is unreadable ({error})"
            raise NotMocksmtp(connection.url, str(request), found) from error
