"""``mocksmtp send``"""

from __future__ import annotations

import json
import socket
import subprocess
import threading
from typing import Any
from urllib.request import Request, urlopen

from tests.commands.case import ServiceCase
from tests.installed import BIN, clean_environment


class SendCase(ServiceCase):
    """`send` finds the server of the service by SMTP_HOST and SMTP_PORT."""

    is_shared = True

    def send(
        self, *arguments: str, content: str = "", **more: str
    ) -> subprocess.CompletedProcess[str]:
        """Run ``mocksmtp send``."""
        host, port = self.service.pair("smtp")
        environment = {"SMTP_HOST": host, "SMTP_PORT": str(port)} | more
        return self.call("send", *arguments, content=content, **environment)

    def accepted(self, *arguments: str, **more: Any) -> dict[str, Any]:
        """Send a mail that is accepted; returns it as it was kept."""
        told = self.send(*arguments, **more)
        self.assertEqual((told.returncode, told.stderr), (0, ""), told)
        return self.newest()

    def newest(self) -> dict[str, Any]:
        """The newest mail."""
        with urlopen(f"{self.url}/smtpMails?order=desc&limit=1") as answer:
            (mail,) = json.load(answer)
        with urlopen(f"{self.url}/smtpMails/{mail['id']}") as answer:
            document: dict[str, Any] = json.load(answer)
        return document


class ComposedTests(SendCase):
    """A mail from options"""

    def test_a_test_mail(self) -> None:
        """A recipient suffices."""
        mail = self.accepted("bob@x.test", "--to", "Carl <carl@x.test>, d@x.test")
        recipients = ["bob@x.test", "carl@x.test", "d@x.test"]
        self.assertEqual(mail["envelope"]["recipients"], recipients)
        self.assertEqual(mail["subject"], "Test mail")
        self.assertEqual(mail["mime"]["text"].strip(), "This is a test mail.")

    def test_its_parts(self) -> None:
        """Subject, text, HTML, attachments and further fields."""
        self.write("page.html", "<p>Hi</p>")
        self.write("data.csv", "a,b\n1,2\n")
        mail = self.accepted(
            *(
                "-f",
                "me@here.test",
                "-F",
                'Me "Q"',
                "-s",
                "Grüße",
                "--body",
                "Hällo\n.\n",
            ),
            *("--html", "page.html", "--attach", "data.csv", "--header", "X-Run: 7"),
            "bob@x.test",
        )
        self.assertEqual(mail["from"], "me@here.test")
        self.assertEqual(
            mail["headerFrom"], [{"name": 'Me "Q"', "address": "me@here.test"}]
        )
        self.assertEqual(mail["subject"], "Grüße")
        header, _, _ = mail["message"].partition("\r\n\r\n")
        self.assertTrue(header.isascii(), header)
        self.assertEqual(mail["mime"]["text"], "Hällo\r\n.\r\n")
        self.assertEqual(mail["mime"]["html"].strip(), "<p>Hi</p>")
        (attached,) = mail["attachments"]
        self.assertEqual(
            (attached["fileName"], attached["type"]), ("data.csv", "text/csv")
        )
        path = f"{self.url}/smtpMails/{mail['id']}/parts/{attached['index']}"
        with urlopen(path) as answer:
            self.assertEqual(answer.read(), b"a,b\n1,2\n")
        self.assertIn({"name": "X-Run", "value": "7"}, mail["mime"]["headers"])

    def test_the_text_from_standard_input(self) -> None:
        """With ``--body -``."""
        mail = self.accepted("-s", "x", "--body", "-", "b@x.test", content="piped\n")
        self.assertEqual(mail["mime"]["text"], "piped\r\n")

    def test_dsn_and_the_null_sender(self) -> None:
        """The parameters of RFC 3461, an empty sender and a UTF-8 address."""
        self.put("/smtpExtensions", ["DSN"])
        mail = self.accepted(
            *(
                "-N",
                "success,failure",
                "-R",
                "hdrs",
                "-V",
                "Q1",
                "-f",
                "<>",
                "bö@x.test",
            )
        )
        self.assertEqual(mail["from"], "<>")
        self.assertEqual(
            mail["mailParameters"][:2],
            [{"name": "RET", "value": "HDRS"}, {"name": "ENVID", "value": "Q1"}],
        )
        self.assertIn("SMTPUTF8", [one["name"] for one in mail["mailParameters"]])
        (recipient,) = mail["recipients"]
        notify = {"name": "NOTIFY", "value": "SUCCESS,FAILURE"}
        self.assertEqual(recipient["parameters"], [notify])


