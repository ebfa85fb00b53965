"""Documents of DNS behaviors"""

from __future__ import annotations

import copy
from typing import Any

import dns.message
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openapi_schema_validator import OAS31Validator
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.delay import Fixed
from mocksmtp.behaviors.dns import DNS, DnsResponse, DnsRules, DnsThen, Wrong
from mocksmtp.behaviors.listing import counted_document, rule_document
from mocksmtp.dns.server import DNSFactory
from mocksmtp.documents.problems import DocumentError
from mocksmtp.documents.schema import ref
from mocksmtp.http.openapi import named_schemas
from mocksmtp.zone.queries import QUERY, QueryLog
from mocksmtp.zone.rdata import A
from mocksmtp.zone.records import Record
from mocksmtp.zone.zone import Zone
from tests.behaviors.dns_strategies import TYPES, documents
from tests.zone.strategies import names, records

FAILS = {
    "query": "MX",
    "condition": {"operator": "endsWith", "matchingValue": ".test"},
    "response": {"rcode": "SERVFAIL"},
    "numberOfAnswer": 2,
}
"""One of base fields only, as it is listed."""

ADDRESS = {"name": "*", "type": "A", "ttl": 60, "address": "192.0.2.1"}

REFUSED: tuple[tuple[Any, str], ...] = (
    ("text", "$"),
    ([5], "$[0]"),
    ([FAILS, {"response": {"rcode": "REFUSED"}}], "$[1].query"),
    ([{**FAILS, "query": "mx"}], "$[0].query"),
    ([{**FAILS, "query": []}], "$[0].query"),
    ([{**FAILS, "query": ["MX", 5]}], "$[0].query[1]"),
    ([{**FAILS, "query": ["MX", "MX"]}], "$[0].query"),
    ([{**FAILS, "query": ["MX", "ANY"]}], "$[0].query[1]"),
    ([{**FAILS, "query": "SECURE"}], "$[0].query"),
    ([{**FAILS, "query": ["A", "TYPE65354"]}], "$[0].query[1]"),
    ([{**FAILS, "command": "NOOP"}], "$[0].command"),
    ([{**FAILS, "per": "connection"}], "$[0].per"),
    ([{**FAILS, "per": ["name", "helo"]}], "$[0].per[1]"),
    ([{**FAILS, "numberOfAnswer": 0}], "$[0].numberOfAnswer"),
    ([{**FAILS, "id": "a"}, {**FAILS, "id": "a"}], "$[1].id"),
    ({"query": "MX"}, "$.response"),
    ({**FAILS, "responses": [{"rcode": "REFUSED"}]}, "$.responses"),
    ({**FAILS, "response": {}}, "$.response.rcode"),
    ({**FAILS, "response": {"rcode": None}}, "$.response.rcode"),
    ({**FAILS, "response": {"then": "continue"}}, "$.response.rcode"),
    ({**FAILS, "response": {"rcode": "BADVERS"}}, "$.response.rcode"),
    ({**FAILS, "response": {"rcode": 2}}, "$.response.rcode"),
    ({**FAILS, "response": {"code": 450}}, "$.response.code"),
    ({**FAILS, "response": {"rcode": "REFUSED", "times": 1}}, "$.response.times"),
    ({**FAILS, "response": {"then": "reset"}}, "$.response.then"),
    ({**FAILS, "response": {"then": "drop", "ad": True}}, "$.response.ad"),
    ({**FAILS, "response": {"then": "close", "raw": ""}}, "$.response.raw"),
    ({**FAILS, "response": {"raw": "abc"}}, "$.response.raw"),
    ({**FAILS, "response": {"raw": "ff" * 65534}}, "$.response.raw"),
    ({**FAILS, "response": {"raw": "ff", "rcode": "REFUSED"}}, "$.response.rcode"),
    ({**FAILS, "response": {"raw": "ff", "then": "truncate"}}, "$.response.then"),
    ({**FAILS, "response": {"raw": "ff", "wrong": "size"}}, "$.response.wrong"),
    ({**FAILS, "response": {"wrong": "name"}}, "$.response.wrong"),
    ({**FAILS, "response": {"records": {}}}, "$.response.records"),
    (
        {**FAILS, "response": {"records": [ADDRESS, {**ADDRESS, "address": "x"}]}},
        "$.response.records[1].address",
    ),
    (
        {**FAILS, "response": {"records": [{"name": "a", "type": "SECURE"}]}},
        "$.response.records[0].type",
    ),
    (
        {
            **FAILS,
            "response": {
                "records": [{"name": "a", "type": "TLSA", "fromHost": "default"}]
            },
        },
        "$.response.records[0].fromHost",
    ),
    (
        {"query": "MX", "responses": [{"rcode": "REFUSED"}, {"rcode": "x"}]},
        "$.responses[1].rcode",
    ),
    (
        {"query": "MX", "responses": [{"delay": 1}, {"records": [{"name": "a"}]}]},
        "$.responses[1].records[0].type",
    ),
    (
        {**FAILS, "condition": {"operator": "exists", "target": "sender"}},
        "$.condition.target",
    ),
    (
        {
            **FAILS,
            "condition": {
                "operator": "not",
                "condition": {"operator": "exists", "target": "helo"},
            },
        },
        "$.condition.condition.target",
    ),
)
"""Documents that are no behaviors, and where that shows."""


