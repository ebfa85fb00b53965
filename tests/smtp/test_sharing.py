"""Connections to several replicas whose behaviors have counts in common"""

from __future__ import annotations

import os
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.internet.defer import Deferred

from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.grammar.reply import LINE_TOO_LONG
from mocksmtp.hosts.host import MailHost
from mocksmtp.hosts.limits import Limits
from mocksmtp.mail.mailbox import Mailbox
from mocksmtp.sasl.settings import AuthSettings
from mocksmtp.sessions.session import Outcome
from mocksmtp.smtp import starttls
from mocksmtp.smtp.sharing import SharedESMTP
from mocksmtp.smtp.starttls import Security
from mocksmtp.store.interface import StoreError
from mocksmtp.tls.settings import TlsMode
from tests.smtp.dialogue import Dialogue
from tests.smtp.mocked import on, when
from tests.smtp.test_fuzz import PACKETS
from tests.store.cluster import Cluster
from tests.store.deciding import ReplicaCase, ReplicaHost, connected

HELLO = b"EHLO c\r\n"
MAIL = b"MAIL FROM:<al@x.test>\r\n"
RCPT = b"RCPT TO:<bob@x.test>\r\n"
CONTENT = b"Subject: hi\r\nMessage-ID: <1@x.test>\r\n\r\nbody\r\n.\r\n"
LATER = "451 4.3.0 Local error in processing\r\n"
CLOSING = "421 4.3.0 Local error in processing, closing\r\n"
BUSY = {"operator": "contains", "matchingValue": "bob@"}


def codes(heard: str) -> list[str]:
    """The codes of all replies."""
    return [line[:3] for line in heard.split("\r\n") if line[3:4] == " "]


def mails(dialogue: Dialogue) -> list[bytes]:
    """The content of each kept mail."""
    mailbox = dialogue.host.mailbox
    assert isinstance(mailbox, Mailbox)
    return [mail.content for mail in mailbox.mails()]


