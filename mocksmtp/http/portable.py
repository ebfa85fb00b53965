"""A description in the subset of OpenAPI that generators of clients support.

It is derived from the strict description (`mocksmtp.http.openapi`), whose schemas
generators cannot express in types. Here,

- a union of objects is one object, which requires only the fields that all have;
- a number that can also be written as a text is a number;
- a returned value of several types is any value;
- a list is always an array, and a body has one media type;
- rules that connect several fields are omitted, and so are patterns.

Every returned document is valid. For every accepted document there is a valid form.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from mocksmtp.documents.schema import Schema

FAMILIES = {
    "Behavior": ("Behavior", "Rule", "CountedRule"),
    "DnsBehavior": ("DnsBehavior", "DnsRule", "DnsCountedRule"),
    "Mail": (
        "FullMail",
        "MailDetails",
        "MailSummary",
        "Mail",
        "JamesMail",
        "ArticleMail",
    ),
    "Record": ("ListedRecord", "Record"),
}
"""Shapes of the same thing; the most detailed is first."""

_OTHER_NAMES = {"Error": "ProblemError", "Ids": "AddedIds", "Size": "ContentSize"}
"""For names that are those of a type in some language, or of a field inside."""

_FORMATS = {"date-time", "int64", "binary"}
"""Formats that generators have types for."""

_OTHER_TYPES = {
    "message/rfc822": "application/octet-stream",
    "*/*": "application/octet-stream",
    "application/pem-certificate-chain": "application/octet-stream",
}
"""Media types that generators know, in the place of some that they don't."""

_NEW, _PATCH = "New", "Patch"

MAX_INT = 2**31 - 1


def portable_name(name: str) -> str:
    """What the schema `name` is called."""
    for family, members in FAMILIES.items():
        if name in members:
            return family
    if name.startswith(_NEW):
        return name.removeprefix(_NEW) + "Input"
    return _OTHER_NAMES.get(name, name)


def portable(strict: Schema) -> Schema:
    """Return the description of the same API for generators."""
    return _Portable(strict).document()


class _Portable:
    """
    The work on one description.

    :ivar made: the schemas with names, as they are made
    """

    def __init__(self, strict: Schema) -> None:
        self.strict = strict
        self.named: dict[str, Schema] = strict["components"]["schemas"]
        self.made: dict[str, Schema] = {}

    def document(self) -> Schema:
        """The whole description."""
        paths = {
            path: {
                method: self._operation(operation)
                for method, operation in operations.items()
            }
            for path, operations in self.strict["paths"].items()
        }
        components = dict(self.strict["components"])
        components["responses"] = {
            name: {**answer, "content": self._content(answer["content"], False)}
            for name, answer in components["responses"].items()
        }
        components["schemas"] = dict(sorted(self.made.items()))
        return {**self.strict, "paths": paths, "components": components}

    def _operation(self, operation: Schema) -> Schema:
        made = dict(operation)
        alike = _tells_lists(operation)
        made["parameters"] = [
            {**each, "schema": self._schema(each["schema"], each["name"], True)}
            for each in operation["parameters"]
            if each["name"] != "explain" or not alike
        ]
        if "requestBody" in operation:
            body = operation["requestBody"]
            content = self._content(body["content"], True)
            made["requestBody"] = {**body, "content": content}
        made["responses"] = {
            status: {**answer, "content": self._content(answer["content"], False)}
            if "content" in answer
            else answer
            for status, answer in operation["responses"].items()
        }
        return made

    def _content(self, content: Schema, taken: bool) -> Schema:
        """The first media type; of an array or an object, the array."""
        type_, one = next(iter(content.items()))
        type_ = _OTHER_TYPES.get(type_, type_)
        if type_ == "application/octet-stream":
            schema: Schema = {"type": "string", "format": "binary"}
        else:
            found = one["schema"]
            choices = found.get("anyOf", [])
            arrays = [each for each in choices if each.get("type") == "array"]
            schema = self._schema(arrays[0] if arrays else found, "Body", taken)
        return {type_: {**one, "schema": schema}}

    def _ref(self, strict_name: str) -> Schema:
        name = portable_name(strict_name)
        if name not in self.made:
            self.made[name] = {}  # a schema that refers to itself is made once
            taken = strict_name.startswith(_NEW) or strict_name.endswith(_PATCH)
            keeps_null = not strict_name.startswith(_NEW)
            members = FAMILIES.get(name, (strict_name,))
            whole = [self.named[each] for each in members if each in self.named]
            schema = self._union(whole, name, taken, keeps_null)
            self.made[name] = schema
        return {"$ref": f"#/components/schemas/{name}"}

    def _schema(
        self, schema: Schema, name: str, taken: bool, keeps_null: bool = True
    ) -> Schema:
        return self._union([schema], name, taken, keeps_null)

    def _union(
        self, schemas: Iterable[Schema], name: str, taken: bool, keeps_null: bool
    ) -> Schema:
        """One schema that every value of `schemas` fits."""
        choices = [each for schema in schemas for each in _choices(schema)]
        described = [each["description"] for each in choices if "description" in each]
        nullable = keeps_null and any(map(_has_null, choices))
        choices = [each for each in choices if not _is_null(each)]
        made = self._one(choices, name, taken, keeps_null)
        if nullable:
            made = _or_null(made)
        if described and "$ref" not in made:
            made = {**made, "description": described[0]}
        return made

    def _one(
        self, choices: list[Schema], name: str, taken: bool, keeps_null: bool
    ) -> Schema:
        refs = [each["$ref"].rpartition("/")[2] for each in choices if "$ref" in each]
        if len(refs) == len(choices) and len(set(map(portable_name, refs))) == 1:
            return self._ref(refs[0])
        types = {_type(each) for each in choices}
        if taken and types <= {"integer", "number", "string"} and len(types) > 1:
            types = {_type(choices[0])}
            choices = [each for each in choices if _type(each) in types]
        if types == {"integer", "number"}:
            types = {"number"}
        if len(types) != 1 or refs:
            return {}
        (type_,) = types
        if type_ == "object":
            return self._object(choices, name, taken, keeps_null)
        if type_ == "array":
            items = [each["items"] for each in choices if "items" in each]
            inner = self._union(items, name + "Item", taken, keeps_null)
            return {"type": "array", "items": inner}
        if type_ is None:
            return {}
        return _scalar(type_, choices)

    def _object(
        self, choices: list[Schema], name: str, taken: bool, keeps_null: bool
    ) -> Schema:
        members: dict[str, list[Schema]] = {}
        for each in choices:
            for title, schema in each.get("properties", {}).items():
                if schema and not (taken and _is_null(schema)):
                    members.setdefault(title, []).append(schema)
        if not members:
            values = [
                each["additionalProperties"]
                for each in choices
                if isinstance(each.get("additionalProperties"), dict)
            ]
            if not values:
                return {"type": "object"}
            inner = self._union(values, name + "Value", taken, keeps_null)
            return {"type": "object", "additionalProperties": inner}
        properties = {
            title: self._union(
                schemas, name + title[0].upper() + title[1:], taken, keeps_null
            )
            for title, schemas in members.items()
        }
        made: Schema = {"type": "object", "properties": properties}
        required = [
            title
            for title in members
            if all(title in each.get("required", ()) for each in choices)
        ]
        if required:
            made["required"] = required
        if name in self.made and not self.made[name]:
            return made
        self.made[name] = made
        return {"$ref": f"#/components/schemas/{name}"}


