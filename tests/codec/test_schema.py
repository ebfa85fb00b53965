"""Schemas that follow from the classes of the documents"""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

from openapi_schema_validator import OAS31Validator
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.codec.behaviors import OPERATORS, parse_behavior
from mocksmtp.codec.hosts import parse_host
from mocksmtp.codec.records import parse_records
from mocksmtp.codec.schema import Schemas, named_schemas, ref
from mocksmtp.codec.structure import DocumentError
from mocksmtp.model.behavior import Behavior, Command
from mocksmtp.model.rdata import RDATA
from mocksmtp.model.rrtype import type_name

ALL = {"operator": "matchAll"}


def behavior(command: str = "DATA", code: Any = 450, **others: Any) -> dict[str, Any]:
    """A behavior with one thing that matters; those of the response by their names."""
    response = {"code": code}
    for name in "message", "effect":
        if name in others:
            response[name] = others.pop(name)
    return {"command": command, "response": response, **others}


BEHAVIORS = (
    behavior(),
    behavior("MAIL TO"),
    *(behavior(code=code) for code in (199, 600, "450", "0450", "600", "", None, True)),
    *(behavior(numberOfAnswer=n) for n in (1, 0, "1", "0", "", None, "x", True, [])),
    *(behavior(message=text) for text in ("a\nb", "a\r\nb", "a\rb", 5, None, True)),
    *(behavior(effect=effect) for effect in ("none", "some", None, 1)),
    behavior("NOOP", 250, effect="discard"),
    behavior("MAIL FROM", 250, effect="discard"),
    behavior(condition=ALL),
    behavior(condition={**ALL, "matchingValue": None}),
    behavior(condition={**ALL, "matchingValue": "x"}),
    behavior(condition={"operator": "contains"}),
    behavior(condition={"operator": "contains", "matchingValue": 5}),
    behavior(condition={"operator": "contains", "matchingValue": None}),
    behavior(condition={"operator": "contain", "matchingValue": "x"}),
    behavior(condition=None),
    behavior(more=1),
    {"command": "DATA"},
    {"response": {"code": 450}},
    [],
)

PEM = "-----BEGIN CERTIFICATE-----"

HOSTS: tuple[Any, ...] = (
    {},
    *({"name": name} for name in ("mx2", "..", "a/b", "", None, 5)),
    *({"hostname": name} for name in ("mx.test", "a b", "", None)),
    *(
        {"limits": {"messageSize": size}}
        for size in (1, 0, "10MiB", "0", "0KiB", "x", None)
    ),
    *({"limits": {"idleTime": time}} for time in (1, 0, "30s", "0s", "0.5", "x", None)),
    *(
        {"listeners": [{"address": "127.0.0.1", "port": port}]}
        for port in (0, 65535, 65536, "1")
    ),
    {"listeners": None},
    {"capabilities": ["X"]},
    {"capabilities": ["a\nb"]},
    {"capabilities": {"beforeTls": ["X"]}},
    {"capabilities": {"underTls": "X"}},
    {"capabilities": {"more": []}},
    *(
        {"limits": {name: value}}
        for name in ("totalTime", "messages", "badCommands")
        for value in (5, 0, None, True)
    ),
    *({"listeners": [{"protocol": value}]} for value in ("lmtp", "http", None)),
    *({"listeners": [{"tls": value}]} for value in ("none", "implicit", "x", None)),
    *(
        {"tls": {}, "listeners": [{"tls": value}]}
        for value in ("none", "implicit", "x", None)
    ),
    *({"tls": value} for value in (None, {}, [], {"more": 1}, {"mode": None})),
    *({"tls": {"mode": mode}} for mode in ("starttls", "implicit", "none")),
    *({"tls": {"certificate": kind}} for kind in ("valid", "x", None, {})),
    {"tls": {"certificate": {"certificatePem": "-----BEGIN", "keyPem": "x"}}},
    {"tls": {"certificate": {"certificatePem": PEM, "keyPem": PEM}}},
    *(
        {"tls": {"minVersion": least, "maxVersion": most}}
        for least in ("TLSv1", "1.2", "TLSv1.3", None)
        for most in ("TLSv1.1", "TLSv1.2", "1.3", "2", None)
    ),
    *({"tls": {"clientCertificate": use}} for use in ("require", "x", None)),
    *({"auth": value} for value in (None, {}, [], {"more": 1})),
    *({"auth": {"mechanisms": value}} for value in ([], ["PLAIN"], ["NTLM"])),
    {"auth": {"mechanisms": ["PLAIN", "PLAIN"]}},
    *(
        {"auth": {"users": value}}
        for value in ("any", "none", None, {}, {"a": "b"}, {"a": 5}, {"": "b"})
    ),
    {"auth": {"users": {"x" * 256: "b"}}},
    {"auth": {"requireTls": True}},
    {"auth": {"requireTls": True}, "tls": None},
    {"auth": {"requireTls": True}, "tls": {}},
    {"auth": {"required": 1}},
    {"dns": {"domains": [{"name": "x.test"}]}},
    {"dns": {"domains": [{"name": "x.test"}], "names": ["mx.test"]}},
    {"dns": {"domains": []}},
    {"dns": {"address": "192.0.2.1"}},
    {"dns": {"address": ["192.0.2.1", "2001:db8::1"]}},
    {"dns": {"address": "0.0.0.0"}},
    {"url": 5, "addresses": {}},
    {"more": 1},
)

