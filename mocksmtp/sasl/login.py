"""LOGIN (draft-murchison-sasl-login, MS-XLOGIN)."""

from __future__ import annotations

from mocksmtp.model.auth import Mechanism
from mocksmtp.sasl.encoding import text_of, user_of
from mocksmtp.sasl.steps import Dialogue, verdict
from mocksmtp.sasl.users import Users, is_password


def dialogue(users: Users) -> Dialogue:
    """
    The server asks for the name, then for the password.

    Clients look at the two challenges, which are what all servers send. Many send
    the name as the initial response, and servers let them.
    """
    user = user_of((yield b"Username:"))
    password = text_of((yield b"Password:"))
    return verdict(is_password(users, user, password), user, Mechanism.LOGIN)
