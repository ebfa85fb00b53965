"""Behaviors of DNS"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.behaviors.delay import Fixed
from mocksmtp.behaviors.dns import (
    DnsResponse,
    DnsSubject,
    DnsThen,
    Wrong,
    parse_dns_target,
)
from mocksmtp.behaviors.target import Target


class TargetTests(SynchronousTestCase):
    """What can be looked at"""

    def test_names(self) -> None:
        """Each is read as it is told, and has a meaning."""
        for subject in DnsSubject:
            target = parse_dns_target(subject.value)
            self.assertEqual((target, str(target)), (Target(subject), subject.value))
            self.assertTrue(subject.meaning)

    def test_what_is_none(self) -> None:
        """Those of SMTP are not known here, nor are names behind a colon."""
        for text in "sender", "header:To", "Name", "", "x" * 999:
            with self.assertRaises(ValueError) as raised:
                parse_dns_target(text)
            self.assertLess(len(str(raised.exception)), 200)
            self.assertIn("name, type, clientIp, transport", str(raised.exception))


class ResponseTests(SynchronousTestCase):
    """`DnsResponse`"""

    def test_who_only_slows_down(self) -> None:
        """Neither says anything nor changes what others say."""
        self.assertTrue(DnsResponse().is_modifier)
        self.assertTrue(DnsResponse(delay=Fixed(1)).is_modifier)
        for response in (
            DnsResponse(0),
            DnsResponse(records=()),
            DnsResponse(raw=b""),
            DnsResponse(ad=False),
            DnsResponse(wrong=Wrong.ID),
            DnsResponse(then=DnsThen.TRUNCATE),
        ):
            self.assertFalse(response.is_modifier)

    def test_silence(self) -> None:
        """Dropping and closing say nothing."""
        silent = [then for then in DnsThen if then.is_silent]
        self.assertEqual(silent, [DnsThen.DROP, DnsThen.CLOSE])
