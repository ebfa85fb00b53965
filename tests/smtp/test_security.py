"""How a connection does TLS, by its host and its listener."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.hosts.host import MailHost
from mocksmtp.smtp.security import security_of
from mocksmtp.tls.authority import Authority
from mocksmtp.tls.contexts import ServerContexts
from mocksmtp.tls.settings import TlsMode, TlsSettings

CONTEXTS = ServerContexts(Authority())


class SecurityTests(SynchronousTestCase):
    """`security_of`"""

    def test_the_listener_has_the_last_word(self) -> None:
        """It can do otherwise than its host, where that has TLS at all."""
        for tls, mode, expected in (
            (None, None, None),
            (None, TlsMode.IMPLICIT, None),
            (TlsSettings(), None, TlsMode.STARTTLS),
            (TlsSettings(TlsMode.IMPLICIT), None, TlsMode.IMPLICIT),
            (TlsSettings(TlsMode.IMPLICIT), TlsMode.STARTTLS, TlsMode.STARTTLS),
            (TlsSettings(), TlsMode.NONE, None),
        ):
            host = MailHost("default", "mx.test", tls=tls)
            security = security_of(host, CONTEXTS, mode)
            self.assertEqual(security and security.mode, expected)

    def test_the_context_is_made_when_it_is_needed(self) -> None:
        """And is the same for the next connection."""
        host = MailHost("default", "mx.test", tls=TlsSettings())
        first, second = (security_of(host, CONTEXTS) for _ in range(2))
        assert first is not None
        assert second is not None
        self.assertIs(first.context(), second.context())
