"""The store in Redis while connections, replicas or the server fail"""

from __future__ import annotations

from twisted.internet import reactor

from mocksmtp.store.interface import Kind, StorageFull, StoreError
from mocksmtp.store.redis import client as redis_client
from mocksmtp.store.redis.scripts import PREFIX
from mocksmtp.store.redis.store import RedisStore
from tests.store.case import ProxiedCase, RedisCase
from tests.store.test_redis import COUNTS, HOST, Recorder, ReplicaCase


class CutTests(ProxiedCase):
    """A connection that is cut"""

    def cut(self, how: str) -> None:
        """Cut the connections of the store."""
        self.proxies[self.store].cut(how)

    def test_a_mail_is_kept_once(self) -> None:
        """Whether or not the server has received it before."""
        for number, how in enumerate(("after", "before", "after"), 1):
            self.cut(how)
            self.assertEqual(self.keep().number, number)
            self.assertEqual(len(self.box), number)
        self.assertEqual(self.server.ask("ZCARD", f"{PREFIX}mails"), 3)
        self.assertEqual((self.box.total, self.store.quota.mails), (3, 3))
        self.assertIsNone(self.store.failure)

    def test_many_mails(self) -> None:
        """All that were on their way are kept once, in order."""
        first = self.keep()
        self.cut("after")
        waiting = [
            self.box.keep(first.envelope, b"%d" % n, 1.0, first.origin)
            for n in range(200)
        ]
        mails = [self.result(one) for one in waiting]
        self.assertEqual([one.number for one in mails], [*range(2, 202)])
        self.assertEqual(
            [one.content for one in mails], [b"%d" % n for n in range(200)]
        )
        self.assertEqual(self.server.ask("ZCARD", f"{PREFIX}mails"), 201)

    def test_counts_are_stored_once(self) -> None:
        """And the turn is passed on once."""
        self.result(self.store.replicas.follow(Recorder()))
        turn = self.result(self.store.replicas.take_turn())
        self.cut("after")
        self.store.save([(HOST, 1)])
        self.result(turn.pass_on([(COUNTS, {"seen": 1})]))
        entries = self.server.ask("XLEN", f"{PREFIX}control")
        self.assertEqual(entries, 1)
        again = self.result(self.store.replicas.take_turn())
        self.assertEqual(again.counts, [])

    def test_a_removal(self) -> None:
        """Its mails are part of one removal."""
        for _ in range(3):
            self.keep()
        self.cut("after")
        removal = self.result(self.store.mails.remove("default", [1, 2]))
        self.assertEqual(removal.numbers, [1, 2])
        self.assertEqual(len(self.result(self.store.mails.load([1, 2]))), 2)
        self.cut("after")
        restored = self.result(self.store.mails.restore(removal))
        self.assertEqual(restored, [("default", 1), ("default", 2)])
        self.assertEqual(len(self.box), 3)

    def test_a_connection_that_is_silent(self) -> None:
        """Is left for another one."""
        self.patch(redis_client, "SILENCE", 0.2)
        self.cut("silent")
        reactor.callLater(0.5, self.cut, "")
        self.assertEqual(self.keep().number, 1)
        self.assertEqual(self.server.ask("ZCARD", f"{PREFIX}mails"), 1)


class ServerTests(RedisCase):
    """A server that fails"""

    def test_a_restart(self) -> None:
        """What was stored is there, and what waits is stored then."""
        mail = self.keep()
        self.server.kill()
        waiting = self.box.keep(mail.envelope, b"x", 1.0, mail.origin)
        self.pump_until(lambda: self.store.failure)
        self.assertIn(f"127.0.0.1:{self.server.port}: ", str(self.store.failure))
        self.server.start()
        self.assertEqual(self.result(waiting).number, 2)
        self.assertIsNone(self.store.failure)
        found = self.result(self.store.mails.load([1, 2]))
        self.assertEqual([mail.number for mail in found], [1, 2])

    def test_no_server(self) -> None:
        """What it does not answer in time fails, and is not stored later."""
        mail = self.keep()
        self.patch(redis_client, "TIMEOUT", 0.3)
        self.server.kill()
        waiting = self.box.keep(mail.envelope, b"x", 1.0, mail.origin)
        self.pump(waiting)
        error = self.failureResultOf(waiting, StoreError)
        self.assertIn("connection refused", str(error.value))
        self.server.start()
        self.pump_until(lambda: self.store.failure is None)
        self.patch(redis_client, "TIMEOUT", 5.0)
        self.assertEqual(self.keep().number, 2)
        self.assertEqual(len(self.box), 2)

    def test_scripts_that_are_lost(self) -> None:
        """Are loaded again."""
        self.server.ask("SCRIPT", "FLUSH")
        waiting = [self.result(self.store.replicas.queries.next()), self.keep()]
        self.assertEqual(waiting[1].number, 1)

    def test_no_memory(self) -> None:
        """Mails are refused; those that are there can be removed."""
        first = self.keep()
        self.result(self.store.replicas.follow(Recorder()))
        self.server.ask("CONFIG", "SET", "maxmemory", "1")
        waiting = self.box.keep(first.envelope, b"x", 1.0, first.origin)
        self.pump(waiting)
        self.failureResultOf(waiting, StorageFull)
        turn = self.result(self.store.replicas.take_turn())
        removal = self.result(self.store.mails.remove("default", [1]))
        self.assertEqual((removal.numbers, len(self.box)), ([1], 0))
        self.result(turn.pass_on([(COUNTS, 1)]))
        self.result(self.store.replicas.settle())
        self.server.ask("CONFIG", "SET", "maxmemory", "0")
        self.assertEqual(self.keep().number, 2)

    def test_no_memory_for_several_mails(self) -> None:
        """None of those that arrive together is stored."""
        first = self.keep()
        self.server.ask("CONFIG", "SET", "maxmemory", "1")
        waiting = [
            self.box.keep(first.envelope, b"x", 1.0, first.origin) for _ in range(3)
        ]
        for one in waiting:
            self.pump(one)
            self.failureResultOf(one, StorageFull)
        self.assertEqual(self.server.ask("ZCARD", f"{PREFIX}mails"), 1)
        self.assertEqual(len(self.server.ask("KEYS", f"{PREFIX}row:*")), 1)
        self.server.ask("CONFIG", "SET", "maxmemory", "0")
        self.assertEqual(self.keep().number, 2)
        self.assertEqual((len(self.box), self.box.total), (2, 2))

    def test_data_that_are_lost(self) -> None:
        """End a replica: it would number mails anew, and has the state of before."""
        mail = self.keep()
        self.server.ask("FLUSHALL")
        self.server.kill()
        self.server.start()
        waiting = self.box.keep(mail.envelope, b"x", 1.0, mail.origin)
        self.pump(waiting)
        error = self.failureResultOf(waiting, StoreError)
        self.assertIn("Redis has lost its data", str(error.value))
        self.assertIn("must be restarted", str(self.store.failure))
        self.assertEqual(self.server.ask("DBSIZE"), 0)
        self.flushLoggedErrors()


