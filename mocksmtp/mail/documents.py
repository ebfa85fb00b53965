"""Mails as documents, in the shapes that clients read.

``envelope`` is the article's shape: addresses as sent, every accepted RCPT in its
order. ``from``, ``recipients`` and ``mailParameters`` are what James's clients
read: domains in lower case, equal entries once. One document has both.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Protocol

from mocksmtp.grammar.command import Parameter
from mocksmtp.mail.addresses import NamedAddress
from mocksmtp.mail.mail import Mail
from mocksmtp.mail.nearest import NearMail

NULL_SENDER = "<>"
"""How the null reverse-path is written in documents."""


class MailShape(Enum):
    """Which fields a listing has, for suites that compare whole documents."""

    BOTH = "both"
    JAMES = "james"
    ARTICLE = "article"


class MailDocument(Protocol):
    """Makes a kind of document of a mail."""

    def __call__(self, mail: Mail, message: object = None) -> dict[str, Any]:
        """
        The document.

        :param message: what stands in it for the content, if not the content
        """


def mail_document(mail: Mail, message: object = None) -> dict[str, Any]:
    """A mail in both shapes, with its id."""
    return {
        "id": mail.id,
        "envelope": _envelope(mail),
        **_james_document(mail, message),
    }


def mail_summary(mail: Mail, message: object = None) -> dict[str, Any]:
    """A mail without its content: how and when it came, and its decoded header."""
    return {
        "id": mail.id,
        "envelope": _envelope(mail),
        **_james_envelope(mail),
        **_arrival(mail),
        **_decoded(mail),
    }


def mail_details(mail: Mail, message: object = None) -> dict[str, Any]:
    """All that is known of a mail but its MIME structure."""
    return mail_document(mail, message) | _arrival(mail) | _decoded(mail)


def listing_document(shape: MailShape) -> MailDocument:
    """What makes the documents of a listing in `shape`."""
    return _LISTINGS[shape]


def _text(mail: Mail, message: object) -> object:
    return mail.content.decode("utf-8", "replace") if message is None else message


def _james_document(mail: Mail, message: object = None) -> dict[str, Any]:
    return {**_james_envelope(mail), "message": _text(mail, message)}


def _article_document(mail: Mail, message: object = None) -> dict[str, Any]:
    return {"envelope": _envelope(mail), "message": _text(mail, message)}


_LISTINGS: dict[MailShape, MailDocument] = {
    MailShape.BOTH: mail_document,
    MailShape.JAMES: _james_document,
    MailShape.ARTICLE: _article_document,
}


def _envelope(mail: Mail) -> dict[str, Any]:
    envelope = mail.envelope
    return {
        "from": envelope.sender.text or NULL_SENDER,
        "recipients": [recipient.address.text for recipient in envelope.recipients],
    }


def _james_envelope(mail: Mail) -> dict[str, Any]:
    envelope = mail.envelope
    # A dictionary keeps the first of equal entries, in their order.
    recipients = dict.fromkeys(
        (recipient.address.normalized, tuple(dict.fromkeys(recipient.parameters)))
        for recipient in envelope.recipients
    )
    return {
        "from": envelope.sender.normalized or NULL_SENDER,
        "recipients": [
            {"address": address, "parameters": _parameters(parameters)}
            for address, parameters in recipients
        ],
        "mailParameters": _parameters(dict.fromkeys(envelope.parameters)),
    }


def _parameters(parameters: Iterable[Parameter]) -> list[dict[str, str]]:
    return [{"name": p.name, "value": p.value} for p in parameters]


def _arrival(mail: Mail) -> dict[str, Any]:
    received = datetime.fromtimestamp(mail.received_at, UTC)
    return {
        "receivedAt": received.isoformat(timespec="milliseconds").replace(
            "+00:00", "Z"
        ),
        "size": len(mail.content),
        "clientIp": mail.origin.client_ip,
        "helo": mail.origin.helo,
        "session": mail.origin.session,
    }


def _decoded(mail: Mail) -> dict[str, Any]:
    summary = mail.summary
    return {
        "host": mail.origin.host,
        "subject": summary.subject,
        "date": None if summary.date is None else _rfc3339(summary.date),
        "messageId": summary.message_id,
        "headerFrom": _addresses(summary.header_from),
        "headerTo": _addresses(summary.header_to),
        "headerCc": _addresses(summary.header_cc),
        "attachments": [
            {
                "index": attachment.index,
                "fileName": attachment.file_name,
                "type": attachment.type,
                "size": attachment.size,
            }
            for attachment in summary.attachments
        ],
        "bounce": [
            {
                "recipient": status.recipient,
                "action": status.action,
                "status": status.status,
                "diagnostic": status.diagnostic,
                "remoteMta": status.remote_mta,
            }
            for status in summary.bounce
        ],
    }


def _rfc3339(date: datetime) -> str:
    return date.isoformat().replace("+00:00", "Z")


def _addresses(addresses: Iterable[NamedAddress]) -> list[dict[str, str]]:
    return [{"name": one.name, "address": one.address} for one in addresses]


def nearest_document(near: NearMail) -> dict[str, Any]:
    """A mail that some filter excludes, and why."""
    return {
        "mail": near.mail.id,
        "matched": list(near.matched),
        "failed": [
            {"filter": one.name, "wanted": one.wanted, "found": list(one.found)}
            for one in near.differences
        ],
    }
