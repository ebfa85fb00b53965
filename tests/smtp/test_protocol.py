"""Conversations with the protocol, in memory."""

from __future__ import annotations

from typing import Any
from unittest.mock import patch

from twisted.internet.task import Clock
from twisted.logger import globalLogPublisher
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Effect
from mocksmtp.grammar import reply
from mocksmtp.grammar.command import LINE_LIMIT
from mocksmtp.grammar.reply import Reply
from mocksmtp.hosts.capabilities import Capabilities
from mocksmtp.hosts.host import MailHost
from mocksmtp.hosts.limits import Limits
from mocksmtp.sessions.session import Session
from mocksmtp.smtp.auth import AuthDialogue
from mocksmtp.smtp.delivery import MockDelivery
from mocksmtp.smtp.output import RedactedLine
from mocksmtp.smtp.protocol import Commands
from mocksmtp.smtp.starttls import Security, TlsState
from mocksmtp.tls.settings import TlsMode
from tests.smtp.dialogue import Dialogue, behavior, host, small_host

MAIL = b"MAIL FROM:<b@x.test>\r\n"
RCPT = b"RCPT TO:<a@x.test>\r\n"


class GreetingTests(SynchronousTestCase):
    """What a client hears first."""

    def test_banner_names_the_host(self) -> None:
        """The banner begins with 220 and the host's name (RFC 5321 §4.3.1)."""
        self.assertEqual(Dialogue().banner, "220 mx.test ESMTP mocksmtp\r\n")

    def test_ehlo_tells_the_extensions(self) -> None:
        """Capabilities and what a test added come as lines; HELP is the last."""
        dialogue = Dialogue()
        dialogue.host.extensions = ("DSN", "x-own thing")
        self.assertEqual(
            dialogue.send(b"EHLO c\r\n").split("\r\n"),
            [
                "250-mx.test",
                "250-PIPELINING",
                "250-8BITMIME",
                "250-SMTPUTF8",
                "250-ENHANCEDSTATUSCODES",
                "250-CHUNKING",
                "250-DSN",
                "250-x-own thing",
                "250 HELP",
                "",
            ],
        )

    def test_size_is_told_when_it_is_set(self) -> None:
        """SIZE has the limit, and is not there without one (RFC 1870 §3)."""
        dialogue = Dialogue(host(message_size=1000, advertise_size=True))
        self.assertIn("250-SIZE 1000\r\n", dialogue.send(b"EHLO c\r\n"))
        self.assertNotIn("SIZE", Dialogue().send(b"EHLO c\r\n"))

    def test_helo_and_ehlo_need_a_name(self) -> None:
        """Without an argument they are 501 (RFC 5321 §4.1.1.1)."""
        self.assertEqual(
            Dialogue().codes("HELO", "EHLO", "HELO c"), ["501"] * 2 + ["250"]
        )


