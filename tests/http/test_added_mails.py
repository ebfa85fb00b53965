"""``POST /smtpMails``, and mails as an mbox"""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

from twisted.internet.defer import Deferred, fail
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.http.context import HttpSettings
from mocksmtp.mail.mail import Mail
from mocksmtp.mail.mailbox import Mailbox, NoSpace
from mocksmtp.mail.mbox import MBOX
from tests.http.rig import Answer, Rig, ids
from tests.http.test_waiting import TickingClock

MAIL = b"From: Bob <bob@x.test>\r\nTo: Al <al@x.test>, eve@x.test\r\n\r\nhi\r\n"


def post(rig: Rig, body: bytes, query: str = "", kind: str = "") -> Answer:
    """The answer to a request that adds mails."""
    headers = {"Content-Type": kind or "message/rfc822"}
    return rig.ask("POST", "/smtpMails" + query, body, headers)


class AddTests(SynchronousTestCase):
    """One mail"""

    def test_the_envelope_is_that_of_the_header(self) -> None:
        """The mail is in the list, with its exact octets, and 201 names it."""
        rig = Rig()
        answer = post(rig, MAIL)
        self.assertEqual((answer.status, answer.json()), (201, {"ids": ["1"]}))
        (mail,) = rig.get("/smtpMails?view=full&to=eve@x.test")
        self.assertEqual(
            mail["envelope"],
            {"from": "bob@x.test", "recipients": ["al@x.test", "eve@x.test"]},
        )
        self.assertEqual((mail["session"], mail["host"]), ("", "default"))
        self.assertEqual(rig.ask("GET", "/smtpMails/1/raw").body, MAIL)

    def test_the_query_replaces_it(self) -> None:
        """`from` and `to`; recipients are separated by commas."""
        rig = Rig()
        for query, sender, recipients in (
            ("from=a@y.test&to=b@y.test", "a@y.test", ["b@y.test"]),
            ("from=<>&to=b@y.test,%20<c@y.test>", "<>", ["b@y.test", "c@y.test"]),
            ('to="a,b"@y.test,c+d@y', "bob@x.test", ['"a,b"@y.test', "c+d@y"]),
        ):
            self.assertEqual(post(rig, MAIL, "?" + query).status, 201, query)
            told = rig.get("/smtpMails/latest")["envelope"]
            self.assertEqual(told, {"from": sender, "recipients": recipients}, query)

    def test_other_fields_may_name_the_addresses(self) -> None:
        """Those that mail servers add; a mail without From has the null sender."""
        for header, sender, recipients in (
            (b"Return-Path: <>\nFrom: a@x\nTo: b@x", "<>", ["b@x"]),
            (b"Return-Path: <r@x>\nCc: b@x\nBcc: c@x", "r@x", ["b@x", "c@x"]),
            (b"To: undisclosed-recipients:;\nDelivered-To: b@x", "<>", ["b@x"]),
            (b"From: <a..b@@x>, c@x\nTo: <a b@@x>, b@x, b@x", "c@x", ["b@x"]),
        ):
            rig = Rig()
            self.assertEqual(post(rig, header + b"\n\n").status, 201, header)
            told = rig.get("/smtpMails/latest")["envelope"]
            self.assertEqual(told, {"from": sender, "recipients": recipients}, header)

    def test_it_arrives_like_any_mail(self) -> None:
        """Who waits for it gets it."""
        rig = Rig()
        waiting = rig.begin("GET", "/smtpMails?q=hi&count=1&wait=5s")
        self.assertIsNone(waiting.answer)
        post(rig, MAIL)
        answer = waiting.answer
        assert answer is not None
        self.assertEqual(ids(answer.json()), ["1"])

    def test_a_host_has_its_own(self) -> None:
        """Below its path."""
        rig = Rig()
        answer = rig.ask("POST", "/hosts/default/smtpMails", MAIL)
        self.assertEqual(answer.status, 201)
        self.assertEqual(rig.ask("POST", "/hosts/mx9/smtpMails", MAIL).status, 404)

    def test_what_is_wrong_is_reported(self) -> None:
        """With its place; nothing is kept."""
        rig = Rig()
        for body, query, path in (
            (b"", "", "$"),
            (b"Subject: hi\r\n\r\n", "", "$"),
            (MAIL, "?to=", "?to"),
            (MAIL, "?to=a@b@c", "?to"),
            (MAIL, "?from=a@b%20SIZE=1", "?from"),
            (MAIL, "?sender=a@x", "?sender"),
        ):
            answer = post(rig, body, query)
            self.assertEqual((answer.status, answer.paths), (400, [path]), query)
        self.assertEqual(rig.get("/smtpMailsCount"), 0)

    def test_json_is_not_allowed(self) -> None:
        """405 names the methods, unless the type says that it is a mail."""
        rig = Rig()
        for body in b"{}", b' [{"from": "a@x"}]':
            answer = rig.ask("POST", "/smtpMails", body)
            self.assertEqual(answer.status, 405)
            self.assertIn("DELETE", answer.headers.getRawHeaders("Allow")[0])
            self.assertEqual(post(rig, body).status, 400)
        self.assertEqual(rig.get("/smtpMailsCount"), 0)

    def test_it_needs_the_token(self) -> None:
        """Like every request."""
        rig = Rig(HttpSettings(token="secret"))
        self.assertEqual(post(rig, MAIL).status, 401)

    def test_sizes_are_limited(self) -> None:
        """By the maximum size of a message, and by the room for mails."""
        rig = Rig(mailbox=Mailbox(max_mails=1, max_bytes=2000))
        self.assertEqual(post(rig, MAIL + b"x" * 2000).status, 413)
        mbox = (b"From a@x 1\n" + MAIL + b"\n") * 2
        self.assertEqual(post(rig, mbox, kind=MBOX).status, 413)
        self.assertTrue(rig.mailbox.reserve(1900))
        self.assertEqual(post(rig, MAIL).status, 503)
        self.assertEqual(rig.get("/smtpMailsCount"), 0)


