"""Where content ends, and that what is kept is what was sent."""

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.grammar.reply import MESSAGE_TOO_BIG, STORAGE_FULL
from mocksmtp.mail.mailbox import Mailbox
from mocksmtp.sessions.session import SMUGGLING
from mocksmtp.smtp import content as module
from mocksmtp.smtp.content import ContentReader

LIMIT = 10_000


FALSE_ENDS = (
    b"\n.\n",
    b"\n.\r",
    b"\r.\n",
    b"\r.\r",
    b"\n.\r\n",
    b"\r.\r\n",
    b"\r\n.\n",
    b"\r\n.\r",
    b"\r\n\0.\r\n",
)
"""What one server or another has taken for the end of content."""


def read(*packets: bytes) -> tuple[bytes, bytes]:
    """Feed `packets` until the end; the content, and what follows it."""
    return read_with_flags(*packets)[:2]


def read_with_flags(*packets: bytes) -> tuple[bytes, bytes, int]:
    """The same, and the flags of the content."""
    reader = ContentReader(LIMIT, Mailbox())
    for index, packet in enumerate(packets):
        end = reader.feed(packet)
        if end >= 0:
            rest = packet[end:] + b"".join(packets[index + 1 :])
            return reader.take(), rest, reader.flags
    raise AssertionError("the content has no end")


class ContentReaderTests(SynchronousTestCase):
    """`ContentReader`"""

    def test_a_dot_at_once_ends_empty_content(self) -> None:
        """Content may be empty: the line end before it is that of DATA."""
        self.assertEqual(read(b".\r\nQUIT\r\n"), (b"", b"QUIT\r\n"))

    def test_content_keeps_its_last_line_end(self) -> None:
        """The line end before the dot belongs to the content (RFC 5321 §4.1.1.4)."""
        self.assertEqual(read(b"hello\r\n.\r\n"), (b"hello\r\n", b""))

    def test_a_packet_without_a_dot_is_searched_once(self) -> None:
        """Large content is nearly always Base64, which has no dots."""
        searched: list[bytes] = []

        def search(octets: bytes, part: bytes, start: int = 0) -> int:
            searched.append(part)
            return octets.find(part, start)

        self.patch(module, "find", search)
        reader = ContentReader(LIMIT, Mailbox())
        self.assertEqual(reader.feed(b"aGVsbG8=\r\n" * 10), -1)
        self.assertEqual(searched, [])
        self.assertEqual(reader.feed(b"YQ==\r\n.\r\n"), 9)
        self.assertEqual(reader.take(), b"aGVsbG8=\r\n" * 10 + b"YQ==\r\n")

    def test_a_stuffed_dot_is_taken_away(self) -> None:
        """The first dot of a line is not content (RFC 5321 §4.5.2)."""
        sent = b"..\r\n...\r\n..x\r\na.b\r\n.\r\n"
        self.assertEqual(read(sent)[0], b".\r\n..\r\n.x\r\na.b\r\n")

    def test_a_single_dot_before_text_is_taken_away(self) -> None:
        """A client that did not stuff loses its dot, as with every server."""
        self.assertEqual(read(b".x\r\n.\r\n")[0], b"x\r\n")

    def test_only_crlf_dot_crlf_ends_it(self) -> None:
        """What other servers take for an end is content, byte for byte."""
        for inside in (*FALSE_ENDS, b"\n\n.\r\n", b"\r\r.\r\n", b"\r\n.\0\r\n"):
            sent = b"a" + inside + b"MAIL FROM:<x@y>\r\n"
            content, rest, flags = read_with_flags(sent + b".\r\n")
            self.assertEqual(content, sent.replace(b"\r\n.", b"\r\n"), inside)
            self.assertEqual(rest, b"", inside)
            self.assertEqual(flags, SMUGGLING, inside)

    def test_what_is_no_false_end_is_not_flagged(self) -> None:
        """Dots within lines, stuffed dots, and odd line ends by themselves."""
        for content in (
            b"one.\r\ntwo\r\n",
            b"a\nb\rc\n\n\r\r\n",
            b"..\r\n...\r\n..x\r\n",
            b".x\r\n\n.x\r.x\r\n",
            b"\0.x\r\n",
        ):
            self.assertEqual(read_with_flags(content + b".\r\n")[2], 0, content)

    def test_a_dot_line_that_ends_bare_loses_its_dot_only(self) -> None:
        """CRLF dot LF and CRLF dot CR are lines with a stuffed dot, not the end."""
        for line_end in (b"\n", b"\r"):
            sent = b"a\r\n." + line_end + b"b\r\n.\r\n"
            self.assertEqual(read(sent)[0], b"a\r\n" + line_end + b"b\r\n")

    def test_start_skips_what_came_before(self) -> None:
        """Content may begin in the packet of its DATA line."""
        reader = ContentReader(LIMIT, Mailbox())
        packet = b"DATA\r\nhello\r\n.\r\nNOOP\r\n"
        self.assertEqual(packet[reader.feed(packet, 6) :], b"NOOP\r\n")
        self.assertEqual(reader.take(), b"hello\r\n")

    @settings(deadline=None)
    @given(
        st.lists(
            st.sampled_from([b"\r", b"\n", b".", b"\r\n", b"\r\n.", b"a", b"\x00"]),
            max_size=12,
        ).map(b"".join),
        st.data(),
    )
    def test_any_split_into_packets_gives_the_same(
        self, sent: bytes, data: st.DataObject
    ) -> None:
        """Where the packets are cut is of no account."""
        sent += b"\r\n.\r\n"
        whole = read_with_flags(sent)
        cuts = sorted(data.draw(st.sets(st.integers(1, len(sent) - 1))))
        edges = [0, *cuts, len(sent)]
        packets = [sent[a:b] for a, b in pairwise(edges)]
        self.assertEqual(read_with_flags(*packets), whole)

    @settings(deadline=None)
    @given(st.binary(max_size=300))
    def test_stuffed_content_comes_back_exactly(self, content: bytes) -> None:
        """Stuffing and unstuffing are inverse, whatever the octets."""
        content += b"\r\n"
        stuffed = (b"\r\n" + content).replace(b"\r\n.", b"\r\n..")[2:]
        self.assertEqual(read(stuffed + b".\r\n")[0], content)


