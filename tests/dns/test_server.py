"""The server over datagrams and connections, in memory."""

from __future__ import annotations

import errno
import struct

from hypothesis import given
from hypothesis import strategies as st
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.task import Clock
from twisted.internet.testing import StringTransport
from twisted.python.failure import Failure
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.condition import Equals
from mocksmtp.behaviors.delay import Fixed
from mocksmtp.behaviors.dns import DnsBehavior, DnsResponse, DnsRules, DnsThen
from mocksmtp.dns.server import LAST_REPLIES_TIME, PER_TURN, DNSFactory
from mocksmtp.hosts.counters import new_queries
from mocksmtp.zone.answer import Rcode
from mocksmtp.zone.queries import DnsReply, QueryLog
from mocksmtp.zone.rdata import MX, TXT, A
from mocksmtp.zone.zone import Zone
from tests.dns.queries import flags, lines, packet, read, records

ZONE = Zone(
    records(
        ("ex.test", MX(10, "mx.ex.test")),
        *(("big.test", A(number)) for number in range(100)),
        ("huge.test", TXT("x" * 60_000)),
    )
)
CLIENT = ("192.0.2.99", 5353)


class Network:
    """A UDP transport that notes what goes out."""

    def __init__(self) -> None:
        self.sent: list[tuple[bytes, tuple[str, int]]] = []
        self.error: OSError | None = None

    def write(self, data: bytes, address: tuple[str, int]) -> None:
        if self.error:
            raise self.error
        self.sent.append((data, address))