class MboxTests(SynchronousTestCase):
    """Several mails"""

    def test_all_are_added_in_order(self) -> None:
        """The first line has the sender, unless that is no address."""
        rig = Rig()
        mbox = b"From a@y Tue\nTo: b@x\n\n1\n\nFrom MAILER-DAEMON Tue\nTo: c@x\n\n2\n\n"
        answer = post(rig, mbox, kind=f"{MBOX}; format=mboxrd")
        self.assertEqual((answer.status, answer.json()), (201, {"ids": ["1", "2"]}))
        told = [mail["envelope"] for mail in rig.get("/smtpMails")]
        self.assertEqual(
            told,
            [
                {"from": "a@y", "recipients": ["b@x"]},
                {"from": "<>", "recipients": ["c@x"]},
            ],
        )

    def test_none_is_added_if_one_is_wrong(self) -> None:
        """Each wrong one is named."""
        rig = Rig()
        good, bad = b"From a@x 1\nTo: b@x\n\n\n", b"From a@x 1\nSubject: x\n\n\n"
        for mbox, paths in (
            (good + bad + good + bad, ["$[1]", "$[3]"]),
            (b"To: b@x\n\n", ["$"]),
        ):
            answer = post(rig, mbox, kind=MBOX)
            self.assertEqual((answer.status, answer.paths), (400, paths))
        self.assertEqual(rig.get("/smtpMailsCount"), 0)

    def test_the_reactor_turns_meanwhile(self) -> None:
        """Many mails take several slices; if the room ends, none of them is kept."""
        clock = TickingClock()
        rig = Rig(clock=clock)
        mbox = b"From a@x 1\nTo: b@x\n\n\n" * 20
        self.assertEqual(post(rig, mbox, kind=MBOX).status, 201)
        self.assertGreater(clock.turns, 5)
        self.assertEqual(rig.ask("DELETE", "/smtpMails").status, 200)

        def fill(mail: Mail) -> None:
            if mail.number == 30:
                rig.mailbox.reserve(rig.mailbox.max_bytes)

        rig.mailbox.listeners.append(fill)
        self.assertEqual(post(rig, mbox, kind=MBOX).status, 503)
        self.assertEqual(rig.get("/smtpMails"), [])

    def test_none_is_kept_if_the_client_leaves(self) -> None:
        """It does not know which were added, while a store still stores them."""
        rig = Rig()
        stored: list[tuple[Deferred[Mail | None], Mail | None]] = []
        real = rig.mailbox.keep

        def keep(*arguments: Any) -> Deferred[Mail | None]:
            stored.append((Deferred(), real(*arguments)))
            return stored[-1][0]

        mbox = b"From a@x 1\nTo: b@x\n\n\n" * 2
        with patch.object(rig.mailbox, "keep", keep):
            pending = rig.begin("POST", "/smtpMails", mbox, {"Content-Type": MBOX})
            self.assertIsNone(pending.answer)
        pending.deferred.cancel()
        rig.turn()
        self.assertEqual(len(rig.mailbox), 2)
        for waiting, mail in stored:
            waiting.callback(mail)
        self.assertEqual(len(rig.mailbox), 0)

    def test_a_store_may_be_full(self) -> None:
        """Then those that were stored are removed."""
        rig = Rig()
        kept = [rig.receive(), fail(NoSpace())]
        mbox = b"From a@x 1\nTo: b@x\n\n\n" * 2
        with patch.object(rig.mailbox, "keep", lambda *_: kept.pop(0)):
            self.assertEqual(post(rig, mbox, kind=MBOX).status, 503)
        self.assertEqual(len(rig.mailbox), 0)


class ExportTests(SynchronousTestCase):
    """A list as an mbox"""

    def test_the_filtered_list_is_sent(self) -> None:
        """If the client prefers it; what was exported can be added again."""
        rig = Rig()
        rig.receive(b"Subject: one\r\nTo: alice@x.test\r\n\r\nFrom me\r\n")
        rig.receive(b"Subject: two\r\n\r\n", "")
        answer = rig.ask("GET", "/smtpMails?subject=one", headers={"Accept": MBOX})
        self.assertEqual((answer.status, answer.kind), (200, MBOX))
        self.assertIn('filename="mails.mbox"', answer.header("Content-Disposition"))
        self.assertEqual(answer.body.count(b"\nFrom "), 0)
        self.assertEqual(post(rig, answer.body, kind=MBOX).status, 201)
        first, _, third = (m["message"] for m in rig.get("/smtpMails"))
        self.assertEqual(first, third)

    def test_pages_and_waiting_are_those_of_lists(self) -> None:
        """The link to the next page is the same."""
        rig = Rig()
        rig.receive()
        rig.receive()
        path = "/smtpMails?limit=1&count=1&wait=1s"
        answer = rig.ask("GET", path, headers={"Accept": MBOX})
        self.assertEqual(answer.body.count(b"From bob"), 1)
        link = '</smtpMails?limit=1&after=1>; rel="next"'
        self.assertEqual(answer.header("Link"), link)
        self.assertEqual(rig.ask("GET", "/smtpMails").kind, "application/json")
