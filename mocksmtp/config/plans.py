"""The hosts of a configuration file, with their behaviors and extensions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import attrs

from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.documents.problems import DocumentError, Problem, json_type
from mocksmtp.hosts.capabilities import parse_extensions
from mocksmtp.hosts.documents import Usual, parse_host, settle
from mocksmtp.hosts.host import Description, HostPlan, HostStart
from mocksmtp.mock import DEFAULT_HOST

T = TypeVar("T")


def parse_plans(
    document: Any, usual: HostPlan, endpoints: Mapping[str, tuple[str, ...]]
) -> tuple[HostPlan, ...]:
    """
    The hosts that a service starts with, from an array of their documents.

    :param usual: the defaults of the default host; other hosts have its limits
    :param endpoints: for each host's name, Twisted server endpoints that replace its
        listeners
    :raises DocumentError: one of the documents is invalid
    """
    if not isinstance(document, list):
        message = f"must be an array, got {json_type(document)}"
        raise DocumentError(Problem("$", message))
    plans: dict[str, HostPlan] = {}
    for index, item in enumerate(document):
        place = f"$[{index}]"
        if not isinstance(item, dict):
            message = f"must be an object, got {json_type(item)}"
            raise DocumentError(Problem(place, message))
        plan = _parse_plan(place, item, usual, endpoints)
        name = plan.description.name
        if not name:
            raise DocumentError(Problem(f"{place}.name", "required, but missing"))
        if name in plans:
            raise DocumentError(Problem(f"{place}.name", f"{name!r} is used twice"))
        plans[name] = plan
    return tuple(plans.values())


def _parse_plan(
    place: str,
    document: dict[str, Any],
    usual: HostPlan,
    endpoints: Mapping[str, tuple[str, ...]],
) -> HostPlan:
    is_default = document.get("name") == DEFAULT_HOST
    start = usual.start if is_default else HostStart()
    rest = dict(document)
    if (key := "smtpBehaviors") in rest:
        behaviors = _at(f"{place}.{key}", SMTP.parse_all, rest.pop(key))
        start = attrs.evolve(start, behaviors=behaviors)
    if (key := "smtpExtensions") in rest:
        extensions = _at(f"{place}.{key}", parse_extensions, rest.pop(key))
        start = attrs.evolve(start, extensions=extensions)
    for_host = _usual(usual.description, is_default)
    described = _at(place, lambda value: parse_host(value, None, for_host), rest)
    told = endpoints.get(described.name)
    if is_default and told is None and described.listeners is None:
        told = usual.endpoints
    if told is None:
        described = _at(place, settle, described)
    return HostPlan(described, told, start)


def _usual(default: Description, is_default: bool) -> Usual:
    """The defaults of a document; for hosts other than the default host, its limits."""
    if not is_default:
        return Usual(limits=default.limits)
    return Usual(
        limits=default.limits,
        hostname=default.hostname,
        capabilities=default.capabilities,
        tls=default.tls,
        auth=default.auth,
    )


def _at(place: str, parse: Callable[[Any], T], value: Any) -> T:
    """Parse a value; errors contain its place in the document."""
    try:
        return parse(value)
    except DocumentError as error:
        raise DocumentError(
            *(
                Problem(place + problem.path.removeprefix("$"), problem.message)
                for problem in error.problems
            )
        ) from None
