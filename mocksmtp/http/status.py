"""What concerns the whole service: its state, its events, and resetting it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import attrs
from twisted.internet.defer import Deferred, DeferredList

from mocksmtp import __version__
from mocksmtp.documents.kinds import Array, Integer, Optional, Text
from mocksmtp.documents.problems import DocumentError, Problem
from mocksmtp.documents.schema import MAX_INTEGER, NUMBER
from mocksmtp.documents.view import ABSENT, Mapped, View, Written, view_field
from mocksmtp.hosts.host import MailHost
from mocksmtp.hosts.listeners import Disconnect
from mocksmtp.http.context import Archive
from mocksmtp.http.events import EventCounter, EventParameters, EventReader
from mocksmtp.http.parameters import ALL_HOSTS, flag, one_of, parameter
from mocksmtp.http.problems import not_found
from mocksmtp.http.responses import send_body, send_json, send_nothing
from mocksmtp.http.routing import (
    DONE,
    Agreement,
    Api,
    Call,
    ResponseBody,
    Route,
    answers,
    at_root,
    below_hosts,
    document,
    text,
)
from mocksmtp.mail.quota import Quota
from mocksmtp.store.replicas import Replicas

CONTRACT_VERSION = b"0.4"
"""The version of the HTTP contract that existing clients check."""


@attrs.frozen
class ResetParameters:
    """``?all=true`` goes back to the state at the start.

    ``?connections=close`` (or ``reset``) ends the open connections too.
    """

    all: bool = parameter("all", flag, default=False)
    connections: Disconnect | None = parameter("connections", one_of(Disconnect))


EVENT_STREAM = "text/event-stream"
"""HTML §9.2."""


def get_version(call: Call[Any]) -> bytes:
    """The version of this API, in plain text."""
    return send_body(call.request, CONTRACT_VERSION, "text/plain")


_COUNTS = Mapped(Integer(0, MAX_INTEGER))

HEALTH: View[Api] = View(
    "Health",
    view_field(
        "status",
        Text(),
        lambda api: api.mock.store.failure or "ok",
        "`ok`, or why the store cannot keep mails at the moment",
    ),
)
"""Whether the service is alive."""

ARCHIVE: View[Archive] = View(
    "MailFiles",
    view_field("folder", Text(), "folder", "the directory"),
    view_field("written", Integer(), "written", "mails that were written"),
    view_field("failed", Integer(), "failed", "mails that could not be written"),
    view_field("error", Optional(Text()), "error", "of the last mail, if it failed"),
)
"""The files of ``--eml-dir``."""

REPLICAS: View[Replicas] = View(
    "Replicas",
    view_field("name", Text(), "name", "of the one that answers"),
    view_field(
        "others",
        Array(Text()),
        lambda replicas: sorted(replicas.others),
        "the names of the others that run",
    ),
)
"""The replicas that share a store."""

STATUS: View[Api] = View(
    "Status",
    view_field("version", Text(), lambda _: __version__, "of the program"),
    view_field("instance", Text(), "info.instance", "names this run of the service"),
    view_field(
        "uptime",
        Written(NUMBER),
        # The clock may have been set back since.
        lambda api: max(0.0, round(api.clock.seconds() - api.info.started_at, 3)),
        "seconds",
    ),
    view_field(
        "addresses",
        Mapped(Array(Text())),
        lambda api: {**api.mock.addresses, **api.info.addresses},
        "the bound addresses, by listener",
    ),
    view_field(
        "hosts",
        Mapped(_COUNTS),
        lambda api: {name: _host(host) for name, host in api.mock.hosts.items()},
        "what each host keeps, and its limits",
    ),
    view_field(
        "mailboxes",
        _COUNTS,
        lambda api: _quota(api.mock.quota),
        "what all mailboxes keep together, and their limits",
    ),
    view_field("dnsRecords", Integer(), lambda api: len(api.mock.zone.records)),
    view_field(
        "replicas",
        REPLICAS,
        lambda api: ABSENT if api.sharing is None else api.sharing.replicas,
        "the replicas that share the store",
        optional=True,
    ),
    view_field(
        "mailFiles",
        ARCHIVE,
        lambda api: api.info.archive or ABSENT,
        "the files of `--eml-dir`",
        optional=True,
    ),
)
"""The version, uptime, addresses and contents of the service."""


def get_health(call: Call[Any]) -> bytes:
    """Whether the service is alive; 503 while replicas cannot reach their store."""
    api = call.api
    fails = api.sharing is not None and api.mock.store.failure is not None
    return send_json(call.request, HEALTH.write(api), 503 if fails else 200)


def get_status(call: Call[Any]) -> bytes:
    """The version, uptime, addresses and contents of the service."""
    return send_json(call.request, STATUS.write(call.api))


def _quota(quota: Quota) -> dict[str, int]:
    """What all mailboxes have together."""
    return {
        "mails": quota.mails,
        "mailBytes": quota.used - quota.arriving,
        "arrivingBytes": quota.arriving,
        "droppedMails": quota.evictions,
        "maxMails": quota.max_mails,
        "maxBytes": quota.max_bytes,
    }


def _host(host: MailHost) -> dict[str, int]:
    mailbox, journal = host.mailbox, host.journal
    return {
        "mails": len(mailbox),
        "mailBytes": mailbox.octets,
        "arrivingBytes": mailbox.arriving,
        "droppedMails": mailbox.evictions,
        "maxMails": mailbox.max_mails,
        "maxBytes": mailbox.max_bytes,
        "sessions": len(journal),
        "journalBytes": journal.octets,
        "droppedSessions": journal.dropped,
        "maxSessions": journal.max_sessions,
        "behaviors": len(host.behaviors),
        "extensions": len(host.extensions),
    }


async def reset(call: Call[ResetParameters]) -> None:
    """Clear behaviors, mails, sessions and extensions of all hosts."""
    api = call.api
    closing: list[Deferred[Any]] = []
    if call.parameters.all and api.hosts is not None:
        removed, closed = await api.hosts.restore()
        closing.append(closed)
        for host in removed:
            api.forget(host)
    closing += await _disconnect(call, api.mock.hosts.values())
    api.mock.reset(to_start=call.parameters.all)
    await _finish_reset(call, closing)


async def reset_host(call: Call[ResetParameters]) -> None:
    """Clear behaviors, mails, sessions and extensions of this host."""
    closing = await _disconnect(call, [call.host])
    call.api.mock.reset_host(call.host, to_start=call.parameters.all)
    await _finish_reset(call, closing, call.host)


async def _finish_reset(
    call: Call[ResetParameters],
    closing: Iterable[Deferred[Any]],
    host: MailHost | None = None,
) -> None:
    """Wait until it has reached all replicas, and connections have ended."""
    sharing = call.api.sharing
    if sharing is not None:
        await sharing.clear_logs(host)
        # A connection that ends may wait for the turn.
        await call.stored()
    await DeferredList(closing)
    if sharing is not None:
        await sharing.until_closed()
    send_nothing(call.request)


async def _disconnect(
    call: Call[ResetParameters], hosts: Iterable[MailHost]
) -> list[Deferred[Any]]:
    """Close the connections of `hosts` if requested; return what to wait for."""
    how = call.parameters.connections
    if how is None or call.api.hosts is None:
        return []
    hosts = tuple(hosts)
    gone = call.api.hosts.disconnect(hosts, how)[1]
    if call.api.sharing is not None:
        await call.api.sharing.disconnect(hosts, how)
    return [gone]


PEM = "application/pem-certificate-chain"
"""RFC 8555 §9.1."""


def get_root(call: Call[Any]) -> bytes:
    """The root of the service's certificates, in PEM."""
    if call.api.root_pem is None:
        raise not_found("the service issues no certificates")
    return send_body(call.request, call.api.root_pem(), PEM)


