"""``/smtpMails``: what a host has received."""

from __future__ import annotations

import re
from enum import Enum
from functools import cached_property
from typing import Any

import attrs

from mocksmtp.documents.problems import DocumentError, Problem
from mocksmtp.http.answers import send_json, send_nothing
from mocksmtp.http.describing import DONE, Content, answers, array, document
from mocksmtp.http.documents import in_turn
from mocksmtp.http.listing import mail_pieces, mails_pieces, matching, send_pieces
from mocksmtp.http.params import (
    any_text,
    duration_up_to,
    one_of,
    parameter,
    reads,
    recipient,
    sender,
    size,
    time,
    whole_number,
)
from mocksmtp.http.problems import not_found
from mocksmtp.http.routing import Answer, Call, Route
from mocksmtp.http.schema import TEXT
from mocksmtp.http.waiting import Waiter
from mocksmtp.mail.documents import (
    MailDocument,
    listing_document,
    mail_details,
    mail_summary,
)
from mocksmtp.mail.keywords import Expression, Network, network, parse_expression
from mocksmtp.mail.mail import LARGE, Mail
from mocksmtp.mail.mime_documents import mime_fields
from mocksmtp.mail.search import EVERYTHING, MailQuery
from mocksmtp.mail.summary import summary_of

MAX_WAIT = 600.0
"""Seconds that a client may wait at the most."""

_ID = re.compile(r"[1-9][0-9]{0,17}", re.ASCII)


class View(Enum):
    """Which fields a listing has, if not the usual ones."""

    SUMMARY = "summary"
    FULL = "full"


@reads({**TEXT, "pattern": "^[1-9][0-9]{0,17}$"})
def mail_number(text: str) -> int:
    """The number of a mail, from its id."""
    if not _ID.fullmatch(text):
        raise ValueError(f"must be the id of a mail, not {text!r}"[:100])
    return int(text)


@reads({**TEXT, "anyOf": [{"format": "ipv4"}, {"format": "ipv6"}, {"pattern": "/"}]})
def client_network(text: str) -> Network:
    """The address of a client, or a network in CIDR notation."""
    return network(text)


@reads(TEXT)
def expression(text: str) -> Expression:
    """A search expression."""
    return parse_expression(text)


@attrs.frozen
class Selection:
    """Which mails are meant, and how they are told."""

    same_sender: str | None = parameter("sender", sender)
    same_recipient: str | None = parameter("rcpt", recipient)
    sender: str | None = parameter("from", sender)
    recipient: str | None = parameter("to", recipient)
    subject: str | None = parameter("subject", any_text)
    contains: str | None = parameter("contains", any_text)
    body: str | None = parameter("body", any_text)
    message_id: str | None = parameter("messageId", any_text)
    session: str | None = parameter("session", any_text)
    helo: str | None = parameter("helo", any_text)
    client: Network | None = parameter(  # noqa: RUF009 - read-only
        "clientIp", client_network
    )
    min_size: int | None = parameter("minSize", size)
    max_size: int | None = parameter("maxSize", size)
    since: float | None = parameter("since", time)
    until: float | None = parameter("until", time)
    expression: Expression | None = parameter(  # noqa: RUF009 - read-only
        "q", expression
    )
    after: int | None = parameter("after", mail_number)
    limit: int | None = parameter("limit", whole_number)
    view: View | None = parameter("view", one_of(View))  # noqa: RUF009 - read-only

    def __attrs_post_init__(self) -> None:
        """
        Refuse two names of one parameter.

        :raises DocumentError: both are given
        """
        problems = [
            Problem(f"?{other}", f"the same as {name}; give one of them")
            for name, one, other, same in (
                ("from", self.sender, "sender", self.same_sender),
                ("to", self.recipient, "rcpt", self.same_recipient),
            )
            if one is not None and same is not None
        ]
        if problems:
            raise DocumentError(*problems)

    @cached_property
    def query(self) -> MailQuery:
        """The filter."""
        same = self.same_sender, self.same_recipient
        return MailQuery(
            sender=same[0] if self.sender is None else self.sender,
            recipient=same[1] if self.recipient is None else self.recipient,
            subject=self.subject,
            contains=self.contains,
            body=self.body,
            message_id=self.message_id,
            session=self.session,
            helo=self.helo,
            client=self.client,
            min_size=self.min_size,
            max_size=self.max_size,
            since=self.since,
            until=self.until,
            expression=self.expression,
        )


@attrs.frozen
class WaitingSelection(Selection):
    """
    The same, and how many to wait for.

    :ivar count: how many are waited for; one, where only a time is given
    :ivar wait: seconds; 0 answers at once
    """

    count: int = parameter("count", whole_number, default=1)
    wait: float = parameter("wait", duration_up_to(MAX_WAIT), default=0.0)


