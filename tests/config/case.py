"""What tests of the configuration have in common."""

from __future__ import annotations

from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.config import Config, ConfigError, load_config


def toml(text: str) -> str:
    """`text` as a string of TOML."""
    return '"' + "".join(f"\\U{ord(character):08x}" for character in text) + '"'


class ConfigTestCase(SynchronousTestCase):
    """Has files of its own."""

    def write(self, text: str | bytes) -> str:
        """A file with this content; answers its path."""
        path = Path(self.mktemp())
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        return str(path)

    def load_file(self, text: str | bytes) -> Config:
        """The configuration that a file alone makes."""
        return load_config({"config": [self.write(text)]}, {})

    def refusal(
        self,
        options: dict[str, list[str]],
        environment: dict[str, str] | None = None,
    ) -> str:
        """What is said of a configuration that is refused: one line of text."""
        error = self.assertRaises(ConfigError, load_config, options, environment or {})
        message = str(error)
        self.assertTrue(message.isprintable(), repr(message))
        return message

    def file_refusal(self, text: str | bytes) -> str:
        """What is said of a file that is refused, without the file's path."""
        path = self.write(text)
        place, _, message = self.refusal({"config": [path]}).partition(": ")
        self.assertEqual(place, path)
        return message
