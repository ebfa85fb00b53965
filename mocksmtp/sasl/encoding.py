"""What responses are written in: base64, UTF-8, names."""

from __future__ import annotations

import re
from base64 import b64decode

from mocksmtp.sasl.steps import Malformed

# b64decode() lets padding through behind what needs none, even where it validates.
_BASE64 = re.compile(
    rb"(?:[A-Za-z0-9+/]{4})*+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?+"
)
# What SASLprep prohibits (RFC 4013 §2.3) and what would break a reply or a log.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")


def from_base64(octets: bytes) -> bytes:
    """
    The octets that base64 stands for, with no tolerance (RFC 4954 §4).

    :raises Malformed: where it has other characters, or misplaced padding
    """
    if _BASE64.fullmatch(octets) is None:
        raise Malformed
    return b64decode(octets)


def text_of(octets: bytes) -> str:
    """
    The text that UTF-8 stands for.

    :raises Malformed: where it is none
    """
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError:
        raise Malformed from None


def user_of(octets: bytes) -> str:
    """
    The name of a user.

    :raises Malformed: where it is empty, is not UTF-8 or has control characters
    """
    name = text_of(octets)
    if not name or _CONTROL.search(name):
        raise Malformed
    return name
