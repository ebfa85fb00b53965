"""Connections over real sockets: their limit, and their end."""

from __future__ import annotations

import gc
import itertools
import smtplib
import socket
import weakref

from twisted.internet import reactor
from twisted.internet.defer import Deferred, fail, inlineCallbacks
from twisted.internet.endpoints import TCP4ServerEndpoint
from twisted.internet.task import deferLater
from twisted.internet.tcp import Server
from twisted.internet.threads import deferToThread
from twisted.protocols.policies import WrappingFactory
from twisted.trial.unittest import TestCase

from mocksmtp.sessions.session import End
from mocksmtp.smtp.factory import MockSMTPFactory
from tests.smtp.dialogue import host


class FactoryTests(TestCase):
    """`MockSMTPFactory` behind a listener."""

    @inlineCallbacks
    def listen(self, numbers=None, wrap=lambda factory: factory, **limits: float):
        """A listener for a host with these limits; answers its port."""
        self.host = host(**limits)
        sessions = itertools.count(1) if numbers is None else numbers
        self.factory = factory = MockSMTPFactory(self.host, reactor, sessions)
        endpoint = TCP4ServerEndpoint(reactor, 0, interface="127.0.0.1")
        port = yield endpoint.listen(wrap(factory))

        @inlineCallbacks
        def clean():
            yield port.stopListening()
            factory.abort()
            yield factory.shut_down()

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
    def test_a_number_that_comes_later(self):
        """The client waits for the banner, also below another protocol."""
        for wrap in (lambda factory: factory, WrappingFactory):
            numbers = [Deferred() for _ in range(2)]
            port = yield self.listen(numbers=iter(numbers), wrap=wrap)

            def talk(port=port):
                with socket.create_connection(("127.0.0.1", port), 10) as sock:
                    sock.sendall(b"EHLO early.test\r\nQUIT\r\n")
                    return sock.makefile("rb").read()

            talking = deferToThread(talk)
            yield self.until(lambda: self.factory.unnumbered)
            self.assertEqual(len(self.host.journal), 0)
            numbers[0].callback(7)
            said = yield talking
            self.assertEqual(said[:4], b"220 ")
            self.assertTrue(said.endswith(b"221 2.0.0 Bye\r\n"))
            self.assertEqual(self.host.journal.get("7").helo, "early.test")
            leaving = deferToThread(talk)
            yield self.until(lambda: self.factory.unnumbered)
            self.factory.shut_down()
            said = yield leaving
            self.assertEqual(said, b"421 4.3.2 Service not available, closing\r\n")

    @inlineCallbacks
    def test_no_number(self):
        """The client gets 421, and there is no session."""

        def numbers():
            yield fail(OSError("no server"))
            raise OSError("no server")

        port = yield self.listen(numbers=numbers())

        def talk():
            with socket.create_connection(("127.0.0.1", port), 10) as sock:
                return sock.makefile("rb").read()

        for _ in range(2):
            said = yield deferToThread(talk)
            self.assertEqual(said, b"421 4.3.0 Store not available, closing\r\n")
        self.assertEqual(len(self.host.journal), 0)
        self.assertEqual(self.host.counters.replies[421], 2)

    @inlineCallbacks
    def test_a_limited_number_waits(self):
        """As many clients may wait for their numbers as may be connected."""
        numbers = [Deferred() for _ in range(2)]
        port = yield self.listen(numbers=iter(numbers), connections=1)
        with socket.create_connection(("127.0.0.1", port), 10) as first:
            yield self.until(lambda: self.factory.unnumbered)

            def talk():
                with socket.create_connection(("127.0.0.1", port), 10) as sock:
                    return sock.makefile("rb").read()

            said = yield deferToThread(talk)
            self.assertTrue(said.startswith(b"421 4.7.0 Too many connections"))
            numbers[0].callback(1)
            said = yield deferToThread(first.recv, 4)
            self.assertEqual(said, b"220 ")

    @inlineCallbacks
    def until(self, holds):
        """Wait until something holds."""
        while not holds():
            yield deferLater(reactor, 0.001)

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

    @inlineCallbacks
    def test_quit_closes_without_another_turn(self):
        """The reply is sent at once, so nothing waits until the socket is writable."""
        port = yield self.listen()
        waited: list[object] = []
        add_writer = reactor.addWriter

        def record(writer: object) -> None:
            if type(writer) is Server:
                waited.append(writer)
            add_writer(writer)

        self.patch(reactor, "addWriter", record)

        def quit_now() -> bytes:
            with socket.create_connection(("127.0.0.1", port), 10) as sock:
                sock.sendall(b"QUIT\r\n")
                return sock.makefile("rb").read()

        said = yield deferToThread(quit_now)
        self.assertEqual(said.split(b"\r\n")[1:], [b"221 2.0.0 Bye", b""])
        self.assertEqual(waited, [])
        (session,) = self.host.journal.sessions()
        self.assertEqual(session.end, End.QUIT)

    @inlineCallbacks
    def test_an_ended_connection_is_no_work_for_the_garbage_collector(self):
        """Nothing that it consisted of refers to it any more."""
        port = yield self.listen()
        gc.disable()
        self.addCleanup(gc.enable)

        def connect() -> socket.socket:
            sock = socket.create_connection(("127.0.0.1", port), 10)
            sock.makefile("rb").readline()
            return sock

        with (yield deferToThread(connect)) as sock:
            known = [weakref.ref(each) for each in self.factory.connections]
            sock.sendall(
                b"EHLO c\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<b@x.test>\r\nQUIT\r\n"
            )
            yield deferToThread(lambda: sock.makefile("rb").read())
        self.assertEqual([each() for each in known], [None])