RECORDS = (
    {"name": "x.test", "type": "A", "address": "192.0.2.1"},
    {"name": "x.test", "type": "A", "address": "192.0.2.1", "ttl": -1},
    {"name": "x.test", "type": "MX", "preference": 10, "exchange": "mx.test"},
    {"name": "x.test", "type": "MX", "preference": 65536, "exchange": "mx.test"},
    {"name": "x.test", "type": "MX", "preference": 10},
    {"name": "x.test", "type": "TXT", "strings": []},
    {"name": "x.test", "type": "TXT", "strings": ["a"]},
    {"name": "x.test", "type": "TYPE65280", "data": r"\# 1 00"},
    {"name": "x.test", "type": "A", "data": r"\# 1 00"},
    {"name": "x.test", "type": "A", "address": "192.0.2.1", "more": 1},
)


class AgreementTests(SynchronousTestCase):
    """The schema and the reader of a document take the same"""

    def assert_agree(self, name: str, read: Any, documents: tuple[Any, ...]) -> None:
        schema = {**ref(name), "components": {"schemas": named_schemas()}}
        validator = OAS31Validator(schema)
        for document in documents:
            try:
                read(document)
                taken = True
            except DocumentError:
                taken = False
            self.assertEqual(validator.is_valid(document), taken, document)

    def test_behaviors(self) -> None:
        """With all that is lenient for the sake of existing clients."""
        self.assert_agree("NewBehavior", parse_behavior, BEHAVIORS)

    def test_hosts(self) -> None:
        """Sizes, times and listeners."""
        self.assert_agree("NewHost", parse_host, HOSTS)

    def test_records(self) -> None:
        """Those with a class, and any other."""
        self.assert_agree("NewRecord", parse_records, RECORDS)


class MadeTests(SynchronousTestCase):
    """What follows from a class"""

    def test_what_is_added_to_the_model_is_described(self) -> None:
        """Commands, operators and types of records are those of the model."""
        schemas = named_schemas()
        commands = schemas["Behavior"]["properties"]["command"]["enum"]
        self.assertEqual(commands, [command.value for command in Command])
        conditions = schemas["Condition"]["anyOf"]
        operators = [one["properties"]["operator"]["const"] for one in conditions]
        self.assertEqual(operators, list(OPERATORS))
        *records, _ = schemas["Record"]["anyOf"]
        types = [one["properties"]["type"]["const"] for one in records]
        self.assertEqual(types, [type_name(number) for number in RDATA])

    def test_a_class_has_its_fields_and_no_others(self) -> None:
        """In camelCase; those without a default are required."""
        schemas = Schemas()
        self.assertEqual(schemas.of(Behavior), ref("Behavior"))
        schema = schemas.named["Behavior"]
        self.assertEqual(
            list(schema["properties"]),
            ["command", "response", "condition", "numberOfAnswer"],
        )
        self.assertEqual(schema["required"], ["command", "response"])
        self.assertIs(schema["additionalProperties"], False)

    def test_a_typed_dictionary_too(self) -> None:
        """Also where a field may be missing, and where it refers to itself."""
        schemas = Schemas()
        schemas.of(NodeDocument)
        self.assertEqual(
            schemas.named["Node"],
            {
                "type": "object",
                "properties": {
                    "kind": {"enum": ["a", "b"]},
                    "nodes": {"type": "array", "items": ref("Node")},
                    "size": {"anyOf": [{"type": "integer"}, {"type": "null"}]},
                    "counts": {
                        "type": "object",
                        "additionalProperties": {"type": "number"},
                    },
                },
                "required": ["kind", "nodes", "counts"],
                "additionalProperties": False,
            },
        )

    def test_what_has_no_schema_is_an_error(self) -> None:
        """Of the program, not of its user."""
        with self.assertRaises(TypeError):
            Schemas().of(set[int])


class NodeDocument(TypedDict):
    """A document that has such documents."""

    kind: Literal["a", "b"]
    nodes: list[NodeDocument]
    size: NotRequired[int | None]
    counts: dict[str, float]
