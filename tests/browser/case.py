"""What the tests of the page share: the service, a browser, and helpers.

A screen's test drives the service as its users do (mails by `send`, the API by `call`)
and asserts what is visible::

    class MailScreenTests(BrowserCase):
        def test_a_new_mail_appears(self) -> None:
            page = self.open("/ui/mails")
            self.send("Hello")
            self.see(page.get_by_text("Hello"))
"""

from __future__ import annotations

import atexit
import json
import os
import re
import shutil
import smtplib
import socket
import struct
from collections.abc import Callable, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import ProxyHandler, Request, build_opener

from twisted.trial.unittest import SkipTest, SynchronousTestCase

from tests.installed import FREE_PORTS, Program, is_installed, start

if TYPE_CHECKING:
    from playwright.sync_api import (
        Browser,
        BrowserContext,
        BrowserType,
        Locator,
        Page,
    )

IMAGES = Path(__file__).resolve().parent.parent.parent / "docs" / "images"

PATIENCE = 15_000
"""Milliseconds for what must become visible."""

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)

Document = dict[str, Any]


@cache
def chromium() -> tuple[BrowserType, str]:
    """
    What starts browsers, one for the process; and the path of Chromium.

    :raises SkipTest: Chromium or Playwright is not installed
    """
    program = os.environ.get("CHROMIUM") or shutil.which("chromium")
    if program is None:
        raise SkipTest("chromium is not installed; see `make packages`")
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        raise SkipTest("playwright is not installed; see `make test-slow`") from None
    started = sync_playwright().start()
    atexit.register(started.stop)
    return started.chromium, program


@cache
def browser() -> Browser:
    """A browser, the same for all tests of the process."""
    kind, program = chromium()
    launched = kind.launch(executable_path=program, args=[*FLAGS])
    atexit.register(launched.close)
    return launched


class SharedService:
    """A service that several tests use, one after the other; one at a time."""

    def __init__(self) -> None:
        self._options: Sequence[str] = ()
        self._program: Program | None = None
        self._cleanups: list[tuple[Any, ...]] = []
        atexit.register(self.end)

    def get(self, options: Sequence[str]) -> Program:
        """The service with these options; a new one if it has ended."""
        program = self._program
        if program is None or program.process.poll() is not None:
            self.end()
        elif self._options == options:
            return program
        self.end()
        self._options = options
        self._program = start(
            lambda *call: self._cleanups.append(call), options=options
        )
        return self._program

    def end(self) -> None:
        """End the service, if there is one."""
        self._program = None
        while self._cleanups:
            function, *arguments = self._cleanups.pop()
            function(*arguments)


_shared = SharedService()


