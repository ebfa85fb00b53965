"""``/route``: the way of a mail to a recipient, as a sending server would find it.

Rules:

- The mail exchanges of the domain are tried in order of preference (RFC 5321 §5.1). A
  domain without any is its own exchange (the implicit MX); a null MX accepts no mail
  (RFC 7505).
- A sending server connects to port 25 of each address. The host that listens there is
  reported; if there is none, one that listens on another port of the address.
- MAIL and RCPT are evaluated on each listener once, without a trace.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from typing import Any

import attrs

from mocksmtp.behaviors.dns import DnsEvaluation
from mocksmtp.documents.kinds import Array, Integer, Optional, Text
from mocksmtp.documents.problems import DocumentError, Problem, Refused
from mocksmtp.documents.schema import NULL, TEXT, any_of, ref
from mocksmtp.documents.view import View, Written, view_field
from mocksmtp.hosts.evaluation import Evaluation, evaluated_document
from mocksmtp.hosts.host import MailHost
from mocksmtp.hosts.listeners import Listen
from mocksmtp.http.parameters import parameter, reads, recipient, sender
from mocksmtp.http.responses import Slices, send_json
from mocksmtp.http.routing import Api, Call, Route, answers, at_root, document
from mocksmtp.http.sessions import client_address
from mocksmtp.mock import Mock
from mocksmtp.tls.settings import TlsMode
from mocksmtp.zone.answer import Question, Rcode, rcode_name
from mocksmtp.zone.names import ROOT, Name, parse_name
from mocksmtp.zone.rdata import AAAA, MX, A, RRType

SMTP_PORT = 25
"""Where a sending server connects."""

MAX_PLACES = 200
"""Addresses that are looked at."""

_Address = IPv4Address | IPv6Address


@attrs.frozen
class Warned:
    """Why a sending server would not deliver there, or not as it seems."""

    code: str
    text: str


@attrs.define
class ExchangeAddress:
    """
    An address of a mail exchange.

    :ivar host: the host that listens there, or None
    :ivar listen: the address of its listener
    :ivar mail: the document of the reply to MAIL, or None
    :ivar rcpt: the document of the reply to RCPT, or None
    """

    address: _Address
    host: MailHost | None = None
    listen: Listen | None = None
    mail: dict[str, Any] | None = None
    rcpt: dict[str, Any] | None = None


@attrs.define
class MailExchanger:
    """A mail exchange; `preference` is None for the domain itself, or an address."""

    name: str
    preference: int | None
    places: list[ExchangeAddress] = attrs.Factory(list)


@attrs.define
class MailRoute:
    """The way of a mail to a recipient."""

    recipient: str
    domain: str
    exchanges: list[MailExchanger] = attrs.Factory(list)
    warnings: list[Warned] = attrs.Factory(list)

    def warn(self, code: str, text: str) -> None:
        """Add a warning, once."""
        warned = Warned(code, text)
        if warned not in self.warnings:
            self.warnings.append(warned)


_EVALUATED = Written(any_of(ref("Evaluated"), NULL))

PLACE: View[ExchangeAddress] = View(
    "RoutePlace",
    view_field("address", Text(), lambda one: str(one.address), "an IP address"),
    view_field(
        "host",
        Optional(Text()),
        lambda one: None if one.host is None else one.host.name,
        "the host that listens there, or null",
    ),
    view_field(
        "listener",
        Optional(Text()),
        lambda one: None if one.listen is None else str(one.listen),
        "the address and port on which it listens, or null",
    ),
    view_field("mail", _EVALUATED, "mail", "the evaluation of MAIL, or null"),
    view_field(
        "rcpt",
        _EVALUATED,
        "rcpt",
        "the evaluation of RCPT; null if MAIL would be refused",
    ),
)
"""An address of a mail exchange, and what would be replied there."""

_EXCHANGE: View[MailExchanger] = View(
    "RouteExchange",
    view_field("exchange", Text(), "name", "its name, or an address literal"),
    view_field(
        "preference",
        Optional(Integer()),
        "preference",
        "null for an implicit MX, or an address literal",
    ),
    view_field("addresses", Array(PLACE), "places", "in the order of the answer"),
)
"""A mail exchange."""

WARNING: View[Warned] = View(
    "RouteWarning",
    view_field("code", Text(), "code", "the kind of warning"),
    view_field("text", Text(), "text", "what is unusual"),
)
"""Why a sending server would not deliver, or not as it seems."""

ROUTE: View[MailRoute] = View(
    "MailRoute",
    view_field("to", Text(), "recipient", "the recipient"),
    view_field("domain", Text(), "domain", "its domain"),
    view_field("exchanges", Array(_EXCHANGE), "exchanges", "in the order of attempts"),
    view_field("warnings", Array(WARNING), "warnings", "what is unusual"),
)
"""The route of a mail to a recipient."""


@reads({**TEXT, "pattern": r"^[\s\S]+@[^@]+$"})
def recipient_with_domain(text: str) -> str:
    """The address of a recipient, with a domain."""
    found = recipient(text)
    local, _, domain = found.rpartition("@")
    if not local or not domain:
        raise ValueError(f"must be an address with a domain, got {text!r}"[:200])
    return found


@attrs.frozen
class RouteParameters:
    """The recipient; and the sender and client for which replies are evaluated."""

    to: str = parameter("to", recipient_with_domain, default=attrs.NOTHING)
    sender: str = parameter("from", sender, default="")
    client_ip: str = parameter("clientIp", client_address, default="127.0.0.1")


async def find_route(call: Call[RouteParameters]) -> bytes:
    """The route of a mail to a recipient: exchanges, addresses, hosts and replies."""
    return send_json(call.request, await route_document(call.api, call.parameters))


async def route_document(api: Api, wanted: RouteParameters) -> dict[str, Any]:
    """
    The document of a route; the reactor turns between slices.

    :raises DocumentError: the domain is none
    """
    mock = api.mock
    domain = wanted.to.rpartition("@")[2]
    route = MailRoute(wanted.to, domain)
    finder = _Finder(mock, route, wanted.client_ip, api.clock.seconds())
    finder.find(domain)
    slices = Slices(api.clock)
    evaluated: dict[tuple[str, Listen], ExchangeAddress] = {}
    for place in finder.places():
        if place.host is None or place.listen is None:
            continue
        known = evaluated.setdefault((place.host.name, place.listen), place)
        if known is place:
            _evaluate(mock, wanted, place, api.clock.seconds())
        place.mail, place.rcpt = known.mail, known.rcpt
        if slices.over:
            await slices.next()
    return ROUTE.write(route)


def _evaluate(
    mock: Mock, wanted: RouteParameters, place: ExchangeAddress, now: float
) -> None:
    """Evaluate MAIL, and RCPT after it, where a host listens."""
    assert place.host is not None
    assert place.listen is not None
    if mock.evaluate is None:
        return
    asked = Evaluation(
        line=f"MAIL FROM:<{wanted.sender}>",
        helo="localhost",
        client_ip=wanted.client_ip,
        listener=str(place.listen),
        tls="TLSv1.3" if place.listen.tls is TlsMode.IMPLICIT else None,
        protocol=place.listen.protocol,
    )
    place.mail = evaluated_document(mock.evaluate(place.host, asked, now), asked)
    reply = place.mail["reply"]
    if reply is not None and reply["code"] // 100 == 2:
        asked = attrs.evolve(
            asked, line=f"RCPT TO:<{wanted.to}>", sender=wanted.sender or "<>"
        )
        place.rcpt = evaluated_document(mock.evaluate(place.host, asked, now), asked)


class _Finder:
    """Fills in the exchanges of a route, their addresses, and the hosts there."""

    def __init__(
        self, mock: Mock, route: MailRoute, client_ip: str, now: float
    ) -> None:
        self._mock = mock
        self._route = route
        self._client_ip = client_ip
        self._now = now
        self._looked_at = 0

    def places(self) -> Iterator[ExchangeAddress]:
        """All addresses that were found."""
        for exchange in self._route.exchanges:
            yield from exchange.places

    def find(self, domain: str) -> None:
        """
        Find the route to a domain or an address literal.

        :raises DocumentError: it is neither
        """
        if domain.startswith("["):
            self._add(MailExchanger(domain, None), [_literal(domain)])
            return
        try:
            name = parse_name(domain)
        except Refused as error:
            raise DocumentError(Problem("?to", str(error))) from None
        rcode, exchanges = self._exchanges(name)
        if exchanges == [(0, ROOT)]:
            text = f"{domain} has a null MX: it accepts no mail (RFC 7505)"
            self._route.warn("nullMx", text)
            return
        for preference, exchange in sorted(exchanges, key=lambda one: one[0]):
            addresses = self._addresses(exchange)
            self._add(MailExchanger(str(exchange), preference), addresses)
        if exchanges or rcode != Rcode.NOERROR:
            return
        addresses = self._addresses(name)
        if not addresses:
            text = f"{domain} has neither an MX record nor an address"
            self._route.warn("noRoute", text)
            return
        text = f"{domain} has no MX record: it is its own exchange (implicit MX)"
        self._route.warn("implicitMx", text)
        self._add(MailExchanger(str(name), None), addresses)

    def _exchanges(self, name: Name) -> tuple[int, list[tuple[int, Name]]]:
        """The rcode, and the preferences and names of the mail exchanges."""
        self._look_at_behaviors(name, RRType.MX)
        answer = self._mock.served.answer(Question(name, RRType.MX))
        if answer.rcode != Rcode.NOERROR:
            text = f"the answer to {name} MX is {rcode_name(answer.rcode)}: "
            if answer.rcode == Rcode.NXDOMAIN:
                self._route.warn("noRoute", text + "a sending server bounces the mail")
            else:
                text += "a sending server tries again later"
                self._route.warn("dnsFailure", text)
        data = (record.rdata for record in answer.answers)
        return answer.rcode, [
            (each.preference, each.exchange) for each in data if isinstance(each, MX)
        ]

    def _addresses(self, name: Name) -> list[_Address]:
        """The addresses of an exchange, IPv4 first."""
        found: list[_Address] = []
        for type_ in RRType.A, RRType.AAAA:
            self._look_at_behaviors(name, type_)
            answer = self._mock.served.answer(Question(name, type_))
            for record in answer.answers:
                if isinstance(record.rdata, A | AAAA):
                    found.append(record.rdata.address)
                elif record.type == RRType.CNAME and record.name == name:
                    text = (
                        f"{name} is an alias; an exchange must not be (RFC 5321 §5.1)"
                    )
                    self._route.warn("alias", text)
        return found

    def _look_at_behaviors(self, name: Name, type_: int) -> None:
        """Warn if a DNS behavior would answer instead of the records."""
        mock = self._mock
        if not len(mock.dns_behaviors) or mock.evaluate_query is None:
            return
        asked = DnsEvaluation(name=name, type=type_, client_ip=self._client_ip)
        told = mock.evaluate_query(mock.served, mock.dns_behaviors, asked, self._now)
        if told["behavior"] is not None:
            text = (
                f"the DNS behavior {told['behavior']!r} answers"
                f" {Question(name, type_)}; the route follows the records"
            )
            self._route.warn("dnsBehavior", text)

    def _add(self, exchange: MailExchanger, addresses: Iterable[_Address]) -> None:
        """Add an exchange with its addresses, and the hosts that listen there."""
        self._route.exchanges.append(exchange)
        for address in addresses:
            self._looked_at += 1
            if self._looked_at > MAX_PLACES:
                text = f"only the first {MAX_PLACES} addresses are shown"
                self._route.warn("truncated", text)
                return
            exchange.places.append(self._place(address, exchange.name))
        if not exchange.places:
            self._route.warn("noAddress", f"{exchange.name} has no address")

    def _place(self, address: _Address, name: str) -> ExchangeAddress:
        """An address of the exchange of this name, with the host that listens there."""
        listeners = [
            (host, listen)
            for host in self._mock.hosts.values()
            for listen in host.listens
            if listen.address == address or _is_any(listen.address, address)
        ]
        # On port 25 there is one at most, beside one on all addresses. Of those on
        # other ports, the host that has the name of the exchange is meant.
        listeners.sort(
            key=lambda one: (
                one[1].port != SMTP_PORT,
                name not in map(str, one[0].dns.names),
                one[1].address != address,
            )
        )
        if not listeners:
            self._route.warn("noListener", f"no host listens on {address}")
            return ExchangeAddress(address)
        host, listen = listeners[0]
        if listen.port != SMTP_PORT:
            text = (
                f"host {host.name!r} listens on port {listen.port} of {address}; a"
                f" sending server connects to port {SMTP_PORT}"
            )
            self._route.warn("otherPort", text)
        return ExchangeAddress(address, host, listen)


def _is_any(listening: _Address, address: _Address) -> bool:
    """Whether a listener on all addresses of the machine may be reached there."""
    if not listening.is_unspecified or not address.is_loopback:
        return False
    return listening.version in (6, address.version)


def _literal(domain: str) -> _Address:
    """
    The address of an address literal (RFC 5321 §4.1.3).

    :raises DocumentError: it is none
    """
    text = domain.removeprefix("[").removesuffix("]")
    try:
        return ip_address(text.removeprefix("IPv6:"))
    except ValueError:
        message = f"not an address literal: {domain!r}"[:200]
        raise DocumentError(Problem("?to", message)) from None


ROUTES = at_root(
    Route(
        *("GET", "/route", find_route, RouteParameters),
        answers=answers(document(ROUTE)),
    ),
)
