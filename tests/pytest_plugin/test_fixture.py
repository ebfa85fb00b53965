"""The fixtures `mocksmtp` and `mocksmtp_server`"""

from __future__ import annotations

import signal
import socket
import subprocess
import textwrap
import time
from collections.abc import Callable
from pathlib import Path

from twisted.trial.unittest import SkipTest

from mocksmtp.client.blocking import BlockingMockClient
from tests.installed import clean_environment, start
from tests.pytest_plugin.case import PATIENCE, PluginCase

EXAMPLES = """
def test_retry(mocksmtp, app):
    mocksmtp.when("RCPT TO").contains("bob@").reply(450, "4.2.1 Busy").times(2)
    app.send("bob@x.test")
    d = mocksmtp.delivery(to="bob@x.test", settle="2s")
    assert d.verdicts == ["deferred", "deferred", "accepted"] and d.copies == 1
def test_failover(mocksmtp, app):
    mx1, mx2 = mocksmtp.exchanges("x.test", 2); mx1.outage()
    app.send("bob@x.test"); assert mocksmtp.delivery(to="bob@x.test").hosts == ["mx1", "mx2"]
def test_bounce(mocksmtp, app):
    mocksmtp.when("RCPT TO").reply(550, "5.1.1 No such user")
    app.send("bob@x.test", sender="me@here.test"); assert mocksmtp.bounce(of="bob@x.test").status == "5.1.1"
"""  # noqa: E501 - as they were promised
"""The first examples, as they are written in the issue."""


class ExampleTests(PluginCase):
    """What a user writes first"""

    def test_retry_failover_and_bounce(self) -> None:
        """The kit manages ports, domains, DNS and clean-up."""
        self.assert_passes(EXAMPLES, "3 passed")

    def test_with_xdist(self) -> None:
        """Each worker has a service of its own."""
        report = """
        import os
        def test_server(mocksmtp, mocksmtp_server):
            with open(os.environ["PYTEST_XDIST_WORKER"], "w") as file:
                print(mocksmtp_server.pid, file=file)
        """
        tests = EXAMPLES + textwrap.dedent(report) + _copies(8)
        self.assert_passes(tests, "12 passed", "-n2", "--dist=load")

    def test_at_a_running_service(self) -> None:
        """Also by two workers; nothing of the tests is left there."""
        service = start(self.addCleanup)
        url = f"http://{service.addresses['http']}"
        client = BlockingMockClient(url)
        self.addCleanup(client.close)
        client.add_records("kept.test. A 192.0.2.1")
        client.add_mail("Subject: kept\r\n\r\n", sender="a@b.test", to="c@d.test")
        self.assert_passes(EXAMPLES, "3 passed", MOCKSMTP_URL=url)
        isolated = """
        import pytest

        @pytest.mark.parametrize("number", range(8))
        def test_isolated(mocksmtp, app, number):
            to = f"bob@{mocksmtp.domain}"
            app.send(to)
            assert mocksmtp.delivery(to=to).hosts == ["mx"]
            assert len(mocksmtp.mails()) == 1
            mocksmtp.when_query("MX", "none.test").servfail()
            record = {"name": f"a{number}.test", "type": "TXT", "strings": ["x"]}
            mocksmtp.add_records(record)
        """
        self.assert_passes(isolated, "8 passed", "-n2", MOCKSMTP_URL=url)
        self.assertEqual([host.name for host in client.hosts()], ["default"])
        self.assertEqual([one.name for one in client.records()], ["kept.test"])
        self.assertEqual(client.dns_behaviors(), [])
        self.assertEqual([mail.to for mail in client.mails()], [["c@d.test"]])


