"""The documents of mails, in each shape.

``envelope`` is the article's shape: addresses as sent, every accepted RCPT in its
order. ``from``, ``recipients`` and ``mailParameters`` are what James's clients
read: domains in lower case, equal entries once. One document has both.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import Enum
from typing import Any

import attrs

from mocksmtp.documents.kinds import Array, Integer, Optional, Text
from mocksmtp.documents.schema import MAX_INTEGER, TEXT
from mocksmtp.documents.view import (
    ABSENT,
    NUMBER_AS_ID,
    TIME,
    Either,
    View,
    Written,
    view_field,
)
from mocksmtp.grammar.command import Parameter
from mocksmtp.mail.mail import Envelope, Mail
from mocksmtp.mail.mime import Structure, read_structure
from mocksmtp.mail.nearest import NearMail
from mocksmtp.mail.part import Part, TooComplex

NULL_SENDER = "<>"
"""The null reverse-path in documents."""

_TEXT = Text()
_SIZE = Integer(0, MAX_INTEGER)


class MailShape(Enum):
    """The fields of mails in a list; test suites that compare documents select one."""

    BOTH = "both"
    JAMES = "james"
    ARTICLE = "article"


class StandIn(Enum):
    """Another mail catcher, whose HTTP API can be served for the same mails."""

    REST_SMTP_SINK = "rest-smtp-sink"
    MAILHOG = "mailhog"
    MAILPIT = "mailpit"


def _unique_recipients(
    mail: Mail,
) -> Iterator[tuple[str, tuple[Parameter, ...]]]:
    # A dictionary keeps the first of equal entries, in order.
    return iter(
        dict.fromkeys(
            (recipient.address.normalized, tuple(dict.fromkeys(recipient.parameters)))
            for recipient in mail.envelope.recipients
        )
    )


def _rfc3339(date: datetime) -> str:
    return date.isoformat().replace("+00:00", "Z")


_DATE = Written({**TEXT, "format": "date-time"}, _rfc3339)

PARAMETER: View[Parameter] = View(
    "Parameter",
    view_field("name", _TEXT, "name", "the keyword"),
    view_field("value", _TEXT, "value", "empty where there is none"),
)
"""A parameter of MAIL or RCPT."""

RECIPIENT: View[tuple[str, tuple[Parameter, ...]]] = View(
    "Recipient",
    view_field("address", _TEXT, "[0]", "the domain in lower case"),
    view_field("parameters", Array(PARAMETER), "[1]", "equal ones once"),
)
"""An accepted recipient."""

ENVELOPE: View[Envelope] = View(
    "Envelope",
    view_field(
        "from",
        _TEXT,
        lambda envelope: envelope.sender.text or NULL_SENDER,
        "as it was sent; `<>` for the null sender",
    ),
    view_field(
        "recipients",
        Array(_TEXT),
        lambda envelope: [each.address.text for each in envelope.recipients],
        "as they were sent, every accepted RCPT in its order",
    ),
)
"""An envelope in the article's shape."""

_ADDRESS: View[Any] = View(
    "Address",
    view_field("name", _TEXT, "name", "decoded; empty where there is none"),
    view_field("address", _TEXT, "address", "the address"),
)
"""A mailbox in a header field."""

ATTACHMENT: View[Any] = View(
    "Attachment",
    view_field("index", _SIZE, "index", "the number of the part"),
    view_field("fileName", _TEXT, "file_name", "decoded; empty where there is none"),
    view_field("type", _TEXT, "type", "the media type"),
    view_field("size", _SIZE, "size", "octets, without the transfer encoding"),
)
"""A part that is neither the text nor the HTML."""

BOUNCE: View[Any] = View(
    "Bounce",
    view_field("recipient", _TEXT, "recipient", "the recipient that is reported on"),
    view_field("action", _TEXT, "action", "`failed`, `delayed`, `delivered` …"),
    view_field("status", _TEXT, "status", "the enhanced status code"),
    view_field("diagnostic", _TEXT, "diagnostic", "the reply of the remote server"),
    view_field("remoteMta", _TEXT, "remote_mta", "the remote server"),
)
"""The status of a recipient in a delivery status notification (RFC 3464)."""

