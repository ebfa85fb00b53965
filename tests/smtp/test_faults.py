"""Replies that are late, slow, garbled, or the last."""

from __future__ import annotations

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.grammar.reply import raw_reply
from mocksmtp.hosts.limits import Limits
from tests.smtp.dialogue import Dialogue
from tests.smtp.mocked import mocked, on, when


class DelayTests(SynchronousTestCase):
    """Time between a command and its reply."""

    def test_a_late_reply(self) -> None:
        """The client waits, and what it pipelines waits with it."""
        talk = mocked(on("NOOP", 450, delay="2s", numberOfAnswer=1))
        self.assertEqual(talk.send(b"VRFY a\r\nNOOP\r\nNOOP\r\n")[:3], "252")
        talk.clock.advance(1.9)
        self.assertEqual(talk.heard(), "")
        talk.clock.advance(0.1)
        said = talk.heard().splitlines()
        self.assertEqual([line[:3] for line in said], ["450", "250"])
        (session,) = talk.host.journal.sessions()
        self.assertEqual(session.exchanges[-2][4], 2.0)

    def test_only_this_connection_waits(self) -> None:
        """Every other goes on unhindered."""
        clock = Clock()
        talk = mocked(on("NOOP", delay="1h", numberOfAnswer=1), clock=clock)
        talk.send(b"NOOP\r\n")
        other = Dialogue(talk.host, clock)
        self.assertEqual(other.codes("NOOP"), ["250"])

    def test_a_modifier_slows_what_others_answer(self) -> None:
        """Delays add up; who slowed and who answered is recorded."""
        talk = mocked(
            on("ANY", delay="1s", condition=when("verb", "NOOP")),
            on("NOOP", delay="2s"),
            on("NOOP", 451, message="No", delay="3s"),
        )
        talk.send(b"NOOP\r\n")
        talk.clock.advance(5.9)
        self.assertEqual(talk.heard(), "")
        talk.clock.advance(0.1)
        self.assertEqual(talk.heard(), "451 No\r\n")
        (session,) = talk.host.journal.sessions()
        _, _, reply, _, delay, note = session.exchanges[-1]
        assert reply is not None
        assert note is not None
        self.assertEqual((reply.source, delay), ("3", 6.0))
        self.assertEqual(note.slowed, ("1", "2"))

    def test_a_modifier_alone_slows_the_server(self) -> None:
        """Its own reply comes, and the command takes place."""
        talk = mocked(on("MAIL FROM", delay="1s"))
        talk.send(b"MAIL FROM:<b@x>\r\nRCPT TO:<a@x>\r\n")
        talk.clock.advance(1)
        self.assertEqual(talk.heard().count("250"), 2)

    def test_a_slow_banner(self) -> None:
        """The client hears nothing until it is due."""
        talk = mocked(on("CONNECT", delay="30s"))
        self.assertEqual(talk.banner, "")
        talk.clock.advance(30)
        self.assertEqual(talk.heard()[:3], "220")

    def test_a_client_that_waits_is_not_idle(self) -> None:
        """The idle time begins with the reply; the total time goes on."""
        talk = mocked(
            on("NOOP", delay="100s"), limits=Limits(idle_time=50, total_time=130)
        )
        talk.send(b"NOOP\r\n")
        talk.clock.pump([10] * 10)
        self.assertEqual(talk.heard()[:3], "250")
        talk.send(b"NOOP\r\n")
        talk.clock.pump([10] * 3)
        self.assertEqual(talk.heard()[:9], "421 4.4.2")

    def test_a_client_that_leaves_leaves_no_timer(self) -> None:
        """Whatever was under way."""
        for more in (
            {"delay": "1h"},
            {"drip": {"bytes": 1, "interval": "1s"}},
            {"then": "close", "thenDelay": "1h"},
            {"then": "hang"},
        ):
            talk = mocked(on("NOOP", 250, **more))
            talk.send(b"NOOP\r\n")
            talk.clock.advance(1)
            talk.protocol.connectionLost()
            self.assertEqual(talk.clock.getDelayedCalls(), [], more)
            self.assertFalse(talk.host.behaviors.held, more)

    def test_behaviors_that_go_let_go(self) -> None:
        """What was to come late comes at once, and who was left hanging is cut off."""
        for clear in "clear", "replace", "reset":
            talk = mocked(on("NOOP", 450, delay="1h"), on("VRFY", then="hang"))
            hanging = Dialogue(talk.host, talk.clock)
            talk.send(b"NOOP\r\n")
            hanging.send(b"VRFY a\r\n")
            if clear == "clear":
                talk.host.behaviors.clear()
            elif clear == "replace":
                talk.host.behaviors.replace_all([])
            else:
                talk.host.reset()
            self.assertEqual(talk.heard()[:3], "450")
            self.assertTrue(hanging.transport.aborted)
            self.assertEqual(talk.codes("NOOP"), ["250"])


