"""PLAIN (RFC 4616)."""

from __future__ import annotations

from smtplib import SMTPAuthenticationError

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.sasl import dialogue as replies
from tests.sasl.dialogue import MemorySMTP, encode, judged, make_exchange, say


class PlainTests(SynchronousTestCase):
    """`plain`"""

    def test_examples_of_the_rfc(self) -> None:
        """RFC 4616 §4: tim for himself; kurt may not act for Ursel here."""
        users = {"tim": "tanstaaftanstaaf", "Kurt": "xipj3plmq"}
        for message, expected in (
            ("\0tim\0tanstaaftanstaaf", (True, "tim")),
            ("Ursel\0Kurt\0xipj3plmq", (False, "Kurt")),
            ("Kurt\0Kurt\0xipj3plmq", (True, "Kurt")),
        ):
            step = say(make_exchange(users), "PLAIN", message)
            self.assertEqual(judged(step), expected)

    def test_the_example_of_auth(self) -> None:
        """RFC 4954 §4.1, in the command and after an empty challenge."""
        users = {"test": "1234"}
        given = "dGVzdAB0ZXN0ADEyMzQ="
        step = make_exchange(users).begin(b"PLAIN " + given.encode())
        self.assertEqual(judged(step), (True, "test"))
        exchange = make_exchange(users)
        challenge = exchange.begin(b"PLAIN")
        self.assertEqual(challenge.wire, b"334 \r\n")
        self.assertEqual(judged(exchange.answer(given.encode())), (True, "test"))

    def test_other_passwords_and_names_are_refused(self) -> None:
        """Any that differ at all, and the name has its case."""
        for message in (
            "\0bob\0",
            "\0bob\0s3cre",
            "\0bob\0s3cret ",
            "\0bob\0S3CRET",
            "\0Bob\0s3cret",
            "\0eve\0s3cret",
            "\0eve\0",
        ):
            accepted, _ = judged(say(make_exchange(), "PLAIN", message))
            self.assertFalse(accepted, message)

    def test_texts_are_utf_8(self) -> None:
        """Names and passwords alike."""
        step = say(make_exchange({"jürg": "pässwörd"}), "PLAIN", "\0jürg\0pässwörd")
        self.assertEqual(judged(step), (True, "jürg"))

    def test_any_name_goes_with_any_password(self) -> None:
        """Where no users are told; still nobody acts for another."""
        step = say(make_exchange(None), "PLAIN", "\0eve\0whatever")
        self.assertEqual(judged(step), (True, "eve"))
        step = say(make_exchange(None), "PLAIN", "bob\0eve\0whatever")
        self.assertEqual(judged(step), (False, "eve"))

    def test_a_malformed_message_is_501(self) -> None:
        """Whether or not any user will do."""
        for message in (
            b"",
            b"bob",
            b"\0bob",
            b"\0bob\0s3cret\0",
            b"\0\0bob\0s3cret",
            b"\0\0s3cret",
            b"\0b\xfcb\0s3cret",
            b"\0bob\0\xff",
            b"\xff\0bob\0s3cret",
            b"\0bob\r\nMAIL\0s3cret",
        ):
            for users in ({"bob": "s3cret"}, None):
                step = say(make_exchange(users), "PLAIN", message)
                self.assertEqual(step, replies.MALFORMED, message)

    def test_an_empty_initial_response(self) -> None:
        """``=`` is a message of no octets, and no challenge is sent for it."""
        self.assertEqual(make_exchange().begin(b"PLAIN ="), replies.MALFORMED)

    def test_the_client_of_the_standard_library(self) -> None:
        """It logs in with the right password and not with another."""
        client = MemorySMTP(make_exchange(), "PLAIN")
        self.assertEqual(client.login("bob", "s3cret")[0], 235)
        self.assertEqual(judged(client.steps[-1]), (True, "bob"))
        with self.assertRaises(SMTPAuthenticationError) as caught:
            client.login("bob", "wrong")
        self.assertEqual(caught.exception.smtp_code, 535)
        client.login("bob", "s3cret", initial_response_ok=False)
        self.assertEqual(client.steps[-2], replies.challenge(b""))

    def test_the_verdict_does_not_show_the_password(self) -> None:
        """Nor does the exchange, before and after."""
        exchange = make_exchange()
        exchange.begin(b"PLAIN")
        before = repr((exchange, vars(exchange)))
        step = exchange.answer(encode("\0bob\0s3cret"))
        self.assertNotIn("s3cret", before + repr((step, exchange, vars(exchange))))
