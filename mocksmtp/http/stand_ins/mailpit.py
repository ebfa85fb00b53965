"""The API of Mailpit, version 1 (https://mailpit.axllent.org/docs/api-v1/).

Reading a mail marks it as read; tags and marks are forgotten with the mail. Chaos is
always enabled; its triggers are behaviors with the tag `CHAOS`.
"""

from __future__ import annotations

from functools import partial
from typing import Any

import attrs

from mocksmtp import __version__
from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.grammar.address import Address
from mocksmtp.http.added_mails import keep_all
from mocksmtp.http.bodies import in_turn
from mocksmtp.http.content import HTML_POLICY, content_type
from mocksmtp.http.parameters import AnyParameters
from mocksmtp.http.responses import (
    Slices,
    protect,
    send_body,
    send_json,
    send_pieces,
)
from mocksmtp.http.routing import Agreement, ResponseBody, Route, at_root
from mocksmtp.http.stand_ins.mailpit_documents import (
    headers_document,
    message_document,
    new_message,
    summary_document,
    texts_of,
)
from mocksmtp.http.stand_ins.mailpit_marks import clean_tag, marks_of, search_of
from mocksmtp.http.stand_ins.reading import (
    TEXT,
    BadBody,
    QueryCall,
    dumps,
    find,
    find_all,
    memory_of,
    newest,
    of_mail,
    oldest,
    read_object,
    remove,
    remove_all,
    send_mails,
    send_text,
    structure_of,
    texts_in,
    whole_number,
)
from mocksmtp.mail.charset import windows_of
from mocksmtp.mail.display import html_for_display
from mocksmtp.mail.mail import Mail
from mocksmtp.mail.part import TooComplex
from mocksmtp.mail.posted import envelope_from, read_address
from mocksmtp.mail.summary import summary_of

USUAL_LIMIT = 50
"""Mails on a page."""

LATEST = "latest"
"""In the place of an id: the newest mail, or that of a search."""

CHAOS = "chaos"
"""The tag of the behaviors of chaos."""


def _ok(call: QueryCall) -> bytes:
    return send_text(call.request, "ok")


def _bad(call: QueryCall, message: str) -> bytes:
    return send_text(call.request, message, 400)


def _missing(call: QueryCall, message: str = "404 page not found") -> bytes:
    return send_text(call.request, message, 404)


async def _summarize(call: QueryCall, mails: list[Mail]) -> None:
    """Decode the headers of mails, and keep them with the mails."""
    slices = Slices(call.api.clock)
    for mail in mails:
        if not mail.is_summarized:
            mail.remember(await in_turn(call, mail.content, summary_of))
        if slices.over:
            await slices.next()


async def _search(call: QueryCall, text: str) -> list[Mail]:
    """The mails that match a search, the newest first."""
    zone = call.parameters.values.get("tz", "")
    return await find_all(call, search_of(text, marks_of(call.host.mailbox), zone))


async def _find(call: QueryCall, mail_id: str) -> Mail | None:
    if mail_id != LATEST:
        return await find(call, mail_id)
    text = call.parameters.values.get("query", "").strip()
    found = await _search(call, text) if text else await newest(call, 0, 1)
    return found[0] if found else None


def _page(call: QueryCall) -> tuple[int, int]:
    values = call.parameters.values
    start = whole_number(values.get("start", ""), 0)
    return start, whole_number(values.get("limit", ""), USUAL_LIMIT)


async def list_messages(call: QueryCall) -> ResponseBody:
    """A page of the mails, the newest first."""
    start, limit = _page(call)
    total = len(call.host.mailbox)
    # Without a limit the whole list is returned.
    mails = await newest(call, *((start, limit) if limit else (0, total)))
    unread = total - len(marks_of(call.host.mailbox).read)
    return await _send_page(call, mails, start, total, unread)


async def search(call: QueryCall) -> ResponseBody:
    """A page of the mails that match a search."""
    text = call.parameters.values.get("query", "").strip()
    if not text:
        return _bad(call, "Error: no search query")
    start, limit = _page(call)
    found = await _search(call, text)
    read = marks_of(call.host.mailbox).read
    unread = sum(mail.number not in read for mail in found)
    page = found[start : start + limit]
    return await _send_page(call, page, start, len(found), unread)


