"""The configuration file: TOML, with the documents that the API takes.

Certificates are texts in the API; here they may also be file names.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import attrs

from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.config.config import OPTIONS
from mocksmtp.config.errors import ConfigError, Problems
from mocksmtp.documents.document import Document, parse
from mocksmtp.documents.problems import DocumentError, camel_case
from mocksmtp.documents.reading import Real, TooManyValues
from mocksmtp.hosts.capabilities import parse_extensions
from mocksmtp.hosts.documents import Usual, parse_host
from mocksmtp.hosts.host import Description, HostStart
from mocksmtp.hosts.limits import Limits
from mocksmtp.mock import DEFAULT_HOST
from mocksmtp.zone.records import Record, parse_records

T = TypeVar("T")

DOCUMENTS = (
    "smtpBehaviors",
    "smtpExtensions",
    "dnsRecords",
    "dnsBehaviors",
    "mtaSts",
    "limits",
    "tls",
    "auth",
    "hosts",
)
"""The keys of the file that are not options."""

_LIMIT_OPTIONS = {each.limit: each for each in OPTIONS if each.limit is not None}

_LIMITS = Document(
    Limits,
    without={
        camel_case(limit): f"is the option {option.key}"
        for limit, option in _LIMIT_OPTIONS.items()
    },
)
"""The limits of the file that are not options."""


def read_file(path: str) -> dict[str, Any]:
    """
    Read the document in a TOML file.

    :raises ConfigError: the file cannot be read, or is not TOML
    """
    import tomllib

    try:
        with open(path, "rb") as file:
            return tomllib.load(file, parse_float=Real)
    except OSError as error:
        raise ConfigError(f"{path or '--config'}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}: not UTF-8 (at line {line})") from None
    except RecursionError:
        raise ConfigError(f"{path}: nested too deeply") from None
    # Invalid syntax, or a number with more digits than Python parses.
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from None


def read(
    path: str | None, document: dict[str, Any], key: str, parse: Callable[[Any], T]
) -> T | None:
    """
    Remove a document from that of the file and parse it as the API does.

    :return: the parsed value, or None if there is none
    :raises ConfigError: it is invalid; the message contains its place
    """
    if key not in document:
        return None
    return read_value(path, key, parse, document.pop(key))


def read_value(path: str | None, key: str, parse: Callable[[Any], T], value: Any) -> T:
    """Parse the value of a key; an error contains its place."""
    try:
        return parse(value)
    except DocumentError as error:
        raise ConfigError(
            *(
                f"{path}: {key}{_place(problem.path)}: {problem.message}"
                for problem in error.problems
            )
        ) from None
    except TooManyValues as error:
        raise ConfigError(f"{path}: {key}: {error}") from None


def _place(path: str) -> str:
    """The place of an error: a path without its ``$``, or a line of a text."""
    place = path.removeprefix("$")
    return place if place != path else f": {place}"


def read_start(path: str | None, document: dict[str, Any]) -> HostStart:
    """The behaviors and extensions of the default host at the start."""
    behaviors = extensions = None
    problems = Problems()
    with problems.of():
        behaviors = read(path, document, "smtpBehaviors", SMTP.parse_all)
    with problems.of():
        extensions = read(path, document, "smtpExtensions", parse_extensions)
    problems.check()
    return HostStart(behaviors or (), extensions or ())


def parse_any_records(document: Any) -> tuple[Record, ...]:
    """Records from an array, or from the text of a zone file."""
    if isinstance(document, str):
        # Imports dnspython.
        from mocksmtp.zone.text import parse_zone_text

        return parse_zone_text(document)
    return parse_records(document)


def read_default(
    path: str | None, document: dict[str, Any], usual: Description
) -> Description:
    """`usual` with what the file says of the default host's TLS and users."""
    fields = {key: document.pop(key) for key in ("tls", "auth") if key in document}
    if not fields:
        # What reads a document takes 7 ms to be made.
        return usual
    try:
        said = parse_host(fields, DEFAULT_HOST, Usual(limits=usual.limits))
    except DocumentError as error:
        raise ConfigError(
            *(
                f"{path}: {problem.path.removeprefix('$.')}: {problem.message}"
                for problem in error.problems
            )
        ) from None
    return attrs.evolve(usual, tls=said.tls, auth=said.auth)


def read_limits(path: str | None, table: Any, values: dict[str, Any]) -> Limits:
    """The limits in `values`, which are removed from it, and those of the file."""
    limits = {
        limit: values.pop(option.name)
        for limit, option in _LIMIT_OPTIONS.items()
        if option.name in values
    }
    if "message_size" in limits:
        limits["advertise_size"] = True
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: limits: expected a table")
    problems, base = Problems(), Limits()
    try:
        if table:
            base = parse(_LIMITS, table)
    except DocumentError as error:
        for problem in error.within("limits").problems:
            problems.add(f"{path}: {problem.path}: {problem.message}")
    problems.check()
    return attrs.evolve(base, **limits)
