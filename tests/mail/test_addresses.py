"""Address lists"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.mail import addresses
from mocksmtp.mail.addresses import addresses_of
from mocksmtp.mail.fields import HeaderField


def read(body: str) -> list[tuple[str, str]]:
    """The names and addresses of a To field."""
    found = addresses_of(HeaderField("To", body.encode()))
    return [(address.name, address.address) for address in found]


class AddressesTests(SynchronousTestCase):
    """RFC 5322 §3.4, as mail programs write it"""

    def test_one_address(self) -> None:
        """With a name, quoted or not, encoded or not, or with a comment."""
        for body, name, address in (
            ("bob@x.test", "", "bob@x.test"),
            ("<bob@x.test>", "", "bob@x.test"),
            ("Bob <bob@x.test>", "Bob", "bob@x.test"),
            ("Bob B. Bee <bob@x.test>", "Bob B. Bee", "bob@x.test"),
            ('"Bee, Bob" <bob@x.test>', "Bee, Bob", "bob@x.test"),
            ('"a \\"b\\" c" <bob@x.test>', 'a "b" c', "bob@x.test"),
            ("=?utf-8?q?B=C3=B6b?= <bob@x.test>", "Böb", "bob@x.test"),
            ('"=?utf-8?q?B=C3=B6b?=" <bob@x.test>', "Böb", "bob@x.test"),
            ("=?utf-8?q?a?= =?utf-8?q?b?= <b@x>", "ab", "b@x"),
            ("=?utf-8?q?Bee, Bob?= <b@x>", "Bee, Bob", "b@x"),
            ("Böb <böb@exämple.test>", "Böb", "böb@exämple.test"),
            ("bob@x.test (Bob)", "Bob", "bob@x.test"),
            ("bob@x.test (Bob (the bee) \\))", "Bob (the bee) )", "bob@x.test"),
            ("Bob (a comment) <bob@x.test>", "Bob", "bob@x.test"),
            ('"a b"@x.test', "", '"a b"@x.test'),
            ('"a@b"@x.test', "", '"a@b"@x.test'),
            ('Bob <"a b>c"@x.test>', "Bob", '"a b>c"@x.test'),
            ("bob @ x.test", "", "bob@x.test"),
            ("bob@[192.0.2.1]", "", "bob@[192.0.2.1]"),
            ("<@a.test,@b.test:bob@x.test>", "", "bob@x.test"),
            ("Bob bob@x.test", "Bob", "bob@x.test"),
            ("root", "", "root"),
            ("No Address", "No Address", ""),
            ("Bob <>", "Bob", ""),
            ("Bob <bob@x.test", "Bob", "bob@x.test"),
            ('"Bob <bob@x.test>', "", '"Bob <bob@x.test>'),
        ):
            self.assertEqual(read(body), [(name, address)], body)

    def test_lists(self) -> None:
        """Separated by commas, or by semicolons; empty ones are passed over."""
        for body in (
            "a@x, B <b@x>, c@x (C)",
            "a@x; B <b@x>; c@x (C);",
            ",a@x,, B <b@x> , c@x(C)",
            "Team: a@x, B <b@x>, c@x (C);",
            "T: a@x; U: B <b@x>, c@x (C);",
        ):
            expected = [("", "a@x"), ("B", "b@x"), ("C", "c@x")]
            self.assertEqual(read(body), expected, body)

    def test_none(self) -> None:
        """An empty group has no addresses."""
        for body in "", " ", ",;", "undisclosed-recipients:;", "Team: ;", "<>", "()":
            self.assertEqual(read(body), [], body)

    def test_lists_are_bounded(self) -> None:
        """Those past the limit are not read."""
        self.patch(addresses, "ADDRESSES_LIMIT", 3)
        self.assertEqual(len(read("a@x," * 10)), 3)

    def test_long_fields(self) -> None:
        """None of them takes more than linear time, or the test would not end."""
        units = (
            "a",
            "@",
            "a@",
            "(",
            ")",
            '"',
            '\\"',
            "<",
            "<<",
            '<"',
            "[",
            "[a]",
            "<a",
        )
        for unit in (*units, ":", "a b:", "a@b :", "=?a?q?", "=?", " ", "a ", '"a"'):
            read(unit * (2**18 // len(unit)))

    @settings(deadline=None)
    @given(st.text(st.sampled_from('a@b.,;:<>()[]"\\ =?utf-8qé')))
    def test_any_field_is_read(self, body: str) -> None:
        """No exception, and nothing that is empty."""
        for name, address in read(body):
            self.assertTrue(name or address)
            (name + address).encode()

    @given(
        st.from_regex(
            r"[\w. +-]{0,9}<[\w.+-]+@[\w.-]+>|[\w.+-]+@[\w.-]+", fullmatch=True
        )
    )
    def test_the_short_way_is_no_other(self, body: str) -> None:
        """One alone is read at once; a comma behind it makes no difference."""
        self.assertEqual(read(body), read(body + ","))
