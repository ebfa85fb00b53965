"""What a mock finds again in its store"""

from __future__ import annotations

from typing import Any

import orjson
from twisted.internet.defer import Deferred

from mocksmtp.behaviors.dns import DNS
from mocksmtp.behaviors.smtp import SMTP
from mocksmtp.hosts.documents import parse_host, settle
from mocksmtp.hosts.host import Description, MailHost
from mocksmtp.hosts.policies import parse_policies
from mocksmtp.mail.quota import Quota
from mocksmtp.mock import Mock
from mocksmtp.persistence.keeper import Named, StateKeeper
from mocksmtp.sessions.documents import SESSION
from mocksmtp.sessions.session import End
from mocksmtp.smtp.factory import MockSMTPFactory
from mocksmtp.store.interface import Kind, StoreError
from mocksmtp.tls.settings import GivenCertificate, TlsSettings
from mocksmtp.zone.records import listed_document, parse_records
from mocksmtp.zone.zone import Zone
from tests.smtp.dialogue import ClosableTransport
from tests.store.case import FileCase


class Hosts:
    """Creates hosts without listeners."""

    def __init__(self, mock: Mock) -> None:
        self.mock = mock

    async def create(self, description: Description) -> MailHost:
        host = self.mock.new_host(description)
        host.listens = description.listeners or ()
        self.mock.add(host)
        return host

    async def change(self, host: MailHost, description: Description) -> None:
        host.describe(description)
        host.listens = description.listeners or ()


class PersistenceCase(FileCase):
    """A mock whose state is stored, and one that restores it."""

    mock: Mock
    keeper: StateKeeper

    def setUp(self) -> None:
        super().setUp()
        self.last_session = 0
        self.build()

    def build(self, zone: Zone | None = None, named: Named | None = None) -> None:
        """Make a mock, and restore what is stored."""
        host = MailHost("default", "mx.test", self.store.mailbox("default"))
        self.mock = Mock(host, zone or Zone(), store=self.store)
        self.ticks: list[Any] = []
        self.keeper = StateKeeper(
            self.mock,
            self.store,
            self.clock,
            named or Named(),
            lambda last: setattr(self, "last_session", last),
            self.tick,
        )
        restoring = self.keeper.restore(self.restored, Hosts(self.mock))
        self.successResultOf(Deferred.fromCoroutine(restoring))
        self.keeper.start()

    def tick(self, function: Any) -> Any:
        self.ticks.append(function)
        return self.ticks.clear

    def store_now(self) -> None:
        """As after a request that has changed something."""
        self.result(self.keeper.stored())

    def second(self) -> None:
        """A second has passed."""
        for function in self.ticks:
            function()
        self.result(self.store.flush())

    def restart(self, **more: Any) -> None:
        """Kill the process, and start another one."""
        self.reopen()
        self.build(**more)

    def client(self) -> Any:
        """A connection, which sends lines."""
        factory = MockSMTPFactory(self.mock.default, self.clock, iter(range(1, 99)))
        protocol = factory.buildProtocol(None)
        protocol.makeConnection(ClosableTransport())

        def send(*lines: bytes) -> list[bytes]:
            protocol.transport.clear()
            for line in lines:
                protocol.dataReceived(line + b"\r\n")
                for _ in range(5):
                    self.clock.advance(0)
            replies: list[bytes] = protocol.transport.value().splitlines()
            return [reply[:3] for reply in replies]

        return send

    def documents(self, kind: Kind) -> dict[str, Any]:
        """What is stored of a kind."""
        return dict(self.restored.state.get(kind, {}))


def behavior(**fields: Any) -> Any:
    """A persistent behavior."""
    document = {"command": "RCPT TO", "response": {"code": 450}, "persistent": True}
    return SMTP.parse_one(document | fields)


