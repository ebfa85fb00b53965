"""DNS records as zone files."""

from __future__ import annotations

from textwrap import dedent

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.documents.problems import DocumentError
from mocksmtp.zone import text as zonefile
from mocksmtp.zone.rdata import (
    AAAA,
    CAA,
    CNAME,
    MX,
    NAPTR,
    NS,
    PTR,
    SOA,
    SRV,
    TLSA,
    TXT,
    A,
    Raw,
    Secure,
)
from mocksmtp.zone.records import Record
from mocksmtp.zone.text import (
    MAX_GENERATED,
    MAX_ZONE_TEXT,
    TooManyRecords,
    parse_zone_text,
    zone_text,
)
from tests.zone.strategies import records

FILE = r"""
$ORIGIN ex.test.
$TTL 300
; A comment, and names relative to the origin.
@           IN SOA ns hostmaster ( 1    ; serial
                                   2 3 4 5 )
            NS     ns
            MX     10 mx
mx     5    A      192.0.2.1
       1h   AAAA   2001:db8::1
            CNAME  elsewhere.test.
text        TXT    "a;b" plain "q\"u\\ote" "\195\169" ""
bücher      A      192.0.2.2
_25._tcp.mx TLSA   3 1 0 cafe
_smtp._tcp  SRV    10 20 25 mx
@           CAA    0 issue "ca.test; é"
            NAPTR  1 2 S "" "!^.*$!\!" _smtp._tcp
            SECURE
1.2.0.192   PTR    mx
$ORIGIN sub
deep        TYPE65280 \# 2 cafe
"""

RECORDS = (
    Record("ex.test", SOA("ns.ex.test", "hostmaster.ex.test", 1, 2, 3, 4, 5), 300),
    Record("ex.test", NS("ns.ex.test"), 300),
    Record("ex.test", MX(10, "mx.ex.test"), 300),
    Record("mx.ex.test", A("192.0.2.1"), 5),
    Record("mx.ex.test", AAAA("2001:db8::1"), 3600),
    Record("mx.ex.test", CNAME("elsewhere.test"), 300),
    Record("text.ex.test", TXT(["a;b", "plain", 'q"u\\ote', "é", ""]), 300),
    Record("xn--bcher-kva.ex.test", A("192.0.2.2"), 300),
    Record("_25._tcp.mx.ex.test", TLSA(3, 1, 0, b"\xca\xfe"), 300),
    Record("_smtp._tcp.ex.test", SRV(10, 20, 25, "mx.ex.test"), 300),
    Record("ex.test", CAA(0, "issue", "ca.test; é"), 300),
    Record("ex.test", NAPTR(1, 2, "S", "", "!^.*$!!", "_smtp._tcp.ex.test"), 300),
    Record("ex.test", Secure(), 300),
    Record("1.2.0.192.ex.test", PTR("mx.ex.test"), 300),
    Record("deep.sub.ex.test", Raw(65280, b"\xca\xfe"), 300),
)


