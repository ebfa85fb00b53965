"""``/smtpAttempts`` and ``/deliveries``"""

from __future__ import annotations

import gc
import itertools
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.hosts.host import Description, MailHost
from mocksmtp.hosts.listeners import MailProtocol
from mocksmtp.mail.refused import RefusedContents
from mocksmtp.smtp.factory import MockSMTPFactory
from tests.http.rig import Rig, ids
from tests.session_client import Client
from tests.sessions.network import Connection, with_id
from tests.smtp.mocked import on, when

BOB = "bob@x.test"


class DeliveryCase(SynchronousTestCase):
    """A mock with two hosts that share their bounds."""

    def setUp(self) -> None:
        self.rig = Rig()
        self.rig.clock.advance(1_000_000)
        self.numbers = itertools.count(1)
        self.other = self.rig.mock.new_host(Description("mx2", "mx2.test"))
        self.rig.mock.add(self.other)

    def behave(self, *documents: Any) -> None:
        self.rig.host.behaviors.replace_all(SMTP.parse_all(list(documents)))

    def connect(self, host: MailHost | None = None) -> Client:
        return Client(host or self.rig.host, self.numbers, self.rig.clock)

    def send(
        self, *to: str, host: MailHost | None = None, message_id: str | None = None
    ) -> None:
        """Send a mail on a connection of its own."""
        client = self.connect(host)
        content = "hello" if message_id is None else with_id(message_id)
        client.deliver(*to, content=content.replace("\n", "\r\n"))
        client.quit()

    def found(self, query: str = "", path: str = "/smtpAttempts") -> list[str]:
        return ids(self.rig.get(path + query))


