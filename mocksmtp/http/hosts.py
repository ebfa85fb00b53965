"""``/hosts``: the mail hosts, each with the resources of the root below its path."""

from __future__ import annotations

from typing import Any

import attrs
from twisted.internet.defer import Deferred

from mocksmtp.documents.problems import DocumentError, Problem, Refused
from mocksmtp.documents.schema import LINE, array_of
from mocksmtp.hosts.capabilities import parse_extensions
from mocksmtp.hosts.documents import (
    HOST_NAME,
    Usual,
    host_document,
    host_path,
    parse_host,
    settle,
)
from mocksmtp.hosts.host import Description, MailHost
from mocksmtp.hosts.listeners import Disconnect, Listen
from mocksmtp.http.bodies import read_document
from mocksmtp.http.context import HostKeeper
from mocksmtp.http.parameters import one_of, parameter
from mocksmtp.http.problems import HttpProblem, not_found
from mocksmtp.http.responses import send_json, send_nothing
from mocksmtp.http.routing import (
    DONE,
    Agreement,
    BodyType,
    Call,
    Route,
    answers,
    array,
    at_root,
    below_hosts,
    document,
)
from mocksmtp.mock import DEFAULT_HOST, CannotListen, Mock

_NOT_SHARED = (
    "listeners are not shared by replicas: hosts with listeners are configured, on each"
    " replica; a host without listeners can be created"
)

PREFIX = "/hosts/<host_name>"
"""Below it a host has the resources that the root has for the default host."""


def find_host(mock: Mock, path: dict[str, str]) -> MailHost:
    """
    The host that a path names.

    :raises HttpProblem: there is none
    """
    return _find(mock, path.pop("host_name"))


def list_hosts(call: Call[Any]) -> bytes:
    """List all hosts, in order of creation."""
    hosts = call.api.mock.hosts.values()
    return send_json(call.request, [_document(call, host) for host in hosts])


async def add_host(call: Call[Any]) -> bytes:
    """Create a host, and return its document; without a name one is assigned."""
    description = await read_document(call, _parser(call))
    if not description.name:
        name = _free_name(call.api.mock)
        hostname = description.hostname or name
        description = attrs.evolve(description, name=name, hostname=hostname)
    return await _create(call, description)


def get_host(call: Call[Any], name: str) -> bytes:
    """One host."""
    return send_json(call.request, _document(call, _find(call.api.mock, name)))


async def put_host(call: Call[Any], name: str) -> bytes:
    """Create or change the host of this name."""
    try:
        HOST_NAME.read(name)
    except Refused as error:
        raise DocumentError(Problem("$.name", str(error))) from None
    description = await read_document(call, _parser(call, name))
    host = call.api.mock.hosts.get(name)
    if host is None:
        return await _create(call, description)
    if call.api.sharing is not None:
        _check_listeners(description, host.listens)
    await _keeper(call).change(host, settle(description, host.listens))
    return send_json(call.request, _document(call, host))


async def delete_host(call: Call[Any], name: str) -> None:
    """Remove a host with its mails and records, and close its connections."""
    if name == DEFAULT_HOST:
        raise HttpProblem(409, f"the host {DEFAULT_HOST!r} cannot be deleted")
    host = _find(call.api.mock, name)
    keeper = _keeper(call)
    call.api.forget(host)
    closing = Deferred.fromCoroutine(keeper.remove(host))
    if call.turn is not None:
        # A connection that ends may wait for the turn.
        await call.turn.end()
    await closing
    if call.api.sharing is not None:
        await call.api.sharing.until_closed()
    send_nothing(call.request)


@attrs.frozen
class DisconnectParameters:
    """``?how=close`` sends 421 and closes; ``?how=reset`` ends them with a RST."""

    how: Disconnect = parameter("how", one_of(Disconnect), default=Disconnect.CLOSE)


