"""How `BlockingMockClient` sends requests: with urllib3, on kept connections."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any, Self, TypeVar

import urllib3
from urllib3 import exceptions as errors

from mocksmtp.client.errors import NotMocksmtp, NotReachable, TimedOut
from mocksmtp.client.requests import (
    TOKEN_VARIABLE,
    Answer,
    Request,
    service_url,
)
from mocksmtp.client.vocabulary import DraftRule

T = TypeVar("T")

_CONNECT_TIME = 5.0
"""Seconds in which a connection must be established."""

_KEPT = 8
"""Connections that are kept open: as many threads can use a client without delay."""


class _Retries(urllib3.Retry):
    """A GET is repeated if the service closed the kept connection just before it."""

    def increment(self, *args: Any, **kwargs: Any) -> Self:
        """Count an attempt; after a time-out there is no other one."""
        error = kwargs.get("error")
        if isinstance(error, errors.ReadTimeoutError):
            raise error
        return super().increment(*args, **kwargs)


_RETRIES = _Retries(
    total=1,
    connect=0,
    redirect=0,
    status=0,
    read=1,
    other=0,
    allowed_methods=["GET", "HEAD"],
)

_SILENCE = 60.0
"""Seconds without an octet after which a stream is lost; the service sends a comment
every 15 seconds."""


class StreamLost(Exception):
    """The connection of a stream ended."""


def _is_stream(headers: Mapping[str, str]) -> bool:
    return headers.get("Content-Type", "").startswith("text/event-stream")


class Connection:
    """
    The address of a service, and how requests are sent there; thread-safe.

    :param url: the root of the API; by default that of MOCKSMTP_URL, or port 8000 of
        127.0.0.1
    :param token: the bearer token; by default that of MOCKSMTP_TOKEN
    :param timeout: seconds in which the service must answer, in addition to the `wait`
        of a request
    :param http: sends the requests
    """

    def __init__(
        self,
        url: str | None = None,
        token: str | None = None,
        *,
        timeout: float = 30.0,
        http: urllib3.PoolManager | None = None,
    ) -> None:
        self.url = service_url(url)
        self.token = token or os.environ.get(TOKEN_VARIABLE)
        self.timeout = timeout
        self._http = http or urllib3.PoolManager(2, maxsize=_KEPT, retries=_RETRIES)

    def send(self, request: Request[T]) -> T:
        """Send a request, and return its result."""
        longest = request.wait + self.timeout
        headers = dict(request.headers)
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            response = self._http.request(
                request.method,
                self.url + request.target,
                body=request.body,
                headers=headers,
                redirect=False,
                timeout=urllib3.Timeout(
                    connect=min(_CONNECT_TIME, longest), read=longest
                ),
            )
        except errors.MaxRetryError as error:
            raise self._failure(error.reason or error, request, longest) from None
        except (errors.HTTPError, ValueError) as error:
            raise self._failure(error, request, longest) from None
        names = {name.lower(): one for name, one in response.headers.items()}
        answer = Answer(response.status, names, response.data)
        return request.result(answer, self.url, self.token is not None)

    def stream(self, request: Request[Any]) -> Iterator[bytes]:
        """
        Send a request, and yield the body of its answer as it arrives.

        :raises StreamLost: the connection ended
        """
        headers = dict(request.headers)
        if self.token is not None:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            response = self._http.request(
                request.method,
                self.url + request.target,
                headers=headers,
                redirect=False,
                timeout=urllib3.Timeout(connect=_CONNECT_TIME, read=_SILENCE),
                preload_content=False,
            )
        except errors.MaxRetryError as error:
            raise self._failure(error.reason or error, request, _SILENCE) from None
        except (errors.HTTPError, ValueError) as error:
            raise self._failure(error, request, _SILENCE) from None
        try:
            if response.status != 200 or not _is_stream(response.headers):
                names = {name.lower(): one for name, one in response.headers.items()}
                answer = Answer(response.status, names, response.data)
                request.result(answer, self.url, self.token is not None)
                raise NotMocksmtp(self.url, str(request), "is not an event stream")
            yield from response.stream()
        except errors.HTTPError:
            pass
        finally:
            response.close()
        raise StreamLost

    def _failure(
        self, error: BaseException, request: Request[Any], longest: float
    ) -> Exception:
        match error:
            case errors.NewConnectionError():
                return NotReachable(self.url, _cause(error))
            case errors.ConnectTimeoutError():
                return NotReachable(self.url, f"no connection in {_CONNECT_TIME:g} s")
            case errors.ReadTimeoutError():
                return TimedOut(self.url, str(request), longest)
            case errors.ProtocolError() if not _is_cut_off(error):
                return NotMocksmtp(self.url, str(request), f"is no HTTP ({error})")
            case _:
                return NotReachable(self.url, _cause(error))

    def close(self) -> None:
        """Close the kept connections."""
        self._http.clear()


def _is_cut_off(error: BaseException) -> bool:
    """Whether the connection ended without an answer."""
    return any(isinstance(one, ConnectionError) for one in _causes(error))


def _causes(error: BaseException) -> tuple[object, ...]:
    return (*error.args[-1:], error.__cause__, error.__context__)


def _cause(error: BaseException) -> str:
    """What the system reported, without urllib3's object names."""
    for cause in _causes(error):
        if isinstance(cause, OSError):
            return cause.strerror or str(cause)
    return str(error).rpartition(": ")[2]


class PendingRule(DraftRule):
    """A behavior that is in force at once; so are later changes."""

    def _update(self) -> None:
        """Send what has changed."""
        raise NotImplementedError

    def begin(self) -> Self:
        """Send it."""
        self._update()
        return self

    def _changed(self) -> Self:
        self._update()
        return self
