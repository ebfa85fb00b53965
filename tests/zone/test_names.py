"""How domain names are read, written and compared."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.zone.names import ROOT, Name, to_name

# (what it shows, the text, its wire form)
NAMES = (
    ("the root", ".", b"\0"),
    ("no dot at the end", "ex.test", b"\2ex\4test\0"),
    ("a dot at the end", "ex.test.", b"\2ex\4test\0"),
    ("case is kept", "Ex.TEST", b"\2Ex\4TEST\0"),
    ("the wildcard at the top", "*.", b"\1*\0"),
    ("underscores, as services have them", "_25._tcp.mx", b"\3_25\4_tcp\2mx\0"),
    ("RFC 2317: a slash", "0/25.2.0.192", b"\0040/25\0012\0010\003192\0"),
    ("RFC 1035 §5.1: a quoted dot", r"a\.b.test", b"\3a.b\4test\0"),
    ("RFC 1035 §5.1: a quoted backslash", r"a\\b", b"\3a\\b\0"),
    ("RFC 1035 §5.1: octets by number", r"a\032b\255", b"\4a b\xff\0"),
    ("63 octets in a label", "a" * 63, b"\x3f" + b"a" * 63 + b"\0"),
    (
        "255 octets in a name",
        ".".join(["a" * 63] * 3 + ["b" * 61]),
        (b"\x3f" + b"a" * 63) * 3 + b"\x3d" + b"b" * 61 + b"\0",
    ),
)

# (what it shows, the text, what the error tells)
NO_NAMES = (
    ("nothing", "", "empty"),
    ("an empty label", "a..b", "a label is empty"),
    ("a dot in front", ".a", "a label is empty"),
    ("two dots at the end", "a..", "a label is empty"),
    ("a space", "a b", "unexpected ' '"),
    ("an e-mail address, as for an SOA's rname", "root@ex.test", "unexpected '@'"),
    ("what is not ASCII", "bücher.test", "unexpected 'ü'"),
    ("a backslash at the end", "a\\", r"unexpected '\\'"),
    ("a number over 255", r"a\256", r"unexpected '\\'"),
    ("a line feed", "a\n", r"unexpected '\n'"),
    ("64 octets in a label", "a" * 64, "a label is longer than 63 octets"),
    ("256 octets in a name", ".".join(["a" * 63] * 4), "longer than 255 octets"),
)


class ParseTests(SynchronousTestCase):
    """`Name.parse`."""

    def test_names(self):
        """A name becomes its labels with their lengths."""
        for shows, text, wire in NAMES:
            with self.subTest(shows):
                self.assertEqual(Name.parse(text).wire, wire)

    def test_no_names(self):
        """What is no name is refused, and the error shows it and says why."""
        for shows, text, reason in NO_NAMES:
            with self.subTest(shows):
                with self.assertRaises(ValueError) as caught:
                    Name.parse(text)
                self.assertIn(reason, str(caught.exception))

    def test_long_text_is_cut_in_the_error(self):
        """An error does not repeat a whole document."""
        with self.assertRaises(ValueError) as caught:
            Name.parse("a" * 100_000)
        self.assertLess(len(str(caught.exception)), 200)

    @given(st.text())
    def test_any_text(self, text: str):
        """Any text is a name or a ValueError."""
        try:
            name = Name.parse(text)
        except ValueError:
            return
        self.assertLessEqual(len(name.wire), 255)


labels = st.lists(st.binary(min_size=1, max_size=20), max_size=10)


class NameTests(SynchronousTestCase):
    """`Name` as a value."""

    def test_comparison(self):
        """Names are equal without regard to case, in ASCII alone (RFC 4343)."""
        self.assertEqual(Name.parse("Ex.Test"), Name.parse("eX.tEST."))
        self.assertEqual(len({Name.parse("Ex.Test"), Name.parse("ex.test")}), 1)
        self.assertNotEqual(Name.parse(r"\200"), Name.parse(r"\232"))
        self.assertNotEqual(Name.parse(r"a\.b"), Name.parse("a.b"))

    def test_text(self):
        """A name is written as it was read, without the dot at its end."""
        for text in ("Ex.TEST", "*", r"a\.b.test", r"a\\b", r"\032\000\255", r"u\@v"):
            self.assertEqual(str(Name.parse(text)), text)
        self.assertEqual(str(Name.parse("ex.test.")), "ex.test")
        self.assertEqual(str(ROOT), ".")
        self.assertEqual(repr(Name.parse("ex.test")), "Name.parse('ex.test')")

    def test_labels(self):
        """A name has its labels, and the root has none."""
        self.assertEqual(Name.parse(r"a\.b.test").labels, (b"a.b", b"test"))
        self.assertEqual(ROOT.labels, ())

    @given(labels)
    def test_round_trip(self, parts: list[bytes]):
        """Whatever octets a name has, its text is read as the same name."""
        wire = b"".join(bytes([len(part)]) + part for part in parts) + b"\0"
        name = Name(wire)
        self.assertEqual(Name.parse(str(name)).wire, wire)

    def test_to_name(self):
        """A field takes a text in place of a name."""
        self.assertIs(to_name(ROOT), ROOT)
        self.assertEqual(to_name("ex.test"), Name.parse("ex.test"))
