"""What a client tries, for the conditions, keys and templates of behaviors.

Nothing here is worked out before it is asked for: most behaviors look at the subject
of their command, which they are given.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from mocksmtp.behaviors.target import Subject, Target
from mocksmtp.grammar.command import PathCommand, declared_size
from mocksmtp.mail.fields import ParsedMessage
from mocksmtp.sessions.session import Session, Transaction


class Tried(Protocol):
    """A connection, as far as behaviors may look at it.

    :ivar session: what is recorded of it
    :ivar line: the command line at hand, without its end; None where there is none
    :ivar open_transaction: the open transaction, or that whose content is at hand
    :ivar messages: how many messages it has brought
    """

    session: Session
    line: bytes | None
    messages: int

    @property
    def open_transaction(self) -> Transaction | None:
        """The open one, or that whose content is at hand."""


class ConnectionAttempt:
    """
    The attempts of one connection, one after the other.

    :ivar path: what the MAIL or RCPT at hand names
    :ivar message: the content at hand, once it is whole
    :ivar size: octets of the content at hand
    :ivar claimed: the user and mechanism of an AUTH that awaits its verdict
    :ivar named: what a HELO or EHLO at hand says
    """

    path: PathCommand | None = None
    message: ParsedMessage | None = None
    size: int | None = None
    claimed: tuple[str, str] | None = None
    named: bytes | None = None
    recipient: bool = False

    def __init__(self, tried: Tried, seconds: Callable[[], float]) -> None:
        self._tried = tried
        self.seconds = seconds

    @property
    def connection(self) -> str:
        """What stands for the connection."""
        return self._tried.session.id

    @property
    def transaction(self) -> Transaction | None:
        """What stands for the transaction, or None."""
        return self._tried.open_transaction

    def values(self, target: Target) -> Sequence[bytes]:
        """The values of `target`; none where it is not there."""
        return _VALUES[target.subject](self, target.name)

    # One for each target. The name is that of a parameter or field.

    def _line(self, name: str) -> Sequence[bytes]:
        line = self._tried.line
        return () if line is None else (line.removesuffix(b"\r"),)

    def _verb(self, name: str) -> Sequence[bytes]:
        return (self._tried.line or b"").split(None, 1)[:1]

    def _argument(self, name: str) -> Sequence[bytes]:
        line = self._tried.line
        return () if line is None else (argument_of(line),)

    def _sender(self, name: str) -> Sequence[bytes]:
        if self.path is not None and not self.recipient:
            return (self.path.address.text.encode(),)
        transaction = self.transaction
        return () if transaction is None else (_address(transaction.sender),)

    def _recipient(self, name: str) -> Sequence[bytes]:
        if self.path is None or not self.recipient:
            return ()
        return (_address(self.path),)

    def _recipients(self, name: str) -> Sequence[bytes]:
        transaction = self.transaction
        return () if transaction is None else [*map(_address, transaction.recipients)]

    def _recipient_count(self, name: str) -> Sequence[bytes]:
        transaction = self.transaction
        return () if transaction is None else (b"%d" % transaction.accepted,)

    def _message_count(self, name: str) -> Sequence[bytes]:
        return (b"%d" % self._tried.messages,)

    def _parameter(self, name: str) -> Sequence[bytes]:
        if self.path is None:
            return ()
        return [
            parameter.value.encode()
            for parameter in self.path.parameters
            if parameter.name.lower() == name
        ]

    def _message(self, name: str) -> Sequence[bytes]:
        return () if self.message is None else (self.message.content,)

    def _body(self, name: str) -> Sequence[bytes]:
        return () if self.message is None else (self.message.body,)

    def _header(self, name: str) -> Sequence[bytes]:
        return () if self.message is None else self.message.values(name)

    def _size(self, name: str) -> Sequence[bytes]:
        if self.message is not None:
            return (b"%d" % len(self.message.content),)
        size = self.size
        if size is None and self.path is not None:
            try:
                size = declared_size(self.path.parameters)
            except ValueError:
                return ()
        return () if size is None else (b"%d" % size,)

    def _client_ip(self, name: str) -> Sequence[bytes]:
        return _texts(self._tried.session.client_ip)

    def _listener(self, name: str) -> Sequence[bytes]:
        return _texts(self._tried.session.listener)

    def _helo(self, name: str) -> Sequence[bytes]:
        if self.named is not None:
            return (self.named,)
        return _texts(self._tried.session.helo)

    def _tls(self, name: str) -> Sequence[bytes]:
        tls = self._tried.session.tls
        return () if tls is None else _texts(tls.version)

    def _auth_user(self, name: str) -> Sequence[bytes]:
        if self.claimed is not None:
            return (self.claimed[0].encode(),)
        return _texts(self._tried.session.auth_user)

    def _auth_mechanism(self, name: str) -> Sequence[bytes]:
        if self.claimed is not None:
            return (self.claimed[1].encode(),)
        return _texts(self._tried.session.auth_mechanism)


def argument_of(line: bytes) -> bytes:
    """What follows the verb of a command line; ``b""`` where nothing does."""
    words = line.split(None, 1)
    return words[1].rstrip() if len(words) > 1 else b""


def _address(path: PathCommand) -> bytes:
    return path.address.text.encode()


def _texts(text: str | None) -> Sequence[bytes]:
    return (text.encode(),) if text else ()


_VALUES: dict[Subject, Callable[[ConnectionAttempt, str], Sequence[bytes]]] = {
    subject: getattr(ConnectionAttempt, f"_{subject.name.lower()}")
    for subject in Subject
}