class SharedTests(PluginCase):
    """Several workers, and one service"""

    def setUp(self) -> None:
        super().setUp()
        service = start(self.addCleanup)
        self.url = f"http://{service.addresses['http']}"
        self.client = BlockingMockClient(self.url)
        self.addCleanup(self.client.close)

    def test_one_test_at_a_time_has_a_domain(self) -> None:
        """The others wait for its end; all see their own deliveries only."""
        tests = """
        import pytest

        marked = pytest.mark.mocksmtp(domain="x.test")
        many = pytest.mark.parametrize("number", range(6))

        @marked
        @many
        def test_retry(mocksmtp, app, number):
            mocksmtp.when("RCPT TO").contains("bob@").reply(450, "4.2.1 Busy").times(2)
            app.send("bob@x.test")
            d = mocksmtp.delivery(to="bob@x.test", settle="50ms")
            assert d.verdicts == ["deferred", "deferred", "accepted"] and d.copies == 1

        @many
        def test_failover(mocksmtp, app, number):
            # An outage names no recipient: it could be one of a test beside this.
            mx1, mx2 = mocksmtp.exchanges("x.test", 2)
            mx1.when("RCPT TO").reply(451, "4.3.2 Busy")
            app.send("bob@x.test")
            assert mocksmtp.delivery(to="bob@x.test").hosts == ["mx1", "mx2"]

        @many
        def test_elsewhere(mocksmtp, app, number):
            other = f"bob@{mocksmtp.domain}"
            mocksmtp.exchanges(mocksmtp.domain)
            app.send(other)
            assert len(mocksmtp.deliveries(count=1, wait="10s")) == 1

        @marked
        @many
        def test_bounce(mocksmtp, app, number):
            mocksmtp.when("RCPT TO").reply(550, "5.1.1 No such user")
            app.send("bob@x.test", sender="me@here.test")
            bounce = mocksmtp.bounce(of="bob@x.test")
            assert bounce.status == "5.1.1"
            # Not that of an earlier test.
            (delivery,) = mocksmtp.deliveries(to="bob@x.test")
            assert bounce.mail.received_at > delivery.attempts[-1].started_at
        """
        options = "-n2", "--dist=load"
        self.assert_passes(tests, "24 passed", *options, MOCKSMTP_URL=self.url)
        self.assertEqual([host.name for host in self.client.hosts()], ["default"])

    def test_one_that_does_not_end(self) -> None:
        """The error names the domain to use instead, and the host that has this one."""
        self.client.add_host("mx.x.test")
        tests = """
        from mocksmtp.testing import blocking_sandbox

        blocking_sandbox.TURN = "100ms"

        def test_failover(mocksmtp):
            mocksmtp.exchanges("x.test", 2)
        """
        ran = self.run_suite(tests, MOCKSMTP_URL=self.url)
        self.assertEqual((ran.code, ran.outcome), (1, "1 failed"), ran.output)
        self.assertIn(
            "DomainInUse: x.test is the domain of another test on this service, which "
            "did not end within 100ms; use mocksmtp.domain",
            ran.output,
        )
        self.assertIn("or remove the host 'mx.x.test'", ran.output)

    def test_a_domain_that_no_test_has(self) -> None:
        """The report of the failed test says which domains lead to its host."""
        ran = self.run_suite(
            "def test_lost(mocksmtp, app):\n    app.send('bob@lost.test')\n",
            *("-n2", "--dist=load"),
            MOCKSMTP_URL=self.url,
        )
        self.assertEqual((ran.code, ran.outcome), (1, "1 failed"), ran.output)
        self.assertIn("No records at present: lost.test. Other processes", ran.output)
        self.assertIn("@pytest.mark.mocksmtp(domain=...)", ran.output)


def _copies(number: int) -> str:
    return "".join(
        f"\ndef test_{each}(mocksmtp, app):\n"
        f"    app.send('u{each}@x.test')\n"
        f"    (mail,) = mocksmtp.mails()\n"
        f"    assert mail.to == ['u{each}@x.test']\n"
        for each in range(number)
    )


