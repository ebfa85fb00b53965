"""Bounces, as mail servers write them"""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.mail import bounce
from mocksmtp.mail.bounce import RecipientStatus, bounce_of


def report(*lines: str, kind: str = "message/delivery-status") -> bytes:
    """A bounce with this report, between a text and the mail that it is about."""
    head = (
        "From: MAILER-DAEMON@mx.test\r\nTo: bob@x.test\r\n"
        "Subject: Undelivered Mail Returned to Sender\r\n"
        "Content-Type: multipart/report; report-type=delivery-status; boundary=b\r\n"
        "\r\n--b\r\n\r\nI'm sorry.\r\n"
        "\r\n--b\r\nContent-Description: Delivery report\r\n"
        f"Content-Type: {kind}\r\n\r\n"
    )
    tail = (
        "\r\n--b\r\nContent-Type: message/rfc822\r\n\r\n"
        "Subject: x\r\n\r\nFinal-Recipient: rfc822; not@this.test\r\n\r\n--b--\r\n"
    )
    return (head + "\r\n".join(lines) + "\r\n" + tail).encode()


class ReportTests(SynchronousTestCase):
    """RFC 3464"""

    def test_postfix(self) -> None:
        """Several recipients; the reply is folded."""
        content = report(
            "Reporting-MTA: dns; mail.x.test",
            "X-Postfix-Queue-ID: 4XyZ",
            "X-Postfix-Sender: rfc822; bob@x.test",
            "Arrival-Date: Fri, 28 Nov 2026 10:00:00 +0000 (UTC)",
            "",
            "Final-Recipient: rfc822; a@there.test",
            "Original-Recipient: rfc822;alias@x.test",
            "Action: failed",
            "Status: 5.1.1",
            "Remote-MTA: dns; mx.there.test",
            "Diagnostic-Code: smtp; 550 5.1.1 <a@there.test>: No such user; see",
            "    http://there.test/",
            "",
            "Final-Recipient: rfc822; c@nowhere.test",
            "Original-Recipient: rfc822;c@nowhere.test",
            "Action: failed",
            "Status: 5.4.4",
            "Diagnostic-Code: X-Postfix; Host or domain name not found. Name service",
            "    error for name=nowhere.test type=AAAA: Host not found",
        )
        self.assertEqual(
            bounce_of(content),
            (
                RecipientStatus(
                    "a@there.test",
                    "failed",
                    "5.1.1",
                    "550 5.1.1 <a@there.test>: No such user; see http://there.test/",
                    "mx.there.test",
                ),
                RecipientStatus(
                    "c@nowhere.test",
                    "failed",
                    "5.4.4",
                    "Host or domain name not found. Name service error for "
                    "name=nowhere.test type=AAAA: Host not found",
                    "",
                ),
            ),
        )

    def test_sendmail(self) -> None:
        """Types in capitals; a delay."""
        content = report(
            "Reporting-MTA: dns; mail.x.test",
            "Arrival-Date: Fri, 28 Nov 2026 10:00:00 GMT",
            "",
            "Final-Recipient: RFC822; a@there.test",
            "Action: delayed",
            "Status: 4.2.2",
            "Remote-MTA: DNS; mx.there.test",
            "Diagnostic-Code: SMTP; 452 4.2.2 <a@there.test>... Mailbox full",
            "Last-Attempt-Date: Fri, 28 Nov 2026 14:00:00 GMT",
            "Will-Retry-Until: Wed, 3 Dec 2026 10:00:00 GMT",
        )
        self.assertEqual(
            bounce_of(content),
            (
                RecipientStatus(
                    "a@there.test",
                    "delayed",
                    "4.2.2",
                    "452 4.2.2 <a@there.test>... Mailbox full",
                    "mx.there.test",
                ),
            ),
        )

    def test_exim(self) -> None:
        """The action comes first; a second Remote-MTA has the address."""
        content = report(
            "Reporting-MTA: dns; mail.x.test",
            "",
            "Action: failed",
            "Final-Recipient: rfc822;a@there.test",
            "Status: 5.0.0",
            "Remote-MTA: dns; mx.there.test",
            "Remote-MTA: X-ip; [192.0.2.1]",
            "Diagnostic-Code: smtp; 550-No",
            " 550 such user",
            "",
            "Action: failed",
            "Final-Recipient: rfc822;c@there.test",
            "Status: 5.0.0",
            "",
        )
        content = b"X-Failed-Recipients: a@there.test,\r\n  c@there.test\r\n" + content
        self.assertEqual(
            bounce_of(content),
            (
                RecipientStatus(
                    "a@there.test",
                    "failed",
                    "5.0.0",
                    "550-No 550 such user",
                    "mx.there.test",
                ),
                RecipientStatus("c@there.test", "failed", "5.0.0", "", ""),
            ),
        )

    def test_james(self) -> None:
        """The status is a text; the report is an attachment with a name."""
        content = report(
            "Reporting-MTA: dns; james.test",
            "Received-From-MTA: dns; 111.222.333.444",
            "",
            "Final-Recipient: rfc822; recipient@domain.test",
            "Action: failed",
            "Status: Delivery error",
            "Diagnostic-Code: X-James; Delivery error",
            "Last-Attempt-Date: Thu, 8 Sep 2026 14:25:52 +0000",
            kind="message/delivery-status; name=status.dat\r\n"
            "Content-Disposition: attachment; filename=status.dat",
        ).replace(b"\r\n", b"\n")
        self.assertEqual(
            bounce_of(content),
            (
                RecipientStatus(
                    "recipient@domain.test", "failed", "", "Delivery error", ""
                ),
            ),
        )

    def test_internationalized(self) -> None:
        """RFC 6533: addresses in UTF-8, as they are or escaped."""
        for address in "jürg@there.test", "j\\x{FC}rg@there.test":
            content = report(
                "Reporting-MTA: dns; x",
                "",
                f"Final-Recipient: utf-8; {address}",
                "Action: failed",
                "Status: 5.1.1",
                kind="message/global-delivery-status",
            )
            (status,) = bounce_of(content)
            self.assertEqual(status.recipient, "jürg@there.test")

    def test_other_lines(self) -> None:
        """Lines that are no fields end a group; a missing address is passed over."""
        content = report(
            "Reporting-MTA: dns; x",
            " \t",
            "no field",
            "Original-Recipient: rfc822; a@there.test",
            "ACTION: Failed",
            "Status: 5.1.1 (no such user)",
            "no field",
            "Final-Recipient:",
            "",
            "",
        )
        expected = (RecipientStatus("a@there.test", "failed", "5.1.1", "", ""),)
        self.assertEqual(bounce_of(content), expected)

    def test_reports_are_bounded(self) -> None:
        """Recipients past the limit are not read."""
        self.patch(bounce, "RECIPIENTS_LIMIT", 2)
        lines = ["Final-Recipient: rfc822; a@x", ""] * 5
        self.assertEqual(len(bounce_of(report(*lines))), 2)

    @settings(deadline=None)
    @given(
        st.lists(
            st.sampled_from(
                [
                    *("Final-Recipient: rfc822;", "a@x", "\n", "\n\n", "Status: 5.1.1"),
                    *("utf-8; \\x{D800}\\x{110000}", ";", "é", "Action:", "\0", " "),
                ]
            )
        )
    )
    def test_any_report_is_read(self, pieces: list[str]) -> None:
        """No exception."""
        content = report(f"Final-Recipient: {''.join(pieces)}")
        str(bounce_of(content)).encode()


