"""The whole service inside a test's own reactor, on free ports.

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

from mocksmtp.client import Client
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

    :ivar addresses: the host and port of each listener
    :ivar url: the root of its part of the HTTP API
    :ivar api: a client of that
    """

    name: str
    addresses: tuple[tuple[str, int], ...]
    url: str
    api: Client
    _service: Client

    @property
    def smtp(self) -> tuple[str, int]:
        """The host and port where it takes mail."""
        return self.addresses[0]

    async def delete(self) -> None:
        """Take it away with all that it has."""
        await self._service.delete_host(self.name)


@attrs.frozen
class RunningMock:
    """
    A service that runs in this process.

    :ivar smtp: the host and port where mail is taken
    :ivar dns: the host and port of the DNS, UDP and TCP
    :ivar url: the root of the HTTP API
    :ivar api: a client of it
    :ivar service: the service itself, for tests that must look inside
    """

    smtp: tuple[str, int]
    dns: tuple[str, int]
    url: str
    api: Client
    service: MockService

    async def add_host(self, name: str | None = None, **document: Any) -> RunningHost:
        """
        Make one more mail host, with ports of its own.

        :param document: as `mocksmtp.client.Client.add_host` takes it
        """
        made = await self.api.add_host(name, **document)
        name = str(made["name"])
        return RunningHost(
            name,
            tuple(map(_pair, made["addresses"])),
            f"{self.url}{made['url']}",
            self.api.host(name),
            self.api,
        )

    def stop(self) -> Deferred[Any]:
        """Close all; fires when the reactor is as clean as it was before."""
        return self.service.stopService()


async def start_mock(
    add_cleanup: Callable[[Callable[[], object]], object] | None = None,
    config: Config = FREE_PORTS,
    reactor: Any = None,
) -> RunningMock:
    """
    Start the service; it runs when this answers.

    :param add_cleanup: a test's ``addCleanup``, which then stops the service
    :param config: how, if not on free ports with nothing set up
    :param reactor: where, if not in the reactor of the process
    :raises mocksmtp.service.StartError: a listener can't be opened
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
        _pair(addresses["dns"][0]),
        url,
        Client.over(reactor, url, token),
        service,
    )


def _pair(address: str) -> tuple[str, int]:
    host, _, port = address.rpartition(":")
    return host.strip("[]"), int(port)
