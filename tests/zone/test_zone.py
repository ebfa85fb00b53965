"""What the zone answers."""

from __future__ import annotations

import gc
import itertools
import weakref
from ipaddress import IPv4Address

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.steps import finish
from mocksmtp.zone.answer import Answer, Question, Rcode
from mocksmtp.zone.names import ROOT, Name
from mocksmtp.zone.rdata import (
    AAAA,
    CNAME,
    MX,
    NS,
    SOA,
    TXT,
    A,
    Raw,
    RRType,
    Secure,
    type_number,
)
from mocksmtp.zone.records import Record
from mocksmtp.zone.zone import DEFAULT_SOA, MAX_ALIASES, Zone

SOA_RDATA = SOA("ns.ex.test", "root.ex.test", 1, 2, 3, 4, 30)


def ask(zone: Zone, name: str, type_: str) -> Answer:
    return zone.answer(Question(name, type_number(type_)))


class AnswerTests(SynchronousTestCase):
    """Names that have what is asked for."""

    def test_records_of_the_type(self):
        """All records of the type are told, in their order, and with authority."""
        mx = (Record("ex.test", MX(20, "b.test")), Record("ex.test", MX(10, "a.test")))
        answer = ask(Zone([*mx, Record("ex.test", TXT("x"))]), "ex.test", "MX")
        self.assertEqual(answer, Answer(Rcode.NOERROR, True, mx))

    def test_names_without_case(self):
        """A name is found in any case, and told as it was written."""
        zone = Zone([Record("Ex.Test", A("192.0.2.1"))])
        (record,) = ask(zone, "eX.tEST", "A").answers
        self.assertEqual(str(record.name), "Ex.Test")

    def test_any(self):
        """ANY tells all that there is, and follows no alias."""
        records = (
            Record("ex.test", A("192.0.2.1")),
            Record("ex.test", CNAME("a.test")),
            Record("ex.test", TXT("x")),
        )
        self.assertEqual(ask(Zone(records), "ex.test", "ANY").answers, records)

    def test_unknown_type(self):
        """A type without a class is told as any other."""
        record = Record("ex.test", Raw(65280, b"x"))
        zone = Zone([record])
        self.assertEqual(ask(zone, "ex.test", "TYPE65280").answers, (record,))

    def test_no_referrals(self):
        """Below an NS record the records are told: there are no zone cuts."""
        record = Record("a.ex.test", A("192.0.2.1"))
        zone = Zone([Record("ex.test", NS("ns.other.test")), record])
        self.assertEqual(ask(zone, "a.ex.test", "A").answers, (record,))


class RootTests(SynchronousTestCase):
    """What a resolver asks its root servers."""

    def test_name_server_and_authority(self):
        """The root has an NS and an SOA, not to be kept, also without a record."""
        for zone in (Zone(), Zone([Record("ex.test", A("192.0.2.1"))])):
            (server,) = ask(zone, ".", "NS").answers
            self.assertEqual((server.name, server.ttl), (ROOT, 0))
            self.assertEqual(ask(zone, ".", "SOA").answers, (DEFAULT_SOA,))
            self.assertEqual(ask(zone, ".", "ANY").answers, (server, DEFAULT_SOA))
            self.assertEqual(ask(zone, ".", "MX").answers, ())

    def test_its_own(self):
        """A record that the root has takes the place of that of its type."""
        server = Record(ROOT, NS("ns.test"))
        zone = Zone([server])
        self.assertEqual(ask(zone, ".", "NS").answers, (server,))
        self.assertEqual(ask(zone, ".", "SOA").answers, (DEFAULT_SOA,))

    def test_where_names_fail(self):
        """It has them there, too: the resolver is to ask for names."""
        zone = Zone().failing()
        self.assertEqual(len(ask(zone, ".", "NS").answers), 1)
        self.assertEqual(ask(zone, "test", "A"), Answer(Rcode.SERVFAIL))


