"""``/openapi-strict.json``: valid, complete, and true to what is answered"""

from __future__ import annotations

from functools import partial
from ipaddress import ip_network
from typing import Any

from jsonschema import FormatChecker
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.condition import OPERATORS
from mocksmtp.behaviors.editing import read_patch
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.documents.document import parse
from mocksmtp.documents.problems import DocumentError
from mocksmtp.documents.schema import ref
from mocksmtp.hosts.documents import parse_host
from mocksmtp.hosts.evaluation import EVALUATION
from mocksmtp.http.app import MOUNTS, PAGE, make_app
from mocksmtp.http.context import HttpSettings
from mocksmtp.http.openapi import describe_api, named_schemas, template
from mocksmtp.http.routing import Scope
from mocksmtp.tls.settings import TlsSettings
from mocksmtp.zone.answer import Question
from mocksmtp.zone.queries import DnsExchange, DnsReply
from mocksmtp.zone.rdata import RDATA, HostTLSA, type_name
from mocksmtp.zone.records import parse_records
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
        self.document = Rig().get("/openapi-strict.json")

    def test_it_is_valid(self) -> None:
        """OpenAPI 3.1, with and without a token."""
        self.assertEqual(self.document["openapi"], "3.1.0")
        for guarded in True, False:
            validate(describe_api(MOUNTS, guarded))

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
        page = {(template(one.path), one.method.lower()) for one in PAGE.routes}
        self.assertEqual(described, served - page)
        self.assertEqual(described & page, set())

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
        self.assertEqual(self.document["security"], [])
        settings = HttpSettings(token="secret")
        headers = {"Authorization": "Bearer secret"}
        answer = (
            Rig(settings).ask("GET", "/openapi-strict.json", headers=headers).json()
        )
        self.assertEqual(answer["security"], [{"token": []}, {"basic": []}])
        self.assertEqual(answer["paths"]["/health"]["get"]["security"], [])
        self.assertIn("401", answer["paths"]["/status"]["get"]["responses"])
        self.assertNotIn("401", answer["paths"]["/health"]["get"]["responses"])


class TruthTests(SynchronousTestCase):
    """Answers fit what is described, field by field"""

    def setUp(self) -> None:
        self.rig = Rig()
        self.document = self.rig.get("/openapi-strict.json")

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
            self.rig.mock.query_log.add(1.0, client, "udp", exchange)
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
            "/openapi-strict.json",
        ):
            self.assert_fits(path)
        self.assert_fits("/hosts/default", "/hosts/{name}")

    def test_problems(self) -> None:
        """With and without places."""
        schema = {"$ref": "#/components/schemas/Problem"}
        self.check(schema, self.rig.ask("GET", "/smtpMails?x=1").json())
        self.check(schema, self.rig.ask("GET", "/smtpMails/7").json())


ALL = {"operator": "matchAll"}


def behavior_document(
    command: str = "DATA", code: Any = 450, **others: Any
) -> dict[str, Any]:
    """A behavior with one thing that matters; those of the response by their names."""
    response = {"code": code}
    for name in "message", "effect":
        if name in others:
            response[name] = others.pop(name)
    return {"command": command, "response": response, **others}


GATES: tuple[dict[str, Any], ...] = (
    *({"skip": n} for n in (0, 5, -1, "1", None, True)),
    *({"per": per} for per in ("global", "clientIp", ["clientIp", "sender"], [])),
    *({"per": per} for per in (["sender", "sender"], None, 5, ["sender"] * 9)),
    *({"activeFor": t} for t in (1, 0, "5m", "0s", 0.2, None, -1, 1e12, "x", True)),
    *({"window": t} for t in (1000, "24h", 0, None, "", [])),
    *({"probability": p} for p in (0, 0.3, 1, 1.1, -1, "0.5", None, True)),
    *({"scenario": s} for s in ({"name": "x"}, {}, {"name": ""}, {"name": "x\ny"})),
    {"scenario": {"name": "x", "state": "a", "next": "b"}},
    {"scenario": {"name": "x", "more": "a"}},
    *({"id": name} for name in ("a-1", "", "a/b", "..", "x" * 65, 5, None)),
    *({"tag": name} for name in ("a b", "", "\rx", "x" * 101, 5, None)),
)