def _tells_lists(operation: Schema) -> bool:
    """Whether an answer is an array, or in its place an object."""
    return any(
        _type(choice) == "array"
        for answer in operation["responses"].values()
        for one in answer.get("content", {}).values()
        for choice in one["schema"].get("anyOf", [])
    )


def _choices(schema: Schema) -> list[Schema]:
    """The alternatives of a schema; rules beside a type are none."""
    if "type" in schema or "properties" in schema:
        return [schema]
    for word in "anyOf", "oneOf":
        if word in schema:
            return [one for each in schema[word] for one in _choices(each)]
    return [schema]


def _is_null(schema: Schema) -> bool:
    return schema.get("type") == "null" or schema.get("enum") == [None]


def _has_null(schema: Schema) -> bool:
    return _is_null(schema) or None in schema.get("enum", ())


_TYPES = {str: "string", bool: "boolean", int: "integer", float: "number"}


def _type(schema: Schema) -> str | None:
    """The JSON type of a choice."""
    if "type" in schema:
        found: str = schema["type"]
        return found
    if "properties" in schema:
        return "object"
    if "const" in schema:
        return _TYPES.get(type(schema["const"]))
    for value in schema.get("enum", ()):
        if value is not None:
            return _TYPES.get(type(value))
    return "string" if "format" in schema or "pattern" in schema else None


def _scalar(type_: str, choices: list[Schema]) -> Schema:
    made: Schema = {"type": type_}
    values: list[Any] = []
    for each in choices:
        found = [each["const"]] if "const" in each else each.get("enum")
        if found is None:
            break
        values += [value for value in found if value is not None]
    else:
        if type_ == "string":
            made["enum"] = list(dict.fromkeys(values))
        return made
    formats = {each.get("format") for each in choices}
    if len(formats) == 1 and formats <= _FORMATS:
        made["format"] = formats.pop()
    if type_ == "number":
        made["format"] = "double"
    if type_ == "integer":
        most = max(each.get("maximum", MAX_INT + 1) for each in choices)
        if most > MAX_INT:
            made["format"] = "int64"
        else:
            least = min(each.get("minimum", -MAX_INT) for each in choices)
            made |= {"minimum": least, "maximum": most}
    return made


def _or_null(schema: Schema) -> Schema:
    if not schema:
        return schema
    if "$ref" in schema:
        return {"oneOf": [schema, {"type": "null"}]}
    made = {**schema, "type": [schema["type"], "null"]}
    if "enum" in made:
        made["enum"] = [*made["enum"], None]
    return made