class AttemptTests(DeliveryCase):
    """GET /smtpAttempts"""

    def test_there_was_none(self) -> None:
        """Empty arrays, and 404 for any id."""
        self.assertEqual(self.rig.get("/smtpAttempts"), [])
        self.assertEqual(self.rig.get("/deliveries"), [])
        for unknown in "1", "0", "x", "%00", "9" * 99, "latest":
            for path in "/smtpAttempts", "/deliveries":
                answer = self.rig.ask("GET", f"{path}/{unknown}")
                self.assertEqual(answer.status, 404, unknown)

    def test_an_attempt(self) -> None:
        """The whole document."""
        self.behave(on("RCPT TO", 450, message="4.2.1 Busy", id="busy"))
        client = self.connect()
        client.say("EHLO h.test", "MAIL FROM:<> ENVID=e1")
        self.rig.clock.advance(0.5)
        client.say("RCPT TO:<Bob@X.test>", "QUIT")
        client.leave()
        (attempt,) = self.rig.get("/smtpAttempts")
        self.assertEqual(
            attempt,
            {
                "id": "1",
                "startedAt": "1970-01-12T13:46:40.000Z",
                "decidedAt": "1970-01-12T13:46:40.500Z",
                "host": "default",
                "listener": client.session.listener,
                "session": "1",
                "clientIp": client.session.client_ip,
                "helo": "h.test",
                "tls": False,
                "stage": "RCPT TO",
                "sender": "<>",
                "recipient": "Bob@X.test",
                "reply": {"code": 450, "text": "4.2.1 Busy"},
                "verdict": "deferred",
                "kept": False,
                "behavior": "busy",
                "mailId": None,
                "messageId": None,
                "envid": "e1",
                "subject": None,
                "size": None,
            },
        )
        self.assertEqual(self.rig.get("/smtpAttempts/1"), attempt)
        self.assertEqual(self.rig.get("/smtpAttempts/latest"), attempt)

    def test_the_root_has_all_hosts(self) -> None:
        """A host has its own, and is 404 for those of others."""
        self.send(BOB)
        self.send(BOB, host=self.other)
        self.assertEqual(self.found(), ["1", "2"])
        path = "/hosts/mx2/smtpAttempts"
        self.assertEqual(self.found(path=path), ["2"])
        self.assertEqual(self.rig.get(f"{path}/2")["host"], "mx2")
        self.assertEqual(self.rig.ask("GET", f"{path}/1").status, 404)

    def test_probes(self) -> None:
        """They are listed on request."""
        client = self.connect()
        client.say("EHLO monitor")
        client.quit()
        self.send(BOB)
        self.assertEqual(self.found(), ["2"])
        probe, attempt = self.rig.get("/smtpAttempts?probes=true")
        self.assertIs(probe["probe"], True)
        self.assertNotIn("probe", attempt)

    def test_filters(self) -> None:
        """Each of them."""
        self.behave(on("RCPT TO", 450, condition=when("recipient", "carl@")))
        self.send(BOB, "carl@x.test", message_id="m1@h.test")
        self.rig.clock.advance(60)
        self.send("eve@y.test", host=self.other)
        for query, expected in (
            ("to=bob@X.test", ["1"]),
            ("from=me@a.test", ["1", "2", "3"]),
            ("from=other@a.test", []),
            ("messageId=<m1@h.test>", ["1", "2"]),
            ("host=mx2", ["3"]),
            ("verdict=deferred", ["2"]),
            ("stage=DATA", ["1", "3"]),
            ("code=450", ["2"]),
            ("code=4xx", ["2"]),
            ("code=2xx", ["1", "3"]),
            ("kept=false", ["2"]),
            ("since=1970-01-12T13:47:00Z", ["3"]),
            ("session=2", ["3"]),
            ("verdict=accepted&host=default", ["1"]),
        ):
            self.assertEqual(self.found("?" + query), expected, query)

    def test_wrong_parameters_are_named(self) -> None:
        """With what they may be."""
        for query in (
            "code=9",
            "stage=EHLOO",
            "verdict=refused",
            "since=now",
            "kept=yes",
        ):
            for path in "/smtpAttempts", "/deliveries":
                answer = self.rig.ask("GET", f"{path}?{query}")
                self.assertEqual(answer.status, 400)
                self.assertEqual(answer.paths, ["?" + query.partition("=")[0]])

    def test_pages(self) -> None:
        """After an id nothing is missed; an evicted one is 410."""
        for _ in range(3):
            self.send(BOB)
        self.assertEqual(self.found("?after=2"), ["3"])
        self.assertEqual(self.found("?order=desc&limit=2"), ["3", "2"])
        self.send(BOB)
        self.assertEqual(self.found("?after=3"), ["4"])
        self.rig.host.journal.drop(self.rig.host.journal.sessions()[0])
        answer = self.rig.ask("GET", "/smtpAttempts?after=1")
        self.assertEqual(answer.status, 410)
        self.rig.ask("DELETE", "/smtpSessions")
        self.assertEqual(self.found("?after=3"), [])

    def test_waiting(self) -> None:
        """It is answered in the turn after the attempt was decided."""
        pending = self.rig.begin("GET", f"/smtpAttempts?to={BOB}&count=2&wait=1m")
        self.send("carl@x.test")
        self.send(BOB)
        self.assertIsNone(pending.answer)
        self.send(BOB)
        self.rig.clock.advance(0.01)
        answer = pending.answer
        assert answer is not None
        self.assertEqual(ids(answer.json()), ["2", "3"])
        self.assertEqual(self.rig.host.journal.quota.next_change_listeners, [])
        self.assertEqual(self.rig.clock.getDelayedCalls(), [])

    def test_waiting_for_what_time_decides(self) -> None:
        """A refused MAIL that no RCPT follows; a reply that is delayed."""
        self.behave(on("MAIL FROM", 451), on("NOOP", delay="5s"))
        pending = self.rig.begin("GET", "/smtpAttempts?wait=1m")
        client = self.connect()
        client.say("EHLO h.test", "MAIL FROM:<a@h.test>")
        self.assertIsNone(pending.answer)
        self.rig.clock.advance(0.6)
        answer = pending.answer
        assert answer is not None
        self.assertEqual(answer.json()[0]["stage"], "MAIL FROM")

    def test_waiting_for_a_delayed_reply(self) -> None:
        """It is not decided before that has left."""
        self.behave(on("DATA", 451, delay="5s"))
        pending = self.rig.begin("GET", "/smtpAttempts?wait=1m")
        client = self.connect()
        client.deliver(BOB)
        self.assertIsNone(pending.answer)
        self.rig.clock.advance(5)
        answer = pending.answer
        assert answer is not None
        self.assertEqual(answer.json()[0]["verdict"], "deferred")


