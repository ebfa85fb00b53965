"""Pages of lists: order, range, link, total, newest entry, and taking mails"""

from __future__ import annotations

import sys
from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.hosts.host import MailHost
from mocksmtp.http import waiting
from mocksmtp.mail.mailbox import Mailbox
from mocksmtp.sessions.journal import Journal, JournalQuota
from mocksmtp.zone.answer import Question
from mocksmtp.zone.queries import UDP, DnsExchange, DnsReply, QueryLog
from mocksmtp.zone.rdata import type_number
from tests.http.rig import Answer, Rig, ids, keep
from tests.session_client import Client


def calls_of(function: Any) -> int:
    """How many Python functions a call of `function` calls."""
    calls = 0

    def count(frame: Any, event: str, argument: Any) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(count)
    try:
        function()
    finally:
        sys.setprofile(None)
    return calls


class ListCase(SynchronousTestCase):
    """Five mails, five sessions and five queries, each with the ids 1 to 5"""

    LISTS = ("/smtpMails", "/smtpSessions", "/dnsQueries")

    def setUp(self) -> None:
        self.patch(waiting, "PAUSE", 0.0)
        self.rig = Rig()
        self.numbers = iter(range(1, 1000))

    def fill(self, count: int = 5, to: str = "alice@x.test") -> None:
        for _ in range(count):
            self.rig.receive(to=(to,))
            self.connect()
            self.ask(to.partition("@")[0] + ".test")

    def connect(self) -> None:
        """A session without a mail."""
        Client(self.rig.host, self.numbers, self.rig.clock).quit()

    def ask(self, name: str) -> None:
        """A DNS query."""
        exchange = DnsExchange(
            Question(name, type_number("MX")), None, False, DnsReply(0, 1, False)
        )
        self.rig.mock.query_log.add(1.0, ("192.0.2.1", 5353), UDP, exchange)

    def next_of(self, answer: Answer) -> str | None:
        """The path of the next page."""
        link = answer.header("Link")
        if link is None:
            return None
        self.assertTrue(link.startswith("<") and link.endswith('>; rel="next"'), link)
        return link[1:].partition(">")[0]

    def pages(self, path: str) -> list[list[str]]:
        """The ids of all pages, from this one on."""
        found = []
        following: str | None = path
        while following is not None:
            answer = self.rig.ask("GET", following)
            self.assertEqual(answer.status, 200, answer)
            found.append(ids(answer.json()))
            following = self.next_of(answer)
        return found


