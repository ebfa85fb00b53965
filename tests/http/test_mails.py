"""``/smtpMails``, its filters, and waiting as a client sees it"""

from __future__ import annotations

from email.message import EmailMessage
from typing import Any
from urllib.parse import quote

import attrs
import orjson
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.grammar.command import Parameter
from mocksmtp.hosts.host import MailHost
from mocksmtp.http import waiting
from mocksmtp.http.mails import PIECE, MailListing, mail_pieces
from mocksmtp.http.paging import Span, matches
from mocksmtp.http.site import HttpSettings
from mocksmtp.mail import decoded as decoded_module
from mocksmtp.mail.documents import (
    MAIL,
    MAIL_DETAILS,
    MAIL_SUMMARY,
    MailShape,
)
from mocksmtp.mail.mail import LARGE, Mail
from mocksmtp.mail.mailbox import Mailbox
from mocksmtp.mail.mime import Structure
from mocksmtp.mail.search import MailQuery
from mocksmtp.mail.summary import Summary, summary_of_structure
from mocksmtp.mock import Mock
from mocksmtp.zone.zone import Zone
from tests.http.rig import ORIGIN, Answer, Rig, ids, keep
from tests.http.test_waiting import TickingClock


def filled() -> Rig:
    """A box with four mails that differ in all that is filtered by."""
    rig = Rig()
    rig.receive(
        b"Subject: first\r\nMessage-ID: <1@x.test>\r\nFrom: shop@y.test\r\n\r\none",
        "bob@x.test",
        ("alice@X.test",),
    )
    rig.receive(b"Subject: =?utf-8?Q?zw=C3=B6lf?=\r\n\r\ntwo", "", ("alice@x.test",))
    rig.receive(
        "no header\r\nthrée".encode(), "bob@X.TEST", ("jack@x.test", "alice@x.test")
    )
    rig.receive(b"Subject: first aid\r\n\r\n", "Bob@x.test", ('"a b"@x.test',))
    return rig


