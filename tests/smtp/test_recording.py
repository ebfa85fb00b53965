"""What the journal has of a conversation."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Effect, Fault
from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.grammar.address import Address
from mocksmtp.grammar.command import PathCommand
from mocksmtp.grammar.reply import LOCAL_ERROR, OK
from mocksmtp.sessions.documents import SESSION
from mocksmtp.sessions.search import SessionQuery
from mocksmtp.sessions.session import (
    PIPELINED,
    SMUGGLING,
    End,
    Exchange,
    Outcome,
    Session,
    Transaction,
)
from mocksmtp.smtp.output import DelayedReply, Output
from mocksmtp.smtp.pending import PendingReply
from mocksmtp.smtp.recording import Recorder
from tests.smtp.dialogue import Dialogue, behavior, host
from tests.smtp.mocked import mocked, on, when
from tests.smtp.test_content import FALSE_ENDS

MAIL, RCPT = "MAIL FROM:<b@x>", "RCPT TO:<a@x>"


def shown(exchange: Exchange) -> tuple[object, int | None]:
    """What was sent, and the code of the reply."""
    _, said, reply, *_ = exchange
    text = said.decode().rstrip("\r") if isinstance(said, bytes) else said
    return text, None if reply is None else reply.code


class RecordingTests(SynchronousTestCase):
    """Sessions, transcripts and transactions."""

    def setUp(self) -> None:
        self.dialogue = Dialogue()

    @property
    def session(self) -> Session:
        return self.dialogue.host.journal.sessions()[-1]

    def outcomes(self) -> list[str]:
        return [each.outcome.value for each in self.session.transactions]

    def test_every_line_is_there_with_its_reply(self) -> None:
        """The banner has no line, content its size and the number of the mail."""
        self.dialogue.say("EHLO c", "NONSENSE", "MAIL FROM:<b@x>", "RCPT TO:<a@x>")
        self.dialogue.say("DATA", "hello", ".", "QUIT")
        self.assertEqual(
            [shown(exchange) for exchange in self.session.exchanges],
            [
                (None, 220),
                ("EHLO c", 250),
                ("NONSENSE", 500),
                ("MAIL FROM:<b@x>", 250),
                ("RCPT TO:<a@x>", 250),
                ("DATA", 354),
                ((7, 1), 250),
                ("QUIT", 221),
            ],
        )
        self.assertEqual(self.session.helo, "c")
        self.assertEqual(self.session.client_ip, "192.168.1.1")

    def test_a_false_end_is_flagged_and_one_mail(self) -> None:
        """What is smuggled behind it is content, and no second transaction."""
        for end in FALSE_ENDS:
            self.dialogue = Dialogue()
            self.dialogue.open_mail()
            smuggled = b"MAIL FROM:<evil@x>\r\nRCPT TO:<a@x>\r\nDATA\r\nevil\r\n.\r\n"
            self.dialogue.send(b"hello" + end + smuggled)
            self.assertEqual(len(self.dialogue.contents()), 1, end)
            self.assertEqual(self.outcomes(), ["accepted"], end)
            flags = [e[3] for e in self.session.exchanges if isinstance(e[1], tuple)]
            self.assertEqual(flags, [SMUGGLING], end)

    def test_the_behavior_that_answered_is_named(self) -> None:
        """By its id; the server's own replies have none."""
        rule = self.dialogue.host.behaviors.put(behavior(Command.NOOP, 450, times=1))
        self.dialogue.say("NOOP", "NOOP")
        replies = [exchange[2] for exchange in self.session.exchanges]
        self.assertEqual([r and r.source for r in replies], [None, rule.id, None])

    def test_the_behavior_that_answered_nothing_is_named(self) -> None:
        """Also where the connection ends, or nothing but garbage is sent."""
        for response in (
            {"then": "close"},
            {"then": "reset"},
            {"then": "hang"},
            {"raw": ""},
            {"raw": "", "delay": "1s"},
            {"raw": "nonsense"},
        ):
            for command, lines in (
                ("CONNECT", []),
                ("EHLO", ["EHLO c"]),
                ("MAIL FROM", [MAIL]),
                ("RCPT TO", [MAIL, RCPT]),
                ("DATA COMMAND", [MAIL, RCPT, "DATA"]),
                ("DATA", [MAIL, RCPT, "DATA", "."]),
                ("DATA CONTENT", [MAIL, RCPT, "DATA", "x"]),
                ("BDAT", [MAIL, RCPT, "BDAT 0 LAST"]),
            ):
                talk = mocked(on(command, id="it", **response))
                talk.say(*lines)
                talk.clock.advance(1)
                document = SESSION.write(talk.protocol.session)
                last = document["transcript"][-1]
                self.assertEqual(last["behavior"], "it", (command, response))
                if "raw" not in response:
                    self.assertIsNone(last["reply"])
                talk.protocol.connectionLost()
                session = talk.protocol.session
                outcomes = [each.outcome.value for each in session.transactions]
                self.assertEqual(outcomes, ["aborted"] * (len(lines) > 0 and
                    command != "EHLO"), (command, response))  # fmt: skip

    def test_a_recipient_that_was_cut_off_was_not_refused(self) -> None:
        """Nor was its mail; one that was refused before is refused still."""
        talk = mocked(
            on("RCPT TO", 550, condition=when("recipient", "no@")),
            on("RCPT TO", then="reset"),
        )
        talk.say(MAIL, "RCPT TO:<no@x>", RCPT)
        talk.protocol.connectionLost()
        (transaction,) = SESSION.write(talk.protocol.session)["transactions"]
        self.assertEqual(transaction["outcome"], "aborted")
        outcomes = [r["outcome"] for r in transaction["recipients"]]
        self.assertEqual(outcomes, ["refused", "aborted"])

    def test_a_mail_that_is_kept_before_the_connection_is_cut_off(self) -> None:
        """Its id is with the content, and a filter finds it."""
        for then in "close", "reset", "hang":
            talk = mocked(on("DATA", id="it", then=then, effect="apply"))
            talk.open_mail()
            talk.send(b".\r\n")
            talk.protocol.connectionLost()
            document = SESSION.write(talk.protocol.session)
            last = document["transcript"][-1]
            self.assertEqual(last["content"], {"size": 0, "mailId": "1"})
            self.assertEqual((last["reply"], last["behavior"]), (None, "it"))
            (transaction,) = document["transactions"]
            (recipient,) = transaction["recipients"]
            for each in transaction, recipient:
                self.assertEqual((each["outcome"], each["kept"]), ("aborted", True))
            self.assertEqual(transaction["mailId"], "1")
            aborted = SessionQuery(outcome=Outcome.ABORTED, kept=True)
            self.assertTrue(aborted.matches(talk.protocol.session))

    def test_a_reply_that_the_client_does_not_wait_for(self) -> None:
        """It was told nothing; who would have answered is there, and the mail is."""
        for response, behavior_id, slowed in (
            ({"code": 250, "delay": "30s"}, "it", None),
            ({"code": 250, "drip": {"bytes": 1, "interval": "9s"}}, "it", None),
            ({"delay": "30s"}, None, ["it"]),
        ):
            talk = mocked(on("DATA", id="it", **response))
            heard: list[str] = []
            talk.host.journal.listeners.append(
                lambda s, heard=heard: heard.append(s.transactions[-1].outcome.value)
            )
            talk.open_mail()
            talk.send(b".\r\n")
            talk.clock.advance(10)
            talk.protocol.connectionLost()
            document = SESSION.write(talk.protocol.session)
            last = document["transcript"][-1]
            self.assertEqual((last["reply"], last["behavior"]), (None, behavior_id))
            self.assertEqual(last.get("slowedBy"), slowed)
            self.assertEqual(last["content"]["mailId"], "1")
            (transaction,) = document["transactions"]
            self.assertEqual(transaction["outcome"], "aborted")
            self.assertEqual((transaction["reply"], transaction["kept"]), (None, True))
            self.assertEqual(heard, ["accepted", "aborted", "aborted"])

    def test_a_refusal_that_the_client_does_not_wait_for(self) -> None:
        """Of the sender, or of a recipient, which was not refused then."""
        for command, lines in ("MAIL FROM", [MAIL]), ("RCPT TO", [MAIL, RCPT]):
            talk = mocked(on(command, 550, id="it", delay="30s"))
            talk.say(*lines)
            talk.protocol.connectionLost()
            document = SESSION.write(talk.protocol.session)
            self.assertEqual(document["transcript"][-1]["behavior"], "it")
            (transaction,) = document["transactions"]
            self.assertEqual(transaction["outcome"], "aborted")
            outcomes = [r["outcome"] for r in transaction["recipients"]]
            self.assertEqual(outcomes, ["aborted"] * (len(lines) - 1))

    def test_a_reply_that_was_sent_before_the_client_left(self) -> None:
        """It counts, though the connection was to end later."""
        talk = mocked(on("DATA", 554, then="close", thenDelay="30s"))
        talk.open_mail()
        self.assertEqual(talk.send(b".\r\n")[:3], "554")
        talk.protocol.connectionLost()
        self.assertEqual(talk.protocol.session.transactions[0].outcome.value, "refused")

    def test_what_is_pipelined_is_flagged(self) -> None:
        """Commands that came before the client could see the reply before them."""
        self.dialogue.send(b"NOOP\r\nNOOP\r\n")
        self.dialogue.send(b"NOOP\r\n")
        early = [exchange[3] for exchange in self.session.exchanges]
        self.assertEqual(early, [False, False, True, False])

    def test_content_before_the_354_is_flagged(self) -> None:
        """It is taken all the same."""
        self.dialogue.send(
            b"MAIL FROM:<b@x>\r\nRCPT TO:<a@x>\r\nDATA\r\nearly\r\n.\r\n"
        )
        said = [(e[1], e[3]) for e in self.session.exchanges if isinstance(e[1], tuple)]
        self.assertEqual(said, [((7, 1), True)])
        self.assertEqual(self.dialogue.contents(), [b"early\r\n"])

    def test_times(self) -> None:
        """When a line came, and how long its reply took."""
        rules = self.dialogue.host.behaviors
        rules.replace_all(SMTP.parse_all([on("MAIL FROM", delay="3s")]))
        self.dialogue.clock.advance(2)
        self.dialogue.send(b"MAIL FROM:<b@x>\r\n")
        self.dialogue.clock.advance(3)
        self.assertEqual(self.session.started_at, 0)
        at, _, _, _, delay, _ = self.session.exchanges[-1]
        self.assertEqual((at, delay), (2, 3))

    def test_outcomes_of_transactions(self) -> None:
        """What became of each mail, by what its client was told."""
        rules = self.dialogue.host.behaviors
        rules.replace_all(
            [
                behavior(Command.MAIL_FROM, 450, contains="no@"),
                behavior(Command.DATA, 554, contains="refuse"),
                behavior(Command.DATA, 250, contains="lose", effect=Effect.DISCARD),
                behavior(Command.DATA, 451, contains="keep", effect=Effect.APPLY),
            ]
        )
        self.dialogue.say("MAIL FROM:<no@x>")
        for content in "refuse", "lose", "keep", "take":
            self.dialogue.say("MAIL FROM:<b@x>", "RCPT TO:<a@x>", "DATA", content, ".")
        self.dialogue.say("MAIL FROM:<b@x>", "RSET")
        self.assertEqual(
            self.outcomes(),
            ["refused", "refused", "discarded", "refused", "accepted", "aborted"],
        )
        mails = [each.mail for each in self.session.transactions]
        self.assertEqual(mails, [None, None, None, 1, 2, None])

    def test_recipients_that_were_told_something_else(self) -> None:
        """Each refused or discarded one is there with its reply."""
        rules = self.dialogue.host.behaviors
        rules.put(behavior(Command.RCPT_TO, 550, "no", contains="no@"))
        rules.put(
            behavior(Command.RCPT_TO, 250, contains="lost@", effect=Effect.DISCARD)
        )
        self.dialogue.say("MAIL FROM:<b@x>", "RCPT TO:<no@x>", "RCPT TO:<lost@x>")
        self.dialogue.say("RCPT TO:<a@x>", "DATA", ".")
        (kept,) = self.session.transactions
        told = [(r.address.text, reply.code, e) for r, reply, e in kept.other_rcpts]
        self.assertEqual(
            told, [("no@x", 550, Effect.NONE), ("lost@x", 250, Effect.DISCARD)]
        )
        self.assertEqual([r.address.text for r in kept.recipients], ["a@x"])

    def test_data_without_valid_recipients_is_a_refusal(self) -> None:
        """The 554 ends the transaction."""
        self.dialogue.host.behaviors.put(behavior(Command.RCPT_TO, 550))
        self.dialogue.say("MAIL FROM:<b@x>", "RCPT TO:<a@x>", "DATA")
        self.assertEqual(self.outcomes(), ["refused"])

    def test_leaving_when_all_were_refused_is_a_refusal(self) -> None:
        """A client that goes without asking for DATA was refused, not disturbed."""
        self.dialogue.host.behaviors.put(behavior(Command.RCPT_TO, 550, times=1))
        self.dialogue.say("MAIL FROM:<b@x>", "RCPT TO:<a@x>", "RSET")
        self.dialogue.say("MAIL FROM:<b@x>", "RCPT TO:<a@x>", "RSET")
        self.assertEqual(self.outcomes(), ["refused", "aborted"])

    def test_how_it_ended(self) -> None:
        """By QUIT, by the client, by idleness, by the server."""
        self.dialogue.say("QUIT")
        self.dialogue.protocol.connectionLost()
        self.assertIs(self.session.end, End.QUIT)

        self.dialogue.connect()
        self.dialogue.open_mail()
        self.dialogue.send(b"half")
        self.dialogue.clock.advance(7)
        self.dialogue.protocol.connectionLost()
        self.assertIs(self.session.end, End.CLOSED_BY_CLIENT)
        self.assertEqual(self.session.ended_at, 7)
        self.assertEqual(self.outcomes(), ["aborted"])

        self.dialogue.connect()
        self.dialogue.clock.advance(300)
        self.dialogue.protocol.connectionLost()
        self.assertIs(self.session.end, End.TIMED_OUT)
        self.assertEqual(shown(self.session.exchanges[-1]), (None, 421))

        self.dialogue.connect()
        self.dialogue.protocol.shut_down()
        self.dialogue.protocol.connectionLost()
        self.assertIs(self.session.end, End.CLOSED)

    def test_a_connection_past_the_limit_is_there_too(self) -> None:
        """With what it was told."""
        dialogue = Dialogue(host(connections=1))
        dialogue.connect()
        dialogue.protocol.connectionLost()
        first, refused = dialogue.host.journal.sessions()
        self.assertIsNone(first.end)
        self.assertIs(refused.end, End.CLOSED)
        self.assertEqual([shown(e) for e in refused.exchanges], [(None, 421)])

    def test_sessions_have_ids_of_their_own(self) -> None:
        """And the mails name theirs."""
        self.dialogue.connect()
        self.dialogue.open_mail()
        self.dialogue.send(b".\r\n")
        ids = [each.id for each in self.dialogue.host.journal.sessions()]
        self.assertEqual(ids, ["1", "2"])
        (mail,) = self.dialogue.host.mailbox.mails()
        self.assertEqual((mail.origin.session, mail.origin.host), ("2", "default"))

    def test_content_that_begins_before_it_was_asked_for_is_flagged(self) -> None:
        """However long it takes; what waits for its 354 is not."""
        for packets, flags in (
            ([b"DATA\r\nfirst", b" rest\r\n.\r\n"], PIPELINED),
            ([b"DATA\r\n", b"first", b" rest\r\n.\r\n"], 0),
        ):
            self.dialogue = Dialogue()
            self.dialogue.say("MAIL FROM:<b@x>", "RCPT TO:<a@x>")
            for packet in packets:
                self.dialogue.send(packet)
            self.assertEqual(self.session.exchanges[-1][3], flags)

    def test_what_comes_before_a_late_reply_is_flagged(self) -> None:
        """It has come before its client could have seen that."""
        talk = mocked(on("NOOP", delay="1s"))
        talk.send(b"NOOP\r\n")
        talk.send(b"VRFY a\r\n")
        talk.clock.advance(1)
        (session,) = talk.host.journal.sessions()
        self.assertEqual([e[3] for e in session.exchanges[-2:]], [0, PIPELINED])


