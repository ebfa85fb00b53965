"""The HTML of a mail for display in a browser, with its own images in it.

References to parts of the mail (``cid:``, RFC 2392) become ``data:`` URLs, because a
browser cannot load them otherwise. Elements that make a browser connect to another
server although the Content-Security-Policy forbids the request are renamed: ``<link>``
(preconnect, dns-prefetch), and frames, for which Chromium connects before it looks at
the policy. All else stays as it was sent; the headers of the response restrict it.
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from html import unescape
from urllib.parse import unquote

from mocksmtp.mail.charset import decode_text, windows_of
from mocksmtp.mail.mime import read_structure
from mocksmtp.mail.part import Part, TooComplex

MAX_HTML = 16 * 2**20
"""Maximum octets of a part that is displayed as HTML."""

MAX_INLINE = 16 * 2**20
"""Maximum octets of the images in a displayed part; each reference counts."""

_REFERENCE = re.compile(r"\bcid:([^\s\"'<>()\\]{1,1000})", re.IGNORECASE)
_CONNECTING = re.compile(
    r"<(/?)(?=(?:link|i?frame|fencedframe|portal|object|embed)(?:[\s/>]|$))",
    re.IGNORECASE,
)
_IMAGE = re.compile(r"image/[a-z0-9!#$&^_.+-]{1,100}")


def html_for_display(content: bytes) -> list[bytes] | None:
    """
    The first HTML part of a mail, in UTF-8 and in pieces; None if it has none.

    :raises TooComplex: the mail or the part exceeds a limit
    """
    structure = read_structure(content)
    part = structure.html
    if part is None:
        return None
    if part.size > MAX_HTML:
        raise TooComplex(f"part {part.number} has over {MAX_HTML:,} octets of HTML")
    text = decode_text(b"".join(part.windows), part.charset or "utf-8")
    images = {
        each.content_id: each
        for each in reversed(structure.parts)
        if each.content_id and _IMAGE.fullmatch(each.content_type)
    }
    return list(_pieces(_CONNECTING.sub(r"<\1x-", text), images))


def _pieces(text: str, images: dict[str, Part]) -> Iterator[bytes]:
    at, room = 0, MAX_INLINE
    for found in _REFERENCE.finditer(text) if images else ():
        image = _find(found[1], images)
        if image is None or image.size > room:
            continue
        room -= image.size
        yield from windows_of(text[at : found.start()].encode())
        yield f"data:{image.content_type};base64,".encode()
        yield b64encode(b"".join(image.windows))
        at = found.end()
    yield from windows_of(text[at:].encode())


def _find(name: str, images: dict[str, Part]) -> Part | None:
    """The image with this Content-ID, which may be escaped for a URL and for HTML."""
    for known in (name, unescape(name), unquote(unescape(name))):
        if known in images:
            return images[known]
    return None
