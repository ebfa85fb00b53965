"""The API of Mailpit"""

from __future__ import annotations

import hashlib
from base64 import b64encode
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.http.context import HttpSettings
from mocksmtp.http.stand_ins.mailpit_marks import clean_tag
from mocksmtp.mail.documents import StandIn
from mocksmtp.mail.mailbox import Mailbox
from tests.http.rig import Answer, Rig
from tests.http.test_waiting import TickingClock
from tests.session_client import Client

MAIL = b"""From: Bob <bob@x.test>\r
To: Alice <alice@x.test>, jack@x.test\r
Cc: =?utf-8?Q?Ev=C3=A9?= <eve@x.test>\r
Reply-To: r@x.test\r
Subject: =?utf-8?Q?caf=C3=A9?=\r
Message-ID: <1@x.test>\r
Date: Fri, 2 Jan 2026 03:04:05 +0100\r
List-Unsubscribe: <mailto:u@x.test>, <https://x.test/u>\r
List-Unsubscribe-Post: List-Unsubscribe=One-Click\r
Content-Type: multipart/mixed; boundary=b\r
\r
--b\r
Content-Type: text/plain\r
\r
text\r
--b\r
Content-Type: text/html\r
\r
<p>html <img src="cid:i@x"></p>\r
--b\r
Content-Type: image/png; name=i.png\r
Content-ID: <i@x>\r
Content-Disposition: inline\r
\r
PNG\r
--b\r
Content-Type: application/pdf\r
Content-Disposition: attachment; filename=a.pdf\r
Content-Transfer-Encoding: base64\r
\r
AAEC\r
--b--\r
"""


class PitCase(SynchronousTestCase):
    """A service in the place of Mailpit."""

    def setUp(self) -> None:
        self.rig = Rig(
            HttpSettings(stand_ins=(StandIn.MAILPIT,)), mailbox=Mailbox(max_mails=20)
        )

    def fill(self, count: int = 3) -> None:
        for number in range(1, count + 1):
            self.rig.receive(b"Subject: n%d\r\n\r\ntext\r\n" % number)

    def assert_text(self, answer: Answer, status: int, text: str) -> None:
        self.assertEqual((answer.status, answer.body.decode()), (status, text))
        self.assertEqual(answer.kind, "text/plain; charset=utf-8")

    def found(self, query: str) -> list[str]:
        """The ids of what a search finds."""
        page = self.rig.get(f"/api/v1/search?query={query}")
        self.assertEqual(page["messages_count"], len(page["messages"]))
        return [mail["ID"] for mail in page["messages"]]


class ListTests(PitCase):
    """Lists"""

    def test_there_is_nothing_at_the_start(self) -> None:
        """Only counts."""
        self.assertEqual(
            self.rig.get("/api/v1/messages"),
            {
                "total": 0,
                "unread": 0,
                "count": 0,
                "messages_count": 0,
                "messages_unread": 0,
                "start": 0,
                "tags": [],
                "messages": [],
            },
        )
        answer = self.rig.ask("GET", "/api/v1/message/latest")
        self.assert_text(answer, 404, "Message not found")

    def test_a_mail_of_a_list(self) -> None:
        """Its decoded header; who else received it is in Bcc."""
        to = ("alice@x.test", "hidden@x.test")
        self.rig.receive(MAIL, "r@x.test", to)
        (mail,) = self.rig.get("/api/v1/messages")["messages"]
        self.assertEqual(
            mail,
            {
                "ID": "1",
                "MessageID": "1@x.test",
                "Read": False,
                "From": {"Name": "Bob", "Address": "bob@x.test"},
                "To": [
                    {"Name": "Alice", "Address": "alice@x.test"},
                    {"Name": "", "Address": "jack@x.test"},
                ],
                "Cc": [{"Name": "Evé", "Address": "eve@x.test"}],
                "Bcc": [{"Name": "", "Address": "hidden@x.test"}],
                "ReplyTo": [{"Name": "", "Address": "r@x.test"}],
                "Subject": "café",
                "Created": "2023-11-14T22:13:20.125000Z",
                "Username": "",
                "Tags": [],
                "Size": len(MAIL),
                "Attachments": 1,
                "Snippet": "html",
            },
        )

    def test_pages(self) -> None:
        """The newest first; unusable numbers are ignored."""
        self.fill(5)
        for query, start, ids in (
            ("", 0, ["5", "4", "3", "2", "1"]),
            ("?start=1&limit=2", 1, ["4", "3"]),
            ("?start=-1&limit=x", 0, ["5", "4", "3", "2", "1"]),
            ("?limit=0", 0, ["5", "4", "3", "2", "1"]),
            ("?start=9", 9, []),
        ):
            page = self.rig.get("/api/v1/messages" + query)
            self.assertEqual([mail["ID"] for mail in page["messages"]], ids)
            counts = page["total"], page["messages_count"], page["count"], page["start"]
            self.assertEqual(counts, (5, 5, len(ids), start))

    def test_smtp_continues_meanwhile(self) -> None:
        """Large mails are read in a thread, the others in slices."""
        clock = TickingClock()
        rig = Rig(HttpSettings(stand_ins=(StandIn.MAILPIT,)), clock=clock)
        rig.receive(b"Subject: x\r\n\r\n" + b"." * 200_000)
        for _ in range(20):
            rig.receive()
        self.assertEqual(len(rig.get("/api/v1/messages")["messages"]), 21)
        self.assertGreater(clock.turns, 5)


