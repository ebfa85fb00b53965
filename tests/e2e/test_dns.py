"""A real mail server, and what DNS can tell it."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.e2e.api import Document
from tests.e2e.program import PATIENCE
from tests.e2e.rig import shared_rig
from tests.e2e.service import MX1, MX2
from tests.e2e.test_tls import HostCase, verbs

SENDER = "alice@sender.test"

HOSTS = f"""
mx1.hosts.test.  0 A  {MX1}
mx2.hosts.test.  0 A  {MX2}
sender.test.     0 MX 10 mx2.hosts.test.
"""


class DnsTests(SynchronousTestCase):
    """Postfix asks the mock where mail is to go."""

    def setUp(self) -> None:
        rig = shared_rig()
        self.postfix, self.api = rig.postfix, rig.service.api
        self.api.reset()

    def send(self, recipient: str) -> None:
        self.postfix.submit(SENDER, [recipient], b"Subject: hello\r\n\r\nhello\r\n")

    def asked(self, name: str) -> set[str]:
        """The types that were asked for of a name."""
        return {query["type"] for query in self.api.queries(name=name)}

    def assert_delivered(self, recipient: str, relay: str) -> Document:
        """It arrived at once, at that relay."""
        mail = self.api.mail_to(recipient)
        (attempt,) = self.postfix.attempts(recipient, 1)
        self.assertIn("status=sent", attempt)
        self.assertIn(f"relay={relay}:25", attempt)
        return mail

    def assert_bounced(self, recipient: str, reason: str) -> None:
        """Postfix gave up at once, and the bounce is the only connection there was."""
        (attempt,) = self.postfix.attempts(recipient, 1)
        self.assertIn("status=bounced", attempt)
        self.assertIn("relay=none", attempt)
        bounce = self.api.mail_to(SENDER)
        self.assertIn(reason, " ".join(bounce["message"].split()))
        recipients = [
            transaction["recipients"][0]["address"]
            for session in self.api.sessions(to=SENDER, count=1, wait=f"{PATIENCE}s")
            for transaction in session["transactions"]
        ]
        self.assertEqual(recipients, [SENDER])
        self.assertEqual(len(self.api.sessions()), 1)

    def test_null_mx(self) -> None:
        """A domain that says that it takes no mail is sent none (RFC 7505)."""
        domain = "null.dns.test"
        self.api.set_records(HOSTS, f"{domain}. A {MX1}")
        null = {"name": domain, "type": "MX", "preference": 0, "exchange": "."}
        self.api.add_records(null)
        self.send(f"bob@{domain}")
        self.assert_bounced(f"bob@{domain}", "does not accept mail (nullMX)")
        self.assertEqual(self.asked(domain), {"MX"})

    def test_no_such_domain(self) -> None:
        """A domain that does not exist is not looked for any further."""
        domain = "none.dns.test"
        self.api.set_records(HOSTS)
        self.send(f"bob@{domain}")
        self.assert_bounced(f"bob@{domain}", f"Name service error for name={domain}")
        (query, *_) = self.api.queries(name=domain, type="MX")
        self.assertEqual(query["answer"]["rcode"], "NXDOMAIN")

    def test_a_failure_of_dns(self) -> None:
        """Mail waits, and is not taken to the domain's own address meanwhile."""
        domain = "servfail.dns.test"
        self.api.set_records(
            HOSTS, f"{domain}. 0 MX 10 mx1.hosts.test.", f"{domain}. 0 A {MX2}"
        )
        named = {"operator": "equals", "matchingValue": domain}
        fails = {"query": "MX", "condition": named, "response": {"rcode": "SERVFAIL"}}
        self.api.set_dns_behaviors({**fails, "id": "fails"})
        self.send(f"bob@{domain}")
        attempt = self.postfix.attempts(f"bob@{domain}", 1)[0]
        self.assertIn("status=deferred", attempt)
        self.assertIn("relay=none", attempt)
        self.assertRegex(attempt, "Name service error for name=.* type=MX")
        self.assertEqual(self.api.sessions(), [])
        self.assertEqual(self.asked(domain), {"MX"})
        (query, *_) = self.api.queries(name=domain)
        self.assertEqual(query["answer"]["rcode"], "SERVFAIL")
        self.assertEqual(query["behavior"], "fails")
        self.api.set_dns_behaviors()
        self.api.mail_to(f"bob@{domain}")
        (sent,) = self.postfix.printed(rf"to=<bob@{domain}>.*status=sent")
        self.assertIn(f"relay=mx1.hosts.test[{MX1}]:25", sent)

    def test_silence(self) -> None:
        """Mail waits while DNS says nothing."""
        domain = "silent.dns.test"
        self.api.set_records(HOSTS, f"{domain}. 0 MX 10 mx1.hosts.test.")
        named = {"operator": "equals", "matchingValue": domain}
        drops = {"query": "ANY", "condition": named, "response": {"then": "drop"}}
        self.api.set_dns_behaviors(drops)
        self.send(f"bob@{domain}")
        attempt = self.postfix.attempts(f"bob@{domain}", 1)[0]
        self.assertIn("status=deferred", attempt)
        replies = [query["answer"] for query in self.api.queries(name=domain)]
        self.assertGreaterEqual(len(replies), 2)
        self.assertEqual(set(replies), {None})
        self.api.set_dns_behaviors()
        self.api.mail_to(f"bob@{domain}")

    def test_alias(self) -> None:
        """The MX is that of the name that the domain is an alias of."""
        domain = "alias.dns.test"
        self.api.set_records(
            HOSTS,
            f"{domain}. 0 CNAME real.dns.test.",
            "real.dns.test. 0 MX 10 mx1.hosts.test.",
        )
        self.send(f"bob@{domain}")
        mail = self.assert_delivered(f"bob@{domain}", f"mx1.hosts.test[{MX1}]")
        self.assertEqual(mail["envelope"]["recipients"], [f"bob@{domain}"])
        # The target came with the alias: nothing had to be asked again.
        self.assertEqual(self.api.queries(name="real.dns.test"), [])

    def test_implicit_mx(self) -> None:
        """Without an MX, mail goes to the domain's own address (RFC 5321 §5.1)."""
        domain = "implicit.dns.test"
        self.api.set_records(HOSTS, f"{domain}. 0 A {MX1}")
        self.send(f"bob@{domain}")
        self.assert_delivered(f"bob@{domain}", f"{domain}[{MX1}]")
        first, *others = self.api.queries(name=domain)
        self.assertEqual((first["type"], first["answer"]["answers"]), ("MX", 0))
        self.assertLessEqual({query["type"] for query in others}, {"MX", "A", "AAAA"})

    def test_too_many_for_a_datagram(self) -> None:
        """Thirty MX are asked for over UDP, and then over TCP."""
        domain = "many.dns.test"
        long = "a-name-so-long-that-thirty-are-too-many"
        self.api.set_records(
            HOSTS,
            f'$GENERATE 1-30 {domain}. 0 MX "$ {long}-$.{domain}."',
            f"$GENERATE 1-30 {long}-$.{domain}. 0 A {MX1}",
        )
        self.send(f"bob@{domain}")
        self.assert_delivered(f"bob@{domain}", f"{long}-1.{domain}[{MX1}]")
        udp, tcp = self.api.queries(name=domain, type="MX")
        self.assertEqual((udp["transport"], tcp["transport"]), ("udp", "tcp"))
        self.assertTrue(udp["answer"]["truncated"])
        answer = tcp["answer"]
        self.assertEqual((tcp["rcode"], answer["answers"]), ("NOERROR", 30))
        self.assertFalse(answer["truncated"])

    def test_signed(self) -> None:
        """Postfix asks for signed answers, and delivers by one."""
        domain = "signed.dns.test"
        self.api.set_records(
            HOSTS,
            f"{domain}. SECURE",
            f"{domain}. 0 MX 10 mx.{domain}.",
            f"mx.{domain}. 0 A {MX1}",
        )
        self.send(f"bob@{domain}")
        self.assert_delivered(f"bob@{domain}", f"mx.{domain}[{MX1}]")
        (query, *_) = self.api.queries(name=domain, type="MX")
        self.assertTrue(query["dnssecOk"])