class PageTests(ListCase):
    """``limit``, ``order``, ``after``, ``before``"""

    def test_ranges(self) -> None:
        """They mean older and newer entries, whatever the order; of every list."""
        self.fill()
        for path in self.LISTS:
            for query, expected in (
                ("", "12345"),
                ("order=asc", "12345"),
                ("order=desc", "54321"),
                ("order=desc&limit=2", "54"),
                ("after=2", "345"),
                ("after=2&order=desc", "543"),
                ("before=4", "123"),
                ("before=4&order=desc", "321"),
                ("before=4&order=desc&limit=1", "3"),
                ("after=1&before=5", "234"),
                ("after=1&before=5&limit=2", "23"),
                ("after=4&before=2", ""),
                ("before=1", ""),
                ("after=5&order=desc", ""),
            ):
                found = ids(self.rig.get(f"{path}?{query}"))
                self.assertEqual("".join(found), expected, (path, query))

    def test_the_next_page(self) -> None:
        """A list that the limit cuts has a link; the last page has none."""
        self.fill()
        for path in self.LISTS:
            for query, expected in (
                ("limit=2", [["1", "2"], ["3", "4"], ["5"]]),
                ("limit=2&order=desc", [["5", "4"], ["3", "2"], ["1"]]),
                ("limit=5", [["1", "2", "3", "4", "5"]]),
                ("limit=1&after=3", [["4"], ["5"]]),
                ("limit=1&before=3&order=desc", [["2"], ["1"]]),
                ("limit=2&after=1&before=5", [["2", "3"], ["4"]]),
            ):
                self.assertEqual(self.pages(f"{path}?{query}"), expected, (path, query))

    def test_the_link_keeps_the_filters(self) -> None:
        """Escaped as they must be; it does not wait."""
        for _ in range(3):
            self.rig.receive(b"Subject: a&b c\r\n\r\n", to=("alice+t@x.test",))
        path = (
            "/smtpMails?to=alice+t@x.test&subject=a%26b%20c&limit=1&count=2&wait=5s"
            "&settle=0s&view=summary"
        )
        answer = self.rig.ask("GET", path)
        following = self.next_of(answer)
        assert following is not None
        for name in "count", "wait", "settle":
            self.assertNotIn(name, following)
        (document,) = self.rig.get(following)
        self.assertEqual(document["id"], "2")
        self.assertNotIn("message", document)

    def test_pages_while_mails_arrive(self) -> None:
        """No entry is missed, and none is shown twice."""
        self.fill(3)
        answer = self.rig.ask("GET", "/smtpMails?limit=2")
        self.fill(2)
        following = self.next_of(answer)
        assert following is not None
        self.assertEqual(self.pages(following), [["3", "4"], ["5"]])

    def test_totals(self) -> None:
        """All entries that match the filters, whatever the page; only on request."""
        self.fill()
        self.rig.receive(to=("jack@x.test",))
        for path, total in (
            ("/smtpMails?total=true", "6"),
            ("/smtpMails?total=true&limit=1&after=3", "6"),
            ("/smtpMails?total=true&to=alice@x.test&limit=2", "5"),
            ("/smtpMails?total=true&to=jack@x.test&wait=5s", "1"),
            ("/smtpMails?total=true&from=nobody@x.test", "0"),
            ("/smtpMails?limit=1", None),
            ("/smtpMails?total=false", None),
            ("/smtpSessions?total=true&limit=2", "5"),
            ("/smtpSessions?total=true&explain=true&limit=2", "5"),
            ("/dnsQueries?total=true&name=alice.test&limit=2", "5"),
        ):
            answer = self.rig.ask("GET", path)
            self.assertEqual(answer.header("X-Total-Count"), total, path)

    def test_wrong_parameters(self) -> None:
        """400, each with its name, on every list."""
        for path in self.LISTS:
            for query, wrong in (
                ("order=up", "?order"),
                ("before=x", "?before"),
                ("before=0", "?before"),
                ("after=", "?after"),
                ("limit=0", "?limit"),
                ("total=yes", "?total"),
                ("settle=2s", "?settle"),
                ("settle=2s&wait=1s", "?settle"),
                ("settle=x&wait=1s", "?settle"),
            ):
                answer = self.rig.ask("GET", f"{path}?{query}")
                self.assertEqual((answer.status, answer.paths), (400, [wrong]), query)

    def test_a_settle_that_is_longer_than_the_wait(self) -> None:
        """The error names both times."""
        answer = self.rig.ask("GET", "/smtpMails?wait=1s&settle=2s")
        self.assertEqual(
            answer.json()["errors"],
            [
                {
                    "path": "?settle",
                    "message": "must not be longer than wait (1s), got 2s",
                }
            ],
        )

    def test_the_work_does_not_grow_with_the_list(self) -> None:
        """The newest 50 of 100,000 mails cost no more than those of 100."""
        path = "/smtpMails?limit=50&order=desc&view=summary"
        costs = []
        for count in 100, 100_000:
            rig = Rig()
            for _ in range(count):
                keep(rig.mailbox)
            rig.get(path)  # what is made once
            costs.append(calls_of(lambda rig=rig: rig.get(path)))
        self.assertLess(costs[1], 1.05 * costs[0])


