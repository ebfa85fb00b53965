"""Reply points: the places of a session at which a behavior can answer."""

from __future__ import annotations

import enum


class Command(enum.Enum):
    """The reply points at which a behavior can fire.

    ``DATA`` is the reply to the content, after the final dot or ``BDAT … LAST``;
    ``ANY`` is every one but ``TLS`` and ``DATA CONTENT``, unknown verbs too.
    """

    CONNECT = "CONNECT"
    HELO = "HELO"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    TLS = "TLS"
    AUTH = "AUTH"
    AUTH_COMMAND = "AUTH COMMAND"
    MAIL_FROM = "MAIL FROM"
    RCPT_TO = "RCPT TO"
    DATA_COMMAND = "DATA COMMAND"
    DATA_CONTENT = "DATA CONTENT"
    DATA = "DATA"
    BDAT = "BDAT"
    RSET = "RSET"
    VRFY = "VRFY"
    EXPN = "EXPN"
    HELP = "HELP"
    NOOP = "NOOP"
    QUIT = "QUIT"
    ANY = "ANY"

    # Members are keys of dictionaries for every reply. Hashing by identity is faster
    # than hashing the name, and equivalent.
    __hash__ = object.__hash__

    @property
    def meaning(self) -> str:
        """A short text that states when the point is reached."""
        return _MEANINGS.get(self, f"{self.value}, if it is well-formed and in order")


_MEANINGS = {
    Command.CONNECT: "a client connects; replaces the banner",
    Command.TLS: "before the TLS handshake; replaces it",
    Command.AUTH: "the result of AUTH, when the credentials are known",
    Command.AUTH_COMMAND: "AUTH, before any challenge",
    Command.DATA_COMMAND: "DATA; replaces the 354",
    Command.DATA_CONTENT: "content arrives: at its first octet, and at each size "
    "where a condition on `size` changes",
    Command.DATA: "after the content: after the final dot, or after `BDAT … LAST`",
    Command.ANY: "every reply except at `TLS` and `DATA CONTENT`, including "
    "unknown commands and the server's own errors",
}

NOT_ANY = frozenset({Command.TLS, Command.DATA_CONTENT})
"""The points that ``ANY`` does not include."""

NO_REPLY = frozenset({Command.TLS, Command.DATA_CONTENT})
"""The points at which the server itself sends no reply."""

DISCARDING = frozenset({Command.MAIL_FROM, Command.RCPT_TO, Command.DATA})
"""The commands whose data the effect ``discard`` can discard."""
