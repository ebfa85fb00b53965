"""``/dnsRecords``: the zone, as JSON or as zone-file text (RFC 4027); ``/dnsResolve``.

A zone never changes: a new one is made, in short slices of time, and replaces the one
from which it was made. Queries see one or the other.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import chain
from typing import Any

import attrs
import orjson

from mocksmtp.documents.problems import DocumentError, Problem, shown
from mocksmtp.documents.schema import DOMAIN_NAME, Schema
from mocksmtp.http.behaviors import Detail
from mocksmtp.http.bodies import ItemReader, Work, read_body
from mocksmtp.http.parameters import any_text, one_of, parameter, reads
from mocksmtp.http.problems import HttpProblem, not_found, refused_document
from mocksmtp.http.responses import (
    array_pieces,
    body_type,
    prefers,
    send_json,
    send_nothing,
    send_pieces,
)
from mocksmtp.http.routing import (
    DONE,
    Call,
    ResponseBody,
    Route,
    answers,
    array,
    at_root,
    document,
    one_or_more,
    text,
)
from mocksmtp.steps import Steps
from mocksmtp.zone.answer import Question
from mocksmtp.zone.names import Name, parse_name
from mocksmtp.zone.queries import RESOLUTION, Resolution
from mocksmtp.zone.rdata import type_number
from mocksmtp.zone.records import (
    MAX_ZONE_VALUES,
    RECORD_CONDITIONS,
    TYPE,
    HostReferences,
    Record,
    check_hosts,
    check_record_ids,
    host_references,
    listed_document,
    parse_record,
    parse_records,
    record_document,
)
from mocksmtp.zone.text import zone_text, zone_text_in_steps
from mocksmtp.zone.zone import RecordIdTaken, Zone

ZONE_TEXT = "text/dns"


def _condition(title: str, read: Any, schema: Schema) -> Any:
    """A parameter that is a condition on the field `title`."""

    @reads(schema)
    def read_condition(text: str) -> Any:
        return read(text)

    return parameter(title, read_condition)


_CONDITIONS = {
    f"by_{title}": _condition(title, read, schema)
    for title, (read, schema) in RECORD_CONDITIONS.items()
}


def _goes(parameters: Any) -> Callable[[Record], bool]:
    """Whether a record fulfills all conditions of a query."""
    conditions = [
        condition
        for name in _CONDITIONS
        if (condition := getattr(parameters, name)) is not None
    ]
    return lambda record: all(condition(record) for condition in conditions)


DeleteParameters: type[Any] = attrs.make_class(
    "DeleteParameters", _CONDITIONS, frozen=True
)
"""Any field of records is a condition; without one all records are deleted."""

ListParameters: type[Any] = attrs.make_class(
    "ListParameters",
    {
        **_CONDITIONS,
        "owner": parameter("owner", any_text),
        "view": parameter("view", one_of(Detail)),
    },
    frozen=True,
)
"""Any field of records is a condition. ``view=full``: with ids and hosts' records.

``owner`` selects the records that a host adds.
"""


@attrs.frozen
class ResolveParameters:
    """The question."""

    name: Name = parameter("name", reads(DOMAIN_NAME)(parse_name), attrs.NOTHING)
    type: int = parameter("type", reads(TYPE)(type_number), attrs.NOTHING)


async def list_records(call: Call[Any]) -> ResponseBody:
    """List all records, or those whose fields match."""
    mock, goes, wanted = call.api.mock, _goes(call.parameters), call.parameters.owner
    # Records that were set have no owner.
    records = mock.zone.records if wanted is None else ()
    if prefers(call.request, ZONE_TEXT):
        lines = (zone_text([each]).encode() for each in records if goes(each))
        return await send_pieces(call.request, lines, call.api.clock, ZONE_TEXT)
    if call.parameters.view is Detail.FULL:
        documents = chain(
            (listed_document(each) for each in records if goes(each)),
            (
                listed_document(each, owner)
                for owner, each in tuple(mock.owned_records())
                if wanted in (None, owner) and goes(each)
            ),
        )
        return await _send_json(call, documents)
    return await _send_json(call, (record_document(r) for r in records if goes(r)))


def get_record(call: Call[Any], record_id: str) -> bytes:
    """One record."""
    return send_json(call.request, listed_document(_find(call, record_id)))


async def put_record(call: Call[Any], record_id: str) -> None:
    """Replace one record; it keeps its id and its place.

    As zone-file text it keeps its tag, too.
    """
    before = _find(call, record_id)
    body = read_body(call)
    async with Work(call.api, len(body)) as work:
        if _is_text(call):
            records = await work.in_slices(zone_text_in_steps(body))
            if len(records) != 1:
                message = f"must contain one record, got {len(records)}"
                raise DocumentError(Problem("$", message))
            record = attrs.evolve(records[0], tag=before.tag)
        else:
            record = await work.read(parse_record, await work.read_json(body))
        if record.id not in ("", record_id):
            raise DocumentError(Problem("$.id", f"must be {record_id!r}, or absent"))
        _check_hosts(call, host_references([record], "$.fromHost"))
        await _change(call, work, lambda zone: zone.replace_in_steps(record_id, record))
    send_nothing(call.request)


async def delete_record(call: Call[Any], record_id: str) -> None:
    """Remove one record."""
    _find(call, record_id)
    async with Work(call.api, 0) as work:
        await _change(
            call, work, lambda zone: zone.without_in_steps(lambda r: r.id == record_id)
        )
    send_nothing(call.request)


def resolve(call: Call[ResolveParameters]) -> bytes:
    """Return what DNS would answer, without a query: behaviors don't apply, no log."""
    name, type_ = call.parameters.name, call.parameters.type
    found = call.api.mock.served.answer(Question(name, type_))
    sections = found.answers, found.authority, found.additional
    made = Resolution(name, type_, found.rcode, found.aa, found.ad, *sections)
    return send_json(call.request, RESOLUTION.write(made))


