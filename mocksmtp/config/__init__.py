"""The configuration of a service: options, environment variables and a file."""

from mocksmtp.config.config import OPTIONS, SMTP_ENDPOINTS, Config
from mocksmtp.config.errors import ConfigError
from mocksmtp.config.loading import CONFIG_VARIABLE, load_config
from mocksmtp.config.options import Option
from mocksmtp.config.values import parse_dns, parse_smtp

__all__ = [
    "CONFIG_VARIABLE",
    "OPTIONS",
    "SMTP_ENDPOINTS",
    "Config",
    "ConfigError",
    "Option",
    "load_config",
    "parse_dns",
    "parse_smtp",
]