async def _send_page(
    call: QueryCall, mails: list[Mail], start: int, count: int, unread: int
) -> ResponseBody:
    await _summarize(call, mails)
    mailbox = call.host.mailbox
    marks, total = marks_of(mailbox), len(mailbox)
    head = {
        "total": total,
        "unread": total - len(marks.read),
        "count": len(mails),
        "messages_count": count,
        "messages_unread": unread,
        "start": start,
        "tags": marks.all_tags,
    }
    return await send_mails(
        call,
        mails,
        lambda mail: dumps(summary_document(mail, marks)),
        head=dumps(head)[:-1] + b',"messages":[',
        tail=b"]}",
    )


async def set_read(call: QueryCall) -> ResponseBody:
    """Mark mails as read or unread: those with some ids, those of a search, or all."""
    try:
        document = await read_object(call)
        numbers, text = texts_in(document, "ids"), document.get("search") or ""
    except BadBody as error:
        return _bad(call, str(error))
    if numbers and text:
        return _bad(call, "You may specify either IDs or a search query, not both")
    if text:
        mails = await _search(call, str(text))
    elif numbers:
        mails = await _with_ids(call, numbers)
    else:
        mails = await oldest(call)
    marks_of(call.host.mailbox).mark(mails, document.get("read") is True)
    return _ok(call)


async def _with_ids(call: QueryCall, ids: list[str]) -> list[Mail]:
    found = [await find(call, one) for one in dict.fromkeys(ids)]
    return [mail for mail in found if mail is not None]


async def delete_messages(call: QueryCall) -> ResponseBody:
    """Remove the mails with some ids, or all."""
    try:
        ids = texts_in(await read_object(call), "ids")
    except BadBody:
        ids = []
    if ids:
        await remove(call, await _with_ids(call, ids))
    else:
        await remove_all(call)
    return _ok(call)


async def delete_search(call: QueryCall) -> ResponseBody:
    """Remove the mails of a search."""
    text = call.parameters.values.get("query", "").strip()
    if not text:
        return _bad(call, "Error: no search query")
    await remove(call, await _search(call, text))
    return _ok(call)


async def get_message(call: QueryCall, mail_id: str) -> ResponseBody:
    """One mail, which is read from now on."""
    mail = await _find(call, mail_id)
    if mail is None:
        return _missing(call, *(["Message not found"] if mail_id == LATEST else []))
    await _summarize(call, [mail])
    marks = marks_of(call.host.mailbox)
    marks.mark([mail], read=True)
    body = await of_mail(call, mail, lambda one: dumps(message_document(one, marks)))
    return send_body(call.request, body)


async def get_headers(call: QueryCall, mail_id: str) -> ResponseBody:
    """The header fields of a mail."""
    mail = await _find(call, mail_id)
    if mail is None:
        return _missing(call)
    structure = await in_turn(call, mail.content, structure_of)
    if structure is None:
        return _bad(call, "the mail exceeds a limit of the parser")
    return send_json(call.request, headers_document(structure))


async def get_raw(call: QueryCall, mail_id: str) -> ResponseBody:
    """The octets of a mail as text."""
    mail = await _find(call, mail_id)
    if mail is None:
        return _missing(call)
    if call.parameters.values.get("dl") == "1":
        protect(call.request, f"{mail.id}.eml")
    call.request.setHeader("Content-Security-Policy", "sandbox")
    windows = windows_of(mail.content)
    return await send_pieces(call.request, windows, call.api.clock, TEXT)


async def get_part(call: QueryCall, mail_id: str, part_id: str) -> ResponseBody:
    """A part of a mail without its transfer encoding."""
    mail = await _find(call, mail_id)
    structure = None
    if mail is not None:
        structure = await in_turn(call, mail.content, structure_of)
    parts = () if structure is None else structure.parts
    part = next((part for part in parts if str(part.number) == part_id), None)
    if part is None:
        return _missing(call)
    protect(call.request, part.file_name or part.content_id or f"part-{part_id}")
    kind = content_type(part)
    return await send_pieces(call.request, part.windows, call.api.clock, kind)


async def view_html(call: QueryCall, mail_id: str) -> ResponseBody:
    """The HTML of a mail; a browser shows it, but runs nothing in it."""
    mail = await _find(call, mail_id)
    if mail is None:
        return _missing(call, "Message not found")
    try:
        pieces = await in_turn(call, mail.content, html_for_display)
    except TooComplex as error:
        return _missing(call, str(error))
    if pieces is None:
        return _missing(call, "This message does not contain a HTML part")
    marks_of(call.host.mailbox).mark([mail], read=True)
    call.request.setHeader("Content-Security-Policy", f"{HTML_POLICY} https:")
    call.request.setHeader("Referrer-Policy", "no-referrer")
    kind = "text/html; charset=utf-8"
    return await send_pieces(call.request, iter(pieces), call.api.clock, kind)


