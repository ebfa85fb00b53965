"""The test kit: for trial, pytest, and any other runner.

Each name is imported when it is first used: the service takes longer to import than
many a test to run.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mocksmtp.testing.blocking_sandbox import BlockingMockSMTP
    from mocksmtp.testing.naming import DomainInUse, NoMatch
    from mocksmtp.testing.running import (
        FREE_PORTS,
        RunningHost,
        RunningMock,
        start_mock,
    )
    from mocksmtp.testing.sandbox import MockSMTP
    from mocksmtp.testing.server import MockServer
    from mocksmtp.testing.trial import MockSMTPMixin, MockSMTPTestCase

_MODULES = {
    "BlockingMockSMTP": "blocking_sandbox",
    "DomainInUse": "naming",
    "FREE_PORTS": "running",
    "MockSMTP": "sandbox",
    "MockServer": "server",
    "MockSMTPMixin": "trial",
    "MockSMTPTestCase": "trial",
    "NoMatch": "naming",
    "RunningHost": "running",
    "RunningMock": "running",
    "start_mock": "running",
}

__all__ = [
    "FREE_PORTS",
    "BlockingMockSMTP",
    "DomainInUse",
    "MockSMTP",
    "MockSMTPMixin",
    "MockSMTPTestCase",
    "MockServer",
    "NoMatch",
    "RunningHost",
    "RunningMock",
    "start_mock",
]


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
