"""The test kit: the whole service inside a test's own reactor."""

from mocksmtp.testing.running import RunningHost, RunningMock, start_mock

__all__ = ["RunningHost", "RunningMock", "start_mock"]
