"""Targets: the values of an attempt that conditions test, and where each is known.

A value is octets as received. Some targets, for example ``recipients``, have several
values. An absent target, for example ``authUser`` before AUTH, has none.
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
    """The kinds of targets; ``parameter`` and ``header`` are followed by a name."""

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

    # As in Command: members are looked up for every mail.
    __hash__ = object.__hash__

    @property
    def meaning(self) -> str:
        """A short text that describes the value."""
        return _MEANINGS[self]


NAMED = frozenset({Subject.PARAMETER, Subject.HEADER})
"""The subjects that are followed by a colon and a name, as in ``header:subject``."""

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
    # With TLS active, the server itself replies 503 to STARTTLS.
    Subject.TLS: _ALL - {_C.TLS, _C.STARTTLS},
    # After a successful AUTH, it replies 503 to AUTH (RFC 4954 §4).
    Subject.AUTH_USER: _ALL - {_C.CONNECT, _C.AUTH_COMMAND},
    Subject.AUTH_MECHANISM: _ALL - {_C.CONNECT},
    Subject.PARAMETER: frozenset({_C.MAIL_FROM, _C.RCPT_TO, _C.ANY}),
    Subject.HEADER: _CONTENT,
}
"""The commands at which each target can have a value."""

_NAMES = {
    # esmtp-keyword (RFC 5321 §4.1.2) and ftext (RFC 5322 §3.6.8)
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
    The value that a condition tests.

    :ivar subject: a `Subject`; in conditions on DNS queries a `DnsSubject`
    :ivar name: the name of the parameter or header field in lower case; else ``""``
    """

    # Any: with a union, each attempt would have to accept the subjects of the other.
    subject: Any
    name: str = attrs.field(default="", converter=_lowered)

    def known_at(self, command: Command) -> bool:
        """Return whether it can have a value at a command."""
        return command in KNOWN_AT[self.subject]

    def __str__(self) -> str:
        kind: str = self.subject.value
        return f"{kind}:{self.name}" if self.name else kind


def parse_target(text: str) -> Target:
    """
    Parse the name of a target.

    :raises ValueError: no target has the name
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
    """Return the form of a target of this subject, for example ``header:NAME``."""
    return subject.value + (":NAME" if subject in NAMED else "")


def natural_subject(command: Command) -> Subject | None:
    """
    Return the subject that a condition without a target tests; None if there is none.

    For ``ANY`` this returns the argument. When a command is executed, the condition
    tests the subject of that command.
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
    """
    Return whether `name` can be part of a key at a command.

    :param name: a target, ``connection`` or ``transaction``
    """
    if isinstance(name, Target):
        return name.known_at(command)
    return name == CONNECTION or command in _IN_TRANSACTION


class TargetKind(Kind[Target]):
    """The kind of a field that is a target."""

    samples = ("clientIp", "listener")
    misfits = ("no such", "header", 5)

    def read(self, value: Any, _: object = None) -> Target:
        """Return the target with this name."""
        if type(value) is not str:
            raise Refused(f"must be a string, got {json_type(value)}")
        return parse_target(value)

    def write(self, value: Target) -> str:
        """Return its name."""
        return str(value)

    def written_schema(self, named: Named) -> Schema:
        """Return the schema: a text."""
        return {**TEXT, "format": "target"}


class PartKind(TargetKind):
    """A part of a key: a target, ``connection`` or ``transaction``."""

    def read(self, value: Any, _: object = None) -> Any:
        """Return the target, or the name ``connection`` or ``transaction``."""
        if value in (CONNECTION, PER_TRANSACTION):
            return value
        if value == "global":
            raise Refused("global can't be combined with others")
        return super().read(value)

    def written_schema(self, named: Named) -> Schema:
        """Return the schema: a text."""
        return {**TEXT, "format": "counted"}