class MessageTests(PitCase):
    """One mail"""

    def test_all_of_it(self) -> None:
        """Texts, and files with their checksums."""
        self.rig.receive(MAIL, "r@x.test", ("alice@x.test",))
        mail = self.rig.get("/api/v1/message/1")
        self.assertEqual(self.rig.get("/api/v1/message/latest"), mail)
        sums = {"MD5": hashlib.md5, "SHA1": hashlib.sha1, "SHA256": hashlib.sha256}
        octets = b"\0\1\2"
        self.assertEqual(
            mail["Attachments"],
            [
                {
                    "PartID": "4",
                    "FileName": "a.pdf",
                    "ContentType": "application/pdf",
                    "ContentID": "",
                    "Size": 3,
                    "Checksums": {k: h(octets).hexdigest() for k, h in sums.items()},
                }
            ],
        )
        (image,) = mail["Inline"]
        self.assertEqual((image["ContentID"], image["FileName"]), ("i@x", "i.png"))
        self.assertEqual(
            mail["ListUnsubscribe"],
            {
                "Header": "<mailto:u@x.test>, <https://x.test/u>",
                "Links": ["mailto:u@x.test", "https://x.test/u"],
                "Errors": "",
                "HeaderPost": "List-Unsubscribe=One-Click",
            },
        )
        self.assertEqual((mail["Text"], mail["ReturnPath"]), ("text", "r@x.test"))
        self.assertTrue(mail["HTML"].startswith("<p>html"))
        self.assertEqual(mail["Date"], "2026-01-02T03:04:05+01:00")

    def test_html_has_a_text(self) -> None:
        """Also if the mail has none; the date is that of arrival."""
        self.rig.receive(b"Content-Type: text/html\r\n\r\n<p>a &lt;\r\n<b>b</b>")
        mail = self.rig.get("/api/v1/message/1")
        self.assertEqual((mail["Text"], mail["Attachments"]), ("a < b", []))
        self.assertEqual(mail["Date"], "2023-11-14T22:13:20.125000Z")

    def test_a_mail_that_is_too_complex(self) -> None:
        """It has a header, and no texts."""
        content = b"Subject: hi\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        self.rig.receive(content + b"--b\r\n\r\n" * 2000)
        mail = self.rig.get("/api/v1/message/1")
        self.assertEqual((mail["Subject"], mail["Text"]), ("hi", ""))
        self.assertEqual(self.rig.ask("GET", "/api/v1/message/1/headers").status, 400)

    def test_its_forms(self) -> None:
        """The header, the octets, a part, the text and the HTML."""
        self.rig.receive(MAIL)
        headers = self.rig.get("/api/v1/message/1/headers")
        self.assertEqual(list(headers), sorted(headers))
        self.assertEqual(headers["Message-Id"], ["<1@x.test>"])
        self.assertEqual(headers["Subject"], ["=?utf-8?Q?caf=C3=A9?="])
        self.assert_text(
            self.rig.ask("GET", "/api/v1/message/latest/raw"), 200, MAIL.decode()
        )
        part = self.rig.ask("GET", "/api/v1/message/1/part/4")
        self.assertEqual((part.kind, part.body), ("application/pdf", b"\0\1\2"))
        self.assert_text(self.rig.ask("GET", "/view/1.txt"), 200, "text")
        html = self.rig.ask("GET", "/view/latest.html")
        self.assertIn(b"<p>html <img", html.body)
        self.assertEqual(html.kind, "text/html; charset=utf-8")
        policy = html.header("Content-Security-Policy") or ""
        self.assertTrue(policy.startswith("sandbox;"), policy)

    def test_unknown_ids(self) -> None:
        """404, in plain text."""
        self.rig.receive(b"no html")
        for path in (
            "/api/v1/message/7",
            "/api/v1/message/x/headers",
            "/api/v1/message/7/raw",
            "/api/v1/message/1/part/2",
            "/api/v1/message/7/part/1",
        ):
            self.assert_text(self.rig.ask("GET", path), 404, "404 page not found")
        for kind in "txt", "html":
            answer = self.rig.ask("GET", f"/view/7.{kind}")
            self.assert_text(answer, 404, "Message not found")
        text = "This message does not contain a HTML part"
        self.assert_text(self.rig.ask("GET", "/view/1.html"), 404, text)


