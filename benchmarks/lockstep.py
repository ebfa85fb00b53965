"""Clients that wait for each reply: over TLS, in chunks, and as a crowd."""

import selectors
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from attrs import frozen

from benchmarks.content import content_of
from benchmarks.conversation import Conversation, all_ask
from benchmarks.errors import BenchmarkError
from benchmarks.listening import Address

_MAIL = b"MAIL FROM:<from@client.test>\r\n"
_RCPT = b"RCPT TO:<to@server.test>\r\n"
_SILENCE_LIMIT = 30.0  # seconds that all servers' replies may be owed
_DONE = object()


def _steps(size: int) -> Sequence[tuple[bytes, bytes]]:
    """Return what is said of one mail, each with the code that is waited for."""
    content = content_of(size) + b".\r\n"
    return (_MAIL, b"250"), (_RCPT, b"250"), (b"DATA\r\n", b"354"), (content, b"250")


@frozen
class LockStep:
    """What smtp-source does, which knows no TLS.

    Attributes:
        size: bytes of each content.
        connections: how many take turns; all have written before the first is read.
        secure: whether it speaks TLS from the first byte.

    """

    size: int
    connections: int = 4
    secure: bool = False

    def send(self, address: Address, mails: int, time_limit: float) -> None:
        """Send mails, each command after the reply to the one before."""
        with ExitStack() as connected:
            conversations = [
                connected.enter_context(Conversation(address, time_limit, self.secure))
                for _ in range(min(self.connections, mails))
            ]
            for conversation in conversations:
                conversation.greet()
            steps = _steps(self.size)
            for sent in range(0, mails, self.connections):
                for commands, code in steps:
                    all_ask(conversations[: mails - sent], commands, [code])
            all_ask(conversations, b"QUIT\r\n", [b"221"])


@frozen
class Chunks:
    """A client that sends its contents by BDAT (RFC 3030).

    Attributes:
        size: bytes of each content.
        chunk: bytes of each chunk, whose reply is waited for.

    """

    size: int
    chunk: int = 1024 * 1024

    def send(self, address: Address, mails: int, time_limit: float) -> None:
        """Send mails over one connection."""
        chunks = self._chunks()
        with Conversation(address, time_limit) as conversation:
            conversation.greet()
            for _ in range(mails):
                conversation.ask(_MAIL + _RCPT, [b"250", b"250"])
                for chunk in chunks:
                    conversation.ask(chunk, [b"250"])
            conversation.leave()

    def _chunks(self) -> list[bytes]:
        """Return each chunk behind its command."""
        content = content_of(self.size)
        starts = range(0, self.size, self.chunk)
        pieces = [content[start : start + self.chunk] for start in starts]
        chunks = [b"BDAT %d\r\n%b" % (len(piece), piece) for piece in pieces[:-1]]
        return [*chunks, b"BDAT %d LAST\r\n%b" % (len(pieces[-1]), pieces[-1])]


class Crowd:
    """Connections that are open before the first mail, and busy all at once.

    Each sends its next command as soon as its own reply has come, so that there is
    always one owed to each of them.

    Args:
        address: the server's.
        connections: how many.
        size: bytes of each content.
        time_limit: seconds until any of them fails.

    """

    def __init__(
        self, address: Address, connections: int, size: int, time_limit: float
    ) -> None:
        self._steps = _steps(size)
        self._connected = ExitStack()
        try:
            self._conversations = [
                self._connected.enter_context(Conversation(address, time_limit))
                for _ in range(connections)
            ]
            for conversation in self._conversations:
                conversation.greet()
        except BenchmarkError:
            self._connected.close()
            raise

    def __enter__(self) -> Self:
        """Return the crowd, greeted."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close every connection."""
        self._connected.close()

    def send(self, address: Address, mails: int, time_limit: float) -> None:
        """Send mails over the connections that are open."""
        left = iter(range(mails))
        with selectors.DefaultSelector() as selector:
            for conversation in self._conversations:
                talk = self._talk(conversation, left)
                if next(talk, _DONE) is not _DONE:
                    selector.register(conversation, selectors.EVENT_READ, talk)
            while selector.get_map():
                ready = selector.select(_SILENCE_LIMIT)
                if not ready:
                    raise BenchmarkError("the server owes every connection a reply")
                for key, _ in ready:
                    if next(key.data, _DONE) is _DONE:
                        selector.unregister(key.fileobj)

    def _talk(self, conversation: Conversation, left: Iterator[int]) -> Iterator[None]:
        """Send mails while some are left; pauses where a reply is waited for."""
        for _ in left:
            for commands, code in self._steps:
                conversation.send(commands)
                yield
                conversation.expect([code])