class StateTests(PersistenceCase):
    """What the API has set"""

    def test_hosts_with_their_secrets(self) -> None:
        """A password and a key are restored; so is what has been removed."""
        document = {
            "hostname": "mx2.test",
            "auth": {"users": {"bob": "secret"}, "mechanisms": ["PLAIN"]},
            "limits": {"recipients": 5},
            "seed": "7",
        }
        for name in ("mx2", "mx3"):
            host = self.mock.new_host(settle(parse_host(document, name)))
            host.tls = TlsSettings(
                certificate=GivenCertificate("-----BEGIN A-----", "-----BEGIN B-----")
            )
            self.mock.add(host)
        self.store_now()
        self.mock.remove("mx3")
        self.store_now()
        before = self.mock.hosts["mx2"]
        self.restart()
        self.assertEqual([*self.mock.hosts], ["default", "mx2"])
        host = self.mock.hosts["mx2"]
        self.assertEqual(host.auth, before.auth)
        self.assertEqual(host.tls, before.tls)
        self.assertEqual(host.limits, before.limits)
        self.assertEqual((host.hostname, host.seed), ("mx2.test", "7"))
        self.assertIn("1 host", str(self.keeper.summary))

    def test_a_host_of_the_configuration(self) -> None:
        """What the configuration names is not restored."""
        self.mock.default.describe(Description("default", "changed.test"))
        self.mock.default.extensions = ("X-A",)
        self.store_now()
        self.restart()
        self.assertEqual(self.mock.default.hostname, "changed.test")
        self.assertEqual(self.mock.default.extensions, ("X-A",))
        fields, names = frozenset({"hostname"}), frozenset({"default"})
        self.restart(named=Named(fields=fields, extensions=names))
        self.assertEqual(self.mock.default.hostname, "mx.test")
        self.assertEqual(self.mock.default.extensions, ())

    def test_records(self) -> None:
        """In their order, with their ids and tags; those of the configuration win."""
        documents = [
            {"name": "b.test", "type": "A", "address": "192.0.2.1", "tag": "t"},
            {"name": "a.test", "type": "MX", "preference": 1, "exchange": "b.test"},
            {"name": "c.test", "type": "A", "address": "192.0.2.3", "id": "mine"},
        ]
        self.mock.zone = Zone(parse_records(documents))
        self.store_now()
        shown = [listed_document(record) for record in self.mock.zone.records]
        self.restart()
        again = [listed_document(record) for record in self.mock.zone.records]
        self.assertEqual(again, shown)
        without = [r for r in self.mock.zone.records if r.id != "mine"]
        self.mock.zone = Zone(without)
        self.store_now()
        other = {"name": "b.test", "type": "A", "address": "192.0.2.9"}
        self.restart(zone=Zone(parse_records([other])))
        addresses = {
            str(record.name): listed_document(record).get("address")
            for record in self.mock.zone.records
        }
        self.assertEqual(addresses, {"a.test": None, "b.test": "192.0.2.9"})

    def test_policies_extensions_scenarios(self) -> None:
        """Each is what it was."""
        self.mock.policies = {
            policy.domain: policy for policy in parse_policies({"domain": "x.test"})
        }
        self.mock.default.extensions = ("X-A", "X-B")
        self.mock.default.scenarios.set({"outage": "down"})
        self.store_now()
        self.restart()
        self.assertEqual([*self.mock.policies], ["x.test"])
        self.assertEqual(self.mock.default.extensions, ("X-A", "X-B"))
        self.assertEqual(self.mock.default.scenarios.state("outage"), "down")

    def test_behaviors(self) -> None:
        """Only those that are persistent, in their order, with their ids."""
        rules = self.mock.default.behaviors
        rules.replace_all(
            [behavior(id="b"), behavior(persistent=False), behavior(id="a", tag="t")]
        )
        self.mock.dns_behaviors.replace_all(
            DNS.parse_all(
                [{"query": "MX", "persistent": True, "response": {"rcode": "SERVFAIL"}}]
            )
        )
        self.store_now()
        self.restart()
        found = [(rule.id, rule.behavior.tag) for rule in self.mock.default.behaviors]
        self.assertEqual(found, [("b", None), ("a", "t")])
        self.assertEqual(len(self.mock.dns_behaviors), 1)
        self.mock.default.behaviors.clear()
        self.store_now()
        self.restart()
        self.assertEqual(len(self.mock.default.behaviors), 0)
        self.assertEqual(len(self.mock.dns_behaviors), 1)

    def test_a_reset(self) -> None:
        """A reset to the start removes what was set."""
        self.mock.default.behaviors.replace_all([behavior()])
        self.mock.default.extensions = ("X-A",)
        self.mock.zone = Zone(
            parse_records([{"name": "x", "type": "A", "address": "192.0.2.1"}])
        )
        self.store_now()
        self.mock.reset(to_start=True)
        self.store_now()
        self.restart()
        self.assertEqual(len(self.mock.zone), 0)
        self.assertEqual(len(self.mock.default.behaviors), 0)
        self.assertEqual(self.mock.default.extensions, ())

    def test_nothing_is_stored_twice(self) -> None:
        """What has not changed needs no transaction."""
        self.mock.default.behaviors.replace_all([behavior()])
        self.store_now()
        self.second()
        saved: list[Any] = []
        self.patch(self.store, "save", saved.append)
        self.store_now()
        self.second()
        self.assertEqual(saved, [])

    def test_a_state_of_another_kind(self) -> None:
        """An invalid document is reported in one line."""
        self.store.save([((Kind.HOST, "mx2"), {"hostname": 5})])
        self.reopen()
        host = MailHost("default", "mx.test", self.store.mailbox("default"))
        mock = Mock(host, Zone(), store=self.store)
        keeper = StateKeeper(
            mock, self.store, self.clock, Named(), lambda _: None, self.tick
        )
        restoring = keeper.restore(self.restored, Hosts(mock))
        failure = self.failureResultOf(Deferred.fromCoroutine(restoring), StoreError)
        self.assertIn("the stored state is invalid", str(failure.value))