class ListTests(SynchronousTestCase):
    """The array of mails"""

    def test_there_are_none_at_start(self) -> None:
        """A fresh host has an empty array, and a count of 0."""
        rig = Rig()
        self.assertEqual(rig.get("/smtpMails"), [])
        self.assertEqual(rig.get("/smtpMailsCount"), 0)

    def test_a_mail_has_both_shapes(self) -> None:
        """The article's envelope as sent, and what James's clients read."""
        rig = Rig()
        mail = keep(
            rig.mailbox,
            "Subject: é\r\n\r\n..".encode() + b"\xff\r\n",
            "bob@X.test",
            ("alice@X.test", "alice@x.test"),
            (Parameter("RET", "HDRS"), Parameter("REQUIRETLS", "")),
        )
        self.assertEqual(
            rig.get("/smtpMails"),
            [
                {
                    "id": mail.id,
                    "envelope": {
                        "from": "bob@X.test",
                        "recipients": ["alice@X.test", "alice@x.test"],
                    },
                    "from": "bob@x.test",
                    "recipients": [{"address": "alice@x.test", "parameters": []}],
                    "mailParameters": [
                        {"name": "RET", "value": "HDRS"},
                        {"name": "REQUIRETLS", "value": ""},
                    ],
                    "message": "Subject: é\r\n\r\n..\ufffd\r\n",
                }
            ],
        )

    def test_the_shape_can_be_chosen(self) -> None:
        """A suite that compares whole documents finds no field of the other shape."""
        james = {"from", "recipients", "mailParameters", "message"}
        for shape, fields in (
            (MailShape.BOTH, james | {"id", "envelope"}),
            (MailShape.JAMES, james),
            (MailShape.ARTICLE, {"envelope", "message"}),
        ):
            rig = Rig(HttpSettings(mail_shape=shape))
            rig.receive()
            (document,) = rig.get("/smtpMails")
            self.assertEqual(set(document), fields)
            full = {"receivedAt", "size", "clientIp", "helo", "session", "host"}
            full |= {"subject", "date", "messageId", "attachments", "bounce"}
            full |= {"headerFrom", "headerTo", "headerCc"}
            (document,) = rig.get("/smtpMails?view=full")
            self.assertEqual(set(document), james | full | {"id", "envelope"})

    def test_the_summary_has_no_content(self) -> None:
        """``view=summary`` tells all but the content."""
        rig = Rig()
        rig.receive(b"12345")
        (document,) = rig.get("/smtpMails?view=summary")
        self.assertNotIn("message", document)
        self.assertEqual(document["size"], 5)
        self.assertEqual(document["session"], "7")
        self.assertEqual(document["clientIp"], "192.0.2.1")
        self.assertEqual(document["helo"], "client.test")
        self.assertEqual(document["receivedAt"], "2023-11-14T22:13:20.125Z")

    def test_decoded_fields(self) -> None:
        """The header decoded, and the attachments, in the summary and the full view."""
        rig = Rig()
        message = EmailMessage()
        message["Subject"] = "Grüße"
        message["From"] = "Böb <bob@x.test>"
        message["To"] = "a@y.test, C <c@y.test>"
        message["Date"] = "Fri, 28 Nov 2026 10:00:00 +0100"
        message["Message-ID"] = "<1@x.test>"
        message.set_content("text")
        message.add_attachment(b"12345", "application", "pdf", filename="ü.pdf")
        expected = {
            "host": "default",
            "subject": "Grüße",
            "date": "2026-11-28T10:00:00+01:00",
            "messageId": "1@x.test",
            "headerFrom": [{"name": "Böb", "address": "bob@x.test"}],
            "headerTo": [
                {"name": "", "address": "a@y.test"},
                {"name": "C", "address": "c@y.test"},
            ],
            "headerCc": [],
            "attachments": [
                {"index": 2, "fileName": "ü.pdf", "type": "application/pdf", "size": 5}
            ],
        }
        mail = rig.receive(message.as_bytes())
        for document in (
            *rig.get("/smtpMails?view=summary"),
            *rig.get("/smtpMails?view=full"),
            rig.get(f"/smtpMails/{mail.id}"),
            *rig.ask("DELETE", "/smtpMails?view=summary").json(),
        ):
            found = {name: document[name] for name in expected}
            self.assertEqual(found, expected)

    def test_a_bounce(self) -> None:
        """The summary has what is reported, and the recipient finds it (RFC 3464)."""
        rig = Rig()
        rig.receive()
        mail = rig.receive(
            b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\n"
            b"Content-Type: message/delivery-status\r\n\r\n"
            b"Reporting-MTA: dns; mx.test\r\n\r\n"
            b"Final-Recipient: rfc822; bob@X.test\r\nAction: failed\r\n"
            b"Status: 5.1.1\r\nRemote-MTA: dns; mx.x.test\r\n"
            b"Diagnostic-Code: smtp; 550 No such user\r\n\r\n--b--\r\n",
            sender="",
        )
        expected = {
            "recipient": "bob@X.test",
            "action": "failed",
            "status": "5.1.1",
            "diagnostic": "550 No such user",
            "remoteMta": "mx.x.test",
        }
        path = "/smtpMails?view=summary"
        # What was decoded is remembered, and then read from memory.
        for _ in range(2):
            (found,) = rig.get(f"{path}&bounceOf=bob@x.test")
            self.assertEqual((found["id"], found["bounce"]), (mail.id, [expected]))
        self.assertEqual(rig.get(f"{path}&bounceOf=carl@x.test"), [])
        self.assertEqual(rig.get(path)[0]["bounce"], [])

    def test_a_large_mail_is_summarized_in_a_thread(self) -> None:
        """Once, for all views."""
        rig = Rig()
        rig.receive(b"Date: x\r\nSubject: large\r\n\r\n" + b"x" * LARGE)
        pending = rig.begin("GET", "/smtpMails?view=summary")
        self.assertEqual(len(rig.threads), 1)
        assert pending.answer is not None
        (document,) = pending.answer.json()
        self.assertEqual((document["subject"], document["date"]), ("large", None))
        rig.begin("GET", "/smtpMails?view=full")
        self.assertEqual(rig.threads, [])

    def test_the_order_is_that_of_arrival(self) -> None:
        """Ids grow with each mail."""
        rig = filled()
        listed = ids(rig.get("/smtpMails"))
        self.assertEqual(listed, sorted(listed, key=int))
        self.assertEqual(rig.get("/smtpMailsCount"), 4)

    def test_other_methods_are_refused(self) -> None:
        """A list of mails is not replaced: 405, with what is allowed."""
        for method in "PUT", "PATCH":
            answer = Rig().ask(method, "/smtpMails", {})
            self.assertEqual(answer.status, 405)
            self.assertEqual(answer.header("Allow"), "DELETE, GET, HEAD, POST")


