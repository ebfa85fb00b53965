"""SCRAM-SHA-256 (RFC 5802, RFC 7677)."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Mapping

import attrs
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.model.auth import Mechanism
from mocksmtp.sasl import replies, scram
from mocksmtp.sasl.keyring import Keyring, Keys, make_keys
from mocksmtp.sasl.steps import Step
from tests.sasl.dialogue import (
    BOB,
    challenge_of,
    encode,
    judged,
    make_exchange,
    say,
)
from tests.sasl.test_keyring import NONCE, PROOF, SALT

OURS = b64encode(bytes(range(18))).decode()
"""The server's part of the nonce, where chance is always the same."""


@attrs.define
class Client:
    """A client, written after RFC 5802 §3; it takes what it is told to say."""

    password: str = "s3cret"
    user: str = "bob"
    header: str = "n,,"
    binding: str | None = None
    server_key: bytes = b""
    exchanged: bytes = b""

    @property
    def bare(self) -> str:
        return f"n={self.user},r=abc"

    def first(self) -> str:
        return self.header + self.bare

    def final(
        self, server_first: bytes, extra: str = "", nonce: str | None = None
    ) -> str:
        """The proof that goes with the server's challenge."""
        parts = dict(part.split("=", 1) for part in server_first.decode().split(","))
        salted = hashlib.pbkdf2_hmac(
            "sha256", self.password.encode(), b64decode(parts["s"]), int(parts["i"])
        )
        key = hmac.digest(salted, b"Client Key", "sha256")
        self.server_key = hmac.digest(salted, b"Server Key", "sha256")
        bound = encode(self.header if self.binding is None else self.binding)
        bare = f"c={bound.decode()},r={nonce or parts['r']}{extra}"
        self.exchanged = f"{self.bare},{server_first.decode()},{bare}".encode()
        stored = hashlib.sha256(key).digest()
        signature = hmac.digest(stored, self.exchanged, "sha256")
        proof = bytes(a ^ b for a, b in zip(key, signature, strict=True))
        return f"{bare},p={encode(proof).decode()}"

    def expected(self) -> bytes:
        """What the server must say that has the password."""
        signature = hmac.digest(self.server_key, self.exchanged, "sha256")
        return b"v=" + encode(signature)

    def talk(self, users: Mapping[str, str] = BOB) -> Step:
        """The dialogue up to its end; the server's signature is checked."""
        exchange = make_exchange(users)
        step = exchange.begin(b"SCRAM-SHA-256 " + encode(self.first()))
        step = exchange.answer(encode(self.final(challenge_of(step))))
        if getattr(step, "code", 0) != 334:
            return step
        assert challenge_of(step) == self.expected()
        return exchange.answer(b"")


class OneSalt(Keyring):
    """One salt for all."""

    def salt_of(self, user: str) -> bytes:
        return SALT


class OneKey(OneSalt):
    """One password for all, known or not."""

    def keys_of(self, user: str, password: str | None) -> Keys:
        return make_keys("s3cret", SALT)


