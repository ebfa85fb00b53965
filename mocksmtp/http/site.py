"""The web server below the API: it limits bodies, and never responds with HTML.

Twisted's server reads a whole body of any size before it processes a request. This
server checks a request with a body after its header: a client that may not call the API
is refused before any of the body is kept. The octets of fixed and chunked bodies are
counted as they arrive. Octets above the limit of a body are discarded, and the request
is refused after the body, because most clients read the response only then. It is
refused at once if the client waits for permission (``Expect: 100-continue``), if the
body is too slow or does not end, or if all bodies together exceed their limit.

A client of another protocol is recognized by the first octets that it sends.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from io import BytesIO
from typing import Any, TypeAlias

import attrs
from twisted.internet.interfaces import IDelayedCall, IReactorTime, ITCPTransport
from twisted.internet.threads import deferToThread
from twisted.python.failure import Failure
from twisted.web.http import HTTPChannel
from twisted.web.resource import IResource
from twisted.web.server import Request, Site

from mocksmtp.events import EventBus
from mocksmtp.http.app import make_resource
from mocksmtp.http.context import HostKeeper, HttpSettings, ServiceInfo, Sharing
from mocksmtp.http.problems import (
    CONTENT_TYPE,
    HttpProblem,
    abort,
    answer_problem,
    not_found,
)
from mocksmtp.http.routing import Api, InThread
from mocksmtp.mock import Change, Mock
from mocksmtp.store.interface import MaybeLater
from mocksmtp.tls.documents import CheckCertificate

__all__ = ["HttpSettings", "ServiceInfo", "make_site"]

BODY_LIMIT = 16 * 2**20
"""Octets of a request's body."""

ZONE_LIMIT = 64 * 2**20
"""Octets of a zone."""

DISCARD_LIMIT = 2**30
"""Octets beyond the limit that are waited out before the connection is cut."""

BODIES_LIMIT = 128 * 2**20
"""Octets of the bodies of all requests together, until each is answered."""

PACE_TIME = 10.0
"""Seconds in which a body that is not over must bring `PACE_SIZE`."""

PACE_SIZE = 10 * 1024
"""Octets: 1 KiB for each second."""

LINGER_TIME = 2.0
"""Seconds in which a refused client may still send, so that it reads the refusal: a
system resets a connection that is closed while something on it was not read."""
Answered: TypeAlias = Callable[[Request], None]

_MALFORMED = HttpProblem(400, "not an HTTP request, or its header is too large")
TOO_LARGE = HttpProblem(413, "the body exceeds the maximum size")
TOO_SLOW = HttpProblem(
    408, f"the body arrives at less than 1 KiB/s for {PACE_TIME:.0f} s"
)
TOO_MUCH = HttpProblem(
    503,
    f"the bodies of all requests together exceed {BODIES_LIMIT >> 20} MiB; try again",
    headers={"Retry-After": "1"},
)
FAILED = HttpProblem(500, "internal error; see the log")

Check: TypeAlias = Callable[[Request], None]
"""Raises `HttpProblem` for a request that is refused whatever its body is."""

_ABSOLUTE = re.compile(rb"https?://([^/?#]*)([^#]*)", re.IGNORECASE)

_TLS = re.compile(rb"\x16\x03")
_SMTP = re.compile(
    rb"(?:(?:EHLO|HELO|LHLO|VRFY|AUTH)\s|(?:NOOP|RSET|QUIT|STARTTLS)\r?\n"
    rb"|MAIL FROM:|RCPT TO:)",
    re.IGNORECASE,
)
_LONGEST_OPENING = 10
"""Octets by which another protocol is recognized."""


def protocol_of(opening: bytes) -> str | None:
    """Return the protocol of a client by its first octets; None if it is HTTP."""
    if _TLS.match(opening):
        return "TLS"
    return "SMTP" if _SMTP.match(opening) else None


@attrs.define(eq=False)
class Bodies:
    """
    The bodies of all requests that are not answered yet.

    :ivar held: their octets
    """

    held: int = 0

    def has_room(self, octets: int) -> bool:
        """Whether so many more may be held."""
        return self.held + octets <= BODIES_LIMIT


