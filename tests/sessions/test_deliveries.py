"""Attempts and deliveries, as dialogues on the wire produce them"""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.hosts.host import Description
from mocksmtp.hosts.limits import Limits
from mocksmtp.sasl.settings import AuthSettings
from tests.sessions.network import Network, with_id
from tests.smtp.mocked import on, when

BOB = "bob@x.test"


def brief(attempt: dict[str, Any]) -> tuple[str | None, str, str, bool]:
    """What the dialogues state of an attempt."""
    recipient = attempt["recipient"]
    name = None if recipient is None else recipient.partition("@")[0]
    return name, attempt["stage"], attempt["verdict"], attempt["kept"]


class NetworkCase(SynchronousTestCase):
    """Two hosts and a client."""

    def setUp(self) -> None:
        self.network = Network()
        self.connect = self.network.connect
        self.behave = self.network.behave

    def wait(self, seconds: float) -> None:
        self.network.clock.advance(seconds)

    def assert_attempts(self, *expected: tuple[str | None, str, str, bool]) -> None:
        self.assertEqual([*map(brief, self.network.attempts())], [*expected])

    def delivery(self) -> dict[str, Any]:
        """The only one."""
        (delivery,) = self.network.deliveries()
        return delivery

    def assert_delivery(self, delivery: dict[str, Any], **expected: Any) -> None:
        self.assertEqual({name: delivery[name] for name in expected}, expected)


