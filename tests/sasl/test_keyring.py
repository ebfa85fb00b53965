"""What SCRAM knows of a user in place of the password."""

from __future__ import annotations

from base64 import b64decode, b64encode
from unittest.mock import patch

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.sasl import keyring
from mocksmtp.sasl.keyring import KEPT, Keyring, make_keys

SALT = b64decode("W22ZaJ0SNY7soEsUEjb6gQ==")
NONCE = r"rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0"
MESSAGE = (
    "n=user,r=rOprNGfwEbeRWgbNEkqO,"
    f"r={NONCE},s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096,c=biws,r={NONCE}"
).encode()
PROOF = b64decode("dHzbZapWIk4jUhN+Ute9ytag9zjfMHgsqmmiz7AndVQ=")


class KeysTests(SynchronousTestCase):
    """`Keys`, with the example of RFC 7677 §3"""

    def setUp(self) -> None:
        self.keys = make_keys("pencil", SALT)

    def test_a_proof(self) -> None:
        """It goes with its message, and with nothing else."""
        self.assertTrue(self.keys.is_proof(PROOF, MESSAGE))
        other = bytes([PROOF[0] ^ 1]) + PROOF[1:]
        for proof, message in (
            (other, MESSAGE),
            (PROOF, MESSAGE + b"x"),
            (PROOF[1:], MESSAGE),
            (PROOF + b"\0", MESSAGE),
            (b"", MESSAGE),
        ):
            self.assertFalse(self.keys.is_proof(proof, message))

    def test_the_signature_of_the_server(self) -> None:
        """By which the client knows that it has the password too."""
        self.assertEqual(
            b64encode(self.keys.sign(MESSAGE)),
            b"6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
        )

    def test_a_password_is_prepared(self) -> None:
        """The same one in another form has the same keys (RFC 5802 §2.2)."""
        self.assertEqual(make_keys("p\u00e4ss", SALT), make_keys("pa\u0308ss", SALT))
        self.assertNotEqual(make_keys("pass", SALT), make_keys("p\u00e4ss", SALT))

    def test_they_do_not_show(self) -> None:
        """Whoever has them can sign in."""
        self.assertEqual(repr(self.keys), "Keys()")


class KeyringTests(SynchronousTestCase):
    """`Keyring`"""

    def made(self, ring: Keyring, *names: tuple[str, str | None]) -> int:
        """How many keys had to be made for users with their passwords."""
        with patch.object(keyring, "make_keys", wraps=make_keys) as make:
            for user, password in names:
                ring.keys_of(user, password)
        return make.call_count

    def test_salts(self) -> None:
        """Each user has its own, and the same one always, for one secret."""
        ring = Keyring(b"1")
        self.assertEqual(ring.salt_of("bob"), Keyring(b"1").salt_of("bob"))
        self.assertNotEqual(ring.salt_of("bob"), ring.salt_of("eve"))
        self.assertNotEqual(ring.salt_of("bob"), Keyring(b"2").salt_of("bob"))
        self.assertEqual(len(ring.salt_of("bob")), 16)

    def test_keys_are_those_of_password_and_salt(self) -> None:
        """The second time too; a new password has new ones."""
        ring = Keyring(b"1")
        for password in ("a", "b", "a"):
            expected = make_keys(password, ring.salt_of("bob"))
            self.assertEqual(ring.keys_of("bob", password), expected)

    def test_keys_are_made_once(self) -> None:
        """For each user and password, known or not."""
        ring = Keyring(b"1")
        names = [("bob", "x"), ("eve", None), ("bob", "y")]
        self.assertEqual(self.made(ring, *names, *names), 3)

    def test_nobody_has_the_password_of_nobody(self) -> None:
        """It is another one for each name, and for each secret."""
        ring = Keyring(b"1")
        nobody = ring.keys_of("eve", None)
        self.assertNotEqual(nobody, ring.keys_of("eve", ""))
        self.assertNotEqual(nobody, ring.keys_of("mallory", None))
        self.assertNotEqual(nobody, Keyring(b"2").keys_of("eve", None))

    def test_those_used_last_are_kept(self) -> None:
        """However many names are tried."""
        self.patch(keyring, "ITERATIONS", 1)
        ring = Keyring(b"1")
        many = [(str(number), "x") for number in range(KEPT)]
        self.assertEqual(self.made(ring, *many), KEPT)
        self.assertEqual(self.made(ring, ("0", "x"), ("more", "x")), 1)
        self.assertEqual(self.made(ring, ("0", "x")), 0)
        self.assertEqual(self.made(ring, ("1", "x")), 1)

    def test_it_does_not_show(self) -> None:
        """Neither its secret, nor passwords."""
        ring = Keyring(b"s3cret")
        ring.keys_of("bob", "passw0rd")
        self.assertNotIn("s3cret", repr(ring))
        self.assertNotIn("passw0rd", repr(ring))
