"""Decodes Content-Transfer-Encodings (RFC 2045 §6), leniently and in linear time.

A large part is decoded window by window, so that other threads can run in between.
"""

from __future__ import annotations

import binascii
from collections.abc import Iterator

from mocksmtp.mail.charset import WINDOW

_DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_BASE64 = bytes(set(range(256)) - set(_DIGITS))


# Maximum padded groups decoded one by one; each takes as long as a hundred digits.
_GROUPS = 4096


def decoded(raw: memoryview, encoding: str) -> Iterator[bytes]:
    """
    Decode `raw`; yield it window by window. Never raises.

    :param encoding: in lower case; for an unknown one, octets are unchanged
    """
    decoders = {"base64": _base64, "quoted-printable": _quoted_printable}
    return decoders.get(encoding, _as_it_is)(raw)


def decode_base64(text: bytes) -> bytes:
    """
    Decode base64 (RFC 2045 §6.8).

    Other characters are skipped. Padding ends a group, not the text, because some
    mailers concatenate encoded texts.
    """
    digits = text.translate(None, _NOT_BASE64).replace(b"==", b"=")
    groups = digits.split(b"=", _GROUPS)
    groups[-1] = groups[-1].replace(b"=", b"")
    return b"".join(map(_from_digits, filter(None, groups)))


def _from_digits(digits: bytes) -> bytes:
    # A single digit at the end has too few bits for an octet.
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
    """The index at which a window can end without splitting an escape."""
    line_end = window.rfind(b"\n") + 1
    escape = window.rfind(b"=", len(window) - 2)
    return line_end or (len(window) if escape < 0 else escape)
