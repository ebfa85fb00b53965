"""The bounded store of mails"""

from __future__ import annotations

import itertools

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.grammar.address import Address
from mocksmtp.mail import mail as mail_module
from mocksmtp.mail.mail import LARGE, Envelope, Mail, Origin, Recipient
from mocksmtp.mail.mailbox import FEW, Mailbox
from mocksmtp.mail.summary import Summary, summary_of

ENVELOPE = Envelope(Address("b@x.test"), (), (Recipient(Address("a@x.test"), ()),))
ORIGIN = Origin("1", "127.0.0.1", "c")
WEIGHT = ENVELOPE.weight


def keep(mailbox: Mailbox, content: bytes = b"") -> Mail:
    """Keep a mail."""
    mail = mailbox.keep(ENVELOPE, content, 0.0, ORIGIN)
    assert mail is not None
    return mail


def filled(count: int, max_mails: int = 100_000) -> Mailbox:
    """A mailbox that got so many mails."""
    mailbox = Mailbox(max_mails)
    for _ in range(count):
        keep(mailbox)
    return mailbox


def numbers(mails: list[Mail]) -> list[int]:
    return [mail.number for mail in mails]


class ReadTests(SynchronousTestCase):
    """Reading"""

    def test_the_order_is_that_of_arrival(self) -> None:
        """Numbers grow, from 1 or from where it is told."""
        self.assertEqual(numbers(filled(3).mails()), [1, 2, 3])
        mailbox = Mailbox(numbers=itertools.count(7))
        keep(mailbox)
        self.assertEqual(numbers(mailbox.mails()), [7])

    def test_one_by_its_number(self) -> None:
        """A number that is not kept is a KeyError."""
        mailbox = filled(5, max_mails=3)
        self.assertEqual(mailbox.get(4).number, 4)
        for number in 0, 1, 2, 6, -1:
            self.assertRaises(KeyError, mailbox.get, number)

    def test_those_behind_a_number(self) -> None:
        """Whether or not it is kept, and up to a limit."""
        mailbox = filled(6, max_mails=4)
        mailbox.remove([mailbox.get(4)])
        for number, limit, expected in (
            (0, None, [3, 5, 6]),
            (2, None, [3, 5, 6]),
            (4, None, [5, 6]),
            (5, None, [6]),
            (9, None, []),
            (0, 2, [3, 5]),
            (0, 0, []),
        ):
            self.assertEqual(numbers(mailbox.newer(number, limit)), expected)

    def test_those_before_a_number(self) -> None:
        """The newest first, whether or not that one is kept, and up to a limit."""
        mailbox = filled(6, max_mails=4)
        mailbox.remove([mailbox.get(4)])
        for number, limit, expected in (
            (None, None, [6, 5, 3]),
            (None, 2, [6, 5]),
            (9, None, [6, 5, 3]),
            (6, None, [5, 3]),
            (4, None, [3]),
            (3, None, []),
            (9, 2, [6, 5]),
            (9, 0, []),
        ):
            self.assertEqual(numbers(mailbox.older(number, limit)), expected)

    def test_those_of_some_numbers(self) -> None:
        """As far as they are kept, whether they are few or many."""
        mailbox = filled(3 * FEW)
        mailbox.remove([mailbox.get(2)])
        self.assertEqual(numbers(mailbox.of([1, 2, 3])), [1, 3])
        many = range(1, 2 * FEW)
        self.assertEqual(numbers(mailbox.of(many)), [1, *range(3, 2 * FEW)])
        self.assertEqual(mailbox.of([]), [])

    def test_the_last_that_was_evicted(self) -> None:
        """A removed mail is not an evicted one; both differ from a kept one."""
        mailbox = filled(3)
        mailbox.remove([mailbox.get(1)])
        mailbox.clear()
        self.assertEqual((mailbox.evicted, mailbox.quota.last), (0, 3))
        mailbox = filled(6, max_mails=4)
        self.assertEqual((mailbox.evicted, mailbox.quota.last), (2, 6))

    def test_a_listing_is_the_readers_own(self) -> None:
        """What is done with it changes nothing in the box."""
        mailbox = filled(2)
        mailbox.mails().clear()
        mailbox.newer(0).clear()
        self.assertEqual(len(mailbox), 2)


