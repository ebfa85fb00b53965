"""The same as ``deferred.py``, without Deferreds; made from it by
``tools/make-blocking``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, Self, TypeVar, Unpack

from mocksmtp.client import requests
from mocksmtp.client.blocking_recipes import BlockingRecipeMethods
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
from mocksmtp.client.over_urllib3 import Connection, PendingRule
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

    def get(
        self, path: str, read: Callable[[Answer], T], query: Mapping[str, Any]
    ) -> T:
        """Send a GET, and return its result."""
        return self.connection.send(self.request("GET", path, read, query))

    def send(
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
        return self.connection.send(request)

    def do(
        self,
        method: str,
        path: str,
        document: Any = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Send a request that has no result."""
        self.send(method, path, document, query or {}, requests.nothing, headers)

    def put_host(self, path: str, document: Any) -> Host:
        """Create or replace a host."""
        return self.send("PUT", path, document, {}, requests.one(Host))


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

    def _update(self) -> None:
        api, document = self._api, self.document
        if self._id is None:
            query = {"at": "front" if self.front else None}
            read = requests.ids
            (self._id,) = api.send("POST", self._list, document, query, read)
        elif not self._is_sent:
            self._change(self._patch())
        self._sent()

    def remove(self) -> None:
        """Remove the behavior; clients that wait because of it go on."""
        self._api.do("DELETE", self._path)

    def disable(self) -> None:
        """Let the behavior be passed over; its counts are kept."""
        self._change({"enabled": False})

    def enable(self) -> None:
        """Let it answer again."""
        self._change({"enabled": True})

    def _change(self, changes: dict[str, Any]) -> None:
        read = requests.one(self._kind)
        self._api.send("PATCH", self._path, changes, {}, read)


class BlockingSmtpRule(_Rule, SmtpAnswers["BlockingSmtpRule"]):
    """A behavior of a mail host."""

    _list = "/smtpBehaviors"
    _kind = Behavior

    def behavior(self) -> Behavior:
        """The behavior with its counters, and the counts of its keys."""
        return self._api.get(self._path, requests.one(Behavior), {})

    @property
    def fired(self) -> int:
        """How many times it has answered."""
        return (self.behavior()).fired

    @property
    def seen(self) -> int:
        """How many attempts its condition has matched."""
        return (self.behavior()).seen

    @property
    def remaining(self) -> int | None:
        """How many answers are left; None means no limit."""
        return (self.behavior()).remaining


class BlockingDnsRule(_Rule, DnsAnswers["BlockingDnsRule"]):
    """A behavior of DNS."""

    _list = "/dnsBehaviors"
    _kind = DnsBehavior

    def behavior(self) -> DnsBehavior:
        """The behavior with its counters, and the counts of its keys."""
        read = requests.one(DnsBehavior)
        return self._api.get(self._path, read, {})

    @property
    def fired(self) -> int:
        """How many times it has answered."""
        return (self.behavior()).fired

    @property
    def seen(self) -> int:
        """How many queries its condition has matched."""
        return (self.behavior()).seen

    @property
    def remaining(self) -> int | None:
        """How many answers are left; None means no limit."""
        return (self.behavior()).remaining