class DialogueTests(NetworkCase):
    """The sixteen dialogues"""

    def test_1_a_mail_that_is_accepted(self) -> None:
        """One attempt, one round."""
        self.connect().deliver(BOB)
        self.assert_attempts(("bob", "DATA", "accepted", True))
        delivery = self.delivery()
        self.assert_delivery(delivery, final="accepted", copies=1, backoffs=[])
        self.assertEqual(len(delivery["rounds"]), 1)

    def test_2_deferred_twice_and_then_accepted(self) -> None:
        """The Message-ID of the content is that of the earlier attempts, too."""
        self.behave(on("RCPT TO", 450, numberOfAnswer=2))
        for _ in range(3):
            self.connect().deliver(BOB, content=with_id("m1@h.test"))
            self.wait(1)
        self.assert_attempts(
            ("bob", "RCPT TO", "deferred", False),
            ("bob", "RCPT TO", "deferred", False),
            ("bob", "DATA", "accepted", True),
        )
        delivery = self.delivery()
        self.assert_delivery(
            delivery,
            verdicts=["deferred", "deferred", "accepted"],
            backoffs=[1000, 1000],
            copies=1,
            messageId="m1@h.test",
            matchedBy="messageId",
            subject="hi",
        )
        self.assertEqual([len(one) for one in delivery["rounds"]], [1, 1, 1])
        known = {attempt["messageId"] for attempt in self.network.attempts()}
        self.assertEqual(known, {"m1@h.test"})

    def test_3_a_banner_of_421_and_another_host(self) -> None:
        """The refused connection is part of the delivery that follows it."""
        self.behave(on("CONNECT", 421))
        self.connect().close()
        self.connect("mx2").deliver(BOB)
        self.assert_attempts(
            (None, "CONNECT", "deferred", False), ("bob", "DATA", "accepted", True)
        )
        delivery = self.delivery()
        self.assert_delivery(delivery, hosts=["default", "mx2"], final="accepted")
        (attempts,) = delivery["rounds"]
        matched = [attempt.get("matchedBy") for attempt in attempts]
        self.assertEqual(matched, ["time", None])

    def test_4_recipients_that_are_pipelined_behind_a_refused_mail(self) -> None:
        """Each is an attempt with the reply to MAIL."""
        self.behave(on("MAIL FROM", 451))
        client = self.connect()
        client.send(
            b"EHLO h\r\nMAIL FROM:<me@h.test>\r\nRCPT TO:<bob@x.test>\r\nDATA\r\n"
        )
        self.assert_attempts(("bob", "MAIL FROM", "deferred", False))
        self.assert_delivery(self.delivery(), final="deferred", copies=0)
        (attempt,) = self.network.attempts()
        self.assertEqual(attempt["reply"]["code"], 451)

    def test_5_recipients_with_different_results(self) -> None:
        """They are two deliveries."""
        self.behave(on("RCPT TO", 550, condition=when("recipient", "carl@")))
        self.connect().deliver(BOB, "carl@x.test")
        self.assert_attempts(
            ("bob", "DATA", "accepted", True), ("carl", "RCPT TO", "rejected", False)
        )
        self.assertEqual(len(self.network.deliveries()), 2)

    def test_6_a_mail_that_is_kept_before_a_reset(self) -> None:
        """The retry is a second copy."""
        self.behave(on("DATA", then="reset", effect="apply", numberOfAnswer=1))
        for _ in range(2):
            self.connect().deliver(BOB, content=with_id("m1@h.test"))
        self.assert_attempts(
            ("bob", "DATA", "none", True), ("bob", "DATA", "accepted", True)
        )
        self.assert_delivery(
            self.delivery(), final="accepted", copies=2, verdicts=["none", "accepted"]
        )

    def test_7_a_mail_that_is_kept_and_deferred(self) -> None:
        """The retry is a second copy."""
        self.behave(on("DATA", 451, effect="apply", numberOfAnswer=1))
        for _ in range(2):
            self.connect().deliver(BOB, content=with_id("m1@h.test"))
        self.assert_attempts(
            ("bob", "DATA", "deferred", True), ("bob", "DATA", "accepted", True)
        )
        self.assert_delivery(self.delivery(), copies=2)

    def test_8_a_mail_that_is_accepted_and_lost(self) -> None:
        """It is accepted, and not kept."""
        self.behave(on("DATA", 250, effect="discard"))
        self.connect().deliver(BOB)
        self.assert_attempts(("bob", "DATA", "accepted", False))
        self.assert_delivery(self.delivery(), final="accepted", copies=0)

    def test_9_lmtp(self) -> None:
        """Each recipient has its own reply after the content."""
        self.behave(on("DATA", 452, condition=when("recipient", "full@")))
        client = self.connect(lmtp=True)
        client.say("LHLO h.test", "MAIL FROM:<me@h.test>")
        client.say(*(f"RCPT TO:<{name}@x.test>" for name in ("bob", "full", "carl")))
        client.say("DATA", "Subject: hi", "", ".", "QUIT")
        client.close()
        self.assert_attempts(
            ("bob", "DATA", "accepted", True),
            ("full", "DATA", "deferred", False),
            ("carl", "DATA", "accepted", True),
        )
        self.assertEqual(len(self.network.deliveries()), 3)

    def test_10_a_monitor(self) -> None:
        """It is a probe, and no attempt."""
        client = self.connect()
        client.say("EHLO monitor", "QUIT")
        client.close()
        self.assert_attempts()
        self.assertEqual(self.network.deliveries(), [])
        (probe,) = self.network.attempts(probes=True)
        self.assertIs(probe["probe"], True)

    def test_11_two_mails_of_one_sender_at_a_time(self) -> None:
        """They are told apart by their Message-IDs, although neither was kept."""
        self.behave(on("DATA", 451, numberOfAnswer=2))
        for message_id in ("m1@h.test", "m2@h.test") * 2:
            self.connect().deliver(BOB, content=with_id(message_id))
        self.assert_attempts(
            *[("bob", "DATA", "deferred", False)] * 2,
            *[("bob", "DATA", "accepted", True)] * 2,
        )
        self.assertEqual(
            [(one["messageId"], one["verdicts"]) for one in self.network.deliveries()],
            [
                ("m1@h.test", ["deferred", "accepted"]),
                ("m2@h.test", ["deferred", "accepted"]),
            ],
        )

    def test_12_two_hosts_tried_in_two_rounds(self) -> None:
        """A round ends where its first host is tried again."""
        self.behave(on("RCPT TO", 451))
        self.behave(on("RCPT TO", 451, numberOfAnswer=1), host="mx2")
        for _ in range(2):
            self.connect().deliver(BOB)
            self.connect("mx2").deliver(BOB)
            self.wait(2)
        delivery = self.delivery()
        self.assertEqual([len(one) for one in delivery["rounds"]], [2, 2])
        self.assert_delivery(
            delivery, backoffs=[2000], hosts=["default", "mx2", "default", "mx2"]
        )

    def test_13_verp(self) -> None:
        """The addresses match until there is a Message-ID."""
        sender = "bounce+bob=x.test@h.test"
        self.behave(on("RCPT TO", 450, numberOfAnswer=1))
        self.connect().deliver(BOB, sender=sender, content=with_id("m1@h.test"))
        self.assert_delivery(self.delivery(), matchedBy="addresses", messageId=None)
        self.connect().deliver(BOB, sender=sender, content=with_id("m1@h.test"))
        self.assert_delivery(
            self.delivery(), matchedBy="messageId", verdicts=["deferred", "accepted"]
        )

    def test_14_a_session_that_goes_on_without_tls(self) -> None:
        """It is one attempt, without TLS."""
        client = self.connect()
        client.say("EHLO h.test", "STARTTLS")
        client.deliver(BOB)
        self.assert_attempts(("bob", "DATA", "accepted", True))
        (attempt,) = self.network.attempts()
        self.assertIs(attempt["tls"], False)
        self.assert_delivery(self.delivery(), final="accepted")

    def test_15_a_recipient_that_is_named_twice(self) -> None:
        """It is one attempt, and the mail is one copy."""
        self.connect().deliver(BOB, "bob@X.test")
        self.assert_attempts(("bob", "DATA", "accepted", True))
        self.assert_delivery(self.delivery(), copies=1)

    def test_16_a_client_that_leaves_within_the_content(self) -> None:
        """There is no result."""
        client = self.connect()
        client.say("EHLO h.test", "MAIL FROM:<me@h.test>", f"RCPT TO:<{BOB}>", "DATA")
        client.say("Subject: hi", "")
        client.close()
        self.assert_attempts(("bob", "DATA CONTENT", "none", False))
        self.assert_delivery(self.delivery(), final="none")


