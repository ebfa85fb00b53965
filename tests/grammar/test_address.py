"""How a reverse-path and a forward-path are read."""

from __future__ import annotations

import re
import string

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.grammar.address import NULL_ADDRESS, PATH, Address

# Each is read to its end, and means itself: (what it shows, the mailbox).
MAILBOXES = (
    ("RFC 5321 §4.1.2: Dot-string", "bob@ex.test"),
    ("RFC 5321 §4.1.2: every atext", "a!#$%&'*+/=?^_`{|}~-z@ex.test"),
    ("RFC 5321 §4.1.2: several atoms", "a.b.c@ex.test"),
    ("RFC 5321 §4.1.2: Quoted-string", '"bob"@ex.test'),
    ("RFC 5321 §4.1.2: empty Quoted-string", '""@ex.test'),
    ("RFC 5321 §4.1.2: quoted space and specials", '" a,:;<>[]@(b) "@ex.test'),
    ("RFC 5321 §4.1.2: quoted-pair of a quote", r'"a\"b"@ex.test'),
    ("RFC 5321 §4.1.2: quoted-pair of a backslash", r'"a\\"@ex.test'),
    ("RFC 5321 §4.1.2: quoted-pair of what needs none", r'"\b\ob\@x"@ex.test'),
    ("RFC 5321 §4.5.1: Postmaster without a domain", "Postmaster"),
    ("any local part without a domain", '"a@b"'),
    ("RFC 5321 §2.4: case is kept", "BoB@Ex.TEST"),
    ("RFC 5321 §4.1.3: IPv4 literal", "bob@[127.0.0.1]"),
    ("RFC 5321 §4.1.3: IPv6 literal", "bob@[IPv6:2001:db8::1]"),
    ("RFC 5321 §4.1.3: General-address-literal", "bob@[x-tag:some!thing]"),
    ("RFC 5321 §2.3.5: one label", "bob@localhost"),
    ("an underscore, as in test networks", "bob@_mx_1.test"),
    ("a final dot, as in DNS", "bob@ex.test."),
    ("RFC 1035 §2.3.4: a label of 63 octets", "bob@" + "x" * 63 + ".test"),
    ("RFC 5321 §4.1.2: hyphens within a label", "bob@a--b-c.test"),
    ("digits only", "bob@1.2.test"),
    ("RFC 6531 §3.3: UTF-8 local part", "böb@ex.test"),
    ("RFC 6531 §3.3: UTF-8 in quotes", '"bö b"@ex.test'),
    ("RFC 6531 §3.3: U-labels", "bob@例え.test"),
    ("RFC 6531 §3.3: four octets", "🐸@ex.test"),
    ("RFC 5321 §4.5.3.1: lengths are not for the syntax", "a" * 300 + "@ex.test"),
)

# There is no path at the start of any of these.
NO_PATHS = (
    ("nothing", b""),
    ("an open bracket only", b"<"),
    ("a close bracket only", b">"),
    ("no close bracket", b"<bob@ex.test"),
    ("no close bracket before parameters", b"<bob@ex.test SIZE=1"),
    ("two open brackets", b"<<bob@ex.test>>"),
    ("a space before the path", b" <bob@ex.test>"),
    ("a space in brackets", b"< >"),
    ("a space in front of the mailbox", b"< bob@ex.test>"),
    ("a space behind the mailbox", b"<bob@ex.test >"),
    ("an unquoted space", b"<bo b@ex.test>"),
    ("no local part", b"<@ex.test>"),
    ("no domain behind the @", b"<bob@>"),
    ("two @", b"<bob@ex@test>"),
    ("a dot at the start of the local part", b"<.bob@ex.test>"),
    ("a dot at its end", b"<bob.@ex.test>"),
    ("two dots in it", b"<b..b@ex.test>"),
    ("a comma in it", b"<b,b@ex.test>"),
    ("a dot at the start of the domain", b"<bob@.test>"),
    ("a hyphen at the start of the domain", b"<bob@-x.test>"),
    ("a hyphen at the end of a label", b"<bob@x-.test>"),
    ("a hyphen at the end of the domain", b"<bob@c-.test>"),
    ("a hyphen at its very end", b"<bob@test->"),
    ("two dots in the domain", b"<bob@x..test>"),
    ("two dots at its end", b"<bob@x.test..>"),
    ("a label of 64 octets", b"<bob@" + b"x" * 64 + b".test>"),
    ("a route with two dots", b"<@x..test:bob@ex.test>"),
    ("a space in the domain", b"<bob@ex .test>"),
    ("no closing quote", b'<"bob@ex.test>'),
    ("a quote that is escaped does not close", b'<"bob\\"@ex.test>'),
    ("a quote in an atom", b'<b"ob@ex.test>'),
    ("text behind the closing quote", b'<"bob"x@ex.test>'),
    ("a bare quote within quotes", b'<"a"b"@ex.test>'),
    ("a control character in quotes", b'<"a\x01b"@ex.test>'),
    ("an escaped control character", b'<"a\\\x01b"@ex.test>'),
    ("an escaped non-ASCII character", '<"a\\é"@ex.test>'.encode()),
    ("a NUL", b"<b\x00b@ex.test>"),
    ("a DEL in quotes", b'<"b\x7f"@ex.test>'),
    ("an empty literal", b"<bob@[]>"),
    ("a literal that is not closed", b"<bob@[127.0.0.1>"),
    ("a bracket within a literal", b"<bob@[[::1]]>"),
    ("text behind a literal", b"<bob@[127.0.0.1].test>"),
    ("a space in a literal", b"<bob@[127.0. 0.1]>"),
    ("a route without a mailbox", b"<@relay.test:>"),
    ("a route without a colon", b"<@relay.test bob@ex.test>"),
    ("a route without its @", b"<relay.test:bob@ex.test>"),
    ("a route with an empty stop", b"<@relay.test,:bob@ex.test>"),
    ("a route without brackets", b"@relay.test:bob@ex.test"),
)

