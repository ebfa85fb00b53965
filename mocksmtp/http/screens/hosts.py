"""``/ui/hosts``: the mail hosts, with their open connections, and an editor."""

from __future__ import annotations

from typing import Any

import attrs

from mocksmtp.documents.units import timestamp
from mocksmtp.hosts.documents import host_document, host_path
from mocksmtp.hosts.host import MailHost
from mocksmtp.http.parameters import any_text, group, parameter
from mocksmtp.http.problems import not_found
from mocksmtp.http.responses import Slices
from mocksmtp.http.routing import Call, ResponseBody, Route, at_root
from mocksmtp.http.screens.serving import PartParameters, send_screen
from mocksmtp.mock import DEFAULT_HOST, Mock
from mocksmtp.web.behaviorview import pretty
from mocksmtp.web.hostview import (
    MAX_OPEN_SHOWN,
    HostCard,
    OpenConnection,
    clone_of,
    editable,
    limit_rows,
    new_host,
)

MAX_SHOWN_HOSTS = 50
"""Hosts of the screen."""


@attrs.frozen
class HostScreenParameters:
    """Which parts are requested."""

    parts: PartParameters = group(PartParameters)


@attrs.frozen
class HostDraftParameters:
    """
    What the editor begins with.

    :ivar clone: the name of a host
    """

    clone: str | None = parameter("clone", any_text)


async def get_hosts(call: Call[HostScreenParameters]) -> ResponseBody:
    """All hosts."""
    hosts = list(call.api.mock.hosts.values())
    cards, slices = [], Slices(call.api.clock)
    for host in hosts[:MAX_SHOWN_HOSTS]:
        cards.append(_card(call, host))
        if slices.over:
            await slices.next()
    return await send_screen(
        call,
        "ui/hosts.html",
        "hosts",
        call.parameters.parts,
        cards=cards,
        total=len(hosts),
        default=DEFAULT_HOST,
        path=host_path,
    )


def _card(call: Call[Any], host: MailHost) -> HostCard:
    document = host_document(host, call.api.mock.certificate_of(host))
    lasting = [
        session
        for session, journal in host.journal.quota.open_sessions.items()
        if journal is host.journal
    ]
    return HostCard(
        document=document,
        limits=tuple(limit_rows(document["limits"])),
        open=tuple(map(_connection, reversed(lasting[-MAX_OPEN_SHOWN:]))),
        open_count=len(lasting),
        counts={
            "mails": len(host.mailbox),
            "sessions": len(host.journal),
            "behaviors": len(host.behaviors),
        },
    )


def _connection(session: Any) -> OpenConnection:
    return OpenConnection(
        session.id,
        f"{session.client_ip}:{session.client_port}",
        session.helo,
        timestamp(session.started_at),
        session.tls is not None,
    )


async def get_host_editor(call: Call[Any], name: str) -> ResponseBody:
    """An editor for one host."""
    mock = call.api.mock
    host = _find(mock, name)
    document = host_document(host, mock.certificate_of(host))
    return await send_screen(
        call,
        "ui/host.html",
        "hosts",
        about=f"Host {name}",
        method="PUT",
        path=host_path(name),
        source=pretty(editable(document)),
        is_new=False,
    )


async def get_host_draft(call: Call[HostDraftParameters]) -> ResponseBody:
    """An editor for a new host: with usual settings, or those of another."""
    mock, clone = call.api.mock, call.parameters.clone
    number = len(mock.hosts) + 1
    while f"mx{number}" in mock.hosts:
        number += 1
    draft = new_host(f"mx{number}")
    about = "A new host"
    if clone is not None:
        host = _find(mock, clone)
        draft, about = (
            clone_of(host_document(host), f"mx{number}"),
            f"A copy of {clone}",
        )
    return await send_screen(
        call,
        "ui/host.html",
        "hosts",
        about=about,
        method="POST",
        path="/hosts",
        source=pretty(draft),
        is_new=True,
    )


def _find(mock: Mock, name: str) -> MailHost:
    host = mock.hosts.get(name)
    if host is None:
        raise not_found(f"no host {name!r}"[:200])
    return host


ROUTES = at_root(
    Route("GET", "/ui/hosts", get_hosts, HostScreenParameters),
    Route("GET", "/ui/hosts/new", get_host_draft, HostDraftParameters),
    Route("GET", "/ui/hosts/<name>", get_host_editor),
)
