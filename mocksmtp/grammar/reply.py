"""Replies, and the server's own ones as named values (RFC 5321 §4.2).

The texts carry enhanced status codes (RFC 2034, RFC 3463) wherever those are
allowed: not in the greeting, in answers to HELO and EHLO, and in 3xx.
"""

from __future__ import annotations

import re

import attrs


@attrs.frozen
class Reply:
    r"""One reply of a server.

    :ivar code: the three digits
    :ivar text: what follows them; each ``\n`` begins one more line
    :ivar source: the id of the behavior that gave it, or None for the server's own
    :ivar raw: octets that are sent in its place, or None
    :ivar wire: the reply as it is sent, encoded once
    """

    code: int
    text: str
    source: str | None = attrs.field(default=None, eq=False, repr=False)
    raw: bytes | None = attrs.field(default=None, repr=False)
    wire: bytes = attrs.field(init=False, eq=False, repr=False)

    @wire.default
    def _encode(self) -> bytes:
        if self.raw is not None:
            return self.raw
        *first, last = self.text.encode().split(b"\n")
        lines = [b"%d-%s\r\n" % (self.code, line) for line in first]
        return b"".join(lines) + b"%d %s\r\n" % (self.code, last)

    @property
    def is_readable(self) -> bool:
        """Whether a client that receives it finds a whole reply in it."""
        return self.raw is None or _WHOLE.match(self.raw) is not None


_WHOLE = re.compile(rb"(?:[2-5][0-9]{2}-[^\n]*+\n)*+[2-5][0-9]{2}(?:[ \r][^\n]*+)?+\n")
_RAW_CODE = re.compile(rb"[2-5][0-9]{2}")

NO_CODE = 0
"""The code of octets that begin with none."""


def raw_reply(octets: bytes, source: str | None = None) -> Reply:
    """What is sent as it is, with the code that a client may find in it."""
    match = _RAW_CODE.match(octets)
    code = int(match[0]) if match else NO_CODE
    text = octets[4:] if match else octets
    return Reply(code, text.decode("latin-1").rstrip("\r\n"), source, octets)


@attrs.frozen
class Refusal(Reply):
    """An error of the server's own, which comes before any behavior for its command."""


def greeting(hostname: str) -> Reply:
    """The banner of a host that is ready (RFC 5321 §4.3.1)."""
    return Reply(220, f"{hostname} ESMTP mocksmtp")


def hello(hostname: str) -> Reply:
    """The answer to HELO (RFC 5321 §4.1.1.1)."""
    return Reply(250, hostname)


def extended_hello(hostname: str, keywords: tuple[str, ...]) -> Reply:
    """The answer to EHLO: one line for each keyword, HELP always the last."""
    return Reply(250, "\n".join((hostname, *keywords, "HELP")))


OK = Reply(250, "2.0.0 OK")
SENDER_OK = Reply(250, "2.1.0 Sender OK")
RECIPIENT_OK = Reply(250, "2.1.5 Recipient OK")
START_CONTENT = Reply(354, "End data with <CR><LF>.<CR><LF>")
MAIL_KEPT = Reply(250, "2.0.0 Message kept")
CHUNK_KEPT = Reply(250, "2.0.0 Chunk received")
READY_FOR_TLS = Reply(220, "2.0.0 Ready to start TLS")
BYE = Reply(221, "2.0.0 Bye")
CANNOT_VERIFY = Reply(252, "2.5.0 Cannot VRFY, but will take mail for it")
CANNOT_EXPAND = Reply(502, "5.5.1 EXPN is not implemented")
HELP = Reply(
    214,
    "2.0.0 Commands: HELO EHLO STARTTLS AUTH MAIL RCPT DATA BDAT\n"
    "2.0.0 RSET NOOP VRFY HELP QUIT\n"
    "2.0.0 This is mocksmtp: mail is kept for a test to read, never sent on",
)

