"""Events as documents"""

from __future__ import annotations

import itertools
from typing import Any

from twisted.internet.task import Clock
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.point import Command
from mocksmtp.events import EventBus
from mocksmtp.hosts.host import MailHost
from mocksmtp.http.event_documents import event_document
from mocksmtp.mock import Mock
from mocksmtp.zone.answer import Question
from mocksmtp.zone.zone import Zone
from tests.session_client import Client
from tests.smtp.dialogue import behavior


class DocumentTests(SynchronousTestCase):
    """`event_document`"""

    def setUp(self) -> None:
        self.clock = Clock()
        self.host = MailHost("default", "mx.test")
        self.bus = EventBus(Mock(self.host, Zone()), self.clock.seconds)
        self.bus.activate()

    def documents(self) -> list[dict[str, Any]]:
        """All that has happened; it was at the same time."""
        documents = [event_document(event) for event in self.bus.behind(0, 99)]
        for document in documents:
            self.assertEqual(document.pop("at"), "1970-01-01T00:00:00.000Z")
        return documents

    def deliver(self, sender: str = "me@a.test") -> None:
        client = Client(self.host, itertools.count(1), self.clock)
        client.say("HELO me.test")
        client.deliver("you@b.test", sender=sender)
        client.quit()

    def test_a_mail_and_its_session(self) -> None:
        """The mail, what became of the transaction, and the end."""
        self.deliver(sender="")
        mail, transaction, session = self.documents()
        client = {"clientIp": "192.168.1.1", "helo": "me.test"}
        self.assertEqual(
            mail,
            {
                "host": "default",
                "id": "1",
                "from": "<>",
                "recipients": ["you@b.test"],
                "recipientCount": 1,
                "size": 7,
                "session": "1",
                **client,
            },
        )
        self.assertEqual(
            transaction,
            {
                "host": "default",
                "session": "1",
                "from": "<>",
                "recipients": [
                    {"address": "you@b.test", "outcome": "accepted", "kept": True}
                ],
                "recipientCount": 1,
                "outcome": "accepted",
                "kept": True,
                "reply": {"code": 250, "text": "2.0.0 Message kept"},
                "mailId": "1",
                **client,
            },
        )
        self.assertEqual(
            (session["id"], session["end"], session["transactionCount"]),
            ("1", "quit", 1),
        )
        self.assertNotIn("transcript", session)

    def test_a_behavior(self) -> None:
        """Which one it was, what it answered, and on what."""
        self.host.behaviors.replace_all([behavior(Command.MAIL_FROM, 450, "busy")])
        self.deliver()
        self.assertEqual(
            self.documents()[0],
            {
                "host": "default",
                "behavior": "1",
                "command": "MAIL FROM",
                "reply": {"code": 450, "text": "busy"},
                "fired": 1,
                "subject": "me@a.test",
            },
        )

    def test_a_query(self) -> None:
        """What was asked, how it was answered, and who asked."""
        self.bus.query(Question("Ex.test", 15), 3, "udp", "192.0.2.1")
        self.bus.query(None, 15, "tcp", "192.0.2.1")
        self.bus.query(None, None, "udp", "192.0.2.1", "b1")
        told = {"transport": "udp", "clientIp": "192.0.2.1", "behavior": None}
        self.assertEqual(
            self.documents(),
            [
                {"name": "Ex.test", "type": "MX", "rcode": "NXDOMAIN", **told},
                {
                    "name": None,
                    "type": None,
                    "rcode": "RCODE15",
                    **told,
                    "transport": "tcp",
                },
                {
                    "name": None,
                    "type": None,
                    "rcode": None,
                    **told,
                    "behavior": "b1",
                },
            ],
        )
