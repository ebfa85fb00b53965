"""What holds of attempts and deliveries, whatever clients do"""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from tests.sessions.network import Connection, Network
from tests.smtp.mocked import on, when

ADDRESSES = ("bob@x.test", "carl@x.test", "eve@Y.test")
LINES = st.one_of(
    st.sampled_from(("EHLO h.test", "RSET", "NOOP", "DATA", "QUIT", "STARTTLS")),
    st.sampled_from(("a@h.test", "b@h.test")).map("MAIL FROM:<{}>".format),
    st.sampled_from(ADDRESSES).map("RCPT TO:<{}>".format),
    st.sampled_from(("m1", "m2")).map("Message-ID: <{}>\r\n\r\ntext\r\n.".format),
)
STEPS = st.lists(st.tuples(st.integers(0, 3), LINES | st.none()), max_size=60)
BEHAVIORS = st.lists(
    st.builds(
        lambda command, code, effect, skip: on(
            command, code, effect=effect, skip=skip, numberOfAnswer=2
        ),
        st.sampled_from(("CONNECT", "MAIL FROM", "RCPT TO", "DATA COMMAND", "DATA")),
        st.sampled_from((250, 354, 421, 450, 550)),
        st.sampled_from(("apply", "none")),
        st.integers(0, 2),
    ),
    max_size=4,
)


def play(
    steps: list[tuple[int, str | None]], behaviors: list[object], looking: bool
) -> Network:
    """Have four clients, two at each host, send lines; None leaves."""
    network = Network()
    eve = on("RCPT TO", 451, condition=when("recipient", "eve@"), numberOfAnswer=3)
    network.behave(*behaviors, eve)
    connections: dict[int, Connection] = {}
    for client, line in steps:
        network.clock.advance(0.001)
        if client not in connections:
            host = "mx2" if client % 2 else "default"
            connections[client] = network.connect(host)
        if line is None:
            connections.pop(client).close()
        else:
            connections[client].say(line)
        if looking:
            network.attempts()
    for connection in connections.values():
        network.clock.advance(0.001)
        connection.close()
    network.clock.advance(1)
    return network


class PropertyTests(SynchronousTestCase):
    """Clients that say anything in any order"""

    @settings(deadline=None, max_examples=150)
    @given(STEPS, BEHAVIORS, st.booleans())
    def test_every_recipient_is_one_attempt(
        self, steps: list[tuple[int, str | None]], behaviors: list[object], look: bool
    ) -> None:
        """Of each transaction, and each of those is part of one delivery."""
        network = play(steps, behaviors, look)
        attempts = network.attempts(probes=True)
        named: Counter[tuple[str, str]] = Counter()
        for host in network.mock.hosts.values():
            for session in host.journal.sessions():
                for transaction in session.transactions:
                    found = {
                        path.address.normalized for path in transaction.all_recipients()
                    }
                    named.update((session.id, address) for address in found)
        tried = Counter(
            (one["session"], one["recipient"].replace("Y", "y"))
            for one in attempts
            if one["recipient"] is not None
        )
        self.assertEqual(tried, named)
        ids = [int(one["id"]) for one in attempts]
        self.assertEqual(ids, sorted(set(ids)))
        delivered = Counter(
            one["id"]
            for delivery in network.deliveries()
            for attempts in delivery["rounds"]
            for one in attempts
            if one["recipient"] is not None
        )
        expected = [one["id"] for one in attempts if one["recipient"] is not None]
        self.assertEqual(sorted(delivered.elements()), sorted(expected))

    @settings(deadline=None, max_examples=150)
    @given(STEPS, BEHAVIORS)
    def test_a_delivery_is_the_sum_of_its_rounds(
        self, steps: list[tuple[int, str | None]], behaviors: list[object]
    ) -> None:
        """No host is tried twice in a round; a pause is between two rounds."""
        for delivery in play(steps, behaviors, looking=False).deliveries():
            rounds = delivery["rounds"]
            attempts = [one for attempts in rounds for one in attempts]
            verdicts = [one["verdict"] for one in attempts]
            self.assertEqual(delivery["verdicts"], verdicts)
            self.assertEqual(delivery["final"], verdicts[-1])
            self.assertEqual(delivery["hosts"], [one["host"] for one in attempts])
            self.assertEqual(delivery["copies"], sum(one["kept"] for one in attempts))
            self.assertEqual(len(delivery["backoffs"]), len(rounds) - 1)
            for one in rounds:
                hosts = [attempt["host"] for attempt in one]
                self.assertEqual(len(hosts), len(set(hosts)))

    @settings(deadline=None, max_examples=150)
    @given(STEPS, BEHAVIORS)
    def test_it_does_not_matter_when_it_is_looked_at(
        self, steps: list[tuple[int, str | None]], behaviors: list[object]
    ) -> None:
        """After each step, or once at the end: the deliveries are the same.

        One client at a time: whether a MAIL that was refused is followed by an RCPT is
        known later than what others do meanwhile.
        """
        steps = [(0, line) for _, line in steps]
        once, often = (play(steps, behaviors, looking) for looking in (False, True))

        def told(network: Network) -> list[tuple[object, ...]]:
            names = ("recipient", "sender", "messageId", "verdicts", "hosts", "copies")
            found = [
                tuple(delivery[name] for name in names)
                for delivery in network.deliveries()
            ]
            return sorted(found, key=repr)

        self.assertEqual(told(once), told(often))
