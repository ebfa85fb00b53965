"""OpenSSL's own client, ``openssl s_client``"""

from __future__ import annotations

from typing import Any

import trustme

from mocksmtp.testing import RunningHost
from tests.clients.case import (
    ALERTS,
    IMPLICIT,
    LMTP,
    NAME,
    REASONS,
    STARTTLS,
    WRONG_KINDS,
    ClientCase,
    Done,
    verbs,
)

OK = "Verify return code: 0 (ok)"

OLD = "-cipher", "DEFAULT@SECLEVEL=0"
"""What it takes to speak the versions before 1.2."""

FLAGS = {
    "TLSv1": ("-tls1", *OLD),
    "TLSv1.1": ("-tls1_1", *OLD),
    "TLSv1.2": ("-tls1_2",),
    "TLSv1.3": ("-tls1_3",),
}
"""What it takes to speak one version only."""


class OpensslCase(ClientCase):
    """s_client verifies a host, and says EHLO and QUIT."""

    client = ("openssl", "openssl")

    async def meet(
        self, host: RunningHost, *arguments: str, starttls: str | None = "smtp"
    ) -> Done:
        address, port = host.smtp
        begin = [] if starttls is None else ["-starttls", starttls]
        hello = "LHLO" if starttls == "lmtp" else "EHLO"
        return await self.run_client(
            *("s_client", "-connect", f"{address}:{port}", *begin, "-name", "me.test"),
            *("-servername", NAME, "-CAfile", self.ca, "-verify_hostname", NAME),
            # It ends with the connection, not with its input.
            *("-verify_return_error", "-ign_eof", "-crlf", *arguments),
            text=f"{hello} me.test\nQUIT\n",
        )

    async def version(self, host: RunningHost, version: str) -> str | None:
        """The version that was agreed on, where the client has this one only."""
        done = await self.meet(host, *FLAGS[version])
        tls = (await self.session())["tls"]
        self.assertEqual(done.code == 0, "error" not in tls, done.said)
        agreed: str | None = tls["version"]
        return agreed


class HandshakeTests(OpensslCase):
    """Certificates"""

    async def test_starttls(self) -> None:
        """The chain and the name are verified, and the name is recorded."""
        host = await self.host(tls=STARTTLS)
        done = await self.meet(host)
        self.assertEqual(done.code, 0, done.said)
        self.assertIn(OK, done.said)
        session = await self.session()
        self.assertEqual(verbs(session), ["EHLO", "STARTTLS", "EHLO", "QUIT"])
        self.assertEqual(session["tls"]["sni"], NAME)
        self.assertIn(session["tls"]["cipher"], done.said)

    async def test_implicit_tls(self) -> None:
        """On a listener of its own, beside one with STARTTLS."""
        place = {"address": "127.0.0.1", "port": 0}
        host = await self.host(
            tls=IMPLICIT, listeners=[place, {**place, "tls": "starttls"}]
        )
        done = await self.meet(host, starttls=None)
        self.assertIn(OK, done.said)
        self.assertEqual(verbs(await self.session()), ["EHLO", "QUIT"])
        second = f"{host.addresses[1][0]}:{host.addresses[1][1]}"
        done = await self.meet(host, "-connect", second)
        self.assertIn(OK, done.said)
        session = await self.session()
        self.assertEqual(session["listener"], second)
        self.assertEqual(verbs(session), ["EHLO", "STARTTLS", "EHLO", "QUIT"])

    async def test_lmtp(self) -> None:
        """STARTTLS is the same there."""
        host = await self.host(tls=STARTTLS, listeners=[LMTP])
        done = await self.meet(host, starttls="lmtp")
        self.assertIn(OK, done.said)
        session = await self.session()
        self.assertEqual(verbs(session), ["LHLO", "STARTTLS", "LHLO", "QUIT"])

    async def test_other_names(self) -> None:
        """The certificate has the host's names in DNS, and its addresses."""
        host = await self.host(
            tls=STARTTLS, dns={"names": ["mx2.there.test"], "address": "192.0.2.1"}
        )
        for check in (
            ("-verify_hostname", "mx2.there.test"),
            ("-verify_hostname", NAME, "-verify_ip", "127.0.0.1"),
            ("-verify_hostname", NAME, "-verify_ip", "192.0.2.1"),
        ):
            done = await self.meet(host, *check)
            self.assertIn(OK, done.said)
            await self.session()
        done = await self.meet(host, "-verify_hostname", "mx3.there.test")
        self.assertRegex(done.said, REASONS["wrongName"])
        await self.assert_failed_handshake(ALERTS["wrongName"], NAME)

    async def test_no_name(self) -> None:
        """Where the client names no server, none is recorded."""
        host = await self.host(tls=STARTTLS)
        address, port = host.smtp
        await self.run_client(
            *("s_client", "-connect", f"{address}:{port}", "-starttls", "smtp"),
            *("-noservername", "-ign_eof", "-crlf"),
            text="QUIT\n",
        )
        session = await self.session()
        self.assertIsNone(session["tls"]["sni"])
        self.assertIsNotNone(session["tls"]["version"])

    async def test_wrong_certificates(self) -> None:
        """It tells what is wrong with each, to the service too."""
        for kind in WRONG_KINDS:
            for mode, starttls in ("starttls", "smtp"), ("implicit", None):
                tls = {"mode": mode, "certificate": kind}
                host = await self.mock.add_host(hostname=NAME, tls=tls)
                done = await self.meet(host, starttls=starttls)
                self.assertNotEqual(done.code, 0, done.said)
                self.assertRegex(done.said, f"verify error:.*({REASONS[kind]})")
                await self.assert_failed_handshake(ALERTS[kind], NAME)


