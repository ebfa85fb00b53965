"""Retries and fail-over of a real mail server, as the page shows them"""

from __future__ import annotations

import shlex
import stat
from pathlib import Path

from twisted.trial.unittest import SynchronousTestCase

from tests.browser.case import FLAGS, PATIENCE, chromium
from tests.e2e.rig import shared_rig
from tests.e2e.service import HTTP, MX3
from tests.e2e.test_postfix import CONTENT, HOSTS, SENDER, refusal


class PostfixTests(SynchronousTestCase):
    """Postfix, the service and the browser, in network namespaces"""

    def setUp(self) -> None:
        kind, installed = chromium()
        rig = shared_rig()
        self.api, self.postfix = rig.service.api, rig.postfix
        self.api.reset()
        folder = Path(self.mktemp()).absolute()
        folder.mkdir()
        program = folder / "chromium"
        command = shlex.join(self.api.namespace.command(installed))
        program.write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        browser = kind.launch(executable_path=str(program), args=[*FLAGS])
        self.addCleanup(browser.close)
        self.page = browser.new_page()
        self.page.set_default_timeout(2 * PATIENCE)

    def test_retries_and_failover(self) -> None:
        """The row changes from deferred to accepted; the axis shows both hosts."""
        bob = "bob@retry.test"
        listener = {"address": MX3, "port": 25}
        api = self.api.add_host({"name": "mx3", "listeners": [listener]})
        self.addCleanup(self.api.delete_host, "mx3")
        busy = {"code": 421, "message": "4.3.2 Too busy", "then": "close"}
        api.set_behaviors({"command": "CONNECT", "response": busy})
        self.api.set_behaviors(refusal(bob, 450, "4.2.1 Busy", numberOfAnswer=1))
        self.page.goto(f"http://{HTTP}:8000/ui/deliveries")
        self.page.locator('#state[data-state="open"]').wait_for()
        self.api.set_records(
            HOSTS,
            f"mx3.retry.test. A {MX3}",
            "retry.test. MX 10 mx3.retry.test.",
            "retry.test. MX 20 mx1.hosts.test.",
        )
        self.postfix.submit(SENDER, [bob], CONTENT)
        row = self.page.locator(".row").filter(has_text=bob)
        row.locator(".verdict.accepted").wait_for()
        row.locator("summary").click()
        row.get_by_text("back-off").first.wait_for()
        row.get_by_text("421 4.3.2 Too busy").first.wait_for()
        row.get_by_text("450 4.2.1 Busy").first.wait_for()
        row.get_by_text("time axis of").click()
        self.page.locator(".timeline .mark.accepted").first.wait_for()
        self.assertGreater(self.page.locator(".failover-line").count(), 0)
        self.assertGreater(self.page.locator(".query").count(), 0)