class BoundsTests(SynchronousTestCase):
    """What a message may cost."""

    def test_a_message_of_the_limit_is_taken(self) -> None:
        """The limit counts the content's own octets: no stuffed dots, no end."""
        line = b"." * 8 + b"\r\n"
        content = line * 10
        reader = ContentReader(100, Mailbox())
        self.assertGreater(reader.feed((b"." + line) * 10 + b".\r\n"), 0)
        self.assertIsNone(reader.refusal)
        self.assertEqual(reader.take(), content)

    def test_a_larger_message_is_refused_and_not_kept(self) -> None:
        """One octet more gets 552, read to its end in no more memory."""
        mailbox = Mailbox()
        reader = ContentReader(100, mailbox)
        self.assertEqual(reader.feed(b"x" * 99), -1)
        self.assertEqual(reader.feed(b"yy"), -1)
        self.assertIs(reader.refusal, MESSAGE_TOO_BIG)
        self.assertEqual(mailbox.arriving, 0)
        self.assertEqual(reader.feed(b"x" * 10_000), -1)
        self.assertEqual(reader.feed(b"\r\n.\r\nNOOP"), 5)
        self.assertEqual(mailbox.arriving, 0)

    def test_content_on_its_way_counts(self) -> None:
        """What arrives is counted until the reader is closed."""
        mailbox = Mailbox()
        reader = ContentReader(LIMIT, mailbox)
        reader.feed(b"x" * 700)
        self.assertEqual(mailbox.arriving, 700)
        reader.close()
        self.assertEqual(mailbox.arriving, 0)

    def test_content_past_the_mailboxes_bytes_is_refused(self) -> None:
        """Many messages at once can't fill the memory: 452 (RFC 5321 §4.5.3.1.10)."""
        mailbox = Mailbox(max_bytes=1000)
        first, second = ContentReader(LIMIT, mailbox), ContentReader(LIMIT, mailbox)
        first.feed(b"x" * 800)
        second.feed(b"x" * 800)
        self.assertIsNone(first.refusal)
        self.assertIs(second.refusal, STORAGE_FULL)
        self.assertEqual(mailbox.arriving, 800)