class IsolationTests(PluginCase):
    """One test after the other"""

    def test_nothing_of_another_test_is_seen(self) -> None:
        """No mail, behavior, record, query, host or delivery."""
        self.assert_passes(
            """
            import pytest

            @pytest.mark.parametrize("number", range(3))
            def test_clean(mocksmtp, app, number):
                assert mocksmtp.mails() == []
                assert mocksmtp.deliveries() == []
                assert mocksmtp.attempts() == []
                assert mocksmtp.sessions() == []
                assert mocksmtp.queries() == []
                assert mocksmtp.near_misses() == []
                assert mocksmtp.host.behaviors() == []
                assert mocksmtp.client.dns_behaviors() == []
                assert mocksmtp.client.records() == []
                assert len(mocksmtp.client.hosts()) == 2
                mocksmtp.exchanges("x.test")
                mocksmtp.when("RCPT TO").contains("Bob").reply(450)
                mocksmtp.when_query("TXT").servfail()
                record = {"name": "t.test", "type": "TXT", "strings": ["x"]}
                mocksmtp.add_records(record)
                mocksmtp.home("away.test")
                app.send("bob@x.test")
                app.send("bob@y.test", sender="me@away.test")
                assert mocksmtp.mail(to="bob@y.test").text == "It works.\\r\\n"
                assert len(mocksmtp.deliveries()) == 2
                assert len(mocksmtp.queries()) == 4
                (near,) = mocksmtp.near_misses()
            """,
            "3 passed",
        )

    def test_a_test_that_removes_its_host(self) -> None:
        """The end of the test does not fail."""
        self.assert_passes(
            """
            def test_removed(mocksmtp):
                mocksmtp.host.delete()

            def test_next(mocksmtp):
                (exchange,) = mocksmtp.route("bob@x.test").exchanges
                assert exchange.exchange == f"mx.{mocksmtp.domain}"
            """,
            "2 passed",
        )


class WaitingTests(PluginCase):
    """Without a sleep in the test"""

    def test_a_delivery_is_returned_when_it_is_finished(self) -> None:
        """The application retries in the background."""
        self.assert_passes(
            """
            import threading

            def test_background(mocksmtp, app):
                mocksmtp.greylist(active_for="300ms")
                arguments = "bob@x.test", "me@here.test", 50, 0.05
                sending = threading.Thread(target=app.send, args=arguments)
                sending.start()
                delivery = mocksmtp.delivery(to="bob@x.test")
                sending.join()
                assert delivery.final == "accepted", delivery
                assert set(delivery.verdicts[:-1]) == {"deferred"}
                assert delivery.attempts[0].reply.code == 450

            def test_one_that_is_not(mocksmtp, app):
                mocksmtp.always_deferred(recipient=None)
                app.send("bob@x.test", attempts=1)
                delivery = mocksmtp.delivery(to="bob@x.test", final="deferred")
                assert delivery.copies == 0
                delivery = mocksmtp.delivery(to="bob@x.test", wait="50ms")
                assert delivery.final == "deferred"

            def test_copies(mocksmtp, app):
                mocksmtp.when("DATA").keep_then_reset().times(1)
                app.send("bob@x.test")
                assert mocksmtp.delivery(to="bob@x.test", copies=2).final == "accepted"
            """,
            "3 passed",
        )


