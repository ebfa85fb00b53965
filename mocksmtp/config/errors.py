"""Errors of the configuration."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class ConfigError(Exception):
    """
    The configuration is invalid.

    :ivar problems: one line per error, with its place
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Problems:
    """Collects the errors of several parts, so that all are reported together."""

    def __init__(self) -> None:
        self._found: list[str] = []

    @contextmanager
    def of(self) -> Iterator[None]:
        """Collect the `ConfigError` that is raised within."""
        try:
            yield
        except ConfigError as error:
            self._found += error.problems

    def add(self, problem: str) -> None:
        """Add an error."""
        self._found.append(problem)

    def check(self) -> None:
        """
        Raise the collected errors.

        :raises ConfigError: there are any
        """
        if self._found:
            raise ConfigError(*self._found)
