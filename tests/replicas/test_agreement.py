"""Two replicas act as one mock"""

from __future__ import annotations

import smtplib
import threading
import time
from collections import Counter
from http.client import HTTPConnection
from typing import Any

from tests.installed import Program
from tests.replicas.processes import ReplicaProcesses, attempt, client_of
from tests.soak.case import ask, send, status

BUSY = {"command": "RCPT TO", "response": {"code": 450, "message": "4.2.1 Busy"}}


class AgreementTests(ReplicaProcesses):
    """What is set or seen at one replica holds at the other"""

    def setUp(self) -> None:
        super().setUp()
        self.one, self.two = self.add(), self.add()

    def test_a_limit_holds_over_both(self) -> None:
        """A behavior with 100 answers answers 100 of 1,000 attempts."""
        ask(self.one, "PUT", "/smtpBehaviors", [{**BUSY, "numberOfAnswer": 100}])
        codes: Counter[int] = Counter()

        def run(service: Program, attempts: int) -> None:
            with client_of(service) as client:
                for _ in range(attempts):
                    code = attempt(client, "bob@x.test")
                    with lock:
                        codes[code] += 1

        lock = threading.Lock()
        threads = [
            threading.Thread(target=run, args=(service, 125))
            for service in (self.one, self.two)
            for _ in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(codes, {450: 100, 250: 900})
        for service in self.one, self.two:
            (behavior,) = ask(service, "GET", "/smtpBehaviors?view=full")
            self.assertEqual(behavior["fired"], 100)
            self.assertEqual(ask(service, "GET", "/smtpMailsCount"), 900)

    def test_mails_are_those_of_both(self) -> None:
        """Listed, counted, read and removed at whichever replica."""
        self.assertEqual(send(self.one, b"Subject: a\r\n\r\n"), [250])
        self.assertEqual(send(self.two, b"Subject: b\r\n\r\n"), [250])
        for service in self.one, self.two:
            mails = ask(service, "GET", "/smtpMails?view=summary")
            self.assertEqual([mail["subject"] for mail in mails], ["a", "b"])
        self.assertEqual(len(ask(self.two, "GET", "/smtpMails?q=subject:a")), 1)
        ask(self.two, "DELETE", "/smtpMails")
        self.assertEqual(ask(self.one, "GET", "/smtpMailsCount"), 0)

    def test_attempts_and_deliveries_span_both(self) -> None:
        """A retry at another replica belongs to the same delivery."""
        ask(self.one, "PUT", "/smtpBehaviors", [{**BUSY, "numberOfAnswer": 1}])
        content = b"Message-ID: <1@x.test>\r\nSubject: retried\r\n\r\n"
        with client_of(self.one) as first, client_of(self.two) as second:
            self.assertEqual(attempt(first, "bob@x.test", content), 450)
            self.assertEqual(attempt(second, "bob@x.test", content), 250)
        for service in self.one, self.two:
            (delivery,) = ask(service, "GET", "/deliveries?to=bob@x.test")
            self.assertEqual(delivery["final"], "accepted")
            self.assertEqual(delivery["verdicts"], ["deferred", "accepted"])
            self.assertEqual(len(ask(service, "GET", "/smtpSessions")), 2)

    def test_who_waits_at_the_other_replica(self) -> None:
        """Hears of the mail at once."""
        found: list[Any] = []

        def wait() -> None:
            path = "/smtpMails?count=1&wait=30s&subject=waited"
            found.append((ask(self.two, "GET", path), time.monotonic()))

        thread = threading.Thread(target=wait)
        thread.start()
        time.sleep(0.5)
        since = time.monotonic()
        send(self.one, b"Subject: waited\r\n\r\n")
        thread.join()
        ((mails, at),) = found
        self.assertEqual(len(mails), 1)
        self.assertLess(at - since, 5)

    def test_each_mail_is_taken_once(self) -> None:
        """By requests to both replicas at once."""
        send(self.one, *[b"Subject: %d\r\n\r\n" % n for n in range(100)])
        taken: list[str] = []

        def take(service: Program) -> None:
            while mails := ask(service, "POST", "/smtpMails/take?limit=3"):
                taken.extend(mail["id"] for mail in mails)

        threads = [
            threading.Thread(target=take, args=(one,))
            for one in (self.one, self.two) * 2
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(taken), 100)
        self.assertEqual(len(set(taken)), 100)

    def test_a_reset_reaches_both(self) -> None:
        """Mails, sessions, queries and behaviors."""
        ask(self.one, "PUT", "/smtpBehaviors", [BUSY])
        for service in self.one, self.two:
            with client_of(service) as client:
                self.assertEqual(attempt(client, "bob@x.test"), 450)
        ask(self.two, "POST", "/reset")
        for service in self.one, self.two:
            self.assertEqual(ask(service, "GET", "/smtpBehaviors"), [])
            self.assertEqual(ask(service, "GET", "/smtpSessions"), [])
            self.assertEqual(ask(service, "GET", "/deliveries"), [])
        for service in self.one, self.two:
            self.assertEqual(send(service, b"Subject: a\r\n\r\n"), [250])

    def test_a_waiting_client_is_released_at_the_other(self) -> None:
        """Its behavior is removed at one, and it gets its reply at the other."""
        held = {"command": "NOOP", "response": {"code": 250, "delay": "100s"}}
        ask(self.one, "PUT", "/smtpBehaviors", [held])
        codes = []
        with client_of(self.two) as client:

            def noop() -> None:
                codes.append(client.noop()[0])

            thread = threading.Thread(target=noop)
            thread.start()
            time.sleep(0.5)
            since = time.monotonic()
            ask(self.one, "DELETE", "/smtpBehaviors")
            thread.join()
        self.assertEqual(codes, [250])
        self.assertLess(time.monotonic() - since, 10)

    def test_connections_are_closed_at_both(self) -> None:
        """And the answer has their number."""
        clients = [client_of(self.one), client_of(self.two), client_of(self.two)]
        answer = ask(self.one, "DELETE", "/hosts/default/connections")
        self.assertEqual(answer, {"closed": 3} if isinstance(answer, dict) else answer)
        for client in clients:
            with self.assertRaises((smtplib.SMTPException, OSError)):
                client.noop()
                client.noop()

    def test_events_are_numbered_in_common(self) -> None:
        """A reader that comes back to the other replica misses none."""
        first = Events(self.one)
        send(self.two, b"Subject: a\r\n\r\n")
        seen = first.until("mail")
        first.close()
        send(self.one, b"Subject: b\r\n\r\n")
        again = Events(self.two, seen[-1][0])
        send(self.one, b"Subject: c\r\n\r\n")
        kinds = [kind for _, kind in again.until("mail", 2)]
        again.close()
        self.assertEqual(kinds.count("mail"), 2)

    def test_one_certificate_authority(self) -> None:
        """The root is the same."""
        self.assertEqual(
            ask(self.one, "GET", "/ca.pem"), ask(self.two, "GET", "/ca.pem")
        )

    def test_records_and_queries(self) -> None:
        """DNS answers the same, and the queries are those of both."""
        record = {"name": "x.test", "type": "A", "address": "192.0.2.1"}
        ask(self.one, "POST", "/dnsRecords", record)
        self.assertEqual(len(ask(self.two, "GET", "/dnsRecords")), 1)
        ask(self.two, "DELETE", "/dnsRecords")
        self.assertEqual(ask(self.one, "GET", "/dnsRecords"), [])

    def test_a_host_with_a_listener(self) -> None:
        """Cannot be made by the API of one replica; one without listeners can."""
        listening = {"name": "mx9", "listeners": [{"address": "127.0.0.1", "port": 0}]}
        self.assertEqual(status(self.one, "POST", "/hosts", listening), 409)
        self.assertEqual(
            status(self.one, "POST", "/hosts", {"name": "mx8", "listeners": []}), 200
        )
        self.assertEqual(ask(self.two, "GET", "/hosts/mx8")["name"], "mx8")


class Events:
    """A reader of `/events`."""

    def __init__(self, service: Program, last: str | None = None) -> None:
        self._connection = HTTPConnection(*service.pair("http"), timeout=30)
        headers = {} if last is None else {"Last-Event-ID": last}
        self._connection.request("GET", "/events", headers=headers)
        self._response = self._connection.getresponse()

    def until(self, kind: str, times: int = 1) -> list[tuple[str, str]]:
        """The events up to one of a kind: id and kind of each."""
        found: list[tuple[str, str]] = []
        number = name = ""
        while times:
            line = self._response.readline().decode().rstrip("\r\n")
            field, _, value = line.partition(": ")
            if field == "id":
                number = value
            elif field == "event":
                name = value
            elif not line and name:
                found.append((number, name))
                times -= name == kind
                name = ""
        return found

    def close(self) -> None:
        """Leave."""
        self._response.close()
        self._connection.close()
