"""Options, environment variables and a TOML file into one frozen `Config`.

Options win over environment variables, and those over the file. Whatever is
wrong is one `ConfigError`, which names the place: an option, a variable, or a
line or field of the file.
"""

from __future__ import annotations

import ipaddress
import re
import socket
import tomllib
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import attrs

from mocksmtp.codec.behaviors import parse_behaviors, parse_extensions
from mocksmtp.codec.hosts import parse_host_name
from mocksmtp.codec.mails import MailShape
from mocksmtp.codec.plans import parse_plans
from mocksmtp.codec.records import parse_records
from mocksmtp.codec.structure import DocumentError, TooManyValues
from mocksmtp.codec.zonefile import parse_zone_text
from mocksmtp.core.host import Description, HostPlan, HostStart, Limits
from mocksmtp.core.mock import DEFAULT_HOST
from mocksmtp.logs import LogFormat
from mocksmtp.model.units import parse_duration, parse_size
from mocksmtp.model.zone import Record

OFF = "off"

SMTP_ENDPOINTS = ("tcp:2525:interface=127.0.0.1",)
"""Where the default host listens unless it is told otherwise."""

_ADDRESS = re.compile(r"(?:\[([^]]*:[^]]*)\]|([^][:]*)):([^:]*)")
_DIGITS = re.compile(r"[0-9]{1,12}")


class ConfigError(Exception):
    """What is wrong with the configuration, and where, in one line."""


@attrs.frozen
class Config:
    """
    All that a service is started with.

    :ivar smtp: Twisted server endpoints of the default host
    :ivar http: the endpoint of the API, or None for no API
    :ivar dns: addresses and ports, UDP and TCP on each; none for no DNS
    :ivar hostname: what banner and EHLO say
    :ivar max_mails: how many mails are kept
    :ivar max_bytes: how many bytes of memory are used for mails
    :ivar journal: how many sessions are kept of each host; 0 for none
    :ivar http_hosts: further names that a browser may call the API by
    :ivar token: a bearer token that the API asks for, or None
    :ivar log_format: how the log is written
    :ivar start: what the default host has at the start
    :ivar records: the DNS records at the start
    :ivar hosts: other hosts that there are at the start; one that is called
        ``default`` is the default host, in the place of what is said above
    """

    smtp: tuple[str, ...] = SMTP_ENDPOINTS
    http: str | None = "tcp:8000:interface=127.0.0.1"
    dns: tuple[tuple[str, int], ...] = (("127.0.0.1", 5300),)
    hostname: str = attrs.field(factory=socket.gethostname)
    max_mails: int = 100_000
    max_bytes: int = 2**30
    journal: int = 10_000
    limits: Limits = attrs.field(factory=Limits)
    mail_shape: MailShape = MailShape.BOTH
    http_hosts: tuple[str, ...] = ()
    token: str | None = attrs.field(default=None, repr=False)
    log_format: LogFormat = LogFormat.TEXT
    start: HostStart = attrs.field(factory=HostStart)
    records: tuple[Record, ...] = ()
    hosts: tuple[HostPlan, ...] = ()

    @property
    def plans(self) -> tuple[HostPlan, ...]:
        """All hosts that there are at the start, the default host first."""
        plans = {plan.description.name: plan for plan in self.hosts}
        usual = HostPlan(
            Description(DEFAULT_HOST, self.hostname, limits=self.limits),
            self.smtp,
            self.start,
        )
        return (plans.pop(DEFAULT_HOST, usual), *plans.values())


