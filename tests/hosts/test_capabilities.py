"""The lines of EHLO and their keywords."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.hosts.capabilities import (
    DEFAULT_KEYWORDS,
    Capabilities,
    keyword_of,
    keywords_of,
)


class CapabilitiesTests(SynchronousTestCase):
    """`Capabilities` and `keyword_of`"""

    def test_a_keyword_has_no_parameters_and_no_case(self) -> None:
        """RFC 5321 §2.2.1; a blank line has none."""
        for line, keyword in (
            ("SIZE 1000", "SIZE"),
            ("auth PLAIN LOGIN", "AUTH"),
            ("8bitmime", "8BITMIME"),
            ("", ""),
            ("  ", ""),
        ):
            self.assertEqual(keyword_of(line), keyword)
        self.assertEqual(keywords_of(["a b", "A", "c"]), {"A", "C"})

    def test_what_costs_clients_something_is_not_usual(self) -> None:
        """SIZE changes what clients send; STARTTLS and AUTH need work."""
        for keyword in ("SIZE", "STARTTLS", "AUTH"):
            self.assertNotIn(keyword, DEFAULT_KEYWORDS)
        self.assertIn("CHUNKING", DEFAULT_KEYWORDS)

    def test_they_are_usual_in_both_states(self) -> None:
        """Unless they are told apart."""
        self.assertEqual(
            Capabilities(), Capabilities(DEFAULT_KEYWORDS, DEFAULT_KEYWORDS)
        )