NO_SERVICE = Refusal(503, "5.5.1 No service here; only QUIT")
UNKNOWN_COMMAND = Refusal(500, "5.5.1 Command not recognized")
BAD_SYNTAX = Refusal(500, "5.5.2 Syntax error")
LINE_TOO_LONG = Refusal(500, "5.5.2 Line too long")
NO_ARGUMENT_EXPECTED = Refusal(501, "5.5.4 This command takes no argument")
HELO_SYNTAX = Refusal(501, "5.5.4 Syntax: HELO hostname")
EHLO_SYNTAX = Refusal(501, "5.5.4 Syntax: EHLO hostname")
LHLO_SYNTAX = Refusal(501, "5.5.4 Syntax: LHLO hostname")
VRFY_SYNTAX = Refusal(501, "5.5.4 Syntax: VRFY address")
MAIL_SYNTAX = Refusal(501, "5.5.4 Syntax: MAIL FROM:<address>")
RCPT_SYNTAX = Refusal(501, "5.5.4 Syntax: RCPT TO:<address>")
BDAT_SYNTAX = Refusal(501, "5.5.4 Syntax: BDAT octets [LAST]")
BAD_SIZE = Refusal(501, "5.5.4 Syntax: SIZE=octets")
BAD_SENDER = Refusal(501, "5.1.7 Bad sender address syntax")
BAD_RECIPIENT = Refusal(501, "5.1.3 Bad recipient address syntax")
BAD_PARAMETER = Refusal(555, "5.5.4 Parameters must be KEYWORD or KEYWORD=value")
NEEDS_SMTPUTF8 = Refusal(553, "5.6.7 A non-ASCII address needs SMTPUTF8")
SMTPUTF8_NOT_OFFERED = Refusal(550, "5.6.7 SMTPUTF8 is not offered here")
NOT_IMPLEMENTED = Refusal(502, "5.5.1 Command not implemented")
TLS_NOT_AVAILABLE = Refusal(454, "4.7.0 TLS not available")
AUTH_NOT_AVAILABLE = Refusal(503, "5.5.1 Authentication is not offered")
TLS_ACTIVE = Refusal(503, "5.5.1 TLS is active already")
AUTHENTICATED_ALREADY = Refusal(503, "5.5.1 Authenticated already")
AUTH_IN_TRANSACTION = Refusal(503, "5.5.1 No AUTH within a mail transaction")
NEEDS_TLS = Refusal(538, "5.7.11 Encryption is required for authentication")
NEEDS_AUTH = Refusal(530, "5.7.0 Authentication is required")
AUTH_SYNTAX = Refusal(501, "5.5.4 Syntax: AUTH mechanism [initial-response]")
NESTED_MAIL = Refusal(503, "5.5.1 Nested MAIL command")
NEEDS_MAIL = Refusal(503, "5.5.1 MAIL first")
NEEDS_RECIPIENT = Refusal(503, "5.5.1 RCPT first")
CHUNKS_BEGUN = Refusal(503, "5.5.1 The message has begun by BDAT")
BINARY_NEEDS_BDAT = Refusal(503, "5.5.1 BODY=BINARYMIME needs BDAT")
NO_VALID_RECIPIENTS = Refusal(554, "5.5.1 No valid recipients")
TOO_MANY_RECIPIENTS = Refusal(452, "4.5.3 Too many recipients")
MESSAGE_TOO_BIG = Refusal(552, "5.3.4 Message is larger than is taken here")
STORAGE_FULL = Refusal(452, "4.3.1 No room for more content at once")
IDLE_TOO_LONG = Reply(421, "4.4.2 Idle for too long, closing")
TOO_MANY_CONNECTIONS = Reply(421, "4.7.0 Too many connections, try again later")
TOO_MANY_MESSAGES = Reply(421, "4.7.0 Too many messages on this connection")
TOO_MANY_BAD_COMMANDS = Reply(421, "4.7.0 Too many errors, closing")
CHUNK_TOO_BIG = Reply(552, "5.3.4 Chunk size exceeds limit, closing")
NOT_HTTP = Reply(554, "5.5.1 This port speaks SMTP, not HTTP")
NOT_TLS = Reply(554, "5.5.1 This port speaks SMTP; TLS begins with STARTTLS, if at all")
CONNECTED_TOO_LONG = Reply(421, "4.4.2 Connected for too long, closing")
SHUTTING_DOWN = Reply(421, "4.3.2 Shutting down")
LOCAL_ERROR = Reply(451, "4.3.0 Local error in processing")

_STOCK_TEXTS = {
    214: "2.0.0 Help",
    220: "Service ready",
    221: "2.0.0 Bye",
    250: "2.0.0 OK",
    251: "2.1.5 User not local; will forward",
    252: "2.5.0 Cannot verify, but will take mail for it",
    421: "4.3.2 Service not available",
    450: "4.2.0 Mailbox unavailable",
    451: "4.3.0 Local error in processing",
    452: "4.3.1 Insufficient system storage",
    500: "5.5.2 Syntax error",
    501: "5.5.4 Syntax error in parameters",
    502: "5.5.1 Command not implemented",
    503: "5.5.1 Bad sequence of commands",
    504: "5.5.4 Command parameter not implemented",
    550: "5.1.1 Mailbox unavailable",
    551: "5.1.6 User not local",
    552: "5.2.2 Exceeded storage allocation",
    553: "5.1.3 Mailbox name not allowed",
    554: "5.0.0 Transaction failed",
}


def stock_text(code: int) -> str:
    """The text for a `code` that was given without one (RFC 5321 §4.2.3)."""
    other = {2: "2.0.0 OK", 3: "Go on", 4: "4.0.0 Try again", 5: "5.0.0 Refused"}
    return _STOCK_TEXTS.get(code) or other[code // 100]