class GoneTests(ListCase):
    """Ids of entries that are not kept"""

    def setUp(self) -> None:
        super().setUp()
        self.rig = Rig(mailbox=Mailbox(max_mails=3))
        self.rig.host.journal = Journal(3, JournalQuota())
        self.rig.mock.query_log = QueryLog(3)

    def test_evicted_ones(self) -> None:
        """410: entries behind it may have been evicted too."""
        self.fill()
        for path in self.LISTS:
            for query in "after=1", "after=2", "before=2", "after=2&wait=5s":
                answer = self.rig.ask("GET", f"{path}?{query}")
                self.assertEqual(answer.status, 410, (path, query))
                self.assertEqual(answer.kind, "application/problem+json")
            self.assertEqual(ids(self.rig.get(f"{path}?after=3")), ["4", "5"])

    def test_ids_that_were_never_given(self) -> None:
        """410 as well: the reader has seen another service."""
        self.fill(1)
        for path in self.LISTS:
            for query in "after=99", "before=99":
                status = self.rig.ask("GET", f"{path}?{query}").status
                self.assertEqual(status, 410, (path, query))

    def test_deleted_ones(self) -> None:
        """The list continues behind them."""
        self.fill(3)
        for path in self.LISTS:
            self.rig.ask("DELETE", path)
        self.fill(2)
        for path in self.LISTS:
            self.assertEqual(ids(self.rig.get(f"{path}?after=3")), ["4", "5"], path)
            self.assertEqual(self.rig.get(f"{path}?before=3"), [], path)

    def test_one_deleted_mail(self) -> None:
        """Both ways."""
        self.fill(3)
        self.rig.ask("DELETE", "/smtpMails/2")
        self.assertEqual(ids(self.rig.get("/smtpMails?after=2")), ["3"])
        self.assertEqual(ids(self.rig.get("/smtpMails?before=2")), ["1"])


class LatestTests(ListCase):
    """``…/latest``"""

    def test_the_newest(self) -> None:
        """As it is shown by its id; 404 where there is none."""
        for path in self.LISTS:
            self.assertEqual(self.rig.ask("GET", f"{path}/latest").status, 404)
        self.fill()
        for path in self.LISTS:
            self.assertEqual(self.rig.get(f"{path}/latest")["id"], "5")
        for path in "/smtpMails", "/smtpSessions":
            document = self.rig.get(f"{path}/5")
            self.assertEqual(self.rig.get(f"{path}/latest"), document)

    def test_filters(self) -> None:
        """The newest that matches."""
        self.fill(2)
        self.fill(1, to="jack@x.test")
        path = "/smtpMails/latest?to=alice@x.test"
        self.assertEqual(self.rig.get(path)["id"], "2")
        self.assertEqual(self.rig.get("/dnsQueries/latest?name=alice.test")["id"], "2")
        path = "/smtpMails/latest?to=bob@x.test"
        self.assertEqual(self.rig.ask("GET", path).status, 404)

    def test_waiting(self) -> None:
        """For a match, or until the time is up."""
        self.rig.receive(to=("jack@x.test",))
        pending = self.rig.begin("GET", "/smtpMails/latest?to=alice@x.test&wait=5s")
        self.assertIsNone(pending.answer)
        self.rig.receive()
        assert pending.answer is not None
        self.assertEqual(pending.answer.json()["id"], "2")
        pending = self.rig.begin("GET", "/smtpMails/latest?to=bob@x.test&wait=5s")
        self.assertIsNone(pending.answer)
        self.rig.clock.advance(5)
        assert pending.answer is not None
        self.assertEqual(pending.answer.status, 404)


