"""BDAT (RFC 3030)."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.point import Command
from mocksmtp.grammar.reply import CHUNK_KEPT, CHUNK_TOO_BIG
from mocksmtp.hosts.capabilities import Capabilities
from mocksmtp.hosts.host import MailHost
from mocksmtp.mail.mailbox import Mailbox
from mocksmtp.smtp.content import Chunk, Content
from tests.smtp.dialogue import Dialogue, behavior, host, small_host

ODD = b"\r\n.\r\n\0\xff\n.\n\r.\r" + bytes(range(256))


class ChunkTests(SynchronousTestCase):
    """Content that comes in chunks of a told length."""

    def setUp(self) -> None:
        self.dialogue = Dialogue()

    def open(self) -> None:
        self.dialogue.say("EHLO c", "MAIL FROM:<b@x.test>", "RCPT TO:<a@x.test>")

    def chunk(self, octets: bytes, last: bool = False) -> str:
        """Send one chunk; answer the code of what it brought."""
        end = b" LAST" if last else b""
        return self.dialogue.send(b"BDAT %d%s\r\n%s" % (len(octets), end, octets))[:3]

    def test_it_is_offered(self) -> None:
        """EHLO says so by CHUNKING."""
        self.assertIn("250-CHUNKING\r\n", self.dialogue.send(b"EHLO c\r\n"))

    def test_one_chunk_is_a_mail(self) -> None:
        """Whatever octets it has, they are kept."""
        self.open()
        self.assertEqual(self.chunk(ODD, last=True), "250")
        self.assertEqual(self.dialogue.contents(), [ODD])

    def test_several_chunks_are_one_mail(self) -> None:
        """Each has its reply; the last may be empty."""
        self.open()
        codes = [self.chunk(b"one\r\n"), self.chunk(b""), self.chunk(ODD)]
        self.assertEqual(codes, ["250"] * 3)
        self.assertEqual(self.dialogue.contents(), [])
        self.assertEqual(self.chunk(b"", last=True), "250")
        self.assertEqual(self.dialogue.contents(), [b"one\r\n" + ODD])

    def test_chunks_come_in_packets_of_any_size(self) -> None:
        """A chunk is as long as it says, however it is sent."""
        self.open()
        octets = b"BDAT 6\r\nab\r\n.\rBDAT 2 last\r\n\nc"
        said = "".join(self.dialogue.send(bytes([octet])) for octet in octets)
        self.assertEqual(said.count("250"), 2)
        self.assertEqual(self.dialogue.contents(), [b"ab\r\n.\r\nc"])

    def test_all_may_be_pipelined(self) -> None:
        """Replies come in order (RFC 3030 §4.2)."""
        said = self.dialogue.send(
            b"EHLO c\r\nMAIL FROM:<b@x>\r\nRCPT TO:<a@x>\r\nBDAT 3\r\nabc"
            b"BDAT 3 LAST\r\ndefNOOP\r\n"
        )
        codes = [line[:4] for line in said.splitlines() if line[3:4] == " "]
        self.assertEqual(codes, ["250 "] * 6)
        self.assertEqual(self.dialogue.contents(), [b"abcdef"])

    def test_rset_drops_the_chunks(self) -> None:
        """What was counted as arriving is given back, and a mail can follow."""
        self.open()
        self.chunk(b"x" * 5000)
        self.assertEqual(self.dialogue.codes("RSET"), ["250"])
        self.assertEqual(self.dialogue.host.mailbox.arriving, 0)
        self.open()
        self.chunk(b"new", last=True)
        self.assertEqual(self.dialogue.contents(), [b"new"])

    def test_data_does_not_mix_with_it(self) -> None:
        """Nor does RCPT or MAIL come between chunks; the message goes on."""
        self.open()
        self.chunk(b"one")
        self.assertEqual(
            self.dialogue.codes("DATA", "RCPT TO:<c@x>", "MAIL FROM:<d@x>"),
            ["503"] * 3,
        )
        self.assertEqual(self.chunk(b"two", last=True), "250")
        self.assertEqual(self.dialogue.contents(), [b"onetwo"])

    def test_out_of_order_its_octets_are_no_commands(self) -> None:
        """They are read and thrown away before the 503 (RFC 3030 §2)."""
        self.assertEqual(self.chunk(b"QUIT\r\n", last=True), "503")
        self.dialogue.say("MAIL FROM:<b@x>")
        self.assertEqual(self.chunk(b"QUIT\r\n"), "503")
        self.assertEqual(self.dialogue.codes("RCPT TO:<a@x>"), ["250"])

    def test_refused_recipients_refuse_it(self) -> None:
        """554 where all were refused, and that ends the transaction."""
        self.dialogue.host.behaviors.put(behavior(Command.RCPT_TO, 550))
        self.open()
        self.assertEqual(self.chunk(b"one"), "554")
        self.assertEqual(self.chunk(b"two", last=True), "503")

    def test_a_message_too_large_is_552_at_once(self) -> None:
        """At the chunk that goes too far, which ends the transaction."""
        self.dialogue = Dialogue(host(message_size=100))
        self.open()
        self.assertEqual(self.chunk(b"x" * 60), "250")
        self.assertEqual(self.chunk(b"x" * 60), "552")
        self.assertEqual(self.chunk(b"x", last=True), "503")
        self.assertEqual(self.dialogue.host.mailbox.arriving, 0)

    def test_a_size_that_nobody_sends_is_552_and_the_end(self) -> None:
        """Its reply does not wait for the octets, which are no commands."""
        for size in "99999999999999999999", "9" * 2030, str(2**31 + 1):
            self.dialogue.connect()
            self.dialogue.say("EHLO c", "MAIL FROM:<b@x>", "RCPT TO:<a@x>")
            said = self.dialogue.send(f"BDAT {size} LAST\r\nNOOP\r\n".encode())
            self.assertEqual(said, f"{CHUNK_TOO_BIG.code} {CHUNK_TOO_BIG.text}\r\n")
            self.assertTrue(self.dialogue.transport.disconnecting)
            self.dialogue.protocol.connectionLost()
        outcomes = [
            transaction.outcome.value
            for session in self.dialogue.host.journal.sessions()
            for transaction in session.transactions
        ]
        self.assertEqual(outcomes, ["refused"] * 3)

    def test_a_chunk_that_finds_no_room_is_452(self) -> None:
        """And the octets of it are thrown away."""
        self.dialogue = Dialogue(small_host(max_bytes=2000))
        self.open()
        self.assertEqual(self.chunk(b"x" * 3000), "452")
        self.assertEqual(self.dialogue.codes("NOOP"), ["250"])

    def test_a_behavior_on_data_answers_the_last(self) -> None:
        """Its condition sees the whole content."""
        self.dialogue.host.behaviors.put(behavior(Command.DATA, 554, contains="ab"))
        self.open()
        self.assertEqual(self.chunk(b"a"), "250")
        self.assertEqual(self.chunk(b"b", last=True), "554")
        self.assertEqual(self.dialogue.contents(), [])

    def test_a_cut_connection_gives_its_chunks_back(self) -> None:
        """In the midst of a chunk, and between two."""
        for octets in b"BDAT 9000\r\n" + b"x" * 5000, b"BDAT 5000\r\n" + b"x" * 5000:
            self.dialogue = Dialogue()
            self.open()
            self.dialogue.send(octets)
            self.assertGreater(self.dialogue.host.mailbox.arriving, 0)
            self.dialogue.protocol.connectionLost()
            self.assertEqual(self.dialogue.host.mailbox.arriving, 0)
            (session,) = self.dialogue.host.journal.sessions()
            (transaction,) = session.transactions
            self.assertEqual(transaction.outcome.value, "aborted")

    def test_binary_content_needs_it(self) -> None:
        """BODY=BINARYMIME can't come by DATA (RFC 3030 §3)."""
        self.dialogue.say("MAIL FROM:<b@x> BODY=BINARYMIME", "RCPT TO:<a@x>")
        self.assertEqual(self.dialogue.codes("DATA"), ["503"])
        self.assertEqual(self.chunk(ODD, last=True), "250")

    def test_where_it_is_not_offered_it_is_not_known(self) -> None:
        """502, as from a host of before 2000."""
        told = Capabilities(("PIPELINING",), ("PIPELINING",))
        self.dialogue = Dialogue(MailHost("default", "mx.test", capabilities=told))
        self.open()
        self.assertEqual(self.dialogue.codes("BDAT 3 LAST"), ["502"])

    def test_it_is_recorded(self) -> None:
        """The line, which has no reply, and behind it the octets, which have one."""
        self.open()
        self.chunk(b"abc", last=True)
        (session,) = self.dialogue.host.journal.sessions()
        line, octets = session.exchanges[-2:]
        self.assertEqual(line[1:3], (b"BDAT 3 LAST\r", None))
        self.assertEqual(octets[1], (3, 1))
        assert octets[2] is not None
        self.assertEqual(octets[2].code, 250)


