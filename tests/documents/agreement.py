"""What a declaration reads and what its schema allows, compared value by value."""

from __future__ import annotations

import re
from collections.abc import Iterator
from ipaddress import ip_network
from typing import Any

import re2
from jsonschema import FormatChecker
from openapi_schema_validator import OAS31Validator

from mocksmtp.documents.document import Document
from mocksmtp.documents.kinds import Kind, Named

FORMATS = FormatChecker(formats=())


@FORMATS.checks("cidr", raises=ValueError)
def is_network(text: object) -> bool:
    return not isinstance(text, str) or bool(ip_network(text))


@FORMATS.checks("re2", raises=re2.error)
def is_expression(text: object) -> bool:
    return not isinstance(text, str) or bool(re2.compile(text))


@FORMATS.checks("target")
@FORMATS.checks("counted")
@FORMATS.checks("query-type")
def is_name(text: object) -> bool:
    names = "[A-Z][A-Z0-9]*|(?!no such|header$|global$|sender$)[a-z][A-Za-z:-]*"
    unknown = ("SECURE", "ANY", "mx")
    return not isinstance(text, str) or (
        text not in unknown and re.fullmatch(names, text) is not None
    )


def reads(kind: Kind[Any], value: Any) -> bool:
    """Whether a value is read."""
    try:
        kind.read(value)
    except Exception:
        return False
    return True


def validator(kind: Kind[Any], more: Named | None = None) -> OAS31Validator:
    """Tells whether a value fits the lenient schema."""
    named: Named = dict(more or {})
    schema = {**kind.accepted_schema(named), "components": {"schemas": named}}
    return OAS31Validator(schema, format_checker=FORMATS)


def variations(document: Document[Any]) -> Iterator[tuple[str, Any, bool]]:
    """The example with each field set to each of its samples and misfits."""
    for title, (attribute, declared) in document.fields.items():
        for value in declared.kind.samples:
            yield title, {**document.example, title: value}, True
        for value in declared.kind.misfits:
            yield title, {**document.example, title: value}, False
        if declared.example is not None:
            yield title, {**document.example, title: declared.example}, True
        is_optional = title not in document.example and not declared.keeps_null
        if is_optional and attribute.default is not None:
            yield title, {**document.example, title: None}, True
