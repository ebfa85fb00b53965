"""The API of rest-smtp-sink"""

from __future__ import annotations

from typing import Any

import orjson
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.http.context import HttpSettings
from mocksmtp.http.stand_ins.reading import MAX_WHOLE, plain_text
from mocksmtp.mail.documents import StandIn
from tests.http.rig import Answer, Rig
from tests.http.test_waiting import TickingClock

MAIL = b"""Subject: =?utf-8?Q?caf=C3=A9?=\r
Message-ID: <1@x.test>\r
X-Priority: 1 (Highest)\r
Received: a\r
Received: b\r
Content-Type: multipart/alternative; boundary=b\r
\r
--b\r
\r
text\r
more\r
--b\r
Content-Type: text/html\r
\r
<p>\r
--b--\r
"""


class SinkCase(SynchronousTestCase):
    """A service with two mails."""

    def setUp(self) -> None:
        self.rig = Rig(HttpSettings(stand_ins=(StandIn.REST_SMTP_SINK,)))

    def fill(self) -> None:
        self.rig.receive(MAIL, "bob@X.test", ("alice@x.test", "jack@x.test"))
        self.rig.receive(b"hi\r\n", "", ("alice@x.test",))

    def assert_text(self, answer: Answer, status: int, text: str) -> None:
        self.assertEqual((answer.status, answer.body.decode()), (status, text))
        self.assertEqual(answer.kind, "text/plain; charset=utf-8")


class ReadTests(SinkCase):
    """What is read"""

    def test_there_is_nothing_at_the_start(self) -> None:
        """An empty array; the latest one is not found."""
        self.assertEqual(self.rig.get("/api/email"), [])
        self.assertEqual(self.rig.get("/api/email/stream"), [])
        self.assert_text(self.rig.ask("GET", "/api/email/latest"), 404, "Not found")
        self.assert_text(self.rig.ask("GET", "/api/email/1"), 404, "Not found")

    def test_a_mail_has_all_fields(self) -> None:
        """The envelope, the decoded header and both texts; others are null."""
        self.fill()
        first, second = self.rig.get("/api/email")
        self.assertEqual(
            first,
            {
                "id": 1,
                "created_at": 1_700_000_000_125,
                "updated_at": 1_700_000_000_125,
                "html": "<p>",
                "text": "text\nmore",
                "headers": {
                    "subject": "café",
                    "message-id": "<1@x.test>",
                    "x-priority": "1 (Highest)",
                    "received": ["a", "b"],
                    "content-type": "multipart/alternative; boundary=b",
                },
                "subject": "café",
                "messageId": "1@x.test",
                "priority": "high",
                "from": "bob@X.test",
                "to": ["alice@x.test", "jack@x.test"],
            },
        )
        self.assertEqual(
            {name: second[name] for name in ("html", "text", "subject", "messageId")},
            {"html": None, "text": "hi\n", "subject": None, "messageId": None},
        )
        self.assertEqual((second["headers"], second["priority"]), ({}, "normal"))
        self.assertEqual(second["from"], "")

    def test_one_mail(self) -> None:
        """By its id, or the latest."""
        self.fill()
        first, second = self.rig.get("/api/email")
        self.assertEqual(self.rig.get("/api/email/1?_=7"), first)
        self.assertEqual(self.rig.get("/api/email/latest"), second)

    def test_the_stream_has_fields_as_json(self) -> None:
        """As that tool stores them; its ids and times are numbers."""
        self.fill()
        for whole, stored in zip(
            self.rig.get("/api/email"), self.rig.get("/api/email/stream"), strict=True
        ):
            for name, value in whole.items():
                if name in ("id", "created_at", "updated_at") or value is None:
                    self.assertEqual(stored[name], value)
                else:
                    self.assertEqual(orjson.loads(stored[name]), value)

    def test_priorities(self) -> None:
        """A number or a word in one of three fields."""
        for field, priority in (
            (b"X-Priority: 3", "normal"),
            (b"X-Priority: 5 (Lowest)", "low"),
            (b"Importance: High", "high"),
            (b"X-MSMail-Priority: low", "low"),
            (b"Importance: x", "normal"),
        ):
            self.rig.receive(field + b"\r\n\r\n")
            self.assertEqual(self.rig.get("/api/email/latest")["priority"], priority)

    def test_a_mail_that_is_too_complex(self) -> None:
        """It has a header, and no texts."""
        content = b"Subject: hi\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        self.rig.receive(content + b"--b\r\n\r\n" * 2000)
        mail = self.rig.get("/api/email/latest")
        self.assertEqual((mail["subject"], mail["text"]), ("hi", None))

    def test_hosts_have_their_own(self) -> None:
        """Below their paths."""
        self.fill()
        self.assertEqual(len(self.rig.get("/hosts/default/api/email")), 2)
        self.assertEqual(self.rig.ask("GET", "/hosts/mx9/api/email").status, 404)


