"""How the connections of a listener do TLS."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs

from mocksmtp.hosts.host import MailHost
from mocksmtp.tls.contexts import ServerContexts
from mocksmtp.tls.settings import TlsMode


@attrs.frozen
class Security:
    """
    How a connection does TLS.

    :ivar mode: when the handshake comes
    :ivar context: what `startTLS` of a transport takes
    """

    mode: TlsMode
    context: Callable[[], Any]


def security_of(
    host: MailHost, contexts: ServerContexts, mode: TlsMode | None = None
) -> Security | None:
    """
    How a new connection to `host` does TLS; None for not at all.

    :param mode: that of the listener, where it is another than the host's
    """
    settings = host.tls
    if settings is None or (mode or settings.mode) is TlsMode.NONE:
        return None
    return Security(
        mode or settings.mode,
        lambda: contexts.context(settings, host.certificate_names),
    )
