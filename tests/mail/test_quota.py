"""One bound for the mailboxes of many hosts."""

from __future__ import annotations

import itertools

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.grammar.address import Address
from mocksmtp.mail.mail import Envelope, Mail, Origin, Recipient
from mocksmtp.mail.mailbox import Mailbox
from mocksmtp.mail.quota import Quota

ENVELOPE = Envelope(Address("b@x.test"), (), (Recipient(Address("a@x.test"), ()),))
ORIGIN = Origin("1", "127.0.0.1", "c")
WEIGHT = ENVELOPE.weight


def keep(mailbox: Mailbox, content: bytes = b"") -> Mail:
    """Keep a mail."""
    mail = mailbox.keep(ENVELOPE, content, 0.0, ORIGIN)
    assert mail is not None
    return mail


def numbers(*mailboxes: Mailbox) -> list[list[int]]:
    return [[mail.number for mail in mailbox.mails()] for mailbox in mailboxes]


class QuotaTests(SynchronousTestCase):
    """`Quota`"""

    def boxes(self, count: int, **bounds: int) -> list[Mailbox]:
        """So many mailboxes that share a quota."""
        self.quota = Quota(**bounds)
        return [Mailbox(quota=self.quota) for _ in range(count)]

    def assert_empty(self) -> None:
        """Nothing is counted."""
        self.assertEqual((self.quota.mails, self.quota.used), (0, 0))
        self.assertEqual(self.quota.arriving, 0)

    def test_numbers_are_shared(self) -> None:
        """So that it can be told which mail came first, in whichever mailbox."""
        a, b = self.boxes(2)
        for box in a, b, a:
            keep(box)
        self.assertEqual(numbers(a, b), [[1, 3], [2]])

    def test_the_oldest_of_all_goes_first(self) -> None:
        """Whichever mailbox has it; each counts what it has lost."""
        a, b, c = self.boxes(3, max_mails=4)
        for box in a, b, b, c, a, a:
            keep(box)
        self.assertEqual(numbers(a, b, c), [[5, 6], [3], [4]])
        self.assertEqual([box.evictions for box in (a, b, c)], [1, 1, 0])
        self.assertEqual((self.quota.mails, self.quota.evictions), (4, 2))

    def test_memory_is_shared(self) -> None:
        """A large mail in one makes room by what is old in another."""
        a, b = self.boxes(2, max_bytes=10 * WEIGHT)
        for _ in range(9):
            keep(a)
        keep(b, b"x" * 4 * WEIGHT)
        self.assertEqual(numbers(a, b), [[5, 6, 7, 8, 9], [10]])
        self.assertEqual(self.quota.used, 10 * WEIGHT)

    def test_what_arrives_is_shared_too(self) -> None:
        """One client's content leaves less for another's."""
        a, b = self.boxes(2, max_bytes=4 * WEIGHT)
        keep(a)
        self.assertTrue(b.reserve(3 * WEIGHT))
        self.assertEqual(len(a), 1)
        self.assertFalse(a.reserve(2 * WEIGHT))
        self.assertTrue(b.reserve(1))
        self.assertEqual(len(a), 0)
        self.assertIsNone(a.keep(ENVELOPE, b"x", 0.0, ORIGIN))
        b.release(3 * WEIGHT + 1)
        self.assert_empty()

    def test_cleared_mailboxes_leave_nothing(self) -> None:
        """However often they are filled, cleared, and made anew."""
        (first,) = self.boxes(1)
        for _ in range(1000):
            keep(first)
            first.clear()
            other = Mailbox(quota=self.quota)
            keep(other)
            keep(other)
            other.close()
        self.assert_empty()
        self.assertLessEqual(len(self.quota._queue), 1)

    def test_a_cleared_mailbox_is_not_taken_for_older(self) -> None:
        """What it had does not count against what it gets."""
        a, b = self.boxes(2, max_mails=2)
        keep(a)
        keep(b)
        a.clear()
        keep(a)
        keep(a)
        self.assertEqual(numbers(a, b), [[3, 4], []])


class AnyUse(RuleBasedStateMachine):
    """Whatever is done with some mailboxes, what is kept is the newest of it all."""

    MAX_MAILS = 8
    MAX_BYTES = 10 * WEIGHT
    BOXES = st.integers(0, 3)

    def __init__(self) -> None:
        super().__init__()
        self.quota = Quota(self.MAX_MAILS, self.MAX_BYTES, itertools.count(5))
        self.boxes = [Mailbox(quota=self.quota) for _ in range(4)]
        self.expected: list[tuple[int, Mail]] = []
        self.arriving = [0, 0, 0, 0]

    def settle(self) -> None:
        """Let the oldest go as the bounds demand."""
        while self.expected and (
            len(self.expected) > self.MAX_MAILS
            or sum(mail.weight for _, mail in self.expected) + sum(self.arriving)
            > self.MAX_BYTES
        ):
            self.expected.pop(0)

    @rule(box=BOXES, size=st.sampled_from([0, 0, 0, WEIGHT, 5 * WEIGHT]))
    def receive(self, box: int, size: int) -> None:
        """A mail comes."""
        mail = self.boxes[box].keep(ENVELOPE, b"x" * size, 0.0, ORIGIN)
        too_large = size + WEIGHT + sum(self.arriving) > self.MAX_BYTES
        assert (mail is None) == too_large
        if mail is not None:
            self.expected.append((box, mail))
            self.settle()

    @rule(box=BOXES, octets=st.integers(1, 4 * WEIGHT))
    def begin(self, box: int, octets: int) -> None:
        """Content begins to arrive."""
        if self.boxes[box].reserve(octets):
            self.arriving[box] += octets
            self.settle()

    @rule(box=BOXES)
    def end(self, box: int) -> None:
        """All content has arrived."""
        self.boxes[box].release(self.arriving[box])
        self.arriving[box] = 0

    @rule(box=BOXES, step=st.integers(1, 3))
    def remove(self, box: int, step: int) -> None:
        """Some are removed."""
        chosen = [mail for at, mail in self.expected if at == box][::step]
        assert self.boxes[box].remove(chosen) == chosen
        self.expected = [one for one in self.expected if one[1] not in chosen]

    @rule(box=BOXES)
    def clear(self, box: int) -> None:
        """All are removed."""
        self.boxes[box].clear()
        self.expected = [one for one in self.expected if one[0] != box]

    @rule(box=BOXES)
    def replace(self, box: int) -> None:
        """A mailbox goes, and there is another one."""
        self.end(box)
        self.boxes[box].close()
        self.expected = [one for one in self.expected if one[0] != box]
        self.boxes[box] = Mailbox(quota=self.quota)

    @invariant()
    def it_is_as_expected(self) -> None:
        """Each mailbox has its mails, and all together are counted."""
        for place, mailbox in enumerate(self.boxes):
            mails = [mail for at, mail in self.expected if at == place]
            assert mailbox.mails() == mails
            assert mailbox.octets == sum(mail.weight for mail in mails)
            assert mailbox.arriving == self.arriving[place]
        weight = sum(mail.weight for _, mail in self.expected)
        assert self.quota.mails == len(self.expected)
        assert self.quota.used == weight + sum(self.arriving)
        assert self.quota.arriving == sum(self.arriving)
        assert len(self.quota._queue) <= len(self.boxes)


class AnyUseTests(SynchronousTestCase):
    """All of it together"""

    def test_any_use(self) -> None:
        """Whatever is done with some mailboxes, in any order."""
        AnyUse.TestCase.settings = settings(deadline=None, max_examples=50)
        AnyUse.TestCase("runTest").debug()
