"""What the screens of DNS and of hosts show"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.hosts.documents import parse_host
from mocksmtp.hosts.policies import parse_policies
from mocksmtp.web.dnsview import (
    RecordRow,
    dane_facts,
    mta_sts_facts,
    query_row,
    record_row,
    route_words,
    verdict_of_reply,
)
from mocksmtp.web.hostview import clone_of, editable, limit_rows, new_host
from mocksmtp.zone.records import parse_record
from mocksmtp.zone.text import parse_zone_text
from tests.http.rig import Rig

TXT = "v=STSv1; id=1;"


class RecordTests(SynchronousTestCase):
    """record_row"""

    def test_a_line(self) -> None:
        """Its parts, and the line from which the same record is read."""
        document = {"name": "x.test", "type": "MX", "preference": 5, "exchange": "m.x"}
        record = parse_record(document)
        row = record_row(record)
        self.assertEqual((row.type, row.ttl, row.data), ("MX", 60, "5 m.x."))
        self.assertEqual(parse_zone_text(row.line), (record,))

    def test_keys_are_different(self) -> None:
        """Records of hosts have no id."""
        record = parse_record({"name": "x.test", "type": "A", "address": "127.0.0.1"})
        keys = {record_row(record, owner).key for owner in ("default", "mx2")}
        self.assertEqual(len(keys), 2)


class RouteTests(SynchronousTestCase):
    """route_words"""

    def test_words(self) -> None:
        """Each address, the host there, and what it would reply."""
        rig = Rig()
        records = [
            {"name": "x.test", "type": "MX", "preference": 5, "exchange": "mx.x.test"},
            {"name": "x.test", "type": "MX", "preference": 9, "exchange": "no.x.test"},
            {"name": "mx.x.test", "type": "A", "address": "192.0.2.1"},
        ]
        rig.ask("PUT", "/dnsRecords", records)
        words = route_words(rig.get("/route?to=bob@x.test"))
        self.assertEqual(
            words,
            [
                "1. mx.x.test (preference 5): 192.0.2.1, no host listens there",
                "2. no.x.test (preference 9): no address",
            ],
        )

    def test_replies(self) -> None:
        """Each is shown with the behavior that would send it."""
        reply = {"code": 450, "text": "Busy"}
        told = {"reply": reply, "behavior": "busy"}
        place = {
            "address": "127.0.0.1",
            "host": "mx",
            "listener": "127.0.0.1:25",
            "mail": told,
            "rcpt": None,
        }
        exchange = {"exchange": "x.test", "preference": None, "addresses": [place]}
        (words,) = route_words({"exchanges": [exchange]})
        self.assertIn("MAIL: 450 Busy by behavior busy", words)
        self.assertEqual(verdict_of_reply(reply), "deferred")
        self.assertEqual(verdict_of_reply(None), "none")


class MtaStsTests(SynchronousTestCase):
    """mta_sts_facts"""

    def facts(
        self,
        texts: list[str],
        endpoint: str | None = "127.0.0.1:443",
        **policy: Any,
    ) -> list[tuple[str, str]]:
        """The state and text of each fact; without a mode there is no policy."""
        found = parse_policies({"domain": "x.test", **policy}) if policy else (None,)
        exchanges = ["mx.x.test."]
        facts = mta_sts_facts("x.test", texts, found[0], exchanges, endpoint)
        return [(fact.state, fact.text) for fact in facts]

    def test_none(self) -> None:
        """A domain without MTA-STS."""
        ((state, text),) = self.facts([])
        self.assertEqual(state, "none")
        self.assertIn("no MTA-STS", text)

    def test_a_valid_policy(self) -> None:
        """It is announced, served and matches."""
        facts = self.facts([TXT], mode="enforce", mx=["*.x.test"])
        self.assertEqual({state for state, _ in facts}, {"accepted", "none"})

    def test_what_senders_refuse_or_ignore(self) -> None:
        """Each fault is named."""
        for facts, state, part in (
            (self.facts([TXT]), "deferred", "no policy is set"),
            (self.facts([], mode="enforce"), "deferred", "found 0"),
            (self.facts([TXT, TXT], mode="enforce"), "deferred", "found 2"),
            (self.facts([TXT], None, mode="enforce"), "deferred", "--https is off"),
            (self.facts([TXT], mode="enforce", mx=["y.test"]), "rejected", "no mx"),
            (self.facts([TXT], mode="testing", mx=["y.test"]), "deferred", "no mx"),
            (self.facts([TXT], mode="enforce", status=404), "deferred", "status 404"),
            (self.facts([TXT], mode="enforce", certificate="expired"), "deferred", ""),
        ):
            found = [text for each, text in facts if each == state and part in text]
            self.assertTrue(found, (part, facts))


class DaneTests(SynchronousTestCase):
    """dane_facts"""

    ROW = RecordRow("1", None, "_25._tcp.mx.", "TLSA", 60, "3 1 1 ab", "", "")

    def states(self, rows: list[RecordRow], signed: bool) -> list[str]:
        """The states of the facts of one exchange."""
        return [fact.state for fact in dane_facts([("mx.", rows, signed)])]

    def test_facts(self) -> None:
        """Records count only if they are signed."""
        self.assertEqual(self.states([], False), ["none"])
        self.assertEqual(self.states([self.ROW], True), ["accepted"])
        self.assertEqual(self.states([self.ROW], False), ["none", "deferred"])


class QueryTests(SynchronousTestCase):
    """query_row"""

    def test_answers(self) -> None:
        """The first records, and how many more there are."""
        record = {"name": "x", "type": "MX", "preference": 5, "exchange": "mx"}
        answer = {"records": [record] * 4, "answers": 4, "truncated": True}
        words = query_row({"answer": answer})["words"]
        self.assertEqual(words, "MX 5 mx; MX 5 mx; MX 5 mx and 1 more (truncated)")
        self.assertEqual(query_row({"answer": None})["words"], "no answer")


class HostTests(SynchronousTestCase):
    """limit_rows, editable, clone_of, new_host"""

    def setUp(self) -> None:
        """The document of the default host."""
        rig = Rig()
        self.document = rig.get("/hosts/default")

    def test_limits(self) -> None:
        """In words; those that are no defaults are marked."""
        limits = {**self.document["limits"], "recipients": 5, "idleTime": 60_000}
        rows = {name: (value, changed) for name, value, changed in limit_rows(limits)}
        self.assertEqual(rows["recipients"], ("5", True))
        self.assertEqual(rows["idleTime"], ("1 min", True))
        self.assertEqual(rows["messages"], ("no limit", False))
        self.assertEqual(rows["connections"], ("1,000", False))

    def test_drafts_are_accepted(self) -> None:
        """The API creates a host from each."""
        for draft in (
            editable(self.document),
            clone_of(self.document, "mx2"),
            new_host("mx2"),
        ):
            self.assertEqual(parse_host(draft).name, draft["name"])

    def test_a_clone_has_no_unknown_passwords(self) -> None:
        """The API shows none, and a new host needs one for each user."""
        auth = {"mechanisms": ["PLAIN"], "users": {"bob": None}}
        draft = clone_of({**self.document, "auth": auth}, "mx2")
        self.assertEqual(draft["auth"]["users"], {"bob": "secret"})
        parse_host(draft)