class MarkerTests(PluginCase):
    """`@pytest.mark.mocksmtp`"""

    def test_what_it_sets(self) -> None:
        """For a module, a class and a test together; fields of the host too."""
        self.assert_passes(
            """
            import pytest

            BUSY = {"command": "RCPT TO", "response": {"code": 450}}
            pytestmark = pytest.mark.mocksmtp(behaviors=[BUSY])

            @pytest.mark.mocksmtp(limits={"messageSize": 1000})
            class TestClass:
                @pytest.mark.mocksmtp(
                    recipes=["size_limit", ("sender_deferred", {"code": 452})],
                    records=[{"name": "a.test", "type": "A", "address": "192.0.2.1"}],
                    home=["mine.test"], domain="fixed.test",
                )
                def test_all(self, mocksmtp):
                    codes = [one.response["code"] for one in mocksmtp.host.behaviors()]
                    assert codes == [450, 452]
                    assert mocksmtp.host.settings().limits.message_size == 1000
                    (record,) = mocksmtp.client.resolve("a.test").answer
                    assert record.address == "192.0.2.1"
                    (exchange,) = mocksmtp.route("me@mine.test").exchanges
                    assert exchange.exchange == "mx.here.test"
                    assert mocksmtp.domain == "fixed.test"
                    (exchange,) = mocksmtp.route("bob@fixed.test").exchanges
                    assert exchange.exchange == "mx.fixed.test"

            @pytest.mark.mocksmtp(host="default")
            def test_the_default_host(mocksmtp):
                assert mocksmtp.smtp == mocksmtp.client.status().smtp
            """,
            "2 passed",
        )

    def test_mistakes(self) -> None:
        """The error says what is accepted, and the test does not run."""
        ran = self.run_suite(
            """
            import pytest

            @pytest.mark.mocksmtp("x")
            def test_argument(mocksmtp): pass

            RULE = {"command": "RCPT", "response": {"code": 450}}

            @pytest.mark.mocksmtp(behaviors=[RULE])
            def test_document(mocksmtp): pass

            @pytest.mark.mocksmtp(recipes=["graylist"])
            def test_recipe(mocksmtp): pass

            def test_next(mocksmtp): pass
            """,
            "--strict-markers",
        )
        self.assertEqual(ran.outcome, "1 passed, 3 errors")
        for text in (
            "the marker mocksmtp takes keywords only",
            "did you mean 'RCPT TO'?",
            "no recipe 'graylist'; did you mean 'greylist'?",
        ):
            self.assertIn(text, ran.output)


class FailureTests(PluginCase):
    """The report of a failed test"""

    def test_it_shows_what_happened(self) -> None:
        """Deliveries with replies, near misses and transcripts; only if it failed."""
        ran = self.run_suite(
            """
            def test_rejected(mocksmtp, app):
                busy = mocksmtp.when("RCPT TO").contains("Bob@").named("Bob is busy")
                busy.reply(450, "4.2.1 Busy")
                app.send("bob@x.test")
                assert mocksmtp.delivery(to="bob@x.test").final == "rejected"

            def test_passes(mocksmtp, app):
                app.send("eve@x.test")
            """
        )
        self.assertEqual(ran.outcome, "1 failed, 1 passed")
        for text in (
            "- mocksmtp -",
            "ACCEPTED bob@x.test from me@here.test 'hi': 1 attempt, 1 copy kept",
            "Near misses (no behavior answered, and one nearly did):",
            "Bob is busy: recipient is 'bob@x.test', required: contains 'Bob@' "
            "(differs only in upper and lower case)",
            "C: rcpt TO:<bob@x.test>",
        ):
            self.assertIn(text, ran.output)
        self.assertNotIn("eve@x.test", ran.output)

    def test_nothing_matches(self) -> None:
        """The message reports what happened instead, at the line of the test."""
        ran = self.run_suite(
            """
            def test_delivery(mocksmtp, app):
                app.send("bob@x.test")
                mocksmtp.delivery(to="eve@x.test", wait="20ms")

            def test_mail(mocksmtp):
                mocksmtp.mail(subject="x", wait="20ms")

            def test_bounce(mocksmtp):
                mocksmtp.bounce(of="bob@x.test", wait="20ms")

            def test_count(mocksmtp):
                mocksmtp.delivery(count=2, wait="20ms")
            """
        )
        self.assertEqual(ran.outcome, "4 failed")
        for text in (
            "NoMatch: no delivery with to='eve@x.test' within 20ms",
            "ACCEPTED bob@x.test from me@here.test",
            "NoMatch: no mail with subject='x' within 20ms",
            "NoMatch: no bounce with bounce_of='bob@x.test' within 20ms",
            "NoMatch: less than 2 matches of delivery within 20ms",
        ):
            self.assertIn(text, ran.output)
        self.assertNotIn("blocking_sandbox.py", ran.output)


