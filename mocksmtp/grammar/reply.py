"""SMTP replies, and the server's own replies as named values (RFC 5321 §4.2).

The texts begin with enhanced status codes (RFC 2034, RFC 3463, RFC 5248) except where
RFC 2034 §4 excludes them: the greeting, replies to HELO and EHLO, and 3xx replies.
"""

from __future__ import annotations

import re

import attrs


@attrs.frozen
class Reply:
    r"""One SMTP reply.

    :ivar code: the reply code
    :ivar text: the text after the code; each ``\n`` starts another line of the reply
    :ivar source: the id of the behavior that decided it; None for the server's own
    :ivar raw: octets to send instead of code and text, or None
    :ivar wire: the reply as sent, encoded once
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
        """Whether a client can parse a complete reply from it."""
        return self.raw is None or _WHOLE.match(self.raw) is not None


_WHOLE = re.compile(rb"(?:[2-5][0-9]{2}-[^\n]*+\n)*+[2-5][0-9]{2}(?:[ \r][^\n]*+)?+\n")
_RAW_CODE = re.compile(rb"[2-5][0-9]{2}")

NO_CODE = 0
"""The code of a raw reply that does not begin with a reply code."""


def raw_reply(octets: bytes, source: str | None = None) -> Reply:
    """A reply that sends `octets` unchanged; its code is parsed from their start."""
    match = _RAW_CODE.match(octets)
    code = int(match[0]) if match else NO_CODE
    text = octets[4:] if match else octets
    return Reply(code, text.decode("latin-1").rstrip("\r\n"), source, octets)


@attrs.frozen
class Refusal(Reply):
    """An error that the server sends before any behavior for the command is decided."""


def greeting(hostname: str) -> Reply:
    """The banner (RFC 5321 §4.3.1)."""
    return Reply(220, f"{hostname} ESMTP mocksmtp")


def hello(hostname: str) -> Reply:
    """The reply to HELO (RFC 5321 §4.1.1.1)."""
    return Reply(250, hostname)


def extended_hello(hostname: str, keywords: tuple[str, ...]) -> Reply:
    """The reply to EHLO: one line per keyword, HELP always last."""
    return Reply(250, "\n".join((hostname, *keywords, "HELP")))


OK = Reply(250, "2.0.0 OK")
SENDER_OK = Reply(250, "2.1.0 Sender OK")
RECIPIENT_OK = Reply(250, "2.1.5 Recipient OK")
START_CONTENT = Reply(354, "End data with <CR><LF>.<CR><LF>")
MAIL_KEPT = Reply(250, "2.0.0 Message kept")
CHUNK_KEPT = Reply(250, "2.0.0 Chunk received")
READY_FOR_TLS = Reply(220, "2.0.0 Ready to start TLS")
BYE = Reply(221, "2.0.0 Bye")
CANNOT_VERIFY = Reply(252, "2.5.0 Cannot VRFY user, but will accept the message")
CANNOT_EXPAND = Reply(502, "5.5.1 EXPN is not implemented")
HELP = Reply(
    214,
    "2.0.0 Commands: HELO EHLO STARTTLS AUTH MAIL RCPT DATA BDAT\n"
    "2.0.0 RSET NOOP VRFY HELP QUIT\n"
    "2.0.0 This is mocksmtp: it keeps mail for tests and never forwards it",
)

NO_SERVICE = Refusal(503, "5.5.1 Session refused; only QUIT is allowed")
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
NEEDS_SMTPUTF8 = Refusal(553, "5.6.7 Non-ASCII address requires SMTPUTF8 on MAIL")
SMTPUTF8_NOT_OFFERED = Refusal(550, "5.6.7 Non-ASCII address; SMTPUTF8 not supported")
NOT_IMPLEMENTED = Refusal(502, "5.5.1 Command not implemented")
TLS_NOT_AVAILABLE = Refusal(454, "4.7.0 TLS not available")
AUTH_NOT_AVAILABLE = Refusal(503, "5.5.1 AUTH not available")
TLS_ACTIVE = Refusal(503, "5.5.1 TLS already active")
AUTHENTICATED_ALREADY = Refusal(503, "5.5.1 Already authenticated")
AUTH_IN_TRANSACTION = Refusal(503, "5.5.1 AUTH not allowed during a mail transaction")
NEEDS_TLS = Refusal(538, "5.7.11 Encryption required for authentication")
NEEDS_AUTH = Refusal(530, "5.7.0 Authentication required")
AUTH_SYNTAX = Refusal(501, "5.5.4 Syntax: AUTH mechanism [initial-response]")
NESTED_MAIL = Refusal(503, "5.5.1 Nested MAIL command")
NEEDS_MAIL = Refusal(503, "5.5.1 MAIL must come first")
NEEDS_RECIPIENT = Refusal(503, "5.5.1 RCPT must come first")
CHUNKS_BEGUN = Refusal(503, "5.5.1 BDAT already started; DATA not allowed")
BINARY_NEEDS_BDAT = Refusal(503, "5.5.1 BODY=BINARYMIME requires BDAT")
NO_VALID_RECIPIENTS = Refusal(554, "5.5.1 No valid recipients")
TOO_MANY_RECIPIENTS = Refusal(452, "4.5.3 Too many recipients")
MESSAGE_TOO_BIG = Refusal(552, "5.3.4 Message size exceeds limit")
STORAGE_FULL = Refusal(452, "4.3.1 Insufficient system storage")
IDLE_TOO_LONG = Reply(421, "4.4.2 Idle timeout, closing")
TOO_MANY_CONNECTIONS = Reply(421, "4.7.0 Too many connections, try again later")
TOO_MANY_MESSAGES = Reply(421, "4.7.0 Too many messages on this connection")
TOO_MANY_BAD_COMMANDS = Reply(421, "4.7.0 Too many errors, closing")
CHUNK_TOO_BIG = Reply(552, "5.3.4 Chunk size exceeds limit, closing")
NOT_HTTP = Reply(554, "5.5.1 This port expects SMTP, not HTTP")
NOT_TLS = Reply(554, "5.5.1 This port expects SMTP; TLS starts only after STARTTLS")
CONNECTED_TOO_LONG = Reply(421, "4.4.2 Connection time limit exceeded, closing")
STORE_UNAVAILABLE = Reply(421, "4.3.0 Store not available, closing")
SHUTTING_DOWN = Reply(421, "4.3.2 Service not available, closing")
LOCAL_ERROR = Reply(451, "4.3.0 Local error in processing")
LOCAL_ERROR_CLOSING = Reply(421, "4.3.0 Local error in processing, closing")

_STOCK_TEXTS = {
    214: "2.0.0 Help",
    220: "Service ready",
    221: "2.0.0 Bye",
    250: "2.0.0 OK",
    251: "2.1.5 User not local; will forward",
    252: "2.5.0 Cannot VRFY user, but will accept the message",
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
    """The default text for `code` (RFC 5321 §4.2.3)."""
    other = {
        2: "2.0.0 OK",
        3: "Continue",
        4: "4.0.0 Temporary failure",
        5: "5.0.0 Permanent failure",
    }
    return _STOCK_TEXTS.get(code) or other[code // 100]