class OtherTests(SynchronousTestCase):
    """Mails without a report"""

    def exim(self, *lines: str) -> bytes:
        """A bounce of an Exim before 4.8x, about these."""
        text = "\r\n".join(lines)
        return (
            "X-Failed-Recipients: a@there.test, C@There.test\r\n"
            "Subject: Mail delivery failed: returning message to sender\r\n\r\n"
            "A message that you sent could not be delivered to one or more of its\r\n"
            "recipients. This is a permanent error. The following address(es) failed:"
            f"\r\n\r\n{text}\r\n"
            "------ This is a copy of the message, including all the headers. ------"
            "\r\n\r\nSubject: x\r\n"
        ).encode()

    def test_exim_without_a_report(self) -> None:
        """The recipients are in the header, the replies in the text."""
        content = self.exim(
            "  a@there.test",
            "    SMTP error from remote mail server after RCPT TO:<a@there.test>:",
            "    host mx.there.test [192.0.2.1]: 550 5.1.1 <a@there.test>:",
            "    no such user",
            "  C@There.test",
            "    unrouteable address",
            "",
        )
        self.assertEqual(
            bounce_of(content),
            (
                RecipientStatus(
                    "a@there.test",
                    "failed",
                    "5.1.1",
                    "550 5.1.1 <a@there.test>: no such user",
                    "mx.there.test",
                ),
                RecipientStatus(
                    "C@There.test", "failed", "", "unrouteable address", ""
                ),
            ),
        )

    def test_exim_without_details(self) -> None:
        """The recipients alone."""
        first, _ = bounce_of(self.exim("none"))
        self.assertEqual(first, RecipientStatus("a@there.test", "failed", "", "", ""))

    def test_other_mails_are_no_bounces(self) -> None:
        """Nor are those that contain one."""
        inner = b"Content-Type: message/rfc822\r\n\r\n" + report(
            "Final-Recipient: rfc822; a@x"
        )
        for content in b"", b"Subject: x\r\n\r\nhello", inner:
            self.assertEqual(bounce_of(content), ())
        too_deep = b"".join(
            b"Content-Type: multipart/x; boundary=b%d\n\n--b%d\n" % (n, n)
            for n in range(100)
        )
        self.assertEqual(bounce_of(too_deep), ())
