"""A real mail server, and hosts with and without TLS and AUTH.

What Postfix asks of a host's TLS depends on the domain that the mail is for.
"""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.e2e.api import Document
from tests.e2e.postfix import PASSWORD, RIGHT, USER, WRONG
from tests.e2e.rig import shared_rig
from tests.e2e.service import MX3

SENDER = "alice@sender.test"
CONTENT = b"Subject: x\r\n\r\ntext\r\n"

MECHANISMS = {
    "PLAIN": "libplain.so",
    "LOGIN": "liblogin.so",
    "CRAM-MD5": "libcrammd5.so",
    "SCRAM-SHA-1": "libscram.so",
    "SCRAM-SHA-256": "libscram.so",
}
"""Mechanisms by the modules of Cyrus SASL that know them."""


class HostCase(SynchronousTestCase):
    """One host, which is the mail exchange of a domain that the test chooses."""

    def setUp(self) -> None:
        rig = shared_rig()
        self.postfix, self.api = rig.postfix, rig.service.api
        self.api.reset()

    def host(self, domain: str, **more: object) -> None:
        """Make the host; `more` is the rest of its document."""
        self.bob = f"bob@{domain}"
        self.document: Document = {
            "name": "secure",
            "listeners": [{"address": MX3, "port": 25}],
            "dns": {"names": [f"mx.{domain}"], "domains": [{"name": domain}]},
        }
        self.mailbox = self.api.add_host({**self.document, **more})
        self.addCleanup(self.api.delete_host, "secure")

    def change(self, **more: object) -> None:
        """Have the host be another, at the same place."""
        self.api.set_host({**self.document, **more})

    def send(self) -> None:
        self.postfix.submit(SENDER, [self.bob], CONTENT)

    def assert_deferred(self, reason: str) -> list[Document]:
        """The first attempt has failed before MAIL; answers what sessions there are."""
        attempt = self.postfix.attempts(self.bob, 1)[0]
        self.assertIn("status=deferred", attempt)
        self.assertRegex(attempt, reason)
        sessions = self.api.sessions(host="secure")
        self.assertNotEqual(sessions, [])
        for session in sessions:
            self.assertNotIn("MAIL", verbs(session))
        return sessions

    def assert_delivered(self) -> Document:
        """The mail is there; answers the session in which it came."""
        mail = self.mailbox.mail_to(self.bob)
        (session,) = self.api.sessions(to=self.bob, outcome="accepted")
        self.assertEqual(session["transactions"][0]["mailId"], mail["id"])
        return session


def verbs(session: Document) -> list[str]:
    """The first word of each line that the client said."""
    said = [exchange.get("line", "") for exchange in session["transcript"]]
    return [line.split(" ")[0] for line in said if line]


class OpportunisticTests(HostCase):
    """``smtp_tls_security_level = may``"""

    def test_valid(self) -> None:
        """It comes under TLS, and says EHLO again."""
        self.host("valid.may.test", tls={"mode": "starttls"})
        self.send()
        session = self.assert_delivered()
        self.assertRegex(session["tls"]["version"], r"\ATLSv1\.[23]\Z")
        self.assertEqual(verbs(session)[:4], ["EHLO", "STARTTLS", "EHLO", "MAIL"])

    def test_self_signed(self) -> None:
        """A certificate that proves nothing is better than none."""
        self.host("self.may.test", tls={"certificate": "selfSigned"})
        self.send()
        session = self.assert_delivered()
        self.assertIsNotNone(session["tls"]["version"])
        self.assertNotIn("error", session["tls"])

    def test_not_offered(self) -> None:
        """It comes in clear."""
        self.host("clear.may.test")
        self.send()
        session = self.assert_delivered()
        self.assertIsNone(session["tls"])
        self.assertEqual(verbs(session)[:2], ["EHLO", "MAIL"])

    def test_a_handshake_that_fails(self) -> None:
        """It has no certificate, and should have; it comes again, in clear."""
        tls = {"maxVersion": "TLSv1.2", "clientCertificate": "require"}
        self.host("fails.may.test", tls=tls)
        self.send()
        session = self.assert_delivered()
        self.assertIsNone(session["tls"])
        before = self.api.sessions(host="secure")[0]
        self.assertEqual(verbs(before), ["EHLO", "STARTTLS"])
        self.assertEqual(before["tls"]["error"], "peer did not return a certificate")
        self.postfix.printed(rf"to=<{self.bob}>.*status=sent")
        # It does so once the mail has waited, be that at the second attempt or later.
        *others, _ = self.postfix.attempts(self.bob, 2)
        for attempt in others:
            self.assertIn("deferred (Cannot start TLS: handshake failure)", attempt)


