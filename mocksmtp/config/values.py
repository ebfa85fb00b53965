"""What options mean, from the texts that they are given as.

Each function raises `ValueError` for a text that is none.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from mocksmtp.config.addresses import (
    LOOPBACK,
    parse_endpoint_or_place,
    parse_tcp_place,
)
from mocksmtp.documents.kinds import Duration
from mocksmtp.documents.problems import DocumentError
from mocksmtp.documents.units import parse_size
from mocksmtp.hosts.capabilities import Capabilities, parse_capabilities
from mocksmtp.hosts.documents import HOST_NAME
from mocksmtp.hosts.listeners import Inherited
from mocksmtp.logs import Level, LogFormat
from mocksmtp.mail.documents import MailShape
from mocksmtp.mock import DEFAULT_HOST
from mocksmtp.zone.answer import Rcode

OFF = "off"

MAX_TOKEN_FILE = 64 * 1024
"""Octets of a token's file that are read."""

_LOG_LEVELS = {level.name.lower(): level for level in Level}

_SYSTEMD = re.compile(r"systemd:tcp=([^:=]+):udp=([^:=]+)")
LASTING = Duration(0.001)
"""A duration of a millisecond or more."""

_DIGITS = re.compile(r"[0-9]{1,12}")


def parse_smtp(
    values: Sequence[str], bind: str = LOOPBACK
) -> dict[str, tuple[str, ...]]:
    """
    Endpoints by host, each perhaps behind ``HOST=``; ``off`` for none.

    :param bind: the address for a port alone
    """
    endpoints: dict[str, tuple[str, ...]] = {}
    for value in values:
        name, endpoint = _split_host(value)
        try:
            HOST_NAME.read(name)
        except ValueError:
            must = "must have 1 to 253 letters, digits, dots, hyphens, underscores"
            raise ValueError(f"not a name of a host: {name!r}: it {must}") from None
        known = endpoints.setdefault(name, ())
        if endpoint != OFF:
            endpoints[name] = (*known, parse_endpoint_or_place(endpoint, bind))
    # An empty array says that there is none, and not that nothing is said.
    return endpoints or {DEFAULT_HOST: ()}


def _split_host(value: str) -> tuple[str, str]:
    """The host's name ends at a ``=`` before the first ``:``."""
    name, equals, _ = value.partition(":")[0].partition("=")
    return (name, value[len(name) + 1 :]) if equals else (DEFAULT_HOST, value)


def parse_dns(
    values: Sequence[str], bind: str = LOOPBACK
) -> tuple[tuple[str, int] | Inherited, ...]:
    """
    Addresses with their ports; ``off`` for none.

    ``systemd:tcp=2:udp=3`` names sockets that systemd has opened, by index or name.
    """
    return tuple(
        Inherited(*match.groups())
        if (match := _SYSTEMD.fullmatch(value))
        else parse_tcp_place(value, bind)
        for value in values
        if value != OFF
    )


def parse_http(value: str, bind: str = LOOPBACK) -> str | None:
    """An endpoint, or None for ``off``."""
    return None if value == OFF else parse_endpoint_or_place(value, bind)


def parse_hostname(value: str) -> str:
    """A name without spaces."""
    if not value or not value.isprintable() or " " in value:
        raise ValueError(f"not a host name: {value!r}")
    return value


def parse_token(value: str) -> str:
    """A bearer token; what is refused is not shown."""
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("must be printable ASCII without spaces, and not empty")
    return value


def parse_shape(value: str) -> MailShape:
    """The shape of listed mails."""
    try:
        return MailShape(value)
    except ValueError:
        shapes = ", ".join(shape.value for shape in MailShape)
        raise ValueError(f"unknown shape {value!r}; one of: {shapes}") from None


def parse_unset(value: str) -> Rcode:
    """What DNS answers until a record has been set."""
    if value not in ("nxdomain", "servfail"):
        raise ValueError(f"unknown reply {value!r}; one of: nxdomain, servfail")
    return Rcode[value.upper()]


def parse_log_format(value: str) -> LogFormat:
    """How the log is written."""
    try:
        return LogFormat(value)
    except ValueError:
        formats = ", ".join(known.value for known in LogFormat)
        raise ValueError(f"unknown format {value!r}; one of: {formats}") from None


def parse_log_level(value: str) -> Level:
    """The least important lines that are written."""
    try:
        return _LOG_LEVELS[value]
    except KeyError:
        levels = ", ".join(_LOG_LEVELS)
        raise ValueError(f"unknown level {value!r}; one of: {levels}") from None


def parse_flag(value: str) -> bool:
    """``1`` or ``0``; an option that is given without a value is 1."""
    if value not in ("0", "1"):
        raise ValueError(f"must be 1 or 0, got {value!r}")
    return value == "1"


def parse_file(value: str) -> str:
    """The path of a file, made absolute: a program may change its folder."""
    if not value or "\0" in value:
        raise ValueError("must name a file")
    return os.path.abspath(value)


def parse_token_file(value: str) -> str:
    """The token in a file, without the end of its line."""
    path = parse_file(value)
    try:
        with open(path, encoding="utf-8") as file:
            return parse_token(file.read(MAX_TOKEN_FILE).removesuffix("\n"))
    except OSError as error:
        raise ValueError(f"{value}: {error.strerror}") from None
    except ValueError:
        message = "must be one line of printable ASCII without spaces, and not empty"
        raise ValueError(f"{value}: the token {message}") from None


def parse_room(value: str) -> int:
    """Octets, one at least."""
    size = parse_size(value)
    if size == 0:
        raise ValueError("must be more than nothing")
    return size


def parse_time(value: object) -> float:
    """Seconds, a millisecond at least, from a text or a number of milliseconds."""
    return LASTING.read(value)


def parse_number(value: str) -> int:
    """A number from 0 on."""
    if not _DIGITS.fullmatch(value):
        raise ValueError(f"not a number: {value!r}")
    return int(value)


def parse_count(value: object) -> int:
    """A number from 1 on."""
    value = str(value)
    if not (_DIGITS.fullmatch(value) and int(value)):
        raise ValueError(f"not a number from 1 on: {value!r}")
    return int(value)


def parse_lines(value: str) -> Capabilities:
    """The lines of EHLO, separated by commas; an empty text is none."""
    lines = [line.strip() for line in value.split(",")] if value.strip() else []
    try:
        return parse_capabilities(lines)
    except DocumentError:
        message = "expected keywords with their parameters, separated by commas"
        raise ValueError(message) from None


def parse_folder(value: str) -> str:
    """The path of a folder, which need not be there."""
    if not value or "\0" in value:
        raise ValueError("must name a folder")
    return value
