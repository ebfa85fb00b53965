"""TLS on a connection: by STARTTLS (RFC 3207), or from its beginning (RFC 8314)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
from twisted.python.failure import Failure

from mocksmtp.hosts.host import MailHost
from mocksmtp.hosts.offer import Stage
from mocksmtp.sessions.session import TlsSession
from mocksmtp.tls.contexts import ServerContexts
from mocksmtp.tls.halves import keep_half_open
from mocksmtp.tls.handshake import end_point, failed, requested_name, tls_session
from mocksmtp.tls.settings import TlsMode


@attrs.frozen
class Security:
    """
    How the connections of a listener use TLS.

    :ivar mode: when the handshake takes place
    :ivar context: returns the TLS context for the transport's `startTLS`
    """

    mode: TlsMode
    context: Callable[[], Any]


def security_of(
    host: MailHost, contexts: ServerContexts, mode: TlsMode | None = None
) -> Security | None:
    """
    Return how a new connection to `host` uses TLS; None if TLS is disabled.

    :param mode: the mode of the listener, which overrides the host's; None for none
    """
    settings = host.tls
    if settings is None or (mode or settings.mode) is TlsMode.NONE:
        return None
    return Security(
        mode or settings.mode,
        lambda: contexts.context(settings, host.certificate_names),
    )


class TlsState:
    """
    The TLS of one connection.

    :param security: when and how TLS begins; None to disable TLS

    :ivar stage: whether TLS is available, and active
    :ivar is_implicit: whether the handshake precedes the banner
    :ivar handshaking: whether the handshake has begun and not ended
    """

    __slots__ = ("_security", "handshaking", "is_implicit", "stage")

    def __init__(self, security: Security | None) -> None:
        self._security = security
        self.handshaking = False
        self.is_implicit = False
        self.stage = Stage.WITHOUT_TLS
        if security is not None:
            if security.mode is TlsMode.STARTTLS:
                self.stage = Stage.BEFORE_TLS
            self.is_implicit = security.mode is TlsMode.IMPLICIT

    def shake_hands(self, transport: Any, arrived: bytes) -> None:
        """
        Begin the handshake.

        :param transport: the TCP transport
        :param arrived: octets of the handshake that were read already
        """
        assert self._security is not None
        self.handshaking = True
        transport.startTLS(self._security.context())
        keep_half_open(transport)
        if arrived:
            transport.protocol.dataReceived(arrived)

    def complete(self, transport: Any) -> TlsSession:
        """Complete the handshake; return the negotiated parameters."""
        self.handshaking = False
        self.stage = Stage.UNDER_TLS
        return tls_session(transport.getHandle())

    def fail(self, transport: Any, reason: Failure) -> TlsSession:
        """Record a connection that was lost within the handshake; return the error."""
        self.handshaking = False
        return failed(reason, requested_name(transport.getHandle()))

    def end_point(self, transport: Any) -> Callable[[], bytes] | None:
        """Return a function for the tls-server-end-point binding; None without TLS."""
        if self.stage is not Stage.UNDER_TLS:
            return None
        return lambda: end_point(transport.getHandle())
