"""Requests that wait for what happens on another replica"""

from __future__ import annotations

from mocksmtp.persistence.log import PACE
from mocksmtp.store.interface import StoreError
from mocksmtp.zone.queries import UDP
from tests.http.rig import Pending, ids
from tests.sessions.network import with_id
from tests.store.replica import Replica, ReplicaCase
from tests.store.test_shared_queries import CLIENT, exchange

REFUSED = {"command": "RCPT TO", "response": {"code": 451, "message": "later"}}


class WaitTests(ReplicaCase):
    """`Watches` with replicas"""

    def wait(self, path: str, replica: Replica | None = None) -> Pending:
        """Begin a request that waits, on b."""
        waiting = (replica or self.b).begin("GET", path)
        self.assertIsNone(waiting.answer)
        return waiting

    def test_sessions(self) -> None:
        """It ends once the other replica has handed over, within `PACE`."""
        waiting = self.wait("/smtpSessions?to=bob@x.test&outcome=accepted&wait=10s")
        self.a.connect().deliver("carl@x.test")
        self.clock.advance(1.1 * PACE)
        self.assertIsNone(waiting.answer)
        self.a.connect().deliver("bob@x.test")
        self.clock.advance(1.1 * PACE)
        assert waiting.answer is not None
        self.assertEqual(ids(waiting.answer.json()), ["2"])
        self.assertFalse(self.a.store.replicas.is_watched)

    def test_a_session_that_lasts(self) -> None:
        """A mail in it ends the wait while it still lasts."""
        client = self.a.connect()
        client.say("EHLO h.test")
        waiting = self.wait("/smtpSessions?to=bob@x.test&wait=10s")
        client.say("MAIL FROM:<me@h.test>", "RCPT TO:<bob@x.test>", "DATA", "hi", ".")
        self.clock.advance(1.1 * PACE)
        assert waiting.answer is not None
        self.assertIsNone(waiting.answer.json()[0]["end"])

    def test_attempts(self) -> None:
        """Attempts on several replicas count together."""
        waiting = self.wait("/smtpAttempts?to=bob@x.test&count=2&wait=10s")
        self.a.connect().deliver("bob@x.test")
        self.clock.advance(1.1 * PACE)
        self.assertIsNone(waiting.answer)
        self.b.connect().deliver("bob@x.test")
        self.clock.advance(1.1 * PACE)
        assert waiting.answer is not None
        self.assertEqual(len(waiting.answer.json()), 2)

    def test_deliveries_that_settle(self) -> None:
        """A further attempt on another replica begins the settling time anew."""
        path = "/deliveries?to=bob@x.test&wait=10s&settle=1s"
        waiting = self.wait(path)
        self.a.behave(REFUSED)
        mail = with_id("m1@h.test")
        self.a.connect().deliver("bob@x.test", content=mail)
        self.clock.pump([1.05 * PACE] * 19)
        self.assertIsNone(waiting.answer)
        self.b.connect("mx2").deliver("bob@x.test", content=mail)
        self.clock.pump([1.05 * PACE] * 19)
        self.assertIsNone(waiting.answer)
        self.clock.pump([1.05 * PACE] * 3)
        assert waiting.answer is not None
        (delivery,) = waiting.answer.json()
        self.assertEqual(delivery["verdicts"], ["deferred", "accepted"])

    def test_queries(self) -> None:
        """It ends as soon as the query is logged."""
        waiting = self.wait("/dnsQueries?name=a.test&wait=10s")
        at = self.clock.seconds()
        self.a.mock.query_log.add(at, CLIENT, UDP, exchange("a.test"))
        assert waiting.answer is not None
        self.assertEqual(len(waiting.answer.json()), 1)

    def test_the_time_is_up(self) -> None:
        """What the others have not handed over yet is part of the answer."""
        waiting = self.wait("/deliveries?count=2&wait=10ms")
        self.a.connect().deliver("bob@x.test")
        self.clock.advance(0.01)
        assert waiting.answer is not None
        self.assertEqual(len(waiting.answer.json()), 1)

    def test_the_store_fails(self) -> None:
        """A wait whose end cannot be known fails."""
        waiting = self.wait("/smtpSessions?wait=1s")
        self.cluster.failure = StoreError("no server")
        self.clock.advance(1)
        assert waiting.answer is not None
        self.assertEqual(waiting.answer.status, 503)
        self.assertEqual(self.b.store.replicas.watches, 0)

    def test_a_client_that_leaves(self) -> None:
        """Nothing is watched any longer."""
        waiting = self.wait("/smtpSessions?wait=10s")
        self.assertTrue(self.a.store.replicas.is_watched)
        waiting.leave()
        self.assertFalse(self.a.store.replicas.is_watched)
