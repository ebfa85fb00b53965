"""The installed service, run as users run it."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from tests.e2e.api import Api
from tests.e2e.namespaces import Namespace
from tests.e2e.program import Program

DNS = HTTP = "10.9.0.2"
MX1 = "10.9.0.11"
MX2 = "10.9.0.12"
MX3 = "10.9.0.13"
MX4 = "10.9.0.14"
NOBODY = "10.9.0.19"
"""An address of the same machine where connections are refused, as they are at those
of `MX3` and `MX4` until a test makes hosts there."""


class Service:
    """
    ``twistd mocksmtp`` in a namespace, on the ports that the world expects.

    :param namespace: gets the addresses of this module
    :param directory: where it runs: not the sources', whose package it would take
    :ivar api: its HTTP API
    """

    def __init__(self, namespace: Namespace, directory: Path) -> None:
        namespace.set_addresses(HTTP, MX1, MX2, MX3, MX4, NOBODY)
        self.api = Api(namespace, f"http://{HTTP}:8000")
        twistd = Path(sys.executable).with_name("twistd")
        options = [
            *("--hostname", "mock.test"),
            *("--smtp", f"tcp:25:interface={MX1}"),
            *("--smtp", f"tcp:25:interface={MX2}"),
            *("--http", f"tcp:8000:interface={HTTP}"),
            *("--dns", f"{DNS}:53"),
        ]
        self._program = Program(
            namespace.command(
                str(twistd), "--nodaemon", "--pidfile=", "mocksmtp", *options
            ),
            directory,
            _environment(),
        )

    def wait(self) -> None:
        """Answer once all listeners are up."""
        self._program.printed("Mock SMTP server started")

    def stop(self) -> None:
        """End it."""
        self._program.stop()


def _environment() -> dict[str, str]:
    """Our own environment, without what would change the service."""
    return {
        name: value
        for name, value in os.environ.items()
        if name != "PYTHONPATH" and not name.startswith("MOCKSMTP_")
    }
