"""XOAUTH2, as Google and Microsoft have it; a user's password is the token."""

from __future__ import annotations

import re

from mocksmtp.model.auth import Mechanism
from mocksmtp.sasl.encoding import text_of, user_of
from mocksmtp.sasl.steps import Dialogue, Malformed, verdict
from mocksmtp.sasl.users import Users, is_password

_RESPONSE = re.compile(rb"user=([^\x01]++)\x01auth=(?i:bearer) ([^\x01]*+)\x01\x01")

ERROR = b'{"status":"401","schemes":"bearer","scope":"https://mail.google.com/"}'
"""What a token that is not good is answered, as a challenge, before 535."""


def dialogue(users: Users) -> Dialogue:
    """
    One message: ``user=`` name ^A ``auth=Bearer`` token ^A ^A.

    A bad token gets the error as a challenge; whatever the client says to that, the
    verdict follows.
    """
    match = _RESPONSE.fullmatch((yield b""))
    if match is None:
        raise Malformed
    user, token = user_of(match[1]), text_of(match[2])
    accepted = is_password(users, user, token)
    if not accepted:
        yield ERROR
    return verdict(accepted, user, Mechanism.XOAUTH2)