class ParseTests(SynchronousTestCase):
    """`parse_zone_text`."""

    def test_file(self):
        """A zone file is read with its directives, in its order, nothing left out."""
        self.assertEqual(parse_zone_text(FILE), RECORDS)
        self.assertEqual(parse_zone_text(FILE.encode()), RECORDS)

    def test_nothing_required(self):
        """No directive, SOA or NS is required; names are relative to the root."""
        (record,) = parse_zone_text("* MX 10 mx.mock.test")
        self.assertEqual(record, Record("*", MX(10, "mx.mock.test"), 60))
        self.assertEqual(parse_zone_text(""), ())

    def test_ttl_of_each(self):
        """Records of one name and type keep their own TTLs."""
        parsed = parse_zone_text("a 1 A 192.0.2.1\na 2 A 192.0.2.2\na A 192.0.2.3\n")
        self.assertEqual([record.ttl for record in parsed], [1, 2, 60])

    def test_generate(self):
        """$GENERATE makes records of a range."""
        parsed = parse_zone_text("$GENERATE 1-3 h$.test. A 192.0.2.$")
        self.assertEqual(
            [str(record.name) for record in parsed], ["h1.test", "h2.test", "h3.test"]
        )

    def test_generate_words(self):
        """Data of several words is generated from what stands within quotes."""
        text = '$GENERATE 1-2 ex MX "$ mx$.ex"\na TXT "b"'
        self.assertEqual(
            parse_zone_text(text),
            (
                Record("ex", MX(1, "mx1.ex")),
                Record("ex", MX(2, "mx2.ex")),
                Record("a", TXT("b")),
            ),
        )

    def test_broken_data(self):
        """Data in the form that fits every type is taken as it is (RFC 3597 §5)."""
        for text, expected in (
            (r"a A \# 3 0a0000", Raw(1, b"\x0a\0\0")),
            (r"a 5 IN A \# 4 0a 000001", A("10.0.0.1")),
            ("mx IN 5 MX \\# ( 2\n 0005 )", Raw(15, b"\0\5")),
            (r"a TLSA \# 3 030101", Raw(52, b"\3\1\1")),
            (r"a TYPE1 \# 1 0a", Raw(1, b"\x0a")),
            (r"a TYPE65534 \# 1 0a", Raw(65534, b"\x0a")),
        ):
            with self.subTest(text):
                (record,) = parse_zone_text(text)
                self.assertEqual(record.rdata, expected)

    def test_what_only_looks_generic(self):
        """A ``#`` behind a backslash in another place is one."""
        (record, _) = parse_zone_text("a TXT A \\#\nb TYPE9 \\# 0\n")
        self.assertEqual(record.rdata, TXT(["A", "#"]))
        (record, _) = parse_zone_text("a MX 10 \\#\nb TYPE9 \\# 0\n")
        self.assertEqual(record.rdata, MX(10, "#"))


# (what is wrong, the file, the line, what is told)
REFUSED = (
    ("an address", "a A 192.0.2.1\n\nb A 192.0.2\n", 3, "'b A 192.0.2'"),
    ("a name", "a..b A 192.0.2.1", 1, "empty"),
    ("a label", "a" * 64 + " A 192.0.2.1", 1, "63"),
    ("a type", "a\nb FOO x", 1, "'a'"),
    ("an unknown type", "\n\na FOO x", 3, "FOO"),
    ("a type for questions", r"a ANY \# 0", 1, "ANY"),
    ("a class", "a CH A 192.0.2.1", 1, "class"),
    ("data missing", "\na MX 10\nb A 192.0.2.1", 2, "'a MX 10'"),
    ("data too many", "a MX 10 b c", 1, "'a MX 10 b c'"),
    ("a TTL over 31 bits", "a 2147483648 A 192.0.2.1", 1, "2,147,483,647"),
    ("a quote not closed", 'a TXT "x\n', 1, "quote"),
    ("a bracket not closed", "\na MX ( 10\n\nb", 2, "parenthes"),
    ("a string over 255", f"a TXT {'x' * 256}", 1, "too long"),
    ("a file to include", "$INCLUDE /etc/passwd", 1, "$INCLUDE"),
    ("a directive", "$UNICODE 2008", 1, "$UNICODE"),
    ("a relative origin's type", "$ORIGIN", 1, "$ORIGIN"),
    ("a range", "$GENERATE 3-1 h$ A 192.0.2.$", 1, "$GENERATE"),
    ("a width", "$GENERATE 1-2 h${0,99999999} A 192.0.2.$", 1, "$GENERATE"),
    ("a length", r"a TYPE9 \# 3 cafe", 1, "TYPE9"),
)


# What zone files are made of, well formed or not.
WORDS = (
    *(
        "a",
        "*",
        "ü",
        "@",
        ".",
        "\\300",
        "60",
        "1h",
        "IN",
        "CH",
        "A",
        "AAAA",
        "MX",
        "TXT",
    ),
    *("PTR", "SRV", "NAPTR", "CAA", "SECURE", "issue"),
    *("SOA", "TYPE9", "TLSA", "LOC", "SVCB", "192.0.2.1", "::1", "10", "4", "cafe"),
    *("$ORIGIN", "$TTL", "$GENERATE", "1-3", "$", "${0,2,d}", "\\#", "\\"),
    *('"x"', '"', "(", ")", ";"),
)