class RemoveTests(SynchronousTestCase):
    """Removing"""

    def test_some(self) -> None:
        """Those are answered that were still kept, in order; the others stay."""
        for count in 10, 10 * FEW:
            mailbox = filled(count)
            chosen = mailbox.mails()[::3]
            mailbox.remove([chosen[1]])
            removed = mailbox.remove(list(reversed(chosen)))
            self.assertEqual(removed, [chosen[0], *chosen[2:]])
            left = [n for n in range(1, count + 1) if (n - 1) % 3]
            self.assertEqual(numbers(mailbox.mails()), left)
            self.assertEqual(mailbox.octets, WEIGHT * len(left))

    def test_all(self) -> None:
        """They are answered, and numbers go on from where they were."""
        mailbox = filled(3)
        self.assertEqual(numbers(mailbox.clear()), [1, 2, 3])
        self.assertEqual((len(mailbox), mailbox.octets), (0, 0))
        self.assertEqual(keep(mailbox).number, 4)

    def test_removed_ones_are_not_dropped_ones(self) -> None:
        """Only what had to make room is counted."""
        mailbox = filled(5, max_mails=3)
        mailbox.clear()
        self.assertEqual(mailbox.evictions, 2)


class BoundTests(SynchronousTestCase):
    """Bounds"""

    def test_mails_are_bounded(self) -> None:
        """The oldest go first, and how many went is counted."""
        mailbox = filled(1000, max_mails=10)
        self.assertEqual(numbers(mailbox.mails()), list(range(991, 1001)))
        self.assertEqual((len(mailbox), mailbox.evictions), (10, 990))
        self.assertEqual(mailbox.octets, 10 * WEIGHT)

    def test_memory_is_bounded(self) -> None:
        """A large mail makes as many small ones go as it takes."""
        mailbox = Mailbox(max_bytes=10 * WEIGHT)
        for _ in range(10):
            keep(mailbox)
        keep(mailbox, b"x" * (WEIGHT + 1))
        self.assertEqual(numbers(mailbox.mails()), [4, 5, 6, 7, 8, 9, 10, 11])
        self.assertLessEqual(mailbox.octets, mailbox.max_bytes)

    def test_a_mail_that_is_too_large_alone(self) -> None:
        """It is not kept, and nothing makes room for it in vain."""
        mailbox = Mailbox(max_bytes=2 * WEIGHT)
        keep(mailbox)
        too_large = b"x" * (WEIGHT + 1)
        self.assertIsNone(mailbox.keep(ENVELOPE, too_large, 0.0, ORIGIN))
        self.assertEqual(len(mailbox), 1)
        self.assertIsNotNone(mailbox.keep(ENVELOPE, too_large[1:], 0.0, ORIGIN))

    def test_content_in_flight_counts(self) -> None:
        """It makes kept mails go, until it is refused for lack of room."""
        mailbox = Mailbox(max_bytes=3 * WEIGHT)
        for _ in range(3):
            keep(mailbox)
        self.assertTrue(mailbox.reserve(WEIGHT))
        self.assertEqual((len(mailbox), mailbox.evictions), (2, 1))
        self.assertFalse(mailbox.reserve(2 * WEIGHT + 1))
        self.assertEqual((len(mailbox), mailbox.arriving), (2, WEIGHT))
        mailbox.release(WEIGHT)
        self.assertEqual(mailbox.arriving, 0)
        keep(mailbox)
        self.assertEqual(len(mailbox), 3)


class SummaryTests(SynchronousTestCase):
    """Summaries of kept mails"""

    def setUp(self) -> None:
        """Count what is decoded."""
        self.decoded: list[bytes] = []

        def decode(content: bytes) -> Summary:
            self.decoded.append(content)
            return summary_of(content)

        self.patch(mail_module, "summary_of", decode)

    def test_a_summary_is_decoded_once(self) -> None:
        """And counted as memory that the mail takes, until that is gone."""
        mailbox = Mailbox()
        mail = keep(mailbox, b"Subject: one\n\n")
        before = mailbox.octets
        self.assertFalse(mail.is_summarized)
        for _ in range(3):
            self.assertEqual(mail.summary.subject, "one")
        self.assertEqual(len(self.decoded), 1)
        self.assertTrue(mail.is_summarized)
        self.assertGreater(mailbox.octets, before + 100)
        self.assertEqual(mailbox.quota.used, mailbox.octets)
        mailbox.remove([mail])
        self.assertEqual((mailbox.octets, mailbox.quota.used), (0, 0))

    def test_reading_evicts_nothing(self) -> None:
        """Without room for it, a summary is decoded each time."""
        mailbox = Mailbox(max_bytes=2 * WEIGHT)
        mails = [keep(mailbox), keep(mailbox)]
        for _ in range(2):
            for mail in mails:
                self.assertEqual(mail.summary.subject, "")
        self.assertEqual(len(self.decoded), 4)
        self.assertEqual((len(mailbox), mailbox.octets), (2, 2 * WEIGHT))

    def test_that_of_a_large_mail_is_always_kept(self) -> None:
        """It is small beside the mail, and takes long to decode."""
        mailbox = Mailbox(max_bytes=WEIGHT + LARGE)
        mail = keep(mailbox, b"x" * LARGE)
        self.assertEqual([mail.summary, mail.summary], [summary_of(b"")] * 2)
        self.assertEqual(len(self.decoded), 1)

    def test_a_removed_mail_counts_nowhere(self) -> None:
        """It still has a summary, for whoever removed it."""
        mailbox = filled(2)
        for mail in mailbox.clear():
            self.assertEqual(mail.summary.subject, "")
        self.assertEqual((mailbox.octets, mailbox.quota.used), (0, 0))