class RefusedContentTests(DeliveryCase):
    """GET /smtpAttempts/{id}/raw"""

    def setUp(self) -> None:
        super().setUp()
        quota = self.rig.mailbox.quota
        quota.refused = self.refused = RefusedContents(quota)

    def test_a_refused_content(self) -> None:
        """The exact bytes, which a browser does not display."""
        self.behave(on("DATA", 554))
        self.send(BOB, message_id="m1@h.test")
        answer = self.rig.ask("GET", "/smtpAttempts/1/raw")
        self.assertEqual(answer.status, 200)
        expected = b"Message-ID: <m1@h.test>\r\nSubject: hi\r\n\r\ntext\r\n"
        self.assertEqual(answer.body, expected)
        self.assertEqual(answer.kind, "message/rfc822")
        disposition = answer.header("Content-Disposition") or ""
        self.assertTrue(disposition.startswith("attachment"), disposition)
        self.assertEqual(self.rig.get("/smtpMails"), [])

    def test_it_goes_with_its_session(self) -> None:
        """Clearing the journal clears it, and frees its memory."""
        self.behave(on("DATA", 554))
        self.send(BOB)
        self.rig.get("/smtpAttempts")
        self.assertEqual(len(self.refused), 1)
        self.rig.ask("DELETE", "/smtpSessions")
        gc.collect()  # the connection and its transport refer to each other
        self.assertEqual((len(self.refused), self.rig.mailbox.quota.used), (0, 0))

    def test_an_accepted_content(self) -> None:
        """It is that of the mail."""
        self.send(BOB)
        self.assertEqual(self.rig.ask("GET", "/smtpAttempts/1/raw").body, b"hello\r\n")

    def test_lmtp_recipients_that_were_all_refused(self) -> None:
        """Each has the content."""
        self.behave(on("DATA", 452))
        factory = MockSMTPFactory(self.rig.host, self.rig.clock, self.numbers)
        factory.spoken = MailProtocol.LMTP
        client = Connection(factory)
        client.say("LHLO h.test", "MAIL FROM:<a@h.test>")
        client.say("RCPT TO:<a@x.test>", "RCPT TO:<b@x.test>", "DATA", "hello", ".")
        for number in 1, 2:
            answer = self.rig.ask("GET", f"/smtpAttempts/{number}/raw")
            self.assertEqual(answer.body, b"hello\r\n")

    def test_none_is_kept(self) -> None:
        """404, where it is not asked for, was discarded or never came."""
        self.behave(on("DATA", 250, effect="discard"))
        self.send(BOB)
        self.behave(on("RCPT TO", 550))
        self.send(BOB)
        self.rig.mailbox.quota.refused = None
        self.behave(on("DATA", 554))
        self.send(BOB)
        for number in 1, 2, 3, 4:
            answer = self.rig.ask("GET", f"/smtpAttempts/{number}/raw")
            self.assertEqual(answer.status, 404)


