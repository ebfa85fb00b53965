import json
from typing import ClassVar

from twisted.web.http import Request
from twisted.web.resource import Resource
from twisted.web.server import Site

from benchmarks.errors import BenchmarkError
from benchmarks.mock_api import CHECKED_BEHAVIORS, MockApi
from tests.benchmarks.live import LiveTestCase


class FakeApi(Resource):
    """Notes requests, and answers from a list."""

    isLeaf = True
    answers: ClassVar[dict[bytes, tuple[int, bytes]]] = {
        b"POST /reset": (204, b""),
        b"PUT /smtpBehaviors": (204, b""),
        b"GET /smtpMailsCount": (200, b"3"),
        b"GET /smtpMails?limit=2": (200, b"[{}, {}]"),
        b"GET /smtpMails?limit=5": (200, b"[{}, {}]"),
        b"GET /smtpMails": (200, b"x" * 1_000_000),
    }

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[tuple[bytes, bytes]] = []

    def render(self, request: Request) -> bytes:
        line = request.method + b" " + request.uri
        self.asked.append((line, request.content.read()))
        code, body = self.answers.get(line, (404, b"nothing here"))
        request.setResponseCode(code)
        return body


class MockApiTests(LiveTestCase):
    def setUp(self) -> None:
        self.fake = FakeApi()
        site = Site(self.fake)
        site.noisy = False
        self.api = MockApi(self.serve(site))

    async def test_start_over(self) -> None:
        """Starting over forgets the mails, and sets the behaviors to check."""
        await self.in_thread(self.api.start_over)
        (first, _), (second, body) = self.fake.asked
        self.assertEqual([first, second], [b"POST /reset", b"PUT /smtpBehaviors"])
        self.assertEqual(json.loads(body), CHECKED_BEHAVIORS)

    async def test_count(self) -> None:
        """Another count than expected is an error."""
        await self.in_thread(self.api.check_count, 3)
        with self.assertRaisesRegex(BenchmarkError, "keeps 3 of 4 mails"):
            await self.in_thread(self.api.check_count, 4)

    async def test_first_mails(self) -> None:
        """A page with fewer mails than asked for is an error."""
        await self.in_thread(self.api.first_mails, 2)
        with self.assertRaisesRegex(BenchmarkError, "listed 2 of 5 mails"):
            await self.in_thread(self.api.first_mails, 5)

    async def test_listing(self) -> None:
        """The listing is read to its end."""
        self.assertEqual(await self.in_thread(self.api.read_listing), 1_000_000)

    async def test_refused(self) -> None:
        """An answer that is no success is an error that shows it."""
        with self.assertRaisesRegex(BenchmarkError, "404 nothing here"):
            await self.in_thread(self.api.first_mails, 9)


class NoApiTests(LiveTestCase):
    async def test_no_server(self) -> None:
        """An API that cannot be reached is an error."""
        with self.assertRaises(BenchmarkError):
            await self.in_thread(MockApi(("127.0.0.1", 1)).start_over)