class FilterTests(SynchronousTestCase):
    """Query parameters"""

    def found(self, query: str) -> list[int]:
        """Which of the four mails, counted from 1, `query` finds."""
        rig = filled()
        self.assertEqual(
            [d["id"] for d in rig.get(f"/smtpMails?{query}&view=summary")],
            found := [d["id"] for d in rig.get(f"/smtpMails?{query}")],
        )
        return [int(mail_id) for mail_id in found]

    def test_filters(self) -> None:
        """Each lets only some pass, and several all that each lets pass."""
        for query, expected in (
            ("from=bob@x.test", [1, 3]),
            ("from=bob@X.Test", [1, 3]),
            ("from=Bob@x.test", [4]),
            ("from=<bob@x.test>", [1, 3]),
            ("from=bob", []),
            ("from=<>", [2]),
            ("from=%3C%3E", [2]),
            ("to=alice@x.test", [1, 2, 3]),
            ("to=jack@x.test&to=", None),
            ("to=%22a+b%22@x.test", [4]),
            ("to=ice@x.test", []),
            ("subject=first", [1, 4]),
            ("subject=first+aid", [4]),
            ("subject=zw%C3%B6lf", [2]),
            ("subject=FIRST", [1, 4]),
            ("sender=bob@x.test", [1, 3]),
            ("rcpt=jack@x.test", [3]),
            ("rcpt=jack@x.test&to=alice@x.test", [3]),
            ("sender=Bob@x.test&from=bob@x.test", []),
            ("sender=bob@x.test&from=bob@x.test", [1, 3]),
            ("body=TWO", [2]),
            ("body=first", []),
            ("messageId=%3C1@x.test%3E", [1]),
            ("session=7", [1, 2, 3, 4]),
            ("session=8", []),
            ("helo=CLIENT.test", [1, 2, 3, 4]),
            ("helo=client", []),
            ("clientIp=192.0.2.1", [1, 2, 3, 4]),
            ("clientIp=192.0.2.0/24", [1, 2, 3, 4]),
            ("clientIp=2001:db8::/32", []),
            ("minSize=35", [1, 2]),
            ("maxSize=20", [3]),
            ("maxSize=1KiB", [1, 2, 3, 4]),
            ("since=2023-11-14T22:13:20Z", [1, 2, 3, 4]),
            ("since=2023-11-14T23:13:21+01:00", []),
            ("since=2023-11-14T23:13:20%2B01:00", [1, 2, 3, 4]),
            ("until=2023-11-14T22:13:21Z", [1, 2, 3, 4]),
            ("until=2023-11-14t22:13:20.1z", []),
            ("q=first", [1, 4]),
            ("q=first+-aid", [1]),
            ("q=subject:%22first+aid%22", [4]),
            ("q=from:shop+one", [1]),
            ("q=sender:%3C%3E", [2]),
            ("q=host:default&subject=first&limit=1", [1]),
            ("q=host:other", []),
            ("q=", [1, 2, 3, 4]),
            ("contains=t", [1, 2, 3, 4]),
            ("contains=thr%C3%A9e", [3]),
            ("contains=", [1, 2, 3, 4]),
            ("to=alice@x.test&subject=first", [1]),
            ("after=1", [2, 3, 4]),
            ("after=4", []),
            ("limit=2", [1, 2]),
            ("limit=99", [1, 2, 3, 4]),
            ("after=1&limit=2", [2, 3]),
            ("after=1&subject=first", [4]),
            ("to=alice@x.test&limit=2", [1, 2]),
            ("", [1, 2, 3, 4]),
        ):
            if expected is not None:
                self.assertEqual(self.found(query), expected, query)

    def test_a_plus_in_an_address_may_stand_as_it_is(self) -> None:
        """An address has no space, so that an unescaped ``+`` can only be itself."""
        rig = Rig()
        rig.receive(to=("alice+tag@x.test",))
        for query in "to=alice+tag@x.test", "to=alice%2Btag@x.test":
            self.assertEqual(len(rig.get(f"/smtpMails?{query}")), 1, query)

    def test_a_semicolon_divides_nothing(self) -> None:
        """It is part of a value, as URLs have it today."""
        rig = Rig()
        rig.receive(b"a;b")
        self.assertEqual(len(rig.get("/smtpMails?contains=a;b")), 1)

    def test_wrong_parameters_are_told(self) -> None:
        """All that is wrong with a query is 400, each with its name."""
        for query, paths in (
            ("form=x", ["?form"]),
            ("limit=0", ["?limit"]),
            ("limit=-1", ["?limit"]),
            ("limit=1.0", ["?limit"]),
            ("limit=%D9%A3", ["?limit"]),
            ("limit=" + "9" * 30, ["?limit"]),
            ("limit=1&limit=2", ["?limit"]),
            ("count=0", ["?count"]),
            ("count=x&wait=y", ["?count", "?wait"]),
            ("wait=-1", ["?wait"]),
            ("wait=1d", ["?wait"]),
            ("wait=", ["?wait"]),
            ("wait=10m1", ["?wait"]),
            ("wait=600001ms", ["?wait"]),
            ("wait=10", ["?wait"]),
            ("wait=11m", ["?wait"]),
            ("after=x", ["?after"]),
            ("after=", ["?after"]),
            ("after=01", ["?after"]),
            ("view=all", ["?view"]),
            ("from=", ["?from"]),
            ("to=", ["?to"]),
            ("to=<>", ["?to"]),
            ("subject=%ff", ["?"]),
            ("rcpt=<>", ["?rcpt"]),
            ("minSize=x&maxSize=-1", ["?minSize", "?maxSize"]),
            ("since=yesterday&until=2026-11-28", ["?since", "?until"]),
            ("since=2026-02-30T00:00:00Z", ["?since"]),
            ("clientIp=localhost", ["?clientIp"]),
            ("q=form:bob", ["?q"]),
            ("q=%22open", ["?q"]),
            ("&".join(f"a{n}=1" for n in range(101)), ["?"]),
        ):
            answer = Rig().ask("GET", f"/smtpMails?{query}")
            self.assertEqual((answer.status, answer.paths), (400, paths), query)

    def test_an_unknown_keyword_is_named(self) -> None:
        """With its position and the nearest one that is known."""
        answer = Rig().ask("GET", "/smtpMails?q=word+form:bob")
        (error,) = answer.json()["errors"]
        self.assertIn("unknown keyword 'form'", error["message"])
        self.assertIn("did you mean 'from'? (at position 5)", error["message"])

    def test_deleting_does_not_wait(self) -> None:
        """DELETE has the filters, but not the parameters of waiting."""
        rig = filled()
        answer = rig.ask("DELETE", "/smtpMails?count=1&wait=1s")
        self.assertEqual((answer.status, answer.paths), (400, ["?count", "?wait"]))
        self.assertEqual(len(rig.mailbox), 4)

    def test_after_what_is_gone(self) -> None:
        """410 where the mail to go on after is not kept: something may be missed."""
        rig = Rig(mailbox=Mailbox(max_mails=2))
        first = rig.receive()
        self.assertEqual(rig.get(f"/smtpMails?after={first.id}"), [])
        rig.receive()
        rig.receive()
        for query in f"after={first.id}", f"after={first.id}&wait=5s", "after=99":
            answer = rig.ask("GET", f"/smtpMails?{query}")
            self.assertEqual(answer.status, 410, query)
            self.assertEqual(answer.kind, "application/problem+json")
        self.assertEqual(rig.ask("DELETE", "/smtpMails?after=1").status, 410)
        self.assertEqual(len(rig.mailbox), 2)


