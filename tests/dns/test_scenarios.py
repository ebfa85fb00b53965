"""The situations of docs/dns.md, with dig and with dnspython as the clients."""

from __future__ import annotations

import json
import re
from shutil import which

import attrs
import dns.exception
import dns.flags
import dns.message
import dns.query
import dns.rcode
import dns.rrset
from twisted.internet import reactor
from twisted.internet.threads import deferToThread
from twisted.internet.utils import getProcessOutput
from twisted.trial.unittest import SkipTest, TestCase

from mocksmtp.behaviors.dns import DNS, DnsBehavior, DnsRules
from mocksmtp.dns.listen import DNSListener, listen
from mocksmtp.dns.server import DNSFactory
from mocksmtp.zone.queries import QueryLog
from mocksmtp.zone.rdata import type_name
from mocksmtp.zone.records import parse_records
from mocksmtp.zone.text import parse_zone_text
from mocksmtp.zone.zone import Zone
from tests.dns.queries import lines
from tests.markdown import ROOT

_SCENARIO = re.compile(r"^\*\*([0-9]+)\. ", re.MULTILINE)
_BLOCK = re.compile(r"^```(dns|json)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_STATUS = re.compile(r"status: (\w+)")
_FLAGS = re.compile(r";; flags: ([a-z ]+);")

HASH = "0123456789abcdef" * 4
LONG = "v=DKIM1; k=rsa; p=" + "A" * 252


@attrs.frozen
class Situation:
    """What is PUT to bring it about."""

    zone: Zone
    behaviors: tuple[DnsBehavior, ...] = ()


def situations() -> dict[int, Situation]:
    """Each situation, by its number."""
    _, *parts = _SCENARIO.split((ROOT / "docs/dns.md").read_text())
    numbered = zip(parts[::2], parts[1::2], strict=True)
    return {int(number): _read(text) for number, text in numbered}


def _read(text: str) -> Situation:
    situation = Situation(Zone())
    for language, block in _BLOCK.findall(text):
        if language == "dns":
            records = Zone(parse_zone_text(block))
            situation = attrs.evolve(situation, zone=records)
        elif '"query"' in block:
            behaviors = DNS.parse_all(json.loads(block))
            situation = attrs.evolve(situation, behaviors=behaviors)
        else:
            records = Zone(parse_records(json.loads(block)))
            situation = attrs.evolve(situation, zone=records)
    return situation


SITUATIONS = situations()


@attrs.frozen
class Reply:
    """
    What a client understood.

    :ivar answers: the records of the answer section, without class and the usual TTL
    """

    rcode: str
    answers: list[str]
    ad: bool
    tcp: bool = False


def reply(rcode: str, answers: list[str], ad: bool, tcp: bool) -> Reply:
    plain = [line.replace(" 60 IN ", " ") for line in answers]
    return Reply(rcode, sorted(plain), ad, tcp)


def ask_with_dnspython(
    listener: DNSListener, name: str, type_: str, timeout: float = 5
) -> Reply:
    query = dns.message.make_query(name, type_)
    message, tcp = dns.query.udp_with_fallback(
        query, listener.host, timeout=timeout, port=listener.port, ignore_errors=True
    )
    ad = bool(message.flags & dns.flags.AD)
    return reply(dns.rcode.to_text(message.rcode()), lines(message.answer), ad, tcp)


async def ask_with_dig(listener: DNSListener, name: str, type_: str) -> Reply:
    arguments = [f"@{listener.host}", "-p", str(listener.port), "+tries=1"]
    output = await getProcessOutput(
        which("dig"),
        [*arguments, "+noall", "+comments", "+answer", "-q", name, "-t", type_],
        errortoo=True,
    )
    text = output.decode()
    answers = [line.split(None, 4) for line in text.splitlines() if line[:1] not in ";"]
    records = [
        dns.rrset.from_text(owner, int(ttl), class_, kind, data).to_text()
        for owner, ttl, class_, kind, data in answers
    ]
    ad = " ad" in _FLAGS.search(text)[1]
    return reply(_STATUS.search(text)[1], records, ad, "in TCP mode" in text)


class ScenarioTests(TestCase):
    """Each situation is what its title says."""

    async def check(self, number: int, *expected: tuple, ad: bool = False) -> None:
        """Ask for each name and type, and compare rcode and answers."""
        if which("dig") is None:
            raise SkipTest("there is no dig")
        listener = await self.listen(number)
        for name, type_, rcode, *answers in expected:
            tcp = len(answers) > 20
            wanted = Reply(rcode, sorted(answers), ad, tcp)
            said = await deferToThread(ask_with_dnspython, listener, name, type_)
            self.assertEqual(said, wanted, "dnspython")
            self.assertEqual(await ask_with_dig(listener, name, type_), wanted, "dig")

    async def listen(self, number: int) -> DNSListener:
        self.zone = SITUATIONS[number].zone
        self.log, self.behaviors = QueryLog(), DnsRules()
        self.behaviors.replace_all(SITUATIONS[number].behaviors)
        factory = DNSFactory(
            lambda: self.zone, reactor, log=self.log, behaviors=self.behaviors
        )
        listener = await listen(reactor, "127.0.0.1", 0, factory)
        self.addCleanup(listener.stop)
        return listener

    def test_all_are_there(self) -> None:
        """Those of DNS."""
        self.assertEqual(set(SITUATIONS), {*range(1, 17)})

    async def test_1(self) -> None:
        """Preferences out of order are told as they are."""
        mx = ["s1.test. MX 20 mx2.s1.test.", "s1.test. MX 10 mx1.s1.test."]
        await self.check(
            1,
            ("s1.test", "MX", "NOERROR", *mx),
            ("mx1.s1.test", "A", "NOERROR", "mx1.s1.test. A 192.0.2.11"),
        )

    async def test_2(self) -> None:
        """Both of one preference are told."""
        mx = [f"s2.test. MX 10 mx{n}.s2.test." for n in (1, 2)]
        await self.check(2, ("s2.test", "MX", "NOERROR", *mx))

    async def test_3(self) -> None:
        """There is no MX, and there are addresses."""
        await self.check(
            3,
            ("s3.test", "MX", "NOERROR"),
            ("s3.test", "A", "NOERROR", "s3.test. A 192.0.2.11"),
            ("s3.test", "AAAA", "NOERROR", "s3.test. AAAA 2001:db8::11"),
        )

    async def test_4(self) -> None:
        """The targets do not exist."""
        mx = [f"s4.test. MX {n}0 gone{n}.s4.test." for n in (1, 2)]
        await self.check(
            4,
            ("s4.test", "MX", "NOERROR", *mx),
            ("gone1.s4.test", "A", "NXDOMAIN"),
            ("gone2.s4.test", "AAAA", "NXDOMAIN"),
        )

    async def test_5(self) -> None:
        """The MX is the root, and there is an address."""
        await self.check(
            5,
            ("s5.test", "MX", "NOERROR", "s5.test. MX 0 ."),
            ("s5.test", "A", "NOERROR", "s5.test. A 192.0.2.11"),
        )

    async def test_6(self) -> None:
        """One name does not exist, another has no such data."""
        await self.check(
            6,
            ("none.s6.test", "MX", "NXDOMAIN"),
            ("nodata.s6.test", "MX", "NOERROR"),
            ("s6.test", "MX", "NOERROR"),
            (
                *("mx-none.s6.test", "MX", "NOERROR"),
                "mx-none.s6.test. MX 10 none.s6.test.",
            ),
            (
                *("mx-nodata.s6.test", "MX", "NOERROR"),
                "mx-nodata.s6.test. MX 10 nodata.s6.test.",
            ),
            ("nodata.s6.test", "A", "NOERROR"),
        )

    async def test_7(self) -> None:
        """Errors are for the names and types that they are meant for."""
        mx = "MX 10 mx.s7.test."
        await self.check(
            7,
            ("servfail.s7.test", "MX", "SERVFAIL"),
            ("servfail.s7.test", "A", "NOERROR"),
            ("refused.s7.test", "AAAA", "REFUSED"),
            ("refused.s7.test", "MX", "NOERROR", f"refused.s7.test. {mx}"),
            ("notimp.s7.test", "MX", "NOTIMP"),
            ("formerr.s7.test", "A", "FORMERR"),
            ("late.s7.test", "MX", "NOERROR", f"late.s7.test. {mx}"),
        )

    async def test_7_first_n_times(self) -> None:
        """Each name has its own counts; responses come one after the other."""
        listener = await self.listen(7)
        told = []
        for ask in (ask_with_dnspython, ask_with_dig) * 2:
            for name in ("a.twice.s7.test", "b.twice.s7.test", "turns.s7.test"):
                if ask is ask_with_dig:
                    said = await ask_with_dig(listener, name, "MX")
                else:
                    said = await deferToThread(ask, listener, name, "MX")
                told.append(said.rcode)
        self.assertEqual(told[:6], ["SERVFAIL"] * 5 + ["NXDOMAIN"])
        self.assertEqual(told[6:], ["NOERROR"] * 6)
        said = await ask_with_dig(listener, "turns.s7.test", "MX")
        self.assertEqual(said.answers, ["turns.s7.test. MX 5 mx.s7.test."])

    async def test_7_silence(self) -> None:
        """Nobody gets an answer, over either transport; the log tells of it."""
        listener = await self.listen(7)
        for name in "silent.s7.test", "closed.s7.test":
            await self.assert_given_up(listener, name)
        query = dns.message.make_query("closed.s7.test", "MX")
        where = {"timeout": 5, "port": listener.port}
        closed = deferToThread(dns.query.tcp, query, listener.host, **where)
        await self.assertFailure(closed, EOFError)
        replies = [query.answer for query in self.log.queries()]
        self.assertEqual(replies, [None] * 5)

    async def assert_given_up(self, listener: DNSListener, name: str) -> None:
        """Both clients take nothing of what comes for an answer."""
        asked = deferToThread(ask_with_dnspython, listener, name, "MX", 0.3)
        await self.assertFailure(asked, dns.exception.Timeout)
        said = await getProcessOutput(
            which("dig"),
            [
                *(f"@{listener.host}", "-p", str(listener.port)),
                *("+tries=1", "+time=1", "-q", name, "-t", "MX"),
            ],
            errortoo=True,
        )
        self.assertNotIn(b"status:", said)

    async def test_8(self) -> None:
        """Aliases come with what they lead to, or with the rcode of where they end."""
        mx = "real.s8.test. MX 10 mx.s8.test."
        loop = (
            "loop.s8.test. CNAME loop2.s8.test.",
            "loop2.s8.test. CNAME loop.s8.test.",
        )
        await self.check(
            8,
            ("at.s8.test", "MX", "NOERROR", "at.s8.test. CNAME real.s8.test.", mx),
            (
                *("target.s8.test", "MX", "NOERROR"),
                "target.s8.test. MX 10 alias.s8.test.",
            ),
            (
                *("alias.s8.test", "A", "NOERROR"),
                *("alias.s8.test. CNAME mx.s8.test.", "mx.s8.test. A 192.0.2.11"),
            ),
            (
                *("chain.s8.test", "MX", "NOERROR", mx),
                "chain.s8.test. CNAME chain2.s8.test.",
                "chain2.s8.test. CNAME real.s8.test.",
            ),
            ("loop.s8.test", "MX", "NOERROR", *loop),
            (
                *("dangling.s8.test", "MX", "NXDOMAIN"),
                "dangling.s8.test. CNAME gone.s8.test.",
            ),
        )

    async def test_9(self) -> None:
        """Any name can be the target of an MX."""
        twice = [f"twice.s9.test. MX {n} mx.s9.test." for n in (10, 20)]
        await self.check(
            9,
            *(
                (f"{name}.s9.test", "MX", "NOERROR", f"{name}.s9.test. MX 10 {target}.")
                for name, target in (
                    ("literal", "192.0.2.11"),
                    ("local", "localhost"),
                    ("self", "mta.test"),
                )
            ),
            ("twice.s9.test", "MX", "NOERROR", *twice),
            ("192.0.2.11", "A", "NXDOMAIN"),
        )

    async def test_10(self) -> None:
        """All of them are told, over TCP."""
        numbers = range(1, 201)
        mx = [f"many.s10.test. MX {n} mx{n}.s10.test." for n in numbers]
        addresses = [f"wide.s10.test. A 198.51.100.{n}" for n in numbers]
        await self.check(
            10,
            ("many.s10.test", "MX", "NOERROR", *mx),
            ("wide.s10.test", "A", "NOERROR", *addresses),
        )

    async def test_11(self) -> None:
        """What does not fit a datagram is told over TCP, and the log has both."""
        long = "a-name-so-long-that-thirty-are-too-many"
        mx = [f"s11.test. MX {n} {long}-{n}.s11.test." for n in range(1, 31)]
        await self.check(11, ("s11.test", "MX", "NOERROR", *mx))
        told = [(q.transport, q.answer.truncated) for q in self.log.queries()]
        self.assertEqual(told, [("udp", True), ("tcp", False)] * 2)

    async def test_11_cut(self) -> None:
        """An answer that would fit comes over TCP."""
        mx = "cut.s11.test. MX 10 mx.s11.test."
        listener = await self.listen(11)
        said = await deferToThread(ask_with_dnspython, listener, "cut.s11.test", "MX")
        self.assertEqual(said, Reply("NOERROR", [mx], False, True))
        said = await ask_with_dig(listener, "cut.s11.test", "MX")
        self.assertEqual(said, Reply("NOERROR", [mx], False, True))

    async def test_11_large(self) -> None:
        """A datagram is larger than the client takes."""
        listener = await self.listen(11)
        for ask in (
            deferToThread(ask_with_dnspython, listener, "large.s11.test", "MX"),
            ask_with_dig(listener, "large.s11.test", "MX"),
        ):
            said = await ask
            self.assertEqual((len(said.answers), said.tcp), (30, False))

    async def test_11_not_to_be_believed(self) -> None:
        """Neither client takes what is not an answer to its query."""
        listener = await self.listen(11)
        for name in "id.s11.test", "question.s11.test", "octets.s11.test":
            await self.assert_given_up(listener, name)

    async def test_12(self) -> None:
        """A TTL of 0 is told, and a change is seen at once."""
        first = ("s12.test", "MX", "NOERROR", "s12.test. 0 IN MX 10 mx.s12.test.")
        await self.check(12, first)
        listener = await self.listen(12)
        self.zone = Zone(parse_zone_text("s12.test. 0 MX 10 new.s12.test."))
        said = await deferToThread(ask_with_dnspython, listener, "s12.test", "MX")
        self.assertEqual(said.answers, ["s12.test. 0 IN MX 10 new.s12.test."])

    async def test_13(self) -> None:
        """U-labels are told as A-labels."""
        name = "xn--bcher-kva.s13.test"
        await self.check(
            13,
            (name, "MX", "NOERROR", f"{name}. MX 10 post.{name}."),
            (f"post.{name}", "A", "NOERROR", f"post.{name}. A 192.0.2.11"),
        )

    async def test_14(self) -> None:
        """Each type is told in its own form."""
        text = f'"{LONG[:255]}" "{LONG[255:]}"'
        await self.check(
            14,
            *(
                (name, type_, "NOERROR", f"{name}. {type_} {data}")
                for name, type_, data in (
                    ("key._domainkey.s14.test", "TXT", text),
                    ("_25._tcp.mx.s14.test", "TLSA", f"3 1 1 {HASH}"),
                    ("11.2.0.192.in-addr.arpa", "PTR", "mx.s14.test."),
                    ("_submission._tcp.s14.test", "SRV", "0 1 587 mx.s14.test."),
                    (
                        *("s14.test", "SOA"),
                        "ns.s14.test. hostmaster.s14.test. 1 3600 600 86400 30",
                    ),
                    ("s14.test", "NS", "ns.s14.test."),
                    ("s14.test", "CAA", '0 issue "ca.test"'),
                    (
                        *("s14.test", "NAPTR"),
                        '1 1 "S" "SMTP+D2T" "" _submission._tcp.s14.test.',
                    ),
                    ("s14.test", "TYPE65280", r"\# 2 cafe"),
                )
            ),
        )

    async def test_15(self) -> None:
        """What is marked has AD, what is not marked has not."""
        await self.check(
            15,
            ("s15.test", "MX", "NOERROR", "s15.test. MX 10 mx.s15.test."),
            (
                *("_25._tcp.mx.s15.test", "TLSA", "NOERROR"),
                f"_25._tcp.mx.s15.test. TLSA 3 1 1 {HASH}",
            ),
            ("none.s15.test", "A", "NXDOMAIN"),
            (".", "NS", "NOERROR", ". 0 IN NS mock.invalid."),
            ad=True,
        )
        plain = ("plain.test", "MX", "NOERROR", "plain.test. MX 10 mx.s15.test.")
        await self.check(15, plain, ("none.test", "MX", "NXDOMAIN"))

    async def test_16(self) -> None:
        """The log tells which types were asked for."""
        tlsa = "_25._tcp.mx.s16.test"
        await self.check(
            16,
            ("s16.test", "MX", "NOERROR", "s16.test. MX 10 mx.s16.test."),
            ("mx.s16.test", "AAAA", "NOERROR"),
            (tlsa, "TLSA", "NXDOMAIN"),
        )
        asked = [
            f"{query.name} {type_name(query.type)}" for query in self.log.queries()
        ]
        self.assertEqual(asked[2::2], ["mx.s16.test AAAA", f"{tlsa} TLSA"])