class AdditionalTests(SynchronousTestCase):
    """Addresses that will be asked for next."""

    def test_exchanges_and_name_servers(self):
        """With MX and NS come the addresses of their hosts, both kinds, once each."""
        addresses = (
            Record("a.test", A("192.0.2.1")),
            Record("a.test", AAAA("2001:db8::1")),
        )
        for rdata in (MX(10, "a.test"), NS("a.test")):
            zone = Zone([Record("ex.test", rdata), *addresses])
            answer = zone.answer(Question("ex.test", rdata.type))
            self.assertEqual(answer.additional, addresses)
        twice = [Record("ex.test", MX(number, "A.test")) for number in (10, 20)]
        answer = ask(Zone([*twice, *addresses]), "ex.test", "MX")
        self.assertEqual(answer.additional, addresses)

    def test_no_alias(self):
        """An alias of an exchange is not followed: it must not be one (RFC 2181)."""
        zone = Zone(
            [
                Record("ex.test", MX(10, "alias.test")),
                Record("alias.test", CNAME("a.test")),
                Record("a.test", A("192.0.2.1")),
            ]
        )
        self.assertEqual(ask(zone, "ex.test", "MX").additional, ())

    def test_wildcard(self):
        """An exchange may have its address from a wildcard."""
        zone = Zone(
            [Record("ex.test", MX(10, "a.b.test")), Record("*.b.test", A("192.0.2.1"))]
        )
        address = Record("a.b.test", A("192.0.2.1"))
        self.assertEqual(ask(zone, "ex.test", "MX").additional, (address,))

    def test_not_twice(self):
        """What ANY tells of the name itself is not told again."""
        records = (Record("a.test", MX(10, "a.test")), Record("a.test", A("192.0.2.1")))
        answer = ask(Zone(records), "a.test", "ANY")
        self.assertEqual((answer.answers, answer.additional), (records, ()))

    def test_null_mx(self):
        """A null MX has no addresses (RFC 7505)."""
        answer = ask(Zone([Record("ex.test", MX(0, "."))]), "ex.test", "MX")
        self.assertEqual(answer.additional, ())


class SignedTests(SynchronousTestCase):
    """Names that are marked as signed."""

    zone = Zone(
        [
            Record("ex.test", Secure()),
            Record("mx.ex.test", A("192.0.2.1")),
            Record("away.ex.test", CNAME("www.other.test")),
            Record("loop.ex.test", CNAME("LOOP.ex.test")),
            Record("plain.ex.test", SOA_RDATA),
            Record("www.other.test", A("192.0.2.1")),
            Record("alias.other.test", CNAME("mx.ex.test")),
        ]
    )

    def test_signed(self):
        """The mark reaches what is there, and that a name or type is not there."""
        for name in ("ex.test", "EX.test", "mx.ex.test", "no.ex.test", "loop.ex.test"):
            self.assertTrue(ask(self.zone, name, "A").ad, name)

    def test_not_signed(self):
        """It does not reach other names, a zone below, nor an alias half way."""
        for name in (
            *("test", "other.test", "xex.test", "www.other.test", "away.ex.test"),
            *("plain.ex.test", "a.plain.ex.test", "alias.other.test"),
        ):
            self.assertFalse(ask(self.zone, name, "A").ad, name)

    def test_both_marked(self):
        """An alias from one signed name to another is signed; so is a zone's own."""
        zone = self.zone.with_records(
            [Record("other.test", Secure()), Record("plain.ex.test", Secure())]
        )
        for name in ("away.ex.test", "alias.other.test", "a.plain.ex.test"):
            self.assertTrue(ask(zone, name, "A").ad, name)

    def test_name_servers_of_the_root(self):
        """They are what a sender asks for to see whether its resolver validates."""
        self.assertTrue(ask(self.zone, ".", "NS").ad)
        self.assertFalse(ask(self.zone, ".", "MX").ad)
        self.assertFalse(ask(Zone([Record(".", NS("a.test"))]), ".", "NS").ad)

    def test_mark_is_no_record(self):
        """The mark is listed, and nobody is told of it; taken away, it is no more."""
        marked = Zone([Record("ex.test", Secure())])
        self.assertEqual(len(marked.records), 1)
        self.assertEqual(ask(marked, "ex.test", "SECURE").rcode, Rcode.NXDOMAIN)
        self.assertEqual(ask(self.zone, "ex.test", "ANY").answers, ())
        self.assertFalse(ask(without(self.zone, "ex.test"), "ex.test", "A").ad)

    def test_all(self):
        """A mark at the top reaches all that is in no zone."""
        zone = Zone([Record(".", Secure()), Record("ex.test", SOA_RDATA)])
        self.assertTrue(ask(zone, "a.test", "MX").ad)
        self.assertFalse(ask(zone, "a.ex.test", "MX").ad)


