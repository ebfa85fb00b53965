"""Load a `Config` from options, environment variables and a TOML file.

Options override environment variables, and these override the file. All errors are
reported in one `ConfigError`, each with its place: an option, a variable, or a line or
field of the file.
"""

from __future__ import annotations

import difflib
import socket
from collections.abc import Mapping, Sequence
from typing import Any

from mocksmtp.behaviors.dns import DNS
from mocksmtp.config.config import OPTIONS, SMTP_ENDPOINTS, Config
from mocksmtp.config.endpoints import BIND_VARIABLE, LOOPBACK, bind_address
from mocksmtp.config.errors import ConfigError, Problems
from mocksmtp.config.file import (
    DOCUMENTS,
    parse_any_records,
    read,
    read_default,
    read_file,
    read_limits,
    read_start,
    read_value,
)
from mocksmtp.config.options import Option
from mocksmtp.config.pem import read_certificates
from mocksmtp.config.plans import parse_plans
from mocksmtp.hosts.capabilities import Capabilities
from mocksmtp.hosts.host import Description, HostPlan, HostStart
from mocksmtp.hosts.limits import Limits
from mocksmtp.hosts.policies import parse_policies
from mocksmtp.mock import DEFAULT_HOST

CONFIG_VARIABLE = "MOCKSMTP_CONFIG"
"""The environment variable that names the file."""


def load_config(
    options: Mapping[str, Sequence[str]], environment: Mapping[str, str]
) -> Config:
    """
    The configuration of a service.

    :param options: the values of each option on the command line, in order
    :raises ConfigError: it is invalid
    """
    path = (environment.get(CONFIG_VARIABLE) or None, *options.get("config", ()))[-1]
    document: dict[str, Any] = {}
    if path is not None:
        document = read_file(path)
        read_certificates(path, document)
    problems = Problems()
    bind = LOOPBACK
    try:
        bind = bind_address(environment)
    except ValueError as error:
        problems.add(f"{BIND_VARIABLE}: {error}")
    values: dict[str, Any] = {}
    # The higher rank takes precedence: command line, variable, file.
    ranks: dict[str, int] = {}
    for option in OPTIONS:
        in_file = document.pop(option.key, None)
        with problems.of():
            for rank, place, texts in (
                (2, f"--{option.name}", options.get(option.name)),
                (1, option.variable, _from_environment(option, environment)),
            ):
                if texts is not None:
                    ranks[option.name] = rank
                    values[option.name] = _parse(option, texts, place, bind)
                    break
            else:
                if in_file is not None:
                    ranks[option.name] = 0
                    values[option.name] = _from_file(option, in_file, path, bind)
    with problems.of():
        _choose_token(values, ranks)
    return _build(values, document, path, problems)


def _choose_token(values: dict[str, Any], ranks: Mapping[str, int]) -> None:
    """Use the token of the token file if that option takes precedence."""
    in_file = values.pop("token-file", None)
    text, file = ranks.get("token", -1), ranks.get("token-file", -1)
    if text == file != -1:
        raise ConfigError("--token-file: cannot be combined with --token")
    if file > text and in_file is not None:
        values["token"] = in_file


def _parse(option: Option, texts: Sequence[str], place: str, bind: str) -> Any:
    value = texts if option.repeatable else texts[-1]
    try:
        return option.parse(value, bind) if option.is_address else option.parse(value)
    except ValueError as error:
        raise ConfigError(f"{place}: {error}") from None


def _from_environment(
    option: Option, environment: Mapping[str, str]
) -> Sequence[str] | None:
    """The values of a variable, separated by spaces; a blank variable is not set."""
    value = environment.get(option.variable)
    if value is None or not (value.strip() or option.is_secret):
        return None
    return value.split() if option.repeatable else [value]


def _from_file(option: Option, value: Any, path: str | None, bind: str) -> Any:
    if option.document is not None and isinstance(value, list | dict):
        return read_value(path, option.key, option.document, value)
    values = value if isinstance(value, list) and option.repeatable else [value]
    if option.is_flag and isinstance(value, bool):
        values = [int(value)]
    for item in values:
        if isinstance(item, bool) or not isinstance(item, (str, int)):
            raise ConfigError(f"{path}: {option.key}: must be a string or an integer")
    texts = [str(item) for item in values]
    return _parse(option, texts, f"{path}: {option.key}", bind)


def _build(
    values: dict[str, Any],
    document: dict[str, Any],
    path: str | None,
    problems: Problems,
) -> Config:
    """Build the configuration from the options and the rest of the file."""
    given = {o.field for o in OPTIONS if o.name in values}
    given |= {o.limit for o in OPTIONS if o.limit and o.name in values}
    given |= {name for name in ("tls", "auth", "limits") if name in document}
    endpoints: dict[str, tuple[str, ...]] = values.pop("smtp", {})
    start, limits = HostStart(), Limits()
    records = dns_behaviors = policies = hosts = None
    with problems.of():
        start = read_start(path, document)
    with problems.of():
        records = read(path, document, "dnsRecords", parse_any_records)
    with problems.of():
        dns_behaviors = read(path, document, "dnsBehaviors", DNS.parse_all)
    with problems.of():
        policies = read(path, document, "mtaSts", parse_policies)
    with problems.of():
        limits = read_limits(path, document.pop("limits", {}), values)
    hostname = values.setdefault("hostname", socket.gethostname())
    capabilities = values.setdefault("capabilities", Capabilities())
    described = Description(DEFAULT_HOST, hostname, capabilities, limits)
    with problems.of():
        described = read_default(path, document, described)
    usual = HostPlan(described, SMTP_ENDPOINTS, start)
    with problems.of():
        hosts = read(
            path, document, "hosts", lambda said: parse_plans(said, usual, endpoints)
        )
    for key in sorted(document):
        problems.add(f"{path}: {key!r}: unknown; {_known_key(key)}")
    problems.check()
    hosts = hosts or ()
    fields = {o.field: values[o.name] for o in OPTIONS if o.name in values}
    return Config(
        **fields,
        smtp=endpoints.get(DEFAULT_HOST, SMTP_ENDPOINTS),
        limits=limits,
        tls=described.tls,
        auth=described.auth,
        start=start,
        records=records or (),
        dns_behaviors=dns_behaviors or (),
        policies=policies or (),
        given=frozenset(given),
        hosts=hosts + _plain_hosts(endpoints, hosts, limits),
    )


def _known_key(key: str) -> str:
    """A hint: the nearest key that the file may contain, or all keys."""
    names = [*(option.key for option in OPTIONS), *DOCUMENTS]
    near = difflib.get_close_matches(key, names, 1)
    if near:
        return f"did you mean {near[0]!r}?"
    return f"one of: {', '.join(names)}"


def _plain_hosts(
    endpoints: Mapping[str, tuple[str, ...]],
    described: tuple[HostPlan, ...],
    limits: Limits,
) -> tuple[HostPlan, ...]:
    """The hosts with endpoints, but without a document in the file."""
    known = {DEFAULT_HOST, *(plan.description.name for plan in described)}
    return tuple(
        HostPlan(Description(name, name, limits=limits), told)
        for name, told in endpoints.items()
        if name not in known
    )
