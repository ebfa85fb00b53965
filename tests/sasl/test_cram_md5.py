"""CRAM-MD5 (RFC 2195)."""

from __future__ import annotations

import hmac
from smtplib import SMTPAuthenticationError

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.sasl import dialogue as replies
from mocksmtp.sasl.dialogue import AuthContext, Step
from mocksmtp.sasl.mechanisms import cram_md5
from mocksmtp.sasl.settings import Mechanism
from tests.sasl.dialogue import (
    MemorySMTP,
    challenge_of,
    encode,
    judged,
    make_exchange,
    say,
)


def digest(password: str, challenge: bytes) -> str:
    return hmac.new(password.encode(), challenge, "md5").hexdigest()


class CramMD5Tests(SynchronousTestCase):
    """`cram_md5`"""

    def test_the_example_of_the_rfc(self) -> None:
        """RFC 2195 §2."""
        challenge = b"<1896.697170952@postoffice.reston.mci.net>"
        dialogue = cram_md5(
            AuthContext(
                {"tim": "tanstaaftanstaaf"},
                "postoffice.reston.mci.net",
                lambda count: (1896).to_bytes(count, "big"),
                lambda: 697170952.5,
                b"",
            )
        )
        self.assertEqual(next(dialogue), challenge)
        with self.assertRaises(StopIteration) as ended:
            dialogue.send(b"tim b913a602c7eda7a495b4e6e7334d3890")
        self.assertEqual(judged(ended.exception.value), (True, "tim"))

    def answered(self, user: str, password: str, known: object = "s3cret") -> Step:
        """How a response to the challenge ends."""
        users = None if known is None else {"bob": "s3cret", "bob smith": "s3cret"}
        exchange = make_exchange(users)
        challenge = challenge_of(exchange.begin(b"CRAM-MD5"))
        return exchange.answer(encode(f"{user} {digest(password, challenge)}"))

    def test_right_and_wrong_passwords(self) -> None:
        """A name may have a space in it."""
        for user, password, accepted in (
            ("bob", "s3cret", True),
            ("bob smith", "s3cret", True),
            ("bob", "wrong", False),
            ("eve", "s3cret", False),
            ("eve", "", False),
        ):
            self.assertEqual(judged(self.answered(user, password)), (accepted, user))

    def test_any_name_goes_with_any_digest(self) -> None:
        """Where no users are told, no password can be checked."""
        self.assertEqual(judged(self.answered("eve", "x", None)), (True, "eve"))

    def test_a_digest_is_good_for_its_challenge_only(self) -> None:
        """An old one does not come again in another exchange."""
        old = f"bob {digest('s3cret', b'<1.7@mx.test>')}"
        self.assertEqual(judged(say(make_exchange(), "CRAM-MD5", old)), (False, "bob"))

    def test_the_challenge_has_chance_time_and_host(self) -> None:
        """So that it is like no other (RFC 2195 §2)."""
        step = make_exchange().begin(b"CRAM-MD5")
        self.assertEqual(challenge_of(step), b"<283686952306183.7@mx.test>")

    def test_an_initial_response_is_refused(self) -> None:
        """The server begins (RFC 4954 §4); that ends the exchange."""
        for given in (b"CRAM-MD5 =", b"CRAM-MD5 Ym9i", b"CRAM-MD5 ?"):
            exchange = make_exchange()
            self.assertEqual(exchange.begin(given), replies.NO_INITIAL_RESPONSE)
            self.assertEqual(exchange.answer(b""), replies.NO_EXCHANGE)

    def test_malformed_responses_are_501(self) -> None:
        """Without a name, without a digest, or with a digest that is none."""
        full = "0" * 32
        for response in (
            "",
            "bob",
            "bob ",
            full,
            f" {full}",
            f"bob{full}",
            f"bob {full}0",
            f"bob {full[1:]}",
            f"bob {full[1:]}g",
            f"bob {full} ",
            f"bo\nb {full}",
            b"b\xfcb " + full.encode(),
        ):
            for users in (None, {"bob": "s3cret"}):
                step = say(make_exchange(users), "CRAM-MD5", response)
                self.assertEqual(step, replies.MALFORMED, response)

    def test_the_client_of_the_standard_library(self) -> None:
        """It logs in with the right password and not with another."""
        client = MemorySMTP(make_exchange(), "CRAM-MD5")
        self.assertEqual(client.login("bob", "s3cret")[0], 235)
        step = client.steps[-1]
        self.assertEqual(judged(step), (True, "bob"))
        self.assertEqual(step.mechanism, Mechanism.CRAM_MD5)
        with self.assertRaises(SMTPAuthenticationError):
            client.login("bob", "wrong")
