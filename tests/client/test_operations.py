"""The methods of clients, compared with the API and with each other"""

from __future__ import annotations

import ast
import contextlib
import inspect
import re
import runpy
from typing import Any

import attrs
from twisted.internet.defer import Deferred, succeed
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.client import NotMocksmtp, blocking, deferred, filters
from mocksmtp.client.blocking import BlockingHostClient, BlockingMockClient
from mocksmtp.client.deferred import HostClient, MockClient
from mocksmtp.client.over_treq import PendingRule
from mocksmtp.client.over_urllib3 import Connection
from mocksmtp.client.requests import Answer, Request, parameters
from mocksmtp.recipes import recipes
from tests.http.rig import Rig
from tests.markdown import ROOT

WITHOUT_METHOD = {
    "GET /events": "a stream, not an answer",
    "GET /hosts/{name}/events": "a stream, not an answer",
    "POST /login": "for browsers, which can't send a token",
    "POST /logout": "for browsers, which can't send a token",
}
"""Operations that clients do not have, and why."""

NO_OPERATION = {"call", "get", "host", "close", "when", "when_query"}
"""Methods that are not for one operation."""

DOCUMENT = (
    b'{"ids":["1"],"nearest":[],"version":"1","id":"1","name":"mx1","status":"ok",'
    b'"command":"EHLO","matched":[],"recipient":"a@x.test","considered":[],"to":"a@x.test",'
    b'"rcode":"NOERROR","type":"A","domain":"x.test"}'
)
TYPES = (
    *("application/json", "text/plain", "text/html", "text/dns", "message/rfc822"),
    "application/pem-certificate-chain",
)
ANSWERS = (
    Answer(204, {}, b""),
    *(
        Answer(200, {"content-type": kind}, body)
        for kind in TYPES
        for body in (DOCUMENT, b"[]", b"0")
    ),
)
"""One of these can be read by each method."""

FOREIGN = (
    Answer(200, {"content-type": "text/html; charset=utf-8"}, b"<h1>Welcome</h1>"),
    Answer(200, {"content-type": "text/plain"}, b"ok"),
    Answer(200, {"content-type": "application/json"}, b'{"welcome":true}'),
    Answer(200, {"content-type": "application/json"}, b"{}"),
    Answer(200, {}, b""),
)
"""What another server may answer to any request."""

NOT_RECOGNIZED = {
    "GET /metrics",
    "GET /openapi-strict.json",
    "GET /openapi.json",
    "GET /report",
    "GET /scenarios",
    "GET /smtpMails/{id}/html",
    "GET /smtpMails/{id}/parts/{n}",
    "GET /version",
}
"""Operations whose own answers can look like that; all of them only read."""

RULE = {"command": "RCPT TO", "response": {"code": 450}}
ARGUMENTS: dict[str, tuple[Any, ...]] = {
    "set_behaviors": (RULE,),
    "set_behavior": (RULE,),
    "add_behaviors": (RULE,),
    "change_tagged": ("t",),
    "set_dns_behaviors": ({"response": {"rcode": "SERVFAIL"}},),
    "add_dns_behaviors": ({"response": {"rcode": "SERVFAIL"}},),
    "change_tagged_dns": ("t",),
    "set_scenarios": ({"s": "t"},),
    "search": ("x",),
    "part": ("1", 2),
    "set_records": ("x. A 127.0.0.1",),
    "add_records": ("x. A 127.0.0.1",),
    "replace_record": ("1", {}),
    "replace_behavior": ("1", RULE),
    "replace_dns_behavior": ("1", {}),
}
"""The arguments of a call, where one text for each would not do."""

RULED = b'{"command":"RCPT TO","response":{"code":450}}'

_VARIABLE = re.compile(r"\{\w+\}")


class Recorder(Connection):
    """A connection that keeps what is sent, and answers with what can be read."""

    def __init__(self) -> None:
        super().__init__("http://mock.test")
        self.sent: list[Request[Any]] = []

    def send(self, request: Request[Any]) -> Any:
        """Keep a request."""
        self.sent.append(request)
        for answer in ANSWERS:
            try:
                return request.read(answer)
            except (TypeError, ValueError, KeyError):
                continue
        raise AssertionError(f"no answer for {request}")