class ExplainTests(SynchronousTestCase):
    """``?explain=true``"""

    def explained(self, rig: Rig, query: str) -> list[tuple[str, list[str], Any]]:
        """The nearest mails: what they match, and the first thing that they do not."""
        document = rig.get(f"/smtpMails?explain=true&{query}")
        self.assertEqual(list(document), ["mails", "nearest"])
        return [
            (near["mail"], near["matched"], tuple(near["failed"][0].values()))
            for near in document["nearest"]
        ]

    def test_the_nearest_mails(self) -> None:
        """Those that lack the fewest filters first, and of equals the newest."""
        nearest = self.explained(filled(), "from=bob@x.test&subject=FIRST+AID&limit=1")
        self.assertEqual(
            nearest,
            [
                ("4", ["subject"], ("from", "bob@x.test", ["Bob@x.test"])),
                ("3", ["from"], ("subject", "FIRST AID", [""])),
                ("1", ["from"], ("subject", "FIRST AID", ["first"])),
                ("2", [], ("from", "bob@x.test", ["<>"])),
            ],
        )

    def test_enough_mails(self) -> None:
        """Nothing is nearest; the mails are listed as they would be otherwise."""
        rig = filled()
        self.assertEqual(self.explained(rig, "subject=first"), [])
        document = rig.get("/smtpMails?subject=first&explain=true&limit=1&view=summary")
        listed = rig.get("/smtpMails?subject=first&limit=1&view=summary")
        self.assertEqual(document, {"mails": listed, "nearest": []})
        self.assertEqual(len(self.explained(rig, "subject=first&count=3")), 2)

    def test_texts_are_shown_as_they_are(self) -> None:
        """Not as they are compared, which is without case."""
        rig = Rig()
        rig.receive(b"From: Ann <Ann@X.test>\r\nSubject: Big NEWS\r\n\r\n")
        for query, found in (
            ("subject=small", "Big NEWS"),
            ("q=from:bob", "Ann <Ann@X.test>"),
            ("q=addressed:bob", "Ann <Ann@X.test>"),
        ):
            ((_, _, failed),) = self.explained(rig, query)
            self.assertEqual(failed[2], [found])

    def test_terms_of_an_expression(self) -> None:
        """Each is a filter of its own."""
        nearest = self.explained(filled(), "q=subject:first+body:one+-sender:bob")
        failed = ("q", "-sender:bob", ["<bob@x.test>"])
        self.assertEqual(nearest[0], ("1", ["q"], failed))

    def test_another_host(self) -> None:
        """At the root a mail that another host has received is reported."""
        rig = Rig()
        rig.mock.add(MailHost("mx2", "mx2.test", Mailbox(quota=rig.mailbox.quota)))
        origin = attrs.evolve(ORIGIN, host="mx2")
        envelope = rig.receive().envelope
        rig.mailbox.clear()
        rig.mock.hosts["mx2"].mailbox.keep(envelope, b"Subject: s\n\n", 0.0, origin)
        failed = ("host", "default", ["mx2"])
        self.assertEqual(self.explained(rig, "subject=s"), [("2", ["subject"], failed)])
        document = rig.get("/hosts/default/smtpMails?subject=s&explain=true")
        self.assertEqual(document, {"mails": [], "nearest": []})

    def test_a_large_mail_is_compared_in_a_thread(self) -> None:
        """And its text is not repeated in full."""
        rig = Rig()
        rig.receive(b"\r\n" + b"x" * LARGE)
        pending = rig.begin("GET", "/smtpMails?body=y&from=bob@x.test&explain=true")
        while not rig.threads:
            rig.clock.advance(0)
        assert pending.answer is not None
        (near,) = pending.answer.json()["nearest"]
        self.assertEqual(near["matched"], ["from"])
        self.assertEqual(near["failed"][0]["found"], ["x" * 200])

    def test_no_more_than_five(self) -> None:
        """The newest of those that lack as much."""
        rig = Rig()
        for _ in range(8):
            rig.receive()
        nearest = self.explained(rig, "from=alice@x.test")
        self.assertEqual([mail for mail, *_ in nearest], ["8", "7", "6", "5", "4"])