class OnceTests(ReplicaCase):
    """Each answer is given once, by whichever replica"""

    def test_a_hundred_of_a_thousand(self) -> None:
        """`numberOfAnswer: 100` answers exactly 100 of 1,000 attempts."""
        self.set(on("RCPT TO", 450, numberOfAnswer=100))
        clients = self.clients()
        for client in clients:
            client.send(HELLO + MAIL)
        answers = [client.send(RCPT)[:3] for _ in range(500) for client in clients]
        self.assertEqual(answers, ["450"] * 100 + ["250"] * 900)
        # Once there are none left, Redis is not asked.
        self.assertLess(len(self.cluster.counted), 110)
        for replica in self.replicas:
            replica.client().send(HELLO + MAIL + RCPT)
            (rule,) = replica.host.behaviors
            self.assertEqual(rule.fired, 100)

    def test_skip_and_keys(self) -> None:
        """Each recipient is refused from the second attempt on."""
        self.set(on("RCPT TO", 450, skip=1, per=["recipient"]))
        one, other = self.clients()
        for client in (one, other):
            client.send(HELLO + MAIL)
        a, b = b"RCPT TO:<a@x.test>\r\n", b"RCPT TO:<b@x.test>\r\n"
        heard = [one.send(a), other.send(a), other.send(b), one.send(b), one.send(a)]
        self.assertEqual([r[:3] for r in heard], ["250", "450", "250", "450", "450"])

    def test_scenarios(self) -> None:
        """Steps of a scenario are taken over all replicas."""
        first = {"name": "s", "state": "Started", "next": "later"}
        then = {"name": "s", "state": "later", "next": "over"}
        self.set(on("NOOP", 450, scenario=first), on("NOOP", 451, scenario=then))
        one, other = self.clients()
        heard = [client.send(b"NOOP\r\n")[:3] for client in (one, other, one, other)]
        self.assertEqual(heard, ["450", "451", "250", "250"])

    def test_a_pipelined_group(self) -> None:
        """Of commands that arrive together each is counted; replies are in order."""
        self.set(on("RCPT TO", 450, numberOfAnswer=3, condition=BUSY))
        one, other = self.clients()
        packet = HELLO + MAIL + RCPT + b"RCPT TO:<al@x.test>\r\n" + RCPT + b"DATA\r\n"
        self.assertEqual(
            codes(one.send(packet)), ["250", "250", "450", "250", "450", "354"]
        )
        self.assertEqual(
            codes(other.send(packet)), ["250", "250", "450", "250", "250", "354"]
        )

    def test_every_command(self) -> None:
        """Each point, from the banner to QUIT, answers once."""
        at = {
            "CONNECT": b"",
            "EHLO": HELLO,
            "HELO": b"HELO c\r\n",
            "MAIL FROM": MAIL,
            "NOOP": b"NOOP\r\n",
            "RSET": b"RSET\r\n",
            "VRFY": b"VRFY x\r\n",
            "EXPN": b"EXPN x\r\n",
            "HELP": b"HELP\r\n",
            "QUIT": b"QUIT\r\n",
        }
        for command, octets in at.items():
            self.set(on(command, 450, message="once", numberOfAnswer=1))
            clients = self.clients()
            heard = [client.banner + client.send(octets) for client in clients]
            once = ["450 once" in each for each in heard]
            self.assertEqual(once, [True, False], command)

    def test_any_command(self) -> None:
        """A behavior for any command also answers unknown ones, once."""
        self.set(on("ANY", 450, numberOfAnswer=3))
        one, other = self.clients()
        self.assertEqual([one.banner[:3], other.banner[:3]], ["450", "450"])
        heard = [client.send(b"WHAT\r\n")[:3] for client in (one, other)]
        self.assertEqual(heard, ["450", "500"])

    def test_auth(self) -> None:
        """The result of AUTH, and AUTH itself."""
        plain = b"AUTH PLAIN\r\n"
        secret = b"AGEAYg==\r\n"
        for command, expected in (
            ("AUTH", ["334", "454", "334", "235"]),
            ("AUTH COMMAND", ["454", "500", "334", "235"]),
        ):
            self.set(on(command, 454, numberOfAnswer=1))
            heard = []
            for replica in self.replicas:
                replica.host.auth = AuthSettings()
                client = replica.client()
                client.send(HELLO)
                heard += [client.send(plain)[:3], client.send(secret)[:3]]
            self.assertEqual(heard, expected, command)

    def test_the_content(self) -> None:
        """The reply after the final dot; the other mail is kept, once."""
        self.set(on("DATA", 451, numberOfAnswer=1))
        heard, kept = [], []
        for client in self.clients():
            client.open_mail()
            heard.append(client.send(CONTENT)[:3])
            kept += mails(client)
        self.assertEqual(heard, ["451", "250"])
        self.assertEqual(len(kept), 1)

    def test_content_in_pieces(self) -> None:
        """Content that arrives octet by octet is decided on at its end."""
        self.set(on("DATA", 451, numberOfAnswer=1))
        for client, expected in zip(self.clients(), ("451", "250"), strict=True):
            client.open_mail()
            heard = "".join(client.send(bytes([one])) for one in CONTENT + b"NOOP\r\n")
            self.assertEqual(codes(heard), [expected, "250"])

    def test_content_while_it_arrives(self) -> None:
        """An answer within the content is given once."""
        large = when("size", "20", "atLeast")
        self.set(on("DATA CONTENT", 451, numberOfAnswer=1, condition=large))
        for pieces in (False, True):
            self.set(on("DATA CONTENT", 451, numberOfAnswer=1, condition=large))
            for client, expected in zip(self.clients(), ("451", "250"), strict=True):
                client.open_mail()
                packets = [bytes([one]) for one in CONTENT] if pieces else [CONTENT]
                heard = "".join(map(client.send, packets))
                self.assertEqual(codes(heard), [expected])
                self.assertEqual(client.codes("NOOP"), ["250"])

    def test_chunks(self) -> None:
        """BDAT, and the content of its chunks."""
        for command in ("BDAT", "DATA", "DATA CONTENT"):
            self.set(on(command, 451, numberOfAnswer=1))
            heard = []
            for client in self.clients():
                client.send(HELLO + MAIL + RCPT)
                heard.append(client.send(b"BDAT 6 LAST\r\nA: b\r\n")[:3])
                self.assertEqual(client.codes("NOOP"), ["250"])
            self.assertEqual(heard, ["451", "250"], command)

    def test_empty_content(self) -> None:
        """It has no first octet: behaviors decide at its end."""
        for command in ("DATA CONTENT", "DATA"):
            self.set(on(command, 451, numberOfAnswer=2))
            heard = []
            for client in self.clients():
                client.send(HELLO + MAIL + RCPT)
                heard.append(client.send(b"BDAT 0 LAST\r\n")[:3])
                client.send(MAIL + RCPT + b"DATA\r\n")
                heard.append(client.send(b".\r\n")[:3])
            self.assertEqual(heard, ["451", "451", "250", "250"], command)

    def test_errors_in_content(self) -> None:
        """The server's own errors are replaced once, as those of commands."""
        self.set(on("ANY", 450, numberOfAnswer=2))
        heard = []
        for replica in self.replicas:
            client = replica.client()
            heard += [client.banner[:3], client.send(b"BDAT 2 LAST\r\nab")[:3]]
        self.assertEqual(heard, ["450", "450", "220", "503"])

    def test_lmtp(self) -> None:
        """The content is decided on for each recipient."""
        self.set(on("DATA", 451, numberOfAnswer=3))
        heard = []
        for client in self.clients(lmtp=True):
            client.send(b"LHLO c\r\n" + MAIL + RCPT + RCPT + b"DATA\r\n")
            heard += codes(client.send(CONTENT))
        self.assertEqual(heard, ["451", "451", "451", "250"])

    def test_tls(self) -> None:
        """What replaces the handshake is sent once."""
        raw = on("TLS", raw="oops\r\n", then="close", numberOfAnswer=1)
        for implicit in (False, True):
            self.set(raw)
            heard = []
            for replica in self.replicas:
                client = self.tls_client(replica, implicit)
                client.protocol.clock.advance(0)
                heard.append(
                    client.heard() if implicit else client.send(b"STARTTLS\r\n")
                )
            self.assertEqual("oops" in heard[0], True)
            self.assertEqual("oops" in heard[1], False)

    def tls_client(self, replica: Any, implicit: bool) -> Dialogue:
        """A connection to a host with TLS, whose transport begins none."""
        client = replica.client()
        mode = TlsMode.IMPLICIT if implicit else TlsMode.STARTTLS
        security = Security(mode, lambda: None)
        protocol = SharedESMTP(replica.host, "1", self.clock, security)
        protocol.factory = client.factory
        client.factory.connections.add(protocol)
        client.protocol, client.transport = protocol, type(client.transport)()
        client.transport.startTLS = lambda _: None
        self.patch(starttls, "keep_half_open", lambda _: None)
        protocol.makeConnection(client.transport)
        if not implicit:
            client.send(HELLO)
        return client


