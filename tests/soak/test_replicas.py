"""Replicas and Redis that are killed, paused and cut off"""

from __future__ import annotations

import os
import random
import signal
import smtplib
import time
from collections import Counter

from tests.installed import Program
from tests.replicas.processes import (
    Client,
    Proxy,
    ReplicaProcesses,
    attempt,
    client_of,
)
from tests.soak.case import ask, send, status
from tests.soak.test_kill import Load
from tests.store.redis_server import RedisServer

ROUNDS = int(os.environ.get("MOCKSMTP_SOAK", "5"))

BUSY = {"command": "RCPT TO", "response": {"code": 450, "message": "4.2.1 Busy"}}


class FaultTests(ReplicaProcesses):
    """Nothing that was answered 250 is lost, and nothing is counted twice"""

    def message_ids(self, service: Program) -> Counter[str]:
        """Those of all mails."""
        found: Counter[str] = Counter()
        after = ""
        while mails := ask(
            service, "GET", f"/smtpMails?view=summary&limit=1000{after}"
        ):
            for mail in mails:
                found[mail["messageId"].strip("<>")] += 1
            after = f"&after={mails[-1]['id']}"
        return found

    def assert_stored_once(self, service: Program, accepted: list[str]) -> None:
        """Each of these, and no other twice."""
        stored = self.message_ids(service)
        self.assertEqual([one for one in accepted if stored[one] != 1], [])
        self.assertEqual([one for one, count in stored.items() if count > 1], [])
        self.assertEqual(ask(service, "GET", "/smtpMailsCount"), sum(stored.values()))

    def test_replicas_are_killed_under_load(self) -> None:
        """One of two, again and again."""
        accepted: list[str] = []
        services = [self.add(), self.add()]
        for number in range(ROUNDS):
            loads = [
                Load(service.pair("smtp"), 2 * number + at)
                for at, service in enumerate(services)
            ]
            for load in loads:
                load.wait_for(random.randrange(1, 50))
            victim = random.randrange(2)
            services[victim].process.kill()
            services[victim].process.wait(10)
            for load in loads:
                load.join()
                accepted += load.accepted
            services[victim] = self.add()
        self.assert_stored_once(services[0], accepted)
        self.assert_stored_once(services[1], accepted)

    def test_redis_is_killed_and_started_again(self) -> None:
        """Mails are answered 451 meanwhile; then it goes on without a restart."""
        service = self.add()
        self.assertEqual(send(service, b"Message-ID: <a@x>\r\n\r\n"), [250])
        with client_of(service) as client:
            self.redis.kill()
            client.mail("alice@x.test")
            client.rcpt("bob@x.test")
            code, text = client.data(b"Message-ID: <b@x>\r\n\r\n")
            self.assertEqual((code, text[:5]), (451, b"4.3.0"))
            self.assertEqual(status(service, "GET", "/health"), 503)
            self.redis.start()
            self.until(lambda: status(service, "GET", "/health") == 200)
            codes = [attempt(client, "bob@x.test", b"Message-ID: <c@x>\r\n\r\n")]
            self.assertEqual(codes, [250])
        self.assertEqual({*self.message_ids(service)} - {"b@x"}, {"a@x", "c@x"})

    def until(self, holds: object) -> None:
        """Wait until something holds."""
        deadline = time.monotonic() + 30
        while not holds():  # type: ignore[operator]
            self.assertLess(time.monotonic(), deadline)
            time.sleep(0.05)

    def test_redis_is_restarted_under_load(self) -> None:
        """What was answered 250 is there afterwards."""
        services = [self.add(), self.add()]
        accepted: list[str] = []
        for number in range(ROUNDS):
            loads = [
                Load(one.pair("smtp"), 2 * number + at)
                for at, one in enumerate(services)
            ]
            for load in loads:
                load.wait_for(random.randrange(1, 50))
            self.redis.kill()
            self.redis.start()
            for load in loads:
                load.wait_for(len(load.accepted) + 5)
                load.join()
                accepted += load.accepted
        for service in services:
            self.assert_stored_once(service, accepted)

    def test_the_connection_is_cut_before_the_answer(self) -> None:
        """The script has run, and is asked for again: each mail is kept once."""
        proxy = Proxy(self.redis)
        self.addCleanup(proxy.end)
        service = self.add(url=proxy.url)
        ask(service, "PUT", "/smtpBehaviors", [{**BUSY, "numberOfAnswer": 10}])
        accepted, codes = [], Counter()
        with client_of(service) as client:
            for number in range(60):
                if number % 5 == 0:
                    proxy.cut_next_answer()
                name = f"{number}@x.test"
                content = f"Message-ID: <{name}>\r\n\r\n".encode()
                try:
                    code = attempt(client, "bob@x.test", content)
                except smtplib.SMTPServerDisconnected:
                    client.connect(*service.pair("smtp"))
                    client.ehlo("client.test")
                    continue
                codes[code] += 1
                if code == 250:
                    accepted.append(name)
        self.assertGreater(proxy.cuts, 3)
        self.assertGreater(len(accepted), 30)
        self.assertLessEqual(codes[450], 10)
        self.assert_stored_once(service, accepted)

    def test_a_replica_that_was_paused(self) -> None:
        """It is left out meanwhile, and knows what it has missed before it answers."""
        one, two = self.add(), self.add()
        client = Client(two.pair("smtp"))
        self.addCleanup(client.close)
        client.say("EHLO c.test")
        two.process.send_signal(signal.SIGSTOP)
        try:
            since = time.monotonic()
            ask(one, "PUT", "/smtpBehaviors", [BUSY])
            self.assertLess(time.monotonic() - since, 8)
            with client_of(one) as other:
                self.assertEqual(attempt(other, "bob@x.test"), 450)
            time.sleep(max(0.0, since + 10 - time.monotonic()))
            # The commands are there before it runs again.
            client.send("MAIL FROM:<a@x.test>", "RCPT TO:<b@x.test>")
        finally:
            two.process.send_signal(signal.SIGCONT)
        self.assertEqual([client.reply(), client.reply()], ["250", "450"])
        (behavior,) = ask(two, "GET", "/smtpBehaviors")
        self.assertEqual(behavior["command"], "RCPT TO")

    def test_a_replica_that_was_killed_leaves_nothing_waiting(self) -> None:
        """Its sessions have ended, and requests to the other one are answered."""
        one, two = self.add(), self.add()
        with client_of(two):
            two.process.kill()
            two.process.wait(10)
            since = time.monotonic()
            ask(one, "PUT", "/smtpBehaviors", [{**BUSY, "numberOfAnswer": 1}])
            self.assertLess(time.monotonic() - since, 8)
            with client_of(one) as client:
                self.assertEqual(attempt(client, "bob@x.test"), 450)
                self.assertEqual(attempt(client, "bob@x.test"), 250)


