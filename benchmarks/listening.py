"""How a benchmark's server process on Twisted starts."""

from typing import cast

from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import (
    IOpenSSLContextFactory,
    IReactorCore,
    IReactorSSL,
    IReactorTCP,
)
from twisted.internet.protocol import ServerFactory

Address = tuple[str, int]
"""An IPv4 address and a TCP port."""

LOOPBACK = "127.0.0.1"
BACKLOG = 1024


def announcement(port: int) -> str:
    """Return the line that tells where SMTP is spoken, in mocksmtp's own form."""
    return f"smtp={LOOPBACK}:{port}"


def listen_and_run(
    factory: ServerFactory, context: IOpenSSLContextFactory | None = None
) -> None:
    """Serve on a free loopback port, say which, and run until terminated.

    Args:
        factory: makes the connections.
        context: for TLS from the first byte; None for none at all.

    """
    # Installed on import, and tests bring a reactor of their own.
    from twisted.internet import reactor

    if context is None:
        tcp = cast("IReactorTCP", reactor)
        listening = tcp.listenTCP(0, factory, BACKLOG, LOOPBACK)
    else:
        ssl = cast("IReactorSSL", reactor)
        listening = ssl.listenSSL(0, factory, context, BACKLOG, LOOPBACK)
    address = cast("IPv4Address", listening.getHost())
    print(announcement(address.port), flush=True)
    cast("IReactorCore", reactor).run()