class AttemptTests(NetworkCase):
    """Which attempts there are, and where they end"""

    def test_a_refused_mail_without_recipients(self) -> None:
        """It is an attempt once no RCPT can follow, though the connection goes on."""
        self.behave(on("MAIL FROM", 550))
        client = self.connect()
        client.say("EHLO h.test", "MAIL FROM:<me@h.test>")
        self.assert_attempts()
        self.wait(0.4)
        self.assert_attempts()
        self.assertAlmostEqual(
            self.network.mock.deliveries.due, self.network.clock.seconds() + 0.1
        )
        self.wait(0.1)
        self.assert_attempts((None, "MAIL FROM", "rejected", False))
        client.say("RSET", "QUIT")
        client.close()
        self.assert_attempts((None, "MAIL FROM", "rejected", False))

    def test_recipients_behind_a_mail_that_ends_the_connection(self) -> None:
        """They were pipelined, and are attempts, although they are not executed."""
        packet = (
            b"EHLO h\r\nMAIL FROM:<a@h>\r\nRCPT TO:<bob@x.test>\r\n"
            b"RCPT TO:<carl@x.test>\r\nDATA\r\n"
        )
        for response in (
            {"code": 421},
            {"code": 421, "delay": "1s"},
            {"raw": "", "effect": "none"},
        ):
            self.behave(on("MAIL FROM", **response, then="close"))
            client = self.connect()
            client.send(packet)
            self.wait(1)
            client.close()
        self.assert_attempts(
            *[
                ("bob", "MAIL FROM", "deferred", False),
                ("carl", "MAIL FROM", "deferred", False),
            ]
            * 2,
            ("bob", "MAIL FROM", "none", False),
            ("carl", "MAIL FROM", "none", False),
        )

    def test_recipients_behind_one_message_too_many(self) -> None:
        """The host's limit, which closes the connection."""
        host = self.network.host()
        limits = Limits(messages=1)
        host.describe(Description("default", "mx1.test", limits=limits))
        client = self.connect()
        client.say("EHLO h.test", "MAIL FROM:<me@h.test>", "RSET")
        client.send(b"MAIL FROM:<a@h>\r\nRCPT TO:<bob@x.test>\r\nDATA\r\n")
        client.close()
        self.assert_attempts(("bob", "MAIL FROM", "deferred", False))

    def test_a_recipient_that_is_named_later(self) -> None:
        """One that a client names half a second later was not pipelined."""
        self.behave(on("MAIL FROM", 550))
        client = self.connect()
        client.say("EHLO h.test", "MAIL FROM:<me@h.test>", "NOOP")
        self.wait(0.4)
        client.say("RCPT TO:<bob@x.test>")
        self.wait(0.5)
        client.say("RCPT TO:<carl@x.test>", "QUIT")
        client.close()
        self.assert_attempts(("bob", "MAIL FROM", "rejected", False))

    def test_a_command_behind_a_refused_mail(self) -> None:
        """Then no RCPT follows, and nothing is waited for."""
        self.behave(on("MAIL FROM", 550))
        self.connect().say("EHLO h.test", "MAIL FROM:<me@h.test>", "RSET")
        self.assert_attempts((None, "MAIL FROM", "rejected", False))

    def test_a_mail_that_the_server_itself_refuses(self) -> None:
        """It is an attempt with the sender as far as that can be read."""
        client = self.connect()
        client.say("EHLO h.test", "MAIL FROM:<a b@h.test>", "RSET")
        (attempt,) = self.network.attempts()
        self.assertEqual(brief(attempt), (None, "MAIL FROM", "rejected", False))
        self.assertEqual(attempt["sender"], "a b@h.test")
        self.assertEqual(attempt["reply"]["code"], 501)

    def test_a_reply_that_is_delayed(self) -> None:
        """There is no result before it was sent, and that is when it was decided."""
        self.behave(on("DATA", 451, delay="5s"))
        client = self.connect()
        client.say("EHLO h.test", "MAIL FROM:<me@h.test>", f"RCPT TO:<{BOB}>", "DATA")
        client.say("Subject: hi", "", ".")
        self.wait(4)
        self.assert_attempts()
        self.wait(1)
        self.assert_attempts(("bob", "DATA", "deferred", False))
        (attempt,) = self.network.attempts()
        self.assertEqual(attempt["startedAt"], "1970-01-12T13:46:40.000Z")
        self.assertEqual(attempt["decidedAt"], "1970-01-12T13:46:45.000Z")

    def test_a_delayed_reply_that_the_client_does_not_wait_for(self) -> None:
        """There is none: it has received nothing, although the mail is kept."""
        self.behave(on("DATA", 250, delay="5s"))
        client = self.connect()
        client.say("EHLO h.test", "MAIL FROM:<me@h.test>", f"RCPT TO:<{BOB}>", "DATA")
        client.say("Subject: hi", "", ".")
        client.close()
        self.assert_attempts(("bob", "DATA", "none", True))

    def test_a_recipient_that_no_content_follows(self) -> None:
        """It was accepted, and yet there is no result."""
        client = self.connect()
        client.say("EHLO h.test", "MAIL FROM:<me@h.test>", f"RCPT TO:<{BOB}>", "QUIT")
        client.close()
        self.assert_attempts(("bob", "RCPT TO", "none", False))

    def test_stages_of_the_content(self) -> None:
        """The point at which it was refused."""
        for stage in "DATA COMMAND", "DATA CONTENT", "DATA":
            self.behave(on(stage, 554))
            self.connect().deliver(f"{stage[-3:].strip()}@x.test", content="x\n\ny")
        self.assert_attempts(
            ("AND", "DATA COMMAND", "rejected", False),
            ("ENT", "DATA CONTENT", "rejected", False),
            ("ATA", "DATA", "rejected", False),
        )

    def test_chunks(self) -> None:
        """One that is refused is the stage BDAT; the last decides on the content."""
        for code, verdict in (None, "accepted"), (451, "deferred"):
            self.behave(*([] if code is None else [on("BDAT", code)]))
            client = self.connect()
            client.say("EHLO h.test", "MAIL FROM:<me@h.test>", f"RCPT TO:<{BOB}>")
            client.send(b"BDAT 3\r\nx\r\n")
            client.send(b"BDAT 2 LAST\r\n\r\n")
            client.close()
            attempt = self.network.attempts()[-1]
            stage = "DATA" if code is None else "BDAT"
            self.assertEqual(brief(attempt), ("bob", stage, verdict, code is None))

    def test_a_refused_recipient_that_is_kept_all_the_same(self) -> None:
        """The client was refused; the mail is kept."""
        self.behave(on("RCPT TO", 451, effect="apply"))
        self.connect().deliver(BOB)
        self.assert_attempts(("bob", "RCPT TO", "deferred", True))

    def test_the_last_reply_to_a_recipient_counts(self) -> None:
        """Here the second one refuses, and the first had the mail kept."""
        self.behave(on("RCPT TO", 450, skip=1, numberOfAnswer=1))
        self.connect().deliver(BOB, BOB, "carl@x.test")
        self.assert_attempts(
            ("bob", "RCPT TO", "deferred", True), ("carl", "DATA", "accepted", True)
        )
        self.behave(on("RCPT TO", 450, numberOfAnswer=1))
        self.connect().deliver(BOB, BOB)
        attempt = self.network.attempts()[-1]
        self.assertEqual(brief(attempt), ("bob", "DATA", "accepted", True))

    def test_attempts_are_in_the_order_of_their_recipients(self) -> None:
        """Also where some were refused."""
        self.behave(on("RCPT TO", 450, condition=when("recipient", "b@")))
        self.connect().deliver("a@x", "b@x", "c@x")
        recipients = [one["recipient"] for one in self.network.attempts()]
        self.assertEqual(recipients, ["a@x", "b@x", "c@x"])

    def test_a_malformed_reply_is_no_result(self) -> None:
        """Nor is silence."""
        for raw in "2", "":
            self.behave(on("DATA", raw=raw))
            self.connect().deliver(BOB)
        self.assert_attempts(*[("bob", "DATA", "none", False)] * 2)

    def test_a_mail_that_was_removed_before_anybody_looked(self) -> None:
        """Its Message-ID is known all the same."""
        self.connect().deliver(BOB, content=with_id("m1@h.test"))
        self.network.host().mailbox.clear()
        (attempt,) = self.network.attempts()
        self.assertEqual((attempt["messageId"], attempt["mailId"]), ("m1@h.test", "1"))

    def test_an_envelope_id(self) -> None:
        """It matches where no Message-ID is known."""
        self.behave(on("RCPT TO", 450, numberOfAnswer=3))
        for envid in "one", "two", "one":
            client = self.connect()
            client.say("EHLO h", f"MAIL FROM:<a@h> ENVID={envid}", "RCPT TO:<b@x>")
            client.close()
        self.assertEqual(
            [
                (len(one["verdicts"]), one["matchedBy"])
                for one in self.network.deliveries()
            ],
            [(2, "envid"), (1, "envid")],
        )