class DeleteTests(SynchronousTestCase):
    """Removing mails"""

    def test_all_are_answered_and_gone(self) -> None:
        """DELETE answers what it removed, as it is listed."""
        rig = filled()
        listed = rig.get("/smtpMails")
        answer = rig.ask("DELETE", "/smtpMails")
        self.assertEqual((answer.status, answer.json()), (200, listed))
        self.assertEqual(rig.get("/smtpMails"), [])
        self.assertEqual(rig.ask("DELETE", "/smtpMails").json(), [])

    def test_filters_choose_what_goes(self) -> None:
        """With filters the others stay."""
        for query, removed in (
            ("to=alice@x.test", ["1", "2", "3"]),
            ("limit=1", ["1"]),
            ("after=2", ["3", "4"]),
            ("subject=first&limit=1&view=summary", ["1"]),
            ("from=nobody@x.test", []),
        ):
            rig = filled()
            answer = rig.ask("DELETE", f"/smtpMails?{query}")
            self.assertEqual(ids(answer.json()), removed, query)
            left = [n for n in "1234" if n not in removed]
            self.assertEqual(ids(rig.get("/smtpMails")), left, query)

    def test_numbers_are_not_used_again(self) -> None:
        """A mail that comes after all were removed has a new id."""
        rig = filled()
        rig.ask("DELETE", "/smtpMails")
        self.assertEqual(rig.receive().id, "5")


