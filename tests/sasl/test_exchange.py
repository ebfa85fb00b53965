"""The exchange that AUTH begins (RFC 4954 §4)."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.grammar.reply import AUTH_SYNTAX, Reply
from mocksmtp.sasl import dialogue as replies
from mocksmtp.sasl.dialogue import AuthResult, Step
from mocksmtp.sasl.exchange import RESPONSE_LIMIT
from mocksmtp.sasl.settings import Mechanism
from tests.sasl.dialogue import BOB, encode, judged, make_exchange, say

CODES = {235, 334, 500, 501, 503, 504, 535}

NAMES = st.sampled_from([one.value.encode() for one in Mechanism])
RESPONSES = st.one_of(
    st.binary(max_size=40),
    st.binary(max_size=40).map(encode),
    st.sampled_from(
        [
            b"",
            b"=",
            b"*",
            encode("bob"),
            encode("\0bob\0s3cret"),
            encode("user=bob\x01auth=Bearer old\x01\x01"),
            encode("n,a=bob,\x01auth=Bearer old\x01\x01"),
            encode("bob " + "0" * 32),
            encode("n,,n=bob,r=abc"),
            encode("c=biws,r=abc,p=AAAA"),
            b"A" * (RESPONSE_LIMIT + 1),
        ]
    ),
)


def code_of(step: Step) -> int:
    return (step.reply if isinstance(step, AuthResult) else step).code


class BeginTests(SynchronousTestCase):
    """`Exchange.begin`"""

    def test_a_mechanism_is_named_in_any_case(self) -> None:
        """With any space around it."""
        for argument in (b"PLAIN", b"plain", b" Plain  "):
            step = make_exchange().begin(argument)
            self.assertEqual(step, replies.challenge(b""), argument)

    def test_a_mechanism_that_is_not_offered(self) -> None:
        """Not known, or known and not offered here: 504 for both."""
        exchange = make_exchange(BOB, Mechanism.LOGIN)
        for argument in (b"GSSAPI", b"PLAIN", b"PLAIN =", b"\xff", b"LOGIN\0"):
            step = exchange.begin(argument)
            self.assertEqual(step, replies.MECHANISM_NOT_OFFERED, argument)
        self.assertEqual(exchange.begin(b"LOGIN"), replies.challenge(b"Username:"))

    def test_scram_is_not_offered_with_any_password(self) -> None:
        """The server could not show that it knows it; what is offered says the same."""
        for name in (b"SCRAM-SHA-1", b"SCRAM-SHA-256", b"SCRAM-SHA-256-PLUS"):
            step = make_exchange(None, end_point=b"hash").begin(name)
            self.assertEqual(step, replies.MECHANISM_NOT_OFFERED)
            self.assertEqual(make_exchange(end_point=b"hash").begin(name).code, 334)

    def test_channel_binding_needs_tls(self) -> None:
        """SCRAM-SHA-256-PLUS is 504 in clear."""
        step = make_exchange().begin(b"SCRAM-SHA-256-PLUS")
        self.assertEqual(step, replies.MECHANISM_NOT_OFFERED)

    def test_syntax(self) -> None:
        """A mechanism, an initial response or none, and nothing more."""
        for argument in (b"", b"  ", b"PLAIN AAAA AAAA", b"GSSAPI a b"):
            step = make_exchange().begin(argument)
            self.assertEqual(step, AUTH_SYNTAX, argument)

    def test_an_initial_response_that_is_not_base64(self) -> None:
        """For every mechanism that takes one."""
        for mechanism in set(Mechanism) - {Mechanism.CRAM_MD5}:
            for response in (b"?", b"AAA", b"=AAA", b"==", b"AAA=BBB", b"*"):
                command = mechanism.value.encode() + b" " + response
                step = make_exchange(end_point=b"hash").begin(command)
                self.assertEqual(step, replies.NOT_BASE64, response)

    def test_a_line_that_is_too_long(self) -> None:
        """It is not looked at."""
        argument = b"PLAIN ".ljust(RESPONSE_LIMIT + 1, b"A")
        step = make_exchange().begin(argument)
        self.assertEqual(step, replies.EXCHANGE_LINE_TOO_LONG)
        self.assertNotEqual(make_exchange().begin(argument[:-1]), step)

    def test_to_begin_again_is_to_begin(self) -> None:
        """Nothing is left of what was before."""
        exchange = make_exchange()
        exchange.begin(b"LOGIN " + encode("eve"))
        self.assertEqual(exchange.begin(b"LOGIN"), replies.challenge(b"Username:"))
        exchange.begin(b"GSSAPI")
        self.assertEqual(exchange.answer(b""), replies.NO_EXCHANGE)


class AnswerTests(SynchronousTestCase):
    """`Exchange.answer`"""

    def test_a_client_cancels(self) -> None:
        """With ``*``, at any challenge; then the exchange is over."""
        for mechanism in Mechanism:
            exchange = make_exchange(end_point=b"hash")
            exchange.begin(mechanism.value.encode())
            self.assertEqual(exchange.answer(b"*"), replies.CANCELLED)
            self.assertEqual(exchange.answer(b"*"), replies.NO_EXCHANGE)

    def test_what_is_not_base64(self) -> None:
        """For every mechanism; ``=`` is empty in the command only."""
        for mechanism in Mechanism:
            for line in (b"=", b"?", b"AAA", b"AAAA ", b" *", b"**", b"\xff"):
                exchange = make_exchange(end_point=b"hash")
                exchange.begin(mechanism.value.encode())
                self.assertEqual(exchange.answer(line), replies.NOT_BASE64, line)
                self.assertEqual(exchange.answer(b""), replies.NO_EXCHANGE)

    def test_a_line_that_is_too_long(self) -> None:
        """It ends the exchange; the longest that is taken is 12,288 octets."""
        exchange = make_exchange(None)
        exchange.begin(b"XOAUTH2")
        step = exchange.answer(b"A" * (RESPONSE_LIMIT + 1))
        self.assertEqual(step, replies.EXCHANGE_LINE_TOO_LONG)
        self.assertEqual(exchange.answer(b"AAAA"), replies.NO_EXCHANGE)

        start = "user=bob\x01auth=Bearer "
        token = "t" * (RESPONSE_LIMIT // 4 * 3 - len(start) - 2)
        line = encode(f"{start}{token}\x01\x01")
        self.assertEqual(len(line), RESPONSE_LIMIT)
        exchange.begin(b"XOAUTH2")
        self.assertEqual(judged(exchange.answer(line)), (True, "bob"))

    def test_nothing_was_asked(self) -> None:
        """Before AUTH, and after the verdict."""
        exchange = make_exchange()
        self.assertEqual(exchange.answer(b"AAAA"), replies.NO_EXCHANGE)
        judged(exchange.begin(b"PLAIN " + encode("\0bob\0s3cret")))
        self.assertEqual(exchange.answer(b"AAAA"), replies.NO_EXCHANGE)

    def test_after_a_failure_another_mechanism(self) -> None:
        """One exchange object does for a session (RFC 4954 §4)."""
        exchange = make_exchange()
        self.assertEqual(judged(say(exchange, "PLAIN", "\0bob\0x")), (False, "bob"))
        self.assertEqual(judged(say(exchange, "LOGIN", "bob", "s3cret")), (True, "bob"))

    @settings(deadline=None)
    @given(
        st.one_of(
            st.binary(max_size=60),
            NAMES,
            st.tuples(NAMES, RESPONSES).map(b" ".join),
        ),
        st.lists(RESPONSES, max_size=4),
        st.sampled_from([None, BOB]),
    )
    def test_whatever_a_client_says(
        self, argument: bytes, lines: list[bytes], users: dict[str, str] | None
    ) -> None:
        """It gets a reply of AUTH, on one line, and the password is never shown."""
        exchange = make_exchange(users, end_point=b"hash")
        steps = [exchange.begin(argument), *map(exchange.answer, lines)]
        for step in steps:
            self.assertIsInstance(step, Reply | AuthResult)
            self.assertIn(code_of(step), CODES)
            reply = step.reply if isinstance(step, AuthResult) else step
            self.assertEqual(reply.wire.count(b"\n"), 1)
        self.assertNotIn("s3cret", repr((exchange, vars(exchange))))
