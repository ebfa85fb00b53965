"""The store in Redis: what several replicas have in common"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from twisted.internet import reactor
from twisted.internet.defer import CancelledError

from mocksmtp.mail.quota import Quota
from mocksmtp.mail.search import EVERYTHING, MailQuery
from mocksmtp.store.interface import Document, Key, Kind, State, StoreError
from mocksmtp.store.redis import mails as redis_mails
from mocksmtp.store.redis import replicas as redis_replicas
from mocksmtp.store.redis.address import parse_address
from mocksmtp.store.redis.reading import RedisReader
from mocksmtp.store.redis.scripts import PREFIX
from mocksmtp.store.redis.store import RedisStore
from mocksmtp.store.replicas import LogPart, Tally
from tests.store.case import ENVELOPE, ORIGIN, RedisCase

HOST = (Kind.HOST, "a host")
COUNTS = (Kind.COUNTS, "default/1")


class Recorder:
    """A follower that records what it is asked."""

    def __init__(self) -> None:
        self.applied: list[tuple[Key, Document]] = []
        self.states: list[State] = []
        self.parts: list[LogPart] = []
        self.gone: list[str] = []
        self.mails: list[tuple[str, int]] = []
        self.events: list[tuple[int, Document]] = []

    def apply(self, changes: Sequence[tuple[Key, Document]]) -> None:
        self.applied += changes

    def replace(self, state: State) -> None:
        self.states.append(state)

    def perform(self, command: Document) -> Document:
        return {"done": command}

    def hand_over(self) -> None:
        pass

    def read(self, part: LogPart) -> None:
        self.parts.append(part)

    def left(self, name: str) -> None:
        self.gone.append(name)

    def mails_arrived(self, mails: Sequence[tuple[str, int]]) -> None:
        self.mails += mails

    def events_arrived(self, events: Sequence[tuple[int, Document]]) -> None:
        self.events += events


class ReplicaCase(RedisCase):
    """
    Two replicas.

    :ivar other: the store of the second one
    """

    other: RedisStore

    def setUp(self) -> None:
        super().setUp()
        self.follower, self.others_follower = Recorder(), Recorder()
        self.follow(self.store, self.follower)
        self.other, self.restored = self.join(self.others_follower)

    def follow(self, store: RedisStore, follower: Recorder) -> None:
        """Have a replica follow."""
        self.result(store.replicas.follow(follower))

    def join(self, follower: Recorder) -> tuple[RedisStore, Any]:
        """Start one more replica."""
        store = self.new_store(Quota())
        restored = self.result(store.open())
        self.addCleanup(lambda: self.result(store.close()))
        self.follow(store, follower)
        return store, restored

    def take_turn(self, store: RedisStore) -> Any:
        """The turn of a replica."""
        return self.result(store.replicas.take_turn())


class StateTests(ReplicaCase):
    """The state of all replicas"""

    def test_is_alone(self) -> None:
        """Only the first replica is."""
        self.assertFalse(self.restored.is_alone)
        self.assertEqual(self.other.replicas.others, [self.store.replicas.name])

    def test_documents(self) -> None:
        """Others apply them before `applied` fires; a later replica restores them."""
        turn = self.take_turn(self.store)
        self.store.save([(HOST, {"x": 1}), ((Kind.RECORD, "1"), None)])
        self.result(turn.pass_on())
        self.result(self.store.replicas.applied())
        changes = [(HOST, {"x": 1}), ((Kind.RECORD, "1"), None)]
        self.assertEqual(self.others_follower.applied, changes)
        self.assertEqual(self.follower.applied, [])
        _, restored = self.join(Recorder())
        self.assertEqual(restored.state, {Kind.HOST: {"a host": {"x": 1}}})

    def test_many_documents(self) -> None:
        """In one step, however many they are."""
        many = [((Kind.RECORD, f"{number:05}"), number) for number in range(3000)]
        turn = self.take_turn(self.store)
        self.store.save(many)
        self.result(turn.pass_on())
        self.result(self.store.replicas.applied())
        self.assertEqual(self.others_follower.applied, many)

    def test_counts(self) -> None:
        """Are those of the last turn, wherever it was."""
        first = self.take_turn(self.store)
        self.result(first.pass_on([(COUNTS, {"seen": 1})]))
        second = self.take_turn(self.other)
        self.assertEqual(second.counts, [(COUNTS, {"seen": 1})])
        waiting = self.store.replicas.take_turn()
        self.assertNoResult(waiting)
        self.result(second.pass_on([(COUNTS, None)]))
        third = self.result(waiting)
        self.assertEqual(third.counts, [(COUNTS, None)])
        self.result(third.pass_on())
        self.assertEqual(self.take_turn(self.store).counts, [])

    def test_counts_at_a_settle(self) -> None:
        """A reader has them too."""
        turn = self.take_turn(self.store)
        self.result(turn.pass_on([(COUNTS, {"seen": 1})]))
        self.result(self.other.replicas.settle())
        self.assertEqual(self.others_follower.applied, [(COUNTS, {"seen": 1})])

    def test_a_command(self) -> None:
        """All others perform it, and its author receives their results."""
        results = self.result(self.store.replicas.ask({"reset": True}))
        self.assertEqual(results, [{"done": {"reset": True}}])

    def test_large_documents(self) -> None:
        """Are not kept in the stream of changes once all have applied them."""
        self.patch(redis_replicas, "CONTROL_OCTETS", 100_000)
        for _ in range(5):
            turn = self.take_turn(self.store)
            self.store.save([(HOST, "x" * 50_000)])
            self.result(turn.pass_on())
        self.result(self.store.replicas.applied())
        self.pump_until(lambda: self.server.ask("XLEN", f"{PREFIX}control") == 1)
        self.join(Recorder())
        turn = self.take_turn(self.store)
        self.store.save([(HOST, 1)])
        self.result(turn.pass_on())
        self.result(self.store.replicas.applied())
        self.assertEqual(self.others_follower.applied[-1], (HOST, 1))


class BatchTests(ReplicaCase):
    """Mails that arrive in one turn of the reactor"""

    def setUp(self) -> None:
        super().setUp()
        self.second = self.store.mailbox("second")

    def keep_together(self, *contents: bytes, box: Any = None) -> list[Any]:
        """Have mails kept, without waiting for them."""
        box = self.box if box is None else box
        return [box.keep(ENVELOPE, one, 1.0, ORIGIN) for one in contents]

    def scripts(self) -> int:
        """How many scripts have stored mails."""
        (line,) = [
            line
            for line in self.server.ask("INFO", "commandstats").splitlines()
            if line.startswith("cmdstat_mset:")
        ] or ["=0,"]
        return int(line.partition("=")[2].partition(",")[0])

    def test_one_script_stores_them(self) -> None:
        """In their order, with the counts of each mailbox and of all."""
        waiting = self.keep_together(b"one", b"two")
        waiting += self.keep_together(b"three", box=self.second)
        waiting += self.keep_together(b"four")
        mails = [self.result(one) for one in waiting]
        self.assertEqual(self.scripts(), 1)
        self.assertEqual([mail.number for mail in mails], [1, 2, 3, 4])
        contents = [mail.content for mail in mails]
        self.assertEqual(contents, [b"one", b"two", b"three", b"four"])
        self.assertEqual(self.result(self.store.mails.load([1, 2, 3, 4])), mails)
        weights = [mail.weight for mail in mails]
        for box, total, octets, used in (
            (self.box, 3, 10, sum(weights) - weights[2]),
            (self.second, 1, 5, weights[2]),
        ):
            counts = (len(box), box.total, box.total_octets, box.octets)
            self.assertEqual(counts, (total, total, octets, used))
        quota = self.store.quota
        self.assertEqual((quota.mails, quota.used, quota.last), (4, sum(weights), 4))
        self.result(self.other.replicas.settle())
        others = [self.other.mailbox(name) for name in ("default", "second")]
        self.assertEqual([len(box) for box in others], [3, 1])
        self.assertEqual(self.other.quota.used, sum(weights))

    def test_a_script_is_short(self) -> None:
        """Many mails, and large ones, need several."""
        for mails, octets, wanted in ((3, 10**6, 3), (64, 400, 4), (64, 1, 7)):
            self.patch(redis_mails, "BATCH", mails)
            self.patch(redis_mails, "BATCH_OCTETS", octets)
            before, last = self.scripts(), self.store.quota.last
            waiting = self.keep_together(*[b"%d" % n + b"x" * 30 for n in range(7)])
            found = [self.result(one) for one in waiting]
            numbers = [mail.number - last for mail in found]
            self.assertEqual(numbers, [*range(1, 8)])
            self.assertEqual(self.scripts() - before, wanted, (mails, octets))

    def test_what_follows_comes_after_them(self) -> None:
        """Mails that are cleared are those that were kept before."""
        waiting = self.keep_together(b"one", b"two")
        self.box.clear()
        waiting += self.keep_together(b"three")
        numbers = [self.result(one).number for one in waiting]
        self.assertEqual(numbers, [1, 2, 3])
        self.assertEqual(self.server.ask("ZRANGE", f"{PREFIX}mails", "0", "-1"), ["3"])
        self.assertEqual((len(self.box), self.box.total), (1, 3))

    def test_evictions(self) -> None:
        """Are those that there are if each is stored alone."""
        self.reopen(max_mails=2)
        waiting = self.keep_together(b"one", b"two", box=self.store.mailbox("second"))
        waiting += self.keep_together(b"three", b"four", b"five")
        numbers = [self.result(one).number for one in waiting]
        self.assertEqual(numbers, [1, 2, 3, 4, 5])
        second = self.store.mailbox("second")
        self.assertEqual((len(self.box), self.box.evicted), (2, 3))
        self.assertEqual((len(second), second.evictions, second.evicted), (0, 2, 2))
        self.assertEqual((self.store.quota.evictions, self.store.quota.last), (3, 5))
        self.assertEqual(self.store.mails.evicted, 3)

    def test_many_small_mails_make_room(self) -> None:
        """For the large ones, however many are stored together."""
        self.patch(redis_mails, "BATCH_OCTETS", 2**20)
        weight = self.keep(b"x").weight
        for one in self.keep_together(*[b"x"] * 229):
            self.result(one)
        self.reopen(max_bytes=230 * weight)
        self.assertEqual(len(self.box), 230)
        before = self.scripts()
        waiting = self.keep_together(*[b"x" * 110 * weight] * 2)
        numbers = [self.result(one).number for one in waiting]
        self.assertEqual(numbers, [231, 232])
        self.assertEqual(self.scripts() - before, 1)
        self.assertLessEqual(self.store.quota.used, 230 * weight)
        self.assertGreater(self.box.evictions, 200)

    def test_another_replica_that_watches(self) -> None:
        """Hears of each of them, in their order."""
        self.other.replicas.watch()
        self.pump_until(lambda: self.store.replicas.is_watched)
        waiting = self.keep_together(b"one")
        waiting += self.keep_together(b"two", box=self.second)
        for one in waiting:
            self.result(one)
        mails = self.others_follower.mails
        self.pump_until(lambda: len(mails) == 2)
        self.assertEqual(mails, [("default", 1), ("second", 2)])

    def test_each_has_its_own_waiter(self) -> None:
        """One that leaves, or a listener that fails, does not affect the others."""
        heard: list[int] = []

        def listen(mail: Any) -> None:
            heard.append(mail.number)
            if mail.number == 2:
                raise ValueError("no")

        self.box.listeners.append(listen)
        waiting = self.keep_together(b"one", b"two", b"three")
        waiting[0].cancel()
        self.failureResultOf(waiting[0], CancelledError)
        self.assertEqual(self.result(waiting[2]).number, 3)
        self.failureResultOf(waiting[1], ValueError)
        self.assertEqual((heard, len(self.box)), ([1, 2, 3], 3))

    def test_a_clock_that_is_set_back(self) -> None:
        """Does not hold them back."""
        late = reactor.callLater
        self.patch(reactor, "callLater", lambda delay, *rest: late(delay + 60, *rest))
        (waiting,) = self.keep_together(b"one")
        self.patch(reactor, "callLater", late)
        self.assertEqual(self.result(waiting).number, 1)
        for call in reactor.getDelayedCalls():
            if call.getTime() > reactor.seconds() + 30:
                call.cancel()

    def test_a_store_that_is_closed(self) -> None:
        """Stores all of them, or refuses all."""
        store = self.new_store(Quota())
        self.result(store.open())
        box = store.mailbox("default")
        waiting = self.keep_together(b"one", b"two", box=box)
        self.result(store.close())
        waiting += self.keep_together(b"three", box=box)
        self.pump(waiting[2])
        numbers = [self.result(one).number for one in waiting[:2]]
        self.assertEqual(numbers, [1, 2])
        self.failureResultOf(waiting[2], StoreError)
        self.assertEqual(self.server.ask("ZCARD", f"{PREFIX}mails"), 2)


class RestartTests(RedisCase):
    """A replica that ends, and another one that starts"""

    def test_mails_are_what_they_were(self) -> None:
        """With their exact octets, envelope, origin and time."""
        content = bytes(range(256)) + "Grüße\r\n".encode()
        before = self.keep(content, ("a@x.test", "b@x.test", "a@x.test"))
        self.reopen()
        self.assertEqual(self.restored.mails, 1)
        (mail,) = self.result(self.store.mails.load([1]))
        self.assertEqual(mail, before)
        self.assertEqual((len(self.box), self.box.octets), (1, before.weight))

    def test_numbers_are_never_used_again(self) -> None:
        """Not even that of the newest mail, after it was removed."""
        self.keep()
        self.keep()
        self.box.clear()
        self.reopen()
        self.assertEqual((self.restored.mails, self.keep().number), (0, 3))

    def test_counters(self) -> None:
        """Those of evictions and of all mails go on."""
        self.reopen(max_mails=1)
        for _ in range(3):
            self.keep()
        self.reopen(max_mails=1)
        self.assertEqual((self.box.total, self.box.evictions), (3, 2))
        self.assertEqual((self.box.evicted, self.store.mails.evicted), (2, 2))

    def test_lower_limits(self) -> None:
        """The mails above them are evicted, a few at a time."""
        for number in range(450):
            self.keep(b"%d" % number)
        self.reopen(max_mails=3)
        self.pump_until(lambda: len(self.box) == 3)
        self.assertEqual(self.server.ask("ZRANGE", f"{PREFIX}mails", "0", "0"), ["448"])
        self.assertEqual(len(self.server.ask("KEYS", f"{PREFIX}content:*")), 3)

    def test_removed_mails_do_not_return(self) -> None:
        """They are deleted once the time of the removal is over."""
        for _ in range(3):
            self.keep()
        removal = self.result(self.store.mails.remove("default", [1, 2]))
        self.assertEqual(removal.numbers, [1, 2])
        self.reopen()
        self.assertEqual(len(self.box), 1)
        self.assertEqual(len(self.server.ask("KEYS", f"{PREFIX}row:*")), 3)
        (name,) = self.server.ask("ZRANGE", f"{PREFIX}removals", "0", "-1")
        self.server.ask("ZADD", f"{PREFIX}removals", "1", name)
        self.store.mails.purge()
        self.pump_until(lambda: len(self.server.ask("KEYS", f"{PREFIX}row:*")) == 1)
        self.assertEqual(self.server.ask("KEYS", f"{PREFIX}removal*"), [])

    def test_documents(self) -> None:
        """By their kinds and names; None removes one."""
        key = (Kind.SERVICE, "x")
        self.assertTrue(self.restored.is_new)
        self.store.save([(key, {"a": [1, "é"]}), ((Kind.SERVICE, "y"), 2)])
        self.store.save([((Kind.SERVICE, "y"), None)])
        session = ((Kind.SESSION, "000009"), {"b": 1})
        self.store.save([session])
        self.reopen()
        self.assertFalse(self.restored.is_new)
        state = {
            Kind.SERVICE: {"x": {"a": [1, "é"]}},
            Kind.SESSION: {"000009": {"b": 1}},
        }
        self.assertEqual(self.restored.state, state)
        self.assertEqual(self.restored.last_session, 9)


class ReaderTests(RedisCase):
    """A program that reads beside the service"""

    def test_mails_and_state(self) -> None:
        """Without secrets, and without mails that are removed."""
        for content in (b"one", b"two\0", b"x" * 3000):
            self.keep(content)
        self.result(self.store.mails.remove("default", [1]))
        host = {
            "tls": {"certificate": {"certificatePem": "c", "keyPem": "k"}},
            "auth": {"users": {"bob": "secret"}},
        }
        session = ((Kind.SESSION, "000001"), {"a": 1})
        removed = ((Kind.HOST, "b"), False)
        secret = ((Kind.CERTIFICATE, "b"), "key")
        self.store.save([((Kind.HOST, "a"), host), removed, secret, session])
        self.result(self.store.flush())
        self.patch(redis_mails, "_GROUP_OCTETS", 1)
        reader = RedisReader(parse_address(self.server.url))
        self.addCleanup(reader.close)
        kept = self.result(self.store.mails.load([2, 3]))
        self.assertEqual([*reader.mails()], kept)
        state = reader.state()
        self.assertEqual([*state], ["host", "session"])
        self.assertEqual(state["host"]["a"]["auth"], {"users": {"bob": None}})
        self.assertIsNone(state["host"]["a"]["tls"]["certificate"]["keyPem"])
        self.assertEqual(state["session"], {"000001": {"a": 1}})

    def test_what_cannot_be_read(self) -> None:
        """Is named in one line."""
        name = f"127.0.0.1:{self.server.port}"
        for url, reason in (
            (f"redis://{name}/1", "has no keys of mocksmtp"),
            (f"redis://:x@{name}/0", "has no password; remove it from the URL"),
            ("redis+unix:///nowhere", "no such file or directory"),
        ):
            address = parse_address(url)
            error = self.assertRaises(StoreError, RedisReader, address)
            self.assertEqual(str(error), f"{address.name}: {reason}")
        self.server.ask("SET", f"{PREFIX}version", "2")
        address = parse_address(self.server.url)
        error = self.assertRaises(StoreError, RedisReader, address)
        self.assertIn("keys of another version", str(error))


class SearchTests(RedisCase):
    """Searches, in parts"""

    def test_parts_are_short(self) -> None:
        """Once the time of a part is over, the next one continues after it."""
        for number in range(1, 40):
            self.keep(b"Subject: %d%s\r\n\r\n" % (number, b"x" * (number % 3 == 0)))
        wanted = [number for number in range(1, 40) if number % 3 == 0]
        query = MailQuery(subject="x")
        for rows, octets, slice_ in ((500, 2**20, 1.0), (7, 50, 0.0), (4, 10**6, 0.0)):
            self.patch(redis_mails, "_ROWS", rows)
            self.patch(redis_mails, "_GROUP_OCTETS", octets)
            self.patch(redis_mails, "SLICE", slice_)
            numbers, parts = self.found(query)
            self.assertEqual(numbers, wanted)
            self.assertEqual(parts > 5, not slice_)
            numbers, _ = self.found(query, newest_first=True)
            self.assertEqual(numbers, wanted[::-1])
            numbers, _ = self.found(query, newest_first=True, limit=4)
            self.assertEqual(numbers, wanted[:-5:-1])
            numbers, _ = self.found(MailQuery(recipient="alice@x.test"), limit=8)
            self.assertEqual(numbers, [*range(1, 9)])
        self.patch(redis_mails, "_NUMBERS", 6)
        self.assertEqual(self.found(EVERYTHING)[0], [*range(1, 40)])
        self.assertEqual(
            self.found(EVERYTHING, newest_first=True, limit=2)[0], [39, 38]
        )

    def test_contents_are_read_if_they_are_needed(self) -> None:
        """A filter of the envelope reads rows only."""
        for _ in range(3):
            self.keep()
        self.server.ask("CONFIG", "RESETSTAT")
        self.assertEqual(self.found(MailQuery(helo="client.test"))[0], [1, 2, 3])
        self.assertIn("cmdstat_mget:calls=1,", self.server.ask("INFO", "commandstats"))

    def test_loads_are_short(self) -> None:
        """They end after some octets."""
        self.patch(redis_mails, "LOAD_OCTETS", 2000)
        self.patch(redis_mails, "_GROUP_OCTETS", 1000)
        for _ in range(6):
            self.keep(b"x" * 600)
        loaded = self.result(self.store.mails.load([*range(1, 9)]))
        self.assertEqual([mail.number for mail in loaded], [1, 2, 3, 4])
        loaded = self.result(self.store.mails.load([5, 6, 7, 8]))
        self.assertEqual([mail.number for mail in loaded], [5, 6])


class LogTests(ReplicaCase):
    """The log of all replicas"""

    def test_sessions(self) -> None:
        """Are read as a whole; one without documents is removed."""
        session = (Kind.SESSION, "000007")
        self.store.save([(session, {"a": 1})])
        self.result(self.other.replicas.settle())
        self.store.save([((Kind.EXCHANGES, "000007/000000"), [1])])
        self.result(self.other.replicas.settle())
        self.store.save([(session, None), ((Kind.EXCHANGES, "000007/000000"), None)])
        self.result(self.other.replicas.settle())
        exchanges = ((Kind.EXCHANGES, "000007/000000"), [1])
        found = [part.sessions for part in self.others_follower.parts]
        whole = {session: {"a": 1}, exchanges[0]: [1]}
        self.assertEqual(found, [{7: {session: {"a": 1}}}, {7: whole}, {7: {}}])

    def test_queries_and_tallies(self) -> None:
        """Numbered over all replicas; one's own are not read."""
        tally = Tally("default/1", 2, 1, 5.0)
        numbers = [
            self.result(store.replicas.queries.next())
            for store in (self.store, self.other)
        ]
        self.assertEqual(numbers, [1, 2])
        self.store.replicas.log_query(1, {"q": 1})
        self.store.replicas.log_tallies([tally])
        self.result(self.other.replicas.settle())
        self.result(self.store.replicas.settle())
        (part,) = self.others_follower.parts
        self.assertEqual((part.queries, part.tallies), ({1: {"q": 1}}, [tally]))
        self.assertEqual(self.follower.parts, [])
        self.assertGreater(self.result(self.store.replicas.queries.next()), 2)

    def test_tallies_of_the_past(self) -> None:
        """A replica that starts has the sums, of behaviors that are stored."""
        behavior, counts = (Kind.BEHAVIOR, "default/1"), (Kind.COUNTS, "default/1")
        at = 1_764_374_400.25

        def tallied(*more: Any) -> list[Tally]:
            self.store.replicas.log_tallies([*more])
            self.result(self.store.flush())
            _, restored = self.join(Recorder())
            return [*restored.tallies]

        def store(*documents: tuple[Key, Document]) -> None:
            self.store.save(documents)
            self.result(self.store.flush())

        self.assertEqual(tallied(Tally("default/1", 1, 1, at)), [])
        store((behavior, {}))
        tallied(Tally("default/1", 2, 0, None), Tally("default/2", 2, 0, None))
        tallied(Tally("default/1", 2, 1, at))
        found = tallied(Tally("default/1", 1, 1, at - 1))
        self.assertEqual(found, [Tally("default/1", 5, 2, at)])
        store((counts, [0, 0, None, 0, [0, 0, 0, 0]]))
        self.assertEqual(tallied(), [])
        tallied(Tally("default/1", 3, 0, None))
        store((behavior, None))
        store((behavior, {}))
        self.assertEqual(tallied(), [])

    def test_removed_queries(self) -> None:
        """A removal stands where it was logged, whatever the numbers."""
        log_query = self.store.replicas.log_query
        for number, document in ((3, "a"), (5, "b"), (4, "c"), (5, None), (6, "d")):
            log_query(number, document)
        self.result(self.other.replicas.settle())
        (part,) = self.others_follower.parts
        expected = [(3, "a"), (4, "c"), (5, None), (6, "d")]
        self.assertEqual([*part.queries.items()], expected)

    def test_counts_of_mails(self) -> None:
        """A reader has those of all replicas."""
        box = self.other.mailbox("default")
        mail = self.keep()
        self.keep(box=box)
        self.assertEqual((len(self.box), len(box)), (1, 2))
        self.result(self.store.replicas.settle())
        self.assertEqual((len(self.box), self.store.quota.last), (2, 2))
        loaded = self.result(self.other.mails.load([mail.number]))
        self.assertEqual((loaded, loaded[0].origin), ([mail], ORIGIN))

    def test_watching(self) -> None:
        """Mails and events arrive live, those since the last settle included."""
        box = self.other.mailbox("default")
        self.keep(box=box)
        replicas = self.store.replicas
        replicas.watch()
        self.pump_until(lambda: self.other.replicas.is_watched)
        self.keep(box=box)
        self.other.replicas.publish([{"n": 1}, {"n": 2}])
        self.pump_until(lambda: len(self.follower.events) == 2)
        self.pump_until(lambda: len(self.follower.mails) == 2)
        self.assertEqual(self.follower.mails, [("default", 1), ("default", 2)])
        events = [(1, {"n": 1}), (2, {"n": 2})]
        self.assertEqual(self.follower.events, events)
        self.assertEqual(self.result(replicas.events_after(1)), events[1:])


class LeaseTests(ReplicaCase):
    """Replicas that end"""

    def test_one_that_leaves(self) -> None:
        """Is reported to another one, and not waited for."""
        third, _ = self.join(Recorder())
        self.result(third.close())
        self.pump_until(lambda: self.follower.gone or self.others_follower.gone)
        gone = [*self.follower.gone, *self.others_follower.gone]
        self.assertEqual(gone, [third.replicas.name])
