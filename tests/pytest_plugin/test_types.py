"""What type checkers know about the clients and the fixtures"""

from __future__ import annotations

import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.installed import clean_environment, is_installed

SUITE = """\
from typing import assert_type

from mocksmtp.client import BlockingMockClient, MockClient, target
from mocksmtp.testing import BlockingMockSMTP, MockServer, MockSMTPTestCase


def test_it(mocksmtp: BlockingMockSMTP, mocksmtp_server: MockServer) -> None:
    rule = mocksmtp.when("RCPT TO").contains("bob@").reply(450, "4.2.1 Busy").times(2)
    assert_type(rule.fired, int)
    condition = target("sender").contains("a") & ~target("size").at_least(3)
    mocksmtp.when("DATA", condition).header("To").matches("x").keep_then_reset().once()
    mx1, mx2 = mocksmtp.exchanges("x.test", 2)
    mx1.outage(code=421).remove()
    mx2.greylist(active_for="2s", times=1)
    verdicts: list[str] = [*mocksmtp.delivery(to="bob@x.test", settle="2s").verdicts]
    assert verdicts == ["accepted"]
    assert_type(mocksmtp.bounce(of="bob@x.test").status, str)
    assert_type(BlockingMockClient().mails(wait="2s", q="x").total, int | None)


class Tests(MockSMTPTestCase):
    async def test_one(self) -> None:
        rule = await self.mock.when("RCPT TO").reply(450).times(1)
        assert_type(await rule.fired, int)
        delivery = await self.assertDelivered("bob@x.test")
        assert_type(delivery.copies, int)
        assert_type((await MockClient().mails(to="x")).next, str | None)
"""

MISTAKE = """\
from mocksmtp.testing import BlockingMockSMTP


def test_it(mocksmtp: BlockingMockSMTP) -> None:
    mocksmtp.delivery(tto="bob@x.test")
"""


class TypeTests(SynchronousTestCase):
    """mypy in strict mode"""

    def check(self, source: str) -> str:
        """What it reports."""
        if not is_installed() or find_spec("mypy") is None:
            raise SkipTest("missing: the installed program, or mypy")
        folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        (folder / "test_suite.py").write_text(source)
        command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir"]
        ran = subprocess.run(
            [*command, str(Path("mypy_cache").absolute()), "test_suite.py"],
            cwd=folder,
            env=clean_environment(),
            capture_output=True,
            text=True,
        )
        return ran.stdout

    def test_a_suite(self) -> None:
        """Fixtures, clients and test cases have types."""
        self.assertEqual(
            self.check(SUITE), "Success: no issues found in 1 source file\n"
        )

    def test_a_misspelled_filter(self) -> None:
        """It is found before the test runs."""
        self.assertIn('"tto" for "delivery"', self.check(MISTAKE))
