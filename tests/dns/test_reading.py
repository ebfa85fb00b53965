"""How queries are read."""

from __future__ import annotations

import struct

import dns.edns
import dns.message
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.dns.message import Edns, Query, read_query
from mocksmtp.zone.answer import Question
from mocksmtp.zone.rdata import RRType
from tests.dns.queries import packet

ID, RD = 0xBEEF, 0x0100


def header(questions: int = 1, *counts: int, flags: int = RD) -> bytes:
    counts += (0,) * (3 - len(counts))
    return struct.pack(">6H", ID, flags, questions, *counts)


QUESTION = b"\2Ex\4Test\0\0\x0f\0\1"
OPT = b"\0\0\x29\x04\xd0\0\0\0\0\0\0"
MALFORMED = Query(ID, RD)


class ReadTests(SynchronousTestCase):
    """Queries that are well formed."""

    def test_question(self):
        """A query is its ID, its flags and its question, in the case that it came."""
        query = read_query(header() + QUESTION)
        self.assertEqual(query.id, ID)
        self.assertEqual(query.flags, RD)
        self.assertEqual(query.question, Question("ex.test", RRType.MX))
        self.assertEqual(str(query.question.name), "Ex.Test")
        self.assertEqual(query.question_class, 1)
        self.assertEqual(query.section, QUESTION)
        self.assertIsNone(query.edns)

    def test_opcode(self):
        """The opcode is told apart from the flags around it."""
        for opcode in (0, 5, 15):
            query = read_query(header(flags=opcode << 11 | RD) + QUESTION)
            self.assertEqual(query.opcode, opcode)

    def test_root(self):
        """The root can be asked for."""
        query = read_query(packet(".", "NS"))
        self.assertEqual(query.question, Question(".", RRType.NS))

    def test_any_octets_in_a_label(self):
        """A label has any octets, a dot among them."""
        query = read_query(header() + b"\3a.\0\0\0\1\0\1")
        self.assertEqual(query.question.name.labels, (b"a.\0",))

    def test_longest_name(self):
        """A name of 255 octets is read."""
        name = (b"\x3f" + b"a" * 63) * 3 + b"\x3d" + b"b" * 61 + b"\0"
        query = read_query(header() + name + b"\0\1\0\1")
        self.assertEqual(query.question.name.wire, name)

    def test_edns(self):
        """An OPT record tells size, version and DO; its options do not matter."""
        for options, expected in (
            ({"use_edns": 0, "payload": 4096}, Edns(4096, 0, False)),
            ({"use_edns": 0, "payload": 512, "want_dnssec": True}, Edns(512, 0, True)),
            (
                {"options": [dns.edns.GenericOption(10, b"cookie00")], "payload": 1232},
                Edns(1232, 0, False),
            ),
        ):
            self.assertEqual(read_query(packet("ex.test", **options)).edns, expected)
        version_3 = b"\0\0\x29\x02\x00\0\3\0\0\0\0"
        query = read_query(header(1, 0, 0, 1) + QUESTION + version_3)
        self.assertEqual(query.edns, Edns(512, 3, False))

    def test_edns_behind_other_records(self):
        """OPT is found behind records of any kind, with pointers in their names."""
        record = b"\xc0\x0c\0\1\0\1\0\0\0\0\0\4\1\2\3\4"
        named = b"\1a\xc0\x0c\0\1\0\1\0\0\0\0\0\0"
        query = read_query(
            header(1, 1, 1, 2) + QUESTION + record + named + record + OPT
        )
        self.assertEqual(query.edns, Edns(1232, 0, False))

    def test_edns_is_additional(self):
        """An OPT in another section says nothing."""
        query = read_query(header(1, 1, 0, 0) + QUESTION + OPT)
        self.assertIsNone(query.edns)


class MalformedTests(SynchronousTestCase):
    """What is no query."""

    def test_silence(self):
        """What has no whole header, and what is a response, gets no answer."""
        for octets in (b"", b"x", header()[:11], header(flags=0x8000) + QUESTION):
            self.assertIsNone(read_query(octets))

    def test_malformed(self):
        """Of what is malformed behind its header, that is told."""
        for shows, octets in (
            ("no question", header(0)),
            ("two questions", header(2) + QUESTION * 2),
            ("a question announced", header()),
            ("a name without end", header() + b"\2ex"),
            ("a name, and no more", header() + b"\2ex\0"),
            ("half a type", header() + b"\2ex\0\0"),
            ("a pointer in the question", header() + b"\xc0\x0c\0\1\0\1"),
            ("a label of a kind that there is not", header() + b"\x41a\0\0\1\0\1"),
            ("256 octets of name", header() + b"\1a" * 127 + b"\1\0\0\0\1\0\1"),
            ("a long name", header() + b"\1a" * 128 + b"\0\0\1\0\1"),
            ("a record announced", header(1, 0, 0, 1) + QUESTION),
            ("half an OPT", header(1, 0, 0, 1) + QUESTION + OPT[:-1]),
            ("data announced", header(1, 0, 0, 1) + QUESTION + OPT[:-1] + b"\1"),
            ("two OPT", header(1, 0, 0, 2) + QUESTION + OPT * 2),
            ("an OPT with a name", header(1, 0, 0, 1) + QUESTION + b"\1a" + OPT),
        ):
            with self.subTest(shows):
                self.assertEqual(read_query(octets), MALFORMED, shows)

    @given(st.binary(max_size=600))
    def test_any_octets(self, octets: bytes):
        """Any octets are a query, or are not."""
        read_query(octets)

    @given(st.binary(max_size=100), st.integers(0, 9), st.integers(0, 9))
    def test_any_body(self, octets: bytes, answers: int, additional: int):
        """So is anything behind a good header."""
        query = read_query(header(1, answers, 0, additional) + octets)
        self.assertEqual(query.id, ID)

    @given(st.data())
    def test_any_change(self, data):
        """So is a query with an octet changed, or its end cut off."""
        octets = bytearray(packet("mx.ex.test", use_edns=0, payload=1232))
        at = data.draw(st.integers(0, len(octets) - 1))
        octets[at] = data.draw(st.integers(0, 255))
        read_query(bytes(octets))
        read_query(bytes(octets[:at]))
