"""The contract's HTTP."""

from __future__ import annotations

from typing import Any

from tests.contract.target import ContractCase

BUSY = {
    "command": "RCPT TO",
    "condition": {"operator": "contains", "matchingValue": "bob"},
    "response": {"code": 450, "message": "4.2.1 Busy"},
    "numberOfAnswer": 2,
}

PARAMETERS = ("NOTIFY=NEVER",)


class MailTests(ContractCase):
    """``/smtpMails``"""

    def test_a_mail_has_both_shapes(self) -> None:
        """Those of the article and of James, with parameters as they were sent."""
        client = self.smtp()
        client.mail("Me@Here.TEST", ["RET=HDRS", "REQUIRETLS"])
        client.rcpt("You@There.TEST", PARAMETERS)
        client.data(b"hello\r\n")
        (mail,) = self.get("/smtpMails")
        self.assertEqual(
            {name: value for name, value in mail.items() if name != "id"},
            {
                "envelope": {"from": "Me@Here.TEST", "recipients": ["You@There.TEST"]},
                "from": "Me@here.test",
                "recipients": [
                    {
                        "address": "You@there.test",
                        "parameters": [{"name": "NOTIFY", "value": "NEVER"}],
                    }
                ],
                "mailParameters": [
                    {"name": "RET", "value": "HDRS"},
                    {"name": "REQUIRETLS", "value": ""},
                ],
                "message": "hello\r\n",
            },
        )

    def test_mails_are_counted_found_and_removed(self) -> None:
        """DELETE answers what it took away."""
        for name in "eve", "joe":
            self.send(b"hello\r\n", f"{name}@there.test")
        self.assertEqual(self.call("GET", "/smtpMailsCount").body, b"2")
        (found,) = self.get("/smtpMails?to=eve@there.test&count=1&wait=10s")
        self.assertEqual(found["envelope"]["recipients"], ["eve@there.test"])
        removed = self.call("DELETE", "/smtpMails")
        self.assertEqual((removed.status, len(removed.json)), (200, 2))
        self.assertEqual(self.get("/smtpMails"), [])


class BehaviorTests(ContractCase):
    """``/smtpBehaviors``"""

    def put(self, document: Any) -> None:
        self.assertEqual(self.call("PUT", "/smtpBehaviors", document).status, 204)

    def test_what_was_put_is_listed(self) -> None:
        """With exactly the base fields."""
        self.put([BUSY])
        self.assertEqual(self.get("/smtpBehaviors"), [BUSY])

    def test_an_object_sets_one(self) -> None:
        """It is added, or takes the place of the one with the same condition."""
        other = {**BUSY, "command": "MAIL FROM"}
        self.put([BUSY])
        self.put(other)
        self.put({**BUSY, "numberOfAnswer": 5})
        expected = [{**BUSY, "numberOfAnswer": 5}, other]
        self.assertEqual(self.get("/smtpBehaviors"), expected)

    def test_it_answers_so_often_and_is_gone(self) -> None:
        """Then the command takes place, and the list no longer has it."""
        self.put([BUSY])
        client = self.smtp()
        client.mail("me@here.test")
        codes = [client.rcpt(f"{name}@x.test")[0] for name in ("bob", "eve", "bob")]
        self.assertEqual(codes, [450, 250, 450])
        self.assertEqual(client.rcpt("bob@x.test")[0], 250)
        self.assertEqual(self.get("/smtpBehaviors"), [])

    def test_a_bad_document_changes_nothing(self) -> None:
        """400, and each problem has its path (RFC 9457)."""
        self.put([BUSY])
        bad = {**BUSY, "condition": {"operator": "contain", "matchingValue": "x"}}
        answer = self.call("PUT", "/smtpBehaviors", [BUSY, bad])
        self.assertEqual(answer.status, 400)
        self.assertEqual(answer.headers["Content-Type"], "application/problem+json")
        paths = [error["path"] for error in answer.json["errors"]]
        self.assertEqual(paths, ["$[1].condition.operator"])
        self.assertEqual(self.get("/smtpBehaviors"), [BUSY])

    def test_extensions_are_told_in_ehlo(self) -> None:
        """Each is one line more, and never the last."""
        self.assertEqual(self.call("PUT", "/smtpExtensions", ["XCLIENT"]).status, 204)
        lines = self.dialogue(b"EHLO client.test\r\nQUIT\r\n")
        self.assertIn("250-XCLIENT", lines)
        self.assertEqual(lines[-2], "250 HELP")


class ServiceTests(ContractCase):
    """What concerns the whole"""

    def test_the_version_that_clients_check(self) -> None:
        """As plain text."""
        answer = self.call("GET", "/version")
        self.assertEqual(answer.body, b"0.4")
        self.assertTrue(answer.headers["Content-Type"].startswith("text/plain"))

    def test_health(self) -> None:
        """For who looks after it."""
        self.assertEqual(self.call("GET", "/health").status, 200)

    def test_what_there_is_not(self) -> None:
        """404 and 405 are problem documents, too; 405 says what is allowed."""
        for method, path, status in (
            ("GET", "/nowhere", 404),
            ("GET", "/smtpMails/none", 404),
            ("PUT", "/smtpMails", 405),
        ):
            answer = self.call(method, path)
            self.assertEqual(answer.status, status, path)
            self.assertEqual(answer.json["status"], status)
        self.assertIn("GET", answer.headers["Allow"])

    def test_a_foreign_page_is_refused(self) -> None:
        """A browser is no way in."""
        answer = self.call("GET", "/smtpMails", Origin="http://evil.test")
        self.assertEqual(answer.status, 403)

    def test_reset(self) -> None:
        """Mails and behaviors are forgotten."""
        self.send()
        self.call("PUT", "/smtpBehaviors", [BUSY])
        self.assertEqual(self.call("POST", "/reset").status, 204)
        self.assertEqual(self.get("/smtpMails") + self.get("/smtpBehaviors"), [])
