"""Behaviors of DNS: documents to model and back."""

from __future__ import annotations

import re
from functools import partial
from typing import Any

import attrs

from mocksmtp.codec.conditions import structure_condition
from mocksmtp.codec.gated import (
    GATED_HOOKS,
    ONCE,
    GatedFields,
    ResponseHooks,
    answers_of,
    check_ids,
    gated_document,
    own_first,
    read_fields,
    structure_times,
)
from mocksmtp.codec.gates import structure_per
from mocksmtp.codec.leniency import at, enum_hook
from mocksmtp.codec.records import record_document, structure_record
from mocksmtp.codec.responses import delay_document, structure_delay
from mocksmtp.core.dns_behaviors import query_type
from mocksmtp.documents.problems import Refused, listed, shown
from mocksmtp.documents.structure import (
    class_hook,
    new_converter,
    strict_list,
    strict_str,
    structure,
)
from mocksmtp.model.dnsbehavior import (
    DnsBehavior,
    DnsResponse,
    DnsThen,
    Wrong,
    parse_dns_target,
)
from mocksmtp.model.fault import NO_DELAY, Delay
from mocksmtp.model.rdata import HostTLSA
from mocksmtp.model.rrtype import RRType, type_number
from mocksmtp.model.target import Target
from mocksmtp.model.zone import Rcode, Record

ANY = "ANY"
"""The ``query`` that every query is."""

MAX_TYPES = 100
"""How many types a behavior may name."""

MAX_RECORDS = 5000
"""How many records a response may have: more than any message has room for."""

MAX_RAW = 0xFFFF - 2
"""Octets of a message over TCP (RFC 1035 §4.2.2), without the two of its ID."""

RCODES = [one.name for one in Rcode if one is not Rcode.BADVERS]
"""What may be answered: what has room in a header (RFC 6895 §2.3)."""

_HEX = re.compile("(?:[0-9A-Fa-f]{2})*")


@attrs.frozen(kw_only=True)
class DnsResponseFields:
    """What a document says of a response."""

    rcode: int | None = None
    records: tuple[Record, ...] | None = None
    ad: bool | None = None
    delay: Delay = NO_DELAY
    then: DnsThen = DnsThen.CONTINUE
    wrong: Wrong | None = None
    raw: bytes | None = None
    times: int | None = ONCE


@attrs.frozen(kw_only=True, field_transformer=own_first)
class DnsBehaviorFields(GatedFields):
    """What a document says of a behavior."""

    query: tuple[int, ...]
    response: DnsResponse | None = None
    responses: tuple[DnsResponse, ...] | None = None


def parse_dns_behaviors(document: Any) -> tuple[DnsBehavior, ...]:
    """
    Behaviors from an array, or from one object.

    :raises DocumentError: the document describes none
    """
    if isinstance(document, dict):
        return (parse_dns_behavior(document),)
    behaviors: tuple[DnsBehavior, ...] = structure(
        _converter, document, tuple[DnsBehavior, ...]
    )
    return check_ids(behaviors)


def parse_dns_behavior(document: Any) -> DnsBehavior:
    """
    One behavior.

    :raises DocumentError: the document describes none
    """
    behavior: DnsBehavior = structure(_converter, document, DnsBehavior)
    return behavior


def dns_behavior_document(behavior: DnsBehavior) -> dict[str, Any]:
    """The document that describes `behavior`, with the fields that it uses."""
    names = [query_type(number) for number in behavior.types] or [ANY]
    head = {"query": names[0] if len(names) == 1 else names}
    return gated_document(head, behavior, _response_document)


def _response_document(response: DnsResponse, in_turn: bool) -> dict[str, Any]:
    records, rcode, raw = response.records, response.rcode, response.raw
    document: dict[str, Any] = {
        "rcode": None if rcode is None else Rcode(rcode).name,
        "records": None if records is None else [*map(record_document, records)],
        "ad": response.ad,
        "delay": delay_document(response.delay),
        "then": None if response.then is DnsThen.CONTINUE else response.then.value,
        "wrong": None if response.wrong is None else response.wrong.value,
        "raw": None if raw is None else raw.hex(),
    }
    document = {name: value for name, value in document.items() if value is not None}
    if response.is_modifier:
        document.setdefault("delay", 0)
    if in_turn and response.times != ONCE:
        document["times"] = response.times
    return document


