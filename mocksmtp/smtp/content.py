"""Reads the content of a message: finds its end, and keeps its exact octets.

After DATA (RFC 5321 §4.5.2) only CR LF ``.`` CR LF ends it. Each packet is searched
once, as a whole: up to six octets at its end that may be the beginning of a terminator,
or of a line with a stuffed dot, are searched again with the next packet. So the time is
linear in the content, however it is split into packets.

After BDAT (RFC 3030 §2) the length is known, and no octet is special.

Octets that other servers might accept as the end of the content, such as LF ``.`` LF,
are content here. They are flagged as smuggling: an attack uses servers that disagree on
the end of the content.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Protocol

from mocksmtp.behaviors.point import Command
from mocksmtp.grammar.reply import MESSAGE_TOO_BIG, STORAGE_FULL, Reply
from mocksmtp.grammar.speed import find
from mocksmtp.mail.mailbox import Inbox
from mocksmtp.sessions.session import SMUGGLING
from mocksmtp.smtp.output import CommandResult, DelayedReply, Replies

_END = b"\r\n.\r\n"
_LINE_END = b"\r\n"
_STUFFED = b"\r\n."

_ODD_END = re.compile(rb"(?:\r\n|\r|\n)\0?\.\0?(?=[\r\n])")
"""A dot alone on a line, with any line end; a false end unless it is `_END`."""

_BEGINNING = re.compile(rb"(?:\r\n|\r|\n)\0?\.?\0?\r?\Z")
"""Octets that may become a true or false end with the octets that follow."""

LONGEST_BEGINNING = 6
_LAST_OF_BEGINNING = (b"\r", b"\n", b".", b"\0")

_LARGE = 4096
"""Minimum octets of a packet that is kept as a separate object."""

_GATHERED = 65536
"""Octets of gathered packets after which a new piece begins."""


class _Reader(Protocol):
    """
    Reads octets that are not command lines.

    :ivar size: how many octets were read
    :ivar flags: flags of the exchange in which they are recorded
    :ivar needs_octets: whether `feed` has nothing to do without further octets
    """

    size: int

    @property
    def flags(self) -> int:
        """Flags of the exchange in which the octets are recorded."""

    @property
    def needs_octets(self) -> bool:
        """Whether `feed` has nothing to do without further octets."""

    def feed(self, data: bytes, start: int = 0) -> int:
        """
        Read the octets of `data` from `start` on.

        :return: the index after the last one; -1 if more are expected
        """


class Incoming(Protocol):
    """
    Content after a command: a whole message, or a chunk.

    :ivar reader: reads it; may be the same object
    :ivar continues: whether a reply was sent before its end
    """

    reader: Any  # a Reader
    continues: bool

    @property
    def points(self) -> tuple[Command, ...]:
        """The reply points at which behaviors decide once it has ended."""

    def may_decide(self, octets: int) -> bool:
        """Whether behaviors may decide before its end, with so many more octets."""

    def fail(self, refusal: Reply) -> None:
        """Reply `refusal` at the end of the content; behaviors no longer decide."""

    def eomReceived(self) -> CommandResult:
        """Return the answer; called after the reader has returned an index."""

    def connectionLost(self) -> None:
        """Discard the content: the connection was lost before its end."""


class Content:
    """
    The octets of one message.

    :param limit: the maximum size of a message, in octets
    :param mailbox: counts content that is still arriving

    :ivar size: octets of the content so far
    :ivar refusal: the reply that refuses the message, if it exceeds a limit; the rest
        is then read and discarded
    """

    __slots__ = (
        "_limit",
        "_mailbox",
        "_pieces",
        "_reserved",
        "_small",
        "refusal",
        "size",
    )

    def __init__(self, limit: int, mailbox: Inbox) -> None:
        self.size = 0
        self.refusal: Reply | None = None
        self._limit = limit
        self._mailbox = mailbox
        self._reserved = 0
        self._pieces: list[bytes | bytearray] = []
        # Small packets are gathered: separate objects would use many times their size.
        self._small: bytearray | None = None

    def refuse(self, refusal: Reply) -> None:
        """Refuse the message, unless it is refused already; discard the octets."""
        if self.refusal is None:
            self.refusal = refusal
            self.close()

    def add(self, piece: bytes) -> None:
        """Add octets."""
        self._reserve(self._keep(piece))

    def take(self) -> bytes:
        """Return all octets, and stop counting them as arriving."""
        pieces, self._pieces = self._pieces, []
        if self._reserved:
            self.close()
        if len(pieces) == 1 and isinstance(pieces[0], bytes):
            return pieces[0]
        return b"".join(pieces)

    def beginning(self) -> bytes:
        """The first octets, up to `_GATHERED`; they include the header."""
        pieces = self._pieces[:2]
        return b"".join(piece[:_GATHERED] for piece in pieces)

    def close(self) -> None:
        """Discard the octets, and stop counting them as arriving."""
        if self._reserved:
            self._mailbox.release(self._reserved)
            self._reserved = 0
        self._pieces = []
        self._small = None

    def _keep(self, piece: bytes) -> int:
        """Keep `piece`; return how many octets were kept."""
        self.size += len(piece)
        if self.size > self._limit:
            self.refuse(MESSAGE_TOO_BIG)
        if self.refusal is not None:
            return 0
        if len(piece) >= _LARGE or not self._pieces:
            self._pieces.append(piece)
            self._small = None
        else:
            self._gather(piece)
        return len(piece)

    def _gather(self, piece: bytes) -> None:
        small = self._small
        if small is None or len(small) > _GATHERED:
            small = self._small = bytearray()
            self._pieces.append(small)
        small += piece

    def _reserve(self, octets: int) -> None:
        if self._mailbox.reserve(octets):
            self._reserved += octets
        else:
            self.refuse(STORAGE_FULL)


class ContentReader(Content):
    """
    The octets that follow DATA, without stuffed dots.

    :ivar flags: `SMUGGLING` if they contain a false end
    """

    __slots__ = ("_begun", "_carry", "flags")

    needs_octets = True

    def __init__(self, limit: int, mailbox: Inbox) -> None:
        # Repeats `Content.__init__`, to avoid a super() call per message.
        self.size = 0
        self.refusal = None
        self._limit = limit
        self._mailbox = mailbox
        self._reserved = 0
        self._pieces = []
        self._small = None
        self.flags = 0
        self._begun = False
        # Searching begins with the line end of DATA, which is not content, so that a
        # dot right after it ends the content.
        self._carry = _LINE_END

    def feed(self, data: bytes, start: int = 0) -> int:
        """
        Read the octets of `data` from `start` on.

        :return: the index after the terminator; -1 if it has not arrived
        """
        carry = self._carry
        if carry:
            data = carry + data[start:]
            start -= len(carry)
        elif start:
            data = data[start:]
        following = b""
        dot = end = -1
        # Large content is nearly always Base64, without any dot.
        has_dots = data.find(b".") >= 0
        if has_dots:
            # Without one that begins a line: no terminator, and nothing stuffed.
            dot = find(data, b"\n.")
            end = -1 if dot < 0 else find(data, _END, max(0, dot - 1))
        if end >= 0:
            piece = data[: end + 2]
        else:
            self._carry = following = _beginning_at_end_of(data)
            piece = data[: len(data) - len(following)] if following else data
            if not piece:
                return -1
        if 0 <= dot <= len(piece) - 2:
            self._look_for_false_ends(piece + following[:1])
            piece = piece.replace(_STUFFED, _LINE_END)
        elif has_dots and (find(piece, b"\r.") >= 0 or find(piece, b"\0.") >= 0):
            self._look_for_false_ends(piece + following[:1])
        if not self._begun:
            self._begun = True
            piece = piece[len(_LINE_END) :]
        kept = self._keep(piece)
        if end >= 0:
            return start + end + len(_END)
        self._reserve(kept)
        return -1

    def _look_for_false_ends(self, piece: bytes) -> None:
        if _ODD_END.search(piece):
            self.flags = SMUGGLING


def _beginning_at_end_of(data: bytes) -> bytes:
    """The end of `data` that may be the beginning of a terminator."""
    if data[-1:] in _LAST_OF_BEGINNING:
        beginning = _BEGINNING.search(data[-LONGEST_BEGINNING:])
        if beginning is not None:
            return beginning[0]
    return b""


class Chunk:
    """
    The octets after one BDAT (RFC 3030 §2). They are read even if the chunk is refused,
    because the client sends them without waiting for a reply.

    :param size: the number of octets
    :param content: where they are kept, or None to discard them
    :param end: returns the answer, once all have arrived

    :ivar size: the number of octets
    :ivar continues: whether a reply was sent before its end
    """

    __slots__ = (
        "_content",
        "_left",
        "continues",
        "eomReceived",
        "flags",
        "reader",
        "size",
    )

    def __init__(
        self, size: int, content: Content | None, end: Callable[[], CommandResult]
    ) -> None:
        self.size = size
        self.flags = 0
        self.continues = False
        self.reader = self
        self.eomReceived = end
        self._left = size
        self._content = content

    @property
    def needs_octets(self) -> bool:
        """Whether some of the octets have not arrived."""
        return self._left > 0

    def feed(self, data: bytes, start: int = 0) -> int:
        """
        Read the octets of `data` from `start` on.

        :return: the index after the last octet; -1 if more are expected
        """
        end = start + self._left
        if end > len(data):
            self._left = end - len(data)
            self._add(data[start:] if start else data)
            return -1
        if self._left:
            self._left = 0
            self._add(data[start:end])
        return end

    @property
    def points(self) -> tuple[Command, ...]:
        """The reply points of a chunk, and of the content if it is the last one."""
        if self.continues:
            return ()
        if self._content is None or self._content.refusal is not None:
            return (Command.ANY,)
        return (Command.BDAT, Command.DATA)

    def may_decide(self, octets: int) -> bool:
        """Behaviors decide at its end."""
        return False

    def fail(self, refusal: Reply) -> None:
        """Refuse the message."""
        if self._content is not None:
            self._content.refuse(refusal)

    def answer_early(self, keeps: bool, end: Callable[[], None] | None = None) -> None:
        """
        Read the rest without a reply: the chunk was answered before its end.

        :param keeps: whether its octets are kept
        :param end: called once all octets have arrived
        """
        self.continues = True
        if not keeps:
            self._content = None

        def end_silently() -> Replies | DelayedReply:
            if end is not None:
                end()
            return ()

        self.eomReceived = end_silently

    def connectionLost(self) -> None:
        """Do nothing: the delivery owns the content and discards it."""

    def _add(self, octets: bytes) -> None:
        if octets and self._content is not None and self._content.refusal is None:
            self._content.add(octets)