class ScramTests(SynchronousTestCase):
    """`scram`"""

    def test_the_example_of_the_rfc(self) -> None:
        """RFC 7677 §3, message by message."""
        theirs, ours = NONCE[:20], NONCE[20:]
        dialogue = scram.dialogue({"user": "pencil"}, OneSalt(b""), ours.encode())
        self.assertEqual(next(dialogue), b"")
        self.assertEqual(
            dialogue.send(f"n,,n=user,r={theirs}".encode()),
            f"r={NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096".encode(),
        )
        proof = encode(PROOF).decode()
        self.assertEqual(
            dialogue.send(f"c=biws,r={NONCE},p={proof}".encode()),
            b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        )
        with self.assertRaises(StopIteration) as ended:
            dialogue.send(b"")
        self.assertEqual(judged(ended.exception.value), (True, "user"))

    def test_a_client_with_the_password(self) -> None:
        """It sees that the server has it too, and then is told 235."""
        step = Client().talk()
        self.assertEqual(judged(step), (True, "bob"))
        self.assertEqual(step.mechanism, Mechanism.SCRAM_SHA_256)

    def test_wrong_password_and_unknown_user(self) -> None:
        """They are told apart by nothing before the end."""
        self.assertEqual(judged(Client("wrong").talk()), (False, "bob"))
        self.assertEqual(judged(Client(user="eve").talk()), (False, "eve"))
        self.assertEqual(judged(Client("", "eve").talk()), (False, "eve"))

    def test_an_unknown_user_has_no_password(self) -> None:
        """Even where one could be found that makes the right keys."""
        exchange = make_exchange(keyring=OneKey(b""))
        client = Client(user="eve")
        first = challenge_of(exchange.begin(b"SCRAM-SHA-256 " + encode(client.first())))
        step = exchange.answer(encode(client.final(first)))
        self.assertEqual(judged(step), (False, "eve"))

    def test_a_user_has_one_salt(self) -> None:
        """With a keyring that lasts, in every exchange, be there such a user or not."""
        ring = Keyring(b"1")
        for user in ("bob", "eve"):
            first, second = (
                challenge_of(
                    say(
                        make_exchange(keyring=ring),
                        "SCRAM-SHA-256",
                        Client(user=user).first(),
                    )
                )
                for _ in range(2)
            )
            self.assertEqual(first, second)
            self.assertIn(b",s=" + encode(ring.salt_of(user)) + b",i=4096", first)

    def test_the_nonce_is_of_both(self) -> None:
        """The client's, then the server's."""
        step = say(make_exchange(), "SCRAM-SHA-256", "n,,n=bob,r=abc")
        self.assertTrue(challenge_of(step).startswith(f"r=abc{OURS},s=".encode()))

    def test_names_with_comma_and_equals_sign(self) -> None:
        """They are written ``=2C`` and ``=3D`` (RFC 5802 §5.1)."""
        step = Client(user="b=2Co=3D=2Cb").talk({"b,o=,b": "s3cret"})
        self.assertEqual(judged(step), (True, "b,o=,b"))

    def test_a_name_in_another_form(self) -> None:
        """Is found under its prepared form (RFC 5802 §5.1)."""
        for header in ("n,,", "n,a=ju\u0308rg,"):
            client = Client(user="ju\u0308rg", header=header)
            step = client.talk({"j\u00fcrg": "s3cret"})
            self.assertEqual(judged(step), (True, "ju\u0308rg"))

    def test_headers_without_channel_binding(self) -> None:
        """``n``, and ``y`` of a client that could, for itself and no other."""
        for header, accepted in (
            ("n,,", True),
            ("y,,", True),
            ("n,a=bob,", True),
            ("y,a=bob,", True),
            ("n,a=eve,", False),
        ):
            self.assertEqual(judged(Client(header=header).talk()), (accepted, "bob"))

    def test_the_header_must_come_again(self) -> None:
        """Else somebody in between has changed it (RFC 5802 §6)."""
        step = Client(header="n,,", binding="y,,").talk()
        self.assertEqual(judged(step), (False, "bob"))

    def test_channel_binding_is_refused(self) -> None:
        """It is not supported, and no mechanism is offered that says so."""
        message = "p=tls-exporter,,n=bob,r=abc"
        step = say(make_exchange(), "SCRAM-SHA-256", message)
        self.assertEqual(step, replies.NO_CHANNEL_BINDING)

    def test_another_nonce(self) -> None:
        """A proof over another challenge than the one given is none."""
        exchange, client = make_exchange(), Client()
        step = exchange.begin(b"SCRAM-SHA-256 " + encode(client.first()))
        other = challenge_of(step).replace(OURS.encode(), b"another")
        step = exchange.answer(encode(client.final(other)))
        self.assertEqual(judged(step), (False, "bob"))

    def test_a_proof_that_lacks_only_the_nonce(self) -> None:
        """It is over the right challenge, and still the nonce must come again."""
        exchange, client = make_exchange(), Client()
        first = challenge_of(exchange.begin(b"SCRAM-SHA-256 " + encode(client.first())))
        for nonce in ("abc", "x", f"abc{OURS}x"):
            step = exchange.answer(encode(client.final(first, nonce=nonce)))
            self.assertEqual(judged(step), (False, "bob"))
            exchange.begin(b"SCRAM-SHA-256 " + encode(client.first()))

    def test_extensions_that_need_not_be_known(self) -> None:
        """They count for the proof, and for nothing else (RFC 5802 §5.1)."""
        exchange, client = make_exchange(), Client(user="bob")
        first = challenge_of(exchange.begin(b"SCRAM-SHA-256 " + encode(client.first())))
        step = exchange.answer(encode(client.final(first, ",x=1,y=2=3")))
        self.assertEqual(challenge_of(step), client.expected())

    def test_the_first_message_malformed(self) -> None:
        """501, before anything is looked up."""
        for message in (
            b"",
            b"n,,",
            b"n,n=bob,r=abc",
            b"n=bob,r=abc",
            b"x,,n=bob,r=abc",
            b"p=,,n=bob,r=abc",
            b"n,bob,n=bob,r=abc",
            b"n,a=,n=bob,r=abc",
            b"n,,n=,r=abc",
            b"n,,n=bob,r=",
            b"n,,n=bob,r=a c",
            b"n,,r=abc,n=bob",
            b"n,,m=1,n=bob,r=abc",
            b"n,,n=b=b,r=abc",
            b"n,,n=b=2cb,r=abc",
            b"n,,n=b\xfcb,r=abc",
            b"n,,n=bob,r=abc,",
            b"n,,n=bob,r=abc,1=2",
            b"n,,n=bob\n,r=abc",
        ):
            step = say(make_exchange(), "SCRAM-SHA-256", message)
            self.assertEqual(step, replies.MALFORMED, message)

    def test_the_final_message_malformed(self) -> None:
        """501, whoever sends it."""
        proof = encode(PROOF).decode()
        for message in (
            "",
            f"c=biws,r=abc{OURS}",
            f"r=abc{OURS},p={proof}",
            f"c=biws,p={proof}",
            f"c=,r=abc,p={proof}",
            f"c=biw,r=abc,p={proof}",
            f"r=abc,c=biws,p={proof}",
            "c=biws,r=abc,p=",
            "c=biws,r=abc,p=====",
            f"c=biws,r=abc,p={proof},x=1",
            f"c=biws,r=abc,p={proof},p={proof}",
        ):
            step = say(make_exchange(), "SCRAM-SHA-256", Client().first(), message)
            self.assertEqual(step, replies.MALFORMED, message)

    def test_a_proof_of_another_length(self) -> None:
        """Is well-formed, and wrong."""
        message = f"c=biws,r=abc{OURS},p=AAAA"
        step = say(make_exchange(), "SCRAM-SHA-256", Client().first(), message)
        self.assertEqual(judged(step), (False, "bob"))

    def test_the_server_has_the_last_message(self) -> None:
        """The client can only say nothing, or that it does not believe it."""
        for line, expected in (
            (encode("x"), replies.MALFORMED),
            (b"*", replies.CANCELLED),
        ):
            exchange, client = make_exchange(), Client()
            step = exchange.begin(b"SCRAM-SHA-256 " + encode(client.first()))
            exchange.answer(encode(client.final(challenge_of(step))))
            self.assertEqual(exchange.answer(line), expected)

    def test_without_an_initial_response(self) -> None:
        """An empty challenge asks for it."""
        exchange, client = make_exchange(), Client()
        self.assertEqual(exchange.begin(b"SCRAM-SHA-256"), replies.challenge(b""))
        step = exchange.answer(encode(client.first()))
        step = exchange.answer(encode(client.final(challenge_of(step))))
        self.assertEqual(challenge_of(step), client.expected())

    def test_a_proof_does_not_show(self) -> None:
        """From it and the stored key the client's key can be had."""
        final = scram.parse_final(b"c=biws,r=abc,p=" + encode(PROOF))
        self.assertEqual(final.proof, PROOF)
        self.assertNotIn("proof", repr(final))