class MarkTests(PitCase):
    """Marks and tags"""

    def unread(self) -> int:
        unread: int = self.rig.get("/api/v1/messages")["unread"]
        return unread

    def test_reading_marks_a_mail(self) -> None:
        """And so does a request: for some ids, a search, or all."""
        self.fill()
        self.rig.get("/api/v1/message/1")
        self.assertEqual(self.unread(), 2)
        self.assertEqual(self.found("is:unread"), ["3", "2"])
        for document, unread in (
            ({"Read": True, "IDs": ["2", "9"]}, 1),
            ({"ids": ["2"]}, 2),
            ({"Read": True, "Search": "subject:n3"}, 1),
            ({"Read": True}, 0),
            ({}, 3),
        ):
            answer = self.rig.ask("PUT", "/api/v1/messages", document)
            self.assert_text(answer, 200, "ok")
            self.assertEqual(self.unread(), unread, document)
        both = {"IDs": ["1"], "Search": "x"}
        for bad in both, {"IDs": "1"}, [1], b"{":
            answer = self.rig.ask("PUT", "/api/v1/messages", bad)
            self.assertEqual(answer.status, 400)

    def test_tags(self) -> None:
        """They are set for ids, renamed and removed."""
        self.fill()
        set_ = {"IDs": ["1", "2"], "Tags": ["b  c!", "a", "A"]}
        self.assert_text(self.rig.ask("PUT", "/api/v1/tags", set_), 200, "ok")
        self.assertEqual(self.rig.get("/api/v1/tags"), ["A", "b c"])
        self.assertEqual(self.rig.get("/api/v1/info")["Tags"], {"A": 2, "b c": 2})
        self.assertEqual(self.rig.get("/api/v1/message/1")["Tags"], ["A", "b c"])
        self.assertEqual(self.found('tag:"b c"'), ["2", "1"])
        answer = self.rig.ask("PUT", "/api/v1/tags/b%20c", {"Name": "d"})
        self.assert_text(answer, 200, "ok")
        self.assertEqual(self.rig.get("/api/v1/tags"), ["A", "d"])
        self.assert_text(self.rig.ask("DELETE", "/api/v1/tags/A"), 200, "ok")
        self.rig.ask("PUT", "/api/v1/tags", {"IDs": ["1"]})
        self.assertEqual(self.found("is:tagged"), ["2"])
        for method, body in ("PUT", {"Name": "e"}), ("PUT", {"Name": "!"}):
            self.assertEqual(self.rig.ask(method, "/api/v1/tags/x", body).status, 400)
        self.assertEqual(self.rig.ask("DELETE", "/api/v1/tags/x").status, 400)
        self.assertEqual(clean_tag(" a@b/c\n\td "), "a@b c d")

    def test_marks_go_with_the_mail(self) -> None:
        """Whether it is removed or evicted."""
        self.fill(20)
        ids = {"IDs": ["1", "2"]}
        self.rig.ask("PUT", "/api/v1/tags", {**ids, "Tags": ["a"]})
        self.rig.ask("PUT", "/api/v1/messages", {**ids, "Read": True})
        self.assertEqual(self.unread(), 18)
        self.rig.ask("DELETE", "/api/v1/messages", {"IDs": ["2"]})
        self.assertEqual(self.unread(), 18)
        self.fill(2)
        self.assertEqual(self.unread(), 20)
        self.assertEqual(self.rig.get("/api/v1/tags"), [])


