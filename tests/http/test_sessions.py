"""``/smtpSessions``"""

from __future__ import annotations

import itertools
from typing import Any
from unittest.mock import patch
from urllib.parse import quote

import orjson
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.hosts.host import MailHost
from mocksmtp.http import sessions, waiting
from mocksmtp.http.sessions import session_pieces
from mocksmtp.sessions.journal import Journal
from tests.http.rig import Pending, Rig, ids
from tests.session_client import Client
from tests.smtp.dialogue import behavior
from tests.smtp.mocked import on

BOB = behavior(Command.RCPT_TO, 550, contains="bob@")


class SessionCase(SynchronousTestCase):
    """A mock with two hosts."""

    def setUp(self) -> None:
        self.patch(waiting, "PAUSE", 0.0)
        self.rig = Rig()
        self.numbers = itertools.count(1)
        self.other = MailHost("mx2", "mx2.test")
        self.rig.mock.add(self.other)
        self.rig.host.behaviors.replace_all([BOB])

    def connect(self, host: MailHost | None = None) -> Client:
        return Client(host or self.rig.host, self.numbers, self.rig.clock)

    def attempt(self, *to: str, host: MailHost | None = None) -> None:
        """Deliver a mail on a connection of its own."""
        client = self.connect(host)
        client.deliver(*to)
        client.quit()

    def found(self, query: str = "", path: str = "/smtpSessions") -> list[str]:
        return ids(self.rig.get(path + query))


class ListingTests(SessionCase):
    """GET"""

    def test_there_was_none(self) -> None:
        """An empty array."""
        self.assertEqual(self.rig.get("/smtpSessions"), [])

    def test_the_newest_is_the_last(self) -> None:
        """Of all hosts at the root, in the order of their beginning."""
        first, second = self.connect(self.other), self.connect()
        third = self.connect(self.other)
        for client in (second, third, first):
            client.quit()
        documents = self.rig.get("/smtpSessions")
        self.assertEqual(ids(documents), ["1", "2", "3"])
        hosts = [document["host"] for document in documents]
        self.assertEqual(hosts, ["mx2", "default", "mx2"])

    def test_a_host_has_its_own(self) -> None:
        """Below its path; what the root has besides is not found there."""
        self.attempt("a@x.test")
        self.attempt("a@x.test", host=self.other)
        path = "/hosts/mx2/smtpSessions"
        self.assertEqual(self.found(path=path), ["2"])
        self.assertEqual(self.rig.get(f"{path}/2")["host"], "mx2")
        self.assertEqual(self.rig.ask("GET", f"{path}/1").status, 404)
        self.assertEqual(self.rig.ask("GET", f"{path}?after=9").status, 410)
        self.assertEqual(self.found("?host=default", path), [])

    def test_one_that_lasts(self) -> None:
        """It is told as far as it goes."""
        client = self.connect()
        client.say("EHLO a.test")
        (document,) = self.rig.get("/smtpSessions")
        self.assertIsNone(document["end"])
        self.assertEqual(document["transcript"][-1]["line"], "EHLO a.test")

    def test_one_of_them(self) -> None:
        """By its id, whatever host it is of."""
        self.attempt("a@x.test", host=self.other)
        self.assertEqual(
            [self.rig.get("/smtpSessions/1")], self.rig.get("/smtpSessions")
        )

    def test_unknown_ids_are_404(self) -> None:
        """Whatever they look like."""
        self.attempt("a@x.test")
        for unknown in "2", "01", "x", "%00", "9" * 99:
            answer = self.rig.ask("GET", f"/smtpSessions/{unknown}")
            self.assertEqual(answer.status, 404, unknown)

    def test_no_journal(self) -> None:
        """Nothing is listed, and nothing fails."""
        self.rig.host.journal = Journal(0)
        self.attempt("a@x.test")
        self.assertEqual(self.rig.get("/smtpSessions"), [])

    def test_a_large_one_is_told_in_pieces(self) -> None:
        """It is the same document."""
        client = self.connect()
        for number in range(20):
            client.deliver("bob@x.test", f"{number}@x.test")
        whole = b"".join(session_pieces(client.session))
        with patch.object(sessions, "_PIECE", 10):
            pieces = list(session_pieces(client.session))
        self.assertEqual(orjson.loads(b"".join(pieces)), orjson.loads(whole))
        self.assertGreater(len(pieces), 50)

    def test_one_that_goes_on_while_it_is_told(self) -> None:
        """What is told is what there was."""
        client = self.connect()
        client.deliver("a@x.test")
        with patch.object(sessions, "_PIECE", 10):
            pieces = session_pieces(client.session)
            first = next(pieces)
            client.deliver("b@x.test")
            client.quit()
            document = orjson.loads(first + b"".join(pieces))
        self.assertEqual(document["end"], None)

    def test_a_flood_leaves_the_last(self) -> None:
        """Past the ring the oldest are dropped, which /status counts."""
        self.rig.host.journal = Journal(3)
        for _ in range(10):
            self.attempt("a@x.test")
        self.assertEqual(self.found(), ["8", "9", "10"])
        status = self.rig.get("/status")["hosts"]["default"]
        self.assertEqual((status["sessions"], status["droppedSessions"]), (3, 7))
        self.assertEqual(status["maxSessions"], 3)
        self.assertGreater(status["journalBytes"], 0)
        self.assertEqual(self.rig.ask("GET", "/smtpSessions/7").status, 404)


