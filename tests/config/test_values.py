"""What options mean."""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.config import parse_dns, parse_smtp
from mocksmtp.model.host import Inherited


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
