"""The whole mock: its mail hosts and its zone, which the adapters share."""

from __future__ import annotations

from mocksmtp.core.host import MailHost
from mocksmtp.core.zone import Zone

DEFAULT_HOST = "default"
"""The host whose resources are at the root of the API."""


class Mock:
    """
    The one object that the adapters share.

    :param default: the host that is always there
    :param zone: the DNS records at the start
    """

    def __init__(self, default: MailHost, zone: Zone) -> None:
        self.hosts = {DEFAULT_HOST: default}
        self.zone = zone
        self._start_zone = zone

    @property
    def default(self) -> MailHost:
        """The host whose resources are at the root of the API."""
        return self.hosts[DEFAULT_HOST]

    def reset(self, to_start: bool = False) -> None:
        """
        Reset every host; records stay.

        :param to_start: go back to the state at the start, the records too
        """
        for host in self.hosts.values():
            host.reset(to_start)
        if to_start:
            self.zone = self._start_zone
