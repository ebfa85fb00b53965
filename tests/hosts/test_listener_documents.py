"""The documents of listeners."""

from __future__ import annotations

from typing import Any

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.hosts.listeners import (
    LISTENER,
    LISTENERS,
    Listen,
    MailProtocol,
    has_tls,
)
from mocksmtp.tls.settings import TlsMode
from tests.documents.refusals import refusal


class ListenersTests(SynchronousTestCase):
    """`LISTENERS`"""

    def test_what_is_read_is_told(self) -> None:
        """Only what is not as usual, besides where it is."""
        place = {"address": "::1", "port": 24}
        documents: list[tuple[dict[str, Any], Listen]] = [
            ({}, Listen("::1", 24)),
            ({"protocol": "lmtp"}, Listen("::1", 24, MailProtocol.LMTP)),
            ({"tls": "implicit"}, Listen("::1", 24, tls=TlsMode.IMPLICIT)),
            ({"tls": "none"}, Listen("::1", 24, tls=TlsMode.NONE)),
        ]
        for fields, listener in documents:
            document = {**place, **fields}
            self.assertEqual(LISTENERS.read([document]), (listener,))
            self.assertEqual(LISTENER.write(listener), document)

    def test_the_usual_can_be_said(self) -> None:
        """SMTP, with TLS as the host has it."""
        usual = [{"protocol": "smtp", "tls": None}]
        self.assertEqual(LISTENERS.read(usual), (Listen(),))

    def test_tls_of_its_own(self) -> None:
        """As the host, or none, is no such."""
        modes = [None, TlsMode.NONE, TlsMode.STARTTLS, TlsMode.IMPLICIT]
        found = [has_tls(Listen(tls=mode)) for mode in modes]
        self.assertEqual(found, [False, False, True, True])

    def test_what_is_wrong_is_told_with_its_place(self) -> None:
        """A place can speak one protocol only."""
        place = {"port": 25}
        for document, message in (
            ({}, "$: must be an array, got an object"),
            (
                [place, {**place, "protocol": "lmtp"}],
                "$: contains the same address and port",
            ),
            ([{}] * 101, "$: must have at most 100 listeners, got 101"),
            (
                [{"protocol": "LMTP"}],
                "$[0].protocol: unknown protocol 'LMTP'; one of: smtp, lmtp",
            ),
            ([{"protocol": 5}], "$[0].protocol: must be a string, got 5"),
            (
                [{"tls": "ssl"}],
                "$[0].tls: unknown mode 'ssl'; one of: starttls, implicit, none",
            ),
        ):
            said = refusal(LISTENERS, document)
            self.assertTrue(said.startswith(message), said)
