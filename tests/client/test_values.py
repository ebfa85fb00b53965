"""`mocksmtp.client.values` and `mocksmtp.client.requests`"""

from __future__ import annotations

import inspect
from datetime import UTC, datetime, timedelta
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.client import requests, values
from mocksmtp.client.values import Delivery, Document, Entries, Host, Mail, Session
from tests.http.rig import Rig

SCHEMAS = {
    "Mail": "Mail",
    "Recipient": "Recipient",
    "Attachment": "Attachment",
    "BouncedRecipient": "Bounce",
    "MimeStructure": "Structure",
    "MimePart": "Part",
    "Behavior": "Behavior",
    "DnsBehavior": "DnsBehavior",
    "Reply": "Reply",
    "Hint": "Hint",
    "Considered": "Considered",
    "Evaluation": "Evaluated",
    "Exchange": "Exchange",
    "SessionTls": "SessionTls",
    "SessionRecipient": "SessionRecipient",
    "Transaction": "Transaction",
    "Session": "Session",
    "NearMiss": "NearMiss",
    "Attempt": "SmtpAttempt",
    "Delivery": "Delivery",
    "HostLimits": "HostLimits",
    "HostDns": "HostDns",
    "CertificateFacts": "HostCertificate",
    "Host": "Host",
    "Policy": "MtaSts",
    "Record": "Record",
    "DnsReply": "DnsReply",
    "Query": "DnsQuery",
    "Resolution": "DnsResolution",
    "DnsEvaluation": "DnsEvaluated",
    "RoutePlace": "RoutePlace",
    "RouteExchange": "RouteExchange",
    "RouteWarning": "RouteWarning",
    "Route": "MailRoute",
    "Status": "Status",
    "Health": "Health",
}
"""Classes, and the schema that each is for."""


class DocumentTests(SynchronousTestCase):
    """`Document`"""

    def test_each_field_of_the_api_has_an_attribute(self) -> None:
        """By the schemas of /openapi.json."""
        schemas = Rig().get("/openapi.json")["components"]["schemas"]
        for name, schema in SCHEMAS.items():
            cls: type[Document] = getattr(values, name)
            told = set(schemas[schema]["properties"])
            self.assertEqual(told - set(values.names_of(cls)), set(), name)
            self.assertTrue(inspect.getdoc(cls))

    def test_unknown_fields_are_kept(self) -> None:
        """A newer service is no error, and its fields can be read."""
        delivery = Delivery.read({"id": "1", "final": "accepted", "newField": [1]})
        self.assertEqual(delivery.final, "accepted")
        self.assertEqual(delivery["newField"], [1])
        self.assertEqual(delivery.unknown, {"newField": [1]})
        self.assertIn("newField", delivery)
        self.assertIsNone(delivery.get("another"))

    def test_missing_fields_have_defaults(self) -> None:
        """Neither is an older service."""
        self.assertEqual(Session.read({}).transcript, [])
        self.assertIsNone(Mail.read({"envelope": None}).envelope)

    def test_what_is_no_document_is_refused(self) -> None:
        """The error is an exception of the client, see test_errors."""
        self.assertRaises(TypeError, Mail.read, [])
        self.assertRaises(TypeError, Mail.read, {"recipients": ["a"]})

    def test_times_and_nested_documents(self) -> None:
        """A time is a `datetime`; an attempt is one of its rounds."""
        attempt = {"startedAt": "2026-11-28T20:51:32.066Z", "host": "mx1"}
        attempt["reply"] = {"code": 450, "text": "4.2.1 Busy"}  # type: ignore[assignment]
        delivery = Delivery.read({"rounds": [[attempt], [attempt]]})
        first, _ = delivery.attempts
        moment = datetime(2026, 11, 28, 20, 51, 32, 66000, UTC)
        self.assertEqual(first.started_at, moment)
        self.assertEqual(str(first.reply), "450 4.2.1 Busy")
        self.assertEqual(str(first), "mx1 : 450 4.2.1 Busy")

    def test_the_address_of_a_host(self) -> None:
        """IPv4 and IPv6; an error if there is none."""
        self.assertEqual(Host.read({"addresses": ["[::1]:25"]}).smtp, ("::1", 25))
        self.assertRaises(LookupError, lambda: Host.read({"name": "a"}).smtp)


class RequestTests(SynchronousTestCase):
    """`Request`"""

    def test_durations(self) -> None:
        """Texts with a unit, milliseconds, and timedelta."""
        for duration, expected in (
            ("2s", 2),
            ("250ms", 0.25),
            ("1.5m", 90),
            (1500, 1.5),
            (timedelta(minutes=1), 60),
        ):
            self.assertEqual(requests.seconds(duration), expected)
        self.assertRaises(ValueError, requests.seconds, "soon")

    def test_parameters(self) -> None:
        """In camelCase; None is left out; values as the API has them."""
        query = requests.parameters(
            {
                "sender": "<>",
                "client_ip": "127.0.0.1",
                "kept": True,
                "wait": timedelta(seconds=2),
                "since": datetime(2026, 1, 1, tzinfo=UTC),
                "limit": None,
            }
        )
        since = datetime.fromisoformat(query.pop("since"))
        self.assertEqual(since, datetime(2026, 1, 1, tzinfo=UTC))
        self.assertEqual(
            query,
            {"from": "<>", "clientIp": "127.0.0.1", "kept": "true", "wait": "2000ms"},
        )

    def test_the_wait_is_known(self) -> None:
        """So that a client waits longer than the service."""
        request: requests.Request[Any] = requests.Request(
            "GET", "/smtpMails", requests.as_json, {"wait": "10s"}
        )
        self.assertEqual((request.wait, request.target), (10, "/smtpMails?wait=10s"))

    def test_what_follows_a_list(self) -> None:
        """The path of the next page, and the total."""
        headers = {"link": '</smtpMails?after=2>; rel="next"', "x-total-count": "3"}
        read = requests.many(Mail)
        entries = read(requests.Answer(200, headers, b'[{"id":"1"}]'))
        self.assertIsInstance(entries, Entries)
        self.assertEqual(entries[0].id, "1")
        self.assertEqual((entries.total, entries.next), (3, "/smtpMails?after=2"))