class DaneTests(HostCase):
    """``smtp_tls_security_level = dane`` (RFC 7672)"""

    def sign(self, domain: str, *tlsa: Document) -> None:
        """Have the host's names be signed, with these TLSA records."""
        self.host(domain, tls={"mode": "starttls"})
        self.tlsa = f"_25._tcp.mx.{domain}"
        given = [{"name": self.tlsa, "type": "TLSA", "ttl": 0, **one} for one in tlsa]
        self.api.set_records()
        self.api.add_records({"name": domain, "type": "SECURE"}, *given)

    def test_right(self) -> None:
        """The record is made from the host's certificate, and mail is delivered."""
        self.sign("right.dane.test", {"fromHost": "secure"})
        self.send()
        session = self.assert_delivered()
        self.assertRegex(session["tls"]["version"], r"\ATLSv1\.[23]\Z")
        self.postfix.printed(r"Verified TLS connection established to mx\.right\.dane")
        (query, *_) = self.api.queries(name=self.tlsa, type="TLSA")
        self.assertTrue(query["dnssecOk"])

    def test_issuer(self) -> None:
        """Usage 2 is about the root, which the host has in its chain."""
        self.sign("issuer.dane.test", {"fromHost": "secure", "usage": 2})
        self.send()
        self.assert_delivered()
        self.postfix.printed(r"Verified TLS connection established to mx\.issuer\.dane")

    def test_issuer_that_nobody_knows(self) -> None:
        """DNS alone says that its root can be trusted."""
        self.sign("private.dane.test", {"fromHost": "secure", "usage": 2})
        self.change(tls={"certificate": "untrusted"})
        self.send()
        self.assert_delivered()
        self.postfix.printed(r"Verified TLS connection established to mx\.private\.dan")

    def test_unusable(self) -> None:
        """Usage 1 says nothing to SMTP: TLS is a must, and not verified (§2.2)."""
        self.sign("usage1.dane.test", {"fromHost": "secure", "usage": 1})
        self.send()
        session = self.assert_delivered()
        self.assertIsNotNone(session["tls"])
        self.postfix.printed(
            r"(Untrusted|Anonymous|Trusted) TLS connection .* to mx\.usage1\.dane"
        )

    def test_another_certificate(self) -> None:
        """Records that are made follow it, so mail goes on being delivered."""
        self.sign("other.dane.test", {"fromHost": "secure"})
        self.change(tls={"certificate": "selfSigned"})
        self.send()
        self.assert_delivered()
        self.postfix.printed(r"Verified TLS connection established to mx\.other\.dane")

    def test_wrong(self) -> None:
        """It is of another certificate: nothing is said of the mail until it is not."""
        wrong = {"usage": 3, "selector": 1, "matchingType": 1, "data": "00" * 32}
        self.sign("wrong.dane.test", wrong)
        self.send()
        for session in self.assert_deferred("certificate not (trusted|verified)"):
            self.assertEqual(verbs(session)[:2], ["EHLO", "STARTTLS"])
        self.sign_again({"fromHost": "secure"})
        self.assert_delivered()

    def sign_again(self, tlsa: Document) -> None:
        """Have another TLSA record."""
        domain = self.bob.partition("@")[2]
        self.api.set_records()
        self.api.add_records(
            {"name": domain, "type": "SECURE"},
            {"name": self.tlsa, "type": "TLSA", "ttl": 0, **tlsa},
        )

    def test_a_failure_of_dns(self) -> None:
        """Whether there is a record is not known: no host is tried (RFC 7672 §2.1)."""
        self.sign("servfail.dane.test")
        fails = {"query": "TLSA", "response": {"rcode": "SERVFAIL"}}
        self.api.set_dns_behaviors(fails)
        self.send()
        attempt = self.postfix.attempts(self.bob, 1)[0]
        self.assertIn("status=deferred", attempt)
        self.assertRegex(attempt, "TLSA lookup error for mx.servfail.dane.test")
        self.assertEqual(self.api.sessions(host="secure"), [])
        self.api.set_dns_behaviors()
        self.assert_delivered()