async def disconnect(call: Call[DisconnectParameters]) -> bytes:
    """End the open connections of a host, and return their number.

    Senders that keep connections open would otherwise test the host as it was.
    """
    keeper, sharing, how = _keeper(call), call.api.sharing, call.parameters.how
    count, gone = keeper.disconnect([call.host], how)
    if sharing is not None:
        count += await sharing.disconnect([call.host], how)
    await gone
    if sharing is not None:
        await sharing.until_closed()
    return send_json(call.request, count)


async def _create(call: Call[Any], description: Description) -> bytes:
    if call.api.sharing is None:
        description = settle(description)
    else:
        _check_listeners(description)
        description = attrs.evolve(settle(description, ()), listeners=None)
    host = await _keeper(call).create(description)
    call.request.setHeader("Location", host_path(host.name))
    return send_json(call.request, _document(call, host), 201)


def _check_listeners(
    description: Description, listens: tuple[Listen, ...] = ()
) -> None:
    """
    Refuse other listeners than those of the configuration.

    :raises HttpProblem: 409
    """
    if description.listeners and {*description.listeners} != {*listens}:
        raise HttpProblem(409, _NOT_SHARED)


def _document(call: Call[Any], host: MailHost) -> dict[str, Any]:
    return host_document(host, call.api.mock.certificate_of(host))


def _find(mock: Mock, name: str) -> MailHost:
    try:
        return mock.hosts[name]
    except KeyError:
        raise not_found(f"no host {name!r}"[:200]) from None


def _keeper(call: Call[Any]) -> HostKeeper:
    if call.api.hosts is None:
        raise CannotListen("there is nothing here that could open listeners")
    return call.api.hosts


def _parser(call: Call[Any], name: str | None = None) -> Any:
    api, mock = call.api, call.api.mock
    hostname = mock.hostname if name == DEFAULT_HOST else None
    usual = Usual(limits=mock.limits, hostname=hostname)
    known = None if name is None else mock.hosts.get(name)
    return lambda document: parse_host(
        document, name, usual, known, api.check_certificate
    )


def _free_name(mock: Mock) -> str:
    names = (f"host-{number}" for number in mock.host_numbers)
    return next(name for name in names if name not in mock.hosts)


def list_extensions(call: Call[Any]) -> bytes:
    """List the additional lines of EHLO."""
    return send_json(call.request, call.host.extensions)


async def put_extensions(call: Call[Any]) -> None:
    """Replace the additional lines of EHLO."""
    call.host.extensions = await read_document(call, parse_extensions)
    send_nothing(call.request)


def clear_extensions(call: Call[Any]) -> None:
    """Remove the additional lines of EHLO."""
    call.host.extensions = ()
    send_nothing(call.request)


LINES = BodyType(array_of(LINE))

ROUTES = (
    *at_root(
        Route("GET", "/hosts", list_hosts, answers=answers(array("Host"))),
        Route(
            "POST",
            "/hosts",
            add_host,
            takes=(document("NewHost"),),
            answers=answers(document("Host"), status=201),
            problems=(409,),
        ),
        Route("GET", "/hosts/<name>", get_host, answers=answers(document("Host"))),
        Route(
            "PUT",
            "/hosts/<name>",
            put_host,
            takes=(document("NewHost"),),
            answers=(
                *answers(document("Host")),
                *answers(document("Host"), status=201),
            ),
            problems=(409,),
        ),
        Route("DELETE", "/hosts/<name>", delete_host, answers=DONE, problems=(409,)),
    ),
    *below_hosts(
        Route(
            *("DELETE", "/connections", disconnect, DisconnectParameters),
            answers=answers(BodyType({"type": "integer", "minimum": 0})),
            agreement=Agreement.PAST,
        ),
    ),
    Route("GET", "/smtpExtensions", list_extensions, answers=answers(LINES)),
    Route("PUT", "/smtpExtensions", put_extensions, takes=(LINES,), answers=DONE),
    Route("DELETE", "/smtpExtensions", clear_extensions, answers=DONE),
)