class ReleaseTests(SynchronousTestCase):
    """Clients that wait because of a behavior that is removed or replaced."""

    def change(self, talk: Dialogue, how: str) -> None:
        behaviors = talk.host.behaviors
        other = SMTP.parse_all([on("HELP", 214, id="late")])[0]
        if how == "remove":
            behaviors.remove("late")
        elif how == "replace":
            behaviors.replace("late", other)
        elif how == "put":
            behaviors.put(other)
        else:
            behaviors.remove_tagged("slow")

    def test_a_late_reply_is_sent_at_once(self) -> None:
        """However the behavior goes; what was pipelined follows."""
        for how in "remove", "replace", "put", "tag":
            talk = mocked(on("NOOP", 450, delay="1h", id="late", tag="slow"))
            talk.send(b"NOOP\r\nVRFY a\r\n")
            self.assertEqual(talk.heard(), "", how)
            self.change(talk, how)
            said = talk.heard().splitlines()
            self.assertEqual([line[:3] for line in said], ["450", "252"], how)
            self.assertEqual(len(talk.clock.getDelayedCalls()), 1, "the idle time's")

    def test_a_hanging_connection_is_reset(self) -> None:
        """Also where it would have begun to hang only later."""
        for delay in {}, {"thenDelay": "1h"}, {"delay": "1h"}:
            for how in "remove", "replace", "put", "tag":
                more = {**delay, "then": "hang"}
                talk = mocked(on("NOOP", 250, id="late", tag="slow", **more))
                talk.send(b"NOOP\r\n")
                self.assertFalse(talk.transport.aborted)
                self.change(talk, how)
                self.assertTrue(talk.transport.aborted, (delay, how))
                talk.protocol.connectionLost()
                self.assertEqual(talk.clock.getDelayedCalls(), [])
                self.assertFalse(talk.host.behaviors.held)

    def test_those_of_other_behaviors_go_on_waiting(self) -> None:
        """Only who waits because of that one is released."""
        talk = mocked(
            on("NOOP", 450, delay="1h", id="late", tag="slow"),
            on("VRFY", 252, delay="1h"),
            on("HELP", then="hang"),
        )
        late, hanging = Dialogue(talk.host, talk.clock), Dialogue(talk.host, talk.clock)
        talk.send(b"NOOP\r\n")
        late.send(b"VRFY a\r\n")
        hanging.send(b"HELP\r\n")
        talk.host.behaviors.extend(SMTP.parse_all([on("RSET", 250)]))
        self.assertEqual(talk.heard(), "", "none has gone")
        self.change(talk, "remove")
        self.assertEqual(talk.heard()[:3], "450")
        self.assertEqual(late.heard(), "")
        self.assertFalse(hanging.transport.aborted)

    def test_a_modifier_lets_go_what_it_slows(self) -> None:
        """Its delay is over, and a connection that another has hang still hangs."""
        talk = mocked(
            on("NOOP", delay="1h", id="late", tag="slow"), on("NOOP", 250, then="hang")
        )
        talk.send(b"NOOP\r\n")
        self.change(talk, "remove")
        self.assertEqual(talk.heard()[:3], "250")
        self.assertFalse(talk.transport.aborted)
        talk.host.behaviors.clear()
        self.assertTrue(talk.transport.aborted)

    def test_a_drip_is_sent_at_once(self) -> None:
        """What is left of it."""
        drip = {"bytes": 1, "interval": "1h"}
        talk = mocked(on("NOOP", 250, message="OK", drip=drip, id="late", tag="slow"))
        self.assertEqual(talk.send(b"NOOP\r\n"), "2")
        self.change(talk, "tag")
        self.assertEqual(talk.heard(), "50 OK\r\n")


