"""What the API answers where it has nothing, or fails"""

from __future__ import annotations

from unittest.mock import patch

from twisted.trial.unittest import SynchronousTestCase
from werkzeug.exceptions import ImATeapot, MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect, Rule

from mocksmtp.documents.problems import DocumentError, Problem
from mocksmtp.documents.reading import TooManyValues
from mocksmtp.http.app import MOUNTS, problem_of
from mocksmtp.http.context import HttpSettings
from mocksmtp.http.problems import HttpProblem
from mocksmtp.mail.documents import StandIn
from mocksmtp.mail.mailbox import Mailbox
from tests.http.rig import Answer, Rig


class MappingTests(SynchronousTestCase):
    """Errors to problems, in one function"""

    def test_statuses(self) -> None:
        """Each error has its status; what is unknown is 500 and tells nothing."""
        for error, status in (
            (HttpProblem(418, "x"), 418),
            (DocumentError(Problem("$", "x")), 400),
            (TooManyValues(5), 413),
            (NotFound(), 404),
            (RequestRedirect("http://x.test/"), 404),
            (MethodNotAllowed(["PUT", "GET"]), 405),
            (ImATeapot(), 418),
            (RuntimeError("secret"), 500),
        ):
            problem = problem_of(error)
            self.assertEqual(problem.status, status, error)
            self.assertNotIn(b"secret", problem.body)
        allowed = problem_of(MethodNotAllowed(["PUT", "GET"]))
        self.assertEqual(allowed.headers, {"Allow": "GET, PUT"})


class NowhereTests(SynchronousTestCase):
    """Paths and methods that there are not"""

    def assert_problem(self, answer: Answer, status: int) -> None:
        """`answer` is a problem document with that status."""
        self.assertEqual(answer.status, status, answer)
        self.assertEqual(answer.kind, "application/problem+json")
        document = answer.json()
        self.assertEqual(set(document), {"type", "title", "status", "detail"})
        self.assertEqual(document["status"], status)

    def test_unknown_paths(self) -> None:
        """404, and never a redirect to what may have been meant."""
        for path in (
            "/nowhere",
            "/smtpMails/",
            "//smtpMails",
            "/smtpmails",
            "/smtpMails/1/",
            "/smtpMails/1/raw/2",
            "/smtpMails%2F1",
            "/smtpMails/1%2Fraw",
            "/./smtpMails",
            "/version/..",
            "/%00",
            "/metric",
            "/hosts/",
        ):
            for method in "GET", "POST", "PATCH":
                self.assert_problem(Rig().ask(method, path), 404)

    def test_a_path_that_is_no_text(self) -> None:
        """Octets that are no UTF-8 are 400."""
        for path in "/%ff", "/smtpMails/%c3", "/smtpBehaviors/%ed%a0%80":
            self.assert_problem(Rig().ask("GET", path), 400)

    def test_wrong_methods(self) -> None:
        """405 with what is allowed, and OPTIONS is no exception."""
        for method in "CONNECT", "OPTIONS", "TRACE":
            for path, allowed in (
                ("/smtpBehaviors", "DELETE, GET, HEAD, PATCH, POST, PUT"),
                ("/smtpBehaviors/1", "DELETE, GET, HEAD, PATCH, PUT"),
                ("/smtpMails/1/raw", "GET, HEAD"),
                ("/reset", "POST"),
                ("/version", "GET, HEAD"),
            ):
                answer = Rig().ask(method, path)
                self.assert_problem(answer, 405)
                self.assertEqual(answer.header("Allow"), allowed)

    def test_unknown_methods(self) -> None:
        """501, whatever the path."""
        for method in "BREW", "PROPFIND":
            for path in "/version", "/nowhere", "/smtpBehaviors":
                answer = Rig().ask(method, path, b"[]")
                self.assert_problem(answer, 501)
                self.assertIn(f"unknown method '{method}'", answer.json()["detail"])

    def test_the_nearest_route_is_named(self) -> None:
        """And where all of them are listed."""
        for path, nearest in (
            ("/smtpBehaviour", "/smtpBehaviors"),
            ("/smtpmails", "/smtpMails"),
            ("/smtpMails/", "/smtpMails"),
            ("//smtpMails", "/smtpMails"),
            ("/smtpMail/7", "/smtpMails/{id}"),
            ("/smtpMails/1/rw", "/smtpMails/{id}/raw"),
            ("/hosts/mx2/smtpBehaviours", "/hosts/{name}/smtpBehaviors"),
            ("/api/version", "/version"),
            ("/dnsrecord", "/dnsRecords"),
        ):
            detail = Rig().ask("GET", path).json()["detail"]
            expected = f"no such route {path!r} (did you mean {nearest}?)"
            self.assertEqual(detail, f"{expected}; see /openapi.json")

    def test_no_route_is_near(self) -> None:
        """None is named where none is meant, or where the path is too long."""
        for path in "/x", "/wp-login.php", "/xyz", "/smtpMail" + "s" * 1000:
            detail = Rig().ask("GET", path).json()["detail"]
            self.assertIn("no such route ", detail)
            self.assertTrue(detail.endswith("; see /openapi.json"), detail)
            self.assertNotIn("did you mean", detail)
            self.assertLess(len(detail), 200)

    def test_head_is_get_without_the_body(self) -> None:
        """The same header, and no octet behind it, for errors too."""
        rig = Rig()
        rig.receive()
        for path in (
            *("/smtpMails", "/smtpMails/1", "/smtpMails/1/raw", "/smtpMails/1/parts/1"),
            *("/smtpBehaviors", "/smtpExtensions", "/dnsRecords", "/version"),
            *("/status", "/health", "/nowhere", "/smtpMails?x=1"),
        ):
            got, headed = rig.ask("GET", path), rig.ask("HEAD", path)
            self.assertEqual(headed.body, b"")
            self.assertEqual(headed.status, got.status)
            self.assertEqual(headed.kind, got.kind)

    def test_no_route_is_there_twice(self) -> None:
        """A method on a path has one handler."""
        routes = [(r.method, r.path) for r in MOUNTS[0].routes]
        self.assertEqual(len(set(routes)), len(routes))

    def test_answers_are_not_cached_or_guessed(self) -> None:
        """What a mock keeps changes, and JSON is not to be taken for a page."""
        for path in "/smtpMails", "/nowhere", "/version":
            answer = Rig().ask("GET", path)
            self.assertEqual(answer.header("Cache-Control"), "no-store")
            self.assertEqual(answer.header("X-Content-Type-Options"), "nosniff")


