"""``/openapi.json``: valid, complete, and true to what is answered"""

from __future__ import annotations

from typing import Any

from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.point import Command
from mocksmtp.http.app import MOUNTS, make_app
from mocksmtp.http.openapi import describe, template
from mocksmtp.http.routing import Scope
from mocksmtp.http.settings import HttpSettings
from mocksmtp.tls.settings import TlsSettings
from mocksmtp.zone.answer import Question
from mocksmtp.zone.queries import DnsExchange, DnsReply
from tests.http.rig import BUSY, Rig
from tests.session_client import Client
from tests.smtp.dialogue import behavior

RECORD = {"name": "x.test", "type": "MX", "preference": 10, "exchange": "mx.test"}

MULTIPART = b"""Subject: hi\r
Content-Type: multipart/mixed; boundary=b\r
\r
--b\r
\r
text\r
--b\r
Content-Type: text/html; charset=utf-8\r
Content-ID: <1>\r
\r
<p>\r
--b\r
Content-Disposition: attachment; filename=a.bin\r
\r
x\r
--b--\r
"""


class DescriptionTests(SynchronousTestCase):
    """What is described"""

    def setUp(self) -> None:
        self.document = Rig().get("/openapi.json")

    def test_it_is_valid(self) -> None:
        """OpenAPI 3.1, with and without a token."""
        self.assertEqual(self.document["openapi"], "3.1.0")
        for guarded in True, False:
            validate(describe(MOUNTS, guarded))

    def test_it_has_every_route_and_no_other(self) -> None:
        """What the app answers is what is described, method by method."""
        rules = make_app(Rig().site.resource.api).url_map.iter_rules()
        served = {
            (template(rule.endpoint.partition(" ")[2]), method.lower())
            for rule in rules
            for method in (rule.methods or set()) - {"HEAD"}
        }
        described = {
            (path, method)
            for path, operations in self.document["paths"].items()
            for method in operations
        }
        self.assertEqual(described, served)

    def test_every_operation_says_what_it_is_for_and_answers(self) -> None:
        """By the docstring of its handler, and by its route."""
        for path, operations in self.document["paths"].items():
            for method, operation in operations.items():
                place = f"{method} {path}"
                self.assertTrue(operation["summary"].endswith("."), place)
                good = [status for status in operation["responses"] if status < "300"]
                self.assertNotEqual(good, [], place)

    def test_a_host_has_what_the_root_has(self) -> None:
        """The same operations, with the host's name as one more parameter."""
        paths = self.document["paths"]
        for route in MOUNTS[1].routes:
            if route.scope is Scope.HOST:
                continue
            path, method = template(route.path), route.method.lower()
            of_root = dict(paths[path][method])
            of_host = dict(paths["/hosts/{name}" + path][method])
            self.assertEqual(of_host["parameters"][0]["name"], "name")
            self.assertEqual(of_host["parameters"][1:], of_root["parameters"])
            self.assertEqual(of_host.get("requestBody"), of_root.get("requestBody"))

    def test_the_token_is_described_where_there_is_one(self) -> None:
        """All but /health need it then."""
        self.assertNotIn("security", self.document)
        settings = HttpSettings(token="secret")
        headers = {"Authorization": "Bearer secret"}
        answer = Rig(settings).ask("GET", "/openapi.json", headers=headers).json()
        self.assertEqual(answer["security"], [{"token": []}, {"basic": []}])
        self.assertEqual(answer["paths"]["/health"]["get"]["security"], [])
        self.assertIn("401", answer["paths"]["/status"]["get"]["responses"])
        self.assertNotIn("401", answer["paths"]["/health"]["get"]["responses"])