class ConnectionTests(NetworkCase):
    """Connections without a recipient"""

    def assert_one(self, stage: str, verdict: str, probe: bool = False) -> None:
        (attempt,) = self.network.attempts(probes=True)
        self.assertEqual(brief(attempt), (None, stage, verdict, False))
        self.assertIs(attempt.get("probe", False), probe)

    def test_a_port_scan_is_a_probe(self) -> None:
        """It was greeted, and said nothing."""
        self.connect().close()
        self.assert_one("CONNECT", "none", probe=True)

    def test_refused_by_the_banner(self) -> None:
        """Whatever the client says then."""
        self.behave(on("CONNECT", 554))
        client = self.connect()
        client.say("EHLO h.test", "QUIT")
        client.close()
        self.assert_one("CONNECT", "rejected")

    def test_a_banner_that_never_comes(self) -> None:
        """The client leaves without a result."""
        self.behave(on("CONNECT", delay="1h"))
        self.connect().close()
        self.assert_one("CONNECT", "none")

    def test_refused_at_ehlo(self) -> None:
        """And HELO is not tried."""
        self.behave(on("EHLO", 554))
        client = self.connect()
        client.say("EHLO h.test", "QUIT")
        client.close()
        self.assert_one("EHLO", "rejected")

    def test_helo_after_a_refused_ehlo_is_a_probe(self) -> None:
        """It was greeted in the end."""
        self.behave(on("EHLO", 502))
        client = self.connect()
        client.say("EHLO h.test", "HELO h.test", "QUIT")
        client.close()
        self.assert_one("EHLO", "none", probe=True)

    def test_a_client_that_wants_tls(self) -> None:
        """It leaves when it can't have it."""
        client = self.connect()
        client.say("EHLO h.test", "STARTTLS", "QUIT")
        client.close()
        self.assert_one("STARTTLS", "deferred")

    def test_a_mail_without_recipients(self) -> None:
        """It was abandoned; its sender is known."""
        client = self.connect()
        client.say("EHLO h.test", "MAIL FROM:<me@h.test>", "QUIT")
        client.close()
        self.assert_one("MAIL FROM", "none")
        self.assertEqual(self.network.attempts()[0]["sender"], "me@h.test")

    def test_cut_off(self) -> None:
        """A behavior has closed it after EHLO."""
        self.behave(on("EHLO", 250, then="close"))
        client = self.connect()
        client.say("EHLO h.test")
        client.close()
        self.assert_one("EHLO", "none")

    def test_timed_out(self) -> None:
        """One that only looked is a probe; one that had named a sender is not."""
        client = self.connect()
        client.say("EHLO h.test", "MAIL FROM:<me@h.test>")
        self.wait(300)
        client.close()
        self.assert_one("MAIL FROM", "deferred")

    def test_one_that_goes_on_after_the_journal_was_cleared(self) -> None:
        """It is none: what it has done before is not known any more."""
        client = self.connect()
        client.say("EHLO h.test", "MAIL FROM:<me@h.test>")
        self.network.host().journal.clear()
        client.close()
        self.assertEqual(self.network.attempts(probes=True), [])

    def test_a_refused_connection_and_a_late_delivery(self) -> None:
        """What comes after more than 30 s is another matter; who else comes, too."""
        self.behave(on("CONNECT", 421, numberOfAnswer=1))
        self.connect().close()
        self.wait(30.1)
        self.connect().deliver(BOB)
        self.assert_delivery(self.delivery(), hosts=["default"])

    def test_a_refused_connection_that_ends_after_the_delivery(self) -> None:
        """It precedes it all the same."""
        self.behave(on("CONNECT", 421, numberOfAnswer=1))
        refused = self.connect()
        self.connect("mx2").deliver(BOB)
        self.assert_delivery(self.delivery(), hosts=["mx2"])
        refused.close()
        self.assert_delivery(self.delivery(), hosts=["default", "mx2"])


