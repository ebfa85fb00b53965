from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from benchmarks.floor import FloorFactory

ENVELOPE = b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\nDATA\r\n"


class FloorTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.transport = StringTransport()
        self.floor = FloorFactory().buildProtocol(None)
        self.floor.makeConnection(self.transport)
        self.transport.clear()

    def codes(self, *packets: bytes) -> list[bytes]:
        """The codes of the replies to some packets."""
        self.transport.clear()
        for packet in packets:
            self.floor.dataReceived(packet)
        return [line[:3] for line in self.transport.value().splitlines()]

    def test_greets(self) -> None:
        """A new connection is greeted with 220."""
        floor = FloorFactory().buildProtocol(None)
        floor.makeConnection(self.transport)
        self.assertTrue(self.transport.value().startswith(b"220 "))

    def test_lock_step(self) -> None:
        """A mail whose commands come one by one is answered line by line."""
        self.assertEqual(self.codes(b"HELO x\r\n"), [b"250"])
        self.assertEqual(self.codes(b"MAIL FROM:<a@b>\r\n"), [b"250"])
        self.assertEqual(self.codes(b"rcpt TO:<c@d>\r\n"), [b"250"])
        self.assertEqual(self.codes(b"DATA\r\n"), [b"354"])
        self.assertEqual(self.codes(b"hello\r\n"), [])
        self.assertEqual(self.codes(b".\r\n"), [b"250"])

    def test_pipelined(self) -> None:
        """Commands of one packet are answered in order, in one write."""
        writes: list[bytes] = []
        self.patch(self.transport, "write", writes.append)
        self.floor.dataReceived(ENVELOPE)
        self.floor.dataReceived(b"x\r\n.\r\n" + ENVELOPE)
        self.assertEqual(
            [[line[:3] for line in write.splitlines()] for write in writes],
            [[b"250", b"250", b"354"], [b"250", b"250", b"250", b"354"]],
        )

    def test_end_of_content_anywhere(self) -> None:
        """The content's end is found wherever packets are cut."""
        content = b"a\r\n..\r\n.x\r\n.\r\nRSET\r\n"
        for cut in range(1, len(content)):
            for second in range(cut, len(content)):
                self.codes(ENVELOPE)
                parts = content[:cut], content[cut:second], content[second:]
                self.assertEqual(self.codes(*parts), [b"250", b"250"], parts)

    def test_byte_by_byte(self) -> None:
        """A mail that comes in single bytes is answered as any other."""
        mail = ENVELOPE + b"a\r\n.b\r\n.\r\n"
        packets = [mail[at : at + 1] for at in range(len(mail))]
        self.assertEqual(self.codes(*packets), [b"250", b"250", b"354", b"250"])

    def test_empty_content(self) -> None:
        """A dot that follows DATA ends an empty content."""
        self.codes(ENVELOPE)
        self.assertEqual(self.codes(b".\r\n"), [b"250"])

    def test_bare_line_feeds_do_not_end_content(self) -> None:
        """Only CRLF dot CRLF ends the content."""
        self.codes(ENVELOPE)
        self.assertEqual(self.codes(b"a\n.\nb\r\n.\nc\n.\r\n"), [])

    def test_quit(self) -> None:
        """QUIT is answered before the connection is closed; more is not read."""
        self.assertEqual(self.codes(b"QUIT\r\nNOOP\r\n"), [b"221"])
        self.assertTrue(self.transport.disconnecting)

    def test_unknown_command(self) -> None:
        """A command that it does not know gets 500."""
        self.assertEqual(self.codes(b"NONE\r\n", b"\r\n"), [b"500", b"500"])
