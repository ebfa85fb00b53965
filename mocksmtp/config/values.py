"""Parsers of the values of options.

Each function raises `ValueError` for an invalid text.
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence

from mocksmtp.config.endpoints import LOOPBACK, parse_endpoint_or_place, parse_tcp_place
from mocksmtp.documents.kinds import Duration
from mocksmtp.documents.problems import DocumentError, unknown
from mocksmtp.documents.units import parse_size
from mocksmtp.hosts.capabilities import Capabilities, parse_capabilities
from mocksmtp.hosts.documents import HOST_NAME
from mocksmtp.hosts.listeners import Inherited
from mocksmtp.logs import Level, LogFormat
from mocksmtp.mail.documents import MailShape, StandIn
from mocksmtp.mock import DEFAULT_HOST
from mocksmtp.zone.answer import Rcode

OFF = "off"

MAX_TOKEN_FILE = 64 * 1024
"""The octets of a token file that are read."""

_LOG_LEVELS = {level.name.lower(): level for level in Level}

_SYSTEMD = re.compile(r"systemd:tcp=([^:=]+):udp=([^:=]+)")
LASTING = Duration(0.001)
"""A duration of a millisecond or more."""

_ORIGIN = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*://(?:\[[0-9A-Fa-f:.]+\]|[^/?#@:\[\]\s]+)(?::[0-9]{1,5})?"
)
_DIGITS = re.compile(r"[0-9]{1,12}")


def parse_smtp(
    values: Sequence[str], bind: str = LOOPBACK
) -> dict[str, tuple[str, ...]]:
    """
    The endpoints of each host, from ``ENDPOINT``, ``HOST=ENDPOINT`` or ``off``.

    :param bind: the address that a port alone binds
    """
    endpoints: dict[str, tuple[str, ...]] = {}
    for value in values:
        name, endpoint = _split_host(value)
        try:
            HOST_NAME.read(name)
        except ValueError:
            must = "must be 1 to 253 letters, digits, dots, hyphens, underscores"
            raise ValueError(f"invalid host name {name!r}: it {must}") from None
        known = endpoints.setdefault(name, ())
        if endpoint != OFF:
            endpoints[name] = (*known, parse_endpoint_or_place(endpoint, bind))
    # An empty array means no endpoint, unlike an option that is absent.
    return endpoints or {DEFAULT_HOST: ()}


def _split_host(value: str) -> tuple[str, str]:
    """The host and its endpoint; the name ends at a ``=`` before the first ``:``."""
    name, equals, _ = value.partition(":")[0].partition("=")
    return (name, value[len(name) + 1 :]) if equals else (DEFAULT_HOST, value)


def parse_dns(
    values: Sequence[str], bind: str = LOOPBACK
) -> tuple[tuple[str, int] | Inherited, ...]:
    """
    Addresses with their ports; none for ``off``.

    ``systemd:tcp=2:udp=3`` names sockets that systemd opened, by index or name.
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
    """A host name: printable, without spaces."""
    if not value or not value.isprintable() or " " in value:
        raise ValueError(f"invalid host name {value!r}: it must not contain spaces")
    return value


def parse_origin(value: str) -> str:
    """The origin of web pages (RFC 6454), or ``*``."""
    if value != "*" and not _ORIGIN.fullmatch(value):
        example = "as in http://localhost:3000, without a path"
        raise ValueError(f"invalid origin {value!r}; {example}")
    return value


def parse_token(value: str) -> str:
    """A bearer token; an error does not contain the value."""
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


def parse_stand_ins(values: Sequence[str]) -> tuple[StandIn, ...]:
    """The mail catchers whose APIs are served as well."""
    found: dict[StandIn, None] = {}
    for value in values:
        try:
            found[StandIn(value)] = None
        except ValueError:
            names = [one.value for one in StandIn]
            raise ValueError(unknown(f"tool {value!r}", value, names)) from None
    if StandIn.MAILHOG in found and StandIn.MAILPIT in found:
        raise ValueError(
            "mailhog and mailpit share the path /api/v1/messages; enable one of them"
        )
    return tuple(found)


def parse_unset(value: str) -> Rcode:
    """The reply of DNS until a record is set."""
    if value not in ("nxdomain", "servfail"):
        raise ValueError(f"unknown reply {value!r}; one of: nxdomain, servfail")
    return Rcode[value.upper()]


def parse_log_format(value: str) -> LogFormat:
    """The format of the log."""
    try:
        return LogFormat(value)
    except ValueError:
        formats = ", ".join(known.value for known in LogFormat)
        raise ValueError(f"unknown format {value!r}; one of: {formats}") from None


def parse_log_level(value: str) -> Level:
    """The lowest level that is logged."""
    try:
        return _LOG_LEVELS[value]
    except KeyError:
        levels = ", ".join(_LOG_LEVELS)
        raise ValueError(f"unknown level {value!r}; one of: {levels}") from None


def parse_flag(value: str) -> bool:
    """``1`` or ``0``; a flag on the command line is 1."""
    if value not in ("0", "1"):
        raise ValueError(f"must be 1 or 0, got {value!r}")
    return value == "1"


def parse_file(value: str) -> str:
    """The absolute path of a file: a daemon changes its working directory."""
    if not value or "\0" in value:
        raise ValueError("must be the path of a file")
    return os.path.abspath(value)


def parse_token_file(value: str) -> str:
    """The token in a file, without its line end."""
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
    """A size in octets, greater than 0."""
    size = parse_size(value)
    if size == 0:
        raise ValueError("must be greater than 0")
    return size


def parse_max_age(value: object) -> float:
    """Seconds, at least a millisecond, from a text or a number of milliseconds."""
    return LASTING.read(value)


def parse_wait(value: object) -> float:
    """Seconds, 0 or more, from a text or a number of milliseconds."""
    return Duration().read(value)


def parse_number(value: str) -> int:
    """An integer of at least 0."""
    if not _DIGITS.fullmatch(value):
        raise ValueError(f"must be a number, got {value!r}")
    return int(value)


def parse_count(value: object) -> int:
    """An integer of at least 1."""
    value = str(value)
    if not (_DIGITS.fullmatch(value) and int(value)):
        raise ValueError(f"must be a number of at least 1, got {value!r}")
    return int(value)


def parse_lines(value: str) -> Capabilities:
    """The capabilities of EHLO, separated by commas; none for an empty text."""
    lines = [line.strip() for line in value.split(",")] if value.strip() else []
    try:
        return parse_capabilities(lines)
    except DocumentError:
        message = "expected keywords with their parameters, separated by commas"
        raise ValueError(message) from None


def parse_folder(value: str) -> str:
    """The path of a directory, which need not exist."""
    if not value or "\0" in value:
        raise ValueError("must be the path of a directory")
    return value
