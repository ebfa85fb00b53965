"""A client of the HTTP API whose methods return Deferreds, over treq.

`mocksmtp.client.blocking` has the same methods without Deferreds. It is made from this
module: change this one, then run ``tools/make-blocking``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, Self, TypeVar, Unpack

from mocksmtp.client import requests
from mocksmtp.client.filters import (
    AttemptFilters,
    AttemptListing,
    DeliveryFilters,
    DeliveryListing,
    EvaluationContext,
    MailListing,
    MailRemoval,
    MailTaking,
    QueryFilters,
    QueryListing,
    RecordFilters,
    SessionFilters,
    SessionListing,
    WaitingMailFilters,
)
from mocksmtp.client.over_treq import Connection, PendingRule, deferred
from mocksmtp.client.recipe_methods import RecipeMethods
from mocksmtp.client.requests import (
    Answer,
    JsonObject,
    Request,
    encode,
    fields,
    segment,
)
from mocksmtp.client.values import (
    Attempt,
    Behavior,
    Delivery,
    DnsBehavior,
    DnsEvaluation,
    Entries,
    Evaluation,
    Health,
    Host,
    Mail,
    Nearest,
    NearMiss,
    Policy,
    Query,
    Record,
    Resolution,
    Route,
    Session,
    Status,
    split_address,
)
from mocksmtp.client.vocabulary import (
    Command,
    Condition,
    DnsAnswers,
    DnsWhen,
    SmtpAnswers,
    SmtpWhen,
)

T = TypeVar("T")

_JSON = {"Content-Type": "application/json"}
_ZONE = {"Content-Type": "text/dns"}
_AS_ZONE = {"Accept": "text/dns"}
_MAIL = "message/rfc822"
_PEM = "application/pem-certificate-chain"

DEFAULT_HOST = "default"


class _Api:
    """
    Sends requests for the resources below a path.

    :ivar connection: the address of the service
    :ivar prefix: ``""`` for the root, ``/hosts/{name}`` for a host
    """

    def __init__(self, connection: Connection, prefix: str = "") -> None:
        self.connection = connection
        self.prefix = prefix

    def request(
        self,
        method: str,
        path: str,
        read: Callable[[Answer], T],
        query: Mapping[str, Any] | None = None,
        document: Any = None,
        headers: Mapping[str, str] | None = None,
        known: bool = True,
    ) -> Request[T]:
        """A request below the prefix; `document` is JSON unless it is bytes."""
        sent = dict(headers or {})
        body = document
        if document is not None and not isinstance(document, bytes):
            body = encode(document)
            sent |= _JSON
        parameters = requests.parameters(query or {})
        path = self.prefix + path
        return Request(method, path, read, parameters, body, sent, known)

    async def get(
        self, path: str, read: Callable[[Answer], T], query: Mapping[str, Any]
    ) -> T:
        """Send a GET, and return its result."""
        return await self.connection.send(self.request("GET", path, read, query))

    async def send(
        self,
        method: str,
        path: str,
        document: Any,
        query: Mapping[str, Any],
        read: Callable[[Answer], T],
        headers: Mapping[str, str] | None = None,
    ) -> T:
        """Send a request with a document, and return its result."""
        request = self.request(method, path, read, query, document, headers)
        return await self.connection.send(request)

    async def do(
        self,
        method: str,
        path: str,
        document: Any = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Send a request that has no result."""
        await self.send(method, path, document, query or {}, requests.nothing, headers)

    async def put_host(self, path: str, document: Any) -> Host:
        """Create or replace a host."""
        return await self.send("PUT", path, document, {}, requests.one(Host))


class _Rule(PendingRule):
    """A behavior of a list."""

    _list: str
    _kind: type[Behavior | DnsBehavior]

    def __init__(
        self, api: _Api, document: dict[str, Any], front: bool = False
    ) -> None:
        super().__init__(document, front)
        self._api = api
        self._id: str | None = None

    @property
    def id(self) -> str:
        """
        The id of the behavior.

        :raises LookupError: it is not in force yet
        """
        if self._id is None:
            raise LookupError("the behavior is not in force yet; it must be awaited")
        return self._id

    @property
    def _path(self) -> str:
        return f"{self._list}/{segment(self.id)}"

    @deferred
    async def _update(self) -> None:
        api, document = self._api, self.document
        if self._id is None:
            query = {"at": "front" if self.front else None}
            read = requests.ids
            (self._id,) = await api.send("POST", self._list, document, query, read)
        elif not self._is_sent:
            await self._change(self._patch())
        self._sent()

    @deferred
    async def remove(self) -> None:
        """Remove the behavior; clients that wait because of it go on."""
        await self._api.do("DELETE", self._path)

    @deferred
    async def disable(self) -> None:
        """Let the behavior be passed over; its counts are kept."""
        await self._change({"enabled": False})

    @deferred
    async def enable(self) -> None:
        """Let it answer again."""
        await self._change({"enabled": True})

    @deferred
    async def _change(self, changes: dict[str, Any]) -> None:
        read = requests.one(self._kind)
        await self._api.send("PATCH", self._path, changes, {}, read)


