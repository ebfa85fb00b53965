"""A mail host: what it says of itself, and what a reset leaves of it."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.core.host import (
    CAPABILITIES,
    Description,
    HostStart,
    Limits,
    MailHost,
)
from mocksmtp.core.mailbox import Mailbox
from mocksmtp.model.address import Address
from mocksmtp.model.behavior import Behavior, Command, Response
from mocksmtp.model.mail import Envelope, Origin, Recipient

REFUSE = Behavior(Command.RCPT_TO, Response(550))
DEFER = Behavior(Command.MAIL_FROM, Response(451))
START = HostStart((REFUSE,), ("X-START",))

ENVELOPE = Envelope(Address("a@x.test"), (), (Recipient(Address("b@x.test")),))
ORIGIN = Origin("1", "127.0.0.1", "c")


def receive(host: MailHost) -> None:
    """Let `host` keep a mail."""
    assert host.mailbox.take(ENVELOPE, b"content", 0.0, ORIGIN) is not None


def behaviors(host: MailHost) -> list[Behavior]:
    return [rule.behavior for rule in host.behaviors]


class RepliesTests(SynchronousTestCase):
    """What a host says by itself"""

    def test_it_says_its_hostname(self) -> None:
        """Banner, HELO and EHLO have the hostname; the name is for the API."""
        host = MailHost("mx2", "mx.test")
        self.assertEqual(host.name, "mx2")
        self.assertEqual(host.greeting.text, "mx.test ESMTP mocksmtp")
        self.assertEqual(host.hello.text, "mx.test")
        self.assertEqual(host.extended_hello.text.split("\n")[0], "mx.test")

    def test_it_offers_the_usual_capabilities(self) -> None:
        """Unless it is told otherwise, in this order, and HELP last."""
        host = MailHost("default", "mx.test")
        self.assertEqual(host.keywords, CAPABILITIES)
        self.assertEqual(
            host.extended_hello.text.split("\n"), ["mx.test", *CAPABILITIES, "HELP"]
        )

    def test_what_costs_clients_something_is_not_usual(self) -> None:
        """SIZE changes what clients send; STARTTLS, AUTH and BDAT need work."""
        for keyword in ("SIZE", "STARTTLS", "AUTH"):
            self.assertNotIn(keyword, CAPABILITIES)

    def test_other_capabilities_replace_the_usual_ones(self) -> None:
        """None at all is a list too."""
        for capabilities in ((), ("8BITMIME",), ("X-A b c", "PIPELINING")):
            host = MailHost("default", "mx.test", capabilities=capabilities)
            self.assertEqual(host.keywords, capabilities)

    def test_size_is_told_only_when_set(self) -> None:
        """A client that sees SIZE adds ``SIZE=`` to its MAIL (RFC 1870 §6)."""
        for advertise, keywords in ((False, ("A",)), (True, ("A", "SIZE 1000"))):
            limits = Limits(message_size=1000, advertise_size=advertise)
            host = MailHost("default", "mx.test", limits=limits, capabilities=("A",))
            self.assertEqual(host.keywords, keywords)

    def test_extensions_come_last_but_for_help(self) -> None:
        """What a test sets is told behind what the host has, from then on."""
        limits = Limits(message_size=1000, advertise_size=True)
        host = MailHost("default", "mx.test", limits=limits, capabilities=("A",))
        host.extensions = ("X-1", "X-2 y")
        self.assertEqual(host.extensions, ("X-1", "X-2 y"))
        lines = host.extended_hello.text.split("\n")
        self.assertEqual(lines, ["mx.test", "A", "SIZE 1000", "X-1", "X-2 y", "HELP"])

    def test_extensions_are_replaced(self) -> None:
        """Setting others forgets those before."""
        host = MailHost("default", "mx.test", capabilities=())
        host.extensions = ("X-1",)
        host.extensions = ("X-2",)
        self.assertEqual(host.keywords, ("X-2",))
        host.extensions = ()
        self.assertEqual(host.extended_hello.text, "mx.test\nHELP")


class DescribeTests(SynchronousTestCase):
    """`MailHost.describe`"""

    def test_it_takes_effect_at_once(self) -> None:
        """What the host says of itself, and its limits; what a test set stays."""
        host = MailHost("mx2", "old.test")
        host.extensions = ("X-1",)
        receive(host)
        limits = Limits(message_size=5, advertise_size=True)
        host.describe(Description("mx2", "new.test", ("A",), limits))
        self.assertEqual(host.greeting.text, "new.test ESMTP mocksmtp")
        self.assertEqual(host.hello.text, "new.test")
        lines = host.extended_hello.text.split("\n")
        self.assertEqual(lines, ["new.test", "A", "SIZE 5", "X-1", "HELP"])
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
        self.assertIn("X-START", host.extended_hello.text)

    def test_it_uses_the_mailbox_and_limits_that_it_is_given(self) -> None:
        """An empty mailbox is one too, though it is false."""
        mailbox, limits = Mailbox(max_mails=1), Limits(connections=1)
        host = MailHost("default", "mx.test", mailbox, limits)
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
        self.assertNotIn("X-", self.host.extended_hello.text)

    def test_it_can_go_back_to_the_start(self) -> None:
        """Then the start's behaviors and extensions are there, and no mail."""
        for _ in range(2):
            self.host.reset(to_start=True)
            self.assertEqual(behaviors(self.host), [REFUSE])
            self.assertEqual(self.host.extensions, ("X-START",))
            self.assertIn("X-START", self.host.extended_hello.text)
            self.assertEqual(len(self.host.mailbox), 0)
            self.host.reset()

    def test_the_start_has_fresh_counters(self) -> None:
        """Answers that were spent before are there again."""
        once = HostStart((Behavior(Command.QUIT, Response(421), number_of_answer=1),))
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
