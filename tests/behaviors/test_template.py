"""Messages that are filled in"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.target import parse_target
from mocksmtp.behaviors.template import MAX_VALUE, parse_template
from tests.behaviors.attempts import FakeAttempt


class TemplateTests(SynchronousTestCase):
    """`parse_template`"""

    def fill(self, text: str, **values: object) -> str:
        return parse_template(text).fill(FakeAttempt(**values))

    def test_targets_are_filled_in(self) -> None:
        """All of them; what is not there is empty, several are a list."""
        text = "{{ helo }}: {{recipients}}{{authUser}}!"
        self.assertEqual(self.fill(text, helo="x", recipients=["a", "b"]), "x: a, b!")
        targets = list(parse_template(text).targets)
        self.assertEqual(targets[0], parse_target("helo"))
        self.assertEqual(len(targets), 3)

    def test_what_is_no_place_stands_as_it_is(self) -> None:
        """Single braces, and braces over two lines."""
        for text in "", "{helo}", "{{a\nb}}", "{{", "}} {{":
            self.assertEqual(self.fill(text, helo="x"), text)

    def test_values_can_not_begin_lines(self) -> None:
        """Controls become spaces, broken UTF-8 is marked, and text stays text."""
        self.assertEqual(self.fill("{{helo}}", helo="a\r\n250 b\0"), "a  250 b ")
        self.assertEqual(self.fill("{{helo}}", helo=b"\xff\xc3\xa9"), "\ufffdé")
        self.assertEqual(self.fill("{{helo}}", helo="{{size}}", size=5), "{{size}}")

    def test_values_are_cut(self) -> None:
        """After 512 octets of one target."""
        many = ["y" * 500] * 100
        for values in ({"helo": "x" * 10**6}, {"helo": many}):
            self.assertEqual(len(self.fill("{{helo}}", **values)), MAX_VALUE)

    def test_what_is_no_target(self) -> None:
        """It is an error of the template."""
        self.assertRaises(ValueError, parse_template, "{{subject}}")