_ID = view_field("id", NUMBER_AS_ID, "number", "the id of the mail")
_ENVELOPE = view_field("envelope", ENVELOPE, "envelope", "the envelope as it was sent")
_JAMES = (
    view_field(
        "from",
        _TEXT,
        lambda mail: mail.envelope.sender.normalized or NULL_SENDER,
        "the sender, the domain in lower case; `<>` for the null sender",
    ),
    view_field("recipients", Array(RECIPIENT), _unique_recipients, "equal ones once"),
    view_field(
        "mailParameters",
        Array(PARAMETER),
        lambda mail: dict.fromkeys(mail.envelope.parameters),
        "the parameters of MAIL, equal ones once",
    ),
)
_MESSAGE = view_field(
    "message",
    _TEXT,
    lambda mail: mail.content.decode("utf-8", "replace"),
    "the content as UTF-8, with U+FFFD for invalid octets",
)
_ARRIVAL = (
    view_field("receivedAt", TIME, "received_at", "when its last line arrived"),
    view_field("size", _SIZE, lambda mail: len(mail.content), "octets of the content"),
    view_field("clientIp", _TEXT, "origin.client_ip", "the address of the client"),
    view_field("helo", _TEXT, "origin.helo", "the argument of HELO or EHLO"),
    view_field("session", _TEXT, "origin.session", "the id of the session"),
)
_DECODED = (
    view_field("host", _TEXT, "origin.host", "the host that received it"),
    view_field("subject", _TEXT, "summary.subject", "decoded"),
    view_field("date", Optional(_DATE), "summary.date", "null where it cannot be read"),
    view_field("messageId", _TEXT, "summary.message_id", "without angle brackets"),
    view_field("headerFrom", Array(_ADDRESS), "summary.header_from", "the From field"),
    view_field("headerTo", Array(_ADDRESS), "summary.header_to", "the To fields"),
    view_field("headerCc", Array(_ADDRESS), "summary.header_cc", "the Cc fields"),
    view_field(
        "attachments", Array(ATTACHMENT), "summary.attachments", "the attachments"
    ),
    view_field("bounce", Array(BOUNCE), "summary.bounce", "what a bounce reports"),
)

MAIL: View[Mail] = View("Mail", _ID, _ENVELOPE, *_JAMES, _MESSAGE)
"""A mail of a list, in both shapes."""

JAMES_MAIL: View[Mail] = View("JamesMail", *_JAMES, _MESSAGE)
"""A mail as clients of James's server read it (``--mail-shape james``)."""

ARTICLE_MAIL: View[Mail] = View("ArticleMail", _ENVELOPE, _MESSAGE)
"""A mail in the article's shape (``--mail-shape article``)."""

MAIL_SUMMARY: View[Mail] = View(
    "MailSummary", _ID, _ENVELOPE, *_JAMES, *_ARRIVAL, *_DECODED
)
"""A mail without its content: its envelope, arrival and decoded header."""

MAIL_DETAILS: View[Mail] = View("MailDetails", *MAIL.fields, *_ARRIVAL, *_DECODED)
"""All of a mail except for its MIME structure."""

SHAPES = {
    MailShape.BOTH: MAIL,
    MailShape.JAMES: JAMES_MAIL,
    MailShape.ARTICLE: ARTICLE_MAIL,
}
"""The document of a list in each shape."""

DIFFERENCE: View[Any] = View(
    "Failure",
    view_field("filter", _TEXT, "name", "the name of the parameter"),
    view_field("wanted", _TEXT, "wanted", "its value"),
    view_field("found", Array(_TEXT), "found", "what there was in its place"),
)
"""A filter that an entry does not match."""

NEAR_MAIL: View[NearMail] = View(
    "NearMail",
    view_field("mail", _TEXT, "mail.id", "the id of the mail"),
    view_field("matched", Array(_TEXT), "matched", "the filters that it matches"),
    view_field("failed", Array(DIFFERENCE), "differences", "the others"),
)
"""A mail that a filter excludes, and why."""


