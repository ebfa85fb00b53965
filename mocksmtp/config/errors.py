"""How a configuration is refused."""

from __future__ import annotations


class ConfigError(Exception):
    """What is wrong with the configuration, and where, in one line."""
