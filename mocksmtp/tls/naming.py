"""Chooses the certificate of a server by SNI (RFC 6066 §3).

A client without SNI, or with a name that is not served, receives a certificate for
`NOBODY`, which no client accepts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from OpenSSL import SSL
from twisted.internet.interfaces import IOpenSSLServerConnectionCreator, IProtocol
from zope.interface import implementer

from mocksmtp.tls.authority import CertificateError
from mocksmtp.tls.contexts import ServerContext, ServerContexts
from mocksmtp.tls.handshake import requested_name
from mocksmtp.tls.settings import CertificateKind, TlsSettings

Choose: TypeAlias = Callable[[str], TlsSettings | None]
"""Returns the TLS settings for a name in lower case; None if it is not served."""

NOBODY = "unknown-name.invalid"
"""The name in the certificate for clients without a served name."""


@implementer(IOpenSSLServerConnectionCreator)
class NamedContexts:
    """
    A context for ``TLSMemoryBIOFactory`` that chooses the certificate by SNI.

    :param choose: called at each handshake
    """

    def __init__(self, contexts: ServerContexts, choose: Choose) -> None:
        self._contexts = contexts
        self._choose = choose
        self._first: ServerContext | None = None

    def serverConnectionForTLS(self, protocol: IProtocol) -> SSL.Connection:
        """Return a TLS connection, to which `_switch` assigns its context."""
        if self._first is None:
            usual = TlsSettings(certificate=CertificateKind.SELF_SIGNED)
            self._first = self._contexts.choosing(usual, (NOBODY,), self._switch)
        return self._first.serverConnectionForTLS(protocol)

    def _switch(self, connection: SSL.Connection) -> None:
        """Switch to the context of the client's SNI."""
        name = (requested_name(connection) or "").lower()
        settings = self._choose(name)
        if settings is None:
            return
        try:
            context = self._contexts.context(settings, (name,))
        except CertificateError:
            # No certificate can contain this name: keep that of `NOBODY`.
            return
        context.take_over(connection)
