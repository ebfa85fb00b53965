"""A client of the HTTP API of a mail host; its methods are coroutines, over treq."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
from treq.client import HTTPClient
from twisted.web.client import Agent, HTTPConnectionPool
from twisted.web.http_headers import Headers

JsonObject = dict[str, Any]


class ApiError(Exception):
    """
    The service returned an error.

    :ivar status: the HTTP status
    :ivar problem: the problem document (RFC 9457), or ``{}``
    """

    def __init__(self, status: int, problem: JsonObject) -> None:
        super().__init__(f"{status}: {problem.get('detail') or problem}")
        self.status = status
        self.problem = problem


class Client:
    """
    A client of a running service.

    :param base_url: the root of the API, or of one of its hosts
    :param http: sends the requests
    :param token: the bearer token, if the service requires one
    """

    def __init__(
        self, base_url: str, http: HTTPClient, token: str | None = None
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._http = http
        self._token = token
        self._headers = {} if token is None else {"Authorization": f"Bearer {token}"}

    @classmethod
    def over(cls, reactor: Any, base_url: str, token: str | None = None) -> Client:
        """A client that closes its connection after each response."""
        pool = HTTPConnectionPool(reactor, persistent=False)
        return cls(base_url, HTTPClient(Agent(reactor, pool=pool)), token)

    async def call(
        self,
        method: str,
        path: str,
        document: Any = None,
        params: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> bytes:
        """
        Send a request, and return the body of the response.

        :param document: the body: sent as JSON, or unchanged if it is `bytes`
        :raises ApiError: the status is not 2xx
        """
        if document is not None and not isinstance(document, bytes):
            document = orjson.dumps(document)
        sent = self._headers | (headers or {})
        response = await self._http.request(
            method,
            self.base_url + path,
            data=document,
            params={k: str(v) for k, v in (params or {}).items() if v is not None},
            headers=Headers({k: [v] for k, v in sent.items()}),
        )
        body: bytes = await response.content()
        if response.code // 100 != 2:
            raise ApiError(response.code, _problem(body))
        return body

    async def get(self, path: str, **params: Any) -> Any:
        """The JSON document at `path`."""
        return orjson.loads(await self.call("GET", path, params=params))

    async def behaviors(self) -> list[JsonObject]:
        """The behaviors that can still answer."""
        return list(await self.get("/smtpBehaviors"))

    async def set_behaviors(self, *behaviors: JsonObject) -> None:
        """Replace all behaviors and their counts."""
        await self.call("PUT", "/smtpBehaviors", list(behaviors))

    async def add_behaviors(self, *behaviors: JsonObject) -> list[str]:
        """Append behaviors, and return their ids."""
        answer = await self.call("POST", "/smtpBehaviors", list(behaviors))
        return list(orjson.loads(answer)["ids"])

    async def change_behavior(self, behavior: str, **fields: Any) -> JsonObject:
        """
        Change fields of one behavior, which keeps its counters; answers its document.

        :param fields: a merge patch (RFC 7396); ``move`` changes its place
        """
        path = f"/smtpBehaviors/{behavior}"
        changed: JsonObject = orjson.loads(await self.call("PATCH", path, fields))
        return changed

    async def change_tagged(self, tag: str, **fields: Any) -> list[JsonObject]:
        """Change fields of all behaviors with a tag, as ``enabled=False``."""
        params = {"tag": tag}
        answer = await self.call("PATCH", "/smtpBehaviors", fields, params)
        return list(orjson.loads(answer))

    async def evaluate(self, line: str | None = None, **context: Any) -> JsonObject:
        """
        The reply that a command would get, and why; no counter changes.

        :param context: ``sender``, ``recipients``, ``helo``, ``clientIp``, ``tls``,
            ``authUser``, ``content``; or ``session`` and ``exchange``
        """
        asked = context if line is None else {"line": line, **context}
        answer = await self.call("POST", "/smtpBehaviors/evaluate", asked)
        evaluated: JsonObject = orjson.loads(answer)
        return evaluated

    async def session(self, session: str, explain: bool = False) -> JsonObject:
        """
        One session with its transcript.

        :param explain: whether each exchange has ``considered``: why each behavior did
            or did not answer
        """
        params = {"explain": "true"} if explain else {}
        found: JsonObject = await self.get(f"/smtpSessions/{session}", **params)
        return found

    async def near_misses(self, limit: int | None = None) -> list[JsonObject]:
        """The newest exchanges that no behavior answered and one nearly did."""
        return list(await self.get("/nearMisses", limit=limit))

    async def mails(
        self,
        *,
        sender: str | None = None,
        recipient: str | None = None,
        count: int | None = None,
        wait: str | None = None,
        **filters: Any,
    ) -> list[JsonObject]:
        """
        The mails that match, in order of arrival.

        :param sender: the complete reverse-path, ``<>`` for the null one
        :param recipient: the complete address of a recipient
        :param count: the number of mails to wait for
        :param wait: the time to wait for them, such as ``"10s"``
        :param filters: ``q``, ``subject``, ``body``, ``contains``, ``messageId``,
            ``session``, ``helo``, ``clientIp``, ``minSize``, ``maxSize``, ``since``,
            ``until``, ``host``, ``after``, ``before``, ``limit``, ``order``,
            ``settle``, ``view``
        """
        named = {"from": sender, "to": recipient, "count": count, "wait": wait}
        return list(await self.get("/smtpMails", **named, **filters))

    async def search(self, expression: str, **filters: Any) -> list[JsonObject]:
        """
        The summaries of the mails that a search expression matches.

        :param expression: for example ``from:shop has:attachment "your order"``
        :param filters: as for `mails`
        """
        return await self.mails(q=expression, **{"view": "summary", **filters})

    async def take_mails(
        self,
        *,
        sender: str | None = None,
        recipient: str | None = None,
        count: int | None = None,
        wait: str | None = None,
        **filters: Any,
    ) -> list[JsonObject]:
        """
        Wait for mails, then remove and return them in one step.

        If the time expires first, nothing is removed and the list is empty. The
        parameters are those of `mails`, without ``after``, ``before`` and ``order``;
        ``limit`` is how many are taken, the oldest first.
        """
        named = {"from": sender, "to": recipient, "count": count, "wait": wait}
        params = named | filters
        answer = await self.call("POST", "/smtpMails/take", params=params)
        return list(orjson.loads(answer))

    async def count_mails(
        self, *, sender: str | None = None, recipient: str | None = None, **filters: Any
    ) -> int:
        """The number of mails that match; the parameters are those of `mails`."""
        named = {"from": sender, "to": recipient}
        return int(await self.get("/smtpMailsCount", **named, **filters))

    async def latest_mail(
        self, *, sender: str | None = None, recipient: str | None = None, **filters: Any
    ) -> JsonObject:
        """
        The newest mail that matches; with ``wait`` it waits for one.

        :raises ApiError: 404, there is none
        """
        named = {"from": sender, "to": recipient}
        return dict(await self.get("/smtpMails/latest", **named, **filters))

    async def nearest_mails(self, **filters: Any) -> list[JsonObject]:
        """
        Why filters match no mail: the mails that match all but the fewest of them.

        :param filters: as the parameters of ``/smtpMails``
        :return: each with ``mail``, its id, ``matched`` and ``failed``; empty if one
            matches
        """
        document = await self.get("/smtpMails", explain="true", **filters)
        return list(document["nearest"])

    async def raw(self, mail_id: str) -> bytes:
        """The exact content of a mail."""
        return await self.call("GET", f"/smtpMails/{mail_id}/raw")

    async def clear_mails(self) -> list[JsonObject]:
        """Remove all mails, and return them."""
        return list(orjson.loads(await self.call("DELETE", "/smtpMails")))

    async def attempts(
        self,
        *,
        sender: str | None = None,
        recipient: str | None = None,
        count: int | None = None,
        wait: str | None = None,
        **filters: Any,
    ) -> list[JsonObject]:
        """
        List the attempts that match, in the order of their decisions.

        :param count: answer as soon as so many match,
        :param wait: or when this time is up, as in ``"10s"``
        :param filters: ``verdict``, ``stage``, ``code``, ``kept``, ``host``,
            ``messageId``, ``since``, ``clientIp``, ``session``, ``probes``, ``settle``,
            ``after``, ``limit``
        """
        named = {"from": sender, "to": recipient, "count": count, "wait": wait}
        return list(await self.get("/smtpAttempts", **named, **filters))

    async def deliveries(
        self,
        *,
        sender: str | None = None,
        recipient: str | None = None,
        count: int | None = None,
        wait: str | None = None,
        **filters: Any,
    ) -> list[JsonObject]:
        """
        The deliveries that match, on all hosts, in the order of their first attempt.

        To be called on a client of the root.

        :param count: answer as soon as so many match,
        :param wait: or when this time is up, as in ``"10s"``
        :param filters: ``final``, ``verdict``, ``code``, ``kept``, ``copies``,
            ``host``, ``messageId``, ``since``, ``clientIp``, ``settle``, ``after``,
            ``limit``
        """
        named = {"from": sender, "to": recipient, "count": count, "wait": wait}
        return list(await self.get("/deliveries", **named, **filters))

    async def report(
        self,
        *,
        host: str | None = None,
        since: str | None = None,
        text: bool = False,
    ) -> str:
        """
        A report of what happened, as one self-contained HTML file.

        To be called on a client of the root.

        :param host: the only host, instead of all
        :param since: from this time on (RFC 3339)
        :param text: as text for a terminal, instead of HTML
        """
        params = {"host": host, "since": since, "format": "text" if text else None}
        return (await self.call("GET", "/report", params=params)).decode()

    async def set_extensions(self, *extensions: str) -> None:
        """Replace the additional lines of the EHLO reply."""
        await self.call("PUT", "/smtpExtensions", list(extensions))

    async def set_records(self, records: Sequence[JsonObject] | str) -> None:
        """Replace all DNS records, by documents or by zone-file text."""
        if isinstance(records, str):
            headers = {"Content-Type": "text/dns"}
            await self.call("PUT", "/dnsRecords", records.encode(), headers=headers)
        else:
            await self.call("PUT", "/dnsRecords", list(records))

    async def route(self, recipient: str, *, sender: str | None = None) -> JsonObject:
        """
        The route that a sending server would follow to a recipient.

        :param sender: for whom the replies to MAIL and RCPT are evaluated; the null
            sender if it is not given
        """
        return dict(await self.get("/route", to=recipient, **{"from": sender}))

    async def hosts(self) -> list[JsonObject]:
        """All mail hosts, in order of creation."""
        return list(await self.get("/hosts"))

    async def add_host(self, name: str | None = None, **document: Any) -> JsonObject:
        """
        Create a mail host, and return its document with the bound addresses.

        :param name: its name; by default the service assigns one
        :param document: ``hostname``, ``capabilities``, ``limits``, ``tls``,
            ``auth``, ``listeners``, ``dns``; by default it listens on a free port of
            127.0.0.1
        """
        asked = document if name is None else {"name": name, **document}
        answer: JsonObject = orjson.loads(await self.call("POST", "/hosts", asked))
        return answer

    async def delete_host(self, name: str) -> None:
        """Remove a mail host with its mails and records."""
        await self.call("DELETE", f"/hosts/{name}")

    def host(self, name: str) -> Client:
        """A client of another mail host of the service."""
        return Client(f"{self.base_url}/hosts/{name}", self._http, self._token)

    async def disconnect(self, name: str = "default", how: str = "close") -> int:
        """
        End the open connections of a host, and return their number.

        :param how: ``close`` sends 421 and closes, ``reset`` sends a RST
        """
        params = {"how": how}
        answer = await self.call("DELETE", f"/hosts/{name}/connections", params=params)
        return int(orjson.loads(answer))

    async def reset(self, connections: str | None = None) -> None:
        """
        Clear behaviors, mails, sessions and extensions.

        :param connections: ``close`` or ``reset`` also ends the open connections
        """
        await self.call("POST", "/reset", params={"connections": connections})


def _problem(body: bytes) -> JsonObject:
    try:
        problem = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return problem if isinstance(problem, dict) else {}
