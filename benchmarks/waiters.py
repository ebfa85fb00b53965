"""What waiting clients cost each mail: ``python -m benchmarks.waiters``.

100 clients wait for mails and sessions that never come; the server's CPU per mail is
compared with that of one where nobody waits, in turns.
"""

import socket
import statistics
from contextlib import ExitStack

from benchmarks.affinity import on_one_cpu
from benchmarks.clients import Client, Pipelining, SmtpSource
from benchmarks.kinds import MOCKSMTP
from benchmarks.listening import Address
from benchmarks.measure import cpu_per_mail
from benchmarks.servers import Server, start

WAITING = 100
ROUNDS = 9
TIME_LIMIT = 60.0  # seconds

LOADS: tuple[tuple[str, Client, int], ...] = (
    ("1 KiB, lock-step", SmtpSource(1024), 1500),
    ("1 KiB, pipelined", Pipelining(1024), 2400),
)


def wait(address: Address) -> list[socket.socket]:
    """Have clients wait, half of them for a mail and half for a session."""
    waiting = []
    for number in range(WAITING):
        resource = ("smtpMails", "smtpSessions")[number % 2]
        path = f"/{resource}?to=nobody{number}@x.test&count=1&wait=9m"
        client = socket.create_connection(address)
        client.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        waiting.append(client)
    return waiting


def measure(alone: Server, waited: Server, client: Client, mails: int) -> None:
    """Print the medians of both."""
    samples: tuple[list[float], list[float]] = ([], [])
    for _ in range(ROUNDS):
        samples[0].append(cpu_per_mail(alone, client, mails, TIME_LIMIT))
        assert waited.http is not None
        waiting = wait(waited.http)
        samples[1].append(cpu_per_mail(waited, client, mails, TIME_LIMIT))
        for each in waiting:
            each.close()
    none, many = (statistics.median(each) * 1e6 for each in samples)
    print(f"nobody waits: {none:.1f} µs, {WAITING} wait: {many:.1f} µs")


def main() -> None:
    """Measure each load."""
    with ExitStack() as stack:
        stack.enter_context(on_one_cpu())
        alone, waited = (stack.enter_context(start(MOCKSMTP)) for _ in range(2))
        for title, client, mails in LOADS:
            print(title, end=": ")
            measure(alone, waited, client, mails)


if __name__ == "__main__":
    main()
