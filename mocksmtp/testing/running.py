"""The service in a test's own reactor, on free ports.

.. code-block:: python

    class DeliveryTests(twisted.trial.unittest.TestCase):
        async def test_a_busy_host_is_tried_again(self) -> None:
            mock = await start_mock(self.addCleanup)
            await mock.api.set_behaviors(BUSY_ONCE)
            my_sender.deliver(mock.smtp, ...)
            (mail,) = await mock.api.mails(count=1, wait="10s")
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
from twisted.internet.defer import Deferred

from mocksmtp.client.deferred import HostClient, MockClient
from mocksmtp.config import Config
from mocksmtp.service import MockService, make_service

FREE_PORTS = Config(
    smtp=("tcp:0:interface=127.0.0.1",),
    http="tcp:0:interface=127.0.0.1",
    dns=(("127.0.0.1", 0),),
    hostname="mock.test",
)
"""Every listener on a free port of the loopback address."""


@attrs.frozen
class RunningHost:
    """
    A mail host of a running service.

    :ivar addresses: the address and port of each listener
    :ivar url: the root of its API
    :ivar api: a client of its API
    """

    name: str
    addresses: tuple[tuple[str, int], ...]
    url: str
    api: HostClient

    @property
    def smtp(self) -> tuple[str, int]:
        """The address and port of its first SMTP listener."""
        return self.addresses[0]

    async def delete(self) -> None:
        """Remove it with its mails and records."""
        await self.api.delete()


@attrs.frozen
class RunningMock:
    """
    A service that runs in this process.

    :ivar smtp: the address and port of the SMTP listener
    :ivar dns: the address and port of DNS, UDP and TCP; port 0 without DNS
    :ivar url: the root of the HTTP API
    :ivar api: a client of the API
    :ivar service: the service itself
    """

    smtp: tuple[str, int]
    dns: tuple[str, int]
    url: str
    api: MockClient
    service: MockService

    async def add_host(self, name: str | None = None, **document: Any) -> RunningHost:
        """
        Create a mail host with its own ports.

        :param document: see `mocksmtp.client.MockClient.add_host`
        """
        host = await self.api.add_host(name, **document)
        return RunningHost(host.name, host.addresses, host.url, host)

    def stop(self) -> Deferred[Any]:
        """Stop the service; fires when nothing of it is left in the reactor."""
        return self.service.stopService()


async def start_mock(
    add_cleanup: Callable[[Callable[[], object]], object] | None = None,
    config: Config = FREE_PORTS,
    reactor: Any = None,
    http: Any = None,
) -> RunningMock:
    """
    Start the service, and return it when it runs.

    :param add_cleanup: the test's ``addCleanup``, to stop the service after the test
    :param config: the configuration; by default an empty one on free ports
    :param reactor: the reactor; by default that of the process
    :param http: sends the requests of the client
    :raises mocksmtp.service.StartError: a listener cannot be opened
    """
    if reactor is None:
        from twisted.internet import reactor
    service = make_service(config, reactor)
    service.startService()
    if add_cleanup is not None:
        add_cleanup(service.stopService)
    await service.started()
    addresses = service.addresses
    url = f"http://{addresses['http'][0]}"
    token = config.token
    return RunningMock(
        _pair(addresses["smtp"][0]),
        _pair(addresses["dns"][0]) if "dns" in addresses else ("", 0),
        url,
        MockClient(url, token, reactor=reactor, http=http),
        service,
    )


def _pair(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)
