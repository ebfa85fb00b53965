"""Command lines of RFC 5321 §4.1.1, read into typed values once.

A reader answers the parsed command, or the reply that refuses it: what a line
must look like, and what its sender is told, is in one place.
"""

from __future__ import annotations

import re

import attrs

from mocksmtp.grammar import reply
from mocksmtp.grammar.address import NULL, PATH, Address, is_literal
from mocksmtp.grammar.reply import Reply
from mocksmtp.grammar.speed import value

LINE_LIMIT = 2048
"""Octets of a command line with its line end. RFC 5321 §4.5.3.1.4 asks for 512;
the parameters of extensions add to that."""


@attrs.frozen
class Parameter:
    """An ESMTP parameter of MAIL or RCPT, in the order and case it was sent.

    :ivar value: the value as sent, or ``""`` where there is none
    """

    name: str
    value: str


@value
class PathCommand:
    """What MAIL or RCPT names: a path, and the parameters behind it."""

    address: Address
    parameters: tuple[Parameter, ...] = ()


@value
class ChunkCommand:
    """What BDAT announces: so many octets, and whether they are the last ones."""

    size: int
    last: bool


# esmtp-keyword and esmtp-value of RFC 5321 §4.1.2, with UTF-8 (RFC 6531 §3.3).
# An "=" within a value is let through: it can mean nothing else.
_PARAMETER = re.compile(rb"([A-Za-z0-9][A-Za-z0-9-]*+)(?:=([!-~\x80-\xff]++))?+")
# Not bytes.split(), to which CR, VT and FF are white space too.
_WORD = re.compile(rb"[^ \t]++")


MAX_CHUNK = 2**31
"""Octets of a chunk that are waited for, whatever a message may have."""

# Methods of RFC 9110 and HTTP/2's preface, of which SMTP has none, with a target.
_HTTP = re.compile(
    rb"(?:GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS|TRACE|CONNECT|PRI) "
    rb"(?:[/*]|https?:|[^ ]+ HTTP/)"
)
_TLS = b"\x16\x03"

_CHUNK = re.compile(rb"([0-9]{1,2048})(?:[ \t]++((?i:LAST)))?+")
_SIZE = re.compile(r"[0-9]{1,20}", re.ASCII)

_ARGUMENT = PATH + rb"(?:[ \t]++(.*))?+"
_MAIL = re.compile(rb"(?i:FROM:)[ \t]*+" + _ARGUMENT, re.DOTALL)
_RCPT = re.compile(rb"(?i:TO:)[ \t]*+" + _ARGUMENT, re.DOTALL)


def parse_mail(argument: bytes) -> PathCommand | Reply:
    """What follows ``MAIL``: ``FROM:<reverse-path> [parameters]``."""
    match = _MAIL.fullmatch(argument)
    if match is None:
        named = argument[:5].upper() == b"FROM:"
        return reply.BAD_SENDER if named else reply.MAIL_SYNTAX
    command = _read(match, reply.BAD_SENDER)
    if argument.isascii() or isinstance(command, Reply):
        return command
    # RFC 6531 §3.4: the parameter must come with the address that needs it.
    return command if allows_utf8(command.parameters) else reply.NEEDS_SMTPUTF8


def parse_rcpt(argument: bytes, utf8: bool = False) -> PathCommand | Reply:
    """
    What follows ``RCPT``: ``TO:<forward-path> [parameters]``.

    :param utf8: whether the transaction's MAIL had SMTPUTF8
    """
    match = _RCPT.fullmatch(argument)
    if match is None:
        named = argument[:3].upper() == b"TO:"
        return reply.BAD_RECIPIENT if named else reply.RCPT_SYNTAX
    command = _read(match, reply.BAD_RECIPIENT)
    if isinstance(command, Reply):
        return command
    if command.address is NULL:
        return reply.BAD_RECIPIENT
    return command if utf8 or argument.isascii() else reply.NEEDS_SMTPUTF8


def parse_bdat(argument: bytes) -> ChunkCommand | Reply:
    """What follows ``BDAT``: ``chunk-size [LAST]`` (RFC 3030 §2)."""
    match = _CHUNK.fullmatch(argument)
    if match is None:
        return reply.BDAT_SYNTAX
    return ChunkCommand(int(match[1]), match[2] is not None)


def foreign_protocol(line: bytes) -> str | None:
    """
    What is spoken in the place of SMTP: ``HTTP``, ``TLS`` (RFC 8446 §5.1), or None.

    :param line: a line that is no command, or its beginning
    """
    if line.startswith(_TLS):
        return "TLS"
    return "HTTP" if _HTTP.match(line) else None


def declared_size(parameters: tuple[Parameter, ...]) -> int | None:
    """
    The octets that the SIZE of a MAIL declares (RFC 1870 §6.1), None for none.

    :raises ValueError: it is no number of at most 20 digits
    """
    for parameter in parameters:
        if parameter.name.upper() == "SIZE":
            if not _SIZE.fullmatch(parameter.value):
                raise ValueError("not a size")
            return int(parameter.value)
    return None


def is_binary(parameters: tuple[Parameter, ...]) -> bool:
    """Whether the parameters of a MAIL say BODY=BINARYMIME (RFC 3030 §3)."""
    return any(
        parameter.name.upper() == "BODY" and parameter.value.upper() == "BINARYMIME"
        for parameter in parameters
    )


def allows_utf8(parameters: tuple[Parameter, ...]) -> bool:
    """Whether the parameters of a MAIL have SMTPUTF8 (RFC 6531 §3.4)."""
    return any(parameter.name.upper() == "SMTPUTF8" for parameter in parameters)


def _read(match: re.Match[bytes], bad: Reply) -> PathCommand | Reply:
    """What was matched; `bad` where it is no UTF-8."""
    bracketed, bare, rest = match.groups()
    mailbox = bracketed or bare
    if mailbox is None:
        address = NULL
    else:
        try:
            text = mailbox.decode()
        except UnicodeDecodeError:
            return bad
        # "]" can end a domain only where that is a literal.
        if text[-1] == "]" and not is_literal(text[text.rindex("[") + 1 : -1]):
            return bad
        address = Address(text)
    if not rest:
        return PathCommand(address)
    parameters = _parse_parameters(rest)
    if parameters is None:
        return reply.BAD_PARAMETER
    return PathCommand(address, parameters)


def _parse_parameters(text: bytes) -> tuple[Parameter, ...] | None:
    parameters = []
    for word in _WORD.findall(text):
        match = _PARAMETER.fullmatch(word)
        if match is None:
            return None
        try:
            value = (match[2] or b"").decode()
        except UnicodeDecodeError:
            return None
        parameters.append(Parameter(match[1].decode(), value))
    return tuple(parameters)
