"""Declared fields: reader, writer and schemas agree on every sample and misfit"""

from __future__ import annotations

from typing import Any

from openapi_schema_validator import OAS31Validator
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.delay import DELAY, KINDS
from mocksmtp.behaviors.dns import DNS, DNS_RESPONSE, DNS_RESPONSE_IN_TURN
from mocksmtp.behaviors.response import DRIP, RESPONSE, RESPONSE_IN_TURN
from mocksmtp.behaviors.scenarios import SCENARIO
from mocksmtp.behaviors.smtp import CONDITIONS, SMTP
from mocksmtp.documents.document import Document
from mocksmtp.http.openapi import named_schemas
from tests.documents.agreement import reads, validator, variations

DOCUMENTS: tuple[Document[Any], ...] = (
    *(SMTP, DNS, RESPONSE, RESPONSE_IN_TURN, DNS_RESPONSE, DNS_RESPONSE_IN_TURN),
    *(SCENARIO, DRIP, *KINDS.variants.values()),
)

TOGETHER = {
    "message": {"code": 250},
    "enhancedCode": {"code": 550},
    "template": {"code": 250, "message": "x"},
}
"""Fields that go with others."""


class AgreementTests(SynchronousTestCase):
    """What is read fits the schema, and nothing else does"""

    def test_fields(self) -> None:
        """Each sample and each misfit of each field, in an otherwise valid document."""
        known, count = named_schemas(), 0
        for document in DOCUMENTS:
            schema = validator(document, known)
            for title, value, is_read in variations(document):
                if title == "responses" and "response" in value:
                    value = {n: v for n, v in value.items() if n != "response"}
                if title == "raw" and "code" in value:
                    value = {"raw": value["raw"]}
                if title in ("rcode", "raw", "wrong", "then") and document.title in (
                    "DnsResponse",
                    "DnsResponseInTurn",
                ):
                    value = {title: value[title]}
                if document.title in ("Response", "ResponseInTurn"):
                    value = {**TOGETHER.get(title, {}), **value}
                if title == "effect" and value.get("effect") == "discard":
                    continue
                taken = reads(document, value)
                self.assertEqual(schema.is_valid(value), taken, (title, value))
                if title != "then" and value.get(title) is not None:
                    self.assertEqual(taken, is_read, (document.title, title, value))
                count += 1
        self.assertGreater(count, 300)

    def test_unions(self) -> None:
        """Delays and conditions."""
        for kind in (DELAY, CONDITIONS):
            schema = validator(kind)
            for value in (*kind.samples, *kind.misfits):
                self.assertEqual(schema.is_valid(value), reads(kind, value), value)

    def test_what_is_written_is_read_and_fits(self) -> None:
        """The strict schema describes what is written."""
        known = named_schemas()
        for document in DOCUMENTS:
            for title, value, _ in variations(document):
                if title == "responses" or not reads(document, value):
                    continue
                made = document.read(value)
                written = document.write(made)
                self.assertEqual(document.read(written), made, value)
                told = dict(known)
                schema = {
                    **document.written_schema(told),
                    "components": {"schemas": told},
                }
                errors = OAS31Validator(schema).iter_errors(written)
                self.assertEqual([str(error) for error in errors], [], written)

    def test_every_field_has_its_row(self) -> None:
        """With a default and a meaning."""
        for document in DOCUMENTS:
            for title, shown, meaning in document.rows():
                self.assertTrue(shown and meaning, (document.title, title))
