"""The JSON objects of Mailpit's API (version 1), and the mails that it sends."""

from __future__ import annotations

import binascii
import hashlib
import re
from base64 import b64decode
from collections.abc import Iterable
from email.headerregistry import Address as HeaderAddress
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

from mocksmtp.http.stand_ins.mailpit_marks import Marks
from mocksmtp.http.stand_ins.reading import (
    BadBody,
    plain_text,
    rfc3339,
    structure_of,
    text_of,
    texts_in,
)
from mocksmtp.mail.addresses import NamedAddress
from mocksmtp.mail.fields import HeaderField
from mocksmtp.mail.mail import Mail
from mocksmtp.mail.mime import Structure
from mocksmtp.mail.part import Part
from mocksmtp.mail.summary import Summary, summary_of

MAX_SNIPPET = 200
"""Characters of a snippet."""

_LINK = re.compile(r"<([^<>]{1,2000})>")
_SPACE = re.compile(r"\s++")


def summary_in(mail: Mail) -> Summary:
    """The summary of a mail; unlike `Mail.summary` it may be used in a thread."""
    return mail.summary if mail.is_summarized else summary_of(mail.content)


def _address(one: NamedAddress) -> dict[str, str]:
    return {"Name": one.name, "Address": one.address}


def _addresses(mail: Mail, summary: Summary) -> dict[str, Any]:
    """
    The addresses of a mail.

    Recipients of the envelope that the header does not name are in Bcc.
    """
    named = summary.header_to + summary.header_cc + summary.header_bcc
    known = {one.address.lower() for one in named}
    hidden = {
        recipient.address.text: None
        for recipient in mail.envelope.recipients
        if recipient.address.text.lower() not in known
    }
    authors = summary.header_from or (NamedAddress("", ""),)
    return {
        "From": _address(authors[0]),
        "To": list(map(_address, summary.header_to)),
        "Cc": list(map(_address, summary.header_cc)),
        "Bcc": [
            *map(_address, summary.header_bcc),
            *({"Name": "", "Address": address} for address in hidden),
        ],
        "ReplyTo": list(map(_address, summary.reply_to)),
    }


def summary_document(mail: Mail, marks: Marks) -> dict[str, Any]:
    """A mail in a list."""
    summary, structure = summary_in(mail), structure_of(mail.content)
    return {
        "ID": mail.id,
        "MessageID": summary.message_id,
        "Read": mail.number in marks.read,
        **_addresses(mail, summary),
        "Subject": summary.subject,
        "Created": rfc3339(mail.received_at),
        "Username": "",
        "Tags": marks.tags.get(mail.number, []),
        "Size": len(mail.content),
        "Attachments": len(_attached(structure)),
        "Snippet": _snippet(structure),
    }


def message_document(mail: Mail, marks: Marks) -> dict[str, Any]:
    """A whole mail, without the octets of its attachments."""
    summary, structure = summary_in(mail), structure_of(mail.content)
    text, html = texts_of(structure)
    attached = _attached(structure)
    others = () if structure is None else structure.attachments
    date = summary.date
    return {
        "ID": mail.id,
        "MessageID": summary.message_id,
        **_addresses(mail, summary),
        "ReturnPath": mail.envelope.sender.text,
        "Subject": summary.subject,
        "ListUnsubscribe": _unsubscribe(structure),
        "Date": rfc3339(mail.received_at)
        if date is None
        else date.isoformat().replace("+00:00", "Z"),
        "Tags": marks.tags.get(mail.number, []),
        "Username": "",
        "Text": text,
        "HTML": html,
        "Size": len(mail.content),
        "Inline": _files(part for part in others if part not in attached),
        "Attachments": _files(attached),
    }


def texts_of(structure: Structure | None) -> tuple[str, str]:
    """The text and the HTML of a mail; without a text that of the HTML."""
    if structure is None:
        return "", ""
    html = text_of(structure.html) or ""
    text = text_of(structure.plain)
    return plain_text(html) if text is None else text, html


def _attached(structure: Structure | None) -> list[Part]:
    if structure is None:
        return []
    return [
        part
        for part in structure.attachments
        if part.disposition == "attachment"
        or not (part.disposition or part.content_type != "application/octet-stream")
    ]


def _snippet(structure: Structure | None) -> str:
    text, html = texts_of(structure)
    shown = plain_text(html) or _SPACE.sub(" ", text).strip()
    return shown if len(shown) <= MAX_SNIPPET else shown[:MAX_SNIPPET] + "..."


