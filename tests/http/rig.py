"""The API in memory: a mock, a clock that a test sets, and no socket."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import attrs
import orjson
from treq.testing import StubTreq
from twisted.internet.defer import Deferred
from twisted.internet.task import Clock
from twisted.web.http_headers import Headers

from mocksmtp.dns.evaluation import evaluate_dns
from mocksmtp.grammar.address import Address
from mocksmtp.grammar.command import Parameter
from mocksmtp.hosts.host import MailHost
from mocksmtp.http.site import HttpSettings, ServiceInfo, make_site
from mocksmtp.mail.mail import Envelope, Mail, Origin, Recipient
from mocksmtp.mail.mailbox import Mailbox
from mocksmtp.mock import Mock
from mocksmtp.smtp.evaluation import evaluate_smtp
from mocksmtp.store.interface import Store
from mocksmtp.zone.zone import Zone

ORIGIN = Origin("7", "192.0.2.1", "client.test", "default")

BUSY = {
    "command": "MAIL FROM",
    "condition": {"operator": "contains", "matchingValue": "bob"},
    "response": {"code": 450, "message": "busy"},
    "numberOfAnswer": 2,
}
"""A behavior of base fields only."""


@attrs.frozen
class Answer:
    """
    What came back.

    :ivar length: the Content-Length, None where it was not told
    """

    status: int
    headers: Headers
    body: bytes
    length: int | None

    def json(self) -> Any:
        """The body as a document."""
        return orjson.loads(self.body)

    def header(self, name: str) -> str | None:
        """The value of a field that comes once at the most."""
        values = self.headers.getRawHeaders(name, [])
        assert len(values) <= 1, (name, values)
        return values[0] if values else None

    @property
    def kind(self) -> str | None:
        """The Content-Type."""
        return self.header("Content-Type")

    @property
    def paths(self) -> list[str]:
        """Where a problem document says that something is wrong."""
        problem = self.json()
        assert problem["status"] == self.status, problem
        return [error["path"] for error in problem.get("errors", [])]


class Pending:
    """A request that may not be answered yet."""

    def __init__(self, rig: Rig, answered: Deferred[Answer]) -> None:
        self._rig = rig
        self._results: list[Any] = []
        self.deferred = answered
        answered.addBoth(self._results.append)

    @property
    def answer(self) -> Answer | None:
        """The answer, if it has come."""
        self._rig.turn()
        if not self._results:
            return None
        if not isinstance(self._results[0], Answer):
            self._results[0].raiseException()
        answer: Answer = self._results[0]
        return answer

    def leave(self) -> None:
        """Close the connection before the answer has come."""
        self.deferred.cancel()
        self._rig.turn()
        self._results.clear()


class Rig:
    """
    A mock and its API.

    :param share: returns further arguments of `make_site` for a mock

    :ivar clock: what the API takes for the reactor's time
    :ivar threads: work that waits for a thread, which it gets at the next turn
    """

    def __init__(
        self,
        settings: HttpSettings | None = None,
        mailbox: Mailbox | None = None,
        clock: Clock | None = None,
        root_pem: Callable[[], bytes] | None = None,
        store: Store | None = None,
        share: Callable[[Mock], dict[str, Any]] = lambda _: {},
    ) -> None:
        self.clock = Clock() if clock is None else clock
        box = mailbox if store is None else store.mailbox("default")
        self.mock = Mock(MailHost("default", "mx.test", box), Zone(), store=store)
        self.mock.evaluate = evaluate_smtp
        self.mock.evaluate_query = evaluate_dns
        self.info = ServiceInfo(self.clock.seconds())
        self.threads: list[Deferred[None]] = []
        self.site = make_site(
            self.mock,
            self.clock,
            settings or HttpSettings(),
            self.info,
            self._in_thread,
            root_pem=root_pem,
            **share(self.mock),
        )
        self._treq: Any = StubTreq(self.site.resource)
        # StubTreq would put a site of its own around the resource.
        self._treq._agent._serverFactory = self.site

    @property
    def host(self) -> MailHost:
        """The default host."""
        return self.mock.default

    @property
    def mailbox(self) -> Mailbox:
        """The default host's mailbox."""
        mailbox = self.mock.default.mailbox
        assert isinstance(mailbox, Mailbox)
        return mailbox

    def _in_thread(self, work: Callable[..., Any], *arguments: Any) -> Deferred[Any]:
        begun: Deferred[None] = Deferred()
        self.threads.append(begun)
        return begun.addCallback(lambda _: work(*arguments))

    def step(self) -> None:
        """Let the reactor turn once; work that waits for a thread goes on waiting."""
        self._treq.flush()
        self.clock.advance(0)

    def turn(self) -> None:
        """Let the reactor turn a few times, with no time going by."""
        for _ in range(5):
            self._treq.flush()
            threads, self.threads = self.threads, []
            for thread in threads:
                thread.callback(None)
            self.clock.advance(0)
        self._treq.flush()

    def begin(
        self,
        method: str,
        path: str,
        body: Any = None,
        headers: dict[str, str] | None = None,
    ) -> Pending:
        """Send a request; `body` is JSON unless it is bytes."""
        data = body if isinstance(body, bytes | None) else orjson.dumps(body)
        sent = self._treq.request(
            method,
            "http://localhost" + path,
            data=data,
            headers=headers,
            allow_redirects=False,
        )
        return Pending(self, Deferred.fromCoroutine(self._read(sent)))

    async def _read(self, sent: Deferred[Any]) -> Answer:
        response = await sent
        body = await self._treq.content(response)
        length = response.length if isinstance(response.length, int) else None
        return Answer(response.code, response.headers, body, length)

    def ask(self, method: str, path: str, *arguments: Any, **keywords: Any) -> Answer:
        """Send a request that is answered at once."""
        answer = self.begin(method, path, *arguments, **keywords).answer
        assert answer is not None, f"{method} {path} was not answered"
        return answer

    def get(self, path: str) -> Any:
        """The document at `path`."""
        answer = self.ask("GET", path)
        assert answer.status == 200, answer
        assert answer.kind == "application/json", answer
        return answer.json()

    def receive(
        self,
        content: bytes = b"Subject: hi\r\n\r\ntext\r\n",
        sender: str = "bob@x.test",
        to: tuple[str, ...] = ("alice@x.test",),
    ) -> Mail:
        """Let the default host keep a mail."""
        return keep(self.mailbox, content, sender, to)


def keep(
    mailbox: Mailbox,
    content: bytes = b"Subject: hi\r\n\r\ntext\r\n",
    sender: str = "bob@x.test",
    to: tuple[str, ...] = ("alice@x.test",),
    parameters: tuple[Parameter, ...] = (),
) -> Mail:
    """Put a mail into `mailbox`."""
    recipients = tuple(Recipient(Address(address), ()) for address in to)
    envelope = Envelope(Address(sender), parameters, recipients)
    mail = mailbox.keep(envelope, content, 1_700_000_000.125, ORIGIN)
    assert mail is not None
    return mail


def ids(documents: list[dict[str, Any]]) -> list[str]:
    """The ids of a listing."""
    return [document["id"] for document in documents]
