"""Documents of MTA-STS policies"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.documents.problems import DocumentError
from mocksmtp.hosts.policies import (
    POLICY,
    MtaStsPolicy,
    PolicyMode,
    parse_policies,
)
from mocksmtp.tls.settings import CertificateKind

WHOLE = {
    "domain": "ex.test",
    "mode": "testing",
    "mx": ["mx.ex.test", "*.ex.test"],
    "maxAge": 5,
    "status": 404,
    "body": "no",
    "delay": 250,
    "certificate": "expired",
}


class PolicyTests(SynchronousTestCase):
    """What documents say"""

    def test_all_fields(self) -> None:
        """They are read, and told as they were."""
        (policy,) = parse_policies([WHOLE])
        self.assertEqual(
            policy,
            MtaStsPolicy(
                "ex.test",
                PolicyMode.TESTING,
                ("mx.ex.test", "*.ex.test"),
                5,
                404,
                "no",
                0.25,
                CertificateKind.EXPIRED,
            ),
        )
        self.assertEqual(POLICY.write(policy), WHOLE)

    def test_defaults(self) -> None:
        """A domain is enough; it is told in lower case, and the whole of it."""
        (policy,) = parse_policies({"domain": "Ex.TEST"})
        self.assertEqual(policy, MtaStsPolicy("ex.test"))
        self.assertEqual(parse_policies([POLICY.write(policy)]), (policy,))

    def test_what_is_refused(self) -> None:
        """The place is told."""
        for document, path in (
            ("text", "$"),
            ({}, "$.domain"),
            ({"domain": "*.ex.test"}, "$.domain"),
            ({"domain": "ex.test."}, "$.domain"),
            ({"domain": "b\u00fccher.test"}, "$.domain"),
            ({"domain": "a." * 125 + "a"}, "$.domain"),
            ({"domain": "a", "mode": "strict"}, "$.mode"),
            ({"domain": "a", "mx": "a"}, "$.mx"),
            ({"domain": "a", "mx": ["a", "a b"]}, "$.mx[1]"),
            ({"domain": "a", "mx": ["a"] * 1001}, "$.mx"),
            ({"domain": "a", "maxAge": -1}, "$.maxAge"),
            ({"domain": "a", "maxAge": 31_557_601}, "$.maxAge"),
            ({"domain": "a", "status": 199}, "$.status"),
            ({"domain": "a", "body": 5}, "$.body"),
            ({"domain": "a", "body": "x" * 2**19}, "$.body"),
            ({"domain": "a", "delay": -1}, "$.delay"),
            ({"domain": "a", "certificate": "bad"}, "$.certificate"),
            ({"domain": "a", "max_age": 1}, "$.max_age"),
            ([{"domain": "a"}, {"domain": "A"}], "$[1].domain"),
        ):
            with self.assertRaises(DocumentError, msg=str(document)[:99]) as raised:
                parse_policies(document)
            (problem,) = raised.exception.problems
            self.assertEqual(problem.path, path)
