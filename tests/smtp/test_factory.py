"""Connections over real sockets: their limit, and their end."""

from __future__ import annotations

import itertools
import smtplib
import socket

from twisted.internet import reactor
from twisted.internet.defer import inlineCallbacks
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.threads import deferToThread
from twisted.trial.unittest import TestCase

from mocksmtp.smtp.factory import MockSMTPFactory
from tests.smtp.dialogue import host


class FactoryTests(TestCase):
    """`MockSMTPFactory` behind a listener."""

    @inlineCallbacks
    def listen(self, **limits: float):
        """A listener for a host with these limits; answers its port."""
        self.host = host(**limits)
        self.factory = MockSMTPFactory(self.host, reactor, itertools.count(1))
        endpoint = TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
        port = yield endpoint.listen(self.factory)

        @inlineCallbacks
        def clean():
            yield port.stopListening()
            self.factory.abort()
            yield self.factory.shut_down()

        self.addCleanup(clean)
        return port.getHost().port

    @inlineCallbacks
    def test_smtplib_delivers(self):
        """A real client sends a mail in a session of its own."""
        port = yield self.listen()

        def send():
            with smtplib.SMTP("127.0.0.1", port, timeout=10) as client:
                client.sendmail("b@x.test", ["a@x.test"], "Subject: x\n\n.dot\n")

        yield deferToThread(send)
        (mail,) = self.host.mailbox.mails()
        self.assertEqual(mail.content, b"Subject: x\r\n\r\n.dot\r\n")
        self.assertEqual(mail.origin.client_ip, "127.0.0.1")

    @inlineCallbacks
    def test_a_connection_past_the_limit_is_421(self):
        """In place of the banner; when another ends there is room again."""
        port = yield self.listen(connections=1)

        def banner(sock: socket.socket) -> bytes:
            return sock.makefile("rb").readline()[:3]

        def three():
            address = ("127.0.0.1", port)
            with socket.create_connection(address, 10) as first:
                seen = [banner(first)]
                with socket.create_connection(address, 10) as second:
                    seen += [banner(second), second.recv(10)]
                first.sendall(b"QUIT\r\n")
                while first.recv(100):
                    pass
            with socket.create_connection(address, 10) as third:
                return [*seen, banner(third)]

        seen = yield deferToThread(three)
        self.assertEqual(seen, [b"220", b"421", b"", b"220"])

    @inlineCallbacks
    def test_shutting_down_tells_every_client(self):
        """Each gets 421 and is closed, and then the Deferred fires."""
        port = yield self.listen()

        def connect():
            sock = socket.create_connection(("127.0.0.1", port), 10)
            self.addCleanup(sock.close)
            file = sock.makefile("rb")
            self.addCleanup(file.close)
            file.readline()
            return file

        files = yield deferToThread(lambda: [connect() for _ in range(3)])
        gone = self.factory.shut_down()
        said = yield deferToThread(lambda: [file.read() for file in files])
        self.assertEqual(said, [b"421 4.3.2 Service not available, closing\r\n"] * 3)
        yield gone
        self.assertEqual(self.factory.connections, set())
