"""SCRAM (RFC 5802, RFC 7677), with the client of scramp."""

from __future__ import annotations

import contextlib
from base64 import b64decode, b64encode
from collections.abc import Mapping
from unittest.mock import patch

from hypothesis import given
from hypothesis import strategies as st
from scramp import ScramClient, ScramException, ScramMechanism
from scramp.utils import saslprep
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.sasl import dialogue as replies
from mocksmtp.sasl import scram
from mocksmtp.sasl.dialogue import AuthContext, Step
from mocksmtp.sasl.exchange import AuthExchange
from mocksmtp.sasl.settings import Mechanism
from tests.sasl.dialogue import (
    BOB,
    challenge_of,
    encode,
    judged,
    make_exchange,
    say,
)

OURS = b64encode(bytes(range(18))).decode()
"""The server's part of the nonce."""
END_POINT = ("tls-server-end-point", b"hash")
PLUS = "SCRAM-SHA-256-PLUS"


class Client(ScramClient):  # type: ignore[misc]
    """
    The client of scramp.

    :param header: the GS2 header in place of its own
    """

    def __init__(
        self,
        mechanism: str = "SCRAM-SHA-256",
        user: str = "bob",
        password: str = "s3cret",
        binding: tuple[str, bytes] | None = None,
        header: str | None = None,
    ) -> None:
        super().__init__([mechanism], user, password, binding, "abc")
        self.given = str(self.gs2_header) if header is None else header
        if header is not None:
            self.gs2_header = scram._Gs2Header(header)

    def first(self) -> str:
        """Its first message."""
        self.get_client_first()
        return f"{self.given}{self.client_first_bare}"

    def final(self, server_first: bytes) -> str:
        """Its answer to the server's challenge."""
        self.set_server_first(server_first.decode())
        final: str = self.get_client_final()
        return final

    def begin(self, exchange: AuthExchange) -> Step:
        """Send the first message."""
        command = f"AUTH {self.mechanism_name} ".encode()[5:]
        return exchange.begin(command + encode(self.first()))

    def talk(self, exchange: AuthExchange) -> Step:
        """The dialogue to its end; raises where the server's signature is wrong."""
        step = self.begin(exchange)
        if getattr(step, "code", 0) != 334:
            return step
        step = exchange.answer(encode(self.final(challenge_of(step))))
        if getattr(step, "code", 0) != 334:
            return step
        self.set_server_final(challenge_of(step).decode())
        return exchange.answer(b"")


def talk(users: Mapping[str, str] = BOB, **client: object) -> Step:
    """What a client gets in clear."""
    return Client(**client).talk(make_exchange(users))  # type: ignore[arg-type]


