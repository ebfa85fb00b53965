"""A mail host: what it says of itself, and what a reset leaves of it."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Response
from mocksmtp.behaviors.smtp import SmtpBehavior
from mocksmtp.grammar.address import Address
from mocksmtp.hosts.capabilities import DEFAULT_KEYWORDS, Capabilities
from mocksmtp.hosts.host import Description, HostStart, MailHost
from mocksmtp.hosts.limits import Limits
from mocksmtp.hosts.offer import Stage
from mocksmtp.mail.mail import Envelope, Origin, Recipient
from mocksmtp.mail.mailbox import Mailbox
from mocksmtp.sasl.settings import AuthSettings
from mocksmtp.tls.settings import TlsSettings

REFUSE = SmtpBehavior(Command.RCPT_TO, response=Response(550))
DEFER = SmtpBehavior(Command.MAIL_FROM, response=Response(451))
START = HostStart((REFUSE,), ("X-START",))

ENVELOPE = Envelope(Address("a@x.test"), (), (Recipient(Address("b@x.test")),))
ORIGIN = Origin("1", "127.0.0.1", "c")


def receive(host: MailHost) -> None:
    """Let `host` keep a mail."""
    assert host.mailbox.keep(ENVELOPE, b"content", 0.0, ORIGIN) is not None


def lines(host: MailHost, stage: Stage = Stage.WITHOUT_TLS) -> list[str]:
    """The lines of its answer to EHLO."""
    return host.offers[stage].extended_hello.text.split("\n")


def offering(*told: str) -> Capabilities:
    """These lines, before TLS and under it."""
    return Capabilities(told, told)


def behaviors(host: MailHost) -> list[SmtpBehavior]:
    return [rule.behavior for rule in host.behaviors]


class RepliesTests(SynchronousTestCase):
    """What a host says by itself"""

    def test_it_says_its_hostname(self) -> None:
        """Banner, HELO and EHLO have the hostname; the name is for the API."""
        host = MailHost("mx2", "mx.test")
        self.assertEqual(host.name, "mx2")
        self.assertEqual(host.greeting.text, "mx.test ESMTP mocksmtp")
        self.assertEqual(host.hello.text, "mx.test")
        self.assertEqual(lines(host)[0], "mx.test")

    def test_it_offers_the_usual_capabilities(self) -> None:
        """Unless it is told otherwise, in this order, and HELP last."""
        host = MailHost("default", "mx.test")
        self.assertEqual(lines(host), ["mx.test", *DEFAULT_KEYWORDS, "HELP"])

    def test_other_capabilities_replace_the_usual_ones(self) -> None:
        """None at all is a list too."""
        for told in ((), ("8BITMIME",), ("X-A b c", "PIPELINING")):
            host = MailHost("default", "mx.test", capabilities=offering(*told))
            self.assertEqual(lines(host), ["mx.test", *told, "HELP"])

    def test_size_is_told_only_when_set(self) -> None:
        """A client that sees SIZE adds ``SIZE=`` to its MAIL (RFC 1870 §6)."""
        for advertise, told in ((False, ["A"]), (True, ["A", "SIZE 1000"])):
            limits = Limits(message_size=1000, advertise_size=advertise)
            host = MailHost("a", "mx.test", limits=limits, capabilities=offering("A"))
            self.assertEqual(lines(host), ["mx.test", *told, "HELP"])

    def test_users_are_offered_a_way_in(self) -> None:
        """Where TLS is required, only under it."""
        for require_tls, before in ((False, True), (True, False)):
            auth = AuthSettings(require_tls=require_tls)
            host = MailHost("a", "mx.test", tls=TlsSettings(), auth=auth)
            for stage, expected in (
                (Stage.BEFORE_TLS, before),
                (Stage.UNDER_TLS, True),
            ):
                offered = "AUTH" in host.offers[stage].keywords
                self.assertEqual(offered, expected, stage)

    def test_extensions_come_last_but_for_help(self) -> None:
        """What a test sets is told behind what the host has, from then on."""
        limits = Limits(message_size=1000, advertise_size=True)
        host = MailHost("a", "mx.test", limits=limits, capabilities=offering("A"))
        host.extensions = ("X-1", "X-2 y")
        self.assertEqual(host.extensions, ("X-1", "X-2 y"))
        expected = ["mx.test", "A", "SIZE 1000", "X-1", "X-2 y", "HELP"]
        self.assertEqual(lines(host), expected)

    def test_extensions_are_replaced(self) -> None:
        """Setting others forgets those before."""
        host = MailHost("default", "mx.test", capabilities=offering())
        host.extensions = ("X-1",)
        host.extensions = ("X-2",)
        self.assertEqual(lines(host), ["mx.test", "X-2", "HELP"])
        host.extensions = ()
        self.assertEqual(lines(host), ["mx.test", "HELP"])


class DescribeTests(SynchronousTestCase):
    """`MailHost.describe`"""

    def test_it_takes_effect_at_once(self) -> None:
        """What the host says of itself, and its limits; what a test set stays."""
        host = MailHost("mx2", "old.test")
        host.extensions = ("X-1",)
        receive(host)
        limits = Limits(message_size=5, advertise_size=True)
        tls, auth = TlsSettings(), AuthSettings()
        host.describe(Description("mx2", "new.test", offering("A"), limits, tls, auth))
        self.assertEqual(host.greeting.text, "new.test ESMTP mocksmtp")
        self.assertEqual(host.hello.text, "new.test")
        secured = lines(host, Stage.UNDER_TLS)
        self.assertEqual(secured[:3], ["new.test", "A", "SIZE 5"])
        self.assertEqual(secured[4:], ["X-1", "HELP"])
        self.assertEqual(secured[3].split()[:2], ["AUTH", "PLAIN"])
        self.assertEqual((host.tls, host.auth), (tls, auth))
        self.assertIs(host.limits, limits)
        self.assertEqual(len(host.mailbox), 1)


class StartTests(SynchronousTestCase):
    """What a host has at its start"""

    def test_by_default_it_has_nothing(self) -> None:
        """No behavior, no extension, no mail: every mail is accepted."""
        host = MailHost("default", "mx.test")
        self.assertEqual((behaviors(host), host.extensions), ([], ()))
        self.assertEqual(len(host.mailbox), 0)

    def test_it_has_what_it_is_given(self) -> None:
        """Behaviors and extensions of its start are in force at once."""
        host = MailHost("default", "mx.test", start=START)
        self.assertEqual(behaviors(host), [REFUSE])
        self.assertIn("X-START", lines(host))

    def test_it_uses_the_mailbox_and_limits_that_it_is_given(self) -> None:
        """An empty mailbox is one too, though it is false."""
        mailbox, limits = Mailbox(max_mails=1), Limits(connections=1)
        host = MailHost("default", "mx.test", mailbox, limits=limits)
        self.assertIs(host.mailbox, mailbox)
        self.assertIs(host.limits, limits)

    def test_hosts_share_nothing(self) -> None:
        """What one is given or receives, another one does not have."""
        one, other = MailHost("one", "a.test"), MailHost("other", "b.test")
        one.behaviors.extend([REFUSE])
        one.extensions = ("X-1",)
        receive(one)
        self.assertEqual((behaviors(other), other.extensions), ([], ()))
        self.assertEqual(len(other.mailbox), 0)


class ResetTests(SynchronousTestCase):
    """`MailHost.reset`"""

    def setUp(self) -> None:
        self.host = MailHost("default", "mx.test", start=START)
        self.host.behaviors.extend([DEFER])
        self.host.extensions = ("X-TEST",)
        receive(self.host)

    def test_it_forgets_all(self) -> None:
        """Behaviors, extensions and mails go, those of the start too."""
        self.host.reset()
        self.assertEqual((behaviors(self.host), self.host.extensions), ([], ()))
        self.assertEqual(len(self.host.mailbox), 0)
        self.assertNotIn("X-", "".join(lines(self.host)))

    def test_it_can_go_back_to_the_start(self) -> None:
        """Then the start's behaviors and extensions are there, and no mail."""
        for _ in range(2):
            self.host.reset(to_start=True)
            self.assertEqual(behaviors(self.host), [REFUSE])
            self.assertEqual(self.host.extensions, ("X-START",))
            self.assertIn("X-START", lines(self.host))
            self.assertEqual(len(self.host.mailbox), 0)
            self.host.reset()

    def test_the_start_has_fresh_counters(self) -> None:
        """Answers that were spent before are there again."""
        once = HostStart(
            (SmtpBehavior(Command.QUIT, response=Response(421), number_of_answer=1),)
        )
        host = MailHost("default", "mx.test", start=once)
        self.assertIsNotNone(host.behaviors.decide(Command.QUIT, b""))
        self.assertIsNone(host.behaviors.decide(Command.QUIT, b""))
        host.reset(to_start=True)
        self.assertIsNotNone(host.behaviors.decide(Command.QUIT, b""))

    def test_what_the_host_is_stays(self) -> None:
        """Name, hostname, capabilities, limits and mailbox are no test's doing."""
        host = self.host
        before = (host.name, host.hostname, host.capabilities, host.limits)
        mailbox = host.mailbox
        for to_start in (False, True):
            host.reset(to_start)
            after = (host.name, host.hostname, host.capabilities, host.limits)
            self.assertEqual(after, before)
            self.assertIs(host.mailbox, mailbox)
