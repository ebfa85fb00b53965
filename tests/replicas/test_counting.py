"""What behaviors count, with two replicas as processes"""

from __future__ import annotations

from collections import Counter

import dns.message
import dns.query
import dns.rcode

from tests.installed import Program
from tests.replicas.processes import Client, ReplicaProcesses, at_once

BEHAVIORS = """
[[smtpBehaviors]]
command = "RCPT TO"
numberOfAnswer = 100
response = {code = 450}

[[smtpBehaviors]]
command = "DATA"
per = ["sender"]
numberOfAnswer = 1
response = {code = 451}

[[dnsBehaviors]]
query = "MX"
numberOfAnswer = 10
response = {rcode = "SERVFAIL"}
"""


class CountingTests(ReplicaProcesses):
    """Attempts at the same time on two replicas"""

    def setUp(self) -> None:
        super().setUp()
        self.start(2, BEHAVIORS)

    def test_exactly_100_of_1000(self) -> None:
        """In lock-step and in pipelined groups, `numberOfAnswer: 100` is exact."""

        def attempt(client: Client) -> list[str]:
            client.say("EHLO c.test", "MAIL FROM:<a@x.test>")
            codes = []
            for _ in range(25):
                codes += client.say("RCPT TO:<b@x.test>")
            for _ in range(5):
                codes += client.say(*["RCPT TO:<b@x.test>"] * 5)
            client.close()
            return codes

        codes = at_once(attempt, self.clients(20))
        self.assertEqual(Counter(codes), {"450": 100, "250": 900})

    def test_each_sender(self) -> None:
        """Of the mails of each sender the first one is refused, wherever it arrives."""

        def deliver(client: Client) -> list[tuple[str, str]]:
            client.say("EHLO c.test")
            answers = []
            for number in range(20):
                sender = f"<{number}@x.test>"
                while (
                    client.say(f"MAIL FROM:{sender}", "RCPT TO:<b@x.test>")[1] != "250"
                ):
                    client.say("RSET")
                client.say("DATA")
                answers += [
                    (sender, code) for code in client.say("Subject: hi\r\n\r\n.")
                ]
            client.close()
            return answers

        answers = Counter(at_once(deliver, self.clients(8)))
        refused = {sender: n for (sender, code), n in answers.items() if code == "451"}
        self.assertEqual(refused, {f"<{number}@x.test>": 1 for number in range(20)})
        self.assertEqual(answers.total(), 160)

    def test_queries(self) -> None:
        """Of 100 queries 10 are answered by the behavior."""

        def ask(replica: Program) -> list[dns.rcode.Rcode]:
            host, port = replica.pair("dns")
            query = dns.message.make_query("x.test", "MX")
            return [dns.query.udp(query, host, 30, port).rcode() for _ in range(25)]

        codes = Counter(at_once(ask, self.replicas * 2))
        self.assertEqual(codes[dns.rcode.SERVFAIL], 10)
        self.assertEqual(codes.total(), 100)
