"""What all stores have in common."""

from __future__ import annotations

from typing import Any

from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.python.failure import Failure

from mocksmtp.hosts.host import Description, MailHost
from mocksmtp.mail.mail import LARGE
from mocksmtp.sessions.session import Outcome
from mocksmtp.store.interface import Kind, Store
from tests.http.rig import Rig
from tests.smtp.dialogue import Dialogue
from tests.store.case import FileCase, MemoryCase, RedisCase, StoreCase


class InboxTests:
    """The mailboxes of a store"""

    def test_a_mail_is_kept(self: Any) -> None:
        """With its number, its envelope and its content; then listeners hear of it."""
        heard: list[Any] = []
        self.box.listeners.append(heard.append)
        mail = self.keep(b"\0\xff\r\n")
        self.assertEqual((mail.number, mail.content), (1, b"\0\xff\r\n"))
        self.assertEqual(mail.envelope.sender.text, "bob@X.test")
        self.assertEqual([one.number for one in heard], [1])
        self.assertEqual((len(self.box), self.box.total), (1, 1))
        self.assertEqual(self.box.total_octets, 4)
        self.assertGreater(self.box.octets, 4)
        self.assertEqual(self.store.quota.mails, 1)

    def test_numbers_ascend_over_all_hosts(self: Any) -> None:
        """No number is used twice."""
        other = self.store.mailbox("other")
        numbers = [self.keep(box=box).number for box in (self.box, other, self.box)]
        self.assertEqual(numbers, [1, 2, 3])
        self.assertEqual((len(self.box), len(other)), (2, 1))

    def test_the_oldest_are_evicted(self: Any) -> None:
        """Of all hosts, once there are too many."""
        self.close()
        self.open(max_mails=2)
        other = self.store.mailbox("other")
        for box in (self.box, other, other):
            self.keep(box=box)
        self.assertEqual((len(self.box), len(other)), (0, 2))
        self.assertEqual((self.box.evictions, self.box.evicted), (1, 1))
        self.assertEqual(self.store.quota.evictions, 1)

    def test_too_many_octets_are_evicted(self: Any) -> None:
        """The limit of octets is one of all mails together."""
        self.close()
        self.open(max_bytes=10_000)
        for _ in range(5):
            self.keep(b"x" * 3000)
        self.assertLess(len(self.box), 4)
        self.assertLessEqual(self.box.octets, 10_000)

    def test_a_mail_above_the_limit_is_refused(self: Any) -> None:
        """It would evict all others, and itself."""
        self.close()
        self.open(max_bytes=10_000)
        mail = self.keep()
        kept = self.box.keep(mail.envelope, b"x" * 20_000, 0.0, mail.origin)
        self.assertIsNone(self.result(kept))
        self.assertEqual(len(self.box), 1)

    def test_arriving_content_is_counted(self: Any) -> None:
        """As long as it is not kept or discarded."""
        self.close()
        self.open(max_bytes=1000)
        self.assertTrue(self.box.reserve(600))
        self.assertFalse(self.box.reserve(600))
        self.assertEqual((self.box.arriving, self.store.quota.arriving), (600, 600))
        self.box.release(600)
        self.assertTrue(self.box.reserve(600))

    def test_old_mails_are_evicted(self: Any) -> None:
        """Those that arrived before a time; the oldest that is left is reported."""
        for at in (10.0, 20.0, 30.0):
            self.keep(at=at)
        self.assertEqual(self.result(self.box.evict_older(25.0)), 30.0)
        self.assertEqual((len(self.box), self.box.evictions), (1, 2))
        self.assertIsNone(self.result(self.box.evict_older(99.0)))

    def test_clear(self: Any) -> None:
        """A mailbox without mails keeps its counters."""
        self.keep()
        self.box.clear()
        self.assertEqual((len(self.box), self.box.octets), (0, 0))
        self.assertEqual((self.box.total, self.store.quota.mails), (1, 0))
        self.assertEqual(self.keep().number, 2)

    def test_state_is_saved(self: Any) -> None:
        """To wait for that is possible with each store."""
        self.store.save([((Kind.SERVICE, "x"), 1)])
        self.assertIsNone(self.result(self.store.flush()))


class MemoryInboxTests(InboxTests, MemoryCase):
    """Of the memory"""


class FileInboxTests(InboxTests, FileCase):
    """Of a file"""


class RedisInboxTests(InboxTests, RedisCase):
    """Of Redis"""