class ApiRequest(Request):
    """A request whose body is bounded, and whose failures are problem documents.

    :ivar checked: whether it has passed the check of its header
    :ivar return_to: where a browser is redirected to if it succeeds, instead of the
        response; None for no redirect
    """

    # Set where there is one; nothing here is HTML.
    defaultContentType = None
    channel: ApiChannel
    content: BytesIO
    body_limit = BODY_LIMIT
    checked = False
    return_to: str | None = None
    received = 0
    _bodies: Bodies | None = None
    _held = 0

    def gotLength(self, length: int | None) -> None:
        """The header is over; a body of so many octets follows."""
        self.content = BytesIO()
        self._bodies = self.channel.site.bodies

    def handleContentChunk(self, data: bytes) -> None:
        """Keep some more of the body, or throw all of it away."""
        size = len(data)
        self.received += size
        if self.channel.refused:
            return
        assert self._bodies is not None
        if self.received > self.body_limit:
            self.let_go()
            if self.received > self.body_limit + DISCARD_LIMIT:
                self.channel.refuse(TOO_LARGE)
        elif self._bodies.has_room(size):
            self.content.write(data)
            self._held += size
            self._bodies.held += size
        else:
            self.channel.refuse(TOO_MUCH)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """The body is over."""
        if not self.channel.refused:
            super().requestReceived(command, path, version)  # type: ignore[no-untyped-call]

    def process(self) -> None:
        """Process the request."""
        if self.received > self.body_limit:
            self._answer(TOO_LARGE)
        elif not self.path.startswith(b"/"):
            self._answer(not_found("the request target is not a path"))
        else:
            super().process()  # type: ignore[no-untyped-call]

    def redirect_to(self, path: str) -> None:
        """Redirect the browser to a path if the request succeeds."""
        self.return_to = path
        # Set here, so that other responses are written without another call.
        self.write = self._write_redirect  # type: ignore[method-assign]

    def _write_redirect(self, data: bytes) -> None:
        """Send octets of the response, or the redirect instead of a success."""
        assert self.return_to is not None
        if not self.startedWriting and self.code < 300:
            self.setResponseCode(303)
            self.responseHeaders.setRawHeaders("Location", [self.return_to])
            self.responseHeaders.setRawHeaders("Content-Length", ["0"])
            self.responseHeaders.removeHeader("Content-Type")
        if self.code == 303:
            data = b""
        super().write(data)  # type: ignore[no-untyped-call]

    def finish(self) -> None:
        """The request is answered."""
        self.let_go()
        super().finish()  # type: ignore[no-untyped-call]

    def connectionLost(self, reason: Failure) -> None:
        """The client has left."""
        self.let_go()
        super().connectionLost(reason)  # type: ignore[no-untyped-call]

    def let_go(self) -> None:
        """Free the memory of the body."""
        if self._held:
            assert self._bodies is not None
            self._bodies.held -= self._held
            self._held = 0
            self.content = BytesIO()

    def getRequestHostname(self) -> bytes:
        """
        Return a fixed name of the server for the router.

        The router does not use it, and raises for many values of Host.
        """
        return b"localhost"

    def processingFailed(self, reason: Failure) -> Failure:
        """Respond to a failure that no other code has handled."""
        self._log.failure("", failure=reason)
        if self.startedWriting:
            abort(self)
        else:
            self._answer(FAILED)
        return reason

    def _answer(self, problem: HttpProblem) -> None:
        self.write(answer_problem(self, problem))  # type: ignore[no-untyped-call]
        self.finish()