class OneTests(SynchronousTestCase):
    """``/smtpMails/{id}``"""

    def test_all_is_told(self) -> None:
        """One mail has the fields of the full view, and its MIME structure."""
        rig = Rig()
        mail = rig.receive(b"Subject: =?utf-8?q?=C3=A9?=\r\n\r\ntext\r\n")
        document = rig.get(f"/smtpMails/{mail.id}")
        (full,) = rig.get("/smtpMails?view=full")
        mime = document.pop("mime")
        self.assertEqual(document, full)
        self.assertEqual(mime["headers"], [{"name": "Subject", "value": "é"}])
        self.assertEqual((mime["text"], mime["html"]), ("text\r\n", None))

    def test_past_a_bound_there_is_a_reason(self) -> None:
        """900 nested parts are no structure, and told at once; the rest is there."""
        rig = Rig()
        nested = b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (n, n)
            for n in range(900)
        )
        mail = rig.receive(nested)
        document = rig.get(f"/smtpMails/{mail.id}")
        self.assertIsNone(document["mime"])
        self.assertIn("nested", document["mimeReason"])
        self.assertEqual(document["message"].encode(), nested)

    def test_the_shape_of_listings_does_not_matter(self) -> None:
        """All fields are told of one mail."""
        rig = Rig(HttpSettings(mail_shape=MailShape.ARTICLE))
        self.assertIn("from", rig.get(f"/smtpMails/{rig.receive().id}"))

    def test_one_is_removed(self) -> None:
        """DELETE removes that one, and it is unknown from then on."""
        rig = filled()
        self.assertEqual(rig.ask("DELETE", "/smtpMails/2").status, 204)
        self.assertEqual(ids(rig.get("/smtpMails")), ["1", "3", "4"])
        self.assertEqual(rig.ask("DELETE", "/smtpMails/2").status, 404)

    def test_unknown_ids_are_404(self) -> None:
        """Whatever an id looks like; there is one way to write a number."""
        rig = filled()
        for unknown in (
            "0",
            "9",
            "01",
            "+1",
            "1.0",
            "-1",
            "x",
            "%00",
            "9" * 99,
            "\u0661",
        ):
            for path in "", "/raw", "/parts/1":
                answer = rig.ask("GET", f"/smtpMails/{quote(unknown, safe='%')}{path}")
                self.assertEqual(answer.status, 404, unknown)
                self.assertEqual(answer.kind, "application/problem+json")


