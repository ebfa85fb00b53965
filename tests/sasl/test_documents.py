"""The documents of authentication."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.documents.problems import DocumentError
from mocksmtp.sasl.documents import HOST_AUTH, AuthFields, auth_fields
from mocksmtp.sasl.settings import AuthSettings, Mechanism
from tests.documents.refusals import refusal


def read(document: Any, known: AuthSettings | None = None) -> AuthSettings:
    """The settings that a document describes."""
    fields: AuthFields = HOST_AUTH.read(document)
    return fields.over(known)


class AuthTests(SynchronousTestCase):
    """`HOST_AUTH`"""

    def test_an_empty_document_takes_anybody(self) -> None:
        """By every mechanism, with TLS or without."""
        self.assertEqual(read({}), AuthSettings())
        self.assertEqual(read({}).mechanisms, tuple(Mechanism))
        self.assertIsNone(read({"users": "any"}).users)

    def test_everything_can_be_said(self) -> None:
        """Mechanisms are offered in the order that they are told in."""
        document = {
            "mechanisms": ["LOGIN", "SCRAM-SHA-256"],
            "users": {"bob": "a"},
            "requireTls": True,
            "required": True,
        }
        auth = read(document)
        mechanisms = (Mechanism.LOGIN, Mechanism.SCRAM_SHA_256)
        expected = AuthSettings(mechanisms, {"bob": "a"}, True, True)
        self.assertEqual(auth, expected)
        told = HOST_AUTH.write(auth_fields(auth))
        self.assertEqual(told, {**document, "users": {"bob": None}})

    def test_nobody_can_be_let_in(self) -> None:
        """No users are not any users."""
        auth = read({"users": {}})
        self.assertEqual(
            HOST_AUTH.write(auth_fields(auth)), {**MECHANISMS, "users": {}, **FLAGS}
        )
        told = HOST_AUTH.write(auth_fields(AuthSettings()))
        self.assertEqual(told, {**MECHANISMS, "users": "any", **FLAGS})
        self.assertIsNone(auth_fields(None))

    def test_a_password_that_is_not_told_stays(self) -> None:
        """Of a user that there is."""
        known = AuthSettings(users={"bob": "a", "eve": "b"})
        auth = read({"users": {"bob": None, "joe": "c"}}, known)
        self.assertEqual(dict(auth.users or {}), {"bob": "a", "joe": "c"})
        for other in None, AuthSettings(), AuthSettings(users={"eve": "b"}):
            document = {"users": {"bob": None}}
            error = self.assertRaises(DocumentError, read, document, other)
            message = "required, for there is no such user yet"
            self.assertEqual(str(error), f"$.auth.users.bob: {message}")

    def test_what_is_wrong_is_told_with_its_place(self) -> None:
        """And nothing that may be a password."""
        names = ", ".join(mechanism.value for mechanism in Mechanism)
        mechanisms = f"one of: {names}"
        for document, message in (
            ("any", "$: must be an object, got a string"),
            (
                {"mechanisms": []},
                "$.mechanisms: must not be empty",
            ),
            (
                {"mechanisms": ["PLAIN", "PLAIN"]},
                "$.mechanisms: contains PLAIN twice",
            ),
            (
                {"mechanisms": ["NTLM"]},
                f"$.mechanisms[0]: unknown mechanism 'NTLM'; {mechanisms}",
            ),
            (
                {"users": "secret"},
                '$.users: must be "any", or an object of passwords by name',
            ),
            (
                {"users": ["secret"]},
                '$.users: must be "any", or an object of passwords by name',
            ),
            (
                {"users": {"bob": ["secret"]}},
                "$.users.bob: must be a string, got an array",
            ),
            (
                {"users": {"": "secret"}},
                "$.users: a name must have 1 to 255 characters",
            ),
            (
                {"users": {"x" * 256: "secret"}},
                "$.users: a name must have 1 to 255 characters",
            ),
            (
                {"users": dict.fromkeys(map(str, range(10_001)), "secret")},
                "$.users: must have at most 10,000 users, got 10,001",
            ),
            (
                {"required": "yes"},
                "$.required: must be true or false, got the string 'yes'",
            ),
        ):
            self.assertEqual(refusal(HOST_AUTH, document), message)

    def test_scram_alone_needs_passwords(self) -> None:
        """With any password nothing would be offered; another mechanism is enough."""
        scram = ["SCRAM-SHA-1", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"]
        for users in {}, {"users": "any"}:
            for mechanisms in scram, scram[:1]:
                document = {"mechanisms": mechanisms, **users}
                error = self.assertRaises(DocumentError, read, document)
                self.assertEqual(
                    str(error),
                    "$.auth.mechanisms: SCRAM requires users with passwords;"
                    ' with users "any" add another mechanism',
                )
            read({"mechanisms": [*scram, "PLAIN"], **users})
        read({"mechanisms": scram, "users": {}})

    def test_passwords_are_not_shown(self) -> None:
        """Neither by what is read nor by what it makes."""
        fields = HOST_AUTH.read({"users": {"bob": "secret"}})
        self.assertNotIn("secret", repr(fields) + repr(fields.over(None)))


MECHANISMS = {"mechanisms": [mechanism.value for mechanism in Mechanism]}
FLAGS = {"requireTls": False, "required": False}