class DripTests(SynchronousTestCase):
    """A reply a few octets at a time."""

    def test_octets_come_one_after_the_other(self) -> None:
        """The first at once, each other after the interval."""
        talk = mocked(on("NOOP", 250, message="OK", drip={"bytes": 2, "interval": 100}))
        heard = [talk.send(b"NOOP\r\nVRFY a\r\n")]
        for _ in range(3):
            talk.clock.advance(0.1)
            heard.append(talk.heard())
        self.assertEqual(heard[:3], ["25", "0 ", "OK"])
        self.assertEqual(heard[3][:5], "\r\n252")

    def test_the_servers_own_reply_can_drip(self) -> None:
        """The drip of the last modifier counts."""
        talk = mocked(
            on("NOOP", drip={"bytes": 1, "interval": "1s"}),
            on("NOOP", drip={"bytes": 5, "interval": "1s"}),
        )
        self.assertEqual(talk.send(b"NOOP\r\n"), "250 2")

    def test_a_drip_as_long_as_the_reply(self) -> None:
        """It needs no second step, and each pipelined command has its reply."""
        talk = mocked(on("RCPT TO", drip={"bytes": 64, "interval": "1s"}))
        talk.say("MAIL FROM:<b@x>")
        recipients = b"".join(b"RCPT TO:<a%d@x.test>\r\n" % i for i in range(2000))
        said = talk.send(recipients + b"DATA\r\n").splitlines()
        self.assertEqual(len(said), 2001)
        self.assertEqual(said[-1][:3], "354")

    def test_the_reply_is_whole_where_the_connection_ends_within_it(self) -> None:
        """No second reply comes on its line."""
        drip = {"bytes": 1, "interval": "7s"}
        for end in "total", "shutdown":
            talk = mocked(
                on("NOOP", 250, message="abcdef", drip=drip),
                limits=Limits(total_time=30),
            )
            talk.send(b"NOOP\r\nVRFY a\r\n")
            talk.clock.pump([7] * 3)
            if end == "total":
                talk.clock.advance(9)
            else:
                talk.protocol.shut_down()
            said = talk.heard().splitlines()
            self.assertEqual([line[-6:] for line in said[:1]], ["abcdef"], end)
            self.assertEqual([line[:3] for line in said[1:]], ["421"], end)
            self.assertTrue(talk.transport.disconnecting)
            talk.protocol.connectionLost()
            (session,) = talk.host.journal.sessions()
            self.assertEqual(
                [reply and reply.text[:6] for _, _, reply, *_ in session.exchanges[1:]],
                ["4.4.2 " if end == "total" else "4.3.2 ", "abcdef"],
            )
            self.assertEqual(talk.clock.getDelayedCalls(), [])

    def test_nothing_is_said_on_a_line_that_was_cut(self) -> None:
        """A client that waits for the end of a malformed reply is not told 421."""
        talk = mocked(on("NOOP", raw="250 a"), limits=Limits(idle_time=10))
        self.assertEqual(talk.send(b"NOOP\r\n"), "250 a")
        talk.clock.advance(10)
        self.assertEqual(talk.heard(), "")
        self.assertTrue(talk.transport.disconnecting)

    def test_a_late_reply_gives_way_to_the_last_one(self) -> None:
        """It is not sent behind the 421."""
        talk = mocked(on("NOOP", 250, delay="20s"), limits=Limits(total_time=10))
        talk.send(b"NOOP\r\n")
        talk.clock.advance(10)
        self.assertEqual(talk.heard()[:3], "421")
        talk.clock.advance(15)
        self.assertEqual(talk.heard(), "")


class RawTests(SynchronousTestCase):
    """What is no proper reply."""

    def test_octets_as_they_are(self) -> None:
        r"""Garbage, LF only, NUL, a cut line: nothing is added."""
        for raw in ("\x00\xff\r\n", "25", "250 OK\n", "250-one\r\n251 two\r\n", "\r\n"):
            talk = mocked(on("NOOP", raw=raw))
            talk.protocol.dataReceived(b"NOOP\r\n")
            self.assertEqual(talk.transport.value(), raw.encode("latin-1"))

    def test_nothing_at_all(self) -> None:
        """An empty one says nothing and goes on reading."""
        talk = mocked(on("NOOP", raw=""))
        self.assertEqual(talk.send(b"NOOP\r\nVRFY a\r\n")[:3], "252")
        (session,) = talk.host.journal.sessions()
        self.assertEqual(session.exchanges[-2][1:3], (b"NOOP\r", raw_reply(b"")))

    def test_several_lines(self) -> None:
        """Each has the code, and the enhanced code."""
        talk = mocked(on("NOOP", 451, message="one\ntwo", enhancedCode="4.1.1"))
        said = talk.send(b"NOOP\r\n")
        self.assertEqual(said, "451-4.1.1 one\r\n451 4.1.1 two\r\n")

    def test_in_place_of_the_handshake(self) -> None:
        """Nothing of TLS is begun; see also the tests over sockets."""
        talk = mocked(on("QUIT", raw="221 by\r\nextra\r\n", effect="apply"))
        self.assertEqual(talk.send(b"QUIT\r\n"), "221 by\r\nextra\r\n")
        self.assertTrue(talk.transport.disconnecting)