class ScramTests(SynchronousTestCase):
    """`scram`, in clear."""

    def test_the_examples_of_the_rfcs(self) -> None:
        """RFC 5802 §5 and RFC 7677 §3, message by message."""
        for mechanism, salt, theirs, ours, proof, signature in (
            (
                Mechanism.SCRAM_SHA_1,
                "QSXCR+Q6sek8bf92",
                "fyko+d2lbbFgONRv9qkxdawL",
                "3rfcNHYJY1ZVvWVs7j",
                "v0X8v3Bz2T0CJGbJQyF0X+HI4Ts=",
                "rmF9pqV8S7suAoZWja4dJRkFsKQ=",
            ),
            (
                Mechanism.SCRAM_SHA_256,
                "W22ZaJ0SNY7soEsUEjb6gQ==",
                "rOprNGfwEbeRWgbNEkqO",
                "%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0",
                "dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=",
                "6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
            ),
        ):
            info = ScramMechanism(mechanism.value).make_auth_info(
                "pencil", 4096, b64decode(salt)
            )
            self.patch(scram, "_auth_info", lambda *_, info=info: info)
            self.patch(scram, "b64encode", lambda _, ours=ours: ours.encode())
            context = AuthContext({"user": "pencil"}, "", bytes, lambda: 0.0, b"")
            dialogue = scram.scram(mechanism, context)
            self.assertEqual(next(dialogue), b"")
            self.assertEqual(
                dialogue.send(f"n,,n=user,r={theirs}".encode()),
                f"r={theirs}{ours},s={salt},i=4096".encode(),
            )
            self.assertEqual(
                dialogue.send(f"c=biws,r={theirs}{ours},p={proof}".encode()),
                f"v={signature}".encode(),
            )
            with self.assertRaises(StopIteration) as ended:
                dialogue.send(b"")
            self.assertEqual(judged(ended.exception.value), (True, "user"))

    def test_a_client_with_the_password(self) -> None:
        """It sees that the server knows it too, and then gets 235."""
        for mechanism in (Mechanism.SCRAM_SHA_1, Mechanism.SCRAM_SHA_256):
            step = talk(mechanism=mechanism.value)
            self.assertEqual(judged(step), (True, "bob"))
            self.assertEqual(step.mechanism, mechanism)

    def test_wrong_password_and_unknown_user(self) -> None:
        """Nothing differs before the verdict."""
        for user, password in (("bob", "wrong"), ("eve", "s3cret"), ("eve", "x")):
            step = talk(user=user, password=password)
            self.assertEqual(judged(step), (False, user))

    def test_an_unknown_user_has_no_password(self) -> None:
        """Even if a client finds the one of its keys."""
        info = ScramMechanism().make_auth_info("s3cret", 4096, b"x" * 16)
        self.patch(scram, "_auth_info", lambda *_: info)
        self.assertEqual(judged(talk(user="eve")), (False, "eve"))
        self.assertEqual(judged(talk()), (True, "bob"))

    def test_a_user_has_one_salt(self) -> None:
        """In every exchange with one secret, whether or not the user exists."""

        def first(user: str, secret: bytes, mechanism: str = "SCRAM-SHA-256") -> bytes:
            step = Client(mechanism, user).begin(make_exchange(secret=secret))
            return challenge_of(step)

        for user in ("bob", "eve"):
            self.assertEqual(first(user, b"1"), first(user, b"1"))
            self.assertNotEqual(first(user, b"1"), first(user, b"2"))
            self.assertIn(b",i=4096", first(user, b"1", "SCRAM-SHA-1"))
        self.assertNotEqual(first("bob", b"1"), first("eve", b"1"))

    def test_the_nonce_is_of_both(self) -> None:
        """The client's, then the server's."""
        step = say(make_exchange(), "SCRAM-SHA-256", "n,,n=bob,r=abc")
        self.assertTrue(challenge_of(step).startswith(f"r=abc{OURS},s=".encode()))

    def test_keys_are_made_once(self) -> None:
        """A second exchange of a user costs no PBKDF2, which takes 1 to 2 ms."""
        scram._auth_info.cache_clear()
        self.addCleanup(scram._auth_info.cache_clear)
        made = ScramMechanism.make_auth_info
        with patch.object(ScramMechanism, "make_auth_info", autospec=True) as make:
            make.side_effect = made
            for user in ("bob", "eve", "bob", "eve"):
                Client(user=user).begin(make_exchange())
        self.assertEqual([call.args[2] for call in make.call_args_list], [4096] * 2)

    def test_the_cache_of_keys_is_bounded(self) -> None:
        """However many names are tried."""
        self.assertEqual(scram._auth_info.cache_info().maxsize, 256)

    def test_names_with_comma_and_equals_sign(self) -> None:
        """They are written ``=2C`` and ``=3D`` (RFC 5802 §5.1)."""
        step = talk({"b,o=,b": "s3cret"}, user="b,o=,b")
        self.assertEqual(judged(step), (True, "b,o=,b"))

    def test_names_and_passwords_in_another_form(self) -> None:
        """Both are prepared by SASLprep (RFC 5802 §5.1); the user is the known one."""
        for known, user in (("j\u00fcrg", "ju\u0308rg"), ("ju\u0308rg", "j\u00fcrg")):
            users = {"\U0001f600": "x", known: "p\u00e4ss"}
            step = talk(users, user=user, password="pa\u0308ss")
            self.assertEqual(judged(step), (True, known))

    @given(st.text())
    def test_names_are_compared_as_scramp_prepares_them(self, name: str) -> None:
        """Where scramp accepts them."""
        with contextlib.suppress(ScramException):
            self.assertEqual(scram._prepared(name), saslprep(name))

    def test_every_character_of_a_name(self) -> None:
        """Removed, a space, or in the form that scramp gives it."""
        for code in range(0x80, 0x30000):
            with contextlib.suppress(ScramException):
                self.assertEqual(scram._prepared(chr(code)), saslprep(chr(code)))

    def test_a_password_that_saslprep_prohibits(self) -> None:
        """No client can prove that it knows it."""
        self.assertRaises(ScramException, Client, password="\U0001f600")
        step = talk({"bob": "\U0001f600"}, password="x")
        self.assertEqual(judged(step), (False, "bob"))

    def test_headers_without_channel_binding(self) -> None:
        """``n``, and ``y`` of a client that could, for itself and no other."""
        for header, accepted in (
            ("n,,", True),
            ("y,,", True),
            ("n,a=bob,", True),
            ("y,a=bob,", True),
            ("n,a=eve,", False),
        ):
            self.assertEqual(judged(talk(header=header)), (accepted, "bob"))

    def test_the_header_must_come_again(self) -> None:
        """Otherwise somebody in between has changed it (RFC 5802 §6)."""
        client = Client(header="n,,")
        client.gs2_header = scram._Gs2Header("y,,")
        self.assertEqual(judged(client.talk(make_exchange())), (False, "bob"))

    def test_channel_binding_is_refused(self) -> None:
        """It has a mechanism of its own."""
        for end_point in (None, b"hash"):
            for mechanism in ("SCRAM-SHA-1", "SCRAM-SHA-256"):
                exchange = make_exchange(end_point=end_point)
                given = "p=tls-server-end-point,,n=bob,r=abc"
                step = say(exchange, mechanism, given)
                self.assertEqual(step, replies.NO_CHANNEL_BINDING)

    def test_another_nonce(self) -> None:
        """A proof over another challenge than the one given is none."""
        for nonce in ("abcanother", f"abc{OURS}x"):
            exchange, client = make_exchange(), Client()
            step = client.begin(exchange)
            other = challenge_of(step).replace(f"abc{OURS}".encode(), nonce.encode())
            step = exchange.answer(encode(client.final(other)))
            self.assertEqual(judged(step), (False, "bob"))

    def test_extensions_that_may_be_ignored(self) -> None:
        """They count for the proof, and for nothing else (RFC 5802 §5.1)."""
        exchange = make_exchange()
        step = say(exchange, "SCRAM-SHA-256", "n,,n=bob,r=abc,x=1,y=2=3")
        self.assertIn(b"r=abc", challenge_of(step))

    def test_the_first_message_malformed(self) -> None:
        """501, before a user is looked up."""
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
            b"n,,n=\xc2\xad,r=abc",
            "n,,n=\U0001f600,r=abc".encode(),
        ):
            step = say(make_exchange(), "SCRAM-SHA-256", message)
            self.assertEqual(step, replies.MALFORMED, message)

    def test_the_final_message_malformed(self) -> None:
        """501, whoever sends it."""
        proof = encode(b"x" * 32).decode()
        nonce = f"abc{OURS}"
        for message in (
            "",
            f"c=biws,r={nonce}",
            f"r={nonce},p={proof}",
            f"c=biws,p={proof}",
            f"c=,r={nonce},p={proof}",
            f"c=biw,r={nonce},p={proof}",
            f"r={nonce},c=biws,p={proof}",
            f"c=biws,r={nonce},p=",
            f"c=biws,r={nonce},p=====",
            f"c=biws,r={nonce},p={proof},x=1",
            f"c=biws,r={nonce},p={proof},p={proof}",
            b"c=biws,r=\xff,p=AAAA",
        ):
            step = say(make_exchange(), "SCRAM-SHA-256", Client().first(), message)
            self.assertEqual(step, replies.MALFORMED, message)

    def test_a_proof_of_another_length(self) -> None:
        """Is well-formed, and wrong."""
        message = f"c=biws,r=abc{OURS},p=AAAA"
        step = say(make_exchange(), "SCRAM-SHA-256", Client().first(), message)
        self.assertEqual(judged(step), (False, "bob"))

    def test_the_server_has_the_last_message(self) -> None:
        """The client can only answer nothing, or cancel."""
        for line, expected in (
            (encode("x"), replies.MALFORMED),
            (b"*", replies.CANCELLED),
        ):
            exchange, client = make_exchange(), Client()
            step = client.begin(exchange)
            exchange.answer(encode(client.final(challenge_of(step))))
            self.assertEqual(exchange.answer(line), expected)

    def test_without_an_initial_response(self) -> None:
        """An empty challenge asks for it."""
        exchange, client = make_exchange(), Client()
        self.assertEqual(exchange.begin(b"SCRAM-SHA-256"), replies.challenge(b""))
        step = exchange.answer(encode(client.first()))
        step = exchange.answer(encode(client.final(challenge_of(step))))
        client.set_server_final(challenge_of(step).decode())