def parse_smtp(values: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Endpoints by host, each perhaps behind ``HOST=``; ``off`` for none."""
    endpoints: dict[str, tuple[str, ...]] = {}
    for value in values:
        name, endpoint = _split_host(value)
        try:
            parse_host_name(name)
        except ValueError as error:
            raise ValueError(f"not a name of a host: {name!r}: it {error}") from None
        known = endpoints.setdefault(name, ())
        if endpoint != OFF:
            endpoints[name] = (*known, endpoint)
    # An empty array says that there is none, and not that nothing is said.
    return endpoints or {DEFAULT_HOST: ()}


def _split_host(value: str) -> tuple[str, str]:
    """The host's name ends at a ``=`` before the first ``:``."""
    name, equals, _ = value.partition(":")[0].partition("=")
    return (name, value[len(name) + 1 :]) if equals else (DEFAULT_HOST, value)


def parse_dns(values: Sequence[str]) -> tuple[tuple[str, int], ...]:
    """``ADDRESS:PORT`` pairs; IPv6 in brackets; ``off`` for none."""
    return tuple(_parse_address(value) for value in values if value != OFF)


def _parse_address(value: str) -> tuple[str, int]:
    match = _ADDRESS.fullmatch(value)
    host, port = (match[1] or match[2], match[3]) if match else ("", "")
    try:
        ipaddress.ip_address(host)
    except ValueError:
        raise ValueError(f"not ADDRESS:PORT with an IP address: {value!r}") from None
    if not (_DIGITS.fullmatch(port) and int(port) < 2**16):
        raise ValueError(f"not a port: {port!r}")
    return host, int(port)


def _parse_http(value: str) -> str | None:
    return None if value == OFF else value


def _parse_hostname(value: str) -> str:
    if not value or not value.isprintable() or " " in value:
        raise ValueError(f"not a host name: {value!r}")
    return value


def _parse_token(value: str) -> str:
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError("must be printable ASCII without spaces, and not empty")
    return value


def _parse_shape(value: str) -> MailShape:
    try:
        return MailShape(value)
    except ValueError:
        shapes = ", ".join(shape.value for shape in MailShape)
        raise ValueError(f"unknown shape {value!r}; one of: {shapes}") from None


def _parse_log_format(value: str) -> LogFormat:
    try:
        return LogFormat(value)
    except ValueError:
        formats = ", ".join(known.value for known in LogFormat)
        raise ValueError(f"unknown format {value!r}; one of: {formats}") from None


def _parse_room(value: str) -> int:
    size = parse_size(value)
    if size == 0:
        raise ValueError("must be more than nothing")
    return size


def _parse_time(value: str) -> float:
    duration = parse_duration(value)
    if duration == 0:
        raise ValueError("must be more than no time")
    return duration


def _parse_number(value: str) -> int:
    if not _DIGITS.fullmatch(value):
        raise ValueError(f"not a number: {value!r}")
    return int(value)


def _parse_count(value: str) -> int:
    if not (_DIGITS.fullmatch(value) and int(value)):
        raise ValueError(f"not a number from 1 on: {value!r}")
    return int(value)


@attrs.frozen
class Option:
    """
    One option, wherever it is given.

    :ivar name: as on the command line, without the dashes
    :ivar parse: from its text, or from a list of texts where it is `repeatable`;
        raises `ValueError`
    :ivar metavar: what stands for its value in the help
    :ivar variable: the environment variable, or None
    """

    name: str
    parse: Callable[[Any], Any]
    metavar: str
    help: str
    variable: str | None = None
    repeatable: bool = False

    @property
    def key(self) -> str:
        """Its name in the file: ``max-mails`` is ``maxMails`` there."""
        head, *rest = self.name.split("-")
        return head + "".join(word.title() for word in rest)


OPTIONS = (
    Option(
        "smtp",
        parse_smtp,
        "ENDPOINT",
        "a Twisted server endpoint for mail, or off; HOST=ENDPOINT is for another"
        " host than the default one; may come several times"
        " (default: tcp:2525:interface=127.0.0.1)",
        "MOCKSMTP_SMTP",
        repeatable=True,
    ),
    Option(
        "http",
        _parse_http,
        "ENDPOINT",
        "the endpoint of the API, or off (default: tcp:8000:interface=127.0.0.1)",
        "MOCKSMTP_HTTP",
    ),
    Option(
        "dns",
        parse_dns,
        "ADDRESS:PORT",
        "where DNS is served, UDP and TCP, or off; may come several times"
        " (default: 127.0.0.1:5300)",
        "MOCKSMTP_DNS",
        repeatable=True,
    ),
    Option(
        "hostname",
        _parse_hostname,
        "NAME",
        "what the banner and EHLO say (default: the machine's name)",
    ),
    Option(
        "max-mails",
        _parse_count,
        "N",
        "how many mails are kept; the oldest go first (default: 100000)",
    ),
    Option(
        "max-bytes",
        _parse_room,
        "SIZE",
        "how much memory mails may take (default: 1GiB)",
    ),
    Option(
        "max-message-size",
        _parse_room,
        "SIZE",
        "a larger message gets 552 (default: 64MiB); told in EHLO when given",
    ),
    Option(
        "max-connections",
        _parse_count,
        "N",
        "SMTP connections at once; 421 past it (default: 1000)",
    ),
    Option(
        "journal",
        _parse_number,
        "N",
        "how many sessions are kept of each host; 0 for none (default: 10000)",
    ),
    Option(
        "mail-shape",
        _parse_shape,
        "SHAPE",
        "the fields of a listed mail: both, james or article (default: both)",
    ),
    Option(
        "http-host",
        lambda names: tuple(map(_parse_hostname, names)),
        "NAME",
        "a further name that a browser may call the API by; may come several times",
        repeatable=True,
    ),
    Option(
        "token",
        _parse_token,
        "TEXT",
        "a bearer token that the API asks for",
        "MOCKSMTP_TOKEN",
    ),
    Option(
        "log-format",
        _parse_log_format,
        "FORMAT",
        "how the log is written: text or json (default: text)",
    ),
)
"""Every option but ``--config``."""

CONFIG_VARIABLE = "MOCKSMTP_CONFIG"


def load_config(
    options: Mapping[str, Sequence[str]], environment: Mapping[str, str]
) -> Config:
    """
    What a service is to be started with.

    :param options: for each option that was given, its values in order
    :raises ConfigError: something is wrong with it
    """
    path = (environment.get(CONFIG_VARIABLE) or None, *options.get("config", ()))[-1]
    document = {} if path is None else _read_file(path)
    values: dict[str, Any] = {}
    for option in OPTIONS:
        for place, texts in (
            (f"--{option.name}", options.get(option.name)),
            (option.variable, _from_environment(option, environment)),
            (f"{path}: {option.key}", _from_file(option, document, path)),
        ):
            if texts is not None:
                values[option.name] = _parse(option, texts, f"{place}")
                break
    return _build(values, document, path)


def _parse(option: Option, texts: Sequence[str], place: str) -> Any:
    try:
        return option.parse(texts if option.repeatable else texts[-1])
    except ValueError as error:
        raise ConfigError(f"{place}: {error}") from None


def _from_environment(
    option: Option, environment: Mapping[str, str]
) -> Sequence[str] | None:
    """Blank counts as not set; several values are separated by spaces."""
    value = environment.get(option.variable or "", "")
    if not value.strip():
        return None
    return value.split() if option.repeatable else [value]


def _from_file(
    option: Option, document: dict[str, Any], path: str | None
) -> Sequence[str] | None:
    value = document.pop(option.key, None)
    if value is None:
        return None
    values = value if isinstance(value, list) and option.repeatable else [value]
    for item in values:
        if isinstance(item, bool) or not isinstance(item, (str, int)):
            raise ConfigError(f"{path}: {option.key}: expected a string or a number")
    return [str(item) for item in values]


def _read_file(path: str) -> dict[str, Any]:
    try:
        with open(path, "rb") as file:
            return tomllib.load(file)
    except OSError as error:
        raise ConfigError(f"{path or '--config'}: {error.strerror}") from None
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"{path}: not UTF-8 (at line {line})") from None
    except RecursionError:
        raise ConfigError(f"{path}: nested too deeply") from None
    # Bad syntax, or a number of more digits than Python reads.
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from None


