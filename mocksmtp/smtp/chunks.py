"""The octets that follow one BDAT (RFC 3030 §2): as many as it says, whatever they are.

They are read also where the chunk is refused, for its client has sent them already.
"""

from __future__ import annotations

from collections.abc import Callable

from mocksmtp.smtp.answers import Faulty, Replies
from mocksmtp.smtp.content import Content


class Chunk:
    """
    Takes the octets of one chunk.

    :param size: how many they are
    :param content: where they are kept, or None to throw them away
    :param end: answers the reply, once all are there

    :ivar size: how many have come, at its end
    :ivar goes_on: whether something was said to its beginning already
    """

    __slots__ = (
        "_content",
        "_left",
        "eomReceived",
        "flags",
        "goes_on",
        "reader",
        "size",
    )

    def __init__(
        self, size: int, content: Content | None, end: Callable[[], Replies | Faulty]
    ) -> None:
        self.size = size
        self.flags = 0
        self.goes_on = False
        # It is what is read and what reads it in one.
        self.reader = self
        self.eomReceived = end
        self._left = size
        self._content = content

    def feed(self, data: bytes, start: int = 0) -> int:
        """
        Take the octets of `data` from `start` on.

        :return: the index behind the last octet, or -1 where more are to come
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

    def answered(self, keeps: bool, end: Callable[[], None] | None = None) -> None:
        """
        All has been said to it: its rest comes without a reply.

        :param keeps: whether it is kept all the same
        :param end: called once all octets are there
        """
        self.goes_on = True
        if not keeps:
            self._content = None

        def silently() -> Replies | Faulty:
            if end is not None:
                end()
            return ()

        self.eomReceived = silently

    def connectionLost(self) -> None:
        """The transaction, which knows the content, is told as well."""

    def _add(self, octets: bytes) -> None:
        if octets and self._content is not None and self._content.refusal is None:
            self._content.add(octets)
