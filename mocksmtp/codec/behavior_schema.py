"""JSON Schemas of behaviors' documents, from the model's enumerations.

What one schema can't say, that a target is known at the behavior's command, is left
to the reader of documents. So are bounds on large things: a program that tries every
bound of a schema would send megabytes for them.
"""

from __future__ import annotations

from enum import Enum

from mocksmtp.codec.conditions import fields_of
from mocksmtp.codec.dns_behaviors import ANY, MAX_TYPES, RCODES
from mocksmtp.codec.gates import MAX_PER
from mocksmtp.codec.json_schema import DURATION, LASTING, LINES, NAMED
from mocksmtp.codec.leniency import MAX_COUNT
from mocksmtp.codec.responses import DELAYS, MAX_SIGMA
from mocksmtp.documents.schema import (
    MAX_INTEGER,
    NULL,
    NUMBER,
    TEXT,
    Schema,
    any_of,
    array_of,
    object_of,
    ref,
    whole,
)
from mocksmtp.documents.units import MAX_SECONDS
from mocksmtp.model.behavior import DISCARDING, Command, Effect
from mocksmtp.model.condition import COMBINATORS, COMPARISONS, OPERATORS
from mocksmtp.model.dnsbehavior import DnsSubject, DnsThen, Wrong
from mocksmtp.model.fault import Then
from mocksmtp.model.response import MAX_MESSAGE

CODE = whole(200, 599)
COUNT = whole(1, MAX_INTEGER)
BOOLEAN: Schema = {"type": "boolean"}
ID: Schema = {**TEXT, "pattern": "^(?![.]{1,2}$)[A-Za-z0-9._-]{1,64}$"}
TARGET: Schema = {**TEXT, "format": "target"}
COUNTED: Schema = {**TEXT, "format": "counted"}

_MOST = MAX_SECONDS * 1000
_TIME = any_of(
    {**NUMBER, "minimum": 0, "maximum": _MOST},
    DURATION,
)
_LASTING = any_of(
    {**NUMBER, "minimum": 1, "maximum": _MOST},
    LASTING,
)
_TOLD_TIME: Schema = {**NUMBER, "minimum": 0}
_NUMBER_TEXT: Schema = {
    **TEXT,
    "pattern": "^[+-]?[0-9]{1,20}(?:[.][0-9]{1,20})?(?:e[+-]?[0-9]{1,3})?$",
}
_VALUES: dict[str, Schema] = {
    "matches": {**TEXT, "format": "re2"},
    "inNetwork": {**TEXT, "format": "cidr"},
    "lessThan": _NUMBER_TEXT,
    "atLeast": _NUMBER_TEXT,
}
_WITH_NUMBER = frozenset(COMPARISONS) - {"inNetwork"}


def _values(kind: type[Enum]) -> Schema:
    return {**TEXT, "enum": [member.value for member in kind]}


_DNS_TARGET = _values(DnsSubject)


def _prefix(lenient: bool, dns: bool) -> str:
    """What the names of schemas begin with."""
    return ("New" if lenient else "") + ("Dns" if dns else "")


def _or_null(schema: Schema, lenient: bool) -> Schema:
    return any_of(schema, NULL) if lenient else schema


def _condition(operator: str, lenient: bool, dns: bool = False) -> Schema:
    name = _prefix(lenient, dns) + "Condition"
    fields: dict[str, Schema] = {"operator": {"const": operator}}
    required = ["operator"]
    if operator in COMBINATORS:
        (field,) = fields_of(operator)
        many = {**array_of(ref(name)), "minItems": 1}
        fields[field] = ref(name) if operator == "not" else many
        return object_of(fields, [*required, field])
    for field in fields_of(operator):
        fields[field] = {
            "ignoreCase": BOOLEAN,
            "target": _or_null(_DNS_TARGET if dns else TARGET, lenient),
        }.get(field, NULL)
    if operator in COMPARISONS:
        value = _VALUES.get(operator, TEXT)
        by_number = lenient and operator in _WITH_NUMBER
        fields["matchingValue"] = any_of(value, NUMBER) if by_number else value
        required.append("matchingValue")
    elif not lenient:
        del fields["matchingValue"]
    return object_of(fields, required)


def _delay(time: Schema) -> Schema:
    fields = {"sigma": {**NUMBER, "minimum": 0, "maximum": MAX_SIGMA}}
    kinds = [
        object_of(
            {"type": {"const": kind}, **{n: fields.get(n, time) for n in names}},
            ["type", *(name for name in names if name != "maxValue")],
        )
        for kind, names in DELAYS.items()
    ]
    return any_of(time, *kinds)


