"""DNS records as JSON documents."""

from __future__ import annotations

import re
from pathlib import Path

import attrs
import orjson
from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.documents.problems import DocumentError, Refused, json_name
from mocksmtp.documents.reading import parse_json
from mocksmtp.hosts.host import MailHost
from mocksmtp.mock import Mock
from mocksmtp.tls.settings import TlsSettings
from mocksmtp.zone.names import Name, parse_name
from mocksmtp.zone.rdata import (
    AAAA,
    CAA,
    CNAME,
    MX,
    NAPTR,
    NS,
    PTR,
    RDATA,
    SOA,
    SRV,
    TLSA,
    TXT,
    A,
    HostTLSA,
    Raw,
    Secure,
    type_name,
)
from mocksmtp.zone.records import (
    MAX_ZONE_VALUES,
    MTA_STS,
    RECORD,
    SHORTHANDS,
    TLSRPT,
    Record,
    check_hosts,
    host_references,
    parse_records,
    record_document,
)
from mocksmtp.zone.zone import Zone
from tests.zone.strategies import records

# The contract's document of each type, and the data that it describes.
DOCUMENTS = (
    ({"type": "A", "address": "192.0.2.1"}, A("192.0.2.1")),
    ({"type": "AAAA", "address": "2001:db8::1"}, AAAA("2001:db8::1")),
    ({"type": "MX", "preference": 10, "exchange": "mx.test"}, MX(10, "mx.test")),
    ({"type": "MX", "preference": 0, "exchange": "."}, MX(0, ".")),
    ({"type": "CNAME", "target": "a.test"}, CNAME("a.test")),
    ({"type": "NS", "target": "a.test"}, NS("a.test")),
    ({"type": "TXT", "strings": ["a b", "é"]}, TXT(["a b", "é"])),
    (
        {
            "type": "SOA",
            "mname": "ns.test",
            "rname": r"john\.doe.test",
            "serial": 2**32 - 1,
            "refresh": 1,
            "retry": 2,
            "expire": 3,
            "minimum": 4,
        },
        SOA("ns.test", r"john\.doe.test", 2**32 - 1, 1, 2, 3, 4),
    ),
    ({"type": "PTR", "target": "a.test"}, PTR("a.test")),
    (
        {"type": "SRV", "priority": 1, "weight": 2, "port": 25, "target": "a.test"},
        SRV(1, 2, 25, "a.test"),
    ),
    (
        {
            "type": "NAPTR",
            "order": 1,
            "preference": 2,
            "flags": "S",
            "services": "SMTP+D2T",
            "regexp": "",
            "replacement": "a.test",
        },
        NAPTR(1, 2, "S", "SMTP+D2T", "", "a.test"),
    ),
    (
        {"type": "CAA", "flags": 128, "tag": "issue", "value": ";"},
        CAA(128, "issue", ";"),
    ),
    (
        {"type": "TLSA", "usage": 3, "selector": 1, "matchingType": 1, "data": "cafe"},
        TLSA(3, 1, 1, b"\xca\xfe"),
    ),
    ({"type": "SECURE"}, Secure()),
    (
        {
            "type": "TLSA",
            "usage": 3,
            "selector": 0,
            "matchingType": 2,
            "fromHost": "mx1",
        },
        HostTLSA(3, 0, 2, "mx1"),
    ),
    ({"type": "TLSA", "data": r"\# 1 03"}, Raw(52, b"\3")),
    ({"type": "TYPE65280", "data": r"\# 2 cafe"}, Raw(65280, b"\xca\xfe")),
    ({"type": "SSHFP", "data": r"\# 0"}, Raw(44, b"")),
    ({"type": "A", "data": r"\# 1 0a"}, Raw(1, b"\x0a")),
    ({"type": "TXT", "data": r"\# 2 01ff"}, Raw(16, b"\1\xff")),
)