class DocumentTests(SynchronousTestCase):
    """What documents say"""

    def test_they_come_back_as_they_were(self) -> None:
        """Base fields, a list of types, and all that a response may have."""
        answer = {"rcode": "NOERROR", "records": [ADDRESS], "ad": False}
        for document in (
            FAILS,
            {**FAILS, "query": "ANY"},
            {**FAILS, "query": "TYPE255"},
            {**FAILS, "query": ["A", "AAAA"], "per": ["clientIp", "name"]},
            {**FAILS, "response": {**answer, "delay": 500, "then": "truncate"}},
            {**FAILS, "response": {"raw": "00ff", "wrong": "id"}},
            {**FAILS, "response": {"records": []}},
            {**FAILS, "response": {"delay": 0}},
            {**FAILS, "response": {"then": "drop"}, "id": "x", "tag": "y"},
        ):
            behavior = DNS.parse_one(document)
            self.assertEqual(DNS.write(behavior), document)

    def test_responses(self) -> None:
        """A document's fields are those of the response."""
        for document, response in (
            ({"rcode": "SERVFAIL"}, DnsResponse(2)),
            (
                {"records": [ADDRESS], "ad": True},
                DnsResponse(None, (Record("*", A("192.0.2.1")),), True),
            ),
            (
                {"then": "close", "delay": "2s"},
                DnsResponse(then=DnsThen.CLOSE, delay=Fixed(2)),
            ),
            ({"raw": "00FF"}, DnsResponse(raw=b"\0\xff")),
            ({"wrong": "question"}, DnsResponse(wrong=Wrong.QUESTION)),
            ({"rcode": None, "ad": None, "delay": 5}, DnsResponse(delay=Fixed(0.005))),
        ):
            behavior = DNS.parse_one({"query": "ANY", "response": document})
            self.assertEqual((behavior.types, behavior.response), ((), response))

    def test_what_is_refused(self) -> None:
        """The place is told."""
        for document, path in REFUSED:
            with self.assertRaises(DocumentError, msg=str(document)[:200]) as raised:
                DNS.parse_all(document)
            paths = [problem.path for problem in raised.exception.problems]
            self.assertEqual(paths, [path], str(document)[:200])


KNOWN = named_schemas()


class PropertyTests(SynchronousTestCase):
    """Documents made at random"""

    @settings(deadline=None, suppress_health_check=list(HealthCheck))
    @given(documents)
    def test_what_is_told_is_read_again(self, document: dict[str, Any]) -> None:
        """A document describes its behavior, and no other; nothing of it is changed."""
        given = copy.deepcopy(document)
        behavior = DNS.parse_one(document)
        self.assertEqual(document, given)
        listed = DNS.write(behavior)
        self.assertEqual(DNS.parse_one(listed), behavior)
        self.assertEqual(DNS.write(DNS.parse_one(listed)), listed)

    @settings(deadline=None, suppress_health_check=list(HealthCheck), max_examples=30)
    @given(documents)
    def test_documents_fit_their_schemas(self, document: dict[str, Any]) -> None:
        """Both what is taken and what is told."""
        behaviors = DnsRules()
        (rule,) = behaviors.extend([DNS.parse_one(document)])
        for name, told in (
            ("NewDnsBehavior", document),
            ("DnsBehavior", DNS.write(rule.behavior)),
            ("DnsRule", rule_document(rule, DNS.write, 0.0)),
            ("DnsCountedRule", counted_document(rule, DNS.write, 0.0)),
        ):
            schema = {**ref(name), "components": {"schemas": KNOWN}}
            OAS31Validator(schema).validate(told)

    @settings(deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(documents, max_size=5),
        records,
        st.lists(
            st.tuples(
                names | st.just(None),
                st.sampled_from(TYPES),
                st.booleans(),
                st.booleans(),
                st.binary(max_size=20),
            ),
            max_size=6,
        ),
    )
    def test_nothing_raises_while_queries_flow(
        self, given: list[dict[str, Any]], zone: Any, asked: list[Any]
    ) -> None:
        """Whatever is asked, over either transport, with and without EDNS."""
        clock, log, behaviors = Clock(), QueryLog(), DnsRules()
        behaviors.replace_all(map(DNS.parse_one, given))
        served = Zone(zone)
        factory = DNSFactory(lambda: served, clock, log=log, behaviors=behaviors)
        sent: list[bytes] = []
        for name, type_, edns, tcp, octets in asked:
            wanted = "ex.test" if name is None else str(name)
            query = dns.message.make_query(
                dns.name.from_text(wanted), type_, use_edns=0 if edns else None
            )
            message = query.to_wire() if name is not None else octets
            proto: Any = _Wire("tcp" if tcp else "udp", sent)
            factory.messageReceived(message, proto, ("192.0.2.1", 53))
            clock.advance(40 * 24 * 3600)
        self.assertEqual(len(factory.waiting), 0)
        self.assertTrue(all(len(message) <= 65535 for message in sent))
        for query in log.queries():
            QUERY.write(query)
        for rule in behaviors:
            told = counted_document(rule, DNS.write, 0.0)
            self.assertEqual(told["fired"], rule.fired)


class _Wire:
    """Takes the place of a connection, or of all datagrams."""

    def __init__(self, name: str, sent: list[bytes]) -> None:
        self.name = name
        self._sent = sent

    def send(self, message: bytes, address: Any) -> None:
        self._sent.append(message)

    def later(self, waiting: Any) -> None:
        pass

    def sent(self, waiting: Any, closes: bool) -> None:
        pass
