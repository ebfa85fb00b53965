"""The content of a message as it arrives: where it ends, and its exact octets.

After DATA (RFC 5321 §4.5.2) only CR LF ``.`` CR LF ends it. Each packet is looked at
once, as a whole: a few octets at its end that may be the beginning of a terminator,
or of a line with a stuffed dot, wait for the next packet. So no seam needs a rule of
its own, and the time is linear in the content, however it is split.

After BDAT (RFC 3030 §2) its length is told, and nothing in it has a meaning.

What other servers might take for the end of the content, as LF ``.`` LF, is content
here. It is noticed all the same, for it is how mail is smuggled past a server that
ends it elsewhere than the one before.
"""

from __future__ import annotations

import re

from mocksmtp.grammar.reply import MESSAGE_TOO_BIG, STORAGE_FULL, Reply
from mocksmtp.grammar.speed import find
from mocksmtp.mail.mailbox import Mailbox
from mocksmtp.sessions.session import SMUGGLING

_END = b"\r\n.\r\n"
_LINE_END = b"\r\n"
_STUFFED = b"\r\n."

_ODD_END = re.compile(rb"(?:\r\n|\r|\n)\0?\.\0?(?=[\r\n])")
"""A dot alone on a line, of whatever line ends: what is not `_END` is a false one."""

_BEGINNING = re.compile(rb"(?:\r\n|\r|\n)\0?\.?\0?\r?\Z")
"""What may become an end, true or false, with the octets that follow."""

_LONGEST_BEGINNING = 6
_LAST_OF_BEGINNING = (b"\r", b"\n", b".", b"\0")

_LARGE = 4096
"""Octets from which on a packet is kept as an object of its own."""

_GATHERED = 65536
"""Octets from which on gathered packets are one piece; the next begins another."""


class Content:
    """
    The octets of one message.

    :param limit: octets that a message may have
    :param mailbox: where content that is still arriving is counted

    :ivar size: octets of the content so far
    :ivar refusal: the reply that refuses the message, once it is clear that it
        can't be kept; the rest is then read and thrown away
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

    def __init__(self, limit: int, mailbox: Mailbox) -> None:
        self.size = 0
        self.refusal: Reply | None = None
        self._limit = limit
        self._mailbox = mailbox
        self._reserved = 0
        self._pieces: list[bytes | bytearray] = []
        # Small packets are gathered, for as objects of their own they would take many
        # times their size.
        self._small: bytearray | None = None

    def add(self, piece: bytes) -> None:
        """Take some more octets."""
        self._reserve(self._keep(piece))

    def take(self) -> bytes:
        """All of them."""
        pieces = self._pieces
        if len(pieces) == 1 and isinstance(pieces[0], bytes):
            return pieces[0]
        return b"".join(pieces)

    def beginning(self) -> bytes:
        """Up to `_GATHERED` of the first ones, which the header is among."""
        pieces = self._pieces[:2]
        return b"".join(piece[:_GATHERED] for piece in pieces)

    def close(self) -> None:
        """Give back what was counted as arriving; nothing more is taken."""
        if self._reserved:
            self._mailbox.release(self._reserved)
            self._reserved = 0
        self._pieces = []
        self._small = None

    def _keep(self, piece: bytes) -> int:
        """Keep `piece`; answer how many octets that is."""
        self.size += len(piece)
        if self.size > self._limit:
            self._refuse(MESSAGE_TOO_BIG)
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
            self._refuse(STORAGE_FULL)

    def _refuse(self, refusal: Reply) -> None:
        if self.refusal is None:
            self.refusal = refusal
            self.close()


class ContentReader(Content):
    """
    The octets that follow DATA, without what was stuffed into them.

    :ivar ended: whether the terminator has come
    :ivar flags: `SMUGGLING` where there is a false terminator among them
    """

    __slots__ = ("_begun", "_carry", "ended", "flags")

    def __init__(self, limit: int, mailbox: Mailbox) -> None:
        # As that of `Content`; to call it takes longer than to do it.
        self.size = 0
        self.refusal = None
        self._limit = limit
        self._mailbox = mailbox
        self._reserved = 0
        self._pieces = []
        self._small = None
        self.ended = False
        self.flags = 0
        self._begun = False
        # The end of the DATA line, so that a dot right behind it ends the content; it
        # is no part of it.
        self._carry = _LINE_END

    def feed(self, data: bytes, start: int = 0) -> int:
        """
        Take the octets of `data` from `start` on.

        :return: the index behind the terminator, or -1 where it is still to come
        """
        carry = self._carry
        if carry:
            data = carry + data[start:]
            start -= len(carry)
        elif start:
            data = data[start:]
        end = find(data, _END)
        if end >= 0:
            self.ended = True
            self._keep(self._unstuffed(data[: end + 2], b""))
            return start + end + 5
        self._carry = carry = _beginning_at_end_of(data)
        if len(data) > len(carry):
            piece = data[: len(data) - len(carry)] if carry else data
            self._reserve(self._keep(self._unstuffed(piece, carry)))
        return -1

    def _unstuffed(self, piece: bytes, following: bytes) -> bytes:
        """
        `piece` without its stuffed dots, and what comes before all content.

        :param following: what is known already of the next piece
        """
        if find(piece, b"\n.") >= 0:
            self._look_for_false_ends(piece + following[:1])
            piece = piece.replace(_STUFFED, _LINE_END)
        elif find(piece, b"\r.") >= 0 or find(piece, b"\0.") >= 0:
            self._look_for_false_ends(piece + following[:1])
        if not self._begun:
            self._begun = True
            return piece[len(_LINE_END) :]
        return piece

    def _look_for_false_ends(self, piece: bytes) -> None:
        if _ODD_END.search(piece):
            self.flags = SMUGGLING


def _beginning_at_end_of(data: bytes) -> bytes:
    """What `data` ends with that may be the beginning of an end."""
    if data[-1:] in _LAST_OF_BEGINNING:
        beginning = _BEGINNING.search(data[-_LONGEST_BEGINNING:])
        if beginning is not None:
            return beginning[0]
    return b""
