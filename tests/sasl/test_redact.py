"""Transcripts without passwords."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.sasl.exchange import redact
from mocksmtp.sasl.settings import Mechanism


class RedactTests(SynchronousTestCase):
    """`redact`"""

    def test_a_command_keeps_verb_and_mechanism(self) -> None:
        """As they were written."""
        for line, expected in (
            (b"AUTH PLAIN AGJvYgBzZWNyZXQ=", b"AUTH PLAIN ***"),
            (b"auth plain AGJvYgBzZWNyZXQ=", b"auth plain ***"),
            (b"AUTH  Scram-Sha-256 a b c", b"AUTH Scram-Sha-256 ***"),
            (b"AUTH NTLM TlRMTVNTUAAB", b"AUTH NTLM ***"),
            (b"AUTH PLAIN =", b"AUTH PLAIN ***"),
            (b"AUTH LOGIN", b"AUTH LOGIN"),
            (b"AUTH CRAM-MD5 ", b"AUTH CRAM-MD5"),
            (b"AUTH", b"AUTH"),
        ):
            self.assertEqual(redact(line), expected)

    def test_what_is_no_mechanism_may_be_a_password(self) -> None:
        """Where a client has left the mechanism out."""
        self.assertEqual(redact(b"AUTH AGJvYgBzZWNyZXQ="), b"AUTH ***")
        self.assertEqual(redact(b"AUTH s3cret PLAIN"), b"AUTH ***")

    def test_of_an_answer_nothing_is_left(self) -> None:
        """Whatever it looks like."""
        for line in (b"czNjcmV0", b"", b"=", b"s3cret", b"**", b"AUTH=", b" "):
            self.assertEqual(redact(line), b"***", line)

    def test_a_cancel_stays(self) -> None:
        """It is no secret."""
        self.assertEqual(redact(b"*"), b"*")

    @given(st.binary(), st.sampled_from(Mechanism))
    def test_no_initial_response_gets_through(
        self, response: bytes, mechanism: Mechanism
    ) -> None:
        """Whatever it is."""
        command = b"AUTH " + mechanism.value.encode()
        redacted = redact(command + b" " + response)
        self.assertIn(redacted, (command, command + b" ***"))
