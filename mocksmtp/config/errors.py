"""How a configuration is refused."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


class ConfigError(Exception):
    """
    What is wrong with the configuration, and where.

    :ivar problems: each in one line
    """

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


class Problems:
    """Collects the problems of several parts, to report all of them together."""

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
        """Add one."""
        self._found.append(problem)

    def check(self) -> None:
        """
        Go on only where there is none.

        :raises ConfigError: there are some
        """
        if self._found:
            raise ConfigError(*self._found)