class JournalTests(NetworkCase):
    """What is removed from the journal is removed here"""

    def test_the_oldest_sessions_are_evicted(self) -> None:
        """Their attempts go with them, and at last the delivery."""
        self.network = Network(max_sessions=2)
        self.network.behave(on("RCPT TO", 450, condition=when("recipient", "bob@")))
        for _ in range(2):
            self.network.connect().deliver(BOB)
        self.assertEqual(len(self.delivery()["verdicts"]), 2)
        self.network.connect().deliver("carl@x.test")
        delivery = self.network.deliveries()[0]
        self.assertEqual([a["id"] for r in delivery["rounds"] for a in r], ["2"])
        self.network.connect().deliver("carl@x.test")
        recipients = {one["recipient"] for one in self.network.deliveries()}
        self.assertEqual(recipients, {"carl@x.test"})
        self.assertEqual([a["id"] for a in self.network.attempts()], ["3", "4"])

    def test_the_journal_is_cleared(self) -> None:
        """Nothing is left, and numbers go on."""
        lasting = self.network.connect()
        lasting.say("EHLO h", "MAIL FROM:<a@h>", "RCPT TO:<b@x>", "RSET")
        self.network.connect().deliver(BOB)
        self.assertEqual(len(self.network.attempts()), 2)
        self.network.host().journal.clear()
        self.assert_attempts()
        self.assertEqual(self.network.deliveries(), [])
        lasting.say("MAIL FROM:<a@h>", "RCPT TO:<b@x>", "RSET")
        self.assertEqual([a["id"] for a in self.network.attempts()], ["3"])

    def test_what_is_derived_counts_with_the_journal(self) -> None:
        """It takes its memory from the same bound, and gives it back."""
        quota = self.network.host().journal.quota
        self.network.connect().deliver(*(f"{n}@x.test" for n in range(100)))
        before = quota.used
        self.assertEqual(len(self.network.attempts()), 100)
        self.assertGreater(quota.used, before + 100 * 300)
        self.network.host().journal.clear()
        self.assertEqual(quota.used, 0)

    def test_a_session_that_is_shrunk(self) -> None:
        """The attempts of the transactions that are removed go with them."""
        journal = self.network.host().journal
        client = self.network.connect()
        for number in range(8):
            client.say("MAIL FROM:<a@h>", f"RCPT TO:<{number}@x>", "RSET")
        self.assertEqual(len(self.network.attempts()), 8)
        journal.shrink(client.session)
        recipients = [one["recipient"] for one in self.network.attempts()]
        self.assertEqual(recipients, [f"{number}@x" for number in range(4, 8)])
        client.say("MAIL FROM:<a@h>", "RCPT TO:<8@x>", "RSET")
        self.assertEqual(len(self.network.attempts()), 5)

    def test_looking_again_costs_nothing_for_what_is_known(self) -> None:
        """Only what was settled since is looked at."""
        for _ in range(50):
            self.network.connect().deliver(BOB)
        deliveries = self.network.mock.deliveries
        now = self.network.clock.seconds()
        self.assertGreater(len(list(deliveries.steps(now))), 100)
        self.assertEqual(len(list(deliveries.steps(now))), 1)
        self.network.connect().deliver(BOB)
        self.assertLess(len(list(deliveries.steps(now))), 10)

    def test_two_who_look_at_a_time(self) -> None:
        """Each attempt has one number, and they are in the order of their decision."""
        for _ in range(20):
            self.network.connect().deliver(BOB)
            self.wait(1)
        deliveries = self.network.mock.deliveries
        now = self.network.clock.seconds()
        first, second = deliveries.steps(now), deliveries.steps(now)
        for _ in range(15):
            next(first)
            next(second)
        self.assertEqual(len([*first, *second]) > 0, True)
        decided = [one["decidedAt"] for one in self.network.attempts()]
        self.assertEqual(len(decided), 20)
        self.assertEqual(decided, sorted(decided))


