"""What would be replied, and what then is replied on the wire"""

from __future__ import annotations

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.listing import counted_document
from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.documents.document import parse
from mocksmtp.grammar.reply import Reply
from mocksmtp.hosts.evaluation import EVALUATION, evaluated_document
from mocksmtp.hosts.host import MailHost
from mocksmtp.sasl.settings import AuthSettings
from mocksmtp.sessions.documents import REPLY, sent_reply
from mocksmtp.smtp.evaluation import evaluate_smtp
from mocksmtp.tls.settings import TlsMode, TlsSettings
from tests.behaviors.smtp_strategies import documents
from tests.smtp.dialogue import Dialogue
from tests.smtp.mocked import mocked, on, when

MAIL, RCPT = "MAIL FROM:<a@x.test>", "RCPT TO:<bob@x.test>"
SENDER, BOB = "a@x.test", "bob@x.test"
OPEN = {"helo": "c.test", "sender": SENDER}
WITH_BOB = {**OPEN, "recipients": [BOB]}
CONTENT = "Subject: hi\r\n\r\n.text\r\n"

SITUATIONS: list[tuple[list[str], dict[str, Any], str | None]] = [
    ([], {}, "EHLO c.test"),
    ([], {}, "NONSENSE"),
    ([], {}, RCPT),
    (["EHLO c.test"], {"helo": "c.test"}, MAIL),
    (["EHLO c.test"], {"helo": "c.test"}, "MAIL FROM:a@"),
    (["EHLO c.test"], {"helo": "c.test"}, "MAIL FROM:<> SIZE=5"),
    (["EHLO c.test", MAIL], OPEN, RCPT),
    (["EHLO c.test", MAIL], OPEN, "RCPT TO:<Full@x.test> NOTIFY=NEVER"),
    (["EHLO c.test", MAIL], OPEN, "DATA"),
    (["EHLO c.test", MAIL, RCPT], WITH_BOB, "DATA"),
    (["EHLO c.test", MAIL, RCPT], WITH_BOB, "RSET"),
    (["EHLO c.test", MAIL, RCPT], WITH_BOB, "VRFY bob"),
    (["EHLO c.test", MAIL, RCPT], WITH_BOB, "NOOP x"),
    (["EHLO c.test", MAIL, RCPT], WITH_BOB, "BDAT 0 LAST"),
    (["EHLO c.test", MAIL, RCPT], WITH_BOB, "QUIT"),
    (["EHLO c.test", MAIL, RCPT], WITH_BOB, None),
]
"""What was said before, the same as a context, and a line, or None for the content."""


def asked(host: MailHost, now: float = 0.0, **question: Any) -> dict[str, Any]:
    """What would be replied."""
    evaluation = parse(EVALUATION, question)
    return evaluated_document(evaluate_smtp(host, evaluation, now), evaluation)


def counters(host: MailHost) -> list[Any]:
    """All that is counted of its behaviors."""
    return [counted_document(rule, SMTP.write, 0.0) for rule in host.behaviors]