class DocumentTests(SynchronousTestCase):
    """Documents that are read and written."""

    def test_types(self):
        """Each type's document is read as its data, and written again as it was."""
        for fields, rdata in DOCUMENTS:
            document = {"name": "ex.test", "ttl": 5, **fields}
            with self.subTest(document):
                record = Record("ex.test", rdata, 5)
                self.assertEqual(parse_records([document]), (record,))
                self.assertEqual(record_document(record), document)

    def test_every_type_has_an_example(self):
        """No type is without a document here."""
        shown = {rdata.type for _, rdata in DOCUMENTS}
        self.assertLessEqual(set(RDATA), shown)

    def test_order_of_fields(self):
        """A document's fields come in one order: what all have, then the data."""
        record = parse_records(
            {"exchange": "b", "preference": 1, "ttl": 5, "type": "MX", "name": "a"}
        )
        self.assertEqual(
            orjson.dumps([record_document(one) for one in record]),
            b'[{"name":"a","type":"MX","ttl":5,"preference":1,"exchange":"b"}]',
        )

    def test_one_or_several(self):
        """An object is one record, an array are as many as it has."""
        document = {"name": "a", "type": "A", "address": "192.0.2.1"}
        self.assertEqual(parse_records(document), parse_records([document]))
        self.assertEqual(parse_records([]), ())

    def test_made_from_a_host(self):
        """What DANE mostly says of a mail server need not be said (RFC 7672 §3.1)."""
        document = {"name": "_25._tcp.mx", "type": "TLSA", "fromHost": "mx1"}
        (record,) = parse_records(document)
        self.assertEqual(record.rdata, HostTLSA(3, 1, 1, "mx1"))
        for field, value in (
            ("usage", 4),
            ("usage", 256),
            ("selector", 2),
            ("matchingType", 3),
            ("fromHost", 5),
            ("data", "cafe"),
        ):
            with self.assertRaises(DocumentError) as raised:
                parse_records([{**document, field: value}])
            self.assertEqual(raised.exception.problems[0].path, f"$[0].{field}")

    def test_a_host_that_has_no_certificate(self):
        """It is told where it is named, in the form of the document."""
        mock = Mock(MailHost("default", "mx.test"), Zone())
        records = [Record("a", HostTLSA(3, 1, 1, name)) for name in ("default", "mx2")]
        made = host_references([Record("b", Secure()), *records])
        with self.assertRaises(DocumentError) as raised:
            check_hosts(made, mock.hosts)
        self.assertEqual(
            [(problem.path, problem.message) for problem in raised.exception.problems],
            [
                ("$[1].fromHost", "host 'default' has no TLS"),
                ("$[2].fromHost", "no host 'mx2'"),
            ],
        )
        mock.default.tls = TlsSettings()
        check_hosts(made[:1], mock.hosts)
        self.assertEqual(host_references(records[:1], "record {1}")[0][0], "record 1")

    def test_default_ttl(self):
        """A TTL that is not given is 60."""
        (record,) = parse_records({"name": "a", "type": "CNAME", "target": "b"})
        self.assertEqual(record.ttl, 60)

    def test_names(self):
        """A dot at the end of a name is optional, and is not written."""
        (record,) = parse_records({"name": "Ex.test.", "type": "NS", "target": "b."})
        self.assertEqual(record.name, Name.parse("ex.test"))
        document = record_document(record)
        self.assertEqual((document["name"], document["target"]), ("Ex.test", "b"))

    def test_long_text(self):
        """A text over 255 octets is split into character-strings."""
        (record,) = parse_records({"name": "a", "type": "TXT", "strings": ["x" * 300]})
        self.assertEqual(record.rdata.strings, ("x" * 255, "x" * 45))

    def test_generic_form_of_a_known_type(self):
        """Good data in the form that fits every type is read as its type's."""
        document = {"name": "a", "type": "A", "data": r"\# 4 c0000201"}
        (record,) = parse_records(document)
        self.assertEqual(record.rdata, A("192.0.2.1"))

    def test_shorthands(self):
        """A policy is read as the TXT record that publishes it."""
        for fields, name, text in (
            ({"type": "MTA-STS", "id": "7"}, "_mta-sts.ex.test", "v=STSv1; id=7;"),
            (
                {"type": "TLSRPT", "rua": "mailto:a@b.test"},
                "_smtp._tls.ex.test",
                "v=TLSRPTv1; rua=mailto:a@b.test",
            ),
        ):
            (record,) = parse_records({"name": "ex.test", "ttl": 5, **fields})
            self.assertEqual(record, Record(name, TXT(text), 5))

    @given(records)
    def test_round_trip(self, some: tuple[Record, ...]):
        """Any records are read as they were written, also their names' case."""
        document = orjson.loads(orjson.dumps([*map(record_document, some)]))
        again = parse_records(document)
        self.assertEqual(again, some)
        self.assertEqual([*map(record_document, again)], document)

    def test_null_in_fields_of_other_types(self) -> None:
        """Means absent: some clients write every field of all types."""
        nulls = dict.fromkeys(("exchange", "strings", "fromHost", "tag", "owner"))
        (a,) = parse_records({**nulls, "name": "a", "type": "A", "address": "1.2.3.4"})
        self.assertEqual(record_document(a)["address"], "1.2.3.4")
        with self.assertRaises(DocumentError):
            parse_records({"name": "a", "type": "A", "address": "1.2.3.4", "x": None})


