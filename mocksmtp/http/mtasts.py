"""``/mtaSts``: the policies of domains, which the policy hosts serve (RFC 8461)."""

from __future__ import annotations

from typing import Any

import attrs

from mocksmtp.hosts.policies import (
    DOMAIN,
    POLICY,
    MtaStsPolicy,
    parse_policies,
)
from mocksmtp.http.bodies import read_document
from mocksmtp.http.parameters import parameter, reads
from mocksmtp.http.responses import send_json, send_nothing
from mocksmtp.http.routing import (
    DONE,
    Call,
    Route,
    answers,
    array,
    at_root,
    one_or_more,
)

_domain = reads(DOMAIN.written_schema({}))(DOMAIN.read)


@attrs.frozen
class PolicyParameters:
    """``?domain=`` says which policy goes; without it all do."""

    domain: str | None = parameter("domain", _domain)


def list_policies(call: Call[Any]) -> bytes:
    """List the policies, in the order in which they were set."""
    policies = call.api.mock.policies.values()
    return send_json(call.request, [POLICY.write(policy) for policy in policies])


async def put_policies(call: Call[Any]) -> None:
    """Replace all policies by an array, or set the one of a domain."""
    single, policies = await read_document(call, _parse)
    mock, given = call.api.mock, {policy.domain: policy for policy in policies}
    mock.policies = mock.policies | given if single else given
    send_nothing(call.request)


def delete_policies(call: Call[PolicyParameters]) -> None:
    """Remove all policies, or the one of a domain."""
    domain, mock = call.parameters.domain, call.api.mock
    kept = {} if domain is None else mock.policies
    mock.policies = {name: one for name, one in kept.items() if name != domain}
    send_nothing(call.request)


def _parse(document: Any) -> tuple[bool, tuple[MtaStsPolicy, ...]]:
    """Whether it is a single one, and the policies."""
    return isinstance(document, dict), parse_policies(document)


ROUTES = at_root(
    Route("GET", "/mtaSts", list_policies, answers=answers(array("MtaSts"))),
    Route(
        "PUT",
        "/mtaSts",
        put_policies,
        takes=(one_or_more("NewMtaSts"),),
        answers=DONE,
    ),
    Route("DELETE", "/mtaSts", delete_policies, PolicyParameters, answers=DONE),
)
