"""The journal: what it keeps, and what it lets go."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.core.journal import Journal
from mocksmtp.model.address import Address
from mocksmtp.model.command import PathCommand
from mocksmtp.model.reply import MAIL_KEPT, OK
from mocksmtp.model.session import (
    MAX_EXCHANGES,
    MAX_TRANSACTIONS,
    End,
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
        journal.record(lasting, [(0.5, b"NOOP", OK, False, 0.0)], len(b"NOOP"))
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
        journal = Journal(max_octets=40_000)
        for number in range(10):
            lasting = self.begun(journal, number)
            line = b"x" * 8000
            journal.record(lasting, [(0.0, line, OK, False, 0.0)], len(line))
            journal.record(lasting, [(0.0, line, OK, False, 0.0)], len(line))
            self.assertLessEqual(journal.octets, 40_000)
        self.assertEqual(self.ids(journal), ["8", "9"])
        journal.clear()
        ended = Journal()
        self.begun(ended)
        self.assertEqual(len(journal), 2)
        self.assertEqual(journal.octets, 2 * ended.octets)

    def test_one_that_went_is_not_recorded_further(self) -> None:
        """It costs nothing any more, though it lasts."""
        journal = Journal(max_sessions=1)
        gone = self.begun(journal, 1)
        self.begun(journal, 2)
        before = journal.octets
        journal.record(gone, [(0.0, b"NOOP", OK, False, 0.0)], len(b"NOOP"))
        journal.settle(gone, transaction(), Outcome.ABORTED)
        journal.end(gone, End.QUIT, 1.0)
        self.assertEqual(journal.octets, before)
        self.assertEqual(len(gone.exchanges), 0)

    def test_a_long_session_keeps_its_last_exchanges(self) -> None:
        """What is missing is counted, and takes no memory."""
        journal = Journal()
        lasting = self.begun(journal)
        for number in range(10 * MAX_EXCHANGES):
            journal.record(lasting, [(0.0, b"%04d" % number, OK, False, 0.0)], 4)
            self.assertLessEqual(len(lasting.exchanges), MAX_EXCHANGES)
        kept = len(lasting.exchanges)
        self.assertGreaterEqual(kept, MAX_EXCHANGES // 2)
        self.assertEqual(lasting.exchanges[-1][1], b"%04d" % (10 * MAX_EXCHANGES - 1))
        self.assertEqual(lasting.omitted, 10 * MAX_EXCHANGES - kept)
        self.assertLess(journal.octets, 200 * MAX_EXCHANGES)

    def test_a_long_session_keeps_its_last_transactions(self) -> None:
        """Their memory is bounded too."""
        journal = Journal()
        lasting = self.begun(journal)
        for _ in range(10 * MAX_TRANSACTIONS):
            large = transaction()
            large.recipients = [large.sender] * 100
            journal.settle(lasting, large, Outcome.ABORTED)
        journal.settle(lasting, transaction(), Outcome.REFUSED)
        kept = len(lasting.transactions)
        self.assertLessEqual(kept, MAX_TRANSACTIONS)
        self.assertGreaterEqual(kept, MAX_TRANSACTIONS // 2)
        self.assertIs(lasting.transactions[-1].outcome, Outcome.REFUSED)
        self.assertLess(journal.octets, 25_000 * kept)
        self.assertGreater(journal.octets, 15_000 * kept)

    def test_what_is_settled_is_told(self) -> None:
        """Listeners hear of the beginning, of each outcome, and of the end."""
        journal = Journal()
        heard: list[tuple[str, int]] = []
        journal.listeners.append(lambda s: heard.append((s.id, len(s.transactions))))
        lasting = self.begun(journal)
        journal.record(lasting, [(0.0, b"NOOP", OK, False, 0.0)], len(b"NOOP"))
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
            journal.record(each, [(0.0, b"NOOP", OK, False, 0.0)], len(b"NOOP"))
        journal.end(ended, End.QUIT, 1.0)
        removed = journal.clear()
        self.assertEqual([len(each.exchanges) for each in removed], [1, 1])
        self.assertEqual(self.ids(journal), ["2"])
        journal.record(lasting, [(0.0, b"RSET", OK, False, 0.0)], len(b"RSET"))
        self.assertEqual([e[1] for e in journal.get("2").exchanges], [b"RSET"])

    def test_without_a_journal_nothing_is_kept(self) -> None:
        """A size of 0 turns it off."""
        journal = Journal(max_sessions=0)
        off = self.begun(journal)
        journal.record(off, [(0.0, b"NOOP", OK, False, 0.0)], len(b"NOOP"))
        journal.settle(off, transaction(), Outcome.ABORTED)
        journal.end(off, End.QUIT, 1.0)
        self.assertEqual((len(journal), journal.octets, journal.dropped), (0, 0, 0))
