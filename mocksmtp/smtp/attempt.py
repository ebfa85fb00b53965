"""The values of a command that conditions, keys and templates of behaviors read.

Values are computed on demand: most behaviors read only the subject of their command,
which is passed to them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from mocksmtp.behaviors.target import Subject, Target
from mocksmtp.grammar.command import PathCommand, declared_size
from mocksmtp.mail.fields import ParsedMessage
from mocksmtp.sessions.session import Session, Transaction


class ConnectionContext(Protocol):
    """The state of a connection that behaviors can read.

    :ivar session: its record
    :ivar line: the current command line, without its line end; None before the first
    :ivar messages: the number of transactions begun on the connection
    """

    session: Session
    line: bytes | None
    messages: int

    @property
    def open_transaction(self) -> Transaction | None:
        """The open transaction, or the one whose content is being decided on."""


class ConnectionAttempt:
    """
    The values of the command that a connection executes; reused for each command.

    :ivar path: the path of the current MAIL or RCPT
    :ivar message: the content, once all of it has arrived
    :ivar size: octets of the content so far
    :ivar claimed: the user and the mechanism of the current AUTH
    :ivar named: the argument of the current HELO or EHLO
    :ivar recipient: whether `path` is that of an RCPT
    """

    path: PathCommand | None = None
    message: ParsedMessage | None = None
    size: int | None = None
    claimed: tuple[str, str] | None = None
    named: bytes | None = None
    recipient: bool = False

    def __init__(
        self, context: ConnectionContext, seconds: Callable[[], float]
    ) -> None:
        self._context = context
        self.seconds = seconds

    @property
    def connection(self) -> str:
        """The session id, by which ``per: connection`` counts."""
        return self._context.session.id

    @property
    def transaction(self) -> Transaction | None:
        """The open transaction, by which ``per: transaction`` counts, or None."""
        return self._context.open_transaction

    def values(self, target: Target) -> Sequence[bytes]:
        """The values of `target`; empty if the command has none."""
        return _VALUES[target.subject](self, target.name)

    # One method per target. `name` is the name of a MAIL parameter or header field.

    def _line(self, name: str) -> Sequence[bytes]:
        line = self._context.line
        return () if line is None else (line.removesuffix(b"\r"),)

    def _verb(self, name: str) -> Sequence[bytes]:
        return (self._context.line or b"").split(None, 1)[:1]

    def _argument(self, name: str) -> Sequence[bytes]:
        line = self._context.line
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
        return (b"%d" % self._context.messages,)

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
        return _texts(self._context.session.client_ip)

    def _listener(self, name: str) -> Sequence[bytes]:
        return _texts(self._context.session.listener)

    def _helo(self, name: str) -> Sequence[bytes]:
        if self.named is not None:
            return (self.named,)
        return _texts(self._context.session.helo)

    def _tls(self, name: str) -> Sequence[bytes]:
        tls = self._context.session.tls
        return () if tls is None else _texts(tls.version)

    def _auth_user(self, name: str) -> Sequence[bytes]:
        if self.claimed is not None:
            return (self.claimed[0].encode(),)
        return _texts(self._context.session.auth_user)

    def _auth_mechanism(self, name: str) -> Sequence[bytes]:
        if self.claimed is not None:
            return (self.claimed[1].encode(),)
        return _texts(self._context.session.auth_mechanism)


def argument_of(line: bytes) -> bytes:
    """The argument of a command line: the text after the verb, or ``b""``."""
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
