"""How a benchmark's server process on Twisted starts."""

from typing import cast

from twisted.internet.address import IPv4Address
from twisted.internet.interfaces import IReactorCore, IReactorTCP
from twisted.internet.protocol import ServerFactory

Address = tuple[str, int]
"""An IPv4 address and a TCP port."""

LOOPBACK = "127.0.0.1"
BACKLOG = 128


def announcement(port: int) -> str:
    """Return the line that tells where SMTP is spoken, in mocksmtp's own form."""
    return f"smtp={LOOPBACK}:{port}"


def listen_and_run(factory: ServerFactory) -> None:
    """Serve on a free loopback port, say which, and run until terminated."""
    # Installed on import, and tests bring a reactor of their own.
    from twisted.internet import reactor

    tcp = cast("IReactorTCP", reactor)
    listening = tcp.listenTCP(0, factory, backlog=BACKLOG, interface=LOOPBACK)
    address = cast("IPv4Address", listening.getHost())
    print(announcement(address.port), flush=True)
    cast("IReactorCore", reactor).run()