class NegativeTests(SynchronousTestCase):
    """Names and types that are not there."""

    def test_no_such_name(self):
        """A name that nothing is known of does not exist, and an SOA is made up."""
        for zone in (Zone(), Zone([Record("ex.test", A("192.0.2.1"))])):
            answer = ask(zone, "other.test", "MX")
            expected = Answer(Rcode.NXDOMAIN, True, (), (DEFAULT_SOA,))
            self.assertEqual(answer, expected)

    def test_no_such_type(self):
        """A name that has another type is there, without data."""
        answer = ask(Zone([Record("ex.test", A("192.0.2.1"))]), "ex.test", "MX")
        self.assertEqual(answer, Answer(Rcode.NOERROR, True, (), (DEFAULT_SOA,)))

    def test_empty_non_terminal(self):
        """A name between others is there, without data (RFC 8020)."""
        zone = Zone([Record("a.b.ex.test", A("192.0.2.1"))])
        for name in ("b.ex.test", "ex.test", "test", "."):
            for type_ in ("A", "ANY"):
                self.assertEqual(ask(zone, name, type_).rcode, Rcode.NOERROR, name)
        for name in ("c.ex.test", "c.a.b.ex.test", "b.test"):
            self.assertEqual(ask(zone, name, "A").rcode, Rcode.NXDOMAIN, name)

    def test_soa_of_the_zone(self):
        """The SOA is the nearest one above the name, or its own."""
        soa = Record("ex.test", SOA_RDATA, ttl=30)
        inner = Record("in.ex.test", SOA_RDATA, ttl=30)
        zone = Zone([soa, inner])
        for name, rcode, expected in (
            ("a.ex.test", Rcode.NXDOMAIN, soa),
            ("ex.test", Rcode.NOERROR, soa),
            ("in.ex.test", Rcode.NOERROR, inner),
            ("a.b.in.ex.test", Rcode.NXDOMAIN, inner),
            ("other.test", Rcode.NXDOMAIN, DEFAULT_SOA),
        ):
            answer = ask(zone, name, "A")
            self.assertEqual((answer.rcode, answer.authority), (rcode, (expected,)))

    def test_negative_ttl(self):
        """That there is none is kept for the SOA's TTL, but not beyond its minimum."""
        for ttl, expected in ((10, 10), (60, 30)):
            zone = Zone([Record("ex.test", SOA_RDATA, ttl)])
            (soa,) = ask(zone, "a.ex.test", "A").authority
            self.assertEqual(soa.ttl, expected)
            (asked,) = ask(zone, "ex.test", "SOA").answers
            self.assertEqual(asked.ttl, ttl)

    def test_soa_that_is_none(self):
        """Broken data of an SOA's type is told to who asks, and is no zone's SOA."""
        zone = Zone([Record("ex.test", Raw(RRType.SOA, b"x"))])
        self.assertEqual(ask(zone, "a.ex.test", "A").authority, (DEFAULT_SOA,))
        self.assertEqual(len(ask(zone, "ex.test", "SOA").answers), 1)


