"""AUTH on a connection (RFC 4954); the mechanisms have their own tests."""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.grammar.reply import NEEDS_TLS
from mocksmtp.hosts.host import MailHost
from mocksmtp.hosts.limits import Limits
from mocksmtp.sasl.settings import AuthSettings, Mechanism
from mocksmtp.sessions.session import Session
from mocksmtp.smtp.auth import AuthDialogue
from mocksmtp.smtp.delivery import MockDelivery
from mocksmtp.smtp.output import reply_in
from tests.smtp.dialogue import Dialogue


def plain(user: str, password: str) -> str:
    return b64encode(f"\0{user}\0{password}".encode()).decode()


GOOD = plain("bob", "s3cret")
BOB = {"bob": "s3cret"}


def dialogue(**settings: object) -> Dialogue:
    """A conversation with a host that knows bob, unless it is told otherwise."""
    auth = AuthSettings(**{"users": BOB, **settings})  # type: ignore[arg-type]
    return Dialogue(MailHost("default", "mx.test", auth=auth))


class AuthTests(SynchronousTestCase):
    """What comes of AUTH, and when it is to be had."""

    def test_the_mechanisms_are_offered(self) -> None:
        """Those that the host is given, in its order."""
        mechanisms = (Mechanism.LOGIN, Mechanism.PLAIN)
        offered = dialogue(mechanisms=mechanisms).send(b"EHLO c\r\n")
        self.assertIn("250-AUTH LOGIN PLAIN\r\n", offered)
        self.assertNotIn("AUTH", Dialogue().send(b"EHLO c\r\n"))

    def test_a_user_is_known_from_then_on(self) -> None:
        """The session has the name and the mechanism."""
        talk = dialogue()
        self.assertEqual(talk.codes(f"AUTH PLAIN {GOOD}"), ["235"])
        (session,) = talk.host.journal.sessions()
        self.assertEqual((session.auth_user, session.auth_mechanism), ("bob", "PLAIN"))

    def test_a_wrong_password_is_535(self) -> None:
        """And the client may try again."""
        talk = dialogue()
        codes = talk.codes(f"AUTH PLAIN {plain('bob', 'x')}", f"AUTH PLAIN {GOOD}")
        self.assertEqual(codes, ["535", "235"])

    def test_a_dialogue_of_several_lines(self) -> None:
        """Each challenge is a 334; what comes pipelined is taken in order."""
        talk = dialogue()
        lines = b64encode(b"bob") + b"\r\n" + b64encode(b"s3cret") + b"\r\n"
        said = talk.send(b"AUTH LOGIN\r\n" + lines + b"NOOP\r\n").splitlines()
        self.assertEqual([line[:3] for line in said], ["334", "334", "235", "250"])

    def test_a_client_may_give_up(self) -> None:
        """With a star; the next line is a command again."""
        talk = dialogue()
        self.assertEqual(talk.codes("AUTH PLAIN", "*", "NOOP"), ["334", "501", "250"])

    def test_it_comes_once_and_in_its_place(self) -> None:
        """503 within a transaction, and when it was done already."""
        talk = dialogue()
        codes = talk.codes("MAIL FROM:<b@x>", f"AUTH PLAIN {GOOD}", "RSET")
        self.assertEqual(codes, ["250", "503", "250"])
        codes = talk.codes(f"AUTH PLAIN {GOOD}", f"AUTH PLAIN {GOOD}")
        self.assertEqual(codes, ["235", "503"])

    def test_errors_of_form(self) -> None:
        """Each has its reply, and none ends the connection."""
        for lines, code in (
            (["AUTH"], "501"),
            (["AUTH PLAIN a b"], "501"),
            (["AUTH NONE"], "504"),
            (["AUTH PLAIN !"], "501"),
            (["AUTH PLAIN", "!"], "501"),
            (["AUTH PLAIN " + b64encode(b"no NUL").decode()], "501"),
            (["AUTH CRAM-MD5 YQ=="], "501"),
            (["AUTH CRAM-MD5", "YQ=="], "501"),
            (["AUTH PLAIN", "A" * 20_000], "500"),
            (["AUTH PLAIN " + "A" * 20_000], "500"),
        ):
            talk = dialogue()
            self.assertEqual(talk.codes(*lines)[-1], code, lines)
            self.assertEqual(talk.codes("NOOP"), ["250"], lines)

    def test_a_long_token_is_taken(self) -> None:
        """A line of AUTH may be longer than others (RFC 4954 §4)."""
        token = b64encode(b"user=bob\x01auth=Bearer " + b"t" * 6000 + b"\x01\x01")
        talk = dialogue(users=None)
        self.assertEqual(talk.codes(f"AUTH XOAUTH2 {token.decode()}"), ["235"])
        talk = dialogue(users=None)
        self.assertEqual(talk.codes("AUTH XOAUTH2", token.decode()), ["334", "235"])

    def test_a_host_may_ask_for_it(self) -> None:
        """MAIL is 530 before (RFC 4954 §6)."""
        talk = dialogue(required=True)
        codes = talk.codes("MAIL FROM:<b@x>", f"AUTH PLAIN {GOOD}", "MAIL FROM:<b@x>")
        self.assertEqual(codes, ["530", "235", "250"])

    def test_a_host_may_ask_for_tls_first(self) -> None:
        """Before, it is not offered, and 538 (RFC 4954 §6)."""
        talk = dialogue(require_tls=True)
        self.assertNotIn("AUTH", talk.send(b"EHLO c\r\n"))
        self.assertEqual(talk.codes(f"AUTH PLAIN {GOOD}"), ["538"])

    def test_it_needs_users(self) -> None:
        """A host that is given none answers 503."""
        self.assertEqual(Dialogue().codes(f"AUTH PLAIN {GOOD}"), ["503"])


