"""curl"""

from __future__ import annotations

from mocksmtp.testing import RunningHost
from tests.clients.case import (
    ALERTS,
    AUTH,
    CONTENT,
    IMPLICIT,
    NAME,
    PASSWORD,
    REASONS,
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

SEND_ERROR, BAD_CERTIFICATE, TLS_FAILED, LOGIN_DENIED = 55, 60, 64, 67
"""What it exits with."""

SPOKEN = ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]

NAMES_DIFFER = "no alternative certificate subject name matches"
"""It looks at names itself, after the handshake."""

BUSY = {
    "command": "EHLO",
    "condition": {"operator": "matchAll"},
    "response": {"code": 502, "message": "5.5.1 What?"},
}


class CurlCase(ClientCase):
    """curl delivers one mail."""

    client = ("curl", "curl")

    async def deliver(
        self,
        host: RunningHost,
        *arguments: str,
        scheme: str = "smtp",
        content: str = CONTENT,
    ) -> Done:
        port = host.smtp[1]
        return await self.run_client(
            *("--silent", "--show-error", "--resolve", f"{NAME}:{port}:127.0.0.1"),
            *(f"{scheme}://{NAME}:{port}/me.test", "--cacert", self.ca, "--crlf"),
            *("--mail-from", SENDER, "--mail-rcpt", RECIPIENT),
            *("--upload-file", self.write("mail", content.encode())),
            *arguments,
        )


class TlsTests(CurlCase):
    """STARTTLS and TLS from the beginning"""

    async def test_starttls(self) -> None:
        """The certificate is verified; the name that was asked for is recorded."""
        host = await self.host(tls=STARTTLS)
        done = await self.deliver(host, "--ssl-reqd")
        self.assertEqual(done.code, 0, done.said)
        session = await self.session()
        self.assertEqual(verbs(session), ["EHLO", "STARTTLS", *SPOKEN])
        self.assertEqual(session["tls"]["sni"], NAME)
        await self.assert_arrived(host)

    async def test_implicit_tls(self) -> None:
        """With ``smtps:``."""
        host = await self.host(tls=IMPLICIT)
        done = await self.deliver(host, scheme="smtps")
        self.assertEqual(done.code, 0, done.said)
        session = await self.session()
        self.assertEqual(verbs(session), SPOKEN)
        self.assertEqual(session["tls"]["sni"], NAME)
        await self.assert_arrived(host)

    async def test_wrong_certificates(self) -> None:
        """It tells what is wrong with each, and delivers nothing."""
        for kind in WRONG_KINDS:
            tls = {"certificate": kind}
            host = await self.mock.add_host(kind, hostname=NAME, tls=tls)
            done = await self.deliver(host, "--ssl-reqd")
            self.assertEqual(done.code, BAD_CERTIFICATE, done.said)
            if kind != "wrongName":
                self.assertRegex(done.said, REASONS[kind])
                await self.assert_failed_handshake(ALERTS[kind], NAME)
                continue
            self.assertIn(NAMES_DIFFER, done.said)
            session = await self.session()
            self.assertNotIn("error", session["tls"])
            self.assertEqual(verbs(session), ["EHLO", "STARTTLS"])

    async def test_starttls_that_is_not_offered(self) -> None:
        """It gives up where it must have TLS, and goes on in clear where it may."""
        host = await self.host()
        done = await self.deliver(host, "--ssl-reqd")
        self.assertEqual(done.code, TLS_FAILED, done.said)
        self.assertEqual(verbs(await self.session()), ["EHLO"])
        done = await self.deliver(host, "--ssl")
        self.assertEqual(done.code, 0, done.said)
        session = await self.session()
        self.assertEqual(verbs(session), SPOKEN)
        self.assertIsNone(session["tls"])
        await self.assert_arrived(host)


class AuthTests(CurlCase):
    """AUTH with what curl knows"""

    def login(self, mechanism: str, password: str) -> list[str]:
        chosen = ["--login-options", f"AUTH={mechanism}"]
        if mechanism in ("XOAUTH2", "OAUTHBEARER"):
            return [*chosen, "--user", USER, "--oauth2-bearer", password]
        return [*chosen, "--user", f"{USER}:{password}"]

    async def mechanisms(self) -> list[str]:
        told = await self.run_client("--version")
        scram = ["SCRAM-SHA-1", "SCRAM-SHA-256"] if "gsasl" in told.said else []
        return ["PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2", *scram]

    async def test_mechanisms(self) -> None:
        """The right password is taken and another one is not; neither is told."""
        mechanisms = await self.mechanisms()
        await self.check(mechanisms, {**AUTH, "mechanisms": mechanisms})

    async def test_oauthbearer(self) -> None:
        """With a token curl prefers it to XOAUTH2, whatever it is told."""
        await self.check(["OAUTHBEARER"], AUTH)

    async def check(self, mechanisms: list[str], auth: dict[str, object]) -> None:
        """Deliver by each mechanism with the right password, and with another."""
        host = await self.host(auth=auth)
        for mechanism in mechanisms:
            for more in [], ["--sasl-ir"]:
                login = self.login(mechanism, PASSWORD)
                done = await self.deliver(host, *login, *more)
                self.assertEqual(done.code, 0, done.said)
                await self.assert_authenticated(mechanism)
                done = await self.deliver(host, *self.login(mechanism, WRONG), *more)
                self.assertEqual(done.code, LOGIN_DENIED, done.said)
                await self.assert_not_authenticated()
        self.assertEqual(len(await host.api.mails()), 2 * len(mechanisms))
        await self.assert_untold(PASSWORD, WRONG)

    async def test_only_under_tls(self) -> None:
        """What is not offered in clear it does not try; under TLS it does."""
        host = await self.host(tls=STARTTLS, auth={**AUTH, "requireTls": True})
        login = self.login("PLAIN", PASSWORD)
        done = await self.deliver(host, *login)
        self.assertEqual(done.code, 0, done.said)
        self.assertEqual(verbs(await self.session()), SPOKEN)
        done = await self.deliver(host, *login, "--ssl-reqd")
        self.assertEqual(done.code, 0, done.said)
        await self.assert_authenticated("PLAIN")


class SpokenTests(CurlCase):
    """What curl says, by what is offered"""

    async def test_a_size_that_is_too_large(self) -> None:
        """It is declared where that is offered, and refused at MAIL."""
        host = await self.host(limits={"messageSize": 2000})
        done = await self.deliver(host, content="x" * 3000)
        self.assertEqual(done.code, SEND_ERROR, done.said)
        session = await self.session()
        self.assertEqual(lines(session)[1], f"MAIL FROM:<{SENDER}> SIZE=3000")
        self.assertEqual(codes(session, "MAIL"), [552])
        self.assertNotIn("RCPT", verbs(session))

    async def test_a_size_that_is_not_offered(self) -> None:
        """It is not declared."""
        host = await self.host()
        done = await self.deliver(host)
        self.assertEqual(done.code, 0, done.said)
        self.assertEqual(lines(await self.session())[1], f"MAIL FROM:<{SENDER}>")

    async def test_no_ehlo(self) -> None:
        """It says HELO instead, and delivers."""
        host = await self.host(limits={"messageSize": 2000})
        await host.api.set_behaviors(BUSY)
        done = await self.deliver(host)
        self.assertEqual(done.code, 0, done.said)
        session = await self.session()
        self.assertEqual(verbs(session), ["EHLO", "HELO", *SPOKEN[1:]])
        self.assertEqual(lines(session)[2], f"MAIL FROM:<{SENDER}>")
        await self.assert_arrived(host)
