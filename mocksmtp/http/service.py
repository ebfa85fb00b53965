"""What is asked of the service itself: ``/version``, ``/status``, ``/health``."""

from __future__ import annotations

from typing import Any

import attrs

from mocksmtp import __version__
from mocksmtp.core.host import MailHost
from mocksmtp.http.answers import send_body, send_json, send_nothing
from mocksmtp.http.params import flag, parameter
from mocksmtp.http.routing import Call, Route

CONTRACT_VERSION = b"0.4"
"""The version of the HTTP contract that existing clients check."""


@attrs.frozen
class ResetParameters:
    """``?all=true`` goes back to the state at the start."""

    all: bool = parameter("all", flag, default=False)


def tell_version(call: Call[Any]) -> bytes:
    """The version of the contract, in plain text."""
    return send_body(call.request, CONTRACT_VERSION, "text/plain")


def tell_health(call: Call[Any]) -> bytes:
    """That the service is alive."""
    return send_json(call.request, {"status": "ok"})


def tell_status(call: Call[Any]) -> bytes:
    """What runs, for how long, where, and what it keeps."""
    api = call.api
    document = {
        "version": __version__,
        "uptime": round(api.clock.seconds() - api.info.started_at, 3),
        "addresses": api.info.addresses,
        "hosts": {name: _host(host) for name, host in api.mock.hosts.items()},
        "dnsRecords": len(api.mock.zone.records),
    }
    return send_json(call.request, document)


def _host(host: MailHost) -> dict[str, int]:
    mailbox = host.mailbox
    return {
        "mails": len(mailbox),
        "mailBytes": mailbox.octets,
        "arrivingBytes": mailbox.arriving,
        "droppedMails": mailbox.dropped,
        "maxMails": mailbox.max_mails,
        "maxBytes": mailbox.max_bytes,
        "behaviors": len(host.behaviors),
        "extensions": len(host.extensions),
    }


def reset(call: Call[ResetParameters]) -> None:
    """Forget what tests have loaded and what was received, on every host."""
    call.api.mock.reset(to_start=call.parameters.all)
    send_nothing(call.request)


ROUTES = (
    Route("GET", "/status", tell_status),
    Route("GET", "/health", tell_health),
    Route("POST", "/reset", reset, ResetParameters),
)

HOST_ROUTES = (Route("GET", "/version", tell_version),)