class LeaseTests(ProxiedCase, ReplicaCase):
    """Replicas that are paused or killed"""

    lease = 0.6

    def test_a_turn_that_is_lost(self) -> None:
        """Nothing that it decided is stored."""
        turn = self.take_turn(self.store)
        self.server.ask("DEL", f"{PREFIX}turn")
        other = self.take_turn(self.other)
        self.store.save([(HOST, 1)])
        lost = turn.pass_on([(COUNTS, {"seen": 9})])
        self.pump(lost)
        self.failureResultOf(lost, StoreError)
        self.result(other.pass_on([(COUNTS, {"seen": 1})]))
        self.assertEqual(self.take_turn(self.store).counts, [(COUNTS, {"seen": 1})])
        self.assertEqual(self.others_follower.applied, [])

    def test_a_killed_replica(self) -> None:
        """Its turn ends, it is not waited for, and another one hears of that."""
        self.take_turn(self.store)
        self.kill(self.store)
        turn = self.take_turn(self.other)
        self.other.save([(HOST, 1)])
        self.result(turn.pass_on())
        self.result(self.other.replicas.applied())
        self.assertEqual(self.result(self.other.replicas.ask({"x": 1})), [])
        self.result(self.other.replicas.settle())
        self.pump_until(lambda: self.others_follower.gone)
        self.assertEqual(self.others_follower.gone, [self.store.replicas.name])
        self.assertEqual(self.other.replicas.others, [])

    def kill(self, store: RedisStore) -> None:
        """End a replica: nothing of it arrives any more."""
        self.proxies[store].cut("refuse")

    def test_a_paused_replica(self) -> None:
        """Is left out; once it runs again, it first applies what it has missed."""
        proxy = self.proxies[self.other]
        proxy.cut("hold")
        turn = self.take_turn(self.store)
        self.store.save([(HOST, 1)])
        self.result(turn.pass_on())
        self.result(self.store.replicas.applied())
        self.assertEqual(self.others_follower.applied, [])
        self.assertFalse(self.other.replicas.is_current)
        proxy.cut("")
        self.result(self.other.replicas.catch_up())
        self.assertTrue(self.other.replicas.is_current)
        self.assertEqual(self.others_follower.applied, [(HOST, 1)])
        self.assertEqual(self.follower.gone, [self.other.replicas.name])

    def test_a_paused_replica_whose_changes_are_gone(self) -> None:
        """Replaces its whole state."""
        proxy = self.proxies[self.other]
        proxy.cut("hold")
        for number in range(3):
            turn = self.take_turn(self.store)
            self.store.save([(HOST, number)])
            self.result(turn.pass_on([(COUNTS, {"seen": number})]))
        self.result(self.store.replicas.applied())
        self.server.ask("XTRIM", f"{PREFIX}control", "MAXLEN", "1")
        proxy.cut("refuse")
        proxy.cut("")
        self.result(self.other.replicas.catch_up())
        self.assertEqual(self.others_follower.applied, [])
        (state,) = self.others_follower.states
        self.assertEqual(state[Kind.HOST], {"a host": 2})
        self.assertEqual(state[Kind.COUNTS], {"default/1": {"seen": 2}})

    def test_a_killed_replica_that_was_the_last(self) -> None:
        """The next one is alone, although the lease is not over."""
        self.kill(self.store)
        self.kill(self.other)
        _, restored = self.join(Recorder())
        self.assertTrue(restored.is_alone)
