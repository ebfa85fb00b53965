"""The values that behaviors could test at each exchange of a recorded session.

Behaviors test the current values of a connection, which are not recorded. To explain
later why a behavior did not fire, this module reconstructs them from the lines and
replies of the transcript, and from the content of mails that are still kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import zip_longest
from typing import TypeAlias

import attrs

from mocksmtp.behaviors.explain import Walked, walks_of
from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Effect
from mocksmtp.behaviors.target import Subject, Target, natural_subject
from mocksmtp.grammar.command import (
    PathCommand,
    declared_size,
    parse_bdat,
    parse_mail,
    parse_rcpt,
)
from mocksmtp.grammar.reply import Reply
from mocksmtp.mail.fields import ParsedMessage
from mocksmtp.sessions.session import Exchange, Session

ContentFinder: TypeAlias = Callable[[int | None], bytes | None]
"""Returns the content of the mail with this number; for None, of the refused content.
None if it is not available."""

_Values: TypeAlias = Sequence[bytes] | None


@attrs.define
class Known:
    """
    The values of a connection; each is None if it is no longer recorded.

    :ivar helo: the argument of HELO or EHLO; empty before
    :ivar tls: the version of TLS; empty without TLS
    :ivar auth_user: the authenticated user; empty before AUTH
    :ivar auth_mechanism: the mechanism of AUTH; empty before AUTH
    :ivar sender: the sender of the open transaction; empty without one
    :ivar recipients: the recipients of the open transaction that took effect
    :ivar accepted: the number of recipients that the client received 2xx for
    :ivar messages: the number of transactions
    """

    helo: tuple[str, ...] | None = ()
    tls: tuple[str, ...] | None = ()
    auth_user: tuple[str, ...] | None = ()
    auth_mechanism: tuple[str, ...] | None = ()
    sender: tuple[str, ...] | None = ()
    recipients: tuple[PathCommand, ...] | None = ()
    accepted: int | None = 0
    messages: int | None = 0

    def begin_transaction(self, path: PathCommand | None) -> None:
        """
        Apply an accepted MAIL.

        :param path: its path; None if it could not be parsed
        """
        self.sender = None if path is None else (path.address.text,)
        self.recipients, self.accepted = (), 0
        if self.messages is not None:
            self.messages += 1

    def add_recipient(self, path: PathCommand | None) -> None:
        """
        Apply an accepted RCPT.

        :param path: its path; None if it could not be parsed
        """
        if self.recipients is not None and path is not None:
            self.recipients = (*self.recipients, path)
        if self.accepted is not None:
            self.accepted += 1

    def end_transaction(self) -> None:
        """Close the open transaction."""
        self.sender, self.recipients, self.accepted = (), (), 0

    def forget_client(self) -> None:
        """Remove what the client sent before STARTTLS (RFC 3207 §4.2)."""
        self.helo = self.auth_user = self.auth_mechanism = ()
        self.end_transaction()


@attrs.define
class Recalled:
    """
    One exchange, with the values of the connection at that time.

    :ivar session: the session
    :ivar number: its number in the session, from 0
    :ivar exchange: the exchange
    :ivar walks: the walks through the behaviors
    :ivar line: the command line; for a content, the last line before it
    :ivar known: the values of the connection before the exchange
    :ivar recipient: the recipient for whom this is the reply to the content (LMTP)
    :ivar find_content: returns the content of a mail
    """

    session: Session
    number: int
    exchange: Exchange
    walks: tuple[Walked, ...]
    line: bytes | None
    known: Known
    recipient: PathCommand | None = None
    find_content: ContentFinder | None = None
    _message: ParsedMessage | None = None

    @property
    def reply(self) -> Reply | None:
        """The reply, or None."""
        return self.exchange[2]

    @property
    def is_answered(self) -> bool:
        """Whether a behavior decided the reply."""
        if self.reply is not None and self.reply.source is not None:
            return True
        return any(walked.by is not None for walked in self.walks)

    @property
    def argument(self) -> bytes:
        """The text after the verb, without trailing spaces."""
        words = (self.line or b"").split(None, 1)
        return words[1].rstrip() if len(words) > 1 else b""

    @property
    def verb(self) -> bytes:
        """The first word of the line, in upper case."""
        return b"".join((self.line or b"").split(None, 1)[:1]).upper()

    @property
    def size(self) -> int | None:
        """The size of its content in octets; None if it is not a content."""
        said = self.exchange[1]
        return said[0] if isinstance(said, tuple) else None

    def path(self, point: object) -> PathCommand | None:
        """Return the parsed path of MAIL or RCPT; None at other points."""
        if point is Command.MAIL_FROM:
            found = parse_mail(self.argument)
        elif point is Command.RCPT_TO:
            found = parse_rcpt(self.argument, utf8=True)
        else:
            return None
        return found if isinstance(found, PathCommand) else None

    @property
    def message(self) -> ParsedMessage | None:
        """Its content; None if it is not kept."""
        said = self.exchange[1]
        if self._message is None and isinstance(said, tuple) and self.find_content:
            content = self.find_content(said[1])
            self._message = None if content is None else ParsedMessage(content)
        return self._message

    def at(self, point: object) -> AtPoint:
        """Return the values that behaviors could test at a reply point."""
        return AtPoint(self, point)


@attrs.frozen
class AtPoint:
    """The values that behaviors could test at a reply point of an exchange."""

    recalled: Recalled
    point: object

    def natural(self, point: object) -> str | None:
        """Return the name of the value that conditions without a target test."""
        assert isinstance(point, Command)
        subject = natural_subject(point)
        return None if subject is None else subject.value

    def subject(self, point: object) -> bytes | None:
        """Return the value that conditions without a target test; None if unknown."""
        recalled = self.recalled
        match point:
            case Command.CONNECT | Command.TLS | Command.DATA_CONTENT:
                return b""
            case Command.MAIL_FROM | Command.RCPT_TO:
                path = recalled.path(point)
                return None if path is None else path.address.text.encode()
            case Command.DATA:
                message = recalled.message
                return None if message is None else message.content
            case _:
                return recalled.argument

    def values(self, target: Target) -> Sequence[bytes] | None:
        """Return the values of a target; None if they are not recorded."""
        find = _FOUND.get(target.subject)
        return None if find is None else find(self, target.name)

    def _line(self, _: str) -> _Values:
        line = self.recalled.line
        return () if line is None else (line.removesuffix(b"\r"),)

    def _verb(self, _: str) -> _Values:
        return (self.recalled.line or b"").split(None, 1)[:1]

    def _argument(self, _: str) -> _Values:
        return () if self.recalled.line is None else (self.recalled.argument,)

    def _sender(self, _: str) -> _Values:
        path = self.recalled.path(self.point)
        if self.point is Command.MAIL_FROM and path is not None:
            return (path.address.text.encode(),)
        return _texts(self.recalled.known.sender)

    def _recipient(self, _: str) -> _Values:
        path = self.recalled.path(self.point)
        if self.point is not Command.RCPT_TO:
            path = self.recalled.recipient if self.point is Command.DATA else None
        return () if path is None else (path.address.text.encode(),)

    def _recipients(self, _: str) -> _Values:
        found = self.recalled.known.recipients
        if found is None:
            return None
        return [path.address.text.encode() for path in found]

    def _recipient_count(self, _: str) -> _Values:
        known = self.recalled.known
        if known.sender == ():
            return ()
        return None if known.accepted is None else (b"%d" % known.accepted,)

    def _message_count(self, _: str) -> _Values:
        messages = self.recalled.known.messages
        return None if messages is None else (b"%d" % messages,)

    def _parameter(self, name: str) -> _Values:
        path = self.recalled.path(self.point)
        found = () if path is None else path.parameters
        return [each.value.encode() for each in found if each.name.lower() == name]

    def _size(self, _: str) -> _Values:
        size = self.recalled.size
        if size is None:
            path = self.recalled.path(self.point)
            try:
                size = None if path is None else declared_size(path.parameters)
            except ValueError:
                return ()
            return () if size is None else (b"%d" % size,)
        return None if self.point is Command.BDAT else (b"%d" % size,)

    def _message(self, _: str) -> _Values:
        message = self.recalled.message
        return self._unless_elsewhere(None if message is None else (message.content,))

    def _body(self, _: str) -> _Values:
        message = self.recalled.message
        return self._unless_elsewhere(None if message is None else (message.body,))

    def _header(self, name: str) -> _Values:
        message = self.recalled.message
        found = None if message is None else message.values(name)
        return self._unless_elsewhere(found)

    def _unless_elsewhere(self, found: _Values) -> _Values:
        """Return values of the content at ``DATA``; at other points, no values."""
        return found if self.point is Command.DATA else ()

    def _client_ip(self, _: str) -> _Values:
        return _texts((self.recalled.session.client_ip,))

    def _listener(self, _: str) -> _Values:
        return _texts((self.recalled.session.listener,))

    def _helo(self, _: str) -> _Values:
        if self.point in (Command.EHLO, Command.HELO):
            return (self.recalled.argument,)
        return _texts(self.recalled.known.helo)

    def _tls(self, _: str) -> _Values:
        return _texts(self.recalled.known.tls)

    def _auth_user(self, _: str) -> _Values:
        if self.point is Command.AUTH:
            return None  # the user of a failed AUTH is not recorded
        return _texts(self.recalled.known.auth_user)

    def _auth_mechanism(self, _: str) -> _Values:
        if self.point is Command.AUTH:
            return None
        return _texts(self.recalled.known.auth_mechanism)


_FOUND: dict[Subject, Callable[[AtPoint, str], _Values]] = {
    subject: find
    for subject in Subject
    if (find := getattr(AtPoint, f"_{subject.name.lower()}", None)) is not None
}
"""The functions that return the values of each subject; others are not recorded."""


def _texts(texts: tuple[str, ...] | None) -> _Values:
    return None if texts is None else [text.encode() for text in texts if text]


def recall(
    session: Session, find_content: ContentFinder | None = None
) -> Iterator[Recalled]:
    """
    Yield the kept exchanges of a session, with the values at that time.

    :param find_content: returns the content of a mail
    """
    known = _at_beginning(session)
    line: bytes | None = None
    later: list[tuple[Walked, PathCommand | None]] = []
    content: Exchange | None = None
    for number, exchange in enumerate(tuple(session.exchanges), session.omitted):
        said, note = exchange[1], exchange[5]
        walks = () if note is None else (*walks_of(note.items),)
        recipient = None
        if isinstance(said, bytes):
            line = said
        if isinstance(said, tuple):
            content = exchange
            walks, later = _for_each_recipient(walks, known)
            recipient = later.pop(0)[1] if later else None
        elif said is None and note is None and later and content is not None:
            # LMTP: the reply for a further recipient of the same content.
            walked, recipient = later.pop(0)
            walks = (walked,)
            at, _, reply, flags, delay, _ = exchange
            exchange = (at, content[1], reply, flags, delay, None)
        known_then = attrs.evolve(known)
        recalled = Recalled(
            session, number, exchange, walks, line, known_then, recipient, find_content
        )
        yield recalled
        _apply(recalled, known)


def _at_beginning(session: Session) -> Known:
    """Return the values before the first kept exchange."""
    tls = session.tls
    version = () if tls is None or tls.version is None else (tls.version,)
    if session.omitted:
        return Known(None, None, None, None, None, None, None, None)
    later = any(
        isinstance(said, bytes)
        and said[:8].upper() == b"STARTTLS"
        and reply is not None
        and reply.code == 220
        for _, said, reply, *_ in session.exchanges
    )
    return Known(tls=() if later else version)


def _for_each_recipient(
    walks: tuple[Walked, ...], known: Known
) -> tuple[tuple[Walked, ...], list[tuple[Walked, PathCommand | None]]]:
    """Return the walks of the first reply to a content, and those per recipient."""
    each = [walked for walked in walks if walked.walk.point is Command.DATA]
    if len(each) < 2:
        return walks, []
    recipients = known.recipients or ()
    first = walks[: walks.index(each[0]) + 1]
    return first, [*zip_longest(each, recipients[: len(each)])]


def _takes_effect(recalled: Recalled) -> bool:
    """Return whether a command was executed."""
    reply = recalled.reply
    for walked in recalled.walks:
        if walked.by is not None and walked.by.behavior.sequence:
            responses = walked.by.behavior.sequence
            code = None if reply is None else reply.code
            same = [each for each in responses if each.code == code]
            effect = (same or responses)[0].effect_at(walked.walk.point)
            return effect is not Effect.NONE
    return reply is not None and reply.code // 100 in (2, 3)


def _apply(recalled: Recalled, known: Known) -> None:
    """Apply the effects of an exchange to the values of the connection."""
    said = recalled.exchange[1]
    if isinstance(said, tuple):
        if not _expects_chunks(recalled):
            known.end_transaction()
    elif isinstance(said, bytes):
        _apply_command(recalled, known)


def _expects_chunks(recalled: Recalled) -> bool:
    """Return whether the content is an accepted BDAT chunk that is not the last."""
    reply = recalled.reply
    if recalled.verb != b"BDAT" or reply is None or reply.code != 250:
        return False
    chunk = parse_bdat(recalled.argument)
    return isinstance(chunk, Reply) or not chunk.last


def _apply_command(recalled: Recalled, known: Known) -> None:
    session = recalled.session
    takes_effect = _takes_effect(recalled)
    match recalled.verb:
        case b"EHLO" | b"HELO" | b"LHLO" if takes_effect:
            known.helo = (recalled.argument.decode("utf-8", "replace"),)
            known.end_transaction()
        case b"MAIL" if takes_effect:
            known.begin_transaction(recalled.path(Command.MAIL_FROM))
        case b"RCPT" if takes_effect:
            known.add_recipient(recalled.path(Command.RCPT_TO))
        case b"RSET" if takes_effect:
            known.end_transaction()
        case b"DATA" if known.sender and not takes_effect:
            known.end_transaction()
        case b"STARTTLS" if takes_effect:
            known.forget_client()
            tls = session.tls
            known.tls = _given(None if tls is None else tls.version)
        case _:
            if recalled.reply is not None and recalled.reply.code == 235:
                known.auth_user = _given(session.auth_user)
                known.auth_mechanism = _given(session.auth_mechanism)


def _given(text: str | None) -> tuple[str, ...]:
    return () if text is None else (text,)