class CountsTests(PersistenceCase):
    """The counters of behaviors, a second later"""

    def test_counters_and_keys(self) -> None:
        """A greylisted recipient is not greylisted again."""
        greylisting = behavior(id="g", per=["recipient"], numberOfAnswer=1)
        plain = behavior(id="p", command="NOOP", skip=1)
        self.mock.default.behaviors.replace_all([greylisting, plain])
        self.store_now()
        send = self.client()
        mail, rcpt = b"MAIL FROM:<a@x.test>", b"RCPT TO:<b@x.test>"
        self.assertEqual(send(mail, rcpt, b"NOOP"), [b"250", b"450", b"250"])
        self.second()
        self.restart()
        rules = self.mock.default.behaviors
        counters = [(rule.id, rule.seen, rule.fired) for rule in rules]
        self.assertEqual(counters, [("g", 1, 1), ("p", 1, 0)])
        send = self.client()
        self.assertEqual(send(mail, rcpt, b"NOOP"), [b"250", b"250", b"450"])
        self.assertEqual(send(b"RCPT TO:<c@x.test>"), [b"450"])

    def test_the_last_second(self) -> None:
        """A kill loses it; an end does not."""
        self.mock.default.behaviors.replace_all([behavior(command="NOOP")])
        self.store_now()
        self.client()(b"NOOP")
        self.restart()
        self.assertEqual(self.mock.default.behaviors.get("1").fired, 0)
        self.client()(b"NOOP")
        self.result(self.keeper.stop())
        self.open()
        self.build()
        self.assertEqual(self.mock.default.behaviors.get("1").fired, 1)

    def test_removed_behaviors_leave_nothing(self) -> None:
        """Neither counters nor keys."""
        self.mock.default.behaviors.replace_all([behavior(per=["recipient"])])
        self.client()(b"MAIL FROM:<a@x.test>", b"RCPT TO:<b@x.test>")
        self.second()
        self.mock.default.behaviors.clear()
        self.second()
        self.reopen()
        for kind in (Kind.BEHAVIOR, Kind.BEHAVIORS, Kind.COUNTS, Kind.KEY):
            self.assertEqual(self.documents(kind), {}, kind)
        self.build()