_PATH = re.compile(PATH)


def read(octets: bytes) -> str | None:
    """The mailbox of a path that takes up all of `octets`; None if it is no path."""
    match = _PATH.fullmatch(octets)
    return None if match is None else (match[1] or match[2] or b"").decode()


class PathTests(SynchronousTestCase):
    """`PATH`"""

    def test_a_mailbox_means_itself(self) -> None:
        """What is between the angle brackets is the address, as it was sent."""
        for shows, mailbox in MAILBOXES:
            self.assertEqual(read(f"<{mailbox}>".encode()), mailbox, shows)

    def test_brackets_may_be_missing(self) -> None:
        """Old clients leave the angle brackets away; the same mailboxes are read."""
        for shows, mailbox in MAILBOXES:
            self.assertEqual(read(mailbox.encode()), mailbox, shows)

    def test_the_null_path_has_no_mailbox(self) -> None:
        """``<>`` is the null reverse-path (RFC 5321 §4.5.5)."""
        match = _PATH.fullmatch(b"<>")
        assert match is not None
        self.assertEqual(match.groups(), (None, None))

    def test_a_source_route_is_ignored(self) -> None:
        """Only the mailbox behind the route is kept (RFC 5321 §4.1.1.3, C)."""
        for route in (b"@relay.test:", b"@a.test,@b.test,@c.test:"):
            self.assertEqual(read(b"<" + route + b"bob@ex.test>"), "bob@ex.test")

    def test_what_is_no_path_is_refused(self) -> None:
        """No part of anything else is taken for a path."""
        for shows, octets in NO_PATHS:
            self.assertIsNone(_PATH.match(octets), shows)


# What the grammar allows, generated from it.
_ATEXT = st.sampled_from(
    string.ascii_letters + string.digits + "!#$%&'*+/=?^_`{|}~-"
) | st.characters(min_codepoint=0x80, exclude_categories=("Cs",))
_DOT_STRING = st.lists(
    st.text(_ATEXT, min_size=1, max_size=6), min_size=1, max_size=4
).map(".".join)
_VISIBLE = st.characters(min_codepoint=0x20, max_codepoint=0x7E)
_QCONTENT = (
    _VISIBLE.filter(lambda c: c not in '"\\')
    | _VISIBLE.map(lambda c: "\\" + c)
    | st.characters(min_codepoint=0x80, exclude_categories=("Cs",))
)
_QUOTED_STRING = st.lists(_QCONTENT, max_size=10).map(lambda c: f'"{"".join(c)}"')
_LABEL = st.from_regex(r"[a-zA-Z0-9äé例]([a-z0-9-]{0,8}[a-z0-9])?", fullmatch=True)
_DOMAIN = st.lists(_LABEL, min_size=1, max_size=4).map(".".join)
_LITERAL = st.ip_addresses(v=4).map(lambda ip: f"[{ip}]") | st.ip_addresses(v=6).map(
    lambda ip: f"[IPv6:{ip}]"
)
LOCAL_PARTS = _DOT_STRING | _QUOTED_STRING
DOMAINS = _DOMAIN | _LITERAL