class SendmailTests(SendCase):
    """The flags of sendmail"""

    CONTENT = (
        'To: a@x.test, "B, b" <b@x.test>\nBcc: c@x.test,\n d@x.test\n'
        "Subject: x\nFrom: Me <me@here.test>\n\nBcc: is text here\n.dot\n"
    )

    def test_recipients_of_the_header(self) -> None:
        """With ``-t``; Bcc is removed, missing fields are added, nothing is printed."""
        told = self.send("-t", "-i", content=self.CONTENT)
        self.assertEqual((told.returncode, told.stdout, told.stderr), (0, "", ""))
        mail = self.accepted("-t", "-i", "-oi", "-oem", content=self.CONTENT)
        names = ["a@x.test", "b@x.test", "c@x.test", "d@x.test"]
        self.assertEqual(
            mail["envelope"], {"from": "me@here.test", "recipients": names}
        )
        self.assertNotIn("c@x.test", mail["message"])
        self.assertTrue(
            mail["message"].endswith("\r\n\r\nBcc: is text here\r\n.dot\r\n")
        )
        self.assertTrue(mail["messageId"] and mail["date"])

    def test_attached_values(self) -> None:
        """``-fme@here.test``, ``-bm``; a text without header gets one."""
        mail = self.accepted(
            "-fme@here.test", "-bm", "-F", "Me", "b@x.test", content="hi\n"
        )
        self.assertEqual(mail["from"], "me@here.test")
        self.assertTrue(
            mail["message"].startswith('From: "Me" <me@here.test>\r\nDate: ')
        )
        self.assertTrue(mail["message"].endswith("\r\n\r\nhi\r\n"))

    def test_the_final_dot(self) -> None:
        """It ends the content, and is content with ``-i`` and ``-oi``."""
        kept = "text\r\n.\r\n"
        for flags, end in ([], "text\r\n"), (["-i"], kept), (["-oi"], kept):
            mail = self.accepted(*flags, "b@x.test", content="A: b\n\ntext\n.\n")
            self.assertTrue(mail["message"].endswith(end), mail["message"])

    def test_unchanged_content(self) -> None:
        """``--as-is`` adds nothing; a file is read as the standard input is."""
        self.write("mail.eml", "A: b\r\n\r\ntext")
        mail = self.accepted("--as-is", "--file", "mail.eml", "b@x.test")
        self.assertEqual(mail["message"], "A: b\r\n\r\ntext\r\n")

    def test_a_link(self) -> None:
        """The program under the name of sendmail, as PHP and cron call it."""
        (self.folder / "sendmail").symlink_to(BIN / "mocksmtp")
        told = subprocess.run(
            [str(self.folder / "sendmail"), "-t"],
            env=clean_environment(MOCKSMTP_URL=self.url),
            input=self.CONTENT,
            capture_output=True,
            text=True,
            timeout=30,
        )
        self.assertEqual((told.returncode, told.stdout, told.stderr), (0, "", ""))
        self.assertEqual(len(self.newest()["recipients"]), 4)


