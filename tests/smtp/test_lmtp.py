"""LMTP (RFC 2033)."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Effect
from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.hosts.host import MailHost
from mocksmtp.hosts.listeners import MailProtocol
from mocksmtp.sessions.documents import SESSION
from mocksmtp.sessions.search import SessionQuery, fates
from mocksmtp.sessions.session import Outcome
from tests.smtp.dialogue import Dialogue, behavior, host, small_host
from tests.smtp.mocked import on, when
from tests.smtp.test_attempt import counted_parsing

MAIL = "MAIL FROM:<b@x>"


class LmtpDialogue(Dialogue):
    """A conversation with a listener for LMTP."""

    def connect(self) -> None:
        self.factory.spoken = MailProtocol.LMTP
        super().connect()

    def recipients(self) -> list[list[str]]:
        """The recipients of each kept mail."""
        return [
            [recipient.address.text for recipient in mail.envelope.recipients]
            for mail in self.host.mailbox.mails()
        ]


class LmtpTests(SynchronousTestCase):
    """A listener on which LMTP is spoken."""

    def setUp(self) -> None:
        self.dialogue = LmtpDialogue()

    def open(self, *recipients: str) -> None:
        self.dialogue.say("LHLO c", "MAIL FROM:<b@x>")
        self.dialogue.say(*(f"RCPT TO:<{name}@x>" for name in recipients))

    def deliver(self, content: bytes = b"hello\r\n") -> list[str]:
        """Send the content; answer the codes of the replies."""
        self.dialogue.say("DATA")
        return [r[:3] for r in self.dialogue.send(content + b".\r\n").splitlines()]

    def test_its_greeting_is_lhlo(self) -> None:
        """HELO and EHLO are none of its commands (RFC 2033 §4.1)."""
        codes = self.dialogue.codes("EHLO c", "HELO c", "LHLO", "LHLO c")
        self.assertEqual(codes, ["500", "500", "501", "250"])
        self.assertIn("250-PIPELINING", self.dialogue.send(b"LHLO c\r\n"))

    def test_lhlo_is_no_smtp(self) -> None:
        """Elsewhere it is not known."""
        self.assertEqual(Dialogue().codes("LHLO c"), ["500"])

    def test_each_recipient_has_a_reply(self) -> None:
        """In the order of their RCPT, also one that comes twice (RFC 2033 §4.2)."""
        self.open("a", "c", "a")
        self.assertEqual(self.deliver(), ["250"] * 3)
        self.assertEqual(self.dialogue.recipients(), [["a@x", "c@x", "a@x"]])

    def test_a_refused_recipient_has_none(self) -> None:
        """It was told at RCPT."""
        self.dialogue.host.behaviors.put(behavior(Command.RCPT_TO, 550, contains="no"))
        self.open("a", "no", "c")
        self.assertEqual(self.deliver(), ["250"] * 2)
        self.assertEqual(self.dialogue.recipients(), [["a@x", "c@x"]])

    def test_a_behavior_decides_on_each(self) -> None:
        """The mail is kept for the others, and the journal tells who was refused."""
        self.dialogue.host.behaviors.put(behavior(Command.DATA, 452, times=1))
        self.open("a", "c")
        self.assertEqual(self.deliver(), ["452", "250"])
        self.assertEqual(self.dialogue.recipients(), [["c@x"]])
        (session,) = self.dialogue.host.journal.sessions()
        (transaction,) = session.transactions
        told = {f.recipient.address.text: f.outcome.value for f in fates(transaction)}
        self.assertEqual(told, {"a@x": "refused", "c@x": "accepted"})

    def test_recipient_is_a_target_at_data(self) -> None:
        """ok, full, ok: the mail is kept for those that it is accepted for."""
        full = on("DATA", 452, message="4.2.2 Full", condition=when("recipient", "f@"))
        self.dialogue.host.behaviors.replace_all(SMTP.parse_all([full]))
        self.open("a", "f", "c")
        self.assertEqual(self.deliver(), ["250", "452", "250"])
        self.assertEqual(self.dialogue.recipients(), [["a@x", "c@x"]])

    def test_recipient_is_a_key_at_data(self) -> None:
        """Each recipient has answers of its own, through several mails."""
        busy = on("DATA", 451, per="recipient", numberOfAnswer=1)
        self.dialogue.host.behaviors.replace_all(SMTP.parse_all([busy]))
        for recipients, codes in (("ac", ["451"] * 2), ("ad", ["250", "451"])):
            self.open(*recipients)
            self.assertEqual(self.deliver(), codes)
            self.dialogue.say("RSET")

    def test_on_smtp_it_is_not_evaluated(self) -> None:
        """DATA has one reply there; the transcript gives the reason."""
        dialogue = Dialogue()
        documents = [
            on("DATA", 452, id="target", condition=when("recipient", "b@")),
            on("DATA", 452, id="key", per=["recipient", "clientIp"]),
            on("DATA", 452, id="without", condition={
                "operator": "not", "condition": when("recipient", "b@")}),
        ]  # fmt: skip
        rules = dialogue.host.behaviors.replace_all(SMTP.parse_all(documents))
        dialogue.open_mail()
        self.assertEqual(dialogue.send(b".\r\n")[:3], "250")
        self.assertEqual([rule.seen for rule in rules], [0, 0, 0])
        (session,) = dialogue.host.journal.sessions()
        passed_over = SESSION.write(session)["transcript"][-1]["passedOver"]
        self.assertEqual(
            [(miss["behavior"], miss["reason"]) for miss in passed_over],
            [(name, "protocol") for name in ("target", "key", "without")],
        )

    def test_content_is_parsed_once_for_all(self) -> None:
        """A behavior looks at it for each recipient."""
        condition = when("header:subject", "no", "equals")
        behaviors = SMTP.parse_all([on("DATA", 599, condition=condition)])
        self.dialogue.host.behaviors.replace_all(behaviors)
        self.open(*"abcdef")
        with counted_parsing() as counts:
            self.assertEqual(self.deliver(b"Subject: x\r\n\r\n"), ["250"] * 6)
        self.assertEqual(counts["decode_words"], 1)

    def test_a_recipient_can_be_lost(self) -> None:
        """It is told 250 like the others, and the mail is kept for those."""
        self.dialogue.host.behaviors.put(
            behavior(Command.RCPT_TO, 250, contains="lost", effect=Effect.DISCARD)
        )
        self.open("lost", "a")
        self.assertEqual(self.deliver(), ["250"] * 2)
        self.assertEqual(self.dialogue.recipients(), [["a@x"]])

    def test_where_all_are_refused_nothing_is_kept(self) -> None:
        """And the transaction counts as refused."""
        self.dialogue.host.behaviors.put(behavior(Command.DATA, 554))
        self.open("a", "c")
        self.assertEqual(self.deliver(), ["554"] * 2)
        self.assertEqual(self.dialogue.contents(), [])
        (session,) = self.dialogue.host.journal.sessions()
        self.assertEqual(session.transactions[0].outcome.value, "refused")

    def test_no_room_is_told_to_each(self) -> None:
        """452, as many times as there are recipients."""
        self.dialogue = LmtpDialogue(small_host(max_bytes=2000))
        self.open("a", "c")
        self.assertEqual(self.deliver(b"x" * 3000 + b"\r\n"), ["452"] * 2)

    def test_the_last_chunk_has_as_many(self) -> None:
        """BDAT is offered here too; what comes before the last has one reply."""
        self.open("a", "c")
        said = self.dialogue.send(b"BDAT 2\r\nabBDAT 1 LAST\r\ncNOOP\r\n").splitlines()
        self.assertEqual([reply[:3] for reply in said], ["250"] * 4)
        self.assertEqual(self.dialogue.contents(), [b"abc"])

    def test_each_reply_is_recorded(self) -> None:
        """The first with the content, the others behind it."""
        host = MailHost("default", "mx.test")
        self.dialogue = LmtpDialogue(host)
        self.open("a", "c")
        self.deliver()
        (session,) = host.journal.sessions()
        self.assertEqual([e[1] for e in session.exchanges[-2:]], [(7, 1), None])
        self.assertEqual(host.counters.replies[250], 6)


class LmtpAnswerTests(SynchronousTestCase):
    """One reply for each recipient, whatever answers (RFC 2033 §4.2)"""

    def open(self, *documents: Any) -> LmtpDialogue:
        """A transaction with three recipients, of whom one is discarded."""
        lost = on("RCPT TO", 250, condition=when("recipient", "l@"), effect="discard")
        dialogue = LmtpDialogue()
        behaviors = SMTP.parse_all([lost, *documents])
        dialogue.host.behaviors.replace_all(behaviors)
        dialogue.say("LHLO c", MAIL, *(f"RCPT TO:<{name}@x>" for name in "alc"))
        return dialogue

    def fates(self, dialogue: LmtpDialogue) -> dict[str, tuple[str, bool]]:
        """What became of each recipient, and whether the mail is kept for it."""
        (transaction,) = dialogue.protocol.session.transactions
        return {
            fate.recipient.address.text[0]: (fate.outcome.value, fate.kept)
            for fate in fates(transaction)
        }

    def codes(self, said: str) -> list[str]:
        return [line[:3] for line in said.splitlines()]

    def test_an_answer_in_the_midst_of_content(self) -> None:
        """It is for each; the rest of the content has no reply."""
        dialogue = self.open(on("DATA CONTENT", 451, id="it"))
        dialogue.say("DATA")
        self.assertEqual(self.codes(dialogue.send(b"x\r\n")), ["451"] * 3)
        self.assertEqual(self.codes(dialogue.send(b".\r\nNOOP\r\n")), ["250"])
        refused = ("refused", False)
        self.assertEqual(self.fates(dialogue), dict.fromkeys("acl", refused))

    def test_a_late_answer_in_the_midst_of_content(self) -> None:
        """All at once, and once late."""
        dialogue = self.open(on("DATA CONTENT", 451, delay="1s"))
        dialogue.say("DATA")
        self.assertEqual(dialogue.send(b"x\r\n.\r\n"), "")
        dialogue.clock.advance(1)
        self.assertEqual(self.codes(dialogue.heard()), ["451"] * 3)

    def test_nothing_is_said_once(self) -> None:
        """A connection that is cut off says it to nobody."""
        dialogue = self.open(on("DATA CONTENT", then="reset"))
        dialogue.say("DATA")
        self.assertEqual(dialogue.send(b"x\r\n"), "")
        dialogue.protocol.connectionLost()
        aborted = ("aborted", False)
        self.assertEqual(self.fates(dialogue), dict.fromkeys("acl", aborted))

    def test_the_last_chunk_can_be_refused(self) -> None:
        """For each; one before the last has one reply (RFC 2033 §4.3)."""
        for last, replies in (" LAST", 3), ("", 1):
            dialogue = self.open(on("BDAT", 452))
            said = dialogue.send(f"BDAT 1{last}\r\nx".encode())
            self.assertEqual(self.codes(said), ["452"] * replies)
            self.assertEqual(dialogue.codes(MAIL), ["250"])

    def test_the_last_chunk_can_be_answered(self) -> None:
        """In the place of what each would be told; late but once."""
        full = on("DATA", 452, condition=when("recipient", "c@"))
        dialogue = self.open(full, on("BDAT", 251, message="here", delay="1s"))
        self.assertEqual(dialogue.send(b"BDAT 1 LAST\r\nx"), "")
        dialogue.clock.advance(1)
        self.assertEqual(self.codes(dialogue.heard()), ["251", "251", "452"])
        fates = {"a": ("accepted", True), "l": ("discarded", False)}
        self.assertEqual(self.fates(dialogue), {**fates, "c": ("refused", False)})

    def test_content_that_is_too_large(self) -> None:
        """A chunk before the last has one reply; all others one for each."""
        for chunks, replies in (
            ((b"BDAT 9\r\n", b"x" * 9), 1),
            ((b"BDAT 9 LAST\r\n", b"x" * 9), 3),
            ((b"DATA\r\n", b"xxxxxxxxx\r\n.\r\n"), 3),
        ):
            dialogue = LmtpDialogue(host(message_size=5))
            dialogue.say("LHLO c", MAIL, *(f"RCPT TO:<{name}@x>" for name in "alc"))
            dialogue.send(chunks[0])
            self.assertEqual(self.codes(dialogue.send(chunks[1])), ["552"] * replies)

    def test_the_first_refusal_does_not_hide_the_mail(self) -> None:
        """Its id is with the content, which was answered to three recipients."""
        dialogue = self.open(on("DATA", 452, condition=when("recipient", "a@")))
        dialogue.say("DATA")
        self.assertEqual(self.codes(dialogue.send(b".\r\n")), ["452", "250", "250"])
        fates = {"a": ("refused", False), "l": ("discarded", False)}
        self.assertEqual(self.fates(dialogue), {**fates, "c": ("accepted", True)})
        document = SESSION.write(dialogue.protocol.session)
        contents = [e["content"] for e in document["transcript"] if "content" in e]
        self.assertEqual(contents, [{"size": 0, "mailId": "1"}])
        (transaction,) = document["transactions"]
        self.assertEqual(
            (transaction["outcome"], transaction["mailId"]), ("accepted", "1")
        )

    def test_an_error_for_one_that_is_kept_all_the_same(self) -> None:
        """Each has its own outcome, whatever the others were told."""
        keep = on("DATA", 451, condition=when("recipient", "c@"), effect="apply")
        dialogue = self.open(keep)
        dialogue.say("DATA")
        self.assertEqual(self.codes(dialogue.send(b".\r\n")), ["250", "250", "451"])
        self.assertEqual(dialogue.recipients(), [["a@x", "c@x"]])
        fates = {"a": ("accepted", True), "l": ("discarded", False)}
        self.assertEqual(self.fates(dialogue), {**fates, "c": ("refused", True)})
        wanted = {"recipient": "c@x", "outcome": Outcome.REFUSED, "kept": True}
        self.assertTrue(SessionQuery(**wanted).matches(dialogue.protocol.session))

    def test_a_client_that_leaves_before_the_replies(self) -> None:
        """No recipient was told anything; for whom it is kept is known."""
        dialogue = self.open(on("DATA", 250, delay="30s"))
        dialogue.say("DATA")
        dialogue.send(b".\r\n")
        dialogue.protocol.connectionLost()
        kept = {"a": True, "l": False, "c": True}
        expected = {name: ("aborted", keeps) for name, keeps in kept.items()}
        self.assertEqual(self.fates(dialogue), expected)