class WaitingTests(ReplicaCase):
    """While another replica has the turn"""

    def test_only_what_may_count_waits(self) -> None:
        """Other recipients, other commands and other clients are served."""
        self.set(on("RCPT TO", 450, numberOfAnswer=1, condition=BUSY))
        turn = self.hold_turn()
        one, other = self.clients()
        one.send(HELLO + MAIL)
        self.assertEqual(one.send(RCPT), "")
        packet = HELLO + MAIL + b"RCPT TO:<al@x.test>\r\nNOOP\r\n"
        self.assertEqual(codes(other.send(packet)), ["250"] * 4)
        self.assertEqual(one.send(b"NOOP\r\n"), "")
        turn.pass_on()
        self.assertEqual(codes(one.heard()), ["450", "250"])

    def test_what_arrives_meanwhile(self) -> None:
        """It is executed afterwards, and the replies are in order."""
        self.set(on("RCPT TO", 450, numberOfAnswer=1))
        one, _ = self.clients()
        one.send(HELLO + MAIL)
        turn = self.hold_turn()
        self.assertEqual(one.send(RCPT), "")
        self.assertEqual(one.send(b"RCPT TO:<al@x.test>\r\nDA"), "")
        self.assertEqual(one.send(b"TA\r\n" + CONTENT + b"QUIT\r\n"), "")
        turn.pass_on()
        heard = codes(one.heard())
        self.assertEqual(heard, ["450", "250", "354", "250", "221"])
        self.assertTrue(one.transport.disconnecting)

    def test_replies_to_what_was_before(self) -> None:
        """Of a group that arrives together, the replies leave together."""
        self.set(on("RCPT TO", 450, numberOfAnswer=1))
        one, other = self.clients()
        turn = self.hold_turn()
        for client in (one, other):
            self.assertEqual(client.send(HELLO + MAIL + RCPT), "")
        other.factory.shut_down()
        self.assertEqual(codes(other.heard()), ["250", "250", "421"])
        writes: list[bytes] = []
        one.transport.write = writes.append  # type: ignore[method-assign]
        turn.pass_on()
        self.assertEqual(len(writes), 1)
        self.assertEqual(codes(writes[0].decode()), ["250", "250", "450"])
        said = [exchange[1] for exchange in one.protocol.session.exchanges]
        lines = [line.split()[0] for line in said if isinstance(line, bytes)]
        self.assertEqual(lines, [b"EHLO", b"MAIL", b"RCPT"])

    def test_many_that_wait(self) -> None:
        """All inputs that wait at a replica are decided in one turn."""
        self.set(on("RCPT TO", 450, numberOfAnswer=5))
        turn = self.hold_turn()
        clients = [self.replicas[0].client() for _ in range(20)]
        for client in clients:
            client.send(HELLO + MAIL)
            client.send(RCPT)
        before = len(self.cluster.counted)
        turn.pass_on()
        heard = [client.heard()[:3] for client in clients]
        self.assertEqual(heard, ["450"] * 5 + ["250"] * 15)
        self.assertEqual(len(self.cluster.counted) - before, 1)

    def test_a_client_that_leaves(self) -> None:
        """What it had sent is not counted."""
        self.set(on("RCPT TO", 450, numberOfAnswer=1))
        one, other = self.clients()
        turn = self.hold_turn()
        for client in (one, other):
            client.send(HELLO + MAIL)
            client.send(RCPT)
        one.protocol.connectionLost()
        turn.pass_on()
        self.assertEqual(other.heard()[:3], "450")
        (rule,) = self.replicas[0].host.behaviors
        self.assertEqual(rule.seen, 0)

    def test_the_end_of_the_service(self) -> None:
        """A client that waits is told that the service stops."""
        self.set(on("RCPT TO", 450, numberOfAnswer=1))
        one, _ = self.clients()
        turn = self.hold_turn()
        one.send(HELLO + MAIL)
        one.send(RCPT)
        one.factory.shut_down()
        self.assertEqual(codes(one.heard()), ["421"])
        turn.pass_on()
        self.assertEqual(one.heard(), "")

    def test_a_behavior_that_is_removed(self) -> None:
        """What waits is decided by the list that is in force in the turn."""
        self.set(on("RCPT TO", 450, numberOfAnswer=1))
        one, _ = self.clients()
        turn = self.hold_turn()
        one.send(HELLO + MAIL)
        one.send(RCPT)
        self.set()
        turn.pass_on()
        self.assertEqual(codes(one.heard()), ["250"])

    def test_the_idle_time(self) -> None:
        """A client that waits for the turn is not idle."""
        self.set(on("NOOP", 450, numberOfAnswer=1))
        one, _ = self.clients()
        turn = self.hold_turn()
        one.send(b"NOOP\r\n")
        self.clock.advance(one.host.limits.idle_time * 3)
        turn.pass_on()
        self.assertEqual(one.heard()[:3], "450")

    def test_long_input(self) -> None:
        """A client that sends without end leaves the turn to others."""
        self.set(on("NOOP", 450, numberOfAnswer=1000))
        one, other = self.clients()
        turn = self.hold_turn()
        one.send(b"NOOP\r\n" * 1000)
        other.send(b"NOOP\r\n")
        self.clock.step = 0.001
        turn.pass_on()
        self.assertTrue(0 < len(codes(one.heard())) < 1000)
        self.assertEqual(codes(other.heard()), ["450"])