def _build(
    values: dict[str, Any], document: dict[str, Any], path: str | None
) -> Config:
    """The options' values, and the rest of the file's document."""
    endpoints: dict[str, tuple[str, ...]] = values.pop("smtp", {})
    start = _read_start(path, document)
    records = _read(path, document, "dnsRecords", _parse_any_records)
    limits = _read_limits(path, document.pop("limits", {}), values)
    hostname = values.setdefault("hostname", socket.gethostname())
    usual = HostPlan(
        Description(DEFAULT_HOST, hostname, limits=limits), SMTP_ENDPOINTS, start
    )
    hosts = _read(
        path, document, "hosts", lambda hosts: parse_plans(hosts, usual, endpoints)
    )
    if document:
        known = ("smtpBehaviors", "smtpExtensions", "dnsRecords", "limits", "hosts")
        names = ", ".join([*(option.key for option in OPTIONS), *known])
        raise ConfigError(f"{path}: {min(document)!r}: unknown; one of: {names}")
    fields = {name.replace("-", "_"): value for name, value in values.items()}
    fields["http_hosts"] = fields.pop("http_host", ())
    return Config(
        **fields,
        smtp=endpoints.get(DEFAULT_HOST, SMTP_ENDPOINTS),
        limits=limits,
        start=start,
        records=records,
        hosts=hosts + _plain_hosts(endpoints, hosts, limits),
    )