class LargeTests(SynchronousTestCase):
    """Many and large mails"""

    def test_smtp_continues_meanwhile(self) -> None:
        """Large mails are read in a thread, the others in slices."""
        clock = TickingClock()
        rig = Rig(HttpSettings(stand_ins=(StandIn.REST_SMTP_SINK,)), clock=clock)
        for _ in range(20):
            rig.receive()
        for _ in range(3):
            rig.receive(b"Subject: big\r\n\r\n" + b"x" * MAX_WHOLE)
        mails: list[Any] = rig.get("/api/email")
        self.assertEqual([mail["id"] for mail in mails], list(range(1, 24)))
        self.assertGreater(clock.turns, 5)


class RemoveTests(SinkCase):
    """What is removed"""

    def left(self) -> list[int]:
        return [mail["id"] for mail in self.rig.get("/api/email")]

    def test_one_mail(self) -> None:
        """By DELETE, or by the link of its page."""
        self.fill()
        self.assert_text(self.rig.ask("DELETE", "/api/email/1"), 200, "Removed")
        self.assertEqual(self.left(), [2])
        self.assert_text(self.rig.ask("GET", "/api/email/delete/2"), 200, "Removed")
        self.assertEqual(self.left(), [])
        for method, path in ("DELETE", "/api/email/2"), ("GET", "/api/email/delete/x"):
            self.assert_text(self.rig.ask(method, path), 404, "Not found")

    def test_all_mails_up_to_one(self) -> None:
        """Or all of them."""
        self.fill()
        answer = self.rig.ask("GET", "/api/email/purge/1")
        self.assert_text(answer, 200, "Purged records older than 1")
        self.assertEqual(self.left(), [2])
        for place in "1", "x", "9" * 30, "-1":
            answer = self.rig.ask("GET", f"/api/email/purge/{place}")
            self.assert_text(answer, 404, "Not found")
        for method in "GET", "POST", "DELETE":
            self.fill()
            answer = self.rig.ask(method, "/api/email/purge")
            self.assert_text(answer, 200, "Purged all records")
            self.assertEqual(self.left(), [])

    def test_no_page_of_another_site_removes_mails(self) -> None:
        """Although these links are GET requests, which browsers send without Origin."""
        self.fill()
        for path in "/api/email/purge", "/api/email/purge/2", "/api/email/delete/1":
            for site in "cross-site", "same-site":
                answer = self.rig.ask("GET", path, headers={"Sec-Fetch-Site": site})
                self.assertEqual(answer.status, 403)
            self.assertEqual(self.rig.ask("HEAD", path).status, 403)
        self.assertEqual(self.left(), [1, 2])
        headers = {"Sec-Fetch-Site": "same-origin"}
        answer = self.rig.ask("GET", "/api/email/delete/1", headers=headers)
        self.assertEqual(answer.status, 200)


class GuardTests(SynchronousTestCase):
    """Who may ask"""

    def test_it_is_not_served_without_the_option(self) -> None:
        """A path as any other."""
        self.assertEqual(Rig().ask("GET", "/api/email").status, 404)

    def test_it_needs_the_token(self) -> None:
        """Like every request."""
        settings = HttpSettings(token="secret", stand_ins=(StandIn.REST_SMTP_SINK,))
        rig = Rig(settings)
        self.assertEqual(rig.ask("GET", "/api/email").status, 401)
        headers = {"Authorization": "Bearer secret"}
        for path in "/api/email", "/api/email/purge":
            self.assertEqual(rig.ask("GET", path, headers=headers).status, 200)

    def test_it_is_not_described(self) -> None:
        """It is the API of another tool."""
        rig = Rig(HttpSettings(stand_ins=(StandIn.REST_SMTP_SINK,)))
        self.assertNotIn("/api/email", rig.get("/openapi.json")["paths"])


class PlainTextTests(SynchronousTestCase):
    """The text of HTML"""

    def test_tags_and_hidden_texts_are_left_out(self) -> None:
        """References are decoded, and white space is one space."""
        html = "<title>t</title><style>p{}</style><p>a &amp;\n <b>b</b>&lt;<script>x"
        self.assertEqual(plain_text(html), "a & b <")
