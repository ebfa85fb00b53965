"""The journal: what it keeps, and what it lets go."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.grammar.address import Address
from mocksmtp.grammar.command import PathCommand
from mocksmtp.grammar.reply import MAIL_KEPT, OK
from mocksmtp.sessions.journal import Journal, JournalQuota
from mocksmtp.sessions.session import (
    MAX_EXCHANGES,
    End,
    Exchange,
    Outcome,
    Session,
    Transaction,
)


def session(number: int) -> Session:
    """A session that has just begun."""
    return Session(str(number), "default", "127.0.0.1:25", "127.0.0.1", 1, 0.0)


def transaction() -> Transaction:
    """A transaction that is open."""
    return Transaction(PathCommand(Address("b@x.test")))


def noop(number: int = 0) -> Exchange:
    """A NOOP, known by its number."""
    return (0.0, b"NOOP %06d" % number, OK, 0, 0.0, None)


class JournalTests(SynchronousTestCase):
    """`Journal`"""

    def begun(self, journal: Journal, number: int = 1) -> Session:
        new = session(number)
        journal.begin(new)
        return new

    def ids(self, journal: Journal) -> list[str]:
        return [kept.id for kept in journal.sessions()]

    def test_a_session_is_there_from_its_beginning(self) -> None:
        """It can be read while it lasts, and grows."""
        journal = Journal()
        lasting = self.begun(journal)
        journal.record(lasting, [(0.5, b"NOOP", OK, 0, 0.0, None)], len(b"NOOP"))
        self.assertEqual(self.ids(journal), ["1"])
        self.assertIs(journal.get("1"), lasting)
        self.assertEqual(lasting.exchanges[0][1], b"NOOP")
        with self.assertRaises(KeyError):
            journal.get("2")

    def test_the_oldest_go_first(self) -> None:
        """Past the number of sessions, and it is counted."""
        journal = Journal(max_sessions=2)
        for number in range(5):
            self.begun(journal, number)
        self.assertEqual(self.ids(journal), ["3", "4"])
        self.assertEqual(journal.dropped, 3)

    def test_memory_is_bounded(self) -> None:
        """Past the octets the oldest go, and all are given back in the end."""
        journal = Journal(quota=JournalQuota(40_000))
        for number in range(10):
            lasting = self.begun(journal, number)
            line = b"x" * 7500
            journal.record(lasting, [(0.0, line, OK, 0, 0.0, None)], len(line))
            journal.end(lasting, End.QUIT, 1.0)
            self.assertLessEqual(journal.octets, 40_000)
        self.assertEqual(self.ids(journal), ["6", "7", "8", "9"])
        self.begun(journal, 10)
        journal.clear()
        begun = Journal()
        self.begun(begun)
        self.assertEqual(self.ids(journal), ["10"])
        self.assertEqual(journal.octets, begun.octets)

    def test_one_that_went_is_not_recorded_further(self) -> None:
        """It costs nothing any more, though it lasts."""
        journal = Journal(max_sessions=1)
        gone = self.begun(journal, 1)
        self.begun(journal, 2)
        before = journal.octets
        journal.record(gone, [(0.0, b"NOOP", OK, 0, 0.0, None)], len(b"NOOP"))
        journal.settle(gone, transaction(), Outcome.ABORTED)
        journal.end(gone, End.QUIT, 1.0)
        self.assertEqual(journal.octets, before)
        self.assertEqual(len(gone.exchanges), 0)

    def test_a_long_session_keeps_its_transactions(self) -> None:
        """As long as there is room; of its exchanges the last ones."""
        journal = Journal()
        lasting = self.begun(journal)
        for number in range(5000):
            journal.record(lasting, [noop(number)], 11)
            journal.settle(lasting, transaction(), Outcome.ABORTED)
            self.assertLessEqual(len(lasting.exchanges), MAX_EXCHANGES)
        kept = len(lasting.exchanges)
        self.assertGreaterEqual(kept, MAX_EXCHANGES // 2)
        self.assertEqual(lasting.omitted, 5000 - kept)
        self.assertEqual(lasting.exchanges[-1], noop(4999))
        self.assertEqual(len(lasting.transactions), 5000)
        self.assertEqual(lasting.omitted_transactions, 0)
        octets = journal.octets
        self.assertGreater(octets, 5000 * 400)
        lasting.transactions.clear()
        lasting.octets = 0
        self.assertLess(lasting.weigh(), 200 * MAX_EXCHANGES)

    def test_past_the_bound_it_keeps_what_came_last(self) -> None:
        """The older half goes and is counted; the session stays, and is recorded."""
        journal = Journal(quota=JournalQuota(100_000))
        lasting = self.begun(journal)
        for number in range(5000):
            journal.record(lasting, [noop(number)], 11)
            settled = transaction()
            settled.mail = number
            journal.settle(lasting, settled, Outcome.ACCEPTED)
            self.assertLessEqual(journal.octets, 100_000)
        exchanges, transactions = lasting.exchanges, lasting.transactions
        self.assertEqual(exchanges[-1], noop(4999))
        self.assertEqual(transactions[-1].mail, 4999)
        self.assertGreater(len(transactions), 60)
        self.assertEqual(lasting.omitted + len(exchanges), 5000)
        self.assertEqual(lasting.omitted_transactions + len(transactions), 5000)
        self.assertEqual(journal.dropped, 0)

    def test_what_lasts_stays_while_others_end(self) -> None:
        """A connection that is kept open is recorded through thousands of others."""
        journal = Journal(max_sessions=3, quota=JournalQuota(50_000))
        lasting = self.begun(journal, 1)
        for number in range(2, 100):
            journal.end(self.begun(journal, number), End.QUIT, 1.0)
            journal.record(lasting, [noop(number)], 11)
        self.assertEqual(self.ids(journal), ["1", "98", "99"])
        self.assertEqual(lasting.exchanges[-1], noop(99))

    def test_a_large_session_that_ended_is_not_removed_as_a_whole(self) -> None:
        """Small ones that come behind it need little of its room."""
        journal = Journal(quota=JournalQuota(100_000))
        large = self.begun(journal, 1)
        journal.record(large, [noop()] * 500, 500 * 11)
        journal.end(large, End.QUIT, 1.0)
        for number in range(2, 20):
            journal.end(self.begun(journal, number), End.QUIT, 1.0)
        self.assertEqual(len(journal), 19)
        self.assertEqual(len(large.exchanges), 250)
        self.assertLessEqual(journal.octets, 100_000)

    def test_journals_share_a_bound(self) -> None:
        """What ended first goes, on whichever host; a closed journal takes nothing."""
        quota = JournalQuota(100_000)
        one, other = Journal(quota=quota), Journal(quota=quota)
        for number in range(40):
            journal = (one, other)[number % 2]
            new = self.begun(journal, number)
            journal.record(new, [noop()] * 20, 20 * 11)
            journal.end(new, End.QUIT, 1.0)
            self.assertLessEqual(quota.used, 100_000)
            self.assertEqual(quota.used, one.octets + other.octets)
        kept = sorted(map(int, self.ids(one) + self.ids(other)))
        self.assertEqual(kept, list(range(40 - len(kept), 40)))
        self.assertGreater(len(kept), 15)
        lasting = self.begun(other, 40)
        other.close()
        journal.record(lasting, [noop()], 11)
        self.begun(other, 41)
        self.assertEqual((len(other), other.octets), (0, 0))
        self.assertEqual(quota.used, one.octets)

    def test_one_large_transaction_is_weighed_at_once(self) -> None:
        """Its recipients count, whatever was said."""
        journal = Journal(quota=JournalQuota(100_000))
        lasting = self.begun(journal)
        large = transaction()
        large.octets = 1_000_000
        journal.settle(lasting, large, Outcome.ABORTED)
        self.assertLessEqual(journal.octets, 100_000)
        self.assertEqual(lasting.omitted_transactions, 1)

    def test_what_is_settled_is_told(self) -> None:
        """Listeners hear of the beginning, of each outcome, and of the end."""
        journal = Journal()
        heard: list[tuple[str, int]] = []
        journal.listeners.append(lambda s: heard.append((s.id, len(s.transactions))))
        lasting = self.begun(journal)
        journal.record(lasting, [(0.0, b"NOOP", OK, 0, 0.0, None)], len(b"NOOP"))
        kept = transaction()
        kept.reply = MAIL_KEPT
        journal.settle(lasting, kept, Outcome.ACCEPTED)
        journal.end(lasting, End.QUIT, 2.0)
        self.assertEqual(heard, [("1", 0), ("1", 1), ("1", 1)])
        self.assertEqual((lasting.end, lasting.ended_at), (End.QUIT, 2.0))

    def test_clearing_leaves_lasting_sessions_empty(self) -> None:
        """Ended ones are gone; what was removed is answered whole."""
        journal = Journal()
        ended, lasting = self.begun(journal, 1), self.begun(journal, 2)
        for each in ended, lasting:
            journal.record(each, [(0.0, b"NOOP", OK, 0, 0.0, None)], len(b"NOOP"))
        journal.end(ended, End.QUIT, 1.0)
        removed = journal.clear()
        self.assertEqual([len(each.exchanges) for each in removed], [1, 1])
        self.assertEqual(self.ids(journal), ["2"])
        journal.record(lasting, [(0.0, b"RSET", OK, 0, 0.0, None)], len(b"RSET"))
        self.assertEqual([e[1] for e in journal.get("2").exchanges], [b"RSET"])

    def test_without_a_journal_nothing_is_kept(self) -> None:
        """A size of 0 turns it off."""
        journal = Journal(max_sessions=0)
        off = self.begun(journal)
        journal.record(off, [(0.0, b"NOOP", OK, 0, 0.0, None)], len(b"NOOP"))
        journal.settle(off, transaction(), Outcome.ABORTED)
        journal.end(off, End.QUIT, 1.0)
        self.assertEqual((len(journal), journal.octets, journal.dropped), (0, 0, 0))
