"""The zone: answers questions from records (RFC 1034 §4.3.2), like a resolver.

A `Zone` is immutable; a change replaces it. How a name is looked up:

1. It has records: they are the answer. An alias is followed, with its target in the
   same answer, also if the aliases form a loop or end at a name that does not exist
   (RFC 6604: the rcode is that of the last name).
2. It has no records, but names below it have: it exists, without data (an empty
   non-terminal, RFC 8020).
3. It does not exist: it gets the records of the wildcard directly below its closest
   encloser, and of no other wildcard (RFC 4592 §3.3.1).
4. It still has no records: it gets those of ``*.``, unless it is the root or belongs to
   a zone with an SOA. RFC 4592 does not define this: ``mx.mock.test`` makes ``test``
   exist, which excludes it from the wildcard. A test that declares an MX for every
   domain also means ``example.test``.

The root always has an NS and an SOA record: a resolver that uses this server as its
root server (unbound's ``stub-zone: "."``) queries them first.

A type is answered even beside a CNAME, and the first of several CNAMEs is followed:
configurations that RFC 1034 §3.6.2 forbids can be tested. A name is signed if it or a
name above it is marked as `Secure`, unless its zone begins below that mark. An answer
is signed if all names on its way are. The answer about the root's name servers, with
which Postfix tests whether its resolver validates, is signed if any name is.

There are no zone cuts: NS records are data, and no answer is a referral.

The work for an answer is bounded by its message, not by the zone: records are collected
only until a message of that size is full (`_Room`).
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator
from ctypes import py_object, pythonapi
from itertools import chain
from typing import TypeAlias

import attrs

from mocksmtp.steps import Steps, finish
from mocksmtp.zone.answer import Answer, Question, Rcode
from mocksmtp.zone.names import ROOT, Name
from mocksmtp.zone.rdata import CNAME, NS, SOA, Rdata, RRType
from mocksmtp.zone.records import Record

RRset: TypeAlias = tuple[Record, ...]
Node: TypeAlias = dict[int, RRset]

MAX_ALIASES = 100
"""Maximum CNAMEs followed for one question."""

MAX_ROOM = 65535
"""Maximum octets of a message (RFC 1035 §4.2.2)."""

_STEP = 100
"""Records examined in one step, if only a condition or an id is checked."""

LEAST_OCTETS = 12
"""Minimum octets of a record without its data."""

_SOURCE = Name.parse("mock.invalid")
DEFAULT_SOA = Record(ROOT, SOA(_SOURCE, _SOURCE, 1, 3600, 600, 86400, 0), ttl=0)
"""The SOA of names outside all zones; its TTL is 0, as a test may add the name next."""

_DEFAULTS: Node = {
    RRType.NS: (Record(ROOT, NS(_SOURCE), ttl=0),),
    RRType.SOA: (DEFAULT_SOA,),
}
"""Default records of the root, unless the zone has records of these types."""

_EMPTY: Node = {}

_TRANSFERS = (int(RRType.AXFR), int(RRType.IXFR))

_ADDRESSES = (int(RRType.A), int(RRType.AAAA))


class RecordIdTaken(Exception):
    """Another record has this id."""


class Zone:
    """Records with an index; it never changes.

    :ivar host_records: the records that are made from a mail host's certificate
        (`HostTLSA`); the zone that is served contains the resulting TLSA records

    Of records that differ only in their TTL the last one is kept (RFC 2181 §5). A
    record without an id gets a number.

    :param last_id: the last number that was an id before
    :ivar last_id: the last number that was an id, here or before
    """

    def __init__(self, records: Iterable[Record] = (), last_id: int = 0) -> None:
        self.last_id = last_id
        self._distinct: dict[tuple[Name, Rdata], Record] = {}
        self._nodes: dict[bytes, Node] = {ROOT.key: _EMPTY}
        self._soas: dict[bytes, Record] = {}
        self._secure: frozenset[bytes] = frozenset()
        self.host_records: RRset = ()
        self._missing = Rcode.NXDOMAIN
        finish(self._add(records))

    @classmethod
    def in_steps(cls, records: Iterable[Record], last_id: int = 0) -> Steps[Zone]:
        """
        Make a zone of `records` in steps.

        :raises RecordIdTaken: two of them have the same id
        """
        zone = cls((), last_id)
        yield from zone._add(records)
        return zone

    def __len__(self) -> int:
        """The number of records."""
        return len(self._distinct)

    @property
    def records(self) -> RRset:
        """All records, in order of addition."""
        return tuple(self._distinct.values())

    def parts(self) -> list[object]:
        """All parts, to be released one by one after the zone is replaced.

        Releasing 200,000 records at once takes a tenth of a second.
        """
        return [*self._nodes.values(), *self._distinct.values()]

    def with_records(self, records: Iterable[Record]) -> Zone:
        """Return a zone with these records added."""
        return finish(self.with_records_in_steps(records))

    def with_records_in_steps(self, records: Iterable[Record]) -> Steps[Zone]:
        """
        Make a zone with these records added, in steps.

        :raises RecordIdTaken: another record has the id of one of them
        """
        zone = Zone((), self.last_id)
        zone._distinct = dict(self._distinct)
        zone._nodes = dict(self._nodes)
        zone._soas = dict(self._soas)
        zone._secure = self._secure
        zone.host_records = self.host_records
        zone._missing = self._missing
        yield from zone._add(records)
        return zone

    def find(self, record: Record) -> Record:
        """
        The record with the name and data of `record`.

        :raises KeyError: no record has them
        """
        return self._distinct[record.name, record.rdata]

    def get(self, id_: str) -> Record:
        """
        The record with this id.

        It is found by a linear search, about 10 ms for 200,000 records; an index would
        use too much memory.

        :raises KeyError: no record has this id
        """
        for record in self._distinct.values():
            if record.id == id_:
                return record
        raise KeyError(id_)

    def replace_in_steps(self, id_: str, record: Record) -> Steps[Zone]:
        """
        Make a zone with `record` in the place of the one with this id, in steps.

        :raises KeyError: there is none with this id
        :raises RecordIdTaken: another record has this name and data
        """
        before = self.get(id_)
        same = self._distinct.get((record.name, record.rdata), before)
        if same is not before:
            raise RecordIdTaken(same.id)
        record = attrs.evolve(record, id=id_)
        records = [
            record if each is before else each for each in self._distinct.values()
        ]
        zone = yield from Zone.in_steps(records, self.last_id)
        return zone

    def without_in_steps(self, goes: Callable[[Record], bool]) -> Steps[Zone]:
        """Make a zone without the records of which `goes` is true, in steps."""
        records = []
        for index, each in enumerate(self._distinct.values()):
            if not goes(each):
                records.append(each)
            if index % _STEP == 0:
                yield
        zone = yield from Zone.in_steps(records, self.last_id)
        return zone

    def failing(self) -> Zone:
        """Return a zone that answers SERVFAIL for names without records of their own.

        This includes names that exist only because of names below them.
        """
        zone = self.with_records(())
        zone._missing = Rcode.SERVFAIL  # noqa: SLF001 - of the same class
        return zone

    def answer(self, question: Question, room: int = MAX_ROOM) -> Answer:
        """
        The answer of a recursive resolver to `question`; zone transfers are refused
        (RFC 5936 §2.2.1).

        :param room: octets of the message. An answer that does not fit ends with a
            record that does not fit; additional records end when it is full
        """
        if question.type in _TRANSFERS:
            return Answer(Rcode.REFUSED)
        passed = {question.name.key}
        answer = self._follow(question, passed, _Room(room))
        if self._secure and self._is_signed(question, passed):
            return attrs.evolve(answer, ad=True)
        return answer

    def negative(self, name: Name, rcode: Rcode, aliases: RRset = ()) -> Answer:
        """The answer for a name that does not exist or has no such data (RFC 2308)."""
        soa = self._soa(name.key)
        assert isinstance(soa.rdata, SOA)
        ttl = min(soa.ttl, soa.rdata.minimum)
        return Answer(rcode, True, aliases, (attrs.evolve(soa, ttl=ttl),))

    def _follow(self, question: Question, passed: set[bytes], room: _Room) -> Answer:
        """The answer, through all aliases; their names are added to `passed`."""
        name = question.name
        aliases: RRset = ()
        while True:
            node = self._node(name)
            if name.key == ROOT.key:
                node = {**_DEFAULTS, **(node or _EMPTY)}
            if not node and self._missing is Rcode.SERVFAIL:
                return Answer(Rcode.SERVFAIL)
            if node is None:
                return self.negative(name, Rcode.NXDOMAIN, aliases)
            if found := room.take(_of_type(node, question.type), name):
                return self._found(aliases + found, question, room)
            step = room.take(node.get(RRType.CNAME, ()), name)
            if not step or not isinstance(target := step[0].rdata, CNAME):
                return self.negative(name, Rcode.NOERROR, aliases)
            aliases, name = aliases + step, target.target
            if room.is_full or name.key in passed or len(passed) > MAX_ALIASES:
                return Answer(aa=True, answers=aliases)
            passed.add(name.key)

    def _add(self, records: Iterable[Record]) -> Steps[None]:
        """Add `records` in steps; only while the zone is being made.

        A node is replaced, not changed: another zone may contain the same one.
        """
        added: dict[tuple[bytes, int], list[Record]] = {}
        ids: dict[str, tuple[Name, Rdata]] | None = None
        records = tuple(records)
        yield from self._skip_ids(records)
        secure = set(self._secure)
        made = {(record.name, record.rdata): record for record in self.host_records}
        for record in records:
            yield
            rdata = record.rdata
            identity = record.name, rdata
            if record.id:
                if ids is None:
                    ids = {each.id: place for place, each in self._distinct.items()}
                if ids.setdefault(record.id, identity) != identity:
                    raise RecordIdTaken(record.id)
            else:
                record = self._with_id(record, self._distinct.get(identity))
                if ids is not None:
                    ids[record.id] = identity
            for part in (record, record.name, rdata, getattr(rdata, "address", None)):
                _untrack(part)
            self._distinct[identity] = record
            if record.type == RRType.SECURE:
                secure.add(record.name.key)
                continue
            if record.type == RRType.TLSAFROM:
                made[record.name, record.rdata] = record
                continue
            added.setdefault((record.name.key, record.type), []).append(record)
        # Removed one by one, because releasing all at once would be one long step.
        places = list(reversed(added))
        while places:
            yield
            place = places.pop()
            self._extend_rrset(*place, added.pop(place))
        self._secure = frozenset(secure)
        self.host_records = tuple(made.values())
        self._for_all = self._nodes.get(_wildcard(ROOT.key))

    def _skip_ids(self, records: tuple[Record, ...]) -> Steps[None]:
        """Number from above the ids that documents contain."""
        for index, record in enumerate(records):
            if record.id and record.id.isascii() and record.id.isdecimal():
                self.last_id = max(self.last_id, int(record.id))
            if index % _STEP == 0:
                yield

    def _extend_rrset(self, key: bytes, type_: int, rrset: list[Record]) -> None:
        """Add the records of one name and type."""
        self._add_path(key)
        node = self._nodes[key]
        distinct = {r.rdata: r for r in (*node.get(type_, ()), *rrset)}
        self._nodes[key] = node = {**node, type_: tuple(distinct.values())}
        _untrack(node)
        if type_ == RRType.SOA:
            soas = (r for r in distinct.values() if isinstance(r.rdata, SOA))
            if (soa := next(soas, None)) is not None:
                self._soas[key] = soa

    def _with_id(self, record: Record, before: Record | None) -> Record:
        """Return `record` with the id of the record it replaces, or the next number."""
        if before is None:
            self.last_id += 1
            id_ = str(self.last_id)
        else:
            id_ = before.id
        return Record(record.name, record.rdata, record.ttl, id_, record.tag)

    def _add_path(self, key: bytes) -> None:
        """Add nodes for `key` and all names above it."""
        while key not in self._nodes:
            self._nodes[key] = _EMPTY
            key = key[1 + key[0] :]

    def _node(self, name: Name) -> Node | None:
        """The records of `name`, or of its wildcard; None if it does not exist."""
        node = self._nodes.get(name.key)
        if node is None:
            node = self._nodes.get(_wildcard(self._closest_encloser(name.key)))
        if not node and self._for_all and name != ROOT and not self._in_zone(name):
            return self._for_all
        return node

    def _closest_encloser(self, key: bytes) -> bytes:
        """The nearest name above `key` that exists; the root always does."""
        while key not in self._nodes:
            key = key[1 + key[0] :]
        return key

    def _is_signed(self, question: Question, passed: set[bytes]) -> bool:
        if question.name == ROOT and question.type == RRType.NS:
            return True
        return all(map(self._is_secure, passed))

    def _is_secure(self, key: bytes) -> bool:
        """Whether a mark applies to `key`, before an SOA without one."""
        while key not in self._secure:
            if key == ROOT.key or RRType.SOA in self._nodes.get(key, _EMPTY):
                return False
            key = key[1 + key[0] :]
        return True

    def _in_zone(self, name: Name) -> bool:
        return self._soa(name.key).name != ROOT

    def _soa(self, key: bytes) -> Record:
        """The SOA of the zone that contains `key`, or the default one."""
        while True:
            if (soa := self._soas.get(key)) is not None:
                return soa
            if key == ROOT.key:
                return DEFAULT_SOA
            key = key[1 + key[0] :]

    def _found(self, answers: RRset, question: Question, room: _Room) -> Answer:
        additional: list[Record] = []
        hosts = set()
        if question.type == RRType.ANY:
            # The answer section already contains the addresses of the name itself.
            hosts.add(answers[-1].name.key)
        for record in answers:
            if room.is_full:
                break
            host = record.rdata.host
            if host is not None and host.key not in hosts:
                hosts.add(host.key)
                additional += self._addresses(host, room)
        return Answer(Rcode.NOERROR, True, answers, (), tuple(additional))

    def _addresses(self, host: Name, room: _Room) -> RRset:
        """The addresses of `host` itself, without aliases (RFC 2181 §10.3)."""
        node = self._node(host) or _EMPTY
        found: RRset = ()
        for type_ in _ADDRESSES:
            if type_ in node:
                found += room.take(node[type_], host)
        return found


class _Room:
    """
    An upper bound of the octets left in a message.

    Each record counts with its minimum size, so the message is full before this is.
    """

    def __init__(self, octets: int) -> None:
        self._left = octets

    @property
    def is_full(self) -> bool:
        """Whether the records taken exceed the message."""
        return self._left < 0

    def take(self, records: Iterable[Record], name: Name) -> RRset:
        """
        Return `records` up to the first that doesn't fit.

        Their owner becomes `name`, for records of a wildcard (RFC 4592 §2.3).
        """
        taken: list[Record] = []
        for record in records:
            if self._left < 0:
                break
            self._left -= LEAST_OCTETS + record.rdata.LEAST_OCTETS
            if record.name.key != name.key:
                record = Record(name, record.rdata, record.ttl)
            taken.append(record)
        return tuple(taken)


def _find_untrack() -> Callable[[object], object]:
    """
    Return a function that excludes an object from garbage collection, if Python has it.

    Each full collection would visit all records, and stop the service for 0.2 s with
    200,000 records. Records are immutable and never part of a reference cycle, so
    reference counts suffice.
    """
    try:
        untrack = pythonapi.PyObject_GC_UnTrack
        untrack.argtypes, untrack.restype = [py_object], None
    except (AttributeError, TypeError):
        return lambda part: None
    return lambda part: untrack(part) if gc.is_tracked(part) else None


_untrack = _find_untrack()


def _wildcard(key: bytes) -> bytes:
    return b"\1*" + key


def _of_type(node: Node, type_: int) -> RRset | Iterator[Record]:
    if type_ == RRType.ANY:
        return chain.from_iterable(node.values())
    return node.get(type_, ())