async def get_events(call: Call[EventParameters]) -> ResponseBody:
    """Stream events as they happen (Server-Sent Events)."""
    request, feed, wanted = call.request, call.api.events, call.parameters
    host = None if wanted.host == ALL_HOSTS else wanted.host
    if call.named:
        if host is not None:
            raise DocumentError(Problem("?host", "the path names the host already"))
        host = call.host.name
    request.setHeader("Content-Type", EVENT_STREAM)
    request.setHeader("X-Accel-Buffering", "no")
    if request.method == b"HEAD":
        return b""
    last_id = request.getHeader("Last-Event-ID")
    seen, missed = await feed.open(wanted.kinds, last_id)
    try:
        if wanted.every is not None:
            await EventCounter(request, feed, wanted, host, wanted.every).run()
        else:
            reader = EventReader(request, feed, host, seen, missed, wanted.kinds)
            await reader.run(call.api.delivery_updates)
    finally:
        feed.bus.close()
    return None


ROUTES = (
    *at_root(
        Route("GET", "/status", get_status, answers=answers(document(STATUS))),
        Route(
            *("GET", "/health", get_health),
            answers=(
                *answers(document(HEALTH)),
                *answers(document(HEALTH), status=503),
            ),
            agreement=Agreement.NOTHING,
        ),
        Route("POST", "/reset", reset, ResetParameters, answers=DONE),
        Route(
            *("GET", "/ca.pem", get_root),
            answers=answers(text(PEM)),
            problems=(404,),
            agreement=Agreement.NOTHING,
        ),
    ),
    *below_hosts(Route("POST", "/reset", reset_host, ResetParameters, answers=DONE)),
    Route(
        *("GET", "/version", get_version),
        answers=answers(text("text/plain")),
        agreement=Agreement.NOTHING,
    ),
    Route(
        *("GET", "/events", get_events, EventParameters),
        answers=answers(text(EVENT_STREAM)),
    ),
)
