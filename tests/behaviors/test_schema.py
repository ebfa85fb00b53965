"""Schemas of behaviors; that they take what is read is tested with all schemas"""

from __future__ import annotations

from openapi_schema_validator import OAS31Validator
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.listing import counted_document, rule_document
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.smtp import SMTP, SmtpRules
from mocksmtp.documents.kinds import Named
from mocksmtp.documents.schema import ref
from tests.behaviors.attempts import FakeAttempt
from tests.behaviors.sixteen import DOCUMENTS


class ToldTests(SynchronousTestCase):
    """What is told fits"""

    def test_rules(self) -> None:
        """Of every document that there must be, with its counters and keys."""
        schemas: Named = {}
        SMTP.schemas(schemas)
        behaviors = SmtpRules()
        behaviors.replace_all(SMTP.parse_all([d for many in DOCUMENTS for d in many]))
        attempt = FakeAttempt(clientIp="::1", sender="a@x", recipients=["b"] * 9)
        behaviors.decide(Command.RCPT_TO, b"b@y", attempt)
        for rule in behaviors:
            for name, told in (
                ("Rule", rule_document(rule, SMTP.write, 0.0)),
                ("CountedRule", counted_document(rule, SMTP.write, 0.0)),
            ):
                schema = {**ref(name), "components": {"schemas": schemas}}
                OAS31Validator(schema).validate(told)