ANSWERS: tuple[dict[str, Any], ...] = (
    {"code": 450},
    {},
    {"message": None},
    {"message": "own code"},
    {"raw": ""},
    {"raw": "\x00ÿ"},
    {"raw": "€"},
    {"raw": None},
    {"raw": "x", "code": 250},
    {"raw": "x", "message": "y"},
    {"raw": "x", "message": None},
    {"raw": "x", "enhancedCode": "5.1.1"},
    {"raw": "x", "template": True},
    {"raw": "x", "template": False},
    {"enhancedCode": "5.1.1"},
    {"code": 550, "enhancedCode": "5.1.1"},
    {"code": 550, "enhancedCode": "1.1.1"},
    {"code": 550, "enhancedCode": "5.1.1234"},
    {"code": 550, "template": True},
    {"code": 550, "template": True, "message": "x"},
    {"effect": "discard"},
    {"then": "continue"},
    {"then": "reset"},
    {"then": "stop"},
    {"then": "close", "thenDelay": "2s"},
    {"code": 550, "thenDelay": -1},
    *({"delay": t} for t in (0, 5, 1.5, "2s", "0s", -1, True, None, 1e12, [])),
    {"delay": {"type": "fixed", "milliseconds": 5}},
    {"delay": {"type": "fixed"}},
    {"delay": {"type": "uniform", "lower": 5, "upper": 5}},
    {"delay": {"type": "uniform", "lower": 5}},
    {"delay": {"type": "lognormal", "median": 5, "sigma": 0.4}},
    {"delay": {"type": "lognormal", "median": 5, "sigma": 0.4, "maxValue": "9s"}},
    {"delay": {"type": "lognormal", "median": 5, "sigma": 11}},
    {"delay": {"type": "normal", "median": 5}},
    {"drip": {"bytes": 1, "interval": "20ms"}},
    {"drip": {"interval": 1}},
    {"drip": {"interval": 0}},
    {"drip": {"bytes": 0, "interval": 1}},
    {"drip": {"bytes": 1}},
    {"drip": None},
    {"code": 450, "times": 1},
)

IN_TURN: tuple[Any, ...] = (
    [],
    [{"code": 450}],
    [{"code": 450, "times": 2}, {"code": 451, "times": None}],
    [{"code": 450, "times": 0}],
    [{"code": 450, "times": "2"}],
    [{}],
    None,
    {"code": 450},
)

CONDITIONS: tuple[Any, ...] = (
    *({"operator": name, "matchingValue": "x"} for name in OPERATORS),
    *({"operator": name} for name in OPERATORS),
    *({"operator": name, "matchingValue": "5"} for name in ("atLeast", "lessThan")),
    *({"operator": "atLeast", "matchingValue": v} for v in (5, 1.5, 1e300, "1e5", "-")),
    {"operator": "matches", "matchingValue": 5},
    {"operator": "matches", "matchingValue": "a+", "ignoreCase": True},
    {"operator": "inNetwork", "matchingValue": "10.0.0.0/8", "target": "clientIp"},
    {"operator": "atLeast", "matchingValue": "5", "ignoreCase": True},
    {"operator": "equals", "matchingValue": "x", "ignoreCase": None},
    {"operator": "equals", "matchingValue": "x", "target": None},
    {"operator": "exists", "target": "authUser"},
    {"operator": "exists", "target": "authUser", "ignoreCase": True},
    {"operator": "not", "condition": ALL},
    {"operator": "not", "condition": {}},
    {"operator": "not", "condition": ALL, "target": "sender"},
    {"operator": "all", "conditions": [ALL, ALL]},
    {"operator": "any", "conditions": []},
    {"operator": "any", "conditions": ALL},
)

BEHAVIORS = (
    behavior_document(),
    behavior_document("MAIL TO"),
    *(
        behavior_document(code=code)
        for code in (199, 600, "450", "0450", "600", "", None, True)
    ),
    *(
        behavior_document(numberOfAnswer=n)
        for n in (1, 0, "1", "0", "", None, "x", True, [])
    ),
    *(
        behavior_document(message=text)
        for text in ("a\nb", "a\r\nb", "a\rb", 5, None, True)
    ),
    *(behavior_document(effect=effect) for effect in ("none", "some", None, 1)),
    behavior_document("NOOP", 250, effect="discard"),
    behavior_document("MAIL FROM", 250, effect="discard"),
    behavior_document(condition=ALL),
    behavior_document(condition={**ALL, "matchingValue": None}),
    behavior_document(condition={**ALL, "matchingValue": "x"}),
    behavior_document(condition={"operator": "contains"}),
    behavior_document(condition={"operator": "contains", "matchingValue": 5}),
    behavior_document(condition={"operator": "contains", "matchingValue": None}),
    behavior_document(condition={"operator": "contain", "matchingValue": "x"}),
    behavior_document(condition=None),
    behavior_document(more=1),
    {"command": "DATA"},
    {"response": {"code": 450}},
    [],
    *(behavior_document(**fields) for fields in GATES),
    *({"command": "DATA", "response": response} for response in ANSWERS),
    *({"command": "DATA", "responses": responses} for responses in IN_TURN),
    {"command": "DATA", "responses": [ANSWERS[0]], "response": ANSWERS[0]},
    *(
        {**behavior_document("RCPT TO"), "condition": condition}
        for condition in CONDITIONS
    ),
)

