"""Routes as values, and the arguments of their handlers.

The module of a resource lists its routes; `mount` adds a list to the Klein app, below a
prefix and with a function that returns the host of the path. Therefore the resources of
a host are written once for all hosts.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from enum import Enum
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

import attrs
from klein import Klein
from twisted.internet.defer import Deferred, DeferredLock
from twisted.internet.interfaces import IReactorTime
from twisted.web.server import Request
from werkzeug.routing import BaseConverter, Map

from mocksmtp.documents.kinds import Array, Kind
from mocksmtp.documents.schema import TEXT, Schema, any_of, array_of, ref
from mocksmtp.documents.view import Either, Written
from mocksmtp.events import EventBus
from mocksmtp.hosts.host import MailHost
from mocksmtp.http.context import (
    HostKeeper,
    HttpSettings,
    ServiceInfo,
    Sharing,
    StateTurn,
)
from mocksmtp.http.delivery_updates import DeliveryUpdates
from mocksmtp.http.events import EventFeed
from mocksmtp.http.guard import Guard
from mocksmtp.http.parameters import NoParameters, read_parameters
from mocksmtp.http.responses import JSON
from mocksmtp.http.waiting import Watches
from mocksmtp.mock import Mock
from mocksmtp.store.interface import MaybeLater, StoreError
from mocksmtp.tls.documents import CheckCertificate


@attrs.frozen
class BodyType:
    """
    A body.

    :ivar schema: a JSON Schema that it fits, or the declaration of the document
    :ivar type: its media type
    """

    schema: Schema | Kind[Any]
    type: str = JSON


@attrs.frozen
class Answers:
    """
    An answer that is no problem.

    :ivar content: the bodies that there may be; none for an answer without one
    """

    status: int
    content: tuple[BodyType, ...] = ()


DONE = (Answers(204),)
"""There is nothing to tell."""


def document(*documents: str | Kind[Any]) -> BodyType:
    """One of these documents: declarations, or names of schemas."""
    return BodyType(Either(*map(_kind, documents)))


def array(*documents: str | Kind[Any]) -> BodyType:
    """An array of documents, each one of these."""
    return BodyType(Array(Either(*map(_kind, documents))))


def _kind(one: str | Kind[Any]) -> Kind[Any]:
    return Written(ref(one)) if isinstance(one, str) else one


def one_or_more(name: str) -> BodyType:
    """A document of that name, or an array of such."""
    return BodyType(any_of(array_of(ref(name)), ref(name)))


def text(type_: str) -> BodyType:
    """A text of that media type."""
    return BodyType(TEXT, type_)


def answers(*content: BodyType, status: int = 200) -> tuple[Answers, ...]:
    """One of these bodies."""
    return (Answers(status, content),)


P = TypeVar("P")

ResponseBody: TypeAlias = bytes | None
"""A body, or None where there is none or where it was sent already."""

Handler: TypeAlias = Callable[..., ResponseBody | Awaitable[ResponseBody]]
"""Called with a `Call`, and with the variable parts of the path by name."""

InThread: TypeAlias = Callable[..., Deferred[Any]]
"""Calls a function with arguments in a thread; fires with what it returns."""

HostFinder: TypeAlias = Callable[[Mock, dict[str, str]], MailHost]
"""Finds the host in the mock, by parts of the path that it takes out."""


@attrs.frozen(eq=False)
class Api:
    """
    The objects that all requests share.

    :ivar root_pem: the root of the service's own certificates, or None
    :ivar check_certificate: raises `ValueError` for an unusable certificate; or None
    :ivar stored: stores the changes of a request before it is answered; or None
    :ivar sharing: changes the state in turn with other replicas; None without replicas
    :ivar guard: checks the headers of requests
    :ivar large_documents: a lock: one large document is read at a time
    """

    mock: Mock
    clock: IReactorTime
    settings: HttpSettings
    info: ServiceInfo
    in_thread: InThread
    hosts: HostKeeper | None = None
    bus: EventBus | None = None
    root_pem: Callable[[], bytes] | None = None
    check_certificate: CheckCertificate | None = None
    stored: Callable[[], MaybeLater[None]] | None = None
    sharing: Sharing | None = None
    large_documents: DeferredLock = attrs.field(init=False, factory=DeferredLock)
    guard: Guard = attrs.field(init=False)
    watches: Watches = attrs.field(init=False)
    delivery_updates: DeliveryUpdates = attrs.field(init=False)
    events: EventFeed = attrs.field(init=False)

    @guard.default
    def _make_guard(self) -> Guard:
        return Guard(self.settings, self.info.deployment or self.info.instance)

    @watches.default
    def _make_watches(self) -> Watches:
        return Watches(self.mock, self.clock)

    @delivery_updates.default
    def _make_delivery_updates(self) -> DeliveryUpdates:
        return DeliveryUpdates(self.mock, self.clock)

    @events.default
    def _make_events(self) -> EventFeed:
        bus = self.bus or EventBus(self.mock, self.clock.seconds)
        name = self.info.deployment or f"{int(self.info.started_at * 1000):x}"
        return EventFeed(bus, self.clock, name)

    def forget(self, host: MailHost) -> None:
        """End the waiting for what happens on a host that is removed."""
        self.watches.end(host.name)
        self.events.end(host.name)


@attrs.frozen(eq=False)
class Call(Generic[P]):
    """
    One request, as the argument of its handler.

    :ivar host: the host of the resource
    :ivar parameters: the query, as an instance of the route's class of parameters
    :ivar named: whether the path contains the name of the host
    :ivar turn: the turn in which the request changes the state; None without replicas
    """

    request: Request
    api: Api
    host: MailHost
    parameters: P
    named: bool = False
    turn: StateTurn | None = None

    async def stored(self) -> None:
        """
        Wait until the changes are stored; call it before a body is sent.

        With replicas, others can change the state after this.

        :raises StoreError: the changes cannot be stored now
        """
        if self.turn is not None:
            await self.turn.end()
        if self.api.stored is not None:
            storing = self.api.stored()
            if storing is not None:
                await storing

    @property
    def scope(self) -> str | None:
        """The name of the host that the path names, or None for all hosts."""
        return self.host.name if self.named else None


class Scope(Enum):
    """
    Where a route is.

    :cvar BOTH: at the root, for the default host or for all hosts; and below each host
    """

    BOTH = "both"
    ROOT = "root"
    HOST = "host"


class Agreement(Enum):
    """What a replica has in common with the others while it answers a request."""

    NOTHING = "nothing"
    """The answer depends on this replica only."""

    PAST = "past"
    """It knows of all that any replica did before (`Replicas.settle`)."""

    TURN = "turn"
    """And no other replica changes the state meanwhile (`Replicas.take_turn`); what the
    request changes is in effect on all replicas before it is answered."""


@attrs.frozen
class Route:
    """
    A method on a path, in Werkzeug's notation; its handler's docstring tells what for.

    :ivar parameters: the class that its query is read as
    :ivar takes: bodies that a request may have
    :ivar answers: what comes of it if all is well
    :ivar problems: what else may come of it, besides what any request may be told
    :ivar name: of the operation, where that is not its handler's
    :ivar scope: where it is
    :ivar agreement: what it needs of other replicas; by default, a GET the past, and
        any other method the turn
    """

    method: str
    path: str
    handler: Handler
    parameters: type = NoParameters
    takes: tuple[BodyType, ...] = ()
    answers: tuple[Answers, ...] = ()
    problems: tuple[int, ...] = ()
    name: str | None = None
    scope: Scope = Scope.BOTH
    agreement: Agreement = attrs.field()

    @agreement.default
    def _agreement(self) -> Agreement:
        return Agreement.PAST if self.method == "GET" else Agreement.TURN


def at_root(*routes: Route) -> tuple[Route, ...]:
    """Routes that exist once, whatever hosts there are."""
    return tuple(attrs.evolve(route, scope=Scope.ROOT) for route in routes)


def below_hosts(*routes: Route) -> tuple[Route, ...]:
    """Routes that exist only below the path of each host."""
    return tuple(attrs.evolve(route, scope=Scope.HOST) for route in routes)


def default_host(mock: Mock, _: dict[str, str]) -> MailHost:
    """The host whose resources are at the root."""
    return mock.default


@attrs.frozen
class Mount:
    """
    Routes below a prefix.

    :ivar find_host: finds the host whose resources they are
    """

    routes: tuple[Route, ...]
    prefix: str = ""
    find_host: HostFinder = default_host


class OtherName(BaseConverter):
    """A variable last part of a path that is not one of some names."""

    def __init__(self, url_map: Map, *names: str) -> None:
        super().__init__(url_map)
        self.regex = rf"(?!(?:{'|'.join(map(re.escape, names))})(?:/|$))[^/]+"


def _rule(path: str, routes: tuple[Route, ...]) -> str:
    """
    Return the path in Werkzeug's notation, whose variables exclude fixed parts.

    ``/smtpMails/latest`` is a route, therefore ``latest`` is not an id: methods that
    the route does not have are not allowed.
    """
    parent, _, last = path.rpartition("/")
    if not last.startswith("<"):
        return path
    siblings = (each.path.rpartition("/") for each in routes)
    names = {name for above, _, name in siblings if above == parent}
    fixed = sorted(name for name in names if name and not name.startswith("<"))
    return f"{parent}/<other({','.join(fixed)}):{last[1:]}" if fixed else path


class HasApi(Protocol):
    """What an app with `mount`ed routes is bound to."""

    api: Api


def mount(
    app: Klein,
    routes: Iterable[Route],
    prefix: str = "",
    find_host: HostFinder = default_host,
) -> None:
    """
    Have `app` serve `routes` below `prefix`.

    The app is the attribute of a class whose instances are `HasApi`; so the services
    of a process share it, and compile its routes once.
    """
    routes = tuple(routes)
    app.url_map.converters = {**app.url_map.converters, "other": OtherName}
    for route in routes:
        path = prefix + route.path
        register = app.route(
            prefix + _rule(route.path, routes),
            methods=[route.method],
            endpoint=f"{route.method} {path}",
        )
        register(_handler(route, find_host))


def _handler(route: Route, find_host: HostFinder) -> Handler:
    named = find_host is not default_host

    def handle(
        bound: HasApi, request: Request, **path: Any
    ) -> ResponseBody | Awaitable[ResponseBody]:
        api = bound.api
        if api.sharing is not None and route.agreement is not Agreement.NOTHING:
            return agree(api, api.sharing, request, path)
        host = find_host(api.mock, path)
        parameters: Any = read_parameters(route.parameters, request.uri)
        call = Call(request, api, host, parameters, named)
        result = route.handler(call, **path)
        if route.method == "GET" or api.stored is None:
            return result
        return _stored(call, result)

    async def handle_call(
        api: Api, request: Request, path: dict[str, Any], turn: StateTurn | None = None
    ) -> ResponseBody:
        host = find_host(api.mock, path)
        parameters: Any = read_parameters(route.parameters, request.uri)
        call = Call(request, api, host, parameters, named, turn)
        result = route.handler(call, **path)
        if route.method == "GET":
            return await result if isinstance(result, Awaitable) else result
        return await _stored(call, result)

    async def agree(
        api: Api, sharing: Sharing, request: Request, path: dict[str, Any]
    ) -> ResponseBody:
        await sharing.settle()
        if route.agreement is Agreement.PAST:
            return await handle_call(api, request, path)
        return await to_the_end(in_turn(api, sharing, request, path))

    async def in_turn(
        api: Api, sharing: Sharing, request: Request, path: dict[str, Any]
    ) -> ResponseBody:
        turn = await sharing.take_turn()
        try:
            return await handle_call(api, request, path, turn)
        except Exception:
            with suppress(StoreError):
                await turn.end()
            raise

    return handle


def to_the_end(work: Coroutine[Any, Any, ResponseBody]) -> Deferred[ResponseBody]:
    """What `work` returns; it ends even if the client has left before."""
    answer: Deferred[ResponseBody] = Deferred()
    Deferred.fromCoroutine(work).addCallbacks(answer.callback, answer.errback)
    return answer


async def _stored(
    call: Call[Any], result: ResponseBody | Awaitable[ResponseBody]
) -> ResponseBody:
    """The body of a response, once what the request has changed is stored."""
    if isinstance(result, Awaitable):
        result = await result
    await call.stored()
    return result
