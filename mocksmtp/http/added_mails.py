"""``POST /smtpMails``: adds mails as if they had arrived.

A body is one mail, or with the type ``application/mbox`` several. Either all mails are
added or none.
"""

from __future__ import annotations

from collections.abc import Awaitable, Iterator
from functools import partial
from typing import Any

import attrs
from twisted.internet.defer import CancelledError, Deferred

from mocksmtp.documents.problems import MAX_ERRORS, DocumentError, Problem
from mocksmtp.grammar.address import NULL_ADDRESS, Address
from mocksmtp.http.behaviors import IDS
from mocksmtp.http.bodies import in_turn, read_body
from mocksmtp.http.mails import MailListing
from mocksmtp.http.parameters import address, parameter, reads
from mocksmtp.http.problems import HttpProblem, not_found
from mocksmtp.http.responses import Slices, body_type, send_json
from mocksmtp.http.routing import Agreement, Call, Route, answers, document, text
from mocksmtp.mail.mail import Envelope, Mail, Origin
from mocksmtp.mail.mailbox import NoSpace
from mocksmtp.mail.mbox import MBOX, MboxError, StoredMail, stored_mails
from mocksmtp.mail.posted import envelope_from, read_address, split_addresses
from mocksmtp.mail.search import EVERYTHING

BATCH = 500
"""Mails that are kept together."""

RFC822 = "message/rfc822"

NO_JSON = HttpProblem(
    405,
    f"POST adds mails, as {RFC822} or {MBOX}; JSON documents cannot be posted here",
    headers={"Allow": "DELETE, GET, HEAD, POST"},
)
"""The answer to JSON, as before mails could be added: clients may depend on it."""

NO_ROOM = HttpProblem(503, "there is no room for the mails; try again")


@reads({"type": "string", "minLength": 1})
def new_sender(text: str) -> Address:
    """The address of the sender; ``<>`` is the null sender."""
    return NULL_ADDRESS if text == "<>" else read_address(address(text))


@reads({"type": "string", "minLength": 1})
def new_recipients(text: str) -> tuple[Address, ...]:
    """The addresses of recipients, separated by commas."""
    found = tuple(read_address(address(each)) for each in split_addresses(text))
    if not found:
        raise ValueError("must be an address, or several separated by commas")
    return found


@attrs.frozen
class AddParameters:
    """The envelope of the added mails, instead of the one in their headers."""

    sender: Address | None = parameter("from", new_sender)
    recipients: tuple[Address, ...] = parameter("to", new_recipients, ())


async def add_mails(call: Call[AddParameters]) -> bytes:
    """Add a mail, or the mails of an mbox, and return their ids."""
    mails = await _read_mails(call)
    _check_room(call, mails)
    return send_json(call.request, IDS.write(await keep_all(call, mails)), 201)


async def _read_mails(call: Call[AddParameters]) -> list[tuple[Envelope, bytes]]:
    """
    The mails in a body.

    :raises DocumentError: some are invalid
    """
    body = read_body(call)
    is_mbox = body_type(call.request) == MBOX
    if not body.strip():
        raise DocumentError(Problem("$", "must be a mail, not an empty body"))
    if body_type(call.request) not in (RFC822, MBOX) and body.lstrip()[:1] in b"{[":
        raise NO_JSON
    stored = stored_mails(body) if is_mbox else iter((body,))
    read = partial(_read_mail, wanted=call.parameters)
    found: list[tuple[Envelope, bytes]] = []
    problems: list[Problem] = []
    slices = Slices(call.api.clock)
    for index, mail in enumerate(_or_refuse(stored)):
        try:
            found.append(await in_turn(call, mail, read))
        except ValueError as error:
            problems.append(Problem(f"$[{index}]" if is_mbox else "$", str(error)))
            if len(problems) == MAX_ERRORS:
                break
        if slices.over:
            await slices.next()
    if problems:
        raise DocumentError(*problems)
    return found


def _or_refuse(
    stored: Iterator[bytes] | Iterator[StoredMail],
) -> Iterator[bytes | StoredMail]:
    try:
        yield from stored
    except MboxError as error:
        raise DocumentError(Problem("$", str(error))) from None