# What is wrong with a document, and the problems that are told.
REFUSED = (
    ("a number", 5, [("$", "must be an array, got a number")]),
    ("null", None, [("$", "must be an array, got null")]),
    ("an array of numbers", [5], [("$[0]", "must be an object, got a number")]),
    ("nothing", {}, [("$.type", "required, but missing")]),
    (
        "an unknown type",
        {"type": "MXX"},
        [("$.type", "unknown type 'MXX'; one of: A, AAAA, CAA, CNAME, ")],
    ),
    ("a type in lower case", {"type": "mx"}, [("$.type", "unknown type 'mx'")]),
    ("a type by number", {"type": 15}, [("$.type", "must be a string")]),
    (
        "a type for questions",
        {"type": "ANY"},
        [("$.type", "ANY is not a type of records")],
    ),
    (
        "only a type",
        {"type": "MX"},
        [
            ("$.name", "required, but missing"),
            ("$.preference", "required, but missing"),
            ("$.exchange", "required, but missing"),
        ],
    ),
    (
        "everything wrong",
        [
            {"name": "a", "type": "A", "address": "192.0.2.1"},
            {
                "name": "a..b",
                "type": "MX",
                "ttl": -1,
                "preference": "10",
                "exchange": None,
                "priority": 10,
            },
        ],
        [
            ("$[1].name", "'a..b' is not a domain name: a label is empty"),
            ("$[1].ttl", "must be from 0 to 2,147,483,647, got -1"),
            ("$[1].preference", "must be an integer, got the string"),
            ("$[1].exchange", "must be a string, got null"),
            (
                "$[1].priority",
                "unknown field; one of: name, type, ttl, preference, exchange, id, tag",
            ),
        ],
    ),
)

# What is wrong with a field, and what is told of it.
FIELDS = (
    ("A", "address", "192.0.2", "must be an IPv4 address, got '192.0.2'"),
    ("A", "address", 3221225985, "must be a string, got"),
    ("A", "address", "::1", "must be an IPv4 address"),
    ("AAAA", "address", "192.0.2.1", "must be an IPv6 address"),
    ("AAAA", "address", "fe80::1%eth0", "must be an IPv6 address"),
    ("CNAME", "target", "", "'' is not a domain name: empty"),
    ("CNAME", "target", "a b", "unexpected ' '"),
    ("CNAME", "target", "a" * 64, "longer than 63 octets"),
    ("CNAME", "target", "\u0301a", "not a domain name: "),
    ("TXT", "strings", "text", "must be an array, got a"),
    ("TXT", "strings", [], "must have at least one string"),
    ("CAA", "tag", "a-b", "must be ASCII letters and digits, got 'a-b'"),
    ("CAA", "tag", "", "must be ASCII letters and digits, got ''"),
    ("CAA", "flags", 256, "must be from 0 to 255, got 256"),
    ("CAA", "value", 1, "must be a string, got"),
    ("NAPTR", "flags", "x" * 256, "must have at most 255 octets"),
    ("TLSA", "data", "caf", "must be octets in hexadecimal, got 'caf'"),
    ("TLSA", "data", "", "must be octets in hexadecimal, got ''"),
    ("MTA-STS", "id", "a-b", "must be a match of [0-9A-Za-z]{1,32}, got 'a-b'"),
    ("TLSRPT", "rua", "mailto:a b", "must be a match of (?:mailto|https):"),
    ("MX", "exchange", "@", "unexpected '@'"),
    ("TYPE65280", "data", "cafe", r"must be \#"),
    ("TYPE65280", "data", r"\# 3 cafe", "must have 3 octets, got 2"),
)


class RefusedTests(SynchronousTestCase):
    """Documents that are refused."""

    def problems(self, document) -> list[tuple[str, str]]:
        with self.assertRaises(DocumentError) as caught:
            parse_records(document)
        return [(p.path, p.message) for p in caught.exception.problems]

    def test_documents(self):
        """All that is wrong is told, with its place."""
        for shows, document, expected in REFUSED:
            with self.subTest(shows):
                found = self.problems(document)
                self.assertEqual([p for p, _ in found], [p for p, _ in expected], shows)
                for (_, message), (_, start) in zip(found, expected, strict=True):
                    self.assertIn(start, message)

    def test_fields(self):
        """A value that does not fit its field is told, and why."""
        for type_, field, value, expected in FIELDS:
            with self.subTest(f"{type_} {field} {value}"):
                document = {"name": "a", "type": type_, field: value}
                told = dict(self.problems(document))
                self.assertIn(expected, told.get(f"$.{field}", ""))

    def test_numbers(self):
        """A number has the bits that its field has."""
        for preference in (-1, 65536, 1.0, True):
            document = {"name": "a", "type": "MX", "exchange": "b"}
            document["preference"] = preference
            ((path, _),) = self.problems(document)
            self.assertEqual(path, "$.preference")

    def test_place_of_a_string(self):
        """The place of one string of several is told."""
        document = {"name": "a", "type": "TXT", "strings": ["a", 1]}
        expected = [("$.strings[1]", "must be a string, got 1")]
        self.assertEqual(self.problems(document), expected)

    def test_too_much_data(self):
        """Strings that are longer than data may be are refused together."""
        document = {"name": "a", "type": "TXT", "strings": ["x" * 65536]}
        expected = [("$", "strings must have at most 65,535 octets")]
        self.assertEqual(self.problems(document), expected)

    @given(
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
            lambda inner: (
                st.lists(inner, max_size=3)
                | st.dictionaries(
                    st.sampled_from(
                        ["name", "type", "ttl", "address", "strings", "data", "target"]
                    ),
                    inner
                    | st.sampled_from(["A", "TXT", "CNAME", "TYPE9", "a.test", 5]),
                    max_size=5,
                )
            ),
            max_leaves=20,
        )
    )
    def test_any_document(self, document):
        """Any document is records, or is refused."""
        try:
            parse_records(document)
        except DocumentError as error:
            self.assertTrue(error.problems)

    def test_limit(self):
        """A zone may have more values than another document."""
        body = b"[" + b"0," * 200_000 + b"0]"
        self.assertEqual(len(parse_json(body, MAX_ZONE_VALUES)), 200_001)


