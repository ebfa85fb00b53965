"""Who may authenticate."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.model.auth import AuthSettings


class AuthSettingsTests(SynchronousTestCase):
    """`AuthSettings`"""

    def test_users_do_not_change(self) -> None:
        """Neither through the settings nor behind their back."""
        given = {"bob": "a"}
        auth = AuthSettings(users=given)
        given["eve"] = "b"
        self.assertEqual(dict(auth.users or {}), {"bob": "a"})
        users: Any = auth.users
        with self.assertRaises(TypeError):
            users["bob"] = "c"

    def test_passwords_are_not_shown(self) -> None:
        """They are not for a log."""
        self.assertNotIn("secret", repr(AuthSettings(users={"bob": "secret"})))

    def test_no_users_are_not_any_users(self) -> None:
        """None stands for anybody."""
        self.assertNotEqual(AuthSettings(users={}), AuthSettings(users=None))
