"""Documents from the bodies of requests"""

from __future__ import annotations

import gc
import weakref
from typing import Any

from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase
from twisted.web.client import ResponseNeverReceived

from mocksmtp.http.bodies import INLINE_SIZE, MANY, no_full_collection
from tests.http.rig import BUSY, Rig


def large() -> list[dict[str, Any]]:
    """A document that is too large to be read at once."""
    return [dict(BUSY, response={"code": 450, "message": "x" * INLINE_SIZE})]


class TurnTests(SynchronousTestCase):
    """Where documents are read"""

    def test_a_small_one_is_read_at_once(self) -> None:
        """No thread is asked for it."""
        rig = Rig()
        rig.begin("PUT", "/smtpBehaviors", [BUSY])
        self.assertEqual(len(rig.host.behaviors), 1)
        self.assertEqual(rig.threads, [])

    def test_a_large_one_is_read_in_a_thread(self) -> None:
        """Until then nothing has changed, and then all has."""
        rig = Rig()
        pending = rig.begin("PUT", "/smtpBehaviors", large())
        self.assertEqual((len(rig.host.behaviors), len(rig.threads)), (0, 1))
        assert pending.answer is not None
        self.assertEqual(pending.answer.status, 204)
        self.assertEqual(len(rig.host.behaviors), 1)

    def test_a_large_one_that_is_refused(self) -> None:
        """It is told as any other, and changes nothing."""
        rig = Rig()
        document = [*large(), {"command": "NONE"}]
        answer = rig.ask("PUT", "/smtpBehaviors", document)
        self.assertEqual(answer.status, 400)
        self.assertEqual(answer.paths, ["$[1].command", "$[1].response"])
        self.assertEqual(len(rig.host.behaviors), 0)

    def test_a_client_that_leaves_before_it_is_read(self) -> None:
        """What it sent does not take effect."""
        rig = Rig()
        pending = rig.begin("PUT", "/smtpBehaviors", large())
        left: Deferred[Any] = pending.deferred
        left.cancel()
        self.assertRaises(ResponseNeverReceived, lambda: pending.answer)
        self.assertEqual(len(rig.host.behaviors), 0)

    def test_one_large_document_at_a_time(self) -> None:
        """The second one waits until the first is read."""
        rig = Rig()
        first = rig.begin("POST", "/smtpBehaviors", large())
        second = rig.begin("POST", "/smtpBehaviors", large())
        self.assertEqual(len(rig.threads), 1)
        for pending in first, second:
            assert pending.answer is not None
            self.assertEqual(pending.answer.status, 201)

    def test_a_client_that_leaves_lets_the_next_one_in(self) -> None:
        """Whether its document is being read, or waits for that."""
        rig = Rig()
        pending = [rig.begin("POST", "/smtpBehaviors", large()) for _ in range(3)]
        for left in pending[:2]:
            left.deferred.addErrback(lambda _: None)
            left.deferred.cancel()
        assert pending[2].answer is not None
        self.assertEqual(pending[2].answer.status, 201)
        self.assertEqual(len(rig.host.behaviors), 1)

    def test_many_patterns_in_one_behavior(self) -> None:
        """They are compiled in a thread, though their text is small."""
        for count, threads in (5, 0), (50, 1):
            rig = Rig()
            pattern = {"operator": "matches", "matchingValue": "(a|b){1,900}"}
            condition = {"operator": "any", "conditions": [pattern] * count}
            body = [dict(BUSY, condition=condition)]
            pending = rig.begin("PUT", "/smtpBehaviors", body)
            self.assertEqual(len(rig.threads), threads)
            assert pending.answer is not None
            self.assertEqual(pending.answer.status, 204)


class Ticking(Clock):
    """
    A clock by which each look at it takes a millisecond.

    :ivar slices: how often somebody wanted to go on in the next turn
    """

    def __init__(self) -> None:
        super().__init__()
        self.slices = 0

    def seconds(self) -> float:
        self.rightNow += 0.001
        return self.rightNow

    def callLater(self, when: float, *call: Any, **keywords: Any) -> Any:
        self.slices += when == 0
        return super().callLater(when, *call, **keywords)


class SliceTests(SynchronousTestCase):
    """How long the reactor waits for a document"""

    def setUp(self) -> None:
        """A service on a clock that ticks."""
        self.clock = Ticking()
        self.rig = Rig(clock=self.clock)

    def slices(self, path: str, body: Any, kind: str = "application/json") -> int:
        """In how many slices a PUT is done, each of which is a turn of the reactor."""
        before = self.clock.slices
        answer = self.rig.ask("PUT", path, body, headers={"Content-Type": kind})
        self.assertIn(answer.status, (204, 400), answer)
        return self.clock.slices - before

    def test_an_array_is_read_a_few_items_at_a_time(self) -> None:
        """Behaviors and records: five, where each takes a millisecond."""
        for path, item in (
            ("/smtpBehaviors", BUSY),
            ("/dnsRecords", {"name": "a.test", "type": "A", "address": "192.0.2.1"}),
        ):
            self.assertEqual(self.slices(path, [item]), 0)
            self.assertGreaterEqual(self.slices(path, [item] * 500), 500 / 5)

    def test_a_zone_file_is_read_a_few_lines_at_a_time(self) -> None:
        """A $GENERATE of as many records takes as many slices."""
        lines = b"".join(b"a%d A 192.0.2.1\n" % number for number in range(2000))
        for body in lines, b"$GENERATE 1-2000 a$ A 192.0.2.1":
            slices = self.slices("/dnsRecords", body, "text/dns")
            self.assertGreaterEqual(slices, 2000 / 20 / 5 + 2000 / 5)
            self.assertEqual(len(self.rig.mock.zone.records), 2000)

    def test_reading_ends_with_the_hundredth_error(self) -> None:
        """However many items are wrong."""
        self.assertLessEqual(self.slices("/smtpBehaviors", [{}] * 9000), 100 / 5)


class Node:
    """Refers to itself, so that only a collection frees it."""

    me: Node


class NoFullCollectionTests(SynchronousTestCase):
    """`no_full_collection`"""

    def test_large(self) -> None:
        """Only young garbage is collected meanwhile; later all is, and none is kept."""
        before, frozen = gc.get_threshold(), gc.get_freeze_count()
        gone = []
        for _ in range(3):
            with no_full_collection(MANY + 1):
                young, middle, old = gc.get_threshold()
                self.assertEqual((young, middle), before[:2])
                self.assertGreater(old, 10**6)
                garbage = Node()
                garbage.me = garbage
                gone.append(weakref.ref(garbage))
                del garbage
            self.assertEqual(gc.get_threshold(), before)
        gc.collect()
        self.assertEqual([one() for one in gone], [None] * 3)
        self.assertEqual(gc.get_freeze_count(), frozen)

    def test_refused(self) -> None:
        """A document that is refused leaves the collector as it was."""
        before = gc.get_threshold()
        with self.assertRaises(ValueError), no_full_collection(MANY + 1):
            raise ValueError
        self.assertEqual(gc.get_threshold(), before)

    def test_small(self) -> None:
        """What is read at once changes nothing."""
        before = gc.get_threshold()
        with no_full_collection(MANY):
            self.assertEqual(gc.get_threshold(), before)
