"""What a full mailbox costs: memory, the first page of it, and all of it."""

import time

from attrs import frozen

from benchmarks.clients import Pipelining
from benchmarks.errors import BenchmarkError
from benchmarks.kinds import MOCKSMTP
from benchmarks.loads import KIB
from benchmarks.measure import Plan
from benchmarks.mock_api import MockApi
from benchmarks.servers import Server, start
from benchmarks.stall import Stall, stall_during

PAGE = 100
"""Mails of the first page, and mails that are kept when it is first measured."""

_PAGES = 60  # requests, of which the cheapest counts
_PAUSE = 0.03  # seconds between them, so that not all meet the same disturbance
_TIME_LIMIT = 180.0  # seconds to fill the mailbox


@frozen
class Page:
    """One ``GET /smtpMails?limit=100``.

    Attributes:
        cpu: the server's CPU time in seconds.
        elapsed: seconds until it was read.

    """

    cpu: float
    elapsed: float


@frozen
class Memory:
    """What mails of 1 KiB cost that are kept.

    Attributes:
        kept: how many were kept in the end.
        bytes_per_mail: growth of the resident memory, in bytes per mail.
        few: the first page with 100 mails kept.
        many: the first page with all of them kept.
        listing_bytes: the size of the listing of all of them.
        stall: how SMTP was answered while it was read.

    """

    kept: int
    bytes_per_mail: float
    few: Page
    many: Page
    listing_bytes: int
    stall: Stall


def measure_memory(plan: Plan) -> Memory:
    """Fill the mailbox of a mocksmtp of its own.

    Raises:
        BenchmarkError: it could not be started, or did not keep every mail.

    """
    with start(MOCKSMTP) as server:
        if server.http is None:
            raise BenchmarkError("mocksmtp did not say where its API is")
        api = MockApi(server.http)
        server.start_over()
        client = Pipelining(KIB)
        client.send(server.smtp, PAGE, _TIME_LIMIT)
        few = _first_page(server, api)
        before = server.resident_bytes()
        client.send(server.smtp, plan.kept - PAGE, _TIME_LIMIT)
        grown = server.resident_bytes() - before
        server.check_kept(plan.kept)
        many = _first_page(server, api)
        stall, size = stall_during(server.smtp, api.read_listing)
        if size < plan.kept * KIB:
            raise BenchmarkError(f"the listing of {plan.kept} mails has {size} bytes")
        return Memory(plan.kept, grown / (plan.kept - PAGE), few, many, size, stall)


def _first_page(server: Server, api: MockApi) -> Page:
    """Measure the cheapest first page: what it takes, without others' disturbance."""
    api.first_mails(PAGE)
    cpu: list[float] = []
    elapsed: list[float] = []
    for _ in range(_PAGES):
        used, begin = server.cpu_seconds(), time.perf_counter()
        api.first_mails(PAGE)
        elapsed.append(time.perf_counter() - begin)
        cpu.append(server.cpu_seconds() - used)
        time.sleep(_PAUSE)
    return Page(min(cpu), min(elapsed))
