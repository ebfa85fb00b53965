"""Whatever a client sends: no exception, bounded memory, and a server that goes on."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.hosts.host import MailHost
from mocksmtp.hosts.limits import Limits
from mocksmtp.mail.mailbox import Mailbox
from mocksmtp.sasl.exchange import RESPONSE_LIMIT
from mocksmtp.sasl.settings import AuthSettings
from tests.smtp.dialogue import Dialogue
from tests.smtp.test_lmtp import LmtpDialogue

MESSAGE_SIZE = 2000
ROOM = 10_000

WORDS = st.sampled_from(
    [
        *(b"EHLO c", b"LHLO c", b"HELO c", b"RSET", b"NOOP", b"QUIT", b"STARTTLS"),
        *(
            b"MAIL FROM:<b@x>",
            b"MAIL FROM:<> SIZE=10",
            b"mail from:<\xc3\xa4@x> SMTPUTF8",
        ),
        *(b"MAIL FROM:<b@x> BODY=BINARYMIME", b"RCPT TO:<a@x>", b"RCPT TO:<", b"DATA"),
        *(
            b"BDAT 0",
            b"BDAT 3",
            b"BDAT 3 LAST",
            b"BDAT 5000",
            b"BDAT 99999999999999999999",
        ),
        *(b"AUTH PLAIN", b"AUTH LOGIN Ym9i", b"AUTH CRAM-MD5", b"AUTH XOAUTH2"),
        *(b"AUTH SCRAM-SHA-1 bixuPWJvYixyPWFiYw==", b"AUTH PLAIN AGJvYgBzM2NyZXQ="),
        *(b"Ym9i", b"s3cret", b"*", b"=", b"VRFY a", b"EXPN a", b"HELP", b"x" * 3000),
        *(
            b".",
            b"..",
            b"\0",
            b"\r",
            b"\n",
            b"\xff" * 20,
            b"y" * 900,
            b"AUTH " + b"A" * 9000,
        ),
    ]
)
ENDS = st.sampled_from([b"\r\n", b"\r\n", b"\r\n", b"\n", b"\r", b"\0", b""])
PACKETS = st.lists(
    st.one_of(
        st.lists(st.tuples(WORDS, ENDS).map(b"".join), max_size=8).map(b"".join),
        st.binary(max_size=300),
    ),
    max_size=12,
)


class FuzzTests(SynchronousTestCase):
    """Any octets in any packets."""

    def make_host(self) -> MailHost:
        return MailHost(
            "default",
            "mx.test",
            mailbox=Mailbox(max_bytes=ROOM),
            limits=Limits(message_size=MESSAGE_SIZE, advertise_size=True),
            auth=AuthSettings(users={"bob": "s3cret"}),
        )

    def check(self, dialogue: Dialogue, packets: list[bytes]) -> None:
        """Send them; an exception would be in the log, which fails the test."""
        for packet in packets:
            dialogue.send(packet)
            self.assertLess(len(dialogue.protocol.buffer), RESPONSE_LIMIT + 2)
            self.assertLessEqual(dialogue.host.mailbox.arriving, MESSAGE_SIZE)
        self.assertEqual(dialogue.host.counters.replies.get(451, 0), 0)
        session = dialogue.host.journal.sessions()[-1]
        said = [e[1] for e in session.exchanges if isinstance(e[1], bytes)]
        asked = [line for line in said if line[:5].upper() == b"AUTH "]
        self.assertFalse([line for line in asked if b"AGJvYgBzM2NyZXQ" in line])
        dialogue.protocol.connectionLost()
        self.assertEqual(dialogue.host.mailbox.arriving, 0)
        self.assertEqual(dialogue.clock.getDelayedCalls(), [])

    @settings(deadline=None, max_examples=300)
    @given(PACKETS)
    def test_smtp(self, packets: list[bytes]) -> None:
        """A mail that another client sends then is kept."""
        dialogue = Dialogue(self.make_host())
        self.check(dialogue, packets)
        dialogue.connect()
        dialogue.open_mail()
        self.assertEqual(dialogue.send(b"ok\r\n.\r\n")[:3], "250")
        self.assertEqual(dialogue.contents()[-1], b"ok\r\n")

    @settings(deadline=None, max_examples=150)
    @given(PACKETS)
    def test_lmtp(self, packets: list[bytes]) -> None:
        """Likewise where LMTP is spoken."""
        dialogue = LmtpDialogue(self.make_host())
        self.check(dialogue, packets)
        dialogue.connect()
        dialogue.say("LHLO c", "MAIL FROM:<b@x>", "RCPT TO:<a@x>", "DATA", "ok")
        self.assertEqual(dialogue.codes("."), ["250"])
        self.assertEqual(dialogue.contents()[-1], b"ok\r\n")

    @settings(deadline=None, max_examples=150)
    @given(st.lists(st.binary(min_size=1, max_size=40), max_size=30), st.data())
    def test_how_it_is_cut_is_of_no_account(
        self, parts: list[bytes], data: st.DataObject
    ) -> None:
        """The same octets bring the same replies, in one packet or in many."""
        octets = b"".join(data.draw(st.permutations([*parts, b"EHLO c\r\n"])))
        whole = Dialogue(self.make_host())
        pieces = Dialogue(self.make_host())
        said = whole.send(octets)
        self.assertEqual("".join(pieces.send(bytes([o])) for o in octets), said)
