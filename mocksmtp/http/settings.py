"""What the API is told by who starts it."""

from __future__ import annotations

import attrs

from mocksmtp.codec.mails import MailShape


@attrs.frozen
class HttpSettings:
    """
    How the API behaves.

    :ivar mail_shape: which fields a listing of mails has
    :ivar hosts: further names that a browser may call the API by
    :ivar token: what a caller must present (RFC 6750), or None for nothing
    :ivar loopback: whether the listener is bound to loopback only, so that a
        strange Host can only come from a browser that was led astray
    """

    mail_shape: MailShape = MailShape.BOTH
    hosts: tuple[str, ...] = ()
    token: str | None = attrs.field(default=None, repr=False)
    loopback: bool = True


@attrs.define(eq=False)
class ServiceInfo:
    """
    What only who runs the service knows, for ``/status``.

    :ivar started_at: seconds, by the clock that the API was given
    :ivar addresses: the bound addresses by listener; filled in once they are known
    """

    started_at: float
    addresses: dict[str, list[str]] = attrs.Factory(dict)
