"""Options are declared once, as fields of `Config`"""

from __future__ import annotations

import attrs
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.config import OPTIONS, Config
from mocksmtp.config.options import declared_in, option
from mocksmtp.hosts.limits import Limits
from mocksmtp.tap import Options


@attrs.frozen
class Sample:
    """Two fields; one is an option."""

    max_size: int = option(int, "N", "the size", default=3)
    other: int = 5


class OptionTests(SynchronousTestCase):
    """`option`"""

    def test_a_field_is_an_option(self) -> None:
        """Its name, variable, key and help follow from its declaration."""
        (size,) = declared_in(Sample)
        self.assertEqual(Sample().max_size, 3)
        self.assertEqual(size.name, "max-size")
        self.assertEqual(size.variable, "MOCKSMTP_MAX_SIZE")
        self.assertEqual(size.key, "maxSize")
        self.assertEqual(size.help, "the size")

    def test_a_secret_is_not_shown(self) -> None:
        """The token is not part of the text of a configuration."""
        self.assertNotIn("s3cret", repr(Config(token="s3cret")))

    def test_all_are_in_the_help(self) -> None:
        """`mocksmtp serve --help` lists every option."""
        text = Options().getUsage()
        for each in OPTIONS:
            self.assertIn(f"--{each.name}", text)

    def test_limits_exist(self) -> None:
        """An option that sets a limit names one that hosts have."""
        names = {each.limit for each in OPTIONS} - {None}
        self.assertEqual(names, {"message_size", "connections"})
        self.assertTrue(names <= set(attrs.fields_dict(Limits)))
