"""swaks, the Swiss Army Knife for SMTP"""

from __future__ import annotations

from twisted.trial.unittest import SkipTest

from mocksmtp.testing import RunningHost
from tests.clients.case import (
    ALERTS,
    AUTH,
    IMPLICIT,
    LMTP,
    NAME,
    PASSWORD,
    RECIPIENT,
    SENDER,
    STARTTLS,
    USER,
    WRONG,
    WRONG_KINDS,
    ClientCase,
    Done,
    codes,
    lines,
    verbs,
)

AUTH_FAILED, TLS_FAILED = 28, 29
"""What it exits with."""

SPOKEN = ["MAIL", "RCPT", "DATA", "QUIT"]


class SwaksCase(ClientCase):
    """swaks delivers one mail."""

    client = ("swaks", "swaks")

    async def deliver(self, host: RunningHost, *arguments: str) -> Done:
        address, port = host.smtp
        return await self.run_client(
            *("--server", address, "--port", str(port), "--helo", "me.test"),
            *("--from", SENDER, "--to", RECIPIENT, "--body", "It works."),
            *arguments,
        )


class TlsTests(SwaksCase):
    """STARTTLS and TLS from the beginning"""

    async def setUp(self) -> None:
        await super().setUp()
        told = await self.run_client("--support")
        if "=== TLS supported" not in told.said:
            raise SkipTest("swaks has no TLS (Debian package libnet-ssleay-perl)")
        self.verify = ("--tls-verify", "--tls-ca-path", self.ca, "--tls-sni", NAME)

    async def test_starttls(self) -> None:
        """The certificate is verified; the name that was asked for is recorded."""
        host = await self.host(tls=STARTTLS)
        done = await self.deliver(host, "--tls", *self.verify)
        self.assertEqual(done.code, 0, done.said)
        session = await self.session()
        self.assertEqual(verbs(session), ["EHLO", "STARTTLS", "EHLO", *SPOKEN])
        self.assertRegex(session["tls"]["version"], r"\ATLSv1\.[23]\Z")
        self.assertEqual(session["tls"]["sni"], NAME)
        await self.assert_arrived(host)

    async def test_implicit_tls(self) -> None:
        """The banner comes under TLS, and STARTTLS is not offered there."""
        host = await self.host(tls=IMPLICIT)
        done = await self.deliver(host, "--tls-on-connect", *self.verify)
        self.assertEqual(done.code, 0, done.said)
        self.assertNotIn("STARTTLS", done.said)
        self.assertEqual(verbs(await self.session()), ["EHLO", *SPOKEN])
        await self.assert_arrived(host)

    async def test_wrong_certificates(self) -> None:
        """It breaks off, where it looks; of names it does not."""
        for kind in {*WRONG_KINDS} - {"wrongName"}:
            host = await self.mock.add_host(kind, tls={"certificate": kind})
            done = await self.deliver(host, "--tls", *self.verify)
            self.assertEqual(done.code, TLS_FAILED, done.said)
            self.assertIn("certificate verify failed", done.said)
            await self.assert_failed_handshake(ALERTS[kind], NAME)
            self.assertEqual(await host.api.mails(), [])

    async def test_starttls_that_is_not_offered(self) -> None:
        """It gives up where it must have TLS, and goes on in clear where it may."""
        host = await self.host()
        done = await self.deliver(host, "--tls")
        self.assertEqual(done.code, TLS_FAILED, done.said)
        self.assertEqual(verbs(await self.session()), ["EHLO", "QUIT"])
        done = await self.deliver(host, "--tls-optional")
        self.assertEqual(done.code, 0, done.said)
        session = await self.session()
        self.assertEqual(verbs(session), ["EHLO", *SPOKEN])
        self.assertIsNone(session["tls"])
        await self.assert_arrived(host)