class WaitTests(SynchronousTestCase):
    """``?count=3&wait=10s``"""

    def setUp(self) -> None:
        """An empty box, and no pause between two looks at what has come."""
        self.patch(waiting, "PAUSE", 0.0)
        self.rig = Rig()

    def answered(self, query: str) -> Answer:
        """The answer to a wait that need not wait."""
        return self.rig.ask("GET", f"/smtpMails?{query}")

    def test_there_are_enough_already(self) -> None:
        """The answer comes at once, with all that match and not just so many."""
        for _ in range(3):
            self.rig.receive()
        self.assertEqual(len(self.answered("count=2&wait=10s").json()), 3)
        self.assertEqual(len(self.answered("count=2&wait=10s&limit=1").json()), 1)
        self.assertEqual(self.rig.clock.getDelayedCalls(), [])

    def test_it_answers_as_soon_as_there_are_enough(self) -> None:
        """Not before, and at once; those are told that came first."""
        pending = self.rig.begin("GET", "/smtpMails?count=2&wait=10s")
        self.assertIsNone(pending.answer)
        self.rig.receive()
        self.assertIsNone(pending.answer)
        self.rig.receive()
        assert pending.answer is not None
        self.assertEqual(ids(pending.answer.json()), ["1", "2"])
        self.assertEqual(self.rig.clock.getDelayedCalls(), [])

    def test_it_answers_when_the_time_is_up(self) -> None:
        """200, with what there is."""
        self.rig.receive()
        pending = self.rig.begin("GET", "/smtpMails?count=2&wait=250ms")
        self.rig.clock.advance(0.249)
        self.assertIsNone(pending.answer)
        self.rig.clock.advance(0.002)
        assert pending.answer is not None
        self.assertEqual(ids(pending.answer.json()), ["1"])
        self.assertEqual(self.rig.clock.getDelayedCalls(), [])

    def test_a_large_mail_is_searched_in_a_thread(self) -> None:
        """The reactor goes on meanwhile; the answer comes when it is found to match."""
        large = b"Subject: large\r\n\r\n" + b"x" * LARGE
        for query in "subject=LARGE", "body=xx", "q=large+-small":
            pending = self.rig.begin("GET", f"/smtpMails?{query}&wait=5s&view=summary")
            self.assertIsNone(pending.answer)
            mail = self.rig.receive(large)
            self.rig.clock.advance(0)
            self.assertEqual(len(self.rig.threads), 1)
            assert pending.answer is not None
            self.assertEqual(ids(pending.answer.json()), [mail.id])
            self.rig.mailbox.clear()
        self.assertEqual(self.rig.clock.getDelayedCalls(), [])

    def test_a_search_that_ends_after_the_wait(self) -> None:
        """Its mail comes too late; nothing is left scheduled."""
        pending = self.rig.begin("GET", "/smtpMails?body=x&wait=5s&count=1&settle=1s")
        self.assertIsNone(pending.answer)
        self.rig.receive(b"\r\n" + b"x" * LARGE)
        self.rig.clock.advance(0)
        threads, self.rig.threads = self.rig.threads, []
        self.rig.clock.advance(5)
        assert pending.answer is not None
        self.assertEqual(pending.answer.json(), [])
        for thread in threads:
            thread.callback(None)
        self.rig.turn()
        self.assertEqual(self.rig.clock.getDelayedCalls(), [])

    def test_nothing_came(self) -> None:
        """That is an empty array, and no error."""
        pending = self.rig.begin("GET", "/smtpMails?wait=1s")
        self.rig.clock.advance(1)
        assert pending.answer is not None
        self.assertEqual((pending.answer.status, pending.answer.json()), (200, []))

    def test_one_is_waited_for_without_a_count(self) -> None:
        """``wait`` alone waits for the first mail."""
        pending = self.rig.begin("GET", "/smtpMails?wait=5s")
        self.assertIsNone(pending.answer)
        self.rig.receive()
        assert pending.answer is not None
        self.assertEqual(len(pending.answer.json()), 1)

    def test_a_count_without_a_time_waits_for_nothing(self) -> None:
        """It answers at once with what there is."""
        self.rig.receive()
        self.assertEqual(len(self.answered("count=5").json()), 1)
        self.assertEqual(len(self.answered("count=5&wait=0").json()), 1)

    def test_only_those_that_match_count(self) -> None:
        """Others that come do not end the wait."""
        path = "/smtpMails?to=alice@x.test&subject=hi&wait=10s&view=summary"
        pending = self.rig.begin("GET", path)
        self.rig.receive(to=("jack@x.test",))
        self.rig.receive(b"Subject: other\r\n\r\n")
        self.assertIsNone(pending.answer)
        self.rig.receive()
        assert pending.answer is not None
        self.assertEqual(ids(pending.answer.json()), ["3"])

    def test_only_those_behind_count(self) -> None:
        """With ``after`` the wait is for mails that a reader has not seen."""
        self.rig.receive()
        pending = self.rig.begin("GET", "/smtpMails?after=1&wait=10s")
        self.assertIsNone(pending.answer)
        self.rig.receive()
        assert pending.answer is not None
        self.assertEqual(ids(pending.answer.json()), ["2"])

    def test_a_mail_that_was_removed_does_not_count(self) -> None:
        """Enough must be kept at once, not have come in the course of time."""
        pending = self.rig.begin("GET", "/smtpMails?count=2&wait=10s")
        self.rig.receive()
        self.assertIsNone(pending.answer)
        self.rig.ask("DELETE", "/smtpMails")
        self.rig.receive()
        self.assertIsNone(pending.answer)
        self.rig.receive()
        assert pending.answer is not None
        self.assertEqual(ids(pending.answer.json()), ["2", "3"])