class BlockingAppliedRecipe:
    """
    A recipe that is in force on a host.

    :ivar name: the name of the recipe
    :ivar ids: the ids of its behaviors
    :ivar host_before: the document that the host had before, if the recipe changed it
    """

    def __init__(
        self,
        host: BlockingHostResource,
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

    def behaviors(self) -> list[Behavior]:
        """Its behaviors with their counters."""
        return [self.host.behavior(each) for each in self.ids]

    @property
    def fired(self) -> int:
        """How many times its behaviors have answered together."""
        return sum(behavior.fired for behavior in self.behaviors())

    @property
    def remaining(self) -> int | None:
        """How many answers its behaviors have left; None means no limit."""
        left = [behavior.remaining for behavior in self.behaviors()]
        return None if None in left else sum(one or 0 for one in left)

    def disable(self) -> None:
        """Let its behaviors be passed over."""
        for each in self.ids:
            self.host.change_behavior(each, enabled=False)

    def enable(self) -> None:
        """Let its behaviors answer again."""
        for each in self.ids:
            self.host.change_behavior(each, enabled=True)

    def remove(self) -> None:
        """Remove its behaviors, and restore the document of the host."""
        for each in self.ids:
            self.host.remove_behavior(each)
        if self.host_before is not None:
            path = f"/hosts/{segment(self.host.name)}"
            _Api(self.host.connection).put_host(path, self.host_before)


class BlockingHostResource(BlockingRecipeMethods):
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

    def call(
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
        return self.connection.send(request)

    def get(self, path: str, **params: Any) -> Any:
        """The JSON document at `path`."""
        read = requests.as_json
        request = self._api.request("GET", path, read, params, known=False)
        return self.connection.send(request)

    # Behaviors

    def when(
        self, command: Command | str, condition: Condition | None = None
    ) -> SmtpWhen[BlockingSmtpRule]:
        """
        Begin a behavior for a reply point.

        .. code-block:: python

            client.when("RCPT TO").contains("bob@").reply(450, "4.2.1 Busy").times(2)

        It is in force as soon as its answer is known; later gates change it.
        A Deferred client sends it, and later changes, when it is awaited.

        :param condition: a condition, as made by `mocksmtp.client.target`
        """
        begun: SmtpWhen[BlockingSmtpRule] = SmtpWhen(
            {"command": command}, self._make_rule
        )
        return begun if condition is None else begun.where(condition)

    def _make_rule(self, document: dict[str, Any], front: bool) -> BlockingSmtpRule:
        return BlockingSmtpRule(self._api, document, front).begin()

    def recipe(self, recipe: str, /, **values: Any) -> BlockingAppliedRecipe:
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
                root.put_host(call.path, call.document)
            elif call.kind == "behaviors":
                ids += self.add_behaviors(*call.document)
            else:
                if before is None:
                    host = root.get(own, requests.one(Host), {})
                    before = host.document
                root.put_host(own, _merged(before, call.document))
        return BlockingAppliedRecipe(self, recipe, ids, before)

    def behaviors(
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
        return self._api.get("/smtpBehaviors", read, query)

    def set_behaviors(self, *behaviors: JsonObject) -> None:
        """Replace all behaviors and their counts."""
        self._api.do("PUT", "/smtpBehaviors", list(behaviors))

    def set_behavior(self, behavior: JsonObject) -> None:
        """Replace the behavior of the same id, or command and condition; or add it."""
        self._api.do("PUT", "/smtpBehaviors", behavior)

    def add_behaviors(self, *behaviors: JsonObject, front: bool = False) -> list[str]:
        """
        Append behaviors, and return their ids.

        :param front: whether they become the first ones
        """
        query = {"at": "front" if front else None}
        read, sent = requests.ids, list(behaviors)
        return self._api.send("POST", "/smtpBehaviors", sent, query, read)

    def clear_behaviors(self, *, tag: str | None = None) -> None:
        """Remove all behaviors, or those with a tag."""
        self._api.do("DELETE", "/smtpBehaviors", query={"tag": tag})

    def change_tagged(self, tag: str, **changes: Any) -> list[Behavior]:
        """Change fields of all behaviors with a tag, as ``enabled=False``."""
        read = requests.many(Behavior)
        sent, query = fields(changes), {"tag": tag}
        return self._api.send("PATCH", "/smtpBehaviors", sent, query, read)

    def behavior(self, behavior: str) -> Behavior:
        """One behavior, with its counters and the counts of its keys."""
        path = f"/smtpBehaviors/{segment(behavior)}"
        return self._api.get(path, requests.one(Behavior), {})

    def replace_behavior(self, behavior: str, document: JsonObject) -> None:
        """Replace one behavior, which gets fresh counters."""
        self._api.do("PUT", f"/smtpBehaviors/{segment(behavior)}", document)

    def change_behavior(self, behavior: str, **changes: Any) -> Behavior:
        """
        Change fields of one behavior, which keeps its counters.

        :param changes: a merge patch (RFC 7396); ``move`` changes its position
        """
        path = f"/smtpBehaviors/{segment(behavior)}"
        read = requests.one(Behavior)
        return self._api.send("PATCH", path, fields(changes), {}, read)

    def remove_behavior(self, behavior: str) -> None:
        """Remove one behavior."""
        self._api.do("DELETE", f"/smtpBehaviors/{segment(behavior)}")

    def evaluate(
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
        return self._api.send("POST", "/smtpBehaviors/evaluate", asked, {}, read)

    def scenarios(self) -> dict[str, str]:
        """The states of the behaviors' scenarios, by name."""
        return self._api.get("/scenarios", requests.mapping, {})

    def set_scenarios(self, states: Mapping[str, str]) -> None:
        """Set the states of scenarios."""
        self._api.do("PUT", "/scenarios", dict(states))

    def reset_scenarios(self) -> None:
        """Reset all scenarios to ``Started``."""
        self._api.do("DELETE", "/scenarios")

    # Mails

    def mails(self, **filters: Unpack[MailListing]) -> Entries[Mail]:
        """The mails that match, in order of arrival; with `wait` it waits for them."""
        return self._api.get("/smtpMails", requests.many(Mail), filters)

    def search(self, expression: str, **filters: Unpack[MailListing]) -> Entries[Mail]:
        """
        The summaries of the mails that a search expression matches.

        :param expression: for example ``from:shop has:attachment "your order"``
        """
        query = {"view": "summary", **filters, "q": expression}
        read = requests.many(Mail)
        return self._api.get("/smtpMails", read, query)

    def nearest_mails(self, **filters: Unpack[MailListing]) -> list[Nearest]:
        """The mails that match all but the fewest filters; empty if one matches."""
        query = {**filters, "explain": True}
        read = requests.member("nearest", Nearest)
        return self._api.get("/smtpMails", read, query)

    def take_mails(self, **filters: Unpack[MailTaking]) -> Entries[Mail]:
        """
        Wait for mails, then remove and return them in one step.

        If the time expires first, nothing is removed and the list is empty.
        """
        read = requests.many(Mail)
        return self._api.send("POST", "/smtpMails/take", None, filters, read)

    def remove_mails(self, **filters: Unpack[MailRemoval]) -> Entries[Mail]:
        """Remove the mails that match, or all, and return them."""
        read = requests.many(Mail)
        return self._api.send("DELETE", "/smtpMails", None, filters, read)

    def add_mail(
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
        return self._api.send("POST", "/smtpMails", sent, query, requests.ids, headers)

    def count_mails(self, **filters: Unpack[WaitingMailFilters]) -> int:
        """The number of mails that match."""
        return self._api.get("/smtpMailsCount", requests.number, filters)

    def latest_mail(self, **filters: Unpack[WaitingMailFilters]) -> Mail:
        """
        The newest mail that matches; with `wait` it waits for one.

        :raises ApiError: 404, no mail matches
        """
        read = requests.one(Mail)
        return self._api.get("/smtpMails/latest", read, filters)

    def mail(self, mail: str) -> Mail:
        """One mail, with its MIME structure."""
        path = f"/smtpMails/{segment(mail)}"
        return self._api.get(path, requests.one(Mail), {})

    def remove_mail(self, mail: str) -> None:
        """Remove one mail."""
        self._api.do("DELETE", f"/smtpMails/{segment(mail)}")

    def raw(self, mail: str) -> bytes:
        """The exact content of a mail."""
        path = f"/smtpMails/{segment(mail)}/raw"
        return self._api.get(path, requests.octets(_MAIL), {})

    def html(self, mail: str, *, remote: bool = False) -> str:
        """
        The HTML of a mail for display.

        :param remote: whether it may load images of other servers
        """
        path = f"/smtpMails/{segment(mail)}/html"
        query = {"remote": 1 if remote else None}
        return self._api.get(path, requests.text("text/html"), query)

    def part(self, mail: str, number: int) -> bytes:
        """A decoded MIME part of a mail."""
        path = f"/smtpMails/{segment(mail)}/parts/{number}"
        return self._api.get(path, requests.content, {})

    # Sessions and attempts

    def sessions(self, **filters: Unpack[SessionListing]) -> Entries[Session]:
        """The sessions that match, with their transcripts, the newest last."""
        read = requests.many(Session)
        return self._api.get("/smtpSessions", read, filters)

    def nearest_sessions(self, **filters: Unpack[SessionListing]) -> list[Nearest]:
        """The sessions that match all but the fewest filters; empty if one matches."""
        query = {**filters, "explain": True}
        read = requests.member("nearest", Nearest)
        return self._api.get("/smtpSessions", read, query)

    def latest_session(self, **filters: Unpack[SessionFilters]) -> Session:
        """
        The newest session that matches; with `wait` it waits for one.

        :raises ApiError: 404, no session matches
        """
        read = requests.one(Session)
        return self._api.get("/smtpSessions/latest", read, filters)

    def session(self, session: str, *, explain: bool = False) -> Session:
        """
        One session with its transcript.

        :param explain: whether each exchange has ``considered``: why each behavior did
            or did not answer
        """
        query = {"explain": True} if explain else {}
        path = f"/smtpSessions/{segment(session)}"
        return self._api.get(path, requests.one(Session), query)

    def clear_sessions(self) -> Entries[Session]:
        """Remove all sessions, and the attempts and deliveries; return the sessions."""
        read = requests.many(Session)
        return self._api.send("DELETE", "/smtpSessions", None, {}, read)

    def near_misses(self, *, limit: int | None = None) -> list[NearMiss]:
        """The newest exchanges that no behavior answered and one nearly did."""
        read = requests.many(NearMiss)
        return self._api.get("/nearMisses", read, {"limit": limit})

    def attempts(self, **filters: Unpack[AttemptListing]) -> Entries[Attempt]:
        """The attempts that match, in the order of their decisions."""
        read = requests.many(Attempt)
        return self._api.get("/smtpAttempts", read, filters)

    def latest_attempt(self, **filters: Unpack[AttemptFilters]) -> Attempt:
        """
        The newest attempt that matches; with `wait` it waits for one.

        :raises ApiError: 404, no attempt matches
        """
        read = requests.one(Attempt)
        return self._api.get("/smtpAttempts/latest", read, filters)

    def attempt(self, attempt: str) -> Attempt:
        """One attempt."""
        path = f"/smtpAttempts/{segment(attempt)}"
        return self._api.get(path, requests.one(Attempt), {})

    def attempt_content(self, attempt: str) -> bytes:
        """The content of an attempt; of a refused one only with `--keep-refused`."""
        path = f"/smtpAttempts/{segment(attempt)}/raw"
        return self._api.get(path, requests.octets(_MAIL), {})

    # The host

    def extensions(self) -> list[str]:
        """The additional lines of the EHLO reply."""
        return self._api.get("/smtpExtensions", requests.texts, {})

    def set_extensions(self, *extensions: str) -> None:
        """Replace the additional lines of the EHLO reply."""
        self._api.do("PUT", "/smtpExtensions", list(extensions))

    def clear_extensions(self) -> None:
        """Remove the additional lines of the EHLO reply."""
        self._api.do("DELETE", "/smtpExtensions")

    def reset(
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
        self._api.do("POST", "/reset", query=query)

    def version(self) -> str:
        """The version of the HTTP contract that existing clients check."""
        return self._api.get("/version", requests.text("text/plain"), {})


class BlockingHostClient(BlockingHostResource):
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

    def settings(self) -> Host:
        """Its document: listeners, limits, TLS, AUTH, DNS records."""
        return self._api.get("", requests.one(Host), {})

    def change(self, **changes: Any) -> Host:
        """
        Change fields of its document.

        :param changes: ``hostname``, ``capabilities``, ``limits``, ``tls``, ``auth``,
            ``listeners``, ``dns``, ``seed``; of ``limits``, only the given ones
        """
        before = self._api.get("", requests.one(Host), {})
        sent = _merged(before.document, fields(changes))
        changed = self._api.put_host("", sent)
        self.addresses = tuple(map(split_address, changed.addresses))
        return changed

    def disconnect(self, how: Literal["close", "reset"] = "close") -> int:
        """
        End its open connections, and return their number.

        :param how: ``close`` sends 421 and closes, ``reset`` sends a RST
        """
        return self._api.send(
            "DELETE", "/connections", None, {"how": how}, requests.number
        )

    def delete(self) -> None:
        """Remove the host, with its mails and records."""
        self._api.do("DELETE", "")


class BlockingMockClient(BlockingHostResource):
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

    def __enter__(self) -> Self:
        return self

    def __exit__(
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

    def deliveries(self, **filters: Unpack[DeliveryListing]) -> Entries[Delivery]:
        """The deliveries that match on all hosts, in the order of their beginning."""
        read = requests.many(Delivery)
        return self._api.get("/deliveries", read, filters)

    def nearest_deliveries(self, **filters: Unpack[DeliveryListing]) -> list[Nearest]:
        """The deliveries that match all but the fewest filters; empty if one does."""
        query = {**filters, "explain": True}
        read = requests.member("nearest", Nearest)
        return self._api.get("/deliveries", read, query)

    def latest_delivery(self, **filters: Unpack[DeliveryFilters]) -> Delivery:
        """
        The newest delivery that matches; with `wait` it waits for one.

        :raises ApiError: 404, no delivery matches
        """
        read = requests.one(Delivery)
        return self._api.get("/deliveries/latest", read, filters)

    def delivery(self, delivery: str) -> Delivery:
        """One delivery with all its attempts."""
        path = f"/deliveries/{segment(delivery)}"
        return self._api.get(path, requests.one(Delivery), {})

    # Hosts

    def hosts(self) -> Entries[Host]:
        """All mail hosts, in order of creation."""
        return self._api.get("/hosts", requests.many(Host), {})

    def add_host(self, name: str | None = None, **document: Any) -> BlockingHostClient:
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
        made: Host = self._api.send("POST", "/hosts", asked, {}, requests.one(Host))
        return BlockingHostClient(self.connection, made.name, made.addresses)

    def put_host(self, name: str, **document: Any) -> BlockingHostClient:
        """Create a host, or replace its document; return a client for it."""
        path = f"/hosts/{segment(name)}"
        made: Host = self._api.put_host(path, fields(document))
        return BlockingHostClient(self.connection, made.name, made.addresses)

    def host_settings(self, name: str) -> Host:
        """The document of a host."""
        path = f"/hosts/{segment(name)}"
        return self._api.get(path, requests.one(Host), {})

    def delete_host(self, name: str) -> None:
        """Remove a mail host, with its mails and records."""
        self._api.do("DELETE", f"/hosts/{segment(name)}")

    def host(self, name: str) -> BlockingHostClient:
        """A client of a host that exists; no request is sent."""
        return BlockingHostClient(self.connection, name)

    def disconnect(
        self, name: str = DEFAULT_HOST, how: Literal["close", "reset"] = "close"
    ) -> int:
        """End the open connections of a host, and return their number."""
        return self.host(name).disconnect(how)

    # DNS

    def when_query(
        self,
        query: str | Sequence[str] = "ANY",
        name: str | None = None,
        condition: Condition | None = None,
    ) -> DnsWhen[BlockingDnsRule]:
        """
        Begin a behavior for DNS queries.

        .. code-block:: python

            client.when_query("MX", "x.test").servfail().times(2)

        :param query: the type of the query, several types, or ``ANY``
        :param name: the name of the query; by default any
        """
        types = query if isinstance(query, str) else list(query)
        begun: DnsWhen[BlockingDnsRule] = DnsWhen({"query": types}, self._make_dns_rule)
        if name is not None:
            begun = begun.equals(name.lower().rstrip(".") or ".")
        return begun if condition is None else begun.where(condition)

    def _make_dns_rule(self, document: dict[str, Any], front: bool) -> BlockingDnsRule:
        return BlockingDnsRule(self._api, document, front).begin()

    def records(
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
        return self._api.get("/dnsRecords", read, query)

    def zone(self) -> str:
        """The DNS records as a zone file."""
        return self._api.send(
            "GET", "/dnsRecords", None, {}, requests.text("text/dns"), _AS_ZONE
        )

    def set_records(self, records: Sequence[JsonObject] | str) -> None:
        """Replace all DNS records, by documents or by the text of a zone file."""
        if isinstance(records, str):
            self._api.do("PUT", "/dnsRecords", records.encode(), headers=_ZONE)
        else:
            self._api.do("PUT", "/dnsRecords", list(records))

    def add_records(
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
        return self._api.send("POST", "/dnsRecords", sent, {}, read, headers)

    def delete_records(self, **filters: Unpack[RecordFilters]) -> None:
        """Remove the DNS records that match, or all."""
        self._api.do("DELETE", "/dnsRecords", query=filters)

    def record(self, record: str) -> Record:
        """One DNS record."""
        path = f"/dnsRecords/{segment(record)}"
        return self._api.get(path, requests.one(Record), {})

    def replace_record(self, record: str, document: JsonObject) -> None:
        """Replace one DNS record."""
        self._api.do("PUT", f"/dnsRecords/{segment(record)}", document)

    def delete_record(self, record: str) -> None:
        """Remove one DNS record."""
        self._api.do("DELETE", f"/dnsRecords/{segment(record)}")

    def resolve(self, name: str, type: str = "A") -> Resolution:  # noqa: A002 - the API's name
        """What DNS would answer, by its records; no query is logged."""
        query = {"name": name, "type": type}
        read = requests.one(Resolution)
        return self._api.get("/dnsResolve", read, query)

    def route(
        self, to: str, *, sender: str | None = None, client_ip: str | None = None
    ) -> Route:
        """
        The route that a sending server would follow to a recipient.

        :param sender: for whom the replies are evaluated; by default the null sender
        """
        query = {"to": to, "sender": sender, "client_ip": client_ip}
        return self._api.get("/route", requests.one(Route), query)

    def queries(self, **filters: Unpack[QueryListing]) -> Entries[Query]:
        """The DNS queries that match, in order."""
        read = requests.many(Query)
        return self._api.get("/dnsQueries", read, filters)

    def nearest_queries(self, **filters: Unpack[QueryListing]) -> list[Nearest]:
        """The queries that match all but the fewest filters; empty if one matches."""
        query = {**filters, "explain": True}
        read = requests.member("nearest", Nearest)
        return self._api.get("/dnsQueries", read, query)

    def latest_query(self, **filters: Unpack[QueryFilters]) -> Query:
        """
        The newest DNS query that matches; with `wait` it waits for one.

        :raises ApiError: 404, no query matches
        """
        read = requests.one(Query)
        return self._api.get("/dnsQueries/latest", read, filters)

    def clear_queries(self) -> Entries[Query]:
        """Clear the query log, and return it."""
        read = requests.many(Query)
        return self._api.send("DELETE", "/dnsQueries", None, {}, read)

    def dns_behaviors(
        self,
        *,
        tag: str | None = None,
        fired: int | None = None,
        view: Literal["full"] | None = "full",
    ) -> Entries[DnsBehavior]:
        """The DNS behaviors in order; the parameters are those of `behaviors`."""
        query = {"tag": tag, "fired": fired, "view": view}
        read = requests.many(DnsBehavior)
        return self._api.get("/dnsBehaviors", read, query)

    def set_dns_behaviors(self, *behaviors: JsonObject) -> None:
        """Replace all DNS behaviors and their counts."""
        self._api.do("PUT", "/dnsBehaviors", list(behaviors))

    def add_dns_behaviors(
        self, *behaviors: JsonObject, front: bool = False
    ) -> list[str]:
        """Append DNS behaviors, and return their ids."""
        query = {"at": "front" if front else None}
        read, sent = requests.ids, list(behaviors)
        return self._api.send("POST", "/dnsBehaviors", sent, query, read)

    def clear_dns_behaviors(self, *, tag: str | None = None) -> None:
        """Remove all DNS behaviors, or those with a tag."""
        self._api.do("DELETE", "/dnsBehaviors", query={"tag": tag})

    def change_tagged_dns(self, tag: str, **changes: Any) -> list[DnsBehavior]:
        """Change fields of all DNS behaviors with a tag."""
        read = requests.many(DnsBehavior)
        sent, query = fields(changes), {"tag": tag}
        return self._api.send("PATCH", "/dnsBehaviors", sent, query, read)

    def dns_behavior(self, behavior: str) -> DnsBehavior:
        """One DNS behavior, with its counters and the counts of its keys."""
        path = f"/dnsBehaviors/{segment(behavior)}"
        return self._api.get(path, requests.one(DnsBehavior), {})

    def replace_dns_behavior(self, behavior: str, document: JsonObject) -> None:
        """Replace one DNS behavior, which gets fresh counters."""
        self._api.do("PUT", f"/dnsBehaviors/{segment(behavior)}", document)

    def change_dns_behavior(self, behavior: str, **changes: Any) -> DnsBehavior:
        """Change fields of one DNS behavior, which keeps its counters."""
        path = f"/dnsBehaviors/{segment(behavior)}"
        read = requests.one(DnsBehavior)
        sent = fields(changes)
        return self._api.send("PATCH", path, sent, {}, read)

    def remove_dns_behavior(self, behavior: str) -> None:
        """Remove one DNS behavior."""
        self._api.do("DELETE", f"/dnsBehaviors/{segment(behavior)}")

    def evaluate_query(
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
        return self._api.send("POST", "/dnsBehaviors/evaluate", sent, {}, read)

    def policies(self) -> Entries[Policy]:
        """The MTA-STS policies that are served."""
        return self._api.get("/mtaSts", requests.many(Policy), {})

    def set_policies(self, *policies: JsonObject) -> None:
        """Replace the MTA-STS policies."""
        self._api.do("PUT", "/mtaSts", list(policies))

    def delete_policies(self, *, domain: str | None = None) -> None:
        """Remove all MTA-STS policies, or that of a domain."""
        self._api.do("DELETE", "/mtaSts", query={"domain": domain})

    # The service

    def report(
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
        return self._api.get("/report", read, query)

    def status(self) -> Status:
        """The version, uptime, addresses and contents of the service."""
        return self._api.get("/status", requests.one(Status), {})

    def health(self) -> Health:
        """Whether the service is alive; needs no token."""
        return self._api.get("/health", requests.one(Health), {})

    def metrics(self) -> str:
        """The metrics in the format of Prometheus."""
        return self._api.get("/metrics", requests.text("text/plain"), {})

    def ca_certificate(self) -> str:
        """The root of the service's certificates, in PEM."""
        return self._api.get("/ca.pem", requests.text(_PEM), {})

    def openapi(self, *, strict: bool = False) -> dict[str, Any]:
        """
        The OpenAPI description of the API.

        :param strict: the exact one, instead of the one for generators of clients
        """
        path = "/openapi-strict.json" if strict else "/openapi.json"
        return self._api.get(path, requests.mapping, {})


def _merged(before: JsonObject, changes: JsonObject) -> dict[str, Any]:
    """A host's document with other fields; its limits and DNS are merged."""
    document = {**before, **changes}
    for name in ("limits", "dns"):
        if name in changes and isinstance(before.get(name), dict):
            document[name] = {**before[name], **(changes[name] or {})}
    return document