class CountTests(ListCase):
    """``/smtpMailsCount``"""

    def test_filters(self) -> None:
        """They are those of the list."""
        self.fill(2)
        self.fill(1, to="jack@x.test")
        for query, count in (
            ("", 3),
            ("?to=alice@x.test", 2),
            ("?to=bob@x.test", 0),
            ("?subject=hi&from=bob@x.test", 3),
        ):
            self.assertEqual(self.rig.get(f"/smtpMailsCount{query}"), count)

    def test_waiting(self) -> None:
        """For as many matches as are asked for, until they have settled."""
        pending = self.rig.begin(
            "GET", "/smtpMailsCount?to=alice@x.test&count=2&wait=9s&settle=1s"
        )
        for _ in range(3):
            self.rig.receive()
        self.assertIsNone(pending.answer)
        self.rig.clock.advance(1)
        assert pending.answer is not None
        self.assertEqual(pending.answer.json(), 3)

    def test_wrong_parameters(self) -> None:
        """It has no pages."""
        answer = self.rig.ask("GET", "/smtpMailsCount?limit=1&too=x")
        self.assertEqual((answer.status, answer.paths), (400, ["?limit", "?too"]))


class TakeTests(ListCase):
    """``POST /smtpMails/take``"""

    def take(self, query: str) -> list[str]:
        """What is taken at once."""
        answer = self.rig.ask("POST", f"/smtpMails/take?{query}")
        self.assertEqual(answer.status, 200, answer)
        return ids(answer.json())

    def test_enough(self) -> None:
        """All that match are removed and returned, or the oldest so many."""
        self.fill()
        self.rig.receive(to=("jack@x.test",))
        listed = self.rig.get("/smtpMails?to=alice@x.test")[:2]
        answer = self.rig.ask("POST", "/smtpMails/take?to=alice@x.test&limit=2")
        self.assertEqual(answer.json(), listed)
        self.assertEqual(self.take("to=alice@x.test"), ["3", "4", "5"])
        self.assertEqual(ids(self.rig.get("/smtpMails")), ["6"])

    def test_too_few(self) -> None:
        """Nothing is removed, whether or not it waits."""
        self.fill(2)
        self.assertEqual(self.take("count=3"), [])
        pending = self.rig.begin("POST", "/smtpMails/take?count=3&wait=5s")
        self.assertIsNone(pending.answer)
        self.rig.clock.advance(5)
        assert pending.answer is not None
        self.assertEqual(pending.answer.json(), [])
        self.assertEqual(len(self.rig.mailbox), 2)

    def test_waiting(self) -> None:
        """It is answered as soon as there are enough."""
        pending = self.rig.begin(
            "POST", "/smtpMails/take?count=2&wait=5s&view=summary&to=alice@x.test"
        )
        self.rig.receive()
        self.rig.receive(to=("jack@x.test",))
        self.assertIsNone(pending.answer)
        self.rig.receive()
        assert pending.answer is not None
        self.assertEqual(ids(pending.answer.json()), ["1", "3"])
        self.assertNotIn("message", pending.answer.json()[0])
        self.assertEqual(ids(self.rig.get("/smtpMails")), ["2"])

    def test_matches_that_do_not_settle(self) -> None:
        """The time expires first, and nothing is removed."""
        pending = self.rig.begin("POST", "/smtpMails/take?wait=3s&settle=2s")
        for _ in range(2):
            self.rig.receive()
            self.assertIsNone(pending.answer)
            self.rig.clock.advance(1.5)
        assert pending.answer is not None
        self.assertEqual(pending.answer.json(), [])
        self.assertEqual(len(self.rig.mailbox), 2)

    def test_each_mail_goes_to_one(self) -> None:
        """However many take at the same time, and none is left behind."""
        pending = [
            self.rig.begin("POST", "/smtpMails/take?limit=1&wait=5s") for _ in range(5)
        ]
        for _ in range(3):
            self.rig.receive()
        self.rig.turn()
        self.rig.receive()
        self.rig.receive()
        taken = [ids(one.answer.json()) for one in pending if one.answer is not None]
        self.assertEqual(sorted(taken), [["1"], ["2"], ["3"], ["4"], ["5"]])
        self.assertEqual(len(self.rig.mailbox), 0)

    def test_a_client_that_leaves(self) -> None:
        """What it waited for is kept for the next one."""
        pending = self.rig.begin("POST", "/smtpMails/take?wait=5s")
        self.assertIsNone(pending.answer)
        pending.deferred.cancel()
        self.rig.receive()
        self.rig.turn()
        self.assertEqual(self.take(""), ["1"])

    def test_another_that_deletes(self) -> None:
        """What is deleted meanwhile is not taken, and does not count."""
        pending = self.rig.begin("POST", "/smtpMails/take?count=2&wait=5s")
        self.rig.receive()
        self.assertIsNone(pending.answer)
        self.rig.ask("DELETE", "/smtpMails")
        self.rig.receive()
        self.assertIsNone(pending.answer)
        self.rig.receive()
        assert pending.answer is not None
        self.assertEqual(ids(pending.answer.json()), ["2", "3"])

    def test_it_is_no_id(self) -> None:
        """``take`` and ``latest`` are routes of their own."""
        for method, path, allowed in (
            ("GET", "/smtpMails/take", "POST"),
            ("DELETE", "/smtpMails/latest", "GET, HEAD"),
            ("POST", "/hosts/default/smtpMails/latest", "GET, HEAD"),
        ):
            answer = self.rig.ask(method, path)
            self.assertEqual(answer.status, 405)
            self.assertEqual(answer.header("Allow"), allowed)
        for path in "/smtpMails/latest1", "/smtpMails/tak", "/smtpMails/latest/raw":
            self.assertEqual(self.rig.ask("GET", path).status, 404, path)


