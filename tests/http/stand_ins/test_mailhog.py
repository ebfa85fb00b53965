"""The API of MailHog"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.http.context import HttpSettings
from mocksmtp.http.stand_ins.mailhog import read_content
from mocksmtp.mail.documents import StandIn
from mocksmtp.mail.mime import MAX_NESTING, MAX_PARTS
from tests.http.rig import Answer, Rig
from tests.http.test_waiting import TickingClock
from tests.session_client import Client

MIXED = b"""From: Bob <bob@x.test>\r
To: Alice <alice@x.test>\r
Subject: =?utf-8?Q?caf=C3=A9?=\r
Received: a\r
Received: by\r
\tb\r
MIME-Version: 1.0\r
Content-Type: multipart/mixed; boundary="b=1"\r
\r
A preamble.\r
--b=1\r
Content-Type: text/plain; charset=utf-8\r
Content-Transfer-Encoding: quoted-printable\r
\r
caf=C3=A9\r
--b=1\r
Content-Type: application/octet-stream\r
Content-Disposition: attachment; filename="a.bin"\r
Content-Transfer-Encoding: base64\r
\r
AAEC\r
--b=1--\r
"""


class HogCase(SynchronousTestCase):
    """A service in the place of MailHog."""

    def setUp(self) -> None:
        self.rig = Rig(HttpSettings(stand_ins=(StandIn.MAILHOG,)))

    def read(self, path: str, kind: str = "text/json") -> Any:
        answer = self.rig.ask("GET", path)
        self.assertEqual((answer.status, answer.kind), (200, kind))
        return answer.json()

    def assert_empty(self, answer: Answer, status: int) -> None:
        self.assertEqual((answer.status, answer.body), (status, b""))


class MessageTests(HogCase):
    """The document of a mail"""

    def test_all_of_it(self) -> None:
        """As it was sent, split at each boundary, with the fields of a delivery."""
        self.rig.receive(MIXED, "bob@x.test", ("alice@x.test", "root"))
        (mail,) = self.read("/api/v1/messages")
        content, mime, raw = mail.pop("Content"), mail.pop("MIME"), mail.pop("Raw")
        none: dict[str, Any] = {"Relays": None, "Params": ""}
        self.assertEqual(
            mail,
            {
                "ID": "1",
                "From": {"Mailbox": "bob", "Domain": "x.test", **none},
                "To": [
                    {"Mailbox": "alice", "Domain": "x.test", **none},
                    {"Mailbox": "root", "Domain": "", **none},
                ],
                "Created": "2023-11-14T22:13:20.125000Z",
            },
        )
        headers = content["Headers"]
        self.assertEqual(headers["Subject"], ["=?utf-8?Q?caf=C3=A9?="])
        self.assertEqual(headers["Received"][0], "by\tb")
        self.assertTrue(headers["Received"][1].startswith("from client.test by"))
        self.assertEqual(headers["Return-Path"], ["<bob@x.test>"])
        self.assertEqual(headers["Message-ID"], ["1@mocksmtp"])
        self.assertEqual(content["Size"], len(MIXED))
        self.assertTrue(content["Body"].startswith("A preamble.\r\n--b=1\r\n"))
        self.assertIsNone(content["MIME"])
        bodies = [(part["Body"], part["MIME"]) for part in mime["Parts"]]
        self.assertEqual(
            bodies,
            [("A preamble.", None), ("caf=C3=A9", None), ("AAEC", None), ("--", None)],
        )
        disposition = mime["Parts"][2]["Headers"]["Content-Disposition"]
        self.assertEqual(disposition, ['attachment; filename="a.bin"'])
        self.assertEqual(
            raw,
            {
                "From": "bob@x.test",
                "To": ["alice@x.test", "root"],
                "Data": MIXED.decode(),
                "Helo": "client.test",
            },
        )

    def test_a_mail_without_mime(self) -> None:
        """It has no parts, with or without a header."""
        self.rig.receive(b"Subject: hi\r\n\r\ntext\xff\r\n")
        self.rig.receive(b"no header\r\n")
        second, first = self.read("/api/v1/messages")
        self.assertEqual(first["Content"]["Body"], "text\ufffd\r\n")
        self.assertIsNone(first["MIME"])
        self.assertEqual(second["Content"]["Body"], "no header\r\n")

    def test_nested_parts(self) -> None:
        """Each multipart has its own, within limits."""
        inner = b"Content-Type: multipart/x; boundary=b2\r\n\r\n--b2\r\n\r\n1\r\n--b2--"
        outer = b"Content-Type: multipart/x; boundary=b1\r\n\r\n--b1\r\n"
        content = read_content(outer + inner + b"\r\n--b1--\r\n")
        assert content.parts is not None
        parts = content.parts[0].parts
        assert parts is not None
        self.assertEqual([part.body for part in parts], [b"1", b"--"])
        many = read_content(outer + b"x\r\n--b1\r\n" * 5000)
        self.assertEqual(len(many.parts or ()), MAX_PARTS)
        deep = b"".join(
            b"Content-Type: multipart/x; boundary=c%dc\r\n\r\n--c%dc\r\n" % (n, n)
            for n in range(500)
        )
        depth, found = 0, read_content(deep)
        while found.parts:
            depth, found = depth + 1, found.parts[0]
        self.assertEqual(depth, MAX_NESTING)


class ListTests(HogCase):
    """Lists and searches"""

    def fill(self) -> None:
        for number in range(5):
            self.rig.receive(b"Subject: n%d\r\n\r\ntext\r\n" % number)

    def test_pages(self) -> None:
        """The newest first; unusable numbers are ignored."""
        self.fill()
        for query, start, found in (
            ("", 0, ["5", "4", "3", "2", "1"]),
            ("?limit=2", 0, ["5", "4"]),
            ("?start=3&limit=250", 3, ["2", "1"]),
            ("?start=x&limit=-1", 0, ["5", "4", "3", "2", "1"]),
            ("?start=9&limit=0", 9, []),
        ):
            page = self.read("/api/v2/messages" + query)
            items = page.pop("items")
            self.assertEqual([mail["ID"] for mail in items], found)
            told = {"total": 5, "count": len(found), "start": start}
            self.assertEqual(page, told)

    def test_there_is_nothing_at_the_start(self) -> None:
        """Empty arrays."""
        self.assertEqual(self.read("/api/v1/messages"), [])
        empty = {"total": 0, "count": 0, "start": 0, "items": []}
        self.assertEqual(self.read("/api/v2/messages"), empty)

    def test_search(self) -> None:
        """A part of an address or of the content, in any case."""
        self.rig.receive(MIXED, "r@y.test", ("s@z.test",))
        self.rig.receive(b"Subject: Other\r\nTo: x\r\n\r\nText\r\n", "", ("t@z.test",))
        for kind, query, found in (
            ("from", "R@Y", ["1"]),
            ("from", "BOB", ["1"]),
            ("to", "@z.test", ["2", "1"]),
            ("to", "alice", ["1"]),
            ("containing", "preamble", ["1"]),
            ("containing", "other", ["2"]),
            ("containing", "subject", []),
            ("containing", "nothing", []),
        ):
            path = f"/api/v2/search?kind={kind}&query={query}"
            page = self.read(path, "application/json")
            self.assertEqual([mail["ID"] for mail in page["items"]], found, path)
            self.assertEqual((page["total"], page["count"]), (len(found),) * 2)
        page = self.read("/api/v2/search?kind=to&query=z&start=1", "application/json")
        self.assertEqual((page["total"], page["count"], page["start"]), (2, 1, 1))

    def test_a_search_needs_a_kind_and_a_text(self) -> None:
        """400 without a body."""
        for query in "", "?kind=to", "?kind=x&query=a", "?kind=to&query=":
            self.assert_empty(self.rig.ask("GET", "/api/v2/search" + query), 400)

    def test_smtp_continues_meanwhile(self) -> None:
        """A search takes several slices, large mails a thread."""
        clock = TickingClock()
        rig = Rig(HttpSettings(stand_ins=(StandIn.MAILHOG,)), clock=clock)
        rig.receive(b"Subject: x\r\n\r\n" + b"." * 200_000 + b"needle")
        for _ in range(20):
            rig.receive()
        page = rig.ask("GET", "/api/v2/search?kind=containing&query=NEEDLE").json()
        self.assertEqual(page["total"], 1)
        self.assertGreater(clock.turns, 5)


class OneTests(HogCase):
    """One mail"""

    def test_it_is_read(self) -> None:
        """An unknown one is null."""
        self.rig.receive()
        self.assertEqual(
            [self.read("/api/v1/messages/1")], self.read("/api/v1/messages")
        )
        self.assertIsNone(self.read("/api/v1/messages/7"))

    def test_it_is_downloaded(self) -> None:
        """With its exact octets, or one part, decoded."""
        self.rig.receive(MIXED)
        path = "/api/v1/messages/1"
        answer = self.rig.ask("GET", f"{path}/download")
        self.assertEqual((answer.kind, answer.body), ("message/rfc822", MIXED))
        answer = self.rig.ask("GET", f"{path}/mime/part/2/download")
        self.assertEqual(answer.body, b"\0\1\2")
        self.assertEqual(answer.kind, "application/octet-stream")
        self.assertIn("a.bin", answer.header("Content-Disposition") or "")
        for place in "1/mime/part/9", "1/mime/part/x", "7", "7/mime/part/0":
            answer = self.rig.ask("GET", f"/api/v1/messages/{place}/download")
            self.assert_empty(answer, 404)

    def test_mails_are_removed(self) -> None:
        """One, or all; an unknown one is 500, as MailHog answers."""
        for _ in range(3):
            self.rig.receive()
        self.assert_empty(self.rig.ask("DELETE", "/api/v1/messages/2"), 200)
        self.assertEqual(self.read("/api/v2/messages")["total"], 2)
        self.assert_empty(self.rig.ask("DELETE", "/api/v1/messages/2"), 500)
        self.assert_empty(self.rig.ask("DELETE", "/api/v1/messages"), 200)
        self.assertEqual(self.rig.get("/smtpMailsCount"), 0)


class JimTests(HogCase):
    """Jim, who lets deliveries fail"""

    def test_he_comes_and_goes(self) -> None:
        """With his usual chances, or with others."""
        path = "/api/v2/jim"
        for method in "GET", "PUT", "DELETE":
            self.assert_empty(self.rig.ask(method, path), 404)
        self.assert_empty(self.rig.ask("POST", path), 201)
        self.assert_empty(self.rig.ask("POST", path), 400)
        self.assertEqual(self.rig.get(path)["AcceptChance"], 0.99)
        self.assert_empty(self.rig.ask("PUT", path, b"x"), 400)
        self.assert_empty(self.rig.ask("PUT", path, {"AcceptChance": "1"}), 400)
        self.assert_empty(self.rig.ask("DELETE", path), 200)
        self.assertEqual(self.rig.get("/smtpBehaviors"), [])

    def test_he_refuses_by_behaviors(self) -> None:
        """Each chance above 0 is one."""
        jim = {"AcceptChance": 1, "RejectSenderChance": 1, "RejectRecipientChance": 0}
        self.assert_empty(self.rig.ask("POST", "/api/v2/jim", jim), 201)
        self.assertEqual(self.rig.get("/api/v2/jim")["RejectSenderChance"], 1)
        client = Client(self.rig.host)
        client.say("EHLO me", "MAIL FROM:<a@x.test>")
        reply = client.transport.value().splitlines()[-1]
        self.assertEqual(reply, b"550 Invalid sender")
        self.assert_empty(self.rig.ask("PUT", "/api/v2/jim", {"AcceptChance": 1}), 200)
        self.assertEqual(self.rig.get("/smtpBehaviors"), [])

    def test_a_reset_sends_him_away(self) -> None:
        """Like all behaviors."""
        self.rig.ask("POST", "/api/v2/jim")
        self.rig.ask("POST", "/reset")
        self.assert_empty(self.rig.ask("GET", "/api/v2/jim"), 404)

    def test_no_mail_can_be_released(self) -> None:
        """There is no server to release it to."""
        self.assertEqual(self.rig.get("/api/v2/outgoing-smtp"), {})