class AsyncTests(PluginCase):
    """Suites with coroutines"""

    source = """
    import asyncio
    from functools import partial

    import anyio
    import pytest

    {mark}
    async def test_async(mocksmtp, app):
        mocksmtp.when("RCPT TO").reply(450).times(1)
        sending = partial(app.send, "bob@x.test")
        async with anyio.create_task_group() as group:
            group.start_soon(anyio.to_thread.run_sync, sending)
            wait = partial(mocksmtp.delivery, to="bob@x.test")
            delivery = await anyio.to_thread.run_sync(wait)
        assert delivery.verdicts == ["deferred", "accepted"]
    """

    def test_pytest_asyncio(self) -> None:
        """The fixture is an ordinary one."""
        source = self.source.format(mark="@pytest.mark.asyncio")
        self.assert_passes(source, "1 passed", "-p", "no:anyio")

    def test_anyio(self) -> None:
        """With its own plugin."""
        source = self.source.format(mark="@pytest.mark.anyio")
        backend = '\n@pytest.fixture\ndef anyio_backend(): return "asyncio"\n'
        self.write("conftest.py", (self.folder / "conftest.py").read_text() + backend)
        self.assert_passes(source, "1 passed", "-p", "no:asyncio")


class DjangoTests(PluginCase):
    """`mocksmtp_django`"""

    def test_mail_is_sent_by_smtp(self) -> None:
        """Although the test environment keeps it in memory; and only in that test."""
        self.write(
            "conftest.py",
            """
            import django
            from django.conf import settings
            from django.test.utils import setup_test_environment

            settings.configure(EMAIL_HOST="mail.invalid", EMAIL_HOST_USER="me")
            django.setup()
            setup_test_environment()
            """,
        )
        self.assert_passes(
            """
            from django.core import mail

            def test_smtp(mocksmtp_django):
                mail.send_mail("Order", "Thanks", "shop@here.test", ["bob@x.test"])
                assert mocksmtp_django.mail(to="bob@x.test").subject == "Order"
                assert mail.outbox == []

            def test_memory():
                mail.send_mail("Order", "Thanks", "shop@here.test", ["bob@x.test"])
                assert len(mail.outbox) == 1
            """,
            "2 passed",
        )