def _response(lenient: bool, in_turn: bool) -> Schema:
    time = _TIME if lenient else _TOLD_TIME
    digits = {**TEXT, "pattern": "^0{0,15}[2-5][0-9]{2}$"}
    message = any_of(LINES, NUMBER, NULL)
    interval = _LASTING if lenient else _TOLD_TIME
    drip = {"bytes": whole(1, MAX_MESSAGE), "interval": interval}
    fields: dict[str, Schema] = {
        "code": any_of(CODE, digits) if lenient else CODE,
        "message": message if lenient else TEXT,
        "effect": _or_null(_values(Effect), lenient),
        "enhancedCode": {**TEXT, "pattern": "^[245][.][0-9]{1,3}[.][0-9]{1,3}$"},
        "raw": {
            **TEXT,
            "pattern": "^[\\u0000-\\u00ff]*$",
        },
        "delay": _delay(time),
        "drip": object_of(drip, ["interval"]),
        "then": _values(Then),
        "thenDelay": time,
        "template": BOOLEAN,
    }
    if in_turn:
        fields["times"] = any_of(whole(1, MAX_COUNT), NULL)
    return object_of(fields, []) | {"allOf": _RESPONSE_RULES}


def _has(name: str, schema: Schema | None = None) -> Schema:
    """An object that has this field, and with that value."""
    return {"properties": {name: schema or {}}, "required": [name]}


_SPEAKS = _has("message", {"type": ["string", "number"]})
_ENDS = _has(
    "then", {"enum": [then.value for then in Then if then.value != "continue"]}
)
_RESPONSE_RULES: list[Schema] = [
    any_of(
        *map(_has, ("code", "raw", "delay", "drip")),
        _has("effect", TEXT),
        _SPEAKS,
        _ENDS,
    ),
    {
        "if": _has("raw"),
        "then": {
            "properties": {
                "code": False,
                "enhancedCode": False,
                "message": NULL,
                "template": {"const": False},
            }
        },
    },
    {"if": _has("enhancedCode"), "then": any_of(_has("code"), _SPEAKS)},
    {"if": _has("template", {"const": True}), "then": _SPEAKS},
]
"""What goes together in a response."""


_DNS_SAYS = ("rcode", "records", "ad", "wrong", "raw")


def _dns_response(lenient: bool, in_turn: bool) -> Schema:
    fields: dict[str, Schema] = {
        "rcode": _or_null({**TEXT, "enum": RCODES}, lenient),
        "records": _or_null(array_of(ref(_prefix(lenient, True) + "Record")), lenient),
        "ad": _or_null(BOOLEAN, lenient),
        "delay": _delay(_TIME if lenient else _TOLD_TIME),
        "then": _values(DnsThen),
        "wrong": _or_null(_values(Wrong), lenient),
        "raw": _or_null(_DNS_RAW, lenient),
    }
    if in_turn:
        fields["times"] = any_of(whole(1, MAX_COUNT), NULL)
    return object_of(fields, []) | {"allOf": _DNS_RULES}


_DNS_RAW: Schema = {**TEXT, "pattern": "^(?:[0-9A-Fa-f]{2})*$"}


def _given(name: str) -> Schema:
    """An object in which this field is not null."""
    return _has(name, {"not": NULL})


_DNS_RULES: list[Schema] = [
    any_of(
        _has("delay"),
        _has("then", {"enum": [t.value for t in DnsThen if t is not DnsThen.CONTINUE]}),
        *map(_given, _DNS_SAYS),
    ),
    {
        "if": _has("then", {"enum": [t.value for t in DnsThen if t.is_silent]}),
        "then": {"properties": dict.fromkeys(_DNS_SAYS, NULL)},
    },
    {
        "if": _given("raw"),
        "then": {
            "properties": {
                **dict.fromkeys(("rcode", "records", "ad"), NULL),
                "then": {"const": DnsThen.CONTINUE.value},
                "wrong": {"enum": [None, Wrong.ID.value]},
            }
        },
    },
]
"""What goes together in a response of DNS."""


