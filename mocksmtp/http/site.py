"""The web server below the API: it bounds bodies, and never answers HTML.

Twisted's server reads a whole body before a request is processed, and puts no bound
to it. Here octets are counted as they come, in fixed and in chunked bodies; what is
over the limit is thrown away, and told when the body is over, for most clients
listen only then. One that asks first (``Expect: 100-continue``), or never ends, is
told at once.
"""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

from twisted.internet.interfaces import IReactorTime
from twisted.internet.threads import deferToThread
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web.http import (
    HTTPChannel,
    combinedLogFormatter,
    datetimeToLogString,
)
from twisted.web.resource import IResource
from twisted.web.server import Request, Site

from mocksmtp.codec.tls import CheckCertificate
from mocksmtp.core.events import EventBus
from mocksmtp.core.mock import Mock
from mocksmtp.http.app import make_resource
from mocksmtp.http.problems import (
    CONTENT_TYPE,
    HttpProblem,
    abort,
    answer_problem,
    not_found,
)
from mocksmtp.http.routing import Api, InThread
from mocksmtp.http.settings import HostKeeper, HttpSettings, ServiceInfo
from mocksmtp.http.waiting import Watches

__all__ = ["HttpSettings", "ServiceInfo", "make_site"]

BODY_LIMIT = 16 * 2**20
"""Octets of a request's body."""

ZONE_LIMIT = 64 * 2**20
"""Octets of a zone."""

DISCARD_LIMIT = 2**30
"""Octets beyond the limit that are waited out before the connection is cut."""

MALFORMED = HttpProblem(400, "this is no HTTP request, or its header is too large")
TOO_LARGE = HttpProblem(413, "the body is larger than is taken here")
FAILED = HttpProblem(500, "an error within the service; its log tells more")


class ApiRequest(Request):
    """A request whose body is bounded, and whose failures are problem documents."""

    # Set where there is one; nothing here is HTML.
    defaultContentType = None
    channel: ApiChannel
    content: BytesIO
    body_limit = BODY_LIMIT
    _received = 0

    def gotLength(self, length: int | None) -> None:
        """The header is over; a body of so many octets follows."""
        self.content = BytesIO()

    def handleContentChunk(self, data: bytes) -> None:
        """Keep some more of the body, or throw all of it away."""
        self._received += len(data)
        if self._received <= self.body_limit:
            self.content.write(data)
        else:
            self.content = BytesIO()
        if self._received > self.body_limit + DISCARD_LIMIT:
            self.channel.refuse(TOO_LARGE)

    def requestReceived(self, command: bytes, path: bytes, version: bytes) -> None:
        """The body is over."""
        if not self.channel.refused:
            super().requestReceived(command, path, version)  # type: ignore[no-untyped-call]

    def process(self) -> None:
        """Have the request answered."""
        if self._received > self.body_limit:
            self._answer(TOO_LARGE)
        elif not self.path.startswith(b"/"):
            self._answer(not_found("there is nothing here"))
        else:
            super().process()  # type: ignore[no-untyped-call]

    def getRequestHostname(self) -> bytes:
        """
        What the router takes for the server's name.

        It has no use for it, and raises on many a Host that a client may send.
        """
        return b"localhost"

    def processingFailed(self, reason: Failure) -> Failure:
        """Tell a failure that none of our own code has told."""
        self._log.failure("", failure=reason)
        if self.startedWriting:
            abort(self)
        else:
            self._answer(FAILED)
        return reason

    def _answer(self, problem: HttpProblem) -> None:
        self.write(answer_problem(self, problem))  # type: ignore[no-untyped-call]
        self.finish()  # type: ignore[no-untyped-call]


class ApiChannel(HTTPChannel):
    """A connection, on which what is no request is told so in a problem document."""

    refused = False

    def allHeadersReceived(self) -> None:
        """Set the limit for what follows, and tell at once who asks whether it may."""
        request = self.requests[-1]
        if self._path.partition(b"?")[0] == b"/dnsRecords":
            request.body_limit = ZONE_LIMIT
        asks = request.requestHeaders.hasHeader(b"Expect")
        if asks and (self.length or 0) > request.body_limit:
            request.requestHeaders.removeHeader(b"Expect")
            self.refuse(TOO_LARGE)
        super().allHeadersReceived()  # type: ignore[no-untyped-call]

    def lineLengthExceeded(self, line: bytes) -> None:
        """A line is longer than is kept."""
        self.refuse(MALFORMED)

    def _respondToBadRequestAndDisconnect(self) -> None:
        self.refuse(MALFORMED)

    def refuse(self, problem: HttpProblem) -> None:
        """Answer outside of any request, and close."""
        if self.refused:
            return
        self.refused = True
        body = problem.body
        header = (
            f"HTTP/1.1 {problem.status} {problem.title}\r\n"
            f"Content-Type: {CONTENT_TYPE}\r\n"
            f"Content-Length: {len(body)}\r\n"
            "Connection: close\r\n\r\n"
        )
        assert self.transport is not None
        self.transport.write(header.encode() + body)
        self.loseConnection()  # type: ignore[no-untyped-call]


class ApiSite(Site):
    """A site whose connections speak HTTP/1 only."""

    noisy = False
    _access = Logger()
    # In the place of what chooses between HTTP/1 and HTTP/2.
    protocol = ApiChannel  # type: ignore[assignment]

    def __init__(self, resource: IResource, clock: IReactorTime) -> None:
        super().__init__(  # type: ignore[no-untyped-call]
            resource, ApiRequest, reactor=clock, parsePOSTFormSubmission=False
        )
        self._seconds = clock.seconds

    def log(self, request: Request) -> None:  # type: ignore[override]
        """Tell of an answered request, in the combined format and field by field."""
        self._access.info(
            "{line}",
            line=combinedLogFormatter(datetimeToLogString(self._seconds()), request),
            client=getattr(request.getClientAddress(), "host", None),
            method=request.method.decode("latin-1"),
            uri=request.uri.decode("latin-1"),
            status=request.code,
            octets=request.sentLength,
        )

    def acceptableProtocols(self) -> list[bytes]:
        """What ALPN may choose (RFC 7301)."""
        return [b"http/1.1"]


def make_site(
    mock: Mock,
    clock: IReactorTime,
    settings: HttpSettings,
    info: ServiceInfo | None = None,
    in_thread: InThread = deferToThread,
    hosts: HostKeeper | None = None,
    bus: EventBus | None = None,
    root_pem: Callable[[], bytes] | None = None,
    check_certificate: CheckCertificate | None = None,
) -> Site:
    """
    The API of `mock`, as a factory of connections.

    :param clock: the reactor, or a clock in its place
    :param info: what ``/status`` tells of the service; its addresses may be filled
        in later
    :param in_thread: calls a function with arguments in a thread
    :param hosts: makes and changes mail hosts; without it that is refused
    :param bus: what happens on the hosts of `mock`, and what DNS is asked
    :param root_pem: tells the root of the service's own certificates, if there is one
    :param check_certificate: raises `ValueError` for one that can't be used; without
        it they are taken as they are
    """
    if info is None:
        info = ServiceInfo(clock.seconds())
    api = Api(
        mock,
        clock,
        settings,
        info,
        Watches(clock),
        in_thread,
        hosts,
        bus,
        root_pem,
        check_certificate,
    )
    return ApiSite(make_resource(api), clock)