CONTENTS = (
    b"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\nFrom: Bob Baker <bob@x.test>\r\n"
    b"To: alice@x.test\r\nMessage-ID: <one@x.test>\r\n\r\nThe text\r\n",
    b'Subject: Invoice\r\n  number 7\r\nCc: "Carl" <carl@x.test>\r\n\r\nother\r\n',
    b"no header\r\n",
    b"Subject: With a file\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
    b"Content-Disposition: attachment; filename=a.txt\r\n\r\nabc\r\n--b--\r\n",
)

QUERIES = (
    "",
    "subject=gr%C3%BCsse",
    "subject=gr%C3%BC%C3%9Fe",
    "subject=invoice%20NUMBER",
    "subject=nothing",
    "from=bob@x.test",
    "to=alice@X.test",
    "to=dora@x.test",
    "messageId=%3Cone@x.test%3E",
    "contains=text",
    "body=OTHER",
    "minSize=50",
    "maxSize=50",
    "since=2023-11-14T22:13:21Z",
    "until=2023-11-14T22:13:21Z",
    "helo=CLIENT.test",
    "clientIp=192.0.2.0/24",
    "session=7",
    "bounceOf=x@x.test",
    "q=from:baker",
    "q=from:%22Bob%20Baker%20%3Cbob%22",
    "q=to:alice",
    "q=cc:carl",
    "q=subject:%22invoice%20number%22",
    "q=-subject:invoice",
    "q=text",
    "q=alice",
    "q=rcpt:dora",
    "q=sender:bob",
    "q=addressed:carl",
    "q=message-id:one@",
    "q=has:attachment",
    "q=header:Subject:invoice",
    "q=larger:50",
    "q=host:default%20subject:file",
    "limit=2",
    "limit=2&order=desc",
    "after=2",
    "before=3&order=desc&limit=1",
    "after=1&before=4&subject=invoice",
)


def rig_with(store: Store | None, clock: Clock) -> Rig:
    """The API of a mock with mails in a store."""
    return Rig(store=store, clock=clock)


class ApiTests(StoreCase):
    """The API of a mock whose mails are stored"""

    def setUp(self) -> None:
        super().setUp()
        self.rig = rig_with(self.store, self.clock)
        self.box = self.rig.host.mailbox

    def fill(self) -> None:
        """Keep mails, of which each query finds others."""
        tos = (("alice@x.test",), ("dora@x.test", "e@x.test"), ("f@x.test",), ("g@",))
        for number, content in enumerate(CONTENTS):
            self.keep(content, tos[number], at=1_700_000_000.0 + number)

    def shown(self, path: str) -> list[str]:
        """The ids of a list."""
        return [one["id"] for one in self.rig.get(path)]


class StoredApiTests:
    """What a store finds that does not keep mails in memory"""

    def test_lists_are_those_of_the_memory(self: Any) -> None:
        """Each filter finds the same mails, and shows the same documents."""
        self.fill()
        memory = MemoryApiTests("test_lists")
        memory.clock = self.clock
        memory.open()
        memory.rig = rig_with(memory.store, self.clock)
        memory.box = memory.rig.host.mailbox
        memory.fill()
        for query in QUERIES:
            for view in ("", "&view=summary", "&view=full"):
                path = f"/smtpMails?{query}{view}"
                self.assertEqual(self.rig.get(path), memory.rig.get(path), path)
            path = f"/smtpMailsCount?{query.partition('&')[0]}"
            if "limit" not in path and "after" not in path and "before=" not in path:
                self.assertEqual(self.rig.get(path), memory.rig.get(path), path)


class FileApiTests(StoredApiTests, ApiTests, FileCase):
    """Of a file"""


class RedisApiTests(StoredApiTests, ApiTests, RedisCase):
    """Of Redis"""


class MemoryApiTests(ApiTests, MemoryCase):
    """Of the memory"""

    def test_lists(self) -> None:
        """What other stores are compared with: each query finds what it asks for."""
        self.fill()
        self.assertEqual(self.shown("/smtpMails?q=subject:invoice"), ["2"])
        self.assertEqual(self.shown("/smtpMails?to=dora@x.test"), ["2"])
        self.assertEqual(self.shown("/smtpMails?q=has:attachment"), ["4"])