def _query(value: Any, _: Any) -> tuple[int, ...]:
    """The numbers of the types that are named; none for every query."""
    if value == ANY:
        return ()
    if not isinstance(value, list):
        return (_type(value),)
    if not 1 <= len(value) <= MAX_TYPES:
        raise Refused(f"must have from 1 to {MAX_TYPES} types")
    types = tuple(at(f"[{index}]", _type, name) for index, name in enumerate(value))
    if len(set(types)) < len(types):
        raise Refused("has a type twice")
    return types


def _type(value: Any) -> int:
    name = strict_str(value)
    if name == ANY:
        raise Refused(f"{ANY} stands on its own; the type of that name is TYPE255")
    number = type_number(name)
    if number in (RRType.SECURE, RRType.TLSAFROM):
        raise Refused(f"nobody asks for {name}, which is no type of DNS")
    return number


def _rcode(value: Any, _: Any) -> int | None:
    if value is None:
        return None
    name = strict_str(value)
    if name not in RCODES:
        raise Refused(f"unknown rcode {shown(name)}; {listed(RCODES)}")
    return Rcode[name].value


def _records(value: Any, _: Any) -> tuple[Record, ...] | None:
    if value is None:
        return None
    if len(strict_list(value)) > MAX_RECORDS:
        raise Refused(f"must have {MAX_RECORDS:,} records at most")
    records: tuple[Record, ...] = _converter.structure(value, tuple[Record, ...])
    return records


def _record(value: Any, _: Any) -> Record:
    record = structure_record(value)
    if record.type == RRType.SECURE:
        raise Refused("is no record that is told; ad says what is signed", "type")
    if isinstance(record.rdata, HostTLSA):
        raise Refused("goes with /dnsRecords only", "fromHost")
    return record


def _raw(value: Any, _: Any) -> bytes | None:
    if value is None:
        return None
    text = strict_str(value)
    if not _HEX.fullmatch(text):
        raise Refused(f"expected octets in hexadecimal, not {shown(text)}")
    if len(text) > 2 * MAX_RAW:
        raise Refused(f"must have {MAX_RAW:,} octets at most")
    return bytes.fromhex(text)


def _structure_response(value: Any) -> DnsResponse:
    fields: DnsResponseFields = _response_fields(value, DnsResponseFields)
    response = DnsResponse(
        **{field.name: getattr(fields, field.name) for field in _FIELDS}
    )
    _check(response)
    if response.is_modifier and "delay" not in value:
        raise Refused("required, but missing", "rcode")
    return response


_FIELDS = attrs.fields(DnsResponseFields)


def _check(response: DnsResponse) -> None:
    """Refuse what does not go together."""
    then = response.then
    says = ["rcode", "records", "ad", "raw", "wrong"] if then.is_silent else []
    for name in says:
        if getattr(response, name) is not None:
            raise Refused(f"can't be given with {then.value}, which says nothing", name)
    if response.raw is None:
        return
    for name in ("rcode", "records", "ad"):
        if getattr(response, name) is not None:
            raise Refused("can't be given with raw", name)
    if then is DnsThen.TRUNCATE:
        raise Refused("can't be given with raw", "then")
    if response.wrong not in (None, Wrong.ID):
        raise Refused("must be id where there is raw", "wrong")


def _optional_enum(name: str, kind: Any) -> Any:
    read = enum_hook(name)
    return lambda value, _: None if value is None else read(value, kind)


def _structure_behavior(value: Any, _: Any) -> DnsBehavior:
    fields = read_fields(_fields, DnsBehaviorFields, value)
    return DnsBehavior(
        fields.query,
        answers_of(fields.response, fields.responses),
        fields.condition,
        fields.number_of_answer,
        fields.gate,
        fields.id,
        fields.tag,
        fields.responses is not None,
    )


def _part(value: Any) -> Target:
    return parse_dns_target(strict_str(value))


_converter = new_converter()
_converter.register_structure_hook(DnsThen, enum_hook("end"))
_converter.register_structure_hook(Record, _record)
_response_fields = class_hook(
    _converter,
    DnsResponseFields,
    rcode=_rcode,
    records=_records,
    delay=structure_delay,
    wrong=_optional_enum("fault", Wrong),
    raw=_raw,
    times=structure_times,
)
_responses = ResponseHooks(_structure_response)
_fields = class_hook(
    _converter,
    DnsBehaviorFields,
    query=_query,
    response=_responses.one,
    responses=_responses.several,
    condition=partial(structure_condition, read_target=parse_dns_target),
    per=partial(structure_per, read=_part),
    **GATED_HOOKS,
)
_converter.register_structure_hook(DnsBehavior, _structure_behavior)
