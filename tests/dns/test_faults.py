"""Replies that behaviors change or delay."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.dns import DNS, DnsResponse, DnsRules, DnsThen, Wrong
from mocksmtp.dns.faults import ChangedReply, DelayedReplies, changed_reply
from mocksmtp.zone.answer import Rcode
from mocksmtp.zone.queries import TCP, UDP, DnsReply
from mocksmtp.zone.rdata import MX, A, Secure
from mocksmtp.zone.zone import Zone
from tests.dns.queries import flags, lines, query, read, records

ZONE = Zone(
    records(
        ("ex.test", MX(10, "mx.ex.test")),
        *(("big.test", A(number)) for number in range(100)),
        ("signed.test", Secure()),
        ("signed.test", A(1)),
    )
)


class FaultTests(SynchronousTestCase):
    """`changed_reply`."""

    def tell(
        self,
        response: DnsResponse,
        name: str = "ex.test",
        type_: str = "MX",
        transport: str = UDP,
        **options,
    ) -> ChangedReply:
        self.query = query(name, type_, **options)
        return changed_reply(self.query, response, ZONE, transport)

    def read(self, *arguments, **options):
        """What the client reads; the ID is that of the query."""
        message = read(self.tell(*arguments, **options).message)
        self.assertEqual(message.id, self.query.id)
        return message

    def test_rcodes(self):
        """What the header has room for is answered; with EDNS where the client has."""
        for rcode in Rcode:
            if rcode is not Rcode.BADVERS:
                for options, edns in (({}, -1), ({"use_edns": 0}, 0)):
                    message = self.read(DnsResponse(rcode), **options)
                    self.assertEqual((message.rcode(), message.edns), (rcode, edns))
                    self.assertEqual(message.answer, [])

    def test_no_such_name(self):
        """What says that there is nothing has an SOA, what is an error has none."""
        for rcode, soas in ((Rcode.NXDOMAIN, 1), (0, 1), (Rcode.SERVFAIL, 0)):
            message = self.read(DnsResponse(rcode))
            self.assertEqual(len(message.authority), soas)

    def test_records(self):
        """They are the answer; an owner ``*`` stands for the name that is asked for."""
        given = records(("*", MX(1, "a.test")), ("other.test", MX(2, "b.test")))
        told = self.read(DnsResponse(records=given), "Any.test")
        self.assertEqual(
            lines(told.answer),
            ["Any.test. 60 IN MX 1 a.test.", "other.test. 60 IN MX 2 b.test."],
        )
        message = self.read(DnsResponse(Rcode.SERVFAIL, given[:1]))
        self.assertEqual((message.rcode(), len(message.answer)), (2, 1))
        self.assertEqual(self.read(DnsResponse(records=())).rcode(), 0)

    def test_signed(self):
        """AD is set and taken away, of the zone's answer and of any other."""
        for response, name, ad in (
            (DnsResponse(ad=True), "ex.test", True),
            (DnsResponse(ad=False), "signed.test", False),
            (DnsResponse(Rcode.SERVFAIL, ad=True), "ex.test", True),
            (DnsResponse(Rcode.SERVFAIL), "signed.test", False),
        ):
            message = self.tell(response, name).message
            self.assertEqual("AD" in flags(message), ad)
        self.assertEqual(len(self.read(DnsResponse(ad=True)).answer), 1)

    def test_truncated(self):
        """Over UDP there are no records and TC, over TCP there is the whole answer."""
        cut = DnsResponse(then=DnsThen.TRUNCATE)
        said = self.tell(cut, use_edns=0)
        self.assertIn("TC", flags(said.message))
        self.assertEqual((read(said.message).answer, read(said.message).edns), ([], 0))
        self.assertEqual(said.response.exchange.reply, DnsReply(0, 0, True))
        said = self.tell(cut, transport=TCP)
        self.assertNotIn("TC", flags(said.message))
        self.assertEqual(len(read(said.message).answer), 1)

    def test_silence(self):
        """Nothing is sent and nothing counted, whether or not it is the end."""
        for then, closes in ((DnsThen.DROP, False), (DnsThen.CLOSE, True)):
            said = self.tell(DnsResponse(then=then))
            self.assertEqual((said.message, said.closes), (None, closes))
            self.assertIsNone(said.response.kind)
            self.assertEqual(str(said.response.exchange.question), "ex.test MX")

    def test_wrong_id(self):
        """Another ID, and the rest as it must be."""
        message = read(self.tell(DnsResponse(wrong=Wrong.ID)).message)
        self.assertEqual(message.id, self.query.id ^ 0xFFFF)
        self.assertEqual(len(message.answer), 1)

    def test_wrong_question(self):
        """Another name, whatever was asked; the log has what was asked."""
        wrong = DnsResponse(wrong=Wrong.QUESTION)
        for name, shown in (
            ("ex.test", "wrong.invalid."),
            ("Wrong.invalid", "other.invalid."),
        ):
            message = self.read(wrong, name, use_edns=0)
            (question,) = message.question
            self.assertEqual(question.to_text(), f"{shown} IN MX")
        said = self.tell(wrong)
        answers = lines(read(said.message).answer)
        self.assertEqual(answers, ["ex.test. 60 IN MX 10 mx.ex.test."])
        self.assertEqual(str(said.response.exchange.question), "ex.test MX")

    def test_wrong_size(self):
        """A datagram has all there is, whatever the client takes."""
        for options in {}, {"use_edns": 0, "payload": 1232}:
            message = self.tell(
                DnsResponse(wrong=Wrong.SIZE), "big.test", "A", **options
            ).message
            self.assertGreater(len(message), 1500)
            self.assertNotIn("TC", flags(message))

    def test_raw(self):
        """Octets stand behind the ID; the log has what they say, if they do."""
        said = self.tell(DnsResponse(raw=b"\x82\x0f" + bytes(8)))
        self.assertEqual(said.message[2:], b"\x82\x0f" + bytes(8))
        self.assertEqual(said.message[:2], self.query.id.to_bytes(2, "big"))
        self.assertEqual(said.response.exchange.reply, DnsReply(15, 0, True))
        said = self.tell(DnsResponse(raw=b"\xff", wrong=Wrong.ID))
        wrong = (self.query.id ^ 0xFFFF).to_bytes(2, "big")
        self.assertEqual(said.message, wrong + b"\xff")
        self.assertIsNone(said.response.exchange.reply)
        self.assertIsNone(said.response.kind)


