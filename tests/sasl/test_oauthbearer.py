"""OAUTHBEARER (RFC 7628)."""

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

EXAMPLE = (
    b"bixhPXVzZXJAZXhhbXBsZS5jb20sAWhvc3Q9c2VydmVyLmV4YW1wbGUuY29tAXBvcnQ9MTQzAWF1"
    b"dGg9QmVhcmVyIHZGOWRmdDRxbVRjMk52YjNSbGNrQmhiSFJoZG1semRHRXVZMjl0Q2c9PQEB"
)
"""The example of RFC 7628 §4.1."""
TOKEN = "vF9dft4qmTc2Nvb3RlckBhbHRhdmlzdGEuY29tCg=="


def message(user: str = "bob", token: str = "s3cret") -> str:
    return f"n,a={user},\x01host=mx.test\x01port=25\x01auth=Bearer {token}\x01\x01"


class OAuthBearerTests(SynchronousTestCase):
    """`oauthbearer`"""

    def test_the_example_of_the_rfc(self) -> None:
        """The token is the password."""
        user = "user@example.com"
        step = make_exchange({user: TOKEN}).begin(b"OAUTHBEARER " + EXAMPLE)
        self.assertEqual(judged(step), (True, user))

    def test_the_message_in_a_line_of_its_own(self) -> None:
        """The empty challenge asks for it; the scheme is written in any case."""
        given = message().replace("Bearer", "bEARER")
        self.assertEqual(
            judged(say(make_exchange(), "OAUTHBEARER", given)), (True, "bob")
        )

    def test_an_invalid_token_gets_an_error_first(self) -> None:
        """The client answers with ^A or anything else, and 535 follows (§3.2.3)."""
        for user, response in (("bob", b"\x01"), ("bob", b""), ("eve", b"what?")):
            exchange = make_exchange()
            step = exchange.begin(b"OAUTHBEARER " + encode(message(user, "old")))
            error = json.loads(challenge_of(step))
            self.assertEqual(error["status"], "invalid_token")
            self.assertEqual(judged(exchange.answer(encode(response))), (False, user))

    def test_an_empty_auth_asks_for_the_error(self) -> None:
        """Clients so discover the scopes (RFC 7628 §4.3)."""
        step = say(make_exchange(None), "OAUTHBEARER", "n,,\x01auth=\x01\x01")
        self.assertIn(b"invalid_token", challenge_of(step))

    def test_a_client_may_cancel_at_the_error(self) -> None:
        """Then there is no verdict."""
        exchange = make_exchange()
        exchange.begin(b"OAUTHBEARER " + encode(message(token="old")))
        self.assertEqual(exchange.answer(b"*"), replies.CANCELLED)

    def test_a_token_names_its_user(self) -> None:
        """Where the header contains none."""
        for header in ("n,,", "y,,"):
            for token, expected in (("s3cret", (True, "bob")), ("old", (False, ""))):
                given = f"{header}\x01auth=Bearer {token}\x01\x01"
                step = say(
                    make_exchange(), "OAUTHBEARER", given, *["\x01"][: token == "old"]
                )
                self.assertEqual(judged(step), expected)

    def test_any_name_goes_with_any_token(self) -> None:
        """Where there are no users; the name is that of the header, unescaped."""
        for user, expected in (("eve", "eve"), ("e=2Cv=3De", "e,v=e")):
            step = say(make_exchange(None), "OAUTHBEARER", message(user, "x"))
            self.assertEqual(judged(step), (True, expected))

    def test_channel_binding_is_refused(self) -> None:
        """No OAuth mechanism with it is offered."""
        given = message().replace("n,", "p=tls-exporter,", 1)
        step = say(make_exchange(), "OAUTHBEARER", given)
        self.assertEqual(step, replies.NO_CHANNEL_BINDING)

    def test_malformed_messages_are_501(self) -> None:
        """A header, pairs with ^A behind each, and one ^A more."""
        for given in (
            b"",
            b"\x01",
            b"n,,\x01\x01",
            b"auth=Bearer s3cret\x01\x01",
            b"n,a=bob,auth=Bearer s3cret\x01\x01",
            b"n,a=bob,\x01auth=Bearer s3cret\x01",
            b"n,a=bob,\x01auth=Bearer s3cret\x01\x01\x01",
            b"n,a=bob,\x01auth=Basic s3cret\x01\x01",
            b"n,a=bob,\x01auth=Bearer\x01\x01",
            b"n,a=bob,\x01auth=Bearer \x01\x01",
            b"n,a=bob,\x01auth=Bearer a\x01auth=Bearer b\x01\x01",
            b"n,a=bob,\x01auth=Bearer \xff\x01\x01",
            b"n,a=,\x01auth=Bearer s3cret\x01\x01",
            b"n,a=b=b,\x01auth=Bearer s3cret\x01\x01",
            b"n,a=b\xff,\x01auth=Bearer s3cret\x01\x01",
            b"x,a=bob,\x01auth=Bearer s3cret\x01\x01",
            b"n,a=bob,\x011=2\x01auth=Bearer s3cret\x01\x01",
            b"user=bob\x01auth=Bearer s3cret\x01\x01",
        ):
            step = say(make_exchange(None), "OAUTHBEARER", given)
            self.assertEqual(step, replies.MALFORMED, given)

    def test_the_client_of_the_standard_library(self) -> None:
        """Its `auth` sends the initial response, and answers the error."""
        client = MemorySMTP(make_exchange(), "OAUTHBEARER")
        code, _ = client.auth("OAUTHBEARER", lambda challenge=None: message())
        self.assertEqual(code, 235)
        with self.assertRaises(SMTPAuthenticationError) as caught:
            client.auth(
                "OAUTHBEARER",
                lambda challenge=None: (
                    message(token="old") if challenge is None else "\x01"
                ),
            )
        self.assertEqual(caught.exception.smtp_code, 535)