def _plain_hosts(
    endpoints: Mapping[str, tuple[str, ...]],
    described: tuple[HostPlan, ...],
    limits: Limits,
) -> tuple[HostPlan, ...]:
    """The hosts that have endpoints, and no document in the file."""
    known = {DEFAULT_HOST, *(plan.description.name for plan in described)}
    return tuple(
        HostPlan(Description(name, name, limits=limits), told)
        for name, told in endpoints.items()
        if name not in known
    )


def _read_start(path: str | None, document: dict[str, Any]) -> HostStart:
    return HostStart(
        _read(path, document, "smtpBehaviors", parse_behaviors),
        _read(path, document, "smtpExtensions", parse_extensions),
    )


def _parse_any_records(document: Any) -> tuple[Record, ...]:
    if isinstance(document, str):
        return parse_zone_text(document)
    return parse_records(document)


def _read(
    path: str | None,
    document: dict[str, Any],
    key: str,
    parse: Callable[[Any], tuple[Any, ...]],
) -> tuple[Any, ...]:
    """One of the documents that the API takes too."""
    if key not in document:
        return ()
    try:
        return parse(document.pop(key))
    except DocumentError as error:
        first = error.problems[0]
        # A path begins with $, or says in which line of a text.
        place = first.path.removeprefix("$")
        place = key + (place if place != first.path else f": {place}")
        raise ConfigError(f"{path}: {place}: {first.message}") from None
    except TooManyValues as error:
        raise ConfigError(f"{path}: {key}: {error}") from None


def _read_limits(path: str | None, table: Any, values: dict[str, Any]) -> Limits:
    """The limits that are options, taken out of `values`, and those of the file."""
    limits: dict[str, Any] = {}
    if "max-message-size" in values:
        limits["message_size"] = values.pop("max-message-size")
        limits["advertise_size"] = True
    if "max-connections" in values:
        limits["connections"] = values.pop("max-connections")
    if not isinstance(table, dict):
        raise ConfigError(f"{path}: limits: expected a table")
    readers: dict[str, tuple[str, Callable[[str], Any]]] = {
        "recipients": ("recipients", _parse_count),
        "idleTime": ("idle_time", _parse_time),
    }
    for key, value in table.items():
        if key not in readers:
            known = ", ".join(readers)
            raise ConfigError(f"{path}: limits.{key}: unknown; one of: {known}")
        name, parse = readers[key]
        try:
            limits[name] = parse(str(value))
        except ValueError as error:
            raise ConfigError(f"{path}: limits.{key}: {error}") from None
    return Limits(**limits)
