"""Schemas of behaviors; that they take what is read is tested with all schemas"""

from __future__ import annotations

from openapi_schema_validator import OAS31Validator
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.codec.behavior_schema import behavior_schemas
from mocksmtp.codec.behaviors import behavior_document, parse_behaviors
from mocksmtp.codec.rules import counted_document, rule_document
from mocksmtp.core.behaviors import Behaviors
from mocksmtp.documents.schema import ref
from mocksmtp.model.behavior import Command
from tests.codec.sixteen import DOCUMENTS
from tests.core.attempts import FakeAttempt


class ToldTests(SynchronousTestCase):
    """What is told fits"""

    def test_rules(self) -> None:
        """Of every document that there must be, with its counters and keys."""
        schemas = behavior_schemas()
        behaviors = Behaviors()
        behaviors.replace_all(parse_behaviors([d for many in DOCUMENTS for d in many]))
        attempt = FakeAttempt(clientIp="::1", sender="a@x", recipients=["b"] * 9)
        behaviors.decide(Command.RCPT_TO, b"b@y", attempt)
        for rule in behaviors:
            for name, told in (
                ("Rule", rule_document(rule, behavior_document, 0.0)),
                ("CountedRule", counted_document(rule, behavior_document, 0.0)),
            ):
                schema = {**ref(name), "components": {"schemas": schemas}}
                OAS31Validator(schema).validate(told)
