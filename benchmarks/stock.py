"""The stock server: twisted.mail's ESMTP as it is, with an in-memory sink."""

from collections.abc import Callable

from twisted.internet.defer import Deferred, succeed
from twisted.internet.interfaces import IAddress
from twisted.mail.smtp import (
    ESMTP,
    Address,
    IMessage,
    IMessageDelivery,
    SMTPFactory,
    User,
)
from zope.interface import implementer

from benchmarks.kept import Kept


@implementer(IMessage)
class KeptMessage:
    """Joins the lines of one mail and keeps it."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._lines: list[bytes] = []

    def lineReceived(self, line: bytes) -> None:
        """Take a line of content."""
        self._lines.append(line)

    def eomReceived(self) -> Deferred[None]:
        """Keep the mail."""
        self._lines.append(b"")
        self._kept.keep(b"\r\n".join(self._lines))
        return succeed(None)

    def connectionLost(self) -> None:
        """Forget the mail."""
        self._lines.clear()


@implementer(IMessage)
class CopyMessage:
    """Stands for every recipient after the first: a mail is kept once."""

    def lineReceived(self, line: bytes) -> None:
        """Take a line of content."""

    def eomReceived(self) -> Deferred[None]:
        """Accept the copy."""
        return succeed(None)

    def connectionLost(self) -> None:
        """Forget nothing."""


@implementer(IMessageDelivery)
class KeepingDelivery:
    """Accepts every sender and recipient.

    Stock hands each line to one message object per recipient. All but the first do
    nothing here, so that stock is not charged for copies that no server keeps.
    """

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._first = True

    def receivedHeader(
        self, helo: tuple[bytes, bytes], origin: Address, recipients: list[User]
    ) -> bytes:
        """Add nothing to the content."""
        return b""

    def validateFrom(self, helo: tuple[bytes, bytes], origin: Address) -> Address:
        """Begin a transaction."""
        self._first = True
        return origin

    def validateTo(self, user: User) -> Callable[[], KeptMessage | CopyMessage]:
        """Accept a recipient."""
        if self._first:
            self._first = False
            return lambda: KeptMessage(self._kept)
        return CopyMessage


class StockFactory(SMTPFactory):
    """Makes a stock ESMTP of every connection.

    Args:
        kept: where the mails go.

    """

    protocol = ESMTP
    noisy = False
    domain = b"stock.test"

    def __init__(self, kept: Kept) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.kept = kept

    def buildProtocol(self, addr: IAddress | None) -> ESMTP:
        """Give the protocol its sink."""
        protocol: ESMTP = super().buildProtocol(addr)  # type: ignore[no-untyped-call]
        protocol.noisy = False
        protocol.delivery = KeepingDelivery(self.kept)
        return protocol


if __name__ == "__main__":
    from benchmarks.listening import listen_and_run

    mails = Kept()
    mails.forget_on_signal()
    listen_and_run(StockFactory(mails))