class PassingTests(ReplicaCase):
    """While the counts are being stored"""

    def setUp(self) -> None:
        super().setUp()
        self.cluster.passing = []

    def stored(self) -> None:
        """The counts of the oldest turn are stored."""
        assert self.cluster.passing
        self.cluster.passing.pop(0).callback(None)

    def failed(self) -> None:
        """The turn was lost."""
        assert self.cluster.passing
        self.cluster.passing.pop(0).errback(StoreError("lost"))
        self.cluster.end_turn()

    def test_replies_are_sent_then(self) -> None:
        """A reply is not sent before its counts are stored."""
        self.set(on("RCPT TO", 450, numberOfAnswer=1))
        one, _ = self.clients()
        one.send(HELLO + MAIL)
        self.assertEqual(one.send(RCPT), "")
        self.assertEqual(one.send(b"NOOP\r\n"), "")
        self.stored()
        self.assertEqual(codes(one.heard()), ["450", "250"])

    def test_mails_are_kept_then(self) -> None:
        """A mail is not kept before the counts of its decision are stored."""
        self.set(on("DATA", 451, numberOfAnswer=1, skip=1))
        one, _ = self.clients()
        one.open_mail()
        self.assertEqual(one.send(CONTENT + b"NOOP\r\n"), "")
        self.assertEqual(mails(one), [])
        self.stored()
        self.assertEqual(codes(one.heard()), ["250", "250"])
        self.assertEqual(len(mails(one)), 1)
        (transaction,) = one.protocol.session.transactions
        self.assertEqual(transaction.outcome, Outcome.ACCEPTED)
        contents = [e[1] for e in one.protocol.session.exchanges if type(e[1]) is tuple]
        self.assertEqual(contents, [(45, transaction.mail)])

    def test_delays_begin_then(self) -> None:
        """A delay, a drip, and the end of the connection begin after that."""
        self.set(on("NOOP", 450, numberOfAnswer=1, delay=1000, then="close"))
        one, _ = self.clients()
        one.send(b"NOOP\r\n")
        self.clock.advance(5)
        self.stored()
        self.assertEqual(one.heard(), "")
        self.clock.advance(0.9)
        self.assertEqual(one.heard(), "")
        self.clock.advance(0.2)
        self.assertEqual(one.heard()[:3], "450")
        self.assertTrue(one.transport.disconnecting)

    def test_a_delay_that_is_removed_before(self) -> None:
        """A behavior that is removed before its delay begins does not delay."""
        for then in ("continue", "hang"):
            self.set(on("NOOP", 450, numberOfAnswer=1, delay=90_000, then=then))
            one, _ = self.clients()
            one.send(b"NOOP\r\n")
            self.set()
            self.stored()
            self.assertEqual(one.heard()[:3], "450")
            self.assertEqual(one.transport.disconnecting, then == "hang")

    def test_a_client_that_leaves(self) -> None:
        """What was decided is counted; no reply is recorded, and no mail kept."""
        self.set(on("DATA", 451, numberOfAnswer=9, skip=1))
        one, _ = self.clients()
        one.open_mail()
        one.send(CONTENT)
        one.protocol.connectionLost()
        self.stored()
        self.assertEqual(mails(one), [])
        session = one.protocol.session
        self.assertEqual([t.outcome for t in session.transactions], [Outcome.ABORTED])
        self.assertIsNone(session.exchanges[-1][2])
        (rule,) = self.replicas[0].host.behaviors
        self.assertEqual(rule.seen, 1)

    def test_a_lost_turn(self) -> None:
        """421, and the mail is not kept; others get the answer."""
        self.set(on("DATA", 451, numberOfAnswer=1, skip=1))
        one, other = self.clients()
        for client in (one, other):
            client.open_mail()
        one.send(CONTENT)
        self.failed()
        self.assertEqual(one.heard(), CLOSING)
        self.assertTrue(one.transport.disconnecting)
        self.assertEqual(mails(one), [])
        other.send(CONTENT)
        self.stored()
        self.assertEqual(other.heard()[:3], "250")
        self.assertEqual(self.replicas[0].follower.replaced, 1)
        self.assertFalse(self.replicas[0].turns.is_stale)

    def test_refused_content_in_a_lost_turn(self) -> None:
        """The record says that no reply was sent."""
        self.set(on("DATA", 451, numberOfAnswer=1))
        one, _ = self.clients()
        one.open_mail()
        one.send(CONTENT + b"NOOP\r\n")
        self.failed()
        self.assertEqual(one.heard(), CLOSING)
        session = one.protocol.session
        (transaction,) = session.transactions
        self.assertEqual(transaction.outcome, Outcome.ABORTED)
        replies = [e[2] and e[2].code for e in session.exchanges[-3:]]
        self.assertEqual(replies, [0, None, 421])
        self.assertEqual(one.host.counters.replies[451], 0)

    def test_the_banner_of_a_lost_turn(self) -> None:
        """421 in the place of the banner."""
        self.set(on("CONNECT", 250, numberOfAnswer=1))
        one, other = self.clients()
        self.failed()
        self.assertEqual(one.heard(), CLOSING)
        self.stored()
        self.assertEqual(other.heard()[:3], "250")