class SearchTests(PitCase):
    """Searches"""

    def test_terms(self) -> None:
        """The filters of Mailpit; a bare word is searched in all texts."""
        self.rig.receive(MAIL, "s@x.test", ("alice@x.test",))
        self.rig.receive(b"Subject: other\r\nTo: b@y.test\r\n\r\nhello world\r\n")
        for query, found in (
            ("from:bob", ["1"]),
            ("FROM:BOB", ["1"]),
            ('to:"jack@x.test"', ["1"]),
            ("cc:eve", ["1"]),
            ("addressed:y.test", ["2"]),
            ("reply-to:r@x", ["1"]),
            ("subject:caf%C3%A9", ["1"]),
            ("message-id:1@x", ["1"]),
            ("has:attachment", ["1"]),
            ("!has:attachments", ["2"]),
            ('"hello world"', ["2"]),
            ("hello -nothing", ["2"]),
            ("hello from:bob", []),
            ("larger:0.2k", ["1"]),
            ("smaller:200", ["2"]),
            ("after:2023-11-14", ["2", "1"]),
            ("before:2023-11-14T22:13:20Z", []),
            ("before:nonsense", ["2", "1"]),
            ("is:read", []),
            ("tag:x", []),
            ("unknown:x", []),
            ("hello:", []),
        ):
            self.assertEqual(self.found(query.replace(" ", "+")), found, query)

    def test_time_zones(self) -> None:
        """Dates are in UTC, or in the one that is named."""
        self.fill(1)
        query = "after:2023-11-15"
        for zone, found in ("", []), ("Asia/Tokyo", ["1"]), ("../x", []), ("No", []):
            self.assertEqual(self.found(f"{query}&tz={zone}"), found, zone)

    def test_pages_and_counts(self) -> None:
        """The number of all matches, and of the unread ones."""
        self.fill(4)
        self.rig.get("/api/v1/message/latest?query=subject:n2")
        page = self.rig.get("/api/v1/search?query=text&start=1&limit=2")
        self.assertEqual([mail["ID"] for mail in page["messages"]], ["3", "2"])
        counts = page["messages_count"], page["messages_unread"], page["start"]
        self.assertEqual(counts, (4, 3, 1))

    def test_a_search_needs_a_text(self) -> None:
        """400, in plain text."""
        for method in "GET", "DELETE":
            answer = self.rig.ask(method, "/api/v1/search?query=+")
            self.assert_text(answer, 400, "Error: no search query")


class RemoveTests(PitCase):
    """What is removed"""

    def left(self) -> list[str]:
        return [mail["ID"] for mail in self.rig.get("/api/v1/messages")["messages"]]

    def test_mails_are_removed(self) -> None:
        """By ids, by a search, or all."""
        self.fill(4)
        path = "/api/v1/messages"
        answer = self.rig.ask("DELETE", path, {"IDs": ["1", "9"]})
        self.assert_text(answer, 200, "ok")
        self.assertEqual(self.left(), ["4", "3", "2"])
        answer = self.rig.ask("DELETE", "/api/v1/search?query=subject:n3")
        self.assert_text(answer, 200, "ok")
        self.assertEqual(self.left(), ["4", "2"])
        self.assert_text(self.rig.ask("DELETE", path), 200, "ok")
        self.assertEqual(self.left(), [])


class ChaosTests(PitCase):
    """Chaos"""

    def test_triggers_are_behaviors(self) -> None:
        """Those that are left out never act; a reset removes all."""
        path = "/api/v1/chaos"
        usual = self.rig.get(path)
        self.assertEqual(usual["Sender"], {"ErrorCode": 451, "Probability": 0})
        wanted = {"Recipient": {"ErrorCode": 550, "Probability": 100}}
        answer = self.rig.ask("PUT", path, wanted)
        self.assertEqual(answer.json(), {**usual, **wanted})
        self.assertEqual(self.rig.get(path), {**usual, **wanted})
        client = Client(self.rig.host)
        client.say("EHLO me", "MAIL FROM:<a@x.test>", "RCPT TO:<b@x.test>")
        reply = client.transport.value().splitlines()[-1]
        self.assertEqual(reply, b"550 Chaos recipient error")
        self.rig.ask("POST", "/reset")
        self.assertEqual(self.rig.get(path), usual)
        self.assertEqual(self.rig.get("/smtpBehaviors"), [])

    def test_what_is_wrong_is_reported(self) -> None:
        """Nothing changes."""
        for trigger in (
            {"ErrorCode": 399},
            {"ErrorCode": 600},
            {"Probability": 101},
            {"Probability": -1},
            {"Probability": 1.5},
            {"Probability": True},
            5,
        ):
            answer = self.rig.ask("PUT", "/api/v1/chaos", {"Sender": trigger})
            self.assertEqual(answer.status, 400, trigger)
        self.assertEqual(self.rig.get("/smtpBehaviors"), [])