class RefusedTests(SynchronousTestCase):
    """Files that are refused."""

    def problem(self, text: str | bytes) -> tuple[str, str]:
        with self.assertRaises(DocumentError) as caught:
            parse_zone_text(text)
        (problem,) = caught.exception.problems
        return problem.path, problem.message

    def test_refused(self):
        """What is wrong is told, with the line that the record begins in."""
        for shows, text, line, expected in REFUSED:
            with self.subTest(shows):
                path, message = self.problem(text)
                self.assertEqual(path, f"line {line}", shows)
                self.assertIn(expected, message)

    def test_encoding(self):
        """A file is UTF-8, and the line where it is not is told."""
        expected = ("line 2", "not UTF-8")
        self.assertEqual(self.problem(b"a A 192.0.2.1\n\xff A 192.0.2.1"), expected)

    def test_long_line(self):
        """An error does not repeat the file."""
        _, message = self.problem("a " + "x" * 100_000)
        self.assertLess(len(message), 300)

    def test_too_many(self):
        """No more records are read, or generated, than are set."""
        self.patch(zonefile, "MAX_ZONE_RECORDS", 100)
        range_ = "$GENERATE 1-{} h$ A 192.0.2.1"
        self.assertEqual(len(parse_zone_text(range_.format(100))), 100)
        for text in (range_.format(10**9), "a A 192.0.2.1\n" * 101):
            with self.assertRaises(TooManyRecords) as caught:
                parse_zone_text(text)
            self.assertIn("more than 100 records", str(caught.exception))

    def test_a_range_that_makes_too_many(self):
        """It is refused before the first record is made, and so are many ranges."""
        line = b"$GENERATE %d-%d/2 h$ A 192.0.2.1\n"
        half = line % (2, MAX_GENERATED)
        self.assertEqual(len(parse_zone_text(half)), MAX_GENERATED // 2)
        made: list[object] = []
        read = zonefile.read_rdata

        def count(*rdata: object) -> object:
            made.append(rdata)
            return read(*rdata)

        self.patch(zonefile, "read_rdata", count)
        for text, read_before in (
            (line % (1, 10**9), 0),
            (half + half + half, MAX_GENERATED),
        ):
            made.clear()
            with self.assertRaises(TooManyRecords) as caught:
                parse_zone_text(text)
            self.assertIn("$GENERATE makes more than 65,536", str(caught.exception))
            self.assertEqual(len(made), read_before)

    def test_the_text_of_a_record_is_bounded(self):
        """Also where it is a comment, or goes on for many lines."""
        long = b"x" * MAX_ZONE_TEXT
        for text in (
            b"\n; " + long + b"\n",
            b'\na TXT "' + long + b'"\n',
            b"\na TXT (" + b" x\n" * MAX_ZONE_TEXT + b")\n",
        ):
            with self.assertRaises(DocumentError) as caught:
                parse_zone_text(b"a A 192.0.2.1" + text)
            (problem,) = caught.exception.problems
            self.assertEqual(problem.path, "line 2")
            self.assertIn("at most 163,840 octets", problem.message)
        text = rb"a TYPE65280 \# 65535 " + b"ab" * 65535
        self.assertEqual(len(parse_zone_text(text)), 1)

    @given(st.text() | st.binary())
    def test_any_text(self, text: str | bytes):
        """Any text is records, or is refused."""
        self.parse(text)

    @given(
        st.lists(
            st.sampled_from(WORDS) | st.sampled_from(["\n", "\n ", "\t"]),
            max_size=15,
        )
    )
    def test_any_words(self, words: list[str]):
        """So is anything made of what zone files are made of."""
        self.parse(" ".join(words))

    def parse(self, text: str | bytes) -> None:
        try:
            parsed = parse_zone_text(text)
        except DocumentError as error:
            self.assertEqual(len(error.problems), 1)
        else:
            self.assertEqual(parse_zone_text(zone_text(parsed)), parsed)


class StepTests(SynchronousTestCase):
    """Zone files are read in short steps"""

    TEXT = b"""$TTL 5
$ORIGIN ex.test.
a TXT ( "one ( \\" ; no comment"
   two ) ; a ( comment
  MX 10 a
$GENERATE 1-50/2 h$ 30 IN A 192.0.2.1 ; more
$GENERATE 1-3 g$ TXT "some words"
  A 192.0.2.9
b TXT "a\\
b"
$TTL 7
c A 192.0.2.3"""

    def read(self, text: bytes, piece: int, step: int) -> object:
        """The records, or the problems, where pieces and steps have these sizes."""
        self.patch(zonefile, "_PIECE", piece)
        self.patch(zonefile, "_STEP", step)
        try:
            return parse_zone_text(text)
        except DocumentError as error:
            return error.problems

    def test_it_is_the_same_in_any_steps(self):
        """Origin, TTL, names and lines go on through them."""
        expected = self.read(self.TEXT, 10**6, 10**6)
        self.assertEqual(len(expected), 33, expected)
        self.assertEqual(str(expected[29].name), "g3.ex.test")
        self.assertEqual(str(expected[30].name), "g3.ex.test")
        for piece, step in (1, 1), (10, 2), (30, 7), (100, 20):
            self.assertEqual(self.read(self.TEXT, piece, step), expected)

    def test_errors_have_the_same_lines(self):
        """Of the whole file."""
        for more in b"\nd A 192.0.2.x", b'\n\nd TXT "x', b"\nd TXT (", b"\n\xff":
            text = self.TEXT + more
            expected = self.read(text, 10**6, 10**6)
            for piece, step in (1, 1), (30, 7):
                self.assertEqual(self.read(text, piece, step), expected)

    @given(st.lists(st.sampled_from([*WORDS, "\n", "\n ", "(", ")", '"', ";", "\\"])))
    def test_any_words_in_any_steps(self, words: list[str]):
        """Pieces end where records do, whatever a file is made of."""
        text = " ".join(words).encode()
        self.assertEqual(self.read(text, 1, 1), self.read(text, 10**6, 10**6))

    def test_a_step_reads_few_records(self):
        """Of lines, and of what $GENERATE makes, so that SMTP goes on between them."""
        made: list[object] = []
        read = zonefile.read_rdata

        def count(*rdata: object) -> object:
            made.append(rdata)
            return read(*rdata)

        self.patch(zonefile, "read_rdata", count)
        lines = b"".join(b"a%d A 192.0.2.1\n" % number for number in range(3000))
        for text in lines, b"$GENERATE 1-3000 a$ A 192.0.2.1":
            steps, most, before = zonefile.zone_text_in_steps(text), 0, 0
            made.clear()
            for _ in steps:
                most, before = max(most, len(made) - before), len(made)
            self.assertEqual(len(made), 3000)
            self.assertLessEqual(most, 20)


class TextTests(SynchronousTestCase):
    """`zone_text`."""

    def test_lines(self):
        """A record is one line, with all that belongs to it, and absolute names."""
        self.assertEqual(
            zone_text(RECORDS),
            dedent(
                r"""
                ex.test. 300 IN SOA ns.ex.test. hostmaster.ex.test. 1 2 3 4 5
                ex.test. 300 IN NS ns.ex.test.
                ex.test. 300 IN MX 10 mx.ex.test.
                mx.ex.test. 5 IN A 192.0.2.1
                mx.ex.test. 3600 IN AAAA 2001:db8::1
                mx.ex.test. 300 IN CNAME elsewhere.test.
                text.ex.test. 300 IN TXT "a;b" "plain" "q\"u\\ote" "\195\169" ""
                xn--bcher-kva.ex.test. 300 IN A 192.0.2.2
                _25._tcp.mx.ex.test. 300 IN TLSA 3 1 0 cafe
                _smtp._tcp.ex.test. 300 IN SRV 10 20 25 mx.ex.test.
                ex.test. 300 IN CAA 0 issue "ca.test; é"
                ex.test. 300 IN NAPTR 1 2 "S" "" "!^.*$!!" _smtp._tcp.ex.test.
                ex.test. 300 IN SECURE
                1.2.0.192.ex.test. 300 IN PTR mx.ex.test.
                deep.sub.ex.test. 300 IN TYPE65280 \# 2 cafe
                """
            ).lstrip(),
        )

    def test_root(self):
        """The root is a dot, as an owner and as an exchange."""
        text = zone_text([Record(".", MX(0, "."))])
        self.assertEqual(text, ". 60 IN MX 0 .\n")

    def test_digest_of_a_wrong_length(self):
        """It is written in the form that every reader takes, and read as it was."""
        record = Record("a", TLSA(3, 1, 1, b"\xca\xfe"))
        text = zone_text([record])
        self.assertEqual(text, "a. 60 IN TLSA \\# 5 030101cafe\n")
        self.assertEqual(parse_zone_text(text), (record,))

    @given(records)
    def test_round_trip(self, some: tuple[Record, ...]):
        """Any records are read as they were written, also their names' case."""
        text = zone_text(some)
        again = parse_zone_text(text)
        self.assertEqual(again, some)
        self.assertEqual(zone_text(again), text)
