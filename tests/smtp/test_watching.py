"""Behaviors on content while it arrives."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from tests.smtp.dialogue import Dialogue
from tests.smtp.mocked import mocked, on, when


class WatchingTests(SynchronousTestCase):
    """``DATA CONTENT``"""

    def test_content_can_be_answered_in_its_midst(self) -> None:
        """At once; the rest is swallowed, and no second reply follows."""
        talk = mocked(
            on("DATA CONTENT", 451, condition=when("size", "5", "atLeast"),
               numberOfAnswer=1)
        )  # fmt: skip
        talk.open_mail()
        self.assertEqual(talk.send(b"abc"), "")
        self.assertEqual(talk.send(b"def\r\n")[:3], "451")
        self.assertEqual(talk.send(b"QUIT\r\n"), "")
        said = talk.send(b".\r\nNOOP\r\n")
        self.assertEqual(said, "250 2.0.0 OK\r\n")
        self.assertEqual(talk.contents(), [])
        self.assertEqual(talk.host.mailbox.arriving, 0)
        talk.open_mail()
        self.assertEqual(talk.send(b"abcdef\r\n.\r\n")[:3], "250")

    def test_content_answered_and_kept_all_the_same(self) -> None:
        """By its effect; the mail is there when all has come."""
        talk = mocked(on("DATA CONTENT", 451, effect="apply"))
        talk.open_mail()
        talk.send(b"abc")
        self.assertEqual(talk.contents(), [])
        talk.send(b"def\r\n.\r\n")
        self.assertEqual(talk.contents(), [b"abcdef\r\n"])

    def test_content_that_comes_at_once_can_be_answered_too(self) -> None:
        """There is one reply, that of the behavior."""
        talk = mocked(on("DATA CONTENT", 451, message="No"))
        talk.open_mail()
        self.assertEqual(
            talk.send(b"abc\r\n.\r\nNOOP\r\n"), "451 No\r\n250 2.0.0 OK\r\n"
        )

    def test_it_can_be_cut_off(self) -> None:
        """When there is enough of it."""
        talk = mocked(
            on("DATA CONTENT", condition=when("size", "10", "atLeast"), then="close")
        )
        talk.open_mail()
        talk.send(b"x" * 9)
        self.assertFalse(talk.transport.disconnecting)
        talk.send(b"x")
        self.assertTrue(talk.transport.disconnecting)
        talk.protocol.connectionLost()
        self.assertEqual(talk.host.mailbox.arriving, 0)
        (session,) = talk.host.journal.sessions()
        self.assertEqual([t.outcome.value for t in session.transactions], ["aborted"])

    def test_slow_content_has_its_own_reply(self) -> None:
        """A modifier there slows the reading down, and no more."""
        talk = mocked(on("DATA CONTENT", delay="1s"))
        talk.open_mail()
        self.assertEqual(talk.send(b"abc"), "")
        self.assertEqual(talk.send(b"def\r\n.\r\nNOOP\r\n"), "")
        talk.clock.advance(1)
        self.assertEqual(talk.heard(), "")
        talk.clock.advance(1)
        said = talk.heard().splitlines()
        self.assertEqual([line[:3] for line in said], ["250", "250"])
        self.assertEqual(talk.contents(), [b"abcdef\r\n"])


class ChunkTests(SynchronousTestCase):
    """``DATA CONTENT`` where it comes by BDAT (RFC 3030)"""

    def chunked(self, **response: object) -> Dialogue:
        """A dialogue that is answered at the fifth octet, once."""
        talk = mocked(
            on("DATA CONTENT", condition=when("size", "5", "atLeast"),
               numberOfAnswer=1, **response)
        )  # fmt: skip
        talk.say("MAIL FROM:<b@x>", "RCPT TO:<a@x>")
        return talk

    def test_a_chunk_can_be_answered_in_its_midst(self) -> None:
        """At once; its rest is swallowed, and the transaction is over."""
        talk = self.chunked(code=452)
        self.assertEqual(talk.send(b"BDAT 3\r\nabc")[:3], "250")
        self.assertEqual(talk.send(b"BDAT 9 LAST\r\nd"), "")
        self.assertEqual(talk.send(b"ef")[:3], "452")
        said = talk.send(b"NOOP\r\nBDAT 1 LAST\r\nxNOOP\r\n").splitlines()
        self.assertEqual([line[:3] for line in said], ["503", "250"])
        self.assertEqual(talk.contents(), [])
        self.assertEqual(talk.host.mailbox.arriving, 0)
        (session,) = talk.host.journal.sessions()
        (transaction,) = session.transactions
        self.assertEqual(transaction.outcome.value, "refused")
        talk.say("MAIL FROM:<b@x>", "RCPT TO:<a@x>")
        self.assertEqual(talk.send(b"BDAT 6 LAST\r\nabcdef")[:3], "250")

    def test_a_chunk_that_comes_at_once_can_be_answered_too(self) -> None:
        """There is one reply, that of the behavior."""
        talk = self.chunked(code=452)
        said = talk.send(b"BDAT 6 LAST\r\nabcdefNOOP\r\n").splitlines()
        self.assertEqual([line[:3] for line in said], ["452", "250"])
        self.assertEqual(talk.contents(), [])

    def test_a_chunk_answered_and_kept_all_the_same(self) -> None:
        """The mail is there when all has come."""
        talk = self.chunked(code=452, effect="apply")
        self.assertEqual(talk.send(b"BDAT 9 LAST\r\nabcdef")[:3], "452")
        self.assertEqual(talk.contents(), [])
        self.assertEqual(talk.send(b"ghiNOOP\r\n"), "250 2.0.0 OK\r\n")
        self.assertEqual(talk.contents(), [b"abcdefghi"])

    def test_a_slow_chunk(self) -> None:
        """It goes on, and has its own reply."""
        talk = self.chunked(delay="5s")
        self.assertEqual(talk.send(b"BDAT 9 LAST\r\nabcdef"), "")
        self.assertEqual(talk.send(b"ghi"), "")
        talk.clock.advance(5)
        self.assertEqual(talk.heard()[:3], "250")
        self.assertEqual(talk.contents(), [b"abcdefghi"])

    def test_closed_in_the_midst_of_a_chunk(self) -> None:
        """Nothing is kept."""
        talk = self.chunked(then="close")
        self.assertEqual(talk.send(b"BDAT 9 LAST\r\nabcdef"), "")
        self.assertTrue(talk.transport.disconnecting)
        talk.protocol.connectionLost()
        self.assertEqual(talk.contents(), [])
        self.assertEqual(talk.host.mailbox.arriving, 0)