class AliasTests(SynchronousTestCase):
    """CNAME records, followed as a resolver does."""

    def chain(self, *names: str) -> list[Record]:
        pairs = itertools.pairwise(names)
        return [Record(name, CNAME(target)) for name, target in pairs]

    def test_followed(self):
        """The alias and what its target has are one answer, through several names."""
        chain = self.chain("a.test", "b.test", "c.test")
        mx = Record("c.test", MX(10, "mx.test"))
        address = Record("mx.test", A("192.0.2.1"))
        answer = ask(Zone([mx, *chain, address]), "a.test", "MX")
        self.assertEqual(answer, Answer(0, True, (*chain, mx), (), (address,)))

    def test_asked_for(self):
        """Who asks for CNAME gets the alias alone."""
        chain = self.chain("a.test", "b.test", "c.test")
        self.assertEqual(ask(Zone(chain), "a.test", "CNAME").answers, (chain[0],))

    def test_dangling(self):
        """An alias of a name that is not there: NXDOMAIN, with it (RFC 6604)."""
        chain = self.chain("a.test", "b.test", "c.test")
        answer = ask(Zone(chain), "a.test", "A")
        expected = Answer(Rcode.NXDOMAIN, True, tuple(chain), (DEFAULT_SOA,))
        self.assertEqual(answer, expected)

    def test_no_data(self):
        """An alias of a name without that type: no error, with it and an SOA."""
        chain = self.chain("a.test", "b.test")
        zone = Zone([*chain, Record("b.test", A("192.0.2.1"))])
        expected = Answer(Rcode.NOERROR, True, tuple(chain), (DEFAULT_SOA,))
        self.assertEqual(ask(zone, "a.test", "MX"), expected)

    def test_loop(self):
        """A loop ends where it would begin again."""
        for names in (("a.test", "A.test"), ("a.test", "b.test", "c.test", "b.test")):
            chain = self.chain(*names)
            answer = ask(Zone(chain), "a.test", "A")
            self.assertEqual(answer, Answer(Rcode.NOERROR, True, tuple(chain)))

    def test_endless(self):
        """A chain that does not end is left where nobody follows any more."""
        zone = Zone(self.chain(*(f"a{number}.test" for number in range(1000))))
        answers = ask(zone, "a0.test", "A").answers
        self.assertEqual(len(answers), MAX_ALIASES + 1)

    def test_loop_through_a_wildcard(self):
        """An alias that makes ever longer names ends, too."""
        zone = Zone([Record("*.test", CNAME("a.b.test"))])
        answer = ask(zone, "x.test", "A")
        self.assertEqual(
            [str(record.name) for record in answer.answers], ["x.test", "a.b.test"]
        )

    def test_beside_other_data(self):
        """Beside an alias a type that is there is told, and the alias for the rest."""
        mx = Record("a.test", MX(10, "mx.test"))
        chain = self.chain("a.test", "b.test")
        address = Record("b.test", A("192.0.2.1"))
        zone = Zone([*chain, mx, address])
        self.assertEqual(ask(zone, "a.test", "MX").answers, (mx,))
        self.assertEqual(ask(zone, "a.test", "A").answers, (*chain, address))

    def test_several(self):
        """Of several aliases all are told and the first is followed."""
        first, second = (
            Record("a.test", CNAME("b.test")),
            Record("a.test", CNAME("c.test")),
        )
        address = Record("b.test", A("192.0.2.1"))
        answers = ask(Zone([first, second, address]), "a.test", "A").answers
        self.assertEqual(answers, (first, second, address))

    def test_broken(self):
        """Broken data of an alias's type leads nowhere."""
        zone = Zone([Record("a.test", Raw(RRType.CNAME, b"\xff"))])
        self.assertEqual(ask(zone, "a.test", "A").answers, ())
        self.assertEqual(len(ask(zone, "a.test", "CNAME").answers), 1)


# The zone of RFC 4592 §2.2.1.
RFC_4592 = Zone(
    [
        Record("example", SOA_RDATA),
        Record("example", NS("ns.example.com")),
        Record("example", NS("ns.example.net")),
        Record("*.example", TXT("this is a wildcard")),
        Record("*.example", MX(10, "host1.example")),
        Record("sub.*.example", TXT("this is not a wildcard")),
        Record("host1.example", A("192.0.2.1")),
        Record("_ssh._tcp.host1.example", Raw(RRType.SRV, b"\0\0\0\0\0\26\0")),
        Record("_ssh._tcp.host2.example", Raw(RRType.SRV, b"\0\0\0\0\0\26\0")),
    ]
)


