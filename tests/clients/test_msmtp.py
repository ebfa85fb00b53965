"""msmtp"""

from __future__ import annotations

from mocksmtp.testing import RunningHost
from tests.clients.case import (
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
    verbs,
)

UNAVAILABLE, NO_PERMISSION = 69, 77
"""What it exits with (``sysexits.h``)."""

SPOKEN = ["EHLO", "MAIL", "RCPT", "DATA", "QUIT"]

REASONS = {
    "expired": "expired certificate",
    "notYetValid": "not yet valid certificate",
    "wrongName": "name in the certificate does not match",
    "selfSigned": "certificate issuer is unknown",
    "untrusted": "certificate issuer is unknown",
}
"""What GnuTLS says of certificates, by their kind."""

MECHANISMS = (
    *("PLAIN", "LOGIN", "CRAM-MD5", "XOAUTH2", "OAUTHBEARER"),
    *("SCRAM-SHA-1", "SCRAM-SHA-256"),
)


class MsmtpCase(ClientCase):
    """msmtp delivers one mail."""

    client = ("msmtp", "msmtp")

    async def deliver(self, host: RunningHost, *arguments: str) -> Done:
        address, port = host.smtp
        return await self.run_client(
            *("--file=/dev/null", f"--host={address}", f"--port={port}"),
            *(f"--tls-trust-file={self.ca}", f"--tls-host-override={NAME}"),
            *(f"--from={SENDER}", "--domain=me.test", *arguments, RECIPIENT),
        )


class TlsTests(MsmtpCase):
    """STARTTLS and TLS from the beginning, with GnuTLS"""

    async def test_starttls(self) -> None:
        """The certificate is verified; the name that was asked for is recorded."""
        host = await self.host(tls=STARTTLS)
        done = await self.deliver(host, "--tls=on")
        self.assertEqual(done.code, 0, done.said)
        session = await self.session()
        self.assertEqual(verbs(session), ["EHLO", "STARTTLS", *SPOKEN])
        self.assertEqual(session["tls"]["sni"], NAME)
        await self.assert_arrived(host)

    async def test_implicit_tls(self) -> None:
        """The banner comes under TLS."""
        host = await self.host(tls=IMPLICIT)
        done = await self.deliver(host, "--tls=on", "--tls-starttls=off")
        self.assertEqual(done.code, 0, done.said)
        session = await self.session()
        self.assertEqual(verbs(session), SPOKEN)
        self.assertEqual(session["tls"]["sni"], NAME)
        await self.assert_arrived(host)

    async def test_wrong_certificates(self) -> None:
        """It tells what is wrong with each, and says no more."""
        for kind in WRONG_KINDS:
            tls = {"certificate": kind}
            host = await self.mock.add_host(kind, hostname=NAME, tls=tls)
            done = await self.deliver(host, "--tls=on")
            self.assertEqual(done.code, UNAVAILABLE, done.said)
            self.assertIn(REASONS[kind], done.said)
            self.assertEqual(verbs(await self.session()), ["EHLO", "STARTTLS"])

    async def test_starttls_that_is_not_offered(self) -> None:
        """It gives up."""
        host = await self.host()
        done = await self.deliver(host, "--tls=on")
        self.assertEqual(done.code, UNAVAILABLE, done.said)
        self.assertIn("does not support TLS via the STARTTLS command", done.said)
        self.assertEqual(verbs(await self.session()), ["EHLO", "QUIT"])

    async def test_lmtp(self) -> None:
        """STARTTLS is the same there."""
        host = await self.host(tls=STARTTLS, listeners=[LMTP])
        done = await self.deliver(host, "--tls=on", "--protocol=lmtp")
        self.assertEqual(done.code, 0, done.said)
        session = await self.session()
        self.assertEqual(verbs(session), ["LHLO", "STARTTLS", "LHLO", *SPOKEN[1:]])
        await self.assert_arrived(host)


class AuthTests(MsmtpCase):
    """AUTH with what msmtp knows"""

    async def mechanisms(self) -> list[str]:
        """Those that it was built with."""
        told = await self.run_client("--version")
        known = told.said.upper().split()
        return [mechanism for mechanism in MECHANISMS if mechanism in known]

    async def test_mechanisms(self) -> None:
        """The right password is taken and another one is not; neither is told."""
        host = await self.host(tls=STARTTLS, auth=AUTH)
        mechanisms = await self.mechanisms()
        self.assertIn("PLAIN", mechanisms)
        for mechanism in mechanisms:
            login = "--tls=on", f"--auth={mechanism.lower()}", f"--user={USER}"
            done = await self.deliver(host, *login, f"--passwordeval=echo {PASSWORD}")
            self.assertEqual(done.code, 0, done.said)
            await self.assert_authenticated(mechanism)
            done = await self.deliver(host, *login, f"--passwordeval=echo {WRONG}")
            self.assertEqual(done.code, NO_PERMISSION, done.said)
            self.assertIn("535 5.7.8", done.said)
            await self.assert_not_authenticated()
        self.assertEqual(len(await host.api.mails()), len(mechanisms))
        await self.assert_untold(PASSWORD, WRONG)

    async def test_a_mechanism_that_is_not_offered(self) -> None:
        """It gives up before MAIL."""
        host = await self.host(tls=STARTTLS, auth={**AUTH, "mechanisms": ["PLAIN"]})
        login = "--tls=on", "--auth=login", f"--user={USER}"
        done = await self.deliver(host, *login, f"--passwordeval=echo {PASSWORD}")
        self.assertEqual(done.code, UNAVAILABLE, done.said)
        session = await self.session()
        self.assertNotIn("AUTH", verbs(session))
        self.assertNotIn("MAIL", verbs(session))