class DeleteTests(SessionCase):
    """DELETE"""

    def test_what_was_taken_out_is_told(self) -> None:
        """All hosts', the newest last; then there are none."""
        self.attempt("a@x.test", host=self.other)
        self.attempt("a@x.test")
        answer = self.rig.ask("DELETE", "/smtpSessions")
        self.assertEqual((answer.status, ids(answer.json())), (200, ["1", "2"]))
        self.assertEqual(self.found(), [])

    def test_of_one_host(self) -> None:
        """The others keep theirs."""
        self.attempt("a@x.test")
        self.attempt("a@x.test", host=self.other)
        self.rig.ask("DELETE", "/hosts/mx2/smtpSessions")
        self.assertEqual(self.found(), ["1"])

    def test_one_that_lasts_goes_on_empty(self) -> None:
        """What comes afterwards is recorded under the same id."""
        client = self.connect()
        client.deliver("a@x.test")
        (removed,) = self.rig.ask("DELETE", "/smtpSessions").json()
        self.assertEqual(len(removed["transactions"]), 1)
        client.say("NOOP")
        (document,) = self.rig.get("/smtpSessions")
        self.assertEqual((document["id"], document["transactions"]), ("1", []))
        self.assertEqual([e["line"] for e in document["transcript"]], ["NOOP"])

    def test_it_takes_no_filter(self) -> None:
        """It is refused, lest more is taken out than was meant."""
        self.attempt("a@x.test")
        answer = self.rig.ask("DELETE", "/smtpSessions?to=b@x.test")
        self.assertEqual((answer.status, answer.paths), (400, ["?to"]))
        self.assertEqual(self.found(), ["1"])


class FilterTests(SessionCase):
    """``?to=bob@x.test&outcome=refused``"""

    def setUp(self) -> None:
        super().setUp()
        self.attempt("alice@x.test")
        self.attempt("alice@x.test", "bob@x.test")
        self.attempt("bob@x.test", host=self.other)
        self.connect()

    def test_filters(self) -> None:
        """All that are given must hold, for one mail of the session."""
        for query, found in (
            ("", ["1", "2", "3", "4"]),
            ("?host=mx2", ["3"]),
            ("?host=*", ["1", "2", "3", "4"]),
            ("?clientIp=192.168.1.1", ["1", "2", "3", "4"]),
            ("?clientIp=::1", []),
            ("?from=me@A.TEST", ["1", "2", "3"]),
            ("?from=<>", []),
            ("?to=bob@X.test", ["2", "3"]),
            ("?to=bob@x.test&outcome=refused", ["2"]),
            ("?to=bob@x.test&outcome=accepted", ["3"]),
            ("?to=alice@x.test&outcome=refused", []),
            ("?outcome=accepted", ["1", "2", "3"]),
            ("?outcome=aborted", []),
            ("?outcome=discarded", []),
            ("?kept=true", ["1", "2", "3"]),
            ("?kept=false", []),
            ("?to=bob@x.test&kept=false", ["2"]),
            ("?to=bob@x.test&kept=true", ["3"]),
            ("?to=alice@x.test&kept=true&outcome=accepted", ["1", "2"]),
            ("?to=bob@x.test&kept=true&outcome=refused", []),
            ("?to=bob@x.test&host=default", ["2"]),
            ("?after=2", ["3", "4"]),
            ("?after=1&to=bob@x.test", ["2", "3"]),
            ("?limit=2", ["1", "2"]),
            ("?after=1&limit=1&to=bob@x.test", ["2"]),
            ("?after=4", []),
            ("?count=3", ["1", "2", "3", "4"]),
        ):
            self.assertEqual(self.found(quote(query, safe="?&=")), found, query)

    def test_wrong_parameters_are_told(self) -> None:
        """Each with its place; nothing is guessed."""
        for query, path in (
            ("outcome=lost", "?outcome"),
            ("outcome=open", "?outcome"),
            ("outcome=", "?outcome"),
            ("clientIp=localhost", "?clientIp"),
            ("to=", "?to"),
            ("from=", "?from"),
            ("after=x", "?after"),
            ("after=0", "?after"),
            ("count=0", "?count"),
            ("wait=11m", "?wait"),
            ("explain=yes", "?explain"),
            ("subject=hi", "?subject"),
        ):
            answer = self.rig.ask("GET", f"/smtpSessions?{query}")
            self.assertEqual((answer.status, answer.paths), (400, [path]), query)

    def test_after_one_that_is_not_kept(self) -> None:
        """410: how many there were in between can't be known."""
        for query in "after=5", "after=5&wait=1s", "after=5&explain=true":
            answer = self.rig.ask("GET", f"/smtpSessions?{query}")
            self.assertEqual(answer.status, 410)
            self.assertIn("'5'", answer.json()["detail"])


