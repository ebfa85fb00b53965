"""A part of a mail: an entity with no parts of its own (RFC 2045 §2.5)."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property

import attrs

from mocksmtp.mail.charset import decode_text
from mocksmtp.mail.fields import HeaderField, field_value, media_type, mime_parameters
from mocksmtp.mail.transfer import decoded

MAX_PART_TEXT = 4 * 2**20
"""Maximum octets of a part that is decoded as text."""

MULTIPART = "multipart/"
"""The prefix of the media type of an entity with parts."""


class TooComplex(Exception):
    """A mail, or the text of a part, exceeds a limit; the message names the limit."""


@attrs.frozen(eq=False)
class Part:
    """An entity with no parts of its own.

    :ivar number: its position among the parts, from 1
    :ivar content_type: ``type/subtype`` in lower case
    :ivar charset: as sent; ``""`` without one
    :ivar disposition: in lower case; ``""`` without one (RFC 2183)
    :ivar file_name: decoded, otherwise as sent: not safe as a path
    :ivar content_id: without angle brackets (RFC 2392)
    :ivar encoding: its Content-Transfer-Encoding in lower case
    """

    number: int
    content_type: str
    charset: str
    disposition: str
    file_name: str
    content_id: str
    encoding: str
    _raw: memoryview = attrs.field(repr=False)

    @property
    def windows(self) -> Iterator[bytes]:
        """The content without its transfer encoding, in pieces."""
        return decoded(self._raw, self.encoding)

    @cached_property
    def size(self) -> int:
        """The octets of the content without its transfer encoding."""
        return sum(map(len, self.windows))

    @property
    def text(self) -> str:
        """
        The content as text.

        :raises TooComplex: it exceeds `MAX_PART_TEXT`
        """
        if self.size > MAX_PART_TEXT:
            raise TooComplex(
                f"part {self.number} has over {MAX_PART_TEXT:,} octets of text"
            )
        return decode_text(b"".join(self.windows), self.charset or "utf-8")

    def is_body(self, content_type: str) -> bool:
        """Whether it is a part of this type, and not an attachment."""
        attached = self.disposition == "attachment" or self.file_name
        return self.content_type == content_type and not attached


def make_part(
    number: int,
    named: dict[str, HeaderField],
    raw: memoryview,
    default: str = "text/plain",
) -> Part:
    """
    Make a part from its fields and content.

    :param named: the fields by their names in lower case
    :param default: the media type of a part without Content-Type
    """
    kind = named.get("content-type")
    content_type = media_type(kind) if kind else default
    parameters = mime_parameters(kind) if kind else {}
    placed = named.get("content-disposition")
    file_name = mime_parameters(placed).get("filename") if placed else ""
    encoding = named.get("content-transfer-encoding")
    content_id = named.get("content-id")
    return Part(
        number=number,
        # A multipart becomes a part only if it contains no parts.
        content_type="text/plain"
        if content_type.startswith(MULTIPART)
        else content_type,
        charset=parameters.get("charset", ""),
        disposition=field_value(placed) if placed else "",
        file_name=file_name or parameters.get("name", ""),
        content_id=content_id.text.strip("<> \t") if content_id else "",
        encoding=field_value(encoding) if encoding else "",
        raw=raw,
    )
