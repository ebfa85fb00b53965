"""The API of MailHog (https://github.com/mailhog/MailHog), versions 1 and 2.

Contents are returned as that tool returns them: header fields and parts as they were
sent, without decoding. It splits a multipart at each ``--boundary``; so the text before
the first part and the ``--`` after the last one are parts, too.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import attrs

from mocksmtp.behaviors.smtp import SMTP, SmtpBehavior
from mocksmtp.grammar.address import Address
from mocksmtp.http.bodies import in_turn
from mocksmtp.http.content import content_type
from mocksmtp.http.parameters import AnyParameters
from mocksmtp.http.responses import protect, send_body, send_json, send_pieces
from mocksmtp.http.routing import Agreement, ResponseBody, Route
from mocksmtp.http.stand_ins.reading import (
    BadBody,
    QueryCall,
    dumps,
    find,
    find_all,
    memory_of,
    newest,
    of_mail,
    read_object,
    remove,
    remove_all,
    rfc3339,
    send_mails,
    whole_number,
)
from mocksmtp.mail.charset import windows_of
from mocksmtp.mail.decoded import Decoded
from mocksmtp.mail.fields import (
    HeaderField,
    ParsedMessage,
    field_matches,
    media_type,
    mime_parameters,
)
from mocksmtp.mail.keywords import Cost, Expression, Filter
from mocksmtp.mail.mail import Mail
from mocksmtp.mail.mime import MAX_FIELDS, MAX_HEADER, MAX_NESTING, MAX_PARTS, MAX_SIZE
from mocksmtp.mail.part import MULTIPART, Part, make_part

TEXT_JSON = "text/json"
"""The type of most of its responses."""

MAX_LIST = 1000
"""Mails that version 1 lists."""

MAX_LIMIT, USUAL_LIMIT = 250, 50
"""Mails on a page of version 2."""

JIM = "jim"
"""The tag of the behaviors that Jim consists of."""


@attrs.frozen
class Content:
    """A mail or a part: its header fields as sent, and its body."""

    headers: dict[str, list[str]]
    body: bytes
    size: int
    parts: tuple[Content, ...] | None = None

    @property
    def document(self) -> dict[str, Any]:
        """The JSON object; invalid UTF-8 becomes U+FFFD."""
        return {
            "Headers": self.headers,
            "Body": self.body.decode("utf-8", "replace"),
            "Size": self.size,
            "MIME": _mime(self.parts),
        }

    def field(self, name: str) -> HeaderField | None:
        """The header field with a name."""
        for known, values in self.headers.items():
            if known.lower() == name:
                return HeaderField(known, values[-1].encode())
        return None


def _mime(parts: tuple[Content, ...] | None) -> dict[str, Any] | None:
    return None if parts is None else {"Parts": [part.document for part in parts]}


class _Splitter:
    """Splits contents into parts, within the limits of `mocksmtp.mail.mime`."""

    def __init__(self) -> None:
        self._parts = self._fields = 0

    def content(self, octets: bytes, depth: int = 0) -> Content:
        """Read a mail or a part."""
        at, headers = 0, dict[str, list[str]]()
        for match in field_matches(octets, 0, MAX_HEADER):
            at = match.end()
            self._fields += 1
            if self._fields > MAX_FIELDS:
                break
            value = match[2].replace(b"\r\n", b"").strip(b" \r\n")
            # A repeated field replaces the one before, as in that tool.
            headers[match[1].decode("ascii")] = [value.decode("utf-8", "replace")]
        for blank in b"\r\n", b"\n":
            if octets.startswith(blank, at):
                at += len(blank)
                break
        else:
            if at < len(octets) or not headers:
                headers, at = {}, 0
        content = Content(headers, octets[at:], len(octets))
        return attrs.evolve(content, parts=self._parts_of(content, depth))

    def _parts_of(self, content: Content, depth: int) -> tuple[Content, ...] | None:
        kind = content.field("content-type")
        if kind is None or not media_type(kind).startswith(MULTIPART):
            return None
        boundary = mime_parameters(kind).get("boundary", "").encode()
        if not boundary or depth == MAX_NESTING or len(content.body) > MAX_SIZE:
            return ()
        pieces = content.body.split(b"--" + boundary, MAX_PARTS)
        found = []
        for piece in filter(None, pieces):
            self._parts += 1
            if self._parts > MAX_PARTS:
                break
            found.append(self.content(piece.strip(b"\r\n"), depth + 1))
        return tuple(found)


def read_content(octets: bytes) -> Content:
    """The content of a mail, with its parts."""
    return _Splitter().content(octets)


def mail_document(mail: Mail) -> dict[str, Any]:
    """The JSON object of a mail."""
    content, envelope = read_content(mail.content), mail.envelope
    whole = attrs.evolve(content, parts=None).document
    _add_trace(whole["Headers"], mail)
    recipients = [recipient.address for recipient in envelope.recipients]
    return {
        "ID": mail.id,
        "From": _path(envelope.sender),
        "To": list(map(_path, recipients)),
        "Content": whole,
        "Created": rfc3339(mail.received_at),
        "MIME": _mime(content.parts),
        "Raw": {
            "From": envelope.sender.text,
            "To": [address.text for address in recipients],
            "Data": mail.content.decode("utf-8", "replace"),
            "Helo": mail.origin.helo,
        },
    }


def _path(address: Address) -> dict[str, Any]:
    local_part, domain = address.local_part, address.domain
    return {"Relays": None, "Mailbox": local_part, "Domain": domain, "Params": ""}


def _add_trace(headers: dict[str, list[str]], mail: Mail) -> None:
    """Add Received and Return-Path as the tool does, and a missing Message-ID."""
    names = {name.lower(): name for name in headers}
    if "message-id" not in names:
        headers["Message-ID"] = [f"{mail.id}@mocksmtp"]
    origin = mail.origin
    received = (
        f"from {origin.helo} by {origin.host} (mocksmtp)\r\n          id {mail.id};"
        f" {rfc3339(mail.received_at)}"
    )
    for name, value in (
        ("Received", received),
        ("Return-Path", f"<{mail.envelope.sender.text}>"),
    ):
        headers.setdefault(names.get(name.lower(), name), []).append(value)


def _document(mail: Mail) -> bytes:
    return dumps(mail_document(mail))


async def list_v1(call: QueryCall) -> ResponseBody:
    """The newest mails, at most `MAX_LIST`."""
    mails = await newest(call, 0, MAX_LIST)
    return await send_mails(call, mails, _document, content_type=TEXT_JSON)


async def list_v2(call: QueryCall) -> ResponseBody:
    """A page of the mails, the newest first."""
    start, limit = _page(call)
    total = len(call.host.mailbox)
    mails = await newest(call, start, limit)
    return await _send_page(call, mails, total, start, TEXT_JSON)


def _page(call: QueryCall) -> tuple[int, int]:
    values = call.parameters.values
    start = whole_number(values.get("start", ""), 0)
    limit = whole_number(values.get("limit", ""), USUAL_LIMIT) or USUAL_LIMIT
    return start, min(limit, MAX_LIMIT)


async def _send_page(
    call: QueryCall, mails: list[Mail], total: int, start: int, kind: str
) -> ResponseBody:
    head = {"total": total, "count": len(mails), "start": start}
    return await send_mails(
        call,
        mails,
        _document,
        head=dumps(head)[:-1] + b',"items":[',
        tail=b"]}",
        content_type=kind,
    )


async def search(call: QueryCall) -> ResponseBody:
    """A page of the mails that contain a text, the newest first."""
    values = call.parameters.values
    kind, query = values.get("kind", ""), values.get("query", "")
    matches = _KINDS.get(kind)
    if matches is None or not query:
        return send_body(call.request, b"", "text/plain", 400)
    start, limit = _page(call)
    wanted = query.lower().encode()

    def holds(decoded: Decoded) -> bool:
        return matches(decoded.mail, wanted)

    text_filter = Filter("query", query, Cost.TEXT, holds, lambda _: ())
    found = await find_all(call, Expression(f"{kind}:{query}", (text_filter,)))
    total = 0 if start > len(found) else len(found)
    page = found[start : start + limit]
    return await _send_page(call, page, total, start, "application/json")


def _from(mail: Mail, wanted: bytes) -> bool:
    sender = mail.envelope.sender.text.lower().encode()
    return wanted in sender or _in_fields(mail, "from", wanted)


def _to(mail: Mail, wanted: bytes) -> bool:
    return any(
        wanted in recipient.address.text.lower().encode()
        for recipient in mail.envelope.recipients
    ) or _in_fields(mail, "to", wanted)


def _in_fields(mail: Mail, name: str, wanted: bytes) -> bool:
    fields = ParsedMessage(mail.content).fields(name)
    return any(wanted in field.body.lower() for field in fields)


def _containing(mail: Mail, wanted: bytes) -> bool:
    """Whether the body or the value of a header field contains a text."""
    if any(wanted in window for window in _lowered(mail.content, len(wanted))):
        # Not only the name of a field.
        content = read_content(mail.content)
        values = [value for values in content.headers.values() for value in values]
        return wanted in content.body.lower() or any(
            wanted in value.lower().encode() for value in values
        )
    return False


def _lowered(octets: bytes, overlap: int) -> Iterator[bytes]:
    """The content in lower case, in windows that overlap."""
    last = b""
    for window in windows_of(octets):
        lowered = window.lower()
        yield last + lowered
        last = lowered[-overlap:]


_KINDS = {"from": _from, "to": _to, "containing": _containing}
"""What is searched, by the name of the search."""


async def get(call: QueryCall, mail_id: str) -> ResponseBody:
    """One mail, or null."""
    mail = await find(call, mail_id)
    body = b"null" if mail is None else await of_mail(call, mail, _document)
    return send_body(call.request, body, TEXT_JSON)


async def download(call: QueryCall, mail_id: str) -> ResponseBody:
    """The octets of a mail."""
    mail = await find(call, mail_id)
    if mail is None:
        return send_body(call.request, b"", "message/rfc822", 404)
    protect(call.request, f"{mail_id}.eml")
    windows = windows_of(mail.content)
    return await send_pieces(call.request, windows, call.api.clock, "message/rfc822")


async def download_part(call: QueryCall, mail_id: str, number: str) -> ResponseBody:
    """A part of a mail without its transfer encoding; the first one is 0."""
    mail = await find(call, mail_id)
    content = None
    if mail is not None:
        content = await in_turn(call, mail.content, read_content)
    parts = (content and content.parts) or ()
    at = whole_number(number, len(parts))
    if at >= len(parts):
        return send_body(call.request, b"", "text/plain", 404)
    part = _decoded(parts[at])
    protect(call.request, part.file_name or f"{mail_id}-part-{at}")
    kind = content_type(part)
    return await send_pieces(call.request, part.windows, call.api.clock, kind)


def _decoded(content: Content) -> Part:
    named = {
        name.lower(): HeaderField(name, values[-1].encode())
        for name, values in content.headers.items()
    }
    return make_part(1, named, memoryview(content.body))


async def delete_all(call: QueryCall) -> ResponseBody:
    """Remove all mails."""
    await remove_all(call)
    return send_body(call.request, b"", TEXT_JSON)


async def delete(call: QueryCall, mail_id: str) -> ResponseBody:
    """Remove one mail; 500 if there is none, as in that tool."""
    mail = await find(call, mail_id)
    if mail is None:
        return send_body(call.request, b"", TEXT_JSON, 500)
    await remove(call, [mail])
    return send_body(call.request, b"", TEXT_JSON)


_CHANCES = {
    "DisconnectChance": 0.005,
    "AcceptChance": 0.99,
    "LinkSpeedAffect": 0.1,
    "LinkSpeedMin": 1024.0,
    "LinkSpeedMax": 10240.0,
    "RejectSenderChance": 0.05,
    "RejectRecipientChance": 0.05,
    "RejectAuthChance": 0.05,
}
"""The fields of Jim, with the values that it has at first."""


def _jim_behaviors(jim: dict[str, float]) -> tuple[SmtpBehavior, ...]:
    """The behaviors that Jim consists of."""
    slowest = max(1, int(jim["LinkSpeedMin"] / 10))
    drip = {"drip": {"bytes": slowest, "interval": "100ms"}}
    chances = (
        ("CONNECT", 1 - jim["AcceptChance"], {"then": "close"}),
        ("CONNECT", jim["LinkSpeedAffect"], drip),
        ("ANY", jim["DisconnectChance"], {"then": "close"}),
        ("MAIL FROM", jim["RejectSenderChance"], _refusal(550, "Invalid sender")),
        ("RCPT TO", jim["RejectRecipientChance"], _refusal(550, "Invalid recipient")),
        ("AUTH", jim["RejectAuthChance"], _refusal(500, "Unrecognised command")),
    )
    return SMTP.parse_all(
        [
            {
                "command": command,
                "response": response,
                "probability": min(chance, 1.0),
                "tag": JIM,
                "name": f"Jim: {command}",
            }
            for command, chance, response in chances
            if chance > 0
        ]
    )


def _refusal(code: int, message: str) -> dict[str, Any]:
    return {"code": code, "message": message}


def _set_jim(call: QueryCall, jim: dict[str, float] | None) -> None:
    memory, behaviors = memory_of(call), call.host.behaviors
    behaviors.remove_tagged(JIM)
    memory.pop(JIM, None)
    if jim is not None:
        memory[JIM] = jim
        behaviors.extend(_jim_behaviors(jim))


def get_jim(call: QueryCall) -> ResponseBody:
    """The chances of Jim, if he is there."""
    jim = memory_of(call).get(JIM)
    if jim is None:
        return send_body(call.request, b"", "text/plain", 404)
    return send_json(call.request, jim)


async def create_jim(call: QueryCall) -> ResponseBody:
    """Invite Jim; without a document he has his first chances."""
    if JIM in memory_of(call):
        return send_body(call.request, b"", "text/plain", 400)
    try:
        jim = await _read_jim(call)
    except BadBody:
        jim = dict(_CHANCES)
    _set_jim(call, jim)
    return send_body(call.request, b"", "text/plain", 201)


async def update_jim(call: QueryCall) -> ResponseBody:
    """Change the chances of Jim; those that are left out are 0."""
    if JIM not in memory_of(call):
        return send_body(call.request, b"", "text/plain", 404)
    try:
        jim = await _read_jim(call)
    except BadBody:
        return send_body(call.request, b"", "text/plain", 400)
    _set_jim(call, jim)
    return send_body(call.request, b"", "text/plain")


def remove_jim(call: QueryCall) -> ResponseBody:
    """Send Jim away."""
    if JIM not in memory_of(call):
        return send_body(call.request, b"", "text/plain", 404)
    _set_jim(call, None)
    return send_body(call.request, b"", "text/plain")


async def _read_jim(call: QueryCall) -> dict[str, float]:
    """
    The chances in a body.

    :raises BadBody: it is empty, or a chance is not a number
    """
    document = await read_object(call)
    if not document:
        raise BadBody("empty")
    jim = {}
    for name in _CHANCES:
        value = document.get(name.lower(), 0)
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise BadBody(f"{name} must be a number")
        jim[name] = value
    return jim


def list_outgoing(call: QueryCall) -> ResponseBody:
    """The servers to which mails can be released: none."""
    return send_json(call.request, {})


_route = partial(Route, parameters=AnyParameters)
_ONE = "/api/v1/messages/<mail_id>"

ROUTES = (
    _route("GET", "/api/v1/messages", list_v1),
    _route("DELETE", "/api/v1/messages", delete_all, agreement=Agreement.PAST),
    _route("GET", _ONE, get),
    _route("DELETE", _ONE, delete, agreement=Agreement.PAST),
    _route("GET", f"{_ONE}/download", download),
    _route("GET", f"{_ONE}/mime/part/<number>/download", download_part),
    _route("GET", "/api/v2/messages", list_v2),
    _route("GET", "/api/v2/search", search),
    _route("GET", "/api/v2/jim", get_jim),
    _route("POST", "/api/v2/jim", create_jim),
    _route("PUT", "/api/v2/jim", update_jim),
    _route("DELETE", "/api/v2/jim", remove_jim),
    _route("GET", "/api/v2/outgoing-smtp", list_outgoing),
)
