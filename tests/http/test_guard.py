"""Who may call the API"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.http.site import HttpSettings
from tests.http.rig import Rig

LOOPBACK = HttpSettings(hosts=("Mock.example",), loopback=True)
NETWORK = HttpSettings(loopback=False)


def status(settings: HttpSettings, path: str = "/version", **headers: str) -> int:
    """The status of a GET with these fields, ``_`` in their names for ``-``."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Rig(settings).ask("GET", path, headers=named).status


class HostTests(SynchronousTestCase):
    """DNS rebinding"""

    def test_a_loopback_listener_is_called_by_its_names(self) -> None:
        """``localhost``, any IP address, and names that were allowed; with any port."""
        for host in (
            "localhost",
            "LOCALHOST:8000",
            "127.0.0.1",
            "127.0.0.1:8000",
            "192.0.2.1:80",
            "[::1]",
            "[::1]:8000",
            "mock.example",
            "MOCK.EXAMPLE:8000",
        ):
            self.assertEqual(status(LOOPBACK, Host=host), 200, host)

    def test_other_names_are_forbidden_there(self) -> None:
        """A stranger's DNS may have pointed them here."""
        for host in (
            "evil.test",
            "evil.test:8000",
            "localhost.evil.test",
            "127.0.0.1.evil.test",
            "127.0.0.1@evil.test",
            "evil.test:localhost",
            "::1",
            "[127.0.0.1]",
            "[::1",
            "localhost:port",
            "localhost/",
            "1.2.3",
            "0x7f.1",
            ":80",
            "",
            "a..b",
            "\xff",
            "x" * 5000,
        ):
            self.assertEqual(status(LOOPBACK, Host=host), 403, host)

    def test_a_network_listener_takes_any_name(self) -> None:
        """A container is reached by its service's name."""
        for host in "mock", "mock:8000", "evil.test", "a..b", "x" * 300:
            self.assertEqual(status(NETWORK, Host=host), 200, host)

    def test_the_bound_address_tells_which_it_is(self) -> None:
        """Unless it was said; and until it is known, few names are."""
        rig = Rig()
        for addresses, expected in (
            ({}, 403),
            ({"http": ["127.0.0.1:8000"]}, 403),
            ({"http": ["0.0.0.0:8000"]}, 200),
        ):
            rig.info.addresses = addresses
            answer = rig.ask("GET", "/version", headers={"Host": "mock"})
            self.assertEqual(answer.status, expected, addresses)


class OriginTests(SynchronousTestCase):
    """Pages of strangers"""

    def test_a_foreign_page_is_forbidden(self) -> None:
        """On any listener, for any method and path, also where there is nothing."""
        for settings in LOOPBACK, NETWORK:
            for origin in (
                "http://evil.test",
                "https://localhost.evil.test",
                "null",
                "",
                "http://localhost:9999",
                "http://127.0.0.1",
                "file://",
                "ftp://localhost",
                "localhost",
                "http://localhost/",
                "http://a@localhost",
            ):
                self.assertEqual(status(settings, Origin=origin), 403, origin)
        rig = Rig()
        for method in "GET", "POST", "PUT", "DELETE", "OPTIONS":
            for path in "/reset", "/smtpMails", "/nowhere":
                headers = {"Origin": "http://evil.test"}
                answer = rig.ask(method, path, headers=headers)
                self.assertEqual(answer.status, 403, (method, path))
                self.assertEqual(answer.kind, "application/problem+json")

    def test_it_does_nothing(self) -> None:
        """A forbidden request has no effect."""
        rig = Rig()
        rig.receive()
        rig.ask("POST", "/reset", headers={"Origin": "http://evil.test"})
        self.assertEqual(len(rig.mailbox), 1)

    def test_the_own_page_may_call(self) -> None:
        """Its origin is the name that the API was called by, with the same port."""
        for host, origin in (
            ("localhost", "http://localhost"),
            ("localhost:8000", "http://localhost:8000"),
            ("localhost:8000", "https://LOCALHOST:8000"),
            ("localhost:80", "http://localhost"),
            ("localhost", "http://localhost:80"),
            ("localhost:443", "https://localhost"),
            ("[::1]:8000", "http://[::1]:8000"),
            ("mock.example:8000", "http://mock.example:8000"),
        ):
            self.assertEqual(status(LOOPBACK, Host=host, Origin=origin), 200, origin)
        own = {"Host": "mock:8000", "Origin": "http://mock:8000"}
        self.assertEqual(status(NETWORK, **own), 200)


class TokenTests(SynchronousTestCase):
    """``--token``"""

    SETTINGS = HttpSettings(token="sécret")

    def get(self, *authorization: str) -> Any:
        """The answer to a GET with these fields."""
        headers = {"Authorization": list(authorization)} if authorization else {}
        return Rig(self.SETTINGS).ask("GET", "/status", headers=headers)

    def test_the_token_lets_in(self) -> None:
        """As the bearer token of RFC 6750; the scheme's name has no case."""
        for scheme in "Bearer", "bearer":
            answer = self.get(f"{scheme} sécret")
            self.assertEqual(answer.status, 200)

    def test_without_it_nothing_is_told(self) -> None:
        """401, and what is asked for."""
        answer = self.get()
        self.assertEqual(answer.status, 401)
        self.assertEqual(answer.kind, "application/problem+json")
        self.assertEqual(answer.header("WWW-Authenticate"), 'Bearer realm="mocksmtp"')
        for wrong in "Bearer x", "Bearer", "Bearer ", "Basic sécret", "sécret", "":
            self.assertEqual(self.get(wrong).status, 401, wrong)
        self.assertIn("invalid_token", self.get("Bearer x").header("WWW-Authenticate"))

    def test_health_is_for_all(self) -> None:
        """Who watches over the service need not know the token."""
        rig = Rig(self.SETTINGS)
        self.assertEqual(rig.ask("GET", "/health").status, 200)
        self.assertEqual(rig.ask("GET", "/health/").status, 401)
        self.assertEqual(rig.ask("GET", "/nowhere").status, 401)

    def test_everything_else_needs_it(self) -> None:
        """Each path and method, also one that is nothing, and what tells of the API."""
        rig = Rig(self.SETTINGS)
        for path in (
            "/metrics",
            "/openapi.json",
            "/hosts",
            "/",
            "/health/..",
            "//health",
        ):
            for method in "GET", "POST", "DELETE", "HEAD", "OPTIONS":
                self.assertEqual(rig.ask(method, path).status, 401, path)
        allowed = {"Authorization": "Bearer sécret"}
        for path in "/metrics", "/openapi.json":
            self.assertEqual(rig.ask("GET", path, headers=allowed).status, 200)

    def test_a_wrong_one_learns_nothing(self) -> None:
        """However near it is to the right one, the answer is the same."""
        told = {
            (answer.status, answer.body, answer.header("WWW-Authenticate"))
            for answer in (
                self.get(f"Bearer {token}")
                for token in ("x", "sécre", "sécret1", "sécreT", "x" * 5000)
            )
        }
        self.assertEqual(len(told), 1)

    def test_the_token_is_not_shown(self) -> None:
        """Settings that are printed keep it to themselves."""
        self.assertNotIn("cret", repr(self.SETTINGS))