def _read_mail(
    mail: bytes | StoredMail, wanted: AddParameters
) -> tuple[Envelope, bytes]:
    """The envelope and content of a mail; may run in a thread."""
    sender, content = wanted.sender, mail
    if isinstance(mail, StoredMail):
        content = mail.content
        if sender is None and mail.sender:
            sender = _address_or_none(mail.sender)
    assert isinstance(content, bytes)
    return envelope_from(content, sender, wanted.recipients), content


def _address_or_none(text: str) -> Address | None:
    try:
        return read_address(text)
    except ValueError:
        return None


def _check_room(call: Call[AddParameters], mails: list[tuple[Envelope, bytes]]) -> None:
    """
    Refuse mails that could not all be kept.

    :raises HttpProblem: 413
    """
    mailbox, most = call.host.mailbox, call.host.limits.message_size
    for _, content in mails:
        if len(content) > most:
            detail = f"a mail has {len(content):,} octets; at most {most:,} are allowed"
            raise HttpProblem(413, detail)
    if len(mails) > mailbox.max_mails:
        detail = f"{len(mails):,} mails; at most {mailbox.max_mails:,} are kept"
        raise HttpProblem(413, detail)
    weight = sum(len(content) + envelope.weight for envelope, content in mails)
    if weight > mailbox.max_bytes:
        raise HttpProblem(413, f"the mails exceed {mailbox.max_bytes:,} octets")


async def keep_all(call: Call[Any], mails: list[tuple[Envelope, bytes]]) -> list[Mail]:
    """
    Keep all mails, or none.

    :raises HttpProblem: 503, there is no room; 404, the host was removed meanwhile
    """
    addition = _Addition(call, mails)
    shield: Deferred[list[Mail]] = Deferred()
    # If the client leaves, only the shield is cancelled.
    Deferred.fromCoroutine(addition.run()).addBoth(shield.callback)
    try:
        return await shield
    except CancelledError:
        addition.is_abandoned = True
        raise


class _Addition:
    """
    Keeps mails in slices, a batch at a time, so that a store commits them together.

    :ivar is_abandoned: whether the client has left: no mail is kept then, because the
        client does not know what was added
    """

    def __init__(self, call: Call[Any], mails: list[tuple[Envelope, bytes]]) -> None:
        self.is_abandoned = False
        self._api = call.api
        self._host = call.host
        self._mails = mails
        client = getattr(call.request.getClientAddress(), "host", "")
        self._origin = Origin("", client, "", call.host.name)
        self._kept: list[Mail] = []
        self._problem: Exception | None = None

    async def run(self) -> list[Mail]:
        """Keep and return the mails; if one fails, remove those already kept."""
        for start in range(0, len(self._mails), BATCH):
            await self._keep(self._mails[start : start + BATCH])
            if self.is_abandoned:
                self._problem = HttpProblem(503, "the client has left")
            if self._problem is not None:
                api, name = self._api, self._host.name
                listing = MailListing(api.mock, name, EVERYTHING, api.in_thread)
                await listing.remove(self._kept)
                listing.discard()
                raise self._problem
        return self._kept

    async def _keep(self, batch: list[tuple[Envelope, bytes]]) -> None:
        slices, mailbox, pending = Slices(self._api.clock), self._host.mailbox, []
        for envelope, content in batch:
            now = self._api.clock.seconds()
            try:
                pending.append(mailbox.keep(envelope, content, now, self._origin))
            except Exception as error:
                self._problem = error
            if slices.over:
                await slices.next()
            if self._api.mock.hosts.get(self._host.name) is not self._host:
                self._problem = not_found(f"the host {self._host.name!r} was removed")
            if self._problem is not None or self.is_abandoned:
                break
        for each in pending:
            try:
                mail = await each if isinstance(each, Awaitable) else each
            except Exception as error:
                self._problem = NO_ROOM if isinstance(error, NoSpace) else error
                continue
            if mail is None:
                self._problem = NO_ROOM
            else:
                self._kept.append(mail)


ROUTES = (
    Route(
        *("POST", "/smtpMails", add_mails, AddParameters),
        takes=(text(RFC822), text(MBOX)),
        answers=answers(document(IDS), status=201),
        agreement=Agreement.PAST,
    ),
)