def methods_of(cls: type) -> dict[str, Any]:
    """The public methods that send requests; not those of recipes."""
    return {
        name: method
        for name, method in inspect.getmembers(cls, inspect.isfunction)
        if not name.startswith("_") and name not in recipes() and name != "recipe"
    }


def call(target: Any, name: str, method: Any) -> None:
    """Call a method with arguments that it accepts."""
    needed = [
        one
        for one in list(inspect.signature(method).parameters.values())[1:]
        if one.default is one.empty
        and one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)
    ]
    getattr(target, name)(*ARGUMENTS.get(name, ("1",) * len(needed)))


def operations(document: dict[str, Any]) -> set[str]:
    """All operations, as ``GET /smtpMails/{id}``."""
    return {
        f"{method.upper()} {path}"
        for path, found in document["paths"].items()
        for method in found
    }


def operation_of(request: Request[Any], known: set[str]) -> str | None:
    """The operation that a request is for: the one with the fewest variables."""
    sent = f"{request.method} {request.path}"
    matching = [
        operation
        for operation in known
        if re.fullmatch(_VARIABLE.sub("[^/]+", operation), sent)
    ]
    return min(matching, key=lambda one: one.count("{"), default=None)


class OperationTests(SynchronousTestCase):
    """Every operation of /openapi.json"""

    def record(self) -> list[Request[Any]]:
        """The requests of all methods, at the root and for a host."""
        recorder = Recorder()
        root = BlockingMockClient()
        root.connection = recorder
        root._api.connection = recorder
        host = BlockingHostClient(recorder, "mx1")
        for target in root, host:
            for name, method in methods_of(type(target)).items():
                if name not in NO_OPERATION:
                    call(target, name, method)
        root.openapi(strict=True)
        return recorder.sent

    def test_each_operation_has_a_method(self) -> None:
        """At the root, and for a host."""
        known = operations(Rig().get("/openapi.json"))
        found = {operation_of(request, known) for request in self.record()}
        self.assertEqual(known - found, set(WITHOUT_METHOD))
        self.assertEqual(found - known, set())

    def test_another_server_is_recognized(self) -> None:
        """By its answer: no method that changes something takes it for the service."""
        known = operations(Rig().get("/openapi.json"))
        taken: set[str] = set()
        for request in self.record():
            for answer in FOREIGN:
                with contextlib.suppress(NotMocksmtp):
                    request.result(answer, "http://mock.test")
                    taken.add(str(operation_of(request, known)))
        at_root = {one.replace("/hosts/{name}", "", 1) for one in taken}
        self.assertEqual(at_root, NOT_RECOGNIZED)

    def test_all_parameters_of_lists_are_known(self) -> None:
        """An editor suggests each, by its name in Python."""
        document = Rig().get("/openapi.json")
        for path, names in (
            ("/smtpMails", "MailListing"),
            ("/smtpMails/take", "MailTaking"),
            ("/smtpMailsCount", "WaitingMailFilters"),
            ("/smtpSessions", "SessionListing"),
            ("/smtpAttempts", "AttemptListing"),
            ("/deliveries", "DeliveryListing"),
            ("/dnsQueries", "QueryListing"),
        ):
            method = "post" if path.endswith("take") else "get"
            listed = document["paths"][path][method]["parameters"]
            told = {one["name"] for one in listed}
            keywords = getattr(filters, names).__annotations__
            known = set(parameters(dict.fromkeys(keywords, "1")))
            # `from` and `to` are the same as `sender` and `rcpt`.
            self.assertEqual(known, told - {"sender", "rcpt"}, path)


