"""Hostile content: no exception, and work that grows as its size does

Work is counted in calls, of Python's functions and of those in C, so that a busy
machine changes nothing. What one call does is tested with long fields elsewhere.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.mail.bounce import bounce_of
from mocksmtp.mail.documents import mime_fields
from mocksmtp.mail.fields import ParsedMessage
from mocksmtp.mail.summary import summary_of

PIECES = st.sampled_from(
    [
        *(
            "Content-Type: multipart/mixed; boundary=b\r\n",
            "Content-Type: a/b;",
            "To: ",
        ),
        *("Content-Type: multipart/digest; boundary=i\r\n\r\n--i\r\n", "--i", "--i--"),
        *("Content-Type: message/delivery-status\r\n\r\n", "Final-Recipient: a;b@c\n"),
        *(
            "Content-Disposition: attachment; filename=",
            "x*1=",
            "x*0*=utf-8''%41",
            "b=",
        ),
        *("Content-Transfer-Encoding: base64\r\n", "YQ==", "=41", "Subject: ", "From "),
        *("Content-Transfer-Encoding: quoted-printable\r\n", "X-Failed-Recipients: "),
        *(
            "=?utf-8?q?a?=",
            "=?utf-8?b?YQ==?=",
            "=?",
            "?=",
            "?",
            "--b",
            "--b--",
            "--a:b",
        ),
        *("\r\n", "\n", "\r\n\r\n", " ", "\t", ";", "=", '"', "\\", "(", ")", "<", ">"),
        *("@", ",", ":", "a", "'", "*", "%", "[", "]", "é", "charset=utf-7", "+AA"),
    ]
)


def conditions_of(content: bytes) -> None:
    """What conditions read of it."""
    message = ParsedMessage(content)
    message.values("to")
    message.values("subject")
    message.body.decode("latin-1")


def calls_of(work: Callable[[bytes], Any], content: bytes) -> int:
    """How many functions are called for it."""
    count = 0

    def profile(frame: FrameType, event: str, _: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        work(content)
    finally:
        sys.setprofile(before)
    return count


class LinearTests(SynchronousTestCase):
    """Any content, repeated"""

    @settings(deadline=None, max_examples=60)
    @given(
        st.lists(PIECES, max_size=5),
        st.lists(PIECES, min_size=1, max_size=4),
        st.lists(PIECES, max_size=2),
    )
    def test_work_is_linear(
        self, before: list[str], unit: list[str], after: list[str]
    ) -> None:
        """Four times as much of it takes about four times as many calls."""
        for work in mime_fields, summary_of, bounce_of, conditions_of:
            small, large = (
                "".join([*before, *(unit * times), *after]).encode()
                for times in (100, 400)
            )
            calls = calls_of(work, small)
            self.assertLess(calls_of(work, large), 6 * calls + 500)