class SendTests(PitCase):
    """Adding a mail"""

    def send(self, **more: Any) -> Answer:
        document = {
            "From": {"Email": "bob@x.test", "Name": "Bob"},
            "To": [{"Email": "alice@x.test"}],
            **more,
        }
        return self.rig.ask("POST", "/api/v1/send", document)

    def test_a_document_becomes_a_mail(self) -> None:
        """With its texts, files, fields and tags."""
        answer = self.send(
            Subject="café",
            Text="hi\n",
            HTML="<p>hi</p>",
            Cc=[{"Email": "c@x.test", "Name": "C"}],
            Bcc=["h@x.test"],
            ReplyTo=[{"Email": "r@x.test"}],
            Tags=["t"],
            Headers={"X-Own": "1"},
            Attachments=[
                {
                    "Content": b64encode(b"PDF").decode(),
                    "Filename": "a.pdf",
                    "ContentType": "application/pdf",
                },
                {"Content": "data:;base64,AAEC", "ContentID": "i"},
            ],
        )
        self.assertEqual((answer.status, answer.json()), (200, {"ID": "1"}))
        mail = self.rig.get("/api/v1/message/1")
        texts = mail["Subject"], mail["Text"].strip(), mail["HTML"].strip()
        self.assertEqual(texts, ("café", "hi", "<p>hi</p>"))
        self.assertEqual((mail["Tags"], mail["ReturnPath"]), (["t"], "bob@x.test"))
        self.assertEqual(mail["Bcc"], [{"Name": "", "Address": "h@x.test"}])
        self.assertEqual(mail["Attachments"][0]["FileName"], "a.pdf")
        self.assertEqual(mail["Inline"][0]["ContentID"], "i")
        headers = self.rig.get("/api/v1/message/1/headers")
        self.assertEqual(headers["X-Own"], ["1"])

    def test_what_is_wrong_is_reported(self) -> None:
        """In JSON; nothing is added."""
        for more in (
            {"From": {}},
            {"From": 5},
            {"To": [{"Email": "a@b@c"}]},
            {"To": [], "Cc": []},
            {"Bcc": ["a b"]},
            {"Subject": "a\nBcc: x@x.test"},
            {"Headers": {"X-A": "a\r\nb"}},
            {"Attachments": [{"Content": "!"}]},
            {"Text": 5},
        ):
            answer = self.send(**more)
            self.assertEqual(answer.status, 400, more)
            self.assertTrue(answer.json()["Error"])
        self.assertEqual(self.rig.get("/smtpMailsCount"), 0)


class ServiceTests(PitCase):
    """The service itself"""

    def test_it_is_alive_and_ready(self) -> None:
        """At the root only."""
        for path in "/livez", "/readyz":
            self.assert_text(self.rig.ask("GET", path), 200, "")
            answer = self.rig.ask("GET", f"/hosts/default{path}")
            self.assertEqual(answer.status, 404)

    def test_information(self) -> None:
        """The version is that of mocksmtp."""
        self.fill(2)
        info = self.rig.get("/api/v1/info")
        self.assertTrue(info["Version"].startswith("mocksmtp "))
        self.assertEqual((info["Messages"], info["Unread"]), (2, 2))
        self.assertTrue(self.rig.get("/api/v1/webui")["ChaosEnabled"])

    def test_other_functions_are_refused(self) -> None:
        """400, as where they are disabled in Mailpit."""
        self.fill(1)
        for method, name in (
            ("GET", "html-check"),
            ("GET", "link-check"),
            ("GET", "sa-check"),
            ("GET", "part/1/thumb"),
            ("POST", "release"),
        ):
            answer = self.rig.ask(method, f"/api/v1/message/1/{name}")
            self.assert_text(answer, 400, "mocksmtp has no such function")