class BrowserCase(SynchronousTestCase):
    """
    The installed service on free ports, and a browser.

    Each test has a service of its own, or a service of its class that was reset: then
    ids do not begin with 1.

    A test fails if a page logs an error (an exception, a refusal by the
    Content-Security-Policy) that it does not expect: see `expected_errors`.

    :cvar options: further options of the service
    :cvar shares: whether the tests of the class use the same service
    :ivar service: the running program
    :ivar url: the root of the service
    :ivar context: a fresh profile of the browser
    :ivar expected_errors: patterns of messages that pages may log
    """

    options: Sequence[str] = ()
    shares = False
    token: str | None = None

    def setUp(self) -> None:
        if not is_installed():
            raise SkipTest("mocksmtp is not installed beside this Python")
        self._browser = browser()
        self.expected_errors: list[str] = []
        self._errors: list[str] = []
        self.requested: list[str] = []
        self.start_service()
        self.context = self.new_context()

    def start_service(self, addresses: Sequence[str] = FREE_PORTS) -> None:
        """
        Start a service.

        :param addresses: the options for its listeners
        """
        options = [*addresses, "--hostname", "mx.test", *self.options]
        if self.token is not None:
            options += ["--token", self.token]
        self.service: Program = (
            _shared.get(options)
            if self.shares
            else start(self.addCleanup, options=options)
        )
        host, port = self.service.pair("http")
        self.url = f"http://{host}:{port}"
        if self.shares:
            self.call("POST", "/reset", all="true")

    def restart_service(
        self, wait: Callable[[], object] = lambda: None, kill: bool = False
    ) -> None:
        """
        Stop the service, and start another at the same addresses.

        :param wait: called while there is none
        :param kill: whether it is killed, instead of ended
        """
        assert not self.shares
        addresses = self.service.addresses
        if kill:
            self.service.process.kill()
            self.service.process.wait(10)
        else:
            self.service.terminate()
        wait()
        same = [("--" + name, addresses[name]) for name in ("smtp", "http", "dns")]
        self.start_service([word for option in same for word in option])

    def new_context(
        self, dark: bool = False, width: int = 1280, **more: Any
    ) -> BrowserContext:
        """A fresh profile: light or dark, of a width in pixels."""
        context = self._browser.new_context(
            color_scheme="dark" if dark else "light",
            viewport={"width": width, "height": 800},
            reduced_motion="reduce",
            **more,
        )
        context.set_default_timeout(PATIENCE)
        self.addCleanup(context.close)
        return context

    def open(self, path: str = "/", context: BrowserContext | None = None) -> Page:
        """Open a screen in a new tab."""
        page = (context or self.context).new_page()
        page.on("pageerror", lambda error: self._errors.append(str(error)))
        page.on("console", self._heard)
        page.on("request", lambda request: self.requested.append(request.url))
        page.on("requestfailed", self._failed)
        page.goto(self.url + path)
        return page

    def wait_live(self, page: Page) -> None:
        """Wait until the page follows the service."""
        page.locator('#state[data-state="open"]').wait_for()

    def _failed(self, request: Any) -> None:
        """A request that the Content-Security-Policy blocks is reported, not sent."""
        if request.failure == "csp":
            self.requested.remove(request.url)

    def _heard(self, message: Any) -> None:
        if message.type == "error":
            self._errors.append(message.text)

    def tearDown(self) -> None:
        """Nothing failed in any page, and no page asked another origin for anything."""
        unexpected = [
            error
            for error in self._errors
            if not any(re.search(pattern, error) for pattern in self.expected_errors)
        ]
        self.assertEqual(unexpected, [])
        own = (self.url, "data:", "blob:")
        self.assertEqual([u for u in self.requested if not u.startswith(own)], [])

    # The service

    def send(
        self,
        subject: str = "Hello",
        to: Sequence[str] = ("bob@x.test",),
        sender: str = "alice@h.test",
        body: str = "Hi",
        *,
        headers: Sequence[str] = (),
        helo: str = "client.test",
        message_id: str | None = None,
        host: str = "smtp",
    ) -> None:
        """
        Send a mail as a client does that gives up at the first refusal.

        :param host: the listener, ``smtp`` or ``smtp.NAME``
        """
        lines = [
            *headers,
            f"From: {sender}",
            f"To: {', '.join(to)}",
            f"Subject: {subject}",
            *([f"Message-ID: <{message_id}>"] if message_id else []),
            "",
            body,
        ]
        self.send_octets("\r\n".join(lines).encode(), to, sender, helo=helo, host=host)

    def send_octets(
        self,
        content: bytes,
        to: Sequence[str] = ("bob@x.test",),
        sender: str = "alice@h.test",
        *,
        helo: str = "client.test",
        host: str = "smtp",
    ) -> None:
        """Send a mail with this content; refusals are no errors."""
        with smtplib.SMTP(*self.service.pair(host), local_hostname=helo) as client:
            try:
                client.sendmail(sender, list(to), content)
            except smtplib.SMTPException:
                client.rset()

    def talk(self, *lines: str, host: str = "smtp") -> str:
        """Send raw lines, one after the reply to the other; return all replies."""
        with socket.create_connection(self.service.pair(host), 10) as connection:
            stream = connection.makefile("rwb")
            said = [_reply(stream)]
            for line in lines:
                stream.write(line.encode() + b"\r\n")
                stream.flush()
                said.append(_reply(stream))
        return "".join(said)

    def query(self, name: str, type_: int = 15) -> None:
        """Send a query for MX over TCP, and wait for its answer."""
        labels = [*name.encode().split(b"."), b""]
        asked = b"".join(bytes([len(label)]) + label for label in labels)
        octets = struct.pack("!6H", 7, 0, 1, 0, 0, 0) + asked
        octets += struct.pack("!2H", type_, 1)
        with socket.create_connection(self.service.pair("dns"), 10) as client:
            client.sendall(struct.pack("!H", len(octets)) + octets)
            client.recv(1000)

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Call the API: the document of its response, or None for an empty one."""
        url = self.url + path + (f"?{urlencode(query)}" if query else "")
        data = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        request = Request(url, data, headers, method=method)
        try:
            with build_opener(ProxyHandler({})).open(request, timeout=30) as response:
                answer = response.read()
        except HTTPError as error:
            raise AssertionError(f"{method} {path}: {error.read()!r}") from None
        try:
            return json.loads(answer) if answer else None
        except ValueError:
            return answer

    def latest_mail(self) -> str:
        """The id of the newest mail."""
        found: str = self.call("GET", "/smtpMails/latest")["id"]
        return found

    def ids(self, path: str) -> list[str]:
        """The ids of the entries of a list, such as ``/deliveries``."""
        return [one["id"] for one in self.call("GET", path)]

    # Assertions

    def see(self, locator: Locator, text: str | None = None) -> None:
        """Wait until an element is visible, and contains `text`."""
        from playwright.sync_api import expect

        expect(locator.first).to_be_visible(timeout=PATIENCE)
        if text is not None:
            expect(locator.first).to_contain_text(text, timeout=PATIENCE)

    def see_count(self, locator: Locator, count: int) -> None:
        """Wait until so many elements match."""
        from playwright.sync_api import expect

        expect(locator).to_have_count(count, timeout=PATIENCE)

    def see_not(self, locator: Locator) -> None:
        """Wait until an element is hidden or gone."""
        from playwright.sync_api import expect

        expect(locator).to_be_hidden(timeout=PATIENCE)

    def check_accessible(self, page: Page) -> None:
        """axe finds no violation."""
        from axe_playwright_python.sync_playwright import Axe

        # Run as an extension would: the page's own policy allows no inline script.
        found = Axe().run(page)
        told = [
            f"{one['id']}: {node['html'][:200]} {node.get('failureSummary', '')}"
            for one in found.response["violations"]
            for node in one["nodes"][:3]
        ]
        self.assertEqual(told, [])

    def check_width(self, page: Page) -> None:
        """Nothing is wider than the view: the page does not scroll sideways."""
        wide = page.evaluate(
            "(e => e.scrollWidth - e.clientWidth)(document.documentElement)"
        )
        self.assertLessEqual(wide, 0)

    def picture(self, page: Page, name: str) -> None:
        """Store a screenshot for the documentation: with ``PICTURES=1``, as it is slow
        and changes files of the tree.
        """
        if os.environ.get("PICTURES"):
            IMAGES.mkdir(exist_ok=True)
            page.screenshot(path=IMAGES / f"{name}.png")


def _reply(stream: Any) -> str:
    """All lines of a reply."""
    lines = []
    while True:
        line = stream.readline().decode()
        lines.append(line)
        if not line or line[3:4] != "-":
            return "".join(lines)
