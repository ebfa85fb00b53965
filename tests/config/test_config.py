"""The hosts that a configuration makes."""

from __future__ import annotations

from mocksmtp.behaviors.point import Command
from mocksmtp.behaviors.response import Response
from mocksmtp.behaviors.smtp import SmtpBehavior
from mocksmtp.config import Config, load_config
from mocksmtp.hosts.capabilities import Capabilities
from mocksmtp.hosts.host import HostPlan
from mocksmtp.hosts.limits import Limits
from mocksmtp.hosts.listeners import Listen, MailProtocol
from mocksmtp.sasl.settings import AuthSettings
from mocksmtp.tls.settings import CertificateKind, TlsMode, TlsSettings
from tests.config.case import ConfigTestCase


class HostsTests(ConfigTestCase):
    """The hosts that there are at the start"""

    def plans(self, config: Config) -> dict[str, HostPlan]:
        """The plan of each host, the default host first."""
        plans = {plan.description.name: plan for plan in config.plans}
        self.assertEqual(next(iter(plans)), "default")
        return plans

    def test_there_is_one_by_default(self) -> None:
        """It has the endpoints, the hostname and the limits of the options."""
        options = {"hostname": ["a.test"], "max-connections": ["3"], "smtp": ["tcp:1"]}
        plans = self.plans(load_config(options, {}))
        self.assertEqual(list(plans), ["default"])
        plan = plans["default"]
        self.assertEqual(plan.endpoints, ("tcp:1",))
        self.assertEqual(plan.description.hostname, "a.test")
        self.assertEqual(plan.description.limits.connections, 3)

    def test_an_endpoint_makes_a_host(self) -> None:
        """The default host keeps its listener unless it is given one, or off."""
        for values, default in (
            (["mx2=tcp:2"], ("tcp:2525:interface=127.0.0.1",)),
            (["mx2=tcp:2", "tcp:1"], ("tcp:1",)),
            (["mx2=tcp:2", "off"], ()),
        ):
            options = {"smtp": values, "max-connections": ["3"]}
            plans = self.plans(load_config(options, {}))
            self.assertEqual(list(plans), ["default", "mx2"])
            self.assertEqual(plans["default"].endpoints, default)
            self.assertEqual(plans["mx2"].endpoints, ("tcp:2",))
            self.assertEqual(plans["mx2"].description.hostname, "mx2")
            self.assertEqual(plans["mx2"].description.limits.connections, 3)

    def test_a_file_describes_hosts(self) -> None:
        """As the API takes them, with behaviors and extensions."""
        config = self.load_file("""
            maxConnections = 3

            [[hosts]]
            name = "mx2"
            listeners = [{address = "127.0.0.2", port = 25}]
            limits = {recipients = 1}
            dns = {names = ["mx2.x.test"], domains = [{name = "x.test"}]}
            smtpExtensions = ["X-2"]
            [[hosts.smtpBehaviors]]
            command = "QUIT"
            response = {code = 421}
            """)
        plan = self.plans(config)["mx2"]
        described = plan.description
        self.assertIsNone(plan.endpoints)
        self.assertEqual(described.listeners, (Listen("127.0.0.2", 25),))
        self.assertEqual(described.limits, Limits(connections=3, recipients=1))
        self.assertEqual(described.hostname, "mx2.x.test")
        self.assertEqual(plan.start.extensions, ("X-2",))
        expected = (SmtpBehavior(Command.QUIT, response=Response(421)),)
        self.assertEqual(plan.start.behaviors, expected)

    def test_an_endpoint_wins_over_the_file(self) -> None:
        """The rest of what the file says stays; several names go together."""
        path = self.write('[[hosts]]\nname = "mx2"\nhostname = "two.test"\n')
        options = {"config": [path], "smtp": ["mx2=tcp:2", "mx3=tcp:3"]}
        plans = self.plans(load_config(options, {}))
        self.assertEqual(list(plans), ["default", "mx2", "mx3"])
        self.assertEqual(plans["mx2"].endpoints, ("tcp:2",))
        self.assertEqual(plans["mx2"].description.hostname, "two.test")

    def test_the_default_host_can_be_described(self) -> None:
        """What its document leaves out is as the options and the file say."""
        config = self.load_file("""
            hostname = "a.test"
            smtpExtensions = ["X-1"]
            [[hosts]]
            name = "default"
            capabilities = ["PIPELINING"]
            """)
        plan = self.plans(config)["default"]
        self.assertEqual(plan.endpoints, ("tcp:2525:interface=127.0.0.1",))
        self.assertEqual(plan.description.hostname, "a.test")
        lines = ("PIPELINING",)
        self.assertEqual(plan.description.capabilities, Capabilities(lines, lines))
        self.assertEqual(plan.start.extensions, ("X-1",))
        config = self.load_file(
            '[[hosts]]\nname = "default"\nlisteners = [{port = 26}]\n'
        )
        plan = self.plans(config)["default"]
        self.assertIsNone(plan.endpoints)
        self.assertEqual(plan.description.listeners, (Listen(port=26),))

    def test_tls_and_users_are_the_hosts_own(self) -> None:
        """What the file says at its root is for the default host alone."""
        config = self.load_file("""
            capabilities = ["X-1"]
            tls = {mode = "implicit"}
            auth = {required = true}
            [[hosts]]
            name = "default"
            auth = {requireTls = true}
            [[hosts]]
            name = "mx2"
            tls = {certificate = "expired"}
            listeners = [{port = 465, tls = "implicit"}, {port = 24, protocol = "lmtp"}]
            """)
        plans = self.plans(config)
        described = plans["default"].description
        self.assertEqual(described.tls, TlsSettings(TlsMode.IMPLICIT))
        self.assertEqual(described.auth, AuthSettings(require_tls=True))
        self.assertEqual(described.capabilities.under_tls, ("X-1",))
        other = plans["mx2"].description
        self.assertEqual(other.tls, TlsSettings(certificate=CertificateKind.EXPIRED))
        self.assertIsNone(other.auth)
        self.assertEqual(other.capabilities, Capabilities())
        secure = Listen(port=465, tls=TlsMode.IMPLICIT)
        lmtp = Listen(port=24, protocol=MailProtocol.LMTP)
        self.assertEqual(other.listeners, (secure, lmtp))

    def test_an_error_is_told_with_its_path(self) -> None:
        """As in the API, with the place in the array."""
        for text, message in (
            ("hosts = 5", "hosts: must be an array, got a number"),
            ("[hosts]", "hosts: must be an array, got an object"),
            ("hosts = [5]", "hosts[0]: must be an object, got a number"),
            ("[[hosts]]", "hosts[0].name: required, but missing"),
            (
                'hosts = [{name = "a"}, {name = "a"}]',
                "hosts[1].name: 'a' is used twice",
            ),
            ('hosts = [{name = "a", ssl = {}}]', "hosts[0].ssl: unknown field; "),
            (
                'hosts = [{name = "a", listeners = ["tcp:25"]}]',
                "hosts[0].listeners[0]: must be an object, got a string",
            ),
            (
                'hosts = [{name = "a", smtpBehaviors = [{response = {code = 250}}]}]',
                "hosts[0].smtpBehaviors[0].command: required, but missing",
            ),
        ):
            refusal = self.file_refusal(text)
            self.assertTrue(refusal.startswith(message), f"{refusal}, not {message}")