async def list_mails(call: Call[WaitingSelection]) -> Answer:
    """Those that are asked for, in order of arrival, once there are enough."""
    if call.parameters.wait:
        mails = await _wait(call)
    else:
        mails = await _find(call)
    return await _send(call, mails)


async def delete_mails(call: Call[Selection]) -> Answer:
    """Remove those that are asked for, and tell what was removed."""
    wanted = call.parameters
    if wanted.query == EVERYTHING and wanted.after is None and wanted.limit is None:
        removed = call.host.mailbox.clear()
    else:
        removed = call.host.mailbox.remove(await _find(call))
    return await _send(call, removed)


def count_mails(call: Call[Any]) -> bytes:
    """How many are kept."""
    return send_json(call.request, len(call.host.mailbox))


async def get_mail(call: Call[Any], mail_id: str) -> Answer:
    """One mail, with all that is known of it."""
    mail = find_mail(call, mail_id)
    mime = await in_turn(call, mail.content, mime_fields)
    if not mail.is_summarized:
        mail.remember(await in_turn(call, mail.content, summary_of))

    def document(mail: Mail, message: object = None) -> dict[str, Any]:
        return mail_details(mail, message) | mime

    pieces = mail_pieces(mail, document)
    return await send_pieces(call.request, pieces, call.api.clock)


def delete_mail(call: Call[Any], mail_id: str) -> None:
    """Remove one."""
    call.host.mailbox.remove([find_mail(call, mail_id)])
    send_nothing(call.request)


def find_mail(call: Call[Any], mail_id: str) -> Mail:
    """
    The mail with this id.

    :raises HttpProblem: there is none
    """
    try:
        return call.host.mailbox.get(mail_number(mail_id))
    except (KeyError, ValueError):
        raise not_found(f"no mail with the id {mail_id!r} is kept"[:200]) from None


async def _find(call: Call[Any]) -> list[Mail]:
    """Those that are asked for, of those that are kept now."""
    wanted: Selection = call.parameters
    mailbox = call.host.mailbox
    if wanted.query != EVERYTHING:
        mails = mailbox.mails(wanted.after)
        return await matching(mails, wanted.query, call.api, wanted.limit)
    if wanted.after is None and wanted.limit is not None:
        return mailbox.first(wanted.limit)
    return mailbox.mails(wanted.after)[: wanted.limit]


async def _wait(call: Call[WaitingSelection]) -> list[Mail]:
    """Those that are asked for, once there are enough or the time is up."""
    wanted, mailbox, clock = call.parameters, call.host.mailbox, call.api.clock
    deadline = clock.seconds() + wanted.wait
    mails = mailbox.mails(wanted.after)
    seen = mails[-1].number if mails else wanted.after or 0
    found = await matching(mails, wanted.query, call.api)
    if len(found) >= wanted.count:
        return found[: wanted.limit]
    waiter = Waiter(mailbox, wanted.query, wanted.count, found, seen)
    # Nothing that the mailbox lets go of is to be held while waiting.
    del mails, found
    await call.api.watches.wait(mailbox, waiter, deadline)
    return waiter.found()[: wanted.limit]


async def _send(call: Call[Any], mails: list[Mail]) -> Answer:
    if call.parameters.view is not None:
        for mail in mails:
            if len(mail.content) >= LARGE and not mail.is_summarized:
                mail.remember(await call.api.in_thread(summary_of, mail.content))
    pieces = mails_pieces(mails, _document(call))
    return await send_pieces(call.request, pieces, call.api.clock)


def _document(call: Call[Any]) -> MailDocument:
    match call.parameters.view:
        case View.SUMMARY:
            return mail_summary
        case View.FULL:
            return mail_details
        case _:
            return listing_document(call.api.settings.mail_shape)


LISTING = answers(
    array("Mail", "JamesMail", "ArticleMail", "MailSummary", "MailDetails")
)

ROUTES = (
    Route(
        "GET",
        "/smtpMails",
        list_mails,
        WaitingSelection,
        answers=LISTING,
        problems=(410,),
    ),
    Route(
        "DELETE",
        "/smtpMails",
        delete_mails,
        Selection,
        answers=LISTING,
        problems=(410,),
    ),
    Route(
        "GET",
        "/smtpMailsCount",
        count_mails,
        answers=answers(Content({"type": "integer", "minimum": 0})),
    ),
    Route(
        "GET",
        "/smtpMails/<mail_id>",
        get_mail,
        answers=answers(document("FullMail")),
    ),
    Route("DELETE", "/smtpMails/<mail_id>", delete_mail, answers=DONE),
)