class BadInputTests(ReplicaProcesses):
    """One clear line, a non-zero exit, and nothing changed"""

    def dump(self) -> object:
        """All keys of Redis, with their values."""
        keys = sorted(self.redis.ask("KEYS", "*"))
        return [(key, self.redis.ask("DUMP", key)) for key in keys]

    def assert_refused(self, said: str, *options: str, url: str | None = None) -> None:
        """A replica does not start, says so, and has changed nothing."""
        before = self.dump()
        line = self.fail_to_start(self.redis.url if url is None else url, *options)
        self.assertIn(said, line)
        self.assertNotIn("secret", line)
        self.assertEqual(self.dump(), before)

    def test_no_server(self) -> None:
        """The address is named."""
        self.assert_refused(
            "127.0.0.1:1: connection refused", url="redis://127.0.0.1:1/0"
        )

    def test_a_wrong_password(self) -> None:
        """It is not shown."""
        self.redis.ask("CONFIG", "SET", "requirepass", "right")
        url = self.redis.url.replace("//", "//:secret@")
        for one in url, self.redis.url:
            line = self.fail_to_start(one)
            self.assertRegex(line, "password")
            self.assertNotIn("secret", line)

    def test_clusters(self) -> None:
        """By the URL, and by what the server says."""
        url = self.redis.url.replace("redis:", "redis-cluster:")
        self.assert_refused("needs one Redis server", url=url)
        url = self.redis.url.replace("127.0.0.1", "127.0.0.1,127.0.0.2")
        self.assert_refused("several servers are not supported", url=url)
        self.redis.kill()
        cluster = RedisServer(self.addCleanup, "--cluster-enabled", "yes")
        self.assertIn("is a cluster", self.fail_to_start(cluster.url))

    def test_a_policy_that_evicts(self) -> None:
        """Redis would remove mails."""
        self.redis.ask("CONFIG", "SET", "maxmemory-policy", "allkeys-lru")
        self.assert_refused("maxmemory-policy is allkeys-lru; needed is noeviction")

    def test_another_version_of_the_keys(self) -> None:
        """An older one, and a newer one."""
        self.add().terminate()
        (key,) = self.redis.ask("KEYS", "*version")
        for version in "0", "99":
            self.redis.ask("SET", key, version)
            self.assert_refused(f"has version {version} of the keys")

    def test_keys_of_another_program(self) -> None:
        """Beside ours they stay; in the place of ours they are refused."""
        self.redis.ask("SET", "mine", "1")
        self.add().terminate()
        self.assertEqual(self.redis.ask("GET", "mine"), "1")
        (key,) = self.redis.ask("KEYS", "*version")
        self.redis.ask("FLUSHALL")
        self.redis.ask("SET", key.replace("version", "mails"), "1")
        self.assert_refused("those of another program")
