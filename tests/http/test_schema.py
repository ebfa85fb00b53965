"""Schemas that follow from the classes of the documents"""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any, Literal, NotRequired, TypedDict

from jsonschema import FormatChecker
from openapi_schema_validator import OAS31Validator
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.condition import OPERATORS
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.documents.problems import DocumentError
from mocksmtp.hosts.documents import parse_host
from mocksmtp.hosts.listeners import MailDomain
from mocksmtp.http.schema import Schemas, named_schemas, ref
from mocksmtp.zone.rdata import RDATA, HostTLSA, type_name
from mocksmtp.zone.records import parse_records

ALL = {"operator": "matchAll"}


def behavior(command: str = "DATA", code: Any = 450, **others: Any) -> dict[str, Any]:
    """A behavior with one thing that matters; those of the response by their names."""
    response = {"code": code}
    for name in "message", "effect":
        if name in others:
            response[name] = others.pop(name)
    return {"command": command, "response": response, **others}


GATES: tuple[dict[str, Any], ...] = (
    *({"skip": n} for n in (0, 5, -1, "1", None, True)),
    *({"per": per} for per in ("global", "clientIp", ["clientIp", "sender"], [])),
    *({"per": per} for per in (["sender", "sender"], None, 5, ["sender"] * 9)),
    *({"activeFor": t} for t in (1, 0, "5m", "0s", 0.2, None, -1, 1e12, "x", True)),
    *({"window": t} for t in (1000, "24h", 0, None, "", [])),
    *({"probability": p} for p in (0, 0.3, 1, 1.1, -1, "0.5", None, True)),
    *({"scenario": s} for s in ({"name": "x"}, {}, {"name": ""}, {"name": "x\ny"})),
    {"scenario": {"name": "x", "state": "a", "next": "b"}},
    {"scenario": {"name": "x", "more": "a"}},
    *({"id": name} for name in ("a-1", "", "a/b", "..", "x" * 65, 5, None)),
    *({"tag": name} for name in ("a b", "", "\rx", "x" * 101, 5, None)),
)

ANSWERS: tuple[dict[str, Any], ...] = (
    {"code": 450},
    {},
    {"message": None},
    {"message": "own code"},
    {"raw": ""},
    {"raw": "\x00ÿ"},
    {"raw": "€"},
    {"raw": None},
    {"raw": "x", "code": 250},
    {"raw": "x", "message": "y"},
    {"raw": "x", "message": None},
    {"raw": "x", "enhancedCode": "5.1.1"},
    {"raw": "x", "template": True},
    {"raw": "x", "template": False},
    {"enhancedCode": "5.1.1"},
    {"code": 550, "enhancedCode": "5.1.1"},
    {"code": 550, "enhancedCode": "1.1.1"},
    {"code": 550, "enhancedCode": "5.1.1234"},
    {"code": 550, "template": True},
    {"code": 550, "template": True, "message": "x"},
    {"effect": "discard"},
    {"then": "continue"},
    {"then": "reset"},
    {"then": "stop"},
    {"then": "close", "thenDelay": "2s"},
    {"code": 550, "thenDelay": -1},
    *({"delay": t} for t in (0, 5, 1.5, "2s", "0s", -1, True, None, 1e12, [])),
    {"delay": {"type": "fixed", "milliseconds": 5}},
    {"delay": {"type": "fixed"}},
    {"delay": {"type": "uniform", "lower": 5, "upper": 5}},
    {"delay": {"type": "uniform", "lower": 5}},
    {"delay": {"type": "lognormal", "median": 5, "sigma": 0.4}},
    {"delay": {"type": "lognormal", "median": 5, "sigma": 0.4, "maxValue": "9s"}},
    {"delay": {"type": "lognormal", "median": 5, "sigma": 11}},
    {"delay": {"type": "normal", "median": 5}},
    {"drip": {"bytes": 1, "interval": "20ms"}},
    {"drip": {"interval": 1}},
    {"drip": {"interval": 0}},
    {"drip": {"bytes": 0, "interval": 1}},
    {"drip": {"bytes": 1}},
    {"drip": None},
    {"code": 450, "times": 1},
)