class AuthTests(SwaksCase):
    """AUTH with what swaks knows"""

    def login(self, mechanism: str, password: str) -> list[str]:
        user = ["--auth-user", USER, "--auth-password", password]
        return ["--auth", mechanism, *user]

    async def test_mechanisms(self) -> None:
        """The right password is taken and another one is not; neither is told."""
        host = await self.host(auth=AUTH)
        for mechanism in "PLAIN", "LOGIN", "CRAM-MD5":
            done = await self.deliver(host, *self.login(mechanism, PASSWORD))
            self.assertEqual(done.code, 0, done.said)
            await self.assert_authenticated(mechanism)
            done = await self.deliver(host, *self.login(mechanism, WRONG))
            self.assertEqual(done.code, AUTH_FAILED, done.said)
            self.assertIn("535 5.7.8", done.said)
            await self.assert_not_authenticated()
        self.assertEqual(len(await host.api.mails()), 3)
        await self.assert_untold(PASSWORD, WRONG)

    async def test_only_some_are_offered(self) -> None:
        """It takes one that is, though it would rather have another."""
        host = await self.host(auth={**AUTH, "mechanisms": ["LOGIN"]})
        done = await self.deliver(host, *self.login("CRAM-MD5,LOGIN", PASSWORD))
        self.assertEqual(done.code, 0, done.said)
        await self.assert_authenticated("LOGIN")
        done = await self.deliver(host, *self.login("PLAIN", PASSWORD))
        self.assertEqual(done.code, AUTH_FAILED, done.said)
        self.assertEqual(verbs(await self.session()), ["EHLO", "QUIT"])

    async def test_auth_that_is_not_offered(self) -> None:
        """It gives up where it must authenticate, and goes on where it may."""
        host = await self.host()
        _, *login = self.login("PLAIN", PASSWORD)
        done = await self.deliver(host, "--auth", *login)
        self.assertEqual(done.code, AUTH_FAILED, done.said)
        self.assertEqual(verbs(await self.session()), ["EHLO", "QUIT"])
        done = await self.deliver(host, "--auth-optional", *login)
        self.assertEqual(done.code, 0, done.said)
        self.assertEqual(verbs(await self.session()), ["EHLO", *SPOKEN])

    async def test_auth_that_is_required(self) -> None:
        """MAIL is refused before it."""
        host = await self.host(auth={**AUTH, "required": True})
        done = await self.deliver(host)
        self.assertNotEqual(done.code, 0)
        self.assertEqual(codes(await self.session(), "MAIL"), [530])
        done = await self.deliver(host, *self.login("PLAIN", PASSWORD))
        self.assertEqual(done.code, 0, done.said)
        await self.assert_authenticated("PLAIN")


class SpokenTests(SwaksCase):
    """What swaks says, by what is offered"""

    async def test_pipelining(self) -> None:
        """The envelope goes out before the first reply is read."""
        host = await self.host()
        done = await self.deliver(host, "--pipeline")
        self.assertEqual(done.code, 0, done.said)
        self.assertLess(done.said.index("-> DATA"), done.said.index("<-  250 2.1.0"))
        session = await self.session()
        self.assertEqual(verbs(session), ["EHLO", *SPOKEN])
        await self.assert_arrived(host)

    async def test_pipelining_that_is_not_offered(self) -> None:
        """It waits for each reply."""
        host = await self.host(capabilities=["8BITMIME"])
        done = await self.deliver(host, "--pipeline")
        self.assertEqual(done.code, 0, done.said)
        self.assertGreater(done.said.index("-> RCPT"), done.said.index("<-  250 2.1.0"))
        await self.assert_arrived(host)

    async def test_lmtp(self) -> None:
        """Each recipient has a reply of its own after the content."""
        host = await self.host(listeners=[LMTP])
        await host.api.set_behaviors(
            {
                "command": "DATA",
                "condition": {"operator": "matchAll"},
                "response": {"code": 452, "message": "4.2.2 Full"},
                "numberOfAnswer": 1,
            }
        )
        done = await self.deliver(
            host, "--protocol", "LMTP", "--to", f"full@there.test,{RECIPIENT}"
        )
        self.assertIn("452 4.2.2 Full", done.said)
        session = await self.session()
        self.assertEqual(lines(session)[0], "LHLO me.test")
        (transaction,) = session["transactions"]
        fates = {r["address"]: r["outcome"] for r in transaction["recipients"]}
        wanted = {RECIPIENT: "accepted", "full@there.test": "refused"}
        self.assertEqual(fates, wanted)
        await self.assert_arrived(host)