class ThenTests(SynchronousTestCase):
    """What becomes of the connection."""

    def test_close(self) -> None:
        """Behind the reply, if there is one; what was pipelined is not looked at."""
        talk = mocked(on("MAIL FROM", 421, message="4.7.0 Enough", then="close"))
        said = talk.send(b"MAIL FROM:<b@x>\r\nNOOP\r\n")
        self.assertEqual(said, "421 4.7.0 Enough\r\n")
        self.assertTrue(talk.transport.disconnecting)
        talk.protocol.connectionLost()
        (session,) = talk.host.journal.sessions()
        self.assertEqual(session.end and session.end.value, "closed")

    def test_reset(self) -> None:
        """Once the reply has left."""
        talk = mocked(on("NOOP", 250, then="reset"))
        self.assertEqual(talk.send(b"NOOP\r\n")[:3], "250")
        self.assertTrue(talk.transport.aborted)
        talk.protocol.connectionLost()
        (session,) = talk.host.journal.sessions()
        self.assertEqual(session.end and session.end.value, "reset")

    def test_hang(self) -> None:
        """Nothing more is read or said, however long."""
        talk = mocked(on("NOOP", then="hang"), limits=Limits(idle_time=60))
        self.assertEqual(talk.send(b"NOOP\r\n"), "")
        self.assertEqual(talk.transport.producerState, "paused")
        talk.clock.pump([30] * 20)
        self.assertEqual(talk.send(b"NOOP\r\n"), "")
        self.assertFalse(talk.transport.disconnecting)
        talk.protocol.connectionLost()
        (session,) = talk.host.journal.sessions()
        self.assertEqual(session.end and session.end.value, "hung")

    def test_after_a_while(self) -> None:
        """The reply comes at once, the end later."""
        talk = mocked(on("NOOP", 250, then="close", thenDelay="5s"))
        self.assertEqual(talk.send(b"NOOP\r\n")[:3], "250")
        talk.clock.advance(4.9)
        self.assertFalse(talk.transport.disconnecting)
        talk.clock.advance(0.1)
        self.assertTrue(talk.transport.disconnecting)

    def test_without_a_word(self) -> None:
        """With no code, message or raw there is no reply."""
        talk = mocked(on("EHLO", then="close"))
        self.assertEqual(talk.send(b"EHLO c\r\n"), "")
        self.assertTrue(talk.transport.disconnecting)

    def test_before_the_banner(self) -> None:
        """Closed, reset, or silent for ever."""
        for then in "close", "reset", "hang":
            talk = mocked(on("CONNECT", then=then))
            self.assertEqual(talk.banner, "", then)
            self.assertEqual(talk.transport.disconnecting, then != "hang")


class EffectTests(SynchronousTestCase):
    """What is said, and what is done."""

    def test_kept_and_then_cut_off(self) -> None:
        """The client never hears of it, and sends a copy (RFC 1047)."""
        talk = mocked(on("DATA", then="reset", effect="apply", numberOfAnswer=1))
        talk.open_mail()
        self.assertEqual(talk.send(b"x\r\n.\r\n"), "")
        talk.protocol.connectionLost()
        self.assertEqual(len(talk.contents()), 1)
        (session,) = talk.host.journal.sessions()
        (transaction,) = session.transactions
        self.assertEqual((transaction.outcome.value, transaction.mail), ("aborted", 1))
        talk.connect()
        talk.open_mail()
        self.assertEqual(talk.send(b"x\r\n.\r\n")[:3], "250")
        self.assertEqual(len(talk.contents()), 2)

    def test_a_late_refusal_of_content(self) -> None:
        """The mail is refused at once, and the client told later."""
        talk = mocked(on("DATA", 452, delay="1s"))
        talk.open_mail()
        self.assertEqual(talk.send(b"abc\r\n.\r\n"), "")
        talk.clock.advance(1)
        self.assertEqual(talk.heard()[:3], "452")
        self.assertEqual(talk.contents(), [])