class SessionsTests(PersistenceCase):
    """Sessions with their exchanges and transactions"""

    def shown(self) -> Any:
        """The documents of all sessions, as the API shows them."""
        journal = self.mock.default.journal
        return orjson.loads(
            orjson.dumps([SESSION.write(session) for session in journal.sessions()])
        )

    def test_a_session_of_many_seconds(self) -> None:
        """What is stored in parts is one session again."""
        self.mock.default.behaviors.replace_all(
            [behavior(command="RCPT TO", numberOfAnswer=1)]
        )
        send = self.client()
        send(b"EHLO c", b"MAIL FROM:<a@x.test> RET=HDRS", b"RCPT TO:<r@x.test>")
        self.second()
        send(b"RCPT TO:<b@x.test> NOTIFY=NEVER", b"DATA", b"Subject: x\r\n\r\n.")
        self.second()
        send(b"MAIL FROM:<>", b"RCPT TO:<c@x.test>", b"RSET", b"QUIT")
        self.mock.default.journal.end(
            self.mock.default.journal.sessions()[0], *self.end_of()
        )
        self.second()
        before = self.shown()
        self.assertEqual(len(before[0]["transactions"]), 2)
        self.restart()
        self.assertEqual(self.shown(), before)
        self.assertEqual(self.last_session, 1)
        self.mock.deliveries.update(self.clock.seconds() + 100)
        attempts = self.mock.deliveries.attempts()
        found = [(one.recipient and one.recipient.text, one.kept) for one in attempts]
        self.assertEqual(
            sorted(map(str, found)),
            [
                "('b@x.test', True)",
                "('c@x.test', False)",
                "('r@x.test', False)",
            ],
        )

    def end_of(self) -> Any:
        return End.QUIT, self.clock.seconds()

    def test_a_session_that_lasted(self) -> None:
        """It ended with the process."""
        self.client()(b"EHLO c")
        self.second()
        self.restart()
        self.assertEqual([one["end"] for one in self.shown()], ["reset"])

    def test_many_exchanges(self) -> None:
        """The rows of those that are not kept any more are removed."""
        send = self.client()
        for _ in range(12):
            send(*[b"NOOP"] * 60)
            self.second()
        before = self.shown()
        self.assertGreater(before[0]["omitted"], 0)
        self.restart()
        (after,) = self.shown()
        self.assertEqual(after["transcript"], before[0]["transcript"])
        self.assertLess(len(self.documents(Kind.EXCHANGES)), 12)

    def test_cleared_sessions(self) -> None:
        """Those that last are stored again, with what follows."""
        send = self.client()
        send(b"EHLO c")
        self.second()
        self.mock.default.journal.clear()
        self.second()
        send(b"NOOP")
        self.second()
        before = self.shown()
        self.restart()
        (after,) = self.shown()
        self.assertEqual(after["transcript"], before[0]["transcript"])
        self.mock.default.journal.clear()
        self.second()
        self.reopen()
        for kind in (Kind.SESSION, Kind.EXCHANGES, Kind.TRANSACTION):
            self.assertEqual(self.documents(kind), {}, kind)
        self.build()


class QuotaOfFileTests(PersistenceCase):
    """Limits that are lower than before"""

    def test_surplus_mails_are_evicted_at_the_start(self) -> None:
        """The oldest ones."""
        for _ in range(5):
            self.keep()
        self.reopen(max_mails=2)
        self.assertIsInstance(self.store.quota, Quota)
        for _ in range(10):
            self.clock.advance(0.1)
        self.assertEqual((len(self.box), self.box.evicted), (2, 3))