class ApiChannel(HTTPChannel):
    """
    A connection, on which an invalid request is answered with a problem document.

    :ivar refused: whether the final response was sent; further octets are ignored
    """

    site: ApiSite
    refused = False
    _opening = b""
    _opened = False
    _has_body = False
    _paced: IDelayedCall | None = None
    _lingers: IDelayedCall | None = None

    def dataReceived(self, data: bytes) -> None:
        """Receive octets."""
        if self.refused:
            return
        if not self._opened and self._is_foreign(data):
            return
        super().dataReceived(data)  # type: ignore[no-untyped-call]
        if self._has_body and self._paced is None:
            self._watch_pace()

    def _is_foreign(self, data: bytes) -> bool:
        """Close the connection of a client of another protocol; return whether so."""
        self._opening += data[:_LONGEST_OPENING]
        protocol = protocol_of(self._opening)
        if len(self._opening) >= _LONGEST_OPENING or protocol is not None:
            self._opened, self._opening = True, b""
        if protocol is None:
            return False
        assert self.transport is not None
        client = getattr(self.transport.getPeer(), "host", None)
        self._log.warn(
            "{protocol} instead of HTTP on the API's port, from {client}: closed",
            protocol=protocol,
            client=client,
        )
        self.refused = True
        self.loseConnection()  # type: ignore[no-untyped-call]
        return True

    def lineReceived(self, line: bytes) -> None:
        """A line of a request's header."""
        if not self.refused:
            super().lineReceived(line)  # type: ignore[no-untyped-call]

    def rawDataReceived(self, data: bytes) -> None:
        """Some of a body."""
        if not self.refused:
            super().rawDataReceived(data)

    def allHeadersReceived(self) -> None:
        """Set the limit of the body, or refuse the request before its body."""
        request = self.requests[-1]
        if not self._path.startswith(b"/"):
            self._take_absolute_form(request)
        path = self._path.partition(b"?")[0]
        if path == b"/dnsRecords":
            request.body_limit = ZONE_LIMIT
        self._has_body = self.length != 0
        problem = self._check(request, path) if self._has_body else None
        if problem is not None:
            request.requestHeaders.removeHeader(b"Expect")
        super().allHeadersReceived()  # type: ignore[no-untyped-call]
        if problem is not None:
            self.refuse(problem)

    def _take_absolute_form(self, request: ApiRequest) -> None:
        """Read ``http://host/path`` as that path of that host (RFC 9112 §3.2.2)."""
        match = _ABSOLUTE.fullmatch(self._path)
        if match is None:
            return
        headers = request.requestHeaders
        hosts = headers.getRawHeaders(b"Host", [])
        if len(hosts) == 1 or (not hosts and self._version != b"HTTP/1.1"):
            headers.setRawHeaders(b"Host", [match[1]])
        path: bytes = match[2]
        self._path = path if path.startswith(b"/") else b"/" + path

    def _check(self, request: ApiRequest, path: bytes) -> HttpProblem | None:
        """Return the reason to refuse a request before its body, or None."""
        request.method, request.path = self._command, path
        request.clientproto, request.uri = self._version, self._path
        if self.site.check is not None:
            try:
                self.site.check(request)
            except HttpProblem as problem:
                return problem
            request.checked = True
        length = self.length or 0
        if length > request.body_limit:
            asks = request.requestHeaders.hasHeader(b"Expect")
            return TOO_LARGE if asks else None
        return None if self.site.bodies.has_room(length) else TOO_MUCH

    def allContentReceived(self) -> None:
        """The body is over."""
        self._has_body = False
        self._stop_pacing()
        super().allContentReceived()  # type: ignore[no-untyped-call]

    def requestDone(self, request: ApiRequest) -> None:
        """A request is answered; the next one may have begun."""
        super().requestDone(request)  # type: ignore[no-untyped-call]
        if self._has_body and self._paced is None:
            self._watch_pace()

    def _watch_pace(self) -> None:
        """Schedule a check of how much of the body has arrived."""
        before = self.requests[-1].received

        def look() -> None:
            self._paced = None
            if self.requests[-1].received - before < PACE_SIZE:
                self.refuse(TOO_SLOW)
            else:
                self._watch_pace()

        self._paced = self.callLater(PACE_TIME, look)  # type: ignore[no-untyped-call]

    def _stop_pacing(self) -> None:
        if self._paced is not None:
            self._paced.cancel()
            self._paced = None

    def lineLengthExceeded(self, line: bytes) -> None:
        """A line is longer than is kept."""
        self.refuse(_MALFORMED)

    def _respondToBadRequestAndDisconnect(self) -> None:
        self.refuse(_MALFORMED)

    def refuse(self, problem: HttpProblem) -> None:
        """Answer outside of any request, and close."""
        if self.refused:
            return
        self.refused, self._has_body = True, False
        self._stop_pacing()
        for request in self.requests:
            request.let_go()
        body = problem.body
        fields = {
            "Content-Type": CONTENT_TYPE,
            "Content-Length": str(len(body)),
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
            **problem.headers,
            **self._fields_for_page(),
            "Connection": "close",
        }
        lines = [
            f"HTTP/1.1 {problem.status} {problem.title}",
            *(f"{name}: {value}" for name, value in fields.items()),
        ]
        assert self.transport is not None
        self.transport.write("\r\n".join([*lines, "", ""]).encode() + body)
        self._linger()

    def _fields_for_page(self) -> dict[str, str]:
        """What lets a page of another origin read the answer to its last request."""
        if not self.requests:
            return {}
        return {
            name.decode(): values[0].decode()
            for name, values in self.requests[-1].responseHeaders.getAllRawHeaders()
            if name.lower() == b"vary" or name.lower().startswith(b"access-control-")
        }

    def _linger(self) -> None:
        """Close the sending side, and discard for a while what still arrives."""
        self.setTimeout(None)  # type: ignore[no-untyped-call]
        if not ITCPTransport.providedBy(self.transport) or self.isSecure():  # type: ignore[no-untyped-call]
            self.loseConnection()  # type: ignore[no-untyped-call]
            return
        end: Any = self.transport
        end.unregisterProducer()
        end.resumeProducing()
        end.loseWriteConnection()
        self._lingers = self.callLater(LINGER_TIME, end.abortConnection)  # type: ignore[no-untyped-call]

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        """The connection has ended."""
        self._stop_pacing()
        if self._lingers is not None and self._lingers.active():
            self._lingers.cancel()
        super().connectionLost(reason)  # type: ignore[no-untyped-call]


