"""Every reply point: a behavior there is asked, and does what it says."""

from __future__ import annotations

from base64 import b64encode

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.sasl.settings import AuthSettings
from tests.smtp.mocked import mocked, on, when

BOB = AuthSettings(users={"bob": "s3cret"})
GOOD = b64encode(b"\0bob\0s3cret").decode()
BAD = b64encode(b"\0bob\0no").decode()


class PointTests(SynchronousTestCase):
    """Where behaviors answer."""

    def test_each_command_can_be_refused(self) -> None:
        """With the code and the text that are set, once."""
        for command, lines in (
            ("HELO", ["HELO c"]),
            ("EHLO", ["EHLO c"]),
            ("MAIL FROM", ["MAIL FROM:<b@x>"]),
            ("RCPT TO", ["MAIL FROM:<b@x>", "RCPT TO:<a@x>"]),
            ("DATA COMMAND", ["MAIL FROM:<b@x>", "RCPT TO:<a@x>", "DATA"]),
            ("DATA", ["MAIL FROM:<b@x>", "RCPT TO:<a@x>", "DATA", "."]),
            ("BDAT", ["MAIL FROM:<b@x>", "RCPT TO:<a@x>", "BDAT 0"]),
            ("RSET", ["RSET"]),
            ("VRFY", ["VRFY a"]),
            ("EXPN", ["EXPN a"]),
            ("HELP", ["HELP"]),
            ("NOOP", ["NOOP"]),
            ("QUIT", ["QUIT"]),
            ("AUTH", [f"AUTH PLAIN {GOOD}"]),
            ("AUTH COMMAND", ["AUTH PLAIN"]),
            ("ANY", ["NONSENSE"]),
        ):
            talk = mocked(on(command, 451, message="4.0.0 No"), auth=BOB)
            if command == "ANY":
                self.assertEqual(talk.banner, "451 4.0.0 No\r\n")
            self.assertEqual(talk.say(*lines)[-1], "451 4.0.0 No", command)
            self.assertFalse(talk.transport.disconnecting)

    def test_any_is_asked_where_a_command_is(self) -> None:
        """In the order of the list, and once for each reply."""
        talk = mocked(
            on("NOOP", 450, numberOfAnswer=1),
            on("ANY", 421, skip=1, numberOfAnswer=3),
            on("VRFY", 451),
        )
        codes = talk.codes("NOOP", "NOOP", "VRFY a", "VRFY a", "NOOP")
        self.assertEqual(talk.banner[:3], "220")
        self.assertEqual(codes, ["450", "421", "421", "421", "250"])

    def test_only_any_replaces_an_error_of_the_server(self) -> None:
        """No other behavior spends an answer on one."""
        talk = mocked(
            on("MAIL FROM", 450, numberOfAnswer=1),
            on("ANY", 499, condition=when("line", "<<")),
        )
        codes = talk.codes("MAIL FROM:<<", "MAIL FROM:<", "MAIL FROM:<b@x>")
        self.assertEqual(codes, ["499", "501", "450"])
        rules = list(talk.host.behaviors)
        self.assertEqual([(r.seen, r.fired) for r in rules], [(1, 1), (1, 1)])

    def test_a_banner_of_5xx_leaves_only_quit(self) -> None:
        """503 to the rest (RFC 5321 §3.1)."""
        talk = mocked(on("CONNECT", 554, message="No service", numberOfAnswer=1))
        self.assertEqual(talk.banner, "554 No service\r\n")
        self.assertEqual(
            talk.codes("EHLO c", "NONSENSE", "MAIL FROM:<b@x>", "QUIT"),
            ["503", "503", "503", "221"],
        )
        talk.connect()
        self.assertEqual(talk.banner[:3], "220")
        self.assertEqual(talk.codes("EHLO c"), ["250"])

    def test_a_banner_of_4xx_leaves_all(self) -> None:
        """It is for the client to go."""
        talk = mocked(on("CONNECT", 421))
        self.assertEqual(talk.banner[:3], "421")
        self.assertEqual(talk.codes("EHLO c"), ["250"])

    def test_a_refused_data_ends_the_transaction(self) -> None:
        """Also where what is said is a 250, for that is no 354."""
        for code in 451, 554, 250:
            talk = mocked(on("DATA COMMAND", code))
            codes = talk.codes(
                "MAIL FROM:<b@x>", "RCPT TO:<a@x>", "DATA", "RCPT TO:<a>"
            )
            self.assertEqual(codes[2:], [str(code), "503"])

    def test_a_mocked_354_takes_content(self) -> None:
        """As the server's own does."""
        talk = mocked(on("DATA COMMAND", 354, message="Go"))
        codes = talk.codes("MAIL FROM:<b@x>", "RCPT TO:<a@x>", "DATA", "hi", ".")
        self.assertEqual(codes[2:], ["354", "", "250"])
        self.assertEqual(talk.contents(), [b"hi\r\n"])

    def test_a_chunk_can_be_refused(self) -> None:
        """Which ends the transaction."""
        talk = mocked(on("BDAT", 452, condition=when("size", "3", "atLeast")))
        talk.say("MAIL FROM:<b@x>", "RCPT TO:<a@x>")
        said = talk.send(b"BDAT 2\r\nabBDAT 1\r\ncBDAT 1 LAST\r\nd")
        codes = [line[:3] for line in said.splitlines()]
        self.assertEqual(codes, ["250", "452", "503"])
        self.assertEqual(talk.host.mailbox.arriving, 0)

    def test_a_chunk_is_known_by_its_argument(self) -> None:
        """Its size, and whether it is the last, without the end of the line."""
        argument = {"operator": "equals", "matchingValue": "3 LAST"}
        talk = mocked(on("BDAT", 451, condition=argument))
        talk.say("MAIL FROM:<b@x>", "RCPT TO:<a@x>")
        self.assertEqual(talk.send(b"BDAT 2\r\nab")[:3], "250")
        self.assertEqual(talk.send(b"BDAT  3 LAST\r\nabc")[:3], "451")

    def test_the_last_chunk_is_asked_about_twice(self) -> None:
        """BDAT first; where that is silent, DATA with the whole content."""
        talk = mocked(on("DATA", 554, condition=when("message", "abc")))
        talk.say("MAIL FROM:<b@x>", "RCPT TO:<a@x>")
        said = talk.send(b"BDAT 2\r\nabBDAT 1 LAST\r\nc").splitlines()
        self.assertEqual([line[:3] for line in said], ["250", "554"])
        talk = mocked(on("BDAT", 250, message="Mine"))
        talk.say("MAIL FROM:<b@x>", "RCPT TO:<a@x>")
        said = talk.send(b"BDAT 2\r\nabBDAT 1 LAST\r\nc").splitlines()
        self.assertEqual(said, ["250 Mine"] * 2)
        self.assertEqual(talk.contents(), [b"abc"])

    def test_who_comes_in_is_for_auth_to_say(self) -> None:
        """A 235 lets a wrong password in, a 535 keeps a good one out."""
        for code, credentials, user in (
            (235, BAD, "bob"),
            (535, GOOD, None),
            (454, GOOD, None),
        ):
            talk = mocked(on("AUTH", code, condition=when("authUser", "bob")), auth=BOB)
            self.assertEqual(talk.codes(f"AUTH PLAIN {credentials}"), [str(code)])
            (session,) = talk.host.journal.sessions()
            self.assertEqual(session.auth_user, user)

    def test_behaviors_do_not_see_passwords(self) -> None:
        """Neither in the argument nor in the line."""
        secret = [
            on("AUTH COMMAND", 599, condition=when(target, GOOD))
            for target in ("argument", "line")
        ]
        mechanism = on("AUTH COMMAND", 432, condition=when("argument", "PLAIN"))
        talk = mocked(*secret, mechanism, auth=BOB)
        self.assertEqual(talk.codes(f"AUTH PLAIN {GOOD}"), ["432"])

    def test_content_outweighs_its_last_chunk(self) -> None:
        """What DATA decides is said; BDAT may slow it down, and answers a success."""
        refused = on("DATA", 552, message="5.3.4 Too big")
        talk = mocked(on("BDAT", 250, message="Mine"), refused)
        talk.say("MAIL FROM:<b@x>", "RCPT TO:<a@x>")
        self.assertEqual(talk.send(b"BDAT 3 LAST\r\nabc")[:3], "552")
        self.assertEqual(talk.contents(), [])
        talk = mocked(on("BDAT", delay="1s"), refused)
        talk.say("MAIL FROM:<b@x>", "RCPT TO:<a@x>")
        self.assertEqual(talk.send(b"BDAT 3 LAST\r\nabc"), "")
        talk.clock.advance(1)
        self.assertEqual(talk.heard()[:3], "552")

    def test_errors_within_auth_can_be_replaced(self) -> None:
        """By a behavior for any command, as all that the server says by itself."""
        talk = mocked(on("ANY", 421, skip=2), auth=BOB)
        self.assertEqual(talk.codes("AUTH LOGIN", "!!!"), ["334", "421"])

    def test_who_is_not_asked_for_more_says_no_more(self) -> None:
        """AUTH that is answered otherwise than by a challenge is over."""
        talk = mocked(on("AUTH COMMAND", 235), auth=BOB)
        self.assertEqual(talk.codes("AUTH LOGIN", "NOOP"), ["235", "250"])

    def test_a_rejected_client_keeps_its_secrets(self) -> None:
        """What it says in AUTH is nobody's, also where it only may QUIT."""
        talk = mocked(on("CONNECT", 554), auth=BOB)
        codes = talk.codes(f"AUTH PLAIN {GOOD}", GOOD, "", "x" * 3000, "QUIT")
        self.assertEqual(codes, ["503"] * 4 + ["221"])
        (session,) = talk.host.journal.sessions()
        self.assertNotIn(GOOD.encode(), b"".join(
            e[1] for e in session.exchanges if isinstance(e[1], bytes)))  # fmt: skip