class ProcessTests(PluginCase):
    """The process of the service"""

    def test_it_ends_with_a_killed_test_program(self) -> None:
        """Also with SIGKILL, while a test runs; no file of it remains."""
        self.write(
            "test_suite.py",
            """
            import os, time

            def test_endless(mocksmtp, mocksmtp_server):
                assert not os.listdir(os.environ["TMPDIR"])
                with open("running.new", "w") as file:
                    print(mocksmtp_server.pid, file=file)
                os.rename("running.new", "running")
                os.read(0, 1)
            """,
        )
        temporary = self.folder / "tmp"
        temporary.mkdir()
        places = {"PYTHONPATH": str(self.folder), "TMPDIR": str(temporary)}
        running = subprocess.Popen(
            self.command("-s"),
            cwd=self.folder,
            env=clean_environment(**places),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
        )
        assert running.stdin is not None
        self.addCleanup(running.stdin.close)
        path = self.folder / "running"
        self.wait_until(lambda: path.exists() or running.poll() is not None)
        service = Path(f"/proc/{path.read_text().strip()}")
        self.assertTrue(service.exists())
        running.send_signal(signal.SIGKILL)
        running.wait(PATIENCE)
        self.wait_until(lambda: not service.exists() or _is_zombie(service))

    def wait_until(self, condition: Callable[[], bool]) -> None:
        """Wait for something that other processes do."""
        end = time.monotonic() + PATIENCE
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.02)

    def test_options_of_the_service(self) -> None:
        """From pytest.ini; the token is used by the fixture too."""
        options = "--token secret --max-message-size 12345"
        self.write("pytest.ini", f"[pytest]\nmocksmtp_options = {options}\n")
        self.assert_passes(
            """
            def test_size(mocksmtp):
                assert "SIZE 12345" in mocksmtp.host.settings().ehlo["clear"]
                assert mocksmtp.client.connection.token == "secret"
            """,
            "1 passed",
        )

    def test_a_failed_start(self) -> None:
        """Each reason in one sentence."""
        with socket.create_server(("127.0.0.1", 0)) as used:
            port = used.getsockname()[1]
            for options, text in (
                (f"--smtp 127.0.0.1:{port}", "PortInUse: mocksmtp cannot start: "),
                ("--smpt 0", "StartFailed: mocksmtp cannot start: unknown option"),
            ):
                self.write("pytest.ini", f"[pytest]\nmocksmtp_options = {options}\n")
                ran = self.run_suite("def test_a(mocksmtp): pass")
                self.assertEqual(ran.outcome, "1 error", ran.output)
                self.assertIn(text, ran.output)

    def test_no_service(self) -> None:
        """The error names the address, and what to do."""
        url = "http://127.0.0.1:9"
        ran = self.run_suite("def test_a(mocksmtp): pass", MOCKSMTP_URL=url)
        self.assertIn(f"NotReachable: no mocksmtp at {url}", ran.output)
        self.assertNotIn("over_urllib3.py", ran.output)
        self.assertNotIn("During handling of", ran.output)

    def test_the_plugin_costs_nothing_when_it_is_unused(self) -> None:
        """No client and no Twisted is imported."""
        self.assert_passes(
            """
            import sys

            def test_modules():
                ours = {name for name in sys.modules if name.startswith("mocksmtp")}
                kit = "mocksmtp.testing"
                assert ours == {"mocksmtp", kit, f"{kit}.pytest_plugin"}
                assert not {"twisted", "urllib3", "attrs"} & set(sys.modules)
            """,
            "1 passed",
            "-p",
            "no:hypothesispytest",
            "-p",
            "no:schemathesis",
            "-p",
            "no:anyio",
            "-p",
            "no:asyncio",
        )

    def test_a_thousand_tests_leave_nothing(self) -> None:
        """As many open files and kept objects as after ten."""
        if not Path("/proc/self/fd").exists():
            raise SkipTest("needs /proc")
        self.assert_passes(
            """
            import gc, json, os
            import pytest

            from mocksmtp.testing import BlockingMockSMTP

            def kept(server):
                gc.collect()
                kinds = [type(one) for one in gc.get_objects()]
                mocks = kinds.count(BlockingMockSMTP)
                status = server.client.status()
                return {
                    "files": len(os.listdir("/proc/self/fd")),
                    "service's files": len(os.listdir(f"/proc/{server.pid}/fd")),
                    "mocks": mocks,
                    "hosts": [*status.hosts],
                    "sessions": status.hosts["default"]["sessions"],
                    "records": status.dns_records,
                    "mailboxes": status.mailboxes["mails"],
                }

            def memory(server):
                with open(f"/proc/{server.pid}/statm") as file:
                    return int(file.read().split()[1]) * 4096

            @pytest.fixture(scope="module")
            def before():
                return {}

            @pytest.mark.parametrize("number", range(1000))
            def test_one(mocksmtp, mocksmtp_server, before, number):
                mocksmtp.when("RCPT TO").reply(450)
                if number in (10, 500):
                    before[number] = kept(mocksmtp_server), memory(mocksmtp_server)

            def test_after(mocksmtp, mocksmtp_server, before):
                (first, used), (half, used_half) = before[10], before[500]
                now = kept(mocksmtp_server)
                assert first == now and half == now
                assert memory(mocksmtp_server) - used_half < 2 * 2**20
            """,
            "1001 passed",
        )


def _is_zombie(process: Path) -> bool:
    """Whether a process has ended, and nobody has asked for its exit code."""
    try:
        return "State:\tZ" in (process / "status").read_text()
    except FileNotFoundError:
        return True