class AgreementTests(SynchronousTestCase):
    """Behaviors made at random"""

    @settings(deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        st.lists(documents, max_size=5),
        st.sampled_from(SITUATIONS),
        st.lists(st.sampled_from(["NOOP", "RSET", "NONSENSE"]), max_size=3),
    )
    def test_the_wire_agrees(
        self,
        documents: list[dict[str, Any]],
        situation: tuple[list[str], dict[str, Any], str | None],
        warming: list[str],
    ) -> None:
        """
        The reply that is evaluated is the one sent next, by the behavior that is named.

        Nothing is counted by asking.
        """
        before, context, line = situation
        talk = Dialogue()
        talk.say(*before)
        if line is None:
            # Content is looked at while it arrives if that was so when it began.
            never = on("DATA CONTENT", 450, enabled=False)
            talk.host.behaviors.replace_all([SMTP.parse_one(never)])
            talk.say("DATA")
        talk.host.behaviors.replace_all(SMTP.parse_all(documents))
        # What is counted already counts for both.
        other = Dialogue(talk.host, talk.clock)
        for each in warming:
            other.send(each.encode() + b"\r\n")
        question = {**context, "clientIp": "192.168.1.1", "listener": "10.0.0.1:12345"}
        if line is None:
            question["content"] = CONTENT
        else:
            question["line"] = line
        counted = counters(talk.host)
        states = talk.host.behaviors.scenarios()
        session = talk.protocol.session
        first = len(session.exchanges)
        told = asked(talk.host, talk.clock.seconds(), **question)
        self.assertEqual(counters(talk.host), counted)
        self.assertEqual(talk.host.behaviors.scenarios(), states)
        self.assertEqual(len(session.exchanges), first)
        sent = "Subject: hi\r\n\r\n..text\r\n." if line is None else line
        talk.send(sent.encode() + b"\r\n")
        # What delays the reply to content has an entry without a reply before it.
        for _ in range(1000):
            later = session.exchanges[first:]
            replied = later and (told["reply"] is None or later[-1][2] is not None)
            if replied or not talk.clock.getDelayedCalls():
                break
            talk.clock.advance(30 * 86400)
        given = [e[2] for e in session.exchanges[first:] if e[2] is not None]
        # A behavior that only delays the reply to content has an entry without octets.
        visible = [one for one in given if sent_reply(one) is not None]
        reply: Reply | None = next(iter(visible or given), None)
        sent = sent_reply(reply)
        expected = None if sent is None else REPLY.write(sent)
        self.assertEqual(told["reply"], expected, told)
        source = None if reply is None else reply.source
        self.assertEqual(told["behavior"], source)
        fired = [c["behavior"] for c in told["considered"] if c["result"] == "fired"]
        if source is not None:
            self.assertIn(source, fired)


