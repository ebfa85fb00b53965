"""The DNS queries of several replicas"""

from __future__ import annotations

from twisted.internet.defer import Deferred
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.persistence.queries import exchange_from_store, exchange_to_store
from mocksmtp.store.interface import StoreError
from mocksmtp.zone.answer import Question
from mocksmtp.zone.names import Name
from mocksmtp.zone.queries import UDP, DnsExchange, DnsReply, SharedQueryLog
from mocksmtp.zone.records import parse_records
from tests.http.rig import ids
from tests.store.replica import Replica, ReplicaCase

CLIENT = ("192.0.2.1", 5353)


def exchange(name: str = "ex.test") -> DnsExchange:
    return DnsExchange(
        Question(Name.parse(name), 15), 1232, True, DnsReply(3, 0, False)
    )


class SharedQueryTests(ReplicaCase):
    """`SharedQueries`"""

    def ask(self, replica: Replica, name: str = "ex.test") -> None:
        client, at = CLIENT, self.clock.seconds()
        replica.mock.query_log.add(at, client, UDP, exchange(name))

    def test_queries_of_all(self) -> None:
        """Each replica lists the queries of all, under the same ids."""
        self.ask(self.a, "a.test")
        self.ask(self.b, "b.test")
        self.ask(self.a, "c.test")
        queries = self.same("/dnsQueries")
        self.assertEqual(ids(queries), ["1", "2", "3"])
        self.assertEqual(
            [one["name"] for one in queries], ["a.test", "b.test", "c.test"]
        )
        self.assertEqual(ids(self.same("/dnsQueries?after=1")), ["2", "3"])
        self.assertEqual(ids(self.same("/dnsQueries?order=desc&before=3")), ["2", "1"])
        self.assertEqual(self.same("/dnsQueries/latest?name=b.test")["id"], "2")

    def test_all_are_removed(self) -> None:
        """Removed on one replica, they are removed on all; numbers continue."""
        self.ask(self.a)
        self.ask(self.b)
        self.assertEqual(len(self.a.ask("DELETE", "/dnsQueries").json()), 2)
        self.assertEqual(self.same("/dnsQueries"), [])
        self.ask(self.b)
        self.assertEqual(ids(self.same("/dnsQueries")), ["3"])

    def test_a_number_that_comes_later(self) -> None:
        """Queries are logged in order, once they have their numbers."""
        numbers: list[Deferred[int]] = []

        def later() -> Deferred[int]:
            numbers.append(Deferred())
            return numbers[-1]

        self.patch(self.a.store.replicas.queries, "next", later)
        self.ask(self.a, "a.test")
        self.ask(self.a, "b.test")
        self.assertEqual((len(numbers), len(self.a.mock.query_log)), (1, 0))
        settled = self.a.hand_over()
        numbers[0].callback(4)
        self.assertNoResult(settled)
        numbers[1].callback(5)
        self.successResultOf(settled)
        names = [str(one.name) for one in self.a.mock.query_log.queries()]
        self.assertEqual(names, ["a.test", "b.test"])

    def test_the_store_fails(self) -> None:
        """A query waits until the store can be used."""
        self.cluster.failure = StoreError("no server")
        self.ask(self.a)
        self.failureResultOf(self.a.hand_over(), StoreError)
        self.cluster.failure = None
        self.assertEqual(len(self.same("/dnsQueries")), 1)


class SharedQueryLogTests(SynchronousTestCase):
    """`SharedQueryLog`"""

    def setUp(self) -> None:
        self.log = SharedQueryLog(3)

    def add(self, *numbers: int) -> None:
        for number in numbers:
            self.log.insert(number, (0.0, CLIENT, UDP, exchange(), None))

    def numbers(self) -> list[int]:
        return [query.number for query in self.log.queries()]

    def test_any_order(self) -> None:
        """Queries are kept in the order of their numbers, the last ones."""
        self.add(5, 2, 4)
        self.assertEqual((self.numbers(), self.log.last), ([2, 4, 5], 5))
        self.add(3, 4)
        self.assertEqual((self.numbers(), self.log.evicted), ([3, 4, 5], 2))
        self.assertEqual([one.number for one in self.log.older(5)], [4, 3])
        self.assertEqual(self.log.get(4).number, 4)
        self.assertRaises(KeyError, self.log.get, 2)

    def test_removed_ones_do_not_arrive(self) -> None:
        """A query that was removed before it arrived is not added."""
        self.add(1, 3)
        heard: list[int] = []
        self.log.clear_listeners.append(heard.append)
        self.log.clear()
        self.add(2, 4)
        self.assertEqual((self.numbers(), heard), ([4], [3]))
        self.assertEqual(self.log.evicted, 0)

    def test_stored_exchanges(self) -> None:
        """An exchange is the same after it was stored."""
        records = parse_records(
            [
                {"name": "a.test", "type": "CNAME", "target": "b.test"},
                {"name": "\\000.test", "type": "TXT", "strings": ["\x00"], "tag": "x"},
                {"name": "a.test", "type": "TYPE65280", "data": "\\# 2 abcd"},
            ]
        )
        for one in (
            exchange("A.test"),
            DnsExchange(None, None, False, None),
            DnsExchange(
                Question(Name.parse("x"), 255),
                None,
                False,
                DnsReply(0, 3, True, records),
            ),
        ):
            stored = exchange_to_store(one)
            self.assertEqual(exchange_from_store(stored), one)