class ResultTests(SendCase):
    """The exit status"""

    def test_each_recipient_has_a_result(self) -> None:
        """Rejected is 69, deferred 75; the reasons are on the standard error."""
        self.put(
            "/smtpBehaviors",
            [
                {
                    "command": "RCPT TO",
                    "condition": {"operator": "contains", "matchingValue": name},
                    "response": {"code": code, "message": text},
                }
                for name, code, text in (
                    ("bob@", 450, "4.2.1 Busy"),
                    ("eve@", 550, "5.1.1 Unknown"),
                )
            ],
        )
        where = self.service.addresses["smtp"]
        for names, status, said in (
            (
                ["bob", "carl"],
                75,
                [f"bob@x.test: deferred by {where} at RCPT TO: 450 4.2.1 Busy"],
            ),
            (
                ["eve"],
                69,
                [f"eve@x.test: rejected by {where} at RCPT TO: 550 5.1.1 Unknown"],
            ),
            (["bob", "eve"], 69, ["bob@x.test: deferred", "eve@x.test: rejected"]),
        ):
            told = self.send(*(f"{name}@x.test" for name in names))
            self.assertEqual(told.returncode, status)
            for expected, line in zip(said, told.stderr.splitlines(), strict=True):
                self.assertTrue(line.startswith(expected), line)
        told = self.send("carl@x.test", "bob@x.test", "--json")
        self.assertEqual(
            [
                (one["recipient"], one["verdict"], one["stage"])
                for one in json.loads(told.stdout)
            ],
            [
                ("carl@x.test", "accepted", "DATA"),
                ("bob@x.test", "deferred", "RCPT TO"),
            ],
        )

    def test_servers_that_fail(self) -> None:
        """Whatever a server does, there is one line and a status, and no traceback."""
        for command, response, status, said in (
            ("CONNECT", {"code": 421, "then": "close"}, 75, "at CONNECT: 421"),
            ("CONNECT", {"code": 554, "message": "No"}, 69, "at CONNECT: 554 No"),
            ("CONNECT", {"then": "reset"}, 75, "at CONNECT: "),
            ("CONNECT", {"then": "close"}, 75, "at CONNECT: "),
            ("CONNECT", {"then": "hang"}, 75, "timed out"),
            ("CONNECT", {"raw": "garbage\r\n", "then": "close"}, 75, "at CONNECT: "),
            ("EHLO", {"code": 421, "then": "close"}, 75, "at EHLO: 421"),
            ("MAIL FROM", {"code": 451}, 75, "at MAIL FROM: 451"),
            ("DATA COMMAND", {"code": 451}, 75, "at DATA COMMAND: 451"),
            (
                "DATA",
                {"code": 554, "message": "5.6.0 Spam"},
                69,
                "at DATA: 554 5.6.0 Spam",
            ),
            ("DATA", {"then": "reset"}, 75, "at DATA: "),
        ):
            self.put("/smtpBehaviors", [{"command": command, "response": response}])
            told = self.send("--timeout", "1s", "bob@x.test")
            self.assertEqual(told.returncode, status, told)
            self.assertIn(said, told.stderr)
            self.assertEqual((told.stderr.count("\n"), told.stdout), (1, ""))

    def test_no_server(self) -> None:
        """Refused, or a name that does not exist."""
        for server, said in (
            ("127.0.0.1:1", "Connection refused"),
            ("no.invalid:25", "no.invalid:25 at CONNECT: "),
        ):
            told = self.send("--server", server, "bob@x.test")
            self.assertEqual(told.returncode, 75)
            self.assertIn(said, told.stderr)

    def test_the_dialogue(self) -> None:
        """``-v`` prints it."""
        told = self.send("-v", "bob@x.test")
        for line in "< 220 ", "> rcpt TO:<bob@x.test>", "< 250 2.0.0 Message kept":
            self.assertIn(line, told.stderr)

    def test_usage(self) -> None:
        """One line, with what is wrong and where help is."""
        for arguments, said in (
            ((), "a recipient is missing, as in mocksmtp send bob@x.test"),
            (("b@x", "--server", "a:b:c"), "--server: must be HOST:PORT"),
            (("b@x", "--attach", "none"), "none: No such file or directory"),
            (("b@x", "--header", "x"), "--header: must be NAME:VALUE, got 'x'"),
            (("b@x", "-s", "a\nb"), "linefeed or carriage return"),
            (("b@x", "--starttls", "--tls"), "--starttls cannot be combined with"),
            (("b@x", "--lmtp", "--mx"), "--lmtp cannot be combined with --mx"),
            (("b@x", "--user", "me"), "--user and --password need each other"),
            (("b@x", "--timeout", "5"), "--timeout: a duration must have a unit"),
            (("b@x", "-s", "x", "--file", "y"), "--file cannot be combined"),
            (("-bs",), "-bs: only -bm, which sends a mail, is supported"),
            (("b@x", "--tls", "--ca", "none.pem"), "--ca: none.pem: No such file"),
            (("b@x", "--sbject", "x"), "'--sbject'; did you mean '--subject'?"),
        ):
            told = self.send(*arguments)
            self.assertEqual(told.returncode, 2, told)
            self.assertIn(said.lower(), told.stderr.lower())
            self.assertTrue(
                told.stderr.endswith("; see mocksmtp send --help\n")
                or "?" in told.stderr
            )
            self.assertEqual(told.stderr.count("\n"), 1)


