"""What behaviors cost a mail that none of them answers, and what their keys do."""

from collections.abc import Sequence
from itertools import cycle, islice

from attrs import frozen

from benchmarks.clients import Pipelining
from benchmarks.comparison import Comparison
from benchmarks.kinds import MOCKSMTP
from benchmarks.loads import KIB
from benchmarks.measure import Plan
from benchmarks.servers import Server, start

FEW_KEYS, MANY_KEYS = 10, 10_000
BEHAVIORS = 100

_MAILS = 2400  # in a round
_MAILS_WITH_KEYS = 40_000  # four to each of many keys: one for each connection
_COMMANDS = (
    *("CONNECT", "HELO", "EHLO", "MAIL FROM", "RCPT TO", "DATA COMMAND", "DATA"),
    *("RSET", "VRFY", "NOOP", "HELP", "QUIT"),
)
_TIME_LIMIT = 180.0  # seconds

GREYLISTED = {
    "command": "RCPT TO",
    "per": ["clientIp", "sender", "recipient"],
    "window": "24h",
    "activeFor": "24h",
    "response": {"code": 250, "message": "2.1.5 Counted by its key"},
}
"""Each sender has counts of its own; it says yes, so that every mail goes on."""


@frozen
class Checking:
    """The cost of mails of 1 KiB, pipelined.

    Attributes:
        on_rcpt: without behaviors, and with many on RCPT TO.
        on_all: without behaviors, and with as many on all commands.
        keys: with few keys, and with many.

    """

    on_rcpt: Comparison
    on_all: Comparison
    keys: Comparison


def unmatched(commands: Sequence[str]) -> list[dict[str, object]]:
    """Return many behaviors on these commands in turn, none of which ever matches."""
    return [
        {
            "command": command,
            "condition": {
                "operator": "contains",
                "matchingValue": f"in no mail {number}",
                **({"target": "clientIp"} if command == "CONNECT" else {}),
            },
            "response": {"code": 550, "message": "never said"},
        }
        for number, command in enumerate(islice(cycle(commands), BEHAVIORS))
    ]


def measure_checking(plan: Plan) -> Checking:
    """Compare mocksmtp with behaviors and without, in turns.

    Raises:
        BenchmarkError: a mail was not accepted.

    """
    checking = Checking(*(Comparison([], []) for _ in range(3)))
    mails = max(1, _MAILS // plan.share)
    keyed = max(MANY_KEYS, _MAILS_WITH_KEYS // plan.share)
    with start(MOCKSMTP) as server:
        for turn in range(-1, plan.rounds):
            none = _cost(server, [], mails)
            on_rcpt = _cost(server, unmatched(["RCPT TO"]), mails)
            on_all = _cost(server, unmatched(_COMMANDS), mails)
            if turn >= 0:
                checking.on_rcpt.usual.append(none)
                checking.on_rcpt.other.append(on_rcpt)
                checking.on_all.usual.append(none)
                checking.on_all.other.append(on_all)
        for _ in range(max(1, plan.rounds // 3)):
            few = _cost(server, [GREYLISTED], keyed, FEW_KEYS)
            many = _cost(server, [GREYLISTED], keyed, MANY_KEYS)
            checking.keys.usual.append(few)
            checking.keys.other.append(many)
    return checking


def _cost(
    server: Server, behaviors: Sequence[object], mails: int, senders: int = 1
) -> float:
    """Send mails, and return the CPU seconds of each."""
    server.start_over()
    server.set_behaviors(behaviors)
    before = server.cpu_seconds()
    Pipelining(KIB, senders=senders).send(server.smtp, mails, _TIME_LIMIT)
    used = server.cpu_seconds() - before
    server.check_kept(mails)
    return used / mails