class SignatureTests(SynchronousTestCase):
    """The blocking client, and that with Deferreds"""

    def test_they_have_the_same_methods(self) -> None:
        """With the same parameters, defaults and annotations."""
        for one, other in (
            (MockClient, BlockingMockClient),
            (HostClient, BlockingHostClient),
            (deferred.SmtpRule, blocking.BlockingSmtpRule),
            (deferred.DnsRule, blocking.BlockingDnsRule),
            (deferred.AppliedRecipe, blocking.BlockingAppliedRecipe),
        ):
            ours, theirs = _signatures(one), _signatures(other)
            self.assertEqual(set(ours), set(theirs))
            for name, signature in ours.items():
                self.assertEqual(signature, theirs[name], (one, name))

    def test_the_modules_are_up_to_date(self) -> None:
        """`tools/make-blocking` changes nothing but how they are laid out."""
        tool = runpy.run_path(str(ROOT / "tools/make-blocking"), run_name="tool")
        made = tool["recipe_methods"]()
        path = ROOT / "mocksmtp/client/recipe_methods.py"
        self.assertEqual(_shape(made), _shape(path.read_text()))
        for source, target in tool["MODULES"].items():
            text = tool["blocking"](source, (ROOT / source).read_text())
            kept = (ROOT / target).read_text()
            self.assertEqual(_shape(text), _shape(kept), target)

    def test_each_recipe_has_a_method(self) -> None:
        """Except those without documents, and those that create hosts."""
        for name, recipe in recipes().items():
            expected = bool(recipe.documents) and not recipe.creates_hosts
            self.assertEqual(hasattr(MockClient, name), expected, name)
            if expected:
                recorder = Recorder()
                host = BlockingHostClient(recorder, "mx1")
                getattr(host, name)()
                self.assertTrue(recorder.sent, name)


def _signatures(cls: type) -> dict[str, Any]:
    """The signatures of a class, whatever Deferreds are in them."""
    found = {}
    for name, member in inspect.getmembers(cls):
        if isinstance(member, property):
            member = member.fget
        if inspect.isfunction(member) and not name.startswith("_"):
            signature = inspect.signature(member)
            text = str(signature).replace("Blocking", "")
            found[name] = re.sub(r"Deferred\[(\w+)\]", r"\1", text)
    return found


def _shape(text: str) -> str:
    """A module without its layout; imports only by their sorted names."""
    tree = ast.parse(text)
    tree.body = [
        node
        for node in tree.body
        if not isinstance(node, ast.Import | ast.ImportFrom | ast.If)
    ]
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and isinstance(body[0], ast.Expr):
            constant = body[0].value
            if isinstance(constant, ast.Constant) and isinstance(constant.value, str):
                constant.value = " ".join(constant.value.split())
    return ast.dump(tree)


class PendingRuleTests(SynchronousTestCase):
    """A behavior of the client with Deferreds"""

    def test_it_is_sent_when_it_is_awaited(self) -> None:
        """As one request, with its gates; later changes are a patch."""
        sent: list[tuple[str, str, bytes | None]] = []

        @attrs.define
        class Sender:
            url = "http://mock.test"

            def send(self, request: Request[Any]) -> Deferred[Any]:
                sent.append((request.method, request.path, request.body))
                body = b'{"ids":["7"]}' if request.method == "POST" else RULED
                return succeed(request.read(Answer(200, {}, body)))

        client = MockClient("http://mock.test", http=object())  # type: ignore[arg-type]
        client._api.connection = Sender()  # type: ignore[assignment]
        rule = client.when("RCPT TO").contains("bob@").reply(450).times(2)
        self.assertIsInstance(rule, PendingRule)
        self.assertRaises(LookupError, lambda: rule.id)

        async def send() -> str:
            first = await rule
            await first.then("close")
            await first
            return first.id

        self.assertEqual(self.successResultOf(Deferred.fromCoroutine(send())), "7")
        self.assertEqual(
            sent,
            [
                (
                    "POST",
                    "/smtpBehaviors",
                    b'{"command":"RCPT TO","condition":{"operator":"contains",'
                    b'"matchingValue":"bob@"},"response":{"code":450},'
                    b'"numberOfAnswer":2}',
                ),
                (
                    "PATCH",
                    "/smtpBehaviors/7",
                    b'{"response":{"code":450,"then":"close"}}',
                ),
            ],
        )

    def test_one_that_is_never_awaited_warns(self) -> None:
        """It would otherwise be missed without a word."""
        client = MockClient("http://mock.test", http=object())  # type: ignore[arg-type]
        client.when("RCPT TO").reply(450)
        (warning,) = self.flushWarnings()
        self.assertIn("was never awaited", warning["message"])