class SequenceTests(SynchronousTestCase):
    """Which command may follow which."""

    def test_a_mail_is_kept_as_it_was_sent(self) -> None:
        """Envelope, parameters and content arrive unchanged."""
        clock = Clock()
        clock.advance(1234)
        dialogue = Dialogue(clock=clock)
        replies = dialogue.codes(
            "EHLO client.test",
            "MAIL FROM:<b@X.test> RET=HDRS smtputf8",
            'RCPT TO:<"a b"@x.test> NOTIFY=NEVER',
            "RCPT TO:<postmaster>",
            "DATA",
        )
        self.assertEqual(replies, ["250", "250", "250", "250", "354"])
        self.assertEqual(dialogue.send(b"hi\r\n.\r\n")[:3], "250")
        (mail,) = dialogue.host.mailbox.mails()
        envelope = mail.envelope
        self.assertEqual(envelope.sender.text, "b@X.test")
        self.assertEqual(
            [(p.name, p.value) for p in envelope.parameters],
            [("RET", "HDRS"), ("smtputf8", "")],
        )
        self.assertEqual(
            [recipient.address.text for recipient in envelope.recipients],
            ['"a b"@x.test', "postmaster"],
        )
        self.assertEqual(mail.content, b"hi\r\n")
        self.assertEqual(mail.received_at, 1234)
        self.assertEqual(mail.origin.helo, "client.test")
        self.assertEqual(mail.origin.client_ip, "192.168.1.1")

    def test_commands_out_of_order_are_503(self) -> None:
        """RCPT and DATA need MAIL, DATA a recipient, and MAIL comes once."""
        self.assertEqual(
            Dialogue().codes(
                "RCPT TO:<a@x>", "DATA", "MAIL FROM:<b@x>", "DATA", "MAIL FROM:<c@x>"
            ),
            ["503", "503", "250", "503", "503"],
        )

    def test_mail_needs_no_helo(self) -> None:
        """As the servers that the mock stands for."""
        self.assertEqual(
            Dialogue().codes("MAIL FROM:<b@x>", "RCPT TO:<a@x>"), ["250"] * 2
        )

    def test_data_is_554_when_every_recipient_was_refused(self) -> None:
        """And the transaction is over: RCPT needs a new MAIL, which may come."""
        dialogue = Dialogue()
        dialogue.host.behaviors.put(behavior(Command.RCPT_TO, 550))
        self.assertEqual(
            dialogue.codes(
                "MAIL FROM:<b@x>", "RCPT TO:<a@x>", "DATA", "RCPT TO:<a@x>",
                "MAIL FROM:<b@x>",
            ),
            ["250", "550", "554", "503", "250"],
        )  # fmt: skip

    def test_rset_ehlo_and_helo_end_a_transaction(self) -> None:
        """After each of them RCPT is out of order."""
        for command in "RSET", "EHLO c", "HELO c":
            codes = Dialogue().codes("MAIL FROM:<b@x>", command, "RCPT TO:<a@x>")
            self.assertEqual(codes, ["250", "250", "503"])

    def test_a_session_takes_many_mails(self) -> None:
        """The end of content ends its transaction only."""
        dialogue = Dialogue()
        for _ in range(3):
            dialogue.open_mail()
            self.assertEqual(dialogue.send(b"x\r\n.\r\n")[:3], "250")
        self.assertEqual([m.number for m in dialogue.host.mailbox.mails()], [1, 2, 3])

    def test_quit_says_bye_and_closes(self) -> None:
        """What is pipelined behind QUIT is not looked at."""
        dialogue = Dialogue()
        self.assertEqual(dialogue.send(b"QUIT\r\nNOOP\r\n"), "221 2.0.0 Bye\r\n")
        self.assertTrue(dialogue.transport.disconnecting)
        self.assertEqual(dialogue.send(b"NOOP\r\n"), "")

    def test_every_other_verb_has_its_answer(self) -> None:
        """All verbs of RFC 5321, and those of extensions that are not offered."""
        for line, code in (
            ("NOOP", "250"),
            ("NOOP anything", "250"),
            ("VRFY bob", "252"),
            ("VRFY", "501"),
            ("EXPN list", "502"),
            ("HELP", "214"),
            ("RSET", "250"),
            ("RSET now", "501"),
            ("DATA now", "501"),
            ("QUIT now", "501"),
            ("STARTTLS", "454"),
            ("AUTH PLAIN", "503"),
            ("BDAT", "501"),
            ("BDAT x", "501"),
            ("BDAT 1 LASTS", "501"),
            ("BDAT 0", "503"),
            ("ETRN x", "502"),
            ("NONSENSE", "500"),
            ("", "500"),
            (" noop ", "250"),
            ("MAIL", "501"),
            ("MAIL TO:<a@x>", "501"),
            ("MAIL FROM:<a@", "501"),
            ("MAIL FROM:<a@x> =y", "555"),
            ("MAIL FROM:<ä@x>", "553"),
            ("MAIL FROM:<ä@x> SMTPUTF8", "250"),
        ):
            self.assertEqual(Dialogue().codes(line), [code], line)

    def test_rcpt_errors(self) -> None:
        """A recipient must be a mailbox; the null path is none."""
        for line, code in (
            ("RCPT", "501"),
            ("RCPT TO:<>", "501"),
            ("RCPT TO:<", "501"),
            ("RCPT FROM:<a@x>", "501"),
            ("RCPT TO:<ä@x>", "553"),
            ("RCPT TO: a@x", "250"),
        ):
            self.assertEqual(Dialogue().codes("MAIL FROM:<>", line)[1], code, line)