@attrs.frozen
class ShownPart:
    """A part, and the reason why its text is omitted, or None."""

    part: Part
    reason: str | None


@attrs.frozen
class ShownStructure:
    """The structure of a mail, with its decoded text."""

    structure: Structure
    text: str | None
    html: str | None
    parts: list[ShownPart]

    @property
    def attachments(self) -> list[ShownPart]:
        """The parts that are attachments."""
        attached = set(self.structure.attachments)
        return [one for one in self.parts if one.part in attached]


@attrs.frozen
class Mime:
    """The structure of a mail, or the limits that it exceeds."""

    structure: ShownStructure | None
    reason: str | None


def _reason(value: ShownPart | Mime) -> object:
    return ABSENT if value.reason is None else value.reason


PART: View[ShownPart] = View(
    "Part",
    view_field("part", _SIZE, "part.number", "its number, as in `/parts/{n}`"),
    view_field("contentType", _TEXT, "part.content_type", "the media type"),
    view_field("charset", Optional(_TEXT), lambda one: one.part.charset or None),
    view_field(
        "disposition", Optional(_TEXT), lambda one: one.part.disposition or None
    ),
    view_field("fileName", Optional(_TEXT), lambda one: one.part.file_name or None),
    view_field("contentId", Optional(_TEXT), lambda one: one.part.content_id or None),
    view_field("size", _SIZE, "part.size", "octets, without the transfer encoding"),
    view_field("reason", _TEXT, _reason, "why its text is null", optional=True),
)
"""A part without its octets."""

_HEADER: View[Any] = View(
    "Header",
    view_field("name", _TEXT, "name", "the name of the field"),
    view_field("value", _TEXT, "text", "decoded"),
)
"""A header field."""

STRUCTURE: View[ShownStructure] = View(
    "Structure",
    view_field("headers", Array(_HEADER), "structure.headers", "all fields, in order"),
    view_field("text", Optional(_TEXT), "text", "the first text"),
    view_field("html", Optional(_TEXT), "html", "the first HTML"),
    view_field("parts", Array(PART), "parts", "all parts"),
    view_field("attachments", Array(PART), "attachments", "those that are attachments"),
)
"""The MIME structure of a mail."""

MIME: View[Mime] = View(
    "Mime",
    view_field("mime", Optional(STRUCTURE), "structure", "null past a bound"),
    view_field("mimeReason", _TEXT, _reason, "the bound", optional=True),
)
"""The fields of a mail that show its structure."""

MAILS = (*SHAPES.values(), MAIL_SUMMARY, MAIL_DETAILS)
"""The documents that the mails of a list may have."""

MAIL_EXPLANATION: View[Any] = View(
    "MailExplanation",
    view_field("mails", Array(Either(*MAILS)), "mails", "the mails that match"),
    view_field("nearest", Array(NEAR_MAIL), "nearest", "the nearest of the others"),
)
"""A list of mails, and the nearest of the others if there are too few."""

FULL_MAIL: View[Any] = View("FullMail", *MAIL_DETAILS.fields, *MIME.fields)
"""All of a mail: what `MAIL_DETAILS` and `MIME` write."""


def mime_fields(content: bytes) -> dict[str, Any]:
    """
    Return the fields of a mail's structure. The time is linear in the mail's size.

    :return: ``mime``; above a limit ``mime``, its ``text`` or its ``html`` is null, and
        ``mimeReason`` names the limit
    """
    try:
        structure = read_structure(content)
    except TooComplex as error:
        return MIME.write(Mime(None, str(error)))
    reasons: dict[Part, str] = {}
    text = _part_text(structure.plain, reasons)
    html = _part_text(structure.html, reasons)
    parts = [ShownPart(part, reasons.get(part)) for part in structure.parts]
    reason = "; ".join(reasons.values()) or None
    return MIME.write(Mime(ShownStructure(structure, text, html, parts), reason))


def _part_text(part: Part | None, reasons: dict[Part, str]) -> str | None:
    """The text of a part; `reasons` receives why it is null."""
    if part is None:
        return None
    try:
        return part.text
    except TooComplex as error:
        reasons[part] = str(error)
        return None