class SmtpRule(_Rule, SmtpAnswers["SmtpRule"]):
    """A behavior of a mail host."""

    _list = "/smtpBehaviors"
    _kind = Behavior

    @deferred
    async def behavior(self) -> Behavior:
        """The behavior with its counters, and the counts of its keys."""
        return await self._api.get(self._path, requests.one(Behavior), {})

    @property
    @deferred
    async def fired(self) -> int:
        """How many times it has answered."""
        return (await self.behavior()).fired

    @property
    @deferred
    async def seen(self) -> int:
        """How many attempts its condition has matched."""
        return (await self.behavior()).seen

    @property
    @deferred
    async def remaining(self) -> int | None:
        """How many answers are left; None means no limit."""
        return (await self.behavior()).remaining


class DnsRule(_Rule, DnsAnswers["DnsRule"]):
    """A behavior of DNS."""

    _list = "/dnsBehaviors"
    _kind = DnsBehavior

    @deferred
    async def behavior(self) -> DnsBehavior:
        """The behavior with its counters, and the counts of its keys."""
        read = requests.one(DnsBehavior)
        return await self._api.get(self._path, read, {})

    @property
    @deferred
    async def fired(self) -> int:
        """How many times it has answered."""
        return (await self.behavior()).fired

    @property
    @deferred
    async def seen(self) -> int:
        """How many queries its condition has matched."""
        return (await self.behavior()).seen

    @property
    @deferred
    async def remaining(self) -> int | None:
        """How many answers are left; None means no limit."""
        return (await self.behavior()).remaining


class AppliedRecipe:
    """
    A recipe that is in force on a host.

    :ivar name: the name of the recipe
    :ivar ids: the ids of its behaviors
    :ivar host_before: the document that the host had before, if the recipe changed it
    """

    def __init__(
        self,
        host: HostResource,
        name: str,
        ids: Sequence[str],
        host_before: JsonObject | None,
    ) -> None:
        self.host = host
        self.name = name
        self.ids = list(ids)
        self.host_before = host_before

    def __repr__(self) -> str:
        return f"<recipe {self.name}, behaviors {', '.join(self.ids) or 'none'}>"

    @deferred
    async def behaviors(self) -> list[Behavior]:
        """Its behaviors with their counters."""
        return [await self.host.behavior(each) for each in self.ids]

    @property
    @deferred
    async def fired(self) -> int:
        """How many times its behaviors have answered together."""
        return sum(behavior.fired for behavior in await self.behaviors())

    @property
    @deferred
    async def remaining(self) -> int | None:
        """How many answers its behaviors have left; None means no limit."""
        left = [behavior.remaining for behavior in await self.behaviors()]
        return None if None in left else sum(one or 0 for one in left)

    @deferred
    async def disable(self) -> None:
        """Let its behaviors be passed over."""
        for each in self.ids:
            await self.host.change_behavior(each, enabled=False)

    @deferred
    async def enable(self) -> None:
        """Let its behaviors answer again."""
        for each in self.ids:
            await self.host.change_behavior(each, enabled=True)

    @deferred
    async def remove(self) -> None:
        """Remove its behaviors, and restore the document of the host."""
        for each in self.ids:
            await self.host.remove_behavior(each)
        if self.host_before is not None:
            path = f"/hosts/{segment(self.host.name)}"
            await _Api(self.host.connection).put_host(path, self.host_before)