class WaitingTests(SynchronousTestCase):
    """`DelayedReplies`."""

    def setUp(self):
        self.clock = Clock()
        self.behaviors = DnsRules()
        self.room = DelayedReplies(self.clock, self.behaviors, 3)
        self.sent: list[int] = []

    def admit(self, number: int, seconds: float = 5.0, rule: str = "1"):
        return self.room.add(seconds, (rule,), lambda: self.sent.append(number))

    def tearDown(self):
        self.assertEqual(len(self.room), 0)
        self.assertFalse(self.behaviors.held)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_they_go_out_in_time(self):
        """Each when its own time is up."""
        self.admit(1)
        self.admit(2, 1.0)
        self.clock.advance(1)
        self.assertEqual(self.sent, [2])
        self.clock.advance(4)
        self.assertEqual(self.sent, [2, 1])

    def test_without_its_behavior_none_waits(self):
        """When one goes, its answers go out, and those of others do not."""
        document = {"query": "ANY", "response": {"delay": "5s"}}
        self.behaviors.replace_all(
            DNS.parse_all([{**document, "id": name} for name in "12"])
        )
        self.admit(1)
        self.admit(2, rule="2")
        self.admit(3)
        self.behaviors.remove("1")
        self.assertEqual(self.sent, [1, 3])
        self.behaviors.clear()
        self.assertEqual(self.sent, [1, 3, 2])

    def test_forgotten(self):
        """One, or all of them, are never sent."""
        self.admit(1).forget()
        self.admit(2)
        self.room.forget()
        self.clock.advance(9)
        self.assertEqual(self.sent, [])

    def test_no_room(self):
        """More than so many can't wait."""
        for number in range(3):
            self.assertIsNotNone(self.admit(number))
        self.assertIsNone(self.admit(4))
        self.clock.advance(5)
        self.assertIsNotNone(self.admit(5, 0.5))
        self.clock.advance(1)
