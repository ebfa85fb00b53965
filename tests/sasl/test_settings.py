"""Who may authenticate."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.sasl.settings import AuthSettings, Mechanism


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

    def test_what_is_offered(self) -> None:
        """SCRAM with passwords only, SCRAM-SHA-256-PLUS under TLS only; in order."""
        everything = tuple(Mechanism)
        plus = Mechanism.SCRAM_SHA_256_PLUS
        in_clear = tuple(each for each in everything if each is not plus)
        known = AuthSettings(users={})
        self.assertEqual(known.offered(under_tls=True), everything)
        self.assertEqual(known.offered(under_tls=False), in_clear)
        anybody = tuple(each for each in Mechanism if "SCRAM" not in each.value)
        for under_tls in False, True:
            self.assertEqual(AuthSettings().offered(under_tls=under_tls), anybody)
