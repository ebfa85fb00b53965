"""The test kit: the service in a test's own reactor."""

from mocksmtp.testing.running import RunningHost, RunningMock, start_mock

__all__ = ["RunningHost", "RunningMock", "start_mock"]
