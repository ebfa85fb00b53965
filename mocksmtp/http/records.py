"""``/dnsRecords``: the zone, as JSON or as zone-file text (RFC 4027).

A zone never changes: a new one is made, in short slices of time, and is put in the
place of the one that it was made from. Queries see one or the other.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import attrs
import orjson

from mocksmtp.documents.problems import DocumentError
from mocksmtp.http.bodies import ItemReader, Work, read_body
from mocksmtp.http.parameters import parameter, reads
from mocksmtp.http.problems import refused_document
from mocksmtp.http.responses import array_pieces, send_nothing, send_pieces
from mocksmtp.http.routing import (
    DONE,
    Answer,
    Call,
    Route,
    answers,
    array,
    at_root,
    one_or_more,
    text,
)
from mocksmtp.http.schema import NAME, TYPE
from mocksmtp.steps import Steps
from mocksmtp.zone.names import Name, parse_name
from mocksmtp.zone.rdata import type_number
from mocksmtp.zone.records import (
    MAX_ZONE_VALUES,
    HostReferences,
    Record,
    check_hosts,
    host_references,
    parse_record,
    parse_records,
    record_document,
)
from mocksmtp.zone.text import zone_text, zone_text_in_steps
from mocksmtp.zone.zone import Zone

ZONE_TEXT = "text/dns"

_name = reads(NAME)(parse_name)
_type = reads(TYPE)(type_number)

_QUALITY = re.compile(r";\s*q\s*=\s*([01](?:\.[0-9]{0,3})?)\s*$", re.IGNORECASE)


@attrs.frozen
class DeleteParameters:
    """``?name=`` and ``?type=`` say which records go; without them all do."""

    name: Name | None = parameter("name", _name)
    type: int | None = parameter("type", _type)

    def spares(self, record: Record) -> bool:
        """Whether `record` stays."""
        if self.name is not None and record.name != self.name:
            return True
        return self.type is not None and record.listed_type != self.type


async def list_records(call: Call[Any]) -> Answer:
    """All records, as the caller prefers them."""
    records = call.api.mock.zone.records
    if prefers_text(call.request.getHeader("Accept") or ""):
        lines = (zone_text([record]).encode() for record in records)
        return await send_pieces(call.request, lines, call.api.clock, ZONE_TEXT)
    return await _send_json(call, records)


async def put_records(call: Call[Any]) -> None:
    """Replace all records."""
    body = read_body(call)
    async with Work(call.api, len(body)) as work:
        records, place = await _read(call, work, body)
        zone = await work.in_slices(Zone.in_steps(records))
        if zone.host_records:
            _check_hosts(call, host_references(records, place))
        await _replace(call, work, zone)
    send_nothing(call.request)


async def add_records(call: Call[Any]) -> Answer:
    """Add records to those that there are, and tell them as they were read."""
    body = read_body(call)
    async with Work(call.api, len(body)) as work:
        records, place = await _read(call, work, body)
        _check_hosts(call, host_references(records, place))
        await _change(call, work, lambda zone: zone.with_records_in_steps(records))
    return await _send_json(call, records, 201)


async def delete_records(call: Call[DeleteParameters]) -> None:
    """Take out the records that are asked for."""
    spares = call.parameters.spares
    async with Work(call.api, 0) as work:
        await _change(
            call, work, lambda zone: Zone.in_steps(filter(spares, zone.records))
        )
    send_nothing(call.request)


def prefers_text(accept: str) -> bool:
    """
    Whether an Accept field would rather have a zone file than JSON.

    JSON is what it gets unless it names ``text/dns``, and JSON not before that.
    """
    qualities = {}
    for item in accept.lower().split(","):
        quality = _QUALITY.search(item)
        qualities[item.partition(";")[0].strip()] = float(quality[1] if quality else 1)
    return qualities.get(ZONE_TEXT, 0.0) > qualities.get("application/json", 0.0)


_ITEMS = ItemReader(parse_records, parse_record)


async def _read(
    call: Call[Any], work: Work, body: bytes
) -> tuple[tuple[Record, ...], str]:
    """
    The records in a body; all that is not said to be a zone file is JSON.

    :return: the records, and what the place of one in an error looks like
    """
    content_type = call.request.getHeader("Content-Type") or ""
    if content_type.partition(";")[0].strip().lower() == ZONE_TEXT:
        return await work.in_slices(zone_text_in_steps(body)), "record {1}"
    document = await work.read_json(body, MAX_ZONE_VALUES)
    place = "$" if isinstance(document, dict) else "$[{0}]"
    return await _ITEMS.read(work, document), f"{place}.fromHost"


def _check_hosts(call: Call[Any], made: HostReferences) -> None:
    """Refuse records of hosts that have no certificate now; they may have one later."""
    try:
        check_hosts(made, call.api.mock.hosts)
    except DocumentError as error:
        raise refused_document(error, 409) from None


async def _change(
    call: Call[Any], work: Work, change: Callable[[Zone], Steps[Zone]]
) -> None:
    """Replace the zone by what `change` makes of it, in steps."""
    mock = call.api.mock
    while True:
        zone = mock.zone
        changed = await work.in_slices(change(zone))
        if mock.zone is zone:
            await _replace(call, work, changed)
            return


async def _replace(call: Call[Any], work: Work, zone: Zone) -> None:
    """Serve `zone` from now on, and let go of the one before it in slices."""
    mock = call.api.mock
    parts = mock.zone.parts()
    mock.zone = zone
    await work.in_slices(_let_go(parts))


def _let_go(parts: list[object]) -> Steps[None]:
    while parts:
        parts.pop()
        yield


async def _send_json(
    call: Call[Any], records: tuple[Record, ...], status: int = 200
) -> Answer:
    documents = ((orjson.dumps(record_document(record)),) for record in records)
    pieces = array_pieces(documents)
    return await send_pieces(call.request, pieces, call.api.clock, status=status)


TAKEN = (one_or_more("NewRecord"), text(ZONE_TEXT))

ROUTES = at_root(
    Route(
        "GET",
        "/dnsRecords",
        list_records,
        answers=answers(array("Record"), text(ZONE_TEXT)),
    ),
    Route(
        "PUT",
        "/dnsRecords",
        put_records,
        takes=TAKEN,
        answers=DONE,
        problems=(409,),
    ),
    Route(
        "POST",
        "/dnsRecords",
        add_records,
        takes=TAKEN,
        answers=answers(array("Record"), status=201),
        problems=(409,),
    ),
    Route("DELETE", "/dnsRecords", delete_records, DeleteParameters, answers=DONE),
)
