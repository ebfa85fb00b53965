"""What the mails of a load contain."""

_LINE = b"0123456789abcdef" * 4 + b"quick brown fo\r\n"  # 80 bytes, as smtp-source's
_HEADER = b"From: <sender@client.test>\r\nSubject: benchmark\r\n\r\n"


def content_of(size: int) -> bytes:
    """Return the content of a mail: a short header, and lines of 80 bytes.

    Args:
        size: bytes in all, the last line's end included; at least 64.

    """
    body = size - len(_HEADER)
    lines = _LINE * (body // len(_LINE) + 1)
    return _HEADER + lines[: body - 2] + b"\r\n"
