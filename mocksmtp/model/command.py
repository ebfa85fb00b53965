"""Command lines of RFC 5321 §4.1.1, read into typed values once.

A reader answers the parsed command, or the reply that refuses it: what a line
must look like, and what its sender is told, is in one place.
"""

from __future__ import annotations

import re

import attrs

from mocksmtp.model import reply
from mocksmtp.model.address import NULL, Address, parse_path
from mocksmtp.model.reply import Reply

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


@attrs.frozen
class PathCommand:
    """What MAIL or RCPT names: a path, and the parameters behind it."""

    address: Address
    parameters: tuple[Parameter, ...]


# esmtp-keyword and esmtp-value of RFC 5321 §4.1.2, with UTF-8 (RFC 6531 §3.3).
# An "=" within a value is let through: it can mean nothing else.
_PARAMETER = re.compile(rb"([A-Za-z0-9][A-Za-z0-9-]*+)(?:=([!-~\x80-\xff]++))?+")


def parse_mail(argument: bytes) -> PathCommand | Reply:
    """What follows ``MAIL``: ``FROM:<reverse-path> [parameters]``."""
    if argument[:5].upper() != b"FROM:":
        return reply.MAIL_SYNTAX
    command = _parse_path_command(argument, 5, reply.BAD_SENDER)
    if isinstance(command, Reply) or argument.isascii():
        return command
    # RFC 6531 §3.4: the parameter must come with the address that needs it.
    return command if allows_utf8(command.parameters) else reply.NEEDS_SMTPUTF8


def parse_rcpt(argument: bytes, utf8: bool = False) -> PathCommand | Reply:
    """
    What follows ``RCPT``: ``TO:<forward-path> [parameters]``.

    :param utf8: whether the transaction's MAIL had SMTPUTF8
    """
    if argument[:3].upper() != b"TO:":
        return reply.RCPT_SYNTAX
    command = _parse_path_command(argument, 3, reply.BAD_RECIPIENT)
    if isinstance(command, PathCommand) and command.address is NULL:
        return reply.BAD_RECIPIENT
    if isinstance(command, Reply) or utf8 or argument.isascii():
        return command
    return reply.NEEDS_SMTPUTF8


def allows_utf8(parameters: tuple[Parameter, ...]) -> bool:
    """Whether the parameters of a MAIL have SMTPUTF8 (RFC 6531 §3.4)."""
    return any(parameter.name.upper() == "SMTPUTF8" for parameter in parameters)


def _parse_path_command(argument: bytes, start: int, bad: Reply) -> PathCommand | Reply:
    """A path at `start`, after any white space, and parameters; or `bad`."""
    while argument[start : start + 1] in (b" ", b"\t"):
        start += 1
    path = parse_path(argument, start)
    if path is None:
        return bad
    address, end = path
    if end == len(argument):
        return PathCommand(address, ())
    if argument[end] not in b" \t":
        return bad
    parameters = _parse_parameters(argument[end:])
    if parameters is None:
        return reply.BAD_PARAMETER
    return PathCommand(address, parameters)


def _parse_parameters(text: bytes) -> tuple[Parameter, ...] | None:
    parameters = []
    for word in text.split():
        match = _PARAMETER.fullmatch(word)
        if match is None:
            return None
        try:
            value = (match[2] or b"").decode()
        except UnicodeDecodeError:
            return None
        parameters.append(Parameter(match[1].decode(), value))
    return tuple(parameters)