async def view_text(call: QueryCall, mail_id: str) -> ResponseBody:
    """The text of a mail."""
    mail = await _find(call, mail_id)
    if mail is None:
        return _missing(call, "Message not found")
    marks_of(call.host.mailbox).mark([mail], read=True)
    text = await of_mail(call, mail, _plain)
    return send_body(call.request, text, TEXT)


def _plain(mail: Mail) -> bytes:
    return texts_of(structure_of(mail.content))[0].encode()


async def send_message(call: QueryCall) -> ResponseBody:
    """Add a mail that a document describes."""
    try:
        document = await read_object(call)
        sender, recipients, content = await call.api.in_thread(new_message, document)
        tags = texts_in(document, "tags")
        envelope = envelope_from(content, read_address(sender), _addresses(recipients))
    except (BadBody, ValueError) as error:
        return send_json(call.request, {"Error": str(error)}, 400)
    (mail,) = await keep_all(call, [(envelope, content)])
    marks_of(call.host.mailbox).tag(mail, tags)
    return send_json(call.request, {"ID": mail.id})


def _addresses(texts: list[str]) -> tuple[Address, ...]:
    return tuple(map(read_address, texts))


def list_tags(call: QueryCall) -> ResponseBody:
    """All tags."""
    return send_json(call.request, marks_of(call.host.mailbox).all_tags)


async def set_tags(call: QueryCall) -> ResponseBody:
    """Replace the tags of the mails with some ids."""
    try:
        document = await read_object(call)
        ids, tags = texts_in(document, "ids"), texts_in(document, "tags")
    except BadBody as error:
        return _bad(call, str(error))
    marks = marks_of(call.host.mailbox)
    for mail in await _with_ids(call, ids):
        marks.tag(mail, tags)
    return _ok(call)


async def rename_tag(call: QueryCall, tag: str) -> ResponseBody:
    """Rename a tag."""
    try:
        name = (await read_object(call)).get("name")
    except BadBody as error:
        return _bad(call, str(error))
    new = clean_tag(name) if isinstance(name, str) else ""
    if not new:
        return _bad(call, "invalid tag name")
    if not marks_of(call.host.mailbox).rename_tag(tag, new):
        return _bad(call, f"tag not found: {tag}"[:200])
    return _ok(call)


def delete_tag(call: QueryCall, tag: str) -> ResponseBody:
    """Remove a tag from all mails."""
    if not marks_of(call.host.mailbox).rename_tag(tag, None):
        return _bad(call, f"tag not found: {tag}"[:200])
    return _ok(call)


@attrs.frozen
class Trigger:
    """A trigger of chaos: which reply, with which probability in percent."""

    command: str
    code: int
    message: str


_TRIGGERS = {
    "Sender": Trigger("MAIL FROM", 451, "Chaos sender error"),
    "Recipient": Trigger("RCPT TO", 451, "Chaos recipient error"),
    "Authentication": Trigger("AUTH", 535, "Chaos authentication error"),
}
"""The triggers, with the codes that they have at first."""


def get_chaos(call: QueryCall) -> ResponseBody:
    """The triggers of chaos."""
    usual = {
        name: {"ErrorCode": trigger.code, "Probability": 0}
        for name, trigger in _TRIGGERS.items()
    }
    return send_json(call.request, memory_of(call).get(CHAOS, usual))


async def set_chaos(call: QueryCall) -> ResponseBody:
    """Replace the triggers of chaos; those that are left out never act."""
    try:
        document = await read_object(call)
        triggers = {
            name: _read_trigger(document.get(name.lower()), trigger)
            for name, trigger in _TRIGGERS.items()
        }
    except BadBody as error:
        return _bad(call, str(error))
    behaviors = call.host.behaviors
    behaviors.remove_tagged(CHAOS)
    documents = [
        {
            "command": _TRIGGERS[name].command,
            "response": {
                "code": found["ErrorCode"],
                "message": _TRIGGERS[name].message,
            },
            "probability": found["Probability"] / 100,
            "tag": CHAOS,
            "name": f"Chaos: {name}",
        }
        for name, found in triggers.items()
        if found["Probability"]
    ]
    if documents:
        behaviors.extend(SMTP.parse_all(documents))
    memory_of(call)[CHAOS] = triggers
    return send_json(call.request, triggers)


