"""A server of many names, which shows to each client the certificate that it means.

A client says in its first message which name it means (SNI, RFC 6066 §3). One that
says none, or one that is not served, is shown a certificate of no use.
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
"""How TLS is done under a name, in lower case; None where it is not served."""

NOBODY = "unknown-name.invalid"
"""Whose certificate is shown where no name is served."""


@implementer(IOpenSSLServerConnectionCreator)
class NamedContexts:
    """
    What ``TLSMemoryBIOFactory`` takes for such a server.

    :param choose: asked at each handshake
    """

    def __init__(self, contexts: ServerContexts, choose: Choose) -> None:
        self._contexts = contexts
        self._choose = choose
        self._first: ServerContext | None = None

    def serverConnectionForTLS(self, protocol: IProtocol) -> SSL.Connection:
        """The TLS of one connection."""
        if self._first is None:
            usual = TlsSettings(certificate=CertificateKind.SELF_SIGNED)
            self._first = self._contexts.choosing(usual, (NOBODY,), self._switch)
        return self._first.serverConnectionForTLS(protocol)

    def _switch(self, connection: SSL.Connection) -> None:
        """Show what is right for the name that the client means."""
        name = (requested_name(connection) or "").lower()
        settings = self._choose(name)
        if settings is None:
            return
        try:
            context = self._contexts.context(settings, (name,))
        except CertificateError:
            # There is none for such a name; the client sees that of nobody.
            return
        context.take_over(connection)