class WildcardTests(SynchronousTestCase):
    """Wildcards (RFC 4592)."""

    def test_synthesized(self):
        """The answers that RFC 4592 §2.2.1 has from the wildcard, owned by the name."""
        for name, type_ in (
            ("host3.example", "MX"),
            ("host3.example", "TXT"),
            ("foo.bar.example", "TXT"),
        ):
            (record,) = ask(RFC_4592, name, type_).answers
            self.assertEqual(str(record.name), name)
        no_data = ask(RFC_4592, "host3.example", "A")
        self.assertEqual((no_data.rcode, no_data.answers), (Rcode.NOERROR, ()))

    def test_not_synthesized(self):
        """The answers that RFC 4592 §2.2.1 does not have from the wildcard."""
        for name, type_, rcode in (
            ("host1.example", "MX", Rcode.NOERROR),
            ("sub.*.example", "MX", Rcode.NOERROR),
            ("_telnet._tcp.host1.example", "SRV", Rcode.NXDOMAIN),
            ("host2.example", "MX", Rcode.NOERROR),
            ("ghost.*.example", "MX", Rcode.NXDOMAIN),
        ):
            answer = ask(RFC_4592, name, type_)
            self.assertEqual((answer.rcode, answer.answers), (rcode, ()), name)

    def test_asked_itself(self):
        """The wildcard's own name is a name as any other (RFC 4592 §2.1.3)."""
        self.assertEqual(len(ask(RFC_4592, "*.example", "MX").answers), 1)

    def test_alias(self):
        """A wildcard's alias is followed (RFC 4592 §4.3)."""
        address = Record("a.test", A("192.0.2.1"))
        zone = Zone([Record("*.ex.test", CNAME("a.test")), address])
        alias = Record("x.ex.test", CNAME("a.test"))
        self.assertEqual(ask(zone, "x.ex.test", "A").answers, (alias, address))

    def test_no_wildcard_further_up(self):
        """Only the wildcard below the closest encloser counts (RFC 4592 §3.3.1)."""
        zone = Zone(
            [
                Record("*.ex.test", A("192.0.2.1")),
                Record("a.b.ex.test", A("192.0.2.2")),
            ]
        )
        self.assertEqual(ask(zone, "c.b.ex.test", "A").rcode, Rcode.NXDOMAIN)


class WildcardAtTheTopTests(SynchronousTestCase):
    """``*.``, which makes the mock the MX of every domain."""

    zone = Zone(
        [
            Record("*", MX(10, "mx.mock.test")),
            Record("mx.mock.test", A("192.0.2.1")),
            Record("*.near.test", A("192.0.2.2")),
            Record("declared.test", SOA_RDATA),
            Record("alias.declared.test", CNAME("far.example")),
        ]
    )

    def exchanges(self, name: str) -> list[str]:
        answers = ask(self.zone, name, "MX").answers
        return [str(record.name) for record in answers if record.type == RRType.MX]

    def test_every_domain(self):
        """Any name gets it, also beside and above names that there are."""
        for name in ("example", "a.b.example", "ex.test", "mock.test", "test"):
            self.assertEqual(self.exchanges(name), [name])
        answer = ask(self.zone, "ex.test", "MX")
        self.assertEqual(answer.additional, (Record("mx.mock.test", A("192.0.2.1")),))

    def test_no_data(self):
        """A name that gets it has no data of other types."""
        answer = ask(self.zone, "ex.test", "A")
        self.assertEqual((answer.rcode, answer.answers), (Rcode.NOERROR, ()))

    def test_names_with_records(self):
        """A name with records of its own does not get it."""
        self.assertEqual(self.exchanges("mx.mock.test"), [])

    def test_nearer_wildcard(self):
        """Nor does one that has a nearer wildcard."""
        self.assertEqual(self.exchanges("x.near.test"), [])
        self.assertEqual(len(ask(self.zone, "x.near.test", "A").answers), 1)

    def test_declared_zone(self):
        """Nor one in a zone with an SOA: there RFC 4592 alone holds."""
        self.assertEqual(ask(self.zone, "x.declared.test", "MX").rcode, Rcode.NXDOMAIN)

    def test_root(self):
        """Nor the root, which no wildcard matches."""
        self.assertEqual(self.exchanges("."), [])

    def test_behind_an_alias(self):
        """The target of an alias gets it as any name."""
        self.assertEqual(self.exchanges("alias.declared.test"), ["far.example"])

    def test_root_zone(self):
        """An SOA of the root declares no zone that it would not be for."""
        zone = self.zone.with_records([Record(ROOT, SOA_RDATA)])
        self.assertEqual(len(ask(zone, "ex.test", "MX").answers), 1)


