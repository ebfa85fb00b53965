"""Content-Transfer-Encodings (RFC 2045 §6), undone: leniently, and in linear time.

Work is done a window at a time, so that a thread that decodes a large part lets
others have their turn.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator

from mocksmtp.mail.charset import WINDOW

_DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_BASE64 = bytes(set(range(256)) - set(_DIGITS))


# Padded groups that are decoded one by one: each costs as much as a hundred digits.
_GROUPS = 4096


def decoded(raw: memoryview, encoding: str) -> Iterator[bytes]:
    """
    `raw` without its transfer encoding, a window after the other; never an exception.

    :param encoding: in lower case; an unknown one is taken for none
    """
    decoders = {"base64": _base64, "quoted-printable": _quoted_printable}
    return decoders.get(encoding, _as_it_is)(raw)


def decode_base64(text: bytes) -> bytes:
    """
    Octets from base64 (RFC 2045 §6.8).

    What is no digit is passed over. Padding ends a group, not the text: some mailers
    join texts that were encoded one by one.
    """
    digits = text.translate(None, _NOT_BASE64).replace(b"==", b"=")
    groups = digits.split(b"=", _GROUPS)
    groups[-1] = groups[-1].replace(b"=", b"")
    return b"".join(map(_from_digits, filter(None, groups)))


def _from_digits(digits: bytes) -> bytes:
    # A last digit on its own has too few bits for an octet.
    digits = digits[: len(digits) - (len(digits) % 4 == 1)]
    return binascii.a2b_base64(digits + b"=" * (-len(digits) % 4))


def _as_it_is(raw: memoryview) -> Iterator[bytes]:
    return (bytes(raw[at : at + WINDOW]) for at in range(0, len(raw), WINDOW))


def _base64(raw: memoryview) -> Iterator[bytes]:
    digits = b""
    for start in range(0, len(raw), WINDOW):
        digits += bytes(raw[start : start + WINDOW]).translate(None, _NOT_BASE64)
        padded, _, digits = digits.rpartition(b"=")
        whole = len(digits) & ~3
        yield decode_base64(padded) + _from_digits(digits[:whole])
        digits = digits[whole:]
    yield _from_digits(digits)


def _quoted_printable(raw: memoryview) -> Iterator[bytes]:
    start = 0
    while start < len(raw):
        window = bytes(raw[start : start + WINDOW])
        if start + WINDOW < len(raw):
            window = window[: _cut(window)]
        yield binascii.a2b_qp(window)
        start += len(window)


def _cut(window: bytes) -> int:
    """Where a window can end with no escape being cut in two."""
    line_end = window.rfind(b"\n") + 1
    escape = window.rfind(b"=", len(window) - 2)
    return line_end or (len(window) if escape < 0 else escape)