class PiecesTests(SynchronousTestCase):
    """The document of a large mail"""

    def test_a_large_mail_is_the_same_document(self) -> None:
        """In pieces, its content decoded as it would be at once."""
        for content in (
            b"x" * (PIECE + 1),
            "é".encode() * PIECE,
            b"x" + "\N{GRINNING FACE}".encode() * PIECE,
            b'"\\\x00\r\n' * PIECE,
            b"\xff\xc3" * PIECE,
        ):
            mail = keep(Mailbox(), content)
            for document in MAIL, MAIL_DETAILS, MAIL_SUMMARY:
                pieces = list(mail_pieces(mail, document))
                self.assertEqual(orjson.loads(b"".join(pieces)), document.write(mail))
                self.assertLess(max(map(len, pieces)), 8 * PIECE)


class Threads:
    """Threads that begin when a test lets them."""

    def __init__(self) -> None:
        self.waiting: list[tuple[str, Deferred[None]]] = []

    def __call__(self, work: Any, *arguments: Any) -> Deferred[Any]:
        begun: Deferred[None] = Deferred()
        self.waiting.append((work.__name__, begun))
        return begun.addCallback(lambda _: work(*arguments))


class MatchingTests(SynchronousTestCase):
    """Filtering a large box"""

    def find(
        self, mailbox: Mailbox, clock: Clock, threads: Threads, **wanted: str
    ) -> Deferred[list[Mail]]:
        """Begin to look for the mails that match."""
        mock = Mock(MailHost("default", "mx.test", mailbox), Zone())
        listing = MailListing(mock, "default", MailQuery(**wanted), threads)
        return Deferred.fromCoroutine(matches(listing, Span(), clock))

    def filled(self, count: int, content: bytes) -> Mailbox:
        """A box of equal mails."""
        mailbox = Mailbox()
        for _ in range(count):
            keep(mailbox, content)
        return mailbox

    def test_the_reactor_turns_between_slices(self) -> None:
        """All are found, a slice at a time."""
        clock = TickingClock()
        finding = self.find(
            self.filled(30, b"text"), clock, Threads(), sender="bob@x.test"
        )
        clock.advance(0)
        self.assertEqual(len(self.successResultOf(finding)), 30)
        self.assertGreater(clock.turns, 5)
        self.assertEqual(clock.getDelayedCalls(), [])

    def test_a_large_mail_is_decoded_in_a_thread(self) -> None:
        """And not at all where no filter asks for what is encoded."""
        content = b"Subject: one\r\n\r\n" + b"x" * LARGE
        for wanted, expected in (
            ({"subject": "ONE"}, ["summary_of"]),
            ({"subject": "one", "sender": "alice@x.test"}, []),
            ({"body": "x"}, ["summary_of", "matches"]),
            ({"sender": "bob@x.test", "contains": "xx"}, []),
            ({}, []),
        ):
            mailbox, threads = self.filled(2, content), Threads()
            finding = self.find(mailbox, Clock(), threads, **wanted)
            begun = []
            while threads.waiting:
                name, thread = threads.waiting.pop()
                begun.append(name)
                thread.callback(None)
            found = [] if "alice@x.test" in wanted.values() else mailbox.mails()
            self.assertEqual(self.successResultOf(finding), found)
            self.assertEqual(begun, expected * 2, wanted)

    def test_headers_are_decoded_once(self) -> None:
        """A second search finds them decoded."""
        decoded = []

        def decode(structure: Structure) -> Summary:
            decoded.append(structure)
            return summary_of_structure(structure)

        self.patch(decoded_module, "summary_of_structure", decode)
        mailbox = self.filled(3, b"Subject: one\r\n\r\n")
        for subject in "one", "two", "one":
            finding = self.find(mailbox, Clock(), Threads(), subject=subject)
            found = self.successResultOf(finding)
            self.assertEqual(found, mailbox.mails() if subject == "one" else [])
        self.assertEqual(len(decoded), 3)