class BehaviorTests(SynchronousTestCase):
    """Where a behavior answers in place of the server."""

    def test_each_command_of_the_base(self) -> None:
        """Each of them can be refused, with the text as it was set."""
        for command, line in (
            (Command.EHLO, "EHLO c"),
            (Command.MAIL_FROM, "MAIL FROM:<b@x>"),
            (Command.RSET, "RSET"),
            (Command.VRFY, "VRFY b"),
            (Command.NOOP, "NOOP"),
            (Command.QUIT, "QUIT"),
        ):
            dialogue = Dialogue()
            dialogue.host.behaviors.put(behavior(command, 451, "4.1.1 é\nmore"))
            dialogue.heard()
            said = dialogue.send(line.encode() + b"\r\n")
            self.assertEqual(said, "451-4.1.1 é\r\n451 more\r\n")
            self.assertFalse(dialogue.transport.disconnecting)

    def test_a_refused_mail_opens_no_transaction(self) -> None:
        """RCPT is out of order then, and MAIL may come again."""
        dialogue = Dialogue()
        dialogue.host.behaviors.put(behavior(Command.MAIL_FROM, 450, times=1))
        self.assertEqual(
            dialogue.codes("MAIL FROM:<b@x>", "RCPT TO:<a@x>", "MAIL FROM:<b@x>"),
            ["450", "503", "250"],
        )

    def test_conditions_see_the_address(self) -> None:
        """The subject of MAIL and RCPT is the address, without its brackets."""
        dialogue = Dialogue()
        dialogue.host.behaviors.put(behavior(Command.RCPT_TO, 550, contains="<"))
        dialogue.host.behaviors.put(behavior(Command.RCPT_TO, 551, contains="al"))
        codes = dialogue.codes("MAIL FROM:<b@x>", "RCPT TO:<bob@x>", "RCPT TO:<al@x>")
        self.assertEqual(codes, ["250", "250", "551"])

    def test_conditions_on_data_see_the_unstuffed_content(self) -> None:
        """A behavior on DATA answers in place of the 250 after the dot."""
        dialogue = Dialogue()
        dialogue.host.behaviors.put(behavior(Command.DATA, 554, contains="\n.é"))
        dialogue.open_mail()
        self.assertEqual(dialogue.send("\r\n..é\r\n.\r\n".encode())[:3], "554")
        self.assertEqual(dialogue.contents(), [])

    def test_a_mocked_421_leaves_the_connection_open(self) -> None:
        """Existing suites depend on it."""
        dialogue = Dialogue()
        dialogue.host.behaviors.put(behavior(Command.NOOP, 421, times=1))
        self.assertEqual(dialogue.codes("NOOP", "NOOP"), ["421", "250"])

    def test_a_mocked_ehlo_does_not_greet(self) -> None:
        """The client's name and its transaction stay as they were."""
        dialogue = Dialogue()
        dialogue.codes("HELO first", "MAIL FROM:<b@x>")
        dialogue.host.behaviors.put(behavior(Command.EHLO, 502))
        self.assertEqual(dialogue.codes("EHLO second", "RCPT TO:<a@x>", "DATA"),
                         ["502", "250", "354"])  # fmt: skip
        dialogue.send(b".\r\n")
        self.assertEqual(dialogue.host.mailbox.mails()[0].origin.helo, "first")

    def test_errors_of_the_server_spend_no_answer(self) -> None:
        """Syntax and sequence come before any behavior."""
        dialogue = Dialogue()
        dialogue.host.behaviors.put(behavior(Command.MAIL_FROM, 450, times=1))
        self.assertEqual(
            dialogue.codes("MAIL FROM:<", "MAIL FROM:<b@x>"), ["501", "450"]
        )

    def test_effects_on_data(self) -> None:
        """Apply keeps in spite of an error; none and discard lose behind a 250."""
        for code, effect, kept in (
            (451, Effect.APPLY, 1),
            (250, Effect.APPLY, 1),
            (250, None, 1),
            (250, Effect.NONE, 0),
            (250, Effect.DISCARD, 0),
            (451, None, 0),
        ):
            dialogue = Dialogue()
            dialogue.host.behaviors.put(behavior(Command.DATA, code, effect=effect))
            dialogue.open_mail()
            self.assertEqual(dialogue.send(b"x\r\n.\r\n"), f"{code} mocked\r\n")
            self.assertEqual(len(dialogue.contents()), kept)

    def test_a_discarded_sender_or_last_recipient_loses_the_mail(self) -> None:
        """The session goes on as if accepted, and nothing is kept."""
        for command in Command.MAIL_FROM, Command.RCPT_TO:
            dialogue = Dialogue()
            dialogue.host.behaviors.put(behavior(command, 250, effect=Effect.DISCARD))
            dialogue.open_mail()
            self.assertEqual(dialogue.send(b"x\r\n.\r\n")[:3], "250")
            self.assertEqual(dialogue.contents(), [])

    def test_a_discarded_recipient_is_left_out(self) -> None:
        """The others get the mail."""
        dialogue = Dialogue()
        dialogue.host.behaviors.put(
            behavior(Command.RCPT_TO, 250, contains="lost", effect=Effect.DISCARD)
        )
        dialogue.say(
            "MAIL FROM:<b@x>", "RCPT TO:<lost@x>", "RCPT TO:<a@x>", "DATA", "."
        )
        (mail,) = dialogue.host.mailbox.mails()
        self.assertEqual([r.address.text for r in mail.envelope.recipients], ["a@x"])

    def test_an_error_may_take_effect(self) -> None:
        """Apply on a refused MAIL, RCPT or RSET, and none on an accepted one."""
        dialogue = Dialogue()
        dialogue.host.behaviors.replace_all(
            [
                behavior(Command.MAIL_FROM, 450, effect=Effect.APPLY),
                behavior(Command.RCPT_TO, 250, contains="no", effect=Effect.NONE),
                behavior(Command.RSET, 250, effect=Effect.NONE),
            ]
        )
        self.assertEqual(
            dialogue.codes("MAIL FROM:<b@x>", "RCPT TO:<no@x>", "RSET", "DATA"),
            ["450", "250", "250", "554"],
        )

    def test_a_mocked_quit_closes_if_it_takes_effect(self) -> None:
        """A 2xx closes, an error does not, unless told otherwise."""
        for code, effect, closed in (
            (250, None, True),
            (502, None, False),
            (502, Effect.APPLY, True),
            (221, Effect.NONE, False),
        ):
            dialogue = Dialogue()
            dialogue.host.behaviors.put(behavior(Command.QUIT, code, effect=effect))
            self.assertEqual(dialogue.codes("QUIT"), [str(code)])
            self.assertIs(dialogue.transport.disconnecting, closed)