class WaitTests(SessionCase):
    """``?count=2&wait=30s``"""

    def begin(self, query: str, path: str = "/smtpSessions") -> Pending:
        pending = self.rig.begin("GET", f"{path}?{query}")
        self.assertIsNone(pending.answer)
        return pending

    def assert_found(self, pending: Pending, *found: str) -> None:
        answer = pending.answer
        assert answer is not None, "it was not answered"
        self.assertEqual((answer.status, ids(answer.json())), (200, list(found)))

    def assert_idle(self) -> None:
        """Nobody is listened to, and nothing but idle times is scheduled."""
        for host in self.rig.mock.hosts.values():
            self.assertEqual(host.journal.listeners, [])
        late = [c for c in self.rig.clock.getDelayedCalls() if c.time < 100]
        self.assertEqual(late, [])

    def test_bob_was_refused_twice(self) -> None:
        """The wait ends with the second attempt, not before and no later."""
        pending = self.begin("to=bob@x.test&outcome=refused&count=2&wait=30s")
        self.attempt("bob@x.test")
        self.attempt("alice@x.test")
        self.attempt("bob@x.test", host=self.other)
        self.assertIsNone(pending.answer)
        self.attempt("alice@x.test", "bob@x.test")
        self.assert_found(pending, "1", "4")
        self.assert_idle()

    def test_there_are_enough_already(self) -> None:
        """The answer comes at once, with all that match and not just so many."""
        for _ in range(3):
            self.attempt("bob@x.test")
        self.assertEqual(self.found("?to=bob@x.test&count=2&wait=9s"), ["1", "2", "3"])
        self.assertEqual(self.found("?count=2&wait=9s&limit=1"), ["1"])
        self.assert_idle()

    def test_the_time_is_up(self) -> None:
        """200, with what there is."""
        self.attempt("bob@x.test")
        pending = self.begin("to=bob@x.test&count=2&wait=30s")
        self.rig.clock.advance(29)
        self.assertIsNone(pending.answer)
        self.rig.clock.advance(1)
        self.assert_found(pending, "1")
        self.assert_idle()

    def test_what_comes_at_the_last_moment(self) -> None:
        """It is looked at before the answer is given."""
        pending = self.begin("to=bob@x.test&wait=1s")
        self.rig.clock.callLater(0.99999, self.attempt, "bob@x.test")
        self.rig.clock.advance(1)
        self.assert_found(pending, "1")

    def test_a_connection_need_not_end(self) -> None:
        """As soon as the mail has its outcome the session is a match."""
        client = self.connect()
        pending = self.begin("to=bob@x.test&outcome=refused&wait=30s")
        client.say("MAIL FROM:<me@a.test>", "RCPT TO:<bob@x.test>")
        self.assertIsNone(pending.answer)
        client.say("RSET")
        self.assert_found(pending, "1")

    def test_a_mail_that_is_kept_though_its_client_is_told_nothing(self) -> None:
        """A wait for what is kept ends with it, whatever its outcome."""
        self.rig.host.behaviors.replace_all(
            SMTP.parse_all([on("DATA", then="reset", effect="apply")])
        )
        pending = self.begin("outcome=aborted&kept=true&wait=30s")
        other = self.begin("kept=true&wait=30s")
        self.connect().say("MAIL FROM:<me@a.test>", "RSET")
        self.assertIsNone(pending.answer)
        self.attempt("alice@x.test")
        self.assert_found(pending, "2")
        self.assert_found(other, "2")

    def test_a_connection_is_enough(self) -> None:
        """Where nothing is asked of a mail, a session matches from its beginning."""
        pending = self.begin("host=mx2&wait=30s")
        self.connect()
        self.assertIsNone(pending.answer)
        self.connect(self.other)
        self.assert_found(pending, "2")

    def test_only_those_behind(self) -> None:
        """With ``after`` the wait is for sessions that a reader has not seen."""
        client = self.connect()
        pending = self.begin("after=1&from=me@a.test&wait=30s")
        client.deliver("alice@x.test")
        self.assertIsNone(pending.answer)
        self.attempt("alice@x.test")
        self.assert_found(pending, "2")

    def test_only_those_of_the_host(self) -> None:
        """Below a host's path."""
        pending = self.begin("to=bob@x.test&wait=9s", "/hosts/mx2/smtpSessions")
        self.attempt("bob@x.test")
        self.assertIsNone(pending.answer)
        self.attempt("bob@x.test", host=self.other)
        self.assert_found(pending, "2")

    def test_a_host_that_comes_later(self) -> None:
        """It is listened to from its beginning."""
        pending = self.begin("to=bob@x.test&wait=9s")
        new = MailHost("mx3", "mx3.test")
        self.rig.mock.add(new)
        self.attempt("bob@x.test", host=new)
        self.assert_found(pending, "1")
        self.assert_idle()

    def test_a_host_that_goes(self) -> None:
        """Who waits for it is answered, and nobody else is."""
        pending = self.begin("wait=9s", "/hosts/mx2/smtpSessions")
        other = self.begin("wait=9s")
        self.rig.site.resource.api.forget(self.other)
        self.assert_found(pending)
        self.assertIsNone(other.answer)

    def test_what_was_deleted_does_not_count(self) -> None:
        """Enough must be kept at once, also of sessions that last."""
        lasting = self.connect()
        pending = self.begin("to=bob@x.test&count=2&wait=9s")
        lasting.deliver("bob@x.test")
        self.rig.ask("DELETE", "/smtpSessions")
        self.attempt("bob@x.test")
        self.assertIsNone(pending.answer)
        self.attempt("bob@x.test")
        self.assert_found(pending, "2", "3")


