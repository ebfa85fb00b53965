"""What conditions, keys and templates can look at."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.mail import fields
from tests.smtp.mocked import mocked, on, when
from tests.smtp.test_points import BOB, GOOD

CACHED = ("values", "_field_named")
"""Functions that look for what was parsed before."""


@contextmanager
def counted_parsing() -> Iterator[Counter[str]]:
    """Counts the calls of the functions that parse a header."""
    counts: Counter[str] = Counter()

    def count(frame: FrameType, event: str, _: object) -> None:
        code = frame.f_code

        parsing = code.co_filename == fields.__file__ and code.co_name not in CACHED
        if event == "call" and parsing:
            counts[code.co_name] += 1

    before = sys.getprofile()
    sys.setprofile(count)
    try:
        yield counts
    finally:
        sys.setprofile(before)


class TargetTests(SynchronousTestCase):
    """What conditions can look at."""

    def fires(
        self, command: str, condition: object, *lines: str, **host: object
    ) -> bool:
        """Whether a behavior with that condition answers the last line."""
        talk = mocked(on(command, 599, condition=condition), **host)
        talk.say("EHLO client.test")
        return talk.codes(*lines)[-1] == "599"

    def test_each_target(self) -> None:
        """Has its value where it can be known."""
        mail = ["MAIL FROM:<b@X.test> SIZE=77 RET=HDRS", "RCPT TO:<a@y.test>"]
        data = [*mail, "RCPT TO:<c@y.test> NOTIFY=NEVER", "DATA"]
        content = [*data, "Subject: hello", " there", "Subject: =?utf-8?q?n=C3=A9?=",
                   "", "the body", "."]  # fmt: skip
        for command, condition, lines in (
            ("NOOP", when("argument", "abc", "equals"), ["NOOP abc"]),
            ("NOOP", when("line", "noop abc", "equals"), ["noop abc"]),
            ("NOOP", when("verb", "noop", "equals"), ["noop abc"]),
            ("MAIL FROM", when("sender", "b@X.test", "equals"), mail[:1]),
            ("MAIL FROM", when("parameter:ret", "HDRS", "equals"), mail[:1]),
            ("MAIL FROM", when("size", "77", "equals"), mail[:1]),
            ("RCPT TO", when("sender", "b@X.test", "equals"), mail),
            ("RCPT TO", when("recipient", "a@y.test", "equals"), mail),
            ("RCPT TO", when("parameter:NOTIFY", "NEVER", "equals"), data[:3]),
            ("RCPT TO", when("recipients", "a@y.test", "equals"), data[:3]),
            ("DATA COMMAND", when("recipientCount", "2", "equals"), data),
            ("DATA COMMAND", when("recipients", "c@y.test", "equals"), data),
            ("DATA", when("header:subject", "hello there", "equals"), content),
            ("DATA", when("header:Subject", "né", "equals"), content),
            ("DATA", when("body", "the body\r\n", "equals"), content),
            ("DATA", when("message", "Subject: hello", "startsWith"), content),
            ("DATA", when("size", "60", "atLeast"), content),
            ("DATA", when("recipientCount", "2", "equals"), content),
            ("DATA", when("sender", "b@X.test", "equals"), content),
            ("NOOP", when("clientIp", "192.168.0.0/16", "inNetwork"), ["NOOP"]),
            ("NOOP", when("listener", "10.0.0.1:12345", "equals"), ["NOOP"]),
            ("NOOP", when("helo", "client.test", "equals"), ["NOOP"]),
            ("EHLO", when("helo", "other.test", "equals"), ["EHLO other.test"]),
            ("NOOP", when("tls", operator="absent"), ["NOOP"]),
            ("NOOP", when("authUser", operator="absent"), ["NOOP"]),
            ("NOOP", when("messageCount", "1", "equals"), [*content, "NOOP"]),
        ):
            self.assertTrue(self.fires(command, condition, *lines), condition)

    def test_the_whole_header_is_read(self) -> None:
        """However many fields and octets it has; the body begins behind it."""
        mail = ["MAIL FROM:<b@x>", "RCPT TO:<a@x>", "DATA"]
        for header in (
            [f"X-{number}: a" for number in range(1001)],
            ["To: user@there.test,", *[" user@there.test,"] * 8000, " user@there.test"],
        ):
            content = [*mail, *header, "Message-ID: <a@b>", "", "hi", "."]
            for condition in (
                when("header:Message-ID", "<a@b>", "equals"),
                when("body", "hi\r\n", "equals"),
            ):
                self.assertTrue(self.fires("DATA", condition, *content), condition)

    def test_content_is_parsed_once(self) -> None:
        """For any number of behaviors, and again for the next mail."""
        content = ["Subject: hello", "To: =?utf-8?q?b=C3=A9?= <b@x>", "", "body", "."]
        mail = ["MAIL FROM:<b@x>", "RCPT TO:<a@x>", "DATA", *content]
        conditions = [
            when("body", "no", "equals"),
            when("header:Subject", "no", "equals"),
            when("header:to", "no", "equals"),
            when("header:to", operator="absent"),
        ]
        calls = []
        for times in 1, 100:
            behaviors = [on("DATA", 599, condition=each) for each in conditions * times]
            talk = mocked(*behaviors)
            with counted_parsing() as counts:
                self.assertEqual(talk.codes("EHLO c", *mail, *mail)[-1], "250")
            calls.append(counts)
        self.assertEqual(*calls)
        self.assertEqual(calls[0]["decode_words"], 2 * 2)

    def test_what_is_not_there_has_no_value(self) -> None:
        """And satisfies nothing but absent."""
        for command, condition, lines in (
            ("NOOP", when("sender", "", "contains"), ["NOOP"]),
            ("NOOP", when("recipientCount", "0", "atLeast"), ["NOOP"]),
            ("MAIL FROM", when("parameter:ret", "", "contains"), ["MAIL FROM:<b@x>"]),
            ("NOOP", when("authUser", operator="exists"), ["NOOP"]),
        ):
            self.assertFalse(self.fires(command, condition, *lines), condition)

    def test_an_authenticated_user_is_known(self) -> None:
        """With the mechanism, until the end of the connection."""
        talk = mocked(
            on("NOOP", 599, condition={"operator": "all", "conditions": [
                when("authUser", "bob", "equals"),
                when("authMechanism", "PLAIN", "equals")]}),
            auth=BOB,
        )  # fmt: skip
        codes = talk.codes("NOOP", f"AUTH PLAIN {GOOD}", "NOOP")
        self.assertEqual(codes, ["250", "235", "599"])

    def test_a_template_is_filled_in(self) -> None:
        """With what the client has said, made harmless."""
        talk = mocked(
            on("RCPT TO", 550, message="{{sender}} not to {{recipient}}, {{helo}}",
               template=True)
        )  # fmt: skip
        said = talk.say("EHLO c\x01d", "MAIL FROM:<b@x>", "RCPT TO:<a@x>")[-1]
        self.assertEqual(said, "550 b@x not to a@x, c d")
