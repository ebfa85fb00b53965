from attrs import define, field
from twisted.trial.unittest import SynchronousTestCase

from benchmarks import checking
from benchmarks.checking import BEHAVIORS, GREYLISTED, MANY_KEYS, unmatched
from benchmarks.listening import Address
from benchmarks.measure import Plan
from mocksmtp.codec.behaviors import parse_behaviors

PLAN = Plan(rounds=3, share=100, kept=100)


@define
class CheckingServer:
    """Takes as many seconds for a mail as there are behaviors and senders."""

    smtp: Address = ("", 0)
    behaviors: list[object] = field(factory=list)
    used: float = 0.0
    kept: int = 0

    def __enter__(self) -> "CheckingServer":
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def start_over(self) -> None:
        self.kept = 0

    def set_behaviors(self, behaviors: list[object]) -> None:
        self.behaviors = behaviors

    def cpu_seconds(self) -> float:
        return self.used

    def check_kept(self, mails: int) -> None:
        assert self.kept == mails


class CheckingTests(SynchronousTestCase):
    def test_turns(self) -> None:
        """Behaviors are compared with none, and many keys with few."""
        server = CheckingServer()

        class Client:
            def __init__(self, size: int, senders: int) -> None:
                self.senders = senders

            def send(self, address: Address, mails: int, time_limit: float) -> None:
                server.kept += mails
                server.used += mails * (len(server.behaviors) + self.senders)

        self.patch(checking, "start", lambda kind: server)
        self.patch(checking, "Pipelining", Client)
        measured = checking.measure_checking(PLAN)
        self.assertEqual(measured.on_rcpt.usual, [1.0] * 3)
        self.assertEqual(measured.on_rcpt.other, [1.0 + BEHAVIORS] * 3)
        self.assertEqual(measured.on_all.other, [1.0 + BEHAVIORS] * 3)
        self.assertEqual(measured.keys.usual, [11.0])
        self.assertEqual(measured.keys.other, [1.0 + MANY_KEYS])

    def test_the_behaviors_are_valid(self) -> None:
        """The service would take them."""
        for documents in unmatched(["RCPT TO"]), unmatched(["CONNECT", "DATA"]):
            self.assertEqual(len(parse_behaviors(documents)), BEHAVIORS)
        self.assertEqual(len(parse_behaviors([GREYLISTED])), 1)
