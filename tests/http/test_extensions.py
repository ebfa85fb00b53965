"""``/smtpExtensions``"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.hosts.offer import Stage
from tests.http.rig import Rig


class ExtensionsTests(SynchronousTestCase):
    """Further lines of the answer to EHLO"""

    def test_there_are_none_at_start(self) -> None:
        """A fresh host has an empty list."""
        self.assertEqual(Rig().get("/smtpExtensions"), [])

    def test_put_replaces(self) -> None:
        """They are told and said as they were given, in order."""
        rig = Rig()
        self.assertEqual(rig.ask("PUT", "/smtpExtensions", ["x"]).status, 204)
        rig.ask("PUT", "/smtpExtensions", ["dsn", "MT-PRIORITY MIXER"])
        self.assertEqual(rig.get("/smtpExtensions"), ["dsn", "MT-PRIORITY MIXER"])
        lines = rig.host.offers[Stage.WITHOUT_TLS].extended_hello.text.split("\n")
        self.assertEqual(lines[-3:], ["dsn", "MT-PRIORITY MIXER", "HELP"])

    def test_delete_clears(self) -> None:
        """None is left, and none is said."""
        rig = Rig()
        rig.ask("PUT", "/smtpExtensions", ["dsn"])
        self.assertEqual(rig.ask("DELETE", "/smtpExtensions").status, 204)
        self.assertEqual(rig.get("/smtpExtensions"), [])
        self.assertNotIn("dsn", rig.host.offers[Stage.WITHOUT_TLS].extended_hello.text)

    def test_a_bad_document_changes_nothing(self) -> None:
        """Anything but an array of single lines is 400, with the place."""
        rig = Rig()
        rig.ask("PUT", "/smtpExtensions", ["dsn"])
        for document, path in (
            (b"[", "$"),
            ({}, "$"),
            ("dsn", "$"),
            (["a", 5], "$[1]"),
            ([""], "$[0]"),
            (["a", "b\r\nc"], "$[1]"),
            (["a\x00"], "$[0]"),
            ([None], "$[0]"),
        ):
            answer = rig.ask("PUT", "/smtpExtensions", document)
            self.assertEqual((answer.status, answer.paths), (400, [path]), document)
        self.assertEqual(rig.get("/smtpExtensions"), ["dsn"])