class SecretTests(SynchronousTestCase):
    """What a client says within AUTH is recorded nowhere."""

    def lines(self, talk: Dialogue) -> list[bytes]:
        (session,) = talk.host.journal.sessions()
        return [said for _, said, *_ in session.exchanges if isinstance(said, bytes)]

    def test_an_initial_response_is_hidden(self) -> None:
        """The mechanism stays."""
        talk = dialogue()
        talk.say(f"auth PLAIN {GOOD}", f"AUTH PLAIN {plain('bob', 'x')}")
        self.assertEqual(self.lines(talk), [b"AUTH PLAIN ***"] * 2)

    def test_every_mechanism_is_hidden(self) -> None:
        """Its name stays; responses do not, also in a session that fails."""
        for mechanism in Mechanism:
            name = mechanism.value
            talk = dialogue()
            talk.say(f"AUTH {name} {GOOD}", f"AUTH {name}", GOOD, "NOOP")
            said = b" ".join(self.lines(talk))
            self.assertIn(b"AUTH %b ***" % name.encode(), said)
            self.assertNotIn(GOOD.encode(), said)

    def test_answers_are_hidden(self) -> None:
        """But for the star."""
        talk = dialogue()
        talk.say("AUTH LOGIN", "*", "AUTH PLAIN", GOOD)
        self.assertEqual(self.lines(talk), [b"AUTH LOGIN", b"*", b"AUTH PLAIN", b"***"])

    def test_what_is_pipelined_behind_a_refusal_is_hidden(self) -> None:
        """The answers of a client that does not wait are no commands."""
        talk = Dialogue(MailHost("default", "mx.test", limits=Limits()))
        talk.send(b"AUTH LOGIN\r\nYm9i\r\nczNjcmV0\r\nNOOP\r\n")
        self.assertEqual(self.lines(talk), [b"AUTH LOGIN", b"***", b"***", b"NOOP\r"])


class DialogueTests(SynchronousTestCase):
    """`AuthDialogue` without a connection"""

    def auth(self, end_point: Callable[[], bytes] | None = None) -> AuthDialogue:
        settings = AuthSettings(users=BOB, require_tls=True)
        host = MailHost("default", "mx.test", auth=settings)
        self.session = Session("1", "default", "", "", 0, 0.0)
        delivery = MockDelivery(host, self.session, lambda: 0.0)
        return AuthDialogue(delivery, b"secret", end_point)

    def test_an_exchange(self) -> None:
        """It is open after a challenge; no line of it is recorded."""
        auth = self.auth(lambda: b"binding")
        answer = auth.begin(b"PLAIN")
        self.assertEqual(
            (reply_in(answer.answer).code, answer.line), (334, b"AUTH PLAIN")
        )
        self.assertTrue(auth.is_open)
        answer = auth.answer(GOOD.encode() + b"\r")
        self.assertEqual((reply_in(answer.answer).code, answer.line), (235, b"***"))
        self.assertFalse(auth.is_open)
        self.assertEqual(self.session.auth_user, "bob")

    def test_a_long_line_ends_it(self) -> None:
        """The next line is a command again."""
        auth = self.auth(lambda: b"binding")
        auth.begin(b"PLAIN")
        self.assertEqual(reply_in(auth.refuse_long_line().answer).code, 500)
        self.assertFalse(auth.is_open)

    def test_tls_can_be_required(self) -> None:
        """It begins when there is a channel binding."""
        auth = self.auth()
        self.assertEqual(auth.begin(b"PLAIN").answer, NEEDS_TLS)
        self.assertTrue(auth.guarded, "what follows may be the password")
        auth.end_point = lambda: b"binding"
        self.assertEqual(reply_in(auth.begin(b"PLAIN").answer).code, 334)