class ExplainTests(SessionCase):
    """``?explain=true``"""

    def explained(self, query: str) -> dict[str, Any]:
        document = self.rig.get(f"/smtpSessions?explain=true&{query}")
        self.assertEqual(list(document), ["sessions", "nearest"])
        return document

    def test_what_was_nearest(self) -> None:
        """Where fewer match than are asked for."""
        self.attempt("alice@x.test")
        self.attempt("bob@x.test")
        document = self.explained("to=bob@x.test&outcome=accepted")
        self.assertEqual(document["sessions"], [])
        self.assertEqual(
            document["nearest"],
            [
                {
                    "session": "2",
                    "transaction": 0,
                    "matched": ["to"],
                    "failed": [
                        {
                            "filter": "outcome",
                            "wanted": "accepted",
                            "found": ["refused"],
                        }
                    ],
                },
                {
                    "session": "1",
                    "transaction": 0,
                    "matched": ["outcome"],
                    "failed": [
                        {
                            "filter": "to",
                            "wanted": "bob@x.test",
                            "found": ["alice@x.test"],
                        }
                    ],
                },
            ],
        )

    def test_there_are_enough(self) -> None:
        """Then there is nothing to explain."""
        self.attempt("alice@x.test")
        self.attempt("bob@x.test")
        document = self.explained("to=bob@x.test")
        self.assertEqual((ids(document["sessions"]), document["nearest"]), (["2"], []))

    def test_there_are_some(self) -> None:
        """Those that match are listed, and not explained."""
        self.attempt("alice@x.test")
        self.attempt("bob@x.test")
        document = self.explained("to=bob@x.test&count=2")
        self.assertEqual(ids(document["sessions"]), ["2"])
        self.assertEqual([n["session"] for n in document["nearest"]], ["1"])

    def test_a_wait_that_runs_out(self) -> None:
        """What came meanwhile is explained as well; what is before ``after`` is not."""
        self.attempt("alice@x.test")
        path = "/smtpSessions?explain=true&to=bob@x.test&wait=5s&after=1"
        pending = self.rig.begin("GET", path)
        self.assertIsNone(pending.answer)
        self.attempt("jack@x.test")
        self.rig.clock.advance(5)
        assert pending.answer is not None
        (nearest,) = pending.answer.json()["nearest"]
        self.assertEqual(nearest["failed"][0]["found"], ["jack@x.test"])

    def test_nobody_came(self) -> None:
        """There is no attempt to explain."""
        self.assertEqual(self.explained("to=a@x.test"), {"sessions": [], "nearest": []})