class SizeTests(SynchronousTestCase):
    """Zones of many records"""

    def test_a_step_takes_in_few(self) -> None:
        """Of a zone that is made in steps, each is short."""
        records = [Record(Name.parse(f"a{n}.test"), TXT(("x",))) for n in range(1000)]
        steps = sum(1 for _ in Zone.in_steps(records))
        self.assertGreaterEqual(steps, 1000)
        zone = finish(Zone.in_steps(records))
        steps = sum(1 for _ in zone.with_records_in_steps(records[:100]))
        self.assertGreaterEqual(steps, 100)
        self.assertEqual(zone.records, tuple(records))

    def test_the_garbage_collector_does_not_walk_it(self) -> None:
        """A look at 200,000 records would stop the service for 0.2 s."""
        address = IPv4Address("192.0.2.1")
        zone = Zone([Record(Name.parse("collected.test"), A(address))])
        (record,) = zone.records
        gc.collect()
        for part in (record, record.name, record.rdata, address):
            self.assertFalse(gc.is_tracked(part), part)
        gone = weakref.ref(address)
        del zone, record, address, part
        self.assertIsNone(gone())


class ChangeTests(SynchronousTestCase):
    """Zones made of others."""

    a = Record("a.test", A("192.0.2.1"))
    b = Record("b.test", A("192.0.2.2"))

    def test_duplicates(self):
        """Of records alike but for the TTL the last counts, in the first's place."""
        again = Record("A.test", A("192.0.2.1"), ttl=5)
        zone = Zone([self.a, self.b, again])
        self.assertEqual(zone.records, (again, self.b))
        self.assertEqual(ask(zone, "a.test", "A").answers, (again,))

    def test_with_records(self):
        """Records are added to a new zone; the old one stays as it is."""
        old = Zone([self.a])
        more = Record("a.test", A("192.0.2.3"))
        new = old.with_records([self.b, more])
        self.assertEqual(new.records, (self.a, self.b, more))
        self.assertEqual(ask(new, "a.test", "A").answers, (self.a, more))
        self.assertEqual(ask(old, "a.test", "A").answers, (self.a,))
        self.assertEqual(ask(old, "b.test", "A").rcode, Rcode.NXDOMAIN)

    def test_wildcard_added(self):
        """A wildcard at the top takes effect when it is added, and when it goes."""
        zone = Zone([self.a]).with_records([Record("*", MX(10, "a.test"))])
        self.assertEqual(len(ask(zone, "c.test", "MX").answers), 1)
        zone = without(zone, "*")
        self.assertEqual(ask(zone, "c.test", "MX").rcode, Rcode.NXDOMAIN)

    def test_many_at_once(self):
        """A name may have any number of records."""
        records = [Record("a.test", A(number)) for number in range(20_000)]
        self.assertEqual(len(Zone(records).records), 20_000)


names = st.lists(st.sampled_from(["a", "b", "*"]), max_size=4).map(".".join)
rdatas = st.one_of(
    st.just(A("192.0.2.1")),
    st.builds(CNAME, names.map(lambda name: name or ".")),
    st.builds(MX, st.just(10), names.map(lambda name: name or ".")),
    st.just(SOA_RDATA),
    st.just(Raw(RRType.CNAME, b"")),
)
records = st.builds(Record, names.map(lambda name: name or "."), rdatas)


class AnyZoneTests(SynchronousTestCase):
    """Whatever records there are."""

    @given(st.lists(records, max_size=12), names, st.sampled_from([1, 5, 6, 15, 255]))
    def test_answers(self, some: list[Record], name: str, type_: int):
        """Every question is answered, with data or with an SOA, or from a loop."""
        answer = Zone(some).answer(Question(name or ".", type_))
        self.assertTrue(answer.aa)
        self.assertIn(answer.rcode, (Rcode.NOERROR, Rcode.NXDOMAIN))
        self.assertLessEqual(len(answer.authority), 1)
        if answer.rcode == Rcode.NXDOMAIN or not answer.answers:
            self.assertEqual(len(answer.authority), 1)

    @given(st.lists(records, max_size=12), st.lists(records, max_size=4), names)
    def test_added_or_built(self, some: list[Record], more: list[Record], name: str):
        """A zone answers alike, built at once or by adding."""
        question = Question(name or ".", 255)
        added, built = Zone(some).with_records(more), Zone([*some, *more])
        self.assertEqual(added.records, built.records)
        one, other = added.answer(question), built.answer(question)
        self.assertEqual(set(one.answers), set(other.answers))


def without(zone: Zone, name: str) -> Zone:
    """A zone without the records of that name."""
    return Zone(r for r in zone.records if r.name != Name.parse(name))
