"""The content that follows DATA: where it ends, and the exact octets (RFC 5321 §4.5.2).

Only CR LF ``.`` CR LF ends it. Each packet is looked at once, as a whole: a few
octets at its end that may be the beginning of the terminator, or of a line with
a stuffed dot, wait for the next packet. So no seam needs a rule of its own, and
the time is linear in the content, however it is split.
"""

from __future__ import annotations

from mocksmtp.core.mailbox import Mailbox
from mocksmtp.model.octets import find
from mocksmtp.model.reply import MESSAGE_TOO_BIG, STORAGE_FULL, Reply

_END = b"\r\n.\r\n"
_BEGINNINGS = tuple(_END[:length] for length in range(4, 0, -1))
_LINE_END = b"\r\n"
_STUFFED = b"\r\n."

_LARGE = 4096
"""Octets from which on a packet is kept as an object of its own."""

_GATHERED = 65536
"""Octets from which on gathered packets are one piece; the next begins another."""


class ContentReader:
    """
    Takes the packets of one message's content.

    :param limit: octets that a message may have
    :param mailbox: where content that is still arriving is counted

    :ivar size: octets of the content so far, without what was stuffed into it
    :ivar ended: whether the terminator has come
    :ivar refusal: the reply that refuses the message, once it is clear that it
        can't be kept; the rest is then read and thrown away
    """

    # Fields that most messages never set have their values here.
    ended = False
    refusal: Reply | None = None
    _reserved = 0
    # Small packets are gathered, for as objects of their own they would take many
    # times their size.
    _small: bytearray | None = None

    def __init__(self, limit: int, mailbox: Mailbox) -> None:
        self._limit = limit
        self._mailbox = mailbox
        self._pieces: list[bytes | bytearray] = []
        # The end of the DATA line, so that a dot right behind it ends the
        # content; it is no part of it.
        self._carry = _LINE_END
        self.size = -1

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
            self._add(data[: end + 2])
            return start + end + 5
        self._carry = carry = _beginning_at_end_of(data)
        if len(data) > len(carry):
            piece = data[: len(data) - len(carry)] if carry else data
            self._reserve(self._add(piece))
        return -1

    def take(self) -> bytes:
        """The whole content, without what was stuffed into it."""
        pieces = self._pieces
        if len(pieces) == 1 and isinstance(pieces[0], bytes):
            return pieces[0]
        return b"".join(pieces)

    def close(self) -> None:
        """Give back what was counted as arriving; nothing more is fed."""
        if self._reserved:
            self._mailbox.release(self._reserved)
            self._reserved = 0
        self._pieces = []
        self._small = None

    def _add(self, piece: bytes) -> int:
        """Keep `piece` without its stuffed dots; answer how many octets that is."""
        if find(piece, _STUFFED) >= 0:
            piece = piece.replace(_STUFFED, _LINE_END)
        if self.size < 0:
            piece = piece[len(_LINE_END) :]
            self.size = 0
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


def _beginning_at_end_of(data: bytes) -> bytes:
    """The longest beginning of the terminator that `data` ends with."""
    if data[-1:] in (b"\r", b"\n", b"."):
        for beginning in _BEGINNINGS:
            if data.endswith(beginning):
                return beginning
    return b""
