"""Targets: what of an attempt a condition looks at, and where that can be known.

A value is octets, as they came. Of some targets there are several values, as of
``recipients``; of one that is not there, as ``authUser`` before AUTH, there is none.
"""

from __future__ import annotations

import enum
import re
from typing import Any

import attrs

from mocksmtp.behaviors.point import Command
from mocksmtp.documents.kinds import Kind, Named
from mocksmtp.documents.problems import Refused, json_type, shown, unknown
from mocksmtp.documents.schema import TEXT, Schema


class Subject(enum.Enum):
    """What can be looked at; the last two need the name of which one."""

    ARGUMENT = "argument"
    LINE = "line"
    VERB = "verb"
    SENDER = "sender"
    RECIPIENT = "recipient"
    RECIPIENTS = "recipients"
    BODY = "body"
    MESSAGE = "message"
    SIZE = "size"
    RECIPIENT_COUNT = "recipientCount"
    MESSAGE_COUNT = "messageCount"
    CLIENT_IP = "clientIp"
    HELO = "helo"
    TLS = "tls"
    AUTH_USER = "authUser"
    AUTH_MECHANISM = "authMechanism"
    LISTENER = "listener"
    PARAMETER = "parameter"
    HEADER = "header"

    # As of commands: they are looked up on the way of a mail.
    __hash__ = object.__hash__

    @property
    def meaning(self) -> str:
        """What its value is."""
        return _MEANINGS[self]


NAMED = frozenset({Subject.PARAMETER, Subject.HEADER})
"""Those that are followed by a colon and a name."""

_MEANINGS = {
    Subject.ARGUMENT: 'the text after the verb; `""` if there is none',
    Subject.LINE: "the command line, without its line end",
    Subject.VERB: "the first word of the line, as sent",
    Subject.SENDER: 'the address of MAIL; `""` for the null sender',
    Subject.RECIPIENT: "the address of this RCPT; at `DATA` on an LMTP listener, the "
    "recipient that gets the reply",
    Subject.RECIPIENTS: "the accepted addresses so far; each is a value",
    Subject.BODY: "the content after its header",
    Subject.MESSAGE: "the content",
    Subject.SIZE: "the size of the content so far, or as declared by `SIZE=` of MAIL",
    Subject.RECIPIENT_COUNT: "the number of accepted recipients so far",
    Subject.MESSAGE_COUNT: "the number of messages of this connection so far",
    Subject.CLIENT_IP: "the client's address",
    Subject.HELO: "the name in HELO or EHLO; at these commands, their argument",
    Subject.TLS: "the version of TLS, for example `TLSv1.3`",
    Subject.AUTH_USER: "the authenticated user",
    Subject.AUTH_MECHANISM: "the mechanism of AUTH, in capitals",
    Subject.LISTENER: "the listener's address, for example `127.0.0.1:2525`",
    Subject.PARAMETER: "the value of this parameter of MAIL or RCPT; "
    '`""` if it has none',
    Subject.HEADER: "each header field of this name, unfolded and decoded (RFC 2047)",
}

_C = Command
_ALL = frozenset(_C)
_LINES = _ALL - {_C.CONNECT, _C.TLS, _C.DATA_CONTENT, _C.DATA}
_IN_TRANSACTION = _ALL - {_C.CONNECT, _C.TLS, _C.AUTH, _C.AUTH_COMMAND}
_AFTER_MAIL = _IN_TRANSACTION - {_C.MAIL_FROM}
_CONTENT = frozenset({_C.DATA, _C.ANY})
_EVERYWHERE = dict.fromkeys(
    (Subject.MESSAGE_COUNT, Subject.CLIENT_IP, Subject.LISTENER), _ALL
)

KNOWN_AT: dict[Subject, frozenset[Command]] = {
    **_EVERYWHERE,
    Subject.ARGUMENT: _LINES,
    Subject.LINE: _LINES,
    Subject.VERB: _LINES,
    Subject.SENDER: _IN_TRANSACTION,
    # At DATA on LMTP only: a behavior that names it is not evaluated there on SMTP.
    Subject.RECIPIENT: frozenset({_C.RCPT_TO, _C.DATA, _C.ANY}),
    Subject.RECIPIENTS: _AFTER_MAIL,
    Subject.RECIPIENT_COUNT: _AFTER_MAIL,
    Subject.BODY: _CONTENT,
    Subject.MESSAGE: _CONTENT,
    Subject.SIZE: _CONTENT | {_C.MAIL_FROM, _C.BDAT, _C.DATA_CONTENT},
    Subject.HELO: _ALL - {_C.CONNECT},
    # Who has TLS already is told 503 by the server itself.
    Subject.TLS: _ALL - {_C.TLS, _C.STARTTLS},
    # So is who has authenticated (RFC 4954 §4).
    Subject.AUTH_USER: _ALL - {_C.CONNECT, _C.AUTH_COMMAND},
    Subject.AUTH_MECHANISM: _ALL - {_C.CONNECT},
    Subject.PARAMETER: frozenset({_C.MAIL_FROM, _C.RCPT_TO, _C.ANY}),
    Subject.HEADER: _CONTENT,
}
"""At which commands a target can have a value."""