async def put_records(call: Call[Any]) -> None:
    """Replace all records."""
    body = read_body(call)
    async with Work(call.api, len(body)) as work:
        records, place = await _read(call, work, body)
        last_id = call.api.mock.zone.last_id
        zone = await _made(work, Zone.in_steps(records, last_id))
        if zone.host_records:
            _check_hosts(call, host_references(records, place))
        await _replace(call, work, zone)
    send_nothing(call.request)


async def add_records(call: Call[Any]) -> ResponseBody:
    """Add records, and return them with their ids."""
    body = read_body(call)
    async with Work(call.api, len(body)) as work:
        records, place = await _read(call, work, body)
        _check_hosts(call, host_references(records, place))
        await _change(call, work, lambda zone: zone.with_records_in_steps(records))
        zone = call.api.mock.zone
        added = [listed_document(zone.find(record)) for record in records]
    return await _send_json(call, added, 201)


async def delete_records(call: Call[Any]) -> None:
    """Remove all records, or those whose fields match."""
    goes = _goes(call.parameters)
    async with Work(call.api, 0) as work:
        await _change(call, work, lambda zone: zone.without_in_steps(goes))
    send_nothing(call.request)


def _find(call: Call[Any], record_id: str) -> Record:
    try:
        return call.api.mock.zone.get(record_id)
    except KeyError:
        raise _unknown(record_id) from None


def _unknown(record_id: str) -> HttpProblem:
    return not_found(f"no record with the id {shown(record_id)}")


async def _made(work: Work, steps: Steps[Zone]) -> Zone:
    """The zone that `steps` make."""
    try:
        return await work.in_slices(steps)
    except RecordIdTaken as error:
        raise HttpProblem(409, f"another record has the id {error}") from None


_ITEMS = ItemReader(parse_records, parse_record, check_record_ids)


async def _read(
    call: Call[Any], work: Work, body: bytes
) -> tuple[tuple[Record, ...], str]:
    """
    The records in a body, which is JSON unless its type is ``text/dns``.

    :return: the records, and the form of a record's place in an error
    """
    if body_type(call.request) == ZONE_TEXT:
        return await work.in_slices(zone_text_in_steps(body)), "record {1}"
    document = await work.read_json(body, MAX_ZONE_VALUES)
    place = "$" if isinstance(document, dict) else "$[{0}]"
    return await _ITEMS.read(work, document), f"{place}.fromHost"


def _is_text(call: Call[Any]) -> bool:
    """Whether the body of a request is zone-file text."""
    content_type = call.request.getHeader("Content-Type") or ""
    return content_type.partition(";")[0].strip().lower() == ZONE_TEXT


def _check_hosts(call: Call[Any], made: HostReferences) -> None:
    """Refuse records of hosts that have no certificate; they may get one later."""
    try:
        check_hosts(made, call.api.mock.hosts)
    except DocumentError as error:
        raise refused_document(error, 409) from None


async def _change(
    call: Call[Any], work: Work, change: Callable[[Zone], Steps[Zone]]
) -> None:
    """Replace the zone with the one that `change` makes of it, in steps."""
    mock = call.api.mock
    while True:
        zone = mock.zone
        changed = await _made(work, change(zone))
        if mock.zone is zone:
            await _replace(call, work, changed)
            return


async def _replace(call: Call[Any], work: Work, zone: Zone) -> None:
    """Serve `zone` from now on, and release the one before it in slices."""
    mock = call.api.mock
    parts = mock.zone.parts()
    mock.zone = zone
    await work.in_slices(_release(parts))


def _release(parts: list[object]) -> Steps[None]:
    while parts:
        parts.pop()
        yield


async def _send_json(
    call: Call[Any], documents: Iterable[dict[str, Any]], status: int = 200
) -> ResponseBody:
    pieces = array_pieces((orjson.dumps(document),) for document in documents)
    return await send_pieces(call.request, pieces, call.api.clock, status=status)


TAKEN = (one_or_more("NewRecord"), text(ZONE_TEXT))

_ONE = "/dnsRecords/<record_id>"

ROUTES = at_root(
    Route(
        "GET",
        "/dnsRecords",
        list_records,
        ListParameters,
        answers=answers(array("Record", "ListedRecord"), text(ZONE_TEXT)),
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
        answers=answers(array("ListedRecord"), status=201),
        problems=(409,),
    ),
    Route("DELETE", "/dnsRecords", delete_records, DeleteParameters, answers=DONE),
    Route("GET", _ONE, get_record, answers=answers(document("ListedRecord"))),
    Route(
        "PUT",
        _ONE,
        put_record,
        takes=(document("NewRecord"), text(ZONE_TEXT)),
        answers=DONE,
        problems=(409,),
    ),
    Route("DELETE", _ONE, delete_record, answers=DONE),
    Route(
        "GET",
        "/dnsResolve",
        resolve,
        ResolveParameters,
        answers=answers(document("DnsResolution")),
    ),
)
