"""Commands that talk to a running service"""

from __future__ import annotations

import contextlib
import json
import os
import pty
import socket
import subprocess
import threading
from typing import Any

from tests.commands.case import ServiceCase
from tests.installed import BIN, clean_environment


class MailTests(ServiceCase):
    """``mails``, ``show``"""

    def test_a_table(self) -> None:
        """The newest last, of all hosts; the host is shown if there are several."""
        self.assert_says("no mails\n", "mails")
        self.deliver("me@here.test", ["bob@x.test"], "Subject: Grüße\n\nhello\n")
        header, line = self.lines("mails")
        self.assertEqual(
            header.split(), ["ID", "RECEIVED", "FROM", "TO", "SIZE", "SUBJECT"]
        )
        self.assertRegex(line, r"^1 +\d{4}-.* +me@here.test +bob@x.test +\d+ +Grüße$")
        self.said("hosts")
        self.put("/hosts/mx2", {})
        self.deliver("me@here.test", ["bob@x.test"], "Subject: two\n\n", host="mx2")
        header, *rest = self.lines("mails")
        self.assertIn("HOST", header)
        self.assertEqual([line.split()[3] for line in rest], ["default", "mx2"])
        self.assertEqual(len(self.lines("mails", "--host", "mx2")), 2)

    def test_filters_and_json(self) -> None:
        """They are those of the API; JSON is an array of its documents."""
        for number in range(3):
            text = f"Subject: mail {number}\n\n"
            self.deliver("me@here.test", [f"r{number}@x.test"], text)
        for arguments, found in (
            (("--to", "r1@x.test"), ["2"]),
            (("--subject", "MAIL 2"), ["3"]),
            (("-q", "subject:mail -subject:1"), ["1", "3"]),
            (("--from", "me@here.test", "-n", "2"), ["2", "3"]),
            (("-n", "0"), ["1", "2", "3"]),
        ):
            mails = self.json("mails", *arguments)
            self.assertEqual([mail["id"] for mail in mails], found)
            self.assertEqual(mails[0]["from"], "me@here.test")
        told = self.call("mails", "-n", "1")
        self.assertEqual(told.stderr, "the newest 1 of 3; --limit 0 shows all\n")

    def test_show(self) -> None:
        """The envelope, the header, the text and the attachments of the newest."""
        told = self.call(
            "send",
            "-f",
            "me@here.test",
            "-s",
            "Hi",
            "--body",
            "One\nTwo",
            "--attach",
            self.write("a.bin", "octets"),
            "bob@x.test",
        )
        self.assertEqual(told.returncode, 0, told)
        for arguments in ("show",), ("show", "1"):
            shown = self.said(*arguments)
            self.assertRegex(shown, r"(?m)^Sender: +me@here.test")
            self.assertRegex(shown, r"(?m)^Subject: +Hi$")
            self.assertIn("\n\nOne\nTwo\n", shown)
            self.assertIn(
                "[a.bin: application/octet-stream, 6 octets; mocksmtp show 1 --part ",
                shown,
            )
        part = shown.rpartition("--part ")[2].partition("]")[0]
        self.assertEqual(self.said("show", "--part", part), "octets")
        self.assertTrue(self.said("show", "--raw").startswith("From: me@here.test"))
        self.said("show", "1", "--raw", "-o", str(self.folder / "mail.eml"))
        self.assertIn(b"\r\nSubject: Hi\r\n", (self.folder / "mail.eml").read_bytes())
        self.assertEqual(self.json("show")["id"], "1")

    def test_a_mail_of_another_host(self) -> None:
        """Ids are those of all hosts."""
        self.put("/hosts/mx2", {})
        self.deliver("me@here.test", ["bob@x.test"], "Subject: two\n\n", host="mx2")
        for arguments in ("show",), ("show", "1"):
            self.assertIn("1 (host mx2)", self.said(*arguments))

    def test_control_characters(self) -> None:
        """A mail cannot write to the terminal."""
        content = "Subject: a\x1b[31mb\n\ntext \x1b]0;title\x07\n"
        self.deliver("me@here.test", ["bob@x.test"], content)
        for command in "mails", "show", "sessions", "deliveries":
            self.assertNotIn("\x1b", self.said(command))

    def test_a_terminal(self) -> None:
        """A table is as wide as the terminal."""
        self.deliver("me@here.test", ["bob@x.test"], f"Subject: {'long ' * 40}\n\n")
        pid, terminal = pty.fork()
        if pid == 0:
            program = str(BIN / "mocksmtp")
            environment = clean_environment(MOCKSMTP_URL=self.url, COLUMNS="70")
            os.execve(program, [program, "mails"], environment)
        said = b""
        try:
            while piece := os.read(terminal, 10000):
                said += piece
        except OSError:
            pass
        os.close(terminal)
        os.waitpid(pid, 0)
        _, line = said.decode().splitlines()
        self.assertEqual((len(line), line[-1]), (70, "…"))

    def test_a_reader_that_leaves(self) -> None:
        """The command ends without a message."""
        for _ in range(3):
            self.deliver(
                "me@here.test", ["bob@x.test"], "Subject: x\n\n" + "y" * 99_000
            )
        process = subprocess.Popen(
            [str(BIN / "mocksmtp"), "mails", "--json"],
            env=clean_environment(MOCKSMTP_URL=self.url),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        assert process.stdout is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr is not None
        self.assertEqual(process.stderr.read(), b"")
        process.stderr.close()
        process.wait(20)


class JournalTests(ServiceCase):
    """``deliveries``, ``sessions``, ``explain``, ``report``"""

    def setUp(self) -> None:
        super().setUp()
        self.said(
            "behaviors",
            "add",
            "RCPT TO=450 4.2.1 Busy",
            "--times",
            "2",
            "--name",
            "busy",
        )
        for _ in range(3):
            self.call(
                "send",
                "-f",
                "me@here.test",
                "--as-is",
                "bob@x.test",
                content="Message-ID: <1@here.test>\nSubject: Hi\n\n",
            )

    def test_deliveries(self) -> None:
        """All attempts for a recipient are one line; with an id, one line each."""
        _, line = self.lines("deliveries")
        self.assertRegex(
            line,
            r"^\d+ +bob@x.test +me@here.test +1 +default +deferred x2, accepted +250 ",
        )
        (delivery,) = self.json(
            "deliveries", "--to", "bob@x.test", "--final", "accepted"
        )
        self.assertEqual(delivery["copies"], 1)
        lines = self.lines("deliveries", delivery["id"])
        self.assertEqual([line.split()[0] for line in lines[-3:]], ["1", "2", "3"])
        self.assertIn("RCPT TO: 450 4.2.1 Busy [by behavior 1]", lines[-2])
        self.assert_says("no deliveries\n", "deliveries", "--final", "rejected")

    def test_sessions(self) -> None:
        """A line each, or the transcript of one."""
        lines = self.lines("sessions", "--outcome", "refused")
        self.assertEqual(len(lines), 3)
        self.assertRegex(
            lines[1], r"127.0.0.1 .* quit +me@here.test → bob@x.test: refused$"
        )
        transcript = self.said("sessions", "1")
        self.assertRegex(transcript, r"(?m)^ +\d+\.\d  > rcpt TO:<bob@x.test>$")
        self.assertIn("< 450 4.2.1 Busy  [by behavior busy]", transcript)
        self.assertEqual(self.json("sessions", "1")["id"], "1")

    def test_explain(self) -> None:
        """What nearly answered, and each behavior of a session."""
        self.said(
            "behaviors",
            "put",
            "RCPT TO nobody@=550 5.1.1 No",
            json.dumps(
                {
                    "command": "RCPT TO",
                    "condition": {"operator": "contains", "matchingValue": "Bob@"},
                    "response": {"code": 550},
                }
            ),
        )
        self.call("send", "bob@x.test")
        said = self.said("explain")
        self.assertRegex(said, r"session \d+: rcpt TO:<bob@x.test> → 250")
        self.assertIn("differs only in upper and lower case", said)
        self.assertIn('fix: {"ignoreCase": true}', said)
        self.assertIn("behaviors that never answered:", said)
        for arguments in ("explain", "--to", "bob@x.test"), ("explain", "4"):
            self.assertIn(
                "passedOver because of condition: recipient contains 'Bob@'",
                self.said(*arguments),
            )
        self.assertEqual(len(self.json("explain")["neverAnswered"]), 2)

    def test_report(self) -> None:
        """As text, or as a page in a file."""
        self.assertIn("bob@x.test from me@here.test", self.said("report"))
        self.said("report", "-o", str(self.folder / "report.html"))
        self.assertIn("<html", (self.folder / "report.html").read_text())


class FollowTests(ServiceCase):
    """``--follow``"""

    def follow(self, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [str(BIN / "mocksmtp"), *arguments, "--follow"],
            cwd=self.folder,
            env=clean_environment(MOCKSMTP_URL=self.url),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        self.addCleanup(process.stdout.close)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        # Events are those from now on.
        following = f"following {self.url}; Ctrl-C ends it\n"
        self.assertEqual(process.stderr.readline(), following)
        return process

    def test_sessions(self) -> None:
        """A live transcript; Control-C ends it without a message."""
        process = self.follow("sessions")
        self.deliver("me@here.test", ["bob@x.test"], "Subject: x\n\n")
        assert process.stdout is not None
        lines = []
        while not lines or "ended: quit" not in lines[-1]:
            lines.append(process.stdout.readline().rstrip("\n"))
            self.assertTrue(lines[-1], lines)
        said = [line.partition("  ")[2] for line in lines]
        self.assertRegex(said[0], r"^default/1  \* 127.0.0.1:\d+ connected to ")
        self.assertIn("default/1  > rcpt TO:<bob@x.test>", said)
        self.assertIn("default/1  < 250 2.0.0 Message kept", said)
        process.send_signal(2)
        self.assertEqual(process.wait(10), 130)
        assert process.stderr is not None
        self.assertEqual(process.stderr.read().strip(), "")

    def test_deliveries(self) -> None:
        """Each attempt as it is decided; a JSON object per line for programs."""
        text, documents = self.follow("deliveries"), self.follow("deliveries", "--json")
        self.deliver("me@here.test", ["bob@x.test"], "Subject: x\n\n")
        assert text.stdout is not None
        self.assertIn(
            "bob@x.test from me@here.test: accepted at attempt 1"
            " (default DATA: 250 2.0.0 Message kept)",
            text.stdout.readline(),
        )
        assert documents.stdout is not None
        event = json.loads(documents.stdout.readline())
        self.assertEqual((event["event"], event["final"]), ("delivery", "accepted"))

    def test_the_end_of_the_service(self) -> None:
        """It ends the command, with a reason."""
        process = self.follow("sessions")
        self.service.terminate()
        self.assertEqual(process.wait(20), 3)
        assert process.stderr is not None
        said = process.stderr.read()
        self.assertEqual(said.count("\n"), 1)
        self.assertIn("no mocksmtp at ", said)


class ConfiguringTests(ServiceCase):
    """``behaviors``, ``recipes``, ``dns``, ``hosts``, ``reset``"""

    def test_behaviors(self) -> None:
        """From shorthands, JSON, files and the standard input."""
        path = self.write("b.json", '[{"command": "DATA", "response": {"code": 451}}]')
        self.said("behaviors", "put", path, "CONNECT=1ms")
        found = self.json("behaviors")
        self.assertEqual([one["command"] for one in found], ["DATA", "CONNECT"])
        told = self.call(
            "behaviors",
            "add",
            "-",
            "--front",
            "--times",
            "2",
            "--tag",
            "t",
            content='{"command": "RCPT TO", "response": {"code": 450}}',
        )
        self.assertEqual(told.stdout, "3\n")
        lines = self.lines("behaviors")
        self.assertRegex(lines[1], r"^3 +0 +2 +RCPT TO → 450\b")
        self.assertEqual(len(self.lines("behaviors", "--tag", "t")), 2)
        self.said("behaviors", "remove", "1", "2")
        self.said("behaviors", "clear", "--tag", "t")
        self.assert_says("no behaviors\n", "behaviors", "list")

    def test_evaluate(self) -> None:
        """The reply, and what became of each behavior; nothing is counted."""
        self.said("behaviors", "put", "RCPT TO bob@=450 4.2.1 Busy")
        line = "RCPT TO:<bob@x.test>"
        said = self.said("behaviors", "evaluate", line, "--sender", "me@here.test")
        self.assertEqual(said.splitlines()[0], "450 4.2.1 Busy [by behavior 1]")
        self.assertIn("behavior 1: fired", said)
        self.assertEqual(self.json("behaviors")[0]["fired"], 0)

    def test_a_host(self) -> None:
        """``--host`` names it."""
        self.put("/hosts/mx2", {})
        self.said("behaviors", "add", "DATA=451", "--host", "mx2")
        self.assertEqual(len(self.json("behaviors", "--host", "mx2")), 1)
        self.assertEqual(self.json("behaviors"), [])
        self.assertEqual(
            [host["name"] for host in self.json("hosts")], ["default", "mx2"]
        )
        self.assertEqual(self.json("hosts", "mx2")["name"], "mx2")
        self.assertRegex(self.lines("hosts")[2], r"^mx2 +mx2 +127.0.0.1:\d+ +no +no")

    def test_recipes(self) -> None:
        """They are listed, shown, and applied with other values."""
        self.assertGreater(len(self.lines("recipes")), 80)
        shown = self.said("recipes", "greylist")
        for text in "--set active-for=", "PUT /smtpBehaviors", '"activeFor": "5m"':
            self.assertIn(text, shown)
        said = self.said(
            "recipes", "greylist", "--set", "active-for=2s", "--tag", "g", "--apply"
        )
        self.assertEqual(said, "applied greylist: behaviors 1\n")
        (behavior,) = self.json("behaviors", "--tag", "g")
        self.assertEqual(behavior["activeFor"], 2000)

    def test_dns(self) -> None:
        """Records as lines of a zone file; the route, and the queries of a sender."""
        _, port = self.service.pair("smtp")
        self.said("dns", "put", "x.test MX 10 mx.x.test", "mx.x.test A 127.0.0.1")
        self.said("dns", "add", self.write("zone", 'x.test. TXT "a b"\n'))
        lines = self.lines("dns", "list", "--name", "x.test")
        self.assertEqual([line.split()[3] for line in lines], ["TYPE", "MX", "TXT"])
        route = self.lines("dns", "route", "bob@x.test")
        self.assertRegex(
            route[1],
            rf"^10 +mx.x.test +127.0.0.1 +default +127.0.0.1:{port} +250 .* 250",
        )
        told = self.call("send", "--mx", "bob@x.test", "--json")
        (attempt,) = json.loads(told.stdout)
        self.assertEqual((attempt["exchange"], attempt["port"]), ("mx.x.test", port))
        self.assertRegex(
            self.lines("dns", "queries")[1], r" udp +x.test +MX +NOERROR +1"
        )
        told = self.call("dns", "route", "bob@none.test")
        self.assertEqual(told.returncode, 1)
        self.assertIn("none.test MX is NXDOMAIN", told.stderr)
        self.said("dns", "clear")
        self.assert_says("no records\n", "dns")

    def test_reset(self) -> None:
        """All that a test leaves."""
        self.deliver("me@here.test", ["bob@x.test"], "Subject: x\n\n")
        self.said("behaviors", "add", "DATA=451")
        self.said("reset")
        for command in "mails", "behaviors", "sessions", "deliveries":
            self.assertEqual(self.json(command), [])


class ExchangeTests(ServiceCase):
    """``send --mx``"""

    is_shared = True

    def send(self, recipient: str) -> tuple[int, list[tuple[Any, ...]]]:
        told = self.call("send", "--mx", recipient, "--json", "--timeout", "5s")
        attempts = json.loads(told.stdout)
        return told.returncode, [
            (one["exchange"], one["stage"], one["verdict"]) for one in attempts
        ]

    def test_fail_over(self) -> None:
        """The exchanges are tried in order, until one decides."""
        for name, address in ("mx1", "127.0.0.11"), ("mx2", "127.0.0.12"):
            self.put(f"/hosts/{name}", {"listeners": [{"address": address, "port": 0}]})
        self.said(
            *("dns", "put", "x.test MX 20 mx2.x.test", "x.test MX 10 mx1.x.test"),
            *("mx1.x.test A 127.0.0.11", "mx2.x.test A 127.0.0.12"),
        )
        second = ("mx2.x.test", "DATA", "accepted")
        for shorthand, first in (
            ("CONNECT=421 Busy", ("mx1.x.test", "CONNECT", "deferred")),
            ("CONNECT=554 No", ("mx1.x.test", "CONNECT", "rejected")),
            ("RCPT TO=451 4.3.0 Later", ("mx1.x.test", "RCPT TO", "deferred")),
        ):
            self.said("behaviors", "put", shorthand, "--host", "mx1")
            self.assertEqual(self.send("bob@x.test"), (0, [first, second]))
        self.said("behaviors", "put", "RCPT TO=550 5.1.1 No", "--host", "mx1")
        status, attempts = self.send("bob@x.test")
        self.assertEqual(
            (status, attempts), (69, [("mx1.x.test", "RCPT TO", "rejected")])
        )

    def test_domains_without_exchanges(self) -> None:
        """An implicit MX, a null MX, NXDOMAIN, and failures of DNS."""
        self.said(
            *("dns", "put", "a.test A 127.0.0.1", "null.test MX 0 .", "t.test TXT x"),
            *("dangling.test MX 5 nowhere.test", "servfail.test MX 10 a.test"),
        )
        self.put(
            "/dnsBehaviors",
            [
                {
                    "query": "MX",
                    "condition": {
                        "operator": "equals",
                        "matchingValue": "servfail.test",
                    },
                    "response": {"rcode": "SERVFAIL"},
                }
            ],
        )
        for domain, status, attempts in (
            ("a.test", 0, [("a.test", "DATA", "accepted")]),
            ("[127.0.0.1]", 0, [("127.0.0.1", "DATA", "accepted")]),
            ("null.test", 69, [(None, "DNS", "rejected")]),
            ("none.test", 69, [(None, "DNS", "rejected")]),
            ("t.test", 69, [(None, "DNS", "rejected")]),
            ("dangling.test", 69, [(None, "DNS", "rejected")]),
            ("servfail.test", 75, [(None, "DNS", "deferred")]),
        ):
            self.assertEqual(self.send(f"bob@{domain}"), (status, attempts), domain)


class WaitTests(ServiceCase):
    """``wait``"""

    is_shared = True

    def test_a_mail_that_arrives(self) -> None:
        """It is printed as soon as it is there."""
        process = subprocess.Popen(
            [str(BIN / "mocksmtp"), "wait", "--to", "bob@x.test", "--timeout", "20s"],
            env=clean_environment(MOCKSMTP_URL=self.url),
            stdout=subprocess.PIPE,
            text=True,
        )
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        self.deliver("me@here.test", ["bob@x.test"], "Subject: Hi\n\n")
        said, _ = process.communicate(timeout=20)
        self.assertEqual(process.returncode, 0)
        self.assertIn("me@here.test  bob@x.test", said)

    def test_one_that_does_not(self) -> None:
        """1, and the nearest of the others."""
        told = self.call("wait", "--to", "bob@x.test", "--timeout", "1ms")
        self.assertEqual((told.returncode, told.stdout), (1, ""))
        self.assertEqual(told.stderr, "mocksmtp: 0 of 1 mails within 1ms\n")
        self.deliver("me@here.test", ["carl@x.test"], "Subject: Hi\n\n")
        for arguments, difference in (
            (
                ("mails", "--to", "bob@x.test"),
                "to wanted 'bob@x.test', found 'carl@x.test'",
            ),
            (
                ("deliveries", "--final", "rejected", "--settle", "1ms"),
                "final wanted 'rejected', found 'accepted'",
            ),
            (
                ("sessions", "--to", "carl@x.test", "--outcome", "refused"),
                "outcome wanted 'refused', found 'accepted'",
            ),
        ):
            told = self.call("wait", *arguments, "--timeout", "10ms")
            self.assertEqual(told.returncode, 1)
            self.assertIn("; the nearest is ", told.stderr)
            self.assertIn(difference, told.stderr)
        told = self.call("wait", "--count", "2", "--timeout", "1ms", "--json")
        self.assertEqual((told.returncode, len(json.loads(told.stdout))), (1, 1))


class FailureTests(ServiceCase):
    """No command ends in a traceback"""

    is_shared = True

    COMMANDS = (
        ("mails",),
        ("show",),
        ("deliveries",),
        ("sessions",),
        ("sessions", "--follow"),
        ("explain",),
        ("report",),
        ("wait",),
        ("behaviors",),
        ("behaviors", "add", "DATA=451"),
        ("behaviors", "put", "DATA=451"),
        ("behaviors", "clear"),
        ("behaviors", "remove", "1"),
        ("behaviors", "evaluate", "RCPT TO:<a@b.test>"),
        ("recipes", "greylist", "--apply"),
        ("recipes", "no_extensions", "--apply"),
        ("ingest", "-"),
        ("dns",),
        ("dns", "add", "x.test A 127.0.0.1"),
        ("dns", "put", "x.test A 127.0.0.1"),
        ("dns", "clear"),
        ("dns", "remove", "1"),
        ("dns", "queries"),
        ("dns", "route", "a@b.test"),
        ("hosts",),
        ("reset",),
        ("send", "--mx", "--body", "x", "a@b.test"),
    )

    def test_no_service(self) -> None:
        """3, and how to start or name one; for each command."""
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        for command in self.COMMANDS:
            told = self.call(*command, MOCKSMTP_URL=url)
            expected = (
                f"mocksmtp: no mocksmtp at {url} (Connection refused); start one "
            )
            self.assertTrue(told.stderr.startswith(expected), (command, told.stderr))
            self.assertEqual((told.returncode, told.stdout), (3, ""))
            self.assertEqual(told.stderr.count("\n"), 1)

    def test_another_server(self) -> None:
        """3, for an answer that is not from mocksmtp."""
        smtp = "http://" + self.service.addresses["smtp"]
        answers = [
            b"Content-Type: text/html\r\nContent-Length: 5\r\n\r\nhello",
            b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}",
            b"Content-Length: 0\r\n\r\n",
        ]
        with contextlib.ExitStack() as stack:
            others = [
                stack.enter_context(Answering(b"HTTP/1.1 200 OK\r\n" + answer)).url
                for answer in answers
            ]
            for command in self.COMMANDS:
                for url in smtp, *others:
                    told = self.call(*command, "-u", url, content="Subject: hi\n\n")
                    self.assertEqual((told.returncode, told.stdout), (3, ""), told)
                    self.assertIn("is not the API of mocksmtp", told.stderr)
                    self.assertEqual(told.stderr.count("\n"), 1)

    def test_the_token(self) -> None:
        """4 for a missing or wrong one; an option or the variable gives it."""
        self.start("--token", "s3cret")
        for environment in {}, {"MOCKSMTP_TOKEN": "wrong"}:
            for command in ("mails",), ("deliveries", "--follow"):
                told = self.call(*command, **environment)
                self.assertEqual(told.returncode, 4, told)
                self.assertIn("MOCKSMTP_TOKEN", told.stderr)
                self.assertEqual(told.stderr.count("\n"), 1)
        self.assertEqual(self.call("mails", MOCKSMTP_TOKEN="s3cret").returncode, 0)
        self.assertEqual(self.call("mails", "--token", "s3cret").returncode, 0)
        self.assertEqual(self.call("--token", "s3cret", "mails").returncode, 0)

    def test_what_the_service_refuses(self) -> None:
        """4, and each place with an error in a line of its own."""
        for command, lines in (
            (("show", "99"), ["no mail with the id '99' is kept"]),
            (("sessions", "99"), ["no session with the id '99' is kept"]),
            (("behaviors", "remove", "99"), ["no behavior with the id '99'"]),
            (
                ("mails", "-q", "form:x"),
                ["--query: unknown keyword 'form'; one of: from, to, "],
            ),
            (("dns", "put", "x.test A 1.2.3"), ["line 1: "]),
            (
                ("behaviors", "put", '[{"command": "DTA", "response": {"code": 1}}]'),
                ["$[0].command: unknown command 'DTA'", "$[0].response.code: "],
            ),
        ):
            told = self.call(*command)
            self.assertEqual(told.returncode, 4, told)
            found = told.stderr.splitlines()
            for expected, line in zip(lines, found, strict=True):
                self.assertTrue(line.startswith(f"mocksmtp: {expected}"), line)

    def test_usage(self) -> None:
        """2, with the nearest name and where help is."""
        for command, said in (
            (("mials",), "unknown command 'mials'; did you mean 'mails'?"),
            (("behaviors", "lst"), "unknown command 'lst'; did you mean 'list'?"),
            (("dns", "rout", "a@b"), "unknown command 'rout'; did you mean 'route'?"),
            (("recipes", "greylst"), "no recipe 'greylst'; did you mean 'greylist'?"),
            (("recipes", "greylist", "--set", "x"), "--set: must be NAME=VALUE"),
            (("wait", "mials"), "'mials' is not one of"),
            (("wait", "--final", "rejected"), "--final does not filter mails"),
            (("wait", "--timeout", "5"), "--timeout: a duration must have a unit"),
            (("wait", "--settle", "20s"), "must not be longer than --timeout 10s"),
            (("behaviors", "put", "none.json"), "none.json: No such file"),
            (("behaviors", "put", "{"), "invalid JSON"),
            (("behaviors", "put", "[1]"), "a behavior must be a JSON object"),
            (("behaviors", "add", "RCPT=550"), "unknown command 'RCPT'"),
            (("sessions", "--follow", "--to", "a@b"), "--to cannot be combined with"),
            (("show", "--raw", "--html"), "exclude each other"),
            (("completion", "tcsh"), "'tcsh' is not one of"),
        ):
            told = self.call(*command)
            self.assertEqual(told.returncode, 2, told)
            self.assertIn(said, told.stderr)
            self.assertIn("--help", told.stderr)
            self.assertEqual(told.stderr.count("\n"), 1)


class Answering:
    """A server that gives each connection the same answer."""

    def __init__(self, answer: bytes) -> None:
        self._answer = answer
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        while True:
            try:
                client, _ = self._server.accept()
            except OSError:
                return
            with client:
                client.recv(10000)
                client.sendall(self._answer)

    def __enter__(self) -> Answering:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        self._thread.join()


class CompletionTests(ServiceCase):
    """``completion``"""

    is_shared = True

    def test_scripts(self) -> None:
        """For each shell; the command line completes commands, options and recipes."""
        for shell in "bash", "zsh", "fish":
            self.assertIn("_MOCKSMTP_COMPLETE", self.said("completion", shell))
        for words, number, found in (
            ("mocksmtp ma", 1, "mails"),
            ("mocksmtp behaviors ev", 2, "evaluate"),
            ("mocksmtp send --att", 2, "--attach"),
            ("mocksmtp serve --max-m", 2, "--max-mails"),
            ("mocksmtp recipes greyl", 2, "greylist"),
        ):
            told = self.call(
                _MOCKSMTP_COMPLETE="bash_complete",
                COMP_WORDS=words,
                COMP_CWORD=str(number),
            )
            self.assertIn(f"plain,{found}\n", told.stdout, words)
