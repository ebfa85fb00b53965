"""What options mean."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.config import ConfigError, load_config, parse_dns, parse_smtp
from mocksmtp.config.endpoints import bind_address
from mocksmtp.config.values import parse_http
from mocksmtp.hosts.listeners import Inherited, unmapped


class ParseSmtpTests(SynchronousTestCase):
    """`parse_smtp`"""

    def test_a_host_may_stand_before_the_endpoint(self) -> None:
        """Its name ends at a ``=`` before the first ``:``."""
        for value, name, endpoints in (
            ("tcp:25", "default", ("tcp:25",)),
            ("tcp:25:interface=::1", "default", ("tcp:25:interface=::1",)),
            ("default=tcp:25", "default", ("tcp:25",)),
            ("mx2=tcp:25:interface=::1", "mx2", ("tcp:25:interface=::1",)),
            ("mx.x.test=tcp:25", "mx.x.test", ("tcp:25",)),
            (r"unix:/tmp/a\=b", "default", (r"unix:/tmp/a\=b",)),
            ("off", "default", ()),
            ("default=off", "default", ()),
            ("mx2=off", "mx2", ()),
        ):
            self.assertEqual(parse_smtp([value]), {name: endpoints}, value)

    def test_several_are_kept_in_order(self) -> None:
        """Each host has its own."""
        values = ["a=tcp:1", "tcp:2", "a=tcp:3", "b=tcp:4"]
        expected = {"a": ("tcp:1", "tcp:3"), "default": ("tcp:2",), "b": ("tcp:4",)}
        self.assertEqual(parse_smtp(values), expected)

    def test_off_goes_with_others(self) -> None:
        """``off`` adds no listener, and takes none away."""
        values = ["tcp:1", "off", "default=tcp:2"]
        self.assertEqual(parse_smtp(values), {"default": ("tcp:1", "tcp:2")})


class AddressTests(SynchronousTestCase):
    """Where to listen, as people write it"""

    def test_every_way_to_write_it(self) -> None:
        """A port, a host and a port, or an endpoint, whose kind takes precedence."""
        for value, endpoint in (
            ("2525", "tcp:2525:interface=127.0.0.1"),
            ("0", "tcp:0:interface=127.0.0.1"),
            ("192.0.2.1:25", "tcp:25:interface=192.0.2.1"),
            ("localhost:25", "tcp:25:interface=127.0.0.1"),
            ("0.0.0.0:25", "tcp:25:interface=0.0.0.0"),
            ("[::1]:25", r"tcp:25:interface=\:\:1"),
            ("[::]:25", r"tcp:25:interface=\:\:"),
            ("tcp:25", "tcp:25"),
            ("tcp6:25", "tcp6:25"),
            ("unix:/tmp/x", "unix:/tmp/x"),
            ("systemd:domain=INET:index=0", "systemd:domain=INET:index=0"),
        ):
            self.assertEqual(parse_http(value), endpoint)
            self.assertEqual(parse_smtp([value]), {"default": (endpoint,)})
            self.assertEqual(parse_smtp([f"mx2={value}"]), {"mx2": (endpoint,)})

    def test_a_port_alone_binds_what_the_variable_says(self) -> None:
        """Loopback by default; an address; or all of them, as in the image."""
        for value, address in ((None, "127.0.0.1"), ("192.0.2.1", "192.0.2.1")):
            environment = {} if value is None else {"MOCKSMTP_BIND": value}
            self.assertEqual(bind_address(environment), address)
        self.assertIn(bind_address({"MOCKSMTP_BIND": "all"}), ("::", "0.0.0.0"))
        environment = {"MOCKSMTP_BIND": "::1", "MOCKSMTP_HTTP": "8000"}
        options = {"dns": ["53"], "smtp": ["25", "192.0.2.1:25"]}
        config = load_config(options, environment)
        self.assertEqual(config.http, r"tcp:8000:interface=\:\:1")
        self.assertEqual(config.dns, (("::1", 53),))
        expected = (r"tcp:25:interface=\:\:1", "tcp:25:interface=192.0.2.1")
        self.assertEqual(config.smtp, expected)
        error = self.assertRaises(
            ConfigError, load_config, {}, {"MOCKSMTP_BIND": "everything"}
        )
        expected_message = "must be an IP address or all, got 'everything'"
        self.assertEqual(str(error), f"MOCKSMTP_BIND: {expected_message}")

    def test_addresses_of_ipv4_on_a_socket_of_ipv6(self) -> None:
        """They are shown as the client has them."""
        for host, shown in (
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("192.0.2.1", "192.0.2.1"),
            ("::1", "::1"),
            ("", ""),
        ):
            self.assertEqual(unmapped(host), shown)


class ParseDnsTests(SynchronousTestCase):
    """`parse_dns`"""

    def test_addresses_and_ports_are_read(self) -> None:
        """IPv6 is in brackets, which are not part of the address."""
        for value, pairs in (
            ("127.0.0.1:5300", (("127.0.0.1", 5300),)),
            ("0.0.0.0:53", (("0.0.0.0", 53),)),
            ("127.0.0.1:0", (("127.0.0.1", 0),)),
            ("127.0.0.1:65535", (("127.0.0.1", 65535),)),
            ("[::1]:53", (("::1", 53),)),
            ("[::]:53", (("::", 53),)),
            ("[2001:db8::1]:53", (("2001:db8::1", 53),)),
            ("[fe80::1%eth0]:53", (("fe80::1%eth0", 53),)),
            ("5300", (("127.0.0.1", 5300),)),
            ("localhost:53", (("127.0.0.1", 53),)),
            ("tcp:53", (("0.0.0.0", 53),)),
            ("tcp6:53", (("::", 53),)),
            ("tcp:53:interface=127.0.0.1", (("127.0.0.1", 53),)),
            (r"tcp:53:interface=\:\:1", (("::1", 53),)),
            ("off", ()),
        ):
            self.assertEqual(parse_dns([value]), pairs, value)

    def test_sockets_of_systemd(self) -> None:
        """By index or by name; both kinds are needed."""
        (found,) = parse_dns(["systemd:tcp=2:udp=dns-udp"])
        self.assertEqual(found, Inherited("2", "dns-udp"))
        for value in "systemd:", "systemd:tcp=2", "systemd:udp=3:tcp=2":
            with self.assertRaises(ValueError):
                parse_dns([value])

    def test_several_are_kept_in_order(self) -> None:
        """Each is listened on, over UDP and TCP."""
        pairs = parse_dns(["192.0.2.2:2", "192.0.2.1:1"])
        self.assertEqual(pairs, (("192.0.2.2", 2), ("192.0.2.1", 1)))
