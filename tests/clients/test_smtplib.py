"""Python's smtplib: TLS and AUTH"""

from __future__ import annotations

import smtplib
import ssl

from mocksmtp.testing import RunningHost
from tests.clients.case import (
    ALERTS,
    AUTH,
    IMPLICIT,
    NAME,
    PASSWORD,
    REASONS,
    STARTTLS,
    USER,
    WRONG,
    WRONG_KINDS,
    verbs,
)
from tests.clients.smtplib_case import SmtplibCase, deliver

SPOKEN = ["mail", "rcpt", "data", "QUIT"]


class TlsTests(SmtplibCase):
    """STARTTLS and TLS from the beginning"""

    async def test_starttls(self) -> None:
        """The certificate is verified; the name that was asked for is recorded."""
        host = await self.host(tls=STARTTLS)

        def use(client: smtplib.SMTP) -> None:
            self.starttls(client)
            deliver(client)

        await self.with_client(host, use)
        session = await self.session()
        self.assertEqual(verbs(session), ["ehlo", "STARTTLS", "ehlo", *SPOKEN])
        self.assertEqual(session["tls"]["sni"], NAME)
        await self.assert_arrived(host)

    async def test_implicit_tls(self) -> None:
        """With ``SMTP_SSL``."""
        host = await self.host(tls=IMPLICIT)
        await self.with_client(host, deliver, smtplib.SMTP_SSL, context=self.context())
        session = await self.session()
        self.assertEqual(verbs(session), ["ehlo", *SPOKEN])
        self.assertEqual(session["tls"]["sni"], NAME)
        await self.assert_arrived(host)

    async def test_wrong_certificates(self) -> None:
        """It tells what is wrong with each, to the service too."""
        for kind in WRONG_KINDS:
            tls = {"certificate": kind}
            host = await self.mock.add_host(kind, hostname=NAME, tls=tls)
            with self.assertRaisesRegex(ssl.SSLCertVerificationError, REASONS[kind]):
                await self.with_client(host, self.starttls)
            session = await self.session()
            self.assertEqual(verbs(session), ["ehlo", "STARTTLS"])
            self.assertRegex(session["tls"]["error"], ALERTS[kind])

    async def test_starttls_that_is_not_offered(self) -> None:
        """It says so, and does not try."""
        host = await self.host()
        with self.assertRaises(smtplib.SMTPNotSupportedError):
            await self.with_client(host, self.starttls)
        self.assertEqual(verbs(await self.session()), ["ehlo", "QUIT"])


class AuthTests(SmtplibCase):
    """AUTH with what smtplib knows"""

    async def authenticate(
        self, host: RunningHost, mechanism: str, password: str, at_once: bool
    ) -> None:
        def use(client: smtplib.SMTP) -> None:
            client.ehlo()
            client.user, client.password = USER, password
            name = f"auth_{mechanism.lower().replace('-', '_')}"
            client.auth(mechanism, getattr(client, name), initial_response_ok=at_once)
            deliver(client)

        await self.with_client(host, use)

    async def test_mechanisms(self) -> None:
        """The right password is taken and another one is not; neither is told."""
        host = await self.host(auth=AUTH)
        ways = [(m, way) for m in ("PLAIN", "LOGIN") for way in (True, False)]
        for mechanism, at_once in [*ways, ("CRAM-MD5", False)]:
            await self.authenticate(host, mechanism, PASSWORD, at_once)
            await self.assert_authenticated(mechanism)
            with self.assertRaises(smtplib.SMTPAuthenticationError) as raised:
                await self.authenticate(host, mechanism, WRONG, at_once)
            self.assertEqual(raised.exception.smtp_code, 535)
            await self.assert_not_authenticated()
        await self.assert_untold(PASSWORD, WRONG)

    async def test_any_password(self) -> None:
        """Whoever comes is let in, and their passwords are not told either."""
        host = await self.host(auth={"users": "any"})
        await self.with_client(host, lambda client: client.login("eve", WRONG))
        self.assertEqual((await self.session())["authUser"], "eve")
        await self.assert_untold(WRONG)

    async def test_under_tls_only(self) -> None:
        """It is not offered in clear; under TLS it is."""
        host = await self.host(tls=STARTTLS, auth={**AUTH, "requireTls": True})

        def use(client: smtplib.SMTP) -> None:
            with self.assertRaises(smtplib.SMTPNotSupportedError):
                client.login(USER, PASSWORD)
            self.starttls(client)
            client.login(USER, PASSWORD)

        await self.with_client(host, use)
        self.assertEqual((await self.session())["authUser"], USER)
        await self.assert_untold(PASSWORD)