class ApiSite(Site):
    """
    A site whose connections use HTTP/1 only.

    :ivar check: checks the header of each request that has a body
    :ivar bodies: the bodies of the requests that are not answered yet
    """

    noisy = False
    # In the place of what chooses between HTTP/1 and HTTP/2.
    protocol = ApiChannel  # type: ignore[assignment]

    def __init__(
        self,
        resource: IResource,
        clock: IReactorTime,
        check: Check | None = None,
        answered: Answered | None = None,
    ) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            resource, ApiRequest, reactor=clock, parsePOSTFormSubmission=False
        )
        self.check = check
        self.bodies = Bodies()
        self._answered = answered

    def log(self, request: Request) -> None:  # type: ignore[override]
        """Report an answered request to `answered`."""
        if self._answered is not None:
            self._answered(request)

    def acceptableProtocols(self) -> list[bytes]:
        """What ALPN may choose (RFC 7301)."""
        return [b"http/1.1"]


def _forget_removed(api: Api, change: Change, host: str | None) -> None:
    """End the waiting for a host that another replica has removed."""
    if change is Change.HOST_REMOVED and host is not None:
        api.watches.end(host)
        api.events.end(host)


def make_site(  # noqa: PLR0913 - what the API uses, by name
    mock: Mock,
    clock: IReactorTime,
    settings: HttpSettings,
    info: ServiceInfo | None = None,
    in_thread: InThread = deferToThread,
    *,
    hosts: HostKeeper | None = None,
    bus: EventBus | None = None,
    root_pem: Callable[[], bytes] | None = None,
    check_certificate: CheckCertificate | None = None,
    answered: Answered | None = None,
    stored: Callable[[], MaybeLater[None]] | None = None,
    sharing: Sharing | None = None,
) -> Site:
    """
    Return the factory of the connections of the API of `mock`.

    :param clock: the reactor, or a clock
    :param info: the information about the service for ``/status``; its addresses can
        be set later
    :param in_thread: calls a function with arguments in a thread
    :param hosts: creates and changes mail hosts; without it, such requests are refused
    :param bus: the events of the hosts of `mock`, and the DNS queries
    :param root_pem: returns the root of the service's own certificates, or None
    :param check_certificate: raises `ValueError` for an unusable certificate; without
        it, certificates are not checked
    :param answered: called with each answered request
    :param stored: stores the changes of a request before it is answered
    :param sharing: changes the state in turn with other replicas
    """
    if info is None:
        info = ServiceInfo(clock.seconds())
    api = Api(
        mock,
        clock,
        settings,
        info,
        in_thread,
        hosts,
        bus,
        root_pem,
        check_certificate,
        stored,
        sharing,
    )
    if sharing is not None:
        mock.listeners.append(partial(_forget_removed, api))
    resource = make_resource(api)
    return ApiSite(resource, clock, resource.check, answered)