class CommonApiTests:
    """What the API does with mails, wherever they are"""

    def test_a_page_and_its_total(self: Any) -> None:
        """The newest mails, the link to older ones, and the number of all."""
        self.fill()
        answer = self.rig.ask("GET", "/smtpMails?limit=2&order=desc&total=true")
        self.assertEqual([one["id"] for one in answer.json()], ["4", "3"])
        self.assertIn("before=3", answer.header("Link"))
        self.assertEqual(answer.header("X-Total-Count"), "4")

    def test_one_mail(self: Any) -> None:
        """With its structure, and its exact octets."""
        self.fill()
        document = self.rig.get("/smtpMails/1")
        self.assertEqual(document["subject"], "Grüße")
        self.assertEqual(document["envelope"]["from"], "bob@X.test")
        self.assertEqual(
            document["recipients"][0]["parameters"],
            [{"name": "NOTIFY", "value": "NEVER"}],
        )
        self.assertEqual(self.rig.ask("GET", "/smtpMails/1/raw").body, CONTENTS[0])
        self.assertEqual(self.rig.ask("GET", "/smtpMails/9").status, 404)
        self.assertEqual(self.rig.get("/smtpMails/latest")["id"], "4")

    def test_mails_are_removed(self: Any) -> None:
        """One, those that match, and all; each is returned once."""
        self.fill()
        self.assertEqual(self.rig.ask("DELETE", "/smtpMails/1").status, 204)
        self.assertEqual(self.rig.ask("DELETE", "/smtpMails/1").status, 404)
        removed = self.rig.ask("DELETE", "/smtpMails?q=subject:invoice").json()
        self.assertEqual([one["id"] for one in removed], ["2"])
        removed = self.rig.ask("DELETE", "/smtpMails").json()
        self.assertEqual([one["id"] for one in removed], ["3", "4"])
        self.assertEqual(removed[0]["message"], "no header\r\n")
        self.assertEqual(self.rig.get("/smtpMailsCount"), 0)
        self.assertEqual(self.rig.get("/smtpMails"), [])

    def test_mails_are_taken(self: Any) -> None:
        """A request waits for as many as it asks for, and then removes them."""
        pending = self.rig.begin("POST", "/smtpMails/take?count=2&wait=10s&limit=1")
        self.keep()
        self.assertIsNone(pending.answer)
        self.keep()
        self.clock.advance(0.1)
        self.assertEqual([one["id"] for one in pending.answer.json()], ["1"])
        self.assertEqual(self.shown("/smtpMails"), ["2"])

    def test_two_take_at_the_same_time(self: Any) -> None:
        """No mail is returned twice; the second request waits for further mails."""
        path = "/smtpMails/take?count=2&wait=10s"
        first, second = self.rig.begin("POST", path), self.rig.begin("POST", path)
        self.keep()
        self.keep()
        self.clock.advance(0.1)
        answers = [first.answer, second.answer]
        self.assertEqual(answers.count(None), 1)
        (answer,) = filter(None, answers)
        self.assertEqual([one["id"] for one in answer.json()], ["1", "2"])
        late = second if answers[1] is None else first
        self.keep()
        self.clock.advance(0.1)
        self.assertIsNone(late.answer)
        self.keep()
        self.clock.advance(0.1)
        self.assertEqual([one["id"] for one in late.answer.json()], ["3", "4"])

    def test_one_of_two_that_take_gets_nothing(self: Any) -> None:
        """Its time expires, and the mail that is left is kept."""
        path = "/smtpMails/take?count=2&limit=2&wait=10s"
        both = [self.rig.begin("POST", path), self.rig.begin("POST", path)]
        for _ in range(3):
            self.keep()
        self.clock.advance(0.1)
        self.assertEqual([one.answer for one in both].count(None), 1)
        self.clock.advance(10)
        taken = [[one["id"] for one in each.answer.json()] for each in both]
        self.assertEqual(sorted(taken), [[], ["1", "2"]])
        self.assertEqual(self.shown("/smtpMails"), ["3"])

    def test_a_client_that_leaves_while_it_takes(self: Any) -> None:
        """The mails are kept again, and another request receives them."""
        large = b"Subject: large\r\n\r\n" + b"x" * LARGE
        for to in ("bob@x.test", "other@x.test", "bob@x.test"):
            self.keep(large, (to,))
        octets = self.box.octets
        path = "/smtpMails/take?to=bob@x.test&count=2&wait=10s&view=full"
        leaving = self.rig.begin("POST", path)
        for _ in range(50):
            if len(self.box) == 1:
                break
            self.rig.step()
        self.assertEqual(len(self.box), 1)
        other = self.rig.begin("POST", path)
        leaving.leave()
        for _ in range(5):
            self.clock.advance(0.1)
            self.rig.turn()
        self.assertEqual([one["id"] for one in other.answer.json()], ["1", "3"])
        self.assertEqual(self.shown("/smtpMails"), ["2"])
        self.keep(large)
        self.assertEqual(self.rig.get("/smtpMailsCount"), 2)
        self.assertLess(self.box.octets, octets)
        self.assertEqual(self.store.quota.used, self.box.octets)

    def test_a_reset_while_mails_are_taken(self: Any) -> None:
        """The mails of a client that leaves do not return after it."""
        self.keep(b"Subject: large\r\n\r\n" + b"x" * LARGE)
        leaving = self.rig.begin("POST", "/smtpMails/take?view=full")
        for _ in range(50):
            if not len(self.box):
                break
            self.rig.step()
        self.box.clear()
        leaving.leave()
        self.clock.advance(0.1)
        self.assertEqual(self.shown("/smtpMails"), [])
        self.assertEqual((len(self.box), self.store.quota.used), (0, 0))

    def test_a_wait_for_a_match(self: Any) -> None:
        """A mail that matches ends the wait, and no other."""
        pending = self.rig.begin("GET", "/smtpMails?subject=invoice&wait=10s")
        self.keep(CONTENTS[0])
        self.clock.advance(0.1)
        self.assertIsNone(pending.answer)
        self.keep(CONTENTS[1])
        self.clock.advance(0.1)
        self.assertEqual([one["id"] for one in pending.answer.json()], ["2"])

    def test_evicted_ids(self: Any) -> None:
        """A list cannot continue after a mail that was evicted."""
        self.fill()
        self.result(self.box.evict_older(1_700_000_002.0))
        self.assertEqual(self.rig.ask("GET", "/smtpMails?after=1").status, 410)
        self.assertEqual(self.shown("/smtpMails?after=3"), ["4"])

    def test_the_nearest_mails(self: Any) -> None:
        """Explained as if they were in memory."""
        self.fill()
        answer = self.rig.get("/smtpMails?subject=invoices&explain=true")
        self.assertEqual(answer["mails"], [])
        self.assertEqual(len(answer["nearest"]), 4)

    def test_mails_of_all_hosts(self: Any) -> None:
        """In the order of their arrival."""
        other = self.rig.mock.new_host(describe("mx2"))
        self.rig.mock.add(other)
        for box in (self.box, other.mailbox, self.box):
            self.keep(box=box)
        self.assertEqual(self.shown("/smtpMails?host=*"), ["1", "2", "3"])
        self.assertEqual(self.shown("/smtpMails"), ["1", "3"])
        self.assertEqual(self.shown("/hosts/mx2/smtpMails"), ["2"])

    def test_a_reset(self: Any) -> None:
        """Nothing is left to be found."""
        self.fill()
        self.assertEqual(self.rig.ask("POST", "/reset").status, 204)
        self.assertEqual(self.rig.get("/smtpMails"), [])


