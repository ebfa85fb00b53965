from twisted.internet.protocol import Protocol, ServerFactory

from benchmarks.conversation import Conversation
from benchmarks.errors import BenchmarkError
from benchmarks.listening import Address
from tests.benchmarks.live import LiveTestCase


class Scripted(Protocol):
    """Says the same to everyone."""

    said = b"220-two\r\n220 lines\r\n250 one\r\n"

    def connectionMade(self) -> None:
        self.transport.write(self.said)

    def dataReceived(self, data: bytes) -> None:
        if data == b"BYE\r\n":
            self.transport.loseConnection()


def expect(address: Address, *codes: bytes) -> None:
    with Conversation(address, 5.0) as conversation:
        conversation.expect(list(codes))


def say_goodbye(address: Address) -> None:
    with Conversation(address, 5.0) as conversation:
        conversation.expect([b"220", b"250"])
        conversation.ask(b"BYE\r\n", [b"221"])


class ConversationTests(LiveTestCase):
    def server(self) -> Address:
        factory = ServerFactory()
        factory.protocol = Scripted
        factory.noisy = False
        return self.serve(factory)

    async def test_counts_replies(self) -> None:
        """A reply of several lines is one reply."""
        await self.in_thread(expect, self.server(), b"220", b"250")

    async def test_unexpected_reply(self) -> None:
        """A reply with another code is an error that shows it."""
        with self.assertRaisesRegex(BenchmarkError, "expected 354, was told b'250 one"):
            await self.in_thread(expect, self.server(), b"220", b"354")

    async def test_closed(self) -> None:
        """A connection that ends before the reply is an error."""
        with self.assertRaisesRegex(BenchmarkError, "closed the connection"):
            await self.in_thread(say_goodbye, self.server())
