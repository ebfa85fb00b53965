"""``/openapi.json``: what generators of clients can read, and true to what is told"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.point import Command
from tests.http.rig import BUSY, Rig
from tests.http.test_openapi import MULTIPART, RECORD
from tests.session_client import Client
from tests.smtp.dialogue import behavior

SUPPORTED = {
    "$ref",
    "additionalProperties",
    "description",
    "enum",
    "format",
    "items",
    "maximum",
    "minimum",
    "oneOf",
    "properties",
    "required",
    "type",
}
"""The words that schemas consist of."""


class PortableTests(SynchronousTestCase):
    """What generators need"""

    def setUp(self) -> None:
        self.rig = Rig()
        self.document = self.rig.get("/openapi.json")
        self.schemas: dict[str, Any] = self.document["components"]["schemas"]

    def test_it_is_valid(self) -> None:
        """OpenAPI 3.1, with the operations of the strict description."""
        validate(self.document)
        strict = self.rig.get("/openapi-strict.json")
        self.assertEqual(self.document["paths"].keys(), strict["paths"].keys())
        for path, operations in self.document["paths"].items():
            self.assertEqual(operations.keys(), strict["paths"][path].keys())

    def test_schemas_are_simple(self) -> None:
        """No union but with null, no rule, no pattern, no bare null, no boolean."""
        for place, schema in self.all_schemas():
            self.assertIsInstance(schema, dict, place)
            self.assertEqual(schema.keys() - SUPPORTED, set(), place)
            self.assertNotEqual(schema.get("type"), "null", place)
            for choice, *others in filter(None, [schema.get("oneOf")]):
                self.assertEqual(choice.keys(), {"$ref"}, place)
                self.assertEqual(others, [{"type": "null"}], place)

    def test_names_are_distinct_in_all_languages(self) -> None:
        """None is another's constructor, and all refer to what is there."""
        for name in self.schemas:
            self.assertFalse(name.startswith("New"), name)
            self.assertNotIn(f"New{name}", self.schemas)
        for place, schema in self.all_schemas():
            if "$ref" in schema:
                self.assertIn(schema["$ref"].rpartition("/")[2], self.schemas, place)

    def test_bodies_have_one_form(self) -> None:
        """One media type; an array where there may be several."""
        for path, operations in self.document["paths"].items():
            for method, operation in operations.items():
                bodies = [operation.get("requestBody", {})]
                bodies += operation["responses"].values()
                for body in bodies:
                    self.assertLess(len(body.get("content", {})), 2, (method, path))
        for path in "/smtpBehaviors", "/dnsBehaviors", "/dnsRecords", "/mtaSts":
            body = self.document["paths"][path]["put"]["requestBody"]["content"]
            self.assertEqual(body["application/json"]["schema"]["type"], "array")

    def test_content_is_bytes(self) -> None:
        """Of mails and of their parts."""
        for path in "/smtpMails/{id}/raw", "/smtpMails/{id}/parts/{n}":
            answer = self.document["paths"][path]["get"]["responses"]["200"]
            (content,) = answer["content"].values()
            bytes_ = {"type": "string", "format": "binary"}
            self.assertEqual(content["schema"], bytes_)

    def test_what_is_told_fits(self) -> None:
        """Each list and entry, in all views."""
        rig = self.rig
        rig.receive(MULTIPART)
        rig.host.behaviors.replace_all([behavior(Command.RCPT_TO, 550, contains="bob")])
        client = Client(rig.host)
        client.say("EHLO me", "MAIL FROM:<a@x.test>", "RCPT TO:<bob@x.test>")
        client.deliver("b@x.test")
        client.quit()
        slow = {"code": 450, "delay": {"type": "uniform", "lower": 0, "upper": "1s"}}
        each = {**BUSY, "per": ["clientIp", "sender"], "response": slow}
        rig.ask("POST", "/smtpBehaviors", [BUSY, {**each, "scenario": {"name": "a"}}])
        gone = {"query": "ANY", "response": {"rcode": "NXDOMAIN"}, "per": "name"}
        rig.ask("PUT", "/dnsBehaviors", [gone, {**gone, "query": ["A", "MX"]}])
        rig.ask("PUT", "/dnsRecords", [RECORD])
        rig.ask("PUT", "/mtaSts", {"domain": "ex.test"})
        for path in (
            "/smtpBehaviors",
            "/smtpBehaviors?view=full",
            "/dnsBehaviors",
            "/dnsBehaviors?view=full",
            "/smtpMails",
            "/smtpMails?view=summary",
            "/smtpMails?view=full",
            "/smtpMails/latest",
            "/smtpMailsCount",
            "/smtpSessions",
            "/smtpSessions/latest",
            "/smtpAttempts",
            "/deliveries",
            "/dnsRecords",
            "/dnsRecords?view=full",
            "/dnsResolve?name=x.test&type=MX",
            "/mtaSts",
            "/hosts",
            "/status",
            "/health",
        ):
            answer = rig.get(path)
            self.assertNotEqual(answer, [], path)
            operation = self.document["paths"][path.partition("?")[0]]["get"]
            content = operation["responses"]["200"]["content"]["application/json"]
            whole = {**content["schema"], "components": self.document["components"]}
            OAS31Validator(whole).validate(answer)

    def all_schemas(self) -> Iterator[tuple[str, Any]]:
        """Every schema, with those inside."""
        todo = list(self.schemas.items())
        for path, operations in self.document["paths"].items():
            for operation in operations.values():
                place = f"{path} {operation['operationId']}"
                bodies = [operation.get("requestBody", {})]
                bodies += operation["responses"].values()
                todo += [(place, each["schema"]) for each in operation["parameters"]]
                todo += [
                    (place, content["schema"])
                    for body in bodies
                    for content in body.get("content", {}).values()
                ]
        while todo:
            place, schema = todo.pop()
            yield place, schema
            todo += [
                (f"{place}.{n}", s) for n, s in schema.get("properties", {}).items()
            ]
            todo += [
                (f"{place}.{word}", schema[word])
                for word in ("items", "additionalProperties")
                if word in schema
            ]