class FailureTests(ReplicaCase):
    """While the store cannot be used"""

    def test_what_needs_no_count(self) -> None:
        """Is answered as usual."""
        self.set(on("RCPT TO", 450, numberOfAnswer=1, condition=BUSY))
        one, _ = self.clients()
        self.cluster.failure = StoreError("gone")
        packet = HELLO + MAIL + b"RCPT TO:<al@x.test>\r\n" + RCPT + RCPT + b"NOOP\r\n"
        heard = codes(one.send(packet))
        self.assertEqual(heard, ["250", "250", "250", "451", "451", "250"])
        transaction = one.protocol.delivery.transaction
        recipients = [path.address.text for path in transaction.recipients]
        self.assertEqual(recipients, ["al@x.test"])
        told = [told[1].code for told in transaction.other_rcpts if told[1]]
        self.assertEqual(told, [451, 451])
        self.cluster.failure = None
        self.assertEqual(one.send(RCPT)[:3], "450")

    def test_every_command(self) -> None:
        """451, and the session continues; QUIT is answered by 221."""
        self.set(on("ANY", 450, numberOfAnswer=99, skip=99))
        one, _ = self.clients()
        self.cluster.failure = StoreError("gone")
        lines = (b"EHLO c\r\n", MAIL, RCPT, b"DATA\r\n", b"WHAT\r\n", b"RSET\r\n")
        for line in (*lines, b"BDAT 6 LAST\r\nQUIT\r\n", b"X" * 2000 + b"\r\n"):
            self.assertEqual(one.send(line), LATER)
        self.assertEqual(one.send(b"QUIT\r\n")[:3], "221")
        self.assertTrue(one.transport.disconnecting)

    def test_the_banner(self) -> None:
        """A client that connects is told to come back."""
        self.set(on("CONNECT", 450, numberOfAnswer=1))
        self.cluster.failure = StoreError("gone")
        one, _ = self.clients()
        self.assertEqual(one.banner, CLOSING)

    def test_credentials(self) -> None:
        """Those that are not decided on are not recorded either."""
        self.set(on("AUTH", 454, numberOfAnswer=1))
        self.replicas[0].host.auth = AuthSettings()
        one = self.replicas[0].client()
        one.send(HELLO)
        self.cluster.failure = StoreError("gone")
        self.assertEqual(one.send(b"AUTH PLAIN AGEAYg==\r\n"), LATER)
        self.cluster.failure = None
        self.set(on("AUTH", 454, numberOfAnswer=1))
        self.cluster.failure = StoreError("gone")
        one.send(b"AUTH PLAIN\r\nAGEAYg==\r\n")
        said = [e[1] for e in one.protocol.session.exchanges]
        self.assertNotIn(b"AGEAYg==", b" ".join(x for x in said if type(x) is bytes))

    def test_the_content(self) -> None:
        """The mail is not kept; the session continues."""
        for command in ("DATA", "DATA CONTENT"):
            self.set(on(command, 450, numberOfAnswer=1))
            one, _ = self.clients()
            one.open_mail()
            self.cluster.failure = StoreError("gone")
            self.assertEqual(one.send(CONTENT[:20]), "")
            self.assertEqual(one.send(CONTENT[20:]), LATER)
            self.assertEqual(mails(one), [])
            (transaction,) = one.protocol.session.transactions
            self.assertEqual(transaction.outcome, Outcome.REFUSED)
            self.cluster.failure = None
            one.send(MAIL + RCPT + b"DATA\r\n")
            self.assertEqual(one.send(CONTENT)[:3], "450")

    def test_chunks(self) -> None:
        """A chunk is read and refused."""
        for command in ("BDAT", "DATA", "DATA CONTENT"):
            self.set(on(command, 450, numberOfAnswer=1))
            one, _ = self.clients()
            one.send(HELLO + MAIL + RCPT)
            self.cluster.failure = StoreError("gone")
            self.assertEqual(one.send(b"BDAT 6 LAST\r\nA: b\r\n"), LATER)
            self.cluster.failure = None
            self.assertEqual(one.send(MAIL)[:3], "250")

    def test_lmtp(self) -> None:
        """451 for each recipient."""
        self.set(on("DATA", 450, numberOfAnswer=1))
        one, _ = self.clients(lmtp=True)
        one.send(b"LHLO c\r\n" + MAIL + RCPT + RCPT + b"DATA\r\n")
        self.cluster.failure = StoreError("gone")
        self.assertEqual(one.send(CONTENT), LATER * 2)

    def test_a_failure_in_the_turn(self) -> None:
        """Nothing that was decided is sent, and nothing of it counts."""
        self.set(on("RCPT TO", 450, numberOfAnswer=1))
        one, other = self.clients()
        for client in (one, other):
            client.send(HELLO + MAIL)
        self.fail_in_turn(self.replicas[0])
        self.assertEqual(one.send(RCPT + RCPT + b"DATA\r\n"), CLOSING)
        self.repair()
        self.assertEqual(other.send(RCPT)[:3], "450")
        again = self.replicas[0].client()
        again.send(HELLO + MAIL)
        self.assertEqual(again.send(RCPT)[:3], "250")
        (rule,) = self.replicas[0].host.behaviors
        self.assertEqual((rule.seen, rule.fired), (2, 1))