class MandatoryTests(HostCase):
    """``smtp_tls_security_level = encrypt``"""

    def test_not_offered(self) -> None:
        """The mail waits until it is."""
        self.host("clear.encrypt.test")
        self.send()
        self.assert_deferred("TLS is required, but was not offered")
        self.change(tls={"mode": "starttls"})
        self.assertIsNotNone(self.assert_delivered()["tls"]["version"])

    def test_any_certificate(self) -> None:
        """What it proves does not matter."""
        self.host("any.encrypt.test", tls={"certificate": "untrusted"})
        self.send()
        self.assertIsNotNone(self.assert_delivered()["tls"]["version"])


class VerifiedTests(HostCase):
    """``smtp_tls_security_level = verify``"""

    def test_valid(self) -> None:
        """It trusts the service's root, and the host has the right name."""
        self.host("valid.verify.test", tls={"mode": "starttls"})
        self.send()
        session = self.assert_delivered()
        self.assertIsNotNone(session["tls"]["version"])
        self.postfix.printed(
            r"Verified TLS connection established to mx\.valid\.verify"
        )

    def assert_waits(self, certificate: str, reason: str) -> None:
        """Nothing is said of the mail until the certificate is valid."""
        domain = f"{certificate.lower()}.verify.test"
        self.host(domain, tls={"certificate": certificate})
        self.send()
        for session in self.assert_deferred("Server certificate not verified"):
            self.assertEqual(verbs(session)[:2], ["EHLO", "STARTTLS"])
        self.postfix.printed(rf"verification failed for mx\.{domain}.*{reason}")
        self.change(tls={"certificate": "valid"})
        self.assertIsNotNone(self.assert_delivered()["tls"]["version"])

    def test_wrong_name(self) -> None:
        """A host that is another is not trusted."""
        self.assert_waits("wrongName", "hostname mismatch")

    def test_untrusted(self) -> None:
        """Nor is one that nobody knows."""
        self.assert_waits("untrusted", "untrusted issuer")

    def test_expired(self) -> None:
        """Nor is one whose time is over."""
        self.assert_waits("expired", "certificate has expired")


class AuthTests(HostCase):
    """``smtp_sasl_auth_enable = yes``"""

    def setUp(self) -> None:
        super().setUp()
        known = {path.name for path in Path("/usr/lib").glob("*/sasl2/*.so")}
        self.mechanisms = [name for name, so in MECHANISMS.items() if so in known]
        if not self.mechanisms:
            raise SkipTest("no modules of SASL (Debian package libsasl2-modules)")

    def test_the_right_password(self) -> None:
        """It takes the one mechanism that is offered."""
        self.host(RIGHT)
        for mechanism in self.mechanisms:
            self.api.reset()
            auth = {"users": {USER: PASSWORD}, "mechanisms": [mechanism]}
            self.change(tls={}, auth={**auth, "required": True})
            self.send()
            session = self.assert_delivered()
            self.assertEqual(session["authUser"], USER)
            self.assertEqual(session["authMechanism"], mechanism)

    def test_a_wrong_password(self) -> None:
        """The mail waits until the password is right."""
        self.host(WRONG, auth={"users": {USER: PASSWORD}, "mechanisms": ["PLAIN"]})
        self.send()
        self.assert_deferred("SASL authentication failed.*535 5.7.8")
        self.change(auth={"users": "any", "mechanisms": ["PLAIN"]})
        self.assertEqual(self.assert_delivered()["authUser"], USER)