def _gated(
    lenient: bool, dns: bool, head: dict[str, Schema], counted: Schema
) -> Schema:
    """A behavior that begins with `head`; `counted` is what splits its counts."""
    new = _prefix(lenient, dns)
    lasting = _or_null(_LASTING, lenient) if lenient else _TOLD_TIME
    digits = {**TEXT, "pattern": "^(?!0+$)[0-9]{1,18}$"}
    count = (
        any_of(COUNT, digits, {**TEXT, "const": ""}, NULL)
        if lenient
        else any_of(COUNT, NULL)
    )
    parts = {
        **array_of(counted),
        "minItems": 1,
        "maxItems": len(DnsSubject) if dns else MAX_PER,
        "uniqueItems": True,
    }
    scenario = {
        "name": NAMED,
        "state": _or_null(NAMED, lenient),
        "next": _or_null(NAMED, lenient),
    }
    fields: dict[str, Schema] = {
        **head,
        "condition": ref(f"{new}Condition"),
        "response": ref(f"{new}Response"),
        "responses": {
            **array_of(ref(f"{new}ResponseInTurn")),
            "minItems": 1,
        },
        "numberOfAnswer": count,
        "skip": whole(0, MAX_COUNT),
        "per": any_of({"const": "global"}, counted, parts),
        "activeFor": lasting,
        "window": lasting,
        "probability": {**NUMBER, "exclusiveMinimum": 0, "maximum": 1},
        "scenario": _or_null(object_of(scenario, ["name"]), lenient),
        "id": _or_null(ID, lenient),
        "tag": _or_null(NAMED, lenient),
    }
    told = [] if lenient else ["condition", "numberOfAnswer"]
    return object_of(fields, [*head, *told]) | {
        "oneOf": [{"required": ["response"]}, {"required": ["responses"]}],
    }


def _behavior(lenient: bool) -> Schema:
    command = {**TEXT, "enum": [command.value for command in Command]}
    return _gated(lenient, False, {"command": command}, COUNTED) | {
        "if": any_of(_DISCARDS, _has("responses", {"contains": _DISCARD})),
        "then": {"properties": {"command": {"enum": _DISCARDING}}},
    }


def _dns_behavior(lenient: bool) -> Schema:
    types = {
        **array_of(_QUERY_TYPE),
        "minItems": 1,
        "maxItems": MAX_TYPES,
        "uniqueItems": True,
    }
    query = any_of({**TEXT, "const": ANY}, _QUERY_TYPE, types)
    return _gated(lenient, True, {"query": query}, _DNS_TARGET)


_QUERY_TYPE: Schema = {**TEXT, "format": "query-type"}

_DISCARD = _has("effect", {"const": "discard"})
_DISCARDS = _has("response", _DISCARD)
_DISCARDING = [command.value for command in Command if command in DISCARDING]

_COUNTERS = {
    "seen": whole(0, MAX_INTEGER),
    "fired": whole(0, MAX_INTEGER),
    "remaining": any_of({"type": "integer"}, NULL),
}


def _rule(behavior: Schema, more: dict[str, Schema]) -> Schema:
    """A behavior with its counters, in one object."""
    fields = {"id": TEXT, **behavior["properties"], **_COUNTERS, **more}
    fields["id"] = TEXT
    return {
        **object_of(fields, [*behavior["required"], "id", *_COUNTERS]),
        "oneOf": behavior["oneOf"],
    }


def behavior_schemas() -> dict[str, Schema]:
    """The schemas of behaviors and what they are made of, by name.

    Those of DNS refer to ``DnsRecord`` and ``NewDnsRecord``, which are elsewhere.
    """
    key = {"type": "object", "additionalProperties": any_of(TEXT, NULL)}
    counts = object_of({"key": key, **_COUNTERS}, ["key", *_COUNTERS])
    keys = {"keyCount": whole(0, MAX_INTEGER), "keys": array_of(counts)}
    schemas: dict[str, Schema] = {}
    for dns, behavior, response in (
        (False, _behavior, _response),
        (True, _dns_behavior, _dns_response),
    ):
        name = _prefix(False, dns)
        schemas |= {
            f"{name}Rule": _rule(behavior(False), {}),
            f"{name}CountedRule": _rule(behavior(False), keys),
        }
        for lenient in False, True:
            new = _prefix(lenient, dns)
            schemas |= {
                f"{new}Behavior": behavior(lenient),
                f"{new}Condition": any_of(
                    *(_condition(each, lenient, dns) for each in OPERATORS)
                ),
                f"{new}Response": response(lenient, False),
                f"{new}ResponseInTurn": response(lenient, True),
            }
    return schemas