PEM = "-----BEGIN CERTIFICATE-----"

HOSTS: tuple[Any, ...] = (
    {},
    *({"name": name} for name in ("mx2", "..", "a/b", "", None, 5)),
    *({"hostname": name} for name in ("mx.test", "a b", "", None)),
    *(
        {"limits": {"messageSize": size}}
        for size in (1, 0, "10MiB", "0", "0KiB", "x", None)
    ),
    *({"limits": {"idleTime": time}} for time in (1, 0, "30s", "0s", "0.5", "x", None)),
    *(
        {"listeners": [{"address": "127.0.0.1", "port": port}]}
        for port in (0, 65535, 65536, "1")
    ),
    {"listeners": None},
    {"capabilities": ["X"]},
    {"capabilities": ["a\nb"]},
    {"capabilities": {"beforeTls": ["X"]}},
    {"capabilities": {"underTls": "X"}},
    {"capabilities": {"more": []}},
    *(
        {"limits": {name: value}}
        for name in ("totalTime", "messages", "badCommands")
        for value in (5, 0, None, True)
    ),
    *({"listeners": [{"protocol": value}]} for value in ("lmtp", "http", None)),
    *({"listeners": [{"tls": value}]} for value in ("none", "implicit", "x", None)),
    *(
        {"tls": {}, "listeners": [{"tls": value}]}
        for value in ("none", "implicit", "x", None)
    ),
    *({"tls": value} for value in (None, {}, [], {"more": 1}, {"mode": None})),
    *({"tls": {"mode": mode}} for mode in ("starttls", "implicit", "none")),
    *({"tls": {"certificate": kind}} for kind in ("valid", "x", None, {})),
    {"tls": {"certificate": {"certificatePem": "-----BEGIN", "keyPem": "x"}}},
    {"tls": {"certificate": {"certificatePem": PEM, "keyPem": PEM}}},
    *(
        {"tls": {"minVersion": least, "maxVersion": most}}
        for least in ("TLSv1", "1.2", "TLSv1.3", None)
        for most in ("TLSv1.1", "TLSv1.2", "1.3", "2", None)
    ),
    *({"tls": {"clientCertificate": use}} for use in ("require", "x", None)),
    *({"auth": value} for value in (None, {}, [], {"more": 1})),
    *({"auth": {"mechanisms": value}} for value in ([], ["PLAIN"], ["NTLM"])),
    {"auth": {"mechanisms": ["PLAIN", "PLAIN"]}},
    {"auth": {"mechanisms": ["PLAIN", "SCRAM-SHA-1"]}},
    *({"auth": {"mechanisms": ["SCRAM-SHA-1"], "users": u}} for u in ("any", {})),
    {"auth": {"mechanisms": ["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"]}},
    *(
        {"auth": {"users": value}}
        for value in ("any", "none", None, {}, {"a": "b"}, {"a": 5}, {"": "b"})
    ),
    {"auth": {"users": {"x" * 256: "b"}}},
    {"auth": {"requireTls": True}},
    {"auth": {"mechanisms": ["SCRAM-SHA-256-PLUS"], "users": {}}},
    {"auth": {"mechanisms": ["SCRAM-SHA-256-PLUS"], "users": {}}, "tls": {}},
    {"auth": {"requireTls": True}, "tls": None},
    {"auth": {"requireTls": True}, "tls": {}},
    {"auth": {"required": 1}},
    {"dns": {"domains": [{"name": "x.test"}]}},
    {"dns": {"domains": [{"name": "x.test"}], "names": ["mx.test"]}},
    {"dns": {"domains": []}},
    {"dns": {"address": "192.0.2.1"}},
    {"dns": {"address": ["192.0.2.1", "2001:db8::1"]}},
    {"dns": {"address": "0.0.0.0"}},
    {"url": 5, "addresses": {}},
    {"more": 1},
)