class DatagramTests(SynchronousTestCase):
    """Queries over UDP."""

    def setUp(self):
        self.zone = ZONE
        self.clock = Clock()
        self.log = QueryLog()
        self.counts = new_queries()
        self.behaviors = DnsRules()
        self.factory = DNSFactory(
            lambda: self.zone,
            self.clock,
            counts=self.counts,
            log=self.log,
            behaviors=self.behaviors,
        )
        self.protocol = self.factory.datagrams()
        self.protocol.transport = self.network = Network()

    def ask(self, data: bytes) -> list[bytes]:
        """What comes back."""
        self.protocol.datagramReceived(data, CLIENT)
        sent = [message for message, address in self.network.sent if address == CLIENT]
        self.network.sent.clear()
        return sent

    def test_answer(self):
        """A query is answered to where it came from."""
        (response,) = self.ask(packet("ex.test"))
        answers = lines(read(response).answer)
        self.assertEqual(answers, ["ex.test. 60 IN MX 10 mx.ex.test."])

    def test_size(self):
        """An answer is cut to 512 octets, or to what the client takes."""
        for options, limit in (({}, 512), ({"payload": 1000}, 1000)):
            (response,) = self.ask(packet("big.test", "A", **options))
            self.assertIn("TC", flags(response))
            self.assertTrue(limit - 16 < len(response) <= limit)

    def test_told(self):
        """Who wants to hear of queries is told what was answered, and who asked."""
        told = []
        self.factory.on_exchange = lambda *heard: told.append(heard)
        self.ask(packet("ex.test"))
        ((exchange, transport, client, behavior),) = told
        self.assertEqual(str(exchange.question), "ex.test MX")
        self.assertEqual(
            exchange.reply, DnsReply(Rcode.NOERROR, 1, False, self.zone.records[:1])
        )
        self.assertEqual((transport, client, behavior), ("udp", CLIENT[0], None))

    def test_own_id(self):
        """The same question again is answered under its own ID."""
        for id_ in 1, 2:
            (response,) = self.ask(packet("ex.test", id=id_))
            self.assertEqual(read(response).id, id_)

    def test_logged(self):
        """Every query is in the log, also one that cannot be read; no response is."""
        self.clock.advance(7)
        (response,) = self.ask(packet("ex.test"))
        self.ask(response)
        self.ask(packet("ex.test")[:20])
        first, second = self.log.queries()
        self.assertEqual((first.at, first.client_ip, first.client_port), (7, *CLIENT))
        self.assertEqual((first.transport, first.behavior), ("udp", None))
        self.assertEqual((str(first.name), first.type), ("ex.test", 15))
        self.assertIsNone(second.name)
        self.assertEqual(second.answer.rcode, Rcode.FORMERR)

    def test_counted(self):
        """By type and rcode, whether or not the answer was remembered."""
        for name in "ex.test", "ex.test", "no.test":
            self.ask(packet(name))
        self.assertEqual(self.counts, {(15, 0): 2, (15, 3): 1})

    def behave(self, *responses: DnsResponse, name: str, **more) -> None:
        """Have queries for a name be answered so, one after the other."""
        condition = Equals(name)
        several = more.pop("in_turn", len(responses) > 1)
        answers = {"responses": responses} if several else {"response": responses[0]}
        behavior = DnsBehavior((), condition=condition, id=name, **answers, **more)
        self.behaviors.extend([behavior])

    def test_decided(self):
        """A behavior answers in the zone's place, or not at all."""
        self.behave(DnsResponse(Rcode.SERVFAIL), name="fails.test")
        self.behave(DnsResponse(then=DnsThen.DROP), name="drop.test")
        (response,) = self.ask(packet("FAILS.test", "A", use_edns=0))
        self.assertEqual((read(response).rcode(), read(response).edns), (2, 0))
        self.assertEqual(self.ask(packet("drop.test")), [])
        (response,) = self.ask(packet("ex.test"))
        self.assertEqual(len(read(response).answer), 1)

        logged = [(q.behavior, q.answer) for q in self.log.queries()]
        self.assertEqual(logged[0], ("fails.test", DnsReply(Rcode.SERVFAIL, 0, False)))
        self.assertEqual(logged[1], ("drop.test", None))
        self.assertEqual(logged[2][0], None)
        self.assertEqual(self.counts, {(1, 2): 1, (15, 0): 1})

    def test_decided_anew(self):
        """Each query is decided on, though its answer is remembered."""
        self.ask(packet("ex.test"))
        refused = DnsResponse(Rcode.REFUSED)
        self.behave(refused, DnsResponse(Rcode.SERVFAIL), name="ex.test")
        rcodes = [read(self.ask(packet("ex.test"))[0]).rcode() for _ in range(3)]
        self.assertEqual(rcodes, [5, 2, 0])

    def test_delayed(self):
        """An answer that waits holds up no other, and is in the log at once."""
        self.behave(DnsResponse(delay=Fixed(5)), name="ex.test")
        self.assertEqual(self.ask(packet("ex.test")), [])
        self.assertEqual(len(self.ask(packet("big.test", "A"))), 1)
        self.assertEqual(self.log.queries()[0].answer.answers, 1)
        self.clock.advance(4.9)
        self.assertEqual(self.network.sent, [])
        self.clock.advance(0.1)
        ((message, address),) = self.network.sent
        self.assertEqual((read(message).rcode(), address), (0, CLIENT))
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_delays_end_with_the_behaviors(self):
        """What waits goes out when all behaviors go."""
        self.behave(DnsResponse(delay=Fixed(5)), name="ex.test")
        self.ask(packet("ex.test"))
        self.behaviors.clear()
        self.assertEqual(len(self.network.sent), 1)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_delays_end_with_the_server(self):
        """What waits is not sent when the server stops."""
        self.behave(DnsResponse(delay=Fixed(5)), name="ex.test")
        self.ask(packet("ex.test"))
        self.successResultOf(Deferred.fromCoroutine(self.factory.close_connections()))
        self.behaviors.clear()
        self.assertEqual(self.network.sent, [])
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_closed_over_udp(self):
        """There is no connection to close: it is silence."""
        self.behave(DnsResponse(then=DnsThen.CLOSE), name="ex.test")
        self.assertEqual(self.ask(packet("ex.test")), [])

    def test_what_cannot_be_read(self):
        """It is for behaviors that are for every query and every name."""
        self.behaviors.extend([DnsBehavior((), response=DnsResponse(Rcode.REFUSED))])
        (response,) = self.ask(packet("ex.test")[:20])
        self.assertEqual(response[2:], b"\x81\x85" + bytes(8))

    def test_zone_replaced(self):
        """A zone that is replaced takes effect with the next query."""
        self.ask(packet("ex.test"))
        self.zone = Zone()
        (response,) = self.ask(packet("ex.test"))
        self.assertEqual(read(response).rcode(), 3)

    def test_silence(self):
        """A response, and what has no header, get no answer."""
        (response,) = self.ask(packet("ex.test"))
        for data in (response, b"", packet("ex.test")[:11]):
            self.assertEqual(self.ask(data), [])

    def test_malformed(self):
        """What is malformed behind its header gets FORMERR, and nothing is logged."""
        (response,) = self.ask(packet("ex.test")[:20])
        self.assertEqual(response[2:], b"\x81\x81" + bytes(8))

    def test_client_cannot_be_reached(self):
        """An answer that cannot be sent is lost, as a datagram may be."""
        self.network.error = OSError(errno.EINVAL, "port 0")
        self.assertEqual(self.ask(packet("ex.test")), [])

    @given(st.binary(max_size=100))
    def test_any_octets(self, data: bytes):
        """Any octets get one answer or none."""
        self.assertLessEqual(len(self.ask(data)), 1)

    @given(st.data())
    def test_any_change(self, data):
        """A query with some octets changed gets one answer or none, under its ID."""
        octets = bytearray(packet("ex.test", use_edns=0))
        for at in data.draw(st.sets(st.integers(2, len(octets) - 1), max_size=3)):
            octets[at] = data.draw(st.integers(0, 255))
        for response in self.ask(bytes(octets)):
            self.assertEqual(response[:2], octets[:2])
            self.assertTrue(response[2] & 0x80)