class BoundsTests(SynchronousTestCase):
    """Limits, each with its reply, and the connection goes on."""

    def test_a_line_of_the_limit_is_a_command(self) -> None:
        """2,048 octets with the line end; one more is 500, once, however it came."""
        line = b"NOOP " + b"x" * (LINE_LIMIT - 7) + b"\r\n"
        self.assertEqual(Dialogue().send(b"" + line)[-8:-5], "250 2.0.0 OK\r\n"[-8:-5])
        for packets in (
            [b"x" + line],
            [b"x", line],
            [b"x" + line[:-1], b"\n"],
            [b"x" * 5000, b"y" * 5000, b"\r\n"],
        ):
            dialogue = Dialogue()
            dialogue.heard()
            said = "".join(dialogue.send(packet) for packet in packets)
            self.assertEqual(said, "500 5.5.2 Line too long\r\n")
            self.assertEqual(dialogue.codes("NOOP"), ["250"])

    def test_an_endless_line_takes_no_memory(self) -> None:
        """Of a line over the limit nothing is kept."""
        dialogue = Dialogue()
        for _ in range(100):
            dialogue.send(b"x" * 5000)
            self.assertEqual(dialogue.protocol.buffer, b"")

    def test_too_many_recipients_are_452(self) -> None:
        """Those within the limit stay accepted (RFC 5321 §4.5.3.1.10)."""
        dialogue = Dialogue(host(recipients=2))
        codes = dialogue.codes("MAIL FROM:<b@x>", *["RCPT TO:<a@x>"] * 3, "DATA", ".")
        self.assertEqual(codes, ["250", "250", "250", "452", "354", "250"])

    def test_a_message_too_large_is_552_and_the_next_is_kept(self) -> None:
        """The refusal comes after the dot, and ends that transaction only."""
        dialogue = Dialogue(host(message_size=100))
        dialogue.open_mail()
        self.assertEqual(dialogue.send(b"x" * 200 + b"\r\n.\r\n")[:3], "552")
        dialogue.open_mail()
        self.assertEqual(dialogue.send(b"x\r\n.\r\n")[:3], "250")
        self.assertEqual(dialogue.contents(), [b"x\r\n"])

    def test_content_that_finds_no_room_is_452(self) -> None:
        """Whether it comes at once or in pieces."""
        for packets in [b"x" * 3000 + b"\r\n.\r\n"], [b"x" * 3000, b"\r\n.\r\n"]:
            dialogue = Dialogue(small_host(max_bytes=2000))
            dialogue.open_mail()
            said = "".join(dialogue.send(packet) for packet in packets)
            self.assertEqual(said, "452 4.3.1 Insufficient system storage\r\n")
            self.assertEqual(dialogue.host.mailbox.arriving, 0)

    def test_a_cut_connection_gives_its_content_back(self) -> None:
        """What was arriving is no longer counted, and no mail appears."""
        dialogue = Dialogue()
        dialogue.open_mail()
        dialogue.send(b"x" * 5000)
        dialogue.transport.loseConnection()
        dialogue.protocol.connectionLost()
        self.assertEqual(dialogue.host.mailbox.arriving, 0)
        self.assertEqual(dialogue.contents(), [])
        self.assertEqual(dialogue.clock.getDelayedCalls(), [])

    def test_an_error_of_ours_is_451(self) -> None:
        """The client gets an answer, the log the traceback, the session goes on."""
        dialogue = Dialogue()
        with patch.object(dialogue.protocol.delivery, "decide", side_effect=ValueError):
            self.assertEqual(dialogue.codes("NOOP"), ["451"])
        self.assertEqual(len(self.flushLoggedErrors(ValueError)), 1)
        self.assertEqual(dialogue.codes("NOOP"), ["250"])

    def test_a_connection_has_so_many_messages(self) -> None:
        """One MAIL more is 421 and the end; one that was refused does not count."""
        dialogue = Dialogue(host(messages=2))
        dialogue.host.behaviors.put(behavior(Command.MAIL_FROM, 450, times=1))
        self.assertEqual(dialogue.codes("MAIL FROM:<b@x>"), ["450"])
        for _ in range(2):
            codes = dialogue.codes("MAIL FROM:<b@x>", "RCPT TO:<a@x>", "DATA", ".")
            self.assertEqual(codes[-1], "250")
        self.assertEqual(dialogue.codes("MAIL FROM:<b@x>"), ["421"])
        self.assertTrue(dialogue.transport.disconnecting)
        dialogue.connect()
        self.assertEqual(dialogue.codes("MAIL FROM:<b@x>"), ["250"])

    def test_a_declared_size_too_large_is_552_at_mail(self) -> None:
        """No transaction is opened (RFC 1870 §6); what is no size is 501."""
        dialogue = Dialogue(host(message_size=1000, advertise_size=True))
        self.assertEqual(
            dialogue.codes(
                "MAIL FROM:<b@x> SIZE=1001",
                "RCPT TO:<a@x>",
                "MAIL FROM:<b@x> SIZE=many",
                "MAIL FROM:<b@x> size=1000",
            ),
            ["552", "503", "501", "250"],
        )

    def test_a_size_that_is_not_offered_is_not_looked_at(self) -> None:
        """It is kept with the mail all the same."""
        dialogue = Dialogue(host(message_size=1000))
        dialogue.say("MAIL FROM:<b@x> SIZE=1001", "RCPT TO:<a@x>", "DATA", ".")
        (mail,) = dialogue.host.mailbox.mails()
        self.assertEqual(mail.envelope.parameters[0].value, "1001")

    def test_utf8_needs_to_be_offered(self) -> None:
        """Without SMTPUTF8 in EHLO such an address is 550 5.6.7, and recorded."""
        told = Capabilities(("PIPELINING",), ("PIPELINING",))
        dialogue = Dialogue(MailHost("default", "mx.test", capabilities=told))
        for lines in (
            ["MAIL FROM:<ä@x> SMTPUTF8"],
            ["MAIL FROM:<ä@x>"],
            ["MAIL FROM:<b@x>", "RCPT TO:<ä@x>"],
        ):
            said = dialogue.say(*lines)[-1]
            self.assertEqual(said[:9], "550 5.6.7", lines)
        (session,) = dialogue.host.journal.sessions()
        self.assertIn("ä".encode(), session.exchanges[-1][1])