RECORDS = (
    {"name": "x.test", "type": "A", "address": "192.0.2.1"},
    {"name": "x.test", "type": "A", "address": "192.0.2.1", "ttl": -1},
    {"name": "x.test", "type": "MX", "preference": 10, "exchange": "mx.test"},
    {"name": "x.test", "type": "MX", "preference": 65536, "exchange": "mx.test"},
    {"name": "x.test", "type": "MX", "preference": 10},
    {"name": "x.test", "type": "TXT", "strings": []},
    {"name": "x.test", "type": "TXT", "strings": ["a"]},
    {"name": "x.test", "type": "TYPE65280", "data": r"\# 1 00"},
    {"name": "x.test", "type": "A", "data": r"\# 1 00"},
    {"name": "x.test", "type": "A", "address": "192.0.2.1", "more": 1},
)


FORMATS = FormatChecker(formats=())


@FORMATS.checks("cidr", raises=ValueError)
def is_network(text: object) -> bool:
    return not isinstance(text, str) or bool(ip_network(text))


class AgreementTests(SynchronousTestCase):
    """The schema and the reader of a document take the same"""

    def assert_agree(self, name: str, read: Any, documents: tuple[Any, ...]) -> None:
        schema = {**ref(name), "components": {"schemas": named_schemas()}}
        # Formats are checked as the schema's words can't.
        validator = OAS31Validator(schema, format_checker=FORMATS)
        for document in documents:
            try:
                read(document)
                taken = True
            except DocumentError:
                taken = False
            self.assertEqual(validator.is_valid(document), taken, document)

    def test_behaviors(self) -> None:
        """With all that is lenient for the sake of existing clients."""
        self.assert_agree("NewBehavior", SMTP.parse_one, BEHAVIORS)

    def test_patches(self) -> None:
        """Of one behavior, and of all with a tag."""
        patches: tuple[Any, ...] = (
            {},
            {"enabled": False, "tag": None, "per": [], "responses": []},
            {"condition": {"ignoreCase": True}, "response": {"code": 451}},
            {"command": None},
            {"typo": 1},
            {"response": 5},
            {"skip": -1},
        )
        of_one: tuple[Any, ...] = ({"move": {"to": "front"}}, {"id": "a"})
        read = partial(read_patch, document=SMTP)
        self.assert_agree("BehaviorPatch", read, (*patches, *of_one))
        read = partial(read, single=False)
        self.assert_agree("BehaviorsPatch", read, (*patches, *of_one))

    def test_evaluations(self) -> None:
        """A command with what is known of its connection, or a recorded exchange."""
        evaluations: tuple[Any, ...] = (
            {},
            {"line": "NOOP", "clientIp": "::1", "tls": True},
            {"line": "DATA", "content": "x"},
            {"content": "x", "line": None},
            {"line": "NOOP", "content": "x"},
            {"clientIp": 5},
            {"session": "1", "exchange": 0},
            {"session": "1", "exchange": 0, "line": None},
            {"session": "1", "exchange": 0, "protocol": "smtp"},
            {"session": "1"},
            {"session": None, "exchange": 0, "line": ""},
        )
        self.assert_agree("NewEvaluation", partial(parse, EVALUATION), evaluations)

    def test_hosts(self) -> None:
        """Sizes, times and listeners."""
        self.assert_agree("NewHost", parse_host, HOSTS)

    def test_records(self) -> None:
        """Those with a class, and any other."""
        self.assert_agree("NewRecord", parse_records, RECORDS)


class MadeTests(SynchronousTestCase):
    """What follows from a class"""

    def test_what_is_added_to_the_model_is_described(self) -> None:
        """Commands, operators and types of records are those of the model."""
        schemas = named_schemas()
        commands = schemas["Behavior"]["properties"]["command"]["enum"]
        self.assertEqual(commands, [command.value for command in Command])
        conditions = schemas["Condition"]["anyOf"]
        operators = [one["properties"]["operator"]["const"] for one in conditions]
        self.assertEqual(operators, list(OPERATORS))
        *records, made, _ = schemas["Record"]["anyOf"]
        types = [one["properties"]["type"]["const"] for one in records]
        known = [cls for cls in RDATA.values() if cls is not HostTLSA]
        self.assertEqual(types, [type_name(cls.TYPE) for cls in known])
        self.assertIn("fromHost", made["required"])
