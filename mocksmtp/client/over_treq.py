"""How `MockClient` sends requests: with treq, on a Twisted reactor."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Coroutine, Generator
from typing import Any, ParamSpec, Self, TypeVar
from urllib.parse import urlsplit

import attrs
from treq.client import HTTPClient
from twisted.internet import error as errors
from twisted.internet.abstract import isIPAddress, isIPv6Address
from twisted.internet.defer import Deferred
from twisted.internet.endpoints import TCP4ClientEndpoint, TCP6ClientEndpoint
from twisted.python.failure import Failure
from twisted.web.client import URI, Agent, HTTPConnectionPool, ResponseFailed
from twisted.web.http_headers import Headers
from twisted.web.iweb import IAgentEndpointFactory
from zope.interface import implementer

from mocksmtp.client.errors import NotMocksmtp, NotReachable, TimedOut
from mocksmtp.client.requests import (
    TOKEN_VARIABLE,
    Answer,
    Request,
    service_url,
)
from mocksmtp.client.vocabulary import DraftRule

P = ParamSpec("P")
T = TypeVar("T")


def deferred(
    function: Callable[P, Coroutine[Any, Any, T]],
) -> Callable[P, Deferred[T]]:
    """Let a coroutine function return a Deferred, which need not be awaited."""

    @functools.wraps(function)
    def begin(*args: P.args, **kwargs: P.kwargs) -> Deferred[T]:
        return Deferred.fromCoroutine(function(*args, **kwargs))

    return begin


class _TooLate(Exception):
    """The time is up, however the agent reports that."""


def _timed_out(_: object, __: float) -> Failure:
    return Failure(_TooLate())


@implementer(IAgentEndpointFactory)
@attrs.frozen
class NumericEndpoints:
    """Endpoints of IP addresses, without the thread that resolves names."""

    reactor: Any
    timeout: float = 30.0

    def endpointForURI(self, uri: URI) -> TCP4ClientEndpoint | TCP6ClientEndpoint:
        """The endpoint of a URI that contains an address."""
        host = uri.host.decode()
        kind = TCP6ClientEndpoint if ":" in host else TCP4ClientEndpoint
        return kind(self.reactor, host, uri.port, self.timeout)


def _agent(reactor: Any, url: str, timeout: float) -> Any:
    """An agent that closes each connection after the answer."""
    pool = HTTPConnectionPool(reactor, persistent=False)
    parts = urlsplit(url)
    address = parts.hostname or ""
    if parts.scheme == "http" and (isIPAddress(address) or isIPv6Address(address)):
        endpoints = NumericEndpoints(reactor, timeout)
        return Agent.usingEndpointFactory(reactor, endpoints, pool=pool)
    return Agent(reactor, connectTimeout=timeout, pool=pool)


class Connection:
    """
    The address of a service, and how requests are sent there.

    :param url: the root of the API; by default that of MOCKSMTP_URL, or port 8000 of
        127.0.0.1
    :param token: the bearer token; by default that of MOCKSMTP_TOKEN
    :param timeout: seconds in which the service must answer, in addition to the `wait`
        of a request
    :param reactor: the reactor; by default that of the process
    :param http: sends the requests; by default an agent that closes its connection
        after each answer, so that a test leaves nothing in the reactor
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        timeout: float = 30.0,
        reactor: Any = None,
        http: Any = None,
    ) -> None:
        if reactor is None:
            from twisted.internet import reactor
        self.url = service_url(url)
        self.token = token or os.environ.get(TOKEN_VARIABLE)
        self.timeout = timeout
        self._reactor = reactor
        if http is None:
            http = HTTPClient(_agent(reactor, self.url, timeout))
        self._http = http

    def send(self, request: Request[T]) -> Deferred[T]:
        """Send a request; fires with its result."""
        sending = Deferred.fromCoroutine(self._send(request))
        settle = getattr(self._reactor, "settle", None)
        if settle is not None:
            settle()  # a reactor in memory (`mocksmtp.testing.memory`)
        return sending

    async def _send(self, request: Request[T]) -> T:
        longest = request.wait + self.timeout
        sending = Deferred.fromCoroutine(self._exchange(request))
        sending.addTimeout(longest, self._reactor, _timed_out)
        try:
            answer = await sending
        except _TooLate:
            raise TimedOut(self.url, str(request), longest) from None
        except (errors.ConnectError, errors.DNSLookupError) as error:
            raise NotReachable(self.url, error) from None
        except ResponseFailed as error:
            reason = error.reasons[0].value
            if isinstance(reason, errors.ConnectionClosed):
                raise NotReachable(self.url, reason) from None
            found = f"is no HTTP ({reason})"
            raise NotMocksmtp(self.url, str(request), found) from None
        return request.result(answer, self.url, self.token is not None)

    async def _exchange(self, request: Request[Any]) -> Answer:
        headers = dict(request.headers)
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        response = await self._http.request(
            request.method,
            self.url + request.target,
            data=request.body,
            headers=Headers({name: [one] for name, one in headers.items()}),
            allow_redirects=False,
        )
        body = await response.content()
        names = {
            name.decode("latin-1").lower(): values[0].decode("latin-1")
            for name, values in response.headers.getAllRawHeaders()
        }
        return Answer(response.code, names, body)

    def close(self) -> None:
        """Close what is open; nothing is, because connections are not kept."""


class PendingRule(DraftRule):
    """A behavior that is sent when it is awaited; so are later changes."""

    def _update(self) -> Deferred[None]:
        """Send what has changed."""
        raise NotImplementedError

    def begin(self) -> Self:
        """Do nothing: it is sent when it is awaited."""
        return self

    def __await__(self) -> Generator[Any, Any, Self]:
        yield from self._update().__await__()
        return self

    def __del__(self) -> None:
        self._warn_unsent()