IN_TURN: tuple[Any, ...] = (
    [],
    [{"code": 450}],
    [{"code": 450, "times": 2}, {"code": 451, "times": None}],
    [{"code": 450, "times": 0}],
    [{"code": 450, "times": "2"}],
    [{}],
    None,
    {"code": 450},
)

CONDITIONS: tuple[Any, ...] = (
    *({"operator": name, "matchingValue": "x"} for name in OPERATORS),
    *({"operator": name} for name in OPERATORS),
    *({"operator": name, "matchingValue": "5"} for name in ("atLeast", "lessThan")),
    *({"operator": "atLeast", "matchingValue": v} for v in (5, 1.5, 1e300, "1e5", "-")),
    {"operator": "matches", "matchingValue": 5},
    {"operator": "matches", "matchingValue": "a+", "ignoreCase": True},
    {"operator": "inNetwork", "matchingValue": "10.0.0.0/8", "target": "clientIp"},
    {"operator": "atLeast", "matchingValue": "5", "ignoreCase": True},
    {"operator": "equals", "matchingValue": "x", "ignoreCase": None},
    {"operator": "equals", "matchingValue": "x", "target": None},
    {"operator": "exists", "target": "authUser"},
    {"operator": "exists", "target": "authUser", "ignoreCase": True},
    {"operator": "not", "condition": ALL},
    {"operator": "not", "condition": {}},
    {"operator": "not", "condition": ALL, "target": "sender"},
    {"operator": "all", "conditions": [ALL, ALL]},
    {"operator": "any", "conditions": []},
    {"operator": "any", "conditions": ALL},
)

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
    *(behavior(**fields) for fields in GATES),
    *({"command": "DATA", "response": response} for response in ANSWERS),
    *({"command": "DATA", "responses": responses} for responses in IN_TURN),
    {"command": "DATA", "responses": [ANSWERS[0]], "response": ANSWERS[0]},
    *({**behavior("RCPT TO"), "condition": condition} for condition in CONDITIONS),
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
    {"auth": {"mechanisms": ["PLAIN", "SCRAM-SHA-1"]}},
    *({"auth": {"mechanisms": ["SCRAM-SHA-1"], "users": u}} for u in ("any", {})),
    {"auth": {"mechanisms": ["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"]}},
    *(
        {"auth": {"users": value}}
        for value in ("any", "none", None, {}, {"a": "b"}, {"a": 5}, {"": "b"})
    ),
    {"auth": {"users": {"x" * 256: "b"}}},
    {"auth": {"requireTls": True}},
    {"auth": {"mechanisms": ["SCRAM-SHA-256-PLUS"], "users": {}}},
    {"auth": {"mechanisms": ["SCRAM-SHA-256-PLUS"], "users": {}}, "tls": {}},
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


FORMATS = FormatChecker(formats=())


@FORMATS.checks("cidr", raises=ValueError)
def is_network(text: object) -> bool:
    return not isinstance(text, str) or bool(ip_network(text))


class AgreementTests(SynchronousTestCase):
    """The schema and the reader of a document take the same"""

    def assert_agree(self, name: str, read: Any, documents: tuple[Any, ...]) -> None:
        schema = {**ref(name), "components": {"schemas": named_schemas()}}
        # Formats are checked as the schema's words can't.
        validator = OAS31Validator(schema, format_checker=FORMATS)
        for document in documents:
            try:
                read(document)
                taken = True
            except DocumentError:
                taken = False
            self.assertEqual(validator.is_valid(document), taken, document)

    def test_behaviors(self) -> None:
        """With all that is lenient for the sake of existing clients."""
        self.assert_agree("NewBehavior", SMTP.parse_one, BEHAVIORS)

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
        *records, made, _ = schemas["Record"]["anyOf"]
        types = [one["properties"]["type"]["const"] for one in records]
        known = [cls for cls in RDATA.values() if cls is not HostTLSA]
        self.assertEqual(types, [type_name(cls.TYPE) for cls in known])
        self.assertIn("fromHost", made["required"])

    def test_a_class_has_its_fields_and_no_others(self) -> None:
        """In camelCase; those without a default are required."""
        schemas = Schemas()
        self.assertEqual(schemas.of(MailDomain), ref("MailDomain"))
        schema = schemas.named["MailDomain"]
        self.assertEqual(list(schema["properties"]), ["name", "preference"])
        self.assertEqual(schema["required"], ["name"])
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