class Wire(StringTransport):
    """A TCP transport that can be aborted, and pauses its producer when asked to."""

    aborted = False

    def abortConnection(self) -> None:
        self.aborted = True


def framed(*messages: bytes) -> bytes:
    return b"".join(struct.pack(">H", len(message)) + message for message in messages)


def unframed(data: bytes) -> list[bytes]:
    messages = []
    while data:
        (length,) = struct.unpack_from(">H", data)
        messages.append(data[2 : 2 + length])
        data = data[2 + length :]
    return messages


class Connections(SynchronousTestCase):
    """A factory and its connections."""

    def setUp(self):
        self.clock = Clock()
        self.behaviors = DnsRules()
        self.factory = DNSFactory(
            lambda: ZONE,
            self.clock,
            idle=10,
            max_connections=2,
            behaviors=self.behaviors,
        )

    def connect(self):
        protocol = self.factory.buildProtocol(None)
        wire = Wire()
        protocol.makeConnection(wire)
        self.addCleanup(self.lose, protocol)
        return protocol, wire

    def lose(self, protocol) -> None:
        if protocol in self.factory.connections:
            protocol.connectionLost(Failure(ConnectionDone()))


class ConnectionTests(Connections):
    """Queries over TCP."""

    def test_several_queries(self):
        """A connection carries several queries, answered in their order."""
        protocol, wire = self.connect()
        names = ("ex.test", "none.test", "EX.test")
        protocol.dataReceived(framed(*(packet(name) for name in names)))
        responses = [read(message) for message in unframed(wire.value())]
        asked = [str(message.question[0].name) for message in responses]
        self.assertEqual(asked, [name + "." for name in names])
        self.assertEqual([message.rcode() for message in responses], [0, 3, 0])

    def test_told(self):
        """Who wants to hear of queries is told who asked over a connection."""
        protocol, _ = self.connect()
        told = []
        protocol.controller.on_exchange = lambda *heard: told.append(heard[1:])
        protocol.dataReceived(framed(packet("ex.test")))
        self.assertEqual(told, [("tcp", "192.168.1.1", None)])

    def test_byte_by_byte(self):
        """A query may come in any pieces."""
        protocol, wire = self.connect()
        for octet in framed(packet("ex.test")):
            self.assertEqual(wire.value(), b"")
            protocol.dataReceived(bytes([octet]))
        self.assertEqual(len(unframed(wire.value())), 1)

    def test_whole(self):
        """An answer over TCP is whole."""
        protocol, wire = self.connect()
        protocol.dataReceived(framed(packet("huge.test", "TXT")))
        (response,) = unframed(wire.value())
        self.assertGreater(len(response), 60_000)
        self.assertNotIn("TC", flags(response))

    def test_malformed(self):
        """What is no query is met with FORMERR or silence; the connection goes on."""
        protocol, wire = self.connect()
        no_queries = (b"", b"x", packet("ex.test")[:20])
        protocol.dataReceived(framed(*no_queries, packet("ex.test")))
        malformed, response = unframed(wire.value())
        self.assertEqual(malformed[2:4], b"\x81\x81")
        self.assertEqual(read(response).rcode(), 0)

    def test_idle(self):
        """A connection without a query for the set time is cut off."""
        protocol, wire = self.connect()
        self.clock.advance(9)
        protocol.dataReceived(framed(packet("ex.test")))
        self.clock.advance(9)
        self.assertFalse(wire.aborted)
        self.clock.advance(1)
        self.assertTrue(wire.aborted)

    def test_length_that_lies(self):
        """Part of a query, or no query, does not keep a connection."""
        protocol, wire = self.connect()
        for data in (framed(b""), b"\xff\xff", packet("ex.test")):
            self.clock.advance(3)
            protocol.dataReceived(data)
        self.clock.advance(1)
        self.assertTrue(wire.aborted)

    def test_answers_not_read(self):
        """While a client reads no answers, its queries wait."""
        protocol, wire = self.connect()
        self.assertIs(wire.producer, protocol)
        protocol.pauseProducing()
        protocol.dataReceived(framed(packet("ex.test")))
        self.assertEqual(wire.value(), b"")
        protocol.resumeProducing()
        self.assertEqual(len(unframed(wire.value())), 1)

    def test_many_at_once(self):
        """A client that pipelines gets some answers in each turn of the reactor."""
        protocol, wire = self.connect()
        protocol.dataReceived(framed(*[packet("ex.test")] * (2 * PER_TURN + 1)))
        self.assertEqual(len(unframed(wire.value())), PER_TURN)
        self.assertEqual(wire.producerState, "paused")
        self.clock.advance(0)
        self.assertEqual(len(unframed(wire.value())), 2 * PER_TURN + 1)
        self.assertEqual(wire.producerState, "producing")

    def test_many_that_are_not_read(self):
        """They wait for the next turn, and until the client has read."""
        protocol, wire = self.connect()
        protocol.dataReceived(framed(*[packet("ex.test")] * (PER_TURN + 1)))
        protocol.pauseProducing()
        self.clock.advance(0)
        self.assertEqual(len(unframed(wire.value())), PER_TURN)
        protocol.resumeProducing()
        self.assertEqual(len(unframed(wire.value())), PER_TURN + 1)

    def test_many_from_one_that_leaves(self):
        """What it had asked besides is forgotten, and no timer is left."""
        protocol, _ = self.connect()
        protocol.dataReceived(framed(*[packet("ex.test")] * (PER_TURN + 1)))
        self.lose(protocol)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_half_closed(self):
        """A client that closes its side still gets its answers, and then the end."""
        protocol, wire = self.connect()
        protocol.dataReceived(framed(packet("ex.test")))
        protocol.readConnectionLost()
        self.assertEqual(len(unframed(wire.value())), 1)
        self.assertTrue(wire.disconnecting)
        self.assertIsNone(wire.producer)
        protocol.writeConnectionLost()

    def test_too_many(self):
        """A connection beyond the set number is not taken, until one has gone."""
        first, _ = self.connect()
        self.connect()
        self.assertIsNone(self.factory.buildProtocol(None))
        self.lose(first)
        self.connect()

    def test_no_timer_left(self):
        """A connection that ends leaves no timer behind."""
        protocol, _ = self.connect()
        self.lose(protocol)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    @given(st.lists(st.binary(max_size=100), max_size=5))
    def test_any_octets(self, pieces: list[bytes]):
        """Any octets get answers or none, and no error."""
        protocol, _ = self.connect()
        for piece in pieces:
            protocol.dataReceived(piece)
        self.lose(protocol)


