"""MTA-STS policies"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.hosts.policies import DOMAIN, PATTERN, MtaStsPolicy, PolicyMode


class PolicyTests(SynchronousTestCase):
    """`MtaStsPolicy`"""

    def test_text(self) -> None:
        """One field a line, each with CRLF (RFC 8461 §3.2)."""
        names = ("mx.ex.test", "*.ex.test")
        policy = MtaStsPolicy("ex.test", PolicyMode.TESTING, names, 5)
        self.assertEqual(
            policy.text,
            "version: STSv1\r\nmode: testing\r\nmx: mx.ex.test\r\n"
            "mx: *.ex.test\r\nmax_age: 5\r\n",
        )
        self.assertEqual(policy.host, "mta-sts.ex.test")

    def test_body(self) -> None:
        """It stands in the place of the text, also where it is empty."""
        self.assertEqual(MtaStsPolicy("ex.test", body="").text, "")

    def test_names(self) -> None:
        """A wildcard is the whole first label, and of mail hosts only (§4.1)."""
        for text in "ex.test", "a", "xn--bcher-kva.test", "_x.a-b.test":
            self.assertEqual(DOMAIN.read(text), text)
            self.assertEqual(PATTERN.read("*." + text), "*." + text)
        for text in "", ".", "a.", ".a", "-a", "a-", "a..b", "é", "a b", "x" * 64:
            self.assertRaises(ValueError, DOMAIN.read, text)
            self.assertRaises(ValueError, PATTERN.read, text)
        self.assertRaises(ValueError, DOMAIN.read, "*.ex.test")
        self.assertRaises(ValueError, PATTERN.read, "m*.ex.test")
