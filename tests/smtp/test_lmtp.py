"""LMTP (RFC 2033)."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.codec.behaviors import parse_behaviors
from mocksmtp.codec.sessions import session_document
from mocksmtp.core.host import MailHost
from mocksmtp.core.session_query import fates
from mocksmtp.model.behavior import Command, Effect
from mocksmtp.model.host import MailProtocol
from tests.smtp.dialogue import Dialogue, behavior, small_host
from tests.smtp.mocked import on, when
from tests.smtp.test_attempt import counted_parsing


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
        self.dialogue.host.behaviors.replace_all(parse_behaviors([full]))
        self.open("a", "f", "c")
        self.assertEqual(self.deliver(), ["250", "452", "250"])
        self.assertEqual(self.dialogue.recipients(), [["a@x", "c@x"]])

    def test_recipient_is_a_key_at_data(self) -> None:
        """Each recipient has answers of its own, through several mails."""
        busy = on("DATA", 451, per="recipient", numberOfAnswer=1)
        self.dialogue.host.behaviors.replace_all(parse_behaviors([busy]))
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
        rules = dialogue.host.behaviors.replace_all(parse_behaviors(documents))
        dialogue.open_mail()
        self.assertEqual(dialogue.send(b".\r\n")[:3], "250")
        self.assertEqual([rule.seen for rule in rules], [0, 0, 0])
        (session,) = dialogue.host.journal.sessions()
        passed_over = session_document(session)["transcript"][-1]["passedOver"]
        self.assertEqual(
            [(miss["behavior"], miss["reason"]) for miss in passed_over],
            [(name, "protocol") for name in ("target", "key", "without")],
        )

    def test_content_is_parsed_once_for_all(self) -> None:
        """A behavior looks at it for each recipient."""
        condition = when("header:subject", "no", "equals")
        behaviors = parse_behaviors([on("DATA", 599, condition=condition)])
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
