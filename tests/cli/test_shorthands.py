"""Behaviors and records as one word of a shell"""

from __future__ import annotations

from twisted.trial.unittest import SynchronousTestCase

from mocksmtp.cli.shorthands import delay, exchange_records, rejection


class ReplyTests(SynchronousTestCase):
    """`rejection`, `delay`"""

    def test_a_reply(self) -> None:
        """A command, a code and a text, which may be missing."""
        self.assertEqual(
            rejection("RCPT TO=550 5.1.1 no such user"),
            {
                "command": "RCPT TO",
                "response": {"code": 550, "message": "5.1.1 no such user"},
            },
        )
        self.assertEqual(
            rejection("data=451"), {"command": "DATA", "response": {"code": 451}}
        )
        self.assertEqual(rejection("DATA COMMAND=451")["command"], "DATA COMMAND")

    def test_a_value(self) -> None:
        """Only commands that contain it; it may contain the equals sign of VERP."""
        behavior = rejection("RCPT TO bounce+bob=x.test@=450 Busy = later")
        self.assertEqual(
            behavior["condition"],
            {
                "operator": "contains",
                "matchingValue": "bounce+bob=x.test@",
                "ignoreCase": True,
            },
        )
        self.assertEqual(behavior["response"], {"code": 450, "message": "Busy = later"})

    def test_a_delay(self) -> None:
        """With a unit, as everywhere."""
        self.assertEqual(
            delay("CONNECT=3s"), {"command": "CONNECT", "response": {"delay": "3s"}}
        )

    def test_errors(self) -> None:
        """Each names the text, or what is allowed."""
        for parse, text, said in (
            (rejection, "RCPT TO", "must be a command, =, a reply code"),
            (rejection, "=550 x", "must be a command"),
            (rejection, "RCPT=550 x", "unknown command 'RCPT'; one of: CONNECT, "),
            (rejection, "DATASET=550 x", "unknown command 'DATASET'"),
            (delay, "CONNECT", "must be a command, = and a duration"),
            (delay, "CONNECT=3", "must have a unit"),
            (delay, "CONECT=3s", "unknown command 'CONECT'"),
        ):
            error = self.assertRaises(ValueError, parse, text)
            self.assertIn(said, str(error))


class ExchangeTests(SynchronousTestCase):
    """`exchange_records`"""

    def test_a_domain(self) -> None:
        """Its exchange has the addresses of the listeners."""
        self.assertEqual(
            exchange_records("example.test.", ["127.0.0.1", "::1"]),
            [
                {
                    "name": "example.test",
                    "type": "MX",
                    "preference": 10,
                    "exchange": "mx.example.test",
                },
                {"name": "mx.example.test", "type": "A", "address": "127.0.0.1"},
                {"name": "mx.example.test", "type": "AAAA", "address": "::1"},
            ],
        )

    def test_all_domains(self) -> None:
        """Or all below one."""
        for domain, exchange in ("*", "mx.test"), ("*.x.test", "mx.x.test"):
            record = exchange_records(domain, [])[0]
            self.assertEqual((record["name"], record["exchange"]), (domain, exchange))

    def test_not_a_domain(self) -> None:
        """An address is refused."""
        error = self.assertRaises(ValueError, exchange_records, "a@b.test", [])
        self.assertIn("must be a domain, as in example.test", str(error))
