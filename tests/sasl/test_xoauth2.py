"""XOAUTH2, as Google and Microsoft have it."""

from __future__ import annotations

import json
from smtplib import SMTPAuthenticationError

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.sasl import dialogue as replies
from tests.sasl.dialogue import (
    MemorySMTP,
    challenge_of,
    encode,
    judged,
    make_exchange,
    say,
)

GOOGLE = (
    b"dXNlcj1zb21ldXNlckBleGFtcGxlLmNvbQFhdXRoPUJlYXJlciB5YTI5LnZGOWRm"
    b"dDRxbVRjMk52YjNSbGNrQmhkSFJoZG1semRHRXVZMjl0Q2cBAQ=="
)
"""The example of Google's document."""
TOKEN = "ya29.vF9dft4qmTc2Nvb3RlckBhdHRhdmlzdGEuY29tCg"


def message(user: str = "bob", token: str = "s3cret") -> str:
    return f"user={user}\x01auth=Bearer {token}\x01\x01"


class XOAuth2Tests(SynchronousTestCase):
    """`xoauth2`"""

    def test_the_example_of_google(self) -> None:
        """The token is the password."""
        user = "someuser@example.com"
        step = make_exchange({user: TOKEN}).begin(b"XOAUTH2 " + GOOGLE)
        self.assertEqual(judged(step), (True, user))

    def test_a_bad_token_gets_an_error_first(self) -> None:
        """The error is a challenge, and 535 follows whatever is said to it."""
        for response in (b"", encode("what?")):
            exchange = make_exchange()
            step = exchange.begin(b"XOAUTH2 " + encode(message(token="old")))
            error = json.loads(challenge_of(step))
            self.assertEqual(error["status"], "401")
            self.assertEqual(judged(exchange.answer(response)), (False, "bob"))

    def test_a_client_may_cancel_at_the_error(self) -> None:
        """Then it has no verdict."""
        exchange = make_exchange()
        exchange.begin(b"XOAUTH2 " + encode(message(token="old")))
        self.assertEqual(exchange.answer(b"*"), replies.CANCELLED)

    def test_a_user_that_is_not_known(self) -> None:
        """Is refused as one with a bad token is."""
        step = say(make_exchange(), "XOAUTH2", message("eve"), "")
        self.assertEqual(judged(step), (False, "eve"))

    def test_any_name_goes_with_any_token(self) -> None:
        """Where no users are told; the scheme is written in any case."""
        for given in (message("eve", "x"), message("eve").replace("B", "b")):
            step = say(make_exchange(None), "XOAUTH2", given)
            self.assertEqual(judged(step), (True, "eve"))

    def test_malformed_messages_are_501(self) -> None:
        """Without name or scheme, or not closed."""
        for given in (
            b"",
            b"\x01\x01",
            b"user=bob\x01\x01",
            b"user=\x01auth=Bearer s3cret\x01\x01",
            b"user=bob\x01auth=Basic s3cret\x01\x01",
            b"user=bob\x01auth=Bearer s3cret\x01",
            b"user=bob\x01auth=Bearer s3cret\x01\x01\x01",
            b"user=b\xfcb\x01auth=Bearer s3cret\x01\x01",
            b"user=bob\x01auth=Bearer \xff\x01\x01",
            b"auth=Bearer s3cret\x01user=bob\x01\x01",
        ):
            step = say(make_exchange(None), "XOAUTH2", given)
            self.assertEqual(step, replies.MALFORMED, given)

    def test_the_client_of_the_standard_library(self) -> None:
        """It answers the error with the message once more, and then is told 535."""
        client = MemorySMTP(make_exchange(), "XOAUTH2")
        code, _ = client.auth("XOAUTH2", lambda challenge=None: message())
        self.assertEqual(code, 235)
        with self.assertRaises(SMTPAuthenticationError) as caught:
            client.auth("XOAUTH2", lambda challenge=None: message(token="old"))
        self.assertEqual(caught.exception.smtp_code, 535)
        self.assertEqual(judged(client.steps[-1]), (False, "bob"))