class BehaviorTests(Connections):
    """Behaviors over TCP."""

    def behave(self, name: str, response: DnsResponse) -> None:
        self.behaviors.extend(
            [DnsBehavior((), response=response, condition=Equals(name))]
        )

    def test_closed(self):
        """The connection is closed, and answers that waited are not sent."""
        self.behave("big.test", DnsResponse(delay=Fixed(5)))
        self.behave("ex.test", DnsResponse(then=DnsThen.CLOSE))
        protocol, wire = self.connect()
        protocol.dataReceived(framed(packet("big.test"), packet("ex.test")))
        self.assertTrue(wire.disconnecting)
        self.assertEqual(wire.value(), b"")
        self.lose(protocol)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_overtaken(self):
        """An answer that waits holds up no other of its connection (RFC 7766 §7)."""
        self.behave("ex.test", DnsResponse(delay=Fixed(5)))
        protocol, wire = self.connect()
        protocol.dataReceived(framed(packet("ex.test"), packet("none.test")))
        self.assertEqual(len(unframed(wire.value())), 1)
        self.clock.advance(5)
        rcodes = [read(message).rcode() for message in unframed(wire.value())]
        self.assertEqual(rcodes, [3, 0])

    def test_waited_for(self):
        """A connection is neither idle nor done while an answer waits."""
        self.behave("ex.test", DnsResponse(delay=Fixed(25)))
        protocol, wire = self.connect()
        protocol.dataReceived(framed(packet("ex.test")))
        protocol.readConnectionLost()
        self.assertFalse(wire.disconnecting)
        for _ in range(25):
            self.clock.advance(1)
        self.assertEqual(len(unframed(wire.value())), 1)
        self.assertFalse(wire.aborted)
        self.assertTrue(wire.disconnecting)

    def test_lost(self):
        """Nothing waits for a client that has gone."""
        self.behave("ex.test", DnsResponse(delay=Fixed(25)))
        protocol, _ = self.connect()
        protocol.dataReceived(framed(packet("ex.test")))
        self.lose(protocol)
        self.assertEqual(self.clock.getDelayedCalls(), [])
        self.behaviors.clear()

    def test_stopped(self):
        """When the server stops, what waits is not sent."""
        self.behave("ex.test", DnsResponse(delay=Fixed(25)))
        protocol, wire = self.connect()
        protocol.dataReceived(framed(packet("ex.test")))
        closed = Deferred.fromCoroutine(self.factory.close_connections())
        self.assertEqual(wire.value(), b"")
        self.assertTrue(wire.disconnecting)
        self.lose(protocol)
        self.successResultOf(closed)


class CloseTests(Connections):
    """The end of all connections."""

    def close(self) -> Deferred:
        return Deferred.fromCoroutine(self.factory.close_connections())

    def test_none(self):
        """Where there are none, there is nothing to wait for."""
        self.successResultOf(self.close())

    def test_closed(self):
        """Each is closed when its answers are out; then the end is told."""
        (first, wire), (second, other) = self.connect(), self.connect()
        closed = self.close()
        self.assertTrue(wire.disconnecting and other.disconnecting)
        first.dataReceived(framed(packet("ex.test")))
        self.assertEqual(wire.value(), b"")
        self.lose(first)
        self.assertNoResult(closed)
        self.lose(second)
        self.successResultOf(closed)
        self.assertEqual(self.clock.getDelayedCalls(), [])

    def test_answers_not_read_at_the_end(self):
        """A client that does not read its answers is cut off after a while."""
        protocol, wire = self.connect()
        closed = self.close()
        self.clock.advance(LAST_REPLIES_TIME)
        self.assertTrue(wire.aborted)
        self.lose(protocol)
        self.successResultOf(closed)