def _files(parts: Iterable[Part]) -> list[dict[str, Any]]:
    return [_file(part) for part in parts if part.file_name or part.content_id]


def _file(part: Part) -> dict[str, Any]:
    sums = {
        name: hashlib.new(name.lower(), usedforsecurity=False)
        for name in ("MD5", "SHA1", "SHA256")
    }
    for window in part.windows:
        for each in sums.values():
            each.update(window)
    return {
        "PartID": str(part.number),
        "FileName": part.file_name or part.content_id,
        "ContentType": part.content_type,
        "ContentID": part.content_id,
        "Size": part.size,
        "Checksums": {name: each.hexdigest() for name, each in sums.items()},
    }


def _unsubscribe(structure: Structure | None) -> dict[str, Any]:
    fields = {} if structure is None else _named(structure.headers)
    header = fields.get("list-unsubscribe", "")
    return {
        "Header": header,
        "Links": _LINK.findall(header)[:2],
        "Errors": "",
        "HeaderPost": fields.get("list-unsubscribe-post", "") if header else "",
    }


def _named(fields: Iterable[HeaderField]) -> dict[str, str]:
    return {field.name.lower(): field.text for field in fields}


def headers_document(structure: Structure) -> dict[str, list[str]]:
    """The header fields as they were sent, by name, in alphabetical order."""
    headers: dict[str, list[str]] = {}
    for field in structure.headers:
        name = "-".join(part.capitalize() for part in field.name.split("-"))
        headers.setdefault(name, []).append(field.body.decode("utf-8", "replace"))
    return dict(sorted(headers.items()))


def new_message(document: dict[str, Any]) -> tuple[str, list[str], bytes]:
    """
    Build the mail of a request to send one.

    :param document: its names are in lower case
    :return: sender, recipients and content
    :raises BadBody: something is missing or invalid
    """
    message = EmailMessage(policy=SMTP)
    author = _one(_object(document, "from"), "From")
    recipients = []
    try:
        message["From"] = author
        for name in "To", "Cc", "ReplyTo":
            found = [_one(each, name) for each in _objects(document, name.lower())]
            if found:
                message["Reply-To" if name == "ReplyTo" else name] = found
            if name != "ReplyTo":
                recipients += [each.addr_spec for each in found]
        recipients += texts_in(document, "bcc")
        message["Subject"] = _text(document, "subject")
        for name, value in _object(document, "headers").items():
            message[name] = str(value)
        _add_texts(message, document)
    except (ValueError, TypeError, LookupError) as error:
        raise BadBody(str(error)) from None
    return author.addr_spec, recipients, message.as_bytes()


def _add_texts(message: EmailMessage, document: dict[str, Any]) -> None:
    message.set_content(_text(document, "text"))
    html = _text(document, "html")
    if html:
        message.add_alternative(html, subtype="html")
    for each in _objects(document, "attachments"):
        octets = _base64(_text(each, "content").rpartition(",")[2])
        kind = _text(each, "contenttype") or "application/octet-stream"
        main, _, sub = kind.partition("/")
        inline = _text(each, "contentid")
        message.add_attachment(
            octets,
            maintype=main,
            subtype=sub or "octet-stream",
            filename=_text(each, "filename"),
            disposition="inline" if inline else "attachment",
            cid=f"<{inline}>" if inline else None,
        )


def _base64(text: str) -> bytes:
    try:
        return b64decode(text, validate=True)
    except binascii.Error as error:
        raise BadBody(f"error decoding base64 attachment: {error}") from None


def _one(document: dict[str, Any], name: str) -> HeaderAddress:
    try:
        return HeaderAddress(
            _text(document, "name"), addr_spec=_text(document, "email")
        )
    except Exception:
        email = _text(document, "email")
        raise BadBody(f"invalid {name} address: {email}"[:200]) from None


def _text(document: dict[str, Any], name: str) -> str:
    value = document.get(name, "")
    if not isinstance(value, str):
        raise BadBody(f"{name} must be a string")
    return value


def _object(document: dict[str, Any], name: str) -> dict[str, Any]:
    value = document.get(name) or {}
    if not isinstance(value, dict):
        raise BadBody(f"{name} must be an object")
    lowered = {key.lower(): each for key, each in value.items()}
    return value if name == "headers" else lowered


def _objects(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    values = document.get(name) or []
    if not isinstance(values, list):
        raise BadBody(f"{name} must be an array")
    return [_object({name: value}, name) for value in values]
