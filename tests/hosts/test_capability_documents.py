"""The documents of what EHLO offers."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.documents.problems import DocumentError
from mocksmtp.hosts.capabilities import (
    CAPABILITIES,
    DEFAULT_KEYWORDS,
    Capabilities,
    parse_capabilities,
)


class CapabilitiesTests(SynchronousTestCase):
    """`CAPABILITIES`"""

    def test_an_array_is_for_both_states(self) -> None:
        """Before TLS and under it; none at all is a list too."""
        for lines in ([], ["PIPELINING", "X-OWN a b"]):
            capabilities = parse_capabilities(lines)
            self.assertEqual(capabilities, Capabilities(tuple(lines), tuple(lines)))
            self.assertEqual(CAPABILITIES.write(capabilities), lines)

    def test_an_object_tells_the_states_apart(self) -> None:
        """What it leaves out is as usual."""
        for document, expected in (
            ({}, Capabilities()),
            ({"beforeTls": ["A"]}, Capabilities(("A",), DEFAULT_KEYWORDS)),
            ({"underTls": []}, Capabilities(DEFAULT_KEYWORDS, ())),
        ):
            self.assertEqual(parse_capabilities(document), expected)

    def test_states_that_differ_are_told_as_an_object(self) -> None:
        """Others as the array that they were before there was TLS."""
        told = {"beforeTls": ["A"], "underTls": []}
        self.assertEqual(CAPABILITIES.write(Capabilities(("A",), ())), told)
        self.assertEqual(CAPABILITIES.write(Capabilities()), list(DEFAULT_KEYWORDS))

    def test_what_is_wrong_is_told_with_its_place(self) -> None:
        """In the one form and in the other."""
        line = "must be one line of text, and not empty"
        for document, message in (
            (5, "$: must be an array, got a number"),
            ("A,B", "$: must be an array, got a string"),
            (["A", "b\r\nc"], f"$[1]: {line}, got 'b\\r\\nc'"),
            (["x" * 501], f"$[0]: {line}, got '{'x' * 64}…'"),
            ([""], f"$[0]: {line}, got ''"),
            ([5], "$[0]: must be a string, got 5"),
            ({"underTls": ["A", ""]}, f"$.underTls[1]: {line}, got ''"),
            ({"below": []}, "$.below: unknown field; one of: beforeTls, underTls"),
        ):
            error = self.assertRaises(DocumentError, parse_capabilities, document)
            self.assertEqual(str(error), message)