class CurrentTests(ReplicaCase):
    """A replica that was paused"""

    def test_it_catches_up(self) -> None:
        """Before it executes anything it has the state of the others."""
        one, _ = self.clients()
        self.replicas[0].replicas.is_current = False
        self.replicas[0].replicas._missed.append(("replace", {}))
        self.assertEqual(codes(one.send(HELLO + MAIL)), ["250", "250"])
        self.assertEqual(self.replicas[0].follower.replaced, 1)
        self.assertTrue(self.replicas[0].replicas.is_current)

    def test_without_a_store(self) -> None:
        """451 for every command; content that was begun is refused too."""
        one, _ = self.clients()
        one.send(HELLO + MAIL + RCPT)
        other = self.replicas[0].client()
        other.open_mail()
        other.send(b"begun")
        self.replicas[0].replicas.is_current = False
        self.cluster.failure = StoreError("gone")
        heard = one.send(b"NOOP\r\nDATA\r\nBDAT 5\r\nNOOPSNOOP\r\nNO")
        self.assertEqual(heard, LATER * 4)
        self.assertEqual(other.send(b" text"), "")
        self.assertEqual(other.send(b"\r\n.\r\n"), LATER)
        self.assertEqual(self.replicas[0].client().banner, CLOSING)
        self.cluster.failure = None
        self.assertEqual(one.send(b"OP\r\n")[:3], "250")


