"""The table of loads, and the options of mocksmtp for each."""

import json
import socket
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from itertools import cycle, islice
from typing import Any

from attrs import evolve, frozen

from benchmarks.clients import (
    KIB,
    MIB,
    Client,
    DnsPerf,
    Scripted,
    SmtpSource,
    chunks,
    connected,
    lockstep,
    pipelined,
    segments,
)
from benchmarks.dns import documents, zone_file
from benchmarks.peers import FLOOR, MOCKSMTP, PEERS, STORED, mocksmtp
from benchmarks.servers import Peer, Server, running


@frozen
class Plan:
    """How much is measured: rounds, 1/n of each load's mails, and mails to keep."""

    rounds: int
    share: int
    kept: int


FULL = Plan(rounds=9, share=1, kept=100_000)
QUICK = Plan(rounds=3, share=4, kept=10_000)

Sample = Callable[[Server, Plan], float]
"""Measures one case once: seconds (of CPU, unless its load says otherwise) or bytes."""

Case = tuple[Peer, Sample]


@frozen(eq=False)
class Load:
    """Something that is measured in rounds, in several cases."""

    name: str  # on the command line
    title: str  # in the table
    # In the order in which they are measured; those of servers have their titles.
    cases: Mapping[str, Case]
    asks: Mapping[str, float] = {}  # the least ratio of a case's cost to the base's
    base: str = MOCKSMTP.title  # the case that the others are compared with
    at_most: Mapping[str, float] = {}  # what a case itself may cost
    unit: str = "µs"  # or ms, s, KiB
    variant: str = "smtp"  # how the servers are started
    records: int = 0  # of the zone, for DNS
    own: str = ""  # a name for servers that are started for this load alone
    rounds: int = 9  # at most; with one there is no warm-up
    one_cpu: bool = True  # whether client and server share a CPU
    extra: bool = False  # whether it is measured only when it is named


def each(sample: Sample, variant: str = "smtp") -> dict[str, Case]:
    """Return the same case of each server that has the variant."""
    return {peer.title: (peer, sample) for peer in PEERS if variant in peer.commands}


def mine(cases: dict[str, Sample]) -> dict[str, Case]:
    """Return cases of mocksmtp."""
    return {name: (MOCKSMTP, sample) for name, sample in cases.items()}


def used(client: Client, server: Server, mails: int) -> float:
    """Return the CPU seconds that each mail costs."""
    with connected(server.smtp, client.connections, server.secure) as opened:
        time.sleep(0.02)  # in which the server ends what it has left to do
        before = server.cpu_seconds()
        client.send(opened, server.smtp, mails)
        time.sleep(0.02)
        return (server.cpu_seconds() - before) / mails