class BindingTests(SynchronousTestCase):
    """`scram` under TLS, where SCRAM-SHA-256-PLUS is offered."""

    def talk(self, *mechanisms: Mechanism, **client: object) -> Step:
        exchange = make_exchange(BOB, *mechanisms, end_point=b"hash")
        return Client(**client).talk(exchange)  # type: ignore[arg-type]

    def test_a_client_that_sees_our_certificate(self) -> None:
        """It is accepted with its password, for itself."""
        for header, expected in ((None, True), ("a=bob", True), ("a=eve", False)):
            header = header and f"p={END_POINT[0]},{header},"
            step = self.talk(mechanism=PLUS, binding=END_POINT, header=header)
            self.assertEqual(judged(step), (expected, "bob"))
            self.assertEqual(step.mechanism, Mechanism.SCRAM_SHA_256_PLUS)
        step = self.talk(mechanism=PLUS, binding=END_POINT, password="x")
        self.assertEqual(judged(step), (False, "bob"))

    def test_a_client_that_sees_another_certificate(self) -> None:
        """Somebody is in between."""
        step = self.talk(mechanism=PLUS, binding=(END_POINT[0], b"other"))
        self.assertEqual(judged(step), (False, "bob"))

    def test_another_type_of_binding(self) -> None:
        """501 names the one that is supported."""
        for kind in ("tls-exporter", "tls-unique", "tls-new"):
            exchange = make_exchange(end_point=b"hash")
            step = say(exchange, PLUS, f"p={kind},,n=bob,r=abc")
            self.assertEqual(step, scram.WRONG_BINDING)

    def test_plus_without_binding(self) -> None:
        """501: the mechanism is there for it."""
        for header in ("n,,", "y,,"):
            exchange = make_exchange(end_point=b"hash")
            step = say(exchange, PLUS, f"{header}n=bob,r=abc")
            self.assertEqual(step, scram.NEEDS_BINDING)

    def test_a_client_from_which_plus_was_hidden(self) -> None:
        """``y`` says that it was not offered, which is a lie (RFC 5802 §6)."""
        for mechanism in ("SCRAM-SHA-1", "SCRAM-SHA-256"):
            step = self.talk(mechanism=mechanism, header="y,,")
            self.assertEqual(step, replies.INVALID_CREDENTIALS)
            step = self.talk(mechanism=mechanism, header="n,,")
            self.assertEqual(judged(step), (True, "bob"))

    def test_plus_is_not_listed(self) -> None:
        """Then ``y`` is the truth."""
        step = self.talk(Mechanism.SCRAM_SHA_256, header="y,,")
        self.assertEqual(judged(step), (True, "bob"))