class RecorderTests(SynchronousTestCase):
    """`Recorder` without a connection"""

    def setUp(self) -> None:
        self.host = host()
        self.session = Session("1", "default", "", "", 0, 0.0)
        self.host.journal.begin(self.session)
        self.recorder = Recorder(self.host, self.session)

    def test_each_reply_is_counted_and_recorded(self) -> None:
        """The first of several with the line, and no reply as that."""
        self.recorder.record(1.0, b"DATA", (OK, LOCAL_ERROR), PIPELINED, 2.0)
        self.recorder.record(4.0, b"NOOP", None)
        self.assertEqual(
            self.session.exchanges,
            [
                (1.0, b"DATA", OK, PIPELINED, 2.0, None),
                (1.0, None, LOCAL_ERROR, PIPELINED, 2.0, None),
                (4.0, b"NOOP", None, 0, 0.0, None),
            ],
        )
        self.assertEqual(self.host.counters.replies, {250: 1, 451: 1})

    def test_a_pending_reply_is_known_before_it_is_sent(self) -> None:
        """And is recorded once it was sent, with the time that it took."""
        answer = DelayedReply(OK, Fault(delay=3.0))
        pending = PendingReply(answer, b"NOOP", PIPELINED, None, 1.0)
        pending.send(Output(StringTransport()), Clock(), [].append)
        mail = Transaction(PathCommand(Address("b@x.test")))
        mail.reply = OK
        self.host.journal.settle(self.session, mail, Outcome.ACCEPTED)
        self.recorder.hold(pending)
        self.assertIs(self.session.pending, mail)
        self.recorder.settle(pending, OK, 3.0, 4.0)
        self.assertIsNone(self.session.pending)
        self.assertEqual(
            self.session.exchanges, [(1.0, b"NOOP", OK, PIPELINED, 3.0, None)]
        )
