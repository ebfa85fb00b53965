"""The octets of a mail: ``/raw`` unchanged, ``/parts/{n}`` decoded; and ``/html``.

They are hostile content on the API's own origin: the response tells a browser to save
them, not to guess their type, and not to execute them (`protect`).
"""

from __future__ import annotations

import re
from typing import Any

import attrs

from mocksmtp.http.bodies import in_turn
from mocksmtp.http.mails import find_mail
from mocksmtp.http.parameters import flag, parameter
from mocksmtp.http.problems import not_found
from mocksmtp.http.responses import protect, send_pieces
from mocksmtp.http.routing import Call, ResponseBody, Route, answers, text
from mocksmtp.mail.charset import windows_of
from mocksmtp.mail.display import html_for_display
from mocksmtp.mail.mime import read_structure
from mocksmtp.mail.part import Part, TooComplex

# RFC 2045 §5.1, without what stands for several parts or for other headers.
_TYPE = re.compile(r"[a-z0-9!#$&^_.+-]{1,60}/[a-z0-9!#$&^_.+-]{1,100}")
_CHARSET = re.compile(r"[A-Za-z0-9_.:+-]{1,40}")
_NUMBER = re.compile(r"[1-9][0-9]{0,5}", re.ASCII)


async def get_raw(call: Call[Any], mail_id: str) -> ResponseBody:
    """The bytes received, after dot-unstuffing."""
    mail, request = await find_mail(call, mail_id), call.request
    protect(request, f"{mail.id}.eml")
    request.setHeader("Content-Length", str(len(mail.content)))
    windows = windows_of(mail.content)
    return await send_pieces(request, windows, call.api.clock, "message/rfc822")


async def get_part(call: Call[Any], mail_id: str, number: str) -> ResponseBody:
    """One part of a mail, without its transfer encoding."""
    mail = await find_mail(call, mail_id)
    parts = await in_turn(call, mail.content, _parts)
    if not _NUMBER.fullmatch(number) or int(number) > len(parts):
        raise not_found(f"no part {number!r}; the last one is {len(parts)}"[:200])
    part = parts[int(number) - 1]
    protect(call.request, part.file_name or f"part-{part.number}")
    kind = content_type(part)
    return await send_pieces(call.request, part.windows, call.api.clock, kind)


HTML_POLICY = "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""The Content-Security-Policy of displayed HTML: no script, form, frame or request."""


@attrs.frozen
class HtmlParameters:
    """``?remote=1`` lets the mail load images from other servers, by HTTPS."""

    remote: bool = parameter("remote", flag, default=False)


async def get_html(call: Call[HtmlParameters], mail_id: str) -> ResponseBody:
    """The HTML of a mail for display: its images are in it, and nothing in it acts."""
    mail, request = await find_mail(call, mail_id), call.request
    pieces = await in_turn(call, mail.content, _displayed)
    remote = " https:" if call.parameters.remote else ""
    request.setHeader("Content-Security-Policy", HTML_POLICY + remote)
    request.setHeader("Referrer-Policy", "no-referrer")
    request.setHeader("X-DNS-Prefetch-Control", "off")
    return await send_pieces(request, iter(pieces), call.api.clock, _HTML)


_HTML = "text/html; charset=utf-8"


def _displayed(content: bytes) -> list[bytes]:
    try:
        pieces = html_for_display(content)
    except TooComplex as error:
        raise not_found(f"the HTML of this mail is not available: {error}") from None
    if pieces is None:
        raise not_found("this mail has no HTML part")
    return pieces


def _parts(content: bytes) -> tuple[Part, ...]:
    try:
        return read_structure(content).parts
    except TooComplex as error:
        raise not_found(f"the parts of this mail are not available: {error}") from None


def content_type(part: Part) -> str:
    """The type of a part, if it is one, and its charset."""
    if not _TYPE.fullmatch(part.content_type):
        return "application/octet-stream"
    if _CHARSET.fullmatch(part.charset):
        return f"{part.content_type}; charset={part.charset}"
    return part.content_type


ROUTES = (
    Route(
        "GET",
        "/smtpMails/<mail_id>/raw",
        get_raw,
        answers=answers(text("message/rfc822")),
    ),
    Route(
        "GET",
        "/smtpMails/<mail_id>/parts/<number>",
        get_part,
        answers=answers(text("*/*")),
    ),
    Route(
        "GET",
        "/smtpMails/<mail_id>/html",
        get_html,
        HtmlParameters,
        answers=answers(text("text/html")),
    ),
)