_NAMES = {
    # esmtp-keyword of RFC 5321 §4.1.2, and ftext of RFC 5322 §3.6.8
    Subject.PARAMETER: re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,99}", re.ASCII),
    Subject.HEADER: re.compile(r"[!-9;-~]{1,100}", re.ASCII),
}

CONNECTION = "connection"
PER_TRANSACTION = "transaction"


def _lowered(name: str) -> str:
    return name.lower()


@attrs.frozen
class Target:
    """
    What a condition looks at.

    :ivar subject: a `Subject`; in conditions on DNS queries a `DnsSubject`
    :ivar name: of which parameter or header field, in lower case; else ``""``
    """

    # Any: a type for either would have each attempt be asked for what it can't know.
    subject: Any
    name: str = attrs.field(default="", converter=_lowered)

    def known_at(self, command: Command) -> bool:
        """Whether it can have a value there."""
        return command in KNOWN_AT[self.subject]

    def __str__(self) -> str:
        kind: str = self.subject.value
        return f"{kind}:{self.name}" if self.name else kind


def parse_target(text: str) -> Target:
    """
    The target of that name.

    :raises ValueError: there is none
    """
    kind, colon, name = text.partition(":")
    try:
        subject = Subject(kind)
    except ValueError:
        known = [shown_target(each) for each in Subject]
        raise ValueError(unknown(f"target {shown(text)}", text, known)) from None
    if (subject in NAMED) != bool(colon):
        raise ValueError(f"unknown target {text[:64]!r}; as in {shown_target(subject)}")
    if colon and not _NAMES[subject].fullmatch(name):
        raise ValueError(f"no name of a {kind}: {name[:64]!r}")
    return Target(subject, name)


def shown_target(subject: Subject) -> str:
    """How it is written."""
    return subject.value + (":NAME" if subject in NAMED else "")


def natural_subject(command: Command) -> Subject | None:
    """
    What a condition looks at where it does not say, or None for nothing.

    For ``ANY`` it is that of the command at hand, of which the argument stands here.
    """
    return _NATURAL.get(command, Subject.ARGUMENT)


_NATURAL: dict[Command, Subject | None] = {
    _C.MAIL_FROM: Subject.SENDER,
    _C.RCPT_TO: Subject.RECIPIENT,
    _C.DATA: Subject.MESSAGE,
    _C.CONNECT: None,
    _C.TLS: None,
    _C.DATA_CONTENT: None,
}


def key_known_at(name: Target | str, command: Command) -> bool:
    """Whether answers can be counted by `name` there: a target, or what lasts."""
    if isinstance(name, Target):
        return name.known_at(command)
    return name == CONNECTION or command in _IN_TRANSACTION


class TargetKind(Kind[Target]):
    """A target, by its name."""

    samples = ("clientIp", "listener")
    misfits = ("no such", "header", 5)

    def read(self, value: Any, _: object = None) -> Target:
        """The target of that name."""
        if type(value) is not str:
            raise Refused(f"must be a string, got {json_type(value)}")
        return parse_target(value)

    def write(self, value: Target) -> str:
        """Its name."""
        return str(value)

    def written_schema(self, named: Named) -> Schema:
        """A text that names a target."""
        return {**TEXT, "format": "target"}


class PartKind(TargetKind):
    """A part of a key: a target, ``connection`` or ``transaction``."""

    def read(self, value: Any, _: object = None) -> Any:
        """The target, or the name of what lasts."""
        if value in (CONNECTION, PER_TRANSACTION):
            return value
        if value == "global":
            raise Refused("global can't be combined with others")
        return super().read(value)

    def written_schema(self, named: Named) -> Schema:
        """A text that names a part of a key."""
        return {**TEXT, "format": "counted"}
