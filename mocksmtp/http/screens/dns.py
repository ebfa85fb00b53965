"""``/ui/dns``: the route of a mail, the records, the query log, MTA-STS and DANE."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import attrs

from mocksmtp.documents.problems import DocumentError
from mocksmtp.hosts.policies import POLICY
from mocksmtp.http.paging import Span
from mocksmtp.http.parameters import any_text, group, parameter
from mocksmtp.http.queries import QueryListing
from mocksmtp.http.responses import Slices
from mocksmtp.http.route import RouteParameters, recipient_with_domain, route_document
from mocksmtp.http.routing import Call, ResponseBody, Route, at_root
from mocksmtp.http.screens.serving import PartParameters, send_screen
from mocksmtp.mock import Mock
from mocksmtp.web.behaviorview import pretty
from mocksmtp.web.dnsview import (
    Fact,
    RecordRow,
    dane_facts,
    mta_sts_facts,
    query_row,
    record_row,
    verdict_of_reply,
)
from mocksmtp.zone.answer import Question
from mocksmtp.zone.queries import QUERY, QueryFilter
from mocksmtp.zone.rdata import TXT, RRType
from mocksmtp.zone.records import Record
from mocksmtp.zone.text import zone_text

MAX_SHOWN_RECORDS = 200
"""Records that are listed."""

MAX_EDITED_RECORDS = 2000
"""Records of a zone that is edited as text."""

MAX_SHOWN_QUERIES = 100
"""Queries that are listed, the newest."""


@attrs.frozen
class DnsParameters:
    """
    What is shown.

    :ivar to: the recipient of the route
    :ivar name: only records and queries whose name contains this
    """

    parts: PartParameters = group(PartParameters)
    to: str | None = parameter("to", any_text)
    name: str | None = parameter("name", any_text)


@attrs.define
class ShownRoute:
    """
    A route with what else a sender finds for its domain.

    :ivar document: as the API has it; None for no recipient, or an invalid one
    :ivar error: why there is none
    """

    document: dict[str, Any] | None = None
    error: str = ""
    sts: list[Fact] = attrs.Factory(list)
    dane: list[Fact] = attrs.Factory(list)


async def get_dns(call: Call[DnsParameters]) -> ResponseBody:
    """The screen of DNS."""
    wanted, mock, parts = call.parameters, call.api.mock, call.parameters.parts
    to, name = (wanted.to or "").strip(), (wanted.name or "").strip().lower()
    route = await _route(call, to) if parts.has("route") else ShownRoute()
    records, total = await _record_rows(call, name) if parts.has("records") else ([], 0)
    queries = _query_rows(mock, name) if parts.has("queries") else []
    domain = to.rpartition("@")[2].lower()
    policy = mock.policies.get(domain)
    exchanges = [] if route.document is None else route.document["exchanges"]
    mx = [one["exchange"].rstrip(".") for one in exchanges]
    draft = {"domain": domain, "mode": "enforce", "mx": mx}
    return await send_screen(
        call,
        "ui/dns.html",
        "dns",
        parts,
        to=to,
        name=name,
        route=route,
        policy=None if policy is None else pretty(POLICY.write(policy)),
        draft=pretty(draft),
        domain=domain,
        domains=_domains(mock),
        records=records,
        total=total,
        queries=queries,
        behaviors=len(mock.dns_behaviors),
        addresses=call.api.info.addresses.get("dns", []),
        style=verdict_of_reply,
    )


async def _route(call: Call[Any], to: str) -> ShownRoute:
    """The route to a recipient, and what a sender finds for its domain."""
    if not to:
        return ShownRoute()
    try:
        asked = RouteParameters(recipient_with_domain(to))
        document = await route_document(call.api, asked)
        return ShownRoute(document, "", *_facts(call, document))
    except (ValueError, DocumentError) as refused:
        return ShownRoute(error=_message(refused))


async def _record_rows(call: Call[Any], name: str) -> tuple[list[RecordRow], int]:
    """The first records whose name contains `name`, and how many there are."""
    rows: list[RecordRow] = []
    total, slices = 0, Slices(call.api.clock)
    for owner, record in _records(call.api.mock):
        if name and name not in str(record.name).lower():
            continue
        total += 1
        if len(rows) < MAX_SHOWN_RECORDS:
            rows.append(record_row(record, owner))
        if slices.over:
            await slices.next()
    return rows, total


def _query_rows(mock: Mock, name: str) -> list[dict[str, Any]]:
    """The newest queries whose name contains `name`."""
    rows: list[dict[str, Any]] = []
    listing = QueryListing(mock, QueryFilter())
    for query in listing.entries(Span(), newest_first=True):
        if name and name not in str(query.name or "").lower():
            continue
        rows.append(query_row(QUERY.write(query)))
        if len(rows) == MAX_SHOWN_QUERIES:
            break
    return rows


def _message(error: ValueError | DocumentError) -> str:
    if isinstance(error, DocumentError):
        return "; ".join(problem.message for problem in error.problems)
    return str(error)


def _records(mock: Mock) -> Iterator[tuple[str | None, Record]]:
    """All records, those of hosts last; each with the name of its host, if any."""
    for record in mock.zone.records:
        yield None, record
    yield from tuple(mock.owned_records())


def _domains(mock: Mock) -> list[str]:
    """Domains whose exchanges are hosts, as suggestions for recipients."""
    found = [
        str(domain.name).rstrip(".")
        for host in mock.hosts.values()
        for domain in host.dns.domains[:20]
    ]
    return list(dict.fromkeys(found))[:20]


def _facts(call: Call[Any], route: dict[str, Any]) -> tuple[list[Fact], list[Fact]]:
    """MTA-STS and DANE of a route."""
    mock, domain = call.api.mock, route["domain"]
    if domain.startswith("["):
        return [], []
    names = [one["exchange"] for one in route["exchanges"]]
    found = mock.served.answer(Question(f"_mta-sts.{domain}", RRType.TXT))
    texts = [
        "".join(record.rdata.strings)
        for record in found.answers
        if isinstance(record.rdata, TXT)
    ]
    served = call.api.info.addresses.get("https", [])
    policy = mock.policies.get(domain.lower())
    sts = mta_sts_facts(domain, texts, policy, names, ", ".join(served) or None)
    told = []
    for name in names:
        answer = mock.served.answer(
            Question(f"_25._tcp.{name.rstrip('.')}", RRType.TLSA)
        )
        rows = [
            record_row(record)
            for record in answer.answers
            if record.type == RRType.TLSA
        ]
        told.append((name, rows, answer.ad))
    return list(sts), list(dane_facts(told))


async def get_zone(call: Call[Any]) -> ResponseBody:
    """An editor for the zone as text."""
    records = call.api.mock.zone.records
    is_large = len(records) > MAX_EDITED_RECORDS
    return await send_screen(
        call,
        "ui/zone.html",
        "dns",
        total=len(records),
        is_large=is_large,
        source="" if is_large else await call.api.in_thread(zone_text, records),
    )


ROUTES = at_root(
    Route("GET", "/ui/dns", get_dns, DnsParameters),
    Route("GET", "/ui/dns/zone", get_zone),
)
