"""The documents of what EHLO offers."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.documents.problems import DocumentError
from mocksmtp.hosts.capabilities import USUAL, Capabilities
from mocksmtp.hosts.capability_documents import (
    capabilities_document,
    parse_capabilities,
)


class CapabilitiesTests(SynchronousTestCase):
    """`parse_capabilities` and `capabilities_document`"""

    def test_an_array_is_for_both_states(self) -> None:
        """Before TLS and under it; none at all is a list too."""
        for lines in ([], ["PIPELINING", "X-OWN a b"]):
            capabilities = parse_capabilities(lines)
            self.assertEqual(capabilities, Capabilities(tuple(lines), tuple(lines)))
            self.assertEqual(capabilities_document(capabilities), lines)

    def test_an_object_tells_the_states_apart(self) -> None:
        """What it leaves out is as usual."""
        for document, expected in (
            ({}, Capabilities()),
            ({"beforeTls": ["A"]}, Capabilities(("A",), USUAL)),
            ({"underTls": []}, Capabilities(USUAL, ())),
        ):
            self.assertEqual(parse_capabilities(document), expected)

    def test_states_that_differ_are_told_as_an_object(self) -> None:
        """Others as the array that they were before there was TLS."""
        told = {"beforeTls": ["A"], "underTls": []}
        self.assertEqual(capabilities_document(Capabilities(("A",), ())), told)
        self.assertEqual(capabilities_document(Capabilities()), list(USUAL))

    def test_what_is_wrong_is_told_with_its_place(self) -> None:
        """In the one form and in the other."""
        line = "must be one line of text, and not empty"
        for document, message in (
            (5, "$: expected an array, not a number"),
            ("A,B", "$: expected an array, not a string"),
            (["A", "b\r\nc"], f"$[1]: {line}"),
            (["x" * 501], f"$[0]: {line}"),
            ([""], f"$[0]: {line}"),
            ([5], "$[0]: expected a string, not a number"),
            ({"underTls": ["A", ""]}, f"$.underTls[1]: {line}"),
            ({"underTls": None}, "$.underTls: expected an array, not null"),
            ({"below": []}, "$.below: unknown field; one of: beforeTls, underTls"),
        ):
            error = self.assertRaises(DocumentError, parse_capabilities, document)
            self.assertEqual(str(error), message)