class RefusalTests(NetworkCase):
    """Refusals of the server itself"""

    def limit(self, **limits: int) -> None:
        host = self.network.host()
        host.describe(Description("default", "mx1.test", limits=Limits(**limits)))

    def test_too_many_connections(self) -> None:
        """The one past the limit is refused by the banner."""
        self.limit(connections=1)
        self.connect().say("EHLO h.test")
        refused = self.connect()
        self.assertTrue(refused.heard().startswith("421"))
        refused.close()
        self.assert_attempts((None, "CONNECT", "deferred", False))

    def test_too_many_recipients(self) -> None:
        """Those past the limit are deferred, the others accepted."""
        self.limit(recipients=1)
        self.connect().deliver(BOB, "carl@x.test")
        self.assert_attempts(
            ("bob", "DATA", "accepted", True), ("carl", "RCPT TO", "deferred", False)
        )

    def test_a_mail_that_is_too_large(self) -> None:
        """It is rejected after its content, which is not kept."""
        self.limit(message_size=10)
        self.connect().deliver(BOB, content="x" * 20)
        self.assert_attempts(("bob", "DATA", "rejected", False))

    def test_authentication_that_is_required(self) -> None:
        """MAIL is rejected without it; a wrong password is the stage AUTH."""
        auth = AuthSettings(users={"u": "p"}, required=True, require_tls=False)
        host = self.network.host()
        host.describe(Description("default", "mx1.test", auth=auth))
        client = self.connect()
        client.send(b"EHLO h\r\nMAIL FROM:<a@h>\r\nRCPT TO:<bob@x.test>\r\nQUIT\r\n")
        client.close()
        client = self.connect()
        client.say("EHLO h", "AUTH PLAIN", "AHUAeA==", "QUIT")
        client.close()
        self.assert_attempts(
            ("bob", "MAIL FROM", "rejected", False), (None, "AUTH", "rejected", False)
        )

    def test_a_behavior_that_replaces_a_refusal(self) -> None:
        """What the client received counts."""
        self.behave(on("ANY", 421, condition=when("verb", "MAIL")))
        client = self.connect()
        client.send(b"EHLO h\r\nMAIL FROM:<a b>\r\nRCPT TO:<bob@x.test>\r\nQUIT\r\n")
        client.close()
        self.assert_attempts(("bob", "MAIL FROM", "deferred", False))

    def test_without_a_journal(self) -> None:
        """There are none."""
        self.network = Network(max_sessions=0)
        self.network.connect().deliver(BOB)
        self.assert_attempts()
        self.assertEqual(self.network.deliveries(), [])


