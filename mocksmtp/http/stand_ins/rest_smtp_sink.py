"""The API of rest-smtp-sink (https://github.com/ambled/rest-smtp-sink).

- ``GET /api/email`` returns all mails in order of arrival. ``/api/email/stream``
  returns them with the fields from `html` to `to` as JSON texts, as they are stored.
- Its page removes mails by links: ``GET /api/email/delete/{id}`` and, up to an id,
  ``GET /api/email/purge/{id}``. A browser may follow them only from this service.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial
from itertools import islice
from typing import Any

from mocksmtp.http.parameters import AnyParameters
from mocksmtp.http.problems import HttpProblem
from mocksmtp.http.responses import send_body
from mocksmtp.http.routing import Agreement, ResponseBody, Route
from mocksmtp.http.stand_ins.reading import (
    QueryCall,
    dumps,
    find,
    newest,
    of_mail,
    oldest,
    remove,
    remove_all,
    send_mails,
    send_text,
    structure_of,
    text_of,
)
from mocksmtp.mail.fields import HeaderField, field_matches, header_start, unfolded
from mocksmtp.mail.mail import Mail
from mocksmtp.mail.mime import MAX_HEADER, Structure

_STORED = ("html", "text", "headers", "subject", "messageId", "priority", "from", "to")
"""The fields that the tool stores as JSON texts."""

_PRIORITIES = ("x-priority", "x-msmail-priority", "importance")
_NUMBER = re.compile(r"[0-9]{1,9}")
_WORDS = {"low": "low", "non-urgent": "low", "high": "high", "urgent": "high"}


def mail_document(mail: Mail) -> dict[str, Any]:
    """The JSON object of a mail."""
    structure = structure_of(mail.content)
    arrived = int(mail.received_at * 1000)
    headers = headers_of(mail.content, structure)
    plain = html = None
    if structure is not None:
        plain, html = text_of(structure.plain), text_of(structure.html)
    message_id = _first(headers.get("message-id"))
    return {
        "id": mail.number,
        "created_at": arrived,
        "updated_at": arrived,
        "html": _with_newlines(html),
        "text": _with_newlines(plain),
        "headers": headers,
        "subject": _first(headers.get("subject")) or None,
        "messageId": message_id.strip("<> \t") or None,
        "priority": _priority(headers),
        "from": mail.envelope.sender.text,
        "to": [recipient.address.text for recipient in mail.envelope.recipients],
    }


def headers_of(content: bytes, structure: Structure | None) -> dict[str, Any]:
    """The decoded header fields by name in lower case; an array for a repeated one."""
    fields = _first_fields(content) if structure is None else structure.headers
    headers: dict[str, Any] = {}
    for field in fields:
        name, text = field.name.lower(), field.text
        if name not in headers:
            headers[name] = text
        elif isinstance(headers[name], list):
            headers[name].append(text)
        else:
            headers[name] = [headers[name], text]
    return headers


def _first_fields(content: bytes) -> Iterator[HeaderField]:
    """The first header fields of a mail that is too complex."""
    found = field_matches(content, header_start(content), MAX_HEADER)
    for match in islice(found, 1000):
        yield HeaderField(match[1].decode("ascii"), unfolded(match[2]))


def _first(value: Any) -> str:
    return (value[0] if isinstance(value, list) else value) or ""


def _with_newlines(text: str | None) -> str | None:
    return None if text is None else text.replace("\r\n", "\n")


def _priority(headers: dict[str, Any]) -> str:
    for name in _PRIORITIES:
        value = _first(headers.get(name)).lower().strip()
        number = _NUMBER.match(value)
        if number:
            grade = int(number[0])
            return "normal" if grade == 3 else "low" if grade > 3 else "high"
        if value in _WORDS:
            return _WORDS[value]
    return "normal"


def _whole(mail: Mail) -> bytes:
    return dumps(mail_document(mail))


def _stored(mail: Mail) -> bytes:
    document = mail_document(mail)
    for name in _STORED:
        if document[name] is not None:
            document[name] = dumps(document[name]).decode()
    return dumps(document)


async def list_all(call: QueryCall) -> ResponseBody:
    """All mails."""
    return await send_mails(call, await oldest(call), _whole)


async def stream(call: QueryCall) -> ResponseBody:
    """All mails, as they are stored."""
    return await send_mails(call, await oldest(call), _stored)


async def latest(call: QueryCall) -> ResponseBody:
    """The newest mail."""
    return await _send(call, next(iter(await newest(call, 0, 1)), None))


async def get(call: QueryCall, mail_id: str) -> ResponseBody:
    """One mail."""
    return await _send(call, await find(call, mail_id))


async def _send(call: QueryCall, mail: Mail | None) -> ResponseBody:
    if mail is None:
        return _not_found(call)
    return send_body(call.request, await of_mail(call, mail, _whole))


async def delete(call: QueryCall, mail_id: str) -> ResponseBody:
    """Remove one mail."""
    _check_link(call)
    mail = await find(call, mail_id)
    if mail is None:
        return _not_found(call)
    await remove(call, [mail])
    return send_text(call.request, "Removed")


async def purge(call: QueryCall, mail_id: str | None = None) -> ResponseBody:
    """Remove all mails, or those up to an id."""
    _check_link(call)
    if mail_id is None:
        await remove_all(call)
        return send_text(call.request, "Purged all records")
    if not mail_id.isascii() or not mail_id.isdigit() or len(mail_id) > 18:
        return _not_found(call)
    older = await oldest(call, int(mail_id) + 1)
    if not older:
        return _not_found(call)
    await remove(call, older)
    return send_text(call.request, f"Purged records older than {mail_id}")


def _not_found(call: QueryCall) -> bytes:
    return send_text(call.request, "Not found", 404)


def _check_link(call: QueryCall) -> None:
    """
    Refuse a GET that a page of another site made a browser send.

    :raises HttpProblem: 403
    """
    request = call.request
    if request.method not in (b"GET", b"HEAD"):
        return
    site = request.getHeader("Sec-Fetch-Site") or "none"
    by_cookie = call.api.settings.token is not None and not request.getHeader(
        "Authorization"
    )
    if request.method == b"HEAD" or site not in ("same-origin", "none") or by_cookie:
        raise HttpProblem(403, "this link may be followed only from this service")


_route = partial(Route, parameters=AnyParameters)

ROUTES = (
    _route("GET", "/api/email", list_all),
    _route("GET", "/api/email/stream", stream),
    _route("GET", "/api/email/latest", latest),
    _route("GET", "/api/email/purge", purge),
    _route("POST", "/api/email/purge", purge, agreement=Agreement.PAST),
    _route("DELETE", "/api/email/purge", purge, agreement=Agreement.PAST),
    _route("GET", "/api/email/<mail_id>", get),
    _route("DELETE", "/api/email/<mail_id>", delete, agreement=Agreement.PAST),
    _route("GET", "/api/email/delete/<mail_id>", delete),
    _route("GET", "/api/email/purge/<mail_id>", purge),
)
