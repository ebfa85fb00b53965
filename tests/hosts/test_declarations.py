"""Declared fields of hosts and policies: reader, writer and schemas agree"""

from __future__ import annotations

from typing import Any

from openapi_schema_validator import OAS31Validator
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.documents.document import Document
from mocksmtp.hosts.capabilities import CAPABILITIES
from mocksmtp.hosts.limits import LIMITS
from mocksmtp.hosts.listeners import HOST_DNS, LISTENER, MAIL_DOMAIN
from mocksmtp.hosts.policies import POLICY
from mocksmtp.sasl.documents import HOST_AUTH
from mocksmtp.tls.documents import HOST_TLS
from tests.documents.agreement import reads, validator, variations

DOCUMENTS: tuple[Document[Any], ...] = (
    *(LIMITS, LISTENER, MAIL_DOMAIN, POLICY, HOST_TLS, HOST_AUTH, HOST_DNS),
)

FORMATTED = ("address", "name", "names", "domains")
"""Fields of which a schema has only the format."""


class AgreementTests(SynchronousTestCase):
    """What is read fits the schema, and nothing else does"""

    def test_fields(self) -> None:
        """Each sample and each misfit of each field, in an otherwise valid document."""
        for document in DOCUMENTS:
            schema = validator(document)
            for title, value, is_read in variations(document):
                if title == "domains":
                    value = {"names": ["mx.ex.test"], **value}
                if title in FORMATTED and not is_read:
                    continue
                taken = reads(document, value)
                self.assertEqual(schema.is_valid(value), taken, (title, value))
                if value.get(title) is not None:
                    self.assertEqual(taken, is_read, (document.title, title, value))

    def test_capabilities(self) -> None:
        """An array or an object."""
        schema = validator(CAPABILITIES)
        for value in (*CAPABILITIES.samples, *CAPABILITIES.misfits):
            self.assertEqual(schema.is_valid(value), reads(CAPABILITIES, value), value)

    def test_what_is_written_is_read_and_fits(self) -> None:
        """The strict schema describes what is written, but for secrets."""
        for document in DOCUMENTS:
            for title, value, is_read in variations(document):
                if not is_read or not reads(document, value) or title == "users":
                    continue
                made = document.read(value)
                written = document.write(made)
                if document is not LIMITS:
                    self.assertEqual(document.read(written), made, value)
                told: dict[str, Any] = {}
                schema = {
                    **document.written_schema(told),
                    "components": {"schemas": told},
                }
                errors = OAS31Validator(schema).iter_errors(written)
                self.assertEqual([str(error) for error in errors], [], written)

    def test_every_field_has_its_meaning(self) -> None:
        """And a default that can be shown."""
        for document in DOCUMENTS:
            for title, shown, meaning in document.rows():
                self.assertTrue(shown and meaning, (document.title, title))