def _read_trigger(value: Any, trigger: Trigger) -> dict[str, int]:
    if not isinstance(value, dict | None):
        raise BadBody("a trigger must be an object")
    found = {name.lower(): each for name, each in (value or {}).items()}
    code, chance = found.get("errorcode", 0), found.get("probability", 0)
    if type(code) is not int or type(chance) is not int:
        raise BadBody("error code and probability must be integers")
    code = code or trigger.code
    if not 400 <= code <= 599:
        raise BadBody("error code must be between 400 and 599")
    if not 0 <= chance <= 100:
        raise BadBody("probability must be between 0 and 100")
    return {"ErrorCode": code, "Probability": chance}


def get_info(call: QueryCall) -> ResponseBody:
    """The version, and what is kept."""
    mailbox, api = call.host.mailbox, call.api
    marks, version = marks_of(mailbox), f"mocksmtp {__version__}"
    removed = mailbox.total - len(mailbox)
    counts: dict[str, int] = {}
    for tags in marks.tags.values():
        for tag in tags:
            counts[tag] = counts.get(tag, 0) + 1
    return send_json(
        call.request,
        {
            "Version": version,
            "LatestVersion": "disabled",
            "Database": "",
            "DatabaseSize": mailbox.octets,
            "Messages": len(mailbox),
            "Unread": len(mailbox) - len(marks.read),
            "Tags": counts,
            "RuntimeStats": {
                "Uptime": int(api.clock.seconds() - api.info.started_at),
                "Memory": mailbox.quota.used,
                "MessagesDeleted": removed,
                "SMTPAccepted": mailbox.total,
                "SMTPAcceptedSize": mailbox.total_octets,
                "SMTPRejected": 0,
                "SMTPIgnored": 0,
            },
        },
    )


def get_web_ui(call: QueryCall) -> ResponseBody:
    """The configuration of a page of Mailpit."""
    relay = {
        "Enabled": False,
        "SMTPServer": "",
        "ReturnPath": "",
        "AllowedRecipients": "",
        "BlockedRecipients": "",
        "OverrideFrom": "",
        "PreserveMessageIDs": False,
    }
    document = {
        "Label": "",
        "MessageRelay": relay,
        "SpamAssassin": False,
        "ChaosEnabled": True,
        "DuplicatesIgnored": False,
        "HideDeleteAllButton": False,
    }
    return send_json(call.request, document)


def get_alive(call: QueryCall) -> ResponseBody:
    """The service is alive and ready."""
    return send_body(call.request, b"", TEXT)


def refuse(call: QueryCall, **_: str) -> ResponseBody:
    """A function of Mailpit that mocksmtp does not have."""
    return _bad(call, "mocksmtp has no such function")


_route = partial(Route, parameters=AnyParameters)
_ONE = "/api/v1/message/<mail_id>"

ROUTES = (
    _route("GET", "/api/v1/messages", list_messages),
    _route("PUT", "/api/v1/messages", set_read, agreement=Agreement.PAST),
    _route("DELETE", "/api/v1/messages", delete_messages, agreement=Agreement.PAST),
    _route("GET", "/api/v1/search", search),
    _route("DELETE", "/api/v1/search", delete_search, agreement=Agreement.PAST),
    _route("POST", "/api/v1/send", send_message, agreement=Agreement.PAST),
    _route("GET", _ONE, get_message),
    _route("GET", f"{_ONE}/headers", get_headers),
    _route("GET", f"{_ONE}/raw", get_raw),
    _route("GET", f"{_ONE}/part/<part_id>", get_part),
    _route("GET", f"{_ONE}/part/<part_id>/thumb", refuse),
    _route("POST", f"{_ONE}/release", refuse),
    _route("GET", f"{_ONE}/html-check", refuse),
    _route("GET", f"{_ONE}/link-check", refuse),
    _route("GET", f"{_ONE}/sa-check", refuse),
    _route("GET", "/view/<mail_id>.html", view_html),
    _route("GET", "/view/<mail_id>.txt", view_text),
    _route("GET", "/api/v1/tags", list_tags),
    _route("PUT", "/api/v1/tags", set_tags, agreement=Agreement.PAST),
    _route("PUT", "/api/v1/tags/<tag>", rename_tag, agreement=Agreement.PAST),
    _route("DELETE", "/api/v1/tags/<tag>", delete_tag, agreement=Agreement.PAST),
    _route("GET", "/api/v1/chaos", get_chaos),
    _route("PUT", "/api/v1/chaos", set_chaos),
    _route("GET", "/api/v1/info", get_info),
    _route("GET", "/api/v1/webui", get_web_ui),
    *at_root(
        _route("GET", "/livez", get_alive, agreement=Agreement.NOTHING),
        _route("GET", "/readyz", get_alive, agreement=Agreement.NOTHING),
    ),
)