COMMANDS = st.sampled_from([command.value for command in Command])
GATES = st.sampled_from(
    [
        {"numberOfAnswer": 1},
        {"numberOfAnswer": 3, "skip": 1},
        {"per": ["clientIp"], "skip": 1},
        {"scenario": {"name": "s", "state": "Started", "next": "on"}},
        {"scenario": {"name": "s", "state": "on", "next": "Started"}},
        {},
    ]
)
RESPONSES = st.sampled_from(
    [
        {"code": 450},
        {"code": 250},
        {"code": 354, "message": "go on"},
        {"code": 421, "then": "close"},
        {"delay": 0},
        {"raw": ""},
        {"code": 550, "effect": "apply"},
    ]
)
BEHAVIORS = st.lists(
    st.builds(
        lambda command, gate, response: {
            "command": command,
            "response": response,
            **gate,
        },
        COMMANDS,
        GATES,
        RESPONSES,
    ),
    max_size=4,
)


class SameTests(ReplicaCase):
    """Whatever a client sends"""

    def setUp(self) -> None:
        super().setUp()
        self.patch(os, "urandom", bytes)

    def hosts(self, documents: Any) -> tuple[MailHost, ReplicaHost]:
        """A host of one process, and one of a replica, with the same behaviors."""
        settings: Any = {
            "limits": Limits(message_size=2000, idle_time=1e9),
            "auth": AuthSettings(users={"bob": "s3cret"}),
        }
        plain = MailHost("default", "mx.test", **settings)
        plain.behaviors.replace_all(SMTP.parse_all(documents))
        self.cluster = Cluster()
        replica = ReplicaHost(self.cluster, "one", self.clock, **settings)
        replica.set(*documents)
        return plain, replica

    def record(self, host: MailHost, packets: bool = True) -> Any:
        """
        The transcript and the transactions of the last session.

        :param packets: with what depends on packets: flags, and what is recorded of a
            line whose beginning was discarded
        """
        session = host.journal.sessions()[-1]
        exchanges = [
            (
                said if packets or answer != LINE_TOO_LONG else b"",
                answer,
                flags * packets,
            )
            for _, said, answer, flags, _, _ in session.exchanges
        ]
        transactions = [
            (one.sender.address, [*one.recipients], one.outcome, one.reply, one.mail)
            for one in session.transactions
        ]
        return exchanges, transactions, host.counters.replies, session.end

    @settings(deadline=None, max_examples=150)
    @given(PACKETS, BEHAVIORS, st.booleans())
    def test_the_same_replies(
        self, packets: list[bytes], documents: Any, lmtp: bool
    ) -> None:
        """A replica answers and records as a single process does."""
        plain, replica = self.hosts(documents)
        one, other = connected(plain, self.clock, lmtp), replica.client(lmtp)
        self.assertEqual(one.banner, other.banner)
        for packet in packets:
            self.assertEqual(one.send(packet), other.send(packet))
        self.assertEqual(self.record(plain), self.record(replica.host))
        self.assertIsNone(self.cluster.turn)
        for dialogue in (one, other):
            dialogue.protocol.connectionLost()

    @settings(deadline=None, max_examples=150)
    @given(PACKETS, BEHAVIORS, st.lists(st.booleans(), min_size=12, max_size=12))
    def test_while_turns_last(
        self, packets: list[bytes], documents: Any, ends: list[bool]
    ) -> None:
        """However long counts are being stored, the replies are the same, in order."""
        plain, replica = self.hosts(documents)
        self.cluster.passing = passing = []
        one, other = connected(plain, self.clock), replica.client()
        expected, heard = one.banner, other.banner
        for packet, ends_turn in zip(packets, ends, strict=False):
            expected += one.send(packet)
            heard += other.send(packet)
            if ends_turn and passing:
                passing.pop(0).callback(None)
        while passing:
            passing.pop(0).callback(None)
        self.assertEqual(heard + other.heard(), expected)
        self.assertEqual(
            self.record(plain, packets=False), self.record(replica.host, packets=False)
        )
        for dialogue in (one, other):
            dialogue.protocol.connectionLost()
        self.assertEqual(replica.host.mailbox.arriving, 0)

    @settings(deadline=None, max_examples=100)
    @given(PACKETS, BEHAVIORS, st.lists(st.integers(0, 2), min_size=12, max_size=12))
    def test_while_the_store_fails(
        self, packets: list[bytes], documents: Any, what: list[int]
    ) -> None:
        """Nothing hangs, and no turn remains."""
        _, replica = self.hosts(documents)
        client = replica.client()
        for packet, how in zip(packets, what, strict=False):
            self.cluster.failure = StoreError("gone") if how == 1 else None
            if how == 2:
                self.fail_in_turn(replica)
            client.send(packet)
            replica.host.behaviors.listeners.clear()
        self.cluster.failure = None
        client.protocol.connectionLost()
        self.assertIsNone(self.cluster.turn)
        self.assertEqual(replica.host.mailbox.arriving, 0)
        again = replica.client()
        self.assertEqual(again.protocol.state.name in ("READY", "CLOSED"), True)


class NothingHeldTests(ReplicaCase):
    """Deferreds of mails"""

    def test_a_mail_that_a_store_keeps_later(self) -> None:
        """The 250 waits for the turn and for the mail."""
        self.set(on("DATA", 451, numberOfAnswer=9, skip=9))
        one, _ = self.clients()
        kept: Deferred[Any] = Deferred()
        keep = one.host.mailbox.keep
        one.host.mailbox.keep = lambda *more: kept.addCallback(lambda _: keep(*more))  # type: ignore[method-assign]
        one.open_mail()
        turn = self.hold_turn()
        self.assertEqual(one.send(CONTENT + b"NOOP\r\n"), "")
        turn.pass_on()
        self.assertEqual(one.heard(), "")
        kept.callback(None)
        self.assertEqual(codes(one.heard()), ["250", "250"])