class HostResource(RecipeMethods):
    """
    The resources of a mail host.

    :ivar name: the name of the host
    :ivar connection: the address of the service
    """

    name = DEFAULT_HOST

    def __init__(self, connection: Connection, prefix: str) -> None:
        self.connection = connection
        self._api = _Api(connection, prefix)

    @property
    def url(self) -> str:
        """The address of these resources."""
        return self.connection.url + self._api.prefix

    @deferred
    async def call(
        self,
        method: str,
        path: str,
        document: Any = None,
        params: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> bytes:
        """
        Send any request, and return the body of the answer.

        :param document: the body: sent as JSON, or unchanged if it is `bytes`
        :raises ApiError: the status is not 2xx
        """
        read = requests.content
        request = self._api.request(
            method, path, read, params, document, headers, known=False
        )
        return await self.connection.send(request)

    @deferred
    async def get(self, path: str, **params: Any) -> Any:
        """The JSON document at `path`."""
        read = requests.as_json
        request = self._api.request("GET", path, read, params, known=False)
        return await self.connection.send(request)

    # Behaviors

    def when(
        self, command: Command | str, condition: Condition | None = None
    ) -> SmtpWhen[SmtpRule]:
        """
        Begin a behavior for a reply point.

        .. code-block:: python

            client.when("RCPT TO").contains("bob@").reply(450, "4.2.1 Busy").times(2)

        It is in force as soon as its answer is known; later gates change it.
        A Deferred client sends it, and later changes, when it is awaited.

        :param condition: a condition, as made by `mocksmtp.client.target`
        """
        begun: SmtpWhen[SmtpRule] = SmtpWhen({"command": command}, self._make_rule)
        return begun if condition is None else begun.where(condition)

    def _make_rule(self, document: dict[str, Any], front: bool) -> SmtpRule:
        return SmtpRule(self._api, document, front).begin()

    @deferred
    async def recipe(self, recipe: str, /, **values: Any) -> AppliedRecipe:
        """
        Apply a recipe of the cookbook.

        :param recipe: its name, as in `mocksmtp.recipes`
        :param values: values for its parameters; also ``times`` and ``tag``
        :raises mocksmtp.recipes.UnknownRecipe: there is no such recipe or parameter
        """
        from mocksmtp.recipes import find_recipe

        ids: list[str] = []
        before = None
        root, own = _Api(self.connection), f"/hosts/{segment(self.name)}"
        for call in find_recipe(recipe).calls(**fields(values)):
            if call.host is not None:
                await root.put_host(call.path, call.document)
            elif call.kind == "behaviors":
                ids += await self.add_behaviors(*call.document)
            else:
                if before is None:
                    host = await root.get(own, requests.one(Host), {})
                    before = host.document
                await root.put_host(own, _merged(before, call.document))
        return AppliedRecipe(self, recipe, ids, before)

    @deferred
    async def behaviors(
        self,
        *,
        tag: str | None = None,
        fired: int | None = None,
        view: Literal["full"] | None = "full",
    ) -> Entries[Behavior]:
        """
        The behaviors in order, with their counters.

        :param tag: only those with this tag
        :param fired: 0 for those that never answered
        :param view: None for those that can still answer, with their base fields
        """
        query = {"tag": tag, "fired": fired, "view": view}
        read = requests.many(Behavior)
        return await self._api.get("/smtpBehaviors", read, query)

    @deferred
    async def set_behaviors(self, *behaviors: JsonObject) -> None:
        """Replace all behaviors and their counts."""
        await self._api.do("PUT", "/smtpBehaviors", list(behaviors))

    @deferred
    async def set_behavior(self, behavior: JsonObject) -> None:
        """Replace the behavior of the same id, or command and condition; or add it."""
        await self._api.do("PUT", "/smtpBehaviors", behavior)

    @deferred
    async def add_behaviors(
        self, *behaviors: JsonObject, front: bool = False
    ) -> list[str]:
        """
        Append behaviors, and return their ids.

        :param front: whether they become the first ones
        """
        query = {"at": "front" if front else None}
        read, sent = requests.ids, list(behaviors)
        return await self._api.send("POST", "/smtpBehaviors", sent, query, read)

    @deferred
    async def clear_behaviors(self, *, tag: str | None = None) -> None:
        """Remove all behaviors, or those with a tag."""
        await self._api.do("DELETE", "/smtpBehaviors", query={"tag": tag})

    @deferred
    async def change_tagged(self, tag: str, **changes: Any) -> list[Behavior]:
        """Change fields of all behaviors with a tag, as ``enabled=False``."""
        read = requests.many(Behavior)
        sent, query = fields(changes), {"tag": tag}
        return await self._api.send("PATCH", "/smtpBehaviors", sent, query, read)

    @deferred
    async def behavior(self, behavior: str) -> Behavior:
        """One behavior, with its counters and the counts of its keys."""
        path = f"/smtpBehaviors/{segment(behavior)}"
        return await self._api.get(path, requests.one(Behavior), {})

    @deferred
    async def replace_behavior(self, behavior: str, document: JsonObject) -> None:
        """Replace one behavior, which gets fresh counters."""
        await self._api.do("PUT", f"/smtpBehaviors/{segment(behavior)}", document)

    @deferred
    async def change_behavior(self, behavior: str, **changes: Any) -> Behavior:
        """
        Change fields of one behavior, which keeps its counters.

        :param changes: a merge patch (RFC 7396); ``move`` changes its position
        """
        path = f"/smtpBehaviors/{segment(behavior)}"
        read = requests.one(Behavior)
        return await self._api.send("PATCH", path, fields(changes), {}, read)

    @deferred
    async def remove_behavior(self, behavior: str) -> None:
        """Remove one behavior."""
        await self._api.do("DELETE", f"/smtpBehaviors/{segment(behavior)}")

    @deferred
    async def evaluate(
        self, line: str | None = None, **context: Unpack[EvaluationContext]
    ) -> Evaluation:
        """
        The reply that a command would get, and why; no counter changes.

        :param line: the command; without it and ``content`` the banner is evaluated
        """
        asked = fields(context)
        if line is not None:
            asked["line"] = line
        read = requests.one(Evaluation)
        return await self._api.send("POST", "/smtpBehaviors/evaluate", asked, {}, read)

    @deferred
    async def scenarios(self) -> dict[str, str]:
        """The states of the behaviors' scenarios, by name."""
        return await self._api.get("/scenarios", requests.mapping, {})

    @deferred
    async def set_scenarios(self, states: Mapping[str, str]) -> None:
        """Set the states of scenarios."""
        await self._api.do("PUT", "/scenarios", dict(states))

    @deferred
    async def reset_scenarios(self) -> None:
        """Reset all scenarios to ``Started``."""
        await self._api.do("DELETE", "/scenarios")

    # Mails

    @deferred
    async def mails(self, **filters: Unpack[MailListing]) -> Entries[Mail]:
        """The mails that match, in order of arrival; with `wait` it waits for them."""
        return await self._api.get("/smtpMails", requests.many(Mail), filters)

    @deferred
    async def search(
        self, expression: str, **filters: Unpack[MailListing]
    ) -> Entries[Mail]:
        """
        The summaries of the mails that a search expression matches.

        :param expression: for example ``from:shop has:attachment "your order"``
        """
        query = {"view": "summary", **filters, "q": expression}
        read = requests.many(Mail)
        return await self._api.get("/smtpMails", read, query)

    @deferred
    async def nearest_mails(self, **filters: Unpack[MailListing]) -> list[Nearest]:
        """The mails that match all but the fewest filters; empty if one matches."""
        query = {**filters, "explain": True}
        read = requests.member("nearest", Nearest)
        return await self._api.get("/smtpMails", read, query)

    @deferred
    async def take_mails(self, **filters: Unpack[MailTaking]) -> Entries[Mail]:
        """
        Wait for mails, then remove and return them in one step.

        If the time expires first, nothing is removed and the list is empty.
        """
        read = requests.many(Mail)
        return await self._api.send("POST", "/smtpMails/take", None, filters, read)

    @deferred
    async def remove_mails(self, **filters: Unpack[MailRemoval]) -> Entries[Mail]:
        """Remove the mails that match, or all, and return them."""
        read = requests.many(Mail)
        return await self._api.send("DELETE", "/smtpMails", None, filters, read)

    @deferred
    async def add_mail(
        self,
        content: bytes | str,
        *,
        sender: str | None = None,
        to: str | None = None,
        mbox: bool = False,
    ) -> list[str]:
        """
        Add a mail as if it had arrived, and return its id.

        :param sender: the sender in the envelope; by default that of the header
        :param to: a recipient in the envelope; by default those of the header
        :param mbox: whether the content is an mbox file, which may have several mails
        """
        headers = {"Content-Type": "application/mbox" if mbox else _MAIL}
        sent = content.encode() if isinstance(content, str) else content
        query = {"sender": sender, "to": to}
        return await self._api.send(
            "POST", "/smtpMails", sent, query, requests.ids, headers
        )

    @deferred
    async def count_mails(self, **filters: Unpack[WaitingMailFilters]) -> int:
        """The number of mails that match."""
        return await self._api.get("/smtpMailsCount", requests.number, filters)

    @deferred
    async def latest_mail(self, **filters: Unpack[WaitingMailFilters]) -> Mail:
        """
        The newest mail that matches; with `wait` it waits for one.

        :raises ApiError: 404, no mail matches
        """
        read = requests.one(Mail)
        return await self._api.get("/smtpMails/latest", read, filters)

    @deferred
    async def mail(self, mail: str) -> Mail:
        """One mail, with its MIME structure."""
        path = f"/smtpMails/{segment(mail)}"
        return await self._api.get(path, requests.one(Mail), {})

    @deferred
    async def remove_mail(self, mail: str) -> None:
        """Remove one mail."""
        await self._api.do("DELETE", f"/smtpMails/{segment(mail)}")

    @deferred
    async def raw(self, mail: str) -> bytes:
        """The exact content of a mail."""
        path = f"/smtpMails/{segment(mail)}/raw"
        return await self._api.get(path, requests.octets(_MAIL), {})

    @deferred
    async def html(self, mail: str, *, remote: bool = False) -> str:
        """
        The HTML of a mail for display.

        :param remote: whether it may load images of other servers
        """
        path = f"/smtpMails/{segment(mail)}/html"
        query = {"remote": 1 if remote else None}
        return await self._api.get(path, requests.text("text/html"), query)

    @deferred
    async def part(self, mail: str, number: int) -> bytes:
        """A decoded MIME part of a mail."""
        path = f"/smtpMails/{segment(mail)}/parts/{number}"
        return await self._api.get(path, requests.content, {})

    # Sessions and attempts

    @deferred
    async def sessions(self, **filters: Unpack[SessionListing]) -> Entries[Session]:
        """The sessions that match, with their transcripts, the newest last."""
        read = requests.many(Session)
        return await self._api.get("/smtpSessions", read, filters)

    @deferred
    async def nearest_sessions(
        self, **filters: Unpack[SessionListing]
    ) -> list[Nearest]:
        """The sessions that match all but the fewest filters; empty if one matches."""
        query = {**filters, "explain": True}
        read = requests.member("nearest", Nearest)
        return await self._api.get("/smtpSessions", read, query)

    @deferred
    async def latest_session(self, **filters: Unpack[SessionFilters]) -> Session:
        """
        The newest session that matches; with `wait` it waits for one.

        :raises ApiError: 404, no session matches
        """
        read = requests.one(Session)
        return await self._api.get("/smtpSessions/latest", read, filters)

    @deferred
    async def session(self, session: str, *, explain: bool = False) -> Session:
        """
        One session with its transcript.

        :param explain: whether each exchange has ``considered``: why each behavior did
            or did not answer
        """
        query = {"explain": True} if explain else {}
        path = f"/smtpSessions/{segment(session)}"
        return await self._api.get(path, requests.one(Session), query)

    @deferred
    async def clear_sessions(self) -> Entries[Session]:
        """Remove all sessions, and the attempts and deliveries; return the sessions."""
        read = requests.many(Session)
        return await self._api.send("DELETE", "/smtpSessions", None, {}, read)

    @deferred
    async def near_misses(self, *, limit: int | None = None) -> list[NearMiss]:
        """The newest exchanges that no behavior answered and one nearly did."""
        read = requests.many(NearMiss)
        return await self._api.get("/nearMisses", read, {"limit": limit})

    @deferred
    async def attempts(self, **filters: Unpack[AttemptListing]) -> Entries[Attempt]:
        """The attempts that match, in the order of their decisions."""
        read = requests.many(Attempt)
        return await self._api.get("/smtpAttempts", read, filters)

    @deferred
    async def latest_attempt(self, **filters: Unpack[AttemptFilters]) -> Attempt:
        """
        The newest attempt that matches; with `wait` it waits for one.

        :raises ApiError: 404, no attempt matches
        """
        read = requests.one(Attempt)
        return await self._api.get("/smtpAttempts/latest", read, filters)

    @deferred
    async def attempt(self, attempt: str) -> Attempt:
        """One attempt."""
        path = f"/smtpAttempts/{segment(attempt)}"
        return await self._api.get(path, requests.one(Attempt), {})

    @deferred
    async def attempt_content(self, attempt: str) -> bytes:
        """The content of an attempt; of a refused one only with `--keep-refused`."""
        path = f"/smtpAttempts/{segment(attempt)}/raw"
        return await self._api.get(path, requests.octets(_MAIL), {})

    # The host

    @deferred
    async def extensions(self) -> list[str]:
        """The additional lines of the EHLO reply."""
        return await self._api.get("/smtpExtensions", requests.texts, {})

    @deferred
    async def set_extensions(self, *extensions: str) -> None:
        """Replace the additional lines of the EHLO reply."""
        await self._api.do("PUT", "/smtpExtensions", list(extensions))

    @deferred
    async def clear_extensions(self) -> None:
        """Remove the additional lines of the EHLO reply."""
        await self._api.do("DELETE", "/smtpExtensions")

    @deferred
    async def reset(
        self,
        *,
        all: bool | None = None,  # noqa: A002 - the API's name
        connections: Literal["close", "reset"] | None = None,
    ) -> None:
        """
        Clear behaviors, mails, sessions and extensions: of all hosts, at the root.

        :param all: whether the startup state is restored
        :param connections: also ends the open connections
        """
        query = {"all": all, "connections": connections}
        await self._api.do("POST", "/reset", query=query)

    @deferred
    async def version(self) -> str:
        """The version of the HTTP contract that existing clients check."""
        return await self._api.get("/version", requests.text("text/plain"), {})


class HostClient(HostResource):
    """
    A client of one mail host.

    :ivar name: its name
    """

    def __init__(
        self,
        connection: Connection,
        name: str,
        addresses: Sequence[str] = (),
    ) -> None:
        super().__init__(connection, f"/hosts/{segment(name)}")
        self.name = name
        self.addresses = tuple(map(split_address, addresses))

    def __repr__(self) -> str:
        return f"<host {self.name}>"

    @property
    def smtp(self) -> tuple[str, int]:
        """
        The address and port of its first listener.

        :raises LookupError: it has none, or they are not known
        """
        if not self.addresses:
            raise LookupError(f"no listener of host {self.name} is known")
        return self.addresses[0]

    @property
    def smtp_host(self) -> str:
        """The address of its first listener."""
        return self.smtp[0]

    @property
    def smtp_port(self) -> int:
        """The port of its first listener."""
        return self.smtp[1]

    @deferred
    async def settings(self) -> Host:
        """Its document: listeners, limits, TLS, AUTH, DNS records."""
        return await self._api.get("", requests.one(Host), {})

    @deferred
    async def change(self, **changes: Any) -> Host:
        """
        Change fields of its document.

        :param changes: ``hostname``, ``capabilities``, ``limits``, ``tls``, ``auth``,
            ``listeners``, ``dns``, ``seed``; of ``limits``, only the given ones
        """
        before = await self._api.get("", requests.one(Host), {})
        sent = _merged(before.document, fields(changes))
        changed = await self._api.put_host("", sent)
        self.addresses = tuple(map(split_address, changed.addresses))
        return changed

    @deferred
    async def disconnect(self, how: Literal["close", "reset"] = "close") -> int:
        """
        End its open connections, and return their number.

        :param how: ``close`` sends 421 and closes, ``reset`` sends a RST
        """
        return await self._api.send(
            "DELETE", "/connections", None, {"how": how}, requests.number
        )

    @deferred
    async def delete(self) -> None:
        """Remove the host, with its mails and records."""
        await self._api.do("DELETE", "")


class MockClient(HostResource):
    """
    A client of a service; its methods on mails and behaviors are those of the default
    host, those on sessions, attempts and deliveries cover all hosts.

    :param url: the root of the API; by default that of MOCKSMTP_URL, or port 8000 of
        127.0.0.1
    :param token: the bearer token; by default that of MOCKSMTP_TOKEN
    :param settings: those of `Connection`
    """

    def __init__(
        self, url: str | None = None, token: str | None = None, **settings: Any
    ) -> None:
        super().__init__(Connection(url, token, **settings), "")

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.connection.url}>"

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections that are kept open."""
        self.connection.close()

    # Deliveries

    @deferred
    async def deliveries(self, **filters: Unpack[DeliveryListing]) -> Entries[Delivery]:
        """The deliveries that match on all hosts, in the order of their beginning."""
        read = requests.many(Delivery)
        return await self._api.get("/deliveries", read, filters)

    @deferred
    async def nearest_deliveries(
        self, **filters: Unpack[DeliveryListing]
    ) -> list[Nearest]:
        """The deliveries that match all but the fewest filters; empty if one does."""
        query = {**filters, "explain": True}
        read = requests.member("nearest", Nearest)
        return await self._api.get("/deliveries", read, query)

    @deferred
    async def latest_delivery(self, **filters: Unpack[DeliveryFilters]) -> Delivery:
        """
        The newest delivery that matches; with `wait` it waits for one.

        :raises ApiError: 404, no delivery matches
        """
        read = requests.one(Delivery)
        return await self._api.get("/deliveries/latest", read, filters)

    @deferred
    async def delivery(self, delivery: str) -> Delivery:
        """One delivery with all its attempts."""
        path = f"/deliveries/{segment(delivery)}"
        return await self._api.get(path, requests.one(Delivery), {})

    # Hosts

    @deferred
    async def hosts(self) -> Entries[Host]:
        """All mail hosts, in order of creation."""
        return await self._api.get("/hosts", requests.many(Host), {})

    @deferred
    async def add_host(self, name: str | None = None, **document: Any) -> HostClient:
        """
        Create a mail host, and return a client for it.

        :param name: its name; by default the service assigns one
        :param document: ``hostname``, ``capabilities``, ``limits``, ``tls``,
            ``auth``, ``listeners``, ``dns``, ``seed``; by default it listens on a free
            port of 127.0.0.1
        """
        asked = fields(document)
        if name is not None:
            asked["name"] = name
        made: Host = await self._api.send(
            "POST", "/hosts", asked, {}, requests.one(Host)
        )
        return HostClient(self.connection, made.name, made.addresses)

    @deferred
    async def put_host(self, name: str, **document: Any) -> HostClient:
        """Create a host, or replace its document; return a client for it."""
        path = f"/hosts/{segment(name)}"
        made: Host = await self._api.put_host(path, fields(document))
        return HostClient(self.connection, made.name, made.addresses)

    @deferred
    async def host_settings(self, name: str) -> Host:
        """The document of a host."""
        path = f"/hosts/{segment(name)}"
        return await self._api.get(path, requests.one(Host), {})

    @deferred
    async def delete_host(self, name: str) -> None:
        """Remove a mail host, with its mails and records."""
        await self._api.do("DELETE", f"/hosts/{segment(name)}")

    def host(self, name: str) -> HostClient:
        """A client of a host that exists; no request is sent."""
        return HostClient(self.connection, name)

    @deferred
    async def disconnect(
        self, name: str = DEFAULT_HOST, how: Literal["close", "reset"] = "close"
    ) -> int:
        """End the open connections of a host, and return their number."""
        return await self.host(name).disconnect(how)

    # DNS

    def when_query(
        self,
        query: str | Sequence[str] = "ANY",
        name: str | None = None,
        condition: Condition | None = None,
    ) -> DnsWhen[DnsRule]:
        """
        Begin a behavior for DNS queries.

        .. code-block:: python

            client.when_query("MX", "x.test").servfail().times(2)

        :param query: the type of the query, several types, or ``ANY``
        :param name: the name of the query; by default any
        """
        types = query if isinstance(query, str) else list(query)
        begun: DnsWhen[DnsRule] = DnsWhen({"query": types}, self._make_dns_rule)
        if name is not None:
            begun = begun.equals(name.lower().rstrip(".") or ".")
        return begun if condition is None else begun.where(condition)

    def _make_dns_rule(self, document: dict[str, Any], front: bool) -> DnsRule:
        return DnsRule(self._api, document, front).begin()

    @deferred
    async def records(
        self,
        *,
        view: Literal["full"] | None = None,
        **filters: Unpack[RecordFilters],
    ) -> Entries[Record]:
        """
        The DNS records.

        :param view: ``full`` adds ids, and the records that hosts add
        """
        query = {"view": view, **filters}
        read = requests.many(Record)
        return await self._api.get("/dnsRecords", read, query)

    @deferred
    async def zone(self) -> str:
        """The DNS records as a zone file."""
        return await self._api.send(
            "GET", "/dnsRecords", None, {}, requests.text("text/dns"), _AS_ZONE
        )

    @deferred
    async def set_records(self, records: Sequence[JsonObject] | str) -> None:
        """Replace all DNS records, by documents or by the text of a zone file."""
        if isinstance(records, str):
            await self._api.do("PUT", "/dnsRecords", records.encode(), headers=_ZONE)
        else:
            await self._api.do("PUT", "/dnsRecords", list(records))

    @deferred
    async def add_records(
        self, records: Sequence[JsonObject] | str, *, tag: str | None = None
    ) -> Entries[Record]:
        """
        Add DNS records: documents, or the text of a zone file.

        :param tag: the tag of each document
        """
        read = requests.many(Record)
        sent: Any
        if isinstance(records, str):
            sent, headers = records.encode(), _ZONE
        else:
            tagged = {} if tag is None else {"tag": tag}
            sent, headers = [{**tagged, **record} for record in records], None
        return await self._api.send("POST", "/dnsRecords", sent, {}, read, headers)

    @deferred
    async def delete_records(self, **filters: Unpack[RecordFilters]) -> None:
        """Remove the DNS records that match, or all."""
        await self._api.do("DELETE", "/dnsRecords", query=filters)

    @deferred
    async def record(self, record: str) -> Record:
        """One DNS record."""
        path = f"/dnsRecords/{segment(record)}"
        return await self._api.get(path, requests.one(Record), {})

    @deferred
    async def replace_record(self, record: str, document: JsonObject) -> None:
        """Replace one DNS record."""
        await self._api.do("PUT", f"/dnsRecords/{segment(record)}", document)

    @deferred
    async def delete_record(self, record: str) -> None:
        """Remove one DNS record."""
        await self._api.do("DELETE", f"/dnsRecords/{segment(record)}")

    @deferred
    async def resolve(self, name: str, type: str = "A") -> Resolution:  # noqa: A002 - the API's name
        """What DNS would answer, by its records; no query is logged."""
        query = {"name": name, "type": type}
        read = requests.one(Resolution)
        return await self._api.get("/dnsResolve", read, query)

    @deferred
    async def route(
        self, to: str, *, sender: str | None = None, client_ip: str | None = None
    ) -> Route:
        """
        The route that a sending server would follow to a recipient.

        :param sender: for whom the replies are evaluated; by default the null sender
        """
        query = {"to": to, "sender": sender, "client_ip": client_ip}
        return await self._api.get("/route", requests.one(Route), query)

    @deferred
    async def queries(self, **filters: Unpack[QueryListing]) -> Entries[Query]:
        """The DNS queries that match, in order."""
        read = requests.many(Query)
        return await self._api.get("/dnsQueries", read, filters)

    @deferred
    async def nearest_queries(self, **filters: Unpack[QueryListing]) -> list[Nearest]:
        """The queries that match all but the fewest filters; empty if one matches."""
        query = {**filters, "explain": True}
        read = requests.member("nearest", Nearest)
        return await self._api.get("/dnsQueries", read, query)

    @deferred
    async def latest_query(self, **filters: Unpack[QueryFilters]) -> Query:
        """
        The newest DNS query that matches; with `wait` it waits for one.

        :raises ApiError: 404, no query matches
        """
        read = requests.one(Query)
        return await self._api.get("/dnsQueries/latest", read, filters)

    @deferred
    async def clear_queries(self) -> Entries[Query]:
        """Clear the query log, and return it."""
        read = requests.many(Query)
        return await self._api.send("DELETE", "/dnsQueries", None, {}, read)

    @deferred
    async def dns_behaviors(
        self,
        *,
        tag: str | None = None,
        fired: int | None = None,
        view: Literal["full"] | None = "full",
    ) -> Entries[DnsBehavior]:
        """The DNS behaviors in order; the parameters are those of `behaviors`."""
        query = {"tag": tag, "fired": fired, "view": view}
        read = requests.many(DnsBehavior)
        return await self._api.get("/dnsBehaviors", read, query)

    @deferred
    async def set_dns_behaviors(self, *behaviors: JsonObject) -> None:
        """Replace all DNS behaviors and their counts."""
        await self._api.do("PUT", "/dnsBehaviors", list(behaviors))

    @deferred
    async def add_dns_behaviors(
        self, *behaviors: JsonObject, front: bool = False
    ) -> list[str]:
        """Append DNS behaviors, and return their ids."""
        query = {"at": "front" if front else None}
        read, sent = requests.ids, list(behaviors)
        return await self._api.send("POST", "/dnsBehaviors", sent, query, read)

    @deferred
    async def clear_dns_behaviors(self, *, tag: str | None = None) -> None:
        """Remove all DNS behaviors, or those with a tag."""
        await self._api.do("DELETE", "/dnsBehaviors", query={"tag": tag})

    @deferred
    async def change_tagged_dns(self, tag: str, **changes: Any) -> list[DnsBehavior]:
        """Change fields of all DNS behaviors with a tag."""
        read = requests.many(DnsBehavior)
        sent, query = fields(changes), {"tag": tag}
        return await self._api.send("PATCH", "/dnsBehaviors", sent, query, read)

    @deferred
    async def dns_behavior(self, behavior: str) -> DnsBehavior:
        """One DNS behavior, with its counters and the counts of its keys."""
        path = f"/dnsBehaviors/{segment(behavior)}"
        return await self._api.get(path, requests.one(DnsBehavior), {})

    @deferred
    async def replace_dns_behavior(self, behavior: str, document: JsonObject) -> None:
        """Replace one DNS behavior, which gets fresh counters."""
        await self._api.do("PUT", f"/dnsBehaviors/{segment(behavior)}", document)

    @deferred
    async def change_dns_behavior(self, behavior: str, **changes: Any) -> DnsBehavior:
        """Change fields of one DNS behavior, which keeps its counters."""
        path = f"/dnsBehaviors/{segment(behavior)}"
        read = requests.one(DnsBehavior)
        sent = fields(changes)
        return await self._api.send("PATCH", path, sent, {}, read)

    @deferred
    async def remove_dns_behavior(self, behavior: str) -> None:
        """Remove one DNS behavior."""
        await self._api.do("DELETE", f"/dnsBehaviors/{segment(behavior)}")

    @deferred
    async def evaluate_query(
        self,
        name: str,
        type: str = "MX",  # noqa: A002 - the API's name
        *,
        client_ip: str | None = None,
        transport: Literal["udp", "tcp"] | None = None,
    ) -> DnsEvaluation:
        """The answer that a query would get, and why; no counter changes."""
        asked = {"name": name, "type": type, "transport": transport}
        asked["clientIp"] = client_ip
        sent = {key: one for key, one in asked.items() if one is not None}
        read = requests.one(DnsEvaluation)
        return await self._api.send("POST", "/dnsBehaviors/evaluate", sent, {}, read)

    @deferred
    async def policies(self) -> Entries[Policy]:
        """The MTA-STS policies that are served."""
        return await self._api.get("/mtaSts", requests.many(Policy), {})

    @deferred
    async def set_policies(self, *policies: JsonObject) -> None:
        """Replace the MTA-STS policies."""
        await self._api.do("PUT", "/mtaSts", list(policies))

    @deferred
    async def delete_policies(self, *, domain: str | None = None) -> None:
        """Remove all MTA-STS policies, or that of a domain."""
        await self._api.do("DELETE", "/mtaSts", query={"domain": domain})

    # The service

    @deferred
    async def report(
        self,
        *,
        host: str | None = None,
        since: str | None = None,
        text: bool = False,
    ) -> str:
        """
        A report of what happened, as one self-contained HTML file.

        :param host: the only host, instead of all
        :param since: from this time on (RFC 3339)
        :param text: as text for a terminal, instead of HTML
        """
        query = {"host": host, "since": since, "format": "text" if text else None}
        read = requests.text("text/plain" if text else "text/html")
        return await self._api.get("/report", read, query)

    @deferred
    async def status(self) -> Status:
        """The version, uptime, addresses and contents of the service."""
        return await self._api.get("/status", requests.one(Status), {})

    @deferred
    async def health(self) -> Health:
        """Whether the service is alive; needs no token."""
        return await self._api.get("/health", requests.one(Health), {})

    @deferred
    async def metrics(self) -> str:
        """The metrics in the format of Prometheus."""
        return await self._api.get("/metrics", requests.text("text/plain"), {})

    @deferred
    async def ca_certificate(self) -> str:
        """The root of the service's certificates, in PEM."""
        return await self._api.get("/ca.pem", requests.text(_PEM), {})

    @deferred
    async def openapi(self, *, strict: bool = False) -> dict[str, Any]:
        """
        The OpenAPI description of the API.

        :param strict: the exact one, instead of the one for generators of clients
        """
        path = "/openapi-strict.json" if strict else "/openapi.json"
        return await self._api.get(path, requests.mapping, {})


def _merged(before: JsonObject, changes: JsonObject) -> dict[str, Any]:
    """A host's document with other fields; its limits and DNS are merged."""
    document = {**before, **changes}
    for name in ("limits", "dns"):
        if name in changes and isinstance(before.get(name), dict):
            document[name] = {**before[name], **(changes[name] or {})}
    return document
