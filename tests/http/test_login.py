"""The token as a cookie"""

from __future__ import annotations

from http.cookies import SimpleCookie

import attrs
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.http.site import HttpSettings
from tests.http.rig import Answer, Rig

OWN = {"Origin": "http://localhost"}


class LoginTests(SynchronousTestCase):
    """``/login`` and ``/logout``"""

    def setUp(self) -> None:
        self.rig = Rig(HttpSettings(token="sécret"))

    def log_in(self, rig: Rig | None = None, body: object = None) -> Answer:
        body = {"token": "sécret"} if body is None else body
        return (rig or self.rig).ask("POST", "/login", body)

    def cookie(self, rig: Rig | None = None) -> str:
        """What a browser sends from then on."""
        return self.log_in(rig).header("Set-Cookie").partition(";")[0]

    def status(self, method: str, path: str, **headers: str) -> int:
        cookie = {"Cookie": self.cookie()}
        return self.rig.ask(method, path, headers=cookie | headers).status

    def test_the_cookie(self) -> None:
        """No script can read it, and no other site's form sends it."""
        answer = self.log_in()
        self.assertEqual((answer.status, answer.body), (204, b""))
        ((name, cookie),) = SimpleCookie(answer.header("Set-Cookie")).items()
        self.assertEqual(name, f"mocksmtp-{self.rig.info.instance}")
        self.assertTrue(cookie["httponly"])
        self.assertEqual((cookie["samesite"], cookie["path"]), ("Lax", "/"))
        self.assertEqual((cookie["max-age"], cookie["secure"]), ("", ""))
        self.assertNotIn("cret", answer.header("Set-Cookie"))

    def test_a_form(self) -> None:
        """As a page without scripts sends it; the Content-Type does not matter."""
        for body in b"token=s%C3%A9cret", b"token=s%C3%A9cret&x=1":
            expected = 400 if b"x=" in body else 204
            self.assertEqual(self.log_in(body=body).status, expected)

    def test_the_wrong_token(self) -> None:
        """401, and no cookie."""
        for body in {"token": "x"}, {"token": ""}, b"token=", b"token=secret":
            answer = self.log_in(body=body)
            self.assertEqual(answer.status, 401, body)
            self.assertIsNone(answer.header("Set-Cookie"))

    def test_what_is_no_login(self) -> None:
        """400, with the place."""
        for body, path in (
            ({}, "$.token"),
            ({"token": 5}, "$.token"),
            ({"token": "x", "user": "y"}, "$.user"),
            ([], "$"),
            (b"user=x", "$.token"),
            (b"{", "$"),
            (b"", "$"),
            (b"token=%FF", "$"),
        ):
            answer = self.log_in(body=body)
            self.assertEqual(answer.status, 400, body)
            self.assertIn(path, answer.paths, body)
        self.assertEqual(self.log_in(body=b"token=" + b"x" * 20_000).status, 413)

    def test_it_authenticates(self) -> None:
        """Reading needs no Origin: browsers send none with it."""
        for path in "/status", "/smtpMails", "/openapi.json":
            self.assertEqual(self.status("GET", path), 200)
        self.assertEqual(self.status("HEAD", "/status"), 200)
        self.assertEqual(self.status("GET", "/status", **OWN), 200)

    def test_among_other_cookies(self) -> None:
        """Browsers send those of all ports of a host."""
        cookies = f'a=b; {self.cookie()}; mocksmtp-0="x"'
        answer = self.rig.ask("GET", "/status", headers={"Cookie": cookies})
        self.assertEqual(answer.status, 200)

    def test_a_change_needs_the_origin_of_the_service(self) -> None:
        """A form of another site, or of another port, may have sent the cookie."""
        self.rig.receive()
        for headers, expected in (
            ({}, 403),
            ({"Origin": "null"}, 403),
            ({"Origin": "http://evil.test"}, 403),
            ({"Origin": "http://localhost:3000"}, 403),
        ):
            for method, path in ("POST", "/reset"), ("DELETE", "/smtpMails"):
                self.assertEqual(self.status(method, path, **headers), expected)
        self.assertEqual(len(self.rig.mailbox), 1)
        self.assertEqual(self.status("POST", "/reset", **OWN), 204)
        self.assertEqual(len(self.rig.mailbox), 0)

    def test_an_allowed_origin_is_not_that_of_the_service(self) -> None:
        """It may read with the cookie, and change with the token."""
        settings = attrs.evolve(
            self.rig.site.resource.api.settings, cors_origins=("http://a.test",)
        )
        self.rig = Rig(settings)
        origin = {"Origin": "http://a.test"}
        self.assertEqual(self.status("GET", "/status", **origin), 200)
        self.assertEqual(self.status("POST", "/reset", **origin), 403)
        given = {**origin, "Authorization": "Bearer sécret"}
        self.assertEqual(self.status("POST", "/reset", **given), 204)

    def test_with_the_token_no_origin_is_needed(self) -> None:
        """A script that has the token is no browser that was misled."""
        token = {"Authorization": "Bearer sécret"}
        self.assertEqual(self.status("POST", "/reset", **token), 204)

    def test_a_wrong_token_beside_the_cookie(self) -> None:
        """Who sends Authorization is judged by it."""
        wrong = {"Authorization": "Bearer x"}
        self.assertEqual(self.status("GET", "/status", **wrong), 401)

    def test_a_forged_cookie(self) -> None:
        """Another value, an empty one, the token itself, that of another run."""
        name, _, value = self.cookie().partition("=")
        other = self.cookie(Rig(self.rig.site.resource.api.settings))
        for forged in (
            f"{name}=",
            name,
            f"{name}={value[:-1]}",
            f"{name}={value}0",
            f"{name}=sécret",
            f"{name}=\xff",
            f"mocksmtp={value}",
            other,
            f"{name}={other.partition('=')[2]}",
        ):
            answer = self.rig.ask("GET", "/status", headers={"Cookie": forged})
            self.assertEqual(answer.status, 401, forged)

    def test_the_cookie_of_a_run_is_worthless_for_the_next(self) -> None:
        """Nor is it worth anything when the token has changed."""
        cookie = self.cookie()
        changed = Rig(HttpSettings(token="other"))
        changed.info.instance = self.rig.info.instance
        answer = changed.ask("GET", "/status", headers={"Cookie": cookie})
        self.assertEqual(answer.status, 401)

    def test_log_out(self) -> None:
        """The browser forgets the cookie."""
        headers = {"Cookie": self.cookie(), **OWN}
        answer = self.rig.ask("POST", "/logout", headers=headers)
        self.assertEqual(answer.status, 204)
        ((name, cookie),) = SimpleCookie(answer.header("Set-Cookie")).items()
        self.assertEqual(name, f"mocksmtp-{self.rig.info.instance}")
        self.assertEqual((cookie.value, cookie["max-age"]), ("", "0"))
        self.assertEqual(cookie["path"], "/")

    def test_logging_out_needs_authentication(self) -> None:
        """As any change does."""
        self.assertEqual(self.rig.ask("POST", "/logout").status, 401)
        self.assertEqual(self.status("POST", "/logout"), 403)

    def test_a_foreign_page_can_not_log_in(self) -> None:
        """Nor learn from it whether a token is right."""
        origin = {"Origin": "http://evil.test"}
        body = {"token": "sécret"}
        answer = self.rig.ask("POST", "/login", body, headers=origin)
        self.assertEqual(answer.status, 403)

    def test_without_a_token(self) -> None:
        """There is nothing to log in to; a page need not know that."""
        rig = Rig()
        answer = self.log_in(rig)
        self.assertEqual(answer.status, 204)
        self.assertIsNone(answer.header("Set-Cookie"))
        answer = rig.ask("POST", "/reset", headers={"Cookie": "mocksmtp-x=y"})
        self.assertEqual(answer.status, 204)
        self.assertEqual(rig.ask("POST", "/logout").status, 204)