# Units that, repeated, made other parsers slow: each an unfinished something.
_PREFIXES = (b"", b"<", b'"', b'<"', b"<a@", b"<a@[", b"<@", b"<@a:", b'<"\\')
_UNITS = (b"a", b".", b"a.", b"@", b"a@", b'"', b"\\", b'\\"', b"\\\\", b"@a,")
_UNITS += (b"@a:", b"<", b">", b"<>", b"[", b"]", b" ", b"-", b"\x80", b"\xc3\xa9")


def pathological(octets: int) -> list[bytes]:
    """Inputs of that many octets that look like a path for as long as they can."""
    return [
        (prefix + unit * octets)[:octets] for prefix in _PREFIXES for unit in _UNITS
    ]


class AnyOctetsTests(SynchronousTestCase):
    """`PATH` on what is generated, and on what nobody would send"""

    @settings(deadline=None)
    @given(LOCAL_PARTS, DOMAINS)
    def test_a_valid_mailbox_means_itself(self, local: str, domain: str) -> None:
        """Whatever the grammar allows is read whole, and splits into its parts."""
        mailbox = f"{local}@{domain}"
        self.assertEqual(read(f"<{mailbox}>".encode()), mailbox)
        self.assertEqual(read(mailbox.encode()), mailbox)
        address = Address(mailbox)
        self.assertEqual((address.local_part, address.domain), (local, domain))

    @settings(deadline=None)
    @given(LOCAL_PARTS)
    def test_a_local_part_alone_means_itself(self, local: str) -> None:
        """A mailbox without a domain has none, whatever its quotes contain."""
        self.assertEqual(read(f"<{local}>".encode()), local)
        address = Address(local)
        self.assertEqual((address.local_part, address.domain), (local, ""))

    @settings(deadline=None)
    @given(st.text('<>@,:"\\[]. ab\x00é', max_size=40).map(str.encode))
    def test_a_mailbox_is_part_of_what_was_sent(self, octets: bytes) -> None:
        """Whatever is sent, a path has at the most one mailbox, found in it."""
        match = _PATH.match(octets)
        if match is not None:
            self.assertIn(None, match.groups())
            mailbox = match[1] or match[2] or b""
            brackets = match[0] in (mailbox, b"<" + mailbox + b">")
            self.assertTrue(brackets or match[0].endswith(b":" + mailbox + b">"))

    def test_time_is_linear(self) -> None:
        """Long inputs that nearly are a path are done with, one look an octet."""
        for octets in (2_000, 32_000):
            for text in pathological(octets):
                match = _PATH.match(text)
                self.assertTrue(match is None or match.end() <= octets)


class AddressTests(SynchronousTestCase):
    """`Address`"""

    def test_it_splits_at_the_last_at(self) -> None:
        """A quoted local part may hold an ``@`` of its own (RFC 5321 §4.1.2)."""
        for text, local, domain in (
            ("bob@ex.test", "bob", "ex.test"),
            ('"a@b"@ex.test', '"a@b"', "ex.test"),
            (r'"a\"@b"@ex.test', r'"a\"@b"', "ex.test"),
            ("bob@[IPv6:::1]", "bob", "[IPv6:::1]"),
            ("postmaster", "postmaster", ""),
            ('"a@b"', '"a@b"', ""),
            ("", "", ""),
        ):
            address = Address(text)
            self.assertEqual((address.local_part, address.domain), (local, domain))

    def test_only_the_domain_is_without_case(self) -> None:
        """The case of a local part is its host's business (RFC 5321 §2.4)."""
        for text, normalized in (
            ("BoB@Ex.TEST", "BoB@ex.test"),
            ('"A@B"@Ex.TEST', '"A@B"@ex.test'),
            ("Bob@[IPv6:2001:DB8::A]", "Bob@[ipv6:2001:db8::a]"),
            ("BÖB@ÖX.test", "BÖB@öx.test"),
            ("Postmaster", "Postmaster"),
            ('"A@B"', '"A@B"'),
            ("", ""),
        ):
            self.assertEqual(Address(text).normalized, normalized)

    @settings(deadline=None)
    @given(LOCAL_PARTS, DOMAINS)
    def test_normalizing_again_changes_nothing(self, local: str, domain: str) -> None:
        """A normalized address is its own normal form."""
        once = Address(f"{local}@{domain}").normalized
        self.assertEqual(Address(once).normalized, once)

    def test_equal_texts_are_equal_addresses(self) -> None:
        """An address is a value: it can be compared, and be a dictionary's key."""
        self.assertEqual(Address("a@b"), Address("a@b"))
        self.assertNotEqual(Address("a@b"), Address("a@B"))
        self.assertEqual(len({Address("a@b"), Address("a@b"), NULL_ADDRESS}), 2)
