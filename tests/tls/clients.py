"""TLS between a server of ours and Python's own client, in memory."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from typing import Any

import attrs
from twisted.internet.interfaces import IHandshakeListener
from twisted.internet.protocol import Factory, Protocol, connectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.protocols.tls import TLSMemoryBIOFactory
from twisted.python.failure import Failure
from zope.interface import implementer

from mocksmtp.sessions.session import TlsSession
from mocksmtp.tls.handshake import failed, requested_name, tls_session

NAME = "mx.ex.test"
ADDRESS = "192.0.2.1"
NAMES = (NAME, ADDRESS, "2001:db8::1")

DAY = timedelta(days=1)

OLD = "DEFAULT:@SECLEVEL=0"
"""Ciphers of a client that speaks old versions too."""


class Calendar:
    """A day that a test goes on from."""

    def __init__(self) -> None:
        self.now = datetime(2030, 1, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now


@implementer(IHandshakeListener)
class Server(Protocol):
    """Notes what becomes of the handshake."""

    session: TlsSession | None = None
    transport: Any
    received = b""

    def handshakeCompleted(self) -> None:
        self.session = tls_session(self.transport.getHandle())
        self.transport.write(b"220 hello")

    def dataReceived(self, data: bytes) -> None:
        self.received += data

    def connectionLost(self, reason: Failure = connectionDone) -> None:
        if self.session is None:
            name = requested_name(self.transport.getHandle())
            self.session = failed(reason, name)


@attrs.define
class Meeting:
    """
    What has come of a client's coming.

    :ivar session: as the server has it
    :ivar error: why the client has turned away, or None
    :ivar tls: the client's side
    """

    session: TlsSession | None
    error: ssl.SSLError | None
    tls: ssl.SSLObject | None = None
    greeting: bytes = b""


class Wire:
    """A server's connection, fed by hand."""

    def __init__(self, context: Any) -> None:
        self.server = Server()
        self.clock = Clock()
        factory = TLSMemoryBIOFactory(
            context, False, Factory.forProtocol(lambda: self.server), self.clock
        )
        self.tls = factory.buildProtocol(None)
        self.transport = StringTransport()
        self.tls.makeConnection(self.transport)

    def send(self, data: bytes) -> bytes:
        """What the server says to `data`."""
        self.tls.dataReceived(data)
        self.clock.advance(0)
        answer: bytes = self.transport.value()
        self.transport.clear()
        return answer

    def lose(self, reason: Exception) -> TlsSession | None:
        """The connection ends; what the server makes of it."""
        self.tls.connectionLost(Failure(reason))
        return self.server.session


def meet(
    context: Any,
    client: ssl.SSLContext,
    name: str | None = NAME,
    session: ssl.SSLSession | None = None,
) -> Meeting:
    """A client's handshake with a server, until both have done."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = client.wrap_bio(incoming, outgoing, server_hostname=name, session=session)
    wire = Wire(context)
    meeting = Meeting(None, None, tls)
    while meeting.error is None and not meeting.greeting:
        _step(tls, meeting)
        sent = outgoing.read()
        answer = wire.send(sent) if sent else b""
        if wire.transport.disconnecting and meeting.session is None:
            meeting.session = wire.lose(Exception("the transport's"))
        if not sent and not answer:
            break
        incoming.write(answer)
    meeting.session = meeting.session or wire.server.session
    return meeting


def _step(tls: ssl.SSLObject, meeting: Meeting) -> None:
    try:
        tls.do_handshake()
        meeting.greeting = tls.read()
    except (ssl.SSLWantReadError, ssl.SSLZeroReturnError):
        pass
    except ssl.SSLError as error:
        meeting.error = error


def trusting(pem: bytes | None = None) -> ssl.SSLContext:
    """A client that verifies strictly, and trusts that root only."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.verify_flags |= ssl.VERIFY_X509_STRICT
    if pem is not None:
        client.load_verify_locations(cadata=pem.decode())
    return client


def careless(
    least: ssl.TLSVersion = ssl.TLSVersion.MINIMUM_SUPPORTED,
    most: ssl.TLSVersion = ssl.TLSVersion.MAXIMUM_SUPPORTED,
) -> ssl.SSLContext:
    """A client that verifies nothing and speaks those versions."""
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    client.set_ciphers(OLD)
    client.minimum_version, client.maximum_version = least, most
    return client