class VersionTests(OpensslCase):
    """Versions of the protocol"""

    async def agreed(self, **bounds: Any) -> list[str | None]:
        """What comes of a client of each version."""
        host = await self.mock.add_host(hostname=NAME, tls=bounds)
        return [await self.version(host, version) for version in FLAGS]

    async def test_as_usual(self) -> None:
        """TLS 1.2 and 1.3."""
        self.assertEqual(await self.agreed(), [None, None, "TLSv1.2", "TLSv1.3"])

    async def test_old_ones(self) -> None:
        """A host may speak them, and them only."""
        agreed = await self.agreed(minVersion="TLSv1", maxVersion="TLSv1.1")
        self.assertEqual(agreed, ["TLSv1", "TLSv1.1", None, None])

    async def test_only_one(self) -> None:
        """A client of another one fails, and the journal has the reason."""
        agreed = await self.agreed(minVersion="TLSv1.3")
        self.assertEqual(agreed, [None, None, None, "TLSv1.3"])
        host = await self.host(tls={"minVersion": "TLSv1.3"})
        done = await self.meet(host, *FLAGS["TLSv1.2"])
        self.assertRegex(done.said, "alert protocol version")
        # OpenSSL looks at the version before it looks at the name.
        await self.assert_failed_handshake("unsupported protocol")


class ClientCertificateTests(OpensslCase):
    """Certificates that clients have"""

    async def setUp(self) -> None:
        await super().setUp()
        made = trustme.CA().issue_cert("me@here.test", common_name="me.test")
        pem = b"".join(blob.bytes() for blob in made.cert_chain_pems)
        self.certificate = (
            *("-cert", self.write("cert.pem", pem)),
            *("-key", self.write("key.pem", made.private_key_pem.bytes())),
        )

    async def test_required(self) -> None:
        """Without one the handshake fails; with one, of whomever, it does not."""
        host = await self.host(tls={"clientCertificate": "require"})
        for version in "TLSv1.2", "TLSv1.3":
            done = await self.meet(host, *FLAGS[version])
            self.assertNotEqual(done.code, 0, done.said)
            await self.assert_failed_handshake(
                "peer did not return a certificate", NAME
            )
            done = await self.meet(host, *FLAGS[version], *self.certificate)
            self.assertEqual(done.code, 0, done.said)
            session = await self.session()
            self.assertIn("CN=me.test", session["tls"]["clientCertificate"]["subject"])
            self.assertEqual(session["end"], "quit")

    async def test_requested(self) -> None:
        """One is recorded, and none is as good."""
        host = await self.host(tls={"clientCertificate": "request"})
        for more, is_recorded in (self.certificate, True), ((), False):
            done = await self.meet(host, *more)
            self.assertEqual(done.code, 0, done.said)
            shown = (await self.session())["tls"]["clientCertificate"]
            self.assertEqual(shown is not None, is_recorded)

    async def test_not_asked_for(self) -> None:
        """One that the client has stays with it."""
        host = await self.host(tls=STARTTLS)
        done = await self.meet(host, *self.certificate)
        self.assertEqual(done.code, 0, done.said)
        self.assertIsNone((await self.session())["tls"]["clientCertificate"])
