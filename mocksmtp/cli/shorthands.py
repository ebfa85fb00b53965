"""Behaviors and records as one word of a shell: ``'RCPT TO=550 5.1.1 Unknown'``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from mocksmtp.behaviors.point import Command
from mocksmtp.documents.units import parse_duration

_REJECT = re.compile(r"(?P<at>.+?)=(?P<code>\d{3})(?:[ -](?P<message>.*))?", re.DOTALL)
_COMMANDS = [command.value for command in Command]
_DOMAIN = re.compile(r"(?:\*|(?:\*\.)?[\w-]+(?:\.[\w-]+)*)\.?")

REJECT_EXAMPLE = "'RCPT TO=550 5.1.1 No such user'"
DELAY_EXAMPLE = "CONNECT=3s"


def rejection(text: str) -> dict[str, Any]:
    """
    The behavior that replies to a command: ``COMMAND[ VALUE]=CODE[ TEXT]``.

    With a value, it applies if that of the command contains it:
    ``RCPT TO bob@=450 4.2.1 Busy``.

    :raises ValueError: `text` is not of this form
    """
    match = _REJECT.fullmatch(text)
    if match is None:
        must = "must be a command, =, a reply code and its text"
        raise ValueError(f"{must}, as in {REJECT_EXAMPLE}, got {text!r}")
    response: dict[str, Any] = {"code": int(match["code"])}
    if match["message"]:
        response["message"] = match["message"].replace("\\n", "\n")
    return {**_reply_point(match["at"]), "response": response}


def delay(text: str) -> dict[str, Any]:
    """
    The behavior that delays the reply to a command: ``COMMAND[ VALUE]=TIME``.

    :raises ValueError: `text` is not of this form
    """
    at, equals, time = text.rpartition("=")
    if not equals:
        must = "must be a command, = and a duration"
        raise ValueError(f"{must}, as in {DELAY_EXAMPLE}, got {text!r}")
    parse_duration(time)
    return {**_reply_point(at), "response": {"delay": time}}


def _reply_point(text: str) -> dict[str, Any]:
    """The command, and the condition that its value contains the rest of the text."""
    # The longest first: DATA COMMAND before DATA.
    for name in sorted(_COMMANDS, key=len, reverse=True):
        if text[: len(name)].upper() == name and text[len(name) :][:1] in ("", " "):
            value = text[len(name) :].strip()
            break
    else:
        raise ValueError(f"unknown command {text!r}; one of: {', '.join(_COMMANDS)}")
    if not value:
        return {"command": name}
    condition = {"operator": "contains", "matchingValue": value, "ignoreCase": True}
    return {"command": name, "condition": condition}


def exchange_records(domain: str, addresses: Iterable[str]) -> list[dict[str, Any]]:
    """
    The records that make the service the mail exchange of a domain, ``*`` for all.

    :param addresses: the IP addresses of the exchange
    :raises ValueError: `domain` is not a domain
    """
    if not _DOMAIN.fullmatch(domain):
        raise ValueError(f"must be a domain, as in example.test, or *, got {domain!r}")
    name = domain.rstrip(".")
    exchange = f"mx.{name.removeprefix('*').removeprefix('.') or 'test'}"
    mx = {"name": name, "type": "MX", "preference": 10, "exchange": exchange}
    return [mx] + [
        {"name": exchange, "type": "AAAA" if ":" in one else "A", "address": one}
        for one in addresses
    ]