class EvaluationTests(SynchronousTestCase):
    """Questions"""

    def reply(self, host: MailHost, **question: Any) -> str:
        told = asked(host, **question)["reply"]
        return "none" if told is None else f"{told['code']} {told['text']}"[:9]

    def test_each_point(self) -> None:
        """The banner, commands in their places, and content."""
        for command, question in (
            ("CONNECT", {}),
            ("EHLO", {"line": "EHLO c"}),
            ("MAIL FROM", {"line": MAIL}),
            ("RCPT TO", {"line": RCPT, "sender": "<>"}),
            ("DATA COMMAND", {"line": "DATA", **WITH_BOB}),
            ("DATA", {"content": "x", **WITH_BOB}),
            ("DATA", {"content": "x\r\n", "line": "DATA", **WITH_BOB}),
            ("DATA CONTENT", {"content": "x", **WITH_BOB}),
            ("BDAT", {"line": "BDAT 2 LAST", "content": "xy", **WITH_BOB}),
            ("DATA", {"line": "BDAT 2 LAST", "content": "xy", **WITH_BOB}),
            ("RSET", {"line": "RSET"}),
            ("NOOP", {"line": "NOOP"}),
            ("QUIT", {"line": "QUIT"}),
            ("ANY", {"line": "NONSENSE"}),
        ):
            host = mocked(on(command, 499, id="it", message="it")).host
            before = counters(host)
            told = asked(host, **question)
            self.assertEqual(told["reply"], {"code": 499, "text": "it"}, command)
            self.assertEqual(told["behavior"], "it")
            self.assertEqual(counters(host), before)

    def test_the_context(self) -> None:
        """Each part of it is what behaviors look at."""
        for target, value, context in (
            ("helo", "c.test", {"helo": "c.test"}),
            ("sender", SENDER, {}),
            ("clientIp", "2001:db8::1", {"clientIp": "2001:db8::1"}),
            ("listener", "[::1]:26", {"listener": "[::1]:26"}),
            ("tls", "TLSv1.2", {"tls": "TLSv1.2"}),
            ("tls", "TLSv1.3", {"tls": True}),
            ("authUser", "bob", {"authUser": "bob"}),
            ("recipients", "c@x.test", {"recipients": ["c@x.test"]}),
            ("recipientCount", "2", {"recipients": ["c@x.test", "<d@x.test>"]}),
        ):
            condition = when(target, value, "equals")
            host = mocked(on("RCPT TO", 499, condition=condition)).host
            said = self.reply(host, line=RCPT, sender=SENDER, **context)
            self.assertEqual(said[:3], "499", target)

    def test_a_line_that_cannot_be_parsed(self) -> None:
        """The reply that it would get, and no behavior is asked."""
        host = mocked(on("RCPT TO", 499)).host
        for line, code in (("RCPT TO:bob@", "501"), ("XYZZY", "500"), ("", "500")):
            told = asked(host, line=line, sender=SENDER)
            self.assertEqual(str(told["reply"]["code"]), code)
            self.assertEqual(told["considered"], [])
        self.assertEqual(self.reply(host, line=RCPT)[:3], "503")
        self.assertEqual(self.reply(host, content="x")[:3], "503")

    def test_what_else_happens(self) -> None:
        """The delay and the end are told, and nobody waits for them."""
        slow = on("NOOP", None, delay="2s")
        ends = on("NOOP", 421, delay="1s", then="close")
        told = asked(mocked(slow, ends).host, line="NOOP")
        self.assertEqual((told["delay"], told["then"]), (3000, "close"))
        results = [one["result"] for one in told["considered"]]
        self.assertEqual(results, ["slowed", "fired"])
        silent = asked(mocked(on("NOOP", None, then="hang")).host, line="NOOP")
        self.assertEqual((silent["reply"], silent["then"]), (None, "hang"))

    def test_a_delay_within_content(self) -> None:
        """The behavior that only delays the reply is not told as passed over."""
        slow = on("DATA CONTENT", None, delay="2s", id="slow")
        content, chunk = {"content": CONTENT}, {"line": "BDAT 1 LAST", "content": "x"}
        for question in content, chunk:
            told = asked(mocked(slow).host, **question, **WITH_BOB)
            self.assertEqual((told["reply"]["code"], told["delay"]), (250, 2000))
            results = [(one["behavior"], one["result"]) for one in told["considered"]]
            self.assertEqual(results, [("slow", "slowed")])
        refuses = on("DATA", 451, id="refuses", delay="1s")
        told = asked(mocked(slow, refuses).host, **content, **WITH_BOB)
        self.assertEqual((told["behavior"], told["delay"]), ("refuses", 3000))
        results = [one["result"] for one in told["considered"]]
        self.assertEqual(results, ["slowed", "fired"])

    def test_each_recipient_over_lmtp(self) -> None:
        """A reply for each."""
        host = mocked(on("DATA", 452, condition=when("recipient", "bob@"))).host
        question = {**OPEN, "recipients": [BOB, "carl@x.test"], "content": "x"}
        told = asked(host, protocol="lmtp", **question)
        self.assertEqual([one["code"] for one in told["replies"]], [452, 250])

    def test_a_host_with_tls_and_users(self) -> None:
        """STARTTLS, AUTH and what they are required for."""
        for mode in TlsMode.STARTTLS, TlsMode.IMPLICIT:
            auth = AuthSettings(users={"bob": "secret"}, required=True)
            host = MailHost("default", "mx.test", tls=TlsSettings(mode), auth=auth)
            plain = "AUTH PLAIN AGJvYgBzZWNyZXQ="
            for question, code in (
                ({"line": MAIL}, "530"),
                ({"line": MAIL, "tls": True, "authUser": "bob"}, "250"),
                ({"line": plain, "tls": True}, "235"),
                ({"line": "STARTTLS", "tls": True}, "503"),
            ):
                self.assertEqual(self.reply(host, **question)[:3], code, question)
        host = MailHost("default", "mx.test", tls=TlsSettings(TlsMode.STARTTLS))
        self.assertEqual(self.reply(host, line="STARTTLS")[:3], "220")

    def test_nothing_is_kept(self) -> None:
        """Neither a mail nor a session, and no event is told of."""
        host = mocked().host
        heard: list[object] = []
        host.behaviors.listeners.append(lambda *fired: heard.append(fired))
        sessions, mails = len(host.journal), len(host.mailbox)
        asked(host, content="x", **WITH_BOB)
        self.assertEqual((len(host.journal), len(host.mailbox)), (sessions, mails))
        self.assertEqual(heard, [])
