"""Transcripts without passwords."""

from __future__ import annotations

import re

from mocksmtp.sasl.settings import Mechanism

HIDDEN = b"***"
"""What stands in place of what a client said."""

# sasl-mech of RFC 4422 §3.1: what else a client puts there may be its password.
_MECHANISM = re.compile(rb"[A-Z0-9_-]{1,20}")
_KNOWN = frozenset(mechanism.value.encode() for mechanism in Mechanism)


def redact(line: bytes) -> bytes:
    """
    Remove from a client's line what may be a secret.

    An AUTH command keeps its verb and its mechanism; every other line is replaced.
    ``*`` is no secret, and stays.

    :param line: without its line end
    """
    if line == b"*":
        return line
    words = line.split(None, 2)
    if not words or words[0].upper() != b"AUTH":
        return HIDDEN
    named = words[1:2]
    if named and not _is_mechanism(named[0]):
        return b" ".join((words[0], HIDDEN))
    return b" ".join((words[0], *named, *(HIDDEN for _ in words[2:])))


def _is_mechanism(word: bytes) -> bool:
    return word.upper() in _KNOWN or _MECHANISM.fullmatch(word) is not None
