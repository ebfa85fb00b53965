"""What the screen of mails shows: rows, marks, envelopes beside headers, trees.

Functions of values, without a server: the screens get their mails from the API's
listings, and these functions make them readable.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from html import unescape
from itertools import islice
from typing import Any

import attrs

from mocksmtp.documents.units import timestamp
from mocksmtp.mail.addresses import NamedAddress
from mocksmtp.mail.charset import decode_text
from mocksmtp.mail.fields import HeaderField, field_matches, header_start, unfolded
from mocksmtp.mail.mail import Mail
from mocksmtp.mail.mime import Structure
from mocksmtp.mail.part import Part, TooComplex
from mocksmtp.mail.summary import Summary
from mocksmtp.web.shown import counted

MAX_SHOWN_RECIPIENTS = 200
"""Recipients of an envelope, and addresses of a header, that are shown."""

MAX_SHOWN_LINKS = 200
"""Web addresses of a mail that are listed."""

MAX_SHOWN_FIELDS = 500
"""Header fields that are shown."""

MAX_SHOWN_SOURCE = 256 * 1024
"""Octets of the content that are shown as source, and characters of the text."""

_UNITS = ("bytes", "KiB", "MiB", "GiB")


def size_words(octets: int) -> str:
    """A size, with three digits at most."""
    size, unit = float(octets), 0
    while size >= 1000 and unit < len(_UNITS) - 1:
        size, unit = size / 1024, unit + 1
    if not unit:
        return counted(octets, "byte")
    return f"{size:.1f} {_UNITS[unit]}" if size < 10 else f"{size:.0f} {_UNITS[unit]}"


@attrs.frozen
class Mark:
    """
    What is unusual about a mail, or worth knowing.

    :ivar code: one word, for its style
    :ivar text: what is shown
    :ivar meaning: one sentence
    """

    code: str
    text: str
    meaning: str


@attrs.frozen
class MailRow:
    """A mail in the list."""

    id: str
    host: str
    subject: str
    author: str
    sender: str
    recipients: tuple[str, ...]
    more_recipients: int
    received_at: str
    size: str
    marks: tuple[Mark, ...]


def mail_row(mail: Mail) -> MailRow:
    """What the list shows of a mail."""
    summary, envelope = mail.summary, mail.envelope
    names = [named(one) for one in summary.header_from[:3]]
    shown = tuple(one.address.text for one in envelope.recipients[:2])
    return MailRow(
        id=mail.id,
        host=mail.origin.host,
        subject=summary.subject,
        author=", ".join(names),
        sender=envelope.sender.text,
        recipients=shown,
        more_recipients=len(envelope.recipients) - len(shown),
        received_at=timestamp(mail.received_at),
        size=size_words(len(mail.content)),
        marks=tuple(marks_of(mail)),
    )


def named(address: NamedAddress) -> str:
    """A mailbox with its name, as mail programs show it."""
    if not address.name:
        return address.address
    return f"{address.name} <{address.address}>" if address.address else address.name


def marks_of(mail: Mail) -> Iterator[Mark]:
    """The marks of a mail."""
    summary = mail.summary
    if summary.bounce:
        actions = ", ".join(
            sorted({one.action for one in summary.bounce if one.action})
        )
        yield Mark("bounce", "bounce", f"a delivery status notification: {actions}")
    count = len(summary.attachments)
    if count:
        names = ", ".join(one.file_name or one.type for one in summary.attachments[:5])
        yield Mark("attachments", counted(count, "attachment"), names)
    if summary.reason is not None:
        yield Mark("limit", "not fully read", summary.reason)
    several = len(mail.envelope.recipients) > MAX_SHOWN_RECIPIENTS
    recipients = [] if several else _recipients(mail)
    compared = compare(mail.envelope.sender.text, recipients, summary)
    # Of very many recipients only the sender is compared in a list.
    if any(one.differs for one in islice(compared, 1 if several else None)):
        yield Mark(
            "differs",
            "envelope differs",
            "the envelope and the header do not name the same addresses",
        )


def _recipients(mail: Mail) -> list[str]:
    return [one.address.text for one in mail.envelope.recipients]


@attrs.frozen
class Compared:
    """
    An address of the envelope beside the one of the header.

    :ivar command: ``MAIL FROM``, ``RCPT TO``, or empty where only the header has it
    :ivar envelope: the address in the envelope
    :ivar field: the header fields that name it
    :ivar header: the address in the header, with its name
    :ivar note: how the two differ; empty if they do not
    """

    command: str
    envelope: str
    field: str
    header: str
    note: str = ""

    @property
    def differs(self) -> bool:
        """Whether it is a difference, and not only a spelling."""
        return bool(self.note)


def compare(
    sender: str, recipients: Sequence[str], summary: Summary
) -> Iterator[Compared]:
    """
    The addresses of an envelope beside those of the header.

    :param sender: the reverse-path; ``""`` for the null one
    """
    yield _compared_sender(sender, summary.header_from)
    fields = (
        ("To", summary.header_to),
        ("Cc", summary.header_cc),
        ("Bcc", summary.header_bcc),
    )
    known: dict[str, list[tuple[str, NamedAddress]]] = {}
    for field, addresses in fields:
        for address in addresses:
            known.setdefault(_key(address.address), []).append((field, address))
    asked = set()
    for recipient in recipients:
        key = _key(recipient)
        found = known.get(key, [])
        note = "" if found else "not in the header (Bcc, list or redirect)"
        if key in asked:
            note = "named twice in the envelope"
        elif any(field == "Bcc" for field, _ in found):
            note = "Bcc is visible to all recipients"
        asked.add(key)
        names = ", ".join(dict.fromkeys(field for field, _ in found))
        header = named(found[0][1]) if found else ""
        yield Compared("RCPT TO", recipient, names, header, note)
    for key, found in known.items():
        if key not in asked and key:
            names = ", ".join(dict.fromkeys(field for field, _ in found))
            note = "not in the envelope: this mail was not sent there"
            yield Compared("", "", names, named(found[0][1]), note)


def _compared_sender(sender: str, authors: Iterable[NamedAddress]) -> Compared:
    authors = list(authors)
    header = ", ".join(map(named, authors[:5]))
    note = ""
    if not sender:
        note = "the null sender: a notification, which must not be answered"
    elif not authors:
        note = "no From in the header"
    elif _key(sender) not in {_key(one.address) for one in authors}:
        note = "another address than From (list, forwarder or VERP)"
    return Compared(
        "MAIL FROM", sender or "<>", "From" if authors else "", header, note
    )


def _key(address: str) -> str:
    local, at, domain = address.rpartition("@")
    return f"{local}{at}{domain.lower()}"


@attrs.frozen
class ShownField:
    """A header field, decoded and as it was sent."""

    name: str
    text: str
    raw: str

    @property
    def is_encoded(self) -> bool:
        """Whether it was sent in another form than it is read."""
        return self.text != " ".join(self.raw.split())


def shown_fields(content: bytes, limit: int = MAX_SHOWN_FIELDS) -> list[ShownField]:
    """The first header fields of a content, in order."""
    found = []
    start = header_start(content)
    for match in field_matches(content, start, start + MAX_SHOWN_SOURCE):
        field = HeaderField(match[1].decode("ascii"), unfolded(match[2]))
        raw = decode_text(match[2]).strip(" \t\r\n")
        found.append(ShownField(field.name, field.text, raw))
        if len(found) == limit:
            break
    return found


@attrs.frozen
class TreeRow:
    """
    An entity in the tree of a mail.

    :ivar part: None for a multipart
    :ivar roles: what the page shows it as
    """

    depth: int
    content_type: str
    part: Part | None
    size: str = ""
    roles: tuple[str, ...] = ()


def tree_rows(structure: Structure) -> list[TreeRow]:
    """The tree of a mail, from its root."""
    rows = []
    for entity in structure.entities:
        part = None if entity.part is None else structure.parts[entity.part - 1]
        if part is None:
            rows.append(TreeRow(entity.depth, entity.content_type, None))
            continue
        roles = [
            name
            for name, one in (("text", structure.plain), ("HTML", structure.html))
            if one is part
        ]
        if not roles:
            roles = ["attachment" if part.disposition == "attachment" else "inline"]
            if not part.disposition and part.content_id == "":
                roles = ["attachment"]
        row = TreeRow(
            *(entity.depth, part.content_type, part),
            *(size_words(part.size), tuple(roles)),
        )
        rows.append(row)
    return rows


@attrs.frozen
class ShownMail:
    """
    A mail with all that its screen shows.

    :ivar text: the text part
    :ivar html: whether it has an HTML part
    :ivar page: the source of that
    :ivar links: the web addresses in its text and HTML
    :ivar reason: the limit that it exceeds, or None
    :ivar remote: how many references to other servers its HTML has
    """

    row: MailRow
    text: str | None
    html: bool
    page: str | None
    links: tuple[str, ...]
    tree: tuple[TreeRow, ...]
    fields: tuple[ShownField, ...]
    compared: tuple[Compared, ...]
    omitted: int
    source: str
    source_cut: bool
    reason: str | None
    remote: int
    parameters: tuple[str, ...]


_REMOTE = re.compile(
    r"(?:src|background|poster)\s*=\s*[\"']?\s*(?:https?:)?//"
    r"|url\(\s*[\"']?(?:https?:)?//",
    re.IGNORECASE,
)
_HREF = re.compile(
    r"\bhref\s*=\s*(?:\"([^\"]{1,2000})\"|'([^']{1,2000})'|([^\s\"'>]{1,2000}))",
    re.IGNORECASE,
)
_ADDRESS = re.compile(r"\bhttps?://[^\s<>\"'\\^`{|}]{1,2000}", re.IGNORECASE)
_WEB = re.compile(r"(?:https?://|mailto:)[^\s]", re.IGNORECASE)


def shown_mail(
    mail: Mail, structure: Structure | None, reason: str | None
) -> ShownMail:
    """
    What the screen of one mail shows; linear in the size of the mail.

    :param structure: None if the mail exceeds a limit, which `reason` names
    """
    summary = mail.summary
    every = compare(mail.envelope.sender.text, _recipients(mail), summary)
    compared = list(every)
    kept = _shortened(compared)
    text: str | None = None
    page: str | None = None
    remote = 0
    if structure is not None:
        text, reason = _text(structure.plain, reason)
        page, reason = _text(structure.html, reason)
        remote = len(_REMOTE.findall(page or ""))
    head = mail.content[:MAX_SHOWN_SOURCE]
    return ShownMail(
        row=mail_row(mail),
        text=None if text is None else text[:MAX_SHOWN_SOURCE],
        html=structure is not None and structure.html is not None,
        page=None if page is None else page[:MAX_SHOWN_SOURCE],
        links=tuple(links_of(text or "", page or "")),
        tree=() if structure is None else tuple(tree_rows(structure)),
        fields=tuple(shown_fields(mail.content)),
        compared=tuple(kept),
        omitted=len(compared) - len(kept),
        source=head.decode("utf-8", "replace"),
        source_cut=len(mail.content) > MAX_SHOWN_SOURCE,
        reason=reason,
        remote=remote,
        parameters=tuple(_parameters(mail)),
    )


def links_of(text: str, page: str) -> list[str]:
    """The different web addresses in a text and in HTML, in order, within a bound."""
    found: dict[str, None] = {}
    for match in _HREF.finditer(page[:MAX_SHOWN_SOURCE]):
        found[unescape(match[1] or match[2] or match[3]).strip()] = None
    for match in _ADDRESS.finditer(text[:MAX_SHOWN_SOURCE]):
        found[match[0].rstrip(".,;:!?)")] = None
    return [link for link in found if _WEB.match(link)][:MAX_SHOWN_LINKS]


def _shortened(compared: list[Compared]) -> list[Compared]:
    """The first of many, and those that differ before those that do not."""
    if len(compared) <= MAX_SHOWN_RECIPIENTS:
        return compared
    ordered = sorted(compared[1:], key=lambda one: not one.differs)
    return [compared[0], *ordered[: MAX_SHOWN_RECIPIENTS - 1]]


def _text(part: Part | None, reason: str | None) -> tuple[str | None, str | None]:
    if part is None:
        return None, reason
    try:
        return part.text, reason
    except TooComplex as error:
        return None, reason or str(error)


def _parameters(mail: Mail) -> Iterator[str]:
    """The parameters of MAIL and RCPT, as they were sent."""
    envelope = mail.envelope
    if envelope.parameters:
        yield "MAIL: " + _words(envelope.parameters)
    for one in envelope.recipients[:MAX_SHOWN_RECIPIENTS]:
        if one.parameters:
            yield f"RCPT {one.address.text}: {_words(one.parameters)}"


def _words(parameters: Iterable[Any]) -> str:
    return " ".join(f"{p.name}={p.value}" if p.value else p.name for p in parameters)