def cpu(client: Client, mails: int, behaviors: Any = None, per: int = 1) -> Sample:
    """Measure the CPU time per mail, or per part of one."""

    def sample(server: Server, plan: Plan) -> float:
        sent = max(1, mails // plan.share)
        server.start_over(behaviors)
        cost = used(client, server, sent)
        server.check_kept(sent)
        return cost / per

    return sample


LOCKSTEP, PIPELINED = Scripted(lockstep(KIB)), Scripted(pipelined(KIB))


def fill(server: Server, mails: int) -> None:
    server.start_over()
    used(PIPELINED, server, mails)


def first_tenth(server: Server, plan: Plan) -> float:
    server.start_over()
    return used(PIPELINED, server, plan.kept // 10)


def last_tenth(server: Server, plan: Plan) -> float:
    """Measure the last mails, after `first_tenth`."""
    used(PIPELINED, server, plan.kept // 10 * 8)
    cost = used(PIPELINED, server, plan.kept // 10)
    server.check_kept(plan.kept // 10 * 10)
    return cost


def unmatched(*commands: str) -> list[Any]:
    """Return 100 behaviors on these commands in turn, none of which ever matches."""
    behaviors = []
    for number, command in enumerate(islice(cycle(commands), 100)):
        target = {"target": "clientIp"} if command == "CONNECT" else {}
        text = {"operator": "contains", "matchingValue": f"in no mail {number}"}
        response = {"code": 550, "message": "never said"}
        rest = {"condition": text | target, "response": response}
        behaviors.append({"command": command, **rest})
    return behaviors


_COUNTS = {"per": ["clientIp", "sender", "recipient"], "window": "24h"}
_OK = {"activeFor": "24h", "response": {"code": 250, "message": "Counted by its key"}}
_GREYLISTED = {"command": "RCPT TO", **_COUNTS, **_OK}


def keys(senders: int) -> Sample:
    """Measure mails from so many senders, each of them a key of a behavior."""
    return cpu(Scripted(pipelined(KIB, senders=senders)), 40_000, [_GREYLISTED])


def idle(server: Server, plan: Plan) -> float:
    """Measure the memory of a connection that has said EHLO and nothing more."""
    count = 2000 // plan.share
    # The first connections take what room the start has left.
    with connected(server.smtp, 200, server.secure):
        time.sleep(0.2)
        before = server.resident_bytes()
        with connected(server.smtp, count, server.secure):
            time.sleep(0.2)
            return (server.resident_bytes() - before) / count


def memory(server: Server, plan: Plan) -> float:
    """Measure the memory of a mail of 1 KiB that is kept."""
    page(server, plan, 100)
    before = server.resident_bytes()
    used(PIPELINED, server, plan.kept - 100)
    server.check_kept(plan.kept)
    return (server.resident_bytes() - before) / (plan.kept - 100)


def page(server: Server, plan: Plan, mails: int = 0) -> float:
    """Measure the first page, with so many mails kept or as many as planned.

    The cheapest of several requests counts, which no other process disturbed.
    """
    fill(server, mails or plan.kept)
    costs = []
    for _ in range(60):
        before = server.cpu_seconds()
        shown = json.loads(server.ask("GET", "/smtpMails?limit=100"))
        costs.append(server.cpu_seconds() - before)
        assert len(shown) == 100, f"mocksmtp listed {len(shown)} of 100 mails"
        time.sleep(0.01)
    return min(costs)


def wait(server: Server, work: Callable[[], object]) -> float:
    """Return how long a NOOP waited at most while work was done in a thread."""
    longest = 0.0
    with connected(server.smtp, 1) as (client,), ThreadPoolExecutor(1) as worker:
        future = worker.submit(work)
        while not future.done():
            begin = time.perf_counter()
            client.ask(b"NOOP\r\n", [b"250"])
            longest = max(longest, time.perf_counter() - begin)
        future.result()
    return longest


def quiet(server: Server, plan: Plan) -> float:
    return wait(server, lambda: time.sleep(0.5))


def listing(server: Server, plan: Plan) -> float:
    fill(server, plan.kept)
    return wait(server, lambda: server.ask("GET", "/smtpMails"))


def putting(kind: str, make: Callable[[], bytes], first: bool = False) -> Sample:
    """Measure the wait while all DNS records are replaced."""

    def sample(server: Server, plan: Plan) -> float:
        body = make()
        if first:
            server.ask("DELETE", "/dnsRecords")
        return wait(server, lambda: server.ask("PUT", "/dnsRecords", body, kind))

    return sample


def waited(client: Client, mails: int) -> Sample:
    """Measure mails while 100 clients wait for mails and sessions that never come."""

    def sample(server: Server, plan: Plan) -> float:
        assert server.http is not None
        with ExitStack() as opened:
            for number in range(100):
                path = (b"/smtpMails", b"/smtpSessions")[number % 2]
                query = b"%b?to=nobody%d@x.test&count=1&wait=9m" % (path, number)
                waiting = opened.enter_context(socket.create_connection(server.http))
                waiting.sendall(b"GET %b HTTP/1.1\r\nHost: localhost\r\n\r\n" % query)
            return cpu(client, mails)(server, plan)

    return sample


def started(server: Server, plan: Plan, hosts: int = 0) -> float:
    """Measure the seconds to start a mocksmtp with so many hosts."""
    config = "".join(f'[[hosts]]\nname = "h{number}"\n' for number in range(hosts))
    begin = time.perf_counter()
    with running(evolve(MOCKSMTP, commands={"smtp": mocksmtp(config=config)})):
        return time.perf_counter() - begin


def hosts(
    server: Server, plan: Plan, method: str = "POST", body: bytes = b"{}"
) -> float:
    """Measure the seconds to create (or delete) a host over HTTP, of 1,000."""
    begin = time.perf_counter()
    for number in range(1, 1001):
        server.ask(method, "/hosts" if body else f"/hosts/host-{number}", body)
    return (time.perf_counter() - begin) / 1000


def host_memory(server: Server, plan: Plan) -> float:
    before = server.resident_bytes()
    hosts(server, plan)
    return (server.resident_bytes() - before) / 1000


def queries(names: int) -> Sample:
    """Measure the CPU time per query for the MX of so many domains."""

    def sample(server: Server, plan: Plan) -> float:
        count = max(names, 50_000 // plan.share)
        before = server.cpu_seconds()
        DnsPerf(names).send((), server.dns, count)
        return (server.cpu_seconds() - before) / count

    return sample


PIPELINED_100 = Scripted(pipelined(KIB, recipients=100))
ALL = (
    *("CONNECT", "HELO", "EHLO", "MAIL FROM", "RCPT TO", "DATA COMMAND", "DATA"),
    *("RSET", "VRFY", "NOOP", "HELP", "QUIT"),
)
CROWD = {n: cpu(Scripted(lockstep(KIB), n), 4000) for n in (10, 500)}
SAME, FLAT = 1 / 1.25, 1 / 1.1  # what is taken for "as much", and for "no more"
FAST = {"floor": 0.6, "twisted.mail": 1.5, "--journal 0": 1 / 1.15}


def settle(server: Server) -> None:
    """Wait until the server has nothing left to do."""
    while True:
        before = server.cpu_seconds()
        time.sleep(0.3)
        if server.cpu_seconds() - before < 0.015:
            return


def settled(client: Client, mails: int) -> Sample:
    """Measure as `cpu` does, with what is stored later, without what is deleted."""

    def sample(server: Server, plan: Plan) -> float:
        server.start_over()
        settle(server)
        count = max(1, mails // plan.share)
        with connected(server.smtp, client.connections, server.secure) as opened:
            before = server.cpu_seconds()
            client.send(opened, server.smtp, count)
            settle(server)
            cost = (server.cpu_seconds() - before) / count
        server.check_kept(count)
        return cost

    return sample


CROWD_OF = {n: settled(Scripted(lockstep(KIB), n), 10_000) for n in (10, 100)}

# fmt: off
LOADS = (
    Load("lockstep-1k", "1 KiB, lock-step", each(cpu(SmtpSource(KIB), 1500)),
         FAST),
    Load("pipelined-1k", "1 KiB, pipelined", each(cpu(PIPELINED, 2400)),
         FAST | {"twisted.mail": 2.5}),
    Load("lockstep-100k", "100 KiB, lock-step", each(cpu(SmtpSource(100 * KIB), 200)),
         {"floor": 0.7}),
    Load("lockstep-1m", "1 MiB, lock-step", each(cpu(SmtpSource(MIB), 30)),
         {"floor": 0.7, "twisted.mail": 4.0}),
    Load("recipients-100", "100 recipients, pipelined", each(cpu(PIPELINED_100, 120)),
         {"twisted.mail": 4.0}),
    Load("connections", "a connection per mail", each(cpu(SmtpSource(KIB, False), 800)),
         {"twisted.mail": 1.5}),
    Load("tls-lockstep-1k", "TLS, 1 KiB, lock-step",
         each(cpu(LOCKSTEP, 1000), "tls"), {"floor": 0.8}, variant="tls"),
    Load("tls-pipelined-1k", "TLS, 1 KiB, pipelined",
         each(cpu(PIPELINED, 2000), "tls"), variant="tls"),
    Load("tls-1m", "TLS, 1 MiB, lock-step",
         each(cpu(Scripted(lockstep(MIB)), 30), "tls"), {"floor": 0.8}, variant="tls"),
    Load("growth", "DATA of 64 MiB in 1 KiB segments, per MiB", mine({
        "of 1 MiB": cpu(Scripted(segments(MIB), 1), 8),
        "of 64 MiB": cpu(Scripted(segments(64 * MIB), 1), 1, per=64),
    }), {"of 1 MiB": SAME}, base="of 64 MiB", unit="ms"),
    Load("bdat", "25 MiB by BDAT", mine({
        "DATA": cpu(Scripted(pipelined(25 * MIB), 1), 4),
        "BDAT": cpu(Scripted(chunks(25 * MIB), 1), 4),
    }), {"DATA": 1.0}, base="BDAT", unit="ms"),
    Load("crowd", "1 KiB, 500 connections at once",
         mine({"of 10": CROWD[10], "of 500": CROWD[500]})
         | {f"floor, of {n}": (FLOOR, sample) for n, sample in CROWD.items()},
         {"of 10": 0.8}, base="of 500"),
    Load("filling", "1 KiB, pipelined, the last tenth of 100,000 kept",
         mine({"first tenth": first_tenth, "last tenth": last_tenth}),
         {"first tenth": FLAT}, base="last tenth", rounds=5),
    *(
        Load(name, f"1 KiB, pipelined, 100 behaviors on {title}", mine({
            "none": cpu(PIPELINED, 2400, []),
            "behaviors": cpu(PIPELINED, 2400, unmatched(*commands)),
        }), {"none": SAME}, base="behaviors")
        for name, title, commands in (
            ("behaviors-rcpt", "RCPT TO", ("RCPT TO",)),
            ("behaviors-all", "all commands", ALL),
        )
    ),
    Load("keys", "1 KiB, pipelined, 10,000 keys of greylisting",
         mine({"10 keys": keys(10), "10,000 keys": keys(10_000)}),
         {"10 keys": FLAT}, base="10,000 keys", rounds=3),
    *(
        Load(name, title, {p.title: (p, idle) for p in (MOCKSMTP, FLOOR)}, rounds=1,
             at_most=most, unit="KiB", variant=variant, own=name)
        for name, title, variant, most in (
            ("idle", "2,000 idle connections, each", "smtp", {"mocksmtp": 30.0 * KIB}),
            ("idle-tls", "2,000 idle connections, TLS, each", "tls", {}),
        )
    ),
    Load("memory", "100,000 mails of 1 KiB kept, each", mine({"mocksmtp": memory}),
         at_most={"mocksmtp": 3.0 * KIB}, unit="KiB", own="memory", rounds=1),
    Load("page", "GET /smtpMails?limit=100 of 100,000",
         mine({"of 100": partial(page, mails=100), "of all": page}),
         {"of 100": SAME}, base="of all", unit="ms", rounds=1),
    Load("listing", "longest wait during GET /smtpMails of 100,000",
         mine({"idle": quiet, "during": listing}), base="during",
         at_most={"during": 0.050}, unit="ms", rounds=1, one_cpu=False),
    *(
        Load(f"waiters-{title}", f"1 KiB, {title}, 100 clients wait", mine({
            "nobody waits": cpu(client, 2000), "100 wait": waited(client, 2000)
        }), base="100 wait", extra=True)
        for title, client in (("lock-step", SmtpSource(KIB)), ("pipelined", PIPELINED))
    ),
    Load("hosts-start", "start with 1,000 hosts",
         mine({"without": started, "with": partial(started, hosts=1000)}),
         base="with", unit="s", rounds=1, extra=True),
    Load("hosts-memory", "1,000 idle hosts, each", mine({"mocksmtp": host_memory}),
         unit="KiB", own="hosts", rounds=1, extra=True),
    Load("hosts-http", "a host created over HTTP, of 1,000",
         mine({"created": hosts, "deleted": partial(hosts, method="DELETE", body=b"")}),
         base="created", unit="ms", own="http", rounds=1, extra=True),
    *(
        Load(f"store-{n}", f"1 KiB, {n} connections, --store sqlite",
             {"memory": (MOCKSMTP, sample), "sqlite": (STORED, sample)},
             {"memory": 0.5}, base="sqlite", variant="store", own=f"store-{n}")
        for n, sample in CROWD_OF.items()
    ),
)
"""Mails that every server accepts, and what is measured of mocksmtp alone."""

DNS_LOADS = (
    *(
        Load(name, title, each(queries(names), "dns"), asks, variant="dns",
             records=records, rounds=5)
        for name, title, names, records, asks in (
            ("few", "5 domains of 10 records", 5, 10, {"twisted.names": 1.5}),
            ("few-of-many", "the same 5 of 100,000 records", 5, 100_000,
             {"twisted.names": 1.5}),
            ("many", "10,000 domains of 100,000 records", 10_000, 100_000,
             {"twisted.names": 1.5}),
            ("all", "50,000 domains in turn, none in the cache", 50_000, 100_000, {}),
        )
    ),
    *(
        Load(f"put-{name}", f"longest wait during PUT of 100,000 records, {name}",
             mine({"idle": quiet, "first": putting(kind, make, True),
                   "again": putting(kind, make)}),
             base="first", at_most={"first": 0.2, "again": 0.2}, unit="ms",
             variant="dns", records=10, rounds=1, one_cpu=False)
        for name, kind, make in (
            ("json", "application/json", partial(documents, 100_000)),
            ("zone", "text/dns", lambda: zone_file(100_000).encode()),
        )
    ),
)
"""Queries for MX over UDP, and the effect of a large zone on SMTP."""