def describe(name: str) -> Any:
    """The description of a host."""
    return Description(name, name)


class MemoryCommonApiTests(CommonApiTests, MemoryApiTests):
    """Of the memory"""


class FileCommonApiTests(CommonApiTests, FileApiTests):
    """Of a file"""


class RedisCommonApiTests(CommonApiTests, RedisApiTests):
    """Of Redis"""


class SmtpTests(StoreCase):
    """Mails that arrive by SMTP, and are answered once they are stored"""

    def setUp(self) -> None:
        super().setUp()
        self.host = MailHost("default", "mx.test", self.box)
        self.dialogue = Dialogue(self.host, self.clock)
        self.dialogue.open_mail()
        self.dialogue.heard()


class CommonSmtpTests:
    """What they have in common"""

    def test_a_mail_is_recorded(self: Any) -> None:
        """With its number, in the transaction and in the exchange."""
        self.keep()
        dialogue = self.dialogue
        self.assertEqual(dialogue.send(b"Subject: hi\r\n\r\n.\r\n"), "")
        self.clock.advance(0)
        self.assertEqual(dialogue.heard()[:3], "250")
        self.assertEqual(len(self.box), 2)
        (session,) = self.host.journal.sessions()
        self.assertEqual([one.mail for one in session.transactions], [2])
        contents = [one[1] for one in session.exchanges if isinstance(one[1], tuple)]
        self.assertEqual(contents, [(15, 2)])

    def test_a_client_that_leaves(self: Any) -> None:
        """Its mail is kept, and the transaction knows that."""
        dialogue = self.dialogue
        dialogue.send(b"Subject: hi\r\n\r\n.\r\n")
        dialogue.transport.loseConnection()
        dialogue.protocol.connectionLost(Failure(ConnectionDone()))
        self.clock.advance(0)
        self.assertEqual(len(self.box), 1)
        (session,) = self.host.journal.sessions()
        (transaction,) = session.transactions
        self.assertEqual(transaction.mail, 1)
        self.assertEqual(transaction.outcome, Outcome.ABORTED)


class FileSmtpTests(CommonSmtpTests, SmtpTests, FileCase):
    """To a file"""


class RedisSmtpTests(CommonSmtpTests, SmtpTests, RedisCase):
    """To Redis"""