class SharingTests(SynchronousTestCase):
    """The services of a process"""

    def test_each_answers_with_its_own(self) -> None:
        """They share the routes, and nothing that is asked for."""
        first, second = Rig(), Rig()
        first.receive()
        self.assertEqual(
            [one.get("/smtpMailsCount") for one in (first, second)], [1, 0]
        )

    def test_routes_are_compiled_once(self) -> None:
        """For all services with the same stand-ins."""
        Rig().get("/smtpMailsCount")
        compiled: list[str] = []
        compile_ = Rule.compile

        def count(rule: Rule) -> None:
            compiled.append(rule.rule)
            compile_(rule)

        self.patch(Rule, "compile", count)
        Rig().get("/smtpMailsCount")
        self.assertEqual(compiled, [])

    def test_stand_ins_are_those_of_the_service(self) -> None:
        """Another one in the process has none."""
        settings = HttpSettings(stand_ins=(StandIn.MAILPIT,))
        statuses = [
            Rig(settings=settings).ask("GET", "/api/v1/info").status,
            Rig().ask("GET", "/api/v1/info").status,
        ]
        self.assertEqual(statuses, [200, 404])


class FailureTests(SynchronousTestCase):
    """Errors of our own"""

    def test_a_failure_is_a_problem_and_logged(self) -> None:
        """500 without a word of what went wrong, which the log has."""
        with patch.object(Mailbox, "__len__", side_effect=RuntimeError("secret")):
            answer = Rig().ask("GET", "/smtpMailsCount")
        self.assertEqual(answer.status, 500)
        self.assertEqual(answer.kind, "application/problem+json")
        self.assertNotIn(b"secret", answer.body)
        self.assertEqual(len(self.flushLoggedErrors(RuntimeError)), 1)
