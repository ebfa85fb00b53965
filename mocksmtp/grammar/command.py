"""Command lines (RFC 5321 §4.1.1), parsed into typed values.

A parser returns the command, or the reply that refuses it.
"""

from __future__ import annotations

import re

import attrs

from mocksmtp.grammar import reply
from mocksmtp.grammar.address import NULL_ADDRESS, PATH, Address, is_literal
from mocksmtp.grammar.reply import Reply
from mocksmtp.grammar.speed import value

LINE_LIMIT = 2048
"""Maximum octets of a command line with its line end. RFC 5321 §4.5.3.1.4 requires
512; the parameters of extensions add to that."""


@attrs.frozen
class Parameter:
    """An ESMTP parameter of MAIL or RCPT, as sent.

    :ivar value: its value, or ``""`` without one
    """

    name: str
    value: str


@value
class PathCommand:
    """The arguments of MAIL or RCPT: a path and parameters."""

    address: Address
    parameters: tuple[Parameter, ...] = ()


@value
class ChunkCommand:
    """The arguments of BDAT: the size of the chunk, and whether it is the last."""

    size: int
    last: bool


# esmtp-keyword and esmtp-value of RFC 5321 §4.1.2, with UTF-8 (RFC 6531 §3.3).
# An "=" within a value is accepted: it is not ambiguous.
_PARAMETER = re.compile(rb"([A-Za-z0-9][A-Za-z0-9-]*+)(?:=([!-~\x80-\xff]++))?+")
# Not bytes.split(), which also splits at CR, VT and FF.
_WORD = re.compile(rb"[^ \t]++")


MAX_CHUNK = 2**31
"""Maximum octets of a chunk, whatever the maximum size of a message."""

# Methods of RFC 9110 and the preface of HTTP/2, with a target; none is an SMTP verb.
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


# A part of `PATH` for nearly all addresses, in a line too short for a label that is
# longer than 63 octets. It takes a third of the time of the other expressions.
_SHORT = rb"(?!.{73})"
_ATOM = rb"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]++"
_LABEL = rb"[A-Za-z0-9]++(?:-++[A-Za-z0-9]++)*+"
match_plain = re.compile(
    _SHORT + rb"(?:MAIL FROM|RCPT TO|mail from|rcpt to):<"
    rb"("
    + _ATOM
    + rb"(?:\."
    + _ATOM
    + rb")*+@"
    + _LABEL
    + rb"(?:\."
    + _LABEL
    + rb")*+)"
    rb">\r?",
    re.DOTALL,
).fullmatch
"""Matches MAIL or RCPT, without its LF, as nearly all clients write it: with an ASCII
address, which is the group, and no parameters."""


def plain_path(address: bytes) -> PathCommand:
    """The path of an ASCII address without parameters."""
    return PathCommand(Address(address.decode()))


def parse_mail(argument: bytes) -> PathCommand | Reply:
    """Parse the argument of MAIL: ``FROM:<reverse-path> [parameters]``."""
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
    Parse the argument of RCPT: ``TO:<forward-path> [parameters]``.

    :param utf8: whether the transaction's MAIL had SMTPUTF8
    """
    match = _RCPT.fullmatch(argument)
    if match is None:
        named = argument[:3].upper() == b"TO:"
        return reply.BAD_RECIPIENT if named else reply.RCPT_SYNTAX
    command = _read(match, reply.BAD_RECIPIENT)
    if isinstance(command, Reply):
        return command
    if command.address is NULL_ADDRESS:
        return reply.BAD_RECIPIENT
    return command if utf8 or argument.isascii() else reply.NEEDS_SMTPUTF8


def parse_bdat(argument: bytes) -> ChunkCommand | Reply:
    """Parse the argument of BDAT: ``chunk-size [LAST]`` (RFC 3030 §2)."""
    match = _CHUNK.fullmatch(argument)
    if match is None:
        return reply.BDAT_SYNTAX
    return ChunkCommand(int(match[1]), match[2] is not None)


def foreign_protocol(line: bytes) -> str | None:
    """
    The protocol of a line that is not SMTP: ``HTTP``, ``TLS`` (RFC 8446 §5.1), or None.

    :param line: a line that is not a command, or its beginning
    """
    if line.startswith(_TLS):
        return "TLS"
    return "HTTP" if _HTTP.match(line) else None


def declared_size(parameters: tuple[Parameter, ...]) -> int | None:
    """
    The octets that SIZE of MAIL declares (RFC 1870 §6.1), or None.

    :raises ValueError: it is not a number of at most 20 digits
    """
    for parameter in parameters:
        if parameter.name.upper() == "SIZE":
            if not _SIZE.fullmatch(parameter.value):
                raise ValueError("not a size")
            return int(parameter.value)
    return None


def is_binary(parameters: tuple[Parameter, ...]) -> bool:
    """Whether the parameters of MAIL contain BODY=BINARYMIME (RFC 3030 §3)."""
    return any(
        parameter.name.upper() == "BODY" and parameter.value.upper() == "BINARYMIME"
        for parameter in parameters
    )


def allows_utf8(parameters: tuple[Parameter, ...]) -> bool:
    """Whether the parameters of MAIL contain SMTPUTF8 (RFC 6531 §3.4)."""
    return any(parameter.name.upper() == "SMTPUTF8" for parameter in parameters)


def _read(match: re.Match[bytes], bad: Reply) -> PathCommand | Reply:
    """The matched arguments, or `bad` if they are invalid."""
    bracketed, bare, rest = match.groups()
    mailbox = bracketed or bare
    if mailbox is None:
        address = NULL_ADDRESS
    else:
        try:
            text = mailbox.decode()
        except UnicodeDecodeError:
            return bad
        # A domain that ends with "]" must be a literal.
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