class HostTests(ListCase):
    """``host=NAME`` and ``host=*`` at the root"""

    def setUp(self) -> None:
        super().setUp()
        quota = self.rig.mailbox.quota
        self.other = MailHost("mx2", "mx2.test", Mailbox(quota=quota))
        self.rig.mock.add(self.other)
        for box in self.rig.mailbox, self.other.mailbox, self.rig.mailbox:
            keep(box)

    def found(self, query: str, path: str = "/smtpMails") -> str:
        return "".join(ids(self.rig.get(f"{path}?{query}")))

    def test_lists(self) -> None:
        """Without a host those of the default host; with one its own, or all."""
        for query, expected in (
            ("", "13"),
            ("host=default", "13"),
            ("host=mx2", "2"),
            ("host=*", "123"),
            ("host=*&order=desc&limit=2", "32"),
            ("host=*&after=2", "3"),
            ("host=*&before=2&from=bob@x.test", "1"),
            ("host=mx2&after=1", "2"),
            ("host=nowhere", ""),
        ):
            self.assertEqual(self.found(query), expected, query)
        self.assertEqual(self.found("", "/hosts/mx2/smtpMails"), "2")
        self.assertEqual(self.rig.get("/smtpMailsCount?host=*"), 3)
        self.assertEqual(self.rig.get("/smtpMails/latest?host=mx2")["id"], "2")

    def test_the_path_names_the_host(self) -> None:
        """Then the query may not."""
        for host in "*", "mx2":
            answer = self.rig.ask("GET", f"/hosts/mx2/smtpMails?host={host}")
            self.assertEqual((answer.status, answer.paths), (400, ["?host"]))

    def test_waiting(self) -> None:
        """For mails of any host."""
        pending = self.rig.begin("GET", "/smtpMails?host=*&count=4&wait=5s")
        self.assertIsNone(pending.answer)
        keep(self.other.mailbox)
        assert pending.answer is not None
        self.assertEqual(len(pending.answer.json()), 4)

    def test_taking(self) -> None:
        """In order of arrival, from whichever host."""
        answer = self.rig.ask("POST", "/smtpMails/take?host=*&limit=2")
        self.assertEqual(ids(answer.json()), ["1", "2"])
        self.assertEqual((len(self.rig.mailbox), len(self.other.mailbox)), (1, 0))