class LmtpTests(SendCase):
    """LMTP (RFC 2033)"""

    def setUp(self) -> None:
        super().setUp()
        lmtp = {"protocol": "lmtp"}
        self.put("/hosts/store", {"listeners": [{"address": "127.0.0.1", **lmtp}]})
        full = {
            "command": "DATA",
            "condition": {
                "operator": "contains",
                "matchingValue": "full@",
                "target": "recipient",
            },
            "response": {"code": 452, "message": "4.2.2 Mailbox full"},
            "numberOfAnswer": None,
        }
        gone = {
            "command": "RCPT TO",
            "condition": {"operator": "contains", "matchingValue": "gone@"},
            "response": {"code": 550, "message": "5.1.1 No such user"},
            "numberOfAnswer": None,
        }
        self.put("/hosts/store/smtpBehaviors", [full, gone])
        self.server = self.get("/hosts/store")["addresses"][0]

    def test_each_recipient_has_a_reply(self) -> None:
        """After the content; one that was refused before has none."""
        to = "a@x.test", "full@x.test", "gone@x.test", "b@x.test"
        told = self.send("--lmtp", "--server", self.server, *to)
        self.assertEqual(told.returncode, 69, told)
        accepted = f"accepted by {self.server}: 250"
        lines = told.stdout.splitlines()
        self.assertEqual([line.partition(": ")[0] for line in lines], [to[0], to[3]])
        for line in lines:
            self.assertIn(accepted, line)
        self.assertEqual(
            told.stderr.splitlines(),
            [
                f"full@x.test: deferred by {self.server} at DATA: "
                "452 4.2.2 Mailbox full",
                f"gone@x.test: rejected by {self.server} at RCPT TO: "
                "550 5.1.1 No such user",
            ],
        )

    def test_the_listener_of_the_service(self) -> None:
        """Is found; the dialogue begins with LHLO."""
        told = self.send("--lmtp", "-v", "a@x.test")
        self.assertEqual(told.returncode, 0, told)
        self.assertIn(f"accepted by {self.server}", told.stdout)
        self.assertIn("> lhlo ", told.stderr)
        self.assertNotIn("> ehlo", told.stderr.lower())

    def test_a_service_without_one(self) -> None:
        """The message names the option."""
        with urlopen(Request(f"{self.url}/hosts/store", method="DELETE")):
            pass
        told = self.send("--lmtp", "a@x.test")
        expected = "mocksmtp: the service has no LMTP listener; use --server\n"
        self.assertEqual((told.returncode, told.stderr), (1, expected))

    def test_a_server_of_smtp(self) -> None:
        """It refuses LHLO, and HELO is not tried."""
        server = self.service.addresses["smtp"]
        told = self.send("--lmtp", "--server", server, "a@x.test")
        self.assertEqual(told.returncode, 69, told)
        self.assertIn(f"a@x.test: rejected by {server} at LHLO: 500", told.stderr)

    def test_a_unix_socket(self) -> None:
        """That ends after the first reply: the second recipient has none."""
        path = self.folder / "lmtp"
        replies = [b"220 here", b"250 here", b"250 OK", b"250 OK", b"250 OK", b"354 go"]
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen()

            def serve() -> None:
                client, _ = listener.accept()
                with client, client.makefile("rb") as lines:
                    for reply in replies:
                        client.sendall(reply + b"\r\n")
                        if reply != b"354 go":
                            lines.readline()
                    while lines.readline() != b".\r\n":
                        pass
                    client.sendall(b"250 kept\r\n")

            thread = threading.Thread(target=serve)
            thread.start()
            told = self.send("--lmtp", "--server", str(path), "a@x.test", "b@x.test")
            thread.join()
        self.assertEqual(told.returncode, 75, told)
        self.assertEqual(told.stdout, f"a@x.test: accepted by {path}: 250 kept\n")
        self.assertIn(f"b@x.test: deferred by {path} at DATA: ", told.stderr)


