"""Whose password is what."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.sasl.users import is_password


class PasswordTests(SynchronousTestCase):
    """`is_password`"""

    def test_a_password_goes_with_its_user(self) -> None:
        """And with nobody else; an empty one is one too."""
        users = {"bob": "s3cret", "nil": "", "jürg": "grüezi"}
        for user, password, expected in (
            ("bob", "s3cret", True),
            ("bob", "", False),
            ("nil", "", True),
            ("nil", "s3cret", False),
            ("jürg", "grüezi", True),
            ("eve", "", False),
            ("eve", "s3cret", False),
        ):
            self.assertEqual(is_password(users, user, password), expected, user)

    def test_any_will_do_where_none_are_told(self) -> None:
        """That is not so where there are users, but none at all."""
        self.assertTrue(is_password(None, "eve", "x"))
        self.assertFalse(is_password({}, "eve", ""))
