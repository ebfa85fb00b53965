"""Sessions as documents"""

from __future__ import annotations

from typing import Any

import attrs
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.miss import LongTrail, Miss, Reason, Slowed
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.smtp import SMTP, SmtpRules
from mocksmtp.hosts.host import MailHost
from mocksmtp.sessions.documents import (
    EXCHANGE,
    MAX_TEXT,
    NEAR_ATTEMPT,
    SESSION,
    TRANSACTION,
    shown_exchanges,
)
from mocksmtp.sessions.search import Nearest, SessionQuery
from mocksmtp.sessions.session import (
    INJECTED,
    PIPELINED,
    SMUGGLING,
    Outcome,
    PeerCertificate,
    TlsSession,
)
from tests.session_client import Client
from tests.smtp.dialogue import behavior
from tests.smtp.mocked import on


class DocumentTests(SynchronousTestCase):
    """`SESSION`"""

    def setUp(self) -> None:
        self.host = MailHost("default", "mx.test")
        self.clock = Clock()
        self.clock.advance(1_700_000_000)
        self.client = Client(self.host, clock=self.clock)

    def document(self) -> dict[str, Any]:
        return SESSION.write(self.client.session)

    def transcript(self) -> list[dict[str, Any]]:
        return list(map(EXCHANGE.write, shown_exchanges(self.client.session)))

    def test_a_session_from_its_beginning_to_its_end(self) -> None:
        """All of it, and nothing else."""
        self.clock.advance(0.25)
        self.client.say("EHLO me.test")
        self.clock.advance(1.5)
        self.client.quit()
        document = self.document()
        hello = document["transcript"][1].pop("reply")
        self.assertEqual(hello["code"], 250)
        self.assertIn("\nPIPELINING\n", hello["text"])
        self.assertEqual(
            document,
            {
                "id": "1",
                "host": "default",
                "listener": "10.0.0.1:12345",
                "clientIp": "192.168.1.1",
                "clientPort": 54321,
                "startedAt": "2023-11-14T22:13:20.000Z",
                "endedAt": "2023-11-14T22:13:21.750Z",
                "end": "quit",
                "tls": None,
                "authUser": None,
                "authMechanism": None,
                "helo": "me.test",
                "transactions": [],
                "transcript": [
                    {
                        "at": 0.0,
                        "reply": {"code": 220, "text": "mx.test ESMTP mocksmtp"},
                        "behavior": None,
                    },
                    {"at": 250.0, "line": "EHLO me.test", "behavior": None},
                    {
                        "at": 1750.0,
                        "line": "QUIT",
                        "reply": {"code": 221, "text": "2.0.0 Bye"},
                        "behavior": None,
                    },
                ],
                "omitted": 0,
                "omittedTransactions": 0,
            },
        )

    def test_a_session_that_lasts(self) -> None:
        """It has no end yet."""
        document = self.document()
        self.assertEqual((document["endedAt"], document["end"]), (None, None))

    def test_a_mail_that_was_kept(self) -> None:
        """Its id is where the mail is, and where its content was."""
        self.client.deliver("Alice@X.test", content="12345")
        (transaction,) = self.document()["transactions"]
        self.assertEqual(
            transaction,
            {
                "from": "me@a.test",
                "recipients": [
                    {"address": "Alice@X.test", "outcome": "accepted", "kept": True}
                ],
                "outcome": "accepted",
                "kept": True,
                "reply": {"code": 250, "text": "2.0.0 Message kept"},
                "mailId": "1",
            },
        )
        *_, data, content = self.transcript()
        self.assertEqual(data["line"], "DATA")
        self.assertEqual(content["content"], {"size": 7, "mailId": "1"})
        self.assertNotIn("line", content)

    def test_each_content_has_its_own_mail(self) -> None:
        """Among those that were refused, given up or never had one."""
        busy = behavior(Command.DATA, 451, contains="no")
        self.host.behaviors.replace_all(
            [busy, behavior(Command.MAIL_FROM, 550, contains="bad")]
        )
        self.client.deliver("a@x.test")
        self.client.deliver("a@x.test", content="no")
        self.client.deliver("a@x.test", sender="bad@x.test")
        self.client.say("MAIL FROM:<b@x.test>", "RCPT TO:<a@x.test>", "RSET")
        self.client.deliver("a@x.test")
        contents = [e["content"]["mailId"] for e in self.transcript() if "content" in e]
        self.assertEqual(contents, ["1", None, "2"])
        mails = [t["mailId"] for t in self.document()["transactions"]]
        self.assertEqual(mails, ["1", None, None, None, "2"])

    def test_a_long_connection(self) -> None:
        """Each of 1,000 mails is found, and each exchange that is kept has its mail."""
        for number in range(1000):
            self.client.deliver(f"u{number}@x.test")
        document = self.document()
        ids = [str(number) for number in range(1, 1001)]
        contents = [e["content"]["mailId"] for e in self.transcript() if "content" in e]
        self.assertEqual(contents, ids[-len(contents) :])
        self.assertEqual([t["mailId"] for t in document["transactions"]], ids)
        self.assertEqual(document["omittedTransactions"], 0)
        first = SessionQuery(recipient="u0@x.test", outcome=Outcome.ACCEPTED)
        self.assertTrue(first.matches(self.client.session))

    def test_what_is_omitted_is_counted(self) -> None:
        """The transactions too; those that are left keep their mails."""
        for _ in range(10):
            self.client.deliver("a@x.test")
        self.host.journal.shrink(self.client.session)
        document = self.document()
        self.assertEqual(document["omittedTransactions"], 5)
        mails = [t["mailId"] for t in document["transactions"]]
        self.assertEqual(mails, ["6", "7", "8", "9", "10"])
        contents = [e["content"]["mailId"] for e in self.transcript() if "content" in e]
        self.assertEqual(contents, mails)

    def test_a_behavior_that_answered(self) -> None:
        """It is named where it did, and what it said is with the recipient."""
        self.host.behaviors.replace_all(
            [behavior(Command.RCPT_TO, 550, "5.1.1 No\nbob", contains="bob")]
        )
        self.client.deliver("bob@x.test", "a@x.test")
        reply = {"code": 550, "text": "5.1.1 No\nbob"}
        found = [(e["reply"], e["behavior"]) for e in self.transcript()]
        self.assertIn((reply, "1"), found)
        self.assertEqual([name for _, name in found].count(None), len(found) - 1)
        (transaction,) = self.document()["transactions"]
        self.assertEqual(
            transaction["recipients"],
            [
                {"address": "a@x.test", "outcome": "accepted", "kept": True},
                {
                    "address": "bob@x.test",
                    "outcome": "refused",
                    "kept": False,
                    "reply": reply,
                },
            ],
        )

    def test_parameters(self) -> None:
        """Those of MAIL and RCPT as they were sent, where there are any."""
        self.client.say(
            "MAIL FROM:<> RET=HDRS SMTPUTF8", "RCPT TO:<a@x.test> Notify=NEVER", "RSET"
        )
        (transaction,) = self.document()["transactions"]
        self.assertEqual(transaction["from"], "<>")
        self.assertEqual(
            transaction["parameters"],
            [{"name": "RET", "value": "HDRS"}, {"name": "SMTPUTF8", "value": ""}],
        )
        (recipient,) = transaction["recipients"]
        self.assertEqual(
            recipient["parameters"], [{"name": "Notify", "value": "NEVER"}]
        )

    def test_pipelining_is_told(self) -> None:
        """Of commands that came before the reply to the one before could be seen."""
        self.client.protocol.dataReceived(b"EHLO c\r\nNOOP\r\nNOOP\r\n")
        self.client.say("NOOP")
        told = [e.get("pipelined", False) for e in self.transcript()]
        self.assertEqual(told, [False, False, True, True, False])

    def test_flags_are_told_where_they_are_set(self) -> None:
        """Each by its name, and none where there is none."""
        for flags, told in (
            (0, {}),
            (PIPELINED, {"pipelined": True}),
            (SMUGGLING, {"smuggling": True}),
            (INJECTED, {"injected": True}),
            (PIPELINED | SMUGGLING, {"pipelined": True, "smuggling": True}),
        ):
            session = attrs.evolve(self.client.session)
            session.exchanges = [(session.started_at, b"NOOP", None, flags, 0.0, None)]
            (document,) = map(EXCHANGE.write, shown_exchanges(session))
            rest = {"at": 0.0, "line": "NOOP", "reply": None, "behavior": None}
            self.assertEqual(document, {**rest, **told})

    def test_what_else_behaviors_had_to_do_with_a_reply(self) -> None:
        """Who slowed it down, and who could have given it and did not, and why."""
        session = attrs.evolve(self.client.session)
        behaviors = SmtpRules()
        behaviors.replace_all(SMTP.parse_all([on("NOOP", 450)] * 3))
        walk = behaviors.walk(Command.NOOP)
        note = LongTrail(("1",), (Slowed("1"), Miss("2", Reason.SKIP), walk))
        session.exchanges = [(session.started_at, b"NOOP", None, 0, 0.0, note)]
        (document,) = map(EXCHANGE.write, shown_exchanges(session))
        self.assertEqual(document["slowedBy"], ["1"])
        self.assertEqual(
            document["passedOver"],
            [
                {"behavior": "2", "reason": "skip"},
                {"behavior": "3", "reason": "condition"},
            ],
        )

    def test_a_handshake(self) -> None:
        """What it agreed on and what the client showed, or why it failed."""
        peer = PeerCertificate("CN=c", "CN=ca", "00ff")
        for tls, told in (
            (
                TlsSession("TLSv1.3", "AES", "mx.test", peer),
                {
                    "version": "TLSv1.3",
                    "cipher": "AES",
                    "sni": "mx.test",
                    "clientCertificate": {
                        "subject": "CN=c",
                        "issuer": "CN=ca",
                        "fingerprint": "00ff",
                    },
                },
            ),
            (
                TlsSession(error="unknown ca"),
                {
                    **dict.fromkeys(("version", "cipher", "sni", "clientCertificate")),
                    "error": "unknown ca",
                },
            ),
        ):
            self.client.session.tls = tls
            self.assertEqual(self.document()["tls"], told)

    def test_who_has_authenticated(self) -> None:
        """And how."""
        session = self.client.session
        session.auth_user, session.auth_mechanism = "bob", "PLAIN"
        document = self.document()
        told = (document["authUser"], document["authMechanism"])
        self.assertEqual(told, ("bob", "PLAIN"))

    def test_octets_that_are_no_text(self) -> None:
        """They are told as escapes, and no line end is."""
        self.client.protocol.dataReceived(b"NO\xffP caf\xc3\xa9 \x00\n")
        self.assertEqual(self.transcript()[-1]["line"], "NO\\xffP caf\xe9 \x00")

    def test_long_lines_and_replies_are_cut(self) -> None:
        """Their length is told instead."""
        self.client.say("NOOP " + "x" * 10_000)
        self.host.behaviors.replace_all([behavior(Command.NOOP, 250, "y" * 10_000)])
        self.client.say("NOOP")
        *_, line, answer = self.transcript()
        self.assertEqual((len(line["line"]), line["length"]), (MAX_TEXT, 10_005))
        reply = answer["reply"]
        self.assertEqual((len(reply["text"]), reply["length"]), (MAX_TEXT, 10_000))

    def test_what_stands_for_long_parts(self) -> None:
        """A document can be made with something in their place."""
        document = SESSION.write_with(
            self.client.session, {"transactions": 1, "transcript": 2}
        )
        self.assertEqual((document["transactions"], document["transcript"]), (1, 2))

    def test_an_open_transaction(self) -> None:
        """It has no reply yet."""
        self.client.say("MAIL FROM:<a@x.test>")
        transaction = self.client.protocol.delivery.transaction
        document = TRANSACTION.write(transaction)
        self.assertEqual((document["reply"], document["outcome"]), (None, "open"))

    def test_an_explanation(self) -> None:
        """What matched by its name, and of the rest what there was instead."""
        self.client.deliver("alice@x.test")
        nearest = Nearest(SessionQuery(sender="me@a.test", recipient="bob@x.test"))
        list(nearest.look_at(self.client.session))
        (attempt,) = nearest.attempts()
        failed = {"filter": "to", "wanted": "bob@x.test", "found": ["alice@x.test"]}
        expected = {"session": "1", "transaction": 0, "matched": ["from"]}
        self.assertEqual(NEAR_ATTEMPT.write(attempt), {**expected, "failed": [failed]})
