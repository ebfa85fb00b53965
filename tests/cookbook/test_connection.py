"""Recipes for the connection."""

from __future__ import annotations

import socket

from tests.cookbook.case import Kitchen, tastes
from tests.cookbook.recipes import recipes
from tests.cookbook.wire import Wire


class ConnectionTests(Kitchen):
    """Before anything is said"""

    @tastes("No listener")
    def test_nobody_listens(self) -> None:
        """DNS leads to an address, and what was open there is closed."""
        self.assertEqual(self.lookup("mx1.there.test"), ["127.0.0.11"])
        (call,) = recipes()["No listener"].documents
        listeners = [{"address": "127.0.0.11", "port": 0}]
        self.put(call.path, {**call.document, "listeners": listeners})
        (address,) = self.get(call.path)["addresses"]
        ip, _, port = address.rpartition(":")
        Wire((ip, int(port))).socket.close()
        self.put(call.path, call.document)
        with self.assertRaises(ConnectionRefusedError):
            Wire((ip, int(port)))

    @tastes("Reset right after the connection")
    def test_reset(self) -> None:
        """No octet, and a RST, which may come before the client has looked."""
        with self.assertRaises(ConnectionResetError), self.connect() as wire:
            wire.rest()
        (nothing,) = self.session("reset")["transcript"]
        self.assertIsNone(nothing["reply"])

    @tastes("Closed before the banner")
    def test_close(self) -> None:
        """No octet, and a FIN."""
        with self.connect() as wire:
            self.assertEqual(wire.rest(), b"")

    @tastes("Accepted, then silent")
    def test_hang(self) -> None:
        """Nothing comes, whatever is said, and however late it is."""
        with self.connect() as wire:
            self.assertTrue(wire.is_silent())
            wire.send(b"EHLO c\r\n")
            self.pass_time("1h")
            self.assertTrue(wire.is_silent())
        self.session("hung")

    @tastes("One address of a host fails, the other works")
    def test_by_address(self) -> None:
        """They are of one name."""
        addresses = ["127.0.0.11", "127.0.0.12"]
        self.assertEqual(sorted(self.lookup("mx1.there.test")), addresses)
        with self.connect("mx1", 0) as wire:
            self.assertEqual(wire.rest(), b"421 4.3.2 Not on this address\r\n")
        with self.connect("mx1", 1) as wire:
            self.assertEqual(wire.code(), "220")

    @tastes("IPv6 refused, IPv4 accepted")
    def test_by_family(self) -> None:
        """DNS has both, and only one of them is open."""
        self.assertEqual(self.lookup("mx1.there.test"), ["127.0.0.11"])
        self.assertEqual(self.lookup("mx1.there.test", socket.AF_INET6), ["::1"])
        with self.connect("mx1") as wire:
            self.assertEqual(wire.code(), "220")
            port = wire.socket.getpeername()[1]
        with self.assertRaises(OSError):
            Wire(("::1", port))
