"""The test kit: the whole service inside a test's own reactor."""

from mocksmtp.testing.running import RunningMock, start_mock

__all__ = ["RunningMock", "start_mock"]