class NameTests(SynchronousTestCase):
    """Names with letters beyond ASCII."""

    def test_u_labels(self):
        """A U-label becomes its A-label, and nothing else of the name changes."""
        for text, expected in (
            ("bücher.test", "xn--bcher-kva.test"),
            ("Bücher.Test", "xn--bcher-kva.Test"),
            ("_dmarc.bücher.test", "_dmarc.xn--bcher-kva.test"),
            ("*.例え.test.", "*.xn--r8jz45g.test"),
            ("xn--bcher-kva.test", "xn--bcher-kva.test"),
        ):
            self.assertEqual(str(parse_name(text)), expected)

    def test_refused(self):
        """What IDNA has no A-label for is refused; so is what is far too long."""
        for text in ("a\u0301\u0301..b", "\u2028.test", "ü\\.test", "a" * 100_000):
            with self.assertRaises(Refused) as caught:
                parse_name(text)
            self.assertLess(len(str(caught.exception)), 200)


DOMAIN = Name.parse("Ex.test")


class ShorthandTests(SynchronousTestCase):
    """`Shorthand.record`."""

    def test_records(self):
        """Each is the TXT record that its RFC asks for, at the name that it has."""
        self.assertEqual(
            MTA_STS.record(DOMAIN, "20261123", 5),
            Record("_mta-sts.Ex.test", TXT("v=STSv1; id=20261123;"), 5),
        )
        self.assertEqual(
            TLSRPT.record(DOMAIN, "mailto:tls@ex.test", 5),
            Record("_smtp._tls.Ex.test", TXT("v=TLSRPTv1; rua=mailto:tls@ex.test"), 5),
        )

    def test_patterns(self):
        """What would end the value early, or is too long, is no match."""
        for one, good, bad in (
            (MTA_STS, "a" * 32, ["", "a" * 33, "a;b", "a b"]),
            (TLSRPT, "https://a/?b,mailto:c@d", ["", "c@d", "mailto:", "mailto:a;b"]),
        ):
            self.assertTrue(re.fullmatch(one.pattern, good))
            for text in bad:
                self.assertIsNone(re.fullmatch(one.pattern, text), text)

    def test_long_name(self):
        """A domain must leave room for the labels before it."""
        longest = Name.parse(".".join(["a" * 61, "b" * 61, "c" * 61, "d" * 63]))
        for one in SHORTHANDS.values():
            with self.assertRaises(ValueError) as caught:
                one.record(longest, "x", 5)
            self.assertIn("longer than 255 octets", str(caught.exception))


class ReferenceTests(SynchronousTestCase):
    """Every type has its row in docs/dns.md, with all its fields."""

    def test_types(self):
        """Fields are in the same order as in documents."""
        text = (Path(__file__).parents[2] / "docs/dns.md").read_text()
        rows = [line.split("|")[1:3] for line in text.splitlines() if line[:2] == "| "]
        fields = {
            title.strip(): re.findall("`([a-zA-Z]+)`", cells)
            for titles, cells in rows
            for title in titles.split(",")
        }
        common = {"name", "ttl", "type", "id", "tag"}
        for cls, document in RECORD.documents.items():
            if cls not in (HostTLSA, Raw):
                own = [json_name(attribute) for attribute in attrs.fields(cls)]
                self.assertEqual(fields[type_name(cls.TYPE)], own)
                self.assertLessEqual({*own, *common}, {*document.fields, "tag"})
                self.assertTrue(all(meaning for *_, meaning in document.rows()))
        for title, shorthand in SHORTHANDS.items():
            self.assertEqual(fields[title], [shorthand.field])
