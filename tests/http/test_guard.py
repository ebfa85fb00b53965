"""Who may call the API"""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import attrs
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
        self.assertEqual(
            answer.header("WWW-Authenticate"),
            'Bearer realm="mocksmtp", Basic realm="mocksmtp", charset="UTF-8"',
        )
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
            "/logout",
            "/login/",
            "/static",
            "/health/..",
            "//health",
        ):
            for method in "GET", "POST", "DELETE", "HEAD", "OPTIONS":
                self.assertEqual(rig.ask(method, path).status, 401, path)
        allowed = {"Authorization": "Bearer sécret"}
        for path in "/metrics", "/openapi.json":
            self.assertEqual(rig.ask("GET", path, headers=allowed).status, 200)

    def test_http_basic(self) -> None:
        """The token is the password; the user may be any, or none."""
        for credentials, expected in (
            ("me:sécret", 200),
            (":sécret", 200),
            ("sécret:", 401),
            ("sécret", 401),
            ("me:x", 401),
            ("", 401),
        ):
            encoded = b64encode(credentials.encode()).decode()
            for scheme in "Basic", "basic":
                status = self.get(f"{scheme} {encoded}").status
                self.assertEqual(status, expected, credentials)
        for broken in "Basic", "Basic %%%", "Basic s\xe9cret", "Basic bWU6c2U=x":
            self.assertEqual(self.get(broken).status, 401, broken)

    def test_scripts_of_a_page_are_not_offered_basic(self) -> None:
        """The browser would show its own dialog instead of the page's."""
        rig = Rig(self.SETTINGS)
        for name, value, offered in (
            ("Sec-Fetch-Mode", "navigate", True),
            ("Sec-Fetch-Mode", "cors", False),
            ("Sec-Fetch-Mode", "same-origin", False),
            ("X-Requested-With", "XMLHttpRequest", False),
        ):
            answer = rig.ask("GET", "/status", headers={name: value})
            challenge = answer.header("WWW-Authenticate")
            self.assertEqual("Basic" in challenge, offered, value)
            self.assertTrue(challenge.startswith("Bearer "))

    def test_the_login_page_is_for_all(self) -> None:
        """With its static files; other screens lead a browser to it."""
        rig = Rig(self.SETTINGS)
        for path in "/login", "/static/x/page.js":
            self.assertEqual(rig.ask("GET", path).status, 200, path)
        for path in "/", "/ui/deliveries?host=mx1":
            self.assertEqual(rig.ask("GET", path).status, 401, path)
            browser = {"Accept": "text/html", "Sec-Fetch-Mode": "navigate"}
            answer = rig.ask("GET", path, headers=browser)
            self.assertEqual(answer.status, 303)
            self.assertTrue(answer.header("Location").startswith("/login?next=/"))
            script = {"Accept": "text/html", "Sec-Fetch-Mode": "cors"}
            self.assertEqual(rig.ask("GET", path, headers=script).status, 401)

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


