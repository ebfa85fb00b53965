"""A service that is killed under load has stored every mail that it accepted, once.

``MOCKSMTP_SOAK`` sets how often it is killed; ``make soak`` does so a hundred times.
"""

from __future__ import annotations

import os
import random
import smtplib
import sqlite3
import threading
import time
from collections import Counter

from tests.soak.case import FileServiceCase, ask, send

ROUNDS = int(os.environ.get("MOCKSMTP_SOAK", "20"))
CLIENTS = 6


class Load:
    """Clients that send mails until the service is gone."""

    def __init__(self, address: tuple[str, int], first: int) -> None:
        self.accepted: list[str] = []
        self._address = address
        self._stopped = False
        self._threads = [
            threading.Thread(target=self._send, args=(f"{first}-{number}",))
            for number in range(CLIENTS)
        ]
        for thread in self._threads:
            thread.start()

    def _send(self, name: str) -> None:
        number = 0
        try:
            with smtplib.SMTP(*self._address, timeout=10) as client:
                client.ehlo("client.test")
                while not self._stopped:
                    number += 1
                    message_id = f"{name}-{number}@x.test"
                    client.mail("alice@x.test")
                    client.rcpt("bob@x.test")
                    code, _ = client.data(
                        f"Message-ID: <{message_id}>\r\nSubject: soak\r\n\r\n".encode()
                        + b"x" * random.randrange(4000)
                    )
                    if code == 250:
                        self.accepted.append(message_id)
        except (OSError, smtplib.SMTPException):
            pass  # It was killed.

    def wait_for(self, mails: int) -> None:
        """Wait until so many mails were accepted, or no client is left."""
        until = time.monotonic() + 30
        while len(self.accepted) < mails and time.monotonic() < until:
            if not any(thread.is_alive() for thread in self._threads):
                return
            time.sleep(0.001)

    def join(self) -> None:
        """Wait for the end of the clients."""
        self._stopped = True
        for thread in self._threads:
            thread.join(30)


class KillTests(FileServiceCase):
    """``kill -9``"""

    def test_every_accepted_mail_is_stored_once(self) -> None:
        """However often the service is killed, in whatever it does."""
        accepted: list[str] = []
        for round_ in range(ROUNDS):
            service = self.start("--max-mails", "1000000")
            load = Load(service.pair("smtp"), round_)
            load.wait_for(random.randrange(1, 100))
            service.process.kill()
            service.process.wait(10)
            load.join()
            accepted += load.accepted
        service = self.start("--max-mails", "1000000")
        self.assertGreaterEqual(len(accepted), ROUNDS)
        stored = self.stored()
        self.assertEqual([one for one in accepted if stored[one] != 1], [])
        self.assertEqual([one for one, count in stored.items() if count > 1], [])
        total = ask(service, "GET", "/smtpMailsCount")
        self.assertEqual(total, sum(stored.values()))
        self.assertEqual(
            self.database().execute("PRAGMA integrity_check").fetchone(), ("ok",)
        )
        self.assertEqual(service.terminate(), 0)

    def stored(self) -> Counter[str]:
        """The Message-IDs in the file."""
        db: sqlite3.Connection = self.database()
        found: Counter[str] = Counter()
        for (content,) in db.execute("SELECT content FROM contents"):
            found[content.split(b"<", 1)[1].split(b">", 1)[0].decode()] += 1
        return found

    def test_what_the_api_has_set_survives(self) -> None:
        """Of behaviors only those that are persistent."""
        service = self.start()
        kept = {"command": "RCPT TO", "response": {"code": 450}, "persistent": True}
        ends = {"command": "EHLO", "response": {"code": 550}}
        ask(service, "PUT", "/smtpBehaviors", [{**kept, "per": "recipient"}, ends])
        ask(service, "POST", "/hosts", {"name": "mx2", "hostname": "mx2.test"})
        ask(
            service,
            "POST",
            "/dnsRecords",
            {"name": "x.test", "type": "A", "address": "192.0.2.1"},
        )
        ask(service, "PUT", "/smtpExtensions", ["X-A"])
        ask(service, "PUT", "/hosts/mx2/scenarios", {"outage": "down"})
        ask(service, "PUT", "/mtaSts", {"domain": "x.test"})
        root = ask(service, "GET", "/ca.pem")
        addresses = ask(service, "GET", "/hosts/mx2")["addresses"]
        service.process.kill()
        service.process.wait(10)
        service = self.start(command=("mocksmtp", "serve"))
        self.assertIn("1 host, 1 behavior, 1 record, 1 policy", service.said[-2])
        (behavior,) = ask(service, "GET", "/smtpBehaviors?view=full")
        self.assertEqual(behavior["command"], "RCPT TO")
        self.assertEqual(ask(service, "GET", "/hosts/mx2")["addresses"], addresses)
        (record,) = ask(service, "GET", "/dnsRecords")
        self.assertEqual(record["address"], "192.0.2.1")
        self.assertEqual(ask(service, "GET", "/smtpExtensions"), ["X-A"])
        states = ask(service, "GET", "/hosts/mx2/scenarios")
        self.assertEqual(states, {"outage": "down"})
        self.assertEqual(ask(service, "GET", "/mtaSts")[0]["domain"], "x.test")
        self.assertEqual(ask(service, "GET", "/ca.pem"), root)

    def test_sigterm_stores_all(self) -> None:
        """Sessions, attempts, and the counters of behaviors with their keys."""
        service = self.start()
        greylisting = {
            "command": "RCPT TO",
            "per": "recipient",
            "numberOfAnswer": 1,
            "persistent": True,
            "response": {"code": 450, "message": "4.2.0 Greylisted"},
        }
        ask(service, "PUT", "/smtpBehaviors", [greylisting])
        self.assertEqual(send(service, b"Message-ID: <a@x>\r\n\r\n"), [554])
        self.assertEqual(send(service, b"Message-ID: <a@x>\r\n\r\n"), [250])
        paths = ("/smtpSessions", "/smtpAttempts", "/deliveries", "/smtpBehaviors/1")
        before = [ask(service, "GET", path) for path in paths]
        self.assertEqual(service.terminate(), 0)
        service = self.start()
        for path, document in zip(paths, before, strict=True):
            self.assertEqual(ask(service, "GET", path), document, path)
        self.assertEqual(send(service, b"Message-ID: <b@x>\r\n\r\n"), [250])
        newest = ask(service, "GET", "/smtpSessions/latest")
        self.assertEqual(newest["id"], "3")
