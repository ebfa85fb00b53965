"""Behaviors on content while it arrives."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.grammar.address import Address
from mocksmtp.grammar.command import PathCommand
from mocksmtp.sessions.documents import SESSION
from mocksmtp.sessions.session import Transaction
from mocksmtp.smtp.watching import ContentWatch
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


def at_least(size: int) -> dict[str, Any]:
    """The condition that so many octets have come."""
    return when("size", str(size), "atLeast")


class SplittingTests(SynchronousTestCase):
    """However content is split, the same is said, done and recorded"""

    CONTENT = b"Subject: x\r\n\r\n..dot\r\n.\r." + b"y" * 30 + b"\r\n"
    BEHAVIORS: tuple[tuple[dict[str, Any], ...], ...] = (
        (on("DATA CONTENT", 451),),
        (on("DATA CONTENT", 451, condition=at_least(20)),),
        (on("DATA CONTENT", 250, condition=at_least(20), effect="apply"),),
        (on("DATA CONTENT", condition=at_least(20), then="close"),),
        (on("DATA CONTENT", condition=at_least(20), then="reset", effect="apply"),),
        (on("DATA CONTENT", 451, condition=at_least(1000)),),
        (on("DATA CONTENT", 451, condition=when("size", "25", "equals")),),
        (on("DATA CONTENT", 451, condition={"operator": "not",
            "condition": when("size", "12", "lessThan")}),),
        (on("DATA CONTENT", delay="1s"),),
        (on("DATA CONTENT", delay="1s"), on("DATA", delay="1s")),
        (on("DATA CONTENT", delay="1s", condition=at_least(10)),
         on("DATA CONTENT", delay="1s", condition=at_least(30)),
         on("DATA CONTENT", 451, condition=at_least(30), skip=1),
         on("DATA CONTENT", 452, condition=at_least(40), numberOfAnswer=1)),
        (on("DATA CONTENT", delay="1s", condition=at_least(10)), on("DATA", 554)),
        (on("DATA CONTENT", 451, skip=3), on("DATA CONTENT", 451, skip=4)),
        (on("DATA CONTENT", 451, condition=at_least(10), skip=1),
         on("DATA CONTENT", 451, condition=at_least(10**6)), on("DATA", 554, skip=9)),
    )  # fmt: skip

    def splits(self, octets: bytes) -> Iterator[list[bytes]]:
        """The same octets in different packets."""
        for size in len(octets), 1, 2, 3, 7, 25, len(octets) - 1, len(octets) - 4:
            step = max(1, size)
            yield [octets[at : at + step] for at in range(0, len(octets), step)]

    def outcome(
        self, documents: tuple[dict[str, Any], ...], before: bytes, packets: list[bytes]
    ) -> Any:
        """All that can be seen of a mail that comes in these packets."""
        talk = mocked(*documents)
        talk.say("EHLO c", "MAIL FROM:<b@x>", "RCPT TO:<a@x>")
        said = talk.send(before) if before else ""
        for packet in packets:
            if not talk.transport.disconnecting:
                said += talk.send(packet)
        seconds = 0.0
        for quarter in range(1, 20):
            talk.clock.advance(0.25)
            if heard := talk.heard():
                said, seconds = said + heard, quarter / 4
        talk.protocol.connectionLost()
        document = SESSION.write(talk.protocol.session)
        for exchange in document["transcript"]:
            del exchange["at"]
            exchange.pop("pipelined", None)
        counts = [(rule.seen, rule.fired) for rule in talk.host.behaviors]
        return said, seconds, document["transcript"], counts, talk.contents()

    def test_data(self) -> None:
        """In one packet with its end, in single octets, and anything between."""
        for documents in self.BEHAVIORS:
            expected = None
            for packets in self.splits(self.CONTENT + b".\r\n"):
                found = self.outcome(documents, b"DATA\r\n", packets)
                expected = expected or found
                self.assertEqual(found, expected, (documents, packets))

    def test_empty_content(self) -> None:
        """Its end is taken for its first octet."""
        for packets in self.splits(b".\r\n"):
            found = self.outcome(self.BEHAVIORS[0], b"DATA\r\n", packets)
            self.assertIn("451", found[0])
            self.assertEqual(found[3], [(1, 1)])

    def test_chunks(self) -> None:
        """Their octets in any packets."""
        content = self.CONTENT
        octets = b"BDAT 22\r\n" + content[:22]
        octets += b"BDAT %d LAST\r\n" % (len(content) - 22) + content[22:]
        for documents in self.BEHAVIORS:
            expected = None
            for packets in self.splits(octets):
                found = self.outcome(documents, b"", packets)
                expected = expected or found
                self.assertEqual(found, expected, (documents, packets))

    def test_it_is_decided_at_the_very_octet(self) -> None:
        """As the transcript shows; what follows has an entry of its own."""
        packets = [self.CONTENT + b".\r\n"]
        for size in 1, 2, 12, 39:
            behavior = on("DATA CONTENT", 451, condition=at_least(size))
            found = self.outcome((behavior,), b"DATA\r\n", packets)
            sizes = [e["content"]["size"] for e in found[2] if "content" in e]
            self.assertEqual(sizes, [size, len(self.CONTENT) - 2])

    def test_a_mail_that_was_answered_before_its_end(self) -> None:
        """Its id is with its end, not with the answer."""
        packets = [self.CONTENT + b".\r\n"]
        found = self.outcome(self.BEHAVIORS[2], b"DATA\r\n", packets)
        mails = [e["content"]["mailId"] for e in found[2] if "content" in e]
        self.assertEqual(mails, [None, "1"])

    def test_what_did_not_answer_is_recorded_once(self) -> None:
        """Content in thousands of packets takes no more of the journal."""
        weights = set()
        for count in 1, 5000:
            talk = mocked(
                on("DATA CONTENT", 451, skip=1),
                on("DATA CONTENT", 451, condition=at_least(10**6)),
            )
            talk.open_mail()
            for _ in range(count):
                talk.send(b"x" * (5000 // count))
            talk.send(b"\r\n.\r\n")
            (session,) = talk.host.journal.sessions()
            weights.add(session.weigh())
            last = SESSION.write(session)["transcript"][-1]
            reasons = [miss["reason"] for miss in last["passedOver"]]
            self.assertEqual(reasons, ["skip", "condition"])
        self.assertEqual(len(weights), 1)

    def test_what_delayed_the_reply_is_not_passed_over(self) -> None:
        """Neither is it where it was evaluated, and did not match, before that."""
        for size in 1, 10:
            talk = mocked(on("DATA CONTENT", delay="1s", condition=at_least(size)))
            talk.open_mail()
            talk.send(b"x" * 20 + b"\r\n.\r\n")
            talk.clock.advance(1)
            (session,) = talk.host.journal.sessions()
            last = SESSION.write(session)["transcript"][-1]
            self.assertEqual(last["reply"]["code"], 250)
            self.assertNotIn("passedOver", last)

    def test_a_behavior_that_is_set_while_content_arrives(self) -> None:
        """It is evaluated at what has come, and at each later size."""
        for document, packet in (
            (on("DATA CONTENT", 451), b"x"),
            (on("DATA CONTENT", 451, condition=at_least(5)), b"x"),
            (on("DATA CONTENT", 451, condition=at_least(12)), b"xx"),
        ):
            talk = mocked(on("DATA CONTENT", 452, condition=at_least(10**6)))
            talk.open_mail()
            self.assertEqual(talk.send(b"x" * 10), "")
            talk.host.behaviors.replace_all(SMTP.parse_all([document]))
            self.assertEqual(talk.send(packet)[:3], "451")


class WatchTests(SynchronousTestCase):
    """`ContentWatch` without a connection"""

    def watch(self, *documents: dict[str, Any]) -> ContentWatch:
        talk = mocked(*documents)
        delivery = talk.protocol.delivery
        return ContentWatch(delivery, Transaction(PathCommand(Address("b@x.test"))))

    def test_behaviors_are_asked_at_their_sizes(self) -> None:
        """However much has arrived; each one answers once."""
        watch = self.watch(
            on("DATA CONTENT", delay="1s", condition=at_least(10)),
            on("DATA CONTENT", 451, condition=at_least(30)),
        )
        self.assertEqual(watch.next_size(0), 1)
        self.assertIsNone(watch.decide(5))
        self.assertEqual(watch.next_size(5), 10)
        found = [watch.decide(100) for _ in range(3)]
        self.assertEqual([one and one[0] for one in found], [10, 30, None])
        self.assertEqual(watch.next_size(100), math.inf)

    def test_empty_content_is_decided_at_its_end(self) -> None:
        """It has no first octet."""
        watch = self.watch(on("DATA CONTENT", 451))
        self.assertIsNone(watch.decide(0))
        found = watch.decide(0, ended=True)
        self.assertEqual(found and found[0], 0)