class TruthTests(SynchronousTestCase):
    """Answers fit what is described, field by field"""

    def setUp(self) -> None:
        self.rig = Rig()
        self.document = self.rig.get("/openapi.json")

    def assert_fits(self, path: str, described: str | None = None) -> Any:
        """What is told at `path` fits; returns it."""
        answer = self.rig.get(path)
        operation = self.document["paths"][described or path.partition("?")[0]]["get"]
        content = operation["responses"]["200"]["content"]["application/json"]
        self.check(content["schema"], answer)
        return answer

    def check(self, schema: dict[str, Any], answer: Any) -> None:
        """Raise where `answer` does not fit."""
        whole = {**schema, "components": self.document["components"]}
        OAS31Validator(whole).validate(answer)

    def test_behaviors(self) -> None:
        """With and without counters, and one of them."""
        effect = {"code": 250, "effect": "discard"}
        other = {"command": "DATA", "response": effect}
        self.rig.ask("PUT", "/smtpBehaviors", [BUSY, other])
        self.assertEqual(len(self.assert_fits("/smtpBehaviors")), 2)
        self.assert_fits("/smtpBehaviors?view=full")
        self.assert_fits("/smtpBehaviors/1", "/smtpBehaviors/{id}")

    def test_mails(self) -> None:
        """In every shape and view, and with its parts."""
        self.rig.receive(MULTIPART)
        for query in "", "?view=summary", "?view=full":
            self.assertEqual(len(self.assert_fits("/smtpMails" + query)), 1)
        self.assert_fits("/smtpMailsCount")
        mail = self.assert_fits("/smtpMails/1", "/smtpMails/{id}")
        self.assertEqual(len(mail["mime"]["attachments"]), 1)

    def test_sessions(self) -> None:
        """With all that a transcript may have, and with what an attempt lacks."""
        host = self.rig.host
        host.behaviors.replace_all([behavior(Command.RCPT_TO, 550, contains="bob")])
        client = Client(host)
        client.protocol.dataReceived(b"NOOP\r\nNOOP " + b"x" * 5000 + b"\r\n")
        client.say("MAIL FROM:<a@x.test> RET=HDRS", "RCPT TO:<b@x.test> NOTIFY=NEVER")
        client.say("RCPT TO:<bob@x.test>", "DATA", "content", ".")
        client.quit()
        (session,) = self.assert_fits("/smtpSessions")
        self.assertEqual(len(session["transactions"]), 1)
        self.assert_fits("/smtpSessions/1", "/smtpSessions/{id}")
        for query in "to=bob@x.test", "to=eve@x.test", "clientIp=::1":
            self.assert_fits(f"/smtpSessions?explain=true&{query}")

    def test_a_field_too_many_is_seen(self) -> None:
        """The test tells the difference."""
        self.rig.receive()
        mail = self.rig.get("/smtpMails/1")
        schema = {"$ref": "#/components/schemas/FullMail"}
        self.check(schema, mail)
        for broken in {**mail, "more": 1}, {k: mail[k] for k in mail if k != "helo"}:
            with self.assertRaises(Exception):  # noqa: B017 - the validator's own
                self.check(schema, broken)

    def test_dns_behaviors(self) -> None:
        """With and without counters, and one of them."""
        answer = {"rcode": "NOERROR", "records": [RECORD], "delay": "1s"}
        fails = {"query": ["A", "AAAA"], "response": answer, "per": "name"}
        self.rig.ask("PUT", "/dnsBehaviors", [fails])
        self.assertEqual(len(self.assert_fits("/dnsBehaviors")), 1)
        self.assert_fits("/dnsBehaviors?view=full")
        self.assert_fits("/dnsBehaviors/1", "/dnsBehaviors/{id}")

    def test_queries(self) -> None:
        """With an answer and without, readable or not."""
        question, reply = Question("ex.test", 15), DnsReply(0, 1, False)
        for exchange in (
            DnsExchange(question, 1232, True, reply),
            DnsExchange(None, None, False, None),
        ):
            client = ("192.0.2.1", 5353)
            self.rig.mock.query_log.note(1.0, client, "udp", exchange)
        self.assertEqual(len(self.assert_fits("/dnsQueries")), 2)

    def test_the_rest(self) -> None:
        """Extensions, records, hosts, sessions, and the service."""
        self.rig.ask("PUT", "/smtpExtensions", ["X-OWN"])
        self.rig.host.tls = TlsSettings()
        made = {"name": "a", "type": "TLSA", "fromHost": "default"}
        self.rig.ask("PUT", "/dnsRecords", [RECORD, made])
        self.rig.ask("PUT", "/mtaSts", {"domain": "ex.test"})
        for path in (
            "/mtaSts",
            "/smtpExtensions",
            "/dnsRecords",
            "/hosts",
            "/smtpSessions",
            "/status",
            "/health",
            "/openapi.json",
        ):
            self.assert_fits(path)
        self.assert_fits("/hosts/default", "/hosts/{name}")

    def test_problems(self) -> None:
        """With and without places."""
        schema = {"$ref": "#/components/schemas/Problem"}
        self.check(schema, self.rig.ask("GET", "/smtpMails?x=1").json())
        self.check(schema, self.rig.ask("GET", "/smtpMails/7").json())