class ForeignTests(SynchronousTestCase):
    """Clients that speak something else than SMTP."""

    # A browser's POST, whose body is a mail by SMTP.
    REQUEST = (
        b"POST / HTTP/1.1\r\nHost: 127.0.0.1:2525\r\n\r\nEHLO x\r\n"
        b"MAIL FROM:<web@page.test>\r\nRCPT TO:<v@d.test>\r\nDATA\r\n"
        b"Subject: from a web page\r\n\r\nx\r\n.\r\nQUIT\r\n"
    )

    def test_http_ends_at_once(self) -> None:
        """Nothing that follows its first line is a command; the log tells."""
        for request in (
            self.REQUEST,
            b"GET / HTTP/1.1\r\nHost: x\r\n\r\nEHLO x\r\n",
            b"GET http://x.test/ HTTP/1.1\r\n\r\n",
            b"CONNECT x.test:443 HTTP/1.1\r\n\r\n",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"GET /" + b"x" * 5000 + b" HTTP/1.1\r\n\r\n",
        ):
            told: list[dict[str, Any]] = []
            globalLogPublisher.addObserver(told.append)
            talk = Dialogue()
            said = talk.send(request)
            globalLogPublisher.removeObserver(told.append)
            self.assertEqual(said, "554 5.5.1 This port expects SMTP, not HTTP\r\n")
            self.assertTrue(talk.transport.disconnecting)
            self.assertEqual(talk.contents(), [])
            self.assertEqual([event["protocol"] for event in told], ["HTTP"])

    def test_a_long_request_line_in_pieces(self) -> None:
        """It is known by its beginning."""
        talk = Dialogue()
        said = [talk.send(b"GET /" + b"x" * 1500)]
        said.append(talk.send(b"x" * 1500))
        self.assertEqual([one[:3] for one in said], ["", "554"])

    def test_a_handshake_ends_at_once(self) -> None:
        """Whether or not there is an LF in it."""
        for hello in (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"x" * 500,
            b"\x16\x03\x01\x02\x00\x01\n\x01\xfc\x03\x03" + b"x" * 500,
        ):
            talk = Dialogue()
            self.assertEqual(talk.send(hello)[:9], "554 5.5.1")
            self.assertTrue(talk.transport.disconnecting)
            (session,) = talk.host.journal.sessions()
            assert isinstance(session.exchanges[-1][1], bytes)
            self.assertEqual(session.exchanges[-1][1][:6], hello[:6])

    def test_commands_that_are_not_known_are_no_http(self) -> None:
        """A client that mistypes stays connected."""
        talk = Dialogue()
        lines = "GET", "GET x", "POST mail", "DELETE 1", "\x16", "HTTP/1.1 200 OK"
        self.assertEqual(talk.codes(*lines), ["500"] * len(lines))
        self.assertFalse(talk.transport.disconnecting)


