from twisted.internet.testing import StringTransport
from twisted.trial.unittest import SynchronousTestCase

from benchmarks.kept import Kept
from benchmarks.stock import StockFactory


class Keeping(Kept):
    """Shows what it keeps."""

    def contents(self) -> list[bytes]:
        return list(self._contents)


class StockTests(SynchronousTestCase):
    def setUp(self) -> None:
        self.kept = Keeping()
        self.transport = StringTransport()
        self.stock = StockFactory(self.kept).buildProtocol(None)
        self.stock.makeConnection(self.transport)
        self.addCleanup(self.stock.setTimeout, None)

    def codes(self, packet: bytes) -> list[bytes]:
        """The codes of the replies to a packet."""
        self.transport.clear()
        self.stock.dataReceived(packet)
        return [line[:3] for line in self.transport.value().splitlines()]

    def test_keeps_the_content(self) -> None:
        """A mail is kept as it was sent, with its lines joined."""
        self.codes(b"EHLO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n")
        self.assertEqual(self.codes(b"S: x\r\n\r\nhello\r\n.\r\n"), [b"250"])
        self.assertEqual(self.kept.contents(), [b"S: x\r\n\r\nhello\r\n"])

    def test_keeps_one_for_all_recipients(self) -> None:
        """A mail to several recipients is kept once, and so is the next."""
        for _ in range(2):
            self.codes(b"HELO x\r\nMAIL FROM:<a@b.test>\r\n")
            self.codes(b"RCPT TO:<c@d.test>\r\nRCPT TO:<e@d.test>\r\nDATA\r\n")
            self.assertEqual(self.codes(b"x\r\n.\r\n"), [b"250"])
        self.assertEqual(len(self.kept), 2)

    def test_cut_off(self) -> None:
        """A mail that is cut off is not kept."""
        self.codes(b"HELO x\r\nMAIL FROM:<a@b.test>\r\nRCPT TO:<c@d.test>\r\nDATA\r\n")
        self.codes(b"hello\r\n")
        self.stock.connectionLost(None)
        self.assertEqual(len(self.kept), 0)
