"""LOGIN, as all servers have it."""

from __future__ import annotations

from smtplib import SMTPAuthenticationError

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.sasl import dialogue as replies
from tests.sasl.dialogue import MemorySMTP, encode, judged, make_exchange, say


class LoginTests(SynchronousTestCase):
    """`login`"""

    def test_a_dialogue(self) -> None:
        """Name and password, each asked for in the words that clients look for."""
        exchange = make_exchange()
        self.assertEqual(exchange.begin(b"LOGIN").wire, b"334 VXNlcm5hbWU6\r\n")
        self.assertEqual(exchange.answer(encode("bob")).wire, b"334 UGFzc3dvcmQ6\r\n")
        self.assertEqual(judged(exchange.answer(encode("s3cret"))), (True, "bob"))

    def test_the_name_with_the_command(self) -> None:
        """Then only the password is asked for."""
        exchange = make_exchange()
        step = exchange.begin(b"LOGIN " + encode("bob"))
        self.assertEqual(step, replies.challenge(b"Password:"))
        self.assertEqual(judged(exchange.answer(encode("s3cret"))), (True, "bob"))

    def test_a_wrong_password_and_a_wrong_name(self) -> None:
        """They are told apart by nothing: both are asked for a password."""
        for user, password in (("bob", "wrong"), ("bob", ""), ("eve", "s3cret")):
            step = say(make_exchange(), "LOGIN", user, password)
            self.assertEqual(judged(step), (False, user))

    def test_any_name_goes_with_any_password(self) -> None:
        """Where no users are told."""
        step = say(make_exchange(None), "LOGIN", "eve", "whatever")
        self.assertEqual(judged(step), (True, "eve"))

    def test_malformed_responses_are_501(self) -> None:
        """A name that is none, and texts that are not UTF-8."""
        for responses in ([b""], [b"\xff"], [b"b\0b"], [b"bob", b"\xff"]):
            step = say(make_exchange(None), "LOGIN", *responses)
            self.assertEqual(step, replies.MALFORMED, responses)

    def test_the_client_of_the_standard_library(self) -> None:
        """With the name in the command, and without."""
        for early in (True, False):
            client = MemorySMTP(make_exchange(), "LOGIN")
            code, _ = client.login("bob", "s3cret", initial_response_ok=early)
            self.assertEqual(code, 235)
            self.assertEqual(judged(client.steps[-1]), (True, "bob"))
            self.assertEqual(len(client.steps), 2 if early else 3)
            with self.assertRaises(SMTPAuthenticationError):
                client.login("bob", "wrong", initial_response_ok=early)
