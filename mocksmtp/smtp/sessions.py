"""The record of a connection at its beginning."""

from __future__ import annotations

from twisted.internet.interfaces import ITransport

from mocksmtp.hosts.listeners import unmapped
from mocksmtp.sessions.session import Session


def new_session(
    session_id: str, host: str, transport: ITransport, at: float
) -> Session:
    """
    The session of a connection that was just made.

    :param host: the name of the mail host that was reached
    :param at: seconds since the epoch
    """
    here, peer = transport.getHost(), transport.getPeer()
    return Session(
        session_id,
        host,
        _shown(unmapped(getattr(here, "host", "")), getattr(here, "port", 0)),
        unmapped(getattr(peer, "host", "")),
        getattr(peer, "port", 0),
        at,
    )


def _shown(host: str, port: int) -> str:
    """``127.0.0.1:25``, ``[::1]:25``, or ``""`` for what is no internet address."""
    if not host:
        return ""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