class TlsTests(SendCase):
    """TLS and AUTH"""

    def setUp(self) -> None:
        SendCase.setUp(self)
        document = {
            "tls": {},
            "auth": {"users": {"bob": "secret"}},
            "hostname": "mx.test",
        }
        self.put("/hosts/default", document)
        self.put(
            "/hosts/implicit",
            {
                "tls": {},
                "listeners": [{"address": "127.0.0.1", "port": 0, "tls": "implicit"}],
            },
        )

    def test_starttls_and_auth(self) -> None:
        """Each mechanism; a wrong password is a rejection."""
        for mechanism in (), ("--auth", "login"), ("--auth", "CRAM-MD5"):
            login = ("--starttls", "--user", "bob", "--password", "secret", *mechanism)
            self.accepted(*login, "a@x.test")
        with urlopen(f"{self.url}/smtpSessions/latest") as answer:
            session = json.load(answer)
        self.assertEqual(
            (session["authUser"], session["authMechanism"]), ("bob", "CRAM-MD5")
        )
        self.assertTrue(session["tls"]["version"])
        told = self.send("--starttls", "--user", "bob", "--password", "x", "a@x.test")
        self.assertEqual(told.returncode, 69)
        self.assertIn("at AUTH: 535", told.stderr)

    def test_certificates(self) -> None:
        """They are verified with ``--ca``, by the name of the server."""
        with urlopen(f"{self.url}/ca.pem") as answer:
            self.write("ca.pem", answer.read().decode())
        for kind, status in ("valid", 0), ("expired", 75), ("selfSigned", 75):
            self.put("/hosts/default", {"tls": {"certificate": kind}})
            told = self.send("--starttls", "--ca", "ca.pem", "a@x.test")
            self.assertEqual(told.returncode, status, told)
            if status:
                self.assertIn("certificate", told.stderr)
                self.assertEqual(told.stderr.count("\n"), 1)

    def test_a_server_without_tls(self) -> None:
        """The error names TLS, not the library."""
        told = self.send(
            "--tls", "--server", self.service.addresses["smtp"], "a@x.test"
        )
        self.assertEqual(told.returncode, 75)
        self.assertIn("at CONNECT: TLS: wrong version number\n", told.stderr)

    def test_implicit_tls(self) -> None:
        """``--tls``."""
        with urlopen(f"{self.url}/hosts/implicit") as answer:
            (address,) = json.load(answer)["addresses"]
        told = self.send("--tls", "--server", address, "a@x.test")
        self.assertEqual(told.returncode, 0, told)
