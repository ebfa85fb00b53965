"""The SASL mechanisms except SCRAM, and the table of all.

To add a mechanism, add a member to `Mechanism`, and here a function and its row in
`DIALOGUES`.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Callable
from functools import partial

from mocksmtp.sasl.dialogue import (
    NO_CHANNEL_BINDING,
    AuthContext,
    Dialogue,
    Malformed,
    Users,
    gs2_name,
    is_password,
    text_of,
    user_of,
    verdict,
)
from mocksmtp.sasl.settings import Mechanism


def plain(context: AuthContext) -> Dialogue:
    """
    PLAIN (RFC 4616): one message, ``[authzid] NUL authcid NUL password``.

    An authorization identity must be the user's own.
    """
    parts = (yield b"").split(b"\0")
    if len(parts) != 3:
        raise Malformed
    identity, user, password = text_of(parts[0]), user_of(parts[1]), text_of(parts[2])
    accepted = is_password(context.users, user, password) and identity in ("", user)
    return verdict(accepted, user, Mechanism.PLAIN)


def login(context: AuthContext) -> Dialogue:
    """
    LOGIN (draft-murchison-sasl-login, MS-XLOGIN): user name, then password.

    The two challenges are the usual ones, because clients check them. Many clients send
    the name as the initial response, which servers accept.
    """
    user = user_of((yield b"Username:"))
    password = text_of((yield b"Password:"))
    return verdict(is_password(context.users, user, password), user, Mechanism.LOGIN)


# A name may contain spaces: the last one separates it from the digest.
_CRAM_RESPONSE = re.compile(rb"(.+) ([0-9A-Fa-f]{32})", re.DOTALL)


def cram_md5(context: AuthContext) -> Dialogue:
    """
    CRAM-MD5 (RFC 2195): the client answers a challenge with name and keyed digest.

    The challenge has the form of a Message-ID and is unique. If any password is
    accepted, any digest is accepted.
    """
    number = int.from_bytes(context.random(8), "big")
    made = f"<{number}.{int(context.seconds())}@{context.hostname}>".encode()
    match = _CRAM_RESPONSE.fullmatch((yield made))
    if match is None:
        raise Malformed
    users, user = context.users, user_of(match[1])
    accepted = users is None or _is_digest(users.get(user), made, match[2])
    return verdict(accepted, user, Mechanism.CRAM_MD5)


def _is_digest(password: str | None, challenge: bytes, digest: bytes) -> bool:
    expected = hmac.new((password or "").encode(), challenge, "md5").hexdigest()
    same = hmac.compare_digest(expected.encode(), digest.lower())
    return same and password is not None


_XOAUTH2 = re.compile(rb"user=([^\x01]++)\x01auth=(?i:bearer) ([^\x01]*+)\x01\x01")

XOAUTH2_ERROR = (
    b'{"status":"401","schemes":"bearer","scope":"https://mail.google.com/"}'
)
"""The challenge that an invalid token receives before 535."""


def xoauth2(context: AuthContext) -> Dialogue:
    """
    XOAUTH2 of Google and Microsoft: ``user=`` name ^A ``auth=Bearer`` token ^A ^A.

    A user's password is the token. An invalid token receives the error as a
    challenge; the verdict follows, whatever the client answers.
    """
    match = _XOAUTH2.fullmatch((yield b""))
    if match is None:
        raise Malformed
    user, token = user_of(match[1]), text_of(match[2])
    accepted = is_password(context.users, user, token)
    if not accepted:
        yield XOAUTH2_ERROR
    return verdict(accepted, user, Mechanism.XOAUTH2)


# The GS2 header and the key-value pairs of RFC 7628 §3.1.
_OAUTHBEARER = re.compile(
    rb"(n|y|p=[A-Za-z0-9.-]++),(?:a=([^,\x01]++))?,"
    rb"\x01((?:[A-Za-z]++=[^\x01]*+\x01)*+)\x01"
)
_BEARER = re.compile(rb"(?i:bearer) ++([^ ].*+)", re.DOTALL)

OAUTHBEARER_ERROR = b'{"status":"invalid_token","schemes":"bearer","scope":"mail"}'
"""The challenge that an invalid token receives before 535 (RFC 7628 §3.2.2)."""


def oauthbearer(context: AuthContext) -> Dialogue:
    """
    OAUTHBEARER (RFC 7628): a GS2 header, ^A, pairs such as ``auth=Bearer`` token, ^A.

    A user's password is the token. Without a name in the header (``a=``) the token
    determines the user. An empty ``auth`` requests the error, which is a challenge as
    in XOAUTH2.
    """
    match = _OAUTHBEARER.fullmatch((yield b""))
    if match is None:
        raise Malformed
    if match[1].startswith(b"p="):
        return NO_CHANNEL_BINDING
    pairs = [pair.partition(b"=") for pair in match[3].split(b"\x01")[:-1]]
    given = [value for key, _, value in pairs if key == b"auth"]
    bearer = _BEARER.fullmatch(given[0]) if len(given) == 1 else None
    if bearer is None and given != [b""]:
        raise Malformed
    token = "" if bearer is None else text_of(bearer[1])
    named = None if match[2] is None else gs2_name(match[2])
    user = _owner(context.users, token) if named is None else named
    accepted = bearer is not None and is_password(context.users, user, token)
    if not accepted:
        yield OAUTHBEARER_ERROR
    return verdict(accepted, user, Mechanism.OAUTHBEARER)


def _owner(users: Users, token: str) -> str:
    """The first user with this token; an empty name if there is none."""
    owners = (name for name, password in (users or {}).items() if password == token)
    return next(owners, "")


def _scram(mechanism: Mechanism, context: AuthContext) -> Dialogue:
    # Imports scramp and asn1crypto.
    from mocksmtp.sasl.scram import scram

    return scram(mechanism, context)


DIALOGUES: dict[Mechanism, Callable[[AuthContext], Dialogue]] = {
    Mechanism.PLAIN: plain,
    Mechanism.LOGIN: login,
    Mechanism.CRAM_MD5: cram_md5,
    Mechanism.XOAUTH2: xoauth2,
    Mechanism.OAUTHBEARER: oauthbearer,
    **{each: partial(_scram, each) for each in Mechanism if each.is_scram},
}
"""The function of each mechanism."""

SERVER_FIRST = frozenset({Mechanism.CRAM_MD5})
"""Mechanisms that refuse an initial response (RFC 4954 §4)."""