class PreviewTests(NetworkCase):
    """The newest deliveries, before the journal is read"""

    def preview(self, most: int) -> list[str]:
        found = self.network.mock.deliveries.preview(most, self.network.clock.seconds())
        return [f"{one.recipient.text} {len(one.attempts)}" for one in found]

    def test_the_newest_of_a_long_session(self) -> None:
        """Of a session with many mails, only the last are read."""
        connection = self.connect()
        for number in range(50):
            self.wait(1)
            mail = "MAIL FROM:<me@h.test>", f"RCPT TO:<u{number}@x.test>", "DATA"
            connection.say(*("EHLO h.test", *mail, "Subject: hi", "", "."))
        looked = []
        find = self.network.mock.deliveries._find_content

        def counted(host: str, number: int) -> bytes | None:
            looked.append(number)
            return find(host, number)

        self.patch(self.network.mock.deliveries, "_find_content", counted)
        self.assertEqual(self.preview(2), ["u48@x.test 1", "u49@x.test 1"])
        self.assertEqual(len(looked), 2)

    def test_open_and_ended_sessions(self) -> None:
        """By the time of their results; attempts of one delivery are one."""
        self.behave(on("RCPT TO", 450, numberOfAnswer=2))
        for _ in range(2):
            self.connect().deliver(BOB)
            self.wait(1)
        open_one = self.connect()
        open_one.say("EHLO h.test", "MAIL FROM:<me@h.test>", "RCPT TO:<ann@x.test>")
        open_one.say("DATA", "", ".")
        self.assertEqual(self.preview(9), ["bob@x.test 2", "ann@x.test 1"])

    def test_nothing_is_derived(self) -> None:
        """What is derived afterwards is the same as without it."""
        self.connect().deliver(BOB, content=with_id("m1@h.test"))
        self.preview(9)
        (delivery,) = self.network.deliveries()
        self.assert_delivery(delivery, id="1", copies=1, messageId="m1@h.test")
