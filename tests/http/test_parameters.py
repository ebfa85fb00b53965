"""Query parameters as typed values"""

from __future__ import annotations

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.documents.problems import DocumentError
from mocksmtp.http.mails import ListParameters
from mocksmtp.http.parameters import (
    NoParameters,
    any_text,
    duration_up_to,
    flag,
    parameter,
    read_parameters,
    sender,
    whole_number,
)


@attrs.frozen
class Example:
    text: str | None = parameter("text", any_text)
    count: int = parameter("count", whole_number, default=1)


def paths(kind: type, uri: bytes) -> list[str]:
    """Where the query of `uri` is wrong."""
    try:
        read_parameters(kind, uri)
    except DocumentError as error:
        return [problem.path for problem in error.problems]
    return []


class ReadTests(SynchronousTestCase):
    """From a URI to a value"""

    def test_defaults(self) -> None:
        """What is not given has its default."""
        for uri in b"/x", b"/x?", b"/x?&&":
            self.assertEqual(read_parameters(Example, uri), Example())

    def test_values(self) -> None:
        """Escapes, ``+`` and UTF-8 are undone; a value may be empty or have a ``=``."""
        for query, text in (
            (b"text=a%20b+c%2Bd", "a b c+d"),
            (b"text=%C3%A9", "é"),
            (b"text=a=b?c", "a=b?c"),
            (b"text=", ""),
            (b"text", ""),
            (b"te%78t=x", "x"),
        ):
            self.assertEqual(read_parameters(Example, b"/x?" + query).text, text)

    def test_what_is_wrong_is_told_at_once(self) -> None:
        """Unknown ones, those that come twice, and those that can't be read."""
        self.assertEqual(
            paths(Example, b"/x?text=a&other=1&text=b&count=x"),
            ["?other", "?text", "?count"],
        )
        self.assertEqual(paths(NoParameters, b"/x?a=1"), ["?a"])

    def test_a_query_must_be_utf8(self) -> None:
        """Else there is no telling what it means."""
        for query in b"text=%ff", b"text=\xa0", b"%ff=1":
            self.assertEqual(paths(Example, b"/x?" + query), ["?"])

    @settings(deadline=None)
    @given(st.binary())
    def test_any_query_is_read_or_refused(self, query: bytes) -> None:
        """No octets bring another error."""
        paths(ListParameters, b"/smtpMails?" + query)


class ReaderTests(SynchronousTestCase):
    """The readers of single parameters"""

    def test_durations(self) -> None:
        """Seconds, from milliseconds or with a unit, up to the limit."""
        read = duration_up_to(600)
        for text, seconds in (
            ("250ms", 0.25),
            ("2s", 2.0),
            ("5m", 300.0),
            ("1500ms", 1.5),
            ("0", 0.0),
            ("10m", 600.0),
        ):
            self.assertEqual(read(text), seconds, text)
        for text in "", "s", "-1s", "1 s", "1e3", "601s", "1h", "nan", "inf", "10":
            self.assertRaises(ValueError, read, text)

    def test_flags(self) -> None:
        """``true`` and ``false``, or ``1`` and ``0``, and nothing else."""
        self.assertEqual((flag("true"), flag("false")), (True, False))
        self.assertEqual((flag("1"), flag("0")), (True, False))
        for text in "", "2", "True", "yes":
            self.assertRaises(ValueError, flag, text)

    def test_the_null_sender(self) -> None:
        """It is written ``<>``; an empty value means nothing."""
        self.assertEqual(sender("<>"), "")
        self.assertRaises(ValueError, sender, "")

    def test_what_is_refused_is_quoted_in_part(self) -> None:
        """A message does not give back all of a long value."""
        with self.assertRaises(ValueError) as raised:
            whole_number("9" * 10_000)
        self.assertLess(len(str(raised.exception)), 200)
