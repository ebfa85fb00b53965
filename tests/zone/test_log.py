"""The log of DNS queries."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.zone.answer import Question
from mocksmtp.zone.log import QueryLog
from mocksmtp.zone.query import TCP, UDP, DnsExchange, DnsQuery

EXCHANGE = DnsExchange(Question("ex.test", 15), 1232, True, None)
CLIENT = ("192.0.2.1", 5353)


class QueryLogTests(SynchronousTestCase):
    """`QueryLog`."""

    def setUp(self):
        self.log = QueryLog(3)

    def numbers(self) -> list[int]:
        return [query.number for query in self.log.queries()]

    def note(self, times: int = 1) -> None:
        for _ in range(times):
            self.log.note(0.0, CLIENT, UDP, EXCHANGE)

    def test_kept(self):
        """What is noted is told again, in its order."""
        self.log.note(1.0, CLIENT, UDP, EXCHANGE)
        self.log.note(2.0, ("::1", 7), TCP, EXCHANGE, "b1")
        self.assertEqual(
            self.log.queries(),
            [
                DnsQuery(1, 1.0, "192.0.2.1", 5353, UDP, EXCHANGE),
                DnsQuery(2, 2.0, "::1", 7, TCP, EXCHANGE, "b1"),
            ],
        )

    def test_bounded(self):
        """The oldest go first."""
        self.note(5)
        self.assertEqual((self.numbers(), len(self.log)), ([3, 4, 5], 3))

    def test_clear(self):
        """Clearing answers what it took out, and numbers go on."""
        self.note(2)
        self.assertEqual([query.number for query in self.log.clear()], [1, 2])
        self.assertEqual(self.log.queries(), [])
        self.note()
        self.assertEqual(self.numbers(), [3])

    def test_listeners(self):
        """They are told of each query; one may leave as it is told."""
        heard = []

        def once(query: DnsQuery) -> None:
            self.log.listeners.remove(once)
            heard.append(("once", query.number))

        self.log.listeners += [once, lambda query: heard.append(query.number)]
        self.note(2)
        self.assertEqual(heard, [("once", 1), 1, 2])