class CorsTests(SynchronousTestCase):
    """``--cors-origin``"""

    SETTINGS = HttpSettings(cors_origins=("http://App.test:3000", "https://b.test"))
    FIELD = "Access-Control-Allow-"

    def test_a_page_of_that_origin_may_call(self) -> None:
        """It may read the answer, with credentials and the fields of lists."""
        rig = Rig(self.SETTINGS)
        for origin in (
            "http://app.test:3000",
            "http://APP.test:3000",
            "https://b.test",
            "https://b.test:443",
        ):
            answer = rig.ask("GET", "/smtpMails", headers={"Origin": origin})
            self.assertEqual(answer.status, 200, origin)
            self.assertEqual(answer.header(self.FIELD + "Origin"), origin)
            self.assertEqual(answer.header(self.FIELD + "Credentials"), "true")
            exposed = answer.header("Access-Control-Expose-Headers")
            self.assertEqual(exposed, "Link, X-Total-Count")
            self.assertEqual(answer.header("Vary"), "Origin")

    def test_others_may_not(self) -> None:
        """The same name with another port or scheme is another origin."""
        rig = Rig(self.SETTINGS)
        for origin in (
            "http://app.test",
            "https://app.test:3000",
            "http://b.test",
            "http://evil.test",
            "https://b.test.evil.test",
            "null",
            "",
        ):
            for method in "GET", "POST", "OPTIONS":
                headers = {"Origin": origin, "Access-Control-Request-Method": "PUT"}
                answer = rig.ask(method, "/reset", headers=headers)
                self.assertEqual(answer.status, 403, origin)
                self.assertIsNone(answer.header(self.FIELD + "Origin"))

    def test_the_own_page_needs_no_fields(self) -> None:
        """Nor does a client without Origin."""
        rig = Rig(self.SETTINGS)
        for headers in {"Origin": "http://localhost"}, {}:
            answer = rig.ask("GET", "/status", headers=headers)
            self.assertEqual(answer.status, 200)
            self.assertIsNone(answer.header(self.FIELD + "Origin"))

    def test_all_origins(self) -> None:
        """Without credentials, which the Fetch standard does not allow with ``*``."""
        rig = Rig(HttpSettings(cors_origins=("*",)))
        for origin in "http://any.test", "null":
            answer = rig.ask("GET", "/status", headers={"Origin": origin})
            self.assertEqual(answer.status, 200)
            self.assertEqual(answer.header(self.FIELD + "Origin"), "*")
            self.assertIsNone(answer.header(self.FIELD + "Credentials"))

    def test_a_named_origin_beside_all(self) -> None:
        """The named one may send credentials, the others may not."""
        rig = Rig(HttpSettings(cors_origins=("*", "http://a.test")))
        for origin, credentials in ("http://a.test", "true"), ("http://b.test", None):
            answer = rig.ask("GET", "/status", headers={"Origin": origin})
            self.assertEqual(answer.header(self.FIELD + "Credentials"), credentials)

    def test_a_preflight_needs_no_token(self) -> None:
        """It allows each method, and the fields that the page asks for."""
        rig = Rig(attrs.evolve(self.SETTINGS, token="secret"))
        headers = {
            "Origin": "https://b.test",
            "Access-Control-Request-Method": "PUT",
            "Access-Control-Request-Headers": "authorization,content-type",
        }
        answer = rig.ask("OPTIONS", "/smtpBehaviors", headers=headers)
        self.assertEqual((answer.status, answer.body), (204, b""))
        self.assertEqual(answer.header(self.FIELD + "Origin"), "https://b.test")
        self.assertEqual(
            answer.header(self.FIELD + "Headers"), "authorization,content-type"
        )
        methods = answer.header(self.FIELD + "Methods").split(", ")
        self.assertLessEqual({"PUT", "PATCH", "DELETE"}, set(methods))
        self.assertIsNone(answer.header(self.FIELD + "Private-Network"))
        headers["Access-Control-Request-Private-Network"] = "true"
        answer = rig.ask("OPTIONS", "/smtpBehaviors", headers=headers)
        self.assertEqual(answer.header(self.FIELD + "Private-Network"), "true")

    def test_what_is_no_preflight_needs_the_token(self) -> None:
        """OPTIONS without the fields of one, and the request that follows it."""
        rig = Rig(attrs.evolve(self.SETTINGS, token="secret"))
        origin = {"Origin": "https://b.test"}
        for method in "OPTIONS", "PUT":
            answer = rig.ask(method, "/smtpBehaviors", [], headers=origin)
            self.assertEqual(answer.status, 401)
            self.assertEqual(answer.header(self.FIELD + "Origin"), "https://b.test")
        given = {**origin, "Authorization": "Bearer secret"}
        answer = rig.ask("PUT", "/smtpBehaviors", [], headers=given)
        self.assertEqual(answer.status, 204)

    def test_a_refusal_can_be_read(self) -> None:
        """The page is shown what is wrong, also before its body has arrived."""
        rig = Rig(self.SETTINGS)
        origin = {"Origin": "https://b.test"}
        for method, path, body, status in (
            ("GET", "/nowhere", None, 404),
            ("PUT", "/smtpBehaviors", b"{", 400),
            ("BREW", "/status", b"x", 501),
        ):
            answer = rig.ask(method, path, body, headers=origin)
            self.assertEqual(answer.status, status)
            self.assertEqual(answer.header(self.FIELD + "Origin"), "https://b.test")
