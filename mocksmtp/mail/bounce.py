"""Bounces: reports of mail servers on failed or delayed deliveries.

Delivery status notifications (RFC 3464, RFC 6533) are read as Postfix, sendmail,
Exim and James write them: in any order of fields, with types in any case, with a
text in place of a status. Exim before 4.8x sends none, but names the recipients in
``X-Failed-Recipients``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

import attrs

from mocksmtp.mail.addresses import addresses_of
from mocksmtp.mail.charset import decode_text
from mocksmtp.mail.fields import field_matches, unfolded
from mocksmtp.mail.mime import Structure, read_structure
from mocksmtp.mail.part import Part, TooComplex

RECIPIENTS_LIMIT = 10_000
"""Maximum recipients read of one report."""

_REPORT_SIZE = 4 * 2**20
"""Maximum octets read of a report."""

_REPORTS = frozenset({"message/delivery-status", "message/global-delivery-status"})
_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\d)", re.ASCII)
_BLANK_LINES = re.compile(rb"(?:[ \t]*+\r?\n)++")
_INDENTED = re.compile(r"^([ ]{2,8})(\S[^\r\n]*+)", re.MULTILINE)
_REPLY = re.compile(
    r"(?<!\S)[245]\d\d[ -](?:([245]\.\d{1,3}\.\d{1,3})(?!\S))?", re.ASCII
)
_HOST = re.compile(r"\bhost (\S++) \[")
_UNITEXT = re.compile(r"\\x\{([0-9A-Fa-f]{2,6})\}")


@attrs.frozen
class RecipientStatus:
    """The delivery status of one recipient.

    :ivar recipient: the final address, or the original one if that is missing
    :ivar action: ``failed``, ``delayed``, ``delivered``, ``relayed``, ``expanded``
    :ivar status: the status code, such as ``5.1.1`` (RFC 3463); ``""`` if invalid
    :ivar diagnostic: the reply of the remote server, or another text, without its type
    :ivar remote_mta: the name of the remote server; ``""`` if missing
    """

    recipient: str
    action: str
    status: str
    diagnostic: str
    remote_mta: str


def bounce_of(content: bytes) -> tuple[RecipientStatus, ...]:
    """The recipients in a bounce; empty if the mail is not a bounce."""
    try:
        structure = read_structure(content)
    except TooComplex:
        return ()
    return bounce_of_structure(structure)


def bounce_of_structure(structure: Structure) -> tuple[RecipientStatus, ...]:
    """The recipients in a bounce whose structure was read."""
    reports = (part for part in structure.parts if part.content_type in _REPORTS)
    found = (status for part in reports for status in _statuses(part))
    return tuple(islice(found, RECIPIENTS_LIMIT)) or _without_report(structure)


def _statuses(part: Part) -> Iterator[RecipientStatus]:
    for fields in _groups(part):
        recipient = fields.get("final-recipient") or fields.get("original-recipient")
        if not recipient:
            # The first group has the fields of the whole message.
            continue
        status = _STATUS.match(fields.get("status", ""))
        yield RecipientStatus(
            recipient=_address(recipient),
            action=fields.get("action", "").lower(),
            status=status[0] if status else "",
            diagnostic=_without_type(fields.get("diagnostic-code", "")),
            remote_mta=_without_type(fields.get("remote-mta", "")),
        )


def _groups(part: Part) -> Iterator[dict[str, str]]:
    """The groups of fields between blank lines; of repeated fields, the first."""
    octets = b""
    for window in part.windows:
        octets += window
        if len(octets) > _REPORT_SIZE:
            break
    at = 0
    while at < len(octets):
        group: dict[str, str] = {}
        for match in field_matches(octets, at, len(octets)):
            name = match[1].decode("ascii").lower()
            group.setdefault(name, decode_text(unfolded(match[2])))
            at = match.end()
        yield group
        blank = _BLANK_LINES.match(octets, at)
        # Without a blank line, the group ends at a line that is not a field.
        line_end = octets.find(b"\n", at) + 1 or len(octets)
        at = blank.end() if blank else line_end


def _address(text: str) -> str:
    """The address after its type; with type ``utf-8`` it is unescaped (RFC 6533 §3)."""
    address = _without_type(text).strip("<>")
    if text.lower().startswith("utf-8"):
        return _UNITEXT.sub(_character, address)
    return address


def _character(match: re.Match[str]) -> str:
    code = int(match[1], 16)
    surrogate = 0xD800 <= code <= 0xDFFF
    return "\ufffd" if surrogate or code > 0x10FFFF else chr(code)


def _without_type(text: str) -> str:
    """The value without its type such as ``smtp;`` or ``dns;``, in one line."""
    before, semicolon, after = text.partition(";")
    is_type = semicolon and len(before.split()) == 1
    return " ".join((after if is_type else text).split())


def _without_report(structure: Structure) -> tuple[RecipientStatus, ...]:
    """The recipients in a bounce of Exim that has no report."""
    fields = [f for f in structure.headers if f.name.lower() == "x-failed-recipients"]
    if not fields:
        return ()
    addresses = [one.address for field in fields for one in addresses_of(field)]
    details = _details(structure.plain)
    return tuple(
        _from_text(address, details.get(address, ""))
        for address in addresses[:RECIPIENTS_LIMIT]
    )


def _details(part: Part | None) -> dict[str, str]:
    """The indented lines after each address in the text of such a bounce."""
    details: dict[str, list[str]] = {}
    lines: list[str] = []
    try:
        text = "" if part is None else part.text
    except TooComplex:
        text = ""
    for match in _INDENTED.finditer(text):
        if len(match[1]) > 2:
            lines.append(match[2])
        else:
            lines = details.setdefault(match[2], [])
    return {address: " ".join(lines) for address, lines in details.items()}


def _from_text(address: str, text: str) -> RecipientStatus:
    reply = _REPLY.search(text)
    diagnostic = text[reply.start() :] if reply else text
    host = _HOST.search(text)
    return RecipientStatus(
        recipient=address,
        action="failed",
        status=reply[1] or "" if reply else "",
        diagnostic=diagnostic,
        remote_mta=host[1] if host else "",
    )
