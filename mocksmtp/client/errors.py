"""What can go wrong between a client and a service, each with what to do about it."""

from __future__ import annotations

from typing import Any


class MockError(Exception):
    """A request, or the start of a service, failed."""


class NotReachable(MockError):
    """
    No service accepts connections at the address.

    :param reason: as the system reports it
    """

    def __init__(self, url: str, reason: object) -> None:
        super().__init__(
            f"no mocksmtp at {url} ({reason}); start one with `mocksmtp serve`, or set "
            "MOCKSMTP_URL to the address of its API"
        )
        self.url = url


class InvalidUrl(MockError, ValueError):
    """The address of the service is no URL."""

    def __init__(self, url: str, reason: object) -> None:
        super().__init__(
            f"not the URL of a service: {url!r} ({reason}); MOCKSMTP_URL must be the "
            "address of the API, for example http://127.0.0.1:8000"
        )
        self.url = url


class TimedOut(MockError):
    """
    The service did not answer in time.

    :param seconds: how long the client waited, including the `wait` of the request
    """

    def __init__(self, url: str, request: str, seconds: float) -> None:
        super().__init__(
            f"mocksmtp at {url} did not answer {request} within {seconds:g} s; "
            "is it overloaded, or the client's `timeout` too short?"
        )
        self.url = url


class NotMocksmtp(MockError):
    """
    The answer is not from mocksmtp.

    :param found: what was found instead
    """

    def __init__(self, url: str, request: str, found: str) -> None:
        super().__init__(
            f"{url} is not the API of mocksmtp: the answer to {request} {found}; "
            "MOCKSMTP_URL must be the address of the API, for example "
            "http://127.0.0.1:8000"
        )
        self.url = url


class PortInUse(MockError):
    """A service cannot start, because a port is in use."""


class StartFailed(MockError):
    """A service cannot start."""


class ApiError(MockError):
    """
    The service refused a request.

    :ivar status: the HTTP status
    :ivar problem: the problem document (RFC 9457)
    """

    def __init__(self, request: str, status: int, problem: dict[str, Any]) -> None:
        self.status = status
        self.problem = problem
        lines = [f"{request}: {status} {self.detail}"]
        listed = [f"{one['path']}: {one['message']}" for one in self.errors]
        if listed != [self.detail]:
            lines += [f"  {each}" for each in listed]
        super().__init__("\n".join(lines))

    @property
    def detail(self) -> str:
        """One sentence about what is wrong."""
        return str(self.problem.get("detail") or self.problem.get("title") or "")

    @property
    def errors(self) -> list[dict[str, str]]:
        """The invalid fields, each with ``path`` and ``message``."""
        return [
            {"path": str(one.get("path")), "message": str(one.get("message"))}
            for one in self.problem.get("errors", ())
            if isinstance(one, dict)
        ]


class WrongToken(ApiError):
    """The service requires another token, or a token."""

    def __init__(
        self, url: str, request: str, problem: dict[str, Any], given: bool
    ) -> None:
        what = "refused the token" if given else "requires a token"
        hint = f"mocksmtp at {url} {what}; set MOCKSMTP_TOKEN, or pass the token"
        super().__init__(request, 401, {**problem, "detail": hint})


class OlderService(ApiError):
    """The service does not know a route that this client uses."""

    def __init__(
        self, url: str, request: str, status: int, problem: dict[str, Any], version: str
    ) -> None:
        hint = (
            f"mocksmtp at {url} has no such route: it is older than this client, "
            f"{version}; upgrade it (`/status` shows its version)"
        )
        super().__init__(request, status, {**problem, "detail": hint})
