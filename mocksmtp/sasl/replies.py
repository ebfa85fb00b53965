"""What AUTH is answered (RFC 4954 §4 and §6)."""

from __future__ import annotations

from base64 import b64encode

from mocksmtp.model.reply import Refusal, Reply

AUTHENTICATED = Reply(235, "2.7.0 Authentication successful")
EXCHANGE_LINE_TOO_LONG = Refusal(500, "5.5.6 Authentication exchange line is too long")
NOT_BASE64 = Refusal(501, "5.5.2 Cannot decode the response: it is not base64")
MALFORMED = Refusal(501, "5.5.2 The response is not what the mechanism asks for")
NO_CHANNEL_BINDING = Refusal(501, "5.5.4 Channel binding is not supported")
NO_INITIAL_RESPONSE = Refusal(501, "5.7.0 The server begins this mechanism")
CANCELLED = Refusal(501, "5.7.0 Authentication cancelled")
NO_EXCHANGE = Reply(503, "5.5.1 AUTH first")
MECHANISM_NOT_OFFERED = Refusal(504, "5.5.4 Mechanism is not offered")
INVALID_CREDENTIALS = Reply(535, "5.7.8 Authentication credentials invalid")


def challenge(octets: bytes) -> Reply:
    """A server's challenge; ``334`` and a space where it is empty (RFC 4954 §4)."""
    return Reply(334, b64encode(octets).decode("ascii"))
