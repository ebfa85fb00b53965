"""Clients of the HTTP API.

`BlockingMockClient` (urllib3) and `MockClient` (treq; its methods return Deferreds)
have the same methods. Each is imported when it is first used, so that a program with
the blocking client does not import Twisted.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mocksmtp.client.errors import (
    ApiError,
    InvalidUrl,
    MockError,
    NotMocksmtp,
    NotReachable,
    OlderService,
    PortInUse,
    StartFailed,
    TimedOut,
    WrongToken,
)

if TYPE_CHECKING:
    from mocksmtp.client.blocking import BlockingHostClient, BlockingMockClient
    from mocksmtp.client.deferred import HostClient, MockClient
    from mocksmtp.client.vocabulary import Condition, header, parameter, target

__all__ = [
    "ApiError",
    "BlockingHostClient",
    "BlockingMockClient",
    "Condition",
    "HostClient",
    "InvalidUrl",
    "MockClient",
    "MockError",
    "NotMocksmtp",
    "NotReachable",
    "OlderService",
    "PortInUse",
    "StartFailed",
    "TimedOut",
    "WrongToken",
    "header",
    "parameter",
    "target",
]

_MODULES = {
    "BlockingHostClient": "blocking",
    "BlockingMockClient": "blocking",
    "Condition": "vocabulary",
    "HostClient": "deferred",
    "MockClient": "deferred",
    "header": "vocabulary",
    "parameter": "vocabulary",
    "target": "vocabulary",
}


def __getattr__(name: str) -> Any:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