class AnyUse(RuleBasedStateMachine):
    """Whatever is done with a box, it is as a list of what should be kept."""

    MAX_MAILS = 8
    MAX_BYTES = 10 * WEIGHT

    def __init__(self) -> None:
        super().__init__()
        self.mailbox = Mailbox(self.MAX_MAILS, self.MAX_BYTES)
        self.expected: list[Mail] = []
        self.arriving = self.evictions = 0

    def settle(self) -> None:
        """Let the oldest go as the bounds demand."""
        while self.expected and (
            len(self.expected) > self.MAX_MAILS
            or sum(m.weight for m in self.expected) + self.arriving > self.MAX_BYTES
        ):
            self.expected.pop(0)
            self.evictions += 1

    @rule(size=st.sampled_from([0, 0, 0, WEIGHT, 5 * WEIGHT, 20 * WEIGHT]))
    def receive(self, size: int) -> None:
        """A mail comes."""
        mail = self.mailbox.keep(ENVELOPE, b"x" * size, 0.0, ORIGIN)
        assert (mail is None) == (size + WEIGHT + self.arriving > self.MAX_BYTES)
        if mail is not None:
            self.expected.append(mail)
            self.settle()

    @rule(octets=st.integers(1, 4 * WEIGHT))
    def begin(self, octets: int) -> None:
        """Content begins to arrive."""
        if self.mailbox.reserve(octets):
            self.arriving += octets
            self.settle()

    @rule()
    def end(self) -> None:
        """All content has arrived."""
        self.mailbox.release(self.arriving)
        self.arriving = 0

    @rule(step=st.integers(1, 4))
    def remove(self, step: int) -> None:
        """Some are removed."""
        chosen = self.expected[::step]
        assert self.mailbox.remove(chosen) == chosen
        self.expected = [mail for mail in self.expected if mail not in chosen]

    @rule(index=st.integers(0, 7))
    def read(self, index: int) -> None:
        """The summary of one is decoded: no other is evicted for it."""
        if index < len(self.expected):
            assert self.expected[index].summary == Summary("", None, "", (), (), ())

    @rule()
    def clear(self) -> None:
        """All are removed."""
        assert self.mailbox.clear() == self.expected
        self.expected = []

    @invariant()
    def it_is_as_expected(self) -> None:
        """Every way to look at it."""
        assert self.mailbox.mails() == self.expected
        assert len(self.mailbox) == len(self.expected)
        assert self.mailbox.newer(0, 3) == self.expected[:3]
        assert self.mailbox.older(10**9, 3) == self.expected[-3:][::-1]
        assert self.mailbox.octets == sum(mail.weight for mail in self.expected)
        assert self.mailbox.evictions == self.evictions
        assert self.mailbox.arriving == self.arriving
        for place, mail in enumerate(self.expected):
            assert self.mailbox.get(mail.number) is mail
            assert self.mailbox.older(mail.number) == self.expected[:place][::-1]
            assert self.mailbox.newer(mail.number - 1) == self.expected[place:]
            older = self.expected[max(0, place - 2) : place]
            assert self.mailbox.older(mail.number, 2) == older[::-1]
        assert self.mailbox.older(None, 3) == self.expected[-3:][::-1]


class AnyUseTests(SynchronousTestCase):
    """All of it together"""

    def test_any_use(self) -> None:
        """Whatever is done with a box, in any order."""
        AnyUse.TestCase.settings = settings(deadline=None, max_examples=50)
        AnyUse.TestCase("runTest").debug()