class Channel:
    """A connection that notes what its commands ask for."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    def __setattr__(self, name: str, value: object) -> None:
        super().__setattr__(name, value)
        if name == "incoming":
            self.asked.append(type(value).__name__)

    def close_after_reply(self) -> None:
        self.asked.append("close")

    def close_after(self, last: Reply) -> Reply:
        self.asked.append("close")
        return last

    def begin_tls_after_reply(self) -> None:
        self.asked.append("TLS")

    def shake_hands_after_reply(self) -> None:
        self.asked.append("handshake")

    def new_auth(self) -> AuthDialogue:
        raise AssertionError


class CommandTests(SynchronousTestCase):
    """`Commands` without a connection"""

    def commands(self, security: Security | None = None) -> Commands:
        self.host = MailHost("default", "mx.test")
        session = Session("1", "default", "", "", 0, 0.0)
        delivery = MockDelivery(self.host, session, lambda: 0.0)
        self.channel = Channel()
        return Commands(delivery, TlsState(security), self.channel)

    def test_a_line_has_an_answer(self) -> None:
        """And may ask for something more of the connection."""
        commands = self.commands(Security(TlsMode.STARTTLS, object))
        for line, answer, asked in (
            (b"NOOP", reply.OK, []),
            (b"", reply.BAD_SYNTAX, []),
            (b"nonsense", reply.UNKNOWN_COMMAND, []),
            (b"MAIL FROM:<b@x>\r", reply.SENDER_OK, []),
            (b"RCPT TO:<a@x>", reply.RECIPIENT_OK, []),
            (b"DATA", reply.START_CONTENT, ["MockMessage"]),
            (b"BDAT 5", (), ["Chunk"]),
            (b"STARTTLS", reply.READY_FOR_TLS, ["TLS"]),
            (b"GET / HTTP/1.1", reply.NOT_HTTP, ["close"]),
            (b"QUIT", reply.BYE, ["close"]),
        ):
            self.channel.asked.clear()
            self.assertEqual(commands.execute(line), answer, line)
            self.assertEqual(self.channel.asked, asked, line)

    def test_a_bad_command_too_many(self) -> None:
        """Is 421, and the end."""
        commands = self.commands()
        self.host.limits = Limits(bad_commands=1)
        answers = [commands.replace_error(reply.BAD_SYNTAX) for _ in range(2)]
        self.assertEqual(answers, [reply.BAD_SYNTAX, reply.TOO_MANY_BAD_COMMANDS])
        self.assertEqual(self.channel.asked, ["close"])

    def test_a_long_line_is_recorded_without_secrets(self) -> None:
        """Also if its beginning, which was discarded, may have been AUTH."""
        commands = self.commands()
        for line, is_whole, recorded in (
            (b"NOOP x", True, b"NOOP x"),
            (b"AUTH PLAIN c2VjcmV0", True, b"AUTH PLAIN ***"),
            (b"c2VjcmV0", False, b"***"),
        ):
            answer = commands.refuse_long_line(line, is_whole)
            self.assertEqual(answer, RedactedLine(reply.LINE_TOO_LONG, recorded))
