"""The contract's SMTP."""

from __future__ import annotations

from tests.contract.target import ContractCase


class SmtpTests(ContractCase):
    """A mail host as the world has them"""

    def test_what_ehlo_offers(self) -> None:
        """The default list; SIZE only when it is set; HELP comes last."""
        lines = self.dialogue(b"EHLO client.test\r\nQUIT\r\n")
        self.assertTrue(lines[0].startswith("220 "), lines)
        offered = [line[4:] for line in lines if line.startswith("250")][1:]
        for keyword in "PIPELINING", "8BITMIME", "SMTPUTF8", "ENHANCEDSTATUSCODES":
            self.assertIn(keyword, offered)
        self.assertNotIn("SIZE", " ".join(offered))
        self.assertEqual(lines[-2], "250 HELP")

    def test_content_is_kept_byte_for_byte(self) -> None:
        """Nothing is added; only the dots of the transfer are taken out."""
        content = b"no header \xff\xe9\r\n.\r\n..\r\n\r\n.x\r\n \t\r\n"
        self.send(content)
        (mail,) = self.get("/smtpMails")
        self.assertEqual(self.call("GET", f"/smtpMails/{mail['id']}/raw").body, content)

    def test_replies_come_in_order_for_pipelined_commands(self) -> None:
        """Each command has its reply, the refused ones too."""
        lines = self.dialogue(
            b"RSET\r\nDATA\r\nMAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\n"
            b"NONSENSE\r\nDATA\r\nhello\r\n.\r\nQUIT\r\n"
        )
        codes = [line[:3] for line in lines]
        expected = ["220", "250", "503", "250", "250", "500", "354", "250", "221"]
        self.assertEqual(codes, expected)

    def test_a_refused_mail_opens_no_transaction(self) -> None:
        """RCPT and DATA get 503, and MAIL may come again."""
        self.refuse("MAIL FROM", 450, numberOfAnswer=1)
        lines = self.dialogue(
            b"MAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\nDATA\r\n"
            b"MAIL FROM:<a@x.test>\r\nQUIT\r\n"
        )
        codes = [line[:3] for line in lines]
        self.assertEqual(codes, ["220", "450", "503", "503", "250", "221"])

    def test_data_after_all_recipients_were_refused(self) -> None:
        """It gets 554."""
        self.refuse("RCPT TO", 550)
        lines = self.dialogue(
            b"MAIL FROM:<a@x.test>\r\nRCPT TO:<b@y.test>\r\nDATA\r\nQUIT\r\n"
        )
        codes = [line[:3] for line in lines]
        self.assertEqual(codes, ["220", "250", "550", "554", "221"])

    def test_a_mocked_421_does_not_close_the_connection(self) -> None:
        """The client may go on."""
        self.refuse("MAIL FROM", 421, numberOfAnswer=1)
        lines = self.dialogue(
            b"MAIL FROM:<a@x.test>\r\nMAIL FROM:<a@x.test>\r\nQUIT\r\n"
        )
        self.assertEqual([line[:3] for line in lines], ["220", "421", "250", "221"])

    def refuse(self, command: str, code: int, **gate: int) -> None:
        """Have every such command refused."""
        behavior = {
            "command": command,
            "condition": {"operator": "matchAll"},
            "response": {"code": code, "message": "mocked"},
        }
        answer = self.call("PUT", "/smtpBehaviors", [behavior | gate])
        self.assertEqual(answer.status, 204, answer)