class DeliveriesTests(DeliveryCase):
    """GET /deliveries"""

    def test_a_delivery(self) -> None:
        """Its attempts are in rounds."""
        self.behave(on("RCPT TO", 450, numberOfAnswer=1))
        for _ in range(2):
            self.send(BOB, message_id="m1@h.test")
            self.rig.clock.advance(2)
        (delivery,) = self.rig.get("/deliveries")
        rounds = delivery.pop("rounds")
        self.assertEqual([ids(attempts) for attempts in rounds], [["1"], ["2"]])
        self.assertEqual(
            delivery,
            {
                "id": "1",
                "recipient": BOB,
                "sender": "me@a.test",
                "messageId": "m1@h.test",
                "subject": "hi",
                "final": "accepted",
                "verdicts": ["deferred", "accepted"],
                "hosts": ["default", "default"],
                "copies": 1,
                "backoffs": [2000],
                "matchedBy": "messageId",
            },
        )
        for path in "/deliveries/1", "/deliveries/latest":
            self.assertEqual(self.rig.get(path), {**delivery, "rounds": rounds})

    def test_filters(self) -> None:
        """Each of them."""
        self.behave(on("RCPT TO", 450, condition=when("recipient", "carl@")))
        self.send(BOB, "carl@x.test", message_id="m1@h.test")
        self.send("carl@x.test", host=self.other, message_id="m1@h.test")
        self.rig.clock.advance(60)
        self.send("eve@y.test", host=self.other)
        for query, expected in (
            ("to=bob@X.test", ["1"]),
            ("from=me@a.test", ["1", "2", "3"]),
            ("messageId=m1@h.test", ["1", "2"]),
            ("host=mx2", ["2", "3"]),
            ("final=accepted", ["1", "2", "3"]),
            ("verdict=deferred", ["2"]),
            ("code=4xx", ["2"]),
            ("code=550", []),
            ("kept=true", ["1", "2", "3"]),
            ("copies=1", ["1", "2", "3"]),
            ("copies=0", []),
            ("since=1970-01-12T13:47:00Z", ["3"]),
        ):
            found = self.found("?" + query, "/deliveries")
            self.assertEqual(found, expected, query)

    def test_the_nearest_delivery(self) -> None:
        """With `explain=true`: what the nearest deliveries lack, if too few match."""
        self.behave(on("RCPT TO", 450, condition=when("recipient", "carl@")))
        self.send("carl@x.test", message_id="m1@h.test")
        self.send(BOB, host=self.other, message_id="m1@h.test")
        query = f"/deliveries?explain=true&to={BOB}"
        found = self.rig.get(f"{query}&code=4xx&since=1970-01-12T00:00:00Z")
        self.assertEqual(found["deliveries"], [])
        first, second = found["nearest"]
        failed = {"filter": "code", "wanted": "4xx", "found": ["250"]}
        matched = ["to", "since"]
        self.assertEqual(
            first, {"delivery": "2", "matched": matched, "failed": [failed]}
        )
        failed = {"filter": "to", "wanted": BOB, "found": ["carl@x.test"]}
        matched = ["code", "since"]
        self.assertEqual(
            second, {"delivery": "1", "matched": matched, "failed": [failed]}
        )
        found = self.rig.get(f"{query}&limit=1")
        self.assertEqual(ids(found["deliveries"]), ["2"])
        self.assertEqual(found["nearest"], [])

    def test_each_difference(self) -> None:
        """Each filter that excludes a delivery is a difference."""
        self.send(BOB, message_id="m1@h.test")
        for query, wanted, found in (
            ("from=eve@a.test", "eve@a.test", ["me@a.test"]),
            ("from=<>", "<>", ["me@a.test"]),
            ("messageId=other", "other", ["m1@h.test"]),
            ("host=mx2", "mx2", ["default"]),
            ("final=none", "none", ["accepted"]),
            ("verdict=deferred", "deferred", ["accepted"]),
            ("code=550", "550", ["250"]),
            ("kept=false", "false", ["true"]),
            ("copies=2", "2", ["1"]),
            ("clientIp=::1", "::1", ["192.168.1.1"]),
            ("since=2030-01-01T00:00:00Z", "2030-01-01T00:00:00.000Z", None),
        ):
            near = self.rig.get(f"/deliveries?explain=true&{query}")["nearest"]
            (failed,) = near[0]["failed"]
            self.assertEqual(failed["filter"], query.partition("=")[0])
            self.assertEqual(failed["wanted"], wanted)
            self.assertIn(found, (None, failed["found"]))

    def test_all_hosts(self) -> None:
        """`host=*` lists all hosts, as it does for mails."""
        self.send(BOB)
        self.send(BOB, host=self.other)
        for path, count in ("/deliveries", 2), ("/smtpAttempts", 2):
            self.assertEqual(len(self.found("?host=*", path)), count)

    def test_settling(self) -> None:
        """A second copy within the time is part of the answer."""
        self.behave(on("DATA", then="reset", effect="apply", numberOfAnswer=1))
        query = f"/deliveries?to={BOB}&copies=1&wait=1m"
        early = self.rig.begin("GET", query)
        settled = self.rig.begin("GET", query.replace("copies=1&", "") + "&settle=2s")
        self.send(BOB, message_id="m1@h.test")
        self.assertIsNotNone(early.answer)
        self.rig.clock.advance(1)
        self.send(BOB, message_id="m1@h.test")
        self.assertIsNone(settled.answer)
        self.rig.clock.advance(1.5)
        self.assertIsNone(settled.answer)
        self.rig.clock.advance(1)
        answer = settled.answer
        assert answer is not None
        self.assertEqual([one["copies"] for one in answer.json()], [2])

    def test_the_journal_is_cleared(self) -> None:
        """So are the deliveries."""
        self.send(BOB)
        self.assertEqual(len(self.rig.get("/deliveries")), 1)
        self.rig.ask("DELETE", "/smtpSessions")
        self.assertEqual(self.rig.get("/deliveries"), [])
        self.assertEqual(self.rig.get("/smtpAttempts"), [])