class ChunkReaderTests(SynchronousTestCase):
    """`Chunk` without a connection"""

    def test_it_reads_as_many_octets_as_it_has(self) -> None:
        """In packets of any size; what follows is left."""
        content = Content(100, Mailbox())
        chunk = Chunk(5, content, lambda: CHUNK_KEPT)
        self.assertEqual(chunk.feed(b"..ab", 2), -1)
        self.assertTrue(chunk.needs_octets)
        self.assertEqual(chunk.feed(b"cdeNOOP"), 3)
        self.assertFalse(chunk.needs_octets)
        self.assertIs(chunk.eomReceived(), CHUNK_KEPT)
        self.assertEqual(content.take(), b"abcde")

    def test_one_that_was_answered_ends_silently(self) -> None:
        """Its octets are kept, or not."""
        for keeps, octets in (True, b"abcde"), (False, b"ab"):
            content, ended = Content(100, Mailbox()), []
            chunk = Chunk(5, content, lambda: CHUNK_KEPT)
            chunk.feed(b"ab")
            chunk.answer_early(keeps, lambda ended=ended: ended.append(1))
            self.assertEqual(chunk.feed(b"cde"), 3)
            self.assertEqual(chunk.eomReceived(), ())
            self.assertEqual((content.take(), ended), (octets, [1]))
